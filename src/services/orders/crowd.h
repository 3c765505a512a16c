/*
 * crowd.h - how many orders of each customer are open: kept in memory beside their deadlines, so
 * that one customer cannot open as many as there is room for.
 *
 * Owner:    deadlines.h, whose orders these are; the writer loop.
 * Bounds:   `most` open orders of a customer, 0 for as many as they like (then nothing is kept);
 *           as many orders in all as there are deadlines.
 */
#ifndef PGL_ORDERS_CROWD_H
#define PGL_ORDERS_CROWD_H

#include "base/hash.h"
#include "base/id.h"
#include "base/map.h"

struct pgl_crowd {
    uint32_t most;
    struct pgl_hash_key key;
    struct pgl_map customer_of; /* open order to its customer */
    struct pgl_map open_of;     /* customer to how many */
};

void pgl_crowd_open(struct pgl_crowd *crowd, uint32_t most, struct pgl_hash_key key,
                    uint32_t orders_max);
void pgl_crowd_close(struct pgl_crowd *crowd);

/* PGL_LIMITED when the customer, a hash, has as many as one may. */
PGL_MUST_USE pgl_status pgl_crowd_check(const struct pgl_crowd *crowd, int64_t customer);
PGL_MUST_USE pgl_status pgl_crowd_add(struct pgl_crowd *crowd, pgl_id order_id, int64_t customer);
/* Of an order that is not there, or any more, nothing. */
void pgl_crowd_remove(struct pgl_crowd *crowd, pgl_id order_id);

#endif
