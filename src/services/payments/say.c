/* say.c - see say.h. */
#include "services/payments/say.h"

#include "wire/message.h"

#define PAYLOAD(name) PANGLOT__EVENTS__V1__EVENT__PAYLOAD_##name

static pgl_status append(struct payment_turn *turn, Event *event)
{
    struct payment_row *row = &turn->row;
    event->key = (ProtobufCBinaryData){ sizeof row->order_id.bytes, row->order_id.bytes };
    event->tenant = (char *)row->tenant;
    event->previous_seq = row->last_event_seq;
    return pgl_log_append(&turn->desk->log, turn->tx, event, &row->last_event_seq);
}

static int64_t bit_of(EventType type)
{
    return INT64_C(1) << (type - EVENT_TYPE_PAYMENT_ACTION_REQUIRED);
}

static pgl_status append_once(struct payment_turn *turn, Event *event)
{
    struct payment_row *row = &turn->row;
    if ((row->emitted | row->says) & bit_of(event->type))
        return PGL_FAIL(PGL_INTERNAL, "a payment would say a thing twice");
    row->says |= bit_of(event->type);
    return append(turn, event);
}

pgl_status payment_need_promise(struct payment_turn *turn)
{
    struct pgl_text bytes;
    void *promise;
    if (turn->promise != NULL)
        return PGL_OK;
    PGL_TRY(payment_get_promise(&turn->tx->view, &turn->row.order_id, &bytes));
    PGL_TRY(
        pgl_message_unpack(PAYMENT_AUTHORIZED_DESCRIPTOR, pgl_tx_arena(turn->tx), bytes, &promise));
    turn->promise = promise;
    return PGL_OK;
}

static pgl_status say_action(struct payment_turn *turn, Event *event)
{
    PaymentActionRequired action = PAYMENT_ACTION_REQUIRED_INIT;
    PGL_TRY(payment_need_promise(turn));
    action.next_action = (char *)turn->card.next_action;
    action.expires_at_ns = turn->promise->deadline_at_ns;
    event->payload_case = PAYLOAD(PAYMENT_ACTION_REQUIRED);
    event->payment_action_required = &action;
    pgl_status appended = append_once(turn, event);
    event->payment_action_required = NULL; /* what it pointed to ends here */
    return appended;
}

static pgl_status say_authorized(struct payment_turn *turn, Event *event)
{
    PGL_TRY(payment_need_promise(turn));
    PaymentAuthorized authorized = *turn->promise;
    if (turn->is_outside) {
        authorized.handle = (char *)turn->card.handle;
        authorized.hold_expires_at_ns = turn->card.hold_expires_at_ns;
    }
    event->payload_case = PAYLOAD(PAYMENT_AUTHORIZED);
    event->payment_authorized = &authorized;
    pgl_status appended = append_once(turn, event);
    event->payment_authorized = NULL;
    return appended;
}

/* What is taken was written down when it was decided; an orphan's was never. */
static pgl_status say_captured(struct payment_turn *turn, Event *event)
{
    PaymentCaptured none = PAYMENT_CAPTURED_INIT, *captured = &none;
    if (turn->card.taking.size > 0) {
        void *message;
        PGL_TRY(pgl_message_unpack(PAYMENT_CAPTURED_DESCRIPTOR, pgl_tx_arena(turn->tx),
                                   turn->card.taking, &message));
        captured = message;
    }
    captured->captured_minor = turn->row.captured_minor;
    captured->currency = (char *)turn->row.currency;
    if (turn->has_card)
        captured->handle = (char *)turn->card.handle;
    event->payload_case = PAYLOAD(PAYMENT_CAPTURED);
    event->payment_captured = captured;
    pgl_status appended = append_once(turn, event);
    event->payment_captured = NULL;
    return appended;
}

pgl_status payment_say(struct payment_turn *turn, const struct payment_step *step)
{
    Event event = EVENT_INIT;
    event.type = step->says;
    PaymentDeclined declined = PAYMENT_DECLINED_INIT;
    PaymentVoided voided = PAYMENT_VOIDED_INIT;
    PaymentCaptureFailed failed = PAYMENT_CAPTURE_FAILED_INIT;
    PaymentHoldReleased released = PAYMENT_HOLD_RELEASED_INIT;
    switch (step->says) {
    case EVENT_TYPE_UNSPECIFIED:
        return PGL_OK;
    case EVENT_TYPE_PAYMENT_ACTION_REQUIRED:
        return say_action(turn, &event);
    case EVENT_TYPE_PAYMENT_AUTHORIZED:
        return say_authorized(turn, &event);
    case EVENT_TYPE_PAYMENT_CAPTURED:
        return say_captured(turn, &event);
    case EVENT_TYPE_PAYMENT_DECLINED:
        declined.decline_code = (char *)turn->row.decline_code;
        event.payload_case = PAYLOAD(PAYMENT_DECLINED);
        event.payment_declined = &declined;
        return append_once(turn, &event);
    case EVENT_TYPE_PAYMENT_VOIDED:
        voided.cause = step->after.cause;
        voided.hold = step->hold;
        event.payload_case = PAYLOAD(PAYMENT_VOIDED);
        event.payment_voided = &voided;
        return append_once(turn, &event);
    case EVENT_TYPE_PAYMENT_CAPTURE_FAILED:
        failed.failure_code = (char *)turn->row.decline_code;
        failed.hold = step->hold;
        event.payload_case = PAYLOAD(PAYMENT_CAPTURE_FAILED);
        event.payment_capture_failed = &failed;
        return append_once(turn, &event);
    case EVENT_TYPE_PAYMENT_HOLD_RELEASED:
        if (turn->has_card)
            released.handle = (char *)turn->card.handle;
        released.how = step->hold;
        event.payload_case = PAYLOAD(PAYMENT_HOLD_RELEASED);
        event.payment_hold_released = &released;
        return append_once(turn, &event);
    default:
        return PGL_FAIL(PGL_INTERNAL, "a payment would say what none does");
    }
}

/* Each refund has an end of its own, so it is the refund's row that says it once. */
pgl_status payment_say_refund(struct payment_turn *turn, Event *event)
{
    return append(turn, event);
}
