/*
 * flow.h - what takes time within one request: a table of named steps on one loop.
 *
 * A step runs to its end and says what comes next: go on with X, wait and then X, or done. A step's
 * name is its place in logs, in the watchdog and in the console.
 *
 * Owner:    the flow lies inside its own struct (a request, a consumer); that struct frees itself
 *           in `on_done`.
 * Threads:  the loop's.
 * Bounds:   a step that waits does so at most `at_most_ns`; then `when_late` runs in its place.
 */
#ifndef PGL_RUNTIME_FLOW_H
#define PGL_RUNTIME_FLOW_H

#include "base/list.h"
#include "runtime/timers.h"

struct pgl_loop;
struct pgl_flow;

enum pgl_go_kind { PGL_GO_ON, PGL_GO_WAIT, PGL_GO_DONE };

struct pgl_go {
    enum pgl_go_kind kind;
    int step;
};

struct pgl_step {
    const char *name;
    struct pgl_go (*run)(struct pgl_flow *flow);
    int64_t at_most_ns; /* how long the flow may wait for this step; 0 for ever */
    int when_late;
};

struct pgl_flow {
    struct pgl_loop *loop;
    const struct pgl_step *steps;
    int step; /* the one that runs, or that is waited for */
    bool is_waiting;
    struct pgl_list ready;
    struct pgl_timer late;
    void (*on_done)(struct pgl_flow *flow);
};

static inline struct pgl_go pgl_go(int step)
{
    return (struct pgl_go){ PGL_GO_ON, step };
}

/* Until somebody wakes the flow; then `step` runs. */
static inline struct pgl_go pgl_wait(int step)
{
    return (struct pgl_go){ PGL_GO_WAIT, step };
}

static inline struct pgl_go pgl_done(void)
{
    return (struct pgl_go){ PGL_GO_DONE, 0 };
}

/* Runs from the next look at the ready flows on; in the same turn if it is started in one. */
void pgl_flow_start(struct pgl_flow *flow, struct pgl_loop *loop, const struct pgl_step *steps,
                    int first, void (*on_done)(struct pgl_flow *flow));

/* Runs the step that it waits for, in this turn or the next. A flow that does not wait is left
 * alone. */
void pgl_flow_wake(struct pgl_flow *flow);

/* For the loop. */
void pgl_flows_run(struct pgl_loop *loop);

#endif
