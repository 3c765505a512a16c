/*
 * reserve_test.c - from where lines are served.
 * Method: a table of levels and wishes, and what is taken where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/inventory/reserve.h"

#define assert_ok(expression) assert_true(pgl_is_ok(expression))

/* By warehouse, as opened below. */
enum { EU_1, US_1, APAC_1, EU_2, MOON_1, WAREHOUSES };

static void open_names(struct pgl_names *names)
{
    static const struct {
        const char *code, *region;
    } warehouses[WAREHOUSES] = {
        { "EU-1", "EU" }, { "US-1", "US" },     { "APAC-1", "APAC" },
        { "EU-2", "EU" }, { "MOON-1", "MOON" },
    };
    assert_ok(pgl_names_open(names, (struct pgl_hash_key){ 1, 2 }));
    for (int i = 0; i < WAREHOUSES; i++)
        assert_ok(pgl_names_add_warehouse(names, pgl_text_of(warehouses[i].code),
                                          pgl_text_of(warehouses[i].region)));
}

static void the_nearest_is_asked_first(void **unused)
{
    /* clang-format off */
    static const struct {
        const char *ship_to;
        int64_t wanted;
        int64_t available[WAREHOUSES], taken[WAREHOUSES];
        int64_t missing;
    } cases[] = {
        { "EU",   3, { 9, 9, 9, 0, 9 }, { 3, 0, 0, 0, 0 }, 0 },
        { "US",   3, { 9, 9, 9, 0, 9 }, { 0, 3, 0, 0, 0 }, 0 },
        { "APAC", 3, { 9, 9, 9, 0, 9 }, { 0, 0, 3, 0, 0 }, 0 },
        { "MARS", 3, { 9, 9, 9, 0, 9 }, { 3, 0, 0, 0, 0 }, 0 }, /* the rest of the world */
        { "",     3, { 9, 9, 9, 0, 9 }, { 3, 0, 0, 0, 0 }, 0 },
        /* near comes before few parcels */
        { "EU",   3, { 1, 9, 9, 0, 9 }, { 1, 2, 0, 0, 0 }, 0 },
        { "APAC", 9, { 4, 3, 2, 0, 9 }, { 4, 3, 2, 0, 0 }, 0 },
        /* of equally near ones the fullest, and of equally full ones the first */
        { "EU",   3, { 2, 9, 0, 3, 0 }, { 0, 0, 0, 3, 0 }, 0 },
        { "EU",   3, { 3, 9, 0, 3, 0 }, { 3, 0, 0, 0, 0 }, 0 },
        { "EU",   4, { 2, 9, 0, 3, 0 }, { 1, 0, 0, 3, 0 }, 0 },
        /* a region that no way leads to is the farthest */
        { "EU",   4, { 1, 1, 1, 0, 9 }, { 1, 1, 1, 0, 1 }, 0 },
        /* short */
        { "EU",   9, { 1, 1, 1, 1, 1 }, { 1, 1, 1, 1, 1 }, 4 },
        { "US",   1, { 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0 }, 1 },
    };
    /* clang-format on */
    (void)unused;
    struct pgl_names names;
    struct pgl_arena arena;
    open_names(&names);
    pgl_arena_init(&arena, 4096, 1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t available[WAREHOUSES], taken[WAREHOUSES] = { 0 };
        memcpy(available, cases[i].available, sizeof available);
        struct pgl_wish wish = { cases[i].wanted, available };
        struct pgl_plan plan;
        assert_ok(pgl_reserve_plan(&arena, &names, cases[i].ship_to, &wish, 1, &plan));
        for (size_t j = 0; j < plan.share_count; j++)
            taken[plan.shares[j].warehouse->id - 1] += plan.shares[j].quantity;
        for (int j = 0; j < WAREHOUSES; j++) {
            assert_int_equal(taken[j], cases[i].taken[j]);
            assert_int_equal(available[j], cases[i].available[j] - taken[j]);
        }
        assert_int_equal(plan.missing[0], cases[i].missing);
        assert_int_equal(plan.is_short, cases[i].missing > 0);
    }
    pgl_arena_free(&arena);
    pgl_names_close(&names);
}

static void lines_of_one_sku_draw_from_the_same_stock(void **unused)
{
    (void)unused;
    struct pgl_names names;
    struct pgl_arena arena;
    struct pgl_plan plan;
    int64_t one[WAREHOUSES] = { 4, 2 }, other[WAREHOUSES] = { 1 };
    const struct pgl_wish wishes[] = { { 3, one }, { 1, other }, { 4, one } };
    open_names(&names);
    pgl_arena_init(&arena, 4096, 1 << 20);
    assert_ok(pgl_reserve_plan(&arena, &names, "EU", wishes, 3, &plan));
    assert_true(plan.is_short);
    assert_int_equal(plan.missing[0], 0);
    assert_int_equal(plan.missing[1], 0);
    assert_int_equal(plan.missing[2], 1);
    assert_int_equal(plan.share_count, 4);
    assert_int_equal(plan.shares[2].wish, 2);
    assert_int_equal(plan.shares[2].quantity, 1);
    assert_int_equal(plan.shares[3].warehouse->id, US_1 + 1);
    pgl_arena_free(&arena);
    pgl_names_close(&names);
}

static void a_plan_without_memory_is_refused(void **unused)
{
    (void)unused;
    struct pgl_names names;
    struct pgl_arena arena;
    struct pgl_plan plan;
    int64_t available[WAREHOUSES] = { 4 };
    struct pgl_wish wishes[PGL_LINES_MAX];
    for (int i = 0; i < PGL_LINES_MAX; i++)
        wishes[i] = (struct pgl_wish){ 1, available };
    open_names(&names);
    pgl_arena_init(&arena, 256, 256);
    assert_int_equal(pgl_reserve_plan(&arena, &names, "EU", wishes, PGL_LINES_MAX, &plan).code,
                     PGL_EXHAUSTED);
    pgl_arena_free(&arena);
    pgl_names_close(&names);
}

static void half_of_the_amount_is_enough(void **unused)
{
    (void)unused;
    /* Two lines of 4 units each, at these prices; of each some are missing. */
    static const struct {
        int64_t price[2], missing[2], percent;
        bool is_enough;
    } cases[] = {
        { { 10, 10 }, { 0, 4 }, 50, true },
        { { 10, 10 }, { 1, 4 }, 50, false },
        { { 10, 10 }, { 1, 3 }, 50, true },
        { { 99, 1 }, { 4, 0 }, 50, false }, /* a line is there, and hardly of the amount */
        { { 99, 1 }, { 4, 0 }, 1, true },
        { { 99, 1 }, { 4, 0 }, 2, false },
        { { 99, 1 }, { 4, 4 }, 0, false }, /* nothing is there at all */
        { { 99, 1 }, { 4, 3 }, 0, true },
        { { 0, 0 }, { 4, 3 }, 50, true }, /* costs nothing */
        { { 0, 0 }, { 4, 4 }, 0, false },
        { { 10, 10 }, { 0, 1 }, 100, false },
        { { 1, 0 }, { 3, 4 }, 30, false }, /* 1, where 1.2 is the least */
        { { 1, 0 }, { 2, 4 }, 30, true },
        { { INT64_MAX / 4, 0 }, { 2, 0 }, 50, true }, /* nothing overflows on the way */
        { { INT64_MAX / 4, 0 }, { 3, 0 }, 50, false },
        { { INT64_MAX, 1 }, { 0, 1 }, 50, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Line lines[2] = { LINE_INIT, LINE_INIT }, *list[2] = { &lines[0], &lines[1] };
        for (int l = 0; l < 2; l++) {
            lines[l].quantity = 4;
            lines[l].unit_price_minor = cases[i].price[l];
        }
        assert_int_equal(pgl_reserve_is_enough(list, 2, cases[i].missing, cases[i].percent),
                         cases[i].is_enough);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_is_asked_first),
        cmocka_unit_test(lines_of_one_sku_draw_from_the_same_stock),
        cmocka_unit_test(a_plan_without_memory_is_refused),
        cmocka_unit_test(half_of_the_amount_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
