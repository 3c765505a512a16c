/* rpc.c - see rpc.h. */
#include "transport/rpc.h"

#include "transport/rpc_far.h"

static void take_answer(struct pgl_rpc_call *call)
{
    call->is_out = false;
    if (--*call->left == 0)
        pgl_flow_wake(call->flow);
}

static void take_reply(void *owner, struct pgl_message *message)
{
    (void)owner;
    take_answer(PGL_CONTAINER(pgl_call_of(message), struct pgl_rpc_call, call));
}

void pgl_rpc_open(struct pgl_rpc *rpc, struct pgl_loop *loop)
{
    rpc->loop = loop;
    pgl_mailbox_open(&rpc->replies, loop, 0, take_reply, rpc); /* nothing but replies */
}

/* NULL for what the service does not offer: a row of its table that nobody has filled in. */
static struct pgl_mailbox *mailbox_for(const struct pgl_endpoint *endpoint,
                                       const struct pgl_method *method)
{
    switch (method->kind) {
    case PGL_METHOD_COMMAND:
        return method->command != NULL ? endpoint->commands : NULL;
    case PGL_METHOD_QUERY:
        return method->query != NULL ? endpoint->queries : NULL;
    case PGL_METHOD_FLOW:
        return method->flow != NULL ? endpoint->flows : NULL;
    }
    return NULL;
}

void pgl_rpc_send(struct pgl_rpc *rpc, const struct pgl_endpoint *endpoint, int method,
                  struct pgl_rpc_call *call, struct pgl_flow *flow, int *left)
{
    struct pgl_mailbox *mailbox = mailbox_for(endpoint, &endpoint->methods[method]);
    call->call.method = &endpoint->methods[method];
    call->call.message.reply_to = &rpc->replies;
    call->flow = flow;
    call->left = left;
    call->is_out = true;
    call->far = NULL;
    atomic_store(&call->call.is_given_up, false);
    ++*left;
    pgl_status sent = PGL_FAIL(PGL_UNIMPLEMENTED, "the service does not offer this");
    if (endpoint->far != NULL)
        sent = pgl_far_send(endpoint, method, call, take_answer);
    else if (mailbox != NULL && pgl_buggify(rpc->loop->platform->buggify, PGL_BUGGIFY_RPC_REFUSES))
        sent = PGL_FAIL(PGL_EXHAUSTED, "too much is waiting already, it is said");
    else if (mailbox != NULL)
        sent = pgl_mailbox_send(rpc->loop, mailbox, &call->call.message);
    if (pgl_is_ok(sent))
        return; /* from here on the call is the callee's: not a word of it may be read or written */
    call->call.status = sent;
    call->is_out = false;
    --*left;
}

void pgl_rpc_give_up(struct pgl_rpc_call *call)
{
    if (!call->is_out)
        return;
    pgl_call_give_up(&call->call);
    if (call->far != NULL)
        pgl_far_give_up(call->far);
}
