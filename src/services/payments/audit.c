/* audit.c - see audit.h. */
#include "services/payments/audit.h"

/* By state, the one bit of `emitted` among the verdicts' (DECLINED, VOIDED, CAPTURE_FAILED,
 * CAPTURED). */
#define VERDICTS "60"
#define VERDICT_OF_STATE                                                                           \
    "CASE state WHEN 6 THEN 32 WHEN 7 THEN 4 WHEN 8 THEN 8 WHEN 9 THEN 16 ELSE 0 END"

/* clang-format off */
/* The schema refuses most of these as they are written. Checked again, because a file can be
 * damaged, restored in part, or written by a program that was wrong. Sums are taken per account,
 * which is finer than the invariant's per currency. */
const struct pgl_payments_check pgl_payments_checks[] = {
    { "A13 payment",
      "authorized = captured + released + live hold, and no more than was asked for",
      "SELECT hex(order_id) FROM payment "
      "WHERE authorized_minor <> captured_minor + released_minor + hold_minor "
      "OR authorized_minor > amount_minor OR refunded_minor > captured_minor "
      "OR min(captured_minor, released_minor, hold_minor, refunded_minor) < 0" },
    { "A13 held",
      "an account has as much held as its payments hold",
      "SELECT 'account ' || account_id FROM account LEFT JOIN (SELECT account_id AS id, "
      "sum(hold_minor) AS held FROM payment GROUP BY account_id) ON id = account_id "
      "WHERE held_minor <> coalesce(held, 0) "
      "UNION ALL SELECT hex(order_id) FROM payment WHERE hold_minor > 0 AND account_id <> -1 "
      "AND account_id NOT IN (SELECT account_id FROM account)" },
    { "A13 posted",
      "an account has as much posted as its transfers sum up to, what was given back taken off",
      "SELECT 'account ' || account_id FROM account LEFT JOIN (SELECT "
      "iif(kind = 1, debit_account, credit_account) AS id, "
      "sum(iif(kind = 1, amount_minor, -amount_minor)) AS posted FROM transfer GROUP BY 1) "
      "ON id = account_id WHERE posted_minor <> coalesce(posted, 0) "
      "UNION ALL SELECT hex(order_id) FROM transfer "
      "WHERE iif(kind = 1, debit_account, credit_account) <> -1 "
      "AND iif(kind = 1, debit_account, credit_account) "
      "NOT IN (SELECT account_id FROM account)" },
    { "A13 transfer",
      "what was captured was transferred, from the same account, once, in the same currency",
      "SELECT hex(p.order_id) FROM payment AS p LEFT JOIN transfer AS t "
      "ON t.order_id = p.order_id AND t.kind = 1 "
      "WHERE p.captured_minor <> coalesce(t.amount_minor, 0) "
      "OR t.debit_account <> p.account_id OR t.currency <> p.currency "
      "UNION ALL SELECT hex(order_id) FROM transfer "
      "WHERE order_id NOT IN (SELECT order_id FROM payment)" },
    { "A13 refunded",
      "what is refunded was transferred back, to where it came from, as often as it was asked for",
      "SELECT hex(order_id) FROM payment AS p WHERE refunded_minor <> "
      "(SELECT coalesce(sum(amount_minor), 0) FROM transfer AS t "
      "WHERE t.order_id = p.order_id AND t.kind = 2 AND t.credit_account = p.account_id "
      "AND t.currency = p.currency) OR refunded_minor <> "
      "(SELECT coalesce(sum(amount_minor), 0) FROM refund AS r "
      "WHERE r.order_id = p.order_id AND r.state = 2)" },
    { "A13 owner",
      "an account has one owner, and is used for that one's orders in its currency only",
      "SELECT 'account ' || account_id FROM account "
      "WHERE account_id NOT IN (SELECT account_id FROM credit_line) "
      "UNION ALL SELECT 'account ' || account_id FROM credit_line GROUP BY account_id "
      "HAVING count(*) > 1 OR account_id NOT IN (SELECT account_id FROM account) "
      "UNION ALL SELECT hex(order_id) FROM payment AS p WHERE account_id > 0 "
      "AND account_id IS NOT (SELECT account_id FROM credit_line AS c "
      "WHERE c.tenant = p.tenant AND c.customer = p.customer AND c.currency = p.currency)" },
    { "A1 decision",
      "the decision fits the state",
      "SELECT hex(order_id) FROM payment WHERE (decision = 1) <> (state IN (4, 5, 6, 9)) "
      "OR (decision = 2) <> (state = 8)" },
    { "A1 verdict",
      "a final payment has said its verdict and no other; an open one none",
      "SELECT hex(order_id) FROM payment WHERE emitted & " VERDICTS " <> " VERDICT_OF_STATE },
    { "A10 operation",
      "an account's payment has no operation open, and holds only while authorized",
      "SELECT hex(order_id) FROM payment WHERE account_id <> -1 AND (op <> 0 OR op_state <> 0 "
      "OR state IN (0, 1, 2, 4, 5) OR (hold_minor > 0 AND state <> 3))" },
    { "A10 intent",
      "a card's open operation is written down once, as the payment has it; a refund's while it is "
      "pending, one at a time",
      "SELECT hex(p.order_id) FROM payment AS p LEFT JOIN intent AS i "
      "ON i.order_id = p.order_id AND i.refund_no = 0 WHERE account_id = -1 "
      "AND (p.op <> coalesce(i.op, 0) OR p.op_state <> min(coalesce(i.op_state, 0), 3)) "
      "UNION ALL SELECT hex(order_id) FROM intent WHERE refund_no = 0 AND order_id NOT IN "
      "(SELECT order_id FROM payment WHERE account_id = -1) "
      "UNION ALL SELECT hex(order_id) FROM intent WHERE refund_no > 0 AND (order_id, refund_no) "
      "NOT IN (SELECT order_id, min(refund_no) FROM refund WHERE state = 1 GROUP BY order_id) "
      "UNION ALL SELECT hex(order_id) FROM refund WHERE state = 1 GROUP BY order_id "
      "HAVING order_id NOT IN (SELECT order_id FROM intent WHERE refund_no > 0)" },
    { "A6 handle",
      "a card's money is on one object at the provider, and no two orders have the same",
      "SELECT hex(order_id) FROM payment AS p WHERE account_id = -1 AND authorized_minor > 0 "
      "AND order_id NOT IN (SELECT order_id FROM card WHERE handle <> '') "
      "UNION ALL SELECT hex(min(order_id)) FROM card WHERE handle <> '' GROUP BY handle "
      "HAVING count(*) > 1" },
    { "A8 chain",
      "the last event of a payment is in the log; only one that waits for a provider has said none",
      "SELECT hex(order_id) FROM payment WHERE (last_event_seq <> 0 OR state > 1) "
      "AND last_event_seq NOT IN (SELECT seq FROM event)" },
    { "counts",
      "the counts by state are those of the rows",
      "SELECT 'state ' || state FROM payment_count LEFT JOIN (SELECT state AS s, count(*) AS n "
      "FROM payment GROUP BY state) ON s = state WHERE payments <> coalesce(n, 0)" },
    { NULL, NULL, NULL },
};
/* clang-format on */

pgl_status pgl_payments_audit(const struct pgl_view *view, const struct pgl_payments_check *check,
                              struct pgl_payments_findings *findings)
{
    *findings = (struct pgl_payments_findings){ 0 };
    struct pgl_rows rows = pgl_view_rows(view, check->sql);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        findings->violations++;
        if (findings->offender_count < PGL_AUDIT_OFFENDERS_MAX)
            findings->offenders[findings->offender_count++] =
                pgl_arena_string(view->arena, pgl_column_text(&rows, 0));
    }
    return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

/* ---- walking all payments ---- */

static const char walk_sql[] =
    "SELECT order_id, state, decision, cause, currency, amount_minor, authorized_minor, "
    "captured_minor, hold_minor, released_minor, emitted, last_event_seq, "
    "(SELECT count(*) FROM refund AS r WHERE r.order_id = p.order_id AND r.state = 2), "
    "(SELECT count(*) FROM refund AS r WHERE r.order_id = p.order_id AND r.state = 3) "
    "FROM payment AS p ORDER BY order_id";
static const char open_sql[] = "SELECT count(*) FROM intent WHERE op_state <> 4";
static const char transfers_sql[] =
    "SELECT order_id, amount_minor FROM transfer WHERE kind = 1 ORDER BY order_id";

struct pgl_payments_cursor pgl_payments_walk(const struct pgl_view *view)
{
    return (struct pgl_payments_cursor){ pgl_view_rows(view, walk_sql) };
}

pgl_status pgl_payments_next(struct pgl_payments_cursor *cursor, struct pgl_payments_row *row,
                             bool *is_there)
{
    struct pgl_rows *rows = &cursor->rows;
    PGL_TRY(pgl_rows_next(rows));
    *is_there = rows->has_row;
    if (!rows->has_row)
        return PGL_OK;
    *row = (struct pgl_payments_row){
        .order_id = pgl_column_id(rows, 0),
        .state = (enum payment_state)pgl_column_i64(rows, 1),
        .decision = (enum payment_decision)pgl_column_i64(rows, 2),
        .cause = (Cause)pgl_column_i64(rows, 3),
        .amount_minor = pgl_column_i64(rows, 5),
        .authorized_minor = pgl_column_i64(rows, 6),
        .captured_minor = pgl_column_i64(rows, 7),
        .hold_minor = pgl_column_i64(rows, 8),
        .released_minor = pgl_column_i64(rows, 9),
        .emitted = pgl_column_i64(rows, 10),
        .last_event_seq = pgl_column_i64(rows, 11),
        .refunds_done = pgl_column_i64(rows, 12),
        .refunds_failed = pgl_column_i64(rows, 13),
    };
    struct pgl_text currency = pgl_column_text(rows, 4);
    memcpy(row->currency, currency.data,
           currency.size < sizeof row->currency ? currency.size : sizeof row->currency - 1);
    return PGL_OK;
}

void pgl_payments_walk_end(struct pgl_payments_cursor *cursor)
{
    pgl_rows_end(&cursor->rows);
}

pgl_status pgl_payments_count_open(const struct pgl_view *view, int64_t *count)
{
    struct pgl_rows rows = pgl_view_rows(view, open_sql);
    PGL_TRY(pgl_rows_next(&rows));
    *count = pgl_column_i64(&rows, 0);
    pgl_rows_end(&rows);
    return PGL_OK;
}

/* ---- walking all that the ledger has taken ---- */

struct pgl_payments_cursor pgl_transfers_walk(const struct pgl_view *view)
{
    return (struct pgl_payments_cursor){ pgl_view_rows(view, transfers_sql) };
}

pgl_status pgl_transfers_next(struct pgl_payments_cursor *cursor, struct pgl_transfer_row *row,
                              bool *is_there)
{
    PGL_TRY(pgl_rows_next(&cursor->rows));
    *is_there = cursor->rows.has_row;
    if (*is_there)
        *row = (struct pgl_transfer_row){ pgl_column_id(&cursor->rows, 0),
                                          pgl_column_i64(&cursor->rows, 1) };
    return PGL_OK;
}
