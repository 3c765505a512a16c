/*
 * home.h - the page at /: what the program offers, made from the table of routes.
 */
#ifndef PGL_EDGE_HOME_H
#define PGL_EDGE_HOME_H

#include "edge/request.h"

pgl_status home_begin(struct pgl_request *request);

#endif
