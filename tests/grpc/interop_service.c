/* interop_service.c - see interop_service.h. */
#include "interop_service.h"

#include "testing.pb-c.h"

#define SIZE_MAX_HERE (4 << 20)

enum {
    EMPTY_CALL,
    UNARY_CALL,
    CACHEABLE_UNARY_CALL,
    STREAMING_OUTPUT_CALL,
    STREAMING_INPUT_CALL,
    FULL_DUPLEX_CALL,
    HALF_DUPLEX_CALL,
    UNIMPLEMENTED_CALL,
    METHOD_COUNT
};

static uint8_t zeros[SIZE_MAX_HERE];

/* ---- what all of them do ---- */

static bool is_true(const Grpc__Testing__BoolValue *value)
{
    return value != NULL && value->value;
}

/* Two fields come back, one before the answer and one behind it. */
static void echo_metadata(struct pgl_grpc_call *call)
{
    const struct pgl_http_request_head *head = &call->exchange->head;
    struct pgl_text name = PGL_TEXT("x-grpc-test-echo-initial"), value;
    if (pgl_http_find_field(head->fields, head->field_count, name, &value) > 0)
        pgl_grpc_add(&call->before, name, value);
    name = PGL_TEXT("x-grpc-test-echo-trailing-bin");
    struct pgl_text list, one;
    bool is_there;
    if (pgl_http_find_field(head->fields, head->field_count, name, &list) > 0 &&
        pgl_is_ok(pgl_grpc_binary_next(call->arena, &list, &one, &is_there)))
        pgl_grpc_add(&call->behind, name, pgl_grpc_binary_write(call->arena, one));
}

static pgl_status status_of(const Grpc__Testing__EchoStatus *wanted)
{
    if (wanted == NULL || wanted->code == 0)
        return PGL_OK;
    return (pgl_status){ pgl_code_of_grpc(wanted->code), wanted->message };
}

static pgl_status check_packing(const struct pgl_grpc_call *call,
                                const Grpc__Testing__BoolValue *expected)
{
    if (expected == NULL || is_true(expected) == call->was_packed)
        return PGL_OK;
    return PGL_FAIL(PGL_INVALID, "the message is not packed as it says");
}

static pgl_status fill(Grpc__Testing__Payload *payload, int32_t size)
{
    if (size < 0 || size > SIZE_MAX_HERE)
        return PGL_FAIL(PGL_INVALID, "response_size: not so many");
    payload->body = (ProtobufCBinaryData){ (size_t)size, zeros };
    return PGL_OK;
}

/* ---- one message each way ---- */

static void take_empty(struct pgl_grpc_call *call, void *message)
{
    Grpc__Testing__Empty reply = GRPC__TESTING__EMPTY__INIT;
    (void)message;
    echo_metadata(call);
    pgl_grpc_answer(call, PGL_OK, &reply.base);
}

static void take_unary(struct pgl_grpc_call *call, void *message)
{
    const Grpc__Testing__SimpleRequest *ask = message;
    Grpc__Testing__SimpleResponse reply = GRPC__TESTING__SIMPLE_RESPONSE__INIT;
    Grpc__Testing__Payload payload = GRPC__TESTING__PAYLOAD__INIT;
    echo_metadata(call);
    pgl_status status = check_packing(call, ask->expect_compressed);
    if (pgl_is_ok(status))
        status = status_of(ask->response_status);
    if (pgl_is_ok(status))
        status = fill(&payload, ask->response_size);
    if (ask->response_size > 0)
        reply.payload = &payload;
    call->packs = is_true(ask->response_compressed);
    pgl_grpc_answer(call, status, &reply.base);
}

static void take_echo(struct pgl_grpc_call *call, void *message)
{
    pgl_grpc_answer(call, PGL_OK, message);
}

/* ---- a client's stream ---- */

struct sum {
    int32_t bytes;
};

static void begin_sum(struct pgl_grpc_call *call)
{
    call->owner = pgl_arena_zalloc(call->arena, sizeof(struct sum));
    echo_metadata(call);
}

static void add_to_sum(struct pgl_grpc_call *call, void *message)
{
    const Grpc__Testing__StreamingInputCallRequest *ask = message;
    struct sum *sum = call->owner;
    pgl_status status = check_packing(call, ask->expect_compressed);
    if (!pgl_is_ok(status))
        pgl_grpc_end(call, status);
    else if (ask->payload != NULL)
        sum->bytes += (int32_t)ask->payload->body.len;
}

static void tell_sum(struct pgl_grpc_call *call)
{
    Grpc__Testing__StreamingInputCallResponse reply =
        GRPC__TESTING__STREAMING_INPUT_CALL_RESPONSE__INIT;
    reply.aggregated_payload_size = ((const struct sum *)call->owner)->bytes;
    pgl_grpc_answer(call, PGL_OK, &reply.base);
}

static void stop_sum(struct pgl_grpc_call *call, pgl_status why)
{
    pgl_grpc_end(call, why);
}

/* ---- streams of answers: what one message asks for, after the times that it says ---- */

struct answers {
    struct pgl_grpc_call *call;
    const Grpc__Testing__StreamingOutputCallRequest *ask; /* NULL: none is being answered */
    size_t told;
    bool has_waited; /* for the next one */
    bool is_last;    /* no other message follows */
    struct pgl_timer timer;
};

static void tell(struct answers *answers);

static void on_time(void *owner)
{
    tell(owner);
}

static pgl_status tell_one(struct answers *answers)
{
    const Grpc__Testing__ResponseParameters *wanted =
        answers->ask->response_parameters[answers->told];
    Grpc__Testing__StreamingOutputCallResponse reply =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_RESPONSE__INIT;
    Grpc__Testing__Payload payload = GRPC__TESTING__PAYLOAD__INIT;
    PGL_TRY(fill(&payload, wanted->size));
    reply.payload = &payload;
    answers->call->packs = is_true(wanted->compressed);
    return pgl_grpc_send(answers->call, &reply.base);
}

static bool has_to_wait(struct answers *answers)
{
    struct pgl_loop *loop = answers->call->server->loop;
    int32_t us = answers->ask->response_parameters[answers->told]->interval_us;
    if (us <= 0 || answers->has_waited)
        return false;
    answers->has_waited = true;
    pgl_timer_set(&loop->timers, &answers->timer, loop->now_ns + PGL_MICROSECONDS(us), on_time,
                  answers);
    return true;
}

/* The message is answered: the next one, or the end. */
static void answered(struct answers *answers)
{
    struct pgl_grpc_call *call = answers->call;
    pgl_status status = status_of(answers->ask->response_status);
    answers->ask = NULL;
    if (!pgl_is_ok(status) || answers->is_last)
        pgl_grpc_end(call, status);
    else
        pgl_grpc_go_on(call);
}

static void tell(struct answers *answers)
{
    while (answers->told < answers->ask->n_response_parameters) {
        if (has_to_wait(answers))
            return;
        pgl_status status = tell_one(answers);
        if (status.code == PGL_EXHAUSTED)
            return; /* on_room */
        if (!pgl_is_ok(status)) {
            pgl_grpc_end(answers->call, status);
            return;
        }
        answers->told++;
        answers->has_waited = false;
    }
    answered(answers);
}

static void begin_answers(struct pgl_grpc_call *call)
{
    struct answers *answers = pgl_arena_zalloc(call->arena, sizeof *answers);
    answers->call = call;
    call->owner = answers;
    call->may_pack = true;
    echo_metadata(call);
}

static void take_question(struct pgl_grpc_call *call, void *message)
{
    struct answers *answers = call->owner;
    answers->ask = message;
    answers->told = 0;
    answers->has_waited = false;
    pgl_grpc_hold(call); /* one at a time */
    tell(answers);
}

static void take_only_question(struct pgl_grpc_call *call, void *message)
{
    struct answers *answers;
    begin_answers(call);
    answers = call->owner;
    answers->ask = message;
    answers->is_last = true;
    tell(answers);
}

static void end_answers(struct pgl_grpc_call *call)
{
    pgl_grpc_end(call, PGL_OK);
}

static void go_on(struct pgl_grpc_call *call)
{
    struct answers *answers = call->owner;
    if (answers->ask != NULL && !answers->timer.is_set)
        tell(answers);
}

static void stop_answers(struct pgl_grpc_call *call, pgl_status why)
{
    struct answers *answers = call->owner;
    pgl_timer_clear(&call->server->loop->timers, &answers->timer);
    pgl_grpc_end(call, why);
}

/* ---- the tables ---- */

/* clang-format off */
static const struct pgl_grpc_handler empty = { .take = take_empty }, unary = { .take = take_unary }, echo = { .take = take_echo };
static const struct pgl_grpc_handler sum = { begin_sum, add_to_sum, tell_sum, NULL, stop_sum };
static const struct pgl_grpc_handler output = { .take = take_only_question, .on_room = go_on, .on_stop = stop_answers };
static const struct pgl_grpc_handler duplex = { begin_answers, take_question, end_answers, go_on, stop_answers };

static const struct pgl_grpc_method test_methods[METHOD_COUNT] = {
    [EMPTY_CALL]            = { PGL_GRPC_UNARY,         false, &empty,  NULL },
    [UNARY_CALL]            = { PGL_GRPC_UNARY,         false, &unary,  NULL },
    [CACHEABLE_UNARY_CALL]  = { PGL_GRPC_UNARY,         true,  &unary,  NULL },
    [STREAMING_OUTPUT_CALL] = { PGL_GRPC_SERVER_STREAM, false, &output, NULL },
    [STREAMING_INPUT_CALL]  = { PGL_GRPC_CLIENT_STREAM, false, &sum,    NULL },
    [FULL_DUPLEX_CALL]      = { PGL_GRPC_BIDI,          false, &duplex, NULL },
    [HALF_DUPLEX_CALL]      = { PGL_GRPC_BIDI,          false, &duplex, NULL },
};
static const struct pgl_grpc_method echo_methods[] = { { PGL_GRPC_UNARY, false, &echo, NULL } };
/* clang-format on */

const struct pgl_grpc_service interop_services[2] = {
    { &grpc__testing__test_service__descriptor, NULL, test_methods },
    { &grpc__testing__echo_service__descriptor, NULL, echo_methods },
};
