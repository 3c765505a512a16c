/* provider_answer.c - see provider_answer.h. */
#include "services/payments/provider_answer.h"

#include "base/assert.h"
#include "base/time.h"
#include "services/payments/provider_json.h"

#define RETRY_AFTER_S_MAX 3600 /* whoever asks for more patience is asked again after that */

/* A 400 that names the object's state is no mistake of ours but its refusal (a hold
 * that has expired is refused so), and is asked about like one. */
/* clang-format off */
const struct provider_row pgl_provider_rows[PGL_PROVIDER_ROW_COUNT] = {
    { "it never left",                     0,   0, NULL, false, TOLD_NOTHING,    PROVIDER_SEEN_NOT_SENT },
    { "it was cut off",                    0,   0, NULL, false, TOLD_ANYTHING,   PROVIDER_SEEN_UNKNOWN },
    { "it is told",                      200, 299, NULL, false, TOLD_OUTCOME,    PROVIDER_SEEN_OUTCOME },
    { "it is not over",                  200, 299, NULL, false, TOLD_PROCESSING, PROVIDER_SEEN_UNKNOWN },
    { "there is none",                   200, 299, NULL, false, TOLD_NOTHING,    PROVIDER_SEEN_NO_OBJECT },
    { "it cannot be read",               200, 299, NULL, false, TOLD_ANYTHING,   PROVIDER_SEEN_UNKNOWN },
    { "its state forbids it",            400, 400, "payment_intent_unexpected_state", false, TOLD_ANYTHING, PROVIDER_SEEN_REFUSED },
    { "it is captured already",          400, 400, "charge_already_captured",         false, TOLD_ANYTHING, PROVIDER_SEEN_REFUSED },
    { "it is refunded already",          400, 400, "charge_already_refunded",         false, TOLD_ANYTHING, PROVIDER_SEEN_REFUSED },
    { "its hold has expired",            400, 400, "charge_expired_for_capture",      false, TOLD_ANYTHING, PROVIDER_SEEN_REFUSED },
    { "they do not understand us",       400, 400, NULL, false, TOLD_ANYTHING,   PROVIDER_SEEN_OUR_BUG },
    { "our key is wrong",                401, 401, NULL, false, TOLD_ANYTHING,   PROVIDER_SEEN_FORBIDDEN },
    { "the card is refused",             402, 402, NULL, false, TOLD_ANYTHING,   PROVIDER_SEEN_REFUSED },
    { "our key may not",                 403, 403, NULL, false, TOLD_ANYTHING,   PROVIDER_SEEN_FORBIDDEN },
    { "they do not know the object",     404, 404, "resource_missing", false, TOLD_ANYTHING, PROVIDER_SEEN_NO_OBJECT },
    { "they do not know the account",    404, 404, NULL, false, TOLD_ANYTHING,   PROVIDER_SEEN_FORBIDDEN },
    { "the first one still runs",        409, 409, NULL, false, TOLD_ANYTHING,   PROVIDER_SEEN_KEY_BUSY },
    { "we are too fast",                 429, 429, NULL, false, TOLD_ANYTHING,   PROVIDER_SEEN_NOT_SENT },
    { "they failed before, and say so",  500, 599, NULL, true,  TOLD_ANYTHING,   PROVIDER_SEEN_BURNT },
    { "they fail",                       500, 599, NULL, false, TOLD_ANYTHING,   PROVIDER_SEEN_UNKNOWN },
    { "whatever that is",                100, 999, NULL, false, TOLD_ANYTHING,   PROVIDER_SEEN_UNKNOWN },
};

static const struct {
    const char *name;
    enum provider_status status;
    int rank; /* of several objects of one order the one with the highest is the one to know */
} statuses[] = {
    { "requires_payment_method", PROVIDER_UNCONFIRMED,     1 }, /* or declined */
    { "requires_confirmation",   PROVIDER_UNCONFIRMED,     1 },
    { "requires_action",         PROVIDER_ACTION_REQUIRED, 2 },
    { "processing",              PROVIDER_PROCESSING,      3 },
    { "requires_capture",        PROVIDER_HELD,            4 },
    { "succeeded",               PROVIDER_CAPTURED,        5 },
    { "canceled",                PROVIDER_CANCELLED,       0 },
};

static const struct refund_status {
    const char *name;
    bool is_done, has_failed;
} refund_statuses[] = {
    { "pending",         false, false },
    { "requires_action", false, false },
    { "succeeded",       true,  false },
    { "failed",          false, true },
    { "canceled",        false, true },
};
/* clang-format on */

/* Stripe: whoever holds a stolen card is not to learn that we know. */
static const char *const told_to_nobody[] = { "fraudulent", "lost_card", "merchant_blacklist",
                                              "stolen_card" };

size_t pgl_provider_bytes_max(enum provider_verb verb)
{
    bool is_page = verb == PROVIDER_LIST || verb == PROVIDER_FIND || verb == PROVIDER_FIND_REFUND;
    return is_page ? PGL_PROVIDER_PAGE_BYTES_MAX : PGL_PROVIDER_ANSWER_BYTES_MAX;
}

/* ---- objects ---- */

static bool set_status(const struct provider_intent *intent, struct provider_object *object)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (strcmp(intent->status, statuses[i].name) != 0)
            continue;
        object->status = statuses[i].status;
        if (i == 0 && intent->has_failed)
            object->status = PROVIDER_DECLINED;
        return true;
    }
    return false;
}

static bool set_currency(const struct provider_intent *intent, struct provider_object *object)
{
    for (size_t i = 0; i < 3; i++) {
        char letter = (char)(intent->currency[i] & ~0x20);
        if (letter < 'A' || letter > 'Z')
            return false;
        object->currency[i] = letter;
    }
    return true;
}

static int64_t told_or_none(int64_t told)
{
    return told == PROVIDER_UNTOLD ? 0 : told;
}

/* False when it does not say enough to conclude anything. */
static bool conclude(const struct provider_intent *intent, struct provider_object *object)
{
    *object = (struct provider_object){
        .amount_minor = intent->amount_minor,
        .capturable_minor = told_or_none(intent->capturable_minor),
        .captured_minor = told_or_none(intent->received_minor),
        .refunded_minor = told_or_none(intent->charge.refunded_minor),
        .created_s = told_or_none(intent->created_s),
    };
    if (strcmp(intent->kind, "payment_intent") != 0 || intent->id[0] == '\0' ||
        intent->amount_minor == PROVIDER_UNTOLD || !set_status(intent, object) ||
        !set_currency(intent, object))
        return false;
    if (object->status == PROVIDER_CAPTURED) /* before that there is nothing to be refunded */
        object->refunded_minor = intent->charge.refunded_minor;
    memcpy(object->handle, intent->id, sizeof object->handle);
    if (!pgl_is_ok(pgl_id_parse(pgl_text_of(intent->order_id), &object->order_id)))
        object->order_id = (pgl_id){ { 0 } }; /* none of ours */
    if (__builtin_mul_overflow(told_or_none(intent->charge.capture_before_s), PGL_SECONDS(1),
                               &object->hold_expires_at_ns))
        return false;
    if (object->status == PROVIDER_HELD)
        return intent->capturable_minor != PROVIDER_UNTOLD;
    return object->status != PROVIDER_CAPTURED || intent->received_minor != PROVIDER_UNTOLD;
}

static enum provider_told told_of(const struct provider_object *object)
{
    return object->status == PROVIDER_PROCESSING ? TOLD_PROCESSING : TOLD_OUTCOME;
}

static bool is_same(const char *asked, const char *told)
{
    return asked != NULL && strcmp(asked, told) == 0;
}

static void keep_action(struct provider_call *call, const struct provider_intent *intent)
{
    const char *action = intent->action_url[0] != '\0' ? intent->action_url : intent->action;
    if (call->object.status == PROVIDER_ACTION_REQUIRED)
        memcpy(call->next_action, action, strlen(action) + 1);
}

static enum provider_told read_intent(struct provider_call *call, struct pgl_text body,
                                      struct pgl_arena *arena)
{
    struct provider_intent intent;
    struct provider_object object;
    if (!pgl_is_ok(pgl_provider_read_intent(body, arena, &intent)) || !conclude(&intent, &object))
        return TOLD_UNREADABLE;
    bool is_it = call->verb == PROVIDER_CREATE ? pgl_id_equal(call->order_id, object.order_id)
                                               : is_same(call->handle, object.handle);
    if (!is_it)
        return TOLD_UNREADABLE;
    call->object = object;
    keep_action(call, &intent);
    return told_of(&object);
}

/* NULL when it does not say enough, or is about another object than was asked about. */
static const struct refund_status *status_of(const struct provider_call *call,
                                             const struct provider_refund *refund)
{
    bool has_handle = call->handle != NULL && call->handle[0] != '\0';
    if (strcmp(refund->kind, "refund") != 0 || refund->id[0] == '\0' ||
        (has_handle && !is_same(call->handle, refund->intent_id)))
        return NULL;
    for (size_t i = 0; i < sizeof refund_statuses / sizeof refund_statuses[0]; i++)
        if (strcmp(refund->status, refund_statuses[i].name) == 0)
            return &refund_statuses[i];
    return NULL;
}

static void keep_refund(struct provider_call *call, const struct provider_refund *refund,
                        const struct refund_status *status)
{
    call->refund_is_done = status->is_done;
    call->refund_has_failed = status->has_failed;
    memcpy(call->refund_handle_out, refund->id, sizeof call->refund_handle_out);
}

static enum provider_told read_refund(struct provider_call *call, struct pgl_text body,
                                      struct pgl_arena *arena)
{
    struct provider_refund refund;
    if (!pgl_is_ok(pgl_provider_read_refund(body, arena, &refund)) ||
        (call->verb == PROVIDER_GET_REFUND && !is_same(call->refund_handle, refund.id)))
        return TOLD_UNREADABLE;
    const struct refund_status *status = status_of(call, &refund);
    if (status == NULL)
        return TOLD_UNREADABLE;
    keep_refund(call, &refund, status);
    return TOLD_OUTCOME;
}

/* ---- lists ---- */

static int rank_of(const struct provider_intent *intent)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (strcmp(intent->status, statuses[i].name) == 0)
            return statuses[i].rank;
    return -1;
}

struct finding {
    struct provider_call *call;
    int rank; /* of the best so far */
};

static bool take_found(void *owner, const struct provider_intent *intent)
{
    struct finding *finding = owner;
    struct provider_object object;
    if (!conclude(intent, &object))
        return false;
    int rank = rank_of(intent);
    if (!pgl_id_equal(object.order_id, finding->call->order_id) || rank <= finding->rank)
        return true;
    finding->rank = rank;
    finding->call->object = object;
    keep_action(finding->call, intent);
    return true;
}

static enum provider_told read_found(struct provider_call *call, struct pgl_text body,
                                     struct pgl_arena *arena)
{
    struct finding finding = { .call = call, .rank = -1 };
    struct provider_list list = { .take = take_found, .owner = &finding };
    if (!pgl_is_ok(pgl_provider_read_list(body, arena, &list)) || !list.is_told) {
        call->object = (struct provider_object){ .handle = "" };
        return TOLD_UNREADABLE;
    }
    return finding.rank < 0 ? TOLD_NOTHING : told_of(&call->object);
}

static bool is_ours(const struct provider_call *call, const struct provider_refund_metadata *told)
{
    pgl_id order_id;
    int64_t refund_no;
    return pgl_is_ok(pgl_id_parse(pgl_text_of(told->order_id), &order_id)) &&
           pgl_is_ok(pgl_text_to_i64(pgl_text_of(told->refund_no), &refund_no)) &&
           pgl_id_equal(order_id, call->order_id) && refund_no == call->refund_no;
}

/* Of several with our number (a key was burnt, and what it asked for was done all the same) the one
 * that gave money back is the one to know. */
static bool take_refund(void *owner, const struct provider_refund *refund)
{
    struct provider_call *call = owner;
    const struct refund_status *status = status_of(call, refund);
    if (status == NULL || refund->amount_minor == PROVIDER_UNTOLD)
        return false;
    bool is_first = call->refund_handle_out[0] == '\0';
    if (!is_ours(call, &refund->metadata) ||
        (!is_first && !status->is_done && !call->refund_has_failed))
        return true;
    keep_refund(call, refund, status);
    call->refund_found_minor = refund->amount_minor;
    return true;
}

static enum provider_told read_found_refund(struct provider_call *call, struct pgl_text body,
                                            struct pgl_arena *arena)
{
    struct provider_list list = { .take_refund = take_refund, .owner = call };
    bool is_read = pgl_is_ok(pgl_provider_read_list(body, arena, &list)) && list.is_told;
    bool is_found = is_read && call->refund_handle_out[0] != '\0';
    if (is_found)
        return TOLD_OUTCOME;
    call->refund_handle_out[0] = '\0';
    call->refund_is_done = call->refund_has_failed = false;
    return is_read && !list.has_more ? TOLD_NOTHING : TOLD_UNREADABLE;
}

static bool take_listed(void *owner, const struct provider_intent *intent)
{
    struct provider_call *call = owner;
    PGL_ASSERT(call->page_count < PGL_PROVIDER_PAGE_MAX);
    return conclude(intent, &call->page[call->page_count++]);
}

static enum provider_told read_list(struct provider_call *call, struct pgl_text body,
                                    struct pgl_arena *arena)
{
    struct provider_list list = { .take = take_listed, .owner = call };
    bool is_read = pgl_is_ok(pgl_provider_read_list(body, arena, &list)) && list.is_told;
    if (!is_read || (list.has_more && call->page_count == 0)) { /* it would go on for ever */
        call->page_count = 0;
        return TOLD_UNREADABLE;
    }
    call->has_more = list.has_more;
    return TOLD_OUTCOME;
}

static enum provider_told read_told(struct provider_call *call, struct pgl_text body,
                                    struct pgl_arena *arena)
{
    switch (call->verb) {
    case PROVIDER_CREATE:
    case PROVIDER_AUTHORIZE:
    case PROVIDER_CAPTURE:
    case PROVIDER_VOID:
    case PROVIDER_GET:
        return read_intent(call, body, arena);
    case PROVIDER_REFUND:
    case PROVIDER_GET_REFUND:
        return read_refund(call, body, arena);
    case PROVIDER_FIND_REFUND:
        return read_found_refund(call, body, arena);
    case PROVIDER_FIND:
        return read_found(call, body, arena);
    case PROVIDER_LIST:
        return read_list(call, body, arena);
    case PROVIDER_VERB_COUNT:
        break;
    }
    return TOLD_UNREADABLE;
}

/* ---- errors ---- */

static const char *code_of(const struct provider_error *error)
{
    for (size_t i = 0; i < sizeof told_to_nobody / sizeof told_to_nobody[0]; i++)
        if (strcmp(error->decline_code, told_to_nobody[i]) == 0)
            return "generic_decline";
    return error->decline_code[0] != '\0' ? error->decline_code : error->code;
}

/* The object comes with a refusal where it has something to say. */
static void keep_error(struct provider_call *call, const struct provider_error *error)
{
    struct provider_object object;
    const char *code = code_of(error);
    memcpy(call->code, code, strlen(code) + 1);
    if (error->has_intent && conclude(&error->intent, &object) &&
        is_same(call->handle, object.handle))
        call->object = object;
}

static bool is_replayed(const struct pgl_http_response_head *head)
{
    struct pgl_text value;
    return pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("Idempotent-Replayed"),
                               &value) > 0 &&
           pgl_text_equal_nocase(value, PGL_TEXT("true"));
}

static int64_t retry_after_ns(const struct pgl_http_response_head *head)
{
    return PGL_SECONDS(pgl_http_retry_after_s(head->fields, head->field_count, RETRY_AFTER_S_MAX));
}

/* ---- what was seen ---- */

static enum provider_seen seen_of(int status, const char *code, bool is_again,
                                  enum provider_told told)
{
    for (size_t i = 0; i < PGL_PROVIDER_ROW_COUNT; i++) {
        const struct provider_row *row = &pgl_provider_rows[i];
        if (status >= row->status_min && status <= row->status_max &&
            (row->code == NULL || strcmp(row->code, code) == 0) &&
            (!row->is_replayed || is_again) && (row->told == TOLD_ANYTHING || row->told == told))
            return row->seen;
    }
    return PROVIDER_SEEN_UNKNOWN;
}

static void forget(struct provider_call *call)
{
    call->object = (struct provider_object){ .handle = "" };
    call->page_count = 0;
    call->has_more = call->refund_is_done = call->refund_has_failed = false;
    call->refund_handle_out[0] = call->code[0] = call->next_action[0] = '\0';
    call->http_status = 0;
    call->retry_after_ns = call->refund_found_minor = 0;
}

void pgl_provider_answer(struct provider_call *call, const struct pgl_http_response_head *head,
                         struct pgl_text body, struct pgl_arena *arena)
{
    struct provider_error error = { .code = "" };
    enum provider_told told = TOLD_UNREADABLE;
    forget(call);
    call->http_status = head->status;
    call->retry_after_ns = retry_after_ns(head);
    if (head->status >= 200 && head->status < 300) {
        told = read_told(call, body, arena);
    } else if (pgl_is_ok(pgl_provider_read_error(body, arena, &error))) {
        keep_error(call, &error);
    } else {
        error = (struct provider_error){ .code = "" };
    }
    call->seen = seen_of(head->status, error.code, is_replayed(head), told);
}

void pgl_provider_no_answer(struct provider_call *call, bool has_sent)
{
    forget(call);
    call->seen = seen_of(0, "", false, has_sent ? TOLD_UNREADABLE : TOLD_NOTHING);
}

void pgl_provider_not_askable(struct provider_call *call)
{
    forget(call);
    call->seen = PROVIDER_SEEN_OUR_BUG;
}
