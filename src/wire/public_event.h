/*
 * public_event.h - the table of all events as the outside knows them: what each is called, what it
 * carries, and what of it nobody outside is shown.
 *
 * For:      GET /api/v1/events, webhooks, /asyncapi.json. A new event is a row here, or a test
 *           fails.
 * Owner:    none; a constant table and functions.
 * Threads:  any.
 * Names:    `panglot.order.confirmed.v1`; without `panglot.` and version those that the use cases
 *           name. Several events may share one name, and then the shape of their data.
 */
#ifndef PGL_WIRE_PUBLIC_EVENT_H
#define PGL_WIRE_PUBLIC_EVENT_H

#include "base/arena.h"
#include "contract/events.h"

struct pgl_public_event {
    EventType event;
    const char *type; /* of the CloudEvent */
    Log log;
    const ProtobufCMessageDescriptor *data;
    const char *hidden; /* a text in `data` that never leaves; NULL for none */
    const char *summary;
};

extern const struct pgl_public_event pgl_public_events[];
extern const int pgl_public_event_count;

/* NULL for one that the outside is not told of. */
const struct pgl_public_event *pgl_public_event_of(EventType event);

/* Whether a wish names the type: all of it, its beginning up to a dot and a star
 * ("panglot.order.*"), or "*". */
bool pgl_public_type_fits(struct pgl_text wish, const char *type);

/* Whether a wish names any type at all. */
bool pgl_public_type_is_known(struct pgl_text wish);

/* "orders": the source of a log's events, as paths and sources spell it. */
const char *pgl_public_log_name(Log log);

/* What the outside is shown of the event, in the arena; NULL when that is full or the event is not
 * what its type says. */
const ProtobufCMessage *pgl_public_event_data(const struct pgl_public_event *shown,
                                              const Event *event, struct pgl_arena *arena);

#endif
