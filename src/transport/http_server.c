/* http_server.c - see http_server.h: the listener, what all connections share, and the end. */
#include "transport/http_server.h"

#include "base/assert.h"
#include "transport/conn.h"
#include "transport/tls_socket.h"

#define ACCEPTS_PER_TURN       64  /* then those who are here already are served */
#define CLIENTS_PER_CONNECTION 2   /* remembered: those here, and as many who left just now */
#define PROXY_VISITORS_MAX     256 /* who are to say whose they are: a quarter of a MiB */
#define SHED_LOOKS_MAX         256 /* at idle connections, for each that asks while room is short */
#define SLOTS_CHUNK_BYTES      (64u << 10) /* the pools grow by this */

static pgl_status open_proxy_door(struct pgl_http_server *server);
static pgl_status listen_at(struct pgl_http_server *server, const char *host, uint16_t port);
static pgl_status listen_for_tls(struct pgl_http_server *server);
static void stop_listening(struct pgl_http_server *server);

pgl_status pgl_http_server_open(struct pgl_http_server *server, struct pgl_loop *loop,
                                const char *host, uint16_t port,
                                const struct pgl_http_server_options *options)
{
    PGL_ASSERT(options->on_request != NULL && options->refuse != NULL);
    const struct pgl_http_limits *limits = &options->limits;
    size_t slots_bytes = limits->connections_max * sizeof(struct pgl_conn) +
                         limits->exchanges_max * sizeof(struct pgl_http_exchange);
    *server = (struct pgl_http_server){ .loop = loop, .options = *options, .date_s = -1 };
    pgl_arena_init(&server->slots, SLOTS_CHUNK_BYTES, slots_bytes + slots_bytes / 4 + (1u << 20));
    struct pgl_list *lists[] = {
        &server->free_conns, &server->free_exchanges, &server->busy_conns,
        &server->idle_conns, &server->unread_conns,   &server->dirty_conns
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        pgl_list_init(lists[i]);
    struct pgl_hash_key key;
    pgl_entropy_fill(&loop->platform->entropy, &key, sizeof key);
    pgl_clients_init(&server->clients, key, CLIENTS_PER_CONNECTION * limits->connections_max,
                     limits->connections_per_client_max, limits->connects_per_client_burst,
                     limits->connects_per_client_per_s);
    pgl_random_seed(&server->jitter, pgl_entropy_u64(&loop->platform->entropy), 0);

    pgl_buffer_init(&server->spare_output, PGL_CONN_OUTPUT_BYTES_MAX);
    server->read_room = pgl_arena_alloc(&server->slots, PGL_CONN_READ_BYTES);
    pgl_status status = server->read_room == NULL
                            ? PGL_FAIL(PGL_EXHAUSTED, "no memory for a server")
                            : open_proxy_door(server);
    if (pgl_is_ok(status))
        status = listen_at(server, host, port);
    if (pgl_is_ok(status))
        status = listen_for_tls(server);
    if (!pgl_is_ok(status)) {
        stop_listening(server);
        pgl_arena_free(&server->slots);
    }
    return status;
}

uint16_t pgl_http_server_port(const struct pgl_http_server *server)
{
    return server->listener == NULL ? 0 : server->listener->port;
}

uint16_t pgl_http_server_tls_port(const struct pgl_http_server *server)
{
    return server->tls_listener == NULL ? 0 : server->tls_listener->port;
}

void pgl_http_server_change(struct pgl_http_server *server, const struct pgl_http_limits *limits)
{
    struct pgl_http_limits *now = &server->options.limits;
    const struct pgl_http_limits before = *now;
    *now = *limits;
    now->connections_max = before.connections_max;
    now->exchanges_max = before.exchanges_max;
    now->buffers_bytes_max = before.buffers_bytes_max;
    now->handshakes_max = before.handshakes_max;
    server->door.options.handshake_ns = limits->handshake_ns;
    server->proxy_door.options.header_ns = limits->handshake_ns;
    pgl_clients_change(&server->clients, limits->connections_per_client_max,
                       limits->connects_per_client_burst, limits->connects_per_client_per_s);
}

/* ---- who comes ---- */

/* A place for one more: at the limit, that of whoever has been silent for longest. */
static bool make_place(struct pgl_http_server *server)
{
    if (server->conn_count < server->options.limits.connections_max)
        return true;
    if (pgl_list_is_empty(&server->idle_conns))
        return false;
    pgl_conn_close(PGL_CONTAINER(server->idle_conns.next, struct pgl_conn, place));
    return true;
}

static void turn_away(struct pgl_http_server *server, struct pgl_socket *socket)
{
    pgl_counter_add(&server->metrics.connections_refused, 1);
    socket->ops->close(socket);
}

/* `client` has joined; it leaves with the connection, or here. */
static void open_conn(struct pgl_http_server *server, struct pgl_socket *socket,
                      const struct pgl_conn_origin *origin)
{
    if (make_place(server) && pgl_conn_open(server, socket, origin)) {
        pgl_counter_add(&server->metrics.connections_accepted, 1);
    } else {
        pgl_clients_leave(&server->clients, origin->client, server->loop->now_ns);
        turn_away(server, socket);
    }
    pgl_counter_set(&server->metrics.connections_open, server->conn_count);
}

/* Whether its client may have one more connection; else the socket is gone. */
static bool may_come(struct pgl_http_server *server, struct pgl_socket *socket, uint64_t *client)
{
    if (!pgl_buggify(server->loop->platform->buggify, PGL_BUGGIFY_HTTP_REFUSES) &&
        pgl_clients_join(&server->clients, socket->peer, server->loop->now_ns, client))
        return true;
    turn_away(server, socket);
    return false;
}

static void let_in(struct pgl_http_server *server, struct pgl_socket *socket)
{
    struct pgl_conn_origin origin = { .tls_peer = "" };
    if (may_come(server, socket, &origin.client))
        open_conn(server, socket, &origin);
}

static void let_in_through_tls(struct pgl_http_server *server, struct pgl_socket *socket)
{
    uint64_t client;
    if (!may_come(server, socket, &client) || pgl_tls_door_take(&server->door, socket, client))
        return;
    pgl_clients_leave(&server->clients, client, server->loop->now_ns);
    pgl_counter_add(&server->metrics.connections_refused, 1);
}

static void on_connections(void *owner)
{
    struct pgl_http_server *server = owner;
    struct pgl_socket *listener = server->listener, *socket;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        socket = listener->ops->accept(listener, &server->loop->ready_sockets);
        if (socket == NULL)
            break;
        if (pgl_proxy_door_is_for(&server->proxy_door, socket->peer))
            pgl_proxy_door_take(&server->proxy_door, socket, false);
        else
            let_in(server, socket);
        if (pgl_loop_is_struck(server->loop, PGL_BUGGIFY_HTTP_ACCEPTS_ONE))
            break;
    }
}

static void on_tls_connections(void *owner)
{
    struct pgl_http_server *server = owner;
    struct pgl_socket *listener = server->tls_listener, *socket;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        if (!pgl_tls_door_has_place(&server->door)) {
            listener->ops->want(listener, false, false);
            break;
        }
        socket = listener->ops->accept(listener, &server->loop->ready_sockets);
        if (socket == NULL)
            break;
        if (pgl_proxy_door_is_for(&server->proxy_door, socket->peer))
            pgl_proxy_door_take(&server->proxy_door, socket, true);
        else
            let_in_through_tls(server, socket);
    }
}

/* Whose it is has been said by a proxy. */
static bool on_told(void *owner, struct pgl_socket *socket, bool is_tls)
{
    struct pgl_http_server *server = owner;
    if (is_tls && !pgl_tls_door_has_place(&server->door))
        return false;
    if (is_tls)
        let_in_through_tls(server, socket);
    else
        let_in(server, socket);
    return true;
}

static pgl_status open_proxy_door(struct pgl_http_server *server)
{
    const struct pgl_proxy_door_options options = { .proxies = server->options.proxies,
                                                    .proxy_count = server->options.proxy_count,
                                                    .visitors_max = PROXY_VISITORS_MAX,
                                                    .header_ns =
                                                        server->options.limits.handshake_ns,
                                                    .owner = server,
                                                    .on_through = on_told };
    return pgl_proxy_door_open(&server->proxy_door, server->loop, &server->slots, &options);
}

static void on_place(void *owner)
{
    struct pgl_http_server *server = owner;
    server->has_place = true; /* for those of the proxy door, with the next work */
    if (server->tls_listener != NULL)
        server->tls_listener->ops->want(server->tls_listener, true, false);
}

static void on_through(void *owner, struct pgl_socket *socket, uint64_t client)
{
    const struct pgl_tls *tls = pgl_tls_socket_session(socket);
    const struct pgl_conn_origin origin = { .client = client,
                                            .is_tls = true,
                                            .is_http2 = pgl_tls_is_http2(tls),
                                            .tls_peer = pgl_tls_peer_name(tls) };
    open_conn(owner, socket, &origin);
}

static void on_lost(void *owner, uint64_t client)
{
    struct pgl_http_server *server = owner;
    pgl_clients_leave(&server->clients, client, server->loop->now_ns);
}

/* ---- listening ---- */

static pgl_status listen_on(struct pgl_http_server *server, const char *host, uint16_t port,
                            void (*on_ready)(void *owner), struct pgl_socket **listener)
{
    struct pgl_loop *loop = server->loop;
    PGL_TRY(loop->waiter->ops->listen(loop->waiter, host, port, &loop->ready_sockets, listener));
    (*listener)->on_ready = on_ready;
    (*listener)->owner = server;
    return PGL_OK;
}

static pgl_status listen_at(struct pgl_http_server *server, const char *host, uint16_t port)
{
    return host == NULL ? PGL_OK : listen_on(server, host, port, on_connections, &server->listener);
}

static pgl_status listen_for_tls(struct pgl_http_server *server)
{
    const struct pgl_http_server_options *options = &server->options;
    if (options->tls == NULL)
        return PGL_OK;
    const struct pgl_tls_door_options door = { .handshakes_max = options->limits.handshakes_max,
                                               .handshake_ns = options->limits.handshake_ns,
                                               .contexts = options->tls,
                                               .owner = server,
                                               .on_through = on_through,
                                               .on_lost = on_lost,
                                               .on_place = on_place };
    PGL_TRY(pgl_tls_door_open(&server->door, server->loop, &server->slots, &door));
    return listen_on(server, options->tls_host, options->tls_port, on_tls_connections,
                     &server->tls_listener);
}

static void stop_listening(struct pgl_http_server *server)
{
    if (server->listener != NULL)
        server->listener->ops->close(server->listener);
    if (server->tls_listener != NULL)
        server->tls_listener->ops->close(server->tls_listener);
    server->listener = server->tls_listener = NULL;
}

static void move_all(struct pgl_list *from, struct pgl_list *to)
{
    struct pgl_list *node;
    while ((node = pgl_list_take_first(from)) != NULL)
        pgl_list_append(to, node);
}

/* In a row: who has had a turn and still has more is behind all others. */
static void read_on(struct pgl_http_server *server)
{
    struct pgl_list turn, *node;
    pgl_list_init(&turn);
    move_all(&server->unread_conns, &turn);
    server->turn_requests = 0; /* those whose sockets had news do not count: they come first */
    while (server->turn_requests < server->options.limits.requests_per_turn_max &&
           (node = pgl_list_take_first(&turn)) != NULL)
        pgl_conn_read_on(PGL_CONTAINER(node, struct pgl_conn, unread));
    move_all(&server->unread_conns, &turn);
    move_all(&turn, &server->unread_conns);
    server->turn_requests = 0;
}

bool pgl_http_server_work(struct pgl_http_server *server)
{
    struct pgl_list turn, *node; /* who becomes dirty meanwhile has the next turn */
    read_on(server);
    pgl_list_init(&turn);
    move_all(&server->dirty_conns, &turn);
    while ((node = pgl_list_take_first(&turn)) != NULL)
        pgl_conn_flush(PGL_CONTAINER(node, struct pgl_conn, dirty));
    if (server->has_place) {
        server->has_place = false;
        pgl_proxy_door_offer(&server->proxy_door);
    }
    bool has_more = server->options.tls != NULL && pgl_tls_door_work(&server->door);
    return has_more || server->has_place || !pgl_list_is_empty(&server->unread_conns) ||
           !pgl_list_is_empty(&server->dirty_conns);
}

/* ---- what connections share ---- */

void pgl_http_server_count_bytes(struct pgl_http_server *server, size_t *counted, size_t now_bytes)
{
    if (now_bytes == *counted)
        return;
    server->buffers_bytes += now_bytes - *counted;
    *counted = now_bytes;
    pgl_counter_set(&server->metrics.buffers_bytes, server->buffers_bytes);
}

bool pgl_http_server_has_room(struct pgl_http_server *server, const struct pgl_conn *asks)
{
    size_t most = server->options.limits.buffers_bytes_max;
    struct pgl_list *node = server->idle_conns.next;
    for (int i = 0; i < SHED_LOOKS_MAX && server->buffers_bytes > most; i++) {
        if (node == &server->idle_conns)
            break;
        struct pgl_conn *idle = PGL_CONTAINER(node, struct pgl_conn, place);
        node = node->next;
        if (idle == asks || idle->counted_bytes == 0)
            continue;
        pgl_counter_add(&server->metrics.idle_closes, 1);
        pgl_conn_close(idle);
    }
    return server->buffers_bytes <= most;
}

/* RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT" */
static void format_date(int64_t seconds, char out[PGL_HTTP_DATE_BYTES])
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970 began on a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char digits[PGL_TIME_TEXT_BYTES]; /* 1994-11-06T08:49:37.000Z */
    pgl_time_format(PGL_SECONDS(seconds), digits);
    int month = (digits[5] - '0') * 10 + digits[6] - '0';
    memcpy(out, days + seconds / 86400 % 7 * 3, 3);
    memcpy(out + 3, ", ", 2);
    memcpy(out + 5, digits + 8, 2);
    out[7] = ' ';
    memcpy(out + 8, months + ((size_t)month - 1) * 3, 3);
    out[11] = ' ';
    memcpy(out + 12, digits, 4);
    out[16] = ' ';
    memcpy(out + 17, digits + 11, 8);
    memcpy(out + 25, " GMT", 4);
}

struct pgl_text pgl_http_server_date(struct pgl_http_server *server)
{
    int64_t now_s = server->loop->wall_ns / 1000000000;
    if (now_s != server->date_s) {
        server->date_s = now_s;
        format_date(now_s, server->date);
    }
    return (struct pgl_text){ server->date, sizeof server->date };
}

/* ---- the end ---- */

static void leave_all(struct pgl_list *conns)
{
    for (struct pgl_list *node = conns->next; node != conns; node = node->next) {
        struct pgl_conn *conn = PGL_CONTAINER(node, struct pgl_conn, place);
        conn->protocol->leave(conn);
        pgl_conn_mark_dirty(conn); /* it goes at the end of the turn */
    }
}

static void close_all(struct pgl_list *conns)
{
    while (!pgl_list_is_empty(conns))
        pgl_conn_close(PGL_CONTAINER(conns->next, struct pgl_conn, place));
}

void pgl_http_server_drain(struct pgl_http_server *server)
{
    server->is_draining = true;
    stop_listening(server);
    pgl_proxy_door_close(&server->proxy_door);
    if (server->options.tls != NULL)
        pgl_tls_door_close(&server->door);
    leave_all(&server->idle_conns);
}

void pgl_http_server_cut(struct pgl_http_server *server)
{
    pgl_http_server_drain(server);
    close_all(&server->idle_conns);
    close_all(&server->busy_conns);
}

bool pgl_http_server_is_idle(const struct pgl_http_server *server)
{
    return server->conn_count == 0 && server->exchange_count == 0;
}

void pgl_http_server_close(struct pgl_http_server *server)
{
    PGL_ASSERT(server->conn_count == 0);
    pgl_http_server_drain(server);
    for (struct pgl_http_exchange *e = server->slots_made; e != NULL; e = e->next_slot) {
        pgl_arena_free(&e->arena);
        pgl_buffer_free(&e->out);
    }
    pgl_buffer_free(&server->spare_output);
    pgl_clients_free(&server->clients);
    pgl_arena_free(&server->slots);
}
