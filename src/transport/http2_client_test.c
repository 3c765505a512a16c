/*
 * http2_client_test.c - one peer, many streams: what becomes of them when connections come and go.
 *
 * Method: as in http2_server_test.c. A peer that misbehaves is a listener of the twin's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "transport/conn.h"
#include "transport/http2_bench.h"

static void nobody_there_is_known_to_have_done_nothing(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    caller->client.options.port = 1;
    struct call *call = call_ask(caller, "/x");
    assert_true(call->has_failed && call->was_never_sent);
    assert_int_equal(call->failure.code, PGL_UNAVAILABLE);
    assert_int_equal(caller->client.stream_count, 0);
    caller_close(caller);
    bench_close(bench);
}

static void it_comes_back_later_and_later(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    caller->client.options.port = 1;
    for (int i = 0; i < 8; i++) {
        struct call *call = call_ask(caller, "/x");
        bench_pass(bench, PGL_SECONDS(6)); /* longer than any wait */
        assert_true(call->has_failed && call->was_never_sent);
    }
    assert_int_equal(caller->client.failed_count, 8);
    caller->client.options.port = BENCH_PORT;
    struct call *call = call_ask(caller, "/there");
    bench_pass(bench, PGL_SECONDS(6));
    assert_string_equal(call->body, "/there");
    assert_int_equal(caller->client.failed_count, 0);
    caller_close(caller);
    bench_close(bench);
}

static void a_lost_connection_fails_what_was_asked(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    bench->holds = true;
    struct call *call = call_ask(caller, "/x");
    struct pgl_list *node = bench->server.busy_conns.next;
    pgl_conn_close(PGL_CONTAINER(node, struct pgl_conn, place));
    bench_run(bench);
    assert_true(call->has_failed);
    assert_false(call->was_never_sent); /* nobody knows */
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    bench->holds = false;
    assert_int_equal(call_ask(caller, "/again")->status, 200);
    caller_close(caller);
    bench_close(bench);
}

static void a_cancelled_stream_says_nothing_more(void **unused)
{
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    struct call *unsent = call_begin(caller, "GET", "/unsent", false);
    pgl_h2_stream_cancel(&unsent->stream);
    bench->holds = true;
    struct call *call = call_ask(caller, "/x");
    pgl_h2_stream_cancel(&call->stream);
    bench_run(bench);
    assert_int_equal(bench->asked_count, 1);
    assert_int_equal(bench->abandoned_count, 1);
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    bench_run(bench);
    assert_false(call->has_ended || call->has_failed || unsent->has_failed);
    assert_int_equal(caller->client.stream_count, 0);
    caller_close(caller);
    bench_close(bench);
}

static void more_than_the_peer_allows_wait_for_their_turn(void **unused)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.http2.streams_max = 3;
    struct bench *bench = bench_open(&limits);
    struct caller *caller = caller_open(bench);
    (void)unused;
    call_ask(caller, "/settings");
    for (int i = 0; i < 50; i++)
        call_begin(caller, "GET", "/x", false);
    bench_run(bench);
    for (int i = 0; i < caller->call_count; i++)
        assert_int_equal(caller->calls[i].status, 200);
    caller->client.options.streams_max = 0;
    struct pgl_h2_stream stream;
    pgl_status refused = pgl_h2_stream_open(&caller->client, &stream, PGL_TEXT("GET"),
                                            PGL_TEXT("/"), NULL, 0, false);
    assert_int_equal(refused.code, PGL_EXHAUSTED);
    caller_close(caller);
    bench_close(bench);
}

static void a_writer_waits_for_room(void **unused)
{
    static char piece[1u << 20];
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    struct call *call = call_begin(caller, "POST", "/big/10", true);
    struct pgl_text whole = { piece, sizeof piece };
    assert_true(pgl_is_ok(pgl_h2_stream_write(&call->stream, whole, false)));
    assert_int_equal(pgl_h2_stream_write(&call->stream, PGL_TEXT("x"), false).code, PGL_EXHAUSTED);
    bench_run(bench);
    assert_int_equal(call->room_count, 1);
    caller_close(caller);
    assert_int_equal(bench->asked_count, 0);
    bench_close(bench);
}

static void a_lent_body_leaves_from_where_it_lies(void **unused)
{
    static char body[100000];
    struct bench *bench = bench_open_default();
    struct caller *caller = caller_open(bench);
    (void)unused;
    memset(body, 'x', sizeof body);
    bench->body_limit = sizeof body;
    bench->holds = true;
    struct call *call = call_begin(caller, "POST", "/x", true);
    pgl_h2_stream_lend(&call->stream, (struct pgl_text){ body, sizeof body });
    assert_false(call->stream.has_said_all || pgl_h2_stream_is_out(&call->stream));
    assert_int_equal(call->stream.out.capacity, 0);
    bench_run(bench);
    assert_true(call->stream.has_said_all && pgl_h2_stream_is_out(&call->stream));
    assert_int_equal(bench->held_count, 1);
    assert_int_equal(bench->held[0]->body.size, sizeof body);
    assert_memory_equal(bench->held[0]->body.data, body, sizeof body);
    bench_answer(bench->held[0]);
    bench->held_count = 0;
    bench_run(bench);
    assert_int_equal(call->status, 200);
    caller_close(caller);
    bench_close(bench);
}

/* A listener of the twin's, and a caller whose peer it is. */
struct peer {
    struct pgl_list ready;
    struct pgl_socket *listener;
    struct caller *caller;
};

static void peer_open(struct peer *peer, struct bench *bench)
{
    pgl_list_init(&peer->ready);
    assert_true(pgl_is_ok(bench->waiter->ops->listen(bench->waiter, "127.0.0.1", 9999, &peer->ready,
                                                     &peer->listener)));
    peer->caller = caller_open(bench);
    peer->caller->client.options.port = 9999;
}

static struct pgl_socket *peer_accept(struct peer *peer)
{
    struct pgl_socket *socket = peer->listener->ops->accept(peer->listener, &peer->ready);
    assert_non_null(socket);
    return socket;
}

static void peer_close(struct peer *peer)
{
    peer->listener->ops->close(peer->listener);
    caller_close(peer->caller);
}

/* One that drains but still listens: else it would be connected to without a pause. */
static void who_is_sent_away_at_once_comes_back_later_and_later(void **unused)
{
    struct bench *bench = bench_open_default();
    struct peer peer;
    (void)unused;
    peer_open(&peer, bench);
    struct caller *caller = peer.caller;
    for (uint32_t i = 1; i <= 6; i++) {
        struct call *call = call_ask(caller, "/x");
        bench_pass(bench, PGL_SECONDS(2));
        struct pgl_socket *socket = peer_accept(&peer);
        struct pgl_span away = { "\0\0\0\4\0\0\0\0\0\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\0", 26 };
        size_t put;
        assert_int_equal(socket->ops->write(socket, &away, 1, &put), PGL_IO_DONE);
        bench_run(bench);
        assert_true(call->has_failed && call->was_never_sent);
        assert_int_equal(caller->client.failed_count, i);
        assert_int_equal(caller->client.connect_count, i);
        socket->ops->close(socket);
    }
    assert_true(caller->client.again_ns > bench->loop.now_ns);
    peer_close(&peer);
    bench_close(bench);
}

static void a_silent_peer_is_given_up(void **unused)
{
    struct bench *bench = bench_open_default();
    struct peer peer;
    (void)unused;
    peer_open(&peer, bench);
    struct caller *caller = peer.caller;
    struct call *call = call_ask(caller, "/x");
    struct pgl_socket *socket = peer_accept(&peer);
    struct pgl_span settings = { "\0\0\0\4\0\0\0\0\0", 9 };
    size_t put;
    assert_int_equal(socket->ops->write(socket, &settings, 1, &put), PGL_IO_DONE);
    for (int second = 0; second < 15; second++)
        bench_pass(bench, PGL_SECONDS(1));
    assert_false(call->has_failed);
    for (int second = 0; second < 10; second++)
        bench_pass(bench, PGL_SECONDS(1));
    assert_true(call->has_failed);
    assert_int_equal(call->failure.code, PGL_UNAVAILABLE);
    socket->ops->close(socket);
    caller->client.options.connect_ns = PGL_SECONDS(5);
    call = call_ask(caller, "/y"); /* accepted by nobody, and so never heard of */
    for (int second = 0; second < 12; second++)
        bench_pass(bench, PGL_SECONDS(1));
    assert_true(call->has_failed);
    peer_close(&peer);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_there_is_known_to_have_done_nothing),
        cmocka_unit_test(it_comes_back_later_and_later),
        cmocka_unit_test(a_lost_connection_fails_what_was_asked),
        cmocka_unit_test(a_cancelled_stream_says_nothing_more),
        cmocka_unit_test(more_than_the_peer_allows_wait_for_their_turn),
        cmocka_unit_test(a_writer_waits_for_room),
        cmocka_unit_test(a_lent_body_leaves_from_where_it_lies),
        cmocka_unit_test(who_is_sent_away_at_once_comes_back_later_and_later),
        cmocka_unit_test(a_silent_peer_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
