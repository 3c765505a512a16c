/*
 * shop_test.c - a written order is a request that the platform takes, and no two are one.
 * Method: thousands of them, read with the platform's own readers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "app/bench/shop.h"
#include "contract/orders.h"
#include "wire/json.h"

#define PRODUCTS 12
#define ORDERS   2000

static const struct pgl_address address = { "127.0.0.1", 8080 };

static struct pgl_shop make_shop(void)
{
    static struct pgl_text tokens[] = { { "one.two.three", 13 }, { "a.longer.token", 14 } };
    static struct pgl_shop_product products[PRODUCTS];
    static char skus[PRODUCTS][16], lines[PRODUCTS][64];
    struct pgl_shop shop;
    pgl_shop_init(&shop, &address);
    for (int i = 0; i < PRODUCTS; i++) {
        snprintf(skus[i], sizeof skus[i], "S-%d", i);
        snprintf(lines[i], sizeof lines[i], "{\"sku\":\"%s\",\"quantity\":1}", skus[i]);
        products[i] = (struct pgl_shop_product){ skus[i], pgl_text_of(lines[i]), 1 };
        if (products[i].line.size > shop.line_bytes_max)
            shop.line_bytes_max = products[i].line.size;
    }
    shop.tokens = tokens;
    shop.customer_count = 2;
    shop.token_bytes_max = 14;
    shop.products = products;
    shop.product_count = PRODUCTS;
    memcpy(shop.currency, "USD", 4);
    return shop;
}

static const char *field(const struct pgl_http_request_head *head, const char *name,
                         struct pgl_arena *arena)
{
    struct pgl_text value;
    assert_int_equal(
        pgl_http_find_field(head->fields, head->field_count, pgl_text_of(name), &value), 1);
    return pgl_arena_string(arena, value);
}

static const NewOrder *read_order(const char *bytes, size_t size, struct pgl_arena *arena,
                                  struct pgl_http_request_head *head)
{
    static const struct pgl_http1_limits limits = PGL_HTTP1_LIMITS_DEFAULT;
    struct pgl_http1_parser parser;
    void *order;
    pgl_http1_parser_init(&parser, &limits);
    assert_int_equal(pgl_http1_read_request(&parser, bytes, size, head), PGL_HTTP1_DONE);
    assert_int_equal(head->content_length, size - parser.head_bytes);
    struct pgl_text body = { bytes + parser.head_bytes, size - parser.head_bytes };
    pgl_status status =
        pgl_json_read(NEW_ORDER_DESCRIPTOR, arena, body, &pgl_json_request_limits, &order);
    assert_string_equal(status.text, "");
    return order;
}

static void orders_are_what_the_platform_reads(void **unused)
{
    struct pgl_shop shop = make_shop();
    struct pgl_random random;
    struct pgl_arena arena;
    struct pgl_http_request_head head;
    char out[2048];
    (void)unused;
    pgl_random_seed(&random, 1, 0);
    pgl_arena_init(&arena, 4096, 1u << 20);
    for (size_t i = 0; i < ORDERS; i++) {
        size_t line_count = 1 + i % PRODUCTS, customer = i % 2;
        pgl_arena_reset(&arena);
        size_t size = pgl_shop_write_order(&shop, customer, line_count, &random, out);
        assert_in_range(size, 1, pgl_shop_order_bytes_max(&shop, line_count));
        const NewOrder *order = read_order(out, size, &arena, &head);
        assert_string_equal(order->currency, "USD");
        assert_string_equal(order->payment->method, "account");
        assert_int_equal(order->n_lines, line_count);
        for (size_t a = 0; a < line_count; a++)
            for (size_t b = 0; b < a; b++)
                assert_string_not_equal(order->lines[a]->sku, order->lines[b]->sku);
        assert_string_equal(field(&head, "authorization", &arena),
                            customer == 0 ? "Bearer one.two.three" : "Bearer a.longer.token");
        assert_int_equal(strlen(field(&head, "idempotency-key", &arena)), 32);
    }
    pgl_arena_free(&arena);
    pgl_shop_free(&shop);
}

static void no_key_is_used_twice_nor_in_another_run(void **unused)
{
    struct pgl_shop shop = make_shop();
    struct pgl_arena arena;
    const char *keys[100];
    (void)unused;
    pgl_arena_init(&arena, 65536, 1u << 20);
    for (size_t i = 0; i < 100; i++) {
        static struct pgl_random random;
        struct pgl_http_request_head head;
        char *out = pgl_arena_alloc(&arena, 2048);
        if (i % 50 == 0)
            pgl_random_seed(&random, i, 0); /* another run */
        size_t size = pgl_shop_write_order(&shop, 0, 2, &random, out);
        read_order(out, size, &arena, &head);
        keys[i] = field(&head, "idempotency-key", &arena);
        for (size_t before = 0; before < i; before++)
            assert_string_not_equal(keys[i], keys[before]);
    }
    pgl_arena_free(&arena);
    pgl_shop_free(&shop);
}

#define TOO_LONG "pm_00000000000000000000000000000000000000000000000000000000000000"

static void a_card_is_a_token(void **unused)
{
    static const char *const wrong[] = { "", "pm card", "pm_\"", "4242-4242", TOO_LONG };
    struct pgl_shop shop = make_shop();
    struct pgl_random random;
    char out[2048];
    (void)unused;
    pgl_random_seed(&random, 1, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(pgl_shop_pay_by_card(&shop, wrong[i]).code, PGL_INVALID);
    assert_true(pgl_is_ok(pgl_shop_pay_by_card(&shop, "pm_card_visa")));
    size_t size = pgl_shop_write_order(&shop, 0, 2, &random, out);
    assert_in_range(size, 1, pgl_shop_order_bytes_max(&shop, 2));
    out[size] = '\0';
    assert_non_null(
        strstr(out, "\"payment\":{\"method\":\"card\",\"cardToken\":\"pm_card_visa\"}"));
    pgl_shop_free(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_are_what_the_platform_reads),
        cmocka_unit_test(a_card_is_a_token),
        cmocka_unit_test(no_key_is_used_twice_nor_in_another_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
