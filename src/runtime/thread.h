/*
 * thread.h - the loops of one thread, and the life of that thread: turns while there is something
 * to do, then sleep.
 *
 * Owner:    app/boot.c. The simulator does not use it.
 */
#ifndef PGL_RUNTIME_THREAD_H
#define PGL_RUNTIME_THREAD_H

#include <stdatomic.h>

#include "runtime/loop.h"

#define PGL_THREAD_LOOPS_MAX 16

struct pgl_thread {
    const char *name;
    struct pgl_waiter *waiter;
    struct pgl_loop *loops[PGL_THREAD_LOOPS_MAX];
    int loop_count;
    atomic_bool is_stopping;
};

/* Until it is told to stop, or one of its loops fails for good: that status is returned. */
pgl_status pgl_thread_run(struct pgl_thread *thread);

/* Any thread. */
void pgl_thread_stop(struct pgl_thread *thread);

#endif
