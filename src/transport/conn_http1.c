/*
 * conn_http1.c - HTTP/1.1 on a connection: what it makes of its input (exchanges, or a refusal),
 * and answers in the order of the requests.
 */
#include "base/assert.h"
#include "transport/conn.h"

/* Of a body in pieces that its handler has not taken; then it is not read. One read more may have
 * come by then. */
#define UNTAKEN_BYTES_MAX (64u << 10)

static bool is_choked(const struct pgl_http_exchange *exchange)
{
    return exchange->is_in_pieces && exchange->untaken_bytes >= UNTAKEN_BYTES_MAX;
}

/* A body on its way goes on, unless its handler cannot keep up with it. */
static bool may_take(const struct pgl_conn *conn)
{
    if (conn->receiving != NULL)
        return !is_choked(conn->receiving);
    const struct pgl_http_limits *limits = &conn->server->options.limits;
    bool has_enough =
        conn->exchange_count > 0 && conn->exchange_bytes > limits->connection_bytes_max;
    return !conn->takes_no_more && !has_enough && conn->exchange_count < limits->pipelined_max;
}

static bool take_head(struct pgl_conn *conn, struct pgl_text *input);
static bool take_body(struct pgl_conn *conn, struct pgl_text *input);

static void take_requests(struct pgl_conn *conn, struct pgl_text *input)
{
    uint32_t left = pgl_conn_share(conn);
    conn->is_unread = false;
    while (may_take(conn)) {
        if (left-- == 0) {
            conn->is_unread = input->size > 0;
            return;
        }
        if (conn->receiving == NULL && !take_head(conn, input))
            return;
        if (!take_body(conn, input))
            return;
    }
    conn->is_unread = input->size > 0 && (conn->receiving != NULL || !conn->takes_no_more);
}

static void take_input(struct pgl_conn *conn, struct pgl_text *input)
{
    take_requests(conn, input);
    if (conn->takes_no_more && conn->receiving == NULL)
        input->size = 0; /* RFC 9112, 9.6: nothing behind the last request is looked at */
}

static void refuse(struct pgl_conn *conn, struct pgl_http_exchange *exchange, int status,
                   const char *reason)
{
    conn->takes_no_more = true;
    conn->is_refused = true;
    conn->receiving = NULL;
    if (pgl_http_exchange_is_held(exchange)) /* in pieces: its handler may have answered */
        conn->is_broken = true;
    else
        pgl_http_exchange_refuse(exchange, status, reason);
}

/* There is no exchange to say so in: the connection ends behind the answers that are still due. */
static void refuse_mutely(struct pgl_conn *conn)
{
    pgl_counter_add(&conn->server->metrics.overloads, 1);
    conn->takes_no_more = true;
}

/* The head is copied whole, and read again where it will stay. */
static bool keep_head(struct pgl_conn *conn, struct pgl_http_exchange *exchange, const char *data)
{
    size_t size = conn->parser.head_bytes;
    char *copy = pgl_arena_alloc(&exchange->arena, size);
    if (copy == NULL)
        return false;
    memcpy(copy, data, size);
    return pgl_http1_read_request(&conn->parser, copy, size, &exchange->head) == PGL_HTTP1_DONE;
}

static void begin_body(struct pgl_conn *conn, struct pgl_http_exchange *exchange)
{
    const struct pgl_http_server_options *options = &conn->server->options;
    exchange->is_in_pieces =
        options->wants_pieces != NULL && options->wants_pieces(options->owner, &exchange->head);
    uint64_t limit = exchange->is_in_pieces ? UINT64_MAX : pgl_http_exchange_body_limit(exchange);
    pgl_http1_body_init(&conn->body, &options->limits.http1, exchange->head.content_length,
                        exchange->head.is_chunked, limit);
    conn->receiving = exchange;
}

static bool take_head(struct pgl_conn *conn, struct pgl_text *input)
{
    struct pgl_http_server *server = conn->server;
    const struct pgl_http_limits *limits = &server->options.limits;
    if (input->size == 0)
        return false;
    enum pgl_http1_result result =
        pgl_http1_read_request(&conn->parser, input->data, input->size, &server->head_room);
    if (result == PGL_HTTP1_MORE) {
        if (conn->head_since_ns == 0)
            conn->head_since_ns = server->loop->now_ns;
        return false;
    }
    struct pgl_http_exchange *exchange = pgl_http_exchange_take(server, conn);
    if (exchange == NULL) {
        refuse_mutely(conn);
        return false;
    }
    conn->head_since_ns = 0;
    if (result == PGL_HTTP1_REFUSED) {
        refuse(conn, exchange, conn->parser.refusal.status, conn->parser.refusal.reason);
        return false;
    }
    if (!pgl_http_server_has_room(server, conn) || !keep_head(conn, exchange, input->data)) {
        refuse(conn, exchange, 503, "too much is going on");
        return false;
    }
    input->data += conn->parser.head_bytes;
    input->size -= conn->parser.head_bytes;
    pgl_http1_parser_init(&conn->parser, &limits->http1);
    begin_body(conn, exchange);
    conn->request_count++;
    server->turn_requests++;
    conn->takes_no_more = !exchange->head.is_keep_alive || server->is_draining ||
                          conn->request_count >= limits->requests_per_connection_max ||
                          server->loop->now_ns >= conn->age_until_ns;
    if (exchange->is_in_pieces)
        pgl_http_exchange_ask(exchange);
    return true;
}

/* RFC 9110, 10.1.1: not to be said once the body has begun to come, or an answer. */
static void say_continue(struct pgl_conn *conn, struct pgl_http_exchange *exchange)
{
    if (!exchange->head.expects_continue || exchange->body.size > 0 ||
        exchange->stage == PGL_HTTP_STREAMING)
        return;
    exchange->head.expects_continue = false;
    pgl_http1_write_continue(&exchange->out);
    pgl_conn_mark_dirty(conn);
}

/* False when it does not go on. */
static bool take_piece(struct pgl_conn *conn, struct pgl_http_exchange *exchange,
                       struct pgl_text piece)
{
    if (!exchange->is_in_pieces) {
        if (pgl_http_exchange_keep(exchange, piece))
            return true;
        refuse(conn, exchange, 503, "too much is going on");
        return false;
    }
    exchange->head.expects_continue = false;
    exchange->untaken_bytes += piece.size;
    pgl_http_exchange_piece(exchange, piece, false);
    return conn->receiving != NULL && !is_choked(exchange);
}

static void end_body(struct pgl_conn *conn, struct pgl_http_exchange *exchange)
{
    conn->receiving = NULL;
    exchange->has_whole_body = true;
    if (exchange->is_in_pieces)
        pgl_http_exchange_piece(exchange, (struct pgl_text){ "", 0 }, true);
    else
        pgl_http_exchange_ask(exchange);
}

/* False when no further request can be read now. */
static bool take_body(struct pgl_conn *conn, struct pgl_text *input)
{
    struct pgl_http_exchange *exchange = conn->receiving;
    struct pgl_text piece;
    if (exchange == NULL)
        return false; /* ended by its handler, who did not want the body */
    for (;;) {
        switch (pgl_http1_read_body(&conn->body, input, &piece)) {
        case PGL_HTTP1_PIECE:
            if (take_piece(conn, exchange, piece))
                break;
            conn->is_unread = conn->receiving != NULL && input->size > 0;
            return false;
        case PGL_HTTP1_MORE:
            say_continue(conn, exchange);
            return false;
        case PGL_HTTP1_REFUSED:
            refuse(conn, exchange, conn->body.refusal.status, conn->body.refusal.reason);
            return false;
        case PGL_HTTP1_DONE:
            end_body(conn, exchange);
            return true;
        }
    }
}

static void end_input(struct pgl_conn *conn)
{
    if (conn->receiving != NULL && !pgl_http_exchange_is_held(conn->receiving))
        pgl_http_exchange_release(conn->receiving); /* never to be whole */
    conn->receiving = NULL;
    pgl_conn_drop_input(conn);
    pgl_conn_abandon_handlers(conn);
}

/* ---- time ---- */

static enum pgl_conn_wait next_due(const struct pgl_conn *conn, int64_t *due_ns)
{
    if (conn->receiving != NULL) {
        if (conn->receiving->is_in_pieces) /* its handler knows how long it waits */
            return PGL_CONN_WAITS_FOR_NOTHING;
        *due_ns = pgl_http_exchange_body_due_ns(conn->receiving);
        return PGL_CONN_WAITS_FOR_BODY;
    }
    if (conn->head_since_ns != 0 && !conn->takes_no_more) {
        *due_ns = conn->head_since_ns + conn->server->options.limits.head_ns;
        return PGL_CONN_WAITS_FOR_HEAD;
    }
    return PGL_CONN_WAITS_FOR_NOTHING;
}

/* Said to whoever has begun a request, not to who never spoke. */
static void late(struct pgl_conn *conn, enum pgl_conn_wait wait)
{
    struct pgl_http_exchange *exchange = conn->receiving;
    if (exchange == NULL && conn->input.size > 0)
        exchange = pgl_http_exchange_take(conn->server, conn);
    if (exchange == NULL) {
        conn->is_broken = true;
        return;
    }
    refuse(conn, exchange, 408,
           wait == PGL_CONN_WAITS_FOR_BODY ? "the body took too long to come"
                                           : "the request took too long to come");
    pgl_conn_drop_input(conn);
}

static bool is_over(struct pgl_conn *conn)
{
    return conn->takes_no_more && pgl_list_is_empty(&conn->exchanges);
}

static void leave(struct pgl_conn *conn)
{
    conn->takes_no_more = true;
}

/* ---- answers ---- */

static struct pgl_http_exchange *first(struct pgl_conn *conn)
{
    return pgl_list_is_empty(&conn->exchanges)
               ? NULL
               : PGL_CONTAINER(conn->exchanges.next, struct pgl_http_exchange, in_order);
}

/* `put` more bytes are gone; what is wholly written ends. */
static void wrote(struct pgl_conn *conn, size_t put)
{
    struct pgl_http_exchange *exchange;
    while ((exchange = first(conn)) != NULL) {
        size_t unsent = pgl_http_exchange_unsent(exchange), step = put < unsent ? put : unsent;
        exchange->sent_bytes += step;
        put -= step;
        if (step < unsent)
            break;
        if (exchange->stage != PGL_HTTP_ANSWERED) {
            pgl_buffer_clear(&exchange->out);
            exchange->sent_bytes = 0;
            break;
        }
        conn->is_broken |= exchange->is_cut; /* what is behind it goes with it */
        pgl_http_exchange_release(exchange);
    }
    if (conn->rooms_wanted > 0)
        pgl_http_exchange_tell_room(conn);
}

static int add_span(struct pgl_span *spans, int count, struct pgl_text text, size_t sent_bytes)
{
    if (sent_bytes >= text.size)
        return count;
    spans[count] = (struct pgl_span){ text.data + sent_bytes, text.size - sent_bytes };
    return count + 1;
}

/* Up to and with the first exchange that has not said everything. */
static int gather(struct pgl_conn *conn, struct pgl_span *spans, size_t *total)
{
    int count = 0;
    *total = 0;
    struct pgl_http_exchange *exchange = first(conn);
    if (exchange != NULL && pgl_http_exchange_unsent(exchange) == 0) {
        wrote(conn, 0); /* a stream's end may have nothing left to write */
        if (conn->is_broken)
            return 0;
    }
    for (struct pgl_list *node = conn->exchanges.next;
         node != &conn->exchanges && count + 2 <= PGL_CONN_SPANS_MAX; node = node->next) {
        exchange = PGL_CONTAINER(node, struct pgl_http_exchange, in_order);
        size_t head_bytes = exchange->out.size, sent = exchange->sent_bytes;
        count = add_span(spans, count, pgl_buffer_text(&exchange->out), sent);
        count = add_span(spans, count, exchange->answer_body,
                         sent > head_bytes ? sent - head_bytes : 0);
        *total += pgl_http_exchange_unsent(exchange);
        if (exchange->stage != PGL_HTTP_ANSWERED)
            break;
    }
    return count;
}

static bool is_last(const struct pgl_http_exchange *exchange)
{
    return exchange->in_order.next == &exchange->conn->exchanges;
}

/* Nothing was said yet behind this exchange, so the connection can still end with it. */
static bool keeps_alive(struct pgl_http_exchange *exchange)
{
    struct pgl_conn *conn = exchange->conn;
    const struct pgl_http_server *server = exchange->server;
    if (!is_last(exchange))
        return true;
    if (server->is_draining || server->loop->now_ns >= conn->age_until_ns ||
        pgl_buggify(server->loop->platform->buggify, PGL_BUGGIFY_HTTP_CLOSES) ||
        (conn->receiving == exchange && exchange->stage == PGL_HTTP_ASKED))
        conn->takes_no_more = true;
    return !conn->takes_no_more;
}

static bool has_no_body(const struct pgl_http_exchange *exchange, int status)
{
    return exchange->head.method_known == PGL_HTTP_HEAD || status == 204 || status == 304;
}

/* A head that cannot be written makes a bare 500. */
static bool write_head(struct pgl_http_exchange *exchange, struct pgl_http1_response *response)
{
    response->minor_version = exchange->head.minor_version;
    response->is_keep_alive = keeps_alive(exchange);
    response->date = pgl_http_server_date(exchange->server);
    bool is_written = pgl_is_ok(pgl_http1_write_response(&exchange->out, response));
    if (!is_written) {
        response->status = 500;
        response->is_chunked = false;
        response->content_length = 0;
        response->field_count = 0;
        is_written = pgl_is_ok(pgl_http1_write_response(&exchange->out, response));
        PGL_ASSERT(is_written);
        is_written = false;
    }
    exchange->conn->is_broken |= exchange->out.is_full;
    pgl_counter_add(&exchange->server->metrics.answers[response->status / 100], 1);
    return is_written;
}

static bool say_head(struct pgl_http_exchange *exchange, int status,
                     const struct pgl_http_field *fields, size_t field_count, int64_t body_bytes)
{
    bool is_stream = body_bytes < 0, has_body = !has_no_body(exchange, status);
    exchange->is_chunked = is_stream && exchange->head.minor_version > 0;
    if (is_stream && !exchange->is_chunked && has_body && is_last(exchange))
        exchange->conn->takes_no_more = true; /* RFC 9112, 6.3: the end is the connection's end */
    struct pgl_http1_response response = { .status = status,
                                           .is_chunked = exchange->is_chunked,
                                           .content_length = body_bytes,
                                           .fields = fields,
                                           .field_count = field_count };
    return write_head(exchange, &response) && has_body;
}

static void say_piece(struct pgl_http_exchange *exchange, struct pgl_text piece)
{
    if (exchange->is_chunked)
        pgl_http1_write_chunk(&exchange->out, piece);
    else
        pgl_buffer_add_text(&exchange->out, piece);
    exchange->conn->is_broken |= exchange->out.is_full;
}

/* Whoever answers before the body is whole does not want the rest of it; where the next request
 * would begin is then not looked for. */
static void leave_body(struct pgl_http_exchange *exchange)
{
    struct pgl_conn *conn = exchange->conn;
    if (conn->receiving != exchange)
        return;
    conn->receiving = NULL;
    conn->takes_no_more = true;
    conn->is_refused = true;
}

static void say_end(struct pgl_http_exchange *exchange)
{
    if (exchange->is_chunked && !exchange->is_mute && !exchange->is_cut)
        pgl_http1_write_last_chunk(&exchange->out);
    leave_body(exchange);
}

static void cut(struct pgl_http_exchange *exchange, uint32_t code)
{
    (void)code;
    exchange->is_cut = true;
    leave_body(exchange);
}

static void taken(struct pgl_http_exchange *exchange, size_t bytes)
{
    exchange->untaken_bytes -= bytes < exchange->untaken_bytes ? bytes : exchange->untaken_bytes;
    pgl_conn_mark_dirty(exchange->conn); /* whose end looks whether to read on */
}

const struct pgl_conn_protocol pgl_conn_http1 = { .may_take = may_take,
                                                  .take_input = take_input,
                                                  .end_input = end_input,
                                                  .gather = gather,
                                                  .wrote = wrote,
                                                  .next_due = next_due,
                                                  .late = late,
                                                  .is_over = is_over,
                                                  .leave = leave,
                                                  .say_head = say_head,
                                                  .say_piece = say_piece,
                                                  .say_end = say_end,
                                                  .cut = cut,
                                                  .taken = taken };
