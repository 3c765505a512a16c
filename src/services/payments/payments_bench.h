/*
 * payments_bench.h - Payments on a bench: told of orders and stock, and looked at.
 *
 * For:      the tests of this folder. Not for the product.
 * Owner:    the test. Events and texts lie in the bench's arena.
 * Errors:   what goes wrong with the bench itself stops the test.
 */
#ifndef PGL_PAYMENTS_BENCH_H
#define PGL_PAYMENTS_BENCH_H

#include "services/payments/audit.h"
#include "services/payments/service.h"
#include "store/store_bench.h"

#define BENCH_TENANT "default"

struct payments_bench {
    struct pgl_store_bench store;
    struct pgl_payments payments;
    struct pgl_card_options card;
    struct pgl_provider_port *provider; /* NULL: no cards */
    int64_t heard;                      /* events so far */
    bool has_written;                   /* the handler had, when it returned */
};

void payments_bench_open(struct payments_bench *bench, uint64_t seed, int64_t default_credit_minor);
/* Where cards are taken; what calls the provider is not opened (card_bench.h). */
void payments_bench_open_cards(struct payments_bench *bench, uint64_t seed,
                               const struct pgl_card_options *card,
                               struct pgl_provider_port *provider);
void payments_bench_close(struct payments_bench *bench);
/* The process ends and starts again. */
void payments_bench_restart(struct payments_bench *bench, int64_t default_credit_minor);

/* An order with its number, as its id has it. It wants 2 of line 1 at `unit_minor`, and 3 of line 2
 * at as much: 5 * unit_minor in all. */
struct bench_order {
    int number;
    const char *customer, *method;
    int64_t unit_minor;
    bool allow_partial;
};

pgl_id payments_bench_id(int number);
Event *payments_bench_created(struct payments_bench *bench, const struct bench_order *order);
Event *payments_bench_cancelled(struct payments_bench *bench, int number, Cause cause);
Event *payments_bench_failed(struct payments_bench *bench, int number);
/* The refund of so much, and of one of line 1. */
Event *payments_bench_refund(struct payments_bench *bench, int number, int32_t refund_no,
                             int64_t amount_minor);
/* So many of line 1 and line 2, the second from two warehouses. */
Event *payments_bench_reserved(struct payments_bench *bench, int number, bool is_complete,
                               int64_t first, int64_t second);

/* In a transaction of its own. */
pgl_status payments_bench_hear(struct payments_bench *bench, const Event *event);

/* What was said of an order: "PaymentAuthorized PaymentCaptured", oldest first; "" for nothing. */
const char *payments_bench_said(struct payments_bench *bench, int number);

/* The last event that was said of an order. */
const Event *payments_bench_last(struct payments_bench *bench, int number);

/* All violations of all checks: "A13 held: account 1\n"; "" when all is well. */
const char *payments_bench_audit(struct payments_bench *bench);

#endif
