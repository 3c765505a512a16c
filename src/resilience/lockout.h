/*
 * lockout.h - slows down whoever shows wrong credentials: some mistakes are free, then each one
 * more costs twice the wait of the one before.
 *
 * For:      the edge's identify step, by the name that was tried.
 * Owner:    one loop opens, asks and closes it.
 * Threads:  that loop's. Pure: the time is an argument, monotonic.
 * Bounds:   `capacity` of them are remembered, 40 bytes each, taken at open. When the eight places
 *           of a newcomer are taken, the one makes room who would be let off first.
 */
#ifndef PGL_RESILIENCE_LOCKOUT_H
#define PGL_RESILIENCE_LOCKOUT_H

#include <stdint.h>

#include "base/status.h"

struct pgl_lockout_options {
    int64_t free_count;  /* mistakes in `window_ns` that cost nothing; 0: all of them */
    int64_t window_ns;   /* the first wait is a `free_count`th of it */
    int64_t wait_max_ns; /* no wait is longer */
    int64_t forget_ns;   /* after so long without a mistake the doubling begins anew */
    uint32_t capacity;   /* rounded up to a power of two, 8 at least */
};
#define PGL_LOCKOUT_OPTIONS_DEFAULT                                                                \
    {                                                                                              \
        .free_count = 5, .window_ns = INT64_C(60000000000), .wait_max_ns = INT64_C(900000000000),  \
        .forget_ns = INT64_C(900000000000), .capacity = 8192                                       \
    }

struct pgl_lockout;

/* NULL without memory. */
struct pgl_lockout *pgl_lockout_open(const struct pgl_lockout_options *options);
void pgl_lockout_close(struct pgl_lockout *lockout);
/* From the next mistake on. */
void pgl_lockout_change(struct pgl_lockout *lockout, int64_t free_count);

/* How long `who` (a keyed hash) has to wait from now on; 0: not at all. */
int64_t pgl_lockout_wait_ns(const struct pgl_lockout *lockout, uint64_t who, int64_t now_ns);

/* A mistake of theirs. Returns what they have to wait for it. */
int64_t pgl_lockout_note(struct pgl_lockout *lockout, uint64_t who, int64_t now_ns);

#endif
