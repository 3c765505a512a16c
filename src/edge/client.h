/*
 * client.h - whose request it is, by address: the peer's, or where the peer is a proxy that we
 * trust, the one that it says.
 */
#ifndef PGL_EDGE_CLIENT_H
#define PGL_EDGE_CLIENT_H

#include "base/arena.h"
#include "edge/limits.h"
#include "wire/http.h"

/* Of X-Forwarded-For the rightmost hop that is no trusted proxy: what is further left was written
 * by strangers. What is no address ends the walk, and the last trusted hop counts. `peer` without
 * trusted proxies, and without memory. */
const char *edge_client_address(const struct edge_limits *limits, const char *peer,
                                const struct pgl_http_request_head *head, struct pgl_arena *arena);

#endif
