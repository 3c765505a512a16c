/* public_event.c - see public_event.h. */
#include "wire/public_event.h"

#include "contract/outside.h"
#include "wire/message.h"

/* clang-format off */
#define ORDER(name)     EVENT_TYPE_ORDER_##name
#define PAYMENT(name)   EVENT_TYPE_PAYMENT_##name
#define INVENTORY(name) EVENT_TYPE_INVENTORY_##name
#define STOCK(name)     EVENT_TYPE_STOCK_##name
const struct pgl_public_event pgl_public_events[] = {
    /* event and its public type; log, data, what is hidden of it; what it says */
    { ORDER(CREATED), "panglot.order.created.v1",
      LOG_ORDERS, ORDER_CREATED_DESCRIPTOR, "payment_method_ref",
      "An order was taken, with the prices it will be held to." },
    { ORDER(CANCEL_REQUESTED), "panglot.order.cancel_requested.v1",
      LOG_ORDERS, ORDER_CANCEL_REQUESTED_DESCRIPTOR, NULL,
      "Somebody wants the order undone; whether it is in time is decided where the money is." },
    { ORDER(CONFIRMED), "panglot.order.confirmed.v1",
      LOG_ORDERS, ORDER_CONFIRMED_DESCRIPTOR, NULL,
      "The order is paid for and will be shipped: a final state." },
    { ORDER(CANCELLED), "panglot.order.cancelled.v1",
      LOG_ORDERS, ORDER_CANCELLED_DESCRIPTOR, NULL,
      "The order ended FAILED or CANCELLED, with nothing taken: a final state." },
    { ORDER(CANCEL_REJECTED), "panglot.order.cancel_rejected.v1",
      LOG_ORDERS, ORDER_CANCEL_REJECTED_DESCRIPTOR, NULL,
      "The wish to cancel came too late." },
    { ORDER(REFUND_REQUESTED), "panglot.order.refund_requested.v1",
      LOG_ORDERS, ORDER_REFUND_REQUESTED_DESCRIPTOR, NULL,
      "Money of a confirmed order is to be given back." },
    { ORDER(FULFILLED), "panglot.order.fulfilled.v1",
      LOG_ORDERS, ORDER_FULFILLED_DESCRIPTOR, NULL,
      "Every line that was confirmed has been shipped or refunded." },
    { PAYMENT(ACTION_REQUIRED), "panglot.payment.action_required.v1",
      LOG_PAYMENTS, PAYMENT_ACTION_REQUIRED_DESCRIPTOR, "next_action",
      "The customer has to do something at their bank." },
    { PAYMENT(AUTHORIZED), "panglot.payment.authorized.v1",
      LOG_PAYMENTS, PAYMENT_AUTHORIZED_DESCRIPTOR, NULL,
      "The amount is blocked, and not taken yet." },
    { PAYMENT(DECLINED), "panglot.payment.declined.v1",
      LOG_PAYMENTS, PAYMENT_DECLINED_DESCRIPTOR, NULL,
      "The payment was refused." },
    { PAYMENT(VOIDED), "panglot.payment.voided.v1",
      LOG_PAYMENTS, PAYMENT_VOIDED_DESCRIPTOR, NULL,
      "Nothing will be taken for this order." },
    { PAYMENT(CAPTURE_FAILED), "panglot.payment.capture_failed.v1",
      LOG_PAYMENTS, PAYMENT_CAPTURE_FAILED_DESCRIPTOR, NULL,
      "The money was blocked and could not be taken." },
    { PAYMENT(CAPTURED), "panglot.payment.captured.v1",
      LOG_PAYMENTS, PAYMENT_CAPTURED_DESCRIPTOR, NULL,
      "The money was taken." },
    { PAYMENT(HOLD_RELEASED), "panglot.payment.hold_released.v1",
      LOG_PAYMENTS, PAYMENT_HOLD_RELEASED_DESCRIPTOR, NULL,
      "What was blocked and not taken is free again." },
    { PAYMENT(REFUNDED), "panglot.payment.refunded.v1",
      LOG_PAYMENTS, PAYMENT_REFUNDED_DESCRIPTOR, NULL,
      "Money was given back." },
    { PAYMENT(REFUND_FAILED), "panglot.payment.refund_failed.v1",
      LOG_PAYMENTS, PAYMENT_REFUND_FAILED_DESCRIPTOR, NULL,
      "Money could not be given back." },
    { INVENTORY(RESERVED), "inventory.item.reserved",
      LOG_INVENTORY, INVENTORY_RESERVED_DESCRIPTOR, NULL,
      "Stock is set aside for an order." },
    { INVENTORY(RESERVATION_FAILED), "panglot.inventory.reservation_failed.v1",
      LOG_INVENTORY, INVENTORY_RESERVATION_FAILED_DESCRIPTOR, NULL,
      "There is not enough stock for an order." },
    { INVENTORY(RELEASED), "inventory.item.released",
      LOG_INVENTORY, INVENTORY_RELEASED_DESCRIPTOR, NULL,
      "Stock that was set aside can be sold again." },
    { INVENTORY(COMMITTED), "panglot.inventory.committed.v1",
      LOG_INVENTORY, INVENTORY_COMMITTED_DESCRIPTOR, NULL,
      "Stock that was set aside is sold, and waits to be shipped." },
    { STOCK(RECEIVED), "inventory.stock.updated",
      LOG_INVENTORY, STOCK_UPDATED_DESCRIPTOR, NULL,
      "What lies in a warehouse has changed: goods came in, were sold at a till, or were counted." },
    { INVENTORY(SHIPPED), "panglot.inventory.shipped.v1",
      LOG_INVENTORY, INVENTORY_SHIPPED_DESCRIPTOR, NULL,
      "A parcel has left a warehouse." },
    { INVENTORY(RETURNED), "panglot.inventory.returned.v1",
      LOG_INVENTORY, INVENTORY_RETURNED_DESCRIPTOR, NULL,
      "What a refund did to the stock." },
    { STOCK(SOLD), "inventory.stock.updated",
      LOG_INVENTORY, STOCK_UPDATED_DESCRIPTOR, NULL,
      "What lies in a warehouse has changed: goods came in, were sold at a till, or were counted." },
    { STOCK(COUNTED), "inventory.stock.updated",
      LOG_INVENTORY, STOCK_UPDATED_DESCRIPTOR, NULL,
      "What lies in a warehouse has changed: goods came in, were sold at a till, or were counted." },
    { STOCK(SHORT), "inventory.threshold.critical",
      LOG_INVENTORY, STOCK_SHORT_DESCRIPTOR, NULL,
      "Less is there than is promised to orders." },
};
/* clang-format on */
const int pgl_public_event_count = sizeof pgl_public_events / sizeof pgl_public_events[0];

const struct pgl_public_event *pgl_public_event_of(EventType event)
{
    for (int i = 0; i < pgl_public_event_count; i++)
        if (pgl_public_events[i].event == event)
            return &pgl_public_events[i];
    return NULL;
}

bool pgl_public_type_fits(struct pgl_text wish, const char *type)
{
    if (pgl_text_is(wish, "*"))
        return true;
    if (wish.size < 2 || memcmp(wish.data + wish.size - 2, ".*", 2) != 0)
        return pgl_text_is(wish, type);
    return pgl_text_starts_with(pgl_text_of(type), (struct pgl_text){ wish.data, wish.size - 1 });
}

bool pgl_public_type_is_known(struct pgl_text wish)
{
    for (int i = 0; i < pgl_public_event_count; i++)
        if (pgl_public_type_fits(wish, pgl_public_events[i].type))
            return true;
    return false;
}

const char *pgl_public_log_name(Log log)
{
    switch (log) {
    case LOG_CATALOG:
        return "catalog";
    case LOG_ORDERS:
        return "orders";
    case LOG_PAYMENTS:
        return "payments";
    case LOG_INVENTORY:
        return "inventory";
    default: /* protobuf-c's enums have a value of their own behind ours */
        return "";
    }
}

/* ---- what is shown ---- */

/* The member of the one-of that is set; they lie in one place. */
static const ProtobufCMessage *payload_of(const Event *event)
{
    const ProtobufCMessageDescriptor *descriptor = EVENT_DESCRIPTOR;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
            field->id != (uint32_t)event->payload_case)
            continue;
        const ProtobufCMessage *payload;
        memcpy(&payload, (const char *)event + field->offset, sizeof payload);
        return payload;
    }
    return NULL;
}

static void say_stock(StockUpdated *shown, char *sku, char *warehouse, StockChange because,
                      int64_t change)
{
    shown->sku = sku;
    shown->warehouse = warehouse;
    shown->because = because;
    shown->change = change;
}

static const ProtobufCMessage *stock_updated(const Event *event, struct pgl_arena *arena)
{
    StockUpdated *shown = pgl_message_new(STOCK_UPDATED_DESCRIPTOR, arena);
    if (shown == NULL)
        return NULL;
    if (event->type == EVENT_TYPE_STOCK_RECEIVED) {
        const StockReceived *said = event->stock_received;
        say_stock(shown, said->sku, said->warehouse, STOCK_CHANGE_RECEIVED, said->quantity);
        shown->on_hand = said->on_hand;
    } else if (event->type == EVENT_TYPE_STOCK_SOLD) {
        const StockSold *said = event->stock_sold;
        say_stock(shown, said->sku, said->warehouse, STOCK_CHANGE_SOLD, -said->quantity);
        shown->on_hand = said->on_hand;
        shown->shortfall = said->shortfall;
    } else {
        const StockCounted *said = event->stock_counted;
        say_stock(shown, said->sku, said->warehouse, STOCK_CHANGE_COUNTED, said->adjustment);
        shown->on_hand = said->on_hand;
        shown->shortfall = said->shortfall;
    }
    return &shown->base;
}

/* A copy without the text that is hidden. */
static const ProtobufCMessage *without(const ProtobufCMessage *payload, const char *hidden,
                                       struct pgl_arena *arena)
{
    const ProtobufCMessageDescriptor *descriptor = payload->descriptor;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, hidden);
    char *copy = pgl_arena_alloc(arena, descriptor->sizeof_message);
    if (copy == NULL || field == NULL)
        return NULL;
    char *nothing = pgl_message_string("");
    memcpy(copy, payload, descriptor->sizeof_message);
    memcpy(copy + field->offset, &nothing, sizeof nothing);
    return (const ProtobufCMessage *)(const void *)copy;
}

/* The payload that an event of this type has to have. */
static bool has_payload(const Event *event)
{
    const ProtobufCMessage *payload = payload_of(event);
    if (payload == NULL)
        return false;
    switch (event->type) {
    case EVENT_TYPE_STOCK_RECEIVED:
        return payload->descriptor == STOCK_RECEIVED_DESCRIPTOR;
    case EVENT_TYPE_STOCK_SOLD:
        return payload->descriptor == STOCK_SOLD_DESCRIPTOR;
    case EVENT_TYPE_STOCK_COUNTED:
        return payload->descriptor == STOCK_COUNTED_DESCRIPTOR;
    default:
        return payload->descriptor == pgl_public_event_of(event->type)->data;
    }
}

const ProtobufCMessage *pgl_public_event_data(const struct pgl_public_event *shown,
                                              const Event *event, struct pgl_arena *arena)
{
    if (!has_payload(event))
        return NULL;
    if (shown->data == STOCK_UPDATED_DESCRIPTOR)
        return stock_updated(event, arena);
    const ProtobufCMessage *payload = payload_of(event);
    return shown->hidden != NULL ? without(payload, shown->hidden, arena) : payload;
}
