/*
 * grpc_channel.h - calls of one peer over gRPC, of all four kinds: messages go out and come in
 * until the peer says how it ended. A channel is one kept connection of HTTP/2, plain or through
 * TLS.
 *
 * For:      transport/grpc_client.h, which asks one message and gets one; `panglot call`.
 * Owner:    whoever holds the channel; whoever calls holds the stream, which is the channel's from
 *           pgl_grpc_stream_open until on_end is called or cancel returns.
 * Threads:  the loop's. Callbacks come in turns of their own, never from within a call of these
 *           functions.
 * Rule:     a stream ends once: told by the peer, or cut off here because what came is wrong or
 *           came too late; then the peer is told by a reset.
 * Bounds:   `streams_max` at a time; a message of `message_bytes_max`, packed or not; as much waits
 *           for a peer that does not read as one message takes (PGL_EXHAUSTED, on_room follows). A
 *           message that came is for the call of on_message; whoever cannot take it ends the
 *           stream.
 * Errors:   of the peer: its own code and text. PGL_UNAVAILABLE: not reached, reset, or lost on the
 *           way, and the outcome is unknown. PGL_DEADLINE: the time, and a little more for the
 *           answer to come, is over. PGL_INTERNAL, _UNKNOWN and _UNIMPLEMENTED: the peer does not
 *           speak as it should.
 * Source:   grpc/doc/PROTOCOL-HTTP2.md, compression.md.
 */
#ifndef PGL_TRANSPORT_GRPC_CHANNEL_H
#define PGL_TRANSPORT_GRPC_CHANNEL_H

#include "transport/http2_client.h"
#include "wire/grpc.h"
#include "wire/message.h"
#include "wire/tls.h"

#define PGL_GRPC_STREAM_FIELDS_MAX 16 /* of metadata */
/* The peer minds the deadline; so much later at most its answer is here. */
#define PGL_GRPC_LATE_NS           PGL_MILLISECONDS(250)

struct pgl_grpc_channel_options {
    const char *host; /* numeric, or "unix:PATH" */
    uint16_t port;
    const char *authority;              /* what requests are addressed to; NULL: `host` */
    struct pgl_tls_context *const *tls; /* NULL: plain */
    const char *tls_name;               /* whom the peer's certificate has to name */
    uint32_t streams_max;
    size_t message_bytes_max;
    struct pgl_retry_rules again; /* to connect */
};

struct pgl_grpc_channel {
    struct pgl_loop *loop;
    struct pgl_grpc_channel_options options;
    struct pgl_h2_client connection;
    struct pgl_arena work;           /* of one message that is packed or unpacked */
    struct pgl_buffer frame, packed; /* of one that goes out */
};

struct pgl_grpc_end {
    pgl_status status;
    const struct pgl_http_field *trailers; /* for the call */
    size_t trailer_count;
    bool is_told;        /* by the peer */
    pgl_status cause;    /* of a connection that was lost; else PGL_OK */
    bool was_reset;      /* by the peer */
    bool was_never_seen; /* not whole: the peer has done nothing of it, and may be asked again */
};

struct pgl_grpc_stream;

struct pgl_grpc_stream_handler {
    /* The answer begins: its fields, for the call. NULL: not asked. */
    void (*on_begin)(struct pgl_grpc_stream *stream, const struct pgl_http_field *fields,
                     size_t count);
    /* A message, unpacked by gzip, for the call. A status that is not good ends the stream, and is
     * its status. May write; may not cancel. */
    pgl_status (*on_message)(struct pgl_grpc_stream *stream, struct pgl_text message);
    /* Behind a send that was refused. NULL: not asked. */
    void (*on_room)(struct pgl_grpc_stream *stream);
    void (*on_end)(struct pgl_grpc_stream *stream, const struct pgl_grpc_end *end);
};

struct pgl_grpc_stream {
    /* Set by whoever calls, before it is opened. */
    const struct pgl_grpc_stream_handler *handler;
    void *owner;
    const char *path;                    /* "/panglot.orders.v1.OrderService/GetOrder" */
    const struct pgl_http_field *fields; /* metadata; copied */
    size_t field_count;
    int64_t deadline_ns;     /* monotonic; PGL_NEVER_NS: none */
    struct pgl_arena *arena; /* takes the text of its end */
    bool takes_packed;       /* the peer may answer in gzip */
    size_t pack_bytes_min;   /* messages from here on go out in gzip; 0: none does */

    /* What follows is the channel's own. */
    struct pgl_grpc_channel *channel;
    struct pgl_h2_stream stream;
    struct pgl_grpc_reader reader;
    struct pgl_timer late;
    bool answers_are_packed; /* the peer has said so */
};

/* Connects to nobody yet. The strings have to last. */
void pgl_grpc_channel_open(struct pgl_grpc_channel *channel, struct pgl_loop *loop,
                           const struct pgl_grpc_channel_options *options);
/* Streams that there are end in this call. */
void pgl_grpc_channel_close(struct pgl_grpc_channel *channel);

PGL_MUST_USE pgl_status pgl_grpc_stream_open(struct pgl_grpc_channel *channel,
                                             struct pgl_grpc_stream *stream);
/* PGL_EXHAUSTED: the peer does not read; nothing was sent, and on_room follows. PGL_TOO_LARGE.
 * PGL_CANCELLED: the stream has failed, and on_end follows. */
PGL_MUST_USE pgl_status pgl_grpc_stream_send(struct pgl_grpc_stream *stream,
                                             const ProtobufCMessage *message, bool is_last);
/* No message follows those that were sent. PGL_CANCELLED as above. */
PGL_MUST_USE pgl_status pgl_grpc_stream_send_end(struct pgl_grpc_stream *stream);
/* The only message, framed (pgl_grpc_write_prefix) and not copied: it has to last as long as the
 * stream. */
void pgl_grpc_stream_lend(struct pgl_grpc_stream *stream, struct pgl_text framed);
/* Whether the peer may have heard of it. */
bool pgl_grpc_stream_is_out(const struct pgl_grpc_stream *stream);
/* Resets it; nothing of it is called any more. */
void pgl_grpc_stream_cancel(struct pgl_grpc_stream *stream);

#endif
