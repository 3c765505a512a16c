/*
 * streams.h - news as server-sent events (HTML Living Standard, 9.2): one order's changes, every
 * order's end.
 *
 * A stream asks for what is behind the last thing it has sent, again and again (long polls), so it
 * resumes from Last-Event-ID and needs no queue of its own.
 *
 * Bounds:   as many streams as admit.h lets in; a peer that does not read is cut
 *           (transport/http_server.h) and comes back.
 */
#ifndef PGL_EDGE_STREAMS_H
#define PGL_EDGE_STREAMS_H

#include "edge/request.h"

pgl_status order_stream_begin(struct pgl_request *request);
pgl_status order_stream_next(struct pgl_request *request);
pgl_status endings_begin(struct pgl_request *request);
pgl_status endings_next(struct pgl_request *request);

#endif
