/*
 * hear.c - what Payments and Inventory say of an order. Progress raises its rank; the one verdict
 * of Payments ends it.
 */
#include "services/orders/orders.h"
#include "wire/message.h"

#define PAYLOAD(name) PANGLOT__EVENTS__V1__EVENT__PAYLOAD_##name

/* The events that an order's end says, made from what has ended it. */
static pgl_status say_confirmed(struct pgl_tx *tx, struct order_row *order, const Event *heard)
{
    OrderConfirmed said = ORDER_CONFIRMED_INIT;
    said.amount_minor = heard->payment_captured->captured_minor;
    said.confirmed_at_ns = pgl_tx_now_ns(tx);
    if (heard->payment_captured->n_captured_lines > 0)
        PGL_TRY(order_confirm_lines(tx, order, heard->payment_captured, &said));
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_ORDER_CONFIRMED;
    event.payload_case = PAYLOAD(ORDER_CONFIRMED);
    event.order_confirmed = &said;
    return order_say(tx, order, &event);
}

static pgl_status say_cancelled(struct pgl_tx *tx, struct order_row *order)
{
    OrderCancelled said = ORDER_CANCELLED_INIT;
    said.final_status =
        pgl_message_string(order->state == ORDER_CANCELLED ? "CANCELLED" : "FAILED");
    said.reason = pgl_message_string(order->reason.data);
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_ORDER_CANCELLED;
    event.payload_case = PAYLOAD(ORDER_CANCELLED);
    event.order_cancelled = &said;
    return order_say(tx, order, &event);
}

static pgl_status say_cancel_rejected(struct pgl_tx *tx, struct order_row *order)
{
    OrderCancelRejected said = ORDER_CANCEL_REJECTED_INIT;
    said.reason = pgl_message_string("TOO_LATE");
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_ORDER_CANCEL_REJECTED;
    event.payload_case = PAYLOAD(ORDER_CANCEL_REJECTED);
    event.order_cancel_rejected = &said;
    return order_say(tx, order, &event);
}

static pgl_status say(struct pgl_tx *tx, struct order_row *order, EventType type,
                      const Event *heard)
{
    switch ((int)type) {
    case EVENT_TYPE_UNSPECIFIED:
        return PGL_OK;
    case EVENT_TYPE_ORDER_CONFIRMED:
        return say_confirmed(tx, order, heard);
    case EVENT_TYPE_ORDER_CANCELLED:
        return say_cancelled(tx, order);
    case EVENT_TYPE_ORDER_CANCEL_REJECTED:
        return say_cancel_rejected(tx, order);
    default:
        return PGL_FAIL(PGL_INTERNAL, "an order has nothing else to say at its end");
    }
}

static pgl_status check(const Event *event, enum order_input input)
{
    static const int payloads[ORDER_INPUT_COUNT] = {
        [ORDER_ON_ACTION_REQUIRED] = PAYLOAD(PAYMENT_ACTION_REQUIRED),
        [ORDER_ON_AUTHORIZED] = PAYLOAD(PAYMENT_AUTHORIZED),
        [ORDER_ON_RESERVED] = PAYLOAD(INVENTORY_RESERVED),
        [ORDER_ON_OUT_OF_STOCK] = PAYLOAD(INVENTORY_RESERVATION_FAILED),
        [ORDER_ON_CAPTURED] = PAYLOAD(PAYMENT_CAPTURED),
        [ORDER_ON_WITHDRAWN] = PAYLOAD(PAYMENT_VOIDED),
        [ORDER_ON_VOIDED] = PAYLOAD(PAYMENT_VOIDED),
        [ORDER_ON_DECLINED] = PAYLOAD(PAYMENT_DECLINED),
        [ORDER_ON_CAPTURE_FAILED] = PAYLOAD(PAYMENT_CAPTURE_FAILED),
        [ORDER_ON_REFUNDED] = PAYLOAD(PAYMENT_REFUNDED),
        [ORDER_ON_REFUND_FAILED] = PAYLOAD(PAYMENT_REFUND_FAILED),
        [ORDER_ON_SHIPPED] = PAYLOAD(INVENTORY_SHIPPED),
        [ORDER_ON_RETURNED] = PAYLOAD(INVENTORY_RETURNED),
    };
    if (event->key.len != sizeof(pgl_id))
        return PGL_FAIL(PGL_INVALID, "an event about an order without an order's id");
    if ((int)event->payload_case != payloads[input])
        return PGL_FAIL(PGL_INVALID, "an event with another one's payload");
    return PGL_OK;
}

static Cause cause_of(const Event *event)
{
    bool is_void = event->payload_case == PAYLOAD(PAYMENT_VOIDED);
    return is_void ? event->payment_voided->cause : CAUSE_UNSPECIFIED;
}

/* Once the customer has acted nobody wants to know any more. */
static pgl_status note_action(struct pgl_tx *tx, struct order_row *order, const Event *event)
{
    const PaymentActionRequired *heard = event->payment_action_required;
    struct pgl_text known;
    PGL_TRY(order_action_get(&tx->view, order->id, &known));
    if (order->state != ORDER_PENDING || pgl_text_is(known, heard->next_action))
        return PGL_OK;
    order->beyond |= ORDER_HAS_ACTION;
    order_note_change(order, CHANGE_KIND_ACTION_REQUIRED);
    return order_action_put(tx, order->id, pgl_text_of(heard->next_action), heard->expires_at_ns);
}

/* What is beside the state, where an input tells of it. */
static pgl_status (*const notes[ORDER_INPUT_COUNT])(struct pgl_tx *tx, struct order_row *order,
                                                    const Event *event) = {
    [ORDER_ON_ACTION_REQUIRED] = note_action,
    [ORDER_ON_REFUNDED] = order_note_refunded,
    [ORDER_ON_REFUND_FAILED] = order_note_refund_failed,
    [ORDER_ON_SHIPPED] = order_note_shipped,
    [ORDER_ON_RETURNED] = order_note_returned,
};

/* With its lines, where they are needed; as a rule they are not. */
static pgl_status read_order(struct pgl_tx *tx, const Event *event, enum order_input input,
                             struct order_row *order)
{
    pgl_id id;
    memcpy(id.bytes, event->key.data, sizeof id.bytes);
    bool is_partial = input == ORDER_ON_CAPTURED && event->payment_captured->n_captured_lines > 0;
    pgl_status found = is_partial || input >= ORDER_ON_REFUND
                           ? order_get(&tx->view, id, order)
                           : order_get_facts(&tx->view, id, order);
    if (found.code == PGL_NOT_FOUND)
        return PGL_FAIL(PGL_CONFLICT, "an event about an order that is not here");
    return found;
}

pgl_status pgl_orders_hear(struct pgl_tx *tx, int64_t seq, const Event *event)
{
    (void)seq;
    enum order_input input = pgl_order_input_of(event->type, cause_of(event));
    if (input == ORDER_INPUT_COUNT)
        return PGL_OK;
    struct order_row order;
    PGL_TRY(check(event, input));
    PGL_TRY(read_order(tx, event, input, &order));

    enum order_state before = order.state;
    struct order_step step = order_step_of(&order, input);
    if (step.is_impossible)
        return PGL_FAIL(PGL_CONFLICT, "an order in its state cannot hear this");
    if (step.after.state == before && !step.is_noted)
        return PGL_OK; /* heard before, or behind what is known */

    order.state = step.after.state;
    order.reason = order_reason_of(tx, &order, event);
    if (notes[input] != NULL)
        PGL_TRY(notes[input](tx, &order, event));
    PGL_TRY(say(tx, &order, step.says[0], event));
    PGL_TRY(say(tx, &order, step.says[1], event));
    if (order_is_all_sent(&order, event))
        PGL_TRY(order_note_all_sent(tx, &order));
    return order_write(tx, &order, before);
}
