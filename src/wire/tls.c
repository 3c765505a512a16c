/* tls.c - see tls.h. */
#include "wire/tls.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/time.h"

#define RECORD_BYTES_MAX (16u << 10) /* plain bytes that we put into one record */
#define CHAIN_LENGTH_MAX 8
#define OUT_ROOM_NEEDED  (RECORD_BYTES_MAX + 512) /* a record never finds too little room */

struct pgl_tls_context {
    SSL_CTX *ssl;
};

struct pgl_tls {
    SSL *ssl;
    BIO *network; /* the other end of the pair of buffers that OpenSSL reads and writes */
    bool is_broken;
    pgl_status failure;
};

/* ---- contexts ---- */

static pgl_status trust(SSL_CTX *ssl, struct pgl_text ca_pem)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ssl);
    BIO *pem = BIO_new_mem_buf(ca_pem.data, (int)ca_pem.size);
    X509 *authority;
    int count = 0;
    if (pem == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for TLS");
    while ((authority = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
        count += X509_STORE_add_cert(store, authority);
        X509_free(authority);
    }
    BIO_free(pem);
    ERR_clear_error(); /* the end of the text is one */
    return count > 0 ? PGL_OK : PGL_FAIL(PGL_INVALID, "no certificate of an authority in PEM");
}

static pgl_status set_up_client(SSL_CTX *ssl, struct pgl_text ca_pem)
{
    static const unsigned char alpn[] = "\x08http/1.1";
    SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_verify_depth(ssl, CHAIN_LENGTH_MAX);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_alpn_protos(ssl, alpn, sizeof alpn - 1) != 0)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for TLS");
    if (ca_pem.size > 0)
        return ca_pem.size <= INT_MAX ? trust(ssl, ca_pem)
                                      : PGL_FAIL(PGL_TOO_LARGE, "too many authorities");
    return SSL_CTX_set_default_verify_paths(ssl) == 1
               ? PGL_OK
               : PGL_FAIL(PGL_NOT_FOUND, "this machine has no store of authorities");
}

pgl_status pgl_tls_client_context_open(struct pgl_text ca_pem, struct pgl_tls_context **context)
{
    *context = NULL;
    struct pgl_tls_context *made = calloc(1, sizeof *made);
    if (made == NULL || (made->ssl = SSL_CTX_new(TLS_client_method())) == NULL) {
        free(made);
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for TLS");
    }
    pgl_status status = set_up_client(made->ssl, ca_pem);
    if (!pgl_is_ok(status)) {
        pgl_tls_context_close(made);
        return status;
    }
    *context = made;
    return PGL_OK;
}

void pgl_tls_context_close(struct pgl_tls_context *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->ssl);
    free(context);
}

/* ---- sessions ---- */

/* Whom we expect, and when. A numeric address is never sent as a name (RFC 6066, 3). */
static bool expect(SSL *ssl, const char *server_name, int64_t wall_ns)
{
    X509_VERIFY_PARAM *expected = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_time(expected, wall_ns / PGL_SECONDS(1));
    if (X509_VERIFY_PARAM_set1_ip_asc(expected, server_name) == 1)
        return true;
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(expected, server_name, 0) == 1 &&
           SSL_set_tlsext_host_name(ssl, server_name) == 1;
}

pgl_status pgl_tls_client_open(struct pgl_tls_context *context, const char *server_name,
                               int64_t wall_ns, struct pgl_tls **tls)
{
    BIO *inside = NULL;
    *tls = NULL;
    if (server_name[0] == '\0')
        return PGL_FAIL(PGL_INVALID, "a server without a name");
    struct pgl_tls *made = calloc(1, sizeof *made);
    if (made == NULL || (made->ssl = SSL_new(context->ssl)) == NULL ||
        BIO_new_bio_pair(&inside, PGL_TLS_BUFFER_BYTES, &made->network, PGL_TLS_BUFFER_BYTES) !=
            1 ||
        !expect(made->ssl, server_name, wall_ns)) {
        BIO_free(inside);
        pgl_tls_close(made);
        ERR_clear_error();
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for TLS");
    }
    made->failure = PGL_OK;
    SSL_set_bio(made->ssl, inside, inside); /* its own from now on */
    SSL_set_connect_state(made->ssl);
    *tls = made;
    return PGL_OK;
}

void pgl_tls_close(struct pgl_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    BIO_free(tls->network);
    free(tls);
}

/* ---- the side of the network ---- */

size_t pgl_tls_room(struct pgl_tls *tls, char **room)
{
    int size = BIO_nwrite0(tls->network, room);
    return size > 0 ? (size_t)size : 0;
}

void pgl_tls_came(struct pgl_tls *tls, size_t size)
{
    char *room;
    PGL_ASSERT(size <= INT_MAX);
    PGL_ASSERT(size == 0 || BIO_nwrite(tls->network, &room, (int)size) == (int)size);
}

struct pgl_text pgl_tls_leaving(struct pgl_tls *tls)
{
    char *bytes;
    int size = BIO_nread0(tls->network, &bytes);
    return size > 0 ? (struct pgl_text){ bytes, (size_t)size } : PGL_TEXT("");
}

void pgl_tls_left(struct pgl_tls *tls, size_t size)
{
    char *bytes;
    PGL_ASSERT(size <= INT_MAX);
    PGL_ASSERT(size == 0 || BIO_nread(tls->network, &bytes, (int)size) == (int)size);
}

/* ---- our own side ---- */

static enum pgl_tls_io break_up(struct pgl_tls *tls)
{
    long verdict = SSL_get_verify_result(tls->ssl);
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    tls->is_broken = true;
    tls->failure = verdict != X509_V_OK
                       ? PGL_FAIL(PGL_UNAUTHENTICATED, X509_verify_cert_error_string(verdict))
                       : PGL_FAIL(PGL_MALFORMED, reason != NULL ? reason : "TLS failed");
    ERR_clear_error();
    return PGL_TLS_BROKEN;
}

/* What OpenSSL answered. */
static enum pgl_tls_io io_of(struct pgl_tls *tls, int result)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_NONE:
        return PGL_TLS_DONE;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return PGL_TLS_WAIT;
    case SSL_ERROR_ZERO_RETURN:
        return PGL_TLS_END;
    default:
        return break_up(tls);
    }
}

enum pgl_tls_io pgl_tls_handshake(struct pgl_tls *tls)
{
    if (tls->is_broken)
        return PGL_TLS_BROKEN;
    ERR_clear_error();
    return io_of(tls, SSL_do_handshake(tls->ssl));
}

bool pgl_tls_is_ready(const struct pgl_tls *tls)
{
    return !tls->is_broken && SSL_is_init_finished(tls->ssl);
}

enum pgl_tls_io pgl_tls_read(struct pgl_tls *tls, void *bytes, size_t size, size_t *got)
{
    *got = 0;
    if (tls->is_broken)
        return PGL_TLS_BROKEN;
    if (!SSL_is_init_finished(tls->ssl))
        return PGL_TLS_WAIT;
    ERR_clear_error();
    return io_of(tls, SSL_read_ex(tls->ssl, bytes, size, got));
}

bool pgl_tls_is_readable(struct pgl_tls *tls)
{
    char first;
    size_t got;
    if (tls->is_broken)
        return true;
    if (!SSL_is_init_finished(tls->ssl))
        return false;
    ERR_clear_error();
    return io_of(tls, SSL_peek_ex(tls->ssl, &first, 1, &got)) != PGL_TLS_WAIT;
}

enum pgl_tls_io pgl_tls_write(struct pgl_tls *tls, const void *bytes, size_t size, size_t *put)
{
    *put = 0;
    if (tls->is_broken)
        return PGL_TLS_BROKEN;
    if (!SSL_is_init_finished(tls->ssl) ||
        BIO_ctrl_pending(tls->network) + OUT_ROOM_NEEDED > PGL_TLS_BUFFER_BYTES)
        return PGL_TLS_WAIT;
    ERR_clear_error();
    return io_of(
        tls, SSL_write_ex(tls->ssl, bytes, size < RECORD_BYTES_MAX ? size : RECORD_BYTES_MAX, put));
}

void pgl_tls_end(struct pgl_tls *tls)
{
    if (!pgl_tls_is_ready(tls))
        return;
    ERR_clear_error();
    (void)SSL_shutdown(tls->ssl); /* 0: the other side has not said so yet, and need not */
    ERR_clear_error();
}

pgl_status pgl_tls_failure(const struct pgl_tls *tls)
{
    return tls->failure;
}
