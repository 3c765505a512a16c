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

/* Which products, and behind which one of the order asked for. */
struct product_page {
    const char *category; /* "": any */
    int64_t price_least, price_most;
    bool is_retired;
    const char *words; /* what FTS5 is to find; "": anything */
    const char *sort;
    bool is_first; /* else behind the product of these */
    int64_t price_minor;
    const char *name, *sku;
    int limit;
};

/* Whether there is such an order. */
bool product_sort_is_known(const char *sort);
PGL_MUST_USE pgl_status product_list(const struct pgl_view *view, const struct product_page *page,
                                     Product **products, size_t *count);

/* A new one, or all that a person may change of an old one; its version counts on where that is
 * something new. */
PGL_MUST_USE pgl_status product_put(struct pgl_tx *tx, const Product *product);

#endif
