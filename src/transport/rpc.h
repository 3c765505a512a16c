/*
 * rpc.h - calls a method of a service. Where it is near, a call is a message to the mailbox of
 * whoever answers it; where it is far, it is a call of gRPC (rpc_far.h). The caller cannot tell.
 *
 * For:      the gateway and its views, services that ask services. A flow waits for the answer.
 * Owner:    one pgl_rpc a loop that calls; the call lies inside the caller's own struct.
 * Threads:  the caller's loop.
 * Bounds:   every call has a deadline, and the callee's queue a limit: a full one answers
 *           PGL_EXHAUSTED at once.
 * Errors:   PGL_UNIMPLEMENTED at once (from afar: later), for a method that the service does not
 *           have.
 */
#ifndef PGL_TRANSPORT_RPC_H
#define PGL_TRANSPORT_RPC_H

#include "wire/message.h"

#include "runtime/call.h"
#include "runtime/flow.h"
#include "runtime/loop.h"

/* Where a service answers: its contract, its table of methods, and a mailbox for each kind of
 * method. */
struct pgl_far;

struct pgl_endpoint {
    const ProtobufCServiceDescriptor *service;
    const char *name; /* on the way, where several services keep one contract; NULL: its own */
    const struct pgl_method *methods; /* by the contract's enum */
    struct pgl_mailbox *commands, *queries, *flows;
    struct pgl_far *far; /* NULL: near. Of the loop that calls */
};

/* For a loop that calls: where the answers come back to. */
struct pgl_rpc {
    struct pgl_loop *loop;
    struct pgl_mailbox replies;
};

struct pgl_rpc_call {
    struct pgl_call call;
    struct pgl_flow *flow;    /* woken when `*left` falls to 0 */
    int *left;                /* answers that the flow waits for, this one included */
    bool is_out;              /* the callee has it: nothing of it may be touched or freed */
    struct pgl_far_call *far; /* of one that is out and far */
};

void pgl_rpc_open(struct pgl_rpc *rpc, struct pgl_loop *loop);

/*
 * Sends the call of `method` (the contract's enum); `call->call` has ask, reply, arena, deadline
 * and trace filled in. `*left` goes up by one, and down with the answer, which wakes the flow at 0.
 * A call that is refused at once has its status and does not count: look at `*left` before waiting.
 */
void pgl_rpc_send(struct pgl_rpc *rpc, const struct pgl_endpoint *endpoint, int method,
                  struct pgl_rpc_call *call, struct pgl_flow *flow, int *left);

/* The answer of a call that is out is not wanted any more; it still comes, and is PGL_CANCELLED
 * where the callee had not begun. From afar it comes at once, and says nothing of the outcome. */
void pgl_rpc_give_up(struct pgl_rpc_call *call);

#endif
