/*
 * nudge.h - tells the worker, behind a commit, that there is something for it to do. One message,
 * which comes home before it is sent again: the worker may be slow, and is told once.
 *
 * Owner:    the desk; a participant of the writer's transactions.
 * Threads:  the writer's.
 */
#ifndef PGL_PAYMENTS_NUDGE_H
#define PGL_PAYMENTS_NUDGE_H

#include "store/writer.h"

struct payment_nudge {
    struct pgl_participant participant;
    struct pgl_loop *loop;      /* the writer's */
    struct pgl_mailbox *worker; /* NULL: nobody works */
    struct pgl_mailbox returns; /* where the message comes home */
    struct pgl_message message;
    bool is_out;
    bool is_wanted; /* set in a transaction; one that is rolled back may leave it set */
};

void payment_nudge_open(struct payment_nudge *nudge, struct pgl_writer *writer,
                        struct pgl_mailbox *worker);

#endif
