/* http_exchange.c - the handler's side of http_server.h, and the pool of exchanges. */
#include "base/assert.h"
#include "transport/conn.h"

/* What an exchange keeps of its output buffer in the pool: an answer's head fits. */
#define OUT_KEPT_BYTES    (4u << 10)
#define CHUNK_FRAME_BYTES 32 /* size line, CRLF and the last chunk: more than they can be */

/* ---- the pool ---- */

static struct pgl_http_exchange *take_slot(struct pgl_http_server *server)
{
    const struct pgl_http_limits *limits = &server->options.limits;
    struct pgl_list *node = pgl_list_take_first(&server->free_exchanges);
    if (node != NULL)
        return PGL_CONTAINER(node, struct pgl_http_exchange, in_order);
    if (server->exchange_slots == limits->exchanges_max)
        return NULL;
    struct pgl_http_exchange *exchange = pgl_arena_alloc(&server->slots, sizeof *exchange);
    if (exchange == NULL)
        return NULL;
    server->exchange_slots++;
    exchange->next_slot = server->slots_made;
    server->slots_made = exchange;
    exchange->server = server;
    exchange->counted_bytes = 0;
    pgl_list_init(&exchange->in_order);
    pgl_arena_init(&exchange->arena, limits->exchange_chunk_bytes, limits->exchange_bytes_max);
    pgl_buffer_init(&exchange->out, limits->stream_bytes_max);
    return exchange;
}

struct pgl_http_exchange *pgl_http_exchange_take(struct pgl_http_server *server,
                                                 struct pgl_conn *conn)
{
    struct pgl_http_exchange *exchange = take_slot(server);
    if (exchange == NULL)
        return NULL;
    /* The fields are not cleared: 2 KiB that field_count says nothing of. */
    memset(&exchange->head, 0, offsetof(struct pgl_http_request_head, fields));
    exchange->head.minor_version = 1;
    exchange->head.content_length = -1;
    memcpy(exchange->peer, conn->socket->peer, sizeof exchange->peer);
    exchange->is_tls = conn->origin.is_tls;
    exchange->tls_peer = "";
    if (conn->origin.tls_peer[0] != '\0') /* it may outlive the connection */
        exchange->tls_peer = pgl_arena_printf(&exchange->arena, "%s", conn->origin.tls_peer);
    exchange->started_ns = server->loop->now_ns;
    exchange->owner = NULL;
    exchange->is_abandoned = exchange->is_chunked = exchange->is_cut = false;
    exchange->stage = PGL_HTTP_RECEIVING;
    exchange->body = exchange->answer_body = (struct pgl_text){ "", 0 };
    exchange->body_room = NULL;
    exchange->body_capacity = exchange->sent_bytes = 0;
    exchange->conn = conn;
    pgl_list_append(&conn->exchanges, &exchange->in_order);
    conn->exchange_count++;
    server->exchange_count++;
    pgl_counter_set(&server->metrics.exchanges_open, server->exchange_count);
    return exchange;
}

/* What was small stays for the next one. */
static void give_memory_back(struct pgl_http_exchange *exchange)
{
    pgl_arena_reset(&exchange->arena);
    if (exchange->arena.taken_bytes > exchange->arena.chunk_bytes)
        pgl_arena_free(&exchange->arena);
    pgl_buffer_clear(&exchange->out);
    if (exchange->out.capacity > OUT_KEPT_BYTES)
        pgl_buffer_free(&exchange->out);
}

void pgl_http_exchange_release(struct pgl_http_exchange *exchange)
{
    struct pgl_http_server *server = exchange->server;
    pgl_list_remove(&exchange->in_order);
    if (exchange->conn != NULL)
        exchange->conn->exchange_count--;
    exchange->conn = NULL;
    give_memory_back(exchange);
    pgl_http_server_count_bytes(server, &exchange->counted_bytes, 0);
    server->exchange_count--;
    pgl_counter_set(&server->metrics.exchanges_open, server->exchange_count);
    pgl_list_append(server->free_exchanges.next, &exchange->in_order); /* to the front */
}

void pgl_http_exchange_abandon(struct pgl_http_exchange *exchange)
{
    const struct pgl_http_server_options *options = &exchange->server->options;
    if (exchange->is_abandoned)
        return;
    exchange->is_abandoned = true;
    pgl_counter_add(&exchange->server->metrics.abandoned, 1);
    if (options->on_abandoned != NULL)
        options->on_abandoned(options->owner, exchange);
}

void pgl_http_exchange_recount(struct pgl_http_exchange *exchange)
{
    pgl_http_server_count_bytes(exchange->server, &exchange->counted_bytes,
                                exchange->arena.taken_bytes + exchange->out.capacity);
}

/* ---- answers ---- */

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
        pgl_buggify(server->loop->platform->buggify, PGL_BUGGIFY_HTTP_CLOSES))
        conn->takes_no_more = true;
    return !conn->takes_no_more;
}

static bool has_no_body(const struct pgl_http_exchange *exchange, int status)
{
    return exchange->head.method_known == PGL_HTTP_HEAD || status == 204 || status == 304;
}

/* A head that cannot be written makes a bare 500; false then. */
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

static void end(struct pgl_http_exchange *exchange)
{
    exchange->stage = PGL_HTTP_ANSWERED;
    pgl_http_exchange_recount(exchange);
    if (exchange->conn == NULL)
        pgl_http_exchange_release(exchange);
    else
        pgl_conn_mark_dirty(exchange->conn);
}

void pgl_http_respond(struct pgl_http_exchange *exchange, int status,
                      const struct pgl_http_field *fields, size_t field_count, struct pgl_text body)
{
    PGL_ASSERT(exchange->stage == PGL_HTTP_ASKED);
    PGL_ASSERT(status >= 200 && status <= 599);
    if (exchange->conn != NULL) {
        struct pgl_http1_response response = { .status = status,
                                               .content_length = (int64_t)body.size,
                                               .fields = fields,
                                               .field_count = field_count };
        if (write_head(exchange, &response) && !has_no_body(exchange, status))
            exchange->answer_body = body;
    }
    end(exchange);
}

void pgl_http_stream_begin(struct pgl_http_exchange *exchange, int status,
                           const struct pgl_http_field *fields, size_t field_count)
{
    PGL_ASSERT(exchange->stage == PGL_HTTP_ASKED);
    PGL_ASSERT(status >= 200 && status <= 599);
    exchange->stage = PGL_HTTP_STREAMING;
    if (exchange->conn == NULL)
        return;
    bool has_body = !has_no_body(exchange, status);
    exchange->is_chunked = exchange->head.minor_version > 0;
    if (!exchange->is_chunked && has_body && is_last(exchange))
        exchange->conn->takes_no_more = true; /* RFC 9112, 6.3: the end is the connection's end */
    struct pgl_http1_response response = { .status = status,
                                           .is_chunked = exchange->is_chunked,
                                           .content_length = -1,
                                           .fields = fields,
                                           .field_count = field_count };
    exchange->is_mute = !write_head(exchange, &response) || !has_body;
    pgl_conn_mark_dirty(exchange->conn);
}

static bool has_room(const struct pgl_buffer *out, size_t piece_bytes)
{
    return piece_bytes + CHUNK_FRAME_BYTES <= out->limit_bytes - out->size;
}

/* Only what is unsent counts against the limit. */
static void drop_sent(struct pgl_http_exchange *exchange)
{
    pgl_buffer_consume(&exchange->out, exchange->sent_bytes);
    exchange->sent_bytes = 0;
}

pgl_status pgl_http_stream_write(struct pgl_http_exchange *exchange, struct pgl_text piece)
{
    struct pgl_buffer *out = &exchange->out;
    PGL_ASSERT(exchange->stage == PGL_HTTP_STREAMING);
    if (exchange->conn == NULL || exchange->conn->is_broken)
        return PGL_FAIL(PGL_CANCELLED, "the client is gone");
    if (exchange->is_mute)
        return PGL_OK;
    if (exchange->sent_bytes > out->size / 2 || !has_room(out, piece.size))
        drop_sent(exchange);
    if (!has_room(out, piece.size))
        return PGL_FAIL(PGL_EXHAUSTED, "the client does not read");
    if (exchange->is_chunked)
        pgl_http1_write_chunk(out, piece);
    else
        pgl_buffer_add_text(out, piece);
    exchange->conn->is_broken |= out->is_full;
    pgl_http_exchange_recount(exchange);
    pgl_conn_mark_dirty(exchange->conn);
    return PGL_OK;
}

void pgl_http_stream_end(struct pgl_http_exchange *exchange)
{
    PGL_ASSERT(exchange->stage == PGL_HTTP_STREAMING);
    if (exchange->conn != NULL && exchange->is_chunked && !exchange->is_mute)
        pgl_http1_write_last_chunk(&exchange->out);
    end(exchange);
}

void pgl_http_stream_abort(struct pgl_http_exchange *exchange)
{
    PGL_ASSERT(exchange->stage == PGL_HTTP_STREAMING);
    pgl_buffer_clear(&exchange->out);
    exchange->sent_bytes = 0;
    exchange->is_cut = true;
    end(exchange);
}
