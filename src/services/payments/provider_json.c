/* provider_json.c - see provider_json.h. */
#include "services/payments/provider_json.h"

#include <stddef.h>

#include "wire/json_scan.h"

static const struct pgl_json_limits limits = {
    .depth_max = 16,
    .keys_max = 128,
    .nodes_max = 64u << 10,
    .string_bytes_max = 16u << 10,
};

/* A member that we know: how it is read, and into which part of the struct. */
struct member {
    const char *name;
    pgl_status (*read)(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                       size_t size);
    size_t offset, size;
};

#define MEMBER(name, read, type, field)                                                            \
    {                                                                                              \
        name, read, offsetof(type, field), sizeof(((type *)NULL)->field)                           \
    }

/* Of the object that `_value` has announced. */
static pgl_status read_members(struct pgl_json_scan *scan, enum pgl_json_kind kind,
                               const struct member *members, size_t member_count, void *into)
{
    uint32_t count = 0, read = 0;
    struct pgl_text name;
    if (kind != PGL_JSON_OBJECT)
        return pgl_json_scan_fail(scan, "an object is expected");
    PGL_TRY(pgl_json_scan_enter(scan));
    PGL_TRY(pgl_json_scan_member(scan, &count, &name));
    while (name.data != NULL) {
        size_t at = 0;
        while (at < member_count && !pgl_text_is(name, members[at].name))
            at++;
        PGL_TRY(pgl_json_scan_value(scan, &kind));
        if (at == member_count) {
            PGL_TRY(pgl_json_scan_skip(scan, kind));
        } else if ((read >> at & 1) != 0) {
            return pgl_json_scan_fail(scan, "a member is given twice");
        } else {
            read |= 1u << at;
            if (kind != PGL_JSON_NULL)
                PGL_TRY(members[at].read(scan, kind, (char *)into + members[at].offset,
                                         members[at].size));
        }
        PGL_TRY(pgl_json_scan_member(scan, &count, &name));
    }
    return PGL_OK;
}

#define READ_MEMBERS(scan, kind, members, into)                                                    \
    read_members((scan), (kind), (members), sizeof(members) / sizeof(members)[0], (into))

/* ---- single values ---- */

/* Printable ASCII without quotes and backslashes: it goes into logs and addresses. */
static bool is_plain(struct pgl_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f || text.data[i] == '"' ||
            text.data[i] == '\\')
            return false;
    return true;
}

static pgl_status read_word(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                            size_t size)
{
    struct pgl_text text;
    if (kind != PGL_JSON_STRING)
        return pgl_json_scan_fail(scan, "a string is expected");
    PGL_TRY(pgl_json_scan_string(scan, &text));
    if (text.size >= size || !is_plain(text))
        return pgl_json_scan_fail(scan, "a short word is expected");
    memcpy(into, text.data, text.size);
    ((char *)into)[text.size] = '\0';
    return PGL_OK;
}

/* The same, and nothing where it does not fit. */
static pgl_status read_word_if_fit(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                                   size_t size)
{
    struct pgl_text text;
    if (kind != PGL_JSON_STRING)
        return pgl_json_scan_skip(scan, kind);
    PGL_TRY(pgl_json_scan_string(scan, &text));
    if (text.size >= size || !is_plain(text))
        return PGL_OK;
    memcpy(into, text.data, text.size);
    ((char *)into)[text.size] = '\0';
    return PGL_OK;
}

static pgl_status read_number(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                              size_t size)
{
    struct pgl_json_number number;
    (void)size;
    if (kind != PGL_JSON_NUMBER)
        return pgl_json_scan_fail(scan, "a number is expected");
    PGL_TRY(pgl_json_scan_number(scan, &number));
    if (!number.fits || number.value < 0)
        return pgl_json_scan_fail(scan, "a whole number is expected, not below zero");
    *(int64_t *)into = number.value;
    return PGL_OK;
}

static pgl_status read_switch(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                              size_t size)
{
    (void)size;
    if (kind != PGL_JSON_TRUE && kind != PGL_JSON_FALSE)
        return pgl_json_scan_fail(scan, "true or false is expected");
    *(bool *)into = kind == PGL_JSON_TRUE;
    return PGL_OK;
}

/* That it is there and not null is all that we want to know. */
static pgl_status read_presence(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                                size_t size)
{
    (void)size;
    *(bool *)into = true;
    return pgl_json_scan_skip(scan, kind);
}

/* ---- objects ---- */

/* Another object, named by its id or given whole. */
static pgl_status read_reference(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                                 size_t size)
{
    const struct member id[] = { { "id", read_word, 0, size } };
    return kind == PGL_JSON_STRING ? read_word(scan, kind, into, size)
                                   : READ_MEMBERS(scan, kind, id, into);
}

static pgl_status read_metadata(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                                size_t size)
{
    const struct member members[] = { { "order_id", read_word_if_fit, 0, size } };
    return READ_MEMBERS(scan, kind, members, into);
}

static pgl_status read_redirect(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                                size_t size)
{
    (void)size;
    static const struct member members[] = {
        { "url", read_word_if_fit, 0, PGL_PROVIDER_TEXT_BYTES },
    };
    return READ_MEMBERS(scan, kind, members, into);
}

static pgl_status read_action(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                              size_t size)
{
    static const size_t begin = offsetof(struct provider_intent, action);
    const struct member members[] = {
        { "type", read_word, 0, size },
        { "redirect_to_url", read_redirect, offsetof(struct provider_intent, action_url) - begin,
          0 },
    };
    return READ_MEMBERS(scan, kind, members, into);
}

static pgl_status read_card(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                            size_t size)
{
    static const struct member members[] = { { "capture_before", read_number, 0, 0 } };
    (void)size;
    return READ_MEMBERS(scan, kind, members, into);
}

static pgl_status read_method_details(struct pgl_json_scan *scan, enum pgl_json_kind kind,
                                      void *into, size_t size)
{
    static const struct member members[] = { { "card", read_card, 0, 0 } };
    (void)size;
    return READ_MEMBERS(scan, kind, members, into);
}

static pgl_status read_charge(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                              size_t size)
{
    static const struct member members[] = {
        MEMBER("amount_refunded", read_number, struct provider_charge, refunded_minor),
        MEMBER("payment_method_details", read_method_details, struct provider_charge,
               capture_before_s),
    };
    struct provider_charge *charge = into;
    (void)size;
    if (kind == PGL_JSON_STRING)
        return pgl_json_scan_skip(scan, kind); /* only named */
    charge->is_told = true;
    return READ_MEMBERS(scan, kind, members, charge);
}

static pgl_status read_intent(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                              size_t size)
{
    static const struct member members[] = {
        MEMBER("id", read_word, struct provider_intent, id),
        MEMBER("object", read_word, struct provider_intent, kind),
        MEMBER("status", read_word, struct provider_intent, status),
        MEMBER("currency", read_word, struct provider_intent, currency),
        MEMBER("metadata", read_metadata, struct provider_intent, order_id),
        MEMBER("amount", read_number, struct provider_intent, amount_minor),
        MEMBER("amount_capturable", read_number, struct provider_intent, capturable_minor),
        MEMBER("amount_received", read_number, struct provider_intent, received_minor),
        MEMBER("created", read_number, struct provider_intent, created_s),
        MEMBER("last_payment_error", read_presence, struct provider_intent, has_failed),
        MEMBER("next_action", read_action, struct provider_intent, action),
        MEMBER("latest_charge", read_charge, struct provider_intent, charge),
    };
    struct provider_intent *intent = into;
    (void)size;
    *intent = (struct provider_intent){
        .amount_minor = PROVIDER_UNTOLD,
        .capturable_minor = PROVIDER_UNTOLD,
        .received_minor = PROVIDER_UNTOLD,
        .created_s = PROVIDER_UNTOLD,
        .charge = { .refunded_minor = PROVIDER_UNTOLD, .capture_before_s = PROVIDER_UNTOLD },
    };
    return READ_MEMBERS(scan, kind, members, intent);
}

static pgl_status read_refund_metadata(struct pgl_json_scan *scan, enum pgl_json_kind kind,
                                       void *into, size_t size)
{
    static const struct member members[] = {
        MEMBER("order_id", read_word_if_fit, struct provider_refund_metadata, order_id),
        MEMBER("refund_no", read_word_if_fit, struct provider_refund_metadata, refund_no),
    };
    (void)size;
    return READ_MEMBERS(scan, kind, members, into);
}

static pgl_status read_refund(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                              size_t size)
{
    static const struct member members[] = {
        MEMBER("id", read_word, struct provider_refund, id),
        MEMBER("object", read_word, struct provider_refund, kind),
        MEMBER("status", read_word, struct provider_refund, status),
        MEMBER("payment_intent", read_reference, struct provider_refund, intent_id),
        MEMBER("amount", read_number, struct provider_refund, amount_minor),
        MEMBER("metadata", read_refund_metadata, struct provider_refund, metadata),
    };
    (void)size;
    *(struct provider_refund *)into = (struct provider_refund){ .amount_minor = PROVIDER_UNTOLD };
    return READ_MEMBERS(scan, kind, members, into);
}

static pgl_status read_error_intent(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                                    size_t size)
{
    static const size_t begin = offsetof(struct provider_error, intent);
    struct provider_error *error = (struct provider_error *)(void *)((char *)into - begin);
    error->has_intent = true;
    return read_intent(scan, kind, into, size);
}

static pgl_status read_inner_error(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                                   size_t size)
{
    static const struct member members[] = {
        MEMBER("code", read_word, struct provider_error, code),
        MEMBER("decline_code", read_word, struct provider_error, decline_code),
        MEMBER("payment_intent", read_error_intent, struct provider_error, intent),
    };
    (void)size;
    return READ_MEMBERS(scan, kind, members, into);
}

static pgl_status read_error(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                             size_t size)
{
    static const struct member members[] = { { "error", read_inner_error, 0, 0 } };
    (void)size;
    *(struct provider_error *)into = (struct provider_error){ .code = "" };
    return READ_MEMBERS(scan, kind, members, into);
}

/* ---- lists ---- */

static pgl_status read_listed(struct pgl_json_scan *scan, enum pgl_json_kind kind,
                              const struct provider_list *list)
{
    struct provider_intent intent;
    struct provider_refund refund;
    bool is_whole;
    if (list->take_refund != NULL) {
        PGL_TRY(read_refund(scan, kind, &refund, 0));
        is_whole = list->take_refund(list->owner, &refund);
    } else {
        PGL_TRY(read_intent(scan, kind, &intent, 0));
        is_whole = list->take(list->owner, &intent);
    }
    return is_whole ? PGL_OK : pgl_json_scan_fail(scan, "an object that says too little");
}

static pgl_status read_data(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                            size_t size)
{
    static const size_t begin = offsetof(struct provider_list, is_told);
    struct provider_list *list = (struct provider_list *)(void *)((char *)into - begin);
    uint32_t count = 0;
    bool is_there;
    (void)size;
    if (kind != PGL_JSON_ARRAY)
        return pgl_json_scan_fail(scan, "a list is expected");
    list->is_told = true;
    PGL_TRY(pgl_json_scan_enter(scan));
    PGL_TRY(pgl_json_scan_element(scan, &count, &is_there));
    while (is_there) {
        if (count > PGL_PROVIDER_PAGE_MAX)
            return pgl_json_scan_fail(scan, "more objects than were asked for");
        PGL_TRY(pgl_json_scan_value(scan, &kind));
        PGL_TRY(read_listed(scan, kind, list));
        PGL_TRY(pgl_json_scan_element(scan, &count, &is_there));
    }
    return PGL_OK;
}

static pgl_status read_list(struct pgl_json_scan *scan, enum pgl_json_kind kind, void *into,
                            size_t size)
{
    static const struct member members[] = {
        MEMBER("object", read_word, struct provider_list, kind),
        MEMBER("has_more", read_switch, struct provider_list, has_more),
        MEMBER("data", read_data, struct provider_list, is_told),
    };
    (void)size;
    return READ_MEMBERS(scan, kind, members, into);
}

/* ---- whole documents ---- */

static pgl_status read_document(struct pgl_text body, struct pgl_arena *arena, void *into,
                                pgl_status (*read)(struct pgl_json_scan *scan,
                                                   enum pgl_json_kind kind, void *into,
                                                   size_t size))
{
    struct pgl_json_scan scan;
    enum pgl_json_kind kind;
    pgl_json_scan_init(&scan, arena, body, &limits);
    PGL_TRY(pgl_json_scan_value(&scan, &kind));
    PGL_TRY(read(&scan, kind, into, 0));
    return pgl_json_scan_end(&scan);
}

pgl_status pgl_provider_read_intent(struct pgl_text body, struct pgl_arena *arena,
                                    struct provider_intent *intent)
{
    return read_document(body, arena, intent, read_intent);
}

pgl_status pgl_provider_read_refund(struct pgl_text body, struct pgl_arena *arena,
                                    struct provider_refund *refund)
{
    return read_document(body, arena, refund, read_refund);
}

pgl_status pgl_provider_read_error(struct pgl_text body, struct pgl_arena *arena,
                                   struct provider_error *error)
{
    return read_document(body, arena, error, read_error);
}

pgl_status pgl_provider_read_list(struct pgl_text body, struct pgl_arena *arena,
                                  struct provider_list *list)
{
    return read_document(body, arena, list, read_list);
}
