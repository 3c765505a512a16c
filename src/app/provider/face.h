/*
 * face.h - the bank over HTTP: Stripe's paths, and beside them three pages of our own.
 *
 *     GET  /_ledger[?order_id=ID]    totals and what each order paid; or one order alone
 *     GET  /_objects[?from=N]        a thousand objects, as they are
 *     GET  /_faults                  what goes wrong now
 *     POST /_faults                  changes it: slow=5%&slow-ms=300 (faults.h)
 *
 * Pages of our own are for this machine: who asks from elsewhere is told 403. They need no key.
 *
 * Owner:    provider.c.
 * Threads:  its loop's.
 * Bounds:   the server's limits; a request that finds the desk's queue full is told 429.
 * Faults:   drawn here for each request; what happens to connections happens here.
 */
#ifndef PGL_APP_PROVIDER_FACE_H
#define PGL_APP_PROVIDER_FACE_H

#include "app/provider/desk.h"
#include "transport/http_server.h"

struct pgl_face_options {
    const char *host;
    uint16_t port;
    struct pgl_faults faults;
    struct pgl_bank_hooks_options *webhooks; /* NULL: nobody is told */
    uint64_t seed;                           /* of faults */
};

struct pgl_face {
    struct pgl_loop *loop;
    struct pgl_mailbox *desk; /* its commands */
    struct pgl_http_server http;
    struct pgl_mailbox answers;
    struct pgl_faults faults;
    struct pgl_random random;
    bool has_webhooks;
    struct pgl_bank_hooks webhooks;
    struct pgl_mailbox hooks; /* events that come from the desk */
};

/* What the desk sends events to is ready when this returns, also when it fails. */
void pgl_face_init(struct pgl_face *face, struct pgl_loop *loop,
                   const struct pgl_face_options *options);
/* Listens. */
PGL_MUST_USE pgl_status pgl_face_open(struct pgl_face *face, struct pgl_mailbox *desk,
                                      const struct pgl_face_options *options);
void pgl_face_close(struct pgl_face *face);

#endif
