/*
 * http_limits_test.c - every limit of the HTTP server, at its edge: one less is served, one more is
 * not.
 *
 * Method: the server runs over the twin, with the defaults or with smaller limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "transport/conn.h"
#include "transport/http_bench.h"

/* ---- size ---- */

static void a_body_fits_its_limit_or_not(void **unused)
{
    static const struct {
        const char *request;
        int status; /* 200, or the refusal */
    } rows[] = {
        { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789", 200 },
        { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", 413 },
        { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000000000000000\r\n\r\n", 413 },
        { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
          "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n",
          200 },
        { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n7\r\n",
          413 },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = bench_open_default();
        struct client *client = client_open(bench);
        bench->body_limit = 10;
        client_ask(client, rows[i].request);
        if (rows[i].status == 200)
            assert_string_equal(bench->last_body, "0123456789");
        else
            assert_refused(client, rows[i].status);
        client_leave(client);
        bench_close(bench);
    }
}

/* What a route allows cannot be more than what the server bears; that much it does bear. */
static void a_body_never_exceeds_the_servers_limit(void **unused)
{
    size_t most = PGL_HTTP_LIMITS_DEFAULT.body_bytes_max;
    char *body = calloc(1, most);
    char head[128];
    (void)unused;
    assert_non_null(body);
    for (size_t over = 0; over < 2; over++) {
        struct bench *bench = bench_open_default();
        struct client *client = client_open(bench);
        snprintf(head, sizeof head, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                 most + over);
        client_say(client, head);
        client_say_bytes(client, body, most);
        client_hear(client, SIZE_MAX);
        assert_contains(client->heard, over == 0 ? "200 OK" : "413 ");
        client_leave(client);
        bench_close(bench);
    }
    free(body);
}

/* A length that is only claimed costs nothing. */
static void memory_comes_with_bytes_not_with_promises(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    client_say(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nonly this");
    assert_in_range(bench->server.buffers_bytes, 1, 16384);
    client_leave(client);
    bench_close(bench);
}

/* What one large exchange needed is not kept for all that come behind it. */
static void the_pool_keeps_little(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    static const char piece[100000];
    (void)unused;
    bench->holds = true;
    client_ask(client, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    client_say_bytes(client, piece, sizeof piece);
    pgl_http_stream_begin(bench->held[0], 200, NULL, 0);
    pgl_status status =
        pgl_http_stream_write(bench->held[0], (struct pgl_text){ piece, sizeof piece });
    assert_true(pgl_is_ok(status));
    pgl_http_stream_end(bench->held[0]);
    bench->held_count = 0;
    client_hear(client, SIZE_MAX);
    struct pgl_list *node = bench->server.free_exchanges.next;
    struct pgl_http_exchange *freed = PGL_CONTAINER(node, struct pgl_http_exchange, in_order);
    assert_true(freed->arena.taken_bytes <= bench->limits->exchange_chunk_bytes);
    assert_in_range(freed->out.capacity, 0, 4096);
    client_leave(client);
    bench_close(bench);
}

static void the_budget_of_all_buffers_holds(void **unused)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.buffers_bytes_max = 200000;
    struct bench *bench = bench_open(&limits);
    struct client *hungry = client_open(bench), *other = client_open(bench);
    static char body[300000];
    (void)unused;
    client_say(hungry, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n");
    client_say_bytes(hungry, body, sizeof body);
    assert_int_equal(bench->refused_status, 503);
    assert_refused(hungry, 503);
    assert_true(bench->server.buffers_bytes < limits.buffers_bytes_max);
    assert_contains(client_ask(other, GET("/x")), "200 OK"); /* it was given back */
    client_leave(hungry);
    client_leave(other);
    bench_close(bench);
}

static void one_connection_asks_for_so_much_at_once(void **unused)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.connection_bytes_max = 3 * limits.exchange_chunk_bytes;
    struct bench *bench = bench_open(&limits);
    struct client *client = client_open(bench);
    (void)unused;
    bench->holds = true;
    for (int i = 0; i < 12; i++)
        client_say(client, GET("/one"));
    for (int answered = 0; answered < 12;) {
        int count = bench->held_count;
        assert_in_range(count, 1, 4); /* the rest is not read */
        bench->held_count = 0;
        for (int i = 0; i < count; i++, answered++)
            bench_answer(bench->held[i]);
        bench_run(bench);
    }
    assert_int_equal(bench->held_count, 0);
    client_leave(client);
    bench_close(bench);
}

/* ---- count ---- */

static void one_client_has_so_many_connections(void **unused)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.connections_per_client_max = 2;
    struct bench *bench = bench_open(&limits);
    struct client *first = client_open(bench), *second = client_open(bench);
    struct client *third = client_open(bench);
    (void)unused;
    assert_false(is_gone(first) || is_gone(second));
    assert_true(is_gone(third));
    assert_int_equal(pgl_counter_read(&bench->server.metrics.connections_refused), 1);
    snprintf(bench->twin.client_address, PGL_PEER_BYTES, "2001:db8::1");
    struct client *other = client_open(bench);
    assert_false(is_gone(other));
    snprintf(bench->twin.client_address, PGL_PEER_BYTES, "192.0.2.1");
    client_leave(first);
    first = client_open(bench);
    assert_false(is_gone(first));
    client_leave(first);
    client_leave(second);
    client_leave(third);
    client_leave(other);
    bench_close(bench);
}

static void one_client_connects_so_fast(void **unused)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.connects_per_client_burst = 3;
    limits.connects_per_client_per_s = 10;
    struct bench *bench = bench_open(&limits);
    struct client *clients[6];
    (void)unused;
    for (int i = 0; i < 4; i++)
        clients[i] = client_open(bench);
    assert_false(is_gone(clients[0]) || is_gone(clients[2]));
    assert_true(is_gone(clients[3]));
    for (int i = 0; i < 3; i++) /* leaving does not help */
        client_leave(clients[i]);
    clients[4] = client_open(bench);
    assert_true(is_gone(clients[4]));
    bench_pass(bench, PGL_MILLISECONDS(100));
    for (int i = 0; i < 3; i++)
        clients[i] = client_open(bench);
    assert_false(is_gone(clients[0]));
    assert_true(is_gone(clients[1]) && is_gone(clients[2]));
    for (int i = 0; i < 5; i++)
        client_leave(clients[i]);
    bench_close(bench);
}

/* An attacker with many addresses makes no more than clients_max entries, and those go again. */
static void clients_are_forgotten(void **unused)
{
    struct pgl_clients clients;
    struct pgl_hash_key key = { 1, 2 };
    uint64_t client;
    char address[PGL_PEER_BYTES];
    int64_t now_ns = PGL_SECONDS(1);
    int refused = 0;
    (void)unused;
    pgl_clients_init(&clients, key, 100, 10, 200, 50);
    for (int i = 0; i < 1000; i++) {
        snprintf(address, sizeof address, "2001:db8:0:%x::1", (unsigned)i);
        now_ns += PGL_MILLISECONDS(1);
        if (pgl_clients_join(&clients, address, now_ns, &client))
            pgl_clients_leave(&clients, client, now_ns);
        else
            refused++;
        assert_true(clients.map.count <= 100);
    }
    assert_in_range(refused, 800, 900); /* one sweep a second */
    now_ns += PGL_SECONDS(1);
    assert_true(pgl_clients_join(&clients, "192.0.2.1", now_ns, &client));
    pgl_clients_sweep(&clients, now_ns + PGL_HOURS(1));
    assert_int_equal(clients.map.count, 1); /* it is still here */
    pgl_clients_leave(&clients, client, now_ns + PGL_HOURS(1));
    assert_int_equal(clients.map.count, 0);
    pgl_clients_free(&clients);
}

static void the_longest_idle_makes_place(void **unused)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.connections_max = 3;
    struct bench *bench = bench_open(&limits);
    struct client *clients[5];
    (void)unused;
    for (int i = 0; i < 3; i++)
        clients[i] = client_open(bench);
    client_ask(clients[0], GET("/")); /* so it is not the longest idle any more */
    clients[3] = client_open(bench);
    assert_true(is_gone(clients[1]));
    assert_false(is_gone(clients[0]) || is_gone(clients[2]) || is_gone(clients[3]));

    bench->holds = true; /* nobody is idle: who comes now is not let in */
    client_say(clients[0], GET("/"));
    client_say(clients[2], GET("/"));
    client_say(clients[3], GET("/"));
    clients[4] = client_open(bench);
    assert_true(is_gone(clients[4]));
    assert_int_equal(bench->server.conn_slots, 3);
    for (int i = 0; i < 5; i++)
        client_leave(clients[i]);
    bench_close(bench);
}

static void so_many_requests_wait_for_their_answer(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    int most = (int)bench->limits->pipelined_max;
    (void)unused;
    bench->holds = true;
    for (int i = 0; i < most + 4; i++)
        client_say(client, GET("/held"));
    assert_int_equal(bench->asked_count, most);
    bench_answer(bench->held[1]); /* not the first: it has to wait, and so has the next request */
    bench_run(bench);
    assert_int_equal(bench->asked_count, most);
    bench_answer(bench->held[0]);
    bench_run(bench);
    assert_int_equal(bench->asked_count, most + 2);
    for (int i = 2; i < bench->held_count; i++) {
        bench_answer(bench->held[i]);
        bench_run(bench);
    }
    bench->held_count = 0;
    client_hear(client, SIZE_MAX);
    assert_int_equal(times_in(client->heard, "200 OK"), most + 4);
    client_leave(client);
    bench_close(bench);
}

/* 100 requests come at once and are answered at once; still a turn takes only some. */
static void others_have_their_turn(void **unused)
{
    static const struct {
        uint32_t pipelined_max, requests_per_read_max;
        int most; /* a turn reads when the socket has news, and again behind the handlers */
    } rows[] = { { 16, 32, 16 }, { 64, 10, 20 }, { 64, 1, 2 } };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
        limits.pipelined_max = rows[i].pipelined_max;
        limits.requests_per_read_max = rows[i].requests_per_read_max;
        struct bench *bench = bench_open(&limits);
        struct client *client = client_open(bench);
        struct pgl_buffer burst;
        size_t put;
        pgl_buffer_init(&burst, 100000);
        for (int j = 0; j < 100; j++)
            pgl_buffer_add_literal(&burst, GET("/"));
        struct pgl_span span = { burst.data, burst.size };
        assert_int_equal(client->socket->ops->write(client->socket, &span, 1, &put), PGL_IO_DONE);
        bench->waiter->ops->wait(bench->waiter, 0);
        while (bench->asked_count < 100) {
            int before = bench->asked_count;
            bool has_more = pgl_loop_turn(&bench->loop);
            assert_int_equal(has_more, bench->asked_count < 100);
            assert_in_range(bench->asked_count - before, 1, rows[i].most);
        }
        bench_run(bench);
        client_hear(client, SIZE_MAX);
        assert_int_equal(times_in(client->heard, "200 OK"), 100);
        pgl_buffer_free(&burst);
        client_leave(client);
        bench_close(bench);
    }
}

/* Forty who send as much as they can, and one who comes last and asks once. */
#define CROWD      40
#define CROWD_ASKS 60
static void a_crowd_does_not_lengthen_a_turn(void **unused)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.pipelined_max = CROWD_ASKS;
    struct bench *bench = bench_open(&limits);
    struct client *crowd[CROWD], *polite;
    char many[CROWD_ASKS * sizeof GET("/")];
    size_t put;
    const int turn = (int)limits.requests_per_turn_max, read = (int)limits.requests_per_read_max;
    const int most = turn + CROWD * PGL_CONN_SHARE_LEAST + turn + read;
    (void)unused;
    for (int i = 0; i < CROWD_ASKS; i++)
        memcpy(many + i * ((int)sizeof GET("/") - 1), GET("/"), sizeof GET("/"));
    for (int i = 0; i < CROWD; i++)
        crowd[i] = client_open(bench);
    polite = client_open(bench);
    struct pgl_span burst = { many, strlen(many) }, one = { GET("/"), strlen(GET("/")) };
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(crowd[i]->socket->ops->write(crowd[i]->socket, &burst, 1, &put),
                         PGL_IO_DONE);
    assert_int_equal(polite->socket->ops->write(polite->socket, &one, 1, &put), PGL_IO_DONE);
    bench->waiter->ops->wait(bench->waiter, 0);
    for (bool has_more = true; has_more;) {
        int before = bench->asked_count;
        has_more = pgl_loop_turn(&bench->loop);
        assert_in_range(bench->asked_count - before, 0, most);
        if (before > 0)
            continue;
        bench->waiter->ops->wait(bench->waiter, 0);
        client_hear(polite, SIZE_MAX);
        assert_int_equal(times_in(polite->heard, "200 OK"), 1); /* in the first turn */
    }
    assert_int_equal(bench->asked_count, CROWD * CROWD_ASKS + 1);
    for (int i = 0; i < CROWD; i++)
        client_leave(crowd[i]);
    client_leave(polite);
    bench_close(bench);
}

static void a_connection_serves_so_many_requests(void **unused)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.requests_per_connection_max = 3;
    struct bench *bench = bench_open(&limits);
    struct client *client = client_open(bench);
    (void)unused;
    client_ask(client, GET("/1") GET("/2") GET("/3") GET("/4"));
    assert_int_equal(bench->asked_count, 3);
    assert_int_equal(times_in(client->heard, "Connection: close"), 1);
    assert_true(client->has_ended || client->is_broken);
    client_leave(client);
    bench_close(bench);
}

static void without_an_exchange_the_connection_ends(void **unused)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.exchanges_max = 2;
    struct bench *bench = bench_open(&limits);
    struct client *first = client_open(bench), *second = client_open(bench);
    (void)unused;
    bench->holds = true;
    client_say(first, GET("/a") GET("/b"));
    client_say(second, GET("/c"));
    assert_true(is_gone(second));
    assert_int_equal(pgl_counter_read(&bench->server.metrics.overloads), 1);
    bench_answer(bench->held[0]);
    bench_answer(bench->held[1]);
    bench->held_count = 0;
    bench_run(bench);
    client_hear(first, SIZE_MAX);
    assert_int_equal(times_in(first->heard, "200 OK"), 2);
    client_leave(first);
    client_leave(second);
    bench_close(bench);
}

/* ---- refusals ---- */

static void every_refusal_closes(void **unused)
{
    static const struct {
        const char *request;
        int status;
    } rows[] = {
        { "nonsense\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\n\r\n", 400 },      /* no Host */
        { "GET / HTTP/1.1\nHost: a\n\n", 400 }, /* bare LF */
        { "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          400 },
        { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", 400 },
        { "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
        { "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
        { "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501 },
        { "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
        { "GET / HTTP/1.1\r\nHost: a\r\nExpect: cake\r\n\r\n", 417 },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = bench_open_default();
        struct client *client = client_open(bench);
        client_say(client, rows[i].request);
        assert_refused(client, rows[i].status);
        assert_int_equal(strstr(client->heard, "allow: ") != NULL, rows[i].status == 405);
        client_ask(client, GET("/next")); /* nobody knows where it begins */
        assert_int_equal(client->heard_bytes, 0);
        assert_int_equal(bench->asked_count, 0);
        bench_pass(bench, bench->limits->linger_ns);
        assert_true(is_gone(client));
        client_leave(client);
        bench_close(bench);
    }
}

static void long_heads_are_refused(void **unused)
{
    static char target[9000], fields[20000];
    (void)unused;
    memset(target, 'a', sizeof target - 1);
    memset(fields, 'a', sizeof fields - 1);
    for (int i = 0; i < 2; i++) {
        struct bench *bench = bench_open_default();
        struct client *client = client_open(bench);
        client_say(client, "GET /");
        client_say(client, i == 0 ? target : " HTTP/1.1\r\nHost: a\r\nX: ");
        client_say(client, i == 0 ? "" : fields);
        assert_refused(client, i == 0 ? 414 : 431);
        client_leave(client);
        bench_close(bench);
    }
}

/* RFC 9112, 9.6: who still sends when it is refused can read why. */
static void a_refused_sender_hears_its_answer(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    static const char more[40000];
    (void)unused;
    bench->body_limit = 10;
    client_say(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n");
    for (int i = 0; i < 20; i++)
        client_say_bytes(client, more, sizeof more);
    assert_refused(client, 413);
    assert_false(client->is_broken);
    assert_true(is_gone(client)); /* it is told at once that this was all */
    bench_pass(bench, bench->limits->linger_ns - 1);
    assert_int_equal(bench->server.conn_count, 1);
    bench_pass(bench, 1);
    assert_int_equal(bench->server.conn_count, 0);
    assert_false(client->is_broken); /* all that it sent was taken off its hands */
    client_leave(client);
    bench_close(bench);
}

/* ---- all at once ---- */

/* Whatever clients do, what the server holds is what its limits say, and in the end nothing. */
static void an_attack_leaves_nothing_behind(void **unused)
{
    static const char *const attacks[] = {
        "",
        "GET / HT",
        "garbage\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nsome",
        GET("/big/100000"),
        GET("/a") GET("/b") GET("/c") "GET",
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
    };
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.connections_max = 8;
    limits.exchanges_max = 16;
    struct bench *bench = bench_open(&limits);
    struct pgl_random random;
    struct client *clients[12] = { NULL };
    (void)unused;
    pgl_random_seed(&random, 7, 0);
    bench->twin.draws_sizes = true;
    for (int round = 0; round < 5000; round++) {
        size_t i = (size_t)pgl_random_below(&random, 12);
        if (clients[i] == NULL) {
            clients[i] = client_open(bench);
            continue;
        }
        switch (pgl_random_below(&random, 5)) {
        case 0:
            if (pgl_random_chance(&random, 500000))
                pgl_twin_break(clients[i]->socket);
            client_leave(clients[i]);
            clients[i] = NULL;
            break;
        case 1:
            bench_pass(bench, (int64_t)pgl_random_below(&random, (uint64_t)PGL_SECONDS(8)));
            break;
        case 2:
            client_forget(clients[i]);
            client_hear(clients[i], 1000);
            break;
        default:
            client_say(clients[i],
                       attacks[pgl_random_below(&random, sizeof attacks / sizeof *attacks)]);
        }
        assert_true(bench->server.conn_count <= 8 && bench->server.exchange_count <= 16);
        assert_true(bench->server.buffers_bytes <= limits.buffers_bytes_max);
    }
    for (size_t i = 0; i < 12; i++)
        if (clients[i] != NULL)
            client_leave(clients[i]);
    assert_true(bench->asked_count > 150 && bench->refused_count > 150); /* it did attack */
    assert_true(pgl_http_server_is_idle(&bench->server));
    assert_in_range(bench->server.conn_slots, 1, 8);
    assert_in_range(bench->server.exchange_slots, 1, 16);
    bench_close(bench);
}

/* ---- while it serves ---- */

static void other_limits_hold_for_the_next_request(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench), *second = client_open(bench), *late;
    struct pgl_http_limits limits = bench->server.options.limits;
    uint32_t connections_max = limits.connections_max;
    (void)unused;
    client_ask(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_contains(client->heard, "200 OK");
    limits.http1.target_bytes_max = 4;
    limits.connections_per_client_max = 1;
    limits.connections_max = 1;
    limits.handshake_ns = PGL_SECONDS(7);
    pgl_http_server_change(&bench->server, &limits);
    assert_int_equal(bench->server.options.limits.connections_max, connections_max);
    assert_int_equal(bench->server.door.options.handshake_ns, PGL_SECONDS(7));
    assert_int_equal(bench->server.proxy_door.options.header_ns, PGL_SECONDS(7));
    assert_false(is_gone(second)); /* it was there before */
    late = client_open(bench);
    assert_true(is_gone(late));
    client_leave(late);
    client_leave(second);
    client_ask(client, "GET /too/long HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_refused(client, 414);
    client_leave(client);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_fits_its_limit_or_not),
        cmocka_unit_test(a_body_never_exceeds_the_servers_limit),
        cmocka_unit_test(memory_comes_with_bytes_not_with_promises),
        cmocka_unit_test(the_pool_keeps_little),
        cmocka_unit_test(the_budget_of_all_buffers_holds),
        cmocka_unit_test(one_connection_asks_for_so_much_at_once),
        cmocka_unit_test(one_client_has_so_many_connections),
        cmocka_unit_test(one_client_connects_so_fast),
        cmocka_unit_test(clients_are_forgotten),
        cmocka_unit_test(the_longest_idle_makes_place),
        cmocka_unit_test(so_many_requests_wait_for_their_answer),
        cmocka_unit_test(others_have_their_turn),
        cmocka_unit_test(a_crowd_does_not_lengthen_a_turn),
        cmocka_unit_test(a_connection_serves_so_many_requests),
        cmocka_unit_test(without_an_exchange_the_connection_ends),
        cmocka_unit_test(every_refusal_closes),
        cmocka_unit_test(long_heads_are_refused),
        cmocka_unit_test(a_refused_sender_hears_its_answer),
        cmocka_unit_test(an_attack_leaves_nothing_behind),
        cmocka_unit_test(other_limits_hold_for_the_next_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
