/*
 * process_os_test.c - what a process costs is read right.
 * Method: our own: it has memory, and its CPU time goes up by about what we burn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/time.h"
#include "platform/real/real.h"

static struct pgl_real_process read_process(int64_t pid)
{
    struct pgl_real_process process;
    assert_true(pgl_is_ok(pgl_real_process_read(pid, &process)));
    return process;
}

static void burn(int64_t wanted_ns)
{
    int64_t until_ns = read_process(0).cpu_ns + wanted_ns;
    while (read_process(0).cpu_ns < until_ns)
        continue;
}

static void our_own_cost_is_told(void **unused)
{
    (void)unused;
    struct pgl_clock clock = pgl_real_clock();
    int64_t began_ns = pgl_clock_monotonic_ns(&clock);
    struct pgl_real_process before = read_process(0);
    burn(PGL_MILLISECONDS(100));
    struct pgl_real_process after = read_process(getpid());
    int64_t took_ns = pgl_clock_monotonic_ns(&clock) - began_ns;
    assert_true(after.cpu_ns - before.cpu_ns >= PGL_MILLISECONDS(100));
    /* One thread: no more CPU than time, but for a step of the kernel's clock at either end. */
    assert_true(after.cpu_ns - before.cpu_ns <= took_ns + PGL_MILLISECONDS(20));
    assert_in_range(after.memory_bytes, 100 << 10, INT64_MAX);
}

static void a_process_that_is_not_there_is_not_found(void **unused)
{
    struct pgl_real_process process;
    (void)unused;
    assert_int_equal(pgl_real_process_read(INT64_C(999999999), &process).code, PGL_NOT_FOUND);
}

static void the_machine_has_more_memory_than_we(void **unused)
{
    (void)unused;
    assert_true(pgl_real_memory_bytes() > read_process(0).memory_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_cost_is_told),
        cmocka_unit_test(a_process_that_is_not_there_is_not_found),
        cmocka_unit_test(the_machine_has_more_memory_than_we),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
