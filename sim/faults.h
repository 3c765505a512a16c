/*
 * faults.h - what befalls the machine, and when it comes back.
 *
 * For:      a run. Which faults there are, and how often, is drawn by the plan; when and where they
 *           strike, here, or a script says it.
 * Owner:    the run.
 * Threads:  the outside loop's.
 */
#ifndef PGL_SIM_FAULTS_H
#define PGL_SIM_FAULTS_H

#include "bank_server.h"
#include "choices.h"
#include "machine.h"
#include "sched.h"

struct pgl_sim_faults {
    const struct pgl_sim_plan *plan;
    struct pgl_sim_choices *choices;
    struct pgl_sim_machine *machine;
    struct pgl_sim_sched *sched;
    struct pgl_sim_bank *bank;
    struct pgl_loop *loop;
    struct pgl_random random; /* strikes: when, and which */
    struct pgl_timer strike, restart, space, blackout;
    uint32_t next; /* of a script's strikes */
    uint32_t strikes;
    bool is_healed;
    bool is_armed;         /* a call of the disk is waited for that the process will not survive */
    bool power_goes_next;  /* soon after the next start */
    uint64_t calls, syncs; /* of the disk, since the run began */
    pgl_status last_start; /* how it went */
    uint64_t struck[PGL_SIM_FAULT_KINDS];
};

void pgl_sim_faults_open(struct pgl_sim_faults *faults, const struct pgl_sim_plan *plan,
                         struct pgl_sim_choices *choices, struct pgl_sim_machine *machine,
                         struct pgl_sim_sched *sched, struct pgl_sim_bank *bank,
                         struct pgl_loop *loop);

/* The machine runs; from now on it may be struck. */
void pgl_sim_faults_start(struct pgl_sim_faults *faults);

/* The process has died: the next one is started after a while. */
void pgl_sim_faults_take_down(struct pgl_sim_faults *faults);

/* No more of it, for good. What is down still comes back. */
void pgl_sim_faults_heal(struct pgl_sim_faults *faults);

/* How often each kind has really struck. */
uint64_t pgl_sim_faults_count(const struct pgl_sim_faults *faults, enum pgl_sim_fault_kind kind);

#endif
