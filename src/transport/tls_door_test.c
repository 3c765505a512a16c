/*
 * tls_door_test.c - the server through TLS: who shakes hands is served, and who does not keeps
 * nobody out for long.
 * Method: the server of http_bench.h over the twin, and http_client on its loop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "transport/http_bench.h"
#include "transport/http_client.h"
#include "transport/tls_socket.h"
#include "wire/tls_bench.h"

#define CLIENTS 24

struct door_bench {
    struct tls_bench authority;
    char pem[TLS_BENCH_PEM], own_pem[TLS_BENCH_PEM];
    struct pgl_tls_server_options options;
    struct pgl_tls_server_contexts contexts;
    struct pgl_tls_context *client_context;
    struct pgl_http_limits limits;
    struct pgl_ip_range proxies[1];
    int proxy_count;
    struct bench *http;
    struct pgl_http_client clients[CLIENTS];
};

static struct pgl_tls_context *new_context(struct door_bench *bench, const char *names)
{
    struct pgl_tls_context *made;
    tls_bench_issue(&bench->authority, "P-256", names, "serverAuth",
                    TLS_BENCH_NOW_S + TLS_BENCH_DAY_S, bench->pem);
    struct pgl_text pem = pgl_text_of(bench->pem);
    bench->options.pairs[0] = (struct pgl_tls_pair){ pem, pem };
    bench->options.pair_count = 1;
    bench->options.client_authorities = pgl_text_of(bench->authority.ca_pem);
    assert_true(pgl_is_ok(pgl_tls_server_context_open(&bench->options, &made)));
    return made;
}

static void bench_start(struct door_bench *bench)
{
    bench->http =
        bench_open_behind(&bench->limits, &bench->contexts, bench->proxies, bench->proxy_count);
    for (int i = 0; i < CLIENTS; i++)
        pgl_http_client_init(&bench->clients[i], &bench->http->loop, 1 << 20);
}

/* The clients show a certificate. */
static struct door_bench *door_bench_open(void)
{
    static struct door_bench bench;
    bench = (struct door_bench){ .limits = PGL_HTTP_LIMITS_DEFAULT };
    tls_bench_open(&bench.authority, TLS_RIGHT);
    tls_bench_issue(&bench.authority, "P-256", "URI:panglot:role/edge", "clientAuth",
                    TLS_BENCH_NOW_S + TLS_BENCH_DAY_S, bench.own_pem);
    struct pgl_text own = pgl_text_of(bench.own_pem);
    const struct pgl_tls_client_options options = { .authorities =
                                                        pgl_text_of(bench.authority.ca_pem),
                                                    .own = { own, own } };
    assert_true(pgl_is_ok(pgl_tls_client_context_open_with(&options, &bench.client_context)));
    bench.contexts.current = new_context(&bench, "DNS:" TLS_BENCH_NAME);
    return &bench;
}

static void door_bench_close(struct door_bench *bench)
{
    for (int i = 0; i < CLIENTS; i++)
        pgl_http_client_free(&bench->clients[i]);
    bench_run(bench->http);
    bench_close(bench->http);
    pgl_tls_context_close(bench->contexts.current);
    pgl_tls_context_close(bench->client_context);
    tls_bench_close(&bench->authority);
}

static const struct pgl_tls_door_metrics *metrics(const struct door_bench *bench)
{
    return &bench->http->server.door.metrics;
}

static void ask(struct door_bench *bench, int n, const char *name)
{
    struct pgl_http_client *client = &bench->clients[n];
    if (!pgl_http_client_is_open(client))
        assert_true(pgl_is_ok(pgl_http_client_connect_tls(client, "127.0.0.1", BENCH_TLS_PORT,
                                                          bench->client_context, name)));
    pgl_http_client_send_bytes(client, PGL_TEXT(GET("/hello")), false);
}

static void assert_answered(const struct door_bench *bench, int n)
{
    assert_int_equal(bench->clients[n].stage, PGL_HTTP_CLIENT_ANSWERED);
    assert_true(pgl_text_is(pgl_buffer_text(&bench->clients[n].body), "/hello"));
}

/* A connection that says something, or nothing, but no TLS. */
static struct client *stranger_open(struct door_bench *bench, const char *says)
{
    struct client *client = client_open_at(bench->http, BENCH_TLS_PORT);
    client_say(client, says);
    return client;
}

static struct pgl_text said(const struct door_bench *bench, const char *name)
{
    const struct pgl_http_response_head *head = &bench->clients[0].head;
    struct pgl_text value = { "", 0 };
    pgl_http_find_field(head->fields, head->field_count, pgl_text_of(name), &value);
    return value;
}

static void a_browser_is_told_to_stay_there(void **unused)
{
    (void)unused;
    struct door_bench *bench = door_bench_open();
    bench_start(bench);
    bench->http->server.options.is_for_browsers = true;
    ask(bench, 0, TLS_BENCH_NAME);
    bench_run(bench->http);
    assert_true(pgl_text_is(said(bench, "strict-transport-security"), "max-age=31536000"));
    assert_true(pgl_text_is(said(bench, "x-content-type-options"), "nosniff"));
    struct client *plain = client_open(bench->http);
    assert_contains(client_ask(plain, GET("/plain")), "nosniff");
    assert_lacks(plain->heard, "Strict-Transport-Security");
    client_forget(plain);
    assert_contains(client_ask(plain, "BAD\r\n\r\n"), "nosniff"); /* a refusal, too */
    client_leave(plain);
    door_bench_close(bench);
}

static void who_shakes_hands_is_served(void **unused)
{
    (void)unused;
    for (int draws = 0; draws < 2; draws++) {
        struct door_bench *bench = door_bench_open();
        bench_start(bench);
        bench->http->twin.draws_sizes = draws;
        bench->http->holds = true;
        ask(bench, 0, TLS_BENCH_NAME);
        bench_run(bench->http);
        assert_int_equal(bench->http->held_count, 1);
        assert_true(bench->http->held[0]->is_tls);
        assert_string_equal(bench->http->held[0]->tls_peer, "panglot:role/edge");
        bench->http->holds = false;
        bench->http->held_count = 0;
        bench_answer(bench->http->held[0]);
        bench_run(bench->http);
        assert_answered(bench, 0);
        for (int i = 0; i < 3; i++) {
            ask(bench, 0, TLS_BENCH_NAME);
            bench_run(bench->http);
            assert_answered(bench, 0);
        }
        pgl_http_client_send_bytes(&bench->clients[0], PGL_TEXT(GET("/big/300000")), false);
        bench_run(bench->http);
        assert_int_equal(bench->clients[0].stage, PGL_HTTP_CLIENT_ANSWERED);
        assert_int_equal(bench->clients[0].body.size, 300000);
        assert_int_equal(pgl_counter_read(&metrics(bench)->through), 1);
        assert_int_equal(pgl_counter_read(&metrics(bench)->open), 0);

        struct client *plain = client_open(bench->http); /* the other port is as it was */
        bench->http->holds = true;
        client_ask(plain, GET("/plain"));
        assert_false(bench->http->held[0]->is_tls);
        assert_string_equal(bench->http->held[0]->tls_peer, "");
        client_leave(plain);
        door_bench_close(bench);
    }
}

/* The name lives as long as the exchange, not as long as the connection. */
static void a_name_outlives_its_connection(void **unused)
{
    struct door_bench *bench = door_bench_open();
    (void)unused;
    bench_start(bench);
    bench->http->holds = true;
    ask(bench, 0, TLS_BENCH_NAME);
    bench_run(bench->http);
    pgl_http_client_close(&bench->clients[0]);
    bench_run(bench->http);
    assert_int_equal(bench->http->abandoned_count, 1);
    assert_string_equal(bench->http->held[0]->tls_peer, "panglot:role/edge");
    door_bench_close(bench);
}

static void who_says_nothing_or_nonsense_leaves(void **unused)
{
    struct door_bench *bench = door_bench_open();
    (void)unused;
    bench_start(bench);
    struct client *silent = stranger_open(bench, ""), *late = stranger_open(bench, "\x16\x03\x01");
    struct client *plain = stranger_open(bench, GET("/"));
    assert_true(is_gone(plain));
    assert_lacks(plain->heard, "HTTP/1.1");
    assert_int_equal(pgl_counter_read(&metrics(bench)->failed), 1);
    bench_pass(bench->http, PGL_SECONDS(5) - 1);
    assert_false(is_gone(silent));
    assert_int_equal(pgl_counter_read(&metrics(bench)->open), 2);
    bench_pass(bench->http, 1);
    assert_true(is_gone(silent));
    assert_true(is_gone(late));
    assert_int_equal(pgl_counter_read(&metrics(bench)->late), 2);
    client_leave(silent);
    client_leave(late);
    client_leave(plain);
    door_bench_close(bench);
}

static void a_full_door_opens_again(void **unused)
{
    struct door_bench *bench = door_bench_open();
    struct client *silent[4];
    (void)unused;
    bench->limits.handshakes_max = 4;
    bench_start(bench);
    for (int i = 0; i < 4; i++)
        silent[i] = stranger_open(bench, "");
    for (int i = 0; i < CLIENTS; i++)
        ask(bench, i, TLS_BENCH_NAME);
    bench_run(bench->http);
    assert_int_equal(bench->clients[0].stage, PGL_HTTP_CLIENT_ASKED); /* they wait */
    assert_int_equal(pgl_counter_read(&metrics(bench)->open), 4);
    bench_pass(bench->http, PGL_MILLISECONDS(500) - 1);
    assert_int_equal(pgl_counter_read(&metrics(bench)->gave_way), 0);
    bench_pass(bench->http, 1); /* one place is enough for all who are quick */
    for (int i = 0; i < CLIENTS; i++)
        assert_answered(bench, i);
    assert_true(is_gone(silent[0]));
    assert_int_equal(pgl_counter_read(&metrics(bench)->through), CLIENTS);
    for (int i = 0; i < 4; i++)
        client_leave(silent[i]);
    door_bench_close(bench);
}

/* Whose they are was said at the proxy's door; there they stay as long as this one is full. */
static void behind_a_proxy_they_wait_as_well(void **unused)
{
    struct door_bench *bench = door_bench_open();
    struct client *clients[7];
    (void)unused;
    bench->limits.handshakes_max = 4;
    bench->proxy_count = 1;
    assert_true(pgl_ip_range_read(PGL_TEXT("192.0.2.1"), &bench->proxies[0]));
    bench_start(bench);
    for (int i = 0; i < 7; i++)
        clients[i] = client_open_at(bench->http, BENCH_TLS_PORT);
    const struct pgl_proxy_door *door = &bench->http->server.proxy_door;
    for (int i = 0; i < 7; i++)
        client_say(clients[i], "PROXY TCP4 198.51.100.7 203.0.113.1 1 2\r\n");
    assert_int_equal(door->through.value, 4);
    assert_int_equal(pgl_counter_read(&metrics(bench)->open), 4);
    client_leave(clients[1]); /* one place, and then none */
    bench_run(bench->http);
    assert_int_equal(door->through.value, 5);
    bench_pass(bench->http, PGL_MILLISECONDS(500)); /* the old ones give way */
    assert_int_equal(door->through.value, 7);
    assert_int_equal(pgl_counter_read(&metrics(bench)->open), 4);
    assert_int_equal(door->refused.value, 0);
    assert_int_equal(pgl_counter_read(&bench->http->server.metrics.connections_refused), 0);
    assert_false(is_gone(clients[6]));
    for (int i = 0; i < 7; i++)
        if (i != 1)
            client_leave(clients[i]);
    door_bench_close(bench);
}

/* So that others have their turn. */
static void a_turn_makes_some_steps(void **unused)
{
    struct door_bench *bench = door_bench_open();
    (void)unused;
    bench_start(bench);
    for (int i = 0; i < CLIENTS; i++)
        ask(bench, i, TLS_BENCH_NAME);
    uint64_t most = 0;
    for (int turn = 0; turn < 100; turn++) {
        uint64_t before = pgl_counter_read(&metrics(bench)->through);
        pgl_twin_note_news(&bench->http->twin);
        (void)pgl_loop_turn(&bench->http->loop);
        uint64_t made = pgl_counter_read(&metrics(bench)->through) - before;
        most = made > most ? made : most;
    }
    assert_in_range(most, 1, 8);
    for (int i = 0; i < CLIENTS; i++)
        assert_answered(bench, i);
    door_bench_close(bench);
}

static void connections_on_their_way_count(void **unused)
{
    struct door_bench *bench = door_bench_open();
    struct client *silent[3];
    (void)unused;
    bench->limits.connections_per_client_max = 3;
    bench_start(bench);
    for (int i = 0; i < 3; i++)
        silent[i] = stranger_open(bench, "");
    ask(bench, 0, TLS_BENCH_NAME);
    bench_run(bench->http);
    assert_int_equal(bench->clients[0].stage, PGL_HTTP_CLIENT_FAILED);
    assert_int_equal(pgl_counter_read(&bench->http->server.metrics.connections_refused), 1);
    client_leave(silent[0]); /* fails its handshake */
    for (int i = 1; i < 4; i++) {
        ask(bench, i, TLS_BENCH_NAME);
        bench_run(bench->http);
        assert_int_equal(bench->clients[i].stage,
                         i == 1 ? PGL_HTTP_CLIENT_ANSWERED : PGL_HTTP_CLIENT_FAILED);
    }
    client_leave(silent[1]);
    client_leave(silent[2]);
    door_bench_close(bench);
}

static void certificates_are_exchanged_while_it_runs(void **unused)
{
    struct door_bench *bench = door_bench_open();
    (void)unused;
    bench_start(bench);
    ask(bench, 0, TLS_BENCH_NAME);
    bench_run(bench->http);
    assert_answered(bench, 0);
    assert_true(pgl_is_ok(pgl_http_client_connect_tls(
        &bench->clients[3], "127.0.0.1", BENCH_TLS_PORT, bench->client_context, TLS_BENCH_NAME)));
    pgl_twin_note_news(&bench->http->twin);
    (void)pgl_loop_turn(&bench->http->loop); /* in the midst of its handshake */
    pgl_tls_context_close(bench->contexts.current);
    bench->contexts.current = new_context(bench, "DNS:new.example");
    pgl_http_client_send_bytes(&bench->clients[3], PGL_TEXT(GET("/hello")), false);
    ask(bench, 0, TLS_BENCH_NAME); /* the old connection lives on */
    ask(bench, 1, "new.example");
    ask(bench, 2, TLS_BENCH_NAME);
    bench_run(bench->http);
    assert_answered(bench, 0);
    assert_answered(bench, 1);
    assert_answered(bench, 3);
    assert_int_equal(bench->clients[2].status.code, PGL_UNAUTHENTICATED);
    door_bench_close(bench);
}

static void a_drain_closes_the_door(void **unused)
{
    struct door_bench *bench = door_bench_open();
    (void)unused;
    bench_start(bench);
    struct client *silent = stranger_open(bench, "");
    bench->http->holds = true;
    ask(bench, 0, TLS_BENCH_NAME);
    bench_run(bench->http);
    pgl_http_server_drain(&bench->http->server);
    assert_true(is_gone(silent));
    assert_false(pgl_http_server_is_idle(&bench->http->server));
    bench_answer(bench->http->held[0]);
    bench->http->held_count = 0;
    bench_run(bench->http);
    assert_answered(bench, 0);
    assert_false(pgl_http_client_is_open(&bench->clients[0]));
    assert_true(pgl_http_server_is_idle(&bench->http->server));
    ask(bench, 1, TLS_BENCH_NAME);
    bench_run(bench->http);
    assert_int_equal(bench->clients[1].stage, PGL_HTTP_CLIENT_FAILED);
    client_leave(silent);
    door_bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_shakes_hands_is_served),
        cmocka_unit_test(a_browser_is_told_to_stay_there),
        cmocka_unit_test(a_name_outlives_its_connection),
        cmocka_unit_test(who_says_nothing_or_nonsense_leaves),
        cmocka_unit_test(a_full_door_opens_again),
        cmocka_unit_test(behind_a_proxy_they_wait_as_well),
        cmocka_unit_test(a_turn_makes_some_steps),
        cmocka_unit_test(connections_on_their_way_count),
        cmocka_unit_test(certificates_are_exchanged_while_it_runs),
        cmocka_unit_test(a_drain_closes_the_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
