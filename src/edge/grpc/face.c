/* face.c - see face.h. */
#include "edge/grpc/face.h"

#include "edge/grpc/services.h"
#include "edge/request.h"
#include "transport/grpc_metrics.h"
#include "wire/card_number.h"

#define METHODS "OPTIONS, POST, GET" /* GET is Connect's, for what changes nothing */

/* Before anybody reads a message, logs it or keeps it: the same as with REST's bodies. */
static pgl_status check(void *owner, const struct pgl_grpc_call *call, struct pgl_text message)
{
    const struct edge_grpc_row *row = pgl_grpc_method_of(call)->row;
    (void)owner;
    if ((row->route.rule.roles & PGL_RULE_SIGNED) != 0 || !pgl_has_card_number(message))
        return PGL_OK;
    return PGL_FAIL(PGL_INVALID, "the message holds what looks like the number of a card: send the "
                                 "provider's token for it");
}

static pgl_status charge(void *owner, struct pgl_http_exchange *exchange)
{
    struct edge_verdict verdict = { 0 };
    return edge_charge_stranger(owner, exchange, &verdict);
}

static size_t web_fields(void *owner, const struct pgl_http_exchange *exchange,
                         struct pgl_http_field *fields)
{
    const struct pgl_edge *edge = owner;
    return pgl_cors_answer(&edge->cors, &exchange->head, fields);
}

static pgl_status add_metrics(struct pgl_edge *edge, struct pgl_registry *registry,
                              struct pgl_arena *arena)
{
    struct pgl_grpc_server_options options = { .services = edge_grpc_services,
                                               .service_count =
                                                   EDGE_GRPC_SERVICES_WITH_REFLECTION };
    PGL_TRY(pgl_grpc_metrics_add(&edge->grpc, &options, "edge", registry, arena));
    edge->grpc_counts = options.counts;
    return PGL_OK;
}

static struct pgl_grpc_limits limits_of(const struct pgl_edge *edge)
{
    struct pgl_grpc_limits limits = edge->grpc_limits;
    limits.json = edge->json;
    return limits;
}

static void open_face(struct pgl_edge *edge)
{
    struct pgl_grpc_server_options options = {
        .limits = limits_of(edge),
        .services = edge_grpc_services,
        .service_count =
            edge->has_reflection ? EDGE_GRPC_SERVICES_WITH_REFLECTION : EDGE_GRPC_SERVICES,
        .counts = edge->grpc_counts,
        .owner = edge,
        .check = check,
        .charge = charge,
        .web_fields = web_fields,
    };
    pgl_grpc_server_open(&edge->grpc, edge->loop, &options);
}

static void change_face(struct pgl_edge *edge)
{
    edge->grpc.options.limits = limits_of(edge);
}

static void close_face(struct pgl_edge *edge)
{
    pgl_grpc_server_close(&edge->grpc);
}

/* "panglot.orders.v1.OrderService/GetOrder" */
static const struct pgl_rule *route_named(struct pgl_text name)
{
    struct pgl_text method = name, service = pgl_text_cut(&method, '/');
    for (int s = 0; s < EDGE_GRPC_SERVICES; s++) {
        const struct pgl_grpc_service *one = &edge_grpc_services[s];
        for (unsigned m = 0; m < one->contract->n_methods; m++) {
            const struct edge_grpc_row *row = one->methods[m].row;
            if (row != NULL && method.data != NULL && pgl_text_is(service, one->contract->name) &&
                pgl_text_is(method, one->contract->methods[m].name))
                return &row->route.rule;
        }
    }
    return NULL;
}

/* A message and its prefix, in the text form of gRPC-Web. */
static size_t body_limit(const struct pgl_edge *edge)
{
    size_t bytes = edge->grpc.options.limits.message_bytes_max + PGL_GRPC_PREFIX_BYTES;
    return (bytes + 2) / 3 * 4;
}

/* A browser asks before it sends what a form could not. */
static void answer_options(struct pgl_edge *edge, struct pgl_http_exchange *exchange)
{
    struct pgl_http_field fields[PGL_CORS_FIELDS_MAX + 3];
    pgl_status charged = charge(edge, exchange);
    size_t count = pgl_cors_preflight(&edge->cors, &exchange->head, METHODS, fields);
    fields[count++] = (struct pgl_http_field){ PGL_TEXT("Allow"), PGL_TEXT(METHODS) };
    pgl_http_respond(exchange, pgl_is_ok(charged) ? 204 : pgl_code_http(charged.code), fields,
                     count, (struct pgl_text){ NULL, 0 });
}

static void on_request(struct pgl_edge *edge, struct pgl_http_exchange *exchange)
{
    if (exchange->head.method_known == PGL_HTTP_OPTIONS)
        answer_options(edge, exchange);
    else
        pgl_grpc_server_on_request(&edge->grpc, exchange);
}

static bool refuse(struct pgl_edge *edge, struct pgl_http_exchange *exchange, pgl_status why)
{
    return pgl_grpc_server_refuse(&edge->grpc, exchange, why);
}

const struct edge_face edge_grpc_face = {
    .add_metrics = add_metrics,
    .open = open_face,
    .change = change_face,
    .close = close_face,
    .route_named = route_named,
    .takes = pgl_grpc_server_takes,
    .wants_pieces = pgl_grpc_server_wants_pieces,
    .body_limit = body_limit,
    .on_request = on_request,
    .on_piece = pgl_grpc_server_on_piece,
    .on_room = pgl_grpc_server_on_room,
    .on_abandoned = pgl_grpc_server_on_abandoned,
    .refuse = refuse,
    .fail = edge_grpc_fail,
    .respond = edge_grpc_respond,
};
