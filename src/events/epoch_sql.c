/* epoch_sql.c - see epoch.h. */
#include "events/epoch.h"

#include "events/events_sql.h"

static const char raise_sql[] = "UPDATE log_head SET epoch = ?1 WHERE id = 1 AND epoch = ?2";
static const char follow_sql[] = "UPDATE consumer SET epoch = ?2 WHERE log = ?1 AND epoch = ?3";

pgl_status pgl_epoch_read(const struct pgl_view *view, struct pgl_epoch *epoch)
{
    int64_t next_seq;
    PGL_TRY(pgl_log_head_get(view->db, &epoch->before, &next_seq));
    epoch->after = epoch->before + 1;
    return PGL_OK;
}

static pgl_status raise_own(struct pgl_tx *tx, const struct pgl_epoch *epoch)
{
    int64_t changed;
    struct pgl_rows rows = pgl_tx_rows(tx, raise_sql);
    pgl_bind_i64(&rows, epoch->after);
    pgl_bind_i64(&rows, epoch->before);
    PGL_TRY(pgl_rows_run(&rows, &changed));
    return changed == 1 ? PGL_OK : PGL_FAIL(PGL_DATA_LOSS, "a log has changed meanwhile");
}

static pgl_status follow(struct pgl_tx *tx, const struct pgl_epoch *epoch)
{
    struct pgl_consumer_row row;
    PGL_TRY(pgl_consumer_get(tx->view.db, epoch->log, &row));
    if (row.position == 0)
        return PGL_OK;
    if (row.epoch != epoch->before)
        return PGL_FAIL(PGL_DATA_LOSS, "the files are not of one cut");
    struct pgl_rows rows = pgl_tx_rows(tx, follow_sql);
    pgl_bind_i64(&rows, epoch->log);
    pgl_bind_i64(&rows, epoch->after);
    pgl_bind_i64(&rows, epoch->before);
    return pgl_rows_run(&rows, NULL);
}

pgl_status pgl_epochs_raise(struct pgl_tx *tx, Log own, const struct pgl_epoch *epochs, int count)
{
    for (int i = 0; i < count; i++)
        PGL_TRY(epochs[i].log == own ? raise_own(tx, &epochs[i]) : follow(tx, &epochs[i]));
    return PGL_OK;
}
