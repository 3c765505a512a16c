/*
 * disk_platform.h - a simulated disk as a platform knows it: files that are no databases, and the
 * time that the disk sees and takes, which is a twin's.
 *
 * Owner:    whoever holds the struct, beside the twin; the disk is opened first.
 * Threads:  one.
 */
#ifndef PGL_SIM_DISK_PLATFORM_H
#define PGL_SIM_DISK_PLATFORM_H

#include "disk.h"
#include "platform/twin.h"

struct pgl_sim_files {
    struct pgl_disk base; /* what the platform is given */
    struct pgl_sim_disk *disk;
};

/* The twin's platform has these files from now on; databases are opened by `vfs_name`. */
void pgl_sim_files_give(struct pgl_sim_files *files, struct pgl_sim_disk *disk,
                        const char *vfs_name, struct pgl_twin *twin);

/* The world of a disk whose machine lives in this twin's time. */
struct pgl_sim_world pgl_sim_world_of(struct pgl_twin *twin);

#endif
