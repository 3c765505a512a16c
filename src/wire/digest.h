/*
 * digest.h - SHA-256 (FIPS 180-4), by OpenSSL.
 */
#ifndef PGL_WIRE_DIGEST_H
#define PGL_WIRE_DIGEST_H

#include <stdint.h>

#include "base/text.h"

#define PGL_DIGEST_BYTES 32

void pgl_sha256(struct pgl_text bytes, uint8_t digest[PGL_DIGEST_BYTES]);

#endif
