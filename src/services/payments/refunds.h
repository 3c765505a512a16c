/*
 * refunds.h - money given back of what was captured: at once to an account, through the provider to
 * a card. Refunds of one order are made one behind the other, in the order of their numbers.
 *
 * Threads:  the writer's.
 * Errors:   more than was captured, or of what was not, is an answer: PaymentRefundFailed.
 */
#ifndef PGL_PAYMENTS_REFUNDS_H
#define PGL_PAYMENTS_REFUNDS_H

#include "services/payments/turn.h"

#define PGL_REFUND_NOT_CAPTURED "not_captured"
#define PGL_REFUND_TOO_MUCH     "more_than_captured"
#define PGL_REFUND_REFUSED      "refund_refused"

/* OrderRefundRequested. */
PGL_MUST_USE pgl_status pgl_refunds_hear(struct pgl_tx *tx, const Event *event);

/* How a refund at the provider ended: the rows and the event, and the next one is planned. The
 * turn's `intent` is the refund's. */
PGL_MUST_USE pgl_status pgl_refunds_end(struct payment_turn *turn, struct refund_row *refund,
                                        enum refund_state state);

#endif
