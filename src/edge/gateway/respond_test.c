/*
 * respond_test.c - what an answer gets on its way out: the end of a route's life, and who may keep
 * what.
 * Method: rows made by hand, one of each kind; no route of ours is to go today.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "edge/gateway/respond.h"

static struct {
    struct pgl_loop loop;
    struct pgl_edge edge;
    struct pgl_http_exchange exchange;
    struct pgl_request request;
} bench;

static const char *field_of_answer(const struct pgl_route *route, const char *name)
{
    struct pgl_request *request = &bench.request;
    pgl_arena_reset(&bench.exchange.arena);
    bench.edge.loop = &bench.loop;
    *request = (struct pgl_request){ .edge = &bench.edge,
                                     .exchange = &bench.exchange,
                                     .arena = &bench.exchange.arena,
                                     .route = route,
                                     .status = 200,
                                     .body = PGL_TEXT("{}") };
    edge_finish_answer(request);
    for (size_t i = 0; i < request->field_count; i++)
        if (pgl_text_is(request->fields[i].name, name))
            return pgl_arena_string(request->arena, request->fields[i].value);
    return "";
}

static void a_route_says_that_it_is_to_go(void **unused)
{
    (void)unused;
    static const struct pgl_route stays = { .method = PGL_HTTP_GET, .rule = PGL_ANYONE };
    static const struct pgl_route goes = { .method = PGL_HTTP_GET,
                                           .rule = PGL_ANYONE,
                                           .deprecated = "@1767225600",
                                           .sunset = "Fri, 01 Jan 2027 00:00:00 GMT" };
    pgl_arena_init(&bench.exchange.arena, 4096, 1u << 20);
    assert_string_equal(field_of_answer(&stays, "Deprecation"), "");
    assert_string_equal(field_of_answer(&stays, "Sunset"), "");
    assert_string_equal(field_of_answer(&goes, "Deprecation"), "@1767225600");
    assert_string_equal(field_of_answer(&goes, "Sunset"), "Fri, 01 Jan 2027 00:00:00 GMT");
    pgl_arena_free(&bench.exchange.arena);
}

static void who_may_keep_it_is_the_row_s_to_say(void **unused)
{
    (void)unused;
    static const struct {
        enum pgl_route_cache cache;
        const char *control;
        bool has_tag;
    } cases[] = {
        { PGL_CACHE_NEVER, "no-store", false },
        { PGL_CACHE_ASK, "no-cache", true },
        { PGL_CACHE_SECONDS, "public, max-age=5", true },
        { PGL_CACHE_MINUTES, "public, max-age=300", true },
    };
    pgl_arena_init(&bench.exchange.arena, 4096, 1u << 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pgl_route route = { .method = PGL_HTTP_GET,
                                   .rule = PGL_ANYONE,
                                   .cache = cases[i].cache };
        assert_string_equal(field_of_answer(&route, "Cache-Control"), cases[i].control);
        assert_int_equal(field_of_answer(&route, "ETag")[0] != '\0', cases[i].has_tag);
    }
    pgl_arena_free(&bench.exchange.arena);
}

/* The next one gets the bytes and the tag of the last, while they are young; nobody else's. */
static void what_was_answered_a_moment_ago_is_given_again(void **unused)
{
    (void)unused;
    static const struct pgl_route kept = { .method = PGL_HTTP_GET,
                                           .rule = PGL_ANYONE,
                                           .cache = PGL_CACHE_SECONDS };
    static const struct pgl_route other = { .method = PGL_HTTP_GET,
                                            .rule = PGL_ANYONE,
                                            .cache = PGL_CACHE_ASK };
    pgl_arena_init(&bench.exchange.arena, 4096, 1u << 20);
    assert_int_equal(pgl_ready_open(&bench.edge.ready, (struct pgl_hash_key){ 1, 2 }).code,
                     PGL_CODE_OK);
    bench.exchange.head.target = PGL_TEXT("/a");
    bench.loop.now_ns = 1;
    assert_false(edge_find_ready(&bench.request));
    assert_string_not_equal(field_of_answer(&kept, "ETag"), "");
    bench.request.body = PGL_TEXT("");
    bench.request.field_count = 0;
    assert_true(edge_find_ready(&bench.request));
    assert_true(pgl_text_is(bench.request.body, "{}"));
    assert_int_equal(bench.request.status, 200);
    bench.request.route = &other;
    assert_false(edge_find_ready(&bench.request));
    bench.request.route = &kept;
    bench.loop.now_ns += PGL_READY_NS;
    assert_false(edge_find_ready(&bench.request));
    (void)field_of_answer(&other, "ETag"); /* is not kept */
    bench.request.route = &kept;
    assert_false(edge_find_ready(&bench.request));
    pgl_ready_close(&bench.edge.ready);
    pgl_arena_free(&bench.exchange.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_says_that_it_is_to_go),
        cmocka_unit_test(what_was_answered_a_moment_ago_is_given_again),
        cmocka_unit_test(who_may_keep_it_is_the_row_s_to_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
