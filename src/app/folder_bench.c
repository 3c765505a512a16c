/* folder_bench.c - see folder_bench.h. */
#include "app/folder_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/assert.h"
#include "platform/real/real.h"
#include "services/inventory/stock.h"
#include "services/orders/orders.h"
#include "store/vfs.h"
#include "wire/message.h"

#define QUIET_ROUNDS 3 /* an answer goes through two mailboxes */

static void must(pgl_status status)
{
    if (!pgl_is_ok(status))
        fprintf(stderr, "folder bench: %s\n", status.text);
    PGL_ASSERT(pgl_is_ok(status));
}

static void boot(struct folder_bench *bench)
{
    struct pgl_boot_options options = pgl_boot_defaults();
    options.data = bench->folder;
    options.gateway.port = 0;
    options.gateway.admit.rates = "off";
    options.orders.open_per_customer_max = 0;
    options.payments.default_credit_minor = FOLDER_CREDIT_MINOR;
    options.writer_cache_kib = options.reader_cache_kib = 256;
    options.orders.generation = 4; /* so that its indexes come to the table with few orders */
    must(pgl_boot_open(&bench->boot, bench->platform, &options));
    pgl_boot_start(&bench->boot);
}

static pgl_status put_stock(struct pgl_tx *tx, void *unused)
{
    (void)unused;
    PGL_TRY(pgl_inventory_put_stock(tx, PGL_TEXT("PEN"), PGL_TEXT("WH-EU-1"), 30));
    PGL_TRY(pgl_inventory_put_stock(tx, PGL_TEXT("PEN"), PGL_TEXT("WH-US-1"), 10));
    return pgl_inventory_put_stock(tx, PGL_TEXT("INK"), PGL_TEXT("WH-EU-1"), 5);
}

void folder_bench_open(struct folder_bench *bench)
{
    static bool is_started;
    if (!is_started) {
        pgl_store_start();
        must(pgl_vfs_register("panglot", NULL));
        is_started = true;
    }
    bench->platform = pgl_real_open();
    snprintf(bench->folder, sizeof bench->folder, "/tmp/pgl-folder-XXXXXX");
    PGL_ASSERT(mkdtemp(bench->folder) != NULL);
    boot(bench);
    must(pgl_writer_run_now(&bench->boot.writers[PGL_FILE_INVENTORY], put_stock, NULL));
}

static void remove_file(const struct folder_bench *bench, const char *name, const char *ending)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s%s", bench->folder, name, ending);
    unlink(path);
}

void folder_bench_close(struct folder_bench *bench)
{
    static const char *const databases[] = { "catalog",   "orders",   "payments",
                                             "inventory", "webhooks", "identity" };
    pgl_boot_close(&bench->boot);
    for (size_t i = 0; i < sizeof databases / sizeof databases[0]; i++) {
        remove_file(bench, databases[i], ".db");
        remove_file(bench, databases[i], ".db-wal");
        remove_file(bench, databases[i], ".db-shm");
        remove_file(bench, databases[i], ".lock");
    }
    remove_file(bench, "lock", "");
    remove_file(bench, "signing-key", ".pem");
    PGL_ASSERT(rmdir(bench->folder) == 0);
}

/* ---- orders ---- */

static void line(NewOrder *order, NewOrderLine *lines, const char *sku, int64_t quantity)
{
    if (quantity == 0)
        return;
    NewOrderLine *one = &lines[order->n_lines];
    *one = (NewOrderLine)NEW_ORDER_LINE_INIT;
    one->sku = pgl_message_string(sku);
    one->quantity = quantity;
    order->lines[order->n_lines++] = one;
}

pgl_status folder_bench_create(struct pgl_tx *tx, const struct folder_order *wanted,
                               pgl_id *order_id)
{
    struct order_price prices[2] = { { FOLDER_PRICE_MINOR }, { FOLDER_PRICE_MINOR } };
    Caller caller = CALLER_INIT;
    caller.tenant = pgl_message_string("default");
    caller.subject = pgl_message_string(wanted->customer);
    caller.role = ROLE_CUSTOMER;
    NewPayment payment = NEW_PAYMENT_INIT;
    payment.method = pgl_message_string("account");
    NewOrderLine lines[2], *places[2];
    NewOrder order = NEW_ORDER_INIT;
    order.currency = pgl_message_string("USD");
    order.payment = &payment;
    order.lines = places;
    line(&order, lines, "PEN", wanted->pens);
    line(&order, lines, "INK", wanted->inks);
    CreateOrderRequest ask = CREATE_ORDER_REQUEST_INIT;
    ask.caller = &caller;
    ask.idempotency_key = pgl_message_string(wanted->key);
    ask.order = &order;
    struct create_order create = { .ask = &ask, .prices = prices };
    CreateOrderResponse reply = CREATE_ORDER_RESPONSE_INIT;
    PGL_TRY(pgl_orders_create(tx, &create, &reply));
    return pgl_id_parse(pgl_text_of(reply.order->id), order_id);
}

struct creation {
    const struct folder_order *order;
    pgl_id order_id;
};

static pgl_status create(struct pgl_tx *tx, void *argument)
{
    struct creation *creation = argument;
    return folder_bench_create(tx, creation->order, &creation->order_id);
}

pgl_id folder_bench_order(struct folder_bench *bench, const struct folder_order *order)
{
    struct creation creation = { .order = order };
    must(pgl_writer_run_now(&bench->boot.writers[PGL_FILE_ORDERS], create, &creation));
    return creation.order_id;
}

static pgl_status cancel(struct pgl_tx *tx, void *argument)
{
    CancelOrderResponse reply = CANCEL_ORDER_RESPONSE_INIT;
    return pgl_orders_cancel(tx, argument, &reply);
}

void folder_bench_cancel(struct folder_bench *bench, pgl_id order_id, const char *customer)
{
    char id[PGL_ID_TEXT_BYTES + 1] = "";
    Caller caller = CALLER_INIT;
    caller.tenant = pgl_message_string("default");
    caller.subject = pgl_message_string(customer);
    caller.role = ROLE_CUSTOMER;
    CancelOrderRequest ask = CANCEL_ORDER_REQUEST_INIT;
    pgl_id_format(order_id, id);
    ask.caller = &caller;
    ask.id = id;
    must(pgl_writer_run_now(&bench->boot.writers[PGL_FILE_ORDERS], cancel, &ask));
}

void folder_bench_settle(struct folder_bench *bench)
{
    for (int quiet = 0; quiet < QUIET_ROUNDS; quiet++)
        for (int l = 0; l < PGL_LOOP_COUNT; l++)
            if (pgl_loop_turn(&bench->boot.loops[l]) || pgl_loop_has_news(&bench->boot.loops[l]))
                quiet = 0;
}
