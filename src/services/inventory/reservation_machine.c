/*
 * reservation_machine.c - stock is held from PaymentAuthorized until the verdict, however long that
 * takes: a hold given up on our own clock could be sold twice while the money is being captured.
 */
#include "services/inventory/reservation_machine.h"

/* What a cell may do beside moving on and speaking. */
enum deed {
    TRY = 1 << 0,     /* hold the stock if it is there */
    RELEASE = 1 << 1, /* give it back */
    SHIP = 1 << 2,    /* it leaves the house */
    REFUSE = 1 << 3,  /* an answer, not an event: 409 */
    RETURN = 1 << 4,  /* a refund: what has not left stays, what came back can be sold again */
    DEED_COUNT = 5
};

enum says {
    SAY_RESERVED = EVENT_TYPE_INVENTORY_RESERVED,
    SAY_RESERVATION_FAILED = EVENT_TYPE_INVENTORY_RESERVATION_FAILED,
    SAY_RELEASED = EVENT_TYPE_INVENTORY_RELEASED,
    SAY_COMMITTED = EVENT_TYPE_INVENTORY_COMMITTED,
    SAY_SHIPPED = EVENT_TYPE_INVENTORY_SHIPPED,
    SAY_RETURNED = EVENT_TYPE_INVENTORY_RETURNED,
};

/* clang-format off */
static const struct pgl_cell cells[RESERVATION_STATE_COUNT][RESERVATION_INPUT_COUNT] = {
    /*                                   next                   says                    does */
    [RESERVATION_NONE] = {
        [RESERVATION_ON_AUTHORIZED]    = { PGL_STAY,              0,                      TRY },
        [RESERVATION_ON_HELD]          = { RESERVATION_HELD,      SAY_RESERVED,           0 },
        [RESERVATION_ON_SHORT]         = { RESERVATION_REJECTED,  SAY_RESERVATION_FAILED, 0 },
        /* A tombstone: PaymentAuthorized may come later, and must find nothing to do. */
        [RESERVATION_ON_NOT_PAID]      = { RESERVATION_RELEASED,  0,                      0 },
        [RESERVATION_ON_SHIP]          = { PGL_STAY,              0,                      REFUSE },
        [RESERVATION_ON_SHIP_LAST]     = { PGL_STAY,              0,                      REFUSE },
    },
    [RESERVATION_HELD] = {
        [RESERVATION_ON_AUTHORIZED]    = { PGL_STAY,              0,                      0 },
        [RESERVATION_ON_CAPTURED]      = { RESERVATION_COMMITTED, SAY_COMMITTED,          0 },
        [RESERVATION_ON_NOT_PAID]      = { RESERVATION_RELEASED,  SAY_RELEASED,           RELEASE },
        [RESERVATION_ON_SHIP]          = { PGL_STAY,              0,                      REFUSE },
        [RESERVATION_ON_SHIP_LAST]     = { PGL_STAY,              0,                      REFUSE },
    },
    [RESERVATION_REJECTED] = {
        [RESERVATION_ON_AUTHORIZED]    = { PGL_STAY,              0,                      0 },
        [RESERVATION_ON_NOT_PAID]      = { PGL_STAY,              0,                      0 },
        [RESERVATION_ON_SHIP]          = { PGL_STAY,              0,                      REFUSE },
        [RESERVATION_ON_SHIP_LAST]     = { PGL_STAY,              0,                      REFUSE },
    },
    [RESERVATION_COMMITTED] = {
        [RESERVATION_ON_AUTHORIZED]    = { PGL_STAY,              0,                      0 },
        [RESERVATION_ON_CAPTURED]      = { PGL_STAY,              0,                      0 },
        [RESERVATION_ON_SHIP]          = { PGL_STAY,              SAY_SHIPPED,            SHIP },
        [RESERVATION_ON_SHIP_LAST]     = { RESERVATION_SHIPPED,   SAY_SHIPPED,            SHIP },
        [RESERVATION_ON_REFUNDED]      = { PGL_STAY,              SAY_RETURNED,           RETURN },
        [RESERVATION_ON_REFUNDED_LAST] = { RESERVATION_SHIPPED,   SAY_RETURNED,           RETURN },
    },
    [RESERVATION_SHIPPED] = {
        [RESERVATION_ON_AUTHORIZED]    = { PGL_STAY,              0,                      0 },
        [RESERVATION_ON_CAPTURED]      = { PGL_STAY,              0,                      0 },
        /* What is asked twice with one key is answered before it comes here. */
        [RESERVATION_ON_SHIP]          = { PGL_STAY,              0,                      REFUSE },
        [RESERVATION_ON_SHIP_LAST]     = { PGL_STAY,              0,                      REFUSE },
        [RESERVATION_ON_REFUNDED_LAST] = { PGL_STAY,              SAY_RETURNED,           RETURN },
    },
    /* Also where the verdict overtook PaymentAuthorized, which then finds it. */
    [RESERVATION_RELEASED] = {
        [RESERVATION_ON_AUTHORIZED]    = { PGL_STAY,              0,                      0 },
        [RESERVATION_ON_NOT_PAID]      = { PGL_STAY,              0,                      0 },
        [RESERVATION_ON_SHIP]          = { PGL_STAY,              0,                      REFUSE },
        [RESERVATION_ON_SHIP_LAST]     = { PGL_STAY,              0,                      REFUSE },
    },
};
/* clang-format on */

struct reservation_step pgl_reservation_step(struct reservation_facts before,
                                             enum reservation_input input)
{
    const struct pgl_cell *cell =
        pgl_machine_cell(&pgl_reservation_machine, (int)before.state, (int)input);
    struct reservation_step step = { .after = before };

    if (cell->next == PGL_IMPOSSIBLE) {
        step.is_impossible = true;
        return step;
    }
    if (cell->next != PGL_STAY)
        step.after.state = cell->next;
    step.says = cell->says;
    step.is_wanted = cell->does & TRY;
    step.is_released = cell->does & RELEASE;
    step.is_shipped = cell->does & SHIP;
    step.is_refused = cell->does & REFUSE;
    step.is_returned = cell->does & RETURN;
    return step;
}

enum reservation_input pgl_reservation_input_of(EventType type)
{
    switch (type) {
    case EVENT_TYPE_PAYMENT_AUTHORIZED:
        return RESERVATION_ON_AUTHORIZED;
    case EVENT_TYPE_PAYMENT_CAPTURED:
        return RESERVATION_ON_CAPTURED;
    case EVENT_TYPE_PAYMENT_VOIDED:
    case EVENT_TYPE_PAYMENT_DECLINED:
    case EVENT_TYPE_PAYMENT_CAPTURE_FAILED:
        return RESERVATION_ON_NOT_PAID;
    case EVENT_TYPE_PAYMENT_REFUNDED:
        return RESERVATION_ON_REFUNDED;
    default: /* a log may hold types that are younger than we are */
        return RESERVATION_INPUT_COUNT;
    }
}

/* clang-format off */
static const char *const state_names[RESERVATION_STATE_COUNT] = {
    [RESERVATION_NONE]      = "NONE",
    [RESERVATION_HELD]      = "HELD",
    [RESERVATION_REJECTED]  = "REJECTED",
    [RESERVATION_COMMITTED] = "COMMITTED",
    [RESERVATION_SHIPPED]   = "SHIPPED",
    [RESERVATION_RELEASED]  = "RELEASED",
};

static const char *const input_names[RESERVATION_INPUT_COUNT] = {
    [RESERVATION_ON_AUTHORIZED]    = "PaymentAuthorized",
    [RESERVATION_ON_HELD]          = "the stock is there",
    [RESERVATION_ON_SHORT]         = "the stock is short",
    [RESERVATION_ON_CAPTURED]      = "PaymentCaptured",
    [RESERVATION_ON_NOT_PAID]      = "PaymentVoided, PaymentDeclined, PaymentCaptureFailed",
    [RESERVATION_ON_SHIP]          = "ship",
    [RESERVATION_ON_SHIP_LAST]     = "ship the last of it",
    [RESERVATION_ON_REFUNDED]      = "PaymentRefunded",
    [RESERVATION_ON_REFUNDED_LAST] = "PaymentRefunded, nothing left to ship",
};

static const char *const event_names[] = {
    [SAY_RESERVED]           = "InventoryReserved",
    [SAY_RESERVATION_FAILED] = "InventoryReservationFailed",
    [SAY_RELEASED]           = "InventoryReleased",
    [SAY_COMMITTED]          = "InventoryCommitted",
    [SAY_SHIPPED]            = "InventoryShipped",
    [SAY_RETURNED]           = "InventoryReturned",
};

static const char *const deed_names[DEED_COUNT] = {
    "try to hold the stock", "give the stock back", "the parcel leaves", "409",
    "what has not left is free, what came back is on hand",
};
/* clang-format on */

const struct pgl_machine pgl_reservation_machine = {
    .name = "reservation",
    .state_count = RESERVATION_STATE_COUNT,
    .input_count = RESERVATION_INPUT_COUNT,
    .event_count = sizeof event_names / sizeof event_names[0],
    .deed_count = DEED_COUNT,
    .cells = cells[0],
    .state_names = state_names,
    .input_names = input_names,
    .event_names = event_names,
    .deed_names = deed_names,
};
