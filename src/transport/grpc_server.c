/* grpc_server.c - see grpc_server.h. How a request becomes a call. */
#include "base/assert.h"
#include "transport/grpc_call.h"
#include "wire/base64.h"

#define WORK_CHUNK_BYTES (64u << 10) /* of zlib's work, see wire/gzip.h */
#define ACCEPT_POST                                                                                \
    "application/grpc, application/grpc-web, application/grpc-web-text, application/proto, "       \
    "application/json"

void pgl_grpc_server_open(struct pgl_grpc_server *server, struct pgl_loop *loop,
                          const struct pgl_grpc_server_options *options)
{
    size_t bytes_max = options->limits.message_bytes_max + PGL_GRPC_PREFIX_BYTES;
    *server = (struct pgl_grpc_server){ .loop = loop, .options = *options };
    pgl_buffer_init(&server->scratch, bytes_max);
    pgl_buffer_init(&server->packed, 2 * bytes_max + 4096); /* base64, or what gzip makes worse */
    pgl_arena_init(&server->work, WORK_CHUNK_BYTES, 4 * WORK_CHUNK_BYTES);
}

void pgl_grpc_server_close(struct pgl_grpc_server *server)
{
    pgl_buffer_free(&server->scratch);
    pgl_buffer_free(&server->packed);
    pgl_arena_free(&server->work);
}

const struct pgl_grpc_method *pgl_grpc_method_of(const struct pgl_grpc_call *call)
{
    return &call->service->methods[call->method];
}

const ProtobufCMethodDescriptor *pgl_grpc_contract_of(const struct pgl_grpc_call *call)
{
    return &call->service->contract->methods[call->method];
}

/* ---- what the head says ---- */

/* The fields that the protocols have, each in its first spelling. */
struct head_fields {
    struct pgl_text content_type, te, timeout, encoding, accept_encoding;
};

static void read_fields(const struct pgl_http_request_head *head, struct head_fields *fields)
{
    *fields = (struct head_fields){ 0 };
    const struct {
        struct pgl_text name;
        struct pgl_text *value;
    } wanted[] = {
        { PGL_TEXT("content-type"), &fields->content_type },
        { PGL_TEXT("te"), &fields->te },
        { PGL_TEXT("grpc-timeout"), &fields->timeout },
        { PGL_TEXT("grpc-encoding"), &fields->encoding },
        { PGL_TEXT("grpc-accept-encoding"), &fields->accept_encoding },
    };
    for (size_t i = 0; i < head->field_count; i++)
        for (size_t n = 0; n < sizeof wanted / sizeof wanted[0]; n++)
            if (head->fields[i].name.size == wanted[n].name.size &&
                pgl_text_equal_nocase(head->fields[i].name, wanted[n].name))
                *wanted[n].value = head->fields[i].value;
}

/* clang-format off */
static const struct media {
    const char *name;
    enum pgl_grpc_face face;
    bool is_json;
} medias[] = {
    { "application/grpc",                PGL_FACE_GRPC,     false },
    { "application/grpc+proto",          PGL_FACE_GRPC,     false },
    { "application/grpc-web",            PGL_FACE_WEB,      false },
    { "application/grpc-web+proto",      PGL_FACE_WEB,      false },
    { "application/grpc-web-text",       PGL_FACE_WEB_TEXT, false },
    { "application/grpc-web-text+proto", PGL_FACE_WEB_TEXT, false },
    { "application/proto",               PGL_FACE_CONNECT,  false },
    { "application/json",                PGL_FACE_CONNECT,  true  },
};
/* clang-format on */

/* NULL for none of ours. Parameters ("; charset=utf-8") are not looked at. */
static const struct media *media_of(struct pgl_text content_type)
{
    struct pgl_text name = pgl_text_trim(pgl_text_cut(&content_type, ';'));
    for (size_t i = 0; i < sizeof medias / sizeof medias[0]; i++)
        if (pgl_text_equal_nocase(name, pgl_text_of(medias[i].name)))
            return &medias[i];
    return NULL;
}

/* "/service/method" in two. */
static bool cut_path(struct pgl_text path, struct pgl_text *service, struct pgl_text *method)
{
    if (path.size == 0 || path.data[0] != '/')
        return false;
    struct pgl_text rest = { path.data + 1, path.size - 1 };
    *service = pgl_text_cut(&rest, '/');
    *method = rest;
    return rest.size > 0 && memchr(rest.data, '/', rest.size) == NULL;
}

bool pgl_grpc_server_takes(const struct pgl_http_request_head *head)
{
    struct pgl_text service, method;
    return cut_path(head->path, &service, &method) && service.size > 0 && service.data[0] != '.' &&
           memchr(service.data, '.', service.size) != NULL;
}

/* A body of gRPC is read as it comes. Those of the others hold one message and come whole. */
bool pgl_grpc_server_wants_pieces(const struct pgl_http_request_head *head)
{
    struct pgl_text type;
    if (!pgl_grpc_server_takes(head) ||
        pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("content-type"), &type) == 0)
        return false;
    const struct media *media = media_of(type);
    return media != NULL && media->face == PGL_FACE_GRPC;
}

const char *pgl_grpc_service_name(const struct pgl_grpc_service *service)
{
    return service->name != NULL ? service->name : service->contract->name;
}

/* Leaves `call->service` NULL for what there is not. */
static void find_method(struct pgl_grpc_call *call, struct pgl_text path)
{
    const struct pgl_grpc_server_options *options = &call->server->options;
    struct pgl_text name, method;
    if (!cut_path(path, &name, &method))
        return;
    for (int i = 0; i < options->service_count; i++) {
        const struct pgl_grpc_service *service = &options->services[i];
        if (!pgl_text_is(name, pgl_grpc_service_name(service)))
            continue;
        for (unsigned n = 0; n < service->contract->n_methods; n++)
            if (service->methods[n].handler != NULL &&
                pgl_text_is(method, service->contract->methods[n].name)) {
                call->service = service;
                call->method = (int)n;
                return;
            }
    }
}

/* ---- calls, and what is none ---- */

pgl_status pgl_grpc_charge(struct pgl_grpc_server *server, struct pgl_http_exchange *exchange)
{
    const struct pgl_grpc_server_options *options = &server->options;
    return options->charge != NULL ? options->charge(options->owner, exchange) : PGL_OK;
}

static void refuse_http(struct pgl_grpc_server *server, struct pgl_http_exchange *exchange,
                        int status, struct pgl_text name, struct pgl_text value)
{
    struct pgl_http_field field = { name, value };
    pgl_status charged = pgl_grpc_charge(server, exchange);
    pgl_counter_add(&server->metrics.refusals, 1);
    if (!pgl_is_ok(charged))
        status = pgl_code_http(charged.code);
    pgl_http_respond(exchange, status, &field, name.size > 0 ? 1 : 0, (struct pgl_text){ "", 0 });
}

static struct pgl_grpc_call *new_call(struct pgl_grpc_server *server,
                                      struct pgl_http_exchange *exchange, enum pgl_grpc_face face)
{
    struct pgl_grpc_call *call = pgl_arena_zalloc(&exchange->arena, sizeof *call);
    if (call == NULL) {
        refuse_http(server, exchange, 503, PGL_TEXT(""), PGL_TEXT(""));
        return NULL;
    }
    call->server = server;
    call->exchange = exchange;
    call->arena = &exchange->arena;
    call->face = face;
    exchange->owner = call;
    pgl_counter_add(&server->metrics.calls, 1);
    return call;
}

/* The encoding of the client's messages: the names that we know, and no other. */
static pgl_status read_encoding(struct pgl_grpc_call *call, const struct head_fields *fields)
{
    call->takes_packed = pgl_http_list_has(fields->accept_encoding, PGL_TEXT("gzip"));
    call->asks_are_packed = pgl_text_is(fields->encoding, "gzip");
    call->packs = call->asks_are_packed && call->takes_packed;
    if (call->asks_are_packed || fields->encoding.size == 0 ||
        pgl_text_is(fields->encoding, "identity"))
        return PGL_OK;
    pgl_grpc_add(&call->before, PGL_TEXT("grpc-accept-encoding"), PGL_TEXT("identity,gzip"));
    return PGL_FAIL(PGL_UNIMPLEMENTED, "grpc-encoding: identity and gzip are understood");
}

static pgl_status read_head(struct pgl_grpc_call *call, const struct head_fields *fields,
                            int64_t *timeout_ns)
{
    PGL_TRY(read_encoding(call, fields));
    if (fields->timeout.size > 0)
        PGL_TRY(pgl_grpc_timeout_read(fields->timeout, timeout_ns));
    if (call->face == PGL_FACE_GRPC && !pgl_http_list_has(fields->te, PGL_TEXT("trailers")))
        return PGL_FAIL(PGL_MALFORMED, "te: trailers is expected, or something between us eats it");
    if (call->service == NULL)
        return PGL_FAIL(PGL_UNIMPLEMENTED, "there is no such method");
    return PGL_OK;
}

/* The body of gRPC-Web is whole; its text form is base64, in pieces that each end for
 * themselves. */
static pgl_status decode_text(struct pgl_grpc_call *call, struct pgl_text *body)
{
    char *bytes = pgl_arena_alloc(call->arena, body->size + 1);
    size_t size = 0;
    if (bytes == NULL)
        return PGL_NO_MEMORY;
    while (body->size > 0) {
        const char *padding = memchr(body->data, '=', body->size);
        size_t end = padding != NULL ? (size_t)(padding - body->data) : body->size;
        end = (end + 3) / 4 * 4 < body->size ? (end + 3) / 4 * 4 : body->size;
        size_t written;
        PGL_TRY(pgl_base64_decode_any((struct pgl_text){ body->data, end }, (uint8_t *)bytes + size,
                                      body->size, &written));
        size += written;
        body->data += end;
        body->size -= end;
    }
    *body = (struct pgl_text){ bytes, size };
    return PGL_OK;
}

static void feed_body(struct pgl_grpc_call *call)
{
    struct pgl_text body = call->exchange->body;
    pgl_status status = PGL_OK;
    if (call->face == PGL_FACE_WEB_TEXT)
        status = decode_text(call, &body);
    if (pgl_is_ok(status))
        pgl_grpc_call_feed(call, body, true);
    else
        pgl_grpc_end(call, status);
}

static void begin(struct pgl_grpc_call *call, const struct head_fields *fields)
{
    int64_t timeout_ns = -1;
    pgl_status status = read_head(call, fields, &timeout_ns);
    if (!pgl_is_ok(status)) {
        pgl_grpc_end(call, status);
        return;
    }
    bool is_gone = false;
    call->is_gone = &is_gone;
    pgl_grpc_call_start(call, timeout_ns);
    if (is_gone)
        return;
    call->is_gone = NULL;
    if (call->face != PGL_FACE_GRPC)
        feed_body(call);
}

void pgl_grpc_server_on_request(struct pgl_grpc_server *server, struct pgl_http_exchange *exchange)
{
    const struct pgl_http_request_head *head = &exchange->head;
    struct head_fields fields;
    read_fields(head, &fields);
    const struct media *media = media_of(fields.content_type);
    bool is_get = head->method_known == PGL_HTTP_GET && !server->options.is_mesh;
    enum pgl_grpc_face face = is_get || media == NULL ? PGL_FACE_CONNECT : media->face;
    if (head->method_known != PGL_HTTP_POST && !is_get) {
        refuse_http(server, exchange, 405, PGL_TEXT("Allow"), PGL_TEXT("POST"));
    } else if (!is_get && (media == NULL || (server->options.is_mesh && face != PGL_FACE_GRPC))) {
        refuse_http(server, exchange, 415, PGL_TEXT("Accept-Post"), PGL_TEXT(ACCEPT_POST));
    } else if (face == PGL_FACE_GRPC && exchange->major_version < 2) {
        refuse_http(server, exchange, 505, PGL_TEXT("Upgrade"), PGL_TEXT("h2c")); /* no trailers */
    } else {
        struct pgl_grpc_call *call = new_call(server, exchange, face);
        if (call == NULL)
            return;
        find_method(call, head->path);
        call->is_json = media != NULL && media->is_json;
        if (face == PGL_FACE_CONNECT)
            pgl_connect_begin(call);
        else
            begin(call, &fields);
    }
}

bool pgl_grpc_server_refuse(struct pgl_grpc_server *server, struct pgl_http_exchange *exchange,
                            pgl_status why)
{
    struct head_fields fields;
    read_fields(&exchange->head, &fields);
    const struct media *media = media_of(fields.content_type);
    if (!pgl_grpc_server_takes(&exchange->head) || media == NULL)
        return false;
    struct pgl_grpc_call *call = new_call(server, exchange, media->face);
    if (call != NULL)
        pgl_grpc_end(call, why);
    return true;
}

void pgl_grpc_server_on_piece(struct pgl_http_exchange *exchange, struct pgl_text piece,
                              bool is_last)
{
    pgl_grpc_call_feed(exchange->owner, piece, is_last);
}

void pgl_grpc_server_on_room(struct pgl_http_exchange *exchange)
{
    pgl_grpc_call_has_room(exchange->owner);
}

void pgl_grpc_server_on_abandoned(struct pgl_http_exchange *exchange)
{
    if (exchange->owner != NULL)
        pgl_grpc_call_stop(exchange->owner, PGL_FAIL(PGL_CANCELLED, "the client went away"));
}
