/* bank_refunds.c - what was captured goes back, in parts or whole, and never more than that. */
#include "app/provider/bank_inside.h"
#include "base/time.h"

const char *const refund_status_names[REFUND_STATUS_COUNT] = {
    [REFUND_PENDING] = "pending",
    [REFUND_SUCCEEDED] = "succeeded",
    [REFUND_FAILED] = "failed",
};

static void say(struct refund *refund, enum bank_event_type type)
{
    struct outcome object = bank_outcome_of_refund(refund);
    bank_say(refund->bank, type, &object);
}

/* A pending one can only fail: whatever succeeds does so at once. What it was for may be asked
 * for again. */
static void fail_refund(void *owner)
{
    struct refund *refund = owner;
    struct intent *intent = bank_intent(refund->bank, refund->row.intent);
    refund->row.status = REFUND_FAILED;
    refund->row.due_ns = PGL_NEVER_NS;
    intent->row.state.refunded_minor -= refund->row.amount_minor;
    bank_keep_refund(refund);
    bank_keep_intent(intent);
    say(refund, EVENT_REFUND_FAILED);
}

void bank_refund_await(struct refund *refund)
{
    struct pgl_timers *timers = &refund->bank->timers;
    if (refund->row.due_ns == PGL_NEVER_NS)
        pgl_timer_clear(timers, &refund->timer);
    else
        pgl_timer_set(timers, &refund->timer, refund->row.due_ns, fail_refund, refund);
}

static enum bank_error read_refund(struct bank_ask *ask, struct refund_row *row)
{
    struct bank_form *form = &ask->form;
    struct intent *intent = bank_find_intent(ask->bank, form->texts[PARAM_PAYMENT_INTENT]);
    if (!form_has(form, PARAM_PAYMENT_INTENT))
        return bank_form_wrong(form, PARAM_PAYMENT_INTENT, BANK_ERROR_MISSING_PARAM);
    if (intent == NULL)
        return bank_form_wrong(form, PARAM_PAYMENT_INTENT, BANK_ERROR_NO_INTENT);
    struct pgl_text reason = form->texts[PARAM_REASON];
    if (form_has(form, PARAM_REASON) && !pgl_text_is(reason, "duplicate") &&
        !pgl_text_is(reason, "fraudulent") && !pgl_text_is(reason, "requested_by_customer"))
        return bank_form_wrong(form, PARAM_REASON, BANK_ERROR_WRONG_PARAM);

    const struct intent_state *state = &intent->row.state;
    int64_t left_minor = state->received_minor - state->refunded_minor;
    if (state->status != INTENT_SUCCEEDED)
        return BANK_ERROR_NO_CHARGE;
    if (left_minor == 0)
        return BANK_ERROR_REFUNDED;
    row->amount_minor = form_has(form, PARAM_AMOUNT) ? form->numbers[PARAM_AMOUNT] : left_minor;
    if (row->amount_minor < 1 || row->amount_minor > left_minor)
        return bank_form_wrong(form, PARAM_AMOUNT, BANK_ERROR_AMOUNT);
    ask->intent = intent;
    row->intent = intent->number;
    return BANK_FINE;
}

enum bank_error bank_refund_create(struct bank_ask *ask)
{
    struct pgl_bank *bank = ask->bank;
    struct refund_row row = { .created_ns = bank->now_ns,
                              .metadata_bytes = ask->form.metadata_bytes,
                              .due_ns = PGL_NEVER_NS };
    enum bank_error error = read_refund(ask, &row);
    if (error != BANK_FINE)
        return error;
    bool is_refused = bank_cards[ask->intent->row.state.card].refuses_refund;
    row.status = is_refused ? REFUND_PENDING : REFUND_SUCCEEDED;
    row.due_ns = is_refused ? bank->now_ns + bank->options.slow_ns : PGL_NEVER_NS;
    row.salt = bank_salt(bank, PGL_BANK_REFUND, bank->refund_count);
    memcpy(row.metadata, ask->form.metadata, ask->form.metadata_bytes);
    struct refund *refund = bank_ledger_has_room(bank) ? bank_refund_add(bank, &row) : NULL;
    if (refund == NULL)
        return BANK_ERROR_FULL;
    ask->refund = refund;
    ask->intent->row.state.refunded_minor += row.amount_minor;
    if (!is_refused)
        bank_move(ask->intent, TRANSFER_REFUND, row.amount_minor);
    bank_refund_await(refund);
    bank_keep_refund(refund);
    bank_keep_intent(ask->intent);
    say(refund, EVENT_REFUND_CREATED);
    return BANK_FINE;
}

enum bank_error bank_show_refund(struct bank_ask *ask)
{
    (void)ask; /* it was found; that is all */
    return BANK_FINE;
}
