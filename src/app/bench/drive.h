/*
 * drive.h - runs a loop from a command that has a thread to itself.
 */
#ifndef PGL_APP_BENCH_DRIVE_H
#define PGL_APP_BENCH_DRIVE_H

#include "runtime/loop.h"

/* Sleeps until there is news or `until_ns` has come, then takes one turn. */
static inline void pgl_drive_turn(struct pgl_loop *loop, int64_t until_ns)
{
    int64_t next_ns = pgl_loop_next_ns(loop);
    loop->waiter->ops->wait(loop->waiter, next_ns < until_ns ? next_ns : until_ns);
    pgl_loop_turn(loop);
}

#endif
