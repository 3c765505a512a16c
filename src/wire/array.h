/*
 * array.h - an array that grows in an arena while what it holds is still being read.
 *
 * Owner:    whoever holds pointer and count; they start as NULL and 0 and are only changed here.
 * Bounds:   the arena's. What was outgrown stays in it: less than the array itself.
 */
#ifndef PGL_WIRE_ARRAY_H
#define PGL_WIRE_ARRAY_H

#include "base/arena.h"

/* Room for one more element, counted but not cleared. NULL when the arena is exhausted.
 * It doubles at 4, 8, 16 ..., so the count alone says when it is full. */
static inline void *pgl_array_append(struct pgl_arena *arena, void **array, size_t *count,
                                     size_t element_bytes)
{
    size_t held = *count;
    bool is_full = held == 0 || (held >= 4 && (held & (held - 1)) == 0);
    if (is_full) {
        void *grown = pgl_arena_alloc(arena, (held == 0 ? 4 : 2 * held) * element_bytes);
        if (grown == NULL)
            return NULL;
        if (held > 0)
            memcpy(grown, *array, held * element_bytes);
        *array = grown;
    }
    (*count)++;
    return (char *)*array + held * element_bytes;
}

#endif
