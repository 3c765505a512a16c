/*
 * refund_test.c - money was given back: what has not left is free again, what came back is on hand.
 * Method: a log of Payments that the test writes, in front of the real consumer, writer and file; a
 *         table of refunds of an order that has partly left. What cannot be is parked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/inventory/inventory_bench.h"

#define assert_ok(expression) assert_true(pgl_is_ok(expression))
#define COUNT(array)          (sizeof(array) / sizeof(array)[0])

static int64_t parked(struct inventory_bench *bench)
{
    return pgl_store_bench_number(&bench->store, "SELECT count(*) FROM parked");
}

static const InventoryReturned *last_said(struct inventory_bench *bench)
{
    Event *said = inventory_bench_said(bench, inventory_bench_said_count(bench));
    assert_int_equal(said->type, EVENT_TYPE_INVENTORY_RETURNED);
    assert_int_equal(said->cause_log, LOG_PAYMENTS);
    return said->inventory_returned;
}

/* Order 1 is paid: of line 1 3 from the EU and 3 from the US, of line 2 2 from the EU. */
static void open_paid(struct inventory_bench *bench)
{
    static const struct inventory_bench_line lines[] = { { "PEN", 6 }, { "INK", 2 } };
    inventory_bench_open(bench);
    inventory_bench_stock(bench, "PEN", "WH-EU-1", 3);
    inventory_bench_stock(bench, "PEN", "WH-US-1", 9);
    inventory_bench_stock(bench, "INK", "WH-EU-1", 2);
    inventory_bench_paid(bench, 1, lines, COUNT(lines));
}

static void ship(struct inventory_bench *bench, const char *key, const char *warehouse,
                 int32_t line_no, int64_t quantity)
{
    ShipOrderResponse reply;
    assert_ok(inventory_bench_ship(
        bench, (struct inventory_bench_parcel){ 1, key, warehouse, line_no, quantity }, &reply));
}

static void what_has_not_left_is_released_from_afar(void **unused)
{
    (void)unused;
    static const struct inventory_bench_refund four = { 1, 4, true, "" };
    struct inventory_bench bench;
    open_paid(&bench);
    inventory_bench_refunded(&bench, 1, 1, &four, 1);
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|3|2\nPEN|WH-US-1|9|0\nINK|WH-EU-1|2|2\n");
    const InventoryReturned *said = last_said(&bench);
    assert_int_equal(said->refund_no, 1);
    assert_int_equal(said->n_released, 2);
    assert_string_equal(said->released[0]->warehouse, "WH-US-1");
    assert_int_equal(said->released[0]->quantity, 3);
    assert_int_equal(said->released[1]->quantity, 1);
    assert_int_equal(said->n_restocked, 0); /* nothing had left that could come back */
    assert_false(said->complete);
    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_COMMITTED);

    ShipOrderResponse reply; /* what was refunded does not leave */
    assert_int_equal(inventory_bench_ship(
                         &bench, (struct inventory_bench_parcel){ 1, "k", "WH-EU-1", 1, 3 }, &reply)
                         .code,
                     PGL_CONFLICT);
    ship(&bench, "a", "WH-EU-1", 0, 0);
    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_SHIPPED);
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|1|0\nPEN|WH-US-1|9|0\nINK|WH-EU-1|0|0\n");
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

static void what_is_missing_is_released_first(void **unused)
{
    (void)unused;
    static const struct inventory_bench_refund four = { 1, 4, false, "" };
    struct inventory_bench bench;
    open_paid(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 0); /* 3 are promised */
    inventory_bench_refunded(&bench, 1, 1, &four, 1);
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|0|0\nPEN|WH-US-1|9|2\nINK|WH-EU-1|2|2\n");
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

static void what_came_back_is_on_hand_again(void **unused)
{
    (void)unused;
    /* clang-format off */
    static const struct {
        struct inventory_bench_refund line;
        const char *levels; /* before: PEN EU 0|0, US 7|1, INK EU 2|2 */
        size_t released, restocked;
    } cases[] = {
        /* first what has not left, then what came back, to where it was shipped from */
        { { 1, 2, true,  "" },          "PEN|WH-EU-1|1|0\nPEN|WH-US-1|7|0\nINK|WH-EU-1|2|2\n", 1, 1 },
        { { 1, 5, true,  "" },          "PEN|WH-EU-1|3|0\nPEN|WH-US-1|8|0\nINK|WH-EU-1|2|2\n", 1, 2 },
        { { 1, 6, true,  "WH-US-1" },   "PEN|WH-EU-1|0|0\nPEN|WH-US-1|12|0\nINK|WH-EU-1|2|2\n", 1, 2 },
        { { 1, 2, true,  "WH-APAC-1" },
          "PEN|WH-EU-1|0|0\nPEN|WH-US-1|7|0\nPEN|WH-APAC-1|1|0\nINK|WH-EU-1|2|2\n", 1, 1 },
        { { 1, 2, true,  "WH-MOON" },   "PEN|WH-EU-1|1|0\nPEN|WH-US-1|7|0\nINK|WH-EU-1|2|2\n", 1, 1 },
        /* it is lost, or was kept */
        { { 1, 6, false, "WH-US-1" },   "PEN|WH-EU-1|0|0\nPEN|WH-US-1|7|0\nINK|WH-EU-1|2|2\n", 1, 0 },
        { { 2, 1, true,  "" },          "PEN|WH-EU-1|0|0\nPEN|WH-US-1|7|1\nINK|WH-EU-1|2|1\n", 1, 0 },
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct inventory_bench bench;
        open_paid(&bench);
        ship(&bench, "a", "WH-EU-1", 1, 3);
        ship(&bench, "b", "WH-US-1", 1, 2);
        inventory_bench_refunded(&bench, 1, 1, &cases[i].line, 1);
        assert_int_equal(parked(&bench), 0);
        assert_string_equal(inventory_bench_levels(&bench), cases[i].levels);
        assert_int_equal(last_said(&bench)->n_released, cases[i].released);
        assert_int_equal(last_said(&bench)->n_restocked, cases[i].restocked);
        assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_COMMITTED);
        inventory_bench_audit(&bench);
        inventory_bench_close(&bench);
    }
}

static void refunds_add_up_and_each_counts_once(void **unused)
{
    (void)unused;
    static const struct inventory_bench_refund pens[] = { { 1, 1, true, "" } };
    static const struct inventory_bench_refund rest[] = { { 1, 3, true, "WH-EU-1" },
                                                          { 1, 2, false, "" },
                                                          { 2, 2, true, "" } };
    struct inventory_bench bench;
    open_paid(&bench);
    ship(&bench, "a", "WH-EU-1", 1, 3);
    ship(&bench, "b", "WH-US-1", 1, 3);
    inventory_bench_refunded(&bench, 1, 1, pens, COUNT(pens));
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|1|0\nPEN|WH-US-1|6|0\nINK|WH-EU-1|2|2\n");
    inventory_bench_refunded(&bench, 1, 1, pens, COUNT(pens)); /* the same once more */
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|1|0\nPEN|WH-US-1|6|0\nINK|WH-EU-1|2|2\n");
    inventory_bench_refunded(&bench, 1, 2, rest, COUNT(rest));
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|4|0\nPEN|WH-US-1|6|0\nINK|WH-EU-1|2|0\n");
    assert_true(last_said(&bench)->complete);
    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_SHIPPED);
    assert_int_equal(inventory_bench_said_count(&bench), 6);
    const char *before = inventory_bench_dump(&bench);
    inventory_bench_hear_again(&bench);
    assert_string_equal(inventory_bench_dump(&bench), before);
    assert_int_equal(parked(&bench), 0);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

/* Nothing comes back to a warehouse that has had it back. */
static void what_came_back_is_counted_by_warehouse(void **unused)
{
    (void)unused;
    static const struct inventory_bench_refund pens[] = { { 1, 3, true, "" } };
    struct inventory_bench bench;
    open_paid(&bench);
    ship(&bench, "a", "WH-EU-1", 1, 3);
    ship(&bench, "b", "WH-US-1", 1, 3);
    inventory_bench_refunded(&bench, 1, 1, pens, COUNT(pens));
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|3|0\nPEN|WH-US-1|6|0\nINK|WH-EU-1|2|2\n");
    inventory_bench_refunded(&bench, 1, 2, pens, COUNT(pens));
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|3|0\nPEN|WH-US-1|9|0\nINK|WH-EU-1|2|2\n");
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

static void an_order_may_be_refunded_before_anything_has_left(void **unused)
{
    (void)unused;
    static const struct inventory_bench_refund all[] = { { 1, 6, true, "" }, { 2, 2, true, "" } };
    struct inventory_bench bench;
    open_paid(&bench);
    inventory_bench_refunded(&bench, 1, 7, all, COUNT(all));
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|3|0\nPEN|WH-US-1|9|0\nINK|WH-EU-1|2|0\n");
    assert_true(last_said(&bench)->complete);
    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_SHIPPED);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

static void what_cannot_be_is_parked(void **unused)
{
    (void)unused;
    static const struct {
        uint32_t order;
        int32_t refund_no;
        struct inventory_bench_refund line;
    } cases[] = {
        { 1, 1, { 1, 7, false, "" } }, /* more than was ordered */
        { 1, 1, { 3, 1, false, "" } }, /* of no line */
        { 1, 1, { 1, 0, false, "" } }, { 1, 1, { 1, -1, false, "" } },
        { 1, 0, { 1, 1, false, "" } }, { 2, 1, { 1, 1, false, "" } }, /* held: it is not paid yet */
        { 3, 1, { 1, 1, false, "" } },                                /* nobody knows it */
    };
    static const struct inventory_bench_line one = { "INK", 1 };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct inventory_bench bench;
        open_paid(&bench);
        inventory_bench_stock(&bench, "INK", "WH-EU-1", 3);
        inventory_bench_authorized(&bench, 2, "EU", &one, 1);
        int64_t said = inventory_bench_said_count(&bench);
        inventory_bench_refunded(&bench, cases[i].order, cases[i].refund_no, &cases[i].line, 1);
        assert_int_equal(parked(&bench), 1);
        assert_int_equal(inventory_bench_said_count(&bench), said);
        inventory_bench_audit(&bench);
        inventory_bench_close(&bench);
    }
}

static void a_full_shelf_is_for_people(void **unused)
{
    (void)unused;
    static const struct inventory_bench_refund back = { 2, 1, true, "" };
    struct inventory_bench bench;
    open_paid(&bench);
    ship(&bench, "a", "WH-EU-1", 2, 2);
    inventory_bench_stock(&bench, "INK", "WH-EU-1", INT64_C(9007199254740991));
    inventory_bench_refunded(&bench, 1, 1, &back, 1);
    assert_int_equal(parked(&bench), 1);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_not_left_is_released_from_afar),
        cmocka_unit_test(what_is_missing_is_released_first),
        cmocka_unit_test(what_came_back_is_on_hand_again),
        cmocka_unit_test(refunds_add_up_and_each_counts_once),
        cmocka_unit_test(what_came_back_is_counted_by_warehouse),
        cmocka_unit_test(an_order_may_be_refunded_before_anything_has_left),
        cmocka_unit_test(what_cannot_be_is_parked),
        cmocka_unit_test(a_full_shelf_is_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
