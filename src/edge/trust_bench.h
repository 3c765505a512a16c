/*
 * trust_bench.h - for tests: an edge that knows who is asking, on the twin. Identity and the loop
 * that fetches keys are the test's; what they are asked is kept until it answers.
 */
#ifndef PGL_EDGE_TRUST_BENCH_H
#define PGL_EDGE_TRUST_BENCH_H

#include <stdlib.h>

#include "contract/identity.h"
#include "edge/trust.h"
#include "platform/twin.h"
#include "wire/jwt.h"
#include "wire/jwt_cache.h"

#define BENCH_HELD_MAX 8
#define BENCH_WISHES   16

struct trust_bench {
    struct pgl_twin twin;
    struct pgl_waiter *waiter;
    struct pgl_loop loop;
    struct pgl_edge edge;
    struct edge_trust trust;

    /* Identity. */
    struct pgl_mailbox flows;
    struct pgl_call *verify[BENCH_HELD_MAX], *watch, *note;
    int verify_count, verify_asked, watch_asked, note_asked;

    /* The fetcher, which has issuers 1 and up. */
    struct pgl_mailbox wishes, told;
    struct edge_key_wish *wish[BENCH_WISHES];
    int wish_count, told_count;

    struct pgl_key signers[2];
    struct pgl_arena arena;
};

static struct trust_bench *bench;

/* ---- the service ---- */

static void take_verify(void *service, struct pgl_call *call)
{
    (void)service;
    assert_in_range(bench->verify_count, 0, BENCH_HELD_MAX - 1);
    bench->verify[bench->verify_count++] = call;
    bench->verify_asked++;
}

static void take_watch(void *service, struct pgl_call *call)
{
    (void)service;
    assert_null(bench->watch); /* one at a time */
    bench->watch = call;
    bench->watch_asked++;
}

static void take_note(void *service, struct pgl_call *call)
{
    (void)service;
    bench->note = call;
    bench->note_asked++;
}

static const struct pgl_method bench_methods[IDENTITY_SERVICE_METHOD_COUNT] = {
    [IDENTITY_SERVICE_VERIFY_KEY] = { PGL_METHOD_FLOW, .flow = take_verify },
    [IDENTITY_SERVICE_WATCH_KEYS] = { PGL_METHOD_FLOW, .flow = take_watch },
    [IDENTITY_SERVICE_NOTE_KEY_USE] = { PGL_METHOD_FLOW, .flow = take_note },
};

static void take_call(void *owner, struct pgl_message *message)
{
    struct pgl_call *call = pgl_call_of(message);
    call->method->flow(owner, call);
}

static void take_wish(void *owner, struct pgl_message *message)
{
    (void)owner;
    assert_in_range(bench->wish_count, 0, BENCH_WISHES - 1);
    bench->wish[bench->wish_count++] = PGL_CONTAINER(message, struct edge_key_wish, message);
}

static void take_told(void *owner, struct pgl_message *message)
{
    (void)owner;
    (void)message;
    bench->told_count++;
}

/* ---- time ---- */

/* All that is due until then. */
static inline void bench_run(int64_t span_ns)
{
    int64_t until_ns = bench->twin.now_ns + span_ns;
    for (;;) {
        bool has_more = true;
        while (has_more) {
            has_more = pgl_loop_turn(&bench->loop);
            pgl_twin_note_news(&bench->twin);
            has_more |= pgl_loop_has_news(&bench->loop);
        }
        int64_t next_ns = pgl_loop_next_ns(&bench->loop);
        if (bench->twin.now_ns >= until_ns)
            return;
        int64_t at_ns = next_ns < until_ns ? next_ns : until_ns;
        pgl_twin_advance(&bench->twin, at_ns > bench->twin.now_ns ? at_ns - bench->twin.now_ns : 1);
    }
}

/* ---- opening ---- */

/* Issuer 0 is ours, with the first signer's key; issuer 1 has no keys yet, and a document. */
static inline int bench_open(void **unused)
{
    (void)unused;
    static const struct pgl_jwt_policy policy = { .audience = { "shop", 4 },
                                                  .leeway_ns = PGL_JWT_LEEWAY_DEFAULT_NS,
                                                  .lifetime_max_ns = PGL_JWT_LIFETIME_MAX_NS };
    struct edge_limits_options limits = EDGE_LIMITS_DEFAULT;
    struct edge_trust_options options = { .policies = { policy, policy },
                                          .issuer_count = 2,
                                          .tokens_max = 64,
                                          .lockout = PGL_LOCKOUT_OPTIONS_DEFAULT };
    options.policies[0].issuer = PGL_TEXT("ours");
    options.policies[1].issuer = PGL_TEXT("theirs");
    bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    pgl_twin_open(&bench->twin, 1);
    bench->waiter = bench->twin.platform.waiter_open(&bench->twin.platform);
    pgl_loop_init(&bench->loop, "edge", &bench->twin.platform, bench->waiter);
    pgl_arena_init(&bench->arena, 4096, 1 << 20);
    pgl_mailbox_open(&bench->flows, &bench->loop, BENCH_HELD_MAX, take_call, NULL);
    pgl_mailbox_open(&bench->wishes, &bench->loop, BENCH_WISHES, take_wish, NULL);
    pgl_mailbox_open(&bench->told, &bench->loop, 0, take_told, NULL);
    bench->edge.loop = &bench->loop;
    bench->edge.trust = &bench->trust;
    bench->edge.identity = (struct pgl_endpoint){ .service = IDENTITY_SERVICE_DESCRIPTOR,
                                                  .methods = bench_methods,
                                                  .flows = &bench->flows };
    pgl_rpc_open(&bench->edge.rpc, &bench->loop);
    assert_true(pgl_is_ok(edge_limits_open(&bench->edge.limits, &limits, &bench->twin.platform)));
    assert_true(pgl_is_ok(edge_trust_open(&bench->trust, &bench->edge, &options)));
    bench->trust.state[1].fetcher = &bench->wishes;
    for (int i = 0; i < 2; i++)
        assert_true(pgl_is_ok(pgl_key_generate(&bench->signers[i])));
    struct pgl_key_set ours;
    pgl_key_set_init(&ours);
    assert_true(pgl_is_ok(pgl_key_set_add(&ours, &bench->signers[0])));
    edge_trust_put_keys(&bench->trust, 0, &ours);
    bench_run(0);
    return 0;
}

static inline int bench_close(void **unused)
{
    (void)unused;
    edge_trust_close(&bench->trust);
    edge_limits_close(&bench->edge.limits);
    for (int i = 0; i < 2; i++)
        pgl_key_close(&bench->signers[i]);
    pgl_arena_free(&bench->arena);
    bench->waiter->ops->close(bench->waiter);
    pgl_twin_close(&bench->twin);
    free(bench);
    return 0;
}

#endif
