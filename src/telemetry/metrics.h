/*
 * metrics.h - counters, gauges and histograms that one loop writes and any thread may read.
 *
 * Threads:  one writer each (its loop), or several that all add with pgl_counter_add_shared;
 *           readers see whole numbers, perhaps a moment old. No lock.
 * Bounds:   fixed arrays; label sets are enumerated where the metric is declared.
 */
#ifndef PGL_TELEMETRY_METRICS_H
#define PGL_TELEMETRY_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

struct pgl_counter {
    _Atomic uint64_t value;
};

static inline void pgl_counter_add(struct pgl_counter *counter, uint64_t by)
{
    uint64_t now = atomic_load_explicit(&counter->value, memory_order_relaxed);
    atomic_store_explicit(&counter->value, now + by, memory_order_relaxed);
}

static inline void pgl_counter_add_shared(struct pgl_counter *counter, uint64_t by)
{
    atomic_fetch_add_explicit(&counter->value, by, memory_order_relaxed);
}

/* A gauge is a counter that is set. */
static inline void pgl_counter_set(struct pgl_counter *counter, uint64_t value)
{
    atomic_store_explicit(&counter->value, value, memory_order_relaxed);
}

static inline uint64_t pgl_counter_read(const struct pgl_counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

/* Seconds, with the bounds that OpenTelemetry's http.server.request.duration prescribes. */
#define PGL_LATENCY_BUCKETS 14
extern const double pgl_latency_bounds_s[PGL_LATENCY_BUCKETS];

struct pgl_latency {
    struct pgl_counter buckets[PGL_LATENCY_BUCKETS + 1]; /* the last one is +Inf */
    struct pgl_counter sum_ns;
};

void pgl_latency_add(struct pgl_latency *latency, int64_t took_ns);
uint64_t pgl_latency_count(const struct pgl_latency *latency);

#endif
