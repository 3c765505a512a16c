/* provider_hold_sql.c - see provider_hold.h. */
#include "services/payments/provider_hold.h"

static const char put_sql[] = "INSERT INTO payment_hold (reason) VALUES (?1)";
static const char clear_sql[] = "DELETE FROM payment_hold";
static const char get_sql[] = "SELECT reason FROM payment_hold ORDER BY rowid LIMIT 1";

pgl_status pgl_provider_hold_put(struct pgl_tx *tx, const char *reason)
{
    struct pgl_rows rows = pgl_tx_rows(tx, put_sql);
    pgl_bind_text(&rows, pgl_text_of(reason));
    return pgl_rows_run(&rows, NULL);
}

pgl_status pgl_provider_hold_clear(struct pgl_tx *tx)
{
    struct pgl_rows rows = pgl_tx_rows(tx, clear_sql);
    return pgl_rows_run(&rows, NULL);
}

pgl_status pgl_provider_hold_get(const struct pgl_view *view, const char **reason)
{
    *reason = NULL;
    struct pgl_rows rows = pgl_view_rows(view, get_sql);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_OK;
    *reason = pgl_arena_string(view->arena, pgl_column_text(&rows, 0));
    pgl_rows_end(&rows);
    return *reason != NULL ? PGL_OK : PGL_NO_MEMORY;
}
