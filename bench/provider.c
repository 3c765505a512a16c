/*
 * provider.c - what `panglot provider` takes and costs: 64 connections that create, confirm and
 * capture, each request with a key of its own, over real loopback sockets and on a real disk.
 *
 * Promise: 6,000 requests a second for half a core. (The client has a thread of its own.)
 *
 * Usage:   provider [folder [connections [seconds]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "app/provider/provider.h"
#include "base/assert.h"
#include "base/time.h"
#include "platform/real/real.h"
#include "store/database.h"
#include "store/vfs.h"

#define CONNECTIONS_MAX 1000

struct payer {
    struct pgl_flow flow;
    struct pgl_http_client client;
    struct bench *bench;
    int number, step, payments;
    char handle[32];
};

struct bench {
    struct pgl_platform *platform;
    struct pgl_thread thread;
    struct pgl_loop loop;
    struct pgl_provider provider;
    int64_t until_ns;
    uint64_t run; /* keys of another run in the same folder would be answered from memory */
    uint64_t answers;
    int paying;
    struct payer payers[CONNECTIONS_MAX];
};

enum { ASK, HEAR };
enum { CREATE, CONFIRM, CAPTURE, STEPS };

static struct pgl_go ask(struct pgl_flow *flow)
{
    struct payer *payer = PGL_CONTAINER(flow, struct payer, flow);
    static const char *const verbs[STEPS] = { "", "/confirm", "/capture" };
    char target[80], form[256] = "", key[64];
    if (payer->step == CREATE && flow->loop->now_ns >= payer->bench->until_ns)
        return pgl_done();
    snprintf(target, sizeof target, "/v1/payment_intents%s%s%s", payer->step == CREATE ? "" : "/",
             payer->step == CREATE ? "" : payer->handle, verbs[payer->step]);
    snprintf(key, sizeof key, "%llx-%d-%d-%d", (unsigned long long)payer->bench->run, payer->number,
             payer->payments, payer->step);
    if (payer->step == CREATE)
        snprintf(form, sizeof form,
                 "amount=1999&currency=eur&capture_method=manual&payment_method=pm_card_visa"
                 "&payment_method_types[]=card&metadata[order_id]=%d-%d",
                 payer->number, payer->payments);
    const struct pgl_http_field fields[] = {
        { PGL_TEXT("Authorization"), PGL_TEXT("Bearer " PGL_PROVIDER_KEY) },
        { PGL_TEXT("Idempotency-Key"), pgl_text_of(key) },
        { PGL_TEXT("Content-Type"), PGL_TEXT("application/x-www-form-urlencoded") },
    };
    const struct pgl_http1_request request = { .method = PGL_TEXT("POST"),
                                               .target = pgl_text_of(target),
                                               .host = PGL_TEXT("localhost"),
                                               .content_length = (int64_t)strlen(form),
                                               .fields = fields,
                                               .field_count = 3 };
    pgl_status sent = pgl_http_client_send(&payer->client, &request, pgl_text_of(form));
    PGL_ASSERT(pgl_is_ok(sent));
    return pgl_wait(HEAR);
}

static struct pgl_go hear(struct pgl_flow *flow)
{
    struct payer *payer = PGL_CONTAINER(flow, struct payer, flow);
    PGL_ASSERT(payer->client.stage != PGL_HTTP_CLIENT_FAILED);
    if (payer->client.stage != PGL_HTTP_CLIENT_ANSWERED)
        return pgl_wait(HEAR);
    PGL_ASSERT(payer->client.head.status == 200);
    if (payer->step == CREATE) /* {"id":"pi_... */
        snprintf(payer->handle, sizeof payer->handle, "%.27s", payer->client.body.data + 7);
    payer->bench->answers++;
    payer->step = (payer->step + 1) % STEPS;
    payer->payments += payer->step == CREATE;
    return pgl_go(ASK);
}

static const struct pgl_step steps[] = {
    [ASK] = { "ask", ask, 0, ASK },
    [HEAR] = { "hear", hear, 0, ASK },
};

static void payer_done(struct pgl_flow *flow)
{
    struct payer *payer = PGL_CONTAINER(flow, struct payer, flow);
    pgl_http_client_free(&payer->client);
    if (--payer->bench->paying == 0)
        pgl_thread_stop(&payer->bench->thread);
}

static void open_payers(struct bench *bench, int connections)
{
    bench->thread.waiter = bench->platform->waiter_open(bench->platform);
    PGL_ASSERT(bench->thread.waiter != NULL);
    pgl_loop_init(&bench->loop, "payers", bench->platform, bench->thread.waiter);
    bench->thread.loops[bench->thread.loop_count++] = &bench->loop;
    for (bench->paying = 0; bench->paying < connections; bench->paying++) {
        struct payer *payer = &bench->payers[bench->paying];
        payer->bench = bench;
        payer->number = bench->paying;
        pgl_http_client_init(&payer->client, &bench->loop, 65536);
        pgl_status status = pgl_http_client_connect(
            &payer->client, "127.0.0.1", pgl_http_server_port(&bench->provider.face.http));
        PGL_ASSERT(pgl_is_ok(status));
        payer->client.flow = &payer->flow;
        pgl_flow_start(&payer->flow, &bench->loop, steps, ASK, payer_done);
    }
}

static void serve(void *argument)
{
    pgl_status status = pgl_thread_run(argument);
    PGL_ASSERT(pgl_is_ok(status));
}

static double cpu_s(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    int connections = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 64;
    int seconds = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 5;
    struct bench *bench = calloc(1, sizeof *bench);
    struct pgl_real_thread *threads[PGL_PROVIDER_THREADS];
    PGL_ASSERT(bench != NULL && connections > 0 && connections <= CONNECTIONS_MAX);
    pgl_store_start();
    PGL_ASSERT(pgl_is_ok(pgl_vfs_register("panglot", NULL)));
    bench->platform = pgl_real_open();
    struct pgl_provider_options options = { .data = argc > 1 ? argv[1] : "build/bench-provider",
                                            .vfs_name = "panglot",
                                            .bank = pgl_bank_defaults(),
                                            .face = { .host = "127.0.0.1" } };
    pgl_faults_init(&options.face.faults);
    bench->run = options.bank.seed = pgl_entropy_u64(&bench->platform->entropy);
    PGL_ASSERT(pgl_is_ok(pgl_provider_open(&bench->provider, bench->platform, &options)));
    open_payers(bench, connections);
    bench->until_ns = pgl_clock_monotonic_ns(&bench->platform->clock) + PGL_SECONDS(1) * seconds;
    for (int t = 0; t < PGL_PROVIDER_THREADS; t++)
        PGL_ASSERT(pgl_is_ok(
            pgl_real_thread_start("provider", serve, &bench->provider.threads[t], &threads[t])));
    PGL_ASSERT(pgl_is_ok(pgl_thread_run(&bench->thread)));
    double provider_s = cpu_s(RUSAGE_SELF) - cpu_s(RUSAGE_THREAD);
    pgl_provider_stop(&bench->provider);
    for (int t = 0; t < PGL_PROVIDER_THREADS; t++)
        pgl_real_thread_join(threads[t]);
    pgl_provider_close(&bench->provider);
    bench->thread.waiter->ops->close(bench->thread.waiter);
    printf("connections=%d requests_per_s=%.0f cpu_us=%.1f cores=%.2f\n", connections,
           (double)bench->answers / seconds, provider_s * 1e6 / (double)bench->answers,
           provider_s / seconds);
    free(bench);
    return 0;
}
