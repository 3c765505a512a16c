/* tls_inside.h - for tls.c and tls_context.c: what a context is made of. */
#ifndef PGL_WIRE_TLS_INSIDE_H
#define PGL_WIRE_TLS_INSIDE_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "wire/tls_context.h"

struct pgl_tls_context {
    SSL_CTX *ssl; /* with the first of the certificates */
    SSL_CTX *pairs[PGL_TLS_PAIRS_MAX];
    size_t pair_count;
    BIO_METHOD *bio; /* how OpenSSL reaches a session's buffers */
    bool is_server, offers_http2;
    atomic_uint holders; /* its owner, and its sessions */
};

/* tls.c: buffers as OpenSSL sees them; NULL without memory. */
BIO_METHOD *pgl_tls_bio_open(void);

#endif
