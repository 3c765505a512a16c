/*
 * entropy.h - random bytes fit for secrets and seeds, as an argument.
 *
 * Threads:  any.
 * Errors:   none: a machine without entropy stops the process.
 */
#ifndef PGL_PLATFORM_ENTROPY_H
#define PGL_PLATFORM_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

struct pgl_entropy {
    void (*fill)(void *self, void *bytes, size_t size);
    void *self;
};

static inline void pgl_entropy_fill(const struct pgl_entropy *entropy, void *bytes, size_t size)
{
    entropy->fill(entropy->self, bytes, size);
}

static inline uint64_t pgl_entropy_u64(const struct pgl_entropy *entropy)
{
    uint64_t drawn;
    pgl_entropy_fill(entropy, &drawn, sizeof drawn);
    return drawn;
}

#endif
