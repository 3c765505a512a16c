/* http.c - see http.h. */
#include "wire/http.h"

#include "wire/http_bytes.h"

static const struct pgl_text method_names[PGL_HTTP_METHOD_COUNT] = {
    [PGL_HTTP_GET] = { "GET", 3 },         [PGL_HTTP_POST] = { "POST", 4 },
    [PGL_HTTP_HEAD] = { "HEAD", 4 },       [PGL_HTTP_PUT] = { "PUT", 3 },
    [PGL_HTTP_PATCH] = { "PATCH", 5 },     [PGL_HTTP_DELETE] = { "DELETE", 6 },
    [PGL_HTTP_OPTIONS] = { "OPTIONS", 7 }, [PGL_HTTP_TRACE] = { "TRACE", 5 },
    [PGL_HTTP_CONNECT] = { "CONNECT", 7 },
};

enum pgl_http_method pgl_http_method_of(struct pgl_text name)
{
    for (int method = PGL_HTTP_GET; method < PGL_HTTP_METHOD_COUNT; method++)
        if (pgl_text_equal(name, method_names[method]))
            return (enum pgl_http_method)method;
    return PGL_HTTP_UNKNOWN;
}

const char *pgl_http_refuse_method(struct pgl_text name, enum pgl_http_method *known, int *status)
{
    *known = pgl_http_method_of(name);
    switch (*known) {
    case PGL_HTTP_UNKNOWN: /* RFC 9110, 9.1; so is "get" */
        *status = 501;
        return "an unknown method";
    case PGL_HTTP_TRACE:   /* tells scripts the cookies they may not read */
    case PGL_HTTP_CONNECT: /* is for proxies */
        *status = 405;
        return "a method that is never allowed";
    default:
        return NULL;
    }
}

const char *pgl_http_method_name(enum pgl_http_method method)
{
    const char *name = method_names[method].data;
    return name != NULL ? name : "";
}

/* What we send or may pass on, the frequent ones first. */
static const struct {
    int status;
    const char *reason;
} reasons[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 304, "Not Modified" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 409, "Conflict" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 500, "Internal Server Error" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 100, "Continue" },
    { 206, "Partial Content" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 303, "See Other" },
    { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 408, "Request Timeout" },
    { 410, "Gone" },
    { 411, "Length Required" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 416, "Range Not Satisfiable" },
    { 417, "Expectation Failed" },
    { 421, "Misdirected Request" },
    { 425, "Too Early" },
    { 428, "Precondition Required" },
    { 431, "Request Header Fields Too Large" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 505, "HTTP Version Not Supported" },
};

const char *pgl_http_reason(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}

size_t pgl_http_find_field(const struct pgl_http_field *fields, size_t field_count,
                           struct pgl_text name, struct pgl_text *value)
{
    size_t found = 0;
    for (size_t i = 0; i < field_count; i++)
        if (pgl_text_equal_nocase(fields[i].name, name) && found++ == 0)
            *value = fields[i].value;
    return found;
}

int64_t pgl_http_retry_after_s(const struct pgl_http_field *fields, size_t field_count,
                               int64_t s_max)
{
    struct pgl_text value;
    int64_t seconds;
    if (pgl_http_find_field(fields, field_count, PGL_TEXT("Retry-After"), &value) == 0 ||
        !pgl_is_ok(pgl_text_to_i64(value, &seconds)) || seconds < 0)
        return 0;
    return seconds < s_max ? seconds : s_max;
}

bool pgl_http_list_has(struct pgl_text list, struct pgl_text token)
{
    while (list.size > 0)
        if (pgl_text_equal_nocase(pgl_text_trim(pgl_text_cut(&list, ',')), token))
            return true;
    return false;
}

/* "q=0", "q=0.000": whatever else stands there is more than nothing. */
static bool is_refused(struct pgl_text parameters)
{
    while (parameters.data != NULL) {
        struct pgl_text one = pgl_text_trim(pgl_text_cut(&parameters, ';'));
        struct pgl_text name = pgl_text_trim(pgl_text_cut(&one, '='));
        if (!pgl_text_equal_nocase(name, PGL_TEXT("q")))
            continue;
        for (size_t i = 0; i < one.size; i++)
            if (one.data[i] >= '1' && one.data[i] <= '9')
                return false;
        return true;
    }
    return false;
}

bool pgl_http_accepts(struct pgl_text list, struct pgl_text coding)
{
    bool is_any_taken = false;
    while (list.size > 0) {
        struct pgl_text parameters = pgl_text_cut(&list, ',');
        struct pgl_text name = pgl_text_trim(pgl_text_cut(&parameters, ';'));
        if (pgl_text_equal_nocase(name, coding))
            return !is_refused(parameters);
        if (pgl_text_is(name, "*"))
            is_any_taken = !is_refused(parameters);
    }
    return is_any_taken;
}

/* Undoes RFC 3986, 2.1, and '+' where a form is read. The result is never longer than what came. */
static pgl_status decode(struct pgl_arena *arena, struct pgl_text encoded, bool is_form,
                         struct pgl_text *decoded)
{
    *decoded = encoded;
    bool is_plain =
        encoded.size == 0 || (memchr(encoded.data, '%', encoded.size) == NULL &&
                              (!is_form || memchr(encoded.data, '+', encoded.size) == NULL));
    if (!is_plain) {
        char *out = pgl_arena_alloc(arena, encoded.size);
        if (out == NULL)
            return PGL_FAIL(PGL_EXHAUSTED, "no memory is left to decode the target");
        size_t size = 0;
        for (size_t at = 0; at < encoded.size; at++) {
            char c = encoded.data[at];
            if (c == '%') {
                if (encoded.size - at < 3)
                    return PGL_FAIL(PGL_MALFORMED, "a percent sign needs two hexadecimal digits");
                int high = pgl_http_hex_value(encoded.data[at + 1]);
                int low = pgl_http_hex_value(encoded.data[at + 2]);
                if (high < 0 || low < 0)
                    return PGL_FAIL(PGL_MALFORMED, "a percent sign needs two hexadecimal digits");
                c = (char)(high << 4 | low);
                at += 2;
            } else if (c == '+' && is_form) {
                c = ' ';
            }
            out[size++] = c;
        }
        *decoded = (struct pgl_text){ out, size };
    }
    if (pgl_http_find_control(decoded->data, 0, decoded->size) < decoded->size ||
        (decoded->size > 0 && memchr(decoded->data, '\t', decoded->size) != NULL))
        return PGL_FAIL(PGL_MALFORMED, "the target holds a control byte");
    if (!pgl_text_is_utf8(*decoded))
        return PGL_FAIL(PGL_MALFORMED, "the target is not UTF-8");
    return PGL_OK;
}

pgl_status pgl_http_decode_segment(struct pgl_arena *arena, struct pgl_text encoded,
                                   struct pgl_text *decoded)
{
    PGL_TRY(decode(arena, encoded, false, decoded));
    if (decoded->size > 0 && memchr(decoded->data, '/', decoded->size) != NULL)
        return PGL_FAIL(PGL_MALFORMED, "a path segment holds a slash");
    if (pgl_text_is(*decoded, ".") || pgl_text_is(*decoded, ".."))
        return PGL_FAIL(PGL_MALFORMED, "a path segment of dots");
    return PGL_OK;
}

pgl_status pgl_http_query_next(struct pgl_arena *arena, struct pgl_text *query,
                               struct pgl_http_field *pair, bool *is_there)
{
    struct pgl_text value = { NULL, 0 };
    while (value.size == 0 && query->size > 0) /* "a=1&&b=2" is two pairs */
        value = pgl_text_cut(query, '&');
    *is_there = value.size > 0;
    struct pgl_text name = pgl_text_cut(&value, '=');
    PGL_TRY(decode(arena, name, true, &pair->name));
    return decode(arena, value, true, &pair->value);
}
