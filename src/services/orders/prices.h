/*
 * prices.h - what Catalog asks for the lines of an order, remembered for a moment.
 *
 * Owner:    the loop of the service's flows.
 * Bounds:   PGL_PRICES_MAX prices; a new one takes the place of another. A price is at most
 *           PGL_PRICE_AGE_NS old.
 */
#ifndef PGL_ORDERS_PRICES_H
#define PGL_ORDERS_PRICES_H

#include "base/hash.h"
#include "base/time.h"
#include "contract/catalog.h"
#include "contract/orders.h"
#include "services/orders/orders.h"
#include "transport/rpc.h"

#define PGL_PRICES_MAX      8192 /* a power of two */
#define PGL_PRICE_AGE_NS    PGL_SECONDS(1)
#define PGL_PRICE_SKU_BYTES 64

struct pgl_prices {
    struct pgl_price_slot {
        char sku[PGL_PRICE_SKU_BYTES + 1];
        char currency[4];
        int64_t price_minor;
        int64_t fresh_until_ns; /* monotonic; 0 for an empty slot */
    } * slots;
    struct pgl_hash_key hash_key;
};

PGL_MUST_USE pgl_status pgl_prices_open(struct pgl_prices *prices, struct pgl_hash_key hash_key);
void pgl_prices_close(struct pgl_prices *prices);

/* What has to be asked for: the SKUs of the order without a fresh price, each once. NULL when all
 * are known. PGL_EXHAUSTED leaves `*ask` NULL. */
PGL_MUST_USE pgl_status pgl_prices_missing(const struct pgl_prices *prices, const NewOrder *order,
                                           int64_t now_ns, struct pgl_arena *arena,
                                           GetPricesRequest **ask);

void pgl_prices_learn(struct pgl_prices *prices, const GetPricesResponse *answer, int64_t now_ns);

/* The price of each line, from `answer` (may be NULL) or from what is known. PGL_INVALID with the
 * line for a SKU that is not for sale, and for another currency than the order's. */
PGL_MUST_USE pgl_status pgl_prices_of(const struct pgl_prices *prices, const NewOrder *order,
                                      const GetPricesResponse *answer, struct pgl_arena *arena,
                                      struct order_price **prices_of_lines);

#endif
