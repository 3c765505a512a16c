/*
 * products_test.c - what is for sale, page by page, and who may change it.
 * Method: the service's methods on a real file; one good product, and one thing at a time made
 * wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/catalog/products.h"
#include "services/catalog/service.h"
#include "store/store_bench.h"
#include "wire/message.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

static struct pgl_store_bench bench;

static int open_bench(void **unused)
{
    (void)unused;
    pgl_store_bench_open(&bench, 1);
    return pgl_is_ok(pgl_catalog_open(&bench.writer)) ? 0 : -1;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_store_bench_close(&bench);
    return 0;
}

static Product product_of(const char *sku)
{
    Product product = PRODUCT_INIT;
    product.sku = pgl_message_string(sku);
    product.name = (char *)"a thing";
    product.category = (char *)"things";
    product.price_minor = 100;
    product.currency = (char *)"EUR";
    product.active = true;
    return product;
}

/* As a client sends it. */
static NewProduct sent_of(Product product)
{
    NewProduct sent = NEW_PRODUCT_INIT;
    sent.sku = product.sku;
    sent.name = product.name;
    sent.description = product.description;
    sent.category = product.category;
    sent.image_url = product.image_url;
    sent.price_case = PANGLOT__CATALOG__V1__NEW_PRODUCT__PRICE_PRICE_MINOR;
    sent.price_minor = product.price_minor;
    sent.currency = product.currency;
    sent.sale_case = PANGLOT__CATALOG__V1__NEW_PRODUCT__SALE_ACTIVE;
    sent.active = product.active;
    return sent;
}

static pgl_status put_as(Product product, Role role)
{
    Caller caller = CALLER_INIT;
    caller.role = role;
    NewProduct sent = sent_of(product);
    PutProductRequest ask = PUT_PRODUCT_REQUEST_INIT;
    PutProductResponse reply = PUT_PRODUCT_RESPONSE_INIT;
    ask.caller = &caller;
    ask.product = &sent;
    return pgl_store_bench_command(&bench, &pgl_catalog_methods[CATALOG_SERVICE_PUT_PRODUCT], &ask,
                                   &reply);
}

static pgl_status get(const char *sku, GetProductResponse *reply)
{
    GetProductRequest ask = GET_PRODUCT_REQUEST_INIT;
    ask.sku = pgl_message_string(sku);
    *reply = (GetProductResponse)GET_PRODUCT_RESPONSE_INIT;
    return pgl_store_bench_query(&bench, &pgl_catalog_methods[CATALOG_SERVICE_GET_PRODUCT], &ask,
                                 reply);
}

static pgl_status list(ListProductsRequest ask, ListProductsResponse *reply)
{
    *reply = (ListProductsResponse)LIST_PRODUCTS_RESPONSE_INIT;
    return pgl_store_bench_query(&bench, &pgl_catalog_methods[CATALOG_SERVICE_LIST_PRODUCTS], &ask,
                                 reply);
}

static void a_product_is_put_and_put_again(void **unused)
{
    (void)unused;
    GetProductResponse reply;
    Product product = product_of("A-1");
    assert_ok(put_as(product, ROLE_OPERATOR));
    assert_ok(get("A-1", &reply));
    assert_string_equal(reply.product->name, "a thing");
    assert_int_equal(reply.product->price_minor, 100);
    product.price_minor = 0; /* a gift */
    product.name = (char *)"\xC3\xA4nother";
    assert_ok(put_as(product, ROLE_OPERATOR));
    assert_ok(get("A-1", &reply));
    assert_string_equal(reply.product->name, "\xC3\xA4nother");
    assert_int_equal(reply.product->price_minor, 0);
    assert_int_equal(reply.product->version, 2);
    assert_ok(put_as(product, ROLE_OPERATOR)); /* which is nothing new */
    assert_ok(get("A-1", &reply));
    assert_int_equal(reply.product->version, 2);
    assert_int_equal(get("A-2", &reply).code, PGL_NOT_FOUND);
    assert_int_equal(pgl_store_bench_number(&bench, "SELECT count(*) FROM product"), 1);
}

static char long_text[4098];

static void what_is_wrong_is_refused(void **unused)
{
    (void)unused;
    static const char *const skus[] = { "", "a b", "a/b", "\xC3\xA4", "a\n" };
    memset(long_text, 'x', sizeof long_text - 1);
    Product good = product_of("A-1");
    Product wrong[16];
    size_t count = 0;
    for (size_t i = 0; i < sizeof skus / sizeof skus[0]; i++)
        wrong[count++] = product_of(skus[i]);
    wrong[count] = good, wrong[count++].sku = long_text + sizeof long_text - 1 - 65;
    wrong[count] = good, wrong[count++].name = (char *)"";
    wrong[count] = good, wrong[count++].name = long_text + sizeof long_text - 1 - 257;
    wrong[count] = good, wrong[count++].description = long_text;
    wrong[count] = good, wrong[count++].category = long_text + sizeof long_text - 1 - 257;
    wrong[count] = good, wrong[count++].image_url = long_text;
    wrong[count] = good, wrong[count++].price_minor = -1;
    wrong[count] = good, wrong[count++].price_minor = INT64_C(1000000000001);
    wrong[count] = good, wrong[count++].currency = (char *)"XYZ";
    for (size_t i = 0; i < count; i++)
        assert_int_equal(put_as(wrong[i], ROLE_OPERATOR).code, PGL_INVALID);
    static const Role roles[] = { ROLE_UNSPECIFIED, ROLE_CUSTOMER, ROLE_PARTNER, ROLE_WAREHOUSE,
                                  ROLE_SUPPORT };
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(put_as(good, roles[i]).code, PGL_DENIED);
    assert_int_equal(pgl_store_bench_number(&bench, "SELECT count(*) FROM product"), 0);
    good.sku = long_text + sizeof long_text - 1 - 64;
    good.name = long_text + sizeof long_text - 1 - 256;
    good.description = long_text + 1;
    good.price_minor = INT64_C(1000000000000);
    assert_ok(put_as(good, ROLE_OPERATOR));
}

/* "a b c", page by page. */
static const char *list_all(const char *category, int32_t limit)
{
    const char *skus = "";
    ListProductsRequest ask = LIST_PRODUCTS_REQUEST_INIT;
    ListProductsResponse reply;
    ask.category = pgl_message_string(category);
    ask.limit = limit;
    do {
        assert_ok(list(ask, &reply));
        assert_in_range(reply.n_items, 0, limit);
        for (size_t i = 0; i < reply.n_items; i++)
            skus = pgl_arena_printf(&bench.arena, "%s%s ", skus, reply.items[i]->sku);
        ask.cursor = reply.next;
    } while (reply.next[0] != '\0');
    return skus;
}

static void a_list_is_all_that_is_sold_in_order(void **unused)
{
    (void)unused;
    static const char *const skus[] = { "d", "b", "a", "e", "c", "f" };
    for (size_t i = 0; i < 6; i++) {
        Product product = product_of(skus[i]);
        product.active = skus[i][0] != 'c';
        product.category = (char *)(i % 2 == 0 ? "even" : "odd");
        assert_ok(put_as(product, ROLE_OPERATOR));
    }
    for (int32_t limit = 1; limit <= 6; limit++) {
        assert_string_equal(list_all("", limit), "a b d e f ");
        assert_string_equal(list_all("even", limit), "a d ");
        assert_string_equal(list_all("odd", limit), "b e f ");
        assert_string_equal(list_all("none", limit), "");
    }
    static const int32_t wrong[] = { 0, -1, PGL_PRODUCT_PAGE_MAX + 1 };
    for (int i = 0; i < 3; i++) {
        ListProductsRequest ask = LIST_PRODUCTS_REQUEST_INIT;
        ListProductsResponse reply;
        ask.limit = wrong[i];
        assert_int_equal(list(ask, &reply).code, PGL_INVALID);
    }
}

static void prices_are_given_of_what_is_sold(void **unused)
{
    (void)unused;
    char *skus[PGL_PRICES_ASKED_MAX + 1] = { (char *)"a", (char *)"gone", (char *)"none",
                                             (char *)"b" };
    GetPricesRequest ask = GET_PRICES_REQUEST_INIT;
    GetPricesResponse reply = GET_PRICES_RESPONSE_INIT;
    const struct pgl_method *method = &pgl_catalog_methods[CATALOG_SERVICE_GET_PRICES];
    Product gone = product_of("gone"), b = product_of("b");
    gone.active = false;
    b.price_minor = 7;
    b.currency = (char *)"JPY";
    assert_ok(put_as(product_of("a"), ROLE_OPERATOR));
    assert_ok(put_as(b, ROLE_OPERATOR));
    assert_ok(put_as(gone, ROLE_OPERATOR));
    ask.skus = skus;
    ask.n_skus = 4;
    assert_ok(pgl_store_bench_query(&bench, method, &ask, &reply));
    assert_int_equal(reply.n_prices, 2);
    assert_string_equal(reply.prices[0]->sku, "a");
    assert_string_equal(reply.prices[1]->sku, "b");
    assert_int_equal(reply.prices[1]->price_minor, 7);
    assert_string_equal(reply.prices[1]->currency, "JPY");
    ask.n_skus = PGL_PRICES_ASKED_MAX + 1;
    assert_int_equal(pgl_store_bench_query(&bench, method, &ask, &reply).code, PGL_INVALID);
    ask.n_skus = 0;
    reply = (GetPricesResponse)GET_PRICES_RESPONSE_INIT;
    assert_ok(pgl_store_bench_query(&bench, method, &ask, &reply));
    assert_int_equal(reply.n_prices, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_product_is_put_and_put_again),
        TEST(what_is_wrong_is_refused),
        TEST(a_list_is_all_that_is_sold_in_order),
        TEST(prices_are_given_of_what_is_sold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
