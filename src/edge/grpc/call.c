/* call.c - see call.h. */
#include "edge/grpc/call.h"

#include "base/assert.h"
#include "base/time.h"
#include "edge/client.h"
#include "edge/grpc/face.h"
#include "edge/problem.h"
#include "edge/traceparent.h"

#define LIMIT_USUAL    20
#define LIMIT_MAX      100
#define RETRY_AFTER_NS PGL_SECONDS(1)

struct edge_grpc_request *edge_grpc_of(struct pgl_request *request)
{
    return PGL_CONTAINER(request, struct edge_grpc_request, request);
}

/* ---- a call becomes a request ---- */

bool edge_grpc_start(struct pgl_grpc_call *call)
{
    struct pgl_edge *edge = call->server->options.owner;
    const struct edge_grpc_row *row = pgl_grpc_method_of(call)->row;
    struct edge_grpc_request *of = pgl_arena_zalloc(call->arena, sizeof *of);
    if (of == NULL) {
        pgl_grpc_end(call, PGL_NO_MEMORY);
        return false;
    }
    struct pgl_request *request = &of->request;
    of->call = call;
    of->ask = call->ask;
    of->status = PGL_OK;
    call->owner = of;
    request->edge = edge;
    request->exchange = call->exchange;
    request->arena = call->arena;
    request->route = &row->route;
    request->face = &edge_grpc_face;
    request->deadline_ns = call->deadline_ns;
    request->client = edge_client_address(&edge->limits, call->exchange->peer,
                                          &call->exchange->head, call->arena);
    edge_make_request_id(edge, request->id);
    struct pgl_text trace;
    if (pgl_is_ok(edge_find_field(request, PGL_TEXT("traceparent"), &trace)))
        edge_traceparent_read(trace, &request->trace);
    edge->in_flight++;
    edge->start(request);
    return true;
}

static void take(struct pgl_grpc_call *call, void *ask)
{
    (void)ask; /* it is the call's */
    (void)edge_grpc_start(call);
}

static void wake(struct pgl_grpc_call *call)
{
    struct edge_grpc_request *of = call->owner;
    if (of != NULL && of->wake != NULL)
        of->wake(of);
}

/* What is asked of a service comes back by its deadline by itself. */
static void on_stop(struct pgl_grpc_call *call, pgl_status why)
{
    struct edge_grpc_request *of = call->owner;
    if (of != NULL && why.code == PGL_CANCELLED)
        edge_give_up(&of->request);
    wake(call);
}

const struct pgl_grpc_handler edge_grpc_handler = { .take = take,
                                                    .on_room = wake,
                                                    .on_stop = on_stop };

/* ---- asking a service ---- */

static void *field_at(void *message, const ProtobufCFieldDescriptor *field)
{
    return (char *)message + field->offset;
}

static const ProtobufCFieldDescriptor *field_named(const ProtobufCMessageDescriptor *type,
                                                   const char *name, ProtobufCType kind)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, name);
    return field != NULL && field->type == kind && field->label != PROTOBUF_C_LABEL_REPEATED ? field
                                                                                             : NULL;
}

static pgl_status fill_limit(const ProtobufCMessageDescriptor *type, void *ask)
{
    const ProtobufCFieldDescriptor *field = field_named(type, "limit", PROTOBUF_C_TYPE_INT32);
    if (field == NULL)
        return PGL_OK;
    int32_t *limit = field_at(ask, field);
    if (*limit == 0)
        *limit = LIMIT_USUAL;
    return *limit >= 1 && *limit <= LIMIT_MAX
               ? PGL_OK
               : PGL_FAIL(PGL_INVALID, "limit: 1 to 100 is expected");
}

static pgl_status check_key(const ProtobufCMessageDescriptor *type, void *ask)
{
    const ProtobufCFieldDescriptor *field =
        field_named(type, "idempotency_key", PROTOBUF_C_TYPE_STRING);
    if (field == NULL || (*(char **)field_at(ask, field))[0] != '\0')
        return PGL_OK;
    return PGL_FAIL(PGL_MALFORMED, "idempotency_key: this field is required here");
}

pgl_status edge_grpc_fill(struct pgl_request *request, const ProtobufCMessageDescriptor *type,
                          void *ask)
{
    const ProtobufCFieldDescriptor *caller = field_named(type, "caller", PROTOBUF_C_TYPE_MESSAGE),
                                   *trace = field_named(type, "trace", PROTOBUF_C_TYPE_MESSAGE);
    if (caller != NULL && caller->descriptor == CALLER_DESCRIPTOR)
        *(Caller **)field_at(ask, caller) = &request->caller;
    if (trace != NULL && trace->descriptor == TRACE_DESCRIPTOR)
        *(Trace **)field_at(ask, trace) = edge_trace(request);
    PGL_TRY(fill_limit(type, ask));
    return check_key(type, ask);
}

pgl_status edge_grpc_ask(struct pgl_request *request)
{
    struct edge_grpc_request *of = edge_grpc_of(request);
    const struct edge_grpc_row *row = pgl_grpc_method_of(of->call)->row;
    const ProtobufCMethodDescriptor *contract = pgl_grpc_contract_of(of->call);
    const struct pgl_endpoint *endpoint;
    PGL_TRY(edge_grpc_fill(request, contract->input, of->ask));
    PGL_TRY(row->endpoint(request, of->ask, &endpoint));
    of->reply = pgl_message_new(contract->output, request->arena);
    return edge_ask(request, endpoint, of->call->method, of->ask, of->reply);
}

pgl_status edge_grpc_answered(struct pgl_request *request)
{
    return edge_answer(request, 0);
}

/* ---- answering ---- */

/* What REST would say in a header (RateLimit and its like) goes behind the answer. */
static void add_fields(struct edge_grpc_request *of)
{
    const struct pgl_request *request = &of->request;
    for (size_t i = 0; i < request->field_count; i++) {
        struct pgl_text name = request->fields[i].name;
        char *lower = pgl_arena_string(request->arena, name);
        for (size_t n = 0; lower != NULL && n < name.size; n++)
            if (lower[n] >= 'A' && lower[n] <= 'Z')
                lower[n] = (char)(lower[n] - 'A' + 'a');
        if (lower != NULL)
            pgl_grpc_add(&of->call->behind, (struct pgl_text){ lower, name.size },
                         request->fields[i].value);
    }
}

static void explain(struct edge_grpc_request *of)
{
    const struct pgl_request *request = &of->request;
    if (edge_log_ours(request, of->status))
        of->status.text = PGL_OURS_DETAIL;
    of->call->reason = request->problem;
    of->call->retry_after_ns =
        request->verdict.is_refused ? PGL_SECONDS(request->verdict.retry_after_s) : RETRY_AFTER_NS;
    pgl_grpc_add(&of->call->behind, PGL_TEXT("x-request-id"), pgl_text_of(request->id));
}

static void end(struct edge_grpc_request *of)
{
    add_fields(of);
    if (!pgl_is_ok(of->status))
        explain(of);
    if (pgl_is_ok(of->status) && of->reply != NULL)
        pgl_grpc_answer(of->call, PGL_OK, of->reply);
    else
        pgl_grpc_end(of->call, of->status);
}

void edge_grpc_fail(struct pgl_request *request, pgl_status status)
{
    edge_grpc_of(request)->status = status;
}

void edge_grpc_respond(struct pgl_request *request)
{
    end(edge_grpc_of(request));
}

/* ---- streams ---- */

void edge_grpc_stream_begin(struct edge_grpc_request *of)
{
    of->request.is_stream = true; /* which are counted where it was admitted */
}

void edge_grpc_stream_end(struct edge_grpc_request *of, pgl_status status)
{
    struct pgl_edge *edge = of->request.edge;
    edge->in_flight--;
    edge_finish(&edge->limits, &of->request.verdict, false, edge->loop->now_ns);
    of->status = status;
    of->reply = NULL;
    end(of);
}

bool edge_grpc_is_over(const struct edge_grpc_request *of)
{
    return of->call->is_stopped || pgl_http_stream_is_due(of->request.exchange);
}
