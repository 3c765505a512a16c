/*
 * http2_server_test.c - exchanges over HTTP/2: streams, whole bodies, windows, ends.
 *
 * Method: the server and a client of ours on one loop over the twin; raw bytes where a client of
 * ours would not say such a thing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "transport/http2_bench.h"

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
static const char no_settings[9] = { 0, 0, 0, 4, 0, 0, 0, 0, 0 };

static void streams_are_answered_each(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    for (int i = 0; i < 90; i++)
        call_begin(caller, "GET", i % 2 == 0 ? "/even" : "/odd", false);
    bench_run(bench);
    for (int i = 0; i < 90; i++) {
        assert_true(caller->calls[i].has_ended);
        assert_int_equal(caller->calls[i].status, 200);
        assert_string_equal(caller->calls[i].body, i % 2 == 0 ? "/even" : "/odd");
    }
    assert_string_equal(caller->calls[0].length, "5");
    assert_int_equal(bench->server.conn_count, 1);
    struct client *older = client_open(bench); /* the same port speaks both */
    assert_contains(client_ask(older, GET("/one")), "HTTP/1.1 200 OK");
    client_leave(older);
    caller_close(caller);
    bench_close(bench);
}

static void a_preface_may_come_in_pieces(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    for (size_t i = 0; i + 1 < sizeof preface; i++) {
        assert_int_equal(bench->server.metrics.http2_connections.value, 0);
        client_say_bytes(client, preface + i, 1);
    }
    assert_int_equal(bench->server.metrics.http2_connections.value, 1);
    client_leave(client);
    client = client_open(bench);
    client_ask(client, "PRI * HTTP/2.0\r\n\r\nXM\r\n\r\n");
    assert_int_equal(bench->refused_count, 1);
    assert_contains(client->heard, "HTTP/1.1 ");
    client_leave(client);
    bench_close(bench);
}

static void a_head_has_no_body_and_an_empty_one_no_length(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    struct call *head = call_begin(caller, "HEAD", "/abc", false);
    bench->holds = true;
    struct call *gone = call_begin(caller, "GET", "/gone", false);
    bench_run(bench);
    assert_int_equal(bench->held_count, 2);
    bench_answer(bench->held[0]);
    pgl_http_respond(bench->held[1], 204, NULL, 0, PGL_TEXT("unseen"));
    bench->held_count = 0;
    bench_run(bench);
    assert_true(head->has_ended && gone->has_ended);
    assert_string_equal(head->length, "4");
    assert_int_equal(head->body_bytes + gone->body_bytes, 0);
    assert_int_equal(gone->status, 204);
    caller_close(caller);
    bench_close(bench);
}

static void a_field_that_cannot_be_written_makes_a_bare_500(void **unused)
{
    static const struct pgl_http_field bad[] = { { { "x", 1 }, { "a\nb", 3 } } };
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    bench->holds = true;
    struct call *call = call_ask(caller, "/x");
    pgl_http_respond(bench->held[0], 200, bad, 1, PGL_TEXT("unseen"));
    bench->held_count = 0;
    bench_run(bench);
    assert_true(call->has_ended);
    assert_int_equal(call->status, 500);
    assert_int_equal(call->body_bytes, 0);
    caller_close(caller);
    bench_close(bench);
}

static void large_bodies_pass_through_the_windows(void **unused)
{
    static char body[300000];
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    memset(body, 'x', sizeof body);
    struct call *call = call_begin(caller, "POST", "/big/700000", true);
    assert_true(pgl_is_ok(
        pgl_h2_stream_write(&call->stream, (struct pgl_text){ body, sizeof body }, true)));
    bench->holds = true;
    bench_run(bench);
    assert_int_equal(bench->held_count, 1);
    assert_int_equal(bench->held[0]->body.size, sizeof body);
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    bench_run(bench);
    assert_true(call->has_ended);
    assert_int_equal(call->body_bytes, 700000);
    caller_close(caller);
    bench_close(bench);
}

static void a_body_over_its_limit_is_refused(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    bench->body_limit = 10;
    struct call *call = call_begin(caller, "POST", "/x", true);
    assert_true(pgl_is_ok(pgl_h2_stream_write(&call->stream, PGL_TEXT("0123456789a"), false)));
    bench_run(bench);
    assert_true(call->has_ended);
    assert_int_equal(call->status, 413);
    assert_int_equal(bench->asked_count, 0);
    bench->body_limit = 1000; /* that was the stream's end alone */
    assert_int_equal(call_ask(caller, "/y")->status, 200);
    caller_close(caller);
    bench_close(bench);
}

static void a_refused_request_is_an_answer_of_its_stream(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    struct call *trace = call_begin(caller, "TRACE", "/", false);
    struct call *brew = call_begin(caller, "BREW", "/", false);
    struct call *bare = call_begin(caller, "GET", "*", false);
    struct call *fine = call_ask(caller, "/fine");
    assert_int_equal(trace->status, 405);
    assert_int_equal(brew->status, 501);
    assert_true(bare->status == 400 || bare->has_failed);
    assert_int_equal(fine->status, 200);
    caller_close(caller);
    bench_close(bench);
}

/* ---- ends ---- */

static void a_reset_stream_counts_until_its_handler_has_ended(void **unused)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.http2.streams_max = 2;
    struct bench *bench = bench_open(&limits);
    struct caller *caller = caller_open(bench);
    (void)unused;
    call_ask(caller, "/settings"); /* so that the client knows the limit */
    bench->holds = true;
    for (int i = 0; i < 2; i++) {
        struct call *call = call_ask(caller, "/slow");
        pgl_h2_stream_cancel(&call->stream);
        bench_run(bench);
    }
    assert_int_equal(bench->abandoned_count, 2);
    struct call *third = call_ask(caller, "/third");
    assert_true(third->has_failed && third->was_never_sent);
    assert_int_equal(third->code, PGL_HTTP2_REFUSED_STREAM);
    for (int i = 0; i < 2; i++) {
        assert_true(bench->held[i]->is_abandoned);
        bench_answer(bench->held[i]);
    }
    bench->held_count = 0;
    bench->holds = false;
    assert_int_equal(call_ask(caller, "/fourth")->status, 200);
    caller_close(caller);
    bench_close(bench);
}

static void who_does_not_read_is_reset_and_then_closed(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    struct call *deaf = call_begin(caller, "GET", "/big/900000", false);
    deaf->stream.handler = &deaf_handler;
    bench_run(bench);
    assert_false(deaf->has_failed);
    assert_int_equal(call_ask(caller, "/meanwhile")->status, 200);
    for (int second = 0; second < 35; second++)
        bench_pass(bench, PGL_SECONDS(1));
    assert_true(deaf->has_failed);
    assert_int_equal(deaf->code, PGL_HTTP2_CANCEL);
    assert_int_equal(bench->server.exchange_count, 0);
    caller_close(caller);
    bench_close(bench);
}

static void one_connection_holds_so_much_and_no_more(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    call_ask(caller, "/settings");
    for (int i = 0; i < 5; i++) {
        call_begin(caller, "GET", "/big/500000", false)->stream.handler = &deaf_handler;
        bench_run(bench);
    }
    struct call *refused = call_ask(caller, "/more");
    assert_true(refused->has_failed && refused->was_never_sent);
    struct caller *other = caller_open(bench);
    assert_int_equal(call_ask(other, "/other")->status, 200);
    for (int i = 1; i <= 5; i++)
        if (!caller->calls[i].has_failed)
            pgl_h2_stream_cancel(&caller->calls[i].stream);
    bench_run(bench);
    assert_int_equal(call_ask(caller, "/again")->status, 200);
    caller_close(other);
    caller_close(caller);
    bench_close(bench);
}

/* PINGs that were heard, and not their acknowledgements. */
static int pings_in(const struct client *client)
{
    int count = 0;
    for (size_t at = 0; at + 9 <= client->heard_bytes;
         at += 9 + (size_t)(uint8_t)client->heard[at + 2] + 256u * (uint8_t)client->heard[at + 1])
        count += client->heard[at + 3] == 6 && client->heard[at + 4] == 0;
    return count;
}

static void who_is_silent_with_streams_open_is_asked_whether_it_is_there(void **unused)
{
    static const char get[] = "\0\0\x06\1\5\0\0\0\1\x82\x86\x84\x01\x01"
                              "a",
                      pong[] = "\0\0\x08\6\1\0\0\0\0\0\0\0\0\0\0\0\0";
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    bench->holds = true;
    client_say_bytes(client, preface, sizeof preface - 1);
    client_say_bytes(client, no_settings, sizeof no_settings);
    client_say_bytes(client, get, sizeof get - 1);
    assert_int_equal(bench->held_count, 1);
    for (int asked = 0; asked < 3; asked++) {
        for (int second = 0; second < 35; second++)
            bench_pass(bench, PGL_SECONDS(1));
        client_hear(client, SIZE_MAX);
        assert_int_equal(pings_in(client), asked + 1);
        if (asked < 2)
            client_say_bytes(client, pong, sizeof pong - 1);
    }
    assert_int_equal(bench->abandoned_count, 0);
    for (int second = 0; second < 10; second++)
        bench_pass(bench, PGL_SECONDS(1));
    assert_int_equal(bench->abandoned_count, 1);
    assert_int_equal(bench->server.conn_count, 0);
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    client_leave(client);
    bench_close(bench);
}

static void who_waits_makes_room_for_who_asks(void **unused)
{
    static char body[100000];
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.buffers_bytes_max = 200000;
    struct bench *bench = bench_open(&limits);
    struct caller *idle[8];
    (void)unused;
    for (int i = 0; i < 8; i++) { /* 16 KiB each */
        idle[i] = caller_open(bench);
        assert_int_equal(call_ask(idle[i], "/early")->status, 200);
        bench_pass(bench, PGL_SECONDS(1));
    }
    assert_int_equal(bench->server.conn_count, 8);
    struct client *client = client_open(bench);
    client_say(client, "POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    client_say_bytes(client, body, sizeof body);
    client_hear(client, SIZE_MAX);
    assert_contains(client->heard, "200 OK");
    assert_in_range(bench->server.conn_count, 2, 8);
    assert_int_equal(bench->server.metrics.connections_accepted.value, 9);
    assert_int_equal(call_ask(idle[7], "/still")->status, 200);
    assert_int_equal(bench->server.metrics.connections_accepted.value, 9); /* the youngest stayed */
    assert_int_equal(call_ask(idle[0], "/anew")->status, 200);
    assert_int_equal(bench->server.metrics.connections_accepted.value, 10);
    client_leave(client);
    for (int i = 0; i < 8; i++)
        caller_close(idle[i]);
    bench_close(bench);
}

static void a_slow_body_is_refused(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    struct call *call = call_begin(caller, "POST", "/x", true);
    assert_true(pgl_is_ok(pgl_h2_stream_write(&call->stream, PGL_TEXT("a"), false)));
    bench_run(bench);
    for (int second = 0; second < 7; second++)
        bench_pass(bench, PGL_SECONDS(1));
    assert_int_equal(call->status, 408);
    assert_int_equal(bench->asked_count, 0);
    caller_close(caller);
    bench_close(bench);
}

static void draining_ends_behind_what_was_asked(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench), *idle = caller_open(bench);
    (void)unused;
    call_ask(idle, "/idle");
    bench->holds = true;
    struct call *call = call_ask(caller, "/slow");
    assert_int_equal(bench->server.conn_count, 2);
    pgl_http_server_drain(&bench->server);
    bench_run(bench);
    assert_int_equal(bench->server.conn_count, 1);
    for (int second = 0; second < 5; second++)
        bench_pass(bench, PGL_SECONDS(1));
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    for (int second = 0; second < 5; second++)
        bench_pass(bench, PGL_SECONDS(1));
    assert_true(call->has_ended);
    assert_string_equal(call->body, "/slow");
    assert_true(pgl_http_server_is_idle(&bench->server));
    caller_close(caller);
    caller_close(idle);
    bench_close(bench);
}

static void an_old_connection_is_left_without_a_lost_request(void **unused)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.age_ns = PGL_SECONDS(100);
    struct bench *bench = bench_open(&limits);
    struct caller *caller = caller_open(bench);
    (void)unused;
    for (int i = 0; i < 200; i++) {
        assert_string_equal(call_ask(caller, "/still")->body, "/still");
        bench_pass(bench, PGL_SECONDS(1));
    }
    assert_true(bench->server.metrics.connections_accepted.value >= 2);
    caller_close(caller);
    bench_close(bench);
}

static void silence_closes_an_idle_connection(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    call_ask(caller, "/x");
    for (int second = 0; second < 65; second++)
        bench_pass(bench, PGL_SECONDS(1));
    assert_int_equal(bench->server.conn_count, 0);
    assert_int_equal(call_ask(caller, "/again")->status, 200); /* over a new one */
    caller_close(caller);
    bench_close(bench);
}

static void who_breaks_the_rules_is_told_why_and_closed(void **unused)
{
    static const char data_of_nothing[] = { 0, 0, 1, 0, 0, 0, 0, 0, 0, 'x' }; /* on stream 0 */
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    client_say_bytes(client, preface, sizeof preface - 1);
    client_say_bytes(client, no_settings, sizeof no_settings);
    client_say_bytes(client, data_of_nothing, sizeof data_of_nothing);
    client_hear(client, SIZE_MAX);
    assert_true(client->has_ended);
    const char *goaway = NULL;
    for (size_t at = 0; at < client->heard_bytes;
         at += 9 + (size_t)(uint8_t)client->heard[at + 2] + 256u * (uint8_t)client->heard[at + 1])
        goaway = client->heard + at;
    assert_int_equal(goaway[3], 7);
    assert_int_equal(goaway[16], PGL_HTTP2_PROTOCOL_ERROR);
    assert_int_equal(bench->server.metrics.http2_complaints.value, 1);
    client_leave(client);
    bench_close(bench);
}

static void half_a_header_block_is_not_waited_for(void **unused)
{
    static const char half[] = { 0, 0, 1, 1, 1, 0, 0, 0, 1, (char)0x82 }; /* no END_HEADERS */
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    client_say_bytes(client, preface, sizeof preface - 1);
    client_say_bytes(client, no_settings, sizeof no_settings);
    client_say_bytes(client, half, sizeof half);
    bench_pass(bench, PGL_SECONDS(4));
    assert_false(is_gone(client));
    bench_pass(bench, PGL_SECONDS(2));
    assert_true(is_gone(client));
    assert_int_equal(bench->server.metrics.late_heads.value, 1);
    client_leave(client);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_are_answered_each),
        cmocka_unit_test(a_preface_may_come_in_pieces),
        cmocka_unit_test(a_head_has_no_body_and_an_empty_one_no_length),
        cmocka_unit_test(a_field_that_cannot_be_written_makes_a_bare_500),
        cmocka_unit_test(large_bodies_pass_through_the_windows),
        cmocka_unit_test(a_body_over_its_limit_is_refused),
        cmocka_unit_test(a_refused_request_is_an_answer_of_its_stream),
        cmocka_unit_test(a_reset_stream_counts_until_its_handler_has_ended),
        cmocka_unit_test(who_does_not_read_is_reset_and_then_closed),
        cmocka_unit_test(one_connection_holds_so_much_and_no_more),
        cmocka_unit_test(who_is_silent_with_streams_open_is_asked_whether_it_is_there),
        cmocka_unit_test(who_waits_makes_room_for_who_asks),
        cmocka_unit_test(a_slow_body_is_refused),
        cmocka_unit_test(draining_ends_behind_what_was_asked),
        cmocka_unit_test(an_old_connection_is_left_without_a_lost_request),
        cmocka_unit_test(silence_closes_an_idle_connection),
        cmocka_unit_test(who_breaks_the_rules_is_told_why_and_closed),
        cmocka_unit_test(half_a_header_block_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
