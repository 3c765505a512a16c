/*
 * handle.h - what Payments does when it hears of an order or of its stock: the machine's step is
 * carried out in the ledger, the row is written, and what there is to say is said, in one
 * transaction.
 *
 * Threads:  the writer's.
 * Errors:   PGL_INVALID (an event that cannot be right) and PGL_CONFLICT (a cell that is
 *           impossible), both before the first write: the consumer parks the key.
 */
#ifndef PGL_PAYMENTS_HANDLE_H
#define PGL_PAYMENTS_HANDLE_H

#include "services/payments/desk.h"
#include "services/payments/payments_sql.h"

/* For both logs, since a type tells where it comes from. */
PGL_MUST_USE pgl_status pgl_payments_handle(struct pgl_tx *tx, int64_t seq, const Event *event);

#endif
