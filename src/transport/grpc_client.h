/*
 * grpc_client.h - unary calls of one peer over one kept connection of HTTP/2, plain or through TLS.
 *
 * For:      transport/rpc_far.h, which makes of it the far side of a service.
 * Owner:    whoever holds the client; an ask lies in the caller's own memory until it is answered.
 * Threads:  the loop's. What is asked in one turn leaves with one write at the end of it.
 * Life:     its connection is grpc_channel.h's. What the peer has never seen whole (no connection
 *           yet, REFUSED_STREAM, above the last stream of a GOAWAY) is asked again over the next
 *           one, as long as there is time.
 * Bounds:   `asks_max` at a time, more are PGL_EXHAUSTED; a reply of `message_bytes_max`.
 * Errors:   of the peer: its own code and text. PGL_UNAVAILABLE: not reached, or lost on the way:
 *           the outcome is unknown. PGL_DEADLINE: so much time, and a little more for the answer to
 *           come, is over.
 * Source:   grpc/doc/PROTOCOL-HTTP2.md.
 */
#ifndef PGL_TRANSPORT_GRPC_CLIENT_H
#define PGL_TRANSPORT_GRPC_CLIENT_H

#include "base/time.h"
#include "transport/grpc_channel.h"

#define PGL_GRPC_ASK_FIELDS_MAX 2

struct pgl_grpc_client_options {
    const char *host; /* numeric, or "unix:PATH" */
    uint16_t port;
    struct pgl_tls_context *const *tls; /* NULL: plain */
    const char *tls_name;               /* whom the peer's certificate has to name */
    uint32_t asks_max;
    size_t message_bytes_max;
};

struct pgl_grpc_ask {
    const char *path; /* "/panglot.orders.v1.OrderService/GetOrder" */
    const ProtobufCMessage *ask;
    ProtobufCMessage *reply; /* filled in, if the answer is OK; its parts lie in the arena */
    struct pgl_arena *arena;
    int64_t deadline_ns;                                   /* monotonic */
    struct pgl_http_field fields[PGL_GRPC_ASK_FIELDS_MAX]; /* metadata, in the arena or literal */
    size_t field_count;
    void (*on_answer)(struct pgl_grpc_ask *ask, pgl_status status);
    void *owner;

    /* What follows is the client's own. */
    struct pgl_grpc_client *client;
    struct pgl_grpc_stream stream;
    struct pgl_text framed;
    bool has_reply;
    struct pgl_list refused; /* in its client's, while it waits to be asked again */
};

struct pgl_grpc_client {
    struct pgl_loop *loop;
    struct pgl_grpc_client_options options;
    uint32_t ask_count;
    struct pgl_grpc_channel channel;
    struct pgl_list refused; /* asks that the peer had no room for */
    struct pgl_timer again;  /* for them */
    bool is_lost;            /* that is said once */
    bool is_closing;
};

void pgl_grpc_client_open(struct pgl_grpc_client *client, struct pgl_loop *loop,
                          const struct pgl_grpc_client_options *options);
/* When the loop runs no more: nobody is answered. */
void pgl_grpc_client_close(struct pgl_grpc_client *client);

/* Answered by `on_answer`, in a later step of this turn or a later turn; not, if the result is not
 * OK: PGL_EXHAUSTED, PGL_TOO_LARGE. */
PGL_MUST_USE pgl_status pgl_grpc_client_ask(struct pgl_grpc_client *client,
                                            struct pgl_grpc_ask *ask);
/* Of one that is not answered yet: its stream is reset, and it is answered PGL_CANCELLED in this
 * call. Whether the peer has done it is not known. */
void pgl_grpc_client_give_up(struct pgl_grpc_ask *ask);

#endif
