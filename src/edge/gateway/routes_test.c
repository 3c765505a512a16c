/*
 * routes_test.c - the table of routes says one thing about each method and path, and every row says
 * who may.
 * Method: the table is walked; each row is found by a path made from it, and by nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "edge/gateway/routes.h"
#include "edge/route_tree.h"

static struct pgl_route_tree tree;

static int build_tree(void **unused)
{
    (void)unused;
    pgl_route_tree_build(&tree, pgl_routes, pgl_route_count);
    return 0;
}

static const struct pgl_route *find(enum pgl_http_method method, const char *path, bool *is_known)
{
    struct pgl_route_match match;
    pgl_route_find(&tree, method, pgl_text_of(path), &match);
    *is_known = match.path_is_known;
    return match.route;
}

static int params_of(const char *path)
{
    int count = 0;
    for (; *path != '\0'; path++)
        count += *path == '{';
    return count;
}

static void every_row_says_who_may_and_how_much(void **unused)
{
    (void)unused;
    for (int i = 0; i < pgl_route_count; i++) {
        const struct pgl_route *route = &pgl_routes[i];
        assert_int_not_equal(route->rule.roles, 0);
        bool is_open = (route->rule.roles & (PGL_RULE_ANYONE | PGL_RULE_SIGNED)) != 0;
        assert_true(is_open ? route->rule.scope == NULL : route->rule.scope[0] != '\0');
        assert_true(is_open || (route->rule.roles & PGL_ROLE_OPERATOR) != 0);
        assert_true(route->method == PGL_HTTP_GET || route->method == PGL_HTTP_POST ||
                    route->method == PGL_HTTP_PUT || route->method == PGL_HTTP_PATCH ||
                    route->method == PGL_HTTP_DELETE);
        bool may_take = route->method == PGL_HTTP_POST || route->method == PGL_HTTP_PUT ||
                        route->method == PGL_HTTP_PATCH;
        assert_true(pgl_route_takes_body(route) ? may_take : route->ask.media == NULL);
        assert_non_null(route->begin);
        assert_true(pgl_route_classes[route->class].at_most_ns > 0);
        assert_in_range(route->reply.status, 200, 204);
        assert_true(route->reply.media != NULL || route->reply.status == 204);
        assert_true(route->summary[0] != '\0');
        assert_int_equal(route->path[0], '/');
        assert_in_range(params_of(route->path), 0, PGL_ROUTE_PARAMS_MAX);
        /* What changes something is for somebody whom we know. */
        assert_true(route->method == PGL_HTTP_GET || !(route->rule.roles & PGL_RULE_ANYONE));
    }
}

/* Nobody may keep what only some may see. */
static void what_is_personal_is_not_kept(void **unused)
{
    (void)unused;
    for (int i = 0; i < pgl_route_count; i++)
        assert_true(pgl_routes[i].cache == PGL_CACHE_NEVER ||
                    pgl_routes[i].rule.roles == PGL_RULE_ANYONE);
}

static void a_parameter_is_described_once(void **unused)
{
    (void)unused;
    for (int i = 0; i < pgl_route_count; i++) {
        const struct pgl_query_param *all = pgl_routes[i].query;
        for (const struct pgl_query_param *one = all; one != NULL && one->name != NULL; one++) {
            assert_true(one->description[0] != '\0');
            assert_true(one->type == PGL_QUERY_NUMBER ? one->most > one->least : one->most == 0);
            assert_true((one->type == PGL_QUERY_WORD) == (one->words != NULL));
            for (const struct pgl_query_param *before = all; before < one; before++)
                assert_string_not_equal(before->name, one->name);
        }
    }
}

static void a_rule_is_told_in_words(void **unused)
{
    (void)unused;
    static const struct {
        struct pgl_rule rule;
        const char *words;
    } cases[] = {
        { { 0, NULL }, "nobody" },
        { PGL_ANYONE, "anyone" },
        { PGL_SIGNED, "who signs the body" },
        { PGL_MAY(PGL_ROLE_OPERATOR, "admin"), "operator" },
        { PGL_MAY(PGL_ROLE_OPERATOR | PGL_ROLE_CUSTOMER, "x"), "customer, operator" },
        { PGL_MAY(PGL_ROLE_SUPPORT | PGL_ROLE_PARTNER | PGL_ROLE_WAREHOUSE, "x"),
          "partner, warehouse, support" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pgl_buffer out;
        pgl_buffer_init(&out, 256);
        pgl_rule_write(&cases[i].rule, &out);
        assert_int_equal(out.size, strlen(cases[i].words));
        assert_memory_equal(out.data, cases[i].words, out.size);
        pgl_buffer_free(&out);
    }
}

/* Two rows for one request: the second is never found. A row of names before one of words hides
 * it. */
static void every_row_is_found_by_its_own_path(void **unused)
{
    (void)unused;
    for (int i = 0; i < pgl_route_count; i++) {
        struct pgl_route_match match;
        bool is_known;
        const struct pgl_route *route = &pgl_routes[i];
        /* "{id}" is a segment like any other. */
        pgl_route_find(&tree, route->method, pgl_text_of(route->path), &match);
        assert_ptr_equal(match.route, route);
        assert_true(match.path_is_known);
        assert_int_equal(match.param_count, params_of(route->path));
        for (int p = 0; p < match.param_count; p++)
            assert_int_equal(match.params[p].data[0], '{');
        if (route->method == PGL_HTTP_GET)
            assert_ptr_equal(find(PGL_HTTP_HEAD, route->path, &is_known), route);
    }
}

static void nothing_else_is_found(void **unused)
{
    (void)unused;
    static const char *const paths[] = {
        "",
        "//",
        "/livez/",
        "/LIVEZ",
        "/livez?",
        "/api/v1",
        "/api/v1/orders/",
        "/api/v1/orders//",
        "/api/v1//orders",
        "/api/v2/orders",
        "/api/v1/orders/a/b",
        "/api/v1/orders/a/saga/",
        "/api/v1/orders//cancel",
        "livez",
        "/livez\n",
    };
    bool is_known;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_null(find(PGL_HTTP_GET, paths[i], &is_known));
        assert_false(is_known);
    }
    assert_null(find(PGL_HTTP_POST, "/livez", &is_known));
    assert_true(is_known);
    assert_null(find(PGL_HTTP_DELETE, "/api/v1/orders/a", &is_known));
    assert_true(is_known);
}

static void a_word_goes_before_a_name(void **unused)
{
    (void)unused;
    bool is_known;
    assert_string_equal(find(PGL_HTTP_GET, "/api/v1/orders/endings", &is_known)->path,
                        "/api/v1/orders/endings");
    assert_string_equal(find(PGL_HTTP_GET, "/api/v1/orders/endings2", &is_known)->path,
                        "/api/v1/orders/{id}");
    /* where the word has the path, but not the method */
    assert_string_equal(find(PGL_HTTP_DELETE, "/api/v1/webhooks/deliveries", &is_known)->path,
                        "/api/v1/webhooks/{id}");
    assert_string_equal(find(PGL_HTTP_POST, "/api/v1/orders/endings/cancel", &is_known)->path,
                        "/api/v1/orders/{id}/cancel");
}

static void allow_names_each_method_once(void **unused)
{
    (void)unused;
    static const struct {
        const char *path, *allow;
    } cases[] = {
        { "/livez", "OPTIONS, GET, HEAD" },
        { "/api/v1/products/x", "OPTIONS, GET, HEAD, PUT, PATCH, DELETE" },
        { "/api/v1/products/imports", "OPTIONS, GET, HEAD, POST, PUT, PATCH, DELETE" },
        { "/api/v1/orders", "OPTIONS, GET, HEAD, POST" },
        { "/api/v1/orders/x", "OPTIONS, GET, HEAD" },
        { "/api/v1/orders/endings", "OPTIONS, GET, HEAD" },
        { "/api/v1/orders/x/cancel", "OPTIONS, POST" },
        { "/api/v1/webhooks/x", "OPTIONS, GET, HEAD, PATCH, DELETE" },
        { "/nowhere", "" },
    };
    struct pgl_arena arena;
    pgl_arena_init(&arena, 4096, 65536);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(pgl_route_allow(&tree, pgl_text_of(cases[i].path), &arena),
                            cases[i].allow);
    pgl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_says_who_may_and_how_much),
        cmocka_unit_test(what_is_personal_is_not_kept),
        cmocka_unit_test(a_parameter_is_described_once),
        cmocka_unit_test(a_rule_is_told_in_words),
        cmocka_unit_test(every_row_is_found_by_its_own_path),
        cmocka_unit_test(nothing_else_is_found),
        cmocka_unit_test(a_word_goes_before_a_name),
        cmocka_unit_test(allow_names_each_method_once),
    };
    return cmocka_run_group_tests(tests, build_tree, NULL);
}
