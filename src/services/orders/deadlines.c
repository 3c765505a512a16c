/* deadlines.c - see deadlines.h. */
#include "services/orders/deadlines.h"

#include <stdlib.h>

#include "base/assert.h"
#include "services/orders/orders.h"

#define SLICE            512   /* rows looked at in one transaction, at start */
#define DUE_MAX          64    /* deadlines in one transaction: others want their turn too */
#define OLDEST_AMONG_MAX 16384 /* places; among more of them the mark is not raised */
#define TRY_AGAIN_NS     PGL_MINUTES(1) /* a cancel that could not be written */

static bool is_awaited(const struct pgl_deadlines *deadlines)
{
    return deadlines->is_scanning || deadlines->open.things.count > 0;
}

int64_t pgl_deadlines_now_ns(struct pgl_deadlines *deadlines)
{
    const struct pgl_loop *loop = deadlines->writer->loop;
    return pgl_saga_clock_look(&deadlines->clock, is_awaited(deadlines), loop->now_ns,
                               loop->wall_ns);
}

/* ---- what a transaction does to them ---- */

pgl_status pgl_deadlines_check_room(const struct pgl_deadlines *deadlines)
{
    if (deadlines->open.things.count >= deadlines->open.limit ||
        pgl_loop_is_struck(deadlines->writer->loop, PGL_BUGGIFY_DEADLINES_FULL))
        return PGL_FAIL(PGL_EXHAUSTED, "too many orders are open");
    return PGL_OK;
}

pgl_status pgl_deadlines_add(struct pgl_deadlines *deadlines, pgl_id order_id, int64_t customer,
                             int64_t deadline_at_ns)
{
    PGL_ASSERT(deadlines->added_count < deadlines->unit_max);
    PGL_TRY(pgl_crowd_add(&deadlines->crowd, order_id, customer));
    PGL_TRY(pgl_timer_set_add(&deadlines->open, order_id, deadline_at_ns));
    deadlines->added[deadlines->added_count++] = order_id;
    return PGL_OK;
}

void pgl_deadlines_end(struct pgl_deadlines *deadlines, pgl_id order_id)
{
    if (deadlines->ended_count < deadlines->unit_max)
        deadlines->ended[deadlines->ended_count++] = order_id;
    /* else it is found out at its deadline: parked events are taken up many at a time */
}

/* ---- when one has come ---- */

static pgl_status ask_cancel(struct pgl_deadlines *deadlines, struct pgl_tx *tx, pgl_id id)
{
    struct order_row order;
    bool is_said;
    PGL_TRY(order_get_facts(&tx->view, id, &order));
    if (order.state >= ORDER_CONFIRMED)
        pgl_deadlines_end(deadlines, id);
    return order_ask_cancel(tx, &order, ORDER_ON_DEADLINE, &is_said);
}

static pgl_status act(struct pgl_deadlines *deadlines, struct pgl_tx *tx, int limit)
{
    int64_t now_ns = pgl_deadlines_now_ns(deadlines);
    tx->cause_log = 0;
    tx->cause_seq = 0;
    tx->trace = (struct pgl_trace){ .flags = 0 };
    for (int i = 0; i < limit; i++) {
        struct pgl_timer_entry *entry = &deadlines->taken[deadlines->taken_count];
        if (!pgl_timer_set_take_due(&deadlines->open, now_ns, entry))
            return PGL_OK;
        deadlines->taken_count++;
        PGL_TRY(ask_cancel(deadlines, tx, entry->id));
    }
    return PGL_OK;
}

/* ---- at start ---- */

static pgl_status keep(struct pgl_deadlines *deadlines, const struct order_deadline *order)
{
    deadlines->scanned = order->id;
    if (pgl_id_compare(order->id, deadlines->newest) > 0)
        deadlines->newest = order->id;
    if (order->state >= ORDER_CONFIRMED)
        return PGL_OK;
    const struct pgl_orders_state *orders = deadlines->writer->context;
    PGL_TRY(pgl_crowd_add(&deadlines->crowd, order->id,
                          order_hash_of_customer(orders, order->tenant, order->customer)));
    return pgl_timer_set_add(&deadlines->open, order->id, order->deadline_at_ns);
}

/* Rows as they were committed: nothing of this transaction was written before it. */
static pgl_status scan(struct pgl_deadlines *deadlines)
{
    bool is_short = pgl_loop_is_struck(deadlines->writer->loop, PGL_BUGGIFY_DEADLINES_SHORT_SCAN);
    int slice = is_short ? 1 : SLICE;
    struct pgl_rows rows = order_deadlines_from(&deadlines->writer->db, &deadlines->scanned, slice);
    for (int seen = 0;; seen++) {
        struct order_deadline order;
        PGL_TRY(order_deadlines_next(&rows, &order));
        if (!order.is_there) {
            deadlines->is_scanning = seen == slice;
            return PGL_OK;
        }
        pgl_status kept = keep(deadlines, &order);
        if (!pgl_is_ok(kept)) {
            pgl_rows_end(&rows);
            return kept;
        }
    }
}

/* ---- as a participant ---- */

static bool is_tick_wanted(const struct pgl_deadlines *deadlines)
{
    return is_awaited(deadlines) &&
           pgl_saga_clock_is_tick_due(&deadlines->clock, deadlines->writer->loop->now_ns);
}

static int deadlines_waiting(void *self)
{
    struct pgl_deadlines *deadlines = self;
    if (!deadlines->is_started)
        return 0;
    int64_t now_ns = pgl_deadlines_now_ns(deadlines);
    return pgl_timer_set_count_due(&deadlines->open, now_ns, DUE_MAX) + deadlines->is_scanning +
           is_tick_wanted(deadlines);
}

static pgl_status deadlines_work(void *self, struct pgl_tx *tx, int limit)
{
    struct pgl_deadlines *deadlines = self;
    if (deadlines->is_scanning) {
        PGL_TRY(scan(deadlines));
        limit--;
    }
    if (limit > 1 && pgl_loop_is_struck(deadlines->writer->loop, PGL_BUGGIFY_DEADLINES_ONE_AT_ONCE))
        limit = 1;
    return act(deadlines, tx, limit < DUE_MAX ? limit : DUE_MAX); /* a tick is in `prepare` */
}

/* Its row says what may be wrong with it; the others are not to wait for that. */
static void deadlines_refused(void *self, pgl_status why)
{
    struct pgl_deadlines *deadlines = self;
    struct pgl_timer_entry entry;
    int64_t now_ns = pgl_deadlines_now_ns(deadlines);
    pgl_log(&deadlines->writer->loop->log, PGL_LOG_ERROR, "orders", "deadline-refused",
            "code=%s text=\"%s\"", pgl_code_name(why.code), why.text);
    if (pgl_timer_set_take_due(&deadlines->open, now_ns, &entry)) {
        entry.due_ns = now_ns + TRY_AGAIN_NS;
        pgl_timer_set_give(&deadlines->open, entry);
    }
    pgl_saga_clock_ticked(&deadlines->clock, deadlines->writer->loop->now_ns);
}

/* Before which order all are final; unchanged where that would take too long to say. */
static pgl_id mark_of(const struct pgl_deadlines *deadlines)
{
    pgl_id oldest;
    if (deadlines->open.entry_count > OLDEST_AMONG_MAX ||
        pgl_loop_is_struck(deadlines->writer->loop, PGL_BUGGIFY_DEADLINES_OLD_MARK))
        return deadlines->final_below;
    if (pgl_timer_set_oldest(&deadlines->open, &oldest))
        return oldest;
    return deadlines->is_scanning ? deadlines->scanned : deadlines->newest;
}

static pgl_status deadlines_prepare(void *self, struct pgl_tx *tx)
{
    struct pgl_deadlines *deadlines = self;
    const struct pgl_loop *loop = deadlines->writer->loop;
    struct pgl_tick tick = { pgl_deadlines_now_ns(deadlines), loop->wall_ns };
    /* Where nothing was waited for, the clock may have followed the wall clock far ahead: a
     * deadline of that time must not be written without it. */
    bool is_ahead = tick.now_ns - deadlines->written_ns > PGL_TICK_NS;
    if (!is_ahead && !pgl_saga_clock_is_tick_due(&deadlines->clock, loop->now_ns) &&
        !pgl_loop_is_struck(loop, PGL_BUGGIFY_DEADLINES_EARLY_TICK))
        return PGL_OK;
    deadlines->has_ticked = true;
    deadlines->writing_ns = tick.now_ns;
    pgl_id mark = mark_of(deadlines);
    return order_tick_put(tx, &tick, &mark);
}

static void set_wake(struct pgl_deadlines *deadlines);

/* What is due has its turn now, and sets the next wake when it is done. Where nothing is (the order
 * has ended meanwhile, and so has its deadline), nobody else would. */
static void on_wake(void *owner)
{
    if (deadlines_waiting(owner) == 0)
        set_wake(owner);
}

/* At the next deadline, and once a tick while there is one to wait for. */
static void set_wake(struct pgl_deadlines *deadlines)
{
    struct pgl_loop *loop = deadlines->writer->loop;
    if (!is_awaited(deadlines) || !deadlines->is_started)
        return;
    int64_t next_ns = pgl_timer_set_next_ns(&deadlines->open);
    int64_t left_ns =
        next_ns == PGL_NEVER_NS ? PGL_TICK_NS : next_ns - pgl_deadlines_now_ns(deadlines);
    left_ns = left_ns < 0 ? 0 : left_ns > PGL_TICK_NS ? PGL_TICK_NS : left_ns;
    if (pgl_loop_is_struck(loop, PGL_BUGGIFY_DEADLINES_LATE_WAKE))
        left_ns = PGL_TICK_NS;
    int64_t due_ns = loop->now_ns + left_ns;
    if (!deadlines->wake.is_set || due_ns < deadlines->wake.due_ns)
        pgl_timer_set(&loop->timers, &deadlines->wake, due_ns, on_wake, deadlines);
}

static void forget_transaction(struct pgl_deadlines *deadlines)
{
    deadlines->added_count = deadlines->ended_count = deadlines->taken_count = 0;
    deadlines->has_ticked = false;
    set_wake(deadlines);
}

static void deadlines_committed(void *self)
{
    struct pgl_deadlines *deadlines = self;
    if (deadlines->added_count > 0) /* ids only rise */
        deadlines->newest = deadlines->added[deadlines->added_count - 1];
    for (uint32_t i = 0; i < deadlines->ended_count; i++) {
        pgl_timer_set_remove(&deadlines->open, deadlines->ended[i]);
        pgl_crowd_remove(&deadlines->crowd, deadlines->ended[i]);
    }
    for (uint32_t i = 0; i < deadlines->taken_count; i++)
        pgl_timer_set_give(&deadlines->open,
                           (struct pgl_timer_entry){ PGL_NEVER_NS, deadlines->taken[i].id });
    if (deadlines->has_ticked) {
        pgl_saga_clock_ticked(&deadlines->clock, deadlines->writer->loop->now_ns);
        deadlines->written_ns = deadlines->writing_ns;
    }
    pgl_counter_set(&deadlines->past, deadlines->open.due_count);
    forget_transaction(deadlines);
}

static void deadlines_rolled_back(void *self)
{
    struct pgl_deadlines *deadlines = self;
    for (uint32_t i = 0; i < deadlines->added_count; i++) {
        pgl_timer_set_remove(&deadlines->open, deadlines->added[i]);
        pgl_crowd_remove(&deadlines->crowd, deadlines->added[i]);
    }
    for (uint32_t i = 0; i < deadlines->taken_count; i++)
        pgl_timer_set_give(&deadlines->open, deadlines->taken[i]);
    forget_transaction(deadlines);
}

/* ---- opening ---- */

pgl_status pgl_deadlines_open(struct pgl_deadlines *deadlines, struct pgl_writer *writer,
                              uint32_t open_max, uint32_t open_per_customer_max)
{
    const struct pgl_orders_state *orders = writer->context;
    struct pgl_tick tick;
    *deadlines = (struct pgl_deadlines){ .writer = writer, .is_scanning = true };
    deadlines->unit_max = (uint32_t)writer->options.batch_max;
    deadlines->added = malloc(deadlines->unit_max * sizeof deadlines->added[0]);
    deadlines->ended = malloc(deadlines->unit_max * sizeof deadlines->ended[0]);
    deadlines->taken = malloc(DUE_MAX * sizeof deadlines->taken[0]);
    if (deadlines->added == NULL || deadlines->ended == NULL || deadlines->taken == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a service");
    PGL_TRY(pgl_timer_set_open(&deadlines->open, open_max));
    pgl_crowd_open(&deadlines->crowd, open_per_customer_max, orders->hash_key, open_max);
    PGL_TRY(order_tick_get(&writer->db, &tick, &deadlines->final_below));
    deadlines->written_ns = tick.now_ns;
    const struct pgl_clock *clock = &writer->loop->platform->clock;
    pgl_saga_clock_open(&deadlines->clock, &tick, pgl_clock_monotonic_ns(clock),
                        pgl_clock_wall_ns(clock));
    deadlines->scanned = deadlines->newest = deadlines->final_below;
    PGL_TRY(scan(deadlines)); /* as a rule that is all of them, and the clock knows it */
    deadlines->participant = (struct pgl_participant){ .self = deadlines,
                                                       .waiting = deadlines_waiting,
                                                       .work = deadlines_work,
                                                       .refused = deadlines_refused,
                                                       .prepare = deadlines_prepare,
                                                       .committed = deadlines_committed,
                                                       .rolled_back = deadlines_rolled_back };
    pgl_writer_join(writer, &deadlines->participant);
    return PGL_OK;
}

void pgl_deadlines_start(struct pgl_deadlines *deadlines)
{
    deadlines->is_started = true;
    set_wake(deadlines);
}

void pgl_deadlines_close(struct pgl_deadlines *deadlines)
{
    free(deadlines->added);
    free(deadlines->ended);
    free(deadlines->taken);
    deadlines->added = deadlines->ended = NULL;
    deadlines->taken = NULL;
    pgl_timer_set_close(&deadlines->open);
    pgl_crowd_close(&deadlines->crowd);
}
