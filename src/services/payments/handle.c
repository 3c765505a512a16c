/*
 * handle.c - see handle.h.
 *
 * The provider of an account is our own ledger, so an operation and its outcome share the
 * transaction: the machine is stepped with what was heard, then with what came of it, until it
 * plans nothing more.
 */
#include "services/payments/handle.h"

#include "services/payments/ledger.h"
#include "services/payments/reserved.h"
#include "wire/message.h"

#define PAYLOAD(name) PANGLOT__EVENTS__V1__EVENT__PAYLOAD_##name

/* One event being handled. */
struct hearing {
    struct pgl_tx *tx;
    struct payment_desk *desk;
    const Event *event;
    struct payment_row row;
    PaymentAuthorized promise; /* of a new order */
};

static pgl_status check(const Event *event, enum payment_input input);
static pgl_status find_row(struct hearing *hearing);
static pgl_status carry_out(struct hearing *hearing, struct payment_step step);
static pgl_status write_row(struct hearing *hearing, enum payment_state before);

pgl_status pgl_payments_handle(struct pgl_tx *tx, int64_t seq, const Event *event)
{
    (void)seq;
    enum payment_input input = pgl_payment_input_of(event->type);
    if (input == PAYMENT_INPUT_COUNT)
        return PGL_OK; /* not for us */
    PGL_TRY(check(event, input));

    struct hearing hearing = { .tx = tx, .desk = pgl_tx_context(tx), .event = event };
    PGL_TRY(find_row(&hearing));
    struct payment_facts before = hearing.row.facts;
    Cause cause =
        input == PAYMENT_ON_CANCEL ? event->order_cancel_requested->cause : CAUSE_UNSPECIFIED;
    struct payment_step step = pgl_payment_step(before, input, cause);
    if (step.is_impossible)
        return PGL_FAIL(PGL_CONFLICT, "a payment in this state cannot hear this event");
    if (step.after.state == before.state && !step.is_planned)
        return PGL_OK; /* heard before, or too late to matter */
    PGL_TRY(carry_out(&hearing, step));
    return write_row(&hearing, before.state);
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

/* ---- the row ---- */

/* All that a new order tells. Any other event of an order that we do not know tells the tenant
 * only. */
static void fill_in_order(struct hearing *hearing, const OrderCreated *order)
{
    struct payment_row *row = &hearing->row;
    row->customer = order->customer;
    row->method = order->payment_method;
    row->currency = order->currency;
    row->amount_minor = order->amount_minor;

    PaymentAuthorized *promise = &hearing->promise;
    *promise = (PaymentAuthorized)PAYMENT_AUTHORIZED_INIT;
    promise->amount_minor = order->amount_minor;
    promise->currency = order->currency;
    promise->n_lines = order->n_lines;
    promise->lines = order->lines;
    promise->ship_to_region = order->ship_to_region;
    promise->allow_partial = order->allow_partial;
    promise->deadline_at_ns = order->deadline_at_ns;
}

static pgl_status find_row(struct hearing *hearing)
{
    const Event *event = hearing->event;
    struct payment_row *row = &hearing->row;
    pgl_id order_id;
    memcpy(order_id.bytes, event->key.data, sizeof order_id.bytes);
    pgl_status status = payment_get(&hearing->tx->view, &order_id, row);
    if (status.code == PGL_NOT_FOUND) {
        *row = (struct payment_row){ .order_id = order_id,
                                     .tenant = event->tenant,
                                     .customer = "",
                                     .method = "",
                                     .decline_code = "",
                                     .currency = "" };
        if (event->type == EVENT_TYPE_ORDER_CREATED)
            fill_in_order(hearing, event->order_created);
    } else {
        PGL_TRY(status);
    }
    /* The ledger needs no handle to find a hold: the payment's row is it. */
    row->facts.has_handle = strcmp(row->method, PGL_METHOD_ACCOUNT) == 0;
    return PGL_OK;
}

static pgl_status write_row(struct hearing *hearing, enum payment_state before)
{
    struct payment_row *row = &hearing->row;
    struct pgl_text promise = { "", 0 };
    if (before == PAYMENT_NONE && hearing->event->type == EVENT_TYPE_ORDER_CREATED)
        PGL_TRY(pgl_message_pack_text(&hearing->promise.base, pgl_tx_arena(hearing->tx), &promise));
    if (before == PAYMENT_NONE)
        PGL_TRY(payment_insert(hearing->tx, row, promise));
    else
        PGL_TRY(payment_update(hearing->tx, row));
    pgl_tally_move(&hearing->desk->tally, before == PAYMENT_NONE ? PGL_TALLY_NOWHERE : (int)before,
                   (int)row->facts.state);
    return PGL_OK;
}

/* ---- what is done ---- */

static pgl_status say(struct hearing *hearing, const struct payment_step *step);
static pgl_status perform(struct hearing *hearing, enum payment_op op, enum payment_input *outcome);

static void raise_orphan(struct hearing *hearing)
{
    char hex[2 * sizeof(pgl_id)];
    pgl_hex_encode(hearing->row.order_id.bytes, sizeof(pgl_id), hex);
    pgl_counter_add(&hearing->desk->orphans, 1);
    pgl_log(&hearing->desk->log.writer->loop->log, PGL_LOG_ERROR, "payments", "orphan",
            "order=%.*s seq=%lld", (int)sizeof hex, hex, (long long)hearing->tx->cause_seq);
}

static pgl_status carry_out(struct hearing *hearing, struct payment_step step)
{
    if (step.is_orphan)
        raise_orphan(hearing);
    PGL_TRY(say(hearing, &step));
    while (step.after.op != PAYMENT_OP_NONE) {
        enum payment_input outcome = OUTCOME_UNKNOWN;
        PGL_TRY(perform(hearing, step.after.op, &outcome));
        step = pgl_payment_step(step.after, outcome, CAUSE_UNSPECIFIED);
        if (step.is_impossible)
            return PGL_FAIL(PGL_INTERNAL, "the ledger had an outcome that the machine has not");
        PGL_TRY(say(hearing, &step));
    }
    hearing->row.facts = step.after;
    return PGL_OK;
}

static pgl_status authorize(struct hearing *hearing, enum payment_input *outcome)
{
    bool is_held;
    PGL_TRY(
        pgl_ledger_hold(hearing->tx, &hearing->row, hearing->desk->default_credit_minor, &is_held));
    if (!is_held)
        hearing->row.decline_code = PGL_DECLINED_NO_CREDIT;
    *outcome = is_held ? OUTCOME_AUTHORIZED : OUTCOME_DECLINED;
    return PGL_OK;
}

static pgl_status capture(struct hearing *hearing, enum payment_input *outcome)
{
    const InventoryReserved *reserved = hearing->event->inventory_reserved;
    int64_t worth_minor = hearing->row.hold_minor;
    if (!reserved->complete) {
        struct pgl_text bytes;
        void *promise;
        PGL_TRY(payment_get_promise(&hearing->tx->view, &hearing->row.order_id, &bytes));
        PGL_TRY(pgl_message_unpack(PAYMENT_AUTHORIZED_DESCRIPTOR, pgl_tx_arena(hearing->tx), bytes,
                                   &promise));
        PGL_TRY(pgl_reserved_worth(promise, reserved, &worth_minor));
    }
    *outcome = OUTCOME_CAPTURED;
    return pgl_ledger_post(hearing->tx, &hearing->row, worth_minor);
}

static pgl_status perform(struct hearing *hearing, enum payment_op op, enum payment_input *outcome)
{
    switch (op) {
    case PAYMENT_OP_CREATE: /* the account's object is there; others have nobody to make one */
        hearing->row.decline_code = PGL_DECLINED_NOT_OFFERED;
        *outcome = OUTCOME_DECLINED;
        return PGL_OK;
    case PAYMENT_OP_AUTHORIZE:
        return authorize(hearing, outcome);
    case PAYMENT_OP_CAPTURE:
        return capture(hearing, outcome);
    case PAYMENT_OP_VOID:
        *outcome = OUTCOME_VOIDED;
        return pgl_ledger_release(hearing->tx, &hearing->row);
    case PAYMENT_OP_FIND: /* a hold is a payment's row: without a row there is no money on it */
        *outcome = OUTCOME_CANCELLED;
        return PGL_OK;
    case PAYMENT_OP_NONE:
    case PAYMENT_OP_COUNT:
        break;
    }
    return PGL_FAIL(PGL_INTERNAL, "an operation that is none");
}

/* ---- what is said ---- */

static pgl_status append(struct hearing *hearing, Event *event)
{
    struct payment_row *row = &hearing->row;
    int64_t bit = INT64_C(1) << (event->type - EVENT_TYPE_PAYMENT_ACTION_REQUIRED);
    if ((row->emitted | row->says) & bit)
        return PGL_FAIL(PGL_INTERNAL, "a payment would say a thing twice");
    row->says |= bit;
    event->key = (ProtobufCBinaryData){ sizeof row->order_id.bytes, row->order_id.bytes };
    event->tenant = (char *)row->tenant;
    event->previous_seq = row->last_event_seq;
    return pgl_log_append(&hearing->desk->log, hearing->tx, event, &row->last_event_seq);
}

static pgl_status say_captured(struct hearing *hearing, Event *event)
{
    PaymentCaptured captured = PAYMENT_CAPTURED_INIT;
    captured.captured_minor = hearing->row.captured_minor;
    captured.currency = (char *)hearing->row.currency;
    PGL_TRY(pgl_reserved_lines(hearing->event->inventory_reserved, pgl_tx_arena(hearing->tx),
                               &captured.captured_lines, &captured.n_captured_lines));
    event->payload_case = PAYLOAD(PAYMENT_CAPTURED);
    event->payment_captured = &captured;
    pgl_status appended = append(hearing, event);
    event->payment_captured = NULL; /* what it pointed to ends here */
    return appended;
}

static pgl_status say(struct hearing *hearing, const struct payment_step *step)
{
    Event event = EVENT_INIT;
    event.type = step->says;
    PaymentDeclined declined = PAYMENT_DECLINED_INIT;
    PaymentVoided voided = PAYMENT_VOIDED_INIT;
    PaymentHoldReleased released = PAYMENT_HOLD_RELEASED_INIT;
    switch (step->says) {
    case EVENT_TYPE_UNSPECIFIED:
        return PGL_OK;
    case EVENT_TYPE_PAYMENT_AUTHORIZED:
        event.payload_case = PAYLOAD(PAYMENT_AUTHORIZED);
        event.payment_authorized = &hearing->promise;
        return append(hearing, &event);
    case EVENT_TYPE_PAYMENT_DECLINED:
        declined.decline_code = (char *)hearing->row.decline_code;
        event.payload_case = PAYLOAD(PAYMENT_DECLINED);
        event.payment_declined = &declined;
        return append(hearing, &event);
    case EVENT_TYPE_PAYMENT_VOIDED:
        voided.cause = step->after.cause;
        voided.hold = step->hold;
        event.payload_case = PAYLOAD(PAYMENT_VOIDED);
        event.payment_voided = &voided;
        return append(hearing, &event);
    case EVENT_TYPE_PAYMENT_CAPTURED:
        return say_captured(hearing, &event);
    case EVENT_TYPE_PAYMENT_HOLD_RELEASED:
        released.how = step->hold;
        event.payload_case = PAYLOAD(PAYMENT_HOLD_RELEASED);
        event.payment_hold_released = &released;
        return append(hearing, &event);
    default: /* the ledger asks nothing of a customer, and what it holds it can always post */
        return PGL_FAIL(PGL_INTERNAL, "a payment would say what an account never does");
    }
}
