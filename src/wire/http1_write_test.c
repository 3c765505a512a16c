/*
 * http1_write_test.c - what we write, and that both sides read it as it was meant.
 * Method: exact bytes; round trips through our own readers, byte by byte; what must not be written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/http1.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define DATE         "Tue, 15 Nov 1994 08:12:31 GMT"

static struct pgl_http1_limits limits = PGL_HTTP1_LIMITS_DEFAULT;

static void assert_text(const struct pgl_buffer *out, const char *expected)
{
    if (!pgl_text_is(pgl_buffer_text(out), expected))
        fail_msg("wrote:\n%.*s\nnot:\n%s", PGL_TEXT_ARGS(pgl_buffer_text(out)), expected);
}

static void responses_are_framed_by_their_struct(void **unused)
{
    const struct pgl_http_field field = { PGL_TEXT("X"), PGL_TEXT("y") };
    const struct {
        struct pgl_http1_response response;
        const char *bytes;
    } rows[] = {
        { { .status = 200,
            .minor_version = 1,
            .is_keep_alive = true,
            .content_length = 5,
            .date = PGL_TEXT(DATE),
            .fields = &field,
            .field_count = 1 },
          "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nContent-Length: 5\r\nX: y\r\n\r\n" },
        { { .status = 201,
            .minor_version = 1,
            .is_keep_alive = true,
            .is_chunked = true,
            .content_length = -1 },
          "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n" },
        { { .status = 400, .minor_version = 1, .content_length = 0 },
          "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" },
        { { .status = 200, .minor_version = 0, .is_keep_alive = true, .content_length = 0 },
          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n" },
        { { .status = 200, .minor_version = 0, .is_keep_alive = true, .content_length = -1 },
          "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" },
        { { .status = 204, .minor_version = 1, .is_keep_alive = true, .content_length = 0 },
          "HTTP/1.1 204 No Content\r\n\r\n" },
        { { .status = 304, .minor_version = 1, .is_keep_alive = true, .content_length = -1 },
          "HTTP/1.1 304 Not Modified\r\n\r\n" },
        { { .status = 299, .minor_version = 1, .is_keep_alive = true, .content_length = 0 },
          "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n" },
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pgl_buffer out;
        pgl_buffer_init(&out, 4096);
        assert_true(pgl_is_ok(pgl_http1_write_response(&out, &rows[i].response)));
        assert_text(&out, rows[i].bytes);
        pgl_buffer_free(&out);
    }
}

static void no_field_says_more_than_it_seems_to(void **unused)
{
    static const struct pgl_http_field bad[] = {
        { { "X", 1 }, { "a\r\nSet-Cookie: b", 16 } },
        { { "X", 1 }, { "a\n", 2 } },
        { { "X", 1 }, { "a\r", 2 } },
        { { "X", 1 }, { "a\0b", 3 } },
        { { "X", 1 }, { "\x7F", 1 } },
        { { "", 0 }, { "a", 1 } },
        { { "X Y", 3 }, { "a", 1 } },
        { { "X:", 2 }, { "a", 1 } },
        { { "X\r\nY", 4 }, { "a", 1 } },
        { { "content-length", 14 }, { "1", 1 } },
        { { "Transfer-Encoding", 17 }, { "chunked", 7 } },
        { { "Connection", 10 }, { "close", 5 } },
        { { "DATE", 4 }, { "now", 3 } },
        { { "Host", 4 }, { "b", 1 } },
    };
    (void)unused;
    struct pgl_buffer out;
    pgl_buffer_init(&out, 4096);
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct pgl_http_field fields[] = { { PGL_TEXT("Fine"), PGL_TEXT("fine\t\xE9") }, bad[i] };
        struct pgl_http1_response response = { .status = 200, .fields = fields, .field_count = 2 };
        assert_int_equal(pgl_http1_write_response(&out, &response).code, PGL_INVALID);
        struct pgl_http1_request request = { .method = PGL_TEXT("GET"),
                                             .target = PGL_TEXT("/"),
                                             .host = PGL_TEXT("a"),
                                             .fields = fields,
                                             .field_count = 2 };
        assert_int_equal(pgl_http1_write_request(&out, &request).code, PGL_INVALID);
    }
    static const struct pgl_http1_request bad_lines[] = {
        { .method = { "G T", 3 }, .target = { "/", 1 }, .host = { "a", 1 } },
        { .method = { "GET", 3 }, .target = { "/ x", 3 }, .host = { "a", 1 } },
        { .method = { "GET", 3 }, .target = { "/\r\n", 3 }, .host = { "a", 1 } },
        { .method = { "GET", 3 }, .target = { "", 0 }, .host = { "a", 1 } },
        { .method = { "GET", 3 }, .target = { "/", 1 }, .host = { "a\r\nX: y", 7 } },
        { .method = { "GET", 3 }, .target = { "/", 1 }, .host = { "", 0 } },
    };
    for (size_t i = 0; i < COUNT(bad_lines); i++)
        assert_int_equal(pgl_http1_write_request(&out, &bad_lines[i]).code, PGL_INVALID);
    assert_int_equal(out.size, 0);
    pgl_buffer_free(&out);
}

static void chunks_are_as_long_as_they_say(void **unused)
{
    (void)unused;
    struct pgl_buffer out;
    pgl_buffer_init(&out, 4096);
    pgl_http1_write_continue(&out);
    pgl_http1_write_chunk(&out, PGL_TEXT("hello"));
    pgl_http1_write_chunk(&out, PGL_TEXT("")); /* would be the last */
    pgl_http1_write_chunk(&out, PGL_TEXT("0123456789abcdef0"));
    pgl_http1_write_last_chunk(&out);
    assert_text(&out,
                "HTTP/1.1 100 Continue\r\n\r\n5\r\nhello\r\n11\r\n0123456789abcdef0\r\n0\r\n\r\n");
    pgl_buffer_free(&out);
}

/* Reads one answer in segments; the result of the last call. `body_text` gathers the body. */
static enum pgl_http1_result read_answer(struct pgl_text bytes, size_t segment_bytes,
                                         bool answers_head, struct pgl_http_response_head *head,
                                         struct pgl_buffer *body_text)
{
    struct pgl_http1_parser parser;
    pgl_http1_parser_init(&parser, &limits);
    enum pgl_http1_result result = PGL_HTTP1_MORE;
    size_t arrived = 0;
    while (result == PGL_HTTP1_MORE && arrived < bytes.size) {
        arrived = bytes.size - arrived > segment_bytes ? arrived + segment_bytes : bytes.size;
        result = pgl_http1_read_response(&parser, bytes.data, arrived, answers_head, head);
    }
    if (result == PGL_HTTP1_REFUSED)
        assert_int_equal(parser.refusal.status, 502);
    if (result != PGL_HTTP1_DONE)
        return result;

    struct pgl_http1_body body;
    pgl_http1_body_init(&body, &limits, head->content_length, head->is_chunked, 1024);
    struct pgl_text input = { bytes.data + parser.head_bytes, bytes.size - parser.head_bytes };
    struct pgl_text piece;
    while ((result = pgl_http1_read_body(&body, &input, &piece)) == PGL_HTTP1_PIECE)
        pgl_buffer_add_text(body_text, piece);
    return result;
}

static const struct {
    const char *bytes;
    enum pgl_http1_result result;
    bool answers_head;
    int status;
    bool is_keep_alive;
    const char *body;
} answers[] = {
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", PGL_HTTP1_DONE, false, 200, true, "hi" },
    { "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", PGL_HTTP1_DONE, false, 200, true, "" },
    { "HTTP/1.1 500 a b\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nhi\r\n0\r\n\r\n",
      PGL_HTTP1_DONE, false, 500, false, "hi" },
    { "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", PGL_HTTP1_DONE, false, 200, false, "hi" },
    { "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", PGL_HTTP1_DONE, false, 204, true,
      "" },
    { "HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\n\r\n", PGL_HTTP1_DONE, false, 304, true,
      "" },
    { "HTTP/1.1 100 Continue\r\n\r\n", PGL_HTTP1_DONE, false, 100, true, "" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", PGL_HTTP1_DONE, true, 200, true, "" },
    { "HTTP/1.1 200 OK\r\nHost: a b\r\nExpect: x\r\nContent-Length: 0\r\n\r\n", PGL_HTTP1_DONE,
      false, 200, true, "" },
    { "HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n", PGL_HTTP1_DONE, false, 599, true, "" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", PGL_HTTP1_MORE, false, 200, true, "h" },
    { .bytes = "HTTP/1.1 200 OK\r\n\r\nhi", .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/1.1 20 OK\r\n\r\n", .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/1.1 2000 OK\r\n\r\n", .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/1.1 099 OK\r\n\r\n", .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/1.1 600 OK\r\n\r\n", .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/1.1 -20 OK\r\n\r\n", .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/1.1  200 OK\r\n\r\n", .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/2.0 200 OK\r\n\r\n", .result = PGL_HTTP1_REFUSED },
    { .bytes = "ICY 200 OK\r\n\r\n", .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/1.1 200 OK\n\n", .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
      .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nhi",
      .result = PGL_HTTP1_REFUSED },
    { .bytes = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      .result = PGL_HTTP1_REFUSED },
};

static void answers_are_read_or_refused(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(answers); i++)
        for (size_t segment_bytes = 1; segment_bytes <= 4; segment_bytes++) {
            struct pgl_http_response_head head;
            struct pgl_buffer body;
            pgl_buffer_init(&body, 1024);
            struct pgl_text bytes = pgl_text_of(answers[i].bytes);
            enum pgl_http1_result result =
                read_answer(bytes, segment_bytes == 4 ? bytes.size : segment_bytes,
                            answers[i].answers_head, &head, &body);
            if (result != answers[i].result)
                fail_msg("%s\nis read as %d", answers[i].bytes, (int)result);
            if (result != PGL_HTTP1_REFUSED) {
                assert_int_equal(head.status, answers[i].status);
                assert_int_equal(head.is_keep_alive, answers[i].is_keep_alive);
                assert_text(&body, answers[i].body);
            }
            pgl_buffer_free(&body);
        }
}

static void what_we_write_we_read(void **unused)
{
    (void)unused;
    const struct pgl_http_field field = { PGL_TEXT("Traceparent"), PGL_TEXT("00-a-b-01") };
    struct pgl_buffer out, body;
    pgl_buffer_init(&out, 4096);
    pgl_buffer_init(&body, 4096);

    struct pgl_http1_response response = { .status = 422,
                                           .minor_version = 1,
                                           .is_keep_alive = true,
                                           .is_chunked = true,
                                           .content_length = -1,
                                           .date = PGL_TEXT(DATE),
                                           .fields = &field,
                                           .field_count = 1 };
    assert_true(pgl_is_ok(pgl_http1_write_response(&out, &response)));
    pgl_http1_write_chunk(&out, PGL_TEXT("hello "));
    pgl_http1_write_chunk(&out, PGL_TEXT("world"));
    pgl_http1_write_last_chunk(&out);
    struct pgl_http_response_head answer;
    assert_int_equal(read_answer(pgl_buffer_text(&out), 1, false, &answer, &body), PGL_HTTP1_DONE);
    assert_int_equal(answer.status, 422);
    assert_text(&body, "hello world");
    struct pgl_text value;
    assert_int_equal(
        pgl_http_find_field(answer.fields, answer.field_count, PGL_TEXT("traceparent"), &value), 1);
    assert_true(pgl_text_is(value, "00-a-b-01"));

    pgl_buffer_clear(&out);
    struct pgl_http1_request request = { .method = PGL_TEXT("POST"),
                                         .target = PGL_TEXT("/charges?x=y"),
                                         .host = PGL_TEXT("[::1]:8080"),
                                         .content_length = 2,
                                         .fields = &field,
                                         .field_count = 1 };
    assert_true(pgl_is_ok(pgl_http1_write_request(&out, &request)));
    assert_text(&out, "POST /charges?x=y HTTP/1.1\r\nHost: [::1]:8080\r\nContent-Length: 2\r\n"
                      "Traceparent: 00-a-b-01\r\n\r\n");
    struct pgl_http1_parser parser;
    struct pgl_http_request_head asked;
    pgl_http1_parser_init(&parser, &limits);
    assert_int_equal(pgl_http1_read_request(&parser, out.data, out.size, &asked), PGL_HTTP1_DONE);
    assert_int_equal(asked.method_known, PGL_HTTP_POST);
    assert_int_equal(asked.content_length, 2);
    assert_true(pgl_text_is(asked.host, "[::1]:8080"));
    pgl_buffer_free(&out);
    pgl_buffer_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_are_framed_by_their_struct),
        cmocka_unit_test(no_field_says_more_than_it_seems_to),
        cmocka_unit_test(chunks_are_as_long_as_they_say),
        cmocka_unit_test(answers_are_read_or_refused),
        cmocka_unit_test(what_we_write_we_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
