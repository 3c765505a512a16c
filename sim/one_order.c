/*
 * one_order.c - the moves: those of the services, which are steps of the machines, and those of the
 * world around them.
 */
#include "one_order.h"

#include <string.h>

#include "base/assert.h"
#include "services/inventory/reservation_machine.h"
#include "services/orders/order_machine.h"
#include "services/payments/payment_machine.h"

struct making {
    const struct pgl_adversary *adversary;
    const struct pgl_one_order *now;
    struct pgl_moves *moves;
};

static void people_ask(struct making *making);
static void services_read(struct making *making);
static void payments_sends(struct making *making);
static void payments_crashes(struct making *making);
static void requests_travel(struct making *making);
static void payments_asks(struct making *making);
static void hints_come(struct making *making);
static void time_passes(struct making *making);

void pgl_one_order_moves(const struct pgl_adversary *adversary, const struct pgl_one_order *now,
                         struct pgl_moves *moves)
{
    struct making making = { adversary, now, moves };

    moves->count = 0;
    people_ask(&making);
    services_read(&making);
    payments_sends(&making);
    payments_crashes(&making);
    requests_travel(&making);
    payments_asks(&making);
    hints_come(&making);
    time_passes(&making);
}

static void log_add(struct pgl_small_log *log, EventType type, Cause cause, const char **wrong)
{
    if (log->count == PGL_LOG_MAX) {
        *wrong = "a log grows without end";
        return;
    }
    log->type[log->count] = (uint8_t)type;
    log->cause[log->count] = (uint8_t)cause;
    log->count++;
}

void pgl_one_order_start(const struct pgl_adversary *adversary, struct pgl_one_order *start)
{
    const char *wrong = NULL;
    PGL_ASSERT(adversary->requests <= PGL_REQUESTS_MAX);
    memset(start, 0, sizeof *start);
    start->has_handle = adversary->provider == PGL_PROVIDER_GIVEN;
    start->object = adversary->provider == PGL_PROVIDER_CARD ? PGL_NO_OBJECT : PROVIDER_UNCONFIRMED;
    start->duplicates_left = adversary->duplicates;
    start->crashes_left = adversary->crashes;
    log_add(&start->orders, EVENT_TYPE_ORDER_CREATED, CAUSE_UNSPECIFIED, &wrong);
    PGL_ASSERT(wrong == NULL);
}

/* ---- moves ---- */

static struct pgl_move *move_begin(struct making *making, const char *a, const char *b,
                                   const char *c)
{
    PGL_ASSERT(making->moves->count < PGL_MOVES_MAX);
    struct pgl_move *move = &making->moves->move[making->moves->count++];
    move->next = *making->now;
    move->words = (struct pgl_words){ { a, b, c } };
    move->wrong = NULL;
    move->is_chance = false;
    return move;
}

static struct pgl_move *chance_begin(struct making *making, const char *a, const char *b,
                                     const char *c)
{
    struct pgl_move *move = move_begin(making, a, b, c);
    move->is_chance = true;
    return move;
}

/* What all can see but none of the three acts on: kept only to know whether it was said before. */
static void say_aside(struct pgl_move *move, EventType type)
{
    uint8_t bit = 0;
    switch (type) {
    case EVENT_TYPE_PAYMENT_ACTION_REQUIRED:
        bit = 1 << 0;
        break;
    case EVENT_TYPE_PAYMENT_HOLD_RELEASED:
        bit = 1 << 1;
        break;
    case EVENT_TYPE_INVENTORY_RELEASED:
        bit = 1 << 2;
        break;
    case EVENT_TYPE_INVENTORY_COMMITTED:
        bit = 1 << 3;
        break;
    case EVENT_TYPE_INVENTORY_SHIPPED:
    case EVENT_TYPE_INVENTORY_RETURNED:
        return; /* once a parcel, once a refund */
    default:
        PGL_ASSERT(false);
    }
    if (move->next.said & bit)
        move->wrong = "an event is said twice";
    move->next.said |= bit;
}

static void order_does(struct pgl_move *move, enum order_input input)
{
    struct pgl_one_order *next = &move->next;
    struct order_facts before = { .state = (enum order_state)next->order,
                                  .cancel = (enum order_cancel)next->cancel };
    struct order_step step = pgl_order_step(before, input);

    if (step.is_impossible)
        move->wrong = "an order meets an impossible input";
    if (before.state >= ORDER_CONFIRMED && step.after.state != before.state)
        move->wrong = "an order leaves its final state";
    next->order = (uint8_t)step.after.state;
    next->cancel = (uint8_t)step.after.cancel;
    for (int i = 0; i < 2; i++)
        if (step.says[i] != EVENT_TYPE_UNSPECIFIED)
            log_add(&next->orders, step.says[i], (Cause)next->cancel, &move->wrong);
}

static void reservation_does(struct pgl_move *move, enum reservation_input input, bool is_in_stock)
{
    struct pgl_one_order *next = &move->next;
    struct reservation_facts before = { (enum reservation_state)next->reservation };
    struct reservation_step step = pgl_reservation_step(before, input);

    if (step.is_wanted)
        step = pgl_reservation_step(step.after,
                                    is_in_stock ? RESERVATION_ON_HELD : RESERVATION_ON_SHORT);
    if (step.is_impossible)
        move->wrong = "a reservation meets an impossible input";
    next->reservation = (uint8_t)step.after.state;
    if (step.says == EVENT_TYPE_INVENTORY_RESERVED ||
        step.says == EVENT_TYPE_INVENTORY_RESERVATION_FAILED)
        log_add(&next->inventory, step.says, CAUSE_UNSPECIFIED, &move->wrong);
    else if (step.says != EVENT_TYPE_UNSPECIFIED)
        say_aside(move, step.says);
}

static bool is_out(uint8_t op_state)
{
    return op_state == OP_IN_FLIGHT || op_state == OP_UNKNOWN;
}

static void payment_step(struct pgl_move *move, enum payment_input input, Cause cause)
{
    struct pgl_one_order *next = &move->next;
    struct payment_facts before = { (enum payment_state)next->payment,
                                    (enum payment_decision)next->decision,
                                    (enum payment_op)next->op,
                                    (enum op_state)next->op_state,
                                    (Cause)next->cause,
                                    next->has_handle };
    struct payment_step step = pgl_payment_step(before, input, cause);

    if (step.is_impossible)
        move->wrong = "a payment meets an impossible input";
    if (before.state >= PAYMENT_CAPTURED && step.after.state != before.state)
        move->wrong = "a payment leaves its final state";
    if (before.decision != DECISION_OPEN && step.after.decision != before.decision)
        move->wrong = "the latch moves twice";
    if (input < PAYMENT_ON_SENT && is_out(next->op_state) && step.after.op != before.op)
        move->wrong = "an operation in flight is replaced";
    next->payment = (uint8_t)step.after.state;
    next->decision = (uint8_t)step.after.decision;
    next->op = (uint8_t)step.after.op;
    next->op_state = (uint8_t)step.after.op_state;
    next->cause = (uint8_t)step.after.cause;
    next->has_handle = step.after.has_handle;
    if (step.says == EVENT_TYPE_PAYMENT_ACTION_REQUIRED ||
        step.says == EVENT_TYPE_PAYMENT_HOLD_RELEASED)
        say_aside(move, step.says);
    else if (step.says != EVENT_TYPE_UNSPECIFIED)
        log_add(&next->payments, step.says, step.after.cause, &move->wrong);
}

/* The ledger's answer to an operation: rows in the same transaction, so neither late nor lost. */
static enum payment_input ledger_does(struct pgl_one_order *next, bool is_funded)
{
    switch ((enum payment_op)next->op) {
    case PAYMENT_OP_AUTHORIZE:
        next->object = is_funded ? PROVIDER_HELD : PROVIDER_DECLINED;
        return is_funded ? OUTCOME_AUTHORIZED : OUTCOME_DECLINED;
    case PAYMENT_OP_CAPTURE:
        next->object = PROVIDER_CAPTURED;
        return OUTCOME_CAPTURED;
    case PAYMENT_OP_VOID:
        next->object = PROVIDER_CANCELLED;
        return OUTCOME_VOIDED;
    case PAYMENT_OP_NONE:
    case PAYMENT_OP_CREATE:
    case PAYMENT_OP_FIND:
    case PAYMENT_OP_COUNT:
        break;
    }
    PGL_ASSERT(false);
    return PAYMENT_INPUT_COUNT;
}

/* One transaction of Payments: the input, and with an account whatever follows from it. */
static void payment_does(const struct making *making, struct pgl_move *move,
                         enum payment_input input, Cause cause, bool is_funded)
{
    bool is_account = making->adversary->provider == PGL_PROVIDER_ACCOUNT;
    /* Only the order says how it is paid; from then on the ledger is there to speak to. */
    if (is_account && input == PAYMENT_ON_NEW_ORDER && move->next.payment == PAYMENT_NONE)
        move->next.has_handle = true;

    payment_step(move, input, cause);
    while (is_account && move->next.op != PAYMENT_OP_NONE && move->wrong == NULL)
        payment_step(move, ledger_does(&move->next, is_funded), CAUSE_UNSPECIFIED);
}

/* ---- people and services ---- */

/* Parcels leave at any time, and are refused or not. Of the whole way of a refund there is only its
 * end: Inventory hears of it once it has heard that the order was paid. */
static void goods_move(struct making *making)
{
    uint8_t reservation = making->now->reservation;
    reservation_does(chance_begin(making, "somebody ships a part", NULL, NULL), RESERVATION_ON_SHIP,
                     false);
    reservation_does(chance_begin(making, "somebody ships the rest", NULL, NULL),
                     RESERVATION_ON_SHIP_LAST, false);
    if (reservation == RESERVATION_COMMITTED)
        reservation_does(chance_begin(making, "a part is refunded", NULL, NULL),
                         RESERVATION_ON_REFUNDED, false);
    if (reservation == RESERVATION_COMMITTED || reservation == RESERVATION_SHIPPED)
        reservation_does(chance_begin(making, "the rest is refunded", NULL, NULL),
                         RESERVATION_ON_REFUNDED_LAST, false);
}

static void people_ask(struct making *making)
{
    order_does(chance_begin(making, "the client asks to cancel", NULL, NULL),
               ORDER_ON_CLIENT_CANCEL);
    order_does(move_begin(making, "the deadline passes", NULL, NULL), ORDER_ON_DEADLINE);
    if (making->adversary->provider == PGL_PROVIDER_GIVEN)
        return;
    order_does(chance_begin(making, "an operator asks to cancel", NULL, NULL),
               ORDER_ON_OPERATOR_CANCEL);
    goods_move(making);
}

static const char *event_name(EventType type)
{
    static const char *const names[] = {
        [EVENT_TYPE_ORDER_CREATED] = "OrderCreated",
        [EVENT_TYPE_ORDER_CANCEL_REQUESTED] = "OrderCancelRequested",
        [EVENT_TYPE_PAYMENT_AUTHORIZED] = "PaymentAuthorized",
        [EVENT_TYPE_PAYMENT_DECLINED] = "PaymentDeclined",
        [EVENT_TYPE_PAYMENT_VOIDED] = "PaymentVoided",
        [EVENT_TYPE_PAYMENT_CAPTURE_FAILED] = "PaymentCaptureFailed",
        [EVENT_TYPE_PAYMENT_CAPTURED] = "PaymentCaptured",
        [EVENT_TYPE_INVENTORY_RESERVED] = "InventoryReserved",
        [EVENT_TYPE_INVENTORY_RESERVATION_FAILED] = "InventoryReservationFailed",
    };
    return names[type];
}

static struct pgl_move *reading_begin(struct making *making, enum pgl_reading reading, int event,
                                      const char *who, EventType type, const char *how)
{
    struct pgl_move *move = move_begin(making, who, event_name(type), how);
    if (move->next.seen[reading] & 1u << event) {
        move->next.duplicates_left--;
        move->is_chance = true;
    }
    move->next.seen[reading] |= (uint8_t)(1u << event);
    return move;
}

static void payments_reads(struct making *making, enum pgl_reading reading, int event,
                           EventType type, Cause cause)
{
    enum payment_input input = pgl_payment_input_of(type);
    const char *how = NULL;
    if (input == PAYMENT_INPUT_COUNT)
        return;
    if (making->adversary->provider == PGL_PROVIDER_ACCOUNT && input == PAYMENT_ON_NEW_ORDER) {
        how = "and the account has the money";
        payment_does(making,
                     reading_begin(making, reading, event, "Payments reads", type,
                                   "and the account has no money"),
                     input, cause, false);
    }
    payment_does(making, reading_begin(making, reading, event, "Payments reads", type, how), input,
                 cause, true);
}

static void inventory_reads(struct making *making, int event, EventType type)
{
    enum reservation_input input = pgl_reservation_input_of(type);
    const char *how = NULL;
    if (input == RESERVATION_INPUT_COUNT)
        return;
    if (input == RESERVATION_ON_AUTHORIZED && making->now->reservation == RESERVATION_NONE) {
        how = "and the shelf is full";
        reservation_does(reading_begin(making, INVENTORY_READS_PAYMENTS, event, "Inventory reads",
                                       type, "and the shelf is empty"),
                         input, false);
    }
    reservation_does(
        reading_begin(making, INVENTORY_READS_PAYMENTS, event, "Inventory reads", type, how), input,
        true);
}

static void orders_reads(struct making *making, enum pgl_reading reading, int event, EventType type,
                         Cause cause)
{
    enum order_input input = pgl_order_input_of(type, cause);
    if (input != ORDER_INPUT_COUNT)
        order_does(reading_begin(making, reading, event, "Orders reads", type, NULL), input);
}

/* Any event of a log at any time: the order of delivery is not relied on. */
static void services_read(struct making *making)
{
    const struct pgl_one_order *now = making->now;
    const struct pgl_small_log *const logs[PGL_READING_COUNT] = {
        [PAYMENTS_READS_ORDERS] = &now->orders,      [PAYMENTS_READS_INVENTORY] = &now->inventory,
        [INVENTORY_READS_PAYMENTS] = &now->payments, [ORDERS_READS_PAYMENTS] = &now->payments,
        [ORDERS_READS_INVENTORY] = &now->inventory,
    };
    for (enum pgl_reading reading = 0; reading < PGL_READING_COUNT; reading++)
        for (int event = 0; event < logs[reading]->count; event++) {
            EventType type = (EventType)logs[reading]->type[event];
            Cause cause = (Cause)logs[reading]->cause[event];
            if (now->seen[reading] & 1u << event && now->duplicates_left == 0)
                continue;
            switch (reading) {
            case PAYMENTS_READS_ORDERS:
            case PAYMENTS_READS_INVENTORY:
                payments_reads(making, reading, event, type, cause);
                break;
            case INVENTORY_READS_PAYMENTS:
                inventory_reads(making, event, type);
                break;
            case ORDERS_READS_PAYMENTS:
            case ORDERS_READS_INVENTORY:
                orders_reads(making, reading, event, type, cause);
                break;
            case PGL_READING_COUNT:
                break;
            }
        }
}

/* ---- Payments and its provider ---- */

static const char *op_name(uint8_t op)
{
    static const char *const names[PAYMENT_OP_COUNT] = { "NONE",    "CREATE", "AUTHORIZE",
                                                         "CAPTURE", "VOID",   "FIND" };
    return names[op];
}

static void payments_sends(struct making *making)
{
    const struct pgl_one_order *now = making->now;
    if (now->op_state != OP_PLANNED || now->request_count == making->adversary->requests)
        return;
    struct pgl_move *move = move_begin(making, "Payments sends", op_name(now->op), NULL);
    payment_step(move, PAYMENT_ON_SENT, CAUSE_UNSPECIFIED);
    move->next.requests[move->next.request_count++] = now->op;
    if (now->op == PAYMENT_OP_CAPTURE)
        move->next.is_capture_sent = 1;
}

static void payments_crashes(struct making *making)
{
    if (making->now->op_state != OP_IN_FLIGHT || making->now->crashes_left == 0)
        return;
    struct pgl_move *move = chance_begin(making, "Payments crashes", NULL, NULL);
    move->next.crashes_left--;
    payment_step(move, OUTCOME_UNKNOWN, CAUSE_UNSPECIFIED);
}

/* What a request may make of the object, and what the answer would be. */
struct effect {
    uint8_t object;
    enum payment_input answer;
    const char *words;
};

struct effects {
    int count;
    struct effect effect[3];
};

static void may(struct effects *effects, uint8_t object, enum payment_input answer,
                const char *words)
{
    effects->effect[effects->count++] = (struct effect){ object, answer, words };
}

static void effects_of(const struct pgl_adversary *adversary, uint8_t op, uint8_t object,
                       struct effects *effects)
{
    effects->count = 0;
    switch ((enum payment_op)op) {
    case PAYMENT_OP_CREATE: /* with its key, so a second one finds the first */
        may(effects, object == PGL_NO_OBJECT ? PROVIDER_UNCONFIRMED : object, OUTCOME_CREATED,
            "made");
        break;
    case PAYMENT_OP_AUTHORIZE:
        if (object == PROVIDER_UNCONFIRMED || object == PROVIDER_DECLINED) {
            /* A late second try may be approved where the first was not. */
            may(effects, PROVIDER_HELD, OUTCOME_AUTHORIZED, "held");
            may(effects, PROVIDER_DECLINED, OUTCOME_DECLINED, "declined");
            if (adversary->provider == PGL_PROVIDER_CARD && object == PROVIDER_UNCONFIRMED)
                may(effects, PROVIDER_ACTION_REQUIRED, OUTCOME_ACTION_REQUIRED,
                    "the customer must act");
        } else if (object == PROVIDER_ACTION_REQUIRED) {
            may(effects, object, OUTCOME_ACTION_REQUIRED, "the customer must act");
        } else if (object == PROVIDER_CANCELLED) {
            may(effects, object, OUTCOME_DECLINED, "declined");
        } else {
            may(effects, object, OUTCOME_AUTHORIZED, "held");
        }
        break;
    case PAYMENT_OP_CAPTURE:
        if (object == PROVIDER_HELD)
            may(effects, PROVIDER_CAPTURED, OUTCOME_CAPTURED, "captured");
        if (object == PROVIDER_CAPTURED) /* a refusal, but asked again it says so */
            may(effects, object, OUTCOME_CAPTURED, "captured before");
        else if (object == PROVIDER_CANCELLED)
            may(effects, object, OUTCOME_CANCELLED, "cancelled before");
        else
            may(effects, object, OUTCOME_CAPTURE_REFUSED, "refused");
        break;
    case PAYMENT_OP_VOID:
        if (object == PROVIDER_CAPTURED)
            may(effects, object, OUTCOME_CAPTURED, "captured before");
        else
            may(effects, PROVIDER_CANCELLED, OUTCOME_VOIDED, "cancelled");
        break;
    case PAYMENT_OP_NONE:
    case PAYMENT_OP_FIND:
    case PAYMENT_OP_COUNT:
        PGL_ASSERT(false);
    }
}

static void request_take(struct pgl_one_order *next, int request)
{
    next->request_count--;
    for (int i = request; i < next->request_count; i++)
        next->requests[i] = next->requests[i + 1];
    next->requests[next->request_count] = 0;
}

/* A request may arrive now or much later, with or without its answer, or never. */
static void requests_travel(struct making *making)
{
    const struct pgl_one_order *now = making->now;
    for (int request = 0; request < now->request_count; request++) {
        uint8_t op = now->requests[request];
        bool is_awaited = now->op_state == OP_IN_FLIGHT && now->op == op;
        struct effects effects;
        struct pgl_move *move;
        effects_of(making->adversary, op, now->object, &effects);
        for (int i = 0; i < effects.count; i++) {
            if (is_awaited) {
                move = move_begin(making, "the provider answers", op_name(op),
                                  effects.effect[i].words);
                request_take(&move->next, request);
                move->next.object = effects.effect[i].object;
                payment_step(move, effects.effect[i].answer, CAUSE_UNSPECIFIED);
            }
            move = move_begin(making, is_awaited ? "the answer is lost, of" : "late comes",
                              op_name(op), effects.effect[i].words);
            request_take(&move->next, request);
            move->next.object = effects.effect[i].object;
            move->is_chance = is_awaited; /* but what was sent long ago does arrive, or is lost */
            if (is_awaited)
                payment_step(move, OUTCOME_UNKNOWN, CAUSE_UNSPECIFIED);
        }
        move = chance_begin(making, "the request is lost for", op_name(op), NULL);
        request_take(&move->next, request);
        if (is_awaited) {
            payment_step(move, OUTCOME_UNKNOWN, CAUSE_UNSPECIFIED);
            payment_step(chance_begin(making, "time is up for", op_name(op), "still under way"),
                         OUTCOME_UNKNOWN, CAUSE_UNSPECIFIED);
        }
    }
}

static const char *status_name(uint8_t status)
{
    static const char *const names[PROVIDER_STATUS_COUNT] = {
        "unconfirmed", "action required", "processing", "declined", "held", "captured", "cancelled",
    };
    return names[status];
}

/* Nothing is inferred from silence: the provider is asked, by the handle. */
static void payments_asks(struct making *making)
{
    const struct pgl_one_order *now = making->now;
    if (now->op_state != OP_UNKNOWN)
        return;
    if (now->op == PAYMENT_OP_CREATE) { /* no handle to ask by: sent again with its key */
        payment_step(move_begin(making, "Payments gives up waiting for", "CREATE", NULL),
                     OUTCOME_AGAIN, CAUSE_UNSPECIFIED);
        return;
    }
    payment_step(
        move_begin(making, "Payments asks about", op_name(now->op), status_name(now->object)),
        pgl_payment_outcome_of((enum payment_op)now->op, (enum provider_status)now->object),
        CAUSE_UNSPECIFIED);
}

/* A webhook is only a hint to ask. The answer was true when it was given; it is heard later. */
static void hints_come(struct making *making)
{
    const struct pgl_one_order *now = making->now;
    struct pgl_move *move;
    if (now->hint_op != PAYMENT_OP_NONE) {
        move = chance_begin(making, "late comes the answer about", op_name(now->hint_op),
                            status_name(now->hint_status));
        move->next.hint_op = move->next.hint_status = 0;
        payment_step(move,
                     pgl_payment_outcome_of((enum payment_op)now->hint_op,
                                            (enum provider_status)now->hint_status),
                     CAUSE_UNSPECIFIED);
    } else if (making->adversary->has_hints && now->has_handle && now->op != PAYMENT_OP_NONE) {
        move = chance_begin(making, "a hint makes Payments ask about", op_name(now->op),
                            status_name(now->object));
        move->next.hint_op = now->op;
        move->next.hint_status = now->object;
    }
}

static void time_passes(struct making *making)
{
    const struct pgl_one_order *now = making->now;
    bool is_account = making->adversary->provider == PGL_PROVIDER_ACCOUNT;
    if (now->object == PROVIDER_HELD && !is_account) /* a hold in our own ledger keeps */
        chance_begin(making, "the authorization expires", NULL, NULL)->next.object =
            PROVIDER_CANCELLED;
    if (now->object == PROVIDER_ACTION_REQUIRED) {
        chance_begin(making, "the customer consents", NULL, NULL)->next.object = PROVIDER_HELD;
        chance_begin(making, "the customer refuses", NULL, NULL)->next.object = PROVIDER_DECLINED;
    }
}
