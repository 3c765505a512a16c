/*
 * arena.h - memory that lives as long as one request, event or batch.
 *
 * Owner:    whoever holds the struct; one loop at a time. A message that carries its arena to
 *           another loop hands it over until the reply.
 * Bounds:   `limit_bytes` in all, fixed at init. A full arena answers NULL once and for good
 *           (`is_exhausted`): the request gets PGL_EXHAUSTED, nobody else notices.
 * Memory:   grows by chunks; reset keeps the first one, so a steady loop allocates nothing.
 */
#ifndef PGL_BASE_ARENA_H
#define PGL_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/status.h"
#include "base/text.h"

/* What a call is answered with when its arena is exhausted. */
#define PGL_NO_MEMORY PGL_FAIL(PGL_EXHAUSTED, "no memory is left for this call")

struct pgl_arena_chunk;

struct pgl_arena {
    struct pgl_arena_chunk *first, *current;
    size_t chunk_bytes; /* the usual size of a chunk */
    size_t limit_bytes;
    size_t taken_bytes; /* in chunks, against the limit */
    bool is_exhausted;
};

void pgl_arena_init(struct pgl_arena *arena, size_t chunk_bytes, size_t limit_bytes);

/* Gives everything back but the first chunk. */
void pgl_arena_reset(struct pgl_arena *arena);

/* Gives everything back. The struct may be init again. */
void pgl_arena_free(struct pgl_arena *arena);

/* Aligned to 16 bytes, not cleared. NULL when exhausted. */
void *pgl_arena_alloc(struct pgl_arena *arena, size_t size);

/* Cleared. NULL when exhausted. */
void *pgl_arena_zalloc(struct pgl_arena *arena, size_t size);

/* A copy with a NUL behind it. NULL when exhausted. */
char *pgl_arena_string(struct pgl_arena *arena, struct pgl_text text);

/* printf into the arena; never NULL: a fixed text says so when the arena is exhausted. */
const char *pgl_arena_printf(struct pgl_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
