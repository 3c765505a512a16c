/* operators.c - see operators.h. */
#include "services/payments/operators.h"

#include <stdio.h>

#include "base/assert.h"
#include "saga/audit_log.h"
#include "saga/caller.h"
#include "services/payments/card_rules.h"
#include "services/payments/intents.h"
#include "services/payments/refunds.h"
#include "wire/message.h"

static const char not_found[] = "nothing is open at the provider for this order";

_Static_assert((int)PAYMENT_OP_CREATE == (int)PROVIDER_OP_CREATE &&
                   (int)INTENT_OP_REFUND == (int)PROVIDER_OP_REFUND &&
                   (int)OP_UNKNOWN == (int)INTENT_STATE_UNKNOWN &&
                   (int)INTENT_PARKED == (int)INTENT_STATE_PARKED,
               "operations and their states are those of the contract");

static pgl_status check_caller(const Caller *caller)
{
    return pgl_caller_is_operator(caller) ? PGL_OK : PGL_FAIL(PGL_DENIED, "this is for operators");
}

/* ---- seeing ---- */

static Intent *show(const struct pgl_view *view, const struct intent_row *row)
{
    Intent *intent = pgl_message_new(INTENT_DESCRIPTOR, view->arena);
    char *id = pgl_arena_zalloc(view->arena, PGL_ID_TEXT_BYTES + 1);
    if (intent == NULL || id == NULL)
        return NULL;
    pgl_id_format(row->order_id, id);
    intent->order_id = id;
    intent->refund_no = (int32_t)row->refund_no;
    intent->op = (ProviderOp)row->op;
    intent->state = (IntentState)row->op_state;
    intent->attempt = (int32_t)row->attempt;
    intent->tries = (int32_t)row->tries;
    intent->last_seen = pgl_message_string(row->seen < 0 ? "" : pgl_card_seen_names[row->seen]);
    intent->http_status = row->http_status;
    intent->planned_at_ns = row->planned_at_ns;
    intent->sent_at_ns = row->sent_at_ns;
    intent->due_at_ns = row->due_at_ns;
    intent->handle = pgl_message_string(row->handle != NULL ? row->handle : "");
    intent->amount_minor = row->amount_minor;
    intent->currency = pgl_message_string(row->currency != NULL ? row->currency : "");
    return intent;
}

/* "<order id>.<refund no>", of the last one shown. */
static pgl_status read_cursor(const char *cursor, pgl_id *order_id, int64_t *refund_no)
{
    struct pgl_text number = pgl_text_of(cursor);
    *order_id = (pgl_id){ { 0 } };
    *refund_no = -1;
    if (number.size == 0)
        return PGL_OK;
    struct pgl_text id = pgl_text_cut(&number, '.');
    bool is_ours = pgl_is_ok(pgl_id_parse(id, order_id)) && number.data != NULL &&
                   pgl_is_ok(pgl_text_to_i64(number, refund_no));
    return is_ours ? PGL_OK : PGL_FAIL(PGL_INVALID, "cursor: not one that we gave");
}

static pgl_status give_cursor(const struct pgl_view *view, const struct intent_row *last,
                              ListIntentsResponse *reply)
{
    char id[PGL_ID_TEXT_BYTES];
    pgl_id_format(last->order_id, id);
    reply->next = (char *)pgl_arena_printf(view->arena, "%.*s.%lld", PGL_ID_TEXT_BYTES, id,
                                           (long long)last->refund_no);
    return reply->next != NULL ? PGL_OK : PGL_NO_MEMORY;
}

pgl_status pgl_operators_list(const struct pgl_view *view, const ListIntentsRequest *ask,
                              ListIntentsResponse *reply)
{
    pgl_id behind;
    int64_t behind_no;
    int count;
    if (!pgl_caller_is_staff(ask->caller))
        return PGL_FAIL(PGL_DENIED, "this is for the staff");
    PGL_TRY(read_cursor(ask->cursor, &behind, &behind_no));
    bool is_of_one = ask->order_id[0] != '\0';
    if (is_of_one && !pgl_is_ok(pgl_id_parse(pgl_text_of(ask->order_id), &behind)))
        return PGL_FAIL(PGL_NOT_FOUND, not_found);
    if (ask->limit < 1 || ask->limit > PGL_INTENTS_PAGE_MAX)
        return PGL_FAIL(PGL_INVALID, "limit: 1 to 100 is expected");
    const struct payment_desk *desk = view->context;
    struct intents_wish wish = { .tenant = ask->caller->tenant,
                                 .op_state = (int)ask->state,
                                 .planned_until_ns = INT64_MAX,
                                 .planned_until_job = INT64_MAX };
    if (ask->older_than_ns > 0)
        wish.planned_until_ns =
            pgl_clock_wall_ns(&desk->log.writer->loop->platform->clock) - ask->older_than_ns;
    struct intent_row *rows = pgl_arena_alloc(view->arena, ((size_t)ask->limit + 1) * sizeof *rows);
    reply->items = pgl_arena_alloc(view->arena, (size_t)ask->limit * sizeof *reply->items);
    if (rows == NULL || reply->items == NULL)
        return PGL_NO_MEMORY;
    PGL_TRY(intents_page(view, &wish, &behind, behind_no, ask->limit + 1, rows, &count));
    for (int i = 0; i < count && i < ask->limit; i++) {
        if (is_of_one && !pgl_id_equal(rows[i].order_id, behind))
            return PGL_OK;
        reply->items[reply->n_items] = show(view, &rows[i]);
        if (reply->items[reply->n_items++] == NULL)
            return PGL_NO_MEMORY;
    }
    return count > ask->limit && !is_of_one ? give_cursor(view, &rows[ask->limit - 1], reply)
                                            : PGL_OK;
}

/* ---- helping on ---- */

static pgl_status find(struct payment_turn *turn, const Caller *caller, const char *id,
                       int64_t refund_no)
{
    pgl_id order_id;
    PGL_TRY(check_caller(caller));
    if (!pgl_is_ok(pgl_id_parse(pgl_text_of(id), &order_id)))
        return PGL_FAIL(PGL_NOT_FOUND, not_found);
    pgl_status found = payment_turn_begin_for(turn, &order_id, caller);
    if (found.code == PGL_NOT_FOUND)
        return PGL_FAIL(PGL_NOT_FOUND, not_found);
    PGL_TRY(found);
    if (refund_no != 0)
        PGL_TRY(
            intent_get(&turn->tx->view, &order_id, refund_no, &turn->intent, &turn->has_intent));
    return turn->has_intent ? PGL_OK : PGL_FAIL(PGL_NOT_FOUND, not_found);
}

pgl_status pgl_operators_retry(struct pgl_tx *tx, const RetryIntentRequest *ask,
                               RetryIntentResponse *reply)
{
    struct payment_turn turn = { .tx = tx, .desk = pgl_tx_context(tx) };
    bool is_due;
    PGL_TRY(find(&turn, ask->caller, ask->order_id, ask->refund_no));
    PGL_TRY(pgl_intents_hasten(tx, &turn.row.order_id, ask->refund_no, false, &is_due));
    if (!is_due)
        return PGL_FAIL(PGL_CONFLICT, "it is being tried now");
    PGL_TRY(
        pgl_audit_log_append(tx, ask->caller, "intent.retry", ask->order_id, ask->reason, "due"));
    PGL_TRY(
        intent_get(&tx->view, &turn.row.order_id, ask->refund_no, &turn.intent, &turn.has_intent));
    turn.intent.currency = turn.row.currency;
    turn.intent.handle = turn.card.handle;
    reply->intent = show(&tx->view, &turn.intent);
    return reply->intent != NULL ? PGL_OK : PGL_NO_MEMORY;
}

/* What a person says, as the provider would have said it. */
static const enum provider_status spoken[] = {
    [SETTLED_AS_AUTHORIZED] = PROVIDER_HELD,
    [SETTLED_AS_CAPTURED] = PROVIDER_CAPTURED,
    [SETTLED_AS_CANCELLED] = PROVIDER_CANCELLED,
    [SETTLED_AS_DECLINED] = PROVIDER_DECLINED,
};

static pgl_status settle_payment(struct payment_turn *turn, SettledAs outcome)
{
    const struct intent_row *intent = &turn->intent;
    struct provider_call *said = pgl_arena_zalloc(pgl_tx_arena(turn->tx), sizeof *said);
    if (said == NULL)
        return PGL_NO_MEMORY;
    said->verb = PROVIDER_GET;
    said->seen = PROVIDER_SEEN_OUTCOME;
    said->object.order_id = intent->order_id;
    said->object.status = spoken[outcome];
    said->object.amount_minor = turn->row.amount_minor;
    if (turn->has_card)
        snprintf(said->object.handle, sizeof said->object.handle, "%s", turn->card.handle);
    if (outcome == SETTLED_AS_CAPTURED)
        PGL_TRY(payment_turn_expected(turn, &said->object.captured_minor));
    turn->answer = said;
    if (intent->op == PAYMENT_OP_CREATE && outcome != SETTLED_AS_DECLINED)
        return PGL_FAIL(PGL_CONFLICT, "without an object it can be declined only");
    enum payment_input input =
        intent->op == PAYMENT_OP_CREATE
            ? OUTCOME_DECLINED
            : pgl_payment_outcome_of((enum payment_op)intent->op, said->object.status);
    struct payment_step step = pgl_payment_step(turn->row.facts, input, CAUSE_UNSPECIFIED);
    if (input == OUTCOME_AGAIN || input == OUTCOME_UNKNOWN || step.is_impossible)
        return PGL_FAIL(PGL_CONFLICT, "that is no end of what is open");
    PGL_TRY(payment_turn_learn(turn, input));
    PGL_TRY(payment_turn_book(turn));
    PGL_TRY(payment_turn_carry(turn, step));
    return payment_turn_write(turn);
}

static pgl_status settle_refund(struct payment_turn *turn, SettledAs outcome, const char *reason)
{
    struct refund_row refund;
    bool is_there;
    PGL_TRY(refund_get(&turn->tx->view, &turn->row.order_id, turn->intent.refund_no, &refund,
                       &is_there));
    PGL_ASSERT(is_there);
    turn->has_intent = false;
    if (outcome == SETTLED_AS_REFUND_FAILED)
        refund.failure_code = reason;
    return pgl_refunds_end(turn, &refund,
                           outcome == SETTLED_AS_REFUNDED ? REFUND_DONE : REFUND_FAILED);
}

pgl_status pgl_operators_settle(struct pgl_tx *tx, const SettleIntentRequest *ask,
                                SettleIntentResponse *reply)
{
    struct payment_turn turn = { .tx = tx, .desk = pgl_tx_context(tx) };
    bool is_of_refund =
        ask->outcome == SETTLED_AS_REFUNDED || ask->outcome == SETTLED_AS_REFUND_FAILED;
    PGL_TRY(check_caller(ask->caller));
    PGL_TRY(pgl_reason_check(ask->reason));
    if (ask->outcome < SETTLED_AS_AUTHORIZED || ask->outcome > SETTLED_AS_REFUND_FAILED ||
        is_of_refund != (ask->refund_no != 0))
        return PGL_FAIL(PGL_INVALID, "outcome: not one that this can have");
    PGL_TRY(find(&turn, ask->caller, ask->order_id, ask->refund_no));
    if (turn.intent.op_state == OP_IN_FLIGHT)
        return PGL_FAIL(PGL_CONFLICT, "it is being tried now");
    if (is_of_refund)
        PGL_TRY(settle_refund(&turn, ask->outcome, ask->reason));
    else
        PGL_TRY(settle_payment(&turn, ask->outcome));
    reply->state = (PaymentState)turn.row.facts.state;
    static const char *const outcomes[] = { "",         "authorized", "captured",     "cancelled",
                                            "declined", "refunded",   "refund_failed" };
    return pgl_audit_log_append(tx, ask->caller, "intent.settle", ask->order_id, ask->reason,
                                outcomes[ask->outcome]);
}
