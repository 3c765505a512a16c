/* boot.c - see boot.h. */
#include "app/boot.h"

#include "app/keys.h"
#include "app/metrics.h"
#include "base/time.h"

#define BOOT_ARENA_CHUNK_BYTES 65536
#define BOOT_ARENA_LIMIT_BYTES (4u << 20)
#define SLOW_TURN_NS           PGL_MILLISECONDS(5)
#define DRAIN_NS               PGL_SECONDS(10)
#define DRAIN_LOOK_NS          PGL_MILLISECONDS(10)

/* clang-format off */
static const struct loop_plan {
    const char *name;
    enum pgl_boot_thread thread;
    int64_t slow_ns; /* 0 where a turn waits for the disk */
} loop_plans[PGL_LOOP_COUNT] = {
    /*                              name                thread                slow */
    [PGL_LOOP_EDGE]             = { "edge",             PGL_THREAD_FRONT,     SLOW_TURN_NS },
    [PGL_LOOP_SERVICES]         = { "services",         PGL_THREAD_FRONT,     SLOW_TURN_NS },
    [PGL_LOOP_CATALOG_WRITER]   = { "catalog-writer",   PGL_THREAD_CATALOG,   0 },
    [PGL_LOOP_ORDERS_WRITER]    = { "orders-writer",    PGL_THREAD_ORDERS,    0 },
    [PGL_LOOP_PAYMENTS_WRITER]  = { "payments-writer",  PGL_THREAD_PAYMENTS,  0 },
    [PGL_LOOP_INVENTORY_WRITER] = { "inventory-writer", PGL_THREAD_INVENTORY, 0 },
    [PGL_LOOP_CATALOG_READER]   = { "catalog-reader",   PGL_THREAD_READERS,   0 },
    [PGL_LOOP_ORDERS_READER]    = { "orders-reader",    PGL_THREAD_READERS,   0 },
    [PGL_LOOP_PAYMENTS_READER]  = { "payments-reader",  PGL_THREAD_READERS,   0 },
    [PGL_LOOP_INVENTORY_READER] = { "inventory-reader", PGL_THREAD_READERS,   0 },
    [PGL_LOOP_AUDIT]            = { "audit",            PGL_THREAD_AUDIT,     0 },
    [PGL_LOOP_EFFECTS]          = { "effects",          PGL_THREAD_EFFECTS,   SLOW_TURN_NS },
    [PGL_LOOP_WEBHOOKS_WRITER]  = { "webhooks-writer",  PGL_THREAD_WEBHOOKS,  0 },
    [PGL_LOOP_WEBHOOKS_READER]  = { "webhooks-reader",  PGL_THREAD_READERS,   0 },
};

static const char *const thread_names[PGL_THREAD_COUNT] = {
    "front", "catalog", "orders", "payments", "inventory", "readers", "audit", "effects",
    "webhooks",
};

static const struct file_plan {
    const char *name;
    enum pgl_boot_loop writer, reader;
} file_plans[PGL_FILE_COUNT] = {
    [PGL_FILE_CATALOG]   = { "catalog.db",   PGL_LOOP_CATALOG_WRITER,   PGL_LOOP_CATALOG_READER },
    [PGL_FILE_ORDERS]    = { "orders.db",    PGL_LOOP_ORDERS_WRITER,    PGL_LOOP_ORDERS_READER },
    [PGL_FILE_PAYMENTS]  = { "payments.db",  PGL_LOOP_PAYMENTS_WRITER,  PGL_LOOP_PAYMENTS_READER },
    [PGL_FILE_INVENTORY] = { "inventory.db", PGL_LOOP_INVENTORY_WRITER, PGL_LOOP_INVENTORY_READER },
    [PGL_FILE_WEBHOOKS]  = { "webhooks.db",  PGL_LOOP_WEBHOOKS_WRITER,  PGL_LOOP_WEBHOOKS_READER },
};
/* clang-format on */

struct pgl_boot_options pgl_boot_defaults(void)
{
    return (struct pgl_boot_options){
        .data = "panglot-data",
        .vfs_name = "panglot",
        .version = "0.1.0",
        .has_edge = true,
        .gateway = { .host = "127.0.0.1",
                     .grpc = PGL_GRPC_LIMITS_EDGE,
                     .port = 8080,
                     .limits = PGL_HTTP_LIMITS_DEFAULT,
                     .body_bytes_max = 65536,
                     .json = pgl_json_request_limits,
                     .admit = EDGE_LIMITS_DEFAULT },
        .batch_max = 512,
        .checkpoint_pages = 8192, /* 32 MiB, see docs/decisions/checkpoint.md */
        .checkpoint_idle_pages = 1024,
        .writer_cache_kib = 24 * 1024,
        .reader_cache_kib = 4 * 1024,
        .tokens_max = PGL_JWT_CACHE_CAPACITY_DEFAULT,
        .orders = PGL_ORDERS_OPTIONS_DEFAULT,
        .keep = PGL_KEEP_OPTIONS_DEFAULT,
        .payments = { .default_credit_minor = 100000, .card = PGL_CARD_OPTIONS_DEFAULT },
        .inventory = { .partial_percent = 50 },
    };
}

const char *pgl_boot_path(struct pgl_boot *boot, const char *name)
{
    return pgl_arena_printf(&boot->arena, "%s/%s", boot->options.data, name);
}

/* ---- opening ---- */

static pgl_status open_threads(struct pgl_boot *boot)
{
    for (int t = 0; t < PGL_THREAD_COUNT; t++) {
        boot->threads[t].name = thread_names[t];
        boot->threads[t].waiter = boot->platform->waiter_open(boot->platform);
        if (boot->threads[t].waiter == NULL)
            return PGL_FAIL(PGL_EXHAUSTED, "no memory for a thread");
    }
    for (int l = 0; l < PGL_LOOP_COUNT; l++) {
        struct pgl_thread *thread = &boot->threads[loop_plans[l].thread];
        pgl_loop_init(&boot->loops[l], loop_plans[l].name, boot->platform, thread->waiter);
        boot->loops[l].slow_ns = loop_plans[l].slow_ns;
        thread->loops[thread->loop_count++] = &boot->loops[l];
    }
    return PGL_OK;
}

static struct pgl_database_options database_options(struct pgl_boot *boot, int file, int cache_kib)
{
    return (struct pgl_database_options){ .path = pgl_boot_path(boot, file_plans[file].name),
                                          .vfs_name = boot->options.vfs_name,
                                          .cache_kib = cache_kib };
}

static pgl_status open_writers(struct pgl_boot *boot)
{
    void *const contexts[PGL_FILE_COUNT] = { [PGL_FILE_ORDERS] = &boot->orders.state,
                                             [PGL_FILE_PAYMENTS] = &boot->payments,
                                             [PGL_FILE_INVENTORY] = &boot->inventory,
                                             [PGL_FILE_WEBHOOKS] = &boot->webhooks };
    for (int f = 0; f < PGL_FILE_COUNT; f++) {
        struct pgl_writer_options options = {
            .database = database_options(boot, f, boot->options.writer_cache_kib),
            .batch_max = boot->options.batch_max,
            .checkpoint_pages = boot->options.checkpoint_pages,
            .checkpoint_idle_pages = boot->options.checkpoint_idle_pages,
        };
        PGL_TRY(pgl_writer_open(&boot->writers[f], &boot->loops[file_plans[f].writer], &options,
                                contexts[f]));
    }
    return PGL_OK;
}

static pgl_status open_readers(struct pgl_boot *boot)
{
    for (int f = 0; f < PGL_FILE_COUNT; f++) {
        struct pgl_database_options options =
            database_options(boot, f, boot->options.reader_cache_kib);
        PGL_TRY(pgl_reader_open(&boot->readers[f], &boot->loops[file_plans[f].reader], &options,
                                boot->writers[f].context));
    }
    return PGL_OK;
}

static pgl_status open_services(struct pgl_boot *boot)
{
    PGL_TRY(pgl_catalog_open(&boot->writers[PGL_FILE_CATALOG]));
    PGL_TRY(pgl_orders_open(&boot->orders, &boot->writers[PGL_FILE_ORDERS], &boot->options.orders));
    PGL_TRY(pgl_payments_open(&boot->payments, &boot->writers[PGL_FILE_PAYMENTS],
                              &boot->options.payments));
    PGL_TRY(pgl_inventory_open(&boot->inventory, &boot->writers[PGL_FILE_INVENTORY],
                               &boot->options.inventory));
    return pgl_webhooks_open(&boot->webhooks, &boot->writers[PGL_FILE_WEBHOOKS],
                             &boot->options.webhooks);
}

/* Who listens to whom: docs/saga.md. */
static pgl_status connect_services(struct pgl_boot *boot)
{
    boot->orders.state.log.keep.options = boot->options.keep;
    boot->payments.desk.log.keep.options = boot->options.keep;
    boot->inventory.core.log.keep.options = boot->options.keep;
    struct pgl_log_source *orders = &boot->orders.state.log.source;
    struct pgl_log_source *payments = &boot->payments.desk.log.source;
    struct pgl_log_source *inventory = &boot->inventory.core.log.source;
    PGL_TRY(pgl_orders_connect(&boot->orders, payments, inventory));
    PGL_TRY(pgl_payments_connect(&boot->payments, orders, inventory));
    PGL_TRY(pgl_inventory_connect(&boot->inventory, payments));
    struct pgl_log_source *const all[PGL_WEBHOOK_LOGS] = { orders, payments, inventory };
    return pgl_webhooks_connect(&boot->webhooks, all);
}

static pgl_status open_feeds(struct pgl_boot *boot)
{
    struct pgl_loop *loop = &boot->loops[PGL_LOOP_SERVICES];
    PGL_TRY(pgl_feed_open(&boot->payments_feed, loop, &boot->payments.desk.log));
    return pgl_feed_open(&boot->inventory_feed, loop, &boot->inventory.core.log);
}

static struct pgl_endpoint endpoint(struct pgl_boot *boot, int file,
                                    const struct pgl_method *methods, struct pgl_mailbox *flows)
{
    return (struct pgl_endpoint){ .methods = methods,
                                  .commands = &boot->writers[file].commands,
                                  .queries = &boot->readers[file].queries,
                                  .flows = flows };
}

/* ---- the edge ---- */

static bool is_ready(void *self)
{
    return atomic_load(&((struct pgl_boot *)self)->is_ready);
}

/* Whoever reads a log is far behind, so that another order would wait long (B9). */
static bool is_behind(void *self)
{
    const struct pgl_boot *boot = self;
    int64_t now_ns = boot->loops[PGL_LOOP_EDGE].now_ns;
    return pgl_keep_is_behind(&boot->orders.state.log.keep, now_ns) ||
           pgl_keep_is_behind(&boot->payments.desk.log.keep, now_ns) ||
           pgl_keep_is_behind(&boot->inventory.core.log.keep, now_ns);
}

static pgl_status open_edge(struct pgl_boot *boot)
{
    struct pgl_edge *edge = &boot->edge;
    struct pgl_mailbox *order_flows = &boot->orders.flows;
    struct pgl_jwt_policy policy = pgl_keys_policy();
    edge->loop = &boot->loops[PGL_LOOP_EDGE];
    edge->catalog = endpoint(boot, PGL_FILE_CATALOG, pgl_catalog_methods, NULL);
    edge->orders = endpoint(boot, PGL_FILE_ORDERS, pgl_orders_methods, order_flows);
    edge->payments = endpoint(boot, PGL_FILE_PAYMENTS, pgl_payments_methods, &boot->payments.flows);
    edge->inventory = endpoint(boot, PGL_FILE_INVENTORY, pgl_inventory_methods, NULL);
    edge->logs[0] = endpoint(boot, PGL_FILE_ORDERS, pgl_orders_log_methods, order_flows);
    edge->logs[1] =
        endpoint(boot, PGL_FILE_PAYMENTS, pgl_payments_log_methods, &boot->payments_feed.calls);
    edge->logs[2] =
        endpoint(boot, PGL_FILE_INVENTORY, pgl_inventory_log_methods, &boot->inventory_feed.calls);
    edge->admins[0] = endpoint(boot, PGL_FILE_ORDERS, pgl_orders_admin_methods, NULL);
    edge->admins[1] = endpoint(boot, PGL_FILE_PAYMENTS, pgl_payments_admin_methods, NULL);
    edge->admins[2] = endpoint(boot, PGL_FILE_INVENTORY, pgl_inventory_admin_methods, NULL);
    edge->admins[3] = endpoint(boot, PGL_FILE_WEBHOOKS, pgl_webhooks_admin_methods, NULL);
    edge->webhooks = endpoint(boot, PGL_FILE_WEBHOOKS, pgl_webhooks_methods, &boot->webhooks.flows);
    edge->keys = &boot->keys;
    edge->tokens = pgl_jwt_cache_open(boot->options.tokens_max, &policy);
    edge->registry = &boot->registry;
    edge->version = boot->options.version;
    edge->is_ready = is_ready;
    edge->is_behind = is_behind;
    edge->ready_self = boot;
    if (edge->tokens == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for tokens");
    PGL_TRY(pgl_gateway_register(edge, &boot->registry, &boot->arena));
    return pgl_gateway_open(edge, &boot->options.gateway);
}

/* ---- stopping ---- */

enum { DRAIN_CLOSE, DRAIN_LOOK, DRAIN_STOP };

static struct pgl_boot *boot_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct pgl_boot, drain);
}

static struct pgl_go drain_close(struct pgl_flow *flow)
{
    struct pgl_boot *boot = boot_of(flow);
    atomic_store(&boot->is_ready, false);
    boot->drain_until_ns = flow->loop->now_ns + DRAIN_NS;
    pgl_gateway_drain(&boot->edge);
    return pgl_go(DRAIN_LOOK);
}

static struct pgl_go drain_look(struct pgl_flow *flow)
{
    struct pgl_boot *boot = boot_of(flow);
    if (pgl_gateway_is_idle(&boot->edge) || flow->loop->now_ns >= boot->drain_until_ns)
        return pgl_go(DRAIN_STOP);
    return pgl_wait(DRAIN_LOOK); /* nobody wakes it: it looks again when it is late */
}

static struct pgl_go drain_stop(struct pgl_flow *flow)
{
    struct pgl_boot *boot = boot_of(flow);
    for (int t = 0; t < PGL_THREAD_COUNT; t++)
        pgl_thread_stop(&boot->threads[t]);
    return pgl_done();
}

static const struct pgl_step drain_steps[] = {
    /*                name           does         at most        when late */
    [DRAIN_CLOSE] = { "drain.close", drain_close, 0, 0 },
    [DRAIN_LOOK] = { "drain.look", drain_look, DRAIN_LOOK_NS, DRAIN_LOOK },
    [DRAIN_STOP] = { "drain.stop", drain_stop, 0, 0 },
};

static void on_drained(struct pgl_flow *flow)
{
    (void)flow; /* part of the boot, which is closed by whoever opened it */
}

static void take_stop(void *owner, struct pgl_message *message)
{
    (void)message;
    struct pgl_boot *boot = owner;
    pgl_flow_start(&boot->drain, &boot->loops[PGL_LOOP_EDGE], drain_steps, DRAIN_CLOSE, on_drained);
}

void pgl_boot_stop(struct pgl_boot *boot)
{
    pgl_status sent = pgl_mailbox_send(NULL, &boot->stops, &boot->stop);
    (void)sent; /* a second wish to stop changes nothing */
}

/* ---- the whole ---- */

pgl_status pgl_boot_open(struct pgl_boot *boot, struct pgl_platform *platform,
                         const struct pgl_boot_options *options)
{
    memset(boot, 0, sizeof *boot);
    boot->platform = platform;
    boot->options = *options;
    pgl_arena_init(&boot->arena, BOOT_ARENA_CHUNK_BYTES, BOOT_ARENA_LIMIT_BYTES);
    PGL_TRY(platform->disk->ops->make_folder(platform->disk, options->data));
    PGL_TRY(platform->disk->ops->lock(platform->disk, pgl_boot_path(boot, "lock")));
    boot->has_folder = true;
    PGL_TRY(open_threads(boot));
    PGL_TRY(open_writers(boot));
    PGL_TRY(open_services(boot));
    PGL_TRY(pgl_keys_open(boot));
    if (!options->has_edge)
        return PGL_OK;
    PGL_TRY(open_readers(boot));
    PGL_TRY(connect_services(boot));
    PGL_TRY(open_feeds(boot));
    struct pgl_endpoint catalog = endpoint(boot, PGL_FILE_CATALOG, pgl_catalog_methods, NULL);
    PGL_TRY(pgl_orders_serve(&boot->orders, &boot->loops[PGL_LOOP_SERVICES],
                             &boot->readers[PGL_FILE_ORDERS], catalog));
    PGL_TRY(pgl_payments_serve(&boot->payments, &boot->loops[PGL_LOOP_EFFECTS],
                               &boot->readers[PGL_FILE_PAYMENTS]));
    PGL_TRY(pgl_webhooks_serve(&boot->webhooks, &boot->loops[PGL_LOOP_SERVICES],
                               &boot->loops[PGL_LOOP_EFFECTS], &boot->readers[PGL_FILE_WEBHOOKS]));
    pgl_metrics_register(boot);
    pgl_mailbox_open(&boot->stops, &boot->loops[PGL_LOOP_EDGE], 1, take_stop, boot);
    struct pgl_loop *audit = &boot->loops[PGL_LOOP_AUDIT];
    pgl_control_open(&boot->control, boot, audit, &boot->threads[PGL_THREAD_AUDIT].is_stopping);
    return open_edge(boot);
}

void pgl_boot_start(struct pgl_boot *boot)
{
    pgl_orders_start(&boot->orders);
    pgl_payments_start(&boot->payments);
    pgl_inventory_start(&boot->inventory);
    pgl_webhooks_start(&boot->webhooks);
    atomic_store(&boot->is_ready, true);
}

void pgl_boot_close(struct pgl_boot *boot)
{
    if (boot->edge.http.loop != NULL) {
        pgl_http_server_cut(&boot->edge.http);
        pgl_gateway_close(&boot->edge);
    }
    pgl_control_close(&boot->control);
    pgl_jwt_cache_close(boot->edge.tokens);
    pgl_feed_close(&boot->payments_feed);
    pgl_feed_close(&boot->inventory_feed);
    pgl_orders_close(&boot->orders);
    pgl_payments_close(&boot->payments);
    pgl_inventory_close(&boot->inventory);
    pgl_webhooks_close(&boot->webhooks);
    for (int f = 0; f < PGL_FILE_COUNT; f++) {
        pgl_reader_close(&boot->readers[f]);
        pgl_writer_close(&boot->writers[f]);
    }
    pgl_key_set_free(&boot->keys);
    pgl_key_close(&boot->key);
    for (int t = 0; t < PGL_THREAD_COUNT; t++)
        if (boot->threads[t].waiter != NULL)
            boot->threads[t].waiter->ops->close(boot->threads[t].waiter);
    pgl_arena_free(&boot->arena);
}
