/*
 * rpc_far_test.c - a call is the same near and far: its answer, its status, its end in time; and
 * what the way itself may do to a far one.
 * Method: one service, of which both endpoints are made: by its mailbox, and by a gRPC server over
 * the twin's network. Every case runs over both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "contract/health.h"
#include "transport/grpc_pair_bench.h"
#include "transport/rpc_far.h"

static void take_flow(void *service, struct pgl_call *call);
static const struct pgl_method methods[HEALTH_METHOD_COUNT] = {
    [HEALTH_CHECK] = { PGL_METHOD_FLOW, .flow = take_flow },
};

static struct bench {
    struct pair pair;
    struct pgl_mailbox flows;
    struct pgl_rpc rpc, inner;
    struct pgl_far far;
    struct pgl_endpoint near_endpoint, far_endpoint;
    bool is_serving;

    /* The service: what it was asked, and how it answers. */
    struct pgl_call *held;
    bool holds;
    int asked;
    int lost_count; /* log lines that say so */
    pgl_status answer;
    char service[64];
    int64_t deadline_ns;

    /* The caller. */
    struct pgl_arena arena;
    struct pgl_flow flow;
    struct pgl_rpc_call call;
    HealthCheckRequest ask;
    HealthCheckResponse reply;
    int left;
    bool is_done;
} * bench;

/* ---- the service ---- */

static void answer(struct pgl_call *call)
{
    ((HealthCheckResponse *)call->reply)->status = HEALTH_CHECK_RESPONSE_SERVING;
    pgl_call_answer(call, bench->answer);
}

static void take_flow(void *service, struct pgl_call *call)
{
    (void)service;
    bench->asked++;
    bench->deadline_ns = call->deadline_ns;
    snprintf(bench->service, sizeof bench->service, "%s",
             ((const HealthCheckRequest *)call->ask)->service);
    if (bench->holds)
        bench->held = call;
    else
        answer(call);
}

static void take_call(void *owner, struct pgl_message *message)
{
    struct pgl_call *call = pgl_call_of(message);
    call->method->flow(owner, call);
}

/* ---- the listener: a call becomes a near one ---- */

struct served {
    struct pgl_flow flow;
    struct pgl_grpc_call *from;
    struct pgl_rpc_call call;
    int left;
};

static struct pgl_go served_ask(struct pgl_flow *flow)
{
    struct served *served = PGL_CONTAINER(flow, struct served, flow);
    pgl_rpc_send(&bench->inner, &bench->near_endpoint, served->from->method, &served->call, flow,
                 &served->left);
    return served->left > 0 ? pgl_wait(1) : pgl_go(1);
}

static struct pgl_go served_answer(struct pgl_flow *flow)
{
    (void)flow;
    return pgl_done();
}

static const struct pgl_step served_steps[] = { { "ask", served_ask, 0, 0 },
                                                { "answer", served_answer, 0, 0 } };

static void served_done(struct pgl_flow *flow)
{
    struct served *served = PGL_CONTAINER(flow, struct served, flow);
    pgl_grpc_answer(served->from, served->call.call.status, served->call.call.reply);
}

static void take(struct pgl_grpc_call *call, void *ask)
{
    struct served *served = pgl_arena_zalloc(call->arena, sizeof *served);
    assert_non_null(served);
    served->from = call;
    served->call.call =
        (struct pgl_call){ .ask = ask,
                           .reply = pgl_message_new(HEALTH_CHECK_RESPONSE_DESCRIPTOR, call->arena),
                           .arena = call->arena,
                           .deadline_ns = call->deadline_ns - PGL_GRPC_LATE_NS };
    call->owner = served;
    pgl_flow_start(&served->flow, &bench->pair.server_loop, served_steps, 0, served_done);
}

static void on_stop(struct pgl_grpc_call *call, pgl_status why)
{
    struct served *served = call->owner;
    (void)why;
    pgl_rpc_give_up(&served->call);
}

static void serve(void)
{
    static const struct pgl_grpc_handler handler = { .take = take, .on_stop = on_stop };
    static const struct pgl_grpc_method served[HEALTH_METHOD_COUNT] = {
        [HEALTH_CHECK] = { PGL_GRPC_UNARY, true, &handler, NULL },
    };
    static struct pgl_grpc_service service = { NULL, NULL, served };
    service.contract = HEALTH_DESCRIPTOR;
    struct pgl_grpc_server_options grpc = {
        .limits = PGL_GRPC_LIMITS_EDGE, .is_mesh = true, .services = &service, .service_count = 1
    };
    pair_serve(&bench->pair, &grpc, NULL);
    bench->is_serving = true;
}

/* As a process that dies: nobody is answered any more. */
static void stop_serving(void)
{
    pair_stop(&bench->pair);
    bench->is_serving = false;
}

/* ---- turns ---- */

static void turns(int64_t span_ns)
{
    pair_turns(&bench->pair, span_ns);
}

/* ---- the caller ---- */

static const struct pgl_endpoint *endpoint;

static struct pgl_go caller_ask(struct pgl_flow *flow)
{
    pgl_rpc_send(&bench->rpc, endpoint, HEALTH_CHECK, &bench->call, flow, &bench->left);
    return bench->left > 0 ? pgl_wait(1) : pgl_go(1);
}

static struct pgl_go caller_done(struct pgl_flow *flow)
{
    (void)flow;
    bench->is_done = true;
    return pgl_done();
}

static const struct pgl_step caller_steps[] = { { "ask", caller_ask, 0, 0 },
                                                { "done", caller_done, 0, 0 } };

static void on_done(struct pgl_flow *flow)
{
    (void)flow;
}

static void ask(int64_t within_ns)
{
    pgl_arena_reset(&bench->arena);
    bench->ask = (HealthCheckRequest)HEALTH_CHECK_REQUEST_INIT;
    bench->ask.service = pgl_message_string("x.y");
    bench->reply = (HealthCheckResponse)HEALTH_CHECK_RESPONSE_INIT;
    bench->call.call = (struct pgl_call){ .ask = &bench->ask,
                                          .reply = &bench->reply,
                                          .arena = &bench->arena,
                                          .deadline_ns = bench->pair.asker.now_ns + within_ns };
    bench->is_done = false;
    pgl_flow_start(&bench->flow, &bench->pair.asker, caller_steps, 0, on_done);
    turns(PGL_MILLISECONDS(20));
}

/* ---- the bench ---- */

static void log_write(struct pgl_platform *platform, struct pgl_text line)
{
    (void)platform;
    bench->lost_count +=
        memmem(line.data, line.size, "peer-lost peer=", strlen("peer-lost peer=")) != NULL;
}

static int open_bench(void **unused)
{
    (void)unused;
    bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    pair_open(&bench->pair);
    bench->pair.twin.platform.log_write = log_write;
    pgl_arena_init(&bench->arena, 4096, 1 << 20);
    pgl_mailbox_open(&bench->flows, &bench->pair.server_loop, 8, take_call, NULL);
    pgl_rpc_open(&bench->rpc, &bench->pair.asker);
    pgl_rpc_open(&bench->inner, &bench->pair.server_loop);
    bench->near_endpoint = (struct pgl_endpoint){ .service = HEALTH_DESCRIPTOR,
                                                  .methods = methods,
                                                  .flows = &bench->flows };
    pgl_far_open(&bench->far, &bench->pair.asker, "127.0.0.1", PAIR_PORT, NULL, NULL);
    bench->far_endpoint = (struct pgl_endpoint){ .service = HEALTH_DESCRIPTOR,
                                                 .methods = methods,
                                                 .far = &bench->far };
    serve();
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_far_close(&bench->far);
    if (bench->is_serving)
        stop_serving();
    pgl_arena_free(&bench->arena);
    pair_close(&bench->pair);
    free(bench);
    return 0;
}

#define BOTH                                                                                       \
    for (int is_far = 0;                                                                           \
         endpoint = is_far == 0 ? &bench->near_endpoint : &bench->far_endpoint, is_far < 2;        \
         is_far++)

/* ---- over both ---- */

static void an_answer_comes(void **unused)
{
    (void)unused;
    BOTH
    {
        ask(PGL_SECONDS(1));
        assert_true(bench->is_done);
        assert_int_equal(bench->call.call.status.code, PGL_CODE_OK);
        assert_int_equal(bench->reply.status, HEALTH_CHECK_RESPONSE_SERVING);
        assert_string_equal(bench->service, "x.y");
        assert_false(bench->call.is_out);
        assert_int_equal(bench->left, 0);
    }
    assert_int_equal(bench->asked, 2);
}

/* Every code of ours, though gRPC has fewer. */
static void a_status_keeps_its_code_and_its_text(void **unused)
{
    (void)unused;
    for (int code = PGL_CODE_OK + 1; code < PGL_CODE_COUNT; code++) {
        bench->answer = PGL_FAIL((enum pgl_code)code, "lines[1].sku: 100 % wrong, \xc3\xa9");
        BOTH
        {
            ask(PGL_SECONDS(1));
            assert_true(bench->is_done);
            assert_int_equal(bench->call.call.status.code, code);
            assert_string_equal(bench->call.call.status.text, bench->answer.text);
        }
        /* whatever the breaker thinks of it */
        pgl_twin_advance(&bench->pair.twin, PGL_SECONDS(10));
    }
}

static void a_deadline_shrinks_and_the_callee_minds_it(void **unused)
{
    (void)unused;
    bench->holds = true;
    BOTH
    {
        int64_t begun_ns = bench->pair.twin.now_ns;
        ask(PGL_SECONDS(1));
        assert_false(bench->is_done);
        assert_in_range(bench->deadline_ns, begun_ns + PGL_MILLISECONDS(900),
                        begun_ns + PGL_MILLISECONDS(1050));
        turns(PGL_MILLISECONDS(980)); /* it answers at the last moment */
        answer(bench->held);
        turns(PGL_MILLISECONDS(10));
        assert_true(bench->is_done);
        assert_int_equal(bench->call.call.status.code, PGL_CODE_OK);
    }
}

static void what_is_asked_with_no_time_is_asked_all_the_same(void **unused)
{
    (void)unused;
    BOTH
    {
        ask(-PGL_SECONDS(3)); /* for what is there at once */
        turns(PGL_MILLISECONDS(100));
        assert_int_equal(bench->call.call.status.code, PGL_CODE_OK);
    }
}

static void what_is_given_up_is_told_to_the_callee(void **unused)
{
    (void)unused;
    bench->holds = true;
    BOTH
    {
        ask(PGL_SECONDS(1));
        assert_false(pgl_call_is_given_up(bench->held));
        pgl_rpc_give_up(&bench->call);
        turns(PGL_MILLISECONDS(10));
        assert_true(pgl_call_is_given_up(bench->held));
        assert_int_equal(bench->is_done, is_far);
        answer(bench->held); /* as it does where it has begun; from afar it comes to nobody */
        turns(PGL_MILLISECONDS(10));
        assert_true(bench->is_done);
        assert_int_equal(bench->call.call.status.code, is_far ? PGL_CANCELLED : PGL_CODE_OK);
        pgl_rpc_give_up(&bench->call); /* too late for anything */
    }
    bench->holds = false;
    endpoint = &bench->far_endpoint;
    ask(PGL_SECONDS(1)); /* over the same connection */
    assert_int_equal(bench->call.call.status.code, PGL_CODE_OK);
    assert_int_equal(bench->far.client.channel.connection.connect_count, 1);
    assert_int_equal(pgl_counter_read(&bench->far.failures), 0);
}

static void what_waits_for_a_connection_can_be_given_up(void **unused)
{
    (void)unused;
    endpoint = &bench->far_endpoint;
    stop_serving();
    ask(PGL_SECONDS(3));
    pgl_rpc_give_up(&bench->call);
    turns(PGL_MILLISECONDS(10));
    assert_true(bench->is_done);
    assert_int_equal(bench->call.call.status.code, PGL_CANCELLED);
    serve();
    bench->pair.http.options.limits.exchanges_max = 0; /* and what waits for room */
    ask(PGL_SECONDS(3));
    turns(PGL_MILLISECONDS(100));
    assert_false(bench->is_done);
    pgl_rpc_give_up(&bench->call);
    turns(PGL_MILLISECONDS(10));
    assert_true(bench->is_done);
    bench->pair.http.options.limits.exchanges_max = 10;
    turns(PGL_SECONDS(1));
    assert_int_equal(bench->asked, 0);
}

static void what_is_not_offered_is_said(void **unused)
{
    (void)unused;
    static const struct pgl_method none[HEALTH_METHOD_COUNT];
    bench->near_endpoint.methods = none;
    BOTH
    {
        ask(PGL_SECONDS(1));
        assert_true(bench->is_done);
        assert_int_equal(bench->call.call.status.code, PGL_UNIMPLEMENTED);
    }
}

/* ---- of the way ---- */

static void who_does_not_answer_is_waited_for_and_no_longer(void **unused)
{
    (void)unused;
    endpoint = &bench->far_endpoint;
    bench->holds = true;
    ask(PGL_SECONDS(1));
    turns(PGL_MILLISECONDS(900));
    assert_false(bench->is_done);
    turns(PGL_SECONDS(1));
    assert_true(bench->is_done);
    assert_int_equal(bench->call.call.status.code, PGL_DEADLINE);
    answer(bench->held); /* it comes to nobody */
    turns(PGL_MILLISECONDS(50));
}

static void what_was_never_sent_is_sent_once_somebody_listens(void **unused)
{
    (void)unused;
    endpoint = &bench->far_endpoint;
    stop_serving();
    ask(PGL_SECONDS(3));
    turns(PGL_SECONDS(1));
    assert_false(bench->is_done);
    serve();
    turns(PGL_SECONDS(1) + PGL_MILLISECONDS(100));
    assert_true(bench->is_done);
    assert_int_equal(bench->call.call.status.code, PGL_CODE_OK);
    assert_int_equal(bench->asked, 1);
}

static void what_was_lost_on_the_way_is_not_sent_twice(void **unused)
{
    (void)unused;
    endpoint = &bench->far_endpoint;
    bench->holds = true;
    ask(PGL_SECONDS(3));
    assert_int_equal(bench->asked, 1);
    pgl_twin_break(bench->far.client.channel.connection.line->socket);
    turns(PGL_MILLISECONDS(500));
    assert_true(bench->is_done);
    assert_int_equal(bench->call.call.status.code, PGL_UNAVAILABLE);
    assert_int_equal(bench->asked, 1);
    answer(bench->held);
    turns(PGL_MILLISECONDS(50));
    bench->holds = false;
    ask(PGL_SECONDS(1)); /* over a new connection */
    turns(PGL_MILLISECONDS(100));
    assert_int_equal(bench->call.call.status.code, PGL_CODE_OK);
    assert_int_equal(bench->far.client.channel.connection.connect_count, 2);
}

/* The peer is asked again until it has room, and not as fast as both can. */
static void a_peer_without_room_is_asked_again_behind_a_pause(void **unused)
{
    (void)unused;
    endpoint = &bench->far_endpoint;
    bench->pair.http.options.limits.exchanges_max = 0;
    ask(PGL_SECONDS(3));
    turns(PGL_MILLISECONDS(480));
    assert_false(bench->is_done);
    assert_in_range(pgl_counter_read(&bench->pair.http.metrics.overloads), 10, 60);
    bench->pair.http.options.limits.exchanges_max = 10;
    turns(PGL_MILLISECONDS(20));
    assert_true(bench->is_done);
    assert_int_equal(bench->call.call.status.code, PGL_CODE_OK);
    assert_int_equal(bench->asked, 1);
}

static void a_peer_that_never_has_room_is_not_asked_for_ever(void **unused)
{
    (void)unused;
    endpoint = &bench->far_endpoint;
    bench->pair.http.options.limits.exchanges_max = 0;
    ask(PGL_MILLISECONDS(300));
    turns(PGL_SECONDS(1));
    assert_true(bench->is_done);
    assert_int_equal(bench->call.call.status.code, PGL_EXHAUSTED);
    uint64_t refused = pgl_counter_read(&bench->pair.http.metrics.overloads);
    turns(PGL_SECONDS(1));
    assert_int_equal(pgl_counter_read(&bench->pair.http.metrics.overloads), refused);
}

/* A peer that goes away answers what it has; what comes meanwhile waits for the next one. */
static void a_peer_that_drains_loses_nothing(void **unused)
{
    (void)unused;
    endpoint = &bench->far_endpoint;
    ask(PGL_SECONDS(1));
    pgl_http_server_drain(&bench->pair.http);
    turns(PGL_SECONDS(2));
    assert_true(pgl_http_server_is_idle(&bench->pair.http));
    ask(PGL_SECONDS(3));
    assert_false(bench->is_done);
    stop_serving();
    serve();
    turns(PGL_SECONDS(2));
    assert_true(bench->is_done);
    assert_int_equal(bench->call.call.status.code, PGL_CODE_OK);
    assert_int_equal(bench->asked, 2);
}

static void nobody_there_is_soon_not_asked_any_more(void **unused)
{
    (void)unused;
    endpoint = &bench->far_endpoint;
    stop_serving();
    bool is_at_once = false;
    for (int i = 0; i < 200 && !is_at_once; i++) {
        int64_t begun_ns = bench->pair.twin.now_ns;
        ask(0);
        while (!bench->is_done)
            turns(PGL_MILLISECONDS(10));
        assert_int_equal(bench->call.call.status.code, PGL_UNAVAILABLE);
        is_at_once = bench->pair.twin.now_ns - begun_ns <= PGL_MILLISECONDS(20);
        bench->far.breaker.rules.calls_min = 5; /* calls come one by one here */
    }
    assert_true(is_at_once);
    assert_int_equal(bench->lost_count, 1); /* however often it is asked */
    serve();
    turns(PGL_SECONDS(3));
    for (int i = 0; i < 10; i++) {
        ask(PGL_SECONDS(1));
        turns(PGL_SECONDS(1));
    }
    assert_int_equal(bench->call.call.status.code, PGL_CODE_OK);
    stop_serving();
    ask(0);
    turns(PGL_SECONDS(2));
    assert_int_equal(bench->lost_count, 2); /* it had answered in between */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_comes),
        TEST(a_status_keeps_its_code_and_its_text),
        TEST(a_deadline_shrinks_and_the_callee_minds_it),
        TEST(what_is_asked_with_no_time_is_asked_all_the_same),
        TEST(what_is_given_up_is_told_to_the_callee),
        TEST(what_waits_for_a_connection_can_be_given_up),
        TEST(what_is_not_offered_is_said),
        TEST(who_does_not_answer_is_waited_for_and_no_longer),
        TEST(what_was_never_sent_is_sent_once_somebody_listens),
        TEST(what_was_lost_on_the_way_is_not_sent_twice),
        TEST(a_peer_without_room_is_asked_again_behind_a_pause),
        TEST(a_peer_that_never_has_room_is_not_asked_for_ever),
        TEST(a_peer_that_drains_loses_nothing),
        TEST(nobody_there_is_soon_not_asked_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
