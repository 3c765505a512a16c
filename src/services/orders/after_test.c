/*
 * after_test.c - what comes behind a confirmation: a part of an order, refunds, parcels, returns.
 * Method: an order of two lines, told in events what happened to it; what a client is shown and
 *         what
 * was said is compared with what should be. Every event is heard twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/orders/orders_bench.h"
#include "wire/message.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

/* Two lines of two at 250, confirmed as a rule. */
struct bench {
    struct orders_bench orders;
    pgl_id id;
    Caller boss, ann;
};

static void open_bench(struct bench *bench)
{
    orders_bench_open(&bench->orders, 1);
    bench->boss = orders_bench_operator("boss");
    bench->ann = orders_bench_customer("ann");
    bench->id = orders_bench_new(&bench->orders, "ann", "k");
}

static void open_confirmed(struct bench *bench)
{
    open_bench(bench);
    orders_bench_bring(&bench->orders, bench->id, ORDER_CONFIRMED);
}

static void close_bench(struct bench *bench)
{
    orders_bench_close(&bench->orders);
}

static Order *shown(struct bench *bench)
{
    return orders_bench_get(&bench->orders, bench->id, &bench->ann);
}

static const char *said(struct bench *bench)
{
    return orders_bench_said(&bench->orders, bench->id);
}

static const Event *last_event(struct bench *bench)
{
    ReadKeyRequest ask = READ_KEY_REQUEST_INIT;
    ReadKeyResponse reply = READ_KEY_RESPONSE_INIT;
    ask.caller = &bench->boss;
    ask.key = (ProtobufCBinaryData){ sizeof bench->id.bytes, bench->id.bytes };
    assert_ok(pgl_store_bench_query(
        &bench->orders.store, &pgl_orders_log_methods[EVENT_LOG_SERVICE_READ_KEY], &ask, &reply));
    return reply.events[reply.n_events - 1]->event;
}

static Event *event_of(struct bench *bench, EventType type)
{
    return orders_bench_event(&bench->orders, bench->id, type, 0);
}

/* Twice: the second time nothing changes. */
static void hear(struct bench *bench, const Event *event)
{
    assert_ok(orders_bench_hear(&bench->orders, event));
    const char *before = pgl_store_bench_dump(&bench->orders.store, NULL);
    assert_ok(orders_bench_hear(&bench->orders, event));
    assert_string_equal(pgl_store_bench_dump(&bench->orders.store, NULL), before);
}

static void expect_conflict(struct bench *bench, const Event *event)
{
    const char *before = pgl_store_bench_dump(&bench->orders.store, NULL);
    assert_int_equal(orders_bench_hear(&bench->orders, event).code, PGL_CONFLICT);
    assert_false(bench->orders.has_written);
    assert_string_equal(pgl_store_bench_dump(&bench->orders.store, NULL), before);
}

static void *make(struct bench *bench, size_t size)
{
    void *made = pgl_arena_zalloc(&bench->orders.store.arena, size);
    assert_non_null(made);
    return made;
}

/* "1:2" and "2:1" as two lines; quantities of lines that are 0 are left out. */
static size_t fill(struct bench *bench, int64_t first, int64_t second, Allocation ***allocations)
{
    size_t count = 0;
    *allocations = make(bench, 2 * sizeof **allocations);
    for (int line_no = 1; line_no <= 2; line_no++) {
        int64_t quantity = line_no == 1 ? first : second;
        if (quantity == 0)
            continue;
        Allocation *one = pgl_message_new(ALLOCATION_DESCRIPTOR, &bench->orders.store.arena);
        one->line_no = line_no;
        one->quantity = quantity;
        (*allocations)[count++] = one;
    }
    return count;
}

static Event *shipped(struct bench *bench, int32_t number, int64_t first, int64_t second,
                      bool complete)
{
    Event *event = event_of(bench, EVENT_TYPE_INVENTORY_SHIPPED);
    InventoryShipped *parcel = event->inventory_shipped;
    parcel->shipment_no = number;
    parcel->warehouse = (char *)"WH-EU-1";
    parcel->carrier = (char *)"DHL";
    parcel->tracking = (char *)"T1";
    parcel->complete = complete;
    parcel->n_allocations = fill(bench, first, second, &parcel->allocations);
    event->at_ns = 7;
    return event;
}

static Event *returned(struct bench *bench, int32_t refund_no, int64_t first, int64_t second,
                       bool complete)
{
    Event *event = event_of(bench, EVENT_TYPE_INVENTORY_RETURNED);
    InventoryReturned *back = event->inventory_returned;
    back->refund_no = refund_no;
    back->complete = complete;
    back->n_restocked = fill(bench, first, second, &back->restocked);
    return event;
}

static Event *refunded(struct bench *bench, int32_t refund_no, int64_t amount_minor)
{
    Event *event = event_of(bench, EVENT_TYPE_PAYMENT_REFUNDED);
    event->payment_refunded->refund_no = refund_no;
    event->payment_refunded->amount_minor = amount_minor;
    return event;
}

static Event *refund_failed(struct bench *bench, int32_t refund_no, int64_t amount_minor)
{
    Event *event = event_of(bench, EVENT_TYPE_PAYMENT_REFUND_FAILED);
    event->payment_refund_failed->refund_no = refund_no;
    event->payment_refund_failed->amount_minor = amount_minor;
    event->payment_refund_failed->failure_code = (char *)"expired_card";
    return event;
}

static NewRefund *refund_of(struct bench *bench, int64_t first, int64_t second)
{
    NewRefund *refund = pgl_message_new(NEW_REFUND_DESCRIPTOR, &bench->orders.store.arena);
    refund->reason = (char *)"broken";
    refund->lines = make(bench, 2 * sizeof refund->lines[0]);
    for (int line_no = 1; line_no <= 2; line_no++) {
        int64_t quantity = line_no == 1 ? first : second;
        if (quantity == 0)
            continue;
        OrderRefundedLine *line =
            pgl_message_new(ORDER_REFUNDED_LINE_DESCRIPTOR, &bench->orders.store.arena);
        line->line_no = line_no;
        line->quantity = quantity;
        line->restock = true;
        refund->lines[refund->n_lines++] = line;
    }
    return refund;
}

static pgl_status ask(struct bench *bench, const char *key, NewRefund *refund,
                      RefundOrderResponse *reply)
{
    return orders_bench_refund(&bench->orders, bench->id, &bench->boss, key, refund, reply);
}

/* ---- a part of an order ---- */

static Event *captured(struct bench *bench, int64_t first, int64_t second, int64_t minor)
{
    Event *event = event_of(bench, EVENT_TYPE_PAYMENT_CAPTURED);
    PaymentCaptured *paid = event->payment_captured;
    paid->captured_minor = minor;
    paid->captured_lines = make(bench, 2 * sizeof paid->captured_lines[0]);
    for (int line_no = 1; line_no <= 2; line_no++) {
        int64_t quantity = line_no == 1 ? first : second;
        if (quantity == 0)
            continue;
        CapturedLine *line = pgl_message_new(CAPTURED_LINE_DESCRIPTOR, &bench->orders.store.arena);
        line->line_no = line_no;
        line->quantity = quantity;
        paid->captured_lines[paid->n_captured_lines++] = line;
    }
    return event;
}

static void a_part_is_confirmed_line_by_line(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    hear(&bench, captured(&bench, 1, 0, 250));
    Order *order = shown(&bench);
    assert_int_equal(order->status, ORDER_STATUS_CONFIRMED);
    assert_int_equal(order->confirmed_minor, 250);
    assert_int_equal(order->total_minor, 1000);
    assert_int_equal(order->lines[0]->confirmed_quantity, 1);
    assert_int_equal(order->lines[1]->confirmed_quantity, 0);
    const OrderConfirmed *told = last_event(&bench)->order_confirmed;
    assert_int_equal(told->amount_minor, 250);
    assert_int_equal(told->n_lines, 2);
    assert_int_equal(told->lines[0]->quantity, 1);
    assert_int_equal(told->lines[0]->dropped, 1);
    assert_int_equal(told->lines[1]->dropped, 2);
    close_bench(&bench);
}

static void all_of_it_paid_line_by_line_leaves_no_rows(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    hear(&bench, captured(&bench, 2, 2, 1000));
    assert_int_equal(shown(&bench)->confirmed_minor, 1000);
    assert_int_equal(pgl_store_bench_number(&bench.orders.store, "SELECT count(*) FROM order_line"),
                     0);
    close_bench(&bench);
}

static void what_was_paid_has_to_be_what_its_lines_come_to(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    expect_conflict(&bench, captured(&bench, 1, 0, 251));
    expect_conflict(&bench, captured(&bench, 3, 0, 750));
    close_bench(&bench);
}

static void nothing_of_this_is_shown_before_the_end(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    Order *order = shown(&bench);
    assert_int_equal(order->confirmed_case, 0);
    assert_int_equal(order->refunded_case, 0);
    assert_int_equal(order->lines[0]->confirmed_case, 0);
    orders_bench_bring(&bench.orders, bench.id, ORDER_CONFIRMED);
    order = shown(&bench);
    assert_int_equal(order->confirmed_minor, 1000);
    assert_int_equal(order->refunded_minor, 0);
    assert_int_equal(order->lines[1]->confirmed_quantity, 2);
    assert_int_equal(order->lines[1]->shipped_quantity, 0);
    assert_int_equal(order->fulfilment, FULFILMENT_UNSPECIFIED);
    close_bench(&bench);
}

/* ---- refunds ---- */

static void a_refund_is_asked_for_once_and_shown(void **unused)
{
    (void)unused;
    struct bench bench;
    RefundOrderResponse reply, again;
    open_confirmed(&bench);
    int64_t version = shown(&bench)->version;
    NewRefund *refund = refund_of(&bench, 1, 0);
    assert_ok(ask(&bench, "r", refund, &reply));
    assert_false(reply.replayed);
    assert_int_equal(reply.refund->refund_no, 1);
    assert_int_equal(reply.refund->amount_minor, 250);
    assert_int_equal(reply.refund->status, REFUND_STATUS_REQUESTED);
    assert_string_equal(reply.refund->currency, "EUR");
    assert_string_equal(said(&bench), "Created Confirmed RefundRequested");
    Order *order = shown(&bench);
    assert_int_equal(order->version, version + 1);
    assert_int_equal(order->n_refunds, 1);
    assert_string_equal(order->refunds[0]->reason, "broken");
    assert_int_equal(order->lines[0]->refunded_quantity, 0); /* not yet */

    hear(&bench, refunded(&bench, 1, 250));
    order = shown(&bench);
    assert_int_equal(order->version, version + 2);
    assert_int_equal(order->status, ORDER_STATUS_CONFIRMED);
    assert_int_equal(order->refunds[0]->status, REFUND_STATUS_REFUNDED);
    assert_int_equal(order->refunded_minor, 250);
    assert_int_equal(order->lines[0]->refunded_quantity, 1);

    assert_ok(ask(&bench, "r", refund, &again)); /* as it was first answered */
    assert_true(again.replayed);
    assert_string_equal(orders_bench_json(&bench.orders, &again.refund->base),
                        orders_bench_json(&bench.orders, &reply.refund->base));
    assert_int_equal(ask(&bench, "r", refund_of(&bench, 2, 0), &again).code, PGL_INVALID);
    assert_string_equal(said(&bench), "Created Confirmed RefundRequested");
    close_bench(&bench);
}

static void never_more_than_was_confirmed(void **unused)
{
    (void)unused;
    struct bench bench;
    RefundOrderResponse reply;
    open_bench(&bench);
    hear(&bench, captured(&bench, 1, 2, 750));
    assert_int_equal(ask(&bench, "1", refund_of(&bench, 2, 0), &reply).code, PGL_INVALID);
    assert_ok(ask(&bench, "2", refund_of(&bench, 0, 1), &reply));
    assert_int_equal(ask(&bench, "3", refund_of(&bench, 0, 2), &reply).code, PGL_INVALID);
    NewRefund *twice = refund_of(&bench, 1, 1);
    twice->lines[0]->line_no = 2;
    assert_int_equal(ask(&bench, "4", twice, &reply).code, PGL_INVALID); /* one line, two times */
    assert_ok(ask(&bench, "5", refund_of(&bench, 0, 0), &reply));        /* all that is left */
    assert_int_equal(reply.refund->refund_no, 2);
    assert_int_equal(reply.refund->amount_minor, 500);
    assert_int_equal(reply.refund->n_lines, 2);
    assert_int_equal(ask(&bench, "6", refund_of(&bench, 0, 0), &reply).code, PGL_CONFLICT);
    assert_string_equal(said(&bench), "Created Confirmed RefundRequested RefundRequested");
    close_bench(&bench);
}

static void what_could_not_be_given_back_can_be_asked_for_again(void **unused)
{
    (void)unused;
    struct bench bench;
    RefundOrderResponse reply;
    open_confirmed(&bench);
    assert_ok(ask(&bench, "1", refund_of(&bench, 0, 0), &reply));
    hear(&bench, refund_failed(&bench, 1, 1000));
    Order *order = shown(&bench);
    assert_int_equal(order->refunds[0]->status, REFUND_STATUS_FAILED);
    assert_string_equal(order->refunds[0]->failure, "the card has expired");
    assert_int_equal(order->refunded_minor, 0);
    expect_conflict(&bench, refunded(&bench, 1, 1000)); /* both cannot be */
    assert_ok(ask(&bench, "2", refund_of(&bench, 2, 2), &reply));
    hear(&bench, refunded(&bench, 2, 1000));
    assert_int_equal(shown(&bench)->refunded_minor, 1000);
    close_bench(&bench);
}

static void who_and_what_may_be_refunded(void **unused)
{
    (void)unused;
    struct bench bench;
    RefundOrderResponse reply;
    open_bench(&bench);
    assert_int_equal(ask(&bench, "1", refund_of(&bench, 1, 0), &reply).code, PGL_CONFLICT);
    orders_bench_bring(&bench.orders, bench.id, ORDER_CONFIRMED);
    const char *before = pgl_store_bench_dump(&bench.orders.store, NULL);
    assert_int_equal(orders_bench_refund(&bench.orders, bench.id, &bench.ann, "1",
                                         refund_of(&bench, 1, 0), &reply)
                         .code,
                     PGL_DENIED);
    Caller stranger = orders_bench_operator("boss");
    stranger.tenant = (char *)"elsewhere";
    assert_int_equal(orders_bench_refund(&bench.orders, bench.id, &stranger, "1",
                                         refund_of(&bench, 1, 0), &reply)
                         .code,
                     PGL_NOT_FOUND);
    assert_int_equal(ask(&bench, "", refund_of(&bench, 1, 0), &reply).code, PGL_MALFORMED);
    NewRefund *wrong = refund_of(&bench, 1, 0);
    wrong->lines[0]->line_no = 3;
    assert_int_equal(ask(&bench, "1", wrong, &reply).code, PGL_INVALID);
    wrong->lines[0]->line_no = 0;
    assert_int_equal(ask(&bench, "1", wrong, &reply).code, PGL_INVALID);
    wrong = refund_of(&bench, -1, 0);
    assert_int_equal(ask(&bench, "1", wrong, &reply).code, PGL_INVALID);
    wrong = refund_of(&bench, 1, 0);
    wrong->lines[0]->restock = false;
    wrong->lines[0]->warehouse = (char *)"WH-EU-1";
    assert_int_equal(ask(&bench, "1", wrong, &reply).code, PGL_INVALID);
    assert_string_equal(pgl_store_bench_dump(&bench.orders.store, NULL), before);
    close_bench(&bench);
}

static void a_hundred_refunds_are_enough(void **unused)
{
    (void)unused;
    struct bench bench;
    RefundOrderResponse reply;
    struct bench_order order = orders_bench_usual("ann", "many");
    CreateOrderResponse created;
    open_bench(&bench);
    order.quantity = 200;
    order.unit_minor = 1;
    assert_ok(orders_bench_create(&bench.orders, &order, &created));
    assert_ok(pgl_id_parse(pgl_text_of(created.order->id), &bench.id));
    orders_bench_bring(&bench.orders, bench.id, ORDER_CONFIRMED);
    for (int i = 0; i < 100; i++)
        assert_ok(ask(&bench, pgl_arena_printf(&bench.orders.store.arena, "%d", i),
                      refund_of(&bench, 1, 0), &reply));
    assert_int_equal(ask(&bench, "more", refund_of(&bench, 1, 0), &reply).code, PGL_CONFLICT);
    assert_int_equal(shown(&bench)->n_refunds, 100);
    close_bench(&bench);
}

static void a_refund_that_nobody_asked_for_is_not_believed(void **unused)
{
    (void)unused;
    struct bench bench;
    RefundOrderResponse reply;
    open_confirmed(&bench);
    expect_conflict(&bench, refunded(&bench, 1, 250));
    expect_conflict(&bench, returned(&bench, 1, 0, 0, false));
    assert_ok(ask(&bench, "1", refund_of(&bench, 1, 0), &reply));
    expect_conflict(&bench, refunded(&bench, 1, 251));
    close_bench(&bench);
}

/* ---- parcels ---- */

static void an_order_is_shipped_parcel_by_parcel(void **unused)
{
    (void)unused;
    struct bench bench;
    open_confirmed(&bench);
    hear(&bench, shipped(&bench, 1, 1, 2, false));
    Order *order = shown(&bench);
    assert_int_equal(order->status, ORDER_STATUS_CONFIRMED);
    assert_int_equal(order->fulfilment, FULFILMENT_PARTIAL);
    assert_int_equal(order->lines[0]->shipped_quantity, 1);
    assert_int_equal(order->lines[1]->shipped_quantity, 2);
    assert_int_equal(order->n_shipments, 1);
    assert_string_equal(order->shipments[0]->tracking, "T1");
    assert_int_equal(order->shipments[0]->lines[1]->quantity, 2);
    assert_int_equal(order->shipments[0]->shipped_at_ns, 7);
    int64_t version = order->version;
    hear(&bench, shipped(&bench, 2, 1, 0, true));
    order = shown(&bench);
    assert_int_equal(order->fulfilment, FULFILMENT_FULFILLED);
    assert_int_equal(order->lines[0]->shipped_quantity, 2);
    assert_int_equal(order->version, version + 2); /* the parcel, and that it was the last */
    assert_string_equal(said(&bench), "Created Confirmed Fulfilled");
    close_bench(&bench);
}

/* Two logs have no common order: a parcel may be heard of before the money. */
static void parcels_may_be_heard_of_before_the_money(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    hear(&bench, shipped(&bench, 1, 2, 2, true));
    assert_string_equal(said(&bench), "Created");
    assert_int_equal(shown(&bench)->n_shipments, 0); /* not shown before the end */
    hear(&bench, event_of(&bench, EVENT_TYPE_PAYMENT_CAPTURED));
    assert_string_equal(said(&bench), "Created Confirmed Fulfilled");
    assert_int_equal(shown(&bench)->fulfilment, FULFILMENT_FULFILLED);
    close_bench(&bench);
}

static void more_than_was_confirmed_is_not_believed(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    hear(&bench, captured(&bench, 1, 2, 750));
    expect_conflict(&bench, shipped(&bench, 1, 2, 0, false));
    expect_conflict(&bench, shipped(&bench, 1, -1, 0, false));
    hear(&bench, shipped(&bench, 1, 1, 2, true));
    expect_conflict(&bench, shipped(&bench, 2, 0, 1, true));
    close_bench(&bench);
}

/* What is refunded before it is shipped is not shipped any more. */
static void a_return_can_be_what_fulfils(void **unused)
{
    (void)unused;
    struct bench bench;
    RefundOrderResponse reply;
    open_confirmed(&bench);
    hear(&bench, shipped(&bench, 1, 2, 1, false));
    assert_ok(ask(&bench, "1", refund_of(&bench, 0, 1), &reply));
    hear(&bench, returned(&bench, 1, 0, 0, true)); /* before the money: another log */
    assert_string_equal(said(&bench), "Created Confirmed RefundRequested Fulfilled");
    hear(&bench, refunded(&bench, 1, 250));
    assert_int_equal(shown(&bench)->fulfilment, FULFILMENT_FULFILLED);
    close_bench(&bench);
}

static void what_was_never_shipped_is_not_fulfilled(void **unused)
{
    (void)unused;
    struct bench bench;
    RefundOrderResponse reply;
    open_confirmed(&bench);
    assert_ok(ask(&bench, "1", refund_of(&bench, 0, 0), &reply));
    hear(&bench, refunded(&bench, 1, 1000));
    hear(&bench, returned(&bench, 1, 0, 0, true));
    assert_string_equal(said(&bench), "Created Confirmed RefundRequested");
    assert_int_equal(shown(&bench)->fulfilment, FULFILMENT_UNSPECIFIED);
    close_bench(&bench);
}

static void what_came_back_is_counted_and_fulfilled_once(void **unused)
{
    (void)unused;
    struct bench bench;
    RefundOrderResponse reply;
    open_confirmed(&bench);
    hear(&bench, shipped(&bench, 1, 2, 2, true));
    assert_ok(ask(&bench, "1", refund_of(&bench, 1, 0), &reply));
    expect_conflict(&bench, returned(&bench, 1, 3, 0, true));
    hear(&bench, returned(&bench, 1, 1, 0, true));
    assert_int_equal(shown(&bench)->lines[0]->returned_quantity, 1);
    assert_int_equal(shown(&bench)->lines[0]->shipped_quantity, 2);
    assert_string_equal(said(&bench), "Created Confirmed Fulfilled RefundRequested");
    close_bench(&bench);
}

/* Every change is told to whoever waits, with what it was. */
static void each_change_has_a_kind(void **unused)
{
    (void)unused;
    struct bench bench;
    RefundOrderResponse reply;
    static const ChangeKind kinds[] = { 0,
                                        0,
                                        CHANGE_KIND_SHIPPED,
                                        CHANGE_KIND_FULFILLED,
                                        CHANGE_KIND_REFUND_REQUESTED,
                                        CHANGE_KIND_REFUNDED,
                                        CHANGE_KIND_RETURNED };
    open_confirmed(&bench);
    hear(&bench, shipped(&bench, 1, 2, 2, true));
    assert_ok(ask(&bench, "1", refund_of(&bench, 1, 0), &reply));
    hear(&bench, refunded(&bench, 1, 250));
    hear(&bench, returned(&bench, 1, 1, 0, true));
    struct order_row row;
    WaitOrderResponse changes = WAIT_ORDER_RESPONSE_INIT;
    struct pgl_view view = { &bench.orders.store.writer.db, &bench.orders.store.arena,
                             &bench.orders.orders.state };
    assert_ok(order_get(&view, bench.id, &row));
    assert_ok(order_show_changes(view.arena, &row, 0, &changes));
    assert_int_equal(changes.n_changes, sizeof kinds / sizeof kinds[0]);
    for (size_t i = 0; i < changes.n_changes; i++) {
        assert_int_equal(changes.changes[i]->what, kinds[i]);
        assert_int_equal(changes.changes[i]->status,
                         i == 0 ? ORDER_STATUS_PENDING : ORDER_STATUS_CONFIRMED);
    }
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_is_confirmed_line_by_line),
        cmocka_unit_test(all_of_it_paid_line_by_line_leaves_no_rows),
        cmocka_unit_test(what_was_paid_has_to_be_what_its_lines_come_to),
        cmocka_unit_test(nothing_of_this_is_shown_before_the_end),
        cmocka_unit_test(a_refund_is_asked_for_once_and_shown),
        cmocka_unit_test(never_more_than_was_confirmed),
        cmocka_unit_test(what_could_not_be_given_back_can_be_asked_for_again),
        cmocka_unit_test(who_and_what_may_be_refunded),
        cmocka_unit_test(a_hundred_refunds_are_enough),
        cmocka_unit_test(a_refund_that_nobody_asked_for_is_not_believed),
        cmocka_unit_test(an_order_is_shipped_parcel_by_parcel),
        cmocka_unit_test(parcels_may_be_heard_of_before_the_money),
        cmocka_unit_test(more_than_was_confirmed_is_not_believed),
        cmocka_unit_test(a_return_can_be_what_fulfils),
        cmocka_unit_test(what_was_never_shipped_is_not_fulfilled),
        cmocka_unit_test(what_came_back_is_counted_and_fulfilled_once),
        cmocka_unit_test(each_change_has_a_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
