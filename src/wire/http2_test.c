/* http2_test.c - a session against one of the other side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/time.h"
#include "wire/http2.h"

#define OUT_BYTES_MAX (8u << 20)

/* What one stream says, and what was seen of it. */
struct side {
    const char *says;
    size_t said;
    bool has_trailers;
};

static size_t read_body(void *owner, char *room, size_t size, enum pgl_http2_more *more)
{
    struct side *side = owner;
    size_t left = strlen(side->says) - side->said;
    size_t step = left < size ? left : size;
    memcpy(room, side->says + side->said, step);
    side->said += step;
    *more = step < left ? PGL_HTTP2_MORE : side->has_trailers ? PGL_HTTP2_TRAILED : PGL_HTTP2_LAST;
    return step;
}

static size_t give_trailers(void *owner, const struct pgl_http_field **fields)
{
    static const struct pgl_http_field trailers[] = { { { "Grpc-Status", 11 }, { "0", 1 } } };
    (void)owner;
    *fields = trailers;
    return 1;
}

static struct bench {
    struct pgl_http2 *server, *client;
    struct pgl_buffer out; /* of whoever gave last */
    struct pgl_arena arena;
    int64_t now_ns;
} bench;

static struct pgl_http2 *open_side(bool is_client)
{
    struct pgl_http2_options options = { .limits = PGL_HTTP2_LIMITS_EDGE,
                                         .is_client = is_client,
                                         .read = read_body,
                                         .trailers = give_trailers };
    struct pgl_http2 *session = pgl_http2_open(&options, bench.now_ns);
    assert_non_null(session);
    return session;
}

static int open_bench(void **unused)
{
    (void)unused;
    bench = (struct bench){ .now_ns = PGL_SECONDS(1000) };
    pgl_buffer_init(&bench.out, OUT_BYTES_MAX);
    pgl_arena_init(&bench.arena, 4096, 1u << 20);
    bench.server = open_side(false);
    bench.client = open_side(true);
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_http2_close(bench.server);
    pgl_http2_close(bench.client);
    pgl_buffer_free(&bench.out);
    pgl_arena_free(&bench.arena);
    return 0;
}

/* From one side to the other; the events of the other wait there. */
static pgl_status pump(struct pgl_http2 *from, struct pgl_http2 *to)
{
    pgl_buffer_clear(&bench.out);
    assert_true(pgl_is_ok(pgl_http2_give(from, &bench.out, OUT_BYTES_MAX)));
    struct pgl_text input = pgl_buffer_text(&bench.out);
    pgl_status status = pgl_http2_take(to, &input, bench.now_ns);
    assert_true(!pgl_is_ok(status) || input.size == 0);
    return status;
}

static void drop_events(struct pgl_http2 *session)
{
    struct pgl_http2_event event;
    while (pgl_http2_next(session, &event)) {
    }
}

static void shake_hands(void)
{
    for (int i = 0; i < 2; i++) {
        assert_true(pgl_is_ok(pump(bench.client, bench.server)));
        drop_events(bench.server);
        assert_true(pgl_is_ok(pump(bench.server, bench.client)));
        drop_events(bench.client);
    }
}

static struct pgl_http2_event expect(struct pgl_http2 *session, enum pgl_http2_event_kind kind)
{
    struct pgl_http2_event event;
    assert_true(pgl_http2_next(session, &event));
    assert_int_equal(event.kind, kind);
    return event;
}

static void expect_nothing(struct pgl_http2 *session)
{
    struct pgl_http2_event event;
    assert_false(pgl_http2_next(session, &event));
}

static int32_t ask(const char *path, const struct pgl_http_field *fields, size_t field_count,
                   struct side *body)
{
    struct pgl_http2_request request = { .method = PGL_TEXT("POST"),
                                         .scheme = PGL_TEXT("http"),
                                         .authority = PGL_TEXT("shop.example:8080"),
                                         .path = pgl_text_of(path),
                                         .fields = fields,
                                         .field_count = field_count,
                                         .has_body = body != NULL,
                                         .owner = body };
    int32_t stream = 0;
    assert_true(pgl_is_ok(pgl_http2_ask(bench.client, &request, &stream)));
    return stream;
}

/* ---- one call ---- */

static void test_there_and_back(void **unused)
{
    (void)unused;
    struct side question = { .says = "ping" }, answer = { .says = "pong", .has_trailers = true };
    const struct pgl_http_field fields[] = { { PGL_TEXT("X-Trace"), PGL_TEXT("abc") },
                                             { PGL_TEXT("content-length"), PGL_TEXT("4") } };
    shake_hands();
    int32_t stream = ask("/a/b?c=d", fields, 2, &question);
    assert_true(pgl_is_ok(pump(bench.client, bench.server)));

    struct pgl_http_request_head head;
    struct pgl_http2_refusal refusal;
    struct pgl_http2_event event = expect(bench.server, PGL_HTTP2_HEAD);
    assert_int_equal(event.stream, stream);
    assert_false(event.is_end);
    assert_true(
        pgl_is_ok(pgl_http2_read_request(bench.server, &event, &bench.arena, &head, &refusal)));
    assert_int_equal(head.method_known, PGL_HTTP_POST);
    assert_true(pgl_text_is(head.path, "/a/b"));
    assert_true(pgl_text_is(head.query, "c=d"));
    assert_true(pgl_text_is(head.host, "shop.example:8080"));
    assert_int_equal(head.content_length, 4);
    struct pgl_text value;
    assert_int_equal(
        pgl_http_find_field(head.fields, head.field_count, PGL_TEXT("x-trace"), &value), 1);
    assert_true(pgl_text_is(value, "abc"));
    pgl_http2_set_owner(bench.server, stream, &answer);
    event = expect(bench.server, PGL_HTTP2_DATA);
    assert_ptr_equal(event.owner, &answer); /* although it came before there was one */
    assert_true(pgl_text_is(event.data, "ping"));
    pgl_http2_taken(bench.server, stream, event.data.size);
    expect(bench.server, PGL_HTTP2_END);
    expect_nothing(bench.server);

    assert_true(pgl_http2_answer(bench.server, stream, 200, NULL, 0, true));
    assert_true(pgl_is_ok(pump(bench.server, bench.client)));
    event = expect(bench.server, PGL_HTTP2_CLOSED);
    assert_int_equal(event.code, PGL_HTTP2_NO_ERROR);
    pgl_http2_let_go(bench.server);
    struct pgl_http_response_head response;
    event = expect(bench.client, PGL_HTTP2_HEAD);
    assert_ptr_equal(event.owner, &question);
    assert_true(pgl_is_ok(pgl_http2_read_response(bench.client, &event, &bench.arena, &response)));
    assert_int_equal(response.status, 200);
    assert_true(pgl_text_is(expect(bench.client, PGL_HTTP2_DATA).data, "pong"));
    event = expect(bench.client, PGL_HTTP2_TRAILERS);
    assert_true(pgl_is_ok(pgl_http2_read_response(bench.client, &event, &bench.arena, &response)));
    assert_int_equal(response.field_count, 1);
    assert_true(pgl_text_is(response.fields[0].name, "grpc-status"));
    expect(bench.client, PGL_HTTP2_END);
    expect(bench.client, PGL_HTTP2_CLOSED);
    expect_nothing(bench.client);
}

/* What nobody takes holds the peer up at the stream's window, and only there. */
static void test_a_body_waits_until_it_is_taken(void **unused)
{
    (void)unused;
    static char much[(200u << 10) + 1];
    memset(much, 'x', sizeof much - 1);
    struct side question = { .says = much };
    shake_hands();
    int32_t stream = ask("/", NULL, 0, &question);
    size_t came = 0;
    for (int i = 0; i < 10; i++) {
        struct pgl_http2_event event;
        size_t before = came;
        assert_true(pgl_is_ok(pump(bench.client, bench.server)));
        while (pgl_http2_next(bench.server, &event))
            came += event.kind == PGL_HTTP2_DATA ? event.data.size : 0;
        assert_true(came - before <= 64u << 10);
        if (i == 0) {
            assert_int_equal(came, 64u << 10);
            assert_true(pgl_http2_is_blocked(bench.client, stream));
        }
        pgl_http2_taken(bench.server, stream, came - before);
        assert_true(pgl_is_ok(pump(bench.server, bench.client)));
        drop_events(bench.client);
    }
    assert_int_equal(came, sizeof much - 1);
}

/* The share of the connection's window comes back when a stream closes with bytes that nobody has
 * taken: else twenty such streams would stop the connection for good. */
static void test_what_nobody_takes_is_given_back_at_the_end(void **unused)
{
    (void)unused;
    static char much[(64u << 10) + 1];
    memset(much, 'x', sizeof much - 1);
    shake_hands();
    for (int i = 0; i < 40; i++) {
        struct side question = { .says = much };
        struct pgl_http2_event event;
        size_t came = 0;
        int32_t stream = ask("/", NULL, 0, &question);
        assert_true(pgl_is_ok(pump(bench.client, bench.server)));
        while (pgl_http2_next(bench.server, &event))
            came += event.kind == PGL_HTTP2_DATA ? event.data.size : 0;
        assert_int_equal(came, sizeof much - 1);
        assert_true(pgl_http2_answer(bench.server, stream, 204, NULL, 0, false));
        assert_true(pgl_is_ok(pump(bench.server, bench.client)));
        drop_events(bench.server);
        drop_events(bench.client);
        pgl_http2_let_go(bench.server);
    }
}

/* ---- who is counted ---- */

/* A stream counts until its handler has let go of it, however soon it was reset. */
static void test_a_reset_stream_still_counts(void **unused)
{
    (void)unused;
    struct pgl_http2_event event;
    int heads = 0;
    shake_hands();
    for (int i = 0; i < 100; i++) {
        int32_t stream = ask("/", NULL, 0, NULL);
        assert_true(pgl_is_ok(pump(bench.client, bench.server)));
        if (i % 4 == 0) /* within what may be reset */
            pgl_http2_reset(bench.client, stream, PGL_HTTP2_CANCEL);
        while (pgl_http2_next(bench.server, &event))
            heads += event.kind == PGL_HTTP2_HEAD;
        drop_events(bench.client);
    }
    assert_int_equal(heads, 100);
    for (int i = 0; i < 10; i++) {
        ask("/", NULL, 0, NULL);
        assert_true(pgl_is_ok(pump(bench.client, bench.server)));
        drop_events(bench.client);
        while (pgl_http2_next(bench.server, &event))
            heads += event.kind == PGL_HTTP2_HEAD;
    }
    assert_int_equal(heads, 100);
    pgl_http2_let_go(bench.server);
    ask("/", NULL, 0, NULL);
    assert_true(pgl_is_ok(pump(bench.server, bench.client)));
    drop_events(bench.client);
    drop_events(bench.server);
    assert_true(pgl_is_ok(pump(bench.client, bench.server)));
    while (pgl_http2_next(bench.server, &event))
        heads += event.kind == PGL_HTTP2_HEAD;
    assert_int_equal(heads, 101);
}

/* What was never sent is closed without a word to the peer. */
static void test_a_request_that_is_taken_back(void **unused)
{
    (void)unused;
    struct side question = { .says = "ping" };
    shake_hands();
    int32_t stream = ask("/", NULL, 0, &question);
    pgl_http2_reset(bench.client, stream, PGL_HTTP2_CANCEL);
    assert_true(pgl_is_ok(pump(bench.client, bench.server)));
    expect_nothing(bench.server);
    struct pgl_http2_event event = expect(bench.client, PGL_HTTP2_CLOSED);
    assert_ptr_equal(event.owner, &question);
    assert_int_equal(event.code, PGL_HTTP2_REFUSED_STREAM);
    expect_nothing(bench.client);
}

/* ---- the end ---- */

static void test_going_away(void **unused)
{
    (void)unused;
    struct side question = { .says = "ping" };
    shake_hands();
    ask("/", NULL, 0, &question); /* on its way, and so the last one */
    assert_true(pgl_is_ok(pump(bench.client, bench.server)));
    drop_events(bench.server);
    pgl_http2_go_away(bench.server, false);
    assert_true(pgl_is_ok(pump(bench.server, bench.client)));
    struct pgl_http2_event event = expect(bench.client, PGL_HTTP2_GOAWAY);
    assert_int_equal(event.stream, 0x7fffffff);
    drop_events(bench.client);
    pgl_http2_go_away(bench.server, true);
    assert_true(pgl_is_ok(pump(bench.server, bench.client)));
    assert_int_equal(expect(bench.client, PGL_HTTP2_GOAWAY).stream, 1);
    drop_events(bench.client);
    struct pgl_http2_request request = { .method = PGL_TEXT("GET"),
                                         .scheme = PGL_TEXT("http"),
                                         .authority = PGL_TEXT("a"),
                                         .path = PGL_TEXT("/"),
                                         .owner = &question };
    int32_t stream;
    assert_int_equal(pgl_http2_ask(bench.client, &request, &stream).code, PGL_UNAVAILABLE);
}

static void test_a_ping_is_answered(void **unused)
{
    (void)unused;
    shake_hands();
    pgl_http2_ping(bench.client);
    assert_true(pgl_is_ok(pump(bench.client, bench.server)));
    drop_events(bench.server);
    assert_true(pgl_is_ok(pump(bench.server, bench.client)));
    drop_events(bench.client);
    assert_int_equal(pgl_http2_pongs(bench.client), 1);
}

static void test_fields_that_cannot_be_written(void **unused)
{
    (void)unused;
    static const struct pgl_http_field bad[] = { { { "x y", 3 }, { "a", 1 } },
                                                 { { "x", 1 }, { "a\r\nb", 4 } },
                                                 { { "Connection", 10 }, { "close", 5 } } };
    shake_hands();
    int32_t stream = ask("/", NULL, 0, NULL);
    assert_true(pgl_is_ok(pump(bench.client, bench.server)));
    drop_events(bench.server);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(pgl_http2_answer(bench.server, stream, 200, &bad[i], 1, false));
    assert_true(pgl_http2_answer(bench.server, stream, 200, NULL, 0, false));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_there_and_back),
        CASE(test_a_body_waits_until_it_is_taken),
        CASE(test_what_nobody_takes_is_given_back_at_the_end),
        CASE(test_a_reset_stream_still_counts),
        CASE(test_a_request_that_is_taken_back),
        CASE(test_going_away),
        CASE(test_a_ping_is_answered),
        CASE(test_fields_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
