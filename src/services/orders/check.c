/* check.c - what a new order has to look like. A price in it was refused before: the contract has
 * none. */
#include "base/money.h"
#include "saga/idempotency.h"
#include "services/orders/orders.h"
#include "wire/card_number.h"

#define SKU_BYTES_MAX    64
#define REGION_BYTES_MAX 16
#define TOKEN_BYTES_MAX  255
#define TOKEN_LETTERS    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

static pgl_status check_line(const NewOrderLine *line, size_t number, struct pgl_arena *arena)
{
    if (line->sku[0] == '\0' || strlen(line->sku) > SKU_BYTES_MAX)
        return PGL_FAIL(
            PGL_INVALID,
            pgl_arena_printf(arena, "lines[%zu].sku: 1 to 64 characters are expected", number));
    if (line->quantity < 1 || line->quantity > PGL_ORDER_QUANTITY_MAX)
        return PGL_FAIL(PGL_INVALID,
                        pgl_arena_printf(arena, "lines[%zu].quantity: 1 to %d is expected", number,
                                         PGL_ORDER_QUANTITY_MAX));
    return PGL_OK;
}

static pgl_status check_region(const NewOrder *order)
{
    const char *region = order->ship_to != NULL ? order->ship_to->region : "";
    size_t size = strlen(region);
    if (size > REGION_BYTES_MAX || strspn(region, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != size)
        return PGL_FAIL(
            PGL_INVALID,
            "shipTo.region: at most 16 capital letters, digits and dashes are expected");
    return PGL_OK;
}

/* A token names a card to the provider; a number would be the card itself, and is nothing that we
 * want to have seen. */
static pgl_status check_payment(const NewPayment *payment)
{
    bool is_card = payment != NULL && strcmp(payment->method, "card") == 0;
    if (payment == NULL || (!is_card && strcmp(payment->method, "account") != 0))
        return PGL_FAIL(PGL_INVALID, "payment.method: \"account\" or \"card\" is expected");
    const char *token = payment->card_token;
    if (!is_card)
        return token[0] == '\0' ? PGL_OK
                                : PGL_FAIL(PGL_INVALID, "payment.cardToken: only with \"card\"");
    size_t size = strlen(token);
    if (size < 1 || size > TOKEN_BYTES_MAX || strspn(token, TOKEN_LETTERS) != size)
        return PGL_FAIL(PGL_INVALID, "payment.cardToken: 1 to 255 letters, digits, dashes and "
                                     "underscores are expected");
    if (pgl_has_card_number(pgl_text_of(token)))
        return PGL_FAIL(PGL_INVALID, "payment.cardToken: the provider's token is expected, not the "
                                     "number of a card");
    return PGL_OK;
}

static pgl_status check_deadline(const struct pgl_orders_options *options, const NewOrder *order,
                                 struct pgl_arena *arena)
{
    int64_t least = (options->deadline_least_ns + PGL_SECONDS(1) - 1) / PGL_SECONDS(1);
    if (order->deadline_case != PANGLOT__ORDERS__V1__NEW_ORDER__DEADLINE_DEADLINE_SECONDS ||
        (order->deadline_seconds >= least && order->deadline_seconds <= PGL_ORDER_DEADLINE_MAX_S))
        return PGL_OK;
    return PGL_FAIL(PGL_INVALID, pgl_arena_printf(arena, "deadlineSeconds: %lld to %d is expected",
                                                  (long long)least, PGL_ORDER_DEADLINE_MAX_S));
}

pgl_status pgl_order_check(const struct pgl_orders_options *options, const CreateOrderRequest *ask,
                           struct pgl_arena *arena)
{
    if (ask->caller == NULL || ask->order == NULL)
        return PGL_FAIL(PGL_INVALID, "an order needs a caller and a body");
    PGL_TRY(pgl_idempotency_key_check(ask->idempotency_key));
    const NewOrder *order = ask->order;
    if (!pgl_currency_is_known(pgl_text_of(order->currency)))
        return PGL_FAIL(PGL_INVALID, "currency: a code of ISO 4217 is expected");
    if (order->n_lines < 1 || order->n_lines > PGL_ORDER_LINES_MAX)
        return PGL_FAIL(PGL_INVALID, "lines: 1 to 100 are expected");
    for (size_t i = 0; i < order->n_lines; i++)
        PGL_TRY(check_line(order->lines[i], i, arena));
    PGL_TRY(check_payment(order->payment));
    PGL_TRY(check_deadline(options, order, arena));
    return check_region(order);
}
