/*
 * load_test.c - no order is lost from sight: what is accepted, how it ends and how long that takes
 * is told right, also when connections break, endings come early or not at all.
 * Method: whole loads against a platform that the test plays, in simulated time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "app/bench/fake_platform.h"
#include "app/bench/load.h"
#include "app/bench/report.h"

#define ORDERS_MAX 20000
/* PGL_TEXT for what is static. */
#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* How the platform that we play treats the orders; all zero is: as it should be. */
struct behaviour {
    bool tells_first;      /* an ending before the answer that names the order */
    int breaks_before;     /* the connection of this order, before it is accepted, once */
    int breaks_behind;     /* behind: it is accepted, and nobody was told */
    int refuses;           /* this order, with a 503 */
    int forgets;           /* to tell the ending of this order */
    const char *forgotten; /* what it says of it when asked: a status, or NULL for a 404 */
    int cuts_stream_at;    /* behind the ending of this order */
    bool tells_of_others;
    int64_t freezes_ns; /* a second behind the start */
    const char *status; /* how orders end; NULL for CONFIRMED */
};

struct told {
    char key[33];
    bool is_told;
    int64_t ends_ns;
};

/* A load, and the platform that it meets. Orders are numbered from 1, as they come. */
struct scene {
    struct fake_platform fake;
    struct behaviour behaviour;
    struct fake_conn *stream;
    struct told orders[ORDERS_MAX + 1];
    int order_count, last_told, streams_begun;
    int64_t last_event_id;
    bool has_broken;
    struct pgl_shop shop;
    struct pgl_load load;
    struct pgl_fetch fetch;
    struct pgl_arena arena;
};

/* ---- the platform ---- */

static void write_id(char text[PGL_ID_TEXT_BYTES + 1], int number)
{
    snprintf(text, PGL_ID_TEXT_BYTES + 1, "00000000-0000-7000-8000-%012x", (unsigned)number);
}

static void tell(struct scene *scene, int number)
{
    char id[PGL_ID_TEXT_BYTES + 1], event[256];
    const char *status = scene->behaviour.status != NULL ? scene->behaviour.status : "CONFIRMED";
    write_id(id, number);
    snprintf(event, sizeof event, "id: %d\nevent: x\ndata: {\"id\":\"%s\",\"status\":\"%s\"}\n\n",
             number, id, status);
    scene->orders[number].is_told = true;
    scene->last_told = number;
    fake_stream(scene->stream, event);
    if (number == scene->behaviour.cuts_stream_at && scene->streams_begun == 1) {
        fake_break(scene->stream);
        scene->stream = NULL;
    }
}

static void on_step(void *owner)
{
    struct scene *scene = owner;
    int64_t from_ns = scene->load.begin_ns + PGL_SECONDS(1), now_ns = scene->fake.twin.now_ns;
    scene->fake.is_frozen = now_ns >= from_ns && now_ns < from_ns + scene->behaviour.freezes_ns;
    for (int i = 1; i <= scene->order_count && scene->stream != NULL; i++) {
        struct told *order = &scene->orders[i];
        if (!order->is_told && order->ends_ns <= scene->fake.twin.now_ns &&
            i != scene->behaviour.forgets)
            tell(scene, i);
    }
}

static void begin_stream(struct scene *scene, struct fake_conn *conn, struct pgl_text request)
{
    static const char name[] = "Last-Event-ID: ";
    const char *last = memmem(request.data, request.size, name, sizeof name - 1);
    scene->streams_begun++;
    scene->last_event_id = last != NULL ? strtol(last + sizeof name - 1, NULL, 10) : -1;
    scene->stream = conn;
    /* What was told into a connection that broke may not have been heard. */
    for (int i = (int)scene->last_event_id + 1; last != NULL && i <= scene->order_count; i++)
        scene->orders[i].is_told = false;
    fake_begin_stream(conn);
    if (scene->behaviour.tells_of_others && last == NULL)
        fake_stream(conn, "id: 0\ndata: {\"id\":\"ffffffff-0000-7000-8000-000000000000\","
                          "\"status\":\"CONFIRMED\"}\n\n");
}

/* The number of the order with this key, which is a new one if need be. */
static int number_of(struct scene *scene, struct pgl_text request)
{
    static const char name[] = "Idempotency-Key: ";
    const char *key = memmem(request.data, request.size, name, sizeof name - 1);
    assert_non_null(key);
    key += sizeof name - 1;
    for (int i = scene->order_count; i > 0; i--)
        if (memcmp(scene->orders[i].key, key, 32) == 0)
            return i;
    assert_true(scene->order_count < ORDERS_MAX);
    struct told *order = &scene->orders[++scene->order_count];
    memcpy(order->key, key, 32);
    order->ends_ns = scene->fake.twin.now_ns + PGL_MILLISECONDS(20);
    return scene->order_count;
}

static void create(struct scene *scene, struct fake_conn *conn, struct pgl_text request)
{
    const struct behaviour *behaviour = &scene->behaviour;
    char id[PGL_ID_TEXT_BYTES + 1], fields[128];
    bool is_next = !scene->has_broken && scene->order_count + 1 == behaviour->breaks_before;
    if (is_next) {
        scene->has_broken = true;
        fake_break(conn);
        return;
    }
    int number = number_of(scene, request);
    if (number == behaviour->breaks_behind && !scene->has_broken) {
        scene->has_broken = true;
        fake_break(conn);
        return;
    }
    if (number == behaviour->refuses) {
        scene->orders[number].is_told = true; /* there is no such order */
        fake_answer(conn, 503, "", "{}");
        return;
    }
    if (behaviour->tells_first)
        tell(scene, number);
    write_id(id, number);
    snprintf(fields, sizeof fields, "Location: /api/v1/orders/%s\r\n", id);
    fake_answer(conn, 201, fields, "{\"status\":\"PENDING\"}");
}

static void show(struct scene *scene, struct fake_conn *conn)
{
    char body[64];
    if (scene->behaviour.forgotten == NULL) {
        fake_answer(conn, 404, "", "{}");
        return;
    }
    snprintf(body, sizeof body, "{\"status\":\"%s\"}", scene->behaviour.forgotten);
    fake_answer(conn, 200, "", body);
}

static void on_request(void *owner, struct fake_conn *conn, struct pgl_text request)
{
    struct scene *scene = owner;
    if (pgl_text_starts_with(request, PGL_TEXT("GET /api/v1/orders/endings ")))
        begin_stream(scene, conn, request);
    else if (pgl_text_starts_with(request, PGL_TEXT("GET /api/v1/orders/")))
        show(scene, conn);
    else if (pgl_text_starts_with(request, PGL_TEXT("POST /api/v1/orders ")))
        create(scene, conn, request);
    else
        fail_msg("%.*s", PGL_TEXT_ARGS(request));
}

/* ---- the load ---- */

static pgl_status read_process(int64_t pid, struct pgl_real_process *process)
{
    *process = (struct pgl_real_process){ .cpu_ns = pid, .memory_bytes = 1 };
    return PGL_OK;
}

static struct scene *run(struct behaviour behaviour, struct pgl_load_options options)
{
    static struct scene scene;
    static const struct pgl_address address = { "127.0.0.1", FAKE_PORT };
    static struct pgl_text tokens[] = { TEXT("one"), TEXT("two") };
    static struct pgl_shop_product products[] = {
        { "A-1", TEXT("{\"sku\":\"A-1\",\"quantity\":1}"), 10 },
        { "B-22", TEXT("{\"sku\":\"B-22\",\"quantity\":1}"), 10 },
        { "C-3", TEXT("{\"sku\":\"C-3\",\"quantity\":1}"), 10 },
    };
    scene = (struct scene){ .behaviour = behaviour };
    fake_open(&scene.fake, 7);
    scene.fake.on_request = on_request;
    scene.fake.on_step = on_step;
    scene.fake.owner = &scene;
    pgl_arena_init(&scene.arena, 65536, 1u << 20);
    pgl_shop_init(&scene.shop, &address);
    scene.shop.tokens = tokens;
    scene.shop.customer_count = 2;
    scene.shop.operator_token = PGL_TEXT("operator");
    scene.shop.products = products;
    scene.shop.product_count = 3;
    memcpy(scene.shop.currency, "USD", 4);
    scene.shop.line_bytes_max = 32;
    scene.shop.token_bytes_max = 3;
    options.lines = 2;
    options.settle_ns = PGL_SECONDS(2);
    options.read_process = read_process;
    assert_true(
        pgl_is_ok(pgl_load_init(&scene.load, &scene.fake.loop, &address, &scene.shop, &options)));
    assert_true(pgl_is_ok(pgl_fetch_init(&scene.fetch, &scene.fake.loop, &address, &scene.arena)));
    assert_string_equal(pgl_load_run(&scene.load).text, "");
    assert_string_equal(pgl_load_settle(&scene.load, &scene.fetch).text, "");
    return &scene;
}

static void shut(struct scene *scene)
{
    pgl_fetch_close(&scene->fetch);
    pgl_load_free(&scene->load);
    pgl_shop_free(&scene->shop);
    pgl_arena_free(&scene->arena);
    fake_shut(&scene->fake);
}

static const struct pgl_load_options hundred = { .connections = 4,
                                                 .count = 100,
                                                 .measure_ns = PGL_SECONDS(60) };

/* ---- */

static void orders_are_counted_and_timed(void **unused)
{
    (void)unused;
    struct scene *scene = run((struct behaviour){ 0 }, hundred);
    const struct pgl_load_result *result = &scene->load.result;
    assert_int_equal(scene->order_count, 100);
    assert_int_equal(result->counts.accepted, 100);
    assert_int_equal(result->counts.confirmed, 100);
    assert_int_equal(result->statuses[201], 100);
    assert_int_equal(result->answered.count, 100);
    assert_int_equal(result->confirmed.count, 100);
    assert_in_range(result->answered.max_ns, 0, PGL_MILLISECONDS(3));
    assert_in_range(result->confirmed.max_ns, PGL_MILLISECONDS(20), PGL_MILLISECONDS(24));
    assert_true(pgl_report_is_good(&scene->load));
    shut(scene);
}

static void orders_end_in_three_ways(void **unused)
{
    (void)unused;
    struct scene *scene = run((struct behaviour){ .status = "FAILED" }, hundred);
    assert_int_equal(scene->load.result.counts.failed, 100);
    assert_int_equal(scene->load.result.confirmed.count, 0);
    shut(scene);
    scene = run((struct behaviour){ .status = "CANCELLED" }, hundred);
    assert_int_equal(scene->load.result.counts.cancelled, 100);
    shut(scene);
}

static void an_ending_may_come_before_the_answer(void **unused)
{
    (void)unused;
    struct scene *scene = run((struct behaviour){ .tells_first = true }, hundred);
    assert_int_equal(scene->load.result.counts.confirmed, 100);
    assert_int_equal(scene->load.result.confirmed.count, 100);
    assert_int_equal(scene->load.open.count, 0);
    assert_true(pgl_report_is_good(&scene->load));
    shut(scene);
}

static void a_broken_request_is_sent_again_with_its_key(void **unused)
{
    static const struct behaviour breaks[] = { { .breaks_before = 50 }, { .breaks_behind = 50 } };
    (void)unused;
    for (int i = 0; i < 2; i++) {
        struct scene *scene = run(breaks[i], hundred);
        assert_int_equal(scene->load.result.broken, 1);
        assert_int_equal(scene->order_count, 100);
        assert_int_equal(scene->load.result.counts.accepted, 100);
        assert_int_equal(scene->load.result.counts.confirmed, 100);
        assert_true(pgl_report_is_good(&scene->load));
        shut(scene);
    }
}

static void a_stream_that_breaks_goes_on_where_it_was(void **unused)
{
    (void)unused;
    struct scene *scene = run((struct behaviour){ .cuts_stream_at = 40 }, hundred);
    assert_int_equal(scene->streams_begun, 2);
    assert_int_equal(scene->load.follow.breaks, 1);
    assert_in_range(scene->last_event_id, 1, 40);
    assert_int_equal(scene->load.result.counts.confirmed, 100);
    assert_int_equal(scene->load.result.unheard, 0);
    shut(scene);
}

static void what_was_not_heard_is_asked_for(void **unused)
{
    static const struct {
        const char *forgotten;
        uint64_t confirmed, lost, open;
        bool is_good;
    } cases[] = {
        { "CONFIRMED", 100, 0, 0, true },
        { NULL, 99, 1, 0, false },
        { "PENDING", 99, 0, 1, false },
        { "RESERVED", 99, 0, 1, false },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct behaviour behaviour = { .forgets = 30, .forgotten = cases[i].forgotten };
        struct scene *scene = run(behaviour, hundred);
        const struct pgl_load_result *result = &scene->load.result;
        assert_int_equal(result->unheard, 1);
        assert_int_equal(result->counts.confirmed, cases[i].confirmed);
        assert_int_equal(result->lost, cases[i].lost);
        assert_int_equal(result->open, cases[i].open);
        assert_int_equal(result->confirmed.count, 99); /* nobody knows how long that one took */
        assert_int_equal(pgl_report_is_good(&scene->load), cases[i].is_good);
        shut(scene);
    }
}

static void a_refusal_is_counted_and_makes_the_run_bad(void **unused)
{
    (void)unused;
    struct scene *scene = run((struct behaviour){ .refuses = 10 }, hundred);
    assert_int_equal(scene->load.result.statuses[503], 1);
    assert_int_equal(scene->load.result.counts.accepted, 99);
    assert_int_equal(scene->load.result.answered.count, 99);
    assert_false(pgl_report_is_good(&scene->load));
    shut(scene);
}

static void endings_of_others_are_no_orders_of_ours(void **unused)
{
    (void)unused;
    struct scene *scene = run((struct behaviour){ .tells_of_others = true }, hundred);
    assert_int_equal(scene->load.result.strangers, 1);
    assert_int_equal(scene->load.result.counts.confirmed, 100);
    assert_true(pgl_report_is_good(&scene->load));
    shut(scene);
}

static const struct pgl_load_options paced = { .connections = 2,
                                               .rate = 200,
                                               .measure_ns = PGL_SECONDS(5) };

static void the_open_loop_keeps_to_its_schedule(void **unused)
{
    (void)unused;
    struct scene *scene = run((struct behaviour){ 0 }, paced);
    assert_int_equal(scene->load.result.counts.accepted, 1000);
    assert_in_range(scene->load.result.answered.max_ns, 0, PGL_MILLISECONDS(4));
    assert_in_range(scene->load.result.late.max_ns, 0, PGL_MILLISECONDS(2));
    shut(scene);
}

/* 2 s in which only the two orders under way are really slow; but 400 were due, and half of them
 * had waited for more than a second. Counting from when they were sent would show two slow orders
 * in a thousand. */
static void in_the_open_loop_time_counts_from_when_an_order_was_due(void **unused)
{
    (void)unused;
    struct scene *scene = run((struct behaviour){ .freezes_ns = PGL_SECONDS(2) }, paced);
    const struct pgl_histogram *answered = &scene->load.result.answered;
    assert_int_equal(scene->load.result.counts.accepted, 1000);
    assert_in_range(answered->max_ns, PGL_MILLISECONDS(1980), PGL_MILLISECONDS(2020));
    assert_in_range(pgl_histogram_quantile_ns(answered, 790000), PGL_MILLISECONDS(900),
                    PGL_MILLISECONDS(1300));
    assert_int_equal(scene->load.result.dropped, 0);
    assert_true(pgl_report_is_good(&scene->load));
    shut(scene);
}

static void arrivals_that_wait_too_long_are_dropped_and_counted(void **unused)
{
    (void)unused;
    struct scene *scene = run((struct behaviour){ .freezes_ns = PGL_SECONDS(13) }, paced);
    const struct pgl_load_result *result = &scene->load.result;
    assert_in_range(result->dropped, 500, 800); /* those due in the first seconds of the silence */
    assert_int_equal(result->counts.accepted + result->dropped, 1000);
    assert_false(pgl_report_is_good(&scene->load));
    shut(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_are_counted_and_timed),
        cmocka_unit_test(orders_end_in_three_ways),
        cmocka_unit_test(an_ending_may_come_before_the_answer),
        cmocka_unit_test(a_broken_request_is_sent_again_with_its_key),
        cmocka_unit_test(a_stream_that_breaks_goes_on_where_it_was),
        cmocka_unit_test(what_was_not_heard_is_asked_for),
        cmocka_unit_test(a_refusal_is_counted_and_makes_the_run_bad),
        cmocka_unit_test(endings_of_others_are_no_orders_of_ours),
        cmocka_unit_test(the_open_loop_keeps_to_its_schedule),
        cmocka_unit_test(in_the_open_loop_time_counts_from_when_an_order_was_due),
        cmocka_unit_test(arrivals_that_wait_too_long_are_dropped_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
