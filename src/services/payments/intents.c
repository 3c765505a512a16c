/* intents.c - see intents.h. */
#include "services/payments/intents.h"

#include <stdio.h>

#include "base/assert.h"
#include "services/payments/card_rules.h"
#include "services/payments/refunds.h"
#include "services/payments/turn.h"
#include "services/payments/provider_hold.h"

static pgl_status check_epoch(const struct payment_desk *desk, int64_t epoch)
{
    return epoch == desk->epoch ? PGL_OK
                                : PGL_FAIL(PGL_CONFLICT, "another run has the provider's calls");
}

/* ---- claims ---- */

static void put_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

/* In flight from here on; the row is still to be written. */
static void claim(const struct payment_desk *desk, struct intent_row *intent, int64_t now_ns,
                  struct card_task *task)
{
    *task = (struct card_task){ .order_id = intent->order_id,
                                .refund_no = intent->refund_no,
                                .op = intent->op,
                                .verb = pgl_card_verb(intent, now_ns, &desk->card),
                                .tries = ++intent->tries,
                                .amount_minor = intent->amount_minor };
    pgl_card_key(intent, task->key);
    put_text(task->handle, sizeof task->handle, intent->handle);
    put_text(task->refund_handle, sizeof task->refund_handle, intent->refund_handle);
    put_text(task->currency, sizeof task->currency, intent->currency);
    put_text(task->card_token, sizeof task->card_token, intent->card_token);
    intent->op_state = OP_IN_FLIGHT;
    intent->owner_epoch = desk->epoch;
    intent->due_at_ns = now_ns + desk->card.lease_ns;
    if (!pgl_card_is_send(task->verb))
        return;
    intent->sent_at_ns = now_ns;
    if (intent->first_sent_at_ns == 0)
        intent->first_sent_at_ns = now_ns;
}

static pgl_status claim_some(struct pgl_tx *tx, struct intent_row *intents, int count,
                             struct card_claimed *reply)
{
    const struct payment_desk *desk = pgl_tx_context(tx);
    for (int i = 0; i < count; i++) {
        struct intent_row *intent = &intents[i];
        /* In flight with its lease over: lost. What came of it is not known. */
        if (intent->op_state == OP_IN_FLIGHT)
            intent->op_state = OP_UNKNOWN;
        /* The wall clock was set back meanwhile: what has to pass since then begins now. */
        if (intent->sent_at_ns > pgl_tx_now_ns(tx))
            intent->sent_at_ns = pgl_tx_now_ns(tx);
        claim(desk, intent, pgl_tx_now_ns(tx), &reply->tasks[reply->count++]);
        PGL_TRY(intent_put(tx, intent));
        if (intent->refund_no == 0)
            PGL_TRY(payment_update_op(tx, &intent->order_id, OP_IN_FLIGHT));
    }
    return PGL_OK;
}

/* Nothing is put off until then: what is due behind it was written before the wall clock was set
 * back, and is due. */
static int64_t far_ahead_ns(struct pgl_tx *tx)
{
    const struct payment_desk *desk = pgl_tx_context(tx);
    const struct pgl_card_options *card = &desk->card;
    return pgl_tx_now_ns(tx) + card->lease_ns + card->settle_ns + card->retry_cap_ns +
           card->action_ns;
}

pgl_status pgl_intents_claim(struct pgl_tx *tx, const struct card_claim *ask,
                             struct card_claimed *reply)
{
    const int64_t far_ns = far_ahead_ns(tx);
    PGL_ASSERT(ask->fresh_max + ask->slow_max <= PGL_CARD_CLAIM_MAX);
    int64_t now_ns = pgl_tx_now_ns(tx), old_ns = ask->fresh_from_ns - 1;
    int fresh_room = ask->fresh_max, slow_room = ask->slow_max;
    const bool awaited_first = !ask->is_others_turn;
    const struct {
        bool is_on;
        enum intent_lane lane;
        int64_t from_ns, to_ns;
        int *room;
        bool *has_more;
    } looks[] = {
        { true, LANE_ENDING, ask->fresh_from_ns, now_ns, &fresh_room, &reply->has_more_fresh },
        { true, LANE_FRESH, ask->fresh_from_ns, now_ns, &fresh_room, &reply->has_more_fresh },
        /* Customers wait for these; without the others' turns a bank whose captures fail would
         * leave nothing for anybody else. */
        { awaited_first, LANE_AWAITED_AGAIN, far_ns, INT64_MAX, &slow_room, &reply->has_slow },
        { awaited_first, LANE_AWAITED_AGAIN, 0, now_ns, &slow_room, &reply->has_slow },
        { true, LANE_AGAIN, far_ns, INT64_MAX, &slow_room, &reply->has_slow },
        { true, LANE_ENDING, far_ns, INT64_MAX, &slow_room, &reply->has_slow },
        { true, LANE_FRESH, far_ns, INT64_MAX, &slow_room, &reply->has_slow },
        /* What an outage has left comes to an end; what is asked again and again does not. */
        { true, LANE_ENDING, 0, old_ns, &slow_room, &reply->has_slow },
        { true, LANE_FRESH, 0, old_ns, &slow_room, &reply->has_slow },
        { true, LANE_AGAIN, 0, now_ns, &slow_room, &reply->has_slow },
        { !awaited_first, LANE_AWAITED_AGAIN, far_ns, INT64_MAX, &slow_room, &reply->has_slow },
        { !awaited_first, LANE_AWAITED_AGAIN, 0, now_ns, &slow_room, &reply->has_slow },
    };
    struct intent_row *found =
        pgl_arena_alloc(pgl_tx_arena(tx), (PGL_CARD_CLAIM_MAX + 1) * sizeof *found);
    if (found == NULL)
        return PGL_NO_MEMORY;
    PGL_TRY(check_epoch(pgl_tx_context(tx), ask->epoch));
    reply->count = 0;
    reply->has_more_fresh = reply->has_slow = false;
    const char *hold;
    PGL_TRY(pgl_provider_hold_get(&tx->view, &hold));
    if (hold != NULL && !ask->is_reconciled)
        return PGL_OK;
    if (hold != NULL)
        PGL_TRY(pgl_provider_hold_clear(tx));
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        if (!looks[i].is_on)
            continue;
        int room = *looks[i].room, count;
        PGL_TRY(intents_due(&tx->view, looks[i].lane, looks[i].from_ns, looks[i].to_ns, room + 1,
                            found, &count));
        *looks[i].has_more |= count > room;
        count = count > room ? room : count;
        *looks[i].room -= count;
        PGL_TRY(claim_some(tx, found, count, reply));
    }
    return PGL_OK;
}

/* ---- outcomes ---- */

/* The rows behind a claim, if it is still the asker's. */
static pgl_status find_claimed(struct payment_turn *turn, const struct card_settle *ask)
{
    const struct card_task *task = ask->task;
    const struct intent_row *intent = &turn->intent;
    PGL_TRY(check_epoch(turn->desk, ask->epoch));
    PGL_TRY(payment_turn_begin(turn, &task->order_id, ""));
    if (task->refund_no > 0)
        PGL_TRY(intent_get(&turn->tx->view, &task->order_id, task->refund_no, &turn->intent,
                           &turn->has_intent));
    bool is_theirs = turn->has_intent && intent->op_state == OP_IN_FLIGHT &&
                     intent->owner_epoch == ask->epoch && intent->tries == task->tries;
    return is_theirs ? PGL_OK : PGL_FAIL(PGL_CONFLICT, "the claim is not theirs any more");
}

static void note_seen(struct intent_row *intent, const struct provider_call *call)
{
    intent->seen = (int)call->seen;
    intent->http_status = call->http_status;
    if (!pgl_card_is_send(call->verb))
        return;
    intent->sent_seen = (int)call->seen;
    if (call->seen == PROVIDER_SEEN_REFUSED)
        intent->code = call->code;
}

static int64_t due_in(const struct payment_desk *desk, const struct card_settle *ask,
                      const struct intent_row *intent, enum card_wait wait, int64_t now_ns)
{
    int64_t settles_in_ns = intent->sent_at_ns + desk->card.settle_ns - now_ns;
    switch (wait) {
    case CARD_WAIT_NONE:
        return 0;
    case CARD_WAIT_BACKOFF:
        return ask->call->retry_after_ns > ask->retry_in_ns ? ask->call->retry_after_ns
                                                            : ask->retry_in_ns;
    case CARD_WAIT_SETTLE:
        return settles_in_ns > 0 ? settles_in_ns : 0;
    case CARD_WAIT_ACTION:
        return desk->card.action_ns;
    }
    return 0;
}

static void log_parked(struct payment_desk *desk, const struct intent_row *intent, const char *why)
{
    char id[PGL_ID_TEXT_BYTES];
    pgl_id_format(intent->order_id, id);
    pgl_counter_add(&desk->parked, 1);
    pgl_log(&desk->log.writer->loop->log, PGL_LOG_ERROR, "payments", "intent-parked",
            "order=%.*s op=%s attempt=%lld seen=%s status=%d why=\"%s\"", PGL_ID_TEXT_BYTES, id,
            pgl_card_op_names[intent->op], (long long)intent->attempt,
            intent->seen < 0 ? "nothing" : pgl_card_seen_names[intent->seen], intent->http_status,
            why);
}

/* For a person: nothing is guessed. */
static pgl_status park(struct pgl_tx *tx, struct intent_row *intent, const char *why)
{
    intent->op_state = INTENT_PARKED;
    log_parked(pgl_tx_context(tx), intent, why);
    PGL_TRY(intent_put(tx, intent));
    return intent->refund_no == 0 ? payment_update_op(tx, &intent->order_id, OP_UNKNOWN) : PGL_OK;
}

/* The same operation stays open: it waits, to be asked about or to be sent again. */
static void keep_open(struct intent_row *intent, const struct card_verdict *verdict, bool is_again,
                      int64_t due_at_ns)
{
    intent->op_state = is_again ? OP_PLANNED : OP_UNKNOWN;
    intent->due_at_ns = due_at_ns;
    if (!verdict->takes_new_key)
        return;
    intent->attempt++;
    intent->first_sent_at_ns = 0;
    intent->sent_seen = INTENT_SEEN_NONE;
}

static pgl_status settle_refund(struct payment_turn *turn, const struct card_settle *ask,
                                struct card_settled *reply)
{
    struct pgl_tx *tx = turn->tx;
    struct intent_row *intent = &turn->intent;
    struct refund_row refund;
    bool is_there;
    PGL_TRY(refund_get(&tx->view, &intent->order_id, intent->refund_no, &refund, &is_there));
    PGL_ASSERT(is_there && refund.state == REFUND_PENDING);
    intent->refund_handle = refund.handle;
    note_seen(intent, ask->call);
    int64_t now_ns = pgl_tx_now_ns(tx);
    struct card_verdict verdict = pgl_card_judge(intent, ask->call, now_ns, &turn->desk->card);
    if (verdict.parked_because != NULL)
        return park(tx, intent, verdict.parked_because);
    if (ask->call->seen == PROVIDER_SEEN_OUTCOME && ask->call->refund_handle_out[0] != '\0')
        refund.handle = ask->call->refund_handle_out;
    if (verdict.refund == REFUND_FAILED)
        refund.failure_code = intent->code[0] != '\0' ? intent->code : PGL_REFUND_REFUSED;
    if (verdict.refund != REFUND_PENDING)
        return pgl_refunds_end(turn, &refund, verdict.refund);
    keep_open(intent, &verdict, verdict.outcome == OUTCOME_AGAIN,
              now_ns + due_in(turn->desk, ask, intent, verdict.wait, now_ns));
    reply->due_at_ns = intent->due_at_ns;
    PGL_TRY(refund_put(tx, &refund));
    return intent_put(tx, intent);
}

/* Behind the step: the intent that is open now, and whether the asker has it at once. */
static pgl_status follow_up(struct payment_turn *turn, const struct card_settle *ask,
                            const struct card_verdict *verdict, enum payment_op op_before,
                            struct intent_row *old, struct card_settled *reply)
{
    const struct pgl_tx *tx = turn->tx;
    struct payment_facts *facts = &turn->row.facts;
    int64_t now_ns = pgl_tx_now_ns(tx);
    bool is_same = facts->op == op_before &&
                   (facts->op_state == OP_UNKNOWN || verdict->outcome == OUTCOME_AGAIN);
    if (facts->op == PAYMENT_OP_NONE)
        return PGL_OK;
    if (is_same) {
        keep_open(old, verdict, facts->op_state == OP_PLANNED,
                  now_ns + due_in(turn->desk, ask, old, verdict->wait, now_ns));
        turn->intent = *old;
        turn->is_planned = true; /* so that it is written */
        reply->due_at_ns = old->due_at_ns;
    }
    struct intent_row *intent = &turn->intent;
    intent->currency = turn->row.currency;
    intent->handle = turn->card.handle;
    intent->card_token = turn->card.card_token;
    intent->refund_handle = "";
    reply->has_next = ask->wants_next && turn->is_planned && intent->due_at_ns <= now_ns;
    if (!reply->has_next)
        return PGL_OK;
    claim(turn->desk, intent, now_ns, &reply->next);
    struct payment_step sent = pgl_payment_step(*facts, PAYMENT_ON_SENT, CAUSE_UNSPECIFIED);
    *facts = sent.after;
    return PGL_OK;
}

static pgl_status settle_payment(struct payment_turn *turn, const struct card_settle *ask,
                                 struct card_settled *reply)
{
    struct pgl_tx *tx = turn->tx;
    struct intent_row *intent = &turn->intent;
    PGL_ASSERT((int)turn->row.facts.op == intent->op);
    intent->handle = turn->card.handle;
    note_seen(intent, ask->call);
    struct card_verdict verdict =
        pgl_card_judge(intent, ask->call, pgl_tx_now_ns(tx), &turn->desk->card);
    if (verdict.parked_because != NULL)
        return park(tx, intent, verdict.parked_because);
    pgl_status learnt = payment_turn_learn(turn, verdict.outcome);
    if (learnt.code == PGL_CONFLICT)
        return park(tx, intent, learnt.text);
    PGL_TRY(learnt);
    struct payment_facts before = turn->row.facts;
    struct payment_step step = pgl_payment_step(before, verdict.outcome, CAUSE_UNSPECIFIED);
    if (step.is_impossible)
        return park(tx, intent, "the provider says what cannot be");
    struct intent_row old = *intent;
    PGL_TRY(payment_turn_book(turn));
    PGL_TRY(payment_turn_carry(turn, step));
    PGL_TRY(follow_up(turn, ask, &verdict, before.op, &old, reply));
    return payment_turn_write(turn);
}

pgl_status pgl_intents_settle(struct pgl_tx *tx, const struct card_settle *ask,
                              struct card_settled *reply)
{
    struct payment_turn turn = { .tx = tx, .desk = pgl_tx_context(tx), .answer = ask->call };
    reply->has_next = false;
    reply->due_at_ns = 0;
    PGL_TRY(find_claimed(&turn, ask));
    if (ask->task->refund_no == 0)
        return settle_payment(&turn, ask, reply);
    turn.has_intent = false; /* of the payment itself none is open */
    return settle_refund(&turn, ask, reply);
}

pgl_status pgl_intents_hasten(struct pgl_tx *tx, const pgl_id *order_id, int64_t refund_no,
                              bool is_hint, bool *is_there)
{
    struct payment_desk *desk = pgl_tx_context(tx);
    struct intent_row intent;
    PGL_TRY(intent_get(&tx->view, order_id, refund_no, &intent, is_there));
    if (*is_there)
        *is_there = is_hint ? intent.op_state == OP_UNKNOWN : intent.op_state != OP_IN_FLIGHT;
    if (!*is_there)
        return PGL_OK;
    if (intent.op_state == INTENT_PARKED)
        intent.op_state = OP_UNKNOWN;
    intent.due_at_ns = pgl_tx_now_ns(tx);
    desk->nudge.is_wanted = true;
    return intent_put(tx, &intent);
}
