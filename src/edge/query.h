/*
 * query.h - the parameters of a request's query, as the route's table has them.
 *
 * Owner:    the request; the texts lie in its arena.
 * Bounds:   those of the table; a parameter may stand once.
 */
#ifndef PGL_EDGE_QUERY_H
#define PGL_EDGE_QUERY_H

#include "edge/request.h"

/* For the gateway, before a view runs. PGL_INVALID for a parameter that the table does not have,
 * has twice, or whose value is not of its kind; of a route without a table nothing is looked at. */
PGL_MUST_USE pgl_status edge_read_query(struct pgl_request *request);

/* Whether the table has such a parameter. */
bool edge_query_has(const struct pgl_request *request, const char *name);

/* What was asked. The name has to be one of the table's: another is a bug. */
bool edge_query_is_there(const struct pgl_request *request, const char *name);
/* With a NUL behind; "" where it is not there. */
char *edge_query_text(const struct pgl_request *request, const char *name);
int64_t edge_query_number(const struct pgl_request *request, const char *name, int64_t usual);
bool edge_query_flag(const struct pgl_request *request, const char *name);

#define EDGE_LIMIT_USUAL 20
/* Of a list: how many, and from where. */
static inline int32_t edge_query_limit(const struct pgl_request *request)
{
    return (int32_t)edge_query_number(request, "limit", EDGE_LIMIT_USUAL);
}

/* The query as it was sent, without one parameter: "&a=b&c=d"; NULL without memory. */
const char *edge_query_without(struct pgl_request *request, const char *name);

#endif
