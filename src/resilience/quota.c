/* quota.c - see quota.h. */
#include "resilience/quota.h"

#include "base/assert.h"
#include "base/time.h"

#define DAY_NS     PGL_HOURS(24)
#define SWEEP_KEYS 256 /* of one sweep; nothing may be removed while walking */

void pgl_quotas_init(struct pgl_quotas *quotas, uint32_t callers_max)
{
    pgl_map_init(&quotas->used, callers_max);
}

void pgl_quotas_free(struct pgl_quotas *quotas)
{
    pgl_map_free(&quotas->used);
}

static void period_of(enum pgl_quota_span span, int64_t wall_ns, int64_t *from_ns,
                      int64_t *until_ns)
{
    *from_ns = wall_ns - wall_ns % DAY_NS;
    *until_ns = *from_ns + DAY_NS;
    if (span == PGL_QUOTA_MONTH)
        pgl_time_month(wall_ns, from_ns, until_ns);
}

static int64_t used_until(const struct pgl_quotas *quotas, uint64_t caller, int64_t until_ns)
{
    const uint64_t *kept = pgl_map_get(&quotas->used, caller);
    bool is_of_now = kept != NULL && *kept >> 32 == (uint64_t)(until_ns / DAY_NS);
    return is_of_now ? (int64_t)(*kept & UINT32_MAX) : 0;
}

struct pgl_quota_answer pgl_quota_look(const struct pgl_quotas *quotas, uint64_t caller,
                                       enum pgl_quota_span span, int64_t quota, int64_t count,
                                       int64_t wall_ns)
{
    int64_t from_ns, until_ns;
    PGL_ASSERT(wall_ns >= 0 && count > 0 && quota >= 0 && quota <= UINT32_MAX);
    period_of(span, wall_ns, &from_ns, &until_ns);
    int64_t left = quota - used_until(quotas, caller, until_ns);
    return (struct pgl_quota_answer){ .is_taken = count <= left,
                                      .left_count = left > 0 ? left : 0,
                                      .span_ns = until_ns - from_ns,
                                      .left_ns = until_ns - wall_ns };
}

static void sweep(struct pgl_quotas *quotas, int64_t wall_ns)
{
    uint64_t over[SWEEP_KEYS];
    const struct pgl_map_slot *slot;
    size_t at = 0, count = 0;
    while (count < SWEEP_KEYS && (slot = pgl_map_next(&quotas->used, &at)) != NULL)
        if (slot->value >> 32 <= (uint64_t)(wall_ns / DAY_NS))
            over[count++] = slot->key;
    for (size_t i = 0; i < count; i++)
        pgl_map_remove(&quotas->used, over[i]);
}

static bool keep(struct pgl_quotas *quotas, uint64_t caller, int64_t until_ns, int64_t count,
                 int64_t wall_ns)
{
    bool is_new = pgl_map_get(&quotas->used, caller) == NULL;
    if (is_new && quotas->used.count >= quotas->used.limit)
        sweep(quotas, wall_ns);
    uint64_t kept = (uint64_t)(until_ns / DAY_NS) << 32 | (uint64_t)count;
    return pgl_is_ok(pgl_map_put(&quotas->used, caller, kept));
}

struct pgl_quota_answer pgl_quota_take(struct pgl_quotas *quotas, uint64_t caller,
                                       enum pgl_quota_span span, int64_t quota, int64_t count,
                                       int64_t wall_ns)
{
    struct pgl_quota_answer answer = pgl_quota_look(quotas, caller, span, quota, count, wall_ns);
    if (!answer.is_taken)
        return answer;
    answer.is_taken =
        keep(quotas, caller, wall_ns + answer.left_ns, quota - answer.left_count + count, wall_ns);
    if (answer.is_taken)
        answer.left_count -= count;
    return answer;
}

int64_t pgl_quota_used(const struct pgl_quotas *quotas, uint64_t caller, enum pgl_quota_span span,
                       int64_t wall_ns)
{
    int64_t from_ns, until_ns;
    period_of(span, wall_ns, &from_ns, &until_ns);
    return used_until(quotas, caller, until_ns);
}

void pgl_quota_recall(struct pgl_quotas *quotas, uint64_t caller, enum pgl_quota_span span,
                      int64_t count, int64_t at_ns, int64_t wall_ns)
{
    int64_t from_ns, until_ns;
    period_of(span, wall_ns, &from_ns, &until_ns);
    if (at_ns >= from_ns && at_ns < until_ns && count <= UINT32_MAX &&
        count > used_until(quotas, caller, until_ns))
        (void)keep(quotas, caller, until_ns, count, wall_ns);
}
