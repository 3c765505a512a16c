/*
 * service.h - Payments: who decides whether an order's money is taken, and the ledger that it is
 * taken from.
 *
 * Owner:    app/boot.c. The struct is the context of its writer, and has to be the reader's, so it
 *           does not move once it is open.
 * Order:    open the writer, open, open the other services, connect, serve, start; close before the
 *           writer.
 */
#ifndef PGL_PAYMENTS_SERVICE_H
#define PGL_PAYMENTS_SERVICE_H

#include "contract/payments.h"
#include "events/consumer.h"
#include "saga/admin.h"
#include "services/payments/card_options.h"
#include "services/payments/handle.h"
#include "services/payments/provider_http.h"
#include "services/payments/reconcile.h"
#include "services/payments/worker.h"
#include "store/reader.h"
#include "store/writer.h"

#define PGL_PAYMENTS_FLOWS_MAX 1024 /* webhooks and questions in progress; more are refused */

struct pgl_payments_options {
    int64_t default_credit_minor; /* of a line that a customer's first order opens */
    struct pgl_card_options card;
    struct pgl_provider_port *provider; /* in place of the one over HTTP; for tests */
};

/* How much is open at the provider, looked at now and then. */
struct payment_gauges {
    struct pgl_counter open, parked, oldest_seconds;
    struct intent_sums sums;
    struct pgl_timer again;
    struct pgl_rpc_call rpc_call;
    struct pgl_flow flow;
    struct pgl_arena arena;
    int left;
};

struct pgl_payments {
    struct payment_desk desk; /* first: handlers are given the struct as this */
    struct pgl_writer *writer;
    struct pgl_consumer orders, inventory;

    /* Where cards are offered; the loop is `effects`. */
    struct pgl_payments_options options;
    struct pgl_provider_http http;
    struct card_worker worker;
    struct card_reconcile reconcile;
    struct pgl_mailbox flows;
    struct pgl_rpc rpc;
    struct pgl_endpoint self;
    struct payment_gauges gauges;
    struct pgl_admin admin;
};

extern const struct pgl_method pgl_payments_methods[PAYMENT_SERVICE_METHOD_COUNT];
extern const struct pgl_method pgl_payments_log_methods[EVENT_LOG_SERVICE_METHOD_COUNT];
extern const struct pgl_method pgl_payments_admin_methods[ADMIN_SERVICE_METHOD_COUNT];

/* Brings the open writer's file up to date, opens the log, and becomes the writer's context. */
PGL_MUST_USE pgl_status pgl_payments_open(struct pgl_payments *payments, struct pgl_writer *writer,
                                          const struct pgl_payments_options *options);
/* Who it listens to; not for tools that only import. */
PGL_MUST_USE pgl_status pgl_payments_connect(struct pgl_payments *payments,
                                             struct pgl_log_source *orders,
                                             struct pgl_log_source *inventory);
/* On which loop its flows run, and the provider is called where cards are offered. */
PGL_MUST_USE pgl_status pgl_payments_serve(struct pgl_payments *payments, struct pgl_loop *effects,
                                           struct pgl_reader *reader);
void pgl_payments_start(struct pgl_payments *payments);
/* Also right after an open or a connect that failed. */
void pgl_payments_close(struct pgl_payments *payments);

#endif
