/*
 * conn.c - see conn.h.
 *
 * Input is read into one room that all connections share, and only what could not be understood yet
 * (half a head, requests beyond a limit) is kept with the connection. So an idle connection holds
 * nothing, and a request that came in one piece is copied once, into its arena.
 */
#include "transport/conn.h"

#include "base/assert.h"

#define SPANS_MAX       16         /* of one write; what platform/real takes */
#define READ_MORE_BYTES (8u << 10) /* behind kept input: half a head seldom needs more */
#define INPUT_BYTES_MAX (2 * PGL_CONN_READ_BYTES)

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

bool pgl_conn_open(struct pgl_http_server *server, struct pgl_socket *socket,
                   const struct pgl_conn_origin *origin)
{
    const struct pgl_http_limits *limits = &server->options.limits;
    int64_t now_ns = server->loop->now_ns;
    struct pgl_conn *conn = take_slot(server);
    if (conn == NULL)
        return false;
    int64_t tenth_ns = limits->age_ns / 10; /* those who came together shall not leave together */
    *conn = (struct pgl_conn){ .server = server, .socket = socket, .origin = *origin };
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
        if (exchange->stage == PGL_HTTP_ASKED || exchange->stage == PGL_HTTP_STREAMING)
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
           (conn->is_lingering || (pgl_conn_may_take(conn) && !conn->is_unread));
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

/* Keeps what is left of the input. `input` lies in conn->input already, or in the shared room. */
static void keep_input(struct pgl_conn *conn, struct pgl_text input, bool is_kept)
{
    if (conn->takes_no_more && conn->receiving == NULL)
        input.size = 0; /* RFC 9112, 9.6: nothing behind the last request is looked at */
    if (is_kept)
        pgl_buffer_consume(&conn->input, conn->input.size - input.size);
    else
        pgl_buffer_add_text(&conn->input, input);
    conn->is_broken |= conn->input.is_full;
    if (conn->input.size == 0)
        pgl_buffer_free(&conn->input);
    pgl_http_server_count_bytes(conn->server, &conn->counted_bytes, conn->input.capacity);
}

static void end_of_input(struct pgl_conn *conn)
{
    struct pgl_list *node, *next;
    conn->has_ended = true;
    conn->takes_no_more = true;
    if (conn->receiving != NULL) { /* never to be whole */
        pgl_http_exchange_release(conn->receiving);
        conn->receiving = NULL;
    }
    keep_input(conn, (struct pgl_text){ NULL, 0 }, true);
    /* A handler may end this exchange in the call, but it stays in the list until it is written. */
    for (node = conn->exchanges.next; node != &conn->exchanges; node = next) {
        struct pgl_http_exchange *exchange =
            PGL_CONTAINER(node, struct pgl_http_exchange, in_order);
        next = node->next;
        if (exchange->stage == PGL_HTTP_ASKED || exchange->stage == PGL_HTTP_STREAMING)
            pgl_http_exchange_abandon(exchange);
    }
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
    switch (conn->socket->ops->read(conn->socket, room, room_bytes, &got)) {
    case PGL_IO_WAIT:
        return;
    case PGL_IO_BROKEN:
        conn->is_broken = true;
        return;
    case PGL_IO_END:
        end_of_input(conn);
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
    pgl_conn_take_input(conn, &input);
    keep_input(conn, input, is_kept);
}

void pgl_conn_read_on(struct pgl_conn *conn)
{
    struct pgl_text input = pgl_buffer_text(&conn->input);
    pgl_conn_take_input(conn, &input);
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

static size_t unsent_bytes(const struct pgl_http_exchange *exchange)
{
    return exchange->out.size + exchange->answer_body.size - exchange->sent_bytes;
}

static int add_span(struct pgl_span *spans, int count, struct pgl_text text, size_t sent_bytes)
{
    if (sent_bytes >= text.size)
        return count;
    spans[count] = (struct pgl_span){ text.data + sent_bytes, text.size - sent_bytes };
    return count + 1;
}

/* What may be written now: up to and with the first exchange that has not said everything. */
static int gather(const struct pgl_conn *conn, struct pgl_span *spans, size_t *total)
{
    int count = 0;
    *total = 0;
    for (struct pgl_list *node = conn->exchanges.next;
         node != &conn->exchanges && count + 2 <= SPANS_MAX; node = node->next) {
        struct pgl_http_exchange *exchange =
            PGL_CONTAINER(node, struct pgl_http_exchange, in_order);
        size_t head_bytes = exchange->out.size, sent = exchange->sent_bytes;
        count = add_span(spans, count, pgl_buffer_text(&exchange->out), sent);
        count = add_span(spans, count, exchange->answer_body,
                         sent > head_bytes ? sent - head_bytes : 0);
        *total += unsent_bytes(exchange);
        if (exchange->stage != PGL_HTTP_ANSWERED)
            break;
    }
    return count;
}

/* `put` more bytes are gone; what is wholly written ends. */
static void wrote(struct pgl_conn *conn, size_t put)
{
    while (!pgl_list_is_empty(&conn->exchanges)) {
        struct pgl_http_exchange *exchange =
            PGL_CONTAINER(conn->exchanges.next, struct pgl_http_exchange, in_order);
        size_t unsent = unsent_bytes(exchange), step = put < unsent ? put : unsent;
        exchange->sent_bytes += step;
        put -= step;
        if (step < unsent)
            return;
        if (exchange->stage != PGL_HTTP_ANSWERED) {
            pgl_buffer_clear(&exchange->out);
            exchange->sent_bytes = 0;
            return;
        }
        conn->is_broken |= exchange->is_cut; /* what is behind it goes with it */
        pgl_http_exchange_release(exchange);
    }
}

static void write_out(struct pgl_conn *conn)
{
    struct pgl_span spans[SPANS_MAX];
    size_t total, put;
    int count;
    pgl_list_remove(&conn->dirty);
    wrote(conn, 0); /* a stream's end may have nothing left to write */
    while (!conn->is_broken && (count = gather(conn, spans, &total)) > 0) {
        enum pgl_io io = conn->socket->ops->write(conn->socket, spans, count, &put);
        if (io == PGL_IO_DONE) {
            pgl_counter_add(&conn->server->metrics.bytes_out, put);
            wrote(conn, put);
            if (put == total)
                continue;
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

enum wait { WAIT_NOTHING, WAIT_HEAD, WAIT_BODY, WAIT_WRITE, WAIT_IDLE, WAIT_LINGER };

static bool is_idle(const struct pgl_conn *conn)
{
    return conn->exchange_count == 0 && conn->input.size == 0 && !conn->is_lingering;
}

/* When the body's average falls below its rate, unless more comes; at most body_ns. */
static int64_t body_due_ns(const struct pgl_conn *conn)
{
    const struct pgl_http_limits *limits = &conn->server->options.limits;
    int64_t lasts_ns = (int64_t)(conn->receiving->body.size * 1000000000u / limits->body_rate_min);
    if (lasts_ns < limits->body_grace_ns)
        lasts_ns = limits->body_grace_ns;
    return conn->body_since_ns + (lasts_ns < limits->body_ns ? lasts_ns : limits->body_ns);
}

/* What the connection waits for, and until when. While a handler works nothing is due here. */
static enum wait next_due(const struct pgl_conn *conn, int64_t *due_ns)
{
    const struct pgl_http_limits *limits = &conn->server->options.limits;
    enum wait wait = WAIT_NOTHING;
    *due_ns = PGL_NEVER_NS;
    if (conn->is_lingering) {
        *due_ns = conn->linger_since_ns + limits->linger_ns;
        return WAIT_LINGER;
    }
    if (conn->receiving != NULL) {
        *due_ns = body_due_ns(conn);
        wait = WAIT_BODY;
    } else if (conn->head_since_ns != 0 && !conn->takes_no_more) {
        *due_ns = conn->head_since_ns + limits->head_ns;
        wait = WAIT_HEAD;
    } else if (is_idle(conn)) {
        *due_ns = conn->idle_since_ns + limits->idle_ns;
        wait = WAIT_IDLE;
    }
    if (conn->is_blocked && conn->write_since_ns + limits->write_stall_ns < *due_ns) {
        *due_ns = conn->write_since_ns + limits->write_stall_ns;
        wait = WAIT_WRITE;
    }
    return wait;
}

/* A timer that is set too early costs one look when it is due; setting it anew for every request
 * would cost more. So it only ever moves forward. */
static void arm(struct pgl_conn *conn)
{
    int64_t due_ns;
    if (next_due(conn, &due_ns) == WAIT_NOTHING ||
        (conn->timer.is_set && conn->timer.due_ns <= due_ns))
        return;
    pgl_timer_set(&conn->server->loop->timers, &conn->timer, due_ns, on_due, conn);
}

/* Too late for the head or the body: said to whoever has begun one, not to who never spoke. */
static void refuse_late(struct pgl_conn *conn, const char *reason)
{
    struct pgl_http_exchange *exchange = conn->receiving;
    if (exchange == NULL && conn->input.size > 0)
        exchange = pgl_http_exchange_take(conn->server, conn);
    if (exchange == NULL) {
        conn->is_broken = true;
        return;
    }
    pgl_conn_refuse(conn, exchange, 408, reason);
    keep_input(conn, (struct pgl_text){ NULL, 0 }, true);
}

static void on_due(void *owner)
{
    struct pgl_conn *conn = owner;
    struct pgl_http_metrics *metrics = &conn->server->metrics;
    int64_t due_ns;
    enum wait wait = next_due(conn, &due_ns);
    if (due_ns > conn->server->loop->now_ns)
        wait = WAIT_NOTHING; /* not any more */
    switch (wait) {
    case WAIT_NOTHING:
        break;
    case WAIT_HEAD:
        pgl_counter_add(&metrics->late_heads, 1);
        refuse_late(conn, "the request took too long to come");
        break;
    case WAIT_BODY:
        pgl_counter_add(&metrics->late_bodies, 1);
        refuse_late(conn, "the body took too long to come");
        break;
    case WAIT_WRITE:
        pgl_counter_add(&metrics->late_writes, 1);
        conn->is_broken = true;
        break;
    case WAIT_IDLE:
        pgl_counter_add(&metrics->idle_closes, 1);
        conn->is_broken = true;
        break;
    case WAIT_LINGER:
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
        conn->takes_no_more = true;
    bool is_over = conn->takes_no_more && pgl_list_is_empty(&conn->exchanges);
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
    if (conn->is_unread && pgl_conn_may_take(conn) && pgl_list_is_empty(&conn->unread))
        pgl_list_append(&conn->server->unread_conns, &conn->unread);
    conn->socket->ops->want(conn->socket, is_reading(conn), conn->is_blocked);
    find_place(conn);
    arm(conn);
}
