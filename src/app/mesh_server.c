/* mesh_server.c - see mesh_server.h. */
#include "app/mesh_server.h"

#include "app/boot.h"
#include "base/assert.h"
#include "edge/traceparent.h"
#include "transport/grpc_listener.h"
#include "transport/grpc_metrics.h"

struct mesh_method {
    struct pgl_mesh_server *server;
    struct pgl_endpoint endpoint;
    int at, number;
};

struct pgl_mesh_server {
    struct pgl_mesh *mesh;
    struct pgl_http_server http;
    struct pgl_grpc_server grpc;
    struct pgl_rpc rpc;
    struct pgl_grpc_service services[PGL_AT_COUNT];
    struct pgl_grpc_method methods[PGL_AT_COUNT][PGL_MESH_METHODS_MAX];
    struct mesh_method rows[PGL_AT_COUNT][PGL_MESH_METHODS_MAX];
    /* Between this loop and the one that drains the process. */
    atomic_bool is_leaving, is_idle;
};

/* ---- a call: passed on as a near one, and its answer passed back ---- */

struct mesh_call {
    struct pgl_flow flow;
    struct pgl_grpc_call *from;
    struct pgl_rpc_call call;
    int left;
};

static const struct mesh_method *method_of(const struct pgl_grpc_call *call)
{
    return pgl_grpc_method_of(call)->row;
}

static pgl_status check_caller(const struct pgl_grpc_call *call, const ProtobufCMessage *ask)
{
    const struct mesh_method *method = method_of(call);
    const char *names = call->exchange->tls_peer;
    const char *why = NULL;
    if (!call->exchange->is_tls)
        return PGL_OK; /* as configured: loopback */
    if (!pgl_mesh_may_call(names, method->at, method->number))
        why = "this role may not call this";
    else if (ask->descriptor == FOLLOW_REQUEST_DESCRIPTOR &&
             !pgl_mesh_may_read_as(names, ((const FollowRequest *)ask)->reader))
        why = "this role is not that reader";
    if (why == NULL)
        return PGL_OK;
    return PGL_FAIL(PGL_DENIED, why);
}

enum { MESH_ASK, MESH_ANSWER };

static struct mesh_call *mine_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct mesh_call, flow);
}

static struct pgl_go mesh_ask(struct pgl_flow *flow)
{
    struct mesh_call *mine = mine_of(flow);
    const struct mesh_method *method = method_of(mine->from);
    pgl_rpc_send(&method->server->rpc, &method->endpoint, method->number, &mine->call, flow,
                 &mine->left);
    return mine->left > 0 ? pgl_wait(MESH_ANSWER) : pgl_go(MESH_ANSWER);
}

static struct pgl_go mesh_answer(struct pgl_flow *flow)
{
    (void)flow;
    return pgl_done();
}

static const struct pgl_step call_steps[] = {
    /*                name           does         at most  when late: the callee minds the
     *                deadline */
    [MESH_ASK] = { "mesh.ask", mesh_ask, 0, 0 },
    [MESH_ANSWER] = { "mesh.answer", mesh_answer, 0, 0 },
};

static void on_done(struct pgl_flow *flow)
{
    struct mesh_call *mine = mine_of(flow);
    pgl_grpc_answer(mine->from, mine->call.call.status, mine->call.call.reply);
}

static pgl_status prepare(struct pgl_grpc_call *call, void *ask, struct mesh_call *mine)
{
    struct pgl_text header;
    void *reply = pgl_message_new(pgl_grpc_contract_of(call)->output, call->arena);
    if (reply == NULL)
        return PGL_NO_MEMORY;
    mine->from = call;
    mine->call.call = (struct pgl_call){
        .ask = ask,
        .reply = reply,
        .arena = call->arena,
        .deadline_ns = call->deadline_ns - PGL_GRPC_LATE_NS,

    };
    const struct pgl_http_request_head *head = &call->exchange->head;
    if (pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("traceparent"), &header) == 1)
        (void)edge_traceparent_read(header, &mine->call.call.trace); /* none, if it is none */
    return PGL_OK;
}

static void take(struct pgl_grpc_call *call, void *ask)
{
    struct mesh_call *mine = pgl_arena_zalloc(call->arena, sizeof *mine);
    pgl_status status = mine != NULL ? check_caller(call, ask) : PGL_NO_MEMORY;
    if (pgl_is_ok(status))
        status = prepare(call, ask, mine);
    if (!pgl_is_ok(status)) {
        pgl_grpc_end(call, status);
        return;
    }
    call->owner = mine;
    pgl_flow_start(&mine->flow, method_of(call)->server->rpc.loop, call_steps, MESH_ASK, on_done);
}

static void on_stop(struct pgl_grpc_call *call, pgl_status why)
{
    struct mesh_call *mine = call->owner;
    (void)why; /* the caller is gone, or its time over */
    if (mine != NULL)
        pgl_rpc_give_up(&mine->call);
}

static const struct pgl_grpc_handler handler = { .take = take, .on_stop = on_stop };

/* ---- the listener ---- */

static bool work(void *owner)
{
    struct pgl_mesh_server *server = owner;
    if (atomic_load(&server->is_leaving) && !server->http.is_draining)
        pgl_http_server_drain(&server->http);
    bool has_more = pgl_http_server_work(&server->http);
    if (server->http.is_draining)
        atomic_store(&server->is_idle, pgl_http_server_is_idle(&server->http));
    return has_more;
}

/* Between processes of one platform nobody is kept short; memory is what bounds it. */
static struct pgl_http_limits mesh_limits(void)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.connections_max = limits.connections_per_client_max = 256;
    limits.connects_per_client_burst = limits.connects_per_client_per_s = 1000;
    limits.exchanges_max = PGL_MESH_CALLS_MAX;
    limits.requests_per_connection_max = UINT32_MAX;
    limits.exchange_bytes_max = 2 * PGL_GRPC_MESH_MESSAGE_BYTES_MAX;
    limits.connection_bytes_max = limits.buffers_bytes_max; /* a caller has one for all it asks */
    limits.idle_ns = PGL_HOURS(1);
    limits.http2 = PGL_HTTP2_LIMITS_MESH;
    return limits;
}

static void fill_service(struct pgl_mesh_server *server, int at, struct pgl_grpc_service *service)
{
    struct pgl_boot *boot = server->mesh->boot;
    const struct pgl_mesh_row *row = &pgl_mesh_rows[at];
    PGL_ASSERT(row->service->n_methods <= PGL_MESH_METHODS_MAX);
    for (unsigned m = 0; m < row->service->n_methods; m++) {
        const struct pgl_method *method = &row->methods[m];
        if (method->command == NULL && method->query == NULL && method->flow == NULL)
            continue; /* a stream of the edge's, or not offered */
        server->rows[at][m] =
            (struct mesh_method){ server, pgl_mesh_endpoint(boot, server->rpc.loop, at), at,
                                  (int)m };
        server->methods[at][m] = (struct pgl_grpc_method){ .kind = PGL_GRPC_UNARY,
                                                           .handler = &handler,
                                                           .row = &server->rows[at][m] };
    }
    *service = (struct pgl_grpc_service){ row->service, row->name, server->methods[at] };
}

static pgl_status open_grpc(struct pgl_mesh_server *server)
{
    struct pgl_boot *boot = server->mesh->boot;
    struct pgl_grpc_server_options options = { .limits = PGL_GRPC_LIMITS_EDGE,
                                               .is_mesh = true,
                                               .services = server->services,
                                               .owner = server };
    options.limits.message_bytes_max = PGL_GRPC_MESH_MESSAGE_BYTES_MAX;
    options.limits.deadline_max_ns = PGL_MINUTES(1);
    for (int at = 0; at < PGL_AT_COUNT; at++)
        if (pgl_boot_runs(boot, pgl_mesh_rows[at].role))
            fill_service(server, at, &server->services[options.service_count++]);
    PGL_TRY(pgl_grpc_metrics_add(&server->grpc, &options, "mesh", &boot->registry, &boot->arena));
    pgl_grpc_server_open(&server->grpc, server->rpc.loop, &options);
    return PGL_OK;
}

/* Nobody comes in without a certificate of our authority; its name says which role it is. */
static pgl_status open_tls(struct pgl_mesh *mesh, struct pgl_http_server_options *http)
{
    struct pgl_boot *boot = mesh->boot;
    const struct pgl_mesh_options *mine = &boot->options.mesh;
    struct pgl_certificates_options options = pgl_mesh_certificates(boot);
    options.needs_client = options.is_tls13_only = true;
    PGL_TRY(pgl_certificates_open(&mesh->certificates, boot->platform, &boot->reload,
                                  &boot->loops[PGL_LOOP_SERVICES], &options));
    pgl_certificates_register(&mesh->certificates, &boot->registry, "listener=\"mesh\"");
    http->tls = &mesh->certificates.contexts;
    http->tls_host = mine->listen.host;
    http->tls_port = mine->listen.port;
    return PGL_OK;
}

pgl_status pgl_mesh_server_open(struct pgl_mesh *mesh)
{
    struct pgl_boot *boot = mesh->boot;
    const struct pgl_mesh_options *options = &boot->options.mesh;
    struct pgl_mesh_server *server = pgl_arena_zalloc(&boot->arena, sizeof *server);
    if (server == NULL)
        return PGL_NO_MEMORY;
    server->mesh = mesh;
    pgl_rpc_open(&server->rpc, &boot->loops[PGL_LOOP_SERVICES]);
    PGL_TRY(open_grpc(server));
    struct pgl_http_server_options http = pgl_grpc_listener_options(&server->grpc);
    http.limits = mesh_limits();
    if (options->certificate_file != NULL)
        PGL_TRY(open_tls(mesh, &http));
    PGL_TRY(pgl_http_server_open(&server->http, server->rpc.loop,
                                 http.tls == NULL ? options->listen.host : NULL,
                                 options->listen.port, &http));
    server->rpc.loop->work = work;
    server->rpc.loop->owner = server;
    mesh->server = server;
    return PGL_OK;
}

uint16_t pgl_mesh_server_port(const struct pgl_mesh_server *server)
{
    return server->http.options.tls != NULL ? pgl_http_server_tls_port(&server->http)
                                            : pgl_http_server_port(&server->http);
}

void pgl_mesh_server_drain(struct pgl_mesh_server *server)
{
    atomic_store(&server->is_leaving, true);
}

bool pgl_mesh_server_is_idle(const struct pgl_mesh_server *server)
{
    return atomic_load(&server->is_idle);
}

void pgl_mesh_server_close(struct pgl_mesh_server *server)
{
    pgl_http_server_cut(&server->http);
    pgl_http_server_close(&server->http);
    pgl_grpc_server_close(&server->grpc);
}
