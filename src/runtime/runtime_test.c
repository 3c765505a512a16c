/*
 * runtime_test.c - loops, timers, mailboxes and flows, on one thread.
 * Method: a loop over a platform in memory whose clock the test moves; timers against a plain
 *         sorted
 * list; flows by the order in which their steps ran.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/random.h"
#include "base/time.h"
#include "platform/twin.h"
#include "runtime/flow.h"
#include "runtime/loop.h"

struct bench {
    struct pgl_twin twin;
    struct pgl_waiter *waiter;
    struct pgl_loop loop;
};

static void bench_open(struct bench *bench)
{
    pgl_twin_open(&bench->twin, 1);
    struct pgl_platform *platform = &bench->twin.platform;
    bench->waiter = platform->waiter_open(platform);
    pgl_loop_init(&bench->loop, "test", platform, bench->waiter);
}

static void bench_close(struct bench *bench)
{
    bench->waiter->ops->close(bench->waiter);
    pgl_twin_close(&bench->twin);
}

/* ---- timers ---- */

enum { TIMERS = 200 };

static void on_due(void *owner)
{
    (void)owner;
}

/* The earliest of those that are set, by looking at all of them. */
static struct pgl_timer *plain_first(struct pgl_timer timers[TIMERS])
{
    struct pgl_timer *first = NULL;
    for (int i = 0; i < TIMERS; i++)
        if (timers[i].is_set &&
            (first == NULL || timers[i].due_ns < first->due_ns ||
             (timers[i].due_ns == first->due_ns && timers[i].order < first->order)))
            first = &timers[i];
    return first;
}

static void timers_come_in_the_order_of_their_time_and_then_of_being_set(void **unused)
{
    (void)unused;
    static struct pgl_timer timers[TIMERS];
    struct pgl_timers heap = { 0 };
    struct pgl_random random;
    pgl_random_seed(&random, 3, 0);
    for (int round = 0; round < 20000; round++) {
        struct pgl_timer *timer = &timers[pgl_random_below(&random, TIMERS)];
        switch (pgl_random_below(&random, 3)) {
        case 0:
            pgl_timer_set(&heap, timer, (int64_t)pgl_random_below(&random, 50), on_due, NULL);
            break;
        case 1:
            pgl_timer_clear(&heap, timer);
            break;
        default: {
            struct pgl_timer *first = plain_first(timers);
            int64_t now_ns = (int64_t)pgl_random_below(&random, 60);
            bool is_due = first != NULL && first->due_ns <= now_ns;
            assert_true(pgl_timers_next_ns(&heap) == (first ? first->due_ns : PGL_NEVER_NS));
            assert_ptr_equal(pgl_timers_take_due(&heap, now_ns), is_due ? first : NULL);
        }
        }
    }
}

struct eager {
    struct pgl_loop *loop;
    struct pgl_timer timer;
    int count;
};

static void come_again(void *owner)
{
    struct eager *eager = owner;
    eager->count++;
    pgl_timer_set(&eager->loop->timers, &eager->timer, 0, come_again, eager);
}

static void a_timer_that_is_always_due_has_one_place_in_a_turn(void **unused)
{
    (void)unused;
    struct bench bench;
    bench_open(&bench);
    struct eager eager = { .loop = &bench.loop };
    pgl_timer_set(&bench.loop.timers, &eager.timer, 0, come_again, &eager);
    for (int turn = 1; turn <= 3; turn++) {
        assert_true(pgl_loop_turn(&bench.loop)); /* nobody sleeps: it is due */
        assert_int_equal(eager.count, turn);
    }
    pgl_timer_clear(&bench.loop.timers, &eager.timer);
    assert_false(pgl_loop_turn(&bench.loop));
    bench_close(&bench);
}

/* ---- mailboxes ---- */

enum { LETTERS = 5 };

struct letters {
    struct pgl_mailbox mailbox;
    struct pgl_message *got[LETTERS];
    int count;
    bool replies;
};

static void take_letter(void *owner, struct pgl_message *message)
{
    struct letters *letters = owner;
    letters->got[letters->count++] = message;
    if (letters->replies)
        pgl_message_reply(message);
}

static void a_mailbox_keeps_the_order_and_refuses_when_it_is_full(void **unused)
{
    (void)unused;
    struct bench bench;
    struct letters letters = { .count = 0 };
    struct pgl_message messages[LETTERS] = { { NULL, NULL, NULL } };
    bench_open(&bench);
    pgl_mailbox_open(&letters.mailbox, &bench.loop, LETTERS - 1, take_letter, &letters);
    for (int i = 0; i < LETTERS - 1; i++)
        assert_true(pgl_is_ok(pgl_mailbox_send(&bench.loop, &letters.mailbox, &messages[i])));
    assert_int_equal(pgl_mailbox_send(&bench.loop, &letters.mailbox, &messages[LETTERS - 1]).code,
                     PGL_EXHAUSTED);
    pgl_loop_turn(&bench.loop);
    assert_int_equal(letters.count, LETTERS - 1);
    for (int i = 0; i < LETTERS - 1; i++)
        assert_ptr_equal(letters.got[i], &messages[i]);
    /* What was taken makes room. */
    assert_true(pgl_is_ok(pgl_mailbox_send(&bench.loop, &letters.mailbox, &messages[LETTERS - 1])));
    pgl_loop_turn(&bench.loop);
    assert_int_equal(letters.count, LETTERS);
    bench_close(&bench);
}

static void a_reply_is_never_refused(void **unused)
{
    (void)unused;
    struct bench bench;
    struct letters answering = { .replies = true }, asking = { .count = 0 };
    struct pgl_message messages[LETTERS] = { { NULL, NULL, NULL } };
    bench_open(&bench);
    pgl_mailbox_open(&answering.mailbox, &bench.loop, LETTERS, take_letter, &answering);
    pgl_mailbox_open(&asking.mailbox, &bench.loop, 0, take_letter, &asking);
    for (int i = 0; i < LETTERS; i++) {
        messages[i].reply_to = &asking.mailbox;
        assert_true(pgl_is_ok(pgl_mailbox_send(&bench.loop, &answering.mailbox, &messages[i])));
    }
    pgl_loop_turn(&bench.loop);
    pgl_loop_turn(&bench.loop);
    assert_int_equal(asking.count, LETTERS);
    bench_close(&bench);
}

/* ---- flows ---- */

enum { WALK_FIRST, WALK_SECOND, WALK_LATE, WALK_END };

struct walk {
    struct pgl_flow flow;
    char steps[16];
    int count;
    bool is_done;
};

static struct walk *note(struct pgl_flow *flow, char step)
{
    struct walk *walk = PGL_CONTAINER(flow, struct walk, flow);
    walk->steps[walk->count++] = step;
    return walk;
}

static struct pgl_go walk_first(struct pgl_flow *flow)
{
    note(flow, '1');
    return pgl_wait(WALK_SECOND);
}

static struct pgl_go walk_second(struct pgl_flow *flow)
{
    note(flow, '2');
    return pgl_go(WALK_END);
}

static struct pgl_go walk_late(struct pgl_flow *flow)
{
    note(flow, 'L');
    return pgl_go(WALK_END);
}

static struct pgl_go walk_end(struct pgl_flow *flow)
{
    note(flow, 'E');
    return pgl_done();
}

static void on_walked(struct pgl_flow *flow)
{
    PGL_CONTAINER(flow, struct walk, flow)->is_done = true;
}

static const struct pgl_step walk_steps[] = {
    /*               name     does         at most               when late */
    [WALK_FIRST] = { "first", walk_first, 0, 0 },
    [WALK_SECOND] = { "second", walk_second, PGL_SECONDS(2), WALK_LATE },
    [WALK_LATE] = { "late", walk_late, 0, 0 },
    [WALK_END] = { "end", walk_end, 0, 0 },
};

static void a_flow_goes_on_when_it_is_woken_and_no_sooner(void **unused)
{
    (void)unused;
    struct bench bench;
    struct walk walk = { .count = 0 };
    bench_open(&bench);
    pgl_flow_start(&walk.flow, &bench.loop, walk_steps, WALK_FIRST, on_walked);
    pgl_loop_turn(&bench.loop);
    pgl_loop_turn(&bench.loop);
    assert_string_equal(walk.steps, "1");
    pgl_flow_wake(&walk.flow);
    pgl_flow_wake(&walk.flow); /* twice is once */
    pgl_loop_turn(&bench.loop);
    assert_string_equal(walk.steps, "12E");
    assert_true(walk.is_done);
    assert_true(pgl_timers_next_ns(&bench.loop.timers) == PGL_NEVER_NS);
    bench_close(&bench);
}

static void a_flow_that_waits_too_long_goes_where_its_row_says(void **unused)
{
    (void)unused;
    struct bench bench;
    struct walk walk = { .count = 0 };
    bench_open(&bench);
    pgl_flow_start(&walk.flow, &bench.loop, walk_steps, WALK_FIRST, on_walked);
    pgl_loop_turn(&bench.loop);
    pgl_twin_advance(&bench.twin, PGL_SECONDS(2) - 1);
    pgl_loop_turn(&bench.loop);
    assert_string_equal(walk.steps, "1");
    pgl_twin_advance(&bench.twin, 1);
    pgl_loop_turn(&bench.loop);
    assert_string_equal(walk.steps, "1LE");
    assert_true(walk.is_done);
    bench_close(&bench);
}

static void a_slow_turn_is_counted(void **unused)
{
    (void)unused;
    struct bench bench;
    bench_open(&bench);
    bench.loop.slow_ns = 1;
    pgl_loop_turn(&bench.loop);
    assert_int_equal(pgl_counter_read(&bench.loop.slow_turns), 0); /* the clock stands still */
    assert_int_equal(pgl_counter_read(&bench.loop.turns), 1);
    bench_close(&bench);
}

static char last_line[256];

static void keep_line(struct pgl_platform *platform, struct pgl_text line)
{
    (void)platform;
    snprintf(last_line, sizeof last_line, "%.*s", PGL_TEXT_ARGS(line));
}

static void what_was_left_out_of_the_log_is_said_though_nothing_more_happens(void **unused)
{
    (void)unused;
    struct bench bench;
    struct pgl_log_cap cap = { .owes = false };
    bench_open(&bench);
    bench.twin.platform.log_write = keep_line;
    bench.loop.log.cap = &cap;
    for (int i = 0; i < PGL_LOG_LINES_MAX + 3; i++)
        pgl_log(&bench.loop.log, PGL_LOG_WARN, "edge", "e", "%s", "");
    pgl_loop_turn(&bench.loop);
    assert_true(pgl_loop_next_ns(&bench.loop) == bench.loop.now_ns + PGL_SECONDS(1));
    pgl_twin_advance(&bench.twin, PGL_SECONDS(1));
    pgl_loop_turn(&bench.loop);
    assert_non_null(strstr(last_line, "source=edge lines_left_out=3\n"));
    assert_true(pgl_loop_next_ns(&bench.loop) == PGL_NEVER_NS);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_come_in_the_order_of_their_time_and_then_of_being_set),
        cmocka_unit_test(a_timer_that_is_always_due_has_one_place_in_a_turn),
        cmocka_unit_test(a_mailbox_keeps_the_order_and_refuses_when_it_is_full),
        cmocka_unit_test(a_reply_is_never_refused),
        cmocka_unit_test(a_flow_goes_on_when_it_is_woken_and_no_sooner),
        cmocka_unit_test(a_flow_that_waits_too_long_goes_where_its_row_says),
        cmocka_unit_test(a_slow_turn_is_counted),
        cmocka_unit_test(what_was_left_out_of_the_log_is_said_though_nothing_more_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
