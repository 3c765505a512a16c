/*
 * bucket.h - a token bucket: at most so many at once, and so many a second in the long run.
 *
 * For:      draining work towards a provider, rates of callers.
 * Owner:    whoever holds the struct; one rate is shared by many buckets.
 * Threads:  one at a time. Pure: the time is an argument, monotonic.
 * Memory:   one instant a bucket, so that a map may hold one for each caller; a bucket whose
 *           instant has passed is a full one and may be forgotten.
 * Source:   the generic cell rate algorithm (ITU-T I.371): the instant at which it is full again.
 */
#ifndef PGL_RESILIENCE_BUCKET_H
#define PGL_RESILIENCE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct pgl_rate {
    int64_t every_ns;    /* one token comes back; above 0 */
    int64_t burst_count; /* what a full bucket holds; above 0 */
};

/* All zero: full. */
struct pgl_bucket {
    int64_t full_ns;
};

/* Takes `count` tokens, or none and says how long to wait for them in `*wait_ns` (PGL_NEVER_NS for
 * more than a full bucket holds). `wait_ns` may be NULL. */
bool pgl_bucket_take(struct pgl_bucket *bucket, const struct pgl_rate *rate, int64_t count,
                     int64_t now_ns, int64_t *wait_ns);

#endif
