/* http_server.c - see http_server.h: the listener, what all connections share, and the end. */
#include "transport/http_server.h"

#include "base/assert.h"
#include "transport/conn.h"

#define ACCEPTS_PER_TURN       64 /* then those who are here already are served */
#define CLIENTS_PER_CONNECTION 2  /* remembered: those here, and as many who left just now */
#define SLOTS_CHUNK_BYTES      (64u << 10) /* the pools grow by this */

static void on_connections(void *owner);

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
                            : loop->waiter->ops->listen(loop->waiter, host, port,
                                                        &loop->ready_sockets, &server->listener);
    if (!pgl_is_ok(status)) {
        pgl_arena_free(&server->slots);
        return status;
    }
    server->listener->on_ready = on_connections;
    server->listener->owner = server;
    return PGL_OK;
}

uint16_t pgl_http_server_port(const struct pgl_http_server *server)
{
    return server->listener == NULL ? 0 : server->listener->port;
}

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

static void on_connections(void *owner)
{
    struct pgl_http_server *server = owner;
    struct pgl_socket *listener = server->listener, *socket;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        socket = listener->ops->accept(listener, &server->loop->ready_sockets);
        if (socket == NULL)
            break;
        bool is_admitted =
            !pgl_buggify(server->loop->platform->buggify, PGL_BUGGIFY_HTTP_REFUSES) &&
            make_place(server) && pgl_conn_open(server, socket);
        pgl_counter_add(is_admitted ? &server->metrics.connections_accepted
                                    : &server->metrics.connections_refused,
                        1);
        if (!is_admitted)
            socket->ops->close(socket);
    }
    pgl_counter_set(&server->metrics.connections_open, server->conn_count);
}

bool pgl_http_server_work(struct pgl_http_server *server)
{
    struct pgl_list turn, *node; /* who becomes unread or dirty meanwhile has the next turn */
    pgl_list_init(&turn);
    while ((node = pgl_list_take_first(&server->unread_conns)) != NULL)
        pgl_list_append(&turn, node);
    while ((node = pgl_list_take_first(&turn)) != NULL)
        pgl_conn_read_on(PGL_CONTAINER(node, struct pgl_conn, unread));
    while ((node = pgl_list_take_first(&server->dirty_conns)) != NULL)
        pgl_list_append(&turn, node);
    while ((node = pgl_list_take_first(&turn)) != NULL)
        pgl_conn_flush(PGL_CONTAINER(node, struct pgl_conn, dirty));
    return !pgl_list_is_empty(&server->unread_conns) || !pgl_list_is_empty(&server->dirty_conns);
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
    if (server->listener != NULL)
        server->listener->ops->close(server->listener);
    server->listener = NULL;
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
