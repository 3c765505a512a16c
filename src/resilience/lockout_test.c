/*
 * lockout_test.c - five mistakes a minute are free, then the waits double, up to a limit.
 * Method: a clock that is moved by hand; the table at its smallest, with more who fail than fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/time.h"
#include "resilience/lockout.h"

#define WHO   UINT64_C(0x1234567800)
#define OTHER UINT64_C(0x8765432100)

static const struct pgl_lockout_options usual = PGL_LOCKOUT_OPTIONS_DEFAULT;

static void five_are_free_and_then_it_doubles(void **unused)
{
    (void)unused;
    struct pgl_lockout *lockout = pgl_lockout_open(&usual);
    int64_t now_ns = PGL_HOURS(1);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(pgl_lockout_note(lockout, WHO, now_ns), 0);
        assert_int_equal(pgl_lockout_wait_ns(lockout, WHO, now_ns), 0);
    }
    static const int64_t seconds[] = { 12, 24, 48, 96, 192, 384, 768, 900, 900 };
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        int64_t wait_ns = 0;
        while (wait_ns == 0) /* a token may have come back meanwhile */
            wait_ns = pgl_lockout_note(lockout, WHO, now_ns);
        assert_int_equal(wait_ns, PGL_SECONDS(seconds[i]));
        assert_int_equal(pgl_lockout_wait_ns(lockout, WHO, now_ns), wait_ns);
        assert_int_equal(pgl_lockout_wait_ns(lockout, WHO, now_ns + wait_ns - 1), 1);
        assert_int_equal(pgl_lockout_wait_ns(lockout, WHO, now_ns + wait_ns), 0);
        now_ns += wait_ns;
    }
    assert_int_equal(pgl_lockout_wait_ns(lockout, OTHER, now_ns), 0);
    pgl_lockout_close(lockout);
}

static void twelve_seconds_apart_they_cost_nothing(void **unused)
{
    (void)unused;
    struct pgl_lockout *lockout = pgl_lockout_open(&usual);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(pgl_lockout_note(lockout, WHO, PGL_SECONDS(12 * i)), 0);
    pgl_lockout_close(lockout);
}

static int64_t fail_until_it_costs(struct pgl_lockout *lockout, int64_t now_ns)
{
    int64_t wait_ns = 0;
    while (wait_ns == 0)
        wait_ns = pgl_lockout_note(lockout, WHO, now_ns);
    return wait_ns;
}

static void who_keeps_still_begins_anew(void **unused)
{
    (void)unused;
    struct pgl_lockout *lockout = pgl_lockout_open(&usual);
    assert_int_equal(fail_until_it_costs(lockout, 0), PGL_SECONDS(12));
    assert_int_equal(fail_until_it_costs(lockout, PGL_SECONDS(60)), PGL_SECONDS(24));
    int64_t later_ns = PGL_SECONDS(84) + usual.forget_ns + 1;
    assert_int_equal(fail_until_it_costs(lockout, later_ns), PGL_SECONDS(12));
    pgl_lockout_close(lockout);
}

static void none_is_free_of_charge_where_all_are(void **unused)
{
    (void)unused;
    struct pgl_lockout_options options = usual;
    options.free_count = 0;
    struct pgl_lockout *lockout = pgl_lockout_open(&options);
    for (int i = 0; i < 100; i++)
        assert_int_equal(pgl_lockout_note(lockout, WHO, 0), 0);
    assert_int_equal(pgl_lockout_wait_ns(lockout, WHO, 0), 0);
    pgl_lockout_close(lockout);
}

/* Nine in eight places: the one whose wait ends first is forgotten, the others are not. */
static void a_full_table_lets_off_who_would_be_first(void **unused)
{
    (void)unused;
    struct pgl_lockout_options options = usual;
    options.capacity = 0;
    struct pgl_lockout *lockout = pgl_lockout_open(&options);
    for (uint64_t who = 1; who <= 8; who++)
        for (int i = 0; i < 6; i++)
            (void)pgl_lockout_note(lockout, who << 32, PGL_SECONDS(who == 3 ? 0 : 1));
    (void)pgl_lockout_note(lockout, UINT64_C(9) << 32, PGL_SECONDS(1));
    for (uint64_t who = 1; who <= 8; who++)
        assert_int_equal(pgl_lockout_wait_ns(lockout, who << 32, PGL_SECONDS(1)) > 0, who != 3);
    pgl_lockout_close(lockout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_are_free_and_then_it_doubles),
        cmocka_unit_test(twelve_seconds_apart_they_cost_nothing),
        cmocka_unit_test(who_keeps_still_begins_anew),
        cmocka_unit_test(none_is_free_of_charge_where_all_are),
        cmocka_unit_test(a_full_table_lets_off_who_would_be_first),
    };
    return cmocka_run_group_tests_name("lockout", tests, NULL, NULL);
}
