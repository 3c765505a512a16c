/*
 * identify.h - who is asking, and whether the route lets them in.
 */
#ifndef PGL_EDGE_IDENTIFY_H
#define PGL_EDGE_IDENTIFY_H

#include "edge/request.h"

/* Fills in `caller`. PGL_UNAUTHENTICATED, PGL_DENIED. A route that is open to anyone does not look
 * at tokens. */
PGL_MUST_USE pgl_status edge_identify(struct pgl_request *request);

#endif
