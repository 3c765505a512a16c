/*
 * conn.h - one HTTP/1.1 connection: bytes in, requests out, answers in the order of the requests.
 *
 * For:      http_server.c, http_exchange.c and conn_*.c only.
 * Owner:    the server's pool.
 * Threads:  the server's loop.
 * Rule:     what happens to a connection is noted in its fields; `settle` in conn.c, behind every
 *           event, is the one place that closes it. So nothing that a handler calls can pull it
 *           away.
 */
#ifndef PGL_TRANSPORT_CONN_H
#define PGL_TRANSPORT_CONN_H

#include "transport/http_server.h"

/* One read. As large as what a kernel gives at once to a reader who keeps up. */
#define PGL_CONN_READ_BYTES (64u << 10)

/* How a connection has come. */
struct pgl_conn_origin {
    uint64_t client; /* in server->clients, where the connection leaves it */
    bool is_tls;
    bool is_http2;        /* agreed on by ALPN */
    const char *tls_peer; /* lives as long as the socket */
};

struct pgl_conn {
    struct pgl_http_server *server;
    struct pgl_socket *socket;
    struct pgl_conn_origin origin;
    struct pgl_list place;  /* in the server's free, idle or busy connections */
    struct pgl_list unread; /* in the server's, while `input` waits for its turn */
    struct pgl_list dirty;  /* in the server's, while there is something new to write */
    struct pgl_timer timer; /* never set anew for a byte: see arm() */

    struct pgl_list exchanges; /* in the order of the requests */
    uint32_t exchange_count, request_count;
    struct pgl_http_exchange *receiving; /* the last exchange while its body is on its way */

    struct pgl_http1_parser parser;
    struct pgl_http1_body body;
    struct pgl_buffer
        input; /* read and not understood yet; begins where a message or a body goes on */
    size_t counted_bytes; /* of `input`, in server->buffers_bytes */

    int64_t age_until_ns;
    int64_t head_since_ns; /* 0 while no head has begun */
    int64_t body_since_ns, idle_since_ns, write_since_ns, linger_since_ns;

    bool takes_no_more; /* the last request has been taken; what else comes is not read as one */
    bool is_refused;    /* the last answer is a refusal, and the peer may still be sending */
    bool has_ended;     /* the peer has, on its side */
    bool is_unread;     /* `input` holds more than the beginning of a request */
    bool is_idle;       /* and so in that list */
    bool is_blocked;    /* the socket takes no more for now */
    bool is_lingering;
    bool is_broken;
};

/* Takes the socket over. False when there is no slot; the socket is the caller's then. */
PGL_MUST_USE bool pgl_conn_open(struct pgl_http_server *server, struct pgl_socket *socket,
                                const struct pgl_conn_origin *origin);
/* At once; what the handlers still have is abandoned. Not from within a handler's call. */
void pgl_conn_close(struct pgl_conn *conn);

/* Goes on with input that has waited for its turn. */
void pgl_conn_read_on(struct pgl_conn *conn);
/* There is something to write; it goes out at the end of the turn, with what else there is by
 * then. */
void pgl_conn_mark_dirty(struct pgl_conn *conn);
/* Writes what there is. */
void pgl_conn_flush(struct pgl_conn *conn);

/* ---- conn_requests.c ---- */

/* Whether another part of a request may be taken from the input now. */
bool pgl_conn_may_take(const struct pgl_conn *conn);
/* Cuts off the front of `input` what was understood, and hands over what became whole. */
void pgl_conn_take_input(struct pgl_conn *conn, struct pgl_text *input);
/* Has the owner answer; nothing is read any more behind this exchange. */
void pgl_conn_refuse(struct pgl_conn *conn, struct pgl_http_exchange *exchange, int status,
                     const char *reason);

/* ---- http_exchange.c ---- */

/* At the end of the connection's list. NULL when there is none to be had. */
struct pgl_http_exchange *pgl_http_exchange_take(struct pgl_http_server *server,
                                                 struct pgl_conn *conn);
/* Back to the pool; out of the connection's list, if it has one. */
void pgl_http_exchange_release(struct pgl_http_exchange *exchange);
/* The handler is told, once. */
void pgl_http_exchange_abandon(struct pgl_http_exchange *exchange);
/* Brings server->buffers_bytes up to date with what the exchange holds. */
void pgl_http_exchange_recount(struct pgl_http_exchange *exchange);

/* ---- http_server.c ---- */

/* `*counted` becomes `now_bytes`, and the sum of all moves with it. */
void pgl_http_server_count_bytes(struct pgl_http_server *server, size_t *counted, size_t now_bytes);
struct pgl_text pgl_http_server_date(struct pgl_http_server *server);

#endif
