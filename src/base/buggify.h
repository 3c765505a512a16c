/*
 * buggify.h - places in the program where the simulator may make something rare happen: a short
 * batch, a ring that has already lost an event, a turn that does nothing. Faults from outside
 * seldom reach these states; nothing that a customer may rely on changes by them.
 *
 * For:      whoever has a rare branch that is right, and seldom taken.
 * Owner:    the platform has the pointer: NULL in real life, which costs one predictable branch;
 *           the simulator's twin behind it. No point lies in a loop over rows or events.
 * Threads:  the simulator's one.
 * Rule:     whatever strikes here could also have happened by itself.
 */
#ifndef PGL_BASE_BUGGIFY_H
#define PGL_BASE_BUGGIFY_H

#include <stdbool.h>
#include <stddef.h>

enum pgl_buggify_point {
    PGL_BUGGIFY_LOOP_IDLE_TURN,
    PGL_BUGGIFY_LOOP_SOCKETS_LATER,
    PGL_BUGGIFY_LOOP_TIMERS_LATER,
    PGL_BUGGIFY_LOOP_FLOWS_LATER,
    PGL_BUGGIFY_WRITER_SHORT_BATCH,
    PGL_BUGGIFY_WRITER_COMMANDS_FIRST,
    PGL_BUGGIFY_WRITER_SPOILED,
    PGL_BUGGIFY_WRITER_DISK_FULL,
    PGL_BUGGIFY_WRITER_QUEUE_FULL,
    PGL_BUGGIFY_WRITER_CHECKPOINT,
    PGL_BUGGIFY_WRITER_NO_CHECKPOINT,
    PGL_BUGGIFY_READER_SHORT_SNAPSHOT,
    PGL_BUGGIFY_READER_TOO_LATE,
    PGL_BUGGIFY_RECENT_TURNS_OVER,
    PGL_BUGGIFY_RECENT_WHOLE_SLICE,
    PGL_BUGGIFY_LOG_RING_LOST,
    PGL_BUGGIFY_LOG_SHORT_READ,
    PGL_BUGGIFY_LOG_BUSY,
    PGL_BUGGIFY_CONSUMER_SHORT_WORK,
    PGL_BUGGIFY_CONSUMER_NO_READ_AHEAD,
    PGL_BUGGIFY_HTTP_REFUSES,
    PGL_BUGGIFY_HTTP_CLOSES,
    PGL_BUGGIFY_RPC_REFUSES,
    PGL_BUGGIFY_EDGE_OVERLOADED,
    PGL_BUGGIFY_EDGE_FORGETS_TOKENS,
    PGL_BUGGIFY_ORDERS_FORGET_PRICES,
    PGL_BUGGIFY_POINTS
};

struct pgl_buggify {
    /* True: it happens now. */
    bool (*strikes)(const struct pgl_buggify *self, enum pgl_buggify_point point);
};

static inline bool pgl_buggify(const struct pgl_buggify *buggify, enum pgl_buggify_point point)
{
    return __builtin_expect(buggify != NULL, 0) && buggify->strikes(buggify, point);
}

/* "writer.short-batch", as scripts and reports spell it. */
const char *pgl_buggify_name(enum pgl_buggify_point point);

#endif
