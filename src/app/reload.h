/*
 * reload.h - what is read again while the platform runs, on SIGHUP: a table of those who do so.
 *
 * For:      certificates, settings, keys.
 * Owner:    the boot. Its loop may wait for the disk, so nobody else waits for it.
 * Threads:  pgl_reload_add before the loops run; pgl_reload_ask: any. All else: the loop's.
 * Bounds:   PGL_RELOADS_MAX; asked again while it reads, it reads once more.
 * Rule:     what was read and is wrong changes nothing; it is said on a line of the log. What other
 *           loops use goes to them by message.
 */
#ifndef PGL_APP_RELOAD_H
#define PGL_APP_RELOAD_H

#include "runtime/loop.h"

#define PGL_RELOADS_MAX 16

struct pgl_reload {
    struct pgl_loop *loop;

    /* What follows is its own. */
    struct pgl_mailbox asks;
    struct pgl_message ask;
    struct pgl_reload_row {
        const char *what;
        pgl_status (*run)(void *self);
        void *self;
    } rows[PGL_RELOADS_MAX];
    int row_count;
};

void pgl_reload_open(struct pgl_reload *reload, struct pgl_loop *loop);
/* In the order of adding. */
void pgl_reload_add(struct pgl_reload *reload, const char *what, pgl_status (*run)(void *self),
                    void *self);
void pgl_reload_ask(struct pgl_reload *reload);

#endif
