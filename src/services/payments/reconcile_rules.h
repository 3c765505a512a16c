/*
 * reconcile_rules.h - one of the provider's objects beside our payment of the same order: is it as
 * it should be (docs/saga.md, 7.4)?
 *
 * For:      reconcile.c.
 * Owner:    nobody; judging is pure, looking reads a snapshot.
 */
#ifndef PGL_PAYMENTS_RECONCILE_RULES_H
#define PGL_PAYMENTS_RECONCILE_RULES_H

#include "base/time.h"
#include "services/payments/card_sql.h"
#include "services/payments/provider.h"

#define PGL_RECONCILE_YOUNG_NS PGL_HOURS(1) /* what is younger may still be on its way */

enum reconcile_verdict {
    RECONCILE_FINE,
    RECONCILE_YOUNG,
    RECONCILE_CANCEL,       /* held or created there, and nobody here wants it */
    RECONCILE_UNKNOWN_HERE, /* captured there for an order that we do not have */
    RECONCILE_TWICE,        /* captured on another object than the payment's */
    RECONCILE_ONLY_THERE,   /* captured there, not here */
    RECONCILE_ONLY_HERE,    /* captured here, not there */
    RECONCILE_AMOUNT,       /* captured on both sides, not the same */
    RECONCILE_REFUNDED,     /* refunded on both sides, not the same */
    RECONCILE_VERDICT_COUNT
};

/* From RECONCILE_UNKNOWN_HERE on: for a person. */
extern const char *const reconcile_verdict_names[RECONCILE_VERDICT_COUNT];

/* Ours, as far as it matters here. */
struct reconcile_ours {
    bool is_there;
    enum payment_state state;
    char handle[PGL_PROVIDER_HANDLE_BYTES];
    char currency[4];
    int64_t captured_minor, refunded_minor;
    bool has_intent; /* something is open, also a refund */
};

PGL_MUST_USE pgl_status reconcile_look(const struct pgl_view *view, const pgl_id *order_id,
                                       struct reconcile_ours *ours);

enum reconcile_verdict reconcile_judge(const struct provider_object *object,
                                       const struct reconcile_ours *ours, int64_t now_ns);

#endif
