/* gateway.c - see gateway.h. */
#include "edge/gateway/gateway.h"

#include "base/assert.h"
#include "base/time.h"
#include "edge/client.h"
#include "edge/gateway/faces.h"
#include "edge/gateway/respond.h"
#include "edge/gateway/routes.h"
#include "edge/problem.h"
#include "edge/query.h"
#include "edge/traceparent.h"
#include "transport/http_metrics.h"
#include "wire/card_number.h"

enum { G_IDENTIFY, G_IDENTIFIED, G_ADMIT, G_CALL, G_NEXT, G_RESPOND };

static struct pgl_request *request_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct pgl_request, flow);
}

static struct pgl_go fail(struct pgl_request *request, pgl_status status)
{
    if (request->face != NULL)
        request->face->fail(request, status);
    else
        edge_answer_problem(request, status);
    return pgl_go(G_RESPOND);
}

/* ---- who, and whether now ---- */

static struct edge_admission admission_of(const struct pgl_request *request, const Caller *caller)
{
    return (struct edge_admission){ .address = request->client,
                                    .rule = &request->route->rule,
                                    .class = request->route->class,
                                    .caller = caller };
}

static struct edge_moment moment_of(const struct pgl_loop *loop)
{
    return (struct edge_moment){ loop->now_ns, loop->wall_ns };
}

/* How long to wait is said in whole seconds, and never too few. */
static void note_lockout(struct pgl_request *request, int64_t wait_ns)
{
    request->verdict.is_refused = true;
    request->verdict.refused_by = EDGE_POLICY_BAD_TOKENS;
    request->verdict.refused_name = edge_policies[EDGE_POLICY_BAD_TOKENS].name;
    request->verdict.retry_after_s = (wait_ns - 1) / PGL_SECONDS(1) + 1;
}

static struct pgl_go after_identify(struct pgl_request *request)
{
    const struct edge_identify *identify = &request->identify;
    const struct edge_credentials *from = &identify->from;
    struct edge_admission what = admission_of(request, NULL);
    pgl_status status = identify->status;
    if (!identify->is_done)
        return pgl_wait(G_IDENTIFIED);
    if (identify->retry_after_ns > 0)
        note_lockout(request, identify->retry_after_ns);
    if (status.code == PGL_UNAUTHENTICATED) {
        pgl_status noted = edge_note_bad(&request->edge->limits, &what,
                                         from->authorization.size > 0 || from->api_key.size > 0,
                                         moment_of(request->edge->loop), &request->verdict);
        status = pgl_is_ok(noted) ? status : noted;
    } else if (status.code == PGL_DENIED) {
        what.caller = &request->caller;
        pgl_status noted = edge_note_denied(&request->edge->limits, &what,
                                            moment_of(request->edge->loop), &request->verdict);
        status = pgl_is_ok(noted) ? status : noted;
    }
    return pgl_is_ok(status) ? pgl_go(G_ADMIT) : fail(request, status);
}

static pgl_status read_credentials(const struct pgl_request *request, struct edge_credentials *from)
{
    from->address = request->client;
    if (request->route->rule.roles & (PGL_RULE_ANYONE | PGL_RULE_SIGNED))
        return PGL_OK;
    PGL_TRY(edge_find_field(request, PGL_TEXT("authorization"), &from->authorization));
    return from->authorization.size > 0
               ? PGL_OK
               : edge_find_field(request, PGL_TEXT("x-api-key"), &from->api_key);
}

/* By address. Whoever shows wrong credentials there is no reason to refuse others that are known to
 * be right. */
static pgl_status admit_address(struct pgl_request *request)
{
    struct edge_admission what = admission_of(request, NULL);
    pgl_status status = edge_admit(&request->edge->limits, &what, moment_of(request->edge->loop),
                                   &request->verdict);
    bool is_for_others = request->verdict.is_refused &&
                         request->verdict.refused_by == EDGE_POLICY_BAD_TOKENS &&
                         edge_identify_knows(request->edge, &request->identify.from);
    if (!is_for_others)
        return status;
    request->verdict = (struct edge_verdict){ .standing_count = 0 };
    return PGL_OK;
}

static struct pgl_go gateway_identify(struct pgl_flow *flow)
{
    struct pgl_request *request = request_of(flow);
    struct edge_identify *identify = &request->identify;
    pgl_status status = read_credentials(request, &identify->from);
    if (pgl_is_ok(status))
        status = admit_address(request);
    if (!pgl_is_ok(status))
        return fail(request, status);
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
    struct edge_admission what = admission_of(request, &request->caller);
    pgl_status status =
        pgl_buggify(flow->loop->platform->buggify, PGL_BUGGIFY_EDGE_OVERLOADED)
            ? PGL_FAIL(PGL_EXHAUSTED, "too many requests at once")
            : edge_admit(&request->edge->limits, &what, moment_of(flow->loop), &request->verdict);
    return pgl_is_ok(status) ? pgl_go(G_CALL) : fail(request, status);
}

/* Somebody whom it asked had too much to do. */
static bool was_overloaded(const struct pgl_request *request)
{
    for (int n = 0; n < request->call_count; n++) {
        enum pgl_code code = request->calls[n].call.status.code;
        if (code == PGL_EXHAUSTED || code == PGL_DEADLINE)
            return true;
    }
    return false;
}

/* ---- the view, and its answer ---- */

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
    bool may_hold = pgl_route_takes_body(route) && route->ask.kind == PGL_BODY_USUAL &&
                    (route->rule.roles & PGL_RULE_SIGNED) == 0;
    if (pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_EDGE_NO_MEMORY))
        return fail(request, PGL_NO_MEMORY);
    if (may_hold && pgl_has_card_number(request->exchange->body))
        return fail(request, PGL_FAIL(PGL_INVALID, "the body holds what looks like the number of a "
                                                   "card: send the provider's token for it"));
    if (request->face == NULL && edge_find_ready(request))
        return pgl_go(G_RESPOND);
    pgl_status status = request->face == NULL ? edge_read_query(request) : PGL_OK;
    return after_view(request, pgl_is_ok(status) ? route->begin(request) : status);
}

static struct pgl_go gateway_next(struct pgl_flow *flow)
{
    struct pgl_request *request = request_of(flow);
    return after_view(request, request->route->next(request));
}

static void count_answer(const struct pgl_request *request, int64_t now_ns)
{
    struct pgl_route_metrics *metrics = &request->edge->metrics[request->route - pgl_routes];
    pgl_counter_add(&metrics->answers[request->status / 100], 1);
    pgl_latency_add(&metrics->latency, now_ns - request->exchange->started_ns);
}

static struct pgl_go gateway_respond(struct pgl_flow *flow)
{
    struct pgl_request *request = request_of(flow);
    struct pgl_edge *edge = request->edge;
    if (request->face == NULL)
        edge_finish_answer(request);
    int64_t now_ns = pgl_clock_monotonic_ns(&edge->loop->platform->clock);
    if (request->face == NULL)
        count_answer(request, now_ns);
    edge_add_standings(request);
    edge_finish(&edge->limits, &request->verdict, was_overloaded(request), now_ns);
    edge->in_flight--;
    edge_free_call_arenas(request); /* the body is in the request's own */
    if (request->face != NULL)
        request->face->respond(request);
    else
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

static void answer_refusal(struct pgl_edge *edge, struct pgl_http_exchange *exchange, int status,
                           const char *reason)
{
    struct edge_verdict verdict = { 0 };
    pgl_status admitted = edge_charge_stranger(edge, exchange, &verdict);
    struct edge_refusal refusal = { .http_status = status,
                                    .type = type_of_refusal(status),
                                    .detail = reason,
                                    .verdict = &verdict };
    if (!pgl_is_ok(admitted)) {
        refusal.http_status = pgl_code_http(admitted.code);
        refusal.detail = admitted.text;
    } else if (status == 405) { /* a method may be refused before there is a path */
        refusal.allow =
            exchange->head.path.size > 0
                ? pgl_route_allow(&edge->route_tree, exchange->head.path, &exchange->arena)
                : "OPTIONS, GET, HEAD, POST, PUT, PATCH, DELETE";
    }
    edge_respond_problem(edge, exchange, &refusal);
}

static void answer_no_route(struct pgl_edge *edge, struct pgl_http_exchange *exchange,
                            const struct pgl_route_match *match)
{
    if (match->path_is_known)
        answer_refusal(edge, exchange, 405, "this path has other methods, see Allow");
    else
        answer_refusal(edge, exchange, 404,
                       "there is nothing at this path; see / for what there is");
}

static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason)
{
    struct pgl_edge *edge = owner;
    const struct pgl_http_request_head *head = &exchange->head;
    struct pgl_route_match match;
    if (pgl_faces_refuse(edge, exchange, status, reason))
        return;
    if (status == 413 && head->path.size > 0) { /* no body is small enough for what is not there */
        pgl_route_find(&edge->route_tree, head->method_known, head->path, &match);
        if (match.route == NULL) {
            answer_no_route(edge, exchange, &match);
            return;
        }
    }
    answer_refusal(edge, exchange, status, reason);
}

/* True when it was OPTIONS of something that is there. */
static bool answer_options(struct pgl_edge *edge, struct pgl_http_exchange *exchange)
{
    struct edge_verdict verdict = { 0 };
    const char *allow;
    if (exchange->head.method_known != PGL_HTTP_OPTIONS ||
        !edge_find_options(edge, exchange, &allow))
        return false;
    pgl_status admitted = edge_charge_stranger(edge, exchange, &verdict);
    if (pgl_is_ok(admitted)) {
        edge_answer_options(edge, exchange, allow);
        return true;
    }
    const struct edge_refusal refusal = { .http_status = pgl_code_http(admitted.code),
                                          .detail = admitted.text,
                                          .verdict = &verdict };
    edge_respond_problem(edge, exchange, &refusal);
    return true;
}

/* A client of HTTP/1.1 that says no more may still listen. */
static void on_abandoned(void *owner, struct pgl_http_exchange *exchange)
{
    if (pgl_face_of(&exchange->head) != NULL)
        pgl_faces_on_abandoned(owner, exchange);
    else if (exchange->owner != NULL && exchange->major_version == 2)
        edge_give_up(exchange->owner);
}

static void start(struct pgl_request *request)
{
    pgl_flow_start(&request->flow, request->edge->loop, gateway_steps, G_IDENTIFY, on_flow_done);
}

static void on_request(void *owner, struct pgl_http_exchange *exchange)
{
    struct pgl_edge *edge = owner;
    const struct edge_face *face = pgl_face_of(&exchange->head);
    if (face != NULL) {
        face->on_request(edge, exchange);
        return;
    }
    struct pgl_request *request = pgl_arena_zalloc(&exchange->arena, sizeof *request);
    if (request == NULL) {
        refuse(edge, exchange, 503, "no memory for this request");
        return;
    }
    struct pgl_route_match match;
    if (answer_options(edge, exchange))
        return;
    pgl_route_find(&edge->route_tree, exchange->head.method_known, exchange->head.path, &match);
    if (match.route == NULL) {
        answer_no_route(edge, exchange, &match);
        return;
    }
    request->edge = edge;
    request->exchange = exchange;
    request->arena = &exchange->arena;
    request->route = match.route;
    request->param_count = match.param_count;
    memcpy(request->params, match.params, sizeof request->params);
    request->client =
        edge_client_address(&edge->limits, exchange->peer, &exchange->head, request->arena);
    edge_make_request_id(edge, request->id);
    read_trace(request);
    exchange->owner = request;
    edge->in_flight++;
    start(request);
    pgl_status status = decode_params(request);
    if (!pgl_is_ok(status)) {
        edge_answer_problem(request, status);
        request->flow.step = G_RESPOND;
    }
}

static size_t body_limit(void *owner, const struct pgl_http_request_head *head)
{
    const struct pgl_edge *edge = owner;
    const struct edge_face *face = pgl_face_of(head);
    if (face != NULL)
        return face->body_limit(edge);
    struct pgl_route_match match;
    pgl_route_find(&edge->route_tree, head->method_known, head->path, &match);
    if (match.route == NULL || !pgl_route_takes_body(match.route))
        return 0;
    return match.route->ask.kind == PGL_BODY_TABLE ? edge->http.options.limits.body_bytes_max
                                                   : edge->body_bytes_max;
}

static bool edge_work(void *owner)
{
    struct pgl_edge *edge = owner;
    return pgl_http_server_work(&edge->http);
}

/* "GET /api/v1/products", or what a face calls its own. */
static const struct pgl_rule *route_named(struct pgl_text name)
{
    struct pgl_text path = name, method = pgl_text_cut(&path, ' ');
    for (int i = 0; i < pgl_route_count; i++)
        if (pgl_text_is(method, pgl_http_method_name(pgl_routes[i].method)) && path.data != NULL &&
            pgl_text_is(path, pgl_routes[i].path))
            return &pgl_routes[i].rule;
    return pgl_faces_route_named(name);
}

static struct edge_limits_options admit_of(const struct pgl_gateway_options *options)
{
    struct edge_limits_options admit = options->admit;
    admit.route_named = route_named;
    return admit;
}

static pgl_status read_proxies(const struct pgl_gateway_options *options,
                               struct pgl_ip_range proxies[EDGE_PROXIES_MAX], int *count)
{
    const char *text = options->proxy_protocol != NULL ? options->proxy_protocol : "";
    return edge_proxies_read(pgl_text_of(text), proxies, count);
}

static void close_parts(struct pgl_edge *edge)
{
    pgl_ready_close(&edge->ready);
    pgl_faces_close(edge);
    edge_limits_close(&edge->limits);
}

static pgl_status open_parts(struct pgl_edge *edge, const struct pgl_gateway_options *options)
{
    pgl_random_seed(&edge->random, pgl_entropy_u64(&edge->loop->platform->entropy), 0x65646765);
    pgl_rpc_open(&edge->rpc, edge->loop);
    PGL_TRY(read_proxies(options, edge->proxies, &edge->proxy_count));
    const struct edge_limits_options admit = admit_of(options);
    PGL_TRY(edge_limits_open(&edge->limits, &admit, edge->loop->platform));
    edge->body_bytes_max = options->body_bytes_max;
    edge->json = options->json;
    edge->routes = pgl_routes;
    edge->route_count = pgl_route_count;
    PGL_TRY(pgl_cors_read(&edge->cors, options->cors_origins));
    struct pgl_hash_key ready_key = { pgl_random_next(&edge->random), 0x7265616479 };
    PGL_TRY(pgl_ready_open(&edge->ready, ready_key));
    pgl_route_tree_build(&edge->route_tree, pgl_routes, pgl_route_count);
    edge->loop->work = edge_work;
    edge->loop->owner = edge;
    struct pgl_http_server_options server = { .limits = options->limits,
                                              .tls = options->tls,
                                              .tls_host = options->tls_host,
                                              .tls_port = options->tls_port,
                                              .proxies = edge->proxies,
                                              .proxy_count = edge->proxy_count,
                                              .is_for_browsers = true,
                                              .owner = edge,
                                              .on_request = on_request,
                                              .refuse = refuse,
                                              .body_limit = body_limit,
                                              .on_abandoned = on_abandoned,
                                              .wants_pieces = pgl_faces_want_pieces,
                                              .on_piece = pgl_faces_on_piece,
                                              .on_room = pgl_faces_on_room };
    edge->start = start;
    edge->grpc_limits = options->grpc;
    edge->has_reflection = options->has_reflection;
    pgl_faces_open(edge);
    return pgl_http_server_open(&edge->http, edge->loop, options->host, options->port, &server);
}

pgl_status pgl_gateway_open(struct pgl_edge *edge, const struct pgl_gateway_options *options)
{
    pgl_status opened = open_parts(edge, options);
    if (!pgl_is_ok(opened))
        close_parts(edge);
    return opened;
}

pgl_status pgl_gateway_check(const struct pgl_gateway_options *options)
{
    struct edge_rules rules;
    struct pgl_cors cors;
    struct pgl_ip_range proxies[EDGE_PROXIES_MAX];
    int proxy_count;
    const struct edge_limits_options admit = admit_of(options);
    PGL_TRY(edge_rules_read(&admit, &rules));
    PGL_TRY(read_proxies(options, proxies, &proxy_count));
    return pgl_cors_read(&cors, options->cors_origins);
}

void pgl_gateway_change(struct pgl_edge *edge, const struct pgl_gateway_options *options)
{
    struct edge_rules rules;
    const struct edge_limits_options admit = admit_of(options);
    pgl_status read = edge_rules_read(&admit, &rules);
    PGL_ASSERT(pgl_is_ok(read));
    edge_limits_change(&edge->limits, &rules, edge->loop->now_ns);
    read = pgl_cors_read(&edge->cors, options->cors_origins);
    PGL_ASSERT(pgl_is_ok(read));
    edge->body_bytes_max = options->body_bytes_max;
    edge->json = options->json;
    edge->grpc_limits = options->grpc;
    pgl_faces_change(edge);
    pgl_http_server_change(&edge->http, &options->limits);
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
    pgl_http_server_add_metrics(&edge->http, registry);
    edge_limits_register(&edge->limits, registry, arena);
    PGL_TRY(pgl_faces_add_metrics(edge, registry, arena));
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
    close_parts(edge);
}
