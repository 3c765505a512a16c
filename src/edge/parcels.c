/* parcels.c - see parcels.h. */
#include "edge/parcels.h"

#include "base/id.h"
#include "contract/events.h"

struct parcels {
    const char *order_id;
    bool is_theirs; /* Orders has said so, or whoever works in a warehouse asks */
    ReadKeyResponse story;
    ListShipmentsResponse *reply;
};

/* Orders tells by whom an order's story may be read. */
static pgl_status ask_orders(struct pgl_request *request, struct parcels *parcels)
{
    ReadKeyRequest *ask = EDGE_NEW(request, READ_KEY_REQUEST_DESCRIPTOR);
    pgl_id *id = pgl_arena_alloc(request->arena, sizeof *id);
    if (ask == NULL || id == NULL)
        return PGL_NO_MEMORY;
    if (!pgl_is_ok(pgl_id_parse(pgl_text_of(parcels->order_id), id)))
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such order");
    ask->caller = &request->caller;
    ask->log = LOG_ORDERS;
    ask->key = (ProtobufCBinaryData){ sizeof id->bytes, id->bytes };
    return edge_ask(request, &request->edge->logs[0], EVENT_LOG_SERVICE_READ_KEY, ask,
                    &parcels->story);
}

static pgl_status ask_inventory(struct pgl_request *request, struct parcels *parcels)
{
    ListShipmentsRequest *ask = EDGE_NEW(request, LIST_SHIPMENTS_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return PGL_NO_MEMORY;
    parcels->is_theirs = true;
    ask->caller = &request->caller;
    ask->order_id = pgl_message_string(parcels->order_id);
    return edge_ask(request, &request->edge->inventory, INVENTORY_SERVICE_LIST_SHIPMENTS, ask,
                    parcels->reply);
}

pgl_status edge_parcels_ask(struct pgl_request *request, const char *order_id,
                            ListShipmentsResponse *reply)
{
    struct parcels *parcels = pgl_arena_zalloc(request->arena, sizeof *parcels);
    if (parcels == NULL)
        return PGL_NO_MEMORY;
    parcels->order_id = order_id;
    parcels->story = (ReadKeyResponse)READ_KEY_RESPONSE_INIT;
    parcels->reply = reply;
    request->view = parcels;
    bool is_at_work =
        request->caller.role == ROLE_WAREHOUSE || request->caller.role == ROLE_OPERATOR;
    return is_at_work ? ask_inventory(request, parcels) : ask_orders(request, parcels);
}

pgl_status edge_parcels_answered(struct pgl_request *request, const ListShipmentsResponse **reply)
{
    struct parcels *parcels = request->view;
    pgl_status status = edge_answer(request, 0);
    *reply = parcels->is_theirs ? parcels->reply : NULL;
    if (parcels->is_theirs) { /* of an order that Inventory has not heard of yet nothing has left */
        bool is_owner = request->caller.role == ROLE_CUSTOMER;
        return is_owner && status.code == PGL_NOT_FOUND ? PGL_OK : status;
    }
    PGL_TRY(status);
    edge_next_round(request);
    return ask_inventory(request, parcels);
}
