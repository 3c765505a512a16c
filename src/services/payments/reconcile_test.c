/*
 * reconcile_test.c - is money that only one side knows of found, named, and left alone, and is what
 * nobody wants cancelled?
 * Method: each verdict of the rules, by a table; then whole runs against the bank of the bench,
 *         whose objects are made wrong behind everybody's back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "services/payments/card_bench.h"

#define OLD_S   1
#define YOUNG_S 7200
#define NOW_NS  PGL_SECONDS(7201)

/* clang-format off */
static const struct {
    struct provider_object there;
    struct reconcile_ours here;
    enum reconcile_verdict verdict;
} rows[] = {
    { { .handle = "a", .status = PROVIDER_CAPTURED, .currency = "EUR", .captured_minor = 5 },
      { true, PAYMENT_CAPTURED, "a", "EUR", 5, 0, false }, RECONCILE_FINE },
    { { .handle = "a", .status = PROVIDER_CAPTURED, .currency = "EUR", .captured_minor = 5 },
      { true, PAYMENT_CAPTURING, "a", "EUR", 0, 0, true }, RECONCILE_FINE },
    { { .handle = "a", .status = PROVIDER_CAPTURED, .currency = "EUR", .captured_minor = 5 },
      { true, PAYMENT_CAPTURED, "a", "EUR", 4, 0, false }, RECONCILE_AMOUNT },
    { { .handle = "a", .status = PROVIDER_CAPTURED, .currency = "USD", .captured_minor = 5 },
      { true, PAYMENT_CAPTURED, "a", "EUR", 5, 0, false }, RECONCILE_AMOUNT },
    { { .handle = "a", .status = PROVIDER_CAPTURED, .currency = "EUR", .captured_minor = 5, .refunded_minor = 1 },
      { true, PAYMENT_CAPTURED, "a", "EUR", 5, 0, false }, RECONCILE_REFUNDED },
    { { .handle = "a", .status = PROVIDER_CAPTURED, .currency = "EUR", .captured_minor = 5, .refunded_minor = PROVIDER_UNTOLD },
      { true, PAYMENT_CAPTURED, "a", "EUR", 5, 3, false }, RECONCILE_FINE },
    { { .handle = "a", .status = PROVIDER_CAPTURED, .captured_minor = 5 },
      { false, PAYMENT_NONE, "", "", 0, 0, false }, RECONCILE_UNKNOWN_HERE },
    { { .handle = "b", .status = PROVIDER_CAPTURED, .captured_minor = 5 },
      { true, PAYMENT_CAPTURED, "a", "EUR", 5, 0, false }, RECONCILE_TWICE },
    { { .handle = "a", .status = PROVIDER_CAPTURED, .captured_minor = 5 },
      { true, PAYMENT_VOIDED, "a", "EUR", 0, 0, false }, RECONCILE_ONLY_THERE },
    { { .handle = "a", .status = PROVIDER_HELD, .created_s = OLD_S },
      { true, PAYMENT_CAPTURED, "a", "EUR", 5, 0, false }, RECONCILE_ONLY_HERE },
    { { .handle = "a", .status = PROVIDER_HELD, .created_s = OLD_S },
      { true, PAYMENT_AUTHORIZED, "a", "EUR", 0, 0, false }, RECONCILE_FINE },
    { { .handle = "a", .status = PROVIDER_HELD, .created_s = OLD_S },
      { true, PAYMENT_VOIDED, "a", "EUR", 0, 0, true }, RECONCILE_FINE },
    { { .handle = "a", .status = PROVIDER_HELD, .created_s = OLD_S },
      { true, PAYMENT_VOIDED, "", "EUR", 0, 0, false }, RECONCILE_CANCEL },
    { { .handle = "a", .status = PROVIDER_UNCONFIRMED, .created_s = OLD_S },
      { true, PAYMENT_AUTHORIZING, "", "EUR", 0, 0, true }, RECONCILE_YOUNG },
    { { .handle = "b", .status = PROVIDER_UNCONFIRMED, .created_s = OLD_S },
      { true, PAYMENT_AUTHORIZED, "a", "EUR", 0, 0, false }, RECONCILE_CANCEL },
    { { .handle = "a", .status = PROVIDER_HELD, .created_s = OLD_S },
      { true, PAYMENT_CAPTURED, "a", "EUR", 0, 0, false }, RECONCILE_CANCEL },
    { { .handle = "a", .status = PROVIDER_HELD, .created_s = YOUNG_S },
      { false, PAYMENT_NONE, "", "", 0, 0, false }, RECONCILE_YOUNG },
    { { .handle = "a", .status = PROVIDER_CANCELLED, .created_s = OLD_S },
      { false, PAYMENT_NONE, "", "", 0, 0, false }, RECONCILE_FINE },
};
/* clang-format on */

static void each_pair_is_judged(void **unused)
{
    (void)unused;
    bool is_seen[RECONCILE_VERDICT_COUNT] = { false };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(reconcile_judge(&rows[i].there, &rows[i].here, NOW_NS), rows[i].verdict);
        is_seen[rows[i].verdict] = true;
    }
    for (int i = 0; i < RECONCILE_VERDICT_COUNT; i++)
        assert_true(is_seen[i]);
}

/* ---- whole runs ---- */

/* Paid orders 1 to `count`, their ids as old as the bench's clock. */
static void pay(struct card_bench *bench, int count)
{
    for (int i = 1; i <= count; i++) {
        struct bench_order order = { i, "ann", "card", 100, true };
        assert_true(pgl_is_ok(payments_bench_hear(
            &bench->payments, payments_bench_created(&bench->payments, &order))));
        card_bench_run(bench, PGL_SECONDS(1));
        assert_true(pgl_is_ok(payments_bench_hear(
            &bench->payments, payments_bench_reserved(&bench->payments, i, true, 2, 3))));
        card_bench_run(bench, PGL_SECONDS(1));
    }
}

static Caller operator_of(const char *tenant)
{
    Caller caller = CALLER_INIT;
    caller.tenant = (char *)tenant;
    caller.subject = "boss";
    caller.role = ROLE_OPERATOR;
    return caller;
}

static const Reconciliation *run(struct card_bench *bench)
{
    Caller boss = operator_of(BENCH_TENANT);
    ReconcileRequest begin = RECONCILE_REQUEST_INIT;
    static ReconcileResponse begun;
    begun = (ReconcileResponse)RECONCILE_RESPONSE_INIT;
    begin.caller = &boss;
    begin.window_ns = INT64_C(40) * 365 * PGL_HOURS(24); /* ids of the bench are from long ago */
    assert_true(pgl_is_ok(card_bench_call(bench, PAYMENT_SERVICE_RECONCILE, &begin, &begun)));
    card_bench_run(bench, PGL_SECONDS(2));
    GetReconciliationRequest ask = GET_RECONCILIATION_REQUEST_INIT;
    static GetReconciliationResponse reply;
    reply = (GetReconciliationResponse)GET_RECONCILIATION_RESPONSE_INIT;
    ask.caller = &boss;
    assert_true(
        pgl_is_ok(card_bench_call(bench, PAYMENT_SERVICE_GET_RECONCILIATION, &ask, &reply)));
    assert_false(reply.report->is_running);
    return reply.report;
}

static void what_agrees_is_counted(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    card_bench_open(&bench, 1);
    pay(&bench, 7); /* three pages */
    const Reconciliation *report = run(&bench);
    assert_string_equal(report->failure, "");
    assert_int_equal(report->objects, 7);
    assert_int_equal(report->matched, 7);
    assert_int_equal(report->critical, 0);
    assert_int_equal(report->n_sums, 1);
    assert_int_equal(report->sums[0]->captured_there_minor, 3500);
    assert_int_equal(report->sums[0]->captured_here_minor, 3500);
    card_bench_close(&bench);
}

static void money_on_one_side_is_named_and_left_alone(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    card_bench_open(&bench, 1);
    pay(&bench, 4);
    card_bench_object(&bench, 1)->object.captured_minor = 499;
    card_bench_object(&bench, 2)->object.status = PROVIDER_HELD;
    card_bench_object(&bench, 3)->object.order_id = payments_bench_id(9);
    size_t spoken = strlen(bench.calls);
    const Reconciliation *report = run(&bench);
    assert_null(strstr(bench.calls + spoken, "void"));
    assert_int_equal(report->critical, 4);
    assert_int_equal(report->n_rows, 4);
    assert_string_equal(report->rows[0]->what, reconcile_verdict_names[RECONCILE_UNKNOWN_HERE]);
    assert_string_equal(report->rows[1]->what, reconcile_verdict_names[RECONCILE_ONLY_HERE]);
    assert_string_equal(report->rows[2]->what, reconcile_verdict_names[RECONCILE_AMOUNT]);
    assert_int_equal(report->rows[2]->there_minor, 499);
    assert_int_equal(report->rows[2]->here_minor, 500);
    /* Order 3's object says that it is another one's: asked by its handle, it is somebody
     * else's. */
    assert_string_equal(report->rows[3]->what, reconcile_verdict_names[RECONCILE_UNKNOWN_HERE]);
    card_bench_close(&bench);
}

static void what_nobody_wants_is_cancelled(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    card_bench_open(&bench, 1);
    pay(&bench, 1);
    for (int i = 0; i < 2; i++) {
        struct bench_object *stray = &bench.objects[bench.object_count++];
        *stray = (struct bench_object){ .object = bench.objects[0].object };
        stray->object.status = i == 0 ? PROVIDER_HELD : PROVIDER_UNCONFIRMED;
        stray->object.captured_minor = 0;
        snprintf(stray->object.handle, sizeof stray->object.handle, "pi_stray%d", i);
    }
    assert_int_equal(run(&bench)->cancelled, 0); /* they may still be on their way */
    bench.payments.store.now_ns += PGL_HOURS(2);
    const Reconciliation *report = run(&bench);
    assert_int_equal(report->cancelled, 2);
    assert_int_equal(report->critical, 0);
    assert_int_equal(bench.objects[0].object.status, PROVIDER_CAPTURED);
    assert_int_equal(bench.objects[1].object.status, PROVIDER_CANCELLED);
    assert_int_equal(bench.objects[2].object.status, PROVIDER_CANCELLED);
    card_bench_close(&bench);
}

static void a_provider_that_is_down_is_a_failure_and_no_verdict(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    card_bench_open(&bench, 1);
    pay(&bench, 1);
    bench.is_down = true;
    const Reconciliation *report = run(&bench);
    assert_string_equal(report->failure, "the provider did not give its list");
    assert_int_equal(report->critical, 0);
    card_bench_close(&bench);
}

static void it_is_for_operators(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    card_bench_open(&bench, 1);
    Caller ann = operator_of(BENCH_TENANT);
    ann.role = ROLE_CUSTOMER;
    ReconcileRequest ask = RECONCILE_REQUEST_INIT;
    ReconcileResponse reply = RECONCILE_RESPONSE_INIT;
    ask.caller = &ann;
    assert_int_equal(card_bench_call(&bench, PAYMENT_SERVICE_RECONCILE, &ask, &reply).code,
                     PGL_DENIED);
    card_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pair_is_judged),
        cmocka_unit_test(what_agrees_is_counted),
        cmocka_unit_test(money_on_one_side_is_named_and_left_alone),
        cmocka_unit_test(what_nobody_wants_is_cancelled),
        cmocka_unit_test(a_provider_that_is_down_is_a_failure_and_no_verdict),
        cmocka_unit_test(it_is_for_operators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
