/* reserved.c - see reserved.h. */
#include "services/payments/reserved.h"

#include "base/money.h"

/* A line may come from several warehouses, so its allocations are added up. */
static pgl_status quantity_of(const InventoryReserved *reserved, int32_t line_no, int64_t *quantity)
{
    *quantity = 0;
    for (size_t i = 0; i < reserved->n_allocations; i++) {
        const Allocation *allocation = reserved->allocations[i];
        if (allocation->quantity < 0)
            return PGL_FAIL(PGL_INVALID, "less than nothing of a line is reserved");
        if (allocation->line_no == line_no)
            PGL_TRY(pgl_money_add(*quantity, allocation->quantity, quantity));
    }
    return PGL_OK;
}

static bool was_ordered(const PaymentAuthorized *promise, int32_t line_no)
{
    for (size_t i = 0; i < promise->n_lines; i++)
        if (promise->lines[i]->line_no == line_no)
            return true;
    return false;
}

pgl_status pgl_reserved_worth(const PaymentAuthorized *promise, const InventoryReserved *reserved,
                              int64_t *worth_minor)
{
    if (!promise->allow_partial)
        return PGL_FAIL(PGL_CONFLICT, "a part is reserved of an order that wants all or nothing");
    for (size_t i = 0; i < reserved->n_allocations; i++)
        if (!was_ordered(promise, reserved->allocations[i]->line_no))
            return PGL_FAIL(PGL_INVALID, "a line is reserved that was not ordered");
    *worth_minor = 0;
    for (size_t i = 0; i < promise->n_lines; i++) {
        const Line *line = promise->lines[i];
        int64_t quantity, line_minor;
        PGL_TRY(quantity_of(reserved, line->line_no, &quantity));
        if (quantity > line->quantity)
            return PGL_FAIL(PGL_INVALID, "more of a line is reserved than was ordered");
        PGL_TRY(pgl_money_times(line->unit_price_minor, quantity, &line_minor));
        PGL_TRY(pgl_money_add(*worth_minor, line_minor, worth_minor));
    }
    if (*worth_minor < 0 || *worth_minor > promise->amount_minor)
        return PGL_FAIL(PGL_INVALID, "what is reserved is worth more than what was authorized");
    return PGL_OK;
}

pgl_status pgl_reserved_lines(const InventoryReserved *reserved, struct pgl_arena *arena,
                              CapturedLine ***lines, size_t *count)
{
    *count = 0;
    *lines = NULL;
    if (reserved->complete)
        return PGL_OK;
    CapturedLine *made = pgl_arena_alloc(arena, (reserved->n_allocations + 1) * sizeof *made);
    *lines = pgl_arena_alloc(arena, (reserved->n_allocations + 1) * sizeof **lines);
    if (made == NULL || *lines == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < reserved->n_allocations; i++) {
        int32_t line_no = reserved->allocations[i]->line_no;
        size_t at = 0;
        while (at < *count && made[at].line_no != line_no)
            at++;
        if (at < *count)
            continue; /* the line also comes from another warehouse */
        made[at] = (CapturedLine)CAPTURED_LINE_INIT;
        made[at].line_no = line_no;
        PGL_TRY(quantity_of(reserved, line_no, &made[at].quantity));
        (*lines)[(*count)++] = &made[at];
    }
    return PGL_OK;
}
