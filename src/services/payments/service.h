/*
 * service.h - Payments: who decides whether an order's money is taken, and the ledger that it is
 * taken from.
 *
 * Owner:    app/boot.c. The struct is the context of its writer, and has to be the reader's, so it
 *           does not move once it is open.
 * Order:    open the writer, open, open the other services, connect, start; close before the
 *           writer.
 */
#ifndef PGL_PAYMENTS_SERVICE_H
#define PGL_PAYMENTS_SERVICE_H

#include "contract/payments.h"
#include "events/consumer.h"
#include "saga/admin.h"
#include "services/payments/card_options.h"
#include "services/payments/handle.h"
#include "store/writer.h"

struct pgl_payments_options {
    int64_t default_credit_minor; /* of a line that a customer's first order opens */
    struct pgl_card_options card;
};

struct pgl_payments {
    struct payment_desk desk; /* first: handlers are given the struct as this */
    struct pgl_writer *writer;
    struct pgl_consumer orders, inventory;
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
                                             struct pgl_event_log *orders,
                                             struct pgl_event_log *inventory);
void pgl_payments_start(struct pgl_payments *payments);
/* Also right after an open or a connect that failed. */
void pgl_payments_close(struct pgl_payments *payments);

#endif
