/*
 * service.h - Inventory: what lies in which warehouse, and what of it is held for whom.
 *
 * It reads Payments' log only, so that all it hears of an order comes in one order.
 *
 * Owner:    app/boot.c; the struct is the context of its writer.
 * Threads:  the writer's loop. Queries ask the tables alone; their context is not looked at.
 * Bounds:   PGL_SKUS_MAX and PGL_WAREHOUSES_MAX; more of them in the file: PGL_EXHAUSTED at open.
 */
#ifndef PGL_INVENTORY_SERVICE_H
#define PGL_INVENTORY_SERVICE_H

#include "contract/events.h"
#include "contract/inventory.h"
#include "events/consumer.h"
#include "runtime/call.h"
#include "saga/admin.h"
#include "services/inventory/inventory.h"

struct pgl_inventory_options {
    int64_t partial_percent; /* 0 to 100: of the amount, for an order to be served in part */
};

struct pgl_inventory {
    struct pgl_inventory_core core; /* first: one pointer is both */
    struct pgl_consumer payments;
    struct pgl_admin admin;
    struct pgl_participant participant;
};

extern const struct pgl_method pgl_inventory_methods[INVENTORY_SERVICE_METHOD_COUNT];
extern const struct pgl_method pgl_inventory_log_methods[EVENT_LOG_SERVICE_METHOD_COUNT];
extern const struct pgl_method pgl_inventory_admin_methods[ADMIN_SERVICE_METHOD_COUNT];

/* Brings the open writer's file up to date, and becomes its context. */
PGL_MUST_USE pgl_status pgl_inventory_open(struct pgl_inventory *inventory,
                                           struct pgl_writer *writer,
                                           const struct pgl_inventory_options *options);
/* After open; not for tools that only import. */
PGL_MUST_USE pgl_status pgl_inventory_connect(struct pgl_inventory *inventory,
                                              struct pgl_log_source *payments);
/* After connect: asks for the first events. */
void pgl_inventory_start(struct pgl_inventory *inventory);
/* Also right after an open or a connect that failed. */
void pgl_inventory_close(struct pgl_inventory *inventory);

#endif
