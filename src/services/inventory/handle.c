/* handle.c - see handle.h. */
#include "services/inventory/handle.h"

#include "base/assert.h"
#include "services/inventory/inventory.h"
#include "services/inventory/inventory_sql.h"
#include "services/inventory/refund.h"
#include "services/inventory/reserve.h"
#include "wire/message.h"

#define LINE_QUANTITY_MAX INT64_C(1000000000)

/* Everything that is decided before the first write. */
struct change {
    const Event *heard;
    struct reservation_row row;
    struct reservation_step step;
    InventoryCommitted held;  /* the allocations: new ones, or those of the row */
    struct stock_move *moves; /* the same by stock row */
    size_t move_count;
    InventoryReservationFailed failed; /* the shortages */
};

static pgl_status read_row(struct pgl_tx *tx, struct change *change);
static pgl_status try_to_hold(struct pgl_tx *tx, struct change *change);
static pgl_status look_at_held(struct pgl_tx *tx, struct change *change);
static pgl_status carry_out(struct pgl_tx *tx, struct change *change);

pgl_status pgl_inventory_handle(struct pgl_tx *tx, int64_t seq, const Event *event)
{
    (void)seq;
    struct change change = { .heard = event,
                             .held = INVENTORY_COMMITTED_INIT,
                             .failed = INVENTORY_RESERVATION_FAILED_INIT };
    enum reservation_input input = pgl_reservation_input_of(event->type);
    if (input == RESERVATION_INPUT_COUNT)
        return PGL_OK; /* not for us */
    PGL_TRY(read_row(tx, &change));
    if (input == RESERVATION_ON_REFUNDED)
        return pgl_inventory_refunded(tx, event, &change.row);
    struct reservation_facts facts = { change.row.state };
    change.step = pgl_reservation_step(facts, input);
    if (change.step.is_wanted) {
        PGL_TRY(try_to_hold(tx, &change));
        bool is_short = change.failed.n_shortages > 0;
        change.step =
            pgl_reservation_step(facts, is_short ? RESERVATION_ON_SHORT : RESERVATION_ON_HELD);
    } else if (change.step.says != EVENT_TYPE_UNSPECIFIED) {
        PGL_TRY(look_at_held(tx, &change));
    }
    if (change.step.is_impossible)
        return PGL_FAIL(PGL_CONFLICT, "this reservation cannot hear such a verdict");
    if (change.step.after.state == change.row.state)
        return PGL_OK;
    return carry_out(tx, &change);
}

static pgl_status read_row(struct pgl_tx *tx, struct change *change)
{
    pgl_id order_id;
    if (change->heard->key.len != sizeof order_id.bytes)
        return PGL_FAIL(PGL_INVALID, "the key of a payment's event is no order id");
    memcpy(order_id.bytes, change->heard->key.data, sizeof order_id.bytes);
    return reservation_get(&tx->view, &order_id, &change->row);
}

/* ---- what is wanted, and what is there ---- */

static pgl_status check_lines(const Event *event)
{
    if (event->payload_case != PANGLOT__EVENTS__V1__EVENT__PAYLOAD_PAYMENT_AUTHORIZED)
        return PGL_FAIL(PGL_INVALID, "PaymentAuthorized without its content");
    const PaymentAuthorized *paid = event->payment_authorized;
    if (paid->n_lines < 1 || paid->n_lines > PGL_LINES_MAX)
        return PGL_FAIL(PGL_INVALID, "an order has 1 to 100 lines");
    for (size_t i = 0; i < paid->n_lines; i++)
        if (paid->lines[i]->quantity < 1 || paid->lines[i]->quantity > LINE_QUANTITY_MAX)
            return PGL_FAIL(PGL_INVALID, "the quantity of a line is out of bounds");
    return PGL_OK;
}

/* What of a SKU can be promised, by warehouse. Nothing at all as long as somewhere less is there
 * than is promised already: then people have to sort out first who gets it. */
static pgl_status read_levels(struct pgl_tx *tx, int64_t sku_id, int64_t available[])
{
    const struct pgl_inventory_core *core = pgl_tx_context(tx);
    bool has_shortfall = false;
    struct pgl_rows rows = stock_of_sku(&tx->view, sku_id);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        int64_t warehouse_id = pgl_column_i64(&rows, 0);
        int64_t free = pgl_column_i64(&rows, 1) - pgl_column_i64(&rows, 2);
        PGL_ASSERT(warehouse_id >= 1 && warehouse_id <= core->names.warehouse_count);
        available[warehouse_id - 1] = free > 0 ? free : 0;
        has_shortfall |= free < 0;
    }
    if (has_shortfall)
        memset(available, 0, PGL_WAREHOUSES_MAX * sizeof available[0]);
    return PGL_OK;
}

/* Lines become wishes; those for one SKU share its levels. */
static pgl_status make_wishes(struct pgl_tx *tx, const PaymentAuthorized *paid,
                              struct pgl_wish *wishes, int64_t *sku_ids)
{
    const struct pgl_inventory_core *core = pgl_tx_context(tx);
    for (size_t i = 0; i < paid->n_lines; i++) {
        sku_ids[i] = pgl_names_sku(&core->names, pgl_text_of(paid->lines[i]->sku));
        wishes[i] = (struct pgl_wish){ .quantity = paid->lines[i]->quantity };
        for (size_t j = 0; j < i && wishes[i].available == NULL; j++)
            if (sku_ids[j] == sku_ids[i])
                wishes[i].available = wishes[j].available;
        if (wishes[i].available != NULL)
            continue;
        wishes[i].available =
            pgl_arena_zalloc(pgl_tx_arena(tx), PGL_WAREHOUSES_MAX * sizeof(int64_t));
        if (wishes[i].available == NULL)
            return PGL_NO_MEMORY;
        if (sku_ids[i] != 0) /* of an unknown SKU there is nothing */
            PGL_TRY(read_levels(tx, sku_ids[i], wishes[i].available));
    }
    return PGL_OK;
}

static pgl_status take_shares(struct pgl_tx *tx, struct change *change, const struct pgl_plan *plan,
                              const int64_t *sku_ids)
{
    size_t count = plan->share_count;
    struct pgl_arena *arena = pgl_tx_arena(tx);
    Allocation *allocations = pgl_arena_alloc(arena, count * sizeof allocations[0]);
    change->held.allocations = pgl_arena_alloc(arena, count * sizeof(Allocation *));
    change->moves = pgl_arena_alloc(arena, count * sizeof change->moves[0]);
    if (allocations == NULL || change->held.allocations == NULL || change->moves == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const struct pgl_share *share = &plan->shares[i];
        const Line *line = change->heard->payment_authorized->lines[share->wish];
        allocations[i] = (Allocation)ALLOCATION_INIT;
        allocations[i].line_no = line->line_no;
        allocations[i].sku = line->sku;
        allocations[i].warehouse = (char *)share->warehouse->code;
        allocations[i].quantity = share->quantity;
        change->held.allocations[i] = &allocations[i];
        change->moves[i] =
            (struct stock_move){ sku_ids[share->wish], share->warehouse->id, share->quantity };
    }
    change->held.n_allocations = count;
    change->held.partial = plan->is_short;
    change->move_count = stock_moves_merge(change->moves, count);
    return pgl_message_pack_text(&change->held.base, arena, &change->row.allocations);
}

static pgl_status list_shortages(struct pgl_tx *tx, struct change *change,
                                 const struct pgl_plan *plan)
{
    const PaymentAuthorized *paid = change->heard->payment_authorized;
    struct pgl_arena *arena = pgl_tx_arena(tx);
    Shortage *shortages = pgl_arena_alloc(arena, paid->n_lines * sizeof shortages[0]);
    Shortage **list = pgl_arena_alloc(arena, paid->n_lines * sizeof list[0]);
    if (shortages == NULL || list == NULL)
        return PGL_NO_MEMORY;
    change->failed.shortages = list;
    for (size_t i = 0; i < paid->n_lines; i++) {
        if (plan->missing[i] == 0)
            continue;
        shortages[i] = (Shortage)SHORTAGE_INIT;
        shortages[i].line_no = paid->lines[i]->line_no;
        shortages[i].sku = paid->lines[i]->sku;
        shortages[i].wanted = paid->lines[i]->quantity;
        shortages[i].available = paid->lines[i]->quantity - plan->missing[i];
        list[change->failed.n_shortages++] = &shortages[i];
    }
    change->failed.reason = (char *)"out of stock";
    return PGL_OK;
}

static pgl_status try_to_hold(struct pgl_tx *tx, struct change *change)
{
    PGL_TRY(check_lines(change->heard));
    const struct pgl_inventory_core *core = pgl_tx_context(tx);
    const PaymentAuthorized *paid = change->heard->payment_authorized;
    struct pgl_wish wishes[PGL_LINES_MAX];
    int64_t sku_ids[PGL_LINES_MAX];
    struct pgl_plan plan;
    PGL_TRY(make_wishes(tx, paid, wishes, sku_ids));
    PGL_TRY(pgl_reserve_plan(pgl_tx_arena(tx), &core->names, paid->ship_to_region, wishes,
                             paid->n_lines, &plan));
    bool is_enough = !plan.is_short || (paid->allow_partial &&
                                        pgl_reserve_is_enough(paid->lines, paid->n_lines,
                                                              plan.missing, core->partial_percent));
    return is_enough ? take_shares(tx, change, &plan, sku_ids) : list_shortages(tx, change, &plan);
}

/* ---- what is held already ---- */

static pgl_status look_at_held(struct pgl_tx *tx, struct change *change)
{
    const struct pgl_inventory_core *core = pgl_tx_context(tx);
    void *held;
    PGL_TRY(pgl_message_unpack(INVENTORY_COMMITTED_DESCRIPTOR, pgl_tx_arena(tx),
                               change->row.allocations, &held));
    change->held = *(InventoryCommitted *)held;
    if (!change->step.is_released)
        return PGL_OK;
    change->moves =
        pgl_arena_alloc(pgl_tx_arena(tx), change->held.n_allocations * sizeof change->moves[0]);
    if (change->moves == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < change->held.n_allocations; i++) {
        const Allocation *allocation = change->held.allocations[i];
        int64_t sku_id = pgl_names_sku(&core->names, pgl_text_of(allocation->sku));
        const struct pgl_warehouse *warehouse =
            pgl_names_warehouse(&core->names, pgl_text_of(allocation->warehouse));
        if (sku_id == 0 || warehouse == NULL)
            return PGL_FAIL(PGL_INTERNAL, "a reservation holds stock that nobody knows");
        change->moves[i] = (struct stock_move){ sku_id, warehouse->id, allocation->quantity };
    }
    change->move_count = stock_moves_merge(change->moves, change->held.n_allocations);
    return PGL_OK;
}

/* ---- writing ---- */

static pgl_status say(struct pgl_tx *tx, struct change *change)
{
    struct pgl_inventory_core *core = pgl_tx_context(tx);
    InventoryReserved reserved = INVENTORY_RESERVED_INIT;
    InventoryReleased released = INVENTORY_RELEASED_INIT;
    Event event = EVENT_INIT;
    event.type = change->step.says;
    event.key = change->heard->key;
    event.tenant = change->heard->tenant;
    event.previous_seq = change->row.last_event_seq;
    switch ((int)change->step.says) {
    case EVENT_TYPE_INVENTORY_RESERVED:
        reserved.n_allocations = change->held.n_allocations;
        reserved.allocations = change->held.allocations;
        reserved.complete = !change->held.partial;
        event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_INVENTORY_RESERVED;
        event.inventory_reserved = &reserved;
        break;
    case EVENT_TYPE_INVENTORY_RESERVATION_FAILED:
        event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_INVENTORY_RESERVATION_FAILED;
        event.inventory_reservation_failed = &change->failed;
        break;
    case EVENT_TYPE_INVENTORY_RELEASED:
        released.n_allocations = change->held.n_allocations;
        released.allocations = change->held.allocations;
        released.because = change->heard->type;
        event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_INVENTORY_RELEASED;
        event.inventory_released = &released;
        break;
    case EVENT_TYPE_INVENTORY_COMMITTED:
        event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_INVENTORY_COMMITTED;
        event.inventory_committed = &change->held;
        break;
    default: /* nothing is said: a tombstone */
        return PGL_OK;
    }
    return pgl_log_append(&core->log, tx, &event, &change->row.last_event_seq);
}

static pgl_status carry_out(struct pgl_tx *tx, struct change *change)
{
    struct pgl_inventory_core *core = pgl_tx_context(tx);
    enum reservation_state before = change->row.state;
    bool is_new = before == RESERVATION_NONE;
    for (size_t i = 0; i < change->move_count; i++)
        PGL_TRY(change->step.is_released
                    ? stock_release(tx, &change->row.order_id, &change->moves[i])
                    : stock_hold(tx, &change->row.order_id, &change->moves[i]));
    PGL_TRY(say(tx, change));
    change->row.state = change->step.after.state;
    pgl_tally_move(&core->tally, is_new ? PGL_TALLY_NOWHERE : (int)before, (int)change->row.state);
    return is_new ? reservation_insert(tx, &change->row, change->heard->tenant, change->step.says)
                  : reservation_move(tx, &change->row, change->step.says);
}
