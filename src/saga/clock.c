/* clock.c - see clock.h. */
#include "saga/clock.h"

static int64_t largest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t downtime(const struct pgl_tick *last, int64_t wall_ns)
{
    int64_t passed_ns = largest(wall_ns - last->wall_ns, 0);
    return passed_ns < PGL_DOWNTIME_MAX_NS ? passed_ns : PGL_DOWNTIME_MAX_NS;
}

void pgl_saga_clock_open(struct pgl_saga_clock *clock, const struct pgl_tick *last,
                         int64_t monotonic_ns, int64_t wall_ns)
{
    bool is_first = last->wall_ns == 0;
    clock->now_ns = is_first ? wall_ns : last->now_ns + downtime(last, wall_ns);
    clock->seen_ns = monotonic_ns;
    clock->ticked_ns = monotonic_ns - PGL_TICK_NS; /* the first transaction writes one */
}

int64_t pgl_saga_clock_look(struct pgl_saga_clock *clock, bool is_awaited, int64_t monotonic_ns,
                            int64_t wall_ns)
{
    if (is_awaited)
        clock->now_ns += largest(monotonic_ns - clock->seen_ns, 0);
    else
        clock->now_ns = largest(clock->now_ns, wall_ns);
    clock->seen_ns = largest(clock->seen_ns, monotonic_ns);
    return clock->now_ns;
}

bool pgl_saga_clock_is_tick_due(const struct pgl_saga_clock *clock, int64_t monotonic_ns)
{
    return monotonic_ns - clock->ticked_ns >= PGL_TICK_NS;
}

void pgl_saga_clock_ticked(struct pgl_saga_clock *clock, int64_t monotonic_ns)
{
    clock->ticked_ns = monotonic_ns;
}
