/* http1_write.c - heads and chunks as bytes. Everything is checked before the first byte is
 * written. */
#include "wire/http1.h"

#include "base/assert.h"
#include "wire/http_bytes.h"

/* Written from the struct alone, so that no field can contradict it. */
static const struct pgl_text own_fields[] = {
    { "date", 4 },
    { "host", 4 },
    { "connection", 10 },
    { "content-length", 14 },
    { "transfer-encoding", 17 },
};

static pgl_status check_fields(const struct pgl_http_field *fields, size_t field_count)
{
    for (size_t i = 0; i < field_count; i++) {
        struct pgl_text name = fields[i].name, value = fields[i].value;
        if (!pgl_http_all(name, PGL_HTTP_TOKEN))
            return PGL_FAIL(PGL_INVALID, "a field name is no token");
        for (size_t own = 0; own < sizeof own_fields / sizeof own_fields[0]; own++)
            if (pgl_text_equal_nocase(name, own_fields[own]))
                return PGL_FAIL(PGL_INVALID, "a field that is not the caller's to write");
        if (pgl_http_find_control(value.data, 0, value.size) < value.size)
            return PGL_FAIL(PGL_INVALID, "a field value holds a control byte");
    }
    return PGL_OK;
}

static void write_fields(struct pgl_buffer *out, const struct pgl_http_field *fields,
                         size_t field_count)
{
    for (size_t i = 0; i < field_count; i++) {
        pgl_buffer_add_text(out, fields[i].name);
        pgl_buffer_add_literal(out, ": ");
        pgl_buffer_add_text(out, fields[i].value);
        pgl_buffer_add_literal(out, "\r\n");
    }
}

static void write_framing(struct pgl_buffer *out, bool is_chunked, int64_t content_length)
{
    if (is_chunked) {
        pgl_buffer_add_literal(out, "Transfer-Encoding: chunked\r\n");
    } else if (content_length >= 0) {
        pgl_buffer_add_literal(out, "Content-Length: ");
        pgl_buffer_add_i64(out, content_length);
        pgl_buffer_add_literal(out, "\r\n");
    }
}

pgl_status pgl_http1_write_response(struct pgl_buffer *out,
                                    const struct pgl_http1_response *response)
{
    int status = response->status;
    PGL_ASSERT(status >= 100 && status <= 599);
    PGL_ASSERT(!response->is_chunked ||
               (response->content_length < 0 && response->minor_version > 0));
    PGL_TRY(check_fields(response->fields, response->field_count));
    /* RFC 9110, 8.6: these have no body and say no length. */
    bool has_length = status >= 200 && status != 204 && status != 304;
    bool ends_by_close = has_length && !response->is_chunked && response->content_length < 0;

    pgl_buffer_add_literal(out, "HTTP/1.1 ");
    pgl_buffer_add_i64(out, status);
    pgl_buffer_add_char(out, ' ');
    pgl_buffer_add_text(out, pgl_text_of(pgl_http_reason(status)));
    pgl_buffer_add_literal(out, "\r\n");
    if (response->date.size > 0) {
        pgl_buffer_add_literal(out, "Date: ");
        pgl_buffer_add_text(out, response->date);
        pgl_buffer_add_literal(out, "\r\n");
    }
    if (has_length)
        write_framing(out, response->is_chunked, response->content_length);
    if (!response->is_keep_alive || ends_by_close)
        pgl_buffer_add_literal(out, "Connection: close\r\n");
    else if (response->minor_version == 0)
        pgl_buffer_add_literal(out, "Connection: keep-alive\r\n");
    write_fields(out, response->fields, response->field_count);
    pgl_buffer_add_literal(out, "\r\n");
    return PGL_OK;
}

pgl_status pgl_http1_write_request(struct pgl_buffer *out, const struct pgl_http1_request *request)
{
    PGL_ASSERT(!request->is_chunked || request->content_length < 0);
    if (!pgl_http_all(request->method, PGL_HTTP_TOKEN) ||
        !pgl_http_all(request->target, PGL_HTTP_TARGET) ||
        !pgl_http_all(request->host, PGL_HTTP_TARGET))
        return PGL_FAIL(PGL_INVALID, "a method, target or host that would not be read as one");
    PGL_TRY(check_fields(request->fields, request->field_count));

    pgl_buffer_add_text(out, request->method);
    pgl_buffer_add_char(out, ' ');
    pgl_buffer_add_text(out, request->target);
    pgl_buffer_add_literal(out, " HTTP/1.1\r\nHost: ");
    pgl_buffer_add_text(out, request->host);
    pgl_buffer_add_literal(out, "\r\n");
    write_framing(out, request->is_chunked, request->content_length);
    write_fields(out, request->fields, request->field_count);
    pgl_buffer_add_literal(out, "\r\n");
    return PGL_OK;
}

void pgl_http1_write_continue(struct pgl_buffer *out)
{
    pgl_buffer_add_literal(out, "HTTP/1.1 100 Continue\r\n\r\n");
}

void pgl_http1_write_chunk(struct pgl_buffer *out, struct pgl_text data)
{
    static const char digits[] = "0123456789abcdef";
    char line[2 * sizeof(size_t) + 2];
    size_t at = sizeof line;
    line[--at] = '\n';
    line[--at] = '\r';
    for (size_t left = data.size; left > 0; left >>= 4)
        line[--at] = digits[left & 15];
    if (data.size == 0)
        return;
    pgl_buffer_add(out, line + at, sizeof line - at);
    pgl_buffer_add_text(out, data);
    pgl_buffer_add_literal(out, "\r\n");
}

void pgl_http1_write_last_chunk(struct pgl_buffer *out)
{
    pgl_buffer_add_literal(out, "0\r\n\r\n");
}
