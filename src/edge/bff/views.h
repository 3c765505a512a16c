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
pgl_status order_refund_begin(struct pgl_request *request);
pgl_status order_refund_next(struct pgl_request *request);
pgl_status order_story_begin(struct pgl_request *request);
pgl_status order_story_next(struct pgl_request *request);

pgl_status payment_get_begin(struct pgl_request *request);
pgl_status payment_get_next(struct pgl_request *request);

#endif
