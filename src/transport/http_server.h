/*
 * http_server.h - answers HTTP on one loop: connections in, exchanges out.
 *
 * For:      the gateway, the admin page, gRPC, tests. What a connection speaks is decided beneath
 *           this header: plain or through TLS (tls_door.h), HTTP/1.1 or HTTP/2 (agreed on by ALPN,
 *           else by its first bytes).
 * Owner:    whoever holds the struct; it calls pgl_http_server_work at the end of every turn.
 * Threads:  the loop's.
 * Rule:     a request comes whole (head, then body up to its limit) to `on_request`, as an
 *           exchange, unless `wants_pieces` says that its body shall come piece by piece. It is the
 *           handler's until pgl_http_respond or pgl_http_stream_end, however long that takes; over
 *           HTTP/1.1 what was asked in a row is answered in that order.
 * Bounds:   struct pgl_http_limits, each with its reason at PGL_HTTP_LIMITS_DEFAULT.
 * Memory:   connections and exchanges lie in pools that grow up to their limits and are reused; a
 *           busy server allocates nothing for a request. An idle connection holds no buffer.
 * Errors:   what cannot be an exchange (bad bytes, too large, too late, too much) is shown to
 *           `refuse`, which answers it like any other error; the connection ends with that.
 */
#ifndef PGL_TRANSPORT_HTTP_SERVER_H
#define PGL_TRANSPORT_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/list.h"
#include "base/random.h"
#include "base/time.h"
#include "runtime/loop.h"
#include "telemetry/metrics.h"
#include "transport/clients.h"
#include "transport/proxy_door.h"
#include "transport/tls_door.h"
#include "wire/http.h"
#include "wire/http1.h"
#include "wire/http2.h"

#define PGL_HTTP_DATE_BYTES 29 /* Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110, 5.6.7) */

struct pgl_http_limits {
    uint32_t connections_max;            /* then the longest idle one goes, or else the new one */
    uint32_t connections_per_client_max; /* of an IPv4 address or IPv6 /64; more are closed */
    uint32_t connects_per_client_burst;  /* new connections of a client at once, */
    uint32_t connects_per_client_per_s;  /* and in the long run; more are closed */
    uint32_t exchanges_max;              /* then a connection ends without an answer */
    uint32_t pipelined_max;         /* unanswered requests of a connection; then it is not read */
    uint32_t requests_per_read_max; /* then other connections have their turn */
    uint32_t requests_per_turn_max; /* of all; then none takes many at once, see conn.h */
    uint32_t requests_per_connection_max; /* then "close", or over HTTP/2 GOAWAY */
    size_t body_bytes_max;                /* whatever `body_limit` says; else 413 */
    size_t exchange_chunk_bytes;          /* an arena's usual chunk: what a typical request needs */
    size_t exchange_bytes_max;            /* of the arena: head, body, and what the handler makes */
    size_t stream_bytes_max;              /* written to a stream and not taken by the peer */
    size_t buffers_bytes_max;             /* of all in use; then idle ones go, or else 503 */
    uint32_t handshakes_max;              /* of TLS at once; then newcomers wait, see tls_door.h */
    int64_t handshake_ns;                 /* then closed */
    int64_t head_ns;                      /* from its first byte, or from the accept; else 408 */
    int64_t body_grace_ns;                /* from then on a body needs body_rate_min on average */
    int64_t body_ns;                      /* and must be whole; else 408 */
    uint32_t body_rate_min;               /* bytes a second */
    int64_t idle_ns;                      /* without a request; then closed */
    int64_t age_ns;                       /* +-10 %; then closed behind the next answer */
    int64_t write_stall_ns; /* no byte taken by a peer that we write to; then closed */
    int64_t linger_ns;      /* a refused peer may still be sending; see conn.c */
    /* HTTP/2: for a header block, which holds up all streams; then closed */
    int64_t block_ns;
    int64_t stream_stall_ns;     /* no byte of an answer fits the peer's window; then it is reset */
    int64_t connection_stall_ns; /* the same for all answers of a connection; then closed */
    int64_t ping_ns; /* HTTP/2: streams are open and the peer says nothing; then it is pinged */
    int64_t pong_ns; /* and when it is silent for so long after that, closed */
    size_t connection_bytes_max; /* of all its exchanges; then HTTP/2 refuses new streams, and
                                    HTTP/1.1 reads no further request */
    int64_t leave_ns;            /* from announcing a GOAWAY to saying which request was the last */
    struct pgl_http1_limits http1;
    struct pgl_http2_limits http2;
};

/* clang-format off */
#define PGL_HTTP_LIMITS_DEFAULT                                                                    \
    ((struct pgl_http_limits){                                                                     \
        .connections_max = 10000,            /* 15 MB when all are idle */                         \
        .connections_per_client_max = 100,   /* an office behind one address; 1 % of the whole */  \
        .connects_per_client_burst = 200,                                                          \
        .connects_per_client_per_s = 50,                                                           \
        .exchanges_max = 10000,              /* as many as connections: each may hold a stream */  \
        .pipelined_max = 16,                 /* few clients pipeline at all */                     \
        .requests_per_read_max = 32,         /* about 1 ms of work */                              \
        .requests_per_turn_max = 128,        /* 4 ms, which is what somebody else waits for */     \
        .requests_per_connection_max = 10000,/* new connections spread over new loops */           \
        .body_bytes_max = 1u << 20,          /* 100 order lines are 20 KB */                       \
        .exchange_chunk_bytes = 8u << 10,                                                          \
        .exchange_bytes_max = 4u << 20,      /* a body grown by doubling, and its JSON */          \
        .stream_bytes_max = 256u << 10,      /* about 1,000 events */                              \
        .buffers_bytes_max = 256u << 20,     /* a small machine's quarter of 1 GiB */              \
        .handshakes_max = 200,               /* 8 MB; 50 ms of work */                             \
        .handshake_ns = PGL_SECONDS(5),                                                            \
        .head_ns = PGL_SECONDS(10),                                                                \
        .body_grace_ns = PGL_SECONDS(5),                                                           \
        .body_ns = PGL_SECONDS(30),                                                                \
        .body_rate_min = 240,                /* the slowest modem still in use */                  \
        .idle_ns = PGL_SECONDS(60),                                                                \
        .age_ns = PGL_HOURS(1),                                                                    \
        .write_stall_ns = PGL_SECONDS(10),                                                         \
        .linger_ns = PGL_SECONDS(2),         /* several round trips */                             \
        .block_ns = PGL_SECONDS(5),                                                                \
        .stream_stall_ns = PGL_SECONDS(30),                                                        \
        .connection_stall_ns = PGL_SECONDS(60),                                                    \
        .ping_ns = PGL_SECONDS(30),          /* whoever is gone frees its streams within 40 s */   \
        .pong_ns = PGL_SECONDS(10),                                                                \
        .connection_bytes_max = 3u << 19,    /* a hundred small requests and their answers */      \
        .leave_ns = PGL_SECONDS(1),          /* a slow round trip */                               \
        .http1 = PGL_HTTP1_LIMITS_DEFAULT,                                                         \
        .http2 = PGL_HTTP2_LIMITS_EDGE })
/* clang-format on */

struct pgl_http_server;
struct pgl_conn;

enum pgl_http_stage {
    PGL_HTTP_RECEIVING, /* the body is on its way */
    PGL_HTTP_ASKED,     /* with the handler */
    PGL_HTTP_STREAMING, /* with the handler, who has begun to answer */
    PGL_HTTP_ANSWERED   /* all said; being written */
};

/* One request and its answer. */
struct pgl_http_exchange {
    struct pgl_arena arena;            /* the handler's too; ends with the exchange */
    struct pgl_http_request_head head; /* slices of the arena; cleared when the head was refused */
    struct pgl_text body;              /* whole, dechunked, in the arena; not when in pieces */
    char peer[PGL_PEER_BYTES];         /* numeric address of the socket's other end */
    const char *tls_peer;              /* the names in the client's certificate; "" without one */
    int major_version;                 /* of HTTP: 1 or 2 */
    bool is_tls;
    int64_t started_ns; /* monotonic: when the head was complete */
    struct pgl_http_server *server;
    void *owner;       /* the handler's own, NULL at first */
    bool is_abandoned; /* the client is gone: an answer costs nothing and goes nowhere */

    /* What follows is the server's own. */
    enum pgl_http_stage stage;
    struct pgl_conn *conn; /* NULL once abandoned for good */
    struct pgl_list in_order;
    struct pgl_http_exchange *next_slot;
    struct pgl_buffer out;       /* answer head, or what a stream has not got rid of */
    struct pgl_text answer_body; /* behind `out`; in the arena or constant */
    size_t sent_bytes;           /* of `out` and answer_body */
    char *body_room;             /* where `body` grows */
    size_t body_capacity;
    size_t body_limit;
    size_t counted_bytes;                  /* of all memory it holds, in server->buffers_bytes */
    const struct pgl_http_field *trailers; /* in the arena */
    size_t trailer_count;
    size_t untaken_bytes; /* of a body in pieces, over HTTP/1.1 */
    int64_t progress_ns;  /* HTTP/2: when a byte of the answer was last framed */
    int32_t stream;       /* HTTP/2: its number; 0 once the stream is closed */
    bool is_in_pieces;
    bool has_whole_body; /* all of the request has come */
    bool wants_room;     /* its handler waits for on_room */
    bool is_chunked;     /* the answer is */
    bool is_mute; /* a stream that nothing of is sent: HEAD, or its head could not be written */
    bool is_cut;  /* the answer ends too early, and the connection with it */
};

struct pgl_http_server_options {
    struct pgl_http_limits limits;
    /* Listens for TLS too, at a numeric address. They outlive the server; NULL for no TLS. */
    const struct pgl_tls_server_contexts *tls;
    const char *tls_host;
    uint16_t tls_port;
    /* Whose connections begin with the PROXY protocol, on both listeners; they outlive it too. */
    const struct pgl_ip_range *proxies;
    int proxy_count;
    bool is_for_browsers; /* then each answer says nosniff, and through TLS, HSTS */
    void *owner;
    /* A whole request. Ends in pgl_http_respond or pgl_http_stream_end, in this call or later. */
    void (*on_request)(void *owner, struct pgl_http_exchange *exchange);
    /* Not even a whole request: respond now, in this call. `status` is 400 408 413 414 417 431 501
     * 503 505, or 405, which needs an Allow field (RFC 9110, 15.5.6); `reason` is fit to be
     * shown. */
    void (*refuse)(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason);
    /* The client went away (or sends no more, which looks the same) while the handler had the
     * exchange; is_abandoned is set. It has to be ended all the same, here or later. NULL: not
     * asked. */
    void (*on_abandoned)(void *owner, struct pgl_http_exchange *exchange);
    /* How large the body may be, asked once the head is there. NULL: limits.body_bytes_max. */
    size_t (*body_limit)(void *owner, const struct pgl_http_request_head *head);
    /* Whether `on_request` shall have the request at its head, and `on_piece` its body, which then
     * has no limit but the peer's patience and the handler's. NULL: none. */
    bool (*wants_pieces)(void *owner, const struct pgl_http_request_head *head);
    /* A piece, valid in this call; the last one may be empty. The peer sends on when the handler
     * says pgl_http_body_taken. None comes once the exchange has been ended or abandoned. */
    void (*on_piece)(void *owner, struct pgl_http_exchange *exchange, struct pgl_text piece,
                     bool is_last);
    /* Behind a pgl_http_stream_write that was refused: half of the buffer is free again. NULL: not
     * asked. */
    void (*on_room)(void *owner, struct pgl_http_exchange *exchange);
};

/* By this loop; the console adds the loops. */
struct pgl_http_metrics {
    struct pgl_counter connections_open; /* a gauge */
    struct pgl_counter connections_accepted;
    struct pgl_counter connections_refused; /* too many in all, of one client, or too fast */
    struct pgl_counter exchanges_open;      /* a gauge */
    struct pgl_counter requests;            /* whole ones */
    struct pgl_counter abandoned;
    struct pgl_counter refusals;   /* shown to `refuse`, timeouts included */
    struct pgl_counter overloads;  /* closed without even a refusal, for want of an exchange */
    struct pgl_counter answers[6]; /* by status / 100 */
    struct pgl_counter late_heads, late_bodies, late_writes, idle_closes;
    struct pgl_counter http2_connections; /* of the accepted ones */
    struct pgl_counter http2_complaints;  /* connections ended for what the peer did */
    struct pgl_counter bytes_in, bytes_out;
    struct pgl_counter buffers_bytes; /* a gauge, against buffers_bytes_max */
};

struct pgl_http_server {
    struct pgl_loop *loop;
    struct pgl_http_server_options options;
    struct pgl_http_metrics metrics;
    struct pgl_socket *listener, *tls_listener; /* NULL once draining */
    struct pgl_tls_door door;
    struct pgl_proxy_door proxy_door;
    bool has_place; /* through TLS, which somebody was refused before */
    bool is_draining;

    /* What follows is the server's own. */
    struct pgl_arena slots;                     /* of the two pools */
    struct pgl_list free_conns, free_exchanges; /* most recently used first */
    struct pgl_http_exchange *slots_made;       /* free and in use */
    uint32_t conn_slots, exchange_slots;        /* made so far */
    uint32_t conn_count, exchange_count;        /* in use */
    struct pgl_list busy_conns, idle_conns;     /* idle ones: longest first */
    struct pgl_list unread_conns;               /* have input that waits for their turn */
    uint32_t turn_requests;                     /* taken in this part of the turn: conn.h */
    struct pgl_list dirty_conns;                /* have output for the end of this turn */
    struct pgl_clients clients;
    struct pgl_random jitter;
    size_t buffers_bytes;
    char *read_room;                /* input is read here, and seldom kept */
    struct pgl_buffer spare_output; /* of the last HTTP/2 connection that has written all it had */
    struct pgl_http_request_head head_room;
    int64_t date_s;
    char date[PGL_HTTP_DATE_BYTES];
};

/* `host` is numeric, NULL to listen for TLS alone; port 0 takes any free one. Opens nothing when it
 * fails. */
PGL_MUST_USE pgl_status pgl_http_server_open(struct pgl_http_server *server, struct pgl_loop *loop,
                                             const char *host, uint16_t port,
                                             const struct pgl_http_server_options *options);
uint16_t pgl_http_server_port(const struct pgl_http_server *server);
uint16_t pgl_http_server_tls_port(const struct pgl_http_server *server);

/* Other limits from now on. What memory was laid out for at the start stays as it is
 * (connections_max, exchanges_max, buffers_bytes_max, handshakes_max), and a connection of HTTP/2
 * keeps what it was told of. */
void pgl_http_server_change(struct pgl_http_server *server, const struct pgl_http_limits *limits);

/* At the end of every turn: reads on where much had come at once, and writes what was answered.
 * True when there is more to do at once. */
PGL_MUST_USE bool pgl_http_server_work(struct pgl_http_server *server);

/* Accepts no more, closes what is idle, and each connection behind its last answer. */
void pgl_http_server_drain(struct pgl_http_server *server);
/* For those who take too long to drain: every connection is closed, every exchange abandoned. */
void pgl_http_server_cut(struct pgl_http_server *server);
/* No connection and no exchange is left. */
bool pgl_http_server_is_idle(const struct pgl_http_server *server);
/* Behind a cut, when no loop runs any more: exchanges that handlers still have are gone too. */
void pgl_http_server_close(struct pgl_http_server *server);

/* Of a body in pieces: the handler is done with as many bytes, and the peer may send on. */
void pgl_http_body_taken(struct pgl_http_exchange *exchange, size_t bytes);

/* Ends the exchange: the pointer is the server's afterwards. Fields are copied. The body is not: it
 * lies in the exchange's arena, or is constant. HEAD, 204 and 304 send none, whatever is given.
 * Date, Content-Length and Connection are the server's to write; fields that cannot be written (no
 * token, control bytes) make it a bare 500. */
void pgl_http_respond(struct pgl_http_exchange *exchange, int status,
                      const struct pgl_http_field *fields, size_t field_count,
                      struct pgl_text body);

/* An answer that is written as it comes (SSE). Ended by pgl_http_stream_end. */
void pgl_http_stream_begin(struct pgl_http_exchange *exchange, int status,
                           const struct pgl_http_field *fields, size_t field_count);
/* Copies. PGL_EXHAUSTED when the peer does not read (nothing is written then, and the caller ends
 * the stream or waits for `on_room`), PGL_CANCELLED when it is gone. */
PGL_MUST_USE pgl_status pgl_http_stream_write(struct pgl_http_exchange *exchange,
                                              struct pgl_text piece);
/* Whether a stream that has no end of its own should end now: its client is gone, the server
 * drains, or its connection is past its age, which would go on for as long as the stream does. */
bool pgl_http_stream_is_due(const struct pgl_http_exchange *exchange);
void pgl_http_stream_end(struct pgl_http_exchange *exchange);
/* The same, with trailers, which are copied; over HTTP/1.1 they are dropped. */
void pgl_http_stream_end_with(struct pgl_http_exchange *exchange,
                              const struct pgl_http_field *trailers, size_t count);
/* The same, but the client must not take it for whole: the stream is reset, or over HTTP/1.1 the
 * connection is cut. */
void pgl_http_stream_abort(struct pgl_http_exchange *exchange);
/* The same with an error code of HTTP/2 (RFC 9113, 7), also before the answer has begun. */
void pgl_http_stream_reset(struct pgl_http_exchange *exchange, uint32_t code);

#endif
