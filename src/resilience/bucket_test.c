/*
 * bucket_test.c - a burst goes through, then one token a span; what is refused takes nothing.
 * Method: a story as a table, each row a moment and what is asked then; and a long run at a rate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/time.h"
#include "resilience/bucket.h"

static const struct pgl_rate ten_a_second = { PGL_MILLISECONDS(100), 5 };

static void a_bucket_empties_and_fills(void **unused)
{
    static const struct {
        int64_t at_ms, count;
        bool is_taken;
        int64_t wait_ms;
    } rows[] = {
        { 1000, 5, true, 0 },    /* it was full */
        { 1000, 1, false, 100 }, /* and is empty */
        { 1000, 3, false, 300 }, /* the refused one took nothing */
        { 1099, 1, false, 1 },
        { 1100, 1, true, 0 },
        { 1100, 0, true, 0 },
        { 1350, 3, false, 50 },
        { 1350, 2, true, 0 },
        { 1400, 1, true, 0 },
        { 9000, 5, true, 0 }, /* never more than full */
        /* a moment before the last one asks for patience, no more */
        { 9000, 1, false, 100 },
        { 8000, 1, false, 1100 },
    };
    struct pgl_bucket bucket = { 0 };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t wait_ns = -1;
        assert_int_equal(pgl_bucket_take(&bucket, &ten_a_second, rows[i].count,
                                         PGL_MILLISECONDS(rows[i].at_ms), &wait_ns),
                         rows[i].is_taken);
        assert_int_equal(wait_ns, PGL_MILLISECONDS(rows[i].wait_ms));
    }
}

static void more_than_it_holds_is_never_there(void **unused)
{
    static const struct pgl_rate endless = { PGL_HOURS(1), INT64_MAX / 2 };
    struct pgl_bucket bucket = { 0 };
    int64_t wait_ns;
    (void)unused;
    assert_false(pgl_bucket_take(&bucket, &ten_a_second, 6, 1, &wait_ns));
    assert_int_equal(wait_ns, PGL_NEVER_NS);
    assert_true(pgl_bucket_take(&bucket, &ten_a_second, 5, 1, NULL));
    assert_false(pgl_bucket_take(&bucket, &endless, 1, 1, &wait_ns)); /* no time has that size */
    assert_int_equal(wait_ns, PGL_NEVER_NS);
}

static void the_rate_holds_in_the_long_run(void **unused)
{
    struct pgl_bucket bucket = { 0 };
    int taken = 0;
    (void)unused;
    for (int64_t ms = 0; ms < 60000; ms++)
        taken += pgl_bucket_take(&bucket, &ten_a_second, 1, PGL_MILLISECONDS(ms), NULL);
    assert_int_equal(taken, 600 + 4); /* a burst of five, of which the first counts as due */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_empties_and_fills),
        cmocka_unit_test(more_than_it_holds_is_never_there),
        cmocka_unit_test(the_rate_holds_in_the_long_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
