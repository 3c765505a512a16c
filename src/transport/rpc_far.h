/*
 * rpc_far.h - the services of another process, as rpc.h sees them: calls go over gRPC.
 *
 * For:      app/mesh.h, which has one for each peer and each loop that calls.
 * Owner:    whoever holds it; endpoints point at it.
 * Threads:  the loop's.
 * Equal:    to a near call. A deadline shrinks to what is left of it; a status keeps its code and
 *           its text; a trace goes along; what is refused at once has its status and does not
 *           count. What cannot be equal: PGL_UNAVAILABLE and PGL_DEADLINE may come from the way
 *           itself, and say nothing about the outcome.
 * Bounds:   PGL_FAR_CALLS_MAX at a time. A breaker: where most calls of a while were lost, the next
 *           ones are refused at once.
 */
#ifndef PGL_TRANSPORT_RPC_FAR_H
#define PGL_TRANSPORT_RPC_FAR_H

#include "resilience/breaker.h"
#include "transport/grpc_client.h"
#include "transport/rpc.h"

#define PGL_FAR_CALLS_MAX         4096
#define PGL_FAR_MESSAGE_BYTES_MAX PGL_GRPC_MESH_MESSAGE_BYTES_MAX

struct pgl_far {
    struct pgl_grpc_client client;
    struct pgl_breaker breaker;
    struct pgl_counter calls, failures; /* failures: lost, not refused by the service */
};

void pgl_far_open(struct pgl_far *far, struct pgl_loop *loop, const char *host, uint16_t port,
                  struct pgl_tls_context *const *tls, const char *tls_name);
void pgl_far_close(struct pgl_far *far);

/* For rpc.c. `answered` in a later step or turn, with the status in the call. */
PGL_MUST_USE pgl_status pgl_far_send(const struct pgl_endpoint *endpoint, int method,
                                     struct pgl_rpc_call *call,
                                     void (*answered)(struct pgl_rpc_call *call));
/* Tells the peer so, and answers PGL_CANCELLED in this call. */
void pgl_far_give_up(struct pgl_far_call *call);

#endif
