/*
 * grpc_pair_bench.h - for tests: a loop that calls and a loop that serves, on one twin, with a gRPC
 * server over its network. A test that includes it includes cmocka first.
 */
#ifndef PGL_TRANSPORT_GRPC_PAIR_BENCH_H
#define PGL_TRANSPORT_GRPC_PAIR_BENCH_H

#include "platform/twin.h"
#include "transport/grpc_listener.h"

#define PAIR_PORT 7000

struct pair {
    struct pgl_twin twin;
    struct pgl_waiter *waiter;
    struct pgl_loop asker, server_loop;
    struct pgl_http_server http;
    struct pgl_grpc_server grpc;
};

static inline void pair_open(struct pair *pair)
{
    pgl_twin_open(&pair->twin, 1);
    pair->waiter = pair->twin.platform.waiter_open(&pair->twin.platform);
    pgl_loop_init(&pair->asker, "asker", &pair->twin.platform, pair->waiter);
    pgl_loop_init(&pair->server_loop, "server", &pair->twin.platform, pair->waiter);
}

/* Whoever serves has stopped. */
static inline void pair_close(struct pair *pair)
{
    pair->waiter->ops->close(pair->waiter);
    pgl_twin_close(&pair->twin);
}

static inline bool pair_work(void *owner)
{
    return pgl_http_server_work(owner);
}

/* `http` NULL: gRPC's own. */
static inline void pair_serve(struct pair *pair, const struct pgl_grpc_server_options *grpc,
                              const struct pgl_http_server_options *http)
{
    const struct pgl_http_server_options usual = pgl_grpc_listener_options(&pair->grpc);
    pgl_grpc_server_open(&pair->grpc, &pair->server_loop, grpc);
    pgl_status opened = pgl_http_server_open(&pair->http, &pair->server_loop, "127.0.0.1",
                                             PAIR_PORT, http != NULL ? http : &usual);
    assert_string_equal(opened.text, "");
    pair->server_loop.work = pair_work;
    pair->server_loop.owner = &pair->http;
}

/* As a process that dies: nobody is answered any more. */
static inline void pair_stop(struct pair *pair)
{
    pair->server_loop.work = NULL;
    pgl_http_server_cut(&pair->http);
    pgl_http_server_close(&pair->http);
    pgl_grpc_server_close(&pair->grpc);
}

/* All that happens in so much time. */
static inline void pair_turns(struct pair *pair, int64_t span_ns)
{
    for (int64_t until_ns = pair->twin.now_ns + span_ns;;) {
        bool was_any = true;
        while (was_any) {
            pgl_twin_note_news(&pair->twin);
            was_any = pgl_loop_turn(&pair->asker);
            was_any |= pgl_loop_turn(&pair->server_loop);
            pgl_twin_note_news(&pair->twin);
            was_any |= pgl_loop_has_news(&pair->asker) || pgl_loop_has_news(&pair->server_loop);
        }
        if (pair->twin.now_ns >= until_ns)
            return;
        pgl_twin_advance(&pair->twin, PGL_MILLISECONDS(5));
    }
}

#endif
