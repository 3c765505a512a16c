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
    [EVENT_TYPE_PAYMENT_ACTION_REQUIRED] = "PaymentActionRequired",
    [EVENT_TYPE_PAYMENT_AUTHORIZED] = "PaymentAuthorized",
    [EVENT_TYPE_PAYMENT_DECLINED] = "PaymentDeclined",
    [EVENT_TYPE_PAYMENT_VOIDED] = "PaymentVoided",
    [EVENT_TYPE_PAYMENT_CAPTURE_FAILED] = "PaymentCaptureFailed",
    [EVENT_TYPE_PAYMENT_CAPTURED] = "PaymentCaptured",
    [EVENT_TYPE_PAYMENT_HOLD_RELEASED] = "PaymentHoldReleased",
    [EVENT_TYPE_INVENTORY_RESERVED] = "InventoryReserved",
    [EVENT_TYPE_INVENTORY_RESERVATION_FAILED] = "InventoryReservationFailed",
    [EVENT_TYPE_INVENTORY_RELEASED] = "InventoryReleased",
    [EVENT_TYPE_INVENTORY_COMMITTED] = "InventoryCommitted",
    [EVENT_TYPE_STOCK_RECEIVED] = "StockReceived",
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

/* ---- what each event does to the book ---- */

static void take_order(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    const OrderCreated *created = event->order_created;
    int64_t amount = 0;
    order->customer = pgl_sim_customer_of(book->plan, pgl_text_of(created->customer));
    order->amount_minor = created->amount_minor;
    if (order->customer < 0 || created->n_lines < 1 || created->n_lines > PGL_SIM_LINES_MAX) {
        pgl_sim_blame(book->blame, "A9: an order that nobody can have placed");
        return;
    }
    for (size_t i = 0; i < created->n_lines; i++) {
        const Line *line = created->lines[i];
        int sku = pgl_sim_sku_of(book->plan, pgl_text_of(line->sku));
        if (sku < 0 || line->unit_price_minor != book->plan->price_minor[sku]) {
            pgl_sim_blame(book->blame, "A9: an order for %s at %lld", line->sku,
                          (long long)line->unit_price_minor);
            return;
        }
        order->lines[order->line_count++] = (struct pgl_sim_share){ sku, 0, line->quantity };
        amount += line->quantity * line->unit_price_minor;
    }
    if (amount != created->amount_minor)
        pgl_sim_blame(book->blame, "A6: an order over %lld whose lines come to %lld",
                      (long long)created->amount_minor, (long long)amount);
}

static int64_t credit_left(const struct pgl_sim_book *book, int customer)
{
    return book->plan->credit_minor[customer] - book->held_minor[customer] -
           book->posted_minor[customer];
}

static void hold(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    if (event->payment_authorized->amount_minor != order->amount_minor)
        pgl_sim_blame(book->blame, "A6: %lld authorized of %lld",
                      (long long)event->payment_authorized->amount_minor,
                      (long long)order->amount_minor);
    book->held_minor[order->customer] += order->amount_minor;
    if (credit_left(book, order->customer) < 0)
        pgl_sim_blame(book->blame, "A13: customer %d has spent more than the credit",
                      order->customer);
}

static void decline(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    (void)event;
    if (credit_left(book, order->customer) >= order->amount_minor)
        pgl_sim_blame(book->blame, "O1: declined, and the credit would have done");
}

static void let_go(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    order->voided_by = event->payment_voided->cause;
    uint64_t needed = order->voided_by == CAUSE_OUT_OF_STOCK
                          ? PGL_SIM_SAID(INVENTORY_RESERVATION_FAILED)
                          : PGL_SIM_SAID(ORDER_CANCEL_REQUESTED);
    if (!pgl_sim_has_said(order, needed))
        pgl_sim_blame(book->blame, "O2: voided for cause %d, which nobody has given",
                      (int)order->voided_by);
    if (pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_AUTHORIZED)))
        book->held_minor[order->customer] -= order->amount_minor;
}

static void capture(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    if (event->payment_captured->captured_minor != order->amount_minor)
        pgl_sim_blame(book->blame, "A6: %lld captured of %lld",
                      (long long)event->payment_captured->captured_minor,
                      (long long)order->amount_minor);
    book->held_minor[order->customer] -= order->amount_minor;
    book->posted_minor[order->customer] += order->amount_minor;
}

static void finish(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    bool is_withdrawn = pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_VOIDED)) &&
                        (order->voided_by == CAUSE_CLIENT || order->voided_by == CAUSE_OPERATOR);
    order->is_withdrawn = strcmp(event->order_cancelled->final_status, "CANCELLED") == 0;
    if (order->is_withdrawn != is_withdrawn)
        pgl_sim_blame(book->blame, "A1: an order ends %s, which is not what its payment says",
                      event->order_cancelled->final_status);
}

static void reserve(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    const InventoryReserved *reserved = event->inventory_reserved;
    int64_t missing[PGL_SIM_LINES_MAX] = { 0 };
    for (int i = 0; i < order->line_count; i++)
        missing[i] = order->lines[i].quantity;
    for (size_t i = 0; i < reserved->n_allocations; i++) {
        const Allocation *share = reserved->allocations[i];
        int sku = pgl_sim_sku_of(book->plan, pgl_text_of(share->sku));
        int warehouse = pgl_sim_warehouse_of(pgl_text_of(share->warehouse));
        int line = share->line_no - 1;
        if (i >= PGL_SIM_SHARES_MAX || warehouse < 0 || line < 0 || line >= order->line_count ||
            order->lines[line].sku != sku || share->quantity < 1) {
            pgl_sim_blame(book->blame, "A4: stock is reserved that was not ordered");
            return;
        }
        order->shares[order->share_count++] =
            (struct pgl_sim_share){ sku, warehouse, share->quantity };
        missing[line] -= share->quantity;
        book->reserved[sku][warehouse] += share->quantity;
        if (book->reserved[sku][warehouse] > book->on_hand[sku][warehouse])
            pgl_sim_blame(book->blame, "A7: %s is oversold at %s", share->sku, share->warehouse);
    }
    for (int i = 0; i < order->line_count; i++)
        if (missing[i] != 0)
            pgl_sim_blame(book->blame, "A4: %lld of line %d are not reserved",
                          (long long)missing[i], i + 1);
}

static int64_t available(const struct pgl_sim_book *book, int sku)
{
    int64_t free = 0;
    for (int warehouse = 0; warehouse < PGL_SIM_WAREHOUSES; warehouse++)
        free += book->on_hand[sku][warehouse] - book->reserved[sku][warehouse];
    return free;
}

static void refuse(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    (void)event;
    for (int i = 0; i < order->line_count; i++) {
        int64_t wanted = 0;
        for (int j = 0; j < order->line_count; j++)
            wanted += order->lines[j].sku == order->lines[i].sku ? order->lines[j].quantity : 0;
        if (wanted > available(book, order->lines[i].sku))
            return;
    }
    pgl_sim_blame(book->blame, "O3: out of stock, and all of it would have been there");
}

static void release(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    if (event->inventory_released->n_allocations != (size_t)order->share_count)
        pgl_sim_blame(book->blame, "A7: not what was reserved is released");
    for (int i = 0; i < order->share_count; i++)
        book->reserved[order->shares[i].sku][order->shares[i].warehouse] -=
            order->shares[i].quantity;
}

/* ---- which event may follow which ---- */

#define SAID(name) PGL_SIM_SAID(name)

/* clang-format off */
static const struct rule {
    Log log;
    uint64_t needs_all, needs_one, forbids; /* said of the order before */
    void (*apply)(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event);
} rules[] = {
    /*                                        log            needs all                                           one of              must not have been said                             */
    [EVENT_TYPE_ORDER_CREATED]            = { LOG_ORDERS,    0,                                                  0,                  0,                                                 take_order },
    [EVENT_TYPE_ORDER_CANCEL_REQUESTED]   = { LOG_ORDERS,    SAID(ORDER_CREATED),                                0,                  PGL_SIM_FINALS,                                    NULL       },
    [EVENT_TYPE_ORDER_CONFIRMED]          = { LOG_ORDERS,    SAID(PAYMENT_CAPTURED),                             0,                  PGL_SIM_FINALS,                                    NULL       },
    [EVENT_TYPE_ORDER_CANCELLED]          = { LOG_ORDERS,    SAID(ORDER_CREATED),                                PGL_SIM_REFUSALS,   PGL_SIM_FINALS,                                    finish     },
    [EVENT_TYPE_ORDER_CANCEL_REJECTED]    = { LOG_ORDERS,    SAID(ORDER_CONFIRMED) | SAID(ORDER_CANCEL_REQUESTED), 0,                0,                                                 NULL       },
    [EVENT_TYPE_PAYMENT_AUTHORIZED]       = { LOG_PAYMENTS,  SAID(ORDER_CREATED),                                0,                  PGL_SIM_VERDICTS,                                  hold       },
    [EVENT_TYPE_PAYMENT_DECLINED]         = { LOG_PAYMENTS,  SAID(ORDER_CREATED),                                0,                  PGL_SIM_VERDICTS | SAID(PAYMENT_AUTHORIZED),       decline    },
    [EVENT_TYPE_PAYMENT_VOIDED]           = { LOG_PAYMENTS,  SAID(ORDER_CREATED),                                0,                  PGL_SIM_VERDICTS,                                  let_go     },
    [EVENT_TYPE_PAYMENT_CAPTURED]         = { LOG_PAYMENTS,  SAID(PAYMENT_AUTHORIZED) | SAID(INVENTORY_RESERVED), 0,                 PGL_SIM_VERDICTS | SAID(INVENTORY_RELEASED),       capture    },
    [EVENT_TYPE_PAYMENT_HOLD_RELEASED]    = { LOG_PAYMENTS,  SAID(ORDER_CREATED),                                PGL_SIM_REFUSALS,   0,                                                 NULL       },
    [EVENT_TYPE_INVENTORY_RESERVED]       = { LOG_INVENTORY, SAID(PAYMENT_AUTHORIZED),                           0,                  SAID(INVENTORY_RESERVATION_FAILED),                reserve    },
    [EVENT_TYPE_INVENTORY_RESERVATION_FAILED] = { LOG_INVENTORY, SAID(PAYMENT_AUTHORIZED),                       0,                  SAID(INVENTORY_RESERVED),                          refuse     },
    [EVENT_TYPE_INVENTORY_RELEASED]       = { LOG_INVENTORY, SAID(INVENTORY_RESERVED),                           PGL_SIM_REFUSALS,   SAID(INVENTORY_COMMITTED),                         release    },
    [EVENT_TYPE_INVENTORY_COMMITTED]      = { LOG_INVENTORY, SAID(INVENTORY_RESERVED) | SAID(PAYMENT_CAPTURED),  0,                  SAID(INVENTORY_RELEASED),                          NULL       },
};
/* clang-format on */

static const struct rule *rule_of(EventType type)
{
    bool is_known =
        (size_t)type < sizeof rules / sizeof rules[0] && rules[type].log != LOG_UNSPECIFIED;
    return is_known ? &rules[type] : NULL;
}

static bool follows_its_rule(struct pgl_sim_book *book, const struct rule *rule,
                             const struct pgl_sim_order *order, Log log, const Event *event)
{
    char text[PGL_SIM_SAID_BYTES];
    const char *name = pgl_sim_event_name(event->type), *wrong = NULL;
    uint64_t said = order->said;
    if (rule == NULL || rule->log != log)
        wrong = "comes from a log that has nothing to say of it";
    else if ((said & UINT64_C(1) << event->type) != 0)
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

static void take_receipt(struct pgl_sim_book *book, const StockReceived *received)
{
    int sku = pgl_sim_sku_of(book->plan, pgl_text_of(received->sku));
    int warehouse = pgl_sim_warehouse_of(pgl_text_of(received->warehouse));
    if (sku < 0 || warehouse < 0) {
        pgl_sim_blame(book->blame, "A7: goods that nobody has sent");
        return;
    }
    book->receipts++;
    book->on_hand[sku][warehouse] += received->quantity;
    if (book->on_hand[sku][warehouse] != received->on_hand)
        pgl_sim_blame(book->blame, "A7: %s has %lld at %s, said to be %lld", received->sku,
                      (long long)book->on_hand[sku][warehouse], received->warehouse,
                      (long long)received->on_hand);
}

/* ---- hearing ---- */

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
    if (event->type == EVENT_TYPE_STOCK_RECEIVED && event->stock_received != NULL) {
        take_receipt(book, event->stock_received);
    } else {
        struct pgl_sim_order *order = order_of(book, event);
        const struct rule *rule = rule_of(event->type);
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
