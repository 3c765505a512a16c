/* auditor_rows.c - single rows against the book; see auditor.h. */
#include "auditor.h"

/* The numbers that stand in the tables; the auditor's own copy of them. */
enum { FAILED = 4, CANCELLED = 5, CONFIRMED = 3, RESERVED = 2, AUTHORIZED = 1 };
enum {
    PAID_NONE = 0,
    PAID_AUTHORIZING = 1,
    PAID_ACTION_REQUIRED = 2,
    PAID_AUTHORIZED = 3,
    PAID_CAPTURING = 4,
    PAID_ABORTING = 5,
    PAID_CAPTURED = 6,
    PAID_DECLINED = 7,
    PAID_VOIDED = 8,
    PAID_CAPTURE_FAILED = 9
};
enum { OPEN = 0, CAPTURE = 1 };
enum { HELD = 1, REJECTED = 2, COMMITTED = 3, SHIPPED = 4, RELEASED = 5 };

#define BITS_OF_ORDERS                                                                             \
    (PGL_SIM_SAID(ORDER_CREATED) | PGL_SIM_SAID(ORDER_CANCEL_REQUESTED) |                          \
     PGL_SIM_SAID(ORDER_CONFIRMED) | PGL_SIM_SAID(ORDER_CANCELLED) |                               \
     PGL_SIM_SAID(ORDER_CANCEL_REJECTED) | PGL_SIM_SAID(ORDER_FULFILLED))

static const char order_sql[] =
    "SELECT state, cancel, total_minor, said, last_event_seq, customer, "
    "idempotency_key FROM orders WHERE order_id = ?1";
static const char payment_sql[] = "SELECT state, decision, amount_minor, authorized_minor, "
                                  "captured_minor, released_minor, hold_minor, "
                                  "last_event_seq FROM payment WHERE order_id = ?1";
static const char reservation_sql[] =
    "SELECT state, last_event_seq FROM reservation WHERE order_id = ?1";
static const char sku_sql[] = "SELECT id FROM sku WHERE sku = ?1";
static const char stock_sql[] =
    "SELECT coalesce(on_hand, 0), coalesce(reserved, 0) FROM warehouse "
    "LEFT JOIN stock ON warehouse_id = warehouse.id AND sku_id = ?1 ORDER BY warehouse.id";
static const char account_sql[] = "SELECT account_id FROM credit_line WHERE tenant = 'default' AND "
                                  "customer = ?1 AND currency = 'USD'";
static const char balance_sql[] =
    "SELECT credit_minor, posted_minor, held_minor FROM account WHERE account_id = ?1";

/* ---- orders ---- */

static bool is_same_wish(const struct pgl_sim_wish *wish, const struct pgl_sim_order *order)
{
    bool is_same = wish->is_sent && wish->customer == order->customer &&
                   wish->line_count == order->line_count && wish->card == order->card &&
                   wish->allows_partial == order->allows_partial;
    for (int i = 0; is_same && i < order->line_count; i++)
        is_same = wish->lines[i].sku == order->lines[i].sku &&
                  wish->lines[i].quantity == order->lines[i].quantity;
    return is_same;
}

/* Which wish an order is, by its key; once. */
static void match_wish(struct pgl_sim_auditor *auditor, struct pgl_sim_order *order,
                       struct pgl_text key)
{
    int64_t number = -1;
    uint32_t me = (uint32_t)(order - auditor->book.orders);
    bool is_key =
        key.size > 2 && memcmp(key.data, "k-", 2) == 0 &&
        pgl_is_ok(pgl_text_to_i64((struct pgl_text){ key.data + 2, key.size - 2 }, &number));
    if (!is_key || number < 0 || number >= auditor->journal->wish_count) {
        pgl_sim_blame(auditor->blame, "A9: an order with a key that nobody has used: %.*s",
                      PGL_TEXT_ARGS(key));
        return;
    }
    struct pgl_sim_wish *wish = &auditor->journal->wishes[number];
    if (wish->order != PGL_SIM_NOBODY && wish->order != me)
        pgl_sim_blame(auditor->blame, "A9: two orders of one key, %.*s", PGL_TEXT_ARGS(key));
    if (!is_same_wish(wish, order))
        pgl_sim_blame(auditor->blame, "A9: another order than was placed with the key %.*s",
                      PGL_TEXT_ARGS(key));
    wish->order = me;
    order->wish = (uint32_t)number;
}

static void check_order_state(struct pgl_sim_auditor *auditor, const struct pgl_sim_order *order,
                              int state)
{
    char said[PGL_SIM_SAID_BYTES];
    int expected = state;
    if (pgl_sim_has_said(order, PGL_SIM_SAID(ORDER_CONFIRMED)))
        expected = CONFIRMED;
    else if (pgl_sim_has_said(order, PGL_SIM_SAID(ORDER_CANCELLED)))
        expected = order->is_withdrawn ? CANCELLED : FAILED;
    else if (state == AUTHORIZED && !pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_AUTHORIZED)))
        expected = 0;
    else if (state == RESERVED && !pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_RESERVED)))
        expected = AUTHORIZED;
    else if (state > RESERVED)
        expected = RESERVED;
    if (state != expected || state < order->state ||
        (order->state >= CONFIRMED && state != order->state))
        pgl_sim_blame(auditor->blame, "A1: an order is %d, was %d and should be %d; said:%s", state,
                      order->state, expected, pgl_sim_said_text(order, said));
}

static pgl_status check_orders_row(struct pgl_sim_auditor *auditor, struct pgl_sim_order *order)
{
    char said[PGL_SIM_SAID_BYTES];
    struct pgl_rows rows = pgl_rows_begin(pgl_sim_eyes(auditor, PGL_FILE_ORDERS), order_sql);
    pgl_bind_id(&rows, &order->id);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row) {
        pgl_sim_blame(auditor->blame, "A11: an order that was made is not there");
        return PGL_OK;
    }
    int state = (int)pgl_column_i64(&rows, 0), cancel = (int)pgl_column_i64(&rows, 1);
    bool is_asked = pgl_sim_has_said(order, PGL_SIM_SAID(ORDER_CANCEL_REQUESTED));
    check_order_state(auditor, order, state);
    if (cancel != (int)(is_asked ? order->cancelled_by : CAUSE_UNSPECIFIED))
        pgl_sim_blame(auditor->blame, "A1: an order's cancel is %d; said:%s", cancel,
                      pgl_sim_said_text(order, said));
    if (pgl_column_i64(&rows, 2) != order->amount_minor ||
        pgl_column_i64(&rows, 3) != (int64_t)(order->said & BITS_OF_ORDERS) ||
        pgl_column_i64(&rows, 4) != order->last_seq[LOG_ORDERS] ||
        pgl_sim_customer_of(auditor->plan, pgl_column_text(&rows, 5)) != order->customer)
        pgl_sim_blame(auditor->blame, "A1: an order's row is not what its events say");
    if (order->wish == PGL_SIM_NOBODY)
        match_wish(auditor, order, pgl_column_text(&rows, 6));
    pgl_rows_end(&rows);
    if (order->cancelled_by == CAUSE_CLIENT && !auditor->blame->is_set &&
        !auditor->journal->wishes[order->wish].is_cancel_sent)
        pgl_sim_blame(auditor->blame, "O2: a cancel that nobody has asked for");
    order->state = state;
    order->cancel = cancel;
    return PGL_OK;
}

/* ---- payments ---- */

#define STATE(state) (1u << (state))

/* Bits of the states that a payment may be in. */
static unsigned expected_payment(const struct pgl_sim_order *order)
{
    static const struct {
        uint64_t said;
        int state;
    } ends[] = { { PGL_SIM_SAID(PAYMENT_CAPTURED), PAID_CAPTURED },
                 { PGL_SIM_SAID(PAYMENT_VOIDED), PAID_VOIDED },
                 { PGL_SIM_SAID(PAYMENT_DECLINED), PAID_DECLINED },
                 { PGL_SIM_SAID(PAYMENT_CAPTURE_FAILED), PAID_CAPTURE_FAILED } };
    bool is_authorized = pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_AUTHORIZED));
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (pgl_sim_has_said(order, ends[i].said))
            return STATE(ends[i].state);
    if (!pgl_sim_is_by_card(order))
        return is_authorized ? STATE(PAID_AUTHORIZED) : STATE(PAID_NONE);
    if (!is_authorized)
        return pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_ACTION_REQUIRED))
                   ? STATE(PAID_ACTION_REQUIRED)
                   : STATE(PAID_NONE) | STATE(PAID_AUTHORIZING);
    return pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_RESERVED))
               ? STATE(PAID_AUTHORIZED) | STATE(PAID_CAPTURING) | STATE(PAID_ABORTING)
               : STATE(PAID_AUTHORIZED);
}

static void check_money(struct pgl_sim_auditor *auditor, const struct pgl_sim_order *order,
                        int state, const struct pgl_rows *rows)
{
    char said[PGL_SIM_SAID_BYTES];
    int64_t amount = order->amount_minor;
    /* A hold that came behind the verdict is told of nobody; it is let go of all the same. */
    bool is_late = pgl_sim_is_by_card(order) && pgl_sim_has_said(order, PGL_SIM_REFUSALS) &&
                   pgl_column_i64(rows, 3) == amount;
    int64_t authorized = is_late                                                     ? amount
                         : pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_AUTHORIZED)) ? amount
                                                                                     : 0;
    int64_t captured = state == PAID_CAPTURED ? order->reserved_minor : 0;
    bool is_free = state == PAID_CAPTURED || state == PAID_CAPTURE_FAILED ||
                   pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_HOLD_RELEASED));
    int64_t released = is_free ? authorized - captured : 0;
    if (pgl_column_i64(rows, 2) != amount || pgl_column_i64(rows, 3) != authorized ||
        pgl_column_i64(rows, 4) != captured || pgl_column_i64(rows, 5) != released ||
        pgl_column_i64(rows, 6) != authorized - captured - released)
        pgl_sim_blame(auditor->blame,
                      "A6: a payment over %lld in state %d has %lld = %lld + %lld + %lld; said:%s",
                      (long long)amount, state, (long long)pgl_column_i64(rows, 3),
                      (long long)pgl_column_i64(rows, 4), (long long)pgl_column_i64(rows, 5),
                      (long long)pgl_column_i64(rows, 6), pgl_sim_said_text(order, said));
}

static pgl_status check_payments_row(struct pgl_sim_auditor *auditor, struct pgl_sim_order *order)
{
    char said[PGL_SIM_SAID_BYTES];
    int state = PAID_NONE, decision = OPEN;
    struct pgl_rows rows = pgl_rows_begin(pgl_sim_eyes(auditor, PGL_FILE_PAYMENTS), payment_sql);
    pgl_bind_id(&rows, &order->id);
    PGL_TRY(pgl_rows_next(&rows));
    if (rows.has_row) {
        state = (int)pgl_column_i64(&rows, 0);
        decision = (int)pgl_column_i64(&rows, 1);
        check_money(auditor, order, state, &rows);
        if (pgl_column_i64(&rows, 7) != order->last_seq[LOG_PAYMENTS])
            pgl_sim_blame(auditor->blame, "A8: a payment does not know its last event");
        pgl_rows_end(&rows);
    }
    if ((STATE(state) & expected_payment(order)) == 0)
        pgl_sim_blame(auditor->blame, "A2: a payment is in state %d; said:%s", state,
                      pgl_sim_said_text(order, said));
    if (order->decision != OPEN && decision != order->decision)
        pgl_sim_blame(auditor->blame, "A1: a decision was %d and is %d", order->decision, decision);
    bool is_late = order->cancel_heard_look != 0 && order->cancel_heard_look < auditor->looks;
    if (decision == CAPTURE && order->decision == OPEN && is_late)
        pgl_sim_blame(auditor->blame, "A12: captured, though a cancel was heard before");
    order->decision = decision;
    return PGL_OK;
}

pgl_status pgl_sim_check_account(struct pgl_sim_auditor *auditor, int customer)
{
    struct pgl_database *db = pgl_sim_eyes(auditor, PGL_FILE_PAYMENTS);
    if (auditor->account_id[customer] == 0) {
        struct pgl_rows found = pgl_rows_begin(db, account_sql);
        const char *name = pgl_arena_printf(&auditor->arena, "C-%d", customer);
        pgl_bind_text(&found, pgl_text_of(name));
        PGL_TRY(pgl_rows_next(&found));
        auditor->account_id[customer] = found.has_row ? pgl_column_i64(&found, 0) : 0;
        pgl_rows_end(&found);
    }
    struct pgl_rows rows = pgl_rows_begin(db, balance_sql);
    pgl_bind_i64(&rows, auditor->account_id[customer]);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row || pgl_column_i64(&rows, 0) != auditor->plan->credit_minor[customer] ||
        pgl_column_i64(&rows, 1) != auditor->book.posted_minor[customer] ||
        pgl_column_i64(&rows, 2) != auditor->book.held_minor[customer])
        pgl_sim_blame(auditor->blame, "A13: the account of customer %d does not balance", customer);
    pgl_rows_end(&rows);
    return PGL_OK;
}

/* ---- inventory ---- */

static int expected_reservation(const struct pgl_sim_order *order)
{
    if (pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_COMMITTED)))
        return order->is_complete ? SHIPPED : COMMITTED;
    if (pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_RELEASED)))
        return RELEASED;
    if (pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_RESERVED)))
        return HELD;
    return pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_RESERVATION_FAILED)) ? REJECTED : 0;
}

static pgl_status check_inventory_row(struct pgl_sim_auditor *auditor, struct pgl_sim_order *order)
{
    char said[PGL_SIM_SAID_BYTES];
    int state = 0;
    struct pgl_rows rows =
        pgl_rows_begin(pgl_sim_eyes(auditor, PGL_FILE_INVENTORY), reservation_sql);
    pgl_bind_id(&rows, &order->id);
    PGL_TRY(pgl_rows_next(&rows));
    if (rows.has_row) {
        state = (int)pgl_column_i64(&rows, 0);
        if (pgl_column_i64(&rows, 1) != order->last_seq[LOG_INVENTORY])
            pgl_sim_blame(auditor->blame, "A8: a reservation does not know its last event");
        pgl_rows_end(&rows);
    }
    int expected = expected_reservation(order);
    bool is_tombstone =
        expected == 0 && state == RELEASED && pgl_sim_has_said(order, PGL_SIM_REFUSALS);
    if (state != expected && !is_tombstone)
        pgl_sim_blame(auditor->blame, "A4: a reservation is in state %d; said:%s", state,
                      pgl_sim_said_text(order, said));
    if (order->is_tombstone && !is_tombstone)
        pgl_sim_blame(auditor->blame, "A1: a reservation has come back from its end");
    if (order->has_heard_refusal && state == 0)
        pgl_sim_blame(auditor->blame, "A4: a refusal was heard and not remembered");
    order->is_tombstone = is_tombstone;
    return PGL_OK;
}

pgl_status pgl_sim_check_stock(struct pgl_sim_auditor *auditor, int sku)
{
    struct pgl_database *db = pgl_sim_eyes(auditor, PGL_FILE_INVENTORY);
    if (auditor->sku_id[sku] == 0) {
        struct pgl_rows found = pgl_rows_begin(db, sku_sql);
        const char *name = pgl_arena_printf(&auditor->arena, "S-%d", sku);
        pgl_bind_text(&found, pgl_text_of(name));
        PGL_TRY(pgl_rows_next(&found));
        auditor->sku_id[sku] = found.has_row ? pgl_column_i64(&found, 0) : 0;
        pgl_rows_end(&found);
    }
    struct pgl_rows rows = pgl_rows_begin(db, stock_sql);
    pgl_bind_i64(&rows, auditor->sku_id[sku]);
    for (int warehouse = 0; warehouse < PGL_SIM_WAREHOUSES; warehouse++) {
        PGL_TRY(pgl_rows_next(&rows));
        int64_t on_hand = rows.has_row ? pgl_column_i64(&rows, 0) : -1;
        int64_t reserved = rows.has_row ? pgl_column_i64(&rows, 1) : -1;
        if (on_hand != auditor->book.on_hand[sku][warehouse] ||
            reserved != auditor->book.reserved[sku][warehouse])
            pgl_sim_blame(auditor->blame,
                          "A7: S-%d at %s: %lld on hand, %lld reserved; the book has %lld and %lld",
                          sku, pgl_sim_warehouses[warehouse], (long long)on_hand,
                          (long long)reserved, (long long)auditor->book.on_hand[sku][warehouse],
                          (long long)auditor->book.reserved[sku][warehouse]);
    }
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status pgl_sim_check_order(struct pgl_sim_auditor *auditor, enum pgl_boot_file file,
                               struct pgl_sim_order *order)
{
    switch (file) {
    case PGL_FILE_ORDERS:
        return check_orders_row(auditor, order);
    case PGL_FILE_PAYMENTS:
        return check_payments_row(auditor, order);
    case PGL_FILE_INVENTORY:
        return check_inventory_row(auditor, order);
    case PGL_FILE_CATALOG:
    case PGL_FILE_WEBHOOKS:
    case PGL_FILE_IDENTITY:
    case PGL_FILE_COUNT:
        break;
    }
    return PGL_OK;
}
