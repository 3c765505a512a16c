/* jws.c - see jws.h. */
#include "wire/jws.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#define SCALAR_BYTES  32
#define DER_BYTES_MAX (2 + 2 * (2 + 1 + SCALAR_BYTES))
#define ED25519_BYTES 64

static bool fits(const struct pgl_key *key, const uint8_t *signature, size_t size);
static bool is_signature(const struct pgl_key *key, struct pgl_text input, const uint8_t *signature,
                         size_t size);
static size_t der_of(const uint8_t signature[PGL_JWS_ES256_BYTES], uint8_t der[DER_BYTES_MAX]);

pgl_status pgl_jws_verify(const struct pgl_key *key, struct pgl_text input,
                          const uint8_t *signature, size_t signature_bytes)
{
    if (!fits(key, signature, signature_bytes))
        return PGL_FAIL(PGL_UNAUTHENTICATED, "the signature has a form that its key never makes");

    uint8_t der[DER_BYTES_MAX];
    if (key->alg == PGL_JWS_ES256) {
        signature_bytes = der_of(signature, der);
        signature = der;
    }
    ERR_set_mark(); /* what fails here must not be found by the next TLS call of this thread */
    bool is_right = is_signature(key, input, signature, signature_bytes);
    ERR_pop_to_mark();
    if (!is_right)
        return PGL_FAIL(PGL_UNAUTHENTICATED, "the signature is wrong");
    return PGL_OK;
}

static bool scalar_is_in_range(const uint8_t *scalar)
{
    static const uint8_t zero[SCALAR_BYTES];
    static const uint8_t order[SCALAR_BYTES] = {
        /* n of P-256, SEC 2, 2.4.2 */
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17,
        0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    };
    return memcmp(scalar, zero, SCALAR_BYTES) > 0 && memcmp(scalar, order, SCALAR_BYTES) < 0;
}

/* Length and range are ours to check, whatever the library does: r = s = 0 once passed in others
 * (CVE-2022-21449). */
static bool fits(const struct pgl_key *key, const uint8_t *signature, size_t size)
{
    switch (key->alg) {
    case PGL_JWS_EDDSA:
        return size == ED25519_BYTES;
    case PGL_JWS_ES256:
        return size == PGL_JWS_ES256_BYTES && scalar_is_in_range(signature) &&
               scalar_is_in_range(signature + SCALAR_BYTES);
    case PGL_JWS_RS256:
    case PGL_JWS_PS256:
        return size == (size_t)EVP_PKEY_get_size(key->pkey);
    case PGL_JWS_ALG_COUNT:
        break;
    }
    return false;
}

/* RFC 7518, 3.5: MGF1 with SHA-256 and a salt as long as the hash, neither found out from the
 * signature. */
static bool use_pss(EVP_PKEY_CTX *details)
{
    return EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md_name(details, "SHA256", NULL) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool is_signature(const struct pgl_key *key, struct pgl_text input, const uint8_t *signature,
                         size_t size)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *details = NULL; /* belongs to `context` */
    const char *digest = key->alg == PGL_JWS_EDDSA ? NULL : "SHA256";
    bool is_right =
        context != NULL &&
        EVP_DigestVerifyInit_ex(context, &details, digest, NULL, NULL, key->pkey, NULL) == 1 &&
        (key->alg != PGL_JWS_PS256 || use_pss(details)) &&
        EVP_DigestVerify(context, signature, size, (const uint8_t *)input.data, input.size) == 1;
    EVP_MD_CTX_free(context);
    return is_right;
}

/* X.690, 8.3: an INTEGER is as short as it can be and has a sign bit. */
static size_t der_integer(const uint8_t *scalar, uint8_t *out)
{
    size_t skipped = 0;
    while (skipped < SCALAR_BYTES - 1 && scalar[skipped] == 0)
        skipped++;
    size_t size = SCALAR_BYTES - skipped;
    size_t sign = scalar[skipped] >= 0x80 ? 1 : 0;
    out[0] = 0x02;
    out[1] = (uint8_t)(size + sign);
    out[2] = 0; /* overwritten if there is no need of it */
    memcpy(out + 2 + sign, scalar + skipped, size);
    return 2 + sign + size;
}

static size_t der_of(const uint8_t signature[PGL_JWS_ES256_BYTES], uint8_t der[DER_BYTES_MAX])
{
    size_t size = der_integer(signature, der + 2);
    size += der_integer(signature + SCALAR_BYTES, der + 2 + size);
    der[0] = 0x30;
    der[1] = (uint8_t)size;
    return 2 + size;
}

static bool scalars_of(const uint8_t *der, size_t size, uint8_t signature[PGL_JWS_ES256_BYTES])
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);
    bool is_read = pair != NULL &&
                   BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, SCALAR_BYTES) == SCALAR_BYTES &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + SCALAR_BYTES, SCALAR_BYTES) ==
                       SCALAR_BYTES;
    ECDSA_SIG_free(pair);
    return is_read;
}

pgl_status pgl_jws_sign(const struct pgl_key *key, struct pgl_text input,
                        uint8_t signature[PGL_JWS_ES256_BYTES])
{
    if (key->alg != PGL_JWS_ES256)
        return PGL_FAIL(PGL_INVALID, "only ES256 keys sign");
    ERR_set_mark();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t der[DER_BYTES_MAX];
    size_t size = sizeof der;
    bool is_signed =
        context != NULL &&
        EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key->pkey, NULL) == 1 &&
        EVP_DigestSign(context, der, &size, (const uint8_t *)input.data, input.size) == 1 &&
        scalars_of(der, size, signature);
    EVP_MD_CTX_free(context);
    ERR_pop_to_mark();
    if (!is_signed)
        return PGL_FAIL(PGL_INVALID, "the key cannot sign");
    return PGL_OK;
}
