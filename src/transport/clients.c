/* clients.c - see clients.h. */
#include "transport/clients.h"

#include "base/assert.h"
#include "base/time.h"
#include "transport/peer.h"

#define COUNT_MASK  0xFFFFu /* what is left of an instant is in steps of 66 us, fine enough here */
#define SWEEP_KEYS  1024    /* of one sweep; nothing may be removed while walking */
#define SWEEP_EVERY PGL_SECONDS(1) /* at most: a full map shall not make each connection dear */

void pgl_clients_init(struct pgl_clients *clients, struct pgl_hash_key key, uint32_t clients_max,
                      uint32_t connections_max, uint32_t burst, uint32_t per_s)
{
    *clients = (struct pgl_clients){ .key = key };
    pgl_clients_change(clients, connections_max, burst, per_s);
    pgl_map_init(&clients->map, clients_max);
}

void pgl_clients_change(struct pgl_clients *clients, uint32_t connections_max, uint32_t burst,
                        uint32_t per_s)
{
    PGL_ASSERT(connections_max > 0 && burst > 0 && per_s > 0);
    clients->connections_max = connections_max < COUNT_MASK ? connections_max : COUNT_MASK;
    clients->burst = burst;
    clients->interval_ns = PGL_SECONDS(1) / per_s;
}

void pgl_clients_free(struct pgl_clients *clients)
{
    pgl_map_free(&clients->map);
}

static int64_t empty_ns(uint64_t value)
{
    return (int64_t)(value & ~(uint64_t)COUNT_MASK);
}

static bool is_forgettable(uint64_t value, int64_t now_ns)
{
    return (value & COUNT_MASK) == 0 && empty_ns(value) <= now_ns;
}

/* The client's entry, made if need be; NULL when all places are taken. */
static uint64_t *find_or_add(struct pgl_clients *clients, uint64_t client, int64_t now_ns)
{
    uint64_t *value = pgl_map_get(&clients->map, client);
    if (value != NULL)
        return value;
    if (clients->map.count >= clients->map.limit && now_ns - clients->swept_ns >= SWEEP_EVERY)
        pgl_clients_sweep(clients, now_ns);
    return pgl_is_ok(pgl_map_put(&clients->map, client, 0)) ? pgl_map_get(&clients->map, client)
                                                            : NULL;
}

bool pgl_clients_join(struct pgl_clients *clients, const char *address, int64_t now_ns,
                      uint64_t *client)
{
    *client = pgl_peer_key(clients->key, address);
    uint64_t *value = find_or_add(clients, *client, now_ns);
    if (value == NULL || (*value & COUNT_MASK) >= clients->connections_max)
        return false;
    int64_t from_ns = empty_ns(*value) > now_ns ? empty_ns(*value) : now_ns;
    if (from_ns - now_ns > (clients->burst - 1) * clients->interval_ns)
        return false;
    uint64_t count = (*value & COUNT_MASK) + 1;
    *value = ((uint64_t)(from_ns + clients->interval_ns) & ~(uint64_t)COUNT_MASK) | count;
    return true;
}

void pgl_clients_leave(struct pgl_clients *clients, uint64_t client, int64_t now_ns)
{
    uint64_t *value = pgl_map_get(&clients->map, client);
    PGL_ASSERT(value != NULL && (*value & COUNT_MASK) > 0);
    --*value;
    if (is_forgettable(*value, now_ns))
        pgl_map_remove(&clients->map, client);
}

void pgl_clients_sweep(struct pgl_clients *clients, int64_t now_ns)
{
    uint64_t keys[SWEEP_KEYS];
    const struct pgl_map_slot *slot;
    size_t at = 0, count = 0;
    clients->swept_ns = now_ns;
    while (count < SWEEP_KEYS && (slot = pgl_map_next(&clients->map, &at)) != NULL)
        if (is_forgettable(slot->value, now_ns))
            keys[count++] = slot->key;
    for (size_t i = 0; i < count; i++)
        pgl_map_remove(&clients->map, keys[i]);
}
