/*
 * gcra.h - a token bucket for each of many callers, exact however many threads take from it: of a
 * bucket that holds N, N are taken and not one more.
 *
 * For:      rates of callers: by address, by user, by key, by route.
 * Owner:    whoever opens it.
 * Threads:  any. A bucket is one instant (bucket.h), exchanged by compare-and-swap; only a new
 *           caller's first token makes a place its own, and for that claims the set.
 * Bounds:   fixed at open. A caller lives in one set of PGL_GCRA_PLACES. A full bucket may be
 *           forgotten, so its place goes to who comes next; when no bucket of a set is full, all
 *           who find no place there share one bucket: crowded, never open.
 * Memory:   120 bytes for seven callers, touched as they come.
 * Source:   the generic cell rate algorithm (ITU-T I.371).
 */
#ifndef PGL_RESILIENCE_GCRA_H
#define PGL_RESILIENCE_GCRA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "resilience/bucket.h"

#define PGL_GCRA_PLACES 7

struct pgl_gcra_set;

struct pgl_gcra {
    struct pgl_gcra_set *sets;
    uint64_t set_mask;
    _Atomic int64_t shared_full_ns; /* of those without a place */
    _Atomic uint64_t shared_count;  /* how often it was asked, for metrics */
};

struct pgl_gcra_answer {
    bool is_taken;
    int64_t left_count; /* tokens there are now */
    int64_t wait_ns;    /* until as many as were asked for are there; 0 when taken */
    int64_t full_ns;    /* until the bucket is full again */
};

/* For about `callers_max` with buckets that are not full. PGL_EXHAUSTED without memory. */
PGL_MUST_USE pgl_status pgl_gcra_open(struct pgl_gcra *table, uint32_t callers_max);
void pgl_gcra_close(struct pgl_gcra *table);

/* Takes `count` > 0 tokens of the caller's bucket, or none. `caller` is a hash that nobody can aim
 * (base/hash.h); the same caller under another rate is another caller. */
struct pgl_gcra_answer pgl_gcra_take(struct pgl_gcra *table, uint64_t caller,
                                     const struct pgl_rate *rate, int64_t count, int64_t now_ns);

/* What pgl_gcra_take would say, and takes nothing: `left_count` and `full_ns` are as they are. */
struct pgl_gcra_answer pgl_gcra_look(struct pgl_gcra *table, uint64_t caller,
                                     const struct pgl_rate *rate, int64_t count, int64_t now_ns);

/* The bucket is not full before `full_at_ns`, which is after `now_ns`: a penalty. */
void pgl_gcra_drain(struct pgl_gcra *table, uint64_t caller, int64_t full_at_ns, int64_t now_ns);

#endif
