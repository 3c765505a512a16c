/*
 * events_sql.h - the statements over a log's tables; for this folder only.
 */
#ifndef PGL_EVENTS_SQL_H
#define PGL_EVENTS_SQL_H

#include "store/tx.h"

PGL_MUST_USE pgl_status pgl_log_head_get(struct pgl_database *db, int64_t *epoch,
                                         int64_t *next_seq);
PGL_MUST_USE pgl_status pgl_log_head_put(struct pgl_tx *tx, int64_t next_seq);
PGL_MUST_USE pgl_status pgl_log_low_get(struct pgl_database *db, int64_t *low);
/* Takes away all before `low`. */
PGL_MUST_USE pgl_status pgl_events_prune(struct pgl_tx *tx, int64_t low);
PGL_MUST_USE pgl_status pgl_event_insert(struct pgl_tx *tx, int64_t seq, struct pgl_text bytes);
/* Columns: seq, bytes. */
struct pgl_rows pgl_events_behind(struct pgl_database *db, int64_t after, int64_t limit);
/* PGL_NOT_FOUND when there is none. `bytes` in the arena. */
PGL_MUST_USE pgl_status pgl_event_at(const struct pgl_view *view, int64_t seq,
                                     struct pgl_text *bytes);
PGL_MUST_USE pgl_status pgl_event_hash_at(struct pgl_database *db, int64_t seq, bool *is_there,
                                          int64_t *hash);

struct pgl_consumer_row {
    int64_t epoch, position, hash;
};
/* All zero when the log was never read. */
PGL_MUST_USE pgl_status pgl_consumer_get(struct pgl_database *db, int64_t log,
                                         struct pgl_consumer_row *row);
/* PGL_DATA_LOSS when somebody else has moved the position (docs/reliability.md: B5). */
PGL_MUST_USE pgl_status pgl_consumer_put(struct pgl_tx *tx, int64_t log, int64_t old_position,
                                         const struct pgl_consumer_row *row);

struct pgl_parked_row {
    int64_t log, seq, at_ns;
    struct pgl_text key, bytes;
    const char *why, *tenant;
};
/* Wherever it stood. */
PGL_MUST_USE pgl_status pgl_consumer_set(struct pgl_tx *tx, int64_t log,
                                         const struct pgl_consumer_row *row);

PGL_MUST_USE pgl_status pgl_parked_insert(struct pgl_tx *tx, const struct pgl_parked_row *row);
/* Columns: key. */
struct pgl_rows pgl_parked_keys(struct pgl_database *db, int64_t log);
/* The first of a key behind `after`, if there is one: number and bytes, in the arena. */
PGL_MUST_USE pgl_status pgl_parked_first(const struct pgl_view *view, int64_t log,
                                         struct pgl_text key, int64_t after, bool *is_there,
                                         int64_t *seq, struct pgl_text *bytes);
PGL_MUST_USE pgl_status pgl_parked_delete(struct pgl_tx *tx, int64_t log, int64_t seq);
PGL_MUST_USE pgl_status pgl_parked_delete_key(struct pgl_tx *tx, int64_t log, struct pgl_text key,
                                              int64_t *count);
PGL_MUST_USE pgl_status pgl_parked_note_try(struct pgl_tx *tx, int64_t log, int64_t seq,
                                            const char *why);

#endif
