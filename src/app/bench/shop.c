/* shop.c - see shop.h. */
#include "app/bench/shop.h"

#include <stdio.h>

#include "app/keys.h"
#include "base/assert.h"
#include "contract/edge.h"
#include "contract/inventory.h"
#include "wire/json.h"

#define ARENA_CHUNK_BYTES (1u << 20)
#define ARENA_LIMIT_BYTES (1u << 30) /* a million tokens of 400 bytes, and to spare */
#define PAGE_ARENA_BYTES  (4u << 20)
#define CUSTOMERS_SEED    UINT64_C(0x62656e6368)
#define KEY_BYTES         16
#define BLANKS            "      "
#define LENGTH_BYTES      (sizeof BLANKS - 1) /* digits: bodies under a megabyte */
#define FIXED_BYTES_MAX   512                 /* all of a request but its token and lines */

static const struct pgl_json_limits page_limits = {
    .depth_max = 8, .keys_max = 64, .nodes_max = 10000, .string_bytes_max = 16 * 1024
};

/* Where orders go, so that every warehouse is some order's nearest. */
static const char *const regions[] = { "EU", "US", "APAC" };

static pgl_status no_memory(void)
{
    return PGL_FAIL(PGL_EXHAUSTED, "no memory for what orders are made of");
}

void pgl_shop_init(struct pgl_shop *shop, const struct pgl_address *address)
{
    *shop = (struct pgl_shop){ 0 };
    pgl_arena_init(&shop->arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    snprintf(shop->host, sizeof shop->host, "%s:%u", address->host, address->port);
    shop->payment = PGL_TEXT("{\"method\":\"account\"}");
}

pgl_status pgl_shop_pay_by_card(struct pgl_shop *shop, const char *card_token)
{
    size_t bytes = strlen(card_token);
    if (bytes == 0 || bytes > PGL_SHOP_CARD_BYTES ||
        strspn(card_token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
            bytes)
        return PGL_FAIL(PGL_INVALID, "a card is a token of 64 letters and digits at most");
    const char *payment =
        pgl_arena_printf(&shop->arena, "{\"method\":\"card\",\"cardToken\":\"%s\"}", card_token);
    if (payment == NULL)
        return PGL_NO_MEMORY;
    shop->payment = pgl_text_of(payment);
    return PGL_OK;
}

void pgl_shop_free(struct pgl_shop *shop)
{
    pgl_arena_free(&shop->arena);
}

/* ---- customers ---- */

static pgl_status sign(struct pgl_shop *shop, const struct pgl_key *key,
                       const struct pgl_jwt_claims *claims, struct pgl_text *token)
{
    struct pgl_jwt_policy policy = pgl_keys_policy();
    struct pgl_buffer signed_token;
    pgl_buffer_init(&signed_token, PGL_JWT_BYTES_MAX);
    pgl_status status = pgl_jwt_sign(key, &policy, claims, &signed_token);
    token->data = pgl_arena_string(&shop->arena, pgl_buffer_text(&signed_token));
    token->size = signed_token.size;
    pgl_buffer_free(&signed_token);
    PGL_TRY(status);
    if (token->size > shop->token_bytes_max)
        shop->token_bytes_max = token->size;
    return token->data != NULL ? PGL_OK : no_memory();
}

static pgl_status sign_all(struct pgl_shop *shop, const struct pgl_key *key,
                           struct pgl_jwt_claims *claims)
{
    struct pgl_random names; /* random, so that neighbours in time are none in an index */
    pgl_random_seed(&names, CUSTOMERS_SEED, 0);
    claims->roles = PGL_ROLE_CUSTOMER;
    for (size_t i = 0; i < shop->customer_count; i++) {
        snprintf(claims->subject, sizeof claims->subject, "bench-%016llx",
                 (unsigned long long)pgl_random_next(&names));
        PGL_TRY(sign(shop, key, claims, &shop->tokens[i]));
    }
    claims->roles = PGL_ROLE_OPERATOR;
    snprintf(claims->subject, sizeof claims->subject, "bench-operator");
    return sign(shop, key, claims, &shop->operator_token);
}

pgl_status pgl_shop_sign_tokens(struct pgl_shop *shop, struct pgl_platform *platform,
                                const char *folder, size_t customers, int64_t ttl_ns)
{
    struct pgl_key key;
    struct pgl_jwt_claims claims = { .tenant = "default" };
    claims.issued_at_ns = pgl_clock_wall_ns(&platform->clock);
    claims.expires_at_ns = claims.issued_at_ns + ttl_ns;
    shop->customer_count = customers;
    shop->tokens = pgl_arena_alloc(&shop->arena, customers * sizeof shop->tokens[0]);
    if (shop->tokens == NULL)
        return no_memory();
    PGL_TRY(pgl_keys_read(platform, &shop->arena, folder, &key));
    pgl_status status = sign_all(shop, &key, &claims);
    pgl_key_close(&key);
    return status;
}

/* ---- products ---- */

static pgl_status add_product(struct pgl_shop *shop, const ProductView *view)
{
    if (shop->product_count == 0)
        snprintf(shop->currency, sizeof shop->currency, "%s", view->currency);
    if (shop->product_count == PGL_SHOP_PRODUCTS_MAX || strcmp(view->currency, shop->currency) != 0)
        return PGL_OK; /* an order has one currency */
    struct pgl_shop_product *product = &shop->products[shop->product_count++];
    product->sku = pgl_arena_string(&shop->arena, pgl_text_of(view->sku));
    product->line =
        pgl_text_of(pgl_arena_printf(&shop->arena, "{\"sku\":\"%s\",\"quantity\":1}", view->sku));
    product->available = view->available;
    if (product->line.size > shop->line_bytes_max)
        shop->line_bytes_max = product->line.size;
    return shop->arena.is_exhausted ? no_memory() : PGL_OK;
}

/* Adds a page; `next` becomes the cursor of the one behind it, empty at the end. */
static pgl_status add_page(struct pgl_shop *shop, struct pgl_fetch *fetch, struct pgl_arena *arena,
                           const char **next)
{
    void *message;
    const char *target =
        pgl_arena_printf(arena, "/api/v1/products?limit=100%s%s", **next ? "&cursor=" : "", *next);
    PGL_TRY(pgl_fetch_get(fetch, target, shop->operator_token));
    if (fetch->status != 200)
        return PGL_FAIL(PGL_UNAVAILABLE, "GET /api/v1/products was not answered with 200");
    PGL_TRY(pgl_json_read(PRODUCT_LIST_DESCRIPTOR, arena, pgl_buffer_text(&fetch->answer),
                          &page_limits, &message));
    const ProductList *list = message;
    for (size_t i = 0; i < list->n_items; i++)
        PGL_TRY(add_product(shop, list->items[i]));
    *next = pgl_arena_printf(&shop->arena, "%s", list->next);
    return PGL_OK;
}

pgl_status pgl_shop_learn_products(struct pgl_shop *shop, struct pgl_fetch *fetch)
{
    struct pgl_arena arena;
    pgl_status status;
    const char *next = "";
    shop->products =
        pgl_arena_alloc(&shop->arena, PGL_SHOP_PRODUCTS_MAX * sizeof shop->products[0]);
    if (shop->products == NULL)
        return no_memory();
    pgl_arena_init(&arena, 65536, PAGE_ARENA_BYTES);
    do {
        pgl_arena_reset(&arena);
        status = add_page(shop, fetch, &arena, &next);
    } while (pgl_is_ok(status) && next[0] != '\0' && shop->product_count < PGL_SHOP_PRODUCTS_MAX);
    pgl_arena_free(&arena);
    PGL_TRY(status);
    return shop->product_count > 0
               ? PGL_OK
               : PGL_FAIL(PGL_NOT_FOUND,
                          "it has no products; start it with --demo, or import some");
}

/* ---- goods ---- */

static pgl_status receive(struct pgl_shop *shop, struct pgl_fetch *fetch, const char *sku,
                          const char *warehouse, int64_t units, struct pgl_random *random)
{
    struct pgl_client *client = &fetch->client;
    char body[128];
    int body_size = snprintf(body, sizeof body, "{\"warehouse\":\"%s\",\"quantity\":%lld}",
                             warehouse, (long long)units);
    int size = snprintf(client->out, client->out_bytes_max,
                        "POST /api/v1/inventory/%s/receipts HTTP/1.1\r\nHost: %s\r\n"
                        "Authorization: Bearer %.*s\r\nIdempotency-Key: bench-%016llx\r\n"
                        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                        sku, shop->host, PGL_TEXT_ARGS(shop->operator_token),
                        (unsigned long long)pgl_random_next(random), body_size, body);
    if (body_size >= (int)sizeof body || (size_t)size >= client->out_bytes_max)
        return PGL_FAIL(PGL_TOO_LARGE, "a longer name of a warehouse or product than expected");
    client->out_size = (size_t)size;
    PGL_TRY(pgl_fetch(fetch));
    return fetch->status == 201 ? PGL_OK
                                : PGL_FAIL(PGL_UNAVAILABLE, "goods were not received with 201");
}

/* The same to each warehouse that has the product. */
static pgl_status receive_everywhere(struct pgl_shop *shop, struct pgl_fetch *fetch,
                                     struct pgl_arena *arena, const char *sku, int64_t units,
                                     struct pgl_random *random)
{
    void *message;
    PGL_TRY(pgl_fetch_get(fetch, pgl_arena_printf(arena, "/api/v1/inventory/%s", sku),
                          shop->operator_token));
    if (fetch->status != 200)
        return PGL_FAIL(PGL_UNAVAILABLE, "GET /api/v1/inventory was not answered with 200");
    PGL_TRY(pgl_json_read(STOCK_DESCRIPTOR, arena, pgl_buffer_text(&fetch->answer), &page_limits,
                          &message));
    const Stock *stock = message;
    for (size_t i = 0; i < stock->n_warehouses; i++)
        PGL_TRY(receive(shop, fetch, sku, stock->warehouses[i]->warehouse,
                        units / (int64_t)stock->n_warehouses + 1, random));
    return PGL_OK;
}

pgl_status pgl_shop_restock(struct pgl_shop *shop, struct pgl_fetch *fetch, int64_t units,
                            struct pgl_random *random)
{
    struct pgl_arena arena;
    pgl_status status = PGL_OK;
    pgl_arena_init(&arena, 65536, PAGE_ARENA_BYTES);
    for (size_t i = 0; i < shop->product_count && pgl_is_ok(status); i++) {
        pgl_arena_reset(&arena);
        if (shop->products[i].available < units)
            status = receive_everywhere(shop, fetch, &arena, shop->products[i].sku, units, random);
    }
    pgl_arena_free(&arena);
    return status;
}

/* ---- orders ---- */

static char *put(char *at, struct pgl_text text)
{
    memcpy(at, text.data, text.size);
    return at + text.size;
}

#define PUT(at, literal) put((at), PGL_TEXT(literal))

/* Right-aligned in LENGTH_BYTES blanks: a value may have blanks before it (RFC 9112, 5), so the
 * length of the body can be written when the body is. */
static void put_length(char *at, size_t length)
{
    for (at += LENGTH_BYTES; length > 0; length /= 10)
        *--at = (char)('0' + length % 10);
}

static bool is_among(const uint32_t *drawn, size_t count, uint32_t product)
{
    for (size_t i = 0; i < count; i++)
        if (drawn[i] == product)
            return true;
    return false;
}

static void draw_products(const struct pgl_shop *shop, struct pgl_random *random, uint32_t *drawn,
                          size_t line_count)
{
    for (size_t i = 0; i < line_count; i++)
        do
            drawn[i] = (uint32_t)pgl_random_below(random, shop->product_count);
        while (is_among(drawn, i, drawn[i]));
}

static char *put_key(char *at, struct pgl_random *random)
{
    uint8_t key[KEY_BYTES];
    pgl_random_fill(random, key, sizeof key);
    pgl_hex_encode(key, sizeof key, at);
    return at + 2 * sizeof key;
}

size_t pgl_shop_order_bytes_max(const struct pgl_shop *shop, size_t line_count)
{
    return FIXED_BYTES_MAX + shop->token_bytes_max + line_count * (shop->line_bytes_max + 1);
}

size_t pgl_shop_write_order(const struct pgl_shop *shop, size_t customer, size_t line_count,
                            struct pgl_random *random, char *out)
{
    uint32_t drawn[PGL_SHOP_LINES_MAX];
    PGL_ASSERT(line_count > 0 && line_count <= PGL_SHOP_LINES_MAX &&
               line_count <= shop->product_count);
    draw_products(shop, random, drawn, line_count);
    const char *region = regions[pgl_random_below(random, sizeof regions / sizeof regions[0])];

    char *at = PUT(out, "POST /api/v1/orders HTTP/1.1\r\nHost: ");
    at = put(at, pgl_text_of(shop->host));
    at = PUT(at, "\r\nAuthorization: Bearer ");
    at = put(at, shop->tokens[customer]);
    at = PUT(at, "\r\nContent-Type: application/json\r\nIdempotency-Key: ");
    at = put_key(at, random);
    at = PUT(at, "\r\nContent-Length: " BLANKS "\r\n\r\n");

    char *body = at;
    at = PUT(at, "{\"currency\":\"");
    at = put(at, pgl_text_of(shop->currency));
    at = PUT(at, "\",\"lines\":[");
    for (size_t i = 0; i < line_count; i++) {
        at = put(at, shop->products[drawn[i]].line);
        *at++ = ',';
    }
    at--; /* the last comma */
    at = PUT(at, "],\"payment\":");
    at = put(at, shop->payment);
    at = PUT(at, ",\"shipTo\":{\"region\":\"");
    at = put(at, pgl_text_of(region));
    at = PUT(at, "\"}}");
    put_length(body - sizeof "\r\n\r\n" + 1 - LENGTH_BYTES, (size_t)(at - body));
    return (size_t)(at - out);
}
