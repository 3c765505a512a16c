/*
 * http2_flood_test.c - what hostile or broken clients send, made frame by frame: each kind of flood
 * ends its connection, and what no request is becomes none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/time.h"
#include "wire/http2.h"

#define OUT_BYTES_MAX (8u << 20)

/* The owner of a stream is how many pieces of a byte it still says; nothing without one. */
static size_t read_pieces(void *owner, char *room, size_t size, enum pgl_http2_more *more)
{
    int *left = owner;
    (void)size;
    if (left == NULL || *left == 0) {
        *more = left == NULL ? PGL_HTTP2_LAST : PGL_HTTP2_LATER;
        return 0;
    }
    --*left;
    room[0] = 'x';
    *more = PGL_HTTP2_MORE;
    return 1;
}

static struct bench {
    struct pgl_http2 *server;
    struct pgl_buffer out;
    struct pgl_arena arena;
    int64_t now_ns;
} bench;

static struct pgl_http2 *open_server(void)
{
    struct pgl_http2_options options = { .limits = PGL_HTTP2_LIMITS_EDGE, .read = read_pieces };
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
    bench.server = open_server();
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_http2_close(bench.server);
    pgl_buffer_free(&bench.out);
    pgl_arena_free(&bench.arena);
    return 0;
}

static void drop_events(struct pgl_http2 *session)
{
    struct pgl_http2_event event;
    while (pgl_http2_next(session, &event)) {
    }
}

static struct pgl_http2_event expect(struct pgl_http2 *session, enum pgl_http2_event_kind kind)
{
    struct pgl_http2_event event;
    assert_true(pgl_http2_next(session, &event));
    assert_int_equal(event.kind, kind);
    return event;
}

/* ---- hand-made frames ---- */

static void add_frame(struct pgl_buffer *bytes, uint8_t type, uint8_t flags, uint32_t stream,
                      const char *payload, size_t size)
{
    const char head[9] = { (char)(size >> 16),   (char)(size >> 8),   (char)size,
                           (char)type,           (char)flags,         (char)(stream >> 24),
                           (char)(stream >> 16), (char)(stream >> 8), (char)stream };
    pgl_buffer_add(bytes, head, sizeof head);
    pgl_buffer_add(bytes, payload, size);
}

enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8 };

/* GET / of http://a, by the static table (RFC 7541, A). */
static const char get_block[] = { (char)0x82, (char)0x86, (char)0x84, 0x41, 0x01, 'a' };

static void begin_raw(struct pgl_buffer *bytes)
{
    pgl_buffer_init(bytes, OUT_BYTES_MAX);
    pgl_buffer_add_literal(bytes, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    add_frame(bytes, SETTINGS, 0, 0, "", 0);
}

/* Takes it all, dropping events, until it is refused. */
static pgl_status take_raw(struct pgl_buffer *bytes)
{
    struct pgl_text input = pgl_buffer_text(bytes);
    pgl_status status = PGL_OK;
    while (input.size > 0 && pgl_is_ok(status)) {
        status = pgl_http2_take(bench.server, &input, bench.now_ns);
        drop_events(bench.server);
    }
    pgl_buffer_free(bytes);
    return status;
}

/* The GOAWAY at the end of what the server says. */
static uint32_t goodbye(void)
{
    const char *at = NULL;
    pgl_buffer_clear(&bench.out);
    assert_true(pgl_is_ok(pgl_http2_give(bench.server, &bench.out, OUT_BYTES_MAX)));
    for (size_t i = 0; i + 9 <= bench.out.size;) {
        const uint8_t *frame = (const uint8_t *)bench.out.data + i;
        if (frame[3] == GOAWAY)
            at = (const char *)frame;
        i += 9 + ((size_t)frame[0] << 16 | (size_t)frame[1] << 8 | frame[2]);
    }
    assert_non_null(at);
    assert_true(pgl_http2_is_over(bench.server));
    return (uint32_t)(uint8_t)at[16];
}

static void expect_flood(uint8_t type, uint8_t flags, uint32_t stream, const char *payload,
                         size_t size, int honest, int flood)
{
    struct pgl_buffer bytes;
    begin_raw(&bytes);
    if (stream != 0)
        add_frame(&bytes, HEADERS, END_HEADERS, stream, get_block, sizeof get_block);
    for (int i = 0; i < honest; i++)
        add_frame(&bytes, type, flags, stream, payload, size);
    assert_true(pgl_is_ok(take_raw(&bytes)));
    pgl_buffer_init(&bytes, OUT_BYTES_MAX);
    for (int i = 0; i < flood; i++)
        add_frame(&bytes, type, flags, stream, payload, size);
    assert_int_equal(take_raw(&bytes).code, PGL_MALFORMED);
    assert_int_equal(goodbye(), PGL_HTTP2_ENHANCE_YOUR_CALM);
}

static void test_pings(void **unused)
{
    (void)unused;
    expect_flood(PING, 0, 0, "12345678", 8, 100, 150);
}

static void test_settings(void **unused)
{
    (void)unused;
    expect_flood(SETTINGS, 0, 0, "", 0, 100, 150);
}

static void test_priorities(void **unused)
{
    (void)unused;
    expect_flood(PRIORITY, 0, 0x7, "\0\0\0\0\1", 5, 100, 150);
}

static void test_a_priority_of_no_stream(void **unused)
{
    (void)unused;
    struct pgl_buffer bytes;
    begin_raw(&bytes);
    add_frame(&bytes, PRIORITY, 0, 0, "\0\0\0\0\1", 5);
    assert_int_equal(take_raw(&bytes).code, PGL_MALFORMED);
    assert_int_equal(goodbye(), PGL_HTTP2_PROTOCOL_ERROR);
}

static void test_empty_data(void **unused)
{
    (void)unused;
    expect_flood(DATA, 0, 1, "", 0, 100, 150);
}

static void test_data_of_padding(void **unused)
{
    (void)unused;
    expect_flood(DATA, PADDED, 1, "\4\0\0\0\0", 5, 100, 150);
}

static void test_small_window_updates(void **unused)
{
    (void)unused;
    expect_flood(WINDOW, 0, 1, "\0\0\0\1", 4, 100, 150);
}

/* A client of gRPC updates two windows for every message, however small, and pings now and then. */
static void test_what_we_say_may_be_acknowledged(void **unused)
{
    (void)unused;
    struct pgl_buffer bytes;
    int pieces = 1000;
    begin_raw(&bytes);
    add_frame(&bytes, HEADERS, END_HEADERS, 1, get_block, sizeof get_block);
    assert_true(pgl_is_ok(take_raw(&bytes)));
    pgl_http2_set_owner(bench.server, 1, &pieces);
    assert_true(pgl_http2_answer(bench.server, 1, 200, NULL, 0, true));
    assert_true(pgl_is_ok(pgl_http2_give(bench.server, &bench.out, OUT_BYTES_MAX)));
    assert_int_equal(pieces, 0);
    pgl_buffer_init(&bytes, OUT_BYTES_MAX);
    for (int i = 0; i < 1000; i++) {
        add_frame(&bytes, WINDOW, 0, 0, "\0\0\0\1", 4);
        add_frame(&bytes, WINDOW, 0, 1, "\0\0\0\1", 4);
        add_frame(&bytes, PING, 0x1, 0, "12345678", 8);
    }
    assert_true(pgl_is_ok(take_raw(&bytes)));
    pgl_buffer_init(&bytes, OUT_BYTES_MAX);
    for (int i = 0; i < 250; i++) /* and no more than that */
        add_frame(&bytes, WINDOW, 0, 0, "\0\0\0\1", 4);
    assert_int_equal(take_raw(&bytes).code, PGL_MALFORMED);
}

static void test_unknown_frames(void **unused)
{
    (void)unused;
    expect_flood(0x42, 0, 0, "", 0, 100, 150);
}

static void test_the_allowance_comes_back(void **unused)
{
    (void)unused;
    struct pgl_buffer bytes;
    begin_raw(&bytes);
    assert_true(pgl_is_ok(take_raw(&bytes)));
    for (int second = 0; second < 100; second++) {
        pgl_buffer_init(&bytes, OUT_BYTES_MAX);
        for (int i = 0; i < 19; i++)
            add_frame(&bytes, PING, 0, 0, "12345678", 8);
        assert_true(pgl_is_ok(take_raw(&bytes)));
        pgl_buffer_clear(&bench.out);
        assert_true(pgl_is_ok(pgl_http2_give(bench.server, &bench.out, OUT_BYTES_MAX)));
        bench.now_ns += PGL_SECONDS(1);
    }
}

/* HEADERS and RST_STREAM by hand: both arrive. */
static void test_rapid_reset_by_hand(void **unused)
{
    (void)unused;
    struct pgl_buffer bytes;
    begin_raw(&bytes);
    for (uint32_t i = 0; i < 150; i++) {
        add_frame(&bytes, HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, get_block,
                  sizeof get_block);
        add_frame(&bytes, RST_STREAM, 0, 2 * i + 1, "\0\0\0\x8", 4);
    }
    assert_int_equal(take_raw(&bytes).code, PGL_MALFORMED);
    assert_int_equal(goodbye(), PGL_HTTP2_ENHANCE_YOUR_CALM);
}

/* Made-you-reset: a window that becomes too large makes the server reset the stream. */
static void test_provoked_resets(void **unused)
{
    (void)unused;
    pgl_status status = PGL_OK;
    struct pgl_buffer bytes;
    uint32_t stream = 1;
    begin_raw(&bytes);
    assert_true(pgl_is_ok(take_raw(&bytes)));
    for (; stream < 500 && pgl_is_ok(status); stream += 2) {
        pgl_buffer_init(&bytes, OUT_BYTES_MAX);
        add_frame(&bytes, HEADERS, END_HEADERS, stream, get_block, sizeof get_block);
        add_frame(&bytes, WINDOW, 0, stream, "\x7f\xff\xff\xff", 4);
        status = take_raw(&bytes);
        if (pgl_is_ok(status)) {
            pgl_buffer_clear(&bench.out);
            status = pgl_http2_give(bench.server, &bench.out, OUT_BYTES_MAX);
            drop_events(bench.server);
        }
    }
    assert_int_equal(status.code, PGL_MALFORMED);
    assert_true(stream > 40 && stream < 300);
    assert_int_equal(goodbye(), PGL_HTTP2_ENHANCE_YOUR_CALM);
}

static void test_a_header_block_without_end(void **unused)
{
    (void)unused;
    struct pgl_buffer bytes;
    begin_raw(&bytes);
    add_frame(&bytes, HEADERS, 0, 1, get_block, sizeof get_block);
    assert_true(pgl_is_ok(take_raw(&bytes)));
    assert_int_equal(pgl_http2_block_since_ns(bench.server), bench.now_ns);
    pgl_buffer_init(&bytes, OUT_BYTES_MAX);
    for (int i = 0; i < 9; i++)
        add_frame(&bytes, CONTINUATION, 0, 1, "", 0);
    assert_int_equal(take_raw(&bytes).code, PGL_MALFORMED);
    assert_int_equal(goodbye(), PGL_HTTP2_ENHANCE_YOUR_CALM);
}

/* Twice 9 KiB in one block. */
static void test_a_header_block_that_is_too_large(void **unused)
{
    (void)unused;
    static char field[9000];
    struct pgl_buffer bytes;
    memset(field, 'a', sizeof field);
    /* a literal without index, name "x", value of 8,990 bytes: 127 + 8863 (RFC 7541, 5.1) */
    memcpy(field, "\x00\x01x\x7f\x9f\x45", 6);
    begin_raw(&bytes);
    add_frame(&bytes, HEADERS, 0, 1, get_block, sizeof get_block);
    add_frame(&bytes, CONTINUATION, 0, 1, field, 6 + 8990);
    add_frame(&bytes, CONTINUATION, END_HEADERS, 1, field, 6 + 8990);
    assert_int_equal(take_raw(&bytes).code, PGL_MALFORMED);
    assert_int_equal(goodbye(), PGL_HTTP2_ENHANCE_YOUR_CALM);
}

static struct pgl_http2_refusal refusal_of(const char *fields, size_t size)
{
    struct pgl_buffer bytes;
    struct pgl_http2_refusal refusal = { 0, NULL };
    struct pgl_http_request_head head;
    begin_raw(&bytes);
    add_frame(&bytes, HEADERS, END_HEADERS | END_STREAM, 1, fields, size);
    struct pgl_text input = pgl_buffer_text(&bytes);
    assert_true(pgl_is_ok(pgl_http2_take(bench.server, &input, bench.now_ns)));
    struct pgl_http2_event event = expect(bench.server, PGL_HTTP2_READY);
    event = expect(bench.server, PGL_HTTP2_HEAD);
    assert_false(
        pgl_is_ok(pgl_http2_read_request(bench.server, &event, &bench.arena, &head, &refusal)));
    drop_events(bench.server);
    pgl_buffer_free(&bytes);
    return refusal;
}

/* Every crumb is a field. */
static void test_cookie_crumbs(void **unused)
{
    (void)unused;
    struct pgl_buffer block;
    pgl_buffer_init(&block, OUT_BYTES_MAX);
    pgl_buffer_add(&block, get_block, sizeof get_block);
    for (int i = 0; i < 65; i++)
        pgl_buffer_add(&block,
                       "\x10\x06"
                       "cookie"
                       "\x01"
                       "a",
                       10);
    assert_int_equal(refusal_of(block.data, block.size).status, 431);
    pgl_buffer_free(&block);
}

/* A field of three thousand bytes, and a byte for each time that it is named again. */
static void add_bomb(struct pgl_buffer *block, int times)
{
    pgl_buffer_init(block, OUT_BYTES_MAX);
    pgl_buffer_add(block, get_block, sizeof get_block);
    /* name "x", value of 3,000 bytes: 127 + 2873; becomes entry 62 of the table */
    pgl_buffer_add(block, "\x40\x01x\x7f\xb9\x16", 6);
    for (int i = 0; i < 3000; i++)
        pgl_buffer_add_char(block, 'a');
    for (int i = 0; i < times; i++)
        pgl_buffer_add_char(block, (char)(0x80 | 62));
}

static void test_a_bomb_of_indexed_fields(void **unused)
{
    (void)unused;
    struct pgl_buffer block, bytes;
    add_bomb(&block, 5);
    assert_int_equal(refusal_of(block.data, block.size).status, 431);
    pgl_buffer_free(&block);
    add_bomb(&block, 60);
    pgl_buffer_init(&bytes, OUT_BYTES_MAX);
    add_frame(&bytes, HEADERS, END_HEADERS | END_STREAM, 3, block.data, block.size);
    assert_int_equal(take_raw(&bytes).code, PGL_MALFORMED);
    assert_int_equal(goodbye(), PGL_HTTP2_ENHANCE_YOUR_CALM);
    pgl_buffer_free(&block);
}

/* Each is refused by itself; nobody sends so many. */
static void test_many_heads_that_are_too_large(void **unused)
{
    (void)unused;
    struct pgl_buffer block, bytes;
    add_bomb(&block, 5);
    begin_raw(&bytes);
    for (uint32_t i = 0; i < 150; i++) {
        add_frame(&bytes, HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, block.data, block.size);
        add_frame(&bytes, RST_STREAM, 0, 2 * i + 1, "\0\0\0\x8", 4);
    }
    pgl_buffer_free(&block);
    assert_int_equal(take_raw(&bytes).code, PGL_MALFORMED);
    assert_int_equal(goodbye(), PGL_HTTP2_ENHANCE_YOUR_CALM);
}

/* What is asked and taken back in one read becomes no request, and holds no place. */
static void test_what_is_taken_back_is_never_shown(void **unused)
{
    (void)unused;
    struct pgl_buffer bytes;
    struct pgl_http2_event event;
    begin_raw(&bytes);
    for (uint32_t i = 0; i < 90; i++) {
        add_frame(&bytes, HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, get_block,
                  sizeof get_block);
        if (i != 7)
            add_frame(&bytes, RST_STREAM, 0, 2 * i + 1, "\0\0\0\x8", 4);
    }
    struct pgl_text input = pgl_buffer_text(&bytes);
    int heads = 0, kept = 0;
    while (input.size > 0) {
        assert_true(pgl_is_ok(pgl_http2_take(bench.server, &input, bench.now_ns)));
        while (pgl_http2_next(bench.server, &event)) {
            heads += event.kind == PGL_HTTP2_HEAD;
            kept += event.kind == PGL_HTTP2_HEAD && event.stream == 15;
        }
    }
    assert_int_equal(kept, 1);
    assert_true(heads <= 4); /* a read may end between the two frames */
    while (heads-- > 0)
        pgl_http2_let_go(bench.server);
    pgl_buffer_free(&bytes);
}

static void test_heads_that_are_no_requests(void **unused)
{
    (void)unused;
    static const struct {
        const char *block;
        size_t size;
        int status;
    } cases[] = {
        /* method TRACE */
        { "\x02\x05TRACE\x86\x84\x41\x01"
          "a",
          12, 405 },
        /* method get, which nobody knows */
        { "\x02\x03get\x86\x84\x41\x01"
          "a",
          10, 501 },
        /* a user in the authority */
        { "\x82\x86\x84\x41\x03u@a", 8, 400 },
        /* an authority and another Host */
        { "\x82\x86\x84\x41\x01"
          "a\x00\x04host\x01"
          "b",
          14, 400 },
        /* a path with a fragment */
        { "\x82\x86\x04\x02/#\x41\x01"
          "a",
          9, 400 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(refusal_of(cases[i].block, cases[i].size).status, cases[i].status);
        pgl_http2_close(bench.server);
        bench.server = open_server();
    }
}

/* What RFC 9113 calls malformed ends the stream and never becomes a head. */
static void test_malformed_heads_end_their_stream(void **unused)
{
    (void)unused;
    static const struct {
        const char *block;
        size_t size;
    } cases[] = {
        { "\x82\x86\x84\x41\x01"
          "a\x00\x01X\x01y",
          11 }, /* upper case */
        { "\x82\x86\x84\x41\x01"
          "a\x00\x0a"
          "connection\x05"
          "close",
          24 }, /* of a connection */
        { "\x82\x86\x84\x41\x01"
          "a\x00\x01x\x02y\n",
          12 }, /* a control byte */
        { "\x86\x84\x41\x01"
          "a",
          5 },                 /* no method */
        { "\x82\x86\x84", 3 }, /* no authority */
        { "\x82\x82\x86\x84\x41\x01"
          "a",
          7 }, /* two of them */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pgl_buffer bytes;
        struct pgl_http2_event event;
        begin_raw(&bytes);
        add_frame(&bytes, HEADERS, END_HEADERS | END_STREAM, 1, cases[i].block, cases[i].size);
        struct pgl_text input = pgl_buffer_text(&bytes);
        assert_true(pgl_is_ok(pgl_http2_take(bench.server, &input, bench.now_ns)));
        while (pgl_http2_next(bench.server, &event))
            assert_int_not_equal(event.kind, PGL_HTTP2_HEAD);
        pgl_buffer_free(&bytes);
        pgl_http2_close(bench.server);
        bench.server = open_server();
    }
}

static int heads_heard(void)
{
    struct pgl_http2_event event;
    int count = 0;
    while (pgl_http2_next(bench.server, &event))
        count += event.kind == PGL_HTTP2_HEAD;
    for (int i = 0; i < count; i++)
        pgl_http2_let_go(bench.server);
    return count;
}

static void test_many_heads_take_turns(void **unused)
{
    (void)unused;
    struct pgl_buffer bytes;
    begin_raw(&bytes);
    for (uint32_t i = 0; i < 100; i++)
        add_frame(&bytes, HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, get_block,
                  sizeof get_block);
    struct pgl_text input = pgl_buffer_text(&bytes);
    assert_true(pgl_is_ok(pgl_http2_take(bench.server, &input, bench.now_ns)));
    int all = heads_heard();
    assert_in_range(all, 28, 32); /* the rest is left for the next turn, */
    while (input.size > 0) {      /* which may take fewer */
        assert_true(pgl_is_ok(pgl_http2_take_some(bench.server, &input, bench.now_ns, 4)));
        int some = heads_heard();
        assert_in_range(some, 1, 4);
        all += some;
    }
    assert_int_equal(all, 100);
    pgl_buffer_free(&bytes);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

/* A crowd has small shares of a turn; that must not cut a body into as many pieces. */
static void test_a_body_is_not_cut_by_the_count_of_heads(void **unused)
{
    (void)unused;
    static char body[16000];
    struct pgl_http2_event event;
    struct pgl_buffer bytes;
    int pieces = 0;
    begin_raw(&bytes);
    add_frame(&bytes, HEADERS, END_HEADERS, 1, get_block, sizeof get_block);
    add_frame(&bytes, DATA, 0, 1, body, sizeof body);
    struct pgl_text input = pgl_buffer_text(&bytes);
    while (input.size > 0) {
        assert_true(pgl_is_ok(pgl_http2_take_some(bench.server, &input, bench.now_ns, 4)));
        while (pgl_http2_next(bench.server, &event))
            pieces += event.kind == PGL_HTTP2_DATA;
    }
    assert_in_range(pieces, 16, 18); /* of a KiB */
    pgl_http2_let_go(bench.server);
    pgl_buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_pings),
        CASE(test_settings),
        CASE(test_priorities),
        CASE(test_a_priority_of_no_stream),
        CASE(test_empty_data),
        CASE(test_data_of_padding),
        CASE(test_small_window_updates),
        CASE(test_what_we_say_may_be_acknowledged),
        CASE(test_unknown_frames),
        CASE(test_the_allowance_comes_back),
        CASE(test_rapid_reset_by_hand),
        CASE(test_provoked_resets),
        CASE(test_a_header_block_without_end),
        CASE(test_a_header_block_that_is_too_large),
        CASE(test_cookie_crumbs),
        CASE(test_a_bomb_of_indexed_fields),
        CASE(test_many_heads_that_are_too_large),
        CASE(test_what_is_taken_back_is_never_shown),
        CASE(test_heads_that_are_no_requests),
        CASE(test_malformed_heads_end_their_stream),
        CASE(test_many_heads_take_turns),
        CASE(test_a_body_is_not_cut_by_the_count_of_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
