/* drain.c - see drain.h. */
#include "app/drain.h"

#include "base/time.h"

#define LOOK_NS PGL_MILLISECONDS(10)

enum { DRAIN_TELL, DRAIN_NOTICE, DRAIN_CLOSE, DRAIN_LOOK, DRAIN_STOP };

static struct pgl_drain *drain_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct pgl_drain, flow);
}

static struct pgl_go drain_tell(struct pgl_flow *flow)
{
    struct pgl_drain *drain = drain_of(flow);
    if (drain->options.not_ready != NULL)
        drain->options.not_ready(drain->options.self);
    drain->until_ns = flow->loop->now_ns + drain->options.notice_ns;
    return pgl_go(DRAIN_NOTICE);
}

/* Nobody wakes it: it looks again when it is late. */
static struct pgl_go drain_notice(struct pgl_flow *flow)
{
    const struct pgl_drain *drain = drain_of(flow);
    bool is_over = drain->is_hurried || flow->loop->now_ns >= drain->until_ns;
    return is_over ? pgl_go(DRAIN_CLOSE) : pgl_wait(DRAIN_NOTICE);
}

static struct pgl_go drain_close(struct pgl_flow *flow)
{
    struct pgl_drain *drain = drain_of(flow);
    drain->options.close(drain->options.self);
    drain->until_ns = flow->loop->now_ns + drain->options.at_most_ns;
    return pgl_go(DRAIN_LOOK);
}

static struct pgl_go drain_look(struct pgl_flow *flow)
{
    const struct pgl_drain *drain = drain_of(flow);
    if (drain->options.is_idle(drain->options.self))
        return pgl_go(DRAIN_STOP);
    if (!drain->is_hurried && flow->loop->now_ns < drain->until_ns)
        return pgl_wait(DRAIN_LOOK);
    pgl_log(&flow->loop->log, PGL_LOG_WARN, "app", "drain-cut", "why=%s",
            drain->is_hurried ? "hurried" : "late");
    return pgl_go(DRAIN_STOP);
}

static struct pgl_go drain_stop(struct pgl_flow *flow)
{
    const struct pgl_drain *drain = drain_of(flow);
    for (int t = 0; t < drain->options.thread_count; t++)
        pgl_thread_stop(&drain->options.threads[t]);
    return pgl_done();
}

static const struct pgl_step drain_steps[] = {
    /*                 name            does          at most  when late */
    [DRAIN_TELL] = { "drain.tell", drain_tell, 0, 0 },
    [DRAIN_NOTICE] = { "drain.notice", drain_notice, LOOK_NS, DRAIN_NOTICE },
    [DRAIN_CLOSE] = { "drain.close", drain_close, 0, 0 },
    [DRAIN_LOOK] = { "drain.look", drain_look, LOOK_NS, DRAIN_LOOK },
    [DRAIN_STOP] = { "drain.stop", drain_stop, 0, 0 },
};

static void on_drained(struct pgl_flow *flow)
{
    (void)flow; /* part of what is closed by whoever opened it */
}

static void take_wish(void *owner, struct pgl_message *message)
{
    struct pgl_drain *drain = owner;
    (void)message;
    drain->is_hurried = drain->is_begun;
    if (!drain->is_begun)
        pgl_flow_start(&drain->flow, drain->loop, drain_steps, DRAIN_TELL, on_drained);
    drain->is_begun = true;
}

void pgl_drain_open(struct pgl_drain *drain, struct pgl_loop *loop,
                    const struct pgl_drain_options *options)
{
    *drain = (struct pgl_drain){ .options = *options, .loop = loop };
    pgl_mailbox_open(&drain->wishes, loop, 2, take_wish, drain);
}

void pgl_drain_change(struct pgl_drain *drain, int64_t notice_ns, int64_t at_most_ns)
{
    drain->options.notice_ns = notice_ns;
    drain->options.at_most_ns = at_most_ns;
}

void pgl_drain_ask(struct pgl_drain *drain)
{
    if (drain->asked == 2)
        return; /* more haste is not to be had */
    pgl_status sent =
        pgl_mailbox_send(NULL, &drain->wishes, drain->asked == 0 ? &drain->first : &drain->second);
    (void)sent; /* there is room for both */
    drain->asked++;
}
