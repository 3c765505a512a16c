/*
 * log_test.c - a line is one event, whatever is put into it.
 * Method: lines written to memory and compared whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "telemetry/log.h"

static struct {
    char text[4096];
    size_t size;
    int lines;
} sink;

static void write_to_sink(void *self, struct pgl_text line)
{
    (void)self;
    assert_true(sink.size + line.size < sizeof sink.text);
    memcpy(sink.text + sink.size, line.data, line.size);
    sink.size += line.size;
    sink.text[sink.size] = '\0';
    sink.lines++;
}

static int64_t wall_ns(void *self)
{
    (void)self;
    return INT64_C(1767225600123000000);
}

static const struct pgl_log lines = { write_to_sink, wall_ns, NULL, PGL_LOG_INFO, NULL };

static int empty_sink(void **unused)
{
    (void)unused;
    sink.size = 0;
    sink.lines = 0;
    sink.text[0] = '\0';
    return 0;
}

#define AT "2026-01-01T00:00:00.123Z "

static void a_line_has_a_time_a_level_and_names(void **unused)
{
    (void)unused;
    pgl_log(&lines, PGL_LOG_WARN, "store", "rolled-back", "code=%s took_ns=%d", "conflict", 7);
    pgl_log(&lines, PGL_LOG_ERROR, "edge", "stopped", "%s", "");
    assert_string_equal(sink.text, AT "warn store rolled-back code=conflict took_ns=7\n" //
                        AT "error edge stopped \n");
}

static void what_is_below_the_least_is_dropped(void **unused)
{
    (void)unused;
    pgl_log(&lines, PGL_LOG_DEBUG, "a", "b", "c");
    assert_int_equal(sink.lines, 0);
    pgl_log(&lines, PGL_LOG_INFO, "a", "b", "c");
    assert_int_equal(sink.lines, 1);
}

static void no_text_makes_a_line_of_its_own(void **unused)
{
    (void)unused;
    pgl_log(&lines, PGL_LOG_INFO, "a", "b", "text=\"%s\"", "x\n" AT "\r\t\x01\x1B[2J\x7F\xC3\xA4");
    assert_string_equal(sink.text, AT "info a b text=\"x?" AT "????[2J?\xC3\xA4\"\n");
    assert_int_equal(sink.lines, 1);
}

static void a_long_line_is_cut_and_ends_nonetheless(void **unused)
{
    (void)unused;
    static char text[2000];
    memset(text, 'x', sizeof text - 1);
    for (size_t size = 950; size < sizeof text; size += size < 1000 ? 1 : 333) {
        (void)empty_sink(NULL);
        pgl_log(&lines, PGL_LOG_INFO, "a", "b", "%.*s", (int)size, text);
        size_t whole = strlen(AT "info a b ") + size + 1;
        assert_int_equal(sink.size, whole < 1024 ? whole : 1024);
        assert_int_equal(sink.text[sink.size - 1], '\n');
        assert_int_equal(sink.text[sink.size - 2], 'x');
    }
    (void)empty_sink(NULL);
    pgl_log(&lines, PGL_LOG_INFO, text, text, "%s", "end");
    assert_non_null(strstr(sink.text, " end\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_line_has_a_time_a_level_and_names, empty_sink),
        cmocka_unit_test_setup(what_is_below_the_least_is_dropped, empty_sink),
        cmocka_unit_test_setup(no_text_makes_a_line_of_its_own, empty_sink),
        cmocka_unit_test_setup(a_long_line_is_cut_and_ends_nonetheless, empty_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
