/*
 * twin.h - a machine in memory: a clock that the test moves, entropy from a seed, sockets without a
 * network.
 *
 * For:      tests of what lives above the platform, and the simulator, whose network is made of
 *           these pipes.
 * Owner:    the test. No disk: platform.disk is NULL until the test brings one.
 * Threads:  one. Waiting returns at once, so whoever runs the loops also moves the clock.
 * Bounds:   pipe_bytes_max in each direction; then writes wait, as on a real connection.
 * Rule:     the same seed and the same calls move the same bytes at the same moments.
 *
 * A connection behaves as TCP does where it matters to a server: bytes come in any pieces, a writer
 * may be stopped by a reader, and closing with bytes unread resets the other side, which then loses
 * even what it had not read yet.
 */
#ifndef PGL_PLATFORM_TWIN_H
#define PGL_PLATFORM_TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/random.h"
#include "platform/platform.h"

#define PGL_TWIN_NAMES_MAX 16

/* A host that the twin's resolver knows. */
struct pgl_twin_name {
    const char *name;
    const char *addresses; /* a line each; NULL: the resolver does not answer */
};

struct pgl_twin {
    struct pgl_platform platform;
    int64_t now_ns; /* monotonic */
    int64_t wall_ns;

    /* May be changed at any time; for bytes written from then on. */
    size_t pipe_bytes_max;
    int64_t delay_ns; /* from one end of a connection to the other */
    bool draws_sizes; /* reads and writes move only some of what they could */
    char client_address
        [PGL_PEER_BYTES]; /* what the accepting side sees of connections from now on */
    struct pgl_twin_name names[PGL_TWIN_NAMES_MAX]; /* up to the first without a name */

    /* What follows is the twin's own. */
    struct pgl_random entropy, sizes;
    struct pgl_list sockets;
    uint16_t last_port;
};

/* Its clock stands at 1 s, its calendar at the end of January 2026. */
void pgl_twin_open(struct pgl_twin *twin, uint64_t seed);
/* All sockets and waiters have to be closed. */
void pgl_twin_close(struct pgl_twin *twin);

void pgl_twin_advance(struct pgl_twin *twin, int64_t by_ns);

/* Notes every socket that has news it was asked for; waiting does so too. */
void pgl_twin_note_news(struct pgl_twin *twin);
/* When bytes that are on their way arrive somewhere; PGL_NEVER_NS when there are none. */
int64_t pgl_twin_next_ns(const struct pgl_twin *twin);

/* How long the last wait was meant to last. */
int64_t pgl_twin_waited_until_ns(const struct pgl_waiter *waiter);

/* Both ends of the connection are broken, at once; what was on its way is lost. */
void pgl_twin_break(struct pgl_socket *socket);
/* The peer reads to the end of what was written so far; this side may go on reading. */
void pgl_twin_end_output(struct pgl_socket *socket);

#endif
