/*
 * http2_pieces_test.c - bodies that are handed over in pieces, or held back until they are asked
 * for, answers with trailers, and writers that wait for room.
 *
 * Method: the server and a client of ours on one loop over the twin, over HTTP/2 and HTTP/1.1;
 * frames byte by byte where our client says too little.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "transport/http2_bench.h"

static struct pieces {
    size_t taken_bytes, seen_bytes;
    bool has_last, takes;
    int room_count;
} pieces;

static bool wants_pieces(void *owner, const struct pgl_http_request_head *head)
{
    (void)owner;
    return pgl_text_starts_with(head->path, PGL_TEXT("/pieces"));
}

static void on_piece(void *owner, struct pgl_http_exchange *exchange, struct pgl_text piece,
                     bool is_last)
{
    (void)owner;
    pieces.seen_bytes += piece.size;
    pieces.has_last |= is_last;
    if (pieces.takes)
        pgl_http_body_taken(exchange, piece.size);
}

static void on_room(void *owner, struct pgl_http_exchange *exchange)
{
    (void)owner, (void)exchange;
    pieces.room_count++;
}

static struct bench *open_in_pieces(bool takes)
{
    struct bench *bench = bench_open_default();
    pieces = (struct pieces){ .takes = takes };
    bench->server.options.wants_pieces = wants_pieces;
    bench->server.options.on_piece = on_piece;
    bench->server.options.on_room = on_room;
    bench->holds = true;
    return bench;
}

static void a_handler_in_pieces_holds_its_peer_back(void **unused)
{
    static char body[200000];
    struct bench *bench = open_in_pieces(false);
    struct caller *caller = caller_open(bench);
    (void)unused;
    struct call *call = call_begin(caller, "POST", "/pieces", true);
    bench_run(bench);
    assert_int_equal(bench->held_count, 1); /* at its head */
    assert_true(pgl_is_ok(
        pgl_h2_stream_write(&call->stream, (struct pgl_text){ body, sizeof body }, true)));
    bench_run(bench);
    assert_int_equal(pieces.seen_bytes, 64 << 10);
    pgl_http_body_taken(bench->held[0], pieces.seen_bytes);
    bench_run(bench);
    assert_int_equal(pieces.seen_bytes, 128 << 10);
    pieces.takes = true;
    pgl_http_body_taken(bench->held[0], 64 << 10);
    bench_run(bench);
    assert_int_equal(pieces.seen_bytes, sizeof body);
    assert_true(pieces.has_last);
    bench_pass(bench, PGL_MINUTES(5)); /* how long it takes is the handler's business */
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    bench_run(bench);
    assert_true(call->has_ended);
    caller_close(caller);
    bench_close(bench);
}

/* A client's stream: the time that a whole body has to come in is none of its. */
static void pieces_may_come_slowly(void **unused)
{
    struct bench *bench = open_in_pieces(true);
    struct caller *caller = caller_open(bench);
    (void)unused;
    struct call *call = call_begin(caller, "POST", "/pieces", true);
    for (int i = 0; i < 30; i++) {
        bench_pass(bench, PGL_SECONDS(10));
        assert_true(pgl_is_ok(pgl_h2_stream_write(&call->stream, PGL_TEXT("x"), i == 29)));
        bench_run(bench);
        assert_int_equal(pieces.seen_bytes, i + 1);
    }
    assert_true(pieces.has_last);
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    bench_run(bench);
    assert_true(call->has_ended);
    caller_close(caller);
    bench_close(bench);
}

static void pieces_come_over_http1_as_well(void **unused)
{
    static char body[200000];
    struct bench *bench = open_in_pieces(false);
    bench->twin.pipe_bytes_max = 2 * sizeof body;
    struct client *client = client_open(bench);
    (void)unused;
    memset(body, 'x', sizeof body);
    client_say(client, "POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
    assert_int_equal(bench->held_count, 1);
    client_say_bytes(client, body, sizeof body);
    assert_true(pieces.seen_bytes < 140000 && !pieces.has_last);
    pieces.takes = true;
    pgl_http_body_taken(bench->held[0], pieces.seen_bytes);
    bench_run(bench);
    assert_int_equal(pieces.seen_bytes, sizeof body);
    assert_true(pieces.has_last);
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    bench->holds = false;
    assert_contains(client_ask(client, GET("/next")), "/next");
    client_leave(client);
    bench_close(bench);
}

static void who_answers_early_over_http1_reads_no_further(void **unused)
{
    struct bench *bench = open_in_pieces(true);
    struct client *client = client_open(bench);
    (void)unused;
    client_say(client, "POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nhalf");
    assert_int_equal(bench->held_count, 1);
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    client_say(client, "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    client_hear(client, SIZE_MAX);
    assert_contains(client->heard, "Connection: close\r\n");
    assert_lacks(client->heard, "smuggled");
    assert_int_equal(bench->asked_count, 1);
    client_leave(client);
    bench_close(bench);
}

static void a_stream_ends_with_its_trailers(void **unused)
{
    static const struct pgl_http_field trailers[] = { { { "grpc-status", 11 }, { "0", 1 } } };
    struct bench *bench = open_in_pieces(true);
    struct caller *caller = caller_open(bench);
    (void)unused;
    struct call *call = call_ask(caller, "/pieces"), *bare = call_ask(caller, "/pieces");
    assert_true(pieces.has_last);
    pgl_http_stream_begin(bench->held[0], 200, NULL, 0);
    assert_true(pgl_is_ok(pgl_http_stream_write(bench->held[0], PGL_TEXT("one"))));
    bench_run(bench);
    assert_string_equal(call->body, "one");
    assert_false(call->has_ended);
    assert_true(pgl_is_ok(pgl_http_stream_write(bench->held[0], PGL_TEXT("two"))));
    pgl_http_stream_end_with(bench->held[0], trailers, 1);
    pgl_http_stream_begin(bench->held[1], 200, NULL, 0);
    pgl_http_stream_end_with(bench->held[1], trailers, 1);
    bench->held_count = 0;
    bench_run(bench);
    assert_true(call->has_ended && bare->has_ended);
    assert_string_equal(call->body, "onetwo");
    assert_string_equal(call->trailer, "grpc-status: 0");
    assert_string_equal(bare->trailer, "grpc-status: 0");
    caller_close(caller);
    bench_close(bench);
}

static void a_writer_is_told_when_there_is_room(void **unused)
{
    static char piece[65536];
    struct bench *bench = open_in_pieces(true);
    struct caller *caller = caller_open(bench);
    (void)unused;
    call_ask(caller, "/pieces")->stream.handler = &deaf_handler;
    struct pgl_http_exchange *exchange = bench->held[0];
    pgl_http_stream_begin(exchange, 200, NULL, 0);
    pgl_status status = PGL_OK;
    for (int i = 0; i < 20 && pgl_is_ok(status); i++) {
        status = pgl_http_stream_write(exchange, (struct pgl_text){ piece, sizeof piece });
        bench_run(bench);
    }
    assert_int_equal(status.code, PGL_EXHAUSTED);
    assert_int_equal(pieces.room_count, 0);
    pgl_h2_stream_taken(&caller->calls[0].stream, caller->calls[0].body_bytes);
    bench_run(bench);
    assert_int_equal(pieces.room_count, 1);
    pgl_http_stream_abort(exchange);
    bench->held_count = 0;
    bench_run(bench);
    assert_true(caller->calls[0].has_failed);
    assert_int_equal(caller->calls[0].code, PGL_HTTP2_INTERNAL_ERROR);
    caller_close(caller);
    bench_close(bench);
}

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
static const char no_settings[9] = { 0, 0, 0, 4, 0, 0, 0, 0, 0 };

static int heads_in(const struct client *client)
{
    int count = 0;
    for (size_t at = 0; at + 9 <= client->heard_bytes;
         at += 9 + (size_t)(uint8_t)client->heard[at + 2] + 256u * (uint8_t)client->heard[at + 1])
        count += client->heard[at + 3] == 1; /* HEADERS */
    return count;
}

/* POST http / of host "a", which holds its body back: Expect is field 35 of RFC 7541, appendix
 * A. */
#define EXPECTING(value)                                                                           \
    "\0\0\x15\1\4\0\0\0\1\x83\x86\x84\x01\x01"                                                     \
    "a\x0f\x14\x0c" value
static void a_body_that_is_held_back_is_asked_for(void **unused)
{
    static const char fine[] = EXPECTING("100-continue"), other[] = EXPECTING("200-continue");
    static const char body[] = "\0\0\1\0\1\0\0\0\1x";
    (void)unused;
    for (int is_other = 0; is_other < 2; is_other++) {
        struct bench *bench = bench_open_default();
        struct client *client = client_open(bench);
        client_say_bytes(client, preface, sizeof preface - 1);
        client_say_bytes(client, no_settings, sizeof no_settings);
        client_say_bytes(client, is_other ? other : fine, sizeof fine - 1);
        client_hear(client, SIZE_MAX);
        assert_int_equal(heads_in(client), 1);
        assert_int_equal(bench->asked_count, 0);
        assert_int_equal(bench->refused_status, is_other ? 417 : 0);
        client_say_bytes(client, body, sizeof body - 1);
        client_hear(client, SIZE_MAX);
        assert_int_equal(heads_in(client), is_other ? 1 : 2);
        assert_int_equal(bench->asked_count, !is_other);
        client_leave(client);
        bench_close(bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handler_in_pieces_holds_its_peer_back),
        cmocka_unit_test(pieces_may_come_slowly),
        cmocka_unit_test(pieces_come_over_http1_as_well),
        cmocka_unit_test(who_answers_early_over_http1_reads_no_further),
        cmocka_unit_test(a_body_that_is_held_back_is_asked_for),
        cmocka_unit_test(a_stream_ends_with_its_trailers),
        cmocka_unit_test(a_writer_is_told_when_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
