/*
 * grpc_echo.c - a gRPC server with one method, which says what it was told: for edge.py, beside the
 * same in another's (grpc_peer.cc).
 *
 * Prints its port, and serves until it is killed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "contract/health.h"
#include "platform/real/real.h"
#include "runtime/thread.h"
#include "transport/grpc_listener.h"

static struct {
    struct pgl_thread thread;
    struct pgl_loop loop;
    struct pgl_http_server http;
    struct pgl_grpc_server grpc;
} echo;

/* ---- the method: a message with one string, and that message back ---- */

static void take(struct pgl_grpc_call *call, void *ask)
{
    pgl_grpc_answer(call, PGL_OK, ask);
}

static const struct pgl_grpc_handler handler = { .take = take };
static const struct pgl_grpc_method methods[] = { { .kind = PGL_GRPC_UNARY, .handler = &handler } };

static struct pgl_grpc_service service(void)
{
    static ProtobufCMethodDescriptor method = { .name = "Echo" };
    static const unsigned by_name[] = { 0 };
    static ProtobufCServiceDescriptor contract = { .magic = PROTOBUF_C__SERVICE_DESCRIPTOR_MAGIC,
                                                   .name = "bench.Echo",
                                                   .short_name = "Echo",
                                                   .n_methods = 1,
                                                   .methods = &method,
                                                   .method_indices_by_name = by_name };
    method.input = method.output = HEALTH_CHECK_REQUEST_DESCRIPTOR;
    return (struct pgl_grpc_service){ .contract = &contract, .methods = methods };
}

/* ---- the server ---- */

static bool work(void *owner)
{
    (void)owner;
    return pgl_http_server_work(&echo.http);
}

int main(void)
{
    struct pgl_platform *platform = pgl_real_open();
    const struct pgl_grpc_service services[] = { service() };
    const struct pgl_grpc_server_options grpc = { .limits = PGL_GRPC_LIMITS_EDGE,
                                                  .services = services,
                                                  .service_count = 1 };
    struct pgl_http_server_options http = pgl_grpc_listener_options(&echo.grpc);
    http.limits.connects_per_client_burst = http.limits.connections_max;
    http.limits.requests_per_connection_max = UINT32_MAX;
    echo.thread.waiter = platform->waiter_open(platform);
    PGL_ASSERT(echo.thread.waiter != NULL);
    pgl_loop_init(&echo.loop, "edge", platform, echo.thread.waiter);
    echo.thread.loops[echo.thread.loop_count++] = &echo.loop;
    echo.loop.work = work;
    pgl_grpc_server_open(&echo.grpc, &echo.loop, &grpc);
    pgl_status status = pgl_http_server_open(&echo.http, &echo.loop, "127.0.0.1", 0, &http);
    PGL_ASSERT(pgl_is_ok(status));
    printf("%u\n", pgl_http_server_port(&echo.http));
    fflush(stdout);
    status = pgl_thread_run(&echo.thread);
    return pgl_is_ok(status) ? 0 : 1;
}
