/*
 * fulfilment.h - what of a reservation has left the house, was given up again, or came back; and so
 * what is still to be shipped.
 *
 * It is worked out from the rows of parcels and refunds: an order of which nothing has left and
 * nothing was refunded has none, and costs nothing.
 *
 * For:      shipping, refunds, the auditor.
 * Owner:    the caller; all lies in the arena of the view.
 * Bounds:   PGL_SHIPMENTS_MAX parcels an order. Of refunds Orders takes no more than there are
 *           units.
 * Errors:   PGL_INTERNAL when the rows do not fit the allocations: then the books are wrong.
 */
#ifndef PGL_INVENTORY_FULFILMENT_H
#define PGL_INVENTORY_FULFILMENT_H

#include "contract/events.h"
#include "services/inventory/inventory_sql.h"

#define PGL_SHIPMENTS_MAX 100 /* of one order, which then is read at one go */

enum fulfilment_part {
    PART_SHIPPED,   /* has left */
    PART_RELEASED,  /* was refunded before it left: not set aside any more */
    PART_RESTOCKED, /* came back, and is on hand again */
    PART_REFUNDED,  /* all that was refunded, before or after */
    PART_COUNT
};

/* What one warehouse has set aside of one line, and what became of it. */
struct fulfilment_share {
    const Allocation *allocation;
    int64_t parts[PART_COUNT];
};

struct fulfilment {
    struct reservation_row row;
    /* in the order of the allocations: line by line, near to far */
    struct fulfilment_share *shares;
    size_t share_count;
    InventoryShipped **parcels;
    int64_t *parcel_times_ns;
    size_t parcel_count;
    int32_t last_shipment_no;
    InventoryReturned **returns;
    int32_t *refund_nos;
    size_t return_count;
};

/* Of a reservation that was read; in any state, also one that is not there. */
PGL_MUST_USE pgl_status fulfilment_read(const struct pgl_view *view,
                                        const struct reservation_row *row,
                                        struct fulfilment *fulfilment);

/* The same of one of which nothing has left and nothing was refunded. */
PGL_MUST_USE pgl_status fulfilment_read_whole(const struct pgl_view *view,
                                              const struct reservation_row *row,
                                              struct fulfilment *fulfilment);

/* Of one share, and of all. Only a COMMITTED order has anything left. */
int64_t fulfilment_left_of(const struct fulfilment_share *share);
int64_t fulfilment_left(const struct fulfilment *fulfilment);

/* How much more this part of the share can be. */
int64_t fulfilment_room(const struct fulfilment_share *share, enum fulfilment_part part);

/* Adds to a part of the shares of one line, as far as there is room; what found none is answered.
 * `warehouse` NULL: any. */
int64_t fulfilment_spread(struct fulfilment *fulfilment, int32_t line_no, const char *warehouse,
                          enum fulfilment_part part, int64_t quantity);

/* Behind what was said of it at row.last_event_seq: the reservation is in this state now, or still.
 */
PGL_MUST_USE pgl_status fulfilment_keep(struct pgl_tx *tx, struct fulfilment *fulfilment,
                                        enum reservation_state after);

#endif
