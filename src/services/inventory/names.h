/*
 * names.h - what SKUs and warehouses are called outside, and the small numbers that they have in
 * rows.
 *
 * For:      handlers. Rows with integer keys are smaller and found faster than rows with names.
 * Owner:    the service; it moves with the writer's transaction.
 * Threads:  the writer's. A reader asks the tables.
 * Bounds:   PGL_SKUS_MAX, PGL_WAREHOUSES_MAX. All memory but the map's is taken at open; the system
 *           gives it page by page as it is used.
 */
#ifndef PGL_INVENTORY_NAMES_H
#define PGL_INVENTORY_NAMES_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/text.h"

#define PGL_SKU_BYTES_MAX              64
#define PGL_SKUS_MAX                   200000 /* twice a large shop; 13 MB of names */
#define PGL_WAREHOUSE_CODE_BYTES_MAX   32
#define PGL_WAREHOUSE_REGION_BYTES_MAX 16
#define PGL_WAREHOUSES_MAX             32 /* levels that are looked at for one line of an order */

struct pgl_warehouse {
    int64_t id;
    char code[PGL_WAREHOUSE_CODE_BYTES_MAX + 1];
    char region[PGL_WAREHOUSE_REGION_BYTES_MAX + 1];
};

struct pgl_names {
    struct pgl_hash_key hash_key;
    struct pgl_map skus; /* hash of the name to its number */
    struct pgl_arena memory;
    char (*sku_names)[PGL_SKU_BYTES_MAX + 1]; /* by number; 0 is nobody's */
    int64_t sku_count, durable_sku_count;     /* inside the transaction, behind the last commit */
    struct pgl_warehouse warehouses[PGL_WAREHOUSES_MAX]; /* the one with id 1 first */
    int warehouse_count;
};

PGL_MUST_USE pgl_status pgl_names_open(struct pgl_names *names, struct pgl_hash_key hash_key);
void pgl_names_close(struct pgl_names *names);

/* 1 to 64 letters, digits, dots, dashes and underscores. */
bool pgl_sku_is_valid(struct pgl_text sku);

/* 0 when there is none of that name. */
int64_t pgl_names_sku(const struct pgl_names *names, struct pgl_text sku);
/* A name that is valid and not there yet gets the next number. PGL_EXHAUSTED at PGL_SKUS_MAX. */
PGL_MUST_USE pgl_status pgl_names_add_sku(struct pgl_names *names, struct pgl_text sku,
                                          int64_t *id);

/* NULL when there is none of that name. */
const struct pgl_warehouse *pgl_names_warehouse(const struct pgl_names *names,
                                                struct pgl_text code);
/* At start, in the order of ids. */
PGL_MUST_USE pgl_status pgl_names_add_warehouse(struct pgl_names *names, struct pgl_text code,
                                                struct pgl_text region);

/* SKUs added since the last commit stay, or are forgotten. */
void pgl_names_committed(struct pgl_names *names);
void pgl_names_rolled_back(struct pgl_names *names);

#endif
