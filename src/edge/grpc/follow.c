/*
 * follow.c - a server's streams over long polls: the changes of an order, and a log from a position
 * on. The client's window is the pace: nothing is asked for while it does not read.
 */
#include "contract/events.h"
#include "contract/orders.h"

#include "base/time.h"
#include "edge/grpc/services.h"

#define POLL_NS                PGL_SECONDS(1) /* how soon it sees that it is to end */
#define POLL_ARENA_CHUNK_BYTES 4096
#define POLL_ARENA_LIMIT_BYTES (4u << 20)
#define EVENTS_AT_ONCE         64 /* of a log in one message: 1 MiB holds the largest of them */

struct follow;

/* What one kind of stream does in its own way. */
struct follow_kind {
    int method;
    const ProtobufCMessageDescriptor *reply;
    const void *(*question)(struct follow *follow); /* NULL without memory */
    /* Sends the next message of what has come, or says that there is none. */
    pgl_status (*tell)(struct follow *follow, bool *is_told);
};

/* Lies in the arena of its call. */
struct follow {
    struct pgl_flow flow;
    struct edge_grpc_request *of;
    const struct follow_kind *kind;
    const struct pgl_endpoint *endpoint;
    struct pgl_rpc_call call;
    int left;
    void *reply;
    size_t told;            /* of the reply */
    struct pgl_arena arena; /* of one poll */
    int64_t after;
    bool goes_beyond; /* the order's confirmation */
    bool is_over;     /* behind what has come there is nothing more */
};

enum { F_CHECK, F_CHECKED, F_ANSWERED, F_TELL };

static struct follow *follow_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct follow, flow);
}

/* The status may tell in words that lie in the arena of the poll, as the caller does. */
static struct pgl_go end(struct follow *follow, pgl_status status)
{
    if (status.text != NULL)
        status.text = pgl_arena_string(follow->of->request.arena, pgl_text_of(status.text));
    follow->of->request.caller = (Caller)CALLER_INIT;
    pgl_arena_free(&follow->arena);
    edge_grpc_stream_end(follow->of, status);
    return pgl_done();
}

/* In words of the reason: the client went away, or the time is up, or we are. */
static struct pgl_go end_early(struct follow *follow)
{
    const struct pgl_grpc_call *call = follow->of->call;
    if (call->exchange->is_abandoned)
        return end(follow, PGL_FAIL(PGL_CANCELLED, "the client went away"));
    if (call->is_stopped)
        return end(follow, PGL_FAIL(PGL_DEADLINE, "the time that was given is over"));
    if (!follow->of->request.edge->http.is_draining)
        return end(follow, PGL_FAIL(PGL_UNAVAILABLE, "the connection has had its time: go on from "
                                                     "here over another one"));
    return end(follow, PGL_FAIL(PGL_UNAVAILABLE, "the server goes down: go on elsewhere"));
}

static struct pgl_go ask(struct follow *follow)
{
    struct pgl_edge *edge = follow->of->request.edge;
    const void *question = follow->kind->question(follow);
    follow->reply = pgl_message_new(follow->kind->reply, &follow->arena);
    follow->told = 0;
    if (question == NULL || follow->reply == NULL)
        return end(follow, PGL_NO_MEMORY);
    follow->call.call = (struct pgl_call){ .ask = question,
                                           .reply = follow->reply,
                                           .arena = &follow->arena,
                                           .deadline_ns = edge->loop->now_ns + POLL_NS,
                                           .trace = follow->of->request.trace };
    pgl_rpc_send(&edge->rpc, follow->endpoint, follow->kind->method, &follow->call, &follow->flow,
                 &follow->left);
    return follow->left > 0 ? pgl_wait(F_ANSWERED) : pgl_go(F_ANSWERED);
}

static struct pgl_go after_check(struct follow *follow)
{
    const struct edge_identify *identify = &follow->of->request.identify;
    if (!identify->is_done)
        return pgl_wait(F_CHECKED);
    return pgl_is_ok(identify->status) ? ask(follow) : end(follow, identify->status);
}

/* Before each poll: a token that has ended meanwhile and a key that was revoked end the stream. */
static struct pgl_go follow_check(struct pgl_flow *flow)
{
    struct follow *follow = follow_of(flow);
    struct pgl_request *request = &follow->of->request;
    if (edge_grpc_is_over(follow->of))
        return end_early(follow);
    pgl_arena_reset(&follow->arena);
    request->identify.arena = &follow->arena;
    request->identify.flow = flow;
    edge_identify_again(request->edge, &request->identify);
    return after_check(follow);
}

static struct pgl_go follow_checked(struct pgl_flow *flow)
{
    struct follow *follow = follow_of(flow);
    struct pgl_request *request = &follow->of->request;
    edge_identify_next(request->edge, &request->identify);
    return after_check(follow);
}

static struct pgl_go follow_answered(struct pgl_flow *flow)
{
    struct follow *follow = follow_of(flow);
    if (follow->left > 0) /* it was the client that woke us; the answer is still to come */
        return pgl_wait(F_ANSWERED);
    if (!pgl_is_ok(follow->call.call.status))
        return end(follow, follow->call.call.status);
    return pgl_go(F_TELL);
}

static struct pgl_go follow_tell(struct pgl_flow *flow)
{
    struct follow *follow = follow_of(flow);
    bool is_told = true;
    while (is_told) {
        pgl_status status = follow->kind->tell(follow, &is_told);
        if (status.code == PGL_EXHAUSTED && !edge_grpc_is_over(follow->of))
            return pgl_wait(F_TELL); /* until there is room */
        if (!pgl_is_ok(status))
            return edge_grpc_is_over(follow->of) ? end_early(follow) : end(follow, status);
    }
    return follow->is_over ? end(follow, PGL_OK) : pgl_go(F_CHECK);
}

static const struct pgl_step follow_steps[] = {
    /*               name               does             at most  when late: a callee minds the
     *               deadline */
    [F_CHECK] = { "follow.check", follow_check, 0, 0 },
    [F_CHECKED] = { "follow.checked", follow_checked, 0, 0 },
    [F_ANSWERED] = { "follow.answered", follow_answered, 0, 0 },
    [F_TELL] = { "follow.tell", follow_tell, 0, 0 },
};

static void wake(struct edge_grpc_request *of)
{
    struct follow *follow = of->request.view;
    if (of->request.exchange->is_abandoned)
        pgl_rpc_give_up(&follow->call);
    pgl_flow_wake(&follow->flow);
}

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* its memory went with the exchange */
}

static pgl_status start(struct edge_grpc_request *of, const struct follow_kind *kind,
                        const struct pgl_endpoint *endpoint, int64_t after, bool goes_beyond)
{
    struct follow *follow = pgl_arena_zalloc(of->request.arena, sizeof *follow);
    if (follow == NULL)
        return PGL_NO_MEMORY;
    edge_grpc_stream_begin(of);
    follow->of = of;
    follow->kind = kind;
    follow->endpoint = endpoint;
    follow->after = after;
    follow->goes_beyond = goes_beyond;
    pgl_arena_init(&follow->arena, POLL_ARENA_CHUNK_BYTES, POLL_ARENA_LIMIT_BYTES);
    of->request.view = follow;
    of->wake = wake;
    pgl_flow_start(&follow->flow, of->request.edge->loop, follow_steps, F_CHECK, on_done);
    return PGL_OK;
}

/* ---- the changes of one order ---- */

static bool is_final(OrderStatus status)
{
    return status == ORDER_STATUS_CONFIRMED || status == ORDER_STATUS_FAILED ||
           status == ORDER_STATUS_CANCELLED;
}

/* Nothing is to come that somebody would wait for. */
static bool is_over(bool goes_beyond, OrderStatus status, bool is_fulfilled)
{
    return is_final(status) && (!goes_beyond || is_fulfilled || status != ORDER_STATUS_CONFIRMED);
}

static const void *changes_question(struct follow *follow)
{
    const WatchOrderRequest *asked = follow->of->ask;
    WaitOrderRequest *ask = pgl_message_new(WAIT_ORDER_REQUEST_DESCRIPTOR, &follow->arena);
    if (ask == NULL)
        return NULL;
    ask->caller = &follow->of->request.caller;
    ask->id = asked->id;
    ask->after_version = follow->after;
    return ask;
}

static pgl_status tell_change(struct follow *follow, bool *is_told)
{
    const WaitOrderResponse *reply = follow->reply;
    WatchOrderResponse message = WATCH_ORDER_RESPONSE_INIT;
    *is_told = follow->told < reply->n_changes;
    if (!*is_told)
        return PGL_OK;
    message.change = reply->changes[follow->told];
    PGL_TRY(pgl_grpc_send(follow->of->call, &message.base));
    follow->told++;
    follow->after = message.change->version;
    follow->is_over |= is_over(follow->goes_beyond, message.change->status,
                               message.change->what == CHANGE_KIND_FULFILLED);
    return PGL_OK;
}

static const struct follow_kind changes_kind = { ORDER_SERVICE_WAIT_ORDER,
                                                 WAIT_ORDER_RESPONSE_DESCRIPTOR, changes_question,
                                                 tell_change };

/* The order itself is asked for first: whether it is theirs to watch, and whether there is more. */
pgl_status edge_grpc_order_begin(struct pgl_request *request)
{
    struct edge_grpc_request *of = edge_grpc_of(request);
    const WatchOrderRequest *asked = of->ask;
    GetOrderRequest *ask = EDGE_NEW(request, GET_ORDER_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return PGL_NO_MEMORY;
    ask->caller = &request->caller;
    ask->id = asked->id;
    request->view = EDGE_NEW(request, GET_ORDER_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->orders, ORDER_SERVICE_GET_ORDER, ask, request->view);
}

pgl_status edge_grpc_order_next(struct pgl_request *request)
{
    struct edge_grpc_request *of = edge_grpc_of(request);
    const WatchOrderRequest *asked = of->ask;
    const GetOrderResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    bool goes_beyond = asked->until_fulfilled && reply->order->fulfilment != FULFILMENT_FULFILLED;
    if (asked->after_version < 0 || asked->after_version > reply->order->version)
        return PGL_FAIL(PGL_INVALID, "after_version: not one that we gave");
    if (asked->after_version == reply->order->version &&
        is_over(goes_beyond, reply->order->status, false))
        return PGL_OK; /* a stream without a message */
    return start(of, &changes_kind, &request->edge->orders, asked->after_version, goes_beyond);
}

/* ---- a log ---- */

static const void *log_question(struct follow *follow)
{
    const WatchLogRequest *asked = follow->of->ask;
    ReadRequest *ask = pgl_message_new(READ_REQUEST_DESCRIPTOR, &follow->arena);
    if (ask == NULL)
        return NULL;
    ask->log = asked->log;
    ask->after = follow->after;
    ask->max = EVENTS_AT_ONCE;
    return ask;
}

static pgl_status tell_events(struct follow *follow, bool *is_told)
{
    const ReadResponse *reply = follow->reply;
    WatchLogResponse message = WATCH_LOG_RESPONSE_INIT;
    *is_told = follow->told < reply->n_events;
    if (*is_told) {
        message.n_events = reply->n_events;
        message.events = reply->events;
        PGL_TRY(pgl_grpc_send(follow->of->call, &message.base));
    }
    follow->told = reply->n_events;
    follow->after = reply->until;
    return PGL_OK;
}

static const struct follow_kind log_kind = { EVENT_LOG_SERVICE_READ, READ_RESPONSE_DESCRIPTOR,
                                             log_question, tell_events };

pgl_status edge_grpc_log_begin(struct pgl_request *request)
{
    struct edge_grpc_request *of = edge_grpc_of(request);
    const WatchLogRequest *asked = of->ask;
    const struct pgl_endpoint *endpoint;
    PGL_TRY(edge_grpc_log_endpoint(request, (int)asked->log, &endpoint));
    return start(of, &log_kind, endpoint, asked->after, false);
}
