/* inventory_sql.c - see inventory_sql.h. */
#include "services/inventory/inventory_sql.h"

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
    "WHERE sku_id = ?1 AND warehouse_id = ?2";
static const char stock_insert_sql[] = "INSERT INTO stock (sku_id, warehouse_id, on_hand, "
                                       "reserved, version) VALUES (?1, ?2, ?3, 0, 1)";
static const char ledger_insert_sql[] =
    "INSERT INTO stock_ledger (cause_key, sku_id, warehouse_id, delta_on_hand, delta_reserved) "
    "VALUES (?1, ?2, ?3, ?4, ?5)";

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

static const char receipt_get_sql[] = "SELECT request, response FROM receipt WHERE tenant = ?1 AND "
                                      "subject = ?2 AND idempotency_key = ?3";
static const char receipt_insert_sql[] =
    "INSERT INTO receipt (tenant, subject, idempotency_key, request, response) "
    "VALUES (?1, ?2, ?3, ?4, ?5)";

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

static pgl_status ledger_insert(struct pgl_tx *tx, const pgl_id *id, enum stock_cause cause,
                                const struct stock_move *move, int64_t delta_on_hand,
                                int64_t delta_reserved)
{
    uint8_t cause_key[sizeof id->bytes + 1];
    memcpy(cause_key, id->bytes, sizeof id->bytes);
    cause_key[sizeof id->bytes] = (uint8_t)cause;
    struct pgl_rows rows = pgl_tx_rows(tx, ledger_insert_sql);
    pgl_bind_blob(&rows, cause_key, sizeof cause_key);
    pgl_bind_i64(&rows, move->sku_id);
    pgl_bind_i64(&rows, move->warehouse_id);
    pgl_bind_i64(&rows, delta_on_hand);
    pgl_bind_i64(&rows, delta_reserved);
    return pgl_rows_run(&rows, NULL);
}

pgl_status stock_hold(struct pgl_tx *tx, const pgl_id *order_id, const struct stock_move *move)
{
    int64_t changed;
    PGL_TRY(run_move(tx, stock_hold_sql, move, &changed));
    if (changed != 1)
        return PGL_FAIL(PGL_INTERNAL, "stock that was seen is not there");
    return ledger_insert(tx, order_id, STOCK_HELD, move, 0, move->quantity);
}

pgl_status stock_release(struct pgl_tx *tx, const pgl_id *order_id, const struct stock_move *move)
{
    int64_t changed;
    PGL_TRY(run_move(tx, stock_release_sql, move, &changed));
    if (changed != 1)
        return PGL_FAIL(PGL_INTERNAL, "stock that was held is not reserved");
    return ledger_insert(tx, order_id, STOCK_RELEASED, move, 0, -move->quantity);
}

pgl_status stock_add(struct pgl_tx *tx, const pgl_id *id, enum stock_cause cause,
                     const struct stock_move *move)
{
    int64_t changed;
    PGL_TRY(run_move(tx, stock_add_sql, move, &changed));
    if (changed == 0)
        PGL_TRY(run_move(tx, stock_insert_sql, move, NULL));
    return ledger_insert(tx, id, cause, move, move->quantity, 0);
}

/* ---- reservations ---- */

pgl_status reservation_get(const struct pgl_view *view, const pgl_id *order_id,
                           struct reservation_row *row)
{
    *row = (struct reservation_row){ .order_id = *order_id };
    struct pgl_rows rows = pgl_view_rows(view, reservation_get_sql);
    pgl_bind_id(&rows, order_id);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_OK;
    row->state = (enum reservation_state)pgl_column_i64(&rows, 0);
    row->allocations = pgl_column_blob(&rows, 1);
    row->last_event_seq = pgl_column_i64(&rows, 2);
    row->allocations.data = pgl_arena_string(view->arena, row->allocations);
    pgl_rows_end(&rows);
    return row->allocations.data != NULL ? PGL_OK : PGL_NO_MEMORY;
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

/* ---- receipts ---- */

static void bind_receipt(struct pgl_rows *rows, const struct receipt_key *key)
{
    pgl_bind_text(rows, pgl_text_of(key->tenant));
    pgl_bind_text(rows, pgl_text_of(key->subject));
    pgl_bind_text(rows, pgl_text_of(key->idempotency_key));
}

pgl_status receipt_get(const struct pgl_view *view, const struct receipt_key *key, bool *is_there,
                       struct pgl_text *request, struct pgl_text *response)
{
    struct pgl_rows rows = pgl_view_rows(view, receipt_get_sql);
    bind_receipt(&rows, key);
    PGL_TRY(pgl_rows_next(&rows));
    *is_there = rows.has_row;
    if (!rows.has_row)
        return PGL_OK;
    *request = pgl_column_blob(&rows, 0);
    *response = pgl_column_blob(&rows, 1);
    request->data = pgl_arena_string(view->arena, *request);
    response->data = pgl_arena_string(view->arena, *response);
    pgl_rows_end(&rows);
    return request->data != NULL && response->data != NULL ? PGL_OK : PGL_NO_MEMORY;
}

pgl_status receipt_insert(struct pgl_tx *tx, const struct receipt_key *key, struct pgl_text request,
                          struct pgl_text response)
{
    struct pgl_rows rows = pgl_tx_rows(tx, receipt_insert_sql);
    bind_receipt(&rows, key);
    pgl_bind_blob(&rows, request.data, request.size);
    pgl_bind_blob(&rows, response.data, response.size);
    return pgl_rows_run(&rows, NULL);
}
