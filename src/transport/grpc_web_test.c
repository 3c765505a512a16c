/*
 * grpc_web_test.c - the same calls as a browser makes them: gRPC-Web, plain and as text, and
 * Connect's unary protocol.
 * Method: whole bodies by hand on the bench of grpc_bench.h.
 */
#include "transport/grpc_bench.h"

#include "wire/base64.h"
#include "wire/gzip.h"

#define CHECK "/grpc.health.v1.Health/Check"
#define WATCH "/grpc.health.v1.Health/Watch"

/* SERVING for "a" and NOT_FOUND else; a stream says it twice. */
static void take(struct pgl_grpc_call *call, void *message)
{
    const HealthCheckRequest *ask = message;
    HealthCheckResponse reply = HEALTH_CHECK_RESPONSE_INIT;
    reply.status = HEALTH_CHECK_RESPONSE_SERVING;
    if (strcmp(ask->service, "a") != 0) {
        pgl_grpc_end(call, PGL_FAIL(PGL_NOT_FOUND, "service: not \"here\""));
        return;
    }
    pgl_grpc_add(&call->behind, PGL_TEXT("x-behind"), PGL_TEXT("1"));
    if (call->method == HEALTH_WATCH)
        assert_true(pgl_is_ok(pgl_grpc_send(call, &reply.base)));
    pgl_grpc_answer(call, PGL_OK, &reply.base);
}

static size_t web_fields(void *owner, const struct pgl_http_exchange *exchange,
                         struct pgl_http_field *fields)
{
    (void)owner;
    (void)exchange;
    fields[0] = (struct pgl_http_field){ PGL_TEXT("access-control-allow-origin"), PGL_TEXT("*") };
    return 1;
}

static int open_bench(void **unused)
{
    static const struct pgl_grpc_handler handler = { .take = take };
    static const struct pgl_grpc_method methods[HEALTH_METHOD_COUNT] = {
        [HEALTH_CHECK] = { PGL_GRPC_UNARY, true, &handler, NULL },
        [HEALTH_WATCH] = { PGL_GRPC_SERVER_STREAM, false, &handler, NULL },
    };
    static const struct pgl_grpc_service service = { HEALTH_DESCRIPTOR, NULL, methods };
    struct pgl_grpc_server_options options = { .limits = PGL_GRPC_LIMITS_EDGE,
                                               .services = &service,
                                               .service_count = 1,
                                               .web_fields = web_fields };
    (void)unused;
    bench_open(&options);
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    bench_close();
    return 0;
}

static void ask(const char *method, const char *path, const char *type, struct pgl_text body)
{
    bench_new(method, path, type);
    bench.exchange.major_version = 1;
    bench.exchange.body = body;
    bench_ask();
    assert_true(bench.seen.is_over);
}

static bool body_is(struct pgl_text expected)
{
    return pgl_text_equal(pgl_buffer_text(&bench.seen.body), expected);
}

#define ASK_A   PGL_TEXT("\0\0\0\0\3\x0a\1a")
#define ASK_B   PGL_TEXT("\0\0\0\0\3\x0a\1b")
#define SERVING "\0\0\0\0\2\x08\1"

static void trailers_are_the_last_frame(void **unused)
{
    (void)unused;
    ask("POST", CHECK, "application/grpc-web+proto", ASK_A);
    assert_int_equal(bench.seen.status, 200);
    assert_line(bench.seen.fields, "content-type: application/grpc-web+proto");
    assert_line(bench.seen.fields, "access-control-allow-origin: *");
    assert_true(body_is((struct pgl_text){ SERVING "\x80\0\0\0\x1d"
                                                   "grpc-status: 0\r\nx-behind: 1\r\n",
                                           7 + 5 + 29 }));
    ask("POST", WATCH, "application/grpc-web", ASK_A);
    assert_int_equal(bench.seen.body.size, 7 + 7 + 5 + 29);
    ask("POST", CHECK, "application/grpc-web", ASK_B);
    assert_line(bench.seen.fields, "grpc-status: 5");
    assert_line(bench.seen.fields, "grpc-message: service: not \"here\"");
    assert_int_equal(bench.seen.body.size, 0);
}

static void text_is_base64_both_ways(void **unused)
{
    (void)unused;
    static const struct pgl_text bodies[] = { { "AAAAAAMKAWE=", 12 },
                                              { "AAA=AAADCgFh", 12 },
                                              { "AAAAAAMKAWE", 11 } };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        ask("POST", CHECK, "application/grpc-web-text", bodies[i]);
        assert_int_equal(bench.seen.status, 200);
        assert_line(bench.seen.fields, "content-type: application/grpc-web-text+proto");
        assert_memory_equal(bench.seen.body.data, "AAAAAAIIAQ==gAAAAB1ncnBjLXN0YXR1czog", 36);
    }
    ask("POST", CHECK, "application/grpc-web-text", PGL_TEXT("AAAAAAMKAW!="));
    assert_line(bench.seen.fields, "grpc-status: 3");
}

static void connect_takes_a_message_as_the_body(void **unused)
{
    (void)unused;
    ask("POST", CHECK, "application/proto", PGL_TEXT("\x0a\1a"));
    assert_int_equal(bench.seen.status, 200);
    assert_line(bench.seen.fields, "content-type: application/proto");
    assert_line(bench.seen.fields, "trailer-x-behind: 1");
    assert_line(bench.seen.fields, "access-control-allow-origin: *");
    assert_true(body_is(PGL_TEXT("\x08\1")));
    ask("POST", CHECK, "application/json; charset=utf-8", PGL_TEXT("{\"service\":\"a\"}"));
    assert_line(bench.seen.fields, "content-type: application/json");
    assert_true(body_is(PGL_TEXT("{\"status\":\"SERVING\"}")));
}

static void connect_tells_errors_in_json(void **unused)
{
    static const struct {
        const char *type;
        struct pgl_text body;
        int status;
        const char *begins;
    } asks[] = {
        { "application/json",
          { "{}", 2 },
          404,
          "{\"code\":\"not_found\",\"message\":\"service: not "
          "\\\"here\\\"\",\"details\":[{\"type\":\"google.rpc."
          "ErrorInfo\",\"value\":\"CglOT1RfRk9VTkQSB3BhbmdsV3" },
        { "application/proto", { "", 0 }, 404, "{\"code\":\"not_found\"" },
        { "application/json", { "{", 1 }, 400, "{\"code\":\"invalid_argument\"" },
        { "application/json", { "{\"x\":1}", 7 }, 400, "{\"code\":\"invalid_argument\"" },
        { "application/proto", { "\x0a\x05", 2 }, 400, "{\"code\":\"invalid_argument\"" },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        ask("POST", CHECK, asks[i].type, asks[i].body);
        assert_int_equal(bench.seen.status, asks[i].status);
        assert_line(bench.seen.fields, "content-type: application/json");
        size_t size = strlen(asks[i].begins) < 90 ? strlen(asks[i].begins) : 90;
        assert_memory_equal(bench.seen.body.data, asks[i].begins, size);
    }
    ask("POST", "/grpc.health.v1.Health/Nothing", "application/json", PGL_TEXT("{}"));
    assert_int_equal(bench.seen.status, 501);
    ask("POST", WATCH, "application/json", PGL_TEXT("{}")); /* a stream needs gRPC */
    assert_int_equal(bench.seen.status, 501);
}

static void connect_has_fields_of_its_own(void **unused)
{
    static const struct {
        const char *name, *value;
        int status;
    } fields[] = {
        { "connect-protocol-version", "1", 200 }, { "Connect-Protocol-Version", "2", 400 },
        { "connect-timeout-ms", "1000", 200 },    { "connect-timeout-ms", "1s", 400 },
        { "connect-timeout-ms", "-1", 400 },      { "connect-timeout-ms", "12345678901", 400 },
        { "content-encoding", "identity", 200 },  { "content-encoding", "br", 501 },
        { "content-encoding", "gzip", 400 }, /* which it is not */
    };
    (void)unused;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        bench_new("POST", CHECK, "application/json");
        bench.exchange.body = PGL_TEXT("{\"service\":\"a\"}");
        add_field(fields[i].name, fields[i].value);
        bench_ask();
        assert_int_equal(bench.seen.status, fields[i].status);
    }
}

static void what_changes_nothing_may_be_got(void **unused)
{
    static const struct {
        const char *path, *query;
        int status;
    } asks[] = {
        { CHECK, "connect=v1&encoding=json&message=%7B%22service%22%3A%22a%22%7D", 200 },
        { CHECK, "encoding=json&message={\"service\":\"a\"}", 200 },
        { CHECK, "connect=v1&encoding=proto&base64=1&message=CgFh", 200 },
        { CHECK, "connect=v1&encoding=json&base64=1&message=eyJzZXJ2aWNlIjoiYSJ9", 200 },
        { CHECK, "connect=v1&encoding=proto&base64=1&message=CgFi", 404 },
        { CHECK, "connect=v2&encoding=proto&message=", 400 },
        { CHECK, "connect=v1&encoding=xml&message=", 400 },
        { CHECK, "connect=v1&message=", 400 },
        { CHECK, "connect=v1&encoding=proto&base64=1&message=!", 400 },
        { CHECK, "connect=v1&encoding=proto&compression=br&message=", 501 },
        { WATCH, "connect=v1&encoding=proto&message=", 405 },
        { "/grpc.health.v1.Health/Nothing", "connect=v1&encoding=proto&message=", 405 },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        bench_new("GET", asks[i].path, NULL);
        bench.exchange.head.query = pgl_text_of(asks[i].query);
        bench_ask();
        assert_int_equal(bench.seen.status, asks[i].status);
    }
}

static void connect_packs_for_who_unpacks(void **unused)
{
    (void)unused;
    bench.server.options.limits.pack_bytes_min = 1;
    bench_new("POST", CHECK, "application/proto");
    bench.exchange.body = PGL_TEXT("\x0a\1a");
    add_field("accept-encoding", "br, gzip");
    bench_ask();
    assert_line(bench.seen.fields, "content-encoding: gzip");
    struct pgl_text plain;
    assert_true(pgl_is_ok(
        pgl_gzip_unpack(&bench.server.work, pgl_buffer_text(&bench.seen.body), 100, &plain)));
    assert_true(pgl_text_is(plain, "\x08\1"));
}

static void a_listener_between_roles_speaks_grpc_only(void **unused)
{
    (void)unused;
    bench.server.options.is_mesh = true;
    ask("POST", CHECK, "application/json", PGL_TEXT("{}"));
    assert_int_equal(bench.seen.status, 415);
    ask("POST", CHECK, "application/grpc-web", ASK_A);
    assert_int_equal(bench.seen.status, 415);
    ask("GET", CHECK, NULL, PGL_TEXT(""));
    assert_int_equal(bench.seen.status, 405);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        TEST(trailers_are_the_last_frame),         TEST(text_is_base64_both_ways),
        TEST(connect_takes_a_message_as_the_body), TEST(connect_tells_errors_in_json),
        TEST(connect_has_fields_of_its_own),       TEST(what_changes_nothing_may_be_got),
        TEST(connect_packs_for_who_unpacks),       TEST(a_listener_between_roles_speaks_grpc_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
