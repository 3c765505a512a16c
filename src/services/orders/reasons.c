/* reasons.c - why an order is as it is, in words that a customer understands. */
#include "services/orders/orders.h"
#include "wire/failure_words.h"

#define PAYLOAD(name) PANGLOT__EVENTS__V1__EVENT__PAYLOAD_##name

/* By the cause of PaymentVoided. */
static const char *reason_of_cause(Cause cause)
{
    switch ((int)cause) {
    case CAUSE_CLIENT:
        return "cancelled by the customer";
    case CAUSE_OPERATOR:
        return "cancelled by an operator";
    case CAUSE_DEADLINE:
        return "not settled in time";
    case CAUSE_OUT_OF_STOCK:
        return "out of stock";
    default:
        return "payment voided";
    }
}

static const char *first_shortage(struct pgl_arena *arena, const InventoryReservationFailed *failed)
{
    if (failed->n_shortages == 0)
        return "out of stock";
    const Shortage *shortage = failed->shortages[0];
    return pgl_arena_printf(arena, "out of stock: line %d wants %lld of %s, %lld available",
                            (int)shortage->line_no, (long long)shortage->wanted, shortage->sku,
                            (long long)shortage->available);
}

struct pgl_text order_reason_of(struct pgl_tx *tx, const struct order_row *order,
                                const Event *heard)
{
    struct pgl_arena *arena = pgl_tx_arena(tx);
    switch (heard->payload_case) {
    case PAYLOAD(INVENTORY_RESERVATION_FAILED):
        return pgl_text_of(first_shortage(arena, heard->inventory_reservation_failed));
    case PAYLOAD(PAYMENT_VOIDED):
        /* Inventory may have told more of it already. */
        if (heard->payment_voided->cause == CAUSE_OUT_OF_STOCK && order->reason.size > 0)
            return order->reason;
        return pgl_text_of(reason_of_cause(heard->payment_voided->cause));
    case PAYLOAD(PAYMENT_DECLINED):
        return pgl_text_of(
            pgl_arena_printf(arena, "payment declined: %s",
                             pgl_failure_words(heard->payment_declined->decline_code)));
    case PAYLOAD(PAYMENT_CAPTURE_FAILED):
        return pgl_text_of(
            pgl_arena_printf(arena, "payment failed: %s",
                             pgl_failure_words(heard->payment_capture_failed->failure_code)));
    default:
        return order->reason;
    }
}
