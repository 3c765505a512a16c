/*
 * rfc3339_test.c - instants as text.
 * Method: known instants and the edges of each part; base/time.h, which writes them, as the
 * counterpart over many days.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/time.h"
#include "wire/rfc3339.h"

static void instants_are_read_to_the_nanosecond(void **unused)
{
    /* clang-format off */
    static const struct { const char *text; int64_t ns; } cases[] = {
        { "1970-01-01T00:00:00Z",           0 },
        { "1970-01-01T00:00:00.000000001Z", 1 },
        { "1970-01-01T00:00:01.5Z",         1500000000 },
        { "2000-02-29T00:00:00Z",           951782400000000000 },
        { "2000-03-01T00:00:00Z",           951868800000000000 },
        { "2026-12-31T23:59:59.999Z",       1798761599999000000 },
        { "2262-04-11T23:47:16.854775807Z", INT64_MAX },
    };
    /* clang-format on */
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ns = -1;
        assert_true(pgl_is_ok(pgl_rfc3339_parse(pgl_text_of(cases[i].text), &ns)));
        assert_true(ns == cases[i].ns);
    }
}

static void what_is_no_instant_is_refused(void **unused)
{
    static const char *const cases[] = {
        "",
        "Z",
        "2026-01-31",
        "2026-01-31T23:59:59",
        "2026-01-31T23:59:59z",
        "2026-01-31t23:59:59Z",
        "2026-01-31 23:59:59Z",
        "2026-01-31T23:59:59+00:00",
        "2026-1-31T23:59:59Z",
        "2026-01-31T23:59:59.Z",
        "2026-01-31T23:59:59,5Z",
        "2026-01-31T23:59:59.1234567890Z",
        "2026-01-31T23:59:59.12x4Z",
        "2026-01-31T23:59:59xZ",
        "2026-00-31T23:59:59Z",
        "2026-13-31T23:59:59Z",
        "2026-01-00T23:59:59Z",
        "2026-01-32T23:59:59Z",
        "2026-04-31T23:59:59Z",
        "2026-02-29T23:59:59Z",
        "2100-02-29T23:59:59Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T23:60:00Z",
        "2026-01-31T23:59:60Z",
        "1969-12-31T23:59:59Z",
        "2262-04-11T23:47:16.854775808Z",
        "9999-12-31T23:59:59Z",
        "20x6-01-31T23:59:59Z",
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ns;
        assert_int_equal(pgl_rfc3339_parse(pgl_text_of(cases[i]), &ns).code, PGL_INVALID);
    }
}

static void what_is_written_is_read_back(void **unused)
{
    (void)unused;
    for (int64_t ns = 0; ns < PGL_HOURS(24) * 365 * 290;
         ns += PGL_HOURS(31) + PGL_MILLISECONDS(12345)) {
        char text[PGL_TIME_TEXT_BYTES];
        int64_t again = -1;
        pgl_time_format(ns, text);
        assert_true(pgl_is_ok(pgl_rfc3339_parse((struct pgl_text){ text, sizeof text }, &again)));
        assert_true(again == ns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_read_to_the_nanosecond),
        cmocka_unit_test(what_is_no_instant_is_refused),
        cmocka_unit_test(what_is_written_is_read_back),
    };
    return cmocka_run_group_tests_name("wire/rfc3339", tests, NULL, NULL);
}
