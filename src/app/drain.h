/*
 * drain.h - how a process ends: it says that it is not ready any more, closes its doors, answers
 * what is in flight, and stops its threads.
 *
 * For:      the platform and the payment provider; what they close and stop is theirs to say.
 * Owner:    whoever stops; the struct lives as long as the loop.
 * Threads:  pgl_drain_ask: one thread, beside the loop. All else: the loop's.
 * Bounds:   `notice_ns` and `at_most_ns`; then what is still in flight is cut off. Asked a second
 *           time it is cut off at once.
 */
#ifndef PGL_APP_DRAIN_H
#define PGL_APP_DRAIN_H

#include "runtime/flow.h"
#include "runtime/loop.h"
#include "runtime/thread.h"

struct pgl_drain_options {
    int64_t notice_ns;  /* not ready, but open: so that balancers send their next to others */
    int64_t at_most_ns; /* for what is in flight, from closing on */
    void *self;
    void (*not_ready)(void *self); /* whoever asks hears so; NULL where nobody does */
    void (*close)(void *self);     /* nobody else comes in, and who has no more to ask goes */
    bool (*is_idle)(void *self);
    struct pgl_thread *threads;
    int thread_count;
};

struct pgl_drain {
    struct pgl_drain_options options;

    /* What follows is its own. */
    struct pgl_loop *loop;
    struct pgl_mailbox wishes;
    struct pgl_message first, second;
    int asked;
    struct pgl_flow flow;
    int64_t until_ns;
    bool is_begun, is_hurried;
};

void pgl_drain_open(struct pgl_drain *drain, struct pgl_loop *loop,
                    const struct pgl_drain_options *options);
/* From its loop: other times, for an end that has not begun. */
void pgl_drain_change(struct pgl_drain *drain, int64_t notice_ns, int64_t at_most_ns);
void pgl_drain_ask(struct pgl_drain *drain);

#endif
