/* database.c - see database.h. */
#include "store/database.h"

#include <sqlite3.h>
#include <stdio.h>

#include "base/assert.h"

/* A reader that looks at the head of the log while it is being written takes the write lock for a
 * moment, to look again. */
#define LOCKED_MS_MAX 1000

void pgl_store_start(void)
{
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD); /* a connection stays on its thread */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    int result = sqlite3_initialize();
    PGL_ASSERT(result == SQLITE_OK);
}

const char *pgl_store_sqlite_version(void)
{
    return sqlite3_libversion();
}

static pgl_status status_of(int result)
{
    switch (result & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return PGL_OK;
    case SQLITE_FULL:
        return PGL_FAIL(PGL_UNAVAILABLE, "the disk is full");
    case SQLITE_NOMEM:
        return PGL_FAIL(PGL_UNAVAILABLE, "no memory for the database");
    case SQLITE_CONSTRAINT:
        return PGL_FAIL(PGL_CONFLICT, "a constraint of the database refused");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return PGL_FAIL(PGL_UNAVAILABLE, "the database is locked");
    case SQLITE_CANTOPEN:
        return PGL_FAIL(PGL_UNAVAILABLE, "the database file cannot be opened");
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
        return PGL_FAIL(PGL_INTERNAL, "the database does not understand a statement");
    default: /* I/O, damage, no database: nothing that could be mended by going on */
        return PGL_FAIL(PGL_DATA_LOSS, sqlite3_errstr(result));
    }
}

pgl_status pgl_database_run(struct pgl_database *db, const char *sql)
{
    return status_of(sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

static int on_commit(void *owner, sqlite3 *handle, const char *name, int wal_pages)
{
    (void)handle, (void)name;
    ((struct pgl_database *)owner)->wal_pages = wal_pages;
    return SQLITE_OK;
}

static pgl_status open_connection(struct pgl_database *db,
                                  const struct pgl_database_options *options, int flags)
{
    *db = (struct pgl_database){ 0 };
    int result =
        sqlite3_open_v2(options->path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, options->vfs_name);
    if (result != SQLITE_OK)
        return status_of(result);
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    char pragmas[256];
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA cache_size=-%d; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"
             "PRAGMA trusted_schema=OFF; PRAGMA wal_autocheckpoint=0;",
             options->cache_kib);
    return pgl_database_run(db, pragmas);
}

pgl_status pgl_database_open_writer(struct pgl_database *db,
                                    const struct pgl_database_options *options)
{
    PGL_TRY(open_connection(db, options, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
    db->is_writer = true;
    sqlite3_wal_hook(db->handle, on_commit, db);
    sqlite3_busy_timeout(db->handle, LOCKED_MS_MAX);
    /* FULL: a commit is on disk before any connection can see it. */
    PGL_TRY(pgl_database_run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"));
    /* Frames that a killed process wrote and did not sync are still taken for committed. Make them
     * so. */
    return pgl_database_run(db, "PRAGMA wal_checkpoint(TRUNCATE);");
}

pgl_status pgl_database_open_reader(struct pgl_database *db,
                                    const struct pgl_database_options *options)
{
    return open_connection(db, options, SQLITE_OPEN_READONLY);
}

void pgl_database_close(struct pgl_database *db)
{
    for (int i = 0; i < PGL_STATEMENTS_MAX; i++)
        sqlite3_finalize(db->cache[i].statement);
    sqlite3_close(db->handle);
    *db = (struct pgl_database){ 0 };
}

pgl_status pgl_database_checkpoint(struct pgl_database *db)
{
    PGL_ASSERT(db->is_writer);
    int left = 0, done = 0;
    int result =
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &left, &done);
    if (result == SQLITE_BUSY)
        return PGL_OK; /* a reader holds it back; the next one will do it */
    db->wal_pages = left - done;
    return status_of(result);
}

bool pgl_database_is_in_transaction(const struct pgl_database *db)
{
    return sqlite3_get_autocommit(db->handle) == 0;
}

/* ---- statements ---- */

/* Open addressing by the address of the literal; nothing depends on the order. */
static int prepare_cached(struct pgl_database *db, const char *sql, sqlite3_stmt **statement)
{
    size_t at = ((uintptr_t)sql >> 4) % PGL_STATEMENTS_MAX;
    for (int probes = 0; probes < PGL_STATEMENTS_MAX;
         probes++, at = (at + 1) % PGL_STATEMENTS_MAX) {
        if (db->cache[at].sql == sql) {
            *statement = db->cache[at].statement;
            return SQLITE_OK;
        }
        if (db->cache[at].sql == NULL) {
            int result =
                sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
            if (result != SQLITE_OK)
                return result;
            db->cache[at].sql = sql;
            db->cache[at].statement = *statement;
            return SQLITE_OK;
        }
    }
    PGL_ASSERT(false && "PGL_STATEMENTS_MAX is too small");
    return SQLITE_MISUSE;
}

struct pgl_rows pgl_rows_begin(struct pgl_database *db, const char *sql)
{
    struct pgl_rows rows = { .db = db };
    rows.status = status_of(prepare_cached(db, sql, &rows.statement));
    return rows;
}

static void note_bound(struct pgl_rows *rows, int result)
{
    if (result != SQLITE_OK && pgl_is_ok(rows->status))
        rows->status = status_of(result);
}

void pgl_bind_i64(struct pgl_rows *rows, int64_t value)
{
    if (pgl_is_ok(rows->status))
        note_bound(rows, sqlite3_bind_int64(rows->statement, ++rows->bound, value));
}

void pgl_bind_text(struct pgl_rows *rows, struct pgl_text value)
{
    if (pgl_is_ok(rows->status))
        note_bound(rows,
                   sqlite3_bind_text(rows->statement, ++rows->bound, value.size ? value.data : "",
                                     (int)value.size, SQLITE_STATIC));
}

void pgl_bind_blob(struct pgl_rows *rows, const void *bytes, size_t size)
{
    if (pgl_is_ok(rows->status))
        note_bound(rows, sqlite3_bind_blob(rows->statement, ++rows->bound, size ? bytes : "",
                                           (int)size, SQLITE_STATIC));
}

void pgl_bind_id(struct pgl_rows *rows, const pgl_id *id)
{
    pgl_bind_blob(rows, id->bytes, sizeof id->bytes);
}

pgl_status pgl_rows_next(struct pgl_rows *rows)
{
    rows->has_row = false;
    if (!pgl_is_ok(rows->status)) {
        pgl_rows_end(rows);
        return rows->status;
    }
    int result = sqlite3_step(rows->statement);
    rows->has_row = result == SQLITE_ROW;
    if (!rows->has_row)
        pgl_rows_end(rows);
    return status_of(result);
}

void pgl_rows_end(struct pgl_rows *rows)
{
    if (rows->statement == NULL)
        return;
    sqlite3_reset(rows->statement);
    rows->statement = NULL;
}

pgl_status pgl_rows_run(struct pgl_rows *rows, int64_t *changed)
{
    struct pgl_database *db = rows->db;
    db->has_written = true;
    PGL_TRY(pgl_rows_next(rows));
    pgl_rows_end(rows);
    if (changed != NULL)
        *changed = sqlite3_changes64(db->handle);
    return PGL_OK;
}

int64_t pgl_column_i64(const struct pgl_rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

struct pgl_text pgl_column_blob(const struct pgl_rows *rows, int column)
{
    const char *data = sqlite3_column_blob(rows->statement, column);
    return (struct pgl_text){ data, (size_t)sqlite3_column_bytes(rows->statement, column) };
}

struct pgl_text pgl_column_text(const struct pgl_rows *rows, int column)
{
    const char *data = (const char *)sqlite3_column_text(rows->statement, column);
    return (struct pgl_text){ data, (size_t)sqlite3_column_bytes(rows->statement, column) };
}

pgl_id pgl_column_id(const struct pgl_rows *rows, int column)
{
    pgl_id id = { { 0 } };
    struct pgl_text blob = pgl_column_blob(rows, column);
    if (blob.size == sizeof id.bytes)
        memcpy(id.bytes, blob.data, sizeof id.bytes);
    return id;
}
