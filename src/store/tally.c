/* tally.c - see tally.h. */
#include "store/tally.h"

#include "base/assert.h"

static pgl_status tally_prepare(void *self, struct pgl_tx *tx)
{
    struct pgl_tally *tally = self;
    for (int state = 0; state < tally->state_count; state++) {
        if (tally->counts[state] == tally->durable[state])
            continue;
        struct pgl_rows rows = pgl_tx_rows(tx, tally->put_sql);
        pgl_bind_i64(&rows, state);
        pgl_bind_i64(&rows, tally->counts[state]);
        int64_t changed;
        PGL_TRY(pgl_rows_run(&rows, &changed));
        if (changed != 1)
            return PGL_FAIL(PGL_INTERNAL, "the count of a state is gone");
    }
    return PGL_OK;
}

static void tally_committed(void *self)
{
    struct pgl_tally *tally = self;
    for (int state = 0; state < tally->state_count; state++) {
        tally->durable[state] = tally->counts[state];
        pgl_counter_set(&tally->gauges[state], (uint64_t)tally->counts[state]);
    }
}

static void tally_rolled_back(void *self)
{
    struct pgl_tally *tally = self;
    memcpy(tally->counts, tally->durable, sizeof tally->counts);
}

pgl_status pgl_tally_open(struct pgl_tally *tally, struct pgl_writer *writer, int state_count,
                          const char *get_sql, const char *put_sql)
{
    PGL_ASSERT(state_count <= PGL_TALLY_MAX);
    *tally = (struct pgl_tally){ .put_sql = put_sql, .state_count = state_count };
    struct pgl_rows rows = pgl_rows_begin(&writer->db, get_sql);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        int64_t state = pgl_column_i64(&rows, 0);
        if (state >= 0 && state < state_count)
            tally->counts[state] = pgl_column_i64(&rows, 1);
    }
    tally_committed(tally);
    tally->participant = (struct pgl_participant){ .self = tally,
                                                   .prepare = tally_prepare,
                                                   .committed = tally_committed,
                                                   .rolled_back = tally_rolled_back };
    pgl_writer_join(writer, &tally->participant);
    return PGL_OK;
}

void pgl_tally_move(struct pgl_tally *tally, int from, int to)
{
    if (from != PGL_TALLY_NOWHERE)
        tally->counts[from]--;
    tally->counts[to]++;
}
