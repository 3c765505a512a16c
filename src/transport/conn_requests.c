/*
 * conn_requests.c - what a connection makes of its input: exchanges, or a refusal.
 */
#include "transport/conn.h"

#include "base/assert.h"

/* Of memory for a body; doubled as it comes, however long it says it is. */
#define BODY_FIRST_BYTES (4u << 10)

/* A body on its way always goes on. */
bool pgl_conn_may_take(const struct pgl_conn *conn)
{
    return conn->receiving != NULL ||
           (!conn->takes_no_more &&
            conn->exchange_count < conn->server->options.limits.pipelined_max);
}

static bool take_head(struct pgl_conn *conn, struct pgl_text *input);
static bool take_body(struct pgl_conn *conn, struct pgl_text *input);

void pgl_conn_take_input(struct pgl_conn *conn, struct pgl_text *input)
{
    uint32_t left = conn->server->options.limits.requests_per_read_max;
    conn->is_unread = false;
    while (pgl_conn_may_take(conn)) {
        if (left-- == 0) {
            conn->is_unread = input->size > 0;
            return;
        }
        if (conn->receiving == NULL && !take_head(conn, input))
            return;
        if (!take_body(conn, input))
            return;
    }
    conn->is_unread = input->size > 0 && !conn->takes_no_more;
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

/* The gateway's limit for this route, within our own. */
static size_t body_limit(const struct pgl_http_server *server,
                         const struct pgl_http_request_head *head)
{
    const struct pgl_http_server_options *options = &server->options;
    size_t limit = options->limits.body_bytes_max;
    size_t asked = options->body_limit == NULL ? limit : options->body_limit(options->owner, head);
    return asked < limit ? asked : limit;
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
        pgl_conn_refuse(conn, exchange, conn->parser.refusal.status, conn->parser.refusal.reason);
        return false;
    }
    if (server->buffers_bytes > limits->buffers_bytes_max ||
        !keep_head(conn, exchange, input->data)) {
        pgl_conn_refuse(conn, exchange, 503, "too much is going on");
        return false;
    }
    input->data += conn->parser.head_bytes;
    input->size -= conn->parser.head_bytes;
    pgl_http1_parser_init(&conn->parser, &limits->http1);
    pgl_http1_body_init(&conn->body, &limits->http1, exchange->head.content_length,
                        exchange->head.is_chunked, body_limit(server, &exchange->head));
    conn->receiving = exchange;
    conn->body_since_ns = server->loop->now_ns;
    conn->request_count++;
    conn->takes_no_more = !exchange->head.is_keep_alive || server->is_draining ||
                          conn->request_count >= limits->requests_per_connection_max ||
                          server->loop->now_ns >= conn->age_until_ns;
    return true;
}

/* Memory for a body comes as its bytes do: a length that was only claimed costs the peer
 * nothing. */
static bool keep_piece(struct pgl_http_exchange *exchange, struct pgl_text piece)
{
    size_t size = exchange->body.size + piece.size;
    if (size > exchange->body_capacity) {
        int64_t length = exchange->head.content_length;
        size_t capacity = exchange->body_capacity * 2;
        if (capacity < BODY_FIRST_BYTES)
            capacity = BODY_FIRST_BYTES;
        if (length >= 0 && capacity > (size_t)length)
            capacity = (size_t)length;
        if (capacity < size)
            capacity = size;
        char *room = pgl_arena_alloc(&exchange->arena, capacity);
        if (room == NULL)
            return false;
        if (exchange->body.size > 0)
            memcpy(room, exchange->body.data, exchange->body.size);
        exchange->body_room = room;
        exchange->body.data = room;
        exchange->body_capacity = capacity;
        pgl_http_exchange_recount(exchange);
    }
    memcpy(exchange->body_room + exchange->body.size, piece.data, piece.size);
    exchange->body.size = size;
    return exchange->server->buffers_bytes <= exchange->server->options.limits.buffers_bytes_max;
}

/* RFC 9110, 10.1.1: not to be said once the body has begun to come. */
static void say_continue(struct pgl_conn *conn, struct pgl_http_exchange *exchange)
{
    if (!exchange->head.expects_continue || exchange->body.size > 0)
        return;
    exchange->head.expects_continue = false;
    pgl_http1_write_continue(&exchange->out);
    pgl_conn_mark_dirty(conn);
}

static void hand_over(struct pgl_conn *conn, struct pgl_http_exchange *exchange)
{
    struct pgl_http_server *server = conn->server;
    conn->receiving = NULL;
    exchange->stage = PGL_HTTP_ASKED;
    pgl_http_exchange_recount(exchange);
    pgl_counter_add(&server->metrics.requests, 1);
    server->options.on_request(server->options.owner, exchange);
}

/* False when no further request can be read now. */
static bool take_body(struct pgl_conn *conn, struct pgl_text *input)
{
    struct pgl_http_exchange *exchange = conn->receiving;
    struct pgl_text piece;
    for (;;) {
        switch (pgl_http1_read_body(&conn->body, input, &piece)) {
        case PGL_HTTP1_PIECE:
            if (keep_piece(exchange, piece))
                break;
            pgl_conn_refuse(conn, exchange, 503, "too much is going on");
            return false;
        case PGL_HTTP1_MORE:
            say_continue(conn, exchange);
            return false;
        case PGL_HTTP1_REFUSED:
            pgl_conn_refuse(conn, exchange, conn->body.refusal.status, conn->body.refusal.reason);
            return false;
        case PGL_HTTP1_DONE:
            hand_over(conn, exchange);
            return true;
        }
    }
}

void pgl_conn_refuse(struct pgl_conn *conn, struct pgl_http_exchange *exchange, int status,
                     const char *reason)
{
    struct pgl_http_server *server = conn->server;
    conn->takes_no_more = true;
    conn->is_refused = true;
    conn->receiving = NULL;
    exchange->stage = PGL_HTTP_ASKED;
    pgl_counter_add(&server->metrics.refusals, 1);
    server->options.refuse(server->options.owner, exchange, status, reason);
    PGL_ASSERT(exchange->stage == PGL_HTTP_ANSWERED); /* `refuse` responds in its call */
}
