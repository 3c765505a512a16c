/*
 * clock_test.c - no jump of the wall clock brings a moment nearer that somebody waits for.
 * Method: the clocks of the twin, moved as machines move them, with and without a restart between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "platform/twin.h"
#include "saga/clock.h"

#define YEARS(n) (PGL_HOURS(24) * 365 * (n))

struct bench {
    struct pgl_twin twin;
    struct pgl_saga_clock clock;
    struct pgl_tick tick; /* on disk */
    int64_t started_ns;   /* the clock, at open */
};

static int64_t look(struct bench *bench, bool is_awaited)
{
    return pgl_saga_clock_look(&bench->clock, is_awaited, bench->twin.now_ns, bench->twin.wall_ns);
}

static void open_clock(struct bench *bench)
{
    pgl_saga_clock_open(&bench->clock, &bench->tick, bench->twin.now_ns, bench->twin.wall_ns);
}

static void open_bench(struct bench *bench)
{
    *bench = (struct bench){ .started_ns = 0 };
    pgl_twin_open(&bench->twin, 1);
    open_clock(bench);
    bench->started_ns = look(bench, false);
}

static void write_tick(struct bench *bench)
{
    bench->tick = (struct pgl_tick){ look(bench, true), bench->twin.wall_ns };
    pgl_saga_clock_ticked(&bench->clock, bench->twin.now_ns);
}

/* As the machine does it: both clocks, and the wall clock once more on its own. */
static void pass(struct bench *bench, int64_t ns, int64_t jump_ns)
{
    pgl_twin_advance(&bench->twin, ns);
    bench->twin.wall_ns += jump_ns;
}

static const int64_t jumps[] = { 0, PGL_HOURS(1), -PGL_HOURS(1), YEARS(10), -YEARS(10) };
#define JUMPS (sizeof jumps / sizeof jumps[0])

static void the_first_start_takes_the_wall_clock(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    assert_int_equal(bench.started_ns, bench.twin.wall_ns);
    pgl_twin_close(&bench.twin);
}

static void while_somebody_waits_no_jump_is_followed(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < JUMPS; i++) {
        struct bench bench;
        open_bench(&bench);
        pass(&bench, PGL_SECONDS(10), jumps[i]);
        assert_int_equal(look(&bench, true) - bench.started_ns, PGL_SECONDS(10));
        pass(&bench, PGL_SECONDS(5), -jumps[i]); /* and back again */
        assert_int_equal(look(&bench, true) - bench.started_ns, PGL_SECONDS(15));
        pgl_twin_close(&bench.twin);
    }
}

static void a_wall_clock_that_stands_still_holds_nobody_up(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    bench.twin.now_ns += PGL_MINUTES(20);
    assert_int_equal(look(&bench, true) - bench.started_ns, PGL_MINUTES(20));
    pgl_twin_close(&bench.twin);
}

static void a_monotonic_clock_that_goes_back_changes_nothing(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    pass(&bench, PGL_SECONDS(10), 0);
    assert_int_equal(look(&bench, true) - bench.started_ns, PGL_SECONDS(10));
    bench.twin.now_ns -= PGL_SECONDS(1);
    assert_int_equal(look(&bench, true) - bench.started_ns, PGL_SECONDS(10));
    bench.twin.now_ns += PGL_SECONDS(2);
    assert_int_equal(look(&bench, true) - bench.started_ns, PGL_SECONDS(11));
    pgl_twin_close(&bench.twin);
}

static void while_nobody_waits_it_follows_the_wall_clock_forward(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    pass(&bench, PGL_SECONDS(1), PGL_HOURS(1));
    assert_int_equal(look(&bench, false), bench.twin.wall_ns);
    pass(&bench, PGL_SECONDS(1), -PGL_HOURS(1));
    int64_t ahead_ns = look(&bench, false);
    assert_int_equal(ahead_ns, bench.twin.wall_ns + PGL_HOURS(1) - PGL_SECONDS(1));
    pass(&bench, PGL_HOURS(1), 0); /* it has waited to be met */
    assert_int_equal(look(&bench, false), bench.twin.wall_ns);
    pgl_twin_close(&bench.twin);
}

/* Down for a minute, and the wall clock set anew meanwhile: what passes is what the wall clock
 * says, from nothing to five minutes. */
static void a_restart_counts_the_time_between_within_bounds(void **unused)
{
    (void)unused;
    static const struct {
        int64_t down_ns, jump_ns, counted_ns;
    } rows[] = {
        { PGL_SECONDS(60), 0, PGL_SECONDS(60) },
        { PGL_HOURS(2), 0, PGL_DOWNTIME_MAX_NS },
        { PGL_SECONDS(60), PGL_HOURS(1), PGL_DOWNTIME_MAX_NS },
        { PGL_SECONDS(60), YEARS(10), PGL_DOWNTIME_MAX_NS },
        { PGL_SECONDS(60), -PGL_HOURS(1), 0 },
        { PGL_SECONDS(60), -YEARS(10), 0 },
        { PGL_SECONDS(60), -PGL_SECONDS(60), 0 }, /* it stood still */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench bench;
        open_bench(&bench);
        pass(&bench, PGL_SECONDS(10), 0);
        write_tick(&bench);
        pass(&bench, rows[i].down_ns, rows[i].jump_ns);
        bench.twin.now_ns = 7; /* another boot of the machine */
        open_clock(&bench);
        assert_int_equal(look(&bench, true) - bench.started_ns,
                         PGL_SECONDS(10) + rows[i].counted_ns);
        pass(&bench, PGL_SECONDS(3), 0);
        assert_int_equal(look(&bench, true) - bench.started_ns,
                         PGL_SECONDS(13) + rows[i].counted_ns);
        pgl_twin_close(&bench.twin);
    }
}

/* The usual deadline is not reached by any jump, with or without a restart, while it really has
 * five minutes to go or more. */
static void no_jump_expires_what_has_time(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < JUMPS; i++)
        for (size_t k = 0; k < JUMPS; k++) {
            struct bench bench;
            open_bench(&bench);
            int64_t deadline_ns = bench.started_ns + PGL_MINUTES(15);
            pass(&bench, PGL_MINUTES(5), jumps[i]);
            write_tick(&bench);
            pass(&bench, PGL_SECONDS(30), jumps[k]);
            open_clock(&bench);
            pass(&bench, PGL_MINUTES(4), 0);
            assert_true(look(&bench, true) < deadline_ns);
            pgl_twin_close(&bench.twin);
        }
}

static void it_never_runs_backwards(void **unused)
{
    (void)unused;
    struct bench bench;
    struct pgl_random random;
    open_bench(&bench);
    pgl_random_seed(&random, 7, 1);
    int64_t before = bench.started_ns;
    for (int i = 0; i < 10000; i++) {
        int64_t jump_ns = (int64_t)pgl_random_below(&random, 1000) * PGL_SECONDS(1);
        pass(&bench, (int64_t)pgl_random_below(&random, 1000) * PGL_MILLISECONDS(1),
             i % 3 == 0   ? -jump_ns
             : i % 3 == 1 ? jump_ns
                          : 0);
        if (pgl_random_below(&random, 10) == 0) {
            write_tick(&bench);
            open_clock(&bench);
        }
        int64_t now = look(&bench, pgl_random_below(&random, 2) == 0);
        assert_true(now >= before);
        before = now;
    }
    pgl_twin_close(&bench.twin);
}

static void a_tick_is_due_once_a_second(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    assert_true(pgl_saga_clock_is_tick_due(&bench.clock, bench.twin.now_ns));
    write_tick(&bench);
    pass(&bench, PGL_TICK_NS - 1, 0);
    assert_false(pgl_saga_clock_is_tick_due(&bench.clock, bench.twin.now_ns));
    pass(&bench, 1, 0);
    assert_true(pgl_saga_clock_is_tick_due(&bench.clock, bench.twin.now_ns));
    pgl_twin_close(&bench.twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_start_takes_the_wall_clock),
        cmocka_unit_test(while_somebody_waits_no_jump_is_followed),
        cmocka_unit_test(a_wall_clock_that_stands_still_holds_nobody_up),
        cmocka_unit_test(a_monotonic_clock_that_goes_back_changes_nothing),
        cmocka_unit_test(while_nobody_waits_it_follows_the_wall_clock_forward),
        cmocka_unit_test(a_restart_counts_the_time_between_within_bounds),
        cmocka_unit_test(no_jump_expires_what_has_time),
        cmocka_unit_test(it_never_runs_backwards),
        cmocka_unit_test(a_tick_is_due_once_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
