/*
 * cancel_test.c - a wish to cancel is passed on once, by whoever may have it.
 * Method: every state is tried, so a state added later fails here until it has been thought about.
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
    CancelAnswer answer;
    const char *said; /* behind "Created" */
    Cancellation shown;
} expected[ORDER_STATE_COUNT] = {
    [ORDER_PENDING]    = { CANCEL_ANSWER_REQUESTED,         " CancelRequested", CANCELLATION_REQUESTED },
    [ORDER_AUTHORIZED] = { CANCEL_ANSWER_REQUESTED,         " CancelRequested", CANCELLATION_REQUESTED },
    [ORDER_RESERVED]   = { CANCEL_ANSWER_REQUESTED,         " CancelRequested", CANCELLATION_REQUESTED },
    [ORDER_CONFIRMED]  = { CANCEL_ANSWER_TOO_LATE,          " Confirmed",       0 },
    [ORDER_FAILED]     = { CANCEL_ANSWER_NOTHING_TO_CANCEL, " Cancelled",       0 },
    [ORDER_CANCELLED]  = { CANCEL_ANSWER_NOTHING_TO_CANCEL, " Cancelled",       0 },
};
/* clang-format on */

static void a_cancel_is_said_once(void **unused)
{
    (void)unused;
    for (int state = 0; state < ORDER_STATE_COUNT; state++) {
        struct orders_bench bench;
        CancelOrderResponse reply;
        Caller ann = orders_bench_customer("ann"), boss = orders_bench_operator("boss");
        orders_bench_open(&bench, 1);
        pgl_id id = orders_bench_new(&bench, "ann", "k");
        orders_bench_bring(&bench, id, (enum order_state)state);
        for (int asked = 0; asked < 3; asked++) {
            assert_ok(orders_bench_cancel(&bench, id, asked < 2 ? &ann : &boss, &reply));
            assert_int_equal(reply.answer, expected[state].answer);
            assert_int_equal(reply.order->cancellation, expected[state].shown);
            Order *seen = orders_bench_get(&bench, id, &boss);
            assert_int_equal(reply.order->version, seen->version); /* the wish is counted */
            assert_int_equal(reply.order->updated_at_ns, seen->updated_at_ns);
        }
        const char *said = pgl_arena_printf(&bench.store.arena, "Created%s", expected[state].said);
        assert_string_equal(orders_bench_said(&bench, id), said);
        assert_int_equal(pgl_store_bench_number(&bench.store, "SELECT cancel FROM orders"),
                         state <= ORDER_RESERVED ? CANCEL_CLIENT : CANCEL_NONE);
        orders_bench_close(&bench);
    }
}

static void an_operator_asks_in_its_own_name(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    CancelOrderResponse reply;
    Caller boss = orders_bench_operator("boss");
    orders_bench_open(&bench, 1);
    pgl_id id = orders_bench_new(&bench, "ann", "k");
    assert_ok(orders_bench_cancel(&bench, id, &boss, &reply));
    assert_int_equal(reply.answer, CANCEL_ANSWER_REQUESTED);
    assert_int_equal(reply.order->cancellation,
                     CANCELLATION_UNSPECIFIED); /* not the client's wish */
    assert_int_equal(pgl_store_bench_number(&bench.store, "SELECT cancel FROM orders"),
                     CANCEL_OPERATOR);
    pgl_id own = orders_bench_new(&bench, "boss", "k");
    assert_ok(orders_bench_cancel(&bench, own, &boss, &reply));
    assert_int_equal(reply.order->cancellation, CANCELLATION_REQUESTED);
    orders_bench_close(&bench);
}

static void others_do_not_even_learn_that_it_is_there(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    CancelOrderResponse reply;
    Caller bob = orders_bench_customer("bob"), stranger = orders_bench_operator("boss");
    stranger.tenant = (char *)"elsewhere";
    orders_bench_open(&bench, 1);
    pgl_id id = orders_bench_new(&bench, "ann", "k"), unknown = id;
    unknown.bytes[15] ^= 1;
    const char *before = pgl_store_bench_dump(&bench.store, NULL);
    assert_int_equal(orders_bench_cancel(&bench, id, &bob, &reply).code, PGL_NOT_FOUND);
    assert_int_equal(orders_bench_cancel(&bench, id, &stranger, &reply).code, PGL_NOT_FOUND);
    assert_int_equal(orders_bench_cancel(&bench, id, NULL, &reply).code, PGL_NOT_FOUND);
    assert_int_equal(orders_bench_cancel(&bench, unknown, &bob, &reply).code, PGL_NOT_FOUND);
    CancelOrderRequest ask = CANCEL_ORDER_REQUEST_INIT;
    ask.caller = &bob;
    ask.id = (char *)"no id";
    const struct pgl_method *method = &pgl_orders_methods[ORDER_SERVICE_CANCEL_ORDER];
    assert_int_equal(pgl_store_bench_command(&bench.store, method, &ask, &reply).code,
                     PGL_NOT_FOUND);
    assert_string_equal(pgl_store_bench_dump(&bench.store, NULL), before);
    orders_bench_close(&bench);
}

/* How the client's wish is shown, once it is known what became of it. */
static void what_became_of_a_wish_is_shown(void **unused)
{
    (void)unused;
    static const struct {
        EventType type;
        Cause cause;
        Cancellation shown;
        const char *said;
    } ends[] = {
        { EVENT_TYPE_PAYMENT_CAPTURED, 0, CANCELLATION_REJECTED, "Confirmed CancelRejected" },
        { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_CLIENT, CANCELLATION_ACCEPTED, "Cancelled" },
        { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_OUT_OF_STOCK, CANCELLATION_MOOT, "Cancelled" },
        { EVENT_TYPE_PAYMENT_DECLINED, 0, CANCELLATION_MOOT, "Cancelled" },
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct orders_bench bench;
        CancelOrderResponse reply;
        Caller ann = orders_bench_customer("ann");
        orders_bench_open(&bench, 1);
        pgl_id id = orders_bench_new(&bench, "ann", "k");
        assert_ok(orders_bench_cancel(&bench, id, &ann, &reply));
        assert_ok(
            orders_bench_hear(&bench, orders_bench_event(&bench, id, ends[i].type, ends[i].cause)));
        assert_int_equal(orders_bench_get(&bench, id, &ann)->cancellation, ends[i].shown);
        assert_string_equal(
            orders_bench_said(&bench, id),
            pgl_arena_printf(&bench.store.arena, "Created CancelRequested %s", ends[i].said));
        orders_bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancel_is_said_once),
        cmocka_unit_test(an_operator_asks_in_its_own_name),
        cmocka_unit_test(others_do_not_even_learn_that_it_is_there),
        cmocka_unit_test(what_became_of_a_wish_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
