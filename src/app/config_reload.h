/*
 * config_reload.h - settings that change while the platform runs: on SIGHUP all origins are read
 * again, and each setting that has another value is taken over, or said to need a new start.
 *
 * Owner:    serve_command.c.
 * Threads:  opened before the loops run; then that of the reload's loop.
 * Bounds:   two copies of the table's values.
 * Errors:   a file that is wrong changes nothing.
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
    struct pgl_config fresh;
    struct pgl_arena arena; /* of `known` */
    const char *known[PGL_SETTINGS_MAX];
};

/* Takes over what can change, as `config` has it, and adds itself to the boot's reload. The other
 * fields are filled in. */
void pgl_config_reload_open(struct pgl_config_reload *reload, struct pgl_config *config);
/* When no loop runs any more; also when it was never opened. */
void pgl_config_reload_close(struct pgl_config_reload *reload);

#endif
