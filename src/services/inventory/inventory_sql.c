/* inventory_sql.c - see inventory_sql.h. */
#include "services/inventory/inventory_sql.h"

#include <stdlib.h>

#include "inventory_migrations.h" /* made from sql/ */

pgl_status pgl_inventory_migrate(struct pgl_database *db)
{
    return pgl_migrate(db, "inventory", inventory_migrations,
                       sizeof inventory_migrations / sizeof inventory_migrations[0]);
}

static const char sku_all_sql[] = "SELECT id, sku FROM sku ORDER BY id";
static const char warehouse_all_sql[] = "SELECT id, code, region FROM warehouse ORDER BY id";
static const char sku_insert_sql[] = "INSERT INTO sku (id, sku, last_event_seq) VALUES (?1, ?2, 0)";
static const char sku_last_seq_sql[] = "SELECT last_event_seq FROM sku WHERE sku = ?1";
static const char sku_set_last_seq_sql[] = "UPDATE sku SET last_event_seq = ?2 WHERE id = ?1";

static const char stock_of_sku_sql[] =
    "SELECT warehouse_id, on_hand, reserved FROM stock WHERE sku_id = ?1";
static const char stock_by_name_sql[] =
    "SELECT warehouse.code, on_hand, reserved FROM sku JOIN stock ON stock.sku_id = sku.id "
    "JOIN warehouse ON warehouse.id = warehouse_id WHERE sku.sku = ?1 ORDER BY warehouse_id";
static const char stock_get_sql[] =
    "SELECT on_hand, reserved FROM stock WHERE sku_id = ?1 AND warehouse_id = ?2";
static const char stock_hold_sql[] =
    "UPDATE stock SET reserved = reserved + ?3, version = version + 1 "
    "WHERE sku_id = ?1 AND warehouse_id = ?2 AND on_hand - reserved >= ?3";
static const char stock_release_sql[] =
    "UPDATE stock SET reserved = reserved - ?3, version = version + 1 "
    "WHERE sku_id = ?1 AND warehouse_id = ?2 AND reserved >= ?3";
/* Not an upsert: its INSERT would be checked first, and a count may take away. */
static const char stock_add_sql[] =
    "UPDATE stock SET on_hand = on_hand + ?3, version = version + 1 "
    "WHERE sku_id = ?1 AND warehouse_id = ?2 AND (?3 >= 0 OR on_hand + ?3 >= 0)";
static const char stock_sell_sql[] =
    "UPDATE stock SET on_hand = on_hand - ?3, version = version + 1 "
    "WHERE sku_id = ?1 AND warehouse_id = ?2";
static const char stock_ship_sql[] =
    "UPDATE stock SET on_hand = on_hand - ?3, reserved = reserved - ?3, version = version + 1 "
    "WHERE sku_id = ?1 AND warehouse_id = ?2 AND on_hand >= ?3 AND reserved >= ?3";
static const char stock_insert_sql[] = "INSERT INTO stock (sku_id, warehouse_id, on_hand, "
                                       "reserved, version) VALUES (?1, ?2, ?3, 0, 1)";
static const char ledger_insert_sql[] =
    "INSERT INTO stock_ledger (cause_key, sku_id, warehouse_id, delta_on_hand, delta_reserved) "
    "VALUES (?1, ?2, ?3, ?4, ?5)";
static const char moved_insert_sql[] =
    "INSERT INTO stock_moved (sku_id, warehouse_id, at_ns, delta_on_hand) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT DO UPDATE SET delta_on_hand = delta_on_hand + excluded.delta_on_hand";
static const char moved_forget_sql[] =
    "DELETE FROM stock_moved WHERE (sku_id, warehouse_id, at_ns) IN (SELECT sku_id, warehouse_id, "
    "at_ns FROM stock_moved WHERE sku_id = ?1 AND warehouse_id = ?2 AND at_ns < ?3 LIMIT 8)";
static const char moved_since_sql[] = "SELECT coalesce(sum(delta_on_hand), 0) FROM stock_moved "
                                      "WHERE sku_id = ?1 AND warehouse_id = ?2 AND at_ns > ?3";

static const char reservation_get_sql[] =
    "SELECT state, allocations, last_event_seq FROM reservation WHERE order_id = ?1";
static const char reservation_insert_sql[] =
    "INSERT INTO reservation (order_id, state, last_event_seq, emitted, allocations, tenant) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const char reservation_count_get_sql[] = "SELECT state, reservations FROM reservation_count";
const char reservation_count_put_sql[] =
    "INSERT INTO reservation_count (state, reservations) VALUES (?1, ?2) "
    "ON CONFLICT (state) DO UPDATE SET reservations = excluded.reservations";
static const char reservation_move_sql[] =
    "UPDATE reservation SET state = ?2, last_event_seq = ?3, emitted = emitted + ?4 "
    "WHERE order_id = ?1";

static const char reservation_note_sql[] =
    "UPDATE reservation SET last_event_seq = ?2 WHERE order_id = ?1";
static const char reservation_get_of_sql[] =
    "SELECT state, allocations, last_event_seq FROM reservation "
    "WHERE order_id = ?1 AND tenant = ?2";

static const char shipments_of_sql[] = "SELECT shipment_no, at_ns, shipped FROM shipment "
                                       "WHERE order_id = ?1 ORDER BY shipment_no";
static const char shipment_insert_sql[] =
    "INSERT INTO shipment (order_id, shipment_no, at_ns, shipped) VALUES (?1, ?2, ?3, ?4)";
static const char refunds_of_sql[] = "SELECT refund_no, refunded, returned FROM refund "
                                     "WHERE order_id = ?1 ORDER BY refund_no";
static const char refund_insert_sql[] =
    "INSERT INTO refund (order_id, refund_no, refunded, returned) VALUES (?1, ?2, ?3, ?4)";

static const char source_get_sql[] = "SELECT last_seq FROM stock_source WHERE source = ?1 AND "
                                     "sku_id = ?2 AND warehouse_id = ?3";
static const char source_put_sql[] =
    "INSERT INTO stock_source (source, sku_id, warehouse_id, last_seq) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (source, sku_id, warehouse_id) DO UPDATE SET last_seq = excluded.last_seq";

static const char receipt_get_sql[] = "SELECT method, request, response FROM receipt "
                                      "WHERE tenant = ?1 AND subject = ?2 AND idempotency_key = ?3";
static const char receipt_insert_sql[] =
    "INSERT INTO receipt (tenant, subject, idempotency_key, method, request, response) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/* ---- names ---- */

struct pgl_rows sku_all(struct pgl_database *db)
{
    return pgl_rows_begin(db, sku_all_sql);
}

struct pgl_rows warehouse_all(struct pgl_database *db)
{
    return pgl_rows_begin(db, warehouse_all_sql);
}

pgl_status sku_insert(struct pgl_tx *tx, int64_t id, struct pgl_text sku)
{
    struct pgl_rows rows = pgl_tx_rows(tx, sku_insert_sql);
    pgl_bind_i64(&rows, id);
    pgl_bind_text(&rows, sku);
    return pgl_rows_run(&rows, NULL);
}

pgl_status sku_last_seq(const struct pgl_view *view, struct pgl_text sku, int64_t *seq)
{
    struct pgl_rows rows = pgl_view_rows(view, sku_last_seq_sql);
    pgl_bind_text(&rows, sku);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_FAIL(PGL_NOT_FOUND, "no stock was ever kept of this SKU");
    *seq = pgl_column_i64(&rows, 0);
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status sku_set_last_seq(struct pgl_tx *tx, int64_t id, int64_t seq)
{
    struct pgl_rows rows = pgl_tx_rows(tx, sku_set_last_seq_sql);
    pgl_bind_i64(&rows, id);
    pgl_bind_i64(&rows, seq);
    return pgl_rows_run(&rows, NULL);
}

/* ---- stock ---- */

struct pgl_rows stock_of_sku(const struct pgl_view *view, int64_t sku_id)
{
    struct pgl_rows rows = pgl_view_rows(view, stock_of_sku_sql);
    pgl_bind_i64(&rows, sku_id);
    return rows;
}

struct pgl_rows stock_by_name(const struct pgl_view *view, struct pgl_text sku)
{
    struct pgl_rows rows = pgl_view_rows(view, stock_by_name_sql);
    pgl_bind_text(&rows, sku);
    return rows;
}

pgl_status stock_get(const struct pgl_view *view, int64_t sku_id, int64_t warehouse_id,
                     int64_t *on_hand, int64_t *reserved)
{
    struct pgl_rows rows = pgl_view_rows(view, stock_get_sql);
    pgl_bind_i64(&rows, sku_id);
    pgl_bind_i64(&rows, warehouse_id);
    PGL_TRY(pgl_rows_next(&rows));
    *on_hand = rows.has_row ? pgl_column_i64(&rows, 0) : 0;
    *reserved = rows.has_row ? pgl_column_i64(&rows, 1) : 0;
    pgl_rows_end(&rows);
    return PGL_OK;
}

static pgl_status run_move(struct pgl_tx *tx, const char *sql, const struct stock_move *move,
                           int64_t *changed)
{
    struct pgl_rows rows = pgl_tx_rows(tx, sql);
    pgl_bind_i64(&rows, move->sku_id);
    pgl_bind_i64(&rows, move->warehouse_id);
    pgl_bind_i64(&rows, move->quantity);
    return pgl_rows_run(&rows, changed);
}

/* `number` is 0 where a cause happens once for its id. */
struct cause {
    const pgl_id *id;
    enum stock_cause cause;
    int32_t number;
};

static struct pgl_rows begin_moved(const struct pgl_view *view, const char *sql, int64_t sku_id,
                                   int64_t warehouse_id, int64_t at_ns)
{
    struct pgl_rows rows = pgl_view_rows(view, sql);
    pgl_bind_i64(&rows, sku_id);
    pgl_bind_i64(&rows, warehouse_id);
    pgl_bind_i64(&rows, at_ns);
    return rows;
}

/* More is forgotten than is added, so that an old place becomes small again. */
static pgl_status note_moved(struct pgl_tx *tx, const struct stock_move *move, int64_t delta)
{
    int64_t now_ns = pgl_tx_now_ns(tx);
    struct pgl_rows forget = begin_moved(&tx->view, moved_forget_sql, move->sku_id,
                                         move->warehouse_id, now_ns - PGL_COUNT_AGE_MAX_NS);
    PGL_TRY(pgl_rows_run(&forget, NULL));
    struct pgl_rows add =
        begin_moved(&tx->view, moved_insert_sql, move->sku_id, move->warehouse_id, now_ns);
    pgl_bind_i64(&add, delta);
    return pgl_rows_run(&add, NULL);
}

pgl_status stock_moved_since(const struct pgl_view *view, int64_t sku_id, int64_t warehouse_id,
                             int64_t since_ns, int64_t *delta)
{
    struct pgl_rows rows = begin_moved(view, moved_since_sql, sku_id, warehouse_id, since_ns);
    PGL_TRY(pgl_rows_next(&rows));
    *delta = rows.has_row ? pgl_column_i64(&rows, 0) : 0;
    pgl_rows_end(&rows);
    return PGL_OK;
}

static pgl_status ledger_insert(struct pgl_tx *tx, struct cause cause,
                                const struct stock_move *move, int64_t delta_on_hand,
                                int64_t delta_reserved)
{
    uint8_t key[STOCK_CAUSE_BYTES + STOCK_CAUSE_NUMBER_BYTES];
    memcpy(key, cause.id->bytes, sizeof cause.id->bytes);
    key[sizeof cause.id->bytes] = (uint8_t)cause.cause;
    for (int i = 0; i < STOCK_CAUSE_NUMBER_BYTES; i++) /* big-endian: they sort as they came */
        key[STOCK_CAUSE_BYTES + i] = (uint8_t)((uint32_t)cause.number >> (24 - 8 * i));
    struct pgl_rows rows = pgl_tx_rows(tx, ledger_insert_sql);
    pgl_bind_blob(&rows, key, cause.number == 0 ? STOCK_CAUSE_BYTES : sizeof key);
    pgl_bind_i64(&rows, move->sku_id);
    pgl_bind_i64(&rows, move->warehouse_id);
    pgl_bind_i64(&rows, delta_on_hand);
    pgl_bind_i64(&rows, delta_reserved);
    PGL_TRY(pgl_rows_run(&rows, NULL));
    return delta_on_hand != 0 ? note_moved(tx, move, delta_on_hand) : PGL_OK;
}

pgl_status stock_hold(struct pgl_tx *tx, const pgl_id *order_id, const struct stock_move *move)
{
    int64_t changed;
    PGL_TRY(run_move(tx, stock_hold_sql, move, &changed));
    if (changed != 1)
        return PGL_FAIL(PGL_INTERNAL, "stock that was seen is not there");
    return ledger_insert(tx, (struct cause){ order_id, STOCK_HELD, 0 }, move, 0, move->quantity);
}

static pgl_status give_back(struct pgl_tx *tx, struct cause cause, const struct stock_move *move)
{
    int64_t changed;
    PGL_TRY(run_move(tx, stock_release_sql, move, &changed));
    if (changed != 1)
        return PGL_FAIL(PGL_INTERNAL, "stock that was held is not reserved");
    return ledger_insert(tx, cause, move, 0, -move->quantity);
}

pgl_status stock_release(struct pgl_tx *tx, const pgl_id *order_id, const struct stock_move *move)
{
    return give_back(tx, (struct cause){ order_id, STOCK_RELEASED, 0 }, move);
}

pgl_status stock_free(struct pgl_tx *tx, const pgl_id *order_id, int32_t number,
                      const struct stock_move *move)
{
    return give_back(tx, (struct cause){ order_id, STOCK_FREED, number }, move);
}

static pgl_status add(struct pgl_tx *tx, struct cause cause, const struct stock_move *move)
{
    int64_t changed;
    PGL_TRY(run_move(tx, stock_add_sql, move, &changed));
    if (changed == 0 && move->quantity < 0)
        return PGL_FAIL(PGL_INTERNAL, "less than nothing would be left");
    if (changed == 0)
        PGL_TRY(run_move(tx, stock_insert_sql, move, NULL));
    return ledger_insert(tx, cause, move, move->quantity, 0);
}

pgl_status stock_add(struct pgl_tx *tx, const pgl_id *id, enum stock_cause cause,
                     const struct stock_move *move)
{
    return add(tx, (struct cause){ id, cause, 0 }, move);
}

pgl_status stock_take_back(struct pgl_tx *tx, const pgl_id *order_id, int32_t number,
                           const struct stock_move *move)
{
    return add(tx, (struct cause){ order_id, STOCK_BACK, number }, move);
}

pgl_status stock_sell(struct pgl_tx *tx, const pgl_id *id, const struct stock_move *move)
{
    int64_t changed;
    PGL_TRY(run_move(tx, stock_sell_sql, move, &changed));
    if (changed == 0) {
        struct stock_move taken = { move->sku_id, move->warehouse_id, -move->quantity };
        PGL_TRY(run_move(tx, stock_insert_sql, &taken, NULL));
    }
    return ledger_insert(tx, (struct cause){ id, STOCK_SOLD, 0 }, move, -move->quantity, 0);
}

pgl_status stock_ship(struct pgl_tx *tx, const pgl_id *order_id, int32_t number,
                      const struct stock_move *move)
{
    int64_t changed;
    PGL_TRY(run_move(tx, stock_ship_sql, move, &changed));
    if (changed != 1)
        return PGL_FAIL(PGL_INTERNAL, "stock that was to be shipped is not there");
    return ledger_insert(tx, (struct cause){ order_id, STOCK_SHIPPED, number }, move,
                         -move->quantity, -move->quantity);
}

static int compare_moves(const void *a, const void *b)
{
    const struct stock_move *left = a, *right = b;
    if (left->sku_id != right->sku_id)
        return left->sku_id < right->sku_id ? -1 : 1;
    return (left->warehouse_id > right->warehouse_id) - (left->warehouse_id < right->warehouse_id);
}

size_t stock_moves_merge(struct stock_move *moves, size_t count)
{
    size_t merged = 0;
    if (count > 1)
        qsort(moves, count, sizeof moves[0], compare_moves);
    for (size_t i = 0; i < count; i++) {
        if (merged > 0 && compare_moves(&moves[merged - 1], &moves[i]) == 0)
            moves[merged - 1].quantity += moves[i].quantity;
        else
            moves[merged++] = moves[i];
    }
    return merged;
}

/* ---- sources that count their messages ---- */

static void bind_source(struct pgl_rows *rows, struct pgl_text source, int64_t sku_id,
                        int64_t warehouse_id)
{
    pgl_bind_text(rows, source);
    pgl_bind_i64(rows, sku_id);
    pgl_bind_i64(rows, warehouse_id);
}

pgl_status source_last_seq(const struct pgl_view *view, struct pgl_text source, int64_t sku_id,
                           int64_t warehouse_id, int64_t *seq)
{
    struct pgl_rows rows = pgl_view_rows(view, source_get_sql);
    bind_source(&rows, source, sku_id, warehouse_id);
    PGL_TRY(pgl_rows_next(&rows));
    *seq = rows.has_row ? pgl_column_i64(&rows, 0) : 0;
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status source_put(struct pgl_tx *tx, struct pgl_text source, int64_t sku_id,
                      int64_t warehouse_id, int64_t seq)
{
    struct pgl_rows rows = pgl_tx_rows(tx, source_put_sql);
    bind_source(&rows, source, sku_id, warehouse_id);
    pgl_bind_i64(&rows, seq);
    return pgl_rows_run(&rows, NULL);
}

/* ---- reservations ---- */

static pgl_status read_reservation(const struct pgl_view *view, struct pgl_rows *rows,
                                   struct reservation_row *row)
{
    PGL_TRY(pgl_rows_next(rows));
    if (!rows->has_row)
        return PGL_OK;
    row->state = (enum reservation_state)pgl_column_i64(rows, 0);
    row->allocations = pgl_column_blob(rows, 1);
    row->last_event_seq = pgl_column_i64(rows, 2);
    row->allocations.data = pgl_arena_string(view->arena, row->allocations);
    pgl_rows_end(rows);
    return row->allocations.data != NULL ? PGL_OK : PGL_NO_MEMORY;
}

pgl_status reservation_get(const struct pgl_view *view, const pgl_id *order_id,
                           struct reservation_row *row)
{
    *row = (struct reservation_row){ .order_id = *order_id };
    struct pgl_rows rows = pgl_view_rows(view, reservation_get_sql);
    pgl_bind_id(&rows, order_id);
    return read_reservation(view, &rows, row);
}

pgl_status reservation_get_of(const struct pgl_view *view, const pgl_id *order_id,
                              struct pgl_text tenant, struct reservation_row *row)
{
    *row = (struct reservation_row){ .order_id = *order_id };
    struct pgl_rows rows = pgl_view_rows(view, reservation_get_of_sql);
    pgl_bind_id(&rows, order_id);
    pgl_bind_text(&rows, tenant);
    return read_reservation(view, &rows, row);
}

static void bind_reservation(struct pgl_rows *rows, const struct reservation_row *row,
                             EventType says)
{
    pgl_bind_id(rows, &row->order_id);
    pgl_bind_i64(rows, row->state);
    pgl_bind_i64(rows, row->last_event_seq);
    pgl_bind_i64(rows, says != 0 ? INT64_C(1) << (says - EVENT_TYPE_INVENTORY_RESERVED) : 0);
}

pgl_status reservation_insert(struct pgl_tx *tx, const struct reservation_row *row,
                              const char *tenant, EventType says)
{
    struct pgl_rows rows = pgl_tx_rows(tx, reservation_insert_sql);
    bind_reservation(&rows, row, says);
    pgl_bind_blob(&rows, row->allocations.data, row->allocations.size);
    pgl_bind_text(&rows, pgl_text_of(tenant));
    return pgl_rows_run(&rows, NULL);
}

pgl_status reservation_move(struct pgl_tx *tx, const struct reservation_row *row, EventType says)
{
    struct pgl_rows rows = pgl_tx_rows(tx, reservation_move_sql);
    bind_reservation(&rows, row, says);
    return pgl_rows_run(&rows, NULL);
}

pgl_status reservation_note(struct pgl_tx *tx, const struct reservation_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, reservation_note_sql);
    pgl_bind_id(&rows, &row->order_id);
    pgl_bind_i64(&rows, row->last_event_seq);
    return pgl_rows_run(&rows, NULL);
}

/* ---- what left for an order, and came back ---- */

struct pgl_rows shipments_of(const struct pgl_view *view, const pgl_id *order_id)
{
    struct pgl_rows rows = pgl_view_rows(view, shipments_of_sql);
    pgl_bind_id(&rows, order_id);
    return rows;
}

pgl_status shipment_insert(struct pgl_tx *tx, const pgl_id *order_id, int32_t shipment_no,
                           struct pgl_text shipped)
{
    struct pgl_rows rows = pgl_tx_rows(tx, shipment_insert_sql);
    pgl_bind_id(&rows, order_id);
    pgl_bind_i64(&rows, shipment_no);
    pgl_bind_i64(&rows, pgl_tx_now_ns(tx));
    pgl_bind_blob(&rows, shipped.data, shipped.size);
    return pgl_rows_run(&rows, NULL);
}

struct pgl_rows refunds_of(const struct pgl_view *view, const pgl_id *order_id)
{
    struct pgl_rows rows = pgl_view_rows(view, refunds_of_sql);
    pgl_bind_id(&rows, order_id);
    return rows;
}

pgl_status refund_insert(struct pgl_tx *tx, const pgl_id *order_id, int32_t refund_no,
                         struct pgl_text refunded, struct pgl_text returned)
{
    struct pgl_rows rows = pgl_tx_rows(tx, refund_insert_sql);
    pgl_bind_id(&rows, order_id);
    pgl_bind_i64(&rows, refund_no);
    pgl_bind_blob(&rows, refunded.data, refunded.size);
    pgl_bind_blob(&rows, returned.data, returned.size);
    return pgl_rows_run(&rows, NULL);
}

/* ---- receipts ---- */

static void bind_receipt(struct pgl_rows *rows, const struct receipt_key *key)
{
    pgl_bind_text(rows, pgl_text_of(key->tenant));
    pgl_bind_text(rows, pgl_text_of(key->subject));
    pgl_bind_text(rows, pgl_text_of(key->idempotency_key));
}

pgl_status receipt_get(const struct pgl_view *view, const struct receipt_key *key,
                       struct receipt *receipt)
{
    *receipt = (struct receipt){ 0 };
    struct pgl_rows rows = pgl_view_rows(view, receipt_get_sql);
    bind_receipt(&rows, key);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_OK;
    receipt->is_there = true;
    receipt->method = (int)pgl_column_i64(&rows, 0);
    receipt->request = pgl_column_blob(&rows, 1);
    receipt->response = pgl_column_blob(&rows, 2);
    receipt->request.data = pgl_arena_string(view->arena, receipt->request);
    receipt->response.data = pgl_arena_string(view->arena, receipt->response);
    pgl_rows_end(&rows);
    return receipt->request.data != NULL && receipt->response.data != NULL ? PGL_OK : PGL_NO_MEMORY;
}

pgl_status receipt_insert(struct pgl_tx *tx, const struct receipt_key *key,
                          const struct receipt *receipt)
{
    struct pgl_rows rows = pgl_tx_rows(tx, receipt_insert_sql);
    bind_receipt(&rows, key);
    pgl_bind_i64(&rows, receipt->method);
    pgl_bind_blob(&rows, receipt->request.data, receipt->request.size);
    pgl_bind_blob(&rows, receipt->response.data, receipt->response.size);
    return pgl_rows_run(&rows, NULL);
}
