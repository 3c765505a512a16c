/* watch.c - see watch.h. */
#include "edge/live/watch.h"

#include "base/time.h"

#define PAUSE_NS    PGL_MILLISECONDS(500)
#define ARENA_BYTES (16u << 10) /* one event, unpacked; the largest takes more for its time */
#define ARENA_MAX   (1u << 20)

/* Lies in the arena of its call. */
struct events_wait {
    struct events_watch *watch;
    struct pgl_call *call;
    struct pgl_timer late;
    struct events_wait *next;
};

static const Log logs[EVENTS_LOGS] = { LOG_ORDERS, LOG_PAYMENTS, LOG_INVENTORY };

/* ---- who waits ---- */

static void answer(struct events_wait *wait, bool has_news)
{
    struct events_watch *watch = wait->watch;
    struct events_wait **at = &watch->waiting;
    while (*at != wait)
        at = &(*at)->next;
    *at = wait->next;
    watch->count--;
    pgl_timer_clear(&watch->edge->loop->timers, &wait->late);
    struct events_wait_reply *reply = wait->call->reply;
    reply->has_news = has_news;
    pgl_call_answer(wait->call, PGL_OK);
}

static void on_late(void *owner)
{
    answer(owner, false);
}

static bool is_wanted(const struct events_watch *watch, int log)
{
    for (const struct events_wait *wait = watch->waiting; wait != NULL; wait = wait->next)
        if (((const struct events_wait_ask *)wait->call->ask)->wants[log])
            return true;
    return false;
}

/* All that want the log and know of nothing behind `high`. */
static void tell(struct events_watch *watch, int log, int64_t high)
{
    struct events_wait *next;
    for (struct events_wait *wait = watch->waiting; wait != NULL; wait = next) {
        const struct events_wait_ask *ask = wait->call->ask;
        next = wait->next;
        if (ask->wants[log] && ask->high[log] < high)
            answer(wait, true);
    }
}

/* ---- asking a log ---- */

enum { P_IDLE, P_ASK, P_HEAR, P_PAUSE };

static struct events_poll *poll_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct events_poll, flow);
}

static bool is_idle(const struct events_poll *poll)
{
    return poll->flow.is_waiting && poll->flow.step == P_IDLE;
}

static struct pgl_go poll_idle(struct pgl_flow *flow)
{
    struct events_poll *poll = poll_of(flow);
    return is_wanted(poll->watch, poll->log) ? pgl_go(P_ASK) : pgl_wait(P_IDLE);
}

static struct pgl_go poll_ask(struct pgl_flow *flow)
{
    struct events_poll *poll = poll_of(flow);
    struct pgl_edge *edge = poll->watch->edge;
    pgl_arena_reset(&poll->arena);
    poll->ask = (ReadRequest)READ_REQUEST_INIT;
    poll->ask.log = logs[poll->log];
    poll->ask.after = poll->high;
    poll->ask.max = 1;
    poll->reply = (ReadResponse)READ_RESPONSE_INIT;
    poll->call.call = (struct pgl_call){ .ask = &poll->ask,
                                         .reply = &poll->reply,
                                         .arena = &poll->arena,
                                         .deadline_ns = flow->loop->now_ns + EVENTS_POLL_NS };
    pgl_rpc_send(&edge->rpc, &edge->logs[poll->log], EVENT_LOG_SERVICE_READ, &poll->call, flow,
                 &poll->left);
    return poll->left > 0 ? pgl_wait(P_HEAR) : pgl_go(P_HEAR);
}

static struct pgl_go poll_hear(struct pgl_flow *flow)
{
    struct events_poll *poll = poll_of(flow);
    if (!pgl_is_ok(poll->call.call.status)) {
        tell(poll->watch, poll->log, INT64_MAX);
        return pgl_wait(P_PAUSE);
    }
    poll->high = poll->reply.high; /* less than before when the log was restored */
    tell(poll->watch, poll->log, poll->high);
    return pgl_go(P_IDLE);
}

static struct pgl_go poll_pause(struct pgl_flow *flow)
{
    (void)flow;
    return pgl_go(P_IDLE);
}

static const struct pgl_step poll_steps[] = {
    /*             name               does        at most   when late: the callee minds it */
    [P_IDLE] = { "events_watch.idle", poll_idle, 0, 0 },
    [P_ASK] = { "events_watch.ask", poll_ask, 0, 0 },
    [P_HEAR] = { "events_watch.hear", poll_hear, 0, 0 },
    [P_PAUSE] = { "events_watch.pause", poll_pause, PAUSE_NS, P_PAUSE },
};

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* it has no end */
}

/* ---- one more who waits ---- */

/* What has come between the asker's look and now is news at once. */
static bool is_news(struct events_watch *watch, const struct events_wait_ask *ask)
{
    for (int l = 0; l < EVENTS_LOGS; l++) {
        struct events_poll *poll = &watch->polls[l];
        if (!ask->wants[l])
            continue;
        if (is_idle(poll))
            poll->high = ask->high[l];
        if (poll->high > ask->high[l])
            return true;
    }
    return false;
}

static void take_wait(void *owner, struct pgl_message *message)
{
    struct events_watch *watch = owner;
    struct pgl_call *call = pgl_call_of(message);
    const struct events_wait_ask *ask = call->ask;
    struct events_wait_reply *reply = call->reply;
    struct events_wait *wait = pgl_arena_zalloc(call->arena, sizeof *wait);
    reply->has_news = is_news(watch, ask);
    if (reply->has_news || wait == NULL || watch->count == EVENTS_WAITS_MAX) {
        pgl_call_answer(call, reply->has_news ? PGL_OK
                              : wait == NULL  ? PGL_NO_MEMORY
                                             : PGL_FAIL(PGL_EXHAUSTED, "too many wait for events"));
        return;
    }
    *wait = (struct events_wait){ .watch = watch, .call = call, .next = watch->waiting };
    watch->waiting = wait;
    watch->count++;
    pgl_timer_set(&watch->edge->loop->timers, &wait->late, call->deadline_ns, on_late, wait);
    for (int l = 0; l < EVENTS_LOGS; l++)
        if (ask->wants[l] && is_idle(&watch->polls[l]))
            pgl_flow_wake(&watch->polls[l].flow);
}

static void never(void *service, struct pgl_call *call)
{
    (void)service, (void)call; /* the mailbox takes what is sent to it */
}

void events_watch_open(struct events_watch *watch, struct pgl_edge *edge)
{
    static const struct pgl_method wait = { PGL_METHOD_FLOW, .flow = never };
    *watch = (struct events_watch){ .edge = edge };
    watch->self = (struct pgl_endpoint){ .methods = &wait, .flows = &watch->waits };
    pgl_mailbox_open(&watch->waits, edge->loop, EVENTS_WAITS_MAX, take_wait, watch);
    for (int l = 0; l < EVENTS_LOGS; l++) {
        struct events_poll *poll = &watch->polls[l];
        poll->watch = watch;
        poll->log = l;
        pgl_arena_init(&poll->arena, ARENA_BYTES, ARENA_MAX);
        pgl_flow_start(&poll->flow, edge->loop, poll_steps, P_IDLE, on_done);
    }
    edge->events = watch;
}

void events_watch_close(struct events_watch *watch)
{
    for (int l = 0; watch->edge != NULL && l < EVENTS_LOGS; l++)
        pgl_arena_free(&watch->polls[l].arena);
}
