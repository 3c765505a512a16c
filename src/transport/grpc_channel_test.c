/*
 * grpc_channel_test.c - calls of all four kinds as their caller sees them, and peers that do not
 * speak as they should.
 * Method: our own server over the twin's network, its handler echoing what comes, with the health
 * service's messages under kinds that the contract does not give it; or a server of plain HTTP/2
 * that says what a row tells it to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "contract/health.h"
#include "transport/grpc_call.h"
#include "transport/grpc_channel.h"
#include "transport/grpc_pair_bench.h"

#define CHECK        "/grpc.health.v1.Health/Check"
#define WATCH        "/grpc.health.v1.Health/Watch"
#define NAME_BYTES   5000
#define SERVING      "\0\0\0\0\2\x08\1"
#define SERVING_SIZE 7

/* What a row's peer says. */
struct bad_answer {
    const char *what;
    int status;
    const char *type, *encoding;
    struct pgl_text body;
    const char *grpc_status; /* NULL: none is said */
    bool is_reset;
    enum pgl_code code;
};

static struct bench {
    struct pair pair;
    struct pgl_grpc_service service;
    struct pgl_grpc_method methods[HEALTH_METHOD_COUNT];

    /* The service. */
    struct pgl_grpc_call *held; /* is not answered, and takes nothing */
    int taken, packed_count, asked_all;
    size_t taken_bytes;
    enum pgl_code stopped;
    bool holds, packs;
    const struct bad_answer *bad;

    /* The caller. */
    struct pgl_grpc_channel channel;
    struct pgl_grpc_stream stream;
    struct pgl_arena arena;
    char name[NAME_BYTES + 1];
    struct pgl_http_field field;
    int begun, messages, rooms, ends;
    char begun_with[64], ended_with[64]; /* fields of the service's */
    pgl_status refuse;                   /* of the next message */
    pgl_status end;
} * bench;

/* ---- the service: an answer for each message, and one for an end ---- */

static void note_field(const struct pgl_http_field *fields, size_t count, const char *name,
                       char out[64])
{
    struct pgl_text value;
    if (pgl_http_find_field(fields, count, pgl_text_of(name), &value) == 1)
        snprintf(out, 64, "%.*s", PGL_TEXT_ARGS(value));
}

static void reply(struct pgl_grpc_call *call)
{
    HealthCheckResponse message = HEALTH_CHECK_RESPONSE_INIT;
    message.status = HEALTH_CHECK_RESPONSE_SERVING;
    call->packs = bench->packs;
    pgl_status sent = pgl_grpc_send(call, &message.base);
    assert_int_equal(sent.code, PGL_CODE_OK);
}

static void begin(struct pgl_grpc_call *call)
{
    const struct pgl_http_request_head *head = &call->exchange->head;
    struct pgl_text value;
    if (pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("x-ours"), &value) == 1) {
        pgl_grpc_add(&call->before, PGL_TEXT("x-first"), value);
        pgl_grpc_add(&call->behind, PGL_TEXT("x-last"), value);
    }
    if (!bench->holds)
        return;
    bench->held = call;
    pgl_grpc_hold(call);
}

static void take(struct pgl_grpc_call *call, void *message)
{
    bench->taken++;
    bench->taken_bytes += strlen(((const HealthCheckRequest *)message)->service);
    bench->packed_count += call->was_packed;
    enum pgl_grpc_kind kind = pgl_grpc_method_of(call)->kind;
    if (kind == PGL_GRPC_SERVER_STREAM) {
        begin(call);
        for (int i = 0; i < 3; i++)
            reply(call);
        if (!bench->holds)
            pgl_grpc_end(call, PGL_OK);
    } else if (kind == PGL_GRPC_BIDI) {
        reply(call);
    }
}

static void asked_all(struct pgl_grpc_call *call)
{
    bench->asked_all++;
    if (pgl_grpc_method_of(call)->kind == PGL_GRPC_CLIENT_STREAM)
        reply(call);
    pgl_grpc_end(call, PGL_OK);
}

static void on_stop(struct pgl_grpc_call *call, pgl_status why)
{
    bench->stopped = why.code;
    bench->held = NULL;
    pgl_grpc_end(call, why);
}

/* A peer that says what the row tells it to. */
static void answer_badly(void *owner, struct pgl_http_exchange *exchange)
{
    const struct bad_answer *bad = bench->bad;
    struct pgl_http_field fields[2], trailer = { PGL_TEXT("grpc-status"), PGL_TEXT("") };
    size_t count = 0;
    (void)owner;
    if (bad->type != NULL)
        fields[count++] =
            (struct pgl_http_field){ PGL_TEXT("content-type"), pgl_text_of(bad->type) };
    if (bad->encoding != NULL)
        fields[count++] =
            (struct pgl_http_field){ PGL_TEXT("grpc-encoding"), pgl_text_of(bad->encoding) };
    pgl_http_stream_begin(exchange, bad->status, fields, count);
    if (bad->body.size > 0)
        assert_int_equal(pgl_http_stream_write(exchange, bad->body).code, PGL_CODE_OK);
    if (bad->is_reset) {
        pgl_http_stream_reset(exchange, PGL_HTTP2_INTERNAL_ERROR);
        return;
    }
    trailer.value = pgl_text_of(bad->grpc_status != NULL ? bad->grpc_status : "");
    pgl_http_stream_end_with(exchange, &trailer, bad->grpc_status != NULL ? 1 : 0);
}

static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason)
{
    (void)owner;
    pgl_http_respond(exchange, status, NULL, 0, pgl_text_of(reason));
}

static void serve(enum pgl_grpc_kind check, enum pgl_grpc_kind watch)
{
    static const struct pgl_grpc_handler handler = {
        .begin = begin, .take = take, .asked_all = asked_all, .on_stop = on_stop
    };
    bench->methods[HEALTH_CHECK] = (struct pgl_grpc_method){ check, true, &handler, NULL };
    bench->methods[HEALTH_WATCH] = (struct pgl_grpc_method){ watch, true, &handler, NULL };
    bench->service = (struct pgl_grpc_service){ HEALTH_DESCRIPTOR, NULL, bench->methods };
    struct pgl_grpc_server_options grpc = { .limits = PGL_GRPC_LIMITS_EDGE,
                                            .services = &bench->service,
                                            .service_count = 1 };
    const struct pgl_http_server_options badly = { .limits = PGL_HTTP_LIMITS_DEFAULT,
                                                   .on_request = answer_badly,
                                                   .refuse = refuse };
    grpc.limits.pack_bytes_min = 0;
    pair_serve(&bench->pair, &grpc, bench->bad != NULL ? &badly : NULL);
}

/* ---- the caller ---- */

static void on_begin(struct pgl_grpc_stream *stream, const struct pgl_http_field *fields,
                     size_t count)
{
    (void)stream;
    bench->begun++;
    note_field(fields, count, "x-first", bench->begun_with);
}

static pgl_status on_message(struct pgl_grpc_stream *stream, struct pgl_text bytes)
{
    void *message;
    pgl_status read =
        pgl_message_unpack(HEALTH_CHECK_RESPONSE_DESCRIPTOR, stream->arena, bytes, &message);
    assert_int_equal(read.code, PGL_CODE_OK);
    assert_int_equal(((const HealthCheckResponse *)message)->status, HEALTH_CHECK_RESPONSE_SERVING);
    bench->messages++;
    return bench->refuse;
}

static void on_room(struct pgl_grpc_stream *stream)
{
    (void)stream;
    bench->rooms++;
}

static void on_end(struct pgl_grpc_stream *stream, const struct pgl_grpc_end *end)
{
    (void)stream;
    bench->ends++;
    bench->end = end->status;
    note_field(end->trailers, end->trailer_count, "x-last", bench->ended_with);
}

static void turns(int64_t span_ns)
{
    pair_turns(&bench->pair, span_ns);
}

static void settle(void)
{
    turns(PGL_MILLISECONDS(20));
}

static void call(const char *path, int64_t within_ns, size_t pack_bytes_min)
{
    static const struct pgl_grpc_stream_handler handler = { on_begin, on_message, on_room, on_end };
    bench->field = (struct pgl_http_field){ PGL_TEXT("x-ours"), PGL_TEXT("1") };
    bench->begun = bench->messages = bench->rooms = bench->ends = 0;
    bench->stream = (struct pgl_grpc_stream){
        .handler = &handler,
        .path = path,
        .fields = &bench->field,
        .field_count = 1,
        .deadline_ns =
            within_ns == PGL_NEVER_NS ? PGL_NEVER_NS : bench->pair.asker.now_ns + within_ns,
        .arena = &bench->arena,
        .takes_packed = true,
        .pack_bytes_min = pack_bytes_min,
    };
    pgl_status opened = pgl_grpc_stream_open(&bench->channel, &bench->stream);
    assert_string_equal(opened.text, "");
}

static pgl_status send_name(size_t size, bool is_last)
{
    HealthCheckRequest ask = HEALTH_CHECK_REQUEST_INIT;
    memset(bench->name, 'x', size);
    bench->name[size] = '\0';
    ask.service = bench->name;
    return pgl_grpc_stream_send(&bench->stream, &ask.base, is_last);
}

static void send_well(size_t size, bool is_last)
{
    pgl_status sent = send_name(size, is_last);
    assert_string_equal(sent.text, "");
}

/* ---- the bench ---- */

static int open_bench(enum pgl_grpc_kind check, enum pgl_grpc_kind watch,
                      const struct bad_answer *bad)
{
    const struct pgl_grpc_channel_options options = {
        .host = "127.0.0.1",
        .port = PAIR_PORT,
        .streams_max = 2,
        .message_bytes_max = 2 * NAME_BYTES,
        .again = { PGL_MILLISECONDS(20), PGL_SECONDS(1), 2 },
    };
    bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->bad = bad;
    pair_open(&bench->pair);
    pgl_arena_init(&bench->arena, 4096, 1 << 20);
    pgl_grpc_channel_open(&bench->channel, &bench->pair.asker, &options);
    serve(check, watch);
    settle(); /* the clock of each loop stands */
    return 0;
}

static int open_usual(void **unused)
{
    (void)unused;
    return open_bench(PGL_GRPC_CLIENT_STREAM, PGL_GRPC_SERVER_STREAM, NULL);
}

static int open_bidi(void **unused)
{
    (void)unused;
    return open_bench(PGL_GRPC_BIDI, PGL_GRPC_BIDI, NULL);
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_grpc_channel_close(&bench->channel);
    pair_stop(&bench->pair);
    pgl_arena_free(&bench->arena);
    pair_close(&bench->pair);
    free(bench);
    return 0;
}

/* ---- the kinds ---- */

static void a_stream_of_answers_comes_with_what_is_around_it(void **unused)
{
    (void)unused;
    call(WATCH, PGL_SECONDS(1), 0);
    send_well(3, true);
    settle();
    assert_int_equal(bench->begun, 1);
    assert_int_equal(bench->messages, 3);
    assert_int_equal(bench->ends, 1);
    assert_int_equal(bench->end.code, PGL_CODE_OK);
    assert_string_equal(bench->begun_with, "1");
    assert_string_equal(bench->ended_with, "1");
}

static void a_stream_of_messages_has_one_answer(void **unused)
{
    (void)unused;
    call(CHECK, PGL_SECONDS(1), 0);
    for (int i = 0; i < 5; i++) {
        send_well(10, false);
        settle();
    }
    assert_int_equal(bench->taken, 5);
    assert_int_equal(bench->ends, 0);
    assert_int_equal(pgl_grpc_stream_send_end(&bench->stream).code, PGL_CODE_OK);
    settle();
    assert_int_equal(bench->asked_all, 1);
    assert_int_equal(bench->messages, 1);
    assert_int_equal(bench->ends, 1);
    assert_int_equal(bench->end.code, PGL_CODE_OK);
}

static void both_ways_in_turns(void **unused)
{
    (void)unused;
    call(WATCH, PGL_NEVER_NS, 0);
    for (int i = 1; i <= 4; i++) {
        send_well(10, i == 4);
        settle();
        assert_int_equal(bench->messages, i);
    }
    assert_int_equal(bench->ends, 1);
    assert_int_equal(bench->end.code, PGL_CODE_OK);
}

static void what_is_worth_it_goes_packed_and_comes_packed(void **unused)
{
    (void)unused;
    bench->packs = true;
    call(WATCH, PGL_SECONDS(1), 100);
    send_well(99 - 2, false); /* with its tag and its length, 99 bytes */
    settle();
    assert_int_equal(bench->packed_count, 0);
    send_well(NAME_BYTES, true);
    settle();
    assert_int_equal(bench->taken, 2);
    assert_int_equal(bench->packed_count, 1);
    assert_int_equal(bench->messages, 2);
    assert_int_equal(bench->taken_bytes, 97 + NAME_BYTES);
    assert_int_equal(bench->end.code, PGL_CODE_OK);
}

/* ---- ends ---- */

static void what_is_cancelled_stops_the_handler_and_is_not_told(void **unused)
{
    (void)unused;
    bench->holds = true;
    call(WATCH, PGL_SECONDS(1), 0);
    send_well(3, true);
    settle();
    assert_int_equal(bench->messages, 3);
    pgl_grpc_stream_cancel(&bench->stream);
    settle();
    assert_int_equal(bench->stopped, PGL_CANCELLED);
    assert_int_equal(bench->ends, 0);
}

static void the_deadline_is_told_by_the_peer_or_kept_here(void **unused)
{
    (void)unused;
    bench->holds = true;
    call(WATCH, PGL_MILLISECONDS(300), 0);
    send_well(3, true);
    turns(PGL_MILLISECONDS(330));
    assert_int_equal(bench->stopped, PGL_DEADLINE); /* the time limit has gone along */
    assert_int_equal(bench->end.code, PGL_DEADLINE);
    assert_int_equal(bench->ends, 1);
    bench->pair.server_loop.work = NULL; /* now the peer says nothing at all */
    call(WATCH, PGL_MILLISECONDS(300), 0);
    send_well(3, true);
    turns(PGL_MILLISECONDS(300));
    assert_int_equal(bench->ends, 0);
    turns(PGL_GRPC_LATE_NS + PGL_MILLISECONDS(20));
    assert_int_equal(bench->ends, 1);
    assert_int_equal(bench->end.code, PGL_DEADLINE);
}

/* As grpc-go does where its handler's time is over. */
static void a_reset_behind_the_deadline_is_the_deadline(void **unused)
{
    (void)unused;
    bench->holds = true;
    call(WATCH, PGL_MILLISECONDS(100), 0);
    send_well(3, true);
    settle();
    struct pgl_http_exchange *exchange = bench->held->exchange;
    pgl_grpc_call_free(bench->held); /* which says nothing of its end */
    turns(PGL_MILLISECONDS(100));
    assert_int_equal(bench->ends, 0);
    pgl_http_stream_reset(exchange, PGL_HTTP2_CANCEL);
    settle();
    assert_int_equal(bench->ends, 1);
    assert_int_equal(bench->end.code, PGL_DEADLINE);
}

static void a_message_that_is_refused_ends_the_stream(void **unused)
{
    (void)unused;
    bench->holds = true;
    bench->refuse = PGL_FAIL(PGL_EXHAUSTED, "no room");
    call(WATCH, PGL_SECONDS(1), 0);
    send_well(3, true);
    settle();
    assert_int_equal(bench->messages, 1);
    assert_int_equal(bench->ends, 1);
    assert_string_equal(bench->end.text, "no room");
    assert_int_equal(bench->stopped, PGL_CANCELLED);
}

/* ---- bounds ---- */

static void a_peer_that_does_not_read_is_waited_for(void **unused)
{
    (void)unused;
    size_t sent_bytes = 0;
    pgl_status sent = PGL_OK;
    bench->holds = true;
    call(CHECK, PGL_NEVER_NS, 0);
    for (int i = 0; i < 1000 && pgl_is_ok(sent); i++) {
        sent = send_name(NAME_BYTES, false);
        sent_bytes += pgl_is_ok(sent) ? NAME_BYTES : 0;
        settle();
    }
    assert_int_equal(sent.code, PGL_EXHAUSTED);
    assert_int_equal(bench->rooms, 0);
    bench->holds = false;
    pgl_grpc_go_on(bench->held);
    settle();
    assert_int_equal(bench->rooms, 1);
    send_well(NAME_BYTES, true);
    settle();
    assert_int_equal(bench->taken_bytes, sent_bytes + NAME_BYTES); /* each once */
    assert_int_equal(bench->end.code, PGL_CODE_OK);
}

static void what_is_too_large_does_not_go(void **unused)
{
    static char name[2 * NAME_BYTES + 1];
    HealthCheckRequest ask = HEALTH_CHECK_REQUEST_INIT;
    (void)unused;
    memset(name, 'x', sizeof name - 1);
    ask.service = name;
    call(CHECK, PGL_SECONDS(1), 0);
    assert_int_equal(pgl_grpc_stream_send(&bench->stream, &ask.base, true).code, PGL_TOO_LARGE);
    send_well(1, true); /* and the stream is as good as before */
    settle();
    assert_int_equal(bench->end.code, PGL_CODE_OK);
}

static void so_many_at_a_time_and_no_more(void **unused)
{
    struct pgl_grpc_stream others[2];
    (void)unused;
    call(WATCH, PGL_SECONDS(1), 0);
    others[0] = others[1] = bench->stream;
    assert_int_equal(pgl_grpc_stream_open(&bench->channel, &others[0]).code, PGL_CODE_OK);
    assert_int_equal(pgl_grpc_stream_open(&bench->channel, &others[1]).code, PGL_EXHAUSTED);
    pgl_grpc_stream_cancel(&others[0]);
    pgl_grpc_stream_cancel(&bench->stream);
}

static void the_end_of_the_channel_is_the_end_of_its_streams(void **unused)
{
    (void)unused;
    call(WATCH, PGL_SECONDS(1), 0);
    settle();
    pgl_grpc_channel_close(&bench->channel);
    assert_int_equal(bench->ends, 1);
    assert_int_equal(bench->end.code, PGL_UNAVAILABLE);
}

/* ---- peers that do not speak as they should ---- */

#define GRPC "application/grpc"
#define ONE                                                                                        \
    {                                                                                              \
        SERVING, SERVING_SIZE                                                                      \
    }
/* clang-format off */
static const struct bad_answer bad_answers[] = {
    /* what                        HTTP  type         encoding   body                               status  reset  code */
    { "good, to see that it can be", 200, GRPC,        NULL,     ONE,                               "0",    false, PGL_CODE_OK },
    { "good, with a suffix",         200, GRPC "+proto", NULL,   ONE,                               "0",    false, PGL_CODE_OK },
    { "no gRPC",                     200, "text/html", NULL,     { "<p>", 3 },                      "0",    false, PGL_UNKNOWN },
    { "no type",                     200, NULL,        NULL,     ONE,                               "0",    false, PGL_UNKNOWN },
    { "a proxy's own 503",           503, "text/html", NULL,     { "<p>", 3 },                      NULL,   false, PGL_UNAVAILABLE },
    { "a proxy's own 401",           401, NULL,        NULL,     { "", 0 },                         NULL,   false, PGL_UNAUTHENTICATED },
    { "no status",                   200, GRPC,        NULL,     ONE,                               NULL,   false, PGL_UNKNOWN },
    { "a status that is no number",  200, GRPC,        NULL,     ONE,                               "fine", false, PGL_UNKNOWN },
    { "cut within a message",        200, GRPC,        NULL,     { SERVING, SERVING_SIZE - 1 },     "0",    false, PGL_INTERNAL },
    { "flags that nobody knows",     200, GRPC,        NULL,     { "\x40\0\0\0\0", 5 },             "0",    false, PGL_MALFORMED },
    { "longer than is taken",        200, GRPC,        NULL,     { "\0\x01\0\0\0", 5 },             "0",    false, PGL_TOO_LARGE },
    { "packed, and does not say so", 200, GRPC,        NULL,     { "\1\0\0\0\0", 5 },               "0",    false, PGL_INTERNAL },
    { "packed by what we lack",      200, GRPC,        "br",     { "\1\0\0\0\0", 5 },               "0",    false, PGL_INTERNAL },
    { "packed, and is none",         200, GRPC,        "gzip",   { "\1\0\0\0\3abc", 8 },            "0",    false, PGL_MALFORMED },
    { "reset",                       200, GRPC,        NULL,     ONE,                               NULL,   true,  PGL_UNAVAILABLE },
};
/* clang-format on */

static void a_peer_that_speaks_badly_is_not_believed(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof bad_answers / sizeof bad_answers[0]; i++) {
        const struct bad_answer *bad = &bad_answers[i];
        open_bench(PGL_GRPC_BIDI, PGL_GRPC_BIDI, bad);
        call(WATCH, PGL_SECONDS(5), 0);
        send_well(1, true);
        settle();
        if (bench->ends != 1 || bench->end.code != bad->code)
            fail_msg("%s: %d ends, %s and not %s", bad->what, bench->ends,
                     pgl_code_name(bench->end.code), pgl_code_name(bad->code));
        close_bench(NULL);
    }
}

#define USUAL(test) cmocka_unit_test_setup_teardown(test, open_usual, close_bench)
#define BIDI(test)  cmocka_unit_test_setup_teardown(test, open_bidi, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        USUAL(a_stream_of_answers_comes_with_what_is_around_it),
        USUAL(a_stream_of_messages_has_one_answer),
        BIDI(both_ways_in_turns),
        BIDI(what_is_worth_it_goes_packed_and_comes_packed),
        USUAL(what_is_cancelled_stops_the_handler_and_is_not_told),
        USUAL(the_deadline_is_told_by_the_peer_or_kept_here),
        USUAL(a_reset_behind_the_deadline_is_the_deadline),
        USUAL(a_message_that_is_refused_ends_the_stream),
        USUAL(a_peer_that_does_not_read_is_waited_for),
        USUAL(what_is_too_large_does_not_go),
        BIDI(so_many_at_a_time_and_no_more),
        USUAL(the_end_of_the_channel_is_the_end_of_its_streams),
        cmocka_unit_test(a_peer_that_speaks_badly_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
