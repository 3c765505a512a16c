/*
 * payment_machine.c - where it is decided whether the money is taken, and how that is carried
 * through against a provider that may be slow, silent or twice there.
 *
 * Three rules carry the safety:
 *  1. A negative verdict after a CAPTURE was sent waits for the provider's own final state.
 *  2. Every payment that is not captured ends with the provider's object cancelled.
 *  3. A cancel is ignored once the latch says CAPTURE.
 */
#include "services/payments/payment_machine.h"

#include "base/assert.h"

/* What a cell may do beside moving on and speaking. */
enum deed {
    DECIDE_CAPTURE = 1 << 0,
    DECIDE_VOID = 1 << 1,
    PLAN_FIND = 1 << 2,
    PLAN_HOLD = 1 << 3, /* AUTHORIZE; before it CREATE, where there is no handle yet */
    PLAN_CAPTURE = 1 << 4,
    PLAN_VOID =
        1 << 5, /* in place of an operation not sent; after one that was; if there is a handle */
    SENT = 1 << 6,
    RECOVER = 1 << 7, /* the operation stays open: ask the provider */
    AGAIN = 1 << 8,   /* the same operation once more */
    DONE = 1 << 9,    /* the operation is resolved */
    DEED_COUNT = 10,

    TAKE = DECIDE_CAPTURE | PLAN_CAPTURE,
    LET_GO = DECIDE_VOID | PLAN_VOID,
};

enum says {
    SAY_ACTION = EVENT_TYPE_PAYMENT_ACTION_REQUIRED,
    SAY_AUTHORIZED = EVENT_TYPE_PAYMENT_AUTHORIZED,
    SAY_DECLINED = EVENT_TYPE_PAYMENT_DECLINED,
    SAY_VOIDED = EVENT_TYPE_PAYMENT_VOIDED,
    SAY_NOT_CAPTURED = EVENT_TYPE_PAYMENT_CAPTURE_FAILED,
    SAY_CAPTURED = EVENT_TYPE_PAYMENT_CAPTURED,
    SAY_HOLD_RELEASED = EVENT_TYPE_PAYMENT_HOLD_RELEASED,
};

/* clang-format off */
static const struct pgl_cell cells[PAYMENT_STATE_COUNT][PAYMENT_INPUT_COUNT] = {
    /*                                next, says, does; as wide as the state needs */
    [PAYMENT_NONE] = {
        [PAYMENT_ON_NEW_ORDER]    = { PAYMENT_AUTHORIZING, 0,            PLAN_HOLD },
        /* A tombstone: the order itself may come later, and finds its payment ended. */
        [PAYMENT_ON_CANCEL]       = { PAYMENT_VOIDED,      SAY_VOIDED,   LET_GO },
        /* Stock for an order unknown to us: we have lost state, so the provider is asked first. */
        [PAYMENT_ON_RESERVED]     = { PGL_STAY,            0,            PLAN_FIND },
        [PAYMENT_ON_OUT_OF_STOCK] = { PGL_STAY,            0,            PLAN_FIND },
        [PAYMENT_ON_SENT]         = { PGL_STAY,            0,            SENT },
        [OUTCOME_CREATED]         = { PAYMENT_VOIDED,      SAY_VOIDED,   DONE | LET_GO },
        [OUTCOME_CAPTURED]        = { PAYMENT_CAPTURED,    SAY_CAPTURED, DONE | DECIDE_CAPTURE },
        [OUTCOME_CANCELLED]       = { PAYMENT_VOIDED,      SAY_VOIDED,   DONE | LET_GO },
        [OUTCOME_UNKNOWN]         = { PGL_STAY,            0,            RECOVER },
        [OUTCOME_AGAIN]           = { PGL_STAY,            0,            AGAIN },
    },
    [PAYMENT_AUTHORIZING] = {
        [PAYMENT_ON_NEW_ORDER]    = { PGL_STAY,                0,              0 },
        [PAYMENT_ON_CANCEL]       = { PAYMENT_VOIDED,          SAY_VOIDED,     LET_GO },
        /* Stock is asked for with PaymentAuthorized only, so neither answer can come yet. */
        [PAYMENT_ON_SENT]         = { PGL_STAY,                0,              SENT },
        [OUTCOME_CREATED]         = { PGL_STAY,                0,              DONE | PLAN_HOLD },
        [OUTCOME_ACTION_REQUIRED] = { PAYMENT_ACTION_REQUIRED, SAY_ACTION,     RECOVER },
        [OUTCOME_AUTHORIZED]      = { PAYMENT_AUTHORIZED,      SAY_AUTHORIZED, DONE },
        /* A late twin of the request may still place a hold: what was declined is cancelled too. */
        [OUTCOME_DECLINED]        = { PAYMENT_DECLINED,        SAY_DECLINED,   DONE | PLAN_VOID },
        [OUTCOME_CAPTURE_REFUSED] = { PGL_STAY,                0,              0 },
        [OUTCOME_CANCELLED]       = { PGL_STAY,                0,              0 },
        [OUTCOME_VOIDED]          = { PGL_STAY,                0,              0 },
        [OUTCOME_UNKNOWN]         = { PGL_STAY,                0,              RECOVER },
        [OUTCOME_AGAIN]           = { PGL_STAY,                0,              AGAIN },
    },
    /* As AUTHORIZING: the operation stays open, and by asking we learn what the customer did. */
    [PAYMENT_ACTION_REQUIRED] = {
        [PAYMENT_ON_NEW_ORDER]    = { PGL_STAY,           0,              0 },
        [PAYMENT_ON_CANCEL]       = { PAYMENT_VOIDED,     SAY_VOIDED,     LET_GO },
        [PAYMENT_ON_SENT]         = { PGL_STAY,           0,              SENT },
        [OUTCOME_ACTION_REQUIRED] = { PGL_STAY,           0,              RECOVER },
        [OUTCOME_AUTHORIZED]      = { PAYMENT_AUTHORIZED, SAY_AUTHORIZED, DONE },
        [OUTCOME_DECLINED]        = { PAYMENT_DECLINED,   SAY_DECLINED,   DONE | PLAN_VOID },
        [OUTCOME_CAPTURE_REFUSED] = { PGL_STAY,           0,              0 },
        [OUTCOME_CANCELLED]       = { PGL_STAY,           0,              0 },
        [OUTCOME_VOIDED]          = { PGL_STAY,           0,              0 },
        [OUTCOME_UNKNOWN]         = { PGL_STAY,           0,              RECOVER },
        [OUTCOME_AGAIN]           = { PGL_STAY,           0,              AGAIN },
    },
    /* Here the latch is still open and nothing is in flight: who comes first decides. */
    [PAYMENT_AUTHORIZED] = {
        [PAYMENT_ON_NEW_ORDER]    = { PGL_STAY,          0,          0 },
        [PAYMENT_ON_CANCEL]       = { PAYMENT_VOIDED,    SAY_VOIDED, LET_GO },
        [PAYMENT_ON_RESERVED]     = { PAYMENT_CAPTURING, 0,          TAKE },
        [PAYMENT_ON_OUT_OF_STOCK] = { PAYMENT_VOIDED,    SAY_VOIDED, LET_GO },
    },
    [PAYMENT_CAPTURING] = {
        [PAYMENT_ON_NEW_ORDER]    = { PGL_STAY,               0,                0 },
        /* Too late: the money is being taken. */
        [PAYMENT_ON_CANCEL]       = { PGL_STAY,               0,                0 },
        [PAYMENT_ON_RESERVED]     = { PGL_STAY,               0,                0 },
        [PAYMENT_ON_SENT]         = { PGL_STAY,               0,                SENT },
        [OUTCOME_ACTION_REQUIRED] = { PGL_STAY,               0,                0 },
        [OUTCOME_AUTHORIZED]      = { PGL_STAY,               0,                0 },
        [OUTCOME_DECLINED]        = { PGL_STAY,               0,                0 },
        [OUTCOME_CAPTURED]        = { PAYMENT_CAPTURED,       SAY_CAPTURED,     DONE },
        /* No verdict yet: an earlier capture, timed out, may still be on its way. */
        [OUTCOME_CAPTURE_REFUSED] = { PAYMENT_ABORTING,       0,                DONE | PLAN_VOID },
        [OUTCOME_CANCELLED]       = { PAYMENT_CAPTURE_FAILED, SAY_NOT_CAPTURED, DONE },
        [OUTCOME_VOIDED]          = { PGL_STAY,               0,                0 },
        [OUTCOME_UNKNOWN]         = { PGL_STAY,               0,                RECOVER },
        [OUTCOME_AGAIN]           = { PGL_STAY,               0,                AGAIN },
    },
    /* A capture was sent and refused: the provider's own last word is the verdict. */
    [PAYMENT_ABORTING] = {
        [PAYMENT_ON_NEW_ORDER]    = { PGL_STAY,               0,                0 },
        [PAYMENT_ON_CANCEL]       = { PGL_STAY,               0,                0 },
        [PAYMENT_ON_RESERVED]     = { PGL_STAY,               0,                0 },
        [PAYMENT_ON_SENT]         = { PGL_STAY,               0,                SENT },
        [OUTCOME_ACTION_REQUIRED] = { PGL_STAY,               0,                0 },
        [OUTCOME_AUTHORIZED]      = { PGL_STAY,               0,                0 },
        [OUTCOME_DECLINED]        = { PGL_STAY,               0,                0 },
        [OUTCOME_CAPTURED]        = { PAYMENT_CAPTURED,       SAY_CAPTURED,     DONE },
        [OUTCOME_CAPTURE_REFUSED] = { PGL_STAY,               0,                0 },
        [OUTCOME_CANCELLED]       = { PAYMENT_CAPTURE_FAILED, SAY_NOT_CAPTURED, DONE },
        [OUTCOME_VOIDED]          = { PAYMENT_CAPTURE_FAILED, SAY_NOT_CAPTURED, DONE },
        [OUTCOME_UNKNOWN]         = { PGL_STAY,               0,                RECOVER },
        [OUTCOME_AGAIN]           = { PGL_STAY,               0,                AGAIN },
    },
    [PAYMENT_CAPTURED] = {
        [PAYMENT_ON_NEW_ORDER]    = { PGL_STAY, 0, 0 },
        [PAYMENT_ON_CANCEL]       = { PGL_STAY, 0, 0 },
        [PAYMENT_ON_RESERVED]     = { PGL_STAY, 0, 0 },
        [PAYMENT_ON_OUT_OF_STOCK] = { PGL_STAY, 0, 0 },
    },
    /* What is left is to give the hold back. Captured would be money for nothing: for a person. */
    [PAYMENT_DECLINED] = {
        [PAYMENT_ON_NEW_ORDER]    = { PGL_STAY, 0,                 0 },
        [PAYMENT_ON_CANCEL]       = { PGL_STAY, 0,                 0 },
        [PAYMENT_ON_RESERVED]     = { PGL_STAY, 0,                 0 },
        [PAYMENT_ON_OUT_OF_STOCK] = { PGL_STAY, 0,                 0 },
        [PAYMENT_ON_SENT]         = { PGL_STAY, 0,                 SENT },
        [OUTCOME_ACTION_REQUIRED] = { PGL_STAY, 0,                 DONE | PLAN_VOID },
        [OUTCOME_AUTHORIZED]      = { PGL_STAY, 0,                 DONE | PLAN_VOID },
        [OUTCOME_DECLINED]        = { PGL_STAY, 0,                 DONE | PLAN_VOID },
        [OUTCOME_CAPTURE_REFUSED] = { PGL_STAY, 0,                 0 },
        [OUTCOME_CANCELLED]       = { PGL_STAY, SAY_HOLD_RELEASED, DONE },
        [OUTCOME_VOIDED]          = { PGL_STAY, SAY_HOLD_RELEASED, DONE },
        [OUTCOME_UNKNOWN]         = { PGL_STAY, 0,                 RECOVER },
        [OUTCOME_AGAIN]           = { PGL_STAY, 0,                 AGAIN },
    },
    [PAYMENT_VOIDED] = {
        [PAYMENT_ON_NEW_ORDER]    = { PGL_STAY, 0,                 0 },
        [PAYMENT_ON_CANCEL]       = { PGL_STAY, 0,                 0 },
        [PAYMENT_ON_RESERVED]     = { PGL_STAY, 0,                 0 },
        [PAYMENT_ON_OUT_OF_STOCK] = { PGL_STAY, 0,                 0 },
        [PAYMENT_ON_SENT]         = { PGL_STAY, 0,                 SENT },
        /* The operation that was in flight when the latch closed is resolved: now cancel. */
        [OUTCOME_CREATED]         = { PGL_STAY, 0,                 DONE | PLAN_VOID },
        [OUTCOME_ACTION_REQUIRED] = { PGL_STAY, 0,                 DONE | PLAN_VOID },
        [OUTCOME_AUTHORIZED]      = { PGL_STAY, 0,                 DONE | PLAN_VOID },
        [OUTCOME_DECLINED]        = { PGL_STAY, 0,                 DONE | PLAN_VOID },
        [OUTCOME_CAPTURE_REFUSED] = { PGL_STAY, 0,                 0 },
        [OUTCOME_CANCELLED]       = { PGL_STAY, SAY_HOLD_RELEASED, DONE },
        [OUTCOME_VOIDED]          = { PGL_STAY, SAY_HOLD_RELEASED, DONE },
        [OUTCOME_UNKNOWN]         = { PGL_STAY, 0,                 RECOVER },
        [OUTCOME_AGAIN]           = { PGL_STAY, 0,                 DONE | PLAN_VOID },
    },
    [PAYMENT_CAPTURE_FAILED] = {
        [PAYMENT_ON_NEW_ORDER]    = { PGL_STAY, 0, 0 },
        [PAYMENT_ON_CANCEL]       = { PGL_STAY, 0, 0 },
        [PAYMENT_ON_RESERVED]     = { PGL_STAY, 0, 0 },
        [PAYMENT_ON_OUT_OF_STOCK] = { PGL_STAY, 0, 0 },
    },
};

#define OF(op) (1u << PAYMENT_OP_##op)

/* Which operations an outcome can be the outcome of. Any other is an echo, of a question asked
 * before the operation was resolved, and changes nothing. */
static const unsigned outcome_of[PAYMENT_INPUT_COUNT] = {
    [PAYMENT_ON_SENT]         = OF(CREATE) | OF(AUTHORIZE) | OF(CAPTURE) | OF(VOID) | OF(FIND),
    [OUTCOME_CREATED]         = OF(CREATE) | OF(FIND),
    [OUTCOME_ACTION_REQUIRED] = OF(AUTHORIZE),
    [OUTCOME_AUTHORIZED]      = OF(AUTHORIZE),
    [OUTCOME_DECLINED]        = OF(CREATE) | OF(AUTHORIZE),
    [OUTCOME_CAPTURED]        = OF(AUTHORIZE) | OF(CAPTURE) | OF(VOID) | OF(FIND),
    [OUTCOME_CAPTURE_REFUSED] = OF(CAPTURE),
    [OUTCOME_CANCELLED]       = OF(CAPTURE) | OF(VOID) | OF(FIND),
    [OUTCOME_VOIDED]          = OF(VOID),
    [OUTCOME_UNKNOWN]         = OF(CREATE) | OF(AUTHORIZE) | OF(CAPTURE) | OF(VOID) | OF(FIND),
    [OUTCOME_AGAIN]           = OF(CREATE) | OF(AUTHORIZE) | OF(CAPTURE) | OF(VOID) | OF(FIND),
};

/* What a found object means, by the operation that was lost sight of. */
static const enum payment_input learned[PAYMENT_OP_COUNT][PROVIDER_STATUS_COUNT] = {
    [PAYMENT_OP_AUTHORIZE] = {
        [PROVIDER_UNCONFIRMED]     = OUTCOME_AGAIN,
        [PROVIDER_ACTION_REQUIRED] = OUTCOME_ACTION_REQUIRED,
        [PROVIDER_PROCESSING]      = OUTCOME_UNKNOWN,
        [PROVIDER_DECLINED]        = OUTCOME_DECLINED,
        [PROVIDER_HELD]            = OUTCOME_AUTHORIZED,
        [PROVIDER_CAPTURED]        = OUTCOME_CAPTURED,
        [PROVIDER_CANCELLED]       = OUTCOME_DECLINED, /* expired before we knew */
    },
    [PAYMENT_OP_CAPTURE] = {
        [PROVIDER_UNCONFIRMED]     = OUTCOME_AGAIN,
        [PROVIDER_ACTION_REQUIRED] = OUTCOME_AGAIN,
        [PROVIDER_PROCESSING]      = OUTCOME_UNKNOWN,
        [PROVIDER_DECLINED]        = OUTCOME_AGAIN,
        [PROVIDER_HELD]            = OUTCOME_AGAIN, /* silence is no refusal */
        [PROVIDER_CAPTURED]        = OUTCOME_CAPTURED,
        [PROVIDER_CANCELLED]       = OUTCOME_CANCELLED,
    },
    [PAYMENT_OP_VOID] = {
        [PROVIDER_UNCONFIRMED]     = OUTCOME_AGAIN,
        [PROVIDER_ACTION_REQUIRED] = OUTCOME_AGAIN,
        [PROVIDER_PROCESSING]      = OUTCOME_UNKNOWN,
        [PROVIDER_DECLINED]        = OUTCOME_AGAIN,
        [PROVIDER_HELD]            = OUTCOME_AGAIN,
        [PROVIDER_CAPTURED]        = OUTCOME_CAPTURED,
        [PROVIDER_CANCELLED]       = OUTCOME_VOIDED,
    },
    [PAYMENT_OP_FIND] = {
        [PROVIDER_UNCONFIRMED]     = OUTCOME_CREATED,
        [PROVIDER_ACTION_REQUIRED] = OUTCOME_CREATED,
        [PROVIDER_PROCESSING]      = OUTCOME_UNKNOWN,
        [PROVIDER_DECLINED]        = OUTCOME_CREATED,
        [PROVIDER_HELD]            = OUTCOME_CREATED,
        [PROVIDER_CAPTURED]        = OUTCOME_CAPTURED,
        [PROVIDER_CANCELLED]       = OUTCOME_CANCELLED,
    },
};
/* clang-format on */

static bool is_echo(const struct payment_facts *before, enum payment_input input);
static bool is_waiting_for_find(const struct payment_facts *before, enum payment_input input);
static void move_op(struct payment_step *step, unsigned does);
static void explain(struct payment_step *step, enum payment_input input, Cause cause);

struct payment_step pgl_payment_step(struct payment_facts before, enum payment_input input,
                                     Cause cause)
{
    const struct pgl_cell *cell =
        pgl_machine_cell(&pgl_payment_machine, (int)before.state, (int)input);
    struct payment_step step = { .after = before };

    if (is_echo(&before, input))
        return step;
    if (cell->next == PGL_IMPOSSIBLE || is_waiting_for_find(&before, input)) {
        step.is_impossible = true;
        return step;
    }
    if (cell->next != PGL_STAY)
        step.after.state = cell->next;
    if (cell->does & DECIDE_CAPTURE)
        step.after.decision = DECISION_CAPTURE;
    if (cell->does & DECIDE_VOID)
        step.after.decision = DECISION_VOID;
    if (input == OUTCOME_CREATED)
        step.after.has_handle = true;
    step.says = cell->says;
    step.is_orphan = cell->does & PLAN_FIND;
    move_op(&step, cell->does);
    explain(&step, input, cause);
    return step;
}

static bool is_echo(const struct payment_facts *before, enum payment_input input)
{
    return input >= PAYMENT_ON_SENT && !(outcome_of[input] & 1u << before->op);
}

/* Whether an orphan's money was taken has to be known before anything more is believed about it. */
static bool is_waiting_for_find(const struct payment_facts *before, enum payment_input input)
{
    return input < PAYMENT_ON_SENT && before->op == PAYMENT_OP_FIND;
}

static void plan(struct payment_step *step, enum payment_op op)
{
    step->after.op = op;
    step->after.op_state = OP_PLANNED;
    step->is_planned = true;
}

static void move_op(struct payment_step *step, unsigned does)
{
    struct payment_facts *after = &step->after;

    if (does & SENT)
        after->op_state = OP_IN_FLIGHT;
    if (does & RECOVER)
        after->op_state = OP_UNKNOWN;
    if (does & AGAIN)
        plan(step, after->op);
    if (does & DONE) {
        after->op = PAYMENT_OP_NONE;
        after->op_state = OP_IDLE;
    }
    if (does & PLAN_FIND)
        plan(step, PAYMENT_OP_FIND);
    if (does & PLAN_HOLD)
        plan(step, after->has_handle ? PAYMENT_OP_AUTHORIZE : PAYMENT_OP_CREATE);
    if (does & PLAN_CAPTURE)
        plan(step, PAYMENT_OP_CAPTURE);

    /* What was sent is resolved first; its outcome finds the payment voided, and plans the VOID. */
    bool is_out = after->op_state == OP_IN_FLIGHT || after->op_state == OP_UNKNOWN;
    if (does & PLAN_VOID && !is_out) {
        if (after->has_handle) {
            plan(step, PAYMENT_OP_VOID);
        } else { /* no object, or one without money that nobody can name: reconciliation sweeps it
                  */
            after->op = PAYMENT_OP_NONE;
            after->op_state = OP_IDLE;
        }
    }
}

/* The causes that go with what is said. */
static void explain(struct payment_step *step, enum payment_input input, Cause cause)
{
    switch ((enum says)step->says) {
    case SAY_VOIDED:
        if (input == PAYMENT_ON_CANCEL)
            step->after.cause = cause;
        else if (input == PAYMENT_ON_OUT_OF_STOCK)
            step->after.cause = CAUSE_OUT_OF_STOCK;
        else
            step->after.cause = CAUSE_ORPHAN;
        step->hold = step->after.op == PAYMENT_OP_NONE ? HOLD_NONE : HOLD_RELEASING;
        break;
    case SAY_NOT_CAPTURED:
    case SAY_HOLD_RELEASED:
        step->hold = input == OUTCOME_VOIDED ? HOLD_RELEASED : HOLD_EXPIRED;
        break;
    case SAY_ACTION:
    case SAY_AUTHORIZED:
    case SAY_DECLINED:
    case SAY_CAPTURED:
        break;
    }
}

enum payment_input pgl_payment_input_of(EventType type)
{
    switch (type) {
    case EVENT_TYPE_ORDER_CREATED:
        return PAYMENT_ON_NEW_ORDER;
    case EVENT_TYPE_ORDER_CANCEL_REQUESTED:
        return PAYMENT_ON_CANCEL;
    case EVENT_TYPE_INVENTORY_RESERVED:
        return PAYMENT_ON_RESERVED;
    case EVENT_TYPE_INVENTORY_RESERVATION_FAILED:
        return PAYMENT_ON_OUT_OF_STOCK;
    default: /* a log may hold types that are younger than we are */
        return PAYMENT_INPUT_COUNT;
    }
}

enum payment_input pgl_payment_outcome_of(enum payment_op op, enum provider_status status)
{
    PGL_ASSERT(op < PAYMENT_OP_COUNT && op != PAYMENT_OP_NONE && op != PAYMENT_OP_CREATE);
    PGL_ASSERT(status < PROVIDER_STATUS_COUNT);
    return learned[op][status];
}

/* clang-format off */
static const char *const state_names[PAYMENT_STATE_COUNT] = {
    [PAYMENT_NONE]            = "NONE",
    [PAYMENT_AUTHORIZING]     = "AUTHORIZING",
    [PAYMENT_ACTION_REQUIRED] = "ACTION_REQUIRED",
    [PAYMENT_AUTHORIZED]      = "AUTHORIZED",
    [PAYMENT_CAPTURING]       = "CAPTURING",
    [PAYMENT_ABORTING]        = "ABORTING",
    [PAYMENT_CAPTURED]        = "CAPTURED",
    [PAYMENT_DECLINED]        = "DECLINED",
    [PAYMENT_VOIDED]          = "VOIDED",
    [PAYMENT_CAPTURE_FAILED]  = "CAPTURE_FAILED",
};

static const char *const input_names[PAYMENT_INPUT_COUNT] = {
    [PAYMENT_ON_NEW_ORDER]    = "OrderCreated",
    [PAYMENT_ON_CANCEL]       = "OrderCancelRequested",
    [PAYMENT_ON_RESERVED]     = "InventoryReserved",
    [PAYMENT_ON_OUT_OF_STOCK] = "InventoryReservationFailed",
    [PAYMENT_ON_SENT]         = "operation sent",
    [OUTCOME_CREATED]         = "created",
    [OUTCOME_ACTION_REQUIRED] = "needs customer action",
    [OUTCOME_AUTHORIZED]      = "authorized",
    [OUTCOME_DECLINED]        = "declined",
    [OUTCOME_CAPTURED]        = "captured",
    [OUTCOME_CAPTURE_REFUSED] = "capture refused, still held",
    [OUTCOME_CANCELLED]       = "cancelled or expired",
    [OUTCOME_VOIDED]          = "void confirmed",
    [OUTCOME_UNKNOWN]         = "unknown",
    [OUTCOME_AGAIN]           = "to be sent again",
};

static const char *const event_names[] = {
    [SAY_ACTION]         = "PaymentActionRequired",
    [SAY_AUTHORIZED]     = "PaymentAuthorized",
    [SAY_DECLINED]       = "PaymentDeclined",
    [SAY_VOIDED]         = "PaymentVoided",
    [SAY_NOT_CAPTURED] = "PaymentCaptureFailed",
    [SAY_CAPTURED]       = "PaymentCaptured",
    [SAY_HOLD_RELEASED]  = "PaymentHoldReleased",
};

static const char *const deed_names[DEED_COUNT] = {
    "decide CAPTURE", "decide VOID", "plan FIND", "plan CREATE, AUTHORIZE", "plan CAPTURE",
    "plan VOID",      "in flight",   "recover",   "plan it again",          "resolved",
};
/* clang-format on */

const struct pgl_machine pgl_payment_machine = {
    .name = "payment",
    .state_count = PAYMENT_STATE_COUNT,
    .input_count = PAYMENT_INPUT_COUNT,
    .event_count = sizeof event_names / sizeof event_names[0],
    .deed_count = DEED_COUNT,
    .cells = cells[0],
    .state_names = state_names,
    .input_names = input_names,
    .event_names = event_names,
    .deed_names = deed_names,
};
