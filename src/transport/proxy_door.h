/*
 * proxy_door.h - connections from proxies that pass bytes on, which say first whose they are
 * (wire/proxy_protocol.h): until that is known they are no connection of the server's.
 *
 * For:      http_server.c, for both of its listeners.
 * Owner:    the server.
 * Threads:  the server's loop.
 * Rule:     whoever is a proxy by its address has to say so, and nobody else is listened to: it is
 *           never guessed from the bytes whether there is a header.
 * Bounds:   `visitors_max` at once, then the next is closed; `header_ns` for a header and for a
 *           place behind it, then closed.
 */
#ifndef PGL_TRANSPORT_PROXY_DOOR_H
#define PGL_TRANSPORT_PROXY_DOOR_H

#include "base/arena.h"
#include "base/ip.h"
#include "base/list.h"
#include "runtime/loop.h"
#include "telemetry/metrics.h"

struct pgl_proxy_door_options {
    const struct pgl_ip_range *proxies; /* outlive it */
    int proxy_count;
    uint32_t visitors_max;
    int64_t header_ns;
    void *owner;
    /* True: the socket is the owner's, and `peer` says whose it is; what follows the header is
     * unread. False: there is no place for it now, until pgl_proxy_door_offer. */
    bool (*on_through)(void *owner, struct pgl_socket *socket, bool is_tls);
};

struct pgl_proxy_door {
    struct pgl_loop *loop;
    struct pgl_proxy_door_options options;
    struct pgl_counter through, refused; /* metrics */

    /* What follows is the door's own. */
    struct pgl_list free, waiting; /* waiting: who came first is first */
    struct pgl_timer timer;        /* of the first of those who wait */
};

/* The places lie in the arena; none where there are no proxies. */
PGL_MUST_USE pgl_status pgl_proxy_door_open(struct pgl_proxy_door *door, struct pgl_loop *loop,
                                            struct pgl_arena *arena,
                                            const struct pgl_proxy_door_options *options);
/* Closes all that wait. Also right for one all zero. */
void pgl_proxy_door_close(struct pgl_proxy_door *door);

/* Whether this address is a proxy's. */
bool pgl_proxy_door_is_for(const struct pgl_proxy_door *door, const char *peer);
/* The socket is the door's from now on. */
void pgl_proxy_door_take(struct pgl_proxy_door *door, struct pgl_socket *socket, bool is_tls);
/* To whom there was no place: who came first is first, until there is none again. */
void pgl_proxy_door_offer(struct pgl_proxy_door *door);

#endif
