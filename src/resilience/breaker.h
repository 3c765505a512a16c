/*
 * breaker.h - a circuit breaker: calls to somebody who fails are not made for a while, then a few
 * are, to see. It delays; it never decides what became of anything.
 *
 * For:      calls to a provider or to another service; one breaker for each upstream.
 * Owner:    whoever holds the struct. Each call admitted is noted once, by its ticket.
 * Threads:  one at a time. Pure: the time is an argument, monotonic; jitter comes from a seed.
 * Bounds:   counts over the last `PGL_BREAKER_SLOTS * slot_ns`; half open, `probe_count` calls at
 *           once. A probe that is never noted is taken for failed after `probe_ns`.
 *
 *   CLOSED     --enough calls, too many of them failed-->  OPEN
 *   OPEN       --its time is over-->                       HALF_OPEN
 *   HALF_OPEN  --`probe_count` went well-->                CLOSED
 *   HALF_OPEN  --one failed, or was lost-->                OPEN, for twice as long up to a limit
 */
#ifndef PGL_RESILIENCE_BREAKER_H
#define PGL_RESILIENCE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "base/time.h"

#define PGL_BREAKER_SLOTS 10

enum pgl_breaker_state { PGL_BREAKER_CLOSED, PGL_BREAKER_OPEN, PGL_BREAKER_HALF_OPEN };

enum pgl_breaker_result {
    PGL_BREAKER_WELL,   /* an answer, also a refusal: they are there */
    PGL_BREAKER_FAILED, /* a timeout, a 5xx, nobody there: theirs */
    PGL_BREAKER_UNTOLD  /* not made, or given up by us: nothing was learnt */
};

struct pgl_breaker_rules {
    int64_t slot_ns;
    uint32_t calls_min; /* fewer say nothing */
    uint32_t failed_percent;
    int64_t open_ns, open_ns_max;
    uint32_t probe_count;
    int64_t probe_ns;
};

#define PGL_BREAKER_DEFAULT                                                                        \
    ((struct pgl_breaker_rules){ .slot_ns = PGL_SECONDS(1),                                        \
                                 .calls_min = 20,                                                  \
                                 .failed_percent = 50,                                             \
                                 .open_ns = PGL_SECONDS(5),                                        \
                                 .open_ns_max = PGL_SECONDS(60),                                   \
                                 .probe_count = 3,                                                 \
                                 .probe_ns = PGL_SECONDS(15) })

/* Which breaker state a call was admitted in; 0: it was not. */
typedef uint32_t pgl_breaker_ticket;

struct pgl_breaker {
    struct pgl_breaker_rules rules;
    enum pgl_breaker_state state;

    /* What follows is the breaker's own. */
    struct pgl_random random;
    pgl_breaker_ticket term; /* counts changes of state: what is noted from an older one is late */
    struct {
        int64_t number; /* of the slot since the clock's start */
        uint32_t call_count, failed_count;
    } slots[PGL_BREAKER_SLOTS];
    int64_t until_ns;      /* OPEN ends then; HALF_OPEN: the probes are lost then */
    int64_t span_ns;       /* of the next OPEN, before jitter */
    uint32_t probes_out;   /* HALF_OPEN: not noted yet */
    uint32_t probes_ended; /* HALF_OPEN: noted well */
};

void pgl_breaker_init(struct pgl_breaker *breaker, struct pgl_breaker_rules rules, uint64_t seed);

/* A ticket, or 0 and how long to wait before asking again. `wait_ns` may be NULL. */
pgl_breaker_ticket pgl_breaker_admit(struct pgl_breaker *breaker, int64_t now_ns, int64_t *wait_ns);

void pgl_breaker_note(struct pgl_breaker *breaker, pgl_breaker_ticket ticket,
                      enum pgl_breaker_result result, int64_t now_ns);

/* Opens at once: one answer was reason enough (a key that is not accepted any more). */
void pgl_breaker_trip(struct pgl_breaker *breaker, int64_t now_ns);

#endif
