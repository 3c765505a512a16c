/*
 * clients.h - how many connections one client has, and how fast it makes new ones.
 *
 * For:      the listener, before a connection costs anything.
 * Owner:    the server of one loop. With several loops each allows its own share.
 * Threads:  the loop's.
 * Bounds:   `clients_max` clients remembered; then those are forgotten who have no connection and
 *           no recent one, and if there are none a new client is refused.
 * Source:   the rate is a leaky bucket kept as one instant, as in ATM's generic cell rate algorithm
 *           (ITU-T I.371): the moment at which the bucket would be empty.
 */
#ifndef PGL_TRANSPORT_CLIENTS_H
#define PGL_TRANSPORT_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/map.h"

struct pgl_clients {
    struct pgl_hash_key key;
    struct pgl_map
        map; /* pgl_peer_key to connections (low 16 bits) and that instant (the others) */
    uint32_t connections_max, burst;
    int64_t interval_ns; /* between two new connections, in the long run */
    int64_t swept_ns;
};

/* `connections_max` of one client at a time (from 65,535 on, as many as that); `burst` new ones at
 * once, `per_s` on. */
void pgl_clients_init(struct pgl_clients *clients, struct pgl_hash_key key, uint32_t clients_max,
                      uint32_t connections_max, uint32_t burst, uint32_t per_s);
/* For who comes from now on. */
void pgl_clients_change(struct pgl_clients *clients, uint32_t connections_max, uint32_t burst,
                        uint32_t per_s);
void pgl_clients_free(struct pgl_clients *clients);

/* One more of `address`; `*client` is what it leaves by. False when it has enough, or is too
 * fast. */
PGL_MUST_USE bool pgl_clients_join(struct pgl_clients *clients, const char *address, int64_t now_ns,
                                   uint64_t *client);
void pgl_clients_leave(struct pgl_clients *clients, uint64_t client, int64_t now_ns);

/* Forgets some of those whom there is no reason to remember. */
void pgl_clients_sweep(struct pgl_clients *clients, int64_t now_ns);

#endif
