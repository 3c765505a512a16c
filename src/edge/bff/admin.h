/*
 * admin.h - what the views of /api/v1/admin share; for this folder only.
 */
#ifndef PGL_EDGE_ADMIN_H
#define PGL_EDGE_ADMIN_H

#include "contract/admin.h"
#include "contract/ops.h"
#include "edge/query.h"

#define ADMIN_SERVICES 4 /* in the order of edge->admins */
#define ADMIN_ALL      15u
#define ADMIN_AUDITED  5 /* and identity, which has an audit log alone */

/* The bit of a service's name; all of them for "". PGL_INVALID for another. */
PGL_MUST_USE pgl_status admin_service_bit(struct pgl_text name, unsigned *services);
/* The place of the service in "orders.payments.01a2..." or "orders-7"; PGL_NOT_FOUND. */
PGL_MUST_USE pgl_status admin_service_of(const char *name, char separator, int *service);

/* ---- pages of several services, by time ---- */

/* "12.0.7.0": where each service's list goes on. PGL_INVALID for what is none. */
PGL_MUST_USE pgl_status admin_read_places(const char *cursor, int64_t places[ADMIN_AUDITED]);
char *admin_write_places(struct pgl_request *request, const int64_t places[ADMIN_AUDITED]);

struct admin_pile {
    void **items; /* newest first */
    size_t count, taken;
};

/* The service whose next item is the newest; -1 at the end of all. */
int admin_newest(struct admin_pile piles[ADMIN_AUDITED], int64_t (*at_ns)(const void *item));

/* Nobody is to keep it. */
PGL_MUST_USE pgl_status admin_reply(struct pgl_request *request, int status,
                                    const ProtobufCMessage *message);

#define ADMIN_NO_MEMORY PGL_FAIL(PGL_EXHAUSTED, "no memory for this request")

#endif
