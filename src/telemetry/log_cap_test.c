/*
 * log_cap_test.c - a source writes a thousand lines a second, and it is said how many more it had.
 * Method: lines through pgl_log into memory that keeps the last one, with a clock that the test
 *         moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/time.h"
#include "telemetry/log.h"

static struct {
    int lines;
    char said[512]; /* about what was left out, since it was emptied */
    int64_t wall_ns;
} sink;
static struct pgl_log_cap cap;

static void write_to_sink(void *self, struct pgl_text line)
{
    (void)self;
    char text[1025];
    snprintf(text, sizeof text, "%.*s", PGL_TEXT_ARGS(line));
    const char *left_out = strstr(text, " warn telemetry lines-left-out ");
    if (left_out == NULL) {
        sink.lines++;
        return;
    }
    size_t size = strlen(sink.said);
    snprintf(sink.said + size, sizeof sink.said - size, "%s", strstr(left_out, "source="));
}

static int64_t wall_ns(void *self)
{
    (void)self;
    return sink.wall_ns;
}

static struct pgl_log log_of_all = { write_to_sink, wall_ns, NULL, PGL_LOG_INFO, &cap };

static int empty(void **unused)
{
    (void)unused;
    memset(&sink, 0, sizeof sink);
    memset(&cap, 0, sizeof cap);
    sink.wall_ns = INT64_C(1767225600000000000);
    return 0;
}

/* How many of so many lines were written. */
static int written(const char *source, int lines)
{
    int before = sink.lines;
    for (int i = 0; i < lines; i++)
        pgl_log(&log_of_all, i % 2 == 0 ? PGL_LOG_ERROR : PGL_LOG_INFO, source, "e", "i=%d", i);
    return sink.lines - before;
}

static uint64_t left_out(void)
{
    return pgl_counter_read(&cap.left_out);
}

static void a_thousand_are_written_and_no_more(void **unused)
{
    (void)unused;
    assert_int_equal(PGL_LOG_LINES_MAX, 1000);
    assert_int_equal(written("edge", 1000), 1000);
    assert_int_equal(left_out(), 0);
    assert_false(pgl_log_owes(&log_of_all));
    assert_int_equal(written("edge", 1), 0);
    assert_int_equal(left_out(), 1);
    assert_true(pgl_log_owes(&log_of_all));
    sink.wall_ns += PGL_SECONDS(1) - 1;
    assert_int_equal(written("edge", 50), 0);
    assert_int_equal(left_out(), 51);
    assert_string_equal(sink.said, "");
}

static void what_is_below_the_least_does_not_count(void **unused)
{
    (void)unused;
    for (int i = 0; i < 5000; i++)
        pgl_log(&log_of_all, PGL_LOG_DEBUG, "edge", "e", "%s", "");
    assert_int_equal(written("edge", 1001), 1000);
}

static void another_source_is_not_affected(void **unused)
{
    (void)unused;
    char edge[] = "edge"; /* the same name elsewhere is the same source */
    assert_int_equal(written("edge", 600), 600);
    assert_int_equal(written("store", 999), 999);
    assert_int_equal(written(edge, 600), 400);
    assert_int_equal(written("store", 2), 1);
    assert_int_equal(left_out(), 201);
}

static void the_next_second_lets_in_again_and_says_how_many_were_not(void **unused)
{
    (void)unused;
    (void)written("edge", 1234);
    (void)written("store", 1000);
    sink.wall_ns += PGL_SECONDS(1);
    assert_int_equal(written("edge", 1), 1);
    assert_string_equal(sink.said, "source=edge lines_left_out=234\n");
    assert_int_equal(written("edge", 1001), 999);
    assert_int_equal(written("store", 1000), 1000);
    assert_string_equal(sink.said, "source=edge lines_left_out=234\n");
    sink.wall_ns += PGL_SECONDS(90);
    assert_int_equal(written("edge", 1000), 1000);
    assert_string_equal(sink.said, "source=edge lines_left_out=234\n" //
                                   "source=edge lines_left_out=2\n");
    assert_int_equal(left_out(), 236);
}

static void a_source_that_falls_silent_is_spoken_for(void **unused)
{
    (void)unused;
    (void)written("edge", 1007);
    (void)written("store", 1001);
    pgl_log_say_left_out(&log_of_all, false);
    assert_string_equal(sink.said, "");
    assert_true(pgl_log_owes(&log_of_all));
    sink.wall_ns += PGL_SECONDS(1);
    log_of_all.least = PGL_LOG_ERROR; /* what is left out is told nonetheless */
    pgl_log_say_left_out(&log_of_all, false);
    log_of_all.least = PGL_LOG_INFO;
    assert_string_equal(sink.said, "source=edge lines_left_out=7\nsource=store lines_left_out=1\n");
    assert_false(pgl_log_owes(&log_of_all));
    pgl_log_say_left_out(&log_of_all, false);
    assert_int_equal(written("edge", 1), 1);
    assert_string_equal(sink.said, "source=edge lines_left_out=7\nsource=store lines_left_out=1\n");
}

static void the_end_does_not_wait_for_the_second(void **unused)
{
    (void)unused;
    (void)written("edge", 1003);
    pgl_log_say_left_out(&log_of_all, true);
    assert_string_equal(sink.said, "source=edge lines_left_out=3\n");
    assert_int_equal(written("edge", 2), 0);
    pgl_log_say_left_out(&log_of_all, true);
    assert_string_equal(sink.said, "source=edge lines_left_out=3\nsource=edge lines_left_out=2\n");
}

static void a_clock_set_back_neither_doubles_nor_silences(void **unused)
{
    (void)unused;
    (void)written("edge", 1000);
    sink.wall_ns -= PGL_SECONDS(5); /* perhaps only a thread that was late */
    assert_int_equal(written("edge", 1), 0);
    sink.wall_ns -= PGL_HOURS(1);
    assert_int_equal(written("edge", 1001), 1000);
    assert_string_equal(sink.said, "source=edge lines_left_out=1\n");
}

static void sources_beyond_the_table_share_a_row(void **unused)
{
    (void)unused;
    static char names[PGL_LOG_SOURCES_MAX + 2][16];
    for (int i = 0; i < PGL_LOG_SOURCES_MAX + 2; i++) {
        snprintf(names[i], sizeof names[i], "s%d", i);
        assert_int_equal(written(names[i], 600), i <= PGL_LOG_SOURCES_MAX ? 600 : 400);
    }
    assert_int_equal(written(names[0], 600), 400);
    sink.wall_ns += PGL_SECONDS(1);
    pgl_log_say_left_out(&log_of_all, false);
    assert_string_equal(sink.said, "source=s0 lines_left_out=200\n"
                                   "source=others lines_left_out=200\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_thousand_are_written_and_no_more, empty),
        cmocka_unit_test_setup(what_is_below_the_least_does_not_count, empty),
        cmocka_unit_test_setup(another_source_is_not_affected, empty),
        cmocka_unit_test_setup(the_next_second_lets_in_again_and_says_how_many_were_not, empty),
        cmocka_unit_test_setup(a_source_that_falls_silent_is_spoken_for, empty),
        cmocka_unit_test_setup(the_end_does_not_wait_for_the_second, empty),
        cmocka_unit_test_setup(a_clock_set_back_neither_doubles_nor_silences, empty),
        cmocka_unit_test_setup(sources_beyond_the_table_share_a_row, empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
