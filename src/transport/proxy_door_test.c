/*
 * proxy_door_test.c - behind a proxy that passes bytes on, a connection is its client's; nobody
 * else can say whose he is.
 * Method: the server of http_bench.h over the twin, whose clients all come from 192.0.2.1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "transport/http_bench.h"

#define SAYS  "PROXY TCP4 198.51.100.7 203.0.113.1 56324 443\r\n"
#define SAYS2 "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc6\x33\x64\7\xcb\0\x71\1\0\1\0\2"
#define ASKS  "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"

static struct bench *open_behind(const char *range)
{
    static struct pgl_ip_range proxies[1];
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.connections_per_client_max = 2;
    assert_true(pgl_ip_range_read(pgl_text_of(range), &proxies[0]));
    struct bench *bench = bench_open_behind(&limits, NULL, proxies, 1);
    bench->holds = true;
    return bench;
}

static void end_held(struct bench *bench)
{
    while (bench->held_count > 0)
        bench_answer(bench->held[--bench->held_count]);
}

static void a_connection_is_whose_the_proxy_says(void **unused)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *peer;
    } rows[] = {
        { SAYS ASKS, sizeof(SAYS ASKS) - 1, "198.51.100.7" },
        { SAYS2 ASKS, sizeof(SAYS2 ASKS) - 1, "198.51.100.7" },
        { "PROXY UNKNOWN\r\n" ASKS, sizeof("PROXY UNKNOWN\r\n" ASKS) - 1, "192.0.2.1" },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t piece = 1; piece <= rows[i].size; piece += 7) {
            struct bench *bench = open_behind("192.0.2.0/24");
            struct client *client = client_open(bench);
            for (size_t at = 0; at < rows[i].size; at += piece)
                client_say_bytes(client, rows[i].bytes + at,
                                 rows[i].size - at < piece ? rows[i].size - at : piece);
            assert_int_equal(bench->asked_count, 1);
            assert_string_equal(bench->held[0]->peer, rows[i].peer);
            end_held(bench);
            client_hear(client, SIZE_MAX);
            assert_int_equal(times_in(client->heard, "200 OK"), 1);
            client_leave(client);
            bench_close(bench);
        }
}

static void who_does_not_say_so_is_not_let_in(void **unused)
{
    (void)unused;
    struct bench *bench = open_behind("192.0.2.1");
    struct client *silent = client_open(bench), *liar = client_open(bench);
    client_say(liar, ASKS);
    assert_true(is_gone(liar));
    assert_int_equal(bench->server.proxy_door.refused.value, 1);
    bench_pass(bench, PGL_SECONDS(4));
    assert_false(is_gone(silent));
    bench_pass(bench, PGL_SECONDS(2));
    assert_true(is_gone(silent));
    assert_int_equal(bench->server.conn_count, 0);
    assert_int_equal(bench->asked_count, 0);
    client_leave(liar);
    client_leave(silent);
    bench_close(bench);
}

/* Its line is a bad request, as it always was. */
static void a_stranger_is_not_believed(void **unused)
{
    (void)unused;
    struct bench *bench = open_behind("10.0.0.0/8");
    struct client *client = client_open(bench), *other = client_open(bench);
    client_say(client, ASKS);
    assert_string_equal(bench->held[0]->peer, "192.0.2.1");
    end_held(bench);
    client_say(other, SAYS ASKS);
    assert_int_equal(bench->asked_count, 1);
    assert_int_equal(bench->refused_count, 1);
    client_leave(client);
    client_leave(other);
    bench_close(bench);
}

/* The proxy may have as many as it likes, and each of its clients two. */
static void limits_are_those_of_the_client(void **unused)
{
    (void)unused;
    struct bench *bench = open_behind("192.0.2.1");
    struct client *clients[6];
    for (int i = 0; i < 6; i++) {
        char says[64];
        clients[i] = client_open(bench);
        snprintf(says, sizeof says, "PROXY TCP4 198.51.100.%d 203.0.113.1 1 2\r\n", i / 3);
        client_say(clients[i], says);
    }
    assert_int_equal(bench->server.proxy_door.through.value, 6);
    assert_int_equal(bench->server.conn_count, 4);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(is_gone(clients[i]), i % 3 == 2);
        client_leave(clients[i]);
    }
    assert_int_equal(bench->server.conn_count, 0);
    bench_close(bench);
}

static void a_full_door_turns_away_and_a_drained_one_is_empty(void **unused)
{
    (void)unused;
    struct bench *bench = open_behind("192.0.2.1");
    static struct client *clients[257];
    for (int i = 0; i < 257; i++)
        clients[i] = client_open(bench);
    assert_true(is_gone(clients[256]));
    assert_false(is_gone(clients[255]));
    pgl_http_server_drain(&bench->server);
    bench_run(bench);
    assert_true(is_gone(clients[0]));
    assert_int_equal(bench->server.proxy_door.refused.value, 257);
    for (int i = 0; i < 257; i++)
        client_leave(clients[i]);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_whose_the_proxy_says),
        cmocka_unit_test(who_does_not_say_so_is_not_let_in),
        cmocka_unit_test(a_stranger_is_not_believed),
        cmocka_unit_test(limits_are_those_of_the_client),
        cmocka_unit_test(a_full_door_turns_away_and_a_drained_one_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
