/*
 * purposes.h - who draws numbers from a seed. Each has a stream of its own, so that a draw added in
 * one place does not reshuffle the others.
 */
#ifndef PGL_SIM_PURPOSES_H
#define PGL_SIM_PURPOSES_H

/* Below 2^16; a stream of many of its kind has its number above. */
enum pgl_sim_purpose {
    PGL_SIM_DRAWS_PLAN = 0x100,
    PGL_SIM_DRAWS_TURNS,
    PGL_SIM_DRAWS_FAULTS,
    PGL_SIM_DRAWS_CUSTOMERS,
    PGL_SIM_DRAWS_NETWORK,
    PGL_SIM_DRAWS_MOVES,
    PGL_SIM_DRAWS_CHOICES,
    PGL_SIM_DRAWS_STARTS,
    PGL_SIM_DRAWS_WISHES,
    PGL_SIM_DRAWS_RETURNS,
    PGL_SIM_DRAWS_FOLLOWERS
};

#endif
