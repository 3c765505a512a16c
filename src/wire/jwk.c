/*
 * jwk.c - keys and sets of them. Reading comes first, then writing, then our own pair.
 *
 * What a key is in public is written in one place, key_members: in the order of RFC 7638, so that
 * the published document and the thumbprint cannot disagree.
 */
#include "wire/jwk.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/assert.h"
#include "wire/base64.h"
#include "wire/jose.h"

#define RSA_BITS_MIN      2048
#define RSA_BITS_MAX      4096
#define RSA_EXPONENT_MAX  4 /* bytes: 65537 everywhere; a huge one makes verifying slow */
#define COORDINATE_BYTES  32
#define KEY_MEMBERS_BYTES 1024 /* an RSA modulus of 4096 bits takes 683 characters */
#define PEM_BEGIN         "-----BEGIN PRIVATE KEY-----"

static const struct alg_row {
    const char *name, *other_name;
    const char *kty;
} alg_rows[PGL_JWS_ALG_COUNT] = {
    [PGL_JWS_EDDSA] = { "EdDSA", "Ed25519", "OKP" },
    [PGL_JWS_ES256] = { "ES256", "ES256", "EC" },
    [PGL_JWS_RS256] = { "RS256", "RS256",
                        "RSA" }, /* before PS256: an RSA key without alg is this */
    [PGL_JWS_PS256] = { "PS256", "PS256", "RSA" },
};

const char *pgl_jws_alg_name(enum pgl_jws_alg alg)
{
    PGL_ASSERT(alg < PGL_JWS_ALG_COUNT);
    return alg_rows[alg].name;
}

bool pgl_jws_alg_is_called(enum pgl_jws_alg alg, struct pgl_text name)
{
    PGL_ASSERT(alg < PGL_JWS_ALG_COUNT);
    return pgl_text_is(name, alg_rows[alg].name) || pgl_text_is(name, alg_rows[alg].other_name);
}

/* ---- a set ---- */

void pgl_key_set_init(struct pgl_key_set *set)
{
    memset(set, 0, sizeof *set);
}

void pgl_key_set_free(struct pgl_key_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        pgl_key_close(&set->keys[i]);
    pgl_key_set_init(set);
}

void pgl_key_close(struct pgl_key *key)
{
    EVP_PKEY_free(key->pkey);
    memset(key, 0, sizeof *key);
}

const struct pgl_key *pgl_key_set_find(const struct pgl_key_set *set, struct pgl_text kid)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (pgl_text_is(kid, set->keys[i].kid))
            return &set->keys[i];
    return NULL;
}

/* fingerprint = SHA-256(fingerprint before, alg, kid with zeros behind it, thumbprint) */
static pgl_status add_to_fingerprint(struct pgl_key_set *set, const struct pgl_key *key)
{
    struct {
        uint8_t before[PGL_SHA256_BYTES], thumbprint[PGL_SHA256_BYTES];
        char kid[PGL_KID_BYTES_MAX];
        uint8_t alg;
    } said = { .alg = (uint8_t)key->alg };
    memcpy(said.before, set->fingerprint, sizeof said.before);
    memcpy(said.kid, key->kid, strlen(key->kid));
    PGL_TRY(pgl_key_thumbprint(key, said.thumbprint));
    if (EVP_Digest(&said, sizeof said, set->fingerprint, NULL, EVP_sha256(), NULL) != 1)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a digest");
    return PGL_OK;
}

pgl_status pgl_key_set_add(struct pgl_key_set *set, const struct pgl_key *key)
{
    if (set->count == PGL_KEY_SET_MAX)
        return PGL_FAIL(PGL_EXHAUSTED, "the key set is full");
    if (!pgl_jose_is_plain(pgl_text_of(key->kid)))
        return PGL_FAIL(PGL_INVALID,
                        "a kid is 1 to 64 letters, digits, dots, dashes and underscores");
    if (pgl_key_set_find(set, pgl_text_of(key->kid)) != NULL)
        return PGL_FAIL(PGL_ALREADY_EXISTS, "two keys have one kid");
    PGL_TRY(add_to_fingerprint(set, key));
    if (EVP_PKEY_up_ref(key->pkey) != 1)
        return PGL_FAIL(PGL_INTERNAL, "the key cannot be shared");
    set->keys[set->count++] = *key;
    return PGL_OK;
}

/* ---- reading a document ---- */

/* A base64url member of `capacity` bytes at most; 0 when absent or wrong. */
static size_t member_bytes(const json_t *jwk, const char *name, uint8_t *out, size_t capacity)
{
    size_t size = 0;
    pgl_status status = pgl_base64url_decode(pgl_jose_text(jwk, name), out, capacity, &size);
    return pgl_is_ok(status) ? size : 0;
}

static EVP_PKEY *public_key_of(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    return pkey;
}

/* RFC 8037, 2 */
static EVP_PKEY *read_okp(const json_t *jwk)
{
    uint8_t x[COORDINATE_BYTES];
    if (!pgl_text_is(pgl_jose_text(jwk, "crv"), "Ed25519") ||
        member_bytes(jwk, "x", x, sizeof x) != sizeof x)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, sizeof x);
}

/* RFC 7518, 6.2.1: both coordinates in full length. OpenSSL refuses a point that is not on the
 * curve. */
static EVP_PKEY *read_ec(const json_t *jwk)
{
    uint8_t point[1 + 2 * COORDINATE_BYTES] = { POINT_CONVERSION_UNCOMPRESSED };
    uint8_t *x = point + 1, *y = x + COORDINATE_BYTES;
    char group[] = "prime256v1";
    if (!pgl_text_is(pgl_jose_text(jwk, "crv"), "P-256") ||
        member_bytes(jwk, "x", x, COORDINATE_BYTES) != COORDINATE_BYTES ||
        member_bytes(jwk, "y", y, COORDINATE_BYTES) != COORDINATE_BYTES)
        return NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    return public_key_of("EC", params);
}

static EVP_PKEY *rsa_of(const uint8_t *n, size_t n_bytes, const uint8_t *e, size_t e_bytes)
{
    BIGNUM *modulus = BN_bin2bn(n, (int)n_bytes, NULL),
           *exponent = BN_bin2bn(e, (int)e_bytes, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;
    if (modulus != NULL && exponent != NULL && builder != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(builder)) != NULL)
        pkey = public_key_of("RSA", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(exponent);
    BN_free(modulus);
    return pkey;
}

/* RFC 7518, 6.3.1: no zeros in front, so that the length of the modulus is that of the signature.
 */
static EVP_PKEY *read_rsa(const json_t *jwk)
{
    uint8_t n[RSA_BITS_MAX / 8], e[RSA_EXPONENT_MAX];
    size_t n_bytes = member_bytes(jwk, "n", n, sizeof n),
           e_bytes = member_bytes(jwk, "e", e, sizeof e);
    if (n_bytes == 0 || n[0] == 0 || n[n_bytes - 1] % 2 == 0)
        return NULL;
    if (e_bytes == 0 || e[0] == 0 || e[e_bytes - 1] % 2 == 0 || (e_bytes == 1 && e[0] == 1))
        return NULL;
    EVP_PKEY *pkey = rsa_of(n, n_bytes, e, e_bytes);
    if (pkey == NULL || EVP_PKEY_get_bits(pkey) >= RSA_BITS_MIN)
        return pkey;
    EVP_PKEY_free(pkey);
    return NULL;
}

/* RFC 7517, 4.2 and 4.3: a key for encryption is no key for signatures. */
static bool is_for_verifying(const json_t *jwk)
{
    const json_t *use = json_object_get(jwk, "use"), *uses = json_object_get(jwk, "key_ops"), *one;
    size_t i;
    if (use != NULL && !pgl_text_is(pgl_jose_text(jwk, "use"), "sig"))
        return false;
    if (uses == NULL)
        return true;
    json_array_foreach(uses, i, one) if (json_is_string(one) &&
                                         strcmp(json_string_value(one), "verify") == 0) return true;
    return false;
}

/* The algorithm named by the key; for a key that names none, the first of its type. */
static bool read_alg(const json_t *jwk, enum pgl_jws_alg *alg)
{
    bool is_named = json_object_get(jwk, "alg") != NULL;
    struct pgl_text name = pgl_jose_text(jwk, "alg"), kty = pgl_jose_text(jwk, "kty");
    for (*alg = 0; *alg < PGL_JWS_ALG_COUNT; (*alg)++)
        if (pgl_text_is(kty, alg_rows[*alg].kty) &&
            (!is_named || pgl_jws_alg_is_called(*alg, name)))
            return true;
    return false;
}

static EVP_PKEY *read_public_key(const json_t *jwk, enum pgl_jws_alg alg)
{
    switch (alg) {
    case PGL_JWS_EDDSA:
        return read_okp(jwk);
    case PGL_JWS_ES256:
        return read_ec(jwk);
    case PGL_JWS_RS256:
    case PGL_JWS_PS256:
        return read_rsa(jwk);
    case PGL_JWS_ALG_COUNT:
        break;
    }
    return NULL;
}

/* False: a key that we do not use. */
static bool read_key(const json_t *jwk, struct pgl_key *key)
{
    struct pgl_text kid = pgl_jose_text(jwk, "kid");
    memset(key, 0, sizeof *key);
    if (!pgl_jose_is_plain(kid) || !is_for_verifying(jwk) || !read_alg(jwk, &key->alg))
        return false;
    memcpy(key->kid, kid.data, kid.size);
    ERR_set_mark();
    key->pkey = read_public_key(jwk, key->alg);
    ERR_pop_to_mark();
    return key->pkey != NULL;
}

static pgl_status read_keys(const json_t *keys, struct pgl_key_set *set)
{
    const json_t *jwk;
    size_t i;
    if (!json_is_array(keys))
        return PGL_FAIL(PGL_MALFORMED, "a key set has a list of keys");
    if (json_array_size(keys) > PGL_KEY_SET_MAX)
        return PGL_FAIL(PGL_TOO_LARGE, "the key set has too many keys");
    json_array_foreach(keys, i, jwk)
    {
        if (json_object_get(jwk, "d") !=
            NULL) /* RFC 7518, 6.2.2 and 6.3.2: whoever reads it can sign */
            return PGL_FAIL(PGL_INVALID, "the key set publishes a private key");
        struct pgl_key key;
        if (!read_key(jwk, &key)) {
            set->skipped_count++;
            continue;
        }
        pgl_status added = pgl_key_set_add(set, &key);
        pgl_key_close(&key);
        PGL_TRY(added);
    }
    if (set->count == 0)
        return PGL_FAIL(PGL_INVALID, "the key set has no key that can be used");
    return PGL_OK;
}

pgl_status pgl_key_set_read(struct pgl_key_set *set, struct pgl_text jwks)
{
    PGL_ASSERT(set->count == 0);
    if (jwks.size > PGL_JWKS_BYTES_MAX)
        return PGL_FAIL(PGL_TOO_LARGE, "the key set is too large");
    json_t *document;
    PGL_TRY(pgl_jose_parse(jwks, &document));
    pgl_status status = read_keys(json_object_get(document, "keys"), set);
    json_decref(document);
    if (!pgl_is_ok(status))
        pgl_key_set_free(set);
    return status;
}

/* ---- writing ---- */

static void add_bytes_member(struct pgl_buffer *out, const char *name, const uint8_t *bytes,
                             size_t size)
{
    char text[PGL_BASE64URL_BYTES(RSA_BITS_MAX / 8)];
    PGL_ASSERT(size <= RSA_BITS_MAX / 8);
    size_t written = pgl_base64url_encode(bytes, size, text);
    pgl_buffer_printf(out, "\"%s\":\"%.*s\"", name, (int)written, text);
}

/* A number of the key in `size` bytes, or in as few as it needs where `size` is 0. */
static bool add_number_member(struct pgl_buffer *out, const char *name, const EVP_PKEY *pkey,
                              const char *param, int size)
{
    uint8_t bytes[RSA_BITS_MAX / 8];
    BIGNUM *number = NULL;
    bool is_read = EVP_PKEY_get_bn_param(pkey, param, &number) == 1;
    int needed = is_read ? BN_num_bytes(number) : 0;
    if (size == 0)
        size = needed;
    is_read = is_read && needed <= size && size <= (int)sizeof bytes &&
              BN_bn2binpad(number, bytes, size) == size;
    BN_free(number);
    if (is_read)
        add_bytes_member(out, name, bytes, (size_t)size);
    return is_read;
}

/* The required members in the order of their names: RFC 7638, 3.2; RFC 8037, 2. */
static bool add_key_members(struct pgl_buffer *out, const struct pgl_key *key)
{
    switch (key->alg) {
    case PGL_JWS_EDDSA: {
        uint8_t x[COORDINATE_BYTES];
        size_t size = sizeof x;
        if (EVP_PKEY_get_raw_public_key(key->pkey, x, &size) != 1)
            return false;
        pgl_buffer_add_literal(out, "\"crv\":\"Ed25519\",\"kty\":\"OKP\",");
        add_bytes_member(out, "x", x, size);
        return true;
    }
    case PGL_JWS_ES256:
        pgl_buffer_add_literal(out, "\"crv\":\"P-256\",\"kty\":\"EC\",");
        if (!add_number_member(out, "x", key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, COORDINATE_BYTES))
            return false;
        pgl_buffer_add_char(out, ',');
        return add_number_member(out, "y", key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, COORDINATE_BYTES);
    case PGL_JWS_RS256:
    case PGL_JWS_PS256:
        if (!add_number_member(out, "e", key->pkey, OSSL_PKEY_PARAM_RSA_E, 0))
            return false;
        pgl_buffer_add_literal(out, ",\"kty\":\"RSA\",");
        return add_number_member(out, "n", key->pkey, OSSL_PKEY_PARAM_RSA_N, 0);
    case PGL_JWS_ALG_COUNT:
        break;
    }
    return false;
}

pgl_status pgl_key_thumbprint(const struct pgl_key *key, uint8_t thumbprint[PGL_SHA256_BYTES])
{
    struct pgl_buffer members;
    pgl_buffer_init(&members, KEY_MEMBERS_BYTES);
    pgl_buffer_add_char(&members, '{');
    bool is_written = add_key_members(&members, key);
    pgl_buffer_add_char(&members, '}');
    bool is_done =
        is_written && !members.is_full &&
        EVP_Digest(members.data, members.size, thumbprint, NULL, EVP_sha256(), NULL) == 1;
    pgl_buffer_free(&members);
    if (!is_done)
        return PGL_FAIL(PGL_INVALID, "the key is not what its algorithm asks for");
    return PGL_OK;
}

void pgl_key_set_write(const struct pgl_key_set *set, struct pgl_buffer *jwks)
{
    pgl_buffer_add_literal(jwks, "{\"keys\":[");
    for (uint32_t i = 0; i < set->count; i++) {
        const struct pgl_key *key = &set->keys[i];
        pgl_buffer_add_text(jwks, i == 0 ? PGL_TEXT("{") : PGL_TEXT(",{"));
        bool is_written = add_key_members(jwks, key);
        PGL_ASSERT(is_written); /* its thumbprint was taken when it was added */
        pgl_buffer_printf(jwks, ",\"alg\":\"%s\",\"kid\":\"%s\",\"use\":\"sig\"}",
                          pgl_jws_alg_name(key->alg), key->kid);
    }
    pgl_buffer_add_literal(jwks, "]}");
}

/* ---- our own pair ---- */

/* Takes `pkey` over: it ends with the key, or here. */
static pgl_status name_by_thumbprint(EVP_PKEY *pkey, struct pgl_key *key)
{
    uint8_t thumbprint[PGL_SHA256_BYTES];
    *key = (struct pgl_key){ .alg = PGL_JWS_ES256, .pkey = pkey };
    pgl_status status = pgl_key_thumbprint(key, thumbprint);
    if (pgl_is_ok(status))
        pgl_base64url_encode(thumbprint, sizeof thumbprint, key->kid);
    else
        pgl_key_close(key);
    return status;
}

pgl_status pgl_key_generate(struct pgl_key *key)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "prime256v1");
    if (pkey == NULL)
        return PGL_FAIL(PGL_INTERNAL, "no key could be generated");
    return name_by_thumbprint(pkey, key);
}

/* Without this, OpenSSL asks at the terminal. */
static int no_passphrase(char *buffer, int size, int is_writing, void *unused)
{
    (void)buffer, (void)size, (void)is_writing, (void)unused;
    return -1;
}

static EVP_PKEY *decode_pem(struct pgl_text pem)
{
    BIO *source = BIO_new_mem_buf(pem.data, (int)pem.size);
    PKCS8_PRIV_KEY_INFO *info =
        source ? PEM_read_bio_PKCS8_PRIV_KEY_INFO(source, NULL, no_passphrase, NULL) : NULL;
    EVP_PKEY *pkey = info ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    BIO_free(source);
    return pkey;
}

/* On our curve, and the public half is that of the private one. */
static bool is_pair_on_p256(EVP_PKEY *pkey)
{
    char group[32];
    size_t size;
    if (EVP_PKEY_get_group_name(pkey, group, sizeof group, &size) != 1 ||
        strcmp(group, "prime256v1") != 0)
        return false;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool is_pair = context != NULL && EVP_PKEY_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return is_pair;
}

pgl_status pgl_key_read_pem(struct pgl_text pem, struct pgl_key *key)
{
    if (pem.size > PGL_KEY_PEM_BYTES || !pgl_text_starts_with(pem, PGL_TEXT(PEM_BEGIN)))
        return PGL_FAIL(PGL_INVALID, "not an unencrypted PKCS #8 key on P-256");
    ERR_set_mark();
    EVP_PKEY *pkey = decode_pem(pem);
    bool is_ours = pkey != NULL && is_pair_on_p256(pkey);
    ERR_pop_to_mark();
    if (is_ours)
        return name_by_thumbprint(pkey, key);
    EVP_PKEY_free(pkey);
    return PGL_FAIL(PGL_INVALID, "not an unencrypted PKCS #8 key on P-256");
}

pgl_status pgl_key_write_pem(const struct pgl_key *key, char pem[PGL_KEY_PEM_BYTES], size_t *size)
{
    ERR_set_mark();
    BIO *sink = BIO_new(BIO_s_mem()); /* clears its memory when freed */
    int written = 0;
    if (sink != NULL &&
        PEM_write_bio_PKCS8PrivateKey(sink, key->pkey, NULL, NULL, 0, NULL, NULL) == 1)
        written = BIO_read(sink, pem, PGL_KEY_PEM_BYTES);
    bool is_whole = written > 0 && BIO_pending(sink) == 0;
    BIO_free(sink);
    ERR_pop_to_mark();
    if (!is_whole)
        return PGL_FAIL(PGL_INVALID, "the key has no private half to write");
    *size = (size_t)written;
    return PGL_OK;
}
