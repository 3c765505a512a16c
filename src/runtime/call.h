/*
 * call.h - one method of one service, and one call of it. Known to both wings: the edge fills a
 * call in, a service answers it, and neither sees the other.
 *
 * Memory:   a call lies inside the caller's own struct; ask, reply and arena are the caller's. From
 *           send until the reply all of it belongs to the callee, which allocates what it answers
 *           in the arena.
 * Threads:  the caller's loop until it is sent, the callee's until it is answered.
 * Bounds:   every call has a deadline; a callee drops what is past it, unread, and what its caller
 *           has given up.
 */
#ifndef PGL_RUNTIME_CALL_H
#define PGL_RUNTIME_CALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "runtime/mailbox.h"

struct pgl_tx;   /* store/tx.h */
struct pgl_view; /* store/view.h */

/* Where a method is answered. */
enum pgl_method_kind {
    PGL_METHOD_COMMAND, /* a handler in the writer's transaction */
    PGL_METHOD_QUERY,   /* a question to the reader's snapshot */
    PGL_METHOD_FLOW     /* the service's own loop: it takes time, or asks others */
};

struct pgl_call;

/* How a service answers one method of its contract; a service's table is indexed by the contract's
 * enum. */
struct pgl_method {
    enum pgl_method_kind kind;
    /* The one that fits the kind. */
    pgl_status (*command)(struct pgl_tx *tx, const void *ask, void *reply);
    pgl_status (*query)(const struct pgl_view *view, const void *ask, void *reply);
    void (*flow)(void *service, struct pgl_call *call);
};

/* W3C Trace Context: trace-id, parent-id, flags. All zero: none. */
struct pgl_trace {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t flags;
};

struct pgl_call {
    struct pgl_message message;
    const struct pgl_method *method;
    const void *ask;
    void *reply;
    struct pgl_arena *arena;
    int64_t deadline_ns; /* monotonic */
    struct pgl_trace trace;
    /* Set by the caller, at any time until the answer: it is waited for, but not wanted any
     * more. */
    atomic_bool is_given_up;
    pgl_status status; /* the answer, with `reply` where it is OK */
};

#define PGL_GIVEN_UP PGL_FAIL(PGL_CANCELLED, "the caller has given it up")

static inline bool pgl_call_is_given_up(const struct pgl_call *call)
{
    return atomic_load_explicit(&call->is_given_up, memory_order_relaxed);
}

static inline void pgl_call_give_up(struct pgl_call *call)
{
    atomic_store_explicit(&call->is_given_up, true, memory_order_relaxed);
}

static inline struct pgl_call *pgl_call_of(struct pgl_message *message)
{
    return (struct pgl_call *)(void *)message; /* its first member */
}

/* Answers. The pointer is the caller's again. */
static inline void pgl_call_answer(struct pgl_call *call, pgl_status status)
{
    call->status = status;
    pgl_message_reply(&call->message);
}

/* A handler with typed arguments, as a method table wants it: PGL_COMMAND(pgl_orders_cancel,
 * CancelOrderRequest, CancelOrderResponse) makes pgl_orders_cancel_command. */
#define PGL_COMMAND(handler, Ask, Reply)                                                           \
    static pgl_status handler##_command(struct pgl_tx *tx, const void *ask, void *reply)           \
    {                                                                                              \
        return handler(tx, (const Ask *)ask, (Reply *)reply);                                      \
    }
#define PGL_QUERY(handler, Ask, Reply)                                                             \
    static pgl_status handler##_query(const struct pgl_view *view, const void *ask, void *reply)   \
    {                                                                                              \
        return handler(view, (const Ask *)ask, (Reply *)reply);                                    \
    }

#endif
