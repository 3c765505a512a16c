/*
 * jwk.h - the keys that tokens are signed with, and sets of them (RFC 7517, 7518, 8037).
 *
 * For:      reading an issuer's JWKS document, publishing our own, and the development key of an
 *           embedded platform (generated once, kept as a PEM file that somebody else reads and
 *           writes).
 * Owner:    whoever holds the struct; a key inside a set holds its own count on the OpenSSL key.
 * Threads:  a set is built by one thread and never changed again; then any thread may verify with
 *           it. A refreshed document becomes a new set. OpenSSL counts keys atomically.
 * Bounds:   PGL_KEY_SET_MAX keys, PGL_JWKS_BYTES_MAX of document, RSA of 2048 to 4096 bits.
 * Entropy:  generating a key and signing draw from OpenSSL's own generator, not from the platform:
 *           a secret must not come from a stream that a seed replays. Nothing else here is random.
 * Errors:   an algorithm belongs to the key and is never taken from a token (RFC 8725, 3.1).
 */
#ifndef PGL_WIRE_JWK_H
#define PGL_WIRE_JWK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

#define PGL_KEY_SET_MAX    32 /* four algorithms, an old and a new key each, and to spare */
#define PGL_JWKS_BYTES_MAX (64 * 1024) /* 32 keys of RSA 4096 with certificates beside them */
#define PGL_KID_BYTES_MAX  64          /* a thumbprint takes 43 */
#define PGL_KEY_PEM_BYTES  512         /* a P-256 key takes about 241 */
#define PGL_SHA256_BYTES   32

enum pgl_jws_alg {
    PGL_JWS_EDDSA, /* Ed25519, RFC 8037 */
    PGL_JWS_ES256, /* P-256 with SHA-256 */
    PGL_JWS_RS256, /* RSA PKCS #1 v1.5 with SHA-256 */
    PGL_JWS_PS256, /* RSA PSS with SHA-256 and a salt of 32 bytes */
    PGL_JWS_ALG_COUNT
};

struct pgl_key {
    char kid[PGL_KID_BYTES_MAX + 1]; /* [A-Za-z0-9._-] */
    enum pgl_jws_alg alg;
    struct evp_pkey_st *pkey; /* OpenSSL's; with the private half only if we made or read it */
};

struct pgl_key_set {
    struct pgl_key keys[PGL_KEY_SET_MAX];
    uint32_t count;
    uint32_t skipped_count;                /* keys of the document that we do not use */
    uint8_t fingerprint[PGL_SHA256_BYTES]; /* changes with any kid, algorithm or key of the set */
};

/* "ES256". Never NULL. */
const char *pgl_jws_alg_name(enum pgl_jws_alg alg);

/* Also true for the fully specified name of the same algorithm: Ed25519 (RFC 9864, 2.2). */
bool pgl_jws_alg_is_called(enum pgl_jws_alg alg, struct pgl_text name);

/* A new ES256 key pair; its kid is the thumbprint. */
PGL_MUST_USE pgl_status pgl_key_generate(struct pgl_key *key);

/* An unencrypted PKCS #8 key on P-256 ("BEGIN PRIVATE KEY"), checked to be a true pair; its kid is
 * the thumbprint. PGL_INVALID else. */
PGL_MUST_USE pgl_status pgl_key_read_pem(struct pgl_text pem, struct pgl_key *key);

/* The caller clears `pem` when it is in the file. PGL_INVALID without a private half. */
PGL_MUST_USE pgl_status pgl_key_write_pem(const struct pgl_key *key, char pem[PGL_KEY_PEM_BYTES],
                                          size_t *size);

void pgl_key_close(struct pgl_key *key);

/* RFC 7638: SHA-256 over the members that make the key, so that two parties find the same name. */
PGL_MUST_USE pgl_status pgl_key_thumbprint(const struct pgl_key *key,
                                           uint8_t thumbprint[PGL_SHA256_BYTES]);

void pgl_key_set_init(struct pgl_key_set *set);
void pgl_key_set_free(struct pgl_key_set *set);

/* `key` stays the caller's. PGL_ALREADY_EXISTS for a second key of one kid, PGL_EXHAUSTED when
 * full. */
PGL_MUST_USE pgl_status pgl_key_set_add(struct pgl_key_set *set, const struct pgl_key *key);

/* NULL when unknown. */
const struct pgl_key *pgl_key_set_find(const struct pgl_key_set *set, struct pgl_text kid);

/*
 * Reads a JWKS document into an empty set; on failure the set is empty again. Keys that we cannot
 * use are skipped and counted (RFC 7517, 5): another kty or alg, not for signatures, without a
 * plain kid, or broken. An RSA key that names no alg is for RS256. The whole document is refused
 * for a published private key, for two keys of one kid, and when no key is left.
 */
PGL_MUST_USE pgl_status pgl_key_set_read(struct pgl_key_set *set, struct pgl_text jwks);

/* The public halves as a JWKS document, for /.well-known/jwks.json. */
void pgl_key_set_write(const struct pgl_key_set *set, struct pgl_buffer *jwks);

#endif
