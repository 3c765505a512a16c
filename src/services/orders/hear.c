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

/* By the cause of PaymentVoided, in words that a customer understands. */
static const char *reason_of_cause(Cause cause)
{
    switch ((int)cause) {
    case CAUSE_CLIENT:
        return "cancelled by the customer";
    case CAUSE_OPERATOR:
        return "cancelled by an operator";
    case CAUSE_DEADLINE:
        return "not settled in time";
    case CAUSE_OUT_OF_STOCK:
        return "out of stock";
    default:
        return "payment voided";
    }
}

static const char *first_shortage(struct pgl_arena *arena, const InventoryReservationFailed *failed)
{
    if (failed->n_shortages == 0)
        return "out of stock";
    const Shortage *shortage = failed->shortages[0];
    return pgl_arena_printf(arena, "out of stock: line %d wants %lld of %s, %lld available",
                            (int)shortage->line_no, (long long)shortage->wanted, shortage->sku,
                            (long long)shortage->available);
}

/* Why the order is as it is, as far as this event tells; else what was known before. */
static struct pgl_text reason_of(struct pgl_tx *tx, const struct order_row *order,
                                 const Event *heard)
{
    struct pgl_arena *arena = pgl_tx_arena(tx);
    switch (heard->payload_case) {
    case PAYLOAD(INVENTORY_RESERVATION_FAILED):
        return pgl_text_of(first_shortage(arena, heard->inventory_reservation_failed));
    case PAYLOAD(PAYMENT_VOIDED):
        /* Inventory may have told more of it already. */
        if (heard->payment_voided->cause == CAUSE_OUT_OF_STOCK && order->reason.size > 0)
            return order->reason;
        return pgl_text_of(reason_of_cause(heard->payment_voided->cause));
    case PAYLOAD(PAYMENT_DECLINED):
        return pgl_text_of(
            pgl_arena_printf(arena, "payment declined: %s", heard->payment_declined->decline_code));
    case PAYLOAD(PAYMENT_CAPTURE_FAILED):
        return pgl_text_of(pgl_arena_printf(arena, "payment failed: %s",
                                            heard->payment_capture_failed->failure_code));
    default:
        return order->reason;
    }
}

pgl_status order_say(struct pgl_tx *tx, struct order_row *order, Event *event)
{
    struct pgl_orders_state *orders = pgl_tx_context(tx);
    event->key = (ProtobufCBinaryData){ sizeof order->id.bytes, order->id.bytes };
    event->tenant = pgl_message_string(order->tenant.data);
    event->previous_seq = order->last_event_seq;
    order->said += INT64_C(1) << event->type; /* added, so that the database sees a second time */
    return pgl_log_append(&orders->log, tx, event, &order->last_event_seq);
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

pgl_status pgl_orders_hear(struct pgl_tx *tx, int64_t seq, const Event *event)
{
    (void)seq;
    struct pgl_orders_state *orders = pgl_tx_context(tx);
    enum order_input input = pgl_order_input_of(event->type, cause_of(event));
    if (input == ORDER_INPUT_COUNT)
        return PGL_OK;
    pgl_id id;
    struct order_row order;
    PGL_TRY(check(event, input));
    memcpy(id.bytes, event->key.data, sizeof id.bytes);
    pgl_status found = order_get_facts(&tx->view, id, &order);
    if (found.code == PGL_NOT_FOUND)
        return PGL_FAIL(PGL_CONFLICT, "an event about an order that is not here");
    PGL_TRY(found);

    enum order_state before = order.state;
    struct order_step step =
        pgl_order_step((struct order_facts){ order.state, order.cancel }, input);
    if (step.is_impossible)
        return PGL_FAIL(PGL_CONFLICT, "an order in its state cannot hear this");
    if (step.after.state == before && !step.is_noted)
        return PGL_OK; /* heard before, or behind what is known */

    order.state = step.after.state;
    order.reason = reason_of(tx, &order, event);
    PGL_TRY(say(tx, &order, step.says[0], event));
    PGL_TRY(say(tx, &order, step.says[1], event));
    PGL_TRY(order_update(tx, &order, before));
    if (order.state != before) {
        pgl_tally_move(&orders->tally, (int)before, (int)order.state);
        pgl_waits_note(&orders->waits, id);
        if (order.state >= ORDER_CONFIRMED)
            pgl_deadlines_end(&orders->deadlines, id);
    }
    return PGL_OK;
}
