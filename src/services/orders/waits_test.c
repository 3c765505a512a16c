/*
 * waits_test.c - who waits for news of an order is told behind the commit that makes them, or when
 * its time is up.
 * Method: calls of WaitOrder from a loop of their own; the order is moved as a consumer does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/orders/orders_bench.h"
#include "wire/message.h"

#define CALLS_MAX (PGL_WAITS_MAX + 2)

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

static struct bench {
    struct orders_bench orders;
    struct pgl_loop loop; /* the waiters' */
    struct pgl_mailbox replies;
    struct waiting {
        struct pgl_call call;
        struct pgl_arena arena;
        WaitOrderRequest ask;
        WaitOrderResponse reply;
        char id[PGL_ID_TEXT_BYTES + 1];
        bool is_answered;
    } waiting[CALLS_MAX];
    int count;
    Caller ann;
} * bench;

static void take_reply(void *owner, struct pgl_message *message)
{
    (void)owner;
    PGL_CONTAINER(pgl_call_of(message), struct waiting, call)->is_answered = true;
}

static int open_bench(void **unused)
{
    (void)unused;
    bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    orders_bench_open(&bench->orders, 1);
    bench->ann = orders_bench_customer("ann");
    pgl_loop_init(&bench->loop, "waiters", &bench->orders.store.platform,
                  &bench->orders.store.waiter);
    pgl_mailbox_open(&bench->replies, &bench->loop, 0, take_reply, NULL);
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    for (int i = 0; i < bench->count; i++)
        pgl_arena_free(&bench->waiting[i].arena);
    orders_bench_close(&bench->orders);
    free(bench);
    return 0;
}

static void turn(void)
{
    (void)pgl_store_bench_turn(&bench->orders.store);
    (void)pgl_mailbox_empty(&bench->replies);
}

static const struct waiting *wait_for(const char *id, int64_t after, Caller *caller,
                                      int64_t deadline_ns)
{
    struct waiting *waiting = &bench->waiting[bench->count++];
    pgl_arena_init(&waiting->arena, 1024, 65536);
    waiting->ask = (WaitOrderRequest)WAIT_ORDER_REQUEST_INIT;
    waiting->ask.caller = caller;
    waiting->ask.id = pgl_message_string(id);
    waiting->ask.after_version = after;
    waiting->reply = (WaitOrderResponse)WAIT_ORDER_RESPONSE_INIT;
    waiting->call = (struct pgl_call){ .ask = &waiting->ask,
                                       .reply = &waiting->reply,
                                       .arena = &waiting->arena,
                                       .deadline_ns = deadline_ns,
                                       .message.reply_to = &bench->replies };
    assert_ok(pgl_mailbox_send(&bench->loop, &bench->orders.orders.state.waits.mailbox,
                               &waiting->call.message));
    turn();
    return waiting;
}

static const struct waiting *wait_of(pgl_id id, int64_t after)
{
    struct waiting *waiting = &bench->waiting[bench->count];
    pgl_id_format(id, waiting->id);
    return wait_for(waiting->id, after, &bench->ann, PGL_SECONDS(20));
}

static void what_has_happened_is_told_at_once(void **unused)
{
    (void)unused;
    pgl_id id = orders_bench_new(&bench->orders, "ann", "k");
    bench->orders.store.now_ns += 5;
    orders_bench_bring(&bench->orders, id, ORDER_AUTHORIZED);
    orders_bench_bring(&bench->orders, id, ORDER_FAILED);
    static const int64_t afters[] = { -5, 0, 1, 2 };
    for (int i = 0; i < 4; i++) {
        const struct waiting *waiting = wait_of(id, afters[i]);
        assert_true(waiting->is_answered);
        assert_ok(waiting->call.status);
        int first = afters[i] < 0 ? 0 : (int)afters[i];
        assert_int_equal(waiting->reply.n_changes, 3 - first);
        assert_int_equal(waiting->reply.changes[0]->version, first + 1);
        const OrderChange *last = waiting->reply.changes[2 - first];
        assert_int_equal(last->status, ORDER_STATUS_FAILED);
        assert_int_equal(last->at_ns, PGL_STORE_BENCH_WALL_NS + 5);
        assert_string_equal(last->reason, "payment declined: there is not enough credit");
    }
    assert_int_equal(bench->orders.orders.state.waits.count, 0);
}

static void news_are_told_to_all_who_wait_for_them(void **unused)
{
    (void)unused;
    pgl_id one = orders_bench_new(&bench->orders, "ann", "1");
    pgl_id other = orders_bench_new(&bench->orders, "ann", "2");
    const struct waiting *first = wait_of(one, 1), *second = wait_of(other, 1),
                         *third = wait_of(one, 1), *ahead = wait_of(one, 2);
    orders_bench_bring(&bench->orders, one, ORDER_AUTHORIZED);
    turn();
    assert_true(first->is_answered && third->is_answered);
    assert_int_equal(first->reply.n_changes, 1);
    assert_int_equal(third->reply.changes[0]->status, ORDER_STATUS_AUTHORIZED);
    assert_false(second->is_answered || ahead->is_answered);
    orders_bench_bring(&bench->orders, one, ORDER_CONFIRMED);
    turn();
    assert_true(ahead->is_answered);
    assert_int_equal(ahead->reply.changes[0]->version, 3);
    orders_bench_bring(&bench->orders, other, ORDER_FAILED);
    turn();
    assert_true(second->is_answered);
    assert_int_equal(bench->orders.orders.state.waits.count, 0);
    assert_int_equal(bench->orders.orders.state.waits.by_order.count, 0);
}

static void what_is_rolled_back_is_no_news(void **unused)
{
    (void)unused;
    pgl_id id = orders_bench_new(&bench->orders, "ann", "k");
    const struct waiting *waiting = wait_of(id, 1);
    struct pgl_database *db = &bench->orders.store.writer.db;
    assert_ok(pgl_database_run(db, "CREATE TRIGGER no BEFORE INSERT ON order_count BEGIN "
                                   "SELECT RAISE(ABORT, 'no'); END"));
    Event *event =
        orders_bench_event(&bench->orders, id, EVENT_TYPE_PAYMENT_AUTHORIZED, CAUSE_UNSPECIFIED);
    assert_int_equal(orders_bench_hear(&bench->orders, event).code, PGL_CONFLICT);
    turn();
    assert_false(waiting->is_answered);
    assert_ok(pgl_database_run(db, "DROP TRIGGER no"));
    assert_ok(orders_bench_hear(&bench->orders, event));
    turn();
    assert_true(waiting->is_answered);
}

static void time_is_up_without_news(void **unused)
{
    (void)unused;
    pgl_id id = orders_bench_new(&bench->orders, "ann", "k");
    const struct waiting *waits[5];
    for (int i = 0; i < 5; i++) { /* from the middle, from both ends */
        static const int64_t seconds[] = { 3, 5, 2, 4, 1 };
        struct waiting *waiting = &bench->waiting[bench->count];
        pgl_id_format(id, waiting->id);
        waits[seconds[i] - 1] = wait_for(waiting->id, 1, &bench->ann, PGL_SECONDS(seconds[i]));
    }
    for (int i = 0; i < 5; i++) {
        assert_false(waits[i]->is_answered);
        bench->orders.store.now_ns = PGL_SECONDS(i + 1);
        turn();
        assert_true(waits[i]->is_answered);
        assert_ok(waits[i]->call.status);
        assert_int_equal(waits[i]->reply.n_changes, 0);
    }
    assert_int_equal(bench->orders.orders.state.waits.by_order.count, 0);
}

static void who_has_given_up_is_waited_for_no_longer(void **unused)
{
    (void)unused;
    pgl_id id = orders_bench_new(&bench->orders, "ann", "k");
    const struct waiting *kept = wait_of(id, 1), *left = wait_of(id, 1);
    pgl_call_give_up(&bench->waiting[1].call);
    bench->orders.store.now_ns += PGL_MILLISECONDS(900);
    turn();
    assert_false(left->is_answered);
    bench->orders.store.now_ns += PGL_MILLISECONDS(100);
    turn();
    assert_true(left->is_answered);
    assert_int_equal(left->call.status.code, PGL_CANCELLED);
    assert_int_equal(bench->orders.orders.state.waits.count, 1);
    orders_bench_bring(&bench->orders, id, ORDER_AUTHORIZED);
    turn();
    assert_true(kept->is_answered);
    assert_int_equal(kept->reply.n_changes, 1);
}

static void who_may_not_look_may_not_wait(void **unused)
{
    (void)unused;
    pgl_id id = orders_bench_new(&bench->orders, "ann", "k");
    Caller bob = orders_bench_customer("bob");
    char text[PGL_ID_TEXT_BYTES + 1] = { 0 };
    pgl_id_format(id, text);
    assert_int_equal(wait_for(text, 1, &bob, PGL_SECONDS(1))->call.status.code, PGL_NOT_FOUND);
    assert_int_equal(wait_for(text, 1, NULL, PGL_SECONDS(1))->call.status.code, PGL_NOT_FOUND);
    assert_int_equal(wait_for("x", 1, &bench->ann, PGL_SECONDS(1))->call.status.code,
                     PGL_NOT_FOUND);
    text[20] = text[20] == '0' ? '1' : '0';
    assert_int_equal(wait_for(text, 1, &bench->ann, PGL_SECONDS(1))->call.status.code,
                     PGL_NOT_FOUND);
    assert_true(bench->waiting[3].is_answered);
    assert_int_equal(bench->orders.orders.state.waits.count, 0);
}

static void so_many_may_wait_and_no_more(void **unused)
{
    (void)unused;
    pgl_id id = orders_bench_new(&bench->orders, "ann", "k");
    for (int i = 0; i < PGL_WAITS_MAX; i++)
        assert_false(wait_of(id, 1)->is_answered);
    const struct waiting *one_more = wait_of(id, 1);
    assert_true(one_more->is_answered);
    assert_int_equal(one_more->call.status.code, PGL_EXHAUSTED);
    assert_true(wait_of(id, 0)->is_answered); /* who need not wait is answered */
    orders_bench_bring(&bench->orders, id, ORDER_FAILED);
    turn();
    for (int i = 0; i < PGL_WAITS_MAX; i++)
        assert_true(bench->waiting[i].is_answered);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_has_happened_is_told_at_once),
        TEST(news_are_told_to_all_who_wait_for_them),
        TEST(what_is_rolled_back_is_no_news),
        TEST(time_is_up_without_news),
        TEST(who_has_given_up_is_waited_for_no_longer),
        TEST(who_may_not_look_may_not_wait),
        TEST(so_many_may_wait_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
