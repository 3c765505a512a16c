/*
 * asyncapi.h - GET /asyncapi.json: every event that the outside can be told of, in AsyncAPI 3.0,
 * made from the table that tells them (wire/public_event.h) and the contract's descriptors.
 */
#ifndef PGL_EDGE_ASYNCAPI_H
#define PGL_EDGE_ASYNCAPI_H

#include "edge/request.h"

pgl_status asyncapi_begin(struct pgl_request *request);

/* The document itself; a buffer of PGL_ASYNCAPI_BYTES_MAX holds it. */
#define PGL_ASYNCAPI_BYTES_MAX (256u << 10)
void edge_asyncapi_write(const char *version, struct pgl_buffer *out);

#endif
