/*
 * http_limits_test.c - every limit of the HTTP server, at its edge: one less is served, one more is
 * not.
 *
 * Method: the server runs over the twin; the test moves the clock by hand, to the nanosecond.
 */
#include "transport/http_bench.h"

#include "transport/conn.h"

#define DEFAULTS (&PGL_HTTP_LIMITS_DEFAULT)

static bool is_gone(struct client *client)
{
    client_hear(client, SIZE_MAX);
    return client->has_ended || client->is_broken;
}

static void assert_refused(struct client *client, int status)
{
    char line[32];
    client_hear(client, SIZE_MAX);
    snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    assert_contains(client->heard, line);
    assert_contains(client->heard, "Connection: close\r\n");
}

/* ---- time ---- */

static void who_never_asks_is_let_go(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    bench_pass(bench, DEFAULTS->head_ns - 1);
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
        bench_pass(bench, DEFAULTS->idle_ns - 1);
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
        bench_pass(bench, DEFAULTS->write_stall_ns - 1);
        assert_int_equal(bench->server.conn_count, 1);
        client_hear(client, 1);
        bench_run(bench);
    }
    bench_pass(bench, DEFAULTS->write_stall_ns);
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
    size_t most = DEFAULTS->body_bytes_max;
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
    int most = (int)DEFAULTS->pipelined_max;
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

static void others_have_their_turn(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    char burst[100 * sizeof GET("/")] = "";
    (void)unused;
    for (int i = 0; i < 100; i++)
        strcat(burst, GET("/"));
    struct pgl_span span = { burst, strlen(burst) };
    size_t put;
    assert_int_equal(client->socket->ops->write(client->socket, &span, 1, &put), PGL_IO_DONE);
    bench->waiter->ops->wait(bench->waiter, 0);
    /* Answered at once, yet pipelined_max is not what stops it: answers are written behind. */
    int most = (int)DEFAULTS->pipelined_max;
    for (int turn = 1; bench->asked_count < 100; turn++) {
        int before = bench->asked_count;
        pgl_loop_turn(&bench->loop);
        assert_in_range(bench->asked_count - before, 1, most * 2);
        assert_true(turn < 20);
    }
    bench_run(bench);
    client_hear(client, SIZE_MAX);
    assert_int_equal(times_in(client->heard, "200 OK"), 100);
    client_leave(client);
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
        bench_pass(bench, DEFAULTS->linger_ns);
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
    bench_pass(bench, DEFAULTS->linger_ns - 1);
    assert_false(is_gone(client));
    bench_pass(bench, 1);
    assert_true(is_gone(client));
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
        cmocka_unit_test(a_body_fits_its_limit_or_not),
        cmocka_unit_test(a_body_never_exceeds_the_servers_limit),
        cmocka_unit_test(memory_comes_with_bytes_not_with_promises),
        cmocka_unit_test(the_budget_of_all_buffers_holds),
        cmocka_unit_test(one_client_has_so_many_connections),
        cmocka_unit_test(the_longest_idle_makes_place),
        cmocka_unit_test(so_many_requests_wait_for_their_answer),
        cmocka_unit_test(others_have_their_turn),
        cmocka_unit_test(a_connection_serves_so_many_requests),
        cmocka_unit_test(without_an_exchange_the_connection_ends),
        cmocka_unit_test(every_refusal_closes),
        cmocka_unit_test(long_heads_are_refused),
        cmocka_unit_test(a_refused_sender_hears_its_answer),
        cmocka_unit_test(an_attack_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
