/* prices.c - see prices.h. */
#include "services/orders/prices.h"

#include <stdlib.h>

pgl_status pgl_prices_open(struct pgl_prices *prices, struct pgl_hash_key hash_key)
{
    prices->hash_key = hash_key;
    prices->slots = calloc(PGL_PRICES_MAX, sizeof prices->slots[0]);
    return prices->slots != NULL ? PGL_OK : PGL_FAIL(PGL_EXHAUSTED, "no memory for prices");
}

void pgl_prices_close(struct pgl_prices *prices)
{
    free(prices->slots);
}

static struct pgl_price_slot *slot_of(const struct pgl_prices *prices, const char *sku)
{
    return &prices->slots[pgl_hash(prices->hash_key, sku, strlen(sku)) & (PGL_PRICES_MAX - 1)];
}

static const struct pgl_price_slot *find_known(const struct pgl_prices *prices, const char *sku)
{
    const struct pgl_price_slot *slot = slot_of(prices, sku);
    return slot->fresh_until_ns != 0 && strcmp(slot->sku, sku) == 0 ? slot : NULL;
}

static bool is_asked(const GetPricesRequest *ask, const char *sku)
{
    for (size_t i = 0; i < ask->n_skus; i++)
        if (strcmp(ask->skus[i], sku) == 0)
            return true;
    return false;
}

pgl_status pgl_prices_missing(const struct pgl_prices *prices, const NewOrder *order,
                              int64_t now_ns, struct pgl_arena *arena, GetPricesRequest **ask)
{
    *ask = NULL;
    bool is_missing = false;
    for (size_t i = 0; i < order->n_lines && !is_missing; i++) {
        const struct pgl_price_slot *known = find_known(prices, order->lines[i]->sku);
        is_missing = known == NULL || known->fresh_until_ns < now_ns;
    }
    if (!is_missing)
        return PGL_OK;
    /* All of them: two SKUs may want the same slot, and the answer has to be enough by itself. */
    GetPricesRequest *made = pgl_arena_alloc(arena, sizeof *made);
    if (made == NULL)
        return PGL_NO_MEMORY;
    *made = (GetPricesRequest)GET_PRICES_REQUEST_INIT;
    made->skus = pgl_arena_alloc(arena, order->n_lines * sizeof made->skus[0]);
    if (made->skus == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < order->n_lines; i++)
        if (!is_asked(made, order->lines[i]->sku))
            made->skus[made->n_skus++] = order->lines[i]->sku;
    *ask = made;
    return PGL_OK;
}

void pgl_prices_learn(struct pgl_prices *prices, const GetPricesResponse *answer, int64_t now_ns)
{
    for (size_t i = 0; i < answer->n_prices; i++) {
        const Price *price = answer->prices[i];
        size_t sku_bytes = strlen(price->sku);
        if (sku_bytes > PGL_PRICE_SKU_BYTES || strlen(price->currency) != 3)
            continue;
        struct pgl_price_slot *slot = slot_of(prices, price->sku);
        memcpy(slot->sku, price->sku, sku_bytes + 1);
        memcpy(slot->currency, price->currency, 4);
        slot->price_minor = price->price_minor;
        slot->fresh_until_ns = now_ns + PGL_PRICE_AGE_NS;
    }
}

static bool find_price(const struct pgl_prices *prices, const GetPricesResponse *answer,
                       const char *sku, int64_t *price_minor, const char **currency)
{
    for (size_t i = 0; answer != NULL && i < answer->n_prices; i++)
        if (strcmp(answer->prices[i]->sku, sku) == 0) {
            *price_minor = answer->prices[i]->price_minor;
            *currency = answer->prices[i]->currency;
            return true;
        }
    const struct pgl_price_slot *known = answer == NULL ? find_known(prices, sku) : NULL;
    if (known == NULL)
        return false;
    *price_minor = known->price_minor;
    *currency = known->currency;
    return true;
}

pgl_status pgl_prices_of(const struct pgl_prices *prices, const NewOrder *order,
                         const GetPricesResponse *answer, struct pgl_arena *arena,
                         struct order_price **prices_of_lines)
{
    struct order_price *found = pgl_arena_alloc(arena, order->n_lines * sizeof found[0]);
    if (found == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < order->n_lines; i++) {
        const char *sku = order->lines[i]->sku, *currency;
        if (!find_price(prices, answer, sku, &found[i].unit_price_minor, &currency))
            return PGL_FAIL(PGL_INVALID,
                            pgl_arena_printf(arena, "lines[%zu].sku: %s is not for sale", i, sku));
        if (strcmp(currency, order->currency) != 0)
            return PGL_FAIL(PGL_INVALID,
                            pgl_arena_printf(arena, "lines[%zu].sku: %s is sold in %s, not in %s",
                                             i, sku, currency, order->currency));
    }
    *prices_of_lines = found;
    return PGL_OK;
}
