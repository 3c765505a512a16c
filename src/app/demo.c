/* demo.c - see demo.h. */
#include "app/demo.h"

#include <stdio.h>

#include "app/keys.h"
#include "base/time.h"
#include "services/catalog/catalog_sql.h"
#include "services/inventory/inventory_sql.h"
#include "services/inventory/stock.h"
#include "wire/message.h"

#define DEMO_CREDIT_MINOR INT64_C(1000000000000) /* so that nobody's credit ends by accident */
#define DEMO_UNITS        1000000                /* over all products and warehouses */

static const struct demo_category {
    const char *name, *code;
    int64_t price_minor; /* of the first; each further one costs a little more */
    const char *things[5];
} categories[] = {
    { "kitchen", "KIT", 1490, { "Kettle", "Pan", "Knife", "Grater", "Teapot" } },
    { "garden", "GAR", 990, { "Spade", "Rake", "Watering can", "Secateurs", "Lantern" } },
    { "office", "OFF", 490, { "Notebook", "Pen", "Stapler", "Desk lamp", "Tray" } },
    { "sport", "SPO", 2490, { "Ball", "Racket", "Mat", "Skipping rope", "Bottle" } },
};
static const char *const colours[] = { "red",  "blue",  "green", "black", "white",
                                       "grey", "brown", "pink",  "teal",  "amber" };
static const char *const warehouses[] = { "WH-EU-1", "WH-US-1", "WH-APAC-1" };

#define CATEGORIES (sizeof categories / sizeof categories[0])
#define THINGS     5
#define COLOURS    (sizeof colours / sizeof colours[0])
#define WAREHOUSES (sizeof warehouses / sizeof warehouses[0])
#define PRODUCTS   (CATEGORIES * THINGS * COLOURS)

void pgl_demo_options(struct pgl_boot_options *options)
{
    options->payments.default_credit_minor = DEMO_CREDIT_MINOR;
    options->webhooks.loopback_too = true;
    options->lockout.free_count = 0;
    options->gateway.has_reflection = true;
    struct pgl_http_limits *limits = &options->gateway.limits;
    limits->connections_per_client_max = limits->connections_max;
    limits->connects_per_client_burst = limits->connections_max;
    limits->connects_per_client_per_s = limits->connections_max;
    limits->requests_per_connection_max = UINT32_MAX;
    options->gateway.admit.spares_loopback = true;
    options->orders.open_per_customer_max = 0;
}

/* KIT-101 is the first kitchen thing in the first colour. */
static void write_sku(char sku[16], size_t category, size_t thing, size_t colour)
{
    snprintf(sku, 16, "%s-%zu%02zu", categories[category].code, thing + 1, colour + 1);
}

static pgl_status put_product(struct pgl_tx *tx, size_t category, size_t thing, size_t colour)
{
    char sku[16], name[64], description[128], image[64];
    write_sku(sku, category, thing, colour);
    snprintf(name, sizeof name, "%s, %s", categories[category].things[thing], colours[colour]);
    snprintf(description, sizeof description, "A %s %s for %s.", colours[colour],
             categories[category].things[thing], categories[category].name);
    snprintf(image, sizeof image, "/images/%s.svg", sku);
    Product product = PRODUCT_INIT;
    product.sku = sku;
    product.name = name;
    product.description = description;
    product.category = pgl_message_string(categories[category].name);
    product.image_url = image;
    product.price_minor = categories[category].price_minor + (int64_t)(100 * thing + 10 * colour);
    product.currency = pgl_message_string("USD");
    product.active = true;
    return product_put(tx, &product);
}

static pgl_status put_products(struct pgl_tx *tx, void *unused)
{
    (void)unused;
    for (size_t i = 0; i < PRODUCTS; i++)
        PGL_TRY(put_product(tx, i / (THINGS * COLOURS), i / COLOURS % THINGS, i % COLOURS));
    return PGL_OK;
}

static pgl_status put_stock(struct pgl_tx *tx, void *unused)
{
    (void)unused;
    const int64_t share = DEMO_UNITS / (int64_t)(PRODUCTS * WAREHOUSES) + 1;
    char sku[16];
    for (size_t i = 0; i < PRODUCTS; i++)
        for (size_t w = 0; w < WAREHOUSES; w++) {
            write_sku(sku, i / (THINGS * COLOURS), i / COLOURS % THINGS, i % COLOURS);
            PGL_TRY(
                pgl_inventory_put_stock(tx, pgl_text_of(sku), pgl_text_of(warehouses[w]), share));
        }
    return PGL_OK;
}

static pgl_status has_stock(struct pgl_boot *boot, bool *answer)
{
    struct pgl_arena arena;
    char sku[16];
    pgl_arena_init(&arena, 4096, 65536);
    struct pgl_view view = { &boot->writers[PGL_FILE_INVENTORY].db, &arena, &boot->inventory };
    write_sku(sku, CATEGORIES - 1, THINGS - 1, COLOURS - 1); /* the last one put there */
    struct pgl_rows rows = stock_by_name(&view, pgl_text_of(sku));
    pgl_status status = pgl_rows_next(&rows);
    *answer = rows.has_row;
    if (rows.has_row)
        pgl_rows_end(&rows);
    pgl_arena_free(&arena);
    return status;
}

static pgl_status has_products(struct pgl_boot *boot, bool *answer)
{
    struct pgl_arena arena;
    pgl_arena_init(&arena, 4096, 65536);
    struct pgl_view view = { &boot->writers[PGL_FILE_CATALOG].db, &arena, NULL };
    Product *products;
    size_t count = 0;
    struct product_page page = { .category = "",
                                 .words = "",
                                 .sort = "",
                                 .name = "",
                                 .sku = "",
                                 .price_most = INT64_MAX,
                                 .is_first = true,
                                 .limit = 1 };
    pgl_status status = product_list(&view, &page, &products, &count);
    *answer = count > 0;
    pgl_arena_free(&arena);
    return status;
}

/* What this process has the files of. */
pgl_status pgl_demo_load(struct pgl_boot *boot)
{
    bool is_there = true;
    if (pgl_boot_runs(boot, PGL_RUN_INVENTORY))
        PGL_TRY(has_stock(boot, &is_there));
    if (!is_there)
        PGL_TRY(pgl_writer_run_now(&boot->writers[PGL_FILE_INVENTORY], put_stock, NULL));
    is_there = true;
    if (pgl_boot_runs(boot, PGL_RUN_CATALOG))
        PGL_TRY(has_products(boot, &is_there));
    if (is_there)
        return PGL_OK;
    return pgl_writer_run_now(&boot->writers[PGL_FILE_CATALOG], put_products, NULL);
}

#define DEMO_TOKEN_NS PGL_HOURS(24)

void pgl_demo_say(struct pgl_boot *boot, const char *url)
{
    struct pgl_jwt_policy policy = pgl_keys_policy();
    struct pgl_jwt_claims claims = { .subject = "alice",
                                     .tenant = "default",
                                     .roles = PGL_ROLE_CUSTOMER };
    struct pgl_buffer token;
    claims.issued_at_ns = pgl_clock_wall_ns(&boot->platform->clock);
    claims.expires_at_ns = claims.issued_at_ns + DEMO_TOKEN_NS;
    pgl_buffer_init(&token, PGL_JWT_BYTES_MAX);
    if (pgl_is_ok(pgl_jwt_sign(&boot->key, &policy, &claims, &token))) {
        printf("\ntoken=%.*s\n\n", PGL_TEXT_ARGS(pgl_buffer_text(&token)));
        printf("curl -s '%s/api/v1/products?limit=3'\n", url);
        printf(
            "curl -si %s/api/v1/orders -H \"Authorization: Bearer $token\" "
            "-H 'Idempotency-Key: my-first' -d '{\"currency\":\"USD\","
            "\"lines\":[{\"sku\":\"KIT-101\",\"quantity\":2}],\"payment\":{\"method\":\"account\"},"
            "\"shipTo\":{\"region\":\"EU\"}}'\n",
            url);
        printf("curl -s %s/api/v1/orders -H \"Authorization: Bearer $token\"\n", url);
        printf("\nEverything else: %s/\n", url);
    }
    pgl_buffer_free(&token);
}
