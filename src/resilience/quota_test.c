/*
 * quota_test.c - a day's quota is a day's, a month's a month's, whichever month; what is over makes
 * room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/time.h"
#include "resilience/quota.h"

#define DAY_NS PGL_HOURS(24)

static void a_new_day_is_a_new_quota(void **unused)
{
    struct pgl_quotas quotas;
    int64_t now_ns = 20000 * DAY_NS + PGL_HOURS(23);
    (void)unused;
    pgl_quotas_init(&quotas, 8);
    struct pgl_quota_answer answer = pgl_quota_take(&quotas, 1, PGL_QUOTA_DAY, 10, 8, now_ns);
    assert_true(answer.is_taken);
    assert_int_equal(answer.left_count, 2);
    assert_int_equal(answer.left_ns, PGL_HOURS(1));
    assert_int_equal(answer.span_ns, DAY_NS);
    assert_false(pgl_quota_take(&quotas, 1, PGL_QUOTA_DAY, 10, 3, now_ns).is_taken);
    assert_true(pgl_quota_take(&quotas, 1, PGL_QUOTA_DAY, 10, 2, now_ns).is_taken);
    assert_false(
        pgl_quota_look(&quotas, 1, PGL_QUOTA_DAY, 10, 1, now_ns + PGL_HOURS(1) - 1).is_taken);
    assert_true(pgl_quota_take(&quotas, 1, PGL_QUOTA_DAY, 10, 10, now_ns + PGL_HOURS(1)).is_taken);
    assert_true(pgl_quota_take(&quotas, 2, PGL_QUOTA_DAY, 10, 10, now_ns).is_taken);
    /* a plan that has become smaller */
    assert_int_equal(pgl_quota_look(&quotas, 2, PGL_QUOTA_DAY, 5, 1, now_ns).left_count, 0);
    pgl_quotas_free(&quotas);
}

static void months_have_their_lengths(void **unused)
{
    (void)unused;
    /* Every day from 1970 to 2100: months follow one another and hold the day. */
    int64_t from_ns = 0, until_ns = 0;
    int months = 0;
    for (int64_t day = 0; day < 47482; day++) {
        int64_t begin_ns, end_ns;
        pgl_time_month(day * DAY_NS + DAY_NS / 2, &begin_ns, &end_ns);
        if (begin_ns != from_ns || end_ns != until_ns) {
            assert_int_equal(begin_ns, until_ns);
            assert_int_equal(begin_ns, day * DAY_NS);
            assert_in_range((end_ns - begin_ns) / DAY_NS, 28, 31);
            months++;
        }
        from_ns = begin_ns;
        until_ns = end_ns;
    }
    assert_int_equal(months, 12 * 130);
    assert_int_equal(until_ns, 47482 * DAY_NS);                   /* 2100-01-01 */
    pgl_time_month(PGL_SECONDS(1709164800), &from_ns, &until_ns); /* 2024-02-29 */
    assert_int_equal(from_ns, PGL_SECONDS(1706745600));
    assert_int_equal(until_ns - from_ns, 29 * DAY_NS);
}

static void what_was_taken_before_is_recalled(void **unused)
{
    struct pgl_quotas quotas;
    int64_t now_ns = 20000 * DAY_NS + PGL_HOURS(5);
    (void)unused;
    pgl_quotas_init(&quotas, 8);
    pgl_quota_recall(&quotas, 1, PGL_QUOTA_DAY, 7, now_ns - PGL_HOURS(6), now_ns); /* yesterday */
    assert_int_equal(pgl_quota_used(&quotas, 1, PGL_QUOTA_DAY, now_ns), 0);
    pgl_quota_recall(&quotas, 1, PGL_QUOTA_DAY, 7, now_ns - PGL_HOURS(5), now_ns);
    assert_int_equal(pgl_quota_look(&quotas, 1, PGL_QUOTA_DAY, 10, 1, now_ns).left_count, 3);
    assert_true(pgl_quota_take(&quotas, 1, PGL_QUOTA_DAY, 10, 1, now_ns).is_taken);
    pgl_quota_recall(&quotas, 1, PGL_QUOTA_DAY, 7, now_ns, now_ns); /* less than is known */
    assert_int_equal(pgl_quota_used(&quotas, 1, PGL_QUOTA_DAY, now_ns), 8);
    pgl_quota_recall(&quotas, 1, PGL_QUOTA_DAY, 50, now_ns, now_ns); /* of a larger plan */
    assert_int_equal(pgl_quota_look(&quotas, 1, PGL_QUOTA_DAY, 10, 1, now_ns).left_count, 0);
    pgl_quotas_free(&quotas);
}

static void what_is_over_makes_room(void **unused)
{
    struct pgl_quotas quotas;
    int64_t now_ns = 20000 * DAY_NS;
    (void)unused;
    pgl_quotas_init(&quotas, 4);
    for (uint64_t caller = 0; caller < 4; caller++)
        assert_true(pgl_quota_take(&quotas, caller, PGL_QUOTA_DAY, 10, 1, now_ns).is_taken);
    assert_false(pgl_quota_take(&quotas, 4, PGL_QUOTA_DAY, 10, 1, now_ns).is_taken);
    assert_true(pgl_quota_take(&quotas, 4, PGL_QUOTA_DAY, 10, 1, now_ns + DAY_NS).is_taken);
    assert_int_equal(quotas.used.count, 1);
    pgl_quotas_free(&quotas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_day_is_a_new_quota),
        cmocka_unit_test(months_have_their_lengths),
        cmocka_unit_test(what_was_taken_before_is_recalled),
        cmocka_unit_test(what_is_over_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
