/* nudge.c - see nudge.h. */
#include "services/payments/nudge.h"

static void send(void *self)
{
    struct payment_nudge *nudge = self;
    if (!nudge->is_wanted || nudge->is_out)
        return;
    if (pgl_loop_is_struck(nudge->loop, PGL_BUGGIFY_NUDGE_LOST)) {
        nudge->is_wanted = false; /* the worker looks by itself, a little later */
        return;
    }
    nudge->message.reply_to = &nudge->returns;
    pgl_status sent = pgl_mailbox_send(nudge->loop, nudge->worker, &nudge->message);
    nudge->is_out = pgl_is_ok(sent);
    nudge->is_wanted = !nudge->is_out; /* its mailbox has room for this one, and nobody else's */
}

static void take_home(void *owner, struct pgl_message *message)
{
    struct payment_nudge *nudge = owner;
    (void)message;
    nudge->is_out = false;
    send(nudge);
}

void payment_nudge_open(struct payment_nudge *nudge, struct pgl_writer *writer,
                        struct pgl_mailbox *worker)
{
    nudge->loop = writer->loop;
    nudge->worker = worker;
    nudge->participant = (struct pgl_participant){ .self = nudge, .committed = send };
    pgl_mailbox_open(&nudge->returns, writer->loop, 0, take_home, nudge);
    pgl_writer_join(writer, &nudge->participant);
}
