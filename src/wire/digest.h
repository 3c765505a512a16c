/*
 * digest.h - SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104), by OpenSSL.
 */
#ifndef PGL_WIRE_DIGEST_H
#define PGL_WIRE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define PGL_DIGEST_BYTES 32

/* The same of bytes that come in pieces. */
struct pgl_sha256_stream {
    void *context; /* OpenSSL's */
};
/* False without memory; then add and end do nothing, and the digest is zero. */
bool pgl_sha256_begin(struct pgl_sha256_stream *stream);
void pgl_sha256_add(struct pgl_sha256_stream *stream, struct pgl_text piece);
void pgl_sha256_end(struct pgl_sha256_stream *stream, uint8_t digest[PGL_DIGEST_BYTES]);

void pgl_sha256(struct pgl_text bytes, uint8_t digest[PGL_DIGEST_BYTES]);

/* Compare what came with what should have come in constant time only: pgl_digest_equal. */
void pgl_hmac_sha256(struct pgl_text key, struct pgl_text bytes, uint8_t digest[PGL_DIGEST_BYTES]);

/* Takes as long wherever they differ. */
bool pgl_digest_equal(const uint8_t a[PGL_DIGEST_BYTES], const uint8_t b[PGL_DIGEST_BYTES]);

#endif
