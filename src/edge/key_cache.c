/* key_cache.c - see key_cache.h: a table of sets of eight places, found by the secret's SHA-256. */
#include "edge/key_cache.h"

#include <stdlib.h>

#define WAYS 8

struct edge_key_cache {
    uint32_t capacity; /* a power of two */
    struct edge_key places[];
};

/* ---- what Identity answers ---- */

static bool copy(char *out, size_t room, const char *text)
{
    size_t size = strlen(text);
    if (size >= room)
        return false;
    memcpy(out, text, size + 1);
    return true;
}

static const uint32_t role_bits[] = {
    [ROLE_CUSTOMER] = PGL_ROLE_CUSTOMER,   [ROLE_PARTNER] = PGL_ROLE_PARTNER,
    [ROLE_WAREHOUSE] = PGL_ROLE_WAREHOUSE, [ROLE_SUPPORT] = PGL_ROLE_SUPPORT,
    [ROLE_OPERATOR] = PGL_ROLE_OPERATOR,
};

pgl_status edge_key_of_answer(const struct pgl_api_key *shown, const VerifyKeyResponse *answer,
                              struct edge_key *key)
{
    static const pgl_status odd = { PGL_DATA_LOSS, "Identity tells of a key what cannot be" };
    *key = (struct edge_key){ .until_wall_ns = PGL_NEVER_NS };
    memcpy(key->digest, shown->digest, sizeof key->digest);
    memcpy(key->id, shown->id.data, PGL_API_KEY_ID_BYTES);
    if (!copy(key->tenant, sizeof key->tenant, answer->tenant) ||
        !copy(key->subject, sizeof key->subject, answer->subject) ||
        !copy(key->plan, sizeof key->plan, answer->plan) || answer->n_cidrs > EDGE_KEY_RANGES_MAX ||
        answer->role <= ROLE_UNSPECIFIED || answer->role > ROLE_OPERATOR)
        return odd;
    key->role = role_bits[answer->role];
    for (size_t i = 0; i < answer->n_scopes; i++)
        key->scopes |= pgl_scope_named(pgl_text_of(answer->scopes[i]));
    for (size_t i = 0; i < answer->n_cidrs; i++) /* one that is not read lets in nobody, not all */
        if (!pgl_ip_range_read(pgl_text_of(answer->cidrs[i]), &key->ranges[i]))
            return odd;
    key->range_count = (int)answer->n_cidrs;
    if (answer->until_at_ns > 0)
        key->until_wall_ns = answer->until_at_ns;
    return PGL_OK;
}

/* ---- the table ---- */

struct edge_key_cache *edge_key_cache_open(uint32_t capacity)
{
    uint32_t rounded = WAYS;
    while (rounded < capacity)
        rounded *= 2;
    struct edge_key_cache *cache = calloc(1, sizeof *cache + rounded * sizeof cache->places[0]);
    if (cache != NULL)
        cache->capacity = rounded;
    return cache;
}

void edge_key_cache_close(struct edge_key_cache *cache)
{
    free(cache);
}

static struct edge_key *places_of(struct edge_key_cache *cache,
                                  const uint8_t digest[PGL_DIGEST_BYTES])
{
    uint32_t number;
    memcpy(&number, digest, sizeof number);
    return &cache->places[number & (cache->capacity - 1) & ~(uint32_t)(WAYS - 1)];
}

static struct edge_key *find(struct edge_key_cache *cache, const struct pgl_api_key *shown)
{
    struct edge_key *places = places_of(cache, shown->digest);
    for (int i = 0; i < WAYS; i++)
        if (places[i].valid_until_ns > 0 && pgl_digest_equal(places[i].digest, shown->digest) &&
            pgl_text_is(shown->id, places[i].id))
            return &places[i];
    return NULL;
}

struct edge_key *edge_key_cache_find(struct edge_key_cache *cache, const struct pgl_api_key *shown,
                                     int64_t now_ns)
{
    struct edge_key *key = find(cache, shown);
    return key != NULL && now_ns < key->valid_until_ns ? key : NULL;
}

bool edge_key_cache_knew(struct edge_key_cache *cache, const struct pgl_api_key *shown)
{
    return find(cache, shown) != NULL;
}

void edge_key_cache_put(struct edge_key_cache *cache, const struct edge_key *key, int64_t now_ns)
{
    struct edge_key *places = places_of(cache, key->digest), *taken = places;
    for (int i = 1; i < WAYS; i++)
        if (places[i].valid_until_ns < taken->valid_until_ns)
            taken = &places[i];
    for (int i = 0; i < WAYS; i++)
        if (pgl_digest_equal(places[i].digest, key->digest))
            taken = &places[i];
    int64_t used_wall_ns = pgl_digest_equal(taken->digest, key->digest) ? taken->used_wall_ns : 0;
    *taken = *key;
    taken->used_wall_ns = used_wall_ns;
    taken->valid_until_ns = now_ns + EDGE_KEY_CACHE_NS;
}

void edge_key_cache_forget(struct edge_key_cache *cache, struct pgl_text id)
{
    for (uint32_t i = 0; i < cache->capacity; i++)
        if (cache->places[i].valid_until_ns > 0 && pgl_text_is(id, cache->places[i].id))
            cache->places[i] = (struct edge_key){ 0 };
}

void edge_key_cache_forget_secret(struct edge_key_cache *cache, const struct pgl_api_key *shown)
{
    struct edge_key *key = find(cache, shown);
    if (key != NULL)
        *key = (struct edge_key){ 0 };
}

void edge_key_cache_forget_all(struct edge_key_cache *cache)
{
    memset(cache->places, 0, cache->capacity * sizeof cache->places[0]);
}

struct edge_key *edge_key_cache_next_used(struct edge_key_cache *cache, uint32_t *at)
{
    for (; *at < cache->capacity; ++*at)
        if (cache->places[*at].used_wall_ns > 0)
            return &cache->places[(*at)++];
    return NULL;
}
