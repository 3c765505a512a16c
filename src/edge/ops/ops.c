/* ops.c - see ops.h. */
#include "edge/ops/ops.h"

#include "edge/trust.h"

#define METRICS_BYTES_MAX (1u << 20)

static pgl_status reply_text(struct pgl_request *request, int status, struct pgl_text body)
{
    request->status = status;
    request->body = body;
    edge_add_field(request, PGL_TEXT("Content-Type"), PGL_TEXT("text/plain; charset=utf-8"));
    return PGL_OK;
}

pgl_status ops_livez(struct pgl_request *request)
{
    return reply_text(request, 200, PGL_TEXT("ok\n"));
}

pgl_status ops_readyz(struct pgl_request *request)
{
    const struct pgl_edge *edge = request->edge;
    if (edge->http.is_draining || !edge->is_ready(edge->ready_self))
        return reply_text(request, 503, PGL_TEXT("not ready\n"));
    return reply_text(request, 200, PGL_TEXT("ok\n"));
}

pgl_status ops_metrics(struct pgl_request *request)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, METRICS_BYTES_MAX);
    pgl_registry_write(request->edge->registry, &out);
    return edge_reply_buffer(request, &out, PGL_TEXT("text/plain; version=0.0.4; charset=utf-8"));
}

pgl_status ops_metrics_for_watchers(struct pgl_request *request)
{
    return edge_limits_lets_watch(&request->edge->limits, request->client)
               ? ops_metrics(request)
               : PGL_FAIL(PGL_DENIED, "this is for addresses that --metrics-from names");
}

pgl_status ops_jwks(struct pgl_request *request)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, PGL_JWKS_BYTES_MAX);
    pgl_key_set_write(&request->edge->trust->state[0].keys, &out);
    return edge_reply_buffer(request, &out, PGL_TEXT("application/jwk-set+json"));
}
