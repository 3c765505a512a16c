/* migrate.c - see migrate.h. */
#include "store/migrate.h"

#include <stdio.h>

static pgl_status read_version(struct pgl_database *db, int64_t *version)
{
    struct pgl_rows rows = pgl_rows_begin(db, "PRAGMA user_version");
    PGL_TRY(pgl_rows_next(&rows));
    *version = rows.has_row ? pgl_column_i64(&rows, 0) : 0;
    pgl_rows_end(&rows);
    return PGL_OK;
}

static pgl_status apply(struct pgl_database *db, const struct pgl_migration *migration)
{
    char set_version[48];
    snprintf(set_version, sizeof set_version, "PRAGMA user_version=%d", migration->number);
    PGL_TRY(pgl_database_run(db, "BEGIN IMMEDIATE"));
    pgl_status status = pgl_database_run(db, migration->sql);
    if (pgl_is_ok(status))
        status = pgl_database_run(db, set_version);
    if (pgl_is_ok(status))
        status = pgl_database_run(db, "COMMIT");
    if (!pgl_is_ok(status) && pgl_database_is_in_transaction(db)) {
        pgl_status undone = pgl_database_run(db, "ROLLBACK");
        (void)undone; /* the first error is the one that matters */
    }
    return status;
}

pgl_status pgl_migrate(struct pgl_database *db, const struct pgl_migration *migrations, size_t count)
{
    int64_t version;
    PGL_TRY(read_version(db, &version));
    if (version > (int64_t)count)
        return PGL_FAIL(PGL_CONFLICT, "the data was written by a newer version of this program");
    for (size_t i = (size_t)version; i < count; i++)
        PGL_TRY(apply(db, &migrations[i]));
    return PGL_OK;
}
