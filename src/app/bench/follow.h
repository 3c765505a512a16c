/*
 * follow.h - hears how every order ends, from the platform's stream of endings (server-sent
 * events).
 *
 * Owner:    whoever holds the struct; one loop.
 * Bounds:   PGL_FOLLOW_LINE_BYTES a line.
 * Errors:   a stream that breaks is asked for again behind the last ending heard (Last-Event-ID),
 *           so none is missed; `breaks` counts. A refusal (4xx) stays in `status` and ends the
 *           following.
 */
#ifndef PGL_APP_BENCH_FOLLOW_H
#define PGL_APP_BENCH_FOLLOW_H

#include "app/bench/client.h"
#include "app/bench/open_orders.h"

#define PGL_FOLLOW_LINE_BYTES 256

struct pgl_follow {
    struct pgl_client client;
    struct pgl_text token; /* an operator's */
    /* `state` is CONFIRMED, FAILED or CANCELLED. */
    void (*on_ending)(void *owner, pgl_id id, enum pgl_open_order_state state);
    void *owner;

    int status; /* of the last answer; 0 before the first */
    uint64_t breaks;
    uint64_t malformed; /* lines that were no such ending */

    /* What follows is the follower's own. */
    struct pgl_timer again;
    int64_t last_seq, line_seq;       /* -1 for none */
    char line[PGL_FOLLOW_LINE_BYTES]; /* begun in one piece, ended in the next */
    size_t line_size;
};

PGL_MUST_USE pgl_status pgl_follow_init(struct pgl_follow *follow, struct pgl_loop *loop,
                                        const struct pgl_address *address, struct pgl_arena *arena);
/* Hears what ends from now on. */
void pgl_follow_start(struct pgl_follow *follow);
void pgl_follow_close(struct pgl_follow *follow);

#endif
