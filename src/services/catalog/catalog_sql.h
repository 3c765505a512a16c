/*
 * catalog_sql.h - the statements over products; for this folder only.
 */
#ifndef PGL_CATALOG_SQL_H
#define PGL_CATALOG_SQL_H

#include "contract/catalog.h"
#include "store/migrate.h"
#include "store/tx.h"

PGL_MUST_USE pgl_status pgl_catalog_migrate(struct pgl_database *db);

/* PGL_NOT_FOUND when there is none. */
PGL_MUST_USE pgl_status product_get(const struct pgl_view *view, const char *sku, Product *product);
/* Active ones behind `after` in the order of SKUs; of one category if it is not empty. */
PGL_MUST_USE pgl_status product_list(const struct pgl_view *view, const char *category,
                                     const char *after, int limit, Product **products,
                                     size_t *count);
PGL_MUST_USE pgl_status product_put(struct pgl_tx *tx, const Product *product);

#endif
