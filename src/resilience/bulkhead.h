/*
 * bulkhead.h - so many at once and no more: of a kind of request, or of each of many callers.
 *
 * For:      that a slow kind of request cannot take the places of the others; streams of a client.
 * Owner:    whoever holds the struct. Who has entered leaves once.
 * Threads:  one at a time. Pure.
 * Bounds:   `most` at once. Of callers only those are remembered who are inside, `callers_max` at
 *           most; the next one is refused.
 */
#ifndef PGL_RESILIENCE_BULKHEAD_H
#define PGL_RESILIENCE_BULKHEAD_H

#include "base/map.h"

struct pgl_bulkhead {
    uint32_t most, inside;
};

/* False when it is full. */
PGL_MUST_USE bool pgl_bulkhead_enter(struct pgl_bulkhead *bulkhead);
void pgl_bulkhead_leave(struct pgl_bulkhead *bulkhead);

/* One for each caller. */
struct pgl_bulkheads {
    uint32_t most;
    struct pgl_map inside; /* caller to count */
};

void pgl_bulkheads_init(struct pgl_bulkheads *bulkheads, uint32_t most, uint32_t callers_max);
/* Who is inside stays there, also where fewer may be from now on. */
void pgl_bulkheads_change(struct pgl_bulkheads *bulkheads, uint32_t most, uint32_t callers_max);
void pgl_bulkheads_free(struct pgl_bulkheads *bulkheads);
/* False when the caller has enough, or too many callers are inside. */
PGL_MUST_USE bool pgl_bulkheads_enter(struct pgl_bulkheads *bulkheads, uint64_t caller);
void pgl_bulkheads_leave(struct pgl_bulkheads *bulkheads, uint64_t caller);
uint32_t pgl_bulkheads_inside(const struct pgl_bulkheads *bulkheads, uint64_t caller);

#endif
