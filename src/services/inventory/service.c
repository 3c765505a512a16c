/* service.c - what Inventory offers, and what moves with its writer's transactions. */
#include "services/inventory/service.h"

#include "events/feed.h"
#include "saga/audit_log.h"
#include "services/inventory/handle.h"
#include "services/inventory/inventory_sql.h"
#include "services/inventory/ship.h"
#include "services/inventory/stock.h"

PGL_QUERY(pgl_inventory_get_stock, GetStockRequest, GetStockResponse)
PGL_QUERY(pgl_inventory_get_available, GetAvailableRequest, GetAvailableResponse)
PGL_COMMAND(pgl_inventory_receive, ReceiveStockRequest, ReceiveStockResponse)
PGL_COMMAND(pgl_inventory_sell, SellStockRequest, SellStockResponse)
PGL_COMMAND(pgl_inventory_count, CountStockRequest, CountStockResponse)
PGL_COMMAND(pgl_inventory_ship, ShipOrderRequest, ShipOrderResponse)
PGL_QUERY(pgl_inventory_list_shipments, ListShipmentsRequest, ListShipmentsResponse)
PGL_QUERY(pgl_inventory_read_key, ReadKeyRequest, ReadKeyResponse)

const struct pgl_method pgl_inventory_methods[INVENTORY_SERVICE_METHOD_COUNT] = {
    [INVENTORY_SERVICE_GET_STOCK] = { PGL_METHOD_QUERY, .query = pgl_inventory_get_stock_query },
    [INVENTORY_SERVICE_GET_AVAILABLE] = { PGL_METHOD_QUERY,
                                          .query = pgl_inventory_get_available_query },
    [INVENTORY_SERVICE_RECEIVE_STOCK] = { PGL_METHOD_COMMAND,
                                          .command = pgl_inventory_receive_command },
    [INVENTORY_SERVICE_SELL_STOCK] = { PGL_METHOD_COMMAND, .command = pgl_inventory_sell_command },
    [INVENTORY_SERVICE_COUNT_STOCK] = { PGL_METHOD_COMMAND,
                                        .command = pgl_inventory_count_command },
    [INVENTORY_SERVICE_SHIP_ORDER] = { PGL_METHOD_COMMAND, .command = pgl_inventory_ship_command },
    [INVENTORY_SERVICE_LIST_SHIPMENTS] = { PGL_METHOD_QUERY,
                                           .query = pgl_inventory_list_shipments_query },
};

const struct pgl_method pgl_inventory_log_methods[EVENT_LOG_SERVICE_METHOD_COUNT] = {
    [EVENT_LOG_SERVICE_READ] = { PGL_METHOD_FLOW, .flow = pgl_feed_read_method },
    [EVENT_LOG_SERVICE_FOLLOW] = { PGL_METHOD_FLOW, .flow = pgl_feed_follow_method },
    [EVENT_LOG_SERVICE_READ_KEY] = { PGL_METHOD_QUERY, .query = pgl_inventory_read_key_query },
};

static struct pgl_admin *admin_of(void *context)
{
    return &((struct pgl_inventory *)context)->admin;
}
PGL_ADMIN_METHODS(pgl_inventory_admin_methods, admin_of)

/* ---- as a participant of the writer ---- */

static void inventory_committed(void *self)
{
    pgl_names_committed(&((struct pgl_inventory *)self)->core.names);
}

static void inventory_rolled_back(void *self)
{
    pgl_names_rolled_back(&((struct pgl_inventory *)self)->core.names);
}

/* ---- opening ---- */

static pgl_status load_sku(struct pgl_names *names, const struct pgl_rows *rows)
{
    int64_t id;
    struct pgl_text sku = pgl_column_text(rows, 1);
    if (!pgl_sku_is_valid(sku) || pgl_names_sku(names, sku) != 0)
        return PGL_FAIL(PGL_DATA_LOSS, "a SKU is not one, or is there twice");
    PGL_TRY(pgl_names_add_sku(names, sku, &id));
    return id == pgl_column_i64(rows, 0) ? PGL_OK : PGL_FAIL(PGL_DATA_LOSS, "a SKU is missing");
}

static pgl_status load_warehouse(struct pgl_names *names, const struct pgl_rows *rows)
{
    PGL_TRY(pgl_names_add_warehouse(names, pgl_column_text(rows, 1), pgl_column_text(rows, 2)));
    return names->warehouse_count == pgl_column_i64(rows, 0)
               ? PGL_OK
               : PGL_FAIL(PGL_DATA_LOSS, "a warehouse is missing");
}

static pgl_status load_all(struct pgl_names *names, struct pgl_rows rows,
                           pgl_status (*load)(struct pgl_names *, const struct pgl_rows *))
{
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        pgl_status loaded = load(names, &rows);
        if (!pgl_is_ok(loaded)) {
            pgl_rows_end(&rows);
            return loaded;
        }
    }
}

pgl_status pgl_inventory_open(struct pgl_inventory *inventory, struct pgl_writer *writer,
                              const struct pgl_inventory_options *options)
{
    *inventory = (struct pgl_inventory){ .core.partial_percent = options->partial_percent };
    struct pgl_names *names = &inventory->core.names;
    const struct pgl_entropy *entropy = &writer->loop->platform->entropy;
    struct pgl_hash_key hash_key = { pgl_entropy_u64(entropy), pgl_entropy_u64(entropy) };
    writer->context = inventory;
    pgl_admin_init(&inventory->admin, LOG_INVENTORY,
                   (struct pgl_admin_hooks){ .describe = pgl_inventory_describe });
    if (options->partial_percent < 0 || options->partial_percent > 100)
        return PGL_FAIL(PGL_INVALID, "--partial-share: 0 to 100 is expected");
    PGL_TRY(pgl_events_migrate(&writer->db));
    PGL_TRY(pgl_saga_migrate(&writer->db));
    PGL_TRY(pgl_inventory_migrate(&writer->db));
    PGL_TRY(pgl_names_open(names, hash_key));
    PGL_TRY(load_all(names, warehouse_all(&writer->db), load_warehouse));
    PGL_TRY(load_all(names, sku_all(&writer->db), load_sku));
    pgl_names_committed(names);
    PGL_TRY(pgl_tally_open(&inventory->core.tally, writer, RESERVATION_STATE_COUNT,
                           reservation_count_get_sql, reservation_count_put_sql));
    PGL_TRY(pgl_log_open(&inventory->core.log, LOG_INVENTORY, writer));
    inventory->participant = (struct pgl_participant){ .self = inventory,
                                                       .committed = inventory_committed,
                                                       .rolled_back = inventory_rolled_back };
    pgl_writer_join(writer, &inventory->participant);
    return PGL_OK;
}

pgl_status pgl_inventory_connect(struct pgl_inventory *inventory, struct pgl_log_source *payments)
{
    struct pgl_writer *writer = inventory->core.log.writer;
    PGL_TRY(pgl_consumer_open(&inventory->payments, writer, payments, pgl_inventory_handle));
    pgl_consumer_keep_up(&inventory->payments, "inventory");
    pgl_admin_add_consumer(&inventory->admin, &inventory->payments);
    return pgl_admin_open(&inventory->admin, writer, NULL, 0);
}

void pgl_inventory_start(struct pgl_inventory *inventory)
{
    pgl_consumer_start(&inventory->payments);
}

void pgl_inventory_close(struct pgl_inventory *inventory)
{
    pgl_consumer_close(&inventory->payments);
    pgl_log_close(&inventory->core.log);
    pgl_names_close(&inventory->core.names);
}
