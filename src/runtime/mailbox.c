/* mailbox.c - a stack that many push to and one takes whole; reversed, it is in order again. */
#include "runtime/mailbox.h"

#include "base/assert.h"
#include "runtime/loop.h"

void pgl_mailbox_open(struct pgl_mailbox *mailbox, struct pgl_loop *loop, uint32_t capacity,
                      void (*receive)(void *owner, struct pgl_message *message), void *owner)
{
    mailbox->loop = loop;
    atomic_init(&mailbox->head, NULL);
    atomic_init(&mailbox->count, 0);
    mailbox->capacity = capacity;
    mailbox->receive = receive;
    mailbox->owner = owner;
    mailbox->next = loop->mailboxes;
    loop->mailboxes = mailbox;
}

static void push(struct pgl_loop *from, struct pgl_mailbox *mailbox, struct pgl_message *message)
{
    message->to = mailbox;
    struct pgl_message *head = atomic_load_explicit(&mailbox->head, memory_order_relaxed);
    do
        message->next = head;
    while (!atomic_compare_exchange_weak_explicit(&mailbox->head, &head, message,
                                                  memory_order_seq_cst, memory_order_relaxed));
    pgl_loop_wake_later(from, mailbox->loop);
}

pgl_status pgl_mailbox_send(struct pgl_loop *from, struct pgl_mailbox *mailbox,
                            struct pgl_message *message)
{
    if (atomic_fetch_add_explicit(&mailbox->count, 1, memory_order_relaxed) >= mailbox->capacity) {
        atomic_fetch_sub_explicit(&mailbox->count, 1, memory_order_relaxed);
        return PGL_FAIL(PGL_EXHAUSTED, "too much is waiting already");
    }
    push(from, mailbox, message);
    return PGL_OK;
}

void pgl_message_reply(struct pgl_message *message)
{
    PGL_ASSERT(message->reply_to != NULL);
    struct pgl_mailbox *back = message->reply_to;
    atomic_fetch_add_explicit(&back->count, 1, memory_order_relaxed);
    push(message->to->loop, back, message);
}

bool pgl_mailbox_empty(struct pgl_mailbox *mailbox)
{
    struct pgl_message *head = atomic_exchange_explicit(&mailbox->head, NULL, memory_order_acquire);
    if (head == NULL)
        return false;
    struct pgl_message *first = NULL;
    uint32_t taken = 0;
    while (head != NULL) {
        struct pgl_message *next = head->next;
        head->next = first;
        first = head;
        head = next;
        taken++;
    }
    atomic_fetch_sub_explicit(&mailbox->count, taken, memory_order_relaxed);
    while (first != NULL) {
        struct pgl_message *next = first->next;
        mailbox->receive(mailbox->owner, first);
        first = next;
    }
    return true;
}
