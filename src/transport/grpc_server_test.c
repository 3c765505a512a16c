/*
 * grpc_server_test.c - calls of all four kinds over gRPC: what is a call and what is none, messages
 * and limits, deadlines, cancelling, room.
 * Method: bodies by hand on the bench of grpc_bench.h; the health service's messages, under kinds
 * that the contract does not give it.
 */
#include "transport/grpc_bench.h"
#include "transport/grpc_metrics.h"

#include "wire/gzip.h"

#define CHECK "/grpc.health.v1.Health/Check"
#define WATCH "/grpc.health.v1.Health/Watch"

/* ---- a handler that notes what happens to it ---- */

static struct {
    struct pgl_grpc_call *call;
    char taken[256]; /* the services asked for, with blanks between */
    int begun, asked_all, rooms;
    enum pgl_code stopped;
    bool holds;
} notes;

static void begin(struct pgl_grpc_call *call)
{
    notes.call = call;
    notes.begun++;
}

static void take(struct pgl_grpc_call *call, void *message)
{
    const HealthCheckRequest *ask = message;
    notes.call = call;
    strcat(notes.taken, ask->service);
    strcat(notes.taken, " ");
    if (notes.holds)
        pgl_grpc_hold(call);
}

static void asked_all(struct pgl_grpc_call *call)
{
    notes.call = call;
    notes.asked_all++;
}

static void on_room(struct pgl_grpc_call *call)
{
    (void)call;
    notes.rooms++;
}

static void on_stop(struct pgl_grpc_call *call, pgl_status why)
{
    (void)call;
    notes.stopped = why.code;
}

static const struct pgl_grpc_handler noting = { begin, take, asked_all, on_room, on_stop };

static void open_kinds(enum pgl_grpc_kind check, enum pgl_grpc_kind watch)
{
    static struct pgl_grpc_method methods[HEALTH_METHOD_COUNT];
    static struct pgl_grpc_service service;
    methods[HEALTH_CHECK] = (struct pgl_grpc_method){ check, true, &noting, NULL };
    methods[HEALTH_WATCH] = (struct pgl_grpc_method){ watch, true, &noting, NULL };
    service = (struct pgl_grpc_service){ HEALTH_DESCRIPTOR, NULL, methods };
    struct pgl_grpc_server_options options = { .limits = PGL_GRPC_LIMITS_EDGE,
                                               .services = &service,
                                               .service_count = 1 };
    memset(&notes, 0, sizeof notes);
    bench_open(&options);
}

static int open_usual(void **unused)
{
    (void)unused;
    open_kinds(PGL_GRPC_UNARY, PGL_GRPC_SERVER_STREAM);
    return 0;
}

static int open_streams(void **unused)
{
    (void)unused;
    open_kinds(PGL_GRPC_CLIENT_STREAM, PGL_GRPC_BIDI);
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    bench_close();
    return 0;
}

static HealthCheckResponse serving(void)
{
    HealthCheckResponse reply = HEALTH_CHECK_RESPONSE_INIT;
    reply.status = HEALTH_CHECK_RESPONSE_SERVING;
    return reply;
}

#define ASK_A   PGL_TEXT("\0\0\0\0\3\x0a\1a")
#define SERVING "\0\0\0\0\2\x08\1"

/* ---- what is a call ---- */

static void a_path_with_a_package_is_a_call(void **unused)
{
    static const struct {
        const char *path;
        bool is_call;
    } paths[] = {
        { CHECK, true },
        { "/a.b/c", true },
        { "/api/v1/orders", false },
        { "/livez", false },
        { "/a.b", false },
        { "/a.b/", false },
        { "/a.b/c/d", false },
        { "/api/orders", false },
        { "/.well-known/jwks.json", false },
        { "/asyncapi.json", false },
        { "a.b/c", false },
        { "", false },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        bench_new("POST", paths[i].path, "application/grpc");
        assert_int_equal(pgl_grpc_server_takes(&bench.exchange.head), paths[i].is_call);
        assert_int_equal(pgl_grpc_server_wants_pieces(&bench.exchange.head), paths[i].is_call);
    }
    bench_new("POST", CHECK, "application/grpc-web");
    assert_false(pgl_grpc_server_wants_pieces(&bench.exchange.head));
}

static void a_unary_call_is_answered(void **unused)
{
    (void)unused;
    for (size_t step = 1; step <= ASK_A.size; step++) {
        bench_call(CHECK);
        memset(&notes, 0, sizeof notes);
        bench_ask();
        for (size_t at = 0; at < ASK_A.size; at += step) {
            size_t size = step < ASK_A.size - at ? step : ASK_A.size - at;
            assert_string_equal(notes.taken, ""); /* not before the body has ended */
            bench_feed((struct pgl_text){ ASK_A.data + at, size }, at + size == ASK_A.size);
        }
        assert_string_equal(notes.taken, "a ");
        assert_int_equal(bench.seen.taken, ASK_A.size);
        HealthCheckResponse reply = serving();
        pgl_grpc_add(&notes.call->before, PGL_TEXT("x-before"), PGL_TEXT("1"));
        pgl_grpc_add(&notes.call->behind, PGL_TEXT("x-behind-bin"), PGL_TEXT("AA"));
        pgl_grpc_answer(notes.call, PGL_OK, &reply.base);
        assert_true(bench.seen.is_over);
        assert_int_equal(bench.seen.status, 200);
        assert_line(bench.seen.fields, "content-type: application/grpc");
        assert_line(bench.seen.fields, "x-before: 1");
        assert_line(bench.seen.trailers, "grpc-status: 0");
        assert_line(bench.seen.trailers, "x-behind-bin: AA");
        assert_true(pgl_text_equal(pgl_buffer_text(&bench.seen.body), PGL_TEXT(SERVING)));
    }
    assert_int_equal(pgl_timers_next_ns(&bench.loop.timers), PGL_NEVER_NS);
}

static void a_failure_fits_the_head(void **unused)
{
    (void)unused;
    bench_call(CHECK);
    bench_ask();
    bench_feed(ASK_A, true);
    pgl_grpc_end(notes.call, PGL_FAIL(PGL_NOT_FOUND, "100% not there\n"));
    assert_int_equal(bench.seen.status, 200);
    assert_int_equal(bench.seen.body.size, 0);
    assert_line(bench.seen.fields, "grpc-status: 5");
    assert_line(bench.seen.fields, "grpc-message: 100%25 not there%0A");
    assert_non_null(strstr(bench.seen.fields, "grpc-status-details-bin: CAUS"));
}

/* Path, field, value, and the status that it ends with at once. */
static void what_cannot_be_is_refused_at_its_head(void **unused)
{
    static const struct {
        const char *path, *name, *value;
        const char *line;
    } heads[] = {
        { "/grpc.health.v1.Health/Chec", "te", "trailers", "grpc-status: 12" },
        { "/grpc.health.v1.Healt/Check", "te", "trailers", "grpc-status: 12" },
        { "/grpc.health.v1.health/check", "te", "trailers", "grpc-status: 12" },
        { CHECK, "x", "no te", "grpc-status: 3" },
        { CHECK, "te", "gzip", "grpc-status: 3" },
        { CHECK, "grpc-timeout", "1x", "grpc-status: 3" },
        { CHECK, "grpc-encoding", "br", "grpc-status: 12" },
        { CHECK, "grpc-encoding", "br", "grpc-accept-encoding: identity,gzip" },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        bench_new("POST", heads[i].path, "application/grpc+proto");
        add_field(heads[i].name, heads[i].value);
        if (heads[i].name[0] == 'g')
            add_field("te", "trailers");
        bench_ask();
        assert_true(bench.seen.is_over);
        assert_int_equal(bench.seen.status, 200);
        assert_line(bench.seen.fields, heads[i].line);
    }
}

static void what_is_no_call_gets_an_http_status(void **unused)
{
    static const struct {
        const char *method, *type;
        int version, status;
        const char *line;
    } heads[] = {
        { "GET", "application/grpc", 2, 501, "content-type: application/json" },
        { "PUT", "application/grpc", 2, 405, "Allow: POST" },
        { "POST", NULL, 2, 415, NULL },
        { "POST", "text/plain", 2, 415, NULL },
        { "POST", "application/grpc+json", 2, 415, NULL },
        { "POST", "application/grpcfoo", 2, 415, NULL },
        { "POST", "application/grpc", 1, 505, NULL },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        bench_new(heads[i].method, CHECK, heads[i].type);
        bench.exchange.major_version = heads[i].version;
        bench_ask();
        if (heads[i].status == 501) {
            assert_true(bench.seen.is_over); /* Connect may GET it, and asks in another way */
            continue;
        }
        assert_int_equal(bench.seen.status, heads[i].status);
        if (heads[i].line != NULL)
            assert_line(bench.seen.fields, heads[i].line);
    }
}

/* ---- messages ---- */

static void a_unary_call_has_one_message(void **unused)
{
    static const struct {
        struct pgl_text body;
        const char *line;
    } bodies[] = {
        { { "", 0 }, "grpc-status: 12" },
        { { "\0\0\0\0\3\x0a\1a\0\0\0\0\3\x0a\1b", 16 }, "grpc-status: 12" },
        { { "\0\0\0\0\3\x0a\1", 7 }, "grpc-status: 13" },        /* cut */
        { { "\0\0\0", 3 }, "grpc-status: 13" },                  /* within its prefix */
        { { "\1\0\0\0\3\x0a\1a", 8 }, "grpc-status: 13" },       /* packed, but how? */
        { { "\2\0\0\0\3\x0a\1a", 8 }, "grpc-status: 3" },        /* an unknown flag */
        { { "\0\0\x10\0\1", 5 }, "grpc-status: 8" },             /* one byte too long */
        { { "\0\0\0\0\3\x0a\2a", 8 }, "grpc-status: 3" },        /* no such message */
        { { "\0\0\0\0\4\x0a\2\xc3\x28", 9 }, "grpc-status: 3" }, /* no UTF-8 */
    };
    (void)unused;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        bench_call(CHECK);
        memset(&notes, 0, sizeof notes);
        bench_ask();
        bench_feed(bodies[i].body, true);
        assert_string_equal(notes.taken, "");
        assert_true(bench.seen.is_over);
        assert_line(bench.seen.fields, bodies[i].line);
    }
}

static void add_packed(struct pgl_buffer *body, struct pgl_text message)
{
    struct pgl_buffer packed;
    struct pgl_arena work;
    char prefix[PGL_GRPC_PREFIX_BYTES];
    pgl_buffer_init(&packed, 4 << 20);
    pgl_arena_init(&work, 65536, 1 << 20);
    assert_true(pgl_is_ok(pgl_gzip_pack(&work, message, &packed)));
    pgl_grpc_write_prefix(prefix, PGL_GRPC_COMPRESSED, packed.size);
    pgl_buffer_add(body, prefix, sizeof prefix);
    pgl_buffer_add_text(body, pgl_buffer_text(&packed));
    pgl_buffer_free(&packed);
    pgl_arena_free(&work);
}

static void who_packs_is_answered_packed(void **unused)
{
    (void)unused;
    struct pgl_buffer body;
    pgl_buffer_init(&body, 1 << 20);
    add_packed(&body, PGL_TEXT("\x0a\1a"));
    bench_call(CHECK);
    add_field("grpc-encoding", "gzip");
    add_field("grpc-accept-encoding", "identity, gzip");
    bench.server.options.limits.pack_bytes_min = 1;
    bench_ask();
    bench_feed(pgl_buffer_text(&body), true);
    assert_string_equal(notes.taken, "a ");
    HealthCheckResponse reply = serving();
    pgl_grpc_answer(notes.call, PGL_OK, &reply.base);
    assert_line(bench.seen.fields, "grpc-encoding: gzip");
    assert_int_equal(bench.seen.body.data[0], PGL_GRPC_COMPRESSED);
    assert_memory_equal(bench.seen.body.data + 5, "\x1f\x8b", 2);

    bench.server.options.limits.pack_bytes_min = 100; /* too short to be worth it */
    bench_call(CHECK);
    add_field("grpc-encoding", "gzip");
    add_field("grpc-accept-encoding", "gzip");
    bench_ask();
    bench_feed(pgl_buffer_text(&body), true);
    pgl_grpc_answer(notes.call, PGL_OK, &reply.base);
    assert_int_equal(bench.seen.body.data[0], 0);
    pgl_buffer_free(&body);
}

static void a_bomb_is_refused(void **unused)
{
    (void)unused;
    static char zeros[2 << 20];
    struct pgl_buffer body;
    pgl_buffer_init(&body, 1 << 20);
    add_packed(&body, (struct pgl_text){ zeros, sizeof zeros });
    bench_call(CHECK);
    add_field("grpc-encoding", "gzip");
    bench_ask();
    bench_feed(pgl_buffer_text(&body), true);
    assert_line(bench.seen.fields, "grpc-status: 8");
    pgl_buffer_free(&body);
}

/* ---- time ---- */

static void every_call_has_a_deadline(void **unused)
{
    static const struct {
        const char *path, *timeout;
        int64_t ns;
    } calls[] = {
        { CHECK, NULL, PGL_SECONDS(2) },         { CHECK, "100m", PGL_MILLISECONDS(100) },
        { CHECK, "29S", PGL_SECONDS(29) },       { CHECK, "31S", PGL_SECONDS(30) },
        { CHECK, "99999999H", PGL_SECONDS(30) }, { WATCH, NULL, PGL_HOURS(1) },
        { WATCH, "5M", PGL_MINUTES(5) },         { WATCH, "2H", PGL_HOURS(1) },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        bench_call(calls[i].path);
        if (calls[i].timeout != NULL)
            add_field("grpc-timeout", calls[i].timeout);
        memset(&notes, 0, sizeof notes);
        bench_ask();
        bench_feed(ASK_A, true);
        assert_int_equal(notes.call->deadline_ns, 1000 + calls[i].ns);
        bench_wait(notes.call->deadline_ns - 1);
        assert_int_equal(notes.stopped, PGL_CODE_OK);
        bench_wait(notes.call->deadline_ns);
        assert_int_equal(notes.stopped, PGL_DEADLINE);
        assert_false(bench.seen.is_over); /* the handler has it, and ends it */
        pgl_grpc_end(notes.call, PGL_FAIL(PGL_DEADLINE, "late"));
        assert_line(bench.seen.fields, "grpc-status: 4");
    }
}

static void a_body_that_does_not_come_is_late(void **unused)
{
    (void)unused;
    bench_call(CHECK);
    bench_ask();
    bench_feed(PGL_TEXT("\0\0\0\0\3"), false);
    bench_wait(1000 + PGL_SECONDS(2));
    assert_true(bench.seen.is_over);
    assert_line(bench.seen.fields, "grpc-status: 4");
    assert_string_equal(notes.taken, "");
}

static void what_became_of_calls_is_counted_by_method(void **unused)
{
    static const struct {
        const char *path;
        enum pgl_code code;
    } calls[] = { { CHECK, PGL_CODE_OK },     { CHECK, PGL_CODE_OK },     { CHECK, PGL_NOT_FOUND },
                  { CHECK, PGL_EXHAUSTED },   { CHECK, PGL_UNAVAILABLE }, { WATCH, PGL_DENIED },
                  { "/a.b.C/D", PGL_CODE_OK } };
    static const char *const rows[] = {
        "panglot_grpc_calls_total{listener=\"x\",method=\"grpc.health.v1.Health/"
        "Check\",outcome=\"done\"} 2\n",
        "panglot_grpc_calls_total{listener=\"x\",method=\"grpc.health.v1.Health/"
        "Check\",outcome=\"refused\"} 1\n",
        "panglot_grpc_calls_total{listener=\"x\",method=\"grpc.health.v1.Health/"
        "Check\",outcome=\"failed\"} 2\n",
        "panglot_grpc_calls_total{listener=\"x\",method=\"grpc.health.v1.Health/"
        "Watch\",outcome=\"refused\"} 1\n",
        "panglot_grpc_statuses_total{listener=\"x\",status=\"OK\"} 2\n",
        "panglot_grpc_statuses_total{listener=\"x\",status=\"UNIMPLEMENTED\"} 1\n",
        "panglot_grpc_messages_in_total{listener=\"x\"} 6\n",
    };
    static struct pgl_registry registry;
    struct pgl_grpc_server_options options = bench.server.options;
    struct pgl_arena arena;
    struct pgl_buffer page;
    HealthCheckResponse reply = serving();
    (void)unused;
    pgl_arena_init(&arena, 4096, 1 << 20);
    assert_true(pgl_is_ok(pgl_grpc_metrics_add(&bench.server, &options, "x", &registry, &arena)));
    bench.server.options.counts = options.counts;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        bench_call(calls[i].path);
        bench_ask();
        bench_feed(ASK_A, true);
        if (!bench.seen.is_over)
            pgl_grpc_answer(notes.call, (pgl_status){ calls[i].code, "" }, &reply.base);
    }
    pgl_buffer_init(&page, 1 << 20);
    pgl_registry_write(&registry, &page);
    pgl_buffer_add_char(&page, '\0');
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strstr(page.data, rows[i]) == NULL)
            fail_msg("%s is not in:\n%s", rows[i], page.data);
    pgl_buffer_free(&page);
    pgl_arena_free(&arena);
}

static void a_client_that_goes_is_noticed(void **unused)
{
    (void)unused;
    bench_call(CHECK);
    bench_ask();
    bench.exchange.is_abandoned = true;
    pgl_grpc_server_on_abandoned(&bench.exchange);
    assert_true(bench.seen.is_over); /* nobody had it yet */

    bench_call(CHECK);
    bench_ask();
    bench_feed(ASK_A, true);
    bench.exchange.is_abandoned = true;
    pgl_grpc_server_on_abandoned(&bench.exchange);
    assert_int_equal(notes.stopped, PGL_CANCELLED);
    assert_false(bench.seen.is_over);
    HealthCheckResponse reply = serving();
    assert_int_equal(pgl_grpc_send(notes.call, &reply.base).code, PGL_CANCELLED);
    pgl_grpc_end(notes.call, PGL_FAIL(PGL_CANCELLED, "gone"));
    assert_true(bench.seen.is_over);
    assert_int_equal(pgl_counter_read(&bench.server.metrics.cancelled), 2);
}

/* ---- streams ---- */

static void a_stream_waits_for_room(void **unused)
{
    (void)unused;
    HealthCheckResponse reply = serving();
    bench_call(WATCH);
    bench_ask();
    bench_feed(ASK_A, true);
    bench.seen.room = 10;
    assert_true(pgl_is_ok(pgl_grpc_send(notes.call, &reply.base)));
    assert_true(pgl_is_ok(pgl_grpc_send(notes.call, &reply.base))); /* kept, until there is room */
    assert_int_equal(bench.seen.body.size, 7);
    assert_int_equal(pgl_grpc_send(notes.call, &reply.base).code, PGL_EXHAUSTED);
    bench.seen.room = 3;
    pgl_grpc_server_on_room(&bench.exchange);
    assert_int_equal(notes.rooms, 0);
    bench.seen.room = 7;
    pgl_grpc_server_on_room(&bench.exchange);
    assert_int_equal(notes.rooms, 1);
    assert_int_equal(bench.seen.body.size, 14);
    assert_true(pgl_is_ok(pgl_grpc_send(notes.call, &reply.base)));
    pgl_grpc_end(notes.call, PGL_OK); /* the last one goes first */
    assert_false(bench.seen.is_over);
    bench.seen.room = 100;
    pgl_grpc_server_on_room(&bench.exchange);
    assert_true(bench.seen.is_over);
    assert_line(bench.seen.trailers, "grpc-status: 0");
    assert_int_equal(bench.seen.body.size, 21);
}

static void who_does_not_read_to_the_end_is_cut(void **unused)
{
    (void)unused;
    HealthCheckResponse reply = serving();
    bench_call(WATCH);
    bench_ask();
    bench_feed(ASK_A, true);
    bench.seen.room = 0;
    assert_true(pgl_is_ok(pgl_grpc_send(notes.call, &reply.base)));
    pgl_grpc_end(notes.call, PGL_OK);
    bench_wait(1000 + PGL_HOURS(1));
    assert_true(bench.seen.is_over);
    assert_int_equal(bench.seen.reset_code, 8);
}

static void a_stream_may_be_empty(void **unused)
{
    (void)unused;
    bench_call(WATCH);
    bench_ask();
    bench_feed(ASK_A, true);
    pgl_grpc_end(notes.call, PGL_OK);
    assert_line(bench.seen.fields, "grpc-status: 0");
    assert_int_equal(bench.seen.body.size, 0);
}

static void a_clients_stream_is_handed_over_as_it_comes(void **unused)
{
    (void)unused;
    HealthCheckResponse reply = serving();
    bench_call(CHECK);
    bench_ask();
    assert_int_equal(notes.begun, 1);
    bench_feed(PGL_TEXT("\0\0\0\0\3\x0a\1a\0\0"), false);
    assert_string_equal(notes.taken, "a ");
    bench_feed(PGL_TEXT("\0\0\3\x0a\1b\0\0\0\0\3\x0a\1c"), false);
    assert_string_equal(notes.taken, "a b c ");
    assert_int_equal(notes.asked_all, 0);
    bench_feed(PGL_TEXT(""), true);
    assert_int_equal(notes.asked_all, 1);
    pgl_grpc_answer(notes.call, PGL_OK, &reply.base);
    assert_line(bench.seen.trailers, "grpc-status: 0");
}

/* What it sends may come as slowly as it likes: neither a call's time limit nor a body's is its. */
static void a_clients_stream_may_last(void **unused)
{
    static const char *const paths[] = { CHECK, WATCH };
    (void)unused;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        bench_call(paths[i]);
        memset(&notes, 0, sizeof notes);
        bench_ask();
        for (int64_t at_ns = 0; at_ns < PGL_MINUTES(10); at_ns += PGL_SECONDS(10)) {
            bench_wait(at_ns);
            notes.taken[0] = '\0';
            bench_feed(ASK_A, false);
            assert_string_equal(notes.taken, "a ");
        }
        assert_int_equal(notes.stopped, PGL_CODE_OK);
        bench_wait(1000 + PGL_HOURS(1));
        assert_int_equal(notes.stopped, PGL_DEADLINE);
        pgl_grpc_end(notes.call, PGL_FAIL(PGL_DEADLINE, "late"));
    }
}

static void a_client_waits_for_who_holds_it(void **unused)
{
    (void)unused;
    notes.holds = true;
    bench_call(WATCH);
    bench_ask();
    bench_feed(PGL_TEXT("\0\0\0\0\3\x0a\1a\0\0\0\0\3\x0a\1b"), false);
    assert_string_equal(notes.taken, "a ");
    size_t taken = bench.seen.taken;
    bench_feed(PGL_TEXT("\0\0\0\0\3\x0a\1c"), true);
    assert_int_equal(bench.seen.taken, taken); /* its window stays closed */
    pgl_grpc_go_on(notes.call);
    assert_string_equal(notes.taken, "a b ");
    pgl_grpc_go_on(notes.call);
    assert_string_equal(notes.taken, "a b c ");
    assert_int_equal(notes.asked_all, 0);
    pgl_grpc_go_on(notes.call);
    assert_int_equal(notes.asked_all, 1);
    pgl_grpc_end(notes.call, PGL_OK);
}

static void an_early_end_takes_nothing_more(void **unused)
{
    (void)unused;
    bench_call(WATCH);
    bench_ask();
    bench_feed(PGL_TEXT("\0\0\0\0\3\x0a\2a\0\0\0\0\3\x0a\1b"), false); /* the first is broken */
    assert_true(bench.seen.is_over);
    assert_line(bench.seen.fields, "grpc-status: 3");
    assert_string_equal(notes.taken, "");
}

int main(void)
{
#define USUAL(test)  cmocka_unit_test_setup_teardown(test, open_usual, close_bench)
#define STREAM(test) cmocka_unit_test_setup_teardown(test, open_streams, close_bench)
    const struct CMUnitTest tests[] = {
        USUAL(a_path_with_a_package_is_a_call),
        USUAL(a_unary_call_is_answered),
        USUAL(a_failure_fits_the_head),
        USUAL(what_cannot_be_is_refused_at_its_head),
        USUAL(what_is_no_call_gets_an_http_status),
        USUAL(a_unary_call_has_one_message),
        USUAL(who_packs_is_answered_packed),
        USUAL(a_bomb_is_refused),
        USUAL(every_call_has_a_deadline),
        USUAL(a_body_that_does_not_come_is_late),
        USUAL(what_became_of_calls_is_counted_by_method),
        USUAL(a_client_that_goes_is_noticed),
        USUAL(a_stream_waits_for_room),
        USUAL(who_does_not_read_to_the_end_is_cut),
        USUAL(a_stream_may_be_empty),
        STREAM(a_clients_stream_is_handed_over_as_it_comes),
        STREAM(a_clients_stream_may_last),
        STREAM(a_client_waits_for_who_holds_it),
        STREAM(an_early_end_takes_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
