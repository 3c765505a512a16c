/*
 * gzip_test.c - what is packed comes back, and nothing costs more than its limit.
 * Method: sizes from nothing to a megabyte there and back; a bomb; every cut and many damaged
 *         bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "wire/gzip.h"

#define BYTES_MAX (1u << 20)

static struct pgl_arena work;
static struct pgl_buffer packed;
static char bytes[BYTES_MAX];

static int set_up(void **unused)
{
    (void)unused;
    pgl_arena_init(&work, 64 << 10, 8 << 20);
    pgl_buffer_init(&packed, 4 << 20);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    pgl_arena_free(&work);
    pgl_buffer_free(&packed);
    return 0;
}

static void pack(size_t size)
{
    pgl_arena_reset(&work);
    pgl_buffer_clear(&packed);
    assert_true(pgl_is_ok(pgl_gzip_pack(&work, (struct pgl_text){ bytes, size }, &packed)));
}

static enum pgl_code unpack(struct pgl_text from, size_t bytes_max, struct pgl_text *to)
{
    pgl_arena_reset(&work);
    return pgl_gzip_unpack(&work, from, bytes_max, to).code;
}

static void what_is_packed_comes_back(void **unused)
{
    (void)unused;
    struct pgl_random random;
    pgl_random_seed(&random, 1, 1);
    for (int kind = 0; kind < 2; kind++)
        for (size_t size = 0; size <= BYTES_MAX; size = size * 5 + 1) {
            for (size_t i = 0; i < size; i++) /* words, then noise */
                bytes[i] =
                    kind == 0 ? "orders and prices "[i % 18] : (char)pgl_random_next(&random);
            struct pgl_text back;
            pack(size);
            if (kind == 0 && size > 1000)
                assert_true(packed.size < size / 4);
            assert_int_equal(unpack(pgl_buffer_text(&packed), size, &back), PGL_CODE_OK);
            assert_int_equal(back.size, size);
            assert_memory_equal(back.data, bytes, size);
            if (size > 0)
                assert_int_equal(unpack(pgl_buffer_text(&packed), size - 1, &back), PGL_TOO_LARGE);
        }
}

static void a_bomb_costs_no_more_than_the_limit(void **unused)
{
    (void)unused;
    struct pgl_text back;
    memset(bytes, 0, sizeof bytes);
    pack(sizeof bytes);
    assert_true(packed.size < 8000);
    assert_int_equal(unpack(pgl_buffer_text(&packed), 10000, &back), PGL_TOO_LARGE);
    assert_true(work.taken_bytes < 200u << 10);
}

static void a_full_arena_is_said(void **unused)
{
    (void)unused;
    struct pgl_arena small;
    struct pgl_text back;
    pack(sizeof bytes);
    pgl_arena_init(&small, 4096, 8192);
    assert_int_equal(pgl_gzip_unpack(&small, pgl_buffer_text(&packed), BYTES_MAX, &back).code,
                     PGL_EXHAUSTED);
    pgl_arena_reset(&small);
    assert_int_equal(pgl_gzip_pack(&small, PGL_TEXT("x"), &packed).code, PGL_EXHAUSTED);
    pgl_arena_free(&small);
}

static void damaged_bytes_are_refused(void **unused)
{
    (void)unused;
    struct pgl_text back;
    for (size_t i = 0; i < 3000; i++)
        bytes[i] = "orders and prices "[i * i % 18];
    pack(3000);
    for (size_t size = 0; size < packed.size; size++)
        assert_int_equal(unpack((struct pgl_text){ packed.data, size }, BYTES_MAX, &back),
                         PGL_MALFORMED);
    pgl_buffer_add_char(&packed, 'x');
    assert_int_equal(unpack(pgl_buffer_text(&packed), BYTES_MAX, &back), PGL_MALFORMED);
    packed.size--;
    for (size_t at = 10; at < packed.size; at++) { /* the check sum sees to that */
        packed.data[at] ^= 0x10;
        if (unpack(pgl_buffer_text(&packed), BYTES_MAX, &back) == PGL_CODE_OK)
            assert_true(pgl_text_equal(back, (struct pgl_text){ bytes, 3000 })); /* a spare bit */
        packed.data[at] ^= 0x10;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_packed_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bomb_costs_no_more_than_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_arena_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_bytes_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
