/*
 * timers.h - what is to happen later, on one loop: an intrusive pairing heap (Fredman et al. 1986).
 *
 * Owner:    the loop. A timer lies inside what waits for it, so there is no limit and no
 *           allocation.
 */
#ifndef PGL_RUNTIME_TIMERS_H
#define PGL_RUNTIME_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct pgl_timer {
    int64_t due_ns; /* monotonic */
    uint64_t order; /* among equals, first set is first due */
    struct pgl_timer *child, *sibling,
        *back; /* back: the parent of a first child, else the left sibling */
    bool is_set;
    void (*on_due)(void *owner);
    void *owner;
};

struct pgl_timers {
    struct pgl_timer *root;
    uint64_t order;
};

/* Sets it anew if it is set. */
void pgl_timer_set(struct pgl_timers *timers, struct pgl_timer *timer, int64_t due_ns,
                   void (*on_due)(void *owner), void *owner);
/* Also right when it is not set. */
void pgl_timer_clear(struct pgl_timers *timers, struct pgl_timer *timer);
/* PGL_NEVER_NS when there is none. */
int64_t pgl_timers_next_ns(const struct pgl_timers *timers);
/* The earliest that is due, no longer set; NULL when none is. */
struct pgl_timer *pgl_timers_take_due(struct pgl_timers *timers, int64_t now_ns);

#endif
