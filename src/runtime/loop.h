/*
 * loop.h - an owner of things and its turns. All that a loop owns is touched in its turns only, one
 * turn at a time; so nothing a loop owns needs a lock.
 *
 * Owner:    app/boot.c makes the loops. Who runs them is not the loop's business: a thread
 *           (runtime/thread.h), or the simulator, which draws whose turn it is.
 * Threads:  one at a time. Mailboxes are the only way in.
 * A turn:   mailboxes, sockets, timers, flows that are ready, the owner's own work; then the other
 *           loops that were written to are woken. A turn never blocks (a writer's commit apart).
 */
#ifndef PGL_RUNTIME_LOOP_H
#define PGL_RUNTIME_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "platform/platform.h"
#include "runtime/mailbox.h"
#include "runtime/timers.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

#define PGL_LOOP_WAKES_MAX 16 /* threads that one turn can wake; more than a process has */

struct pgl_loop {
    const char *name;
    struct pgl_platform *platform;
    struct pgl_waiter *waiter; /* of the thread that runs it */
    struct pgl_log log;
    struct pgl_mailbox *mailboxes;
    struct pgl_timers timers;
    struct pgl_list ready_sockets;
    struct pgl_list ready_flows;

    /* The owner's own work, once a turn, behind everything else; NULL for none. True when there is
     * more to do at once. */
    bool (*work)(void *owner);
    void *owner;

    int64_t now_ns;   /* monotonic, at the start of the turn */
    int64_t wall_ns;  /* the same moment for people */
    const char *step; /* what runs now, for the watchdog */
    int64_t slow_ns;  /* a longer turn is reported; 0 for loops whose turns may block */
    struct pgl_counter turns, slow_turns;
    struct pgl_timer log_owes; /* lines were left out, and it is to be said how many */

    pgl_status fatal; /* not OK: this process has to end and recover (an I/O error at commit) */

    struct pgl_waiter *wakes[PGL_LOOP_WAKES_MAX];
    int wake_count;
};

void pgl_loop_init(struct pgl_loop *loop, const char *name, struct pgl_platform *platform,
                   struct pgl_waiter *waiter);

/* One turn. True when another is due at once. */
bool pgl_loop_turn(struct pgl_loop *loop);

/* When the next turn is due if nobody writes: now, a timer, or PGL_NEVER_NS. */
int64_t pgl_loop_next_ns(const struct pgl_loop *loop);

/* True when somebody has written or a socket has news. */
bool pgl_loop_has_news(const struct pgl_loop *loop);

/* At the end of `from`'s turn. `from` may be NULL where there is no turn: at once. */
void pgl_loop_wake_later(struct pgl_loop *from, struct pgl_loop *sleeper);

/* The first fatal status stays. */
void pgl_loop_fail(struct pgl_loop *loop, pgl_status status);

/* In a simulation: does it happen now? See base/buggify.h. */
static inline bool pgl_loop_is_struck(const struct pgl_loop *loop, enum pgl_buggify_point point)
{
    return pgl_buggify(loop->platform->buggify, point);
}

#endif
