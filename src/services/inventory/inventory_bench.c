/* inventory_bench.c - see inventory_bench.h. */
#include "services/inventory/inventory_bench.h"

#include "base/assert.h"
#include "services/inventory/inventory_sql.h"
#include "services/inventory/stock.h"
#include "wire/message.h"

static void open_inventory(struct inventory_bench *bench)
{
    static const struct pgl_inventory_options options = { .partial_percent = 50 };
    pgl_status opened = pgl_inventory_open(&bench->inventory, &bench->store.writer, &options);
    PGL_ASSERT(pgl_is_ok(opened));
    pgl_status connected = pgl_inventory_connect(&bench->inventory, &bench->payments.source);
    PGL_ASSERT(pgl_is_ok(connected));
    pgl_inventory_start(&bench->inventory);
}

/* The source starts anew as well: it must not answer a reader that is gone. */
static void open_source(struct inventory_bench *bench)
{
    pgl_status migrated = pgl_events_migrate(&bench->source.writer.db);
    PGL_ASSERT(pgl_is_ok(migrated));
    pgl_status opened = pgl_log_open(&bench->payments, LOG_PAYMENTS, &bench->source.writer);
    PGL_ASSERT(pgl_is_ok(opened));
}

void inventory_bench_open(struct inventory_bench *bench)
{
    pgl_store_bench_open(&bench->source, 1);
    pgl_store_bench_open(&bench->store, 2);
    open_source(bench);
    open_inventory(bench);
}

void inventory_bench_close(struct inventory_bench *bench)
{
    pgl_inventory_close(&bench->inventory);
    pgl_log_close(&bench->payments);
    pgl_store_bench_close(&bench->store);
    pgl_store_bench_close(&bench->source);
}

static void restart(struct inventory_bench *bench, const char *sql)
{
    pgl_inventory_close(&bench->inventory);
    pgl_log_close(&bench->payments);
    pgl_store_bench_restart(&bench->source);
    pgl_store_bench_restart(&bench->store);
    pgl_status done = pgl_database_run(&bench->store.writer.db, sql);
    PGL_ASSERT(pgl_is_ok(done));
    open_source(bench);
    open_inventory(bench);
    inventory_bench_turn(bench);
}

void inventory_bench_restart(struct inventory_bench *bench)
{
    restart(bench, "");
}

void inventory_bench_hear_again(struct inventory_bench *bench)
{
    restart(bench, "DELETE FROM consumer");
}

/* ---- stock ---- */

struct level {
    const char *sku, *warehouse;
    int64_t on_hand;
};

static pgl_status put_level(struct pgl_tx *tx, void *argument)
{
    const struct level *level = argument;
    return pgl_inventory_put_stock(tx, pgl_text_of(level->sku), pgl_text_of(level->warehouse),
                                   level->on_hand);
}

void inventory_bench_stock(struct inventory_bench *bench, const char *sku, const char *warehouse,
                           int64_t on_hand)
{
    struct level level = { sku, warehouse, on_hand };
    pgl_status put = pgl_writer_run_now(&bench->store.writer, put_level, &level);
    PGL_ASSERT(pgl_is_ok(put));
}

/* ---- hearing ---- */

pgl_id inventory_bench_order(uint32_t number)
{
    pgl_id id = { { 0x01, 0x9B, 0x76, 0xDA, 0xA8, 0x00, 0x70 } };
    for (int i = 0; i < 4; i++)
        id.bytes[12 + i] = (uint8_t)(number >> (24 - 8 * i));
    return id;
}

struct appending {
    struct pgl_event_log *log;
    Event *event;
};

static pgl_status append(struct pgl_tx *tx, void *argument)
{
    struct appending *appending = argument;
    return pgl_log_append(appending->log, tx, appending->event, NULL);
}

void inventory_bench_append(struct inventory_bench *bench, Event *event)
{
    struct appending appending = { &bench->payments, event };
    pgl_status appended = pgl_writer_run_now(&bench->source.writer, append, &appending);
    PGL_ASSERT(pgl_is_ok(appended));
}

void inventory_bench_turn(struct inventory_bench *bench)
{
    bool was_any;
    do {
        was_any = pgl_store_bench_turn(&bench->source);
        was_any |= pgl_store_bench_turn(&bench->store);
    } while (was_any);
}

static void append_for(struct inventory_bench *bench, uint32_t order, Event *event)
{
    pgl_id id = inventory_bench_order(order);
    event->key = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    event->tenant = (char *)"default";
    inventory_bench_append(bench, event);
    inventory_bench_turn(bench);
}

static void authorized(struct inventory_bench *bench, uint32_t order, PaymentAuthorized *paid,
                       const struct inventory_bench_line *lines, size_t count)
{
    Line *list = pgl_arena_alloc(&bench->store.arena, (count + 1) * sizeof list[0]);
    Line **pointers = pgl_arena_alloc(&bench->store.arena, (count + 1) * sizeof pointers[0]);
    PGL_ASSERT(list != NULL && pointers != NULL);
    for (size_t i = 0; i < count; i++) {
        list[i] = (Line)LINE_INIT;
        list[i].line_no = (int32_t)i + 1;
        list[i].sku = (char *)lines[i].sku;
        list[i].quantity = lines[i].quantity;
        list[i].unit_price_minor = 1;
        pointers[i] = &list[i];
    }
    paid->n_lines = count;
    paid->lines = pointers;
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_PAYMENT_AUTHORIZED;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_PAYMENT_AUTHORIZED;
    event.payment_authorized = paid;
    append_for(bench, order, &event);
}

void inventory_bench_authorized(struct inventory_bench *bench, uint32_t order, const char *ship_to,
                                const struct inventory_bench_line *lines, size_t count)
{
    PaymentAuthorized paid = PAYMENT_AUTHORIZED_INIT;
    paid.ship_to_region = (char *)ship_to;
    authorized(bench, order, &paid, lines, count);
}

void inventory_bench_partial(struct inventory_bench *bench, uint32_t order, const char *ship_to,
                             const struct inventory_bench_line *lines, size_t count)
{
    PaymentAuthorized paid = PAYMENT_AUTHORIZED_INIT;
    paid.ship_to_region = (char *)ship_to;
    paid.allow_partial = true;
    authorized(bench, order, &paid, lines, count);
}

void inventory_bench_paid(struct inventory_bench *bench, uint32_t order,
                          const struct inventory_bench_line *lines, size_t count)
{
    inventory_bench_authorized(bench, order, "EU", lines, count);
    inventory_bench_verdict(bench, order, EVENT_TYPE_PAYMENT_CAPTURED);
}

void inventory_bench_refunded(struct inventory_bench *bench, uint32_t order, int32_t refund_no,
                              const struct inventory_bench_refund *lines, size_t count)
{
    PaymentRefunded refunded = PAYMENT_REFUNDED_INIT;
    RefundLine *list = pgl_arena_alloc(&bench->store.arena, (count + 1) * sizeof list[0]);
    refunded.lines = pgl_arena_alloc(&bench->store.arena, (count + 1) * sizeof list);
    PGL_ASSERT(list != NULL && refunded.lines != NULL);
    for (size_t i = 0; i < count; i++) {
        list[i] = (RefundLine)REFUND_LINE_INIT;
        list[i].line_no = lines[i].line_no;
        list[i].quantity = lines[i].quantity;
        list[i].restock = lines[i].restock;
        list[i].warehouse = (char *)lines[i].warehouse;
        refunded.lines[i] = &list[i];
    }
    refunded.n_lines = count;
    refunded.refund_no = refund_no;
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_PAYMENT_REFUNDED;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_PAYMENT_REFUNDED;
    event.payment_refunded = &refunded;
    append_for(bench, order, &event);
}

void inventory_bench_verdict(struct inventory_bench *bench, uint32_t order, EventType type)
{
    Event event = EVENT_INIT; /* Inventory looks at the type of a verdict, not into it */
    event.type = type;
    append_for(bench, order, &event);
}

/* ---- shipping ---- */

pgl_status inventory_bench_ship(struct inventory_bench *bench, struct inventory_bench_parcel parcel,
                                ShipOrderResponse *reply)
{
    Caller caller = CALLER_INIT;
    NewShipment shipment = NEW_SHIPMENT_INIT;
    NewShipmentLine line = NEW_SHIPMENT_LINE_INIT, *lines[] = { &line };
    ShipOrderRequest ask = SHIP_ORDER_REQUEST_INIT;
    char id[PGL_ID_TEXT_BYTES + 1] = "";
    pgl_id_format(inventory_bench_order(parcel.order), id);
    caller.tenant = (char *)"default";
    caller.subject = (char *)"wanda";
    caller.role = ROLE_WAREHOUSE;
    line.line_no = parcel.line_no;
    line.quantity = parcel.quantity;
    shipment.warehouse = (char *)parcel.warehouse;
    shipment.n_lines = parcel.line_no != 0;
    shipment.lines = lines;
    ask.caller = &caller;
    ask.idempotency_key = (char *)parcel.key;
    ask.order_id = id;
    ask.shipment = &shipment;
    *reply = (ShipOrderResponse)SHIP_ORDER_RESPONSE_INIT;
    return pgl_store_bench_command(
        &bench->store, &pgl_inventory_methods[INVENTORY_SERVICE_SHIP_ORDER], &ask, reply);
}

/* ---- looking ---- */

enum reservation_state inventory_bench_state(struct inventory_bench *bench, uint32_t order)
{
    pgl_id id = inventory_bench_order(order);
    struct pgl_view view = { &bench->store.writer.db, &bench->store.arena, NULL };
    struct reservation_row row;
    pgl_status got = reservation_get(&view, &id, &row);
    PGL_ASSERT(pgl_is_ok(got));
    return row.state;
}

Event *inventory_bench_said(struct inventory_bench *bench, int64_t seq)
{
    struct pgl_rows rows =
        pgl_rows_begin(&bench->store.writer.db, "SELECT bytes FROM event WHERE seq = ?1");
    pgl_bind_i64(&rows, seq);
    pgl_status got = pgl_rows_next(&rows);
    PGL_ASSERT(pgl_is_ok(got) && rows.has_row);
    void *event;
    pgl_status unpacked = pgl_message_unpack(EVENT_DESCRIPTOR, &bench->store.arena,
                                             pgl_column_blob(&rows, 0), &event);
    PGL_ASSERT(pgl_is_ok(unpacked));
    pgl_rows_end(&rows);
    return event;
}

int64_t inventory_bench_said_count(struct inventory_bench *bench)
{
    return pgl_store_bench_number(&bench->store, "SELECT count(*) FROM event");
}

const char *inventory_bench_levels(struct inventory_bench *bench)
{
    return pgl_store_bench_rows(&bench->store, "SELECT sku, code, on_hand, reserved FROM stock "
                                               "JOIN sku ON sku.id = sku_id "
                                               "JOIN warehouse ON warehouse.id = warehouse_id");
}

struct pgl_inventory_audit inventory_bench_audit(struct inventory_bench *bench)
{
    struct pgl_view view = { &bench->store.writer.db, &bench->store.arena, NULL };
    struct pgl_inventory_audit audit;
    pgl_status checked = pgl_inventory_check(&view, &audit);
    PGL_ASSERT(pgl_is_ok(checked));
    PGL_ASSERT(pgl_inventory_faults(&audit) == 0);
    PGL_ASSERT(audit.reserved == audit.held + audit.committed);
    return audit;
}

const char *inventory_bench_dump(struct inventory_bench *bench)
{
    static const char *const except[] = { "consumer", NULL };
    return pgl_store_bench_dump(&bench->store, except);
}
