/*
 * request_test.c - what a view reads of a request, and what a client sees of an error.
 * Method: requests made by hand, without a connection; the answers are compared as text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "contract/orders.h"
#include "edge/problem.h"
#include "platform/twin.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

static struct bench {
    struct pgl_twin twin;
    struct pgl_waiter *waiter;
    struct pgl_loop loop;
    struct pgl_edge edge;
    struct pgl_http_exchange exchange;
    struct pgl_request request;
} * bench;

static const struct pgl_route route = { .path = "/x", .rule = PGL_ANYONE, .class = PGL_CLASS_READ };

static int open_bench(void **unused)
{
    (void)unused;
    bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    pgl_twin_open(&bench->twin, 1);
    bench->waiter = bench->twin.platform.waiter_open(&bench->twin.platform);
    pgl_loop_init(&bench->loop, "edge", &bench->twin.platform, bench->waiter);
    bench->loop.log.least = PGL_LOG_ERROR + 1; /* what goes wrong here is meant to */
    bench->edge.loop = &bench->loop;
    bench->edge.json = pgl_json_request_limits;
    pgl_arena_init(&bench->exchange.arena, 4096, 1u << 20);
    bench->request = (struct pgl_request){ .edge = &bench->edge,
                                           .exchange = &bench->exchange,
                                           .arena = &bench->exchange.arena,
                                           .route = &route,
                                           .id = "0123" };
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_arena_free(&bench->exchange.arena);
    bench->waiter->ops->close(bench->waiter);
    pgl_twin_close(&bench->twin);
    free(bench);
    return 0;
}

static void add_header(const char *name, const char *value)
{
    struct pgl_http_request_head *head = &bench->exchange.head;
    head->fields[head->field_count++] =
        (struct pgl_http_field){ pgl_text_of(name), pgl_text_of(value) };
}

/* ---- reading ---- */

static void a_list_is_asked_for_by_what_it_knows(void **unused)
{
    (void)unused;
    static const struct {
        const char *query, *filter_name;
        enum pgl_code code;
        int32_t limit;
        const char *cursor, *filter;
    } cases[] = {
        { "", NULL, PGL_CODE_OK, 20, "", "" },
        { "limit=1&cursor=a%20b", NULL, PGL_CODE_OK, 1, "a b", "" },
        { "limit=100&status=PENDING", "status", PGL_CODE_OK, 100, "", "PENDING" },
        { "status=PENDING", NULL, PGL_INVALID, 0, NULL, NULL },
        { "Limit=1", NULL, PGL_INVALID, 0, NULL, NULL },
        { "limit=0", NULL, PGL_INVALID, 0, NULL, NULL },
        { "limit=101", NULL, PGL_INVALID, 0, NULL, NULL },
        { "limit=-1", NULL, PGL_INVALID, 0, NULL, NULL },
        { "limit=", NULL, PGL_INVALID, 0, NULL, NULL },
        { "limit=1x", NULL, PGL_INVALID, 0, NULL, NULL },
        { "limit=99999999999999999999", NULL, PGL_INVALID, 0, NULL, NULL },
        { "cursor=%zz", NULL, PGL_MALFORMED, 0, NULL, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct edge_list_query query;
        bench->exchange.head.query = pgl_text_of(cases[i].query);
        assert_int_equal(edge_read_list_query(&bench->request, cases[i].filter_name, &query).code,
                         cases[i].code);
        if (cases[i].code != PGL_CODE_OK)
            continue;
        assert_int_equal(query.limit, cases[i].limit);
        assert_string_equal(query.cursor, cases[i].cursor);
        assert_string_equal(query.filter, cases[i].filter);
    }
}

static void a_key_stands_once(void **unused)
{
    (void)unused;
    char *key;
    assert_int_equal(edge_idempotency_key(&bench->request, &key).code, PGL_MALFORMED);
    add_header("Idempotency-Key", "k");
    assert_ok(edge_idempotency_key(&bench->request, &key));
    assert_string_equal(key, "k");
    add_header("idempotency-key", "k");
    assert_int_equal(edge_idempotency_key(&bench->request, &key).code, PGL_MALFORMED);
}

static pgl_status read_body(const char *type, const char *body)
{
    void *message;
    bench->exchange.head.field_count = 0;
    if (type != NULL)
        add_header("Content-Type", type);
    bench->exchange.body = pgl_text_of(body);
    return edge_read_body(&bench->request, NEW_ORDER_DESCRIPTOR, &message);
}

static void a_body_is_json(void **unused)
{
    (void)unused;
    assert_ok(read_body("application/json", "{\"currency\":\"EUR\"}"));
    assert_ok(read_body("Application/JSON ; charset=utf-8", "{}"));
    assert_ok(read_body(NULL, "{}"));
    assert_int_equal(read_body("text/plain", "{}").code, PGL_INVALID);
    assert_int_equal(read_body("application/json", "").code, PGL_MALFORMED);
    assert_int_equal(read_body("application/json", "{").code, PGL_MALFORMED);
    assert_int_equal(read_body("application/json", "{\"unitPriceMinor\":1}").code, PGL_INVALID);
}

/* ---- errors ---- */

static const char *field(const char *name)
{
    for (size_t i = 0; i < bench->request.field_count; i++)
        if (pgl_text_is(bench->request.fields[i].name, name))
            return pgl_arena_string(&bench->exchange.arena, bench->request.fields[i].value);
    return NULL;
}

static const char *problem_of(pgl_status status)
{
    edge_answer_problem(&bench->request, status);
    assert_string_equal(field("Content-Type"), "application/problem+json");
    assert_string_equal(field("Cache-Control"), "no-store");
    return pgl_arena_string(&bench->exchange.arena, bench->request.body);
}

static void an_error_is_a_problem(void **unused)
{
    (void)unused;
    edge_add_field(&bench->request, PGL_TEXT("ETag"), PGL_TEXT("\"1\"")); /* of an answer begun */
    assert_string_equal(problem_of(PGL_FAIL(PGL_INVALID, "limit: \"x\" is none")),
                        "{\"type\":\"/problems/invalid\",\"title\":\"Unprocessable Content\","
                        "\"status\":422,\"detail\":\"limit: \\\"x\\\" is none\","
                        "\"requestId\":\"0123\"}");
    assert_int_equal(bench->request.status, 422);
    assert_null(field("ETag"));
    assert_null(field("Retry-After"));
    assert_null(field("WWW-Authenticate"));
}

static void what_is_ours_is_not_told(void **unused)
{
    (void)unused;
    static const enum pgl_code ours[] = { PGL_INTERNAL, PGL_DATA_LOSS, PGL_UNKNOWN };
    for (int i = 0; i < 3; i++) {
        const char *problem = problem_of(PGL_FAIL(ours[i], "the secret of the table"));
        assert_null(strstr(problem, "secret"));
        assert_non_null(strstr(problem, "\"requestId\":\"0123\""));
        assert_int_equal(bench->request.status, 500);
    }
}

static void who_may_try_again_is_told_so(void **unused)
{
    (void)unused;
    static const enum pgl_code codes[] = { PGL_EXHAUSTED, PGL_UNAVAILABLE, PGL_LIMITED };
    for (int i = 0; i < 3; i++) {
        (void)problem_of(PGL_FAIL(codes[i], "busy"));
        assert_string_equal(field("Retry-After"), "1");
    }
    (void)problem_of(PGL_FAIL(PGL_UNAUTHENTICATED, "who?"));
    assert_string_equal(field("WWW-Authenticate"), "Bearer");
    assert_int_equal(bench->request.status, 401);
}

/* What was sent to us may be long, and is repeated: then it is left out. */
static void a_long_detail_is_left_out(void **unused)
{
    (void)unused;
    char *detail = pgl_arena_alloc(&bench->exchange.arena, 8001);
    assert_non_null(detail);
    memset(detail, 'x', 8000);
    detail[8000] = '\0';
    const char *problem = problem_of(PGL_FAIL(PGL_INVALID, detail));
    assert_non_null(strstr(problem, "\"status\":422"));
    assert_non_null(strstr(problem, "\"requestId\":\"0123\""));
    assert_null(strstr(problem, "xx"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_list_is_asked_for_by_what_it_knows),
        TEST(a_key_stands_once),
        TEST(a_body_is_json),
        TEST(an_error_is_a_problem),
        TEST(what_is_ours_is_not_told),
        TEST(who_may_try_again_is_told_so),
        TEST(a_long_detail_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
