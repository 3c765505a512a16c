/*
 * histogram_test.c - no quantile is further than 1 % from the true one.
 * Method: all values of every size against what was added, and quantiles against a sorted list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "app/bench/histogram.h"
#include "base/random.h"

#define VALUES 10000

static void assert_near(int64_t found, int64_t truth)
{
    int64_t off = found > truth ? found - truth : truth - found;
    assert_true(off * 100 <= truth);
}

static void one_value_is_found_again(void **unused)
{
    static struct pgl_histogram histogram;
    (void)unused;
    for (int64_t value = 1; value < PGL_HISTOGRAM_NS_MAX / 3; value += value / 7 + 1) {
        histogram = (struct pgl_histogram){ 0 };
        pgl_histogram_add(&histogram, value);
        pgl_histogram_add(&histogram, 2 * value); /* so that the largest does not cover the error */
        assert_near(pgl_histogram_quantile_ns(&histogram, 500000), value);
        assert_true(histogram.max_ns == 2 * value);
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void quantiles_agree_with_a_sorted_list(void **unused)
{
    static const uint32_t asked[] = { 1, 100000, 500000, 900000, 990000, 999000, 1000000 };
    static struct pgl_histogram histogram;
    static int64_t values[VALUES];
    struct pgl_random random;
    (void)unused;
    pgl_random_seed(&random, 1, 0);
    for (int i = 0; i < VALUES; i++) {
        values[i] = (int64_t)(pgl_random_next(&random) >> (24 + pgl_random_below(&random, 30)));
        pgl_histogram_add(&histogram, values[i]);
    }
    qsort(values, VALUES, sizeof values[0], by_size);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        int rank = (int)(((int64_t)VALUES * asked[i] + 999999) / 1000000);
        assert_near(pgl_histogram_quantile_ns(&histogram, asked[i]), values[rank - 1]);
    }
    assert_true(pgl_histogram_quantile_ns(&histogram, 1000000) <= values[VALUES - 1]);
}

static void values_beyond_the_ends_count_as_the_ends(void **unused)
{
    static struct pgl_histogram histogram;
    (void)unused;
    assert_true(pgl_histogram_quantile_ns(&histogram, 990000) == 0);
    pgl_histogram_add(&histogram, -5);
    assert_true(pgl_histogram_quantile_ns(&histogram, 990000) == 0);
    pgl_histogram_add(&histogram, INT64_MAX);
    assert_true(histogram.max_ns == PGL_HISTOGRAM_NS_MAX);
    assert_near(pgl_histogram_quantile_ns(&histogram, 1000000), PGL_HISTOGRAM_NS_MAX);
    assert_true(histogram.count == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value_is_found_again),
        cmocka_unit_test(quantiles_agree_with_a_sorted_list),
        cmocka_unit_test(values_beyond_the_ends_count_as_the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
