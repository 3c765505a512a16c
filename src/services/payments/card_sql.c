/* card_sql.c - see card_sql.h. */
#include "services/payments/card_sql.h"

static const char card_get_sql[] = "SELECT card_token, handle, next_action, hold_expires_at_ns, "
                                   "taking FROM card WHERE order_id = ?1";
static const char card_put_sql[] =
    "INSERT INTO card (order_id, card_token, handle, next_action, hold_expires_at_ns, taking) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (order_id) DO UPDATE SET handle = ?3, "
    "next_action = ?4, hold_expires_at_ns = ?5, taking = ?6";

static const char cards_captured_sql[] =
    "SELECT order_id FROM payment WHERE order_id > ?1 AND order_id < ?2 AND state = 6 "
    "AND account_id = -1 AND captured_minor > 0 ORDER BY order_id LIMIT ?3";

#define INTENT_COLUMNS                                                                             \
    "i.order_id, i.refund_no, op, i.op_state, attempt, tries, due_at_ns, planned_at_ns, "          \
    "first_sent_at_ns, sent_at_ns, owner_epoch, sent_seen, seen, code, http_status, "              \
    "i.amount_minor, i.is_awaited, planned_job"
/* A LEFT JOIN each, since an orphan has no card yet, and a payment's own operation no refund. */
#define INTENT_WITH_PAYMENT                                                                        \
    "SELECT i.order_id, i.refund_no, i.op, i.op_state, attempt, tries, due_at_ns, planned_at_ns, " \
    "first_sent_at_ns, sent_at_ns, owner_epoch, sent_seen, seen, code, http_status, "              \
    "i.amount_minor, i.is_awaited, planned_job, p.currency, c.handle, c.card_token, r.handle "     \
    "FROM intent AS i "                                                                            \
    "LEFT JOIN payment AS p ON p.order_id = i.order_id "                                           \
    "LEFT JOIN card AS c ON c.order_id = i.order_id "                                              \
    "LEFT JOIN refund AS r ON r.order_id = i.order_id AND r.refund_no = i.refund_no "

static const char intent_get_sql[] =
    "SELECT " INTENT_COLUMNS " FROM intent AS i WHERE order_id = ?1 AND refund_no = ?2";
static const char intent_put_sql[] =
    "INSERT OR REPLACE INTO intent (order_id, refund_no, op, op_state, attempt, tries, due_at_ns, "
    "planned_at_ns, first_sent_at_ns, sent_at_ns, owner_epoch, sent_seen, seen, code, http_status, "
    "amount_minor, is_awaited, lane, planned_job) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
    "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)";
static const char intent_delete_sql[] = "DELETE FROM intent WHERE order_id = ?1 AND refund_no = ?2";
static const char intents_due_sql[] = INTENT_WITH_PAYMENT
    "WHERE lane = ?1 AND due_at_ns BETWEEN ?2 AND ?3 ORDER BY due_at_ns LIMIT ?4";
static const char intents_page_sql[] =
    INTENT_WITH_PAYMENT "WHERE (i.order_id, i.refund_no) > (?1, ?2) AND planned_at_ns <= ?3 "
                        "AND planned_job < ?7 AND (?4 = 0 OR i.op_state = ?4) AND p.tenant = ?6 "
                        "ORDER BY i.order_id, i.refund_no LIMIT ?5";
static const char intents_sum_sql[] =
    "SELECT count(*), coalesce(sum(op_state = 4), 0), coalesce(min(planned_at_ns), 0) FROM intent";
static const char epoch_raise_sql[] = "UPDATE effects_epoch SET epoch = epoch + 1";
static const char epoch_get_sql[] = "SELECT epoch FROM effects_epoch";
static const char payments_orphan_sql[] =
    "UPDATE payment SET op_state = 3 WHERE order_id IN "
    "(SELECT order_id FROM intent WHERE op_state = 2 AND refund_no = 0)";
static const char intents_orphan_sql[] =
    "UPDATE intent SET op_state = 3, due_at_ns = ?1 WHERE op_state = 2";

static const char refund_get_sql[] =
    "SELECT state, amount_minor, handle, failure_code, telling FROM refund "
    "WHERE order_id = ?1 AND refund_no = ?2";
static const char refund_put_sql[] =
    "INSERT INTO refund (order_id, refund_no, state, amount_minor, handle, failure_code, telling) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (order_id, refund_no) DO UPDATE SET "
    "state = ?3, handle = ?5, failure_code = ?6";
static const char refunds_pending_sql[] =
    "SELECT coalesce(sum(amount_minor), 0), coalesce(min(refund_no), 0) FROM refund "
    "WHERE order_id = ?1 AND state = 1";

static const char hint_insert_sql[] =
    "INSERT OR IGNORE INTO hint (event_id, seen_at_ns) VALUES (?1, ?2)";
static const char hints_forget_sql[] =
    "DELETE FROM hint WHERE event_id IN "
    "(SELECT event_id FROM hint WHERE seen_at_ns < ?1 ORDER BY seen_at_ns LIMIT 8)";

static const char *text_of_row(const struct pgl_rows *rows, int column, struct pgl_arena *arena)
{
    return pgl_arena_string(arena, pgl_column_text(rows, column));
}

static struct pgl_text blob_of_row(const struct pgl_rows *rows, int column, struct pgl_arena *arena)
{
    struct pgl_text blob = pgl_column_blob(rows, column);
    return (struct pgl_text){ pgl_arena_string(arena, blob), blob.size };
}

static pgl_status end_row(const struct pgl_view *view, struct pgl_rows *rows)
{
    pgl_rows_end(rows);
    return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

/* ---- cards ---- */

pgl_status card_get(const struct pgl_view *view, const pgl_id *order_id, struct card_row *row,
                    bool *is_there)
{
    struct pgl_rows rows = pgl_view_rows(view, card_get_sql);
    pgl_bind_id(&rows, order_id);
    PGL_TRY(pgl_rows_next(&rows));
    *is_there = rows.has_row;
    if (!rows.has_row)
        return PGL_OK;
    *row = (struct card_row){ .order_id = *order_id,
                              .card_token = text_of_row(&rows, 0, view->arena),
                              .handle = text_of_row(&rows, 1, view->arena),
                              .next_action = text_of_row(&rows, 2, view->arena),
                              .hold_expires_at_ns = pgl_column_i64(&rows, 3),
                              .taking = blob_of_row(&rows, 4, view->arena) };
    return end_row(view, &rows);
}

pgl_status card_put(struct pgl_tx *tx, const struct card_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, card_put_sql);
    pgl_bind_id(&rows, &row->order_id);
    pgl_bind_text(&rows, pgl_text_of(row->card_token));
    pgl_bind_text(&rows, pgl_text_of(row->handle));
    pgl_bind_text(&rows, pgl_text_of(row->next_action));
    pgl_bind_i64(&rows, row->hold_expires_at_ns);
    pgl_bind_blob(&rows, row->taking.data, row->taking.size);
    return pgl_rows_run(&rows, NULL);
}

pgl_status cards_captured(const struct pgl_view *view, const pgl_id *behind, const pgl_id *until,
                          int limit, pgl_id *found, int *count)
{
    struct pgl_rows rows = pgl_view_rows(view, cards_captured_sql);
    pgl_bind_id(&rows, behind);
    pgl_bind_id(&rows, until);
    pgl_bind_i64(&rows, limit);
    for (*count = 0;; ++*count) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        found[*count] = pgl_column_id(&rows, 0);
    }
}

/* ---- intents ---- */

static void read_intent(const struct pgl_rows *rows, struct pgl_arena *arena,
                        struct intent_row *row)
{
    *row = (struct intent_row){
        .order_id = pgl_column_id(rows, 0),
        .refund_no = pgl_column_i64(rows, 1),
        .op = (int)pgl_column_i64(rows, 2),
        .op_state = (int)pgl_column_i64(rows, 3),
        .attempt = pgl_column_i64(rows, 4),
        .tries = pgl_column_i64(rows, 5),
        .due_at_ns = pgl_column_i64(rows, 6),
        .planned_at_ns = pgl_column_i64(rows, 7),
        .first_sent_at_ns = pgl_column_i64(rows, 8),
        .sent_at_ns = pgl_column_i64(rows, 9),
        .owner_epoch = pgl_column_i64(rows, 10),
        .sent_seen = (int)pgl_column_i64(rows, 11),
        .seen = (int)pgl_column_i64(rows, 12),
        .code = text_of_row(rows, 13, arena),
        .http_status = (int)pgl_column_i64(rows, 14),
        .amount_minor = pgl_column_i64(rows, 15),
        .is_awaited = pgl_column_i64(rows, 16) != 0,
        .planned_job = pgl_column_i64(rows, 17),
    };
}

static pgl_status read_intents(const struct pgl_view *view, struct pgl_rows *rows,
                               struct intent_row *found, int *count)
{
    for (*count = 0;; ++*count) {
        PGL_TRY(pgl_rows_next(rows));
        if (!rows->has_row)
            return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
        struct intent_row *row = &found[*count];
        read_intent(rows, view->arena, row);
        row->currency = text_of_row(rows, 18, view->arena);
        row->handle = text_of_row(rows, 19, view->arena);
        row->card_token = text_of_row(rows, 20, view->arena);
        row->refund_handle = text_of_row(rows, 21, view->arena);
    }
}

pgl_status intent_get(const struct pgl_view *view, const pgl_id *order_id, int64_t refund_no,
                      struct intent_row *row, bool *is_there)
{
    struct pgl_rows rows = pgl_view_rows(view, intent_get_sql);
    pgl_bind_id(&rows, order_id);
    pgl_bind_i64(&rows, refund_no);
    PGL_TRY(pgl_rows_next(&rows));
    *is_there = rows.has_row;
    if (!rows.has_row)
        return PGL_OK;
    read_intent(&rows, view->arena, row);
    return end_row(view, &rows);
}

static enum intent_lane lane_of(const struct intent_row *row)
{
    if (row->op_state == INTENT_PARKED)
        return LANE_PARKED;
    if (row->tries > 0)
        return row->is_awaited ? LANE_AWAITED_AGAIN : LANE_AGAIN;
    bool is_ending = row->op == PAYMENT_OP_CAPTURE || row->op == PAYMENT_OP_VOID;
    return is_ending ? LANE_ENDING : LANE_FRESH;
}

pgl_status intent_put(struct pgl_tx *tx, const struct intent_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, intent_put_sql);
    pgl_bind_id(&rows, &row->order_id);
    const int64_t numbers[] = {
        row->refund_no,  row->op,          row->op_state,      row->attempt,
        row->tries,      row->due_at_ns,   row->planned_at_ns, row->first_sent_at_ns,
        row->sent_at_ns, row->owner_epoch, row->sent_seen,     row->seen
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        pgl_bind_i64(&rows, numbers[i]);
    pgl_bind_text(&rows, pgl_text_of(row->code));
    pgl_bind_i64(&rows, row->http_status);
    pgl_bind_i64(&rows, row->amount_minor);
    pgl_bind_i64(&rows, row->is_awaited);
    pgl_bind_i64(&rows, lane_of(row));
    pgl_bind_i64(&rows, row->planned_job);
    return pgl_rows_run(&rows, NULL);
}

pgl_status intent_delete(struct pgl_tx *tx, const pgl_id *order_id, int64_t refund_no)
{
    struct pgl_rows rows = pgl_tx_rows(tx, intent_delete_sql);
    pgl_bind_id(&rows, order_id);
    pgl_bind_i64(&rows, refund_no);
    return pgl_rows_run(&rows, NULL);
}

pgl_status intents_due(const struct pgl_view *view, enum intent_lane lane, int64_t from_ns,
                       int64_t to_ns, int limit, struct intent_row *found, int *count)
{
    struct pgl_rows rows = pgl_view_rows(view, intents_due_sql);
    pgl_bind_i64(&rows, lane);
    pgl_bind_i64(&rows, from_ns);
    pgl_bind_i64(&rows, to_ns);
    pgl_bind_i64(&rows, limit);
    return read_intents(view, &rows, found, count);
}

pgl_status intents_page(const struct pgl_view *view, const struct intents_wish *wish,
                        const pgl_id *behind, int64_t behind_refund_no, int limit,
                        struct intent_row *found, int *count)
{
    struct pgl_rows rows = pgl_view_rows(view, intents_page_sql);
    pgl_bind_id(&rows, behind);
    pgl_bind_i64(&rows, behind_refund_no);
    pgl_bind_i64(&rows, wish->planned_until_ns);
    pgl_bind_i64(&rows, wish->op_state);
    pgl_bind_i64(&rows, limit);
    pgl_bind_text(&rows, pgl_text_of(wish->tenant));
    pgl_bind_i64(&rows, wish->planned_until_job);
    return read_intents(view, &rows, found, count);
}

pgl_status intents_sum(const struct pgl_view *view, struct intent_sums *sums)
{
    struct pgl_rows rows = pgl_view_rows(view, intents_sum_sql);
    PGL_TRY(pgl_rows_next(&rows));
    *sums = (struct intent_sums){ pgl_column_i64(&rows, 0), pgl_column_i64(&rows, 1),
                                  pgl_column_i64(&rows, 2) };
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status intents_orphan(struct pgl_tx *tx, int64_t *epoch)
{
    struct pgl_rows raise = pgl_tx_rows(tx, epoch_raise_sql);
    PGL_TRY(pgl_rows_run(&raise, NULL));
    struct pgl_rows get = pgl_tx_rows(tx, epoch_get_sql);
    PGL_TRY(pgl_rows_next(&get));
    *epoch = pgl_column_i64(&get, 0);
    pgl_rows_end(&get);
    struct pgl_rows payments = pgl_tx_rows(tx, payments_orphan_sql);
    PGL_TRY(pgl_rows_run(&payments, NULL));
    struct pgl_rows intents = pgl_tx_rows(tx, intents_orphan_sql);
    pgl_bind_i64(&intents, pgl_tx_now_ns(tx));
    return pgl_rows_run(&intents, NULL);
}

/* ---- refunds ---- */

pgl_status refund_get(const struct pgl_view *view, const pgl_id *order_id, int64_t refund_no,
                      struct refund_row *row, bool *is_there)
{
    struct pgl_rows rows = pgl_view_rows(view, refund_get_sql);
    pgl_bind_id(&rows, order_id);
    pgl_bind_i64(&rows, refund_no);
    PGL_TRY(pgl_rows_next(&rows));
    *is_there = rows.has_row;
    if (!rows.has_row)
        return PGL_OK;
    *row = (struct refund_row){ .order_id = *order_id,
                                .refund_no = refund_no,
                                .state = (enum refund_state)pgl_column_i64(&rows, 0),
                                .amount_minor = pgl_column_i64(&rows, 1),
                                .handle = text_of_row(&rows, 2, view->arena),
                                .failure_code = text_of_row(&rows, 3, view->arena),
                                .telling = blob_of_row(&rows, 4, view->arena) };
    return end_row(view, &rows);
}

pgl_status refund_put(struct pgl_tx *tx, const struct refund_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, refund_put_sql);
    pgl_bind_id(&rows, &row->order_id);
    pgl_bind_i64(&rows, row->refund_no);
    pgl_bind_i64(&rows, row->state);
    pgl_bind_i64(&rows, row->amount_minor);
    pgl_bind_text(&rows, pgl_text_of(row->handle));
    pgl_bind_text(&rows, pgl_text_of(row->failure_code));
    pgl_bind_blob(&rows, row->telling.data, row->telling.size);
    return pgl_rows_run(&rows, NULL);
}

pgl_status refunds_pending(const struct pgl_view *view, const pgl_id *order_id, int64_t *sum_minor,
                           int64_t *first_no)
{
    struct pgl_rows rows = pgl_view_rows(view, refunds_pending_sql);
    pgl_bind_id(&rows, order_id);
    PGL_TRY(pgl_rows_next(&rows));
    *sum_minor = pgl_column_i64(&rows, 0);
    *first_no = pgl_column_i64(&rows, 1);
    pgl_rows_end(&rows);
    return PGL_OK;
}

/* ---- hints ---- */

pgl_status hint_take(struct pgl_tx *tx, struct pgl_text event_id, int64_t forget_before_ns,
                     bool *is_new)
{
    int64_t changed;
    struct pgl_rows insert = pgl_tx_rows(tx, hint_insert_sql);
    pgl_bind_text(&insert, event_id);
    pgl_bind_i64(&insert, pgl_tx_now_ns(tx));
    PGL_TRY(pgl_rows_run(&insert, &changed));
    *is_new = changed == 1;
    struct pgl_rows forget = pgl_tx_rows(tx, hints_forget_sql);
    pgl_bind_i64(&forget, forget_before_ns);
    return pgl_rows_run(&forget, NULL);
}
