/* events_sql.c - see events_sql.h. */
#include "events/events_sql.h"

#include "events/log.h"
#include "events_migrations.h" /* made from sql/ */
#include "store/migrate.h"

pgl_status pgl_events_migrate(struct pgl_database *db)
{
    return pgl_migrate(db, "events", events_migrations,
                       sizeof events_migrations / sizeof events_migrations[0]);
}

static const char head_get_sql[] = "SELECT epoch, next_seq FROM log_head WHERE id = 1";
static const char head_put_sql[] = "UPDATE log_head SET next_seq = ?1 WHERE id = 1";
static const char low_get_sql[] = "SELECT low FROM log_head WHERE id = 1";
static const char low_put_sql[] = "UPDATE log_head SET low = ?1 WHERE id = 1";
static const char prune_sql[] = "DELETE FROM event WHERE seq < ?1";
static const char insert_sql[] = "INSERT INTO event (seq, bytes) VALUES (?1, ?2)";
static const char behind_sql[] =
    "SELECT seq, bytes FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2";
static const char at_sql[] = "SELECT bytes FROM event WHERE seq = ?1";
static const char consumer_get_sql[] = "SELECT epoch, position, hash FROM consumer WHERE log = ?1";
static const char consumer_first_sql[] =
    "INSERT INTO consumer (log, epoch, position, hash) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (log) DO UPDATE SET epoch = excluded.epoch, position = excluded.position, "
    "hash = excluded.hash WHERE position = 0";
static const char consumer_put_sql[] =
    "UPDATE consumer SET epoch = ?2, position = ?3, hash = ?4 WHERE log = ?1 AND position = ?5";
/* A position that was set back: it is parked already. */
static const char consumer_set_sql[] =
    "INSERT INTO consumer (log, epoch, position, hash) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (log) DO UPDATE SET epoch = excluded.epoch, position = excluded.position, "
    "hash = excluded.hash";
static const char parked_insert_sql[] =
    "INSERT INTO parked (log, seq, key, why, bytes, tenant, at_ns) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (log, seq) DO NOTHING";
static const char parked_keys_sql[] = "SELECT key FROM parked WHERE log = ?1";
static const char parked_first_sql[] =
    "SELECT seq, bytes FROM parked WHERE log = ?1 AND key = ?2 AND seq > ?3 ORDER BY seq LIMIT 1";
static const char parked_delete_sql[] = "DELETE FROM parked WHERE log = ?1 AND seq = ?2";
static const char parked_delete_key_sql[] = "DELETE FROM parked WHERE log = ?1 AND key = ?2";
static const char parked_note_try_sql[] =
    "UPDATE parked SET why = ?3, tries = tries + 1 WHERE log = ?1 AND seq = ?2";

pgl_status pgl_log_head_get(struct pgl_database *db, int64_t *epoch, int64_t *next_seq)
{
    struct pgl_rows rows = pgl_rows_begin(db, head_get_sql);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_FAIL(PGL_DATA_LOSS, "a log has lost its head");
    *epoch = pgl_column_i64(&rows, 0);
    *next_seq = pgl_column_i64(&rows, 1);
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status pgl_log_head_put(struct pgl_tx *tx, int64_t next_seq)
{
    struct pgl_rows rows = pgl_tx_rows(tx, head_put_sql);
    pgl_bind_i64(&rows, next_seq);
    return pgl_rows_run(&rows, NULL);
}

pgl_status pgl_log_low_get(struct pgl_database *db, int64_t *low)
{
    struct pgl_rows rows = pgl_rows_begin(db, low_get_sql);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_FAIL(PGL_DATA_LOSS, "a log has lost its head");
    *low = pgl_column_i64(&rows, 0);
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status pgl_events_prune(struct pgl_tx *tx, int64_t low)
{
    struct pgl_rows rows = pgl_tx_rows(tx, prune_sql);
    pgl_bind_i64(&rows, low);
    PGL_TRY(pgl_rows_run(&rows, NULL));
    rows = pgl_tx_rows(tx, low_put_sql);
    pgl_bind_i64(&rows, low);
    return pgl_rows_run(&rows, NULL);
}

pgl_status pgl_event_insert(struct pgl_tx *tx, int64_t seq, struct pgl_text bytes)
{
    struct pgl_rows rows = pgl_tx_rows(tx, insert_sql);
    pgl_bind_i64(&rows, seq);
    pgl_bind_blob(&rows, bytes.data, bytes.size);
    return pgl_rows_run(&rows, NULL);
}

struct pgl_rows pgl_events_behind(struct pgl_database *db, int64_t after, int64_t limit)
{
    struct pgl_rows rows = pgl_rows_begin(db, behind_sql);
    pgl_bind_i64(&rows, after);
    pgl_bind_i64(&rows, limit);
    return rows;
}

pgl_status pgl_event_at(const struct pgl_view *view, int64_t seq, struct pgl_text *bytes)
{
    struct pgl_rows rows = pgl_view_rows(view, at_sql);
    pgl_bind_i64(&rows, seq);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_FAIL(PGL_NOT_FOUND, "no event has this number");
    struct pgl_text blob = pgl_column_blob(&rows, 0);
    char *copy = pgl_arena_string(view->arena, blob);
    *bytes = (struct pgl_text){ copy, blob.size };
    pgl_rows_end(&rows);
    return copy != NULL ? PGL_OK : PGL_NO_MEMORY;
}

pgl_status pgl_event_hash_at(struct pgl_database *db, int64_t seq, bool *is_there, int64_t *hash)
{
    struct pgl_rows rows = pgl_rows_begin(db, at_sql);
    pgl_bind_i64(&rows, seq);
    PGL_TRY(pgl_rows_next(&rows));
    *is_there = rows.has_row;
    if (*is_there)
        *hash = pgl_event_hash(pgl_column_blob(&rows, 0));
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status pgl_consumer_get(struct pgl_database *db, int64_t log, struct pgl_consumer_row *row)
{
    *row = (struct pgl_consumer_row){ 0 };
    struct pgl_rows rows = pgl_rows_begin(db, consumer_get_sql);
    pgl_bind_i64(&rows, log);
    PGL_TRY(pgl_rows_next(&rows));
    if (rows.has_row)
        *row = (struct pgl_consumer_row){ pgl_column_i64(&rows, 0), pgl_column_i64(&rows, 1),
                                          pgl_column_i64(&rows, 2) };
    pgl_rows_end(&rows);
    return PGL_OK;
}

static void bind_consumer(struct pgl_rows *rows, int64_t log, const struct pgl_consumer_row *row)
{
    pgl_bind_i64(rows, log);
    pgl_bind_i64(rows, row->epoch);
    pgl_bind_i64(rows, row->position);
    pgl_bind_i64(rows, row->hash);
}

pgl_status pgl_consumer_put(struct pgl_tx *tx, int64_t log, int64_t old_position,
                            const struct pgl_consumer_row *row)
{
    int64_t changed;
    struct pgl_rows rows =
        pgl_tx_rows(tx, old_position == 0 ? consumer_first_sql : consumer_put_sql);
    bind_consumer(&rows, log, row);
    if (old_position != 0)
        pgl_bind_i64(&rows, old_position);
    PGL_TRY(pgl_rows_run(&rows, &changed));
    return changed == 1 ? PGL_OK
                        : PGL_FAIL(PGL_DATA_LOSS, "somebody else has moved a consumer's position");
}

pgl_status pgl_consumer_set(struct pgl_tx *tx, int64_t log, const struct pgl_consumer_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, consumer_set_sql);
    bind_consumer(&rows, log, row);
    return pgl_rows_run(&rows, NULL);
}

pgl_status pgl_parked_insert(struct pgl_tx *tx, const struct pgl_parked_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, parked_insert_sql);
    pgl_bind_i64(&rows, row->log);
    pgl_bind_i64(&rows, row->seq);
    pgl_bind_blob(&rows, row->key.data, row->key.size);
    pgl_bind_text(&rows, pgl_text_of(row->why));
    pgl_bind_blob(&rows, row->bytes.data, row->bytes.size);
    pgl_bind_text(&rows, pgl_text_of(row->tenant));
    pgl_bind_i64(&rows, row->at_ns);
    return pgl_rows_run(&rows, NULL);
}

struct pgl_rows pgl_parked_keys(struct pgl_database *db, int64_t log)
{
    struct pgl_rows rows = pgl_rows_begin(db, parked_keys_sql);
    pgl_bind_i64(&rows, log);
    return rows;
}

pgl_status pgl_parked_first(const struct pgl_view *view, int64_t log, struct pgl_text key,
                            int64_t after, bool *is_there, int64_t *seq, struct pgl_text *bytes)
{
    struct pgl_rows rows = pgl_view_rows(view, parked_first_sql);
    pgl_bind_i64(&rows, log);
    pgl_bind_blob(&rows, key.data, key.size);
    pgl_bind_i64(&rows, after);
    PGL_TRY(pgl_rows_next(&rows));
    *is_there = rows.has_row;
    if (!rows.has_row)
        return PGL_OK;
    *seq = pgl_column_i64(&rows, 0);
    struct pgl_text blob = pgl_column_blob(&rows, 1);
    char *copy = pgl_arena_string(view->arena, blob);
    *bytes = (struct pgl_text){ copy, blob.size };
    pgl_rows_end(&rows);
    return copy != NULL ? PGL_OK : PGL_NO_MEMORY;
}

pgl_status pgl_parked_delete(struct pgl_tx *tx, int64_t log, int64_t seq)
{
    struct pgl_rows rows = pgl_tx_rows(tx, parked_delete_sql);
    pgl_bind_i64(&rows, log);
    pgl_bind_i64(&rows, seq);
    return pgl_rows_run(&rows, NULL);
}

pgl_status pgl_parked_delete_key(struct pgl_tx *tx, int64_t log, struct pgl_text key,
                                 int64_t *count)
{
    struct pgl_rows rows = pgl_tx_rows(tx, parked_delete_key_sql);
    pgl_bind_i64(&rows, log);
    pgl_bind_blob(&rows, key.data, key.size);
    return pgl_rows_run(&rows, count);
}

pgl_status pgl_parked_note_try(struct pgl_tx *tx, int64_t log, int64_t seq, const char *why)
{
    struct pgl_rows rows = pgl_tx_rows(tx, parked_note_try_sql);
    pgl_bind_i64(&rows, log);
    pgl_bind_i64(&rows, seq);
    pgl_bind_text(&rows, pgl_text_of(why));
    return pgl_rows_run(&rows, NULL);
}
