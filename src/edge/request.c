/* request.c - see request.h. */
#include "edge/request.h"

#include "base/assert.h"
#include "edge/client.h"
#include "edge/query.h"
#include "wire/json.h"

#define ANSWER_BYTES_MAX      (4u << 20) /* a page of 100 products with long texts */
#define EDGE_CALL_CHUNK_BYTES 8192u
#define EDGE_CALL_BYTES_MAX   (1u << 20) /* of one of several answers */
#define LITTLE_NS             PGL_MILLISECONDS(1)

/* ---- asking ---- */

static int64_t deadline_of(const struct pgl_request *request)
{
    int64_t at_most_ns = pgl_route_classes[request->route->class].at_most_ns;
    if (pgl_loop_is_struck(request->edge->loop, PGL_BUGGIFY_EDGE_LITTLE_TIME))
        at_most_ns = LITTLE_NS;
    return request->deadline_ns != 0 ? request->deadline_ns
                                     : request->edge->loop->now_ns + at_most_ns;
}

pgl_status edge_ask(struct pgl_request *request, const struct pgl_endpoint *endpoint, int method,
                    const void *ask, void *reply)
{
    PGL_ASSERT(request->call_count < PGL_REQUEST_CALLS_MAX);
    if (ask == NULL || reply == NULL)
        return PGL_NO_MEMORY;
    int n = request->call_count++;
    request->calls[n].call = (struct pgl_call){
        .ask = ask,
        .reply = reply,
        .deadline_ns = deadline_of(request),
        .trace = request->trace,
    };
    request->asks[n].endpoint = endpoint;
    request->asks[n].method = method;
    return PGL_OK;
}

static struct pgl_arena *own_arena(struct pgl_request *request)
{
    struct edge_call_arena *own = pgl_arena_alloc(request->arena, sizeof *own);
    if (own == NULL)
        return NULL;
    pgl_arena_init(&own->arena, EDGE_CALL_CHUNK_BYTES, EDGE_CALL_BYTES_MAX);
    own->next = request->call_arenas;
    request->call_arenas = own;
    return &own->arena;
}

bool edge_send_asks(struct pgl_request *request)
{
    bool has_asked = false;
    int count = request->call_count;
    for (int n = 0; n < count; n++)
        if (request->asks[n].endpoint != NULL)
            request->calls[n].call.arena = count == 1 ? request->arena : own_arena(request);
    for (int n = 0; n < count; n++) { /* from the first one on, nothing of ours is allocated */
        const struct pgl_endpoint *endpoint = request->asks[n].endpoint;
        struct pgl_rpc_call *call = &request->calls[n];
        if (endpoint == NULL)
            continue;
        has_asked = true;
        request->asks[n].endpoint = NULL;
        call->is_out = false;
        if (call->call.arena == NULL)
            call->call.status = PGL_NO_MEMORY;
        else
            pgl_rpc_send(&request->edge->rpc, endpoint, request->asks[n].method, call,
                         &request->flow, &request->left);
    }
    return has_asked;
}

void edge_free_call_arenas(struct pgl_request *request)
{
    for (struct edge_call_arena *own = request->call_arenas; own != NULL; own = own->next)
        pgl_arena_free(&own->arena);
    request->call_arenas = NULL;
}

pgl_status edge_ask_until(struct pgl_request *request, const struct pgl_endpoint *endpoint,
                          int method, const void *ask, void *reply, struct pgl_arena *arena,
                          int64_t deadline_ns)
{
    PGL_ASSERT(request->call_count < PGL_REQUEST_CALLS_MAX);
    if (ask == NULL || reply == NULL)
        return PGL_NO_MEMORY;
    request->asks[request->call_count].endpoint = NULL;
    struct pgl_rpc_call *call = &request->calls[request->call_count++];
    call->call = (struct pgl_call){ .ask = ask,
                                    .reply = reply,
                                    .arena = arena,
                                    .deadline_ns = deadline_ns,
                                    .trace = request->trace };
    pgl_rpc_send(&request->edge->rpc, endpoint, method, call, &request->flow, &request->left);
    return call->is_out ? PGL_OK : call->call.status;
}

pgl_status edge_answer(const struct pgl_request *request, int n)
{
    PGL_ASSERT(n < request->call_count);
    return request->calls[n].call.status;
}

void edge_give_up(struct pgl_request *request)
{
    for (int n = 0; n < request->call_count; n++)
        pgl_rpc_give_up(&request->calls[n]);
}

void edge_next_round(struct pgl_request *request)
{
    request->call_count = 0;
}

Trace *edge_trace(struct pgl_request *request)
{
    static const struct pgl_trace none;
    Trace *trace = NULL;
    if (memcmp(&request->trace, &none, sizeof none) != 0)
        trace = EDGE_NEW(request, TRACE_DESCRIPTOR);
    if (trace != NULL)
        trace->context = (ProtobufCBinaryData){ sizeof request->trace, (uint8_t *)&request->trace };
    return trace;
}

/* ---- answering ---- */

void edge_add_field(struct pgl_request *request, struct pgl_text name, struct pgl_text value)
{
    PGL_ASSERT(request->field_count < PGL_REQUEST_FIELDS_MAX);
    request->fields[request->field_count++] = (struct pgl_http_field){ name, value };
}

void edge_add_standings(struct pgl_request *request)
{
    struct pgl_text policies = edge_write_policies(&request->verdict, request->arena);
    struct pgl_text standings = edge_write_standings(&request->verdict, request->arena);
    if (policies.size == 0 || standings.size == 0)
        return;
    edge_add_field(request, PGL_TEXT("RateLimit-Policy"), policies);
    edge_add_field(request, PGL_TEXT("RateLimit"), standings);
}

pgl_status edge_reply_buffer(struct pgl_request *request, struct pgl_buffer *out,
                             struct pgl_text content_type)
{
    char *copy = out->is_full ? NULL : pgl_arena_string(request->arena, pgl_buffer_text(out));
    request->body = (struct pgl_text){ copy, out->size };
    pgl_buffer_free(out);
    if (copy == NULL)
        return PGL_NO_MEMORY;
    request->status = 200;
    edge_add_field(request, PGL_TEXT("Content-Type"), content_type);
    return PGL_OK;
}

/* Where the list goes on; NULL for what is no list, "" at its end. */
static const char *next_of(const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "next");
    if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING)
        return NULL;
    return *(char *const *)(const void *)((const char *)message + field->offset);
}

/* RFC 3986, 2.3 */
static const char *escape(struct pgl_arena *arena, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    char *out = pgl_arena_alloc(arena, 3 * strlen(text) + 1);
    size_t size = 0;
    for (; out != NULL && *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL) {
            out[size++] = *text;
            continue;
        }
        out[size++] = '%';
        pgl_hex_encode((const uint8_t *)text, 1, &out[size]);
        size += 2;
    }
    if (out != NULL)
        out[size] = '\0';
    return out;
}

static pgl_status add_links(struct pgl_request *request, const char *next)
{
    const char *rest = edge_query_without(request, "cursor");
    struct pgl_text path = request->exchange->head.path;
    struct pgl_arena *arena = request->arena;
    if (rest == NULL || strchr(rest, '>') != NULL)
        return rest == NULL ? PGL_NO_MEMORY : PGL_OK; /* it would not stay inside its brackets */
    const char *link = pgl_arena_printf(arena, "<%.*s%s%s>; rel=\"first\"", PGL_TEXT_ARGS(path),
                                        rest[0] != '\0' ? "?" : "", rest + (rest[0] != '\0'));
    if (next[0] != '\0') {
        const char *cursor = escape(arena, next);
        if (cursor == NULL || link == NULL)
            return PGL_NO_MEMORY;
        link = pgl_arena_printf(arena, "<%.*s?cursor=%s%s>; rel=\"next\", %s", PGL_TEXT_ARGS(path),
                                cursor, rest, link);
    }
    if (link == NULL)
        return PGL_NO_MEMORY;
    edge_add_field(request, PGL_TEXT("Link"), pgl_text_of(link));
    return PGL_OK;
}

pgl_status edge_reply_json(struct pgl_request *request, int status, const ProtobufCMessage *message)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, ANSWER_BYTES_MAX);
    pgl_json_write(message, &out);
    PGL_TRY(edge_reply_buffer(request, &out, PGL_TEXT("application/json")));
    request->status = status;
    const char *next = edge_query_has(request, "cursor") ? next_of(message) : NULL;
    return next != NULL ? add_links(request, next) : PGL_OK;
}

/* ---- whoever is not asked who they are ---- */

pgl_status edge_charge_stranger(struct pgl_edge *edge, struct pgl_http_exchange *exchange,
                                struct edge_verdict *verdict)
{
    static const struct pgl_rule anyone = PGL_ANYONE;
    const struct edge_moment moment = { edge->loop->now_ns, edge->loop->wall_ns };
    const struct edge_admission what = { .address =
                                             edge_client_address(&edge->limits, exchange->peer,
                                                                 &exchange->head, &exchange->arena),
                                         .rule = &anyone,
                                         .class = PGL_CLASS_READ };
    return edge_admit(&edge->limits, &what, moment, verdict);
}

/* ---- reading ---- */

pgl_status edge_read_media(struct pgl_request *request, const char *const *types, int type_count,
                           int *which)
{
    struct pgl_text type;
    PGL_TRY(edge_find_field(request, PGL_TEXT("content-type"), &type));
    struct pgl_text media = pgl_text_trim(pgl_text_cut(&type, ';'));
    for (*which = 0; *which < type_count; ++*which)
        if (pgl_text_equal_nocase(media, pgl_text_of(types[*which])))
            return PGL_OK;
    const char *why =
        pgl_arena_printf(request->arena, "Content-Type: %s is expected%s%s", types[0],
                         type_count > 1 ? ", or " : "", type_count > 1 ? types[1] : "");
    return why != NULL ? PGL_FAIL(PGL_OTHER_MEDIA, why) : PGL_NO_MEMORY;
}

pgl_status edge_read_body(struct pgl_request *request, const ProtobufCMessageDescriptor *descriptor,
                          void **message)
{
    /* The form's type is what curl -d and others say when nobody has told them; the body is read as
     * JSON. */
    static const char *const types[] = { "application/json", "application/merge-patch+json",
                                         "application/x-www-form-urlencoded" };
    struct pgl_text said;
    int which;
    PGL_TRY(edge_find_field(request, PGL_TEXT("content-type"), &said));
    if (said.size > 0) /* JSON where nothing is said */
        PGL_TRY(edge_read_media(request, types, sizeof types / sizeof types[0], &which));
    if (request->exchange->body.size == 0)
        return PGL_FAIL(PGL_MALFORMED, "a body is expected");
    return pgl_json_read(descriptor, request->arena, request->exchange->body, &request->edge->json,
                         message);
}

pgl_status edge_find_field(const struct pgl_request *request, struct pgl_text name,
                           struct pgl_text *value)
{
    const struct pgl_http_request_head *head = &request->exchange->head;
    *value = (struct pgl_text){ NULL, 0 };
    if (pgl_http_find_field(head->fields, head->field_count, name, value) > 1)
        return PGL_FAIL(PGL_MALFORMED, "a header field that may stand once stands several times");
    return PGL_OK;
}

pgl_status edge_idempotency_key(struct pgl_request *request, char **key)
{
    struct pgl_text value;
    PGL_TRY(edge_find_field(request, PGL_TEXT("idempotency-key"), &value));
    if (value.size == 0)
        return PGL_FAIL(PGL_MALFORMED, "Idempotency-Key: this header is required here");
    *key = pgl_arena_string(request->arena, value);
    return *key != NULL ? PGL_OK : PGL_NO_MEMORY;
}
