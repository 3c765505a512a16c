/* handle.c - see handle.h. */
#include "services/payments/handle.h"

#include "services/payments/ledger.h"
#include "services/payments/refunds.h"
#include "services/payments/turn.h"

#define PAYLOAD(name) PANGLOT__EVENTS__V1__EVENT__PAYLOAD_##name

static pgl_status check(const Event *event, enum payment_input input);

pgl_status pgl_payments_handle(struct pgl_tx *tx, int64_t seq, const Event *event)
{
    (void)seq;
    if (event->type == EVENT_TYPE_ORDER_REFUND_REQUESTED)
        return pgl_refunds_hear(tx, event);
    enum payment_input input = pgl_payment_input_of(event->type);
    if (input == PAYMENT_INPUT_COUNT)
        return PGL_OK; /* not for us */
    PGL_TRY(check(event, input));

    struct payment_turn turn = { .tx = tx, .desk = pgl_tx_context(tx), .event = event };
    pgl_id order_id;
    memcpy(order_id.bytes, event->key.data, sizeof order_id.bytes);
    PGL_TRY(payment_turn_begin(&turn, &order_id, event->tenant));
    if (turn.is_new && input == PAYMENT_ON_NEW_ORDER)
        PGL_TRY(payment_turn_fill_in(&turn, event->order_created));
    struct payment_facts before = turn.row.facts;
    Cause cause =
        input == PAYMENT_ON_CANCEL ? event->order_cancel_requested->cause : CAUSE_UNSPECIFIED;
    struct payment_step step = pgl_payment_step(before, input, cause);
    if (step.is_impossible)
        return PGL_FAIL(PGL_CONFLICT, "a payment in this state cannot hear this event");
    if (step.after.state == before.state && !step.is_planned)
        return PGL_OK; /* heard before, or too late to matter */
    PGL_TRY(payment_turn_carry(&turn, step));
    return payment_turn_write(&turn);
}

/* ---- what was heard ---- */

static pgl_status check_order(const OrderCreated *order)
{
    size_t customer_bytes = strlen(order->customer);
    if (customer_bytes == 0 || customer_bytes > PGL_OWNER_BYTES_MAX)
        return PGL_FAIL(PGL_INVALID, "an order without a customer, or with a very long one");
    if (strlen(order->currency) != 3)
        return PGL_FAIL(PGL_INVALID, "an order without a currency");
    if (order->amount_minor < 0 || order->amount_minor > PGL_CREDIT_MINOR_MAX)
        return PGL_FAIL(PGL_INVALID, "an order with an amount that cannot be");
    return PGL_OK;
}

static pgl_status check_cancel(const OrderCancelRequested *cancel)
{
    bool is_wished = cancel->cause == CAUSE_CLIENT || cancel->cause == CAUSE_DEADLINE ||
                     cancel->cause == CAUSE_OPERATOR;
    return is_wished ? PGL_OK
                     : PGL_FAIL(PGL_INVALID, "a cancel for a cause that is none of Orders'");
}

static pgl_status check(const Event *event, enum payment_input input)
{
    static const int payloads[] = {
        [PAYMENT_ON_NEW_ORDER] = PAYLOAD(ORDER_CREATED),
        [PAYMENT_ON_CANCEL] = PAYLOAD(ORDER_CANCEL_REQUESTED),
        [PAYMENT_ON_RESERVED] = PAYLOAD(INVENTORY_RESERVED),
        [PAYMENT_ON_OUT_OF_STOCK] = PAYLOAD(INVENTORY_RESERVATION_FAILED),
    };
    if (event->key.len != sizeof(pgl_id))
        return PGL_FAIL(PGL_INVALID, "an event of an order without the order's id");
    if ((int)event->payload_case != payloads[input])
        return PGL_FAIL(PGL_INVALID, "an event with another one's payload");
    if (input == PAYMENT_ON_NEW_ORDER)
        return check_order(event->order_created);
    if (input == PAYMENT_ON_CANCEL)
        return check_cancel(event->order_cancel_requested);
    return PGL_OK;
}
