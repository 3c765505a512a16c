/* auditor_scan.c - everything in all files, by sums that the program itself does not make; see
 * auditor.h. */
#include "auditor.h"

#include <stdlib.h>

#include "app/cut.h"
#include "base/assert.h"

/* A number that one statement selects. */
static pgl_status number(struct pgl_sim_auditor *auditor, enum pgl_boot_file file, const char *sql,
                         int64_t *value)
{
    struct pgl_rows rows = pgl_rows_begin(pgl_sim_eyes(auditor, file), sql);
    PGL_TRY(pgl_rows_next(&rows));
    *value = rows.has_row ? pgl_column_i64(&rows, 0) : 0;
    pgl_rows_end(&rows);
    return PGL_OK;
}

/* Each must select 0. */
/* clang-format off */
static const struct {
    enum pgl_boot_file file;
    const char *rule, *sql;
} nothings[] = {
    { PGL_FILE_ORDERS,    "A9",  "SELECT count(*) FROM (SELECT 1 FROM orders GROUP BY tenant, customer, idempotency_key HAVING count(*) > 1)" },
    { PGL_FILE_ORDERS,    "A8",  "SELECT count(*) - max(seq) FROM event" },
    { PGL_FILE_PAYMENTS,  "A8",  "SELECT count(*) - max(seq) FROM event" },
    { PGL_FILE_INVENTORY, "A8",  "SELECT count(*) - max(seq) FROM event" },
    { PGL_FILE_ORDERS,    "A1",  "SELECT count(*) FROM order_count AS c WHERE count <> (SELECT count(*) FROM orders WHERE orders.state = c.state)" },
    { PGL_FILE_ORDERS,    "Q4",  "SELECT count(*) FROM parked" },
    { PGL_FILE_PAYMENTS,  "Q4",  "SELECT count(*) FROM parked" },
    { PGL_FILE_INVENTORY, "Q4",  "SELECT count(*) FROM parked" },
    { PGL_FILE_PAYMENTS,  "A1",  "SELECT count(*) FROM payment_count AS c WHERE payments <> (SELECT count(*) FROM payment WHERE payment.state = c.state)" },
    { PGL_FILE_PAYMENTS,  "A13", "SELECT (SELECT coalesce(sum(hold_minor), 0) FROM payment WHERE method = 'account') - (SELECT coalesce(sum(held_minor), 0) FROM account)" },
    { PGL_FILE_PAYMENTS,  "A13", "SELECT (SELECT coalesce(sum(captured_minor - refunded_minor), 0) FROM payment WHERE method = 'account') - (SELECT coalesce(sum(posted_minor), 0) FROM account)" },
    { PGL_FILE_PAYMENTS,  "A13", "SELECT (SELECT coalesce(sum(captured_minor), 0) FROM payment) - (SELECT coalesce(sum(amount_minor), 0) FROM transfer WHERE kind = 1)" },
    { PGL_FILE_PAYMENTS,  "A13", "SELECT (SELECT coalesce(sum(refunded_minor), 0) FROM payment) - (SELECT coalesce(sum(amount_minor), 0) FROM transfer WHERE kind = 2)" },
    { PGL_FILE_PAYMENTS,  "A13", "SELECT count(*) FROM account WHERE posted_minor <> (SELECT coalesce(sum(CASE account_id WHEN debit_account THEN amount_minor ELSE -amount_minor END), 0) FROM transfer WHERE debit_account = account_id OR credit_account = account_id)" },
    { PGL_FILE_PAYMENTS,  "A10", "SELECT count(*) FROM (SELECT 1 FROM intent WHERE refund_no = 0 GROUP BY order_id HAVING count(*) > 1)" },
    { PGL_FILE_INVENTORY, "A7",  "SELECT count(*) FROM stock AS s WHERE on_hand <> (SELECT sum(delta_on_hand) FROM stock_ledger AS l WHERE l.sku_id = s.sku_id AND l.warehouse_id = s.warehouse_id) AND on_hand <> 0" },
    { PGL_FILE_INVENTORY, "A7",  "SELECT count(*) FROM stock AS s WHERE reserved <> (SELECT coalesce(sum(delta_reserved), 0) FROM stock_ledger AS l WHERE l.sku_id = s.sku_id AND l.warehouse_id = s.warehouse_id)" },
};

/* Each must select what the book has, or the journal. */
static const struct {
    enum pgl_boot_file file;
    const char *rule, *sql;
} counts[] = {
    { PGL_FILE_ORDERS,    "A11", "SELECT count(*) FROM orders" },
    { PGL_FILE_PAYMENTS,  "Q1",  "SELECT count(*) FROM payment" },
    { PGL_FILE_INVENTORY, "A7",  "SELECT count(*) FROM receipt" },
};
/* clang-format on */

static int64_t expected(const struct pgl_sim_auditor *auditor, enum pgl_boot_file file)
{
    const struct pgl_sim_book *book = &auditor->book;
    return file == PGL_FILE_INVENTORY
               ? book->receipts + book->sales + book->counts + book->shipments
               : book->order_count;
}

static pgl_status check_sums(struct pgl_sim_auditor *auditor, bool is_quiet)
{
    int64_t value;
    for (size_t i = 0; i < sizeof nothings / sizeof nothings[0]; i++) {
        PGL_TRY(number(auditor, nothings[i].file, nothings[i].sql, &value));
        if (value != 0)
            pgl_sim_blame(auditor->blame, "%s: %lld is not 0: %s", nothings[i].rule,
                          (long long)value, nothings[i].sql);
    }
    for (size_t i = 0; i < sizeof counts / sizeof counts[0] && is_quiet; i++) {
        PGL_TRY(number(auditor, counts[i].file, counts[i].sql, &value));
        if (value != expected(auditor, counts[i].file))
            pgl_sim_blame(auditor->blame, "%s: %lld is not %lld: %s", counts[i].rule,
                          (long long)value, (long long)expected(auditor, counts[i].file),
                          counts[i].sql);
    }
    return PGL_OK;
}

/* Everything that was answered is there, and nothing is there that nobody wanted. */
static void check_journal(struct pgl_sim_auditor *auditor)
{
    uint32_t moves[PGL_SIM_MOVE_KINDS] = { 0 };
    const struct pgl_sim_book *book = &auditor->book;
    for (uint32_t i = 0; i < auditor->journal->wish_count; i++) {
        const struct pgl_sim_wish *wish = &auditor->journal->wishes[i];
        const struct pgl_sim_order *order =
            wish->is_answered ? pgl_sim_book_find(&auditor->book, wish->id) : NULL;
        if (wish->is_answered && (order == NULL || order->wish != i))
            pgl_sim_blame(auditor->blame, "A11: k-%u was answered and is not there", i);
    }
    for (int i = 0; i < auditor->plan->moves; i++)
        moves[auditor->journal->moves[i].kind] += auditor->journal->moves[i].is_answered;
    if (moves[PGL_SIM_GOODS_IN] != book->receipts || moves[PGL_SIM_SALE] != book->sales ||
        moves[PGL_SIM_COUNT] != book->counts)
        pgl_sim_blame(auditor->blame,
                      "A7: of %u receipts, %u sales, %u counts %u, %u, %u are booked",
                      moves[PGL_SIM_GOODS_IN], moves[PGL_SIM_SALE], moves[PGL_SIM_COUNT],
                      book->receipts, book->sales, book->counts);
    if (auditor->journal->shipments != book->shipments ||
        auditor->journal->refunds != book->refunds)
        pgl_sim_blame(
            auditor->blame, "A11: %u parcels and %u refunds were answered, %u and %u are there",
            auditor->journal->shipments, auditor->journal->refunds, book->shipments, book->refunds);
    for (int sku = 0; sku < auditor->plan->skus; sku++)
        for (int warehouse = 0; warehouse < PGL_SIM_WAREHOUSES; warehouse++)
            if (book->short_to_say[sku][warehouse] != 0)
                pgl_sim_blame(auditor->blame, "A7: nobody has said that S-%d is short", sku);
}

/* Q2, Q3: the three sides of an order tell one story. */
static void check_end(struct pgl_sim_auditor *auditor, const struct pgl_sim_order *order)
{
    char said[PGL_SIM_SAID_BYTES];
    bool is_confirmed = pgl_sim_has_said(order, PGL_SIM_SAID(ORDER_CONFIRMED));
    bool is_captured = pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_CAPTURED));
    bool is_committed = pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_COMMITTED));
    bool is_refused = pgl_sim_has_said(order, PGL_SIM_REFUSALS);
    bool is_cancelled = pgl_sim_has_said(order, PGL_SIM_SAID(ORDER_CANCELLED));
    if (is_confirmed != is_captured || is_captured != is_committed)
        pgl_sim_blame(auditor->blame, "Q2: of k-%u was said:%s", order->wish,
                      pgl_sim_said_text(order, said));
    if (is_cancelled != is_refused || is_confirmed == is_cancelled)
        pgl_sim_blame(auditor->blame, "Q3: of k-%u was said:%s", order->wish,
                      pgl_sim_said_text(order, said));
}

/* Q5: what is still reserved is sold. */
static void check_reserved(struct pgl_sim_auditor *auditor)
{
    int64_t sold[PGL_SIM_SKUS_MAX][PGL_SIM_WAREHOUSES] = { { 0 } };
    for (uint32_t i = 0; i < auditor->book.order_count; i++) {
        const struct pgl_sim_order *order = &auditor->book.orders[i];
        if (pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_COMMITTED)))
            for (int share = 0; share < order->share_count; share++)
                sold[order->shares[share].sku][order->shares[share].warehouse] +=
                    order->shares[share].quantity - order->shares[share].gone;
    }
    if (memcmp(sold, auditor->book.reserved, sizeof sold) != 0)
        pgl_sim_blame(auditor->blame, "Q5: more is reserved than was sold");
}

static pgl_status scan(struct pgl_sim_auditor *auditor, bool is_quiet)
{
    for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++)
        for (uint32_t i = 0; i < auditor->book.order_count; i++)
            PGL_TRY(
                pgl_sim_check_order(auditor, (enum pgl_boot_file)file, &auditor->book.orders[i]));
    for (int sku = 0; sku < auditor->plan->skus; sku++)
        PGL_TRY(pgl_sim_check_stock(auditor, sku));
    for (int customer = 0; customer < auditor->plan->customers; customer++)
        PGL_TRY(pgl_sim_check_account(auditor, customer));
    pgl_sim_scan_bank(auditor, is_quiet);
    PGL_TRY(check_sums(auditor, is_quiet));
    if (!is_quiet)
        return PGL_OK;
    check_journal(auditor);
    for (uint32_t i = 0; i < auditor->book.order_count; i++)
        check_end(auditor, &auditor->book.orders[i]);
    check_reserved(auditor);
    return PGL_OK;
}

void pgl_sim_auditor_scan(struct pgl_sim_auditor *auditor, bool is_quiet)
{
    if (auditor->blame->is_set)
        return;
    pgl_status begun = pgl_sim_look_begin(auditor);
    pgl_sim_look_end(auditor, pgl_is_ok(begun) ? scan(auditor, is_quiet) : begun);
}

/* ---- a second opinion ---- */

static pgl_status verify(struct pgl_sim_auditor *auditor, struct pgl_audit_report *report)
{
    struct pgl_cut cut;
    pgl_status status = pgl_cut_open(&cut, auditor->machine->boot);
    if (pgl_is_ok(status))
        status = pgl_cut_begin(&cut);
    if (pgl_is_ok(status))
        status = pgl_audit(&cut.views, report);
    pgl_cut_close(&cut);
    return status;
}

void pgl_sim_auditor_ask_verify(struct pgl_sim_auditor *auditor, bool is_quiet)
{
    if (auditor->blame->is_set)
        return;
    struct pgl_audit_report *report = calloc(1, sizeof *report);
    PGL_ASSERT(report != NULL);
    pgl_sim_disk_look_on(auditor->machine->disk, true);
    pgl_status status = verify(auditor, report);
    pgl_sim_disk_look_on(auditor->machine->disk, false);
    if (!pgl_is_ok(status))
        pgl_sim_blame(auditor->blame, "V1: verify cannot read: %s", status.text);
    else if (is_quiet && !report->is_at_rest)
        pgl_sim_blame(auditor->blame, "V2: verify sees somebody behind in reading a log");
    bool has_parked = pgl_sim_auditor_has_parked(auditor); /* then it is not at rest for people */
    for (int i = 0; i < PGL_INVARIANT_COUNT; i++)
        if (report->findings[i].violations > 0 && !(pgl_invariants[i].is_of_rest && has_parked))
            pgl_sim_blame(auditor->blame, "V3: verify says of %s: %s: %s", pgl_invariants[i].id,
                          report->findings[i].offenders[0].name,
                          report->findings[i].offenders[0].what);
    free(report);
}
