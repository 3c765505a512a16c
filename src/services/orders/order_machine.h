/*
 * order_machine.h - the states of an order, and what each input makes of them.
 *
 * For:      whoever hears something about an order: maps it to an input, asks for the step, then
 *           writes `after` and appends what is said, in one transaction.
 * Owner:    nobody; all is pure.
 * Threads:  any.
 * Errors:   `is_impossible`: nothing has changed, park the key.
 */
#ifndef PGL_ORDERS_ORDER_MACHINE_H
#define PGL_ORDERS_ORDER_MACHINE_H

#include <stdbool.h>

#include "contract/events.h"
#include "saga/state_machine.h"

/* The numbers are in databases. The open states are a rank: an order only ever rises. */
enum order_state {
    ORDER_PENDING = 0,
    ORDER_AUTHORIZED = 1,
    ORDER_RESERVED = 2,
    ORDER_CONFIRMED = 3,
    ORDER_FAILED = 4,
    ORDER_CANCELLED = 5,
    ORDER_STATE_COUNT
};

/* Who has asked to take the order back; the numbers are those of Cause, and in databases. */
enum order_cancel {
    CANCEL_NONE = CAUSE_UNSPECIFIED,
    CANCEL_CLIENT = CAUSE_CLIENT,
    CANCEL_DEADLINE = CAUSE_DEADLINE,
    CANCEL_OPERATOR = CAUSE_OPERATOR,
};

/* Creation is no input: it inserts the row, PENDING, and says OrderCreated. */
enum order_input {
    ORDER_ON_CLIENT_CANCEL,
    ORDER_ON_OPERATOR_CANCEL,
    ORDER_ON_DEADLINE,
    ORDER_ON_ACTION_REQUIRED,
    ORDER_ON_AUTHORIZED,
    ORDER_ON_RESERVED,
    ORDER_ON_OUT_OF_STOCK,
    ORDER_ON_CAPTURED,
    ORDER_ON_WITHDRAWN, /* the payment was voided because the client or an operator asked */
    ORDER_ON_VOIDED,    /* it was voided for any other cause */
    ORDER_ON_DECLINED,
    ORDER_ON_CAPTURE_FAILED,
    /* Behind the end: the state keeps, what is beside it changes. */
    ORDER_ON_REFUND, /* an operator asks for one */
    ORDER_ON_REFUNDED,
    ORDER_ON_REFUND_FAILED,
    ORDER_ON_SHIPPED,
    ORDER_ON_RETURNED,
    ORDER_ON_ALL_SENT, /* a shipment or a return has left nothing to be shipped */
    ORDER_INPUT_COUNT
};

struct order_facts {
    enum order_state state;
    enum order_cancel cancel;
    bool is_fulfilled; /* OrderFulfilled was said */
};

struct order_step {
    struct order_facts after;
    EventType says[2]; /* in this order; EVENT_TYPE_UNSPECIFIED is nothing */
    bool is_noted;   /* store what the event tells (next action, shortages) for the client to see */
    bool is_refused; /* whoever asks is told that it cannot be */
    bool is_impossible;
};

struct order_step pgl_order_step(struct order_facts before, enum order_input input);

/* Which input an event is; `cause` is the one in PaymentVoided. ORDER_INPUT_COUNT: Orders does not
 * read it, and only the position moves on. */
enum order_input pgl_order_input_of(EventType type, Cause cause);

extern const struct pgl_machine pgl_order_machine;

#endif
