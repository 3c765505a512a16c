/*
 * deliveries_test.c - what becomes of an event, from the log to the last attempt.
 * Method: handlers over a real file, with a clock that the test moves. Attempts are written down as
 *         the loop of effects would; nothing is sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "services/webhooks/webhooks_bench.h"

PGL_QUERY(pgl_webhooks_deliveries, ListDeliveriesRequest, ListDeliveriesResponse)
PGL_COMMAND(pgl_webhooks_redeliver, RedeliverRequest, RedeliverResponse)

#define DAYS(n) PGL_HOURS(24 * (n))

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

/* 429 and 503 are about all of its deliveries, another refusal about this one; and a receiver
 * cannot make a wait shorter than what is drawn. */
static void who_asks_to_be_left_alone_is(void **unused)
{
    (void)unused;
    static const struct {
        int status;
        int64_t asked_s, wait_s;
        bool is_quiet;
    } rows[] = {
        { 429, 60, 60, true }, { 503, 60, 60, true }, { 500, 60, 60, false },
        { 429, 0, 1, false },  { 429, 1, 1, true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = bench_open();
        char *id = create(bench, "https://a.example.com/", NULL);
        hear(bench);
        hear(bench);
        struct webhook_attempt attempt = {
            .number = 1, .status = rows[i].status, .problem = "", .retry_after_s = rows[i].asked_s
        };
        assert_ok(command(bench, COMMAND(pgl_webhooks_record), &attempt, NULL));
        struct webhook_due_reply next = due(bench);
        assert_int_equal(next.count, rows[i].is_quiet ? 0 : 1);
        assert_int_equal(next.next_ns - wall_ns(bench), PGL_SECONDS(rows[i].wait_s));
        bench->store.now_ns += PGL_SECONDS(rows[i].wait_s);
        assert_int_equal(due(bench).count, 2);
        assert_int_equal(look(bench, id)->version, 1); /* nobody has changed it */
        bench_close(bench);
    }
}

/* Of several on their way at once the one that asks for most is heeded. */
static void nobody_makes_a_wait_shorter(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    create(bench, "https://a.example.com/", NULL);
    hear(bench);
    hear(bench);
    for (int number = 1; number <= 2; number++) {
        struct webhook_attempt attempt = {
            .number = number, .status = 429, .problem = "", .retry_after_s = number == 1 ? 60 : 1
        };
        assert_ok(command(bench, COMMAND(pgl_webhooks_record), &attempt, NULL));
    }
    assert_int_equal(due(bench).next_ns - wall_ns(bench), PGL_SECONDS(60));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_for_those_who_want_it),
        cmocka_unit_test(one_that_takes_nothing_is_disabled),
        cmocka_unit_test(a_success_ends_it),
        cmocka_unit_test(waits_grow_and_are_drawn),
        cmocka_unit_test(who_asks_to_be_left_alone_is),
        cmocka_unit_test(nobody_makes_a_wait_shorter),
        cmocka_unit_test(after_three_days_it_is_dead_and_after_five_nobody_is_told),
        cmocka_unit_test(gone_disables_at_once),
        cmocka_unit_test(only_so_many_are_kept),
        cmocka_unit_test(each_endpoint_has_its_turn),
        cmocka_unit_test(dead_letters_are_delivered_again),
        cmocka_unit_test(a_large_range_goes_in_slices),
        cmocka_unit_test(deliveries_are_listed_page_by_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
