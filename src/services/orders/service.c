/* service.c - what Orders offers, and the flows of those methods that take more than one step. */
#include "services/orders/service.h"

#include "base/assert.h"
#include "base/time.h"
#include "saga/audit_log.h"
#include "saga/caller.h"
#include "services/orders/open.h"
#include "wire/digest.h"
#include "wire/message.h"

/* ---- methods ---- */

PGL_QUERY(pgl_orders_get, GetOrderRequest, GetOrderResponse)
PGL_QUERY(pgl_orders_story, ReadKeyRequest, ReadKeyResponse)
PGL_COMMAND(pgl_orders_cancel, CancelOrderRequest, CancelOrderResponse)
PGL_COMMAND(pgl_orders_refund, RefundOrderRequest, RefundOrderResponse)

static void start_create(void *service, struct pgl_call *call);
static void start_list(void *service, struct pgl_call *call);
static void pass_wait(void *service, struct pgl_call *call);
static void pass_read(void *service, struct pgl_call *call);
static void pass_follow(void *service, struct pgl_call *call);

const struct pgl_method pgl_orders_methods[ORDER_SERVICE_METHOD_COUNT] = {
    [ORDER_SERVICE_CREATE_ORDER] = { PGL_METHOD_FLOW, .flow = start_create },
    [ORDER_SERVICE_GET_ORDER] = { PGL_METHOD_QUERY, .query = pgl_orders_get_query },
    [ORDER_SERVICE_LIST_ORDERS] = { PGL_METHOD_FLOW, .flow = start_list },
    [ORDER_SERVICE_CANCEL_ORDER] = { PGL_METHOD_COMMAND, .command = pgl_orders_cancel_command },
    [ORDER_SERVICE_REFUND_ORDER] = { PGL_METHOD_COMMAND, .command = pgl_orders_refund_command },
    [ORDER_SERVICE_WAIT_ORDER] = { PGL_METHOD_FLOW, .flow = pass_wait },
};

const struct pgl_method pgl_orders_log_methods[EVENT_LOG_SERVICE_METHOD_COUNT] = {
    [EVENT_LOG_SERVICE_READ] = { PGL_METHOD_FLOW, .flow = pass_read },
    [EVENT_LOG_SERVICE_FOLLOW] = { PGL_METHOD_FLOW, .flow = pass_follow },
    [EVENT_LOG_SERVICE_READ_KEY] = { PGL_METHOD_QUERY, .query = pgl_orders_story_query },
};

static struct pgl_admin *admin_of(void *context)
{
    return &((struct pgl_orders *)context)->admin;
}
PGL_ADMIN_METHODS(pgl_orders_admin_methods, admin_of)

/* What the flows ask of our own writer and reader; nobody else can call these. */
enum inner_method { INNER_CREATE, INNER_NEWEST, INNER_PAGE, INNER_METHOD_COUNT };

PGL_COMMAND(pgl_orders_create, struct create_order, CreateOrderResponse)
PGL_QUERY(pgl_orders_page, struct order_page, ListOrdersResponse)

/* On the writer's loop, where that index lives, and in no transaction: lists are read from a full
 * disk as well. */
static void look_up_newest(void *service, struct pgl_call *call)
{
    struct pgl_orders *orders = service;
    pgl_call_answer(call, pgl_orders_newest(&orders->state, call->ask, call->reply));
}

static const struct pgl_method inner_methods[INNER_METHOD_COUNT] = {
    [INNER_CREATE] = { PGL_METHOD_COMMAND, .command = pgl_orders_create_command },
    [INNER_NEWEST] = { PGL_METHOD_FLOW, .flow = look_up_newest },
    [INNER_PAGE] = { PGL_METHOD_QUERY, .query = pgl_orders_page_query },
};

/* ---- a flow that answers a call; it lies in the arena of that call ---- */

struct answer_flow {
    struct pgl_flow flow;
    struct pgl_orders *orders;
    struct pgl_call *call; /* to be answered */
    struct pgl_rpc_call asked;
    int left;
    pgl_status status;
};

static struct answer_flow *flow_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct answer_flow, flow);
}

static void on_flow_done(struct pgl_flow *flow)
{
    struct answer_flow *mine = flow_of(flow);
    pgl_call_answer(mine->call,
                    mine->status); /* its arena, and so the flow, is the caller's again */
}

static void start_flow(struct answer_flow *flow, struct pgl_orders *orders, struct pgl_call *call,
                       const struct pgl_step *steps)
{
    flow->orders = orders;
    flow->call = call;
    flow->status = PGL_OK;
    pgl_flow_start(&flow->flow, orders->rpc.loop, steps, 0, on_flow_done);
}

static struct pgl_go finish(struct answer_flow *flow, pgl_status status)
{
    flow->status = status;
    return pgl_done();
}

/* Asks, and goes on with `then` when the answer is there. The callee minds the deadline. */
static struct pgl_go ask(struct answer_flow *flow, const struct pgl_endpoint *endpoint, int method,
                         const void *question, void *reply, int then)
{
    flow->asked.call = (struct pgl_call){ .ask = question,
                                          .reply = reply,
                                          .arena = flow->call->arena,
                                          .deadline_ns = flow->call->deadline_ns,
                                          .trace = flow->call->trace };
    pgl_rpc_send(&flow->orders->rpc, endpoint, method, &flow->asked, &flow->flow, &flow->left);
    return flow->left > 0 ? pgl_wait(then) : pgl_go(then);
}

/* ---- CreateOrder: prices, then the one transaction ---- */

struct create_flow {
    struct answer_flow answer;
    GetPricesResponse prices;
    bool has_asked;
    struct create_order create;
};

enum { CREATE_PRICES, CREATE_WRITE, CREATE_DONE };

static struct create_flow *create_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow_of(flow), struct create_flow, answer);
}

static struct pgl_go create_prices(struct pgl_flow *flow)
{
    struct create_flow *create = create_of(flow);
    struct pgl_orders *orders = create->answer.orders;
    const CreateOrderRequest *request = create->answer.call->ask;
    GetPricesRequest *missing;
    pgl_status status =
        pgl_order_check(&orders->state.options, request, create->answer.call->arena);
    int64_t at_ns = flow->loop->now_ns;
    if (pgl_buggify(flow->loop->platform->buggify, PGL_BUGGIFY_ORDERS_FORGET_PRICES))
        at_ns = PGL_NEVER_NS; /* by then none is fresh */
    if (pgl_is_ok(status))
        status = pgl_prices_missing(&orders->prices, request->order, at_ns,
                                    create->answer.call->arena, &missing);
    if (!pgl_is_ok(status))
        return finish(&create->answer, status);
    if (missing == NULL)
        return pgl_go(CREATE_WRITE);
    create->has_asked = true;
    create->prices = (GetPricesResponse)GET_PRICES_RESPONSE_INIT;
    return ask(&create->answer, &orders->catalog, CATALOG_SERVICE_GET_PRICES, missing,
               &create->prices, CREATE_WRITE);
}

static pgl_status find_prices(struct create_flow *create, int64_t now_ns)
{
    struct pgl_prices *known = &create->answer.orders->prices;
    const CreateOrderRequest *request = create->answer.call->ask;
    const GetPricesResponse *answer = create->has_asked ? &create->prices : NULL;
    if (create->has_asked) {
        PGL_TRY(create->answer.asked.call.status);
        pgl_prices_learn(known, answer, now_ns);
    }
    return pgl_prices_of(known, request->order, answer, create->answer.call->arena,
                         &create->create.prices);
}

static pgl_status prepare_create(struct create_flow *create, int64_t now_ns)
{
    const CreateOrderRequest *request = create->answer.call->ask;
    struct pgl_text packed;
    PGL_TRY(pgl_message_pack_text(&request->order->base, create->answer.call->arena, &packed));
    pgl_sha256(packed, create->create.fingerprint);
    create->create.ask = request;
    create->create.priced = find_prices(create, now_ns);
    return PGL_OK;
}

static struct pgl_go create_write(struct pgl_flow *flow)
{
    struct create_flow *create = create_of(flow);
    pgl_status status = prepare_create(create, flow->loop->now_ns);
    if (!pgl_is_ok(status))
        return finish(&create->answer, status);
    return ask(&create->answer, &create->answer.orders->self, INNER_CREATE, &create->create,
               create->answer.call->reply, CREATE_DONE);
}

static struct pgl_go create_done(struct pgl_flow *flow)
{
    struct answer_flow *answer = flow_of(flow);
    return finish(answer, answer->asked.call.status);
}

static const struct pgl_step create_steps[] = {
    /*                  name             does           at most  when late: the callees mind the
     *                  deadline */
    [CREATE_PRICES] = { "create.prices", create_prices, 0, 0 },
    [CREATE_WRITE] = { "create.write", create_write, 0, 0 },
    [CREATE_DONE] = { "create.done", create_done, 0, 0 },
};

static void start_create(void *service, struct pgl_call *call)
{
    struct create_flow *create = pgl_arena_zalloc(call->arena, sizeof *create);
    if (create == NULL)
        pgl_call_answer(call, PGL_NO_MEMORY);
    else
        start_flow(&create->answer, service, call, create_steps);
}

/* ---- ListOrders: where the customer's chain begins, then a page of it ---- */

struct list_flow {
    struct answer_flow answer;
    struct order_page page;
};

enum { LIST_NEWEST, LIST_PAGE, LIST_DONE };

static struct list_flow *list_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow_of(flow), struct list_flow, answer);
}

static struct pgl_go list_newest(struct pgl_flow *flow)
{
    struct list_flow *list = list_of(flow);
    const ListOrdersRequest *request = list->answer.call->ask;
    list->page.ask = request;
    if (request->caller == NULL || request->limit < 1 || request->limit > PGL_ORDER_PAGE_MAX)
        return finish(&list->answer, PGL_FAIL(PGL_INVALID, "limit: 1 to 100 is expected"));
    if (request->cursor[0] != '\0') {
        if (!pgl_is_ok(pgl_id_parse(pgl_text_of(request->cursor), &list->page.first)))
            return finish(&list->answer, PGL_FAIL(PGL_INVALID, "cursor: not one that we gave"));
        return pgl_go(LIST_PAGE);
    }
    if (pgl_caller_sees_tenant(request->caller))
        return pgl_go(LIST_PAGE);
    return ask(&list->answer, &list->answer.orders->self, INNER_NEWEST, request, &list->page.first,
               LIST_PAGE);
}

static struct pgl_go list_page(struct pgl_flow *flow)
{
    struct list_flow *list = list_of(flow);
    if (!pgl_is_ok(list->answer.asked.call.status))
        return finish(&list->answer, list->answer.asked.call.status);
    return ask(&list->answer, &list->answer.orders->self, INNER_PAGE, &list->page,
               list->answer.call->reply, LIST_DONE);
}

static struct pgl_go list_done(struct pgl_flow *flow)
{
    struct answer_flow *answer = flow_of(flow);
    return finish(answer, answer->asked.call.status);
}

static const struct pgl_step list_steps[] = {
    [LIST_NEWEST] = { "list.newest", list_newest, 0, 0 },
    [LIST_PAGE] = { "list.page", list_page, 0, 0 },
    [LIST_DONE] = { "list.done", list_done, 0, 0 },
};

static void start_list(void *service, struct pgl_call *call)
{
    struct list_flow *list = pgl_arena_zalloc(call->arena, sizeof *list);
    if (list == NULL)
        pgl_call_answer(call, PGL_NO_MEMORY);
    else
        start_flow(&list->answer, service, call, list_steps);
}

/* ---- WaitOrder: answered by the writer, which alone knows when something changes ---- */

static void pass_wait(void *service, struct pgl_call *call)
{
    struct pgl_orders *orders = service;
    pgl_status sent =
        pgl_mailbox_send(orders->rpc.loop, &orders->state.waits.mailbox, &call->message);
    if (!pgl_is_ok(sent))
        pgl_call_answer(call, sent);
}

static void pass_read(void *service, struct pgl_call *call)
{
    pgl_feed_read(&((struct pgl_orders *)service)->feed, call);
}

static void pass_follow(void *service, struct pgl_call *call)
{
    pgl_feed_follow(&((struct pgl_orders *)service)->feed, call);
}

/* ---- opening ---- */

static void take_call(void *owner, struct pgl_message *message)
{
    struct pgl_call *call = pgl_call_of(message);
    call->method->flow(owner, call);
}

/* New ids stay above those on disk, whatever the clock says now. */
static pgl_status stay_above_the_newest(struct pgl_writer *writer)
{
    struct pgl_view view = { &writer->db, &writer->arena, writer->context };
    pgl_id all_ones;
    memset(all_ones.bytes, 0xFF, sizeof all_ones.bytes);
    struct pgl_rows rows = order_ids_below(&view, &all_ones, 1);
    PGL_TRY(pgl_rows_next(&rows));
    if (rows.has_row)
        pgl_id_maker_stay_above(&writer->ids, pgl_column_id(&rows, 0));
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status pgl_orders_open(struct pgl_orders *orders, struct pgl_writer *writer,
                           const struct pgl_orders_options *options)
{
    struct pgl_orders_state *state = &orders->state;
    *orders = (struct pgl_orders){ .writer = writer };
    state->options = *options;
    pgl_admin_init(&orders->admin, LOG_ORDERS,
                   (struct pgl_admin_hooks){ .list_open = pgl_orders_list_open });
    PGL_TRY(pgl_events_migrate(&writer->db));
    PGL_TRY(pgl_saga_migrate(&writer->db));
    PGL_TRY(pgl_orders_migrate(&writer->db, &writer->loop->platform->entropy));
    uint8_t seed[16];
    PGL_TRY(order_hash_seed(&writer->db, seed));
    memcpy(&state->hash_key, seed, sizeof state->hash_key);
    PGL_TRY(stay_above_the_newest(writer));
    PGL_TRY(order_keys_open(state, writer));
    PGL_TRY(pgl_tally_open(&state->tally, writer, ORDER_STATE_COUNT, order_count_get_sql,
                           order_count_put_sql));
    PGL_TRY(pgl_log_open(&state->log, LOG_ORDERS, writer));
    PGL_TRY(pgl_deadlines_open(&state->deadlines, writer, options->open_max,
                               options->open_per_customer_max));
    return pgl_waits_open(&state->waits, writer);
}

pgl_status pgl_orders_connect(struct pgl_orders *orders, struct pgl_log_source *payments,
                              struct pgl_log_source *inventory)
{
    PGL_TRY(pgl_consumer_open(&orders->payments, orders->writer, payments, pgl_orders_hear));
    PGL_TRY(pgl_consumer_open(&orders->inventory, orders->writer, inventory, pgl_orders_hear));
    pgl_consumer_keep_up(&orders->payments, "orders");
    pgl_consumer_keep_up(&orders->inventory, "orders");
    pgl_admin_add_consumer(&orders->admin, &orders->payments);
    pgl_admin_add_consumer(&orders->admin, &orders->inventory);
    return pgl_admin_open(&orders->admin, orders->writer, NULL, 0);
}

pgl_status pgl_orders_serve(struct pgl_orders *orders, struct pgl_loop *loop,
                            struct pgl_reader *reader, struct pgl_endpoint catalog)
{
    orders->reader = reader;
    orders->catalog = catalog;
    orders->self = (struct pgl_endpoint){ .methods = inner_methods,
                                          .commands = &orders->writer->commands,
                                          .queries = &reader->queries,
                                          .flows = &orders->lookups };
    pgl_rpc_open(&orders->rpc, loop);
    pgl_mailbox_open(&orders->lookups, orders->writer->loop, PGL_ORDERS_FLOWS_MAX, take_call,
                     orders);
    pgl_mailbox_open(&orders->flows, loop, PGL_ORDERS_FLOWS_MAX, take_call, orders);
    PGL_TRY(pgl_feed_open(&orders->feed, loop, &orders->state.log));
    return pgl_prices_open(&orders->prices, orders->state.hash_key);
}

void pgl_orders_start(struct pgl_orders *orders)
{
    pgl_deadlines_start(&orders->state.deadlines);
    pgl_consumer_start(&orders->payments);
    pgl_consumer_start(&orders->inventory);
}

void pgl_orders_close(struct pgl_orders *orders)
{
    struct pgl_orders_state *state = &orders->state;
    pgl_consumer_close(&orders->payments);
    pgl_consumer_close(&orders->inventory);
    pgl_prices_close(&orders->prices);
    pgl_feed_close(&orders->feed);
    pgl_waits_close(&state->waits);
    pgl_log_close(&state->log);
    pgl_deadlines_close(&state->deadlines);
    order_keys_close(state);
}
