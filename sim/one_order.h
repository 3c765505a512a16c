/*
 * one_order.h - one order between three services and a provider, as small as it can be said: a
 * state, and the moves that lead out of it.
 *
 * For:      explore.c, which follows every move. The services are the machines that are shipped;
 *           what is abstract is the world around them: logs that deliver in any order and some
 *           things twice, a network that loses and delays, a provider, a shelf that may be empty,
 *           a crash.
 * Owner:    the caller; a state is a value of bytes without padding, fit to be hashed and compared.
 * Threads:  any.
 * Bounds:   what may go wrong is counted in the adversary, so that the states are finite.
 */
#ifndef PGL_SIM_ONE_ORDER_H
#define PGL_SIM_ONE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "services/payments/payment_machine.h"

enum pgl_provider_kind {
    PGL_PROVIDER_GIVEN,   /* the object is there from the start, as in saga_model.py */
    PGL_PROVIDER_CARD,    /* it has to be created first, and the customer may have to act */
    PGL_PROVIDER_ACCOUNT, /* our own ledger: what a transaction plans, it performs */
};

struct pgl_adversary {
    enum pgl_provider_kind provider;
    uint8_t duplicates; /* events delivered once more, in all */
    uint8_t requests; /* that may be under way to the provider at once; at most PGL_REQUESTS_MAX */
    uint8_t crashes;  /* of Payments, with an operation in flight */
    bool has_hints;   /* a hint makes Payments ask, and the answer may be stale when it comes */
};

#define PGL_REQUESTS_MAX 3

/* Beside the values of enum provider_status: nothing was created yet. */
#define PGL_NO_OBJECT PROVIDER_STATUS_COUNT

/* A log of one order holds at most 4 events that are read; 2 more let a mistake be seen. */
#define PGL_LOG_MAX 6

struct pgl_small_log {
    uint8_t count;
    uint8_t type[PGL_LOG_MAX];  /* EventType */
    uint8_t cause[PGL_LOG_MAX]; /* Cause */
};

/* Who reads which log; each has a set of the events it has seen. */
enum pgl_reading {
    PAYMENTS_READS_ORDERS,
    PAYMENTS_READS_INVENTORY,
    INVENTORY_READS_PAYMENTS,
    ORDERS_READS_PAYMENTS,
    ORDERS_READS_INVENTORY,
    PGL_READING_COUNT
};

struct pgl_one_order {
    uint8_t order, cancel;                                      /* struct order_facts */
    uint8_t payment, decision, op, op_state, cause, has_handle; /* struct payment_facts */
    uint8_t reservation;                                        /* struct reservation_facts */
    uint8_t object;          /* enum provider_status, or PGL_NO_OBJECT */
    uint8_t is_capture_sent; /* at least once */
    uint8_t request_count;
    uint8_t requests[PGL_REQUESTS_MAX]; /* enum payment_op, oldest first */
    uint8_t hint_op, hint_status;       /* what was asked about, and the answer on its way */
    struct pgl_small_log orders, payments, inventory;
    uint8_t seen[PGL_READING_COUNT]; /* a bit an event */
    uint8_t said;                    /* a bit each for the events that none of the three acts on */
    uint8_t duplicates_left, crashes_left;
};

/* What happened, in up to three parts of a sentence; missing parts are NULL. All are literals. */
struct pgl_words {
    const char *part[3];
};

struct pgl_move {
    struct pgl_one_order next;
    struct pgl_words words;
    const char *wrong; /* the move itself is a violation: which; NULL as a rule */
    bool is_chance;    /* it may happen, but nobody may count on it: no way home leads over it */
};

/* 4 who ask, 5 readings of 6 events with 2 ends each, 3 requests of 8 fates, and 6 more: 94. */
#define PGL_MOVES_MAX 128

struct pgl_moves {
    int count;
    struct pgl_move move[PGL_MOVES_MAX];
};

void pgl_one_order_start(const struct pgl_adversary *adversary, struct pgl_one_order *start);

void pgl_one_order_moves(const struct pgl_adversary *adversary, const struct pgl_one_order *now,
                         struct pgl_moves *moves);

/* The invariant that a state violates, or NULL. */
const char *pgl_one_order_wrong(const struct pgl_adversary *adversary,
                                const struct pgl_one_order *now);

/* The order is final, and so are its payment, its reservation and the provider's object. */
bool pgl_one_order_is_settled(const struct pgl_one_order *now);

/* One line, as saga_model.py prints its states: what that model does not know is left out. */
void pgl_one_order_project(const struct pgl_one_order *now, struct pgl_buffer *out);

#endif
