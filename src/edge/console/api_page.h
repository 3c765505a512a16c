/*
 * api_page.h - GET /api: what /openapi.json says, for people to read.
 */
#ifndef PGL_EDGE_API_PAGE_H
#define PGL_EDGE_API_PAGE_H

#include "edge/request.h"

pgl_status api_page_begin(struct pgl_request *request);

#endif
