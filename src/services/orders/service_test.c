/*
 * service_test.c - the methods of Orders as others call them: over mailboxes, with Catalog asked in
 * between.
 * Method: writer, reader, flows and a caller on loops that the test turns; Catalog is a mailbox
 *         that
 * answers as it is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/orders/orders_bench.h"
#include "wire/message.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

static struct bench {
    struct orders_bench orders;
    struct pgl_loop services, readers, caller;
    struct pgl_reader reader;
    struct pgl_mailbox replies, catalog;
    pgl_status catalog_says;
    int64_t price_minor;
    int asked; /* questions to Catalog */
    struct pgl_call call;
    bool is_answered;
    Caller ann;
} * bench;

/* ---- Catalog ---- */

static void answer_prices(void *service, struct pgl_call *call)
{
    (void)service;
    const GetPricesRequest *ask = call->ask;
    GetPricesResponse *reply = call->reply;
    bench->asked++;
    reply->prices = pgl_arena_zalloc(call->arena, ask->n_skus * sizeof reply->prices[0]);
    for (size_t i = 0; bench->price_minor != 0 && i < ask->n_skus; i++) {
        Price *price = pgl_message_new(PRICE_DESCRIPTOR, call->arena);
        price->sku = ask->skus[i];
        price->price_minor = bench->price_minor;
        price->currency = (char *)"EUR";
        reply->prices[reply->n_prices++] = price;
    }
    pgl_call_answer(call, bench->catalog_says);
}

static const struct pgl_method catalog_methods[CATALOG_SERVICE_METHOD_COUNT] = {
    [CATALOG_SERVICE_GET_PRICES] = { PGL_METHOD_FLOW, .flow = answer_prices },
};

static void take_question(void *owner, struct pgl_message *message)
{
    pgl_call_of(message)->method->flow(owner, pgl_call_of(message));
}

/* ---- the bench ---- */

static void take_reply(void *owner, struct pgl_message *message)
{
    (void)owner, (void)message;
    bench->is_answered = true;
}

static void open_loop(struct pgl_loop *loop, const char *name)
{
    pgl_loop_init(loop, name, &bench->orders.store.platform, &bench->orders.store.waiter);
}

static int open_bench(void **unused)
{
    (void)unused;
    bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->price_minor = 250;
    bench->ann = orders_bench_customer("ann");
    orders_bench_open(&bench->orders, 1);
    open_loop(&bench->services, "services");
    open_loop(&bench->readers, "readers");
    open_loop(&bench->caller, "caller");
    struct pgl_database_options options = { .path = bench->orders.store.path, .cache_kib = 1024 };
    assert_ok(
        pgl_reader_open(&bench->reader, &bench->readers, &options, &bench->orders.orders.state));
    pgl_mailbox_open(&bench->replies, &bench->caller, 0, take_reply, NULL);
    pgl_mailbox_open(&bench->catalog, &bench->caller, 16, take_question, NULL);
    struct pgl_endpoint catalog = { .methods = catalog_methods, .flows = &bench->catalog };
    assert_ok(pgl_orders_serve(&bench->orders.orders, &bench->services, &bench->reader, catalog));
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_reader_close(&bench->reader);
    orders_bench_close(&bench->orders);
    free(bench);
    return 0;
}

static void turn(void)
{
    struct pgl_loop *loops[] = { &bench->services, &bench->readers, &bench->caller };
    for (int i = 0; i < 6; i++) {
        (void)pgl_store_bench_turn(&bench->orders.store);
        for (int l = 0; l < 3; l++)
            while (pgl_loop_turn(loops[l]))
                ;
    }
}

/* Sends a call of a flow; its answer comes when it comes. */
static void send(const struct pgl_method *method, const void *ask, void *reply)
{
    bench->is_answered = false;
    bench->call = (struct pgl_call){ .method = method,
                                     .ask = ask,
                                     .reply = reply,
                                     .arena = &bench->orders.store.arena,
                                     .deadline_ns = bench->orders.store.now_ns + PGL_SECONDS(5),
                                     .message.reply_to = &bench->replies };
    assert_ok(pgl_mailbox_send(&bench->caller, &bench->orders.orders.flows, &bench->call.message));
    turn();
}

static pgl_status call(const struct pgl_method *method, const void *ask, void *reply)
{
    send(method, ask, reply);
    assert_true(bench->is_answered);
    return bench->call.status;
}

static pgl_status create(const char *key, CreateOrderResponse *reply)
{
    static CreateOrderRequest ask;
    struct bench_order usual = orders_bench_usual("ann", key);
    ask = (CreateOrderRequest)CREATE_ORDER_REQUEST_INIT;
    ask.caller = &bench->ann;
    ask.idempotency_key = pgl_message_string(key);
    ask.order = orders_bench_body(&bench->orders, &usual);
    *reply = (CreateOrderResponse)CREATE_ORDER_RESPONSE_INIT;
    return call(&pgl_orders_methods[ORDER_SERVICE_CREATE_ORDER], &ask, reply);
}

/* ---- the tests ---- */

static void catalog_is_asked_when_no_price_is_fresh(void **unused)
{
    (void)unused;
    CreateOrderResponse reply;
    assert_ok(create("1", &reply));
    assert_int_equal(reply.order->total_minor, 1000);
    bench->price_minor = 300;
    assert_ok(create("2", &reply));
    assert_int_equal(reply.order->total_minor, 1000); /* a moment old, and good enough */
    assert_int_equal(bench->asked, 1);
    bench->orders.store.now_ns += PGL_SECONDS(2);
    assert_ok(create("3", &reply));
    assert_int_equal(reply.order->total_minor, 1200);
    assert_int_equal(bench->asked, 2);
}

static void what_is_wrong_asks_nobody(void **unused)
{
    (void)unused;
    CreateOrderResponse reply;
    assert_int_equal(create("a b", &reply).code, PGL_MALFORMED);
    assert_int_equal(bench->asked, 0);
}

/* The first answer stands, whatever has become of the prices. */
static void a_replay_needs_no_catalog(void **unused)
{
    (void)unused;
    CreateOrderResponse first, reply;
    assert_ok(create("1", &first));
    bench->orders.store.now_ns += PGL_SECONDS(2);
    bench->price_minor = 0; /* not sold any more */
    assert_ok(create("1", &reply));
    assert_true(reply.replayed);
    assert_string_equal(reply.order->id, first.order->id);
    assert_int_equal(create("2", &reply).code, PGL_INVALID);
    bench->catalog_says = PGL_FAIL(PGL_UNAVAILABLE, "closed");
    assert_ok(create("1", &reply));
    assert_true(reply.replayed);
    assert_int_equal(create("2", &reply).code, PGL_UNAVAILABLE);
}

static void lists_are_walked_by_their_cursor(void **unused)
{
    (void)unused;
    CreateOrderResponse created;
    ListOrdersRequest ask = LIST_ORDERS_REQUEST_INIT;
    ListOrdersResponse reply = LIST_ORDERS_RESPONSE_INIT;
    const struct pgl_method *method = &pgl_orders_methods[ORDER_SERVICE_LIST_ORDERS];
    assert_ok(create("1", &created));
    const char *first = created.order->id;
    assert_ok(create("2", &created));
    ask.caller = &bench->ann;
    ask.limit = 1;
    assert_ok(call(method, &ask, &reply));
    assert_int_equal(reply.n_items, 1);
    assert_string_equal(reply.items[0]->id, created.order->id);
    assert_string_equal(reply.next, first);
    ask.cursor = reply.next;
    reply = (ListOrdersResponse)LIST_ORDERS_RESPONSE_INIT;
    assert_ok(call(method, &ask, &reply));
    assert_string_equal(reply.items[0]->id, first);
    assert_string_equal(reply.next, "");

    ask.cursor = (char *)"nonsense";
    assert_int_equal(call(method, &ask, &reply).code, PGL_INVALID);
    ask.cursor = (char *)"";
    static const int32_t wrong[] = { 0, -1, PGL_ORDER_PAGE_MAX + 1 };
    for (int i = 0; i < 3; i++) {
        ask.limit = wrong[i];
        assert_int_equal(call(method, &ask, &reply).code, PGL_INVALID);
    }
    ask.limit = 1;
    ask.caller = NULL;
    assert_int_equal(call(method, &ask, &reply).code, PGL_INVALID);
}

static void a_wait_is_passed_on_and_answered(void **unused)
{
    (void)unused;
    CreateOrderResponse created;
    WaitOrderRequest ask = WAIT_ORDER_REQUEST_INIT;
    WaitOrderResponse reply = WAIT_ORDER_RESPONSE_INIT;
    pgl_id id;
    assert_ok(create("1", &created));
    assert_ok(pgl_id_parse(pgl_text_of(created.order->id), &id));
    ask.caller = &bench->ann;
    ask.id = created.order->id;
    ask.after_version = 1;
    send(&pgl_orders_methods[ORDER_SERVICE_WAIT_ORDER], &ask, &reply);
    assert_false(bench->is_answered);
    orders_bench_bring(&bench->orders, id, ORDER_CONFIRMED);
    turn();
    assert_true(bench->is_answered);
    assert_ok(bench->call.status);
    assert_int_equal(reply.changes[0]->status, ORDER_STATUS_CONFIRMED);
}

static void the_log_is_served(void **unused)
{
    (void)unused;
    CreateOrderResponse created;
    ReadRequest ask = READ_REQUEST_INIT;
    ReadResponse reply = READ_RESPONSE_INIT;
    const struct pgl_method *method = &pgl_orders_log_methods[EVENT_LOG_SERVICE_READ];
    for (int i = 0; i < 3; i++)
        assert_ok(create(pgl_arena_printf(&bench->orders.store.arena, "%d", i), &created));
    ask.max = 2;
    assert_ok(call(method, &ask, &reply));
    assert_int_equal(reply.n_events, 2);
    assert_int_equal(reply.high, 3);
    assert_int_equal(reply.epoch, 1);
    assert_int_equal(reply.events[1]->seq, 2);
    assert_int_equal(reply.events[1]->log, LOG_ORDERS);
    assert_false(reply.behind);
    assert_int_equal(reply.events[1]->event->type, EVENT_TYPE_ORDER_CREATED);
    assert_memory_equal(reply.events[1]->id.data, pgl_event_id(LOG_ORDERS, 1, 2).bytes, 16);

    EventType types[PGL_FEED_TYPES_MAX + 1] = { EVENT_TYPE_ORDER_CONFIRMED };
    ask.types = types;
    ask.n_types = 1;
    reply = (ReadResponse)READ_RESPONSE_INIT;
    assert_ok(call(method, &ask, &reply));
    assert_int_equal(reply.n_events, 0);
    assert_int_equal(reply.until, 2); /* two were looked at */
    types[1] = EVENT_TYPE_ORDER_CREATED;
    ask.n_types = 2;
    ask.after = 1;
    reply = (ReadResponse)READ_RESPONSE_INIT;
    assert_ok(call(method, &ask, &reply));
    assert_int_equal(reply.n_events, 2);
    assert_int_equal(reply.events[0]->seq, 2);
    assert_int_equal(reply.until, 3);
    ask.n_types = PGL_FEED_TYPES_MAX + 1;
    assert_int_equal(call(method, &ask, &reply).code, PGL_INVALID);
    ask.n_types = 0;
    ask.after = 0;

    pgl_counter_set(&bench->orders.orders.state.log.keep.behind, PGL_KEEP_BEHIND_EVENTS + 1);
    reply = (ReadResponse)READ_RESPONSE_INIT;
    assert_ok(call(method, &ask, &reply));
    assert_true(reply.behind); /* gateways elsewhere hear it by this */

    ask.after = 3;
    reply = (ReadResponse)READ_RESPONSE_INIT;
    send(method, &ask, &reply);
    assert_false(bench->is_answered); /* it waits */
    bench->orders.store.now_ns += PGL_SECONDS(6);
    turn();
    assert_true(bench->is_answered);
    assert_ok(bench->call.status);
    assert_int_equal(reply.n_events, 0);
    static const int32_t wrong[] = { 0, -1, PGL_FEED_EVENTS_MAX + 1 };
    for (int i = 0; i < 3; i++) {
        ask.max = wrong[i];
        assert_int_equal(call(method, &ask, &reply).code, PGL_INVALID);
    }
}

/* As they were written, for services that read along; the log is told where they stand. */
static void the_log_is_followed(void **unused)
{
    (void)unused;
    CreateOrderResponse created;
    FollowRequest ask = FOLLOW_REQUEST_INIT;
    FollowResponse reply = FOLLOW_RESPONSE_INIT;
    const struct pgl_method *method = &pgl_orders_log_methods[EVENT_LOG_SERVICE_FOLLOW];
    struct pgl_keep *keep = &bench->orders.orders.state.log.keep;
    int reader = pgl_keep_expect(keep, "payments");
    for (int i = 0; i < 3; i++)
        assert_ok(create(pgl_arena_printf(&bench->orders.store.arena, "%d", i), &created));
    ask.reader = pgl_message_string("payments");
    ask.after = ask.handled = 1;
    assert_ok(call(method, &ask, &reply));
    assert_int_equal(reply.n_events, 2);
    assert_int_equal(reply.low, 1);
    assert_int_equal(reply.high, 3);
    void *event;
    struct pgl_text bytes = { (const char *)reply.events[1].data, reply.events[1].len };
    assert_ok(pgl_message_unpack(EVENT_DESCRIPTOR, &bench->orders.store.arena, bytes, &event));
    assert_int_equal(((Event *)event)->type, EVENT_TYPE_ORDER_CREATED);
    assert_true(keep->readers[reader - 1].is_heard);
    assert_int_equal(keep->readers[reader - 1].position, 1);

    ask.first = true;
    ask.epoch = 1;
    ask.hash = 4711; /* that is not the event that we have there */
    assert_int_equal(call(method, &ask, &reply).code, PGL_DATA_LOSS);
    ask.reader = pgl_message_string("nobody");
    assert_int_equal(call(method, &ask, &reply).code, PGL_DENIED);
}

static void so_many_may_read_the_log_and_no_more(void **unused)
{
    (void)unused;
    ReadRequest ask = READ_REQUEST_INIT;
    ReadResponse replies[PGL_FEED_READS_MAX + 1];
    struct pgl_call calls[PGL_FEED_READS_MAX + 1];
    ask.max = 1;
    for (int i = 0; i <= PGL_FEED_READS_MAX; i++) {
        replies[i] = (ReadResponse)READ_RESPONSE_INIT;
        bench->is_answered = false;
        calls[i] = (struct pgl_call){ .method = &pgl_orders_log_methods[EVENT_LOG_SERVICE_READ],
                                      .ask = &ask,
                                      .reply = &replies[i],
                                      .arena = &bench->orders.store.arena,
                                      .deadline_ns = PGL_SECONDS(5),
                                      .message.reply_to = &bench->replies };
        assert_ok(pgl_mailbox_send(&bench->caller, &bench->orders.orders.flows, &calls[i].message));
        turn();
        assert_int_equal(bench->is_answered, i == PGL_FEED_READS_MAX);
    }
    assert_int_equal(calls[PGL_FEED_READS_MAX].status.code, PGL_EXHAUSTED);
    orders_bench_new(&bench->orders, "ann", "k");
    turn();
    for (int i = 0; i < PGL_FEED_READS_MAX; i++)
        assert_int_equal(replies[i].n_events, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

/* The newest order is looked up where the writer is, but not among its commands, which are refused
 * while the disk is full. */
static void a_list_needs_no_room_on_the_disk(void **unused)
{
    (void)unused;
    CreateOrderResponse created;
    ListOrdersRequest ask = LIST_ORDERS_REQUEST_INIT;
    ListOrdersResponse reply = LIST_ORDERS_RESPONSE_INIT;
    assert_ok(create("1", &created));
    ask.caller = &bench->ann;
    ask.limit = 10;
    bench->orders.store.writer.is_waiting_to_retry = true;
    assert_int_equal(create("2", &created).code, PGL_UNAVAILABLE);
    assert_ok(call(&pgl_orders_methods[ORDER_SERVICE_LIST_ORDERS], &ask, &reply));
    assert_int_equal(reply.n_items, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(catalog_is_asked_when_no_price_is_fresh),
        TEST(what_is_wrong_asks_nobody),
        TEST(a_replay_needs_no_catalog),
        TEST(lists_are_walked_by_their_cursor),
        TEST(a_wait_is_passed_on_and_answered),
        TEST(the_log_is_served),
        TEST(the_log_is_followed),
        TEST(so_many_may_read_the_log_and_no_more),
        TEST(a_list_needs_no_room_on_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
