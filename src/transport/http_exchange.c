/* http_exchange.c - the handler's side of http_server.h, and the pool of exchanges. */
#include "base/assert.h"
#include "transport/conn.h"

/* Of memory for a body; doubled as it comes, however long it says it is. */
#define BODY_FIRST_BYTES  (4u << 10)
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
    exchange->major_version = 1;
    exchange->started_ns = exchange->progress_ns = server->loop->now_ns;
    exchange->owner = NULL;
    exchange->is_abandoned = exchange->is_chunked = exchange->is_mute = exchange->is_cut = false;
    exchange->is_in_pieces = exchange->has_whole_body = false;
    exchange->wants_room = false;
    exchange->stage = PGL_HTTP_RECEIVING;
    exchange->body = exchange->answer_body = (struct pgl_text){ "", 0 };
    exchange->body_room = NULL;
    exchange->body_capacity = exchange->sent_bytes = exchange->untaken_bytes = 0;
    exchange->body_limit = SIZE_MAX;
    exchange->trailer_count = 0;
    exchange->stream = 0;
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
    if (exchange->conn != NULL) {
        exchange->conn->exchange_count--;
        exchange->conn->exchange_bytes -= exchange->counted_bytes;
        exchange->conn->rooms_wanted -= exchange->wants_room;
    }
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
    size_t bytes = exchange->arena.taken_bytes + exchange->out.capacity;
    if (exchange->conn != NULL)
        exchange->conn->exchange_bytes += bytes - exchange->counted_bytes;
    pgl_http_server_count_bytes(exchange->server, &exchange->counted_bytes, bytes);
}

/* ---- the request ---- */

size_t pgl_http_exchange_body_limit(const struct pgl_http_exchange *exchange)
{
    const struct pgl_http_server_options *options = &exchange->server->options;
    size_t limit = options->limits.body_bytes_max;
    size_t asked =
        options->body_limit == NULL ? limit : options->body_limit(options->owner, &exchange->head);
    return asked < limit ? asked : limit;
}

int64_t pgl_http_exchange_body_due_ns(const struct pgl_http_exchange *exchange)
{
    const struct pgl_http_limits *limits = &exchange->server->options.limits;
    int64_t lasts_ns = (int64_t)(exchange->body.size * 1000000000u / limits->body_rate_min);
    if (lasts_ns < limits->body_grace_ns)
        lasts_ns = limits->body_grace_ns;
    return exchange->started_ns + (lasts_ns < limits->body_ns ? lasts_ns : limits->body_ns);
}

/* Memory for a body comes as its bytes do: a length that was only claimed costs the peer
 * nothing. */
bool pgl_http_exchange_keep(struct pgl_http_exchange *exchange, struct pgl_text piece)
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
    return pgl_http_server_has_room(exchange->server, exchange->conn);
}

void pgl_http_exchange_ask(struct pgl_http_exchange *exchange)
{
    struct pgl_http_server *server = exchange->server;
    exchange->stage = PGL_HTTP_ASKED;
    pgl_http_exchange_recount(exchange);
    pgl_counter_add(&server->metrics.requests, 1);
    server->options.on_request(server->options.owner, exchange);
}

void pgl_http_exchange_piece(struct pgl_http_exchange *exchange, struct pgl_text piece,
                             bool is_last)
{
    const struct pgl_http_server_options *options = &exchange->server->options;
    if (pgl_http_exchange_is_held(exchange) && !exchange->is_abandoned)
        options->on_piece(options->owner, exchange, piece, is_last);
}

void pgl_http_exchange_refuse(struct pgl_http_exchange *exchange, int status, const char *reason)
{
    struct pgl_http_server *server = exchange->server;
    exchange->stage = PGL_HTTP_ASKED;
    pgl_counter_add(&server->metrics.refusals, 1);
    server->options.refuse(server->options.owner, exchange, status, reason);
    PGL_ASSERT(exchange->stage == PGL_HTTP_ANSWERED); /* `refuse` responds in its call */
}

void pgl_http_body_taken(struct pgl_http_exchange *exchange, size_t bytes)
{
    if (exchange->conn != NULL)
        exchange->conn->protocol->taken(exchange, bytes);
}

/* ---- answers ---- */

static void end(struct pgl_http_exchange *exchange)
{
    exchange->stage = PGL_HTTP_ANSWERED;
    pgl_http_exchange_recount(exchange);
    if (exchange->conn == NULL) {
        pgl_http_exchange_release(exchange);
        return;
    }
    pgl_conn_mark_dirty(exchange->conn);
    exchange->conn->protocol->say_end(exchange);
}

/* With what browsers are to mind of every answer: its type is what it says it is (nosniff), and
 * whoever has been here through TLS does not come without any more (RFC 6797). */
static bool say_head(struct pgl_http_exchange *exchange, int status,
                     const struct pgl_http_field *fields, size_t field_count, int64_t body_bytes)
{
    static const struct pgl_http_field always[] = {
        { PGL_TEXT("X-Content-Type-Options"), PGL_TEXT("nosniff") },
        { PGL_TEXT("Strict-Transport-Security"), PGL_TEXT("max-age=31536000") },
    };
    const struct pgl_conn_protocol *protocol = exchange->conn->protocol;
    struct pgl_http_field said[PGL_HTTP_FIELDS_MAX];
    size_t always_count = exchange->is_tls ? 2 : 1;
    if (!exchange->server->options.is_for_browsers ||
        field_count > PGL_HTTP_FIELDS_MAX - always_count)
        return protocol->say_head(exchange, status, fields, field_count, body_bytes);
    if (field_count > 0)
        memcpy(said, fields, field_count * sizeof said[0]);
    memcpy(&said[field_count], always, always_count * sizeof said[0]);
    return protocol->say_head(exchange, status, said, field_count + always_count, body_bytes);
}

void pgl_http_respond(struct pgl_http_exchange *exchange, int status,
                      const struct pgl_http_field *fields, size_t field_count, struct pgl_text body)
{
    PGL_ASSERT(exchange->stage == PGL_HTTP_ASKED);
    PGL_ASSERT(status >= 200 && status <= 599);
    if (exchange->conn != NULL &&
        say_head(exchange, status, fields, field_count, (int64_t)body.size))
        exchange->answer_body = body;
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
    exchange->is_mute = !say_head(exchange, status, fields, field_count, -1);
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

static bool is_gone(const struct pgl_http_exchange *exchange)
{
    return exchange->conn == NULL || exchange->conn->is_broken ||
           (exchange->major_version == 2 && exchange->stream == 0);
}

static void want_room(struct pgl_http_exchange *exchange)
{
    exchange->conn->rooms_wanted += !exchange->wants_room;
    exchange->wants_room = true;
}

pgl_status pgl_http_stream_write(struct pgl_http_exchange *exchange, struct pgl_text piece)
{
    struct pgl_buffer *out = &exchange->out;
    PGL_ASSERT(exchange->stage == PGL_HTTP_STREAMING);
    if (is_gone(exchange))
        return PGL_FAIL(PGL_CANCELLED, "the client is gone");
    if (exchange->is_mute)
        return PGL_OK;
    if (exchange->sent_bytes > out->size / 2 || !has_room(out, piece.size))
        drop_sent(exchange);
    if (!has_room(out, piece.size)) {
        want_room(exchange);
        return PGL_FAIL(PGL_EXHAUSTED, "the client does not read");
    }
    exchange->conn->protocol->say_piece(exchange, piece);
    pgl_http_exchange_recount(exchange);
    pgl_conn_mark_dirty(exchange->conn);
    return PGL_OK;
}

/* The first that waits and has room. */
static struct pgl_http_exchange *next_with_room(struct pgl_conn *conn)
{
    for (struct pgl_list *node = conn->exchanges.next; node != &conn->exchanges;
         node = node->next) {
        struct pgl_http_exchange *exchange =
            PGL_CONTAINER(node, struct pgl_http_exchange, in_order);
        if (exchange->wants_room &&
            pgl_http_exchange_unsent(exchange) <= exchange->out.limit_bytes / 2)
            return exchange;
    }
    return NULL;
}

void pgl_http_exchange_tell_room(struct pgl_conn *conn)
{
    const struct pgl_http_server_options *options = &conn->server->options;
    struct pgl_http_exchange *exchange;
    while (conn->rooms_wanted > 0 && (exchange = next_with_room(conn)) != NULL) {
        exchange->wants_room = false;
        conn->rooms_wanted--;
        if (exchange->stage == PGL_HTTP_STREAMING && !exchange->is_abandoned &&
            options->on_room != NULL)
            options->on_room(options->owner, exchange);
    }
}

bool pgl_http_stream_is_due(const struct pgl_http_exchange *exchange)
{
    const struct pgl_http_server *server = exchange->server;
    return exchange->is_abandoned || exchange->conn == NULL || server->is_draining ||
           server->loop->now_ns >= exchange->conn->age_until_ns;
}

void pgl_http_stream_end(struct pgl_http_exchange *exchange)
{
    PGL_ASSERT(exchange->stage == PGL_HTTP_STREAMING);
    end(exchange);
}

/* False without memory. */
static bool keep_trailers(struct pgl_http_exchange *exchange, const struct pgl_http_field *trailers,
                          size_t count)
{
    struct pgl_arena *arena = &exchange->arena;
    struct pgl_http_field *kept = pgl_arena_alloc(arena, count * sizeof *kept);
    if (kept == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *name = pgl_arena_string(arena, trailers[i].name);
        const char *value = pgl_arena_string(arena, trailers[i].value);
        if (name == NULL || value == NULL)
            return false;
        kept[i] = (struct pgl_http_field){ { name, trailers[i].name.size },
                                           { value, trailers[i].value.size } };
    }
    exchange->trailers = kept;
    exchange->trailer_count = count;
    return true;
}

void pgl_http_stream_end_with(struct pgl_http_exchange *exchange,
                              const struct pgl_http_field *trailers, size_t count)
{
    PGL_ASSERT(exchange->stage == PGL_HTTP_STREAMING);
    PGL_ASSERT(count <= PGL_HTTP_FIELDS_MAX);
    bool is_kept = exchange->conn == NULL || count == 0 || keep_trailers(exchange, trailers, count);
    if (is_kept)
        end(exchange);
    else /* without its trailers nobody may take it for whole */
        pgl_http_stream_abort(exchange);
}

void pgl_http_stream_abort(struct pgl_http_exchange *exchange)
{
    PGL_ASSERT(exchange->stage == PGL_HTTP_STREAMING);
    pgl_http_stream_reset(exchange, PGL_HTTP2_INTERNAL_ERROR);
}

void pgl_http_stream_reset(struct pgl_http_exchange *exchange, uint32_t code)
{
    PGL_ASSERT(pgl_http_exchange_is_held(exchange));
    pgl_buffer_clear(&exchange->out);
    exchange->sent_bytes = 0;
    if (exchange->conn != NULL)
        exchange->conn->protocol->cut(exchange, code);
    end(exchange);
}
