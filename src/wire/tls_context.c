/* tls_context.c - see tls_context.h. */
#include "wire/tls_context.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "wire/tls_inside.h"

#define CHAIN_LENGTH_MAX     8
#define PEER_CHAIN_BYTES_MAX (32 << 10)
#define SECURITY_LEVEL       2 /* RSA of 2,048 bits, curves of 224, no SHA-1 */
#define TICKETS              1 /* of a TLS 1.3 handshake: who comes back opens one connection */
#define TLS12_CIPHERS        "ECDHE+AESGCM:ECDHE+CHACHA20"

#define NO_MEMORY PGL_FAIL(PGL_EXHAUSTED, "no memory for TLS")

/* ---- PEM ---- */

static pgl_status pem_open(struct pgl_text pem, BIO **bio)
{
    *bio = NULL;
    if (pem.size > PGL_TLS_PEM_BYTES_MAX * (size_t)PGL_TLS_PAIRS_MAX)
        return PGL_FAIL(PGL_TOO_LARGE, "too much PEM");
    *bio = BIO_new_mem_buf(pem.size > 0 ? pem.data : "", (int)pem.size);
    return *bio != NULL ? PGL_OK : NO_MEMORY;
}

/* Authorities of the other side. A server also tells its clients whose certificates it takes. */
static pgl_status trust(SSL_CTX *ssl, struct pgl_text authorities, bool is_server)
{
    BIO *pem;
    X509 *authority;
    int count = 0;
    PGL_TRY(pem_open(authorities, &pem));
    while ((authority = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
        count += X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), authority);
        if (is_server)
            SSL_CTX_add_client_CA(ssl, authority);
        X509_free(authority);
    }
    BIO_free(pem);
    ERR_clear_error(); /* the end of the text is one */
    return count > 0 ? PGL_OK : PGL_FAIL(PGL_INVALID, "no certificate of an authority in PEM");
}

/* Nobody is there to be asked for a password. */
static int no_password(char *buffer, int size, int is_writing, void *self)
{
    (void)buffer, (void)size, (void)is_writing, (void)self;
    return -1;
}

static pgl_status read_key(struct pgl_text text, EVP_PKEY **key)
{
    BIO *pem;
    PGL_TRY(pem_open(text, &pem));
    *key = PEM_read_bio_PrivateKey(pem, NULL, no_password, NULL);
    BIO_free(pem);
    ERR_clear_error();
    return *key != NULL ? PGL_OK
                        : PGL_FAIL(PGL_INVALID, "no private key in PEM that needs no password");
}

/* The first certificate is ours, the others lead to its authority. */
static pgl_status read_chain(struct pgl_text text, X509 **own, STACK_OF(X509) * chain)
{
    BIO *pem;
    X509 *next;
    PGL_TRY(pem_open(text, &pem));
    *own = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    while ((next = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
        if (sk_X509_num(chain) < CHAIN_LENGTH_MAX && sk_X509_push(chain, next) > 0)
            continue;
        X509_free(next);
        BIO_free(pem);
        return PGL_FAIL(PGL_INVALID, "more than eight certificates behind the first");
    }
    BIO_free(pem);
    bool is_broken = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
    ERR_clear_error();
    return *own != NULL && !is_broken ? PGL_OK
                                      : PGL_FAIL(PGL_INVALID, "no whole certificate in PEM");
}

static pgl_status use(SSL_CTX *ssl, X509 *own, EVP_PKEY *key, STACK_OF(X509) * chain)
{
    if (X509_check_private_key(own, key) != 1) {
        ERR_clear_error();
        return PGL_FAIL(PGL_INVALID, "the private key is not that of the certificate");
    }
    int is_used = SSL_CTX_use_cert_and_key(ssl, own, key, chain, 1);
    ERR_clear_error();
    return is_used == 1 ? PGL_OK
                        : PGL_FAIL(PGL_INVALID, "a certificate or key that is too weak, or of no "
                                                "kind that TLS knows");
}

static pgl_status show(SSL_CTX *ssl, const struct pgl_tls_pair *pair)
{
    X509 *own = NULL;
    EVP_PKEY *key = NULL;
    STACK_OF(X509) *chain = sk_X509_new_null();
    pgl_status status = chain != NULL ? read_chain(pair->certificate, &own, chain) : NO_MEMORY;
    if (pgl_is_ok(status))
        status = read_key(pair->key, &key);
    if (pgl_is_ok(status))
        status = use(ssl, own, key, chain);
    sk_X509_pop_free(chain, X509_free);
    X509_free(own);
    EVP_PKEY_free(key);
    return status;
}

/* ---- what both sides are ---- */

static SSL_CTX *ssl_open(const SSL_METHOD *method)
{
    static const unsigned char scope[] = "panglot"; /* of tickets that hold a client's name */
    SSL_CTX *ssl = SSL_CTX_new(method);
    if (ssl == NULL)
        return NULL;
    SSL_CTX_set_session_id_context(ssl, scope, sizeof scope - 1);
    SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
    SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify_depth(ssl, CHAIN_LENGTH_MAX);
    SSL_CTX_set_max_cert_list(ssl, PEER_CHAIN_BYTES_MAX);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF); /* a server's sessions are tickets */
    return ssl;
}

static struct pgl_tls_context *context_open(bool is_server)
{
    struct pgl_tls_context *made = calloc(1, sizeof *made);
    if (made == NULL)
        return NULL;
    atomic_init(&made->holders, 1);
    made->is_server = is_server;
    made->bio = pgl_tls_bio_open();
    made->ssl = ssl_open(is_server ? TLS_server_method() : TLS_client_method());
    if (made->bio != NULL && made->ssl != NULL)
        return made;
    pgl_tls_context_close(made);
    return NULL;
}

void pgl_tls_context_close(struct pgl_tls_context *context)
{
    if (context == NULL || atomic_fetch_sub(&context->holders, 1) > 1)
        return;
    for (size_t i = 1; i < context->pair_count; i++) /* the first is `ssl` */
        SSL_CTX_free(context->pairs[i]);
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->bio);
    free(context);
}

static pgl_status give(pgl_status status, struct pgl_tls_context *made,
                       struct pgl_tls_context **context)
{
    if (!pgl_is_ok(status)) {
        pgl_tls_context_close(made);
        made = NULL;
    }
    *context = made;
    return status;
}

/* ---- who calls ---- */

static pgl_status set_up_client(SSL_CTX *ssl, const struct pgl_tls_client_options *options)
{
    static const unsigned char http1[] = "\x08http/1.1", http2[] = "\x02h2";
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    if ((options->is_http2 ? SSL_CTX_set_alpn_protos(ssl, http2, sizeof http2 - 1)
                           : SSL_CTX_set_alpn_protos(ssl, http1, sizeof http1 - 1)) != 0)
        return NO_MEMORY;
    if (options->own.certificate.size > 0)
        PGL_TRY(show(ssl, &options->own));
    if (options->authorities.size > 0)
        return trust(ssl, options->authorities, false);
    return SSL_CTX_set_default_verify_paths(ssl) == 1
               ? PGL_OK
               : PGL_FAIL(PGL_NOT_FOUND, "this machine has no store of authorities");
}

pgl_status pgl_tls_client_context_open_with(const struct pgl_tls_client_options *options,
                                            struct pgl_tls_context **context)
{
    struct pgl_tls_context *made = context_open(false);
    pgl_status status = made != NULL ? set_up_client(made->ssl, options) : NO_MEMORY;
    if (made != NULL)
        made->offers_http2 = options->is_http2;
    return give(status, made, context);
}

pgl_status pgl_tls_client_context_open(struct pgl_text authorities,
                                       struct pgl_tls_context **context)
{
    const struct pgl_tls_client_options options = { .authorities = authorities };
    return pgl_tls_client_context_open_with(&options, context);
}

/* ---- who listens ---- */

/* RFC 7301, 3.2: ours is the order; nothing in common ends it. */
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_size,
                           const unsigned char *offered, unsigned int offered_size, void *self)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    const struct pgl_tls_context *context = self;
    unsigned int skipped = context->offers_http2 ? 0 : 3;
    (void)ssl;
    int answer =
        SSL_select_next_proto((unsigned char **)(uintptr_t)chosen, chosen_size, ours + skipped,
                              (unsigned int)sizeof ours - 1 - skipped, offered, offered_size);
    return answer == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* RFC 6066, 3: with several certificates, that of the name. A resumed session has none to show. */
static int choose_certificate(SSL *ssl, int *alert, void *self)
{
    const struct pgl_tls_context *context = self;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == NULL)
        return SSL_TLSEXT_ERR_NOACK;
    if (context->pair_count == 1)
        return SSL_TLSEXT_ERR_OK;
    for (size_t i = 0; i < context->pair_count; i++) {
        X509 *certificate = SSL_CTX_get0_certificate(context->pairs[i]);
        if (X509_check_host(certificate, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) != 1)
            continue;
        return SSL_set_SSL_CTX(ssl, context->pairs[i]) != NULL ? SSL_TLSEXT_ERR_OK
                                                               : SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static pgl_status set_up_server(SSL_CTX *ssl, const struct pgl_tls_server_options *options,
                                struct pgl_tls_context *context)
{
    if (options->is_tls13_only)
        SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION);
    SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_num_tickets(ssl, TICKETS);
    if (SSL_CTX_set_cipher_list(ssl, TLS12_CIPHERS) != 1)
        return NO_MEMORY;
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, context);
    SSL_CTX_set_tlsext_servername_callback(ssl, choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(ssl, context);
    if (options->client_authorities.size == 0)
        return options->needs_client
                   ? PGL_FAIL(PGL_INVALID, "certificates of clients need an authority")
                   : PGL_OK;
    SSL_CTX_set_verify(
        ssl, SSL_VERIFY_PEER | (options->needs_client ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
    return trust(ssl, options->client_authorities, true);
}

static pgl_status add_pair(struct pgl_tls_context *context, const struct pgl_tls_pair *pair)
{
    SSL_CTX *ssl = context->pair_count == 0 ? context->ssl : ssl_open(TLS_server_method());
    if (ssl == NULL)
        return NO_MEMORY;
    context->pairs[context->pair_count++] = ssl;
    return show(ssl, pair);
}

static pgl_status open_server(struct pgl_tls_context *context,
                              const struct pgl_tls_server_options *options)
{
    if (options->pair_count == 0 || options->pair_count > PGL_TLS_PAIRS_MAX)
        return PGL_FAIL(PGL_INVALID, "one to sixteen certificates are needed");
    context->offers_http2 = options->offers_http2;
    for (size_t i = 0; i < options->pair_count; i++)
        PGL_TRY(add_pair(context, &options->pairs[i]));
    return set_up_server(context->ssl, options, context);
}

pgl_status pgl_tls_server_context_open(const struct pgl_tls_server_options *options,
                                       struct pgl_tls_context **context)
{
    struct pgl_tls_context *made = context_open(true);
    pgl_status status = made != NULL ? open_server(made, options) : NO_MEMORY;
    return give(status, made, context);
}
