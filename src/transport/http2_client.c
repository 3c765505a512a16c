/* http2_client.c - see http2_client.h. */
#include "transport/http2_client.h"

#include "base/assert.h"
#include "transport/tls_socket.h"

#define READ_BYTES         (64u << 10) /* as much as is written at once */
#define READS_IN_A_ROW_MAX 8           /* of a peer who sends faster than others are served */
#define WRITES_IN_A_ROW    16
#define OUTPUT_BYTES       (64u << 10)
#define OUTPUT_BYTES_MAX   (OUTPUT_BYTES + (32u << 10))
#define HEADS_BYTES_MAX    (64u << 10)
#define LOOK_NS            PGL_SECONDS(1)

static void on_ready(void *owner);
static struct pgl_go flush(struct pgl_flow *flow);
static void on_look(void *owner);
static void hear(struct pgl_h2_line *line);
static void lose(struct pgl_h2_line *line, pgl_status why);
static void give_up(struct pgl_h2_client *client);

static int64_t now_ns(const struct pgl_h2_client *client)
{
    return client->loop->now_ns;
}

static void on_flushed(struct pgl_flow *flow)
{
    (void)flow;
}

/* Behind the flows that are woken by now: all that is said in one turn leaves in one write. */
static void flush_soon(struct pgl_h2_client *client)
{
    static const struct pgl_step steps[] = { { "http2-client.flush", flush, 0, 0 } };
    if (!client->is_to_flush)
        pgl_flow_start(&client->flush, client->loop, steps, 0, on_flushed);
    client->is_to_flush = true;
}

static void look_at(struct pgl_h2_client *client, int64_t at_ns)
{
    if (!client->look.is_set || client->look.due_ns > at_ns)
        pgl_timer_set(&client->loop->timers, &client->look, at_ns, on_look, client);
}

/* ---- its life ---- */

void pgl_h2_client_open(struct pgl_h2_client *client, struct pgl_loop *loop,
                        const struct pgl_h2_client_options *options)
{
    *client = (struct pgl_h2_client){ .loop = loop, .options = *options };
    bool is_unix = pgl_text_starts_with(pgl_text_of(options->host), PGL_TEXT("unix:"));
    if (options->authority == NULL)
        client->options.authority = is_unix ? "localhost" : options->host;
    pgl_list_init(&client->failed);
    pgl_arena_init(&client->heads, HEADS_BYTES_MAX / 4, 2 * HEADS_BYTES_MAX);
    pgl_random_seed(&client->jitter, pgl_entropy_u64(&loop->platform->entropy), 0);
    for (int i = 0; i < PGL_H2_LINES; i++)
        client->lines[i].client = client;
}

void pgl_h2_client_close(struct pgl_h2_client *client)
{
    for (int i = 0; i < PGL_H2_LINES; i++)
        if (client->lines[i].session != NULL)
            lose(&client->lines[i], PGL_FAIL(PGL_CANCELLED, "the client is closed"));
    give_up(client);
    if (client->is_to_flush)
        pgl_list_remove(&client->flush.ready);
    pgl_timer_clear(&client->loop->timers, &client->look);
    pgl_arena_free(&client->heads);
}

/* ---- connections ---- */

static size_t read_stream(void *owner, char *room, size_t size, enum pgl_http2_more *more)
{
    struct pgl_h2_stream *stream = owner;
    *more = PGL_HTTP2_CUT;
    if (stream == NULL) /* cancelled */
        return 0;
    struct pgl_text said = stream->lent.size > 0 ? stream->lent : pgl_buffer_text(&stream->out);
    size_t left = said.size - stream->sent_bytes, step = left < size ? left : size;
    if (step > 0)
        memcpy(room, said.data + stream->sent_bytes, step);
    stream->sent_bytes += step;
    if (step < left) {
        *more = PGL_HTTP2_MORE;
        return step;
    }
    pgl_buffer_clear(&stream->out);
    stream->lent.size = stream->sent_bytes = 0;
    stream->has_said_all = stream->is_last_written;
    *more = stream->is_last_written ? PGL_HTTP2_LAST : PGL_HTTP2_LATER;
    return step;
}

static pgl_status connect_line(struct pgl_h2_line *line)
{
    struct pgl_h2_client *client = line->client;
    const struct pgl_h2_client_options *options = &client->options;
    struct pgl_waiter *waiter = client->loop->waiter;
    struct pgl_tls *tls;
    PGL_TRY(waiter->ops->connect(waiter, options->host, options->port, &client->loop->ready_sockets,
                                 &line->socket));
    if (options->tls != NULL) {
        struct pgl_socket *plain = line->socket;
        line->socket = NULL;
        pgl_status status =
            pgl_tls_client_open(*options->tls, options->tls_name, client->loop->wall_ns, &tls);
        if (!pgl_is_ok(status)) {
            plain->ops->close(plain);
            return status;
        }
        PGL_TRY(pgl_tls_socket_open(plain, tls, &line->socket));
        line->is_tls = true;
    }
    line->socket->on_ready = on_ready;
    line->socket->owner = line;
    line->heard_ns = now_ns(client);
    line->connect_by_ns = now_ns(client) + options->connect_ns;
    client->connect_count++;
    look_at(client, line->connect_by_ns);
    flush_soon(client);
    return PGL_OK;
}

/* When it is time to. */
static void try_line(struct pgl_h2_line *line)
{
    struct pgl_h2_client *client = line->client;
    if (now_ns(client) < client->again_ns) {
        look_at(client, client->again_ns);
        return;
    }
    pgl_status status = connect_line(line);
    if (!pgl_is_ok(status))
        lose(line, status);
}

/* A place for one more; the oldest that its peer has left makes way. NULL: none can now. */
static struct pgl_h2_line *free_line(struct pgl_h2_client *client)
{
    struct pgl_h2_line *oldest = NULL;
    for (int i = 0; i < PGL_H2_LINES; i++) {
        struct pgl_h2_line *line = &client->lines[i];
        if (line->is_at_work)
            continue;
        if (line->session == NULL)
            return line;
        if (line != client->line && (oldest == NULL || line->heard_ns < oldest->heard_ns))
            oldest = line;
    }
    if (oldest != NULL)
        lose(oldest, PGL_FAIL(PGL_UNAVAILABLE, "the peer has left too many connections"));
    return oldest;
}

/* The session is there at once, so that streams can be asked; its socket with the next flush. */
static pgl_status open_line(struct pgl_h2_client *client)
{
    struct pgl_h2_line *line = free_line(client);
    struct pgl_http2_options options = { .limits = client->options.http2,
                                         .is_client = true,
                                         .read = read_stream };
    if (line == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "the peer has left too many connections");
    *line = (struct pgl_h2_line){ .client = client };
    pgl_list_init(&line->streams);
    pgl_buffer_init(&line->input, 2 * READ_BYTES);
    pgl_buffer_init(&line->output, OUTPUT_BYTES_MAX);
    line->session = pgl_http2_open(&options, now_ns(client));
    if (line->session == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a connection");
    client->line = line;
    line->connect_by_ns = PGL_NEVER_NS;
    return PGL_OK;
}

static void close_line(struct pgl_h2_line *line)
{
    if (line->socket != NULL)
        line->socket->ops->close(line->socket);
    pgl_http2_close(line->session);
    pgl_buffer_free(&line->input);
    pgl_buffer_free(&line->output);
    if (line->client->line == line)
        line->client->line = NULL;
    *line = (struct pgl_h2_line){ .client = line->client, .is_at_work = line->is_at_work };
}

/* It has answered nothing. One that was there at all costs no pause the first time. */
static void count_failure(struct pgl_h2_line *line)
{
    struct pgl_h2_client *client = line->client;
    uint32_t count = client->failed_count++ + (line->has_heard ? 0 : 1);
    client->again_ns =
        now_ns(client) + pgl_retry_draw_ns(&client->options.again, count, &client->jitter);
}

/* The connection is gone; its streams are told in the next turn. */
static void lose(struct pgl_h2_line *line, pgl_status why)
{
    struct pgl_h2_client *client = line->client;
    struct pgl_list *node;
    while ((node = pgl_list_take_first(&line->streams)) != NULL) {
        struct pgl_h2_stream *stream = PGL_CONTAINER(node, struct pgl_h2_stream, place);
        stream->line = NULL;
        stream->status = why;
        stream->was_never_sent = !line->has_written;
        pgl_list_append(&client->failed, &stream->place);
    }
    if (!line->has_answered && !line->is_leaving)
        count_failure(line);
    close_line(line);
    if (!pgl_list_is_empty(&client->failed))
        flush_soon(client);
}

/* The peer will answer what it has taken, no more. */
static void leave_line(struct pgl_h2_line *line)
{
    if (!line->has_answered && !line->is_leaving)
        count_failure(line);
    line->is_leaving = true;
    if (line->client->line == line)
        line->client->line = NULL;
}

/* ---- streams ---- */

static void release(struct pgl_h2_stream *stream)
{
    pgl_list_remove(&stream->place);
    pgl_buffer_free(&stream->out);
    stream->client->stream_count--;
    if (stream->line != NULL && stream->number != 0) {
        struct pgl_http2 *session = stream->line->session;
        pgl_http2_set_owner(session, stream->number, NULL);
        pgl_http2_reset(session, stream->number, PGL_HTTP2_CANCEL);
        flush_soon(stream->client);
    }
    stream->line = NULL;
    stream->number = 0;
}

static void fail(struct pgl_h2_stream *stream, pgl_status status, uint32_t code,
                 bool was_never_sent)
{
    release(stream);
    stream->handler->on_failure(stream, status, code, was_never_sent);
}

static void give_up(struct pgl_h2_client *client)
{
    struct pgl_list turn, *node; /* who asks again meanwhile and fails has the next turn */
    pgl_list_init(&turn);
    while ((node = pgl_list_take_first(&client->failed)) != NULL)
        pgl_list_append(&turn, node);
    while ((node = pgl_list_take_first(&turn)) != NULL) {
        struct pgl_h2_stream *stream = PGL_CONTAINER(node, struct pgl_h2_stream, place);
        fail(stream, stream->status, 0, stream->was_never_sent);
    }
}

static pgl_status ask(struct pgl_h2_client *client, struct pgl_h2_stream *stream,
                      const struct pgl_http2_request *request)
{
    if (client->line == NULL)
        PGL_TRY(open_line(client));
    stream->line = client->line;
    return pgl_http2_ask(stream->line->session, request, &stream->number);
}

pgl_status pgl_h2_stream_open(struct pgl_h2_client *client, struct pgl_h2_stream *stream,
                              struct pgl_text method, struct pgl_text path,
                              const struct pgl_http_field *fields, size_t count, bool has_body)
{
    struct pgl_http2_request request = { .method = method,
                                         .scheme = client->options.tls == NULL ? PGL_TEXT("http")
                                                                               : PGL_TEXT("https"),
                                         .authority = pgl_text_of(client->options.authority),
                                         .path = path,
                                         .fields = fields,
                                         .field_count = count,
                                         .has_body = has_body,
                                         .owner = stream };
    if (client->stream_count >= client->options.streams_max)
        return PGL_FAIL(PGL_EXHAUSTED, "too many streams to one peer");
    *stream = (struct pgl_h2_stream){ .handler = stream->handler,
                                      .owner = stream->owner,
                                      .client = client,
                                      .is_last_written = !has_body,
                                      .has_said_all = !has_body };
    pgl_status status = ask(client, stream, &request);
    if (status.code == PGL_UNAVAILABLE && client->line != NULL) { /* it has no numbers left */
        leave_line(client->line);
        status = ask(client, stream, &request);
    }
    PGL_TRY(status);
    pgl_list_init(&stream->place);
    pgl_list_append(&stream->line->streams, &stream->place);
    pgl_buffer_init(&stream->out, client->options.stream_bytes_max);
    client->stream_count++;
    flush_soon(client);
    return PGL_OK;
}

pgl_status pgl_h2_stream_write(struct pgl_h2_stream *stream, struct pgl_text piece, bool is_last)
{
    struct pgl_buffer *out = &stream->out;
    PGL_ASSERT(!stream->is_last_written);
    if (stream->line == NULL)
        return PGL_FAIL(PGL_CANCELLED, "the connection is gone");
    if (stream->sent_bytes > 0 && piece.size > out->limit_bytes - out->size) {
        pgl_buffer_consume(out, stream->sent_bytes);
        stream->sent_bytes = 0;
    }
    if (piece.size > out->limit_bytes - out->size) {
        stream->wants_room = stream->line->wants_room = true;
        return PGL_FAIL(PGL_EXHAUSTED, "the peer does not read");
    }
    pgl_buffer_add_text(out, piece);
    if (out->is_full) /* no memory */
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a piece");
    stream->is_last_written = is_last;
    pgl_http2_go_on(stream->line->session, stream->number);
    flush_soon(stream->client);
    return PGL_OK;
}

void pgl_h2_stream_lend(struct pgl_h2_stream *stream, struct pgl_text body)
{
    PGL_ASSERT(!stream->is_last_written && stream->out.size == 0 && body.size > 0);
    stream->lent = body;
    stream->is_last_written = true;
    if (stream->line != NULL) /* else it has failed, and is told soon */
        pgl_http2_go_on(stream->line->session, stream->number);
    flush_soon(stream->client);
}

bool pgl_h2_stream_is_out(const struct pgl_h2_stream *stream)
{
    return stream->line != NULL && stream->line->has_written;
}

void pgl_h2_stream_taken(struct pgl_h2_stream *stream, size_t bytes)
{
    if (stream->line == NULL)
        return;
    pgl_http2_taken(stream->line->session, stream->number, bytes);
    flush_soon(stream->client);
}

void pgl_h2_stream_cancel(struct pgl_h2_stream *stream)
{
    release(stream);
}

/* ---- what is written ---- */

static void break_line(struct pgl_h2_line *line)
{
    pgl_status why = line->is_tls ? pgl_tls_socket_failure(line->socket) : PGL_OK;
    lose(line, pgl_is_ok(why) ? PGL_FAIL(PGL_UNAVAILABLE, "the connection is broken") : why);
}

/* False when the socket takes no more, or is broken. */
static bool write_some(struct pgl_h2_line *line)
{
    struct pgl_buffer *output = &line->output;
    size_t put = 0;
    if (output->size == 0 && !pgl_is_ok(pgl_http2_give(line->session, output, OUTPUT_BYTES)))
        line->is_broken = true;
    if (output->size == 0)
        return false;
    struct pgl_span span = { output->data, output->size };
    enum pgl_io io = line->socket->ops->write(line->socket, &span, 1, &put);
    line->is_broken |= io == PGL_IO_END || io == PGL_IO_BROKEN;
    line->has_written |= put > 0;
    pgl_buffer_consume(output, put);
    return output->size == 0 && !line->is_broken;
}

static void tell_room(struct pgl_h2_line *line)
{
    line->wants_room = false;
    for (struct pgl_list *node = line->streams.next; node != &line->streams; node = node->next) {
        struct pgl_h2_stream *stream = PGL_CONTAINER(node, struct pgl_h2_stream, place);
        if (!stream->wants_room)
            continue;
        line->wants_room = true;
        if (stream->out.size - stream->sent_bytes > stream->out.limit_bytes / 2)
            continue;
        stream->wants_room = false;
        if (stream->handler->on_room != NULL) {
            stream->handler->on_room(stream);
            return; /* who knows what is left of the list; the others are told next */
        }
    }
}

static void write_out(struct pgl_h2_line *line)
{
    if (line->socket == NULL) {
        try_line(line);
        return;
    }
    int left = WRITES_IN_A_ROW;
    while (left > 0 && write_some(line))
        left--;
    hear(line); /* what has ended by being written */
    if (line->is_broken)
        break_line(line);
    if (line->session == NULL)
        return;
    if (left == 0)
        flush_soon(line->client);
    line->socket->ops->want(line->socket, true, line->output.size > 0);
    if (line->wants_room)
        tell_room(line);
}

static struct pgl_go flush(struct pgl_flow *flow)
{
    struct pgl_h2_client *client = PGL_CONTAINER(flow, struct pgl_h2_client, flush);
    client->is_to_flush = false;
    give_up(client);
    for (int i = 0; i < PGL_H2_LINES; i++) {
        struct pgl_h2_line *line = &client->lines[i];
        line->is_at_work = true;
        if (line->session != NULL)
            write_out(line);
        line->is_at_work = false;
        bool is_quiet = pgl_list_is_empty(&line->streams) && line->output.size == 0;
        if (line->session != NULL && line->is_leaving && is_quiet)
            close_line(line);
    }
    if (client->stream_count > 0)
        look_at(client, now_ns(client) + LOOK_NS);
    return pgl_done();
}

/* ---- what comes ---- */

static void take_head(struct pgl_h2_line *line, struct pgl_h2_stream *stream,
                      const struct pgl_http2_event *event)
{
    struct pgl_http_response_head head;
    pgl_arena_reset(&line->client->heads);
    pgl_status status = pgl_http2_read_response(line->session, event, &line->client->heads, &head);
    if (!pgl_is_ok(status)) {
        fail(stream, status, 0, false);
    } else if (event->kind == PGL_HTTP2_HEAD) {
        line->has_answered = true;
        line->client->failed_count = 0;
        if (stream->handler->on_head != NULL)
            stream->handler->on_head(stream, &head);
    } else {
        release(stream);
        stream->handler->on_end(stream, head.fields, head.field_count);
    }
}

static void take_piece(struct pgl_h2_line *line, struct pgl_h2_stream *stream,
                       const struct pgl_http2_event *event)
{
    if (!stream->handler->takes_itself) { /* before the call, which may end the stream */
        pgl_http2_taken(line->session, event->stream, event->data.size);
        flush_soon(line->client);
    }
    if (stream->handler->on_piece != NULL)
        stream->handler->on_piece(stream, event->data);
}

static void take_close(struct pgl_h2_stream *stream, uint32_t code)
{
    stream->number = 0; /* there is nothing left to be reset */
    fail(stream, PGL_FAIL(PGL_UNAVAILABLE, "the peer has reset the stream"), code,
         code == PGL_HTTP2_REFUSED_STREAM);
}

static void hear(struct pgl_h2_line *line)
{
    struct pgl_http2_event event;
    while (line->session != NULL && pgl_http2_next(line->session, &event)) {
        struct pgl_h2_stream *stream = event.owner;
        if (event.kind == PGL_HTTP2_GOAWAY)
            leave_line(line);
        if (stream == NULL)
            continue;
        switch (event.kind) {
        case PGL_HTTP2_HEAD:
        case PGL_HTTP2_TRAILERS:
            take_head(line, stream, &event);
            break;
        case PGL_HTTP2_DATA:
            take_piece(line, stream, &event);
            break;
        case PGL_HTTP2_END:
            release(stream);
            stream->handler->on_end(stream, NULL, 0);
            break;
        case PGL_HTTP2_CLOSED:
            take_close(stream, event.code);
            break;
        case PGL_HTTP2_TAKEN_BACK:
        case PGL_HTTP2_READY:
        case PGL_HTTP2_GOAWAY:
            break; /* nothing of a stream's */
        }
    }
}

/* Answers that left before the peer closed are still read: so the loss comes behind them. */
static void take_input(struct pgl_h2_line *line, size_t got)
{
    struct pgl_h2_client *client = line->client;
    struct pgl_text input = { line->input.data, got };
    line->has_heard = true;
    line->is_pinged = false;
    line->heard_ns = now_ns(client);
    line->connect_by_ns = PGL_NEVER_NS;
    while (line->session != NULL && input.size > 0) {
        pgl_status taken = pgl_http2_take(line->session, &input, now_ns(client));
        hear(line);
        if (!pgl_is_ok(taken) && line->session != NULL) {
            lose(line, PGL_FAIL(PGL_MALFORMED, "the peer does not speak HTTP/2 as it should"));
            return;
        }
    }
}

/* False when there is nothing more to read now. */
static bool read_some(struct pgl_h2_line *line)
{
    size_t got = 0;
    char *room = pgl_buffer_room(&line->input, READ_BYTES);
    if (room == NULL) {
        lose(line, PGL_FAIL(PGL_EXHAUSTED, "no memory for a connection"));
        return false;
    }
    enum pgl_io io = line->socket->ops->read(line->socket, room, READ_BYTES, &got);
    if (io == PGL_IO_WAIT)
        return false;
    if (io != PGL_IO_DONE) {
        break_line(line);
        return false;
    }
    take_input(line, got);
    return line->session != NULL && got == READ_BYTES;
}

static void on_ready(void *owner)
{
    struct pgl_h2_line *line = owner;
    struct pgl_h2_client *client = line->client;
    line->is_at_work = true;
    for (int i = 0; i < READS_IN_A_ROW_MAX && read_some(line); i++)
        ;
    line->is_at_work = false;
    flush_soon(client);
}

/* ---- time ---- */

static void look_at_line(struct pgl_h2_line *line)
{
    struct pgl_h2_client *client = line->client;
    int64_t now = now_ns(client), silent_ns = client->options.silent_ns;
    if (line->socket == NULL) {
        try_line(line);
    } else if (now >= line->connect_by_ns) {
        lose(line, PGL_FAIL(PGL_UNAVAILABLE, "no connection in time"));
    } else if (line->has_heard && !pgl_list_is_empty(&line->streams) &&
               now >= line->heard_ns + silent_ns) {
        if (line->is_pinged && now >= line->pinged_ns + silent_ns) {
            lose(line, PGL_FAIL(PGL_UNAVAILABLE, "the peer has fallen silent"));
        } else if (!line->is_pinged) {
            line->is_pinged = true;
            line->pinged_ns = now;
            pgl_http2_ping(line->session);
            flush_soon(client);
        }
    }
}

static void on_look(void *owner)
{
    struct pgl_h2_client *client = owner;
    bool is_needed = false;
    for (int i = 0; i < PGL_H2_LINES; i++) {
        if (client->lines[i].session != NULL)
            look_at_line(&client->lines[i]);
        is_needed |= client->lines[i].session != NULL && !client->lines[i].has_heard;
    }
    if (is_needed || client->stream_count > 0)
        look_at(client, now_ns(client) + LOOK_NS);
}
