/*
 * registry_test.c - what /metrics says, byte by byte (Prometheus text format 0.0.4), and how values
 * fall into buckets.
 * Method: a small registry against the whole expected text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "telemetry/registry.h"

static struct pgl_registry registry;

static int empty_registry(void **unused)
{
    (void)unused;
    registry.count = 0;
    return 0;
}

static void assert_writes(const char *expected)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, 65536);
    pgl_registry_write(&registry, &out);
    assert_false(out.is_full);
    assert_int_equal(out.size, strlen(expected));
    assert_memory_equal(out.data, expected, out.size);
    pgl_buffer_free(&out);
}

static void counters_and_gauges_are_written_by_name(void **unused)
{
    (void)unused;
    struct pgl_counter orders[2] = { 0 }, turns = { 0 };
    pgl_counter_set(&orders[0], 3);
    pgl_counter_add(&orders[1], 1);
    pgl_counter_add(&orders[1], 6);
    pgl_counter_add(&turns, UINT64_MAX);
    pgl_registry_add(&registry, "panglot_orders", "Orders by state.", PGL_METRIC_GAUGE,
                     "state=\"PENDING\"", &orders[0]);
    pgl_registry_add(&registry, "panglot_turns_total", "Turns.", PGL_METRIC_COUNTER, "", &turns);
    pgl_registry_add(&registry, "panglot_orders", "Orders by state.", PGL_METRIC_GAUGE,
                     "state=\"FAILED\"", &orders[1]);
    /* the rows of one name together, as the format wants it */
    assert_writes("# HELP panglot_orders Orders by state.\n"
                  "# TYPE panglot_orders gauge\n"
                  "panglot_orders{state=\"PENDING\"} 3\n"
                  "panglot_orders{state=\"FAILED\"} 7\n"
                  "# HELP panglot_turns_total Turns.\n"
                  "# TYPE panglot_turns_total counter\n"
                  "panglot_turns_total 18446744073709551615\n");
    pgl_counter_set(&orders[0], 0);
    assert_int_equal(pgl_counter_read(&orders[0]), 0);
}

static void a_histogram_counts_up_to_each_bound(void **unused)
{
    (void)unused;
    struct pgl_latency latency = { 0 };
    pgl_latency_add(&latency, -5); /* a clock that went back */
    pgl_latency_add(&latency, 5000000);
    pgl_latency_add(&latency, 5000001);
    pgl_latency_add(&latency, 250000000);
    pgl_latency_add(&latency, INT64_C(10000000000));
    pgl_latency_add(&latency, INT64_C(10000000001));
    assert_int_equal(pgl_latency_count(&latency), 6);
    pgl_registry_add_latency(&registry, "wait_seconds", "Waiting.", "route=\"/\"", &latency);
    assert_writes("# HELP wait_seconds Waiting.\n"
                  "# TYPE wait_seconds histogram\n"
                  "wait_seconds_bucket{route=\"/\",le=\"0.005\"} 2\n"
                  "wait_seconds_bucket{route=\"/\",le=\"0.01\"} 3\n"
                  "wait_seconds_bucket{route=\"/\",le=\"0.025\"} 3\n"
                  "wait_seconds_bucket{route=\"/\",le=\"0.05\"} 3\n"
                  "wait_seconds_bucket{route=\"/\",le=\"0.075\"} 3\n"
                  "wait_seconds_bucket{route=\"/\",le=\"0.1\"} 3\n"
                  "wait_seconds_bucket{route=\"/\",le=\"0.25\"} 4\n"
                  "wait_seconds_bucket{route=\"/\",le=\"0.5\"} 4\n"
                  "wait_seconds_bucket{route=\"/\",le=\"0.75\"} 4\n"
                  "wait_seconds_bucket{route=\"/\",le=\"1\"} 4\n"
                  "wait_seconds_bucket{route=\"/\",le=\"2.5\"} 4\n"
                  "wait_seconds_bucket{route=\"/\",le=\"5\"} 4\n"
                  "wait_seconds_bucket{route=\"/\",le=\"7.5\"} 4\n"
                  "wait_seconds_bucket{route=\"/\",le=\"10\"} 5\n"
                  "wait_seconds_bucket{route=\"/\",le=\"+Inf\"} 6\n"
                  "wait_seconds_sum{route=\"/\"} 20.26\n"
                  "wait_seconds_count{route=\"/\"} 6\n");
}

static void a_histogram_needs_no_labels(void **unused)
{
    (void)unused;
    struct pgl_latency latency = { 0 };
    struct pgl_buffer out;
    pgl_registry_add_latency(&registry, "x", "X.", "", &latency);
    pgl_buffer_init(&out, 65536);
    pgl_registry_write(&registry, &out);
    pgl_buffer_add_char(&out, '\0');
    assert_non_null(strstr(out.data, "x_bucket{le=\"0.005\"} 0\n"));
    assert_non_null(strstr(out.data, "x_bucket{le=\"+Inf\"} 0\nx_sum 0\nx_count 0\n"));
    pgl_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(counters_and_gauges_are_written_by_name, empty_registry),
        cmocka_unit_test_setup(a_histogram_counts_up_to_each_bound, empty_registry),
        cmocka_unit_test_setup(a_histogram_needs_no_labels, empty_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
