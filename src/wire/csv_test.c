/*
 * csv_test.c - tables as people's spreadsheets write them.
 * Method: each text is read and written down again with its fields between brackets, so that what
 * was a field can be seen; then what must be refused, with its line; then each limit at its edge
 * and one beyond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "wire/csv.h"

static struct pgl_arena arena;
static struct pgl_buffer shown;

static int set_up(void **unused)
{
    (void)unused;
    pgl_arena_init(&arena, 4096, 1 << 20);
    pgl_buffer_init(&shown, 1 << 20);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    pgl_arena_free(&arena);
    pgl_buffer_free(&shown);
    return 0;
}

static void show_row(const struct pgl_text *fields, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        pgl_buffer_printf(&shown, "[%.*s]", PGL_TEXT_ARGS(fields[i]));
    pgl_buffer_add_char(&shown, ';');
}

/* Reads all; what it read stands in `shown`. */
static pgl_status read_all(struct pgl_text text)
{
    struct pgl_csv csv;
    struct pgl_text fields[PGL_CSV_COLUMNS_MAX];
    bool is_there = true;
    pgl_buffer_clear(&shown);
    PGL_TRY(pgl_csv_open(&csv, &arena, text));
    show_row(csv.columns, csv.column_count);
    for (;;) {
        PGL_TRY(pgl_csv_next(&csv, &arena, fields, &is_there));
        if (!is_there)
            return PGL_OK;
        show_row(fields, csv.column_count);
    }
}

static void tables_are_read_as_they_are_meant(void **unused)
{
    /* clang-format off */
    static const struct { const char *text, *shown; } cases[] = {
        { "a,b\r\n1,2\r\n",              "[a][b];[1][2];" },
        { "a,b\n1,2",                    "[a][b];[1][2];" },
        { "a,b",                         "[a][b];" },
        { "a\n\n",                       "[a];[];" }, /* a row of one field, which is empty */
        { "\xEF\xBB\xBF""a,b\n1,2\n",    "[a][b];[1][2];" },
        { "a,b\n,\n",                    "[a][b];[][];" },
        { "a,b\n\"1\",\"\"\n",           "[a][b];[1][];" },
        { "a,b\n\"x,y\",\"l1\r\nl2\"\n", "[a][b];[x,y][l1\r\nl2];" },
        { "a\n\"say \"\"hi\"\"\"\n",     "[a];[say \"hi\"];" },
        { "a\n\"\"\"\"\n",               "[a];[\"];" },
        { "\"a,1\",b\n1,2\n",            "[a,1][b];[1][2];" },
        { "a,b\n 1 ,2\n",                "[a][b];[ 1 ][2];" }, /* blanks belong to the field */
        { "n\xC3\xA4me\n\xE2\x82\xAC\n", "[n\xC3\xA4me];[\xE2\x82\xAC];" },
    };
    /* clang-format on */
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pgl_status status = read_all(pgl_text_of(cases[i].text));
        assert_string_equal(status.text, "");
        pgl_buffer_add_char(&shown, '\0');
        assert_string_equal(shown.data, cases[i].shown);
    }
}

static void what_is_wrong_is_said_with_its_line(void **unused)
{
    /* clang-format off */
    static const struct { struct pgl_text text; const char *said; } cases[] = {
        { PGL_TEXT(""),                    "line 1: a header is expected" },
        { PGL_TEXT("\xEF\xBB\xBF"),        "line 1: a header is expected" },
        { PGL_TEXT("a,\n1,2\n"),           "line 1: a column has no name" },
        { PGL_TEXT("a,b,a\n"),             "line 1: two columns have one name" },
        { PGL_TEXT("a,b,c\n1,2,3\n1,2\n"), "line 3: 3 columns are expected, 2 found" },
        { PGL_TEXT("a,b\n1,2,3\n"),        "line 2: 2 columns are expected, 3 found" },
        { PGL_TEXT("a,b\n\n1,2\n"),        "line 2: 2 columns are expected, 1 found" },
        { PGL_TEXT("a,b\n\"1\n\n\",2\n3\n"), "line 5: 2 columns are expected, 1 found" },
        { PGL_TEXT("a\n1\n\"2\n3\n"),      "line 3: a quote is never closed" },
        { PGL_TEXT("a\n\""),               "line 2: a quote is never closed" },
        { PGL_TEXT("a\n1\"2\n"),
          "line 2: a field with a quote inside must begin with one" },
        { PGL_TEXT("a\n\"1\"2\n"),
          "line 2: a comma is expected behind the closing quote" },
        { PGL_TEXT("a\n1\r2\n"),
          "line 2: a carriage return is only allowed at the end of a line" },
        { PGL_TEXT("a\n1\r"),
          "line 2: a carriage return is only allowed at the end of a line" },
        { PGL_TEXT("a\n1\xC3\n"),          "line 2: the text is not UTF-8" },
        { PGL_TEXT("a\xFF\n1\n"),          "line 1: the text is not UTF-8" },
        { PGL_TEXT("a\n\"1\0\"\n"),        "line 2: a NUL is not allowed" },
    };
    /* clang-format on */
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pgl_status status = read_all(cases[i].text);
        assert_int_equal(status.code, PGL_MALFORMED);
        assert_string_equal(status.text, cases[i].said);
    }
}

static void a_table_has_64_columns_and_no_more(void **unused)
{
    (void)unused;
    for (int columns = PGL_CSV_COLUMNS_MAX; columns <= PGL_CSV_COLUMNS_MAX + 1; columns++) {
        struct pgl_buffer text;
        pgl_buffer_init(&text, 4096);
        for (int i = 0; i < columns; i++)
            pgl_buffer_printf(&text, "%sc%d", i > 0 ? "," : "", i);
        pgl_status status = read_all(pgl_buffer_text(&text));
        if (columns == PGL_CSV_COLUMNS_MAX)
            assert_true(pgl_is_ok(status));
        else
            assert_string_equal(status.text, "line 1: more than 64 columns");
        pgl_buffer_free(&text);
    }
}

static void a_field_has_64_kib_and_no_more(void **unused)
{
    (void)unused;
    for (int is_quoted = 0; is_quoted < 2; is_quoted++) {
        for (size_t over = 0; over < 2; over++) {
            struct pgl_buffer text;
            pgl_buffer_init(&text, 1 << 20);
            pgl_buffer_printf(&text, "a\n%s", is_quoted ? "\"" : "");
            for (size_t i = 0; i < PGL_CSV_FIELD_BYTES_MAX + over; i++)
                pgl_buffer_add_char(&text, 'x');
            pgl_buffer_printf(&text, "%s\n", is_quoted ? "\"" : "");
            pgl_status status = read_all(pgl_buffer_text(&text));
            if (over == 0)
                assert_true(pgl_is_ok(status));
            else
                assert_string_equal(status.text, "line 2: a field is longer than 65536 bytes");
            pgl_buffer_free(&text);
        }
    }
}

static void columns_are_found_by_name(void **unused)
{
    struct pgl_csv csv;
    (void)unused;
    assert_true(pgl_is_ok(pgl_csv_open(&csv, &arena, PGL_TEXT("sku,\"on \"\"hand\"\"\"\n"))));
    assert_int_equal(pgl_csv_column(&csv, "sku"), 0);
    assert_int_equal(pgl_csv_column(&csv, "on \"hand\""), 1);
    assert_int_equal(pgl_csv_column(&csv, "SKU"), -1);
}

static void a_full_arena_is_said(void **unused)
{
    struct pgl_arena small;
    struct pgl_csv csv;
    char text[1024];
    (void)unused;
    memset(text, 'x', sizeof text);
    memcpy(text, "\"\"\"", 3);
    text[sizeof text - 1] = '"';
    pgl_arena_init(&small, 256, 256);
    pgl_status status = pgl_csv_open(&csv, &small, (struct pgl_text){ text, sizeof text });
    assert_int_equal(status.code, PGL_EXHAUSTED);
    pgl_arena_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables_are_read_as_they_are_meant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said_with_its_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_table_has_64_columns_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_field_has_64_kib_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(columns_are_found_by_name, set_up, tear_down),
        cmocka_unit_test(a_full_arena_is_said),
    };
    return cmocka_run_group_tests_name("wire/csv", tests, NULL, NULL);
}
