/* jwt_cache.c - see jwt_cache.h: a table of sets of eight places, found by the token's SHA-256. */
#include "wire/jwt_cache.h"

#include <stdlib.h>

#include <openssl/evp.h>

#define WAYS                                                                                       \
    8 /* a set that is full makes somebody be verified again; 4 ways overflow 3 times as often */

struct place {
    uint8_t digest[PGL_SHA256_BYTES];
    int64_t valid_until_ns; /* 0 when free */
    struct pgl_jwt_claims claims;
};

struct pgl_jwt_cache {
    EVP_MD *sha256;      /* fetched once: a fetch costs as much as the digest */
    EVP_MD_CTX *context; /* used again and again */
    /* Of the key sets that the answers came from. */
    uint8_t fingerprints[PGL_JWT_ISSUERS_MAX][PGL_SHA256_BYTES];
    struct pgl_jwt_cache_counts counts;
    uint32_t capacity; /* a power of two */
    struct place places[];
};

/* The digest is what stands for the token: who could find two tokens of one SHA-256 could as well
 * forge the signature. */
static bool digest_of(struct pgl_jwt_cache *cache, struct pgl_text token,
                      uint8_t digest[PGL_SHA256_BYTES])
{
    return EVP_DigestInit_ex2(cache->context, cache->sha256, NULL) == 1 &&
           EVP_DigestUpdate(cache->context, token.data, token.size) == 1 &&
           EVP_DigestFinal_ex(cache->context, digest, NULL) == 1;
}

static struct place *places_of(struct pgl_jwt_cache *cache, const uint8_t digest[PGL_SHA256_BYTES])
{
    uint32_t number;
    memcpy(&number, digest, sizeof number);
    return &cache->places[number & (cache->capacity - 1) & ~(uint32_t)(WAYS - 1)];
}

static const struct place *find(const struct place *places, const uint8_t digest[PGL_SHA256_BYTES],
                                int64_t now_ns)
{
    for (int i = 0; i < WAYS; i++)
        if (now_ns < places[i].valid_until_ns &&
            memcmp(places[i].digest, digest, PGL_SHA256_BYTES) == 0)
            return &places[i];
    return NULL;
}

static void keep(struct place *places, const uint8_t digest[PGL_SHA256_BYTES], int64_t now_ns,
                 const struct pgl_jwt_claims *claims)
{
    struct place *taken = places;
    for (int i = 1; i < WAYS; i++)
        if (places[i].valid_until_ns < taken->valid_until_ns)
            taken = &places[i];
    int64_t until_ns = now_ns + PGL_JWT_CACHE_NS;
    taken->valid_until_ns = until_ns < claims->expires_at_ns ? until_ns : claims->expires_at_ns;
    taken->claims = *claims;
    memcpy(taken->digest, digest, PGL_SHA256_BYTES);
}

/* Forgets what keys have said that somebody does not have any more. */
static void mind_keys(struct pgl_jwt_cache *cache, const struct pgl_jwt_issuer *issuers, int count)
{
    static const uint8_t none[PGL_SHA256_BYTES];
    for (int i = 0; i < count; i++) {
        const uint8_t *now = issuers[i].keys != NULL ? issuers[i].keys->fingerprint : none;
        if (memcmp(cache->fingerprints[i], now, PGL_SHA256_BYTES) == 0)
            continue;
        pgl_jwt_cache_clear(cache);
        memcpy(cache->fingerprints[i], now, PGL_SHA256_BYTES);
    }
}

/* `digest` is only there where the answer is not PGL_INVALID. */
static pgl_status look(struct pgl_jwt_cache *cache, const struct pgl_jwt_issuer *issuers, int count,
                       struct pgl_text token, int64_t now_ns, struct pgl_jwt_claims *claims,
                       uint8_t digest[PGL_SHA256_BYTES])
{
    mind_keys(cache, issuers, count);
    if (token.size > PGL_JWT_BYTES_MAX || !digest_of(cache, token, digest))
        return PGL_FAIL(PGL_INVALID, "not a token to be remembered");
    const struct place *found = find(places_of(cache, digest), digest, now_ns);
    if (found == NULL)
        return PGL_FAIL(PGL_NOT_FOUND, "not a token that was seen");
    *claims = found->claims;
    return PGL_OK;
}

pgl_status pgl_jwt_cache_find(struct pgl_jwt_cache *cache, const struct pgl_jwt_issuer *issuers,
                              int count, struct pgl_text token, int64_t now_ns,
                              struct pgl_jwt_claims *claims)
{
    uint8_t digest[PGL_SHA256_BYTES];
    bool is_found = pgl_is_ok(look(cache, issuers, count, token, now_ns, claims, digest));
    cache->counts.hit_count += is_found;
    return is_found ? PGL_OK : PGL_FAIL(PGL_NOT_FOUND, "not a token that was seen");
}

pgl_status pgl_jwt_cache_verify(struct pgl_jwt_cache *cache, const struct pgl_jwt_issuer *issuers,
                                int count, struct pgl_text token, int64_t now_ns,
                                struct pgl_jwt_claims *claims, struct pgl_jwt_doubt *doubt)
{
    uint8_t digest[PGL_SHA256_BYTES];
    pgl_status found = look(cache, issuers, count, token, now_ns, claims, digest);
    if (pgl_is_ok(found)) {
        cache->counts.hit_count++;
        return PGL_OK;
    }
    cache->counts.miss_count++;
    PGL_TRY(pgl_jwt_verify_any(issuers, count, token, now_ns, claims, doubt));
    if (found.code == PGL_NOT_FOUND)
        keep(places_of(cache, digest), digest, now_ns, claims);
    return PGL_OK;
}

struct pgl_jwt_cache *pgl_jwt_cache_open(uint32_t capacity)
{
    uint32_t rounded = WAYS;
    while (rounded < capacity && rounded < PGL_JWT_CACHE_CAPACITY_MAX)
        rounded *= 2;
    struct pgl_jwt_cache *cache = calloc(1, sizeof *cache + rounded * sizeof cache->places[0]);
    if (cache == NULL)
        return NULL;
    cache->capacity = rounded;
    cache->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    cache->context = EVP_MD_CTX_new();
    if (cache->sha256 != NULL && cache->context != NULL)
        return cache;
    pgl_jwt_cache_close(cache);
    return NULL;
}

void pgl_jwt_cache_close(struct pgl_jwt_cache *cache)
{
    if (cache == NULL)
        return;
    EVP_MD_CTX_free(cache->context);
    EVP_MD_free(cache->sha256);
    free(cache);
}

void pgl_jwt_cache_clear(struct pgl_jwt_cache *cache)
{
    memset(cache->places, 0, cache->capacity * sizeof cache->places[0]);
}

struct pgl_jwt_cache_counts pgl_jwt_cache_counts(const struct pgl_jwt_cache *cache)
{
    return cache->counts;
}
