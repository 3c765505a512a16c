/* migrate.c - see migrate.h. */
#include "store/migrate.h"

static const char make_table_sql[] = "CREATE TABLE IF NOT EXISTS migration (module TEXT PRIMARY "
                                     "KEY, number INTEGER NOT NULL) STRICT";
static const char read_number_sql[] = "SELECT number FROM migration WHERE module = ?1";
static const char write_number_sql[] =
    "INSERT INTO migration (module, number) VALUES (?1, ?2) "
    "ON CONFLICT (module) DO UPDATE SET number = excluded.number";

static pgl_status read_number(struct pgl_database *db, const char *module, int64_t *number)
{
    struct pgl_rows rows = pgl_rows_begin(db, read_number_sql);
    pgl_bind_text(&rows, pgl_text_of(module));
    PGL_TRY(pgl_rows_next(&rows));
    *number = rows.has_row ? pgl_column_i64(&rows, 0) : 0;
    pgl_rows_end(&rows);
    return PGL_OK;
}

static pgl_status apply_in_transaction(struct pgl_database *db, const char *module,
                                       const struct pgl_migration *migration)
{
    PGL_TRY(pgl_database_run(db, migration->sql));
    struct pgl_rows rows = pgl_rows_begin(db, write_number_sql);
    pgl_bind_text(&rows, pgl_text_of(module));
    pgl_bind_i64(&rows, migration->number);
    PGL_TRY(pgl_rows_run(&rows, NULL));
    return pgl_database_run(db, "COMMIT");
}

static pgl_status apply(struct pgl_database *db, const char *module,
                        const struct pgl_migration *migration)
{
    PGL_TRY(pgl_database_run(db, "BEGIN IMMEDIATE"));
    pgl_status status = apply_in_transaction(db, module, migration);
    if (!pgl_is_ok(status) && pgl_database_is_in_transaction(db)) {
        pgl_status undone = pgl_database_run(db, "ROLLBACK");
        (void)undone; /* the first error is the one that matters */
    }
    return status;
}

pgl_status pgl_migrate(struct pgl_database *db, const char *module,
                       const struct pgl_migration *migrations, size_t count)
{
    int64_t number;
    PGL_TRY(pgl_database_run(db, make_table_sql));
    PGL_TRY(read_number(db, module, &number));
    if (number > (int64_t)count)
        return PGL_FAIL(PGL_CONFLICT, "the data was written by a newer version of this program");
    for (size_t i = (size_t)number; i < count; i++)
        PGL_TRY(apply(db, module, &migrations[i]));
    return PGL_OK;
}
