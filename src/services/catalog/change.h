/*
 * change.h - the handlers of Catalog that change it. Operators only.
 *
 * A price holds for orders from the next question for it on, at most a second later
 * (services/orders/prices.h remembers prices that long).
 */
#ifndef PGL_CATALOG_CHANGE_H
#define PGL_CATALOG_CHANGE_H

#include "contract/catalog.h"
#include "store/tx.h"

#define PGL_IMPORT_LINES_MAX  10000
#define PGL_IMPORT_ERRORS_MAX 100

PGL_MUST_USE pgl_status pgl_catalog_put(struct pgl_tx *tx, const PutProductRequest *ask,
                                        PutProductResponse *reply);
PGL_MUST_USE pgl_status pgl_catalog_change(struct pgl_tx *tx, const ChangeProductRequest *ask,
                                           ChangeProductResponse *reply);
PGL_MUST_USE pgl_status pgl_catalog_retire(struct pgl_tx *tx, const RetireProductRequest *ask,
                                           RetireProductResponse *reply);
/* All lines or, where one is wrong, none; the report says what is wrong with each. */
PGL_MUST_USE pgl_status pgl_catalog_import(struct pgl_tx *tx, const ImportProductsRequest *ask,
                                           ImportProductsResponse *reply);

/* What a client sends as the product that it means; PGL_INVALID where something is missing. */
PGL_MUST_USE pgl_status catalog_product_of(const NewProduct *sent, Product *product);
PGL_MUST_USE pgl_status catalog_check_caller(const Caller *caller);

#endif
