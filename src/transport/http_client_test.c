/*
 * http_client_test.c - the client against our server, and against servers that misbehave.
 *
 * Method: both on one loop over the twin; misbehaving servers are a listener and raw bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "transport/http_bench.h"

#include "transport/http_client.h"

#define RAW_PORT 81

static struct pgl_http1_request request_of(const char *method, const char *target)
{
    return (struct pgl_http1_request){ .method = pgl_text_of(method),
                                       .target = pgl_text_of(target),
                                       .host = PGL_TEXT("a"),
                                       .content_length = -1 };
}

static void open_client(struct bench *bench, struct pgl_http_client *client, uint16_t port)
{
    pgl_http_client_init(client, &bench->loop, 100000);
    assert_true(pgl_is_ok(pgl_http_client_connect(client, "127.0.0.1", port)));
}

static void ask(struct bench *bench, struct pgl_http_client *client, const char *method,
                const char *target)
{
    struct pgl_http1_request request = request_of(method, target);
    assert_true(pgl_is_ok(pgl_http_client_send(client, &request, PGL_TEXT(""))));
    bench_run(bench);
}

static void assert_body(const struct pgl_http_client *client, const char *expected)
{
    assert_int_equal(client->stage, PGL_HTTP_CLIENT_ANSWERED);
    assert_true(pgl_text_is(pgl_buffer_text(&client->body), expected));
}

static void one_connection_serves_many_questions(void **unused)
{
    struct bench *bench = bench_open_default();
    struct pgl_http_client client;
    (void)unused;
    bench->twin.draws_sizes = true;
    open_client(bench, &client, BENCH_PORT);
    for (int i = 0; i < 20; i++) {
        ask(bench, &client, "GET", "/one");
        assert_body(&client, "/one");
        assert_int_equal(client.head.status, 200);
        struct pgl_text type;
        assert_int_equal(pgl_http_find_field(client.head.fields, client.head.field_count,
                                             PGL_TEXT("content-type"), &type),
                         1);
        assert_true(pgl_text_is(type, "text/plain"));
        ask(bench, &client, "HEAD", "/one");
        assert_body(&client, "");
        ask(bench, &client, "GET", "/big/90000");
        assert_int_equal(client.stage, PGL_HTTP_CLIENT_ANSWERED);
        assert_int_equal(client.body.size, 90000);
    }
    assert_int_equal(pgl_counter_read(&bench->server.metrics.connections_accepted), 1);
    pgl_http_client_free(&client);
    bench_run(bench);
    bench_close(bench);
}

static void a_body_is_sent(void **unused)
{
    struct bench *bench = bench_open_default();
    struct pgl_http_client client;
    struct pgl_http1_request request = request_of("POST", "/p");
    (void)unused;
    request.content_length = 5;
    open_client(bench, &client, BENCH_PORT);
    assert_true(pgl_is_ok(pgl_http_client_send(&client, &request, PGL_TEXT("hello"))));
    bench_run(bench);
    assert_body(&client, "/p");
    assert_string_equal(bench->last_body, "hello");
    pgl_http_client_send_bytes(&client, PGL_TEXT(GET("/raw")), false);
    bench_run(bench);
    assert_body(&client, "/raw");
    request.target = PGL_TEXT("/a b");
    assert_int_equal(pgl_http_client_send(&client, &request, PGL_TEXT("")).code, PGL_INVALID);
    ask(bench, &client, "GET", "/still");
    assert_body(&client, "/still");
    pgl_http_client_free(&client);
    bench_run(bench);
    bench_close(bench);
}

static void a_stream_is_read_in_pieces(void **unused)
{
    struct bench *bench = bench_open_default();
    struct pgl_http_client client;
    (void)unused;
    bench->holds = true;
    open_client(bench, &client, BENCH_PORT);
    ask(bench, &client, "GET", "/events");
    assert_int_equal(client.stage, PGL_HTTP_CLIENT_ASKED);
    struct pgl_http_exchange *stream = bench->held[0];
    bench->held_count = 0;
    pgl_http_stream_begin(stream, 200, NULL, 0);
    for (int i = 0; i < 300; i++) { /* more than the client would keep at once */
        static const char event[1000] = { 'e' };
        assert_true(
            pgl_is_ok(pgl_http_stream_write(stream, (struct pgl_text){ event, sizeof event })));
        bench_run(bench);
        assert_int_equal(client.stage, PGL_HTTP_CLIENT_ANSWERING);
        assert_int_equal(client.body.size, sizeof event);
        pgl_buffer_consume(&client.body, sizeof event);
    }
    pgl_http_stream_end(stream);
    bench_run(bench);
    assert_body(&client, "");
    pgl_http_client_free(&client);
    bench_run(bench);
    bench_close(bench);
}

static void a_close_is_noticed_and_mended(void **unused)
{
    struct bench *bench = bench_open_default();
    struct pgl_http_client client;
    (void)unused;
    open_client(bench, &client, BENCH_PORT);
    pgl_http_client_send_bytes(
        &client, PGL_TEXT("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), false);
    bench_run(bench);
    assert_body(&client, "/x");
    assert_false(pgl_http_client_is_open(&client));

    assert_true(pgl_is_ok(pgl_http_client_connect(&client, "127.0.0.1", BENCH_PORT)));
    ask(bench, &client, "GET", "/y");
    assert_body(&client, "/y");
    bench_pass(bench, PGL_SECONDS(60)); /* the server thinks it idle */
    assert_int_equal(client.stage, PGL_HTTP_CLIENT_FAILED);
    assert_int_equal(client.status.code, PGL_UNAVAILABLE);
    assert_true(pgl_is_ok(pgl_http_client_connect(&client, "127.0.0.1", BENCH_PORT)));
    ask(bench, &client, "GET", "/z");
    assert_body(&client, "/z");
    pgl_http_client_free(&client);
    bench_run(bench);
    bench_close(bench);
}

static void nobody_listens(void **unused)
{
    struct bench *bench = bench_open_default();
    struct pgl_http_client client;
    (void)unused;
    open_client(bench, &client, RAW_PORT);
    ask(bench, &client, "GET", "/");
    assert_int_equal(client.stage, PGL_HTTP_CLIENT_FAILED);
    assert_int_equal(client.status.code, PGL_UNAVAILABLE);
    assert_false(client.has_sent);
    pgl_http_client_free(&client);
    bench_close(bench);
}

static void what_has_left_is_known(void **unused)
{
    struct bench *bench = bench_open_default();
    struct pgl_http_client client;
    (void)unused;
    bench->twin.delay_ns = PGL_MILLISECONDS(5);
    open_client(bench, &client, BENCH_PORT);
    ask(bench, &client, "GET", "/slow");
    assert_int_equal(client.stage, PGL_HTTP_CLIENT_ASKED);
    assert_false(client.has_sent); /* not connected yet */
    bench_pass(bench, PGL_MILLISECONDS(10));
    assert_true(client.has_sent);
    for (int i = 0; i < 3; i++)
        bench_pass(bench, PGL_MILLISECONDS(5));
    assert_body(&client, "/slow");
    assert_true(client.has_sent);
    pgl_http_client_close(&client);
    bench_run(bench);
    assert_true(pgl_is_ok(pgl_http_client_connect(&client, "127.0.0.1", BENCH_PORT)));
    assert_false(client.has_sent);
    pgl_http_client_free(&client);
    bench_pass(bench, PGL_MILLISECONDS(10));
    bench_close(bench);
}

static void bad_servers_are_found_out(void **unused)
{
    static const struct {
        const char *answer;
        enum pgl_http_client_stage stage;
        enum pgl_code code;
    } rows[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", PGL_HTTP_CLIENT_ANSWERED, PGL_CODE_OK },
        { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
          PGL_HTTP_CLIENT_ANSWERED, PGL_CODE_OK },
        { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore", PGL_HTTP_CLIENT_FAILED,
          PGL_MALFORMED },
        { "HTTP/1.1 200 OK\r\n\r\nuntil the end", PGL_HTTP_CLIENT_FAILED, PGL_MALFORMED },
        { "nonsense\r\n\r\n", PGL_HTTP_CLIENT_FAILED, PGL_MALFORMED },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", PGL_HTTP_CLIENT_FAILED,
          PGL_MALFORMED },
        { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", PGL_HTTP_CLIENT_FAILED,
          PGL_UNAVAILABLE },
        { "HTTP/1.1 200 OK\r\nContent-", PGL_HTTP_CLIENT_FAILED, PGL_UNAVAILABLE },
        { "", PGL_HTTP_CLIENT_FAILED, PGL_UNAVAILABLE },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = bench_open_default();
        struct pgl_http_client client;
        struct pgl_list news;
        struct pgl_socket *listener, *server;
        char asked[256];
        size_t moved;
        pgl_list_init(&news);
        assert_true(pgl_is_ok(
            bench->waiter->ops->listen(bench->waiter, "127.0.0.1", RAW_PORT, &news, &listener)));
        open_client(bench, &client, RAW_PORT);
        ask(bench, &client, "GET", "/");
        server = listener->ops->accept(listener, &news);
        assert_int_equal(server->ops->read(server, asked, sizeof asked, &moved), PGL_IO_DONE);
        struct pgl_span span = { rows[i].answer, strlen(rows[i].answer) };
        if (span.size > 0)
            assert_int_equal(server->ops->write(server, &span, 1, &moved), PGL_IO_DONE);
        bench_run(bench);
        if (rows[i].code == PGL_CODE_OK)
            assert_body(&client, "ok");
        server->ops->close(server);
        if (rows[i].code != PGL_CODE_OK) {
            bench_run(bench);
            assert_int_equal(client.status.code, rows[i].code);
        }
        assert_int_equal(client.stage, rows[i].stage);
        pgl_http_client_free(&client);
        listener->ops->close(listener);
        bench_close(bench);
    }
}

static void too_much_is_too_much(void **unused)
{
    struct bench *bench = bench_open_default();
    struct pgl_http_client client;
    (void)unused;
    open_client(bench, &client, BENCH_PORT);
    ask(bench, &client, "GET", "/big/100000");
    assert_int_equal(client.stage, PGL_HTTP_CLIENT_ANSWERED);
    ask(bench, &client, "GET", "/big/100001");
    assert_int_equal(client.stage, PGL_HTTP_CLIENT_FAILED);
    assert_int_equal(client.status.code, PGL_TOO_LARGE);
    pgl_http_client_free(&client);
    bench_run(bench);
    bench_close(bench);
}

/* ---- with a flow ---- */

struct asking {
    struct pgl_flow flow; /* first */
    struct pgl_http_client client;
    int answers;
    bool was_late;
};

enum step { ASK, HEAR, LATE };

static struct pgl_go step_ask(struct pgl_flow *flow)
{
    struct asking *asking = (struct asking *)flow;
    pgl_http_client_send_bytes(&asking->client, PGL_TEXT(GET("/flow")), false);
    return pgl_wait(HEAR);
}

static struct pgl_go step_hear(struct pgl_flow *flow)
{
    struct asking *asking = (struct asking *)flow;
    if (asking->client.stage != PGL_HTTP_CLIENT_ANSWERED)
        return pgl_wait(HEAR);
    return ++asking->answers < 3 ? pgl_go(ASK) : pgl_done();
}

static struct pgl_go step_late(struct pgl_flow *flow)
{
    ((struct asking *)flow)->was_late = true;
    return pgl_done();
}

static const struct pgl_step steps[] = {
    [ASK] = { "ask", step_ask, 0, LATE },
    [HEAR] = { "hear", step_hear, PGL_SECONDS(2), LATE },
    [LATE] = { "late", step_late, 0, LATE },
};

static void flow_done(struct pgl_flow *flow)
{
    pgl_http_client_free(&((struct asking *)flow)->client);
}

static void a_flow_is_woken_by_the_answer_or_by_time(void **unused)
{
    (void)unused;
    for (int silent = 0; silent < 2; silent++) {
        struct bench *bench = bench_open_default();
        struct asking asking = { .answers = 0 };
        bench->holds = silent;
        open_client(bench, &asking.client, BENCH_PORT);
        asking.client.flow = &asking.flow;
        pgl_flow_start(&asking.flow, &bench->loop, steps, ASK, flow_done);
        bench_run(bench);
        bench_pass(bench, PGL_SECONDS(2));
        assert_int_equal(asking.answers, silent ? 0 : 3);
        assert_int_equal(asking.was_late, silent);
        assert_int_equal(bench->abandoned_count, silent);
        bench_close(bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_connection_serves_many_questions),
        cmocka_unit_test(a_body_is_sent),
        cmocka_unit_test(a_stream_is_read_in_pieces),
        cmocka_unit_test(a_close_is_noticed_and_mended),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(what_has_left_is_known),
        cmocka_unit_test(bad_servers_are_found_out),
        cmocka_unit_test(too_much_is_too_much),
        cmocka_unit_test(a_flow_is_woken_by_the_answer_or_by_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
