/*
 * create_test.c - an order is made once, whoever asks how often; and what is refused leaves
 * nothing.
 * Method: the handler on a real file, with indexes so small that they turn over all the time. What
 * is answered twice is compared as the bytes that a client sees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/orders/orders_bench.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

static int64_t number(struct orders_bench *bench, const char *sql)
{
    return pgl_store_bench_number(&bench->store, sql);
}

static const char *json(struct orders_bench *bench, const CreateOrderResponse *reply)
{
    return orders_bench_json(bench, &reply->order->base);
}

static void an_order_is_what_was_asked_for(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    struct bench_order order = orders_bench_usual("ann", "k");
    CreateOrderResponse reply;
    orders_bench_open(&bench, 1);
    assert_ok(orders_bench_create(&bench, &order, &reply));
    assert_false(reply.replayed);
    assert_int_equal(reply.order->status, ORDER_STATUS_PENDING);
    assert_int_equal(reply.order->total_minor, 1000);
    assert_int_equal(reply.order->version, 1);
    assert_int_equal(reply.order->created_at_ns, PGL_STORE_BENCH_WALL_NS);
    assert_int_equal(reply.order->n_lines, 2);
    assert_string_equal(reply.order->lines[1]->sku, "SKU-1");
    assert_int_equal(reply.order->lines[1]->unit_price_minor, 250);
    assert_int_equal(reply.order->lines[1]->total_minor, 500);

    pgl_id id;
    assert_ok(pgl_id_parse(pgl_text_of(reply.order->id), &id));
    Caller ann = orders_bench_customer("ann");
    assert_string_equal(orders_bench_json(&bench, &orders_bench_get(&bench, id, &ann)->base),
                        json(&bench, &reply));
    assert_string_equal(orders_bench_said(&bench, id), "Created");
    assert_int_equal(number(&bench, "SELECT deadline_at_ns - created_at_ns FROM orders"),
                     PGL_MINUTES(15));
    assert_int_equal(pgl_counter_read(&bench.orders.state.tally.gauges[ORDER_PENDING]), 1);
    orders_bench_close(&bench);
}

/* Its ticks are written with any transaction. */
static const char *const but_the_clock[] = { "order_clock", NULL };

/* Also when the order has moved on, its price is another one, and the process is another one. */
static void a_key_asked_again_is_answered_as_the_first_time(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    struct bench_order order = orders_bench_usual("ann", "k");
    CreateOrderResponse reply;
    pgl_id id;
    orders_bench_open(&bench, 1);
    assert_ok(orders_bench_create(&bench, &order, &reply));
    const char *first = json(&bench, &reply);
    assert_ok(pgl_id_parse(pgl_text_of(reply.order->id), &id));
    for (int state = ORDER_PENDING; state <= ORDER_CONFIRMED; state++) {
        bench.store.now_ns += PGL_SECONDS(1);
        orders_bench_bring(&bench, id, (enum order_state)state);
        for (int i = 0; i < 20; i++) /* the key has long left the memory */
            orders_bench_new(&bench, "bob",
                             pgl_arena_printf(&bench.store.arena, "%d-%d", state, i));
        if (state == ORDER_RESERVED)
            orders_bench_restart(&bench);
        order.unit_minor = 1 + state;
        order.priced = state == ORDER_CONFIRMED ? PGL_FAIL(PGL_INVALID, "sold out") : PGL_OK;
        const char *before = pgl_store_bench_dump(&bench.store, but_the_clock);
        assert_ok(orders_bench_create(&bench, &order, &reply));
        assert_true(reply.replayed);
        assert_string_equal(json(&bench, &reply), first);
        assert_false(bench.has_written);
        assert_string_equal(pgl_store_bench_dump(&bench.store, but_the_clock), before);
    }
    orders_bench_close(&bench);
}

static void a_key_is_one_customers_own(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    orders_bench_open(&bench, 1);
    pgl_id one = orders_bench_new(&bench, "ann", "k");
    pgl_id other = orders_bench_new(&bench, "bob", "k");
    pgl_id third = orders_bench_new(&bench, "ann", "K");
    assert_false(pgl_id_equal(one, other));
    assert_false(pgl_id_equal(one, third));
    orders_bench_close(&bench);
}

/* Refused before the first write, each of them. */
static void what_is_wrong_is_refused_and_changes_nothing(void **unused)
{
    (void)unused;
    static const struct {
        struct bench_order order;
        enum pgl_code code;
    } cases[] = {
        { { "ann", "k", 3, 250, 2, { 0 } }, PGL_INVALID }, /* another body */
        { { "ann", "k", 2, 250, 3, { 0 } }, PGL_INVALID },
        { { "ann", "new", 1, 100000000001, 1, { 0 } }, PGL_INVALID },    /* above the most */
        { { "ann", "new", 1, 50000000001, 2, { 0 } }, PGL_INVALID },     /* in sum */
        { { "ann", "new", 3, INT64_MAX / 2, 1, { 0 } }, PGL_INVALID },   /* no line that long */
        { { "ann", "new", 1, INT64_MAX / 2, 3, { 0 } }, PGL_INVALID },   /* no sum that long */
        { { "ann", "new", 1, 1, 1, { PGL_INVALID, "" } }, PGL_INVALID }, /* not for sale */
        { { "ann", "new", 1, 1, 1, { PGL_UNAVAILABLE, "" } }, PGL_UNAVAILABLE },
    };
    struct orders_bench bench;
    CreateOrderResponse reply;
    orders_bench_open(&bench, 1);
    orders_bench_new(&bench, "ann", "k");
    const char *before = pgl_store_bench_dump(&bench.store, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(orders_bench_create(&bench, &cases[i].order, &reply).code, cases[i].code);
        assert_false(bench.has_written);
        assert_string_equal(pgl_store_bench_dump(&bench.store, NULL), before);
    }
    struct bench_order most = { "ann", "new", 1, 100000000000, 1, { 0 } };
    assert_ok(orders_bench_create(&bench, &most, &reply));
    struct bench_order free_of_charge = { "ann", "free", 10000, 0, 100, { 0 } };
    assert_ok(orders_bench_create(&bench, &free_of_charge, &reply));
    assert_int_equal(reply.order->total_minor, 0);
    orders_bench_close(&bench);
}

/* A rolled-back order leaves no trace: not in the rows, not in what memory holds of them. */
static void a_rollback_takes_everything_back(void **unused)
{
    (void)unused;
    static const struct bench_order order = { "ann", "new", 2, 250, 2, { 0 } };
    struct orders_bench bench;
    CreateOrderResponse reply;
    orders_bench_open(&bench, 1);
    orders_bench_new(&bench, "ann", "k");
    const char *before = pgl_store_bench_dump(&bench.store, NULL);
    assert_ok(pgl_database_run(&bench.store.writer.db,
                               "CREATE TRIGGER no BEFORE INSERT ON orders BEGIN "
                               "SELECT RAISE(ABORT, 'no'); END"));
    assert_int_equal(orders_bench_create(&bench, &order, &reply).code, PGL_CONFLICT);
    assert_true(bench.has_written);
    assert_ok(pgl_database_run(&bench.store.writer.db, "DROP TRIGGER no"));
    assert_string_equal(pgl_store_bench_dump(&bench.store, NULL), before);
    assert_ok(orders_bench_create(&bench, &order, &reply));
    assert_false(reply.replayed);
    assert_int_equal(number(&bench, "SELECT max(seq) FROM event"), 2);
    assert_int_equal(number(&bench, "SELECT count FROM order_count WHERE state = 0"), 2);
    orders_bench_close(&bench);
}

/* ---- keys that share a hash ---- */

static int64_t hash_of(struct orders_bench *bench, const char *key)
{
    return order_hash_of_key(&bench->orders.state, PGL_TEXT(BENCH_TENANT), PGL_TEXT("ann"),
                             pgl_text_of(key));
}

static void plant(struct orders_bench *bench, int64_t hash, pgl_id id)
{
    struct pgl_rows rows =
        pgl_rows_begin(&bench->store.writer.db, "INSERT INTO order_by_key (hash, order_id) "
                                                "VALUES (?1, ?2)");
    pgl_bind_i64(&rows, hash);
    pgl_bind_id(&rows, &id);
    assert_ok(pgl_rows_run(&rows, NULL));
}

static pgl_id found_at(struct orders_bench *bench, int64_t hash)
{
    pgl_id id;
    assert_ok(pgl_recent_get(&bench->orders.state.by_key, hash, &id));
    return id;
}

static void two_keys_of_one_hash_are_two_orders(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    struct bench_order order = orders_bench_usual("ann", "second");
    CreateOrderResponse reply;
    orders_bench_open(&bench, 1);
    pgl_id first = orders_bench_new(&bench, "ann", "first");
    int64_t hash = hash_of(&bench, "second");
    plant(&bench, hash, first);
    pgl_id second = orders_bench_new(&bench, "ann", "second");
    assert_true(pgl_id_equal(found_at(&bench, hash + 1), second));
    for (int starts = 0; starts < 3; starts++) { /* from memory, fed anew, from the table */
        assert_ok(orders_bench_create(&bench, &order, &reply));
        assert_true(reply.replayed);
        assert_true(pgl_id_equal(found_at(&bench, hash), first)); /* not pushed out */
        assert_true(pgl_id_equal(found_at(&bench, hash + 1), second));
        if (starts == 1)
            for (int i = 0; i < 20; i++)
                orders_bench_new(&bench, "bob", pgl_arena_printf(&bench.store.arena, "%d", i));
        orders_bench_restart(&bench);
    }
    orders_bench_close(&bench);
}

static void more_of_one_hash_than_can_be_are_a_bug(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    struct bench_order order = orders_bench_usual("ann", "x");
    CreateOrderResponse reply;
    orders_bench_open(&bench, 1);
    pgl_id first = orders_bench_new(&bench, "ann", "first");
    for (int i = 0; i < 8; i++)
        plant(&bench, hash_of(&bench, "x") + i, first);
    assert_int_equal(orders_bench_create(&bench, &order, &reply).code, PGL_INTERNAL);
    orders_bench_close(&bench);
}

/* ---- the same inputs write the same bytes ---- */

static const char *play(struct orders_bench *bench)
{
    Caller ann = orders_bench_customer("ann");
    CancelOrderResponse cancelled;
    orders_bench_open(bench, 7);
    for (int i = 0; i < 30; i++) {
        struct pgl_arena *arena = &bench->store.arena;
        pgl_id id =
            orders_bench_new(bench, i % 3 == 0 ? "ann" : "bob", pgl_arena_printf(arena, "%d", i));
        bench->store.now_ns += PGL_MILLISECONDS(i);
        (void)orders_bench_cancel(bench, id, &ann, &cancelled);
        orders_bench_bring(bench, id, (enum order_state)(i % ORDER_STATE_COUNT));
        if (i == 17)
            orders_bench_restart(bench);
    }
    return pgl_store_bench_dump(&bench->store, NULL);
}

static void the_same_inputs_write_the_same_bytes(void **unused)
{
    (void)unused;
    struct orders_bench one, other;
    const char *first = play(&one);
    assert_string_equal(play(&other), first);
    assert_true(number(&one, "SELECT count(*) FROM event") > 50);
    orders_bench_close(&one);
    orders_bench_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_what_was_asked_for),
        cmocka_unit_test(a_key_asked_again_is_answered_as_the_first_time),
        cmocka_unit_test(a_key_is_one_customers_own),
        cmocka_unit_test(what_is_wrong_is_refused_and_changes_nothing),
        cmocka_unit_test(a_rollback_takes_everything_back),
        cmocka_unit_test(two_keys_of_one_hash_are_two_orders),
        cmocka_unit_test(more_of_one_hash_than_can_be_are_a_bug),
        cmocka_unit_test(the_same_inputs_write_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
