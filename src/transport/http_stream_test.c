/*
 * http_stream_test.c - answers that are written as they come: framing, readers who are slow, and
 * those who leave.
 *
 * Method: as in http_server_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "transport/http_bench.h"

static struct pgl_http_exchange *begin_stream(struct bench *bench, struct client *client,
                                              const char *request)
{
    bench->holds = true;
    client_ask(client, request);
    assert_int_equal(bench->held_count, 1);
    bench->held_count = 0;
    pgl_http_stream_begin(bench->held[0], 200, NULL, 0);
    bench_run(bench);
    return bench->held[0];
}

static void a_stream_comes_as_it_is_written(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    struct pgl_http_exchange *stream = begin_stream(bench, client, GET("/events"));
    client_hear(client, SIZE_MAX);
    assert_contains(client->heard, "Transfer-Encoding: chunked\r\n");
    assert_true(pgl_is_ok(pgl_http_stream_write(stream, PGL_TEXT("data: 1\n\n"))));
    client_hear(client, SIZE_MAX);
    assert_contains(client->heard, "\r\n\r\n9\r\ndata: 1\n\n\r\n");
    bench_pass(bench, PGL_MINUTES(30)); /* silence is not idleness */
    assert_true(pgl_is_ok(pgl_http_stream_write(stream, PGL_TEXT("data: 2\n\n"))));
    pgl_http_stream_end(stream);
    client_hear(client, SIZE_MAX);
    assert_contains(client->heard, "9\r\ndata: 2\n\n\r\n0\r\n\r\n");
    bench->holds = false;
    assert_contains(client_ask(client, GET("/next")), "/next");
    client_leave(client);
    bench_close(bench);
}

static void a_stream_without_chunks_ends_with_the_connection(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    struct pgl_http_exchange *stream =
        begin_stream(bench, client, "GET /events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_true(pgl_is_ok(pgl_http_stream_write(stream, PGL_TEXT("raw"))));
    bench_run(bench);
    pgl_http_stream_end(stream);
    client_hear(client, SIZE_MAX);
    assert_contains(client->heard, "Connection: close\r\n\r\nraw");
    assert_true(client->has_ended);
    client_leave(client);
    bench_close(bench);
}

static void a_stream_to_head_says_nothing(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    struct pgl_http_exchange *stream =
        begin_stream(bench, client, "HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(pgl_is_ok(pgl_http_stream_write(stream, PGL_TEXT("unseen"))));
    pgl_http_stream_end(stream);
    client_hear(client, SIZE_MAX);
    assert_string_equal(client->heard + client->heard_bytes - 4, "\r\n\r\n");
    assert_lacks(client->heard, "unseen");
    client_leave(client);
    bench_close(bench);
}

static void a_slow_reader_fills_its_own_bound(void **unused)
{
    static const char event[1024] = { 'e' };
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    size_t written = 0;
    (void)unused;
    struct pgl_http_exchange *stream = begin_stream(bench, client, GET("/events"));
    pgl_status status;
    while (pgl_is_ok(status =
                         pgl_http_stream_write(stream, (struct pgl_text){ event, sizeof event }))) {
        written += sizeof event;
        bench_run(bench);
    }
    assert_int_equal(status.code, PGL_EXHAUSTED);
    /* The bound, and what the pipe holds. */
    size_t bound = bench->server.options.limits.stream_bytes_max + bench->twin.pipe_bytes_max;
    assert_in_range(written, bound * 9 / 10, bound);

    client_hear(client, SIZE_MAX); /* it wakes up in time, and nothing is missing */
    assert_true(client->heard_bytes > written);
    assert_true(pgl_is_ok(pgl_http_stream_write(stream, PGL_TEXT("on"))));
    pgl_http_stream_end(stream);
    client_hear(client, SIZE_MAX);
    assert_string_equal(client->heard + client->heard_bytes - 12, "2\r\non\r\n0\r\n\r\n");
    client_leave(client);
    bench_close(bench);
}

/* Who reads on slowly gets everything, though the server never gets rid of all it holds. */
static void a_steady_reader_makes_room(void **unused)
{
    static const char event[1024] = { 'e' };
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    size_t written = 0;
    (void)unused;
    struct pgl_http_exchange *stream = begin_stream(bench, client, GET("/events"));
    for (int i = 0; i < 20; i++) {
        size_t before = written;
        while (pgl_is_ok(pgl_http_stream_write(stream, (struct pgl_text){ event, sizeof event })))
            written += sizeof event;
        bench_run(bench);
        assert_true(written > before);
        assert_true(stream->out.capacity <= bench->limits->stream_bytes_max);
        client_hear(client, 60000);
        bench_run(bench);
    }
    assert_in_range(written, 1000000, 1500000);
    pgl_http_stream_end(stream);
    client_hear(client, SIZE_MAX);
    assert_true(client->heard_bytes > written);
    assert_string_equal(client->heard + client->heard_bytes - 5, "0\r\n\r\n");
    client_leave(client);
    bench_close(bench);
}

static void an_aborted_stream_does_not_look_whole(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    struct pgl_http_exchange *stream = begin_stream(bench, client, GET("/events"));
    assert_true(pgl_is_ok(pgl_http_stream_write(stream, PGL_TEXT("part"))));
    bench_run(bench);
    pgl_http_stream_abort(stream);
    client_hear(client, SIZE_MAX);
    assert_contains(client->heard, "part");
    assert_lacks(client->heard, "0\r\n\r\n");
    assert_true(client->has_ended || client->is_broken);
    assert_true(pgl_http_server_is_idle(&bench->server));
    client_leave(client);
    bench_close(bench);
}

static void a_stream_learns_that_the_client_is_gone(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    struct pgl_http_exchange *stream = begin_stream(bench, client, GET("/events"));
    client_hear(client, SIZE_MAX); /* else its leaving would be a reset */
    client_leave(client);
    assert_int_equal(bench->abandoned_count, 1);
    if (pgl_is_ok(
            pgl_http_stream_write(stream, PGL_TEXT("lost")))) /* a half-closed peer may read */
        bench_run(bench);
    assert_int_equal(pgl_http_stream_write(stream, PGL_TEXT("lost")).code, PGL_CANCELLED);
    pgl_http_stream_end(stream);
    assert_true(pgl_http_server_is_idle(&bench->server));
    assert_int_equal(bench->abandoned_count, 1); /* said once */
    bench_close(bench);
}

static void a_stream_is_due_with_its_connection(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    struct pgl_http_exchange *stream = begin_stream(bench, client, GET("/events"));
    assert_false(pgl_http_stream_is_due(stream));
    bench_pass(bench, bench->server.options.limits.age_ns * 8 / 10);
    assert_false(pgl_http_stream_is_due(stream));
    bench_pass(bench, bench->server.options.limits.age_ns * 4 / 10);
    assert_true(pgl_http_stream_is_due(stream));
    pgl_http_stream_end(stream);
    client_hear(client, SIZE_MAX);
    bench->holds = false;
    assert_contains(client_ask(client, GET("/last")), "Connection: close\r\n");
    client_leave(client);
    bench_close(bench);
}

static void a_stream_is_due_when_the_server_drains(void **unused)
{
    struct bench *bench = bench_open_default();
    struct client *client = client_open(bench);
    (void)unused;
    struct pgl_http_exchange *stream = begin_stream(bench, client, GET("/events"));
    pgl_http_server_drain(&bench->server);
    assert_true(pgl_http_stream_is_due(stream));
    pgl_http_stream_end(stream);
    client_leave(client);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_comes_as_it_is_written),
        cmocka_unit_test(a_stream_without_chunks_ends_with_the_connection),
        cmocka_unit_test(a_stream_to_head_says_nothing),
        cmocka_unit_test(a_slow_reader_fills_its_own_bound),
        cmocka_unit_test(a_steady_reader_makes_room),
        cmocka_unit_test(an_aborted_stream_does_not_look_whole),
        cmocka_unit_test(a_stream_learns_that_the_client_is_gone),
        cmocka_unit_test(a_stream_is_due_with_its_connection),
        cmocka_unit_test(a_stream_is_due_when_the_server_drains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
