/* payments_sql.c - see payments_sql.h. */
#include "services/payments/payments_sql.h"

#include "payments_migrations.h" /* made from sql/ */
#include "saga/caller.h"

pgl_status pgl_payments_migrate(struct pgl_database *db)
{
    return pgl_migrate(db, "payments", payments_migrations,
                       sizeof payments_migrations / sizeof payments_migrations[0]);
}

#define GET_PAYMENT                                                                                \
    "SELECT tenant, customer, method, decline_code, currency, state, decision, op, op_state, "     \
    "cause, amount_minor, authorized_minor, captured_minor, released_minor, hold_minor, "          \
    "refunded_minor, account_id, emitted, last_event_seq FROM payment WHERE order_id = ?1"

static const char get_sql[] = GET_PAYMENT;
static const char get_of_tenant_sql[] = GET_PAYMENT " AND tenant = ?2";
/* An orphan's customer is not known: it is nobody's, also not of somebody without a name. */
static const char get_of_customer_sql[] =
    GET_PAYMENT " AND tenant = ?2 AND customer = ?3 AND customer <> ''";
static const char get_promise_sql[] = "SELECT promise FROM payment WHERE order_id = ?1";
static const char insert_sql[] =
    "INSERT INTO payment (order_id, state, decision, op, op_state, cause, authorized_minor, "
    "captured_minor, released_minor, hold_minor, refunded_minor, emitted, last_event_seq, "
    "currency, amount_minor, decline_code, tenant, customer, method, account_id, promise) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "
    "?20, ?21)";
static const char update_sql[] =
    "UPDATE payment SET state = ?2, decision = ?3, op = ?4, op_state = ?5, cause = ?6, "
    "authorized_minor = ?7, captured_minor = ?8, released_minor = ?9, hold_minor = ?10, "
    "refunded_minor = ?11, emitted = emitted + ?12, last_event_seq = ?13 WHERE order_id = ?1";
/* A card's also learns why it was declined, and of an orphan what it was about. */
static const char update_card_sql[] =
    "UPDATE payment SET state = ?2, decision = ?3, op = ?4, op_state = ?5, cause = ?6, "
    "authorized_minor = ?7, captured_minor = ?8, released_minor = ?9, hold_minor = ?10, "
    "refunded_minor = ?11, emitted = emitted + ?12, last_event_seq = ?13, currency = ?14, "
    "amount_minor = ?15, decline_code = ?16 WHERE order_id = ?1";
static const char update_op_sql[] = "UPDATE payment SET op_state = ?2 WHERE order_id = ?1";
const char payment_count_get_sql[] = "SELECT state, payments FROM payment_count";
const char payment_count_put_sql[] = "UPDATE payment_count SET payments = ?2 WHERE state = ?1";

static const char account_find_sql[] =
    "SELECT account_id FROM credit_line WHERE tenant = ?1 AND customer = ?2 AND currency = ?3";
static const char account_insert_sql[] =
    "INSERT INTO account (credit_minor, posted_minor, held_minor) VALUES (?1, 0, 0)";
static const char credit_line_insert_sql[] =
    "INSERT INTO credit_line (tenant, customer, currency, account_id) "
    "VALUES (?1, ?2, ?3, last_insert_rowid())";
static const char account_put_credit_sql[] =
    "UPDATE account SET credit_minor = ?2 WHERE account_id = ?1";
static const char account_hold_sql[] =
    "UPDATE account SET held_minor = held_minor + ?2 "
    "WHERE account_id = ?1 AND credit_minor - posted_minor - held_minor >= ?2";
static const char account_settle_sql[] =
    "UPDATE account SET held_minor = held_minor - ?2, posted_minor = posted_minor + ?3 "
    "WHERE account_id = ?1";
static const char account_refund_sql[] =
    "UPDATE account SET posted_minor = posted_minor - ?2 WHERE account_id = ?1";
static const char transfer_insert_sql[] =
    "INSERT INTO transfer (order_id, kind, refund_no, debit_account, credit_account, currency, "
    "amount_minor) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/* ---- payments ---- */

static const char *text_of_row(const struct pgl_rows *rows, int column, struct pgl_arena *arena)
{
    return pgl_arena_string(arena, pgl_column_text(rows, column));
}

static const pgl_status no_such_payment = { PGL_NOT_FOUND, "no payment belongs to this order" };

static pgl_status take_payment(const struct pgl_view *view, struct pgl_rows *rows,
                               const pgl_id *order_id, struct payment_row *row)
{
    PGL_TRY(pgl_rows_next(rows));
    if (!rows->has_row)
        return no_such_payment;
    *row = (struct payment_row){
        .order_id = *order_id,
        .tenant = text_of_row(rows, 0, view->arena),
        .customer = text_of_row(rows, 1, view->arena),
        .method = text_of_row(rows, 2, view->arena),
        .decline_code = text_of_row(rows, 3, view->arena),
        .currency = text_of_row(rows, 4, view->arena),
        .facts = { .state = (enum payment_state)pgl_column_i64(rows, 5),
                   .decision = (enum payment_decision)pgl_column_i64(rows, 6),
                   .op = (enum payment_op)pgl_column_i64(rows, 7),
                   .op_state = (enum op_state)pgl_column_i64(rows, 8),
                   .cause = (Cause)pgl_column_i64(rows, 9) },
        .amount_minor = pgl_column_i64(rows, 10),
        .authorized_minor = pgl_column_i64(rows, 11),
        .captured_minor = pgl_column_i64(rows, 12),
        .released_minor = pgl_column_i64(rows, 13),
        .hold_minor = pgl_column_i64(rows, 14),
        .refunded_minor = pgl_column_i64(rows, 15),
        .account_id = pgl_column_i64(rows, 16),
        .emitted = pgl_column_i64(rows, 17),
        .last_event_seq = pgl_column_i64(rows, 18),
    };
    pgl_rows_end(rows);
    return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

pgl_status payment_get(const struct pgl_view *view, const pgl_id *order_id, struct payment_row *row)
{
    struct pgl_rows rows = pgl_view_rows(view, get_sql);
    pgl_bind_id(&rows, order_id);
    return take_payment(view, &rows, order_id, row);
}

pgl_status payment_get_of(const struct pgl_view *view, const pgl_id *order_id, const char *tenant,
                          struct payment_row *row)
{
    struct pgl_rows rows = pgl_view_rows(view, get_of_tenant_sql);
    pgl_bind_id(&rows, order_id);
    pgl_bind_text(&rows, pgl_text_of(tenant));
    return take_payment(view, &rows, order_id, row);
}

pgl_status payment_get_for(const struct pgl_view *view, const pgl_id *order_id,
                           const Caller *caller, struct payment_row *row)
{
    if (caller == NULL)
        return no_such_payment;
    if (pgl_caller_sees_tenant(caller))
        return payment_get_of(view, order_id, caller->tenant, row);
    struct pgl_rows rows = pgl_view_rows(view, get_of_customer_sql);
    pgl_bind_id(&rows, order_id);
    pgl_bind_text(&rows, pgl_text_of(caller->tenant));
    pgl_bind_text(&rows, pgl_text_of(caller->subject));
    return take_payment(view, &rows, order_id, row);
}

pgl_status payment_get_promise(const struct pgl_view *view, const pgl_id *order_id,
                               struct pgl_text *promise)
{
    struct pgl_rows rows = pgl_view_rows(view, get_promise_sql);
    pgl_bind_id(&rows, order_id);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return no_such_payment;
    struct pgl_text blob = pgl_column_blob(&rows, 0);
    char *copy = pgl_arena_string(view->arena, blob);
    *promise = (struct pgl_text){ copy, blob.size };
    pgl_rows_end(&rows);
    return copy != NULL ? PGL_OK : PGL_NO_MEMORY;
}

static void bind_what_changes(struct pgl_rows *rows, const struct payment_row *row)
{
    pgl_bind_id(rows, &row->order_id);
    pgl_bind_i64(rows, row->facts.state);
    pgl_bind_i64(rows, row->facts.decision);
    pgl_bind_i64(rows, row->facts.op);
    pgl_bind_i64(rows, row->facts.op_state);
    pgl_bind_i64(rows, row->facts.cause);
    pgl_bind_i64(rows, row->authorized_minor);
    pgl_bind_i64(rows, row->captured_minor);
    pgl_bind_i64(rows, row->released_minor);
    pgl_bind_i64(rows, row->hold_minor);
    pgl_bind_i64(rows, row->refunded_minor);
    pgl_bind_i64(rows, row->says);
    pgl_bind_i64(rows, row->last_event_seq);
}

static void bind_what_a_card_learns(struct pgl_rows *rows, const struct payment_row *row)
{
    pgl_bind_text(rows, pgl_text_of(row->currency));
    pgl_bind_i64(rows, row->amount_minor);
    pgl_bind_text(rows, pgl_text_of(row->decline_code));
}

pgl_status payment_insert(struct pgl_tx *tx, const struct payment_row *row, struct pgl_text promise)
{
    struct pgl_rows rows = pgl_tx_rows(tx, insert_sql);
    bind_what_changes(&rows, row);
    bind_what_a_card_learns(&rows, row);
    pgl_bind_text(&rows, pgl_text_of(row->tenant));
    pgl_bind_text(&rows, pgl_text_of(row->customer));
    pgl_bind_text(&rows, pgl_text_of(row->method));
    pgl_bind_i64(&rows, row->account_id);
    pgl_bind_blob(&rows, promise.data, promise.size);
    return pgl_rows_run(&rows, NULL);
}

/* For statements that have to find their row. */
static pgl_status run_on_one(struct pgl_rows *rows, const char *otherwise)
{
    int64_t changed;
    PGL_TRY(pgl_rows_run(rows, &changed));
    return changed == 1 ? PGL_OK : PGL_FAIL(PGL_INTERNAL, otherwise);
}

pgl_status payment_update(struct pgl_tx *tx, const struct payment_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, update_sql);
    bind_what_changes(&rows, row);
    return run_on_one(&rows, "the payment is gone");
}

pgl_status payment_update_card(struct pgl_tx *tx, const struct payment_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, update_card_sql);
    bind_what_changes(&rows, row);
    bind_what_a_card_learns(&rows, row);
    return run_on_one(&rows, "the payment is gone");
}

pgl_status payment_update_op(struct pgl_tx *tx, const pgl_id *order_id, enum op_state op_state)
{
    struct pgl_rows rows = pgl_tx_rows(tx, update_op_sql);
    pgl_bind_id(&rows, order_id);
    pgl_bind_i64(&rows, op_state);
    return run_on_one(&rows, "the payment is gone");
}

/* ---- accounts ---- */

static void bind_owner(struct pgl_rows *rows, const char *tenant, const char *customer,
                       const char *currency)
{
    pgl_bind_text(rows, pgl_text_of(tenant));
    pgl_bind_text(rows, pgl_text_of(customer));
    pgl_bind_text(rows, pgl_text_of(currency));
}

pgl_status account_find(const struct pgl_view *view, const char *tenant, const char *customer,
                        const char *currency, int64_t *account_id)
{
    struct pgl_rows rows = pgl_view_rows(view, account_find_sql);
    bind_owner(&rows, tenant, customer, currency);
    PGL_TRY(pgl_rows_next(&rows));
    *account_id = rows.has_row ? pgl_column_i64(&rows, 0) : 0;
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status account_insert(struct pgl_tx *tx, const char *tenant, const char *customer,
                          const char *currency, int64_t credit_minor)
{
    struct pgl_rows account = pgl_tx_rows(tx, account_insert_sql);
    pgl_bind_i64(&account, credit_minor);
    PGL_TRY(pgl_rows_run(&account, NULL));
    struct pgl_rows line = pgl_tx_rows(tx, credit_line_insert_sql);
    bind_owner(&line, tenant, customer, currency);
    return pgl_rows_run(&line, NULL);
}

pgl_status account_put_credit(struct pgl_tx *tx, int64_t account_id, int64_t credit_minor)
{
    struct pgl_rows rows = pgl_tx_rows(tx, account_put_credit_sql);
    pgl_bind_i64(&rows, account_id);
    pgl_bind_i64(&rows, credit_minor);
    return run_on_one(&rows, "the account is gone");
}

pgl_status account_hold(struct pgl_tx *tx, int64_t account_id, int64_t amount_minor, bool *is_held)
{
    int64_t changed;
    struct pgl_rows rows = pgl_tx_rows(tx, account_hold_sql);
    pgl_bind_i64(&rows, account_id);
    pgl_bind_i64(&rows, amount_minor);
    PGL_TRY(pgl_rows_run(&rows, &changed));
    *is_held = changed == 1;
    return PGL_OK;
}

pgl_status account_settle(struct pgl_tx *tx, int64_t account_id, int64_t hold_minor,
                          int64_t posted_minor)
{
    struct pgl_rows rows = pgl_tx_rows(tx, account_settle_sql);
    pgl_bind_i64(&rows, account_id);
    pgl_bind_i64(&rows, hold_minor);
    pgl_bind_i64(&rows, posted_minor);
    return run_on_one(&rows, "the account is gone");
}

pgl_status account_refund(struct pgl_tx *tx, int64_t account_id, int64_t amount_minor)
{
    struct pgl_rows rows = pgl_tx_rows(tx, account_refund_sql);
    pgl_bind_i64(&rows, account_id);
    pgl_bind_i64(&rows, amount_minor);
    return run_on_one(&rows, "the account is gone");
}

pgl_status transfer_insert(struct pgl_tx *tx, const struct transfer_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, transfer_insert_sql);
    pgl_bind_id(&rows, &row->order_id);
    pgl_bind_i64(&rows, row->kind);
    pgl_bind_i64(&rows, row->refund_no);
    pgl_bind_i64(&rows, row->debit_account);
    pgl_bind_i64(&rows, row->credit_account);
    pgl_bind_text(&rows, pgl_text_of(row->currency));
    pgl_bind_i64(&rows, row->amount_minor);
    return pgl_rows_run(&rows, NULL);
}
