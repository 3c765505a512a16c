/* ship.c - a parcel leaves: what goes into it, and what is written and said of it. */
#include "services/inventory/ship.h"

#include "base/assert.h"
#include "services/inventory/fulfilment.h"
#include "services/inventory/inventory.h"
#include "services/inventory/keyed.h"
#include "services/inventory/reserve.h"

/* Why an order cannot be shipped, by its state. */
static const char *const not_now[RESERVATION_STATE_COUNT] = {
    [RESERVATION_HELD] = "the order is not paid yet",
    [RESERVATION_REJECTED] = "the order was not confirmed: nothing is set aside for it",
    [RESERVATION_RELEASED] = "the order was not confirmed: nothing is set aside for it",
    [RESERVATION_SHIPPED] = "nothing of the order is left to be shipped",
};

/* Everything that is decided before the first write. */
struct parcel {
    const ShipOrderRequest *ask;
    struct fulfilment order;
    const struct pgl_warehouse *warehouse;
    int64_t *takes; /* by share: how much of it goes into the parcel */
    struct stock_move *moves;
    size_t move_count;
    struct reservation_step step;
    InventoryShipped said;
};

static pgl_status check(const ShipOrderRequest *ask);
static pgl_status find_order(struct pgl_tx *tx, struct parcel *parcel);
static pgl_status choose_lines(struct pgl_tx *tx, struct parcel *parcel);
static pgl_status choose_all(struct pgl_tx *tx, struct parcel *parcel);
static pgl_status fill(struct pgl_tx *tx, struct parcel *parcel);
static pgl_status carry_out(struct pgl_tx *tx, struct parcel *parcel);

pgl_status pgl_inventory_ship(struct pgl_tx *tx, const ShipOrderRequest *ask,
                              ShipOrderResponse *reply)
{
    struct parcel parcel = { .ask = ask, .said = INVENTORY_SHIPPED_INIT };
    struct keyed keyed;
    ShipOrderRequest bare = *ask;
    bare.caller = NULL;
    PGL_TRY(check(ask));
    PGL_TRY(keyed_begin(tx, ask->caller, ask->idempotency_key, INVENTORY_SERVICE_SHIP_ORDER,
                        &bare.base, SHIP_ORDER_RESPONSE_DESCRIPTOR, &keyed));
    if (keyed.first != NULL) {
        *reply = *(ShipOrderResponse *)keyed.first;
        reply->replayed = true;
        return PGL_OK;
    }
    PGL_TRY(find_order(tx, &parcel));
    PGL_TRY(ask->shipment->n_lines > 0 ? choose_lines(tx, &parcel) : choose_all(tx, &parcel));
    PGL_TRY(fill(tx, &parcel));
    PGL_TRY(carry_out(tx, &parcel));
    PGL_TRY(shipment_show(pgl_tx_arena(tx), &parcel.said, pgl_tx_now_ns(tx), &reply->shipment));
    const char *outcome = pgl_arena_printf(pgl_tx_arena(tx), "parcel %d left %s",
                                           parcel.said.shipment_no, parcel.said.warehouse);
    return keyed_end(tx, &keyed, &reply->base, "order.ship", ask->order_id, outcome);
}

static pgl_status check(const ShipOrderRequest *ask)
{
    const Caller *caller = ask->caller;
    const NewShipment *shipment = ask->shipment;
    if (caller == NULL || (caller->role != ROLE_WAREHOUSE && caller->role != ROLE_OPERATOR))
        return PGL_FAIL(PGL_DENIED, "only a warehouse or an operator ships");
    if (shipment == NULL)
        return PGL_FAIL(PGL_INVALID, "the content of the request is missing");
    if (strlen(shipment->carrier) > PGL_CARRIER_BYTES_MAX)
        return PGL_FAIL(PGL_INVALID, "carrier: at most 64 bytes are expected");
    if (strlen(shipment->tracking) > PGL_TRACKING_BYTES_MAX)
        return PGL_FAIL(PGL_INVALID, "tracking: at most 128 bytes are expected");
    if (shipment->n_lines > PGL_LINES_MAX)
        return PGL_FAIL(PGL_INVALID, "lines: at most 100 are expected");
    for (size_t i = 0; i < shipment->n_lines; i++)
        if (shipment->lines[i]->quantity < 1)
            return PGL_FAIL(PGL_INVALID, "lines: a quantity of at least 1 is expected");
    return PGL_OK;
}

static pgl_status find_order(struct pgl_tx *tx, struct parcel *parcel)
{
    const struct pgl_inventory_core *core = pgl_tx_context(tx);
    const ShipOrderRequest *ask = parcel->ask;
    struct reservation_row row;
    pgl_id order_id;
    parcel->warehouse = pgl_names_warehouse(&core->names, pgl_text_of(ask->shipment->warehouse));
    if (parcel->warehouse == NULL)
        return PGL_FAIL(PGL_INVALID, "warehouse: there is none of this name");
    if (!pgl_is_ok(pgl_id_parse(pgl_text_of(ask->order_id), &order_id)))
        return shipment_no_such_order;
    PGL_TRY(reservation_get_of(&tx->view, &order_id, pgl_text_of(ask->caller->tenant), &row));
    if (row.state == RESERVATION_NONE)
        return shipment_no_such_order;
    struct reservation_facts facts = { row.state };
    if (pgl_reservation_step(facts, RESERVATION_ON_SHIP).is_refused)
        return PGL_FAIL(PGL_CONFLICT, not_now[row.state]);
    PGL_TRY(fulfilment_read(&tx->view, &row, &parcel->order));
    if (parcel->order.parcel_count == PGL_SHIPMENTS_MAX)
        return PGL_FAIL(PGL_CONFLICT, "an order is shipped in at most 100 parcels");
    parcel->takes = pgl_arena_zalloc(pgl_tx_arena(tx),
                                     (parcel->order.share_count + 1) * sizeof parcel->takes[0]);
    return parcel->takes != NULL ? PGL_OK : PGL_NO_MEMORY;
}

/* ---- what goes into the parcel ---- */

static bool is_here(const struct parcel *parcel, const struct fulfilment_share *share)
{
    return strcmp(share->allocation->warehouse, parcel->warehouse->code) == 0;
}

static pgl_status choose_lines(struct pgl_tx *tx, struct parcel *parcel)
{
    const NewShipment *shipment = parcel->ask->shipment;
    for (size_t i = 0; i < shipment->n_lines; i++) {
        int64_t rest = shipment->lines[i]->quantity;
        for (size_t s = 0; s < parcel->order.share_count && rest > 0; s++) {
            const struct fulfilment_share *share = &parcel->order.shares[s];
            if (share->allocation->line_no != shipment->lines[i]->line_no ||
                !is_here(parcel, share))
                continue;
            int64_t left = fulfilment_left_of(share) - parcel->takes[s];
            int64_t taken = rest < left ? rest : left;
            parcel->takes[s] += taken;
            rest -= taken;
        }
        if (rest > 0)
            return PGL_FAIL(PGL_CONFLICT,
                            pgl_arena_printf(pgl_tx_arena(tx),
                                             "lines[%zu]: %s has %lld left to ship of line %d", i,
                                             parcel->warehouse->code,
                                             (long long)(shipment->lines[i]->quantity - rest),
                                             (int)shipment->lines[i]->line_no));
    }
    return PGL_OK;
}

static pgl_status choose_all(struct pgl_tx *tx, struct parcel *parcel)
{
    int64_t sum = 0;
    for (size_t s = 0; s < parcel->order.share_count; s++)
        if (is_here(parcel, &parcel->order.shares[s])) {
            parcel->takes[s] = fulfilment_left_of(&parcel->order.shares[s]);
            sum += parcel->takes[s];
        }
    if (sum == 0)
        return PGL_FAIL(PGL_CONFLICT, pgl_arena_printf(pgl_tx_arena(tx),
                                                       "%s has nothing left to ship of the order",
                                                       parcel->warehouse->code));
    return PGL_OK;
}

/* How much of a share's SKU is on the shelf, less what earlier shares have put into the parcel. */
static pgl_status look_at_shelf(struct pgl_tx *tx, const struct parcel *parcel, size_t s,
                                int64_t *sku_id, int64_t *there)
{
    const struct pgl_inventory_core *core = pgl_tx_context(tx);
    const Allocation *allocation = parcel->order.shares[s].allocation;
    int64_t reserved;
    *sku_id = pgl_names_sku(&core->names, pgl_text_of(allocation->sku));
    PGL_TRY(stock_get(&tx->view, *sku_id, parcel->warehouse->id, there, &reserved));
    for (size_t i = 0; i < s; i++)
        if (strcmp(parcel->order.shares[i].allocation->sku, allocation->sku) == 0)
            *there -= parcel->takes[i];
    return PGL_OK;
}

static pgl_status backorder(struct pgl_tx *tx, const struct parcel *parcel, size_t s, int64_t there)
{
    return PGL_FAIL(PGL_CONFLICT,
                    pgl_arena_printf(pgl_tx_arena(tx),
                                     "a backorder: of %s only %lld is there in %s to be shipped",
                                     parcel->order.shares[s].allocation->sku,
                                     (long long)(there > 0 ? there : 0), parcel->warehouse->code));
}

static pgl_status make_room(struct pgl_tx *tx, struct parcel *parcel)
{
    struct pgl_arena *arena = pgl_tx_arena(tx);
    size_t count = parcel->order.share_count;
    Allocation *allocations = pgl_arena_alloc(arena, count * sizeof allocations[0]);
    parcel->said.allocations = pgl_arena_alloc(arena, count * sizeof parcel->said.allocations[0]);
    parcel->moves = pgl_arena_alloc(arena, count * sizeof parcel->moves[0]);
    if (allocations == NULL || parcel->said.allocations == NULL || parcel->moves == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        parcel->said.allocations[i] = &allocations[i];
    return PGL_OK;
}

/* Lines that were asked for go as they were asked for or not at all; else what is there goes. */
static pgl_status fill(struct pgl_tx *tx, struct parcel *parcel)
{
    bool is_asked = parcel->ask->shipment->n_lines > 0;
    PGL_TRY(make_room(tx, parcel));
    for (size_t s = 0; s < parcel->order.share_count; s++) {
        struct fulfilment_share *share = &parcel->order.shares[s];
        int64_t sku_id, there;
        if (parcel->takes[s] == 0)
            continue;
        PGL_TRY(look_at_shelf(tx, parcel, s, &sku_id, &there));
        if (there < parcel->takes[s] && is_asked)
            return backorder(tx, parcel, s, there);
        if (there < parcel->takes[s])
            parcel->takes[s] = there > 0 ? there : 0;
        if (parcel->takes[s] == 0)
            continue;
        share->parts[PART_SHIPPED] += parcel->takes[s];
        Allocation *allocation = parcel->said.allocations[parcel->said.n_allocations++];
        *allocation = *share->allocation;
        allocation->quantity = parcel->takes[s];
        parcel->moves[parcel->move_count++] =
            (struct stock_move){ sku_id, parcel->warehouse->id, parcel->takes[s] };
    }
    if (parcel->move_count == 0)
        return PGL_FAIL(PGL_CONFLICT,
                        "a backorder: nothing of what is left to ship is there in this warehouse");
    parcel->move_count = stock_moves_merge(parcel->moves, parcel->move_count);
    return PGL_OK;
}

/* ---- it leaves ---- */

static pgl_status say(struct pgl_tx *tx, struct parcel *parcel)
{
    struct pgl_inventory_core *core = pgl_tx_context(tx);
    struct reservation_row *row = &parcel->order.row;
    Event event = EVENT_INIT;
    event.type = parcel->step.says;
    event.key = (ProtobufCBinaryData){ sizeof row->order_id.bytes, row->order_id.bytes };
    event.tenant = parcel->ask->caller->tenant;
    event.previous_seq = row->last_event_seq;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_INVENTORY_SHIPPED;
    event.inventory_shipped = &parcel->said;
    return pgl_log_append(&core->log, tx, &event, &row->last_event_seq);
}

static pgl_status carry_out(struct pgl_tx *tx, struct parcel *parcel)
{
    struct reservation_row *row = &parcel->order.row;
    bool is_last = fulfilment_left(&parcel->order) == 0;
    parcel->step = pgl_reservation_step((struct reservation_facts){ row->state },
                                        is_last ? RESERVATION_ON_SHIP_LAST : RESERVATION_ON_SHIP);
    PGL_ASSERT(parcel->step.is_shipped);
    parcel->said.shipment_no = parcel->order.last_shipment_no + 1;
    parcel->said.warehouse = pgl_message_string(parcel->warehouse->code);
    parcel->said.carrier = parcel->ask->shipment->carrier;
    parcel->said.tracking = parcel->ask->shipment->tracking;
    parcel->said.complete = is_last;
    struct pgl_text packed;
    PGL_TRY(pgl_message_pack_text(&parcel->said.base, pgl_tx_arena(tx), &packed));
    for (size_t i = 0; i < parcel->move_count; i++)
        PGL_TRY(stock_ship(tx, &row->order_id, parcel->said.shipment_no, &parcel->moves[i]));
    PGL_TRY(shipment_insert(tx, &row->order_id, parcel->said.shipment_no, packed));
    PGL_TRY(say(tx, parcel));
    return fulfilment_keep(tx, &parcel->order, parcel->step.after.state);
}
