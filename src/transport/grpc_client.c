/* grpc_client.c - see grpc_client.h. */
#include "transport/grpc_client.h"

#include "base/assert.h"
#include "transport/tls_socket.h"
#include "wire/rich_error.h"

#define IN_BYTES           (64u << 10)
#define GIVE_BYTES         (256u << 10)
#define READS_IN_A_ROW_MAX 16
#define PAUSE_LEAST_NS     PGL_MILLISECONDS(20)
#define PAUSE_MOST_NS      PGL_SECONDS(1)
#define SILENCE_NS         PGL_SECONDS(10) /* then it is pinged; as long again, then given up */
#define FIELDS_FIXED       3

enum { CLIENT_TURN, CLIENT_TRY_AGAIN };

static struct pgl_grpc_client *client_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct pgl_grpc_client, flow);
}

/* ---- the end of an ask ---- */

static void answer(struct pgl_grpc_ask *ask, pgl_status status)
{
    struct pgl_grpc_client *client = ask->client;
    pgl_timer_clear(&client->loop->timers, &ask->late);
    pgl_list_remove(&ask->node);
    pgl_grpc_reader_free(&ask->reader);
    client->ask_count--;
    ask->on_answer(ask, status); /* which may be the end of its memory */
}

/* Its stream means nothing any more. Seen whole, it may have been done. */
static void lose(struct pgl_grpc_ask *ask, bool was_refused)
{
    struct pgl_grpc_client *client = ask->client;
    if (ask->is_seen && !was_refused) {
        answer(ask, PGL_FAIL(PGL_UNAVAILABLE, "the connection to the service was lost"));
        return;
    }
    pgl_grpc_reader_free(&ask->reader);
    pgl_grpc_reader_init(&ask->reader, PGL_GRPC_COMPRESSED, client->options.message_bytes_max);
    ask->stream = 0;
    ask->is_seen = false;
    ask->unsent = ask->packed;
    ask->has_reply = ask->has_status = false;
    pgl_list_remove(&ask->node);
    pgl_list_append(&client->waiting, &ask->node);
}

static void on_late(void *owner)
{
    struct pgl_grpc_ask *ask = owner;
    struct pgl_grpc_client *client = ask->client;
    bool was_reached = ask->stream != 0;
    if (was_reached) {
        pgl_http2_set_owner(client->session, ask->stream, NULL);
        pgl_http2_reset(client->session, ask->stream, PGL_HTTP2_CANCEL);
        pgl_flow_wake(&client->flow);
    }
    answer(ask, was_reached ? PGL_FAIL(PGL_DEADLINE, "the service did not answer in time")
                            : PGL_FAIL(PGL_UNAVAILABLE, "the service cannot be reached"));
}

/* ---- the connection ---- */

static void close_connection(struct pgl_grpc_client *client)
{
    if (client->socket != NULL)
        client->socket->ops->close(client->socket);
    client->socket = NULL;
    pgl_http2_close(client->session);
    client->session = NULL;
    client->is_going = client->is_broken = client->is_pinged = client->is_there = false;
    pgl_buffer_clear(&client->in);
    pgl_buffer_clear(&client->unsent);
    struct pgl_list lost;
    pgl_list_init(&lost);
    while (!pgl_list_is_empty(&client->out)) { /* an answer may bring a new ask */
        struct pgl_list *node = pgl_list_take_first(&client->out);
        pgl_list_append(&lost, node);
    }
    while (!pgl_list_is_empty(&lost))
        lose(PGL_CONTAINER(lost.next, struct pgl_grpc_ask, node), false);
}

static void pause(struct pgl_grpc_client *client)
{
    client->connect_at_ns = client->loop->now_ns + (client->has_heard ? 0 : client->pause_ns);
    client->pause_ns = client->has_heard ? PAUSE_LEAST_NS : 2 * client->pause_ns;
    if (client->pause_ns > PAUSE_MOST_NS)
        client->pause_ns = PAUSE_MOST_NS;
    client->has_heard = false;
}

static void on_ready(void *owner)
{
    pgl_flow_wake(&((struct pgl_grpc_client *)owner)->flow);
}

static size_t read_ask(void *stream_owner, char *room, size_t size, enum pgl_http2_more *more)
{
    struct pgl_grpc_ask *ask = stream_owner;
    if (ask == NULL) {
        *more = PGL_HTTP2_CUT;
        return 0;
    }
    size_t count = size < ask->unsent.size ? size : ask->unsent.size;
    memcpy(room, ask->unsent.data, count);
    ask->unsent.data += count;
    ask->unsent.size -= count;
    ask->is_seen = ask->unsent.size == 0;
    *more = ask->is_seen ? PGL_HTTP2_LAST : PGL_HTTP2_MORE;
    return count;
}

static pgl_status reach(struct pgl_grpc_client *client)
{
    struct pgl_waiter *waiter = client->loop->waiter;
    const struct pgl_grpc_client_options *options = &client->options;
    struct pgl_list *ready = &client->loop->ready_sockets;
    struct pgl_tls *tls;
    PGL_TRY(waiter->ops->connect(waiter, options->host, options->port, ready, &client->socket));
    if (options->tls != NULL) {
        struct pgl_socket *plain = client->socket;
        client->socket = NULL;
        pgl_status opened =
            pgl_tls_client_open(options->tls, options->tls_name, client->loop->wall_ns, &tls);
        if (!pgl_is_ok(opened)) {
            plain->ops->close(plain);
            return opened;
        }
        PGL_TRY(pgl_tls_socket_open(plain, tls, &client->socket));
    }
    client->socket->on_ready = on_ready;
    client->socket->owner = client;
    const struct pgl_http2_options session = { .limits = PGL_HTTP2_LIMITS_MESH,
                                               .is_client = true,
                                               .read = read_ask };
    client->session = pgl_http2_open(&session, client->loop->now_ns);
    client->connects++;
    client->heard_ns = client->loop->now_ns;
    return client->session != NULL ? PGL_OK : PGL_NO_MEMORY;
}

/* ---- asking ---- */

static pgl_status start(struct pgl_grpc_ask *ask)
{
    struct pgl_grpc_client *client = ask->client;
    char timeout[PGL_GRPC_TIMEOUT_BYTES];
    int64_t left_ns = ask->deadline_ns - client->loop->now_ns;
    size_t timeout_size =
        pgl_grpc_timeout_write((left_ns > 0 ? left_ns : 0) + PGL_GRPC_LATE_NS, timeout);
    struct pgl_http_field fields[FIELDS_FIXED + PGL_GRPC_ASK_FIELDS_MAX] = {
        { PGL_TEXT("content-type"), PGL_TEXT("application/grpc") },
        { PGL_TEXT("te"), PGL_TEXT("trailers") },
        { PGL_TEXT("grpc-timeout"), { timeout, timeout_size } },
    };
    for (size_t i = 0; i < ask->field_count; i++)
        fields[FIELDS_FIXED + i] = ask->fields[i];
    const struct pgl_http2_request request = {
        .method = PGL_TEXT("POST"),
        .scheme = client->options.tls != NULL ? PGL_TEXT("https") : PGL_TEXT("http"),
        .authority = PGL_TEXT("panglot"),
        .path = pgl_text_of(ask->path),
        .fields = fields,
        .field_count = FIELDS_FIXED + ask->field_count,
        .has_body = true,
        .owner = ask,
    };
    return pgl_http2_ask(client->session, &request, &ask->stream);
}

static void start_waiting(struct pgl_grpc_client *client)
{
    while (!pgl_list_is_empty(&client->waiting) && !client->is_going) {
        struct pgl_grpc_ask *ask = PGL_CONTAINER(client->waiting.next, struct pgl_grpc_ask, node);
        pgl_status started = start(ask);
        if (started.code == PGL_UNAVAILABLE) {
            client->is_going = true; /* no numbers are left: the next connection has some */
        } else if (!pgl_is_ok(started)) {
            answer(ask, started);
        } else {
            pgl_list_remove(&ask->node);
            pgl_list_append(&client->out, &ask->node);
        }
    }
}

/* ---- answers ---- */

static pgl_status read_status(struct pgl_grpc_ask *ask, const struct pgl_http_response_head *head)
{
    struct pgl_text number, text = PGL_TEXT(""), details;
    struct pgl_rich_error error = { .grpc_status = 2 };
    if (pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("grpc-status"), &number) != 1)
        return PGL_FAIL(PGL_UNKNOWN, "an answer without a status");
    error.grpc_status = pgl_grpc_status_read(number);
    if (error.grpc_status == 0)
        return PGL_OK;
    if (pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("grpc-message"), &text) == 1)
        text = pgl_grpc_message_read(ask->arena, text);
    if (pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("grpc-status-details-bin"),
                            &details) == 1) {
        struct pgl_text bytes;
        bool is_there;
        pgl_status read = pgl_grpc_binary_next(ask->arena, &details, &bytes, &is_there);
        if (pgl_is_ok(read) && is_there)
            pgl_rich_error_read(bytes, &error);
    }
    const char *copy = text.data != NULL ? pgl_arena_string(ask->arena, text) : NULL;
    return PGL_FAIL(pgl_rich_code(&error), copy != NULL ? copy : "");
}

/* A head has the status where there is no reply (Trailers-Only); trailers always have it. */
static void take_fields(struct pgl_grpc_client *client, struct pgl_grpc_ask *ask,
                        const struct pgl_http2_event *event)
{
    struct pgl_http_response_head head;
    pgl_status read = pgl_http2_read_response(client->session, event, ask->arena, &head);
    bool is_head = event->kind == PGL_HTTP2_HEAD;
    if (!pgl_is_ok(read))
        ask->status = read;
    else if (is_head && head.status != 200)
        ask->status = PGL_FAIL(pgl_code_of_grpc(pgl_grpc_status_of_http(head.status)),
                               "the service answered, but not in gRPC");
    else if (!is_head || event->is_end)
        ask->status = read_status(ask, &head);
    else
        return;
    ask->has_status = true;
}

static pgl_status take_reply(struct pgl_grpc_ask *ask, struct pgl_text bytes)
{
    const ProtobufCMessageDescriptor *type = ask->reply->descriptor;
    void *message;
    if (ask->has_reply)
        return PGL_FAIL(PGL_INTERNAL, "two replies to one call");
    ask->has_reply = true;
    PGL_TRY(pgl_message_unpack(type, ask->arena, bytes, &message));
    memcpy(ask->reply, message, type->sizeof_message);
    return PGL_OK;
}

static void take_data(struct pgl_grpc_client *client, struct pgl_grpc_ask *ask,
                      struct pgl_text piece)
{
    struct pgl_grpc_frame frame;
    bool is_there = true;
    pgl_status status = PGL_OK;
    while (pgl_is_ok(status) && is_there) {
        status = pgl_grpc_read(&ask->reader, &piece, &frame, &is_there);
        if (pgl_is_ok(status) && is_there)
            status = frame.flags != 0 ? PGL_FAIL(PGL_UNIMPLEMENTED, "nobody asked for compression")
                                      : take_reply(ask, frame.bytes);
    }
    if (pgl_is_ok(status) || ask->has_status)
        return;
    ask->status = status;
    ask->has_status = true;
    pgl_http2_reset(client->session, ask->stream, PGL_HTTP2_CANCEL);
}

static void take_closed(struct pgl_grpc_ask *ask, uint32_t code)
{
    if (code == PGL_HTTP2_REFUSED_STREAM) {
        lose(ask, true);
        return;
    }
    if (!ask->has_status && code == PGL_HTTP2_NO_ERROR)
        ask->status = PGL_FAIL(PGL_INTERNAL, "an answer that was cut");
    else if (!ask->has_status)
        ask->status = PGL_FAIL(PGL_UNAVAILABLE, "the service gave the call up");
    else if (pgl_is_ok(ask->status) && !ask->has_reply)
        ask->status = PGL_FAIL(PGL_INTERNAL, "an answer without a reply");
    answer(ask, ask->status);
}

static void take_event(struct pgl_grpc_client *client, const struct pgl_http2_event *event)
{
    struct pgl_grpc_ask *ask = event->owner;
    switch (event->kind) {
    case PGL_HTTP2_HEAD:
    case PGL_HTTP2_TRAILERS:
        if (ask != NULL && !ask->has_status)
            take_fields(client, ask, event);
        return;
    case PGL_HTTP2_DATA:
        if (ask != NULL)
            take_data(client, ask, event->data);
        pgl_http2_taken(client->session, event->stream, event->data.size);
        return;
    case PGL_HTTP2_CLOSED:
        if (ask != NULL)
            take_closed(ask, event->code);
        return;
    case PGL_HTTP2_GOAWAY:
        client->is_going = true; /* those above its last stream close as refused */
        return;
    case PGL_HTTP2_TAKEN_BACK:
    case PGL_HTTP2_READY:
    case PGL_HTTP2_END:
        return;
    }
}

static void take_events(struct pgl_grpc_client *client)
{
    struct pgl_http2_event event;
    while (pgl_http2_next(client->session, &event))
        take_event(client, &event);
}

/* ---- the turn ---- */

/* False when there is nothing more to read now. */
static bool read_some(struct pgl_grpc_client *client)
{
    struct pgl_buffer *in = &client->in;
    size_t room = IN_BYTES - in->size, got = 0;
    char *at = pgl_buffer_room(in, room);
    enum pgl_io io =
        at != NULL ? client->socket->ops->read(client->socket, at, room, &got) : PGL_IO_BROKEN;
    if (io == PGL_IO_WAIT)
        return false;
    if (io != PGL_IO_DONE) {
        client->is_broken = true;
        return false;
    }
    in->size += got;
    client->has_heard = true;
    client->is_pinged = false;
    client->heard_ns = client->loop->now_ns;
    struct pgl_text input = pgl_buffer_text(in);
    do {
        size_t before = input.size;
        pgl_status taken = pgl_http2_take(client->session, &input, client->loop->now_ns);
        take_events(client);
        if (!pgl_is_ok(taken)) {
            client->is_broken = true;
            return false;
        }
        if (input.size == before)
            break;
    } while (input.size > 0);
    pgl_buffer_consume(in, in->size - input.size);
    return got == room;
}

static void write_out(struct pgl_grpc_client *client)
{
    struct pgl_buffer *unsent = &client->unsent;
    for (;;) {
        if (unsent->size == 0) {
            pgl_status given = pgl_http2_give(client->session, unsent, GIVE_BYTES);
            take_events(client);
            if (!pgl_is_ok(given) || unsent->is_full)
                client->is_broken = true;
        }
        if (unsent->size == 0 || client->is_broken)
            break;
        struct pgl_span span = { unsent->data, unsent->size };
        size_t put = 0;
        enum pgl_io io = client->socket->ops->write(client->socket, &span, 1, &put);
        if (io == PGL_IO_END || io == PGL_IO_BROKEN)
            client->is_broken = true;
        pgl_buffer_consume(unsent, put);
        client->is_there |= put > 0;
        if (io != PGL_IO_DONE)
            break;
    }
    if (!client->is_broken)
        client->socket->ops->want(client->socket, true, unsent->size > 0);
}

/* Somebody is waited for, and says nothing. */
static void mind_silence(struct pgl_grpc_client *client)
{
    int64_t silent_ns = client->loop->now_ns - client->heard_ns;
    if (pgl_list_is_empty(&client->out) || silent_ns < SILENCE_NS)
        return;
    if (silent_ns >= 2 * SILENCE_NS) {
        client->is_broken = true;
    } else if (!client->is_pinged) {
        client->is_pinged = true;
        pgl_http2_ping(client->session);
    }
}

static void look_at_connection(struct pgl_grpc_client *client)
{
    for (int i = 0; i < READS_IN_A_ROW_MAX && !client->is_broken && read_some(client); i++)
        ;
    if (!client->is_broken) {
        mind_silence(client);
        write_out(client);
    }
    if (!client->is_broken && client->is_there) { /* what is asked before may never have left */
        start_waiting(client);
        write_out(client);
    }
    bool is_over = client->is_going && pgl_list_is_empty(&client->out);
    if (!client->is_broken && !is_over && !pgl_http2_is_over(client->session))
        return;
    pause(client);
    close_connection(client);
}

static struct pgl_go client_turn(struct pgl_flow *flow)
{
    struct pgl_grpc_client *client = client_of(flow);
    if (client->socket == NULL && !pgl_list_is_empty(&client->waiting) &&
        flow->loop->now_ns >= client->connect_at_ns && !pgl_is_ok(reach(client))) {
        pause(client);
        close_connection(client);
    }
    if (client->socket != NULL)
        look_at_connection(client);
    if (pgl_list_is_empty(&client->waiting))
        return pgl_wait(CLIENT_TURN);
    bool can_start = client->is_there && !client->is_going;
    return can_start ? pgl_go(CLIENT_TURN) : pgl_wait(CLIENT_TRY_AGAIN);
}

static const struct pgl_step client_steps[] = {
    /*                     name                does         at most         when late */
    [CLIENT_TURN] = { "grpc-client.turn", client_turn, SILENCE_NS / 4, CLIENT_TURN },
    [CLIENT_TRY_AGAIN] = { "grpc-client.again", client_turn, PAUSE_LEAST_NS, CLIENT_TRY_AGAIN },
};

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* it never is */
}

/* ---- for its owner ---- */

pgl_status pgl_grpc_client_open(struct pgl_grpc_client *client, struct pgl_loop *loop,
                                const struct pgl_grpc_client_options *options)
{
    *client =
        (struct pgl_grpc_client){ .loop = loop, .options = *options, .pause_ns = PAUSE_LEAST_NS };
    pgl_list_init(&client->waiting);
    pgl_list_init(&client->out);
    pgl_buffer_init(&client->in, IN_BYTES);
    pgl_buffer_init(&client->unsent, 2 * GIVE_BYTES);
    pgl_flow_start(&client->flow, loop, client_steps, CLIENT_TURN, on_done);
    return pgl_buffer_room(&client->in, IN_BYTES) != NULL ? PGL_OK : PGL_NO_MEMORY;
}

void pgl_grpc_client_close(struct pgl_grpc_client *client)
{
    if (client->loop == NULL)
        return;
    if (client->socket != NULL)
        client->socket->ops->close(client->socket);
    pgl_http2_close(client->session);
    struct pgl_list *const lists[] = { &client->waiting, &client->out };
    for (int i = 0; i < 2; i++) /* their memory is their owners', but for what is half read */
        for (struct pgl_list *node = lists[i]->next; node != lists[i]; node = node->next)
            pgl_grpc_reader_free(&PGL_CONTAINER(node, struct pgl_grpc_ask, node)->reader);
    pgl_buffer_free(&client->in);
    pgl_buffer_free(&client->unsent);
}

static pgl_status pack(struct pgl_grpc_ask *ask)
{
    struct pgl_text message;
    PGL_TRY(pgl_message_pack_text(ask->ask, ask->arena, &message));
    char *bytes = pgl_arena_alloc(ask->arena, PGL_GRPC_PREFIX_BYTES + message.size);
    if (bytes == NULL)
        return PGL_NO_MEMORY;
    if (message.size > ask->client->options.message_bytes_max)
        return PGL_FAIL(PGL_TOO_LARGE, "the request is too large");
    pgl_grpc_write_prefix(bytes, 0, message.size);
    if (message.size > 0)
        memcpy(bytes + PGL_GRPC_PREFIX_BYTES, message.data, message.size);
    ask->packed = ask->unsent = (struct pgl_text){ bytes, PGL_GRPC_PREFIX_BYTES + message.size };
    return PGL_OK;
}

pgl_status pgl_grpc_client_ask(struct pgl_grpc_client *client, struct pgl_grpc_ask *ask)
{
    PGL_ASSERT(ask->field_count <= PGL_GRPC_ASK_FIELDS_MAX);
    if (client->ask_count == client->options.asks_max)
        return PGL_FAIL(PGL_EXHAUSTED, "too much is waiting for this service already");
    ask->client = client;
    ask->stream = 0;
    ask->is_seen = ask->has_reply = ask->has_status = false;
    ask->late = (struct pgl_timer){ 0 };
    PGL_TRY(pack(ask));
    pgl_grpc_reader_init(&ask->reader, PGL_GRPC_COMPRESSED, client->options.message_bytes_max);
    int64_t now_ns = client->loop->now_ns; /* a question may be for what is there at once */
    int64_t until_ns = ask->deadline_ns > now_ns ? ask->deadline_ns : now_ns;
    pgl_timer_set(&client->loop->timers, &ask->late, until_ns + 2 * PGL_GRPC_LATE_NS, on_late, ask);
    pgl_list_append(&client->waiting, &ask->node);
    client->ask_count++;
    pgl_flow_wake(&client->flow);
    return PGL_OK;
}
