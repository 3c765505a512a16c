/*
 * handle.h - what Inventory does when it hears news of a payment: asks the machine, moves the
 * stock, writes the reservation and says so.
 */
#ifndef PGL_INVENTORY_HANDLE_H
#define PGL_INVENTORY_HANDLE_H

#include "contract/events.h"
#include "store/tx.h"

/* For the consumer of Payments' log. An order is served whole or not at all, unless its customer
 * takes a part (reserve.h): a line that is short is an answer. PGL_CONFLICT, PGL_INVALID,
 * PGL_INTERNAL before the first write: park the key. */
PGL_MUST_USE pgl_status pgl_inventory_handle(struct pgl_tx *tx, int64_t seq, const Event *event);

#endif
