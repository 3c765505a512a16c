/* book_rules.c - which event may follow which, and what it does to an order and its money; see
 * book.h. */
#include "book.h"

#include <stdio.h>
#include <string.h>

/* ---- orders ---- */

static void take_order(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    const OrderCreated *created = event->order_created;
    int64_t amount = 0;
    int card = pgl_sim_card_of(pgl_text_of(created->payment_method),
                               pgl_text_of(created->payment_method_ref));
    order->customer = pgl_sim_customer_of(book->plan, pgl_text_of(created->customer));
    order->amount_minor = created->amount_minor;
    order->allows_partial = created->allow_partial;
    order->deadline_at_ns = created->deadline_at_ns;
    if (order->customer < 0 || card < 0 || created->n_lines < 1 ||
        created->n_lines > PGL_SIM_LINES_MAX) {
        pgl_sim_blame(book->blame, "A9: an order that nobody can have placed");
        return;
    }
    order->card = (enum pgl_sim_card)card;
    for (size_t i = 0; i < created->n_lines; i++) {
        const Line *line = created->lines[i];
        int sku = pgl_sim_sku_of(book->plan, pgl_text_of(line->sku));
        if (sku < 0 || line->unit_price_minor != book->plan->price_minor[sku]) {
            pgl_sim_blame(book->blame, "A9: an order for %s at %lld", line->sku,
                          (long long)line->unit_price_minor);
            return;
        }
        order->lines[order->line_count++] =
            (struct pgl_sim_share){ .sku = sku, .quantity = line->quantity };
        amount += line->quantity * line->unit_price_minor;
    }
    if (amount != created->amount_minor)
        pgl_sim_blame(book->blame, "A6: an order over %lld whose lines come to %lld",
                      (long long)created->amount_minor, (long long)amount);
}

static void ask_to_cancel(struct pgl_sim_book *book, struct pgl_sim_order *order,
                          const Event *event)
{
    order->cancelled_by = event->order_cancel_requested->cause;
    if (order->cancelled_by != CAUSE_CLIENT && order->cancelled_by != CAUSE_DEADLINE)
        pgl_sim_blame(book->blame, "O2: a cancel for cause %d, which nobody has given",
                      (int)order->cancelled_by);
}

/* Of each line what was reserved; nothing is listed where that is all of it. */
static void check_confirmed(struct pgl_sim_book *book, const struct pgl_sim_order *order,
                            const OrderConfirmed *confirmed)
{
    int64_t given[PGL_SIM_LINES_MAX] = { 0 }, dropped[PGL_SIM_LINES_MAX] = { 0 };
    bool is_whole = order->reserved_minor == order->amount_minor, is_right = true;
    for (size_t i = 0; i < confirmed->n_lines; i++) {
        int line = confirmed->lines[i]->line_no - 1;
        if (line < 0 || line >= order->line_count) {
            pgl_sim_blame(book->blame, "A6: a line is confirmed that was not ordered");
            return;
        }
        given[line] += confirmed->lines[i]->quantity;
        dropped[line] += confirmed->lines[i]->dropped;
    }
    for (int line = 0; line < order->line_count && confirmed->n_lines > 0; line++)
        is_right &= given[line] == order->reserved[line] &&
                    given[line] + dropped[line] == order->lines[line].quantity;
    if (!is_right || (confirmed->n_lines == 0 && !is_whole) ||
        confirmed->amount_minor != order->reserved_minor)
        pgl_sim_blame(book->blame, "A6: %lld confirmed, and %lld reserved",
                      (long long)confirmed->amount_minor, (long long)order->reserved_minor);
}

static void confirm(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    check_confirmed(book, order, event->order_confirmed);
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

static void fulfil(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    (void)event;
    if (!order->is_complete || order->shipment_count == 0)
        pgl_sim_blame(book->blame,
                      "A1: an order is fulfilled, and something is left to be shipped");
}

/* ---- money ---- */

static int64_t credit_left(const struct pgl_sim_book *book, int customer)
{
    return book->plan->credit_minor[customer] - book->held_minor[customer] -
           book->posted_minor[customer];
}

static void ask_customer(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    snprintf(order->next_action, sizeof order->next_action, "%s",
             event->payment_action_required->next_action);
    if (order->card != PGL_SIM_CARD_ASKS)
        pgl_sim_blame(book->blame, "O1: a customer is asked to act whose card asks for nothing");
}

static void hold(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    if (event->payment_authorized->amount_minor != order->amount_minor)
        pgl_sim_blame(book->blame, "A6: %lld authorized of %lld",
                      (long long)event->payment_authorized->amount_minor,
                      (long long)order->amount_minor);
    if (pgl_sim_is_by_card(order)) {
        if (pgl_sim_card_rules[order->card].is_declined)
            pgl_sim_blame(book->blame, "O1: authorized on a card that is always declined");
        return;
    }
    book->held_minor[order->customer] += order->amount_minor;
    if (credit_left(book, order->customer) < 0)
        pgl_sim_blame(book->blame, "A13: customer %d has spent more than the credit",
                      order->customer);
}

static void decline(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    char said[PGL_SIM_SAID_BYTES];
    bool is_right = pgl_sim_is_by_card(order)
                        ? pgl_sim_card_rules[order->card].is_declined ||
                              order->card == PGL_SIM_CARD_FORGETS /* expired before it was seen */
                        : credit_left(book, order->customer) < order->amount_minor;
    if (!is_right)
        pgl_sim_blame(book->blame, "O1: declined (%s), and nothing stood in the way;%s",
                      event->payment_declined->decline_code, pgl_sim_said_text(order, said));
}

static void let_go(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    order->voided_by = event->payment_voided->cause;
    bool is_right = order->voided_by == CAUSE_OUT_OF_STOCK
                        ? pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_RESERVATION_FAILED))
                        : order->voided_by == order->cancelled_by;
    if (!is_right)
        pgl_sim_blame(book->blame, "O2: voided for cause %d, which nobody has given",
                      (int)order->voided_by);
    if (!pgl_sim_is_by_card(order) && pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_AUTHORIZED)))
        book->held_minor[order->customer] -= order->amount_minor;
}

static void check_captured_lines(struct pgl_sim_book *book, const struct pgl_sim_order *order,
                                 const PaymentCaptured *captured)
{
    int64_t paid[PGL_SIM_LINES_MAX] = { 0 };
    bool is_whole = order->reserved_minor == order->amount_minor;
    bool is_right = captured->n_captured_lines > 0 || is_whole;
    for (size_t i = 0; i < captured->n_captured_lines; i++) {
        int line = captured->captured_lines[i]->line_no - 1;
        if (line >= 0 && line < order->line_count)
            paid[line] += captured->captured_lines[i]->quantity;
        else
            is_right = false;
    }
    for (int line = 0; line < order->line_count && captured->n_captured_lines > 0; line++)
        is_right &= paid[line] == order->reserved[line];
    if (!is_right)
        pgl_sim_blame(book->blame, "A6: other lines were paid than are reserved");
}

static void capture(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    const PaymentCaptured *captured = event->payment_captured;
    if (captured->captured_minor != order->reserved_minor)
        pgl_sim_blame(book->blame, "A6: %lld captured, and %lld reserved of %lld",
                      (long long)captured->captured_minor, (long long)order->reserved_minor,
                      (long long)order->amount_minor);
    check_captured_lines(book, order, captured);
    if (order->card == PGL_SIM_CARD_KEEPS)
        pgl_sim_blame(book->blame, "O1: captured from a card that refuses every capture");
    if (pgl_sim_is_by_card(order))
        return;
    book->held_minor[order->customer] -= order->amount_minor;
    book->posted_minor[order->customer] += captured->captured_minor;
}

static void fail_capture(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    (void)event;
    if (!pgl_sim_card_rules[order->card].may_fail_capture)
        pgl_sim_blame(book->blame, "O1: a capture failed that nothing stood in the way of");
}

/* ---- refunds ---- */

static bool read_refund(const struct pgl_sim_order *order, RefundLine *const *lines, size_t count,
                        struct pgl_sim_refund *refund)
{
    for (size_t i = 0; i < count; i++) {
        int line = lines[i]->line_no - 1;
        if (line < 0 || line >= order->line_count || lines[i]->quantity < 1)
            return false;
        refund->quantity[line] += lines[i]->quantity;
        refund->restocks[line] = lines[i]->restock;
    }
    return count > 0;
}

static void ask_refund(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    const OrderRefundRequested *asked = event->order_refund_requested;
    struct pgl_sim_refund refund = { .state = PGL_SIM_REFUND_REQUESTED };
    int64_t amount = 0;
    bool is_right = asked->refund_no == order->refund_count + 1 &&
                    order->refund_count < PGL_SIM_REFUNDS_MAX &&
                    read_refund(order, asked->lines, asked->n_lines, &refund);
    for (int line = 0; line < order->line_count; line++) {
        amount += refund.quantity[line] * book->plan->price_minor[order->lines[line].sku];
        order->refunded[line] += refund.quantity[line];
        is_right &= order->refunded[line] <= order->reserved[line];
    }
    refund.amount_minor = asked->amount_minor;
    if (!is_right || amount != asked->amount_minor) {
        pgl_sim_blame(book->blame,
                      "A6: refund %d over %lld is more than was confirmed, or over %lld",
                      asked->refund_no, (long long)asked->amount_minor, (long long)amount);
        return;
    }
    order->refunds[order->refund_count++] = refund;
    book->refunds++;
}

static struct pgl_sim_refund *refund_at(struct pgl_sim_book *book, struct pgl_sim_order *order,
                                        int number)
{
    bool is_asked = number >= 1 && number <= order->refund_count &&
                    order->refunds[number - 1].state == PGL_SIM_REFUND_REQUESTED;
    if (!is_asked)
        pgl_sim_blame(book->blame, "A6: refund %d ends, which is not asked for or has ended",
                      number);
    return is_asked ? &order->refunds[number - 1] : NULL;
}

static void give_back(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    const PaymentRefunded *given = event->payment_refunded;
    struct pgl_sim_refund *refund = refund_at(book, order, given->refund_no);
    if (refund == NULL)
        return;
    refund->state = PGL_SIM_REFUND_DONE;
    order->refunded_minor += refund->amount_minor;
    if (given->amount_minor != refund->amount_minor)
        pgl_sim_blame(book->blame, "A6: %lld given back of %lld", (long long)given->amount_minor,
                      (long long)refund->amount_minor);
    if (pgl_sim_card_rules[order->card].fails_refunds)
        pgl_sim_blame(book->blame, "O1: given back to a card that takes nothing back");
    if (!pgl_sim_is_by_card(order))
        book->posted_minor[order->customer] -= refund->amount_minor;
}

static void fail_refund(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event)
{
    struct pgl_sim_refund *refund = refund_at(book, order, event->payment_refund_failed->refund_no);
    if (refund == NULL)
        return;
    refund->state = PGL_SIM_REFUND_FAILED;
    for (int line = 0; line < order->line_count; line++)
        order->refunded[line] -= refund->quantity[line]; /* it may be asked for again */
    if (!pgl_sim_card_rules[order->card].fails_refunds)
        pgl_sim_blame(book->blame, "O1: a refund failed that nothing stood in the way of");
}

/* ---- which event may follow which ---- */

#define SAID(name) PGL_SIM_SAID(name)

/* clang-format off */
static const struct pgl_sim_rule rules[] = {
    /*                                            log     repeats         needs all                                               one of             must not have been said                         */
    [EVENT_TYPE_ORDER_CREATED]            = { LOG_ORDERS,    false, 0,                                                      0,                0,                                               take_order    },
    [EVENT_TYPE_ORDER_CANCEL_REQUESTED]   = { LOG_ORDERS,    false, SAID(ORDER_CREATED),                                    0,                PGL_SIM_FINALS,                                  ask_to_cancel },
    [EVENT_TYPE_ORDER_CONFIRMED]          = { LOG_ORDERS,    false, SAID(PAYMENT_CAPTURED),                                 0,                PGL_SIM_FINALS,                                  confirm       },
    [EVENT_TYPE_ORDER_CANCELLED]          = { LOG_ORDERS,    false, SAID(ORDER_CREATED),                                    PGL_SIM_REFUSALS, PGL_SIM_FINALS,                                  finish        },
    [EVENT_TYPE_ORDER_CANCEL_REJECTED]    = { LOG_ORDERS,    false, SAID(ORDER_CONFIRMED) | SAID(ORDER_CANCEL_REQUESTED),   0,                0,                                               NULL          },
    [EVENT_TYPE_ORDER_REFUND_REQUESTED]   = { LOG_ORDERS,    true,  SAID(ORDER_CONFIRMED),                                  0,                0,                                               ask_refund    },
    [EVENT_TYPE_ORDER_FULFILLED]          = { LOG_ORDERS,    false, SAID(ORDER_CONFIRMED) | SAID(INVENTORY_SHIPPED),        0,                0,                                               fulfil        },
    [EVENT_TYPE_PAYMENT_ACTION_REQUIRED]  = { LOG_PAYMENTS,  false, SAID(ORDER_CREATED),                                    0,                PGL_SIM_VERDICTS | SAID(PAYMENT_AUTHORIZED),     ask_customer  },
    [EVENT_TYPE_PAYMENT_AUTHORIZED]       = { LOG_PAYMENTS,  false, SAID(ORDER_CREATED),                                    0,                PGL_SIM_VERDICTS,                                hold          },
    [EVENT_TYPE_PAYMENT_DECLINED]         = { LOG_PAYMENTS,  false, SAID(ORDER_CREATED),                                    0,                PGL_SIM_VERDICTS | SAID(PAYMENT_AUTHORIZED),     decline       },
    [EVENT_TYPE_PAYMENT_VOIDED]           = { LOG_PAYMENTS,  false, SAID(ORDER_CREATED),                                    0,                PGL_SIM_VERDICTS,                                let_go        },
    [EVENT_TYPE_PAYMENT_CAPTURE_FAILED]   = { LOG_PAYMENTS,  false, SAID(PAYMENT_AUTHORIZED) | SAID(INVENTORY_RESERVED),    0,                PGL_SIM_VERDICTS | SAID(INVENTORY_RELEASED),     fail_capture  },
    [EVENT_TYPE_PAYMENT_CAPTURED]         = { LOG_PAYMENTS,  false, SAID(PAYMENT_AUTHORIZED) | SAID(INVENTORY_RESERVED),    0,                PGL_SIM_VERDICTS | SAID(INVENTORY_RELEASED),     capture       },
    [EVENT_TYPE_PAYMENT_HOLD_RELEASED]    = { LOG_PAYMENTS,  false, SAID(ORDER_CREATED),                                    PGL_SIM_REFUSALS, 0,                                               NULL          },
    [EVENT_TYPE_PAYMENT_REFUNDED]         = { LOG_PAYMENTS,  true,  SAID(ORDER_REFUND_REQUESTED) | SAID(PAYMENT_CAPTURED),  0,                0,                                               give_back     },
    [EVENT_TYPE_PAYMENT_REFUND_FAILED]    = { LOG_PAYMENTS,  true,  SAID(ORDER_REFUND_REQUESTED) | SAID(PAYMENT_CAPTURED),  0,                0,                                               fail_refund   },
    [EVENT_TYPE_INVENTORY_RESERVED]       = { LOG_INVENTORY, false, SAID(PAYMENT_AUTHORIZED),                               0,                SAID(INVENTORY_RESERVATION_FAILED),              pgl_sim_book_reserve },
    [EVENT_TYPE_INVENTORY_RESERVATION_FAILED] = { LOG_INVENTORY, false, SAID(PAYMENT_AUTHORIZED),                           0,                SAID(INVENTORY_RESERVED),                        pgl_sim_book_refuse },
    [EVENT_TYPE_INVENTORY_RELEASED]       = { LOG_INVENTORY, false, SAID(INVENTORY_RESERVED),                               PGL_SIM_REFUSALS, SAID(INVENTORY_COMMITTED),                       pgl_sim_book_release },
    [EVENT_TYPE_INVENTORY_COMMITTED]      = { LOG_INVENTORY, false, SAID(INVENTORY_RESERVED) | SAID(PAYMENT_CAPTURED),      0,                SAID(INVENTORY_RELEASED),                        NULL          },
    [EVENT_TYPE_INVENTORY_SHIPPED]        = { LOG_INVENTORY, true,  SAID(INVENTORY_COMMITTED),                              0,                0,                                               pgl_sim_book_ship },
    [EVENT_TYPE_INVENTORY_RETURNED]       = { LOG_INVENTORY, true,  SAID(INVENTORY_COMMITTED) | SAID(PAYMENT_REFUNDED),     0,                0,                                               pgl_sim_book_return },
};
/* clang-format on */

const struct pgl_sim_rule *pgl_sim_rule_of(EventType type)
{
    bool is_known =
        (size_t)type < sizeof rules / sizeof rules[0] && rules[type].log != LOG_UNSPECIFIED;
    return is_known ? &rules[type] : NULL;
}
