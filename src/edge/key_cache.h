/*
 * key_cache.h - API keys whose secret was found right a moment ago.
 *
 * For:      the edge's identify step: Identity is asked once a minute for a key that is in use.
 * Owner:    the edge's loop opens, asks and closes it.
 * Bounds:   `capacity` keys, fixed at open. When the eight places of a newcomer are taken, the one
 *           that ends first makes room; only right keys come in, so an attacker cannot empty it.
 * Memory:   about 600 bytes a key, taken at open. Of a secret only its SHA-256.
 * Validity: EDGE_KEY_CACHE_NS at most, and until Identity tells of a change (key_watch.h).
 */
#ifndef PGL_EDGE_KEY_CACHE_H
#define PGL_EDGE_KEY_CACHE_H

#include "base/ip.h"
#include "base/time.h"
#include "contract/identity.h"
#include "wire/api_key.h"
#include "wire/jwt.h"

#define EDGE_KEY_CACHE_NS       PGL_SECONDS(60)
#define EDGE_KEY_CACHE_CAPACITY 1024
#define EDGE_KEY_RANGES_MAX     8
#define EDGE_KEY_PLAN_BYTES_MAX 64

/* Whose key it is, and what it may. */
struct edge_key {
    uint8_t digest[PGL_DIGEST_BYTES]; /* of its secret */
    char id[PGL_API_KEY_ID_BYTES + 1];
    char tenant[PGL_JWT_TENANT_BYTES_MAX + 1], subject[PGL_JWT_SUBJECT_BYTES_MAX + 1];
    char plan[EDGE_KEY_PLAN_BYTES_MAX + 1];
    uint32_t role, scopes; /* one bit of enum pgl_jwt_role; bits of pgl_scope_named */
    struct pgl_ip_range ranges[EDGE_KEY_RANGES_MAX]; /* none: from anywhere */
    int range_count;
    int64_t until_wall_ns; /* lets in no more; PGL_NEVER_NS: always */

    int64_t valid_until_ns; /* monotonic, in the cache; 0: a free place */
    int64_t used_wall_ns;   /* since it was last told; 0: not */
};

/* PGL_DATA_LOSS for an answer that no service of ours gives. */
PGL_MUST_USE pgl_status edge_key_of_answer(const struct pgl_api_key *shown,
                                           const VerifyKeyResponse *answer, struct edge_key *key);

struct edge_key_cache;

/* NULL without memory. */
struct edge_key_cache *edge_key_cache_open(uint32_t capacity);
void edge_key_cache_close(struct edge_key_cache *cache);

/* NULL when it is not there any more. It stays where it is until the next put or forget. */
struct edge_key *edge_key_cache_find(struct edge_key_cache *cache, const struct pgl_api_key *shown,
                                     int64_t now_ns);
/* Also one whose minute is over: it was right then. */
bool edge_key_cache_knew(struct edge_key_cache *cache, const struct pgl_api_key *shown);
void edge_key_cache_put(struct edge_key_cache *cache, const struct edge_key *key, int64_t now_ns);
void edge_key_cache_forget(struct edge_key_cache *cache, struct pgl_text id);
/* One of its secrets alone: who shows a wrong one does not end the right one's minute. */
void edge_key_cache_forget_secret(struct edge_key_cache *cache, const struct pgl_api_key *shown);
void edge_key_cache_forget_all(struct edge_key_cache *cache);

/* The next key that was used since it was last told, from the place `*at` on; NULL at the end. */
struct edge_key *edge_key_cache_next_used(struct edge_key_cache *cache, uint32_t *at);

#endif
