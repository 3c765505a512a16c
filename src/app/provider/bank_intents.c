/*
 * bank_intents.c - payment intents: what may be done in which state, and what the test cards do.
 *
 *   asked to   payment_method  confirmation  action     processing  capture    succeeded  canceled
 *   confirm    with a method   pays          (again)    refused     refused    refused    refused
 *   capture    refused         refused       refused    refused     succeeds   refused    refused
 *   cancel     canceled        canceled      canceled   canceled    canceled   refused    refused
 */
#include "app/provider/bank_inside.h"
#include "base/time.h"

#define AGAIN_NS PGL_SECONDS(1)

/* clang-format off */
const struct bank_card bank_cards[] = {
    { .token = "pm_card_visa" },
    { .token = "pm_card_mastercard" },
    { .token = "pm_card_chargeDeclined", .declined = BANK_ERROR_DECLINED },
    { .token = "pm_card_chargeDeclinedInsufficientFunds", .declined = BANK_ERROR_NO_FUNDS },
    { .token = "pm_card_authenticationRequired", .asks_customer = true },
    { .token = "pm_card_captureFails", .refuses_capture = true },
    { .token = "pm_card_holdExpires", .holds_short = true },
    { .token = "pm_card_slow", .is_slow = true },
    { .token = "pm_card_refundFails", .refuses_refund = true },
};
const int bank_card_count = sizeof bank_cards / sizeof bank_cards[0];

const char *const intent_status_names[INTENT_STATUS_COUNT] = {
    [INTENT_REQUIRES_PAYMENT_METHOD] = "requires_payment_method",
    [INTENT_REQUIRES_CONFIRMATION]   = "requires_confirmation",
    [INTENT_REQUIRES_ACTION]         = "requires_action",
    [INTENT_PROCESSING]              = "processing",
    [INTENT_REQUIRES_CAPTURE]        = "requires_capture",
    [INTENT_SUCCEEDED]               = "succeeded",
    [INTENT_CANCELED]                = "canceled",
};
const char *const cancel_reason_names[CANCEL_REASON_COUNT] = {
    [CANCEL_ABANDONED]   = "abandoned",
    [CANCEL_DUPLICATE]   = "duplicate",
    [CANCEL_FRAUDULENT]  = "fraudulent",
    [CANCEL_BY_CUSTOMER] = "requested_by_customer",
    [CANCEL_AUTOMATIC]   = "automatic",
};
/* clang-format on */

static const struct bank_card *card_of(const struct intent *intent)
{
    return &bank_cards[intent->row.state.card];
}

static void say(struct intent *intent, enum bank_event_type type)
{
    struct outcome object = bank_outcome_of_intent(intent);
    bank_say(intent->bank, type, &object);
}

/* ---- steps ---- */

static void enter(struct intent *intent, enum intent_status status, int64_t due_ns)
{
    intent->row.state.status = (uint8_t)status;
    intent->row.state.due_ns = due_ns;
    bank_intent_await(intent);
}

static void capture(struct intent *intent, int64_t amount_minor)
{
    struct intent_state *state = &intent->row.state;
    bank_move(intent, TRANSFER_CAPTURE, amount_minor);
    bank_move(intent, TRANSFER_RELEASE, state->capturable_minor - amount_minor);
    state->received_minor = amount_minor;
    state->capturable_minor = 0;
    enter(intent, INTENT_SUCCEEDED, PGL_NEVER_NS);
    say(intent, EVENT_SUCCEEDED);
}

static void fail_payment(struct intent *intent, enum bank_error error)
{
    struct intent_state *state = &intent->row.state;
    state->error = (uint8_t)error;
    state->card = -1;
    enter(intent, INTENT_REQUIRES_PAYMENT_METHOD, PGL_NEVER_NS);
    say(intent, EVENT_PAYMENT_FAILED);
}

/* The card's bank has agreed. */
static void hold(struct intent *intent)
{
    const struct pgl_bank_options *options = &intent->bank->options;
    struct intent_state *state = &intent->row.state;
    int64_t hold_ns = card_of(intent)->holds_short ? options->short_hold_ns : options->hold_ns;
    bank_move(intent, TRANSFER_HOLD, intent->row.amount_minor);
    state->has_charge = true;
    state->capturable_minor = intent->row.amount_minor;
    enter(intent, INTENT_REQUIRES_CAPTURE, intent->bank->now_ns + hold_ns);
    if (intent->row.is_manual)
        say(intent, EVENT_CAPTURABLE);
    else
        capture(intent, state->capturable_minor);
}

static void cancel(struct intent *intent, enum cancel_reason reason)
{
    struct intent_state *state = &intent->row.state;
    bank_move(intent, TRANSFER_RELEASE, state->capturable_minor);
    state->capturable_minor = 0;
    state->cancel_reason = (uint8_t)reason;
    state->canceled_s = intent->bank->now_ns / PGL_SECONDS(1);
    enter(intent, INTENT_CANCELED, PGL_NEVER_NS);
    say(intent, EVENT_CANCELED);
}

static enum bank_error pay(struct intent *intent)
{
    const struct bank_card *card = card_of(intent);
    intent->row.state.error = BANK_FINE;
    if (card->asks_customer) {
        enter(intent, INTENT_REQUIRES_ACTION, PGL_NEVER_NS);
        say(intent, EVENT_REQUIRES_ACTION);
    } else if (card->is_slow) {
        enter(intent, INTENT_PROCESSING, intent->bank->now_ns + intent->bank->options.slow_ns);
        say(intent, EVENT_PROCESSING);
    } else if (card->declined != BANK_FINE) {
        fail_payment(intent, card->declined);
    } else {
        hold(intent);
    }
    return card->declined;
}

/* What a state does by itself, once it is due: later, while the ledger has no room. */
static void go_on(void *owner)
{
    struct intent *intent = owner;
    if (!bank_ledger_has_room(intent->bank)) {
        intent->row.state.due_ns = intent->bank->now_ns + AGAIN_NS;
        bank_intent_await(intent);
        return;
    }
    if (intent->row.state.status == INTENT_PROCESSING)
        hold(intent);
    else
        cancel(intent, CANCEL_AUTOMATIC);
    bank_keep_intent(intent);
}

void bank_intent_await(struct intent *intent)
{
    struct pgl_timers *timers = &intent->bank->timers;
    if (intent->row.state.due_ns == PGL_NEVER_NS)
        pgl_timer_clear(timers, &intent->timer);
    else
        pgl_timer_set(timers, &intent->timer, intent->row.state.due_ns, go_on, intent);
}

void bank_customer_acts(struct intent *intent, bool agrees)
{
    if (intent->row.state.status != INTENT_REQUIRES_ACTION)
        return;
    if (agrees)
        hold(intent);
    else
        fail_payment(intent, BANK_ERROR_NOT_AUTHENTICATED);
    bank_keep_intent(intent);
}

/* ---- what is asked ---- */

static enum bank_error read_method(struct bank_form *form, int8_t *card)
{
    *card = -1;
    if (!form_has(form, PARAM_METHOD))
        return BANK_FINE;
    for (int c = 0; c < bank_card_count; c++)
        if (pgl_text_is(form->texts[PARAM_METHOD], bank_cards[c].token))
            *card = (int8_t)c;
    return *card >= 0 ? BANK_FINE : bank_form_wrong(form, PARAM_METHOD, BANK_ERROR_NO_CARD);
}

static enum bank_error read_currency(struct bank_ask *ask, char currency[4])
{
    struct bank_form *form = &ask->form;
    struct pgl_text given = form->texts[PARAM_CURRENCY];
    if (!form_has(form, PARAM_CURRENCY))
        return bank_form_wrong(form, PARAM_CURRENCY, BANK_ERROR_MISSING_PARAM);
    if (given.size != 3)
        return bank_form_wrong(form, PARAM_CURRENCY, BANK_ERROR_WRONG_PARAM);
    for (int i = 0; i < 3; i++) {
        currency[i] = (char)(given.data[i] | 0x20);
        if (currency[i] < 'a' || currency[i] > 'z')
            return bank_form_wrong(form, PARAM_CURRENCY, BANK_ERROR_WRONG_PARAM);
    }
    currency[3] = '\0';
    return bank_currency_fits(ask->bank, currency)
               ? BANK_FINE
               : bank_form_wrong(form, PARAM_CURRENCY, BANK_ERROR_CURRENCIES);
}

static enum bank_error read_new(struct bank_ask *ask, struct intent_row *row)
{
    struct bank_form *form = &ask->form;
    struct pgl_text method = form->texts[PARAM_CAPTURE_METHOD];
    if (!form_has(form, PARAM_AMOUNT))
        return bank_form_wrong(form, PARAM_AMOUNT, BANK_ERROR_MISSING_PARAM);
    row->amount_minor = form->numbers[PARAM_AMOUNT];
    if (row->amount_minor < 1 || row->amount_minor > BANK_AMOUNT_MAX)
        return bank_form_wrong(form, PARAM_AMOUNT, BANK_ERROR_WRONG_PARAM);
    row->is_manual = pgl_text_is(method, "manual");
    if (form_has(form, PARAM_CAPTURE_METHOD) && !row->is_manual &&
        !pgl_text_is(method, "automatic") && !pgl_text_is(method, "automatic_async"))
        return bank_form_wrong(form, PARAM_CAPTURE_METHOD, BANK_ERROR_WRONG_PARAM);
    enum bank_error error = read_method(form, &row->state.card);
    if (error == BANK_FINE && form->numbers[PARAM_CONFIRM] && row->state.card < 0)
        error = bank_form_wrong(form, PARAM_METHOD, BANK_ERROR_MISSING_PARAM);
    return error == BANK_FINE ? read_currency(ask, row->currency) : error;
}

enum bank_error bank_create(struct bank_ask *ask)
{
    struct pgl_bank *bank = ask->bank;
    struct intent_row row = { .metadata_bytes = ask->form.metadata_bytes,
                              .created_ns = bank->now_ns };
    enum bank_error error = read_new(ask, &row);
    if (error != BANK_FINE)
        return error;
    row.salt = bank_salt(bank, PGL_BANK_INTENT, bank->intent_count);
    row.state.status =
        row.state.card >= 0 ? INTENT_REQUIRES_CONFIRMATION : INTENT_REQUIRES_PAYMENT_METHOD;
    row.state.due_ns = PGL_NEVER_NS;
    memcpy(row.metadata, ask->form.metadata, ask->form.metadata_bytes);
    struct intent *intent = bank_ledger_has_room(bank) ? bank_intent_add(bank, &row) : NULL;
    if (intent == NULL)
        return BANK_ERROR_FULL;
    ask->intent = intent;
    say(intent, EVENT_CREATED);
    if (ask->form.numbers[PARAM_CONFIRM])
        error = pay(intent);
    bank_keep_intent(intent);
    return error;
}

enum bank_error bank_confirm(struct bank_ask *ask)
{
    struct intent *intent = ask->intent;
    struct intent_state *state = &intent->row.state;
    int8_t card;
    enum bank_error error = read_method(&ask->form, &card);
    if (error != BANK_FINE)
        return error;
    if (state->status > INTENT_REQUIRES_ACTION)
        return BANK_ERROR_CONFIRM_STATE;
    if (card < 0 && state->card < 0)
        return bank_form_wrong(&ask->form, PARAM_METHOD, BANK_ERROR_MISSING_PARAM);
    if (!bank_ledger_has_room(ask->bank))
        return BANK_ERROR_FULL;
    if (card >= 0)
        state->card = card;
    error = pay(intent);
    bank_keep_intent(intent);
    return error;
}

enum bank_error bank_capture(struct bank_ask *ask)
{
    struct intent *intent = ask->intent;
    const struct bank_form *form = &ask->form;
    int64_t capturable_minor = intent->row.state.capturable_minor;
    int64_t amount_minor = form_has(form, PARAM_AMOUNT_TO_CAPTURE)
                               ? form->numbers[PARAM_AMOUNT_TO_CAPTURE]
                               : capturable_minor;
    if (intent->row.state.status != INTENT_REQUIRES_CAPTURE)
        return BANK_ERROR_CAPTURE_STATE;
    if (amount_minor < 1 || amount_minor > capturable_minor)
        return bank_form_wrong(&ask->form, PARAM_AMOUNT_TO_CAPTURE, BANK_ERROR_AMOUNT);
    if (card_of(intent)->refuses_capture)
        return BANK_ERROR_CAPTURE_REFUSED; /* and it is still held */
    if (!bank_ledger_has_room(ask->bank))
        return BANK_ERROR_FULL;
    capture(intent, amount_minor);
    bank_keep_intent(intent);
    return BANK_FINE;
}

/* CANCEL_AUTOMATIC is ours to give, so it is none here. */
static enum bank_error read_reason(struct bank_form *form, enum cancel_reason *reason)
{
    *reason = CANCEL_UNSAID;
    if (!form_has(form, PARAM_CANCELLATION_REASON))
        return BANK_FINE;
    for (int r = CANCEL_ABANDONED; r < CANCEL_AUTOMATIC; r++)
        if (pgl_text_is(form->texts[PARAM_CANCELLATION_REASON], cancel_reason_names[r]))
            *reason = (enum cancel_reason)r;
    return *reason != CANCEL_UNSAID
               ? BANK_FINE
               : bank_form_wrong(form, PARAM_CANCELLATION_REASON, BANK_ERROR_WRONG_PARAM);
}

enum bank_error bank_cancel(struct bank_ask *ask)
{
    struct intent *intent = ask->intent;
    enum cancel_reason reason;
    enum bank_error error = read_reason(&ask->form, &reason);
    if (error != BANK_FINE)
        return error;
    if (intent->row.state.status >= INTENT_SUCCEEDED)
        return BANK_ERROR_CANCEL_STATE;
    if (!bank_ledger_has_room(ask->bank))
        return BANK_ERROR_FULL;
    cancel(intent, reason);
    bank_keep_intent(intent);
    return BANK_FINE;
}

enum bank_error bank_show_intent(struct bank_ask *ask)
{
    (void)ask; /* it was found; that is all */
    return BANK_FINE;
}
