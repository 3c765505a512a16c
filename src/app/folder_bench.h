/*
 * folder_bench.h - a whole platform on a folder of its own, with orders that end in each way; for
 * tests of what looks at it.
 *
 * Owner:    the test. Its loops are turned by hand, or run by threads of the test.
 * Errors:   what goes wrong with the bench itself stops the test.
 */
#ifndef PGL_APP_FOLDER_BENCH_H
#define PGL_APP_FOLDER_BENCH_H

#include "app/boot.h"

#define FOLDER_CREDIT_MINOR 100000
#define FOLDER_PRICE_MINOR  100

struct folder_order {
    const char *customer, *key;
    int64_t pens, inks; /* lines with a quantity of 0 are left out */
};

struct folder_bench {
    char folder[64];
    struct pgl_platform *platform;
    struct pgl_boot boot;
};

/* 40 PEN and 5 INK, over two warehouses. */
void folder_bench_open(struct folder_bench *bench);
/* Leaves nothing. */
void folder_bench_close(struct folder_bench *bench);

/* What happens between two turns of the loops. */
pgl_id folder_bench_order(struct folder_bench *bench, const struct folder_order *order);
void folder_bench_cancel(struct folder_bench *bench, pgl_id order_id, const char *customer);
/* As the writer of Orders runs it, wherever it comes from. */
pgl_status folder_bench_create(struct pgl_tx *tx, const struct folder_order *order,
                               pgl_id *order_id);

/* Until nobody has anything left to do. */
void folder_bench_settle(struct folder_bench *bench);

#endif
