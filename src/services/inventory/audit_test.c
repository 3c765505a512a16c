/*
 * audit_test.c - sound books pass, and each kind of wrong is found.
 * Method: a few orders in different states; then one row is changed behind the service's back,
 *         which has to show as one fault of the right kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "services/inventory/audit.h"
#include "services/inventory/inventory_bench.h"

#define assert_ok(expression) assert_true(pgl_is_ok(expression))
#define COUNT(array)          (sizeof(array) / sizeof(array)[0])

static const struct inventory_bench_line lines[] = { { "PEN", 2 }, { "PEN", 1 }, { "INK", 4 } };

/* Orders 1 to 5: held, committed, released, rejected, and a tombstone. */
static void open_books(struct inventory_bench *bench)
{
    inventory_bench_open(bench);
    inventory_bench_stock(bench, "PEN", "WH-EU-1", 8);
    inventory_bench_stock(bench, "PEN", "WH-US-1", 1);
    inventory_bench_stock(bench, "INK", "WH-EU-1", 12);
    for (uint32_t order = 1; order <= 4; order++)
        inventory_bench_authorized(bench, order, "EU", lines, COUNT(lines));
    inventory_bench_verdict(bench, 2, EVENT_TYPE_PAYMENT_CAPTURED);
    inventory_bench_verdict(bench, 3, EVENT_TYPE_PAYMENT_VOIDED);
    inventory_bench_verdict(bench, 5, EVENT_TYPE_PAYMENT_VOIDED);
}

static struct pgl_inventory_audit check(struct inventory_bench *bench)
{
    struct pgl_view view = { &bench->store.writer.db, &bench->store.arena, NULL };
    struct pgl_inventory_audit audit;
    assert_ok(pgl_inventory_check(&view, &audit));
    return audit;
}

static void sound_books_are_summed_up(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    open_books(&bench);
    struct pgl_inventory_audit audit = check(&bench);
    assert_int_equal(pgl_inventory_faults(&audit), 0);
    assert_int_equal(audit.reservations[RESERVATION_HELD], 1);
    assert_int_equal(audit.reservations[RESERVATION_COMMITTED], 1);
    assert_int_equal(audit.reservations[RESERVATION_RELEASED], 2);
    assert_int_equal(audit.reservations[RESERVATION_REJECTED], 1);
    assert_int_equal(audit.stock_rows, 3);
    assert_int_equal(audit.reserved, 14);
    assert_int_equal(audit.held, 7);
    assert_int_equal(audit.committed, 7);
    assert_int_equal(audit.shortfalls, 0);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 1); /* a fact, not a fault */
    audit = check(&bench);
    assert_int_equal(pgl_inventory_faults(&audit), 0);
    assert_int_equal(audit.shortfalls, 1);
    inventory_bench_close(&bench);
}

static void each_wrong_is_found(void **unused)
{
    (void)unused;
    static const char of_held[] = "WHERE order_id = (SELECT min(order_id) FROM reservation)";
    /* clang-format off */
    static const struct {
        const char *sql;
        bool is_of_held;
        int64_t on_hand, reserved, reservations, orphans;
    } wrongs[] = {
        { "UPDATE stock SET on_hand = on_hand + 1 WHERE sku_id = 2", false, 1, 0, 0, 0 },
        { "UPDATE stock SET reserved = reserved - 1 WHERE sku_id = 2", false, 0, 1, 0, 0 },
        { "DELETE FROM stock WHERE reserved = 0", /* counted, held, released */
          false, 0, 0, 0, 3 },
        { "UPDATE stock_ledger SET delta_on_hand = 11 WHERE delta_on_hand = 12",
          false, 1, 0, 0, 0 },
        { "UPDATE stock_ledger SET delta_reserved = 5 WHERE delta_reserved = 4 "
          "AND cause_key = (SELECT min(cause_key) FROM stock_ledger)",
          false, 0, 1, 1, 0 },
        { "DELETE FROM stock_ledger WHERE delta_reserved = 4 "
          "AND cause_key = (SELECT min(cause_key) FROM stock_ledger)",
          false, 0, 1, 1, 0 },
        { "DELETE FROM stock_ledger WHERE delta_reserved = -4", false, 0, 1, 1, 0 },
        { "UPDATE reservation SET state = 5, emitted = 5 ", true, 0, 0, 1, 0 },
        { "UPDATE reservation SET allocations = x'' ", true, 0, 0, 1, 0 },
        { "UPDATE reservation SET allocations = x'FF' ", /* unreadable */
          true, 0, 0, 1, 0 },
        { "DELETE FROM reservation ", true, 0, 0, 0, 2 },
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(wrongs); i++) {
        struct inventory_bench bench;
        char sql[256];
        open_books(&bench);
        snprintf(sql, sizeof sql, "%s%s", wrongs[i].sql, wrongs[i].is_of_held ? of_held : "");
        assert_ok(pgl_database_run(&bench.store.writer.db, sql));
        struct pgl_inventory_audit audit = check(&bench);
        assert_int_equal(audit.wrong_on_hand, wrongs[i].on_hand);
        assert_int_equal(audit.wrong_reserved, wrongs[i].reserved);
        assert_int_equal(audit.wrong_reservations, wrongs[i].reservations);
        assert_int_equal(audit.orphans, wrongs[i].orphans);
        inventory_bench_close(&bench);
    }
}

/* Order 1 has left in part and was refunded in part, order 2 has left whole; a till has sold. */
static void open_moved_books(struct inventory_bench *bench)
{
    static const struct inventory_bench_line pens[] = { { "PEN", 5 } };
    static const struct inventory_bench_refund refund[] = { { 1, 1, true, "" } };
    ShipOrderResponse reply;
    inventory_bench_open(bench);
    inventory_bench_stock(bench, "PEN", "WH-EU-1", 20);
    inventory_bench_paid(bench, 1, pens, 1);
    inventory_bench_paid(bench, 2, pens, 1);
    assert_ok(inventory_bench_ship(
        bench, (struct inventory_bench_parcel){ 1, "a", "WH-EU-1", 1, 2 }, &reply));
    assert_ok(inventory_bench_ship(
        bench, (struct inventory_bench_parcel){ 2, "b", "WH-EU-1", 0, 0 }, &reply));
    inventory_bench_refunded(bench, 1, 1, refund, 1);
    inventory_bench_refunded(bench, 2, 1, refund, 1);
}

static void what_left_and_came_back_is_compared(void **unused)
{
    (void)unused;
    /* clang-format off */
    static const struct {
        const char *sql;
        int64_t on_hand, reserved, reservations, orphans;
    } wrongs[] = {
        { "SELECT 1", 0, 0, 0, 0 },
        { "DELETE FROM shipment", 0, 0, 2, 0 },
        { "DELETE FROM refund", 0, 0, 2, 0 },
        { "UPDATE shipment SET shipped = x'FF'", 0, 0, 2, 0 },
        { "UPDATE refund SET returned = x''", 0, 0, 2, 0 },
        { "UPDATE reservation SET state = 4 WHERE state = 3", 0, 0, 1, 0 },
        { "UPDATE stock_ledger SET delta_on_hand = -1 WHERE delta_on_hand = -2", 1, 0, 1, 0 },
        { "DELETE FROM stock_ledger WHERE substr(cause_key, 17, 1) = x'42'", /* what came back */
          1, 0, 1, 0 },
        { "UPDATE stock_ledger SET cause_key = zeroblob(17) WHERE delta_on_hand = 20", /* no cause */
          0, 0, 0, 1 },
        { "INSERT INTO refund VALUES (x'00112233445566778899AABBCCDDEEFF', 1, x'', x'')",
          0, 0, 0, 1 },
        { "UPDATE stock SET on_hand = -1; "
          "UPDATE stock_ledger SET delta_on_hand = delta_on_hand - 15 WHERE delta_on_hand = 20",
          1, 0, 0, 0 }, /* in step, and nobody sold it */
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(wrongs); i++) {
        struct inventory_bench bench;
        open_moved_books(&bench);
        assert_ok(pgl_database_run(&bench.store.writer.db, wrongs[i].sql));
        struct pgl_inventory_audit audit = check(&bench);
        assert_int_equal(audit.wrong_on_hand, wrongs[i].on_hand);
        assert_int_equal(audit.wrong_reserved, wrongs[i].reserved);
        assert_int_equal(audit.wrong_reservations, wrongs[i].reservations);
        assert_int_equal(audit.orphans, wrongs[i].orphans);
        inventory_bench_close(&bench);
    }
}

static void a_cursor_counts_what_is_said_again(void **unused)
{
    (void)unused;
    static const struct inventory_bench_line many[] = { { "PEN", 30 } };
    static const int64_t counts[][2] = { { 1, 1 }, { 1, 1 }, { 0, 0 } };
    struct inventory_bench bench;
    struct pgl_reservation_cursor cursor;
    struct pgl_reservation reservation;
    open_moved_books(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 18);
    inventory_bench_partial(&bench, 3, "EU", many, 1); /* 16 of 30 */
    struct pgl_view view = { &bench.store.writer.db, &bench.store.arena, NULL };
    pgl_reservations_begin(&view, &cursor);
    for (size_t i = 0; i < COUNT(counts); i++) {
        assert_ok(pgl_reservations_next(&cursor, &reservation));
        assert_int_equal(reservation.shipments, counts[i][0]);
        assert_int_equal(reservation.refunds, counts[i][1]);
        assert_int_equal(reservation.is_partial, i == 2);
    }
    pgl_reservations_end(&cursor);
    inventory_bench_close(&bench);
}

static void a_cursor_gives_all_in_order(void **unused)
{
    (void)unused;
    static const enum reservation_state states[] = { RESERVATION_HELD, RESERVATION_COMMITTED,
                                                     RESERVATION_RELEASED, RESERVATION_REJECTED,
                                                     RESERVATION_RELEASED };
    struct inventory_bench bench;
    struct pgl_reservation_cursor cursor;
    struct pgl_reservation reservation;
    open_books(&bench);
    struct pgl_view view = { &bench.store.writer.db, &bench.store.arena, NULL };
    pgl_reservations_begin(&view, &cursor);
    for (uint32_t i = 0; i < COUNT(states); i++) {
        assert_ok(pgl_reservations_next(&cursor, &reservation));
        assert_true(reservation.is_there);
        assert_true(pgl_id_equal(reservation.order_id, inventory_bench_order(i + 1)));
        assert_int_equal(reservation.state, states[i]);
    }
    assert_ok(pgl_reservations_next(&cursor, &reservation));
    assert_false(reservation.is_there);
    pgl_reservations_begin(&view, &cursor);
    assert_ok(pgl_reservations_next(&cursor, &reservation));
    pgl_reservations_end(&cursor);
    inventory_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_books_are_summed_up),
        cmocka_unit_test(each_wrong_is_found),
        cmocka_unit_test(what_left_and_came_back_is_compared),
        cmocka_unit_test(a_cursor_counts_what_is_said_again),
        cmocka_unit_test(a_cursor_gives_all_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
