/* timer_set.c - see timer_set.h. */
#include "saga/timer_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"

#define SWEEP_FROM 1024 /* places; fewer are not worth a sweep */

static uint64_t key_of(pgl_id id)
{
    uint64_t low;
    memcpy(&low, id.bytes + 8, sizeof low);
    return low;
}

static bool is_there(const struct pgl_timer_set *set, const struct pgl_timer_entry *entry)
{
    return pgl_map_get(&set->things, key_of(entry->id)) != NULL;
}

/* ---- the heap ---- */

static void swap(struct pgl_timer_entry *a, struct pgl_timer_entry *b)
{
    struct pgl_timer_entry kept = *a;
    *a = *b;
    *b = kept;
}

static void sift_up(struct pgl_timer_set *set, uint32_t at)
{
    struct pgl_timer_entry *entries = set->entries;
    for (; at > 0 && entries[at].due_ns < entries[(at - 1) / 2].due_ns; at = (at - 1) / 2)
        swap(&entries[at], &entries[(at - 1) / 2]);
}

static void sift_down(struct pgl_timer_set *set, uint32_t at)
{
    struct pgl_timer_entry *entries = set->entries;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < set->entry_count && entries[child + 1].due_ns < entries[child].due_ns)
            child++;
        if (child >= set->entry_count || entries[at].due_ns <= entries[child].due_ns)
            return;
        swap(&entries[at], &entries[child]);
        at = child;
    }
}

static void put(struct pgl_timer_set *set, struct pgl_timer_entry entry)
{
    set->entries[set->entry_count++] = entry;
    sift_up(set, set->entry_count - 1);
}

static void take_first(struct pgl_timer_set *set)
{
    set->entries[0] = set->entries[--set->entry_count];
    sift_down(set, 0);
}

/* Leaves out what is no longer there. */
static void sweep(struct pgl_timer_set *set)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < set->entry_count; i++)
        if (is_there(set, &set->entries[i]))
            set->entries[kept++] = set->entries[i];
    set->entry_count = kept;
    for (uint32_t at = kept / 2; at-- > 0;)
        sift_down(set, at);
}

static uint32_t room_of(uint32_t limit)
{
    return 2 * limit + SWEEP_FROM;
}

static void sweep_if_due(struct pgl_timer_set *set)
{
    if (set->entry_count >= 2 * (uint32_t)set->things.count + SWEEP_FROM)
        sweep(set);
}

/* ---- for everybody ---- */

pgl_status pgl_timer_set_open(struct pgl_timer_set *set, uint32_t limit)
{
    *set = (struct pgl_timer_set){ .limit = limit };
    set->entries = malloc(room_of(limit) * sizeof set->entries[0]);
    pgl_map_init(&set->things, limit);
    return set->entries != NULL ? PGL_OK : PGL_FAIL(PGL_EXHAUSTED, "no memory for timers");
}

void pgl_timer_set_close(struct pgl_timer_set *set)
{
    free(set->entries);
    set->entries = NULL;
    pgl_map_free(&set->things);
}

pgl_status pgl_timer_set_add(struct pgl_timer_set *set, pgl_id id, int64_t due_ns)
{
    if (pgl_map_get(&set->things, key_of(id)) != NULL)
        return PGL_OK;
    PGL_TRY(pgl_map_put(&set->things, key_of(id), false));
    put(set, (struct pgl_timer_entry){ due_ns, id });
    sweep_if_due(set);
    return PGL_OK;
}

void pgl_timer_set_remove(struct pgl_timer_set *set, pgl_id id)
{
    uint64_t *was_due = pgl_map_get(&set->things, key_of(id));
    if (was_due == NULL)
        return;
    set->due_count -= *was_due ? 1 : 0;
    pgl_map_remove(&set->things, key_of(id));
    sweep_if_due(set);
}

int64_t pgl_timer_set_next_ns(struct pgl_timer_set *set)
{
    while (set->entry_count > 0 && !is_there(set, &set->entries[0]))
        take_first(set);
    return set->entry_count > 0 ? set->entries[0].due_ns : PGL_NEVER_NS;
}

static int count_due(const struct pgl_timer_set *set, uint32_t at, int64_t now_ns, int most)
{
    if (most <= 0 || at >= set->entry_count || set->entries[at].due_ns > now_ns)
        return 0;
    int count = is_there(set, &set->entries[at]);
    count += count_due(set, 2 * at + 1, now_ns, most - count);
    return count + count_due(set, 2 * at + 2, now_ns, most - count);
}

int pgl_timer_set_count_due(const struct pgl_timer_set *set, int64_t now_ns, int most)
{
    return count_due(set, 0, now_ns, most);
}

bool pgl_timer_set_take_due(struct pgl_timer_set *set, int64_t now_ns,
                            struct pgl_timer_entry *entry)
{
    if (pgl_timer_set_next_ns(set) > now_ns)
        return false;
    *entry = set->entries[0];
    take_first(set);
    return true;
}

void pgl_timer_set_give(struct pgl_timer_set *set, struct pgl_timer_entry entry)
{
    uint64_t *was_due = pgl_map_get(&set->things, key_of(entry.id));
    if (was_due == NULL)
        return;
    if (entry.due_ns == PGL_NEVER_NS && !*was_due) {
        *was_due = true;
        set->due_count++;
    }
    PGL_ASSERT(set->entry_count < room_of(set->limit)); /* it was in there before */
    put(set, entry);
}

bool pgl_timer_set_oldest(const struct pgl_timer_set *set, pgl_id *id)
{
    bool is_found = false;
    for (uint32_t i = 0; i < set->entry_count; i++) {
        const struct pgl_timer_entry *entry = &set->entries[i];
        if (!is_there(set, entry) || (is_found && pgl_id_compare(entry->id, *id) > 0))
            continue;
        *id = entry->id;
        is_found = true;
    }
    return is_found;
}
