/*
 * import.c - many products at once. The table is read twice: first every line is checked, and only
 * if all of them are right are they written, in one transaction. Nothing is left half done, and the
 * same table again changes nothing: so whoever had no answer sends it again.
 */
#include "services/catalog/catalog_sql.h"
#include "services/catalog/change.h"
#include "wire/csv.h"
#include "wire/json.h"
#include "wire/message.h"

#define LINE_CHUNK_BYTES 8192u
#define LINE_BYTES_MAX   (256u << 10)

enum {
    C_SKU,
    C_NAME,
    C_DESCRIPTION,
    C_CATEGORY,
    C_IMAGE_URL,
    C_PRICE,
    C_CURRENCY,
    C_ACTIVE,
    C_ALL
};
static const char *const column_names[C_ALL] = { "sku",      "name",      "description",
                                                 "category", "image_url", "price_minor",
                                                 "currency", "active" };

struct table {
    bool is_csv;
    struct pgl_text left; /* of NDJSON */
    struct pgl_csv csv;
    int places[C_ALL];
    int64_t line;
    struct pgl_arena *scratch; /* of one line */
};

/* ---- lines ---- */

static const char *csv_text(const struct table *table, const struct pgl_text *fields, int column)
{
    if (table->places[column] < 0)
        return "";
    const char *copy = pgl_arena_string(table->scratch, fields[table->places[column]]);
    return copy != NULL ? copy : "";
}

static pgl_status next_csv(struct table *table, Product *product, bool *is_there)
{
    struct pgl_text fields[PGL_CSV_COLUMNS_MAX];
    NewProduct sent = NEW_PRODUCT_INIT;
    int64_t active = 1;
    PGL_TRY(pgl_csv_next(&table->csv, table->scratch, fields, is_there));
    if (!*is_there)
        return PGL_OK;
    table->line = table->csv.line;
    sent.sku = pgl_message_string(csv_text(table, fields, C_SKU));
    sent.name = pgl_message_string(csv_text(table, fields, C_NAME));
    sent.description = pgl_message_string(csv_text(table, fields, C_DESCRIPTION));
    sent.category = pgl_message_string(csv_text(table, fields, C_CATEGORY));
    sent.image_url = pgl_message_string(csv_text(table, fields, C_IMAGE_URL));
    sent.currency = pgl_message_string(csv_text(table, fields, C_CURRENCY));
    sent.price_case = PANGLOT__CATALOG__V1__NEW_PRODUCT__PRICE_PRICE_MINOR;
    if (!pgl_is_ok(pgl_text_to_i64(fields[table->places[C_PRICE]], &sent.price_minor)))
        return PGL_FAIL(PGL_INVALID, "price_minor: a whole number is expected");
    if (table->places[C_ACTIVE] >= 0 &&
        (!pgl_is_ok(pgl_text_to_i64(fields[table->places[C_ACTIVE]], &active)) || active < 0 ||
         active > 1))
        return PGL_FAIL(PGL_INVALID, "active: 0 or 1 is expected");
    sent.sale_case = PANGLOT__CATALOG__V1__NEW_PRODUCT__SALE_ACTIVE;
    sent.active = active != 0;
    return catalog_product_of(&sent, product);
}

static pgl_status next_json(struct table *table, Product *product, bool *is_there)
{
    struct pgl_text line = { NULL, 0 };
    void *sent;
    while (table->left.data != NULL && line.size == 0) {
        line = pgl_text_trim(pgl_text_cut(&table->left, '\n'));
        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        table->line++;
    }
    *is_there = line.size > 0;
    if (!*is_there)
        return PGL_OK;
    PGL_TRY(pgl_json_read(NEW_PRODUCT_DESCRIPTOR, table->scratch, line, &pgl_json_request_limits,
                          &sent));
    return catalog_product_of(sent, product);
}

static pgl_status next(struct table *table, Product *product, bool *is_there)
{
    pgl_arena_reset(table->scratch);
    pgl_status status =
        table->is_csv ? next_csv(table, product, is_there) : next_json(table, product, is_there);
    if (pgl_is_ok(status) && table->scratch->is_exhausted)
        return PGL_FAIL(PGL_INVALID, "the line is too long");
    return status;
}

static pgl_status open_table(struct table *table, const ImportProductsRequest *ask,
                             struct pgl_arena *arena, struct pgl_arena *scratch)
{
    struct pgl_text text = { (const char *)ask->table.data, ask->table.len };
    *table = (struct table){ .is_csv = ask->is_csv, .left = text, .scratch = scratch };
    if (!ask->is_csv)
        return PGL_OK;
    PGL_TRY(pgl_csv_open(&table->csv, arena, text));
    for (int c = 0; c < C_ALL; c++)
        table->places[c] = pgl_csv_column(&table->csv, column_names[c]);
    bool is_whole = table->places[C_SKU] >= 0 && table->places[C_NAME] >= 0 &&
                    table->places[C_PRICE] >= 0 && table->places[C_CURRENCY] >= 0;
    return is_whole ? PGL_OK
                    : PGL_FAIL(PGL_INVALID, "line 1: the columns sku, name, price_minor and "
                                            "currency are expected");
}

/* ---- the two readings ---- */

static pgl_status note_error(struct pgl_arena *arena, ImportReport *report, int64_t line,
                             const char *text)
{
    if (report->n_errors == PGL_IMPORT_ERRORS_MAX)
        return PGL_OK;
    ImportError *error = pgl_arena_alloc(arena, sizeof *error);
    char *detail = pgl_arena_string(arena, pgl_text_of(text));
    if (error == NULL || detail == NULL)
        return PGL_NO_MEMORY;
    *error = (ImportError)IMPORT_ERROR_INIT;
    error->line = line;
    error->detail = detail;
    report->errors[report->n_errors++] = error;
    return PGL_OK;
}

/* A line that is wrong is noted, and the next one looked at; behind a table that cannot be read on
 * there is none. */
static pgl_status check(struct table *table, struct pgl_arena *arena, ImportReport *report)
{
    for (;;) {
        Product product;
        bool is_there = true;
        pgl_status status = next(table, &product, &is_there);
        if (!pgl_is_ok(status))
            PGL_TRY(note_error(arena, report, table->line, status.text));
        if (!is_there || (table->is_csv && status.code == PGL_MALFORMED))
            return PGL_OK;
        if (++report->lines > PGL_IMPORT_LINES_MAX)
            return PGL_FAIL(PGL_TOO_LARGE, "at most 10000 lines are taken at once");
    }
}

static bool is_same(const Product *a, const Product *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->description, b->description) == 0 &&
           strcmp(a->category, b->category) == 0 && strcmp(a->image_url, b->image_url) == 0 &&
           a->price_minor == b->price_minor && strcmp(a->currency, b->currency) == 0 &&
           a->active == b->active;
}

static pgl_status put(struct pgl_tx *tx, struct table *table, bool is_trial, ImportReport *report)
{
    struct pgl_view view = tx->view;
    view.arena = table->scratch;
    for (;;) {
        Product product, before;
        bool is_there;
        PGL_TRY(next(table, &product, &is_there));
        if (!is_there)
            return PGL_OK;
        pgl_status found = product_get(&view, product.sku, &before);
        if (!pgl_is_ok(found) && found.code != PGL_NOT_FOUND)
            return found;
        bool is_new = found.code == PGL_NOT_FOUND, is_known = !is_new && is_same(&product, &before);
        report->created += is_new;
        report->unchanged += is_known;
        report->changed += !is_new && !is_known;
        if (!is_known && !is_trial)
            PGL_TRY(product_put(tx, &product));
    }
}

static pgl_status read_twice(struct pgl_tx *tx, const ImportProductsRequest *ask,
                             struct pgl_arena *scratch, ImportReport *report)
{
    struct table table;
    PGL_TRY(open_table(&table, ask, pgl_tx_arena(tx), scratch));
    PGL_TRY(check(&table, pgl_tx_arena(tx), report));
    if (report->n_errors > 0)
        return PGL_OK;
    PGL_TRY(open_table(&table, ask, pgl_tx_arena(tx), scratch));
    return put(tx, &table, ask->is_trial, report);
}

pgl_status pgl_catalog_import(struct pgl_tx *tx, const ImportProductsRequest *ask,
                              ImportProductsResponse *reply)
{
    struct pgl_arena *arena = pgl_tx_arena(tx), scratch;
    PGL_TRY(catalog_check_caller(ask->caller));
    reply->report = pgl_arena_alloc(arena, sizeof *reply->report);
    if (reply->report == NULL)
        return PGL_NO_MEMORY;
    *reply->report = (ImportReport)IMPORT_REPORT_INIT;
    reply->report->errors =
        pgl_arena_alloc(arena, PGL_IMPORT_ERRORS_MAX * sizeof reply->report->errors[0]);
    if (reply->report->errors == NULL)
        return PGL_NO_MEMORY;
    pgl_arena_init(&scratch, LINE_CHUNK_BYTES, LINE_BYTES_MAX);
    pgl_status status = read_twice(tx, ask, &scratch, reply->report);
    if (!pgl_is_ok(status) && status.text != NULL) { /* the text may lie in the scratch */
        const char *text = pgl_arena_string(arena, pgl_text_of(status.text));
        status.text = text != NULL ? text : "it could not be read";
    }
    pgl_arena_free(&scratch);
    return status;
}
