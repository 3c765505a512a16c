/*
 * deadlines.h - by when an order has to be settled: kept in memory, so that an order's way costs no
 * row and no index more; found again at start.
 *
 * How:      every open order is in a set of timers. When its deadline comes a cancel is asked for
 *           once, as a client would; Payments decides, as ever.
 * Start:    a mark on disk says before which order all are final. What comes behind it is looked
 *           through in slices between other work, so that a start is not kept waiting.
 * Time:     saga/clock.h. The tick is written with the first transaction behind each second, and
 *           for its own sake only while an order is open.
 * Owner:    the writer loop; a participant of its transactions.
 * Bounds:   `open_max` open orders, a new one beyond is refused with PGL_EXHAUSTED, and as many of
 *           one customer as crowd.h lets them have, with PGL_LIMITED; SLICE rows and
 *           DUE_MAX deadlines a transaction.
 */
#ifndef PGL_ORDERS_DEADLINES_H
#define PGL_ORDERS_DEADLINES_H

#include "saga/clock.h"
#include "saga/timer_set.h"
#include "services/orders/crowd.h"
#include "store/writer.h"
#include "telemetry/metrics.h"

struct pgl_deadlines {
    struct pgl_participant participant;
    struct pgl_writer *writer;
    struct pgl_saga_clock clock;
    int64_t written_ns, writing_ns; /* what it showed at the last tick, and at the one under way */
    struct pgl_timer_set open;      /* orders */
    struct pgl_crowd crowd;         /* whose they are */
    struct pgl_timer wake;
    bool is_started;
    bool is_scanning; /* `scanned` is the last order that was looked at */
    pgl_id scanned, newest;
    pgl_id final_below; /* as on disk: every order before it is final */

    /* Of the transaction. */
    pgl_id *added, *ended;         /* a unit does one of them at most */
    struct pgl_timer_entry *taken; /* whose deadline has come */
    uint32_t added_count, ended_count, taken_count, unit_max;
    bool has_ticked;

    struct pgl_counter past; /* gauge: open orders whose deadline has passed */
};

PGL_MUST_USE pgl_status pgl_deadlines_open(struct pgl_deadlines *deadlines,
                                           struct pgl_writer *writer, uint32_t open_max,
                                           uint32_t open_per_customer_max);
/* From here on deadlines are acted on. */
void pgl_deadlines_start(struct pgl_deadlines *deadlines);
void pgl_deadlines_close(struct pgl_deadlines *deadlines);

/* The moment from which a new order's time counts. */
int64_t pgl_deadlines_now_ns(struct pgl_deadlines *deadlines);

/* In a transaction. PGL_EXHAUSTED when too many orders are open for one more. */
PGL_MUST_USE pgl_status pgl_deadlines_check_room(const struct pgl_deadlines *deadlines);
/* `customer` as order_hash_of_customer makes it. */
PGL_MUST_USE pgl_status pgl_deadlines_add(struct pgl_deadlines *deadlines, pgl_id order_id,
                                          int64_t customer, int64_t deadline_at_ns);
/* In a transaction: the order has reached a final state. */
void pgl_deadlines_end(struct pgl_deadlines *deadlines, pgl_id order_id);

#endif
