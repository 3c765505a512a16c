/*
 * config_reload.h - settings that change while the platform runs: on SIGHUP all origins are read
 * again; what may change does (PGL_SETTING_RELOADABLE), and the others are said to need a new
 * start.
 *
 * Owner:    serve_command.c.
 * Threads:  opened before the loops run; then that of the reload's loop. The loops of the edge and
 *           of effects take over between two turns, by message.
 * Bounds:   two copies of all settings: those that run, and the next. Asked again before all have
 *           taken over, it reads once more behind that.
 * Errors:   a file that is wrong, in itself or beside what cannot change, changes nothing.
 */
#ifndef PGL_APP_CONFIG_RELOAD_H
#define PGL_APP_CONFIG_RELOAD_H

#include "app/config.h"

struct pgl_config_reload {
    struct pgl_boot *boot;
    const struct pgl_command *face;
    int argc;
    char **argv;
    const char *(*environment)(const char *name);

    /* What follows is its own. */
    const struct pgl_config *running; /* as it was started, or one of the two rooms */
    struct pgl_config rooms[2];
    struct pgl_config *next;                   /* that others are about to take over; NULL */
    struct pgl_mailbox edge, effects, returns; /* of their loops, and of ours */
    struct pgl_message to_edge, to_effects;
    int out_count;       /* of the two */
    bool is_asked_again; /* meanwhile */
};

/* `config` is what the boot was opened with, and outlives it. Adds itself to the boot's reload. The
 * other fields are filled in. */
void pgl_config_reload_open(struct pgl_config_reload *reload, const struct pgl_config *config);
/* When no loop runs any more; also when it was never opened. */
void pgl_config_reload_close(struct pgl_config_reload *reload);

#endif
