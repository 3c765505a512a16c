/*
 * tls_context.h - what TLS sessions of one kind have in common: our certificates, whom we believe,
 * what may be spoken.
 *
 * For:      listeners, and whoever calls through TLS. A session is made of one: tls.h.
 * Owner:    whoever holds the pointer. Its sessions may outlive it, so it can be exchanged under
 *           them: what they need of it goes with the last.
 * Threads:  built once, then any.
 * Bounds:   PGL_TLS_PAIRS_MAX certificates with chains of 8, each text of PEM as long as its file;
 *           32 KiB of certificates from the other side.
 * Entropy:  OpenSSL's own generator, not the platform's: see jwk.h.
 * Errors:   PGL_INVALID for a text that is not what it should be, with a reason for people.
 *
 * TLS 1.2 and 1.3 on OpenSSL's level 2, no renegotiation, no compression, no early data. A server
 * speaks what keeps past sessions secret and is no block list of HTTP/2's (RFC 9113, 9.2.2): ECDHE
 * with AES-GCM or ChaCha20. ALPN is strict on both sides: without a protocol in common there is no
 * session; who offers none speaks HTTP/1.1. A name (SNI) that none of several certificates is for
 * is refused; who says none gets the first.
 */
#ifndef PGL_WIRE_TLS_CONTEXT_H
#define PGL_WIRE_TLS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/text.h"

#define PGL_TLS_PAIRS_MAX     16
#define PGL_TLS_PEM_BYTES_MAX (64u << 10) /* a chain of 8 with RSA keys has 16 KiB */

struct pgl_tls_context;

/* In PEM: the certificate with what leads to its authority behind it, and its private key. Both may
 * be one text. */
struct pgl_tls_pair {
    struct pgl_text certificate, key;
};

/* ---- who calls ---- */

struct pgl_tls_client_options {
    struct pgl_text authorities; /* in PEM, and nobody else is believed; "" for the machine's store,
                                  * which is read now */
    struct pgl_tls_pair own;     /* what we show who asks; empty for nothing */
    bool is_http2;               /* else HTTP/1.1 */
};

PGL_MUST_USE pgl_status pgl_tls_client_context_open_with(
    const struct pgl_tls_client_options *options, struct pgl_tls_context **context);
/* For HTTP/1.1, with authorities and nothing else. */
PGL_MUST_USE pgl_status pgl_tls_client_context_open(struct pgl_text authorities,
                                                    struct pgl_tls_context **context);

/* ---- who listens ---- */

struct pgl_tls_server_options {
    struct pgl_tls_pair pairs[PGL_TLS_PAIRS_MAX]; /* the first for who names none */
    size_t pair_count;
    struct pgl_text client_authorities; /* in PEM; "" when nobody is asked for a certificate */
    bool needs_client;                  /* and who has none is refused */
    bool is_tls13_only;
    bool offers_http2; /* beside HTTP/1.1 */
};

PGL_MUST_USE pgl_status pgl_tls_server_context_open(const struct pgl_tls_server_options *options,
                                                    struct pgl_tls_context **context);

/* Of either kind; NULL is fine. */
void pgl_tls_context_close(struct pgl_tls_context *context);

#endif
