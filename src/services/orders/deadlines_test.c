/*
 * deadlines_test.c - an order that is not settled in time is asked back, once, and no other.
 * Method: the service on a real file whose two clocks the test moves, with restarts between; the
 * events of each order are what counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/orders/orders_bench.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)
#define USUAL_NS          PGL_MINUTES(15)
#define ASKED             "Created CancelRequested"

static void pass(struct orders_bench *bench, int64_t ns)
{
    bench->store.now_ns += ns;
    pgl_store_bench_turn(&bench->store);
}

static uint64_t past(const struct orders_bench *bench)
{
    return pgl_counter_read(&bench->orders.state.deadlines.past);
}

static int64_t number(struct orders_bench *bench, const char *sql)
{
    return pgl_store_bench_number(&bench->store, sql);
}

static pgl_id new_order_for(struct orders_bench *bench, const char *key, int64_t seconds)
{
    struct bench_order order = orders_bench_usual("ann", key);
    CreateOrderResponse reply;
    pgl_id id;
    bench->deadline_seconds = seconds;
    assert_ok(orders_bench_create(bench, &order, &reply));
    assert_ok(pgl_id_parse(pgl_text_of(reply.order->id), &id));
    assert_int_equal(reply.order->deadline_at_ns - reply.order->created_at_ns,
                     PGL_SECONDS(seconds));
    bench->deadline_seconds = 0;
    return id;
}

static void an_order_is_asked_back_at_its_deadline_and_once(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    orders_bench_open(&bench, 1);
    pgl_id id = orders_bench_new(&bench, "ann", "k");
    pass(&bench, USUAL_NS - 1);
    assert_string_equal(orders_bench_said(&bench, id), "Created");
    assert_int_equal(past(&bench), 0);
    pass(&bench, 1);
    assert_string_equal(orders_bench_said(&bench, id), ASKED);
    assert_int_equal(number(&bench, "SELECT cancel FROM orders"), CANCEL_DEADLINE);
    assert_int_equal(past(&bench), 1);
    for (int i = 0; i < 10; i++)
        pass(&bench, PGL_MINUTES(1));
    assert_string_equal(orders_bench_said(&bench, id), ASKED);
    assert_int_equal(past(&bench), 1);
    assert_ok(orders_bench_hear(
        &bench, orders_bench_event(&bench, id, EVENT_TYPE_PAYMENT_VOIDED, CAUSE_DEADLINE)));
    assert_string_equal(orders_bench_said(&bench, id), ASKED " Cancelled");
    assert_int_equal(past(&bench), 0);
    orders_bench_close(&bench);
}

/* The loop sleeps until then: nobody else wakes it. */
static void the_loop_wakes_for_it(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    orders_bench_open(&bench, 1);
    pgl_id id = new_order_for(&bench, "k", 30);
    int64_t created_ns = bench.store.now_ns;
    for (int turns = 0; past(&bench) == 0; turns++) {
        assert_true(turns < 100); /* once a second, for the ticks */
        int64_t next_ns = pgl_loop_next_ns(&bench.store.loop);
        assert_true(next_ns - bench.store.loop.now_ns <= PGL_SECONDS(1));
        pass(&bench, next_ns - bench.store.loop.now_ns);
    }
    assert_int_equal(bench.store.now_ns - created_ns, PGL_SECONDS(30));
    assert_string_equal(orders_bench_said(&bench, id), ASKED);
    orders_bench_hear(&bench, orders_bench_event(&bench, id, EVENT_TYPE_PAYMENT_DECLINED, 0));
    pass(&bench, PGL_SECONDS(1));
    assert_true(pgl_loop_next_ns(&bench.store.loop) == PGL_NEVER_NS);
    orders_bench_close(&bench);
}

static void what_is_settled_or_asked_for_is_left_alone(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    Caller ann = orders_bench_customer("ann");
    CancelOrderResponse reply;
    orders_bench_open(&bench, 1);
    pgl_id confirmed = orders_bench_new(&bench, "ann", "1");
    pgl_id failed = orders_bench_new(&bench, "ann", "2");
    pgl_id asked = orders_bench_new(&bench, "ann", "3");
    orders_bench_bring(&bench, confirmed, ORDER_CONFIRMED);
    orders_bench_bring(&bench, failed, ORDER_FAILED);
    assert_ok(orders_bench_cancel(&bench, asked, &ann, &reply));
    pass(&bench, 2 * USUAL_NS);
    assert_string_equal(orders_bench_said(&bench, confirmed), "Created Confirmed");
    assert_string_equal(orders_bench_said(&bench, failed), "Created Cancelled");
    assert_string_equal(orders_bench_said(&bench, asked), ASKED);
    assert_int_equal(number(&bench, "SELECT count(*) FROM orders WHERE cancel = 2"), 0);
    assert_int_equal(past(&bench), 1);
    orders_bench_close(&bench);
}

static void each_order_has_its_own_time(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    orders_bench_open(&bench, 1);
    pgl_id day = new_order_for(&bench, "1", 86400);
    pgl_id usual = orders_bench_new(&bench, "ann", "2");
    pgl_id half_minute = new_order_for(&bench, "3", 30);
    pass(&bench, PGL_SECONDS(30));
    assert_string_equal(orders_bench_said(&bench, half_minute), ASKED);
    assert_string_equal(orders_bench_said(&bench, usual), "Created");
    pass(&bench, USUAL_NS);
    assert_string_equal(orders_bench_said(&bench, usual), ASKED);
    assert_string_equal(orders_bench_said(&bench, day), "Created");
    pass(&bench, PGL_HOURS(24));
    assert_string_equal(orders_bench_said(&bench, day), ASKED);
    orders_bench_close(&bench);
}

/* The wall clock moves alone; then time really passes. */
static void a_jump_of_the_wall_clock_expires_nobody(void **unused)
{
    (void)unused;
    static const int64_t jumps[] = { PGL_HOURS(1), -PGL_HOURS(1), PGL_HOURS(24) * 3650 };
    for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++)
        for (int restarts = 0; restarts < 2; restarts++) {
            struct orders_bench bench;
            orders_bench_open(&bench, 1);
            pgl_id id = orders_bench_new(&bench, "ann", "k");
            pass(&bench, PGL_MINUTES(5));
            bench.store.wall_jump_ns += jumps[i];
            if (restarts)
                orders_bench_restart(&bench);
            pass(&bench, PGL_MINUTES(4));
            assert_string_equal(orders_bench_said(&bench, id), "Created");
            pass(&bench, PGL_MINUTES(6) + PGL_SECONDS(1)); /* a tick may have been lost */
            assert_string_equal(orders_bench_said(&bench, id), ASKED);
            orders_bench_close(&bench);
        }
}

static void a_restart_finds_every_open_order_again(void **unused)
{
    (void)unused;
    enum { ORDERS = 1500 }; /* three slices */
    struct orders_bench bench;
    static pgl_id ids[ORDERS];
    orders_bench_open(&bench, 1);
    for (int i = 0; i < ORDERS; i++) {
        ids[i] = orders_bench_new(&bench, "ann", pgl_arena_printf(&bench.store.arena, "%d", i));
        if (i % 3 > 0)
            orders_bench_bring(&bench, ids[i], i % 3 == 1 ? ORDER_CONFIRMED : ORDER_FAILED);
        else if (i % 9 > 0)
            orders_bench_bring(&bench, ids[i], i % 9 == 3 ? ORDER_AUTHORIZED : ORDER_RESERVED);
    }
    orders_bench_restart(&bench);
    pgl_id young = orders_bench_new(&bench, "ann", "young"); /* while it is still looking */
    pass(&bench, USUAL_NS);
    pass(&bench, USUAL_NS);
    for (int i = 0; i < ORDERS; i++)
        assert_string_equal(orders_bench_said(&bench, ids[i]), i % 3 == 0   ? ASKED
                                                               : i % 3 == 1 ? "Created Confirmed"
                                                                            : "Created Cancelled");
    assert_string_equal(orders_bench_said(&bench, young), ASKED);
    assert_int_equal(past(&bench), ORDERS / 3 + 1);
    orders_bench_restart(&bench); /* those that were asked back are found again as well */
    pass(&bench, PGL_SECONDS(1));
    pass(&bench, PGL_SECONDS(1));
    assert_int_equal(past(&bench), ORDERS / 3 + 1);
    orders_bench_close(&bench);
}

/* The mark on disk rises over what is final, and over nothing else. */
static void a_start_looks_only_behind_the_mark(void **unused)
{
    (void)unused;
    static const char before_the_mark[] =
        "SELECT count(*) FROM orders WHERE order_id < (SELECT final_below FROM order_clock)";
    struct orders_bench bench;
    orders_bench_open(&bench, 1);
    for (int i = 0; i < 20; i++) {
        pgl_id id = orders_bench_new(&bench, "ann", pgl_arena_printf(&bench.store.arena, "%d", i));
        if (i != 10)
            orders_bench_bring(&bench, id, ORDER_CONFIRMED);
        pass(&bench, PGL_SECONDS(1));
    }
    assert_int_equal(number(&bench, before_the_mark), 10);
    orders_bench_restart(&bench);
    pass(&bench, PGL_SECONDS(1));
    pgl_id last = orders_bench_new(&bench, "ann", "last");
    pass(&bench, PGL_SECONDS(1));
    assert_int_equal(number(&bench, before_the_mark), 10);
    assert_int_equal(bench.orders.state.deadlines.open.things.count, 2);
    pass(&bench, 2 * USUAL_NS);
    assert_string_equal(orders_bench_said(&bench, last), ASKED);
    orders_bench_close(&bench);
}

static void more_than_so_many_open_orders_are_refused(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    struct bench_order order = orders_bench_usual("ann", "too-many");
    CreateOrderResponse reply;
    orders_bench_open(&bench, 1);
    bench.options.open_max = 2;
    orders_bench_restart(&bench);
    pgl_id one = orders_bench_new(&bench, "ann", "1");
    orders_bench_new(&bench, "ann", "2");
    assert_int_equal(orders_bench_create(&bench, &order, &reply).code, PGL_EXHAUSTED);
    assert_false(bench.has_written);
    orders_bench_bring(&bench, one, ORDER_FAILED);
    assert_ok(orders_bench_create(&bench, &order, &reply));
    orders_bench_close(&bench);
}

static void one_customer_cannot_open_them_all(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    struct bench_order third = orders_bench_usual("ann", "third");
    CreateOrderResponse reply;
    orders_bench_open(&bench, 1);
    bench.options.open_per_customer_max = 2;
    orders_bench_restart(&bench);
    pgl_id one = orders_bench_new(&bench, "ann", "1");
    orders_bench_new(&bench, "ann", "2");
    assert_int_equal(orders_bench_create(&bench, &third, &reply).code, PGL_LIMITED);
    assert_false(bench.has_written);
    struct bench_order again = orders_bench_usual("ann", "1");
    assert_ok(orders_bench_create(&bench, &again, &reply)); /* the same one again is no other */
    orders_bench_new(&bench, "bob", "1");
    orders_bench_restart(&bench); /* is known again */
    assert_int_equal(orders_bench_create(&bench, &third, &reply).code, PGL_LIMITED);
    orders_bench_bring(&bench, one, ORDER_FAILED);
    assert_ok(orders_bench_create(&bench, &third, &reply));
    assert_int_equal(bench.orders.state.deadlines.crowd.customer_of.count, 3);
    assert_int_equal(bench.orders.state.deadlines.crowd.open_of.count, 2);
    orders_bench_close(&bench);
}

/* What a transaction that is rolled back has done to deadlines is undone with it. */
static void a_rollback_leaves_deadlines_as_they_were(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    orders_bench_open(&bench, 1);
    bench.options.open_per_customer_max = 50;
    orders_bench_restart(&bench);
    struct pgl_participant *participant = &bench.orders.state.deadlines.participant;
    struct pgl_deadlines *deadlines = &bench.orders.state.deadlines;
    pgl_id id = orders_bench_new(&bench, "ann", "k");
    pgl_id ghost = { { 1, 2, 3, 4, 5, 6, 7, 8, 9 } };
    assert_ok(pgl_deadlines_add(deadlines, ghost, 7, 1));
    pgl_deadlines_end(deadlines, id);
    participant->rolled_back(participant->self);
    assert_int_equal(deadlines->open.things.count, 1);
    assert_int_equal(deadlines->crowd.customer_of.count, 1);
    assert_int_equal(deadlines->crowd.open_of.count, 1);
    assert_true(pgl_timer_set_take_due(&deadlines->open, PGL_NEVER_NS - 1, &deadlines->taken[0]));
    deadlines->taken_count = 1;
    participant->rolled_back(participant->self);
    pass(&bench, USUAL_NS);
    assert_string_equal(orders_bench_said(&bench, id), ASKED);
    orders_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_asked_back_at_its_deadline_and_once),
        cmocka_unit_test(the_loop_wakes_for_it),
        cmocka_unit_test(what_is_settled_or_asked_for_is_left_alone),
        cmocka_unit_test(each_order_has_its_own_time),
        cmocka_unit_test(a_jump_of_the_wall_clock_expires_nobody),
        cmocka_unit_test(a_restart_finds_every_open_order_again),
        cmocka_unit_test(a_start_looks_only_behind_the_mark),
        cmocka_unit_test(one_customer_cannot_open_them_all),
        cmocka_unit_test(more_than_so_many_open_orders_are_refused),
        cmocka_unit_test(a_rollback_leaves_deadlines_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
