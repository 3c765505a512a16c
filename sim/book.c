/* book.c - see book.h. */
#include "book.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/hash.h"

const char *const pgl_sim_warehouses[PGL_SIM_WAREHOUSES] = { "WH-EU-1", "WH-US-1", "WH-APAC-1" };

void pgl_sim_book_open(struct pgl_sim_book *book, const struct pgl_sim_plan *plan,
                       struct pgl_sim_blame *blame)
{
    *book = (struct pgl_sim_book){ .plan = plan, .blame = blame };
    memcpy(book->on_hand, plan->stock, sizeof book->on_hand);
    pgl_map_init(&book->by_id, PGL_SIM_ORDERS_MAX);
}

void pgl_sim_book_close(struct pgl_sim_book *book)
{
    free(book->orders);
    for (int log = 0; log < PGL_SIM_LOGS; log++)
        free(book->said[log]);
    pgl_map_free(&book->by_id);
}

/* ---- names ---- */

static int numbered(struct pgl_text name, char letter, int count)
{
    int64_t number;
    if (name.size < 3 || name.data[0] != letter || name.data[1] != '-' ||
        !pgl_is_ok(pgl_text_to_i64((struct pgl_text){ name.data + 2, name.size - 2 }, &number)))
        return -1;
    return number >= 0 && number < count ? (int)number : -1;
}

int pgl_sim_sku_of(const struct pgl_sim_plan *plan, struct pgl_text name)
{
    return numbered(name, 'S', plan->skus);
}

int pgl_sim_customer_of(const struct pgl_sim_plan *plan, struct pgl_text name)
{
    return numbered(name, 'C', plan->customers);
}

int pgl_sim_warehouse_of(struct pgl_text code)
{
    for (int warehouse = 0; warehouse < PGL_SIM_WAREHOUSES; warehouse++)
        if (pgl_text_is(code, pgl_sim_warehouses[warehouse]))
            return warehouse;
    return -1;
}

static const char *const event_names[] = {
    [EVENT_TYPE_ORDER_CREATED] = "OrderCreated",
    [EVENT_TYPE_ORDER_CANCEL_REQUESTED] = "OrderCancelRequested",
    [EVENT_TYPE_ORDER_CONFIRMED] = "OrderConfirmed",
    [EVENT_TYPE_ORDER_CANCELLED] = "OrderCancelled",
    [EVENT_TYPE_ORDER_CANCEL_REJECTED] = "OrderCancelRejected",
    [EVENT_TYPE_ORDER_REFUND_REQUESTED] = "OrderRefundRequested",
    [EVENT_TYPE_ORDER_FULFILLED] = "OrderFulfilled",
    [EVENT_TYPE_PAYMENT_ACTION_REQUIRED] = "PaymentActionRequired",
    [EVENT_TYPE_PAYMENT_AUTHORIZED] = "PaymentAuthorized",
    [EVENT_TYPE_PAYMENT_DECLINED] = "PaymentDeclined",
    [EVENT_TYPE_PAYMENT_VOIDED] = "PaymentVoided",
    [EVENT_TYPE_PAYMENT_CAPTURE_FAILED] = "PaymentCaptureFailed",
    [EVENT_TYPE_PAYMENT_CAPTURED] = "PaymentCaptured",
    [EVENT_TYPE_PAYMENT_HOLD_RELEASED] = "PaymentHoldReleased",
    [EVENT_TYPE_PAYMENT_REFUNDED] = "PaymentRefunded",
    [EVENT_TYPE_PAYMENT_REFUND_FAILED] = "PaymentRefundFailed",
    [EVENT_TYPE_INVENTORY_RESERVED] = "InventoryReserved",
    [EVENT_TYPE_INVENTORY_RESERVATION_FAILED] = "InventoryReservationFailed",
    [EVENT_TYPE_INVENTORY_RELEASED] = "InventoryReleased",
    [EVENT_TYPE_INVENTORY_COMMITTED] = "InventoryCommitted",
    [EVENT_TYPE_STOCK_RECEIVED] = "StockReceived",
    [EVENT_TYPE_INVENTORY_SHIPPED] = "InventoryShipped",
    [EVENT_TYPE_INVENTORY_RETURNED] = "InventoryReturned",
    [EVENT_TYPE_STOCK_SOLD] = "StockSold",
    [EVENT_TYPE_STOCK_COUNTED] = "StockCounted",
    [EVENT_TYPE_STOCK_SHORT] = "StockShort",
};
#define EVENT_NAMES (sizeof event_names / sizeof event_names[0])

const char *pgl_sim_event_name(EventType type)
{
    bool is_known = (size_t)type < EVENT_NAMES && event_names[type] != NULL;
    return is_known ? event_names[type] : "an unknown event";
}

const char *pgl_sim_said_text(const struct pgl_sim_order *order, char text[PGL_SIM_SAID_BYTES])
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t type = 0; type < EVENT_NAMES && at < PGL_SIM_SAID_BYTES; type++)
        if ((order->said & UINT64_C(1) << type) != 0)
            at += (size_t)snprintf(text + at, PGL_SIM_SAID_BYTES - at, " %s", event_names[type]);
    if (pgl_sim_is_by_card(order) && at < PGL_SIM_SAID_BYTES)
        snprintf(text + at, PGL_SIM_SAID_BYTES - at, " (%s)",
                 pgl_sim_card_rules[order->card].token);
    return text;
}

/* ---- orders ---- */

static uint64_t hash_of(pgl_id id)
{
    return pgl_hash((struct pgl_hash_key){ 7, 11 }, id.bytes, sizeof id.bytes);
}

struct pgl_sim_order *pgl_sim_book_find(const struct pgl_sim_book *book, pgl_id id)
{
    const uint64_t *number = pgl_map_get(&book->by_id, hash_of(id));
    return number != NULL ? &book->orders[*number] : NULL;
}

static struct pgl_sim_order *add_order(struct pgl_sim_book *book, pgl_id id)
{
    if (book->order_count == book->order_capacity) {
        book->order_capacity = 2 * book->order_capacity + 64;
        book->orders = realloc(book->orders, book->order_capacity * sizeof book->orders[0]);
    }
    PGL_ASSERT(book->orders != NULL);
    struct pgl_sim_order *order = &book->orders[book->order_count];
    *order = (struct pgl_sim_order){ .id = id, .wish = PGL_SIM_NOBODY };
    PGL_ASSERT(pgl_is_ok(pgl_map_put(&book->by_id, hash_of(id), book->order_count)));
    book->order_count++;
    return order;
}

/* ---- hearing ---- */

static bool follows_its_rule(struct pgl_sim_book *book, const struct pgl_sim_rule *rule,
                             const struct pgl_sim_order *order, Log log, const Event *event)
{
    char text[PGL_SIM_SAID_BYTES];
    const char *name = pgl_sim_event_name(event->type), *wrong = NULL;
    uint64_t said = order->said;
    if (rule == NULL || rule->log != log)
        wrong = "comes from a log that has nothing to say of it";
    else if (!rule->repeats && (said & UINT64_C(1) << event->type) != 0)
        wrong = "comes twice";
    else if ((said & rule->needs_all) != rule->needs_all ||
             (rule->needs_one != 0 && (said & rule->needs_one) == 0))
        wrong = "comes before what it rests on";
    else if ((said & rule->forbids) != 0)
        wrong = "contradicts what was said before";
    if (wrong != NULL)
        pgl_sim_blame(book->blame, "A1: %s %s:%s", name, wrong, pgl_sim_said_text(order, text));
    return wrong == NULL;
}

static void keep(struct pgl_sim_book *book, Log log, struct pgl_sim_said said)
{
    if (book->high[log] == book->capacity[log]) {
        book->capacity[log] = 2 * book->capacity[log] + 256;
        book->said[log] = realloc(book->said[log], (size_t)book->capacity[log] * sizeof said);
        PGL_ASSERT(book->said[log] != NULL);
    }
    book->said[log][book->high[log]++] = said;
}

bool pgl_sim_book_knows_cause(const struct pgl_sim_book *book, const Event *event)
{
    return event->cause_log == LOG_UNSPECIFIED ||
           (event->cause_log < PGL_SIM_LOGS && event->cause_seq <= book->high[event->cause_log]);
}

static struct pgl_sim_order *order_of(struct pgl_sim_book *book, const Event *event)
{
    pgl_id id;
    if (event->key.len != sizeof id.bytes) {
        pgl_sim_blame(book->blame, "A8: an event about nothing");
        return NULL;
    }
    memcpy(id.bytes, event->key.data, sizeof id.bytes);
    struct pgl_sim_order *order = pgl_sim_book_find(book, id);
    if (order == NULL && event->type == EVENT_TYPE_ORDER_CREATED)
        return add_order(book, id);
    if (order == NULL)
        pgl_sim_blame(book->blame, "A2: %s about an order that was never made",
                      pgl_sim_event_name(event->type));
    return order;
}

static void check_envelope(struct pgl_sim_book *book, const struct pgl_sim_order *order, Log log,
                           const Event *event)
{
    uint32_t number = (uint32_t)(order - book->orders);
    if (event->previous_seq != order->last_seq[log])
        pgl_sim_blame(book->blame, "A8: the chain of an order's events is broken");
    if (!pgl_sim_book_knows_cause(book, event))
        pgl_sim_blame(book->blame, "B2: %s answers to event %lld of log %d, which is not there",
                      pgl_sim_event_name(event->type), (long long)event->cause_seq,
                      (int)event->cause_log);
    else if (event->cause_log != LOG_UNSPECIFIED &&
             book->said[event->cause_log][event->cause_seq - 1].order != number)
        pgl_sim_blame(book->blame, "A8: an event answers to one of another order");
}

uint32_t pgl_sim_book_hear(struct pgl_sim_book *book, Log log, int64_t seq, int64_t hash,
                           const Event *event)
{
    uint32_t number = PGL_SIM_NOBODY;
    if (seq != book->high[log] + 1)
        pgl_sim_blame(book->blame, "A8: event %lld of log %d behind event %lld", (long long)seq,
                      (int)log, (long long)book->high[log]);
    if (!pgl_sim_book_hear_stock(book, event)) {
        struct pgl_sim_order *order = order_of(book, event);
        const struct pgl_sim_rule *rule = pgl_sim_rule_of(event->type);
        if (order == NULL || !follows_its_rule(book, rule, order, log, event))
            return PGL_SIM_NOBODY;
        check_envelope(book, order, log, event);
        if (rule->apply != NULL)
            rule->apply(book, order, event);
        order->said |= UINT64_C(1) << event->type;
        order->last_seq[log] = seq;
        number = (uint32_t)(order - book->orders);
    }
    keep(book, log, (struct pgl_sim_said){ hash, number, event->type });
    return number;
}
