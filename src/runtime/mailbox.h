/*
 * mailbox.h - how one loop hands work to another: the only place where threads meet.
 *
 * For:      commands to a writer, queries to a reader, replies to whoever asked.
 * Owner:    the receiving loop opens it; senders borrow the pointer.
 * Threads:  any loop may send; everything else belongs to the receiving loop.
 * Bounds:   `capacity` messages sent and not yet taken, fixed at open. A full mailbox refuses and
 *           the sender sheds load. A reply is never refused: it was asked for, and the asker holds
 *           the memory.
 * Memory:   a message is a node inside the sender's own struct, so nothing is copied. From send
 *           until the reply it belongs to the receiver.
 */
#ifndef PGL_RUNTIME_MAILBOX_H
#define PGL_RUNTIME_MAILBOX_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/status.h"

struct pgl_loop;
struct pgl_mailbox;

struct pgl_message {
    struct pgl_message *next;
    struct pgl_mailbox *to;       /* where it was sent */
    struct pgl_mailbox *reply_to; /* where it goes back; NULL for none */
};

struct pgl_mailbox {
    struct pgl_loop *loop;
    _Atomic(struct pgl_message *) head; /* last sent first */
    atomic_uint count;
    uint32_t capacity;
    /* Called in the loop's turn, message by message, in the order of sending. */
    void (*receive)(void *owner, struct pgl_message *message);
    void *owner;
    struct pgl_mailbox *next; /* of the same loop */
};

void pgl_mailbox_open(struct pgl_mailbox *mailbox, struct pgl_loop *loop, uint32_t capacity,
                      void (*receive)(void *owner, struct pgl_message *message), void *owner);

/* From `from`'s turn, whose end wakes the receiver. PGL_EXHAUSTED when full. Never waits, never
 * allocates. */
PGL_MUST_USE pgl_status pgl_mailbox_send(struct pgl_loop *from, struct pgl_mailbox *mailbox,
                                         struct pgl_message *message);

/* Gives the message back to whoever sent it. */
void pgl_message_reply(struct pgl_message *message);

/* For the loop: hands over what has come. True if anything had. */
bool pgl_mailbox_empty(struct pgl_mailbox *mailbox);

#endif
