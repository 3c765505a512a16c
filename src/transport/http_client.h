/*
 * http_client.h - asks over one kept HTTP/1.1 connection, plain or through TLS, one request at a
 * time.
 *
 * For:      the load generator, calls to providers and webhooks, tests.
 * Owner:    whoever holds the struct. A flow sends, waits, and is woken when there is news; there
 *           are no callbacks. How long it waits is the flow's business.
 * Threads:  the loop's.
 * Bounds:   a head of PGL_HTTP1_LIMITS_DEFAULT, a body of `body_bytes_max` that is not taken away
 *           yet.
 * Memory:   three buffers, kept from request to request.
 * Errors:   in `status`, once `stage` is PGL_HTTP_CLIENT_FAILED: PGL_UNAVAILABLE (refused, reset,
 *           closed), PGL_UNAUTHENTICATED (TLS: not who it should be), PGL_MALFORMED, PGL_TOO_LARGE.
 *           `has_sent` tells whether the server can have seen anything: without it the request was
 *           not executed; with it, and without an answer, nobody knows.
 */
#ifndef PGL_TRANSPORT_HTTP_CLIENT_H
#define PGL_TRANSPORT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "runtime/flow.h"
#include "runtime/loop.h"
#include "wire/http1.h"
#include "wire/tls.h"

enum pgl_http_client_stage {
    PGL_HTTP_CLIENT_CLOSED,    /* connect first */
    PGL_HTTP_CLIENT_READY,     /* to send; connected or about to be */
    PGL_HTTP_CLIENT_ASKED,     /* no answer yet */
    PGL_HTTP_CLIENT_ANSWERING, /* `head` is there, and some of `body` */
    PGL_HTTP_CLIENT_ANSWERED,  /* `head` and `body` are whole; send again if is_open */
    PGL_HTTP_CLIENT_FAILED     /* see `status`; connect again */
};

struct pgl_http_client {
    enum pgl_http_client_stage stage;
    pgl_status status;
    struct pgl_http_response_head head; /* until the next request is sent; status 0: none yet */
    struct pgl_buffer body;             /* so far; a reader of a stream consumes what it has read */
    bool has_sent;                      /* a byte of the last request has left, or may have */
    struct pgl_flow *flow;              /* woken at every news; NULL for none */

    /* What follows is the client's own. */
    struct pgl_loop *loop;
    struct pgl_socket *socket;
    struct pgl_buffer in;  /* the answer's head stays at its front */
    struct pgl_buffer out; /* what is not written yet */
    struct pgl_http1_parser parser;
    struct pgl_http1_body framing;
    bool asks_head, is_tls;
};

void pgl_http_client_init(struct pgl_http_client *client, struct pgl_loop *loop,
                          size_t body_bytes_max);
/* Gives everything back. */
void pgl_http_client_free(struct pgl_http_client *client);

/* To a numeric address; a connection that there was is closed. One may send at once. */
PGL_MUST_USE pgl_status pgl_http_client_connect(struct pgl_http_client *client, const char *host,
                                                uint16_t port);
/* The same through TLS, to whoever can show a certificate for `server_name`: nothing is sent to
 * anybody else. */
PGL_MUST_USE pgl_status pgl_http_client_connect_tls(struct pgl_http_client *client,
                                                    const char *address, uint16_t port,
                                                    struct pgl_tls_context *context,
                                                    const char *server_name);
void pgl_http_client_close(struct pgl_http_client *client);
/* False when the peer has closed, or said that it will: connect before the next request. */
bool pgl_http_client_is_open(const struct pgl_http_client *client);

/* When the stage is READY, or ANSWERED and is_open. Forgets the last answer. A PUT or POST says its
 * length in `request`. PGL_INVALID for what cannot be written as a request. */
PGL_MUST_USE pgl_status pgl_http_client_send(struct pgl_http_client *client,
                                             const struct pgl_http1_request *request,
                                             struct pgl_text body);
/* The same for a request that is written already. */
void pgl_http_client_send_bytes(struct pgl_http_client *client, struct pgl_text bytes,
                                bool asks_head);

#endif
