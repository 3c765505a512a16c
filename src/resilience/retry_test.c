/*
 * retry_test.c - the limit doubles up to its cap, and draws fill all of what is below it.
 * Method: the limits as a table; then many draws of one seed, by their mean and their ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "resilience/retry.h"

static void the_limit_doubles_up_to_its_cap(void **unused)
{
    static const struct {
        uint32_t failed_count;
        int64_t limit_ms;
    } rows[] = {
        { 0, 0 },     { 1, 200 },    { 2, 400 },
        { 3, 800 },   { 7, 12800 },  { 8, 25600 },
        { 9, 30000 }, { 64, 30000 }, { UINT32_MAX, 30000 },
    };
    struct pgl_retry_rules rules = PGL_RETRY_DEFAULT;
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(pgl_retry_limit_ns(&rules, rows[i].failed_count),
                         PGL_MILLISECONDS(rows[i].limit_ms));
    rules.factor = 1;
    assert_int_equal(pgl_retry_limit_ns(&rules, UINT32_MAX), PGL_MILLISECONDS(200));
}

static void draws_fill_all_of_it(void **unused)
{
    enum { DRAWS = 10000 };
    const struct pgl_retry_rules rules = PGL_RETRY_DEFAULT;
    struct pgl_random random;
    int64_t sum_ns = 0, low_ns = INT64_MAX, high_ns = 0, limit_ns = PGL_MILLISECONDS(800);
    (void)unused;
    pgl_random_seed(&random, 7, 1);
    for (int i = 0; i < DRAWS; i++) {
        int64_t drawn_ns = pgl_retry_draw_ns(&rules, 3, &random);
        assert_true(drawn_ns >= 0 && drawn_ns <= limit_ns);
        sum_ns += drawn_ns;
        low_ns = drawn_ns < low_ns ? drawn_ns : low_ns;
        high_ns = drawn_ns > high_ns ? drawn_ns : high_ns;
    }
    assert_in_range(sum_ns / DRAWS, limit_ns / 2 - limit_ns / 50, limit_ns / 2 + limit_ns / 50);
    assert_true(low_ns < limit_ns / 100 && high_ns > limit_ns - limit_ns / 100);
    assert_int_equal(pgl_retry_draw_ns(&rules, 0, &random), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_doubles_up_to_its_cap),
        cmocka_unit_test(draws_fill_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
