/*
 * bulkhead_test.c - so many are inside and no more, whoever is slow; callers have their own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "resilience/bulkhead.h"

static void so_many_and_no_more(void **unused)
{
    struct pgl_bulkhead bulkhead = { .most = 3 };
    (void)unused;
    for (int i = 0; i < 3; i++)
        assert_true(pgl_bulkhead_enter(&bulkhead));
    assert_false(pgl_bulkhead_enter(&bulkhead));
    assert_int_equal(bulkhead.inside, 3);
    pgl_bulkhead_leave(&bulkhead);
    assert_true(pgl_bulkhead_enter(&bulkhead));
    assert_false(pgl_bulkhead_enter(&bulkhead));
}

static void callers_have_their_own(void **unused)
{
    struct pgl_bulkheads bulkheads;
    (void)unused;
    pgl_bulkheads_init(&bulkheads, 2, 100);
    for (uint64_t caller = 0; caller < 100; caller++)
        for (int i = 0; i < 3; i++)
            assert_int_equal(pgl_bulkheads_enter(&bulkheads, caller), i < 2);
    assert_int_equal(pgl_bulkheads_inside(&bulkheads, 7), 2);
    assert_false(pgl_bulkheads_enter(&bulkheads, 100)); /* nobody else is remembered */
    for (uint64_t caller = 0; caller < 100; caller++)
        pgl_bulkheads_leave(&bulkheads, caller);
    assert_false(pgl_bulkheads_enter(&bulkheads, 100));
    for (uint64_t caller = 0; caller < 100; caller++)
        pgl_bulkheads_leave(&bulkheads, caller);
    assert_int_equal(bulkheads.inside.count, 0); /* who has left is forgotten */
    assert_true(pgl_bulkheads_enter(&bulkheads, 100));
    assert_int_equal(pgl_bulkheads_inside(&bulkheads, 7), 0);
    pgl_bulkheads_free(&bulkheads);
}

static void none_means_none(void **unused)
{
    struct pgl_bulkheads bulkheads;
    (void)unused;
    pgl_bulkheads_init(&bulkheads, 0, 10);
    assert_false(pgl_bulkheads_enter(&bulkheads, 1));
    pgl_bulkheads_free(&bulkheads);
}

static void who_is_inside_stays_when_fewer_may_be(void **unused)
{
    struct pgl_bulkheads bulkheads;
    (void)unused;
    pgl_bulkheads_init(&bulkheads, 2, 10);
    assert_true(pgl_bulkheads_enter(&bulkheads, 1) && pgl_bulkheads_enter(&bulkheads, 1));
    assert_true(pgl_bulkheads_enter(&bulkheads, 2));
    pgl_bulkheads_change(&bulkheads, 1, 1);
    assert_int_equal(pgl_bulkheads_inside(&bulkheads, 1), 2);
    assert_false(pgl_bulkheads_enter(&bulkheads, 2) || pgl_bulkheads_enter(&bulkheads, 3));
    pgl_bulkheads_leave(&bulkheads, 1);
    assert_false(pgl_bulkheads_enter(&bulkheads, 1));
    pgl_bulkheads_change(&bulkheads, 3, 10);
    assert_true(pgl_bulkheads_enter(&bulkheads, 1) && pgl_bulkheads_enter(&bulkheads, 3));
    pgl_bulkheads_free(&bulkheads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_and_no_more),
        cmocka_unit_test(callers_have_their_own),
        cmocka_unit_test(none_means_none),
        cmocka_unit_test(who_is_inside_stays_when_fewer_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
