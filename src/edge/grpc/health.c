/* health.c - grpc.health.v1: whether calls may be sent here. Every service is as ready as the
 * whole: they stand behind one edge. */
#include "contract/health.h"

#include "base/time.h"
#include "edge/grpc/services.h"

#define LOOK_NS PGL_SECONDS(1) /* how soon a watcher learns of a change */

struct health_watch {
    struct pgl_flow flow;
    struct edge_grpc_request *of;
    int told; /* the last status that was; -1: none */
    int now;
};

enum { W_LOOK, W_TELL };

static bool is_known(const struct pgl_edge *edge, const char *name)
{
    const struct pgl_grpc_server_options *options = &edge->grpc.options;
    for (int i = 0; i < options->service_count; i++)
        if (strcmp(pgl_grpc_service_name(&options->services[i]), name) == 0)
            return true;
    return name[0] == '\0';
}

static int status_of(const struct pgl_edge *edge, const char *name)
{
    if (!is_known(edge, name))
        return HEALTH_CHECK_RESPONSE_SERVICE_UNKNOWN;
    return edge->is_ready(edge->ready_self) ? HEALTH_CHECK_RESPONSE_SERVING
                                            : HEALTH_CHECK_RESPONSE_NOT_SERVING;
}

pgl_status edge_grpc_health_check(struct pgl_request *request)
{
    struct edge_grpc_request *of = edge_grpc_of(request);
    const HealthCheckRequest *ask = of->ask;
    HealthCheckResponse *reply = EDGE_NEW(request, HEALTH_CHECK_RESPONSE_DESCRIPTOR);
    int status = status_of(request->edge, ask->service);
    if (reply == NULL)
        return PGL_NO_MEMORY;
    if (status == HEALTH_CHECK_RESPONSE_SERVICE_UNKNOWN)
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such service");
    reply->status = (HealthCheckResponseServingStatus)status;
    of->reply = reply;
    return PGL_OK;
}

/* ---- Watch ---- */

static struct health_watch *watch_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct health_watch, flow);
}

static struct pgl_go look(struct pgl_flow *flow)
{
    struct health_watch *watch = watch_of(flow);
    const HealthCheckRequest *ask = watch->of->ask;
    watch->now = status_of(watch->of->request.edge, ask->service);
    if (watch->now != watch->told)
        return pgl_go(W_TELL);
    if (edge_grpc_is_over(watch->of)) { /* behind the news that nothing is served any more */
        edge_grpc_stream_end(watch->of,
                             PGL_FAIL(PGL_UNAVAILABLE, "watch on over another connection"));
        return pgl_done();
    }
    return pgl_wait(W_LOOK);
}

static struct pgl_go tell(struct pgl_flow *flow)
{
    struct health_watch *watch = watch_of(flow);
    HealthCheckResponse reply = HEALTH_CHECK_RESPONSE_INIT;
    reply.status = (HealthCheckResponseServingStatus)watch->now;
    pgl_status status = pgl_grpc_send(watch->of->call, &reply.base);
    if (status.code == PGL_EXHAUSTED)
        return pgl_wait(W_LOOK); /* the latest is told when there is room */
    if (!pgl_is_ok(status)) {
        edge_grpc_stream_end(watch->of, status);
        return pgl_done();
    }
    watch->told = watch->now;
    return pgl_go(W_LOOK);
}

static const struct pgl_step watch_steps[] = {
    /*           name           does  at most  when late */
    [W_LOOK] = { "health.look", look, LOOK_NS, W_LOOK },
    [W_TELL] = { "health.tell", tell, 0, 0 },
};

static void wake(struct edge_grpc_request *of)
{
    struct health_watch *watch = of->request.view;
    pgl_flow_wake(&watch->flow);
}

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* its memory went with the exchange */
}

pgl_status edge_grpc_health_watch(struct pgl_request *request)
{
    struct edge_grpc_request *of = edge_grpc_of(request);
    struct health_watch *watch = pgl_arena_zalloc(request->arena, sizeof *watch);
    if (watch == NULL)
        return PGL_NO_MEMORY;
    edge_grpc_stream_begin(of);
    watch->of = of;
    watch->told = -1;
    request->view = watch;
    of->wake = wake;
    pgl_flow_start(&watch->flow, request->edge->loop, watch_steps, W_LOOK, on_done);
    return PGL_OK;
}
