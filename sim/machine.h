/*
 * machine.h - one simulated machine and the one process on it: the whole program, over a disk that
 * can forget and a clock and a network in memory.
 *
 * Owner:    the run.
 * Threads:  one.
 * Errors:   a process that cannot start is dead again; whether it should have been able to is the
 *           run's to say.
 */
#ifndef PGL_SIM_MACHINE_H
#define PGL_SIM_MACHINE_H

#include "app/boot.h"
#include "disk_platform.h"
#include "plan.h"
#include "platform/twin.h"

#define PGL_SIM_PORT 8080

enum pgl_sim_death { PGL_SIM_KILLED, PGL_SIM_WITHOUT_POWER };

struct pgl_sim_machine {
    struct pgl_twin twin;
    struct pgl_sim_files files; /* what the platform is given; below it: */
    struct pgl_sim_disk *disk;
    char vfs_name[64]; /* the program's own VFS over that of the disk */
    struct pgl_boot_options options;
    uint32_t ring_slots, ring_bytes; /* of each log */
    struct pgl_boot *boot;           /* of the living process */
    bool is_up;
    uint32_t starts, failed_starts, deaths;

    /* In a start, before any loop runs; and when a process has died. */
    void (*on_up)(void *self);
    void (*on_down)(void *self, enum pgl_sim_death death);
    void *self;
};

/* The process is not started. */
void pgl_sim_machine_open(struct pgl_sim_machine *machine, const struct pgl_sim_plan *plan);
void pgl_sim_machine_close(struct pgl_sim_machine *machine);

/* A new process on what the last one has left. `prepare` (may be NULL) runs before the loops do. */
PGL_MUST_USE pgl_status pgl_sim_machine_start(struct pgl_sim_machine *machine,
                                              pgl_status (*prepare)(struct pgl_boot *boot,
                                                                    void *self),
                                              void *self);

/* The end of the process by something that happened in it: a call of the disk that it did not
 * survive, or an error after which it must not go on. */
bool pgl_sim_machine_is_dying(const struct pgl_sim_machine *machine);

/* Its connections drop; what was sent before still arrives, unless the power is gone. Nothing when
 * it is down, but that a machine without power forgets. */
void pgl_sim_machine_end(struct pgl_sim_machine *machine, enum pgl_sim_death death);

#endif
