/*
 * lookup.h - a name to its addresses, on the loop.
 *
 * For:      calls to providers and webhooks; whoever must see where a name leads before a byte is
 *           sent there. Connect to one of `addresses`, never to the name: a second look could be
 *           answered otherwise.
 * Owner:    whoever holds the struct, which stays where it is until it is done or stopped.
 * Threads:  the loop's. Answers come from the platform, which asks its resolver elsewhere.
 * Bounds:   PGL_LOOKUP_ADDRESSES_MAX addresses, what is behind them is dropped;
 *           PGL_NAMES_OUT_MAX (platform/waiter.h) lookups of one thread at a time. How long it may
 *           take is the business of the flow.
 * Errors:   in `status` once `is_done`: PGL_NOT_FOUND (no such name), PGL_UNAVAILABLE (the resolver
 *           does not answer), PGL_EXHAUSTED (too many at once), PGL_INVALID (cannot be a name).
 *
 * Addresses are in the form of inet_ntop, whatever form the name had: "127.1" and "0x7f000001" are
 * both "127.0.0.1". An IPv4 address inside IPv6 stays "::ffff:127.0.0.1".
 */
#ifndef PGL_TRANSPORT_LOOKUP_H
#define PGL_TRANSPORT_LOOKUP_H

#include <stdbool.h>

#include "platform/waiter.h"
#include "runtime/flow.h"
#include "runtime/loop.h"

#define PGL_LOOKUP_ADDRESSES_MAX 16

struct pgl_lookup {
    pgl_status status;
    int count;                                                /* above 0 when the status is OK */
    char addresses[PGL_LOOKUP_ADDRESSES_MAX][PGL_PEER_BYTES]; /* the best first (RFC 6724) */
    bool is_done;

    /* What follows is the lookup's own. */
    struct pgl_flow *flow;
    struct pgl_socket *socket; /* NULL once done */
    char line[PGL_PEER_BYTES]; /* of an address that is not whole yet */
    size_t line_bytes;
};

/* Wakes the flow when it is done. A numeric address, and what cannot be asked, is done at once:
 *     pgl_lookup_start(&lookup, loop, name, flow);
 *     return lookup.is_done ? pgl_go(NEXT) : pgl_wait(NEXT); */
void pgl_lookup_start(struct pgl_lookup *lookup, struct pgl_loop *loop, const char *name,
                      struct pgl_flow *flow);

/* Nobody waits any more. Also right when it is done, or all zero. */
void pgl_lookup_stop(struct pgl_lookup *lookup);

#endif
