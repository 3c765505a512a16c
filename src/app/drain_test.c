/*
 * drain_test.c - the end of a process: notice, closing, what is in flight, and how haste shortens
 * it.
 * Method: a loop over the twin whose clock the test moves; what is told is noted by letters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "app/drain.h"
#include "base/time.h"
#include "platform/twin.h"

static struct {
    struct pgl_twin twin;
    struct pgl_loop loop;
    struct pgl_thread threads[2];
    struct pgl_drain drain;
    char told[8];
    bool is_idle;
} bench;

static void note(char what)
{
    size_t size = strlen(bench.told);
    assert_true(size + 1 < sizeof bench.told);
    bench.told[size] = what;
}

static void not_ready(void *self)
{
    (void)self;
    note('n');
}

static void close_doors(void *self)
{
    (void)self;
    note('c');
}

static bool is_idle(void *self)
{
    (void)self;
    return bench.is_idle;
}

static int begin(void **unused)
{
    (void)unused;
    memset(&bench, 0, sizeof bench);
    pgl_twin_open(&bench.twin, 1);
    struct pgl_waiter *waiter = bench.twin.platform.waiter_open(&bench.twin.platform);
    pgl_loop_init(&bench.loop, "edge", &bench.twin.platform, waiter);
    bench.loop.log.least = PGL_LOG_ERROR;
    for (int t = 0; t < 2; t++)
        bench.threads[t].waiter = waiter;
    const struct pgl_drain_options options = { .notice_ns = PGL_SECONDS(3),
                                               .at_most_ns = PGL_SECONDS(10),
                                               .not_ready = not_ready,
                                               .close = close_doors,
                                               .is_idle = is_idle,
                                               .threads = bench.threads,
                                               .thread_count = 2 };
    pgl_drain_open(&bench.drain, &bench.loop, &options);
    return 0;
}

static int end(void **unused)
{
    (void)unused;
    bench.loop.waiter->ops->close(bench.loop.waiter);
    pgl_twin_close(&bench.twin);
    return 0;
}

static bool is_stopped(void)
{
    assert_int_equal(atomic_load(&bench.threads[0].is_stopping),
                     atomic_load(&bench.threads[1].is_stopping));
    return atomic_load(&bench.threads[0].is_stopping);
}

/* Turns, as a thread would do them, for as long. */
static void pass(int64_t by_ns)
{
    int64_t until_ns = bench.twin.now_ns + by_ns;
    for (; bench.twin.now_ns <= until_ns; bench.twin.now_ns += PGL_MILLISECONDS(5))
        for (int i = 0; i < 10 && pgl_loop_turn(&bench.loop); i++) {
        }
}

static void it_is_announced_then_closed_then_waited_for(void **unused)
{
    (void)unused;
    pass(PGL_SECONDS(60));
    assert_string_equal(bench.told, "");
    pgl_drain_ask(&bench.drain);
    pass(PGL_MILLISECONDS(2900));
    assert_string_equal(bench.told, "n");
    pass(PGL_MILLISECONDS(200));
    assert_string_equal(bench.told, "nc");
    pass(PGL_SECONDS(9));
    assert_false(is_stopped());
    bench.is_idle = true;
    pass(PGL_MILLISECONDS(50));
    assert_true(is_stopped());
    assert_string_equal(bench.told, "nc");
}

static void what_takes_too_long_is_cut_off(void **unused)
{
    (void)unused;
    pgl_drain_ask(&bench.drain);
    pass(PGL_MILLISECONDS(12900));
    assert_false(is_stopped());
    pass(PGL_MILLISECONDS(200));
    assert_true(is_stopped());
}

static void a_second_wish_shortens_whatever_it_meets(void **unused)
{
    static const int64_t after_ns[] = { 0, PGL_SECONDS(1), PGL_SECONDS(5) };
    for (size_t i = 0; i < sizeof after_ns / sizeof after_ns[0]; i++) {
        begin(unused);
        pgl_drain_ask(&bench.drain);
        if (after_ns[i] > 0)
            pass(after_ns[i]);
        for (int more = 0; more < 5; more++) /* the third and on are nothing new */
            pgl_drain_ask(&bench.drain);
        pass(PGL_MILLISECONDS(50));
        assert_true(is_stopped());
        assert_string_equal(bench.told, "nc");
        end(unused);
    }
}

static void other_times_hold_for_an_end_to_come(void **unused)
{
    (void)unused;
    pgl_drain_change(&bench.drain, 0, PGL_SECONDS(1));
    pgl_drain_ask(&bench.drain);
    pass(PGL_MILLISECONDS(900));
    assert_string_equal(bench.told, "nc");
    assert_false(is_stopped());
    pass(PGL_MILLISECONDS(200));
    assert_true(is_stopped());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_announced_then_closed_then_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(what_takes_too_long_is_cut_off, begin, end),
        cmocka_unit_test(a_second_wish_shortens_whatever_it_meets),
        cmocka_unit_test_setup_teardown(other_times_hold_for_an_end_to_come, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
