/*
 * clock.h - what time it is, as an argument: the real clock or a simulated one.
 *
 * Threads:  any, once made.
 */
#ifndef PGL_PLATFORM_CLOCK_H
#define PGL_PLATFORM_CLOCK_H

#include <stdint.h>

struct pgl_clock {
    int64_t (*monotonic_ns)(void *self); /* never goes back; from an arbitrary start; above 0 */
    int64_t (*wall_ns)(void *self);      /* since 1970 UTC; may jump either way */
    void *self;
};

static inline int64_t pgl_clock_monotonic_ns(const struct pgl_clock *clock)
{
    return clock->monotonic_ns(clock->self);
}

static inline int64_t pgl_clock_wall_ns(const struct pgl_clock *clock)
{
    return clock->wall_ns(clock->self);
}

#endif
