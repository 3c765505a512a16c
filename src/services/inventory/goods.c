/* goods.c - goods come in, are sold at a till, are counted: what moves stock without an order. */
#include "services/inventory/inventory.h"
#include "services/inventory/keyed.h"
#include "services/inventory/stock.h"

static const char bad_sku[] =
    "sku: 1 to 64 letters, digits, dots, dashes and underscores are expected";
static const char bad_quantity[] = "quantity: 1 to 1000000000 is expected";
static const char beyond_count[] = "the warehouse would hold more than can be counted";

/* ---- where goods lie ---- */

/* Nothing is written by finding out. */
struct place {
    struct pgl_text sku;
    int64_t sku_id; /* 0 when the SKU is new */
    const struct pgl_warehouse *warehouse;
    int64_t on_hand, reserved;
};

static pgl_status find_place(struct pgl_tx *tx, struct pgl_text sku, struct pgl_text warehouse,
                             struct place *place)
{
    const struct pgl_inventory_core *core = pgl_tx_context(tx);
    *place = (struct place){ .sku = sku,
                             .sku_id = pgl_names_sku(&core->names, sku),
                             .warehouse = pgl_names_warehouse(&core->names, warehouse) };
    if (place->warehouse == NULL)
        return PGL_FAIL(PGL_INVALID, "warehouse: there is none of this name");
    if (place->sku_id == 0)
        return core->names.sku_count < PGL_SKUS_MAX
                   ? PGL_OK
                   : PGL_FAIL(PGL_EXHAUSTED, "there are as many SKUs as fit");
    return stock_get(&tx->view, place->sku_id, place->warehouse->id, &place->on_hand,
                     &place->reserved);
}

static pgl_status change_level(struct pgl_tx *tx, struct place *place, enum stock_cause cause,
                               int64_t delta)
{
    struct pgl_inventory_core *core = pgl_tx_context(tx);
    if (place->sku_id == 0) {
        PGL_TRY(pgl_names_add_sku(&core->names, place->sku, &place->sku_id));
        PGL_TRY(sku_insert(tx, place->sku_id, place->sku));
    }
    pgl_id id = pgl_tx_new_id(tx);
    struct stock_move move = { place->sku_id, place->warehouse->id, delta };
    place->on_hand += delta;
    if (cause != STOCK_SOLD)
        return stock_add(tx, &id, cause, &move);
    move.quantity = -delta;
    return stock_sell(tx, &id, &move);
}

static int64_t shortfall_of(const struct place *place)
{
    return place->reserved > place->on_hand ? place->reserved - place->on_hand : 0;
}

/* ---- what the three commands have in common ---- */

struct command {
    const Caller *caller;
    const char *action; /* its name in the audit log */
    const char *sku;
    const char *warehouse; /* NULL: the request has no content */
    const char *source;    /* "" for none */
    int64_t source_seq;
    struct place place;
    bool is_stale; /* its source has said something newer of this place */
    WarehouseStock *shown;
};

static pgl_status check(const struct command *command)
{
    const Caller *caller = command->caller;
    if (caller == NULL || (caller->role != ROLE_WAREHOUSE && caller->role != ROLE_OPERATOR))
        return PGL_FAIL(PGL_DENIED, "only a warehouse or an operator changes stock");
    if (!pgl_sku_is_valid(pgl_text_of(command->sku)))
        return PGL_FAIL(PGL_INVALID, bad_sku);
    if (command->warehouse == NULL)
        return PGL_FAIL(PGL_INVALID, "the content of the request is missing");
    if (strlen(command->source) > PGL_SOURCE_BYTES_MAX)
        return PGL_FAIL(PGL_INVALID, "source: at most 64 bytes are expected");
    bool is_counted = command->source[0] != '\0';
    if (is_counted ? command->source_seq < 1 : command->source_seq != 0)
        return PGL_FAIL(PGL_INVALID, "sourceSeq: 1 or more beside a source, else none");
    return PGL_OK;
}

/* Finds the place, and whether the message comes too late. */
static pgl_status look(struct pgl_tx *tx, struct command *command)
{
    struct place *place = &command->place;
    int64_t last = 0;
    PGL_TRY(find_place(tx, pgl_text_of(command->sku), pgl_text_of(command->warehouse), place));
    if (command->source[0] != '\0' && place->sku_id != 0)
        PGL_TRY(source_last_seq(&tx->view, pgl_text_of(command->source), place->sku_id,
                                place->warehouse->id, &last));
    command->is_stale = command->source[0] != '\0' && command->source_seq <= last;
    command->shown = pgl_arena_alloc(pgl_tx_arena(tx), sizeof *command->shown);
    return command->shown != NULL ? PGL_OK : PGL_NO_MEMORY;
}

/* Behind all that `command` changes. The quantity is what the request says, for the audit log. */
static pgl_status finish(struct pgl_tx *tx, struct command *command, struct keyed *keyed,
                         const ProtobufCMessage *reply, int64_t quantity)
{
    const struct place *place = &command->place;
    stock_show(command->shown, place->warehouse->code, place->on_hand, place->reserved);
    if (command->source[0] != '\0' && !command->is_stale)
        PGL_TRY(source_put(tx, pgl_text_of(command->source), place->sku_id, place->warehouse->id,
                           command->source_seq));
    const char *outcome = pgl_arena_printf(
        pgl_tx_arena(tx), "%lld in %s%s", (long long)quantity, place->warehouse->code,
        command->is_stale ? ": older than what its source has said, nothing done" : "");
    return keyed_end(tx, keyed, reply, command->action, command->sku, outcome);
}

/* ---- events about a SKU ---- */

static pgl_status say(struct pgl_tx *tx, const struct command *command, Event *event)
{
    struct pgl_inventory_core *core = pgl_tx_context(tx);
    int64_t seq;
    event->key = (ProtobufCBinaryData){ command->place.sku.size, (uint8_t *)command->sku };
    event->tenant = command->caller->tenant;
    PGL_TRY(sku_last_seq(&tx->view, command->place.sku, &event->previous_seq));
    PGL_TRY(pgl_log_append(&core->log, tx, event, &seq));
    return sku_set_last_seq(tx, command->place.sku_id, seq);
}

static pgl_status say_short(struct pgl_tx *tx, const struct command *command, int64_t before)
{
    const struct pgl_inventory_core *core = pgl_tx_context(tx);
    StockShort missing = STOCK_SHORT_INIT;
    Event event = EVENT_INIT;
    missing.sku = pgl_message_string(command->sku);
    missing.warehouse = pgl_message_string(command->place.warehouse->code);
    missing.shortfall = shortfall_of(&command->place);
    if (missing.shortfall <= before)
        return PGL_OK;
    pgl_log(&core->log.writer->loop->log, PGL_LOG_WARN, "inventory", "stock-short",
            "sku=%s warehouse=%s shortfall=%lld", missing.sku, missing.warehouse,
            (long long)missing.shortfall);
    event.type = EVENT_TYPE_STOCK_SHORT;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_STOCK_SHORT;
    event.stock_short = &missing;
    return say(tx, command, &event);
}

/* ---- goods come in ---- */

static pgl_status take_in(struct pgl_tx *tx, struct command *command, int64_t quantity)
{
    struct place *place = &command->place;
    if (place->on_hand > ON_HAND_MAX - quantity)
        return PGL_FAIL(PGL_INVALID, beyond_count);
    PGL_TRY(change_level(tx, place, STOCK_RECEIVED, quantity));
    StockReceived received = STOCK_RECEIVED_INIT;
    Event event = EVENT_INIT;
    received.sku = pgl_message_string(command->sku);
    received.warehouse = pgl_message_string(place->warehouse->code);
    received.quantity = quantity;
    received.on_hand = place->on_hand;
    event.type = EVENT_TYPE_STOCK_RECEIVED;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_STOCK_RECEIVED;
    event.stock_received = &received;
    return say(tx, command, &event);
}

pgl_status pgl_inventory_receive(struct pgl_tx *tx, const ReceiveStockRequest *ask,
                                 ReceiveStockResponse *reply)
{
    const NewReceipt *receipt = ask->receipt;
    struct command command = { .caller = ask->caller,
                               .action = "stock.receive",
                               .sku = ask->sku,
                               .warehouse = receipt != NULL ? receipt->warehouse : NULL,
                               .source = receipt != NULL ? receipt->source : "",
                               .source_seq = receipt != NULL ? receipt->source_seq : 0 };
    PGL_TRY(check(&command));
    if (receipt->quantity < 1 || receipt->quantity > PGL_STOCK_QUANTITY_MAX)
        return PGL_FAIL(PGL_INVALID, bad_quantity);
    ReceiveStockRequest bare = *ask;
    struct keyed keyed;
    bare.caller = NULL;
    PGL_TRY(keyed_begin(tx, ask->caller, ask->idempotency_key, INVENTORY_SERVICE_RECEIVE_STOCK,
                        &bare.base, RECEIVE_STOCK_RESPONSE_DESCRIPTOR, &keyed));
    if (keyed.first != NULL) {
        *reply = *(ReceiveStockResponse *)keyed.first;
        reply->replayed = true;
        return PGL_OK;
    }
    PGL_TRY(look(tx, &command));
    if (!command.is_stale)
        PGL_TRY(take_in(tx, &command, receipt->quantity));
    reply->stock = command.shown;
    return finish(tx, &command, &keyed, &reply->base, receipt->quantity);
}

/* ---- goods are sold at a till ---- */

static pgl_status sell(struct pgl_tx *tx, struct command *command, int64_t quantity)
{
    struct place *place = &command->place;
    int64_t before = shortfall_of(place);
    if (place->on_hand - quantity < -ON_HAND_MAX)
        return PGL_FAIL(PGL_INVALID, "quantity: less would be left than can be counted");
    PGL_TRY(change_level(tx, place, STOCK_SOLD, -quantity));
    StockSold sold = STOCK_SOLD_INIT;
    Event event = EVENT_INIT;
    sold.sku = pgl_message_string(command->sku);
    sold.warehouse = pgl_message_string(place->warehouse->code);
    sold.quantity = quantity;
    sold.on_hand = place->on_hand;
    sold.shortfall = shortfall_of(place);
    event.type = EVENT_TYPE_STOCK_SOLD;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_STOCK_SOLD;
    event.stock_sold = &sold;
    PGL_TRY(say(tx, command, &event));
    return say_short(tx, command, before);
}

pgl_status pgl_inventory_sell(struct pgl_tx *tx, const SellStockRequest *ask,
                              SellStockResponse *reply)
{
    const NewSale *sale = ask->sale;
    struct command command = { .caller = ask->caller,
                               .action = "stock.sell",
                               .sku = ask->sku,
                               .warehouse = sale != NULL ? sale->warehouse : NULL,
                               .source = "" };
    PGL_TRY(check(&command));
    if (sale->quantity < 1 || sale->quantity > PGL_STOCK_QUANTITY_MAX)
        return PGL_FAIL(PGL_INVALID, bad_quantity);
    SellStockRequest bare = *ask;
    struct keyed keyed;
    bare.caller = NULL;
    PGL_TRY(keyed_begin(tx, ask->caller, ask->idempotency_key, INVENTORY_SERVICE_SELL_STOCK,
                        &bare.base, SELL_STOCK_RESPONSE_DESCRIPTOR, &keyed));
    if (keyed.first != NULL) {
        *reply = *(SellStockResponse *)keyed.first;
        reply->replayed = true;
        return PGL_OK;
    }
    PGL_TRY(look(tx, &command));
    if (command.place.sku_id == 0)
        return PGL_FAIL(PGL_NOT_FOUND, "no stock is kept of this SKU");
    PGL_TRY(sell(tx, &command, sale->quantity));
    reply->stock = command.shown;
    return finish(tx, &command, &keyed, &reply->base, sale->quantity);
}

/* ---- goods are counted ---- */

/* What lies there now, if so much was there then. */
static pgl_status reckon(struct pgl_tx *tx, const struct place *place, const NewCount *seen,
                         int64_t *now)
{
    int64_t moved = 0, at_ns = seen->counted_at_ns, now_ns = pgl_tx_now_ns(tx);
    if (at_ns != 0 && (at_ns > now_ns || at_ns < now_ns - PGL_COUNT_AGE_MAX_NS))
        return PGL_FAIL(PGL_INVALID, "countedAt: an instant of the last 24 hours is expected");
    if (at_ns != 0 && place->sku_id != 0)
        PGL_TRY(stock_moved_since(&tx->view, place->sku_id, place->warehouse->id, at_ns, &moved));
    *now = seen->counted + moved;
    if (*now < 0)
        return PGL_FAIL(PGL_CONFLICT, "more has left since then than was counted");
    return *now <= ON_HAND_MAX ? PGL_OK : PGL_FAIL(PGL_INVALID, beyond_count);
}

static pgl_status count(struct pgl_tx *tx, struct command *command, const NewCount *seen)
{
    struct place *place = &command->place;
    int64_t before = shortfall_of(place), now;
    PGL_TRY(reckon(tx, place, seen, &now));
    int64_t adjustment = now - place->on_hand;
    /* A new SKU is written with a level of 0 too: from then on stock is kept of it. */
    if (adjustment != 0 || place->sku_id == 0)
        PGL_TRY(change_level(tx, place, STOCK_COUNTED, adjustment));
    StockCounted found = STOCK_COUNTED_INIT;
    Event event = EVENT_INIT;
    found.sku = pgl_message_string(command->sku);
    found.warehouse = pgl_message_string(place->warehouse->code);
    found.counted = seen->counted;
    found.adjustment = adjustment;
    found.on_hand = place->on_hand;
    found.shortfall = shortfall_of(place);
    event.type = EVENT_TYPE_STOCK_COUNTED;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_STOCK_COUNTED;
    event.stock_counted = &found;
    PGL_TRY(say(tx, command, &event));
    return say_short(tx, command, before);
}

pgl_status pgl_inventory_count(struct pgl_tx *tx, const CountStockRequest *ask,
                               CountStockResponse *reply)
{
    const NewCount *seen = ask->count;
    struct command command = { .caller = ask->caller,
                               .action = "stock.count",
                               .sku = ask->sku,
                               .warehouse = seen != NULL ? seen->warehouse : NULL,
                               .source = seen != NULL ? seen->source : "",
                               .source_seq = seen != NULL ? seen->source_seq : 0 };
    PGL_TRY(check(&command));
    if (seen->found_case == PANGLOT__INVENTORY__V1__NEW_COUNT__FOUND__NOT_SET ||
        seen->counted < 0 || seen->counted > ON_HAND_MAX)
        return PGL_FAIL(PGL_INVALID, "counted: 0 to 9007199254740991 is expected");
    CountStockRequest bare = *ask;
    struct keyed keyed;
    bare.caller = NULL;
    PGL_TRY(keyed_begin(tx, ask->caller, ask->idempotency_key, INVENTORY_SERVICE_COUNT_STOCK,
                        &bare.base, COUNT_STOCK_RESPONSE_DESCRIPTOR, &keyed));
    if (keyed.first != NULL) {
        *reply = *(CountStockResponse *)keyed.first;
        reply->replayed = true;
        return PGL_OK;
    }
    PGL_TRY(look(tx, &command));
    if (!command.is_stale)
        PGL_TRY(count(tx, &command, seen));
    reply->stock = command.shown;
    return finish(tx, &command, &keyed, &reply->base, seen->counted);
}

/* ---- imports ---- */

pgl_status pgl_inventory_put_stock(struct pgl_tx *tx, struct pgl_text sku,
                                   struct pgl_text warehouse, int64_t on_hand)
{
    struct place place;
    if (!pgl_sku_is_valid(sku))
        return PGL_FAIL(PGL_INVALID, bad_sku);
    if (on_hand < 0 || on_hand > ON_HAND_MAX)
        return PGL_FAIL(PGL_INVALID, "onHand: 0 to 9007199254740991 is expected");
    PGL_TRY(find_place(tx, sku, warehouse, &place));
    if (place.sku_id != 0 && on_hand == place.on_hand)
        return PGL_OK;
    return change_level(tx, &place, STOCK_COUNTED, on_hand - place.on_hand);
}
