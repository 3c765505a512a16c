/*
 * http2_client.h - asks one peer over HTTP/2, plain or through TLS: many streams over one
 * connection that comes and goes by itself.
 *
 * For:      transport/grpc_client.h, and tests of the server.
 * Owner:    whoever holds the client; whoever asks holds the stream. A stream is the client's from
 *           pgl_h2_stream_open until on_end or on_failure is called, or cancel returns.
 * Threads:  the loop's. Callbacks come in turns of their own, never from within a call of these
 *           functions, and may open, write and cancel streams of any client.
 * Rule:     it connects when somebody asks, and again when somebody asks behind a loss: at once
 *           the first time, then later and later while connections answer nothing. Behind a GOAWAY
 *           what was taken is still answered over the old connection, and whoever asks has a new
 *           one.
 * Bounds:   `streams_max` streams, waiting ones included; `stream_bytes_max` written to one and not
 *           taken by the peer; PGL_H2_LINES connections; pieces within `http2`'s windows.
 *           PGL_EXHAUSTED otherwise. How long an answer may take is the caller's business.
 * Errors:   on_failure: PGL_UNAVAILABLE (no connection, or reset), PGL_UNAUTHENTICATED (TLS: not
 *           who it should be), PGL_MALFORMED. `was_never_sent` says that the peer has done nothing
 *           of it, and so that it may be asked again.
 */
#ifndef PGL_TRANSPORT_HTTP2_CLIENT_H
#define PGL_TRANSPORT_HTTP2_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/random.h"
#include "resilience/retry.h"
#include "runtime/flow.h"
#include "runtime/loop.h"
#include "wire/http2.h"
#include "wire/tls.h"

#define PGL_H2_LINES 3 /* the one in use, and two that their peer has left */

struct pgl_h2_client_options {
    const char *host; /* a numeric address, or unix:PATH */
    uint16_t port;
    const char *authority; /* what requests are addressed to; NULL: `host` */
    /* of the loop, as it is when it connects; NULL: in the open */
    struct pgl_tls_context *const *tls;
    const char *tls_name; /* whom the peer's certificate has to name */
    struct pgl_http2_limits http2;
    uint32_t streams_max;
    size_t stream_bytes_max;
    int64_t connect_ns; /* for a connection and its handshake; then it failed */
    /* of a peer that owes us something: asked whether it lives, then given up */
    int64_t silent_ns;
    struct pgl_retry_rules again;
};

#define PGL_H2_CLIENT_DEFAULT                                                                      \
    ((struct pgl_h2_client_options){ .http2 = PGL_HTTP2_LIMITS_MESH,                               \
                                     .streams_max = 10000,                                         \
                                     .stream_bytes_max = 1u << 20,                                 \
                                     .connect_ns = PGL_SECONDS(5),                                 \
                                     .silent_ns = PGL_SECONDS(10),                                 \
                                     .again = { PGL_MILLISECONDS(50), PGL_SECONDS(5), 2 } })

struct pgl_h2_client;
struct pgl_h2_stream;

/* One connection. */
struct pgl_h2_line {
    struct pgl_h2_client *client;
    struct pgl_http2 *session; /* NULL: not in use */
    struct pgl_socket *socket; /* NULL while it waits for its next try */
    struct pgl_buffer input, output;
    struct pgl_list streams;
    int64_t connect_by_ns, heard_ns, pinged_ns;
    bool has_heard;   /* the peer has said anything: it is connected */
    bool has_written; /* a byte has left, or may have */
    bool has_answered;
    bool wants_room; /* a stream of it does */
    bool is_leaving; /* the peer takes no new stream */
    bool is_pinged;
    bool is_at_work; /* within one of its events: it may be lost, but not be another line yet */
    bool is_tls;
    bool is_broken;
};

struct pgl_h2_client {
    struct pgl_loop *loop;
    struct pgl_h2_client_options options;
    uint32_t stream_count;
    uint64_t connect_count; /* connections tried */

    /* What follows is the client's own. */
    struct pgl_h2_line lines[PGL_H2_LINES];
    struct pgl_h2_line *line; /* that new streams take; NULL for none */
    struct pgl_flow flush;    /* of one step, begun anew each time */
    bool is_to_flush;
    struct pgl_timer look;
    struct pgl_arena heads;
    struct pgl_random jitter;
    struct pgl_list failed; /* streams that are to be told so, in the next turn */
    uint32_t failed_count;  /* connections in a row */
    int64_t again_ns;       /* no try before */
};

struct pgl_h2_handler {
    /* The head of the answer; slices of memory that lasts for the call. NULL: not asked. */
    void (*on_head)(struct pgl_h2_stream *stream, const struct pgl_http_response_head *head);
    /* A piece of its body, for the call. NULL: dropped. */
    void (*on_piece)(struct pgl_h2_stream *stream, struct pgl_text piece);
    /* All was said; with its trailers, for the call. What was not written yet is given up. */
    void (*on_end)(struct pgl_h2_stream *stream, const struct pgl_http_field *trailers,
                   size_t count);
    /* `code` is the one of a reset (RFC 9113, 7), else 0. */
    void (*on_failure)(struct pgl_h2_stream *stream, pgl_status status, uint32_t code,
                       bool was_never_sent);
    /* Behind a write that was refused. NULL: not asked. */
    void (*on_room)(struct pgl_h2_stream *stream);
    bool takes_itself; /* by pgl_h2_stream_taken; else a piece is taken when on_piece returns */
};

struct pgl_h2_stream {
    const struct pgl_h2_handler *handler;
    void *owner;
    bool has_said_all; /* the last byte is on its way, or was; to look at */

    /* What follows is the client's own. */
    struct pgl_h2_client *client;
    struct pgl_h2_line *line;
    struct pgl_list place; /* in its line's, or among those that failed */
    int32_t number;
    struct pgl_buffer out;
    struct pgl_text lent; /* instead of `out` */
    size_t sent_bytes;    /* of either */
    pgl_status status;    /* of one that failed */
    bool was_never_sent;
    bool is_last_written, wants_room;
};

/* Connects to nobody yet. The strings have to last. */
void pgl_h2_client_open(struct pgl_h2_client *client, struct pgl_loop *loop,
                        const struct pgl_h2_client_options *options);
/* At once. Streams that there are fail in this call. */
void pgl_h2_client_close(struct pgl_h2_client *client);

/* `handler` and `owner` are set by the caller. The fields are copied. */
PGL_MUST_USE pgl_status pgl_h2_stream_open(struct pgl_h2_client *client,
                                           struct pgl_h2_stream *stream, struct pgl_text method,
                                           struct pgl_text path,
                                           const struct pgl_http_field *fields, size_t count,
                                           bool has_body);
/* Copies. PGL_EXHAUSTED when the peer does not read: nothing was written, and on_room follows.
 * PGL_CANCELLED when the stream has failed and is about to be told. */
PGL_MUST_USE pgl_status pgl_h2_stream_write(struct pgl_h2_stream *stream, struct pgl_text piece,
                                            bool is_last);
/* The whole body, not empty and not copied: it has to last as long as the stream. */
void pgl_h2_stream_lend(struct pgl_h2_stream *stream, struct pgl_text body);
/* Whether the peer may have heard of it. */
bool pgl_h2_stream_is_out(const struct pgl_h2_stream *stream);
/* The peer may send as much again. */
void pgl_h2_stream_taken(struct pgl_h2_stream *stream, size_t bytes);
/* Resets it; nothing of it is called any more. */
void pgl_h2_stream_cancel(struct pgl_h2_stream *stream);

#endif
