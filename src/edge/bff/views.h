/*
 * views.h - the REST views, a file for each resource; each pair answers one route
 * (gateway/routes.c).
 */
#ifndef PGL_EDGE_VIEWS_H
#define PGL_EDGE_VIEWS_H

#include "edge/request.h"

pgl_status products_list_begin(struct pgl_request *request);
pgl_status products_list_next(struct pgl_request *request);
pgl_status product_get_begin(struct pgl_request *request);
pgl_status product_get_next(struct pgl_request *request);
pgl_status product_create_begin(struct pgl_request *request);
pgl_status product_create_next(struct pgl_request *request);
pgl_status product_put_begin(struct pgl_request *request);
pgl_status product_put_next(struct pgl_request *request);
pgl_status product_change_begin(struct pgl_request *request);
pgl_status product_change_next(struct pgl_request *request);
pgl_status product_retire_begin(struct pgl_request *request);
pgl_status product_retire_next(struct pgl_request *request);
pgl_status admin_product_begin(struct pgl_request *request);
pgl_status admin_product_next(struct pgl_request *request);
pgl_status product_import_begin(struct pgl_request *request);
pgl_status product_import_next(struct pgl_request *request);

pgl_status stock_get_begin(struct pgl_request *request);
pgl_status stock_get_next(struct pgl_request *request);
pgl_status stock_receive_begin(struct pgl_request *request);
pgl_status stock_receive_next(struct pgl_request *request);
pgl_status stock_sell_begin(struct pgl_request *request);
pgl_status stock_sell_next(struct pgl_request *request);
pgl_status stock_count_begin(struct pgl_request *request);
pgl_status stock_count_next(struct pgl_request *request);

pgl_status shipment_create_begin(struct pgl_request *request);
pgl_status shipment_create_next(struct pgl_request *request);
pgl_status shipment_list_begin(struct pgl_request *request);
pgl_status shipment_list_next(struct pgl_request *request);

pgl_status limits_begin(struct pgl_request *request);

pgl_status order_create_begin(struct pgl_request *request);
pgl_status order_create_next(struct pgl_request *request);
pgl_status order_get_begin(struct pgl_request *request);
pgl_status order_get_next(struct pgl_request *request);
pgl_status order_list_begin(struct pgl_request *request);
pgl_status order_list_next(struct pgl_request *request);
pgl_status order_cancel_begin(struct pgl_request *request);
pgl_status order_cancel_next(struct pgl_request *request);
pgl_status order_refund_begin(struct pgl_request *request);
pgl_status order_refund_next(struct pgl_request *request);
pgl_status order_story_begin(struct pgl_request *request);
pgl_status order_story_next(struct pgl_request *request);

pgl_status payment_get_begin(struct pgl_request *request);
pgl_status payment_get_next(struct pgl_request *request);
pgl_status provider_hint_begin(struct pgl_request *request);
pgl_status provider_hint_next(struct pgl_request *request);
pgl_status reconcile_begin(struct pgl_request *request);
pgl_status reconcile_next(struct pgl_request *request);
pgl_status reconciliation_get_begin(struct pgl_request *request);
pgl_status reconciliation_get_next(struct pgl_request *request);

/* /api/v1/admin */
pgl_status audit_list_begin(struct pgl_request *request);
pgl_status audit_list_next(struct pgl_request *request);
pgl_status job_list_begin(struct pgl_request *request);
pgl_status job_list_next(struct pgl_request *request);
pgl_status job_get_begin(struct pgl_request *request);
pgl_status job_get_next(struct pgl_request *request);
pgl_status job_cancel_begin(struct pgl_request *request);
pgl_status job_cancel_next(struct pgl_request *request);
pgl_status parked_list_begin(struct pgl_request *request);
pgl_status parked_list_next(struct pgl_request *request);
pgl_status parked_get_begin(struct pgl_request *request);
pgl_status parked_get_next(struct pgl_request *request);
pgl_status saga_list_begin(struct pgl_request *request);
pgl_status saga_list_next(struct pgl_request *request);
pgl_status saga_get_begin(struct pgl_request *request);
pgl_status saga_get_next(struct pgl_request *request);
pgl_status saga_retry_begin(struct pgl_request *request);
pgl_status saga_retry_next(struct pgl_request *request);
pgl_status saga_settle_begin(struct pgl_request *request);
pgl_status saga_settle_next(struct pgl_request *request);
pgl_status intent_list_begin(struct pgl_request *request);
pgl_status intent_list_next(struct pgl_request *request);
pgl_status parked_replay_begin(struct pgl_request *request);
pgl_status parked_drop_begin(struct pgl_request *request);
pgl_status intent_retry_begin(struct pgl_request *request);
pgl_status intent_settle_begin(struct pgl_request *request);
pgl_status job_started_next(struct pgl_request *request);

pgl_status api_key_create_begin(struct pgl_request *request);
pgl_status api_key_made_next(struct pgl_request *request);
pgl_status api_key_list_begin(struct pgl_request *request);
pgl_status api_key_list_next(struct pgl_request *request);
pgl_status api_key_get_begin(struct pgl_request *request);
pgl_status api_key_shown_next(struct pgl_request *request);
pgl_status api_key_change_begin(struct pgl_request *request);
pgl_status api_key_rotate_begin(struct pgl_request *request);
pgl_status api_key_revoke_begin(struct pgl_request *request);

pgl_status webhook_create_begin(struct pgl_request *request);
pgl_status webhook_create_next(struct pgl_request *request);
pgl_status webhook_list_begin(struct pgl_request *request);
pgl_status webhook_list_next(struct pgl_request *request);
pgl_status webhook_get_begin(struct pgl_request *request);
pgl_status webhook_get_next(struct pgl_request *request);
pgl_status webhook_change_begin(struct pgl_request *request);
pgl_status webhook_delete_begin(struct pgl_request *request);
pgl_status webhook_delete_next(struct pgl_request *request);
pgl_status webhook_rotate_begin(struct pgl_request *request);
pgl_status deliveries_list_begin(struct pgl_request *request);
pgl_status deliveries_list_next(struct pgl_request *request);
pgl_status redeliver_one_begin(struct pgl_request *request);
pgl_status redeliver_range_begin(struct pgl_request *request);
pgl_status redeliver_next(struct pgl_request *request);

#endif
