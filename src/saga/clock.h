/*
 * clock.h - a clock that promises can be kept by: deadlines of orders are moments of it. Nobody can
 * move it in one jump past what is waited for.
 *
 * How:      while something is waited for it runs as the monotonic clock does, whatever becomes of
 *           the wall clock. While nothing is, there is nothing that a jump could harm: then it
 *           follows the wall clock forward, and stands while it is ahead of it.
 * Restart:  the owner writes a tick now and then (PGL_TICK_NS). From the last one the clock goes on
 *           by what the wall clock says has passed since, but by no more than PGL_DOWNTIME_MAX_NS.
 *           Behind a process that did not run stands only the wall clock, which is what may be
 *           wrong after a reboot; and a platform that was down for long has settled nothing
 *           meanwhile, so whoever waits is given the rest of their time. The bound is a third of
 *           the usual deadline: what is waited for on a machine whose clock is wrong by years keeps
 *           two thirds of it.
 * Never:    back. After a crash it may repeat what came behind the last tick, where the wall clock
 *           was set back in between: a promise is then kept a tick later.
 * Owner:    whoever keeps the promises; one loop.
 */
#ifndef PGL_SAGA_CLOCK_H
#define PGL_SAGA_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

#define PGL_TICK_NS         PGL_SECONDS(1)
#define PGL_DOWNTIME_MAX_NS PGL_MINUTES(5)

/* As it lies on disk. All zero: there was none yet. */
struct pgl_tick {
    int64_t now_ns;  /* this clock */
    int64_t wall_ns; /* and the wall clock, at the same moment */
};

struct pgl_saga_clock {
    int64_t now_ns;    /* in ns since 1970, as the wall clock that it grew from */
    int64_t seen_ns;   /* monotonic, at that moment */
    int64_t ticked_ns; /* monotonic, when a tick was last written */
};

void pgl_saga_clock_open(struct pgl_saga_clock *clock, const struct pgl_tick *last,
                         int64_t monotonic_ns, int64_t wall_ns);

/* What time it is; `is_awaited`: somebody waits for a moment of this clock. */
int64_t pgl_saga_clock_look(struct pgl_saga_clock *clock, bool is_awaited, int64_t monotonic_ns,
                            int64_t wall_ns);

/* A tick is to be written. */
bool pgl_saga_clock_is_tick_due(const struct pgl_saga_clock *clock, int64_t monotonic_ns);
/* It was. */
void pgl_saga_clock_ticked(struct pgl_saga_clock *clock, int64_t monotonic_ns);

#endif
