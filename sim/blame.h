/*
 * blame.h - the first thing that was found wrong in a run. What follows from it says nothing new.
 */
#ifndef PGL_SIM_BLAME_H
#define PGL_SIM_BLAME_H

#include <stdbool.h>

#define PGL_SIM_BLAME_BYTES 512

struct pgl_sim_blame {
    bool is_set;
    char text[PGL_SIM_BLAME_BYTES];
};

/* "A2: order 17 is CONFIRMED, its payment VOIDED": the rule first, as docs/verify.md, counts
 * them. */
void pgl_sim_blame(struct pgl_sim_blame *blame, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
