/* shipments.c - the parcels of an order, as people see them, and what is still to follow. */
#include "services/inventory/fulfilment.h"
#include "services/inventory/ship.h"
#include "wire/message.h"

const pgl_status shipment_no_such_order = { PGL_NOT_FOUND,
                                            "nothing is set aside for such an order" };

static void show_line(const Allocation *allocation, ParcelLine *line)
{
    *line = (ParcelLine)PARCEL_LINE_INIT;
    line->line_no = allocation->line_no;
    line->sku = allocation->sku;
    line->quantity = allocation->quantity;
}

pgl_status shipment_show(struct pgl_arena *arena, const InventoryShipped *shipped, int64_t at_ns,
                         Parcel **shown)
{
    size_t count = shipped->n_allocations;
    Parcel *shipment = pgl_message_new(PARCEL_DESCRIPTOR, arena);
    ParcelLine *lines = pgl_arena_alloc(arena, (count + 1) * sizeof lines[0]);
    ParcelLine **list = pgl_arena_alloc(arena, (count + 1) * sizeof list[0]);
    if (shipment == NULL || lines == NULL || list == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        show_line(shipped->allocations[i], &lines[i]);
        list[i] = &lines[i];
    }
    shipment->shipment_no = shipped->shipment_no;
    shipment->warehouse = shipped->warehouse;
    shipment->lines = list;
    shipment->n_lines = count;
    shipment->carrier = shipped->carrier;
    shipment->tracking = shipped->tracking;
    shipment->shipped_at_ns = at_ns;
    shipment->complete = shipped->complete;
    *shown = shipment;
    return PGL_OK;
}

static pgl_status show_left(struct pgl_arena *arena, const struct fulfilment *order,
                            ListShipmentsResponse *reply)
{
    ParcelLine *lines = pgl_arena_alloc(arena, (order->share_count + 1) * sizeof lines[0]);
    reply->left = pgl_arena_alloc(arena, (order->share_count + 1) * sizeof reply->left[0]);
    if (lines == NULL || reply->left == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < order->share_count && order->row.state == RESERVATION_COMMITTED; i++) {
        const struct fulfilment_share *share = &order->shares[i];
        if (fulfilment_left_of(share) == 0)
            continue;
        ParcelLine *line = &lines[reply->n_left];
        show_line(share->allocation, line);
        line->quantity = fulfilment_left_of(share);
        line->warehouse = share->allocation->warehouse;
        reply->left[reply->n_left++] = line;
    }
    return PGL_OK;
}

pgl_status pgl_inventory_list_shipments(const struct pgl_view *view,
                                        const ListShipmentsRequest *ask,
                                        ListShipmentsResponse *reply)
{
    struct fulfilment order;
    struct reservation_row row;
    pgl_id order_id;
    if (ask->caller == NULL || !pgl_is_ok(pgl_id_parse(pgl_text_of(ask->order_id), &order_id)))
        return shipment_no_such_order;
    PGL_TRY(reservation_get_of(view, &order_id, pgl_text_of(ask->caller->tenant), &row));
    if (row.state == RESERVATION_NONE)
        return shipment_no_such_order;
    PGL_TRY(fulfilment_read(view, &row, &order));
    reply->items = pgl_arena_alloc(view->arena, (order.parcel_count + 1) * sizeof reply->items[0]);
    if (reply->items == NULL)
        return PGL_NO_MEMORY;
    for (; reply->n_items < order.parcel_count; reply->n_items++)
        PGL_TRY(shipment_show(view->arena, order.parcels[reply->n_items],
                              order.parcel_times_ns[reply->n_items],
                              &reply->items[reply->n_items]));
    return show_left(view->arena, &order, reply);
}
