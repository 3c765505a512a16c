/*
 * interop_server.c - a gRPC server over our transport that serves what gRPC's interop clients ask
 * for, and an echo for benches.
 *
 * Usage:   interop_server [port]. Says "listening on PORT" and ends with SIGTERM.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "interop_service.h"
#include "platform/real/real.h"
#include "runtime/thread.h"
#include "transport/grpc_listener.h"

static struct pgl_thread thread;
static struct pgl_loop loop;
static struct pgl_http_server http;
static struct pgl_grpc_server grpc;

static bool work(void *owner)
{
    return pgl_http_server_work(owner);
}

static void serve(void *argument)
{
    (void)argument;
    pgl_status status = pgl_thread_run(&thread);
    PGL_ASSERT(pgl_is_ok(status));
}

static void open_loop(struct pgl_platform *platform)
{
    thread.name = "grpc";
    thread.waiter = platform->waiter_open(platform);
    PGL_ASSERT(thread.waiter != NULL);
    pgl_loop_init(&loop, "grpc", platform, thread.waiter);
    thread.loops[thread.loop_count++] = &loop;
    loop.work = work;
    loop.owner = &http;
}

static pgl_status open_servers(uint16_t port)
{
    struct pgl_grpc_server_options grpc_options = { .limits = PGL_GRPC_LIMITS_EDGE,
                                                    .services = interop_services,
                                                    .service_count = 2 };
    struct pgl_http_server_options http_options = pgl_grpc_listener_options(&grpc);
    grpc_options.limits.deadline_usual_ns = PGL_SECONDS(30);
    grpc_options.limits.pack_bytes_min = 0;         /* what is to be packed is */
    http_options.limits.http2.resets_burst = 10000; /* who cancels by the hundred tests that */
    http_options.limits.requests_per_connection_max = UINT32_MAX;
    http_options.limits.connects_per_client_burst = 1000;
    http_options.limits.connections_per_client_max = 1000;
    pgl_grpc_server_open(&grpc, &loop, &grpc_options);
    return pgl_http_server_open(&http, &loop, "127.0.0.1", port, &http_options);
}

int main(int argc, char **argv)
{
    struct pgl_platform *platform = pgl_real_open();
    struct pgl_real_thread *running;
    uint16_t port = argc > 1 ? (uint16_t)strtoul(argv[1], NULL, 10) : 0;
    pgl_real_signals_take();
    open_loop(platform);
    pgl_status status = open_servers(port);
    if (pgl_is_ok(status))
        status = pgl_real_thread_start("grpc", serve, NULL, &running);
    if (!pgl_is_ok(status)) {
        fprintf(stderr, "interop_server: %s\n", status.text);
        return 1;
    }
    printf("listening on %u\n", pgl_http_server_port(&http));
    fflush(stdout);
    pgl_real_signals_wait();
    pgl_thread_stop(&thread);
    pgl_real_thread_join(running);
    return 0;
}
