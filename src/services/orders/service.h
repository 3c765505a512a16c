/*
 * service.h - Orders: takes them, keeps them, and lets them be settled by others.
 *
 * Owner:    app/boot.c. Writer and reader have loops of their own; the flows run on a loop that
 *           services share.
 */
#ifndef PGL_ORDERS_SERVICE_H
#define PGL_ORDERS_SERVICE_H

#include "events/consumer.h"
#include "events/feed.h"
#include "saga/admin.h"
#include "services/orders/orders.h"
#include "services/orders/prices.h"
#include "store/reader.h"
#include "transport/rpc.h"

#define PGL_ORDERS_FLOWS_MAX 4096 /* creates and lists in progress; more are refused */

struct pgl_orders {
    struct pgl_orders_state
        state; /* the context of the handlers: first, so that both have one address */
    struct pgl_writer *writer;
    struct pgl_reader *reader;
    struct pgl_consumer payments, inventory;
    struct pgl_admin admin;

    struct pgl_mailbox flows;
    struct pgl_mailbox lookups; /* of the writer's loop: questions to what only it has in memory */
    struct pgl_feed feed;
    struct pgl_rpc rpc;
    struct pgl_prices prices;
    struct pgl_endpoint catalog; /* whom we ask for prices */
    struct pgl_endpoint self;    /* our own writer and reader, for the flows */
};

extern const struct pgl_method pgl_orders_methods[ORDER_SERVICE_METHOD_COUNT];
extern const struct pgl_method pgl_orders_log_methods[EVENT_LOG_SERVICE_METHOD_COUNT];
extern const struct pgl_method pgl_orders_admin_methods[ADMIN_SERVICE_METHOD_COUNT];

/* Brings an open writer's file up to date and joins it. */
PGL_MUST_USE pgl_status pgl_orders_open(struct pgl_orders *orders, struct pgl_writer *writer,
                                        const struct pgl_orders_options *options);
/* Who is listened to. */
PGL_MUST_USE pgl_status pgl_orders_connect(struct pgl_orders *orders,
                                           struct pgl_log_source *payments,
                                           struct pgl_log_source *inventory);
/* Where the flows run, and whom they ask. */
PGL_MUST_USE pgl_status pgl_orders_serve(struct pgl_orders *orders, struct pgl_loop *loop,
                                         struct pgl_reader *reader, struct pgl_endpoint catalog);
void pgl_orders_start(struct pgl_orders *orders);
void pgl_orders_close(struct pgl_orders *orders);

#endif
