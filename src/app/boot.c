/* boot.c - see boot.h. */
#include "app/boot.h"

#include "app/keys.h"
#include "app/metrics.h"
#include "base/time.h"
#include "wire/jwt_cache.h"

#define BOOT_ARENA_CHUNK_BYTES 65536
#define BOOT_ARENA_LIMIT_BYTES (4u << 20)
#define SLOW_TURN_NS           PGL_MILLISECONDS(5)
#define MADE_CERTIFICATE       "localhost.pem" /* with its key */

/* clang-format off */
#define ALL       PGL_RUNS_ALL
#define GATEWAY   PGL_RUNS(PGL_RUN_GATEWAY)
#define CATALOG   PGL_RUNS(PGL_RUN_CATALOG)
#define ORDERS    PGL_RUNS(PGL_RUN_ORDERS)
#define PAYMENTS  PGL_RUNS(PGL_RUN_PAYMENTS)
#define INVENTORY PGL_RUNS(PGL_RUN_INVENTORY)
#define WEBHOOKS  PGL_RUNS(PGL_RUN_WEBHOOKS)
#define IDENTITY  PGL_RUNS(PGL_RUN_IDENTITY)

#define OUTSIDE   (GATEWAY | PAYMENTS | WEBHOOKS) /* who asks others: issuers, providers, endpoints */

static const struct loop_plan {
    const char *name;
    uint32_t roles; /* that have it */
    enum pgl_boot_thread thread;
    int64_t slow_ns; /* 0 where a turn waits for the disk */
} loop_plans[PGL_LOOP_COUNT] = {
    /*                              name                roles                 thread                slow */
    [PGL_LOOP_EDGE]             = { "edge",             ALL,                  PGL_THREAD_FRONT,     SLOW_TURN_NS },
    [PGL_LOOP_SERVICES]         = { "services",         ALL,                  PGL_THREAD_FRONT,     SLOW_TURN_NS },
    [PGL_LOOP_CATALOG_WRITER]   = { "catalog-writer",   CATALOG,              PGL_THREAD_CATALOG,   0 },
    [PGL_LOOP_ORDERS_WRITER]    = { "orders-writer",    ORDERS,               PGL_THREAD_ORDERS,    0 },
    [PGL_LOOP_PAYMENTS_WRITER]  = { "payments-writer",  PAYMENTS,             PGL_THREAD_PAYMENTS,  0 },
    [PGL_LOOP_INVENTORY_WRITER] = { "inventory-writer", INVENTORY,            PGL_THREAD_INVENTORY, 0 },
    [PGL_LOOP_CATALOG_READER]   = { "catalog-reader",   CATALOG,              PGL_THREAD_READERS,   0 },
    [PGL_LOOP_ORDERS_READER]    = { "orders-reader",    ORDERS,               PGL_THREAD_READERS,   0 },
    [PGL_LOOP_PAYMENTS_READER]  = { "payments-reader",  PAYMENTS,             PGL_THREAD_READERS,   0 },
    [PGL_LOOP_INVENTORY_READER] = { "inventory-reader", INVENTORY,            PGL_THREAD_READERS,   0 },
    [PGL_LOOP_AUDIT]            = { "audit",            ALL,                  PGL_THREAD_AUDIT,     0 },
    [PGL_LOOP_EFFECTS]          = { "effects",          OUTSIDE,              PGL_THREAD_EFFECTS,   SLOW_TURN_NS },
    [PGL_LOOP_WEBHOOKS_WRITER]  = { "webhooks-writer",  WEBHOOKS,             PGL_THREAD_WEBHOOKS,  0 },
    [PGL_LOOP_WEBHOOKS_READER]  = { "webhooks-reader",  WEBHOOKS,             PGL_THREAD_READERS,   0 },
    [PGL_LOOP_IDENTITY_WRITER]  = { "identity-writer",  IDENTITY,             PGL_THREAD_IDENTITY,  0 },
    [PGL_LOOP_IDENTITY_READER]  = { "identity-reader",  IDENTITY,             PGL_THREAD_READERS,   0 },
    [PGL_LOOP_RELOAD]           = { "reload",           ALL,                  PGL_THREAD_READERS,   0 },
};

static const char *const thread_names[PGL_THREAD_COUNT] = {
    "front", "catalog", "orders", "payments", "inventory", "readers", "audit", "effects",
    "webhooks", "identity",
};

static const struct file_plan {
    const char *name, *lock; /* who has the lock may open the file */
    int role; /* enum pgl_boot_role */
    enum pgl_boot_loop writer, reader;
} file_plans[PGL_FILE_COUNT] = {
    [PGL_FILE_CATALOG]   = { "catalog.db",    "catalog.lock",    PGL_RUN_CATALOG,    PGL_LOOP_CATALOG_WRITER,    PGL_LOOP_CATALOG_READER },
    [PGL_FILE_ORDERS]    = { "orders.db",     "orders.lock",     PGL_RUN_ORDERS,     PGL_LOOP_ORDERS_WRITER,     PGL_LOOP_ORDERS_READER },
    [PGL_FILE_PAYMENTS]  = { "payments.db",   "payments.lock",   PGL_RUN_PAYMENTS,   PGL_LOOP_PAYMENTS_WRITER,   PGL_LOOP_PAYMENTS_READER },
    [PGL_FILE_INVENTORY] = { "inventory.db",  "inventory.lock",  PGL_RUN_INVENTORY,  PGL_LOOP_INVENTORY_WRITER,  PGL_LOOP_INVENTORY_READER },
    [PGL_FILE_WEBHOOKS]  = { "webhooks.db",   "webhooks.lock",   PGL_RUN_WEBHOOKS,   PGL_LOOP_WEBHOOKS_WRITER,   PGL_LOOP_WEBHOOKS_READER },
    [PGL_FILE_IDENTITY]  = { "identity.db",   "identity.lock",   PGL_RUN_IDENTITY,   PGL_LOOP_IDENTITY_WRITER,   PGL_LOOP_IDENTITY_READER },
};

const char *const pgl_boot_role_names[PGL_RUN_COUNT] = {
    "gateway", "catalog", "orders", "payments", "inventory", "webhooks", "identity",
};
/* clang-format on */

struct pgl_boot_options pgl_boot_defaults(void)
{
    return (struct pgl_boot_options){
        .data = "panglot-data",
        .vfs_name = "panglot",
        .version = "0.1.0",
        .has_edge = true,
        .roles = PGL_RUNS_ALL,
        .gateway = { .host = "127.0.0.1",
                     .grpc = PGL_GRPC_LIMITS_EDGE,
                     .port = 8080,
                     .limits = PGL_HTTP_LIMITS_DEFAULT,
                     .body_bytes_max = 65536,
                     .json = pgl_json_request_limits,
                     .admit = EDGE_LIMITS_DEFAULT },
        .certificates = { .offers_http2 = true, .check_every_ns = PGL_SECONDS(5) },
        .drain_ns = PGL_SECONDS(10),
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
        .identity = PGL_IDENTITY_OPTIONS_DEFAULT,
        .issuers = EDGE_ISSUERS_OPTIONS_DEFAULT,
        .lockout = PGL_LOCKOUT_OPTIONS_DEFAULT,
    };
}

const char *pgl_boot_path(struct pgl_boot *boot, const char *name)
{
    return pgl_arena_printf(&boot->arena, "%s/%s", boot->options.data, name);
}

/* ---- roles ---- */

bool pgl_boot_runs(const struct pgl_boot *boot, int role)
{
    return (boot->options.roles & PGL_RUNS(role)) != 0;
}

bool pgl_boot_has(const struct pgl_boot *boot, int file)
{
    return pgl_boot_runs(boot, file_plans[file].role);
}

uint32_t pgl_boot_roles_read(struct pgl_text names)
{
    uint32_t roles = 0;
    while (names.data != NULL) {
        struct pgl_text name = pgl_text_trim(pgl_text_cut(&names, ','));
        uint32_t before = roles;
        for (int role = 0; role < PGL_RUN_COUNT; role++)
            if (pgl_text_is(name, pgl_boot_role_names[role]))
                roles |= PGL_RUNS(role);
        if (roles == before)
            return 0; /* unknown, or there twice */
    }
    return roles;
}

/* ---- opening ---- */

/* A lock a file, and one for what the edge keeps beside them, so that the processes of one machine
 * can share a folder. */
static pgl_status take_locks(struct pgl_boot *boot)
{
    struct pgl_disk *disk = boot->platform->disk;
    if (pgl_boot_runs(boot, PGL_RUN_GATEWAY))
        PGL_TRY(disk->ops->lock(disk, pgl_boot_path(boot, "lock"), &boot->locks[PGL_FILE_COUNT]));
    for (int f = 0; f < PGL_FILE_COUNT; f++)
        if (pgl_boot_has(boot, f))
            PGL_TRY(
                disk->ops->lock(disk, pgl_boot_path(boot, file_plans[f].lock), &boot->locks[f]));
    boot->has_folder = true;
    return PGL_OK;
}

static pgl_status open_threads(struct pgl_boot *boot)
{
    for (int t = 0; t < PGL_THREAD_COUNT; t++) {
        boot->threads[t].name = thread_names[t];
        boot->threads[t].waiter = boot->platform->waiter_open(boot->platform);
        if (boot->threads[t].waiter == NULL)
            return PGL_FAIL(PGL_EXHAUSTED, "no memory for a thread");
    }
    for (int l = 0; l < PGL_LOOP_COUNT; l++) {
        if ((loop_plans[l].roles & boot->options.roles) == 0)
            continue;
        struct pgl_thread *thread = &boot->threads[loop_plans[l].thread];
        pgl_loop_init(&boot->loops[l], loop_plans[l].name, boot->platform, thread->waiter);
        boot->loops[l].slow_ns = loop_plans[l].slow_ns;
        boot->loops[l].log.cap = &boot->log_cap;
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
                                             [PGL_FILE_WEBHOOKS] = &boot->webhooks,
                                             [PGL_FILE_IDENTITY] = &boot->identity };
    for (int f = 0; f < PGL_FILE_COUNT; f++) {
        if (!pgl_boot_has(boot, f))
            continue;
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
        if (!pgl_boot_has(boot, f))
            continue;
        struct pgl_database_options options =
            database_options(boot, f, boot->options.reader_cache_kib);
        PGL_TRY(pgl_reader_open(&boot->readers[f], &boot->loops[file_plans[f].reader], &options,
                                boot->writers[f].context));
    }
    return PGL_OK;
}

static pgl_status open_services(struct pgl_boot *boot)
{
    struct pgl_writer *writers = boot->writers;
    const struct pgl_boot_options *options = &boot->options;
    if (pgl_boot_runs(boot, PGL_RUN_CATALOG))
        PGL_TRY(pgl_catalog_open(&writers[PGL_FILE_CATALOG]));
    if (pgl_boot_runs(boot, PGL_RUN_ORDERS))
        PGL_TRY(pgl_orders_open(&boot->orders, &writers[PGL_FILE_ORDERS], &options->orders));
    if (pgl_boot_runs(boot, PGL_RUN_PAYMENTS))
        PGL_TRY(
            pgl_payments_open(&boot->payments, &writers[PGL_FILE_PAYMENTS], &options->payments));
    if (pgl_boot_runs(boot, PGL_RUN_INVENTORY))
        PGL_TRY(pgl_inventory_open(&boot->inventory, &writers[PGL_FILE_INVENTORY],
                                   &options->inventory));
    if (pgl_boot_runs(boot, PGL_RUN_WEBHOOKS))
        PGL_TRY(
            pgl_webhooks_open(&boot->webhooks, &writers[PGL_FILE_WEBHOOKS], &options->webhooks));
    if (pgl_boot_runs(boot, PGL_RUN_IDENTITY))
        PGL_TRY(
            pgl_identity_open(&boot->identity, &writers[PGL_FILE_IDENTITY], &options->identity));
    return PGL_OK;
}

/* The logs of this process, and who has to keep up with them, near or far: docs/saga.md. */
static void open_logs(struct pgl_boot *boot)
{
    static const struct {
        int role, readers[2];
    } rows[] = {
        { PGL_RUN_ORDERS, { PGL_RUN_PAYMENTS, PGL_RUN_PAYMENTS } },
        { PGL_RUN_PAYMENTS, { PGL_RUN_ORDERS, PGL_RUN_INVENTORY } },
        { PGL_RUN_INVENTORY, { PGL_RUN_ORDERS, PGL_RUN_PAYMENTS } },
    };
    struct pgl_keep *const keeps[] = { &boot->orders.state.log.keep, &boot->payments.desk.log.keep,
                                       &boot->inventory.core.log.keep };
    for (int i = 0; i < 3; i++) {
        if (!pgl_boot_runs(boot, rows[i].role))
            continue;
        keeps[i]->options = boot->options.keep;
        for (int r = 0; r < 2; r++) {
            const char *name = pgl_boot_role_names[rows[i].readers[r]];
            if (!pgl_boot_runs(boot, rows[i].readers[r]) && pgl_keep_find(keeps[i], name) == 0)
                pgl_keep_expect(keeps[i], name);
        }
    }
}

/* Who listens to whom: docs/saga.md. */
static pgl_status connect_services(struct pgl_boot *boot)
{
    struct pgl_log_source *orders = pgl_mesh_source(boot, PGL_AT_ORDERS_LOG);
    struct pgl_log_source *payments = pgl_mesh_source(boot, PGL_AT_PAYMENTS_LOG);
    struct pgl_log_source *inventory = pgl_mesh_source(boot, PGL_AT_INVENTORY_LOG);
    struct pgl_log_source *const all[PGL_WEBHOOK_LOGS] = { orders, payments, inventory };
    if (pgl_boot_runs(boot, PGL_RUN_ORDERS))
        PGL_TRY(pgl_orders_connect(&boot->orders, payments, inventory));
    if (pgl_boot_runs(boot, PGL_RUN_PAYMENTS))
        PGL_TRY(pgl_payments_connect(&boot->payments, orders, inventory));
    if (pgl_boot_runs(boot, PGL_RUN_INVENTORY))
        PGL_TRY(pgl_inventory_connect(&boot->inventory, payments));
    if (pgl_boot_runs(boot, PGL_RUN_WEBHOOKS))
        PGL_TRY(pgl_webhooks_connect(&boot->webhooks, all));
    return PGL_OK;
}

static pgl_status serve_services(struct pgl_boot *boot)
{
    struct pgl_loop *services = &boot->loops[PGL_LOOP_SERVICES];
    struct pgl_loop *effects = &boot->loops[PGL_LOOP_EFFECTS];
    struct pgl_reader *readers = boot->readers;
    if (pgl_boot_runs(boot, PGL_RUN_ORDERS))
        PGL_TRY(pgl_orders_serve(&boot->orders, services, &readers[PGL_FILE_ORDERS],
                                 pgl_mesh_endpoint(boot, services, PGL_AT_CATALOG)));
    if (pgl_boot_runs(boot, PGL_RUN_PAYMENTS)) {
        PGL_TRY(pgl_feed_open(&boot->payments_feed, services, &boot->payments.desk.log));
        PGL_TRY(pgl_payments_serve(&boot->payments, effects, &readers[PGL_FILE_PAYMENTS]));
    }
    if (pgl_boot_runs(boot, PGL_RUN_INVENTORY))
        PGL_TRY(pgl_feed_open(&boot->inventory_feed, services, &boot->inventory.core.log));
    if (pgl_boot_runs(boot, PGL_RUN_WEBHOOKS))
        PGL_TRY(
            pgl_webhooks_serve(&boot->webhooks, services, effects, &readers[PGL_FILE_WEBHOOKS]));
    if (pgl_boot_runs(boot, PGL_RUN_IDENTITY))
        pgl_identity_serve(&boot->identity, services, &readers[PGL_FILE_IDENTITY]);
    return PGL_OK;
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
           pgl_keep_is_behind(&boot->inventory.core.log.keep, now_ns) ||
           pgl_mesh_is_behind(&boot->mesh);
}

static pgl_status open_certificates(struct pgl_boot *boot)
{
    struct pgl_certificates_options *options = &boot->options.certificates;
    if (boot->options.makes_certificate)
        options->made = pgl_boot_path(boot, MADE_CERTIFICATE);
    if (options->certificates == NULL && options->keys == NULL && options->made == NULL)
        return PGL_OK;
    PGL_TRY(pgl_certificates_open(&boot->certificates, boot->platform, &boot->reload,
                                  &boot->loops[PGL_LOOP_EDGE], options));
    pgl_certificates_register(&boot->certificates, &boot->registry, "listener=\"edge\"");
    pgl_metrics_register_door(boot, &boot->edge.http.door, "edge");
    boot->options.gateway.tls = &boot->certificates.contexts;
    return PGL_OK;
}

/* Whose credentials are taken. */
static pgl_status open_trust(struct pgl_boot *boot)
{
    struct edge_issuers others;
    PGL_TRY(edge_issuers_read(&boot->options.issuers, &others));
    struct edge_trust_options options = { .policies = { pgl_keys_policy() },
                                          .issuer_count = 1 + others.count,
                                          .tokens_max = boot->options.tokens_max,
                                          .lockout = boot->options.lockout };
    for (int i = 0; i < others.count; i++)
        options.policies[i + 1] = others.policies[i];
    PGL_TRY(edge_trust_open(&boot->trust, &boot->edge, &options));
    edge_trust_put_keys(&boot->trust, 0, &boot->keys);
    boot->edge.trust = &boot->trust;
    return edge_jwks_open(&boot->jwks, &boot->loops[PGL_LOOP_EFFECTS], &boot->trust,
                          &boot->options.issuers, &others);
}

static pgl_status open_edge(struct pgl_boot *boot)
{
    struct pgl_edge *edge = &boot->edge;
    edge->loop = &boot->loops[PGL_LOOP_EDGE];
    edge->catalog = pgl_mesh_endpoint(boot, edge->loop, PGL_AT_CATALOG);
    edge->orders = pgl_mesh_endpoint(boot, edge->loop, PGL_AT_ORDERS);
    edge->payments = pgl_mesh_endpoint(boot, edge->loop, PGL_AT_PAYMENTS);
    edge->inventory = pgl_mesh_endpoint(boot, edge->loop, PGL_AT_INVENTORY);
    edge->webhooks = pgl_mesh_endpoint(boot, edge->loop, PGL_AT_WEBHOOKS);
    for (int i = 0; i < 3; i++)
        edge->logs[i] = pgl_mesh_endpoint(boot, edge->loop, PGL_AT_ORDERS_LOG + i);
    edge->identity = pgl_mesh_endpoint(boot, edge->loop, PGL_AT_IDENTITY);
    for (int i = 0; i < 5; i++)
        edge->admins[i] = pgl_mesh_endpoint(boot, edge->loop, PGL_AT_ORDERS_ADMIN + i);
    edge->registry = &boot->registry;
    edge->version = boot->options.version;
    edge->is_ready = is_ready;
    edge->is_behind = is_behind;
    edge->ready_self = boot;
    PGL_TRY(open_trust(boot));
    events_watch_open(&boot->events_watch, edge);
    PGL_TRY(pgl_gateway_register(edge, &boot->registry, &boot->arena));
    PGL_TRY(open_certificates(boot));
    return pgl_gateway_open(edge, &boot->options.gateway);
}

/* What a process without the edge shows of itself. */
static pgl_status open_ops(struct pgl_boot *boot)
{
    boot->edge.registry = &boot->registry;
    boot->edge.is_ready = is_ready;
    boot->edge.ready_self = boot;
    return pgl_ops_server_open(&boot->ops, boot);
}

/* ---- stopping ---- */

static void not_ready(void *self)
{
    atomic_store(&((struct pgl_boot *)self)->is_ready, false);
}

static void close_doors(void *self)
{
    struct pgl_boot *boot = self;
    pgl_mesh_drain(&boot->mesh);
    if (pgl_boot_runs(boot, PGL_RUN_GATEWAY))
        pgl_gateway_drain(&boot->edge);
}

static bool is_idle(void *self)
{
    struct pgl_boot *boot = self;
    return (!pgl_boot_runs(boot, PGL_RUN_GATEWAY) || pgl_gateway_is_idle(&boot->edge)) &&
           pgl_mesh_is_drained(&boot->mesh);
}

static void open_drain(struct pgl_boot *boot)
{
    const struct pgl_drain_options options = { .notice_ns = boot->options.drain_notice_ns,
                                               .at_most_ns = boot->options.drain_ns,
                                               .self = boot,
                                               .not_ready = not_ready,
                                               .close = close_doors,
                                               .is_idle = is_idle,
                                               .threads = boot->threads,
                                               .thread_count = PGL_THREAD_COUNT };
    pgl_drain_open(&boot->drain, &boot->loops[PGL_LOOP_EDGE], &options);
}

void pgl_boot_stop(struct pgl_boot *boot)
{
    pgl_drain_ask(&boot->drain);
}

void pgl_boot_reload(struct pgl_boot *boot)
{
    pgl_reload_ask(&boot->reload);
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
    PGL_TRY(take_locks(boot));
    PGL_TRY(open_threads(boot));
    PGL_TRY(open_writers(boot));
    PGL_TRY(open_services(boot));
    if (pgl_boot_runs(boot, PGL_RUN_GATEWAY))
        PGL_TRY(pgl_keys_open(boot));
    if (!options->has_edge)
        return PGL_OK;
    PGL_TRY(open_readers(boot));
    pgl_reload_open(&boot->reload, &boot->loops[PGL_LOOP_RELOAD]);
    PGL_TRY(pgl_mesh_open(&boot->mesh, boot));
    open_logs(boot);
    PGL_TRY(connect_services(boot));
    PGL_TRY(serve_services(boot));
    pgl_metrics_register(boot);
    open_drain(boot);
    struct pgl_loop *audit = &boot->loops[PGL_LOOP_AUDIT];
    pgl_control_open(&boot->control, boot, audit, &boot->threads[PGL_THREAD_AUDIT].is_stopping);
    PGL_TRY(pgl_mesh_serve(&boot->mesh));
    return pgl_boot_runs(boot, PGL_RUN_GATEWAY) ? open_edge(boot) : open_ops(boot);
}

void pgl_boot_start(struct pgl_boot *boot)
{
    if (pgl_boot_runs(boot, PGL_RUN_ORDERS))
        pgl_orders_start(&boot->orders);
    if (pgl_boot_runs(boot, PGL_RUN_PAYMENTS))
        pgl_payments_start(&boot->payments);
    if (pgl_boot_runs(boot, PGL_RUN_INVENTORY))
        pgl_inventory_start(&boot->inventory);
    if (pgl_boot_runs(boot, PGL_RUN_WEBHOOKS))
        pgl_webhooks_start(&boot->webhooks);
    if (pgl_boot_runs(boot, PGL_RUN_GATEWAY)) {
        edge_trust_start(&boot->trust);
        edge_jwks_start(&boot->jwks);
    }
    pgl_mesh_start(&boot->mesh);
    atomic_store(&boot->is_ready, true);
}

void pgl_boot_close(struct pgl_boot *boot)
{
    if (boot->edge.http.loop != NULL) {
        pgl_http_server_cut(&boot->edge.http);
        pgl_gateway_close(&boot->edge);
    }
    pgl_ops_server_close(&boot->ops);
    pgl_mesh_close(&boot->mesh);
    pgl_certificates_close(&boot->certificates);
    pgl_control_close(&boot->control);
    edge_jwks_close(&boot->jwks);
    edge_trust_close(&boot->trust);
    events_watch_close(&boot->events_watch);
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
    pgl_keys_close(boot);
    for (int l = 0; l < PGL_LOOP_COUNT; l++)
        pgl_log_say_left_out(&boot->loops[l].log, true);
    for (int t = 0; t < PGL_THREAD_COUNT; t++)
        if (boot->threads[t].waiter != NULL)
            boot->threads[t].waiter->ops->close(boot->threads[t].waiter);
    for (int l = 0; l <= PGL_FILE_COUNT; l++) /* when no file is open any more */
        boot->platform->disk->ops->unlock(boot->platform->disk, &boot->locks[l]);
    pgl_arena_free(&boot->arena);
}
