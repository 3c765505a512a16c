/*
 * peer.h - who counts as one client where only an address is known.
 *
 * For:      limits of connections and requests for each client.
 * Threads:  any.
 */
#ifndef PGL_TRANSPORT_PEER_H
#define PGL_TRANSPORT_PEER_H

#include <stdint.h>

#include "base/hash.h"

/* Of a numeric address. An IPv4 address is one client; so is an IPv6 /64, since whoever has one
 * address of it has all of them (RFC 6177, 2). An IPv4 address mapped into IPv6 is that IPv4
 * address. */
uint64_t pgl_peer_key(struct pgl_hash_key key, const char *address);

#endif
