/* digest.c - see digest.h. */
#include "wire/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/assert.h"

void pgl_sha256(struct pgl_text bytes, uint8_t digest[PGL_DIGEST_BYTES])
{
    SHA256((const unsigned char *)bytes.data, bytes.size, digest);
}

void pgl_hmac_sha256(struct pgl_text key, struct pgl_text bytes, uint8_t digest[PGL_DIGEST_BYTES])
{
    unsigned size = PGL_DIGEST_BYTES;
    const void *made = HMAC(EVP_sha256(), key.data, (int)key.size,
                            (const unsigned char *)bytes.data, bytes.size, digest, &size);
    PGL_ASSERT(made != NULL && size == PGL_DIGEST_BYTES); /* no memory is its only failure */
}
