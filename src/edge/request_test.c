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
#include "edge/query.h"
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

static const struct pgl_query_param query_table[] = {
    { "limit", PGL_QUERY_NUMBER, 1, 100, NULL, "" },
    { "cursor", PGL_QUERY_TEXT, 0, 0, NULL, "" },
    { "late", PGL_QUERY_FLAG, 0, 0, NULL, "" },
    { "status", PGL_QUERY_WORD, 0, 0, "OPEN|SHUT|LOST", "" },
    { NULL, PGL_QUERY_TEXT, 0, 0, NULL, NULL },
};

static void a_query_has_what_the_table_knows(void **unused)
{
    (void)unused;
    static const struct {
        const char *query;
        enum pgl_code code;
        const char *complaint; /* or the values in a row */
    } cases[] = {
        { "", PGL_CODE_OK, "20 '' 0 ''" },
        { "&&", PGL_CODE_OK, "20 '' 0 ''" },
        { "limit=1&cursor=a%20b", PGL_CODE_OK, "1 'a b' 0 ''" },
        { "limit=100&status=LOST&late=true", PGL_CODE_OK, "100 '' 1 'LOST'" },
        { "late=false&cursor=", PGL_CODE_OK, "20 '' 0 ''" },
        { "state=OPEN", PGL_INVALID, "state: not a parameter here" },
        { "Limit=1", PGL_INVALID, "Limit: not a parameter here" },
        { "limit=2&limit=2", PGL_INVALID, "limit: it stands twice" },
        { "limit=0", PGL_INVALID, "limit: 1 to 100 is expected" },
        { "limit=101", PGL_INVALID, "limit: 1 to 100 is expected" },
        { "limit=-1", PGL_INVALID, "limit: 1 to 100 is expected" },
        { "limit=", PGL_INVALID, "limit: 1 to 100 is expected" },
        { "limit=1x", PGL_INVALID, "limit: 1 to 100 is expected" },
        { "limit=99999999999999999999", PGL_INVALID, "limit: 1 to 100 is expected" },
        { "late=1", PGL_INVALID, "late: true or false is expected" },
        { "status=open", PGL_INVALID, "status: OPEN, SHUT or LOST is expected" },
        { "status=", PGL_INVALID, "status: OPEN, SHUT or LOST is expected" },
        { "status=OPEN%7CSHUT", PGL_INVALID, "status: OPEN, SHUT or LOST is expected" },
        { "cursor=%zz", PGL_MALFORMED, NULL },
    };
    struct pgl_route asked = route;
    asked.query = query_table;
    bench->request.route = &asked;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench->exchange.head.query = pgl_text_of(cases[i].query);
        pgl_status status = edge_read_query(&bench->request);
        assert_int_equal(status.code, cases[i].code);
        const char *said = status.text;
        if (status.code == PGL_CODE_OK)
            said = pgl_arena_printf(&bench->exchange.arena, "%d '%s' %d '%s'",
                                    edge_query_limit(&bench->request),
                                    edge_query_text(&bench->request, "cursor"),
                                    edge_query_flag(&bench->request, "late"),
                                    edge_query_text(&bench->request, "status"));
        if (cases[i].complaint != NULL)
            assert_string_equal(said, cases[i].complaint);
    }
    bench->request.route = &route; /* which has no table: it looks at nothing */
    bench->exchange.head.query = pgl_text_of("x=%zz");
    assert_ok(edge_read_query(&bench->request));
}

static void a_query_is_told_without_a_parameter(void **unused)
{
    (void)unused;
    bench->exchange.head.query = pgl_text_of("a=%20&cursor=x&&cursors=y&cursor=z");
    assert_string_equal(edge_query_without(&bench->request, "cursor"), "&a=%20&cursors=y");
    bench->exchange.head.query = pgl_text_of("");
    assert_string_equal(edge_query_without(&bench->request, "cursor"), "");
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
    assert_int_equal(read_body("text/plain", "{}").code, PGL_OTHER_MEDIA);
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
        TEST(a_query_has_what_the_table_knows),
        TEST(a_query_is_told_without_a_parameter),
        TEST(a_key_stands_once),
        TEST(a_body_is_json),
        TEST(an_error_is_a_problem),
        TEST(what_is_ours_is_not_told),
        TEST(who_may_try_again_is_told_so),
        TEST(a_long_detail_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
