/* book_stock.c - what is said of an order's goods and of shelves, and what it comes to; see
 * book.h. */
#include "book.h"

/* ---- reserving ---- */

static int64_t max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t shortfall(const struct pgl_sim_book *book, int sku, int warehouse)
{
    return max(0, book->reserved[sku][warehouse] - book->on_hand[sku][warehouse]);
}

/* Nothing, while the shelf holds less than is promised. */
static int64_t available(const struct pgl_sim_book *book, int sku)
{
    int64_t free = 0;
    for (int warehouse = 0; warehouse < PGL_SIM_WAREHOUSES; warehouse++) {
        if (shortfall(book, sku, warehouse) > 0)
            return 0;
        free += book->on_hand[sku][warehouse] - book->reserved[sku][warehouse];
    }
    return free;
}

/* Whether so much of the amount is enough, for an order that takes less. */
static bool is_enough(const struct pgl_sim_book *book, const struct pgl_sim_order *order,
                      int64_t minor)
{
    if (!order->allows_partial)
        return minor == order->amount_minor;
    return minor > 0 && minor * 100 >= order->amount_minor * book->plan->partial_percent;
}

static bool add_share(struct pgl_sim_book *book, struct pgl_sim_order *order,
                      const Allocation *share)
{
    int sku = pgl_sim_sku_of(book->plan, pgl_text_of(share->sku));
    int warehouse = pgl_sim_warehouse_of(pgl_text_of(share->warehouse));
    int line = share->line_no - 1;
    if (order->share_count == PGL_SIM_SHARES_MAX || warehouse < 0 || line < 0 ||
        line >= order->line_count || order->lines[line].sku != sku || share->quantity < 1)
        return false;
    if (available(book, sku) < share->quantity)
        pgl_sim_blame(book->blame, "A7: %s is reserved, and is short", share->sku);
    order->shares[order->share_count++] = (struct pgl_sim_share){
        .sku = sku, .warehouse = warehouse, .line = line, .quantity = share->quantity
    };
    order->reserved[line] += share->quantity;
    order->reserved_minor += share->quantity * book->plan->price_minor[sku];
    book->reserved[sku][warehouse] += share->quantity;
    if (shortfall(book, sku, warehouse) > 0)
        pgl_sim_blame(book->blame, "A7: %s is oversold at %s", share->sku, share->warehouse);
    return true;
}

void pgl_sim_book_reserve(struct pgl_sim_book *book, struct pgl_sim_order *order,
                          const Event *event)
{
    const InventoryReserved *reserved = event->inventory_reserved;
    bool is_right = true;
    for (size_t i = 0; i < reserved->n_allocations && is_right; i++)
        is_right = add_share(book, order, reserved->allocations[i]);
    for (int line = 0; line < order->line_count; line++)
        is_right &= order->reserved[line] <= order->lines[line].quantity;
    if (!is_right)
        pgl_sim_blame(book->blame, "A4: stock is reserved that was not ordered");
    else if (!is_enough(book, order, order->reserved_minor) ||
             reserved->complete != (order->reserved_minor == order->amount_minor))
        pgl_sim_blame(book->blame, "A4: %lld of %lld are reserved%s%s",
                      (long long)order->reserved_minor, (long long)order->amount_minor,
                      order->allows_partial ? ", and less would do" : "",
                      reserved->complete ? ", said to be all" : "");
}

void pgl_sim_book_refuse(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    int64_t taken[PGL_SIM_SKUS_MAX] = { 0 }, minor = 0;
    (void)event;
    for (int line = 0; line < order->line_count; line++) {
        int sku = order->lines[line].sku;
        int64_t left = max(0, available(book, sku) - taken[sku]);
        int64_t some = order->lines[line].quantity < left ? order->lines[line].quantity : left;
        taken[sku] += some;
        minor += some * book->plan->price_minor[sku];
    }
    if (is_enough(book, order, minor))
        pgl_sim_blame(book->blame, "O3: out of stock, and %lld of %lld would have been there",
                      (long long)minor, (long long)order->amount_minor);
}

void pgl_sim_book_release(struct pgl_sim_book *book, struct pgl_sim_order *order,
                          const Event *event)
{
    if (event->inventory_released->n_allocations != (size_t)order->share_count)
        pgl_sim_blame(book->blame, "A7: not what was reserved is released");
    for (int i = 0; i < order->share_count; i++) {
        struct pgl_sim_share *share = &order->shares[i];
        book->reserved[share->sku][share->warehouse] -= share->quantity;
        share->gone = share->quantity;
    }
}

/* ---- parcels and returns ---- */

/* NULL: nothing of this line is at this place, or not so much. */
static struct pgl_sim_share *share_of(const struct pgl_sim_book *book, struct pgl_sim_order *order,
                                      const Allocation *part)
{
    int warehouse = pgl_sim_warehouse_of(pgl_text_of(part->warehouse));
    for (int i = 0; i < order->share_count; i++) {
        struct pgl_sim_share *share = &order->shares[i];
        if (share->line == part->line_no - 1 && share->warehouse == warehouse)
            return part->quantity >= 1 && share->quantity - share->gone >= part->quantity &&
                           pgl_sim_sku_of(book->plan, pgl_text_of(part->sku)) == share->sku
                       ? share
                       : NULL;
    }
    return NULL;
}

static bool is_all_gone(const struct pgl_sim_order *order)
{
    for (int i = 0; i < order->share_count; i++)
        if (order->shares[i].gone < order->shares[i].quantity)
            return false;
    return true;
}

static void check_complete(struct pgl_sim_book *book, struct pgl_sim_order *order, bool is_said)
{
    order->is_complete = is_all_gone(order);
    if (is_said != order->is_complete)
        pgl_sim_blame(book->blame, "A7: %s is left to be shipped, it is said",
                      is_said ? "nothing" : "something");
}

void pgl_sim_book_ship(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    const InventoryShipped *parcel = event->inventory_shipped;
    bool is_right = parcel->shipment_no == ++order->shipment_count && parcel->n_allocations > 0;
    for (size_t i = 0; i < parcel->n_allocations && is_right; i++) {
        const Allocation *part = parcel->allocations[i];
        struct pgl_sim_share *share = share_of(book, order, part);
        is_right = share != NULL && pgl_text_is(pgl_text_of(parcel->warehouse), part->warehouse);
        if (!is_right)
            break;
        int64_t *on_hand = &book->on_hand[share->sku][share->warehouse];
        share->gone += part->quantity;
        share->shipped += part->quantity;
        order->shipped[share->line] += part->quantity;
        book->reserved[share->sku][share->warehouse] -= part->quantity;
        is_right = *on_hand >= part->quantity; /* nobody packs what is not there */
        *on_hand -= part->quantity;
    }
    if (!is_right)
        pgl_sim_blame(book->blame, "A7: parcel %d holds what was not set aside, or is not there",
                      parcel->shipment_no);
    else
        check_complete(book, order, parcel->complete);
    book->shipments++;
}

/* Of each line first what has not left; and only what was shipped comes back. */
static bool is_as_refunded(const struct pgl_sim_order *order, const struct pgl_sim_refund *refund,
                           const int64_t released[], const int64_t restocked[])
{
    for (int line = 0; line < order->line_count; line++) {
        int64_t left =
            order->reserved[line] - order->shipped[line] - (order->released[line] - released[line]);
        int64_t wanted = refund->quantity[line] < left ? refund->quantity[line] : left;
        int64_t back = refund->restocks[line] ? refund->quantity[line] - wanted : 0;
        if (released[line] != wanted || restocked[line] != back)
            return false;
    }
    return true;
}

void pgl_sim_book_return(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    const InventoryReturned *returned = event->inventory_returned;
    int64_t released[PGL_SIM_LINES_MAX] = { 0 }, restocked[PGL_SIM_LINES_MAX] = { 0 };
    bool is_right = returned->refund_no >= 1 && returned->refund_no <= order->refund_count;
    struct pgl_sim_refund *refund = is_right ? &order->refunds[returned->refund_no - 1] : NULL;
    is_right = is_right && refund->state == PGL_SIM_REFUND_DONE && !refund->is_returned;
    for (size_t i = 0; i < returned->n_released && is_right; i++) {
        struct pgl_sim_share *share = share_of(book, order, returned->released[i]);
        is_right = share != NULL;
        if (!is_right)
            break;
        int64_t quantity = returned->released[i]->quantity;
        share->gone += quantity;
        released[share->line] += quantity;
        order->released[share->line] += quantity;
        book->reserved[share->sku][share->warehouse] -= quantity;
    }
    for (size_t i = 0; i < returned->n_restocked && is_right; i++) {
        const Allocation *part = returned->restocked[i];
        int line = part->line_no - 1,
            warehouse = pgl_sim_warehouse_of(pgl_text_of(part->warehouse));
        is_right = line >= 0 && line < order->line_count && warehouse >= 0 && part->quantity >= 1;
        if (!is_right)
            break;
        restocked[line] += part->quantity;
        order->restocked[line] += part->quantity;
        book->on_hand[order->lines[line].sku][warehouse] += part->quantity;
    }
    if (!is_right || !is_as_refunded(order, refund, released, restocked)) {
        pgl_sim_blame(book->blame, "A7: refund %d did something else to the stock than was asked",
                      returned->refund_no);
        return;
    }
    refund->is_returned = true;
    check_complete(book, order, returned->complete);
}

/* ---- shelves ---- */

struct place {
    int sku, warehouse;
};

static bool find_place(struct pgl_sim_book *book, const char *sku, const char *warehouse,
                       struct place *place)
{
    place->sku = pgl_sim_sku_of(book->plan, pgl_text_of(sku));
    place->warehouse = pgl_sim_warehouse_of(pgl_text_of(warehouse));
    bool is_there = place->sku >= 0 && place->warehouse >= 0;
    if (!is_there)
        pgl_sim_blame(book->blame, "A7: something is said of %s at %s, which is not there", sku,
                      warehouse);
    return is_there;
}

/* What is on the shelf now. A shortage that is new or larger has to be said next. */
static void move(struct pgl_sim_book *book, struct place place, int64_t by, int64_t on_hand_said,
                 int64_t shortfall_said)
{
    int64_t *on_hand = &book->on_hand[place.sku][place.warehouse];
    int64_t before = shortfall(book, place.sku, place.warehouse);
    *on_hand += by;
    int64_t after = shortfall(book, place.sku, place.warehouse);
    if (after > before)
        book->short_to_say[place.sku][place.warehouse] = after;
    if (*on_hand != on_hand_said || (shortfall_said >= 0 && after != shortfall_said))
        pgl_sim_blame(book->blame, "A7: S-%d has %lld at %s and lacks %lld, said to be %lld, %lld",
                      place.sku, (long long)*on_hand, pgl_sim_warehouses[place.warehouse],
                      (long long)after, (long long)on_hand_said, (long long)shortfall_said);
}

static void receive(struct pgl_sim_book *book, const StockReceived *received)
{
    struct place place;
    book->receipts++;
    if (find_place(book, received->sku, received->warehouse, &place))
        move(book, place, received->quantity, received->on_hand, -1);
}

static void sell(struct pgl_sim_book *book, const StockSold *sold)
{
    struct place place;
    book->sales++;
    if (find_place(book, sold->sku, sold->warehouse, &place))
        move(book, place, -sold->quantity, sold->on_hand, sold->shortfall);
}

static void count(struct pgl_sim_book *book, const StockCounted *counted)
{
    struct place place;
    book->counts++;
    if (!find_place(book, counted->sku, counted->warehouse, &place))
        return;
    int64_t by = counted->counted - book->on_hand[place.sku][place.warehouse];
    if (by != counted->adjustment)
        pgl_sim_blame(book->blame, "A7: a count of %s changes it by %lld, not by %lld",
                      counted->sku, (long long)counted->adjustment, (long long)by);
    move(book, place, by, counted->on_hand, counted->shortfall);
}

static void lack(struct pgl_sim_book *book, const StockShort *lacking)
{
    struct place place;
    if (!find_place(book, lacking->sku, lacking->warehouse, &place))
        return;
    int64_t *due = &book->short_to_say[place.sku][place.warehouse];
    if (lacking->shortfall != *due || *due == 0)
        pgl_sim_blame(book->blame, "A7: %s is said to lack %lld; it is %lld more than before",
                      lacking->sku, (long long)lacking->shortfall, (long long)*due);
    *due = 0;
}

bool pgl_sim_book_hear_stock(struct pgl_sim_book *book, const Event *event)
{
    switch ((int)event->type) {
    case EVENT_TYPE_STOCK_RECEIVED:
        receive(book, event->stock_received);
        return true;
    case EVENT_TYPE_STOCK_SOLD:
        sell(book, event->stock_sold);
        return true;
    case EVENT_TYPE_STOCK_COUNTED:
        count(book, event->stock_counted);
        return true;
    case EVENT_TYPE_STOCK_SHORT:
        lack(book, event->stock_short);
        return true;
    default:
        return false;
    }
}
