/*
 * tx.h - what a handler is given: a transaction, and everything from outside that it may depend on.
 *
 * A handler decides before its first write, so that a refusal has nothing to undo. It calls no
 * clock and draws no random number: time and ids come from here, stamped once a batch. The same
 * inputs write the same bytes.
 *
 * Owner:    the writer. Borrowed for the one call of the handler.
 */
#ifndef PGL_STORE_TX_H
#define PGL_STORE_TX_H

#include "runtime/call.h"
#include "store/view.h"

struct pgl_tx {
    struct pgl_view view; /* also sees what this transaction has written so far */
    int64_t now_ns;       /* wall clock */
    struct pgl_id_maker *ids;
    struct pgl_trace trace; /* of the command or event being handled */
    /* The event being handled; 0 for a command. */
    int32_t cause_log;
    int64_t cause_seq;
};

static inline int64_t pgl_tx_now_ns(const struct pgl_tx *tx)
{
    return tx->now_ns;
}

static inline pgl_id pgl_tx_new_id(struct pgl_tx *tx)
{
    return pgl_id_make(tx->ids, tx->now_ns);
}

static inline struct pgl_arena *pgl_tx_arena(struct pgl_tx *tx)
{
    return tx->view.arena;
}

/* The service whose handler this is. */
static inline void *pgl_tx_context(struct pgl_tx *tx)
{
    return tx->view.context;
}

static inline struct pgl_rows pgl_tx_rows(struct pgl_tx *tx, const char *sql)
{
    return pgl_rows_begin(tx->view.db, sql);
}

#endif
