/*
 * histogram.h - how long things took, so that the slowest of a million can be told: buckets that
 * grow with the value, so the error is a part of the value and never above 1 %.
 *
 * Owner:    whoever holds the struct. All zero is empty.
 * Bounds:   20 KiB each, whatever is added. Values above PGL_HISTOGRAM_NS_MAX count as that.
 */
#ifndef PGL_APP_BENCH_HISTOGRAM_H
#define PGL_APP_BENCH_HISTOGRAM_H

#include <stdint.h>

#define PGL_HISTOGRAM_FINE_BITS 6 /* 64 steps for each doubling: half a step is 0.8 % */
#define PGL_HISTOGRAM_DOUBLINGS 43
#define PGL_HISTOGRAM_BUCKETS                                                                      \
    ((PGL_HISTOGRAM_DOUBLINGS - PGL_HISTOGRAM_FINE_BITS + 1) << PGL_HISTOGRAM_FINE_BITS)
#define PGL_HISTOGRAM_NS_MAX                                                                       \
    ((INT64_C(1) << PGL_HISTOGRAM_DOUBLINGS) - 1) /* two hours and a half */

struct pgl_histogram {
    uint64_t buckets[PGL_HISTOGRAM_BUCKETS];
    uint64_t count;
    int64_t max_ns; /* exact */
};

void pgl_histogram_add(struct pgl_histogram *histogram, int64_t took_ns);

/* What this many of a million did not exceed: 500000 for the median, 990000 for p99. 0 when
 * empty. */
int64_t pgl_histogram_quantile_ns(const struct pgl_histogram *histogram, uint32_t per_million);

#endif
