/*
 * intents.h - the commands by which the worker takes what is due and gives back what came of it
 * (docs/saga.md, 7.2). An operation is IN_FLIGHT, durably, before its first byte is sent; what came
 * of it is taken only from whoever has it in flight.
 *
 * For:      worker.c; the webhooks; operators.
 * Threads:  the writer's.
 * Bounds:   PGL_CARD_CLAIM_MAX tasks at a time.
 * Errors:   PGL_CONFLICT when another run of the program has taken over, or the claim is not the
 *           asker's any more: nothing has changed.
 */
#ifndef PGL_PAYMENTS_INTENTS_H
#define PGL_PAYMENTS_INTENTS_H

#include "services/payments/desk.h"
#include "services/payments/provider.h"

#define PGL_CARD_CLAIM_MAX 64

/* All that the worker has to know to make one call. */
struct card_task {
    pgl_id order_id;
    int64_t refund_no, tries;
    int op; /* enum payment_op, or a refund */
    enum provider_verb verb;
    char key[PGL_PROVIDER_KEY_BYTES];
    char handle[PGL_PROVIDER_HANDLE_BYTES], refund_handle[PGL_PROVIDER_HANDLE_BYTES];
    char currency[4];
    char card_token[PGL_CARD_TOKEN_BYTES_MAX + 1];
    int64_t amount_minor;
};

struct card_claim {
    int64_t epoch;
    int64_t fresh_from_ns; /* what was due before is left behind by an outage, and slow */
    int fresh_max, slow_max;
    bool is_others_turn; /* of what is slow, the awaited are not first this time */
    bool is_reconciled;  /* with the provider, since the program was started; see provider_hold.h */
};

struct card_claimed {
    struct card_task tasks[PGL_CARD_CLAIM_MAX];
    int count;
    bool has_more_fresh, has_slow; /* there is more than was asked for */
};

PGL_MUST_USE pgl_status pgl_intents_claim(struct pgl_tx *tx, const struct card_claim *ask,
                                          struct card_claimed *reply);

struct card_settle {
    int64_t epoch;
    const struct card_task *task;
    const struct provider_call *call;
    int64_t retry_in_ns; /* drawn, for when it has to wait */
    bool wants_next;     /* takes the payment's next operation at once */
};

struct card_settled {
    int64_t due_at_ns; /* of what stays open; 0: nothing */
    bool has_next;
    struct card_task next;
};

PGL_MUST_USE pgl_status pgl_intents_settle(struct pgl_tx *tx, const struct card_settle *ask,
                                           struct card_settled *reply);

/* The one open operation of an order, or of a refund, is due now: for a hint only if its outcome is
 * unknown, so that it is asked about; for an operator also if it waits or is parked. False when
 * there is none like that. */
PGL_MUST_USE pgl_status pgl_intents_hasten(struct pgl_tx *tx, const pgl_id *order_id,
                                           int64_t refund_no, bool is_hint, bool *is_there);

#endif
