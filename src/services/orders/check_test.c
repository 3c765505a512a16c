/*
 * check_test.c - what a new order has to look like.
 * Method: one good order, and one thing at a time made wrong, with the text that a client reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "saga/idempotency.h"
#include "services/orders/orders_bench.h"
#include "wire/message.h"

static struct bench {
    struct orders_bench orders; /* for its arena alone */
    CreateOrderRequest ask;
    Caller caller;
    char text[300];
} * bench;

static int open_bench(void **unused)
{
    (void)unused;
    bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    pgl_arena_init(&bench->orders.store.arena, 4096, 1u << 20);
    struct bench_order usual = orders_bench_usual("ann", "");
    bench->caller = orders_bench_customer("ann");
    bench->ask = (CreateOrderRequest)CREATE_ORDER_REQUEST_INIT;
    bench->ask.caller = &bench->caller;
    bench->ask.idempotency_key = (char *)"key-1";
    bench->ask.order = orders_bench_body(&bench->orders, &usual);
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_arena_free(&bench->orders.store.arena);
    free(bench);
    return 0;
}

static void expect(enum pgl_code code, const char *text)
{
    const struct pgl_orders_options options = PGL_ORDERS_OPTIONS_DEFAULT;
    pgl_status status = pgl_order_check(&options, &bench->ask, &bench->orders.store.arena);
    assert_int_equal(status.code, code);
    assert_string_equal(status.text, text);
}

static char *text_of(size_t size, char letter)
{
    memset(bench->text, letter, size);
    bench->text[size] = '\0';
    return bench->text;
}

static void the_usual_order_is_right(void **unused)
{
    (void)unused;
    expect(PGL_CODE_OK, "");
}

static void a_key_is_visible_ascii(void **unused)
{
    (void)unused;
    static const char rule[] = "Idempotency-Key: 1 to 255 visible ASCII characters are expected";
    static const char *const wrong[] = { "", " ", "a b", "a\t", "\x7F", "\xC3\xA4" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        bench->ask.idempotency_key = pgl_message_string(wrong[i]);
        expect(PGL_MALFORMED, rule);
    }
    bench->ask.idempotency_key = text_of(PGL_IDEMPOTENCY_KEY_BYTES_MAX + 1, '~');
    expect(PGL_MALFORMED, rule);
    bench->ask.idempotency_key = text_of(PGL_IDEMPOTENCY_KEY_BYTES_MAX, '!');
    expect(PGL_CODE_OK, "");
}

static void lines_are_some_and_not_too_many(void **unused)
{
    (void)unused;
    struct bench_order most = orders_bench_usual("ann", "");
    bench->ask.order->n_lines = 0;
    expect(PGL_INVALID, "lines: 1 to 100 are expected");
    most.line_count = PGL_ORDER_LINES_MAX + 1;
    bench->ask.order = orders_bench_body(&bench->orders, &most);
    expect(PGL_INVALID, "lines: 1 to 100 are expected");
    bench->ask.order->n_lines = PGL_ORDER_LINES_MAX;
    expect(PGL_CODE_OK, "");
}

static void a_line_is_named_when_it_is_wrong(void **unused)
{
    (void)unused;
    NewOrderLine *line = bench->ask.order->lines[1];
    static const int64_t wrong[] = { 0, -1, INT64_MIN, 10001, INT64_MAX };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        line->quantity = wrong[i];
        expect(PGL_INVALID, "lines[1].quantity: 1 to 10000 is expected");
    }
    line->quantity = 10000;
    expect(PGL_CODE_OK, "");
    line->sku = (char *)"";
    expect(PGL_INVALID, "lines[1].sku: 1 to 64 characters are expected");
    line->sku = text_of(65, 'x');
    expect(PGL_INVALID, "lines[1].sku: 1 to 64 characters are expected");
    line->sku = text_of(64, 'x');
    expect(PGL_CODE_OK, "");
}

static void money_and_destination_are_checked(void **unused)
{
    (void)unused;
    NewOrder *order = bench->ask.order;
    order->currency = (char *)"eur";
    expect(PGL_INVALID, "currency: a code of ISO 4217 is expected");
    order->currency = (char *)"EUR";
    order->payment->method = (char *)"cash";
    expect(PGL_INVALID, "payment.method: \"account\" or \"card\" is expected");
    order->payment = NULL;
    expect(PGL_INVALID, "payment.method: \"account\" or \"card\" is expected");
    struct bench_order usual = orders_bench_usual("ann", "");
    order = bench->ask.order = orders_bench_body(&bench->orders, &usual);
    static const char region_rule[] =
        "shipTo.region: at most 16 capital letters, digits and dashes are expected";
    order->ship_to->region = (char *)"eu";
    expect(PGL_INVALID, region_rule);
    order->ship_to->region = text_of(17, 'X');
    expect(PGL_INVALID, region_rule);
    order->ship_to->region = text_of(16, 'X');
    expect(PGL_CODE_OK, "");
    order->ship_to = NULL;
    expect(PGL_CODE_OK, "");
}

static void nobody_orders_nothing(void **unused)
{
    (void)unused;
    bench->ask.caller = NULL;
    expect(PGL_INVALID, "an order needs a caller and a body");
    bench->ask.caller = &bench->caller;
    bench->ask.order = NULL;
    expect(PGL_INVALID, "an order needs a caller and a body");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

static void a_card_is_named_by_a_token(void **unused)
{
    (void)unused;
    static const char letters[] = "payment.cardToken: 1 to 255 letters, digits, dashes and "
                                  "underscores are expected";
    NewPayment *payment = bench->ask.order->payment;
    payment->card_token = (char *)"pm_1";
    expect(PGL_INVALID, "payment.cardToken: only with \"card\"");
    payment->method = (char *)"card";
    expect(PGL_CODE_OK, "");
    payment->card_token = (char *)"";
    expect(PGL_INVALID, letters);
    payment->card_token = (char *)"pm 1";
    expect(PGL_INVALID, letters);
    payment->card_token = text_of(256, 'x');
    expect(PGL_INVALID, letters);
    payment->card_token = text_of(255, 'x');
    expect(PGL_CODE_OK, "");
    payment->card_token = (char *)"pm_4242424242424242";
    expect(PGL_INVALID, "payment.cardToken: the provider's token is expected, not the number of a "
                        "card");
}

static void a_deadline_is_within_a_day(void **unused)
{
    (void)unused;
    static const char rule[] = "deadlineSeconds: 30 to 86400 is expected";
    NewOrder *order = bench->ask.order;
    order->deadline_case = PANGLOT__ORDERS__V1__NEW_ORDER__DEADLINE_DEADLINE_SECONDS;
    static const int64_t wrong[] = { 0, -1, 29, 86401, INT64_MAX };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        order->deadline_seconds = wrong[i];
        expect(PGL_INVALID, rule);
    }
    order->deadline_seconds = 30;
    expect(PGL_CODE_OK, "");
    order->deadline_seconds = 86400;
    expect(PGL_CODE_OK, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_usual_order_is_right),          TEST(a_key_is_visible_ascii),
        TEST(lines_are_some_and_not_too_many),   TEST(a_line_is_named_when_it_is_wrong),
        TEST(money_and_destination_are_checked), TEST(nobody_orders_nothing),
        TEST(a_card_is_named_by_a_token),        TEST(a_deadline_is_within_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
