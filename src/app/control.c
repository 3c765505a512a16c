/* control.c - see control.h. */
#include "app/control.h"

#include "app/boot.h"

static struct pgl_control *control_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct pgl_control, flow);
}

/* ---- the way of an audit ---- */

enum { C_HOLD, C_CUT, C_AUDIT, C_ANSWER };

/* Asks each writer to hold, or to go on; the flow is woken once all have answered. */
static pgl_status ask_writers(struct pgl_control *control, bool is_wanted)
{
    control->held_count = 0;
    for (int i = 0; i < PGL_CUT_FILES; i++) {
        struct pgl_writer_hold *hold = &control->holds[i];
        *hold = (struct pgl_writer_hold){ .message.reply_to = &control->held, .is_wanted = is_wanted };
        PGL_TRY(pgl_mailbox_send(control->loop, pgl_cut_writer_holds(control->boot, i), &hold->message));
    }
    return PGL_OK;
}

static void take_held(void *owner, struct pgl_message *message)
{
    struct pgl_control *control = owner;
    (void)message;
    if (++control->held_count == PGL_CUT_FILES)
        pgl_flow_wake(&control->flow);
}
