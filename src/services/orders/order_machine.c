/*
 * order_machine.c - an order shows how far it has come and asks to be taken back; it decides
 * nothing. What becomes of it is in the one verdict of Payments, where the money is.
 */
#include "services/orders/order_machine.h"

/* What a cell may do beside moving on and speaking. */
enum deed {
    ASK = 1 << 0,    /* remember who asked to cancel, unless somebody did already */
    NOTE = 1 << 1,   /* keep what the event tells; Payments decides what follows from it */
    REPLY = 1 << 2,  /* a client who asked to cancel is told that it was too late */
    REFUSE = 1 << 3, /* only what is confirmed can be refunded */
    FULFIL = 1 << 4, /* for the first time only: goods may come back and go out again */
    DEED_COUNT = 5
};

/* clang-format off */
static const struct pgl_cell cells[ORDER_STATE_COUNT][ORDER_INPUT_COUNT] = {
    /*                                 next              says                               does */
    [ORDER_PENDING] = {
        [ORDER_ON_CLIENT_CANCEL]   = { PGL_STAY,         EVENT_TYPE_ORDER_CANCEL_REQUESTED, ASK },
        [ORDER_ON_OPERATOR_CANCEL] = { PGL_STAY,         EVENT_TYPE_ORDER_CANCEL_REQUESTED, ASK },
        [ORDER_ON_DEADLINE]        = { PGL_STAY,         EVENT_TYPE_ORDER_CANCEL_REQUESTED, ASK },
        [ORDER_ON_ACTION_REQUIRED] = { PGL_STAY,         0,                                 NOTE },
        [ORDER_ON_AUTHORIZED]      = { ORDER_AUTHORIZED, 0,                                 0 },
        [ORDER_ON_RESERVED]        = { ORDER_RESERVED,   0,                                 0 },
        [ORDER_ON_OUT_OF_STOCK]    = { PGL_STAY,         0,                                 NOTE },
        [ORDER_ON_CAPTURED]        = { ORDER_CONFIRMED,  EVENT_TYPE_ORDER_CONFIRMED,        REPLY },
        [ORDER_ON_WITHDRAWN]       = { ORDER_CANCELLED,  EVENT_TYPE_ORDER_CANCELLED,        0 },
        [ORDER_ON_VOIDED]          = { ORDER_FAILED,     EVENT_TYPE_ORDER_CANCELLED,        0 },
        [ORDER_ON_DECLINED]        = { ORDER_FAILED,     EVENT_TYPE_ORDER_CANCELLED,        0 },
        [ORDER_ON_CAPTURE_FAILED]  = { ORDER_FAILED,     EVENT_TYPE_ORDER_CANCELLED,        0 },
        [ORDER_ON_REFUND]          = { PGL_STAY,         0,                                 REFUSE },
        /* Heard from Inventory, which may be ahead of what we know of the money. */
        [ORDER_ON_SHIPPED]         = { PGL_STAY,         0,                                 NOTE },
        [ORDER_ON_ALL_SENT]        = { PGL_STAY,         0,                                 NOTE },
    },
    [ORDER_AUTHORIZED] = {
        [ORDER_ON_CLIENT_CANCEL]   = { PGL_STAY,         EVENT_TYPE_ORDER_CANCEL_REQUESTED, ASK },
        [ORDER_ON_OPERATOR_CANCEL] = { PGL_STAY,         EVENT_TYPE_ORDER_CANCEL_REQUESTED, ASK },
        [ORDER_ON_DEADLINE]        = { PGL_STAY,         EVENT_TYPE_ORDER_CANCEL_REQUESTED, ASK },
        [ORDER_ON_ACTION_REQUIRED] = { PGL_STAY,         0,                                 NOTE },
        [ORDER_ON_AUTHORIZED]      = { PGL_STAY,         0,                                 0 },
        [ORDER_ON_RESERVED]        = { ORDER_RESERVED,   0,                                 0 },
        [ORDER_ON_OUT_OF_STOCK]    = { PGL_STAY,         0,                                 NOTE },
        [ORDER_ON_CAPTURED]        = { ORDER_CONFIRMED,  EVENT_TYPE_ORDER_CONFIRMED,        REPLY },
        [ORDER_ON_WITHDRAWN]       = { ORDER_CANCELLED,  EVENT_TYPE_ORDER_CANCELLED,        0 },
        [ORDER_ON_VOIDED]          = { ORDER_FAILED,     EVENT_TYPE_ORDER_CANCELLED,        0 },
        [ORDER_ON_DECLINED]        = { ORDER_FAILED,     EVENT_TYPE_ORDER_CANCELLED,        0 },
        [ORDER_ON_CAPTURE_FAILED]  = { ORDER_FAILED,     EVENT_TYPE_ORDER_CANCELLED,        0 },
        [ORDER_ON_REFUND]          = { PGL_STAY,         0,                                 REFUSE },
        /* Heard from Inventory, which may be ahead of what we know of the money. */
        [ORDER_ON_SHIPPED]         = { PGL_STAY,         0,                                 NOTE },
        [ORDER_ON_ALL_SENT]        = { PGL_STAY,         0,                                 NOTE },
    },
    [ORDER_RESERVED] = {
        [ORDER_ON_CLIENT_CANCEL]   = { PGL_STAY,         EVENT_TYPE_ORDER_CANCEL_REQUESTED, ASK },
        [ORDER_ON_OPERATOR_CANCEL] = { PGL_STAY,         EVENT_TYPE_ORDER_CANCEL_REQUESTED, ASK },
        [ORDER_ON_DEADLINE]        = { PGL_STAY,         EVENT_TYPE_ORDER_CANCEL_REQUESTED, ASK },
        [ORDER_ON_ACTION_REQUIRED] = { PGL_STAY,         0,                                 NOTE },
        /* Heard from two logs, so this may be behind what we know: the rank never falls. */
        [ORDER_ON_AUTHORIZED]      = { PGL_STAY,         0,                                 0 },
        [ORDER_ON_RESERVED]        = { PGL_STAY,         0,                                 0 },
        [ORDER_ON_OUT_OF_STOCK]    = { PGL_STAY,         0,                                 NOTE },
        [ORDER_ON_CAPTURED]        = { ORDER_CONFIRMED,  EVENT_TYPE_ORDER_CONFIRMED,        REPLY },
        [ORDER_ON_WITHDRAWN]       = { ORDER_CANCELLED,  EVENT_TYPE_ORDER_CANCELLED,        0 },
        [ORDER_ON_VOIDED]          = { ORDER_FAILED,     EVENT_TYPE_ORDER_CANCELLED,        0 },
        [ORDER_ON_DECLINED]        = { ORDER_FAILED,     EVENT_TYPE_ORDER_CANCELLED,        0 },
        [ORDER_ON_CAPTURE_FAILED]  = { ORDER_FAILED,     EVENT_TYPE_ORDER_CANCELLED,        0 },
        [ORDER_ON_REFUND]          = { PGL_STAY,         0,                                 REFUSE },
        /* Heard from Inventory, which may be ahead of what we know of the money. */
        [ORDER_ON_SHIPPED]         = { PGL_STAY,         0,                                 NOTE },
        [ORDER_ON_ALL_SENT]        = { PGL_STAY,         0,                                 NOTE },
    },
    /* Final states keep. A cell left out is a verdict that contradicts the first one. */
    [ORDER_CONFIRMED] = {
        [ORDER_ON_CLIENT_CANCEL]   = { PGL_STAY, 0, 0 },
        [ORDER_ON_OPERATOR_CANCEL] = { PGL_STAY, 0, 0 },
        [ORDER_ON_DEADLINE]        = { PGL_STAY, 0, 0 },
        [ORDER_ON_ACTION_REQUIRED] = { PGL_STAY, 0, 0 },
        [ORDER_ON_AUTHORIZED]      = { PGL_STAY, 0, 0 },
        [ORDER_ON_RESERVED]        = { PGL_STAY, 0, 0 },
        [ORDER_ON_OUT_OF_STOCK]    = { PGL_STAY, 0, 0 },
        [ORDER_ON_CAPTURED]        = { PGL_STAY, 0, 0 },
        [ORDER_ON_REFUND]          = { PGL_STAY, EVENT_TYPE_ORDER_REFUND_REQUESTED, 0 },
        [ORDER_ON_REFUNDED]        = { PGL_STAY, 0, NOTE },
        [ORDER_ON_REFUND_FAILED]   = { PGL_STAY, 0, NOTE },
        [ORDER_ON_SHIPPED]         = { PGL_STAY, 0, NOTE },
        [ORDER_ON_RETURNED]        = { PGL_STAY, 0, NOTE },
        [ORDER_ON_ALL_SENT]        = { PGL_STAY, EVENT_TYPE_ORDER_FULFILLED, FULFIL },
    },
    [ORDER_FAILED] = {
        [ORDER_ON_CLIENT_CANCEL]   = { PGL_STAY, 0, 0 },
        [ORDER_ON_OPERATOR_CANCEL] = { PGL_STAY, 0, 0 },
        [ORDER_ON_DEADLINE]        = { PGL_STAY, 0, 0 },
        [ORDER_ON_ACTION_REQUIRED] = { PGL_STAY, 0, 0 },
        [ORDER_ON_AUTHORIZED]      = { PGL_STAY, 0, 0 },
        [ORDER_ON_RESERVED]        = { PGL_STAY, 0, 0 },
        [ORDER_ON_OUT_OF_STOCK]    = { PGL_STAY, 0, 0 },
        [ORDER_ON_WITHDRAWN]       = { PGL_STAY, 0, 0 },
        [ORDER_ON_VOIDED]          = { PGL_STAY, 0, 0 },
        [ORDER_ON_DECLINED]        = { PGL_STAY, 0, 0 },
        [ORDER_ON_CAPTURE_FAILED]  = { PGL_STAY, 0, 0 },
        [ORDER_ON_REFUND]          = { PGL_STAY, 0, REFUSE },
    },
    [ORDER_CANCELLED] = {
        [ORDER_ON_CLIENT_CANCEL]   = { PGL_STAY, 0, 0 },
        [ORDER_ON_OPERATOR_CANCEL] = { PGL_STAY, 0, 0 },
        [ORDER_ON_DEADLINE]        = { PGL_STAY, 0, 0 },
        [ORDER_ON_ACTION_REQUIRED] = { PGL_STAY, 0, 0 },
        [ORDER_ON_AUTHORIZED]      = { PGL_STAY, 0, 0 },
        [ORDER_ON_RESERVED]        = { PGL_STAY, 0, 0 },
        [ORDER_ON_OUT_OF_STOCK]    = { PGL_STAY, 0, 0 },
        [ORDER_ON_WITHDRAWN]       = { PGL_STAY, 0, 0 },
        [ORDER_ON_VOIDED]          = { PGL_STAY, 0, 0 },
        [ORDER_ON_DECLINED]        = { PGL_STAY, 0, 0 },
        [ORDER_ON_CAPTURE_FAILED]  = { PGL_STAY, 0, 0 },
        [ORDER_ON_REFUND]          = { PGL_STAY, 0, REFUSE },
    },
};
/* clang-format on */

/* Who asks, for the inputs that ask. */
static const enum order_cancel asks[ORDER_INPUT_COUNT] = {
    [ORDER_ON_CLIENT_CANCEL] = CANCEL_CLIENT,
    [ORDER_ON_OPERATOR_CANCEL] = CANCEL_OPERATOR,
    [ORDER_ON_DEADLINE] = CANCEL_DEADLINE,
};

struct order_step pgl_order_step(struct order_facts before, enum order_input input)
{
    const struct pgl_cell *cell =
        pgl_machine_cell(&pgl_order_machine, (int)before.state, (int)input);
    struct order_step step = { .after = before };

    if (cell->next == PGL_IMPOSSIBLE) {
        step.is_impossible = true;
        return step;
    }
    if (cell->does & ASK && before.cancel != CANCEL_NONE)
        return step; /* asked twice, said once */
    if (cell->does & FULFIL && before.is_fulfilled)
        return step;

    if (cell->next != PGL_STAY)
        step.after.state = cell->next;
    if (cell->does & ASK)
        step.after.cancel = asks[input];
    step.says[0] = cell->says;
    if (cell->does & REPLY && before.cancel == CANCEL_CLIENT)
        step.says[1] = EVENT_TYPE_ORDER_CANCEL_REJECTED;
    if (cell->does & FULFIL)
        step.after.is_fulfilled = true;
    step.is_noted = cell->does & NOTE;
    step.is_refused = cell->does & REFUSE;
    return step;
}

enum order_input pgl_order_input_of(EventType type, Cause cause)
{
    switch (type) {
    case EVENT_TYPE_PAYMENT_ACTION_REQUIRED:
        return ORDER_ON_ACTION_REQUIRED;
    case EVENT_TYPE_PAYMENT_AUTHORIZED:
        return ORDER_ON_AUTHORIZED;
    case EVENT_TYPE_INVENTORY_RESERVED:
        return ORDER_ON_RESERVED;
    case EVENT_TYPE_INVENTORY_RESERVATION_FAILED:
        return ORDER_ON_OUT_OF_STOCK;
    case EVENT_TYPE_PAYMENT_CAPTURED:
        return ORDER_ON_CAPTURED;
    case EVENT_TYPE_PAYMENT_VOIDED: /* what won is in the verdict, not in our own row */
        return cause == CAUSE_CLIENT || cause == CAUSE_OPERATOR ? ORDER_ON_WITHDRAWN
                                                                : ORDER_ON_VOIDED;
    case EVENT_TYPE_PAYMENT_DECLINED:
        return ORDER_ON_DECLINED;
    case EVENT_TYPE_PAYMENT_CAPTURE_FAILED:
        return ORDER_ON_CAPTURE_FAILED;
    case EVENT_TYPE_PAYMENT_REFUNDED:
        return ORDER_ON_REFUNDED;
    case EVENT_TYPE_PAYMENT_REFUND_FAILED:
        return ORDER_ON_REFUND_FAILED;
    case EVENT_TYPE_INVENTORY_SHIPPED:
        return ORDER_ON_SHIPPED;
    case EVENT_TYPE_INVENTORY_RETURNED:
        return ORDER_ON_RETURNED;
    default: /* a log may hold types that are younger than we are */
        return ORDER_INPUT_COUNT;
    }
}

/* clang-format off */
static const char *const state_names[ORDER_STATE_COUNT] = {
    [ORDER_PENDING]    = "PENDING",
    [ORDER_AUTHORIZED] = "AUTHORIZED",
    [ORDER_RESERVED]   = "RESERVED",
    [ORDER_CONFIRMED]  = "CONFIRMED",
    [ORDER_FAILED]     = "FAILED",
    [ORDER_CANCELLED]  = "CANCELLED",
};

static const char *const input_names[ORDER_INPUT_COUNT] = {
    [ORDER_ON_CLIENT_CANCEL]   = "cancel by the client",
    [ORDER_ON_OPERATOR_CANCEL] = "cancel by an operator",
    [ORDER_ON_DEADLINE]        = "deadline",
    [ORDER_ON_ACTION_REQUIRED] = "PaymentActionRequired",
    [ORDER_ON_AUTHORIZED]      = "PaymentAuthorized",
    [ORDER_ON_RESERVED]        = "InventoryReserved",
    [ORDER_ON_OUT_OF_STOCK]    = "InventoryReservationFailed",
    [ORDER_ON_CAPTURED]        = "PaymentCaptured",
    [ORDER_ON_WITHDRAWN]       = "PaymentVoided (CLIENT, OPERATOR)",
    [ORDER_ON_VOIDED]          = "PaymentVoided (other causes)",
    [ORDER_ON_DECLINED]        = "PaymentDeclined",
    [ORDER_ON_CAPTURE_FAILED]  = "PaymentCaptureFailed",
    [ORDER_ON_REFUND]          = "refund by an operator",
    [ORDER_ON_REFUNDED]        = "PaymentRefunded",
    [ORDER_ON_REFUND_FAILED]   = "PaymentRefundFailed",
    [ORDER_ON_SHIPPED]         = "InventoryShipped",
    [ORDER_ON_RETURNED]        = "InventoryReturned",
    [ORDER_ON_ALL_SENT]        = "nothing is left to be shipped",
};

static const char *const event_names[] = {
    [EVENT_TYPE_ORDER_CANCEL_REQUESTED] = "OrderCancelRequested",
    [EVENT_TYPE_ORDER_CONFIRMED]        = "OrderConfirmed",
    [EVENT_TYPE_ORDER_CANCELLED]        = "OrderCancelled",
    [EVENT_TYPE_ORDER_REFUND_REQUESTED] = "OrderRefundRequested",
    [EVENT_TYPE_ORDER_FULFILLED]        = "OrderFulfilled",
};

static const char *const deed_names[DEED_COUNT] = {
    "once", "note it", "OrderCancelRejected if the client asked", "409", "the first time",
};
/* clang-format on */

const struct pgl_machine pgl_order_machine = {
    .name = "order",
    .state_count = ORDER_STATE_COUNT,
    .input_count = ORDER_INPUT_COUNT,
    .event_count = sizeof event_names / sizeof event_names[0],
    .deed_count = DEED_COUNT,
    .cells = cells[0],
    .state_names = state_names,
    .input_names = input_names,
    .event_names = event_names,
    .deed_names = deed_names,
};
