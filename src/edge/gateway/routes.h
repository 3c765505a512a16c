/*
 * routes.h - the table of all routes: the pages, the documents, the metrics and the checks are made
 * from it.
 */
#ifndef PGL_EDGE_ROUTES_H
#define PGL_EDGE_ROUTES_H

#include "edge/face.h"
#include "edge/route.h"

extern const struct pgl_route pgl_routes[];
extern const int pgl_route_count;

/* The other ways in; behind them NULL. */
extern const struct edge_face *const pgl_faces[];

#endif
