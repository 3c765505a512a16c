/*
 * change_test.c - a product is changed by whoever has seen what it is, and an import is whole.
 * Method: the service's methods on a real file; each change asked for of the version that there is,
 * and of another.
 */
#include "services/catalog/catalog_bench.h"

#define LAMP "{\"sku\":\"L-1\",\"name\":\"lamp\",\"priceMinor\":100,\"currency\":\"EUR\"}"

static Condition of_version(int64_t *version)
{
    Condition condition = CONDITION_INIT;
    condition.exists = true;
    condition.versions = version;
    condition.n_versions = 1;
    return condition;
}

static void a_product_is_made_once(void **unused)
{
    (void)unused;
    PutProductResponse reply;
    Condition absent = CONDITION_INIT;
    absent.absent = true;
    assert_ok(put(LAMP, &absent, &reply));
    assert_true(reply.created);
    assert_int_equal(reply.product->version, 1);
    assert_true(reply.product->active); /* for sale, where nothing is said */
    assert_int_equal(put(LAMP, &absent, &reply).code, PGL_CHANGED);
    assert_ok(put(LAMP, NULL, &reply));
    assert_false(reply.created);
    assert_int_equal(put("{\"sku\":\"X\",\"name\":\"x\",\"currency\":\"EUR\"}", NULL, &reply).code,
                     PGL_INVALID); /* no price is no gift */
}

static pgl_status change(const char *json, int64_t version, ChangeProductResponse *reply)
{
    Condition condition = of_version(&version);
    ChangeProductRequest ask = CHANGE_PRODUCT_REQUEST_INIT;
    ask.caller = &boss;
    ask.sku = (char *)"L-1";
    ask.change = message_of(PRODUCT_CHANGE_DESCRIPTOR, json);
    ask.condition = &condition;
    *reply = (ChangeProductResponse)CHANGE_PRODUCT_RESPONSE_INIT;
    return command(CATALOG_SERVICE_CHANGE_PRODUCT, &ask, reply);
}

static void what_is_left_out_stays(void **unused)
{
    (void)unused;
    PutProductResponse made;
    ChangeProductResponse reply;
    assert_int_equal(change("{}", 1, &reply).code, PGL_NOT_FOUND);
    assert_ok(put(LAMP, NULL, &made));
    assert_ok(change("{\"priceMinor\":70}", 1, &reply));
    assert_int_equal(reply.product->price_minor, 70);
    assert_string_equal(reply.product->name, "lamp");
    assert_int_equal(reply.product->version, 2);
    assert_int_equal(change("{\"priceMinor\":60}", 1, &reply).code, PGL_CHANGED);
    assert_int_equal(look("L-1")->price_minor, 70);
    assert_ok(change("{\"description\":\"bright\",\"category\":\"light\"}", 2, &reply));
    assert_string_equal(reply.product->category, "light");
    assert_ok(change("{\"description\":\"\"}", 3, &reply));
    assert_string_equal(reply.product->description, "");
    assert_int_equal(change("{\"name\":\"\"}", 4, &reply).code, PGL_INVALID);
    assert_int_equal(change("{\"currency\":\"XYZ\"}", 4, &reply).code, PGL_INVALID);
    assert_int_equal(look("L-1")->version, 4);
    boss.role = ROLE_SUPPORT;
    assert_int_equal(change("{\"priceMinor\":1}", 4, &reply).code, PGL_DENIED);
}

static pgl_status retire(int64_t version)
{
    Condition condition = of_version(&version);
    RetireProductRequest ask = RETIRE_PRODUCT_REQUEST_INIT;
    RetireProductResponse reply = RETIRE_PRODUCT_RESPONSE_INIT;
    ask.caller = &boss;
    ask.sku = (char *)"L-1";
    ask.condition = &condition;
    return command(CATALOG_SERVICE_RETIRE_PRODUCT, &ask, &reply);
}

static size_t prices_of_lamp(void)
{
    char *skus[] = { (char *)"L-1" };
    GetPricesRequest ask = GET_PRICES_REQUEST_INIT;
    GetPricesResponse reply = GET_PRICES_RESPONSE_INIT;
    ask.skus = skus;
    ask.n_skus = 1;
    assert_ok(query(CATALOG_SERVICE_GET_PRICES, &ask, &reply));
    return reply.n_prices;
}

static void what_is_retired_is_seen_and_not_sold(void **unused)
{
    (void)unused;
    PutProductResponse made;
    ChangeProductResponse changed;
    assert_ok(put(LAMP, NULL, &made));
    assert_int_equal(prices_of_lamp(), 1);
    assert_int_equal(retire(2).code, PGL_CHANGED);
    assert_ok(retire(1));
    assert_int_equal(prices_of_lamp(), 0);
    assert_false(look("L-1")->active);
    int64_t retired_at_ns = look("L-1")->retired_at_ns;
    assert_true(retired_at_ns > 0);
    assert_ok(retire(2)); /* again: nothing new */
    assert_int_equal(look("L-1")->version, 2);
    assert_int_equal(look("L-1")->retired_at_ns, retired_at_ns);
    assert_ok(change("{\"active\":true}", 2, &changed));
    assert_int_equal(look("L-1")->retired_at_ns, 0);
    assert_int_equal(prices_of_lamp(), 1);
}

/* What was never for sale is the staff's to see. */
static void a_draft_is_not_shown(void **unused)
{
    (void)unused;
    PutProductResponse made;
    GetProductRequest ask = GET_PRODUCT_REQUEST_INIT;
    GetProductResponse reply = GET_PRODUCT_RESPONSE_INIT;
    assert_ok(put("{\"sku\":\"L-1\",\"name\":\"lamp\",\"priceMinor\":1,\"currency\":\"EUR\","
                  "\"active\":false}",
                  NULL, &made));
    assert_null(look("L-1"));
    ask.sku = (char *)"L-1";
    ask.caller = &boss;
    assert_ok(query(CATALOG_SERVICE_GET_PRODUCT, &ask, &reply));
    boss.role = ROLE_CUSTOMER;
    assert_int_equal(query(CATALOG_SERVICE_GET_PRODUCT, &ask, &reply).code, PGL_NOT_FOUND);
}

/* ---- imports ---- */

static const ImportReport *import(const char *text, bool is_csv, bool is_trial)
{
    ImportProductsRequest ask = IMPORT_PRODUCTS_REQUEST_INIT;
    ImportProductsResponse reply = IMPORT_PRODUCTS_RESPONSE_INIT;
    ask.caller = &boss;
    ask.table = (ProtobufCBinaryData){ strlen(text), (uint8_t *)(uintptr_t)text };
    ask.is_csv = is_csv;
    ask.is_trial = is_trial;
    pgl_status status = command(CATALOG_SERVICE_IMPORT_PRODUCTS, &ask, &reply);
    return pgl_is_ok(status) ? reply.report : NULL;
}

static void assert_report(const ImportReport *report, int64_t lines, int64_t created,
                          int64_t changed, int64_t unchanged)
{
    assert_non_null(report);
    assert_int_equal(report->n_errors, 0);
    assert_int_equal(report->lines, lines);
    assert_int_equal(report->created, created);
    assert_int_equal(report->changed, changed);
    assert_int_equal(report->unchanged, unchanged);
}

static void an_import_is_whole_and_may_come_again(void **unused)
{
    (void)unused;
    static const char json[] =
        LAMP "\r\n\n" /* a line of nothing is none */
             "{\"sku\":\"L-2\",\"name\":\"lamp\",\"priceMinor\":2,\"currency\":\"EUR\"}";
    static const char csv[] = "currency,price_minor,name,sku\nEUR,100,lamp,L-1\nEUR,3,lamp,L-2\n"
                              "EUR,4,\"lamp, small\",L-3\n";
    assert_report(import(json, false, true), 2, 2, 0, 0);
    assert_null(look("L-1"));
    assert_report(import(json, false, false), 2, 2, 0, 0);
    assert_report(import(json, false, false), 2, 0, 0, 2);
    assert_report(import(csv, true, true), 3, 1, 1, 1);
    assert_report(import(csv, true, false), 3, 1, 1, 1);
    assert_string_equal(look("L-3")->name, "lamp, small");
    assert_int_equal(look("L-2")->version, 2);
    assert_int_equal(look("L-1")->version, 1);
    assert_report(import("", false, false), 0, 0, 0, 0);
}

static void one_wrong_line_leaves_all_as_it_was(void **unused)
{
    (void)unused;
    const ImportReport *report =
        import(LAMP "\n{\"sku\":\"L-2\"}\n{not json\n" LAMP "x\n", false, false);
    assert_non_null(report);
    assert_int_equal(report->n_errors, 3);
    assert_int_equal(report->errors[0]->line, 2);
    assert_string_equal(report->errors[0]->detail, "priceMinor: a product needs one");
    assert_int_equal(report->errors[1]->line, 3);
    assert_int_equal(report->errors[2]->line, 4);
    assert_int_equal(report->created, 0);
    report = import("sku,name,price_minor,currency\nA,a,1,EUR\nB,b,x,EUR\nC,c\n", true, false);
    assert_int_equal(report->n_errors, 2); /* and behind the row that is none, nothing */
    assert_int_equal(report->errors[0]->line, 3);
    assert_string_equal(report->errors[0]->detail, "price_minor: a whole number is expected");
    assert_null(import("sku,name\nA,a\n", true, false));
    assert_int_equal(pgl_store_bench_number(&bench, "SELECT count(*) FROM product"), 0);
    boss.role = ROLE_SUPPORT;
    assert_null(import(LAMP, false, false));
}

static void many_lines_and_many_errors_have_an_end(void **unused)
{
    (void)unused;
    char *text = pgl_arena_alloc(&bench.arena, 3 * PGL_IMPORT_LINES_MAX + 8);
    assert_non_null(text);
    for (int i = 0; i < PGL_IMPORT_LINES_MAX; i++)
        memcpy(&text[3 * i], "{}\n", 3);
    text[3 * PGL_IMPORT_LINES_MAX] = '\0';
    const ImportReport *report = import(text, false, false);
    assert_int_equal(report->n_errors, PGL_IMPORT_ERRORS_MAX);
    assert_int_equal(report->lines, PGL_IMPORT_LINES_MAX);
    memcpy(&text[3 * PGL_IMPORT_LINES_MAX], "{}\n", 4);
    assert_null(import(text, false, false));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_product_is_made_once),
        TEST(what_is_left_out_stays),
        TEST(what_is_retired_is_seen_and_not_sold),
        TEST(a_draft_is_not_shown),
        TEST(an_import_is_whole_and_may_come_again),
        TEST(one_wrong_line_leaves_all_as_it_was),
        TEST(many_lines_and_many_errors_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
