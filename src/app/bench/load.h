/*
 * load.h - places orders as fast as they are answered (closed loop) or at a fixed rate (open loop),
 * and follows each of them to its end.
 *
 * Owner:    whoever holds the struct. It runs its loop itself, so a command calls it, not a turn.
 * Bounds:   `connections` requests at a time; PGL_LOAD_OPEN_MAX orders accepted and not ended; in
 *           the open loop arrivals wait for a free connection for PGL_LOAD_LATE_MAX_NS and are then
 *           dropped and counted.
 * Time:     in the open loop an order is due by the schedule, whether or not a connection is free:
 *           the time it waits to be sent is part of what is measured. In the closed loop it is due
 *           when it is sent.
 * Errors:   a connection that breaks is made again and the same request sent again, with its key:
 *           what became of it is always known, or the run says that it is not.
 */
#ifndef PGL_APP_BENCH_LOAD_H
#define PGL_APP_BENCH_LOAD_H

#include "app/bench/follow.h"
#include "app/bench/histogram.h"
#include "app/bench/open_orders.h"
#include "app/bench/shop.h"
#include "platform/real/real.h"

#define PGL_LOAD_OPEN_MAX    1000000         /* 100 s behind at 10,000/s: nothing left to measure */
#define PGL_LOAD_LATE_MAX_NS PGL_SECONDS(10) /* of a client's patience */
#define PGL_LOAD_STATUS_MAX  599

struct pgl_load;

struct pgl_load_counts {
    uint64_t accepted, confirmed, failed, cancelled;
};

/* At one moment. */
struct pgl_load_mark {
    int64_t at_ns;
    struct pgl_load_counts counts;
    struct pgl_real_process own, server;
};

struct pgl_load_options {
    int64_t connections;
    int64_t rate; /* a second; 0 for the closed loop */
    int64_t lines;
    int64_t warm_ns, measure_ns;
    int64_t count;      /* of orders, then it ends though there is time left; 0 for no such end */
    int64_t settle_ns;  /* at most between the last ending and giving up */
    int64_t server_pid; /* 0 when it is not known */
    /* pgl_real_process_read; 0 is the load's own process. */
    pgl_status (*read_process)(int64_t pid, struct pgl_real_process *process);
    /* Told once a second how it goes; NULL where nobody looks. */
    void (*on_second)(const struct pgl_load *load, const struct pgl_load_mark *now);
};

struct pgl_load_result {
    struct pgl_load_counts counts;            /* from first to last */
    struct pgl_load_mark from, until;         /* of the measured window */
    struct pgl_histogram answered, confirmed; /* of what was due in the window */
    struct pgl_histogram late;                /* open loop: how much later than due it was sent */
    uint64_t statuses[PGL_LOAD_STATUS_MAX + 1];
    uint64_t broken;     /* connections, under a request */
    uint64_t dropped;    /* arrivals that no connection was free for */
    uint64_t unanswered; /* requests; what became of them is not known */
    uint64_t unheard;    /* orders that had to be asked for */
    uint64_t open;       /* of these: there, and not at their end */
    uint64_t lost;       /* of these: accepted, and not there */
    uint64_t strangers;  /* endings of orders that are not ours */
    int64_t server_memory_max_bytes;
};

struct pgl_load_asker;

struct pgl_load {
    struct pgl_loop *loop;
    struct pgl_load_options options;
    const struct pgl_shop *shop;
    struct pgl_load_result result;
    struct pgl_load_counts second; /* how far it was when on_second was told last */
    struct pgl_open_orders open;
    struct pgl_follow follow;
    pgl_status fatal; /* not OK: the run is over and means nothing */

    /* What follows is the load's own. */
    struct pgl_arena arena;
    struct pgl_random random;
    struct pgl_load_asker *askers;
    struct pgl_list idle, resting;
    int64_t begin_ns, window_from_ns, window_until_ns, last_ending_ns, next_second_ns;
    int64_t arrivals; /* of the open loop, so far */
    uint64_t asking, placed;
};

PGL_MUST_USE pgl_status pgl_load_init(struct pgl_load *load, struct pgl_loop *loop,
                                      const struct pgl_address *address,
                                      const struct pgl_shop *shop,
                                      const struct pgl_load_options *options);
void pgl_load_free(struct pgl_load *load);

/* Runs from the first order to the last ending that is heard. */
PGL_MUST_USE pgl_status pgl_load_run(struct pgl_load *load);

/* Asks for every order whose ending was not heard. Those that have ended are counted, without a
 * time. */
PGL_MUST_USE pgl_status pgl_load_settle(struct pgl_load *load, struct pgl_fetch *fetch);

#endif
