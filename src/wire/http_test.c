/*
 * http_test.c - the parts of a target, the fields of a head, and the names of things.
 * Method: known answers, and what must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "wire/http.h"
#include "wire/http_bytes.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define REFUSED      NULL

static void a_segment_is_decoded_or_refused(void **unused)
{
    static const struct {
        const char *encoded, *decoded;
    } rows[] = {
        { "", "" },
        { "orders", "orders" },
        { "a%20b", "a b" },
        { "%41%5a%5A", "AZZ" },
        { "a+b", "a+b" },
        { "caf%C3%A9", "caf\xC3\xA9" },
        { "...", "..." },
        { "%25", "%" },
        { "%", REFUSED },
        { "%4", REFUSED },
        { "%4g", REFUSED },
        { "%g4", REFUSED },
        { "%g4%8F%BF%BF", REFUSED }, /* valid, were 'g' taken for 15 */
        { "a%%41", REFUSED },
        { "%00", REFUSED },
        { "a%0Ab", REFUSED },
        { "%09", REFUSED },
        { "%7F", REFUSED },
        { "%2F", REFUSED },
        { "a%2fb", REFUSED },
        { "a/b", REFUSED },
        { "..", REFUSED },
        { ".", REFUSED },
        { "%2e%2E", REFUSED },
        { ".%2e", REFUSED },
        { "%C3", REFUSED },
        { "%C0%AF", REFUSED },
        { "%ED%A0%80", REFUSED },
    };
    (void)unused;
    struct pgl_arena arena;
    pgl_arena_init(&arena, 256, 4096);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pgl_text decoded;
        pgl_status status = pgl_http_decode_segment(&arena, pgl_text_of(rows[i].encoded), &decoded);
        assert_int_equal(status.code, rows[i].decoded ? PGL_CODE_OK : PGL_MALFORMED);
        if (rows[i].decoded != NULL)
            assert_true(pgl_text_is(decoded, rows[i].decoded));
    }
    pgl_arena_free(&arena);
}

static void what_is_not_escaped_is_not_copied(void **unused)
{
    (void)unused;
    struct pgl_arena none;
    pgl_arena_init(&none, 256, 256);
    while (pgl_arena_alloc(&none, 16) != NULL)
        ; /* until nothing is left */
    struct pgl_text plain = PGL_TEXT("orders"), decoded;
    assert_true(pgl_is_ok(pgl_http_decode_segment(&none, plain, &decoded)));
    assert_ptr_equal(decoded.data, plain.data);
    struct pgl_text query = PGL_TEXT("a=b");
    struct pgl_http_field pair;
    bool is_there;
    assert_true(pgl_is_ok(pgl_http_query_next(&none, &query, &pair, &is_there)));
    assert_true(pgl_text_is(pair.value, "b"));
    query = PGL_TEXT("a=b+c");
    assert_int_equal(pgl_http_query_next(&none, &query, &pair, &is_there).code, PGL_EXHAUSTED);
    assert_int_equal(pgl_http_decode_segment(&none, PGL_TEXT("%41"), &decoded).code, PGL_EXHAUSTED);
    pgl_arena_free(&none);
}

static void a_query_is_pairs(void **unused)
{
    static const struct {
        const char *query;
        const char *pairs; /* name=value; decoded, REFUSED from the first bad one on */
    } rows[] = {
        { "", "" },
        { "&&", "" },
        { "a", "a=;" },
        { "a=", "a=;" },
        { "=b", "=b;" },
        { "=", "=;" },
        { "a=b", "a=b;" },
        { "a=b=c", "a=b=c;" },
        { "a=1&&b=2&", "a=1;b=2;" },
        { "a=1&a=2", "a=1;a=2;" },
        { "first+name=Ada+%2B+Co", "first name=Ada + Co;" },
        { "a%26b=c%3Dd", "a&b=c=d;" },
        { "path=/a%2Fb", "path=/a/b;" },
        { "a=1&b=%", "a=1;refused" },
        { "a=%00", "refused" },
        { "%zz=1", "refused" },
        { "a=%FF", "refused" },
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pgl_arena arena;
        pgl_arena_init(&arena, 256, 4096);
        char said[128] = "";
        struct pgl_text query = pgl_text_of(rows[i].query);
        for (;;) {
            struct pgl_http_field pair;
            bool is_there = false;
            size_t size = strlen(said);
            if (!pgl_is_ok(pgl_http_query_next(&arena, &query, &pair, &is_there))) {
                snprintf(said + size, sizeof said - size, "refused");
                break;
            }
            if (!is_there)
                break;
            snprintf(said + size, sizeof said - size, "%.*s=%.*s;", PGL_TEXT_ARGS(pair.name),
                     PGL_TEXT_ARGS(pair.value));
        }
        assert_string_equal(said, rows[i].pairs);
        pgl_arena_free(&arena);
    }
}

static void fields_are_found_in_any_case_and_counted(void **unused)
{
    (void)unused;
    const struct pgl_http_field fields[] = {
        { PGL_TEXT("Accept"), PGL_TEXT("*/*") },
        { PGL_TEXT("authorization"), PGL_TEXT("first") },
        { PGL_TEXT("Authorization"), PGL_TEXT("second") },
    };
    struct pgl_text value = { NULL, 0 };
    assert_int_equal(pgl_http_find_field(fields, 3, PGL_TEXT("AUTHORIZATION"), &value), 2);
    assert_true(pgl_text_is(value, "first"));
    assert_int_equal(pgl_http_find_field(fields, 3, PGL_TEXT("Host"), &value), 0);
}

static void a_wish_to_be_left_alone_is_in_seconds(void **unused)
{
    (void)unused;
    static const struct {
        const char *value;
        int64_t seconds;
    } rows[] = {
        { "0", 0 },
        { "7", 7 },
        { "60", 60 },
        { "61", 60 },
        { "99999999999999999999", 0 },
        { "-1", 0 },
        { "1.5", 0 },
        { "", 0 },
        { "7 s", 0 },
        { "Fri, 01 Jan 2027 00:00:00 GMT", 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct pgl_http_field field = { PGL_TEXT("retry-after"), pgl_text_of(rows[i].value) };
        assert_int_equal(pgl_http_retry_after_s(&field, 1, 60), rows[i].seconds);
        assert_int_equal(pgl_http_retry_after_s(&field, 0, 60), 0);
    }
}

static void a_list_holds_whole_tokens(void **unused)
{
    (void)unused;
    assert_true(pgl_http_list_has(PGL_TEXT("close"), PGL_TEXT("close")));
    assert_true(pgl_http_list_has(PGL_TEXT("a ,\tClose , b"), PGL_TEXT("close")));
    assert_true(pgl_http_list_has(PGL_TEXT(",,close"), PGL_TEXT("close")));
    assert_false(pgl_http_list_has(PGL_TEXT("closed"), PGL_TEXT("close")));
    assert_false(pgl_http_list_has(PGL_TEXT("a close"), PGL_TEXT("close")));
    assert_false(pgl_http_list_has(PGL_TEXT(""), PGL_TEXT("close")));
}

static void a_coding_is_taken_or_not(void **unused)
{
    (void)unused;
    static const struct {
        const char *list;
        bool is_taken;
    } cases[] = {
        { "gzip", true },           { "br, GZIP;q=0.1", true },
        { "gzip ; q=1.000", true }, { "*", true },
        { "*;q=0.5", true },        { "br;q=1,*;q=0,gzip", true },
        { "gzip;q=0", false },      { "gzip;q=0.000 , *", false },
        { "gzip; Q=0.", false },    { "*;q=0", false },
        { "br, identity", false },  { "gzi", false },
        { "gzipp", false },         { "", false },
        { ",;,", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(pgl_http_accepts(pgl_text_of(cases[i].list), PGL_TEXT("gzip")),
                         cases[i].is_taken);
}

static void names_and_numbers_are_known(void **unused)
{
    (void)unused;
    assert_int_equal(pgl_http_method_of(PGL_TEXT("GET")), PGL_HTTP_GET);
    assert_int_equal(pgl_http_method_of(PGL_TEXT("CONNECT")), PGL_HTTP_CONNECT);
    assert_int_equal(pgl_http_method_of(PGL_TEXT("get")), PGL_HTTP_UNKNOWN);
    assert_int_equal(pgl_http_method_of(PGL_TEXT("")), PGL_HTTP_UNKNOWN);
    assert_string_equal(pgl_http_reason(404), "Not Found");
    assert_string_equal(pgl_http_reason(299), "");
    for (int code = 0; code < PGL_CODE_COUNT; code++) /* we never send a status without a name */
        if (pgl_code_http((enum pgl_code)code) != 499)
            assert_true(strlen(pgl_http_reason(pgl_code_http((enum pgl_code)code))) > 0);
}

/* Eight bytes at a time must say the same as one at a time, wherever the byte stands. */
static void control_bytes_are_found_wherever_they_stand(void **unused)
{
    (void)unused;
    for (int byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < 24; at++)
            for (size_t size = at + 1; size < 26; size++) {
                char data[26];
                memset(data, byte % 2 == 0 ? '\t' : '\x80', sizeof data);
                data[at] = (char)byte;
                bool is_control = (byte < 0x20 && byte != '\t') || byte == 0x7F;
                assert_int_equal(pgl_http_find_control(data, 0, size), is_control ? at : size);
                assert_int_equal(pgl_http_find_control(data, at + 1, size), size);
            }
}

/* The table against the words of the standards. */
static void every_byte_has_its_class(void **unused)
{
    (void)unused;
    for (int byte = 1; byte < 256; byte++) {
        char c = (char)byte;
        bool is_letter_or_digit = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                                  (byte >= 'a' && byte <= 'z');
        assert_int_equal(pgl_http_byte_is(c, PGL_HTTP_TOKEN),
                         is_letter_or_digit || strchr("!#$%&'*+-.^_`|~", byte) != NULL);
        assert_int_equal(pgl_http_byte_is(c, PGL_HTTP_TARGET),
                         is_letter_or_digit || strchr("-._~:/?[]@!$&'()*+,;=%", byte) != NULL);
        assert_int_equal(pgl_http_byte_is(c, PGL_HTTP_HOST),
                         is_letter_or_digit || strchr(".-_", byte) != NULL);
    }
    assert_int_equal(pgl_http_bytes[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_is_decoded_or_refused),
        cmocka_unit_test(what_is_not_escaped_is_not_copied),
        cmocka_unit_test(a_query_is_pairs),
        cmocka_unit_test(fields_are_found_in_any_case_and_counted),
        cmocka_unit_test(a_wish_to_be_left_alone_is_in_seconds),
        cmocka_unit_test(a_list_holds_whole_tokens),
        cmocka_unit_test(a_coding_is_taken_or_not),
        cmocka_unit_test(names_and_numbers_are_known),
        cmocka_unit_test(control_bytes_are_found_wherever_they_stand),
        cmocka_unit_test(every_byte_has_its_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
