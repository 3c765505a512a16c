/* metrics.c - see metrics.h. */
#include "telemetry/metrics.h"

const double pgl_latency_bounds_s[PGL_LATENCY_BUCKETS] = { 0.005, 0.01, 0.025, 0.05, 0.075,
                                                           0.1,   0.25, 0.5,   0.75, 1,
                                                           2.5,   5,    7.5,   10 };

void pgl_latency_add(struct pgl_latency *latency, int64_t took_ns)
{
    int bucket = 0;
    while (bucket < PGL_LATENCY_BUCKETS && (double)took_ns > pgl_latency_bounds_s[bucket] * 1e9)
        bucket++;
    pgl_counter_add(&latency->buckets[bucket], 1);
    pgl_counter_add(&latency->sum_ns, took_ns > 0 ? (uint64_t)took_ns : 0);
}

uint64_t pgl_latency_count(const struct pgl_latency *latency)
{
    uint64_t count = 0;
    for (int i = 0; i <= PGL_LATENCY_BUCKETS; i++)
        count += pgl_counter_read(&latency->buckets[i]);
    return count;
}
