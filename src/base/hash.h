/*
 * hash.h - keyed hashing for tables whose keys come from outside: SipHash-1-3 (Aumasson, Bernstein
 * 2012; the reduced rounds as used for hash tables). The key is drawn at start, so nobody can aim
 * for collisions.
 */
#ifndef PGL_BASE_HASH_H
#define PGL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct pgl_hash_key {
    uint64_t k0, k1;
};

uint64_t pgl_hash(struct pgl_hash_key key, const void *bytes, size_t size);

#endif
