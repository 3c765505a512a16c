/* shipments.c - /api/v1/orders/{id}/shipments: the parcels of an order. */
#include "contract/inventory.h"
#include "edge/bff/views.h"
#include "edge/parcels.h"

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

pgl_status shipment_list_begin(struct pgl_request *request)
{
    ListShipmentsResponse *reply = EDGE_NEW(request, LIST_SHIPMENTS_RESPONSE_DESCRIPTOR);
    if (reply == NULL)
        return no_memory;
    return edge_parcels_ask(request, request->params[0].data, reply);
}

pgl_status shipment_list_next(struct pgl_request *request)
{
    const ListShipmentsResponse *reply;
    PGL_TRY(edge_parcels_answered(request, &reply));
    return reply == NULL ? PGL_OK : edge_reply_json(request, 200, &reply->base);
}
