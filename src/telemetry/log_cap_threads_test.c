/*
 * log_cap_threads_test.c - threads that write at once have one cap; built with TSan too.
 * Method: seconds that a clock of the test counts; in each every thread writes some lines as every
 *         source, while the last thread also asks what is owed. What was written and what was said
 *         to be left out come to what was asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>

#include "base/time.h"
#include "telemetry/log.h"

enum { THREADS = 8, SOURCES = 3, LINES = 300, SECONDS = 20 };

static const char *const sources[SOURCES] = { "edge", "store", "app" };

static struct pgl_log_cap cap;
static _Atomic int64_t now_ns;
static _Atomic uint64_t lines[SOURCES], said[SOURCES];
static pthread_barrier_t turn;

static void count_line(void *self, struct pgl_text line)
{
    (void)self;
    char text[1025], source[65];
    unsigned long long left_out;
    snprintf(text, sizeof text, "%.*s", PGL_TEXT_ARGS(line));
    bool is_said = sscanf(text, "%*s warn telemetry lines-left-out source=%64s lines_left_out=%llu",
                          source, &left_out) == 2;
    if (!is_said && sscanf(text, "%*s info %64s", source) != 1)
        return;
    for (int s = 0; s < SOURCES; s++)
        if (strcmp(source, sources[s]) == 0)
            atomic_fetch_add(is_said ? &said[s] : &lines[s], is_said ? left_out : 1);
}

static int64_t wall_ns(void *self)
{
    (void)self;
    return atomic_load(&now_ns);
}

static const struct pgl_log log_of_all = { count_line, wall_ns, NULL, PGL_LOG_INFO, &cap };

static void *write_lines(void *argument)
{
    const bool is_last = argument != NULL;
    for (int second = 0; second < SECONDS; second++) {
        if (is_last)
            atomic_fetch_add(&now_ns, PGL_SECONDS(1));
        pthread_barrier_wait(&turn);
        for (int i = 0; i < LINES * SOURCES; i++) {
            pgl_log(&log_of_all, PGL_LOG_INFO, sources[i % SOURCES], "e", "%s", "");
            if (is_last)
                pgl_log_say_left_out(&log_of_all, i % 2 == 0);
        }
        pthread_barrier_wait(&turn);
    }
    return NULL;
}

static void of_all_threads_a_thousand_lines_a_second_are_written(void **unused)
{
    (void)unused;
    pthread_t threads[THREADS];
    pthread_barrier_init(&turn, NULL, THREADS);
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(
            pthread_create(&threads[t], NULL, write_lines, t == THREADS - 1 ? &cap : NULL), 0);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    pthread_barrier_destroy(&turn);
    pgl_log_say_left_out(&log_of_all, true);
    const uint64_t asked = (uint64_t)THREADS * LINES * SECONDS;
    for (int s = 0; s < SOURCES; s++) {
        assert_int_equal(lines[s], (uint64_t)PGL_LOG_LINES_MAX * SECONDS);
        assert_int_equal(said[s], asked - lines[s]);
    }
    assert_int_equal(pgl_counter_read(&cap.left_out), said[0] + said[1] + said[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_all_threads_a_thousand_lines_a_second_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
