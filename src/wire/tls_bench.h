/*
 * tls_bench.h - for tests: an authority of our own, certificates right and wrong, and a TLS server
 * in memory.
 *
 * The server reads what it is sent, keeps what was plain, and answers when the test says so.
 */
#ifndef PGL_WIRE_TLS_BENCH_H
#define PGL_WIRE_TLS_BENCH_H

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/text.h"
#include "base/time.h"

#define TLS_BENCH_NOW_S  INT64_C(1769860799) /* the twin's calendar */
#define TLS_BENCH_NAME   "bank.example"
#define TLS_BENCH_PLAIN  (1u << 20)
#define TLS_BENCH_PEM    4096
#define TLS_BENCH_DAY_S  86400
#define TLS_BENCH_CIPHER (1 << 21) /* the whole of the longest answer */

enum tls_bench_kind {
    TLS_RIGHT,
    TLS_BY_ADDRESS,  /* for 127.0.0.1 */
    TLS_BY_WILDCARD, /* for *.bank.example */
    TLS_OTHER_NAME,
    TLS_EXPIRED,
    TLS_NOT_YET,
    TLS_SELF_SIGNED,
    TLS_OTHER_AUTHORITY,
    TLS_OF_ANOTHER_USE, /* a certificate for clients */
    TLS_TOO_OLD,        /* speaks TLS 1.1 only */
    TLS_NO_TLS,         /* speaks something else */
    TLS_BENCH_KINDS
};

struct tls_bench {
    enum tls_bench_kind kind;
    EVP_PKEY *ca_key;
    X509 *ca;
    char ca_pem[2048];
    SSL_CTX *context;
    SSL *ssl;
    BIO *network;
    bool has_failed, has_ended;
    char *plain; /* what the client said, a string */
    size_t plain_bytes;
};

static inline void tls_bench_extend(X509 *certificate, int what, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, what, value);
    PGL_ASSERT(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* Of `issuer`, or its own when that is NULL; to be signed once its extensions are there. */
static inline X509 *tls_bench_certificate(EVP_PKEY *key, const char *name, const X509 *issuer,
                                          int64_t from_s, int64_t to_s)
{
    X509 *made = X509_new();
    PGL_ASSERT(made != NULL);
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 7);
    ASN1_TIME_set(X509_getm_notBefore(made), from_s);
    ASN1_TIME_set(X509_getm_notAfter(made), to_s);
    X509_set_pubkey(made, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(issuer != NULL ? issuer : made));
    return made;
}

static inline X509 *tls_bench_authority(EVP_PKEY *key, const char *name)
{
    X509 *made = tls_bench_certificate(key, name, NULL, TLS_BENCH_NOW_S - TLS_BENCH_DAY_S,
                                       TLS_BENCH_NOW_S + TLS_BENCH_DAY_S);
    tls_bench_extend(made, NID_basic_constraints, "critical,CA:TRUE");
    tls_bench_extend(made, NID_key_usage, "critical,keyCertSign");
    PGL_ASSERT(X509_sign(made, key, EVP_sha256()) > 0);
    return made;
}

static inline X509 *tls_bench_leaf(struct tls_bench *bench, EVP_PKEY *key)
{
    static const char *const names[TLS_BENCH_KINDS] = {
        [TLS_BY_ADDRESS] = "IP:127.0.0.1",
        [TLS_BY_WILDCARD] = "DNS:*.bank.example",
        [TLS_OTHER_NAME] = "DNS:other.example",
    };
    enum tls_bench_kind kind = bench->kind;
    int64_t now_s = TLS_BENCH_NOW_S, day_s = TLS_BENCH_DAY_S;
    int64_t from_s = kind == TLS_NOT_YET ? now_s + 60 : now_s - day_s;
    int64_t to_s = kind == TLS_EXPIRED ? now_s - 60 : now_s + day_s;
    EVP_PKEY *other_key = EVP_EC_gen("P-256"), *by_key = bench->ca_key;
    X509 *other = tls_bench_authority(other_key, "our authority"), *by = bench->ca;
    if (kind == TLS_OTHER_AUTHORITY) { /* of the same name */
        by = other;
        by_key = other_key;
    } else if (kind == TLS_SELF_SIGNED) {
        by = NULL;
        by_key = key;
    }
    X509 *made = tls_bench_certificate(key, "a server", by, from_s, to_s);
    tls_bench_extend(made, NID_subject_alt_name,
                     names[kind] != NULL ? names[kind] : "DNS:" TLS_BENCH_NAME);
    tls_bench_extend(made, NID_ext_key_usage,
                     kind == TLS_OF_ANOTHER_USE ? "clientAuth" : "serverAuth");
    PGL_ASSERT(X509_sign(made, by_key, EVP_sha256()) > 0);
    X509_free(other);
    EVP_PKEY_free(other_key);
    return made;
}

/* A certificate of the authority for others to show, with its key, in one PEM; `what` is a curve or
 * "RSA-1024". */
static inline void tls_bench_issue(struct tls_bench *bench, const char *what, const char *names,
                                   const char *use, int64_t until_s, char pem[TLS_BENCH_PEM])
{
    EVP_PKEY *key = what[0] == 'R' ? EVP_RSA_gen(1024) : EVP_EC_gen(what);
    X509 *made = tls_bench_certificate(key, "somebody", bench->ca,
                                       TLS_BENCH_NOW_S - TLS_BENCH_DAY_S, until_s);
    BIO *bio = BIO_new(BIO_s_mem());
    tls_bench_extend(made, NID_subject_alt_name, names);
    tls_bench_extend(made, NID_ext_key_usage, use);
    PGL_ASSERT(X509_sign(made, bench->ca_key, EVP_sha256()) > 0);
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_X509(bio, made);
    int size = BIO_read(bio, pem, TLS_BENCH_PEM - 1);
    PGL_ASSERT(size > 0);
    pem[size] = '\0';
    BIO_free(bio);
    X509_free(made);
    EVP_PKEY_free(key);
}

/* A new session; what was plain is forgotten. */
static inline void tls_bench_restart(struct tls_bench *bench)
{
    BIO *inside;
    SSL_free(bench->ssl);
    BIO_free(bench->network);
    bench->ssl = SSL_new(bench->context);
    PGL_ASSERT(BIO_new_bio_pair(&inside, TLS_BENCH_CIPHER, &bench->network, TLS_BENCH_CIPHER) == 1);
    SSL_set_bio(bench->ssl, inside, inside);
    SSL_set_accept_state(bench->ssl);
    bench->has_failed = bench->has_ended = false;
    bench->plain_bytes = 0;
    bench->plain[0] = '\0';
}

static inline void tls_bench_open(struct tls_bench *bench, enum tls_bench_kind kind)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    *bench = (struct tls_bench){ .kind = kind, .ca_key = EVP_EC_gen("P-256") };
    bench->ca = tls_bench_authority(bench->ca_key, "our authority");
    BIO *pem = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(pem, bench->ca);
    PGL_ASSERT(BIO_read(pem, bench->ca_pem, sizeof bench->ca_pem - 1) > 0);
    BIO_free(pem);
    bench->context = SSL_CTX_new(TLS_server_method());
    X509 *leaf = tls_bench_leaf(bench, key);
    SSL_CTX_use_certificate(bench->context, leaf);
    SSL_CTX_use_PrivateKey(bench->context, key);
    if (kind == TLS_TOO_OLD) {
        SSL_CTX_set_security_level(bench->context, 0); /* else it would not even try */
        SSL_CTX_set_min_proto_version(bench->context, TLS1_1_VERSION);
        SSL_CTX_set_max_proto_version(bench->context, TLS1_1_VERSION);
    }
    X509_free(leaf);
    EVP_PKEY_free(key);
    bench->plain = calloc(1, TLS_BENCH_PLAIN + 1);
    PGL_ASSERT(bench->plain != NULL);
    tls_bench_restart(bench);
}

static inline void tls_bench_close(struct tls_bench *bench)
{
    SSL_free(bench->ssl);
    BIO_free(bench->network);
    SSL_CTX_free(bench->context);
    X509_free(bench->ca);
    EVP_PKEY_free(bench->ca_key);
    free(bench->plain);
}

/* Ciphertext has come from the client. */
static inline void tls_bench_take(struct tls_bench *bench, const void *bytes, size_t size)
{
    size_t got;
    if (bench->kind == TLS_NO_TLS) {
        PGL_ASSERT(size == 0 || bench->has_failed ||
                   BIO_puts(SSL_get_wbio(bench->ssl), "220 hi\r\n") > 0);
        bench->has_failed = true;
        return;
    }
    PGL_ASSERT(size == 0 || BIO_write(bench->network, bytes, (int)size) == (int)size);
    while (!bench->has_failed && !bench->has_ended) {
        ERR_clear_error();
        int result = SSL_read_ex(bench->ssl, bench->plain + bench->plain_bytes,
                                 TLS_BENCH_PLAIN - bench->plain_bytes, &got);
        if (result == 1) {
            bench->plain_bytes += got;
            bench->plain[bench->plain_bytes] = '\0';
            continue;
        }
        int error = SSL_get_error(bench->ssl, result);
        bench->has_ended = error == SSL_ERROR_ZERO_RETURN;
        bench->has_failed = error == SSL_ERROR_SSL;
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
            break;
    }
    ERR_clear_error();
}

static inline void tls_bench_say(struct tls_bench *bench, struct pgl_text text)
{
    size_t put;
    PGL_ASSERT(SSL_write_ex(bench->ssl, text.data, text.size, &put) == 1 && put == text.size);
}

static inline void tls_bench_say_the_end(struct tls_bench *bench)
{
    PGL_ASSERT(SSL_shutdown(bench->ssl) >= 0);
}

/* Ciphertext for the client, up to `size`. */
static inline size_t tls_bench_give(struct tls_bench *bench, char *bytes, size_t size)
{
    int got = BIO_read(bench->network, bytes, (int)size);
    return got > 0 ? (size_t)got : 0;
}

#endif
