/*
 * prices_test.c - a price is as Catalog gave it, and at most so old.
 * Method: a table of what is known, asked and answered; the clock is an argument.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "services/orders/prices.h"
#include "wire/message.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

#define LINES_MAX 4
#define NOW       PGL_SECONDS(100)

static struct bench {
    struct pgl_prices prices;
    struct pgl_arena arena;
    NewOrder order;
    NewOrderLine lines[LINES_MAX], *pointers[LINES_MAX];
} bench;

static int open_bench(void **unused)
{
    (void)unused;
    bench = (struct bench){ 0 };
    pgl_arena_init(&bench.arena, 4096, 1u << 20);
    return pgl_is_ok(pgl_prices_open(&bench.prices, (struct pgl_hash_key){ 1, 2 })) ? 0 : -1;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_prices_close(&bench.prices);
    pgl_arena_free(&bench.arena);
    return 0;
}

/* An order in EUR of these SKUs, up to a NULL. */
static const NewOrder *order_of(const char *const *skus)
{
    bench.order = (NewOrder)NEW_ORDER_INIT;
    bench.order.currency = (char *)"EUR";
    bench.order.lines = bench.pointers;
    for (; skus[bench.order.n_lines] != NULL; bench.order.n_lines++) {
        size_t i = bench.order.n_lines;
        bench.lines[i] = (NewOrderLine)NEW_ORDER_LINE_INIT;
        bench.lines[i].sku = pgl_message_string(skus[i]);
        bench.pointers[i] = &bench.lines[i];
    }
    return &bench.order;
}

#define ORDER(...) order_of((const char *const[]){ __VA_ARGS__, NULL })

static GetPricesRequest *missing(const NewOrder *order, int64_t now_ns)
{
    GetPricesRequest *ask;
    assert_ok(pgl_prices_missing(&bench.prices, order, now_ns, &bench.arena, &ask));
    return ask;
}

/* One price a SKU: 100, 101 ... */
static const GetPricesResponse *answer_of(const char *currency, const char *const *skus)
{
    static GetPricesResponse answer;
    static Price prices[LINES_MAX], *pointers[LINES_MAX];
    answer = (GetPricesResponse)GET_PRICES_RESPONSE_INIT;
    answer.prices = pointers;
    for (; skus[answer.n_prices] != NULL; answer.n_prices++) {
        size_t i = answer.n_prices;
        prices[i] = (Price)PRICE_INIT;
        prices[i].sku = pgl_message_string(skus[i]);
        prices[i].price_minor = 100 + (int64_t)i;
        prices[i].currency = pgl_message_string(currency);
        pointers[i] = &prices[i];
    }
    return &answer;
}

#define ANSWER(currency, ...) answer_of(currency, (const char *const[]){ __VA_ARGS__, NULL })

static pgl_status prices_of(const NewOrder *order, const GetPricesResponse *answer,
                            struct order_price **prices)
{
    return pgl_prices_of(&bench.prices, order, answer, &bench.arena, prices);
}

static void what_is_not_known_is_asked_for_once(void **unused)
{
    (void)unused;
    GetPricesRequest *ask = missing(ORDER("a", "b", "a", "c"), NOW);
    assert_non_null(ask);
    assert_int_equal(ask->n_skus, 3);
    assert_string_equal(ask->skus[0], "a");
    assert_string_equal(ask->skus[1], "b");
    assert_string_equal(ask->skus[2], "c");
    pgl_prices_learn(&bench.prices, ANSWER("EUR", "a", "b"), NOW);
    assert_null(missing(ORDER("b", "a"), NOW));
    /* With one of them missing all are asked for: the answer has to be enough by itself. */
    assert_int_equal(missing(ORDER("a", "c"), NOW)->n_skus, 2);
}

static void a_price_grows_old(void **unused)
{
    (void)unused;
    pgl_prices_learn(&bench.prices, ANSWER("EUR", "a"), NOW);
    assert_null(missing(ORDER("a"), NOW + PGL_PRICE_AGE_NS));
    assert_non_null(missing(ORDER("a"), NOW + PGL_PRICE_AGE_NS + 1));
    pgl_prices_learn(&bench.prices, ANSWER("EUR", "b", "a"), NOW + PGL_PRICE_AGE_NS);
    assert_null(missing(ORDER("a"), NOW + 2 * PGL_PRICE_AGE_NS));
    struct order_price *prices;
    assert_ok(prices_of(ORDER("a"), NULL, &prices));
    assert_int_equal(prices[0].unit_price_minor, 101); /* the new one */
}

static void prices_come_from_the_answer_or_from_memory(void **unused)
{
    (void)unused;
    struct order_price *prices;
    assert_ok(prices_of(ORDER("b", "a", "b"), ANSWER("EUR", "a", "b"), &prices));
    assert_int_equal(prices[0].unit_price_minor, 101);
    assert_int_equal(prices[1].unit_price_minor, 100);
    assert_int_equal(prices[2].unit_price_minor, 101);
    pgl_prices_learn(&bench.prices, ANSWER("EUR", "a", "b"), NOW);
    assert_ok(prices_of(ORDER("b", "a"), NULL, &prices));
    assert_int_equal(prices[0].unit_price_minor, 101);
    assert_int_equal(prices[1].unit_price_minor, 100);
}

static void what_is_not_sold_is_refused_by_its_line(void **unused)
{
    (void)unused;
    struct order_price *prices;
    pgl_status status = prices_of(ORDER("a", "b"), ANSWER("EUR", "a"), &prices);
    assert_int_equal(status.code, PGL_INVALID);
    assert_string_equal(status.text, "lines[1].sku: b is not for sale");
    /* What Catalog does not answer any more is not sold, also if it was a moment ago. */
    pgl_prices_learn(&bench.prices, ANSWER("EUR", "a", "b"), NOW);
    assert_int_equal(prices_of(ORDER("a", "b"), ANSWER("EUR", "a"), &prices).code, PGL_INVALID);
    status = prices_of(ORDER("a"), ANSWER("USD", "a"), &prices);
    assert_int_equal(status.code, PGL_INVALID);
    assert_string_equal(status.text, "lines[0].sku: a is sold in USD, not in EUR");
}

/* Two SKUs that want one slot take it from one another; a third is not mistaken for either. */
static void a_slot_is_one_skus(void **unused)
{
    (void)unused;
    char first[8] = "0", other[8];
    pgl_prices_learn(&bench.prices, ANSWER("EUR", first), NOW);
    size_t n = 1;
    do { /* some number below a few times the slots has the same */
        (void)snprintf(other, sizeof other, "%zu", n++);
        assert_non_null(missing(ORDER(other), NOW));
        pgl_prices_learn(&bench.prices, ANSWER("USD", other), NOW);
    } while (missing(ORDER(first), NOW) == NULL);
    assert_true(n < 20 * PGL_PRICES_MAX);
    assert_null(missing(ORDER(other), NOW));
    pgl_prices_learn(&bench.prices, ANSWER("EUR", first), NOW);
    assert_non_null(missing(ORDER(other), NOW));
    struct order_price *prices;
    const GetPricesResponse *both = ANSWER("EUR", first, other);
    pgl_prices_learn(&bench.prices, both, NOW);
    assert_ok(prices_of(ORDER(first, other), both, &prices));
    assert_int_equal(prices[1].unit_price_minor, 101);
}

static void an_answer_that_does_not_fit_is_not_kept(void **unused)
{
    (void)unused;
    char long_sku[PGL_PRICE_SKU_BYTES + 2];
    memset(long_sku, 'x', sizeof long_sku);
    long_sku[PGL_PRICE_SKU_BYTES + 1] = '\0';
    pgl_prices_learn(&bench.prices, ANSWER("EUR", long_sku), NOW);
    assert_non_null(missing(ORDER(long_sku), NOW));
    pgl_prices_learn(&bench.prices, ANSWER("EURO", "a"), NOW);
    assert_non_null(missing(ORDER("a"), NOW));
    long_sku[PGL_PRICE_SKU_BYTES] = '\0';
    pgl_prices_learn(&bench.prices, ANSWER("EUR", long_sku), NOW);
    assert_null(missing(ORDER(long_sku), NOW));
}

static void without_memory_nothing_is_asked(void **unused)
{
    (void)unused;
    GetPricesRequest *ask;
    struct order_price *prices;
    struct pgl_arena full;
    pgl_arena_init(&full, 256, 256);
    while (pgl_arena_alloc(&full, 16) != NULL)
        ;
    assert_int_equal(pgl_prices_missing(&bench.prices, ORDER("a"), NOW, &full, &ask).code,
                     PGL_EXHAUSTED);
    assert_null(ask);
    assert_int_equal(
        pgl_prices_of(&bench.prices, ORDER("a"), ANSWER("EUR", "a"), &full, &prices).code,
        PGL_EXHAUSTED);
    pgl_arena_free(&full);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_known_is_asked_for_once),
        TEST(a_price_grows_old),
        TEST(prices_come_from_the_answer_or_from_memory),
        TEST(what_is_not_sold_is_refused_by_its_line),
        TEST(a_slot_is_one_skus),
        TEST(an_answer_that_does_not_fit_is_not_kept),
        TEST(without_memory_nothing_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
