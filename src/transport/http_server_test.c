/*
 * http_server_test.c - what a client of HTTP/1.1 may rely on: answers in order, framing,
 * bodies, and a polite end. Streams have http_stream_test.c, limits http_limits_test.c.
 *
 * Method: the server runs over the twin, unchanged; clients speak in raw bytes, the test moves the
 *         clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "transport/http_bench.h"
#include "transport/peer.h"

static void a_connection_serves_many_requests(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    const char *heard = client_ask(client, GET("/one"));
    assert_string_equal(heard, "HTTP/1.1 200 OK\r\n"
                               "Date: Sat, 31 Jan 2026 11:59:59 GMT\r\n"
                               "Content-Length: 4\r\n"
                               "content-type: text/plain\r\n\r\n"
                               "/one");
    bench_pass(bench, PGL_SECONDS(1));
    heard = client_ask(client, GET("/two"));
    assert_contains(heard, "Date: Sat, 31 Jan 2026 12:00:00 GMT\r\n");
    assert_contains(heard, "\r\n\r\n/two");
    assert_false(client->has_ended);
    assert_int_equal(bench->server.conn_slots, 1);
    assert_int_equal(bench->server.exchange_slots, 1);
    assert_int_equal(pgl_counter_read(&bench->server.metrics.requests), 2);
    assert_int_equal(pgl_counter_read(&bench->server.metrics.answers[2]), 2);
    client_leave(client);
    assert_true(pgl_http_server_is_idle(&bench->server));
    bench_close(bench);
}

static void answers_come_in_the_order_of_requests(void **unused)
{
    static const int orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 }, { 2, 0, 1 } };
    (void)unused;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct bench *bench = bench_open_default();
        struct client *client = client_open(bench);
        bench->holds = true;
        client_say(client, GET("/a") GET("/b") GET("/c"));
        assert_int_equal(bench->held_count, 3);
        for (int j = 0; j < 3; j++) {
            bench_answer(bench->held[orders[i][j]]);
            bench_run(bench);
        }
        bench->held_count = 0;
        client_hear(client, SIZE_MAX);
        const char *a = strstr(client->heard, "/a"), *b = strstr(client->heard, "/b"),
                   *c = strstr(client->heard, "/c");
        assert_true(a != NULL && a < b && b < c);
        client_leave(client);
        bench_close(bench);
    }
}

static void pieces_of_any_size_make_the_same_requests(void **unused)
{
    static const char request[] =
        "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
        "POST /q HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nwor\r\n2\r\nld\r\n0\r\n\r\n" GET("/r");
    (void)unused;
    for (size_t size = 1; size < sizeof request; size += size < 8 ? 1 : 13) {
        struct bench *bench = bench_open_default();
        struct client *client = client_open(bench);
        for (size_t at = 0; at < sizeof request - 1; at += size) {
            size_t left = sizeof request - 1 - at;
            client_say_bytes(client, request + at, left < size ? left : size);
        }
        client_hear(client, SIZE_MAX);
        assert_int_equal(bench->asked_count, 3);
        assert_int_equal(times_in(client->heard, "200 OK"), 3);
        assert_int_equal(bench->server.buffers_bytes, 0); /* nothing is kept while idle */
        client_leave(client);
        bench_close(bench);
    }
}

/* Both sides move drawn sizes, so every buffer is cut anywhere. */
static void drawn_pieces_lose_nothing(void **unused)
{
    struct bench *bench = bench_open_default();
    (void)unused;
    bench->twin.draws_sizes = true;
    struct client *client = client_open(bench);
    for (int i = 0; i < 50; i++) {
        const char *heard = client_ask(
            client, GET("/big/3000") "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\n\r\n"
                                     "abcdefghijklmnopqrstuvwxyz" GET("/tail"));
        assert_int_equal(times_in(heard, "200 OK"), 3);
        assert_string_equal(heard + strlen(heard) - 5, "/tail");
        assert_string_equal(bench->last_body, "");
    }
    assert_int_equal(bench->asked_count, 150);
    client_leave(client);
    bench_close(bench);
}

static void continue_is_said_only_to_who_waits(void **unused)
{
#define EXPECTING "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    assert_string_equal(client_ask(client, EXPECTING), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_contains(client_ask(client, "body"), "HTTP/1.1 200 OK\r\n");
    assert_string_equal(bench->last_body, "body");

    const char *heard = client_ask(client, EXPECTING "body"); /* it did not wait */
    assert_lacks(heard, "100 Continue");
    assert_contains(heard, "200 OK");

    heard = client_ask(client, EXPECTING "bo"); /* it has begun already */
    assert_int_equal(client->heard_bytes, 0);
    assert_contains(client_ask(client, "dy"), "HTTP/1.1 200 OK\r\n");

    bench->body_limit = 3; /* refused before the body is sent */
    heard = client_ask(client, EXPECTING);
    assert_lacks(heard, "100 Continue");
    assert_contains(heard, "413");
    assert_contains(heard, "Connection: close\r\n");
    client_leave(client);
    bench_close(bench);
}

/* The 100 of the second request may not overtake the answer to the first. */
static void continue_waits_for_its_turn(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    bench->holds = true;
    assert_string_equal(client_ask(client, GET("/first") EXPECTING), "");
    bench_answer(bench->held[0]);
    client_hear(client, SIZE_MAX);
    assert_true(strstr(client->heard, "/first") < strstr(client->heard, "100 Continue"));
    bench->held_count = 0;
    client_say(client, "body");
    assert_int_equal(bench->held_count, 1);
    client_leave(client);
    assert_int_equal(bench->abandoned_count, 1);
    bench_close(bench);
}

static void what_has_no_body_sends_none(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    const char *heard = client_ask(client, "HEAD /four HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_contains(heard, "Content-Length: 5\r\n");
    assert_lacks(heard, "/four");
    assert_contains(client_ask(client, GET("/next")), "/next"); /* the framing held */

    bench->holds = true;
    static const int without[] = { 204, 304 };
    for (int i = 0; i < 2; i++) {
        client_ask(client, GET("/"));
        pgl_http_respond(bench->held[0], without[i], NULL, 0, PGL_TEXT("ignored"));
        bench->held_count = 0;
        client_hear(client, SIZE_MAX);
        assert_lacks(client->heard, "ignored");
        assert_lacks(client->heard, "Content-Length");
    }
    client_leave(client);
    bench_close(bench);
}

static void old_clients_are_told_what_happens(void **unused)
{
    static const struct {
        const char *request, *expected;
        bool ends;
    } rows[] = {
        { "GET /x HTTP/1.0\r\n\r\n", "Connection: close\r\n", true },
        { "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "Connection: keep-alive\r\n",
          false },
        { "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "Connection: close\r\n",
          true },
        { GET("/x"), "Content-Length: 2\r\n", false },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = bench_open_default();
        struct client *client = client_open(bench);
        const char *heard = client_ask(client, rows[i].request);
        assert_contains(heard, rows[i].expected);
        assert_contains(heard, "\r\n\r\n/x");
        assert_int_equal(client->has_ended, rows[i].ends);
        client_leave(client);
        bench_close(bench);
    }
}

/* What follows "Connection: close" is no request, whoever wrote it, and takes no room. */
static void nothing_is_read_behind_the_last_request(void **unused)
{
    static const char last[] = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    static char more[60000];
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    memcpy(more, last, sizeof last - 1);
    bench->holds = true;
    client_say_bytes(client, more, sizeof more);
    assert_int_equal(bench->asked_count, 1);
    assert_in_range(bench->server.buffers_bytes, 1, 20000);
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    client_hear(client, SIZE_MAX);
    assert_contains(client->heard, "/x");
    assert_true(client->has_ended);
    client_leave(client);
    bench_close(bench);
}

static void bad_fields_make_a_bare_500(void **unused)
{
    static const struct pgl_http_field bad[][1] = {
        { { { "x", 1 }, { "a\r\nevil: 1", 10 } } },
        { { { "a b", 3 }, { "v", 1 } } },
        { { { "Content-Length", 14 }, { "7", 1 } } },
    };
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    bench->holds = true;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        client_ask(client, GET("/"));
        pgl_http_respond(bench->held[0], 200, bad[i], 1, PGL_TEXT("secret"));
        bench->held_count = 0;
        client_hear(client, SIZE_MAX);
        assert_contains(client->heard, "HTTP/1.1 500 Internal Server Error\r\n");
        assert_contains(client->heard, "Content-Length: 0\r\n");
        assert_lacks(client->heard, "secret");
        assert_lacks(client->heard, "evil");
    }
    assert_contains(client_ask(client, ""), "");
    client_leave(client);
    bench_close(bench);
}

/* ---- ends ---- */

enum leaving { LEAVE_BY_CLOSE, LEAVE_BY_RESET, LEAVE_BY_SILENCE };

static void handlers_learn_that_the_client_is_gone(void **unused)
{
    (void)unused;
    for (enum leaving how = LEAVE_BY_CLOSE; how <= LEAVE_BY_SILENCE; how++) {
        struct bench *bench = bench_open_default();
        struct client *client = client_open(bench);
        bench->holds = true;
        client_say(client, GET("/a") GET("/b"));
        if (how == LEAVE_BY_RESET)
            pgl_twin_break(client->socket);
        if (how == LEAVE_BY_SILENCE) /* it may still read */
            pgl_twin_end_output(client->socket);
        if (how == LEAVE_BY_CLOSE) {
            client_leave(client);
            client = NULL;
        }
        bench_run(bench);
        assert_int_equal(bench->abandoned_count, 2);
        assert_int_equal(bench->server.exchange_count, 2); /* still the handler's */
        bench_answer(bench->held[1]);
        bench_answer(bench->held[0]);
        bench->held_count = 0;
        bench_run(bench);
        if (client != NULL) {
            client_hear(client, SIZE_MAX);
            assert_int_equal(times_in(client->heard, "200 OK"), how == LEAVE_BY_SILENCE ? 2 : 0);
            client_leave(client);
        }
        assert_true(pgl_http_server_is_idle(&bench->server));
        bench_close(bench);
    }
}

static void half_a_request_ends_with_its_client(void **unused)
{
    static const char *const halves[] = {
        "GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf", ""
    };
    (void)unused;
    for (size_t i = 0; i < 3; i++) {
        struct bench *bench = bench_open_default();
        struct client *client = client_open(bench);
        client_say(client, halves[i]);
        client_leave(client);
        assert_int_equal(bench->asked_count, 0);
        assert_true(pgl_http_server_is_idle(&bench->server));
        bench_close(bench);
    }
}

static void draining_ends_each_connection_behind_its_answer(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *idle = client_open(bench), *busy = client_open(bench),
                  *half = client_open(bench);
    (void)unused;
    client_ask(idle, GET("/"));
    bench->holds = true;
    client_say(busy, GET("/slow") GET("/slower"));
    client_say(half, "GET /half HTTP/1.1\r\n");

    pgl_http_server_drain(&bench->server);
    bench_run(bench);
    client_hear(idle, SIZE_MAX);
    assert_true(idle->has_ended);
    assert_false(pgl_http_server_is_idle(&bench->server));
    assert_int_equal(pgl_http_server_port(&bench->server), 0);

    bench_answer(bench->held[0]);
    bench_run(bench);
    bench_answer(bench->held[1]);
    bench->held_count = 0;
    bench->holds = false;
    client_hear(busy, SIZE_MAX);
    assert_int_equal(times_in(busy->heard, "200 OK"), 2);
    assert_int_equal(times_in(busy->heard, "Connection: close"), 1);
    assert_true(strstr(busy->heard, "Connection: close") > strstr(busy->heard, "/slow"));
    assert_true(busy->has_ended);

    assert_contains(client_ask(half, "Host: a\r\n\r\n"), "Connection: close\r\n");
    assert_true(half->has_ended);
    assert_true(pgl_http_server_is_idle(&bench->server));
    client_leave(idle);
    client_leave(busy);
    client_leave(half);
    bench_close(bench);
}

/* Its answer did not say so, as nobody knew: it is closed all the same once that is written. */
static void draining_ends_also_who_is_being_answered(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    client_say(client, GET("/big/200000"));
    pgl_http_server_drain(&bench->server);
    bench_run(bench);
    assert_false(pgl_http_server_is_idle(&bench->server));
    client_hear(client, SIZE_MAX);
    assert_lacks(client->heard, "Connection: close");
    assert_true(client->heard_bytes > 200000 && client->has_ended);
    client_leave(client);
    bench_close(bench);
}

static void cutting_waits_for_nobody(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *busy = client_open(bench), *streaming = client_open(bench);
    (void)unused;
    bench->holds = true;
    client_say(streaming, GET("/events"));
    struct pgl_http_exchange *stream = bench->held[--bench->held_count];
    pgl_http_stream_begin(stream, 200, NULL, 0);
    client_say(busy, GET("/slow"));
    pgl_http_server_cut(&bench->server);
    assert_int_equal(bench->abandoned_count, 2);
    assert_int_equal(bench->server.conn_count, 0);
    assert_false(pgl_http_server_is_idle(&bench->server)); /* the handlers have theirs */
    pgl_http_stream_end(stream);
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    assert_true(pgl_http_server_is_idle(&bench->server));
    client_leave(busy);
    client_leave(streaming);
    bench_close(bench);
}

static void one_client_is_an_address_or_a_network(void **unused)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        { "192.0.2.1", "192.0.2.1", true },
        { "192.0.2.1", "192.0.2.2", false },
        { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:ffff::1", true },
        { "2001:db8:1:2::", "2001:db8:1:2::9", true },
        { "2001:db8:1:2::", "2001:db8:1:3::", false },
        { "2001:db8::1", "2001:db8::2", true },
        { "2001:db8::1:2:3:4:5", "2001:db8::2:2:3:4:5", false }, /* the fourth group differs */
        { "::1", "::2", true },
        { "::1", "fe80::1", false },
        { "::ffff:192.0.2.1", "192.0.2.1", true },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.2", false },
    };
    static const struct pgl_hash_key key = { 1, 2 };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(pgl_peer_key(key, rows[i].a) == pgl_peer_key(key, rows[i].b),
                         rows[i].same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_serves_many_requests),
        cmocka_unit_test(answers_come_in_the_order_of_requests),
        cmocka_unit_test(pieces_of_any_size_make_the_same_requests),
        cmocka_unit_test(drawn_pieces_lose_nothing),
        cmocka_unit_test(continue_is_said_only_to_who_waits),
        cmocka_unit_test(continue_waits_for_its_turn),
        cmocka_unit_test(what_has_no_body_sends_none),
        cmocka_unit_test(old_clients_are_told_what_happens),
        cmocka_unit_test(nothing_is_read_behind_the_last_request),
        cmocka_unit_test(bad_fields_make_a_bare_500),
        cmocka_unit_test(handlers_learn_that_the_client_is_gone),
        cmocka_unit_test(half_a_request_ends_with_its_client),
        cmocka_unit_test(draining_ends_each_connection_behind_its_answer),
        cmocka_unit_test(draining_ends_also_who_is_being_answered),
        cmocka_unit_test(cutting_waits_for_nobody),
        cmocka_unit_test(one_client_is_an_address_or_a_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
