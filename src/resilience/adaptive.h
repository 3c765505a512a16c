/*
 * adaptive.h - how many requests may be under way at once, found out from how long they take.
 *
 * For:      a door in front of something that gets slow before it fails.
 * Owner:    whoever holds the struct; one loop.
 * Threads:  one at a time. Pure: the time is an argument, monotonic; jitter comes from a seed.
 * Rule:     what is noted is how long a request took in thousandths of what it may take, so that
 *           quick and slow kinds share one limit. A window is closed when it has seen enough; only
 *           what began within it counts, so the answer to a change is awaited before the next one.
 * Bounds:   `least` to `most`. At first the limit is `most`: it has to be talked down.
 *
 * Policies, behind one interface:
 *   AIMD      one more a window while nine of ten are in time; a tenth less when they are not, half
 *             when most take twice what they may: a queue of seconds would take many windows
 *   GRADIENT  as much less as the median is above what it is at rest, and a root of the limit more;
 *             rest is looked for about once a minute, with jitter, at `least`
 *   FIXED     `most`
 *
 * There is no queue: what is beyond the limit is refused at once, the least important kind first
 * (pgl_adaptive_admits). adaptive_test.c has the simulation that it was decided by.
 * Source:   Chiu and Jain 1989 for the first; the second is Envoy's gradient controller.
 */
#ifndef PGL_RESILIENCE_ADAPTIVE_H
#define PGL_RESILIENCE_ADAPTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "base/time.h"

enum pgl_adaptive_policy { PGL_ADAPTIVE_AIMD, PGL_ADAPTIVE_GRADIENT, PGL_ADAPTIVE_FIXED };

struct pgl_adaptive_options {
    enum pgl_adaptive_policy policy;
    uint32_t least, most;
    uint32_t window_count; /* requests of a window, */
    int64_t window_ns;     /* and how long it takes at least */
};

#define PGL_ADAPTIVE_DEFAULT                                                                       \
    ((struct pgl_adaptive_options){ .policy = PGL_ADAPTIVE_AIMD,                                   \
                                    .least = 64,                                                   \
                                    .most = 4096,                                                  \
                                    .window_count = 100,                                           \
                                    .window_ns = PGL_MILLISECONDS(20) })

#define PGL_ADAPTIVE_IN_TIME 1000 /* thousandths */
#define PGL_ADAPTIVE_LOADS   48   /* four steps for each doubling, from 1 to 4096 thousandths */

struct pgl_adaptive {
    struct pgl_adaptive_options options;
    uint32_t limit;

    /* What follows is its own. */
    struct pgl_random random;
    int64_t window_from_ns;
    uint32_t count, late_count, busiest;
    uint32_t loads[PGL_ADAPTIVE_LOADS];
    int64_t rest_until_ns;  /* then it is looked for again */
    uint32_t rest_load;     /* the median at rest; 0: not known */
    uint32_t limit_to_keep; /* while it is looked for; 0: it is not */
};

void pgl_adaptive_init(struct pgl_adaptive *adaptive, struct pgl_adaptive_options options,
                       uint64_t seed, int64_t now_ns);

/* What was found out holds on under the same policy, within the new bounds; another one begins
 * anew. */
void pgl_adaptive_change(struct pgl_adaptive *adaptive, struct pgl_adaptive_options options,
                         int64_t now_ns);

/* May one more of a kind begin that may have `share_percent` of the limit? */
static inline bool pgl_adaptive_admits(const struct pgl_adaptive *adaptive, uint32_t in_flight,
                                       uint32_t share_percent)
{
    return (uint64_t)in_flight * 100 < (uint64_t)adaptive->limit * share_percent;
}

/* One has ended. `load`: how long it took, in thousandths of what it may take; an answer that
 * somebody was too busy for is PGL_ADAPTIVE_OVERLOAD. `in_flight` counts it still. */
#define PGL_ADAPTIVE_OVERLOAD UINT32_MAX
void pgl_adaptive_note(struct pgl_adaptive *adaptive, uint32_t in_flight, uint32_t load,
                       int64_t began_ns, int64_t now_ns);

#endif
