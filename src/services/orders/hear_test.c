/*
 * hear_test.c - what others say moves an order, once, and ends it with a reason that its customer
 * understands.
 * Method: every event in every state, twice each, against the shown order and what was said; the
 * machine behind it has its own test. What cannot be right is refused before a write.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/orders/orders_bench.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

/* clang-format off */
static const struct {
    EventType type;
    Cause cause;
    enum order_state leads_to; /* from an open state; PENDING: stays where it is */
    const char *said, *reason; /* at the end */
} events[] = {
    { EVENT_TYPE_PAYMENT_ACTION_REQUIRED,      0, ORDER_PENDING,    NULL, NULL },
    { EVENT_TYPE_PAYMENT_AUTHORIZED,           0, ORDER_AUTHORIZED, NULL, NULL },
    { EVENT_TYPE_INVENTORY_RESERVED,           0, ORDER_RESERVED,   NULL, NULL },
    { EVENT_TYPE_INVENTORY_RESERVATION_FAILED, 0, ORDER_PENDING,    NULL, NULL },
    { EVENT_TYPE_PAYMENT_CAPTURED,             0, ORDER_CONFIRMED, "Created Confirmed", "" },
    { EVENT_TYPE_PAYMENT_DECLINED,             0, ORDER_FAILED,    "Created Cancelled",
      "payment declined: there is not enough credit" },
    { EVENT_TYPE_PAYMENT_CAPTURE_FAILED,       0, ORDER_FAILED,    "Created Cancelled",
      "payment failed: the hold on the money had expired" },
    { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_CLIENT,       ORDER_CANCELLED, "Created Cancelled",
      "cancelled by the customer" },
    { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_OPERATOR,     ORDER_CANCELLED, "Created Cancelled",
      "cancelled by an operator" },
    { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_DEADLINE,     ORDER_FAILED,    "Created Cancelled",
      "not settled in time" },
    { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_OUT_OF_STOCK, ORDER_FAILED,    "Created Cancelled",
      "out of stock" },
    { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_ORPHAN,       ORDER_FAILED,    "Created Cancelled",
      "payment voided" },
};
/* clang-format on */
#define EVENT_COUNT (sizeof events / sizeof events[0])

static const OrderStatus status_of[ORDER_STATE_COUNT] = {
    ORDER_STATUS_PENDING,   ORDER_STATUS_AUTHORIZED, ORDER_STATUS_RESERVED,
    ORDER_STATUS_CONFIRMED, ORDER_STATUS_FAILED,     ORDER_STATUS_CANCELLED,
};

static void each_event_does_what_it_does_once(void **unused)
{
    (void)unused;
    Caller ann = orders_bench_customer("ann");
    for (int from = ORDER_PENDING; from <= ORDER_RESERVED; from++) {
        for (size_t i = 0; i < EVENT_COUNT; i++) {
            struct orders_bench bench;
            orders_bench_open(&bench, 1);
            pgl_id id = orders_bench_new(&bench, "ann", "k");
            orders_bench_bring(&bench, id, (enum order_state)from);
            bench.store.now_ns += PGL_SECONDS(5);
            Event *event = orders_bench_event(&bench, id, events[i].type, events[i].cause);
            assert_ok(orders_bench_hear(&bench, event));
            int to = (int)events[i].leads_to > from ? (int)events[i].leads_to : from;
            Order *order = orders_bench_get(&bench, id, &ann);
            assert_int_equal(order->status, status_of[to]);
            bool is_action = events[i].type == EVENT_TYPE_PAYMENT_ACTION_REQUIRED;
            bool is_news = to != from || (is_action && from == ORDER_PENDING);
            assert_int_equal(order->version, 1 + (from != ORDER_PENDING) + is_news);
            assert_int_equal(order->updated_at_ns - order->created_at_ns,
                             is_news ? PGL_SECONDS(5) : 0);
            assert_string_equal(order->next_action,
                                is_action && from == ORDER_PENDING ? "call your bank" : "");
            assert_string_equal(order->reason, to >= ORDER_CONFIRMED ? events[i].reason : "");
            assert_string_equal(orders_bench_said(&bench, id),
                                to >= ORDER_CONFIRMED ? events[i].said : "Created");
            assert_int_equal(pgl_counter_read(&bench.orders.state.tally.gauges[to]), 1);

            const char *before = pgl_store_bench_dump(&bench.store, NULL);
            assert_ok(orders_bench_hear(&bench, event)); /* heard again */
            assert_string_equal(pgl_store_bench_dump(&bench.store, NULL), before);
            orders_bench_close(&bench);
        }
    }
}

/* A final state keeps: what is behind it moves nothing, and a second verdict is refused. */
static void an_end_is_an_end(void **unused)
{
    (void)unused;
    for (int end = ORDER_CONFIRMED; end <= ORDER_CANCELLED; end++) {
        struct orders_bench bench;
        orders_bench_open(&bench, 1);
        pgl_id id = orders_bench_new(&bench, "ann", "k");
        orders_bench_bring(&bench, id, (enum order_state)end);
        const char *before = pgl_store_bench_dump(&bench.store, NULL);
        for (size_t i = 0; i < EVENT_COUNT; i++) {
            bool is_verdict = events[i].leads_to >= ORDER_CONFIRMED;
            bool is_good = events[i].leads_to == ORDER_CONFIRMED;
            bool contradicts = is_verdict && is_good != (end == ORDER_CONFIRMED);
            Event *event = orders_bench_event(&bench, id, events[i].type, events[i].cause);
            assert_int_equal(orders_bench_hear(&bench, event).code,
                             contradicts ? PGL_CONFLICT : PGL_CODE_OK);
            assert_false(bench.has_written);
            assert_string_equal(pgl_store_bench_dump(&bench.store, NULL), before);
        }
        orders_bench_close(&bench);
    }
}

/* Inventory tells what was short, Payments only that something was: the better reason stays. */
static void a_shortage_is_the_reason_if_it_is_known(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    Caller ann = orders_bench_customer("ann");
    orders_bench_open(&bench, 1);
    pgl_id id = orders_bench_new(&bench, "ann", "k");
    Event *failed = orders_bench_event(&bench, id, EVENT_TYPE_INVENTORY_RESERVATION_FAILED, 0);
    Shortage shortage = SHORTAGE_INIT, *shortages = &shortage;
    shortage.line_no = 2;
    shortage.sku = (char *)"SKU-1";
    shortage.wanted = 2;
    shortage.available = 1;
    failed->inventory_reservation_failed->n_shortages = 1;
    failed->inventory_reservation_failed->shortages = &shortages;
    assert_ok(orders_bench_hear(&bench, failed));
    assert_string_equal(orders_bench_get(&bench, id, &ann)->reason, ""); /* it is not the end yet */
    assert_ok(orders_bench_hear(
        &bench, orders_bench_event(&bench, id, EVENT_TYPE_PAYMENT_VOIDED, CAUSE_OUT_OF_STOCK)));
    assert_string_equal(orders_bench_get(&bench, id, &ann)->reason,
                        "out of stock: line 2 wants 2 of SKU-1, 1 available");

    pgl_id other = orders_bench_new(&bench, "ann", "k2"); /* cancelled before anybody voided it */
    memcpy(failed->key.data, other.bytes, sizeof other.bytes);
    assert_ok(orders_bench_hear(&bench, failed));
    orders_bench_bring(&bench, other, ORDER_CANCELLED);
    assert_string_equal(orders_bench_get(&bench, other, &ann)->reason, "cancelled by the customer");
    orders_bench_close(&bench);
}

static void what_cannot_be_right_is_refused_before_a_write(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    orders_bench_open(&bench, 1);
    pgl_id id = orders_bench_new(&bench, "ann", "k"), unknown = id;
    unknown.bytes[15] ^= 1;
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        Event *event = orders_bench_event(&bench, unknown, events[i].type, events[i].cause);
        assert_int_equal(orders_bench_hear(&bench, event).code, PGL_CONFLICT);
        assert_false(bench.has_written);
        memcpy(event->key.data, id.bytes, sizeof id.bytes);
        event->key.len = 15;
        assert_int_equal(orders_bench_hear(&bench, event).code, PGL_INVALID);
        event->key.len = 16;
        event->payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_CONFIRMED;
        event->order_confirmed = NULL;
        assert_int_equal(orders_bench_hear(&bench, event).code, PGL_INVALID);
        assert_false(bench.has_written);
    }
    /* What is for others is passed over, also with a key that is none of ours. */
    Event *event = orders_bench_event(&bench, unknown, EVENT_TYPE_STOCK_RECEIVED, 0);
    event->key.len = 3;
    assert_ok(orders_bench_hear(&bench, event));
    orders_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_does_what_it_does_once),
        cmocka_unit_test(an_end_is_an_end),
        cmocka_unit_test(a_shortage_is_the_reason_if_it_is_known),
        cmocka_unit_test(what_cannot_be_right_is_refused_before_a_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
