/*
 * conn.c - see conn.h.
 *
 * Input is read into one room that all connections share, and only what could not be understood yet
 * (half a head, requests beyond a limit) is kept with the connection. So an idle connection holds
 * nothing, and a request that came in one piece is copied once, into its arena.
 */
#include "transport/conn.h"

#include "base/assert.h"

#define READ_MORE_BYTES (8u << 10) /* behind kept input: half a head seldom needs more */
#define INPUT_BYTES_MAX (2 * PGL_CONN_READ_BYTES)
#define WRITES_PER_TURN 16

#define READ_LITTLE_BYTES 40 /* in a simulation */

static void on_ready(void *owner);
static void receive(struct pgl_conn *conn);
static void write_out(struct pgl_conn *conn);
static void settle(struct pgl_conn *conn);

/* ---- its life ---- */

static struct pgl_conn *take_slot(struct pgl_http_server *server)
{
    struct pgl_list *node = pgl_list_take_first(&server->free_conns);
    if (node != NULL)
        return PGL_CONTAINER(node, struct pgl_conn, place);
    if (server->conn_slots == server->options.limits.connections_max)
        return NULL;
    struct pgl_conn *conn = pgl_arena_alloc(&server->slots, sizeof *conn);
    server->conn_slots += conn != NULL;
    return conn;
}

static void give_slot(struct pgl_http_server *server, struct pgl_conn *conn)
{
    pgl_list_init(&conn->place);
    pgl_list_append(server->free_conns.next, &conn->place); /* to the front: still in the cache */
}

static void begin_http2(struct pgl_conn *conn)
{
    if (pgl_conn_http2_open(conn))
        return;
    pgl_counter_add(&conn->server->metrics.overloads, 1);
    conn->is_broken = true;
}

bool pgl_conn_open(struct pgl_http_server *server, struct pgl_socket *socket,
                   const struct pgl_conn_origin *origin)
{
    const struct pgl_http_limits *limits = &server->options.limits;
    int64_t now_ns = server->loop->now_ns;
    struct pgl_conn *conn = take_slot(server);
    if (conn == NULL)
        return false;
    int64_t tenth_ns = limits->age_ns / 10; /* those who came together shall not leave together */
    *conn = (struct pgl_conn){
        .server = server, .socket = socket, .origin = *origin, .protocol = &pgl_conn_http1
    };
    conn->age_until_ns = now_ns + limits->age_ns - tenth_ns +
                         (int64_t)pgl_random_below(&server->jitter, (uint64_t)tenth_ns * 2 + 1);
    conn->head_since_ns = now_ns; /* whoever connects has something to ask */
    conn->idle_since_ns = now_ns;
    pgl_list_init(&conn->place);
    pgl_list_init(&conn->unread);
    pgl_list_init(&conn->dirty);
    pgl_list_init(&conn->exchanges);
    pgl_buffer_init(&conn->input, INPUT_BYTES_MAX);
    pgl_http1_parser_init(&conn->parser, &limits->http1);
    socket->on_ready = on_ready;
    socket->owner = conn;
    server->conn_count++;
    conn->is_known = origin->is_tls; /* ALPN has agreed on it */
    if (origin->is_http2)
        begin_http2(conn);
    settle(conn);
    return true;
}

/* Those without a handler end; the others learn that nobody listens. */
static void abandon_all(struct pgl_conn *conn)
{
    struct pgl_list orphans, *node;
    pgl_list_init(&orphans);
    while ((node = pgl_list_take_first(&conn->exchanges)) != NULL) {
        PGL_CONTAINER(node, struct pgl_http_exchange, in_order)->conn = NULL;
        pgl_list_append(&orphans, node);
    }
    /* One call may end several exchanges: so always the first of those that are left. */
    while ((node = pgl_list_take_first(&orphans)) != NULL) {
        struct pgl_http_exchange *exchange =
            PGL_CONTAINER(node, struct pgl_http_exchange, in_order);
        if (pgl_http_exchange_is_held(exchange))
            pgl_http_exchange_abandon(exchange);
        else
            pgl_http_exchange_release(exchange);
    }
}

void pgl_conn_close(struct pgl_conn *conn)
{
    struct pgl_http_server *server = conn->server;
    pgl_timer_clear(&server->loop->timers, &conn->timer);
    conn->socket->ops->close(conn->socket);
    conn->socket = NULL;
    pgl_list_remove(&conn->unread);
    pgl_list_remove(&conn->dirty);
    pgl_list_remove(&conn->place);
    pgl_buffer_free(&conn->input);
    if (conn->protocol->forget != NULL)
        conn->protocol->forget(conn);
    pgl_http_server_count_bytes(server, &conn->counted_bytes, 0);
    pgl_clients_leave(&server->clients, conn->origin.client, server->loop->now_ns);
    abandon_all(conn);
    server->conn_count--;
    pgl_counter_set(&server->metrics.connections_open, server->conn_count);
    give_slot(server, conn);
}

/* ---- events ---- */

static bool is_reading(const struct pgl_conn *conn)
{
    return !conn->has_ended &&
           (conn->is_lingering || (conn->protocol->may_take(conn) && !conn->is_unread));
}

static void on_ready(void *owner)
{
    struct pgl_conn *conn = owner;
    if (conn->is_blocked)
        write_out(conn);
    if (is_reading(conn))
        receive(conn);
    settle(conn);
}

/* The first bytes tell HTTP/2 with prior knowledge (RFC 9113, 3.3) from HTTP/1.1, where they would
 * be an unknown method. False while it may still be either. */
static bool know_protocol(struct pgl_conn *conn, struct pgl_text input)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    size_t size = input.size < PGL_HTTP2_PREFACE_BYTES ? input.size : PGL_HTTP2_PREFACE_BYTES;
    if (size == 0)
        return false;
    bool is_http2 = memcmp(input.data, preface, size) == 0;
    if (is_http2 && size < PGL_HTTP2_PREFACE_BYTES)
        return false;
    conn->is_known = true;
    if (is_http2)
        begin_http2(conn);
    return !conn->is_broken;
}

static void take_input(struct pgl_conn *conn, struct pgl_text *input)
{
    if (conn->is_known || know_protocol(conn, *input))
        conn->protocol->take_input(conn, input);
}

void pgl_conn_recount(struct pgl_conn *conn)
{
    size_t session_bytes = conn->session == NULL ? 0 : pgl_http2_bytes(conn->session);
    pgl_http_server_count_bytes(conn->server, &conn->counted_bytes,
                                conn->input.capacity + conn->output.capacity + session_bytes);
}

/* Keeps what is left of the input. `input` lies in conn->input already, or in the shared room. */
static void keep_input(struct pgl_conn *conn, struct pgl_text input, bool is_kept)
{
    if (is_kept)
        pgl_buffer_consume(&conn->input, conn->input.size - input.size);
    else
        pgl_buffer_add_text(&conn->input, input);
    conn->is_broken |= conn->input.is_full;
    if (conn->input.size == 0)
        pgl_buffer_free(&conn->input);
    pgl_conn_recount(conn);
}

void pgl_conn_drop_input(struct pgl_conn *conn)
{
    keep_input(conn, (struct pgl_text){ NULL, 0 }, true);
}

static struct pgl_http_exchange *next_to_abandon(struct pgl_conn *conn)
{
    for (struct pgl_list *node = conn->exchanges.next; node != &conn->exchanges;
         node = node->next) {
        struct pgl_http_exchange *exchange =
            PGL_CONTAINER(node, struct pgl_http_exchange, in_order);
        if (pgl_http_exchange_is_held(exchange) && !exchange->is_abandoned)
            return exchange;
    }
    return NULL;
}

/* One call may end several exchanges: so always the first of those that are left. */
void pgl_conn_abandon_handlers(struct pgl_conn *conn)
{
    struct pgl_http_exchange *exchange;
    while ((exchange = next_to_abandon(conn)) != NULL)
        pgl_http_exchange_abandon(exchange);
}

static void receive(struct pgl_conn *conn)
{
    struct pgl_http_server *server = conn->server;
    bool is_kept = conn->input.size > 0;
    size_t room_bytes = is_kept ? READ_MORE_BYTES : PGL_CONN_READ_BYTES, got = 0;
    char *room = is_kept ? pgl_buffer_room(&conn->input, room_bytes) : server->read_room;
    if (room == NULL) {
        conn->is_broken = true;
        return;
    }
    if (pgl_loop_is_struck(server->loop, PGL_BUGGIFY_CONN_READS_LITTLE))
        room_bytes = READ_LITTLE_BYTES;
    switch (conn->socket->ops->read(conn->socket, room, room_bytes, &got)) {
    case PGL_IO_WAIT:
        return;
    case PGL_IO_BROKEN:
        conn->is_broken = true;
        return;
    case PGL_IO_END:
        conn->has_ended = true;
        conn->takes_no_more = true;
        conn->protocol->end_input(conn);
        return;
    case PGL_IO_DONE:
        break;
    }
    pgl_counter_add(&server->metrics.bytes_in, got);
    if (conn->is_lingering)
        return;
    struct pgl_text input = { room, got };
    if (is_kept) {
        conn->input.size += got;
        input = pgl_buffer_text(&conn->input);
    }
    take_input(conn, &input);
    keep_input(conn, input, is_kept);
}

uint32_t pgl_conn_share(const struct pgl_conn *conn)
{
    const struct pgl_http_limits *limits = &conn->server->options.limits;
    uint32_t taken = conn->server->turn_requests, turn = limits->requests_per_turn_max;
    uint32_t left = taken + PGL_CONN_SHARE_LEAST < turn ? turn - taken : PGL_CONN_SHARE_LEAST;
    if (pgl_loop_is_struck(conn->server->loop, PGL_BUGGIFY_CONN_TAKES_FEW))
        left = PGL_CONN_SHARE_LEAST;
    return left < limits->requests_per_read_max ? left : limits->requests_per_read_max;
}

void pgl_conn_read_on(struct pgl_conn *conn)
{
    struct pgl_text input = pgl_buffer_text(&conn->input);
    take_input(conn, &input);
    keep_input(conn, input, true);
    settle(conn);
}

void pgl_conn_mark_dirty(struct pgl_conn *conn)
{
    if (pgl_list_is_empty(&conn->dirty))
        pgl_list_append(&conn->server->dirty_conns, &conn->dirty);
}

void pgl_conn_flush(struct pgl_conn *conn)
{
    write_out(conn);
    settle(conn);
}

/* ---- answers ---- */

/* What does not fit WRITES_PER_TURN has another turn: a handler may write on as fast as its peer
 * reads. */
static void write_out(struct pgl_conn *conn)
{
    struct pgl_span spans[PGL_CONN_SPANS_MAX];
    size_t total, put;
    bool is_once = pgl_loop_is_struck(conn->server->loop, PGL_BUGGIFY_CONN_WRITES_ONCE);
    int count, left = is_once ? 1 : WRITES_PER_TURN;
    pgl_list_remove(&conn->dirty);
    while (!conn->is_broken && (count = conn->protocol->gather(conn, spans, &total)) > 0) {
        enum pgl_io io = conn->socket->ops->write(conn->socket, spans, count, &put);
        if (io == PGL_IO_DONE) {
            pgl_counter_add(&conn->server->metrics.bytes_out, put);
            conn->protocol->wrote(conn, put);
            if (put == total && --left > 0)
                continue;
            if (put == total) {
                pgl_conn_mark_dirty(conn);
                break;
            }
            conn->write_since_ns = conn->server->loop->now_ns;
        } else if (io != PGL_IO_WAIT) {
            conn->is_broken = true;
        } else if (!conn->is_blocked) {
            conn->write_since_ns = conn->server->loop->now_ns;
        }
        conn->is_blocked = true;
        return;
    }
    conn->is_blocked = false;
}

/* ---- behind every event ---- */

static void on_due(void *owner);

static bool is_idle(const struct pgl_conn *conn)
{
    return conn->exchange_count == 0 && conn->input.size == 0 && !conn->is_lingering;
}

/* What the connection waits for, and until when. While a handler works nothing is due here. */
static enum pgl_conn_wait next_due(const struct pgl_conn *conn, int64_t *due_ns)
{
    const struct pgl_http_limits *limits = &conn->server->options.limits;
    *due_ns = PGL_NEVER_NS;
    if (conn->is_lingering) {
        *due_ns = conn->linger_since_ns + limits->linger_ns;
        return PGL_CONN_WAITS_FOR_SILENCE;
    }
    enum pgl_conn_wait wait = conn->protocol->next_due(conn, due_ns);
    if (wait == PGL_CONN_WAITS_FOR_NOTHING && is_idle(conn) && !conn->takes_no_more) {
        *due_ns = conn->idle_since_ns + limits->idle_ns;
        wait = PGL_CONN_WAITS_TO_BE_ASKED;
    }
    if (conn->is_blocked && conn->write_since_ns + limits->write_stall_ns < *due_ns) {
        *due_ns = conn->write_since_ns + limits->write_stall_ns;
        wait = PGL_CONN_WAITS_TO_WRITE;
    }
    return wait;
}

/* A timer that is set too early costs one look when it is due; setting it anew for every request
 * would cost more. So it only ever moves forward. */
static void arm(struct pgl_conn *conn)
{
    int64_t due_ns;
    if (next_due(conn, &due_ns) == PGL_CONN_WAITS_FOR_NOTHING ||
        (conn->timer.is_set && conn->timer.due_ns <= due_ns))
        return;
    pgl_timer_set(&conn->server->loop->timers, &conn->timer, due_ns, on_due, conn);
}

static void on_due(void *owner)
{
    struct pgl_conn *conn = owner;
    struct pgl_http_metrics *metrics = &conn->server->metrics;
    int64_t due_ns;
    enum pgl_conn_wait wait = next_due(conn, &due_ns);
    if (due_ns > conn->server->loop->now_ns)
        wait = PGL_CONN_WAITS_FOR_NOTHING; /* not any more */
    switch (wait) {
    case PGL_CONN_WAITS_FOR_NOTHING:
        break;
    case PGL_CONN_WAITS_FOR_HEAD:
        pgl_counter_add(&metrics->late_heads, 1);
        conn->protocol->late(conn, wait);
        break;
    case PGL_CONN_WAITS_FOR_BODY:
        pgl_counter_add(&metrics->late_bodies, 1);
        conn->protocol->late(conn, wait);
        break;
    case PGL_CONN_WAITS_TO_LOOK:
        conn->protocol->late(conn, wait);
        break;
    case PGL_CONN_WAITS_TO_WRITE:
        pgl_counter_add(&metrics->late_writes, 1);
        conn->is_broken = true;
        break;
    case PGL_CONN_WAITS_TO_BE_ASKED:
        pgl_counter_add(&metrics->idle_closes, 1);
        conn->protocol->leave(conn);
        break;
    case PGL_CONN_WAITS_FOR_SILENCE:
        conn->is_broken = true;
        break;
    }
    settle(conn);
}

/* Into the server's list of the idle, or out of it. */
static void find_place(struct pgl_conn *conn)
{
    struct pgl_http_server *server = conn->server;
    bool idle = is_idle(conn);
    if (idle == conn->is_idle && !pgl_list_is_empty(&conn->place))
        return;
    pgl_list_remove(&conn->place);
    pgl_list_append(idle ? &server->idle_conns : &server->busy_conns, &conn->place);
    if (idle)
        conn->idle_since_ns = server->loop->now_ns;
    conn->is_idle = idle;
}

static void settle(struct pgl_conn *conn)
{
    if (conn->server->is_draining && is_idle(conn))
        conn->protocol->leave(conn);
    bool is_over = !conn->is_broken && conn->protocol->is_over(conn);
    /* RFC 9112, 9.6: closing on a peer that still sends would reset the connection and may take the
     * answer away from it. So it is told that this was all, and what it sends is thrown away for a
     * while. */
    if (is_over && conn->is_refused && !conn->is_lingering && !conn->has_ended) {
        conn->is_lingering = true;
        conn->linger_since_ns = conn->server->loop->now_ns;
        conn->socket->ops->end_output(conn->socket);
    }
    if (conn->is_broken || (is_over && (conn->has_ended || !conn->is_lingering))) {
        pgl_conn_close(conn);
        return;
    }
    if (conn->is_unread && conn->protocol->may_take(conn) && pgl_list_is_empty(&conn->unread))
        pgl_list_append(&conn->server->unread_conns, &conn->unread);
    conn->socket->ops->want(conn->socket, is_reading(conn), conn->is_blocked);
    find_place(conn);
    arm(conn);
}
