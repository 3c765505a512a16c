/*
 * plan.h - what a seed draws before its run begins: the shop, its customers, the sizes of the
 * program's queues, and which faults exist at all. Most seeds have only some of them, so that each
 * is also seen without the others.
 *
 * Owner:    the run. Constant once it is drawn.
 */
#ifndef PGL_SIM_PLAN_H
#define PGL_SIM_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buggify.h"
#include "base/random.h"
#include "services/payments/card_options.h"

#define PGL_SIM_CUSTOMERS_MAX 48
#define PGL_SIM_SKUS_MAX      16
#define PGL_SIM_WAREHOUSES    3 /* those that Inventory begins with */
#define PGL_SIM_LINES_MAX     3
#define PGL_SIM_QUANTITY_MAX  3
#define PGL_SIM_MOVES_MAX     192
#define PGL_SIM_ORDERS_MAX    1000000
#define PGL_SIM_BANK_BENDS    9 /* script.h: what may befall a request to the bank */

enum pgl_sim_fault_kind {
    PGL_SIM_FAULT_KILL,       /* the process dies, at a call of the disk or between two turns */
    PGL_SIM_FAULT_POWER,      /* the machine does */
    PGL_SIM_FAULT_KILL_POWER, /* the process, and soon after it has come back the machine */
    PGL_SIM_FAULT_IO,         /* calls of the disk fail */
    PGL_SIM_FAULT_FULL,       /* the disk is full for a while */
    PGL_SIM_FAULT_DELAY,      /* syncs take long */
    PGL_SIM_FAULT_DUPLICATES, /* requests come twice, late, and in another order */
    PGL_SIM_FAULT_RESET,      /* connections break */
    PGL_SIM_FAULT_SLOW,       /* a loop does not have its turn for a while */
    PGL_SIM_FAULT_CLOCK,      /* the calendar jumps */
    PGL_SIM_FAULT_BANK,       /* requests to the bank are not what they seem */
    PGL_SIM_FAULT_OUTAGE,     /* the bank does not answer for a while */
    PGL_SIM_FAULT_HOOKS,      /* its webhooks are lost, late, doubled, forged */
    PGL_SIM_FAULT_BUGS,       /* points in the program strike, see base/buggify.h */
    PGL_SIM_FAULT_KINDS
};

#define PGL_SIM_FAULT_BIT(kind) (1u << (kind))
#define PGL_SIM_FAULTS_ALL      ((1u << PGL_SIM_FAULT_KINDS) - 1)

/* "kill", as --faults spells it. */
const char *pgl_sim_fault_name(enum pgl_sim_fault_kind kind);

enum pgl_sim_listens {
    PGL_SIM_LISTENS_TO_NONE,
    PGL_SIM_LISTENS_TO_CONFIRMED,
    PGL_SIM_LISTENS_TO_ORDERS,
    PGL_SIM_LISTENS_TO_ALL
};

struct pgl_sim_plan {
    uint64_t seed;
    uint32_t orders;
    uint32_t faults; /* bits */
    uint32_t turns;  /* another number: other turns, and nothing else */

    /* The shop. */
    int customers, skus;
    int64_t price_minor[PGL_SIM_SKUS_MAX];
    int64_t stock[PGL_SIM_SKUS_MAX][PGL_SIM_WAREHOUSES];
    int64_t credit_minor[PGL_SIM_CUSTOMERS_MAX];
    int64_t partial_percent; /* what has to be there, for an order that takes less */

    /* What customers do; chances are per million. */
    int64_t arrival_ns; /* between two orders, on average */
    uint32_t cancel_chance, look_chance, twin_chance, other_body_chance, wrong_chance, leave_chance;
    uint32_t partial_chance, deadline_chance, ship_chance, refund_chance, act_chance;
    uint32_t follow_chance, read_chance;
    uint32_t help_chance, look_over_chance; /* that an operator helps one order on, or all */
    int moves;                              /* goods in, sales, counts */
    bool has_sales, has_counts;

    /* The bank. */
    int64_t short_hold_ns, slow_card_ns, bank_late_ns;
    uint32_t card_chance; /* of an order to be paid by card */

    /* Who is told by webhooks. */
    enum pgl_sim_listens listens;
    uint32_t listener_chance; /* that it does not take one */

    /* The program. */
    struct pgl_card_options card; /* how patient it is with the bank */
    int64_t deadline_ns;          /* of an order that does not name its own */
    int batch_max, checkpoint_pages, checkpoint_idle_pages, writer_cache_kib, reader_cache_kib;
    uint32_t generation, ring_slots, ring_bytes;
    bool splits_io; /* sockets move only some of what they could */

    /* Whose turn it is, and what a turn takes. */
    bool is_by_priority;
    int64_t turn_ns_max, network_ns_max;

    /* Faults: how long it is quiet on average, and how hard they strike. */
    int64_t quiet_ns, down_ns_max, delay_ns_max;
    uint32_t strikes_max; /* a run that they draw out is not struck for ever */
    uint32_t io_chance, delay_chance;
    uint32_t bank_chance[PGL_SIM_BANK_BENDS], hook_chance;
    int64_t bank_slow_ns_max, outage_ns_max;
    uint32_t bug_chance[PGL_BUGGIFY_POINTS]; /* of most points 0 */
};

/* `allowed` are the faults that may be drawn. */
struct pgl_sim_plan pgl_sim_plan_draw(uint64_t seed, uint32_t orders, uint32_t allowed);

/* Of the next process: orders.generation may be another one at each start. */
uint32_t pgl_sim_draw_generation(struct pgl_random *random);

static inline bool pgl_sim_plan_has(const struct pgl_sim_plan *plan, enum pgl_sim_fault_kind kind)
{
    return (plan->faults & PGL_SIM_FAULT_BIT(kind)) != 0;
}

#endif
