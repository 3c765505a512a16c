/*
 * fetch.h - asks one thing and waits for the answer: what a load needs before it begins and after
 * it ended.
 *
 * Owner:    whoever holds the struct; a command's own thread, never from inside a turn.
 * Bounds:   PGL_FETCH_NS for an answer, PGL_FETCH_BODY_BYTES of it.
 */
#ifndef PGL_APP_BENCH_FETCH_H
#define PGL_APP_BENCH_FETCH_H

#include "app/bench/client.h"
#include "base/buffer.h"
#include "base/time.h"

#define PGL_FETCH_NS         PGL_SECONDS(10)
#define PGL_FETCH_ASK_BYTES  81920      /* a target, a token, a body as large as the edge takes */
#define PGL_FETCH_BODY_BYTES (1u << 20) /* a page of 100 products has 30 KiB */

struct pgl_fetch {
    struct pgl_client client;
    struct pgl_buffer answer; /* the body of the last one */
    int status;

    /* What follows is the fetch's own. */
    bool is_over, is_broken;
};

PGL_MUST_USE pgl_status pgl_fetch_init(struct pgl_fetch *fetch, struct pgl_loop *loop,
                                       const struct pgl_address *address, struct pgl_arena *arena);
void pgl_fetch_close(struct pgl_fetch *fetch);

/* Asks what is in fetch->client.out. PGL_UNAVAILABLE when nobody answers, PGL_DEADLINE when it
 * takes too long; whatever the answer is, it is an answer. */
PGL_MUST_USE pgl_status pgl_fetch(struct pgl_fetch *fetch);

/* A GET; `token` may be empty. */
PGL_MUST_USE pgl_status pgl_fetch_get(struct pgl_fetch *fetch, const char *target,
                                      struct pgl_text token);

/* Lets so much time pass. */
void pgl_fetch_wait(struct pgl_fetch *fetch, int64_t span_ns);

#endif
