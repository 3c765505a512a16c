/* crowd.c - see crowd.h. */
#include "services/orders/crowd.h"

#include "base/assert.h"

void pgl_crowd_open(struct pgl_crowd *crowd, uint32_t most, struct pgl_hash_key key,
                    uint32_t orders_max)
{
    *crowd = (struct pgl_crowd){ .most = most, .key = key };
    pgl_map_init(&crowd->customer_of, orders_max);
    pgl_map_init(&crowd->open_of, orders_max);
}

void pgl_crowd_close(struct pgl_crowd *crowd)
{
    pgl_map_free(&crowd->customer_of);
    pgl_map_free(&crowd->open_of);
}

static uint64_t hash_of(const struct pgl_crowd *crowd, pgl_id order_id)
{
    return pgl_hash(crowd->key, order_id.bytes, sizeof order_id.bytes);
}

pgl_status pgl_crowd_check(const struct pgl_crowd *crowd, int64_t customer)
{
    const uint64_t *open = pgl_map_get(&crowd->open_of, (uint64_t)customer);
    if (crowd->most == 0 || open == NULL || *open < crowd->most)
        return PGL_OK;
    return PGL_FAIL(PGL_LIMITED, "as many of your orders are open as may be: wait until some have "
                                 "reached their end, or take them back");
}

pgl_status pgl_crowd_add(struct pgl_crowd *crowd, pgl_id order_id, int64_t customer)
{
    uint64_t order = hash_of(crowd, order_id);
    if (crowd->most == 0 || pgl_map_get(&crowd->customer_of, order) != NULL)
        return PGL_OK;
    PGL_TRY(pgl_map_put(&crowd->customer_of, order, (uint64_t)customer));
    uint64_t *open = pgl_map_get(&crowd->open_of, (uint64_t)customer);
    if (open == NULL)
        return pgl_map_put(&crowd->open_of, (uint64_t)customer, 1);
    ++*open;
    return PGL_OK;
}

void pgl_crowd_remove(struct pgl_crowd *crowd, pgl_id order_id)
{
    uint64_t order = hash_of(crowd, order_id);
    const uint64_t *customer = pgl_map_get(&crowd->customer_of, order);
    if (customer == NULL)
        return;
    uint64_t *open = pgl_map_get(&crowd->open_of, *customer);
    if (open != NULL && --*open == 0)
        pgl_map_remove(&crowd->open_of, *customer);
    pgl_map_remove(&crowd->customer_of, order);
}
