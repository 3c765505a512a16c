/*
 * import_test.c - a table is cut into parts at the ends of lines, and nowhere else.
 * Method: the parts of every size put together are the table again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "app/ctl/import.h"

/* "part|part", and how many lines; the rest where a line is too long is left out. */
static void assert_parts(const char *table, bool is_csv, size_t bytes_max, const char *expected,
                         int64_t lines_expected)
{
    char parts[256] = "";
    struct pgl_text left = pgl_text_of(table);
    int64_t lines = 0, sum = 0;
    for (;;) {
        struct pgl_text part = pgl_import_part(&left, is_csv, bytes_max, &lines);
        if (part.size == 0)
            break;
        if (parts[0] != '\0')
            strcat(parts, "|");
        strncat(parts, part.data, part.size);
        sum += lines;
    }
    assert_string_equal(parts, expected);
    assert_int_equal(sum, lines_expected);
}

static void parts_end_with_lines(void **unused)
{
    (void)unused;
    assert_parts("", false, 9, "", 0);
    assert_parts("a\nbb\nccc", false, 100, "a\nbb\nccc", 2);
    assert_parts("a\nbb\nccc\n", false, 5, "a\nbb\n|ccc\n", 3);
    assert_parts("a\nbb\nccc\n", false, 4, "a\n|bb\n|ccc\n", 3);
    assert_parts("a\nbb\nccc\n", false, 3, "a\n|bb\n", 2); /* the third line is too long */
    assert_parts("a\nbb\nccc", false, 3, "a\n|bb\n|ccc", 2);
    assert_parts("a,\"b\nc\"\nd\n", true, 8, "a,\"b\nc\"\n|d\n", 3);
    assert_parts("a,\"b\"\"\nc\"\nd\n", true, 11, "a,\"b\"\"\nc\"\n|d\n", 3);
    assert_parts("a,\"b\nc\"\nd\n", true, 5, "", 0);  /* nor inside quotes */
    assert_parts("\"\nb\n", false, 2, "\"\n|b\n", 2); /* which JSON has otherwise */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(parts_end_with_lines) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
