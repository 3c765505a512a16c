/*
 * shrink.h - of a run that went wrong, the little that it takes: faults, orders and amounts are
 * left out as long as the same rule is still violated.
 *
 * For:      `panglot sim --shrink`; its script becomes a test in tests/sim.
 * Method:   first other seeds with very few orders are tried, in case one violates the same rule:
 *           hardly anything is left to be left out. Then delta debugging over the run's script
 *           (script.h), from the largest pieces to single ones, and all over again while something
 *           can still be left out.
 * Bounds:   PGL_SIM_SHRINK_RUNS_MAX runs, and PGL_SIM_SHRINK_ORDERS_MAX orders in all of them, the
 *           hunt's not counted, which has its own table; then the smallest so far.
 */
#ifndef PGL_SIM_SHRINK_H
#define PGL_SIM_SHRINK_H

#include "run.h"

#define PGL_SIM_SHRINK_RUNS_MAX   2000
#define PGL_SIM_SHRINK_ORDERS_MAX 60000

struct pgl_sim_shrunk {
    struct pgl_sim_script script; /* the caller closes it */
    struct pgl_sim_report report; /* of its run */
    uint32_t runs;
};

/* How a run is made: pgl_sim_run, or that in a process of its own, which it may end. */
typedef void pgl_sim_runner(const struct pgl_sim_run_options *options,
                            struct pgl_sim_report *report);

/* False when the run as it is violates nothing; then there is a script all the same, the whole. */
PGL_MUST_USE bool pgl_sim_shrink(const struct pgl_sim_run_options *options, pgl_sim_runner *run,
                                 struct pgl_sim_shrunk *shrunk);

#endif
