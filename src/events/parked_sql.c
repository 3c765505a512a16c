/* parked_sql.c - what is parked, key by key; see parked.h. */
#include "events/parked.h"

/* Columns without min() are those of the row that has it: SQLite says so of one min() alone. */
#define KEY_COLUMNS "SELECT log, key, min(seq), count(*), at_ns, tries, why, tenant FROM parked "
static const char next_sql[] = KEY_COLUMNS "WHERE (log, key) > (?1, ?2) GROUP BY log, key "
                                           "ORDER BY log, key LIMIT 1";
static const char get_sql[] = KEY_COLUMNS "WHERE log = ?1 AND key = ?2 GROUP BY log, key";
static const char events_of_sql[] =
    "SELECT seq, why, bytes FROM parked "
    "WHERE log = ?1 AND key = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4";

static pgl_status read_key(const struct pgl_view *view, const char *sql, Log log,
                           struct pgl_text key, struct pgl_parked_key *out)
{
    *out = (struct pgl_parked_key){ .log = LOG_UNSPECIFIED };
    struct pgl_rows rows = pgl_view_rows(view, sql);
    pgl_bind_i64(&rows, log);
    pgl_bind_blob(&rows, key.data, key.size);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_OK;
    struct pgl_text found = pgl_column_blob(&rows, 1);
    *out = (struct pgl_parked_key){
        .log = (Log)pgl_column_i64(&rows, 0),
        .key = { pgl_arena_string(view->arena, found), found.size },
        .first_seq = pgl_column_i64(&rows, 2),
        .count = pgl_column_i64(&rows, 3),
        .at_ns = pgl_column_i64(&rows, 4),
        .tries = pgl_column_i64(&rows, 5),
        .why = pgl_arena_string(view->arena, pgl_column_text(&rows, 6)),
        .tenant = pgl_arena_string(view->arena, pgl_column_text(&rows, 7)),
    };
    pgl_rows_end(&rows);
    return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

pgl_status pgl_parked_next(const struct pgl_view *view, Log log, struct pgl_text key,
                           struct pgl_parked_key *next)
{
    return read_key(view, next_sql, log, key, next);
}

pgl_status pgl_parked_get(const struct pgl_view *view, Log log, struct pgl_text key,
                          struct pgl_parked_key *found)
{
    return read_key(view, get_sql, log, key, found);
}

struct pgl_rows pgl_parked_events_of(const struct pgl_view *view, Log log, struct pgl_text key,
                                     int64_t after, int64_t limit)
{
    struct pgl_rows rows = pgl_view_rows(view, events_of_sql);
    pgl_bind_i64(&rows, log);
    pgl_bind_blob(&rows, key.data, key.size);
    pgl_bind_i64(&rows, after);
    pgl_bind_i64(&rows, limit);
    return rows;
}
