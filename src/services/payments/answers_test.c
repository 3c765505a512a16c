/*
 * answers_test.c - who is told what, and what a credit line may be.
 * Method: tables of callers and of lines, through the service's method tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "services/payments/card_bench.h"
#include "services/payments/ledger.h"
#include "services/payments/payments_bench.h"

#define CREDIT 1000

static void open_with_order(struct payments_bench *bench)
{
    struct bench_order order = { 1, "ann", "account", 100, true };
    payments_bench_open(bench, 1, CREDIT);
    assert_true(pgl_is_ok(payments_bench_hear(bench, payments_bench_created(bench, &order))));
}

static Caller caller_of(const char *tenant, const char *subject, Role role)
{
    Caller caller = CALLER_INIT;
    caller.tenant = (char *)tenant;
    caller.subject = (char *)subject;
    caller.role = role;
    return caller;
}

static const char *id_of(struct payments_bench *bench, int number)
{
    char *text = pgl_arena_zalloc(&bench->store.arena, PGL_ID_TEXT_BYTES + 1);
    pgl_id_format(payments_bench_id(number), text);
    return text;
}

static pgl_status get(struct payments_bench *bench, Caller *caller, const char *order_id,
                      Payment **payment)
{
    GetPaymentRequest ask = GET_PAYMENT_REQUEST_INIT;
    GetPaymentResponse reply = GET_PAYMENT_RESPONSE_INIT;
    ask.caller = caller;
    ask.order_id = (char *)order_id;
    pgl_status status = pgl_store_bench_query(
        &bench->store, &pgl_payments_methods[PAYMENT_SERVICE_GET_PAYMENT], &ask, &reply);
    *payment = reply.payment;
    return status;
}

static pgl_status story(struct payments_bench *bench, Caller *caller, const pgl_id *id, size_t size)
{
    ReadKeyRequest ask = READ_KEY_REQUEST_INIT;
    ReadKeyResponse reply = READ_KEY_RESPONSE_INIT;
    ask.caller = caller;
    ask.key = (ProtobufCBinaryData){ size, (uint8_t *)id->bytes };
    return pgl_store_bench_query(
        &bench->store, &pgl_payments_log_methods[EVENT_LOG_SERVICE_READ_KEY], &ask, &reply);
}

static void only_the_owner_and_operators_see_a_payment(void **unused)
{
    static const struct {
        const char *tenant, *subject;
        Role role;
        enum pgl_code code;
    } cases[] = {
        { BENCH_TENANT, "ann", ROLE_CUSTOMER, PGL_CODE_OK },
        { BENCH_TENANT, "boss", ROLE_OPERATOR, PGL_CODE_OK },
        { BENCH_TENANT, "bob", ROLE_CUSTOMER, PGL_NOT_FOUND },
        { BENCH_TENANT, "bob", ROLE_WAREHOUSE, PGL_NOT_FOUND },
        { "other", "ann", ROLE_CUSTOMER, PGL_NOT_FOUND },
        { "other", "boss", ROLE_OPERATOR, PGL_NOT_FOUND },
        { BENCH_TENANT, "", ROLE_CUSTOMER, PGL_NOT_FOUND },
    };
    (void)unused;
    struct payments_bench bench;
    Payment *payment;
    pgl_id id = payments_bench_id(1);
    open_with_order(&bench);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Caller caller = caller_of(cases[i].tenant, cases[i].subject, cases[i].role);
        assert_int_equal(get(&bench, &caller, id_of(&bench, 1), &payment).code, cases[i].code);
        assert_int_equal(story(&bench, &caller, &id, sizeof id.bytes).code, cases[i].code);
    }
    assert_int_equal(get(&bench, NULL, id_of(&bench, 1), &payment).code, PGL_NOT_FOUND);
    Caller ann = caller_of(BENCH_TENANT, "ann", ROLE_CUSTOMER);
    assert_int_equal(get(&bench, &ann, id_of(&bench, 2), &payment).code, PGL_NOT_FOUND);
    assert_int_equal(get(&bench, &ann, "order 1", &payment).code, PGL_NOT_FOUND);
    assert_int_equal(story(&bench, &ann, &id, 15).code, PGL_NOT_FOUND);

    /* A tombstone has no customer, and an empty name is nobody's. */
    assert_true(
        pgl_is_ok(payments_bench_hear(&bench, payments_bench_cancelled(&bench, 3, CAUSE_CLIENT))));
    Caller nobody = caller_of(BENCH_TENANT, "", ROLE_CUSTOMER);
    assert_int_equal(get(&bench, &nobody, id_of(&bench, 3), &payment).code, PGL_NOT_FOUND);
    payments_bench_close(&bench);
}

static void a_payment_is_told_with_its_reason(void **unused)
{
    (void)unused;
    struct payments_bench bench;
    Payment *payment;
    Caller ann = caller_of(BENCH_TENANT, "ann", ROLE_CUSTOMER);
    open_with_order(&bench);
    assert_true(pgl_is_ok(get(&bench, &ann, id_of(&bench, 1), &payment)));
    assert_string_equal(payment->order_id, id_of(&bench, 1));
    assert_string_equal(payment->method, "account");
    assert_int_equal(payment->state, PAYMENT_STATE_AUTHORIZED);
    assert_string_equal(payment->currency, "EUR");
    assert_int_equal(payment->amount_minor, 500);
    assert_int_equal(payment->authorized_minor, 500);
    assert_int_equal(payment->captured_minor, 0);
    assert_string_equal(payment->reason, "");

    assert_true(pgl_is_ok(payments_bench_hear(&bench, payments_bench_failed(&bench, 1))));
    assert_true(pgl_is_ok(get(&bench, &ann, id_of(&bench, 1), &payment)));
    assert_int_equal(payment->state, PAYMENT_STATE_VOIDED);
    assert_string_equal(payment->reason, "out_of_stock");

    struct bench_order dear = { 2, "ann", "account", 1000, true };
    assert_true(pgl_is_ok(payments_bench_hear(&bench, payments_bench_created(&bench, &dear))));
    assert_true(pgl_is_ok(get(&bench, &ann, id_of(&bench, 2), &payment)));
    assert_int_equal(payment->state, PAYMENT_STATE_DECLINED);
    assert_string_equal(payment->reason, PGL_DECLINED_NO_CREDIT);
    payments_bench_close(&bench);
}

/* ---- credit lines ---- */

static pgl_status put(struct payments_bench *bench, Caller *caller, const char *customer,
                      const char *currency, int64_t credit_minor)
{
    PutCreditLineRequest ask = PUT_CREDIT_LINE_REQUEST_INIT;
    PutCreditLineResponse reply = PUT_CREDIT_LINE_RESPONSE_INIT;
    ask.caller = caller;
    ask.customer = (char *)customer;
    ask.currency = (char *)currency;
    ask.credit_minor = credit_minor;
    return pgl_store_bench_command(
        &bench->store, &pgl_payments_methods[PAYMENT_SERVICE_PUT_CREDIT_LINE], &ask, &reply);
}

static const char *lines_of(struct payments_bench *bench)
{
    return pgl_store_bench_rows(&bench->store,
                                "SELECT tenant, customer, currency, credit_minor, posted_minor, "
                                "held_minor FROM credit_line JOIN account USING (account_id)");
}

static void an_operator_opens_and_changes_lines(void **unused)
{
    (void)unused;
    struct payments_bench bench;
    Caller boss = caller_of(BENCH_TENANT, "boss", ROLE_OPERATOR);
    open_with_order(&bench);
    assert_string_equal(lines_of(&bench), "default|ann|EUR|1000|0|500\n");
    assert_true(pgl_is_ok(put(&bench, &boss, "bob", "USD", 7)));
    assert_true(pgl_is_ok(put(&bench, &boss, "ann", "USD", 8)));
    assert_true(pgl_is_ok(put(&bench, &boss, "bob", "USD", 9)));
    assert_string_equal(
        lines_of(&bench),
        "default|ann|EUR|1000|0|500\ndefault|ann|USD|8|0|0\ndefault|bob|USD|9|0|0\n");

    /* Below what is held: what is promised stays, and nothing more is. */
    assert_true(pgl_is_ok(put(&bench, &boss, "ann", "EUR", 1)));
    struct bench_order order = { 2, "ann", "account", 1, true };
    assert_true(pgl_is_ok(payments_bench_hear(&bench, payments_bench_created(&bench, &order))));
    assert_string_equal(payments_bench_said(&bench, 2), "PaymentDeclined PaymentHoldReleased");
    assert_true(
        pgl_is_ok(payments_bench_hear(&bench, payments_bench_reserved(&bench, 1, true, 2, 3))));
    assert_string_equal(payments_bench_said(&bench, 1), "PaymentAuthorized PaymentCaptured");

    /* Up to the last unit, and not one further. */
    assert_true(pgl_is_ok(put(&bench, &boss, "ann", "EUR", 505)));
    order.number = 3;
    assert_true(pgl_is_ok(payments_bench_hear(&bench, payments_bench_created(&bench, &order))));
    assert_string_equal(payments_bench_said(&bench, 3), "PaymentAuthorized");
    order.number = 4;
    assert_true(pgl_is_ok(payments_bench_hear(&bench, payments_bench_created(&bench, &order))));
    assert_string_equal(payments_bench_said(&bench, 4), "PaymentDeclined PaymentHoldReleased");
    assert_string_equal(payments_bench_audit(&bench), "");
    payments_bench_close(&bench);
}

static void nobody_else_does_and_no_line_is_wrong(void **unused)
{
    static char long_name[PGL_OWNER_BYTES_MAX + 2];
    memset(long_name, 'x', sizeof long_name - 1);
    const struct {
        Role role;
        const char *customer, *currency;
        int64_t credit_minor;
        enum pgl_code code;
    } cases[] = {
        { ROLE_CUSTOMER, "bob", "EUR", 1, PGL_DENIED },
        { ROLE_WAREHOUSE, "bob", "EUR", 1, PGL_DENIED },
        { ROLE_OPERATOR, "", "EUR", 1, PGL_INVALID },
        { ROLE_OPERATOR, long_name, "EUR", 1, PGL_INVALID },
        { ROLE_OPERATOR, "bob\n", "EUR", 1, PGL_INVALID },
        { ROLE_OPERATOR, "bob", "EUx", 1, PGL_INVALID },
        { ROLE_OPERATOR, "bob", "", 1, PGL_INVALID },
        { ROLE_OPERATOR, "bob", "EUR", -1, PGL_INVALID },
        { ROLE_OPERATOR, "bob", "EUR", PGL_CREDIT_MINOR_MAX + 1, PGL_INVALID },
        { ROLE_OPERATOR, "bob", "EUR", PGL_CREDIT_MINOR_MAX, PGL_CODE_OK },
        { ROLE_OPERATOR, long_name + 1, "EUR", 0, PGL_CODE_OK },
    };
    (void)unused;
    struct payments_bench bench;
    payments_bench_open(&bench, 1, CREDIT);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Caller caller = caller_of(BENCH_TENANT, "somebody", cases[i].role);
        assert_int_equal(
            put(&bench, &caller, cases[i].customer, cases[i].currency, cases[i].credit_minor).code,
            cases[i].code);
    }
    assert_int_equal(put(&bench, NULL, "bob", "EUR", 1).code, PGL_DENIED);
    Caller without_tenant = caller_of("", "boss", ROLE_OPERATOR);
    assert_int_equal(put(&bench, &without_tenant, "bob", "EUR", 1).code, PGL_INVALID);
    assert_int_equal(pgl_store_bench_number(&bench.store, "SELECT count(*) FROM account"), 2);
    payments_bench_close(&bench);
}

/* A customer is told where to go, as long as that is of use; an operator also where the money
 * is. */
static void a_card_is_shown_to_whom_it_concerns(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    struct bench_order order = { 1, "ann", "card", 100, true };
    Caller ann = caller_of(BENCH_TENANT, "ann", ROLE_CUSTOMER);
    Caller boss = caller_of(BENCH_TENANT, "boss", ROLE_OPERATOR);
    Payment *payment;
    card_bench_open(&bench, 1);
    bench.script = ".a";
    assert_true(pgl_is_ok(
        payments_bench_hear(&bench.payments, payments_bench_created(&bench.payments, &order))));
    card_bench_run(&bench, PGL_SECONDS(1));
    const char *id = id_of(&bench.payments, 1);
    assert_true(pgl_is_ok(get(&bench.payments, &ann, id, &payment)));
    assert_string_equal(payment->next_action, "https://bank.test/3ds");
    assert_string_equal(payment->handle, "");
    assert_true(pgl_is_ok(get(&bench.payments, &boss, id, &payment)));
    assert_string_equal(payment->handle, "pi_1");

    card_bench_object(&bench, 1)->object.status = PROVIDER_HELD;
    card_bench_run(&bench, PGL_MINUTES(1));
    assert_true(pgl_is_ok(get(&bench.payments, &ann, id, &payment)));
    assert_int_equal(payment->state, PAYMENT_STATE_AUTHORIZED);
    assert_string_equal(payment->next_action, "");
    card_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_owner_and_operators_see_a_payment),
        cmocka_unit_test(a_payment_is_told_with_its_reason),
        cmocka_unit_test(an_operator_opens_and_changes_lines),
        cmocka_unit_test(nobody_else_does_and_no_line_is_wrong),
        cmocka_unit_test(a_card_is_shown_to_whom_it_concerns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
