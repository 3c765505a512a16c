/* random.c - see random.h. */
#include "base/random.h"

#include <string.h>

#include "base/assert.h"

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

void pgl_random_seed(struct pgl_random *random, uint64_t seed, uint64_t purpose)
{
    uint64_t mix = seed;
    mix = splitmix64(&mix) ^ purpose;
    for (int i = 0; i < 4; i++)
        random->state[i] = splitmix64(&mix);
}

uint64_t pgl_random_next(struct pgl_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t pgl_random_below(struct pgl_random *random, uint64_t bound)
{
    PGL_ASSERT(bound > 0);
    uint64_t floor = (0 - bound) % bound; /* draws below this would favour small numbers */
    uint64_t drawn;
    do
        drawn = pgl_random_next(random);
    while (drawn < floor);
    return drawn % bound;
}

bool pgl_random_chance(struct pgl_random *random, uint32_t per_million)
{
    return pgl_random_below(random, 1000000) < per_million;
}

void pgl_random_fill(struct pgl_random *random, void *bytes, size_t size)
{
    uint8_t *at = bytes;
    while (size > 0) {
        uint64_t drawn = pgl_random_next(random);
        size_t some = size < sizeof drawn ? size : sizeof drawn;
        memcpy(at, &drawn, some);
        at += some;
        size -= some;
    }
}
