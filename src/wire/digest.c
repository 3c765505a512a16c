/* digest.c - see digest.h. */
#include "wire/digest.h"

#include <openssl/sha.h>

void pgl_sha256(struct pgl_text bytes, uint8_t digest[PGL_DIGEST_BYTES])
{
    SHA256((const unsigned char *)bytes.data, bytes.size, digest);
}
