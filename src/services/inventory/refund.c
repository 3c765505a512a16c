/* refund.c - see refund.h. */
#include "services/inventory/refund.h"

#include "services/inventory/fulfilment.h"
#include "services/inventory/inventory.h"
#include "services/inventory/reserve.h"
#include "wire/message.h"

static const char unknown_stock[] = "a reservation holds stock that nobody knows";

/* Allocations that come together one by one, and the moves of stock that they are. */
struct pile {
    Allocation *list;
    Allocation **pointers;
    struct stock_move *moves;
    size_t count;
};

/* Everything that is decided before the first write. */
struct change {
    const Event *heard;
    const PaymentRefunded *refunded;
    struct fulfilment order;
    struct pile released, restocked;
    struct reservation_step step;
    InventoryReturned said;
};

static bool was_heard(const struct fulfilment *order, int32_t refund_no);
static pgl_status check(const struct change *change);
static pgl_status take_line(struct pgl_tx *tx, struct change *change, const RefundLine *line);
static pgl_status check_room(struct pgl_tx *tx, const struct pile *pile);
static pgl_status carry_out(struct pgl_tx *tx, struct change *change);
static pgl_status make_pile(struct pgl_tx *tx, const struct change *change, struct pile *pile);

pgl_status pgl_inventory_refunded(struct pgl_tx *tx, const Event *heard,
                                  const struct reservation_row *row)
{
    struct change change = { .heard = heard, .said = INVENTORY_RETURNED_INIT };
    if (heard->payload_case != PANGLOT__EVENTS__V1__EVENT__PAYLOAD_PAYMENT_REFUNDED)
        return PGL_FAIL(PGL_INVALID, "PaymentRefunded without its content");
    change.refunded = heard->payment_refunded;
    PGL_TRY(fulfilment_read(&tx->view, row, &change.order));
    if (was_heard(&change.order, change.refunded->refund_no))
        return PGL_OK;
    PGL_TRY(check(&change));
    PGL_TRY(make_pile(tx, &change, &change.released));
    PGL_TRY(make_pile(tx, &change, &change.restocked));
    for (size_t i = 0; i < change.refunded->n_lines; i++)
        PGL_TRY(take_line(tx, &change, change.refunded->lines[i]));
    bool is_last = fulfilment_left(&change.order) == 0;
    change.step =
        pgl_reservation_step((struct reservation_facts){ row->state },
                             is_last ? RESERVATION_ON_REFUNDED_LAST : RESERVATION_ON_REFUNDED);
    if (change.step.is_impossible)
        return PGL_FAIL(PGL_CONFLICT, "this reservation cannot hear of a refund");
    change.said.complete = is_last;
    PGL_TRY(check_room(tx, &change.restocked));
    return carry_out(tx, &change);
}

static bool was_heard(const struct fulfilment *order, int32_t refund_no)
{
    for (size_t i = 0; i < order->return_count; i++)
        if (order->refund_nos[i] == refund_no)
            return true;
    return false;
}

static pgl_status check(const struct change *change)
{
    const PaymentRefunded *refunded = change->refunded;
    if (refunded->refund_no < 1)
        return PGL_FAIL(PGL_INVALID, "a refund has a number of at least 1");
    if (refunded->n_lines > PGL_LINES_MAX)
        return PGL_FAIL(PGL_INVALID, "a refund has at most 100 lines");
    for (size_t i = 0; i < refunded->n_lines; i++)
        if (refunded->lines[i]->quantity < 1)
            return PGL_FAIL(PGL_INVALID, "the quantity of a refund is out of bounds");
    return PGL_OK;
}

/* ---- what it does to the stock ---- */

/* Whatever is added empties a share or ends a line. */
static pgl_status make_pile(struct pgl_tx *tx, const struct change *change, struct pile *pile)
{
    struct pgl_arena *arena = pgl_tx_arena(tx);
    size_t room = change->refunded->n_lines + change->order.share_count + 1;
    pile->list = pgl_arena_alloc(arena, room * sizeof pile->list[0]);
    pile->pointers = pgl_arena_alloc(arena, room * sizeof pile->pointers[0]);
    pile->moves = pgl_arena_alloc(arena, room * sizeof pile->moves[0]);
    bool has_room = pile->list != NULL && pile->pointers != NULL && pile->moves != NULL;
    return has_room ? PGL_OK : PGL_NO_MEMORY;
}

static pgl_status pile_up(struct pgl_tx *tx, struct pile *pile, const Allocation *allocation,
                          const char *warehouse, int64_t quantity)
{
    const struct pgl_inventory_core *core = pgl_tx_context(tx);
    int64_t sku_id = pgl_names_sku(&core->names, pgl_text_of(allocation->sku));
    const struct pgl_warehouse *place = pgl_names_warehouse(&core->names, pgl_text_of(warehouse));
    if (sku_id == 0 || place == NULL)
        return PGL_FAIL(PGL_INTERNAL, unknown_stock);
    Allocation *added = &pile->list[pile->count];
    *added = *allocation;
    added->warehouse = pgl_message_string(place->code);
    added->quantity = quantity;
    pile->pointers[pile->count] = added;
    pile->moves[pile->count++] = (struct stock_move){ sku_id, place->id, quantity };
    return PGL_OK;
}

static pgl_status is_short(struct pgl_tx *tx, const Allocation *allocation, bool *is)
{
    const struct pgl_inventory_core *core = pgl_tx_context(tx);
    const struct pgl_warehouse *place =
        pgl_names_warehouse(&core->names, pgl_text_of(allocation->warehouse));
    int64_t sku_id = pgl_names_sku(&core->names, pgl_text_of(allocation->sku));
    int64_t on_hand, reserved;
    if (place == NULL)
        return PGL_FAIL(PGL_INTERNAL, unknown_stock);
    PGL_TRY(stock_get(&tx->view, sku_id, place->id, &on_hand, &reserved));
    *is = on_hand < reserved;
    return PGL_OK;
}

static pgl_status release_from(struct pgl_tx *tx, struct change *change, const RefundLine *line,
                               bool from_short, int64_t *rest)
{
    for (size_t i = change->order.share_count; i-- > 0 && *rest > 0;) {
        struct fulfilment_share *share = &change->order.shares[i];
        int64_t room = fulfilment_room(share, PART_RELEASED);
        int64_t taken = *rest < room ? *rest : room;
        bool is = false;
        if (share->allocation->line_no != line->line_no || taken == 0)
            continue;
        PGL_TRY(is_short(tx, share->allocation, &is));
        if (is != from_short)
            continue;
        share->parts[PART_RELEASED] += taken;
        *rest -= taken;
        PGL_TRY(
            pile_up(tx, &change->released, share->allocation, share->allocation->warehouse, taken));
    }
    return PGL_OK;
}

/* Where less is there than is promised, for it cannot leave from there; then from the farthest
 * warehouse on, so that the fewest parcels are left. */
static pgl_status release(struct pgl_tx *tx, struct change *change, const RefundLine *line,
                          int64_t *rest)
{
    PGL_TRY(release_from(tx, change, line, true, rest));
    return release_from(tx, change, line, false, rest);
}

/* To the warehouse that is named, or to where it was shipped from. */
static pgl_status restock(struct pgl_tx *tx, struct change *change, const RefundLine *line,
                          int64_t rest)
{
    const struct pgl_inventory_core *core = pgl_tx_context(tx);
    bool is_named = pgl_names_warehouse(&core->names, pgl_text_of(line->warehouse)) != NULL;
    for (size_t i = 0; i < change->order.share_count && rest > 0; i++) {
        struct fulfilment_share *share = &change->order.shares[i];
        int64_t room = fulfilment_room(share, PART_RESTOCKED);
        int64_t taken = rest < room ? rest : room;
        if (share->allocation->line_no != line->line_no || taken == 0)
            continue;
        share->parts[PART_RESTOCKED] += taken;
        rest -= taken;
        PGL_TRY(pile_up(tx, &change->restocked, share->allocation,
                        is_named ? line->warehouse : share->allocation->warehouse, taken));
    }
    return rest == 0 ? PGL_OK : PGL_FAIL(PGL_CONFLICT, "more came back than was shipped");
}

static pgl_status take_line(struct pgl_tx *tx, struct change *change, const RefundLine *line)
{
    int64_t rest = line->quantity;
    if (fulfilment_spread(&change->order, line->line_no, NULL, PART_REFUNDED, rest) > 0)
        return PGL_FAIL(PGL_CONFLICT, "more is refunded of a line than was set aside for it");
    PGL_TRY(release(tx, change, line, &rest));
    return line->restock ? restock(tx, change, line, rest) : PGL_OK;
}

/* A shelf that cannot be counted any more is for people to look at. */
static pgl_status check_room(struct pgl_tx *tx, const struct pile *pile)
{
    for (size_t i = 0; i < pile->count; i++) {
        const struct stock_move *move = &pile->moves[i];
        int64_t on_hand, reserved, sum = 0;
        for (size_t j = 0; j < pile->count; j++)
            if (pile->moves[j].sku_id == move->sku_id &&
                pile->moves[j].warehouse_id == move->warehouse_id)
                sum += pile->moves[j].quantity;
        PGL_TRY(stock_get(&tx->view, move->sku_id, move->warehouse_id, &on_hand, &reserved));
        if (on_hand > ON_HAND_MAX - sum)
            return PGL_FAIL(PGL_CONFLICT, "a warehouse would hold more than can be counted");
    }
    return PGL_OK;
}

/* ---- writing ---- */

static pgl_status say(struct pgl_tx *tx, struct change *change)
{
    struct pgl_inventory_core *core = pgl_tx_context(tx);
    struct reservation_row *row = &change->order.row;
    Event event = EVENT_INIT;
    event.type = change->step.says;
    event.key = change->heard->key;
    event.tenant = change->heard->tenant;
    event.previous_seq = row->last_event_seq;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_INVENTORY_RETURNED;
    event.inventory_returned = &change->said;
    return pgl_log_append(&core->log, tx, &event, &row->last_event_seq);
}

static pgl_status carry_out(struct pgl_tx *tx, struct change *change)
{
    struct pile *released = &change->released, *restocked = &change->restocked;
    const pgl_id *order_id = &change->order.row.order_id;
    int32_t refund_no = change->refunded->refund_no;
    struct pgl_text refunded, returned;
    change->said.refund_no = refund_no;
    change->said.released = released->pointers;
    change->said.n_released = released->count;
    change->said.restocked = restocked->pointers;
    change->said.n_restocked = restocked->count;
    PGL_TRY(pgl_message_pack_text(&change->refunded->base, pgl_tx_arena(tx), &refunded));
    PGL_TRY(pgl_message_pack_text(&change->said.base, pgl_tx_arena(tx), &returned));
    released->count = stock_moves_merge(released->moves, released->count);
    restocked->count = stock_moves_merge(restocked->moves, restocked->count);
    for (size_t i = 0; i < released->count; i++)
        PGL_TRY(stock_free(tx, order_id, refund_no, &released->moves[i]));
    for (size_t i = 0; i < restocked->count; i++)
        PGL_TRY(stock_take_back(tx, order_id, refund_no, &restocked->moves[i]));
    PGL_TRY(refund_insert(tx, order_id, refund_no, refunded, returned));
    PGL_TRY(say(tx, change));
    return fulfilment_keep(tx, &change->order, change->step.after.state);
}
