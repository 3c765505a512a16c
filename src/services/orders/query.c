/* query.c - orders as they are: one, a page of them, the story of one. */
#include "services/orders/orders.h"

#include "events/story.h"
#include "saga/caller.h"
#include "wire/message.h"

pgl_status pgl_orders_get(const struct pgl_view *view, const GetOrderRequest *ask,
                          GetOrderResponse *reply)
{
    pgl_id id;
    struct order_row order;
    PGL_TRY(order_parse_id(ask->id, &id));
    PGL_TRY(order_get_for(view, id, ask->caller, &order));
    return order_show(view, &order, &reply->order);
}

pgl_status pgl_orders_story(const struct pgl_view *view, const ReadKeyRequest *ask,
                            ReadKeyResponse *reply)
{
    pgl_id id;
    struct order_row order;
    if (ask->key.len != sizeof id.bytes)
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such order");
    memcpy(id.bytes, ask->key.data, sizeof id.bytes);
    PGL_TRY(order_get_for(view, id, ask->caller, &order));
    return pgl_story_read(view, LOG_ORDERS, order.last_event_seq, reply);
}

/* ---- lists ---- */

pgl_status pgl_orders_newest(struct pgl_orders_state *orders, const ListOrdersRequest *ask,
                             pgl_id *newest)
{
    int64_t hash = order_hash_of_customer(orders, pgl_text_of(ask->caller->tenant),
                                          pgl_text_of(ask->caller->subject));
    return pgl_recent_get(&orders->newest, hash, newest);
}

struct page {
    const ListOrdersRequest *ask;
    ListOrdersResponse *reply;
    bool is_of_tenant;
};

/* The largest id below `*id`; zero when there is none. */
static pgl_status id_below(const struct pgl_view *view, pgl_id *id)
{
    struct pgl_rows rows = order_ids_below(view, id, 1);
    PGL_TRY(pgl_rows_next(&rows));
    *id = rows.has_row ? pgl_column_id(&rows, 0) : (pgl_id){ { 0 } };
    pgl_rows_end(&rows);
    return PGL_OK;
}

static pgl_status add_order(const struct pgl_view *view, struct page *page,
                            const struct order_row *row)
{
    Order *order;
    OrderStatus wanted = page->ask->status;
    PGL_TRY(order_show(view, row, &order));
    if (wanted == ORDER_STATUS_UNSPECIFIED || wanted == order->status)
        page->reply->items[page->reply->n_items++] = order;
    return PGL_OK;
}

/* A cursor of somebody else's chain must tell nothing, not even that it is one. */
static pgl_status check_cursor(const struct pgl_view *view, const struct order_page *from)
{
    static const pgl_status not_ours = { PGL_INVALID, "cursor: not one that we gave" };
    struct order_row row;
    pgl_id id = from->first;
    pgl_status found = pgl_caller_sees_tenant(from->ask->caller)
                           ? order_previous(view, &id) /* a page of a tenant is cut anywhere */
                           : order_get_for(view, id, from->ask->caller, &row);
    return found.code == PGL_NOT_FOUND ? not_ours : found;
}

static pgl_status go_on_at(const struct pgl_view *view, pgl_id id, ListOrdersResponse *reply)
{
    char *next = pgl_arena_zalloc(view->arena, PGL_ID_TEXT_BYTES + 1);
    if (next == NULL)
        return PGL_NO_MEMORY;
    pgl_id_format(id, next);
    reply->next = next;
    return PGL_OK;
}

pgl_status pgl_orders_page(const struct pgl_view *view, const struct order_page *from,
                           ListOrdersResponse *reply)
{
    struct page page = { from->ask, reply, pgl_caller_sees_tenant(from->ask->caller) };
    pgl_id id = from->first;
    reply->items = pgl_arena_alloc(view->arena, (size_t)from->ask->limit * sizeof reply->items[0]);
    if (reply->items == NULL)
        return PGL_NO_MEMORY;
    if (from->ask->cursor[0] != '\0')
        PGL_TRY(check_cursor(view, from));
    if (page.is_of_tenant && pgl_id_is_zero(id)) { /* from the newest of all */
        memset(id.bytes, 0xFF, sizeof id.bytes);
        PGL_TRY(id_below(view, &id));
    }
    for (int looked = 0; !pgl_id_is_zero(id); looked++) {
        struct order_row row;
        pgl_status found = order_get_for(view, id, from->ask->caller, &row);
        bool is_theirs = pgl_is_ok(found); /* two customers may share a hash, and then a chain */
        if (!is_theirs && found.code != PGL_NOT_FOUND)
            return found;
        bool is_full = reply->n_items == (size_t)from->ask->limit;
        if ((is_full && is_theirs) || looked == PGL_ORDER_SCAN_MAX)
            return go_on_at(view, id, reply);
        if (is_theirs)
            PGL_TRY(add_order(view, &page, &row));
        if (page.is_of_tenant || !is_theirs)
            PGL_TRY(page.is_of_tenant ? id_below(view, &id) : order_previous(view, &id));
        else
            id = row.previous_id;
    }
    return PGL_OK;
}
