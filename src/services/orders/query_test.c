/*
 * query_test.c - a customer sees all of its orders, newest first, and nobody else's.
 * Method: lists walked page by page against what was made, over restarts, with customers whose
 * hashes collide (planted), and with cursors that were never given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/orders/orders_bench.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

/* One page, as the flow of ListOrders asks for it. */
static pgl_status list(struct orders_bench *bench, const ListOrdersRequest *ask,
                       ListOrdersResponse *reply)
{
    struct order_page page = { .ask = ask };
    struct pgl_view view = { &bench->store.writer.db, &bench->store.arena, &bench->orders.state };
    *reply = (ListOrdersResponse)LIST_ORDERS_RESPONSE_INIT;
    if (ask->cursor[0] != '\0')
        assert_ok(pgl_id_parse(pgl_text_of(ask->cursor), &page.first));
    else if (ask->caller->role != ROLE_OPERATOR)
        assert_ok(pgl_orders_newest(&bench->orders.state, ask, &page.first));
    return pgl_orders_page(&view, &page, reply);
}

static ListOrdersRequest ask_for(Caller *caller, int32_t limit)
{
    ListOrdersRequest ask = LIST_ORDERS_REQUEST_INIT;
    ask.caller = caller;
    ask.limit = limit;
    return ask;
}

/* The keys of all orders, page by page: "3 2 1". */
static const char *list_all(struct orders_bench *bench, ListOrdersRequest ask)
{
    const char *keys = "";
    ListOrdersResponse reply;
    do {
        assert_ok(list(bench, &ask, &reply));
        assert_in_range(reply.n_items, 0, ask.limit);
        for (size_t i = 0; i < reply.n_items; i++) {
            const char *sql =
                pgl_arena_printf(&bench->store.arena,
                                 "SELECT idempotency_key FROM orders WHERE lower(hex(order_id)) "
                                 "= replace('%s', '-', '')",
                                 reply.items[i]->id);
            const char *key = pgl_store_bench_rows(&bench->store, sql);
            keys =
                pgl_arena_printf(&bench->store.arena, "%s%.*s ", keys, (int)strlen(key) - 1, key);
        }
        ask.cursor = reply.next;
    } while (reply.next[0] != '\0');
    return keys;
}

static void make(struct orders_bench *bench, const char *customer, const char *keys)
{
    for (; *keys != '\0'; keys++)
        orders_bench_new(bench, customer, pgl_arena_printf(&bench->store.arena, "%c", *keys));
}

static void a_list_is_all_of_ones_own_newest_first(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    Caller ann = orders_bench_customer("ann"), bob = orders_bench_customer("bob"),
           eve = orders_bench_customer("eve"), boss = orders_bench_operator("boss");
    orders_bench_open(&bench, 1);
    make(&bench, "ann", "abc");
    make(&bench, "bob", "1");
    make(&bench, "ann", "defgh");
    make(&bench, "bob", "23");
    for (int starts = 0; starts < 2; starts++) {
        for (int32_t limit = 1; limit <= 9; limit++) {
            assert_string_equal(list_all(&bench, ask_for(&ann, limit)), "h g f e d c b a ");
            assert_string_equal(list_all(&bench, ask_for(&bob, limit)), "3 2 1 ");
            assert_string_equal(list_all(&bench, ask_for(&eve, limit)), "");
            assert_string_equal(list_all(&bench, ask_for(&boss, limit)), "3 2 h g f e d 1 c b a ");
        }
        orders_bench_restart(&bench);
    }
    boss.tenant = (char *)"elsewhere";
    assert_string_equal(list_all(&bench, ask_for(&boss, 3)), "");
    orders_bench_close(&bench);
}

static void a_list_may_be_of_one_status(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    Caller ann = orders_bench_customer("ann"), boss = orders_bench_operator("boss");
    orders_bench_open(&bench, 1);
    for (int i = 0; i < 12; i++) {
        const char *key = pgl_arena_printf(&bench.store.arena, "%x", i);
        pgl_id id = orders_bench_new(&bench, i % 2 == 0 ? "ann" : "bob", key);
        orders_bench_bring(&bench, id, i % 3 == 0 ? ORDER_CONFIRMED : ORDER_PENDING);
    }
    for (int32_t limit = 1; limit <= 5; limit += 2) {
        ListOrdersRequest ask = ask_for(&ann, limit);
        ask.status = ORDER_STATUS_CONFIRMED;
        assert_string_equal(list_all(&bench, ask), "6 0 ");
        ask.caller = &boss;
        assert_string_equal(list_all(&bench, ask), "9 6 3 0 ");
        ask.status = ORDER_STATUS_FAILED;
        assert_string_equal(list_all(&bench, ask), "");
    }
    orders_bench_close(&bench);
}

/* A rare status is looked for in pieces: a page may be empty and still have a next. */
static void a_page_looks_at_so_many_orders_only(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    Caller ann = orders_bench_customer("ann");
    ListOrdersResponse reply;
    orders_bench_open(&bench, 1);
    assert_ok(pgl_database_run(&bench.store.writer.db, "PRAGMA synchronous = OFF"));
    orders_bench_bring(&bench, orders_bench_new(&bench, "ann", "first"), ORDER_CONFIRMED);
    for (int i = 0; i < PGL_ORDER_SCAN_MAX; i++)
        orders_bench_new(&bench, "ann", pgl_arena_printf(&bench.store.arena, "%d", i));
    ListOrdersRequest ask = ask_for(&ann, 10);
    ask.status = ORDER_STATUS_CONFIRMED;
    assert_ok(list(&bench, &ask, &reply));
    assert_int_equal(reply.n_items, 0);
    assert_string_not_equal(reply.next, "");
    assert_string_equal(list_all(&bench, ask), "first ");
    orders_bench_close(&bench);
}

/* Their chains are one, and still each sees its own. */
static void two_customers_of_one_hash_are_two(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    Caller ann = orders_bench_customer("ann"), bob = orders_bench_customer("bob");
    orders_bench_open(&bench, 1);
    make(&bench, "ann", "abc");
    make(&bench, "bob", "1");
    /* As if bob's first had come behind ann's last, and ann's next behind that. */
    assert_ok(pgl_database_run(
        &bench.store.writer.db,
        "UPDATE orders SET previous_id = (SELECT order_id FROM orders WHERE idempotency_key = 'c') "
        "WHERE idempotency_key = '1'"));
    pgl_id newest;
    struct pgl_rows rows = pgl_rows_begin(
        &bench.store.writer.db, "SELECT order_id FROM orders WHERE idempotency_key = '1'");
    assert_ok(pgl_rows_next(&rows));
    newest = pgl_column_id(&rows, 0);
    pgl_rows_end(&rows);
    int64_t hash =
        order_hash_of_customer(&bench.orders.state, PGL_TEXT(BENCH_TENANT), PGL_TEXT("ann"));
    assert_ok(pgl_recent_put(&bench.orders.state.newest, hash, newest));
    make(&bench, "ann", "de");
    for (int32_t limit = 1; limit <= 10; limit++) {
        assert_string_equal(list_all(&bench, ask_for(&ann, limit)), "e d c b a ");
        assert_string_equal(list_all(&bench, ask_for(&bob, limit)), "1 ");
    }
    orders_bench_close(&bench);
}

static void a_cursor_that_was_not_given_is_refused(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    Caller ann = orders_bench_customer("ann"), boss = orders_bench_operator("boss");
    ListOrdersResponse reply;
    char cursor[PGL_ID_TEXT_BYTES + 1] = { 0 };
    orders_bench_open(&bench, 1);
    make(&bench, "ann", "ab");
    pgl_id of_bob = orders_bench_new(&bench, "bob", "k");
    ListOrdersRequest ask = ask_for(&ann, 10);
    ask.cursor = cursor;
    pgl_id_format(of_bob, cursor);
    assert_int_equal(list(&bench, &ask, &reply).code, PGL_INVALID);
    ask.caller = &boss;
    assert_ok(list(&bench, &ask, &reply));
    assert_int_equal(reply.n_items, 3);
    of_bob.bytes[9] ^= 1; /* of nobody */
    pgl_id_format(of_bob, cursor);
    assert_int_equal(list(&bench, &ask, &reply).code, PGL_INVALID);
    ask.caller = &ann;
    assert_int_equal(list(&bench, &ask, &reply).code, PGL_INVALID);
    orders_bench_close(&bench);
}

static void an_order_is_shown_to_whom_it_concerns(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    Caller ann = orders_bench_customer("ann"), bob = orders_bench_customer("bob"),
           boss = orders_bench_operator("boss"), stranger = orders_bench_operator("boss");
    stranger.tenant = (char *)"elsewhere";
    orders_bench_open(&bench, 1);
    pgl_id id = orders_bench_new(&bench, "ann", "k");
    assert_non_null(orders_bench_get(&bench, id, &ann));
    assert_non_null(orders_bench_get(&bench, id, &boss));
    assert_null(orders_bench_get(&bench, id, &bob));
    assert_null(orders_bench_get(&bench, id, &stranger));
    assert_null(orders_bench_get(&bench, id, NULL));
    orders_bench_close(&bench);
}

static void a_story_is_told_to_whom_it_concerns(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    Caller ann = orders_bench_customer("ann"), bob = orders_bench_customer("bob");
    const struct pgl_method *method = &pgl_orders_log_methods[EVENT_LOG_SERVICE_READ_KEY];
    ReadKeyRequest ask = READ_KEY_REQUEST_INIT;
    ReadKeyResponse reply = READ_KEY_RESPONSE_INIT;
    orders_bench_open(&bench, 1);
    orders_bench_new(&bench, "bob", "before");
    pgl_id id = orders_bench_new(&bench, "ann", "k");
    orders_bench_new(&bench, "bob", "between");
    orders_bench_bring(&bench, id, ORDER_CONFIRMED);
    ask.key = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    ask.caller = &bob;
    assert_int_equal(pgl_store_bench_query(&bench.store, method, &ask, &reply).code, PGL_NOT_FOUND);
    ask.caller = &ann;
    assert_ok(pgl_store_bench_query(&bench.store, method, &ask, &reply));
    assert_int_equal(reply.n_events, 2);
    assert_int_equal(reply.events[0]->seq, 2);
    assert_int_equal(reply.events[1]->seq, 4);
    assert_int_equal(reply.events[1]->event->previous_seq, 2);
    assert_int_equal(reply.events[1]->event->type, EVENT_TYPE_ORDER_CONFIRMED);
    assert_int_equal(reply.events[1]->event->order_confirmed->amount_minor, 1000);
    assert_memory_equal(reply.events[1]->id.data, pgl_event_id(LOG_ORDERS, 1, 4).bytes, 16);
    ask.key.len = 15;
    assert_int_equal(pgl_store_bench_query(&bench.store, method, &ask, &reply).code, PGL_NOT_FOUND);
    orders_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_all_of_ones_own_newest_first),
        cmocka_unit_test(a_list_may_be_of_one_status),
        cmocka_unit_test(a_page_looks_at_so_many_orders_only),
        cmocka_unit_test(two_customers_of_one_hash_are_two),
        cmocka_unit_test(a_cursor_that_was_not_given_is_refused),
        cmocka_unit_test(an_order_is_shown_to_whom_it_concerns),
        cmocka_unit_test(a_story_is_told_to_whom_it_concerns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
