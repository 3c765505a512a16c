/* cors.c - see cors.h. */
#include "edge/cors.h"

#define LITERAL(text)                                                                              \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

/* What a page's script may read and send besides what it always may. */
static const struct pgl_http_field exposed = {
    LITERAL("Access-Control-Expose-Headers"),
    LITERAL("ETag, Link, Location, Idempotent-Replayed, Preference-Applied, RateLimit, "
            "RateLimit-Policy, Retry-After, Deprecation, Sunset, grpc-status, grpc-message, "
            "grpc-status-details-bin, x-request-id")
};
static const struct pgl_http_field accepted = {
    LITERAL("Access-Control-Allow-Headers"),
    LITERAL("Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
            "Last-Event-ID, Prefer, X-Api-Key, traceparent, grpc-timeout, x-grpc-web, "
            "x-user-agent, connect-protocol-version, connect-timeout-ms, panglot-service")
};

/* scheme "://" host, nothing behind it. */
static bool is_origin(struct pgl_text text)
{
    struct pgl_text left = text;
    struct pgl_text scheme = pgl_text_cut(&left, ':');
    if (!pgl_text_is(scheme, "https") && !pgl_text_is(scheme, "http"))
        return false;
    if (left.size < 3 || left.data[0] != '/' || left.data[1] != '/')
        return false;
    for (size_t i = 2; i < left.size; i++)
        if (left.data[i] == '/' || left.data[i] == '*' || left.data[i] <= ' ')
            return false;
    return true;
}

pgl_status pgl_cors_read(struct pgl_cors *cors, const char *origins)
{
    *cors = (struct pgl_cors){ .count = 0 };
    struct pgl_text left = pgl_text_of(origins != NULL ? origins : "");
    if (pgl_text_is(left, "*"))
        cors->is_any = true;
    if (cors->is_any || left.size == 0)
        return PGL_OK;
    while (left.data != NULL) {
        struct pgl_text origin = pgl_text_trim(pgl_text_cut(&left, ','));
        if (!is_origin(origin))
            return PGL_FAIL(PGL_INVALID, "cors-origins: https://HOST, several by commas, or * is "
                                         "expected");
        if (cors->count == PGL_CORS_ORIGINS_MAX)
            return PGL_FAIL(PGL_INVALID, "cors-origins: at most 16");
        cors->origins[cors->count++] = origin;
    }
    return PGL_OK;
}

static bool allows(const struct pgl_cors *cors, struct pgl_text origin)
{
    for (int i = 0; i < cors->count; i++)
        if (pgl_text_equal(cors->origins[i], origin))
            return true;
    return cors->is_any && origin.size > 0;
}

size_t pgl_cors_answer(const struct pgl_cors *cors, const struct pgl_http_request_head *head,
                       struct pgl_http_field fields[PGL_CORS_FIELDS_MAX])
{
    size_t count = 0;
    struct pgl_text origin = { NULL, 0 };
    if (cors->count == 0 && !cors->is_any)
        return 0;
    if (cors->count > 0) /* what is kept for one origin is not for another */
        fields[count++] = (struct pgl_http_field){ PGL_TEXT("Vary"), PGL_TEXT("Origin") };
    if (pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("origin"), &origin) != 1 ||
        !allows(cors, origin))
        return count;
    fields[count++] = (struct pgl_http_field){ PGL_TEXT("Access-Control-Allow-Origin"),
                                               cors->is_any ? PGL_TEXT("*") : origin };
    fields[count++] = exposed;
    return count;
}

size_t pgl_cors_preflight(const struct pgl_cors *cors, const struct pgl_http_request_head *head,
                          const char *methods,
                          struct pgl_http_field fields[PGL_CORS_FIELDS_MAX + 2])
{
    struct pgl_text wanted;
    size_t count = pgl_cors_answer(cors, head, fields);
    bool is_allowed = count > 0 && pgl_text_equal(fields[count - 1].name, exposed.name);
    if (!is_allowed || pgl_http_find_field(head->fields, head->field_count,
                                           PGL_TEXT("access-control-request-method"), &wanted) == 0)
        return count;
    fields[count - 1] =
        (struct pgl_http_field){ PGL_TEXT("Access-Control-Allow-Methods"), pgl_text_of(methods) };
    fields[count++] = accepted;
    fields[count++] =
        (struct pgl_http_field){ PGL_TEXT("Access-Control-Max-Age"), PGL_TEXT("600") };
    return count;
}
