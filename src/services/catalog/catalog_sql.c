/* catalog_sql.c - see catalog_sql.h. */
#include "services/catalog/catalog_sql.h"

#include "catalog_migrations.h" /* made from sql/ */

pgl_status pgl_catalog_migrate(struct pgl_database *db)
{
    return pgl_migrate(db, "catalog", catalog_migrations,
                       sizeof catalog_migrations / sizeof catalog_migrations[0]);
}

#define PRODUCT_COLUMNS                                                                            \
    "sku, name, description, category, image_url, price_minor, currency, active, version, "        \
    "retired_at_ns"

/* ---- one ---- */

static const char get_sql[] = "SELECT " PRODUCT_COLUMNS " FROM product WHERE sku = ?1";

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
    product->version = pgl_column_i64(rows, 8);
    product->retired_at_ns = pgl_column_i64(rows, 9);
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

/* ---- many: ?1 to ?5 are what is asked for, ?6 to ?8 the one before the page ---- */

#define LIST(where, behind, order)                                                                 \
    "SELECT " PRODUCT_COLUMNS " FROM product WHERE " where " AND (?9 OR " behind                   \
    ") ORDER BY " order " LIMIT ?10"
#define IS_WANTED                                                                                  \
    "active = ?1 AND (?1 = 1 OR retired_at_ns > 0) AND (?2 = '' OR category = ?2) "                \
    "AND price_minor BETWEEN ?3 AND ?4 AND (?5 = '' OR text_id IN "                                \
    "(SELECT rowid FROM product_text WHERE product_text MATCH ?5))"
#define NAME_ABOVE "(name, sku) > (?7, ?8)"
#define NAME_BELOW "(name < ?7 OR (name = ?7 AND sku > ?8))"

/* clang-format off */
static const struct product_sort {
    const char *name, *sql;
} sorts[] = {
    { "", LIST(IS_WANTED, "sku > ?8", "sku") },
    { "price", LIST(IS_WANTED, "(price_minor, sku) > (?6, ?8)", "price_minor, sku") },
    { "-price", LIST(IS_WANTED, "(price_minor < ?6 OR (price_minor = ?6 AND sku > ?8))", "price_minor DESC, sku") },
    { "name", LIST(IS_WANTED, NAME_ABOVE, "name, sku") },
    { "-name", LIST(IS_WANTED, NAME_BELOW, "name DESC, sku") },
    { "price,name", LIST(IS_WANTED, "(price_minor, name, sku) > (?6, ?7, ?8)", "price_minor, name, sku") },
    { "price,-name", LIST(IS_WANTED, "(price_minor > ?6 OR (price_minor = ?6 AND " NAME_BELOW "))", "price_minor, name DESC, sku") },
    { "-price,name", LIST(IS_WANTED, "(price_minor < ?6 OR (price_minor = ?6 AND " NAME_ABOVE "))", "price_minor DESC, name, sku") },
    { "-price,-name", LIST(IS_WANTED, "(price_minor < ?6 OR (price_minor = ?6 AND " NAME_BELOW "))", "price_minor DESC, name DESC, sku") },
};
/* Of one category by SKU, which has an index of its own. */
static const char category_sql[] =
    LIST("active = ?1 AND category = ?2 AND price_minor BETWEEN ?3 AND ?4 AND ?5 = ''", "sku > ?8", "sku");
/* clang-format on */

static const char *sql_of(const char *sort)
{
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++)
        if (strcmp(sorts[i].name, sort) == 0)
            return sorts[i].sql;
    return NULL;
}

bool product_sort_is_known(const char *sort)
{
    return sql_of(sort) != NULL;
}

static struct pgl_rows rows_of(const struct pgl_view *view, const struct product_page *page)
{
    bool is_of_category = page->category[0] != '\0' && page->words[0] == '\0' &&
                          page->sort[0] == '\0' && !page->is_retired;
    struct pgl_rows rows = pgl_view_rows(view, is_of_category ? category_sql : sql_of(page->sort));
    pgl_bind_i64(&rows, !page->is_retired);
    pgl_bind_text(&rows, pgl_text_of(page->category));
    pgl_bind_i64(&rows, page->price_least);
    pgl_bind_i64(&rows, page->price_most);
    pgl_bind_text(&rows, pgl_text_of(page->words));
    pgl_bind_i64(&rows, page->price_minor);
    pgl_bind_text(&rows, pgl_text_of(page->name));
    pgl_bind_text(&rows, pgl_text_of(page->sku));
    pgl_bind_i64(&rows, page->is_first);
    pgl_bind_i64(&rows, page->limit);
    return rows;
}

pgl_status product_list(const struct pgl_view *view, const struct product_page *page,
                        Product **products, size_t *count)
{
    *count = 0;
    *products = pgl_arena_alloc(view->arena, (size_t)page->limit * sizeof **products);
    if (*products == NULL)
        return PGL_NO_MEMORY;
    struct pgl_rows rows = rows_of(view, page);
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

/* ---- changes ---- */

static const char put_sql[] =
    "INSERT INTO product (sku, name, description, category, image_url, price_minor, currency, "
    "active, version, retired_at_ns, text_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, 0, "
    "(SELECT coalesce(max(text_id), 0) + 1 FROM product)) "
    "ON CONFLICT (sku) DO UPDATE SET name = excluded.name, description = excluded.description, "
    "category = excluded.category, image_url = excluded.image_url, "
    "price_minor = excluded.price_minor, currency = excluded.currency, active = excluded.active, "
    "version = version + 1, retired_at_ns = CASE WHEN excluded.active = 1 THEN 0 "
    "WHEN active = 1 THEN ?9 ELSE retired_at_ns END "
    "WHERE (name, description, category, image_url, price_minor, currency, active) IS NOT "
    "(excluded.name, excluded.description, excluded.category, excluded.image_url, "
    "excluded.price_minor, excluded.currency, excluded.active)";

static const char words_of_sql[] =
    "SELECT text_id, sku, name, description, category FROM product WHERE sku = ?1";
static const char forget_words_sql[] =
    "INSERT INTO product_text (product_text, rowid, sku, name, description, category) "
    "VALUES ('delete', ?1, ?2, ?3, ?4, ?5)";
static const char note_words_sql[] =
    "INSERT INTO product_text (rowid, sku, name, description, category) "
    "SELECT text_id, sku, name, description, category FROM product WHERE sku = ?1";

/* Of an index whose texts are elsewhere what goes has to be named as it was noted. */
static pgl_status forget_words(struct pgl_tx *tx, const Product *product, bool *are_noted)
{
    *are_noted = false;
    struct pgl_rows before = pgl_tx_rows(tx, words_of_sql);
    pgl_bind_text(&before, pgl_text_of(product->sku));
    PGL_TRY(pgl_rows_next(&before));
    if (!before.has_row)
        return PGL_OK;
    *are_noted = pgl_text_is(pgl_column_text(&before, 2), product->name) &&
                 pgl_text_is(pgl_column_text(&before, 3), product->description) &&
                 pgl_text_is(pgl_column_text(&before, 4), product->category);
    pgl_status status = PGL_OK;
    if (!*are_noted) {
        struct pgl_rows rows = pgl_tx_rows(tx, forget_words_sql);
        pgl_bind_i64(&rows, pgl_column_i64(&before, 0));
        for (int column = 1; column <= 4; column++)
            pgl_bind_text(&rows, pgl_column_text(&before, column));
        status = pgl_rows_run(&rows, NULL);
    }
    pgl_rows_end(&before);
    return status;
}

static pgl_status note_words(struct pgl_tx *tx, const Product *product)
{
    struct pgl_rows rows = pgl_tx_rows(tx, note_words_sql);
    pgl_bind_text(&rows, pgl_text_of(product->sku));
    return pgl_rows_run(&rows, NULL);
}

pgl_status product_put(struct pgl_tx *tx, const Product *product)
{
    bool are_noted;
    PGL_TRY(forget_words(tx, product, &are_noted));
    struct pgl_rows rows = pgl_tx_rows(tx, put_sql);
    pgl_bind_text(&rows, pgl_text_of(product->sku));
    pgl_bind_text(&rows, pgl_text_of(product->name));
    pgl_bind_text(&rows, pgl_text_of(product->description));
    pgl_bind_text(&rows, pgl_text_of(product->category));
    pgl_bind_text(&rows, pgl_text_of(product->image_url));
    pgl_bind_i64(&rows, product->price_minor);
    pgl_bind_text(&rows, pgl_text_of(product->currency));
    pgl_bind_i64(&rows, product->active);
    pgl_bind_i64(&rows, pgl_tx_now_ns(tx));
    PGL_TRY(pgl_rows_run(&rows, NULL));
    return are_noted ? PGL_OK : note_words(tx, product);
}
