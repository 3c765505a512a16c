/* change.c - see change.h. */
#include "services/catalog/change.h"

#include "saga/caller.h"
#include "saga/condition.h"
#include "services/catalog/catalog_sql.h"
#include "services/catalog/products.h"

pgl_status catalog_check_caller(const Caller *caller)
{
    return pgl_caller_is_operator(caller)
               ? PGL_OK
               : PGL_FAIL(PGL_DENIED, "only an operator changes the catalogue");
}

pgl_status catalog_product_of(const NewProduct *sent, Product *product)
{
    *product = (Product)PRODUCT_INIT;
    product->sku = sent->sku;
    product->name = sent->name;
    product->description = sent->description;
    product->category = sent->category;
    product->image_url = sent->image_url;
    product->price_minor = sent->price_minor;
    product->currency = sent->currency;
    product->active =
        sent->sale_case == PANGLOT__CATALOG__V1__NEW_PRODUCT__SALE__NOT_SET || sent->active;
    if (sent->price_case == PANGLOT__CATALOG__V1__NEW_PRODUCT__PRICE__NOT_SET)
        return PGL_FAIL(PGL_INVALID, "priceMinor: a product needs one");
    return pgl_product_check(product);
}

/* What is there now; version 0 where nothing is. */
static pgl_status find(struct pgl_tx *tx, const char *sku, Product *product)
{
    pgl_status status = product_get(&tx->view, sku, product);
    if (status.code != PGL_NOT_FOUND)
        return status;
    *product = (Product)PRODUCT_INIT;
    return PGL_OK;
}

/* Writes it, and gives what is there then. */
static pgl_status write(struct pgl_tx *tx, const Product *product, Product **shown)
{
    *shown = pgl_arena_alloc(pgl_tx_arena(tx), sizeof **shown);
    if (*shown == NULL)
        return PGL_NO_MEMORY;
    PGL_TRY(product_put(tx, product));
    return product_get(&tx->view, product->sku, *shown);
}

pgl_status pgl_catalog_put(struct pgl_tx *tx, const PutProductRequest *ask,
                           PutProductResponse *reply)
{
    Product before, product;
    PGL_TRY(catalog_check_caller(ask->caller));
    if (ask->product == NULL)
        return PGL_FAIL(PGL_INVALID, "product: it is missing");
    PGL_TRY(catalog_product_of(ask->product, &product));
    PGL_TRY(find(tx, product.sku, &before));
    PGL_TRY(pgl_condition_check(ask->condition, before.version));
    reply->created = before.version == 0;
    return write(tx, &product, &reply->product);
}

static void merge(const ProductChange *change, Product *product)
{
    if (change->named_case != 0)
        product->name = change->name;
    if (change->described_case != 0)
        product->description = change->description;
    if (change->sorted_case != 0)
        product->category = change->category;
    if (change->shown_case != 0)
        product->image_url = change->image_url;
    if (change->price_case != 0)
        product->price_minor = change->price_minor;
    if (change->paid_case != 0)
        product->currency = change->currency;
    if (change->sale_case != 0)
        product->active = change->active;
}

pgl_status pgl_catalog_change(struct pgl_tx *tx, const ChangeProductRequest *ask,
                              ChangeProductResponse *reply)
{
    Product product;
    PGL_TRY(catalog_check_caller(ask->caller));
    if (ask->change == NULL)
        return PGL_FAIL(PGL_INVALID, "change: it is missing");
    PGL_TRY(product_get(&tx->view, ask->sku, &product));
    PGL_TRY(pgl_condition_check(ask->condition, product.version));
    merge(ask->change, &product);
    PGL_TRY(pgl_product_check(&product));
    return write(tx, &product, &reply->product);
}

pgl_status pgl_catalog_retire(struct pgl_tx *tx, const RetireProductRequest *ask,
                              RetireProductResponse *reply)
{
    Product product;
    PGL_TRY(catalog_check_caller(ask->caller));
    PGL_TRY(product_get(&tx->view, ask->sku, &product));
    PGL_TRY(pgl_condition_check(ask->condition, product.version));
    product.active = false;
    return write(tx, &product, &reply->product);
}
