/* auditor_bank.c - what was said of cards against the bank's own ledger; see auditor.h. */
#include "auditor.h"

#include <stdio.h>

/* A2, A3, A4, A6, at any moment: between two commits only more may happen at the bank. */
void pgl_sim_check_bank(struct pgl_sim_auditor *auditor, struct pgl_sim_order *order)
{
    char said[PGL_SIM_SAID_BYTES];
    const struct pgl_bank_order there = pgl_sim_bank_order(auditor->bank, order->id);
    const char *wrong = NULL;
    bool is_captured = pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_CAPTURED));
    if (!pgl_sim_is_by_card(order))
        wrong = there.intents > 0 ? "A6: a bank was asked about an order without a card" : NULL;
    else if (there.captures > 1)
        wrong = "A6: the bank has taken it twice";
    else if (there.captured_minor > 0 && there.held_minor > 0)
        wrong = "A6: the bank has taken it, and holds more of it";
    else if (there.held_minor > order->amount_minor || there.captured_minor > order->amount_minor)
        wrong = "A6: the bank has more of it than was agreed to";
    else if (is_captured && there.captured_minor != order->reserved_minor)
        wrong = "A2: it is captured, and the bank has another sum";
    else if (there.captured_minor > 0 && pgl_sim_has_said(order, PGL_SIM_REFUSALS))
        wrong = "A3: the bank has taken it, and it is refused";
    else if (there.captured_minor > 0 &&
             (!pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_RESERVED)) ||
              pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_RELEASED))))
        wrong = "A4: the bank has taken it, and no goods are set aside";
    else if (there.captured_minor < order->captured_at_bank)
        wrong = "A6: the bank has forgotten what it took";
    else if (there.refunded_minor > there.captured_minor ||
             there.refunded_minor < order->refunded_minor)
        wrong = "A6: the bank has given back another sum than was said";
    order->captured_at_bank = there.captured_minor;
    if (wrong != NULL)
        pgl_sim_blame(auditor->blame,
                      "%s: k-%u over %lld; there %u objects, %lld held, %lld taken, %lld given "
                      "back; said:%s",
                      wrong, order->wish, (long long)order->amount_minor, there.intents,
                      (long long)there.held_minor, (long long)there.captured_minor,
                      (long long)there.refunded_minor, pgl_sim_said_text(order, said));
}

/* Nothing is held, and an object is at its end. One that was never confirmed may wait to be swept
 * by a reconciliation, an hour later: it moves no money by itself. */
static bool is_done(const struct pgl_sim_order *order, const struct pgl_bank_order *there)
{
    bool may_be_confirmed =
        pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_AUTHORIZED) | PGL_SIM_SAID(PAYMENT_DECLINED) |
                                    PGL_SIM_SAID(PAYMENT_ACTION_REQUIRED));
    if (there->held_minor > 0)
        return false;
    return there->open == 0 || there->open < there->intents || !may_be_confirmed;
}

bool pgl_sim_is_bank_at_rest(const struct pgl_sim_auditor *auditor,
                             const struct pgl_sim_order *order)
{
    if (!pgl_sim_is_by_card(order))
        return true;
    const struct pgl_bank_order there = pgl_sim_bank_order(auditor->bank, order->id);
    return is_done(order, &there);
}

static const char intents_sql[] = "SELECT 1 FROM intent LIMIT 1";

bool pgl_sim_has_open_intents(struct pgl_sim_auditor *auditor)
{
    bool has_some = false;
    pgl_status status = pgl_sim_look_begin(auditor);
    if (pgl_is_ok(status)) {
        struct pgl_rows rows =
            pgl_rows_begin(pgl_sim_eyes(auditor, PGL_FILE_PAYMENTS), intents_sql);
        status = pgl_rows_next(&rows);
        has_some = pgl_is_ok(status) && rows.has_row;
        pgl_rows_end(&rows);
    }
    pgl_sim_look_end(auditor, status);
    return has_some;
}

static const char intent_sql[] =
    "SELECT op || '/' || op_state || ' lane ' || lane || ' due in ' || ((due_at_ns - ?2) / "
    "1000000) "
    "|| ' ms, attempt ' || attempt || ', tried ' || tries || ', seen ' || sent_seen || ', ' || "
    "seen "
    "|| ' ' || http_status || ' ' || code FROM intent WHERE order_id = ?1 AND refund_no = 0";

void pgl_sim_describe_intent(struct pgl_sim_auditor *auditor, const struct pgl_sim_order *order,
                             char *text, size_t size)
{
    pgl_status status = pgl_sim_look_begin(auditor);
    snprintf(text, size, "nothing is to be done");
    if (pgl_is_ok(status)) {
        struct pgl_rows rows = pgl_rows_begin(pgl_sim_eyes(auditor, PGL_FILE_PAYMENTS), intent_sql);
        pgl_bind_id(&rows, &order->id);
        pgl_bind_i64(&rows, auditor->machine->twin.wall_ns);
        status = pgl_rows_next(&rows);
        if (pgl_is_ok(status) && rows.has_row)
            snprintf(text, size, "%.*s", PGL_TEXT_ARGS(pgl_column_text(&rows, 0)));
        pgl_rows_end(&rows);
    }
    pgl_sim_look_end(auditor, status);
}

/* Q2, Q3: all is over, and nobody's money is blocked or taken for nothing. */
static void check_end(struct pgl_sim_auditor *auditor, const struct pgl_sim_order *order)
{
    const struct pgl_bank_order there = pgl_sim_bank_order(auditor->bank, order->id);
    bool is_captured = pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_CAPTURED));
    if (there.held_minor > 0)
        pgl_sim_blame(auditor->blame, "Q3: %lld of k-%u are still held at the bank",
                      (long long)there.held_minor, order->wish);
    if (!is_captured && there.captured_minor > 0)
        pgl_sim_blame(auditor->blame, "Q3: the bank has taken %lld of k-%u, which is refused",
                      (long long)there.captured_minor, order->wish);
    if (there.refunded_minor != order->refunded_minor)
        pgl_sim_blame(auditor->blame, "Q2: %lld of k-%u were given back, and %lld at the bank",
                      (long long)order->refunded_minor, order->wish,
                      (long long)there.refunded_minor);
    if (!is_done(order, &there))
        pgl_sim_blame(auditor->blame, "Q3: k-%u is over, and the bank still waits", order->wish);
}

void pgl_sim_scan_bank(struct pgl_sim_auditor *auditor, bool is_quiet)
{
    struct pgl_text name;
    uint64_t at = 0;
    for (uint32_t i = 0; i < auditor->book.order_count; i++) {
        pgl_sim_check_bank(auditor, &auditor->book.orders[i]);
        if (is_quiet && pgl_sim_is_by_card(&auditor->book.orders[i]))
            check_end(auditor, &auditor->book.orders[i]);
    }
    while (pgl_bank_next_order(auditor->bank->bank, &at, &name)) {
        pgl_id id;
        if (!pgl_is_ok(pgl_id_parse(name, &id)) || pgl_sim_book_find(&auditor->book, id) == NULL)
            pgl_sim_blame(auditor->blame,
                          "Q6: the bank knows of an order that was never made: %.*s",
                          PGL_TEXT_ARGS(name));
    }
    pgl_sim_bank_audit(auditor->bank);
}
