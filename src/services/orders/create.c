/*
 * create.c - a customer orders. Once it is written the order is accepted: it will reach one final
 * state.
 */
#include "base/money.h"
#include "services/orders/orders.h"
#include "wire/message.h"

static pgl_status replay(struct pgl_tx *tx, const struct create_order *create,
                         const struct order_row *order, CreateOrderResponse *reply)
{
    if (memcmp(order->fingerprint.data, create->fingerprint, FINGERPRINT_BYTES) != 0)
        return PGL_FAIL(PGL_INVALID, "Idempotency-Key: it was used for another request");
    reply->replayed = true;
    return order_show_created(pgl_tx_arena(tx), order, &reply->order);
}

/* What is taken over as it was asked for; of the payment only how, not with what. */
static pgl_status begin_order(struct pgl_tx *tx, const NewOrder *ask, Order **out)
{
    Order *order = pgl_message_new(ORDER_DESCRIPTOR, pgl_tx_arena(tx));
    OrderPayment *payment = pgl_message_new(ORDER_PAYMENT_DESCRIPTOR, pgl_tx_arena(tx));
    if (order == NULL || payment == NULL)
        return PGL_NO_MEMORY;
    payment->method = ask->payment->method;
    order->payment = payment;
    order->currency = ask->currency;
    order->ship_to = ask->ship_to;
    if (ask->allow_partial) {
        order->partial_case = PANGLOT__ORDERS__V1__ORDER__PARTIAL_ALLOW_PARTIAL;
        order->allow_partial = true;
    }
    *out = order;
    return PGL_OK;
}

/* The lines with their prices, and the sum. */
static pgl_status price_lines(struct pgl_tx *tx, const struct create_order *create, Order *order)
{
    const NewOrder *ask = create->ask->order;
    struct pgl_arena *arena = pgl_tx_arena(tx);
    OrderLine *lines = pgl_arena_alloc(arena, ask->n_lines * sizeof lines[0]);
    order->lines = pgl_arena_alloc(arena, ask->n_lines * sizeof order->lines[0]);
    if (lines == NULL || order->lines == NULL)
        return PGL_NO_MEMORY;
    order->n_lines = ask->n_lines;
    for (size_t i = 0; i < ask->n_lines; i++) {
        lines[i] = (OrderLine)ORDER_LINE_INIT;
        lines[i].sku = ask->lines[i]->sku;
        lines[i].quantity = ask->lines[i]->quantity;
        lines[i].unit_price_minor = create->prices[i].unit_price_minor;
        PGL_TRY(
            pgl_money_times(lines[i].unit_price_minor, lines[i].quantity, &lines[i].total_minor));
        PGL_TRY(pgl_money_add(order->total_minor, lines[i].total_minor, &order->total_minor));
        order->lines[i] = &lines[i];
    }
    const struct pgl_orders_state *orders = pgl_tx_context(tx);
    if (order->total_minor > orders->options.total_minor_max)
        return PGL_FAIL(PGL_INVALID, "the total is above what one order may come to");
    return PGL_OK;
}

/* The token goes to Payments, which is to use it, and is kept nowhere else. */
static pgl_status say_created(struct pgl_tx *tx, struct order_row *row, const Order *order,
                              const char *token)
{
    struct pgl_arena *arena = pgl_tx_arena(tx);
    OrderCreated said = ORDER_CREATED_INIT;
    Line *lines = pgl_arena_alloc(arena, order->n_lines * sizeof lines[0]);
    said.lines = pgl_arena_alloc(arena, order->n_lines * sizeof said.lines[0]);
    if (lines == NULL || said.lines == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < order->n_lines; i++) {
        lines[i] = (Line)LINE_INIT;
        lines[i].line_no = (int32_t)i + 1;
        lines[i].sku = order->lines[i]->sku;
        lines[i].quantity = order->lines[i]->quantity;
        lines[i].unit_price_minor = order->lines[i]->unit_price_minor;
        said.lines[i] = &lines[i];
    }
    said.n_lines = order->n_lines;
    said.customer = pgl_message_string(row->customer.data);
    said.currency = order->currency;
    said.amount_minor = order->total_minor;
    said.ship_to_region = order->ship_to != NULL ? order->ship_to->region : pgl_message_string("");
    said.payment_method = order->payment->method;
    said.payment_method_ref = pgl_message_string(token);
    said.allow_partial = order->allow_partial;
    said.deadline_at_ns = row->deadline_at_ns;
    said.policy_version = 1;
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_ORDER_CREATED;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_CREATED;
    event.order_created = &said;
    return order_say(tx, row, &event);
}

/* How long the order may take. */
static int64_t time_for(const struct pgl_orders_options *options, const NewOrder *ask)
{
    bool is_named = ask->deadline_case == PANGLOT__ORDERS__V1__NEW_ORDER__DEADLINE_DEADLINE_SECONDS;
    return is_named ? ask->deadline_seconds * PGL_SECONDS(1) : options->deadline_ns;
}

static pgl_status fill_row(struct pgl_tx *tx, const struct create_order *create, Order *order,
                           struct order_row *row)
{
    struct pgl_orders_state *orders = pgl_tx_context(tx);
    const Caller *caller = create->ask->caller;
    *row = (struct order_row){ .id = pgl_tx_new_id(tx), .state = ORDER_PENDING };
    row->tenant = pgl_text_of(caller->tenant);
    row->customer = pgl_text_of(caller->subject);
    row->idempotency_key = pgl_text_of(create->ask->idempotency_key);
    row->fingerprint = (struct pgl_text){ (const char *)create->fingerprint, FINGERPRINT_BYTES };
    row->currency = pgl_text_of(order->currency);
    row->total_minor = order->total_minor;
    row->created_at_ns = pgl_tx_now_ns(tx);
    row->deadline_at_ns =
        pgl_deadlines_now_ns(&orders->deadlines) + time_for(&orders->options, create->ask->order);
    row->reason = PGL_TEXT("");
    /* Only what the columns do not have. */
    Order body = ORDER_INIT;
    body.lines = order->lines;
    body.n_lines = order->n_lines;
    body.payment = order->payment;
    body.ship_to = order->ship_to;
    body.partial_case = order->partial_case;
    body.allow_partial = order->allow_partial;
    return pgl_message_pack_text(&body.base, pgl_tx_arena(tx), &row->body);
}

static pgl_status show_new(struct pgl_tx *tx, const struct order_row *row, Order *order)
{
    char *id = pgl_arena_zalloc(pgl_tx_arena(tx), PGL_ID_TEXT_BYTES + 1);
    if (id == NULL)
        return PGL_NO_MEMORY;
    pgl_id_format(row->id, id);
    order->id = id;
    order_number_lines(order);
    order->status = ORDER_STATUS_PENDING;
    order->created_at_ns = order->updated_at_ns = row->created_at_ns;
    order->deadline_at_ns = row->deadline_at_ns;
    order->version = 1;
    return PGL_OK;
}

static pgl_status write_new(struct pgl_tx *tx, const struct create_order *create,
                            const Order *order, struct order_row *row, int64_t place)
{
    struct pgl_orders_state *orders = pgl_tx_context(tx);
    int64_t customer = order_hash_of_customer(orders, row->tenant, row->customer);
    PGL_TRY(pgl_recent_get(&orders->newest, customer, &row->previous_id));
    PGL_TRY(say_created(tx, row, order, create->ask->order->payment->card_token));
    PGL_TRY(order_insert(tx, row));
    pgl_tally_move(&orders->tally, PGL_TALLY_NOWHERE, ORDER_PENDING);
    PGL_TRY(pgl_recent_put(&orders->newest, customer, row->id));
    PGL_TRY(pgl_recent_put(&orders->by_key, place, row->id));
    return pgl_deadlines_add(&orders->deadlines, row->id, customer, row->deadline_at_ns);
}

/* A partner orders for many. */
static pgl_status check_crowd(const struct pgl_orders_state *orders, const Caller *caller)
{
    if (orders->options.open_per_customer_max == 0 || caller->role == ROLE_PARTNER)
        return PGL_OK;
    return pgl_crowd_check(
        &orders->deadlines.crowd,
        order_hash_of_customer(orders, pgl_text_of(caller->tenant), pgl_text_of(caller->subject)));
}

pgl_status pgl_orders_create(struct pgl_tx *tx, const struct create_order *create,
                             CreateOrderResponse *reply)
{
    const struct pgl_orders_state *orders = pgl_tx_context(tx);
    struct order_row row;
    bool is_there;
    int64_t place;
    PGL_TRY(order_find_by_key(tx, create->ask, &row, &is_there, &place));
    if (is_there)
        return replay(tx, create, &row, reply);
    PGL_TRY(create->priced);
    PGL_TRY(pgl_deadlines_check_room(&orders->deadlines));
    PGL_TRY(check_crowd(orders, create->ask->caller));

    Order *order;
    PGL_TRY(begin_order(tx, create->ask->order, &order));
    PGL_TRY(price_lines(tx, create, order));
    PGL_TRY(fill_row(tx, create, order, &row));
    PGL_TRY(show_new(tx, &row, order)); /* what may lack memory comes before the first write */
    reply->replayed = false;
    reply->order = order;
    return write_new(tx, create, order, &row, place);
}
