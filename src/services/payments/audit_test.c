/*
 * audit_test.c - does the audit see what it is there for?
 * Method: sound books first; then, with the schema's own guards off, one thing is spoiled at a time
 *         and the check that
 * has to speak is looked for. And a walk over all rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "services/payments/payments_bench.h"

#define CREDIT 10000

/* 1 captured, 2 voided, 3 authorized, 4 declined. */
static void open_with_payments(struct payments_bench *bench)
{
    payments_bench_open(bench, 1, CREDIT);
    for (int number = 1; number <= 4; number++) {
        struct bench_order order = { number, "ann", number == 4 ? "barter" : "account", 100, true };
        assert_true(pgl_is_ok(payments_bench_hear(bench, payments_bench_created(bench, &order))));
    }
    assert_true(
        pgl_is_ok(payments_bench_hear(bench, payments_bench_reserved(bench, 1, true, 2, 3))));
    assert_true(
        pgl_is_ok(payments_bench_hear(bench, payments_bench_cancelled(bench, 2, CAUSE_CLIENT))));
}

#define CAPTURED_ID   "019B0000000000000000000000000001"
#define VOIDED_ID     "019B0000000000000000000000000002"
#define AUTHORIZED_ID "019B0000000000000000000000000003"
#define DECLINED_ID   "019B0000000000000000000000000004"
#define OWNED_ORDERS                                                                               \
    "A13 owner: " CAPTURED_ID "\nA13 owner: " VOIDED_ID "\nA13 owner: " AUTHORIZED_ID "\n"

static void every_fault_is_found(void **unused)
{
    static const struct {
        const char *spoil;
        const char *found;
    } faults[] = {
        { "UPDATE payment SET hold_minor = 499 WHERE state = 3",
          "A13 payment: " AUTHORIZED_ID "\nA13 held: account 1\n" },
        { "UPDATE payment SET amount_minor = 1 WHERE state = 3",
          "A13 payment: " AUTHORIZED_ID "\n" },
        { "UPDATE payment SET captured_minor = -1, released_minor = 1, authorized_minor = 0 "
          "WHERE state = 7",
          "A13 payment: " DECLINED_ID "\nA13 transfer: " DECLINED_ID "\n" },
        { "UPDATE account SET held_minor = held_minor + 1", "A13 held: account 1\n" },
        { "UPDATE account SET posted_minor = posted_minor - 1", "A13 posted: account 1\n" },
        { "UPDATE transfer SET amount_minor = 1",
          "A13 posted: account 1\nA13 transfer: " CAPTURED_ID "\n" },
        { "UPDATE transfer SET currency = 'USD'", "A13 transfer: " CAPTURED_ID "\n" },
        { "DELETE FROM transfer", "A13 posted: account 1\nA13 transfer: " CAPTURED_ID "\n" },
        { "DELETE FROM payment WHERE state = 6; UPDATE payment_count SET payments = 0 "
          "WHERE state = 6",
          "A13 transfer: " CAPTURED_ID "\n" },
        { "DELETE FROM credit_line", "A13 owner: account 1\n" OWNED_ORDERS },
        { "INSERT INTO credit_line VALUES ('t', 'bob', 'EUR', 1)", "A13 owner: account 1\n" },
        { "UPDATE credit_line SET customer = 'bob'", OWNED_ORDERS },
        { "DELETE FROM account",
          "A13 held: " AUTHORIZED_ID "\nA13 posted: " CAPTURED_ID "\nA13 owner: account 1\n" },
        { "UPDATE payment SET decision = 0 WHERE state = 6", "A1 decision: " CAPTURED_ID "\n" },
        { "UPDATE payment SET decision = 2 WHERE state = 3", "A1 decision: " AUTHORIZED_ID "\n" },
        { "UPDATE payment SET emitted = emitted | 8 WHERE state = 6",
          "A1 verdict: " CAPTURED_ID "\n" },
        { "UPDATE payment SET emitted = emitted & ~32 WHERE state = 6",
          "A1 verdict: " CAPTURED_ID "\n" },
        { "UPDATE payment SET emitted = emitted | 4 WHERE state = 3",
          "A1 verdict: " AUTHORIZED_ID "\n" },
        { "UPDATE payment SET op = 3 WHERE state = 3", "A10 operation: " AUTHORIZED_ID "\n" },
        { "UPDATE payment SET last_event_seq = 99 WHERE state = 3",
          "A8 chain: " AUTHORIZED_ID "\n" },
        { "UPDATE payment_count SET payments = 7 WHERE state = 5", "counts: state 5\n" },
    };
    (void)unused;
    struct payments_bench bench;
    open_with_payments(&bench);
    struct pgl_database *db = &bench.store.writer.db;
    assert_string_equal(payments_bench_audit(&bench), "");
    assert_true(pgl_is_ok(pgl_database_run(
        db, "PRAGMA ignore_check_constraints = 1; DROP TRIGGER payment_stands;"
            "DROP TRIGGER transfer_is_not_changed; DROP TRIGGER transfer_is_not_deleted")));
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        print_message("%s\n", faults[i].spoil);
        assert_true(pgl_is_ok(pgl_database_run(db, "BEGIN")));
        assert_true(pgl_is_ok(pgl_database_run(db, faults[i].spoil)));
        assert_string_equal(payments_bench_audit(&bench), faults[i].found);
        assert_true(pgl_is_ok(pgl_database_run(db, "ROLLBACK")));
    }
    assert_string_equal(payments_bench_audit(&bench), "");
    payments_bench_close(&bench);
}

static void all_offenders_are_counted_and_some_named(void **unused)
{
    enum { ORDERS = PGL_AUDIT_OFFENDERS_MAX + 5 };
    (void)unused;
    struct payments_bench bench;
    payments_bench_open(&bench, 1, CREDIT * ORDERS);
    for (int number = 1; number <= ORDERS; number++) {
        struct bench_order order = { number, "ann", "account", 100, true };
        assert_true(pgl_is_ok(payments_bench_hear(&bench, payments_bench_created(&bench, &order))));
    }
    assert_true(pgl_is_ok(
        pgl_database_run(&bench.store.writer.db, "UPDATE payment SET last_event_seq = 99")));
    struct pgl_view view = { &bench.store.writer.db, &bench.store.arena, NULL };
    const struct pgl_payments_check *check = pgl_payments_checks;
    while (strcmp(check->name, "A8 chain") != 0)
        check++;
    struct pgl_payments_findings findings;
    assert_true(pgl_is_ok(pgl_payments_audit(&view, check, &findings)));
    assert_int_equal(findings.violations, ORDERS);
    assert_int_equal(findings.offender_count, PGL_AUDIT_OFFENDERS_MAX);
    payments_bench_close(&bench);
}

static void a_walk_gives_each_payment_in_the_order_of_ids(void **unused)
{
    static const struct {
        enum payment_state state;
        enum payment_decision decision;
        int64_t authorized_minor, captured_minor, hold_minor;
    } expected[] = {
        { PAYMENT_CAPTURED, DECISION_CAPTURE, 500, 500, 0 },
        { PAYMENT_VOIDED, DECISION_VOID, 500, 0, 0 },
        { PAYMENT_AUTHORIZED, DECISION_OPEN, 500, 0, 500 },
        { PAYMENT_DECLINED, DECISION_OPEN, 0, 0, 0 },
    };
    (void)unused;
    struct payments_bench bench;
    open_with_payments(&bench);
    struct pgl_view view = { &bench.store.writer.db, &bench.store.arena, NULL };
    struct pgl_payments_row row;
    bool is_there;
    struct pgl_payments_cursor cursor = pgl_payments_walk(&view);
    for (int i = 0; i < 4; i++) {
        assert_true(pgl_is_ok(pgl_payments_next(&cursor, &row, &is_there)));
        assert_true(is_there);
        assert_true(pgl_id_equal(row.order_id, payments_bench_id(i + 1)));
        assert_int_equal(row.state, expected[i].state);
        assert_int_equal(row.decision, expected[i].decision);
        assert_string_equal(row.currency, "EUR");
        assert_int_equal(row.amount_minor, 500);
        assert_int_equal(row.authorized_minor, expected[i].authorized_minor);
        assert_int_equal(row.captured_minor, expected[i].captured_minor);
        assert_int_equal(row.hold_minor, expected[i].hold_minor);
    }
    assert_true(pgl_is_ok(pgl_payments_next(&cursor, &row, &is_there)));
    assert_false(is_there);

    /* One who stops early leaves the statement free for the next. */
    cursor = pgl_payments_walk(&view);
    assert_true(pgl_is_ok(pgl_payments_next(&cursor, &row, &is_there)));
    pgl_payments_walk_end(&cursor);
    cursor = pgl_payments_walk(&view);
    assert_true(pgl_is_ok(pgl_payments_next(&cursor, &row, &is_there)));
    assert_true(pgl_id_equal(row.order_id, payments_bench_id(1)));
    pgl_payments_walk_end(&cursor);
    payments_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_found),
        cmocka_unit_test(all_offenders_are_counted_and_some_named),
        cmocka_unit_test(a_walk_gives_each_payment_in_the_order_of_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
