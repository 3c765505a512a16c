/*
 * stock.h - the handlers of Inventory that people call: goods come in, levels are asked for.
 */
#ifndef PGL_INVENTORY_STOCK_H
#define PGL_INVENTORY_STOCK_H

#include "contract/events.h"
#include "contract/inventory.h"
#include "store/tx.h"

#define PGL_AVAILABLE_ASKED_MAX  100 /* a page of a list */
#define PGL_RECEIPT_QUANTITY_MAX INT64_C(1000000000)

/* Of a SKU with a shortfall anywhere nothing is available: it would not be reserved either. */
PGL_MUST_USE pgl_status pgl_inventory_get_stock(const struct pgl_view *view,
                                                const GetStockRequest *ask,
                                                GetStockResponse *reply);
PGL_MUST_USE pgl_status pgl_inventory_get_available(const struct pgl_view *view,
                                                    const GetAvailableRequest *ask,
                                                    GetAvailableResponse *reply);

/* Once for each key of a caller; asked again, the first answer comes again. A SKU may be new. */
PGL_MUST_USE pgl_status pgl_inventory_receive(struct pgl_tx *tx, const ReceiveStockRequest *ask,
                                              ReceiveStockResponse *reply);

/* The story of an order, or of a SKU, in Inventory's log. Whose order it is knows Orders: the edge
 * has asked there before. */
PGL_MUST_USE pgl_status pgl_inventory_read_key(const struct pgl_view *view,
                                               const ReadKeyRequest *ask, ReadKeyResponse *reply);

/* For operators: how far an order has come here; NULL when it is not known. Whose order it is knows
 * Orders. */
PGL_MUST_USE pgl_status pgl_inventory_describe(const struct pgl_view *view, const char *tenant,
                                               const pgl_id *order_id, const char **state);

/* What was counted in a warehouse, for imports: the level is `on_hand` from now on, and the ledger
 * has the difference. Says no event. A count below what is reserved leaves a shortfall. */
PGL_MUST_USE pgl_status pgl_inventory_put_stock(struct pgl_tx *tx, struct pgl_text sku,
                                                struct pgl_text warehouse, int64_t on_hand);

#endif
