/*
 * audit_orders.c - the rows of Orders, Payments, the ledger and Inventory, read side by side in the
 * order of the orders' ids; and what is to hold for each order.
 */
#include "app/audit_inside.h"
#include "events/parked.h"

/* ---- side by side ---- */

struct sides {
    struct pgl_order_walk orders;
    struct pgl_payments_cursor payments, transfers;
    struct pgl_reservation_cursor reservations;
    /* The next row of each. */
    struct pgl_order_facts order;
    struct pgl_payments_row payment;
    struct pgl_transfer_row transfer;
    struct pgl_reservation reservation;
    bool has_payment, has_transfer;
};

static pgl_status begin(const struct audit *audit, struct sides *sides)
{
    const struct pgl_audit_cut *cut = audit->cut;
    pgl_order_walk_begin(&cut->orders, &sides->orders);
    sides->payments = pgl_payments_walk(&cut->payments);
    sides->transfers = pgl_transfers_walk(&cut->payments);
    pgl_reservations_begin(&cut->inventory, &sides->reservations);
    PGL_TRY(pgl_order_walk_next(&sides->orders, &sides->order));
    PGL_TRY(pgl_payments_next(&sides->payments, &sides->payment, &sides->has_payment));
    PGL_TRY(pgl_transfers_next(&sides->transfers, &sides->transfer, &sides->has_transfer));
    return pgl_reservations_next(&sides->reservations, &sides->reservation);
}

static void end(struct sides *sides)
{
    pgl_order_walk_end(&sides->orders);
    pgl_payments_walk_end(&sides->payments);
    pgl_payments_walk_end(&sides->transfers);
    pgl_reservations_end(&sides->reservations);
}

/* The smallest id that any side is at; false at the end of all. */
static bool smallest(const struct sides *sides, pgl_id *id)
{
    const struct {
        bool is_there;
        const pgl_id *id;
    } heads[] = {
        { sides->order.is_there, &sides->order.order_id },
        { sides->has_payment, &sides->payment.order_id },
        { sides->has_transfer, &sides->transfer.order_id },
        { sides->reservation.is_there, &sides->reservation.order_id },
    };
    bool is_found = false;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (heads[i].is_there && (!is_found || pgl_id_compare(*heads[i].id, *id) < 0)) {
            *id = *heads[i].id;
            is_found = true;
        }
    return is_found;
}

/* Takes what every side has of the order, and moves those on. */
static pgl_status take(struct sides *sides, struct joined *joined)
{
    const pgl_id id = joined->order_id;
    joined->has_order = sides->order.is_there && pgl_id_equal(sides->order.order_id, id);
    if (joined->has_order) {
        joined->order = sides->order;
        PGL_TRY(pgl_order_walk_next(&sides->orders, &sides->order));
    }
    joined->has_payment = sides->has_payment && pgl_id_equal(sides->payment.order_id, id);
    if (joined->has_payment) {
        joined->payment = sides->payment;
        PGL_TRY(pgl_payments_next(&sides->payments, &sides->payment, &sides->has_payment));
    }
    while (sides->has_transfer && pgl_id_equal(sides->transfer.order_id, id)) {
        joined->captures++;
        joined->taken_minor += sides->transfer.amount_minor;
        PGL_TRY(pgl_transfers_next(&sides->transfers, &sides->transfer, &sides->has_transfer));
    }
    joined->has_reservation =
        sides->reservation.is_there && pgl_id_equal(sides->reservation.order_id, id);
    if (joined->has_reservation) {
        joined->reservation = sides->reservation;
        PGL_TRY(pgl_reservations_next(&sides->reservations, &sides->reservation));
    }
    return PGL_OK;
}

/* ---- what the rows say was said ---- */

/* Each bit is one event; `first` is the event type of the lowest. */
static void put_said(struct audit *audit, const pgl_id *id, int64_t said, int first)
{
    for (uint64_t bits = (uint64_t)said; bits != 0; bits &= bits - 1) {
        int type = first + __builtin_ctzll(bits);
        if (type != EVENT_TYPE_ORDER_CREATED)
            pgl_balance_add(&audit->balances[BALANCE_SAID], id, type, 1);
    }
}

/* What is said once a parcel, or once a refund. */
static void put_repeated(struct audit *audit, const pgl_id *id, EventType type, int64_t times)
{
    if (times != 0)
        pgl_balance_add(&audit->balances[BALANCE_SAID], id, type, times);
}

static void put_last(struct audit *audit, const pgl_id *id, enum pgl_audited_log log,
                     int64_t last_seq)
{
    if (last_seq != 0)
        pgl_balance_add(&audit->balances[BALANCE_CHAIN], id, audit_event_part(log, last_seq), 1);
}

static pgl_status put(struct audit *audit, const struct joined *joined)
{
    const pgl_id *id = &joined->order_id;
    if (joined->has_order) {
        PGL_TRY(audit_put_key(audit, &joined->order));
        pgl_balance_add(&audit->balances[BALANCE_CREATED], id, EVENT_TYPE_ORDER_CREATED, 1);
        put_said(audit, id, joined->order.said, 0);
        if (joined->order.refunds_asked > 0)
            pgl_balance_add(&audit->balances[BALANCE_SAID], id, EVENT_TYPE_ORDER_REFUND_REQUESTED,
                            joined->order.refunds_asked);
        put_last(audit, id, PGL_LOG_OF_ORDERS, joined->order.last_event_seq);
    }
    if (joined->has_payment) {
        put_said(audit, id, joined->payment.emitted, EVENT_TYPE_PAYMENT_ACTION_REQUIRED);
        put_repeated(audit, id, EVENT_TYPE_PAYMENT_REFUNDED, joined->payment.refunds_done);
        put_repeated(audit, id, EVENT_TYPE_PAYMENT_REFUND_FAILED, joined->payment.refunds_failed);
        put_last(audit, id, PGL_LOG_OF_PAYMENTS, joined->payment.last_event_seq);
    }
    if (joined->has_reservation) {
        put_said(audit, id, joined->reservation.emitted, EVENT_TYPE_INVENTORY_RESERVED);
        put_repeated(audit, id, EVENT_TYPE_INVENTORY_SHIPPED, joined->reservation.shipments);
        put_repeated(audit, id, EVENT_TYPE_INVENTORY_RETURNED, joined->reservation.refunds);
        put_last(audit, id, PGL_LOG_OF_INVENTORY, joined->reservation.last_event_seq);
    }
    return PGL_OK;
}

/* ---- sums ---- */

static struct pgl_currency_sums *sums_of(struct pgl_audit_report *report, const char *currency)
{
    int i = 0;
    while (i < report->currency_count && strcmp(report->currencies[i].currency, currency) != 0)
        i++;
    if (i == PGL_CURRENCIES_MAX) {
        memcpy(report->currencies[i - 1].currency, "***", 4);
        return &report->currencies[i - 1];
    }
    if (i == report->currency_count)
        memcpy(report->currencies[report->currency_count++].currency, currency, 4);
    return &report->currencies[i];
}

/* A sum that does not fit says so by being the largest there is. */
static void sum_up(int64_t *sum, int64_t minor)
{
    if (__builtin_add_overflow(*sum, minor, sum))
        *sum = INT64_MAX;
}

static void count(struct pgl_audit_report *report, const struct joined *joined)
{
    if (joined->has_order) {
        const struct pgl_order_facts *order = &joined->order;
        struct pgl_currency_sums *sums = sums_of(report, order->currency);
        sum_up(&sums->ordered, order->total_minor);
        sum_up(&sums->confirmed, order->state == ORDER_CONFIRMED ? order->total_minor : 0);
        if (order->state < ORDER_STATE_COUNT)
            report->orders[order->state]++;
    }
    if (joined->has_payment) {
        const struct pgl_payments_row *payment = &joined->payment;
        if (payment->state < PAYMENT_STATE_COUNT)
            report->payments[payment->state]++;
        if (payment->currency[0] == '\0')
            return; /* a tombstone has no money */
        struct pgl_currency_sums *sums = sums_of(report, payment->currency);
        sum_up(&sums->authorized, payment->authorized_minor);
        sum_up(&sums->captured, payment->captured_minor);
        sum_up(&sums->released, payment->released_minor);
        sum_up(&sums->held, payment->hold_minor);
    }
}

/* ---- the walk ---- */

static void judge(struct audit *audit, const struct joined *joined)
{
    for (int i = 0; i < PGL_INVARIANT_COUNT; i++) {
        const struct pgl_invariant_row *row = &pgl_invariants[i];
        struct pgl_finding *finding = &audit->report->findings[i];
        if (row->holds == NULL || !finding->is_looked_at)
            continue;
        finding->checked++;
        if (row->holds(audit, joined))
            continue;
        audit_note_order(
            audit, (enum pgl_invariant)i, joined->order_id,
            "order %s, payment %s, reservation %s, taken %lld",
            joined->has_order ? pgl_audit_state_name(&pgl_order_machine, joined->order.state) : "-",
            joined->has_payment ? pgl_audit_state_name(&pgl_payment_machine, joined->payment.state)
                                : "-",
            joined->has_reservation
                ? pgl_audit_state_name(&pgl_reservation_machine, joined->reservation.state)
                : "-",
            (long long)joined->taken_minor);
    }
}

static pgl_status walk(struct audit *audit, struct sides *sides)
{
    struct joined joined = { 0 };
    while (smallest(sides, &joined.order_id)) {
        PGL_TRY(audit_go_on(audit));
        PGL_TRY(take(sides, &joined));
        PGL_TRY(put(audit, &joined));
        if (!audit->is_naming) {
            count(audit->report, &joined);
            judge(audit, &joined);
        }
        joined = (struct joined){ 0 };
    }
    return PGL_OK;
}

pgl_status audit_walk_orders(struct audit *audit)
{
    struct sides sides = { 0 };
    pgl_status status = begin(audit, &sides);
    if (pgl_is_ok(status))
        status = walk(audit, &sides);
    end(&sides);
    return status;
}

/* ---- what is to hold ---- */

/* What is not there has no state: the machines' 0 for payments and reservations, and -1 for
 * orders. */

static int order_state(const struct joined *o)
{
    return o->has_order ? (int)o->order.state : -1;
}

static int payment_state(const struct joined *o)
{
    return o->has_payment ? (int)o->payment.state : PAYMENT_NONE;
}

static int reservation_state(const struct joined *o)
{
    return o->has_reservation ? (int)o->reservation.state : RESERVATION_NONE;
}

static bool is_withdrawn(const struct joined *o)
{
    return order_state(o) == ORDER_FAILED || order_state(o) == ORDER_CANCELLED;
}

bool audit_a1(const struct audit *audit, const struct joined *o)
{
    const int64_t finals =
        PGL_ORDER_BIT(EVENT_TYPE_ORDER_CONFIRMED) | PGL_ORDER_BIT(EVENT_TYPE_ORDER_CANCELLED);
    (void)audit;
    if (!o->has_order)
        return true;
    int64_t said = o->order.said & finals;
    if (order_state(o) == ORDER_CONFIRMED)
        return said == PGL_ORDER_BIT(EVENT_TYPE_ORDER_CONFIRMED);
    return said == (is_withdrawn(o) ? PGL_ORDER_BIT(EVENT_TYPE_ORDER_CANCELLED) : 0);
}

bool audit_a2(const struct audit *audit, const struct joined *o)
{
    (void)audit;
    return order_state(o) != ORDER_CONFIRMED ||
           (payment_state(o) == PAYMENT_CAPTURED && o->taken_minor == o->payment.captured_minor);
}

bool audit_a3(const struct audit *audit, const struct joined *o)
{
    (void)audit;
    int state = payment_state(o);
    return o->captures == 0 || state == PAYMENT_CAPTURING || state == PAYMENT_ABORTING ||
           state == PAYMENT_CAPTURED;
}

bool audit_a4(const struct audit *audit, const struct joined *o)
{
    (void)audit;
    int state = reservation_state(o);
    return o->captures == 0 || state == RESERVATION_HELD || state == RESERVATION_COMMITTED ||
           state == RESERVATION_SHIPPED;
}

bool audit_a5(const struct audit *audit, const struct joined *o)
{
    (void)audit;
    return payment_state(o) != PAYMENT_CAPTURING || reservation_state(o) == RESERVATION_HELD;
}

bool audit_a6(const struct audit *audit, const struct joined *o)
{
    (void)audit;
    const struct pgl_payments_row *payment = &o->payment;
    if (o->captures > 1 || o->taken_minor > payment->authorized_minor ||
        payment->authorized_minor > payment->amount_minor)
        return false;
    bool is_tombstone = payment->currency[0] == '\0';
    return !o->has_payment || !o->has_order || is_tombstone ||
           (payment->amount_minor == o->order.total_minor &&
            strcmp(payment->currency, o->order.currency) == 0);
}

/* It has passed the event by, and not heard it. */
static bool is_parked_by_payments(const struct audit *audit, const struct joined *o)
{
    struct pgl_parked_key found;
    struct pgl_text key = { (const char *)o->order_id.bytes, sizeof o->order_id.bytes };
    pgl_status status =
        pgl_parked_get(audit_view(audit, PGL_LOG_OF_PAYMENTS), LOG_ORDERS, key, &found);
    return pgl_is_ok(status) && found.log != LOG_UNSPECIFIED;
}

/* Payments has heard of all that Orders had to say up to its position, but what it has parked. A
 * cancel that finds the decision open closes it; so behind it nothing is open, and what is void was
 * not taken. */
bool audit_a12(const struct audit *audit, const struct joined *o)
{
    int64_t heard = 0;
    for (int i = 0; i < AUDIT_READERS; i++)
        if (audit_readers[i].reader == PGL_LOG_OF_PAYMENTS &&
            audit_readers[i].log == PGL_LOG_OF_ORDERS)
            heard = audit->positions[i].position;
    if (o->payment.decision == DECISION_VOID && o->captures > 0)
        return false;
    if (!o->has_order || o->order.cancel == CANCEL_NONE || o->order.last_event_seq > heard)
        return true;
    return payment_state(o) >= PAYMENT_CAPTURING || is_parked_by_payments(audit, o);
}

bool audit_q1(const struct audit *audit, const struct joined *o)
{
    (void)audit;
    return !o->has_order || order_state(o) >= ORDER_CONFIRMED;
}

/* That the ledger has taken what was captured is A2. */
bool audit_q2(const struct audit *audit, const struct joined *o)
{
    (void)audit;
    bool is_confirmed = order_state(o) == ORDER_CONFIRMED;
    int reservation = reservation_state(o);
    if (is_confirmed != (payment_state(o) == PAYMENT_CAPTURED) ||
        is_confirmed !=
            (reservation == RESERVATION_COMMITTED || reservation == RESERVATION_SHIPPED))
        return false;
    if (!is_confirmed)
        return o->captures == 0;
    int64_t captured_minor = o->payment.captured_minor;
    return o->reservation.is_partial ? captured_minor <= o->order.total_minor
                                     : captured_minor == o->order.total_minor;
}

bool audit_q3(const struct audit *audit, const struct joined *o)
{
    (void)audit;
    int payment = payment_state(o), reservation = reservation_state(o);
    bool is_unpaid = payment == PAYMENT_DECLINED || payment == PAYMENT_VOIDED ||
                     payment == PAYMENT_CAPTURE_FAILED;
    if (is_withdrawn(o) != is_unpaid)
        return false;
    return !is_unpaid || (o->payment.hold_minor == 0 && (reservation == RESERVATION_RELEASED ||
                                                         reservation == RESERVATION_REJECTED));
}

bool audit_q6(const struct audit *audit, const struct joined *o)
{
    (void)audit;
    return o->has_order;
}

bool audit_q7(const struct audit *audit, const struct joined *o)
{
    (void)audit;
    return !o->has_order || (o->order.last_change == o->order.state &&
                             o->order.final_changes == (order_state(o) >= ORDER_CONFIRMED));
}
