/* answers.c - see answers.h. */
#include "services/payments/answers.h"

#include "events/story.h"
#include "saga/audit_log.h"
#include "services/payments/card_sql.h"
#include "services/payments/ledger.h"
#include "wire/message.h"

static const char not_found[] = "no payment belongs to this order";
/* The machine's numbers are the contract's. */
_Static_assert((int)PAYMENT_AUTHORIZING == (int)PAYMENT_STATE_AUTHORIZING &&
                   (int)PAYMENT_CAPTURE_FAILED == (int)PAYMENT_STATE_CAPTURE_FAILED,
               "the states of the machine are those of the contract");

static const char *const cause_names[] = {
    [CAUSE_UNSPECIFIED] = "",
    [CAUSE_CLIENT] = "client",
    [CAUSE_DEADLINE] = "deadline",
    [CAUSE_OPERATOR] = "operator",
    [CAUSE_OUT_OF_STOCK] = "out_of_stock",
    [CAUSE_ORPHAN] = "orphan",
};

static const char *reason_of(const struct payment_row *row)
{
    bool is_refused =
        row->facts.state == PAYMENT_DECLINED || row->facts.state == PAYMENT_CAPTURE_FAILED;
    return is_refused ? row->decline_code : cause_names[row->facts.cause];
}

/* Where its customer has to go; the provider's object is not their business. */
static pgl_status show_card(const struct pgl_view *view, const struct payment_row *row,
                            const Caller *caller, Payment *payment)
{
    struct card_row card;
    bool is_there = false;
    if (row->account_id == PROVIDER_ACCOUNT_ID)
        PGL_TRY(card_get(view, &row->order_id, &card, &is_there));
    if (is_there && row->facts.state == PAYMENT_ACTION_REQUIRED)
        payment->next_action = (char *)card.next_action;
    if (is_there && caller->role == ROLE_OPERATOR)
        payment->handle = (char *)card.handle;
    return PGL_OK;
}

pgl_status pgl_payments_get(const struct pgl_view *view, const GetPaymentRequest *ask,
                            GetPaymentResponse *reply)
{
    pgl_id order_id;
    struct payment_row row;
    if (!pgl_is_ok(pgl_id_parse(pgl_text_of(ask->order_id), &order_id)))
        return PGL_FAIL(PGL_NOT_FOUND, not_found);
    PGL_TRY(payment_get_for(view, &order_id, ask->caller, &row));
    char *id = pgl_arena_zalloc(view->arena, PGL_ID_TEXT_BYTES + 1);
    Payment *payment = pgl_message_new(PAYMENT_DESCRIPTOR, view->arena);
    if (id == NULL || payment == NULL)
        return PGL_NO_MEMORY;
    pgl_id_format(order_id, id);
    payment->order_id = id;
    payment->method = (char *)row.method;
    payment->state = (PaymentState)row.facts.state;
    payment->currency = (char *)row.currency;
    payment->amount_minor = row.amount_minor;
    payment->authorized_minor = row.authorized_minor;
    payment->captured_minor = row.captured_minor;
    payment->refunded_minor = row.refunded_minor;
    payment->reason = (char *)reason_of(&row);
    reply->payment = payment;
    return show_card(view, &row, ask->caller, payment);
}

pgl_status pgl_payments_story(const struct pgl_view *view, const ReadKeyRequest *ask,
                              ReadKeyResponse *reply)
{
    pgl_id order_id;
    struct payment_row row;
    if (ask->key.len != sizeof order_id.bytes)
        return PGL_FAIL(PGL_NOT_FOUND, not_found);
    memcpy(order_id.bytes, ask->key.data, sizeof order_id.bytes);
    PGL_TRY(payment_get_for(view, &order_id, ask->caller, &row));
    return pgl_story_read(view, LOG_PAYMENTS, row.last_event_seq, reply);
}

/* "CAPTURING, CAPTURE is in flight". */
pgl_status pgl_payments_describe(const struct pgl_view *view, const char *tenant,
                                 const pgl_id *order_id, const char **state)
{
    static const char *const ops[PAYMENT_OP_COUNT] = {
        [PAYMENT_OP_CREATE] = "CREATE",   [PAYMENT_OP_AUTHORIZE] = "AUTHORIZE",
        [PAYMENT_OP_CAPTURE] = "CAPTURE", [PAYMENT_OP_VOID] = "VOID",
        [PAYMENT_OP_FIND] = "FIND",
    };
    static const char *const stages[] = {
        [OP_IDLE] = "is done",
        [OP_PLANNED] = "is planned",
        [OP_IN_FLIGHT] = "is in flight",
        [OP_UNKNOWN] = "is asked about",
    };
    struct payment_row row;
    pgl_status found = payment_get_of(view, order_id, tenant, &row);
    *state = NULL;
    if (found.code == PGL_NOT_FOUND)
        return PGL_OK;
    PGL_TRY(found);
    *state = pgl_payment_machine.state_names[row.facts.state];
    if (row.facts.op != PAYMENT_OP_NONE)
        *state = pgl_arena_printf(view->arena, "%s, %s %s", *state, ops[row.facts.op],
                                  stages[row.facts.op_state]);
    return PGL_OK;
}

pgl_status pgl_payments_put_credit_line(struct pgl_tx *tx, const PutCreditLineRequest *ask,
                                        PutCreditLineResponse *reply)
{
    (void)reply;
    if (ask->caller == NULL || ask->caller->role != ROLE_OPERATOR)
        return PGL_FAIL(PGL_DENIED, "only an operator opens a credit line");
    PGL_TRY(pgl_payments_put_credit(tx, ask->caller->tenant, ask->customer, ask->currency,
                                    ask->credit_minor));
    return pgl_audit_log_append(
        tx, ask->caller, "credit.put", ask->customer, "",
        pgl_arena_printf(pgl_tx_arena(tx), "%lld %s", (long long)ask->credit_minor, ask->currency));
}
