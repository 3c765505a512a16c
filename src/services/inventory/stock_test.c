/*
 * stock_test.c - goods come in, are counted and asked for.
 * Method: the method tables over a real file; a table of what is refused and may
 *         change nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "services/inventory/inventory_bench.h"
#include "services/inventory/stock.h"

#define assert_ok(expression) assert_true(pgl_is_ok(expression))
#define COUNT(array)          (sizeof(array) / sizeof(array)[0])

/* A call of ReceiveStock, whole and right until a test changes it. */
struct ask {
    Caller caller;
    NewReceipt receipt;
    ReceiveStockRequest request;
};

static void fill(struct ask *ask, const char *key, const char *sku, int64_t quantity)
{
    ask->caller = (Caller)CALLER_INIT;
    ask->caller.tenant = (char *)"default";
    ask->caller.subject = (char *)"anna";
    ask->caller.role = ROLE_WAREHOUSE;
    ask->receipt = (NewReceipt)NEW_RECEIPT_INIT;
    ask->receipt.warehouse = (char *)"WH-US-1";
    ask->receipt.quantity = quantity;
    ask->request = (ReceiveStockRequest)RECEIVE_STOCK_REQUEST_INIT;
    ask->request.caller = &ask->caller;
    ask->request.idempotency_key = (char *)key;
    ask->request.sku = (char *)sku;
    ask->request.receipt = &ask->receipt;
}

static pgl_status receive(struct inventory_bench *bench, const struct ask *ask,
                          ReceiveStockResponse *reply)
{
    *reply = (ReceiveStockResponse)RECEIVE_STOCK_RESPONSE_INIT;
    return pgl_store_bench_command(&bench->store,
                                   &pgl_inventory_methods[INVENTORY_SERVICE_RECEIVE_STOCK],
                                   &ask->request, reply);
}

static Stock *stock_of(struct inventory_bench *bench, const char *sku)
{
    GetStockRequest ask = GET_STOCK_REQUEST_INIT;
    GetStockResponse reply = GET_STOCK_RESPONSE_INIT;
    ask.sku = (char *)sku;
    assert_ok(pgl_store_bench_query(
        &bench->store, &pgl_inventory_methods[INVENTORY_SERVICE_GET_STOCK], &ask, &reply));
    return reply.stock;
}

static int64_t number(struct inventory_bench *bench, const char *sql)
{
    return pgl_store_bench_number(&bench->store, sql);
}

/* ---- receiving ---- */

static void goods_are_booked_in_and_said(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    struct ask ask;
    ReceiveStockResponse reply;
    inventory_bench_open(&bench);
    fill(&ask, "one", "PEN", 5);
    assert_ok(receive(&bench, &ask, &reply));
    fill(&ask, "two", "PEN", 7);
    ask.caller.role = ROLE_OPERATOR;
    assert_ok(receive(&bench, &ask, &reply));
    assert_string_equal(reply.stock->warehouse, "WH-US-1");
    assert_int_equal(reply.stock->on_hand, 12);
    assert_int_equal(reply.stock->reserved, 0);
    assert_int_equal(reply.stock->available, 12);
    assert_false(reply.replayed);

    Event *said = inventory_bench_said(&bench, 2);
    assert_int_equal(said->type, EVENT_TYPE_STOCK_RECEIVED);
    assert_int_equal(said->previous_seq, 1);
    assert_int_equal(said->cause_seq, 0);
    assert_memory_equal(said->key.data, "PEN", 3);
    assert_string_equal(said->tenant, "default");
    assert_string_equal(said->stock_received->warehouse, "WH-US-1");
    assert_int_equal(said->stock_received->quantity, 7);
    assert_int_equal(said->stock_received->on_hand, 12);

    ReadKeyRequest key = READ_KEY_REQUEST_INIT;
    ReadKeyResponse story = READ_KEY_RESPONSE_INIT;
    key.key = said->key;
    assert_ok(pgl_store_bench_query(
        &bench.store, &pgl_inventory_log_methods[EVENT_LOG_SERVICE_READ_KEY], &key, &story));
    assert_int_equal(story.n_events, 2);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

static void a_key_books_once(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    struct ask ask;
    ReceiveStockResponse reply;
    inventory_bench_open(&bench);
    fill(&ask, "one", "PEN", 5);
    assert_ok(receive(&bench, &ask, &reply));
    fill(&ask, "two", "PEN", 5);
    assert_ok(receive(&bench, &ask, &reply));
    const char *before = inventory_bench_dump(&bench);

    inventory_bench_restart(&bench);
    fill(&ask, "one", "PEN", 5);
    ask.caller.role = ROLE_OPERATOR; /* in another role it is still the same person and wish */
    assert_ok(receive(&bench, &ask, &reply));
    assert_true(reply.replayed);
    assert_int_equal(reply.stock->on_hand, 5); /* as it was then */

    /* Another wish under the same key. */
    ask.receipt.quantity = 6;
    assert_int_equal(receive(&bench, &ask, &reply).code, PGL_INVALID);
    fill(&ask, "one", "INK", 5);
    assert_int_equal(receive(&bench, &ask, &reply).code, PGL_INVALID);
    fill(&ask, "one", "PEN", 5);
    ask.receipt.warehouse = (char *)"WH-EU-1";
    assert_int_equal(receive(&bench, &ask, &reply).code, PGL_INVALID);
    assert_string_equal(inventory_bench_dump(&bench), before);

    /* The same key of somebody else is another key. */
    fill(&ask, "one", "PEN", 5);
    ask.caller.subject = (char *)"bert";
    assert_ok(receive(&bench, &ask, &reply));
    assert_false(reply.replayed);
    ask.caller.tenant = (char *)"other";
    assert_ok(receive(&bench, &ask, &reply));
    assert_int_equal(reply.stock->on_hand, 20);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

static char key_255[256], key_256[257];

static void what_is_wrong_is_refused_and_changes_nothing(void **unused)
{
    (void)unused;
    memset(key_255, 'k', 255);
    memset(key_256, 'k', 256);
    static const struct {
        const char *key, *sku, *warehouse;
        int64_t quantity;
        Role role;
        enum pgl_code code;
    } cases[] = {
        { "k", "PEN", "WH-US-1", 1, ROLE_CUSTOMER, PGL_DENIED },
        { "k", "PEN", "WH-US-1", 1, ROLE_UNSPECIFIED, PGL_DENIED },
        { "", "PEN", "WH-US-1", 1, ROLE_WAREHOUSE, PGL_MALFORMED },
        { "a b", "PEN", "WH-US-1", 1, ROLE_WAREHOUSE, PGL_MALFORMED },
        { "\xC3\xA4", "PEN", "WH-US-1", 1, ROLE_WAREHOUSE, PGL_MALFORMED },
        { key_256, "PEN", "WH-US-1", 1, ROLE_WAREHOUSE, PGL_MALFORMED },
        { "k", "", "WH-US-1", 1, ROLE_WAREHOUSE, PGL_INVALID },
        { "k", "P/N", "WH-US-1", 1, ROLE_WAREHOUSE, PGL_INVALID },
        { "k", "PEN", "WH-US-9", 1, ROLE_WAREHOUSE, PGL_INVALID },
        { "k", "PEN", "", 1, ROLE_WAREHOUSE, PGL_INVALID },
        { "k", "PEN", "WH-US-1", 0, ROLE_WAREHOUSE, PGL_INVALID },
        { "k", "PEN", "WH-US-1", -1, ROLE_WAREHOUSE, PGL_INVALID },
        { "k", "PEN", "WH-US-1", 1000000001, ROLE_WAREHOUSE, PGL_INVALID },
        { "k", "FULL", "WH-US-1", 2, ROLE_WAREHOUSE, PGL_INVALID },
        { "k", "FULL", "WH-US-1", 1, ROLE_WAREHOUSE, PGL_CODE_OK },
        { key_255, "PEN", "WH-US-1", 1000000000, ROLE_OPERATOR, PGL_CODE_OK },
    };
    struct inventory_bench bench;
    struct ask ask;
    ReceiveStockResponse reply;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "FULL", "WH-US-1", INT64_C(9007199254740990));
    const char *before = inventory_bench_dump(&bench);
    for (size_t i = 0; i < COUNT(cases); i++) {
        fill(&ask, cases[i].key, cases[i].sku, cases[i].quantity);
        ask.caller.role = cases[i].role;
        ask.receipt.warehouse = (char *)cases[i].warehouse;
        assert_int_equal(receive(&bench, &ask, &reply).code, cases[i].code);
        if (cases[i].code != PGL_CODE_OK)
            assert_string_equal(inventory_bench_dump(&bench), before);
    }
    fill(&ask, "other", "PEN", 1);
    ask.request.receipt = NULL;
    assert_int_equal(receive(&bench, &ask, &reply).code, PGL_INVALID);
    ask.request.caller = NULL;
    assert_int_equal(receive(&bench, &ask, &reply).code, PGL_DENIED);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

static pgl_status put_and_fail(struct pgl_tx *tx, void *argument)
{
    (void)argument;
    PGL_TRY(pgl_inventory_put_stock(tx, PGL_TEXT("NEW"), PGL_TEXT("WH-EU-1"), 5));
    return PGL_FAIL(PGL_INTERNAL, "too late");
}

static void a_sku_of_a_rolled_back_transaction_is_forgotten(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "OLD", "WH-EU-1", 1);
    pgl_status failed = pgl_writer_run_now(&bench.store.writer, put_and_fail, NULL);
    assert_int_equal(failed.code, PGL_INTERNAL);
    inventory_bench_stock(&bench, "OTHER", "WH-EU-1", 1);
    assert_int_equal(number(&bench, "SELECT id FROM sku WHERE sku = 'OTHER'"), 2);
    inventory_bench_restart(&bench);
    inventory_bench_stock(&bench, "NEW", "WH-EU-1", 1);
    assert_int_equal(number(&bench, "SELECT id FROM sku WHERE sku = 'NEW'"), 3);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

/* ---- counting ---- */

static pgl_status put_bad(struct pgl_tx *tx, void *argument)
{
    static const struct {
        const char *sku, *warehouse;
        int64_t on_hand;
    } cases[] = {
        { "", "WH-EU-1", 1 },
        { "A B", "WH-EU-1", 1 },
        { "PEN", "WH-X", 1 },
        { "PEN", "WH-EU-1", -1 },
        { "PEN", "WH-EU-1", INT64_C(9007199254740992) },
    };
    (void)argument;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(pgl_inventory_put_stock(tx, pgl_text_of(cases[i].sku),
                                                 pgl_text_of(cases[i].warehouse), cases[i].on_hand)
                             .code,
                         PGL_INVALID);
    return PGL_OK;
}

static void a_count_sets_the_level_and_the_ledger_keeps_up(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 5);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 9);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 9); /* counted again: nothing to note */
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 2);
    inventory_bench_stock(&bench, "INK", "WH-EU-1", 0);
    assert_int_equal(stock_of(&bench, "PEN")->available, 2);
    assert_int_equal(stock_of(&bench, "INK")->available, 0);
    assert_int_equal(number(&bench, "SELECT count(*) FROM stock_ledger"), 4);
    assert_ok(pgl_writer_run_now(&bench.store.writer, put_bad, NULL));
    assert_int_equal(number(&bench, "SELECT count(*) FROM stock_ledger"), 4);
    assert_int_equal(number(&bench, "SELECT count(*) FROM sku"), 2);
    assert_int_equal(inventory_bench_said_count(&bench), 0);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

/* ---- tills and counts that people send ---- */

static pgl_status sell(struct inventory_bench *bench, const char *key, const char *sku,
                       int64_t quantity, SellStockResponse *reply)
{
    struct ask like;
    SellStockRequest request = SELL_STOCK_REQUEST_INIT;
    NewSale sale = NEW_SALE_INIT;
    fill(&like, key, sku, quantity); /* who asks, and where */
    sale.warehouse = like.receipt.warehouse;
    sale.quantity = quantity;
    request.caller = &like.caller;
    request.idempotency_key = (char *)key;
    request.sku = (char *)sku;
    request.sale = &sale;
    *reply = (SellStockResponse)SELL_STOCK_RESPONSE_INIT;
    return pgl_store_bench_command(
        &bench->store, &pgl_inventory_methods[INVENTORY_SERVICE_SELL_STOCK], &request, reply);
}

static pgl_status count(struct inventory_bench *bench, const char *key, const NewCount *seen,
                        CountStockResponse *reply)
{
    struct ask like;
    CountStockRequest request = COUNT_STOCK_REQUEST_INIT;
    NewCount here = *seen;
    fill(&like, key, "PEN", 1);
    here.warehouse = like.receipt.warehouse;
    here.found_case = PANGLOT__INVENTORY__V1__NEW_COUNT__FOUND_COUNTED;
    request.caller = &like.caller;
    request.idempotency_key = (char *)key;
    request.sku = (char *)"PEN";
    request.count = &here;
    *reply = (CountStockResponse)COUNT_STOCK_RESPONSE_INIT;
    return pgl_store_bench_command(
        &bench->store, &pgl_inventory_methods[INVENTORY_SERVICE_COUNT_STOCK], &request, reply);
}

static void a_till_sells_also_what_is_promised(void **unused)
{
    (void)unused;
    static const struct inventory_bench_line line = { "PEN", 4 }, one = { "PEN", 1 };
    struct inventory_bench bench;
    SellStockResponse reply;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-US-1", 5);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 1);
    inventory_bench_authorized(&bench, 1, "US", &line, 1);

    assert_ok(sell(&bench, "a", "PEN", 1, &reply)); /* nobody's */
    assert_int_equal(reply.stock->on_hand, 4);
    assert_int_equal(inventory_bench_said_count(&bench), 2);
    Event *said = inventory_bench_said(&bench, 2);
    assert_int_equal(said->type, EVENT_TYPE_STOCK_SOLD);
    assert_int_equal(said->stock_sold->on_hand, 4);
    assert_int_equal(said->stock_sold->shortfall, 0);

    assert_ok(sell(&bench, "b", "PEN", 6, &reply));
    assert_int_equal(reply.stock->on_hand, -2);
    assert_int_equal(reply.stock->shortfall, 6);
    said = inventory_bench_said(&bench, 4);
    assert_int_equal(said->type, EVENT_TYPE_STOCK_SHORT);
    assert_int_equal(said->previous_seq, 3);
    assert_int_equal(said->stock_short->shortfall, 6);
    assert_int_equal(stock_of(&bench, "PEN")->available, 0);
    assert_int_equal(stock_of(&bench, "PEN")->shortfall, 6);
    inventory_bench_authorized(&bench, 2, "EU", &one, 1); /* though the EU has one */
    assert_int_equal(inventory_bench_state(&bench, 2), RESERVATION_REJECTED);

    const char *before = inventory_bench_dump(&bench);
    assert_ok(sell(&bench, "b", "PEN", 6, &reply));
    assert_true(reply.replayed);
    struct ask same;
    ReceiveStockResponse received;
    fill(&same, "b", "PEN", 6); /* packed it is the same, and it is another method */
    assert_int_equal(receive(&bench, &same, &received).code, PGL_INVALID);
    assert_int_equal(sell(&bench, "c", "INK", 1, &reply).code, PGL_NOT_FOUND);
    assert_int_equal(sell(&bench, "c", "PEN", 0, &reply).code, PGL_INVALID);
    assert_string_equal(inventory_bench_dump(&bench), before);

    fill(&same, "d", "PEN", 3); /* it arrives: still less than is promised */
    assert_ok(receive(&bench, &same, &received));
    assert_int_equal(received.stock->on_hand, 1);
    assert_int_equal(received.stock->shortfall, 3);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

static void a_count_is_said_and_so_is_what_is_short(void **unused)
{
    (void)unused;
    static const struct inventory_bench_line line = { "PEN", 4 };
    NewCount seen = NEW_COUNT_INIT;
    struct inventory_bench bench;
    CountStockResponse reply;
    inventory_bench_open(&bench);
    seen.counted = 5; /* the SKU is new */
    assert_ok(count(&bench, "a", &seen, &reply));
    inventory_bench_authorized(&bench, 1, "US", &line, 1);
    assert_int_equal(inventory_bench_said(&bench, 1)->stock_counted->adjustment, 5);
    seen.counted = 3;
    assert_ok(count(&bench, "b", &seen, &reply));
    assert_int_equal(reply.stock->shortfall, 1);
    assert_int_equal(inventory_bench_said(&bench, 3)->stock_counted->adjustment, -2);
    assert_int_equal(inventory_bench_said(&bench, 4)->stock_short->shortfall, 1);
    assert_ok(count(&bench, "c", &seen, &reply)); /* as before: no shortfall grows */
    assert_int_equal(inventory_bench_said_count(&bench), 5);
    seen.counted = 4;
    assert_ok(count(&bench, "d", &seen, &reply));
    assert_int_equal(inventory_bench_said_count(&bench), 6);
    seen.counted = -1;
    assert_int_equal(count(&bench, "e", &seen, &reply).code, PGL_INVALID);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

static void a_source_is_not_heard_backwards(void **unused)
{
    (void)unused;
    /* clang-format off */
    static const struct {
        const char *source;
        int64_t seq, counted, on_hand; /* afterwards; -1: it is refused */
    } cases[] = {
        { "gun", 7, 10, 10 },
        { "gun", 7,  9, 10 },
        { "gun", 6,  9, 10 },
        { "tab", 1,  8,  8 },   /* another source */
        { "gun", 8,  7,  7 },
        { "",    0,  6,  6 },
        { "",    9,  5, -1 },
        { "gun", 0,  5, -1 },
        { "12345678901234567890123456789012345678901234567890123456789012345", 1, 5, -1 },
    };
    /* clang-format on */
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    for (size_t i = 0; i < COUNT(cases); i++) {
        NewCount seen = NEW_COUNT_INIT;
        CountStockResponse reply;
        char key[] = { (char)('a' + i), '\0' };
        seen.source = (char *)cases[i].source;
        seen.source_seq = cases[i].seq;
        seen.counted = cases[i].counted;
        if (cases[i].on_hand < 0) {
            assert_int_equal(count(&bench, key, &seen, &reply).code, PGL_INVALID);
            continue;
        }
        assert_ok(count(&bench, key, &seen, &reply));
        assert_int_equal(reply.stock->on_hand, cases[i].on_hand);
    }
    struct ask ask;
    ReceiveStockResponse received;
    fill(&ask, "receipt", "PEN", 1); /* receipts of the source as well */
    ask.receipt.source = (char *)"gun";
    ask.receipt.source_seq = 8;
    assert_ok(receive(&bench, &ask, &received));
    assert_int_equal(received.stock->on_hand, 6);
    ask.request.idempotency_key = (char *)"newer";
    ask.receipt.source_seq = 9;
    assert_ok(receive(&bench, &ask, &received));
    assert_int_equal(received.stock->on_hand, 7);
    inventory_bench_audit(&bench);
    inventory_bench_close(&bench);
}

/* Goods come and go while somebody walks along the shelves: what has moved since they looked is
 * reckoned in, and each move once. */
static void a_count_may_be_of_some_time_ago(void **unused)
{
    (void)unused;
    /* clang-format off */
    static const struct {
        int64_t ago_s, counted, on_hand, adjustment; /* on_hand -1: refused; -2: a conflict */
    } cases[] = {
        {     0,  7,  7, -5 }, /* now */
        {   300,  7,  7, -5 }, /* behind all that moved */
        {   900,  7,  5, -7 }, /* before the sale of 2 */
        {  1500, 10, 18,  6 }, /* before 10 came in as well */
        {  2100,  4, 12,  0 }, /* before all of it: that is what the books say */
        {   900,  1, -2,  0 }, /* more has been sold since then */
        { 86400,  4, 12,  0 },
        { 86401,  4, -1,  0 },
        {    -1,  4, -1,  0 },
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct inventory_bench bench;
        struct ask ask;
        ReceiveStockResponse received;
        SellStockResponse sold;
        CountStockResponse reply;
        NewCount seen = NEW_COUNT_INIT;
        inventory_bench_open(&bench);
        inventory_bench_stock(&bench, "PEN", "WH-US-1", 4);
        bench.store.now_ns += PGL_HOURS(24); /* so that there is a day of books */
        fill(&ask, "in", "PEN", 10);
        assert_ok(receive(&bench, &ask, &received));
        bench.store.now_ns += PGL_MINUTES(10);
        assert_ok(sell(&bench, "out", "PEN", 2, &sold));
        bench.store.now_ns += PGL_MINUTES(10);
        seen.counted = cases[i].counted;
        seen.counted_at_ns = cases[i].ago_s == 0 ? 0
                                                 : PGL_STORE_BENCH_WALL_NS + bench.store.now_ns -
                                                       PGL_SECONDS(cases[i].ago_s);
        pgl_status status = count(&bench, "count", &seen, &reply);
        assert_int_equal(status.code, cases[i].on_hand == -1   ? PGL_INVALID
                                      : cases[i].on_hand == -2 ? PGL_CONFLICT
                                                               : PGL_CODE_OK);
        if (cases[i].on_hand >= 0) {
            Event *said = inventory_bench_said(&bench, inventory_bench_said_count(&bench));
            assert_int_equal(reply.stock->on_hand, cases[i].on_hand);
            assert_int_equal(said->stock_counted->counted, cases[i].counted);
            assert_int_equal(said->stock_counted->adjustment, cases[i].adjustment);
        }
        inventory_bench_audit(&bench);
        inventory_bench_close(&bench);
    }
}

static void an_instant_before_all_time_is_no_time_ago(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    CountStockResponse reply;
    NewCount seen = NEW_COUNT_INIT;
    inventory_bench_open(&bench);
    seen.counted = 1;
    seen.counted_at_ns = INT64_MIN; /* whose age is more than a number holds */
    assert_int_equal(count(&bench, "count", &seen, &reply).code, PGL_INVALID);
    inventory_bench_close(&bench);
}

/* A day of what moved, however much that was before. */
static void what_moved_long_ago_is_forgotten(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    struct ask ask;
    ReceiveStockResponse received;
    char key[16];
    inventory_bench_open(&bench);
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "in-%d", i);
        fill(&ask, key, "PEN", 1);
        assert_ok(receive(&bench, &ask, &received));
        bench.store.now_ns += i == 29 ? PGL_HOURS(25) : PGL_MINUTES(1);
    }
    assert_int_equal(number(&bench, "SELECT count(*) FROM stock_moved"), 10);
    inventory_bench_close(&bench);
}

/* ---- asking ---- */

static void levels_are_shown_by_warehouse_and_in_sum(void **unused)
{
    (void)unused;
    static const struct inventory_bench_line line = { "PEN", 4 };
    struct inventory_bench bench;
    inventory_bench_open(&bench);
    inventory_bench_stock(&bench, "PEN", "WH-US-1", 3);
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 5);
    inventory_bench_stock(&bench, "INK", "WH-EU-1", 0);
    inventory_bench_authorized(&bench, 1, "EU", &line, 1);
    Stock *stock = stock_of(&bench, "PEN");
    assert_string_equal(stock->sku, "PEN");
    assert_int_equal(stock->available, 4);
    assert_int_equal(stock->n_warehouses, 2);
    assert_string_equal(stock->warehouses[0]->warehouse, "WH-EU-1");
    assert_int_equal(stock->warehouses[0]->on_hand, 5);
    assert_int_equal(stock->warehouses[0]->reserved, 4);
    assert_int_equal(stock->warehouses[0]->available, 1);

    char *skus[101] = { (char *)"INK", (char *)"PEN", (char *)"" };
    GetAvailableRequest ask = GET_AVAILABLE_REQUEST_INIT;
    GetAvailableResponse reply = GET_AVAILABLE_RESPONSE_INIT;
    const struct pgl_method *method = &pgl_inventory_methods[INVENTORY_SERVICE_GET_AVAILABLE];
    ask.n_skus = 3;
    ask.skus = skus;
    assert_ok(pgl_store_bench_query(&bench.store, method, &ask, &reply));
    assert_int_equal(reply.n_available, 3);
    assert_int_equal(reply.available[0], 0);
    assert_int_equal(reply.available[1], 4);
    assert_int_equal(reply.available[2], 0);
    ask.n_skus = 101;
    assert_int_equal(pgl_store_bench_query(&bench.store, method, &ask, &reply).code, PGL_INVALID);

    /* Promised more than is there: nothing is available, although elsewhere there is some. */
    inventory_bench_stock(&bench, "PEN", "WH-EU-1", 1);
    assert_int_equal(stock_of(&bench, "PEN")->available, 0);
    assert_int_equal(stock_of(&bench, "PEN")->warehouses[1]->available, 3);
    ask.n_skus = 2;
    assert_ok(pgl_store_bench_query(&bench.store, method, &ask, &reply));
    assert_int_equal(reply.available[1], 0);
    inventory_bench_close(&bench);
}

static void an_unknown_sku_is_not_found(void **unused)
{
    (void)unused;
    struct inventory_bench bench;
    GetStockRequest ask = GET_STOCK_REQUEST_INIT;
    GetStockResponse reply = GET_STOCK_RESPONSE_INIT;
    inventory_bench_open(&bench);
    ask.sku = (char *)"PEN";
    assert_int_equal(
        pgl_store_bench_query(&bench.store, &pgl_inventory_methods[INVENTORY_SERVICE_GET_STOCK],
                              &ask, &reply)
            .code,
        PGL_NOT_FOUND);
    inventory_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goods_are_booked_in_and_said),
        cmocka_unit_test(a_key_books_once),
        cmocka_unit_test(what_is_wrong_is_refused_and_changes_nothing),
        cmocka_unit_test(a_sku_of_a_rolled_back_transaction_is_forgotten),
        cmocka_unit_test(a_count_sets_the_level_and_the_ledger_keeps_up),
        cmocka_unit_test(a_till_sells_also_what_is_promised),
        cmocka_unit_test(a_count_is_said_and_so_is_what_is_short),
        cmocka_unit_test(a_source_is_not_heard_backwards),
        cmocka_unit_test(a_count_may_be_of_some_time_ago),
        cmocka_unit_test(an_instant_before_all_time_is_no_time_ago),
        cmocka_unit_test(what_moved_long_ago_is_forgotten),
        cmocka_unit_test(levels_are_shown_by_warehouse_and_in_sum),
        cmocka_unit_test(an_unknown_sku_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
