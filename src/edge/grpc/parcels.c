/* parcels.c - InventoryService.ListShipments, whose order Inventory does not know the owner of. */
#include "edge/parcels.h"
#include "edge/grpc/call.h"
#include "edge/grpc/services.h"

pgl_status edge_grpc_parcels_begin(struct pgl_request *request)
{
    struct edge_grpc_request *of = edge_grpc_of(request);
    const ListShipmentsRequest *ask = of->ask;
    of->reply = pgl_message_new(LIST_SHIPMENTS_RESPONSE_DESCRIPTOR, request->arena);
    if (of->reply == NULL)
        return PGL_NO_MEMORY;
    return edge_parcels_ask(request, ask->order_id, of->reply);
}

pgl_status edge_grpc_parcels_next(struct pgl_request *request)
{
    const ListShipmentsResponse *reply; /* which the call has already */
    return edge_parcels_answered(request, &reply);
}
