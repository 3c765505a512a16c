/*
 * conn_http2.c - HTTP/2 on a connection: each stream an exchange.
 *
 * The session (wire/http2.h) says what came as events; `hear` makes exchanges of them, when the
 * session has returned. It asks `read` for what the exchanges say whenever there is room on the
 * wire, and makes frames of it at the end of the turn, so that all answers of a turn leave in one
 * write.
 *
 * A stream counts until its handler has ended its exchange, even when it was reset long ago: until
 * then the exchange stays in the connection's list, with no stream of its own (0).
 */
#include "base/assert.h"
#include "base/time.h"
#include "transport/conn.h"

#define LOOK_NS    PGL_SECONDS(1) /* between two looks at all streams */
#define DIGITS_MAX 20

static size_t read_answer(void *owner, char *room, size_t size, enum pgl_http2_more *more);
static size_t give_trailers(void *owner, const struct pgl_http_field **fields);
static void hear(struct pgl_conn *conn);
static void doom(struct pgl_conn *conn);

static struct pgl_http_exchange *exchange_at(struct pgl_list *node)
{
    return PGL_CONTAINER(node, struct pgl_http_exchange, in_order);
}

static int64_t now_ns(const struct pgl_conn *conn)
{
    return conn->server->loop->now_ns;
}

/* ---- its life ---- */

bool pgl_conn_http2_open(struct pgl_conn *conn)
{
    struct pgl_http_server *server = conn->server;
    struct pgl_http2_options options = { .limits = server->options.limits.http2,
                                         .read = read_answer,
                                         .trailers = give_trailers };
    const struct pgl_http1_limits *head = &server->options.limits.http1; /* one rule for both */
    options.limits.head_bytes_max = head->head_bytes_max;
    options.limits.field_count_max = head->field_count_max;
    options.limits.target_bytes_max = head->target_bytes_max;
    if (!pgl_http_server_has_room(server, conn))
        return false;
    conn->session = pgl_http2_open(&options, now_ns(conn));
    if (conn->session == NULL)
        return false;
    conn->protocol = &pgl_conn_http2;
    conn->head_since_ns = 0;
    conn->looked_ns = conn->progress_ns = conn->heard_ns = now_ns(conn);
    conn->pinged_ns = 0;
    pgl_buffer_init(&conn->output, PGL_CONN_OUTPUT_BYTES_MAX);
    pgl_counter_add(&server->metrics.http2_connections, 1);
    pgl_conn_mark_dirty(conn); /* our settings */
    return true;
}

static void forget(struct pgl_conn *conn)
{
    pgl_http2_close(conn->session);
    conn->session = NULL;
    pgl_buffer_free(&conn->output);
}

static void say_goodbye(struct pgl_conn *conn)
{
    pgl_http2_go_away(conn->session, true);
    conn->takes_no_more = true;
    conn->is_refused = true; /* what comes meanwhile must not take the answers away */
    pgl_conn_mark_dirty(conn);
}

/* Idle, so there is at most a request on its way, which will know that it was not taken. */
static void leave(struct pgl_conn *conn)
{
    if (!conn->takes_no_more)
        say_goodbye(conn);
}

/* RFC 9113, 6.8: announced first, so that what is on its way is still answered. */
static void look_whether_to_leave(struct pgl_conn *conn)
{
    const struct pgl_http_server *server = conn->server;
    bool has_had_enough = server->is_draining || now_ns(conn) >= conn->age_until_ns ||
                          conn->request_count >= server->options.limits.requests_per_connection_max;
    if (conn->takes_no_more || conn->is_doomed)
        return;
    if (conn->leaving_since_ns == 0) {
        if (!has_had_enough)
            return;
        conn->leaving_since_ns = now_ns(conn);
        pgl_http2_go_away(conn->session, false);
        pgl_conn_mark_dirty(conn);
    } else if (now_ns(conn) >= conn->leaving_since_ns + server->options.limits.leave_ns) {
        say_goodbye(conn);
    }
}

static bool is_over(struct pgl_conn *conn)
{
    hear(conn); /* what has ended by being written */
    if (!conn->is_doomed && pgl_http2_is_over(conn->session)) {
        conn->takes_no_more |= conn->leaving_since_ns != 0; /* it has heard so: no complaint */
        doom(conn);
    }
    look_whether_to_leave(conn);
    if (conn->output.size > 0 || pgl_http2_wants_to_give(conn->session))
        return false;
    return conn->is_doomed || (conn->takes_no_more && pgl_list_is_empty(&conn->exchanges));
}

/* ---- what comes ---- */

static bool may_take(const struct pgl_conn *conn)
{
    return !conn->is_doomed && !pgl_http2_is_choked(conn->session);
}

static void take_input(struct pgl_conn *conn, struct pgl_text *input)
{
    conn->heard_ns = now_ns(conn);
    conn->pinged_ns = 0;
    pgl_status taken =
        pgl_http2_take_some(conn->session, input, now_ns(conn), pgl_conn_share(conn));
    if (!pgl_is_ok(taken))
        doom(conn);
    hear(conn);
    pgl_conn_mark_dirty(conn); /* acknowledgements, windows */
    conn->is_unread = input->size > 0 && !conn->is_doomed;
}

/* The peer has broken the rules, or gone on too long: only the GOAWAY that says so is left. */
static void doom(struct pgl_conn *conn)
{
    pgl_counter_add(&conn->server->metrics.http2_complaints, !conn->takes_no_more);
    conn->is_doomed = true;
    conn->takes_no_more = true;
    conn->is_refused = true;
    pgl_conn_abandon_handlers(conn);
}

static void end_input(struct pgl_conn *conn)
{
    conn->is_broken = true;
}

static void take_head(struct pgl_conn *conn, const struct pgl_http2_event *event)
{
    struct pgl_http_server *server = conn->server;
    const struct pgl_http_server_options *options = &server->options;
    server->turn_requests++;
    bool has_enough = conn->exchange_bytes > options->limits.connection_bytes_max;
    struct pgl_http_exchange *exchange =
        conn->is_doomed || has_enough ? NULL : pgl_http_exchange_take(server, conn);
    if (exchange == NULL) {
        pgl_counter_add(&server->metrics.overloads, !conn->is_doomed);
        pgl_http2_reset(conn->session, event->stream, PGL_HTTP2_REFUSED_STREAM);
        pgl_http2_let_go(conn->session);
        return;
    }
    exchange->stream = event->stream;
    exchange->major_version = 2;
    pgl_http2_set_owner(conn->session, event->stream, exchange);
    struct pgl_http2_refusal refusal = { 503, "too much is going on" };
    conn->request_count++; /* also one that is refused */
    if (!pgl_http_server_has_room(server, conn) ||
        !pgl_is_ok(pgl_http2_read_request(conn->session, event, &exchange->arena, &exchange->head,
                                          &refusal))) {
        pgl_http_exchange_refuse(exchange, refusal.status, refusal.reason);
        return;
    }
    exchange->is_in_pieces =
        options->wants_pieces != NULL && options->wants_pieces(options->owner, &exchange->head);
    exchange->body_limit = exchange->is_in_pieces ? 0 : pgl_http_exchange_body_limit(exchange);
    if (!exchange->is_in_pieces && exchange->head.content_length > 0 &&
        (uint64_t)exchange->head.content_length > exchange->body_limit) {
        pgl_http_exchange_refuse(exchange, 413, "the body is too large");
        return;
    }
    if (exchange->head.expects_continue)
        pgl_http2_answer_continue(conn->session, exchange->stream);
    if (exchange->is_in_pieces)
        pgl_http_exchange_ask(exchange);
}

static void take_data(struct pgl_conn *conn, struct pgl_http_exchange *exchange,
                      struct pgl_text piece)
{
    if (exchange->is_in_pieces && pgl_http_exchange_is_held(exchange)) {
        pgl_http_exchange_piece(exchange, piece, false);
        return;
    }
    pgl_http2_taken(conn->session, exchange->stream, piece.size);
    if (exchange->stage != PGL_HTTP_RECEIVING)
        return;
    if (piece.size > exchange->body_limit - exchange->body.size)
        pgl_http_exchange_refuse(exchange, 413, "the body is too large");
    else if (!pgl_http_exchange_keep(exchange, piece))
        pgl_http_exchange_refuse(exchange, 503, "too much is going on");
}

static void take_end(struct pgl_http_exchange *exchange)
{
    exchange->has_whole_body = true;
    if (exchange->is_in_pieces)
        pgl_http_exchange_piece(exchange, (struct pgl_text){ "", 0 }, true);
    else if (exchange->stage == PGL_HTTP_RECEIVING)
        pgl_http_exchange_ask(exchange);
}

static void take_close(struct pgl_conn *conn, struct pgl_http_exchange *exchange)
{
    exchange->stream = 0;
    if (pgl_http_exchange_is_held(exchange)) {
        pgl_http_exchange_abandon(exchange);
        return;
    }
    if (exchange->stage == PGL_HTTP_RECEIVING)
        pgl_http2_let_go(conn->session);
    pgl_http_exchange_release(exchange);
}

static void hear(struct pgl_conn *conn)
{
    struct pgl_http2_event event;
    while (pgl_http2_next(conn->session, &event)) {
        struct pgl_http_exchange *exchange = event.owner;
        switch (event.kind) {
        case PGL_HTTP2_HEAD:
            take_head(conn, &event);
            break;
        case PGL_HTTP2_DATA:
            if (exchange != NULL && !conn->is_doomed)
                take_data(conn, exchange, event.data);
            break;
        case PGL_HTTP2_END:
            if (exchange != NULL && !conn->is_doomed)
                take_end(exchange);
            break;
        case PGL_HTTP2_CLOSED:
            if (exchange != NULL)
                take_close(conn, exchange);
            break;
        case PGL_HTTP2_TRAILERS: /* of requests: nobody needs them */
        case PGL_HTTP2_TAKEN_BACK:
        case PGL_HTTP2_READY:
        case PGL_HTTP2_GOAWAY: /* a client that takes no streams of ours: we have none */
            break;
        }
    }
}

/* ---- time ---- */

static enum pgl_conn_wait next_due(const struct pgl_conn *conn, int64_t *due_ns)
{
    const struct pgl_http_limits *limits = &conn->server->options.limits;
    int64_t block_since_ns = pgl_http2_block_since_ns(conn->session);
    enum pgl_conn_wait wait = PGL_CONN_WAITS_FOR_NOTHING;
    if (conn->exchange_count > 0 || conn->leaving_since_ns != 0) {
        *due_ns = conn->looked_ns + LOOK_NS;
        wait = PGL_CONN_WAITS_TO_LOOK;
    }
    if (block_since_ns != 0 && block_since_ns + limits->block_ns < *due_ns) {
        *due_ns = block_since_ns + limits->block_ns;
        wait = PGL_CONN_WAITS_FOR_HEAD;
    }
    return wait;
}

/* Room is worth more than patience once half of it is taken. */
static int64_t stall_ns(const struct pgl_http_server *server)
{
    const struct pgl_http_limits *limits = &server->options.limits;
    bool is_scarce = server->buffers_bytes > limits->buffers_bytes_max / 2;
    return is_scarce ? LOOK_NS : limits->stream_stall_ns;
}

/* What waits for the peer's window. While its socket takes nothing that counts instead. */
static bool is_stalled(const struct pgl_http_exchange *exchange)
{
    return exchange->stream != 0 && pgl_http_exchange_unsent(exchange) > 0;
}

/* RFC 9113, 8.1: answered before its body was whole, and nobody wants the rest. A peer that goes on
 * all the same is not told at once: some take that for the answer's failure. */
static bool is_left_over(const struct pgl_http_exchange *exchange)
{
    return exchange->stage == PGL_HTTP_ANSWERED && exchange->stream != 0 &&
           !exchange->has_whole_body && pgl_http_exchange_unsent(exchange) == 0 &&
           exchange->server->loop->now_ns >=
               exchange->progress_ns + exchange->server->options.limits.linger_ns;
}

static void look_at_streams(struct pgl_conn *conn)
{
    const struct pgl_http_limits *limits = &conn->server->options.limits;
    struct pgl_http_metrics *metrics = &conn->server->metrics;
    struct pgl_list *node, *next;
    bool has_stalled = false;
    for (node = conn->exchanges.next; node != &conn->exchanges; node = next) {
        struct pgl_http_exchange *exchange = exchange_at(node);
        next = node->next;
        if (exchange->stage == PGL_HTTP_RECEIVING &&
            now_ns(conn) >= pgl_http_exchange_body_due_ns(exchange)) {
            pgl_counter_add(&metrics->late_bodies, 1);
            pgl_http_exchange_refuse(exchange, 408, "the body took too long to come");
        } else if (is_left_over(exchange)) {
            pgl_http2_reset(conn->session, exchange->stream, PGL_HTTP2_NO_ERROR);
            pgl_conn_mark_dirty(conn);
        } else if (is_stalled(exchange)) {
            has_stalled = true;
            if (conn->is_blocked || now_ns(conn) < exchange->progress_ns + stall_ns(conn->server))
                continue;
            pgl_counter_add(&metrics->late_writes, 1);
            pgl_http2_reset(conn->session, exchange->stream, PGL_HTTP2_CANCEL);
            pgl_conn_mark_dirty(conn);
        }
    }
    if (!has_stalled)
        conn->progress_ns = now_ns(conn);
    if (now_ns(conn) >= conn->progress_ns + limits->connection_stall_ns) {
        pgl_counter_add(&metrics->late_writes, 1);
        conn->is_broken = true;
    }
}

/* A peer that went away without a word would keep its streams for as long as nothing is written to
 * them. */
static void look_for_life(struct pgl_conn *conn)
{
    const struct pgl_http_limits *limits = &conn->server->options.limits;
    if (conn->pinged_ns != 0) {
        conn->is_broken |= now_ns(conn) >= conn->pinged_ns + limits->pong_ns;
    } else if (now_ns(conn) >= conn->heard_ns + limits->ping_ns && conn->exchange_count > 0) {
        conn->pinged_ns = now_ns(conn);
        pgl_http2_ping(conn->session);
        pgl_conn_mark_dirty(conn);
    }
}

static void late(struct pgl_conn *conn, enum pgl_conn_wait wait)
{
    if (wait == PGL_CONN_WAITS_FOR_HEAD) {
        conn->is_broken = true;
        return;
    }
    conn->looked_ns = now_ns(conn);
    look_at_streams(conn);
    look_for_life(conn);
}

/* ---- answers ---- */

static void give_spare_back(struct pgl_conn *conn)
{
    struct pgl_http_server *server = conn->server;
    if (server->spare_output.capacity == 0) {
        server->spare_output = conn->output;
        pgl_buffer_init(&conn->output, PGL_CONN_OUTPUT_BYTES_MAX);
    } else {
        pgl_buffer_free(&conn->output);
    }
}

static int gather(struct pgl_conn *conn, struct pgl_span *spans, size_t *total)
{
    struct pgl_buffer *output = &conn->output, *spare = &conn->server->spare_output;
    *total = 0;
    if (output->size == 0) {
        if (!pgl_http2_wants_to_give(conn->session))
            return 0;
        if (output->capacity == 0 && spare->capacity > 0) {
            *output = *spare;
            pgl_buffer_init(spare, PGL_CONN_OUTPUT_BYTES_MAX);
        }
        if (!pgl_is_ok(pgl_http2_give(conn->session, output, PGL_CONN_OUTPUT_BYTES)) &&
            !conn->is_doomed)
            doom(conn);
        if (conn->rooms_wanted > 0)
            pgl_http_exchange_tell_room(conn);
    }
    if (output->size == 0)
        give_spare_back(conn);
    pgl_conn_recount(conn);
    spans[0] = (struct pgl_span){ output->data, output->size };
    *total = output->size;
    return output->size > 0;
}

static void wrote(struct pgl_conn *conn, size_t put)
{
    pgl_buffer_consume(&conn->output, put);
    if (conn->output.size == 0)
        give_spare_back(conn);
    pgl_conn_recount(conn);
}

static size_t copy_from(struct pgl_text text, size_t from, char *room, size_t size)
{
    if (from >= text.size)
        return 0;
    size_t step = text.size - from < size ? text.size - from : size;
    memcpy(room, text.data + from, step);
    return step;
}

static enum pgl_http2_more more_of(const struct pgl_http_exchange *exchange)
{
    if (pgl_http_exchange_unsent(exchange) > 0)
        return PGL_HTTP2_MORE;
    if (exchange->stage != PGL_HTTP_ANSWERED)
        return PGL_HTTP2_LATER;
    return exchange->trailer_count > 0 ? PGL_HTTP2_TRAILED : PGL_HTTP2_LAST;
}

static size_t read_answer(void *owner, char *room, size_t size, enum pgl_http2_more *more)
{
    struct pgl_http_exchange *exchange = owner;
    size_t out_bytes = exchange->out.size, sent = exchange->sent_bytes;
    size_t got = copy_from(pgl_buffer_text(&exchange->out), sent, room, size);
    sent = sent + got > out_bytes ? sent + got - out_bytes : 0;
    got += copy_from(exchange->answer_body, sent, room + got, size - got);
    exchange->sent_bytes += got;
    if (got > 0)
        exchange->progress_ns = exchange->conn->progress_ns = now_ns(exchange->conn);
    *more = more_of(exchange);
    if (*more == PGL_HTTP2_LATER) {
        pgl_buffer_clear(&exchange->out);
        exchange->sent_bytes = 0;
    }
    return got;
}

static size_t give_trailers(void *owner, const struct pgl_http_field **fields)
{
    struct pgl_http_exchange *exchange = owner;
    *fields = exchange->trailers;
    return exchange->trailer_count;
}

static struct pgl_text number(int64_t value, char digits[DIGITS_MAX])
{
    char *end = digits + DIGITS_MAX, *at = end;
    for (; value > 0; value /= 10)
        *--at = (char)('0' + value % 10);
    return (struct pgl_text){ at, (size_t)(end - at) };
}

static bool say(struct pgl_http_exchange *exchange, int status, const struct pgl_http_field *fields,
                size_t field_count, bool has_body)
{
    pgl_counter_add(&exchange->server->metrics.answers[status / 100], 1);
    return pgl_http2_answer(exchange->conn->session, exchange->stream, status, fields, field_count,
                            has_body);
}

static bool say_head(struct pgl_http_exchange *exchange, int status,
                     const struct pgl_http_field *fields, size_t field_count, int64_t body_bytes)
{
    struct pgl_http_field said[PGL_HTTP_FIELDS_MAX];
    char digits[DIGITS_MAX];
    size_t count = 0;
    bool is_head = exchange->head.method_known == PGL_HTTP_HEAD;
    bool has_body = !is_head && status != 204 && status != 304 && body_bytes != 0;
    if (exchange->stream == 0)
        return false;
    said[count++] =
        (struct pgl_http_field){ PGL_TEXT("date"), pgl_http_server_date(exchange->server) };
    if (body_bytes > 0 && (has_body || is_head))
        said[count++] =
            (struct pgl_http_field){ PGL_TEXT("content-length"), number(body_bytes, digits) };
    if (field_count <= PGL_HTTP_FIELDS_MAX - count) {
        for (size_t i = 0; i < field_count; i++)
            said[count++] = fields[i];
        if (say(exchange, status, said, count, has_body))
            return has_body;
    }
    if (!say(exchange, 500, said, 1, false))
        pgl_http2_reset(exchange->conn->session, exchange->stream, PGL_HTTP2_INTERNAL_ERROR);
    return false;
}

static void say_piece(struct pgl_http_exchange *exchange, struct pgl_text piece)
{
    if (pgl_http_exchange_unsent(exchange) == 0)
        exchange->progress_ns = now_ns(exchange->conn);
    pgl_buffer_add_text(&exchange->out, piece);
    exchange->conn->is_broken |= exchange->out.is_full;
    pgl_http2_go_on(exchange->conn->session, exchange->stream);
}

static void say_end(struct pgl_http_exchange *exchange)
{
    pgl_http2_let_go(exchange->conn->session);
    exchange->progress_ns = now_ns(exchange->conn);
    if (exchange->stream == 0)
        pgl_http_exchange_release(exchange);
    else if (!exchange->is_mute && !exchange->is_cut)
        pgl_http2_go_on(exchange->conn->session, exchange->stream);
}

static void cut(struct pgl_http_exchange *exchange, uint32_t code)
{
    exchange->is_cut = true;
    if (exchange->stream != 0)
        pgl_http2_reset(exchange->conn->session, exchange->stream, code);
}

static void taken(struct pgl_http_exchange *exchange, size_t bytes)
{
    if (exchange->stream == 0)
        return;
    pgl_http2_taken(exchange->conn->session, exchange->stream, bytes);
    pgl_conn_mark_dirty(exchange->conn);
}

const struct pgl_conn_protocol pgl_conn_http2 = { .may_take = may_take,
                                                  .take_input = take_input,
                                                  .end_input = end_input,
                                                  .gather = gather,
                                                  .wrote = wrote,
                                                  .next_due = next_due,
                                                  .late = late,
                                                  .is_over = is_over,
                                                  .leave = leave,
                                                  .forget = forget,
                                                  .say_head = say_head,
                                                  .say_piece = say_piece,
                                                  .say_end = say_end,
                                                  .cut = cut,
                                                  .taken = taken };
