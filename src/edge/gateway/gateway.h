/*
 * gateway.h - the way of a request through the edge: identify, admit, call, respond. Routing comes
 * first of all, since the route says how large a body may be.
 *
 * Owner:    app/boot.c opens it on the edge's loop.
 * Bounds:   as many requests that wait for services as admit.h lets in, 4,096 by default; the next
 *           is told to come again (503).
 */
#ifndef PGL_EDGE_GATEWAY_H
#define PGL_EDGE_GATEWAY_H

#include "edge/request.h"

struct pgl_gateway_options {
    const char *host; /* NULL to listen for TLS alone */
    uint16_t port;
    const struct pgl_tls_server_contexts *tls; /* NULL for none; they outlive it */
    const char *tls_host;
    uint16_t tls_port;
    const char *proxy_protocol; /* whose connections begin with it: ADDRESS/BITS by commas; NULL */
    struct pgl_http_limits limits;
    size_t body_bytes_max; /* JSON; the largest order, of 100 lines, has 12 KiB */
    struct pgl_json_limits json;
    const char *cors_origins; /* pages of which origins may call, by commas; NULL or "": of none */
    struct edge_limits_options admit;
    struct pgl_grpc_limits grpc;
    bool has_reflection; /* gRPC tells what it serves */
};

/* `edge` has its loop, endpoints, keys, tokens and registry filled in. */
PGL_MUST_USE pgl_status pgl_gateway_open(struct pgl_edge *edge,
                                         const struct pgl_gateway_options *options);
/* Before it is opened; `arena` lives as long. */
PGL_MUST_USE pgl_status pgl_gateway_register(struct pgl_edge *edge, struct pgl_registry *registry,
                                             struct pgl_arena *arena);
/* Whether all that can change is as it should be; any thread. */
PGL_MUST_USE pgl_status pgl_gateway_check(const struct pgl_gateway_options *options);
/* Takes over, between two turns, what was found right: limits, rules of callers, and whose pages
 * may call. Where it listens stays. The texts live until the next change. */
void pgl_gateway_change(struct pgl_edge *edge, const struct pgl_gateway_options *options);
void pgl_gateway_drain(struct pgl_edge *edge);
bool pgl_gateway_is_idle(const struct pgl_edge *edge);
void pgl_gateway_close(struct pgl_edge *edge);

#endif
