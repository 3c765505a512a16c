/*
 * http_late_test.c - every limit of time of the HTTP server, at its edge. Those of size and number
 * have http_limits_test.c.
 *
 * Method: the server runs over the twin; the test moves the clock by hand, to the nanosecond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "transport/http_bench.h"

static void who_never_asks_is_let_go(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    bench_pass(bench, bench->limits->head_ns - 1);
    assert_false(is_gone(client));
    bench_pass(bench, 1);
    assert_true(is_gone(client));
    assert_int_equal(client->heard_bytes, 0);
    assert_int_equal(pgl_counter_read(&bench->server.metrics.late_heads), 1);
    client_leave(client);
    bench_close(bench);
}

static void a_head_has_its_time_from_its_first_byte(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    client_ask(client, GET("/"));
    bench_pass(bench, PGL_SECONDS(30)); /* idle, which is allowed */
    client_forget(client);
    client_say(client, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 9; i++) { /* bytes now and then do not help */
        bench_pass(bench, PGL_SECONDS(1));
        client_say(client, "X: y\r\n");
    }
    bench_pass(bench, PGL_SECONDS(1) - 1);
    client_hear(client, SIZE_MAX);
    assert_int_equal(client->heard_bytes, 0);
    bench_pass(bench, 1);
    assert_refused(client, 408);
    client_leave(client);
    bench_close(bench);
}

static void an_idle_connection_is_closed(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    for (int i = 0; i < 3; i++) { /* each request starts it anew */
        client_ask(client, GET("/"));
        bench_pass(bench, bench->limits->idle_ns - 1);
        assert_false(is_gone(client));
    }
    bench_pass(bench, 1);
    assert_true(is_gone(client));
    assert_int_equal(pgl_counter_read(&bench->server.metrics.idle_closes), 1);
    client_leave(client);
    bench_close(bench);
}

/* 240 bytes a second on average once 5 s have passed, and 30 s whatever comes. */
static void a_body_has_to_keep_coming(void **unused)
{
    static const struct {
        int bytes_a_second;
        int64_t refused_ns; /* after the head */
    } rows[] = {
        { 0, PGL_SECONDS(5) },
        { 100, PGL_SECONDS(5) },
        { 239, PGL_SECONDS(5) },
        { 1000, PGL_SECONDS(30) },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = bench_open_default();
        struct client *client = client_open(bench);
        char piece[1000] = { 0 };
        client_say(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
        for (int64_t passed_ns = 0; passed_ns < rows[i].refused_ns; passed_ns += PGL_SECONDS(1)) {
            assert_int_equal(bench->refused_count, 0);
            client_say_bytes(client, piece, (size_t)rows[i].bytes_a_second);
            bench_pass(bench, PGL_SECONDS(1) - 1);
            assert_int_equal(bench->refused_count, 0);
            bench_pass(bench, 1);
        }
        assert_refused(client, 408);
        assert_int_equal(bench->asked_count, 0);
        client_leave(client);
        bench_close(bench);
    }
}

static void a_body_that_came_early_has_time_in_hand(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    char piece[240 * 20] = { 0 }; /* 20 seconds' worth */
    (void)unused;
    client_say(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    client_say_bytes(client, piece, sizeof piece);
    bench_pass(bench, PGL_SECONDS(20) - 1);
    assert_int_equal(bench->refused_count, 0);
    bench_pass(bench, 1);
    assert_refused(client, 408);
    client_leave(client);
    bench_close(bench);
}

static void who_does_not_read_is_cut(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    client_say(client, GET("/big/1000000"));
    for (int i = 0; i < 3; i++) { /* any byte read starts it anew */
        bench_pass(bench, bench->limits->write_stall_ns - 1);
        assert_int_equal(bench->server.conn_count, 1);
        client_hear(client, 1);
        bench_run(bench);
    }
    bench_pass(bench, bench->limits->write_stall_ns);
    assert_int_equal(bench->server.conn_count, 0);
    assert_int_equal(pgl_counter_read(&bench->server.metrics.late_writes), 1);
    client_leave(client);
    bench_close(bench);
}

static void a_handler_may_take_its_time(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    bench->holds = true;
    client_say(client, GET("/slow"));
    bench_pass(bench, PGL_MINUTES(50));
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    client_hear(client, SIZE_MAX);
    assert_contains(client->heard, "/slow");
    assert_false(client->has_ended);
    client_leave(client);
    bench_close(bench);
}

/* 100 connections in constant use: all are asked to leave, not all at once, none of them rudely. */
static void old_connections_leave_at_different_times(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *clients[100];
    int left = 0, most = 0;
    (void)unused;
    for (int i = 0; i < 100; i++)
        client_ask(clients[i] = client_open(bench), GET("/"));
    for (int second = 30; second < 90 * 60; second += 30) {
        int before = left;
        bench_pass(bench, PGL_SECONDS(30));
        for (int i = 0; i < 100; i++) {
            if (clients[i] == NULL)
                continue;
            const char *heard = client_ask(clients[i], GET("/"));
            assert_contains(heard, "200 OK");
            if (strstr(heard, "Connection: close") == NULL)
                continue;
            assert_in_range(second, 54 * 60, 66 * 60 + 30);
            assert_true(clients[i]->has_ended);
            client_leave(clients[i]);
            clients[i] = NULL;
            left++;
        }
        most = left - before > most ? left - before : most;
    }
    assert_int_equal(left, 100);
    assert_in_range(most, 1, 20);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_never_asks_is_let_go),
        cmocka_unit_test(a_head_has_its_time_from_its_first_byte),
        cmocka_unit_test(an_idle_connection_is_closed),
        cmocka_unit_test(a_body_has_to_keep_coming),
        cmocka_unit_test(a_body_that_came_early_has_time_in_hand),
        cmocka_unit_test(who_does_not_read_is_cut),
        cmocka_unit_test(a_handler_may_take_its_time),
        cmocka_unit_test(old_connections_leave_at_different_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
