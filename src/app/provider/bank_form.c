/* bank_form.c - forms and queries: the table of parameters, and nothing that is not in it. */
#include "app/provider/bank_inside.h"
#include "wire/http.h"

enum param_kind { IS_TEXT, IS_NUMBER, IS_SWITCH };

/* clang-format off */
static const struct {
    const char *name;
    enum param_kind kind;
} params[PARAM_COUNT] = {
    [PARAM_AMOUNT]              = { "amount",                 IS_NUMBER },
    [PARAM_AMOUNT_TO_CAPTURE]   = { "amount_to_capture",      IS_NUMBER },
    [PARAM_CANCELLATION_REASON] = { "cancellation_reason",    IS_TEXT },
    [PARAM_CAPTURE_METHOD]      = { "capture_method",         IS_TEXT },
    [PARAM_CONFIRM]             = { "confirm",                IS_SWITCH },
    [PARAM_CREATED_GT]          = { "created[gt]",            IS_NUMBER },
    [PARAM_CREATED_GTE]         = { "created[gte]",           IS_NUMBER },
    [PARAM_CREATED_LT]          = { "created[lt]",            IS_NUMBER },
    [PARAM_CREATED_LTE]         = { "created[lte]",           IS_NUMBER },
    [PARAM_CURRENCY]            = { "currency",               IS_TEXT },
    [PARAM_EXPAND]              = { "expand[]",               IS_TEXT },
    [PARAM_LIMIT]               = { "limit",                  IS_NUMBER },
    [PARAM_METHOD]              = { "payment_method",         IS_TEXT },
    [PARAM_METHOD_TYPES]        = { "payment_method_types[]", IS_TEXT },
    [PARAM_PAYMENT_INTENT]      = { "payment_intent",         IS_TEXT },
    [PARAM_QUERY]               = { "query",                  IS_TEXT },
    [PARAM_REASON]              = { "reason",                 IS_TEXT },
    [PARAM_RETURN_URL]          = { "return_url",             IS_TEXT },
    [PARAM_STARTING_AFTER]      = { "starting_after",         IS_TEXT },
};
/* clang-format on */

enum bank_error bank_form_wrong(struct bank_form *form, enum bank_param param,
                                enum bank_error error)
{
    form->wrong = pgl_text_of(params[param].name);
    return error;
}

/* expand[0] and payment_method_types[0] are what clients of Stripe's make of a list. */
static bool is_named(struct pgl_text given, const char *name)
{
    struct pgl_text wanted = pgl_text_of(name);
    if (pgl_text_equal(given, wanted))
        return true;
    if (wanted.data[wanted.size - 1] != ']' || wanted.data[wanted.size - 2] != '[')
        return false;
    struct pgl_text stem = { wanted.data, wanted.size - 1 };
    return given.size == wanted.size + 1 && pgl_text_starts_with(given, stem) &&
           given.data[stem.size] >= '0' && given.data[stem.size] <= '9' &&
           given.data[given.size - 1] == ']';
}

static enum bank_error add_metadata(struct bank_form *form, const struct pgl_http_field *pair)
{
    struct pgl_text name = { pair->name.data + sizeof "metadata[" - 1,
                             pair->name.size - sizeof "metadata[]" + 1 };
    size_t bytes = name.size + pair->value.size + 2;
    form->wrong = PGL_TEXT("metadata");
    if (name.size == 0 || bytes > BANK_METADATA_BYTES - form->metadata_bytes)
        return BANK_ERROR_METADATA;
    char *at = form->metadata + form->metadata_bytes;
    memcpy(at, name.data, name.size);
    if (pair->value.size > 0) /* nothing may lie at no address */
        memcpy(at + name.size + 1, pair->value.data, pair->value.size);
    form->metadata_bytes += (uint32_t)bytes;
    return BANK_FINE;
}

static bool read_switch(struct pgl_text text, int64_t *value)
{
    *value = pgl_text_is(text, "true");
    return *value == 1 || pgl_text_is(text, "false");
}

static enum bank_error add(struct bank_form *form, uint32_t allowed,
                           const struct pgl_http_field *pair)
{
    if ((allowed & PARAM_METADATA) != 0 && pair->name.size > sizeof "metadata[]" - 1 &&
        pgl_text_starts_with(pair->name, PGL_TEXT("metadata[")) &&
        pair->name.data[pair->name.size - 1] == ']')
        return add_metadata(form, pair);
    for (int p = 0; p < PARAM_COUNT; p++) {
        if ((allowed >> p & 1u) == 0 || !is_named(pair->name, params[p].name))
            continue;
        form->given |= 1u << p;
        form->texts[p] = pair->value;
        bool is_fit = params[p].kind == IS_TEXT ||
                      (params[p].kind == IS_SWITCH
                           ? read_switch(pair->value, &form->numbers[p])
                           : pgl_is_ok(pgl_text_to_i64(pair->value, &form->numbers[p])));
        if (p == PARAM_EXPAND) {
            is_fit = pgl_text_is(pair->value, "latest_charge") ||
                     pgl_text_is(pair->value, "data.latest_charge");
            form->expands_charge |= is_fit;
        }
        if (p == PARAM_METHOD_TYPES)
            is_fit = pgl_text_is(pair->value, "card");
        return is_fit ? BANK_FINE
                      : bank_form_wrong(form, (enum bank_param)p, BANK_ERROR_WRONG_PARAM);
    }
    form->wrong = pair->name;
    return BANK_ERROR_UNKNOWN_PARAM;
}

enum bank_error bank_form_read(struct bank_form *form, uint32_t allowed, struct pgl_text pairs,
                               struct pgl_arena *arena)
{
    struct pgl_http_field pair;
    bool is_there = true;
    while (is_there) {
        if (!pgl_is_ok(pgl_http_query_next(arena, &pairs, &pair, &is_there)))
            return BANK_ERROR_NO_FORM;
        enum bank_error error = is_there ? add(form, allowed, &pair) : BANK_FINE;
        if (error != BANK_FINE)
            return error;
    }
    return BANK_FINE;
}

struct pgl_text bank_metadata_find(const char *metadata, uint32_t bytes, const char *name)
{
    uint32_t at = 0;
    while (at < bytes) {
        const char *value = metadata + at + strlen(metadata + at) + 1;
        if (strcmp(metadata + at, name) == 0)
            return pgl_text_of(value);
        at = (uint32_t)(value + strlen(value) + 1 - metadata);
    }
    return (struct pgl_text){ NULL, 0 };
}
