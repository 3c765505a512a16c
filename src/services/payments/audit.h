/*
 * audit.h - is what the file holds true? The invariants of the saga that Payments can be held to
 * alone, and its rows in the order of their ids, for whoever compares them with those of other
 * files.
 *
 * For:      `panglot verify`, and the simulator's auditor, over a snapshot.
 * Owner:    the view's. One walk at a time over one connection.
 * Memory:   names of offenders lie in the view's arena; a walk takes none.
 * Bounds:   PGL_AUDIT_OFFENDERS_MAX are named, all are counted. Each check reads its tables once,
 *           so it may take seconds over millions of rows: not for a writer.
 */
#ifndef PGL_PAYMENTS_AUDIT_H
#define PGL_PAYMENTS_AUDIT_H

#include "services/payments/payments_sql.h"

#define PGL_AUDIT_OFFENDERS_MAX 16

struct pgl_payments_check {
    const char *name;   /* "A13 held" */
    const char *claims; /* what should hold, as a sentence */
    /* Selects what offends, in one column: an order's id in hexadecimal, or what else names it. */
    const char *sql;
};

/* Ends with a row of NULLs. */
extern const struct pgl_payments_check pgl_payments_checks[];

struct pgl_payments_findings {
    int64_t violations;
    const char *offenders[PGL_AUDIT_OFFENDERS_MAX];
    int offender_count;
};

PGL_MUST_USE pgl_status pgl_payments_audit(const struct pgl_view *view,
                                           const struct pgl_payments_check *check,
                                           struct pgl_payments_findings *findings);

/* ---- walking all payments ---- */

struct pgl_payments_row {
    pgl_id order_id;
    enum payment_state state;
    enum payment_decision decision;
    Cause cause;
    char currency[4]; /* "" in a tombstone */
    int64_t amount_minor, authorized_minor, captured_minor, released_minor, hold_minor;
    int64_t emitted; /* PGL_PAYMENT_BIT of each event said once */
    int64_t refunds_done, refunds_failed;
    int64_t last_event_seq;
};

/* What is said of a payment, as a bit of `emitted`. */
#define PGL_PAYMENT_BIT(type) (INT64_C(1) << ((type)-EVENT_TYPE_PAYMENT_ACTION_REQUIRED))

struct pgl_payments_cursor {
    struct pgl_rows rows;
};

/* Ascending by order id. */
struct pgl_payments_cursor pgl_payments_walk(const struct pgl_view *view);
/* False at the end; then the walk is over. */
PGL_MUST_USE pgl_status pgl_payments_next(struct pgl_payments_cursor *cursor,
                                          struct pgl_payments_row *row, bool *is_there);
/* For who stops before the end. */
void pgl_payments_walk_end(struct pgl_payments_cursor *cursor);

/* Operations that are still to be done at the provider, and do not wait for a person. */
PGL_MUST_USE pgl_status pgl_payments_count_open(const struct pgl_view *view, int64_t *count);

/* ---- walking all that the ledger has taken ---- */

struct pgl_transfer_row {
    pgl_id order_id;
    int64_t amount_minor;
};

/* Ascending by order id; ended like a walk over payments. */
struct pgl_payments_cursor pgl_transfers_walk(const struct pgl_view *view);
PGL_MUST_USE pgl_status pgl_transfers_next(struct pgl_payments_cursor *cursor,
                                           struct pgl_transfer_row *row, bool *is_there);

#endif
