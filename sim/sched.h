/*
 * sched.h - whose turn it is: all loops of a machine on one thread, and time that passes when
 * nobody has anything to do.
 *
 * For:      a run. The loop "outside" holds what is not the program: its customers, and what
 *           befalls it.
 * Threads:  one.
 * Repeats:  the same seed and the same loops give the same turns at the same moments; `trace` tells
 *           whether they were.
 */
#ifndef PGL_SIM_SCHED_H
#define PGL_SIM_SCHED_H

#include "base/random.h"
#include "machine.h"

#define PGL_SIM_LOOP_OUTSIDE PGL_LOOP_COUNT /* behind those of the process */
#define PGL_SIM_LOOP_COUNT   (PGL_LOOP_COUNT + 1)

struct pgl_sim_sched {
    struct pgl_sim_machine *machine;
    struct pgl_loop *outside;
    struct pgl_random random;
    /* The first that can, in an order that changes now and then; else any that can. */
    bool is_by_priority;
    int64_t turn_ns_max;
    uint64_t turns, trace;

    /* What follows is the scheduler's own, a place a loop. */
    bool has_more[PGL_SIM_LOOP_COUNT];
    int64_t held_until_ns[PGL_SIM_LOOP_COUNT];
    uint32_t rank[PGL_SIM_LOOP_COUNT];
    uint64_t reshuffle_at;
};

void pgl_sim_sched_open(struct pgl_sim_sched *sched, const struct pgl_sim_plan *plan,
                        struct pgl_sim_machine *machine, struct pgl_loop *outside);

/* One turn of one loop, or a jump to the next moment at which something is due. False when nothing
 * ever will be. */
bool pgl_sim_sched_step(struct pgl_sim_sched *sched);

/* The process has ended: its loops are gone, and what they had to do. */
void pgl_sim_sched_forget(struct pgl_sim_sched *sched);

/* No order any more: from now on whoever can run does so sooner or later, as on a machine with a
 * fair scheduler. Whether all comes to its end in time is asked from here on, and of no other. */
void pgl_sim_sched_heal(struct pgl_sim_sched *sched);

/* This loop has no turn until then; PGL_LOOP_... */
void pgl_sim_sched_hold(struct pgl_sim_sched *sched, int loop, int64_t until_ns);

/* Something that happened becomes part of the trace. */
void pgl_sim_sched_note(struct pgl_sim_sched *sched, uint64_t what);

#endif
