/*
 * jwt_cache.h - tokens found right a moment ago: a signature costs 50 us or more, a look-up here
 * about half of one.
 *
 * For:      a client that sends the same token with each of its requests.
 * Owner:    one loop opens, asks and closes it.
 * Threads:  that loop's only; there is no lock.
 * Bounds:   `capacity` tokens, fixed at open. When the eight places of a token are taken, the one
 *           that ends first makes room; only right tokens come in, so an attacker cannot empty it.
 * Memory:   about 256 bytes a token, taken at open; the token itself is not kept, only its SHA-256.
 * Validity: until the token expires, without leeway, or for PGL_JWT_CACHE_NS, whichever is first.
 *           Issuers with other keys empty it: a withdrawn key has no afterlife here.
 */
#ifndef PGL_WIRE_JWT_CACHE_H
#define PGL_WIRE_JWT_CACHE_H

#include "wire/jwt.h"

/* 16 MB a loop when full, touched as callers come: at 10,000 callers a minute no set of 8
 * overflows. */
#define PGL_JWT_CACHE_CAPACITY_DEFAULT 65536
#define PGL_JWT_CACHE_CAPACITY_MAX     (1 << 20)
#define PGL_JWT_CACHE_NS               PGL_SECONDS(60)

struct pgl_jwt_cache;

/* `capacity` is rounded up to a power of two, from 8 to PGL_JWT_CACHE_CAPACITY_MAX. NULL without
 * memory. */
struct pgl_jwt_cache *pgl_jwt_cache_open(uint32_t capacity);
void pgl_jwt_cache_close(struct pgl_jwt_cache *cache);

/* As pgl_jwt_verify_any, and remembers a right answer. The policies of one cache never change. */
PGL_MUST_USE pgl_status pgl_jwt_cache_verify(struct pgl_jwt_cache *cache,
                                             const struct pgl_jwt_issuer *issuers, int count,
                                             struct pgl_text token, int64_t now_ns,
                                             struct pgl_jwt_claims *claims,
                                             struct pgl_jwt_doubt *doubt);

/* The first half of it: PGL_NOT_FOUND for what is not remembered. */
PGL_MUST_USE pgl_status pgl_jwt_cache_find(struct pgl_jwt_cache *cache,
                                           const struct pgl_jwt_issuer *issuers, int count,
                                           struct pgl_text token, int64_t now_ns,
                                           struct pgl_jwt_claims *claims);

void pgl_jwt_cache_clear(struct pgl_jwt_cache *cache);

/* For metrics: answers given without looking at a signature, and all others. */
struct pgl_jwt_cache_counts {
    uint64_t hit_count, miss_count;
};
struct pgl_jwt_cache_counts pgl_jwt_cache_counts(const struct pgl_jwt_cache *cache);

#endif
