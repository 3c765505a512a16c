/* openapi.c - see openapi.h. */
#include "edge/openapi.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/assert.h"
#include "contract/edge.h"
#include "wire/json_schema.h"

#define SCHEMAS_MAX 128

struct schemas {
    const ProtobufCMessageDescriptor *known[SCHEMAS_MAX];
    int count;
};

static void put_text(struct pgl_buffer *out, const char *text)
{
    pgl_json_write_string(out, pgl_text_of(text));
}

/* ---- names ---- */

struct pgl_text edge_subject_of(const struct pgl_route *route)
{
    static const struct pgl_text prefix = { "/api/v1/", 8 };
    struct pgl_text path = pgl_text_of(route->path);
    if (!pgl_text_starts_with(path, prefix))
        return PGL_TEXT("");
    path = (struct pgl_text){ path.data + prefix.size, path.size - prefix.size };
    return pgl_text_cut(&path, '/');
}

static struct pgl_text tag_of(const struct pgl_route *route)
{
    struct pgl_text subject = edge_subject_of(route);
    return subject.size > 0 ? subject : PGL_TEXT("platform");
}

/* GET /api/v1/orders/{id}/saga is "getOrdersIdSaga". */
static void put_operation_id(struct pgl_buffer *out, const struct pgl_route *route)
{
    static const char prefix[] = "/api/v1";
    const char *path = route->path;
    if (strncmp(path, prefix, sizeof prefix - 1) == 0)
        path += sizeof prefix - 1;
    bool is_first = true;
    for (const char *c = pgl_http_method_name(route->method); *c != '\0'; c++)
        pgl_buffer_add_char(out, (char)(*c | 0x20));
    for (; *path != '\0'; path++) {
        bool is_letter = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z');
        if (is_letter)
            pgl_buffer_add_char(out, is_first ? (char)(*path & ~0x20) : *path);
        is_first = !is_letter;
    }
    if (strcmp(route->path, "/") == 0)
        pgl_buffer_add_literal(out, "Home");
}

/* ---- parameters ---- */

static void put_parameter(struct pgl_buffer *out, const char *before, const char *in,
                          struct pgl_text name, bool is_required, const char *description)
{
    pgl_buffer_printf(out,
                      "%s{\"name\":\"%.*s\",\"in\":\"%s\",\"required\":%s,\"description\":", before,
                      PGL_TEXT_ARGS(name), in, is_required ? "true" : "false");
    put_text(out, description);
    pgl_buffer_add_literal(out, ",\"schema\":");
}

static void put_query_schema(struct pgl_buffer *out, const struct pgl_query_param *param)
{
    struct pgl_text words = pgl_text_of(param->words != NULL ? param->words : "");
    const char *before = "";
    switch (param->type) {
    case PGL_QUERY_TEXT:
        pgl_buffer_add_literal(out, "{\"type\":\"string\"}}");
        return;
    case PGL_QUERY_NUMBER:
        pgl_buffer_printf(out,
                          "{\"type\":\"integer\",\"minimum\":%" PRId64 ",\"maximum\":%" PRId64 "}}",
                          param->least, param->most);
        return;
    case PGL_QUERY_FLAG:
        pgl_buffer_add_literal(out, "{\"type\":\"boolean\"}}");
        return;
    case PGL_QUERY_WORD:
        pgl_buffer_add_literal(out, "{\"type\":\"string\",\"enum\":[");
        while (words.data != NULL) {
            struct pgl_text word = pgl_text_cut(&words, '|');
            pgl_buffer_printf(out, "%s\"%.*s\"", before, PGL_TEXT_ARGS(word));
            before = ",";
        }
        pgl_buffer_add_literal(out, "]}}");
        return;
    }
}

/* clang-format off */
static const struct {
    enum pgl_route_field field;
    const char *name;
    bool is_required;
    const char *schema, *description;
} header_fields[] = {
    { PGL_FIELD_KEY, "Idempotency-Key", true, "{\"type\":\"string\",\"minLength\":1,\"maxLength\":255,\"pattern\":\"^[!-~]+$\"}", "Names this wish: the same again is answered as the first time." },
    { PGL_FIELD_LAST_EVENT_ID, "Last-Event-ID", false, "{\"type\":\"integer\",\"minimum\":0}", "The last event that was seen." },
    { PGL_FIELD_SIGNATURE, "Stripe-Signature", true, "{\"type\":\"string\"}", "Of the body, by the provider." },
    { PGL_FIELD_MATCH, "If-Match", true, "{\"type\":\"string\"}", "The ETag that was seen, or * for whatever is there now." },
    { PGL_FIELD_MATCH_OR_NEW, "If-Match", false, "{\"type\":\"string\"}", "The ETag that was seen, or * for whatever is there now. This or If-None-Match is required." },
    { PGL_FIELD_MATCH_OR_NEW, "If-None-Match", false, "{\"const\":\"*\"}", "There is none yet. This or If-Match is required." },
    { PGL_FIELD_PREFER, "Prefer", false, "{\"type\":\"string\"}", "wait=SECONDS answers when the order has come to its end, 15 at most; return=minimal leaves the body of a 201 out (RFC 7240)." },
};
/* clang-format on */

static void put_parameters(struct pgl_buffer *out, const struct pgl_route *route)
{
    const char *before = "";
    struct pgl_text path = pgl_text_of(route->path);
    pgl_buffer_add_literal(out, ",\"parameters\":[");
    while (path.data != NULL) {
        struct pgl_text segment = pgl_text_cut(&path, '/');
        if (segment.size < 2 || segment.data[0] != '{')
            continue;
        struct pgl_text name = { segment.data + 1, segment.size - 2 };
        put_parameter(out, before, "path", name, true, "Which one.");
        pgl_buffer_add_literal(out, "{\"type\":\"string\",\"minLength\":1}}");
        before = ",";
    }
    for (const struct pgl_query_param *param = route->query; param != NULL && param->name != NULL;
         param++) {
        put_parameter(out, before, "query", pgl_text_of(param->name), false, param->description);
        put_query_schema(out, param);
        before = ",";
    }
    for (size_t i = 0; i < sizeof header_fields / sizeof header_fields[0]; i++) {
        if ((route->ask.fields & header_fields[i].field) == 0)
            continue;
        put_parameter(out, before, "header", pgl_text_of(header_fields[i].name),
                      header_fields[i].is_required, header_fields[i].description);
        pgl_buffer_printf(out, "%s}", header_fields[i].schema);
        before = ",";
    }
    pgl_buffer_add_char(out, ']');
}

/* ---- bodies ---- */

static void put_media(struct pgl_buffer *out, const char *media,
                      const ProtobufCMessageDescriptor *body, const char *suffix,
                      const char *example)
{
    pgl_buffer_printf(out, "\"%s\":{\"schema\":", media);
    if (body != NULL)
        pgl_buffer_printf(out, "{\"$ref\":\"#/components/schemas/%s%s\"}", body->short_name,
                          suffix);
    else if (strstr(media, "json") != NULL && strstr(media, "ndjson") == NULL)
        pgl_buffer_add_literal(out, "{}");
    else
        pgl_buffer_add_literal(out, "{\"type\":\"string\"}");
    if (example != NULL)
        pgl_buffer_printf(out, ",\"example\":%s", example);
    pgl_buffer_add_char(out, '}');
}

static void put_request_body(struct pgl_buffer *out, const struct pgl_route *route)
{
    const struct pgl_route_ask *ask = &route->ask;
    if (ask->media == NULL || strcmp(ask->media, "*/*") == 0)
        return; /* none, or one that nobody looks at */
    pgl_buffer_add_literal(out, ",\"requestBody\":{\"required\":true,\"content\":{");
    put_media(out, ask->media, ask->body, PGL_JSON_SENT,
              ask->body != NULL ? edge_example_of(ask->body) : NULL);
    if (ask->kind == PGL_BODY_TABLE) {
        pgl_buffer_add_char(out, ',');
        put_media(out, "text/csv", NULL, "", NULL);
    }
    pgl_buffer_add_literal(out, "}}");
}

/* ---- header fields of answers ---- */

static const struct answer_field {
    const char *name;
    bool is_required; /* where it is told of at all */
    const char *description, *schema;
} answer_fields[] = {
    { "Cache-Control", true, "Who may keep it, and how long.", "{\"type\":\"string\"}" },
    { "ETag", false, "The tag of this very answer.",
      "{\"type\":\"string\",\"pattern\":\"^\\\"[^\\\"]+\\\"$\"}" },
    { "Link", true, "RFC 8288: first, and next where there is more.", "{\"type\":\"string\"}" },
    { "Location", false, "Where it is from now on.",
      "{\"type\":\"string\",\"format\":\"uri-reference\"}" },
    { "Idempotent-Replayed", false, "It was done before, for the same Idempotency-Key.",
      "{\"type\":\"string\",\"enum\":[\"true\"]}" },
    { "RateLimit", false, "How the caller stands under each policy (a draft of the IETF, 10).",
      "{\"type\":\"string\"}" },
    { "RateLimit-Policy", false, "The policies that hold.", "{\"type\":\"string\"}" },
    { "Retry-After", false, "Seconds to wait, which are enough.",
      "{\"type\":\"integer\",\"minimum\":1}" },
    { "WWW-Authenticate", false, "What to identify oneself by.", "{\"type\":\"string\"}" },
};

static void put_answer_fields(struct pgl_buffer *out)
{
    pgl_buffer_add_literal(out, "\"headers\":{");
    for (size_t i = 0; i < sizeof answer_fields / sizeof answer_fields[0]; i++)
        pgl_buffer_printf(out, "%s\"%s\":{\"required\":%s,\"description\":\"%s\",\"schema\":%s}",
                          i > 0 ? "," : "", answer_fields[i].name,
                          answer_fields[i].is_required ? "true" : "false",
                          answer_fields[i].description, answer_fields[i].schema);
    pgl_buffer_add_char(out, '}');
}

/* Names of answer_fields, with blanks between. Of a route that is to go, when. */
static void put_fields_told(struct pgl_buffer *out, struct pgl_text names,
                            const struct pgl_route *route)
{
    const char *before = "";
    pgl_buffer_add_literal(out, ",\"headers\":{");
    while (names.size > 0) {
        struct pgl_text name = pgl_text_cut(&names, ' ');
        pgl_buffer_printf(out, "%s\"%.*s\":{\"$ref\":\"#/components/headers/%.*s\"}", before,
                          PGL_TEXT_ARGS(name), PGL_TEXT_ARGS(name));
        before = ",";
    }
    if (route != NULL && route->deprecated != NULL)
        pgl_buffer_add_literal(out, ",\"Deprecation\":{\"description\":\"RFC 9745\",\"schema\":"
                                    "{\"type\":\"string\"}}");
    if (route != NULL && route->sunset != NULL)
        pgl_buffer_add_literal(out, ",\"Sunset\":{\"description\":\"RFC 8594\",\"schema\":"
                                    "{\"type\":\"string\"}}");
    pgl_buffer_add_char(out, '}');
}

static bool goes_on(const struct pgl_route *route)
{
    for (const struct pgl_query_param *param = route->query; param != NULL && param->name != NULL;
         param++)
        if (strcmp(param->name, "cursor") == 0 || strcmp(param->name, "after") == 0)
            return true;
    return false;
}

/* What an answer of this status may have besides; a list has its links. */
static void put_success_fields(struct pgl_buffer *out, const struct pgl_route *route, int status)
{
    char names[192];
    bool is_limited = pgl_route_classes[route->class].cost > 0;
    bool is_repeated = (route->ask.fields & PGL_FIELD_KEY) != 0;
    snprintf(names, sizeof names, "Cache-Control ETag%s%s%s%s", goes_on(route) ? " Link" : "",
             status == 201 || status == 202 ? " Location" : "",
             is_repeated ? " Idempotent-Replayed" : "",
             is_limited ? " RateLimit RateLimit-Policy" : "");
    put_fields_told(out, pgl_text_of(names), route);
}

/* ---- answers ---- */

static void put_success(struct pgl_buffer *out, const struct pgl_route *route, int status)
{
    const struct pgl_route_reply *reply = &route->reply;
    pgl_buffer_printf(out, "\"%d\":{\"description\":", status);
    put_text(out, pgl_http_reason(status));
    put_success_fields(out, route, status);
    if (reply->media != NULL) {
        pgl_buffer_add_literal(out, ",\"content\":{");
        put_media(out, reply->media, reply->body, "", NULL);
        pgl_buffer_add_char(out, '}');
    }
    pgl_buffer_add_char(out, '}');
}

/* Besides the usual one: PUT makes what was not there, a cancel that has nothing to do is 200. */
static void put_responses(struct pgl_buffer *out, const struct pgl_route *route)
{
    const struct pgl_route_reply *reply = &route->reply;
    pgl_buffer_add_literal(out, ",\"responses\":{");
    put_success(out, route, reply->status);
    if (route->method == PGL_HTTP_PUT) {
        pgl_buffer_add_char(out, ',');
        put_success(out, route, 201);
    }
    if (reply->status == 202) {
        pgl_buffer_add_char(out, ',');
        put_success(out, route, 200);
    }
    if (route->method == PGL_HTTP_GET &&
        (route->cache != PGL_CACHE_NEVER || route->reply.body != NULL))
        pgl_buffer_add_literal(out, ",\"304\":{\"description\":\"Not Modified\"}");
    if (route->class == PGL_CLASS_STREAM && route->reply.body == NULL)
        pgl_buffer_add_literal(out, ",\"204\":{\"description\":\"Nothing is to come\"}");
    if (route->ask.kind == PGL_BODY_TABLE) { /* what is wrong in which line, or at all */
        pgl_buffer_add_literal(out, ",\"422\":{\"description\":\"Some lines are wrong\"");
        put_success_fields(out, route, 422);
        pgl_buffer_add_literal(out, ",\"content\":{");
        put_media(out, reply->media, reply->body, "", NULL);
        pgl_buffer_add_literal(out, ",\"application/problem+json\":{\"schema\":{"
                                    "\"$ref\":\"#/components/schemas/Problem\"}}}}");
    }
    if (route->class == PGL_CLASS_HEALTH) {
        pgl_buffer_add_literal(out, ",\"503\":{\"description\":\"Not ready\"");
        put_fields_told(out, PGL_TEXT("Cache-Control Retry-After"), NULL);
        pgl_buffer_add_literal(out, ",\"content\":{"
                                    "\"text/plain\":{\"schema\":{\"type\":\"string\"}},"
                                    "\"application/problem+json\":{\"schema\":"
                                    "{\"$ref\":\"#/components/schemas/Problem\"}}}}");
    }
    pgl_buffer_add_literal(out, ",\"4XX\":{\"$ref\":\"#/components/responses/Refused\"},"
                                "\"5XX\":{\"$ref\":\"#/components/responses/Failed\"}}");
}

/* ---- operations ---- */

static void put_security(struct pgl_buffer *out, const struct pgl_rule *rule)
{
    if (rule->roles & (PGL_RULE_ANYONE | PGL_RULE_SIGNED))
        pgl_buffer_add_literal(out, ",\"security\":[]");
    else
        pgl_buffer_add_literal(out, ",\"security\":[{\"bearer\":[]},{\"apiKey\":[]}]");
}

static void put_operation(struct pgl_buffer *out, const struct pgl_route *route)
{
    pgl_buffer_add_char(out, '"');
    for (const char *c = pgl_http_method_name(route->method); *c != '\0'; c++)
        pgl_buffer_add_char(out, (char)(*c | 0x20));
    pgl_buffer_add_literal(out, "\":{\"operationId\":\"");
    put_operation_id(out, route);
    pgl_buffer_printf(out, "\",\"tags\":[\"%.*s\"],\"summary\":", PGL_TEXT_ARGS(tag_of(route)));
    put_text(out, route->summary);
    pgl_buffer_add_literal(out, ",\"description\":\"For ");
    pgl_rule_write(&route->rule, out);
    if (route->rule.scope != NULL)
        pgl_buffer_printf(out, "; an API key needs the scope %s", route->rule.scope);
    pgl_buffer_add_literal(out, ".\"");
    if (route->deprecated != NULL)
        pgl_buffer_add_literal(out, ",\"deprecated\":true");
    put_security(out, &route->rule);
    put_parameters(out, route);
    put_request_body(out, route);
    put_responses(out, route);
    pgl_buffer_add_char(out, '}');
}

static bool is_first_of_its_path(const struct pgl_route *routes, int i)
{
    for (int before = 0; before < i; before++)
        if (strcmp(routes[before].path, routes[i].path) == 0)
            return false;
    return true;
}

static void put_paths(struct pgl_buffer *out, const struct pgl_route *routes, int count)
{
    const char *before = "";
    for (int i = 0; i < count; i++) {
        if (!is_first_of_its_path(routes, i))
            continue;
        pgl_buffer_printf(out, "%s\"%s\":{", before, routes[i].path);
        before = ",";
        for (int same = i; same < count; same++) {
            if (strcmp(routes[same].path, routes[i].path) != 0)
                continue;
            if (same > i)
                pgl_buffer_add_char(out, ',');
            put_operation(out, &routes[same]);
        }
        pgl_buffer_add_char(out, '}');
    }
}

/* ---- what they share ---- */

static void collect(struct schemas *schemas, const ProtobufCMessageDescriptor *descriptor)
{
    bool fits = descriptor == NULL ||
                pgl_json_schema_collect(descriptor, schemas->known, &schemas->count, SCHEMAS_MAX);
    PGL_ASSERT(fits);
}

static void put_schemas(struct pgl_buffer *out, const struct pgl_route *routes, int count)
{
    struct schemas sent = { { NULL }, 0 }, shown = { { NULL }, 0 };
    collect(&shown, PROBLEM_DESCRIPTOR);
    for (int i = 0; i < count; i++) {
        collect(&sent, routes[i].ask.body);
        collect(&shown, routes[i].reply.body);
    }
    for (int i = 0; i < shown.count; i++) {
        pgl_buffer_printf(out, "%s\"%s\":", i > 0 ? "," : "", shown.known[i]->short_name);
        pgl_json_schema_write(shown.known[i], NULL, out);
    }
    for (int i = 0; i < sent.count; i++) {
        pgl_buffer_printf(out, ",\"%s" PGL_JSON_SENT "\":", sent.known[i]->short_name);
        pgl_json_schema_write_sent(sent.known[i], out);
    }
}

static void put_problem_response(struct pgl_buffer *out, const char *name, const char *description)
{
    pgl_buffer_printf(out,
                      "\"%s\":{\"description\":\"%s\",\"content\":{\"application/problem+json\":{"
                      "\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}",
                      name, description);
    put_fields_told(out,
                    PGL_TEXT("Cache-Control Retry-After RateLimit RateLimit-Policy "
                             "WWW-Authenticate"),
                    NULL);
    pgl_buffer_add_char(out, '}');
}

/* In the order of their first routes. */
static void put_tags(struct pgl_buffer *out, const struct pgl_route *routes, int count)
{
    const char *before = "";
    for (int i = 0; i < count; i++) {
        bool is_new = true;
        for (int other = 0; other < i; other++)
            is_new = is_new && !pgl_text_equal(tag_of(&routes[other]), tag_of(&routes[i]));
        if (!is_new)
            continue;
        pgl_buffer_printf(out, "%s{\"name\":\"%.*s\",\"description\":\"What concerns %.*s.\"}",
                          before, PGL_TEXT_ARGS(tag_of(&routes[i])),
                          PGL_TEXT_ARGS(tag_of(&routes[i])));
        before = ",";
    }
}

static const char security_schemes[] =
    "\"securitySchemes\":{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\","
    "\"bearerFormat\":\"JWT\",\"description\":\"A token; its roles say what it may do.\"},"
    "\"apiKey\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Api-Key\","
    "\"description\":\"A partner's key; its scopes say what it may do.\"}}";

void edge_openapi_write(const struct pgl_route *routes, int count, const char *version,
                        struct pgl_buffer *out)
{
    pgl_buffer_printf(out,
                      "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Panglot\",\"version\":\"%s\","
                      "\"description\":\"An order business in one program: products, orders, "
                      "payments, stock. Money is whole minor units beside an ISO 4217 code; an "
                      "instant is RFC 3339 in UTC; an error is a problem (RFC 9457).\"},"
                      "\"servers\":[{\"url\":\"/\"}],\"tags\":[",
                      version);
    put_tags(out, routes, count);
    pgl_buffer_add_literal(out, "],\"paths\":{");
    put_paths(out, routes, count);
    pgl_buffer_add_literal(out, "},\"components\":{\"schemas\":{");
    put_schemas(out, routes, count);
    pgl_buffer_add_literal(out, "},\"responses\":{");
    put_problem_response(out, "Refused", "It was refused; the type and the detail say why.");
    pgl_buffer_add_char(out, ',');
    put_problem_response(out, "Failed", "It could not be done now, or not by us.");
    pgl_buffer_add_literal(out, "},");
    put_answer_fields(out);
    pgl_buffer_printf(out, ",%s}}", security_schemes);
}

pgl_status openapi_begin(struct pgl_request *request)
{
    const struct pgl_edge *edge = request->edge;
    struct pgl_buffer out;
    pgl_buffer_init(&out, PGL_OPENAPI_BYTES_MAX);
    edge_openapi_write(edge->routes, edge->route_count, edge->version, &out);
    return edge_reply_buffer(request, &out, PGL_TEXT("application/json"));
}
