/*
 * tally.h - how many payments are in each state, for the metrics. Kept in memory and moved with the
 * transaction; written once a batch, so that neither a start nor a scrape counts a million rows.
 *
 * Owner:    the service's writer loop. The gauges may be read by any thread.
 */
#ifndef PGL_PAYMENTS_TALLY_H
#define PGL_PAYMENTS_TALLY_H

#include "services/payments/payments_sql.h"
#include "telemetry/metrics.h"

struct payment_tally {
    int64_t counts[PAYMENT_STATE_COUNT]; /* inside the transaction */
    int64_t durable[PAYMENT_STATE_COUNT];
    struct pgl_counter by_state[PAYMENT_STATE_COUNT]; /* gauges */
};

PGL_MUST_USE pgl_status pgl_tally_load(struct payment_tally *tally, struct pgl_database *db);

/* PAYMENT_NONE is not counted. */
void pgl_tally_move(struct payment_tally *tally, enum payment_state from, enum payment_state to);

/* As a participant of the writer does. */
PGL_MUST_USE pgl_status pgl_tally_prepare(struct payment_tally *tally, struct pgl_tx *tx);
void pgl_tally_committed(struct payment_tally *tally);
void pgl_tally_rolled_back(struct payment_tally *tally);

#endif
