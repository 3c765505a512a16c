/*
 * answers.h - what Payments answers when it is asked: the payment of an order, its story, and the
 * operator's command to open a credit line.
 *
 * Errors:   PGL_NOT_FOUND also for what is somebody else's; a tenant never sees another's.
 */
#ifndef PGL_PAYMENTS_ANSWERS_H
#define PGL_PAYMENTS_ANSWERS_H

#include "contract/events.h"
#include "contract/payments.h"
#include "store/tx.h"

PGL_MUST_USE pgl_status pgl_payments_get(const struct pgl_view *view, const GetPaymentRequest *ask,
                                         GetPaymentResponse *reply);
PGL_MUST_USE pgl_status pgl_payments_story(const struct pgl_view *view, const ReadKeyRequest *ask,
                                           ReadKeyResponse *reply);
/* For operators: how far an order has come here, in words; NULL when it is not known. */
PGL_MUST_USE pgl_status pgl_payments_describe(const struct pgl_view *view, const char *tenant,
                                              const pgl_id *order_id, const char **state);
PGL_MUST_USE pgl_status pgl_payments_put_credit_line(struct pgl_tx *tx,
                                                     const PutCreditLineRequest *ask,
                                                     PutCreditLineResponse *reply);

#endif
