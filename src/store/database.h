/*
 * database.h - one connection to one SQLite file, and statements prepared once.
 *
 * Owner:    a writer or a reader loop; one connection a thread, never shared.
 * Bounds:   PGL_STATEMENTS_MAX statements a connection; the page cache has a fixed size.
 * Errors:   PGL_UNAVAILABLE (disk or memory full, locked: may be tried again), PGL_CONFLICT (a
 *           constraint refused: a bug above, or the second line of defence), PGL_DATA_LOSS (I/O
 *           error, damage: stop the process). PGL_EXHAUSTED is never ours: it is somebody's arena.
 */
#ifndef PGL_STORE_DATABASE_H
#define PGL_STORE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/status.h"
#include "base/text.h"

#define PGL_STATEMENTS_MAX 128

struct sqlite3;
struct sqlite3_stmt;

struct pgl_database {
    struct sqlite3 *handle;
    struct {
        const char *sql; /* the literal's address is the key */
        struct sqlite3_stmt *statement;
    } cache[PGL_STATEMENTS_MAX];
    bool has_written; /* set by every statement that may write; see tx.h */
    int wal_pages;    /* frames in the write-ahead log after the last commit */
    bool is_writer;
};

/* Before any other use, once a process. */
void pgl_store_start(void);
/* As it runs here. */
const char *pgl_store_sqlite_version(void);

struct pgl_database_options {
    const char *path;
    const char *vfs_name; /* as registered with pgl_vfs_register */
    int cache_kib;
};

/* Opens or makes the file for its one writer. What an earlier process left in the write-ahead log
 * is made durable before anything is read (docs/reliability.md: B2). */
PGL_MUST_USE pgl_status pgl_database_open_writer(struct pgl_database *db,
                                                 const struct pgl_database_options *options);
/* Opens an existing file for reading only. */
PGL_MUST_USE pgl_status pgl_database_open_reader(struct pgl_database *db,
                                                 const struct pgl_database_options *options);
void pgl_database_close(struct pgl_database *db);

/* Runs statements without arguments or results. */
PGL_MUST_USE pgl_status pgl_database_run(struct pgl_database *db, const char *sql);

/* Copies the log's pages into the file, as far as readers allow; the writer's loop only. */
PGL_MUST_USE pgl_status pgl_database_checkpoint(struct pgl_database *db);

/* True while a transaction is open. */
bool pgl_database_is_in_transaction(const struct pgl_database *db);

/* ---- statements ---- */

/*
 * One use of a prepared statement: begin, bind in order, then run it or take its rows.
 *
 *     struct pgl_rows rows = pgl_rows_begin(db, order_get_sql);
 *     pgl_bind_id(&rows, order_id);
 *     PGL_TRY(pgl_rows_next(&rows));
 *     if (rows.has_row)
 *         order->state = (enum order_state)pgl_column_i64(&rows, 0);
 *     pgl_rows_end(&rows);
 *
 * `sql` is a literal with static life: its address is its name. An error of begin or bind shows at
 * the first next or run. Text and blobs bound are borrowed until the end; columns until the next
 * step.
 */
struct pgl_rows {
    struct pgl_database *db;
    struct sqlite3_stmt *statement;
    pgl_status status;
    int bound;
    bool has_row;
};

struct pgl_rows pgl_rows_begin(struct pgl_database *db, const char *sql);
void pgl_bind_i64(struct pgl_rows *rows, int64_t value);
void pgl_bind_text(struct pgl_rows *rows, struct pgl_text value);
void pgl_bind_blob(struct pgl_rows *rows, const void *bytes, size_t size);
void pgl_bind_id(struct pgl_rows *rows, const pgl_id *id);

/* The next row, if there is one; else the statement is ended. */
PGL_MUST_USE pgl_status pgl_rows_next(struct pgl_rows *rows);
void pgl_rows_end(struct pgl_rows *rows);

int64_t pgl_column_i64(const struct pgl_rows *rows, int column);
struct pgl_text pgl_column_text(const struct pgl_rows *rows, int column);
struct pgl_text pgl_column_blob(const struct pgl_rows *rows, int column);
/* Zero when the column does not hold 16 bytes. */
pgl_id pgl_column_id(const struct pgl_rows *rows, int column);

/* Runs to the end; `changed` rows were written (may be NULL). */
PGL_MUST_USE pgl_status pgl_rows_run(struct pgl_rows *rows, int64_t *changed);

#endif
