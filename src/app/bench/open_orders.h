/*
 * open_orders.h - the orders of which half is known: accepted and not ended yet, or ended before
 * the answer that names them was read.
 *
 * For:      telling that every accepted order ends, and how long that took.
 * Owner:    the load. Threads: its loop's.
 * Bounds:   `limit` orders; a full table refuses (PGL_EXHAUSTED) and the run is over: what cannot
 *           be followed is not placed.
 * Memory:   doubles as it fills, from an arena; what it leaves behind stays there until the end,
 *           less than it uses.
 */
#ifndef PGL_APP_BENCH_OPEN_ORDERS_H
#define PGL_APP_BENCH_OPEN_ORDERS_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/id.h"

enum pgl_open_order_state {
    PGL_OPEN_NONE, /* no order at all */
    PGL_OPEN_ACCEPTED,
    PGL_OPEN_CONFIRMED, /* these three: the answer has yet to come */
    PGL_OPEN_FAILED,
    PGL_OPEN_CANCELLED
};

struct pgl_open_order {
    pgl_id id;
    int64_t at_ns; /* accepted: when it was due to be sent; else when it ended */
    enum pgl_open_order_state state;
};

struct pgl_open_orders {
    struct pgl_open_order *slots;
    size_t capacity; /* a power of two */
    size_t count, limit;
    struct pgl_hash_key key;
    struct pgl_arena arena;
};

PGL_MUST_USE pgl_status pgl_open_orders_init(struct pgl_open_orders *orders, size_t limit,
                                             struct pgl_hash_key key);
void pgl_open_orders_free(struct pgl_open_orders *orders);

/* Takes the order out. Its state is PGL_OPEN_NONE when it was not there. */
struct pgl_open_order pgl_open_orders_take(struct pgl_open_orders *orders, pgl_id id);

/* Adds or replaces. */
PGL_MUST_USE pgl_status pgl_open_orders_put(struct pgl_open_orders *orders,
                                            const struct pgl_open_order *order);

/* Walks: start with *at = 0; NULL at the end. Nothing may be put or taken meanwhile. */
const struct pgl_open_order *pgl_open_orders_next(const struct pgl_open_orders *orders, size_t *at);

#endif
