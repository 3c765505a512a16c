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

pgl_status stock_get_begin(struct pgl_request *request);
pgl_status stock_get_next(struct pgl_request *request);
pgl_status stock_receive_begin(struct pgl_request *request);
pgl_status stock_receive_next(struct pgl_request *request);

pgl_status order_create_begin(struct pgl_request *request);
pgl_status order_create_next(struct pgl_request *request);
pgl_status order_get_begin(struct pgl_request *request);
pgl_status order_get_next(struct pgl_request *request);
pgl_status order_list_begin(struct pgl_request *request);
pgl_status order_list_next(struct pgl_request *request);
pgl_status order_cancel_begin(struct pgl_request *request);
pgl_status order_cancel_next(struct pgl_request *request);
pgl_status order_story_begin(struct pgl_request *request);
pgl_status order_story_next(struct pgl_request *request);

pgl_status payment_get_begin(struct pgl_request *request);
pgl_status payment_get_next(struct pgl_request *request);

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
