/* kept_sql.c - see kept_sql.h. */
#include "app/provider/kept_sql.h"

#include "store/migrate.h"

static const struct pgl_migration migrations[] = {
    { 1, "kept",
      "CREATE TABLE kept (\n"
      "    kind    INTEGER NOT NULL,  -- enum pgl_bank_kind\n"
      "    number  INTEGER NOT NULL,\n"
      "    record  BLOB    NOT NULL,\n"
      "    PRIMARY KEY (kind, number)\n"
      ") STRICT, WITHOUT ROWID;" },
};

static const char write_sql[] =
    "INSERT INTO kept (kind, number, record) VALUES (?1, ?2, ?3)"
    " ON CONFLICT (kind, number) DO UPDATE SET record = excluded.record";
static const char remove_sql[] = "DELETE FROM kept WHERE kind = ?1 AND number = ?2";
static const char all_sql[] = "SELECT kind, number, record FROM kept ORDER BY kind, number";

pgl_status pgl_kept_open(struct pgl_database *db)
{
    return pgl_migrate(db, "provider", migrations, sizeof migrations / sizeof migrations[0]);
}

pgl_status pgl_kept_load(struct pgl_database *db, struct pgl_bank *bank)
{
    struct pgl_rows rows = pgl_rows_begin(db, all_sql);
    pgl_status status = pgl_rows_next(&rows);
    while (pgl_is_ok(status) && rows.has_row) {
        int64_t kind = pgl_column_i64(&rows, 0);
        status =
            kind >= 0 && kind < PGL_BANK_KIND_COUNT
                ? pgl_bank_restore(bank, (enum pgl_bank_kind)kind,
                                   (uint64_t)pgl_column_i64(&rows, 1), pgl_column_blob(&rows, 2))
                : PGL_FAIL(PGL_MALFORMED, "a record of no kind");
        if (pgl_is_ok(status))
            status = pgl_rows_next(&rows);
    }
    if (rows.has_row)
        pgl_rows_end(&rows);
    return status;
}

pgl_status pgl_kept_write(struct pgl_database *db, enum pgl_bank_kind kind, uint64_t number,
                          struct pgl_text record)
{
    struct pgl_rows rows = pgl_rows_begin(db, record.size > 0 ? write_sql : remove_sql);
    pgl_bind_i64(&rows, kind);
    pgl_bind_i64(&rows, (int64_t)number);
    if (record.size > 0)
        pgl_bind_blob(&rows, record.data, record.size);
    return pgl_rows_run(&rows, NULL);
}
