/* change.c - what every change of an order comes to: its row, the counts, and whoever waits. */
#include "base/assert.h"
#include "services/orders/orders.h"
#include "wire/message.h"

struct order_step order_step_of(const struct order_row *order, enum order_input input)
{
    bool is_fulfilled = order->said >> EVENT_TYPE_ORDER_FULFILLED & 1;
    return pgl_order_step((struct order_facts){ order->state, order->cancel, is_fulfilled }, input);
}

/* Of these an order may have several, each with a number of its own. */
static bool may_be_said_again(EventType type)
{
    return type == EVENT_TYPE_ORDER_REFUND_REQUESTED;
}

pgl_status order_say(struct pgl_tx *tx, struct order_row *order, Event *event)
{
    struct pgl_orders_state *orders = pgl_tx_context(tx);
    event->key = (ProtobufCBinaryData){ sizeof order->id.bytes, order->id.bytes };
    event->tenant = pgl_message_string(order->tenant.data);
    event->previous_seq = order->last_event_seq;
    if (!may_be_said_again(event->type)) /* added, so that the database sees a second time */
        order->said += INT64_C(1) << event->type;
    return pgl_log_append(&orders->log, tx, event, &order->last_event_seq);
}

void order_note_change(struct order_row *order, ChangeKind kind)
{
    PGL_ASSERT(order->noted_count < ORDER_NOTED_MAX);
    order->noted[order->noted_count++] = (uint8_t)kind;
}

pgl_status order_write(struct pgl_tx *tx, struct order_row *order, enum order_state before)
{
    struct pgl_orders_state *orders = pgl_tx_context(tx);
    bool is_seen = order->state != before || order->noted_count > 0;
    PGL_TRY(order_update(tx, order, before));
    order->noted_count = 0;
    if (is_seen)
        pgl_waits_note(&orders->waits, order->id);
    if (order->state == before)
        return PGL_OK;
    pgl_tally_move(&orders->tally, (int)before, (int)order->state);
    if (order->state >= ORDER_CONFIRMED)
        pgl_deadlines_end(&orders->deadlines, order->id);
    return PGL_OK;
}
