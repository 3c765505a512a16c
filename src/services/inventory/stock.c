/* stock.c - see stock.h. */
#include "services/inventory/stock.h"

#include "events/story.h"
#include "saga/audit_log.h"
#include "saga/idempotency.h"
#include "services/inventory/inventory.h"
#include "services/inventory/inventory_sql.h"
#include "wire/message.h"

static const char bad_sku[] =
    "sku: 1 to 64 letters, digits, dots, dashes and underscores are expected";

/* ---- asking ---- */

static void fill_level(WarehouseStock *level, const char *code, int64_t on_hand, int64_t reserved)
{
    *level = (WarehouseStock)WAREHOUSE_STOCK_INIT;
    level->warehouse = (char *)code;
    level->on_hand = on_hand;
    level->reserved = reserved;
    level->available = on_hand > reserved ? on_hand - reserved : 0;
}

pgl_status pgl_inventory_get_stock(const struct pgl_view *view, const GetStockRequest *ask,
                                   GetStockResponse *reply)
{
    Stock *stock = pgl_message_new(STOCK_DESCRIPTOR, view->arena);
    WarehouseStock *levels = pgl_arena_alloc(view->arena, PGL_WAREHOUSES_MAX * sizeof levels[0]);
    WarehouseStock **list = pgl_arena_alloc(view->arena, PGL_WAREHOUSES_MAX * sizeof list[0]);
    if (stock == NULL || levels == NULL || list == NULL)
        return PGL_NO_MEMORY;
    bool has_shortfall = false;
    struct pgl_rows rows = stock_by_name(view, pgl_text_of(ask->sku));
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        WarehouseStock *level = &levels[stock->n_warehouses];
        fill_level(level, pgl_arena_string(view->arena, pgl_column_text(&rows, 0)),
                   pgl_column_i64(&rows, 1), pgl_column_i64(&rows, 2));
        has_shortfall |= level->reserved > level->on_hand;
        stock->available += level->available;
        list[stock->n_warehouses++] = level;
    }
    if (stock->n_warehouses == 0)
        return PGL_FAIL(PGL_NOT_FOUND, "no stock is kept of this SKU");
    stock->sku = ask->sku;
    stock->available = has_shortfall ? 0 : stock->available;
    stock->warehouses = list;
    reply->stock = stock;
    return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static pgl_status sum_available(const struct pgl_view *view, const char *sku, int64_t *available)
{
    bool has_shortfall = false;
    int64_t sum = 0;
    struct pgl_rows rows = stock_by_name(view, pgl_text_of(sku));
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        int64_t free = pgl_column_i64(&rows, 1) - pgl_column_i64(&rows, 2);
        has_shortfall |= free < 0;
        sum += free;
    }
    *available = has_shortfall ? 0 : sum;
    return PGL_OK;
}

pgl_status pgl_inventory_get_available(const struct pgl_view *view, const GetAvailableRequest *ask,
                                       GetAvailableResponse *reply)
{
    if (ask->n_skus > PGL_AVAILABLE_ASKED_MAX)
        return PGL_FAIL(PGL_INVALID, "at most 100 SKUs can be asked for at once");
    reply->available = pgl_arena_alloc(view->arena, (ask->n_skus + 1) * sizeof reply->available[0]);
    if (reply->available == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < ask->n_skus; i++)
        PGL_TRY(sum_available(view, ask->skus[i], &reply->available[i]));
    reply->n_available = ask->n_skus;
    return PGL_OK;
}

pgl_status pgl_inventory_read_key(const struct pgl_view *view, const ReadKeyRequest *ask,
                                  ReadKeyResponse *reply)
{
    struct reservation_row row = { .state = RESERVATION_NONE };
    if (ask->key.len == sizeof row.order_id.bytes) {
        memcpy(row.order_id.bytes, ask->key.data, sizeof row.order_id.bytes);
        pgl_id order_id = row.order_id;
        PGL_TRY(reservation_get(view, &order_id, &row));
    }
    if (row.state == RESERVATION_NONE) { /* then it can only be a SKU; some have 16 bytes as well */
        struct pgl_text sku = { (const char *)ask->key.data, ask->key.len };
        PGL_TRY(sku_last_seq(view, sku, &row.last_event_seq));
    }
    return pgl_story_read(view, LOG_INVENTORY, row.last_event_seq, reply);
}

/* ---- goods come in ---- */

static pgl_status check_receipt(const ReceiveStockRequest *ask)
{
    const Caller *caller = ask->caller;
    if (caller == NULL || (caller->role != ROLE_WAREHOUSE && caller->role != ROLE_OPERATOR))
        return PGL_FAIL(PGL_DENIED, "only a warehouse or an operator receives stock");
    PGL_TRY(pgl_idempotency_key_check(ask->idempotency_key));
    if (!pgl_sku_is_valid(pgl_text_of(ask->sku)))
        return PGL_FAIL(PGL_INVALID, bad_sku);
    if (ask->receipt == NULL)
        return PGL_FAIL(PGL_INVALID, "receipt: it is missing");
    if (ask->receipt->quantity < 1 || ask->receipt->quantity > PGL_RECEIPT_QUANTITY_MAX)
        return PGL_FAIL(PGL_INVALID, "quantity: 1 to 1000000000 is expected");
    return PGL_OK;
}

/* What has to be the same when a key is used again: all but the caller, whose role may be
 * another. */
static pgl_status pack_request(struct pgl_tx *tx, const ReceiveStockRequest *ask,
                               struct pgl_text *bytes)
{
    ReceiveStockRequest bare = *ask;
    bare.caller = NULL;
    return pgl_message_pack_text(&bare.base, pgl_tx_arena(tx), bytes);
}

static pgl_status replay(struct pgl_tx *tx, struct pgl_text packed, ReceiveStockResponse *reply)
{
    void *first;
    PGL_TRY(
        pgl_message_unpack(RECEIVE_STOCK_RESPONSE_DESCRIPTOR, pgl_tx_arena(tx), packed, &first));
    *reply = *(ReceiveStockResponse *)first;
    reply->replayed = true;
    return PGL_OK;
}

/* Where the goods are to lie. Nothing is written by finding out. */
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
    PGL_TRY(stock_add(tx, &id, cause, &move));
    place->on_hand += delta;
    return PGL_OK;
}

static pgl_status say_received(struct pgl_tx *tx, const ReceiveStockRequest *ask,
                               const struct place *place)
{
    struct pgl_inventory_core *core = pgl_tx_context(tx);
    StockReceived received = STOCK_RECEIVED_INIT;
    received.sku = ask->sku;
    received.warehouse = (char *)place->warehouse->code;
    received.quantity = ask->receipt->quantity;
    received.on_hand = place->on_hand;
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_STOCK_RECEIVED;
    event.key = (ProtobufCBinaryData){ place->sku.size, (uint8_t *)ask->sku };
    event.tenant = ask->caller->tenant;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_STOCK_RECEIVED;
    event.stock_received = &received;
    int64_t seq;
    PGL_TRY(sku_last_seq(&tx->view, place->sku, &event.previous_seq));
    PGL_TRY(pgl_log_append(&core->log, tx, &event, &seq));
    return sku_set_last_seq(tx, place->sku_id, seq);
}

pgl_status pgl_inventory_receive(struct pgl_tx *tx, const ReceiveStockRequest *ask,
                                 ReceiveStockResponse *reply)
{
    PGL_TRY(check_receipt(ask));
    struct receipt_key key = { ask->caller->tenant, ask->caller->subject, ask->idempotency_key };
    struct pgl_text request, first_request, first_response, response;
    bool is_there;
    PGL_TRY(pack_request(tx, ask, &request));
    PGL_TRY(receipt_get(&tx->view, &key, &is_there, &first_request, &first_response));
    if (is_there && !pgl_text_equal(request, first_request))
        return PGL_FAIL(PGL_INVALID, "this idempotency key was used for another request");
    if (is_there)
        return replay(tx, first_response, reply);

    struct place place;
    PGL_TRY(find_place(tx, pgl_text_of(ask->sku), pgl_text_of(ask->receipt->warehouse), &place));
    if (place.on_hand > ON_HAND_MAX - ask->receipt->quantity)
        return PGL_FAIL(PGL_INVALID, "quantity: the warehouse would hold more than can be counted");
    reply->stock = pgl_arena_alloc(pgl_tx_arena(tx), sizeof *reply->stock);
    if (reply->stock == NULL)
        return PGL_NO_MEMORY;
    fill_level(reply->stock, place.warehouse->code, place.on_hand + ask->receipt->quantity,
               place.reserved);
    PGL_TRY(pgl_message_pack_text(&reply->base, pgl_tx_arena(tx), &response));

    PGL_TRY(change_level(tx, &place, STOCK_RECEIVED, ask->receipt->quantity));
    PGL_TRY(say_received(tx, ask, &place));
    PGL_TRY(receipt_insert(tx, &key, request, response));
    const char *what = pgl_arena_printf(pgl_tx_arena(tx), "%lld received in %s",
                                        (long long)ask->receipt->quantity, place.warehouse->code);
    return pgl_audit_log_append(tx, ask->caller, "stock.receive", ask->sku, "", what);
}

/* ---- goods are counted ---- */

pgl_status pgl_inventory_put_stock(struct pgl_tx *tx, struct pgl_text sku,
                                   struct pgl_text warehouse, int64_t on_hand)
{
    struct place place;
    if (!pgl_sku_is_valid(sku))
        return PGL_FAIL(PGL_INVALID, bad_sku);
    if (on_hand < 0 || on_hand > ON_HAND_MAX)
        return PGL_FAIL(PGL_INVALID, "onHand: 0 to 9007199254740991 is expected");
    PGL_TRY(find_place(tx, sku, warehouse, &place));
    /* A new SKU is written with a level of 0 too: from then on stock is kept of it. */
    if (place.sku_id != 0 && on_hand == place.on_hand)
        return PGL_OK;
    return change_level(tx, &place, STOCK_COUNTED, on_hand - place.on_hand);
}
