/*
 * webhooks_test.c - what becomes of an event, from the log to the last attempt.
 * Method: handlers over a real file, with a clock that the test moves. Attempts are written down as
 *         the loop of effects would; nothing is sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/time.h"
#include "services/webhooks/sign.h"
#include "services/webhooks/webhooks_sql.h"
#include "store/store_bench.h"
#include "wire/message.h"

#define DAYS(n) PGL_HOURS(24 * (n))
#define CREATED "panglot.order.created.v1"

PGL_COMMAND(pgl_webhooks_create, struct webhook_create, EndpointResponse)
PGL_COMMAND(pgl_webhooks_change, struct webhook_change, EndpointResponse)
PGL_COMMAND(pgl_webhooks_rotate, struct webhook_rotate, EndpointResponse)
PGL_COMMAND(pgl_webhooks_delete, EndpointRequest, DeleteEndpointResponse)
PGL_QUERY(pgl_webhooks_get, EndpointRequest, EndpointResponse)
PGL_QUERY(pgl_webhooks_list, ListEndpointsRequest, ListEndpointsResponse)
PGL_QUERY(pgl_webhooks_due, struct webhook_due_ask, struct webhook_due_reply)
PGL_COMMAND(pgl_webhooks_record, struct webhook_attempt, void)
PGL_QUERY(pgl_webhooks_deliveries, ListDeliveriesRequest, ListDeliveriesResponse)
PGL_COMMAND(pgl_webhooks_redeliver, RedeliverRequest, RedeliverResponse)

#define COMMAND(name) ((struct pgl_method){ PGL_METHOD_COMMAND, .command = name##_command })
#define QUERY(name)   ((struct pgl_method){ PGL_METHOD_QUERY, .query = name##_query })

struct bench {
    struct pgl_store_bench store;
    struct pgl_webhooks_core core;
    Caller olga;
    int64_t seq;
};

static void assert_ok(pgl_status status)
{
    if (!pgl_is_ok(status))
        print_error("%s\n", status.text);
    assert_true(pgl_is_ok(status));
}

static pgl_status command(struct bench *bench, struct pgl_method method, const void *ask,
                          void *reply)
{
    return pgl_store_bench_command(&bench->store, &method, ask, reply);
}

static pgl_status query(struct bench *bench, struct pgl_method method, const void *ask, void *reply)
{
    return pgl_store_bench_query(&bench->store, &method, ask, reply);
}

static int64_t number(struct bench *bench, const char *sql)
{
    return pgl_store_bench_number(&bench->store, sql);
}

static int64_t wall_ns(const struct bench *bench)
{
    return PGL_STORE_BENCH_WALL_NS + bench->store.now_ns;
}

static struct bench *bench_open(void)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    pgl_store_bench_open(&bench.store, 1);
    bench.store.writer.context = &bench.core;
    assert_ok(pgl_events_migrate(&bench.store.writer.db));
    assert_ok(pgl_webhooks_migrate(&bench.store.writer.db));
    pgl_buffer_init(&bench.core.body, PGL_WEBHOOK_BODY_BYTES_MAX);
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++)
        bench.core.consumers[l].epoch = 1;
    bench.olga = (Caller)CALLER_INIT;
    bench.olga.tenant = pgl_message_string("default");
    bench.olga.role = ROLE_OPERATOR;
    return &bench;
}

static void bench_close(struct bench *bench)
{
    pgl_buffer_free(&bench->core.body);
    pgl_store_bench_close(&bench->store);
}

static pgl_status try_create(struct bench *bench, const char *url, const char *type,
                             EndpointResponse *reply)
{
    static char *types[1];
    NewEndpoint endpoint = NEW_ENDPOINT_INIT;
    CreateEndpointRequest ask = CREATE_ENDPOINT_REQUEST_INIT;
    struct webhook_create create = { .ask = &ask, .ends = { { 1, 7, 70 }, { 1, 8, 80 } } };
    endpoint.url = pgl_message_string(url);
    types[0] = pgl_message_string(type);
    endpoint.types = types;
    endpoint.n_types = type != NULL;
    ask.caller = &bench->olga;
    ask.endpoint = &endpoint;
    memset(create.secret, 0x5A, sizeof create.secret);
    *reply = (EndpointResponse)ENDPOINT_RESPONSE_INIT;
    return command(bench, COMMAND(pgl_webhooks_create), &create, reply);
}

static char *create(struct bench *bench, const char *url, const char *type)
{
    EndpointResponse reply;
    assert_ok(try_create(bench, url, type, &reply));
    return reply.endpoint->id;
}

static WebhookEndpoint *look(struct bench *bench, char *id)
{
    EndpointRequest ask = ENDPOINT_REQUEST_INIT;
    EndpointResponse reply = ENDPOINT_RESPONSE_INIT;
    ask.caller = &bench->olga;
    ask.id = id;
    assert_ok(query(bench, QUERY(pgl_webhooks_get), &ask, &reply));
    return reply.endpoint;
}

static pgl_status hear_created(struct pgl_tx *tx, void *argument)
{
    struct bench *bench = argument;
    OrderCreated created = ORDER_CREATED_INIT;
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_ORDER_CREATED;
    event.tenant = pgl_message_string("default");
    event.key = (ProtobufCBinaryData){ 16, (uint8_t *)pgl_message_string("0123456789abcdef") };
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_CREATED;
    event.order_created = &created;
    created.payment_method_ref = pgl_message_string("pm_secret");
    tx->cause_log = LOG_ORDERS;
    return pgl_webhooks_hear(tx, ++bench->seq, &event);
}

static void hear(struct bench *bench)
{
    assert_ok(pgl_writer_run_now(&bench->store.writer, hear_created, bench));
}

static struct webhook_due_reply due(struct bench *bench)
{
    struct webhook_due_ask ask = { .now_ns = wall_ns(bench) };
    struct webhook_due_reply reply;
    assert_ok(query(bench, QUERY(pgl_webhooks_due), &ask, &reply));
    return reply;
}

static void record(struct bench *bench, int64_t delivery, int status, uint64_t drawn)
{
    struct webhook_attempt attempt = { delivery, status, status == 0 ? "no route" : "", drawn };
    assert_ok(command(bench, COMMAND(pgl_webhooks_record), &attempt, NULL));
}

/* ---- endpoints ---- */

static void the_first_endpoint_sets_the_positions(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    EndpointResponse reply;
    assert_ok(try_create(bench, "https://a.example.com/", NULL, &reply));
    assert_true(bench->core.is_placed);
    assert_true(bench->core.is_changed);
    assert_int_equal(bench->core.places[1].position, 8);
    assert_string_equal(
        pgl_store_bench_rows(&bench->store, "SELECT log, epoch, position, hash FROM consumer"),
        pgl_store_bench_rows(&bench->store, "VALUES (2, 1, 7, 70), (3, 1, 8, 80), (4, 0, 0, 0)"));
    bench->core.is_placed = false;
    assert_ok(try_create(bench, "https://b.example.com/", NULL, &reply));
    assert_false(bench->core.is_placed); /* the second is told from where the first one is */
    bench_close(bench);
}

static void a_secret_is_shown_once(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    EndpointResponse reply;
    assert_ok(try_create(bench, "https://a.example.com/", CREATED, &reply));
    assert_string_equal(reply.endpoint->secret,
                        "whsec_WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=");
    assert_string_equal(look(bench, reply.endpoint->id)->secret, "");
    assert_string_equal(look(bench, reply.endpoint->id)->types[0], CREATED);
    bench_close(bench);
}

static void what_cannot_be_an_endpoint_is_refused(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    EndpointResponse reply;
    assert_int_equal(try_create(bench, "http://a.example.com/", NULL, &reply).code, PGL_INVALID);
    assert_int_equal(try_create(bench, "http://127.0.0.1/", NULL, &reply).code, PGL_INVALID);
    assert_int_equal(try_create(bench, "https://a.example.com/", "no.such", &reply).code,
                     PGL_INVALID);
    for (int i = 0; i < PGL_WEBHOOK_TENANT_MAX; i++)
        create(bench, pgl_arena_printf(&bench->store.arena, "https://a.example.com/%d", i), NULL);
    assert_int_equal(try_create(bench, "https://a.example.com/0", NULL, &reply).code,
                     PGL_ALREADY_EXISTS);
    assert_int_equal(try_create(bench, "https://b.example.com/", NULL, &reply).code, PGL_CONFLICT);
    bench->olga.tenant = pgl_message_string("other");
    assert_ok(try_create(bench, "https://a.example.com/0", NULL, &reply));
    bench_close(bench);
}

static void anothers_endpoint_is_not_there(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    char *id = create(bench, "https://a.example.com/", NULL);
    EndpointRequest ask = ENDPOINT_REQUEST_INIT;
    EndpointResponse reply = ENDPOINT_RESPONSE_INIT;
    DeleteEndpointResponse deleted = DELETE_ENDPOINT_RESPONSE_INIT;
    ListEndpointsRequest list = LIST_ENDPOINTS_REQUEST_INIT;
    ListEndpointsResponse listed = LIST_ENDPOINTS_RESPONSE_INIT;
    struct webhook_rotate rotate = { .ask = &ask };
    bench->olga.tenant = pgl_message_string("other");
    ask.caller = list.caller = &bench->olga;
    ask.id = id;
    assert_int_equal(query(bench, QUERY(pgl_webhooks_get), &ask, &reply).code, PGL_NOT_FOUND);
    assert_int_equal(command(bench, COMMAND(pgl_webhooks_delete), &ask, &deleted).code,
                     PGL_NOT_FOUND);
    assert_int_equal(command(bench, COMMAND(pgl_webhooks_rotate), &rotate, &reply).code,
                     PGL_NOT_FOUND);
    assert_ok(query(bench, QUERY(pgl_webhooks_list), &list, &listed));
    assert_int_equal(listed.n_items, 0);
    hear(bench);
    bench_close(bench);
}

/* ---- events ---- */

static void an_event_is_for_those_who_want_it(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    create(bench, "https://all.example.com/", NULL);
    create(bench, "https://some.example.com/", "panglot.order.*");
    create(bench, "https://other.example.com/", "inventory.*");
    bench->olga.tenant = pgl_message_string("other");
    create(bench, "https://foreign.example.com/", NULL);
    hear(bench);
    struct webhook_due_reply now = due(bench);
    assert_int_equal(now.count, 2);
    assert_true(pgl_text_is(now.items[0].url, "https://all.example.com/"));
    assert_true(pgl_text_is(now.items[1].url, "https://some.example.com/"));
    assert_true(pgl_id_equal(now.items[0].event, pgl_event_id(LOG_ORDERS, 1, 1)));
    assert_true(pgl_id_equal(now.items[0].event, now.items[1].event));
    char *body = pgl_arena_string(&bench->store.arena, now.items[0].body);
    assert_non_null(strstr(body, "\"type\":\"" CREATED "\""));
    assert_null(strstr(body, "pm_secret"));
    assert_int_equal(number(bench, "SELECT sum(waiting) FROM endpoint"), 2);
    bench_close(bench);
}

static void one_that_takes_nothing_is_disabled(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    char *id = create(bench, "https://a.example.com/", NULL);
    assert_ok(pgl_database_run(&bench->store.writer.db, "UPDATE endpoint SET waiting = 99999"));
    hear(bench);
    assert_int_equal(look(bench, id)->state, ENDPOINT_STATE_ENABLED);
    hear(bench);
    assert_int_equal(look(bench, id)->state, ENDPOINT_STATE_DISABLED);
    assert_int_equal(look(bench, id)->because, DISABLED_BECAUSE_FULL);
    assert_int_equal(number(bench, "SELECT count(*) FROM delivery"), 1);
    assert_true(bench->core.is_changed);
    bench_close(bench);
}

/* ---- attempts ---- */

static void a_success_ends_it(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    char *id = create(bench, "https://a.example.com/", NULL);
    hear(bench);
    record(bench, 1, 500, 0);
    assert_int_equal(look(bench, id)->failing_at_ns, wall_ns(bench));
    bench->store.now_ns += PGL_SECONDS(10);
    record(bench, 1, 204, 0);
    assert_int_equal(look(bench, id)->failing_at_ns, 0);
    assert_int_equal(look(bench, id)->delivered, 1);
    assert_int_equal(due(bench).count, 0);
    record(bench, 1, 500, 0); /* late news of another attempt */
    record(bench, 99, 500, 0);
    assert_int_equal(look(bench, id)->delivered, 1);
    bench_close(bench);
}

/* Each wait is drawn from a second to its limit, and the limits grow. */
static void waits_grow_and_are_drawn(void **unused)
{
    (void)unused;
    static const int64_t limits_s[] = { 5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800 };
    struct bench *bench = bench_open();
    create(bench, "https://a.example.com/", NULL);
    hear(bench);
    for (size_t i = 0; i < sizeof limits_s / sizeof limits_s[0]; i++) {
        struct webhook_due_reply next;
        assert_int_equal(due(bench).count, 1);
        record(bench, 1, 503, i % 2 == 0 ? 0 : UINT64_MAX);
        next = due(bench);
        assert_int_equal(next.count, 0);
        int64_t wait_ns = next.next_ns - wall_ns(bench);
        if (i % 2 == 0)
            assert_int_equal(wait_ns, PGL_SECONDS(1));
        else
            assert_in_range(wait_ns, PGL_SECONDS(1), PGL_SECONDS(limits_s[i]) - 1);
        bench->store.now_ns += wait_ns;
    }
    bench_close(bench);
}

static void after_three_days_it_is_dead_and_after_five_nobody_is_told(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    char *id = create(bench, "https://a.example.com/", NULL);
    int attempts = 0;
    hear(bench);
    int64_t began_ns = wall_ns(bench);
    while (look(bench, id)->dead == 0) {
        record(bench, 1, 0, pgl_random_next(&bench->store.random));
        attempts++;
        struct webhook_due_reply next = due(bench);
        if (next.count == 0 && next.next_ns != PGL_NEVER_NS)
            bench->store.now_ns += next.next_ns - wall_ns(bench);
        assert_true(attempts < 64);
    }
    assert_in_range(wall_ns(bench) - began_ns, DAYS(2), DAYS(3));
    assert_int_equal(look(bench, id)->state, ENDPOINT_STATE_ENABLED);
    bench->store.now_ns = began_ns - PGL_STORE_BENCH_WALL_NS + DAYS(5) - 1;
    hear(bench);
    record(bench, 2, 0, 0);
    assert_int_equal(look(bench, id)->state, ENDPOINT_STATE_ENABLED);
    bench->store.now_ns += PGL_SECONDS(2);
    record(bench, 2, 0, 0);
    assert_int_equal(look(bench, id)->because, DISABLED_BECAUSE_FAILING);
    assert_int_equal(due(bench).count, 0);
    hear(bench);
    assert_int_equal(number(bench, "SELECT count(*) FROM delivery"), 2);
    bench_close(bench);
}

static void gone_disables_at_once(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    char *id = create(bench, "https://a.example.com/", NULL);
    hear(bench);
    hear(bench);
    record(bench, 1, 410, 0);
    assert_int_equal(look(bench, id)->because, DISABLED_BECAUSE_GONE);
    assert_int_equal(look(bench, id)->dead, 1);
    assert_int_equal(due(bench).count, 0);
    bench_close(bench);
}

static void only_so_many_are_kept(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    char *id = create(bench, "https://a.example.com/", NULL);
    hear(bench);
    record(bench, 1, 200, 0);
    assert_ok(pgl_database_run(
        &bench->store.writer.db,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) "
        "INSERT INTO delivery (endpoint_id, event_id, type, body, state, attempts, created_at_ns, "
        "since_ns, due_ns, last_ns, status, problem) SELECT endpoint_id, event_id, type, body, 2, "
        "1, 0, 0, 0, 0, 200, '' FROM n, (SELECT * FROM delivery LIMIT 1)"));
    assert_int_equal(look(bench, id)->delivered, 10000);
    hear(bench);
    hear(bench);
    record(bench, 10001, 200, 0);
    record(bench, 10002, 200, 0);
    assert_int_equal(look(bench, id)->delivered, 10000);
    assert_int_equal(number(bench, "SELECT min(delivery_no) FROM delivery"), 3);
    bench_close(bench);
}

/* ---- what is due ---- */

static void each_endpoint_has_its_turn(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    create(bench, "https://a.example.com/", NULL);
    create(bench, "https://b.example.com/", NULL);
    for (int i = 0; i < 9; i++)
        hear(bench);
    struct webhook_due_reply now = due(bench);
    assert_int_equal(now.count, 8); /* four of each: two may be in flight */
    struct webhook_due_ask ask = { wall_ns(bench), now.items[0].endpoint };
    struct webhook_due_reply reply;
    assert_ok(query(bench, QUERY(pgl_webhooks_due), &ask, &reply));
    assert_false(pgl_id_equal(reply.items[0].endpoint, now.items[0].endpoint));
    bench_close(bench);
}

static void the_old_secret_signs_for_a_day(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    EndpointRequest ask = ENDPOINT_REQUEST_INIT;
    EndpointResponse reply = ENDPOINT_RESPONSE_INIT;
    struct webhook_rotate rotate = { .ask = &ask };
    ask.caller = &bench->olga;
    ask.id = create(bench, "https://a.example.com/", NULL);
    memset(rotate.secret, 0xA5, sizeof rotate.secret);
    hear(bench);
    assert_int_equal(due(bench).items[0].secret_count, 1);
    assert_ok(command(bench, COMMAND(pgl_webhooks_rotate), &rotate, &reply));
    assert_int_equal(due(bench).items[0].secret_count, 2);
    assert_int_equal(due(bench).items[0].secrets[0][0], 0xA5);
    assert_int_equal(due(bench).items[0].secrets[1][0], 0x5A);
    bench->store.now_ns += PGL_HOURS(24);
    assert_int_equal(due(bench).items[0].secret_count, 1);
    assert_int_equal(due(bench).items[0].secrets[0][0], 0xA5);
    bench_close(bench);
}

/* ---- changes ---- */

static void an_endpoint_is_changed_and_enabled_again(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    EndpointChange change = ENDPOINT_CHANGE_INIT;
    ChangeEndpointRequest ask = CHANGE_ENDPOINT_REQUEST_INIT;
    EndpointResponse reply = ENDPOINT_RESPONSE_INIT;
    struct webhook_change asked = { .ask = &ask, .ends = { { 1, 20, 2 } } };
    ask.caller = &bench->olga;
    ask.id = create(bench, "https://a.example.com/", CREATED);
    ask.change = &change;
    bench->core.is_placed = false;

    change.url = pgl_message_string("https://10.0.0.1/");
    assert_int_equal(command(bench, COMMAND(pgl_webhooks_change), &asked, &reply).code,
                     PGL_INVALID);
    change.url = pgl_message_string("https://b.example.com/");
    change.state = ENDPOINT_STATE_DISABLED;
    assert_ok(command(bench, COMMAND(pgl_webhooks_change), &asked, &reply));
    assert_string_equal(reply.endpoint->url, "https://b.example.com/");
    assert_string_equal(reply.endpoint->types[0], CREATED);
    assert_int_equal(reply.endpoint->because, DISABLED_BECAUSE_OPERATOR);
    hear(bench);
    assert_int_equal(number(bench, "SELECT count(*) FROM delivery"), 0);
    assert_false(bench->core.is_placed);

    change.url = pgl_message_string("");
    change.state = ENDPOINT_STATE_ENABLED;
    assert_ok(command(bench, COMMAND(pgl_webhooks_change), &asked, &reply));
    assert_int_equal(reply.endpoint->because, 0);
    assert_true(bench->core.is_placed);
    assert_int_equal(bench->core.places[0].position, 20);
    bench_close(bench);
}

static void what_is_deleted_is_forgotten(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    EndpointRequest ask = ENDPOINT_REQUEST_INIT;
    DeleteEndpointResponse deleted = DELETE_ENDPOINT_RESPONSE_INIT;
    create(bench, "https://b.example.com/", NULL);
    ask.caller = &bench->olga;
    ask.id = create(bench, "https://a.example.com/", NULL);
    hear(bench);
    assert_ok(command(bench, COMMAND(pgl_webhooks_delete), &ask, &deleted));
    assert_int_equal(number(bench, "SELECT count(*) FROM delivery"), 1);
    assert_int_equal(number(bench, "SELECT count(*) FROM endpoint"), 1);
    record(bench, 2, 500, 0); /* of one that was on its way */
    assert_int_equal(number(bench, "SELECT count(*) FROM delivery"), 1);
    bench_close(bench);
}

/* ---- for operators ---- */

static pgl_status redeliver(struct bench *bench, char *id, int64_t from, int64_t to,
                            DeliveryState state, RedeliverResponse *reply)
{
    RedeliveryRange range = REDELIVERY_RANGE_INIT;
    RedeliverRequest ask = REDELIVER_REQUEST_INIT;
    range.from = from;
    range.to = to;
    range.state = state;
    ask.caller = &bench->olga;
    ask.endpoint_id = id;
    ask.range = &range;
    *reply = (RedeliverResponse)REDELIVER_RESPONSE_INIT;
    return command(bench, COMMAND(pgl_webhooks_redeliver), &ask, reply);
}

static void dead_letters_are_delivered_again(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    RedeliverResponse reply;
    char *id = create(bench, "https://a.example.com/", NULL);
    for (int i = 0; i < 4; i++)
        hear(bench);
    record(bench, 1, 200, 0);
    assert_ok(
        pgl_database_run(&bench->store.writer.db,
                         "UPDATE delivery SET state = 3, attempts = 20 WHERE delivery_no > 2"));
    assert_int_equal(look(bench, id)->dead, 2);
    assert_ok(redeliver(bench, id, 1, 100, DELIVERY_STATE_UNSPECIFIED, &reply));
    assert_int_equal(reply.count, 2); /* the dead ones alone */
    assert_int_equal(reply.next_from, 0);
    assert_int_equal(due(bench).count, 3);
    assert_int_equal(number(bench, "SELECT sum(attempts) FROM delivery WHERE delivery_no > 2"), 0);
    assert_ok(redeliver(bench, id, 1, 1, DELIVERY_STATE_UNSPECIFIED, &reply));
    assert_int_equal(look(bench, id)->waiting, 4); /* one by its number, whatever it was */
    assert_int_equal(redeliver(bench, id, 9, 9, DELIVERY_STATE_UNSPECIFIED, &reply).code,
                     PGL_NOT_FOUND);
    assert_int_equal(redeliver(bench, id, 2, 1, DELIVERY_STATE_UNSPECIFIED, &reply).code,
                     PGL_INVALID);
    bench_close(bench);
}

static void a_large_range_goes_in_slices(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    RedeliverResponse reply;
    char *id = create(bench, "https://a.example.com/", NULL);
    for (int i = 0; i < PGL_WEBHOOK_REDELIVERED_MAX + 5; i++)
        hear(bench);
    assert_ok(pgl_database_run(&bench->store.writer.db, "UPDATE delivery SET state = 3"));
    assert_ok(redeliver(bench, id, 1, 100000, DELIVERY_STATE_DEAD, &reply));
    assert_int_equal(reply.count, PGL_WEBHOOK_REDELIVERED_MAX);
    assert_ok(redeliver(bench, id, reply.next_from, 100000, DELIVERY_STATE_DEAD, &reply));
    assert_int_equal(reply.count, 5);
    assert_int_equal(reply.next_from, 0);
    bench_close(bench);
}

static void deliveries_are_listed_page_by_page(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    ListDeliveriesRequest ask = LIST_DELIVERIES_REQUEST_INIT;
    ListDeliveriesResponse reply = LIST_DELIVERIES_RESPONSE_INIT;
    ask.caller = &bench->olga;
    ask.limit = 2;
    assert_ok(query(bench, QUERY(pgl_webhooks_deliveries), &ask, &reply));
    assert_int_equal(reply.n_items, 0);
    create(bench, "https://b.example.com/", NULL);
    ask.endpoint_id = create(bench, "https://a.example.com/", NULL);
    for (int i = 0; i < 3; i++)
        hear(bench);
    record(bench, 4, 200, 0);
    int64_t seen[8];
    int count = 0;
    for (ask.cursor = pgl_message_string("");; ask.cursor = reply.next) {
        reply = (ListDeliveriesResponse)LIST_DELIVERIES_RESPONSE_INIT;
        assert_ok(query(bench, QUERY(pgl_webhooks_deliveries), &ask, &reply));
        for (size_t i = 0; i < reply.n_items; i++)
            seen[count++] = reply.items[i]->number;
        if (reply.next == NULL || reply.next[0] == '\0')
            break;
    }
    assert_int_equal(count, 3);
    assert_true(seen[0] == 6 && seen[1] == 4 && seen[2] == 2);
    ask.cursor = pgl_message_string("");
    ask.state = DELIVERY_STATE_DELIVERED;
    reply = (ListDeliveriesResponse)LIST_DELIVERIES_RESPONSE_INIT;
    assert_ok(query(bench, QUERY(pgl_webhooks_deliveries), &ask, &reply));
    assert_int_equal(reply.n_items, 1);
    assert_int_equal(reply.items[0]->status, 200);
    ask.cursor = pgl_message_string("-3");
    assert_int_equal(query(bench, QUERY(pgl_webhooks_deliveries), &ask, &reply).code, PGL_INVALID);
    bench_close(bench);
}

/* Held against Python's hmac. */
static void a_signature_is_the_standards(void **unused)
{
    (void)unused;
    struct pgl_arena arena;
    uint8_t secrets[2][PGL_WEBHOOK_SECRET_BYTES];
    pgl_arena_init(&arena, 4096, 65536);
    for (int i = 0; i < PGL_WEBHOOK_SECRET_BYTES; i++)
        secrets[0][i] = (uint8_t)i;
    memset(secrets[1], 0xFF, sizeof secrets[1]);
    assert_string_equal(pgl_webhook_secret_text(&arena, secrets[0]),
                        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    assert_string_equal(
        pgl_webhook_signature(&arena, (const uint8_t(*)[PGL_WEBHOOK_SECRET_BYTES])secrets, 2,
                              "00000001-0002-8000-8000-000000000001", 1767225600,
                              PGL_TEXT("{\"a\":1}")),
        "v1,m0zTbXZi86MlDWFMgV87tBtYtYZinlN/W/TJ9HTdFHE= "
        "v1,y7ws3L3h+jo2bptGBJll6R+BpMOtRNbB8uwgth5D5Ww=");
    pgl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_endpoint_sets_the_positions),
        cmocka_unit_test(a_secret_is_shown_once),
        cmocka_unit_test(what_cannot_be_an_endpoint_is_refused),
        cmocka_unit_test(anothers_endpoint_is_not_there),
        cmocka_unit_test(an_event_is_for_those_who_want_it),
        cmocka_unit_test(one_that_takes_nothing_is_disabled),
        cmocka_unit_test(a_success_ends_it),
        cmocka_unit_test(waits_grow_and_are_drawn),
        cmocka_unit_test(after_three_days_it_is_dead_and_after_five_nobody_is_told),
        cmocka_unit_test(gone_disables_at_once),
        cmocka_unit_test(only_so_many_are_kept),
        cmocka_unit_test(each_endpoint_has_its_turn),
        cmocka_unit_test(the_old_secret_signs_for_a_day),
        cmocka_unit_test(an_endpoint_is_changed_and_enabled_again),
        cmocka_unit_test(what_is_deleted_is_forgotten),
        cmocka_unit_test(dead_letters_are_delivered_again),
        cmocka_unit_test(a_large_range_goes_in_slices),
        cmocka_unit_test(deliveries_are_listed_page_by_page),
        cmocka_unit_test(a_signature_is_the_standards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
