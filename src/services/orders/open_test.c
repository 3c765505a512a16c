/*
 * open_test.c - operators see the orders of their tenant that have no end yet, oldest first.
 * Method: orders in every state, listed page by page; another tenant's operator asks; and the mark
 * of the deadlines is moved, since what lies before it must not be looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "services/orders/open.h"
#include "services/orders/orders_bench.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

/* Of all pages: "PENDING RESERVED". */
static const char *list(struct orders_bench *bench, ListOpenRequest ask)
{
    struct pgl_view view = { &bench->store.writer.db, &bench->store.arena, &bench->orders.state };
    const char *listed = "";
    ListOpenResponse reply;
    do {
        reply = (ListOpenResponse)LIST_OPEN_RESPONSE_INIT;
        assert_ok(pgl_orders_list_open(&view, &ask, &reply));
        assert_in_range(reply.n_items, 0, ask.limit);
        for (size_t i = 0; i < reply.n_items; i++)
            listed = pgl_arena_printf(&bench->store.arena, "%s%d ", listed, reply.items[i]->status);
        ask.cursor = reply.next;
    } while (reply.next[0] != '\0');
    return listed;
}

static ListOpenRequest ask_of(Caller *caller, int32_t limit)
{
    ListOpenRequest ask = LIST_OPEN_REQUEST_INIT;
    ask.caller = caller;
    ask.limit = limit;
    return ask;
}

static pgl_id bring(struct orders_bench *bench, const char *key, enum order_state state)
{
    pgl_id id = orders_bench_new(bench, "ann", key);
    orders_bench_bring(bench, id, state);
    return id;
}

static void what_has_no_end_is_listed_oldest_first(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    Caller boss = orders_bench_operator("boss"), stranger = orders_bench_operator("boss");
    stranger.tenant = (char *)"elsewhere";
    orders_bench_open(&bench, 1);
    for (int state = 0; state < ORDER_STATE_COUNT; state++)
        bring(&bench, pgl_arena_printf(&bench.store.arena, "%d", state), (enum order_state)state);
    const char *open = pgl_arena_printf(&bench.store.arena, "%d %d %d ", ORDER_STATUS_PENDING,
                                        ORDER_STATUS_AUTHORIZED, ORDER_STATUS_RESERVED);
    for (int32_t limit = 1; limit <= 4; limit++) {
        assert_string_equal(list(&bench, ask_of(&boss, limit)), open);
        assert_string_equal(list(&bench, ask_of(&stranger, limit)), "");
    }
    ListOpenRequest ask = ask_of(&boss, 10);
    ask.status = ORDER_STATUS_RESERVED;
    assert_string_equal(list(&bench, ask),
                        pgl_arena_printf(&bench.store.arena, "%d ", ORDER_STATUS_RESERVED));
    orders_bench_close(&bench);
}

/* However many orders there have been, a page does not begin with the first of them. */
static void a_page_begins_where_orders_may_be_open(void **unused)
{
    (void)unused;
    struct orders_bench bench;
    Caller boss = orders_bench_operator("boss");
    char hex[33] = { 0 };
    orders_bench_open(&bench, 1);
    bring(&bench, "before", ORDER_PENDING);
    pgl_id mark = bring(&bench, "mark", ORDER_RESERVED);
    bring(&bench, "behind", ORDER_PENDING);
    for (int i = 0; i < 16; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", mark.bytes[i]);
    const char *sql =
        pgl_arena_printf(&bench.store.arena, "UPDATE order_clock SET final_below = x'%s'", hex);
    assert_ok(pgl_database_run(&bench.store.writer.db, sql));
    const char *from_mark =
        pgl_arena_printf(&bench.store.arena, "%d %d ", ORDER_STATUS_RESERVED, ORDER_STATUS_PENDING);
    for (int32_t limit = 1; limit <= 3; limit++)
        assert_string_equal(list(&bench, ask_of(&boss, limit)), from_mark);
    orders_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_no_end_is_listed_oldest_first),
        cmocka_unit_test(a_page_begins_where_orders_may_be_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
