/*
 * client.h - one HTTP/1.1 connection that asks, and reads the answer where it arrived: a write and
 * a read for each request, nothing copied, nothing allocated. It connects when it has something to
 * send.
 *
 * For:      the load generator, whose own cost is part of what it measures.
 * Owner:    whoever holds the struct; one loop.
 * Bounds:   one request at a time, of `out_bytes_max`; the head of an answer has to fit
 *           `in_bytes_max`, its body passes through in pieces of at most that.
 * Memory:   both buffers from the arena given at init.
 * Errors:   a connection that breaks under a request is closed and `on_broken` called; what was
 *           asked stays in the buffer, so pgl_client_send asks the same again. No time limits: the
 *           owner has them.
 */
#ifndef PGL_APP_BENCH_CLIENT_H
#define PGL_APP_BENCH_CLIENT_H

#include "app/options.h"
#include "base/arena.h"
#include "runtime/loop.h"
#include "wire/http1.h"

/* What is done with an answer. `on_end` and `on_broken` may send the next request. */
struct pgl_client_events {
    void (*on_head)(void *owner, const struct pgl_http_response_head *head);
    void (*on_piece)(void *owner, struct pgl_text piece);
    void (*on_end)(void *owner);
    void (*on_broken)(void *owner);
};

struct pgl_client {
    struct pgl_loop *loop;
    const struct pgl_address *address;
    const struct pgl_client_events *events;
    void *owner;

    char *out; /* the request: written by the owner up to out_size, then sent */
    size_t out_size, out_bytes_max;

    /* What follows is the client's own. */
    struct pgl_socket *socket; /* NULL while not connected */
    size_t sent_bytes;
    char *in;
    size_t in_size, in_bytes_max;
    bool is_asking, is_in_body, is_keep_alive;
    struct pgl_http1_body body;
};

PGL_MUST_USE pgl_status pgl_client_init(struct pgl_client *client, struct pgl_loop *loop,
                                        const struct pgl_address *address, struct pgl_arena *arena,
                                        size_t out_bytes_max, size_t in_bytes_max);

/* Sends what is in `out`. */
void pgl_client_send(struct pgl_client *client);

/* Drops the connection, and with it what was asked. */
void pgl_client_close(struct pgl_client *client);

#endif
