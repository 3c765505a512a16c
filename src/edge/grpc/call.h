/*
 * call.h - a call of gRPC as a request of the edge: the transport's call in front, the gateway's
 * flow in the middle, a service's method behind.
 *
 * For:      the files of edge/grpc.
 * Owner:    it lies in the arena of its exchange.
 * Threads:  the edge's loop.
 * Rule:     what a client says of the caller is overwritten with what its credentials say.
 */
#ifndef PGL_EDGE_GRPC_CALL_H
#define PGL_EDGE_GRPC_CALL_H

#include "edge/request.h"
#include "transport/grpc_server.h"

/* What a method's row tells besides: its `route` has path, rule, class, and how it is answered. */
struct edge_grpc_row {
    struct pgl_route route;
    /* Whom it asks; NULL where it answers by itself. PGL_INVALID when the message does not say. */
    pgl_status (*endpoint)(const struct pgl_request *request, const void *ask,
                           const struct pgl_endpoint **endpoint);
};

struct edge_grpc_request {
    struct pgl_request request;
    struct pgl_grpc_call *call;
    void *ask, *reply;
    pgl_status status;
    void (*wake)(struct edge_grpc_request *of); /* of a stream: news of its client; NULL for none */
};

struct edge_grpc_request *edge_grpc_of(struct pgl_request *request);

/* How unary methods and a server's streams are answered: identified, admitted, then the row. */
extern const struct pgl_grpc_handler edge_grpc_handler;
/* A client's stream: the same, before its first message. `request->is_stream` from then on. */
bool edge_grpc_start(struct pgl_grpc_call *call);

/* Makes the message fit for a service: the caller and the trace are ours, a list has its usual
 * length, and a key that is needed is there. */
PGL_MUST_USE pgl_status edge_grpc_fill(struct pgl_request *request,
                                       const ProtobufCMessageDescriptor *type, void *ask);
/* A row's `begin` and `next` for a method of a service. */
PGL_MUST_USE pgl_status edge_grpc_ask(struct pgl_request *request);
PGL_MUST_USE pgl_status edge_grpc_answered(struct pgl_request *request);

/* A view takes the call over as a stream. */
void edge_grpc_stream_begin(struct edge_grpc_request *of);
void edge_grpc_stream_end(struct edge_grpc_request *of, pgl_status status);

/* Its client is gone, its time or that of its connection is up, or the server goes down. */
bool edge_grpc_is_over(const struct edge_grpc_request *of);

#endif
