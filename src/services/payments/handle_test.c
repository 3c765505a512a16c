/*
 * handle_test.c - is every way that an order's money can go gone, in the real tables?
 * Method: stories, a letter an event, are told to a service on a bench; then the rows, the ledger
 *         and what was said
 * are compared, and the story is told again, which must change nothing. What is wrong with an event
 * must leave no trace; what the schema has to refuse is tried behind the handler's back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "services/payments/payments_bench.h"

#define UNIT   100 /* an order is five of it */
#define AMOUNT (5 * UNIT)

/* O order, Z order of no worth, B order by a method not offered; C cancel by the client, D by the
 * deadline; R reserved, P a part of it (2 of 5), F out of stock. */
static Event *event_of(struct payments_bench *bench, char letter, int number)
{
    struct bench_order order = { number, "ann", "account", UNIT, true };
    switch (letter) {
    case 'Z':
        order.unit_minor = 0;
        break;
    case 'B':
        order.method = "barter";
        break;
    case 'C':
        return payments_bench_cancelled(bench, number, CAUSE_CLIENT);
    case 'D':
        return payments_bench_cancelled(bench, number, CAUSE_DEADLINE);
    case 'R':
        return payments_bench_reserved(bench, number, true, 2, 3);
    case 'P':
        return payments_bench_reserved(bench, number, false, 0, 2);
    case 'F':
        return payments_bench_failed(bench, number);
    default:
        break;
    }
    return payments_bench_created(bench, &order);
}

static void tell(struct payments_bench *bench, const char *story, int number)
{
    for (const char *at = story; *at != '\0'; at++)
        assert_true(pgl_is_ok(payments_bench_hear(bench, event_of(bench, *at, number))));
}

static const char *row_of(struct payments_bench *bench)
{
    return pgl_store_bench_rows(
        &bench->store,
        "SELECT state, decision, op, op_state, cause, decline_code, authorized_minor, "
        "captured_minor, released_minor, hold_minor FROM payment");
}

static const char *accounts_of(struct payments_bench *bench)
{
    return pgl_store_bench_rows(&bench->store, "SELECT posted_minor, held_minor FROM account");
}

#define AUTHORIZED  "PaymentAuthorized"
#define CAPTURED    "PaymentAuthorized PaymentCaptured"
#define VOIDED      "PaymentAuthorized PaymentVoided PaymentHoldReleased"
#define TOMBSTONE   "PaymentVoided"
#define NO_CREDIT   "PaymentDeclined PaymentHoldReleased"
#define NOT_OFFERED "PaymentDeclined"

/* clang-format off */
static const struct {
    const char *story;
    int64_t credit_minor;
    const char *row, *accounts, *said;
} stories[] = {
    /* story; credit; state|decision|op|its state|cause|code|authorized|captured|released|hold;
     * posted|held; said */
    { "O",   AMOUNT,     "3|0|0|0|0||500|0|0|500\n",                      "0|500\n", AUTHORIZED },
    { "OR",  AMOUNT,     "6|1|0|0|0||500|500|0|0\n",                      "500|0\n", CAPTURED },
    { "ORC", AMOUNT,     "6|1|0|0|0||500|500|0|0\n",                      "500|0\n", CAPTURED },
    { "ORF", AMOUNT,     "6|1|0|0|0||500|500|0|0\n",                      "500|0\n", CAPTURED },
    { "OP",  AMOUNT,     "6|1|0|0|0||500|200|300|0\n",                    "200|0\n", CAPTURED },
    { "OC",  AMOUNT,     "8|2|0|0|1||500|0|500|0\n",                      "0|0\n",   VOIDED },
    { "OD",  AMOUNT,     "8|2|0|0|2||500|0|500|0\n",                      "0|0\n",   VOIDED },
    { "OF",  AMOUNT,     "8|2|0|0|4||500|0|500|0\n",                      "0|0\n",   VOIDED },
    { "OCR", AMOUNT,     "8|2|0|0|1||500|0|500|0\n",                      "0|0\n",   VOIDED },
    { "ODF", AMOUNT,     "8|2|0|0|2||500|0|500|0\n",                      "0|0\n",   VOIDED },
    { "OFD", AMOUNT,     "8|2|0|0|4||500|0|500|0\n",                      "0|0\n",   VOIDED },
    { "O",   AMOUNT - 1, "7|0|0|0|0|insufficient_credit|0|0|0|0\n",       "0|0\n",   NO_CREDIT },
    { "OC",  0,          "7|0|0|0|0|insufficient_credit|0|0|0|0\n",       "0|0\n",   NO_CREDIT },
    { "B",   AMOUNT,     "7|0|0|0|0|method_not_offered|0|0|0|0\n",        "",        NOT_OFFERED },
    { "BC",  AMOUNT,     "7|0|0|0|0|method_not_offered|0|0|0|0\n",        "",        NOT_OFFERED },
    { "ZR",  0,          "6|1|0|0|0||0|0|0|0\n",                          "",        CAPTURED },
    { "ZC",  0,          "8|2|0|0|1||0|0|0|0\n",                          "",        VOIDED },
    { "C",   AMOUNT,     "8|2|0|0|1||0|0|0|0\n",                          "",        TOMBSTONE },
    { "CO",  AMOUNT,     "8|2|0|0|1||0|0|0|0\n",                          "",        TOMBSTONE },
    { "DOR", AMOUNT,     "8|2|0|0|2||0|0|0|0\n",                          "",        TOMBSTONE },
    { "R",   AMOUNT,     "8|2|0|0|5||0|0|0|0\n",                          "",        TOMBSTONE },
    { "FO",  AMOUNT,     "8|2|0|0|5||0|0|0|0\n",                          "",        TOMBSTONE },
};
/* clang-format on */

static void every_story_ends_as_it_should_and_is_told_once(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        struct payments_bench bench;
        payments_bench_open(&bench, 1, stories[i].credit_minor);
        tell(&bench, stories[i].story, 1);
        print_message("%s\n", stories[i].story);
        assert_string_equal(row_of(&bench), stories[i].row);
        assert_string_equal(accounts_of(&bench), stories[i].accounts);
        assert_string_equal(payments_bench_said(&bench, 1), stories[i].said);
        assert_string_equal(payments_bench_audit(&bench), "");

        const char *before = pgl_store_bench_dump(&bench.store, NULL);
        tell(&bench, stories[i].story, 1);
        assert_string_equal(pgl_store_bench_dump(&bench.store, NULL), before);
        payments_bench_close(&bench);
    }
}

static void events_carry_what_others_need(void **unused)
{
    (void)unused;
    struct payments_bench bench;
    payments_bench_open(&bench, 1, 10 * AMOUNT);

    tell(&bench, "O", 1);
    const Event *event = payments_bench_last(&bench, 1);
    assert_string_equal(event->tenant, BENCH_TENANT);
    assert_int_equal(event->cause_log, LOG_ORDERS);
    assert_int_equal(event->cause_seq, 1);
    assert_int_equal(event->payment_authorized->amount_minor, AMOUNT);
    assert_string_equal(event->payment_authorized->currency, "EUR");
    assert_int_equal(event->payment_authorized->n_lines, 2);
    assert_string_equal(event->payment_authorized->lines[1]->sku, "cup");
    assert_int_equal(event->payment_authorized->lines[1]->quantity, 3);
    assert_string_equal(event->payment_authorized->ship_to_region, "north");
    assert_true(event->payment_authorized->allow_partial);
    assert_int_equal(event->payment_authorized->deadline_at_ns, PGL_STORE_BENCH_WALL_NS + 1);

    tell(&bench, "P", 1);
    event = payments_bench_last(&bench, 1);
    assert_int_equal(event->payment_captured->captured_minor, 2 * UNIT);
    assert_string_equal(event->payment_captured->currency, "EUR");
    assert_int_equal(event->payment_captured->n_captured_lines, 1);
    assert_int_equal(event->payment_captured->captured_lines[0]->line_no, 2);
    assert_int_equal(event->payment_captured->captured_lines[0]->quantity, 2);

    tell(&bench, "OR", 2);
    event = payments_bench_last(&bench, 2);
    assert_int_equal(event->payment_captured->n_captured_lines, 0); /* all that was ordered */

    tell(&bench, "C", 3);
    event = payments_bench_last(&bench, 3);
    assert_int_equal(event->payment_voided->cause, CAUSE_CLIENT);
    assert_int_equal(event->payment_voided->hold, HOLD_NONE);

    tell(&bench, "OC", 4);
    event = payments_bench_last(&bench, 4);
    assert_int_equal(event->payment_hold_released->how, HOLD_RELEASED);

    tell(&bench, "B", 5);
    event = payments_bench_last(&bench, 5);
    assert_string_equal(event->payment_declined->decline_code, "method_not_offered");
    assert_false(event->payment_declined->retryable);
    payments_bench_close(&bench);
}

static void stock_for_an_unknown_order_raises_the_alarm(void **unused)
{
    (void)unused;
    struct payments_bench bench;
    payments_bench_open(&bench, 1, AMOUNT);
    tell(&bench, "OR", 1);
    assert_int_equal(pgl_counter_read(&bench.payments.desk.orphans), 0);
    tell(&bench, "R", 2);
    assert_int_equal(pgl_counter_read(&bench.payments.desk.orphans), 1);
    assert_int_equal(payments_bench_last(&bench, 2)->payment_voided->cause, CAUSE_ORPHAN);
    payments_bench_close(&bench);
}

/* ---- what is wrong ---- */

static void spoil_key(Event *event)
{
    event->key.len = 15;
}
static void spoil_type(Event *event)
{
    event->type = EVENT_TYPE_INVENTORY_RESERVED;
}
static void spoil_customer(Event *event)
{
    event->order_created->customer = "";
}
static void spoil_currency(Event *event)
{
    event->order_created->currency = "EURO";
}
static void spoil_amount(Event *event)
{
    event->order_created->amount_minor = -1;
}
static void spoil_amount_above(Event *event)
{
    event->order_created->amount_minor = INT64_C(1) << 53;
}
static void spoil_cause(Event *event)
{
    event->order_cancel_requested->cause = CAUSE_ORPHAN;
}
static void spoil_cause_above(Event *event)
{
    event->order_cancel_requested->cause = (Cause)77;
}
static void spoil_too_many(Event *event)
{
    event->inventory_reserved->allocations[0]->quantity = 4;
}
static void spoil_line(Event *event)
{
    event->inventory_reserved->allocations[0]->line_no = 3;
}

static void an_event_that_cannot_be_is_refused_before_anything_is_written(void **unused)
{
    static const struct {
        char letter;
        void (*spoil)(Event *event);
    } cases[] = {
        { 'O', spoil_key },    { 'O', spoil_type },         { 'O', spoil_customer },
        { 'O', spoil_amount }, { 'O', spoil_amount_above }, { 'O', spoil_currency },
        { 'C', spoil_cause },  { 'C', spoil_cause_above },  { 'P', spoil_too_many },
        { 'P', spoil_line },
    };
    (void)unused;
    struct payments_bench bench;
    payments_bench_open(&bench, 1, 10 * AMOUNT);
    tell(&bench, "O", 1);
    const char *before = pgl_store_bench_dump(&bench.store, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Event *event = event_of(&bench, cases[i].letter, cases[i].letter == 'O' ? 2 : 1);
        cases[i].spoil(event);
        assert_int_equal(payments_bench_hear(&bench, event).code, PGL_INVALID);
        assert_false(bench.has_written);
    }
    assert_string_equal(pgl_store_bench_dump(&bench.store, NULL), before);
    payments_bench_close(&bench);
}

static void an_impossible_cell_is_a_conflict_before_anything_is_written(void **unused)
{
    (void)unused;
    struct payments_bench bench;
    payments_bench_open(&bench, 1, 10 * AMOUNT);
    tell(&bench, "O", 1);
    /* An account never rests in AUTHORIZING; a file that says so is not to be believed. */
    assert_true(pgl_is_ok(pgl_database_run(
        &bench.store.writer.db,
        "UPDATE payment SET state = 1, op = 2, op_state = 1, account_id = 0, hold_minor = 0, "
        "authorized_minor = 0")));
    assert_int_equal(payments_bench_hear(&bench, event_of(&bench, 'R', 1)).code, PGL_CONFLICT);
    assert_false(bench.has_written);

    /* Half an order for who wants it whole. */
    struct bench_order whole = { 2, "bob", "account", UNIT, false };
    assert_true(pgl_is_ok(payments_bench_hear(&bench, payments_bench_created(&bench, &whole))));
    assert_int_equal(payments_bench_hear(&bench, event_of(&bench, 'P', 2)).code, PGL_CONFLICT);
    assert_false(bench.has_written);
    payments_bench_close(&bench);
}

static pgl_status hear_without_memory(struct pgl_tx *tx, void *event)
{
    struct pgl_arena *enough = tx->view.arena, none;
    pgl_arena_init(&none, 256, 256);
    while (pgl_arena_alloc(&none, 16) != NULL)
        continue;
    tx->view.arena = &none;
    pgl_status status = pgl_payments_handle(tx, 1, event);
    tx->view.arena = enough;
    pgl_arena_free(&none);
    return status;
}

static void without_memory_an_event_waits_for_another_try(void **unused)
{
    static const char letters[] = "ORPCF";
    (void)unused;
    struct payments_bench bench;
    payments_bench_open(&bench, 1, AMOUNT);
    tell(&bench, "O", 1);
    const char *before = pgl_store_bench_dump(&bench.store, NULL);
    for (int i = 0; letters[i] != '\0'; i++) {
        Event *event = event_of(&bench, letters[i], letters[i] == 'O' ? 2 : 1);
        assert_int_equal(pgl_writer_run_now(&bench.store.writer, hear_without_memory, event).code,
                         PGL_EXHAUSTED);
    }
    assert_string_equal(pgl_store_bench_dump(&bench.store, NULL), before);
    payments_bench_close(&bench);
}

static void events_of_no_interest_pass(void **unused)
{
    (void)unused;
    struct payments_bench bench;
    payments_bench_open(&bench, 1, AMOUNT);
    const char *before = pgl_store_bench_dump(&bench.store, NULL);
    static const EventType types[] = { EVENT_TYPE_ORDER_CONFIRMED, EVENT_TYPE_INVENTORY_COMMITTED,
                                       EVENT_TYPE_STOCK_RECEIVED, (EventType)999 };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        Event event = EVENT_INIT;
        event.type = types[i];
        assert_true(pgl_is_ok(payments_bench_hear(&bench, &event)));
    }
    assert_string_equal(pgl_store_bench_dump(&bench.store, NULL), before);
    payments_bench_close(&bench);
}

static void the_schema_refuses_what_must_never_be(void **unused)
{
    static const char *const refused[] = {
        "UPDATE payment SET state = 8, decision = 2 WHERE state = 6",
        "UPDATE payment SET state = 3, decision = 0 WHERE state = 6",
        "UPDATE payment SET decision = 0 WHERE decision = 2",
        "UPDATE payment SET emitted = emitted + 32 WHERE state = 6",
        "UPDATE payment SET emitted = emitted + 2 WHERE state = 3",
        "UPDATE payment SET captured_minor = captured_minor + 1 WHERE state = 6",
        "UPDATE payment SET hold_minor = hold_minor + 1 WHERE state = 3",
        "UPDATE payment SET decision = 1 WHERE state = 3",
        "UPDATE account SET held_minor = -1",
        "UPDATE transfer SET amount_minor = amount_minor + 1",
        "DELETE FROM transfer",
        "INSERT INTO transfer SELECT * FROM transfer",
    };
    (void)unused;
    struct payments_bench bench;
    payments_bench_open(&bench, 1, 10 * AMOUNT);
    tell(&bench, "OR", 1);
    tell(&bench, "OC", 2);
    tell(&bench, "O", 3);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        print_message("%s\n", refused[i]);
        assert_int_equal(pgl_database_run(&bench.store.writer.db, refused[i]).code, PGL_CONFLICT);
    }
    assert_string_equal(payments_bench_audit(&bench), "");
    payments_bench_close(&bench);
}

/* ---- counts ---- */

static void counts_move_with_the_transaction_and_survive_a_restart(void **unused)
{
    (void)unused;
    struct payments_bench bench;
    const struct pgl_counter *by_state = bench.payments.desk.tally.gauges;
    payments_bench_open(&bench, 1, 10 * AMOUNT);
    tell(&bench, "OR", 1);
    tell(&bench, "O", 2);
    tell(&bench, "O", 3);
    assert_int_equal(pgl_counter_read(&by_state[PAYMENT_CAPTURED]), 1);
    assert_int_equal(pgl_counter_read(&by_state[PAYMENT_AUTHORIZED]), 2);

    /* Somebody has emptied the account behind our back: the release fails behind its first
     * write. */
    assert_true(
        pgl_is_ok(pgl_database_run(&bench.store.writer.db, "UPDATE account SET held_minor = 0")));
    const char *before = pgl_store_bench_dump(&bench.store, NULL);
    assert_int_equal(payments_bench_hear(&bench, event_of(&bench, 'C', 2)).code, PGL_CONFLICT);
    assert_string_equal(pgl_store_bench_dump(&bench.store, NULL), before);
    tell(&bench, "C", 4);
    assert_int_equal(pgl_counter_read(&by_state[PAYMENT_AUTHORIZED]), 2);
    assert_int_equal(pgl_counter_read(&by_state[PAYMENT_VOIDED]), 1);

    payments_bench_restart(&bench, 10 * AMOUNT);
    assert_int_equal(pgl_counter_read(&by_state[PAYMENT_AUTHORIZED]), 2);
    assert_int_equal(pgl_counter_read(&by_state[PAYMENT_CAPTURED]), 1);
    assert_int_equal(pgl_counter_read(&by_state[PAYMENT_VOIDED]), 1);
    payments_bench_close(&bench);
}

/* ---- many orders at once ---- */

#define RANDOM_ORDERS 40
#define RANDOM_EVENTS 400

/* Any event of any order at any moment, though most begin as they should; credit for some of
 * them. */
static void tell_at_random(struct payments_bench *bench, uint64_t seed)
{
    static const char firsts[] = "OOOOOOOOZBCR", letters[] = "OCDRRPF";
    bool is_begun[RANDOM_ORDERS] = { false };
    static char customers[][4] = { "ann", "bob", "eve" };
    struct pgl_random random;
    pgl_random_seed(&random, seed, 2);
    for (int i = 0; i < RANDOM_EVENTS; i++) {
        int number = (int)pgl_random_below(&random, RANDOM_ORDERS);
        char letter = is_begun[number] ? letters[pgl_random_below(&random, sizeof letters - 1)]
                                       : firsts[pgl_random_below(&random, sizeof firsts - 1)];
        is_begun[number] = true;
        Event *event = event_of(bench, letter, number);
        if (event->type == EVENT_TYPE_ORDER_CREATED)
            event->order_created->customer = customers[number % 3];
        assert_true(pgl_is_ok(payments_bench_hear(bench, event)));
        if (i % 50 == 0)
            assert_string_equal(payments_bench_audit(bench), "");
    }
}

static void whatever_comes_the_ledger_balances(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct payments_bench bench;
        payments_bench_open(&bench, seed, 2 * AMOUNT);
        tell_at_random(&bench, seed);
        assert_string_equal(payments_bench_audit(&bench), "");
        assert_int_equal(pgl_store_bench_number(&bench.store,
                                                "SELECT count(*) FROM account WHERE posted_minor + "
                                                "held_minor > credit_minor"),
                         0);
        /* The draws have to reach what the invariants are about. */
        assert_true(pgl_store_bench_number(&bench.store, "SELECT count(*) FROM transfer") > 2);
        assert_true(pgl_store_bench_number(&bench.store,
                                           "SELECT count(*) FROM payment WHERE decline_code = "
                                           "'insufficient_credit'") > 0);
        payments_bench_close(&bench);
    }
}

static void the_same_events_write_the_same_bytes(void **unused)
{
    (void)unused;
    struct payments_bench benches[2];
    const char *dumps[2];
    for (int i = 0; i < 2; i++) {
        payments_bench_open(&benches[i], 5, 2 * AMOUNT);
        tell_at_random(&benches[i], 5);
        dumps[i] = pgl_store_bench_dump(&benches[i].store, NULL);
    }
    assert_string_equal(dumps[0], dumps[1]);
    for (int i = 0; i < 2; i++)
        payments_bench_close(&benches[i]);
}

/* ---- refunds ---- */

static void refund(struct payments_bench *bench, int refund_no, int64_t amount_minor)
{
    Event *event = payments_bench_refund(bench, 1, refund_no, amount_minor);
    assert_true(pgl_is_ok(payments_bench_hear(bench, event)));
}

/* At once, in parts, once each, and never more than was taken. */
static void an_account_gets_back_what_was_taken(void **unused)
{
    (void)unused;
    struct payments_bench bench;
    payments_bench_open(&bench, 1, AMOUNT);
    tell(&bench, "OR", 1);
    refund(&bench, 1, 200);
    const PaymentRefunded *refunded = payments_bench_last(&bench, 1)->payment_refunded;
    assert_int_equal(refunded->refund_no, 1);
    assert_int_equal(refunded->amount_minor, 200);
    assert_int_equal(refunded->n_lines, 1);
    assert_string_equal(accounts_of(&bench), "300|0\n");
    refund(&bench, 1, 200); /* heard again */
    refund(&bench, 2, 301);
    const PaymentRefundFailed *failed = payments_bench_last(&bench, 1)->payment_refund_failed;
    assert_string_equal(failed->failure_code, "more_than_captured");
    refund(&bench, 3, 300);
    assert_string_equal(accounts_of(&bench), "0|0\n");
    refund(&bench, 4, 0);
    assert_string_equal(payments_bench_said(&bench, 1),
                        CAPTURED " PaymentRefunded PaymentRefundFailed PaymentRefunded "
                                 "PaymentRefunded");
    assert_string_equal(payments_bench_audit(&bench), "");
    tell(&bench, "O", 2); /* the credit is there again */
    assert_string_equal(payments_bench_said(&bench, 2), AUTHORIZED);
    payments_bench_close(&bench);
}

static void what_was_not_taken_is_not_given_back(void **unused)
{
    (void)unused;
    struct payments_bench bench;
    payments_bench_open(&bench, 1, AMOUNT);
    Event *unknown = payments_bench_refund(&bench, 1, 1, 1);
    assert_int_equal(payments_bench_hear(&bench, unknown).code, PGL_CONFLICT);
    assert_false(bench.has_written);
    tell(&bench, "OC", 1);
    refund(&bench, 1, 100);
    assert_string_equal(payments_bench_said(&bench, 1), VOIDED " PaymentRefundFailed");
    unknown->order_refund_requested->refund_no = 0;
    assert_int_equal(payments_bench_hear(&bench, unknown).code, PGL_INVALID);
    payments_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_story_ends_as_it_should_and_is_told_once),
        cmocka_unit_test(events_carry_what_others_need),
        cmocka_unit_test(stock_for_an_unknown_order_raises_the_alarm),
        cmocka_unit_test(an_event_that_cannot_be_is_refused_before_anything_is_written),
        cmocka_unit_test(an_impossible_cell_is_a_conflict_before_anything_is_written),
        cmocka_unit_test(without_memory_an_event_waits_for_another_try),
        cmocka_unit_test(events_of_no_interest_pass),
        cmocka_unit_test(the_schema_refuses_what_must_never_be),
        cmocka_unit_test(counts_move_with_the_transaction_and_survive_a_restart),
        cmocka_unit_test(whatever_comes_the_ledger_balances),
        cmocka_unit_test(the_same_events_write_the_same_bytes),
        cmocka_unit_test(an_account_gets_back_what_was_taken),
        cmocka_unit_test(what_was_not_taken_is_not_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
