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
#include "telemetry/metrics.h"

struct pgl_inventory_core {
    struct pgl_event_log log;
    struct pgl_names names;
    /* Reservations by the state that they have come to, since the start: in the transaction,
     * committed. */
    uint64_t entered[RESERVATION_STATE_COUNT];
    struct pgl_counter reservations[RESERVATION_STATE_COUNT];
};

#endif
