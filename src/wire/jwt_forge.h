/*
 * jwt_forge.h - for the tests: tokens that say what we want, signed as we want, right or wrong.
 *
 * Keys are made at run time, so no secret lies in the repository. The clock of the tests stands
 * still.
 */
#ifndef PGL_WIRE_JWT_FORGE_H
#define PGL_WIRE_JWT_FORGE_H

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/assert.h"
#include "wire/base64.h"
#include "wire/jws.h"
#include "wire/jwt.h"

#define FORGE_NOW_NS      PGL_SECONDS(1800000000) /* 2027-01-15 */
#define FORGE_TOKEN_BYTES (2 * PGL_JWT_BYTES_MAX)

/* Payloads are put together from these; TIMES lies an hour around now. */
#define ISS   "\"iss\":\"https://issuer.test\""
#define AUD   "\"aud\":\"panglot\""
#define SUB   "\"sub\":\"alice\""
#define IAT   "\"iat\":1799999000"
#define EXP   "\"exp\":1800002600"
#define TIMES IAT "," EXP
#define GOOD  ISS "," AUD "," SUB "," TIMES

enum signer {
    BY_EDDSA,
    BY_ES256,
    BY_RS256,
    BY_PS256,
    SIGNER_COUNT, /* those above are the algorithms, with kid ed, es, rs, ps */
    BY_STRANGER,  /* an ES256 key that is in no set */
    BY_HS256,     /* an HMAC keyed with the public RSA key, as text: RFC 8725, 2.1 */
};

struct forge {
    struct pgl_key by[SIGNER_COUNT], stranger;
    struct pgl_key_set keys;
    struct pgl_jwt_policy policy;
};

struct forged {
    char text[FORGE_TOKEN_BYTES];
    size_t size;
    size_t signature_at; /* where the third part begins */
};

static inline struct pgl_text forged_text(const struct forged *token)
{
    return (struct pgl_text){ token->text, token->size };
}

static inline void forge_open(struct forge *forge)
{
    static const char *const kids[SIGNER_COUNT] = { "ed", "es", "rs", "ps" };
    memset(forge, 0, sizeof *forge);
    forge->policy = (struct pgl_jwt_policy){ .issuer = PGL_TEXT("https://issuer.test"),
                                             .audience = PGL_TEXT("panglot"),
                                             .leeway_ns = PGL_JWT_LEEWAY_DEFAULT_NS,
                                             .lifetime_max_ns = PGL_JWT_LIFETIME_MAX_NS };
    EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    PGL_ASSERT(pgl_is_ok(pgl_key_generate(&forge->stranger)));
    PGL_ASSERT(pgl_is_ok(pgl_key_generate(&forge->by[BY_ES256])));
    PGL_ASSERT(rsa != NULL && EVP_PKEY_up_ref(rsa) == 1);
    forge->by[BY_EDDSA].pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    forge->by[BY_RS256].pkey = forge->by[BY_PS256].pkey = rsa;
    pgl_key_set_init(&forge->keys);
    for (int i = 0; i < SIGNER_COUNT; i++) {
        forge->by[i].alg = (enum pgl_jws_alg)i;
        snprintf(forge->by[i].kid, sizeof forge->by[i].kid, "%s", kids[i]);
        PGL_ASSERT(pgl_is_ok(pgl_key_set_add(&forge->keys, &forge->by[i])));
    }
}

static inline void forge_close(struct forge *forge)
{
    pgl_key_set_free(&forge->keys);
    for (int i = 0; i < SIGNER_COUNT; i++)
        pgl_key_close(&forge->by[i]);
    pgl_key_close(&forge->stranger);
}

static inline size_t forge_hmac(const struct pgl_key *rsa, struct pgl_text input, uint8_t *out)
{
    BIO *sink = BIO_new(BIO_s_mem());
    char *pem;
    unsigned size = 0;
    PGL_ASSERT(sink != NULL && PEM_write_bio_PUBKEY(sink, rsa->pkey) == 1);
    long pem_bytes = BIO_get_mem_data(sink, &pem);
    PGL_ASSERT(HMAC(EVP_sha256(), pem, (int)pem_bytes, (const uint8_t *)input.data, input.size, out,
                    &size) != NULL);
    BIO_free(sink);
    return size;
}

/* Returns the length of the signature. */
static inline size_t forge_sign(const struct forge *forge, enum signer signer,
                                struct pgl_text input, uint8_t out[PGL_JWS_SIGNATURE_MAX])
{
    if (signer == BY_HS256)
        return forge_hmac(&forge->by[BY_RS256], input, out);
    if (signer == BY_ES256 || signer == BY_STRANGER) {
        const struct pgl_key *key = signer == BY_ES256 ? &forge->by[BY_ES256] : &forge->stranger;
        PGL_ASSERT(pgl_is_ok(pgl_jws_sign(key, input, out)));
        return PGL_JWS_ES256_BYTES;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *details = NULL;
    size_t size = PGL_JWS_SIGNATURE_MAX;
    const char *digest = signer == BY_EDDSA ? NULL : "SHA256";
    PGL_ASSERT(EVP_DigestSignInit_ex(context, &details, digest, NULL, NULL, forge->by[signer].pkey,
                                     NULL) == 1);
    if (signer == BY_PS256)
        PGL_ASSERT(EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) == 1 &&
                   EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST) == 1);
    PGL_ASSERT(EVP_DigestSign(context, out, &size, (const uint8_t *)input.data, input.size) == 1);
    EVP_MD_CTX_free(context);
    return size;
}

static inline void forge_add(struct forged *token, const void *bytes, size_t size)
{
    PGL_ASSERT(token->size + PGL_BASE64URL_BYTES(size) < sizeof token->text);
    token->size += pgl_base64url_encode(bytes, size, token->text + token->size);
}

/* header.payload. and no signature yet */
static inline void forge_input(struct forged *token, struct pgl_text header,
                               struct pgl_text payload)
{
    token->size = 0;
    forge_add(token, header.data, header.size);
    token->text[token->size++] = '.';
    forge_add(token, payload.data, payload.size);
    token->text[token->size++] = '.';
    token->signature_at = token->size;
}

static inline void forge_token(const struct forge *forge, enum signer signer,
                               struct pgl_text header, struct pgl_text payload,
                               struct forged *token)
{
    uint8_t signature[PGL_JWS_SIGNATURE_MAX];
    forge_input(token, header, payload);
    struct pgl_text input = { token->text, token->size - 1 };
    forge_add(token, signature, forge_sign(forge, signer, input, signature));
}

/* A header that fits the signer. */
static inline struct pgl_text forge_header(enum signer signer)
{
    switch (signer) {
    case BY_EDDSA:
        return PGL_TEXT("{\"alg\":\"EdDSA\",\"kid\":\"ed\"}");
    case BY_RS256:
    case BY_HS256:
        return PGL_TEXT("{\"alg\":\"RS256\",\"kid\":\"rs\"}");
    case BY_PS256:
        return PGL_TEXT("{\"alg\":\"PS256\",\"kid\":\"ps\"}");
    case BY_ES256:
    case BY_STRANGER:
    case SIGNER_COUNT:
        break;
    }
    return PGL_TEXT("{\"alg\":\"ES256\",\"kid\":\"es\"}");
}

/* What tables write with ' for ", between `before` and `after`. */
static inline struct pgl_text forge_json(const char *before, const char *text, const char *after,
                                         char *out, size_t capacity)
{
    int size = snprintf(out, capacity, "%s%s%s", before, text, after);
    PGL_ASSERT(size >= 0 && (size_t)size < capacity);
    for (int i = 0; i < size; i++)
        if (out[i] == '\'')
            out[i] = '"';
    return (struct pgl_text){ out, (size_t)size };
}

static inline pgl_status forge_verify(const struct forge *forge, const struct forged *token,
                                      struct pgl_jwt_claims *claims)
{
    return pgl_jwt_verify(&forge->keys, &forge->policy, forged_text(token), FORGE_NOW_NS, claims);
}

#endif
