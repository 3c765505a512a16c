/*
 * lines.c - how much of each line was confirmed, shipped, returned and refunded. An order of which
 * nothing was dropped, and nothing happened since, has no rows: then all of it is confirmed.
 */
#include "base/money.h"
#include "services/orders/orders.h"
#include "wire/message.h"

static pgl_status from_body(const struct pgl_view *view, struct order_lines *lines)
{
    const Order *body = lines->body;
    lines->count = body->n_lines;
    lines->rows = pgl_arena_zalloc(view->arena, (body->n_lines + 1) * sizeof lines->rows[0]);
    if (lines->rows == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < body->n_lines; i++) {
        lines->rows[i].line_no = (int32_t)i + 1;
        lines->rows[i].confirmed = body->lines[i]->quantity;
    }
    return PGL_OK;
}

pgl_status order_lines_load(const struct pgl_view *view, const struct order_row *order,
                            const Order *body, struct order_lines *lines)
{
    void *unpacked = NULL;
    if (body == NULL)
        PGL_TRY(pgl_message_unpack(ORDER_DESCRIPTOR, view->arena, order->body, &unpacked));
    *lines = (struct order_lines){ .body = body != NULL ? body : unpacked };
    if (order->beyond & ORDER_HAS_LINES)
        PGL_TRY(order_lines_get(view, order->id, &lines->rows, &lines->count));
    else
        PGL_TRY(from_body(view, lines));
    if (lines->count != lines->body->n_lines)
        return PGL_FAIL(PGL_DATA_LOSS, "an order has lost some of its lines");
    return PGL_OK;
}

pgl_status order_lines_write(struct pgl_tx *tx, struct order_row *order,
                             const struct order_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        PGL_TRY(order_line_put(tx, order->id, &lines->rows[i]));
    order->beyond |= ORDER_HAS_LINES;
    return PGL_OK;
}

struct order_line_row *order_line_at(const struct order_lines *lines, int32_t line_no)
{
    return line_no >= 1 && (size_t)line_no <= lines->count ? &lines->rows[line_no - 1] : NULL;
}

pgl_status order_line_worth(const struct order_lines *lines, int32_t line_no, int64_t quantity,
                            int64_t *sum_minor)
{
    int64_t worth;
    PGL_TRY(pgl_money_times(lines->body->lines[line_no - 1]->unit_price_minor, quantity, &worth));
    return pgl_money_add(*sum_minor, worth, sum_minor);
}

/* ---- what was paid ---- */

static pgl_status set_confirmed(struct order_lines *lines, const PaymentCaptured *captured)
{
    for (size_t i = 0; i < lines->count; i++)
        lines->rows[i].confirmed = 0;
    for (size_t i = 0; i < captured->n_captured_lines; i++) {
        const CapturedLine *paid = captured->captured_lines[i];
        struct order_line_row *line = order_line_at(lines, paid->line_no);
        if (line == NULL || paid->quantity < 0 ||
            paid->quantity > lines->body->lines[paid->line_no - 1]->quantity)
            return PGL_FAIL(PGL_CONFLICT, "more was paid than was ordered");
        line->confirmed = paid->quantity;
    }
    return PGL_OK;
}

pgl_status order_confirm_lines(struct pgl_tx *tx, struct order_row *order,
                               const PaymentCaptured *captured, OrderConfirmed *said)
{
    struct order_lines lines;
    struct pgl_arena *arena = pgl_tx_arena(tx);
    PGL_TRY(order_lines_load(&tx->view, order, NULL, &lines));
    PGL_TRY(set_confirmed(&lines, captured));
    ConfirmedLine *told = pgl_arena_alloc(arena, lines.count * sizeof told[0]);
    said->lines = pgl_arena_alloc(arena, lines.count * sizeof said->lines[0]);
    if (told == NULL || said->lines == NULL)
        return PGL_NO_MEMORY;
    int64_t worth_minor = 0;
    bool is_short = false;
    for (size_t i = 0; i < lines.count; i++) {
        int64_t confirmed = lines.rows[i].confirmed;
        told[i] = (ConfirmedLine)CONFIRMED_LINE_INIT;
        told[i].line_no = (int32_t)i + 1;
        told[i].quantity = confirmed;
        told[i].dropped = lines.body->lines[i]->quantity - confirmed;
        said->lines[i] = &told[i];
        is_short |= told[i].dropped > 0;
        PGL_TRY(order_line_worth(&lines, told[i].line_no, confirmed, &worth_minor));
    }
    if (worth_minor != captured->captured_minor)
        return PGL_FAIL(PGL_CONFLICT, "what was paid is not what its lines come to");
    if (!is_short)
        return PGL_OK; /* all of it: nothing to list, and no rows */
    said->n_lines = lines.count;
    return order_lines_write(tx, order, &lines);
}
