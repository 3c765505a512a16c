/*
 * reservation_machine.h - the states of what is set aside for one order.
 *
 * For:      whoever hears a payment's news or ships an order: maps it to an input, asks for the
 *           step, then moves the stock, writes `after` and appends what is said, in one
 *           transaction. PaymentAuthorized takes two steps: the first says `is_wanted`, so try to
 *           hold the stock; the second is told how that went. Whoever ships, or hears of a refund,
 *           finds out first whether anything is left to be shipped behind it.
 * Owner:    nobody; all is pure.
 * Threads:  any.
 * Errors:   `is_impossible`: nothing has changed, park the key.
 */
#ifndef PGL_INVENTORY_RESERVATION_MACHINE_H
#define PGL_INVENTORY_RESERVATION_MACHINE_H

#include <stdbool.h>

#include "contract/events.h"
#include "saga/state_machine.h"

/* The numbers are in databases. */
enum reservation_state {
    RESERVATION_NONE = 0,
    RESERVATION_HELD = 1,
    RESERVATION_REJECTED = 2,
    RESERVATION_COMMITTED = 3,
    RESERVATION_SHIPPED = 4, /* nothing is left to be shipped: all went out, or was refunded */
    RESERVATION_RELEASED = 5,
    RESERVATION_STATE_COUNT
};

enum reservation_input {
    RESERVATION_ON_AUTHORIZED,
    RESERVATION_ON_HELD,  /* the stock was there and is reserved now */
    RESERVATION_ON_SHORT, /* some line was short, and nothing is reserved */
    RESERVATION_ON_CAPTURED,
    RESERVATION_ON_NOT_PAID, /* PaymentVoided, PaymentDeclined, PaymentCaptureFailed */
    RESERVATION_ON_SHIP,     /* a parcel leaves, and more is to follow */
    RESERVATION_ON_SHIP_LAST,
    RESERVATION_ON_REFUNDED, /* and something is left to be shipped */
    RESERVATION_ON_REFUNDED_LAST,
    RESERVATION_INPUT_COUNT
};

struct reservation_facts {
    enum reservation_state state;
};

struct reservation_step {
    struct reservation_facts after;
    EventType says;   /* EVENT_TYPE_UNSPECIFIED is nothing */
    bool is_wanted;   /* try to hold the stock, then step with HELD or SHORT */
    bool is_released; /* reserved -= quantity */
    bool is_shipped;  /* on_hand -= quantity, reserved -= quantity, of one parcel */
    bool is_returned; /* reserved -= what had not left; on_hand += what came back */
    bool is_refused;  /* whoever asked hears a conflict */
    bool is_impossible;
};

struct reservation_step pgl_reservation_step(struct reservation_facts before,
                                             enum reservation_input input);

/* Which input an event is; RESERVATION_INPUT_COUNT: Inventory does not read it. Of PaymentRefunded
 * it is RESERVATION_ON_REFUNDED, whatever is left. */
enum reservation_input pgl_reservation_input_of(EventType type);

extern const struct pgl_machine pgl_reservation_machine;

#endif
