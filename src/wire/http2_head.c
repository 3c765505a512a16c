/* http2_head.c - header blocks read as heads: the pseudo fields (RFC 9113, 8.3) and the rest. */
#include "wire/http2_inside.h"

#include <string.h>

#include "wire/http_bytes.h"

static bool next_field(struct pgl_text *block, struct pgl_http_field *field)
{
    struct pgl_http2_field_sizes sizes;
    if (block->size < sizeof sizes)
        return false;
    memcpy(&sizes, block->data, sizeof sizes);
    const char *at = block->data + sizeof sizes;
    field->name = (struct pgl_text){ at, sizes.name };
    field->value = (struct pgl_text){ at + sizes.name, sizes.value };
    size_t whole = sizeof sizes + sizes.name + sizes.value;
    *block = (struct pgl_text){ block->data + whole, block->size - whole };
    return true;
}

static pgl_status copy_block(const struct pgl_http2 *session, const struct pgl_http2_event *event,
                             struct pgl_arena *arena, struct pgl_text *block)
{
    struct pgl_text there = pgl_http2_block(session, event);
    char *copy = pgl_arena_alloc(arena, there.size + 1);
    if (copy == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a head");
    memcpy(copy, there.data, there.size);
    *block = (struct pgl_text){ copy, there.size };
    return PGL_OK;
}

static bool is_pseudo(struct pgl_text name)
{
    return name.size > 0 && name.data[0] == ':';
}

static bool read_length(struct pgl_text value, int64_t *length)
{
    /* A leading zero means octal to some, as in HTTP/1.1. */
    return value.size > 0 && value.data[0] != '-' && (value.data[0] != '0' || value.size == 1) &&
           pgl_is_ok(pgl_text_to_i64(value, length));
}

static pgl_status refuse(struct pgl_http2_refusal *refusal, int status, const char *reason)
{
    *refusal = (struct pgl_http2_refusal){ status, reason };
    return PGL_FAIL(PGL_MALFORMED, reason);
}

/* ---- requests ---- */

static pgl_status take_method(struct pgl_http_request_head *head, struct pgl_http2_refusal *refusal)
{
    int status;
    const char *reason = pgl_http_refuse_method(head->method, &head->method_known, &status);
    return reason == NULL ? PGL_OK : refuse(refusal, status, reason);
}

static pgl_status take_target(struct pgl_http_request_head *head, uint32_t target_bytes_max,
                              struct pgl_http2_refusal *refusal)
{
    if (head->target.size > target_bytes_max)
        return refuse(refusal, 414, "the path is too long");
    if (!pgl_http_all(head->target, PGL_HTTP_TARGET))
        return refuse(refusal, 400, "a bad path");
    if (head->target.data[0] != '/' &&
        (!pgl_text_is(head->target, "*") || head->method_known != PGL_HTTP_OPTIONS))
        return refuse(refusal, 400, "a path that does not begin with a slash");
    head->query = head->target;
    head->path = pgl_text_cut(&head->query, '?');
    return PGL_OK;
}

/* RFC 9113, 8.3.1: Host says the same as :authority, or is the only one of the two. */
static pgl_status take_host(struct pgl_http_request_head *head, struct pgl_http2_refusal *refusal)
{
    struct pgl_text host;
    size_t count = pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("host"), &host);
    if (count > 1)
        return refuse(refusal, 400, "more than one Host");
    if (head->host.size == 0 && count == 1)
        head->host = host;
    if (!pgl_http_is_host(head->host))
        return refuse(refusal, 400, "no authority, or a bad one");
    if (count == 1 && !pgl_text_equal_nocase(host, head->host))
        return refuse(refusal, 400, "Host names another host than :authority does");
    return PGL_OK;
}

/* RFC 9110, 10.1.1: there is one expectation, and one that is not known is refused. */
static pgl_status take_expect(struct pgl_http_request_head *head, bool has_body,
                              struct pgl_http2_refusal *refusal)
{
    struct pgl_text expect;
    size_t count =
        pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("expect"), &expect);
    if (count == 0)
        return PGL_OK;
    if (count > 1 || !pgl_text_equal_nocase(expect, PGL_TEXT("100-continue")))
        return refuse(refusal, 417, "an expectation that is not known");
    head->expects_continue = has_body && head->content_length != 0;
    return PGL_OK;
}

pgl_status pgl_http2_read_request(const struct pgl_http2 *session,
                                  const struct pgl_http2_event *event, struct pgl_arena *arena,
                                  struct pgl_http_request_head *head,
                                  struct pgl_http2_refusal *refusal)
{
    struct pgl_text block;
    struct pgl_http_field field;
    memset(head, 0, offsetof(struct pgl_http_request_head, fields));
    head->content_length = -1;
    head->minor_version = 0;
    head->is_keep_alive = true;
    head->method = head->target = head->path = head->query = head->host =
        (struct pgl_text){ "", 0 };
    if (event->is_too_large)
        return refuse(refusal, 431, "the head is too large");
    PGL_TRY(copy_block(session, event, arena, &block));
    while (next_field(&block, &field)) {
        if (pgl_text_is(field.name, ":method"))
            head->method = field.value;
        else if (pgl_text_is(field.name, ":path"))
            head->target = field.value;
        else if (pgl_text_is(field.name, ":authority"))
            head->host = field.value;
        else if (!is_pseudo(field.name))
            head->fields[head->field_count++] = field;
    }
    struct pgl_text length;
    if (pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("content-length"), &length) >
            0 &&
        !read_length(length, &head->content_length))
        return refuse(refusal, 400, "a bad Content-Length");
    PGL_TRY(take_expect(head, !event->is_end, refusal));
    PGL_TRY(take_method(head, refusal));
    PGL_TRY(take_target(head, session->options.limits.target_bytes_max, refusal));
    return take_host(head, refusal);
}

/* ---- answers, trailers ---- */

pgl_status pgl_http2_read_response(const struct pgl_http2 *session,
                                   const struct pgl_http2_event *event, struct pgl_arena *arena,
                                   struct pgl_http_response_head *head)
{
    struct pgl_text block, length;
    struct pgl_http_field field;
    int64_t status = 0;
    memset(head, 0, offsetof(struct pgl_http_response_head, fields));
    head->content_length = -1;
    head->is_keep_alive = true;
    if (event->is_too_large)
        return PGL_FAIL(PGL_MALFORMED, "a head that is too large");
    PGL_TRY(copy_block(session, event, arena, &block));
    while (next_field(&block, &field)) {
        if (!is_pseudo(field.name))
            head->fields[head->field_count++] = field;
        else if (pgl_text_is(field.name, ":status") &&
                 (field.value.size != 3 || !pgl_is_ok(pgl_text_to_i64(field.value, &status))))
            return PGL_FAIL(PGL_MALFORMED, "an answer without a status");
    }
    head->status = (int)status;
    if (pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("content-length"), &length) >
            0 &&
        !read_length(length, &head->content_length))
        return PGL_FAIL(PGL_MALFORMED, "an answer with a bad Content-Length");
    return PGL_OK;
}
