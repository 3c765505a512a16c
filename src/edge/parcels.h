/*
 * parcels.h - what has left of an order, for REST and for gRPC: Inventory has it, and Orders knows
 * whose the order is. So a customer's question goes to Orders first.
 *
 * Owner:    the request's arena; `request->view` is in use until it is done.
 * Threads:  the edge's loop.
 * Errors:   PGL_NOT_FOUND where there is no such order for whoever asks.
 */
#ifndef PGL_EDGE_PARCELS_H
#define PGL_EDGE_PARCELS_H

#include "contract/inventory.h"
#include "edge/request.h"

/* A row's `begin`. The reply outlives the request's flow. */
PGL_MUST_USE pgl_status edge_parcels_ask(struct pgl_request *request, const char *order_id,
                                         ListShipmentsResponse *reply);
/* In a row's `next`: the reply, or NULL while another question is on its way. */
PGL_MUST_USE pgl_status edge_parcels_answered(struct pgl_request *request,
                                              const ListShipmentsResponse **reply);

#endif
