/* catalog_sql.c - see catalog_sql.h. */
#include "services/catalog/catalog_sql.h"

#include "catalog_migrations.h" /* made from sql/ */

pgl_status pgl_catalog_migrate(struct pgl_database *db)
{
    return pgl_migrate(db, "catalog", catalog_migrations,
                       sizeof catalog_migrations / sizeof catalog_migrations[0]);
}

#define PRODUCT_COLUMNS "sku, name, description, category, image_url, price_minor, currency, active"

static const char get_sql[] = "SELECT " PRODUCT_COLUMNS " FROM product WHERE sku = ?1";
static const char list_sql[] =
    "SELECT " PRODUCT_COLUMNS " FROM product WHERE sku > ?1 AND active = 1 ORDER BY sku LIMIT ?2";
static const char list_category_sql[] =
    "SELECT " PRODUCT_COLUMNS
    " FROM product WHERE sku > ?1 AND active = 1 AND category = ?3 ORDER BY sku LIMIT ?2";
static const char put_sql[] =
    "INSERT INTO product (" PRODUCT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
    "ON CONFLICT (sku) DO UPDATE SET name = excluded.name, description = excluded.description, "
    "category = excluded.category, image_url = excluded.image_url, price_minor = "
    "excluded.price_minor, "
    "currency = excluded.currency, active = excluded.active";

static pgl_status product_of_row(const struct pgl_rows *rows, struct pgl_arena *arena,
                                 Product *product)
{
    *product = (Product)PRODUCT_INIT;
    product->sku = pgl_arena_string(arena, pgl_column_text(rows, 0));
    product->name = pgl_arena_string(arena, pgl_column_text(rows, 1));
    product->description = pgl_arena_string(arena, pgl_column_text(rows, 2));
    product->category = pgl_arena_string(arena, pgl_column_text(rows, 3));
    product->image_url = pgl_arena_string(arena, pgl_column_text(rows, 4));
    product->price_minor = pgl_column_i64(rows, 5);
    product->currency = pgl_arena_string(arena, pgl_column_text(rows, 6));
    product->active = pgl_column_i64(rows, 7) != 0;
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

pgl_status product_get(const struct pgl_view *view, const char *sku, Product *product)
{
    struct pgl_rows rows = pgl_view_rows(view, get_sql);
    pgl_bind_text(&rows, pgl_text_of(sku));
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_FAIL(PGL_NOT_FOUND, "no product has this SKU");
    pgl_status status = product_of_row(&rows, view->arena, product);
    pgl_rows_end(&rows);
    return status;
}

pgl_status product_list(const struct pgl_view *view, const char *category, const char *after,
                        int limit, Product **products, size_t *count)
{
    *count = 0;
    *products = pgl_arena_alloc(view->arena, (size_t)limit * sizeof **products);
    if (*products == NULL)
        return PGL_NO_MEMORY;
    struct pgl_rows rows = pgl_view_rows(view, category[0] != '\0' ? list_category_sql : list_sql);
    pgl_bind_text(&rows, pgl_text_of(after));
    pgl_bind_i64(&rows, limit);
    if (category[0] != '\0')
        pgl_bind_text(&rows, pgl_text_of(category));
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        pgl_status status = product_of_row(&rows, view->arena, &(*products)[*count]);
        if (!pgl_is_ok(status)) {
            pgl_rows_end(&rows);
            return status;
        }
        ++*count;
    }
}

pgl_status product_put(struct pgl_tx *tx, const Product *product)
{
    struct pgl_rows rows = pgl_tx_rows(tx, put_sql);
    pgl_bind_text(&rows, pgl_text_of(product->sku));
    pgl_bind_text(&rows, pgl_text_of(product->name));
    pgl_bind_text(&rows, pgl_text_of(product->description));
    pgl_bind_text(&rows, pgl_text_of(product->category));
    pgl_bind_text(&rows, pgl_text_of(product->image_url));
    pgl_bind_i64(&rows, product->price_minor);
    pgl_bind_text(&rows, pgl_text_of(product->currency));
    pgl_bind_i64(&rows, product->active);
    return pgl_rows_run(&rows, NULL);
}
