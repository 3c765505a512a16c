/*
 * hints.h - the provider's webhooks. They may come late, twice, out of order or from somebody else,
 * so that a good one only makes us ask: the open operation of its order is due now.
 *
 * Threads:  verify and read: any; take: the writer's.
 * Bounds:   bodies as large as the edge lets through; PGL_HINT_SIGNATURES_MAX signatures in a
 *           field; ids are remembered for PGL_HINT_MEMORY_NS.
 * Errors:   PGL_MALFORMED, PGL_DENIED for a signature that is not the provider's or too old,
 *           PGL_NOT_FOUND where no webhooks are taken.
 * Source:   Stripe's scheme: `Stripe-Signature: t=...,v1=...`, v1 the HMAC-SHA256 of "t.body".
 */
#ifndef PGL_PAYMENTS_HINTS_H
#define PGL_PAYMENTS_HINTS_H

#include "contract/payments.h"
#include "services/payments/desk.h"

#define PGL_HINT_SIGNATURES_MAX 8 /* while a secret is changed there are two */
#define PGL_HINT_TOLERANCE_NS   PGL_MINUTES(5)
#define PGL_HINT_MEMORY_NS      (30 * PGL_HOURS(24))
#define PGL_HINT_ID_BYTES_MAX   255

struct card_hint {
    struct pgl_text event_id;
    pgl_id order_id; /* zero: none of ours */
};

/* Is it the provider's, and is it young? */
PGL_MUST_USE pgl_status pgl_hint_verify(struct pgl_text secret, struct pgl_text signature,
                                        struct pgl_text body, int64_t now_ns,
                                        struct pgl_arena *arena);
PGL_MUST_USE pgl_status pgl_hint_read(struct pgl_text body, struct pgl_arena *arena,
                                      struct card_hint *hint);
PGL_MUST_USE pgl_status pgl_hint_take(struct pgl_tx *tx, const struct card_hint *hint,
                                      TakeHintResponse *reply);

#endif
