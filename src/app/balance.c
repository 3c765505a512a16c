/* balance.c - see balance.h. */
#include "app/balance.h"

void pgl_balance_init(struct pgl_balance *balance, struct pgl_hash_key key)
{
    *balance = (struct pgl_balance){ .key = key };
    pgl_map_init(&balance->places, PGL_BALANCE_NAMED_MAX);
    pgl_buffer_init(&balance->entries, PGL_BALANCE_NAMED_MAX * sizeof(struct pgl_balance_entry));
}

void pgl_balance_free(struct pgl_balance *balance)
{
    pgl_map_free(&balance->places);
    pgl_buffer_free(&balance->entries);
}

static size_t entry_count(const struct pgl_balance *balance)
{
    return balance->entries.size / sizeof(struct pgl_balance_entry);
}

static struct pgl_balance_entry *entry_at(const struct pgl_balance *balance, size_t place)
{
    return &((struct pgl_balance_entry *)(void *)balance->entries.data)[place];
}

static void keep(struct pgl_balance *balance, uint64_t hash, const struct pgl_balance_entry *added)
{
    const uint64_t *place = pgl_map_get(&balance->places, hash);
    if (place != NULL) {
        struct pgl_balance_entry *entry = entry_at(balance, *place);
        entry->amount = (int64_t)((uint64_t)entry->amount + (uint64_t)added->amount);
        return;
    }
    /* A key that finds no room now finds none later either: whoever is kept is kept from its first
     * amount on. */
    uint64_t next = entry_count(balance);
    pgl_buffer_add(&balance->entries, added, sizeof *added);
    if (!balance->entries.is_full && pgl_is_ok(pgl_map_put(&balance->places, hash, next)))
        return;
    balance->entries.size = next * sizeof *added;
    balance->is_full = balance->entries.is_full = true;
}

void pgl_balance_add(struct pgl_balance *balance, const pgl_id *id, int64_t part, int64_t amount)
{
    uint8_t key[sizeof id->bytes + sizeof part];
    memcpy(key, id->bytes, sizeof id->bytes);
    memcpy(key + sizeof id->bytes, &part, sizeof part);
    uint64_t hash = pgl_hash(balance->key, key, sizeof key);
    size_t bucket = hash % PGL_BALANCE_BUCKETS;
    if (!balance->is_naming)
        balance->sums[bucket] += (uint64_t)amount * (hash / PGL_BALANCE_BUCKETS | 1);
    else if (balance->sums[bucket] != 0)
        keep(balance, hash, &(struct pgl_balance_entry){ *id, part, amount });
}

bool pgl_balance_is_even(const struct pgl_balance *balance)
{
    for (size_t i = 0; i < PGL_BALANCE_BUCKETS; i++)
        if (balance->sums[i] != 0)
            return false;
    return true;
}

void pgl_balance_name(struct pgl_balance *balance)
{
    balance->is_naming = true;
}

const struct pgl_balance_entry *pgl_balance_next(const struct pgl_balance *balance, size_t *at)
{
    for (; *at < entry_count(balance); (*at)++) {
        const struct pgl_balance_entry *entry = entry_at(balance, *at);
        if (entry->amount != 0) {
            (*at)++;
            return entry;
        }
    }
    return NULL;
}
