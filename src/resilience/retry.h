/*
 * retry.h - how long to wait before the next attempt: exponential, with full jitter, so that those
 * who failed together do not come back together.
 *
 * Threads:  any; pure but for the stream of numbers, which is the caller's.
 * Bounds:   the wait, by `cap_ns`. How often, and whether at all, is the caller's business.
 */
#ifndef PGL_RESILIENCE_RETRY_H
#define PGL_RESILIENCE_RETRY_H

#include <stdint.h>

#include "base/random.h"
#include "base/time.h"

struct pgl_retry_rules {
    int64_t base_ns; /* the longest first wait; each later one is up to `factor` times that */
    int64_t cap_ns;
    int64_t factor;
};

#define PGL_RETRY_DEFAULT ((struct pgl_retry_rules){ PGL_MILLISECONDS(200), PGL_SECONDS(30), 2 })

/* The longest wait behind `failed_count` attempts in a row; 0 behind none. */
int64_t pgl_retry_limit_ns(const struct pgl_retry_rules *rules, uint32_t failed_count);

/* Uniform from 0 to that limit. */
int64_t pgl_retry_draw_ns(const struct pgl_retry_rules *rules, uint32_t failed_count,
                          struct pgl_random *random);

#endif
