/*
 * control_tasks.h - what may be asked of a cut, as a table; for control.c.
 */
#ifndef PGL_APP_CONTROL_TASKS_H
#define PGL_APP_CONTROL_TASKS_H

#include "app/control.h"

struct pgl_control_task {
    enum pgl_http_method method;
    const char *path;
    bool is_shared;   /* one look answers everybody who waits for it */
    bool is_streamed; /* lines of progress while it lasts, then "done" or "failed: why" */
    bool is_joint;    /* streamed; says "held", and holds until it is told that all others do */
    uint32_t roles;   /* a process that has all of these can do it */
    pgl_status (*begin)(struct pgl_control *control); /* NULL: nothing */
    /* Of the first asker. Long; but the writers are on their way, and nobody else is on this
     * thread. */
    pgl_status (*go_on)(struct pgl_control *control, bool *is_done);
    void (*end)(struct pgl_control *control); /* NULL: nothing; behind a begin that failed, too */
    void (*write)(struct pgl_control *control, bool is_text, struct pgl_buffer *out);
};

extern const struct pgl_control_task pgl_control_tasks[];

/* NULL when there is none, or none for a process with these roles. */
const struct pgl_control_task *pgl_control_task_find(const struct pgl_http_exchange *exchange,
                                                     uint32_t roles);

#endif
