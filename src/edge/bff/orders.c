/* orders.c - /api/v1/orders. */
#include "contract/orders.h"

#include "edge/bff/prefer.h"
#include "edge/bff/views.h"
#include "edge/query.h"
#include "wire/json.h"

static const pgl_status no_memory = { PGL_EXHAUSTED, "no memory for this request" };

/* Personal, and changing: nobody is to keep it. */
static pgl_status reply_order(struct pgl_request *request, int status, const Order *order)
{
    const char *etag = pgl_arena_printf(request->arena, "\"%lld\"", (long long)order->version);
    edge_add_field(request, PGL_TEXT("ETag"), pgl_text_of(etag));
    if (status == 201 && edge_read_prefer(request).is_minimal) {
        request->status = status;
        edge_add_field(request, PGL_TEXT("Preference-Applied"), PGL_TEXT("return=minimal"));
        return PGL_OK;
    }
    return edge_reply_json(request, status, &order->base);
}

/* ---- POST /api/v1/orders ---- */

pgl_status order_create_begin(struct pgl_request *request)
{
    CreateOrderRequest *ask = EDGE_NEW(request, CREATE_ORDER_REQUEST_DESCRIPTOR);
    void *body;
    char *key;
    if (ask == NULL)
        return no_memory;
    if (request->edge->is_behind(request->edge->ready_self)) {
        pgl_counter_add(&request->edge->shed, 1);
        return PGL_FAIL(PGL_EXHAUSTED, "orders that were accepted wait to be settled; come again");
    }
    PGL_TRY(edge_idempotency_key(request, &key));
    PGL_TRY(edge_read_body(request, NEW_ORDER_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->idempotency_key = key;
    ask->order = body;
    ask->trace = edge_trace(request);
    request->view = EDGE_NEW(request, CREATE_ORDER_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->orders, ORDER_SERVICE_CREATE_ORDER, ask,
                    request->view);
}

/* The order that was waited for, as it is now. */
static pgl_status reply_waited(struct pgl_request *request)
{
    const Order *order;
    int status;
    PGL_TRY(edge_wait_next(request, &order, &status));
    return order != NULL ? reply_order(request, status, order) : PGL_OK;
}

pgl_status order_create_next(struct pgl_request *request)
{
    const CreateOrderResponse *reply = request->view;
    bool is_waiting;
    if (request->wait != NULL)
        return reply_waited(request);
    PGL_TRY(edge_answer(request, 0));
    const char *location = pgl_arena_printf(request->arena, "/api/v1/orders/%s", reply->order->id);
    edge_add_field(request, PGL_TEXT("Location"), pgl_text_of(location));
    if (reply->replayed)
        edge_add_field(request, PGL_TEXT("Idempotent-Replayed"), PGL_TEXT("true"));
    PGL_TRY(edge_wait_begin(request, reply->order, 201, &is_waiting));
    return is_waiting ? PGL_OK : reply_order(request, 201, reply->order);
}

/* ---- GET /api/v1/orders/{id} ---- */

pgl_status order_get_begin(struct pgl_request *request)
{
    GetOrderRequest *ask = EDGE_NEW(request, GET_ORDER_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    ask->caller = &request->caller;
    ask->id = pgl_message_string(request->params[0].data);
    request->view = EDGE_NEW(request, GET_ORDER_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->orders, ORDER_SERVICE_GET_ORDER, ask, request->view);
}

pgl_status order_get_next(struct pgl_request *request)
{
    const GetOrderResponse *reply = request->view;
    bool is_waiting;
    if (request->wait != NULL)
        return reply_waited(request);
    PGL_TRY(edge_answer(request, 0));
    PGL_TRY(edge_wait_begin(request, reply->order, 200, &is_waiting));
    return is_waiting ? PGL_OK : reply_order(request, 200, reply->order);
}

/* ---- GET /api/v1/orders ---- */

pgl_status order_list_begin(struct pgl_request *request)
{
    ListOrdersRequest *ask = EDGE_NEW(request, LIST_ORDERS_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    ask->caller = &request->caller;
    ask->limit = edge_query_limit(request);
    ask->cursor = edge_query_text(request, "cursor");
    ask->status = (OrderStatus)pgl_json_enum_named(ORDER_STATUS_DESCRIPTOR,
                                                   edge_query_text(request, "status"));
    request->view = EDGE_NEW(request, LIST_ORDERS_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->orders, ORDER_SERVICE_LIST_ORDERS, ask, request->view);
}

pgl_status order_list_next(struct pgl_request *request)
{
    const ListOrdersResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return edge_reply_json(request, 200, &reply->base);
}

/* ---- POST /api/v1/orders/{id}/cancel ---- */

pgl_status order_cancel_begin(struct pgl_request *request)
{
    CancelOrderRequest *ask = EDGE_NEW(request, CANCEL_ORDER_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    ask->caller = &request->caller;
    ask->id = pgl_message_string(request->params[0].data);
    ask->trace = edge_trace(request);
    request->view = EDGE_NEW(request, CANCEL_ORDER_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->orders, ORDER_SERVICE_CANCEL_ORDER, ask,
                    request->view);
}

pgl_status order_cancel_next(struct pgl_request *request)
{
    const CancelOrderResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    switch (reply->answer) {
    case CANCEL_ANSWER_REQUESTED:
        return reply_order(request, 202, reply->order);
    case CANCEL_ANSWER_NOTHING_TO_CANCEL:
        return reply_order(request, 200, reply->order);
    case CANCEL_ANSWER_TOO_LATE:
        request->problem = "already-confirmed";
        return PGL_FAIL(PGL_CONFLICT, "the order is already confirmed");
    default:
        return PGL_FAIL(PGL_INTERNAL, "an unknown answer to a cancel");
    }
}

/* ---- POST /api/v1/orders/{id}/refunds ---- */

pgl_status order_refund_begin(struct pgl_request *request)
{
    RefundOrderRequest *ask = EDGE_NEW(request, REFUND_ORDER_REQUEST_DESCRIPTOR);
    void *body;
    char *key;
    if (ask == NULL)
        return no_memory;
    PGL_TRY(edge_idempotency_key(request, &key));
    PGL_TRY(edge_read_body(request, NEW_REFUND_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->idempotency_key = key;
    ask->id = pgl_message_string(request->params[0].data);
    ask->refund = body;
    ask->trace = edge_trace(request);
    request->view = EDGE_NEW(request, REFUND_ORDER_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->orders, ORDER_SERVICE_REFUND_ORDER, ask,
                    request->view);
}

/* 202: the money is on its way back, and may yet fail to arrive. The order shows what became of
 * it. */
pgl_status order_refund_next(struct pgl_request *request)
{
    const RefundOrderResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    const char *location =
        pgl_arena_printf(request->arena, "/api/v1/orders/%s", request->params[0].data);
    edge_add_field(request, PGL_TEXT("Location"), pgl_text_of(location));
    if (reply->replayed)
        edge_add_field(request, PGL_TEXT("Idempotent-Replayed"), PGL_TEXT("true"));
    return edge_reply_json(request, 202, &reply->refund->base);
}
