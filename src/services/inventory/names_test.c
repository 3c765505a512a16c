/*
 * names_test.c - names and numbers, also those that were taken back.
 * Method: adding, committing, rolling back; a collision made by hand, since none can be found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "services/inventory/names.h"

#define assert_ok(expression) assert_true(pgl_is_ok(expression))

static const struct pgl_hash_key hash_key = { 1, 2 };

static void a_sku_that_was_rolled_back_is_forgotten(void **unused)
{
    (void)unused;
    struct pgl_names names;
    int64_t id;
    assert_ok(pgl_names_open(&names, hash_key));
    assert_int_equal(pgl_names_sku(&names, PGL_TEXT("A")), 0);
    assert_ok(pgl_names_add_sku(&names, PGL_TEXT("A"), &id));
    assert_int_equal(id, 1);
    pgl_names_committed(&names);
    assert_ok(pgl_names_add_sku(&names, PGL_TEXT("B"), &id));
    assert_ok(pgl_names_add_sku(&names, PGL_TEXT("C"), &id));
    assert_int_equal(pgl_names_sku(&names, PGL_TEXT("C")), 3);
    pgl_names_rolled_back(&names);
    assert_int_equal(pgl_names_sku(&names, PGL_TEXT("A")), 1);
    assert_int_equal(pgl_names_sku(&names, PGL_TEXT("B")), 0);
    assert_ok(pgl_names_add_sku(&names, PGL_TEXT("C"), &id));
    assert_int_equal(id, 2);
    pgl_names_close(&names);
}

static void two_skus_with_one_hash_are_two(void **unused)
{
    (void)unused;
    struct pgl_names names;
    int64_t a, b;
    assert_ok(pgl_names_open(&names, hash_key));
    assert_ok(pgl_names_add_sku(&names, PGL_TEXT("A"), &a));
    assert_ok(pgl_map_put(&names.skus, pgl_hash(hash_key, "B", 1), (uint64_t)a));
    pgl_names_committed(&names);
    assert_int_equal(pgl_names_sku(&names, PGL_TEXT("B")), 0);
    assert_ok(pgl_names_add_sku(&names, PGL_TEXT("B"), &b));
    assert_int_equal(pgl_names_sku(&names, PGL_TEXT("A")), a);
    assert_int_equal(pgl_names_sku(&names, PGL_TEXT("B")), b);
    pgl_names_rolled_back(&names);
    assert_int_equal(pgl_names_sku(&names, PGL_TEXT("B")), 0);
    pgl_names_close(&names);
}

static void skus_end_where_they_end(void **unused)
{
    (void)unused;
    struct pgl_names names;
    int64_t id;
    char sku[16];
    assert_ok(pgl_names_open(&names, hash_key));
    for (int i = 1; i <= PGL_SKUS_MAX; i++) {
        int size = snprintf(sku, sizeof sku, "SKU-%d", i);
        assert_ok(pgl_names_add_sku(&names, (struct pgl_text){ sku, (size_t)size }, &id));
    }
    assert_int_equal(pgl_names_sku(&names, PGL_TEXT("SKU-77777")), 77777);
    assert_int_equal(pgl_names_add_sku(&names, PGL_TEXT("X"), &id).code, PGL_EXHAUSTED);
    pgl_names_close(&names);
}

static void only_plain_names_are_skus(void **unused)
{
    static const struct {
        const char *sku;
        bool is_valid;
    } cases[] = {
        { "A", true },
        { "a.B-9_z", true },
        { "0123456789012345678901234567890123456789012345678901234567890123", true },
        { "01234567890123456789012345678901234567890123456789012345678901234", false },
        { "", false },
        { "A B", false },
        { "A/B", false },
        { "\xC3\x84", false },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(pgl_sku_is_valid(pgl_text_of(cases[i].sku)), cases[i].is_valid);
    assert_false(pgl_sku_is_valid((struct pgl_text){ "A\0B", 3 }));
}

static void warehouses_are_found_by_their_codes(void **unused)
{
    (void)unused;
    struct pgl_names names;
    assert_ok(pgl_names_open(&names, hash_key));
    for (int i = 0; i < PGL_WAREHOUSES_MAX; i++) {
        char code[3] = { 'W', (char)('A' + i), '\0' };
        assert_ok(pgl_names_add_warehouse(&names, pgl_text_of(code), PGL_TEXT("EU")));
    }
    assert_int_equal(pgl_names_warehouse(&names, PGL_TEXT("WC"))->id, 3);
    assert_null(pgl_names_warehouse(&names, PGL_TEXT("W")));
    assert_int_equal(pgl_names_add_warehouse(&names, PGL_TEXT("X"), PGL_TEXT("EU")).code,
                     PGL_EXHAUSTED);
    pgl_names_close(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sku_that_was_rolled_back_is_forgotten),
        cmocka_unit_test(two_skus_with_one_hash_are_two),
        cmocka_unit_test(skus_end_where_they_end),
        cmocka_unit_test(only_plain_names_are_skus),
        cmocka_unit_test(warehouses_are_found_by_their_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
