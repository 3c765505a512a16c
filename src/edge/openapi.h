/*
 * openapi.h - GET /openapi.json: every route in OpenAPI 3.1, made from the table of routes and the
 * contract's descriptors, so that it cannot say what is not so.
 */
#ifndef PGL_EDGE_OPENAPI_H
#define PGL_EDGE_OPENAPI_H

#include "edge/request.h"

pgl_status openapi_begin(struct pgl_request *request);

/* The document itself; a buffer of PGL_OPENAPI_BYTES_MAX holds it. */
#define PGL_OPENAPI_BYTES_MAX (1u << 20)
void edge_openapi_write(const struct pgl_route *routes, int count, const char *version,
                        struct pgl_buffer *out);

/* What a body may look like; NULL where there is no example. */
const char *edge_example_of(const ProtobufCMessageDescriptor *descriptor);

/* "/api/v1/orders/{id}" is about "orders"; "admin", "webhooks", ... "" for what is not of the
 * API. */
struct pgl_text edge_subject_of(const struct pgl_route *route);

#endif
