/* migrate.c - see migrate.h. */
#include "store/migrate.h"

#include <string.h>

#include "base/hash.h"

static const char make_table_sql[] =
    "CREATE TABLE IF NOT EXISTS applied_migration (module TEXT NOT NULL, number INTEGER NOT NULL, "
    "hash INTEGER NOT NULL, PRIMARY KEY (module, number)) STRICT, WITHOUT ROWID";
static const char read_sql[] =
    "SELECT number, hash FROM applied_migration WHERE module = ?1 ORDER BY number";
/* Tables of a file that does not say how it came to them. */
static const char unexplained_sql[] =
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name <> 'applied_migration' AND "
    "NOT EXISTS (SELECT 1 FROM applied_migration)";
static const char write_sql[] =
    "INSERT INTO applied_migration (module, number, hash) VALUES (?1, ?2, ?3)";

static const pgl_status of_others = { PGL_CONFLICT,
                                      "the tables are those of a version before the first release, "
                                      "which this one cannot read: begin a new folder" };

/* Of its text, against mistakes: nobody gains by forging it. */
static int64_t hash_of(const struct pgl_migration *migration)
{
    static const struct pgl_hash_key key = { 0x6d696772, 0x6174696f };
    return (int64_t)pgl_hash(key, migration->sql, strlen(migration->sql));
}

/* How many there are already, all of which have to be ours. */
static pgl_status read_applied(struct pgl_database *db, const char *module,
                               const struct pgl_migration *migrations, size_t count,
                               size_t *applied)
{
    pgl_status status = PGL_OK;
    struct pgl_rows rows = pgl_rows_begin(db, read_sql);
    pgl_bind_text(&rows, pgl_text_of(module));
    *applied = 0;
    PGL_TRY(pgl_rows_next(&rows));
    while (rows.has_row && pgl_is_ok(status)) {
        if (*applied >= count)
            status =
                PGL_FAIL(PGL_CONFLICT, "the data was written by a newer version of this program");
        else if (pgl_column_i64(&rows, 1) != hash_of(&migrations[*applied]))
            status = of_others;
        else
            status = pgl_rows_next(&rows);
        ++*applied;
    }
    pgl_rows_end(&rows);
    return status;
}

static pgl_status check_explained(struct pgl_database *db)
{
    struct pgl_rows rows = pgl_rows_begin(db, unexplained_sql);
    PGL_TRY(pgl_rows_next(&rows));
    bool is_explained = rows.has_row && pgl_column_i64(&rows, 0) == 0;
    pgl_rows_end(&rows);
    return is_explained ? PGL_OK : of_others;
}

static pgl_status apply_in_transaction(struct pgl_database *db, const char *module,
                                       const struct pgl_migration *migration)
{
    PGL_TRY(pgl_database_run(db, migration->sql));
    struct pgl_rows rows = pgl_rows_begin(db, write_sql);
    pgl_bind_text(&rows, pgl_text_of(module));
    pgl_bind_i64(&rows, migration->number);
    pgl_bind_i64(&rows, hash_of(migration));
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
    size_t applied;
    PGL_TRY(pgl_database_run(db, make_table_sql));
    PGL_TRY(check_explained(db));
    PGL_TRY(read_applied(db, module, migrations, count, &applied));
    for (size_t i = applied; i < count; i++)
        PGL_TRY(apply(db, module, &migrations[i]));
    return PGL_OK;
}
