/*
 * interop_client.c - gRPC's interop cases over our client, against whoever serves
 * grpc.testing.TestService.
 * Source: grpc/doc/interop-test-descriptions.md.
 *
 * Usage:  interop_client PORT CASE. Says what was not as it should be; exits 0 when all was.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "platform/real/real.h"
#include "testing.pb-c.h"
#include "transport/grpc_channel.h"

#define TEST              "/grpc.testing.TestService/"
#define WITHIN_NS         PGL_SECONDS(20)
#define MESSAGE_BYTES_MAX (1u << 20)
#define LARGE_ASK         271828
#define LARGE_REPLY       314159

/* A call, and what came of it. */
struct call {
    struct pgl_grpc_stream stream;
    const ProtobufCMessageDescriptor *reply_type;
    void *reply; /* the last one */
    int replies;
    bool is_over;
    pgl_status end;
    char initial[64], trailing[64]; /* what was echoed */
};

static struct pgl_loop loop;
static struct pgl_grpc_channel channel;
static struct pgl_arena arena;
static uint8_t zeros[LARGE_ASK];

#define WANT(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* ---- calls ---- */

static void note(const struct pgl_http_field *fields, size_t count, const char *name, char out[64])
{
    struct pgl_text value;
    if (pgl_http_find_field(fields, count, pgl_text_of(name), &value) == 1)
        snprintf(out, 64, "%.*s", PGL_TEXT_ARGS(value));
}

static void on_begin(struct pgl_grpc_stream *stream, const struct pgl_http_field *fields,
                     size_t count)
{
    struct call *call = stream->owner;
    note(fields, count, "x-grpc-test-echo-initial", call->initial);
}

static pgl_status on_message(struct pgl_grpc_stream *stream, struct pgl_text bytes)
{
    struct call *call = stream->owner;
    call->replies++;
    return pgl_message_unpack(call->reply_type, &arena, bytes, &call->reply);
}

static void on_end(struct pgl_grpc_stream *stream, const struct pgl_grpc_end *end)
{
    struct call *call = stream->owner;
    call->is_over = true;
    call->end = end->status;
    note(end->trailers, end->trailer_count, "x-grpc-test-echo-trailing-bin", call->trailing);
}

static void turn(void)
{
    loop.waiter->ops->wait(loop.waiter, pgl_loop_next_ns(&loop));
    pgl_loop_turn(&loop);
}

#define UNTIL(condition)                                                                           \
    do {                                                                                           \
        int64_t until_ns = loop.now_ns + WITHIN_NS;                                                \
        while (!(condition) && loop.now_ns < until_ns)                                             \
            turn();                                                                                \
        WANT(condition);                                                                           \
    } while (0)

static void open_call(struct call *call, const char *path,
                      const ProtobufCMessageDescriptor *reply_type, size_t pack_bytes_min,
                      int64_t within_ns)
{
    static const struct pgl_grpc_stream_handler handler = { on_begin, on_message, NULL, on_end };
    static const struct pgl_http_field echo[] = {
        { PGL_TEXT("x-grpc-test-echo-initial"), PGL_TEXT("test_initial_metadata_value") },
        { PGL_TEXT("x-grpc-test-echo-trailing-bin"), PGL_TEXT("q6ur") }, /* 0xababab */
    };
    *call = (struct call){ .reply_type = reply_type };
    call->stream = (struct pgl_grpc_stream){ .handler = &handler,
                                             .owner = call,
                                             .path = path,
                                             .fields = echo,
                                             .field_count = 2,
                                             .deadline_ns = loop.now_ns + within_ns,
                                             .arena = &arena,
                                             .takes_packed = true,
                                             .pack_bytes_min = pack_bytes_min };
    pgl_status opened = pgl_grpc_stream_open(&channel, &call->stream);
    WANT(pgl_is_ok(opened));
}

static void send(struct call *call, const ProtobufCMessage *message, bool is_last)
{
    pgl_status sent = pgl_grpc_stream_send(&call->stream, message, is_last);
    WANT(pgl_is_ok(sent));
}

static void ends_with(struct call *call, enum pgl_code code)
{
    UNTIL(call->is_over);
    if (call->end.code != code)
        fprintf(stderr, "%s: %s\n", pgl_code_name(call->end.code), call->end.text);
    WANT(call->end.code == code);
}

/* ---- messages ---- */

#define EMPTY    &grpc__testing__empty__descriptor
#define SIMPLE   &grpc__testing__simple_response__descriptor
#define STREAMED &grpc__testing__streaming_output_call_response__descriptor
#define SUMMED   &grpc__testing__streaming_input_call_response__descriptor

static Grpc__Testing__BoolValue yes = {
    PROTOBUF_C_MESSAGE_INIT(&grpc__testing__bool_value__descriptor), true
};
static Grpc__Testing__BoolValue no = {
    PROTOBUF_C_MESSAGE_INIT(&grpc__testing__bool_value__descriptor), false
};

static Grpc__Testing__Payload payload_of(size_t size)
{
    Grpc__Testing__Payload payload = GRPC__TESTING__PAYLOAD__INIT;
    payload.body = (ProtobufCBinaryData){ size, zeros };
    return payload;
}

static size_t body_size(const Grpc__Testing__Payload *payload)
{
    return payload != NULL ? payload->body.len : 0;
}

static void send_unary(struct call *call, size_t ask, int32_t reply, Grpc__Testing__BoolValue *says)
{
    Grpc__Testing__SimpleRequest message = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    Grpc__Testing__Payload payload = payload_of(ask);
    message.payload = &payload;
    message.response_size = reply;
    message.expect_compressed = says;
    message.response_compressed = says;
    send(call, &message.base, true);
}

static void send_for(struct call *call, size_t ask, const int32_t *sizes, size_t count,
                     Grpc__Testing__BoolValue *packed, bool is_last)
{
    Grpc__Testing__StreamingOutputCallRequest message =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    Grpc__Testing__Payload payload = payload_of(ask);
    Grpc__Testing__ResponseParameters parameters[4], *list[4];
    for (size_t i = 0; i < count; i++) {
        parameters[i] = (Grpc__Testing__ResponseParameters)GRPC__TESTING__RESPONSE_PARAMETERS__INIT;
        parameters[i].size = sizes[i];
        parameters[i].compressed = packed;
        list[i] = &parameters[i];
    }
    message.payload = &payload;
    message.response_parameters = list;
    message.n_response_parameters = count;
    send(call, &message.base, is_last);
}

static void send_piece(struct call *call, size_t size, Grpc__Testing__BoolValue *says, bool is_last)
{
    Grpc__Testing__StreamingInputCallRequest message =
        GRPC__TESTING__STREAMING_INPUT_CALL_REQUEST__INIT;
    Grpc__Testing__Payload payload = payload_of(size);
    message.payload = &payload;
    message.expect_compressed = says;
    send(call, &message.base, is_last);
}

/* ---- cases ---- */

static const int32_t reply_sizes[] = { 31415, 9, 2653, 58979 };
static const size_t ask_sizes[] = { 27182, 8, 1828, 45904 };

static void empty_unary(void)
{
    struct call call;
    Grpc__Testing__Empty ask = GRPC__TESTING__EMPTY__INIT;
    open_call(&call, TEST "EmptyCall", EMPTY, 0, WITHIN_NS);
    send(&call, &ask.base, true);
    ends_with(&call, PGL_CODE_OK);
    WANT(call.replies == 1);
}

static void unary(size_t pack_bytes_min, Grpc__Testing__BoolValue *says)
{
    struct call call;
    open_call(&call, TEST "UnaryCall", SIMPLE, pack_bytes_min, WITHIN_NS);
    send_unary(&call, LARGE_ASK, LARGE_REPLY, says);
    ends_with(&call, PGL_CODE_OK);
    WANT(call.replies == 1);
    WANT(body_size(((Grpc__Testing__SimpleResponse *)call.reply)->payload) == LARGE_REPLY);
}

static void large_unary(void)
{
    unary(0, NULL);
}

/* First whether the server looks at all: what it is told is packed and is not, it refuses. */
static void compressed_unary_probe(void)
{
    struct call call;
    open_call(&call, TEST "UnaryCall", SIMPLE, 0, WITHIN_NS);
    send_unary(&call, LARGE_ASK, LARGE_REPLY, &yes);
    ends_with(&call, PGL_INVALID);
}

static void compressed_unary(void)
{
    unary(1, &yes);
    unary(0, &no);
}

static void server_streaming_as(Grpc__Testing__BoolValue *packed)
{
    struct call call;
    open_call(&call, TEST "StreamingOutputCall", STREAMED, 0, WITHIN_NS);
    send_for(&call, 0, reply_sizes, 4, packed, true);
    for (int i = 0; i < 4; i++) {
        UNTIL(call.replies > i);
        if (call.replies == i + 1)
            WANT(body_size(((Grpc__Testing__StreamingOutputCallResponse *)call.reply)->payload) ==
                 (size_t)reply_sizes[i]);
    }
    ends_with(&call, PGL_CODE_OK);
    WANT(call.replies == 4);
}

static void server_streaming(void)
{
    server_streaming_as(NULL);
}

static void server_compressed_streaming(void)
{
    server_streaming_as(&yes);
}

static void client_streaming_as(size_t pack_bytes_min, Grpc__Testing__BoolValue *says)
{
    struct call call;
    open_call(&call, TEST "StreamingInputCall", SUMMED, pack_bytes_min, WITHIN_NS);
    for (int i = 0; i < 4; i++)
        send_piece(&call, ask_sizes[i], says, i == 3);
    ends_with(&call, PGL_CODE_OK);
    WANT(call.replies == 1);
    WANT(((Grpc__Testing__StreamingInputCallResponse *)call.reply)->aggregated_payload_size ==
         74922);
}

static void client_streaming(void)
{
    client_streaming_as(0, NULL);
}

static void client_compressed_streaming(void)
{
    client_streaming_as(1, &yes);
}

static void ping_pong(void)
{
    struct call call;
    open_call(&call, TEST "FullDuplexCall", STREAMED, 0, WITHIN_NS);
    for (int i = 0; i < 4; i++) {
        send_for(&call, ask_sizes[i], &reply_sizes[i], 1, NULL, false);
        UNTIL(call.replies == i + 1);
        WANT(body_size(((Grpc__Testing__StreamingOutputCallResponse *)call.reply)->payload) ==
             (size_t)reply_sizes[i]);
    }
    pgl_status ended = pgl_grpc_stream_send_end(&call.stream);
    WANT(pgl_is_ok(ended));
    ends_with(&call, PGL_CODE_OK);
    WANT(call.replies == 4);
}

static void empty_stream(void)
{
    struct call call;
    open_call(&call, TEST "FullDuplexCall", STREAMED, 0, WITHIN_NS);
    pgl_status ended = pgl_grpc_stream_send_end(&call.stream);
    WANT(pgl_is_ok(ended));
    ends_with(&call, PGL_CODE_OK);
    WANT(call.replies == 0);
}

static void custom_metadata(void)
{
    struct call call;
    open_call(&call, TEST "UnaryCall", SIMPLE, 0, WITHIN_NS);
    send_unary(&call, LARGE_ASK, LARGE_REPLY, NULL);
    ends_with(&call, PGL_CODE_OK);
    WANT(strcmp(call.initial, "test_initial_metadata_value") == 0);
    WANT(strncmp(call.trailing, "q6ur", 4) == 0);
    open_call(&call, TEST "FullDuplexCall", STREAMED, 0, WITHIN_NS);
    send_for(&call, LARGE_ASK, (const int32_t[]){ LARGE_REPLY }, 1, NULL, true);
    ends_with(&call, PGL_CODE_OK);
    WANT(strcmp(call.initial, "test_initial_metadata_value") == 0);
    WANT(strncmp(call.trailing, "q6ur", 4) == 0);
}

static void status_case(const char *text)
{
    struct call call;
    Grpc__Testing__EchoStatus status = GRPC__TESTING__ECHO_STATUS__INIT;
    Grpc__Testing__SimpleRequest unary_ask = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    Grpc__Testing__StreamingOutputCallRequest ask =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    status.code = 2; /* UNKNOWN */
    status.message = pgl_message_string(text);
    unary_ask.response_status = ask.response_status = &status;
    open_call(&call, TEST "UnaryCall", SIMPLE, 0, WITHIN_NS);
    send(&call, &unary_ask.base, true);
    ends_with(&call, PGL_UNKNOWN);
    WANT(strcmp(call.end.text, text) == 0);
    open_call(&call, TEST "FullDuplexCall", STREAMED, 0, WITHIN_NS);
    send(&call, &ask.base, true);
    ends_with(&call, PGL_UNKNOWN);
    WANT(strcmp(call.end.text, text) == 0);
}

static void status_code_and_message(void)
{
    status_case("test status message");
}

static void special_status_message(void)
{
    status_case("\t\ntest with whitespace\r\nand Unicode BMP \xe2\x98\xba and non-BMP "
                "\xf0\x9f\x98\x88\t\n");
}

static void is_not_there(const char *path)
{
    struct call call;
    Grpc__Testing__Empty ask = GRPC__TESTING__EMPTY__INIT;
    open_call(&call, path, EMPTY, 0, WITHIN_NS);
    send(&call, &ask.base, true);
    ends_with(&call, PGL_UNIMPLEMENTED);
}

static void unimplemented_method(void)
{
    is_not_there(TEST "UnimplementedCall");
}

static void unimplemented_service(void)
{
    is_not_there("/grpc.testing.UnimplementedService/UnimplementedCall");
}

static void cancel_after_begin(void)
{
    struct call call;
    open_call(&call, TEST "StreamingInputCall", SUMMED, 0, WITHIN_NS);
    pgl_grpc_stream_cancel(&call.stream);
    empty_unary(); /* the channel is as good as before */
    WANT(!call.is_over && call.replies == 0);
}

static void cancel_after_first_response(void)
{
    struct call call;
    open_call(&call, TEST "FullDuplexCall", STREAMED, 0, WITHIN_NS);
    send_for(&call, ask_sizes[0], &reply_sizes[0], 1, NULL, false);
    UNTIL(call.replies == 1);
    pgl_grpc_stream_cancel(&call.stream);
    empty_unary();
    WANT(!call.is_over && call.replies == 1);
}

static void timeout_on_sleeping_server(void)
{
    struct call call;
    open_call(&call, TEST "FullDuplexCall", STREAMED, 0, PGL_MILLISECONDS(1));
    send_for(&call, ask_sizes[0], NULL, 0, NULL, false);
    ends_with(&call, PGL_DEADLINE);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "empty_unary", empty_unary },
    { "large_unary", large_unary },
    { "compressed_unary_probe", compressed_unary_probe },
    { "compressed_unary", compressed_unary },
    { "client_streaming", client_streaming },
    { "client_compressed_streaming", client_compressed_streaming },
    { "server_streaming", server_streaming },
    { "server_compressed_streaming", server_compressed_streaming },
    { "ping_pong", ping_pong },
    { "empty_stream", empty_stream },
    { "custom_metadata", custom_metadata },
    { "status_code_and_message", status_code_and_message },
    { "special_status_message", special_status_message },
    { "unimplemented_method", unimplemented_method },
    { "unimplemented_service", unimplemented_service },
    { "cancel_after_begin", cancel_after_begin },
    { "cancel_after_first_response", cancel_after_first_response },
    { "timeout_on_sleeping_server", timeout_on_sleeping_server },
};

int main(int argc, char **argv)
{
    struct pgl_platform *platform = pgl_real_open();
    struct pgl_waiter *waiter = platform->waiter_open(platform);
    const char *name = argc > 2 ? argv[2] : "";
    struct pgl_grpc_channel_options options = {
        .host = "127.0.0.1",
        .port = argc > 1 ? (uint16_t)strtoul(argv[1], NULL, 10) : 0,
        .streams_max = 10,
        .message_bytes_max = MESSAGE_BYTES_MAX,
        .again = { PGL_MILLISECONDS(20), PGL_SECONDS(1), 2 },
    };
    PGL_ASSERT(waiter != NULL);
    pgl_arena_init(&arena, 65536, 64u << 20);
    pgl_loop_init(&loop, "interop", platform, waiter);
    pgl_loop_turn(&loop); /* what time it is */
    pgl_grpc_channel_open(&channel, &loop, &options);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(cases[i].name, name) == 0) {
            cases[i].run();
            pgl_grpc_channel_close(&channel);
            pgl_arena_free(&arena);
            return 0;
        }
    fprintf(stderr, "there is no case \"%s\"\n", name);
    return 2;
}
