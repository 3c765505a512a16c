/*
 * face.h - another way in than the routes of REST: gRPC today. A face knows its requests by their
 * heads, reads and answers them in its own words, and in between sends them through the gateway's
 * flow: so everybody is identified and admitted by the same rules.
 *
 * For:      gateway/gateway.c, which asks the faces of gateway/routes.c; edge/grpc.
 * Owner:    none; faces are constant.
 * Threads:  the edge's loop.
 */
#ifndef PGL_EDGE_FACE_H
#define PGL_EDGE_FACE_H

#include "base/arena.h"
#include "base/status.h"
#include "telemetry/registry.h"
#include "transport/http_server.h"

struct pgl_edge;
struct pgl_request;
struct pgl_rule;

struct edge_face {
    /* Before it is open: what it counts. */
    pgl_status (*add_metrics)(struct pgl_edge *edge, struct pgl_registry *registry,
                              struct pgl_arena *arena);
    void (*open)(struct pgl_edge *edge);
    void (*change)(struct pgl_edge *edge); /* its limits are others now */
    void (*close)(struct pgl_edge *edge);
    /* The rule of what is called so; NULL for none. */
    const struct pgl_rule *(*route_named)(struct pgl_text name);

    /* The rest is of exchanges that it takes. */
    bool (*takes)(const struct pgl_http_request_head *head);
    bool (*wants_pieces)(const struct pgl_http_request_head *head);
    size_t (*body_limit)(const struct pgl_edge *edge);
    void (*on_request)(struct pgl_edge *edge, struct pgl_http_exchange *exchange);
    void (*on_piece)(struct pgl_http_exchange *exchange, struct pgl_text piece, bool is_last);
    void (*on_room)(struct pgl_http_exchange *exchange);
    void (*on_abandoned)(struct pgl_http_exchange *exchange);
    /* The HTTP server refuses it. False: in the words of REST, then. */
    bool (*refuse)(struct pgl_edge *edge, struct pgl_http_exchange *exchange, pgl_status why);

    /* In the gateway's flow: what failed is to be said, and then the answer goes out. */
    void (*fail)(struct pgl_request *request, pgl_status status);
    void (*respond)(struct pgl_request *request);
};

#endif
