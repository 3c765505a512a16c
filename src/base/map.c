/* map.c - linear probing with removal by shifting back, so that no tombstones gather. */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#define MAP_FIRST_CAPACITY 64

void pgl_map_init(struct pgl_map *map, size_t limit)
{
    *map = (struct pgl_map){ .limit = limit };
}

void pgl_map_free(struct pgl_map *map)
{
    free(map->slots);
    *map = (struct pgl_map){ .limit = map->limit };
}

void pgl_map_clear(struct pgl_map *map)
{
    if (map->count > 0)
        memset(map->slots, 0, map->capacity * sizeof map->slots[0]);
    map->count = 0;
}

/* splitmix64's finaliser: spreads keys that count up. */
static size_t home_of(const struct pgl_map *map, uint64_t key)
{
    key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9u;
    key = (key ^ (key >> 27)) * 0x94D049BB133111EBu;
    return (size_t)(key ^ (key >> 31)) & (map->capacity - 1);
}

static struct pgl_map_slot *find_slot(const struct pgl_map *map, uint64_t key)
{
    size_t at = home_of(map, key);
    while (map->slots[at].is_used && map->slots[at].key != key)
        at = (at + 1) & (map->capacity - 1);
    return &map->slots[at];
}

uint64_t *pgl_map_get(const struct pgl_map *map, uint64_t key)
{
    if (map->count == 0)
        return NULL;
    struct pgl_map_slot *slot = find_slot(map, key);
    return slot->is_used ? &slot->value : NULL;
}

static bool map_grow(struct pgl_map *map)
{
    struct pgl_map bigger = { .capacity = map->capacity ? map->capacity * 2 : MAP_FIRST_CAPACITY,
                              .count = map->count,
                              .limit = map->limit };
    bigger.slots = calloc(bigger.capacity, sizeof bigger.slots[0]);
    if (bigger.slots == NULL)
        return false;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].is_used)
            *find_slot(&bigger, map->slots[i].key) = map->slots[i];
    free(map->slots);
    *map = bigger;
    return true;
}

pgl_status pgl_map_put(struct pgl_map *map, uint64_t key, uint64_t value)
{
    uint64_t *there = pgl_map_get(map, key);
    if (there != NULL) {
        *there = value;
        return PGL_OK;
    }
    if (map->count >= map->limit)
        return PGL_FAIL(PGL_EXHAUSTED, "a table is full");
    if ((map->count + 1) * 4 > map->capacity * 3 && !map_grow(map))
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a table");
    *find_slot(map, key) = (struct pgl_map_slot){ key, value, true };
    map->count++;
    return PGL_OK;
}

bool pgl_map_remove(struct pgl_map *map, uint64_t key)
{
    if (map->count == 0)
        return false;
    struct pgl_map_slot *slot = find_slot(map, key);
    if (!slot->is_used)
        return false;
    size_t mask = map->capacity - 1;
    size_t hole = (size_t)(slot - map->slots);
    for (size_t at = (hole + 1) & mask; map->slots[at].is_used; at = (at + 1) & mask) {
        size_t home = home_of(map, map->slots[at].key);
        if (((at - home) & mask) >= ((at - hole) & mask)) { /* its home is not behind the hole */
            map->slots[hole] = map->slots[at];
            hole = at;
        }
    }
    map->slots[hole] = (struct pgl_map_slot){ 0, 0, false };
    map->count--;
    return true;
}

const struct pgl_map_slot *pgl_map_next(const struct pgl_map *map, size_t *at)
{
    while (*at < map->capacity) {
        const struct pgl_map_slot *slot = &map->slots[(*at)++];
        if (slot->is_used)
            return slot;
    }
    return NULL;
}
