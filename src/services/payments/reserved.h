/*
 * reserved.h - what a reservation is worth: the money that is taken when not all of an order was
 * there.
 *
 * Owner:    nobody; all is pure. What is answered lies in the arena.
 * Bounds:   the lines of one order, times its allocations.
 */
#ifndef PGL_PAYMENTS_RESERVED_H
#define PGL_PAYMENTS_RESERVED_H

#include "base/arena.h"
#include "contract/events.h"

/* The reserved quantities at the prices that were ordered. PGL_INVALID when more of a line is
 * reserved than was ordered, or a line that was not; PGL_CONFLICT when a part is not what the
 * customer agreed to. */
PGL_MUST_USE pgl_status pgl_reserved_worth(const PaymentAuthorized *promise,
                                           const InventoryReserved *reserved, int64_t *worth_minor);

/* How much of each line is reserved, each line once; none when all of the order is. */
PGL_MUST_USE pgl_status pgl_reserved_lines(const InventoryReserved *reserved,
                                           struct pgl_arena *arena, CapturedLine ***lines,
                                           size_t *count);

#endif
