/* flow.c - see flow.h. */
#include "runtime/flow.h"

#include "base/assert.h"
#include "runtime/loop.h"

static void make_ready(struct pgl_flow *flow)
{
    if (pgl_list_is_empty(&flow->ready))
        pgl_list_append(&flow->loop->ready_flows, &flow->ready);
}

void pgl_flow_start(struct pgl_flow *flow, struct pgl_loop *loop, const struct pgl_step *steps,
                    int first, void (*on_done)(struct pgl_flow *flow))
{
    *flow = (struct pgl_flow){ .loop = loop, .steps = steps, .step = first, .on_done = on_done };
    pgl_list_init(&flow->ready);
    make_ready(flow);
}

void pgl_flow_wake(struct pgl_flow *flow)
{
    if (!flow->is_waiting)
        return;
    flow->is_waiting = false;
    pgl_timer_clear(&flow->loop->timers, &flow->late);
    make_ready(flow);
}

static void on_late(void *owner)
{
    struct pgl_flow *flow = owner;
    PGL_ASSERT(flow->is_waiting);
    flow->is_waiting = false;
    flow->step = flow->steps[flow->step].when_late;
    make_ready(flow);
}

static void wait_at_most(struct pgl_flow *flow, int64_t at_most_ns)
{
    struct pgl_loop *loop = flow->loop;
    if (at_most_ns == 0)
        return;
    if (pgl_loop_is_struck(loop, PGL_BUGGIFY_FLOW_LATE_AT_ONCE))
        at_most_ns = 0;
    pgl_timer_set(&loop->timers, &flow->late, loop->now_ns + at_most_ns, on_late, flow);
}

static void run(struct pgl_flow *flow)
{
    for (;;) {
        struct pgl_loop *loop = flow->loop;
        loop->step = flow->steps[flow->step].name;
        struct pgl_go next = flow->steps[flow->step].run(flow);
        switch (next.kind) {
        case PGL_GO_ON:
            flow->step = next.step;
            continue;
        case PGL_GO_WAIT:
            flow->step = next.step;
            flow->is_waiting = true;
            wait_at_most(flow, flow->steps[next.step].at_most_ns);
            return;
        case PGL_GO_DONE:
            flow->on_done(flow);
            return;
        }
    }
}

void pgl_flows_run(struct pgl_loop *loop)
{
    struct pgl_list ready; /* flows that become ready meanwhile have their turn next time */
    struct pgl_list *node;
    pgl_list_init(&ready);
    while ((node = pgl_list_take_first(&loop->ready_flows)) != NULL)
        pgl_list_append(&ready, node);
    while ((node = pgl_list_take_first(&ready)) != NULL) {
        run(PGL_CONTAINER(node, struct pgl_flow, ready));
        if (pgl_loop_is_struck(loop, PGL_BUGGIFY_LOOP_ONE_FLOW))
            break;
    }
    while ((node = pgl_list_take_first(&ready)) != NULL)
        pgl_list_append(&loop->ready_flows, node);
}
