/*
 * rpc_test.c - a flow waits for all answers that it asked for, and for none that was refused at
 * once.
 * Method: one loop asks, another answers when the test says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "platform/twin.h"
#include "transport/rpc.h"

enum { COMMAND, QUERY, FLOW, MISSING, METHOD_COUNT };

static pgl_status a_command(struct pgl_tx *tx, const void *ask, void *reply)
{
    (void)tx, (void)ask, (void)reply;
    return PGL_OK;
}

static pgl_status a_query(const struct pgl_view *view, const void *ask, void *reply)
{
    (void)view, (void)ask, (void)reply;
    return PGL_OK;
}

static void a_flow(void *service, struct pgl_call *call)
{
    (void)service, (void)call;
}

static const struct pgl_method methods[METHOD_COUNT] = {
    [COMMAND] = { PGL_METHOD_COMMAND, .command = a_command },
    [QUERY] = { PGL_METHOD_QUERY, .query = a_query },
    [FLOW] = { PGL_METHOD_FLOW, .flow = a_flow },
};

static struct bench {
    struct pgl_twin twin;
    struct pgl_waiter *waiter;
    struct pgl_loop asker, answerer;
    struct pgl_rpc rpc;
    struct pgl_mailbox commands, queries, flows;
    struct pgl_endpoint endpoint;
    struct pgl_message *taken[METHOD_COUNT]; /* by the mailbox that they came in by */
    struct pgl_flow flow;
    struct pgl_rpc_call calls[4];
    int left, woken, done;
} bench;

static void take_command(void *owner, struct pgl_message *message)
{
    (void)owner;
    bench.taken[COMMAND] = message;
}

static void take_query(void *owner, struct pgl_message *message)
{
    (void)owner;
    bench.taken[QUERY] = message;
}

static void take_flow(void *owner, struct pgl_message *message)
{
    (void)owner;
    bench.taken[FLOW] = message;
}

static struct pgl_go ask_three(struct pgl_flow *flow)
{
    for (int method = COMMAND; method <= FLOW; method++)
        pgl_rpc_send(&bench.rpc, &bench.endpoint, method, &bench.calls[method], flow, &bench.left);
    return pgl_wait(1);
}

static struct pgl_go go_on(struct pgl_flow *flow)
{
    (void)flow;
    bench.woken++;
    return pgl_done();
}

static const struct pgl_step steps[] = { { "ask", ask_three, 0, 0 }, { "on", go_on, 0, 0 } };

static void on_done(struct pgl_flow *flow)
{
    (void)flow;
    bench.done++;
}

static int open_bench(void **unused)
{
    (void)unused;
    bench = (struct bench){ 0 };
    pgl_twin_open(&bench.twin, 1);
    bench.waiter = bench.twin.platform.waiter_open(&bench.twin.platform);
    pgl_loop_init(&bench.asker, "asker", &bench.twin.platform, bench.waiter);
    pgl_loop_init(&bench.answerer, "answerer", &bench.twin.platform, bench.waiter);
    pgl_rpc_open(&bench.rpc, &bench.asker);
    pgl_mailbox_open(&bench.commands, &bench.answerer, 1, take_command, NULL);
    pgl_mailbox_open(&bench.queries, &bench.answerer, 1, take_query, NULL);
    pgl_mailbox_open(&bench.flows, &bench.answerer, 1, take_flow, NULL);
    bench.endpoint = (struct pgl_endpoint){ .methods = methods,
                                            .commands = &bench.commands,
                                            .queries = &bench.queries,
                                            .flows = &bench.flows };
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    bench.waiter->ops->close(bench.waiter);
    pgl_twin_close(&bench.twin);
    return 0;
}

static void a_flow_is_woken_by_its_last_answer(void **unused)
{
    (void)unused;
    static const int order[] = { QUERY, FLOW, COMMAND };
    pgl_flow_start(&bench.flow, &bench.asker, steps, 0, on_done);
    (void)pgl_loop_turn(&bench.asker);
    (void)pgl_loop_turn(&bench.answerer);
    assert_int_equal(bench.left, 3);
    for (int i = 0; i < 3; i++) {
        int method = order[i];
        assert_ptr_equal(bench.taken[method], &bench.calls[method].call.message);
        assert_ptr_equal(bench.calls[method].call.method, &methods[method]);
        assert_true(bench.calls[method].is_out);
        assert_int_equal(bench.woken, 0);
        pgl_call_answer(pgl_call_of(bench.taken[method]), PGL_FAIL(PGL_DENIED, "no"));
        while (pgl_loop_turn(&bench.asker))
            ;
        assert_false(bench.calls[method].is_out);
        assert_int_equal(bench.calls[method].call.status.code, PGL_DENIED);
    }
    assert_int_equal(bench.left, 0);
    assert_int_equal(bench.woken, 1);
    assert_int_equal(bench.done, 1);
}

static void what_is_refused_at_once_is_not_waited_for(void **unused)
{
    (void)unused;
    pgl_rpc_send(&bench.rpc, &bench.endpoint, QUERY, &bench.calls[0], &bench.flow, &bench.left);
    pgl_rpc_send(&bench.rpc, &bench.endpoint, QUERY, &bench.calls[1], &bench.flow, &bench.left);
    assert_int_equal(bench.left, 1); /* the mailbox takes one */
    assert_true(bench.calls[0].is_out);
    assert_int_equal(bench.calls[1].call.status.code, PGL_EXHAUSTED);
    assert_false(bench.calls[1].is_out);
}

static void what_is_not_offered_is_refused_at_once(void **unused)
{
    (void)unused;
    pgl_rpc_send(&bench.rpc, &bench.endpoint, MISSING, &bench.calls[0], &bench.flow, &bench.left);
    bench.endpoint.flows = NULL;
    pgl_rpc_send(&bench.rpc, &bench.endpoint, FLOW, &bench.calls[1], &bench.flow, &bench.left);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bench.calls[i].call.status.code, PGL_UNIMPLEMENTED);
        assert_false(bench.calls[i].is_out);
    }
    assert_int_equal(bench.left, 0);
    assert_false(pgl_loop_has_news(&bench.answerer));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_flow_is_woken_by_its_last_answer),
        TEST(what_is_refused_at_once_is_not_waited_for),
        TEST(what_is_not_offered_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
