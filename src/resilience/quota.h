/*
 * quota.h - so many a day, so many a month: counts of callers, by calendar of UTC.
 *
 * For:      what a partner's plan says beside its rate.
 * Owner:    whoever holds the struct.
 * Threads:  one at a time. Pure: the time is an argument, of the wall.
 * Bounds:   `callers_max` counts; when they are all of a period that is not over, a new caller is
 *           refused. Counts to 2^32 - 1.
 */
#ifndef PGL_RESILIENCE_QUOTA_H
#define PGL_RESILIENCE_QUOTA_H

#include "base/map.h"

enum pgl_quota_span { PGL_QUOTA_DAY, PGL_QUOTA_MONTH };

struct pgl_quotas {
    struct pgl_map used; /* caller to the day on which its period ends (high 32 bits) and a count */
};

struct pgl_quota_answer {
    bool is_taken;
    int64_t left_count; /* that there are now */
    int64_t span_ns;    /* of the period, */
    int64_t left_ns;    /* and what is left of it */
};

void pgl_quotas_init(struct pgl_quotas *quotas, uint32_t callers_max);
void pgl_quotas_free(struct pgl_quotas *quotas);

/* Takes `count` of `quota`, or nothing. A caller's day and its month are two callers. */
struct pgl_quota_answer pgl_quota_take(struct pgl_quotas *quotas, uint64_t caller,
                                       enum pgl_quota_span span, int64_t quota, int64_t count,
                                       int64_t wall_ns);
/* What pgl_quota_take would say, and takes nothing: `left_count` is as it is. */
struct pgl_quota_answer pgl_quota_look(const struct pgl_quotas *quotas, uint64_t caller,
                                       enum pgl_quota_span span, int64_t quota, int64_t count,
                                       int64_t wall_ns);

/* What was taken in this period. */
int64_t pgl_quota_used(const struct pgl_quotas *quotas, uint64_t caller, enum pgl_quota_span span,
                       int64_t wall_ns);
/* What had been taken by `at_ns`, before this table was there: it counts if that was in this
 * period, and is not less than what is known. Forgotten where there is no place. */
void pgl_quota_recall(struct pgl_quotas *quotas, uint64_t caller, enum pgl_quota_span span,
                      int64_t count, int64_t at_ns, int64_t wall_ns);

#endif
