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
    int state = at[0] & 15;
    OrderChange change = ORDER_CHANGE_INIT;
    change.version = version;
    change.what = (ChangeKind)(at[0] >> 4);
    change.status = state < ORDER_STATE_COUNT ? status_of_state[state] : ORDER_STATUS_UNSPECIFIED;
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

/* ---- behind the end ---- */

pgl_status order_show_refund(const struct pgl_view *view, const struct order_row *row,
                             const struct order_refund_row *refund, OrderRefund **out)
{
    void *body;
    PGL_TRY(pgl_message_unpack(ORDER_REFUND_DESCRIPTOR, view->arena, refund->body, &body));
    OrderRefund *shown = body;
    shown->refund_no = refund->refund_no;
    shown->status = refund->status;
    shown->amount_minor = refund->amount_minor;
    shown->currency = pgl_message_string(row->currency.data);
    shown->requested_at_ns = refund->requested_at_ns;
    shown->ended_at_ns = refund->ended_at_ns;
    shown->failure = pgl_message_string(refund->failure.data);
    *out = shown;
    return PGL_OK;
}

static pgl_status add_refund(const struct pgl_view *view, const struct pgl_rows *rows,
                             const struct order_row *row, Order *order)
{
    struct order_refund_row refund;
    if (order->n_refunds == PGL_ORDER_REFUNDS_MAX)
        return PGL_FAIL(PGL_DATA_LOSS, "an order with more refunds than there can be");
    order_refund_read(view, rows, &refund);
    PGL_TRY(order_show_refund(view, row, &refund, &order->refunds[order->n_refunds++]));
    order->refunded_minor += refund.status == REFUND_STATUS_REFUNDED ? refund.amount_minor : 0;
    return PGL_OK;
}

static pgl_status add_shipment(const struct pgl_view *view, const struct pgl_rows *rows,
                               const struct order_row *row, Order *order)
{
    void *body;
    (void)row;
    PGL_TRY(pgl_message_unpack(ORDER_SHIPMENT_DESCRIPTOR, view->arena, pgl_column_blob(rows, 0),
                               &body));
    order->shipments[order->n_shipments++] = body;
    return PGL_OK;
}

static pgl_status add_all(const struct pgl_view *view, struct pgl_rows rows,
                          const struct order_row *row, Order *order,
                          pgl_status (*add)(const struct pgl_view *view,
                                            const struct pgl_rows *rows,
                                            const struct order_row *row, Order *order))
{
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        pgl_status added = add(view, &rows, row, order);
        if (!pgl_is_ok(added)) {
            pgl_rows_end(&rows);
            return added;
        }
    }
}

static pgl_status show_refunds(const struct pgl_view *view, const struct order_row *row,
                               Order *order)
{
    order->refunded_case = PANGLOT__ORDERS__V1__ORDER__REFUNDED_REFUNDED_MINOR;
    if (!(row->beyond & ORDER_HAS_REFUNDS))
        return PGL_OK;
    order->refunds = pgl_arena_alloc(view->arena, PGL_ORDER_REFUNDS_MAX * sizeof order->refunds[0]);
    if (order->refunds == NULL)
        return PGL_NO_MEMORY;
    return add_all(view, order_refunds(view, &row->id), row, order, add_refund);
}

static pgl_status show_shipments(const struct pgl_view *view, const struct order_row *row,
                                 Order *order)
{
    if (!(row->beyond & ORDER_HAS_SHIPMENTS))
        return PGL_OK;
    bool is_fulfilled = row->said >> EVENT_TYPE_ORDER_FULFILLED & 1;
    order->fulfilment = is_fulfilled ? FULFILMENT_FULFILLED : FULFILMENT_PARTIAL;
    order->shipments =
        pgl_arena_alloc(view->arena, PGL_ORDER_SHIPMENTS_SHOWN_MAX * sizeof order->shipments[0]);
    if (order->shipments == NULL)
        return PGL_NO_MEMORY;
    return add_all(view, order_shipments(view, &row->id), row, order, add_shipment);
}

static void show_line(const struct order_line_row *line, OrderLine *shown)
{
    shown->confirmed_case = PANGLOT__ORDERS__V1__ORDER_LINE__CONFIRMED_CONFIRMED_QUANTITY;
    shown->confirmed_quantity = line->confirmed;
    shown->shipped_case = PANGLOT__ORDERS__V1__ORDER_LINE__SHIPPED_SHIPPED_QUANTITY;
    shown->shipped_quantity = line->shipped;
    shown->returned_case = PANGLOT__ORDERS__V1__ORDER_LINE__RETURNED_RETURNED_QUANTITY;
    shown->returned_quantity = line->returned;
    shown->refunded_case = PANGLOT__ORDERS__V1__ORDER_LINE__REFUNDED_REFUNDED_QUANTITY;
    shown->refunded_quantity = line->refunded;
}

static pgl_status show_lines(const struct pgl_view *view, const struct order_row *row, Order *order)
{
    struct order_lines lines;
    PGL_TRY(order_lines_load(view, row, order, &lines));
    order->confirmed_case = PANGLOT__ORDERS__V1__ORDER__CONFIRMED_CONFIRMED_MINOR;
    for (size_t i = 0; i < lines.count; i++) {
        show_line(&lines.rows[i], order->lines[i]);
        PGL_TRY(order_line_worth(&lines, lines.rows[i].line_no, lines.rows[i].confirmed,
                                 &order->confirmed_minor));
    }
    return PGL_OK;
}

/* ---- an order ---- */

/* What the customer has to do is of no use once they have, or once the order has ended. */
static pgl_status show_action(const struct pgl_view *view, const struct order_row *row,
                              Order *order)
{
    struct pgl_text next_action;
    if (row->state != ORDER_PENDING || !(row->beyond & ORDER_HAS_ACTION))
        return PGL_OK;
    PGL_TRY(order_action_get(view, row->id, &next_action));
    order->next_action = pgl_message_string(next_action.data);
    return PGL_OK;
}

static void show_state(const struct order_row *row, Order *order)
{
    order->status = status_of_state[row->state];
    if (row->state == ORDER_FAILED || row->state == ORDER_CANCELLED)
        order->reason = pgl_message_string(row->reason.data);
    if (row->cancel == CANCEL_CLIENT)
        order->cancellation = cancellation_of_state[row->state];
    order->version = version_of(row);
    order->updated_at_ns = change_at(row, version_of(row)).at_ns;
}

pgl_status order_show(const struct pgl_view *view, const struct order_row *row, Order **out)
{
    Order *order;
    PGL_TRY(show_constant_part(view->arena, row, &order));
    show_state(row, order);
    PGL_TRY(show_action(view, row, order));
    if (row->state == ORDER_CONFIRMED) {
        PGL_TRY(show_lines(view, row, order));
        PGL_TRY(show_refunds(view, row, order));
        PGL_TRY(show_shipments(view, row, order));
    }
    *out = order;
    return PGL_OK;
}

/* ---- changes ---- */

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
        bool is_end = changes[i].what == CHANGE_KIND_UNSPECIFIED;
        if (is_end && (changes[i].status == ORDER_STATUS_FAILED ||
                       changes[i].status == ORDER_STATUS_CANCELLED))
            changes[i].reason = pgl_message_string(row->reason.data);
        reply->changes[i] = &changes[i];
    }
    reply->n_changes = count;
    return PGL_OK;
}
