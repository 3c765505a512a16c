/*
 * one_order_check.c - what must be true of one order at any moment, and when all is over. The names
 * in brackets are the invariants of the saga's specification.
 */
#include "one_order.h"

#include "services/inventory/reservation_machine.h"
#include "services/orders/order_machine.h"

static bool is_verdict(EventType type)
{
    return type == EVENT_TYPE_PAYMENT_DECLINED || type == EVENT_TYPE_PAYMENT_VOIDED ||
           type == EVENT_TYPE_PAYMENT_CAPTURE_FAILED || type == EVENT_TYPE_PAYMENT_CAPTURED;
}

static int count_verdicts(const struct pgl_small_log *log)
{
    int count = 0;
    for (int i = 0; i < log->count; i++)
        count += is_verdict((EventType)log->type[i]);
    return count;
}

static int count_type(const struct pgl_small_log *log, EventType type)
{
    int count = 0;
    for (int i = 0; i < log->count; i++)
        count += log->type[i] == type;
    return count;
}

/* [A12] Payments has seen a wish to cancel while the latch was open, and goes on all the same. */
static bool is_cancel_lost(const struct pgl_one_order *now)
{
    if (now->payment == PAYMENT_NONE || now->payment > PAYMENT_AUTHORIZED)
        return false;
    for (int i = 0; i < now->orders.count; i++)
        if (now->orders.type[i] == EVENT_TYPE_ORDER_CANCEL_REQUESTED &&
            now->seen[PAYMENTS_READS_ORDERS] & 1u << i)
            return true;
    return false;
}

static bool is_stock_kept(uint8_t reservation)
{
    return reservation == RESERVATION_HELD || reservation == RESERVATION_COMMITTED ||
           reservation == RESERVATION_SHIPPED;
}

static bool is_refused(uint8_t payment)
{
    return payment == PAYMENT_DECLINED || payment == PAYMENT_VOIDED ||
           payment == PAYMENT_CAPTURE_FAILED;
}

/* In our own ledger nothing is ever under way: between transactions row and ledger agree. */
static const char *account_wrong(const struct pgl_one_order *now)
{
    if (now->op != PAYMENT_OP_NONE)
        return "an account's operation is left open";
    if ((now->payment == PAYMENT_AUTHORIZED) != (now->object == PROVIDER_HELD))
        return "the ledger's hold and the payment disagree";
    if ((now->payment == PAYMENT_CAPTURED) != (now->object == PROVIDER_CAPTURED))
        return "the ledger's posting and the payment disagree";
    if (now->payment != PAYMENT_NONE && now->payment != PAYMENT_AUTHORIZED &&
        now->payment != PAYMENT_CAPTURED && !is_refused(now->payment))
        return "an account's payment rests half-way";
    return NULL;
}

const char *pgl_one_order_wrong(const struct pgl_adversary *adversary,
                                const struct pgl_one_order *now)
{
    bool is_captured = now->object == PROVIDER_CAPTURED;
    bool is_withdrawn = now->payment == PAYMENT_VOIDED &&
                        (now->cause == CAUSE_CLIENT || now->cause == CAUSE_OPERATOR);

    if (is_cancel_lost(now))
        return "a cancel is lost [A12]";
    if (count_verdicts(&now->payments) > 1)
        return "two verdicts [A1]";
    if (count_type(&now->orders, EVENT_TYPE_ORDER_CONFIRMED) +
            count_type(&now->orders, EVENT_TYPE_ORDER_CANCELLED) >
        1)
        return "two final events [A1]";
    if (now->order == ORDER_CONFIRMED && (!is_captured || now->payment != PAYMENT_CAPTURED))
        return "confirmed, and not captured [A2]";
    if (is_captured && now->payment != PAYMENT_CAPTURING && now->payment != PAYMENT_ABORTING &&
        now->payment != PAYMENT_CAPTURED)
        return "captured against the payment's word [A3]";
    if (is_captured && !is_stock_kept(now->reservation))
        return "captured without stock [A4]";
    if (now->payment == PAYMENT_CAPTURED && !is_stock_kept(now->reservation))
        return "paid, and the stock is gone [A4]";
    if (now->payment == PAYMENT_CAPTURING && now->reservation != RESERVATION_HELD)
        return "capturing without a reservation [A5]";
    if ((now->order == ORDER_FAILED || now->order == ORDER_CANCELLED) && is_captured)
        return "an order ended without goods, and was paid [Q3]";
    if (now->order == ORDER_CANCELLED && !is_withdrawn)
        return "cancelled, and nobody's wish won";
    if (now->order == ORDER_FAILED && is_withdrawn)
        return "failed, though somebody's wish won";
    if (count_type(&now->orders, EVENT_TYPE_ORDER_CANCEL_REJECTED) >
        (now->order == ORDER_CONFIRMED && now->cancel == CANCEL_CLIENT))
        return "a cancel is rejected that was not, or nobody asked for";
    return adversary->provider == PGL_PROVIDER_ACCOUNT ? account_wrong(now) : NULL;
}

/* Nothing is held at the provider and nothing can be: the object is cancelled, or was never made,
 * or its handle was never committed, so that no request can name it and a sweep may remove it. */
static bool is_money_free(const struct pgl_one_order *now)
{
    return now->object == PROVIDER_CANCELLED || now->object == PGL_NO_OBJECT ||
           (now->object == PROVIDER_UNCONFIRMED && !now->has_handle);
}

bool pgl_one_order_is_settled(const struct pgl_one_order *now)
{
    if (now->op != PAYMENT_OP_NONE)
        return false;
    switch ((enum order_state)now->order) {
    case ORDER_CONFIRMED:
        return now->payment == PAYMENT_CAPTURED && now->object == PROVIDER_CAPTURED &&
               (now->reservation == RESERVATION_COMMITTED ||
                now->reservation == RESERVATION_SHIPPED);
    case ORDER_FAILED:
    case ORDER_CANCELLED:
        return is_refused(now->payment) && is_money_free(now) &&
               (now->reservation == RESERVATION_RELEASED ||
                now->reservation == RESERVATION_REJECTED);
    case ORDER_PENDING:
    case ORDER_AUTHORIZED:
    case ORDER_RESERVED:
    case ORDER_STATE_COUNT:
        return false;
    }
    return false;
}

/* ---- projection ---- */

static const char *short_name(EventType type, Cause cause)
{
    switch (type) {
    case EVENT_TYPE_ORDER_CREATED:
        return "OC";
    case EVENT_TYPE_ORDER_CANCEL_REQUESTED:
        return cause == CAUSE_CLIENT ? "OXc" : "OXd";
    case EVENT_TYPE_ORDER_CONFIRMED:
        return "OCF";
    case EVENT_TYPE_ORDER_CANCELLED:
        return "OCA";
    case EVENT_TYPE_ORDER_CANCEL_REJECTED:
        return "OXR";
    case EVENT_TYPE_PAYMENT_AUTHORIZED:
        return "PA";
    case EVENT_TYPE_PAYMENT_DECLINED:
        return "PD";
    case EVENT_TYPE_PAYMENT_VOIDED:
        return cause == CAUSE_OUT_OF_STOCK ? "PVs" : "PVx";
    case EVENT_TYPE_PAYMENT_CAPTURE_FAILED:
        return "PCF";
    case EVENT_TYPE_PAYMENT_CAPTURED:
        return "PC";
    case EVENT_TYPE_INVENTORY_RESERVED:
        return "IR";
    case EVENT_TYPE_INVENTORY_RESERVATION_FAILED:
        return "IF";
    default:
        return "?";
    }
}

static void project_log(const struct pgl_small_log *log, struct pgl_buffer *out)
{
    pgl_buffer_add_char(out, ' ');
    for (int i = 0; i < log->count; i++)
        pgl_buffer_printf(out, "%s,", short_name((EventType)log->type[i], (Cause)log->cause[i]));
}

void pgl_one_order_project(const struct pgl_one_order *now, struct pgl_buffer *out)
{
    static const char op_letters[PAYMENT_OP_COUNT] = "-NACVF";
    static const char op_state_letters[] = "-PFU";
    static const char *const object_names[] = {
        [PROVIDER_UNCONFIRMED] = "CREATED",
        [PROVIDER_ACTION_REQUIRED] = "ACTION_REQUIRED",
        [PROVIDER_PROCESSING] = "PROCESSING",
        [PROVIDER_DECLINED] = "DECLINED",
        [PROVIDER_HELD] = "HELD",
        [PROVIDER_CAPTURED] = "CAPTURED",
        [PROVIDER_CANCELLED] = "CANCELLED",
        [PGL_NO_OBJECT] = "NONE",
    };
    pgl_buffer_printf(
        out, "%s %d",
        now->order < ORDER_CONFIRMED ? "OPEN" : pgl_order_machine.state_names[now->order],
        now->cancel != CANCEL_NONE);
    project_log(&now->orders, out);
    pgl_buffer_printf(out, " %s", pgl_payment_machine.state_names[now->payment]);
    project_log(&now->payments, out);
    pgl_buffer_printf(out, " %c%c %d %s", op_letters[now->op], op_state_letters[now->op_state],
                      now->is_capture_sent, pgl_reservation_machine.state_names[now->reservation]);
    project_log(&now->inventory, out);
    pgl_buffer_printf(out, " %s ", object_names[now->object]);
    for (int i = 0; i < now->request_count; i++)
        pgl_buffer_add_char(out, op_letters[now->requests[i]]);
    pgl_buffer_printf(out, " %d %d %d %d %d %d", now->seen[ORDERS_READS_PAYMENTS],
                      now->seen[PAYMENTS_READS_ORDERS], now->seen[PAYMENTS_READS_INVENTORY],
                      now->seen[INVENTORY_READS_PAYMENTS], now->duplicates_left, now->crashes_left);
}
