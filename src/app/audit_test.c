/*
 * audit_test.c - does the audit see each thing that it is there for, and nothing where all is well?
 * Method: a platform with orders that ended in each way. First it has to be clean, also between any
 *         two turns of its loops. Then the schema's own guards are taken away and one thing at a
 *         time is spoiled by SQL, in a transaction that is rolled back: the invariant meant has to
 *         speak, and to name who it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "app/audit.h"
#include "app/folder_bench.h"
#include "wire/json.h"

#define assert_ok(expression) assert_true(pgl_is_ok(expression))
#define COUNT(array)          (sizeof(array) / sizeof(array)[0])

/* Which order is which, in the order of their ids. */
enum { CONFIRMED, SPLIT, OUT_OF_STOCK, DECLINED, CANCELLED, LATER, ORDERS = LATER + 14 };

/* Over the writers' own connections: so it sees what is not committed, too. */
static pgl_status audit(struct folder_bench *bench, const atomic_bool *is_stopping,
                        struct pgl_audit_report *report)
{
    struct pgl_boot *boot = &bench->boot;
    struct pgl_arena arena;
    pgl_arena_init(&arena, 65536, 16u << 20);
    struct pgl_view views[PGL_FILE_COUNT];
    for (int f = 0; f < PGL_FILE_COUNT; f++)
        views[f] = (struct pgl_view){ &boot->writers[f].db, &arena, boot->writers[f].context };
    struct pgl_audit_cut cut = { .orders = views[PGL_FILE_ORDERS],
                                 .payments = views[PGL_FILE_PAYMENTS],
                                 .inventory = views[PGL_FILE_INVENTORY],
                                 .webhooks = views[PGL_FILE_WEBHOOKS],
                                 .key = { 1, 2 },
                                 .is_stopping = is_stopping };
    pgl_status status = pgl_audit(&cut, report);
    pgl_arena_free(&arena);
    return status;
}

static void print_broken(const struct pgl_audit_report *report)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, 1u << 20);
    pgl_audit_report_write_text(report, &out);
    print_message("%.*s", PGL_TEXT_ARGS(pgl_buffer_text(&out)));
    pgl_buffer_free(&out);
}

static void assert_clean(const struct pgl_audit_report *report)
{
    if (!report->is_clean)
        print_broken(report);
    assert_true(report->is_clean);
}

static void open_with_orders(struct folder_bench *bench, pgl_id ids[ORDERS])
{
    static const struct folder_order orders[] = {
        [CONFIRMED] = { "ann", "one", 2, 1 },    [SPLIT] = { "bob", "one", 21, 0 },
        [OUT_OF_STOCK] = { "ann", "two", 0, 5 }, [DECLINED] = { "cat", "one", 1001, 0 },
        [CANCELLED] = { "dan", "one", 1, 0 },
    };
    folder_bench_open(bench);
    for (int i = 0; i < LATER; i++)
        ids[i] = folder_bench_order(bench, &orders[i]);
    folder_bench_cancel(bench, ids[CANCELLED], "dan");
    folder_bench_settle(bench);
    for (int i = LATER; i < ORDERS;
         i++) { /* so many that the index of keys has come to the table */
        char key[24];
        snprintf(key, sizeof key, "later %d", i);
        ids[i] = folder_bench_order(bench, &(struct folder_order){ "eve", key, 1, 0 });
        folder_bench_settle(bench);
    }
}

static void what_is_well_is_clean(void **unused)
{
    static struct folder_bench bench;
    static struct pgl_audit_report report;
    pgl_id ids[ORDERS];
    (void)unused;
    open_with_orders(&bench, ids);
    assert_ok(audit(&bench, NULL, &report));
    assert_clean(&report);
    assert_true(report.is_at_rest);
    assert_int_equal(report.orders[ORDER_CONFIRMED], ORDERS - 3);
    assert_int_equal(report.orders[ORDER_FAILED], 2);
    assert_int_equal(report.orders[ORDER_CANCELLED], 1);
    assert_int_equal(report.payments[PAYMENT_CAPTURED], ORDERS - 3);
    assert_int_equal(report.payments[PAYMENT_DECLINED], 1);
    assert_int_equal(report.payments[PAYMENT_VOIDED], 2);
    assert_int_equal(report.reservations[RESERVATION_COMMITTED], ORDERS - 3);
    assert_int_equal(report.currency_count, 1);
    assert_string_equal(report.currencies[0].currency, "USD");
    assert_int_equal(report.currencies[0].confirmed, FOLDER_PRICE_MINOR * (3 + 21 + 14));
    assert_int_equal(report.currencies[0].captured, FOLDER_PRICE_MINOR * (3 + 21 + 14));
    assert_int_equal(report.currencies[0].held, 0);
    assert_int_equal(report.reserved, 3 + 21 + 14);
    assert_int_equal(report.parked, 0);
    for (int i = 0; i < PGL_INVARIANT_COUNT; i++) {
        assert_true(report.findings[i].is_looked_at);
        assert_true(report.findings[i].checked > 0);
    }
    folder_bench_close(&bench);
}

/* Any moment between two transactions is one at which a cut may be taken. */
static void every_moment_is_clean(void **unused)
{
    static struct folder_bench bench;
    static struct pgl_audit_report report;
    int looks = 0, at_work = 0;
    (void)unused;
    folder_bench_open(&bench);
    for (int i = 0; i < 6; i++) {
        char key[24];
        snprintf(key, sizeof key, "%d", i);
        pgl_id id =
            folder_bench_order(&bench, &(struct folder_order){ "ann", key, i == 4 ? 1001 : 9, i });
        if (i % 3 == 2)
            folder_bench_cancel(&bench, id, "ann");
        for (int quiet = 0; quiet < 3 * PGL_LOOP_COUNT; quiet++, looks++) {
            struct pgl_loop *loop = &bench.boot.loops[looks % PGL_LOOP_COUNT];
            if (pgl_loop_has_news(loop))
                quiet = 0;
            pgl_loop_turn(loop);
            assert_ok(audit(&bench, NULL, &report));
            assert_clean(&report);
            at_work += !report.is_at_rest;
            assert_int_equal(report.findings[PGL_Q1].is_looked_at, report.is_at_rest);
        }
    }
    assert_true(report.is_at_rest);
    assert_true(at_work > 10);
    folder_bench_close(&bench);
}

/* ---- damage ---- */

#define NTH(table, n) "(SELECT order_id FROM " table " ORDER BY order_id LIMIT 1 OFFSET " n ")"
#define ORDER(n)      " WHERE order_id = " NTH("orders", n)
#define PAYMENT(n)    " WHERE order_id = " NTH("payment", n)
#define STORED(n)     " WHERE order_id = " NTH("reservation", n)
#define NOBODY        "x'00000000000000000000000000000001'"
#define NOBODY_NAME   "00000000-0000-0000-0000-000000000001"
#define LISTENS                                                                                    \
    "INSERT INTO endpoint VALUES (zeroblob(16), 'default', 'https://a.example/', '', '', 1, 0, "   \
    "zeroblob(32), x'', 0, 0, 1, 0, 0, 0, 0, 0);"
#define HAS_READ_FAR "REPLACE INTO consumer VALUES (2, 1, 1000000, 0)"

/* `order` is who has to be named; -1: `name` is. */
static const struct damage {
    enum pgl_invariant invariant;
    enum pgl_boot_file file;
    const char *sql;
    int order;
    const char *name;
} damages[] = {
    /* clang-format off */
    { PGL_A1, PGL_FILE_ORDERS, "UPDATE orders SET said = said + 16" ORDER("0"), CONFIRMED, NULL },
    { PGL_A1, PGL_FILE_ORDERS, "UPDATE orders SET said = said - 16" ORDER("2"), OUT_OF_STOCK, NULL },
    { PGL_A1, PGL_FILE_ORDERS, "UPDATE orders SET said = said + 4" ORDER("0"), CONFIRMED, NULL },
    { PGL_A1, PGL_FILE_ORDERS, "INSERT INTO event (seq, bytes) SELECT (SELECT next_seq FROM log_head), bytes FROM event "
                               "WHERE seq = (SELECT last_event_seq FROM orders" ORDER("0") ");"
                               "UPDATE log_head SET next_seq = next_seq + 1", CONFIRMED, NULL },
    { PGL_A1, PGL_FILE_PAYMENTS, "UPDATE payment SET emitted = emitted | 8" PAYMENT("0"), CONFIRMED, NULL },
    { PGL_A1, PGL_FILE_PAYMENTS, "UPDATE payment SET decision = 0" PAYMENT("0"), CONFIRMED, NULL },
    { PGL_A1, PGL_FILE_INVENTORY, "UPDATE reservation SET emitted = 1" STORED("0"), CONFIRMED, NULL },
    { PGL_A2, PGL_FILE_PAYMENTS, "UPDATE payment SET state = 5" PAYMENT("0"), CONFIRMED, NULL },
    { PGL_A2, PGL_FILE_PAYMENTS, "UPDATE transfer SET amount_minor = 1" PAYMENT("1"), SPLIT, NULL },
    { PGL_A2, PGL_FILE_PAYMENTS, "DELETE FROM payment" PAYMENT("1"), SPLIT, NULL },
    { PGL_A2, PGL_FILE_ORDERS, "UPDATE orders SET state = 3" ORDER("3"), DECLINED, NULL },
    { PGL_A3, PGL_FILE_PAYMENTS, "UPDATE payment SET state = 8, decision = 2" PAYMENT("0"), CONFIRMED, NULL },
    { PGL_A3, PGL_FILE_PAYMENTS, "INSERT INTO transfer SELECT order_id, 1, 0, 1, 0, 'USD', 100 FROM payment" PAYMENT("3"), DECLINED, NULL },
    { PGL_A4, PGL_FILE_INVENTORY, "UPDATE reservation SET state = 5, emitted = 5" STORED("1"), SPLIT, NULL },
    { PGL_A4, PGL_FILE_INVENTORY, "DELETE FROM reservation" STORED("1"), SPLIT, NULL },
    { PGL_A5, PGL_FILE_PAYMENTS, "UPDATE payment SET state = 4" PAYMENT("0"), CONFIRMED, NULL },
    { PGL_A6, PGL_FILE_PAYMENTS, "UPDATE payment SET amount_minor = 1" PAYMENT("0"), CONFIRMED, NULL },
    { PGL_A6, PGL_FILE_PAYMENTS, "UPDATE transfer SET amount_minor = 100000" PAYMENT("0"), CONFIRMED, NULL },
    { PGL_A6, PGL_FILE_PAYMENTS, "INSERT INTO transfer SELECT order_id, 1, 1, debit_account, 0, currency, 1 FROM transfer" PAYMENT("0"), CONFIRMED, NULL },
    { PGL_A6, PGL_FILE_ORDERS, "UPDATE orders SET total_minor = 1" ORDER("0"), CONFIRMED, NULL },
    { PGL_A6, PGL_FILE_ORDERS, "UPDATE orders SET currency = 'EUR'" ORDER("0"), CONFIRMED, NULL },
    { PGL_A7, PGL_FILE_INVENTORY, "UPDATE stock SET on_hand = on_hand + 1 WHERE sku_id = 2", -1, "INK in WH-EU-1" },
    { PGL_A7, PGL_FILE_INVENTORY, "UPDATE stock SET reserved = 0 WHERE sku_id = 1 AND warehouse_id = 1", -1, "PEN in WH-EU-1" },
    { PGL_A7, PGL_FILE_INVENTORY, "UPDATE reservation SET allocations = x''" STORED("1"), SPLIT, NULL },
    { PGL_A7, PGL_FILE_INVENTORY, "DELETE FROM reservation" STORED("0"), CONFIRMED, NULL },
    { PGL_A7, PGL_FILE_INVENTORY, "DELETE FROM stock WHERE sku_id = 2", -1, "INK in WH-EU-1" },
    { PGL_A8, PGL_FILE_ORDERS, "DELETE FROM event WHERE seq = 2", -1, "orders event 2" },
    { PGL_A8, PGL_FILE_PAYMENTS, "DELETE FROM event WHERE seq = 1", -1, "payments event 1" },
    { PGL_A8, PGL_FILE_INVENTORY, "DELETE FROM event WHERE seq = 3", -1, "inventory event 3" },
    { PGL_A8, PGL_FILE_PAYMENTS, "UPDATE event SET bytes = x'FF' WHERE seq = 3", -1, "payments event 3" },
    { PGL_A8, PGL_FILE_PAYMENTS, "UPDATE event SET bytes = x'0811' WHERE seq = 3", -1, "payments event 3" },
    { PGL_A8, PGL_FILE_ORDERS, "UPDATE event SET bytes = CAST(bytes || x'3864' AS BLOB) WHERE seq = 4", -1, "orders event 4" },
    { PGL_A8, PGL_FILE_PAYMENTS, "UPDATE event SET bytes = CAST(bytes || x'30E707' AS BLOB) WHERE seq = 2", -1, "payments event 2" },
    { PGL_A8, PGL_FILE_ORDERS, "UPDATE orders SET last_event_seq = 1" ORDER("1"), SPLIT, NULL },
    { PGL_A8, PGL_FILE_INVENTORY, "UPDATE reservation SET last_event_seq = 1" STORED("1"), SPLIT, NULL },
    { PGL_A8, PGL_FILE_PAYMENTS, "UPDATE consumer SET position = position + 1 WHERE log = 2", -1, "payments of orders" },
    { PGL_A8, PGL_FILE_ORDERS, "UPDATE consumer SET hash = hash + 1 WHERE log = 4", -1, "orders of inventory" },
    { PGL_A8, PGL_FILE_INVENTORY, "UPDATE consumer SET epoch = 7", -1, "inventory of payments" },
    { PGL_A8, PGL_FILE_ORDERS, "DELETE FROM event WHERE seq = (SELECT max(seq) FROM event); UPDATE log_head SET next_seq = next_seq - 1", -1, "payments of orders" },
    { PGL_A8, PGL_FILE_WEBHOOKS, LISTENS HAS_READ_FAR, -1, "webhooks of orders" },
    { PGL_A8, PGL_FILE_WEBHOOKS, LISTENS "REPLACE INTO consumer VALUES (3, 1, 1, 0)", -1, "webhooks of payments" },
    { PGL_A8, PGL_FILE_WEBHOOKS, LISTENS "REPLACE INTO consumer VALUES (4, 7, 1, 0)", -1, "webhooks of inventory" },
    { PGL_A9, PGL_FILE_ORDERS, "UPDATE orders SET idempotency_key = 'one'" ORDER("2"), OUT_OF_STOCK, NULL },
    { PGL_A9, PGL_FILE_ORDERS, "UPDATE orders SET idempotency_key = 'later 17' WHERE idempotency_key = 'later 18'", ORDERS - 1, NULL },
    { PGL_A9, PGL_FILE_ORDERS, "UPDATE order_by_key SET order_id = " NTH("orders", "1") ORDER("0"), CONFIRMED, NULL },
    { PGL_A9, PGL_FILE_ORDERS, "DELETE FROM order_by_key" ORDER("3"), DECLINED, NULL },
    { PGL_A10, PGL_FILE_PAYMENTS, "UPDATE payment SET op = 3, op_state = 1" PAYMENT("2"), OUT_OF_STOCK, NULL },
    { PGL_A11, PGL_FILE_ORDERS, "DELETE FROM orders" ORDER("1"), SPLIT, NULL },
    { PGL_A11, PGL_FILE_ORDERS, "UPDATE orders SET order_id = " NOBODY ORDER("1"), -1, NOBODY_NAME },
    { PGL_A12, PGL_FILE_PAYMENTS, "UPDATE payment SET decision = 2" PAYMENT("0"), CONFIRMED, NULL },
    { PGL_A12, PGL_FILE_PAYMENTS, "UPDATE payment SET state = 3, decision = 0" PAYMENT("4"), CANCELLED, NULL },
    { PGL_A13, PGL_FILE_PAYMENTS, "UPDATE account SET held_minor = held_minor + 1 WHERE account_id = 2", -1, "account 2" },
    { PGL_A13, PGL_FILE_PAYMENTS, "UPDATE account SET posted_minor = 0 WHERE account_id = 1", -1, "account 1" },
    { PGL_A13, PGL_FILE_PAYMENTS, "UPDATE payment SET released_minor = released_minor - 1" PAYMENT("2"), OUT_OF_STOCK, NULL },
    { PGL_A13, PGL_FILE_PAYMENTS, "DELETE FROM transfer" PAYMENT("0"), CONFIRMED, NULL },
    { PGL_S1, PGL_FILE_ORDERS, "UPDATE order_count SET count = count + 1 WHERE state = 4", -1, "FAILED" },
    { PGL_S1, PGL_FILE_PAYMENTS, "UPDATE payment_count SET payments = 9 WHERE state = 7", -1, "state 7" },
    { PGL_Q1, PGL_FILE_ORDERS, "UPDATE orders SET state = 2" ORDER("0"), CONFIRMED, NULL },
    { PGL_Q2, PGL_FILE_ORDERS, "UPDATE orders SET state = 4" ORDER("0"), CONFIRMED, NULL },
    { PGL_Q2, PGL_FILE_INVENTORY, "UPDATE reservation SET state = 1, emitted = 1" STORED("0"), CONFIRMED, NULL },
    { PGL_Q2, PGL_FILE_ORDERS, "UPDATE orders SET total_minor = 1" ORDER("1"), SPLIT, NULL },
    { PGL_Q3, PGL_FILE_INVENTORY, "UPDATE reservation SET state = 1, emitted = 1" STORED("4"), CANCELLED, NULL },
    { PGL_Q3, PGL_FILE_INVENTORY, "DELETE FROM reservation" STORED("3"), DECLINED, NULL },
    { PGL_Q3, PGL_FILE_PAYMENTS, "UPDATE payment SET hold_minor = 1" PAYMENT("2"), OUT_OF_STOCK, NULL },
    { PGL_Q4, PGL_FILE_INVENTORY, "INSERT INTO parked VALUES (3, 1, " NTH("reservation", "4") ", 'why not', x'', '', 0, 0)", CANCELLED, NULL },
    { PGL_Q4, PGL_FILE_WEBHOOKS, "INSERT INTO parked VALUES (3, 1, " NOBODY ", 'why not', x'', '', 0, 0)", -1, NOBODY_NAME },
    { PGL_Q5, PGL_FILE_INVENTORY, "UPDATE stock SET reserved = reserved + 1 WHERE sku_id = 2", -1, "stock" },
    { PGL_Q6, PGL_FILE_INVENTORY, "UPDATE reservation SET order_id = " NOBODY STORED("2"), -1, NOBODY_NAME },
    { PGL_Q6, PGL_FILE_PAYMENTS, "UPDATE transfer SET order_id = " NOBODY PAYMENT("0"), -1, NOBODY_NAME },
    { PGL_Q6, PGL_FILE_ORDERS, "DELETE FROM orders" ORDER("4"), CANCELLED, NULL },
    { PGL_Q7, PGL_FILE_ORDERS, "UPDATE orders SET changes = CAST(substr(changes, 1, 9) AS BLOB)" ORDER("0"), CONFIRMED, NULL },
    { PGL_Q7, PGL_FILE_ORDERS, "UPDATE orders SET changes = CAST(changes || substr(changes, -9) AS BLOB)" ORDER("0"), CONFIRMED, NULL },
    { PGL_Q7, PGL_FILE_ORDERS, "UPDATE orders SET changes = x'03'" ORDER("0"), CONFIRMED, NULL },
    /* clang-format on */
};

static void drop_triggers(struct pgl_database *db)
{
    char sql[8][128];
    size_t count = 0;
    struct pgl_rows rows =
        pgl_rows_begin(db, "SELECT name FROM sqlite_schema WHERE type = 'trigger'");
    for (;;) {
        assert_ok(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        assert_true(count < COUNT(sql));
        snprintf(sql[count++], sizeof sql[0], "DROP TRIGGER %.*s",
                 PGL_TEXT_ARGS(pgl_column_text(&rows, 0)));
    }
    for (size_t i = 0; i < count; i++)
        assert_ok(pgl_database_run(db, sql[i]));
}

static void take_guards_away(struct folder_bench *bench)
{
    for (int f = 0; f < PGL_FILE_COUNT; f++) {
        struct pgl_database *db = &bench->boot.writers[f].db;
        drop_triggers(db);
        assert_ok(pgl_database_run(db, "PRAGMA ignore_check_constraints = 1"));
    }
}

static bool is_named(const struct pgl_finding *finding, const char *name)
{
    for (int i = 0; i < finding->offender_count; i++)
        if (strcmp(finding->offenders[i].name, name) == 0)
            return true;
    return false;
}

static bool is_found(struct folder_bench *bench, const struct damage *damage,
                     const pgl_id ids[ORDERS])
{
    static struct pgl_audit_report report;
    struct pgl_database *db = &bench->boot.writers[damage->file].db;
    char name[PGL_ID_TEXT_BYTES + 1] = "";
    assert_ok(pgl_database_run(db, "BEGIN"));
    pgl_status damaged = pgl_database_run(db, damage->sql);
    assert_ok(audit(bench, NULL, &report));
    assert_ok(pgl_database_run(db, "ROLLBACK"));
    if (damage->order >= 0)
        pgl_id_format(ids[damage->order], name);
    if (pgl_is_ok(damaged) && !report.is_clean &&
        is_named(&report.findings[damage->invariant], damage->order >= 0 ? name : damage->name))
        return true;
    print_message("%s: %s: %s\n", pgl_invariants[damage->invariant].id, damage->sql, damaged.text);
    print_broken(&report);
    return false;
}

/* Its positions mean nothing then: the first endpoint begins at the ends of the logs. */
static void webhooks_that_nobody_wants_are_not_held_against_the_logs(void **unused)
{
    static struct folder_bench bench;
    static struct pgl_audit_report report;
    pgl_id ids[ORDERS];
    (void)unused;
    open_with_orders(&bench, ids);
    assert_ok(pgl_database_run(&bench.boot.writers[PGL_FILE_WEBHOOKS].db, HAS_READ_FAR));
    assert_ok(audit(&bench, NULL, &report));
    assert_clean(&report);
    folder_bench_close(&bench);
}

/* Payments has gone past it, and done nothing: that is an operator's business, and no mistake. */
static void a_cancel_that_is_parked_was_not_heard(void **unused)
{
    static struct folder_bench bench;
    static struct pgl_audit_report report;
    pgl_id ids[ORDERS];
    (void)unused;
    open_with_orders(&bench, ids);
    take_guards_away(&bench);
    struct pgl_database *db = &bench.boot.writers[PGL_FILE_PAYMENTS].db;
    assert_ok(pgl_database_run(
        db, "UPDATE payment SET state = 3, decision = 0" PAYMENT(
                "4") "; INSERT INTO parked VALUES (2, 1, " NTH("payment",
                                                               "4") ", "
                                                                    "'why not', x'', '', 0, 0)"));
    assert_ok(audit(&bench, NULL, &report));
    assert_int_equal(report.findings[PGL_A12].violations, 0);
    assert_ok(pgl_database_run(db, "DELETE FROM parked"));
    assert_ok(audit(&bench, NULL, &report));
    assert_int_equal(report.findings[PGL_A12].violations, 1);
    folder_bench_close(&bench);
}

static void each_damage_is_found_and_named(void **unused)
{
    static struct folder_bench bench;
    static struct pgl_audit_report report;
    pgl_id ids[ORDERS];
    bool is_damaged[PGL_INVARIANT_COUNT] = { false };
    int missed = 0;
    (void)unused;
    open_with_orders(&bench, ids);
    take_guards_away(&bench);
    for (size_t i = 0; i < COUNT(damages); i++) {
        missed += !is_found(&bench, &damages[i], ids);
        is_damaged[damages[i].invariant] = true;
    }
    assert_int_equal(missed, 0);
    for (int i = 0; i < PGL_INVARIANT_COUNT; i++)
        assert_true(is_damaged[i]); /* none without a damage of its own */
    assert_ok(audit(&bench, NULL, &report));
    assert_clean(&report);
    folder_bench_close(&bench);
}

/* ---- the rest ---- */

static void all_are_counted_and_some_named(void **unused)
{
    static struct folder_bench bench;
    static struct pgl_audit_report report;
    (void)unused;
    folder_bench_open(&bench);
    for (int i = 0; i < PGL_OFFENDERS_MAX + 5; i++) {
        char key[24];
        snprintf(key, sizeof key, "%d", i);
        folder_bench_order(&bench, &(struct folder_order){ "ann", key, 1, 0 });
    }
    folder_bench_settle(&bench);
    take_guards_away(&bench);
    assert_ok(pgl_database_run(&bench.boot.writers[PGL_FILE_PAYMENTS].db,
                               "UPDATE payment SET state = 4"));
    assert_ok(audit(&bench, NULL, &report));
    assert_int_equal(report.findings[PGL_A5].violations, PGL_OFFENDERS_MAX + 5);
    assert_int_equal(report.findings[PGL_A5].offender_count, PGL_OFFENDERS_MAX);
    folder_bench_close(&bench);
}

static void it_stops_when_told(void **unused)
{
    static struct folder_bench bench;
    static struct pgl_audit_report report;
    static atomic_bool is_stopping = true;
    (void)unused;
    folder_bench_open(&bench);
    assert_int_equal(audit(&bench, &is_stopping, &report).code, PGL_CANCELLED);
    folder_bench_close(&bench);
}

/* Whatever a damaged row holds, what is written is JSON. */
static void a_report_is_json(void **unused)
{
    static struct pgl_audit_report report;
    struct pgl_buffer out;
    struct pgl_arena arena;
    (void)unused;
    report.findings[PGL_A7].is_looked_at = true;
    pgl_audit_report_note(&report, PGL_A7, "\"quoted\\\" in\n", "\xff no UTF-8");
    pgl_buffer_init(&out, 1u << 20);
    pgl_arena_init(&arena, 65536, 4u << 20);
    pgl_audit_report_write_json(&report, &out);
    assert_false(out.is_full);
    assert_ok(pgl_json_check(&arena, pgl_buffer_text(&out), &pgl_json_request_limits));
    pgl_buffer_add_char(&out, '\0');
    assert_non_null(strstr(out.data, "\"id\":\"A7\""));
    assert_non_null(strstr(out.data, "\"id\":\"\\\"quoted"));
    pgl_arena_free(&arena);
    pgl_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_well_is_clean),
        cmocka_unit_test(every_moment_is_clean),
        cmocka_unit_test(webhooks_that_nobody_wants_are_not_held_against_the_logs),
        cmocka_unit_test(each_damage_is_found_and_named),
        cmocka_unit_test(a_cancel_that_is_parked_was_not_heard),
        cmocka_unit_test(all_are_counted_and_some_named),
        cmocka_unit_test(it_stops_when_told),
        cmocka_unit_test(a_report_is_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
