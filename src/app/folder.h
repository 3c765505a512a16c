/*
 * folder.h - a command that looks into a folder, whether a platform runs in it or not: the files
 * are opened, or the process that has them is asked.
 *
 * Owner:    a command; blocks.
 * Bounds:   PGL_FOLDER_FREE_NS for a process that has the files and does not listen yet (a start
 *           takes the lock first, and recovers), or for another command on a stopped folder.
 */
#ifndef PGL_APP_FOLDER_H
#define PGL_APP_FOLDER_H

#include "app/boot.h"
#include "base/time.h"

#define PGL_FOLDER_FREE_NS PGL_MINUTES(2)

struct pgl_folder_look {
    const char *command;                  /* for complaints: "verify" */
    struct pgl_control_question question; /* to a running platform */
    bool is_of_edge; /* of what the edge keeps: its process is asked, wherever the files are */
    /* At a cut of a stopped one; writes what is said. */
    pgl_status (*look)(struct pgl_boot *boot, struct pgl_cut *cut, void *self,
                       struct pgl_buffer *out, bool *is_clean);
    void *self;
};

/* Prints what was said. The exit code: done when it is clean. */
int pgl_folder_look(struct pgl_platform *platform, const char *folder,
                    const struct pgl_folder_look *look);

#endif
