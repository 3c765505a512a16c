/* admin_sql.c - see admin_sql.h. */
#include "saga/admin_sql.h"

#include "wire/message.h"

#define SELECT                                                                                     \
    "SELECT job_id, kind, state, ask, created_at_ns, ended_at_ns, cursor, looked, done, failed, "  \
    "last_error, until_orders, until_payments, until_inventory FROM admin_job "
static const char running_sql[] = SELECT "WHERE state = 1 ORDER BY job_id LIMIT 1";
static const char get_sql[] = SELECT "WHERE job_id = ?1 AND tenant = ?2";
static const char by_key_sql[] = SELECT "WHERE tenant = ?1 AND actor = ?2 AND idempotency_key = ?3";
static const char below_sql[] =
    SELECT "WHERE job_id < ?1 AND tenant = ?2 ORDER BY job_id DESC LIMIT 1";
static const char count_sql[] = "SELECT count(*) FROM admin_job WHERE state = 1";
static const char newest_sql[] = "SELECT coalesce(max(job_id), 0) FROM admin_job";
static const char insert_sql[] =
    "INSERT INTO admin_job (tenant, actor, idempotency_key, kind, state, ask, created_at_ns, "
    "ended_at_ns, until_orders, until_payments, until_inventory, cursor, looked, done, failed, "
    "last_error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?10, x'', 0, 0, 0, '') "
    "RETURNING job_id";
static const char update_sql[] =
    "UPDATE admin_job SET state = ?2, ended_at_ns = ?3, cursor = ?4, looked = ?5, done = ?6, "
    "failed = ?7, last_error = ?8 WHERE job_id = ?1";

/* Of a statement that gives one row or none. */
static pgl_status read_job(const struct pgl_view *view, struct pgl_rows *rows,
                           struct pgl_admin_job *job)
{
    void *ask;
    *job = (struct pgl_admin_job){ .id = 0 };
    PGL_TRY(pgl_rows_next(rows));
    if (!rows->has_row)
        return PGL_OK;
    struct pgl_text cursor = pgl_column_blob(rows, 6);
    *job = (struct pgl_admin_job){
        .id = pgl_column_i64(rows, 0),
        .kind = (JobKind)pgl_column_i64(rows, 1),
        .state = (JobState)pgl_column_i64(rows, 2),
        .created_at_ns = pgl_column_i64(rows, 4),
        .ended_at_ns = pgl_column_i64(rows, 5),
        .cursor = { pgl_arena_string(view->arena, cursor), cursor.size },
        .looked = pgl_column_i64(rows, 7),
        .done = pgl_column_i64(rows, 8),
        .failed = pgl_column_i64(rows, 9),
        .last_error = pgl_arena_string(view->arena, pgl_column_text(rows, 10)),
        .until = { [LOG_ORDERS] = pgl_column_i64(rows, 11),
                   [LOG_PAYMENTS] = pgl_column_i64(rows, 12),
                   [LOG_INVENTORY] = pgl_column_i64(rows, 13) },
    };
    pgl_status read = pgl_message_unpack(START_JOB_REQUEST_DESCRIPTOR, view->arena,
                                         pgl_column_blob(rows, 3), &ask);
    pgl_rows_end(rows);
    job->ask = ask;
    return pgl_is_ok(read) && view->arena->is_exhausted ? PGL_NO_MEMORY : read;
}

pgl_status job_running(const struct pgl_view *view, struct pgl_admin_job *job)
{
    struct pgl_rows rows = pgl_view_rows(view, running_sql);
    return read_job(view, &rows, job);
}

static pgl_status read_number(struct pgl_rows *rows, int64_t *number)
{
    PGL_TRY(pgl_rows_next(rows));
    *number = rows->has_row ? pgl_column_i64(rows, 0) : 0;
    pgl_rows_end(rows);
    return PGL_OK;
}

pgl_status job_count_running(const struct pgl_view *view, int64_t *count)
{
    struct pgl_rows rows = pgl_view_rows(view, count_sql);
    return read_number(&rows, count);
}

pgl_status pgl_admin_newest_job(const struct pgl_view *view, int64_t *id)
{
    struct pgl_rows rows = pgl_view_rows(view, newest_sql);
    return read_number(&rows, id);
}

pgl_status job_get(const struct pgl_view *view, int64_t id, const char *tenant,
                   struct pgl_admin_job *job)
{
    struct pgl_rows rows = pgl_view_rows(view, get_sql);
    pgl_bind_i64(&rows, id);
    pgl_bind_text(&rows, pgl_text_of(tenant));
    return read_job(view, &rows, job);
}

pgl_status job_by_key(const struct pgl_view *view, const StartJobRequest *ask,
                      struct pgl_admin_job *job)
{
    struct pgl_rows rows = pgl_view_rows(view, by_key_sql);
    pgl_bind_text(&rows, pgl_text_of(ask->caller->tenant));
    pgl_bind_text(&rows, pgl_text_of(ask->caller->subject));
    pgl_bind_text(&rows, pgl_text_of(ask->idempotency_key));
    return read_job(view, &rows, job);
}

pgl_status job_below(const struct pgl_view *view, int64_t before, const char *tenant,
                     struct pgl_admin_job *job)
{
    struct pgl_rows rows = pgl_view_rows(view, below_sql);
    pgl_bind_i64(&rows, before > 0 ? before : INT64_MAX);
    pgl_bind_text(&rows, pgl_text_of(tenant));
    return read_job(view, &rows, job);
}

pgl_status job_insert(struct pgl_tx *tx, struct pgl_admin_job *job)
{
    struct pgl_text ask;
    PGL_TRY(pgl_message_pack_text(&job->ask->base, pgl_tx_arena(tx), &ask));
    struct pgl_rows rows = pgl_tx_rows(tx, insert_sql);
    pgl_bind_text(&rows, pgl_text_of(job->ask->caller->tenant));
    pgl_bind_text(&rows, pgl_text_of(job->ask->caller->subject));
    pgl_bind_text(&rows, pgl_text_of(job->ask->idempotency_key));
    pgl_bind_i64(&rows, job->kind);
    pgl_bind_i64(&rows, job->state);
    pgl_bind_blob(&rows, ask.data, ask.size);
    pgl_bind_i64(&rows, job->created_at_ns);
    pgl_bind_i64(&rows, job->until[LOG_ORDERS]);
    pgl_bind_i64(&rows, job->until[LOG_PAYMENTS]);
    pgl_bind_i64(&rows, job->until[LOG_INVENTORY]);
    tx->view.db->has_written = true;
    PGL_TRY(pgl_rows_next(&rows));
    job->id = pgl_column_i64(&rows, 0);
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status job_update(struct pgl_tx *tx, const struct pgl_admin_job *job)
{
    struct pgl_rows rows = pgl_tx_rows(tx, update_sql);
    pgl_bind_i64(&rows, job->id);
    pgl_bind_i64(&rows, job->state);
    pgl_bind_i64(&rows, job->ended_at_ns);
    pgl_bind_blob(&rows, job->cursor.data, job->cursor.size);
    pgl_bind_i64(&rows, job->looked);
    pgl_bind_i64(&rows, job->done);
    pgl_bind_i64(&rows, job->failed);
    pgl_bind_text(&rows, pgl_text_of(job->last_error));
    return pgl_rows_run(&rows, NULL);
}
