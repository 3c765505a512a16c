/*
 * run.h - one seed, from the opening of a shop until all is settled and once more read from disk.
 *
 * For:      `panglot sim`. The seed and the two options below are all that a run depends on.
 * Threads:  one; one run at a time (SQLite has one stream of random numbers for the program).
 */
#ifndef PGL_SIM_RUN_H
#define PGL_SIM_RUN_H

#include "blame.h"
#include "plan.h"

struct pgl_sim_report {
    struct pgl_sim_blame blame;
    uint64_t hash; /* of every turn, its moment, and every event that was committed */
    uint32_t orders, confirmed, failed, cancelled;
    uint32_t starts, crashes;
    uint64_t turns, commits, requests;
    int64_t virtual_ns;
    uint64_t faults[PGL_SIM_FAULT_KINDS]; /* how often each struck */
};

/* `faults`: those that may be drawn, PGL_SIM_FAULT_BITs. `watch` (may be NULL) is called now and then. */
void pgl_sim_run(uint64_t seed, uint32_t orders, uint32_t faults, struct pgl_sim_report *report,
                 void (*watch)(void *self, uint32_t orders_placed), void *self);

#endif
