/*
 * hot_test.c - what many ask for at once is answered once, and is never older than a moment.
 * Method: requests made by hand on a clock that the test moves; the "service" is a number that
 *         counts up with each question.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/time.h"
#include "edge/gateway/hot.h"

#define MOMENT_NS PGL_MILLISECONDS(100)

static const struct pgl_route kept = { .method = PGL_HTTP_GET,
                                       .rule = PGL_ANYONE,
                                       .cache = PGL_CACHE_SECONDS };

static struct {
    struct edge_hot *hot;
    struct pgl_loop loop;
    struct pgl_edge edge;
    struct pgl_http_exchange exchange;
    struct pgl_request request;
    int questions;
    char answer[4096];
} bench;

static int bench_open(void **unused)
{
    (void)unused;
    memset(&bench, 0, sizeof bench);
    bench.loop.now_ns = PGL_SECONDS(1);
    bench.edge.loop = &bench.loop;
    bench.hot = edge_hot_open((struct pgl_hash_key){ 1, 2 });
    pgl_arena_init(&bench.exchange.arena, 8192, 1u << 20);
    return 0;
}

static int bench_close(void **unused)
{
    (void)unused;
    pgl_arena_free(&bench.exchange.arena);
    edge_hot_close(bench.hot);
    return 0;
}

/* One request; what it was answered. Without a kept answer the service is asked, which takes
 * `takes_ns` and answers with `padding` bytes behind a number. */
static const char *ask_of(const struct pgl_route *route, const char *target, int64_t takes_ns,
                          int padding)
{
    struct pgl_request *request = &bench.request;
    pgl_arena_reset(&bench.exchange.arena);
    bench.exchange.head.target = pgl_text_of(target);
    bench.exchange.started_ns = bench.loop.now_ns;
    *request = (struct pgl_request){ .edge = &bench.edge,
                                     .exchange = &bench.exchange,
                                     .arena = &bench.exchange.arena,
                                     .route = route };
    if (!edge_hot_find(bench.hot, request)) {
        bench.loop.now_ns += takes_ns;
        snprintf(bench.answer, sizeof bench.answer, "answer %d%*s", ++bench.questions, padding, "");
        request->status = 200;
        request->version = 7;
        request->body = pgl_text_of(bench.answer);
        edge_add_field(request, PGL_TEXT("Content-Type"), PGL_TEXT("text/plain"));
        edge_hot_keep(bench.hot, request);
    }
    assert_int_equal(request->status, 200);
    assert_int_equal(request->version, 7);
    assert_int_equal(request->field_count, 1);
    assert_true(pgl_text_is(request->fields[0].value, "text/plain"));
    return pgl_arena_string(request->arena, request->body);
}

static const char *ask(const char *target)
{
    return ask_of(&kept, target, 0, 0);
}

static void heat(const char *target)
{
    for (int i = 0; i < 40; i++)
        ask(target);
}

static void what_many_ask_for_is_asked_once(void **unused)
{
    (void)unused;
    for (int i = 1; i <= 32; i++) { /* it shows only then that many ask */
        ask("/a");
        assert_int_equal(bench.questions, i);
    }
    for (int i = 0; i < 1000; i++)
        assert_string_equal(ask("/a"), "answer 32");
    ask("/b"); /* another target is another answer */
    assert_int_equal(bench.questions, 33);
}

static void what_few_ask_for_is_never_kept(void **unused)
{
    (void)unused;
    for (int i = 1; i < 200; i++) {
        ask("/a");
        assert_int_equal(bench.questions, i);
        bench.loop.now_ns += MOMENT_NS / 25;
    }
}

static void an_answer_is_as_old_as_its_question(void **unused)
{
    (void)unused;
    heat("/a");
    assert_string_equal(ask("/a"), "answer 32");
    bench.loop.now_ns += MOMENT_NS - 1;
    assert_string_equal(ask("/a"), "answer 32");
    bench.loop.now_ns += 1;
    assert_string_equal(ask_of(&kept, "/a", MOMENT_NS - 1, 0), "answer 33"); /* a slow one */
    assert_string_equal(ask("/a"), "answer 33");
    bench.loop.now_ns += 1;
    assert_string_equal(ask("/a"), "answer 34");
}

static void a_change_is_seen_by_whoever_made_it(void **unused)
{
    (void)unused;
    heat("/a");
    edge_hot_forget(bench.hot);
    assert_string_equal(ask("/a"), "answer 33");
    assert_string_equal(ask("/a"), "answer 33");
    edge_hot_forget(NULL);
}

static void an_older_answer_does_not_take_the_place_of_a_newer(void **unused)
{
    (void)unused;
    heat("/a");
    edge_hot_forget(bench.hot);
    int64_t now_ns = bench.loop.now_ns;
    assert_string_equal(ask("/a"), "answer 33");
    struct pgl_request late = bench.request; /* asked before, answered only now */
    bench.exchange.started_ns = now_ns - 1;
    late.body = PGL_TEXT("old");
    edge_hot_keep(bench.hot, &late);
    assert_string_equal(ask("/a"), "answer 33");
}

static void what_is_not_for_all_is_not_kept(void **unused)
{
    static char long_target[EDGE_HOT_TARGET_BYTES_MAX + 2];
    static const struct edge_face face;
    static const struct pgl_route rows[] = {
        { .method = PGL_HTTP_GET, .rule = PGL_SIGNED, .cache = PGL_CACHE_SECONDS },
        { .method = PGL_HTTP_GET, .rule = PGL_ANYONE, .cache = PGL_CACHE_ASK },
        { .method = PGL_HTTP_GET, .rule = PGL_ANYONE, .cache = PGL_CACHE_NEVER },
        { .method = PGL_HTTP_POST, .rule = PGL_ANYONE, .cache = PGL_CACHE_SECONDS },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int times = 0; times < 100; times++)
            ask_of(&rows[i], "/a", 0, 0);
    assert_int_equal(bench.questions, 400);
    memset(long_target, 'a', sizeof long_target - 1);
    heat(long_target);
    assert_int_equal(bench.questions, 440);
    for (int i = 0; i < 40; i++) /* a long answer */
        ask_of(&kept, "/long", 0, EDGE_HOT_ANSWER_BYTES_MAX);
    assert_int_equal(bench.questions, 480);
    heat("/a");
    bench.request.face = &face;
    assert_false(edge_hot_find(bench.hot, &bench.request));
    bench.request.face = NULL;
    assert_true(edge_hot_find(bench.hot, &bench.request));
    assert_false(edge_hot_find(NULL, &bench.request));
}

static void failures_are_not_kept(void **unused)
{
    (void)unused;
    heat("/a");
    edge_hot_forget(bench.hot);
    ask("/a");
    edge_hot_forget(bench.hot);
    bench.request.status = 404;
    bench.exchange.started_ns++;
    edge_hot_keep(bench.hot, &bench.request);
    assert_string_equal(ask("/a"), "answer 34");
}

/* More targets than places: each is given its own answer or none, and a hot one keeps its place. */
static void targets_do_not_mix(void **unused)
{
    char target[32], wanted[32];
    (void)unused;
    heat("/hot");
    for (int i = 0; i < 3000; i++) {
        snprintf(target, sizeof target, "/cold/%d", i);
        int before = bench.questions;
        snprintf(wanted, sizeof wanted, "answer %d", before + 1);
        assert_string_equal(ask(target), wanted);
        if (i % 10 == 0)
            bench.loop.now_ns += MOMENT_NS / 50;
        assert_true(strncmp(ask("/hot"), "answer ", 7) == 0);
    }
    assert_in_range(bench.questions, 3000, 3000 + 40 + 7 * 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_many_ask_for_is_asked_once, bench_open, bench_close),
        cmocka_unit_test_setup_teardown(what_few_ask_for_is_never_kept, bench_open, bench_close),
        cmocka_unit_test_setup_teardown(an_answer_is_as_old_as_its_question, bench_open,
                                        bench_close),
        cmocka_unit_test_setup_teardown(a_change_is_seen_by_whoever_made_it, bench_open,
                                        bench_close),
        cmocka_unit_test_setup_teardown(an_older_answer_does_not_take_the_place_of_a_newer,
                                        bench_open, bench_close),
        cmocka_unit_test_setup_teardown(what_is_not_for_all_is_not_kept, bench_open, bench_close),
        cmocka_unit_test_setup_teardown(failures_are_not_kept, bench_open, bench_close),
        cmocka_unit_test_setup_teardown(targets_do_not_mix, bench_open, bench_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
