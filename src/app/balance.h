/*
 * balance.h - do two lists agree that are too long to keep, and come in different orders?
 *
 * Both are read once. What the one says is put, what the other says is taken; an entry is a key and
 * an amount, and in the end the amounts of each key have to come to nothing. Kept are not the keys
 * but, for each of a few thousand buckets of keys, one sum of amounts times a keyed hash of their
 * keys: it is zero if all cancel out, and hardly ever else (1 in 2^51). If a sum is not, both lists
 * are read once more, and the keys of that bucket alone are kept: those left with an amount are the
 * offenders.
 *
 * For:      what rows say against what logs say; an index against its table.
 * Owner:    the audit.
 * Bounds:   32 KiB; in the second reading PGL_BALANCE_NAMED_MAX keys. Beyond it `is_full`: then
 *           there are more offenders than are named, and those named are right.
 */
#ifndef PGL_APP_BALANCE_H
#define PGL_APP_BALANCE_H

#include "base/buffer.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/map.h"

#define PGL_BALANCE_BUCKETS   4096
#define PGL_BALANCE_NAMED_MAX 65536

struct pgl_balance_entry {
    pgl_id id;
    int64_t part;
    int64_t amount;
};

struct pgl_balance {
    struct pgl_hash_key key;
    uint64_t sums[PGL_BALANCE_BUCKETS];
    bool is_naming;
    struct pgl_map places;     /* hash of a key to its place in `entries` */
    struct pgl_buffer entries; /* struct pgl_balance_entry, one behind the other */
    bool is_full;
};

/* `key` is drawn at random, or else somebody could choose entries whose sum is right. */
void pgl_balance_init(struct pgl_balance *balance, struct pgl_hash_key key);
void pgl_balance_free(struct pgl_balance *balance);

/* Its key is the id and a part of it: a kind of event, a number. Put above zero, taken below. */
void pgl_balance_add(struct pgl_balance *balance, const pgl_id *id, int64_t part, int64_t amount);

bool pgl_balance_is_even(const struct pgl_balance *balance);

/* Before everything is added once more. */
void pgl_balance_name(struct pgl_balance *balance);
/* What is left, after that. Starts with *at = 0; NULL at the end. */
const struct pgl_balance_entry *pgl_balance_next(const struct pgl_balance *balance, size_t *at);

#endif
