/* ops_server.c - see ops_server.h. */
#include "app/ops_server.h"

#include "app/boot.h"
#include "edge/ops/ops.h"

static const struct ops_route {
    const char *path;
    pgl_status (*view)(struct pgl_request *request);
} routes[] = {
    { "/livez", ops_livez },
    { "/readyz", ops_readyz },
    { "/metrics", ops_metrics },
};

static const struct ops_route *find_route(struct pgl_text path)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (pgl_text_is(path, routes[i].path))
            return &routes[i];
    return NULL;
}

static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason)
{
    (void)owner;
    const struct pgl_http_field allow = { PGL_TEXT("Allow"), PGL_TEXT("GET, HEAD") };
    pgl_http_respond(exchange, status, &allow, status == 405 ? 1 : 0, pgl_text_of(reason));
}

static void on_request(void *owner, struct pgl_http_exchange *exchange)
{
    struct pgl_ops_server *ops = owner;
    const struct ops_route *route = find_route(exchange->head.path);
    enum pgl_http_method method = exchange->head.method_known;
    if (route == NULL) {
        refuse(ops, exchange, 404, "here are /livez, /readyz and /metrics\n");
        return;
    }
    if (method != PGL_HTTP_GET && method != PGL_HTTP_HEAD) {
        refuse(ops, exchange, 405, "this is to be read alone\n");
        return;
    }
    struct pgl_request *request = pgl_arena_zalloc(&exchange->arena, sizeof *request);
    pgl_status status = PGL_NO_MEMORY;
    if (request != NULL) {
        request->edge = &ops->boot->edge;
        request->exchange = exchange;
        request->arena = &exchange->arena;
        status = route->view(request);
    }
    if (pgl_is_ok(status))
        pgl_http_respond(exchange, request->status, request->fields, request->field_count,
                         request->body);
    else
        refuse(ops, exchange, 503, "no memory for this answer\n");
}

static size_t body_limit(void *owner, const struct pgl_http_request_head *head)
{
    (void)owner, (void)head;
    return 0;
}

static bool work(void *owner)
{
    return pgl_http_server_work(&((struct pgl_ops_server *)owner)->http);
}

static struct pgl_http_limits ops_limits(void)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.connections_max = limits.connections_per_client_max = PGL_OPS_CONNECTIONS_MAX;
    limits.exchanges_max = PGL_OPS_CONNECTIONS_MAX;
    limits.pipelined_max = 1;
    return limits;
}

pgl_status pgl_ops_server_open(struct pgl_ops_server *ops, struct pgl_boot *boot)
{
    const struct pgl_address *address = &boot->options.ops;
    struct pgl_loop *loop = &boot->loops[PGL_LOOP_EDGE];
    const struct pgl_http_server_options options = { .limits = ops_limits(),
                                                     .is_for_browsers = true,
                                                     .owner = ops,
                                                     .on_request = on_request,
                                                     .refuse = refuse,
                                                     .body_limit = body_limit };
    ops->boot = boot;
    if (address->host[0] == '\0')
        return PGL_OK;
    PGL_TRY(pgl_http_server_open(&ops->http, loop, address->host, address->port, &options));
    loop->work = work;
    loop->owner = ops;
    return PGL_OK;
}

void pgl_ops_server_close(struct pgl_ops_server *ops)
{
    if (ops->http.loop == NULL)
        return;
    pgl_http_server_cut(&ops->http);
    pgl_http_server_close(&ops->http);
}
