/*
 * orders_bench.h - Orders on a bench: asked by customers, told of payments and stock, looked at.
 *
 * For:      the tests of this folder. Not for the product.
 * Owner:    the test. Messages and texts lie in the bench's arena.
 * Errors:   what goes wrong with the bench itself stops the test.
 */
#ifndef PGL_ORDERS_BENCH_H
#define PGL_ORDERS_BENCH_H

#include "services/orders/service.h"
#include "store/store_bench.h"

#define BENCH_TENANT "default"

struct orders_bench {
    struct pgl_store_bench store;
    struct pgl_orders orders;
    struct pgl_orders_options options;
    bool has_written;         /* the handler had, when it returned */
    int64_t deadline_seconds; /* of what is ordered from now on; 0 for the usual */
};

void orders_bench_open(struct orders_bench *bench, uint64_t seed);
void orders_bench_close(struct orders_bench *bench);
/* The process ends and starts again. */
void orders_bench_restart(struct orders_bench *bench);

Caller orders_bench_customer(const char *subject);
Caller orders_bench_operator(const char *subject);

/* What a customer asks for: so many of each line's SKU ("SKU-0", "SKU-1", ...) at one price. */
struct bench_order {
    const char *customer, *key;
    int64_t quantity, unit_minor;
    size_t line_count;
    pgl_status priced;
};

/* Two lines of two at 250: 1000 in all. */
struct bench_order orders_bench_usual(const char *customer, const char *key);
NewOrder *orders_bench_body(struct orders_bench *bench, const struct bench_order *order);
pgl_status orders_bench_create(struct orders_bench *bench, const struct bench_order *order,
                               CreateOrderResponse *reply);
/* The usual one, which has to succeed. */
pgl_id orders_bench_new(struct orders_bench *bench, const char *customer, const char *key);

pgl_status orders_bench_cancel(struct orders_bench *bench, pgl_id id, const Caller *caller,
                               CancelOrderResponse *reply);

pgl_status orders_bench_refund(struct orders_bench *bench, pgl_id id, const Caller *caller,
                               const char *key, NewRefund *refund, RefundOrderResponse *reply);

/* With the payload that belongs to the type; `cause` is for PaymentVoided. */
Event *orders_bench_event(struct orders_bench *bench, pgl_id id, EventType type, Cause cause);
pgl_status orders_bench_hear(struct orders_bench *bench, const Event *event);
/* What brings a new order into this state. */
void orders_bench_bring(struct orders_bench *bench, pgl_id id, enum order_state state);

/* As its owner or anybody else is shown it; NULL when it is not. */
Order *orders_bench_get(struct orders_bench *bench, pgl_id id, const Caller *caller);
const char *orders_bench_json(struct orders_bench *bench, const ProtobufCMessage *message);
/* What was said of an order, oldest first: "Created CancelRequested Confirmed". */
const char *orders_bench_said(struct orders_bench *bench, pgl_id id);

#endif
