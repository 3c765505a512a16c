/*
 * cors_test.c - pages of the origins that are named may call, and no others.
 * Method: the option's text and an Origin field in, the answer's fields out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "edge/cors.h"

static void an_option_is_origins(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        enum pgl_code code;
        int count;
    } cases[] = {
        { NULL, PGL_CODE_OK, 0 },
        { "", PGL_CODE_OK, 0 },
        { "*", PGL_CODE_OK, 0 },
        { "https://a.example", PGL_CODE_OK, 1 },
        { "https://a.example , http://localhost:3000", PGL_CODE_OK, 2 },
        { "a.example", PGL_INVALID, 0 },
        { "ftp://a.example", PGL_INVALID, 0 },
        { "https://", PGL_INVALID, 0 },
        { "https://a.example/", PGL_INVALID, 0 },
        { "https://*.example", PGL_INVALID, 0 },
        { "https://a.example,", PGL_INVALID, 0 },
        { "https://a.example https://b.example", PGL_INVALID, 0 },
        { "*,https://a.example", PGL_INVALID, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pgl_cors cors;
        assert_int_equal(pgl_cors_read(&cors, cases[i].text).code, cases[i].code);
        if (cases[i].code == PGL_CODE_OK)
            assert_int_equal(cors.count, cases[i].count);
    }
    char many[PGL_CORS_ORIGINS_MAX * 12 + 32] = "";
    for (int i = 0; i < PGL_CORS_ORIGINS_MAX; i++)
        strcat(many, i > 0 ? ",https://a" : "https://a");
    struct pgl_cors cors;
    assert_int_equal(pgl_cors_read(&cors, many).code, PGL_CODE_OK);
    assert_int_equal(pgl_cors_read(&cors, strcat(many, ",https://a")).code, PGL_INVALID);
}

static const char *allowed(const char *option, const char *origin, bool *varies)
{
    static char value[64];
    struct pgl_cors cors;
    struct pgl_http_field fields[PGL_CORS_FIELDS_MAX];
    static struct pgl_http_request_head head;
    head.field_count = origin != NULL;
    if (origin != NULL)
        head.fields[0] = (struct pgl_http_field){ PGL_TEXT("Origin"), pgl_text_of(origin) };
    assert_int_equal(pgl_cors_read(&cors, option).code, PGL_CODE_OK);
    size_t count = pgl_cors_answer(&cors, &head, fields);
    *varies = false;
    value[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        *varies |= pgl_text_is(fields[i].name, "Vary");
        if (pgl_text_is(fields[i].name, "Access-Control-Allow-Origin"))
            memcpy(value, fields[i].value.data, fields[i].value.size + 1);
    }
    return value;
}

static void an_origin_is_compared_whole(void **unused)
{
    (void)unused;
    static const struct {
        const char *option, *origin, *allowed;
        bool varies;
    } cases[] = {
        { "", "https://a.example", "", false },
        { "*", "https://a.example", "*", false },
        { "*", "null", "*", false },
        { "*", NULL, "", false },
        { "https://a.example", "https://a.example", "https://a.example", true },
        { "https://b,https://a.example", "https://a.example", "https://a.example", true },
        { "https://a.example", "https://a.example.evil", "", true },
        { "https://a.example", "https://a.exampl", "", true },
        { "https://a.example", "null", "", true },
        { "https://a.example", NULL, "", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool varies;
        assert_string_equal(allowed(cases[i].option, cases[i].origin, &varies), cases[i].allowed);
        assert_int_equal(varies, cases[i].varies);
    }
}

static void a_preflight_is_told_the_methods(void **unused)
{
    (void)unused;
    struct pgl_cors cors;
    struct pgl_http_field fields[PGL_CORS_FIELDS_MAX + 2];
    static struct pgl_http_request_head head;
    head.fields[0] = (struct pgl_http_field){ PGL_TEXT("Origin"), PGL_TEXT("https://a") };
    head.fields[1] =
        (struct pgl_http_field){ PGL_TEXT("Access-Control-Request-Method"), PGL_TEXT("POST") };
    assert_int_equal(pgl_cors_read(&cors, "https://a").code, PGL_CODE_OK);
    head.field_count = 2;
    assert_int_equal(pgl_cors_preflight(&cors, &head, "GET, POST", fields), 5);
    assert_true(pgl_text_is(fields[1].name, "Access-Control-Allow-Origin"));
    assert_true(pgl_text_is(fields[2].name, "Access-Control-Allow-Methods"));
    assert_true(pgl_text_is(fields[2].value, "GET, POST"));
    head.field_count = 1; /* a plain OPTIONS */
    assert_int_equal(pgl_cors_preflight(&cors, &head, "GET, POST", fields), 3);
    head.fields[0].value = PGL_TEXT("https://b");
    head.field_count = 2;
    assert_int_equal(pgl_cors_preflight(&cors, &head, "GET, POST", fields), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_is_origins),
        cmocka_unit_test(an_origin_is_compared_whole),
        cmocka_unit_test(a_preflight_is_told_the_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
