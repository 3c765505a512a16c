/*
 * audit.h - what an auditor of all services needs from Orders: its rows in the order of their ids,
 * and the index that keeps an idempotency key from being used twice.
 *
 * For:      `panglot verify` and the simulator's auditor, over a snapshot. The view's context is
 *           Orders' own, as a reader's is: of it the constant key of the hashes is used.
 * Owner:    the view's. One walk of a kind at a time over one connection.
 * Bounds:   a walk reads its table once and keeps nothing.
 */
#ifndef PGL_ORDERS_AUDIT_H
#define PGL_ORDERS_AUDIT_H

#include "services/orders/order_machine.h"
#include "store/view.h"

/* What is said of an order, as a bit of `said`. */
#define PGL_ORDER_BIT(type) (INT64_C(1) << (type))

struct pgl_order_facts {
    pgl_id order_id;
    enum order_state state;
    enum order_cancel cancel;
    char currency[4];
    int64_t total_minor;
    int64_t said, last_event_seq;
    int64_t key_hash; /* of tenant, customer and idempotency key */
    /* The history that clients are shown. */
    enum order_state last_change; /* ORDER_STATE_COUNT when it cannot be read */
    int final_changes;            /* how often it says that the order has ended */
    int refunds_asked;            /* each of them is an event, and none of them a bit of `said` */
    bool is_there;                /* false behind the last */
};

struct pgl_order_walk {
    const struct pgl_view *view;
    struct pgl_rows rows;
};

void pgl_order_walk_begin(const struct pgl_view *view, struct pgl_order_walk *walk);
PGL_MUST_USE pgl_status pgl_order_walk_next(struct pgl_order_walk *walk,
                                            struct pgl_order_facts *order);
void pgl_order_walk_end(struct pgl_order_walk *walk);

/* How many orders are in each state, as counted along the way. */
PGL_MUST_USE pgl_status pgl_order_counts(const struct pgl_view *view,
                                         int64_t counts[ORDER_STATE_COUNT]);

/* ---- the index of idempotency keys (store/recent.h) ---- */

/* Every order up to this one is in the table; younger ones may be. */
PGL_MUST_USE pgl_status pgl_order_keys_watermark(const struct pgl_view *view, pgl_id *watermark);
/* Columns: hash, order_id. */
struct pgl_rows pgl_order_keys(const struct pgl_view *view);
/* Zero when there is none. */
PGL_MUST_USE pgl_status pgl_order_of_key(const struct pgl_view *view, int64_t key_hash,
                                         pgl_id *order_id);

#endif
