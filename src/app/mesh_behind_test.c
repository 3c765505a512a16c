/*
 * mesh_behind_test.c - does the gateway hear that a log elsewhere has readers far behind, and for
 * how long does it believe so?
 * Method: one loop asks, another is the log and says what the test wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/mesh_behind.h"
#include "platform/twin.h"

static struct bench {
    struct pgl_twin twin;
    struct pgl_waiter *waiter;
    struct pgl_loop gateway, process;
    struct pgl_rpc rpc;
    struct pgl_mailbox calls;
    struct pgl_mesh_behind behind;
    pgl_status status;
    bool says_behind;
    int asked;
} bench;

static void read_method(void *service, struct pgl_call *call)
{
    (void)service;
    const ReadRequest *ask = call->ask;
    ReadResponse *reply = call->reply;
    assert_true(ask->after < 0);
    assert_int_equal(ask->max, 1);
    bench.asked++;
    reply->behind = bench.says_behind;
    pgl_call_answer(call, bench.status);
}

static const struct pgl_method methods[EVENT_LOG_SERVICE_METHOD_COUNT] = {
    [EVENT_LOG_SERVICE_READ] = { PGL_METHOD_FLOW, .flow = read_method },
};

static void take_call(void *owner, struct pgl_message *message)
{
    pgl_call_of(message)->method->flow(owner, pgl_call_of(message));
}

static int open_bench(void **unused)
{
    (void)unused;
    bench = (struct bench){ .status = PGL_OK };
    pgl_twin_open(&bench.twin, 1);
    bench.waiter = bench.twin.platform.waiter_open(&bench.twin.platform);
    pgl_loop_init(&bench.gateway, "gateway", &bench.twin.platform, bench.waiter);
    pgl_loop_init(&bench.process, "process", &bench.twin.platform, bench.waiter);
    pgl_rpc_open(&bench.rpc, &bench.gateway);
    pgl_mailbox_open(&bench.calls, &bench.process, 4, take_call, NULL);
    struct pgl_endpoint log = { .methods = methods, .flows = &bench.calls };
    pgl_mesh_behind_start(&bench.behind, &bench.rpc, log);
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_mesh_behind_close(&bench.behind);
    bench.waiter->ops->close(bench.waiter);
    pgl_twin_close(&bench.twin);
    return 0;
}

static bool after(int64_t ns)
{
    bench.twin.now_ns += ns;
    for (int i = 0; i < 4; i++) {
        while (pgl_loop_turn(&bench.gateway))
            ;
        while (pgl_loop_turn(&bench.process))
            ;
    }
    return atomic_load(&bench.behind.is_behind);
}

static void what_the_log_says_is_known_after_a_pause(void **unused)
{
    (void)unused;
    assert_false(after(0));
    assert_int_equal(bench.asked, 1);
    bench.says_behind = true;
    assert_false(after(PGL_MESH_BEHIND_PAUSE_NS / 2)); /* it is not asked all the time */
    assert_int_equal(bench.asked, 1);
    assert_true(after(PGL_MESH_BEHIND_PAUSE_NS / 2 + 1));
    bench.says_behind = false;
    assert_false(after(PGL_MESH_BEHIND_PAUSE_NS + 1));
    assert_int_equal(bench.asked, 3);
}

static void what_was_known_holds_a_while(void **unused)
{
    (void)unused;
    bench.says_behind = true;
    assert_true(after(0));
    bench.status = PGL_FAIL(PGL_UNAVAILABLE, "gone");
    for (int64_t ns = 0; ns < PGL_MESH_BEHIND_HOLD_NS / 2; ns += PGL_MESH_BEHIND_PAUSE_NS)
        assert_true(after(PGL_MESH_BEHIND_PAUSE_NS + 1));
    assert_false(after(PGL_MESH_BEHIND_HOLD_NS));
    bench.status = PGL_OK;
    assert_true(after(PGL_MESH_BEHIND_PAUSE_NS + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_log_says_is_known_after_a_pause, open_bench,
                                        close_bench),
        cmocka_unit_test_setup_teardown(what_was_known_holds_a_while, open_bench, close_bench),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
