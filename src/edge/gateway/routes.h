/*
 * routes.h - the table of all routes: the page at /, the metrics and the checks are made from it.
 */
#ifndef PGL_EDGE_ROUTES_H
#define PGL_EDGE_ROUTES_H

#include "edge/request.h"

extern const struct pgl_route pgl_routes[];
extern const int pgl_route_count;

/* The row for a method and path, with its parameters still encoded. NULL with `*path_is_known` when
 * only the method is wrong. HEAD finds the row of GET. */
const struct pgl_route *pgl_route_find(enum pgl_http_method method, struct pgl_text path,
                                       struct pgl_text params[PGL_REQUEST_PARAMS_MAX],
                                       int *param_count, bool *path_is_known);

/* The methods of a path, for the Allow field (RFC 9110, 10.2.1). */
const char *pgl_route_allow(struct pgl_text path, struct pgl_arena *arena);

#endif
