/* products.c - see products.h. */
#include "services/catalog/products.h"

#include "base/money.h"
#include "saga/caller.h"
#include "services/catalog/catalog_sql.h"

#define SKU_BYTES_MAX   64
#define NAME_BYTES_MAX  256  /* also of the category; they stand in cursors */
#define TEXT_BYTES_MAX  4096 /* of description and image URL */
#define PRICE_MINOR_MAX INT64_C(1000000000000)

/* Visible ASCII without what would have to be escaped in a path. */
static bool is_sku(const char *sku)
{
    size_t size = strlen(sku);
    if (size == 0 || size > SKU_BYTES_MAX)
        return false;
    return strspn(sku, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == size;
}

pgl_status pgl_product_check(const Product *product)
{
    if (!is_sku(product->sku))
        return PGL_FAIL(PGL_INVALID,
                        "sku: 1 to 64 letters, digits, dots, dashes and underscores are expected");
    if (product->name[0] == '\0')
        return PGL_FAIL(PGL_INVALID, "name: a product needs one");
    if (strlen(product->name) > NAME_BYTES_MAX || strlen(product->category) > NAME_BYTES_MAX)
        return PGL_FAIL(PGL_INVALID, "name, category: at most 256 bytes are expected");
    if (strlen(product->description) > TEXT_BYTES_MAX ||
        strlen(product->image_url) > TEXT_BYTES_MAX)
        return PGL_FAIL(PGL_INVALID, "description, imageUrl: at most 4096 bytes are expected");
    if (product->price_minor < 0 || product->price_minor > PRICE_MINOR_MAX)
        return PGL_FAIL(PGL_INVALID, "priceMinor: 0 to 1000000000000 is expected");
    if (!pgl_currency_is_known(pgl_text_of(product->currency)))
        return PGL_FAIL(PGL_INVALID, "currency: a code of ISO 4217 is expected");
    return PGL_OK;
}

pgl_status pgl_catalog_get(const struct pgl_view *view, const GetProductRequest *ask,
                           GetProductResponse *reply)
{
    reply->product = pgl_arena_alloc(view->arena, sizeof *reply->product);
    if (reply->product == NULL)
        return PGL_NO_MEMORY;
    PGL_TRY(product_get(view, ask->sku, reply->product));
    bool was_for_sale = reply->product->active || reply->product->retired_at_ns > 0;
    return was_for_sale || pgl_caller_is_staff(ask->caller)
               ? PGL_OK
               : PGL_FAIL(PGL_NOT_FOUND, "this product is not for sale");
}

pgl_status pgl_catalog_prices(const struct pgl_view *view, const GetPricesRequest *ask,
                              GetPricesResponse *reply)
{
    if (ask->n_skus > PGL_PRICES_ASKED_MAX)
        return PGL_FAIL(PGL_INVALID, "at most 100 prices can be asked for at once");
    Price *prices = pgl_arena_alloc(view->arena, (ask->n_skus + 1) * sizeof prices[0]);
    reply->prices = pgl_arena_alloc(view->arena, (ask->n_skus + 1) * sizeof reply->prices[0]);
    if (prices == NULL || reply->prices == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < ask->n_skus; i++) {
        Product product;
        pgl_status status = product_get(view, ask->skus[i], &product);
        if (status.code == PGL_NOT_FOUND || (pgl_is_ok(status) && !product.active))
            continue;
        PGL_TRY(status);
        Price *price = &prices[reply->n_prices];
        *price = (Price)PRICE_INIT;
        price->sku = product.sku;
        price->price_minor = product.price_minor;
        price->currency = product.currency;
        reply->prices[reply->n_prices++] = price;
    }
    return PGL_OK;
}
