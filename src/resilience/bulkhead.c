/* bulkhead.c - see bulkhead.h. */
#include "resilience/bulkhead.h"

#include "base/assert.h"

bool pgl_bulkhead_enter(struct pgl_bulkhead *bulkhead)
{
    if (bulkhead->inside >= bulkhead->most)
        return false;
    bulkhead->inside++;
    return true;
}

void pgl_bulkhead_leave(struct pgl_bulkhead *bulkhead)
{
    PGL_ASSERT(bulkhead->inside > 0);
    bulkhead->inside--;
}

void pgl_bulkheads_init(struct pgl_bulkheads *bulkheads, uint32_t most, uint32_t callers_max)
{
    bulkheads->most = most;
    pgl_map_init(&bulkheads->inside, callers_max);
}

void pgl_bulkheads_change(struct pgl_bulkheads *bulkheads, uint32_t most, uint32_t callers_max)
{
    bulkheads->most = most;
    bulkheads->inside.limit = callers_max;
}

void pgl_bulkheads_free(struct pgl_bulkheads *bulkheads)
{
    pgl_map_free(&bulkheads->inside);
}

bool pgl_bulkheads_enter(struct pgl_bulkheads *bulkheads, uint64_t caller)
{
    uint64_t *inside = pgl_map_get(&bulkheads->inside, caller);
    if (inside == NULL)
        return bulkheads->most > 0 && pgl_is_ok(pgl_map_put(&bulkheads->inside, caller, 1));
    if (*inside >= bulkheads->most)
        return false;
    ++*inside;
    return true;
}

void pgl_bulkheads_leave(struct pgl_bulkheads *bulkheads, uint64_t caller)
{
    uint64_t *inside = pgl_map_get(&bulkheads->inside, caller);
    PGL_ASSERT(inside != NULL && *inside > 0);
    if (--*inside == 0)
        pgl_map_remove(&bulkheads->inside, caller);
}

uint32_t pgl_bulkheads_inside(const struct pgl_bulkheads *bulkheads, uint64_t caller)
{
    const uint64_t *inside = pgl_map_get(&bulkheads->inside, caller);
    return inside != NULL ? (uint32_t)*inside : 0;
}
