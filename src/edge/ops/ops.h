/*
 * ops.h - what machines ask of us: alive, ready, metrics, keys.
 */
#ifndef PGL_EDGE_OPS_H
#define PGL_EDGE_OPS_H

#include "edge/request.h"

pgl_status ops_livez(struct pgl_request *request);
pgl_status ops_readyz(struct pgl_request *request);
pgl_status ops_metrics(struct pgl_request *request); /* for whoever reaches the listener */
/* Where clients come in: for addresses that were named. */
pgl_status ops_metrics_for_watchers(struct pgl_request *request);
pgl_status ops_jwks(struct pgl_request *request);

#endif
