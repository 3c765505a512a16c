/*
 * provider_hold.h - whether anything may be sent to the provider that could move money. A row in
 * the table payment_hold says no: what the provider knows and what we know may differ, as behind a
 * restore, until reconciliation has compared them.
 *
 * Owner:    Payments' writer; the worker looks before it sends.
 */
#ifndef PGL_PAYMENTS_PROVIDER_HOLD_H
#define PGL_PAYMENTS_PROVIDER_HOLD_H

#include "store/tx.h"

PGL_MUST_USE pgl_status pgl_provider_hold_put(struct pgl_tx *tx, const char *reason);
PGL_MUST_USE pgl_status pgl_provider_hold_clear(struct pgl_tx *tx);
/* NULL when there is none; else in the arena. */
PGL_MUST_USE pgl_status pgl_provider_hold_get(const struct pgl_view *view, const char **reason);

#endif
