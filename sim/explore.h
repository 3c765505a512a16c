/*
 * explore.h - follows every move of one order, whatever the adversary does, and checks all states
 * that are met.
 *
 * For:      `panglot sim --explore` and the tests. Breadth first, so the trace of a mistake is as
 *           short as can be. Checked: the invariants in each state; that from each state a settled
 *           one can be reached without luck; that what is settled stays so.
 * Owner:    the caller of pgl_explore; nothing is kept.
 * Threads:  any, one exploration each.
 * Bounds:   `states_max`; beyond it the exploration ends with PGL_EXHAUSTED.
 * Memory:   about 150 bytes a state and 8 a transition, freed at the end.
 */
#ifndef PGL_SIM_EXPLORE_H
#define PGL_SIM_EXPLORE_H

#include "base/buffer.h"
#include "base/status.h"
#include "one_order.h"

/* Ten times the largest exploration in use; a mistake can make the states endless. */
#define PGL_EXPLORE_STATES_MAX 3000000

struct pgl_explore_options {
    struct pgl_adversary adversary;
    uint32_t states_max;
    /* Called for each state, in the order met; NULL is allowed. */
    void (*on_state)(void *context, const struct pgl_one_order *state);
    void *context;
};

struct pgl_explore_report {
    uint32_t states, settled;
    uint64_t transitions;
    const char *wrong; /* NULL: all holds */
    struct pgl_buffer
        *story; /* given by the caller: gets the shortest way to what is wrong, in words */
};

PGL_MUST_USE pgl_status pgl_explore(const struct pgl_explore_options *options,
                                    struct pgl_explore_report *report);

/* The explorations in use, by name. */
struct pgl_exploration {
    const char *name;
    struct pgl_adversary adversary;
};

#define PGL_EXPLORATION_COUNT 5
extern const struct pgl_exploration pgl_explorations[PGL_EXPLORATION_COUNT];

#endif
