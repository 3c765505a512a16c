/* open.c - see open.h. */
#include "services/orders/open.h"

#include "services/orders/orders.h"
#include "wire/message.h"

static const OrderStatus status_of_open[ORDER_STATE_COUNT] = {
    [ORDER_PENDING] = ORDER_STATUS_PENDING,
    [ORDER_AUTHORIZED] = ORDER_STATUS_AUTHORIZED,
    [ORDER_RESERVED] = ORDER_STATUS_RESERVED, /* the others are ends */
};

struct age {
    pgl_id id;
    OrderStatus status; /* UNSPECIFIED: it has ended, or is another's */
    int64_t created_at_ns, deadline_at_ns;
};

static struct age read_age(const struct pgl_rows *rows)
{
    int64_t state = pgl_column_i64(rows, 1);
    bool is_state = state >= 0 && state < ORDER_STATE_COUNT;
    return (struct age){
        .id = pgl_column_id(rows, 0),
        .status = is_state ? status_of_open[state] : ORDER_STATUS_UNSPECIFIED,
        .created_at_ns = pgl_column_i64(rows, 2),
        .deadline_at_ns = pgl_column_i64(rows, 3),
    };
}

static bool is_wanted(const ListOpenRequest *ask, const struct age *age)
{
    return age->status != ORDER_STATUS_UNSPECIFIED &&
           (ask->status == 0 || ask->status == (int32_t)age->status) &&
           (ask->until_ns == 0 || age->created_at_ns <= ask->until_ns) &&
           (ask->late_at_ns == 0 || age->deadline_at_ns < ask->late_at_ns);
}

static char *id_text(struct pgl_arena *arena, pgl_id id)
{
    char *text = pgl_arena_zalloc(arena, PGL_ID_TEXT_BYTES + 1);
    if (text != NULL)
        pgl_id_format(id, text);
    return text;
}

static void add_order(struct pgl_arena *arena, const struct age *age, ListOpenResponse *reply)
{
    OpenOrder *order = pgl_message_new(OPEN_ORDER_DESCRIPTOR, arena);
    if (order == NULL)
        return; /* the arena says so at the end */
    order->order_id = id_text(arena, age->id);
    order->status = (int32_t)age->status;
    order->created_at_ns = age->created_at_ns;
    order->deadline_at_ns = age->deadline_at_ns;
    reply->items[reply->n_items++] = order;
}

pgl_status pgl_orders_list_open(const struct pgl_view *view, const ListOpenRequest *ask,
                                ListOpenResponse *reply)
{
    pgl_id last = { { 0 } };
    int looked = 0;
    if (ask->cursor[0] != '\0' && !pgl_is_ok(pgl_id_parse(pgl_text_of(ask->cursor), &last)))
        return PGL_FAIL(PGL_INVALID, "cursor: not one that we gave");
    reply->items = pgl_arena_alloc(view->arena, (size_t)ask->limit * sizeof reply->items[0]);
    if (reply->items == NULL)
        return PGL_NO_MEMORY;
    struct pgl_rows rows =
        order_ages_behind(view, &last, ORDER_OPEN_LOOK_MAX, pgl_text_of(ask->caller->tenant));
    while (reply->n_items < (size_t)ask->limit) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        struct age age = read_age(&rows);
        last = age.id;
        looked++;
        if (is_wanted(ask, &age))
            add_order(view->arena, &age, reply);
    }
    bool is_more = rows.has_row || looked == ORDER_OPEN_LOOK_MAX;
    pgl_rows_end(&rows);
    if (is_more)
        reply->next = id_text(view->arena, last);
    return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}
