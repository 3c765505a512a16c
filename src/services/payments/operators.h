/*
 * operators.h - what is open at the provider, for those who help it on: see it, have it tried now,
 * say what became of it.
 *
 * For:      the methods of PaymentService, and jobs over many of them (saga/admin.h).
 * Errors:   PGL_DENIED for others than operators, PGL_NOT_FOUND also for what is another tenant's,
 *           PGL_CONFLICT for an outcome that the payment's state forbids.
 */
#ifndef PGL_PAYMENTS_OPERATORS_H
#define PGL_PAYMENTS_OPERATORS_H

#include "contract/payments.h"
#include "services/payments/desk.h"

#define PGL_INTENTS_PAGE_MAX 100

PGL_MUST_USE pgl_status pgl_operators_list(const struct pgl_view *view,
                                           const ListIntentsRequest *ask,
                                           ListIntentsResponse *reply);
/* Also takes up what was parked. */
PGL_MUST_USE pgl_status pgl_operators_retry(struct pgl_tx *tx, const RetryIntentRequest *ask,
                                            RetryIntentResponse *reply);
/* The machine is stepped with what a person has found out at the provider's own desk. */
PGL_MUST_USE pgl_status pgl_operators_settle(struct pgl_tx *tx, const SettleIntentRequest *ask,
                                             SettleIntentResponse *reply);

#endif
