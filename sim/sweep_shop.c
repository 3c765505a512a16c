/* sweep_shop.c - see sweep_shop.h. */
#include "sweep_shop.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/time.h"
#include "services/catalog/catalog_sql.h"
#include "services/inventory/stock.h"
#include "store/vfs.h"

#define PASS_NS         PGL_MICROSECONDS(20)
#define DOWN_NS         PGL_SECONDS(1)
#define FILE_BYTES_MAX  (1u << 20)
#define FILES_BYTES_MAX (32u << 20)

/* clang-format off */
const struct pgl_shop_ware pgl_shop_wares[] = {
    /* sku,  price,  eu, us */
    { "CUP",   500,   2, 10 }, /* three of them come from two places */
    { "LAST",  700,   1,  0 },
    { "GONE",  300,   0,  0 },
    { "GOLD", 150000, 5,  0 }, /* more than anybody's credit */
    { NULL,      0,   0,  0 },
};
/* clang-format on */

/* ---- the machine ---- */

void pgl_shop_open(struct pgl_shop *shop, uint64_t seed, const struct pgl_shop_files *files)
{
    *shop = (struct pgl_shop){ 0 };
    pgl_twin_open(&shop->twin, seed);
    pgl_sim_sqlite_seed(seed);
    shop->disk = pgl_sim_disk_open(PGL_SHOP_DISK, seed, pgl_sim_world_of(&shop->twin));
    pgl_sim_files_give(&shop->files, shop->disk, PGL_SHOP_VFS, &shop->twin);
    PGL_ASSERT(pgl_is_ok(pgl_vfs_register(PGL_SHOP_VFS, PGL_SHOP_DISK)));
    for (int i = 0; files != NULL && i < files->count; i++)
        PGL_ASSERT(pgl_is_ok(
            pgl_sim_disk_write_file(shop->disk, files->files[i].name, files->files[i].content)));
    pgl_shop_bank_open(&shop->bank, seed, &shop->twin, &shop->is_inside);
    shop->boot = malloc(sizeof *shop->boot);
    PGL_ASSERT(shop->boot != NULL);
}

void pgl_shop_close(struct pgl_shop *shop)
{
    pgl_shop_end(shop);
    pgl_shop_bank_close(&shop->bank);
    pgl_vfs_unregister(PGL_SHOP_VFS);
    pgl_sim_disk_close(shop->disk);
    pgl_twin_close(&shop->twin);
    free(shop->boot);
}

/* ---- the process ---- */

/* Impatient, so that what is tried again is tried before the story is over. */
static void offer_cards(struct pgl_payments_options *options, struct pgl_shop_bank *bank)
{
    options->provider = &bank->port;
    options->card.calls_max = 4;
    options->card.retry_base_ns = PGL_MILLISECONDS(20);
    options->card.retry_cap_ns = PGL_MILLISECONDS(100);
    options->card.settle_ns = PGL_MILLISECONDS(50);
    options->card.lease_ns = PGL_SECONDS(2);
    options->card.reconcile_every_ns = 0;
}

/* Small queues and logs, so that a few orders see checkpoints and full generations. */
static struct pgl_boot_options boot_options(struct pgl_shop *shop)
{
    struct pgl_boot_options options = pgl_boot_defaults();
    options.data = PGL_SHOP_FOLDER;
    options.vfs_name = PGL_SHOP_VFS;
    options.gateway.admit.rates = "off";
    options.orders.open_per_customer_max = 0;
    options.batch_max = 8;
    options.checkpoint_pages = 24;
    options.checkpoint_idle_pages = 8;
    options.writer_cache_kib = options.reader_cache_kib = 256;
    options.orders.generation = 128;
    options.payments.default_credit_minor = PGL_SHOP_CREDIT_MINOR;
    offer_cards(&options.payments, &shop->bank);
    return options;
}

static pgl_status put_wares(struct pgl_tx *tx, void *unused)
{
    (void)unused;
    for (const struct pgl_shop_ware *ware = pgl_shop_wares; ware->sku != NULL; ware++) {
        Product product = PRODUCT_INIT;
        product.sku = product.name = (char *)(uintptr_t)ware->sku;
        product.currency = (char *)(uintptr_t) "USD";
        product.price_minor = ware->price_minor;
        product.active = true;
        PGL_TRY(product_put(tx, &product));
    }
    return PGL_OK;
}

static pgl_status put_stock(struct pgl_tx *tx, void *unused)
{
    (void)unused;
    for (const struct pgl_shop_ware *ware = pgl_shop_wares; ware->sku != NULL; ware++) {
        struct pgl_text sku = pgl_text_of(ware->sku);
        PGL_TRY(pgl_inventory_put_stock(tx, sku, PGL_TEXT("WH-EU-1"), ware->eu));
        PGL_TRY(pgl_inventory_put_stock(tx, sku, PGL_TEXT("WH-US-1"), ware->us));
    }
    return PGL_OK;
}

/* Stock first, as in app/demo.c: where there are products there is stock, whenever it died. */
static pgl_status put_in_place(struct pgl_boot *boot)
{
    struct pgl_view view = { &boot->writers[PGL_FILE_CATALOG].db, &boot->arena, NULL };
    Product product = PRODUCT_INIT;
    pgl_status status = product_get(&view, pgl_shop_wares[0].sku, &product);
    if (status.code != PGL_NOT_FOUND)
        return status;
    PGL_TRY(pgl_writer_run_now(&boot->writers[PGL_FILE_INVENTORY], put_stock, NULL));
    return pgl_writer_run_now(&boot->writers[PGL_FILE_CATALOG], put_wares, NULL);
}

pgl_status pgl_shop_start(struct pgl_shop *shop,
                          void (*take_reply)(void *owner, struct pgl_message *message), void *owner)
{
    PGL_ASSERT(!shop->is_up);
    struct pgl_boot_options options = boot_options(shop);
    if (pgl_sim_disk_is_dead(shop->disk))
        pgl_sim_disk_restart(shop->disk);
    pgl_twin_advance(&shop->twin, DOWN_NS);
    shop->is_up = true;
    shop->waiter = shop->twin.platform.waiter_open(&shop->twin.platform);
    pgl_loop_init(&shop->client, "client", &shop->twin.platform, shop->waiter);
    pgl_mailbox_open(&shop->replies, &shop->client, 0, take_reply, owner);
    shop->is_inside = true;
    pgl_status status = pgl_boot_open(shop->boot, &shop->twin.platform, &options);
    if (pgl_is_ok(status))
        status = put_in_place(shop->boot);
    if (pgl_is_ok(status) && pgl_shop_is_over(shop))
        status = PGL_FAIL(PGL_UNAVAILABLE, "it died while it started");
    if (pgl_is_ok(status))
        pgl_boot_start(shop->boot);
    shop->is_inside = false;
    if (!pgl_is_ok(status))
        pgl_shop_end(shop);
    return status;
}

bool pgl_shop_is_over(const struct pgl_shop *shop)
{
    bool is_over = !shop->is_up || pgl_sim_disk_is_dead(shop->disk);
    for (int l = 0; l < PGL_LOOP_COUNT && !is_over; l++)
        is_over = !pgl_is_ok(shop->boot->loops[l].fatal);
    return is_over;
}

/* Against the stream: what a loop says is heard in the next pass, so that others come between. */
bool pgl_shop_pass(struct pgl_shop *shop)
{
    bool has_more = false;
    pgl_twin_advance(&shop->twin, PASS_NS);
    pgl_twin_note_news(&shop->twin);
    for (int l = PGL_LOOP_COUNT - 1; l >= 0; l--) {
        shop->is_inside = true;
        has_more |= pgl_loop_turn(&shop->boot->loops[l]);
        shop->is_inside = false;
        if (pgl_shop_is_over(shop))
            return false;
        (void)pgl_loop_turn(&shop->client);
    }
    for (int l = 0; l < PGL_LOOP_COUNT && !has_more; l++)
        has_more = pgl_loop_has_news(&shop->boot->loops[l]);
    return has_more;
}

void pgl_shop_end(struct pgl_shop *shop)
{
    if (!shop->is_up)
        return;
    shop->is_up = false;
    pgl_sim_disk_kill(shop->disk);
    shop->is_inside = true;
    pgl_boot_close(shop->boot);
    shop->is_inside = false;
    shop->waiter->ops->close(shop->waiter);
}

/* ---- files to begin with ---- */

void pgl_shop_keep(struct pgl_shop *shop, struct pgl_shop_files *files)
{
    static const char *const names[] = {
        "catalog.db",       "orders.db",       "payments.db",   "inventory.db",
        "webhooks.db",      "catalog.db-wal",  "orders.db-wal", "payments.db-wal",
        "inventory.db-wal", "webhooks.db-wal", "identity.db",   "identity.db-wal",
        "signing-key.pem",
    };
    *files = (struct pgl_shop_files){ 0 };
    pgl_arena_init(&files->arena, FILE_BYTES_MAX, FILES_BYTES_MAX);
    pgl_sim_disk_restart(shop->disk);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct pgl_text content;
        const char *name = pgl_arena_printf(&files->arena, PGL_SHOP_FOLDER "/%s", names[i]);
        struct pgl_disk *disk = &shop->files.base;
        pgl_status read = disk->ops->read_file(disk, name, FILE_BYTES_MAX, &files->arena, &content);
        PGL_ASSERT(pgl_is_ok(read));
        files->files[files->count].name = name;
        files->files[files->count++].content = content;
    }
    pgl_sim_disk_kill(shop->disk);
}

void pgl_shop_files_free(struct pgl_shop_files *files)
{
    pgl_arena_free(&files->arena);
}
