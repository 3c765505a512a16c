/*
 * digest.h - SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104), by OpenSSL.
 */
#ifndef PGL_WIRE_DIGEST_H
#define PGL_WIRE_DIGEST_H

#include <stdint.h>

#include "base/text.h"

#define PGL_DIGEST_BYTES 32

void pgl_sha256(struct pgl_text bytes, uint8_t digest[PGL_DIGEST_BYTES]);

/* Compare what came with what should have come in constant time only. */
void pgl_hmac_sha256(struct pgl_text key, struct pgl_text bytes, uint8_t digest[PGL_DIGEST_BYTES]);

#endif
