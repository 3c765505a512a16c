/* story_text.c - see story_text.h. */
#include "edge/bff/story_text.h"

#include "base/money.h"
#include "base/time.h"
#include "wire/failure_words.h"

#define ITEMS_MAX 3 /* named one by one; the others are counted */

/* ---- parts of sentences ---- */

/* "12.00 USD" */
static const char *money(struct pgl_arena *arena, const char *currency, int64_t minor)
{
    struct pgl_text code = pgl_text_of(currency);
    int digits = pgl_currency_is_known(code) ? pgl_currency_exponent(code) : 0;
    long long scale = 1;
    for (int i = 0; i < digits; i++)
        scale *= 10;
    if (digits == 0)
        return pgl_arena_printf(arena, "%lld %s", (long long)minor, currency);
    return pgl_arena_printf(arena, "%lld.%0*lld %s", (long long)minor / scale, digits,
                            (long long)minor % scale, currency);
}

/* The order's currency, for events that name an amount and no currency. */
static const char *currency_of(const struct edge_story_facts *facts)
{
    return facts->created != NULL ? facts->created->currency : "";
}

static bool is_by_card(const struct edge_story_facts *facts)
{
    return facts->created != NULL && strcmp(facts->created->payment_method, "card") == 0;
}

static const char *instant(struct pgl_arena *arena, int64_t at_ns)
{
    char text[PGL_TIME_TEXT_BYTES];
    pgl_time_format(at_ns, text);
    return pgl_arena_string(arena, (struct pgl_text){ text, sizeof text });
}

/* "2 of LAMP in WH-EU-1, 1 of VASE in WH-US-1 and 3 more" */
static const char *items(struct pgl_arena *arena, Allocation *const *allocations, size_t count,
                         bool names_place)
{
    const char *list = "";
    for (size_t i = 0; i < count && i < ITEMS_MAX; i++) {
        const Allocation *one = allocations[i];
        list = pgl_arena_printf(arena, "%s%s%lld of %s%s%s", list, i > 0 ? ", " : "",
                                (long long)one->quantity, one->sku, names_place ? " in " : "",
                                names_place ? one->warehouse : "");
    }
    if (count > ITEMS_MAX)
        list = pgl_arena_printf(arena, "%s and %zu more", list, count - ITEMS_MAX);
    return list;
}

/* ---- sentences ---- */

#define SENTENCE(name)                                                                             \
    static const char *name(struct pgl_arena *arena, const struct edge_story_facts *facts,         \
                            const Event *event)

SENTENCE(order_created)
{
    (void)facts;
    const OrderCreated *said = event->order_created;
    return pgl_arena_printf(arena,
                            "%s ordered %zu line%s for %s, to be paid by %s and settled by %s.",
                            said->customer, said->n_lines, said->n_lines == 1 ? "" : "s",
                            money(arena, said->currency, said->amount_minor), said->payment_method,
                            instant(arena, said->deadline_at_ns));
}

SENTENCE(order_cancel_requested)
{
    (void)arena;
    (void)facts;
    switch ((int)event->order_cancel_requested->cause) {
    case CAUSE_CLIENT:
        return "The customer asked to take the order back.";
    case CAUSE_DEADLINE:
        return "The order was not settled by its deadline, so it is to be taken back.";
    default:
        return "An operator asked to take the order back.";
    }
}

SENTENCE(order_confirmed)
{
    const OrderConfirmed *said = event->order_confirmed;
    const char *amount = money(arena, currency_of(facts), said->amount_minor);
    long long dropped = 0;
    for (size_t i = 0; i < said->n_lines; i++)
        dropped += said->lines[i]->dropped;
    if (dropped == 0)
        return pgl_arena_printf(arena, "Confirmed: %s was paid.", amount);
    return pgl_arena_printf(arena,
                            "Confirmed in part: %s was paid, %lld of what was ordered %s "
                            "left out.",
                            amount, dropped, dropped == 1 ? "was" : "were");
}

SENTENCE(order_cancelled)
{
    (void)facts;
    static const struct {
        const char *reason, *words;
    } rows[] = {
        { "cancelled by the customer",
          "Cancelled: the customer asked before the money was taken." },
        { "cancelled by an operator", "Cancelled: an operator asked before the money was taken." },
        { "not settled in time", "Failed: it could not be settled by its deadline." },
        { "payment voided", "Failed: the payment was given up." },
    };
    const OrderCancelled *said = event->order_cancelled;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].reason, said->reason) == 0)
            return rows[i].words;
    bool is_cancelled = strcmp(said->final_status, "CANCELLED") == 0;
    return pgl_arena_printf(arena, "%s: %s.", is_cancelled ? "Cancelled" : "Failed", said->reason);
}

SENTENCE(order_cancel_rejected)
{
    (void)arena;
    (void)facts;
    (void)event;
    return "The wish to take the order back came too late: the money had been taken.";
}

SENTENCE(order_refund_requested)
{
    (void)facts;
    const OrderRefundRequested *said = event->order_refund_requested;
    return pgl_arena_printf(arena, "Refund %d: %s asked to give %s back%s%s.", (int)said->refund_no,
                            said->requested_by, money(arena, said->currency, said->amount_minor),
                            said->reason[0] != '\0' ? ": " : "", said->reason);
}

SENTENCE(order_fulfilled)
{
    (void)arena;
    (void)facts;
    (void)event;
    return "Everything that was confirmed has been shipped or refunded.";
}

SENTENCE(payment_action_required)
{
    (void)arena;
    (void)facts;
    (void)event;
    return "The customer has to confirm the payment to the card's bank before it goes on.";
}

SENTENCE(payment_authorized)
{
    const PaymentAuthorized *said = event->payment_authorized;
    const char *amount = money(arena, said->currency, said->amount_minor);
    if (is_by_card(facts))
        return pgl_arena_printf(arena, "Payment of %s was authorized by the card's bank.", amount);
    return pgl_arena_printf(arena, "%s of the customer's credit was set aside.", amount);
}

SENTENCE(payment_declined)
{
    (void)facts;
    return pgl_arena_printf(arena, "The payment was declined: %s.",
                            pgl_failure_words(event->payment_declined->decline_code));
}

SENTENCE(payment_voided)
{
    (void)facts;
    static const char *const causes[] = {
        [CAUSE_UNSPECIFIED] = "somebody asked",
        [CAUSE_CLIENT] = "the customer asked",
        [CAUSE_DEADLINE] = "the deadline had passed",
        [CAUSE_OPERATOR] = "an operator asked",
        [CAUSE_OUT_OF_STOCK] = "the stock was short",
        [CAUSE_ORPHAN] = "nothing was known of its order",
    };
    static const char *const holds[] = {
        [HOLD_UNSPECIFIED] = "",
        [HOLD_NONE] = "; nothing was held",
        [HOLD_RELEASING] = "; what was held is being given back",
        [HOLD_RELEASED] = "; what was held was given back",
        [HOLD_EXPIRED] = "; the hold had expired",
    };
    const PaymentVoided *said = event->payment_voided;
    size_t cause = (size_t)said->cause, hold = (size_t)said->hold;
    return pgl_arena_printf(arena, "The payment was given up because %s%s.",
                            causes[cause < sizeof causes / sizeof causes[0] ? cause : 0],
                            holds[hold < sizeof holds / sizeof holds[0] ? hold : 0]);
}

SENTENCE(payment_capture_failed)
{
    (void)facts;
    return pgl_arena_printf(arena, "The money could not be taken: %s.",
                            pgl_failure_words(event->payment_capture_failed->failure_code));
}

SENTENCE(payment_captured)
{
    (void)facts;
    const PaymentCaptured *said = event->payment_captured;
    return pgl_arena_printf(arena, "%s was taken.",
                            money(arena, said->currency, said->captured_minor));
}

SENTENCE(payment_hold_released)
{
    (void)arena;
    (void)facts;
    return event->payment_hold_released->how == HOLD_EXPIRED
               ? "The hold on the customer's money has expired."
               : "Nothing of the customer's money is held any more.";
}

SENTENCE(payment_refunded)
{
    (void)facts;
    const PaymentRefunded *said = event->payment_refunded;
    return pgl_arena_printf(arena, "Refund %d: %s was given back.", (int)said->refund_no,
                            money(arena, said->currency, said->amount_minor));
}

SENTENCE(payment_refund_failed)
{
    const PaymentRefundFailed *said = event->payment_refund_failed;
    return pgl_arena_printf(arena, "Refund %d: %s could not be given back: %s.",
                            (int)said->refund_no,
                            money(arena, currency_of(facts), said->amount_minor),
                            pgl_failure_words(said->failure_code));
}

SENTENCE(inventory_reserved)
{
    (void)facts;
    const InventoryReserved *said = event->inventory_reserved;
    return pgl_arena_printf(arena, "%s: %s.",
                            said->complete ? "The stock was set aside"
                                           : "A part of the stock was set aside, the rest is short",
                            items(arena, said->allocations, said->n_allocations, true));
}

SENTENCE(inventory_reservation_failed)
{
    (void)facts;
    const InventoryReservationFailed *said = event->inventory_reservation_failed;
    if (said->n_shortages == 0)
        return "Out of stock.";
    const Shortage *first = said->shortages[0];
    const char *more = said->n_shortages == 1 ? "" : "; other lines are short as well";
    return pgl_arena_printf(arena, "Out of stock: line %d wants %lld of %s, %lld available%s.",
                            (int)first->line_no, (long long)first->wanted, first->sku,
                            (long long)first->available, more);
}

SENTENCE(inventory_released)
{
    (void)facts;
    const InventoryReleased *said = event->inventory_released;
    return pgl_arena_printf(arena, "The stock is free again: %s.",
                            items(arena, said->allocations, said->n_allocations, true));
}

SENTENCE(inventory_committed)
{
    (void)facts;
    const InventoryCommitted *said = event->inventory_committed;
    return pgl_arena_printf(arena, "The stock is sold and waits to be shipped: %s.",
                            items(arena, said->allocations, said->n_allocations, true));
}

SENTENCE(inventory_shipped)
{
    (void)facts;
    const InventoryShipped *said = event->inventory_shipped;
    bool has_carrier = said->carrier[0] != '\0', has_tracking = said->tracking[0] != '\0';
    return pgl_arena_printf(arena, "Parcel %d left %s%s%s%s%s%s: %s.%s", (int)said->shipment_no,
                            said->warehouse, has_carrier ? " with " : "", said->carrier,
                            has_tracking ? " (" : "", said->tracking, has_tracking ? ")" : "",
                            items(arena, said->allocations, said->n_allocations, false),
                            said->complete ? " Nothing is left to be shipped." : "");
}

SENTENCE(inventory_returned)
{
    (void)facts;
    const InventoryReturned *said = event->inventory_returned;
    const char *text = pgl_arena_printf(arena, "Refund %d", (int)said->refund_no);
    if (said->n_released > 0)
        text = pgl_arena_printf(arena, "%s: not shipped any more: %s", text,
                                items(arena, said->released, said->n_released, false));
    if (said->n_restocked > 0)
        text = pgl_arena_printf(arena, "%s%s back in stock: %s", text,
                                said->n_released > 0 ? ";" : ":",
                                items(arena, said->restocked, said->n_restocked, true));
    if (said->n_released + said->n_restocked == 0)
        text = pgl_arena_printf(arena, "%s: no goods came back", text);
    return pgl_arena_printf(arena, "%s.", text);
}

/* ---- the table ---- */

#define PAYLOAD(name) PANGLOT__EVENTS__V1__EVENT__PAYLOAD_##name
#define ROW(type, name)                                                                            \
    {                                                                                              \
        EVENT_TYPE_##type, PAYLOAD(type), name                                                     \
    }

static const struct {
    EventType type;
    int payload;
    const char *(*sentence)(struct pgl_arena *arena, const struct edge_story_facts *facts,
                            const Event *event);
} rows[] = {
    ROW(ORDER_CREATED, order_created),
    ROW(ORDER_CANCEL_REQUESTED, order_cancel_requested),
    ROW(ORDER_CONFIRMED, order_confirmed),
    ROW(ORDER_CANCELLED, order_cancelled),
    ROW(ORDER_CANCEL_REJECTED, order_cancel_rejected),
    ROW(ORDER_REFUND_REQUESTED, order_refund_requested),
    ROW(ORDER_FULFILLED, order_fulfilled),
    ROW(PAYMENT_ACTION_REQUIRED, payment_action_required),
    ROW(PAYMENT_AUTHORIZED, payment_authorized),
    ROW(PAYMENT_DECLINED, payment_declined),
    ROW(PAYMENT_VOIDED, payment_voided),
    ROW(PAYMENT_CAPTURE_FAILED, payment_capture_failed),
    ROW(PAYMENT_CAPTURED, payment_captured),
    ROW(PAYMENT_HOLD_RELEASED, payment_hold_released),
    ROW(PAYMENT_REFUNDED, payment_refunded),
    ROW(PAYMENT_REFUND_FAILED, payment_refund_failed),
    ROW(INVENTORY_RESERVED, inventory_reserved),
    ROW(INVENTORY_RESERVATION_FAILED, inventory_reservation_failed),
    ROW(INVENTORY_RELEASED, inventory_released),
    ROW(INVENTORY_COMMITTED, inventory_committed),
    ROW(INVENTORY_SHIPPED, inventory_shipped),
    ROW(INVENTORY_RETURNED, inventory_returned),
};

const char *edge_story_text(struct pgl_arena *arena, const struct edge_story_facts *facts,
                            const Event *event)
{
    const char *text = "Something happened that this version does not know.";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].type == event->type && rows[i].payload == (int)event->payload_case)
            text = rows[i].sentence(arena, facts, event);
    return arena->is_exhausted ? NULL : text;
}
