/* bank_lists.c - lists, newest first, and search by order. */
#include "app/provider/bank_inside.h"
#include "base/time.h"

#define LIST_USUAL 10

static enum bank_error read_limit(struct bank_form *form, int64_t *limit)
{
    *limit = form_has(form, PARAM_LIMIT) ? form->numbers[PARAM_LIMIT] : LIST_USUAL;
    return *limit >= 1 && *limit <= BANK_LIST_MAX
               ? BANK_FINE
               : bank_form_wrong(form, PARAM_LIMIT, BANK_ERROR_WRONG_PARAM);
}

static void begin_list(struct pgl_buffer *out, const char *object)
{
    pgl_buffer_clear(out);
    pgl_buffer_printf(out, "{\"object\":\"%s\",\"data\":[", object);
}

static void end_list(struct pgl_buffer *out, const char *url, bool has_more, const char *more)
{
    pgl_buffer_printf(out, "],\"has_more\":%s,\"url\":\"%s\"%s}", has_more ? "true" : "false", url,
                      more);
}

/* ---- intents ---- */

static bool is_asked_for(const struct bank_form *form, const struct intent *intent)
{
    int64_t created_s = intent->row.created_ns / PGL_SECONDS(1);
    return !(form_has(form, PARAM_CREATED_LT) && created_s >= form->numbers[PARAM_CREATED_LT]) &&
           !(form_has(form, PARAM_CREATED_LTE) && created_s > form->numbers[PARAM_CREATED_LTE]);
}

/* Everything further down is older still. */
static bool is_too_old(const struct bank_form *form, const struct intent *intent)
{
    int64_t created_s = intent->row.created_ns / PGL_SECONDS(1);
    return (form_has(form, PARAM_CREATED_GTE) && created_s < form->numbers[PARAM_CREATED_GTE]) ||
           (form_has(form, PARAM_CREATED_GT) && created_s <= form->numbers[PARAM_CREATED_GT]);
}

enum bank_error bank_list_intents(struct bank_ask *ask)
{
    const struct pgl_bank *bank = ask->bank;
    struct bank_form *form = &ask->form;
    struct pgl_buffer *out = &ask->bank->out;
    int64_t limit, count = 0;
    uint32_t at = bank->intent_count;
    enum bank_error error = read_limit(form, &limit);
    if (error != BANK_FINE)
        return error;
    if (form_has(form, PARAM_STARTING_AFTER)) {
        struct intent *last = bank_find_intent(bank, form->texts[PARAM_STARTING_AFTER]);
        if (last == NULL)
            return bank_form_wrong(form, PARAM_STARTING_AFTER, BANK_ERROR_WRONG_PARAM);
        at = last->number;
    }
    begin_list(out, "list");
    while (at > 0 && count <= limit && !is_too_old(form, bank_intent(bank, at - 1))) {
        const struct intent *intent = bank_intent(bank, --at);
        if (!is_asked_for(form, intent) || count++ == limit) /* one more than fits: has_more */
            continue;
        if (count > 1)
            pgl_buffer_add_char(out, ',');
        bank_write_intent(bank, intent->number, &intent->row.state, form->expands_charge, out);
    }
    end_list(out, "/v1/payment_intents", count > limit, "");
    return BANK_FINE;
}

/* metadata['order_id']:'...' in either quotes, and nothing else. */
static bool read_query(struct pgl_text query, struct pgl_text *order_id)
{
    static const char *const forms[][2] = { { "metadata['order_id']:'", "'" },
                                            { "metadata[\"order_id\"]:\"", "\"" } };
    for (int f = 0; f < 2; f++) {
        struct pgl_text before = pgl_text_of(forms[f][0]);
        if (query.size <= before.size || !pgl_text_starts_with(query, before) ||
            query.data[query.size - 1] != forms[f][1][0])
            continue;
        *order_id = (struct pgl_text){ query.data + before.size, query.size - before.size - 1 };
        return memchr(order_id->data, forms[f][1][0], order_id->size) == NULL;
    }
    return false;
}

/* Search lags behind, as it does at Stripe: what was made just now is not found yet. */
enum bank_error bank_search_intents(struct bank_ask *ask)
{
    const struct pgl_bank *bank = ask->bank;
    struct bank_form *form = &ask->form;
    struct pgl_buffer *out = &ask->bank->out;
    struct pgl_text order_id;
    int64_t limit, count = 0;
    enum bank_error error = read_limit(form, &limit);
    if (error != BANK_FINE)
        return error;
    if (!form_has(form, PARAM_QUERY))
        return bank_form_wrong(form, PARAM_QUERY, BANK_ERROR_MISSING_PARAM);
    if (!read_query(form->texts[PARAM_QUERY], &order_id))
        return bank_form_wrong(form, PARAM_QUERY, BANK_ERROR_WRONG_PARAM);
    begin_list(out, "search_result");
    for (uint32_t at = bank_find_order(bank, order_id); at != BANK_NONE && count <= limit;) {
        const struct intent *intent = bank_intent(bank, at);
        at = intent->previous_of_order;
        if (intent->row.created_ns > bank->now_ns - bank->options.search_lag_ns || count++ == limit)
            continue;
        if (count > 1)
            pgl_buffer_add_char(out, ',');
        bank_write_intent(bank, intent->number, &intent->row.state, form->expands_charge, out);
    }
    end_list(out, "/v1/payment_intents/search", count > limit, ",\"next_page\":null");
    return BANK_FINE;
}

/* ---- refunds ---- */

/* Those of one intent, newest first; of all without one. */
enum bank_error bank_list_refunds(struct bank_ask *ask)
{
    const struct pgl_bank *bank = ask->bank;
    struct bank_form *form = &ask->form;
    struct pgl_buffer *out = &ask->bank->out;
    struct intent *of = bank_find_intent(bank, form->texts[PARAM_PAYMENT_INTENT]);
    int64_t limit, count = 0;
    enum bank_error error = read_limit(form, &limit);
    if (error != BANK_FINE)
        return error;
    if (form_has(form, PARAM_PAYMENT_INTENT) && of == NULL)
        return bank_form_wrong(form, PARAM_PAYMENT_INTENT, BANK_ERROR_NO_INTENT);
    uint32_t at = of != NULL ? of->last_refund : bank->refund_count - 1;
    if (form_has(form, PARAM_STARTING_AFTER)) {
        struct refund *last = bank_find_refund(bank, form->texts[PARAM_STARTING_AFTER]);
        if (last == NULL)
            return bank_form_wrong(form, PARAM_STARTING_AFTER, BANK_ERROR_WRONG_PARAM);
        at = of != NULL ? last->previous_of_intent : last->number - 1;
    }
    begin_list(out, "list");
    while (at != BANK_NONE && count <= limit) {
        const struct refund *refund = bank_refund(bank, at);
        at = of != NULL ? refund->previous_of_intent : at - 1; /* 0 - 1 is BANK_NONE */
        if (count++ == limit)
            continue;
        if (count > 1)
            pgl_buffer_add_char(out, ',');
        bank_write_refund(bank, refund->number, (enum refund_status)refund->row.status, out);
    }
    end_list(out, "/v1/refunds", count > limit, "");
    return BANK_FINE;
}

/* ---- everything, for a judge ---- */

void pgl_bank_write_objects(const struct pgl_bank *bank, uint32_t from, uint32_t count,
                            struct pgl_buffer *out)
{
    uint32_t left = from < bank->intent_count ? bank->intent_count - from : 0;
    uint32_t end = from + (count < left ? count : left);
    pgl_buffer_add_literal(out, "{\"objects\":[");
    for (uint32_t at = from; at < end; at++) {
        pgl_buffer_add_text(out, at == from ? PGL_TEXT("\n") : PGL_TEXT(",\n"));
        bank_write_intent(bank, at, &bank_intent(bank, at)->row.state, true, out);
    }
    pgl_buffer_add_literal(out, "\n],\"next\":");
    if (count < left)
        pgl_buffer_add_i64(out, end);
    else
        pgl_buffer_add_literal(out, "null");
    pgl_buffer_add_literal(out, "}\n");
}
