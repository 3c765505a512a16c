/*
 * audit.h - whether the books of Inventory agree with themselves, and what an auditor of all
 * services needs from them.
 *
 * For:      `panglot verify` and the simulator's auditor, over a snapshot.
 * Bounds:   memory for one reservation at a time, out of a small arena of its own, and 32 bytes a
 *           row of stock. Each table is read in its own order, once; PGL_INVENTORY_OFFENDERS_MAX
 *           faults are named, all are counted.
 * Errors:   those of the database. What the books say wrongly is not an error but a finding.
 */
#ifndef PGL_INVENTORY_AUDIT_H
#define PGL_INVENTORY_AUDIT_H

#include "services/inventory/reservation_machine.h"
#include "store/view.h"

#define PGL_INVENTORY_OFFENDERS_MAX 20

/* One fault: an order's id, or a SKU and its warehouse; and what is wrong there. */
struct pgl_inventory_offender {
    char name[112], what[64];
};

struct pgl_inventory_audit {
    int64_t reservations[RESERVATION_STATE_COUNT];
    int64_t stock_rows, ledger_rows;
    int64_t reserved;   /* over all stock */
    int64_t held;       /* of it for HELD orders; 0 at rest (saga: Q5) */
    int64_t committed;  /* of it for COMMITTED orders: what is left to be shipped */
    int64_t shortfalls; /* rows of stock that promise more than is there: flagged, no fault */

    /* Faults (saga: A7). All are 0 in sound books. */
    int64_t wrong_on_hand;      /* rows of stock whose on_hand is not what the ledger sums up to */
    int64_t wrong_reserved;     /* the same of reserved */
    int64_t wrong_reservations; /* whose allocations, parcels and refunds are not what the ledger
                                   has for their order */
    /* Ledger rows of orders without a reservation, or without their stock, or of no known cause;
     * orders with parcels or refunds that were not paid. */
    int64_t orphans;
    struct pgl_inventory_offender offenders[PGL_INVENTORY_OFFENDERS_MAX];
    int offender_count;
};

PGL_MUST_USE pgl_status pgl_inventory_check(const struct pgl_view *view,
                                            struct pgl_inventory_audit *audit);
/* Their sum. */
int64_t pgl_inventory_faults(const struct pgl_inventory_audit *audit);

/* All reservations in the order of their ids, for joins over several files. One cursor at a time on
 * a connection. */
struct pgl_reservation {
    pgl_id order_id;
    enum reservation_state state;
    int64_t emitted;
    int64_t last_event_seq; /* 0: nothing was said */
    bool is_partial;        /* not all that was ordered was there */
    int64_t shipments, refunds;
    bool is_there; /* false behind the last */
};

/* What is said of a reservation, as a bit of `emitted`. */
#define PGL_RESERVATION_BIT(type) (INT64_C(1) << ((type)-EVENT_TYPE_INVENTORY_RESERVED))

struct pgl_reservation_cursor {
    struct pgl_rows rows;
};

void pgl_reservations_begin(const struct pgl_view *view, struct pgl_reservation_cursor *cursor);
PGL_MUST_USE pgl_status pgl_reservations_next(struct pgl_reservation_cursor *cursor,
                                              struct pgl_reservation *reservation);
/* For whoever does not go to the end. */
void pgl_reservations_end(struct pgl_reservation_cursor *cursor);

#endif
