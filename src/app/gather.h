/*
 * gather.h - the files of a platform whose roles are processes of their own, as of one moment, in
 * one folder: each process holds its writers, and once all do, each goes on and copies what it had.
 *
 * For:      commands that look into a folder (folder.h).
 * Owner:    a command; blocks. One gathers at a time, whoever else wants to waits for it.
 * Bounds:   PGL_GATHER_TURN_NS until it is our turn; PGL_CONTROL_JOINT_NS from the first to the
 *           last that holds; the room on the disk.
 */
#ifndef PGL_APP_GATHER_H
#define PGL_APP_GATHER_H

#include "app/boot.h"

#define PGL_GATHER_TURN_NS PGL_MINUTES(2)

/* Whether a process of some role runs there. */
bool pgl_gather_has_any(struct pgl_platform *platform, struct pgl_arena *arena, const char *folder);

/* Into FOLDER/gathered, whose path is put into `to`. PGL_NOT_FOUND: no process with some of the
 * roles runs there. PGL_UNAVAILABLE: some of the files nobody has, they could not all hold, or
 * others gather all the time. It is our turn until the lock is given back. */
PGL_MUST_USE pgl_status pgl_gather(struct pgl_platform *platform, struct pgl_arena *arena,
                                   const char *folder, const char **to, pgl_disk_lock *turn);
/* What is in it, and the folder. */
void pgl_gather_forget(struct pgl_platform *platform, struct pgl_arena *arena, const char *to);

#endif
