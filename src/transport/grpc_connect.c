/*
 * grpc_connect.c - Connect's unary protocol: one message is the body, or stands in the query of a
 * GET; errors are JSON under an HTTP status.
 */
#include "base/assert.h"
#include "transport/grpc_call.h"
#include "wire/base64.h"
#include "wire/gzip.h"

#define ERROR_BYTES_MAX  (16u << 10)
#define TIMEOUT_DIGITS   10
#define DETAIL_BYTES_MAX (4u << 10)

/* clang-format off */
static const struct connect_code {
    const char *name;
    int http;
} connect_codes[PGL_GRPC_STATUS_COUNT] = {
    { "",                    200 }, { "canceled",          499 }, { "unknown",             500 },
    { "invalid_argument",    400 }, { "deadline_exceeded", 504 }, { "not_found",           404 },
    { "already_exists",      409 }, { "permission_denied", 403 }, { "resource_exhausted",  429 },
    { "failed_precondition", 400 }, { "aborted",           409 }, { "out_of_range",        400 },
    { "unimplemented",       501 }, { "internal",          500 }, { "unavailable",         503 },
    { "data_loss",           500 }, { "unauthenticated",   401 },
};
/* clang-format on */

/* ---- in ---- */

/* What a POST says in its fields, or a GET in its query. */
struct connect_ask {
    struct pgl_text version, timeout, compression, encoding, message;
    bool is_base64, is_get;
};

static struct pgl_text field_of(const struct pgl_grpc_call *call, struct pgl_text name)
{
    const struct pgl_http_request_head *head = &call->exchange->head;
    struct pgl_text value = { NULL, 0 };
    (void)pgl_http_find_field(head->fields, head->field_count, name, &value);
    return value;
}

static pgl_status read_query(struct pgl_grpc_call *call, struct connect_ask *ask)
{
    struct pgl_text left = call->exchange->head.query;
    for (;;) {
        struct pgl_http_field pair;
        bool is_there;
        PGL_TRY(pgl_http_query_next(call->arena, &left, &pair, &is_there));
        if (!is_there)
            return PGL_OK;
        if (pgl_text_is(pair.name, "message"))
            ask->message = pair.value;
        else if (pgl_text_is(pair.name, "encoding"))
            ask->encoding = pair.value;
        else if (pgl_text_is(pair.name, "compression"))
            ask->compression = pair.value;
        else if (pgl_text_is(pair.name, "base64"))
            ask->is_base64 = pgl_text_is(pair.value, "1");
        else if (pgl_text_is(pair.name, "connect"))
            ask->version = pgl_text_is(pair.value, "v1") ? PGL_TEXT("1") : pair.value;
    }
}

static pgl_status read_message(struct pgl_grpc_call *call, struct connect_ask *ask)
{
    if (!pgl_text_is(ask->encoding, "json") && !pgl_text_is(ask->encoding, "proto"))
        return PGL_FAIL(PGL_INVALID, "encoding: json or proto is expected");
    call->is_json = pgl_text_is(ask->encoding, "json");
    if (!ask->is_base64)
        return PGL_OK;
    uint8_t *bytes = pgl_arena_alloc(call->arena, ask->message.size + 1);
    if (bytes == NULL)
        return PGL_NO_MEMORY;
    size_t size;
    PGL_TRY(pgl_base64_decode_any(ask->message, bytes, ask->message.size + 1, &size));
    ask->message = (struct pgl_text){ (const char *)bytes, size };
    return PGL_OK;
}

static pgl_status read_timeout(struct pgl_text text, int64_t *timeout_ns)
{
    int64_t ms;
    if (text.size == 0)
        return PGL_OK;
    if (text.size > TIMEOUT_DIGITS || !pgl_is_ok(pgl_text_to_i64(text, &ms)) || ms < 0)
        return PGL_FAIL(PGL_MALFORMED, "connect-timeout-ms: up to ten digits are expected");
    *timeout_ns = PGL_MILLISECONDS(ms);
    return PGL_OK;
}

static pgl_status read_ask(struct pgl_grpc_call *call, struct connect_ask *ask, int64_t *timeout_ns)
{
    ask->is_get = call->exchange->head.method_known == PGL_HTTP_GET;
    ask->version = field_of(call, PGL_TEXT("connect-protocol-version"));
    ask->compression = field_of(call, PGL_TEXT("content-encoding"));
    ask->message = call->exchange->body;
    if (ask->is_get) {
        PGL_TRY(read_query(call, ask));
        PGL_TRY(read_message(call, ask));
    }
    if (ask->version.size > 0 && !pgl_text_is(ask->version, "1"))
        return PGL_FAIL(PGL_MALFORMED, "connect-protocol-version: 1 is expected");
    call->takes_packed =
        pgl_http_list_has(field_of(call, PGL_TEXT("accept-encoding")), PGL_TEXT("gzip"));
    call->packs = true;
    call->asks_are_packed = pgl_text_is(ask->compression, "gzip");
    if (ask->compression.size > 0 && !call->asks_are_packed &&
        !pgl_text_is(ask->compression, "identity")) {
        pgl_grpc_add(&call->before, PGL_TEXT("accept-encoding"), PGL_TEXT("gzip, identity"));
        return PGL_FAIL(PGL_UNIMPLEMENTED, "content-encoding: identity and gzip are understood");
    }
    if (call->service == NULL)
        return PGL_FAIL(PGL_UNIMPLEMENTED, "there is no such method");
    return read_timeout(field_of(call, PGL_TEXT("connect-timeout-ms")), timeout_ns);
}

/* A page elsewhere can make a browser GET anything: so only what changes nothing. */
static void refuse_get(struct pgl_grpc_call *call)
{
    struct pgl_http_field allow = { PGL_TEXT("Allow"), PGL_TEXT("POST") };
    pgl_counter_add(&call->server->metrics.refusals, 1);
    call->exchange->owner = NULL;
    pgl_http_respond(call->exchange, 405, &allow, 1, (struct pgl_text){ "", 0 });
}

void pgl_connect_begin(struct pgl_grpc_call *call)
{
    struct connect_ask ask = { 0 };
    int64_t timeout_ns = -1;
    bool is_get = call->exchange->head.method_known == PGL_HTTP_GET;
    if (is_get && (call->service == NULL || !pgl_grpc_method_of(call)->is_safe)) {
        refuse_get(call);
        return;
    }
    pgl_status status = read_ask(call, &ask, &timeout_ns);
    if (!pgl_is_ok(status)) {
        pgl_grpc_end(call, status);
        return;
    }
    enum pgl_grpc_kind kind = pgl_grpc_method_of(call)->kind;
    if (kind != PGL_GRPC_UNARY) {
        pgl_grpc_end(call, PGL_FAIL(PGL_UNIMPLEMENTED, "a stream needs gRPC or gRPC-Web"));
        return;
    }
    pgl_grpc_call_start(call, timeout_ns);
    pgl_grpc_call_feed_whole(call, ask.message, call->asks_are_packed && ask.message.size > 0);
}

/* ---- out ---- */

/* Into the arena, for the end. */
static pgl_status keep(struct pgl_grpc_call *call, const struct pgl_buffer *bytes)
{
    char *copy = bytes->is_full ? NULL : pgl_arena_string(call->arena, pgl_buffer_text(bytes));
    if (copy == NULL)
        return PGL_FAIL(PGL_TOO_LARGE, "the answer is larger than is sent here");
    call->answer = (struct pgl_text){ copy, bytes->size };
    return PGL_OK;
}

pgl_status pgl_connect_write(struct pgl_grpc_call *call, const ProtobufCMessage *reply)
{
    struct pgl_buffer *out = &call->server->scratch, *packed = &call->server->packed;
    pgl_buffer_clear(out);
    if (call->is_json)
        pgl_json_write_proto3(reply, out);
    else
        pgl_message_pack(reply, out);
    call->answer_is_packed = call->packs && call->takes_packed && !out->is_full &&
                             out->size >= call->server->options.limits.pack_bytes_min;
    if (!call->answer_is_packed)
        return keep(call, out);
    pgl_buffer_clear(packed);
    pgl_arena_reset(&call->server->work);
    PGL_TRY(pgl_gzip_pack(&call->server->work, pgl_buffer_text(out), packed));
    return keep(call, packed);
}

/* As in grpc-status-details-bin, each by itself. */
static void write_details(const struct pgl_rich_error *error, struct pgl_buffer *out)
{
    struct pgl_buffer detail;
    const char *type;
    pgl_buffer_init(&detail, DETAIL_BYTES_MAX);
    for (int n = 0; pgl_rich_detail(error, n, &type, &detail); n++) {
        char text[PGL_BASE64_BYTES(DETAIL_BYTES_MAX)];
        size_t size =
            detail.is_full ? 0 : pgl_base64_encode((const uint8_t *)detail.data, detail.size, text);
        while (size > 0 && text[size - 1] == '=')
            size--;
        pgl_buffer_printf(out, "%s{\"type\":\"%s\",\"value\":\"%.*s\"}", n > 0 ? "," : "", type,
                          (int)size, text);
        pgl_buffer_clear(&detail);
    }
    pgl_buffer_free(&detail);
}

static struct pgl_text write_error(struct pgl_grpc_call *call, const struct pgl_rich_error *error)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, ERROR_BYTES_MAX);
    pgl_buffer_printf(&out,
                      "{\"code\":\"%s\",\"message\":", connect_codes[error->grpc_status].name);
    pgl_json_write_string(&out, error->message);
    pgl_buffer_add_literal(&out, ",\"details\":[");
    write_details(error, &out);
    pgl_buffer_add_literal(&out, "]}");
    char *copy = out.is_full ? NULL : pgl_arena_string(call->arena, pgl_buffer_text(&out));
    struct pgl_text body = copy != NULL ? (struct pgl_text){ copy, out.size }
                                        : PGL_TEXT("{\"code\":\"resource_exhausted\"}");
    pgl_buffer_free(&out);
    return body;
}

/* Trailers are fields of the head, with a name that says so. */
static size_t add_trailers(struct pgl_grpc_call *call, struct pgl_http_field *fields)
{
    size_t count = 0;
    for (size_t i = 0; i < call->behind.count; i++) {
        const char *name = pgl_arena_printf(call->arena, "trailer-%.*s",
                                            PGL_TEXT_ARGS(call->behind.fields[i].name));
        fields[count++] =
            (struct pgl_http_field){ pgl_text_of(name), call->behind.fields[i].value };
    }
    return count;
}

void pgl_connect_end(struct pgl_grpc_call *call)
{
    const struct pgl_grpc_server_options *options = &call->server->options;
    struct pgl_http_field fields[PGL_GRPC_FIELDS_MAX + PGL_GRPC_METADATA_MAX];
    struct pgl_text body = call->answer, media = pgl_grpc_media(call);
    int status = 200;
    size_t count = 0;
    if (!pgl_is_ok(call->status)) {
        struct pgl_rich_error error = pgl_grpc_error_of(call);
        status = connect_codes[error.grpc_status].http;
        body = write_error(call, &error);
        media = PGL_TEXT("application/json");
        call->answer_is_packed = false;
    }
    fields[count++] = (struct pgl_http_field){ PGL_TEXT("content-type"), media };
    fields[count++] = (struct pgl_http_field){ PGL_TEXT("cache-control"), PGL_TEXT("no-store") };
    if (call->answer_is_packed)
        fields[count++] = (struct pgl_http_field){ PGL_TEXT("content-encoding"), PGL_TEXT("gzip") };
    for (size_t i = 0; i < call->before.count; i++)
        fields[count++] = call->before.fields[i];
    count += add_trailers(call, fields + count);
    if (options->web_fields != NULL)
        count += options->web_fields(options->owner, call->exchange, fields + count);
    pgl_http_respond(call->exchange, status, fields, count, body);
}
