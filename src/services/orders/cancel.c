/*
 * cancel.c - a customer asks to take an order back. We only pass the wish on: whether it is in time
 * is decided where the money is, and comes back as an event.
 */
#include "services/orders/orders.h"

#include "saga/audit_log.h"
#include "saga/caller.h"

static const CancelAnswer answer_in[ORDER_STATE_COUNT] = {
    [ORDER_PENDING] = CANCEL_ANSWER_REQUESTED,
    [ORDER_AUTHORIZED] = CANCEL_ANSWER_REQUESTED,
    [ORDER_RESERVED] = CANCEL_ANSWER_REQUESTED,
    [ORDER_CONFIRMED] = CANCEL_ANSWER_TOO_LATE,
    [ORDER_FAILED] = CANCEL_ANSWER_NOTHING_TO_CANCEL,
    [ORDER_CANCELLED] = CANCEL_ANSWER_NOTHING_TO_CANCEL,
};

static pgl_status say_requested(struct pgl_tx *tx, struct order_row *order)
{
    OrderCancelRequested said = ORDER_CANCEL_REQUESTED_INIT;
    said.cause = (Cause)order->cancel;
    said.requested_at_ns = pgl_tx_now_ns(tx);
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_ORDER_CANCEL_REQUESTED;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_CANCEL_REQUESTED;
    event.order_cancel_requested = &said;
    return order_say(tx, order, &event);
}

pgl_status order_ask_cancel(struct pgl_tx *tx, struct order_row *order, enum order_input input,
                            bool *is_said)
{
    struct order_step step = order_step_of(order, input);
    *is_said = step.says[0] == EVENT_TYPE_ORDER_CANCEL_REQUESTED;
    if (!*is_said)
        return PGL_OK; /* asked before, or too late */
    order->cancel = step.after.cancel;
    PGL_TRY(say_requested(tx, order)); /* row and event commit together */
    order_note_change(order, CHANGE_KIND_CANCEL_REQUESTED);
    return order_write(tx, order, order->state);
}

pgl_status pgl_orders_cancel(struct pgl_tx *tx, const CancelOrderRequest *ask,
                             CancelOrderResponse *reply)
{
    pgl_id id;
    struct order_row order;
    PGL_TRY(order_parse_id(ask->id, &id));
    PGL_TRY(order_get_for(&tx->view, id, ask->caller, &order));

    reply->answer = answer_in[order.state]; /* too late is an answer, not an error */
    bool is_staff =
        pgl_caller_is_staff(ask->caller) && !pgl_text_is(order.customer, ask->caller->subject);
    bool is_said;
    PGL_TRY(order_ask_cancel(
        tx, &order, is_staff ? ORDER_ON_OPERATOR_CANCEL : ORDER_ON_CLIENT_CANCEL, &is_said));
    if (is_said) {
        PGL_TRY(pgl_audit_log_append(tx, ask->caller, "order.cancel", ask->id, "", "requested"));
        PGL_TRY(order_get(&tx->view, id, &order)); /* its version counts the wish */
    }
    return order_show(&tx->view, &order, &reply->order);
}
