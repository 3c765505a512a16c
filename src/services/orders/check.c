/* check.c - what a new order has to look like. A price in it was refused before: the contract has
 * none. */
#include "base/money.h"
#include "saga/idempotency.h"
#include "services/orders/orders.h"

#define SKU_BYTES_MAX    64
#define REGION_BYTES_MAX 16

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

pgl_status pgl_order_check(const CreateOrderRequest *ask, struct pgl_arena *arena)
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
    if (order->payment == NULL || strcmp(order->payment->method, "account") != 0)
        return PGL_FAIL(PGL_INVALID, "payment.method: \"account\" is what is offered");
    return check_region(order);
}
