/* import_command.c - panglot import: a CSV file into a stopped folder, whole or not at all. */
#include <stdio.h>
#include <string.h>

#include "app/boot.h"
#include "app/commands.h"
#include "app/options.h"
#include "platform/real/real.h"
#include "services/catalog/catalog_sql.h"
#include "services/catalog/products.h"
#include "services/inventory/stock.h"
#include "services/payments/ledger.h"
#include "wire/csv.h"

#define FILE_BYTES_MAX  (1u << 30)
#define PROGRESS_ROWS   10000
#define ROW_ARENA_BYTES (1u << 20)

struct import;

/* One kind of file: which columns it has, which database it goes to, and what a row does. */
struct import_kind {
    const char *name;
    enum pgl_boot_file file;
    const char *columns[9]; /* required; a NULL ends them */
    pgl_status (*put)(struct pgl_tx *tx, const struct import *import);
};

struct import {
    const struct import_kind *kind;
    struct pgl_csv csv;
    struct pgl_arena arena; /* of one row */
    struct pgl_text fields[PGL_CSV_COLUMNS_MAX];
    int places[8]; /* of the kind's columns in the file */
    int64_t rows;
    char message_text[512];
};

/* ---- rows ---- */

static char *field(const struct import *import, int column)
{
    struct pgl_arena *arena = (struct pgl_arena *)(uintptr_t)&import->arena;
    return pgl_arena_string(arena, import->fields[import->places[column]]);
}

static pgl_status number_field(const struct import *import, int column, int64_t *value)
{
    if (!pgl_is_ok(pgl_text_to_i64(import->fields[import->places[column]], value)))
        return PGL_FAIL(PGL_INVALID, "a whole number is expected");
    return PGL_OK;
}

static pgl_status put_product(struct pgl_tx *tx, const struct import *import)
{
    Product product = PRODUCT_INIT;
    int64_t active;
    product.sku = field(import, 0);
    product.name = field(import, 1);
    product.description = field(import, 2);
    product.category = field(import, 3);
    product.image_url = field(import, 4);
    PGL_TRY(number_field(import, 5, &product.price_minor));
    product.currency = field(import, 6);
    PGL_TRY(number_field(import, 7, &active));
    product.active = active != 0;
    if (import->arena.is_exhausted)
        return PGL_FAIL(PGL_EXHAUSTED, "the row is too large");
    PGL_TRY(pgl_product_check(&product));
    return product_put(tx, &product);
}

static pgl_status put_stock(struct pgl_tx *tx, const struct import *import)
{
    int64_t on_hand;
    PGL_TRY(number_field(import, 2, &on_hand));
    return pgl_inventory_put_stock(tx, import->fields[import->places[0]],
                                   import->fields[import->places[1]], on_hand);
}

static pgl_status put_credit(struct pgl_tx *tx, const struct import *import)
{
    int64_t credit_minor;
    PGL_TRY(number_field(import, 3, &credit_minor));
    const char *tenant = field(import, 0), *customer = field(import, 1),
               *currency = field(import, 2);
    if (import->arena.is_exhausted)
        return PGL_FAIL(PGL_EXHAUSTED, "the row is too large");
    PGL_TRY(pgl_credit_line_check(tenant, customer, currency, credit_minor));
    return pgl_payments_put_credit(tx, tenant, customer, currency, credit_minor);
}

/* clang-format off */
static const struct import_kind kinds[] = {
    { "catalog", PGL_FILE_CATALOG,
      { "sku", "name", "description", "category", "image_url", "price_minor", "currency", "active" },
      put_product },
    { "stock", PGL_FILE_INVENTORY, { "sku", "warehouse", "on_hand" }, put_stock },
    { "credit", PGL_FILE_PAYMENTS, { "tenant", "customer", "currency", "credit_minor" }, put_credit },
};
/* clang-format on */

/* ---- the file ---- */

static pgl_status wrong(struct import *import, int64_t line, const char *what)
{
    snprintf(import->message_text, sizeof import->message_text, "line %lld: %s", (long long)line,
             what);
    return PGL_FAIL(PGL_INVALID, import->message_text);
}

static pgl_status find_columns(struct import *import)
{
    for (int i = 0; import->kind->columns[i] != NULL; i++) {
        import->places[i] = pgl_csv_column(&import->csv, import->kind->columns[i]);
        if (import->places[i] < 0) {
            char what[96];
            snprintf(what, sizeof what, "the column %s is missing", import->kind->columns[i]);
            return wrong(import, 1, what);
        }
    }
    return PGL_OK;
}

static void show_progress(const struct import *import)
{
    if (import->rows % PROGRESS_ROWS == 0 && pgl_real_is_watched())
        fprintf(stderr, "\r%lld rows", (long long)import->rows);
}

/* The text lies in the arena of the row. */
static pgl_status outlive_row(struct import *import, pgl_status status)
{
    snprintf(import->message_text, sizeof import->message_text, "%s", status.text);
    status.text = import->message_text;
    return status;
}

static pgl_status put_rows(struct pgl_tx *tx, void *argument)
{
    struct import *import = argument;
    for (;;) {
        bool is_there;
        pgl_arena_reset(&import->arena);
        pgl_status status = pgl_csv_next(&import->csv, &import->arena, import->fields, &is_there);
        if (!pgl_is_ok(status))
            return outlive_row(import, status);
        if (!is_there)
            return PGL_OK;
        status = import->kind->put(tx, import);
        if (!pgl_is_ok(status))
            return wrong(import, import->csv.line, status.text);
        import->rows++;
        show_progress(import);
    }
}

static pgl_status run(struct pgl_platform *platform, struct pgl_boot *boot, struct import *import,
                      const char *file)
{
    static struct pgl_arena arena; /* the file and its header */
    struct pgl_text text;
    pgl_arena_init(&arena, 65536, (size_t)FILE_BYTES_MAX * 2);
    PGL_TRY(platform->disk->ops->read_file(platform->disk, file, FILE_BYTES_MAX, &arena, &text));
    PGL_TRY(pgl_csv_open(&import->csv, &arena, text));
    PGL_TRY(find_columns(import));
    pgl_arena_init(&import->arena, 4096, ROW_ARENA_BYTES);
    pgl_status status = pgl_writer_run_now(&boot->writers[import->kind->file], put_rows, import);
    pgl_arena_free(&import->arena);
    pgl_arena_free(&arena);
    return status;
}

static const struct import_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

int pgl_import_command(struct pgl_platform *platform, int argc, char **argv)
{
    struct pgl_boot_options options = pgl_boot_defaults();
    options.has_edge = false;
    const char *words[2];
    const struct pgl_option table[] = {
        { "--data", "DIR", PGL_OPTION_TEXT, &options.data, 0,
          "the folder of the platform (panglot-data)" },
    };
    const struct pgl_command command = {
        .name = "import",
        .arguments = "catalog|stock|credit FILE [--data DIR]",
        .summary =
            "Loads a CSV file with a header line into a stopped folder: all of it, or nothing.\n\n"
            "  catalog  sku,name,description,category,image_url,price_minor,currency,active\n"
            "  stock    sku,warehouse,on_hand\n"
            "  credit   tenant,customer,currency,credit_minor",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .words = words,
        .words_min = 2,
        .words_max = 2,
    };
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    static struct import import;
    import.kind = find_kind(words[0]);
    if (import.kind == NULL) {
        fprintf(stderr,
                "panglot import: %s: catalog, stock or credit is expected\n"
                "Try 'panglot import --help'.\n",
                words[0]);
        return PGL_EXIT_USAGE;
    }
    static struct pgl_boot boot;
    pgl_status status = pgl_boot_open(&boot, platform, &options);
    const char *about = pgl_is_ok(status) ? words[1] : options.data;
    if (pgl_is_ok(status))
        status = run(platform, &boot, &import, words[1]);
    if (pgl_is_ok(status))
        printf("%lld rows of %s\n", (long long)import.rows, import.kind->name);
    else
        fprintf(stderr, "panglot import: %s: %s; nothing was changed\n", about, status.text);
    pgl_boot_close(&boot);
    return pgl_is_ok(status) ? PGL_EXIT_DONE : PGL_EXIT_WRONG;
}
