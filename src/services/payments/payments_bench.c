/* payments_bench.c - see payments_bench.h. */
#include "services/payments/payments_bench.h"

#include "base/assert.h"
#include "wire/message.h"

#define AUDIT_BYTES_MAX 65536

static void open_service(struct payments_bench *bench, int64_t default_credit_minor)
{
    struct pgl_payments_options options = { .default_credit_minor = default_credit_minor,
                                            .card = bench->card,
                                            .provider = bench->provider };
    pgl_status opened = pgl_payments_open(&bench->payments, &bench->store.writer, &options);
    PGL_ASSERT(pgl_is_ok(opened));
}

void payments_bench_open(struct payments_bench *bench, uint64_t seed, int64_t default_credit_minor)
{
    bench->heard = 0;
    bench->provider = NULL;
    bench->card = (struct pgl_card_options)PGL_CARD_OPTIONS_DEFAULT;
    pgl_store_bench_open(&bench->store, seed);
    open_service(bench, default_credit_minor);
}

void payments_bench_open_cards(struct payments_bench *bench, uint64_t seed,
                               const struct pgl_card_options *card,
                               struct pgl_provider_port *provider)
{
    bench->heard = 0;
    bench->provider = provider;
    bench->card = *card;
    pgl_store_bench_open(&bench->store, seed);
    open_service(bench, 0);
}

void payments_bench_close(struct payments_bench *bench)
{
    pgl_payments_close(&bench->payments);
    pgl_store_bench_close(&bench->store);
}

void payments_bench_restart(struct payments_bench *bench, int64_t default_credit_minor)
{
    pgl_payments_close(&bench->payments);
    pgl_store_bench_restart(&bench->store);
    open_service(bench, default_credit_minor);
}

/* ---- events ---- */

pgl_id payments_bench_id(int number)
{
    pgl_id id = { { 0x01, 0x9b } };
    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

static void *new_message(struct payments_bench *bench, const ProtobufCMessageDescriptor *descriptor)
{
    void *message = pgl_message_new(descriptor, &bench->store.arena);
    PGL_ASSERT(message != NULL);
    return message;
}

static void *new_array(struct payments_bench *bench, size_t size)
{
    void *array = pgl_arena_zalloc(&bench->store.arena, size);
    PGL_ASSERT(array != NULL);
    return array;
}

static Event *new_event(struct payments_bench *bench, int number, EventType type)
{
    Event *event = new_message(bench, EVENT_DESCRIPTOR);
    pgl_id *id = new_array(bench, sizeof *id);
    *id = payments_bench_id(number);
    event->type = type;
    event->key = (ProtobufCBinaryData){ sizeof id->bytes, id->bytes };
    event->tenant = BENCH_TENANT;
    return event;
}

Event *payments_bench_created(struct payments_bench *bench, const struct bench_order *order)
{
    static char *const skus[] = { "tea", "cup" };
    Event *event = new_event(bench, order->number, EVENT_TYPE_ORDER_CREATED);
    OrderCreated *created = new_message(bench, ORDER_CREATED_DESCRIPTOR);
    created->customer = (char *)order->customer;
    created->currency = "EUR";
    created->amount_minor = 5 * order->unit_minor;
    created->payment_method = (char *)order->method;
    created->payment_method_ref = "pm_card";
    created->allow_partial = order->allow_partial;
    created->ship_to_region = "north";
    created->deadline_at_ns = PGL_STORE_BENCH_WALL_NS + 1;
    created->n_lines = 2;
    created->lines = new_array(bench, 2 * sizeof created->lines[0]);
    for (int i = 0; i < 2; i++) {
        Line *line = created->lines[i] = new_message(bench, LINE_DESCRIPTOR);
        line->line_no = i + 1;
        line->sku = skus[i];
        line->quantity = i + 2;
        line->unit_price_minor = order->unit_minor;
    }
    event->payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_CREATED;
    event->order_created = created;
    return event;
}

Event *payments_bench_cancelled(struct payments_bench *bench, int number, Cause cause)
{
    Event *event = new_event(bench, number, EVENT_TYPE_ORDER_CANCEL_REQUESTED);
    event->payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_CANCEL_REQUESTED;
    event->order_cancel_requested = new_message(bench, ORDER_CANCEL_REQUESTED_DESCRIPTOR);
    event->order_cancel_requested->cause = cause;
    return event;
}

Event *payments_bench_failed(struct payments_bench *bench, int number)
{
    Event *event = new_event(bench, number, EVENT_TYPE_INVENTORY_RESERVATION_FAILED);
    event->payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_INVENTORY_RESERVATION_FAILED;
    event->inventory_reservation_failed =
        new_message(bench, INVENTORY_RESERVATION_FAILED_DESCRIPTOR);
    return event;
}

Event *payments_bench_refund(struct payments_bench *bench, int number, int32_t refund_no,
                             int64_t amount_minor)
{
    Event *event = new_event(bench, number, EVENT_TYPE_ORDER_REFUND_REQUESTED);
    OrderRefundRequested *asked = new_message(bench, ORDER_REFUND_REQUESTED_DESCRIPTOR);
    asked->refund_no = refund_no;
    asked->amount_minor = amount_minor;
    asked->currency = "EUR";
    asked->n_lines = 1;
    asked->lines = new_array(bench, sizeof asked->lines[0]);
    asked->lines[0] = new_message(bench, REFUND_LINE_DESCRIPTOR);
    asked->lines[0]->line_no = 1;
    asked->lines[0]->quantity = 1;
    event->payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_REFUND_REQUESTED;
    event->order_refund_requested = asked;
    return event;
}

static void allocate(struct payments_bench *bench, InventoryReserved *reserved, int32_t line_no,
                     int64_t quantity)
{
    if (quantity == 0)
        return;
    Allocation *allocation = new_message(bench, ALLOCATION_DESCRIPTOR);
    allocation->line_no = line_no;
    allocation->quantity = quantity;
    reserved->allocations[reserved->n_allocations++] = allocation;
}

Event *payments_bench_reserved(struct payments_bench *bench, int number, bool is_complete,
                               int64_t first, int64_t second)
{
    Event *event = new_event(bench, number, EVENT_TYPE_INVENTORY_RESERVED);
    InventoryReserved *reserved = new_message(bench, INVENTORY_RESERVED_DESCRIPTOR);
    reserved->complete = is_complete;
    reserved->allocations = new_array(bench, 3 * sizeof reserved->allocations[0]);
    allocate(bench, reserved, 1, first);
    allocate(bench, reserved, 2, second / 2);
    allocate(bench, reserved, 2, second - second / 2);
    event->payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_INVENTORY_RESERVED;
    event->inventory_reserved = reserved;
    return event;
}

struct hearing_of {
    struct payments_bench *bench;
    const Event *event;
};

/* As a consumer does. */
static pgl_status hear(struct pgl_tx *tx, void *argument)
{
    const struct hearing_of *hearing = argument;
    tx->cause_log = LOG_ORDERS;
    tx->cause_seq = ++hearing->bench->heard;
    tx->view.db->has_written = false;
    pgl_status status = pgl_payments_handle(tx, tx->cause_seq, hearing->event);
    hearing->bench->has_written = tx->view.db->has_written;
    return status;
}

pgl_status payments_bench_hear(struct payments_bench *bench, const Event *event)
{
    struct hearing_of hearing = { bench, event };
    return pgl_writer_run_now(&bench->store.writer, hear, &hearing);
}

/* ---- looking ---- */

static ReadKeyResponse story_of(struct payments_bench *bench, int number)
{
    Caller caller = CALLER_INIT;
    caller.tenant = BENCH_TENANT;
    caller.role = ROLE_OPERATOR;
    pgl_id id = payments_bench_id(number);
    ReadKeyRequest ask = READ_KEY_REQUEST_INIT;
    ask.caller = &caller;
    ask.key = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    ReadKeyResponse reply = READ_KEY_RESPONSE_INIT;
    pgl_status status = pgl_store_bench_query(
        &bench->store, &pgl_payments_log_methods[EVENT_LOG_SERVICE_READ_KEY], &ask, &reply);
    PGL_ASSERT(pgl_is_ok(status) || status.code == PGL_NOT_FOUND);
    return reply;
}

static const char *name_of(EventType type)
{
    if (type == EVENT_TYPE_PAYMENT_REFUNDED)
        return "PaymentRefunded";
    if (type == EVENT_TYPE_PAYMENT_REFUND_FAILED)
        return "PaymentRefundFailed";
    return pgl_payment_machine.event_names[type];
}

const char *payments_bench_said(struct payments_bench *bench, int number)
{
    ReadKeyResponse story = story_of(bench, number);
    const char *said = "";
    for (size_t i = 0; i < story.n_events; i++)
        said = pgl_arena_printf(&bench->store.arena, "%s%s%s", said, i > 0 ? " " : "",
                                name_of(story.events[i]->event->type));
    return said;
}

const Event *payments_bench_last(struct payments_bench *bench, int number)
{
    ReadKeyResponse story = story_of(bench, number);
    PGL_ASSERT(story.n_events > 0);
    return story.events[story.n_events - 1]->event;
}

const char *payments_bench_audit(struct payments_bench *bench)
{
    struct pgl_view view = { &bench->store.writer.db, &bench->store.arena, &bench->payments };
    struct pgl_buffer found;
    pgl_buffer_init(&found, AUDIT_BYTES_MAX);
    for (const struct pgl_payments_check *check = pgl_payments_checks; check->name != NULL;
         check++) {
        struct pgl_payments_findings findings;
        pgl_status status = pgl_payments_audit(&view, check, &findings);
        PGL_ASSERT(pgl_is_ok(status));
        for (int i = 0; i < findings.offender_count; i++)
            pgl_buffer_printf(&found, "%s: %s\n", check->name, findings.offenders[i]);
    }
    const char *text = pgl_arena_string(&bench->store.arena, pgl_buffer_text(&found));
    pgl_buffer_free(&found);
    return text;
}
