/*
 * jws.h - signatures over the first two parts of a token (RFC 7515), without a look at what they
 * say.
 *
 * For:      jwt.h; the algorithm is the key's.
 * Threads:  any; nothing is kept between calls.
 * Bounds:   PGL_JWS_SIGNATURE_MAX. A signature has exactly the length of its key's algorithm.
 */
#ifndef PGL_WIRE_JWS_H
#define PGL_WIRE_JWS_H

#include "wire/jwk.h"

#define PGL_JWS_SIGNATURE_MAX 512 /* RSA 4096 */
#define PGL_JWS_ES256_BYTES   64  /* RFC 7518, 3.4: r and s, 32 bytes each */

/* PGL_UNAUTHENTICATED when it is not this key's signature, for whatever reason. */
PGL_MUST_USE pgl_status pgl_jws_verify(const struct pgl_key *key, struct pgl_text input,
                                       const uint8_t *signature, size_t signature_bytes);

/* ES256 only, as all of our own tokens are; draws from OpenSSL's generator (jwk.h).
 * PGL_INVALID for another key. */
PGL_MUST_USE pgl_status pgl_jws_sign(const struct pgl_key *key, struct pgl_text input,
                                     uint8_t signature[PGL_JWS_ES256_BYTES]);

#endif
