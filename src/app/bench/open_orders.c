/* open_orders.c - see open_orders.h: open addressing with linear probing, and no marks for what was
 * taken. */
#include "app/bench/open_orders.h"

#include "base/assert.h"

#define CAPACITY_FIRST 4096

static pgl_status no_room(void)
{
    return PGL_FAIL(PGL_EXHAUSTED, "more orders are open than can be followed");
}

static size_t home_of(const struct pgl_open_orders *orders, pgl_id id)
{
    return pgl_hash(orders->key, id.bytes, sizeof id.bytes) & (orders->capacity - 1);
}

/* Where the order is, or where it would be put. */
static size_t find(const struct pgl_open_orders *orders, pgl_id id)
{
    size_t at = home_of(orders, id);
    while (orders->slots[at].state != PGL_OPEN_NONE && !pgl_id_equal(orders->slots[at].id, id))
        at = (at + 1) & (orders->capacity - 1);
    return at;
}

static pgl_status set_capacity(struct pgl_open_orders *orders, size_t capacity)
{
    struct pgl_open_orders old = *orders;
    orders->slots = pgl_arena_zalloc(&orders->arena, capacity * sizeof orders->slots[0]);
    if (orders->slots == NULL) {
        orders->slots = old.slots;
        return no_room();
    }
    orders->capacity = capacity;
    for (size_t at = 0; at < old.capacity; at++)
        if (old.slots[at].state != PGL_OPEN_NONE)
            orders->slots[find(orders, old.slots[at].id)] = old.slots[at];
    return PGL_OK;
}

pgl_status pgl_open_orders_init(struct pgl_open_orders *orders, size_t limit,
                                struct pgl_hash_key key)
{
    size_t first_bytes = CAPACITY_FIRST * sizeof orders->slots[0];
    *orders = (struct pgl_open_orders){ .limit = limit, .key = key };
    /* The last table has at most four slots an order, and all before it together are as large. */
    pgl_arena_init(&orders->arena, first_bytes,
                   8 * (limit + CAPACITY_FIRST) * sizeof orders->slots[0]);
    return set_capacity(orders, CAPACITY_FIRST);
}

void pgl_open_orders_free(struct pgl_open_orders *orders)
{
    pgl_arena_free(&orders->arena);
}

/* Those behind the gap move up, unless that would put them before their home. */
static void close_gap(struct pgl_open_orders *orders, size_t gap)
{
    size_t mask = orders->capacity - 1;
    for (size_t at = (gap + 1) & mask; orders->slots[at].state != PGL_OPEN_NONE;
         at = (at + 1) & mask) {
        size_t home = home_of(orders, orders->slots[at].id);
        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        orders->slots[gap] = orders->slots[at];
        gap = at;
    }
    orders->slots[gap].state = PGL_OPEN_NONE;
}

struct pgl_open_order pgl_open_orders_take(struct pgl_open_orders *orders, pgl_id id)
{
    size_t at = find(orders, id);
    struct pgl_open_order order = orders->slots[at];
    if (order.state == PGL_OPEN_NONE)
        return order;
    orders->count--;
    close_gap(orders, at);
    return order;
}

pgl_status pgl_open_orders_put(struct pgl_open_orders *orders, const struct pgl_open_order *order)
{
    PGL_ASSERT(order->state != PGL_OPEN_NONE);
    size_t at = find(orders, order->id);
    if (orders->slots[at].state == PGL_OPEN_NONE) {
        if (orders->count == orders->limit)
            return no_room();
        if (2 * (orders->count + 1) > orders->capacity) {
            PGL_TRY(set_capacity(orders, 2 * orders->capacity));
            at = find(orders, order->id);
        }
        orders->count++;
    }
    orders->slots[at] = *order;
    return PGL_OK;
}

const struct pgl_open_order *pgl_open_orders_next(const struct pgl_open_orders *orders, size_t *at)
{
    while (*at < orders->capacity) {
        const struct pgl_open_order *order = &orders->slots[(*at)++];
        if (order->state != PGL_OPEN_NONE)
            return order;
    }
    return NULL;
}
