/*
 * inventory_bench.h - Inventory behind a log of Payments that the test writes: what is heard comes
 * the way it comes in the product, through a consumer and a writer.
 *
 * For:      unit tests of this folder.
 * Owner:    the test.
 * Errors:   what goes wrong with the bench itself stops the test.
 */
#ifndef PGL_INVENTORY_INVENTORY_BENCH_H
#define PGL_INVENTORY_INVENTORY_BENCH_H

#include "services/inventory/audit.h"
#include "services/inventory/service.h"
#include "store/store_bench.h"

struct inventory_bench {
    struct pgl_store_bench source; /* Payments' side */
    struct pgl_event_log payments;
    struct pgl_store_bench store;
    struct pgl_inventory inventory;
};

void inventory_bench_open(struct inventory_bench *bench);
void inventory_bench_close(struct inventory_bench *bench);
/* Inventory ends and starts again. */
void inventory_bench_restart(struct inventory_bench *bench);
/* The same, and hears the whole log once more, from its first event. */
void inventory_bench_hear_again(struct inventory_bench *bench);

/* Sets a level as an import does. */
void inventory_bench_stock(struct inventory_bench *bench, const char *sku, const char *warehouse,
                           int64_t on_hand);

/* The id of an order by a number of the test's. */
pgl_id inventory_bench_order(uint32_t number);

/* One line of an order. */
struct inventory_bench_line {
    const char *sku;
    int64_t quantity;
};

/* Payments says something of an order, and Inventory has heard it when this returns. */
void inventory_bench_authorized(struct inventory_bench *bench, uint32_t order, const char *ship_to,
                                const struct inventory_bench_line *lines, size_t count);
/* The same, and the order may be served in part, at 1 a unit. */
void inventory_bench_partial(struct inventory_bench *bench, uint32_t order, const char *ship_to,
                             const struct inventory_bench_line *lines, size_t count);
/* Authorized, near to the EU, and captured. */
void inventory_bench_paid(struct inventory_bench *bench, uint32_t order,
                          const struct inventory_bench_line *lines, size_t count);

/* One line of a refund; `warehouse` "" where none is named. */
struct inventory_bench_refund {
    int32_t line_no;
    int64_t quantity;
    bool restock;
    const char *warehouse;
};
void inventory_bench_refunded(struct inventory_bench *bench, uint32_t order, int32_t refund_no,
                              const struct inventory_bench_refund *lines, size_t count);
void inventory_bench_verdict(struct inventory_bench *bench, uint32_t order, EventType type);
/* Any event; it is heard at the next turn. */
void inventory_bench_append(struct inventory_bench *bench, Event *event);
void inventory_bench_turn(struct inventory_bench *bench);

/* A warehouse ships one line, or all that it has left. */
struct inventory_bench_parcel {
    uint32_t order;
    const char *key, *warehouse;
    int32_t line_no; /* 0: all that it has left */
    int64_t quantity;
};
PGL_MUST_USE pgl_status inventory_bench_ship(struct inventory_bench *bench,
                                             struct inventory_bench_parcel parcel,
                                             ShipOrderResponse *reply);

/* RESERVATION_NONE when there is no row. */
enum reservation_state inventory_bench_state(struct inventory_bench *bench, uint32_t order);
/* What Inventory said: the event with this number, which must be there. */
Event *inventory_bench_said(struct inventory_bench *bench, int64_t seq);
int64_t inventory_bench_said_count(struct inventory_bench *bench);
/* A row a level: SKU, warehouse, on hand, reserved. */
const char *inventory_bench_levels(struct inventory_bench *bench);
/* The books, which have to agree with themselves. */
struct pgl_inventory_audit inventory_bench_audit(struct inventory_bench *bench);
/* All rows but the consumer's position. */
const char *inventory_bench_dump(struct inventory_bench *bench);

#endif
