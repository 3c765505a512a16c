/*
 * orders_sql.h - the rows of Orders and their statements; for this folder only.
 */
#ifndef PGL_ORDERS_SQL_H
#define PGL_ORDERS_SQL_H

#include "contract/orders.h"
#include "saga/clock.h"
#include "services/orders/order_machine.h"
#include "store/recent.h"
#include "store/tx.h"

#define ORDER_CHANGE_BYTES 9
#define ORDER_NOTED_MAX    4 /* of one event: shipped and fulfilled, at most */

/* Where more is to be found of an order (after_sql.h). */
enum order_beyond {
    ORDER_HAS_ACTION = 1 << 0,
    ORDER_HAS_LINES = 1 << 1,
    ORDER_HAS_REFUNDS = 1 << 2,
    ORDER_HAS_SHIPMENTS = 1 << 3,
    ORDER_IS_ALL_SENT = 1 << 4, /* Inventory has said that nothing is left to be shipped */
};
#define FINGERPRINT_BYTES 32

struct order_row {
    pgl_id id;
    struct pgl_text tenant, customer, idempotency_key, fingerprint;
    enum order_state state;
    enum order_cancel cancel;
    struct pgl_text currency;
    int64_t total_minor;
    struct pgl_text body; /* packed Order */
    int64_t created_at_ns, deadline_at_ns;
    struct pgl_text reason, changes;
    int64_t said, last_event_seq;
    pgl_id previous_id; /* zero for a customer's first */
    int64_t beyond;     /* enum order_beyond, as bits */

    /* Changes of what is shown beside the state, to be written with the row: enum ChangeKind. */
    uint8_t noted[ORDER_NOTED_MAX];
    int noted_count;
};

PGL_MUST_USE pgl_status pgl_orders_migrate(struct pgl_database *db,
                                           const struct pgl_entropy *entropy);

/* All columns, copied to the arena. PGL_NOT_FOUND when there is none. For ourselves: an event has
 * named the order. */
PGL_MUST_USE pgl_status order_get(const struct pgl_view *view, pgl_id id, struct order_row *order);
/* For a caller: another's order is not found, like one that was never placed. Whose it has to be
 * is in the statement, so that nothing of it is read. */
PGL_MUST_USE pgl_status order_get_for(const struct pgl_view *view, pgl_id id, const Caller *caller,
                                      struct order_row *order);
/* Of this customer, whoever asks. */
PGL_MUST_USE pgl_status order_get_of(const struct pgl_view *view, pgl_id id, struct pgl_text tenant,
                                     struct pgl_text customer, struct order_row *order);
/* The order before `*id` in its chain; zero for the first. */
PGL_MUST_USE pgl_status order_previous(const struct pgl_view *view, pgl_id *id);

/* What an event needs to know: state, cancel, said, last_event_seq, tenant, reason, beyond. */
PGL_MUST_USE pgl_status order_get_facts(const struct pgl_view *view, pgl_id id,
                                        struct order_row *order);

PGL_MUST_USE pgl_status order_insert(struct pgl_tx *tx, const struct order_row *order);

/* Writes state, cancel, reason, said, last_event_seq and beyond, and appends to the changes: the
 * state where it is another than `before`, and what was noted. */
PGL_MUST_USE pgl_status order_update(struct pgl_tx *tx, const struct order_row *order,
                                     enum order_state before);

/* The largest ids below `below` (all ones: from the end), newest first. Columns: order_id. */
struct pgl_rows order_ids_below(const struct pgl_view *view, const pgl_id *below, int limit);
/* Behind `after`, oldest first. Columns: order_id, tenant, customer, idempotency_key. */
struct pgl_rows order_keys_behind(struct pgl_database *db, const pgl_id *after);

/* ---- deadlines ---- */

struct order_deadline {
    bool is_there; /* false behind the last */
    pgl_id id;
    enum order_state state;
    int64_t deadline_at_ns;
    struct pgl_text tenant, customer; /* until the next row is read */
};

/* From this order on, oldest first. */
struct pgl_rows order_deadlines_from(struct pgl_database *db, const pgl_id *first, int limit);
PGL_MUST_USE pgl_status order_deadlines_next(struct pgl_rows *rows, struct order_deadline *order);

/* The durable clock, and the order before which all are final. */
PGL_MUST_USE pgl_status order_tick_get(struct pgl_database *db, struct pgl_tick *tick,
                                       pgl_id *final_below);
PGL_MUST_USE pgl_status order_tick_put(struct pgl_tx *tx, const struct pgl_tick *tick,
                                       const pgl_id *final_below);

PGL_MUST_USE pgl_status order_hash_seed(struct pgl_database *db, uint8_t seed[16]);

extern const struct pgl_recent_sql order_by_key_sql, newest_of_customer_sql;
extern const char order_count_get_sql[], order_count_put_sql[];

#endif
