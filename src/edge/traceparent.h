/*
 * traceparent.h - W3C Trace Context, level 1, section 3.2: reading and writing the header.
 */
#ifndef PGL_EDGE_TRACEPARENT_H
#define PGL_EDGE_TRACEPARENT_H

#include "base/arena.h"
#include "contract/events.h"
#include "runtime/call.h"

#define PGL_TRACEPARENT_BYTES 55

/* False, and no trace, for anything that is not a valid header. */
bool edge_traceparent_read(struct pgl_text header, struct pgl_trace *trace);

void edge_traceparent_write(const struct pgl_trace *trace, char out[PGL_TRACEPARENT_BYTES]);

/* "" for an event without a trace. */
char *edge_traceparent_of_event(struct pgl_arena *arena, const Event *event);

#endif
