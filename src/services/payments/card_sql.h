/*
 * card_sql.h - the statements over cards, intents, refunds and hints; for this folder only.
 *
 * Memory:   texts of a row lie in the view's arena.
 */
#ifndef PGL_PAYMENTS_CARD_SQL_H
#define PGL_PAYMENTS_CARD_SQL_H

#include "services/payments/payments_sql.h"
#include "store/tx.h"

/* ---- cards ---- */

struct card_row {
    pgl_id order_id;
    const char *card_token, *handle, *next_action;
    int64_t hold_expires_at_ns;
    struct pgl_text taking; /* PaymentCaptured, packed; empty until it is decided */
};

PGL_MUST_USE pgl_status card_get(const struct pgl_view *view, const pgl_id *order_id,
                                 struct card_row *row, bool *is_there);
PGL_MUST_USE pgl_status card_put(struct pgl_tx *tx, const struct card_row *row);

/* The orders whose captures are on cards, between two ids, in their order. */
PGL_MUST_USE pgl_status cards_captured(const struct pgl_view *view, const pgl_id *behind,
                                       const pgl_id *until, int limit, pgl_id *found, int *count);

/* ---- intents ---- */

#define INTENT_OP_REFUND PAYMENT_OP_COUNT /* behind the operations of a payment */
#define INTENT_PARKED    4                /* behind the states of an operation */
#define INTENT_SEEN_NONE (-1)

/* Fresh is what was never tried. What ends a payment goes before what begins another: however many
 * orders come, those that were taken are brought to their end. What an order has to wait for, also
 * behind its deadline, has a lane when it is tried again: it would stand behind what nobody waits
 * for any more. Within a lane the one that is due for longest is first, not the oldest order: those
 * that never succeed would be it. */
enum intent_lane { LANE_FRESH, LANE_AGAIN, LANE_PARKED, LANE_ENDING, LANE_AWAITED_AGAIN };

struct intent_row {
    pgl_id order_id;
    int64_t refund_no; /* 0: of the payment */
    int op;            /* enum payment_op, or INTENT_OP_REFUND */
    int op_state;      /* enum op_state, or INTENT_PARKED */
    int64_t attempt, tries;
    int64_t due_at_ns, planned_at_ns, first_sent_at_ns, sent_at_ns;
    int64_t planned_job; /* of operators: the newest one by then */
    int64_t owner_epoch;
    int sent_seen, seen; /* enum provider_seen, or INTENT_SEEN_NONE */
    const char *code;
    int http_status;
    int64_t amount_minor;
    bool is_awaited; /* by its order: a capture, and the void behind one that was refused */

    /* What intents_due tells of the payment beside it. */
    const char *currency, *handle, *card_token, *refund_handle;
};

PGL_MUST_USE pgl_status intent_get(const struct pgl_view *view, const pgl_id *order_id,
                                   int64_t refund_no, struct intent_row *row, bool *is_there);
/* In place of the one that is there. */
PGL_MUST_USE pgl_status intent_put(struct pgl_tx *tx, const struct intent_row *row);
PGL_MUST_USE pgl_status intent_delete(struct pgl_tx *tx, const pgl_id *order_id, int64_t refund_no);

/* Those of a lane that are due from `from_ns` to `to_ns`, the earliest first; at most `limit`. */
PGL_MUST_USE pgl_status intents_due(const struct pgl_view *view, enum intent_lane lane,
                                    int64_t from_ns, int64_t to_ns, int limit,
                                    struct intent_row *rows, int *count);
struct intents_wish {
    const char *tenant;
    int op_state;              /* 0: any */
    int64_t planned_until_ns;  /* by the calendar; INT64_MAX: whenever */
    int64_t planned_until_job; /* when this one was started they were there; INT64_MAX: all */
};
/* A tenant's, behind (order_id, refund_no), in their order. */
PGL_MUST_USE pgl_status intents_page(const struct pgl_view *view, const struct intents_wish *wish,
                                     const pgl_id *behind, int64_t behind_refund_no, int limit,
                                     struct intent_row *rows, int *count);
/* How many are open, how many of them parked, and when the oldest was planned (0: none). */
struct intent_sums {
    int64_t open, parked, oldest_ns;
};
PGL_MUST_USE pgl_status intents_sum(const struct pgl_view *view, struct intent_sums *sums);

/* A new epoch: what is in flight is unknown from now on, and due. */
PGL_MUST_USE pgl_status intents_orphan(struct pgl_tx *tx, int64_t *epoch);

/* ---- refunds ---- */

enum refund_state { REFUND_PENDING = 1, REFUND_DONE = 2, REFUND_FAILED = 3 };

struct refund_row {
    pgl_id order_id;
    int64_t refund_no;
    enum refund_state state;
    int64_t amount_minor;
    const char *handle, *failure_code;
    struct pgl_text telling; /* PaymentRefunded, packed */
};

PGL_MUST_USE pgl_status refund_get(const struct pgl_view *view, const pgl_id *order_id,
                                   int64_t refund_no, struct refund_row *row, bool *is_there);
PGL_MUST_USE pgl_status refund_put(struct pgl_tx *tx, const struct refund_row *row);
/* What is pending of an order: the sum, and the first number (0: none). */
PGL_MUST_USE pgl_status refunds_pending(const struct pgl_view *view, const pgl_id *order_id,
                                        int64_t *sum_minor, int64_t *first_no);

/* ---- hints ---- */

/* False when it was taken before. Those older than `forget_before_ns` are forgotten, some at a
 * time. */
PGL_MUST_USE pgl_status hint_take(struct pgl_tx *tx, struct pgl_text event_id,
                                  int64_t forget_before_ns, bool *is_new);

#endif
