/*
 * list_test.c - a list is what was asked for, in that order, page by page, whatever changes
 * meanwhile; and a search has no syntax.
 * Method: every order is read with pages of every size and compared with the same sorted here.
 */
#include "services/catalog/catalog_bench.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT 12

static struct thing {
    char sku[8];
    const char *name;
    int64_t price_minor;
} things[COUNT];

static int stock_bench(void **state)
{
    static const char *const names[] = { "oak table", "Tisch \xC3\xA4\xC3\xB6", "lamp",
                                         "red lamp" };
    if (open_bench(state) != 0)
        return -1;
    for (int i = 0; i < COUNT; i++) {
        PutProductResponse reply;
        struct thing *thing = &things[i];
        snprintf(thing->sku, sizeof thing->sku, "S-%02d", (i * 7) % COUNT);
        thing->name = names[i % 4];
        thing->price_minor = i % 3 * 100;
        assert_ok(put(pgl_arena_printf(&bench.arena,
                                       "{\"sku\":\"%s\",\"name\":\"%s\",\"priceMinor\":%d,"
                                       "\"currency\":\"EUR\",\"category\":\"%s\"}",
                                       thing->sku, thing->name, (int)thing->price_minor,
                                       i % 2 == 0 ? "even" : "odd"),
                      NULL, &reply));
    }
    return 0;
}

static pgl_status ask_list(ListProductsRequest ask, ListProductsResponse *reply)
{
    *reply = (ListProductsResponse)LIST_PRODUCTS_RESPONSE_INIT;
    return query(CATALOG_SERVICE_LIST_PRODUCTS, &ask, reply);
}

/* "S-01 S-02 ", page by page. */
static const char *all_of(ListProductsRequest ask)
{
    const char *skus = "";
    ListProductsResponse reply;
    do {
        assert_ok(ask_list(ask, &reply));
        for (size_t i = 0; i < reply.n_items; i++)
            skus = pgl_arena_printf(&bench.arena, "%s%s ", skus, reply.items[i]->sku);
        ask.cursor = reply.next;
    } while (reply.next[0] != '\0');
    return skus;
}

static const char *sorted_by;

static int compare(const void *a, const void *b)
{
    const struct thing *x = a, *y = b;
    for (const char *key = sorted_by; *key != '\0';) {
        int sign = *key == '-' ? -1 : 1;
        key += *key == '-';
        int order = strncmp(key, "price", 5) == 0
                        ? (x->price_minor > y->price_minor) - (x->price_minor < y->price_minor)
                        : strcmp(x->name, y->name);
        if (order != 0)
            return sign * order;
        key += strcspn(key, ",");
        key += *key == ',';
    }
    return strcmp(x->sku, y->sku);
}

static void every_order_is_kept_over_pages(void **unused)
{
    (void)unused;
    static const char *const sorts[] = {
        "",           "price",       "-price",      "name",        "-name",
        "price,name", "price,-name", "-price,name", "-price,-name"
    };
    for (size_t s = 0; s < sizeof sorts / sizeof sorts[0]; s++) {
        const char *expected = "";
        sorted_by = sorts[s];
        qsort(things, COUNT, sizeof things[0], compare);
        for (int i = 0; i < COUNT; i++)
            expected = pgl_arena_printf(&bench.arena, "%s%s ", expected, things[i].sku);
        for (int32_t limit = 1; limit <= COUNT; limit++) {
            ListProductsRequest ask = LIST_PRODUCTS_REQUEST_INIT;
            ask.limit = limit;
            ask.sort = pgl_message_string(sorts[s]);
            assert_string_equal(all_of(ask), expected);
        }
    }
    ListProductsRequest ask = LIST_PRODUCTS_REQUEST_INIT;
    ListProductsResponse reply;
    ask.limit = 1;
    ask.sort = (char *)"price_minor";
    assert_int_equal(ask_list(ask, &reply).code, PGL_INVALID);
}

static int count_of(const char *category, int64_t least, int64_t most, const char *text)
{
    ListProductsRequest ask = LIST_PRODUCTS_REQUEST_INIT;
    ListProductsResponse reply;
    ask.limit = 100;
    ask.category = pgl_message_string(category);
    ask.min_price_minor = least;
    ask.max_price_minor = most;
    ask.text = pgl_message_string(text);
    pgl_status status = ask_list(ask, &reply);
    return pgl_is_ok(status) ? (int)reply.n_items : -(int)status.code;
}

static void a_list_is_of_what_was_asked_for(void **unused)
{
    (void)unused;
    assert_int_equal(count_of("", 0, 0, ""), COUNT);
    assert_int_equal(count_of("even", 0, 0, ""), 6);
    assert_int_equal(count_of("none", 0, 0, ""), 0);
    assert_int_equal(count_of("", 100, 0, ""), 8);
    assert_int_equal(count_of("", 100, 100, ""), 4);
    assert_int_equal(count_of("", 0, 99, ""), 4);
    assert_int_equal(count_of("even", 0, 100, "lamp"), 2);
    assert_int_equal(count_of("", 0, 0, "lamp"), 6);
    assert_int_equal(count_of("", 0, 0, "LAM"), 6); /* the word may go on */
    assert_int_equal(count_of("", 0, 0, "lamp red"), 3);
    assert_int_equal(count_of("", 0, 0, "tisch ao"), 3); /* marks do not matter */
    assert_int_equal(count_of("", 0, 0, "amp"), 0);
    assert_int_equal(count_of("", 0, 0, "even"), 6);
    assert_int_equal(count_of("", 0, 0, "S-03"), 1);
}

static void a_search_has_no_syntax(void **unused)
{
    (void)unused;
    static const char *const texts[] = {
        "lamp\" OR \"oak", "name:lamp",    "lamp NOT red", "lamp AND",     "NEAR(lamp red, 2)",
        "lamp' --",        "{name}: lamp", "^lamp",        "lamp +",       "-lamp",
        "(lamp",           "lamp\"",       "l\xC3\xA4mp",  "\xE2\x80\x93", "lamp \xE2\x80\x93",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_true(count_of("", 0, 0, texts[i]) >= 0);
    assert_int_equal(count_of("", 0, 0, "lamp OR oak"), 0);
    assert_int_equal(count_of("", 0, 0, "lamp*"), 6);
    assert_int_equal(count_of("", 0, 0, "\"*"), -PGL_INVALID);
    assert_int_equal(count_of("", 0, 0, " "), -PGL_INVALID);
    assert_int_equal(count_of("", 0, 0, "a b c d e f g h"), 0);
    assert_int_equal(count_of("", 0, 0, "a b c d e f g h i"), -PGL_INVALID);
    char long_text[PGL_SEARCH_BYTES_MAX + 2];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(count_of("", 0, 0, long_text), -PGL_INVALID);
    assert_int_equal(count_of("", 0, 0, long_text + 1), 0);
}

/* The product that a page ended with is changed, and others come and go. */
static void a_page_goes_on_where_the_last_one_ended(void **unused)
{
    (void)unused;
    ListProductsRequest ask = LIST_PRODUCTS_REQUEST_INIT;
    ListProductsResponse first, second;
    PutProductResponse put_reply;
    ask.limit = 5;
    ask.sort = (char *)"price";
    assert_ok(ask_list(ask, &first));
    assert_ok(put(pgl_arena_printf(&bench.arena,
                                   "{\"sku\":\"%s\",\"name\":\"n\",\"priceMinor\":9999,"
                                   "\"currency\":\"EUR\"}",
                                   first.items[4]->sku),
                  NULL, &put_reply));
    assert_ok(put("{\"sku\":\"new\",\"name\":\"n\",\"priceMinor\":0,\"currency\":\"EUR\"}", NULL,
                  &put_reply));
    ask.limit = 100;
    ask.cursor = first.next;
    assert_ok(ask_list(ask, &second));
    assert_int_equal(second.n_items, COUNT - 5 + 1); /* the one that has moved is seen again */
    for (size_t i = 0; i < 4; i++)
        for (size_t n = 0; n < second.n_items; n++)
            assert_string_not_equal(first.items[i]->sku, second.items[n]->sku);
    static const char *const wrong[] = { "x", "!", "MTIz", "fHw", "YXw0fHg" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ask.cursor = pgl_message_string(wrong[i]);
        assert_int_equal(ask_list(ask, &second).code, PGL_INVALID);
    }
}

/* Search and catalogue say the same behind every kind of change. */
static void words_follow_changes(void **unused)
{
    (void)unused;
    PutProductResponse reply;
    assert_ok(put("{\"sku\":\"S-00\",\"name\":\"chair\",\"priceMinor\":1,\"currency\":\"EUR\"}",
                  NULL, &reply));
    assert_int_equal(count_of("", 0, 0, "chair"), 1);
    assert_ok(put("{\"sku\":\"S-00\",\"name\":\"stool\",\"priceMinor\":1,\"currency\":\"EUR\"}",
                  NULL, &reply));
    assert_int_equal(count_of("", 0, 0, "chair"), 0);
    assert_int_equal(count_of("", 0, 0, "stool"), 1);
    ListProductsRequest ask = LIST_PRODUCTS_REQUEST_INIT;
    ListProductsResponse retired;
    ask.limit = 100;
    ask.retired = true;
    assert_ok(ask_list(ask, &retired));
    assert_int_equal(retired.n_items, 0);
    assert_ok(put("{\"sku\":\"S-00\",\"name\":\"stool\",\"priceMinor\":1,\"currency\":\"EUR\","
                  "\"active\":false}",
                  NULL, &reply));
    assert_int_equal(count_of("", 0, 0, "stool"), 0);
    assert_ok(ask_list(ask, &retired));
    assert_int_equal(retired.n_items, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stock_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_order_is_kept_over_pages), TEST(a_list_is_of_what_was_asked_for),
        TEST(a_search_has_no_syntax),         TEST(a_page_goes_on_where_the_last_one_ended),
        TEST(words_follow_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
