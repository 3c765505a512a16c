/* show.c - a row as others see it. */
#include "services/orders/orders.h"

#include "wire/message.h"

/* By enum order_state. */
static const OrderStatus status_of_state[ORDER_STATE_COUNT] = {
    [ORDER_PENDING] = ORDER_STATUS_PENDING,   [ORDER_AUTHORIZED] = ORDER_STATUS_AUTHORIZED,
    [ORDER_RESERVED] = ORDER_STATUS_RESERVED, [ORDER_CONFIRMED] = ORDER_STATUS_CONFIRMED,
    [ORDER_FAILED] = ORDER_STATUS_FAILED,     [ORDER_CANCELLED] = ORDER_STATUS_CANCELLED,
};

/* What became of a client's wish to cancel. */
static const Cancellation cancellation_of_state[ORDER_STATE_COUNT] = {
    [ORDER_PENDING] = CANCELLATION_REQUESTED,  [ORDER_AUTHORIZED] = CANCELLATION_REQUESTED,
    [ORDER_RESERVED] = CANCELLATION_REQUESTED, [ORDER_CONFIRMED] = CANCELLATION_REJECTED,
    [ORDER_FAILED] = CANCELLATION_MOOT,        [ORDER_CANCELLED] = CANCELLATION_ACCEPTED,
};

pgl_status order_parse_id(const char *text, pgl_id *id)
{
    if (!pgl_is_ok(pgl_id_parse(pgl_text_of(text), id)))
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such order");
    return PGL_OK;
}

pgl_status order_check_owner(const struct order_row *row, const Caller *caller)
{
    bool is_allowed =
        caller != NULL && pgl_text_is(row->tenant, caller->tenant) &&
        (caller->role == ROLE_OPERATOR || pgl_text_is(row->customer, caller->subject));
    return is_allowed ? PGL_OK : PGL_FAIL(PGL_NOT_FOUND, "there is no such order");
}

void order_number_lines(Order *order)
{
    for (size_t i = 0; i < order->n_lines; i++)
        order->lines[i]->line_no = (int32_t)i + 1;
}

static int64_t version_of(const struct order_row *row)
{
    return (int64_t)(row->changes.size / ORDER_CHANGE_BYTES);
}

static OrderChange change_at(const struct order_row *row, int64_t version)
{
    const uint8_t *at = (const uint8_t *)row->changes.data + (version - 1) * ORDER_CHANGE_BYTES;
    uint64_t ns = 0;
    for (int i = 7; i >= 0; i--)
        ns = ns << 8 | at[1 + i];
    OrderChange change = ORDER_CHANGE_INIT;
    change.version = version;
    change.status = at[0] < ORDER_STATE_COUNT ? status_of_state[at[0]] : ORDER_STATUS_UNSPECIFIED;
    change.at_ns = (int64_t)ns;
    return change;
}

/* What never changes of an order. The body holds the lines, the payment and the destination. */
static pgl_status show_constant_part(struct pgl_arena *arena, const struct order_row *row,
                                     Order **order)
{
    void *body;
    PGL_TRY(pgl_message_unpack(ORDER_DESCRIPTOR, arena, row->body, &body));
    Order *shown = body;
    char *id = pgl_arena_zalloc(arena, PGL_ID_TEXT_BYTES + 1);
    if (id == NULL)
        return PGL_NO_MEMORY;
    pgl_id_format(row->id, id);
    shown->id = id;
    order_number_lines(shown);
    shown->currency = pgl_message_string(row->currency.data);
    shown->total_minor = row->total_minor;
    shown->created_at_ns = row->created_at_ns;
    shown->deadline_at_ns = row->deadline_at_ns;
    *order = shown;
    return PGL_OK;
}

pgl_status order_show_created(struct pgl_arena *arena, const struct order_row *row, Order **order)
{
    PGL_TRY(show_constant_part(arena, row, order));
    (*order)->status = ORDER_STATUS_PENDING;
    (*order)->updated_at_ns = row->created_at_ns;
    (*order)->version = 1;
    return PGL_OK;
}

pgl_status order_show(struct pgl_arena *arena, const struct order_row *row, Order **order)
{
    PGL_TRY(show_constant_part(arena, row, order));
    (*order)->status = status_of_state[row->state];
    if (row->state == ORDER_FAILED || row->state == ORDER_CANCELLED)
        (*order)->reason = pgl_message_string(row->reason.data);
    if (row->cancel == CANCEL_CLIENT)
        (*order)->cancellation = cancellation_of_state[row->state];
    (*order)->version = version_of(row);
    (*order)->updated_at_ns = change_at(row, version_of(row)).at_ns;
    return PGL_OK;
}

pgl_status order_show_changes(struct pgl_arena *arena, const struct order_row *row,
                              int64_t after_version, WaitOrderResponse *reply)
{
    int64_t version = version_of(row), first = after_version < 0 ? 0 : after_version;
    if (first >= version)
        return PGL_OK;
    size_t count = (size_t)(version - first);
    OrderChange *changes = pgl_arena_alloc(arena, count * sizeof changes[0]);
    reply->changes = pgl_arena_alloc(arena, count * sizeof reply->changes[0]);
    if (changes == NULL || reply->changes == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        changes[i] = change_at(row, first + 1 + (int64_t)i);
        if (changes[i].status == ORDER_STATUS_FAILED || changes[i].status == ORDER_STATUS_CANCELLED)
            changes[i].reason = pgl_message_string(row->reason.data);
        reply->changes[i] = &changes[i];
    }
    reply->n_changes = count;
    return PGL_OK;
}
