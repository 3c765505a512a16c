/*
 * run.h - delivers what is due: looks at the tables when there is news or a retry's moment has
 * come, sends, and writes down how it went.
 *
 * Owner:    the service; on the loop of effects, where whatever leaves the house is done.
 * Threads:  the loop's. The service's writer sends a message to `pokes` when something may be due.
 * Bounds:   PGL_WEBHOOK_SENDERS_MAX deliveries at a time, PGL_WEBHOOK_IN_FLIGHT_MAX of an endpoint;
 *           what is due beyond that waits in its table, and each endpoint has its turn. An attempt
 *           takes SEND_NS at most. Nothing runs while nothing waits.
 * Errors:   an attempt that fails is written down like one that does not; one that cannot be
 *           written down is tried to be until it can. One that was sent and not written down (the
 *           process was killed) is sent again, with the same webhook-id.
 */
#ifndef PGL_WEBHOOKS_RUN_H
#define PGL_WEBHOOKS_RUN_H

#include "base/random.h"
#include "services/webhooks/lines.h"
#include "services/webhooks/webhooks.h"
#include "telemetry/metrics.h"
#include "transport/rpc.h"
#include "wire/tls.h"

#define PGL_WEBHOOK_SENDERS_MAX 32

struct webhook_sender;

struct pgl_webhook_run {
    struct pgl_loop *loop;
    const struct pgl_endpoint *self; /* the service's own writer and reader */
    bool loopback_too;               /* see guard.h */
    struct pgl_mailbox pokes;
    struct pgl_counter delivered, failed; /* attempts */

    /* What follows is its own. */
    struct pgl_rpc rpc;
    struct pgl_random random;
    struct pgl_tls_context *tls; /* NULL until the first one is needed */
    struct pgl_flow flow;
    struct pgl_timer next; /* when something waits for its moment */
    bool is_poked;
    struct pgl_arena arena; /* of one look */
    struct pgl_rpc_call asked;
    int left;
    uint64_t looks; /* counts them */
    struct webhook_due_ask ask;
    struct webhook_due_reply reply;
    struct webhook_sender *senders;
    struct webhook_lines lines;
};

PGL_MUST_USE pgl_status pgl_webhook_run_open(struct pgl_webhook_run *run, struct pgl_loop *loop,
                                             const struct pgl_endpoint *self, bool loopback_too);
/* Looks for the first time; the loops may run or not yet. */
void pgl_webhook_run_start(struct pgl_webhook_run *run);
/* Cuts what is on its way. */
void pgl_webhook_run_close(struct pgl_webhook_run *run);

#endif
