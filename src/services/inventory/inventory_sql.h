/*
 * inventory_sql.h - the statements over stock and reservations; for this folder only.
 */
#ifndef PGL_INVENTORY_SQL_H
#define PGL_INVENTORY_SQL_H

#include "base/time.h"
#include "services/inventory/reservation_machine.h"
#include "store/tx.h"

PGL_MUST_USE pgl_status pgl_inventory_migrate(struct pgl_database *db);

/* ---- names ---- */

/* Columns: id, sku. By id. */
struct pgl_rows sku_all(struct pgl_database *db);
/* Columns: id, code, region. By id. */
struct pgl_rows warehouse_all(struct pgl_database *db);
PGL_MUST_USE pgl_status sku_insert(struct pgl_tx *tx, int64_t id, struct pgl_text sku);

/* The last event about a SKU itself, 0 for none; PGL_NOT_FOUND when there is no such SKU. */
PGL_MUST_USE pgl_status sku_last_seq(const struct pgl_view *view, struct pgl_text sku,
                                     int64_t *seq);
PGL_MUST_USE pgl_status sku_set_last_seq(struct pgl_tx *tx, int64_t id, int64_t seq);

/* ---- stock ---- */

#define ON_HAND_MAX INT64_C(9007199254740991) /* 2^53 - 1: a number in JSON */

/* Columns: warehouse_id, on_hand, reserved. By warehouse. */
struct pgl_rows stock_of_sku(const struct pgl_view *view, int64_t sku_id);
/* Columns: code, on_hand, reserved. By warehouse. */
struct pgl_rows stock_by_name(const struct pgl_view *view, struct pgl_text sku);
/* Zero when there is no row. */
PGL_MUST_USE pgl_status stock_get(const struct pgl_view *view, int64_t sku_id, int64_t warehouse_id,
                                  int64_t *on_hand, int64_t *reserved);

#define PGL_COUNT_AGE_MAX_NS PGL_HOURS(24) /* of a count that is told of later */

/* What on_hand has changed by behind `since_ns`, as far as PGL_COUNT_AGE_MAX_NS ago. */
PGL_MUST_USE pgl_status stock_moved_since(const struct pgl_view *view, int64_t sku_id,
                                          int64_t warehouse_id, int64_t since_ns, int64_t *delta);

/* What a change of stock was made by; the byte behind the id in its key in the ledger. */
enum stock_cause {
    STOCK_BACK = 'B',     /* the id is the order's; and the number of the refund */
    STOCK_COUNTED = 'C',  /* the id is the count's */
    STOCK_FREED = 'F',    /* by a refund: the id is the order's; and the number of the refund */
    STOCK_HELD = 'H',     /* the id is the order's */
    STOCK_RELEASED = 'L', /* the id is the order's */
    STOCK_SOLD = 'P',     /* the id is the sale's */
    STOCK_RECEIVED = 'R', /* the id is the receipt's */
    STOCK_SHIPPED = 'S',  /* the id is the order's; and the number of the parcel */
};
#define STOCK_CAUSE_BYTES        17 /* of the key */
#define STOCK_CAUSE_NUMBER_BYTES 4  /* behind it, where there is a number */

struct stock_move {
    int64_t sku_id, warehouse_id, quantity;
};

/* Each moves the stock and writes the ledger. A level that does not allow it: PGL_INTERNAL, since
 * whoever calls has looked before. */
PGL_MUST_USE pgl_status stock_hold(struct pgl_tx *tx, const pgl_id *order_id,
                                   const struct stock_move *move);
PGL_MUST_USE pgl_status stock_release(struct pgl_tx *tx, const pgl_id *order_id,
                                      const struct stock_move *move);
/* The quantity may be negative for a count, which leaves no less than nothing. Makes the row if
 * there is none. */
PGL_MUST_USE pgl_status stock_add(struct pgl_tx *tx, const pgl_id *id, enum stock_cause cause,
                                  const struct stock_move *move);
/* The one move that may leave less than nothing. Makes the row if there is none. */
PGL_MUST_USE pgl_status stock_sell(struct pgl_tx *tx, const pgl_id *id,
                                   const struct stock_move *move);
/* Of the parcel or the refund with this number. */
PGL_MUST_USE pgl_status stock_ship(struct pgl_tx *tx, const pgl_id *order_id, int32_t number,
                                   const struct stock_move *move);
PGL_MUST_USE pgl_status stock_free(struct pgl_tx *tx, const pgl_id *order_id, int32_t number,
                                   const struct stock_move *move);
PGL_MUST_USE pgl_status stock_take_back(struct pgl_tx *tx, const pgl_id *order_id, int32_t number,
                                        const struct stock_move *move);

/* Sorts moves by row and adds up those of one row: a cause moves a row once. The new count. */
size_t stock_moves_merge(struct stock_move *moves, size_t count);

/* ---- sources that count their messages ---- */

/* 0 when this source has said nothing of the place yet. */
PGL_MUST_USE pgl_status source_last_seq(const struct pgl_view *view, struct pgl_text source,
                                        int64_t sku_id, int64_t warehouse_id, int64_t *seq);
PGL_MUST_USE pgl_status source_put(struct pgl_tx *tx, struct pgl_text source, int64_t sku_id,
                                   int64_t warehouse_id, int64_t seq);

/* ---- reservations ---- */

extern const char reservation_count_get_sql[], reservation_count_put_sql[]; /* for store/tally.h */

struct reservation_row {
    pgl_id order_id;
    enum reservation_state state; /* RESERVATION_NONE: there is no row */
    struct pgl_text allocations;  /* packed; in the arena */
    int64_t last_event_seq;
};

PGL_MUST_USE pgl_status reservation_get(const struct pgl_view *view, const pgl_id *order_id,
                                        struct reservation_row *row);
/* The same of this tenant's orders only. */
PGL_MUST_USE pgl_status reservation_get_of(const struct pgl_view *view, const pgl_id *order_id,
                                           struct pgl_text tenant, struct reservation_row *row);
/* `says` is the event at row->last_event_seq, 0 when nothing is said. */
PGL_MUST_USE pgl_status reservation_insert(struct pgl_tx *tx, const struct reservation_row *row,
                                           const char *tenant, EventType says);
PGL_MUST_USE pgl_status reservation_move(struct pgl_tx *tx, const struct reservation_row *row,
                                         EventType says);

/* Something was said of it that `emitted` does not count; its state is as it was. */
PGL_MUST_USE pgl_status reservation_note(struct pgl_tx *tx, const struct reservation_row *row);

/* ---- what left for an order, and came back ---- */

/* Columns: shipment_no, at_ns, shipped. By number. */
struct pgl_rows shipments_of(const struct pgl_view *view, const pgl_id *order_id);
PGL_MUST_USE pgl_status shipment_insert(struct pgl_tx *tx, const pgl_id *order_id,
                                        int32_t shipment_no, struct pgl_text shipped);
/* Columns: refund_no, refunded, returned. By number. */
struct pgl_rows refunds_of(const struct pgl_view *view, const pgl_id *order_id);
PGL_MUST_USE pgl_status refund_insert(struct pgl_tx *tx, const pgl_id *order_id, int32_t refund_no,
                                      struct pgl_text refunded, struct pgl_text returned);

/* ---- receipts ---- */

struct receipt_key {
    const char *tenant, *subject, *idempotency_key;
};

/* What was asked, and how it was answered; in the arena. */
struct receipt {
    bool is_there; /* false when the key is new */
    int method;
    struct pgl_text request, response;
};

PGL_MUST_USE pgl_status receipt_get(const struct pgl_view *view, const struct receipt_key *key,
                                    struct receipt *receipt);
PGL_MUST_USE pgl_status receipt_insert(struct pgl_tx *tx, const struct receipt_key *key,
                                       const struct receipt *receipt);

#endif
