/* tls.c - see tls.h. */
#include "wire/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/buffer.h"
#include "base/time.h"
#include "wire/tls_inside.h"

#define RECORD_BYTES_MAX (16u << 10)                /* plain bytes that we put into one record */
#define OUT_ROOM_NEEDED  (RECORD_BYTES_MAX + 512)   /* a record never finds too little room */
#define READ_BYTES       (RECORD_BYTES_MAX + 1024u) /* of ciphertext at once, where it is free */

struct pgl_tls {
    struct pgl_tls_context *context;
    SSL *ssl;
    struct pgl_buffer in, out; /* ciphertext; without memory while they are empty */
    size_t in_at;              /* what OpenSSL has read of `in` */
    char peer_name[PGL_TLS_NAME_BYTES];
    bool is_broken;
    pgl_status failure;
};

/* ---- as OpenSSL sees it ---- */

static int bio_read(BIO *bio, char *bytes, size_t size, size_t *got)
{
    struct pgl_tls *tls = BIO_get_data(bio);
    size_t left = tls->in.size - tls->in_at;
    BIO_clear_retry_flags(bio);
    *got = left < size ? left : size;
    if (*got == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(bytes, tls->in.data + tls->in_at, *got);
    tls->in_at += *got;
    return 1;
}

static int bio_write(BIO *bio, const char *bytes, size_t size, size_t *put)
{
    struct pgl_tls *tls = BIO_get_data(bio);
    size_t room = tls->out.limit_bytes - tls->out.size;
    BIO_clear_retry_flags(bio);
    *put = room < size ? room : size;
    if (*put == 0) {
        BIO_set_retry_write(bio);
        return 0;
    }
    pgl_buffer_add(&tls->out, bytes, *put);
    return !tls->out.is_full;
}

static long bio_control(BIO *bio, int what, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return what == BIO_CTRL_FLUSH; /* everything else there is to ask, we have not */
}

BIO_METHOD *pgl_tls_bio_open(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "panglot");
    if (method == NULL || BIO_meth_set_read_ex(method, bio_read) != 1 ||
        BIO_meth_set_write_ex(method, bio_write) != 1 ||
        BIO_meth_set_ctrl(method, bio_control) != 1) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
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

static struct pgl_tls *session_open(struct pgl_tls_context *context)
{
    struct pgl_tls *made = calloc(1, sizeof *made);
    BIO *bio = BIO_new(context->bio);
    SSL *ssl = SSL_new(context->ssl);
    if (made == NULL || bio == NULL || ssl == NULL) {
        free(made);
        BIO_free(bio);
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    *made = (struct pgl_tls){ .context = context, .ssl = ssl, .failure = PGL_OK };
    pgl_buffer_init(&made->in, PGL_TLS_BUFFER_BYTES);
    pgl_buffer_init(&made->out, PGL_TLS_BUFFER_BYTES);
    BIO_set_data(bio, made);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio); /* its own from now on */
    atomic_fetch_add(&context->holders, 1);
    return made;
}

pgl_status pgl_tls_client_open(struct pgl_tls_context *context, const char *server_name,
                               int64_t wall_ns, struct pgl_tls **tls)
{
    PGL_ASSERT(!context->is_server);
    *tls = NULL;
    if (server_name[0] == '\0')
        return PGL_FAIL(PGL_INVALID, "a server without a name");
    struct pgl_tls *made = session_open(context);
    if (made == NULL || !expect(made->ssl, server_name, wall_ns)) {
        pgl_tls_close(made);
        ERR_clear_error();
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for TLS");
    }
    SSL_set_connect_state(made->ssl);
    *tls = made;
    return PGL_OK;
}

pgl_status pgl_tls_server_open(struct pgl_tls_context *context, int64_t wall_ns,
                               struct pgl_tls **tls)
{
    PGL_ASSERT(context->is_server);
    *tls = session_open(context);
    if (*tls == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for TLS");
    X509_VERIFY_PARAM_set_time(SSL_get0_param((*tls)->ssl), wall_ns / PGL_SECONDS(1));
    SSL_set_accept_state((*tls)->ssl);
    return PGL_OK;
}

void pgl_tls_close(struct pgl_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    pgl_buffer_free(&tls->in);
    pgl_buffer_free(&tls->out);
    pgl_tls_context_close(tls->context); /* our hold on it */
    free(tls);
}

/* ---- the side of the network ---- */

static void drop_read(struct pgl_tls *tls)
{
    if (tls->in_at == tls->in.size)
        pgl_buffer_free(&tls->in);
    else
        pgl_buffer_consume(&tls->in, tls->in_at);
    tls->in_at = 0;
}

size_t pgl_tls_room(struct pgl_tls *tls, char **room)
{
    drop_read(tls);
    size_t left = tls->in.limit_bytes - tls->in.size;
    *room = left > 0 ? pgl_buffer_room(&tls->in, left < READ_BYTES ? left : READ_BYTES) : NULL;
    return *room != NULL ? tls->in.capacity - tls->in.size : 0;
}

void pgl_tls_came(struct pgl_tls *tls, size_t size)
{
    PGL_ASSERT(size <= tls->in.capacity - tls->in.size);
    tls->in.size += size;
    if (tls->in.size == 0)
        pgl_buffer_free(&tls->in);
}

struct pgl_text pgl_tls_leaving(struct pgl_tls *tls)
{
    return pgl_buffer_text(&tls->out);
}

void pgl_tls_left(struct pgl_tls *tls, size_t size)
{
    if (size < tls->out.size)
        pgl_buffer_consume(&tls->out, size);
    else
        pgl_buffer_free(&tls->out);
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

/* The names of a kind, by commas; their size, or -1 where one is not plain or does not fit. */
static int names_of(const GENERAL_NAMES *names, int kind, char out[PGL_TLS_NAME_BYTES])
{
    size_t used = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != kind)
            continue;
        const ASN1_IA5STRING *text =
            kind == GEN_URI ? name->d.uniformResourceIdentifier : name->d.dNSName;
        size_t size = (size_t)ASN1_STRING_length(text);
        const unsigned char *data = ASN1_STRING_get0_data(text);
        if (size == 0 || size >= PGL_TLS_NAME_BYTES - 1 - used ||
            memchr(data, '\0', size) != NULL || memchr(data, ',', size) != NULL)
            return -1;
        if (used > 0)
            out[used++] = ',';
        memcpy(out + used, data, size);
        used += size;
        out[used] = '\0';
    }
    return (int)used;
}

static void name_peer(struct pgl_tls *tls)
{
    X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
    if (!tls->context->is_server || certificate == NULL)
        return;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int size = names_of(names, GEN_URI, tls->peer_name);
    if (size == 0)
        size = names_of(names, GEN_DNS, tls->peer_name);
    if (size <= 0)
        tls->peer_name[0] = '\0';
    GENERAL_NAMES_free(names);
}

/* A client that can speak nothing but HTTP/2 hears of a server that cannot here (RFC 7301 lets the
 * server say nothing). */
static enum pgl_tls_io agree(struct pgl_tls *tls)
{
    if (!tls->context->is_server && tls->context->offers_http2 && !pgl_tls_is_http2(tls)) {
        tls->is_broken = true;
        tls->failure = PGL_FAIL(PGL_MALFORMED, "the server does not speak HTTP/2");
        return PGL_TLS_BROKEN;
    }
    name_peer(tls);
    return PGL_TLS_DONE;
}

enum pgl_tls_io pgl_tls_handshake(struct pgl_tls *tls)
{
    if (tls->is_broken)
        return PGL_TLS_BROKEN;
    if (SSL_is_init_finished(tls->ssl))
        return PGL_TLS_DONE;
    ERR_clear_error();
    enum pgl_tls_io io = io_of(tls, SSL_do_handshake(tls->ssl));
    return io == PGL_TLS_DONE ? agree(tls) : io;
}

bool pgl_tls_is_http2(const struct pgl_tls *tls)
{
    const unsigned char *name;
    unsigned int size;
    SSL_get0_alpn_selected(tls->ssl, &name, &size);
    return pgl_text_is((struct pgl_text){ (const char *)name, size }, "h2");
}

const char *pgl_tls_peer_name(const struct pgl_tls *tls)
{
    return tls->peer_name;
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
    if (tls->in_at == tls->in.size && SSL_has_pending(tls->ssl) == 0)
        return (SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
    ERR_clear_error();
    return io_of(tls, SSL_peek_ex(tls->ssl, &first, 1, &got)) != PGL_TLS_WAIT;
}

enum pgl_tls_io pgl_tls_write(struct pgl_tls *tls, const void *bytes, size_t size, size_t *put)
{
    *put = 0;
    if (tls->is_broken)
        return PGL_TLS_BROKEN;
    if (!SSL_is_init_finished(tls->ssl) || tls->out.size + OUT_ROOM_NEEDED > tls->out.limit_bytes)
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
