/*
 * run.h - one seed, from the opening of a shop until all is settled and once more read from disk.
 *
 * For:      `panglot sim`. Seed, orders and faults are all that a run depends on.
 * Threads:  one; one run at a time (SQLite has one stream of random numbers for the program).
 */
#ifndef PGL_SIM_RUN_H
#define PGL_SIM_RUN_H

#include "blame.h"
#include "script.h"
#include "platform/platform.h"

struct pgl_sim_run_options {
    uint64_t seed;
    uint32_t orders;
    uint32_t faults; /* those that may be drawn, PGL_SIM_FAULT_BITs */
    /* Instead of all three, and of what would be drawn besides; sorted. NULL: none. */
    const struct pgl_sim_script *script;
    struct pgl_sim_script *record; /* what the run draws; NULL: it is not kept */
    /* What the simulated program logs; NULL: nowhere. */
    void (*log_write)(struct pgl_platform *platform, struct pgl_text line);
    /* Called now and then; NULL: nobody. */
    void (*watch)(void *self, uint32_t orders_placed);
    void *self;
};

struct pgl_sim_report {
    struct pgl_sim_blame blame;
    uint64_t hash; /* of every turn, its moment, every event committed, and the calls of the disk */
    uint32_t placed, orders, confirmed, failed, cancelled;
    uint32_t starts, crashes;
    uint64_t turns, commits, requests;
    uint64_t messages, deliveries; /* of streams; of webhooks to who listens */
    int64_t virtual_ns;
    uint64_t faults[PGL_SIM_FAULT_KINDS]; /* how often each struck */
    uint64_t bugs[PGL_BUGGIFY_POINTS];
};

void pgl_sim_run(const struct pgl_sim_run_options *options, struct pgl_sim_report *report);

#endif
