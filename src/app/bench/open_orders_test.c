/*
 * open_orders_test.c - what is put in is found until it is taken out, whatever its neighbours do.
 * Method: a long random history against a plain array of truths; then the limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/bench/open_orders.h"
#include "base/random.h"

#define IDS   20000 /* more than half of the first table, so it grows */
#define STEPS 200000

static pgl_id id_of(uint64_t number)
{
    pgl_id id = { { 0 } };
    memcpy(id.bytes, &number, sizeof number);
    return id;
}

static struct pgl_open_orders open_table(size_t limit)
{
    struct pgl_open_orders orders;
    struct pgl_hash_key key = { 1, 2 };
    assert_true(pgl_is_ok(pgl_open_orders_init(&orders, limit, key)));
    return orders;
}

static void assert_walk_finds(const struct pgl_open_orders *orders, const int64_t *truth)
{
    const struct pgl_open_order *order;
    size_t at = 0, found = 0, expected = 0;
    while ((order = pgl_open_orders_next(orders, &at)) != NULL) {
        uint64_t number;
        memcpy(&number, order->id.bytes, sizeof number);
        assert_true(order->at_ns == truth[number]);
        found++;
    }
    for (int i = 0; i < IDS; i++)
        expected += truth[i] != 0;
    assert_true(found == expected && found == orders->count);
}

static void a_long_history_agrees_with_an_array(void **unused)
{
    static int64_t truth[IDS]; /* 0 when it is out */
    struct pgl_open_orders orders = open_table(IDS);
    struct pgl_random random;
    (void)unused;
    pgl_random_seed(&random, 1, 0);
    for (int64_t step = 1; step <= STEPS; step++) {
        uint64_t number = pgl_random_below(&random, IDS);
        if (pgl_random_below(&random, 3) > 0) {
            struct pgl_open_order put = { id_of(number), step, PGL_OPEN_ACCEPTED };
            assert_true(pgl_is_ok(pgl_open_orders_put(&orders, &put)));
            truth[number] = step;
        } else {
            struct pgl_open_order taken = pgl_open_orders_take(&orders, id_of(number));
            assert_int_equal(taken.state != PGL_OPEN_NONE, truth[number] != 0);
            assert_true(taken.state == PGL_OPEN_NONE || taken.at_ns == truth[number]);
            truth[number] = 0;
        }
    }
    assert_walk_finds(&orders, truth);
    pgl_open_orders_free(&orders);
}

static void a_full_table_refuses_but_replaces(void **unused)
{
    struct pgl_open_orders orders = open_table(3);
    (void)unused;
    for (uint64_t i = 1; i <= 3; i++) {
        struct pgl_open_order put = { id_of(i), 1, PGL_OPEN_ACCEPTED };
        assert_true(pgl_is_ok(pgl_open_orders_put(&orders, &put)));
    }
    struct pgl_open_order fourth = { id_of(4), 1, PGL_OPEN_ACCEPTED };
    struct pgl_open_order again = { id_of(3), 9, PGL_OPEN_CONFIRMED };
    assert_int_equal(pgl_open_orders_put(&orders, &fourth).code, PGL_EXHAUSTED);
    assert_true(pgl_is_ok(pgl_open_orders_put(&orders, &again)));
    assert_int_equal(pgl_open_orders_take(&orders, id_of(3)).at_ns, 9);
    assert_int_equal(pgl_open_orders_take(&orders, id_of(3)).state, PGL_OPEN_NONE);
    assert_true(pgl_is_ok(pgl_open_orders_put(&orders, &fourth)));
    pgl_open_orders_free(&orders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_history_agrees_with_an_array),
        cmocka_unit_test(a_full_table_refuses_but_replaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
