/*
 * refund.h - what Inventory does when money was given back: what has not left is free again, what
 * came back can be sold again.
 */
#ifndef PGL_INVENTORY_REFUND_H
#define PGL_INVENTORY_REFUND_H

#include "contract/events.h"
#include "services/inventory/inventory_sql.h"

/* PaymentRefunded, once for each of its numbers. Of each line first what has not left yet is
 * released, where less is there than is promised and then from the farthest warehouse on; only the
 * rest can have come back. PGL_CONFLICT,
 * PGL_INVALID before the first write: park the key. */
PGL_MUST_USE pgl_status pgl_inventory_refunded(struct pgl_tx *tx, const Event *heard,
                                               const struct reservation_row *row);

#endif
