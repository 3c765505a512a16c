/* refunds.c - see refunds.h. */
#include "services/payments/refunds.h"

#include "saga/admin.h"
#include "services/payments/ledger.h"
#include "services/payments/say.h"
#include "wire/message.h"

#define PAYLOAD(name) PANGLOT__EVENTS__V1__EVENT__PAYLOAD_##name

static pgl_status check(const Event *event)
{
    if (event->key.len != sizeof(pgl_id))
        return PGL_FAIL(PGL_INVALID, "an event of an order without the order's id");
    if (event->payload_case != PAYLOAD(ORDER_REFUND_REQUESTED))
        return PGL_FAIL(PGL_INVALID, "an event with another one's payload");
    const OrderRefundRequested *asked = event->order_refund_requested;
    if (asked->refund_no < 1 || asked->amount_minor < 0)
        return PGL_FAIL(PGL_INVALID, "a refund without a number, or of less than nothing");
    return PGL_OK;
}

/* NULL: it can be given back. */
static pgl_status find_objection(struct payment_turn *turn, const OrderRefundRequested *asked,
                                 const char **objection)
{
    const struct payment_row *row = &turn->row;
    int64_t pending_minor, first_no;
    PGL_TRY(refunds_pending(&turn->tx->view, &row->order_id, &pending_minor, &first_no));
    int64_t left_minor = row->captured_minor - row->refunded_minor - pending_minor;
    *objection = NULL;
    if (row->facts.state != PAYMENT_CAPTURED || strcmp(row->currency, asked->currency) != 0)
        *objection = PGL_REFUND_NOT_CAPTURED;
    else if (asked->amount_minor > left_minor)
        *objection = PGL_REFUND_TOO_MUCH;
    return PGL_OK;
}

static pgl_status pack_telling(struct payment_turn *turn, const OrderRefundRequested *asked,
                               struct pgl_text *telling)
{
    PaymentRefunded refunded = PAYMENT_REFUNDED_INIT;
    refunded.refund_no = asked->refund_no;
    refunded.amount_minor = asked->amount_minor;
    refunded.currency = (char *)turn->row.currency;
    refunded.n_lines = asked->n_lines;
    refunded.lines = asked->lines;
    return pgl_message_pack_text(&refunded.base, pgl_tx_arena(turn->tx), telling);
}

static pgl_status plan(struct payment_turn *turn, const struct refund_row *refund)
{
    int64_t now_ns = pgl_tx_now_ns(turn->tx);
    struct intent_row intent = { .order_id = refund->order_id,
                                 .refund_no = refund->refund_no,
                                 .op = INTENT_OP_REFUND,
                                 .op_state = OP_PLANNED,
                                 .attempt = 1,
                                 .due_at_ns = now_ns,
                                 .planned_at_ns = now_ns,
                                 .sent_seen = INTENT_SEEN_NONE,
                                 .seen = INTENT_SEEN_NONE,
                                 .code = "",
                                 .amount_minor = refund->amount_minor };
    turn->desk->nudge.is_wanted = true;
    PGL_TRY(pgl_admin_newest_job(&turn->tx->view, &intent.planned_job));
    return intent_put(turn->tx, &intent);
}

static pgl_status say_done(struct payment_turn *turn, const struct refund_row *refund)
{
    void *message;
    PGL_TRY(pgl_message_unpack(PAYMENT_REFUNDED_DESCRIPTOR, pgl_tx_arena(turn->tx), refund->telling,
                               &message));
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_PAYMENT_REFUNDED;
    event.payload_case = PAYLOAD(PAYMENT_REFUNDED);
    event.payment_refunded = message;
    event.payment_refunded->handle = (char *)refund->handle;
    return payment_say_refund(turn, &event);
}

static pgl_status say_failed(struct payment_turn *turn, const struct refund_row *refund)
{
    PaymentRefundFailed failed = PAYMENT_REFUND_FAILED_INIT;
    failed.refund_no = (int32_t)refund->refund_no;
    failed.amount_minor = refund->amount_minor;
    failed.failure_code = (char *)refund->failure_code;
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_PAYMENT_REFUND_FAILED;
    event.payload_case = PAYLOAD(PAYMENT_REFUND_FAILED);
    event.payment_refund_failed = &failed;
    pgl_status said = payment_say_refund(turn, &event);
    event.payment_refund_failed = NULL; /* what it pointed to ends here */
    return said;
}

/* The ledger, the event, the rows. */
static pgl_status end(struct payment_turn *turn, struct refund_row *refund, enum refund_state state)
{
    refund->state = state;
    if (state == REFUND_DONE) {
        PGL_TRY(pgl_ledger_refund(turn->tx, &turn->row, refund->refund_no, refund->amount_minor));
        PGL_TRY(say_done(turn, refund));
    } else {
        PGL_TRY(say_failed(turn, refund));
    }
    PGL_TRY(refund_put(turn->tx, refund));
    return payment_turn_write(turn);
}

static pgl_status begin(struct payment_turn *turn, struct refund_row *refund)
{
    int64_t pending_minor, first_no;
    PGL_TRY(refunds_pending(&turn->tx->view, &refund->order_id, &pending_minor, &first_no));
    PGL_TRY(refund_put(turn->tx, refund));
    return first_no == 0 ? plan(turn, refund) : PGL_OK; /* else behind those before it */
}

pgl_status pgl_refunds_hear(struct pgl_tx *tx, const Event *event)
{
    PGL_TRY(check(event));
    const OrderRefundRequested *asked = event->order_refund_requested;
    struct payment_turn turn = { .tx = tx, .desk = pgl_tx_context(tx), .event = event };
    struct refund_row refund = { .refund_no = asked->refund_no,
                                 .state = REFUND_PENDING,
                                 .amount_minor = asked->amount_minor,
                                 .handle = "" };
    bool is_there;
    memcpy(refund.order_id.bytes, event->key.data, sizeof refund.order_id.bytes);
    PGL_TRY(payment_turn_begin(&turn, &refund.order_id, event->tenant));
    if (turn.is_new)
        return PGL_FAIL(PGL_CONFLICT, "a refund of an order that we do not know");
    struct refund_row known;
    PGL_TRY(refund_get(&tx->view, &refund.order_id, refund.refund_no, &known, &is_there));
    if (is_there)
        return PGL_OK; /* heard before */
    PGL_TRY(pack_telling(&turn, asked, &refund.telling));
    PGL_TRY(find_objection(&turn, asked, &refund.failure_code));
    if (refund.failure_code != NULL)
        return end(&turn, &refund, REFUND_FAILED);
    refund.failure_code = "";
    if (turn.is_outside && refund.amount_minor > 0)
        return begin(&turn, &refund);
    return end(&turn, &refund, REFUND_DONE);
}

pgl_status pgl_refunds_end(struct payment_turn *turn, struct refund_row *refund,
                           enum refund_state state)
{
    int64_t pending_minor, next_no;
    bool is_there;
    PGL_TRY(end(turn, refund, state));
    PGL_TRY(intent_delete(turn->tx, &refund->order_id, refund->refund_no));
    PGL_TRY(refunds_pending(&turn->tx->view, &refund->order_id, &pending_minor, &next_no));
    if (next_no == 0)
        return PGL_OK;
    struct refund_row next;
    PGL_TRY(refund_get(&turn->tx->view, &refund->order_id, next_no, &next, &is_there));
    return plan(turn, &next);
}
