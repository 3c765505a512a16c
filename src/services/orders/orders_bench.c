/* orders_bench.c - see orders_bench.h. */
#include "services/orders/orders_bench.h"

#include "base/assert.h"
#include "wire/digest.h"
#include "wire/json.h"
#include "wire/message.h"

#define BENCH_GENERATION 4 /* so that the indexes turn over all the time */
#define JSON_BYTES_MAX   65536

static void open_service(struct orders_bench *bench)
{
    bench->store.writer.context = &bench->orders.state;
    pgl_status opened = pgl_orders_open(&bench->orders, &bench->store.writer, &bench->options);
    PGL_ASSERT(pgl_is_ok(opened));
    pgl_deadlines_start(&bench->orders.state.deadlines);
}

void orders_bench_open(struct orders_bench *bench, uint64_t seed)
{
    bench->options = PGL_ORDERS_OPTIONS_DEFAULT;
    bench->options.generation = BENCH_GENERATION;
    bench->options.open_per_customer_max = 0;
    bench->deadline_seconds = 0;
    pgl_store_bench_open(&bench->store, seed);
    open_service(bench);
}

void orders_bench_close(struct orders_bench *bench)
{
    pgl_orders_close(&bench->orders);
    pgl_store_bench_close(&bench->store);
}

void orders_bench_restart(struct orders_bench *bench)
{
    pgl_orders_close(&bench->orders);
    pgl_store_bench_restart(&bench->store);
    open_service(bench);
}

static void *new_message(struct orders_bench *bench, const ProtobufCMessageDescriptor *descriptor)
{
    void *message = pgl_message_new(descriptor, &bench->store.arena);
    PGL_ASSERT(message != NULL);
    return message;
}

static void *new_array(struct orders_bench *bench, size_t size)
{
    void *array = pgl_arena_zalloc(&bench->store.arena, size);
    PGL_ASSERT(array != NULL);
    return array;
}

static char *new_text(struct orders_bench *bench, struct pgl_text text)
{
    char *copy = pgl_arena_string(&bench->store.arena, text);
    PGL_ASSERT(copy != NULL);
    return copy;
}

/* ---- asking ---- */

static Caller new_caller(const char *subject, Role role)
{
    Caller caller = CALLER_INIT;
    caller.tenant = (char *)BENCH_TENANT;
    caller.subject = pgl_message_string(subject);
    caller.role = role;
    return caller;
}

Caller orders_bench_customer(const char *subject)
{
    return new_caller(subject, ROLE_CUSTOMER);
}

Caller orders_bench_operator(const char *subject)
{
    return new_caller(subject, ROLE_OPERATOR);
}

struct bench_order orders_bench_usual(const char *customer, const char *key)
{
    return (struct bench_order){
        .customer = customer, .key = key, .quantity = 2, .unit_minor = 250, .line_count = 2
    };
}

NewOrder *orders_bench_body(struct orders_bench *bench, const struct bench_order *order)
{
    NewOrder *body = new_message(bench, NEW_ORDER_DESCRIPTOR);
    body->currency = (char *)"EUR";
    body->n_lines = order->line_count;
    body->lines = new_array(bench, (order->line_count + 1) * sizeof body->lines[0]);
    for (size_t i = 0; i < order->line_count; i++) {
        body->lines[i] = new_message(bench, NEW_ORDER_LINE_DESCRIPTOR);
        const char *sku = pgl_arena_printf(&bench->store.arena, "SKU-%zu", i);
        body->lines[i]->sku = new_text(bench, pgl_text_of(sku));
        body->lines[i]->quantity = order->quantity;
    }
    body->payment = new_message(bench, NEW_PAYMENT_DESCRIPTOR);
    body->payment->method = (char *)"account";
    body->ship_to = new_message(bench, SHIP_TO_DESCRIPTOR);
    body->ship_to->region = (char *)"EU";
    if (bench->deadline_seconds > 0) {
        body->deadline_case = PANGLOT__ORDERS__V1__NEW_ORDER__DEADLINE_DEADLINE_SECONDS;
        body->deadline_seconds = bench->deadline_seconds;
    }
    return body;
}

struct creating {
    struct orders_bench *bench;
    struct create_order create;
    CreateOrderResponse *reply;
};

static pgl_status create(struct pgl_tx *tx, void *argument)
{
    const struct creating *creating = argument;
    tx->view.arena = &creating->bench->store.arena;
    tx->view.db->has_written = false;
    pgl_status status = pgl_orders_create(tx, &creating->create, creating->reply);
    creating->bench->has_written = tx->view.db->has_written;
    return status;
}

pgl_status orders_bench_create(struct orders_bench *bench, const struct bench_order *order,
                               CreateOrderResponse *reply)
{
    CreateOrderRequest ask = CREATE_ORDER_REQUEST_INIT;
    Caller caller = orders_bench_customer(order->customer);
    ask.caller = &caller;
    ask.idempotency_key = pgl_message_string(order->key);
    ask.order = orders_bench_body(bench, order);
    struct order_price *prices = new_array(bench, (order->line_count + 1) * sizeof prices[0]);
    for (size_t i = 0; i < order->line_count; i++)
        prices[i].unit_price_minor = order->unit_minor;
    struct creating creating = { bench, { .ask = &ask, .prices = prices }, reply };
    creating.create.priced = order->priced;
    struct pgl_text packed;
    pgl_status status = pgl_message_pack_text(&ask.order->base, &bench->store.arena, &packed);
    PGL_ASSERT(pgl_is_ok(status));
    pgl_sha256(packed, creating.create.fingerprint);
    *reply = (CreateOrderResponse)CREATE_ORDER_RESPONSE_INIT;
    return pgl_writer_run_now(&bench->store.writer, create, &creating);
}

pgl_id orders_bench_new(struct orders_bench *bench, const char *customer, const char *key)
{
    struct bench_order order = orders_bench_usual(customer, key);
    CreateOrderResponse reply;
    pgl_id id;
    pgl_status status = orders_bench_create(bench, &order, &reply);
    PGL_ASSERT(pgl_is_ok(status) && reply.order != NULL && !reply.replayed);
    status = pgl_id_parse(pgl_text_of(reply.order->id), &id);
    PGL_ASSERT(pgl_is_ok(status));
    return id;
}

static char *text_of_id(struct orders_bench *bench, pgl_id id)
{
    char text[PGL_ID_TEXT_BYTES];
    pgl_id_format(id, text);
    return new_text(bench, (struct pgl_text){ text, sizeof text });
}

pgl_status orders_bench_cancel(struct orders_bench *bench, pgl_id id, const Caller *caller,
                               CancelOrderResponse *reply)
{
    CancelOrderRequest ask = CANCEL_ORDER_REQUEST_INIT;
    ask.caller = (Caller *)(uintptr_t)caller;
    ask.id = text_of_id(bench, id);
    *reply = (CancelOrderResponse)CANCEL_ORDER_RESPONSE_INIT;
    return pgl_store_bench_command(&bench->store, &pgl_orders_methods[ORDER_SERVICE_CANCEL_ORDER],
                                   &ask, reply);
}

pgl_status orders_bench_refund(struct orders_bench *bench, pgl_id id, const Caller *caller,
                               const char *key, NewRefund *refund, RefundOrderResponse *reply)
{
    RefundOrderRequest ask = REFUND_ORDER_REQUEST_INIT;
    ask.caller = (Caller *)(uintptr_t)caller;
    ask.idempotency_key = pgl_message_string(key);
    ask.id = text_of_id(bench, id);
    ask.refund = refund;
    *reply = (RefundOrderResponse)REFUND_ORDER_RESPONSE_INIT;
    return pgl_store_bench_command(&bench->store, &pgl_orders_methods[ORDER_SERVICE_REFUND_ORDER],
                                   &ask, reply);
}

/* ---- telling ---- */

#define PAYLOAD(name) PANGLOT__EVENTS__V1__EVENT__PAYLOAD_##name

static void set_payload(struct orders_bench *bench, Event *event, Cause cause)
{
    switch ((int)event->type) {
    case EVENT_TYPE_PAYMENT_ACTION_REQUIRED:
        event->payload_case = PAYLOAD(PAYMENT_ACTION_REQUIRED);
        event->payment_action_required = new_message(bench, PAYMENT_ACTION_REQUIRED_DESCRIPTOR);
        event->payment_action_required->next_action = (char *)"call your bank";
        return;
    case EVENT_TYPE_PAYMENT_AUTHORIZED:
        event->payload_case = PAYLOAD(PAYMENT_AUTHORIZED);
        event->payment_authorized = new_message(bench, PAYMENT_AUTHORIZED_DESCRIPTOR);
        return;
    case EVENT_TYPE_PAYMENT_DECLINED:
        event->payload_case = PAYLOAD(PAYMENT_DECLINED);
        event->payment_declined = new_message(bench, PAYMENT_DECLINED_DESCRIPTOR);
        event->payment_declined->decline_code = (char *)"insufficient_credit";
        return;
    case EVENT_TYPE_PAYMENT_VOIDED:
        event->payload_case = PAYLOAD(PAYMENT_VOIDED);
        event->payment_voided = new_message(bench, PAYMENT_VOIDED_DESCRIPTOR);
        event->payment_voided->cause = cause;
        return;
    case EVENT_TYPE_PAYMENT_CAPTURE_FAILED:
        event->payload_case = PAYLOAD(PAYMENT_CAPTURE_FAILED);
        event->payment_capture_failed = new_message(bench, PAYMENT_CAPTURE_FAILED_DESCRIPTOR);
        event->payment_capture_failed->failure_code = (char *)"expired";
        return;
    case EVENT_TYPE_PAYMENT_CAPTURED:
        event->payload_case = PAYLOAD(PAYMENT_CAPTURED);
        event->payment_captured = new_message(bench, PAYMENT_CAPTURED_DESCRIPTOR);
        event->payment_captured->captured_minor = 1000;
        return;
    case EVENT_TYPE_INVENTORY_RESERVED:
        event->payload_case = PAYLOAD(INVENTORY_RESERVED);
        event->inventory_reserved = new_message(bench, INVENTORY_RESERVED_DESCRIPTOR);
        return;
    case EVENT_TYPE_INVENTORY_RESERVATION_FAILED:
        event->payload_case = PAYLOAD(INVENTORY_RESERVATION_FAILED);
        event->inventory_reservation_failed =
            new_message(bench, INVENTORY_RESERVATION_FAILED_DESCRIPTOR);
        return;
    case EVENT_TYPE_PAYMENT_REFUNDED:
        event->payload_case = PAYLOAD(PAYMENT_REFUNDED);
        event->payment_refunded = new_message(bench, PAYMENT_REFUNDED_DESCRIPTOR);
        return;
    case EVENT_TYPE_PAYMENT_REFUND_FAILED:
        event->payload_case = PAYLOAD(PAYMENT_REFUND_FAILED);
        event->payment_refund_failed = new_message(bench, PAYMENT_REFUND_FAILED_DESCRIPTOR);
        return;
    case EVENT_TYPE_INVENTORY_SHIPPED:
        event->payload_case = PAYLOAD(INVENTORY_SHIPPED);
        event->inventory_shipped = new_message(bench, INVENTORY_SHIPPED_DESCRIPTOR);
        return;
    case EVENT_TYPE_INVENTORY_RETURNED:
        event->payload_case = PAYLOAD(INVENTORY_RETURNED);
        event->inventory_returned = new_message(bench, INVENTORY_RETURNED_DESCRIPTOR);
        return;
    default: /* one that Orders does not read */
        return;
    }
}

Event *orders_bench_event(struct orders_bench *bench, pgl_id id, EventType type, Cause cause)
{
    Event *event = new_message(bench, EVENT_DESCRIPTOR);
    pgl_id *key = new_array(bench, sizeof *key);
    *key = id;
    event->type = type;
    event->key = (ProtobufCBinaryData){ sizeof key->bytes, key->bytes };
    event->tenant = (char *)BENCH_TENANT;
    set_payload(bench, event, cause);
    return event;
}

struct hearing {
    struct orders_bench *bench;
    const Event *event;
};

/* As a consumer does. */
static pgl_status hear(struct pgl_tx *tx, void *argument)
{
    const struct hearing *hearing = argument;
    tx->view.db->has_written = false;
    pgl_status status = pgl_orders_hear(tx, 1, hearing->event);
    hearing->bench->has_written = tx->view.db->has_written;
    return status;
}

pgl_status orders_bench_hear(struct orders_bench *bench, const Event *event)
{
    struct hearing hearing = { bench, event };
    return pgl_writer_run_now(&bench->store.writer, hear, &hearing);
}

void orders_bench_bring(struct orders_bench *bench, pgl_id id, enum order_state state)
{
    static const struct {
        EventType type;
        Cause cause;
    } ways[ORDER_STATE_COUNT] = {
        [ORDER_AUTHORIZED] = { EVENT_TYPE_PAYMENT_AUTHORIZED, 0 },
        [ORDER_RESERVED] = { EVENT_TYPE_INVENTORY_RESERVED, 0 },
        [ORDER_CONFIRMED] = { EVENT_TYPE_PAYMENT_CAPTURED, 0 },
        [ORDER_FAILED] = { EVENT_TYPE_PAYMENT_DECLINED, 0 },
        [ORDER_CANCELLED] = { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_CLIENT },
    };
    if (state == ORDER_PENDING)
        return;
    pgl_status heard = orders_bench_hear(
        bench, orders_bench_event(bench, id, ways[state].type, ways[state].cause));
    PGL_ASSERT(pgl_is_ok(heard));
}

/* ---- looking ---- */

Order *orders_bench_get(struct orders_bench *bench, pgl_id id, const Caller *caller)
{
    GetOrderRequest ask = GET_ORDER_REQUEST_INIT;
    GetOrderResponse reply = GET_ORDER_RESPONSE_INIT;
    ask.caller = (Caller *)(uintptr_t)caller;
    ask.id = text_of_id(bench, id);
    pgl_status status = pgl_store_bench_query(
        &bench->store, &pgl_orders_methods[ORDER_SERVICE_GET_ORDER], &ask, &reply);
    PGL_ASSERT(pgl_is_ok(status) || status.code == PGL_NOT_FOUND);
    return reply.order;
}

const char *orders_bench_json(struct orders_bench *bench, const ProtobufCMessage *message)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, JSON_BYTES_MAX);
    pgl_json_write(message, &out);
    PGL_ASSERT(!out.is_full);
    const char *json = new_text(bench, pgl_buffer_text(&out));
    pgl_buffer_free(&out);
    return json;
}

const char *orders_bench_said(struct orders_bench *bench, pgl_id id)
{
    static const char *const names[] = {
        "",          "Created",        "CancelRequested", "Confirmed",
        "Cancelled", "CancelRejected", "RefundRequested", "Fulfilled"
    };
    Caller caller = orders_bench_operator("anybody");
    ReadKeyRequest ask = READ_KEY_REQUEST_INIT;
    ReadKeyResponse reply = READ_KEY_RESPONSE_INIT;
    ask.caller = &caller;
    ask.key = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    pgl_status status = pgl_store_bench_query(
        &bench->store, &pgl_orders_log_methods[EVENT_LOG_SERVICE_READ_KEY], &ask, &reply);
    PGL_ASSERT(pgl_is_ok(status));
    const char *said = "";
    for (size_t i = 0; i < reply.n_events; i++)
        said = pgl_arena_printf(&bench->store.arena, "%s%s%s", said, i > 0 ? " " : "",
                                names[reply.events[i]->event->type]);
    return said;
}
