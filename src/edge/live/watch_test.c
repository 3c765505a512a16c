/*
 * watch_test.c - who waits for news is woken by them, and each log is asked once for all of them.
 * Method: the edge's loop over the twin. The test is the three logs (it holds what they are asked,
 *         and answers when it likes) and those who wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/time.h"
#include "edge/live/watch.h"
#include "platform/twin.h"

#define WAITERS (EVENTS_WAITS_MAX + 1)

struct bench {
    struct pgl_twin twin;
    struct pgl_waiter *waiter;
    struct pgl_loop loop;
    struct pgl_edge edge;
    struct events_watch watch;
    struct pgl_arena arena;

    struct pgl_mailbox logs[EVENTS_LOGS], answers;
    struct pgl_call *asked[EVENTS_LOGS]; /* not answered yet */
    int asks[EVENTS_LOGS];

    struct waiter {
        struct pgl_call call; /* first: it comes back as a message */
        struct events_wait_ask ask;
        struct events_wait_reply reply;
        int answers;
    } waiters[WAITERS];
};

static void no_flow(void *service, struct pgl_call *call)
{
    (void)service, (void)call;
}

static const struct pgl_method methods[] = {
    [EVENT_LOG_SERVICE_READ] = { PGL_METHOD_FLOW, .flow = no_flow },
};

static void take_read(void *owner, struct pgl_message *message)
{
    struct bench *bench = owner;
    struct pgl_call *call = pgl_call_of(message);
    const ReadRequest *ask = call->ask;
    int l = ask->log == LOG_ORDERS ? 0 : ask->log == LOG_PAYMENTS ? 1 : 2;
    assert_null(bench->asked[l]); /* one at a time */
    bench->asked[l] = call;
    bench->asks[l]++;
}

static void take_answer(void *owner, struct pgl_message *message)
{
    (void)owner;
    ((struct waiter *)(void *)message)->answers++;
}

static void turn(struct bench *bench)
{
    while (pgl_loop_turn(&bench->loop) || pgl_loop_has_news(&bench->loop))
        ;
}

/* The logs answer in time, as they do. */
static void pass(struct bench *bench, int64_t ns)
{
    for (int64_t until_ns = bench->twin.now_ns + ns; bench->twin.now_ns < until_ns;) {
        pgl_twin_advance(&bench->twin, PGL_MILLISECONDS(50));
        for (int l = 0; l < EVENTS_LOGS; l++)
            if (bench->asked[l] != NULL && bench->asked[l]->deadline_ns <= bench->twin.now_ns) {
                const ReadRequest *ask = bench->asked[l]->ask;
                ((ReadResponse *)bench->asked[l]->reply)->high = ask->after;
                pgl_call_answer(bench->asked[l], PGL_OK);
                bench->asked[l] = NULL;
            }
        turn(bench);
    }
}

static void answer(struct bench *bench, int l, int64_t high, pgl_status status)
{
    struct pgl_call *call = bench->asked[l];
    assert_non_null(call);
    bench->asked[l] = NULL;
    ((ReadResponse *)call->reply)->high = high;
    pgl_call_answer(call, status);
    turn(bench);
}

static struct waiter *wait_for(struct bench *bench, int n, const char *wants, int64_t high)
{
    struct waiter *waiter = &bench->waiters[n];
    *waiter = (struct waiter){ .reply = { true } };
    for (; *wants != '\0'; wants++) {
        waiter->ask.wants[*wants - '0'] = true;
        waiter->ask.high[*wants - '0'] = high;
    }
    waiter->call = (struct pgl_call){ .ask = &waiter->ask,
                                      .reply = &waiter->reply,
                                      .arena = &bench->arena,
                                      .deadline_ns = bench->twin.now_ns + PGL_SECONDS(3) };
    waiter->call.message.reply_to = &bench->answers;
    assert_true(
        pgl_is_ok(pgl_mailbox_send(&bench->loop, bench->watch.self.flows, &waiter->call.message)));
    turn(bench);
    return waiter;
}

static struct bench *bench_open(void)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    pgl_twin_open(&bench.twin, 1);
    bench.waiter = bench.twin.platform.waiter_open(&bench.twin.platform);
    pgl_loop_init(&bench.loop, "edge", &bench.twin.platform, bench.waiter);
    pgl_arena_init(&bench.arena, 65536, 1u << 20);
    bench.edge.loop = &bench.loop;
    pgl_rpc_open(&bench.edge.rpc, &bench.loop);
    pgl_mailbox_open(&bench.answers, &bench.loop, 0, take_answer, &bench);
    for (int l = 0; l < EVENTS_LOGS; l++) {
        pgl_mailbox_open(&bench.logs[l], &bench.loop, 4, take_read, &bench);
        bench.edge.logs[l] = (struct pgl_endpoint){ .methods = methods, .flows = &bench.logs[l] };
    }
    events_watch_open(&bench.watch, &bench.edge);
    turn(&bench);
    return &bench;
}

static void bench_close(struct bench *bench)
{
    events_watch_close(&bench->watch);
    pgl_arena_free(&bench->arena);
    bench->waiter->ops->close(bench->waiter);
    pgl_twin_close(&bench->twin);
}

static void assert_told(const struct waiter *waiter, bool has_news)
{
    assert_int_equal(waiter->answers, 1);
    assert_int_equal(waiter->call.status.code, PGL_CODE_OK);
    assert_int_equal(waiter->reply.has_news, has_news);
}

static void news_wake_whom_they_are_news_to(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    pass(bench, PGL_SECONDS(5));
    assert_int_equal(bench->asks[0], 0); /* nobody wants to know */
    const struct waiter *all = wait_for(bench, 0, "012", 7), *orders = wait_for(bench, 1, "0", 7),
                        *payments = wait_for(bench, 2, "1", 7);
    for (int l = 0; l < EVENTS_LOGS; l++) {
        assert_int_equal(bench->asks[l], 1); /* for all who wait */
        assert_int_equal(((const ReadRequest *)bench->asked[l]->ask)->after, 7);
    }
    answer(bench, 1, 8, PGL_OK);
    assert_told(all, true);
    assert_told(payments, true);
    assert_int_equal(orders->answers, 0);
    answer(bench, 0, 7, PGL_OK); /* its time was up */
    assert_int_equal(orders->answers, 0);
    assert_int_equal(bench->asks[0], 2);
    answer(bench, 0, 9, PGL_OK);
    assert_told(orders, true);
    assert_int_equal(bench->asks[0], 2);
    bench_close(bench);
}

/* And nobody is asked any more. */
static void a_wait_has_an_end(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    const struct waiter *waiter = wait_for(bench, 0, "2", 0);
    pass(bench, PGL_MILLISECONDS(2900));
    assert_int_equal(waiter->answers, 0);
    pass(bench, PGL_MILLISECONDS(200));
    assert_told(waiter, false);
    assert_in_range(bench->asks[2], 3, 4);
    pass(bench, PGL_SECONDS(2));
    int asks = bench->asks[2];
    pass(bench, PGL_SECONDS(10));
    assert_int_equal(bench->asks[2], asks);
    bench_close(bench);
}

/* What came between an asker's look and its wait; known since somebody else waits, or not. */
static void nothing_is_missed_in_between(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    const struct waiter *first = wait_for(bench, 0, "0", 5);
    answer(bench, 0, 6, PGL_OK);
    assert_told(first, true);
    const struct waiter *second = wait_for(bench, 1, "0", 6);
    const struct waiter *old = wait_for(bench, 2, "0", 5);
    assert_told(old, true);
    const struct waiter *ahead = wait_for(bench, 3, "0", 8); /* the log is there, the answer not */
    answer(bench, 0, 8, PGL_OK);
    assert_told(second, true);
    assert_int_equal(ahead->answers, 0);
    answer(bench, 0, 9, PGL_OK);
    assert_told(ahead, true);
    /* Long afterwards the place of the first one who waits is what counts. */
    pass(bench, PGL_SECONDS(5));
    wait_for(bench, 4, "0", 3);
    assert_int_equal(((const ReadRequest *)bench->asked[0]->ask)->after, 3);
    bench_close(bench);
}

static void a_log_that_cannot_be_asked_wakes_all(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    const struct waiter *one = wait_for(bench, 0, "01", 5), *other = wait_for(bench, 1, "0", 5);
    answer(bench, 1, 0, PGL_FAIL(PGL_UNAVAILABLE, "it is not there"));
    assert_told(one, true);
    assert_int_equal(other->answers, 0);
    const struct waiter *next = wait_for(bench, 2, "1", 5);
    assert_int_equal(bench->asks[1], 1); /* not at once again */
    pass(bench, PGL_SECONDS(1));
    assert_int_equal(bench->asks[1], 2);
    assert_int_equal(next->answers, 0);
    bench_close(bench);
}

static void too_many_are_told_so(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    for (int n = 0; n < EVENTS_WAITS_MAX; n++)
        wait_for(bench, n, "0", 1);
    struct waiter *beyond = wait_for(bench, EVENTS_WAITS_MAX, "0", 1);
    assert_int_equal(beyond->call.status.code, PGL_EXHAUSTED);
    answer(bench, 0, 2, PGL_OK);
    for (int n = 0; n < EVENTS_WAITS_MAX; n++)
        assert_told(&bench->waiters[n], true);
    assert_int_equal(bench->asks[0], 1);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_wake_whom_they_are_news_to),
        cmocka_unit_test(a_wait_has_an_end),
        cmocka_unit_test(nothing_is_missed_in_between),
        cmocka_unit_test(a_log_that_cannot_be_asked_wakes_all),
        cmocka_unit_test(too_many_are_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
