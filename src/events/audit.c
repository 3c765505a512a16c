/* audit.c - see audit.h. */
#include "events/audit.h"

#include "events/events_sql.h"
#include "events/log.h"
#include "wire/message.h"

#define HEAD_ARENA_BYTES 4096 /* a head, and a key of no more than an event can have */

static const char walk_sql[] = "SELECT seq, bytes FROM event ORDER BY seq";
static const char parked_sql[] = "SELECT log, seq, key, why FROM parked ORDER BY log, seq";

pgl_status pgl_log_state_read(const struct pgl_view *view, struct pgl_log_state *state)
{
    int64_t next_seq;
    PGL_TRY(pgl_log_head_get(view->db, &state->epoch, &next_seq));
    state->high = next_seq - 1;
    PGL_TRY(pgl_log_low_get(view->db, &state->low));
    return PGL_OK;
}

void pgl_log_walk_begin(const struct pgl_view *view, struct pgl_log_walk *walk)
{
    *walk = (struct pgl_log_walk){ .rows = pgl_view_rows(view, walk_sql) };
    pgl_arena_init(&walk->arena, HEAD_ARENA_BYTES, PGL_EVENT_BYTES_MAX + HEAD_ARENA_BYTES);
}

pgl_status pgl_log_walk_next(struct pgl_log_walk *walk)
{
    walk->is_there = false;
    PGL_TRY(pgl_rows_next(&walk->rows));
    if (!walk->rows.has_row)
        return PGL_OK;
    void *head;
    pgl_arena_reset(&walk->arena);
    pgl_status unpacked = pgl_message_unpack(EVENT_HEAD_DESCRIPTOR, &walk->arena,
                                             pgl_column_blob(&walk->rows, 1), &head);
    walk->seq = pgl_column_i64(&walk->rows, 0);
    walk->head = pgl_is_ok(unpacked) ? head : NULL;
    walk->is_there = true;
    return PGL_OK;
}

void pgl_log_walk_end(struct pgl_log_walk *walk)
{
    pgl_rows_end(&walk->rows);
    pgl_arena_free(&walk->arena);
}

pgl_status pgl_log_position_read(const struct pgl_view *view, Log log,
                                 struct pgl_log_position *position)
{
    struct pgl_consumer_row row;
    PGL_TRY(pgl_consumer_get(view->db, log, &row));
    *position = (struct pgl_log_position){ row.epoch, row.position, row.hash };
    return PGL_OK;
}

pgl_status pgl_log_position_fits(const struct pgl_view *producer,
                                 const struct pgl_log_position *position, bool *fits)
{
    struct pgl_text bytes;
    pgl_status found = pgl_event_at(producer, position->position, &bytes);
    *fits = pgl_is_ok(found) && pgl_event_hash(bytes) == position->hash;
    return found.code == PGL_NOT_FOUND ? PGL_OK : found;
}

struct pgl_rows pgl_parked_events(const struct pgl_view *view)
{
    return pgl_view_rows(view, parked_sql);
}
