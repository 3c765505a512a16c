/* retry.c - see retry.h. */
#include "resilience/retry.h"

#include "base/assert.h"

int64_t pgl_retry_limit_ns(const struct pgl_retry_rules *rules, uint32_t failed_count)
{
    int64_t limit_ns = rules->base_ns;
    PGL_ASSERT(rules->base_ns > 0 && rules->cap_ns >= rules->base_ns && rules->factor >= 1);
    if (failed_count == 0)
        return 0;
    if (rules->factor == 1)
        return limit_ns;
    for (uint32_t i = 1; i < failed_count; i++) {
        if (limit_ns > rules->cap_ns / rules->factor)
            return rules->cap_ns;
        limit_ns *= rules->factor;
    }
    return limit_ns;
}

int64_t pgl_retry_draw_ns(const struct pgl_retry_rules *rules, uint32_t failed_count,
                          struct pgl_random *random)
{
    int64_t limit_ns = pgl_retry_limit_ns(rules, failed_count);
    return (int64_t)pgl_random_below(random, (uint64_t)limit_ns + 1);
}
