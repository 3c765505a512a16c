/* streams.c - see streams.h. */
#include "edge/live/streams.h"

#include "base/id.h"
#include "base/time.h"
#include "contract/events.h"
#include "contract/orders.h"
#include "edge/query.h"
#include "wire/json.h"

#define POLL_ARENA_CHUNK_BYTES 4096
#define POLL_ARENA_LIMIT_BYTES (4u << 20) /* 512 events as messages */
#define PIECE_BYTES_MAX        (128u << 10)
#define POLL_NS                PGL_SECONDS(1) /* how soon it sees that it is to end */
#define QUIET_POLLS_MAX        15             /* then an idle stream shows that it lives */
#define ENDINGS_AT_ONCE        512
#define ENDINGS_BEHIND_MAX     10000 /* of the log's events: the orders of a second at full speed */

struct stream;

/* What one kind of stream does in its own way. */
struct stream_kind {
    const struct pgl_endpoint *(*endpoint)(const struct pgl_edge *edge);
    int method;
    const ProtobufCMessageDescriptor *reply;
    const void *(*question)(struct stream *stream); /* NULL without memory */
    /* Writes what has come and notes how far that is. True at the end of the stream. */
    bool (*tell)(struct stream *stream, struct pgl_buffer *out);
};

/* Lies in the arena of its exchange, as the request does that it came from. */
struct stream {
    struct pgl_flow flow;
    struct pgl_request *request;
    const struct stream_kind *kind;
    struct pgl_rpc_call call;
    int left;
    void *reply;
    struct pgl_arena arena; /* of one poll */
    int64_t after;          /* the last thing told */
    bool goes_beyond;       /* the order's confirmation, until all of it is fulfilled */
    int quiet_polls;        /* since then */
};

enum { S_CHECK, S_CHECKED, S_TELL };

static struct stream *stream_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct stream, flow);
}

/* ---- the flow of every stream ---- */

/* For whatever reason: a client that has not seen the end of the order comes back. */
static struct pgl_go end(struct stream *stream)
{
    struct pgl_request *request = stream->request;
    request->caller = (Caller)CALLER_INIT; /* as it was found in the arena of the poll */
    pgl_arena_free(&stream->arena);
    edge_finish(&request->edge->limits, &request->verdict, false, request->edge->loop->now_ns);
    request->edge->in_flight--;
    pgl_http_stream_end(request->exchange);
    return pgl_done();
}

static struct pgl_go ask(struct stream *stream)
{
    struct pgl_edge *edge = stream->request->edge;
    const void *question = stream->kind->question(stream);
    stream->reply = pgl_message_new(stream->kind->reply, &stream->arena);
    if (question == NULL || stream->reply == NULL)
        return end(stream);
    bool is_brief = pgl_loop_is_struck(edge->loop, PGL_BUGGIFY_STREAM_ASKS_BRIEFLY);
    stream->call.call =
        (struct pgl_call){ .ask = question,
                           .reply = stream->reply,
                           .arena = &stream->arena,
                           .deadline_ns = edge->loop->now_ns + POLL_NS / (is_brief ? 100 : 1),
                           .trace = stream->request->trace };
    pgl_rpc_send(&edge->rpc, stream->kind->endpoint(edge), stream->kind->method, &stream->call,
                 &stream->flow, &stream->left);
    return stream->left > 0 ? pgl_wait(S_TELL) : pgl_go(S_TELL);
}

static struct pgl_go after_check(struct stream *stream)
{
    const struct edge_identify *identify = &stream->request->identify;
    if (!identify->is_done)
        return pgl_wait(S_CHECKED);
    return pgl_is_ok(identify->status) ? ask(stream) : end(stream);
}

/* Before each poll: a token that has ended meanwhile and a key that was revoked end the stream. */
static struct pgl_go stream_check(struct pgl_flow *flow)
{
    struct stream *stream = stream_of(flow);
    struct edge_identify *identify = &stream->request->identify;
    if (pgl_http_stream_is_due(stream->request->exchange))
        return end(stream);
    pgl_arena_reset(&stream->arena);
    identify->arena = &stream->arena;
    identify->flow = flow;
    edge_identify_again(stream->request->edge, identify);
    return after_check(stream);
}

static struct pgl_go stream_checked(struct pgl_flow *flow)
{
    struct stream *stream = stream_of(flow);
    edge_identify_next(stream->request->edge, &stream->request->identify);
    return after_check(stream);
}

static struct pgl_go stream_tell(struct pgl_flow *flow)
{
    struct stream *stream = stream_of(flow);
    if (!pgl_is_ok(stream->call.call.status))
        return end(stream);
    struct pgl_buffer out;
    pgl_buffer_init(&out, PIECE_BYTES_MAX);
    bool is_over = stream->kind->tell(stream, &out), is_cut = out.is_full;
    is_cut |= pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_STREAM_ENDS);
    if (out.size == 0 && (++stream->quiet_polls == QUIET_POLLS_MAX ||
                          pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_STREAM_SHOWS_LIFE)))
        pgl_buffer_add_literal(&out, ": still here\n\n");
    if (out.size > 0) {
        stream->quiet_polls = 0;
        is_cut |=
            !pgl_is_ok(pgl_http_stream_write(stream->request->exchange, pgl_buffer_text(&out)));
    }
    pgl_buffer_free(&out);
    return is_over || is_cut ? end(stream) : pgl_go(S_CHECK);
}

static const struct pgl_step stream_steps[] = {
    /*           name           does         at most  when late: the callee minds the deadline */
    [S_CHECK] = { "stream.check", stream_check, 0, 0 },
    [S_CHECKED] = { "stream.checked", stream_checked, 0, 0 },
    [S_TELL] = { "stream.tell", stream_tell, 0, 0 },
};

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* its memory went with the exchange */
}

static const char bad_last_id[] = "Last-Event-ID: not one that we gave";

/* Last-Event-ID, or `first` where there is none. */
static pgl_status read_last_id(const struct pgl_request *request, int64_t first, int64_t *after)
{
    struct pgl_text value;
    *after = first;
    PGL_TRY(edge_find_field(request, PGL_TEXT("last-event-id"), &value));
    if (value.size == 0)
        return PGL_OK;
    if (!pgl_is_ok(pgl_text_to_i64(value, after)) || *after < 0)
        return PGL_FAIL(PGL_INVALID, bad_last_id);
    return PGL_OK;
}

/* The head goes out at once: who watches knows that they do before there is news. */
static pgl_status start(struct pgl_request *request, const struct stream_kind *kind, int64_t after,
                        bool goes_beyond)
{
    struct pgl_http_field cors[PGL_CORS_FIELDS_MAX];
    struct stream *stream = pgl_arena_zalloc(request->arena, sizeof *stream);
    if (stream == NULL || pgl_loop_is_struck(request->edge->loop, PGL_BUGGIFY_STREAM_REFUSED))
        return PGL_NO_MEMORY;
    stream->request = request;
    stream->kind = kind;
    stream->after = after;
    stream->goes_beyond = goes_beyond;
    pgl_arena_init(&stream->arena, POLL_ARENA_CHUNK_BYTES, POLL_ARENA_LIMIT_BYTES);
    request->is_stream = true;
    edge_add_field(request, PGL_TEXT("Content-Type"), PGL_TEXT("text/event-stream"));
    edge_add_field(request, PGL_TEXT("Cache-Control"), PGL_TEXT("no-store"));
    edge_add_field(request, PGL_TEXT("X-Accel-Buffering"), PGL_TEXT("no"));
    edge_add_standings(request);
    size_t cors_count = pgl_cors_answer(&request->edge->cors, &request->exchange->head, cors);
    for (size_t i = 0; i < cors_count; i++)
        edge_add_field(request, cors[i].name, cors[i].value);
    pgl_http_stream_begin(request->exchange, 200, request->fields, request->field_count);
    pgl_flow_start(&stream->flow, request->edge->loop, stream_steps, S_CHECK, on_done);
    return PGL_OK;
}

/* ---- the changes of one order ---- */

static const struct pgl_endpoint *orders_endpoint(const struct pgl_edge *edge)
{
    return &edge->orders;
}

static const void *changes_question(struct stream *stream)
{
    WaitOrderRequest *ask = pgl_message_new(WAIT_ORDER_REQUEST_DESCRIPTOR, &stream->arena);
    if (ask == NULL)
        return NULL;
    ask->caller = &stream->request->caller;
    ask->id = pgl_message_string(stream->request->params[0].data);
    ask->after_version = stream->after;
    return ask;
}

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

static bool tell_changes(struct stream *stream, struct pgl_buffer *out)
{
    const WaitOrderResponse *reply = stream->reply;
    bool ends = false;
    for (size_t i = 0; i < reply->n_changes; i++) {
        const OrderChange *change = reply->changes[i];
        bool is_status = change->what == CHANGE_KIND_UNSPECIFIED;
        pgl_buffer_printf(out, "id: %lld\nevent: %s\ndata: ", (long long)change->version,
                          is_status ? "status" : "change");
        pgl_json_write(&change->base, out);
        pgl_buffer_add_literal(out, "\n\n");
        stream->after = change->version;
        ends = ends ||
               is_over(stream->goes_beyond, change->status, change->what == CHANGE_KIND_FULFILLED);
    }
    return ends;
}

static const struct stream_kind changes_kind = { orders_endpoint, ORDER_SERVICE_WAIT_ORDER,
                                                 WAIT_ORDER_RESPONSE_DESCRIPTOR, changes_question,
                                                 tell_changes };

/* The order itself is asked for first: whether it is theirs to watch, and whether there is more. */
pgl_status order_stream_begin(struct pgl_request *request)
{
    GetOrderRequest *ask = EDGE_NEW(request, GET_ORDER_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for this request");
    ask->caller = &request->caller;
    ask->id = pgl_message_string(request->params[0].data);
    request->view = EDGE_NEW(request, GET_ORDER_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->orders, ORDER_SERVICE_GET_ORDER, ask, request->view);
}

pgl_status order_stream_next(struct pgl_request *request)
{
    const GetOrderResponse *reply = request->view;
    int64_t after;
    bool goes_beyond = edge_query_is_there(request, "until");
    PGL_TRY(edge_answer(request, 0));
    PGL_TRY(read_last_id(request, 0, &after));
    goes_beyond = goes_beyond && reply->order->fulfilment != FULFILMENT_FULFILLED;
    if (after > reply->order->version)
        return PGL_FAIL(PGL_INVALID, bad_last_id);
    if (after == reply->order->version && is_over(goes_beyond, reply->order->status, false)) {
        request->status = 204; /* so that a browser does not come back again and again (9.2.3) */
        return PGL_OK;
    }
    return start(request, &changes_kind, after, goes_beyond);
}

/* ---- the end of every order ---- */

static const struct pgl_endpoint *orders_log_endpoint(const struct pgl_edge *edge)
{
    return &edge->logs[0];
}

static const void *endings_question(struct stream *stream)
{
    static EventType endings[] = { EVENT_TYPE_ORDER_CONFIRMED, EVENT_TYPE_ORDER_CANCELLED };
    ReadRequest *ask = pgl_message_new(READ_REQUEST_DESCRIPTOR, &stream->arena);
    if (ask == NULL)
        return NULL;
    ask->log = LOG_ORDERS;
    ask->after = stream->after;
    ask->max = ENDINGS_AT_ONCE;
    ask->types = endings;
    ask->n_types = sizeof endings / sizeof endings[0];
    return ask;
}

static void tell_ending(const LoggedEvent *logged, struct pgl_buffer *out)
{
    const Event *event = logged->event;
    bool is_confirmed = event->type == EVENT_TYPE_ORDER_CONFIRMED;
    pgl_id id;
    char text[PGL_ID_TEXT_BYTES];
    memcpy(id.bytes, event->key.data, sizeof id.bytes);
    pgl_id_format(id, text);
    pgl_buffer_printf(out, "id: %lld\nevent: %s\ndata: {\"id\":\"%.*s\",\"status\":\"%s\"}\n\n",
                      (long long)logged->seq, is_confirmed ? "OrderConfirmed" : "OrderCancelled",
                      PGL_ID_TEXT_BYTES, text,
                      is_confirmed ? "CONFIRMED" : event->order_cancelled->final_status);
}

static bool tell_endings(struct stream *stream, struct pgl_buffer *out)
{
    const ReadResponse *reply = stream->reply;
    for (size_t i = 0; i < reply->n_events; i++) {
        const char *tenant = reply->events[i]->event->tenant;
        if (strcmp(tenant, stream->request->caller.tenant) == 0)
            tell_ending(reply->events[i], out);
    }
    stream->after = reply->until;
    return false;
}

static const struct stream_kind endings_kind = { orders_log_endpoint, EVENT_LOG_SERVICE_READ,
                                                 READ_RESPONSE_DESCRIPTOR, endings_question,
                                                 tell_endings };

/* The log is asked for the event that they have seen, which it has unless it was pruned: so it
 * answers at once, and says how far it has come since. */
pgl_status endings_begin(struct pgl_request *request)
{
    int64_t after;
    PGL_TRY(read_last_id(request, -1, &after));
    if (after < 0)
        return start(request, &endings_kind, after, false);
    ReadRequest *ask = EDGE_NEW(request, READ_REQUEST_DESCRIPTOR);
    request->view = EDGE_NEW(request, READ_RESPONSE_DESCRIPTOR);
    if (ask == NULL || request->view == NULL)
        return PGL_NO_MEMORY;
    ask->log = LOG_ORDERS;
    ask->after = after > 0 ? after - 1 : 0;
    ask->max = 1;
    return edge_ask_until(request, orders_log_endpoint(request->edge), EVENT_LOG_SERVICE_READ, ask,
                          request->view, request->arena, request->edge->loop->now_ns + POLL_NS);
}

pgl_status endings_next(struct pgl_request *request)
{
    const ReadResponse *reply = request->view;
    int64_t after;
    PGL_TRY(edge_answer(request, 0));
    PGL_TRY(read_last_id(request, -1, &after));
    if (after > reply->high)
        return PGL_FAIL(PGL_INVALID, bad_last_id);
    if (after > 0 && reply->low >= after)
        return PGL_FAIL(PGL_GONE, "Last-Event-ID: what came behind it was pruned; ask without it");
    if (reply->high - after > ENDINGS_BEHIND_MAX)
        return PGL_FAIL(PGL_GONE, "Last-Event-ID: too far behind; ask without it, and for what was "
                                  "missed see /api/v1/events");
    return start(request, &endings_kind, after, false);
}
