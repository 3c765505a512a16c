/*
 * conn.h - one connection of the server: bytes in, exchanges out, answers back.
 *
 * For:      http_server.c, http_exchange.c and conn_*.c only.
 * Owner:    the server's pool.
 * Threads:  the server's loop.
 * Rule:     what happens to a connection is noted in its fields; `settle` in conn.c, behind every
 *           event, is the one place that closes it. So nothing that a handler calls can pull it
 *           away.
 *
 * conn.c is what all connections have: a socket, buffers, timers, an end. What the bytes mean is a
 * protocol's: HTTP/1.1 (conn_http1.c), which answers in the order of the requests, or HTTP/2
 * (conn_http2.c), where each exchange is a stream.
 */
#ifndef PGL_TRANSPORT_CONN_H
#define PGL_TRANSPORT_CONN_H

#include "transport/http_server.h"
#include "wire/http2.h"

/* One read. As large as what a kernel gives at once to a reader who keeps up. */
#define PGL_CONN_READ_BYTES       (64u << 10)
#define PGL_CONN_SPANS_MAX        16 /* of one write; what platform/real takes */
/* HTTP/2: frames made before they are written, and one more; others want the connection too. */
#define PGL_CONN_OUTPUT_BYTES     (64u << 10)
#define PGL_CONN_OUTPUT_BYTES_MAX (PGL_CONN_OUTPUT_BYTES + (32u << 10))

enum pgl_conn_wait {
    PGL_CONN_WAITS_FOR_NOTHING, /* but the handlers */
    PGL_CONN_WAITS_FOR_HEAD,
    PGL_CONN_WAITS_FOR_BODY,
    PGL_CONN_WAITS_TO_WRITE,
    PGL_CONN_WAITS_TO_BE_ASKED,
    PGL_CONN_WAITS_FOR_SILENCE, /* lingering */
    PGL_CONN_WAITS_TO_LOOK      /* the protocol's own */
};

struct pgl_conn_protocol {
    /* ---- the connection's side ---- */

    /* Whether more of the input may be taken now. */
    bool (*may_take)(const struct pgl_conn *conn);
    /* Cuts off the front of `input` what was understood, and hands over what became whole. */
    void (*take_input)(struct pgl_conn *conn, struct pgl_text *input);
    /* The peer sends no more. */
    void (*end_input)(struct pgl_conn *conn);
    /* What may be written now, and how much it is; 0 spans when nothing. */
    int (*gather)(struct pgl_conn *conn, struct pgl_span *spans, size_t *total);
    /* `put` bytes of it are gone. */
    void (*wrote)(struct pgl_conn *conn, size_t put);
    /* What it waits for while its socket takes and gives all there is. */
    enum pgl_conn_wait (*next_due)(const struct pgl_conn *conn, int64_t *due_ns);
    void (*late)(struct pgl_conn *conn, enum pgl_conn_wait wait);
    /* Behind every event: whether nothing is left to be taken or said. */
    bool (*is_over)(struct pgl_conn *conn);
    /* The server drains, and nothing is asked or being answered. */
    void (*leave)(struct pgl_conn *conn);
    /* The connection is gone; NULL when nothing is left behind. */
    void (*forget)(struct pgl_conn *conn);

    /* ---- the exchange's side; it has a connection ---- */

    /* `body_bytes` is -1 for a stream. False when nothing may follow: it has no body, or its head
     * could not be written and became a bare 500. */
    bool (*say_head)(struct pgl_http_exchange *exchange, int status,
                     const struct pgl_http_field *fields, size_t field_count, int64_t body_bytes);
    void (*say_piece)(struct pgl_http_exchange *exchange, struct pgl_text piece);
    /* `out` and `answer_body` are all. */
    void (*say_end)(struct pgl_http_exchange *exchange);
    void (*cut)(struct pgl_http_exchange *exchange, uint32_t code);
    void (*taken)(struct pgl_http_exchange *exchange, size_t bytes);
};

extern const struct pgl_conn_protocol pgl_conn_http1, pgl_conn_http2;

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
    const struct pgl_conn_protocol *protocol;
    struct pgl_list place;  /* in the server's free, idle or busy connections */
    struct pgl_list unread; /* in the server's, while `input` waits for its turn */
    struct pgl_list dirty;  /* in the server's, while there is something new to write */
    struct pgl_timer timer; /* never set anew for a byte: see arm() */

    struct pgl_list exchanges; /* in the order of the requests */
    uint32_t exchange_count, request_count;
    struct pgl_buffer
        input; /* read and not understood yet; begins where a message or a body goes on */
    size_t counted_bytes;  /* of all buffers, in server->buffers_bytes */
    size_t exchange_bytes; /* what its exchanges hold */
    uint32_t rooms_wanted; /* streams whose handler waits for on_room */

    int64_t age_until_ns;
    int64_t head_since_ns; /* 0 while no head has begun */
    int64_t idle_since_ns, write_since_ns, linger_since_ns;

    /* HTTP/1.1 */
    struct pgl_http_exchange *receiving; /* the last exchange while its body is on its way */
    struct pgl_http1_parser parser;
    struct pgl_http1_body body;

    /* HTTP/2 */
    struct pgl_http2 *session;
    struct pgl_buffer output; /* frames that the socket did not take yet */
    int64_t looked_ns;        /* at the streams */
    int64_t progress_ns;      /* when a byte of any body was last framed */
    int64_t leaving_since_ns; /* 0, or when GOAWAY was announced */
    int64_t heard_ns;         /* when the peer last said anything */
    int64_t pinged_ns;        /* 0, or since when it has been asked whether it is there */

    bool is_known;      /* which protocol it is */
    bool takes_no_more; /* the last request has been taken; what else comes is not read as one */
    bool is_refused;    /* the last answer is a refusal, and the peer may still be sending */
    bool has_ended;     /* the peer has, on its side */
    bool is_unread;     /* `input` holds more than the beginning of a request */
    bool is_idle;       /* and so in that list */
    bool is_blocked;    /* the socket takes no more for now */
    bool is_lingering;
    bool is_broken;
    bool is_doomed; /* HTTP/2: only a GOAWAY is left to be written */
};

/* Takes the socket over. False when there is no slot; the socket is the caller's then. */
PGL_MUST_USE bool pgl_conn_open(struct pgl_http_server *server, struct pgl_socket *socket,
                                const struct pgl_conn_origin *origin);
/* At once; what the handlers still have is abandoned. Not from within a handler's call. */
void pgl_conn_close(struct pgl_conn *conn);

/* How many requests a connection may take at once, now. Who sends one after another is never held
 * up by it; who sends many shares a turn with all who do: when requests_per_turn_max have been
 * taken by then, PGL_CONN_SHARE_LEAST, and the rest waits in a row for turns of its own. So one
 * more request of somebody else waits for that much, however many send however much. */
#define PGL_CONN_SHARE_LEAST 4
uint32_t pgl_conn_share(const struct pgl_conn *conn);

/* Goes on with input that has waited for its turn. */
void pgl_conn_read_on(struct pgl_conn *conn);
/* There is something to write; it goes out at the end of the turn, with what else there is by
 * then. */
void pgl_conn_mark_dirty(struct pgl_conn *conn);
/* Writes what there is. */
void pgl_conn_flush(struct pgl_conn *conn);
/* Forgets the input that is kept. */
void pgl_conn_drop_input(struct pgl_conn *conn);
/* Brings server->buffers_bytes up to date with what the connection holds. */
void pgl_conn_recount(struct pgl_conn *conn);
/* The handler of each exchange of it is told that nobody listens. */
void pgl_conn_abandon_handlers(struct pgl_conn *conn);

/* The session of a connection that turned out to be HTTP/2. */
PGL_MUST_USE bool pgl_conn_http2_open(struct pgl_conn *conn);

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
/* Has the owner answer. */
void pgl_http_exchange_refuse(struct pgl_http_exchange *exchange, int status, const char *reason);
/* When the body's average falls below its rate, unless more comes; at most body_ns. */
int64_t pgl_http_exchange_body_due_ns(const struct pgl_http_exchange *exchange);
/* How much of a body is taken: the gateway's limit for this route, within our own. */
size_t pgl_http_exchange_body_limit(const struct pgl_http_exchange *exchange);
/* More of the body, kept until it is whole. False when there is no memory for it. */
PGL_MUST_USE bool pgl_http_exchange_keep(struct pgl_http_exchange *exchange, struct pgl_text piece);
/* To its handler. */
void pgl_http_exchange_ask(struct pgl_http_exchange *exchange);
/* More of a body that comes in pieces, if its handler still wants it. */
void pgl_http_exchange_piece(struct pgl_http_exchange *exchange, struct pgl_text piece,
                             bool is_last);
/* Whether a handler has it now. */
static inline bool pgl_http_exchange_is_held(const struct pgl_http_exchange *exchange)
{
    return exchange->stage == PGL_HTTP_ASKED || exchange->stage == PGL_HTTP_STREAMING;
}
static inline size_t pgl_http_exchange_unsent(const struct pgl_http_exchange *exchange)
{
    return exchange->out.size + exchange->answer_body.size - exchange->sent_bytes;
}
/* Tells those who wait for room that there is some again. */
void pgl_http_exchange_tell_room(struct pgl_conn *conn);

/* ---- http_server.c ---- */

/* `*counted` becomes `now_bytes`, and the sum of all moves with it. */
void pgl_http_server_count_bytes(struct pgl_http_server *server, size_t *counted, size_t now_bytes);
/* Whether the budget of all buffers has room. When it has not, connections that wait for a request
 * and hold memory go, the longest idle ones first, but not `asks`, whose turn it is (or NULL). */
PGL_MUST_USE bool pgl_http_server_has_room(struct pgl_http_server *server,
                                           const struct pgl_conn *asks);
struct pgl_text pgl_http_server_date(struct pgl_http_server *server);

#endif
