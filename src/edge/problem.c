/* problem.c - see problem.h. */
#include "edge/problem.h"

#include "contract/edge.h"
#include "wire/json.h"

#define PROBLEM_BYTES_MAX 2048
#define RETRY_AFTER       "1"
/* draft-ietf-httpapi-ratelimit-headers-10, problem types */
#define QUOTA_EXCEEDED    "https://iana.org/assignments/http-problem-types#quota-exceeded"
#define REDUCED_CAPACITY                                                                           \
    "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"

void edge_make_request_id(struct pgl_edge *edge, char id[2 * PGL_REQUEST_ID_BYTES + 1])
{
    uint8_t bytes[PGL_REQUEST_ID_BYTES];
    pgl_random_fill(&edge->random, bytes, sizeof bytes);
    pgl_hex_encode(bytes, sizeof bytes, id);
    id[2 * PGL_REQUEST_ID_BYTES] = '\0';
}

/* Adds a member that no message has: a draft gives it a hyphen. */
static void add_violated(struct pgl_buffer *out, const char *policy)
{
    if (out->size > 0)
        out->size--; /* the last brace */
    pgl_buffer_printf(out, ",\"violated-policies\":[\"%s\"]}", policy);
}

/* Never fails: a problem without memory is an empty body. `violated`: a policy, NULL for none. */
static struct pgl_text write_problem(struct pgl_arena *arena, int http_status, const char *type,
                                     const char *detail, const char *request_id,
                                     const char *violated)
{
    Problem problem = PROBLEM_INIT;
    bool is_whole = strncmp(type, "https:", 6) == 0;
    problem.type =
        pgl_message_string(is_whole ? type : pgl_arena_printf(arena, "/problems/%s", type));
    problem.title = pgl_message_string(pgl_http_reason(http_status));
    problem.status = http_status;
    problem.detail = pgl_message_string(detail);
    problem.request_id = pgl_message_string(request_id);
    struct pgl_buffer out;
    pgl_buffer_init(&out, PROBLEM_BYTES_MAX);
    pgl_json_write(&problem.base, &out);
    if (out.is_full) { /* a detail may repeat what was sent to us, and that may be long */
        pgl_buffer_clear(&out);
        problem.detail = pgl_message_string("");
        pgl_json_write(&problem.base, &out);
    }
    if (violated != NULL)
        add_violated(&out, violated);
    char *copy = out.is_full ? NULL : pgl_arena_string(arena, pgl_buffer_text(&out));
    struct pgl_text text = { copy, copy != NULL ? out.size : 0 };
    pgl_buffer_free(&out);
    return text;
}

static bool may_be_tried_again(enum pgl_code code)
{
    return code == PGL_EXHAUSTED || code == PGL_UNAVAILABLE || code == PGL_LIMITED;
}

static struct pgl_text retry_after(const struct edge_verdict *verdict, struct pgl_arena *arena)
{
    if (!verdict->is_refused)
        return PGL_TEXT(RETRY_AFTER);
    const char *seconds = pgl_arena_printf(arena, "%lld", (long long)verdict->retry_after_s);
    return seconds != NULL ? pgl_text_of(seconds) : PGL_TEXT(RETRY_AFTER);
}

bool edge_log_ours(const struct pgl_request *request, pgl_status status)
{
    bool is_ours =
        status.code == PGL_INTERNAL || status.code == PGL_DATA_LOSS || status.code == PGL_UNKNOWN;
    if (is_ours)
        pgl_log(&request->edge->loop->log, PGL_LOG_ERROR, "edge", "failed",
                "request=%s route=\"%s\" code=%s text=\"%s\"", request->id, request->route->path,
                pgl_code_name(status.code), status.text);
    return is_ours;
}

void edge_answer_problem(struct pgl_request *request, pgl_status status)
{
    request->status = pgl_code_http(status.code);
    request->field_count = 0;
    request->is_problem = true;
    bool is_ours = edge_log_ours(request, status);
    const char *detail = is_ours ? PGL_OURS_DETAIL : status.text;
    const char *type = request->problem != NULL ? request->problem : pgl_code_name(status.code);
    const char *violated = NULL;
    if (request->verdict.is_refused) {
        type = status.code == PGL_LIMITED ? QUOTA_EXCEEDED : REDUCED_CAPACITY;
        violated = request->verdict.refused_name;
    }
    request->body =
        write_problem(request->arena, request->status, type, detail, request->id, violated);
    edge_add_field(request, PGL_TEXT("Content-Type"), PGL_TEXT("application/problem+json"));
    edge_add_field(request, PGL_TEXT("Cache-Control"), PGL_TEXT("no-store"));
    if (may_be_tried_again(status.code))
        edge_add_field(request, PGL_TEXT("Retry-After"),
                       retry_after(&request->verdict, request->arena));
    if (status.code == PGL_UNAUTHENTICATED)
        edge_add_field(request, PGL_TEXT("WWW-Authenticate"), PGL_TEXT("Bearer"));
}

static size_t add_rate_fields(const struct edge_verdict *verdict, struct pgl_arena *arena,
                              struct pgl_http_field *fields)
{
    struct pgl_text policies = edge_write_policies(verdict, arena);
    struct pgl_text standings = edge_write_standings(verdict, arena);
    if (policies.size == 0 || standings.size == 0)
        return 0;
    fields[0] = (struct pgl_http_field){ PGL_TEXT("RateLimit-Policy"), policies };
    fields[1] = (struct pgl_http_field){ PGL_TEXT("RateLimit"), standings };
    return 2;
}

void edge_respond_problem(struct pgl_edge *edge, struct pgl_http_exchange *exchange,
                          const struct edge_refusal *refusal)
{
    char id[2 * PGL_REQUEST_ID_BYTES + 1];
    const struct edge_verdict none = { 0 };
    const struct edge_verdict *verdict = refusal->verdict != NULL ? refusal->verdict : &none;
    struct pgl_arena *arena = &exchange->arena;
    edge_make_request_id(edge, id);
    struct pgl_http_field fields[6 + PGL_CORS_FIELDS_MAX] = {
        { PGL_TEXT("Content-Type"), PGL_TEXT("application/problem+json") },
        { PGL_TEXT("Cache-Control"), PGL_TEXT("no-store") },
    };
    size_t count = 2;
    if (refusal->allow != NULL)
        fields[count++] = (struct pgl_http_field){ PGL_TEXT("Allow"), pgl_text_of(refusal->allow) };
    if (refusal->http_status == 503 || verdict->is_refused)
        fields[count++] =
            (struct pgl_http_field){ PGL_TEXT("Retry-After"), retry_after(verdict, arena) };
    count += add_rate_fields(verdict, arena, &fields[count]);
    count += pgl_cors_answer(&edge->cors, &exchange->head, &fields[count]);
    struct pgl_text body = write_problem(
        arena, refusal->http_status, verdict->is_refused ? QUOTA_EXCEEDED : refusal->type,
        refusal->detail, pgl_arena_string(arena, pgl_text_of(id)), verdict->refused_name);
    pgl_http_respond(exchange, refusal->http_status, fields, count, body);
}
