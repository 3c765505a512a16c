/*
 * http1_head.c - the head of a request or an answer, line by line.
 *
 * A line is looked at as a whole once its CRLF is there; until then only the scan for control bytes
 * moves on, so that what cannot become a line is refused at once and no byte is scanned twice. All
 * checks depend on the bytes alone, never on how they were cut into segments.
 */
#include "wire/http1.h"

#include "base/assert.h"
#include "wire/http_bytes.h"

enum stage { START_LINE, FIELDS, DONE, REFUSED };

typedef bool (*take_start_line)(struct pgl_http1_parser *parser, const char *data,
                                struct pgl_text line);

static enum pgl_http1_result read_lines(struct pgl_http1_parser *parser, const char *data,
                                        size_t size, take_start_line take);
static bool take_request_line(struct pgl_http1_parser *parser, const char *data,
                              struct pgl_text line);
static bool take_status_line(struct pgl_http1_parser *parser, const char *data,
                             struct pgl_text line);
static bool check_request(struct pgl_http1_parser *parser, const char *data);

void pgl_http1_parser_init(struct pgl_http1_parser *parser, const struct pgl_http1_limits *limits)
{
    PGL_ASSERT(limits->field_count_max <= PGL_HTTP_FIELDS_MAX);
    PGL_ASSERT(limits->head_bytes_max >= 2); /* room for the empty line */
    memset(parser, 0, offsetof(struct pgl_http1_parser, names));
    parser->limits = limits;
    parser->content_length = -1;
}

static struct pgl_text text_of(const char *data, struct pgl_http1_span span)
{
    return (struct pgl_text){ data + span.start, span.size };
}

/* `part` lies in `data`, within a head whose limit is a uint32_t. */
static struct pgl_http1_span span_of(const char *data, struct pgl_text part)
{
    if (part.data == NULL)
        return (struct pgl_http1_span){ 0, 0 };
    return (struct pgl_http1_span){ (uint32_t)(part.data - data), (uint32_t)part.size };
}

static void fill_fields(const struct pgl_http1_parser *parser, const char *data,
                        struct pgl_http_field *fields, size_t *field_count)
{
    for (uint32_t i = 0; i < parser->field_count; i++) {
        fields[i].name = text_of(data, parser->names[i]);
        fields[i].value = text_of(data, parser->values[i]);
    }
    *field_count = parser->field_count;
}

/* RFC 9112, 9.3 */
static bool is_keep_alive(const struct pgl_http1_parser *parser)
{
    return !parser->has_connection_close &&
           (parser->minor_version > 0 || parser->has_connection_keep_alive);
}

enum pgl_http1_result pgl_http1_read_request(struct pgl_http1_parser *parser, const char *data,
                                             size_t size, struct pgl_http_request_head *head)
{
    bool was_done = parser->stage == DONE;
    enum pgl_http1_result result = read_lines(parser, data, size, take_request_line);
    if (result != PGL_HTTP1_DONE)
        return result;
    if (!was_done && !check_request(parser, data))
        return PGL_HTTP1_REFUSED;

    head->method_known = parser->method_known;
    head->minor_version = parser->minor_version;
    head->method = text_of(data, parser->method);
    head->target = text_of(data, parser->target);
    head->path = parser->path.size > 0 ? text_of(data, parser->path) : PGL_TEXT("/");
    head->query = text_of(data, parser->query);
    head->host = text_of(data, parser->host);
    head->content_length = parser->content_length;
    head->is_chunked = parser->is_chunked;
    head->is_keep_alive = is_keep_alive(parser);
    /* RFC 9110, 10.1.1: ignored in HTTP/1.0, and idle without a body. */
    head->expects_continue = parser->has_expect && parser->minor_version > 0 &&
                             (parser->is_chunked || parser->content_length > 0);
    fill_fields(parser, data, head->fields, &head->field_count);
    return PGL_HTTP1_DONE;
}

static bool refuse(struct pgl_http1_parser *parser, int status, const char *reason)
{
    parser->refusal = (struct pgl_http1_refusal){ status, reason };
    parser->stage = REFUSED;
    return false;
}

enum pgl_http1_result pgl_http1_read_response(struct pgl_http1_parser *parser, const char *data,
                                              size_t size, bool answers_head,
                                              struct pgl_http_response_head *head)
{
    enum pgl_http1_result result = read_lines(parser, data, size, take_status_line);
    /* RFC 9112, 6.3: these never have a body, whatever their fields say. */
    bool has_body =
        !answers_head && parser->status >= 200 && parser->status != 204 && parser->status != 304;
    if (result == PGL_HTTP1_DONE && has_body && !parser->is_chunked && parser->content_length < 0)
        refuse(parser, 502, "an answer without a length");
    if (parser->stage == REFUSED) {
        parser->refusal.status = 502; /* whatever is wrong, the client did not do it */
        return PGL_HTTP1_REFUSED;
    }
    if (result != PGL_HTTP1_DONE)
        return result;

    head->status = parser->status;
    head->minor_version = parser->minor_version;
    head->content_length = has_body ? parser->content_length : 0;
    head->is_chunked = has_body && parser->is_chunked;
    head->is_keep_alive = is_keep_alive(parser);
    fill_fields(parser, data, head->fields, &head->field_count);
    return PGL_HTTP1_DONE;
}

/* The line that begins at line_start, once it is whole. */
static enum pgl_http1_result find_line(struct pgl_http1_parser *parser, const char *data,
                                       size_t size, struct pgl_text *line)
{
    const struct pgl_http1_limits *limits = parser->limits;
    size_t end_max = limits->head_bytes_max - 2; /* the last place for a CR */
    int status_beyond = 431;
    if (parser->stage == START_LINE) {
        status_beyond = 414;
        if (parser->line_start + limits->start_line_bytes_max < end_max)
            end_max = parser->line_start + limits->start_line_bytes_max;
    }

    size_t end = parser->line_start;
    if (end <= end_max) { /* else the line before used up what the empty line needs */
        size_t stop = size <= end_max ? size : end_max + 1;
        end = pgl_http_find_control(data, parser->scanned_bytes, stop);
        parser->scanned_bytes = end;
    }
    bool is_ended = end + 1 < size;
    if (end > end_max)
        refuse(parser, status_beyond, "the head is too long");
    else if (end < size && data[end] == '\n')
        refuse(parser, 400, "a line ends with LF alone");
    else if (end < size && data[end] != '\r')
        refuse(parser, 400, "a control byte in the head");
    else if (is_ended && data[end + 1] != '\n')
        refuse(parser, 400, "a CR without LF");
    if (parser->stage == REFUSED)
        return PGL_HTTP1_REFUSED;
    if (!is_ended)
        return PGL_HTTP1_MORE;
    *line = (struct pgl_text){ data + parser->line_start, end - parser->line_start };
    return PGL_HTTP1_DONE;
}

static bool take_field(struct pgl_http1_parser *parser, const char *data, struct pgl_text line);

static enum pgl_http1_result read_lines(struct pgl_http1_parser *parser, const char *data,
                                        size_t size, take_start_line take)
{
    while (parser->stage == START_LINE || parser->stage == FIELDS) {
        struct pgl_text line;
        enum pgl_http1_result result = find_line(parser, data, size, &line);
        if (result != PGL_HTTP1_DONE)
            return result;
        parser->line_start += line.size + 2;
        parser->scanned_bytes = parser->line_start;

        if (parser->stage == START_LINE && line.size > 0) {
            if (!take(parser, data, line))
                return PGL_HTTP1_REFUSED;
            parser->stage = FIELDS;
        } else if (parser->stage == START_LINE) {
            /* RFC 9112, 2.2: some clients send one CRLF too many behind a body. */
            if (parser->has_blank_line)
                refuse(parser, 400, "empty lines before the message");
            parser->has_blank_line = true;
        } else if (line.size > 0) {
            if (!take_field(parser, data, line))
                return PGL_HTTP1_REFUSED;
        } else {
            parser->stage = DONE;
            parser->head_bytes = parser->line_start;
        }
    }
    return parser->stage == DONE ? PGL_HTTP1_DONE : PGL_HTTP1_REFUSED;
}

/* RFC 9112, 2.3. HTTP/1.9 would have to be read as 1.1, but nobody honest sends it. */
static bool take_version(struct pgl_http1_parser *parser, struct pgl_text version)
{
    static const struct pgl_text pattern = { "HTTP/", 5 };
    if (version.size != 8 || !pgl_text_starts_with(version, pattern) || version.data[6] != '.' ||
        version.data[5] < '0' || version.data[5] > '9' || version.data[7] < '0' ||
        version.data[7] > '9')
        return refuse(parser, 400, "no HTTP version in the first line");
    if (version.data[5] != '1' || version.data[7] > '1')
        return refuse(parser, 505, "only HTTP/1.1 and 1.0 are spoken here");
    parser->minor_version = version.data[7] - '0';
    return true;
}

/* RFC 9112, 3.2: origin, absolute and asterisk form. The authority form is CONNECT's. */
static bool take_target(struct pgl_http1_parser *parser, const char *data, struct pgl_text target)
{
    struct pgl_text path = target;
    if (pgl_text_is(target, "*")) {
        if (parser->method_known != PGL_HTTP_OPTIONS)
            return refuse(parser, 400, "only OPTIONS asks about everything");
    } else if (target.data[0] != '/') {
        static const struct pgl_text schemes[] = { { "http://", 7 }, { "https://", 8 } };
        size_t at = 0;
        for (size_t i = 0; i < 2 && at == 0; i++)
            if (target.size > schemes[i].size &&
                pgl_text_equal_nocase((struct pgl_text){ target.data, schemes[i].size },
                                      schemes[i]))
                at = schemes[i].size;
        if (at == 0)
            return refuse(parser, 400, "a target of no known form");
        size_t start = at;
        while (at < target.size && target.data[at] != '/' && target.data[at] != '?')
            at++;
        struct pgl_text authority = { target.data + start, at - start };
        if (!pgl_http_is_host(authority))
            return refuse(parser, 400, "a bad host in the target");
        parser->authority = span_of(data, authority);
        path = (struct pgl_text){ target.data + at, target.size - at };
    }
    struct pgl_text query = path;
    path = pgl_text_cut(&query, '?');
    parser->target = span_of(data, target);
    parser->path = span_of(data, path);
    parser->query = span_of(data, query);
    return true;
}

static bool take_request_line(struct pgl_http1_parser *parser, const char *data,
                              struct pgl_text line)
{
    struct pgl_text rest = line;
    struct pgl_text method = pgl_text_cut(&rest, ' ');
    struct pgl_text target = pgl_text_cut(&rest, ' ');
    if (!pgl_http_all(method, PGL_HTTP_TOKEN))
        return refuse(parser, 400, "a bad method");
    if (!take_version(parser, rest)) /* none at all is HTTP/0.9 */
        return false;

    parser->method = span_of(data, method);
    int status;
    const char *reason = pgl_http_refuse_method(method, &parser->method_known, &status);
    if (reason != NULL)
        return refuse(parser, status, reason);
    if (target.size > parser->limits->target_bytes_max)
        return refuse(parser, 414, "the target is too long");
    if (!pgl_http_all(target, PGL_HTTP_TARGET))
        return refuse(parser, 400, "a bad target");
    return take_target(parser, data, target);
}

/* RFC 9112, 4. The blank behind the status is there even without a reason. */
static bool take_status_line(struct pgl_http1_parser *parser, const char *data,
                             struct pgl_text line)
{
    (void)data;
    struct pgl_text rest = line;
    if (!take_version(parser, pgl_text_cut(&rest, ' ')))
        return false;
    struct pgl_text digits = pgl_text_cut(&rest, ' ');
    int64_t status = 0;
    if (rest.data == NULL || digits.size != 3 || !pgl_is_ok(pgl_text_to_i64(digits, &status)) ||
        status < 100 || status > 599)
        return refuse(parser, 400, "a bad status line");
    parser->status = (int)status;
    return true;
}

static bool take_meaning(struct pgl_http1_parser *parser, const char *data, struct pgl_text name,
                         struct pgl_text value);

/* RFC 9112, 5 */
static bool take_field(struct pgl_http1_parser *parser, const char *data, struct pgl_text line)
{
    if (line.data[0] == ' ' || line.data[0] == '\t')
        return refuse(parser, 400, "a folded line"); /* RFC 9112, 5.2 */
    struct pgl_text name = { line.data, pgl_http_run(line, PGL_HTTP_TOKEN) };
    if (name.size == 0 || name.size == line.size || line.data[name.size] != ':')
        return refuse(parser, 400, "a bad field name");
    if (parser->field_count == parser->limits->field_count_max)
        return refuse(parser, 431, "too many fields");

    size_t behind = name.size + 1;
    struct pgl_text value =
        pgl_text_trim((struct pgl_text){ line.data + behind, line.size - behind });
    parser->names[parser->field_count] = span_of(data, name);
    parser->values[parser->field_count] = span_of(data, value);
    parser->field_count++;
    return take_meaning(parser, data, name, value);
}

static bool take_content_length(struct pgl_http1_parser *parser, struct pgl_text value)
{
    if (parser->content_length >= 0)
        return refuse(parser, 400, "more than one Content-Length");
    /* A leading zero means octal to some. */
    bool is_number = value.size > 0 && value.data[0] != '-' &&
                     (value.data[0] != '0' || value.size == 1) &&
                     pgl_is_ok(pgl_text_to_i64(value, &parser->content_length));
    return is_number || refuse(parser, 400, "a bad Content-Length");
}

/* RFC 9112, 6.1, but for case: "Chunked" is allowed there and sent by nobody but attackers. */
static bool take_transfer_encoding(struct pgl_http1_parser *parser, struct pgl_text value)
{
    if (parser->minor_version == 0)
        return refuse(parser, 400, "Transfer-Encoding in HTTP/1.0");
    if (parser->is_chunked || !pgl_text_is(value, "chunked"))
        return refuse(parser, 400, "a Transfer-Encoding other than chunked");
    parser->is_chunked = true;
    return true;
}

static bool take_host(struct pgl_http1_parser *parser, const char *data, struct pgl_text value)
{
    if (parser->host.size > 0)
        return refuse(parser, 400, "more than one Host");
    if (!pgl_http_is_host(value))
        return refuse(parser, 400, "a bad Host");
    parser->host = span_of(data, value);
    return true;
}

static void take_connection(struct pgl_http1_parser *parser, struct pgl_text value)
{
    parser->has_connection_close |= pgl_http_list_has(value, PGL_TEXT("close"));
    parser->has_connection_keep_alive |= pgl_http_list_has(value, PGL_TEXT("keep-alive"));
}

static bool is_request(const struct pgl_http1_parser *parser)
{
    return parser->method.size > 0;
}

/* The few fields that framing depends on; told apart by size first, as most are others. */
static bool take_meaning(struct pgl_http1_parser *parser, const char *data, struct pgl_text name,
                         struct pgl_text value)
{
    switch (name.size) {
    case 4:
        if (is_request(parser) && pgl_text_equal_nocase(name, PGL_TEXT("host")))
            return take_host(parser, data, value);
        break;
    case 6:
        if (is_request(parser) && pgl_text_equal_nocase(name, PGL_TEXT("expect"))) {
            if (!pgl_text_equal_nocase(value, PGL_TEXT("100-continue")))
                return refuse(parser, 417, "an unknown expectation");
            parser->has_expect = true;
        }
        break;
    case 10:
        if (pgl_text_equal_nocase(name, PGL_TEXT("connection")))
            take_connection(parser, value);
        break;
    case 14:
        if (pgl_text_equal_nocase(name, PGL_TEXT("content-length")) &&
            !take_content_length(parser, value))
            return false;
        break;
    case 17:
        if (pgl_text_equal_nocase(name, PGL_TEXT("transfer-encoding")) &&
            !take_transfer_encoding(parser, value))
            return false;
        break;
    }
    if (parser->is_chunked && parser->content_length >= 0)
        return refuse(parser, 400, "Content-Length with Transfer-Encoding"); /* RFC 9112, 6.3 */
    return true;
}

/* RFC 9112, 3.2: one Host, and an absolute target may not name another. */
static bool check_request(struct pgl_http1_parser *parser, const char *data)
{
    if (parser->host.size == 0) {
        if (parser->minor_version > 0)
            return refuse(parser, 400, "no Host");
        parser->host = parser->authority;
    } else if (parser->authority.size > 0 &&
               !pgl_text_equal_nocase(text_of(data, parser->authority),
                                      text_of(data, parser->host))) {
        return refuse(parser, 400, "the target names another host than Host does");
    }
    return true;
}
