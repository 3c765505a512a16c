/* stock.c - see stock.h. */
#include "services/inventory/stock.h"

#include "events/story.h"
#include "services/inventory/inventory_sql.h"
#include "services/inventory/names.h"
#include "wire/message.h"

void stock_show(WarehouseStock *level, const char *code, int64_t on_hand, int64_t reserved)
{
    *level = (WarehouseStock)WAREHOUSE_STOCK_INIT;
    level->warehouse = (char *)code;
    level->on_hand = on_hand;
    level->reserved = reserved;
    level->available = on_hand > reserved ? on_hand - reserved : 0;
    level->shortfall = reserved > on_hand ? reserved - on_hand : 0;
}

pgl_status pgl_inventory_get_stock(const struct pgl_view *view, const GetStockRequest *ask,
                                   GetStockResponse *reply)
{
    Stock *stock = pgl_message_new(STOCK_DESCRIPTOR, view->arena);
    WarehouseStock *levels = pgl_arena_alloc(view->arena, PGL_WAREHOUSES_MAX * sizeof levels[0]);
    WarehouseStock **list = pgl_arena_alloc(view->arena, PGL_WAREHOUSES_MAX * sizeof list[0]);
    if (stock == NULL || levels == NULL || list == NULL)
        return PGL_NO_MEMORY;
    struct pgl_rows rows = stock_by_name(view, pgl_text_of(ask->sku));
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        WarehouseStock *level = &levels[stock->n_warehouses];
        stock_show(level, pgl_arena_string(view->arena, pgl_column_text(&rows, 0)),
                   pgl_column_i64(&rows, 1), pgl_column_i64(&rows, 2));
        stock->shortfall += level->shortfall;
        stock->available += level->available;
        list[stock->n_warehouses++] = level;
    }
    if (stock->n_warehouses == 0)
        return PGL_FAIL(PGL_NOT_FOUND, "no stock is kept of this SKU");
    stock->sku = ask->sku;
    stock->available = stock->shortfall > 0 ? 0 : stock->available;
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

pgl_status pgl_inventory_describe(const struct pgl_view *view, const char *tenant,
                                  const pgl_id *order_id, const char **state)
{
    (void)tenant;
    struct reservation_row row;
    PGL_TRY(reservation_get(view, order_id, &row));
    *state = row.state != RESERVATION_NONE ? pgl_reservation_machine.state_names[row.state] : NULL;
    return PGL_OK;
}
