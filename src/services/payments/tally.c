/* tally.c - see tally.h. */
#include "services/payments/tally.h"

pgl_status pgl_tally_load(struct payment_tally *tally, struct pgl_database *db)
{
    *tally = (struct payment_tally){ 0 };
    PGL_TRY(payment_count_get(db, tally->counts));
    pgl_tally_committed(tally);
    return PGL_OK;
}

void pgl_tally_move(struct payment_tally *tally, enum payment_state from, enum payment_state to)
{
    tally->counts[from]--;
    tally->counts[to]++;
}

pgl_status pgl_tally_prepare(struct payment_tally *tally, struct pgl_tx *tx)
{
    for (int state = PAYMENT_NONE + 1; state < PAYMENT_STATE_COUNT; state++)
        if (tally->counts[state] != tally->durable[state])
            PGL_TRY(payment_count_put(tx, (enum payment_state)state, tally->counts[state]));
    return PGL_OK;
}

void pgl_tally_committed(struct payment_tally *tally)
{
    for (int state = PAYMENT_NONE + 1; state < PAYMENT_STATE_COUNT; state++) {
        tally->durable[state] = tally->counts[state];
        pgl_counter_set(&tally->by_state[state], (uint64_t)tally->counts[state]);
    }
}

void pgl_tally_rolled_back(struct payment_tally *tally)
{
    memcpy(tally->counts, tally->durable, sizeof tally->counts);
}
