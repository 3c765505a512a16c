/*
 * tls_socket_test.c - http_client through TLS: what is asked of the right server is answered, and
 * to a wrong one not a byte of the request is sent.
 * Method: the client over the twin; the server is a listener, and OpenSSL in memory behind it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "platform/twin.h"
#include "transport/http_client.h"
#include "wire/tls_bench.h"

#define PORT     443
#define QUESTION "GET /secret HTTP/1.1\r\nHost: bank.example\r\n\r\n"

struct bench {
    struct pgl_twin twin;
    struct pgl_waiter *waiter;
    struct pgl_loop loop;
    struct pgl_list news; /* of the server */
    struct pgl_socket *listener, *accepted;
    struct tls_bench server;
    char leaving[4096]; /* ciphertext for the client */
    size_t leaving_bytes;
    struct pgl_tls_context *context;
    struct pgl_http_client client;
};

static void connect_to(struct bench *bench, const char *name)
{
    assert_true(pgl_is_ok(
        pgl_http_client_connect_tls(&bench->client, "192.0.2.7", PORT, bench->context, name)));
}

static void bench_open(struct bench *bench, enum tls_bench_kind kind)
{
    memset(bench, 0, sizeof *bench);
    pgl_twin_open(&bench->twin, 1);
    bench->waiter = bench->twin.platform.waiter_open(&bench->twin.platform);
    pgl_loop_init(&bench->loop, "test", &bench->twin.platform, bench->waiter);
    pgl_list_init(&bench->news);
    assert_true(pgl_is_ok(bench->waiter->ops->listen(bench->waiter, "192.0.2.7", PORT, &bench->news,
                                                     &bench->listener)));
    tls_bench_open(&bench->server, kind);
    assert_true(
        pgl_is_ok(pgl_tls_client_context_open(pgl_text_of(bench->server.ca_pem), &bench->context)));
    pgl_http_client_init(&bench->client, &bench->loop, 1 << 20);
    connect_to(bench, TLS_BENCH_NAME);
}

static void hang_up(struct bench *bench)
{
    if (bench->accepted != NULL)
        bench->accepted->ops->close(bench->accepted);
    bench->accepted = NULL;
}

static void bench_close(struct bench *bench)
{
    pgl_http_client_free(&bench->client);
    hang_up(bench);
    bench->listener->ops->close(bench->listener);
    pgl_tls_context_close(bench->context);
    tls_bench_close(&bench->server);
    bench->waiter->ops->close(bench->waiter);
    pgl_twin_close(&bench->twin); /* no socket is left */
}

/* The server carries ciphertext; true when it moved any. */
static bool serve(struct bench *bench)
{
    char bytes[4096];
    size_t moved = 0;
    bool has_moved = false;
    if (bench->accepted == NULL) {
        bench->accepted = bench->listener->ops->accept(bench->listener, &bench->news);
        if (bench->accepted == NULL)
            return false;
        tls_bench_restart(&bench->server);
        bench->leaving_bytes = 0;
    }
    const struct pgl_socket_ops *ops = bench->accepted->ops;
    while (ops->read(bench->accepted, bytes, sizeof bytes, &moved) == PGL_IO_DONE) {
        tls_bench_take(&bench->server, bytes, moved);
        has_moved = true;
    }
    for (;;) {
        if (bench->leaving_bytes == 0)
            bench->leaving_bytes =
                tls_bench_give(&bench->server, bench->leaving, sizeof bench->leaving);
        struct pgl_span span = { bench->leaving, bench->leaving_bytes };
        if (span.size == 0 || ops->write(bench->accepted, &span, 1, &moved) != PGL_IO_DONE)
            break;
        bench->leaving_bytes -= moved;
        memmove(bench->leaving, bench->leaving + moved, bench->leaving_bytes);
        has_moved = true;
    }
    return has_moved;
}

static void run(struct bench *bench)
{
    bool goes_on;
    do {
        goes_on = serve(bench);
        pgl_twin_note_news(&bench->twin);
        goes_on |= pgl_loop_has_news(&bench->loop);
        goes_on |= pgl_loop_turn(&bench->loop);
    } while (goes_on);
}

static void ask(struct bench *bench)
{
    pgl_http_client_send_bytes(&bench->client, PGL_TEXT(QUESTION), false);
    run(bench);
}

static void questions_are_answered(void **unused)
{
    (void)unused;
    for (int draws = 0; draws < 2; draws++) {
        struct bench bench;
        bench_open(&bench, TLS_RIGHT);
        bench.twin.draws_sizes = draws;
        pgl_http_client_send_bytes(&bench.client, PGL_TEXT(QUESTION), false);
        assert_false(bench.client.has_sent); /* no handshake yet */
        run(&bench);
        for (int i = 0; i < 3; i++) {
            assert_true(bench.client.has_sent);
            assert_string_equal(bench.server.plain, QUESTION);
            assert_int_equal(bench.client.stage, PGL_HTTP_CLIENT_ASKED);
            tls_bench_say(&bench.server,
                          PGL_TEXT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
            run(&bench);
            assert_int_equal(bench.client.stage, PGL_HTTP_CLIENT_ANSWERED);
            assert_true(pgl_text_is(pgl_buffer_text(&bench.client.body), "ok"));
            bench.server.plain_bytes = 0;
            ask(&bench);
        }
        bench_close(&bench);
    }
}

static void a_long_answer_and_a_long_question_pass(void **unused)
{
    enum { LONG = 300000 };
    static char much[LONG];
    (void)unused;
    memset(much, 'm', sizeof much);
    for (int draws = 0; draws < 2; draws++) {
        struct bench bench;
        char head[64];
        struct pgl_http1_request request = { .method = PGL_TEXT("POST"),
                                             .target = PGL_TEXT("/"),
                                             .host = PGL_TEXT(TLS_BENCH_NAME),
                                             .content_length = LONG };
        bench_open(&bench, TLS_RIGHT);
        bench.twin.draws_sizes = draws;
        assert_true(pgl_is_ok(
            pgl_http_client_send(&bench.client, &request, (struct pgl_text){ much, LONG })));
        run(&bench);
        assert_true(bench.server.plain_bytes > LONG);
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LONG);
        tls_bench_say(&bench.server, pgl_text_of(head));
        tls_bench_say(&bench.server, (struct pgl_text){ much, LONG });
        run(&bench);
        assert_int_equal(bench.client.stage, PGL_HTTP_CLIENT_ANSWERED);
        assert_int_equal(bench.client.body.size, LONG);
        bench_close(&bench);
    }
}

static void nothing_is_asked_of_the_wrong_one(void **unused)
{
    static const struct {
        enum tls_bench_kind kind;
        enum pgl_code code;
    } rows[] = {
        { TLS_OTHER_NAME, PGL_UNAUTHENTICATED },
        { TLS_EXPIRED, PGL_UNAUTHENTICATED },
        { TLS_NOT_YET, PGL_UNAUTHENTICATED },
        { TLS_SELF_SIGNED, PGL_UNAUTHENTICATED },
        { TLS_OTHER_AUTHORITY, PGL_UNAUTHENTICATED },
        { TLS_OF_ANOTHER_USE, PGL_UNAUTHENTICATED },
        { TLS_TOO_OLD, PGL_MALFORMED },
        { TLS_NO_TLS, PGL_MALFORMED },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench bench;
        bench_open(&bench, rows[i].kind);
        ask(&bench);
        assert_int_equal(bench.client.stage, PGL_HTTP_CLIENT_FAILED);
        assert_int_equal(bench.client.status.code, rows[i].code);
        assert_false(bench.client.has_sent);
        assert_int_equal(bench.server.plain_bytes, 0);
        assert_false(pgl_http_client_is_open(&bench.client));
        bench_close(&bench);
    }
}

static void an_end_has_to_be_said(void **unused)
{
    (void)unused;
    for (int is_said = 0; is_said < 2; is_said++) {
        struct bench bench;
        bench_open(&bench, TLS_RIGHT);
        ask(&bench);
        tls_bench_say(&bench.server, PGL_TEXT("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"));
        if (is_said)
            tls_bench_say_the_end(&bench.server);
        serve(&bench);
        hang_up(&bench);
        run(&bench);
        assert_int_equal(bench.client.stage, PGL_HTTP_CLIENT_FAILED);
        assert_int_equal(bench.client.status.code, PGL_UNAVAILABLE);
        assert_true(bench.client.has_sent);
        bench_close(&bench);
    }
}

static void nobody_listens_or_nobody_answers(void **unused)
{
    struct bench bench;
    (void)unused;
    bench_open(&bench, TLS_RIGHT);
    pgl_http_client_close(&bench.client);
    run(&bench);
    hang_up(&bench);
    assert_true(pgl_is_ok(pgl_http_client_connect_tls(&bench.client, "192.0.2.7", PORT + 1,
                                                      bench.context, TLS_BENCH_NAME)));
    ask(&bench);
    assert_int_equal(bench.client.stage, PGL_HTTP_CLIENT_FAILED);
    assert_int_equal(bench.client.status.code, PGL_UNAVAILABLE);
    assert_false(bench.client.has_sent);

    connect_to(&bench, TLS_BENCH_NAME); /* accepted by the machine, and no word said */
    pgl_http_client_send_bytes(&bench.client, PGL_TEXT(QUESTION), false);
    pgl_twin_note_news(&bench.twin);
    pgl_loop_turn(&bench.loop);
    assert_int_equal(bench.client.stage, PGL_HTTP_CLIENT_ASKED);
    assert_false(bench.client.has_sent);
    assert_int_equal(
        pgl_http_client_connect_tls(&bench.client, "192.0.2.7", PORT, bench.context, "").code,
        PGL_INVALID);
    run(&bench);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_answered),
        cmocka_unit_test(a_long_answer_and_a_long_question_pass),
        cmocka_unit_test(nothing_is_asked_of_the_wrong_one),
        cmocka_unit_test(an_end_has_to_be_said),
        cmocka_unit_test(nobody_listens_or_nobody_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
