/*
 * inventory.h - what the handlers of Inventory share.
 *
 * Owner:    service.c; handlers find it as the context of their transaction.
 * Threads:  the writer's.
 */
#ifndef PGL_INVENTORY_INVENTORY_H
#define PGL_INVENTORY_INVENTORY_H

#include "events/log.h"
#include "services/inventory/names.h"
#include "services/inventory/reservation_machine.h"
#include "store/tally.h"

struct pgl_inventory_core {
    struct pgl_event_log log;
    struct pgl_names names;
    struct pgl_tally tally; /* of reservations */
    /* Of the amount of an order that may be served in part: with less it is not served at all. */
    int64_t partial_percent;
};

#endif
