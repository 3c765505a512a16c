/*
 * admin_sagas.c - /api/v1/admin/sagas: orders that have not come to their end, and where each of
 * them is stuck. Orders says which; Payments and Inventory are then asked how far they have come.
 */
#include "base/id.h"
#include "base/time.h"
#include "contract/payments.h"
#include "edge/bff/admin.h"
#include "edge/bff/views.h"
#include "wire/json.h"

#define INTENTS_SHOWN 8 /* of one order: its payment's, and a refund's */
#define SAGA_SERVICES 3 /* those that an order can be stuck in; the first of edge->admins */

enum { IN_ORDERS, IN_PAYMENTS, IN_INVENTORY };

struct sagas_view {
    ListOpenResponse open;
    DescribeResponse payments, inventory;
};

pgl_status saga_list_begin(struct pgl_request *request)
{
    int64_t older_than_s = edge_query_number(request, "olderThanS", 0);
    struct sagas_view *view = pgl_arena_zalloc(request->arena, sizeof *view);
    ListOpenRequest *ask = EDGE_NEW(request, LIST_OPEN_REQUEST_DESCRIPTOR);
    if (view == NULL || ask == NULL)
        return ADMIN_NO_MEMORY;
    int64_t now_ns = request->edge->loop->wall_ns;
    ask->caller = &request->caller;
    ask->limit = edge_query_limit(request);
    ask->cursor = edge_query_text(request, "cursor");
    ask->status = pgl_json_enum_named(ORDER_STATUS_DESCRIPTOR, edge_query_text(request, "status"));
    if (older_than_s > 0)
        ask->until_ns = now_ns - PGL_SECONDS(older_than_s);
    if (edge_query_flag(request, "late"))
        ask->late_at_ns = now_ns;
    view->open = (ListOpenResponse)LIST_OPEN_RESPONSE_INIT;
    request->view = view;
    return edge_ask(request, &request->edge->admins[IN_ORDERS], ADMIN_SERVICE_LIST_OPEN, ask,
                    &view->open);
}

static pgl_status ask_how_far(struct pgl_request *request, int service, char **order_ids,
                              size_t count, DescribeResponse *reply)
{
    DescribeRequest *ask = EDGE_NEW(request, DESCRIBE_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    ask->caller = &request->caller;
    ask->order_ids = order_ids;
    ask->n_order_ids = count;
    *reply = (DescribeResponse)DESCRIBE_RESPONSE_INIT;
    return edge_ask(request, &request->edge->admins[service], ADMIN_SERVICE_DESCRIBE, ask, reply);
}

static pgl_status reply_list(struct pgl_request *request)
{
    struct sagas_view *view = request->view;
    size_t count = view->open.n_items;
    SagaList *list = EDGE_NEW(request, SAGA_LIST_DESCRIPTOR);
    SagaLine *lines = pgl_arena_alloc(request->arena, (count + 1) * sizeof lines[0]);
    SagaLine **items = pgl_arena_alloc(request->arena, (count + 1) * sizeof items[0]);
    if (list == NULL || lines == NULL || items == NULL)
        return ADMIN_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const OpenOrder *order = view->open.items[i];
        lines[i] = (SagaLine)SAGA_LINE_INIT;
        lines[i].order_id = order->order_id;
        lines[i].status = (OrderStatus)order->status;
        lines[i].created_at_ns = order->created_at_ns;
        lines[i].deadline_at_ns = order->deadline_at_ns;
        lines[i].is_late = order->deadline_at_ns < request->edge->loop->wall_ns;
        lines[i].payment = view->payments.states[i];
        lines[i].reservation = view->inventory.states[i];
        items[i] = &lines[i];
    }
    list->items = items;
    list->n_items = count;
    list->next = view->open.next;
    return admin_reply(request, 200, &list->base);
}

pgl_status saga_list_next(struct pgl_request *request)
{
    struct sagas_view *view = request->view;
    bool is_first_round = request->call_count == 1;
    for (int i = 0; i < request->call_count; i++)
        PGL_TRY(edge_answer(request, i));
    if (!is_first_round)
        return reply_list(request);
    size_t count = view->open.n_items;
    char **order_ids = pgl_arena_alloc(request->arena, (count + 1) * sizeof order_ids[0]);
    if (order_ids == NULL)
        return ADMIN_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        order_ids[i] = view->open.items[i]->order_id;
    edge_next_round(request);
    PGL_TRY(ask_how_far(request, IN_PAYMENTS, order_ids, count, &view->payments));
    return ask_how_far(request, IN_INVENTORY, order_ids, count, &view->inventory);
}

/* ---- one ---- */

struct saga_view {
    int round;
    char *order_id;
    pgl_id key;
    GetOrderResponse order;
    GetPaymentResponse payment;
    DescribeResponse payments, inventory;
    ListParkedResponse parked[SAGA_SERVICES];
    ListIntentsResponse intents;
};

pgl_status saga_get_begin(struct pgl_request *request)
{
    struct saga_view *view = pgl_arena_zalloc(request->arena, sizeof *view);
    GetOrderRequest *order = EDGE_NEW(request, GET_ORDER_REQUEST_DESCRIPTOR);
    GetPaymentRequest *payment = EDGE_NEW(request, GET_PAYMENT_REQUEST_DESCRIPTOR);
    if (view == NULL || order == NULL || payment == NULL)
        return ADMIN_NO_MEMORY;
    if (!pgl_is_ok(pgl_id_parse(request->params[0], &view->key)))
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such order");
    request->view = view;
    view->order_id = pgl_message_string(request->params[0].data);
    order->caller = payment->caller = &request->caller;
    order->id = payment->order_id = view->order_id;
    view->order = (GetOrderResponse)GET_ORDER_RESPONSE_INIT;
    view->payment = (GetPaymentResponse)GET_PAYMENT_RESPONSE_INIT;
    struct pgl_edge *edge = request->edge;
    PGL_TRY(edge_ask(request, &edge->orders, ORDER_SERVICE_GET_ORDER, order, &view->order));
    PGL_TRY(
        edge_ask(request, &edge->payments, PAYMENT_SERVICE_GET_PAYMENT, payment, &view->payment));
    PGL_TRY(ask_how_far(request, IN_PAYMENTS, &view->order_id, 1, &view->payments));
    return ask_how_far(request, IN_INVENTORY, &view->order_id, 1, &view->inventory);
}

static pgl_status ask_intents(struct pgl_request *request)
{
    struct saga_view *view = request->view;
    ListIntentsRequest *ask = EDGE_NEW(request, LIST_INTENTS_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    ask->caller = &request->caller;
    ask->order_id = view->order_id;
    ask->limit = INTENTS_SHOWN;
    view->intents = (ListIntentsResponse)LIST_INTENTS_RESPONSE_INIT;
    return edge_ask(request, &request->edge->payments, PAYMENT_SERVICE_LIST_INTENTS, ask,
                    &view->intents);
}

static pgl_status ask_what_waits(struct pgl_request *request)
{
    struct saga_view *view = request->view;
    edge_next_round(request);
    view->round++;
    for (int i = 0; i < SAGA_SERVICES; i++) {
        ListParkedRequest *ask = EDGE_NEW(request, LIST_PARKED_REQUEST_DESCRIPTOR);
        if (ask == NULL)
            return ADMIN_NO_MEMORY;
        ask->caller = &request->caller;
        ask->limit = SAGA_SERVICES;
        ask->key = (ProtobufCBinaryData){ sizeof view->key.bytes, view->key.bytes };
        view->parked[i] = (ListParkedResponse)LIST_PARKED_RESPONSE_INIT;
        PGL_TRY(edge_ask(request, &request->edge->admins[i], ADMIN_SERVICE_LIST_PARKED, ask,
                         &view->parked[i]));
    }
    return ask_intents(request);
}

static pgl_status reply_saga(struct pgl_request *request)
{
    struct saga_view *view = request->view;
    SagaView *saga = EDGE_NEW(request, SAGA_VIEW_DESCRIPTOR);
    SagaLine *line = EDGE_NEW(request, SAGA_LINE_DESCRIPTOR);
    ParkedKey **parked =
        pgl_arena_alloc(request->arena, SAGA_SERVICES * SAGA_SERVICES * sizeof parked[0]);
    if (saga == NULL || line == NULL || parked == NULL)
        return ADMIN_NO_MEMORY;
    saga->order = view->order.order;
    saga->payment = view->payment.payment;
    saga->line = line;
    line->order_id = view->order_id;
    line->status = saga->order->status;
    line->created_at_ns = saga->order->created_at_ns;
    line->payment = view->payments.states[0];
    line->reservation = view->inventory.states[0];
    saga->parked = parked;
    saga->intents = view->intents.items;
    saga->n_intents = view->intents.n_items;
    for (int i = 0; i < SAGA_SERVICES; i++)
        for (size_t n = 0; n < view->parked[i].n_items; n++)
            parked[saga->n_parked++] = view->parked[i].items[n];
    return admin_reply(request, 200, &saga->base);
}

pgl_status saga_get_next(struct pgl_request *request)
{
    struct saga_view *view = request->view;
    for (int i = 0; i < request->call_count; i++) {
        bool is_payment = view->round == 0 && i == 1; /* Payments may not have heard of it yet */
        if (!is_payment || edge_answer(request, i).code != PGL_NOT_FOUND)
            PGL_TRY(edge_answer(request, i));
    }
    return view->round == 0 ? ask_what_waits(request) : reply_saga(request);
}

/* ---- helped on: what is open at the provider is Payments' ---- */

pgl_status saga_retry_begin(struct pgl_request *request)
{
    void *body;
    RetryIntentRequest *ask = EDGE_NEW(request, RETRY_INTENT_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    PGL_TRY(edge_read_body(request, NEW_RETRY_DESCRIPTOR, &body));
    const NewRetry *wish = body;
    if (wish->reason[0] == '\0')
        return PGL_FAIL(PGL_INVALID, "reason: it is required; it is kept in the audit log");
    ask->caller = &request->caller;
    ask->order_id = pgl_message_string(request->params[0].data);
    ask->refund_no = wish->refund_no;
    ask->reason = wish->reason;
    request->view = EDGE_NEW(request, RETRY_INTENT_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->payments, PAYMENT_SERVICE_RETRY_INTENT, ask,
                    request->view);
}

pgl_status saga_retry_next(struct pgl_request *request)
{
    const RetryIntentResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return admin_reply(request, 202, &reply->intent->base);
}

pgl_status saga_settle_begin(struct pgl_request *request)
{
    void *body;
    SettleIntentRequest *ask = EDGE_NEW(request, SETTLE_INTENT_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    PGL_TRY(edge_read_body(request, NEW_SETTLEMENT_DESCRIPTOR, &body));
    const NewSettlement *wish = body;
    if (wish->reason[0] == '\0')
        return PGL_FAIL(PGL_INVALID, "reason: it is required; it is kept in the audit log");
    ask->caller = &request->caller;
    ask->order_id = pgl_message_string(request->params[0].data);
    ask->refund_no = wish->refund_no;
    ask->outcome = wish->outcome;
    ask->reason = wish->reason;
    request->view = EDGE_NEW(request, SETTLE_INTENT_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->payments, PAYMENT_SERVICE_SETTLE_INTENT, ask,
                    request->view);
}

pgl_status saga_settle_next(struct pgl_request *request)
{
    const SettleIntentResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return admin_reply(request, 200, &reply->base);
}
