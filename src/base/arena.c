/* arena.c - see arena.h. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"

#define ARENA_ALIGN 16

struct pgl_arena_chunk {
    struct pgl_arena_chunk *next;
    size_t size, used; /* of bytes[] */
    _Alignas(ARENA_ALIGN) uint8_t bytes[];
};

void pgl_arena_init(struct pgl_arena *arena, size_t chunk_bytes, size_t limit_bytes)
{
    PGL_ASSERT(chunk_bytes >= 256 && limit_bytes >= chunk_bytes);
    *arena = (struct pgl_arena){ .chunk_bytes = chunk_bytes, .limit_bytes = limit_bytes };
}

static void free_chunks(struct pgl_arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct pgl_arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

void pgl_arena_reset(struct pgl_arena *arena)
{
    arena->is_exhausted = false;
    if (arena->first == NULL)
        return;
    free_chunks(arena->first->next);
    arena->first->next = NULL;
    arena->first->used = 0;
    arena->current = arena->first;
    arena->taken_bytes = arena->first->size;
}

void pgl_arena_free(struct pgl_arena *arena)
{
    free_chunks(arena->first);
    arena->first = arena->current = NULL;
    arena->taken_bytes = 0;
    arena->is_exhausted = false;
}

static bool arena_grow(struct pgl_arena *arena, size_t size)
{
    size_t want = size > arena->chunk_bytes ? size : arena->chunk_bytes;
    if (arena->is_exhausted || want > arena->limit_bytes ||
        arena->taken_bytes > arena->limit_bytes - want)
        return false;
    struct pgl_arena_chunk *chunk = malloc(sizeof *chunk + want);
    if (chunk == NULL)
        return false;
    chunk->next = NULL;
    chunk->size = want;
    chunk->used = 0;
    arena->taken_bytes += want;
    if (arena->current != NULL)
        arena->current->next = chunk;
    else
        arena->first = chunk;
    arena->current = chunk;
    return true;
}

void *pgl_arena_alloc(struct pgl_arena *arena, size_t size)
{
    if (size > arena->limit_bytes) {
        arena->is_exhausted = true;
        return NULL;
    }
    size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    struct pgl_arena_chunk *chunk = arena->current;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        if (!arena_grow(arena, size)) {
            arena->is_exhausted = true;
            return NULL;
        }
        chunk = arena->current;
    }
    void *at = chunk->bytes + chunk->used;
    chunk->used += size;
    return at;
}

void *pgl_arena_zalloc(struct pgl_arena *arena, size_t size)
{
    void *at = pgl_arena_alloc(arena, size);
    if (at != NULL)
        memset(at, 0, size);
    return at;
}

char *pgl_arena_string(struct pgl_arena *arena, struct pgl_text text)
{
    char *at = pgl_arena_alloc(arena, text.size + 1);
    if (at == NULL)
        return NULL;
    if (text.size > 0)
        memcpy(at, text.data, text.size);
    at[text.size] = '\0';
    return at;
}

const char *pgl_arena_printf(struct pgl_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *at = size < 0 ? NULL : pgl_arena_alloc(arena, (size_t)size + 1);
    if (at == NULL)
        return "(no memory for the text)";
    va_start(args, format);
    vsnprintf(at, (size_t)size + 1, format, args);
    va_end(args);
    return at;
}
