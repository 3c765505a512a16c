/*
 * edge_echo.c - what the HTTP layer itself costs: a server that answers at once and clients that
 * ask at once, over real loopback sockets, a thread each.
 *
 * Promise: the server's own work is at most 5 us a request beside its system calls; the client
 *          needs less
 * than 12 us for a request and its answer, so that it measures others and not itself.
 *
 * Usage:   edge_echo [connections [seconds]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/assert.h"
#include "platform/real/real.h"
#include "runtime/thread.h"
#include "transport/http_client.h"
#include "transport/http_server.h"

#define CONNECTIONS_MAX 1000

struct asker {
    struct pgl_flow flow; /* first */
    struct pgl_http_client client;
    struct bench *bench;
    int64_t sent_ns;
};

struct bench {
    struct pgl_platform *platform;
    struct pgl_thread server_thread, client_thread;
    struct pgl_loop server_loop, client_loop;
    struct pgl_http_server server;
    int64_t until_ns;
    uint64_t answers;
    int64_t waited_ns;
    int asking;
    struct asker askers[CONNECTIONS_MAX];
};

enum step { ASK, HEAR };

static struct pgl_go ask(struct pgl_flow *flow)
{
    static const struct pgl_text request = PGL_TEXT(
        "POST /api/v1/orders HTTP/1.1\r\nHost: localhost:8080\r\n"
        "Authorization: Bearer 0123456789012345678901234567890123456789012345678901234567890123\r\n"
        "Content-Type: application/json\r\nIdempotency-Key: "
        "0190c1d2-7c1e-7000-8000-000000000001\r\n"
        "Content-Length: 64\r\n\r\n"
        "{\"lines\":[{\"sku\":\"SKU-0000000001\",\"quantity\":1}],\"note\":\"12345\"}");
    struct asker *asker = (struct asker *)flow;
    if (flow->loop->now_ns >= asker->bench->until_ns)
        return pgl_done();
    asker->sent_ns = flow->loop->now_ns;
    pgl_http_client_send_bytes(&asker->client, request, false);
    return pgl_wait(HEAR);
}

static struct pgl_go hear(struct pgl_flow *flow)
{
    struct asker *asker = (struct asker *)flow;
    if (asker->client.stage == PGL_HTTP_CLIENT_FAILED) {
        fprintf(stderr, "a request failed: %s\n", asker->client.status.text);
        exit(1);
    }
    if (asker->client.stage != PGL_HTTP_CLIENT_ANSWERED)
        return pgl_wait(HEAR);
    PGL_ASSERT(asker->client.head.status == 201 && asker->client.body.size == 64);
    asker->bench->answers++;
    asker->bench->waited_ns += flow->loop->now_ns - asker->sent_ns;
    return pgl_go(ASK);
}

static void asker_done(struct pgl_flow *flow)
{
    struct bench *bench = ((struct asker *)flow)->bench;
    pgl_http_client_free(&((struct asker *)flow)->client);
    if (--bench->asking == 0)
        pgl_thread_stop(&bench->client_thread);
}

static const struct pgl_step steps[] = {
    [ASK] = { "ask", ask, 0, ASK },
    [HEAR] = { "hear", hear, 0, ASK },
};

/* ---- the server ---- */

static void answer(void *owner, struct pgl_http_exchange *exchange)
{
    static const struct pgl_http_field fields[] = {
        { { "content-type", 12 }, { "application/json", 16 } },
        { { "x-request-id", 12 }, { "0190c1d2-7c1e-7000-8000-000000000001", 36 } },
    };
    (void)owner;
    pgl_http_respond(exchange, 201, fields, 2, exchange->body);
}

static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason)
{
    (void)owner;
    pgl_http_respond(exchange, status, NULL, 0, pgl_text_of(reason));
}

static bool work(void *owner)
{
    return pgl_http_server_work(owner);
}

static void serve(void *argument)
{
    struct bench *bench = argument;
    pgl_status status = pgl_thread_run(&bench->server_thread);
    PGL_ASSERT(pgl_is_ok(status));
}

static void open_loop(struct bench *bench, struct pgl_thread *thread, struct pgl_loop *loop,
                      const char *name)
{
    thread->name = name;
    thread->waiter = bench->platform->waiter_open(bench->platform);
    PGL_ASSERT(thread->waiter != NULL);
    pgl_loop_init(loop, name, bench->platform, thread->waiter);
    thread->loops[thread->loop_count++] = loop;
}

static void open_server(struct bench *bench)
{
    struct pgl_http_server_options options = { .limits = PGL_HTTP_LIMITS_DEFAULT,
                                               .on_request = answer,
                                               .refuse = refuse };
    options.limits.connections_per_client_max = CONNECTIONS_MAX;
    options.limits.connects_per_client_burst = CONNECTIONS_MAX;
    options.limits.requests_per_connection_max = UINT32_MAX;
    open_loop(bench, &bench->server_thread, &bench->server_loop, "edge");
    pgl_status status =
        pgl_http_server_open(&bench->server, &bench->server_loop, "127.0.0.1", 0, &options);
    PGL_ASSERT(pgl_is_ok(status));
    bench->server_loop.work = work;
    bench->server_loop.owner = &bench->server;
}

static void open_askers(struct bench *bench, int connections)
{
    open_loop(bench, &bench->client_thread, &bench->client_loop, "load");
    for (bench->asking = 0; bench->asking < connections; bench->asking++) {
        struct asker *asker = &bench->askers[bench->asking];
        asker->bench = bench;
        pgl_http_client_init(&asker->client, &bench->client_loop, 4096);
        pgl_status status = pgl_http_client_connect(&asker->client, "127.0.0.1",
                                                    pgl_http_server_port(&bench->server));
        PGL_ASSERT(pgl_is_ok(status));
        asker->client.flow = &asker->flow;
        pgl_flow_start(&asker->flow, &bench->client_loop, steps, ASK, asker_done);
    }
}

/* Microseconds of user and of system time. */
struct cpu {
    double user_us, system_us;
};

static struct cpu cpu_of(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (struct cpu){ (double)usage.ru_utime.tv_sec * 1e6 + (double)usage.ru_utime.tv_usec,
                         (double)usage.ru_stime.tv_sec * 1e6 + (double)usage.ru_stime.tv_usec };
}

int main(int argc, char **argv)
{
    int connections = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 32;
    int seconds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 3;
    struct bench *bench = calloc(1, sizeof *bench);
    struct pgl_real_thread *thread;
    PGL_ASSERT(bench != NULL && connections > 0 && connections <= CONNECTIONS_MAX);
    bench->platform = pgl_real_open();
    open_server(bench);
    open_askers(bench, connections);
    bench->until_ns = pgl_clock_monotonic_ns(&bench->platform->clock) + PGL_SECONDS(1) * seconds;

    pgl_status status = pgl_real_thread_start("edge", serve, bench, &thread);
    PGL_ASSERT(pgl_is_ok(status));
    status = pgl_thread_run(&bench->client_thread);
    PGL_ASSERT(pgl_is_ok(status));
    struct cpu client = cpu_of(RUSAGE_THREAD), both = cpu_of(RUSAGE_SELF);
    pgl_thread_stop(&bench->server_thread);
    pgl_real_thread_join(thread);

    double answers = (double)bench->answers;
    printf("connections=%d requests_per_s=%.0f mean_us=%.0f\n", connections, answers / seconds,
           (double)bench->waited_ns / answers / 1000);
    printf("server_user_us=%.2f server_system_us=%.2f\n", (both.user_us - client.user_us) / answers,
           (both.system_us - client.system_us) / answers);
    printf("client_user_us=%.2f client_system_us=%.2f\n", client.user_us / answers,
           client.system_us / answers);
    pgl_http_server_cut(&bench->server);
    pgl_http_server_close(&bench->server);
    free(bench);
    return 0;
}
