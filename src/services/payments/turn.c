/*
 * turn.c - see turn.h.
 *
 * The provider of an account is our own ledger, so an operation and its outcome share the
 * transaction: the machine is stepped with what was heard, then with what came of it, until it
 * plans nothing more. A card's operation is written down, and its outcome is another transaction.
 */
#include "services/payments/turn.h"

#include "base/assert.h"
#include "saga/admin.h"
#include "services/payments/ledger.h"
#include "services/payments/reserved.h"
#include "services/payments/say.h"
#include "wire/message.h"

static void find_out_where_the_money_is(struct payment_turn *turn);

/* ---- the rows ---- */

static pgl_status load_card(struct payment_turn *turn)
{
    const struct pgl_view *view = &turn->tx->view;
    const pgl_id *order_id = &turn->row.order_id;
    if (turn->row.account_id != PROVIDER_ACCOUNT_ID)
        return PGL_OK;
    PGL_TRY(card_get(view, order_id, &turn->card, &turn->has_card));
    return intent_get(view, order_id, 0, &turn->intent, &turn->has_intent);
}

static pgl_status begin_with_row(struct payment_turn *turn)
{
    PGL_TRY(load_card(turn));
    turn->state_before = turn->row.facts.state;
    find_out_where_the_money_is(turn);
    return PGL_OK;
}

pgl_status payment_turn_begin(struct payment_turn *turn, const pgl_id *order_id, const char *tenant)
{
    struct payment_row *row = &turn->row;
    pgl_status status = payment_get(&turn->tx->view, order_id, row);
    if (status.code == PGL_NOT_FOUND) {
        turn->is_new = true;
        *row = (struct payment_row){ .order_id = *order_id,
                                     .tenant = tenant,
                                     .customer = "",
                                     .method = "",
                                     .decline_code = "",
                                     .currency = "" };
    } else {
        PGL_TRY(status);
    }
    return begin_with_row(turn);
}

pgl_status payment_turn_begin_for(struct payment_turn *turn, const pgl_id *order_id,
                                  const Caller *caller)
{
    PGL_TRY(payment_get_for(&turn->tx->view, order_id, caller, &turn->row));
    return begin_with_row(turn);
}

static bool is_method(const struct payment_turn *turn, const char *method)
{
    return strcmp(turn->row.method, method) == 0;
}

static void find_out_where_the_money_is(struct payment_turn *turn)
{
    struct payment_row *row = &turn->row;
    turn->is_outside = row->account_id == PROVIDER_ACCOUNT_ID;
    if (turn->is_outside) {
        row->facts.has_handle = turn->has_card && turn->card.handle[0] != '\0';
        return;
    }
    /* The ledger needs no handle to find a hold: the payment's row is it. Nor does a card of which
     * nothing is wanted, since nobody is asked. */
    row->facts.has_handle =
        is_method(turn, PGL_METHOD_ACCOUNT) ||
        (is_method(turn, PGL_METHOD_CARD) && turn->desk->offers_cards && row->amount_minor == 0);
}

static pgl_status fill_in_card(struct payment_turn *turn, const OrderCreated *order)
{
    size_t token_bytes = strlen(order->payment_method_ref);
    if (token_bytes == 0 || token_bytes > PGL_CARD_TOKEN_BYTES_MAX) {
        turn->row.decline_code = PGL_DECLINED_NO_CARD;
        return PGL_OK;
    }
    turn->row.account_id = PROVIDER_ACCOUNT_ID;
    turn->card = (struct card_row){ .order_id = turn->row.order_id,
                                    .card_token = order->payment_method_ref,
                                    .handle = "",
                                    .next_action = "" };
    turn->has_card = turn->has_new_card = true;
    return PGL_OK;
}

pgl_status payment_turn_fill_in(struct payment_turn *turn, const OrderCreated *order)
{
    struct payment_row *row = &turn->row;
    row->customer = order->customer;
    row->method = order->payment_method;
    row->currency = order->currency;
    row->amount_minor = order->amount_minor;
    if (is_method(turn, PGL_METHOD_CARD) && turn->desk->offers_cards && row->amount_minor > 0)
        PGL_TRY(fill_in_card(turn, order));
    find_out_where_the_money_is(turn);

    PaymentAuthorized *promise = pgl_arena_alloc(pgl_tx_arena(turn->tx), sizeof *promise);
    if (promise == NULL)
        return PGL_NO_MEMORY;
    *promise = (PaymentAuthorized)PAYMENT_AUTHORIZED_INIT;
    promise->amount_minor = order->amount_minor;
    promise->currency = order->currency;
    promise->n_lines = order->n_lines;
    promise->lines = order->lines;
    promise->ship_to_region = order->ship_to_region;
    promise->allow_partial = order->allow_partial;
    promise->deadline_at_ns = order->deadline_at_ns;
    turn->promise = promise;
    return PGL_OK;
}

static pgl_status put_intent(struct payment_turn *turn)
{
    const struct payment_row *row = &turn->row;
    if (row->facts.op == PAYMENT_OP_NONE)
        return turn->has_intent ? intent_delete(turn->tx, &row->order_id, 0) : PGL_OK;
    if (!turn->is_planned)
        return PGL_OK;
    if (turn->intent.op_state == OP_PLANNED)
        turn->desk->nudge.is_wanted = true; /* else whoever has it knows */
    return intent_put(turn->tx, &turn->intent);
}

pgl_status payment_turn_write(struct payment_turn *turn)
{
    struct payment_row *row = &turn->row;
    struct pgl_text promise = { "", 0 };
    if (turn->is_new && turn->promise != NULL)
        PGL_TRY(pgl_message_pack_text(&turn->promise->base, pgl_tx_arena(turn->tx), &promise));
    if (turn->is_new)
        PGL_TRY(payment_insert(turn->tx, row, promise));
    else if (turn->is_outside)
        PGL_TRY(payment_update_card(turn->tx, row));
    else
        PGL_TRY(payment_update(turn->tx, row));
    pgl_tally_move(&turn->desk->tally, turn->is_new ? PGL_TALLY_NOWHERE : (int)turn->state_before,
                   (int)row->facts.state);
    if (!turn->is_outside)
        return PGL_OK;
    if (turn->has_new_card)
        PGL_TRY(card_put(turn->tx, &turn->card));
    return put_intent(turn);
}

/* ---- what a step asks for ---- */

static pgl_status perform(struct payment_turn *turn, enum payment_op op,
                          enum payment_input *outcome);
static pgl_status plan(struct payment_turn *turn, enum payment_op op);

static void raise_orphan(struct payment_turn *turn)
{
    char hex[2 * sizeof(pgl_id)];
    pgl_hex_encode(turn->row.order_id.bytes, sizeof(pgl_id), hex);
    pgl_counter_add(&turn->desk->orphans, 1);
    pgl_log(&turn->desk->log.writer->loop->log, PGL_LOG_ERROR, "payments", "orphan",
            "order=%.*s seq=%lld", (int)sizeof hex, hex, (long long)turn->tx->cause_seq);
}

/* Decided: what is taken is written down, since it is said only when it has been taken. */
static pgl_status decide_taking(struct payment_turn *turn)
{
    const InventoryReserved *reserved = turn->event->inventory_reserved;
    PaymentCaptured captured = PAYMENT_CAPTURED_INIT;
    captured.captured_minor = turn->row.hold_minor;
    if (!reserved->complete) {
        PGL_TRY(payment_need_promise(turn));
        PGL_TRY(pgl_reserved_worth(turn->promise, reserved, &captured.captured_minor));
        PGL_TRY(pgl_reserved_lines(reserved, pgl_tx_arena(turn->tx), &captured.captured_lines,
                                   &captured.n_captured_lines));
    }
    turn->taking_minor = captured.captured_minor;
    if (reserved->complete && !turn->is_outside)
        return PGL_OK; /* it says nothing that the row does not */
    turn->has_new_card = turn->is_outside;
    return pgl_message_pack_text(&captured.base, pgl_tx_arena(turn->tx), &turn->card.taking);
}

/* The ledger's own, and what would take nothing of a hold at the provider: it is let go of later,
 * by reconciliation. */
static bool is_done_here(const struct payment_turn *turn, enum payment_op op)
{
    bool takes_nothing = turn->event != NULL && turn->taking_minor == 0;
    return !turn->is_outside || (op == PAYMENT_OP_CAPTURE && takes_nothing);
}

pgl_status payment_turn_carry(struct payment_turn *turn, struct payment_step step)
{
    if (step.is_orphan) {
        raise_orphan(turn);
        if (turn->desk->offers_cards) {
            turn->row.account_id = PROVIDER_ACCOUNT_ID;
            turn->is_outside = true;
        }
    }
    if (step.after.op == PAYMENT_OP_CAPTURE && step.is_planned && turn->event != NULL)
        PGL_TRY(decide_taking(turn));
    PGL_TRY(payment_say(turn, &step));
    while (step.after.op != PAYMENT_OP_NONE && is_done_here(turn, step.after.op)) {
        enum payment_input outcome = OUTCOME_UNKNOWN;
        PGL_TRY(perform(turn, step.after.op, &outcome));
        step = pgl_payment_step(step.after, outcome, CAUSE_UNSPECIFIED);
        if (step.is_impossible)
            return PGL_FAIL(PGL_INTERNAL, "the ledger had an outcome that the machine has not");
        PGL_TRY(payment_say(turn, &step));
    }
    turn->row.facts = step.after;
    return step.is_planned ? plan(turn, step.after.op) : PGL_OK;
}

static pgl_status authorize(struct payment_turn *turn, enum payment_input *outcome)
{
    bool is_held;
    PGL_TRY(pgl_ledger_hold(turn->tx, &turn->row, turn->desk->default_credit_minor, &is_held));
    if (!is_held)
        turn->row.decline_code = PGL_DECLINED_NO_CREDIT;
    *outcome = is_held ? OUTCOME_AUTHORIZED : OUTCOME_DECLINED;
    return PGL_OK;
}

static pgl_status perform(struct payment_turn *turn, enum payment_op op,
                          enum payment_input *outcome)
{
    switch (op) {
    case PAYMENT_OP_CREATE: /* the account's object is there; others have nobody to make one */
        if (turn->row.decline_code[0] == '\0')
            turn->row.decline_code = PGL_DECLINED_NOT_OFFERED;
        *outcome = OUTCOME_DECLINED;
        return PGL_OK;
    case PAYMENT_OP_AUTHORIZE:
        return authorize(turn, outcome);
    case PAYMENT_OP_CAPTURE:
        *outcome = OUTCOME_CAPTURED;
        return pgl_ledger_post(turn->tx, &turn->row, turn->taking_minor);
    case PAYMENT_OP_VOID:
        *outcome = OUTCOME_VOIDED;
        return pgl_ledger_release(turn->tx, &turn->row);
    case PAYMENT_OP_FIND: /* a hold is a payment's row: without a row there is no money on it */
        *outcome = OUTCOME_CANCELLED;
        return PGL_OK;
    case PAYMENT_OP_NONE:
    case PAYMENT_OP_COUNT:
        break;
    }
    return PGL_FAIL(PGL_INTERNAL, "an operation that is none");
}

static pgl_status plan(struct payment_turn *turn, enum payment_op op)
{
    int64_t now_ns = pgl_tx_now_ns(turn->tx);
    enum payment_state state = turn->row.facts.state;
    turn->intent = (struct intent_row){
        .order_id = turn->row.order_id,
        .op = (int)op,
        .op_state = OP_PLANNED,
        .attempt = 1,
        .due_at_ns = now_ns,
        .planned_at_ns = now_ns,
        .sent_seen = INTENT_SEEN_NONE,
        .seen = INTENT_SEEN_NONE,
        .code = "",
        .amount_minor = op == PAYMENT_OP_CAPTURE ? turn->taking_minor : turn->row.amount_minor,
        .is_awaited = state == PAYMENT_CAPTURING || state == PAYMENT_ABORTING,
    };
    turn->is_planned = true;
    return pgl_admin_newest_job(&turn->tx->view, &turn->intent.planned_job);
}

/* ---- what the provider says ---- */

static pgl_status learn_handle(struct payment_turn *turn)
{
    const struct provider_object *object = &turn->answer->object;
    if (!turn->has_card)
        turn->card = (struct card_row){
            .order_id = turn->row.order_id, .card_token = "", .handle = "", .next_action = ""
        };
    turn->has_card = turn->has_new_card = true;
    turn->card.handle = object->handle;
    return object->handle[0] != '\0' ? PGL_OK
                                     : PGL_FAIL(PGL_CONFLICT, "an object without a handle");
}

static pgl_status learn_hold(struct payment_turn *turn)
{
    struct payment_row *row = &turn->row;
    const struct provider_object *object = &turn->answer->object;
    if (row->facts.state == PAYMENT_VOIDED || row->facts.state == PAYMENT_DECLINED)
        return PGL_OK; /* it was promised to nobody, and is given back */
    if (object->amount_minor != row->amount_minor)
        return PGL_FAIL(PGL_CONFLICT, "another amount is held than was asked for");
    row->authorized_minor = row->hold_minor = row->amount_minor;
    turn->card.hold_expires_at_ns = object->hold_expires_at_ns;
    turn->card.next_action = "";
    turn->has_new_card = true;
    return PGL_OK;
}

/* Of an order that we have lost: the object is all that is known of it. */
static void learn_lost_order(struct payment_turn *turn)
{
    struct payment_row *row = &turn->row;
    const struct provider_object *object = &turn->answer->object;
    row->currency = object->currency;
    row->amount_minor = row->authorized_minor = row->hold_minor = object->amount_minor;
}

pgl_status payment_turn_expected(struct payment_turn *turn, int64_t *expected_minor)
{
    void *message;
    *expected_minor = turn->row.amount_minor;
    if (turn->card.taking.size == 0)
        return PGL_OK;
    PGL_TRY(pgl_message_unpack(PAYMENT_CAPTURED_DESCRIPTOR, pgl_tx_arena(turn->tx),
                               turn->card.taking, &message));
    *expected_minor = ((const PaymentCaptured *)message)->captured_minor;
    return PGL_OK;
}

static pgl_status learn_capture(struct payment_turn *turn)
{
    int64_t captured_minor = turn->answer->object.captured_minor, expected_minor;
    if (turn->row.facts.state == PAYMENT_NONE) {
        PGL_TRY(learn_handle(turn));
        learn_lost_order(turn);
        expected_minor = captured_minor;
    } else if (turn->row.facts.decision != DECISION_CAPTURE) {
        return PGL_OK; /* the machine says that this cannot be */
    } else {
        PGL_TRY(payment_turn_expected(turn, &expected_minor));
    }
    if (captured_minor != expected_minor || captured_minor > turn->row.hold_minor)
        return PGL_FAIL(PGL_CONFLICT, "another amount is captured than was asked for");
    turn->books_minor = captured_minor;
    turn->has_books = true;
    return PGL_OK;
}

/* Why something was refused: as the answer says, or as it was said when it was sent. */
static const char *why(const struct payment_turn *turn, const char *otherwise)
{
    if (turn->answer->code[0] != '\0')
        return turn->answer->code;
    return turn->intent.code[0] != '\0' ? turn->intent.code : otherwise;
}

pgl_status payment_turn_learn(struct payment_turn *turn, enum payment_input outcome)
{
    struct payment_row *row = &turn->row;
    switch (outcome) {
    case OUTCOME_CREATED:
        return learn_handle(turn);
    case OUTCOME_ACTION_REQUIRED:
        turn->has_new_card = strcmp(turn->card.next_action, turn->answer->next_action) != 0;
        turn->card.next_action = turn->answer->next_action;
        return PGL_OK;
    case OUTCOME_AUTHORIZED:
        return learn_hold(turn);
    case OUTCOME_CAPTURED:
        return learn_capture(turn);
    case OUTCOME_DECLINED:
        row->decline_code = why(turn, "declined");
        return PGL_OK;
    case OUTCOME_CAPTURE_REFUSED:
        row->decline_code = why(turn, "capture_refused");
        return PGL_OK;
    case OUTCOME_CANCELLED:
        if (row->facts.state == PAYMENT_CAPTURING)
            row->decline_code = why(turn, "hold_expired");
        turn->has_books = true; /* nothing is taken, and what was held is free */
        return PGL_OK;
    case OUTCOME_VOIDED:
        turn->has_books = true;
        return PGL_OK;
    default:
        return PGL_OK;
    }
}

pgl_status payment_turn_book(struct payment_turn *turn)
{
    if (!turn->has_books)
        return PGL_OK;
    return pgl_ledger_post(turn->tx, &turn->row, turn->books_minor);
}
