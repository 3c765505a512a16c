/*
 * lines.h - connections to receivers, kept behind a delivery for the next one to the same place:
 * a receiver who is told of much is not made to shake hands for every event.
 *
 * The place is scheme, host, port and address. The address comes from a lookup of this delivery,
 * so a name that leads elsewhere now, or to where nothing may go, has no use of what was kept.
 *
 * Owner:    run.c; on its loop.
 * Bounds:   PGL_WEBHOOK_LINES_MAX, one for each sender, so that there always is one: the one that
 *           was kept longest gives way. Nobody's is closed after KEPT_NS, and none is kept on when
 *           it is AGE_NS old: whom it leads to, and by which certificate, is looked at anew then.
 */
#ifndef PGL_WEBHOOKS_LINES_H
#define PGL_WEBHOOKS_LINES_H

#include "platform/waiter.h"
#include "services/webhooks/guard.h"
#include "transport/http_client.h"
#include "transport/lookup.h"

#define PGL_WEBHOOK_LINES_MAX 32

struct webhook_line {
    struct pgl_http_client client;
    bool is_taken;
    bool is_used; /* an earlier delivery went over it: it may be gone without our knowing yet */
    int64_t kept_until_ns; /* of nobody's that is open; else 0 */
    int64_t old_at_ns;
    char host[PGL_WEBHOOK_HOST_BYTES], address[PGL_PEER_BYTES];
    uint16_t port;
    bool is_tls;
};

struct webhook_lines {
    struct pgl_loop *loop;
    struct pgl_timer late; /* when the next one is to be closed */
    struct webhook_line lines[PGL_WEBHOOK_LINES_MAX];
};

void webhook_lines_open(struct webhook_lines *lines, struct pgl_loop *loop,
                        size_t answer_bytes_max);
/* When its loop runs no more. */
void webhook_lines_close(struct webhook_lines *lines);

/* One that is open to the URL's host at one of these addresses (`is_used`), or a closed one, to be
 * connected to the first of them. It is the caller's until it is given back. */
struct webhook_line *webhook_line_take(struct webhook_lines *lines,
                                       const struct pgl_webhook_url *url,
                                       const struct pgl_lookup *lookup);
/* Kept where its answer has come whole and it is still open; closed else. */
void webhook_line_give(struct webhook_lines *lines, struct webhook_line *line);

#endif
