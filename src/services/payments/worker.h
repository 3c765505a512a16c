/*
 * worker.h - performs what is planned at the outside provider: takes what is due, makes the calls,
 * many at a time, and gives back what came of each. It decides nothing.
 *
 * Owner:    service.c.
 * Threads:  the loop `effects`. It meets the writer in commands (intents.h) only.
 * Bounds:   `calls_max` calls in flight; what else is due waits in the file, so that an outage
 *           takes no memory. What was tried before, and what an outage left behind, is slow:
 *           `slow_per_s`, of it first what an order has to wait for, then the rest. An
 *           open breaker only delays.
 * Errors:   an outcome that the writer cannot take now is offered again until it can; one that it
 *           refuses is dropped: the lease ends, and the provider is asked.
 */
#ifndef PGL_PAYMENTS_WORKER_H
#define PGL_PAYMENTS_WORKER_H

#include "resilience/breaker.h"
#include "resilience/bucket.h"
#include "resilience/retry.h"
#include "services/payments/intents.h"
#include "telemetry/metrics.h"
#include "transport/rpc.h"

#define PGL_CARD_CALLS_MAX 256

struct card_worker;

/* One call, from the claim until its outcome is written. */
struct card_slot {
    struct pgl_flow flow;
    struct card_worker *worker;
    struct pgl_list free;
    struct pgl_arena arena; /* of the command */
    struct card_task task;
    pgl_breaker_ticket ticket;
    struct provider_call call;
    struct card_settle settle;
    struct card_settled settled;
    struct pgl_rpc_call rpc_call;
    int left;
};

struct card_worker {
    struct pgl_loop *loop;
    struct pgl_provider_port *port;
    struct pgl_card_options options;
    int64_t epoch;
    const bool *is_reconciled; /* reconcile.h's, of the same loop; NULL: nobody looks */
    struct pgl_endpoint self;  /* the writer, for commands that nobody else can give */
    struct pgl_rpc rpc;
    struct pgl_mailbox nudges;
    struct pgl_random random;
    struct pgl_retry_rules retry;

    struct pgl_breaker breaker;
    struct pgl_rate slow_rate;
    struct pgl_bucket slow_bucket;
    int64_t fresh_from_ns; /* wall: what was due before waits for a token */

    struct card_slot *slots;
    struct pgl_list free_slots;
    int free_count;

    struct pgl_flow claimer;
    struct pgl_arena arena;
    struct card_claim claim;
    struct card_claimed *claimed;
    pgl_breaker_ticket tickets[PGL_CARD_CLAIM_MAX];
    int ticket_count;
    struct pgl_rpc_call rpc_call;
    int left;
    bool is_nudged, has_slow;
    uint64_t slow_claims;
    struct pgl_timer look;

    struct pgl_counter seen[PROVIDER_VERB_COUNT][PROVIDER_SEEN_COUNT];
    /* gauges; how often we were not let in */
    struct pgl_counter breaker_state, in_flight, forbidden;
};

/* `commands` is the writer's mailbox. `port` is there until close. */
PGL_MUST_USE pgl_status card_worker_open(struct card_worker *worker, struct pgl_loop *loop,
                                         struct pgl_mailbox *commands,
                                         struct pgl_provider_port *port,
                                         const struct pgl_card_options *options, int64_t epoch);
void card_worker_start(struct card_worker *worker);
/* When the loop does not run any more; also when it was never opened. */
void card_worker_close(struct card_worker *worker);

#endif
