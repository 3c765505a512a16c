/*
 * gcra_threads_test.c - 64 threads take from buckets of N, and N are taken; built with TSan too.
 * Method: all threads begin at once and go on until they were refused often, while time stands
 *         still; then in steps, each of which gives every place of one set to somebody else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>

#include "base/time.h"
#include "resilience/gcra.h"

enum { THREADS = 64, REFUSALS = 200, GROUPS = 4, STEPS = 200 };
#define NOW PGL_SECONDS(100)

static const struct pgl_rate many = { PGL_MICROSECONDS(10), 1000 };
static const struct pgl_rate few = { PGL_MILLISECONDS(1), 2 };

static struct pgl_gcra table;
static pthread_barrier_t start;

struct taker {
    pthread_t handle;
    uint64_t number;
    int64_t taken[GROUPS * PGL_GCRA_PLACES];
};

static struct taker takers[THREADS];

static void run(void *(*work)(void *))
{
    assert_true(pgl_gcra_open(&table, 8).code == PGL_CODE_OK);
    pthread_barrier_init(&start, NULL, THREADS);
    for (uint64_t i = 0; i < THREADS; i++) {
        takers[i] = (struct taker){ .number = i };
        assert_int_equal(pthread_create(&takers[i].handle, NULL, work, &takers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(takers[i].handle, NULL);
    pthread_barrier_destroy(&start);
    pgl_gcra_close(&table);
}

static int64_t taken_by_all(int caller)
{
    int64_t sum = 0;
    for (int i = 0; i < THREADS; i++)
        sum += takers[i].taken[caller];
    return sum;
}

static void *take_until_refused(void *argument)
{
    struct taker *taker = argument;
    pthread_barrier_wait(&start);
    for (int refused = 0; refused < REFUSALS;) {
        bool is_taken = pgl_gcra_take(&table, 42, &many, 1, NOW).is_taken;
        taker->taken[0] += is_taken;
        refused += !is_taken;
    }
    return NULL;
}

static void of_n_tokens_n_are_taken(void **unused)
{
    (void)unused;
    for (int round = 0; round < 20; round++) {
        run(take_until_refused);
        assert_int_equal(taken_by_all(0), many.burst_count);
    }
}

/* At each step the seven callers of another group take all seven places of one set, whose buckets
 * are full again by then. */
static void *take_in_groups(void *argument)
{
    struct taker *taker = argument;
    for (int64_t step = 0; step < STEPS; step++) {
        int64_t now_ns = NOW + step * PGL_MILLISECONDS(2);
        pthread_barrier_wait(&start);
        for (int i = 0; i < PGL_GCRA_PLACES * 4; i++) {
            int number = (int)(step % GROUPS) * PGL_GCRA_PLACES + i % PGL_GCRA_PLACES;
            uint64_t caller = (uint64_t)number * (table.set_mask + 1);
            taker->taken[number] += pgl_gcra_take(&table, caller, &few, 1, now_ns).is_taken;
        }
    }
    return NULL;
}

static void a_place_that_changes_hands_is_exact_too(void **unused)
{
    (void)unused;
    run(take_in_groups);
    for (int i = 0; i < GROUPS * PGL_GCRA_PLACES; i++)
        assert_int_equal(taken_by_all(i), few.burst_count * STEPS / GROUPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_n_tokens_n_are_taken),
        cmocka_unit_test(a_place_that_changes_hands_is_exact_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
