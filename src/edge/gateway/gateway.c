/* gateway.c - see gateway.h. */
#include "edge/gateway/gateway.h"

#include "base/assert.h"
#include "base/time.h"
#include "edge/identify.h"
#include "edge/gateway/routes.h"
#include "edge/problem.h"
#include "edge/traceparent.h"
#include "wire/card_number.h"

enum { G_IDENTIFY, G_IDENTIFIED, G_ADMIT, G_CALL, G_NEXT, G_RESPOND };

static struct pgl_request *request_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct pgl_request, flow);
}

static struct pgl_go fail(struct pgl_request *request, pgl_status status)
{
    edge_answer_problem(request, status);
    return pgl_go(G_RESPOND);
}

/* How long to wait is said in whole seconds, and never too few. */
static struct pgl_go after_identify(struct pgl_request *request)
{
    const struct edge_identify *identify = &request->identify;
    if (!identify->is_done)
        return pgl_wait(G_IDENTIFIED);
    if (identify->retry_after_ns > 0)
        request->retry_after_s = (identify->retry_after_ns - 1) / PGL_SECONDS(1) + 1;
    return pgl_is_ok(identify->status) ? pgl_go(G_ADMIT) : fail(request, identify->status);
}

static pgl_status read_credentials(const struct pgl_request *request, struct edge_credentials *from)
{
    from->address = request->exchange->peer;
    if (request->route->rule.roles & (PGL_RULE_ANYONE | PGL_RULE_SIGNED))
        return PGL_OK;
    PGL_TRY(edge_find_field(request, PGL_TEXT("authorization"), &from->authorization));
    return from->authorization.size > 0
               ? PGL_OK
               : edge_find_field(request, PGL_TEXT("x-api-key"), &from->api_key);
}

static struct pgl_go gateway_identify(struct pgl_flow *flow)
{
    struct pgl_request *request = request_of(flow);
    struct edge_identify *identify = &request->identify;
    pgl_status read = read_credentials(request, &identify->from);
    if (!pgl_is_ok(read))
        return fail(request, read);
    identify->rule = &request->route->rule;
    identify->arena = request->arena;
    identify->caller = &request->caller;
    identify->flow = flow;
    edge_identify_begin(request->edge, identify);
    return after_identify(request);
}

static struct pgl_go gateway_identified(struct pgl_flow *flow)
{
    struct pgl_request *request = request_of(flow);
    edge_identify_next(request->edge, &request->identify);
    return after_identify(request);
}

static struct pgl_go gateway_admit(struct pgl_flow *flow)
{
    struct pgl_request *request = request_of(flow);
    if (request->edge->in_flight > PGL_GATEWAY_IN_FLIGHT_MAX ||
        pgl_buggify(flow->loop->platform->buggify, PGL_BUGGIFY_EDGE_OVERLOADED))
        return fail(request, PGL_FAIL(PGL_EXHAUSTED, "too many requests at once"));
    return pgl_go(G_CALL);
}

/* Behind a view's turn: wait for what it has asked, or answer. */
static struct pgl_go after_view(struct pgl_request *request, pgl_status status)
{
    bool has_asked = pgl_is_ok(status) && edge_send_asks(request);
    if (request->is_stream)
        return pgl_done();
    if (request->left > 0) /* also when one of several questions failed: the others are out */
        return pgl_wait(G_NEXT);
    if (has_asked) /* and was refused at once */
        return pgl_go(G_NEXT);
    return pgl_is_ok(status) ? pgl_go(G_RESPOND) : fail(request, status);
}

/* Before anybody reads a body, logs it or keeps it. What another machine signs has ids of its own,
 * which may look like anything. */
static struct pgl_go gateway_call(struct pgl_flow *flow)
{
    struct pgl_request *request = request_of(flow);
    const struct pgl_route *route = request->route;
    bool may_hold = pgl_route_takes_body(route) && (route->rule.roles & PGL_RULE_SIGNED) == 0;
    if (may_hold && pgl_has_card_number(request->exchange->body))
        return fail(request, PGL_FAIL(PGL_INVALID, "the body holds what looks like the number of a "
                                                   "card: send the provider's token for it"));
    return after_view(request, route->begin(request));
}

static struct pgl_go gateway_next(struct pgl_flow *flow)
{
    struct pgl_request *request = request_of(flow);
    return after_view(request, request->route->next(request));
}

static struct pgl_go gateway_respond(struct pgl_flow *flow)
{
    struct pgl_request *request = request_of(flow);
    struct pgl_edge *edge = request->edge;
    struct pgl_route_metrics *metrics = &edge->metrics[request->route - pgl_routes];
    int64_t now_ns = pgl_clock_monotonic_ns(&edge->loop->platform->clock);
    pgl_counter_add(&metrics->answers[request->status / 100], 1);
    pgl_latency_add(&metrics->latency, now_ns - request->exchange->started_ns);
    edge_add_field(request, PGL_TEXT("X-Content-Type-Options"), PGL_TEXT("nosniff"));
    edge->in_flight--;
    edge_free_call_arenas(request); /* the body is in the request's own */
    pgl_http_respond(request->exchange, request->status, request->fields, request->field_count,
                     request->body);
    return pgl_done(); /* the request is gone with the exchange */
}

/* Callees mind the deadline, and each of them answers: no step waits longer than the route's
 * time. */
static const struct pgl_step gateway_steps[] = {
    /*               name                 does               at most  when late */
    [G_IDENTIFY] = { "gateway.identify", gateway_identify, 0, 0 },
    [G_IDENTIFIED] = { "gateway.identified", gateway_identified, 0, 0 },
    [G_ADMIT] = { "gateway.admit", gateway_admit, 0, 0 },
    [G_CALL] = { "gateway.call", gateway_call, 0, 0 },
    [G_NEXT] = { "gateway.next", gateway_next, 0, 0 },
    [G_RESPOND] = { "gateway.respond", gateway_respond, 0, 0 },
};

static void on_flow_done(struct pgl_flow *flow)
{
    (void)flow; /* its memory went with the exchange */
}

static pgl_status decode_params(struct pgl_request *request)
{
    for (int i = 0; i < request->param_count; i++) {
        struct pgl_text decoded;
        PGL_TRY(pgl_http_decode_segment(request->arena, request->params[i], &decoded));
        request->params[i] =
            (struct pgl_text){ pgl_arena_string(request->arena, decoded), decoded.size };
    }
    return request->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static void read_trace(struct pgl_request *request)
{
    struct pgl_text header;
    if (pgl_is_ok(edge_find_field(request, PGL_TEXT("traceparent"), &header)))
        edge_traceparent_read(header, &request->trace);
}

/* The names of what can be wrong before there is a request. */
static const char *type_of_refusal(int status)
{
    switch (status) {
    case 404:
        return "not-found";
    case 405:
        return "method-not-allowed";
    case 408:
        return "deadline";
    case 413:
    case 414:
    case 431:
        return "too-large";
    case 501:
    case 505:
        return "unimplemented";
    case 503:
        return "exhausted";
    default:
        return "malformed";
    }
}

static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason)
{
    const char *allow = NULL;
    if (status ==
        405) /* a method may be refused before there is a path: then what there is at all */
        allow = exchange->head.path.size > 0
                    ? pgl_route_allow(exchange->head.path, &exchange->arena)
                    : "GET, HEAD, POST, PATCH, DELETE";
    edge_respond_problem(owner, exchange, status, type_of_refusal(status), reason, allow);
}

static void on_request(void *owner, struct pgl_http_exchange *exchange)
{
    struct pgl_edge *edge = owner;
    struct pgl_request *request = pgl_arena_zalloc(&exchange->arena, sizeof *request);
    if (request == NULL) {
        edge_respond_problem(edge, exchange, 503, "exhausted", "no memory for this request", NULL);
        return;
    }
    bool path_is_known;
    request->edge = edge;
    request->exchange = exchange;
    request->arena = &exchange->arena;
    request->route = pgl_route_find(exchange->head.method_known, exchange->head.path,
                                    request->params, &request->param_count, &path_is_known);
    if (request->route == NULL) {
        refuse(edge, exchange, path_is_known ? 405 : 404,
               path_is_known ? "this path has other methods, see Allow"
                             : "there is nothing at this path; see / for what there is");
        return;
    }
    edge_make_request_id(edge, request->id);
    read_trace(request);
    exchange->owner = request;
    edge->in_flight++;
    pgl_flow_start(&request->flow, edge->loop, gateway_steps, G_IDENTIFY, on_flow_done);
    pgl_status status = decode_params(request);
    if (!pgl_is_ok(status)) {
        edge_answer_problem(request, status);
        request->flow.step = G_RESPOND;
    }
}

static size_t body_limit(void *owner, const struct pgl_http_request_head *head)
{
    const struct pgl_edge *edge = owner;
    struct pgl_text params[PGL_REQUEST_PARAMS_MAX];
    int param_count;
    bool path_is_known;
    const struct pgl_route *route =
        pgl_route_find(head->method_known, head->path, params, &param_count, &path_is_known);
    return route != NULL && pgl_route_takes_body(route) ? edge->body_bytes_max : 0;
}

static bool edge_work(void *owner)
{
    struct pgl_edge *edge = owner;
    return pgl_http_server_work(&edge->http);
}

pgl_status pgl_gateway_open(struct pgl_edge *edge, const struct pgl_gateway_options *options)
{
    pgl_random_seed(&edge->random, pgl_entropy_u64(&edge->loop->platform->entropy), 0x65646765);
    pgl_rpc_open(&edge->rpc, edge->loop);
    edge->body_bytes_max = options->body_bytes_max;
    edge->json = options->json;
    edge->routes = pgl_routes;
    edge->route_count = pgl_route_count;
    edge->loop->work = edge_work;
    edge->loop->owner = edge;
    struct pgl_http_server_options server = { .limits = options->limits,
                                              .owner = edge,
                                              .on_request = on_request,
                                              .refuse = refuse,
                                              .body_limit = body_limit };
    return pgl_http_server_open(&edge->http, edge->loop, options->host, options->port, &server);
}

pgl_status pgl_gateway_register(struct pgl_edge *edge, struct pgl_registry *registry,
                                struct pgl_arena *arena)
{
    edge->metrics = pgl_arena_zalloc(arena, (size_t)pgl_route_count * sizeof edge->metrics[0]);
    if (edge->metrics == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for metrics");
    for (int i = 0; i < pgl_route_count; i++)
        for (int class = 2; class < 6; class ++)
            pgl_registry_add(registry, "panglot_http_requests_total", "Requests answered.",
                             PGL_METRIC_COUNTER,
                             pgl_arena_printf(arena, "method=\"%s\",route=\"%s\",status=\"%dxx\"",
                                              pgl_http_method_name(pgl_routes[i].method),
                                              pgl_routes[i].path, class),
                             &edge->metrics[i].answers[class]);
    for (int i = 0; i < pgl_route_count; i++)
        pgl_registry_add_latency(
            registry, "http_server_request_duration_seconds",
            "From the request's head to its answer.",
            pgl_arena_printf(arena, "method=\"%s\",route=\"%s\"",
                             pgl_http_method_name(pgl_routes[i].method), pgl_routes[i].path),
            &edge->metrics[i].latency);
    return arena->is_exhausted ? PGL_FAIL(PGL_EXHAUSTED, "no memory for metrics") : PGL_OK;
}

void pgl_gateway_drain(struct pgl_edge *edge)
{
    pgl_http_server_drain(&edge->http);
}

bool pgl_gateway_is_idle(const struct pgl_edge *edge)
{
    return pgl_http_server_is_idle(&edge->http);
}

void pgl_gateway_close(struct pgl_edge *edge)
{
    pgl_http_server_close(&edge->http);
}
