/* webhooks.c - /api/v1/webhooks: who outside is told of what, and how far that has come. */
#include "contract/webhooks.h"

#include "edge/bff/views.h"
#include "edge/condition.h"
#include "edge/query.h"
#include "wire/json.h"

static const pgl_status no_memory = { PGL_EXHAUSTED, "no memory for this request" };

static pgl_status ask_for(struct pgl_request *request, int method, const void *ask,
                          const ProtobufCMessageDescriptor *reply)
{
    request->view = EDGE_NEW(request, reply);
    return edge_ask(request, &request->edge->webhooks, method, ask, request->view);
}

/* Of one endpoint, named by the path. */
static pgl_status ask_for_endpoint(struct pgl_request *request, int method, Condition *condition,
                                   const ProtobufCMessageDescriptor *reply)
{
    EndpointRequest *ask = EDGE_NEW(request, ENDPOINT_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    ask->caller = &request->caller;
    ask->id = pgl_message_string(request->params[0].data);
    ask->condition = condition;
    return ask_for(request, method, ask, reply);
}

static pgl_status reply_endpoint(struct pgl_request *request, int status)
{
    const EndpointResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    request->version = reply->endpoint->version;
    return edge_reply_json(request, status, &reply->endpoint->base);
}

/* ---- endpoints ---- */

pgl_status webhook_create_begin(struct pgl_request *request)
{
    CreateEndpointRequest *ask = EDGE_NEW(request, CREATE_ENDPOINT_REQUEST_DESCRIPTOR);
    void *body;
    if (ask == NULL)
        return no_memory;
    PGL_TRY(edge_read_body(request, NEW_ENDPOINT_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->endpoint = body;
    return ask_for(request, WEBHOOK_SERVICE_CREATE_ENDPOINT, ask, ENDPOINT_RESPONSE_DESCRIPTOR);
}

pgl_status webhook_create_next(struct pgl_request *request)
{
    return reply_endpoint(request, 201);
}

pgl_status webhook_list_begin(struct pgl_request *request)
{
    ListEndpointsRequest *ask = EDGE_NEW(request, LIST_ENDPOINTS_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    ask->caller = &request->caller;
    return ask_for(request, WEBHOOK_SERVICE_LIST_ENDPOINTS, ask,
                   LIST_ENDPOINTS_RESPONSE_DESCRIPTOR);
}

pgl_status webhook_list_next(struct pgl_request *request)
{
    const ListEndpointsResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return edge_reply_json(request, 200, &reply->base);
}

pgl_status webhook_get_begin(struct pgl_request *request)
{
    return ask_for_endpoint(request, WEBHOOK_SERVICE_GET_ENDPOINT, NULL,
                            ENDPOINT_RESPONSE_DESCRIPTOR);
}

pgl_status webhook_get_next(struct pgl_request *request)
{
    return reply_endpoint(request, 200);
}

pgl_status webhook_change_begin(struct pgl_request *request)
{
    ChangeEndpointRequest *ask = EDGE_NEW(request, CHANGE_ENDPOINT_REQUEST_DESCRIPTOR);
    void *body;
    if (ask == NULL)
        return no_memory;
    PGL_TRY(edge_read_condition(request, false, &ask->condition));
    PGL_TRY(edge_read_body(request, ENDPOINT_CHANGE_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->id = pgl_message_string(request->params[0].data);
    ask->change = body;
    return ask_for(request, WEBHOOK_SERVICE_CHANGE_ENDPOINT, ask, ENDPOINT_RESPONSE_DESCRIPTOR);
}

pgl_status webhook_delete_begin(struct pgl_request *request)
{
    Condition *condition;
    PGL_TRY(edge_read_condition(request, false, &condition));
    return ask_for_endpoint(request, WEBHOOK_SERVICE_DELETE_ENDPOINT, condition,
                            DELETE_ENDPOINT_RESPONSE_DESCRIPTOR);
}

pgl_status webhook_delete_next(struct pgl_request *request)
{
    PGL_TRY(edge_answer(request, 0));
    request->status = 204;
    return PGL_OK;
}

pgl_status webhook_rotate_begin(struct pgl_request *request)
{
    return ask_for_endpoint(request, WEBHOOK_SERVICE_ROTATE_SECRET, NULL,
                            ENDPOINT_RESPONSE_DESCRIPTOR);
}

/* ---- deliveries ---- */

/* Of the endpoint in the path, or of all. */
pgl_status deliveries_list_begin(struct pgl_request *request)
{
    ListDeliveriesRequest *ask = EDGE_NEW(request, LIST_DELIVERIES_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    ask->state = (DeliveryState)pgl_json_enum_named(DELIVERY_STATE_DESCRIPTOR,
                                                    edge_query_text(request, "state"));
    ask->caller = &request->caller;
    if (request->param_count > 0)
        ask->endpoint_id = pgl_message_string(request->params[0].data);
    ask->limit = edge_query_limit(request);
    ask->cursor = edge_query_text(request, "cursor");
    return ask_for(request, WEBHOOK_SERVICE_LIST_DELIVERIES, ask,
                   LIST_DELIVERIES_RESPONSE_DESCRIPTOR);
}

pgl_status deliveries_list_next(struct pgl_request *request)
{
    const ListDeliveriesResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return edge_reply_json(request, 200, &reply->base);
}

static pgl_status redeliver(struct pgl_request *request, RedeliveryRange *range)
{
    RedeliverRequest *ask = EDGE_NEW(request, REDELIVER_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    ask->caller = &request->caller;
    ask->endpoint_id = pgl_message_string(request->params[0].data);
    ask->range = range;
    return ask_for(request, WEBHOOK_SERVICE_REDELIVER, ask, REDELIVER_RESPONSE_DESCRIPTOR);
}

pgl_status redeliver_one_begin(struct pgl_request *request)
{
    RedeliveryRange *range = EDGE_NEW(request, REDELIVERY_RANGE_DESCRIPTOR);
    if (range == NULL)
        return no_memory;
    if (!pgl_is_ok(pgl_text_to_i64(request->params[1], &range->from)) || range->from < 1)
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such delivery");
    range->to = range->from;
    return redeliver(request, range);
}

pgl_status redeliver_range_begin(struct pgl_request *request)
{
    void *body;
    PGL_TRY(edge_read_body(request, REDELIVERY_RANGE_DESCRIPTOR, &body));
    return redeliver(request, body);
}

pgl_status redeliver_next(struct pgl_request *request)
{
    const RedeliverResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return edge_reply_json(request, 202, &reply->base);
}
