/*
 * services.h - what can be called, and by whom: a row a method. A method without a row is not
 * offered; a row without a rule lets nobody in.
 */
#ifndef PGL_EDGE_GRPC_SERVICES_H
#define PGL_EDGE_GRPC_SERVICES_H

#include "edge/grpc/call.h"

#define EDGE_GRPC_SERVICES                 9
#define EDGE_GRPC_SERVICES_WITH_REFLECTION (EDGE_GRPC_SERVICES + 2) /* which come last */

extern const struct pgl_grpc_service edge_grpc_services[EDGE_GRPC_SERVICES_WITH_REFLECTION];

/* ---- what answers by itself: begin and next of rows */

pgl_status edge_grpc_order_begin(struct pgl_request *request); /* follow.c */
pgl_status edge_grpc_order_next(struct pgl_request *request);
pgl_status edge_grpc_log_begin(struct pgl_request *request);
pgl_status edge_grpc_parcels_begin(struct pgl_request *request); /* parcels.c */
pgl_status edge_grpc_parcels_next(struct pgl_request *request);
pgl_status edge_grpc_health_check(struct pgl_request *request); /* health.c */
pgl_status edge_grpc_health_watch(struct pgl_request *request);
pgl_status edge_grpc_reflection_begin(struct pgl_request *request); /* reflection.c */
extern const struct pgl_grpc_handler edge_grpc_reflection_handler;

/* Which of the logs a message means. */
pgl_status edge_grpc_log_endpoint(const struct pgl_request *request, int log,
                                  const struct pgl_endpoint **endpoint);

#endif
