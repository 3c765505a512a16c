/*
 * shop.h - what orders are made of: customers with their tokens, products, and goods enough for all
 * of them.
 *
 * Owner:    whoever holds the struct; filled before the load begins, and constant from then on.
 * Bounds:   PGL_SHOP_PRODUCTS_MAX products, PGL_SHOP_LINES_MAX lines an order.
 * Memory:   its own arena, until pgl_shop_free.
 */
#ifndef PGL_APP_BENCH_SHOP_H
#define PGL_APP_BENCH_SHOP_H

#include "app/bench/fetch.h"
#include "base/random.h"
#include "wire/jwt.h"

#define PGL_SHOP_PRODUCTS_MAX  10000
#define PGL_SHOP_LINES_MAX     100 /* as the platform takes them */
#define PGL_SHOP_CUSTOMERS_MAX 1000000
#define PGL_SHOP_CARD_BYTES    64

struct pgl_shop_product {
    const char *sku;
    struct pgl_text line; /* {"sku":"KIT-101","quantity":1} */
    int64_t available;
};

struct pgl_shop {
    struct pgl_arena arena;
    struct pgl_text *tokens; /* of the customers, in no order that their names have */
    size_t customer_count;
    struct pgl_text operator_token;
    struct pgl_shop_product *products; /* all in one currency, the first one's */
    size_t product_count;
    char currency[4];
    struct pgl_text payment; /* {"method":"account"} */
    char host[56];           /* for the Host field */
    size_t line_bytes_max, token_bytes_max;
};

void pgl_shop_init(struct pgl_shop *shop, const struct pgl_address *address);
void pgl_shop_free(struct pgl_shop *shop);

/* Signs the tokens of the customers and an operator's, with the key of a data folder. The customers
 * are the same in every run. */
PGL_MUST_USE pgl_status pgl_shop_sign_tokens(struct pgl_shop *shop, struct pgl_platform *platform,
                                             const char *folder, size_t customers, int64_t ttl_ns);

/* From now on orders are paid by this card and not by account. PGL_INVALID for what is no token. */
PGL_MUST_USE pgl_status pgl_shop_pay_by_card(struct pgl_shop *shop, const char *card_token);

/* Asks the platform for its products. */
PGL_MUST_USE pgl_status pgl_shop_learn_products(struct pgl_shop *shop, struct pgl_fetch *fetch);

/* Receives goods of every product that has less than `units`. */
PGL_MUST_USE pgl_status pgl_shop_restock(struct pgl_shop *shop, struct pgl_fetch *fetch,
                                         int64_t units, struct pgl_random *random);

/* The most that pgl_shop_write_order writes. */
size_t pgl_shop_order_bytes_max(const struct pgl_shop *shop, size_t line_count);

/* A whole request for one order of `customer`, of different products drawn at random, with a key of
 * its own. Returns its size. */
size_t pgl_shop_write_order(const struct pgl_shop *shop, size_t customer, size_t line_count,
                            struct pgl_random *random, char *out);

#endif
