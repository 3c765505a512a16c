/* tls_certificate.c - see tls_certificate.h. */
#include "wire/tls_certificate.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/time.h"

#define DAY_S        86400
#define BEFORE_S     3600 /* clocks that are behind ours take it too */
#define SERIAL_BITS  127  /* RFC 5280, 4.1.2.2: at most 20 bytes; this cannot be drawn twice */
#define NAMES        "DNS:localhost,IP:127.0.0.1,IP:::1"
#define CALLS_ITSELF "localhost"
#define NO_MEMORY    PGL_FAIL(PGL_EXHAUSTED, "no memory for a certificate")

/* ---- reading ---- */

static int64_t seconds_of(const ASN1_TIME *time)
{
    int days = 0, seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    if (epoch != NULL)
        ASN1_TIME_diff(&days, &seconds, epoch, time);
    ASN1_TIME_free(epoch);
    return (int64_t)days * DAY_S + seconds;
}

static void copy_name(struct pgl_text name, char out[PGL_TLS_SUBJECT_BYTES])
{
    size_t size = name.size < PGL_TLS_SUBJECT_BYTES ? name.size : PGL_TLS_SUBJECT_BYTES - 1;
    memcpy(out, name.data, size);
    out[size] = '\0';
}

static void read_name(const X509 *certificate, char out[PGL_TLS_SUBJECT_BYTES])
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, out,
                              PGL_TLS_SUBJECT_BYTES);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        copy_name((struct pgl_text){ (const char *)ASN1_STRING_get0_data(name->d.dNSName),
                                     (size_t)ASN1_STRING_length(name->d.dNSName) },
                  out);
        break;
    }
    GENERAL_NAMES_free(names);
}

pgl_status pgl_tls_facts_read(struct pgl_text pem, struct pgl_tls_facts *facts)
{
    memset(facts, 0, sizeof *facts);
    BIO *bio = pem.size <= INT_MAX ? BIO_new_mem_buf(pem.data, (int)pem.size) : NULL;
    X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    if (certificate == NULL)
        return PGL_FAIL(PGL_INVALID, "no whole certificate in PEM");
    read_name(certificate, facts->name);
    facts->from_s = seconds_of(X509_get0_notBefore(certificate));
    facts->until_s = seconds_of(X509_get0_notAfter(certificate));
    X509_free(certificate);
    return PGL_OK;
}

/* ---- making ---- */

static bool extend(X509 *certificate, int what, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, what, value);
    bool is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

/* Not to be told from others that were made for the same name: browsers mind. */
static bool number(X509 *certificate)
{
    BIGNUM *drawn = BN_new();
    bool is_set = drawn != NULL &&
                  BN_rand(drawn, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
                  BN_to_ASN1_INTEGER(drawn, X509_get_serialNumber(certificate)) != NULL;
    BN_free(drawn);
    return is_set;
}

static bool fill(X509 *made, EVP_PKEY *key, int64_t from_s, int64_t until_s)
{
    X509_NAME *name = X509_get_subject_name(made);
    return X509_set_version(made, X509_VERSION_3) == 1 && number(made) &&
           ASN1_TIME_set(X509_getm_notBefore(made), from_s) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(made), until_s) != NULL &&
           X509_set_pubkey(made, key) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)CALLS_ITSELF,
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(made, name) == 1 &&
           extend(made, NID_basic_constraints, "critical,CA:FALSE") &&
           extend(made, NID_key_usage, "critical,digitalSignature") &&
           extend(made, NID_ext_key_usage, "serverAuth") &&
           extend(made, NID_subject_alt_name, NAMES) && X509_sign(made, key, EVP_sha256()) > 0;
}

static bool write_pem(const X509 *certificate, EVP_PKEY *key, struct pgl_buffer *pem)
{
    char *bytes;
    BIO *bio = BIO_new(BIO_s_secmem()); /* cleared when it goes */
    bool is_written = bio != NULL &&
                      PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
                      PEM_write_bio_X509(bio, certificate) == 1;
    long size = is_written ? BIO_get_mem_data(bio, &bytes) : 0;
    if (size > 0)
        pgl_buffer_add(pem, bytes, (size_t)size);
    BIO_free(bio);
    return size > 0 && !pem->is_full;
}

pgl_status pgl_tls_make_for_localhost(int64_t wall_ns, int64_t lasts_ns, struct pgl_buffer *pem)
{
    int64_t now_s = wall_ns / PGL_SECONDS(1);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *made = X509_new();
    bool is_made = key != NULL && made != NULL &&
                   fill(made, key, now_s - BEFORE_S, now_s + lasts_ns / PGL_SECONDS(1)) &&
                   write_pem(made, key, pem);
    X509_free(made);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return is_made ? PGL_OK : NO_MEMORY;
}
