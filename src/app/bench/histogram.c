/*
 * histogram.c - see histogram.h.
 *
 * Below 128 every value has its own bucket. Above, the highest seven bits choose: which doubling,
 * and which of its 64 steps. The two rules meet without a gap, so one formula numbers all buckets.
 */
#include "app/bench/histogram.h"

#define FINE      (1 << PGL_HISTOGRAM_FINE_BITS)
#define ALL_PARTS 1000000u

static int bucket_of(int64_t took_ns)
{
    if (took_ns < 2 * FINE)
        return (int)took_ns;
    int shift = 63 - __builtin_clzll((unsigned long long)took_ns) - PGL_HISTOGRAM_FINE_BITS;
    return (shift << PGL_HISTOGRAM_FINE_BITS) + (int)(took_ns >> shift);
}

/* The middle of the bucket. */
static int64_t value_of(int bucket)
{
    if (bucket < 2 * FINE)
        return bucket;
    int shift = (bucket >> PGL_HISTOGRAM_FINE_BITS) - 1;
    int64_t lowest = (int64_t)(bucket - (shift << PGL_HISTOGRAM_FINE_BITS)) << shift;
    return lowest + (INT64_C(1) << shift) / 2;
}

void pgl_histogram_add(struct pgl_histogram *histogram, int64_t took_ns)
{
    if (took_ns < 0)
        took_ns = 0;
    if (took_ns > PGL_HISTOGRAM_NS_MAX)
        took_ns = PGL_HISTOGRAM_NS_MAX;
    histogram->buckets[bucket_of(took_ns)]++;
    histogram->count++;
    if (took_ns > histogram->max_ns)
        histogram->max_ns = took_ns;
}

int64_t pgl_histogram_quantile_ns(const struct pgl_histogram *histogram, uint32_t per_million)
{
    if (histogram->count == 0)
        return 0;
    /* The rank of the value that is asked for, from 1; 64 bits hold it for 10^13 values. */
    uint64_t rank = (histogram->count * per_million + ALL_PARTS - 1) / ALL_PARTS;
    uint64_t seen = 0;
    int bucket = 0;
    while (bucket < PGL_HISTOGRAM_BUCKETS - 1 && seen + histogram->buckets[bucket] < rank)
        seen += histogram->buckets[bucket++];
    int64_t value = value_of(bucket);
    return value < histogram->max_ns ? value : histogram->max_ns;
}
