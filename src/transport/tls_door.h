/*
 * tls_door.h - connections on their way through the handshake of TLS, which is the most that a
 * stranger can make us work for a few bytes.
 *
 * For:      http_server.c: what comes out is a socket like any other.
 * Owner:    the server; it calls pgl_tls_door_work at the end of every turn.
 * Threads:  the loop's.
 * Bounds:   `handshakes_max` at once. When full, the one that has taken longest gives its place up,
 *           unless it is younger than half a second; then newcomers wait in the listener's queue.
 *           `handshake_ns` for each. Some steps a turn, then others have theirs.
 * Memory:   places are taken at open; a session has OpenSSL's own.
 */
#ifndef PGL_TRANSPORT_TLS_DOOR_H
#define PGL_TRANSPORT_TLS_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"
#include "runtime/loop.h"
#include "telemetry/metrics.h"
#include "wire/tls.h"

/* What those who come are shown. `current` belongs to the door's loop, which may exchange it
 * between two turns; sessions go on with what they began with. */
struct pgl_tls_server_contexts {
    struct pgl_tls_context *current;
};

struct pgl_tls_door_options {
    uint32_t handshakes_max;
    int64_t handshake_ns;
    const struct pgl_tls_server_contexts *contexts;
    void *owner;
    /* Through: the socket is the owner's, and `client` is what it was taken with. */
    void (*on_through)(void *owner, struct pgl_socket *socket, uint64_t client);
    /* Not through, whatever the reason; the socket is closed. */
    void (*on_lost)(void *owner, uint64_t client);
    /* There is a place again, behind a pgl_tls_door_has_place that said no. */
    void (*on_place)(void *owner);
};

struct pgl_tls_door_metrics {
    struct pgl_counter through, failed, late, gave_way;
    struct pgl_counter open; /* a gauge */
};

struct pgl_tls_door {
    struct pgl_loop *loop;
    struct pgl_tls_door_options options;
    struct pgl_tls_door_metrics metrics;

    /* What follows is the door's own. */
    struct pgl_list free, waiting; /* waiting: who came first is first */
    struct pgl_list due;           /* have news, and wait for their step */
    uint32_t count;
    struct pgl_timer timer; /* of the first of those who wait */
    bool is_asked_for;      /* somebody wants a place */
};

/* The places lie in the arena. */
PGL_MUST_USE pgl_status pgl_tls_door_open(struct pgl_tls_door *door, struct pgl_loop *loop,
                                          struct pgl_arena *arena,
                                          const struct pgl_tls_door_options *options);
/* Closes all that are on their way. */
void pgl_tls_door_close(struct pgl_tls_door *door);

/* Whether one more may come; else on_place will say when. */
bool pgl_tls_door_has_place(struct pgl_tls_door *door);
/* The socket is the door's, also when it fails, and then it is lost at once: without a word. */
PGL_MUST_USE bool pgl_tls_door_take(struct pgl_tls_door *door, struct pgl_socket *socket,
                                    uint64_t client);

/* True when there is more to do at once. */
PGL_MUST_USE bool pgl_tls_door_work(struct pgl_tls_door *door);

#endif
