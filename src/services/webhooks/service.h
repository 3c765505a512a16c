/*
 * service.h - Webhooks: tells endpoints outside what happened, until they have taken it.
 *
 * It listens to the logs of the others only while somebody wants to be told: without an enabled
 * endpoint it reads nothing and costs nothing.
 *
 * Owner:    app/boot.c; the struct is the context of its writer.
 * Threads:  writer and reader have loops of their own; flows run on a loop that services share,
 *           deliveries on the loop of effects.
 * Bounds:   webhooks.h, run.h. PGL_WEBHOOKS_FLOWS_MAX calls that take several steps at a time.
 * Order:    open the writer, open, connect, serve, start; close before the writer.
 */
#ifndef PGL_WEBHOOKS_SERVICE_H
#define PGL_WEBHOOKS_SERVICE_H

#include "saga/admin.h"
#include "services/webhooks/run.h"
#include "services/webhooks/webhooks.h"
#include "store/reader.h"

#define PGL_WEBHOOKS_FLOWS_MAX 16

struct pgl_webhooks_options {
    bool loopback_too; /* plain http to this machine: for tests and demonstrations */
};

struct pgl_webhooks {
    struct pgl_webhooks_core core; /* first: handlers are given the struct as this */
    struct pgl_writer *writer;
    struct pgl_participant participant;
    struct pgl_admin admin;
    int64_t live, live_in_tx;   /* enabled endpoints */
    struct pgl_counter enabled; /* the same, as a gauge */

    struct pgl_mailbox flows, ends; /* calls; answers of the logs about their ends */
    struct pgl_mailbox *log_reads[PGL_WEBHOOK_LOGS];
    struct pgl_rpc rpc;
    struct pgl_endpoint self; /* our own writer and reader, for the flows */

    struct pgl_webhook_run run;
    struct pgl_message poke; /* tells it that something may be due */
    struct pgl_mailbox poked;
    bool is_poke_out, is_poke_due;
};

extern const struct pgl_method pgl_webhooks_methods[WEBHOOK_SERVICE_METHOD_COUNT];
extern const struct pgl_method pgl_webhooks_admin_methods[ADMIN_SERVICE_METHOD_COUNT];

/* Brings the open writer's file up to date, and becomes its context. */
PGL_MUST_USE pgl_status pgl_webhooks_open(struct pgl_webhooks *webhooks, struct pgl_writer *writer,
                                          const struct pgl_webhooks_options *options);
/* Whose logs are told of; in the order of pgl_webhook_logs. */
PGL_MUST_USE pgl_status pgl_webhooks_connect(
    struct pgl_webhooks *webhooks, struct pgl_log_source *const sources[PGL_WEBHOOK_LOGS]);
/* Where the flows run, and where deliveries do. */
PGL_MUST_USE pgl_status pgl_webhooks_serve(struct pgl_webhooks *webhooks, struct pgl_loop *flows,
                                           struct pgl_loop *effects, struct pgl_reader *reader);
void pgl_webhooks_start(struct pgl_webhooks *webhooks);
/* Also right after an open or a connect that failed. */
void pgl_webhooks_close(struct pgl_webhooks *webhooks);

#endif
