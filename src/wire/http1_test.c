/*
 * http1_test.c - what is read as a request, and what is refused.
 * Method: tables of whole connections. Each is read in segments of 1, 2, 3 and all bytes, from
 * memory of exactly the size received and at another address each time; what was understood is
 * written down as text and must be the same for all four.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "wire/http1.h"
#include "wire/http1_corpus.h"

#define BODY_BYTES_MAX  64
#define STORY_BYTES_MAX (256 * 1024)
#define COUNT(array)    (sizeof(array) / sizeof(array)[0])

static const struct pgl_http1_limits limits = {
    .start_line_bytes_max = 80,
    .target_bytes_max = 64,
    .head_bytes_max = 512,
    .field_count_max = 8,
    .extension_bytes_max = 16,
    .trailer_bytes_max = 48,
};

static void tell_head(struct pgl_buffer *story, const struct pgl_http_request_head *head)
{
    pgl_buffer_printf(story, "%.*s(%d) %.*s ?%.*s @%.*s 1.%d", PGL_TEXT_ARGS(head->method),
                      (int)head->method_known, PGL_TEXT_ARGS(head->path),
                      PGL_TEXT_ARGS(head->query), PGL_TEXT_ARGS(head->host), head->minor_version);
    pgl_buffer_printf(story, " length=%lld%s%s%s", (long long)head->content_length,
                      head->is_chunked ? " chunked" : "", head->is_keep_alive ? " keep" : " close",
                      head->expects_continue ? " expects" : "");
    for (size_t i = 0; i < head->field_count; i++)
        pgl_buffer_printf(story, " [%.*s=%.*s]", PGL_TEXT_ARGS(head->fields[i].name),
                          PGL_TEXT_ARGS(head->fields[i].value));
}

static void tell_refusal(struct pgl_buffer *story, struct pgl_http1_refusal refusal)
{
    pgl_buffer_printf(story, "refused %d %s\n", refusal.status, refusal.reason);
}

/* One side of a connection: what has arrived, and how far it has been read. */
struct arrivals {
    const char *bytes;
    size_t size, segment_bytes;
    size_t taken, arrived;
    char *memory;
};

/* What arrived and is not yet taken, somewhere else than last time. */
static struct pgl_text arrivals_now(struct arrivals *arrivals)
{
    char *old = arrivals->memory;
    size_t size = arrivals->arrived - arrivals->taken;
    arrivals->memory = malloc(size + 1); /* differs from `old`, which is still there */
    assert_non_null(arrivals->memory);
    free(old);
    char *start = arrivals->memory + 1; /* unaligned, and ends where the memory ends */
    memcpy(start, arrivals->bytes + arrivals->taken, size);
    return (struct pgl_text){ start, size };
}

static bool arrivals_more(struct arrivals *arrivals)
{
    if (arrivals->arrived == arrivals->size)
        return false;
    size_t left = arrivals->size - arrivals->arrived;
    arrivals->arrived += left < arrivals->segment_bytes ? left : arrivals->segment_bytes;
    return true;
}

static enum pgl_http1_result read_whole_body(struct pgl_http1_body *body, struct arrivals *arrivals,
                                             struct pgl_buffer *story)
{
    for (;;) {
        struct pgl_text input = arrivals_now(arrivals), piece = { NULL, 0 };
        size_t before = input.size;
        enum pgl_http1_result result = pgl_http1_read_body(body, &input, &piece);
        arrivals->taken += before - input.size;
        if (result == PGL_HTTP1_PIECE) {
            assert_true(piece.size > 0);
            pgl_buffer_add_text(story, piece);
        } else if (result != PGL_HTTP1_MORE || !arrivals_more(arrivals)) {
            return result;
        }
    }
}

/* Reads requests until one is refused or nothing more comes. */
static void read_connection(struct arrivals arrivals, struct pgl_buffer *story)
{
    pgl_buffer_clear(story);
    struct pgl_http1_parser parser;
    pgl_http1_parser_init(&parser, &limits);
    for (;;) {
        struct pgl_http_request_head head;
        struct pgl_text input = arrivals_now(&arrivals);
        switch (pgl_http1_read_request(&parser, input.data, input.size, &head)) {
        case PGL_HTTP1_PIECE:
            fail();
            break;
        case PGL_HTTP1_REFUSED:
            tell_refusal(story, parser.refusal);
            /* A framing error is for good. */
            assert_int_equal(pgl_http1_read_request(&parser, input.data, input.size, &head),
                             PGL_HTTP1_REFUSED);
            free(arrivals.memory);
            return;
        case PGL_HTTP1_MORE:
            if (arrivals_more(&arrivals))
                break;
            pgl_buffer_printf(story, "%s\n", input.size > 0 ? "cut off" : "end");
            free(arrivals.memory);
            return;
        case PGL_HTTP1_DONE:
            /* The input moves once more, and the head is filled anew. */
            input = arrivals_now(&arrivals);
            assert_int_equal(pgl_http1_read_request(&parser, input.data, input.size, &head),
                             PGL_HTTP1_DONE);
            tell_head(story, &head);
            arrivals.taken += parser.head_bytes;
            pgl_buffer_printf(story, " body=");
            struct pgl_http1_body body;
            pgl_http1_body_init(&body, &limits, head.content_length, head.is_chunked,
                                BODY_BYTES_MAX);
            enum pgl_http1_result result = read_whole_body(&body, &arrivals, story);
            pgl_buffer_printf(story, ";\n");
            if (result != PGL_HTTP1_DONE) {
                if (result == PGL_HTTP1_REFUSED)
                    tell_refusal(story, body.refusal);
                else
                    pgl_buffer_printf(story, "cut off\n");
                free(arrivals.memory);
                return;
            }
            pgl_http1_parser_init(&parser, &limits);
            break;
        }
    }
}

/* The story of a connection, the same in every segmentation. */
static void read_in_segments(struct pgl_text bytes, struct pgl_buffer *story)
{
    struct pgl_buffer other;
    pgl_buffer_init(&other, STORY_BYTES_MAX);
    read_connection((struct arrivals){ .bytes = bytes.data,
                                       .size = bytes.size,
                                       .segment_bytes = bytes.size + 1 },
                    story);
    for (size_t segment_bytes = 1; segment_bytes <= 3; segment_bytes++) {
        read_connection((struct arrivals){ .bytes = bytes.data,
                                           .size = bytes.size,
                                           .segment_bytes = segment_bytes },
                        &other);
        if (!pgl_text_equal(pgl_buffer_text(story), pgl_buffer_text(&other)))
            fail_msg("segments of %zu of:\n%.*s\nsay %.*snot %.*s", segment_bytes,
                     PGL_TEXT_ARGS(bytes), PGL_TEXT_ARGS(pgl_buffer_text(&other)),
                     PGL_TEXT_ARGS(pgl_buffer_text(story)));
    }
    assert_false(story->is_full);
    pgl_buffer_free(&other);
}

static void assert_story(struct pgl_text bytes, const char *expected)
{
    struct pgl_buffer story;
    pgl_buffer_init(&story, STORY_BYTES_MAX);
    read_in_segments(bytes, &story);
    pgl_buffer_add_char(&story, '\0');
    if (strcmp(story.data, expected) != 0)
        fail_msg("%.*s\nsays:     %sexpected: %s", PGL_TEXT_ARGS(bytes), story.data, expected);
    pgl_buffer_free(&story);
}

static void requests_are_understood(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(taken); i++)
        assert_story(taken[i].bytes, taken[i].story);
}

enum refused_in { IN_HEAD, IN_BODY };

/* The story ends with that status, in the first message, and the rest of what came is not read. */
static void assert_refused(int status, enum refused_in part, const char *before,
                           struct pgl_text bytes, const char *behind)
{
    struct pgl_buffer whole, story;
    pgl_buffer_init(&whole, STORY_BYTES_MAX);
    pgl_buffer_init(&story, STORY_BYTES_MAX);
    pgl_buffer_add_text(&whole, pgl_text_of(before));
    pgl_buffer_add_text(&whole, bytes);
    pgl_buffer_add_text(&whole, pgl_text_of(behind));
    read_in_segments(pgl_buffer_text(&whole), &story);
    pgl_buffer_add_char(&story, '\0');
    char ending[32];
    snprintf(ending, sizeof ending, "refused %d ", status);
    const char *refusal = strstr(story.data, ending);
    if (refusal == NULL || (refusal == story.data) != (part == IN_HEAD) ||
        strstr(story.data, "/smuggled") != NULL)
        fail_msg("not %s:\n%.*s\n%s", ending, PGL_TEXT_ARGS(pgl_buffer_text(&whole)), story.data);
    pgl_buffer_free(&whole);
    pgl_buffer_free(&story);
}

static void what_is_ambiguous_is_refused(void **unused)
{
    static const char next[] = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    (void)unused;
    for (size_t i = 0; i < COUNT(refused_lines); i++)
        assert_refused(refused_lines[i].status, IN_HEAD, "", refused_lines[i].bytes,
                       "Host: a\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    for (size_t i = 0; i < COUNT(refused_fields); i++)
        assert_refused(refused_fields[i].status,
                       refused_fields[i].status == 413 ? IN_BODY : IN_HEAD,
                       "POST / HTTP/1.1\r\nHost: a\r\n", refused_fields[i].bytes, next);
    for (size_t i = 0; i < COUNT(refused_heads); i++)
        assert_refused(refused_heads[i].status, IN_HEAD, "", refused_heads[i].bytes, next);
    for (size_t i = 0; i < COUNT(refused_bodies); i++)
        assert_refused(refused_bodies[i].status, IN_BODY, CHUNKED, refused_bodies[i].bytes, next);
}

/* Of a line that can no longer become one, the end is not waited for. */
static void refusals_come_early(void **unused)
{
    static const struct refused early[] = {
        { 400, BYTES("GET /\n") },
        { 400, BYTES("GET /\x01") },
        { 400, BYTES("GET / HTTP/1.1\rX") },
        { 400, BYTES("GET / HTTP/1.1\r\nX: a\n") },
        { 400, BYTES("GET / HTTP/1.1\r\nContent-Length: 5, 5\r\n") },
        { 501, BYTES("get / HTTP/1.1\r\n") },
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(early); i++)
        assert_refused(early[i].status, IN_HEAD, "", early[i].bytes, "");
}

static void add_times(struct pgl_buffer *out, char c, size_t times)
{
    while (times-- > 0)
        pgl_buffer_add_char(out, c);
}

/* `fill_bytes` between `before` and `behind` reach a limit; one more is refused. */
static void limits_hold_to_the_byte(void **unused)
{
    static const struct {
        int status;
        enum refused_in part;
        const char *before;
        size_t fill_bytes;
        const char *behind;
    } rows[] = {
        { 414, IN_HEAD, "GET /", 63, " HTTP/1.1\r\nHost: a\r\n\r\n" },
        { 414, IN_HEAD, "OPTIONS /", 62, " HTTP/1.1\r\nHost: a\r\n\r\n" },
        { 431, IN_HEAD, "GET / HTTP/1.1\r\nHost: a\r\nX: ", 512 - 28 - 4, "\r\n\r\n" },
        { 431, IN_HEAD, "\r\nGET / HTTP/1.1\r\nHost: a\r\nX: ", 512 - 30 - 4, "\r\n\r\n" },
        { 431, IN_HEAD, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\nX", 512 - 32 - 5, ":\r\n\r\n" },
        { 400, IN_BODY, CHUNKED "1;", 15, "\r\na\r\n0\r\n\r\n" },
        { 400, IN_BODY, CHUNKED "0;", 15, "\r\n\r\n" },
        { 431, IN_BODY, CHUNKED "0\r\nX:", 48 - 2 - 4, "\r\n\r\n" },
        { 431, IN_BODY, CHUNKED "0\r\nX: a\r\n", 48 - 6 - 5, ":\r\n\r\n" },
    };
    (void)unused;
    struct pgl_buffer bytes, story;
    pgl_buffer_init(&bytes, STORY_BYTES_MAX);
    pgl_buffer_init(&story, STORY_BYTES_MAX);
    for (size_t i = 0; i < COUNT(rows); i++) {
        pgl_buffer_clear(&bytes);
        pgl_buffer_add_text(&bytes, pgl_text_of(rows[i].before));
        add_times(&bytes, 'x', rows[i].fill_bytes);
        pgl_buffer_add_text(&bytes, pgl_text_of(rows[i].behind));
        read_in_segments(pgl_buffer_text(&bytes), &story);
        pgl_buffer_add_char(&story, '\0');
        if (strstr(story.data, ";\nend\n") == NULL)
            fail_msg("row %zu, at its limit: %s", i, story.data);

        pgl_buffer_clear(&bytes);
        add_times(&bytes, 'x', rows[i].fill_bytes + 1);
        assert_refused(rows[i].status, rows[i].part, rows[i].before, pgl_buffer_text(&bytes),
                       rows[i].behind);
    }
    pgl_buffer_free(&bytes);
    pgl_buffer_free(&story);
}

/* What is over a limit already is not waited for either: no CRLF has come yet. */
static void endless_lines_are_refused_at_the_limit(void **unused)
{
    (void)unused;
    struct pgl_http_request_head head;
    struct pgl_http1_parser parser;
    char bytes[600];
    memset(bytes, 'x', sizeof bytes);
    pgl_http1_parser_init(&parser, &limits);
    size_t size = limits.start_line_bytes_max;
    assert_int_equal(pgl_http1_read_request(&parser, bytes, size, &head), PGL_HTTP1_MORE);
    assert_int_equal(pgl_http1_read_request(&parser, bytes, size + 1, &head), PGL_HTTP1_REFUSED);
    assert_int_equal(parser.refusal.status, 414);

    memcpy(bytes, "GET / HTTP/1.1\r\n", 16);
    pgl_http1_parser_init(&parser, &limits);
    size = limits.head_bytes_max - 2;
    assert_int_equal(pgl_http1_read_request(&parser, bytes, size, &head), PGL_HTTP1_MORE);
    assert_int_equal(pgl_http1_read_request(&parser, bytes, size + 1, &head), PGL_HTTP1_REFUSED);
    assert_int_equal(parser.refusal.status, 431);
}

/* Every byte, once: 32 KiB in segments of one byte take a scan, not a square of one. */
static void small_segments_are_not_scanned_again(void **unused)
{
    (void)unused;
    struct pgl_http1_limits wide = PGL_HTTP1_LIMITS_DEFAULT;
    wide.head_bytes_max = 32 * 1024;
    struct pgl_http1_parser parser;
    struct pgl_http_request_head head;
    struct pgl_buffer bytes;
    pgl_buffer_init(&bytes, wide.head_bytes_max);
    pgl_buffer_printf(&bytes, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    add_times(&bytes, 'x', wide.head_bytes_max - bytes.size - 4);
    pgl_buffer_printf(&bytes, "\r\n\r");
    pgl_http1_parser_init(&parser, &wide);
    for (size_t size = 1; size <= bytes.size; size++) {
        assert_int_equal(pgl_http1_read_request(&parser, bytes.data, size, &head), PGL_HTTP1_MORE);
        assert_true(parser.scanned_bytes + 1 >= size); /* only a CR is looked at twice */
    }
    pgl_buffer_add_char(&bytes, '\n');
    assert_int_equal(pgl_http1_read_request(&parser, bytes.data, bytes.size, &head),
                     PGL_HTTP1_DONE);
    assert_int_equal(parser.head_bytes, wide.head_bytes_max);
    pgl_buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_understood),
        cmocka_unit_test(what_is_ambiguous_is_refused),
        cmocka_unit_test(refusals_come_early),
        cmocka_unit_test(limits_hold_to_the_byte),
        cmocka_unit_test(endless_lines_are_refused_at_the_limit),
        cmocka_unit_test(small_segments_are_not_scanned_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
