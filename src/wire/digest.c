/* digest.c - see digest.h. */
#include "wire/digest.h"

#include <openssl/crypto.h>
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

bool pgl_sha256_begin(struct pgl_sha256_stream *stream)
{
    stream->context = EVP_MD_CTX_new();
    return stream->context != NULL && EVP_DigestInit_ex(stream->context, EVP_sha256(), NULL) == 1;
}

void pgl_sha256_add(struct pgl_sha256_stream *stream, struct pgl_text piece)
{
    if (stream->context != NULL)
        (void)EVP_DigestUpdate(stream->context, piece.data, piece.size);
}

void pgl_sha256_end(struct pgl_sha256_stream *stream, uint8_t digest[PGL_DIGEST_BYTES])
{
    memset(digest, 0, PGL_DIGEST_BYTES);
    if (stream->context != NULL)
        (void)EVP_DigestFinal_ex(stream->context, digest, NULL);
    EVP_MD_CTX_free(stream->context);
    stream->context = NULL;
}

bool pgl_digest_equal(const uint8_t a[PGL_DIGEST_BYTES], const uint8_t b[PGL_DIGEST_BYTES])
{
    return CRYPTO_memcmp(a, b, PGL_DIGEST_BYTES) == 0;
}
