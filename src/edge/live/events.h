/*
 * events.h - GET /api/v1/events: all that happened to the caller's tenant, as CloudEvents, from a
 * position on.
 *
 *   after    the position that the last answer's Link has; left out: from the beginning
 *   log      orders, payments or inventory; left out: all three
 *   types    types or their beginnings ("panglot.order.*"), with commas in between
 *   max      events in an answer: 1 to 500, 100 where nothing is said
 *   wait     seconds to wait when there is nothing new: 0 to 15
 *
 * An answer that passed over events of other types or tenants may be short, or empty, without the
 * end being reached: its Link leads on all the same. The events of one log come in its order; those
 * of several in the order of time, as far as an answer goes.
 *
 * Bounds:   EVENTS_MAX events or EVENTS_BYTES an answer. A wait is woken by the logs (watch.h), and
 *           looks every EVENTS_LOOK_NS whether its client is still there. Each log takes
 *           PGL_FEED_READS_MAX reads at a time (events/feed.h); more are 503.
 */
#ifndef PGL_EDGE_EVENTS_H
#define PGL_EDGE_EVENTS_H

#include "edge/request.h"

#define EVENTS_MAX       500
#define EVENTS_USUAL     100
#define EVENTS_BYTES     (512u << 10)
#define EVENTS_WAIT_S    15
#define EVENTS_LOOK_NS   PGL_SECONDS(1)
#define EVENTS_TYPES_MAX 32

pgl_status events_begin(struct pgl_request *request);
pgl_status events_next(struct pgl_request *request);

#endif
