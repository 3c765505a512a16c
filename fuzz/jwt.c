/*
 * fuzz/jwt.c - tokens, payloads, key sets and base64url from strangers.
 *
 * The first byte says what the rest is: 't' a token as sent, 'p' a payload and 'h' a header that we
 * sign ourselves (or no input would ever get past the signature), 's' an ES256 signature, 'k' a
 * JWKS document, 'b' base64url. What is taken must keep what the headers promise.
 */
#include <openssl/evp.h>

#include "base/assert.h"
#include "wire/base64.h"
#include "wire/jws.h"
#include "wire/jwt.h"
#include "wire/jwt_cache.h"

#define NOW_NS           PGL_SECONDS(1800000000)
#define ED25519_BYTES    64
#define TOKEN_ROOM_BYTES (2 * PGL_JWT_BYTES_MAX)

/* Made once. Tokens are signed with Ed25519, because it is fast and the same each time. */
static struct fixture {
    struct pgl_key_set keys;
    struct pgl_key es256;
    struct pgl_jwt_issuer issuer;
    struct pgl_jwt_cache *cache;
} fixture;

static void open_fixture(void)
{
    struct pgl_key key = { .kid = "ed", .alg = PGL_JWS_EDDSA };
    key.pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    PGL_ASSERT(key.pkey != NULL && pgl_is_ok(pgl_key_generate(&fixture.es256)));
    fixture.issuer.policy = (struct pgl_jwt_policy){ .issuer = PGL_TEXT("i"),
                                                     .audience = PGL_TEXT("a"),
                                                     .leeway_ns = PGL_SECONDS(60),
                                                     .lifetime_max_ns = PGL_JWT_LIFETIME_MAX_NS,
                                                     .roles_claim = PGL_TEXT("realm.roles") };
    fixture.issuer.keys = &fixture.keys;
    pgl_key_set_init(&fixture.keys);
    PGL_ASSERT(pgl_is_ok(pgl_key_set_add(&fixture.keys, &key)));
    fixture.cache = pgl_jwt_cache_open(4);
    PGL_ASSERT(fixture.cache != NULL);
    pgl_key_close(&key);
}

static void check_claims(const struct pgl_jwt_claims *claims)
{
    PGL_ASSERT(claims->subject[0] != '\0' && claims->tenant[0] != '\0');
    PGL_ASSERT(memchr(claims->subject, '\0', sizeof claims->subject) != NULL);
    PGL_ASSERT(memchr(claims->tenant, '\0', sizeof claims->tenant) != NULL);
    PGL_ASSERT(claims->roles <= PGL_ROLE_ALL);
    PGL_ASSERT(claims->expires_at_ns > NOW_NS - fixture.issuer.policy.leeway_ns);
    PGL_ASSERT(claims->issued_at_ns <= NOW_NS + fixture.issuer.policy.leeway_ns);
    PGL_ASSERT(claims->expires_at_ns - claims->issued_at_ns <= PGL_JWT_LIFETIME_MAX_NS);
}

/* The cache answers as a fresh look does, the first time and the second. */
static void try_token(struct pgl_text token)
{
    struct pgl_jwt_claims fresh, cached;
    struct pgl_jwt_doubt doubt;
    pgl_status status =
        pgl_jwt_verify(&fixture.keys, &fixture.issuer.policy, token, NOW_NS, &fresh);
    PGL_ASSERT(status.code == PGL_CODE_OK || status.code == PGL_UNAUTHENTICATED);
    if (pgl_is_ok(status))
        check_claims(&fresh);
    for (int round = 0; round < 2; round++) {
        pgl_status again =
            pgl_jwt_cache_verify(fixture.cache, &fixture.issuer, 1, token, NOW_NS, &cached, &doubt);
        PGL_ASSERT(again.code == status.code);
        PGL_ASSERT(memcmp(&cached, &fresh, sizeof fresh) == 0);
    }
}

static void sign_and_try(struct pgl_text header, struct pgl_text payload)
{
    uint8_t signature[ED25519_BYTES];
    size_t signature_bytes = sizeof signature;
    char token[TOKEN_ROOM_BYTES];
    if (header.size + payload.size > PGL_JWT_BYTES_MAX)
        return;
    size_t size = pgl_base64url_encode((const uint8_t *)header.data, header.size, token);
    token[size++] = '.';
    size += pgl_base64url_encode((const uint8_t *)payload.data, payload.size, token + size);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    PGL_ASSERT(EVP_DigestSignInit(context, NULL, NULL, NULL, fixture.keys.keys[0].pkey) == 1);
    PGL_ASSERT(EVP_DigestSign(context, signature, &signature_bytes, (uint8_t *)token, size) == 1);
    EVP_MD_CTX_free(context);
    token[size++] = '.';
    size += pgl_base64url_encode(signature, signature_bytes, token + size);
    try_token((struct pgl_text){ token, size });
}

/* Nobody guesses a signature: what passes here is a hole. */
static void try_signature(struct pgl_text bytes)
{
    pgl_status status = pgl_jws_verify(&fixture.es256, PGL_TEXT("what was never signed"),
                                       (const uint8_t *)bytes.data, bytes.size);
    PGL_ASSERT(status.code == PGL_UNAUTHENTICATED);
}

/* A set that was read is written, read again and found the same. */
static void try_key_set(struct pgl_text text)
{
    struct pgl_key_set set, again;
    struct pgl_buffer written;
    pgl_key_set_init(&set);
    pgl_status status = pgl_key_set_read(&set, text);
    PGL_ASSERT(pgl_is_ok(status) == (set.count > 0));
    if (!pgl_is_ok(status))
        return;
    pgl_buffer_init(&written, PGL_JWKS_BYTES_MAX);
    pgl_key_set_write(&set, &written);
    pgl_key_set_init(&again);
    PGL_ASSERT(pgl_is_ok(pgl_key_set_read(&again, pgl_buffer_text(&written))));
    PGL_ASSERT(again.count == set.count && again.skipped_count == 0);
    PGL_ASSERT(memcmp(again.fingerprint, set.fingerprint, sizeof set.fingerprint) == 0);
    pgl_key_set_free(&again);
    pgl_key_set_free(&set);
    pgl_buffer_free(&written);
}

/* One value, one spelling: what was read is written the same. */
static void try_base64url(struct pgl_text text)
{
    uint8_t bytes[PGL_JWT_BYTES_MAX];
    char written[PGL_BASE64URL_BYTES(PGL_JWT_BYTES_MAX)];
    size_t size;
    if (pgl_is_ok(pgl_base64url_decode(text, bytes, sizeof bytes, &size)))
        PGL_ASSERT(pgl_text_equal(
            text, (struct pgl_text){ written, pgl_base64url_encode(bytes, size, written) }));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pgl_text header = PGL_TEXT("{\"alg\":\"EdDSA\",\"kid\":\"ed\"}");
    const struct pgl_text payload = PGL_TEXT(
        "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"s\",\"iat\":1800000000,\"exp\":1800000001}");
    if (fixture.cache == NULL)
        open_fixture();
    if (size == 0)
        return 0;
    struct pgl_text rest = { (const char *)data + 1, size - 1 };
    switch (data[0]) {
    case 't':
        try_token(rest);
        break;
    case 'p':
        sign_and_try(header, rest);
        break;
    case 'h':
        sign_and_try(rest, payload);
        break;
    case 's':
        try_signature(rest);
        break;
    case 'k':
        try_key_set(rest);
        break;
    case 'b':
        try_base64url(rest);
        break;
    }
    return 0;
}
