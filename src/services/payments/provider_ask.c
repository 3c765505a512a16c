/* provider_ask.c - see provider_ask.h. */
#include "services/payments/provider_ask.h"

#include "base/assert.h"
#include "base/buffer.h"

#define FORM_BYTES_MAX 4096 /* each text of a call is shorter than 300 bytes, escaped 900 */

enum subject { OF_NOTHING, OF_INTENT, OF_REFUND };

static void form_create(const struct provider_call *call, struct pgl_buffer *form);
static void form_capture(const struct provider_call *call, struct pgl_buffer *form);
static void form_refund(const struct provider_call *call, struct pgl_buffer *form);
static void form_find(const struct provider_call *call, struct pgl_buffer *form);
static void form_find_refund(const struct provider_call *call, struct pgl_buffer *form);
static void form_list(const struct provider_call *call, struct pgl_buffer *form);

/* The form is the body of a POST, and the query of a GET. The charge has what was refunded, and
 * until when a hold lasts. */
/* clang-format off */
static const struct {
    const char *method, *before;
    enum subject subject;  /* stands between `before` and `behind` */
    const char *behind;
    void (*form)(const struct provider_call *call, struct pgl_buffer *form);
    const char *expand;
} verbs[PROVIDER_VERB_COUNT] = {
    [PROVIDER_CREATE]     = { "POST", "/v1/payment_intents",        OF_NOTHING, "",         form_create,  NULL },
    [PROVIDER_AUTHORIZE]  = { "POST", "/v1/payment_intents/",       OF_INTENT,  "/confirm", NULL,         "latest_charge" },
    [PROVIDER_CAPTURE]    = { "POST", "/v1/payment_intents/",       OF_INTENT,  "/capture", form_capture, "latest_charge" },
    [PROVIDER_VOID]       = { "POST", "/v1/payment_intents/",       OF_INTENT,  "/cancel",  NULL,         NULL },
    [PROVIDER_REFUND]     = { "POST", "/v1/refunds",                OF_NOTHING, "",         form_refund,  NULL },
    [PROVIDER_GET]        = { "GET",  "/v1/payment_intents/",       OF_INTENT,  "",         NULL,         "latest_charge" },
    [PROVIDER_GET_REFUND] = { "GET",  "/v1/refunds/",               OF_REFUND,  "",         NULL,         NULL },
    [PROVIDER_FIND_REFUND] = { "GET", "/v1/refunds",                OF_NOTHING, "",         form_find_refund, NULL },
    [PROVIDER_FIND]       = { "GET",  "/v1/payment_intents/search", OF_NOTHING, "",         form_find,    "data.latest_charge" },
    [PROVIDER_LIST]       = { "GET",  "/v1/payment_intents",        OF_NOTHING, "",         form_list,    "data.latest_charge" },
};
/* clang-format on */

/* ---- forms ---- */

/* RFC 3986, 2.3: these stand for themselves everywhere. */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void add_escaped(struct pgl_buffer *out, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *text != '\0'; text++) {
        if (is_plain(*text)) {
            pgl_buffer_add_char(out, *text);
            continue;
        }
        pgl_buffer_add_char(out, '%');
        pgl_buffer_add_char(out, digits[(uint8_t)*text >> 4]);
        pgl_buffer_add_char(out, digits[(uint8_t)*text & 15]);
    }
}

static void add_name(struct pgl_buffer *form, const char *name)
{
    if (form->size > 0)
        pgl_buffer_add_char(form, '&');
    add_escaped(form, name);
    pgl_buffer_add_char(form, '=');
}

static void add_text(struct pgl_buffer *form, const char *name, const char *text)
{
    add_name(form, name);
    add_escaped(form, text);
}

static void add_number(struct pgl_buffer *form, const char *name, int64_t number)
{
    add_name(form, name);
    pgl_buffer_add_i64(form, number);
}

static void add_order_id(const struct provider_call *call, struct pgl_buffer *form)
{
    char id[PGL_ID_TEXT_BYTES + 1] = "";
    pgl_id_format(call->order_id, id);
    add_text(form, "metadata[order_id]", id);
}

static void form_create(const struct provider_call *call, struct pgl_buffer *form)
{
    char currency[4] = "";
    for (size_t i = 0; i < 3; i++) /* Stripe's are lower case */
        currency[i] = (char)(call->currency[i] | 0x20);
    add_number(form, "amount", call->amount_minor);
    add_text(form, "currency", currency);
    add_text(form, "capture_method", "manual");
    add_text(form, "payment_method", call->card_token);
    add_text(form, "payment_method_types[]", "card");
    add_order_id(call, form);
}

static void form_capture(const struct provider_call *call, struct pgl_buffer *form)
{
    add_number(form, "amount_to_capture", call->amount_minor);
}

static void form_refund(const struct provider_call *call, struct pgl_buffer *form)
{
    add_text(form, "payment_intent", call->handle);
    add_number(form, "amount", call->amount_minor);
    add_order_id(call, form);
    add_number(form, "metadata[refund_no]", call->refund_no);
}

/* The newest are first, and an order has no more than fit on a page. */
static void form_find_refund(const struct provider_call *call, struct pgl_buffer *form)
{
    add_text(form, "payment_intent", call->handle);
    add_number(form, "limit", PGL_PROVIDER_PAGE_MAX);
}

static void form_find(const struct provider_call *call, struct pgl_buffer *form)
{
    char query[] = "metadata['order_id']:'________-____-____-____-____________'";
    pgl_id_format(call->order_id, query + sizeof query - 2 - PGL_ID_TEXT_BYTES);
    add_text(form, "query", query);
    add_number(form, "limit", 10); /* there should be one; more were made by a key that was lost */
}

static void form_list(const struct provider_call *call, struct pgl_buffer *form)
{
    add_number(form, "created[gte]", call->since_s);
    add_number(form, "limit", PGL_PROVIDER_PAGE_MAX);
    if (call->handle != NULL && call->handle[0] != '\0')
        add_text(form, "starting_after", call->handle);
}

/* ---- requests ---- */

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* Whether the call has what its verb needs. */
static bool is_whole(const struct provider_call *call)
{
    switch (call->verb) {
    case PROVIDER_CREATE:
        return is_given(call->key) && is_given(call->card_token) && call->currency != NULL &&
               strlen(call->currency) == 3 && call->amount_minor > 0;
    case PROVIDER_AUTHORIZE:
    case PROVIDER_VOID:
        return is_given(call->key) && is_given(call->handle);
    case PROVIDER_CAPTURE:
        return is_given(call->key) && is_given(call->handle) && call->amount_minor > 0;
    case PROVIDER_REFUND:
        return is_given(call->key) && is_given(call->handle) && call->amount_minor > 0 &&
               call->refund_no > 0;
    case PROVIDER_FIND_REFUND:
        return is_given(call->handle) && !pgl_id_is_zero(call->order_id) && call->refund_no > 0;
    case PROVIDER_GET:
        return is_given(call->handle);
    case PROVIDER_GET_REFUND:
        return is_given(call->refund_handle);
    case PROVIDER_FIND:
        return !pgl_id_is_zero(call->order_id);
    case PROVIDER_LIST:
        return call->page != NULL && call->since_s >= 0;
    case PROVIDER_VERB_COUNT:
        break;
    }
    return false;
}

static void add_field(struct provider_ask *ask, struct pgl_text name, struct pgl_text value)
{
    PGL_ASSERT(ask->request.field_count < PGL_PROVIDER_FIELDS_MAX);
    ask->fields[ask->request.field_count++] = (struct pgl_http_field){ name, value };
}

static void write_target(const struct provider_call *call, struct pgl_text form,
                         struct pgl_buffer *target)
{
    pgl_buffer_add_text(target, pgl_text_of(verbs[call->verb].before));
    if (verbs[call->verb].subject == OF_INTENT)
        add_escaped(target, call->handle);
    else if (verbs[call->verb].subject == OF_REFUND)
        add_escaped(target, call->refund_handle);
    pgl_buffer_add_text(target, pgl_text_of(verbs[call->verb].behind));
    if (form.size > 0) {
        pgl_buffer_add_char(target, '?');
        pgl_buffer_add_text(target, form);
    }
}

/* A copy in the arena; data is NULL when there was no room somewhere. */
static struct pgl_text keep(const struct pgl_buffer *buffer, struct pgl_arena *arena)
{
    char *copy = buffer->is_full ? NULL : pgl_arena_string(arena, pgl_buffer_text(buffer));
    return (struct pgl_text){ copy, buffer->size };
}

static pgl_status fill(const struct provider_call *call, struct pgl_buffer *form,
                       struct pgl_buffer *target, struct pgl_arena *arena, struct provider_ask *ask)
{
    bool is_post = pgl_text_is(ask->request.method, "POST");
    if (verbs[call->verb].form != NULL)
        verbs[call->verb].form(call, form);
    if (verbs[call->verb].expand != NULL)
        add_text(form, "expand[]", verbs[call->verb].expand);
    write_target(call, is_post ? PGL_TEXT("") : pgl_buffer_text(form), target);
    ask->request.target = keep(target, arena);
    ask->body = is_post ? keep(form, arena) : PGL_TEXT("");
    ask->request.content_length = is_post ? (int64_t)ask->body.size : -1;
    if (ask->request.target.data == NULL || ask->body.data == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "a call too large for a request");
    return PGL_OK;
}

pgl_status pgl_provider_ask(const struct provider_call *call, const struct provider_site *site,
                            struct pgl_arena *arena, struct provider_ask *ask)
{
    struct pgl_buffer form, target;
    if (!is_whole(call))
        return PGL_FAIL(PGL_INVALID, "a call that lacks what it is about");
    *ask = (struct provider_ask){ .request = { .method = pgl_text_of(verbs[call->verb].method),
                                               .host = site->host,
                                               .fields = ask->fields } };
    add_field(ask, PGL_TEXT("Authorization"), site->authorization);
    add_field(ask, PGL_TEXT("Stripe-Version"), PGL_TEXT(PGL_PROVIDER_API_VERSION));
    add_field(ask, PGL_TEXT("Accept"), PGL_TEXT("application/json"));
    add_field(ask, PGL_TEXT("User-Agent"), PGL_TEXT("panglot"));
    if (pgl_text_is(ask->request.method, "POST")) {
        add_field(ask, PGL_TEXT("Idempotency-Key"), pgl_text_of(call->key));
        add_field(ask, PGL_TEXT("Content-Type"), PGL_TEXT("application/x-www-form-urlencoded"));
    }
    pgl_buffer_init(&form, FORM_BYTES_MAX);
    pgl_buffer_init(&target, FORM_BYTES_MAX);
    pgl_status status = fill(call, &form, &target, arena, ask);
    pgl_buffer_free(&form);
    pgl_buffer_free(&target);
    return status;
}
