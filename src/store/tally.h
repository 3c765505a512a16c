/*
 * tally.h - how many rows are in each state, without counting them: kept in memory, written once a
 * batch.
 *
 * Owner:    a writer loop; a participant of its transactions. Others may read `gauges`.
 * Bounds:   PGL_TALLY_MAX states.
 */
#ifndef PGL_STORE_TALLY_H
#define PGL_STORE_TALLY_H

#include "store/writer.h"
#include "telemetry/metrics.h"

#define PGL_TALLY_MAX     16
#define PGL_TALLY_NOWHERE (-1)

struct pgl_tally {
    struct pgl_participant participant;
    const char *put_sql; /* (state, count), replaces */
    int state_count;
    int64_t counts[PGL_TALLY_MAX], durable[PGL_TALLY_MAX];
    struct pgl_counter gauges[PGL_TALLY_MAX]; /* as committed; any thread */
};

/* Joins the writer; `get_sql` () -> state, count. */
PGL_MUST_USE pgl_status pgl_tally_open(struct pgl_tally *tally, struct pgl_writer *writer,
                                       int state_count, const char *get_sql, const char *put_sql);

/* In a transaction. A new row comes from PGL_TALLY_NOWHERE. */
void pgl_tally_move(struct pgl_tally *tally, int from, int to);

#endif
