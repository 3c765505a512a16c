/*
 * timer_set.h - moments that things are waited for, by the id of each thing: which is next, and
 * which thing is the oldest. Only in memory; whoever has it can make it again from rows.
 *
 * Owner:    one loop.
 * Bounds:   `limit` things, PGL_EXHAUSTED beyond. What is taken out leaves its place in the heap
 *           until half of the heap is such places; then they are swept. So a thing costs a fixed
 *           amount of work over its life, whatever the number of the others.
 * Memory:   taken at open; pages that were never used cost nothing.
 */
#ifndef PGL_SAGA_TIMER_SET_H
#define PGL_SAGA_TIMER_SET_H

#include "base/id.h"
#include "base/map.h"

struct pgl_timer_entry {
    int64_t due_ns; /* PGL_NEVER_NS: it was due, and is still there */
    pgl_id id;
};

struct pgl_timer_set {
    struct pgl_timer_entry *entries; /* a heap by due_ns */
    uint32_t entry_count, limit;
    struct pgl_map things; /* low half of an id, which is random -> whether it was due */
    uint32_t due_count;    /* of the things */
};

PGL_MUST_USE pgl_status pgl_timer_set_open(struct pgl_timer_set *set, uint32_t limit);
void pgl_timer_set_close(struct pgl_timer_set *set);

/* A thing that is there already stays as it is. */
PGL_MUST_USE pgl_status pgl_timer_set_add(struct pgl_timer_set *set, pgl_id id, int64_t due_ns);
/* Nothing where it is not there. */
void pgl_timer_set_remove(struct pgl_timer_set *set, pgl_id id);

/* PGL_NEVER_NS when nothing is waited for. */
int64_t pgl_timer_set_next_ns(struct pgl_timer_set *set);
/* How many are due, counted up to `most`. */
int pgl_timer_set_count_due(const struct pgl_timer_set *set, int64_t now_ns, int most);
/* Takes the next one's moment, not the thing; false when none is due. */
bool pgl_timer_set_take_due(struct pgl_timer_set *set, int64_t now_ns,
                            struct pgl_timer_entry *entry);
/* Gives a moment back, or another one in its place; with PGL_NEVER_NS the thing was due. */
void pgl_timer_set_give(struct pgl_timer_set *set, struct pgl_timer_entry entry);

/* The smallest id of all things; false when there is none. Looks at all of them. */
bool pgl_timer_set_oldest(const struct pgl_timer_set *set, pgl_id *id);

#endif
