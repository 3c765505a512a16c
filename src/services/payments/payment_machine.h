/*
 * payment_machine.h - the states of a payment, the latch that decides over an order, and the one
 * operation at a time by which the provider is told.
 *
 * For:      whoever hears something about a payment: maps it to an input, asks for the step, then
 *           writes `after` (and the intent, when `is_planned`) and appends what is said, in one
 *           transaction.
 *           `card`: a worker performs the operation; its outcome is another transaction.
 *           `account`: the provider is our own ledger, so the outcomes follow at once, in the
 *           same transaction. The handle counts as there from the start.
 *
 *               step = pgl_payment_step(facts, PAYMENT_ON_NEW_ORDER, CAUSE_UNSPECIFIED);
 *               append(step.says);
 *               while (step.after.op != PAYMENT_OP_NONE) {
 *                   outcome = perform_in_ledger(step.after.op);
 *                   step = pgl_payment_step(step.after, outcome, CAUSE_UNSPECIFIED);
 *                   append(step.says);
 *               }
 *
 * Owner:    nobody; all is pure.
 * Threads:  any.
 * Errors:   `is_impossible`: nothing has changed, park the key.
 */
#ifndef PGL_PAYMENTS_PAYMENT_MACHINE_H
#define PGL_PAYMENTS_PAYMENT_MACHINE_H

#include <stdbool.h>

#include "contract/events.h"
#include "saga/state_machine.h"

/* The numbers are in databases. The last four are final for the order: its verdict is said. */
enum payment_state {
    PAYMENT_NONE = 0,
    PAYMENT_AUTHORIZING = 1,
    PAYMENT_ACTION_REQUIRED = 2,
    PAYMENT_AUTHORIZED = 3,
    PAYMENT_CAPTURING = 4,
    PAYMENT_ABORTING = 5,
    PAYMENT_CAPTURED = 6,
    PAYMENT_DECLINED = 7,
    PAYMENT_VOIDED = 8,
    PAYMENT_CAPTURE_FAILED = 9,
    PAYMENT_STATE_COUNT
};

/* The latch: leaves OPEN once, and every race of the saga is decided by who gets here first. */
enum payment_decision { DECISION_OPEN = 0, DECISION_CAPTURE = 1, DECISION_VOID = 2 };

enum payment_op {
    PAYMENT_OP_NONE = 0,
    PAYMENT_OP_CREATE = 1, /* makes the provider's object; moves no money */
    PAYMENT_OP_AUTHORIZE = 2,
    PAYMENT_OP_CAPTURE = 3,
    PAYMENT_OP_VOID = 4,
    PAYMENT_OP_FIND = 5, /* looks for the object of an order that we do not know */
    PAYMENT_OP_COUNT
};

enum op_state { OP_IDLE = 0, OP_PLANNED = 1, OP_IN_FLIGHT = 2, OP_UNKNOWN = 3 };

enum payment_input {
    /* from the bus */
    PAYMENT_ON_NEW_ORDER,
    PAYMENT_ON_CANCEL,
    PAYMENT_ON_RESERVED,
    PAYMENT_ON_OUT_OF_STOCK,
    /* from whoever performs the open operation */
    PAYMENT_ON_SENT,         /* committed before the first byte leaves */
    OUTCOME_CREATED,         /* the object is there, and so is its handle */
    OUTCOME_ACTION_REQUIRED, /* the customer has to do something */
    OUTCOME_AUTHORIZED,
    OUTCOME_DECLINED,
    OUTCOME_CAPTURED,
    OUTCOME_CAPTURE_REFUSED, /* and asked again, the provider says that the money is still held */
    OUTCOME_CANCELLED,       /* the object is cancelled or expired; of FIND also: there is none */
    OUTCOME_VOIDED,
    OUTCOME_UNKNOWN, /* a lost answer, or a restart while in flight */
    OUTCOME_AGAIN,   /* it was not executed, or it is safe to send it once more */
    PAYMENT_INPUT_COUNT
};

struct payment_facts {
    enum payment_state state;
    enum payment_decision decision;
    enum payment_op op; /* at most one is open */
    enum op_state op_state;
    Cause cause;     /* why the payment was voided */
    bool has_handle; /* there is an object to speak of; for `account` from the start */
};

struct payment_step {
    struct payment_facts after;
    EventType says;  /* EVENT_TYPE_UNSPECIFIED is nothing */
    Hold hold;       /* what the event says of the hold, in those events that do */
    bool is_planned; /* after.op is to be performed: write its intent, in place of one not sent */
    bool is_orphan;  /* an order that we should know and do not: raise the alarm */
    bool is_impossible;
};

/* `cause` is the one in OrderCancelRequested; CAUSE_UNSPECIFIED with any other input. */
struct payment_step pgl_payment_step(struct payment_facts before, enum payment_input input,
                                     Cause cause);

/* Which input an event is; PAYMENT_INPUT_COUNT: Payments does not read it. */
enum payment_input pgl_payment_input_of(EventType type);

/* What a provider says of an object when it is asked. A refusal that left it held is HELD. */
enum provider_status {
    PROVIDER_UNCONFIRMED,
    PROVIDER_ACTION_REQUIRED,
    PROVIDER_PROCESSING,
    PROVIDER_DECLINED,
    PROVIDER_HELD,
    PROVIDER_CAPTURED,
    PROVIDER_CANCELLED, /* or expired */
    PROVIDER_STATUS_COUNT
};

/* What the answer to a question means for the operation whose outcome is unknown. Not for CREATE:
 * it has no handle to ask by, and is sent again with its key. */
enum payment_input pgl_payment_outcome_of(enum payment_op op, enum provider_status status);

extern const struct pgl_machine pgl_payment_machine;

#endif
