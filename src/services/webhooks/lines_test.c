/*
 * lines_test.c - a connection to a receiver is kept for the next delivery to the same place, and
 * nothing is lost with one that is gone.
 * Method: run_bench.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/webhooks/run_bench.h"

static void a_connection_is_kept_for_the_next(void **unused)
{
    (void)unused;
    static const char url[] = "http://127.0.0.1:81/";
    struct bench *bench = bench_open(true);
    add_due(bench, 1, url);
    start(bench);
    answer(bench, take_host(bench), "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno");
    for (int number = 2; number <= 4; number++) {
        send_one(bench, number, url);
        assert_int_equal(read_host(bench, 0), PGL_IO_DONE);
        assert_int_equal(bench->asked[0][strlen("POST / HTTP/1.1\r\n")], 'H'); /* all of it */
        answer(bench, 0, OK_ANSWER);
        assert_recorded(bench, number - 1, 200, "");
        pass(bench, PGL_SECONDS(14));
    }
    assert_int_equal(read_host(bench, 0), PGL_IO_WAIT);
    pass(bench, PGL_SECONDS(2)); /* not for long when nobody needs it */
    assert_int_equal(read_host(bench, 0), PGL_IO_END);
    send_one(bench, 5, url);
    answer(bench, take_host(bench),
           "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(read_host(bench, 1), PGL_IO_END); /* the receiver does not want it */
    bench_close(bench);
}

/* Also when a name has the same address: who is at home there is the name's business. And not to
 * an address that the name does not have any more. */
static void a_kept_connection_is_for_the_same_place(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open(true);
    add_due(bench, 1, "http://127.0.0.1:81/");
    start(bench);
    answer(bench, take_host(bench), OK_ANSWER);
    send_one(bench, 2, "http://localhost:81/");
    assert_int_equal(take_host(bench), 1);
    answer(bench, 1, OK_ANSWER);
    send_one(bench, 3, "http://localhost:82/");
    assert_int_equal(bench->records[2].status, 0); /* nobody there */
    send_one(bench, 4, "http://localhost:81/b");
    assert_int_equal(read_host(bench, 1), PGL_IO_DONE);
    answer(bench, 1, OK_ANSWER);
    for (int i = 0; i < 2; i++)
        if (strcmp(bench->twin.names[i].name, "localhost") == 0)
            bench->twin.names[i].addresses = "127.0.0.2";
    send_one(bench, 5, "http://localhost:81/");
    assert_int_equal(take_host(bench), 2); /* the twin has everybody at every address */
    assert_int_equal(read_host(bench, 1), PGL_IO_WAIT);
    bench_close(bench);
}

/* The receiver closes what we keep, and we may not know it yet: that is no failure. It is one when
 * a new connection fares no better. */
static void a_kept_connection_that_is_gone_is_made_anew(void **unused)
{
    (void)unused;
    static const char url[] = "http://127.0.0.1:81/";
    struct bench *bench = bench_open(true);
    add_due(bench, 1, url);
    start(bench);
    answer(bench, take_host(bench), OK_ANSWER);
    close_host(bench, 0); /* we are told */
    send_one(bench, 2, url);
    answer(bench, take_host(bench), OK_ANSWER);
    assert_recorded(bench, 1, 200, "");
    send_one(bench, 3, url);
    assert_int_equal(read_host(bench, 1), PGL_IO_DONE);
    close_host(bench, 1); /* with a delivery on its way */
    assert_int_equal(bench->recorded, 2);
    assert_int_equal(take_host(bench), 2);
    assert_non_null(strstr(bench->asked[2], "webhook-id: 00000000-0000-0000-0000-000000000003"));
    close_host(bench, 2);
    assert_int_equal(bench->recorded, 3);
    assert_int_equal(bench->records[2].status, 0);
    assert_int_equal(take_host(bench), -1);
    bench_close(bench);
}

/* One that is always in use would never be looked at again. */
static void a_kept_connection_grows_old(void **unused)
{
    (void)unused;
    static const char url[] = "http://127.0.0.1:81/";
    struct bench *bench = bench_open(true);
    add_due(bench, 1, url);
    start(bench);
    answer(bench, take_host(bench), OK_ANSWER);
    for (int number = 2; number <= 6; number++) {
        pass(bench, PGL_SECONDS(13)); /* the last time, it is more than a minute old */
        send_one(bench, number, url);
        assert_int_equal(read_host(bench, 0), PGL_IO_DONE);
        answer(bench, 0, OK_ANSWER);
    }
    assert_int_equal(read_host(bench, 0), PGL_IO_END);
    send_one(bench, 7, url);
    assert_int_equal(take_host(bench), 1);
    bench_close(bench);
}

/* However many receivers there are. */
static void kept_connections_give_way(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open(true);
    static struct webhook_line *lines[PGL_WEBHOOK_LINES_MAX];
    struct pgl_lookup lookup = { .count = 1, .addresses = { "127.0.0.1" } };
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < PGL_WEBHOOK_LINES_MAX; i++) {
            struct pgl_webhook_url url = { .port = PORT };
            snprintf(url.host, sizeof url.host, "host-%d-of-%d", i, round);
            lines[i] = webhook_line_take(&bench->run.lines, &url, &lookup);
            assert_false(lines[i]->is_used);
            assert_true(pgl_is_ok(pgl_http_client_connect(&lines[i]->client, "127.0.0.1", PORT)));
            lines[i]->client.stage = PGL_HTTP_CLIENT_ANSWERED;
        }
        for (int i = 0; i < PGL_WEBHOOK_LINES_MAX; i++)
            webhook_line_give(&bench->run.lines, lines[i]);
    }
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_kept_for_the_next),
        cmocka_unit_test(a_kept_connection_is_for_the_same_place),
        cmocka_unit_test(a_kept_connection_that_is_gone_is_made_anew),
        cmocka_unit_test(a_kept_connection_grows_old),
        cmocka_unit_test(kept_connections_give_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
