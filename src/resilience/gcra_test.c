/*
 * gcra_test.c - each caller has a bucket of its own; full ones are forgotten, and whoever finds no
 * place shares one bucket with all others.
 * Method: a table so small that callers can be aimed at one set, by their low bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/time.h"
#include "resilience/gcra.h"

#define NOW PGL_SECONDS(100)

static const struct pgl_rate two_a_second = { PGL_MILLISECONDS(500), 10 };

static int open_table(void **state)
{
    static struct pgl_gcra table;
    *state = &table;
    return pgl_is_ok(pgl_gcra_open(&table, 8)) ? 0 : -1;
}

static int close_table(void **state)
{
    pgl_gcra_close(*state);
    return 0;
}

/* All of one set. */
static uint64_t caller(const struct pgl_gcra *table, uint64_t number)
{
    return number * (table->set_mask + 1) + 5;
}

static void the_answer_says_what_is_left_and_how_long_to_wait(void **state)
{
    static const struct {
        int64_t at_ms, count;
        bool is_taken;
        int64_t left, wait_ms, full_ms;
    } rows[] = {
        { 0, 1, true, 9, 0, 500 },     { 0, 9, true, 0, 0, 5000 },
        { 0, 1, false, 0, 500, 5000 }, { 499, 1, false, 0, 1, 4501 },
        { 500, 1, true, 0, 0, 5000 },  { 1750, 3, false, 2, 250, 3750 },
        { 2000, 3, true, 0, 0, 5000 }, { 60000, 10, true, 0, 0, 5000 },
    };
    struct pgl_gcra *table = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t now_ns = NOW + PGL_MILLISECONDS(rows[i].at_ms);
        struct pgl_gcra_answer looked =
            pgl_gcra_look(table, 7, &two_a_second, rows[i].count, now_ns);
        struct pgl_gcra_answer taken =
            pgl_gcra_take(table, 7, &two_a_second, rows[i].count, now_ns);
        assert_int_equal(taken.is_taken, rows[i].is_taken);
        assert_int_equal(taken.left_count, rows[i].left);
        assert_int_equal(taken.wait_ns, PGL_MILLISECONDS(rows[i].wait_ms));
        assert_int_equal(taken.full_ns, PGL_MILLISECONDS(rows[i].full_ms));
        assert_int_equal(looked.is_taken, rows[i].is_taken);
        assert_int_equal(looked.wait_ns, taken.wait_ns);
        assert_int_equal(looked.left_count, rows[i].left + (rows[i].is_taken ? rows[i].count : 0));
    }
}

static void to_wait_as_long_as_was_said_is_enough(void **state)
{
    struct pgl_gcra *table = *state;
    int64_t now_ns = NOW;
    for (int i = 0; i < 1000; i++) {
        int64_t count = 1 + i * 7 % 5;
        struct pgl_gcra_answer answer = pgl_gcra_take(table, 1, &two_a_second, count, now_ns);
        if (answer.is_taken)
            continue;
        assert_false(
            pgl_gcra_look(table, 1, &two_a_second, count, now_ns + answer.wait_ns - 1).is_taken);
        now_ns += answer.wait_ns;
        assert_true(pgl_gcra_take(table, 1, &two_a_second, count, now_ns).is_taken);
    }
}

static void more_than_a_bucket_holds_is_never_there(void **state)
{
    struct pgl_gcra_answer answer = pgl_gcra_take(*state, 1, &two_a_second, 11, NOW);
    assert_false(answer.is_taken);
    assert_int_equal(answer.wait_ns, PGL_NEVER_NS);
    assert_int_equal(answer.left_count, 10);
}

static void callers_have_their_own(void **state)
{
    struct pgl_gcra *table = *state;
    for (uint64_t i = 0; i < PGL_GCRA_PLACES; i++)
        assert_true(pgl_gcra_take(table, caller(table, i), &two_a_second, 10, NOW).is_taken);
    for (uint64_t i = 0; i < PGL_GCRA_PLACES; i++)
        assert_false(pgl_gcra_take(table, caller(table, i), &two_a_second, 1, NOW).is_taken);
    assert_true(pgl_gcra_take(table, 6, &two_a_second, 10, NOW).is_taken); /* of another set */
    assert_int_equal(table->shared_count, 0);
}

static void a_full_set_is_crowded_and_not_open(void **state)
{
    struct pgl_gcra *table = *state;
    int taken = 0;
    for (uint64_t i = 0; i < PGL_GCRA_PLACES; i++)
        assert_true(pgl_gcra_take(table, caller(table, i), &two_a_second, 1, NOW).is_taken);
    for (uint64_t i = 0; i < 1000; i++)
        taken += pgl_gcra_take(table, caller(table, 100 + i), &two_a_second, 1, NOW).is_taken;
    assert_int_equal(taken, 10);
    assert_int_equal(table->shared_count, 1000);
    for (uint64_t i = 0; i < PGL_GCRA_PLACES; i++) /* those who had a place have it */
        assert_int_equal(pgl_gcra_look(table, caller(table, i), &two_a_second, 1, NOW).left_count,
                         9);
}

static void a_full_bucket_makes_room(void **state)
{
    struct pgl_gcra *table = *state;
    for (uint64_t i = 0; i < PGL_GCRA_PLACES; i++)
        assert_true(
            pgl_gcra_take(table, caller(table, i), &two_a_second, i == 3 ? 1 : 10, NOW).is_taken);
    int64_t later_ns = NOW + PGL_MILLISECONDS(500); /* the fourth is full again */
    assert_true(pgl_gcra_take(table, caller(table, 50), &two_a_second, 10, later_ns).is_taken);
    assert_false(pgl_gcra_take(table, caller(table, 50), &two_a_second, 1, later_ns).is_taken);
    assert_int_equal(table->shared_count, 0);
    for (uint64_t i = 0; i < PGL_GCRA_PLACES; i++)
        if (i != 3)
            assert_int_equal(
                pgl_gcra_look(table, caller(table, i), &two_a_second, 1, later_ns).left_count, 1);
}

static void a_penalty_drains(void **state)
{
    struct pgl_gcra *table = *state;
    pgl_gcra_drain(table, 3, NOW + PGL_SECONDS(60), NOW);
    struct pgl_gcra_answer answer = pgl_gcra_look(table, 3, &two_a_second, 1, NOW);
    assert_false(answer.is_taken);
    assert_int_equal(answer.wait_ns, PGL_SECONDS(60) - PGL_MILLISECONDS(4500));
    pgl_gcra_drain(table, 3, NOW + PGL_SECONDS(10), NOW); /* never shorter */
    assert_int_equal(pgl_gcra_look(table, 3, &two_a_second, 1, NOW).wait_ns, answer.wait_ns);
    assert_true(pgl_gcra_take(table, 3, &two_a_second, 1, NOW + answer.wait_ns).is_taken);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_answer_says_what_is_left_and_how_long_to_wait),
        TEST(to_wait_as_long_as_was_said_is_enough),
        TEST(more_than_a_bucket_holds_is_never_there),
        TEST(callers_have_their_own),
        TEST(a_full_set_is_crowded_and_not_open),
        TEST(a_full_bucket_makes_room),
        TEST(a_penalty_drains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
