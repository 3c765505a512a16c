/*
 * base_test.c - the small tools that everything stands on.
 * Method: known values, the edges, and what must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/buggify.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/map.h"
#include "base/money.h"
#include "base/text.h"
#include "base/time.h"

static void numbers_are_read_to_their_edges_and_no_further(void **unused)
{
    /* clang-format off */
    static const struct { const char *text; bool is_ok; int64_t value; } cases[] = {
        { "0", true, 0 },          { "-1", true, -1 },
        { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775809", false, 0 },
        { "", false, 0 },          { "-", false, 0 },
        { "+1", false, 0 },        { " 1", false, 0 },
        { "1a", false, 0 },
    };
    /* clang-format on */
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 0;
        assert_int_equal(pgl_is_ok(pgl_text_to_i64(pgl_text_of(cases[i].text), &value)),
                         cases[i].is_ok);
        assert_true(value == cases[i].value);
    }
}

static void utf8_is_the_shortest_form_without_surrogates(void **unused)
{
    /* clang-format off */
    static const struct { const char *text; bool is_ok; } cases[] = {
        { "plain", true },        { "\xC3\xA9", true },          { "\xF0\x9F\x98\x80", true },
        { "\xC0\x80", false },    { "\xE0\x80\x80", false },     { "\xED\xA0\x80", false },
        { "\xF4\x90\x80\x80", false }, { "\xF5\x80\x80\x80", false }, { "\xC3", false },
        { "\x80", false },        { "\xE2\x82", false },
    };
    /* clang-format on */
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(pgl_text_is_utf8(pgl_text_of(cases[i].text)), cases[i].is_ok);
}

static void ids_go_up_when_the_clock_goes_back(void **unused)
{
    (void)unused;
    struct pgl_id_maker maker;
    pgl_id_maker_init(&maker, 1);
    int64_t clock_ns[] = { 5000000000, 5000000000, 1000000000, 0, 5001000000, 5000999999 };
    pgl_id last = { { 0 } };
    for (int round = 0; round < 100; round++)
        for (size_t i = 0; i < sizeof clock_ns / sizeof clock_ns[0]; i++) {
            pgl_id id = pgl_id_make(&maker, clock_ns[i]);
            assert_true(pgl_id_compare(id, last) > 0);
            assert_int_equal(id.bytes[6] >> 4, 7);
            assert_int_equal(id.bytes[8] >> 6, 2);
            last = id;
        }
    char text[PGL_ID_TEXT_BYTES];
    pgl_id parsed;
    pgl_id_format(last, text);
    assert_true(pgl_is_ok(pgl_id_parse((struct pgl_text){ text, sizeof text }, &parsed)));
    assert_true(pgl_id_equal(parsed, last));
    text[8] = '0';
    assert_false(pgl_is_ok(pgl_id_parse((struct pgl_text){ text, sizeof text }, &parsed)));
}

static void ids_stay_above_what_is_on_disk(void **unused)
{
    (void)unused;
    struct pgl_id_maker maker;
    pgl_id_maker_init(&maker, 1);
    pgl_id floor = pgl_id_make(&maker, PGL_SECONDS(2000000000));
    pgl_id_maker_init(&maker, 2);
    pgl_id_maker_stay_above(&maker, floor);
    assert_true(pgl_id_compare(pgl_id_make(&maker, PGL_SECONDS(1)), floor) > 0);
}

static void money_refuses_to_overflow(void **unused)
{
    (void)unused;
    int64_t sum;
    assert_true(pgl_is_ok(pgl_money_add(1, 2, &sum)));
    assert_int_equal(sum, 3);
    assert_int_equal(pgl_money_add(INT64_MAX, 1, &sum).code, PGL_INVALID);
    assert_int_equal(pgl_money_times(INT64_MAX / 2, 3, &sum).code, PGL_INVALID);
    assert_int_equal(pgl_money_times(5, -1, &sum).code, PGL_INVALID);
    assert_true(pgl_currency_is_known(PGL_TEXT("USD")));
    assert_false(pgl_currency_is_known(PGL_TEXT("usd")));
    assert_false(pgl_currency_is_known(PGL_TEXT("SDU")));
    assert_int_equal(pgl_currency_exponent(PGL_TEXT("JPY")), 0);
    assert_int_equal(pgl_currency_exponent(PGL_TEXT("KWD")), 3);
}

static void an_arena_says_once_that_it_is_full(void **unused)
{
    (void)unused;
    struct pgl_arena arena;
    pgl_arena_init(&arena, 1024, 4096);
    for (int i = 0; i < 4; i++)
        assert_non_null(pgl_arena_alloc(&arena, 1000));
    assert_null(pgl_arena_alloc(&arena, 1000));
    assert_true(arena.is_exhausted);
    assert_non_null(
        pgl_arena_printf(&arena, "%s", "a text of more than sixteen bytes that finds no room"));
    pgl_arena_reset(&arena);
    assert_false(arena.is_exhausted);
    assert_null(pgl_arena_alloc(&arena, SIZE_MAX - 8));
    pgl_arena_reset(&arena);
    assert_string_equal(pgl_arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
    pgl_arena_free(&arena);
}

static void a_buffer_drops_what_is_beyond_its_limit(void **unused)
{
    (void)unused;
    struct pgl_buffer buffer;
    pgl_buffer_init(&buffer, 16);
    pgl_buffer_add_i64(&buffer, INT64_MIN);
    assert_true(buffer.is_full);
    pgl_buffer_clear(&buffer);
    pgl_buffer_add_i64(&buffer, -120);
    pgl_buffer_add_char(&buffer, ' ');
    pgl_buffer_printf(&buffer, "%d", 42);
    assert_true(pgl_text_is(pgl_buffer_text(&buffer), "-120 42"));
    pgl_buffer_consume(&buffer, 5);
    assert_true(pgl_text_is(pgl_buffer_text(&buffer), "42"));
    pgl_buffer_free(&buffer);
}

/* Against a plain array, with keys that crowd together. */
static void a_map_keeps_what_was_put_and_forgets_what_was_removed(void **unused)
{
    (void)unused;
    struct pgl_map map;
    struct pgl_random random;
    enum { KEYS = 300 };
    bool is_in[KEYS] = { false };
    pgl_random_seed(&random, 7, 0);
    pgl_map_init(&map, KEYS);
    for (int i = 0; i < 20000; i++) {
        uint64_t key = pgl_random_below(&random, KEYS);
        if (pgl_random_chance(&random, 500000)) {
            assert_true(pgl_is_ok(pgl_map_put(&map, key, key * 3)));
            is_in[key] = true;
        } else {
            assert_int_equal(pgl_map_remove(&map, key), is_in[key]);
            is_in[key] = false;
        }
        uint64_t probe = pgl_random_below(&random, KEYS);
        uint64_t *value = pgl_map_get(&map, probe);
        assert_int_equal(value != NULL, is_in[probe]);
        if (value != NULL)
            assert_true(*value == probe * 3);
    }
    for (uint64_t key = 0; key < KEYS; key++)
        assert_true(pgl_is_ok(pgl_map_put(&map, key, 0)));
    assert_int_equal(pgl_map_put(&map, KEYS, 0).code, PGL_EXHAUSTED);
    pgl_map_free(&map);
}

static void times_are_written_as_rfc_3339(void **unused)
{
    (void)unused;
    /* clang-format off */
    static const struct { int64_t ns; const char *text; } cases[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { 951827696789000000, "2000-02-29T12:34:56.789Z" },
        { 1767225599999999999, "2025-12-31T23:59:59.999Z" },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[PGL_TIME_TEXT_BYTES + 1] = "";
        pgl_time_format(cases[i].ns, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void every_code_has_a_row(void **unused)
{
    (void)unused;
    for (int code = 0; code < PGL_CODE_COUNT; code++) {
        assert_non_null(pgl_code_name((enum pgl_code)code));
        assert_true(pgl_code_http((enum pgl_code)code) >= 200);
    }
}

static bool strikes_once(const struct pgl_buggify *self, enum pgl_buggify_point point)
{
    (void)self;
    return point == PGL_BUGGIFY_WRITER_SHORT_BATCH;
}

static void a_point_strikes_only_where_somebody_makes_it(void **unused)
{
    (void)unused;
    const struct pgl_buggify twin = { strikes_once };
    assert_true(pgl_buggify(&twin, PGL_BUGGIFY_WRITER_SHORT_BATCH));
    assert_false(pgl_buggify(&twin, PGL_BUGGIFY_WRITER_SPOILED));
    assert_false(pgl_buggify(NULL, PGL_BUGGIFY_WRITER_SHORT_BATCH));
    for (int i = 0; i < PGL_BUGGIFY_POINTS; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(pgl_buggify_name((enum pgl_buggify_point)i),
                                    pgl_buggify_name((enum pgl_buggify_point)j));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_to_their_edges_and_no_further),
        cmocka_unit_test(utf8_is_the_shortest_form_without_surrogates),
        cmocka_unit_test(ids_go_up_when_the_clock_goes_back),
        cmocka_unit_test(ids_stay_above_what_is_on_disk),
        cmocka_unit_test(money_refuses_to_overflow),
        cmocka_unit_test(an_arena_says_once_that_it_is_full),
        cmocka_unit_test(a_buffer_drops_what_is_beyond_its_limit),
        cmocka_unit_test(a_map_keeps_what_was_put_and_forgets_what_was_removed),
        cmocka_unit_test(times_are_written_as_rfc_3339),
        cmocka_unit_test(every_code_has_a_row),
        cmocka_unit_test(a_point_strikes_only_where_somebody_makes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
