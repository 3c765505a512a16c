/*
 * handle_test.c - what becomes of stock and reservations when Payments speaks.
 * Method: a log of Payments written by the test, and the real consumer, writer and file behind it.
 *         Every cell of the machine is tried through the tables; then whole logs twice, copies, and
 *         crowds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/inventory/handle.h"
#include "services/inventory/inventory_bench.h"
#include "services/inventory/inventory_sql.h"

#define assert_ok(expression) assert_true(pgl_is_ok(expression))
#define COUNT(array)          (sizeof(array) / sizeof(array)[0])

static int64_t number(struct inventory_bench *bench, const char *sql)
{
    return pgl_store_bench_number(&bench->store, sql);
}

static void assert_rows(struct inventory_bench *bench, const char *sql, const char *expected)
{
    assert_string_equal(pgl_store_bench_rows(&bench->store, sql), expected);
}

static uint64_t counted(struct inventory_bench *bench, enum reservation_state state)
{
    return pgl_counter_read(&bench->inventory.core.tally.gauges[state]);
}

static void assert_sound(struct inventory_bench *bench)
{
    struct pgl_inventory_audit audit = inventory_bench_audit(bench);
    for (int state = 0; state < RESERVATION_STATE_COUNT; state++)
        assert_int_equal(counted(bench, (enum reservation_state)state), audit.reservations[state]);
}

/* ---- the ways of one order ---- */

static void a_paid_order_holds_and_keeps_its_stock(void **unused)
{
    (void)unused;
    static const struct inventory_bench_line lines[] = { { "PEN", 2 }, { "INK", 5 } };
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 10);
    inventory_bench_stock(&bench, "INK", "WH-EU-1", 1);
    inventory_bench_stock(&bench, "INK", "WH-US-1", 7);
    inventory_bench_authorized(&bench, 1, "EU", lines, COUNT(lines));

    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_HELD);
    static const char after[] = "PEN|WH-EU-1|10|2\nINK|WH-EU-1|1|1\nINK|WH-US-1|7|4\n";
    assert_string_equal(inventory_bench_levels(&bench), after);
    Event *reserved = inventory_bench_said(&bench, 1);
    assert_int_equal(reserved->type, EVENT_TYPE_INVENTORY_RESERVED);
    assert_int_equal(reserved->cause_log, LOG_PAYMENTS);
    assert_int_equal(reserved->cause_seq, 1);
    assert_int_equal(reserved->previous_seq, 0);
    assert_string_equal(reserved->tenant, "default");
    assert_true(reserved->inventory_reserved->complete);
    assert_int_equal(reserved->inventory_reserved->n_allocations, 3);
    const Allocation *last = reserved->inventory_reserved->allocations[2];
    assert_int_equal(last->line_no, 2);
    assert_string_equal(last->sku, "INK");
    assert_string_equal(last->warehouse, "WH-US-1");
    assert_int_equal(last->quantity, 4);

    inventory_bench_verdict(&bench, 1, EVENT_TYPE_PAYMENT_CAPTURED);
    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_COMMITTED);
    assert_string_equal(inventory_bench_levels(&bench), after); /* it is kept until it is shipped */
    Event *committed = inventory_bench_said(&bench, 2);
    assert_int_equal(committed->type, EVENT_TYPE_INVENTORY_COMMITTED);
    assert_int_equal(committed->previous_seq, 1);
    assert_int_equal(committed->inventory_committed->n_allocations, 3);
    assert_int_equal(inventory_bench_said_count(&bench), 2);
    assert_int_equal(counted(&bench, RESERVATION_HELD), 0);
    assert_int_equal(counted(&bench, RESERVATION_COMMITTED), 1);

    pgl_id order = inventory_bench_order(1);
    ReadKeyRequest ask = READ_KEY_REQUEST_INIT;
    ReadKeyResponse story = READ_KEY_RESPONSE_INIT;
    ask.key = (ProtobufCBinaryData){ sizeof order.bytes, order.bytes };
    const struct pgl_method *read_key = &pgl_inventory_log_methods[EVENT_LOG_SERVICE_READ_KEY];
    assert_ok(pgl_store_bench_query(&bench.store, read_key, &ask, &story));
    assert_int_equal(story.n_events, 2);
    assert_int_equal(story.events[1]->event->type, EVENT_TYPE_INVENTORY_COMMITTED);
    order.bytes[0] ^= 1;
    assert_int_equal(pgl_store_bench_query(&bench.store, read_key, &ask, &story).code,
                     PGL_NOT_FOUND);
    assert_sound(&bench);
    inventory_bench_close(&bench);
}

static void each_negative_verdict_gives_the_stock_back(void **unused)
{
    (void)unused;
    static const EventType verdicts[] = { EVENT_TYPE_PAYMENT_VOIDED, EVENT_TYPE_PAYMENT_DECLINED,
                                          EVENT_TYPE_PAYMENT_CAPTURE_FAILED };
    /* Lines of one SKU, so that several allocations move one row. */
    static const struct inventory_bench_line lines[] = { { "PEN", 2 }, { "PEN", 4 } };
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 5);
    inventory_bench_stock(&bench, "PEN", "WH-APAC-1", 5);
    for (uint32_t i = 0; i < COUNT(verdicts); i++) {
        inventory_bench_authorized(&bench, i, "EU", lines, COUNT(lines));
        assert_int_equal(number(&bench, "SELECT sum(reserved) FROM stock"), 6);
        assert_int_equal(number(&bench, "SELECT reserved FROM stock WHERE warehouse_id = 1"), 5);
        inventory_bench_verdict(&bench, i, verdicts[i]);
        assert_int_equal(inventory_bench_state(&bench, i), RESERVATION_RELEASED);
        assert_int_equal(number(&bench, "SELECT sum(reserved) FROM stock"), 0);
        Event *released = inventory_bench_said(&bench, inventory_bench_said_count(&bench));
        assert_int_equal(released->type, EVENT_TYPE_INVENTORY_RELEASED);
        assert_int_equal(released->inventory_released->because, verdicts[i]);
        assert_int_equal(released->inventory_released->n_allocations, 3);
    }
    assert_sound(&bench);
    inventory_bench_close(&bench);
}

static void a_part_is_served_where_it_is_enough(void **unused)
{
    (void)unused;
    static const struct inventory_bench_line lines[] = { { "PEN", 3 }, { "INK", 4 }, { "PEN", 3 } };
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 4);
    inventory_bench_partial(&bench, 1, "EU", lines, COUNT(lines)); /* 4 of 10 are there */
    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_REJECTED);
    assert_int_equal(inventory_bench_said(&bench, 1)->inventory_reservation_failed->n_shortages, 2);

    inventory_bench_stock(&bench, "INK", "WH-US-1", 1);
    inventory_bench_authorized(&bench, 2, "EU", lines, COUNT(lines)); /* all or nothing */
    assert_int_equal(inventory_bench_state(&bench, 2), RESERVATION_REJECTED);
    inventory_bench_partial(&bench, 3, "EU", lines, COUNT(lines));
    assert_int_equal(inventory_bench_state(&bench, 3), RESERVATION_HELD);
    assert_string_equal(inventory_bench_levels(&bench), "PEN|WH-EU-1|4|4\nINK|WH-US-1|1|1\n");
    const InventoryReserved *reserved = inventory_bench_said(&bench, 3)->inventory_reserved;
    assert_false(reserved->complete);
    assert_int_equal(reserved->n_allocations, 3);
    assert_int_equal(reserved->allocations[2]->line_no, 3);
    assert_int_equal(reserved->allocations[2]->quantity, 1);
    inventory_bench_verdict(&bench, 3, EVENT_TYPE_PAYMENT_CAPTURED);
    assert_true(inventory_bench_said(&bench, 4)->inventory_committed->partial);
    assert_sound(&bench);
    inventory_bench_close(&bench);
}

static void an_order_that_is_short_takes_nothing(void **unused)
{
    (void)unused;
    static const struct inventory_bench_line lines[] = {
        { "PEN", 3 },
        { "INK", 1 },
        { "PEN", 3 },
        { "NEVER-HEARD-OF", 2 },
    };
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 4);
    inventory_bench_stock(&bench, "INK", "WH-EU-1", 4);
    const char *before = pgl_store_bench_rows(&bench.store, "SELECT * FROM stock");
    inventory_bench_authorized(&bench, 1, "EU", lines, COUNT(lines));

    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_REJECTED);
    assert_rows(&bench, "SELECT * FROM stock", before);
    Event *failed = inventory_bench_said(&bench, 1);
    assert_int_equal(failed->type, EVENT_TYPE_INVENTORY_RESERVATION_FAILED);
    const InventoryReservationFailed *why = failed->inventory_reservation_failed;
    assert_string_equal(why->reason, "out of stock");
    assert_int_equal(why->n_shortages, 2);
    assert_int_equal(why->shortages[0]->line_no, 3);
    assert_int_equal(why->shortages[0]->wanted, 3);
    assert_int_equal(why->shortages[0]->available, 1); /* the first line has the others */
    assert_string_equal(why->shortages[1]->sku, "NEVER-HEARD-OF");
    assert_int_equal(why->shortages[1]->available, 0);

    inventory_bench_verdict(&bench, 1, EVENT_TYPE_PAYMENT_VOIDED);
    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_REJECTED);
    assert_int_equal(inventory_bench_said_count(&bench), 1);
    assert_int_equal(number(&bench, "SELECT count(*) FROM sku"), 2); /* nobody made one up */
    assert_sound(&bench);
    inventory_bench_close(&bench);
}

static void a_sku_that_is_promised_twice_is_promised_to_nobody_else(void **unused)
{
    (void)unused;
    static const struct inventory_bench_line line = { "PEN", 3 };
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 5);
    inventory_bench_stock(&bench, "PEN", "WH-US-1", 50);
    inventory_bench_authorized(&bench, 1, "EU", &line, 1);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 1); /* somebody has counted */
    assert_int_equal(number(&bench, "SELECT shortfall FROM stock WHERE warehouse_id = 1"), 2);
    inventory_bench_authorized(&bench, 2, "EU", &line, 1);
    assert_int_equal(inventory_bench_state(&bench, 2), RESERVATION_REJECTED);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 3);
    inventory_bench_authorized(&bench, 3, "EU", &line, 1);
    assert_int_equal(inventory_bench_state(&bench, 3), RESERVATION_HELD);
    assert_string_equal(inventory_bench_levels(&bench), "PEN|WH-EU-1|3|3\nPEN|WH-US-1|50|3\n");
    assert_sound(&bench);
    inventory_bench_close(&bench);
}

/* ---- every cell ---- */

static const struct inventory_bench_line one_pen = { "PEN", 1 }, many_pens = { "PEN", 1000000 };

/* Brings a fresh order to a state by what it would hear. */
static void bring_to(struct inventory_bench *bench, uint32_t order, enum reservation_state state)
{
    if (state == RESERVATION_NONE)
        return;
    const struct inventory_bench_line *line = state == RESERVATION_REJECTED ? &many_pens : &one_pen;
    inventory_bench_authorized(bench, order, "EU", line, 1);
    if (state == RESERVATION_COMMITTED)
        inventory_bench_verdict(bench, order, EVENT_TYPE_PAYMENT_CAPTURED);
    if (state == RESERVATION_RELEASED)
        inventory_bench_verdict(bench, order, EVENT_TYPE_PAYMENT_VOIDED);
}

static void every_cell_does_what_its_table_says(void **unused)
{
    (void)unused;
    enum { PARKED = RESERVATION_STATE_COUNT };
    static const EventType inputs[] = { EVENT_TYPE_PAYMENT_AUTHORIZED,
                                        EVENT_TYPE_PAYMENT_CAPTURED,
                                        EVENT_TYPE_PAYMENT_VOIDED,
                                        EVENT_TYPE_PAYMENT_DECLINED,
                                        EVENT_TYPE_PAYMENT_CAPTURE_FAILED,
                                        EVENT_TYPE_PAYMENT_HOLD_RELEASED,
                                        99 };
    enum { H = RESERVATION_HELD, J = RESERVATION_REJECTED, C = RESERVATION_COMMITTED };
    enum { N = RESERVATION_NONE, R = RESERVATION_RELEASED, P = PARKED };
    /* clang-format off */
    static const struct {
        int from;
        int to[COUNT(inputs)];
        int says[COUNT(inputs)];
    } rows[] = {
        /*     auth cap void decl fail hold ?   auth cap void decl fail hold ? */
        { N, { H,  P,  R,   R,   R,   0,   0 }, { 1,  0,  0,   0,   0,   0,   0 } },
        { H, { H,  C,  R,   R,   R,   H,   H }, { 0,  1,  1,   1,   1,   0,   0 } },
        { J, { J,  P,  J,   J,   J,   J,   J }, { 0,  0,  0,   0,   0,   0,   0 } },
        { C, { C,  C,  P,   P,   P,   C,   C }, { 0,  0,  0,   0,   0,   0,   0 } },
        { R, { R,  P,  R,   R,   R,   R,   R }, { 0,  0,  0,   0,   0,   0,   0 } },
    };
    /* clang-format on */
    struct inventory_bench bench;
    uint32_t order = 0;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 1000);
    for (size_t row = 0; row < COUNT(rows); row++) {
        for (size_t input = 0; input < COUNT(inputs); input++) {
            bring_to(&bench, ++order, (enum reservation_state)rows[row].from);
            assert_int_equal(inventory_bench_state(&bench, order), rows[row].from);
            int64_t said = inventory_bench_said_count(&bench);
            int64_t parked = number(&bench, "SELECT count(*) FROM parked");
            if (inputs[input] == EVENT_TYPE_PAYMENT_AUTHORIZED)
                inventory_bench_authorized(&bench, order, "EU", &one_pen, 1);
            else
                inventory_bench_verdict(&bench, order, inputs[input]);
            bool is_parked = rows[row].to[input] == PARKED;
            assert_int_equal(inventory_bench_state(&bench, order),
                             is_parked ? rows[row].from : rows[row].to[input]);
            assert_int_equal(number(&bench, "SELECT count(*) FROM parked") - parked, is_parked);
            assert_int_equal(inventory_bench_said_count(&bench) - said, rows[row].says[input]);
        }
    }
    assert_sound(&bench);
    inventory_bench_close(&bench);
}

static void a_parked_key_waits_and_the_others_flow(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 10);
    inventory_bench_verdict(&bench, 1, EVENT_TYPE_PAYMENT_CAPTURED);
    inventory_bench_authorized(&bench, 1, "EU", &one_pen, 1);
    inventory_bench_authorized(&bench, 2, "EU", &one_pen, 1);
    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_NONE);
    assert_int_equal(inventory_bench_state(&bench, 2), RESERVATION_HELD);
    inventory_bench_restart(&bench);
    inventory_bench_verdict(&bench, 1, EVENT_TYPE_PAYMENT_VOIDED);
    assert_rows(&bench, "SELECT seq FROM parked", "1\n2\n4\n");
    inventory_bench_close(&bench);
}

static void what_is_no_order_is_parked(void **unused)
{
    (void)unused;
    static const struct inventory_bench_line bad_lines[] = { { "PEN", 0 },
                                                             { "PEN", -1 },
                                                             { "PEN", 1000000001 } };
    struct inventory_bench_line too_many[101];
    struct inventory_bench bench;
    uint32_t order = 0;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 1000);
    for (size_t i = 0; i < COUNT(bad_lines); i++)
        inventory_bench_authorized(&bench, ++order, "EU", &bad_lines[i], 1);
    for (size_t i = 0; i < COUNT(too_many); i++)
        too_many[i] = one_pen;
    inventory_bench_authorized(&bench, ++order, "EU", too_many, COUNT(too_many));
    inventory_bench_authorized(&bench, ++order, "EU", too_many, 0);
    inventory_bench_verdict(&bench, ++order, EVENT_TYPE_PAYMENT_AUTHORIZED); /* nothing in it */
    Event keyless = EVENT_INIT;
    keyless.type = EVENT_TYPE_PAYMENT_VOIDED;
    inventory_bench_append(&bench, &keyless);
    inventory_bench_turn(&bench);
    assert_int_equal(number(&bench, "SELECT count(*) FROM parked"), order + 1);
    assert_int_equal(number(&bench, "SELECT count(*) FROM reservation"), 0);
    inventory_bench_authorized(&bench, ++order, "EU", too_many, COUNT(too_many) - 1);
    assert_int_equal(inventory_bench_state(&bench, order), RESERVATION_HELD);
    assert_sound(&bench);
    inventory_bench_close(&bench);
}

static void the_largest_order_fits(void **unused)
{
    (void)unused;
    static const char *const warehouses[] = { "WH-EU-1", "WH-US-1", "WH-APAC-1" };
    struct inventory_bench_line lines[100];
    char skus[100][65];
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    for (size_t i = 0; i < COUNT(lines); i++) {
        memset(skus[i], 'S', 64);
        skus[i][0] = (char)('0' + i / 10);
        skus[i][1] = (char)('0' + i % 10);
        skus[i][64] = '\0';
        lines[i] = (struct inventory_bench_line){ skus[i], 1000000000 };
        for (size_t w = 0; w < COUNT(warehouses); w++)
            inventory_bench_stock(&bench, skus[i], warehouses[w], 333333334);
    }
    inventory_bench_authorized(&bench, 1, "US", lines, COUNT(lines));
    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_HELD);
    assert_int_equal(inventory_bench_said(&bench, 1)->inventory_reserved->n_allocations, 300);
    inventory_bench_verdict(&bench, 1, EVENT_TYPE_PAYMENT_VOIDED);
    assert_int_equal(number(&bench, "SELECT sum(reserved) FROM stock"), 0);
    assert_sound(&bench);
    inventory_bench_close(&bench);
}

static void the_tables_refuse_what_the_machine_would_not_do(void **unused)
{
    (void)unused;
    static const char *const refused[] = {
        "UPDATE reservation SET state = 1 WHERE state = 5",
        "UPDATE reservation SET state = 1 WHERE state = 3",
        "UPDATE reservation SET state = 3 WHERE state = 2",
        "UPDATE reservation SET emitted = 0 WHERE state = 3",
        "UPDATE reservation SET emitted = emitted + 8 WHERE state = 3",
        "UPDATE reservation SET state = 3, emitted = emitted + 4 WHERE state = 5",
        "UPDATE stock SET reserved = -1",
        "UPDATE stock SET on_hand = -9007199254740992",
        "INSERT INTO stock_ledger SELECT * FROM stock_ledger",
    };
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 10);
    bring_to(&bench, 1, RESERVATION_COMMITTED);
    bring_to(&bench, 2, RESERVATION_RELEASED);
    bring_to(&bench, 3, RESERVATION_REJECTED);
    for (size_t i = 0; i < COUNT(refused); i++)
        assert_int_equal(pgl_database_run(&bench.store.writer.db, refused[i]).code, PGL_CONFLICT);
    assert_ok(pgl_database_run(&bench.store.writer.db,
                               "UPDATE reservation SET state = 4 WHERE state = 3")); /* shipped */
    inventory_bench_close(&bench);
}

static pgl_status move_too_much(struct pgl_tx *tx, void *argument)
{
    static const struct stock_move all = { 1, 1, 10 }, more = { 1, 1, 1 };
    pgl_id one = inventory_bench_order(1), other = inventory_bench_order(2);
    (void)argument;
    assert_ok(stock_hold(tx, &one, &all));
    assert_int_equal(stock_hold(tx, &other, &more).code, PGL_INTERNAL); /* sold out */
    assert_ok(stock_release(tx, &one, &more));
    assert_int_equal(stock_hold(tx, &one, &more).code, PGL_CONFLICT);     /* held before */
    assert_int_equal(stock_release(tx, &one, &more).code, PGL_CONFLICT);  /* released before */
    assert_int_equal(stock_release(tx, &other, &all).code, PGL_INTERNAL); /* never held */
    return PGL_FAIL(PGL_INTERNAL, "enough");
}

/* No plan is asked here: what a wrong plan would do is refused all the same. */
static void the_guards_hold_without_a_plan(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 10);
    const char *before = inventory_bench_dump(&bench);
    assert_int_equal(pgl_writer_run_now(&bench.store.writer, move_too_much, NULL).code,
                     PGL_INTERNAL);
    assert_string_equal(inventory_bench_dump(&bench), before);
    inventory_bench_close(&bench);
}

static pgl_status void_and_fail(struct pgl_tx *tx, void *argument)
{
    pgl_id id = inventory_bench_order(1);
    Event event = EVENT_INIT;
    (void)argument;
    event.type = EVENT_TYPE_PAYMENT_VOIDED;
    event.key = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    assert_ok(pgl_inventory_handle(tx, 1, &event));
    return PGL_FAIL(PGL_INTERNAL, "too late");
}

static void what_was_rolled_back_is_not_counted(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    pgl_status failed = pgl_writer_run_now(&bench.store.writer, void_and_fail, NULL);
    assert_int_equal(failed.code, PGL_INTERNAL);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 1); /* something is committed */
    assert_int_equal(counted(&bench, RESERVATION_RELEASED), 0);
    assert_int_equal(inventory_bench_state(&bench, 1), RESERVATION_NONE);
    inventory_bench_close(&bench);
}

/* ---- many orders ---- */

/* What may happen to an order, in an order that Payments could speak in. */
static const struct {
    int count;
    EventType says[3];
} lives[] = {
    { 2, { EVENT_TYPE_PAYMENT_AUTHORIZED, EVENT_TYPE_PAYMENT_CAPTURED } },
    { 2, { EVENT_TYPE_PAYMENT_AUTHORIZED, EVENT_TYPE_PAYMENT_VOIDED } },
    { 3,
      { EVENT_TYPE_PAYMENT_AUTHORIZED, EVENT_TYPE_PAYMENT_HOLD_RELEASED,
        EVENT_TYPE_PAYMENT_CAPTURE_FAILED } },
    { 2, { EVENT_TYPE_PAYMENT_VOIDED, EVENT_TYPE_PAYMENT_AUTHORIZED } },
    { 1, { EVENT_TYPE_PAYMENT_DECLINED } },
    { 1, { EVENT_TYPE_PAYMENT_AUTHORIZED } },
};

enum { CROWD = 300 };

static void let_one_happen(struct inventory_bench *bench, uint32_t order, EventType type,
                           struct pgl_random *random)
{
    static const char *const skus[] = { "A", "B", "C", "D" };
    static const char *const regions[] = { "EU", "US", "APAC", "MEA", "" };
    if (type == EVENT_TYPE_PAYMENT_CAPTURED &&
        inventory_bench_state(bench, order) != RESERVATION_HELD)
        type = EVENT_TYPE_PAYMENT_VOIDED; /* Payments captures what is held only */
    if (type != EVENT_TYPE_PAYMENT_AUTHORIZED) {
        inventory_bench_verdict(bench, order, type);
        return;
    }
    struct inventory_bench_line lines[4];
    size_t count = 1 + pgl_random_below(random, COUNT(lines));
    for (size_t i = 0; i < count; i++)
        lines[i] = (struct inventory_bench_line){ skus[pgl_random_below(random, COUNT(skus))],
                                                  1 + (int64_t)pgl_random_below(random, 5) };
    const char *ship_to = regions[pgl_random_below(random, COUNT(regions))];
    inventory_bench_authorized(bench, order, ship_to, lines, count);
}

/* A crowd that wants more than there is; each order lives one of the lives, and their events
 * are mixed. */
static void let_happen(struct inventory_bench *bench, uint64_t seed)
{
    static const char *const skus[] = { "A", "B", "C", "D" };
    static const char *const warehouses[] = { "WH-EU-1", "WH-US-1", "WH-APAC-1" };
    int life[CROWD], done[CROWD] = { 0 };
    struct pgl_random random;
    pgl_random_seed(&random, seed, 1);
    for (size_t i = 0; i < COUNT(skus); i++)
        for (size_t w = 0; w < COUNT(warehouses); w++)
            inventory_bench_stock(bench, skus[i], warehouses[w],
                                  (int64_t)pgl_random_below(&random, 60));
    for (int i = 0; i < CROWD; i++)
        life[i] = (int)pgl_random_below(&random, COUNT(lives));
    for (int left = CROWD; left > 0;) {
        uint32_t order = (uint32_t)pgl_random_below(&random, CROWD);
        if (done[order] == lives[life[order]].count)
            continue;
        let_one_happen(bench, order, lives[life[order]].says[done[order]++], &random);
        left -= done[order] == lives[life[order]].count;
        bench->source.now_ns += 1000000;
        bench->store.now_ns += 1000000;
    }
}

static void a_crowd_never_gets_more_than_there_is(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct inventory_bench bench;
        inventory_bench_open(&bench);
        let_happen(&bench, seed);
        assert_sound(&bench);
        assert_int_equal(number(&bench, "SELECT count(*) FROM stock WHERE reserved > on_hand"), 0);
        assert_int_equal(number(&bench, "SELECT count(*) FROM parked"), 0);
        /* It was a crowd: some got what they wanted, some did not, some gave it back. */
        assert_true(number(&bench, "SELECT count(*) FROM reservation WHERE emitted & 1") > 30);
        assert_true(counted(&bench, RESERVATION_REJECTED) > 30);
        assert_true(counted(&bench, RESERVATION_COMMITTED) > 5);
        assert_true(counted(&bench, RESERVATION_RELEASED) > 30);
        inventory_bench_close(&bench);
    }
}

static void a_log_that_is_heard_again_changes_nothing(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    let_happen(&bench, 4);
    assert_int_equal(number(&bench, "SELECT count(*) FROM parked"), 0); /* no key parks twice */
    const char *once = inventory_bench_dump(&bench);
    int64_t position = number(&bench, "SELECT position FROM consumer");
    inventory_bench_hear_again(&bench);
    assert_int_equal(number(&bench, "SELECT position FROM consumer"), position);
    assert_string_equal(inventory_bench_dump(&bench), once);
    inventory_bench_close(&bench);
}

static void the_same_log_makes_the_same_bytes(void **unused)
{
    (void)unused;
    const char *dumps[2];
    struct inventory_bench benches[2];
    for (int i = 0; i < 2; i++) {
        inventory_bench_open(&benches[i]);
        let_happen(&benches[i], 5);
        dumps[i] = pgl_store_bench_dump(&benches[i].store, NULL);
    }
    assert_string_equal(dumps[0], dumps[1]);
    for (int i = 0; i < 2; i++)
        inventory_bench_close(&benches[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_paid_order_holds_and_keeps_its_stock),
        cmocka_unit_test(each_negative_verdict_gives_the_stock_back),
        cmocka_unit_test(a_part_is_served_where_it_is_enough),
        cmocka_unit_test(an_order_that_is_short_takes_nothing),
        cmocka_unit_test(a_sku_that_is_promised_twice_is_promised_to_nobody_else),
        cmocka_unit_test(every_cell_does_what_its_table_says),
        cmocka_unit_test(a_parked_key_waits_and_the_others_flow),
        cmocka_unit_test(what_is_no_order_is_parked),
        cmocka_unit_test(the_largest_order_fits),
        cmocka_unit_test(the_tables_refuse_what_the_machine_would_not_do),
        cmocka_unit_test(the_guards_hold_without_a_plan),
        cmocka_unit_test(what_was_rolled_back_is_not_counted),
        cmocka_unit_test(a_crowd_never_gets_more_than_there_is),
        cmocka_unit_test(a_log_that_is_heard_again_changes_nothing),
        cmocka_unit_test(the_same_log_makes_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
