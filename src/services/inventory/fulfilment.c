/* fulfilment.c - see fulfilment.h. */
#include "services/inventory/fulfilment.h"

#include "base/assert.h"
#include "services/inventory/inventory.h"
#include "wire/message.h"

static const pgl_status does_not_fit = { PGL_INTERNAL,
                                         "what left or came back does not fit what was set aside" };

static pgl_status read_parcels(const struct pgl_view *view, struct fulfilment *fulfilment);
static pgl_status read_returns(const struct pgl_view *view, struct fulfilment *fulfilment);

pgl_status fulfilment_read(const struct pgl_view *view, const struct reservation_row *row,
                           struct fulfilment *fulfilment)
{
    PGL_TRY(fulfilment_read_whole(view, row, fulfilment));
    PGL_TRY(read_parcels(view, fulfilment));
    return read_returns(view, fulfilment);
}

pgl_status fulfilment_read_whole(const struct pgl_view *view, const struct reservation_row *row,
                                 struct fulfilment *fulfilment)
{
    *fulfilment = (struct fulfilment){ .row = *row };
    void *unpacked;
    PGL_TRY(pgl_message_unpack(INVENTORY_COMMITTED_DESCRIPTOR, view->arena,
                               fulfilment->row.allocations, &unpacked));
    const InventoryCommitted *held = unpacked;
    fulfilment->shares =
        pgl_arena_zalloc(view->arena, (held->n_allocations + 1) * sizeof fulfilment->shares[0]);
    if (fulfilment->shares == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < held->n_allocations; i++)
        fulfilment->shares[i].allocation = held->allocations[i];
    fulfilment->share_count = held->n_allocations;
    return PGL_OK;
}

/* Those of a message, to a part of their shares. */
static pgl_status spread_all(struct fulfilment *fulfilment, Allocation *const *list, size_t count,
                             enum fulfilment_part part)
{
    for (size_t i = 0; i < count; i++) {
        const Allocation *one = list[i];
        int64_t rest =
            fulfilment_spread(fulfilment, one->line_no, one->warehouse, part, one->quantity);
        if (part == PART_RESTOCKED) /* it may have come back elsewhere */
            rest = fulfilment_spread(fulfilment, one->line_no, NULL, part, rest);
        if (rest != 0)
            return does_not_fit;
    }
    return PGL_OK;
}

static pgl_status take_parcel(const struct pgl_view *view, struct fulfilment *fulfilment,
                              const struct pgl_rows *rows)
{
    void *unpacked;
    if (fulfilment->parcel_count == PGL_SHIPMENTS_MAX)
        return does_not_fit;
    PGL_TRY(pgl_message_unpack(INVENTORY_SHIPPED_DESCRIPTOR, view->arena, pgl_column_blob(rows, 2),
                               &unpacked));
    InventoryShipped *shipped = unpacked;
    fulfilment->last_shipment_no = (int32_t)pgl_column_i64(rows, 0);
    fulfilment->parcel_times_ns[fulfilment->parcel_count] = pgl_column_i64(rows, 1);
    fulfilment->parcels[fulfilment->parcel_count++] = shipped;
    return spread_all(fulfilment, shipped->allocations, shipped->n_allocations, PART_SHIPPED);
}

static pgl_status read_parcels(const struct pgl_view *view, struct fulfilment *fulfilment)
{
    struct pgl_rows rows = shipments_of(view, &fulfilment->row.order_id);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        if (fulfilment->parcels == NULL) {
            fulfilment->parcels =
                pgl_arena_alloc(view->arena, PGL_SHIPMENTS_MAX * sizeof fulfilment->parcels[0]);
            fulfilment->parcel_times_ns = pgl_arena_alloc(
                view->arena, PGL_SHIPMENTS_MAX * sizeof fulfilment->parcel_times_ns[0]);
        }
        bool has_room = fulfilment->parcels != NULL && fulfilment->parcel_times_ns != NULL;
        pgl_status taken = has_room ? take_parcel(view, fulfilment, &rows) : PGL_NO_MEMORY;
        if (!pgl_is_ok(taken)) {
            pgl_rows_end(&rows);
            return taken;
        }
    }
}

static pgl_status take_return(const struct pgl_view *view, struct fulfilment *fulfilment,
                              const struct pgl_rows *rows)
{
    void *refunded, *returned;
    PGL_TRY(pgl_message_unpack(PAYMENT_REFUNDED_DESCRIPTOR, view->arena, pgl_column_blob(rows, 1),
                               &refunded));
    PGL_TRY(pgl_message_unpack(INVENTORY_RETURNED_DESCRIPTOR, view->arena, pgl_column_blob(rows, 2),
                               &returned));
    const PaymentRefunded *paid = refunded;
    InventoryReturned *back = returned;
    for (size_t i = 0; i < paid->n_lines; i++)
        if (fulfilment_spread(fulfilment, paid->lines[i]->line_no, NULL, PART_REFUNDED,
                              paid->lines[i]->quantity) != 0)
            return does_not_fit;
    fulfilment->refund_nos[fulfilment->return_count] = (int32_t)pgl_column_i64(rows, 0);
    fulfilment->returns[fulfilment->return_count++] = back;
    PGL_TRY(spread_all(fulfilment, back->released, back->n_released, PART_RELEASED));
    return spread_all(fulfilment, back->restocked, back->n_restocked, PART_RESTOCKED);
}

/* Makes room for one more. */
static pgl_status grow_returns(const struct pgl_view *view, struct fulfilment *fulfilment,
                               size_t *room)
{
    if (fulfilment->return_count < *room)
        return PGL_OK;
    size_t more = *room == 0 ? 4 : 2 * *room;
    InventoryReturned **returns = pgl_arena_alloc(view->arena, more * sizeof returns[0]);
    int32_t *refund_nos = pgl_arena_alloc(view->arena, more * sizeof refund_nos[0]);
    if (returns == NULL || refund_nos == NULL)
        return PGL_NO_MEMORY;
    if (*room > 0) {
        memcpy(returns, fulfilment->returns, *room * sizeof returns[0]);
        memcpy(refund_nos, fulfilment->refund_nos, *room * sizeof refund_nos[0]);
    }
    fulfilment->returns = returns;
    fulfilment->refund_nos = refund_nos;
    *room = more;
    return PGL_OK;
}

static pgl_status read_returns(const struct pgl_view *view, struct fulfilment *fulfilment)
{
    size_t room = 0;
    struct pgl_rows rows = refunds_of(view, &fulfilment->row.order_id);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        pgl_status taken = grow_returns(view, fulfilment, &room);
        if (pgl_is_ok(taken))
            taken = take_return(view, fulfilment, &rows);
        if (!pgl_is_ok(taken)) {
            pgl_rows_end(&rows);
            return taken;
        }
    }
}

/* ---- arithmetic ---- */

int64_t fulfilment_room(const struct fulfilment_share *share, enum fulfilment_part part)
{
    const int64_t *parts = share->parts;
    switch (part) {
    case PART_SHIPPED:
    case PART_RELEASED:
        return share->allocation->quantity - parts[PART_SHIPPED] - parts[PART_RELEASED];
    case PART_RESTOCKED:
        return parts[PART_SHIPPED] - parts[PART_RESTOCKED];
    case PART_REFUNDED:
        return share->allocation->quantity - parts[PART_REFUNDED];
    case PART_COUNT:
        break;
    }
    PGL_ASSERT(false);
    return 0;
}

int64_t fulfilment_left_of(const struct fulfilment_share *share)
{
    return fulfilment_room(share, PART_SHIPPED);
}

int64_t fulfilment_left(const struct fulfilment *fulfilment)
{
    int64_t left = 0;
    for (size_t i = 0; i < fulfilment->share_count; i++)
        left += fulfilment_left_of(&fulfilment->shares[i]);
    return left;
}

int64_t fulfilment_spread(struct fulfilment *fulfilment, int32_t line_no, const char *warehouse,
                          enum fulfilment_part part, int64_t quantity)
{
    for (size_t i = 0; i < fulfilment->share_count && quantity > 0; i++) {
        struct fulfilment_share *share = &fulfilment->shares[i];
        if (share->allocation->line_no != line_no ||
            (warehouse != NULL && strcmp(share->allocation->warehouse, warehouse) != 0))
            continue;
        int64_t room = fulfilment_room(share, part);
        int64_t taken = quantity < room ? quantity : room;
        share->parts[part] += taken;
        quantity -= taken;
    }
    return quantity;
}

/* ---- writing ---- */

pgl_status fulfilment_keep(struct pgl_tx *tx, struct fulfilment *fulfilment,
                           enum reservation_state after)
{
    struct pgl_inventory_core *core = pgl_tx_context(tx);
    struct reservation_row *row = &fulfilment->row;
    if (after == row->state)
        return reservation_note(tx, row);
    pgl_tally_move(&core->tally, (int)row->state, (int)after);
    row->state = after;
    return reservation_move(tx, row, EVENT_TYPE_UNSPECIFIED);
}
