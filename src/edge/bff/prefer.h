/*
 * prefer.h - what a client would like (RFC 7240), and an order that is waited for.
 *
 * Bounds:   a wait of EDGE_WAIT_S_MAX; one question at a time, which looks every second whether
 *           anybody still listens.
 */
#ifndef PGL_EDGE_PREFER_H
#define PGL_EDGE_PREFER_H

#include "contract/orders.h"
#include "edge/request.h"

#define EDGE_WAIT_S_MAX 15

struct edge_prefer {
    int64_t wait_s;  /* 0: none */
    bool is_minimal; /* no body, please */
};

/* What is not understood is passed over, as preferences are. */
struct edge_prefer edge_read_prefer(const struct pgl_request *request);

/* The order has been asked for, and is answered with `status`: at once where it is final or nobody
 * wants to wait. Else `*is_waiting`, and edge_wait_next is the view's next round. */
PGL_MUST_USE pgl_status edge_wait_begin(struct pgl_request *request, const Order *order, int status,
                                        bool *is_waiting);
/* NULL while there is more to wait for. */
PGL_MUST_USE pgl_status edge_wait_next(struct pgl_request *request, const Order **order,
                                       int *status);

#endif
