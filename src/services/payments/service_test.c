/*
 * service_test.c - do the events find their way through real logs, once each and in order?
 * Method: two other benches stand for Orders and Inventory and have nothing but their logs; all
 *         loops turn until none has
 * anything to do. Then the file forgets how far it has read, and hears everything again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/payments/payments_bench.h"

#define CREDIT 1000000

struct producer {
    struct pgl_store_bench store;
    struct pgl_event_log log;
};

struct trio {
    struct producer orders, inventory;
    struct payments_bench bench;
};

static void producer_open(struct producer *producer, Log log)
{
    pgl_store_bench_open(&producer->store, 7);
    assert_true(pgl_is_ok(pgl_events_migrate(&producer->store.writer.db)));
    assert_true(pgl_is_ok(pgl_log_open(&producer->log, log, &producer->store.writer)));
}

static void producer_close(struct producer *producer)
{
    pgl_log_close(&producer->log);
    pgl_store_bench_close(&producer->store);
}

/* With its process the readers that waited are gone. */
static void producer_restart(struct producer *producer)
{
    Log log = producer->log.log;
    pgl_log_close(&producer->log);
    pgl_store_bench_restart(&producer->store);
    assert_true(pgl_is_ok(pgl_log_open(&producer->log, log, &producer->store.writer)));
}

static void connect(struct trio *trio)
{
    struct pgl_payments *payments = &trio->bench.payments;
    assert_true(pgl_is_ok(
        pgl_payments_connect(payments, &trio->orders.log.source, &trio->inventory.log.source)));
    pgl_payments_start(payments);
}

static void trio_open(struct trio *trio)
{
    producer_open(&trio->orders, LOG_ORDERS);
    producer_open(&trio->inventory, LOG_INVENTORY);
    payments_bench_open(&trio->bench, 1, CREDIT);
    connect(trio);
}

static void trio_close(struct trio *trio)
{
    payments_bench_close(&trio->bench);
    producer_close(&trio->inventory);
    producer_close(&trio->orders);
}

static void settle(struct trio *trio)
{
    bool has_more;
    do {
        has_more = pgl_store_bench_turn(&trio->orders.store);
        has_more |= pgl_store_bench_turn(&trio->inventory.store);
        has_more |= pgl_store_bench_turn(&trio->bench.store);
    } while (has_more);
}

struct saying {
    struct producer *producer;
    Event *event;
};

static pgl_status append(struct pgl_tx *tx, void *argument)
{
    const struct saying *saying = argument;
    return pgl_log_append(&saying->producer->log, tx, saying->event, NULL);
}

static void say(struct producer *producer, Event *event)
{
    struct saying saying = { producer, event };
    assert_true(pgl_is_ok(pgl_writer_run_now(&producer->store.writer, append, &saying)));
}

static void say_created(struct trio *trio, int number, const char *method)
{
    struct bench_order order = { number, "ann", method, 100, false };
    say(&trio->orders, payments_bench_created(&trio->bench, &order));
}

static int64_t number_of(struct trio *trio, const char *sql)
{
    return pgl_store_bench_number(&trio->bench.store, sql);
}

/* 1 is captured, 2 cancelled, 3 out of stock, 4 declined, 5 waits. */
static void tell_all(struct trio *trio)
{
    for (int number = 1; number <= 5; number++)
        say_created(trio, number, number == 4 ? "barter" : "account");
    say(&trio->orders, payments_bench_cancelled(&trio->bench, 2, CAUSE_CLIENT));
    settle(trio);
    say(&trio->inventory, payments_bench_reserved(&trio->bench, 1, true, 2, 3));
    say(&trio->inventory, payments_bench_failed(&trio->bench, 3));
    settle(trio);
}

static const char *const how_far[] = { "consumer", NULL };

static void events_are_heard_once_and_again_to_no_effect(void **unused)
{
    (void)unused;
    struct trio trio;
    trio_open(&trio);
    tell_all(&trio);
    assert_string_equal(payments_bench_said(&trio.bench, 1), "PaymentAuthorized PaymentCaptured");
    assert_string_equal(payments_bench_said(&trio.bench, 2),
                        "PaymentAuthorized PaymentVoided PaymentHoldReleased");
    assert_string_equal(payments_bench_said(&trio.bench, 3),
                        "PaymentAuthorized PaymentVoided PaymentHoldReleased");
    assert_string_equal(payments_bench_said(&trio.bench, 4), "PaymentDeclined");
    assert_string_equal(payments_bench_said(&trio.bench, 5), "PaymentAuthorized");
    assert_string_equal(payments_bench_audit(&trio.bench), "");
    assert_int_equal(number_of(&trio, "SELECT position FROM consumer WHERE log = 2"), 6);
    assert_int_equal(number_of(&trio, "SELECT position FROM consumer WHERE log = 4"), 2);

    const char *before = pgl_store_bench_dump(&trio.bench.store, how_far);
    assert_true(pgl_is_ok(pgl_database_run(&trio.bench.store.writer.db, "DELETE FROM consumer")));
    producer_restart(&trio.orders);
    producer_restart(&trio.inventory);
    payments_bench_restart(&trio.bench, CREDIT);
    connect(&trio);
    settle(&trio);
    assert_int_equal(number_of(&trio, "SELECT position FROM consumer WHERE log = 2"), 6);
    assert_string_equal(pgl_store_bench_dump(&trio.bench.store, how_far), before);
    assert_int_equal(number_of(&trio, "SELECT count(*) FROM parked"), 0);
    trio_close(&trio);
}

static void what_cannot_be_parks_its_order_and_no_other(void **unused)
{
    (void)unused;
    struct trio trio;
    trio_open(&trio);
    say_created(&trio, 1, "account");
    say_created(&trio, 2, "account");
    settle(&trio);
    /* Half of an order that was wanted whole. */
    say(&trio.inventory, payments_bench_reserved(&trio.bench, 1, false, 1, 0));
    say(&trio.inventory, payments_bench_reserved(&trio.bench, 2, true, 2, 3));
    say(&trio.inventory, payments_bench_failed(&trio.bench, 1));
    settle(&trio);
    assert_string_equal(payments_bench_said(&trio.bench, 1), "PaymentAuthorized");
    assert_string_equal(payments_bench_said(&trio.bench, 2), "PaymentAuthorized PaymentCaptured");
    assert_int_equal(number_of(&trio, "SELECT count(*) FROM parked WHERE log = 4"), 2);
    assert_string_equal(payments_bench_audit(&trio.bench), "");
    trio_close(&trio);
}

/* Behind its first write nothing is harmless: the batch is run again, one event at a time. */
static void one_that_fails_late_is_set_aside_alone(void **unused)
{
    (void)unused;
    struct trio trio;
    trio_open(&trio);
    say_created(&trio, 1, "account");
    settle(&trio);
    /* A transfer that should not be there yet: the capture fails at its last write but two. */
    assert_true(pgl_is_ok(pgl_database_run(
        &trio.bench.store.writer.db,
        "INSERT INTO transfer SELECT order_id, 1, 0, 9, 0, 'EUR', 1 FROM payment")));
    say(&trio.inventory, payments_bench_reserved(&trio.bench, 1, true, 2, 3));
    say(&trio.inventory, payments_bench_reserved(&trio.bench, 2, true, 2, 3));
    settle(&trio);
    assert_int_equal(number_of(&trio, "SELECT count(*) FROM parked WHERE log = 4"), 1);
    assert_string_equal(payments_bench_said(&trio.bench, 1), "PaymentAuthorized");
    assert_string_equal(payments_bench_said(&trio.bench, 2), "PaymentVoided");
    assert_int_equal(number_of(&trio, "SELECT held_minor FROM account"), 500);
    assert_int_equal(pgl_counter_read(&trio.bench.payments.desk.tally.gauges[PAYMENT_VOIDED]), 1);
    trio_close(&trio);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_heard_once_and_again_to_no_effect),
        cmocka_unit_test(what_cannot_be_parks_its_order_and_no_other),
        cmocka_unit_test(one_that_fails_late_is_set_aside_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
