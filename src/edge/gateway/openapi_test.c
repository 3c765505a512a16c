/*
 * openapi_test.c - the document is JSON, names each route once, and shows bodies that are taken.
 * Method: it is written from rows made here, read again as JSON, and searched; each example is read
 * as its message. What it says of the real rows is held against answers in tests/blackbox, and
 * against others' rules in tests/openapi.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "contract/admin.h"
#include "contract/catalog.h"
#include "contract/orders.h"
#include "edge/openapi.h"
#include "edge/gateway/routes.h"

static struct pgl_buffer out;
static struct pgl_arena arena;
static const struct pgl_json_limits limits = { 64, 4096, 100000, 65536 };

static int open_bench(void **unused)
{
    (void)unused;
    pgl_arena_init(&arena, 65536, 16u << 20);
    pgl_buffer_init(&out, PGL_OPENAPI_BYTES_MAX);
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_buffer_free(&out);
    pgl_arena_free(&arena);
    return 0;
}

static int times(const char *word)
{
    int count = 0;
    const char *text = pgl_arena_string(&arena, pgl_buffer_text(&out));
    assert_non_null(text);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        count++;
    return count;
}

static void the_document_is_json_and_has_every_route(void **unused)
{
    (void)unused;
    edge_openapi_write(pgl_routes, pgl_route_count, "1.2.3", &out);
    assert_false(out.is_full);
    assert_int_equal(pgl_json_check(&arena, pgl_buffer_text(&out), &limits).code, PGL_CODE_OK);
    assert_int_equal(times("\"operationId\":"), pgl_route_count);
    for (int i = 0; i < pgl_route_count; i++)
        assert_int_equal(times(pgl_arena_printf(&arena, "\"%s\":{\"", pgl_routes[i].path)), 1);
    assert_int_equal(times("\"operationId\":\"getOrdersIdSaga\""), 1);
    assert_int_equal(times("\"operationId\":\"getHome\""), 1);
    assert_int_equal(times("\"deprecated\":true"), 0);
}

static void a_row_is_told_in_full(void **unused)
{
    (void)unused;
    static const struct pgl_query_param query[] = {
        { "n", PGL_QUERY_NUMBER, 2, 9, NULL, "How \"many\"." },
        { "w", PGL_QUERY_WORD, 0, 0, "A|B", "Which." },
        { NULL, PGL_QUERY_TEXT, 0, 0, NULL, NULL },
    };
    static const struct pgl_route rows[] = {
        { .method = PGL_HTTP_PATCH,
          .path = "/api/v1/things/{id}",
          .rule = PGL_MAY(PGL_ROLE_OPERATOR, "catalog:write"),
          .class = PGL_CLASS_WRITE,
          .ask = { PRODUCT_CHANGE_DESCRIPTOR, "application/merge-patch+json", PGL_FIELD_MATCH,
                   PGL_BODY_GOODS },
          .reply = { 200, PRODUCT_DESCRIPTOR, "application/json" },
          .query = query,
          .summary = "Change it.",
          .deprecated = "@1767225600" },
        { .method = PGL_HTTP_GET,
          .path = "/livez",
          .rule = PGL_ANYONE,
          .class = PGL_CLASS_HEALTH,
          .reply = { 200, NULL, "text/plain" },
          .summary = "Alive?" },
    };
    static const char *const words[] = {
        "\"/api/v1/things/"
        "{id}\":{\"patch\":{\"operationId\":\"patchThingsId\",\"tags\":[\"things\"]",
        "For operator; an API key needs the scope catalog:write.",
        "\"deprecated\":true",
        "\"security\":[{\"bearer\":[]},{\"apiKey\":[]}]",
        "{\"name\":\"id\",\"in\":\"path\",\"required\":true",
        "\"description\":\"How \\\"many\\\".\",\"schema\":{\"type\":\"integer\",\"minimum\":2,"
        "\"maximum\":9}",
        "\"enum\":[\"A\",\"B\"]",
        "{\"name\":\"If-Match\",\"in\":\"header\",\"required\":true",
        "\"application/merge-patch+json\":{\"schema\":{\"$ref\":\"#/components/schemas/"
        "ProductChangeSent\"}",
        "\"headers\":{\"Cache-Control\":{\"required\":true",
        "\"Deprecation\":{\"description\":\"RFC "
        "9745\",\"schema\":{\"type\":\"string\"}}},\"content\":{"
        "\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Product\"}",
        "\"ProductChangeSent\":{\"title\":\"ProductChange\"",
        "\"Product\":{\"title\":\"Product\"",
        "\"/livez\":{\"get\":{\"operationId\":\"getLivez\",\"tags\":[\"platform\"]",
        "\"security\":[]",
        "\"Problem\":{\"title\":\"Problem\"",
    };
    edge_openapi_write(rows, 2, "1", &out);
    assert_int_equal(pgl_json_check(&arena, pgl_buffer_text(&out), &limits).code, PGL_CODE_OK);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_int_equal(times(words[i]), 1);
}

static void every_body_has_an_example_that_is_taken(void **unused)
{
    (void)unused;
    for (int i = 0; i < pgl_route_count; i++) {
        void *message;
        if (pgl_routes[i].ask.body == NULL)
            continue;
        const char *example = edge_example_of(pgl_routes[i].ask.body);
        assert_non_null(example);
        assert_int_equal(pgl_json_read(pgl_routes[i].ask.body, &arena, pgl_text_of(example),
                                       &pgl_json_request_limits, &message)
                             .code,
                         PGL_CODE_OK);
    }
    assert_null(edge_example_of(ORDER_DESCRIPTOR));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_document_is_json_and_has_every_route),
        TEST(a_row_is_told_in_full),
        TEST(every_body_has_an_example_that_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
