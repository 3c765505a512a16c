/*
 * after_sql.h - the rows of what happens to an order beside its state, most of it behind its end;
 * for this folder only. An order that has none of them says so in `beyond`, so that nobody looks.
 */
#ifndef PGL_ORDERS_AFTER_SQL_H
#define PGL_ORDERS_AFTER_SQL_H

#include "contract/orders.h"
#include "services/orders/orders_sql.h"

/* One line, in pieces of goods. What was returned is among what was shipped. */
struct order_line_row {
    int32_t line_no; /* from 1 */
    int64_t confirmed, shipped, returned, refunding, refunded;
};

/* Into an array in the arena; none where `order_line` has no rows of this order. */
PGL_MUST_USE pgl_status order_lines_get(const struct pgl_view *view, pgl_id order_id,
                                        struct order_line_row **lines, size_t *count);
PGL_MUST_USE pgl_status order_line_put(struct pgl_tx *tx, pgl_id order_id,
                                       const struct order_line_row *line);

struct order_refund_row {
    int32_t refund_no; /* from 1 */
    struct pgl_text operator_name, idempotency_key, fingerprint;
    RefundStatus status;
    int64_t amount_minor;
    struct pgl_text body; /* packed OrderRefund: lines and reason */
    bool is_returned;     /* Inventory has told what became of the goods */
    int64_t requested_at_ns, ended_at_ns;
    struct pgl_text failure;
};

/* PGL_NOT_FOUND when there is none. */
PGL_MUST_USE pgl_status order_refund_get(const struct pgl_view *view, pgl_id order_id,
                                         int32_t refund_no, struct order_refund_row *refund);
PGL_MUST_USE pgl_status order_refund_of_key(const struct pgl_view *view, pgl_id order_id,
                                            struct pgl_text operator_name, struct pgl_text key,
                                            struct order_refund_row *refund);
/* The last one's; 0 where there is none. */
PGL_MUST_USE pgl_status order_refund_last_no(const struct pgl_view *view, pgl_id order_id,
                                             int32_t *refund_no);
PGL_MUST_USE pgl_status order_refund_insert(struct pgl_tx *tx, pgl_id order_id,
                                            const struct order_refund_row *refund);
/* Writes status, is_returned, ended_at_ns and failure. */
PGL_MUST_USE pgl_status order_refund_update(struct pgl_tx *tx, pgl_id order_id,
                                            const struct order_refund_row *refund);
/* All of an order, oldest first; order_refund_read for each row. The id is borrowed until the
 * end. */
struct pgl_rows order_refunds(const struct pgl_view *view, const pgl_id *order_id);
void order_refund_read(const struct pgl_view *view, const struct pgl_rows *rows,
                       struct order_refund_row *refund);

PGL_MUST_USE pgl_status order_shipment_find(const struct pgl_view *view, pgl_id order_id,
                                            int32_t shipment_no, bool *is_there);
PGL_MUST_USE pgl_status order_shipment_insert(struct pgl_tx *tx, pgl_id order_id,
                                              int32_t shipment_no, struct pgl_text body);
/* The first ones of an order, likewise. Columns: body, a packed OrderShipment. */
struct pgl_rows order_shipments(const struct pgl_view *view, const pgl_id *order_id);

PGL_MUST_USE pgl_status order_action_put(struct pgl_tx *tx, pgl_id order_id,
                                         struct pgl_text next_action, int64_t expires_at_ns);
/* Empty where there is none. */
PGL_MUST_USE pgl_status order_action_get(const struct pgl_view *view, pgl_id order_id,
                                         struct pgl_text *next_action);

#endif
