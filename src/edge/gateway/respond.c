/* respond.c - see respond.h. */
#include "edge/gateway/respond.h"

#include <inttypes.h>

#include "base/hash.h"
#include "edge/condition.h"
#include "wire/gzip.h"

static const char *const cache_controls[] = {
    [PGL_CACHE_NEVER] = "no-store",
    [PGL_CACHE_ASK] = "no-cache",
    [PGL_CACHE_SECONDS] = "public, max-age=5",
    [PGL_CACHE_MINUTES] = "public, max-age=300",
};

static bool is_public(const struct pgl_route *route)
{
    return (route->rule.roles & PGL_RULE_ANYONE) != 0;
}

static struct pgl_http_field *field_named(struct pgl_request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++)
        if (pgl_text_is(request->fields[i].name, name))
            return &request->fields[i];
    return NULL;
}

static void remove_field(struct pgl_request *request, const char *name)
{
    struct pgl_http_field *field = field_named(request, name);
    if (field != NULL)
        *field = request->fields[--request->field_count];
}

static struct pgl_text asked_field(const struct pgl_request *request, struct pgl_text name)
{
    struct pgl_text value = { NULL, 0 };
    const struct pgl_http_request_head *head = &request->exchange->head;
    pgl_http_find_field(head->fields, head->field_count, name, &value);
    return value;
}

/* ---- tags ---- */

/* Strong: of these very bytes. The key is no secret, a tag protects nothing. */
static const char *tag_of(const struct pgl_request *request)
{
    static const struct pgl_hash_key key = { 0x70616e676c6f7420, 0x65746167 };
    uint64_t hash = pgl_hash(key, request->body.data, request->body.size);
    if (request->version > 0)
        return pgl_arena_printf(request->arena, "\"%" PRId64 ".%016" PRIx64 "\"", request->version,
                                hash);
    return pgl_arena_printf(request->arena, "\"%016" PRIx64 "\"", hash);
}

static void add_tag(struct pgl_request *request)
{
    bool is_shown = request->version > 0 ||
                    (request->route->cache != PGL_CACHE_NEVER && request->status == 200);
    if (!is_shown || field_named(request, "ETag") != NULL)
        return;
    const char *tag = tag_of(request);
    if (tag != NULL)
        edge_add_field(request, PGL_TEXT("ETag"), pgl_text_of(tag));
}

/* What the client has is what it would be sent (RFC 9110, 15.4.5). */
static void answer_unmodified(struct pgl_request *request)
{
    const struct pgl_http_field *tag = field_named(request, "ETag");
    struct pgl_text known = asked_field(request, PGL_TEXT("if-none-match"));
    if (request->route->method != PGL_HTTP_GET || request->status != 200 || tag == NULL ||
        known.size == 0 || !edge_tag_is_among(known, tag->value))
        return;
    request->status = 304;
    request->body = (struct pgl_text){ NULL, 0 };
    remove_field(request, "Content-Type");
    remove_field(request, "Content-Encoding");
}

/* ---- packing ---- */

/* Of another representation it is another tag: "X" becomes "X-gzip" (RFC 9110, 8.8.3.3). */
static void tag_as_packed(struct pgl_request *request)
{
    struct pgl_http_field *tag = field_named(request, "ETag");
    const char *packed = NULL;
    if (tag != NULL)
        packed = pgl_arena_printf(request->arena, "%.*s-gzip\"", (int)tag->value.size - 1,
                                  tag->value.data);
    if (packed != NULL)
        tag->value = pgl_text_of(packed);
}

static void pack(struct pgl_request *request)
{
    if (!is_public(request->route) || request->body.size < EDGE_PACK_BYTES_MIN)
        return;
    edge_add_field(request, PGL_TEXT("Vary"), PGL_TEXT("Accept-Encoding"));
    struct pgl_text accepted = asked_field(request, PGL_TEXT("accept-encoding"));
    if (!pgl_http_accepts(accepted, PGL_TEXT("gzip")))
        return;
    struct pgl_buffer out;
    pgl_buffer_init(&out, 2 * request->body.size);
    bool is_packed = pgl_is_ok(pgl_gzip_pack(request->arena, request->body, &out)) &&
                     out.size < request->body.size;
    char *copy = is_packed ? pgl_arena_string(request->arena, pgl_buffer_text(&out)) : NULL;
    size_t size = out.size;
    pgl_buffer_free(&out);
    if (copy == NULL) /* it would have grown, or there is no room: as it is */
        return;
    request->body = (struct pgl_text){ copy, size };
    edge_add_field(request, PGL_TEXT("Content-Encoding"), PGL_TEXT("gzip"));
    tag_as_packed(request);
}

/* ---- what goes with every answer ---- */

static void add_end_of_life(struct pgl_request *request)
{
    const struct pgl_route *route = request->route;
    if (route->deprecated != NULL)
        edge_add_field(request, PGL_TEXT("Deprecation"), pgl_text_of(route->deprecated));
    if (route->sunset != NULL)
        edge_add_field(request, PGL_TEXT("Sunset"), pgl_text_of(route->sunset));
}

static void add_cors(struct pgl_request *request)
{
    struct pgl_http_field fields[PGL_CORS_FIELDS_MAX];
    size_t count = pgl_cors_answer(&request->edge->cors, &request->exchange->head, fields);
    for (size_t i = 0; i < count; i++)
        edge_add_field(request, fields[i].name, fields[i].value);
}

/* ---- what was answered a moment ago ---- */

static bool may_be_ready(const struct pgl_request *request)
{
    return request->route->cache == PGL_CACHE_SECONDS && is_public(request->route);
}

bool edge_find_ready(struct pgl_request *request)
{
    const struct pgl_edge *edge = request->edge;
    if (!may_be_ready(request))
        return false;
    const struct pgl_ready_slot *slot =
        pgl_ready_find(&edge->ready, request->exchange->head.target, edge->loop->now_ns);
    if (slot == NULL)
        return false;
    struct pgl_text body = { slot->body, slot->body_size }, tag = { slot->tag, slot->tag_size };
    request->body = (struct pgl_text){ pgl_arena_string(request->arena, body), body.size };
    const char *copy = pgl_arena_string(request->arena, tag);
    if (request->body.data == NULL || copy == NULL)
        return false;
    request->status = 200;
    request->is_ready = true;
    edge_add_field(request, PGL_TEXT("Content-Type"), PGL_TEXT("application/json"));
    edge_add_field(request, PGL_TEXT("ETag"), (struct pgl_text){ copy, tag.size });
    return true;
}

/* Not a list, whose links would have to be kept as well. */
static void keep_ready(struct pgl_request *request)
{
    const struct pgl_http_field *tag = field_named(request, "ETag");
    if (may_be_ready(request) && !request->is_ready && request->status == 200 && tag != NULL &&
        field_named(request, "Link") == NULL)
        pgl_ready_keep(&request->edge->ready, request->exchange->head.target, tag->value,
                       request->body, request->edge->loop->now_ns);
}

void edge_finish_answer(struct pgl_request *request)
{
    if (!request->is_problem) {
        edge_add_field(request, PGL_TEXT("Cache-Control"),
                       pgl_text_of(cache_controls[request->route->cache]));
        add_tag(request);
        keep_ready(request);
        pack(request);
        answer_unmodified(request);
    }
    add_end_of_life(request);
    add_cors(request);
}

bool edge_find_options(struct pgl_edge *edge, struct pgl_http_exchange *exchange,
                       const char **allow)
{
    bool is_of_all = pgl_text_is(exchange->head.path, "*");
    *allow = is_of_all ? "OPTIONS, GET, HEAD, POST, PUT, PATCH, DELETE"
                       : pgl_route_allow(&edge->route_tree, exchange->head.path, &exchange->arena);
    return *allow != NULL && (*allow)[0] != '\0';
}

void edge_answer_options(struct pgl_edge *edge, struct pgl_http_exchange *exchange,
                         const char *allow)
{
    struct pgl_http_field fields[PGL_CORS_FIELDS_MAX + 3];
    size_t count = pgl_cors_preflight(&edge->cors, &exchange->head, allow, fields);
    fields[count++] = (struct pgl_http_field){ PGL_TEXT("Allow"), pgl_text_of(allow) };
    pgl_http_respond(exchange, 204, fields, count, (struct pgl_text){ NULL, 0 });
}
