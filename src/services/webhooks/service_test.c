/*
 * service_test.c - who is listened to, and from where on.
 * Method: three benches stand for the other services and have nothing but their logs; all loops
 *         but that of effects turn until none has anything to do. Calls come as the edge sends
 *         them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/time.h"
#include "services/webhooks/service.h"
#include "store/store_bench.h"
#include "wire/message.h"

struct producer {
    struct pgl_store_bench store;
    struct pgl_event_log log;
};

struct bench {
    struct producer producers[PGL_WEBHOOK_LOGS];
    struct pgl_store_bench store;
    struct pgl_loop front, reading, effects;
    struct pgl_reader reader;
    struct pgl_webhooks webhooks;
    struct pgl_mailbox replies;
    struct pgl_call call;
    bool is_answered;
    Caller olga;
};

static void assert_ok(pgl_status status)
{
    if (!pgl_is_ok(status))
        print_error("%s\n", status.text);
    assert_true(pgl_is_ok(status));
}

static bool turn_loop(struct pgl_loop *loop)
{
    bool had_news = pgl_loop_has_news(loop);
    while (pgl_loop_turn(loop) || pgl_loop_has_news(loop))
        had_news = true;
    return had_news;
}

static void settle(struct bench *bench)
{
    bool has_more;
    do {
        has_more = false;
        for (int l = 0; l < PGL_WEBHOOK_LOGS; l++)
            has_more |= pgl_store_bench_turn(&bench->producers[l].store);
        has_more |= pgl_store_bench_turn(&bench->store);
        has_more |= turn_loop(&bench->front);
        has_more |= turn_loop(&bench->reading);
    } while (has_more);
}

static void take_reply(void *owner, struct pgl_message *message)
{
    (void)message;
    ((struct bench *)owner)->is_answered = true;
}

static void up(struct bench *bench)
{
    static const struct pgl_webhooks_options options = { false };
    struct pgl_platform *platform = &bench->store.platform;
    struct pgl_log_source *sources[PGL_WEBHOOK_LOGS];
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++)
        sources[l] = &bench->producers[l].log.source;
    pgl_loop_init(&bench->front, "services", platform, &bench->store.waiter);
    pgl_loop_init(&bench->reading, "reader", platform, &bench->store.waiter);
    pgl_loop_init(&bench->effects, "effects", platform, &bench->store.waiter);
    pgl_mailbox_open(&bench->replies, &bench->front, 0, take_reply, bench);
    assert_ok(pgl_webhooks_open(&bench->webhooks, &bench->store.writer, &options));
    assert_ok(pgl_reader_open(&bench->reader, &bench->reading,
                              &bench->store.writer.options.database, &bench->webhooks));
    assert_ok(pgl_webhooks_connect(&bench->webhooks, sources));
    assert_ok(pgl_webhooks_serve(&bench->webhooks, &bench->front, &bench->effects, &bench->reader));
    pgl_webhooks_start(&bench->webhooks);
    settle(bench);
}

static struct bench *bench_open(void)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++) {
        struct producer *producer = &bench.producers[l];
        pgl_store_bench_open(&producer->store, 7);
        assert_ok(pgl_events_migrate(&producer->store.writer.db));
        assert_ok(pgl_log_open(&producer->log, pgl_webhook_logs[l], &producer->store.writer));
    }
    pgl_store_bench_open(&bench.store, 1);
    bench.olga = (Caller)CALLER_INIT;
    bench.olga.tenant = pgl_message_string("default");
    bench.olga.subject = pgl_message_string("olga");
    bench.olga.role = ROLE_OPERATOR;
    up(&bench);
    return &bench;
}

static void down(struct bench *bench)
{
    pgl_reader_close(&bench->reader);
    pgl_webhooks_close(&bench->webhooks);
}

static void bench_close(struct bench *bench)
{
    down(bench);
    pgl_store_bench_close(&bench->store);
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++) {
        pgl_log_close(&bench->producers[l].log);
        pgl_store_bench_close(&bench->producers[l].store);
    }
}

struct saying {
    struct producer *producer;
    int count;
};

static pgl_status append(struct pgl_tx *tx, void *argument)
{
    const struct saying *saying = argument;
    for (int i = 0; i < saying->count; i++) {
        OrderCancelRejected rejected = ORDER_CANCEL_REJECTED_INIT;
        Event event = EVENT_INIT;
        event.type = EVENT_TYPE_ORDER_CANCEL_REJECTED;
        event.tenant = pgl_message_string("default");
        event.key = (ProtobufCBinaryData){ 16, (uint8_t *)pgl_message_string("0123456789abcdef") };
        event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_CANCEL_REJECTED;
        event.order_cancel_rejected = &rejected;
        PGL_TRY(pgl_log_append(&saying->producer->log, tx, &event, NULL));
    }
    return PGL_OK;
}

static void say(struct bench *bench, int log, int count)
{
    struct saying saying = { &bench->producers[log], count };
    assert_ok(pgl_writer_run_now(&bench->producers[log].store.writer, append, &saying));
    settle(bench);
}

static pgl_status call_row(struct bench *bench, const struct pgl_method *row, const void *ask,
                           void *reply)
{
    struct pgl_mailbox *mailbox =
        row->kind == PGL_METHOD_FLOW ? &bench->webhooks.flows : &bench->store.writer.commands;
    bench->is_answered = false;
    bench->call = (struct pgl_call){ .message = { .reply_to = &bench->replies },
                                     .method = row,
                                     .ask = ask,
                                     .reply = reply,
                                     .arena = &bench->store.arena,
                                     .deadline_ns = PGL_NEVER_NS };
    assert_ok(pgl_mailbox_send(NULL, mailbox, &bench->call.message));
    settle(bench);
    assert_true(bench->is_answered);
    return bench->call.status;
}

static pgl_status call(struct bench *bench, int method, const void *ask, void *reply)
{
    return call_row(bench, &pgl_webhooks_methods[method], ask, reply);
}

static char *create(struct bench *bench, const char *url)
{
    NewEndpoint endpoint = NEW_ENDPOINT_INIT;
    CreateEndpointRequest ask = CREATE_ENDPOINT_REQUEST_INIT;
    EndpointResponse reply = ENDPOINT_RESPONSE_INIT;
    endpoint.url = pgl_message_string(url);
    ask.caller = &bench->olga;
    ask.endpoint = &endpoint;
    assert_ok(call(bench, WEBHOOK_SERVICE_CREATE_ENDPOINT, &ask, &reply));
    return reply.endpoint->id;
}

static void delete (struct bench *bench, char *id)
{
    EndpointRequest ask = ENDPOINT_REQUEST_INIT;
    DeleteEndpointResponse reply = DELETE_ENDPOINT_RESPONSE_INIT;
    ask.caller = &bench->olga;
    ask.id = id;
    assert_ok(call(bench, WEBHOOK_SERVICE_DELETE_ENDPOINT, &ask, &reply));
}

static int64_t number(struct bench *bench, const char *sql)
{
    return pgl_store_bench_number(&bench->store, sql);
}

#define DELIVERIES "SELECT count(*) FROM delivery"

static int readers_of(const struct pgl_event_log *log)
{
    int count = 0;
    for (const struct pgl_log_read *read = log->waiting; read != NULL; read = read->next_waiting)
        count++;
    return count;
}

static void nobody_is_listened_to_without_an_endpoint(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    say(bench, 0, 3);
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++)
        assert_int_equal(readers_of(&bench->producers[l].log), 0);
    assert_int_equal(number(bench, "SELECT count(*) FROM consumer"), 0);
    assert_int_equal(number(bench, DELIVERIES), 0);
    bench_close(bench);
}

static void the_first_endpoint_starts_at_the_end(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    say(bench, 0, 3);
    create(bench, "https://a.example.com/");
    assert_int_equal(number(bench, "SELECT position FROM consumer WHERE log = 2"), 3);
    assert_int_equal(number(bench, "SELECT position FROM consumer WHERE log = 3"), 0);
    assert_int_equal(number(bench, DELIVERIES), 0);
    say(bench, 0, 2);
    say(bench, 1, 1);
    assert_int_equal(number(bench, DELIVERIES), 3);
    create(bench, "https://b.example.com/");
    say(bench, 2, 1);
    assert_int_equal(number(bench, DELIVERIES), 5);
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++)
        assert_int_equal(readers_of(&bench->producers[l].log), 1);
    assert_true(bench->webhooks.is_poke_out);
    bench_close(bench);
}

/* The read that is out when the last one goes is not wanted any more, whatever it brings. */
static void with_the_last_one_it_stops_and_starts_anew(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    char *first = create(bench, "https://a.example.com/");
    say(bench, 0, 1);
    assert_int_equal(number(bench, DELIVERIES), 1);
    delete (bench, first);
    assert_int_equal(number(bench, DELIVERIES), 0);
    say(bench, 0, 4);
    assert_int_equal(number(bench, "SELECT position FROM consumer WHERE log = 2"), 1);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(readers_of(&bench->producers[0].log), 0);
        char *next = create(bench, "https://b.example.com/");
        say(bench, 0, 2);
        assert_int_equal(number(bench, DELIVERIES), 2);
        char *other = create(bench, "https://c.example.com/");
        delete (bench, next);
        say(bench, 0, 1);
        assert_int_equal(number(bench, DELIVERIES), 1);
        delete (bench, other);
        say(bench, 0, 1);
    }
    bench_close(bench);
}

static void a_read_that_is_out_is_waited_for_before_the_next(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    delete (bench, create(bench, "https://a.example.com/"));
    assert_int_equal(readers_of(&bench->producers[0].log), 1); /* nothing to answer it with */
    create(bench, "https://b.example.com/");
    assert_int_equal(readers_of(&bench->producers[0].log), 1);
    say(bench, 0, 5);
    assert_int_equal(number(bench, DELIVERIES), 5);
    assert_int_equal(number(bench, "SELECT position FROM consumer WHERE log = 2"), 5);
    bench_close(bench);
}

static void what_was_said_while_it_was_down_is_told(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    say(bench, 0, 1);
    create(bench, "https://a.example.com/");
    say(bench, 0, 1);
    for (int round = 1; round <= 3; round++) {
        down(bench);
        pgl_store_bench_restart(&bench->store);
        for (int l = 0; l < PGL_WEBHOOK_LOGS; l++)
            bench->producers[l].log.waiting = NULL; /* its reader is no more */
        struct saying saying = { &bench->producers[0], 2 };
        assert_ok(pgl_writer_run_now(&bench->producers[0].store.writer, append, &saying));
        up(bench);
        assert_int_equal(number(bench, DELIVERIES), 1 + 2 * round);
        assert_int_equal(number(bench, "SELECT count(DISTINCT event_id) FROM delivery"),
                         1 + 2 * round);
    }
    bench_close(bench);
}

/* It and what is behind it, in order, when somebody has said so. */
static void what_was_parked_is_told_when_it_is_replayed(void **unused)
{
    struct bench *bench = bench_open();
    struct pgl_consumer *orders = &bench->webhooks.core.consumers[0];
    NewJob wish = NEW_JOB_INIT;
    StartJobRequest ask = START_JOB_REQUEST_INIT;
    StartJobResponse reply = START_JOB_RESPONSE_INIT;
    (void)unused;
    create(bench, "https://a.example.com/");
    say(bench, 0, 1);
    orders->aside_seq = orders->position + 1; /* as if it had spoiled a transaction */
    say(bench, 0, 3);
    assert_int_equal(number(bench, DELIVERIES), 1);
    assert_int_equal(number(bench, "SELECT count(*) FROM parked"), 3);
    wish.reason = pgl_message_string("mended");
    wish.all = true;
    ask.caller = &bench->olga;
    ask.idempotency_key = pgl_message_string("k");
    ask.kind = JOB_KIND_REPLAY_PARKED;
    ask.job = &wish;
    assert_ok(call_row(bench, &pgl_webhooks_admin_methods[ADMIN_SERVICE_START_JOB], &ask, &reply));
    assert_string_equal(reply.job->id, "webhooks-1");
    assert_int_equal(number(bench, DELIVERIES), 4);
    assert_int_equal(number(bench, "SELECT count(DISTINCT event_id) FROM delivery"), 4);
    assert_int_equal(number(bench, "SELECT count(*) FROM parked"), 0);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_listened_to_without_an_endpoint),
        cmocka_unit_test(the_first_endpoint_starts_at_the_end),
        cmocka_unit_test(with_the_last_one_it_stops_and_starts_anew),
        cmocka_unit_test(a_read_that_is_out_is_waited_for_before_the_next),
        cmocka_unit_test(what_was_said_while_it_was_down_is_told),
        cmocka_unit_test(what_was_parked_is_told_when_it_is_replayed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
