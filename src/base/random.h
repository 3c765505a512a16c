/*
 * random.h - a seeded stream of numbers. One stream per purpose, so that a draw added in one place
 * does not reshuffle the others. Not for secrets: those come from the platform's entropy.
 *
 * Source:   xoshiro256** by Blackman and Vigna, seeded by splitmix64.
 */
#ifndef PGL_BASE_RANDOM_H
#define PGL_BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pgl_random {
    uint64_t state[4];
};

/* `purpose` separates streams of one seed. */
void pgl_random_seed(struct pgl_random *random, uint64_t seed, uint64_t purpose);

uint64_t pgl_random_next(struct pgl_random *random);

/* Uniform in [0, bound); bound > 0. */
uint64_t pgl_random_below(struct pgl_random *random, uint64_t bound);

/* True in `per_million` of a million draws. */
bool pgl_random_chance(struct pgl_random *random, uint32_t per_million);

void pgl_random_fill(struct pgl_random *random, void *bytes, size_t size);

#endif
