/*
 * ship_test.c - parcels leave for orders that are paid, once, and never more than was set aside.
 * Method: the method tables over a real file, behind a log of Payments that the test writes; after
 *         each story the auditor looks at the books. A table of what is refused and may change
 *         nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "services/inventory/fulfilment.h"
#include "services/inventory/inventory_bench.h"

#define assert_ok(expression) assert_true(pgl_is_ok(expression))
#define COUNT(array)          (sizeof(array) / sizeof(array)[0])

static ListShipmentsResponse list(struct inventory_bench *bench, uint32_t order)
{
    Caller caller = CALLER_INIT;
    ListShipmentsRequest ask = LIST_SHIPMENTS_REQUEST_INIT;
    ListShipmentsResponse reply = LIST_SHIPMENTS_RESPONSE_INIT;
    char id[PGL_ID_TEXT_BYTES + 1] = "";
    pgl_id_format(inventory_bench_order(order), id);
    caller.tenant = (char *)"default";
    ask.caller = &caller;
    ask.order_id = id;
    assert_ok(pgl_store_bench_query(
        &bench->store, &pgl_inventory_methods[INVENTORY_SERVICE_LIST_SHIPMENTS], &ask, &reply));
    caller.tenant = (char *)"another";
    assert_int_equal(pgl_store_bench_query(
                         &bench->store, &pgl_inventory_methods[INVENTORY_SERVICE_LIST_SHIPMENTS],
                         &ask, &(ListShipmentsResponse)LIST_SHIPMENTS_RESPONSE_INIT)
                         .code,
                     PGL_NOT_FOUND);
    return reply;
}

/* Order 1: of PEN 3 from the EU and 2 from the US, of INK 4 and once more 1 from the EU. */
static void open_paid(struct inventory_bench *bench)
{
    static const struct inventory_bench_line lines[] = { { "PEN", 5 }, { "INK", 4 }, { "INK", 1 } };
    inventory_bench_open(bench);
    inventory_bench_stock(bench, "PEN", "WH-EU-1", 3);
    inventory_bench_stock(bench, "PEN", "WH-US-1", 9);
    inventory_bench_stock(bench, "INK", "WH-EU-1", 6);
    inventory_bench_paid(bench, 1, lines, COUNT(lines));
    assert_string_equal(inventory_bench_levels(bench),
                        "PEN|WH-EU-1|3|3\nPEN|WH-US-1|9|2\nINK|WH-EU-1|6|5\n");
}

static void parcels_leave_until_nothing_is_left(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    ShipOrderResponse reply;
    open_paid(&bench);
    assert_ok(inventory_bench_ship(
        &bench, (struct inventory_bench_parcel){ 1, "a", "WH-EU-1", 1, 2 }, &reply));
    assert_int_equal(reply.shipment->shipment_no, 1);
    assert_int_equal(reply.shipment->n_lines, 1);
    assert_false(reply.shipment->complete);
    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_COMMITTED);
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|1|1\nPEN|WH-US-1|9|2\nINK|WH-EU-1|6|5\n");
    Event *said = inventory_bench_said(&bench, 3);
    assert_int_equal(said->type, EVENT_TYPE_INVENTORY_SHIPPED);
    assert_int_equal(said->previous_seq, 2);
    assert_int_equal(said->inventory_shipped->shipment_no, 1);
    assert_string_equal(said->inventory_shipped->warehouse, "WH-EU-1");
    assert_int_equal(said->inventory_shipped->allocations[0]->quantity, 2);
    assert_false(said->inventory_shipped->complete);
    inventory_bench_audit(&bench);

    /* All that is left there: two lines of one SKU move its row once. */
    assert_ok(inventory_bench_ship(
        &bench, (struct inventory_bench_parcel){ 1, "b", "WH-EU-1", 0, 0 }, &reply));
    assert_int_equal(reply.shipment->n_lines, 3);
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|0|0\nPEN|WH-US-1|9|2\nINK|WH-EU-1|1|0\n");
    ListShipmentsResponse shown = list(&bench, 1);
    assert_int_equal(shown.n_items, 2);
    assert_int_equal(shown.n_left, 1);
    assert_string_equal(shown.left[0]->warehouse, "WH-US-1");
    assert_int_equal(shown.left[0]->quantity, 2);
    inventory_bench_restart(&bench);
    inventory_bench_audit(&bench);

    assert_ok(inventory_bench_ship(
        &bench, (struct inventory_bench_parcel){ 1, "c", "WH-US-1", 0, 0 }, &reply));
    assert_true(reply.shipment->complete);
    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_SHIPPED);
    assert_true(inventory_bench_said(&bench, 5)->inventory_shipped->complete);
    assert_int_equal(list(&bench, 1).n_left, 0);
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|0|0\nPEN|WH-US-1|7|0\nINK|WH-EU-1|1|0\n");
    inventory_bench_hear_again(&bench); /* what Payments said changes nothing now */
    assert_int_equal(inventory_bench_said_count(&bench), 5);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

static void a_key_ships_once(void **unused)
{
    (void)unused;
    static const struct inventory_bench_parcel parcel = { 1, "a", "WH-EU-1", 1, 1 };
    struct inventory_bench bench;
    ShipOrderResponse reply;
    open_paid(&bench);
    assert_ok(inventory_bench_ship(&bench, parcel, &reply));
    assert_ok(inventory_bench_ship(
        &bench, (struct inventory_bench_parcel){ 1, "b", "WH-EU-1", 0, 0 }, &reply));
    const char *before = inventory_bench_dump(&bench);
    inventory_bench_restart(&bench);
    assert_ok(inventory_bench_ship(&bench, parcel, &reply));
    assert_true(reply.replayed);
    assert_int_equal(reply.shipment->shipment_no, 1); /* as it was then */
    assert_int_equal(reply.shipment->lines[0]->quantity, 1);
    struct inventory_bench_parcel other = parcel;
    other.quantity = 2;
    assert_int_equal(inventory_bench_ship(&bench, other, &reply).code, PGL_INVALID);
    assert_string_equal(inventory_bench_dump(&bench), before);
    inventory_bench_close(&bench);
}

static void what_must_not_leave_stays(void **unused)
{
    (void)unused;
    /* clang-format off */
    static const struct {
        struct inventory_bench_parcel parcel;
        enum pgl_code code;
    } cases[] = {
        { { 1, "k", "WH-EU-1",   1, 4 }, PGL_CONFLICT },  /* 3 are set aside there */
        { { 1, "k", "WH-US-1",   1, 3 }, PGL_CONFLICT },  /* more is there, and not for this order */
        { { 1, "k", "WH-US-1",   2, 1 }, PGL_CONFLICT },  /* another line's warehouse */
        { { 1, "k", "WH-EU-1",   9, 1 }, PGL_CONFLICT },
        { { 1, "k", "WH-APAC-1", 0, 0 }, PGL_CONFLICT },  /* nothing of it is there */
        { { 1, "k", "WH-EU-1",   1, 0 }, PGL_INVALID },
        { { 1, "k", "WH-EU-1",   1, -1 }, PGL_INVALID },
        { { 1, "k", "WH-MOON",   1, 1 }, PGL_INVALID },
        { { 1, "",  "WH-EU-1",   1, 1 }, PGL_MALFORMED },
        { { 2, "k", "WH-EU-1",   0, 0 }, PGL_CONFLICT },  /* held: not paid yet */
        { { 3, "k", "WH-EU-1",   0, 0 }, PGL_CONFLICT },  /* rejected */
        { { 4, "k", "WH-EU-1",   0, 0 }, PGL_CONFLICT },  /* released */
        { { 9, "k", "WH-EU-1",   0, 0 }, PGL_NOT_FOUND },
    };
    /* clang-format on */
    static const struct inventory_bench_line one = { "INK", 1 }, many = { "INK", 99 };
    struct inventory_bench bench;
    ShipOrderResponse reply;
    open_paid(&bench);
    inventory_bench_authorized(&bench, 2, "EU", &one, 1);
    inventory_bench_authorized(&bench, 3, "EU", &many, 1);
    inventory_bench_verdict(&bench, 4, EVENT_TYPE_PAYMENT_VOIDED);
    const char *before = inventory_bench_dump(&bench);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(inventory_bench_ship(&bench, cases[i].parcel, &reply).code, cases[i].code);
        assert_string_equal(inventory_bench_dump(&bench), before);
    }
    inventory_bench_close(&bench);
}

/* Who asks, and what else a request may lack. */
static void only_a_warehouse_of_the_tenant_ships(void **unused)
{
    (void)unused;
    static const struct {
        const char *tenant;
        Role role;
        enum pgl_code code;
    } cases[] = {
        { "default", ROLE_CUSTOMER, PGL_DENIED },
        { "another", ROLE_WAREHOUSE, PGL_NOT_FOUND },
        { "another", ROLE_OPERATOR, PGL_NOT_FOUND },
        { "default", ROLE_OPERATOR, PGL_CODE_OK },
    };
    struct inventory_bench bench;
    open_paid(&bench);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct pgl_method *method = &pgl_inventory_methods[INVENTORY_SERVICE_SHIP_ORDER];
        Caller caller = CALLER_INIT;
        NewShipment shipment = NEW_SHIPMENT_INIT;
        ShipOrderRequest ask = SHIP_ORDER_REQUEST_INIT;
        ShipOrderResponse reply = SHIP_ORDER_RESPONSE_INIT;
        char id[PGL_ID_TEXT_BYTES + 1] = "";
        pgl_id_format(inventory_bench_order(1), id);
        caller.tenant = (char *)cases[i].tenant;
        caller.subject = (char *)"olga";
        caller.role = cases[i].role;
        shipment.warehouse = (char *)"WH-EU-1";
        ask.caller = &caller;
        ask.idempotency_key = (char *)"k";
        ask.order_id = id;
        if (cases[i].code == PGL_CODE_OK) {
            assert_int_equal(pgl_store_bench_command(&bench.store, method, &ask, &reply).code,
                             PGL_INVALID); /* without a content */
            ask.shipment = &shipment;
            ask.order_id = (char *)"one";
            assert_int_equal(pgl_store_bench_command(&bench.store, method, &ask, &reply).code,
                             PGL_NOT_FOUND);
            ask.order_id = id;
        }
        ask.shipment = &shipment;
        assert_int_equal(pgl_store_bench_command(&bench.store, method, &ask, &reply).code,
                         cases[i].code);
    }
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

static void of_what_is_short_only_what_is_there_leaves(void **unused)
{
    (void)unused;
    static const struct inventory_bench_parcel all = { 1, "all", "WH-EU-1", 0, 0 };
    struct inventory_bench bench;
    ShipOrderResponse reply;
    open_paid(&bench);
    inventory_bench_stock(&bench, "INK", "WH-EU-1", 4); /* 5 are promised, in lines of 4 and 1 */
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 0);
    assert_int_equal(inventory_bench_ship(
                         &bench, (struct inventory_bench_parcel){ 1, "k", "WH-EU-1", 1, 1 }, &reply)
                         .code,
                     PGL_CONFLICT); /* a backorder */
    assert_ok(inventory_bench_ship(&bench, all, &reply));
    assert_int_equal(reply.shipment->n_lines, 1);
    assert_int_equal(reply.shipment->lines[0]->line_no, 2);
    assert_int_equal(reply.shipment->lines[0]->quantity, 4);
    assert_string_equal(inventory_bench_levels(&bench),
                        "PEN|WH-EU-1|0|3\nPEN|WH-US-1|9|2\nINK|WH-EU-1|0|1\n");
    struct inventory_bench_parcel again = all;
    again.key = "again";
    assert_int_equal(inventory_bench_ship(&bench, again, &reply).code, PGL_CONFLICT);
    inventory_bench_stock(&bench, "INK", "WH-EU-1", 1);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 3);
    assert_ok(inventory_bench_ship(&bench, again, &reply));
    assert_false(reply.shipment->complete);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

static void there_are_only_so_many_parcels(void **unused)
{
    (void)unused;
    static const struct inventory_bench_line lines[] = { { "PEN", PGL_SHIPMENTS_MAX + 1 } };
    struct inventory_bench bench;
    ShipOrderResponse reply;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 1000);
    inventory_bench_paid(&bench, 1, lines, 1);
    for (int i = 0; i <= PGL_SHIPMENTS_MAX; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(
            inventory_bench_ship(&bench, (struct inventory_bench_parcel){ 1, key, "WH-EU-1", 1, 1 },
                                 &reply)
                .code,
            i < PGL_SHIPMENTS_MAX ? PGL_CODE_OK : PGL_CONFLICT);
    }
    assert_int_equal(list(&bench, 1).n_items, PGL_SHIPMENTS_MAX);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parcels_leave_until_nothing_is_left),
        cmocka_unit_test(a_key_ships_once),
        cmocka_unit_test(what_must_not_leave_stays),
        cmocka_unit_test(only_a_warehouse_of_the_tenant_ships),
        cmocka_unit_test(of_what_is_short_only_what_is_there_leaves),
        cmocka_unit_test(there_are_only_so_many_parcels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
