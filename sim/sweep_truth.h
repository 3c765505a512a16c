/*
 * sweep_truth.h - what must hold when a shop has come to rest, read from its files alone: over a
 * connection of its own, with statements of its own. It knows the tables and docs/saga.md, and
 * shares no code with the services.
 *
 * Threads:  one, between two turns of the shop.
 */
#ifndef PGL_SIM_SWEEP_TRUTH_H
#define PGL_SIM_SWEEP_TRUTH_H

#include "sweep_story.h"

/* NULL, or what is wrong, in telling->found. `is_undisturbed`: it has to end as usual. */
const char *pgl_truth_find_wrong(struct pgl_telling *telling, bool is_undisturbed);

#endif
