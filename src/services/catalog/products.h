/*
 * products.h - the handlers of Catalog that look, and what a product has to be.
 */
#ifndef PGL_CATALOG_PRODUCTS_H
#define PGL_CATALOG_PRODUCTS_H

#include "contract/catalog.h"
#include "store/tx.h"

#define PGL_PRODUCT_PAGE_MAX 100
#define PGL_PRICES_ASKED_MAX 100 /* the lines of one order */
#define PGL_SEARCH_BYTES_MAX 200 /* of a search, and */
#define PGL_SEARCH_WORDS_MAX 8

PGL_MUST_USE pgl_status pgl_catalog_get(const struct pgl_view *view, const GetProductRequest *ask,
                                        GetProductResponse *reply);
PGL_MUST_USE pgl_status pgl_catalog_list(const struct pgl_view *view,
                                         const ListProductsRequest *ask,
                                         ListProductsResponse *reply);
PGL_MUST_USE pgl_status pgl_catalog_prices(const struct pgl_view *view, const GetPricesRequest *ask,
                                           GetPricesResponse *reply);

/* What a product has to be, whoever brings it: a row of an import, a call. */
PGL_MUST_USE pgl_status pgl_product_check(const Product *product);

#endif
