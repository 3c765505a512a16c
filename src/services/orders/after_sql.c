/* after_sql.c - see after_sql.h. */
#include "services/orders/after_sql.h"

#include "services/orders/orders.h"

static struct pgl_text copy(const struct pgl_view *view, struct pgl_text column)
{
    return (struct pgl_text){ pgl_arena_string(view->arena, column), column.size };
}

static pgl_status checked(const struct pgl_view *view)
{
    return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

/* ---- lines ---- */

static const char lines_get_sql[] =
    "SELECT line_no, confirmed, shipped, returned, refunding, refunded FROM order_line "
    "WHERE order_id = ?1 ORDER BY line_no";
static const char line_put_sql[] =
    "INSERT INTO order_line (order_id, line_no, confirmed, shipped, returned, refunding, refunded) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (order_id, line_no) DO UPDATE SET "
    "confirmed = excluded.confirmed, shipped = excluded.shipped, returned = excluded.returned, "
    "refunding = excluded.refunding, refunded = excluded.refunded";

pgl_status order_lines_get(const struct pgl_view *view, pgl_id order_id,
                           struct order_line_row **lines, size_t *count)
{
    *count = 0;
    *lines = pgl_arena_alloc(view->arena, PGL_ORDER_LINES_MAX * sizeof **lines);
    if (*lines == NULL)
        return PGL_NO_MEMORY;
    struct pgl_rows rows = pgl_view_rows(view, lines_get_sql);
    pgl_bind_id(&rows, &order_id);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        if (*count == PGL_ORDER_LINES_MAX) {
            pgl_rows_end(&rows);
            return PGL_FAIL(PGL_DATA_LOSS, "an order with more lines than there can be");
        }
        (*lines)[(*count)++] =
            (struct order_line_row){ (int32_t)pgl_column_i64(&rows, 0), pgl_column_i64(&rows, 1),
                                     pgl_column_i64(&rows, 2),          pgl_column_i64(&rows, 3),
                                     pgl_column_i64(&rows, 4),          pgl_column_i64(&rows, 5) };
    }
}

pgl_status order_line_put(struct pgl_tx *tx, pgl_id order_id, const struct order_line_row *line)
{
    struct pgl_rows rows = pgl_tx_rows(tx, line_put_sql);
    pgl_bind_id(&rows, &order_id);
    pgl_bind_i64(&rows, line->line_no);
    pgl_bind_i64(&rows, line->confirmed);
    pgl_bind_i64(&rows, line->shipped);
    pgl_bind_i64(&rows, line->returned);
    pgl_bind_i64(&rows, line->refunding);
    pgl_bind_i64(&rows, line->refunded);
    return pgl_rows_run(&rows, NULL);
}

/* ---- refunds ---- */

#define REFUND_COLUMNS                                                                             \
    "refund_no, operator, idempotency_key, fingerprint, status, amount_minor, body, is_returned, " \
    "requested_at_ns, ended_at_ns, failure"

static const char refund_get_sql[] =
    "SELECT " REFUND_COLUMNS " FROM order_refund WHERE order_id = ?1 AND refund_no = ?2";
static const char refund_of_key_sql[] =
    "SELECT " REFUND_COLUMNS " FROM order_refund WHERE order_id = ?1 AND operator = ?2 AND "
    "idempotency_key = ?3";
static const char refunds_sql[] =
    "SELECT " REFUND_COLUMNS " FROM order_refund WHERE order_id = ?1 ORDER BY refund_no";
static const char refund_last_no_sql[] =
    "SELECT coalesce(max(refund_no), 0) FROM order_refund WHERE order_id = ?1";
static const char refund_insert_sql[] =
    "INSERT INTO order_refund (order_id, " REFUND_COLUMNS
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
static const char refund_update_sql[] =
    "UPDATE order_refund SET status = ?3, is_returned = ?4, ended_at_ns = ?5, failure = ?6 "
    "WHERE order_id = ?1 AND refund_no = ?2";

void order_refund_read(const struct pgl_view *view, const struct pgl_rows *rows,
                       struct order_refund_row *refund)
{
    refund->refund_no = (int32_t)pgl_column_i64(rows, 0);
    refund->operator_name = copy(view, pgl_column_text(rows, 1));
    refund->idempotency_key = copy(view, pgl_column_text(rows, 2));
    refund->fingerprint = copy(view, pgl_column_blob(rows, 3));
    refund->status = (RefundStatus)pgl_column_i64(rows, 4);
    refund->amount_minor = pgl_column_i64(rows, 5);
    refund->body = copy(view, pgl_column_blob(rows, 6));
    refund->is_returned = pgl_column_i64(rows, 7) != 0;
    refund->requested_at_ns = pgl_column_i64(rows, 8);
    refund->ended_at_ns = pgl_column_i64(rows, 9);
    refund->failure = copy(view, pgl_column_text(rows, 10));
}

static pgl_status read_one(const struct pgl_view *view, struct pgl_rows *rows,
                           struct order_refund_row *refund)
{
    PGL_TRY(pgl_rows_next(rows));
    if (!rows->has_row)
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such refund");
    order_refund_read(view, rows, refund);
    pgl_rows_end(rows);
    return checked(view);
}

pgl_status order_refund_get(const struct pgl_view *view, pgl_id order_id, int32_t refund_no,
                            struct order_refund_row *refund)
{
    struct pgl_rows rows = pgl_view_rows(view, refund_get_sql);
    pgl_bind_id(&rows, &order_id);
    pgl_bind_i64(&rows, refund_no);
    return read_one(view, &rows, refund);
}

pgl_status order_refund_of_key(const struct pgl_view *view, pgl_id order_id,
                               struct pgl_text operator_name, struct pgl_text key,
                               struct order_refund_row *refund)
{
    struct pgl_rows rows = pgl_view_rows(view, refund_of_key_sql);
    pgl_bind_id(&rows, &order_id);
    pgl_bind_text(&rows, operator_name);
    pgl_bind_text(&rows, key);
    return read_one(view, &rows, refund);
}

pgl_status order_refund_last_no(const struct pgl_view *view, pgl_id order_id, int32_t *refund_no)
{
    struct pgl_rows rows = pgl_view_rows(view, refund_last_no_sql);
    pgl_bind_id(&rows, &order_id);
    PGL_TRY(pgl_rows_next(&rows));
    *refund_no = rows.has_row ? (int32_t)pgl_column_i64(&rows, 0) : 0;
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status order_refund_insert(struct pgl_tx *tx, pgl_id order_id,
                               const struct order_refund_row *refund)
{
    struct pgl_rows rows = pgl_tx_rows(tx, refund_insert_sql);
    pgl_bind_id(&rows, &order_id);
    pgl_bind_i64(&rows, refund->refund_no);
    pgl_bind_text(&rows, refund->operator_name);
    pgl_bind_text(&rows, refund->idempotency_key);
    pgl_bind_blob(&rows, refund->fingerprint.data, refund->fingerprint.size);
    pgl_bind_i64(&rows, refund->status);
    pgl_bind_i64(&rows, refund->amount_minor);
    pgl_bind_blob(&rows, refund->body.data, refund->body.size);
    pgl_bind_i64(&rows, refund->is_returned);
    pgl_bind_i64(&rows, refund->requested_at_ns);
    pgl_bind_i64(&rows, refund->ended_at_ns);
    pgl_bind_text(&rows, refund->failure);
    return pgl_rows_run(&rows, NULL);
}

pgl_status order_refund_update(struct pgl_tx *tx, pgl_id order_id,
                               const struct order_refund_row *refund)
{
    struct pgl_rows rows = pgl_tx_rows(tx, refund_update_sql);
    pgl_bind_id(&rows, &order_id);
    pgl_bind_i64(&rows, refund->refund_no);
    pgl_bind_i64(&rows, refund->status);
    pgl_bind_i64(&rows, refund->is_returned);
    pgl_bind_i64(&rows, refund->ended_at_ns);
    pgl_bind_text(&rows, refund->failure);
    return pgl_rows_run(&rows, NULL);
}

struct pgl_rows order_refunds(const struct pgl_view *view, const pgl_id *order_id)
{
    struct pgl_rows rows = pgl_view_rows(view, refunds_sql);
    pgl_bind_id(&rows, order_id);
    return rows;
}

/* ---- shipments, and what a customer has to do ---- */

static const char shipment_insert_sql[] =
    "INSERT INTO order_shipment (order_id, shipment_no, body) VALUES (?1, ?2, ?3)";
static const char shipment_find_sql[] =
    "SELECT 1 FROM order_shipment WHERE order_id = ?1 AND shipment_no = ?2";
static const char shipments_sql[] =
    "SELECT body FROM order_shipment WHERE order_id = ?1 ORDER BY shipment_no LIMIT ?2";
static const char action_put_sql[] =
    "INSERT INTO order_action (order_id, next_action, expires_at_ns) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (order_id) DO UPDATE SET next_action = excluded.next_action, "
    "expires_at_ns = excluded.expires_at_ns";
static const char action_get_sql[] = "SELECT next_action FROM order_action WHERE order_id = ?1";

pgl_status order_shipment_find(const struct pgl_view *view, pgl_id order_id, int32_t shipment_no,
                               bool *is_there)
{
    struct pgl_rows rows = pgl_view_rows(view, shipment_find_sql);
    pgl_bind_id(&rows, &order_id);
    pgl_bind_i64(&rows, shipment_no);
    PGL_TRY(pgl_rows_next(&rows));
    *is_there = rows.has_row;
    if (rows.has_row)
        pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status order_shipment_insert(struct pgl_tx *tx, pgl_id order_id, int32_t shipment_no,
                                 struct pgl_text body)
{
    struct pgl_rows rows = pgl_tx_rows(tx, shipment_insert_sql);
    pgl_bind_id(&rows, &order_id);
    pgl_bind_i64(&rows, shipment_no);
    pgl_bind_blob(&rows, body.data, body.size);
    return pgl_rows_run(&rows, NULL);
}

struct pgl_rows order_shipments(const struct pgl_view *view, const pgl_id *order_id)
{
    struct pgl_rows rows = pgl_view_rows(view, shipments_sql);
    pgl_bind_id(&rows, order_id);
    pgl_bind_i64(&rows, PGL_ORDER_SHIPMENTS_SHOWN_MAX);
    return rows;
}

pgl_status order_action_put(struct pgl_tx *tx, pgl_id order_id, struct pgl_text next_action,
                            int64_t expires_at_ns)
{
    struct pgl_rows rows = pgl_tx_rows(tx, action_put_sql);
    pgl_bind_id(&rows, &order_id);
    pgl_bind_text(&rows, next_action);
    pgl_bind_i64(&rows, expires_at_ns);
    return pgl_rows_run(&rows, NULL);
}

pgl_status order_action_get(const struct pgl_view *view, pgl_id order_id,
                            struct pgl_text *next_action)
{
    *next_action = PGL_TEXT("");
    struct pgl_rows rows = pgl_view_rows(view, action_get_sql);
    pgl_bind_id(&rows, &order_id);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_OK;
    *next_action = copy(view, pgl_column_text(&rows, 0));
    pgl_rows_end(&rows);
    return checked(view);
}
