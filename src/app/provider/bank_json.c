/*
 * bank_json.c - objects, errors and events in Stripe's shape. Each is written from a state that was
 * handed over, not from the object as it is now: an answer that is replayed is the same bytes.
 */
#include <stdio.h>

#include "app/provider/bank_inside.h"
#include "base/time.h"
#include "wire/json.h"

#define API_VERSION "2024-06-20"

/* clang-format off */
const struct bank_error_row bank_errors[BANK_ERROR_COUNT] = {
#define BAD  "invalid_request_error"
#define CARD "card_error"
    [BANK_FINE]                  = { 200, NULL, NULL, NULL, NULL, true },
    [BANK_ERROR_NO_KEY]          = { 401, BAD, NULL, NULL, "You did not provide an API key: Authorization: Bearer YOUR_KEY.", false },
    [BANK_ERROR_WRONG_KEY]       = { 401, BAD, NULL, NULL, "Invalid API Key provided.", false },
    [BANK_ERROR_NO_ROUTE]        = { 404, BAD, NULL, NULL, "Unrecognized request URL.", false },
    [BANK_ERROR_NO_FORM]         = { 400, BAD, NULL, NULL, "The parameters are not application/x-www-form-urlencoded.", false },
    [BANK_ERROR_UNKNOWN_PARAM]   = { 400, BAD, "parameter_unknown", NULL, "Received unknown parameter: *", false },
    [BANK_ERROR_MISSING_PARAM]   = { 400, BAD, "parameter_missing", NULL, "Missing required param: *.", false },
    [BANK_ERROR_WRONG_PARAM]     = { 400, BAD, "parameter_invalid", NULL, "Invalid value for *.", false },
    [BANK_ERROR_METADATA]        = { 400, BAD, "parameter_invalid", NULL, "Too much of *: 256 bytes are kept in all.", false },
    [BANK_ERROR_NO_INTENT]       = { 404, BAD, "resource_missing", NULL, "No such payment_intent.", false },
    [BANK_ERROR_NO_REFUND]       = { 404, BAD, "resource_missing", NULL, "No such refund.", false },
    [BANK_ERROR_NO_CARD]         = { 400, BAD, "resource_missing", NULL, "No such PaymentMethod; the tokens of test cards are taken, and nothing else.", false },
    [BANK_ERROR_CURRENCIES]      = { 400, BAD, "parameter_invalid", NULL, "Too many currencies.", false },
    [BANK_ERROR_CONFIRM_STATE]   = { 400, BAD, "payment_intent_unexpected_state", NULL, "This PaymentIntent could not be confirmed because it has a status of *.", true },
    [BANK_ERROR_CAPTURE_STATE]   = { 400, BAD, "payment_intent_unexpected_state", NULL, "This PaymentIntent could not be captured because it has a status of *.", true },
    [BANK_ERROR_CANCEL_STATE]    = { 400, BAD, "payment_intent_unexpected_state", NULL, "This PaymentIntent could not be canceled because it has a status of *.", true },
    [BANK_ERROR_AMOUNT]          = { 400, BAD, "amount_too_large", NULL, "* is more than there is, or less than one.", false },
    [BANK_ERROR_NO_CHARGE]       = { 400, BAD, NULL, NULL, "This PaymentIntent does not have a successful charge to refund.", false },
    [BANK_ERROR_REFUNDED]        = { 400, BAD, "charge_already_refunded", NULL, "The charge has already been refunded.", false },
    [BANK_ERROR_DECLINED]        = { 402, CARD, "card_declined", "generic_decline", "Your card was declined.", true },
    [BANK_ERROR_NO_FUNDS]        = { 402, CARD, "card_declined", "insufficient_funds", "Your card has insufficient funds.", true },
    [BANK_ERROR_NOT_AUTHENTICATED] = { 402, BAD, "payment_intent_authentication_failure", NULL, "The customer did not authenticate the payment.", true },
    [BANK_ERROR_CAPTURE_REFUSED] = { 402, CARD, "card_declined", "do_not_honor", "The capture was refused; the amount is still held.", true },
    [BANK_ERROR_KEY_LENGTH]      = { 400, BAD, NULL, NULL, "An Idempotency-Key has at most 255 characters.", false },
    [BANK_ERROR_KEY_REUSED]      = { 400, "idempotency_error", NULL, NULL, "Keys for idempotent requests can only be used with the same parameters they were first used with.", false },
    [BANK_ERROR_KEY_BUSY]        = { 409, "idempotency_error", "idempotency_key_in_use", NULL, "There is currently another in-progress request using this Idempotency-Key.", false },
    [BANK_ERROR_LIMITED]         = { 429, BAD, "rate_limit", NULL, "Too many requests.", false },
    [BANK_ERROR_FULL]            = { 429, BAD, "rate_limit", NULL, "This provider holds as much as it may.", false },
    [BANK_ERROR_BROKEN]          = { 500, "api_error", NULL, NULL, "An unknown error occurred.", false },
};

static const struct {
    const char *name;
} events[EVENT_TYPE_COUNT] = {
    [EVENT_CREATED]         = { "payment_intent.created" },
    [EVENT_REQUIRES_ACTION] = { "payment_intent.requires_action" },
    [EVENT_PROCESSING]      = { "payment_intent.processing" },
    [EVENT_CAPTURABLE]      = { "payment_intent.amount_capturable_updated" },
    [EVENT_PAYMENT_FAILED]  = { "payment_intent.payment_failed" },
    [EVENT_SUCCEEDED]       = { "payment_intent.succeeded" },
    [EVENT_CANCELED]        = { "payment_intent.canceled" },
    [EVENT_REFUND_CREATED]  = { "refund.created" },
    [EVENT_REFUND_UPDATED]  = { "refund.updated" },
    [EVENT_REFUND_FAILED]   = { "refund.failed" },
};
/* clang-format on */

/* ---- pieces ---- */

#define WORD(out, literal) pgl_buffer_add_literal(out, literal)

static void add_number(struct pgl_buffer *out, struct pgl_text name, int64_t value)
{
    pgl_buffer_add_text(out, name);
    pgl_buffer_add_i64(out, value);
}
#define NUMBER(out, name, value) add_number(out, PGL_TEXT(",\"" name "\":"), value)

/* A text of ours, which needs no escapes; NULL is null. */
static void add_word(struct pgl_buffer *out, struct pgl_text name, const char *value)
{
    pgl_buffer_add_text(out, name);
    if (value == NULL) {
        WORD(out, "null");
        return;
    }
    pgl_buffer_add_char(out, '"');
    pgl_buffer_add_text(out, pgl_text_of(value));
    pgl_buffer_add_char(out, '"');
}
#define TEXT(out, name, value) add_word(out, PGL_TEXT(",\"" name "\":"), value)

static void add_metadata(struct pgl_buffer *out, const char *metadata, uint32_t bytes)
{
    WORD(out, ",\"metadata\":{");
    for (uint32_t at = 0; at < bytes;) {
        struct pgl_text name = pgl_text_of(metadata + at);
        struct pgl_text value = pgl_text_of(name.data + name.size + 1);
        if (at > 0)
            pgl_buffer_add_char(out, ',');
        pgl_json_write_string(out, name);
        pgl_buffer_add_char(out, ':');
        pgl_json_write_string(out, value);
        at += (uint32_t)(name.size + value.size + 2);
    }
    pgl_buffer_add_char(out, '}');
}

/* The message with the name in place of its '*'. */
static void add_message(struct pgl_buffer *out, const char *message, struct pgl_text name)
{
    struct pgl_text behind = pgl_text_of(message);
    struct pgl_text before = pgl_text_cut(&behind, '*');
    char text[256];
    int size =
        behind.data == NULL
            ? 0
            : snprintf(text, sizeof text, "%.*s%.*s%.*s", PGL_TEXT_ARGS(before),
                       (int)(name.size < 100 ? name.size : 100), name.data, PGL_TEXT_ARGS(behind));
    WORD(out, ",\"message\":");
    pgl_json_write_string(out,
                          behind.data == NULL ? before : (struct pgl_text){ text, (size_t)size });
}

static void begin_error(struct pgl_buffer *out, enum bank_error error, struct pgl_text name)
{
    const struct bank_error_row *row = &bank_errors[error];
    add_word(out, PGL_TEXT("{\"type\":"), row->type);
    if (row->code != NULL)
        TEXT(out, "code", row->code);
    if (row->decline_code != NULL)
        TEXT(out, "decline_code", row->decline_code);
    add_message(out, row->message, name);
}

/* ---- intents ---- */

static void add_charge(const struct intent *intent, const struct intent_state *state,
                       bool is_expanded, struct pgl_buffer *out)
{
    char id[BANK_ID_BYTES];
    bank_id_write("ch_", intent->number, intent->row.salt, id);
    if (!is_expanded || !state->has_charge) {
        TEXT(out, "latest_charge", state->has_charge ? id : NULL);
        return;
    }
    WORD(out, ",\"latest_charge\":{\"object\":\"charge\"");
    TEXT(out, "id", id);
    NUMBER(out, "amount", intent->row.amount_minor);
    NUMBER(out, "amount_captured", state->received_minor);
    NUMBER(out, "amount_refunded", state->refunded_minor);
    pgl_buffer_add_text(out, state->status == INTENT_SUCCEEDED ? PGL_TEXT(",\"captured\":true")
                                                               : PGL_TEXT(",\"captured\":false"));
    WORD(out, ",\"payment_method_details\":{\"type\":\"card\",\"card\":{\"capture_before\":");
    if (state->status == INTENT_REQUIRES_CAPTURE)
        pgl_buffer_add_i64(out, state->due_ns / PGL_SECONDS(1));
    else
        WORD(out, "null");
    WORD(out, "}}}");
}

static void add_next_action(const struct pgl_bank *bank, const struct intent_state *state,
                            const char *id, struct pgl_buffer *out)
{
    if (state->status != INTENT_REQUIRES_ACTION) {
        WORD(out, ",\"next_action\":null");
        return;
    }
    WORD(out, ",\"next_action\":{\"type\":\"redirect_to_url\",\"redirect_to_url\":{\"url\":\"");
    pgl_buffer_printf(out, "%s/_action/%s\",\"return_url\":null}}", bank->options.base_url, id);
}

static void add_last_error(const struct intent_state *state, struct pgl_buffer *out)
{
    WORD(out, ",\"last_payment_error\":");
    if (state->error == BANK_FINE) {
        WORD(out, "null");
        return;
    }
    begin_error(out, (enum bank_error)state->error, PGL_TEXT(""));
    pgl_buffer_add_char(out, '}');
}

void bank_write_intent(const struct pgl_bank *bank, uint32_t number,
                       const struct intent_state *state, bool expands_charge,
                       struct pgl_buffer *out)
{
    const struct intent *intent = bank_intent(bank, number);
    const struct intent_row *row = &intent->row;
    char id[BANK_ID_BYTES];
    bank_id_write("pi_", number, row->salt, id);
    add_word(out, PGL_TEXT("{\"id\":"), id);
    WORD(out, ",\"object\":\"payment_intent\"");
    NUMBER(out, "amount", row->amount_minor);
    NUMBER(out, "amount_capturable", state->capturable_minor);
    NUMBER(out, "amount_received", state->received_minor);
    WORD(out, ",\"canceled_at\":");
    if (state->status == INTENT_CANCELED)
        pgl_buffer_add_i64(out, state->canceled_s);
    else
        WORD(out, "null");
    TEXT(out, "cancellation_reason", cancel_reason_names[state->cancel_reason]);
    TEXT(out, "capture_method", row->is_manual ? "manual" : "automatic");
    pgl_buffer_printf(out, ",\"client_secret\":\"%s_secret_%016llx\"", id,
                      (unsigned long long)bank_hash(&row->salt, sizeof row->salt, number));
    NUMBER(out, "created", row->created_ns / PGL_SECONDS(1));
    TEXT(out, "currency", row->currency);
    add_last_error(state, out);
    add_charge(intent, state, expands_charge, out);
    WORD(out, ",\"livemode\":false");
    add_metadata(out, row->metadata, row->metadata_bytes);
    add_next_action(bank, state, id, out);
    TEXT(out, "payment_method", state->card >= 0 ? bank_cards[state->card].token : NULL);
    WORD(out, ",\"payment_method_types\":[\"card\"]");
    TEXT(out, "status", intent_status_names[state->status]);
    pgl_buffer_add_char(out, '}');
}

void bank_write_refund(const struct pgl_bank *bank, uint32_t number, enum refund_status status,
                       struct pgl_buffer *out)
{
    const struct refund *refund = bank_refund(bank, number);
    const struct intent *intent = bank_intent(bank, refund->row.intent);
    char id[BANK_ID_BYTES];
    bank_id_write("re_", number, refund->row.salt, id);
    add_word(out, PGL_TEXT("{\"id\":"), id);
    WORD(out, ",\"object\":\"refund\"");
    NUMBER(out, "amount", refund->row.amount_minor);
    bank_id_write("ch_", intent->number, intent->row.salt, id);
    TEXT(out, "charge", id);
    NUMBER(out, "created", refund->row.created_ns / PGL_SECONDS(1));
    TEXT(out, "currency", intent->row.currency);
    if (status == REFUND_FAILED)
        TEXT(out, "failure_reason", "expired_or_canceled_card");
    add_metadata(out, refund->row.metadata, refund->row.metadata_bytes);
    bank_id_write("pi_", intent->number, intent->row.salt, id);
    TEXT(out, "payment_intent", id);
    TEXT(out, "status", refund_status_names[status]);
    pgl_buffer_add_char(out, '}');
}

/* ---- outcomes ---- */

struct outcome bank_outcome_of_intent(const struct intent *intent)
{
    return (struct outcome){ .kind = OUTCOME_INTENT,
                             .intent = intent->number,
                             .refund = BANK_NONE,
                             .state = intent->row.state };
}

struct outcome bank_outcome_of_refund(const struct refund *refund)
{
    struct outcome outcome = bank_outcome_of_intent(bank_intent(refund->bank, refund->row.intent));
    outcome.kind = OUTCOME_REFUND;
    outcome.refund = refund->number;
    outcome.refund_status = refund->row.status;
    return outcome;
}

void bank_write_error(const struct pgl_bank *bank, const struct outcome *outcome,
                      struct pgl_text param, bool expands_charge, struct pgl_buffer *out)
{
    bool has_intent = outcome->intent != BANK_NONE;
    bool is_refused = bank_errors[outcome->error].is_stored && has_intent; /* by the intent */
    struct pgl_text status =
        has_intent ? pgl_text_of(intent_status_names[outcome->state.status]) : PGL_TEXT("");
    WORD(out, "{\"error\":");
    begin_error(out, (enum bank_error)outcome->error, is_refused ? status : param);
    if (param.size > 0 && param.size <= 100) {
        WORD(out, ",\"param\":");
        pgl_json_write_string(out, param);
    }
    if (is_refused) {
        WORD(out, ",\"payment_intent\":");
        bank_write_intent(bank, outcome->intent, &outcome->state, expands_charge, out);
    }
    WORD(out, "}}");
}

void bank_write_outcome(const struct pgl_bank *bank, const struct outcome *outcome,
                        const struct bank_form *form, struct pgl_buffer *out)
{
    pgl_buffer_clear(out);
    switch ((enum outcome_kind)outcome->kind) {
    case OUTCOME_INTENT:
        bank_write_intent(bank, outcome->intent, &outcome->state, form->expands_charge, out);
        return;
    case OUTCOME_REFUND:
        bank_write_refund(bank, outcome->refund, (enum refund_status)outcome->refund_status, out);
        return;
    case OUTCOME_ERROR:
        break;
    }
    bank_write_error(bank, outcome, form->wrong, form->expands_charge, out);
}

/* ---- events ---- */

void bank_say(struct pgl_bank *bank, enum bank_event_type type, const struct outcome *object)
{
    if (bank->said_next - bank->said_first == PGL_BANK_EVENTS_MAX)
        bank->said_first++; /* lost; the receiver sees the gap, or asks */
    bank->said[bank->said_next++ % PGL_BANK_EVENTS_MAX] =
        (struct bank_said){ .type = (uint8_t)type, .at_ns = bank->now_ns, .object = *object };
}

bool pgl_bank_take_event(struct pgl_bank *bank, struct pgl_arena *arena,
                         struct pgl_bank_event *event)
{
    static const struct bank_form no_form;
    if (bank->said_first == bank->said_next)
        return false;
    const struct bank_said *said = &bank->said[bank->said_first % PGL_BANK_EVENTS_MAX];
    char id[BANK_ID_BYTES + 1] = "evt_";
    bank_id_write("vt_", bank->said_first,
                  bank_hash(&said->at_ns, sizeof said->at_ns, bank->said_first), id + 1);
    struct pgl_buffer *out = &bank->out;
    bank_write_outcome(bank, &said->object, &no_form, out);
    event->number = bank->said_first;
    event->type = events[said->type].name;
    char *body = pgl_arena_alloc(arena, out->size + 512);
    if (body == NULL)
        return false;
    int size = snprintf(body, out->size + 512,
                        "{\"id\":\"%s\",\"object\":\"event\",\"api_version\":\"" API_VERSION
                        "\",\"created\":%lld,\"data\":{\"object\":%.*s},\"livemode\":false,"
                        "\"pending_webhooks\":1,\"request\":{\"id\":null,"
                        "\"idempotency_key\":null},\"type\":\"%s\"}",
                        id, (long long)(said->at_ns / PGL_SECONDS(1)), (int)out->size, out->data,
                        event->type);
    event->body = (struct pgl_text){ body, (size_t)size };
    bank->said_first++;
    return true;
}
