/*
 * twin_test.c - the machine in memory behaves as the real one does where it matters, and the same
 * way each time.
 *
 * Method: both ends of a connection are held by the test; the clock is moved by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/time.h"
#include "platform/twin.h"

#define PORT 80

struct pair {
    struct pgl_twin twin;
    struct pgl_waiter *waiter;
    struct pgl_list near_news, far_news; /* the listener is far too */
    struct pgl_socket *listener, *near, *far;
};

static struct pgl_socket *connect_to(struct pair *pair, uint16_t port)
{
    struct pgl_socket *socket;
    assert_true(pgl_is_ok(
        pair->waiter->ops->connect(pair->waiter, "127.0.0.1", port, &pair->near_news, &socket)));
    return socket;
}

static void pair_open_listening(struct pair *pair, uint64_t seed)
{
    pgl_twin_open(&pair->twin, seed);
    pair->waiter = pair->twin.platform.waiter_open(&pair->twin.platform);
    pgl_list_init(&pair->near_news);
    pgl_list_init(&pair->far_news);
    assert_true(pgl_is_ok(pair->waiter->ops->listen(pair->waiter, "127.0.0.1", PORT,
                                                    &pair->far_news, &pair->listener)));
}

static void pair_open(struct pair *pair, uint64_t seed)
{
    pair_open_listening(pair, seed);
    pair->near = connect_to(pair, PORT);
    pair->far = pair->listener->ops->accept(pair->listener, &pair->far_news);
    assert_non_null(pair->far);
}

static void pair_close(struct pair *pair)
{
    if (pair->near != NULL)
        pair->near->ops->close(pair->near);
    if (pair->far != NULL)
        pair->far->ops->close(pair->far);
    pair->listener->ops->close(pair->listener);
    pair->waiter->ops->close(pair->waiter);
    pgl_twin_close(&pair->twin);
}

static enum pgl_io say(struct pgl_socket *socket, const char *text, size_t *put)
{
    struct pgl_span spans[] = { { text, 1 }, { text + 1, strlen(text) - 1 } };
    return socket->ops->write(socket, spans, 2, put);
}

static void assert_hears(struct pgl_socket *socket, const char *expected)
{
    char heard[64] = "";
    size_t got;
    assert_int_equal(socket->ops->read(socket, heard, sizeof heard - 1, &got), PGL_IO_DONE);
    assert_string_equal(heard, expected);
}

static enum pgl_io hear(struct pgl_socket *socket)
{
    char heard[64];
    size_t got;
    return socket->ops->read(socket, heard, sizeof heard, &got);
}

static void bytes_go_both_ways(void **unused)
{
    struct pair pair;
    size_t put;
    (void)unused;
    pair_open(&pair, 1);
    assert_string_equal(pair.far->peer, "192.0.2.1");
    assert_int_equal(hear(pair.far), PGL_IO_WAIT);
    assert_int_equal(say(pair.near, "question", &put), PGL_IO_DONE);
    assert_int_equal(put, 8);
    assert_hears(pair.far, "question");
    assert_int_equal(say(pair.far, "answer", &put), PGL_IO_DONE);
    assert_int_equal(say(pair.far, "s", &put), PGL_IO_DONE);
    assert_hears(pair.near, "answers");
    assert_int_equal(hear(pair.near), PGL_IO_WAIT);
    pair_close(&pair);
}

/* As epoll does it: the news stays until it is gone, but only for who wants it. */
static void news_is_noted_while_it_lasts(void **unused)
{
    struct pair pair;
    size_t put;
    (void)unused;
    pair_open(&pair, 1);
    pair.waiter->ops->wait(pair.waiter, 0);
    assert_true(pgl_list_is_empty(&pair.far_news));
    assert_false(pgl_list_is_empty(&pair.near_news)); /* it is connected, so it may write */
    pgl_list_take_first(&pair.near_news);

    say(pair.near, "news", &put);
    for (int i = 0; i < 2; i++) {
        pair.waiter->ops->wait(pair.waiter, 0);
        assert_ptr_equal(pgl_list_take_first(&pair.far_news), &pair.far->ready);
    }
    pair.far->ops->want(pair.far, false, false);
    pair.waiter->ops->wait(pair.waiter, 0);
    assert_true(pgl_list_is_empty(&pair.far_news));
    pair.far->ops->want(pair.far, true, false);
    assert_hears(pair.far, "news");
    pair.waiter->ops->wait(pair.waiter, 0);
    assert_true(pgl_list_is_empty(&pair.far_news));
    pair_close(&pair);
}

static void a_full_pipe_stops_its_writer(void **unused)
{
    struct pair pair;
    size_t put;
    (void)unused;
    pair_open(&pair, 1);
    pair.twin.pipe_bytes_max = 6;
    assert_int_equal(say(pair.near, "12345678", &put), PGL_IO_DONE);
    assert_int_equal(put, 6);
    assert_int_equal(say(pair.near, "78", &put), PGL_IO_WAIT);
    pair.waiter->ops->wait(pair.waiter, 0);
    assert_true(pgl_list_is_empty(&pair.near_news));
    assert_hears(pair.far, "123456");
    pair.waiter->ops->wait(pair.waiter, 0);
    assert_ptr_equal(pgl_list_take_first(&pair.near_news), &pair.near->ready);
    assert_int_equal(say(pair.near, "78", &put), PGL_IO_DONE);
    pair_close(&pair);
}

static void delay_is_virtual_time(void **unused)
{
    struct pair pair;
    size_t put;
    (void)unused;
    pair_open_listening(&pair, 1);
    pair.twin.delay_ns = PGL_MILLISECONDS(10);
    pair.near = connect_to(&pair, PORT);
    int64_t start_ns = pair.twin.now_ns;
    assert_null(pair.listener->ops->accept(pair.listener, &pair.far_news));
    assert_int_equal(say(pair.near, "early", &put), PGL_IO_WAIT);
    assert_int_equal(pgl_twin_next_ns(&pair.twin), start_ns + PGL_MILLISECONDS(10));
    pgl_twin_advance(&pair.twin, PGL_MILLISECONDS(10));
    pair.far = pair.listener->ops->accept(pair.listener, &pair.far_news);
    assert_non_null(pair.far);
    pgl_twin_advance(&pair.twin, PGL_MILLISECONDS(10));
    pair.near->ops->want(pair.near, true, false);

    assert_int_equal(say(pair.near, "slow", &put), PGL_IO_DONE);
    pair.twin.delay_ns = 0; /* what is sent later does not overtake */
    assert_int_equal(say(pair.near, "fast", &put), PGL_IO_DONE);
    assert_int_equal(pgl_twin_next_ns(&pair.twin), start_ns + PGL_MILLISECONDS(30));
    pgl_twin_advance(&pair.twin, PGL_MILLISECONDS(10) - 1);
    assert_int_equal(hear(pair.far), PGL_IO_WAIT);
    pgl_twin_advance(&pair.twin, 1);
    assert_hears(pair.far, "slowfast");
    assert_int_equal(pgl_twin_next_ns(&pair.twin), PGL_NEVER_NS);
    pair_close(&pair);
}

static void an_end_comes_behind_the_bytes(void **unused)
{
    struct pair pair;
    size_t put;
    (void)unused;
    pair_open(&pair, 1);
    say(pair.near, "last", &put);
    pgl_twin_end_output(pair.near);
    assert_hears(pair.far, "last");
    assert_int_equal(hear(pair.far), PGL_IO_END);
    assert_int_equal(hear(pair.far), PGL_IO_END);
    assert_int_equal(say(pair.far, "still", &put), PGL_IO_DONE); /* only one direction has ended */
    assert_hears(pair.near, "still");
    pair.near->ops->close(pair.near);
    pair.near = NULL;
    assert_int_equal(say(pair.far, "gone", &put), PGL_IO_BROKEN);
    pair_close(&pair);
}

/* The trap that servers fall into: closing with bytes unread takes the answer away from the
 * peer. */
static void closing_with_bytes_unread_resets(void **unused)
{
    struct pair pair;
    size_t put;
    (void)unused;
    for (int unread = 0; unread < 2; unread++) {
        pair_open(&pair, 1);
        say(pair.near, "request", &put);
        if (!unread)
            assert_hears(pair.far, "request");
        say(pair.far, "answer", &put);
        pair.far->ops->close(pair.far);
        pair.far = NULL;
        if (unread)
            assert_int_equal(hear(pair.near), PGL_IO_BROKEN);
        else
            assert_hears(pair.near, "answer");
        pair_close(&pair);
    }
}

static void a_break_is_seen_by_both(void **unused)
{
    struct pair pair;
    size_t put;
    (void)unused;
    pair_open(&pair, 1);
    pgl_list_remove(&pair.near->ready);
    say(pair.near, "lost", &put);
    pgl_twin_break(pair.far);
    pair.waiter->ops->wait(pair.waiter, 0);
    assert_false(pgl_list_is_empty(&pair.near_news));
    assert_false(pgl_list_is_empty(&pair.far_news));
    assert_int_equal(hear(pair.far), PGL_IO_BROKEN);
    assert_int_equal(hear(pair.near), PGL_IO_BROKEN);
    assert_int_equal(say(pair.near, "more", &put), PGL_IO_BROKEN);
    pair_close(&pair);
}

static void nobody_listens(void **unused)
{
    struct pair pair;
    size_t put;
    (void)unused;
    pair_open_listening(&pair, 1);
    pair.far = NULL;
    pair.near = connect_to(&pair, PORT + 1);
    pair.waiter->ops->wait(pair.waiter, 0);
    assert_ptr_equal(pgl_list_take_first(&pair.near_news), &pair.near->ready);
    assert_int_equal(say(pair.near, "hello", &put), PGL_IO_BROKEN);
    struct pgl_socket *second;
    assert_int_equal(
        pair.waiter->ops->listen(pair.waiter, "127.0.0.1", PORT, &pair.far_news, &second).code,
        PGL_UNAVAILABLE);
    pair_close(&pair);
}

static void a_listener_that_closes_breaks_who_waits(void **unused)
{
    struct pair pair;
    (void)unused;
    pair_open_listening(&pair, 1);
    pair.far = NULL;
    pair.near = connect_to(&pair, PORT);
    pair.listener->ops->close(pair.listener);
    assert_int_equal(hear(pair.near), PGL_IO_BROKEN);
    assert_true(pgl_is_ok(
        pair.waiter->ops->listen(pair.waiter, "127.0.0.1", 0, &pair.far_news, &pair.listener)));
    assert_int_not_equal(pair.listener->port, 0);
    pair_close(&pair);
}

/* Moves 200 bytes in drawn pieces, and notes how. */
static void draw(uint64_t seed, char sizes[1024])
{
    struct pair pair;
    char bytes[200], heard[200];
    size_t sent = 0, received = 0, at = 0, moved;
    pair_open(&pair, seed);
    pair.twin.draws_sizes = true;
    pair.twin.pipe_bytes_max = 50;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    while (received < sizeof bytes) {
        struct pgl_span span = { bytes + sent, sizeof bytes - sent };
        if (sent < sizeof bytes &&
            pair.near->ops->write(pair.near, &span, 1, &moved) == PGL_IO_DONE) {
            assert_in_range(moved, 1, 50);
            sent += moved;
            at += (size_t)snprintf(sizes + at, 1024 - at, "w%zu ", moved);
        }
        if (pair.far->ops->read(pair.far, heard + received, sizeof heard - received, &moved) ==
            PGL_IO_DONE) {
            received += moved;
            at += (size_t)snprintf(sizes + at, 1024 - at, "r%zu ", moved);
        }
    }
    assert_memory_equal(heard, bytes, sizeof bytes);
    at += (size_t)snprintf(sizes + at, 1024 - at, "%llx",
                           (unsigned long long)pgl_entropy_u64(&pair.twin.platform.entropy));
    pair_close(&pair);
}

static void a_seed_is_a_history(void **unused)
{
    char first[1024], again[1024], other[1024];
    (void)unused;
    draw(1, first);
    draw(1, again);
    draw(2, other);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
}

static void time_is_the_tests(void **unused)
{
    struct pair pair;
    (void)unused;
    pair_open(&pair, 1);
    int64_t monotonic_ns = pgl_clock_monotonic_ns(&pair.twin.platform.clock);
    int64_t wall_ns = pgl_clock_wall_ns(&pair.twin.platform.clock);
    pair.waiter->ops->wait(pair.waiter, PGL_HOURS(5)); /* returns at once */
    assert_int_equal(pgl_twin_waited_until_ns(pair.waiter), PGL_HOURS(5));
    assert_int_equal(pgl_clock_monotonic_ns(&pair.twin.platform.clock), monotonic_ns);
    pgl_twin_advance(&pair.twin, 7);
    assert_int_equal(pgl_clock_monotonic_ns(&pair.twin.platform.clock), monotonic_ns + 7);
    assert_int_equal(pgl_clock_wall_ns(&pair.twin.platform.clock), wall_ns + 7);
    pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways),
        cmocka_unit_test(news_is_noted_while_it_lasts),
        cmocka_unit_test(a_full_pipe_stops_its_writer),
        cmocka_unit_test(delay_is_virtual_time),
        cmocka_unit_test(an_end_comes_behind_the_bytes),
        cmocka_unit_test(closing_with_bytes_unread_resets),
        cmocka_unit_test(a_break_is_seen_by_both),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(a_listener_that_closes_breaks_who_waits),
        cmocka_unit_test(a_seed_is_a_history),
        cmocka_unit_test(time_is_the_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
