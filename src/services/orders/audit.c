/* audit.c - see audit.h. */
#include "services/orders/audit.h"

#include "services/orders/orders.h"

static const char walk_sql[] =
    "SELECT order_id, state, cancel, currency, total_minor, said, last_event_seq, changes, tenant, "
    "customer, idempotency_key FROM orders ORDER BY order_id";
static const char keys_sql[] = "SELECT hash, order_id FROM order_by_key ORDER BY hash";

void pgl_order_walk_begin(const struct pgl_view *view, struct pgl_order_walk *walk)
{
    *walk = (struct pgl_order_walk){ view, pgl_view_rows(view, walk_sql) };
}

static bool is_final(int state)
{
    return state >= ORDER_CONFIRMED;
}

static void read_changes(struct pgl_text changes, struct pgl_order_facts *order)
{
    order->last_change = ORDER_STATE_COUNT;
    if (changes.size % ORDER_CHANGE_BYTES != 0)
        return;
    for (size_t at = 0; at < changes.size; at += ORDER_CHANGE_BYTES) {
        uint8_t state = (uint8_t)changes.data[at] & 15, what = (uint8_t)changes.data[at] >> 4;
        order->last_change =
            state < ORDER_STATE_COUNT ? (enum order_state)state : ORDER_STATE_COUNT;
        order->final_changes += what == CHANGE_KIND_UNSPECIFIED && is_final(state);
        order->refunds_asked += what == CHANGE_KIND_REFUND_REQUESTED;
    }
}

pgl_status pgl_order_walk_next(struct pgl_order_walk *walk, struct pgl_order_facts *order)
{
    struct pgl_rows *rows = &walk->rows;
    *order = (struct pgl_order_facts){ 0 };
    PGL_TRY(pgl_rows_next(rows));
    if (!rows->has_row)
        return PGL_OK;
    order->is_there = true;
    order->order_id = pgl_column_id(rows, 0);
    order->state = (enum order_state)pgl_column_i64(rows, 1);
    order->cancel = (enum order_cancel)pgl_column_i64(rows, 2);
    struct pgl_text currency = pgl_column_text(rows, 3);
    memcpy(order->currency, currency.data, currency.size < 3 ? currency.size : 3);
    order->total_minor = pgl_column_i64(rows, 4);
    order->said = pgl_column_i64(rows, 5);
    order->last_event_seq = pgl_column_i64(rows, 6);
    read_changes(pgl_column_blob(rows, 7), order);
    order->key_hash = order_hash_of_key(walk->view->context, pgl_column_text(rows, 8),
                                        pgl_column_text(rows, 9), pgl_column_text(rows, 10));
    return PGL_OK;
}

void pgl_order_walk_end(struct pgl_order_walk *walk)
{
    pgl_rows_end(&walk->rows);
}

pgl_status pgl_order_counts(const struct pgl_view *view, int64_t counts[ORDER_STATE_COUNT])
{
    memset(counts, 0, ORDER_STATE_COUNT * sizeof counts[0]);
    struct pgl_rows rows = pgl_view_rows(view, order_count_get_sql);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        int64_t state = pgl_column_i64(&rows, 0);
        if (state >= 0 && state < ORDER_STATE_COUNT)
            counts[state] = pgl_column_i64(&rows, 1);
    }
}

/* ---- the index of idempotency keys ---- */

/* The one id that a statement selects; zero when it selects none. */
static pgl_status read_id(struct pgl_rows *rows, pgl_id *id)
{
    *id = (pgl_id){ { 0 } };
    PGL_TRY(pgl_rows_next(rows));
    if (rows->has_row)
        *id = pgl_column_id(rows, 0);
    pgl_rows_end(rows);
    return PGL_OK;
}

pgl_status pgl_order_keys_watermark(const struct pgl_view *view, pgl_id *watermark)
{
    struct pgl_rows rows = pgl_view_rows(view, order_by_key_sql.watermark_get);
    return read_id(&rows, watermark);
}

struct pgl_rows pgl_order_keys(const struct pgl_view *view)
{
    return pgl_view_rows(view, keys_sql);
}

pgl_status pgl_order_of_key(const struct pgl_view *view, int64_t key_hash, pgl_id *order_id)
{
    struct pgl_rows rows = pgl_view_rows(view, order_by_key_sql.get);
    pgl_bind_i64(&rows, key_hash);
    return read_id(&rows, order_id);
}
