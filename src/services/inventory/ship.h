/*
 * ship.h - parcels: a warehouse sends what it has set aside for an order, in as many as it takes
 * (ship.c); whoever may asks for them (shipments.c).
 *
 * Bounds:   PGL_SHIPMENTS_MAX parcels an order; carrier and tracking as below.
 */
#ifndef PGL_INVENTORY_SHIP_H
#define PGL_INVENTORY_SHIP_H

#include "contract/events.h"
#include "contract/inventory.h"
#include "store/tx.h"

#define PGL_CARRIER_BYTES_MAX  64
#define PGL_TRACKING_BYTES_MAX 128

/* Once for each key of a caller. PGL_CONFLICT when the order is not paid, or the warehouse has not
 * that much left to ship of it, or less is there than that (a backorder); PGL_NOT_FOUND when
 * nothing was ever set aside for such an order of this tenant. */
PGL_MUST_USE pgl_status pgl_inventory_ship(struct pgl_tx *tx, const ShipOrderRequest *ask,
                                           ShipOrderResponse *reply);

/* The parcels of an order, and what is left to be shipped. Whose order it is knows Orders: the edge
 * has asked there before. */
PGL_MUST_USE pgl_status pgl_inventory_list_shipments(const struct pgl_view *view,
                                                     const ListShipmentsRequest *ask,
                                                     ListShipmentsResponse *reply);

/* A parcel as others see it. */
PGL_MUST_USE pgl_status shipment_show(struct pgl_arena *arena, const InventoryShipped *shipped,
                                      int64_t at_ns, Parcel **shown);
extern const pgl_status shipment_no_such_order;

#endif
