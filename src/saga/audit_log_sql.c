/* audit_log_sql.c - see audit_log_sql.h. */
#include "saga/audit_log_sql.h"

#include "saga_migrations.h" /* made from sql/ */
#include "store/migrate.h"

pgl_status pgl_saga_migrate(struct pgl_database *db)
{
    return pgl_migrate(db, "saga", saga_migrations,
                       sizeof saga_migrations / sizeof saga_migrations[0]);
}

#define COLUMNS "seq, at_ns, tenant, actor, action, target, reason, outcome, hash"
static const char last_sql[] = "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1";
static const char insert_sql[] = "INSERT INTO audit_log (" COLUMNS ") "
                                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char behind_sql[] = "SELECT " COLUMNS " FROM audit_log WHERE seq > ?1 ORDER BY seq";
static const char below_sql[] =
    "SELECT " COLUMNS " FROM audit_log WHERE seq < ?1 ORDER BY seq DESC";
static const char below_of_sql[] =
    "SELECT " COLUMNS " FROM audit_log WHERE seq < ?1 AND tenant = ?2 ORDER BY seq DESC";

/* Zero for what is no hash: then it does not fit. */
static void read_hash(const struct pgl_rows *rows, int column, uint8_t hash[PGL_AUDIT_HASH_BYTES])
{
    struct pgl_text blob = pgl_column_blob(rows, column);
    memset(hash, 0, PGL_AUDIT_HASH_BYTES);
    if (blob.size == PGL_AUDIT_HASH_BYTES)
        memcpy(hash, blob.data, PGL_AUDIT_HASH_BYTES);
}

pgl_status audit_log_last(const struct pgl_view *view, int64_t *seq,
                          uint8_t hash[PGL_AUDIT_HASH_BYTES])
{
    struct pgl_rows rows = pgl_view_rows(view, last_sql);
    *seq = 0;
    memset(hash, 0, PGL_AUDIT_HASH_BYTES);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_OK;
    *seq = pgl_column_i64(&rows, 0);
    read_hash(&rows, 1, hash);
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status audit_log_insert(struct pgl_tx *tx, const struct pgl_audit_row *row)
{
    const struct pgl_text texts[] = { row->tenant, row->actor,  row->action,
                                      row->target, row->reason, row->outcome };
    struct pgl_rows rows = pgl_tx_rows(tx, insert_sql);
    pgl_bind_i64(&rows, row->seq);
    pgl_bind_i64(&rows, row->at_ns);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        pgl_bind_text(&rows, texts[i]);
    pgl_bind_blob(&rows, row->hash, sizeof row->hash);
    return pgl_rows_run(&rows, NULL);
}

struct pgl_rows pgl_audit_log_behind(const struct pgl_view *view, int64_t after)
{
    struct pgl_rows rows = pgl_view_rows(view, behind_sql);
    pgl_bind_i64(&rows, after);
    return rows;
}

struct pgl_rows pgl_audit_log_below(const struct pgl_view *view, int64_t before, const char *tenant)
{
    struct pgl_rows rows = pgl_view_rows(view, tenant != NULL ? below_of_sql : below_sql);
    pgl_bind_i64(&rows, before > 0 ? before : INT64_MAX);
    if (tenant != NULL)
        pgl_bind_text(&rows, pgl_text_of(tenant));
    return rows;
}

void pgl_audit_log_read(const struct pgl_rows *rows, struct pgl_audit_row *row)
{
    *row = (struct pgl_audit_row){ .seq = pgl_column_i64(rows, 0),
                                   .at_ns = pgl_column_i64(rows, 1),
                                   .tenant = pgl_column_text(rows, 2),
                                   .actor = pgl_column_text(rows, 3),
                                   .action = pgl_column_text(rows, 4),
                                   .target = pgl_column_text(rows, 5),
                                   .reason = pgl_column_text(rows, 6),
                                   .outcome = pgl_column_text(rows, 7) };
    read_hash(rows, 8, row->hash);
}
