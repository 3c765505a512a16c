/*
 * map.h - 64-bit keys to 64-bit values; open addressing, fixed or growing to a limit.
 *
 * For:      ids already hashed, numbers, positions. Keys from outside go through pgl_hash first.
 * Owner:    one loop.
 * Bounds:   `limit` entries; a full map refuses (PGL_EXHAUSTED).
 * Order:    iteration follows the slots, which depend on keys and history alone: the same run gives
 *           the same order.
 */
#ifndef PGL_BASE_MAP_H
#define PGL_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct pgl_map_slot {
    uint64_t key, value;
    bool is_used;
};

struct pgl_map {
    struct pgl_map_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count, limit;
};

void pgl_map_init(struct pgl_map *map, size_t limit);
void pgl_map_free(struct pgl_map *map);
void pgl_map_clear(struct pgl_map *map);

/* NULL when absent. The pointer holds until the next put or remove. */
uint64_t *pgl_map_get(const struct pgl_map *map, uint64_t key);

/* Adds or replaces. PGL_EXHAUSTED at the limit or without memory. */
PGL_MUST_USE pgl_status pgl_map_put(struct pgl_map *map, uint64_t key, uint64_t value);

/* False when absent. */
bool pgl_map_remove(struct pgl_map *map, uint64_t key);

/* Walks: start with *at = 0; NULL at the end. Nothing may be put or removed meanwhile. */
const struct pgl_map_slot *pgl_map_next(const struct pgl_map *map, size_t *at);

#endif
