/*
 * fulfil.c - what Inventory says of an order's goods: they have left, or came back. The order's
 * state keeps; when nothing is left to be shipped that is said once.
 */
#include "services/orders/orders.h"
#include "wire/message.h"

/* ---- a parcel ---- */

static pgl_status pack_shipment(struct pgl_tx *tx, const Event *event, struct pgl_text *packed)
{
    const InventoryShipped *heard = event->inventory_shipped;
    struct pgl_arena *arena = pgl_tx_arena(tx);
    OrderShipment shipment = ORDER_SHIPMENT_INIT;
    OrderShippedLine *lines = pgl_arena_alloc(arena, (heard->n_allocations + 1) * sizeof lines[0]);
    shipment.lines = pgl_arena_alloc(arena, (heard->n_allocations + 1) * sizeof shipment.lines[0]);
    if (lines == NULL || shipment.lines == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < heard->n_allocations; i++) {
        lines[i] = (OrderShippedLine)ORDER_SHIPPED_LINE_INIT;
        lines[i].line_no = heard->allocations[i]->line_no;
        lines[i].quantity = heard->allocations[i]->quantity;
        shipment.lines[i] = &lines[i];
    }
    shipment.n_lines = heard->n_allocations;
    shipment.shipment_no = heard->shipment_no;
    shipment.warehouse = heard->warehouse;
    shipment.carrier = heard->carrier;
    shipment.tracking = heard->tracking;
    shipment.shipped_at_ns = event->at_ns;
    return pgl_message_pack_text(&shipment.base, arena, packed);
}

pgl_status order_note_shipped(struct pgl_tx *tx, struct order_row *order, const Event *event)
{
    const InventoryShipped *heard = event->inventory_shipped;
    struct order_lines lines;
    struct pgl_text packed;
    bool is_there;
    PGL_TRY(order_shipment_find(&tx->view, order->id, heard->shipment_no, &is_there));
    if (is_there)
        return PGL_OK; /* heard before */
    PGL_TRY(order_lines_load(&tx->view, order, NULL, &lines));
    for (size_t i = 0; i < heard->n_allocations; i++) {
        const Allocation *sent = heard->allocations[i];
        struct order_line_row *line = order_line_at(&lines, sent->line_no);
        if (line == NULL || sent->quantity < 0 || sent->quantity > line->confirmed - line->shipped)
            return PGL_FAIL(PGL_CONFLICT, "more was shipped than was confirmed");
        line->shipped += sent->quantity;
    }
    PGL_TRY(pack_shipment(tx, event, &packed));
    PGL_TRY(order_shipment_insert(tx, order->id, heard->shipment_no, packed));
    PGL_TRY(order_lines_write(tx, order, &lines));
    order->beyond |= ORDER_HAS_SHIPMENTS;
    order_note_change(order, CHANGE_KIND_SHIPPED);
    return PGL_OK;
}

/* ---- goods that came back ---- */

pgl_status order_note_returned(struct pgl_tx *tx, struct order_row *order, const Event *event)
{
    const InventoryReturned *heard = event->inventory_returned;
    struct order_refund_row row;
    struct order_lines lines;
    pgl_status found = order_refund_get(&tx->view, order->id, heard->refund_no, &row);
    if (found.code == PGL_NOT_FOUND)
        return PGL_FAIL(PGL_CONFLICT, "goods came back of a refund that nobody has asked for");
    PGL_TRY(found);
    if (row.is_returned)
        return PGL_OK; /* heard before */
    PGL_TRY(order_lines_load(&tx->view, order, NULL, &lines));
    for (size_t i = 0; i < heard->n_restocked; i++) {
        const Allocation *back = heard->restocked[i];
        struct order_line_row *line = order_line_at(&lines, back->line_no);
        if (line == NULL || back->quantity < 0 || back->quantity > line->shipped - line->returned)
            return PGL_FAIL(PGL_CONFLICT, "more came back than was shipped");
        line->returned += back->quantity;
    }
    row.is_returned = true;
    PGL_TRY(order_refund_update(tx, order->id, &row));
    PGL_TRY(order_lines_write(tx, order, &lines));
    order_note_change(order, CHANGE_KIND_RETURNED);
    return PGL_OK;
}

/* ---- nothing is left ---- */

bool order_is_all_sent(const struct order_row *order, const Event *event)
{
    switch ((int)event->type) {
    case EVENT_TYPE_INVENTORY_SHIPPED:
        return event->inventory_shipped->complete;
    case EVENT_TYPE_INVENTORY_RETURNED: /* what was never shipped is not fulfilled */
        return event->inventory_returned->complete && order->beyond & ORDER_HAS_SHIPMENTS;
    case EVENT_TYPE_PAYMENT_CAPTURED: /* Inventory was heard first */
        return order->beyond & ORDER_IS_ALL_SENT;
    default:
        return false;
    }
}

pgl_status order_note_all_sent(struct pgl_tx *tx, struct order_row *order)
{
    struct order_step step = order_step_of(order, ORDER_ON_ALL_SENT);
    if (step.is_impossible)
        return PGL_FAIL(PGL_CONFLICT, "an order in its state cannot have been shipped");
    order->beyond |= ORDER_IS_ALL_SENT;
    if (step.says[0] != EVENT_TYPE_ORDER_FULFILLED)
        return PGL_OK;
    OrderFulfilled said = ORDER_FULFILLED_INIT;
    said.fulfilled_at_ns = pgl_tx_now_ns(tx);
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_ORDER_FULFILLED;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_FULFILLED;
    event.order_fulfilled = &said;
    order_note_change(order, CHANGE_KIND_FULFILLED);
    return order_say(tx, order, &event);
}
