/* shipments.c - /api/v1/orders/{id}/shipments: the parcels of an order. */
#include "base/id.h"
#include "contract/events.h"
#include "contract/inventory.h"
#include "edge/bff/views.h"

static const pgl_status no_memory = { PGL_EXHAUSTED, "no memory for this request" };

/* ---- POST ---- */

pgl_status shipment_create_begin(struct pgl_request *request)
{
    ShipOrderRequest *ask = EDGE_NEW(request, SHIP_ORDER_REQUEST_DESCRIPTOR);
    void *body;
    if (ask == NULL)
        return no_memory;
    PGL_TRY(edge_idempotency_key(request, &ask->idempotency_key));
    PGL_TRY(edge_read_body(request, NEW_SHIPMENT_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->order_id = pgl_message_string(request->params[0].data);
    ask->shipment = body;
    request->view = EDGE_NEW(request, SHIP_ORDER_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->inventory, INVENTORY_SERVICE_SHIP_ORDER, ask,
                    request->view);
}

pgl_status shipment_create_next(struct pgl_request *request)
{
    const ShipOrderResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    if (reply->replayed)
        edge_add_field(request, PGL_TEXT("Idempotent-Replayed"), PGL_TEXT("true"));
    return edge_reply_json(request, 201, &reply->shipment->base);
}

/* ---- GET ---- */

struct shipments_view {
    bool is_theirs; /* Orders has said so, or whoever works in a warehouse asks */
    ReadKeyResponse story;
    ListShipmentsResponse reply;
};

/* Whose order it is knows Orders, which tells by whom its story may be read. */
static pgl_status ask_orders(struct pgl_request *request, struct shipments_view *view)
{
    ReadKeyRequest *ask = EDGE_NEW(request, READ_KEY_REQUEST_DESCRIPTOR);
    pgl_id *id = pgl_arena_alloc(request->arena, sizeof *id);
    if (ask == NULL || id == NULL)
        return no_memory;
    if (!pgl_is_ok(pgl_id_parse(request->params[0], id)))
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such order");
    ask->caller = &request->caller;
    ask->log = LOG_ORDERS;
    ask->key = (ProtobufCBinaryData){ sizeof id->bytes, id->bytes };
    return edge_ask(request, &request->edge->logs[0], EVENT_LOG_SERVICE_READ_KEY, ask,
                    &view->story);
}

static pgl_status ask_inventory(struct pgl_request *request, struct shipments_view *view)
{
    ListShipmentsRequest *ask = EDGE_NEW(request, LIST_SHIPMENTS_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    view->is_theirs = true;
    ask->caller = &request->caller;
    ask->order_id = pgl_message_string(request->params[0].data);
    return edge_ask(request, &request->edge->inventory, INVENTORY_SERVICE_LIST_SHIPMENTS, ask,
                    &view->reply);
}

pgl_status shipment_list_begin(struct pgl_request *request)
{
    struct shipments_view *view = pgl_arena_zalloc(request->arena, sizeof *view);
    if (view == NULL)
        return no_memory;
    view->story = (ReadKeyResponse)READ_KEY_RESPONSE_INIT;
    view->reply = (ListShipmentsResponse)LIST_SHIPMENTS_RESPONSE_INIT;
    request->view = view;
    bool is_at_work =
        request->caller.role == ROLE_WAREHOUSE || request->caller.role == ROLE_OPERATOR;
    return is_at_work ? ask_inventory(request, view) : ask_orders(request, view);
}

pgl_status shipment_list_next(struct pgl_request *request)
{
    struct shipments_view *view = request->view;
    if (!view->is_theirs) {
        PGL_TRY(edge_answer(request, 0));
        edge_next_round(request);
        return ask_inventory(request, view);
    }
    /* Of an order that Inventory has not heard of yet nothing has left. */
    bool is_owner = request->caller.role == ROLE_CUSTOMER;
    if (!is_owner || edge_answer(request, 0).code != PGL_NOT_FOUND)
        PGL_TRY(edge_answer(request, 0));
    return edge_reply_json(request, 200, &view->reply.base);
}
