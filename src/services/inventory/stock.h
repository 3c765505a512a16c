/*
 * stock.h - the handlers of Inventory that people call about stock: levels are asked for (stock.c);
 * goods come in, are sold at a till, are counted (goods.c).
 *
 * Bounds:   PGL_STOCK_QUANTITY_MAX in one receipt or sale; ON_HAND_MAX on a shelf.
 */
#ifndef PGL_INVENTORY_STOCK_H
#define PGL_INVENTORY_STOCK_H

#include "contract/events.h"
#include "contract/inventory.h"
#include "store/tx.h"

#define PGL_AVAILABLE_ASKED_MAX 100 /* a page of a list */
#define PGL_STOCK_QUANTITY_MAX  INT64_C(1000000000)
#define PGL_SOURCE_BYTES_MAX    64

/* Of a SKU with a shortfall anywhere nothing is available: it would not be reserved either. */
PGL_MUST_USE pgl_status pgl_inventory_get_stock(const struct pgl_view *view,
                                                const GetStockRequest *ask,
                                                GetStockResponse *reply);
PGL_MUST_USE pgl_status pgl_inventory_get_available(const struct pgl_view *view,
                                                    const GetAvailableRequest *ask,
                                                    GetAvailableResponse *reply);

/* The three that change stock are carried out once for each key of a caller; asked again, the first
 * answer comes again. What a source sent that is not newer than its last message about the place is
 * answered with the level as it is, and changes nothing. A SKU that arrives or is counted may be
 * new. */
PGL_MUST_USE pgl_status pgl_inventory_receive(struct pgl_tx *tx, const ReceiveStockRequest *ask,
                                              ReceiveStockResponse *reply);
/* A fact, so never refused for want of goods: on_hand may fall below what is promised, and below
 * nothing. StockShort is said when a shortfall appears or grows. */
PGL_MUST_USE pgl_status pgl_inventory_sell(struct pgl_tx *tx, const SellStockRequest *ask,
                                           SellStockResponse *reply);
/* The level is `counted` from now on. */
PGL_MUST_USE pgl_status pgl_inventory_count(struct pgl_tx *tx, const CountStockRequest *ask,
                                            CountStockResponse *reply);

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

/* A row of stock as others see it. */
void stock_show(WarehouseStock *level, const char *code, int64_t on_hand, int64_t reserved);

#endif
