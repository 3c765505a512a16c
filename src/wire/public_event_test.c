/*
 * public_event_test.c - the outside is told of every event, under one name, and never of what is
 * hidden.
 * Method: the enum of events and the fields of the contract are walked, so an event or a field
 * added later fails here until it has been thought about.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/id.h"
#include "contract/outside.h"
#include "wire/cloud_event.h"
#include "wire/json.h"
#include "wire/json_schema.h"
#include "wire/message.h"

static void every_event_has_one_row(void **unused)
{
    (void)unused;
    const ProtobufCEnumDescriptor *types = EVENT_TYPE_DESCRIPTOR;
    assert_int_equal(pgl_public_event_count, types->n_values - 1);
    for (unsigned i = 0; i < types->n_values; i++) {
        int rows = 0;
        for (int r = 0; r < pgl_public_event_count; r++)
            rows += (int)pgl_public_events[r].event == types->values[i].value;
        assert_int_equal(rows, types->values[i].value != 0);
    }
}

/* As Standard Webhooks wants types: words of [a-zA-Z0-9_] with dots in between. */
static bool is_type(const char *type)
{
    size_t size = strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789_.");
    return type[size] == '\0' && strstr(type, "..") == NULL && strchr(type, '.') != NULL;
}

static void rows_that_share_a_type_share_its_shape(void **unused)
{
    (void)unused;
    for (int a = 0; a < pgl_public_event_count; a++) {
        const struct pgl_public_event *row = &pgl_public_events[a];
        assert_true(is_type(row->type));
        assert_true(row->summary[0] != '\0');
        for (int b = 0; b < a; b++)
            if (strcmp(row->type, pgl_public_events[b].type) == 0)
                assert_ptr_equal(row->data, pgl_public_events[b].data);
    }
}

static void the_log_is_the_one_of_the_name(void **unused)
{
    (void)unused;
    for (int i = 0; i < pgl_public_event_count; i++) {
        EventType event = pgl_public_events[i].event;
        Log log = event < 16 ? LOG_ORDERS : event < 32 ? LOG_PAYMENTS : LOG_INVENTORY;
        assert_int_equal(pgl_public_events[i].log, log);
        assert_ptr_equal(pgl_public_event_of(event), &pgl_public_events[i]);
    }
    assert_null(pgl_public_event_of(EVENT_TYPE_UNSPECIFIED));
}

static void a_wish_fits_whole_words(void **unused)
{
    (void)unused;
    static const struct {
        const char *wish, *type;
        bool fits, is_known;
    } cases[] = {
        { "*", "panglot.order.created.v1", true, true },
        { "panglot.*", "panglot.order.created.v1", true, true },
        { "panglot.order.*", "panglot.order.created.v1", true, true },
        { "panglot.order.*", "panglot.payment.captured.v1", false, true },
        { "panglot.order.created.v1", "panglot.order.created.v1", true, true },
        { "panglot.order.created.v1", "panglot.order.confirmed.v1", false, true },
        { "inventory.*", "inventory.stock.updated", true, true },
        { "inventory.*", "panglot.inventory.shipped.v1", false, true },
        { "panglot.ord.*", "panglot.order.created.v1", false, false },
        { "panglot.order*", "panglot.order.created.v1", false, false },
        { "panglot.order.created", "panglot.order.created.v1", false, false },
        { "PANGLOT.order.created.v1", "panglot.order.created.v1", false, false },
        { "", "panglot.order.created.v1", false, false },
        { ".*", "panglot.order.created.v1", false, false },
        { "**", "panglot.order.created.v1", false, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pgl_text wish = pgl_text_of(cases[i].wish);
        assert_int_equal(pgl_public_type_fits(wish, cases[i].type), cases[i].fits);
        assert_int_equal(pgl_public_type_is_known(wish), cases[i].is_known);
    }
}

/* ---- events of every kind, each with a word in every text that it has ---- */

#define SECRET "pm_never_leaves"

struct bench {
    struct pgl_arena arena;
    struct pgl_buffer out;
    Event event;
    LoggedEvent logged;
    uint8_t id[16];
};

static void bench_open(struct bench *bench)
{
    pgl_arena_init(&bench->arena, 4096, 1u << 20);
    pgl_buffer_init(&bench->out, 65536);
    bench->event = (Event)EVENT_INIT;
    bench->event.at_ns = INT64_C(1769904000123000000);
    bench->event.key =
        (ProtobufCBinaryData){ 16, (uint8_t *)pgl_message_string("KIT-1234KIT-1234") };
    bench->logged = (LoggedEvent)LOGGED_EVENT_INIT;
    memset(bench->id, 7, sizeof bench->id);
    bench->logged.id = (ProtobufCBinaryData){ sizeof bench->id, bench->id };
    bench->logged.event = &bench->event;
    bench->logged.seq = 42;
}

static void bench_close(struct bench *bench)
{
    pgl_arena_free(&bench->arena);
    pgl_buffer_free(&bench->out);
}

static void fill_texts(ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        char *text = pgl_message_string(SECRET);
        if (field->type == PROTOBUF_C_TYPE_STRING && field->label != PROTOBUF_C_LABEL_REPEATED)
            memcpy((char *)message + field->offset, &text, sizeof text);
    }
}

/* The payload that belongs to the type, found by its name: ORDER_CREATED is order_created. */
static void set_payload(struct bench *bench, EventType type)
{
    char name[64] = "";
    const char *from =
        protobuf_c_enum_descriptor_get_value(EVENT_TYPE_DESCRIPTOR, (int)type)->name + 11;
    for (size_t i = 0; from[i] != '\0'; i++)
        name[i] = from[i] == '_' ? '_' : (char)(from[i] | 0x20);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(EVENT_DESCRIPTOR, name);
    assert_non_null(field);
    ProtobufCMessage *payload = pgl_message_new(field->descriptor, &bench->arena);
    fill_texts(payload);
    bench->event.type = type;
    bench->event.payload_case = (Panglot__Events__V1__Event__PayloadCase)field->id;
    memcpy((char *)&bench->event + field->offset, &payload, sizeof payload);
}

/* How often the secret stands in what is shown is how many texts the data has, but for the hidden
 * one. */
static void what_is_hidden_is_in_neither_event_nor_schema(void **unused)
{
    (void)unused;
    for (int i = 0; i < pgl_public_event_count; i++) {
        const struct pgl_public_event *row = &pgl_public_events[i];
        struct bench bench;
        bench_open(&bench);
        set_payload(&bench, row->event);
        bench.logged.log = row->log;
        assert_true(pgl_is_ok(pgl_cloud_event_write(&bench.logged, &bench.arena, &bench.out)));
        pgl_buffer_add_char(&bench.out, '\0');
        size_t texts = 0, shown = 0;
        for (unsigned f = 0; f < row->data->n_fields; f++) {
            const ProtobufCFieldDescriptor *field = &row->data->fields[f];
            bool is_text = field->type == PROTOBUF_C_TYPE_STRING;
            texts += is_text && (row->hidden == NULL || strcmp(field->name, row->hidden) != 0);
        }
        for (const char *at = bench.out.data; (at = strstr(at, SECRET)) != NULL; at++)
            shown++;
        assert_int_equal(shown, texts);
        bench_close(&bench);
    }
    struct bench bench;
    bench_open(&bench);
    pgl_json_schema_write(ORDER_CREATED_DESCRIPTOR, "payment_method_ref", &bench.out);
    pgl_buffer_add_char(&bench.out, '\0');
    assert_null(strstr(bench.out.data, "paymentMethodRef"));
    assert_non_null(strstr(bench.out.data, "\"paymentMethod\""));
    bench_close(&bench);
}

/* A field with such a name has to be hidden, or thought about here. */
static void nothing_that_sounds_secret_is_shown(void **unused)
{
    (void)unused;
    static const char *const sounds[] = { "token", "secret", "_ref", "card", "next_action" };
    for (int i = 0; i < pgl_public_event_count; i++)
        for (unsigned f = 0; f < pgl_public_events[i].data->n_fields; f++)
            for (size_t s = 0; s < sizeof sounds / sizeof sounds[0]; s++) {
                const char *name = pgl_public_events[i].data->fields[f].name;
                if (strstr(name, sounds[s]) != NULL)
                    assert_string_equal(name, pgl_public_events[i].hidden);
            }
}

static const char *written(struct bench *bench)
{
    assert_true(pgl_is_ok(pgl_cloud_event_write(&bench->logged, &bench->arena, &bench->out)));
    pgl_buffer_add_char(&bench->out, '\0');
    return bench->out.data;
}

static void an_event_is_written_whole(void **unused)
{
    (void)unused;
    struct bench bench;
    bench_open(&bench);
    uint8_t context[25];
    Trace trace = TRACE_INIT;
    OrderCancelRejected said = ORDER_CANCEL_REJECTED_INIT;
    memset(context, 0xAB, sizeof context);
    trace.context = (ProtobufCBinaryData){ sizeof context, context };
    said.reason = pgl_message_string("too \"late\"");
    bench.event.type = EVENT_TYPE_ORDER_CANCEL_REJECTED;
    bench.event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_CANCEL_REJECTED;
    bench.event.order_cancel_rejected = &said;
    bench.event.trace = &trace;
    bench.logged.log = LOG_ORDERS;
    assert_string_equal(
        written(&bench),
        "{\"specversion\":\"1.0\",\"id\":\"07070707-0707-0707-0707-070707070707\","
        "\"source\":\"/panglot/orders\",\"type\":\"panglot.order.cancel_rejected.v1\","
        "\"subject\":\"4b49542d-3132-3334-4b49-542d31323334\","
        "\"time\":\"2026-02-01T00:00:00.123Z\",\"sequence\":\"0000000000000000042\","
        "\"traceparent\":\"00-abababababababababababababababab-abababababababab-ab\","
        "\"datacontenttype\":\"application/json\","
        "\"dataschema\":\"urn:panglot:schema:OrderCancelRejected\","
        "\"data\":{\"reason\":\"too \\\"late\\\"\"}}");
    bench_close(&bench);
}

/* Three events with one name; a SKU of 16 letters is no id. */
static void stock_that_changes_is_told_in_one_way(void **unused)
{
    (void)unused;
    struct bench bench;
    StockReceived received = STOCK_RECEIVED_INIT;
    StockSold sold = STOCK_SOLD_INIT;
    StockCounted counted = STOCK_COUNTED_INIT;
    received.quantity = sold.quantity = 3;
    received.on_hand = sold.on_hand = counted.on_hand = 9;
    sold.shortfall = counted.shortfall = 1;
    counted.adjustment = -2;
    static const char *const data[] = {
        "\"data\":{\"because\":\"RECEIVED\",\"change\":3,\"onHand\":9,\"shortfall\":0}}",
        "\"data\":{\"because\":\"SOLD\",\"change\":-3,\"onHand\":9,\"shortfall\":1}}",
        "\"data\":{\"because\":\"COUNTED\",\"change\":-2,\"onHand\":9,\"shortfall\":1}}",
    };
    for (int i = 0; i < 3; i++) {
        bench_open(&bench);
        bench.logged.log = LOG_INVENTORY;
        bench.event.type = i == 0   ? EVENT_TYPE_STOCK_RECEIVED
                           : i == 1 ? EVENT_TYPE_STOCK_SOLD
                                    : EVENT_TYPE_STOCK_COUNTED;
        bench.event.payload_case = i == 0   ? PANGLOT__EVENTS__V1__EVENT__PAYLOAD_STOCK_RECEIVED
                                   : i == 1 ? PANGLOT__EVENTS__V1__EVENT__PAYLOAD_STOCK_SOLD
                                            : PANGLOT__EVENTS__V1__EVENT__PAYLOAD_STOCK_COUNTED;
        if (i == 0)
            bench.event.stock_received = &received;
        else if (i == 1)
            bench.event.stock_sold = &sold;
        else
            bench.event.stock_counted = &counted;
        const char *text = written(&bench);
        assert_non_null(strstr(text, "\"type\":\"inventory.stock.updated\""));
        assert_non_null(strstr(text, "\"subject\":\"KIT-1234KIT-1234\""));
        assert_non_null(strstr(text, data[i]));
        bench_close(&bench);
    }
}

static void what_is_no_such_event_is_refused(void **unused)
{
    (void)unused;
    struct bench bench;
    bench_open(&bench);
    assert_int_equal(pgl_cloud_event_write(&bench.logged, &bench.arena, &bench.out).code,
                     PGL_NOT_FOUND);
    for (int i = 0; i < pgl_public_event_count; i++) {
        bench.event.type = pgl_public_events[i].event; /* without a payload, then with another's */
        bench.event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD__NOT_SET;
        assert_int_equal(pgl_cloud_event_write(&bench.logged, &bench.arena, &bench.out).code,
                         PGL_MALFORMED);
        set_payload(&bench, pgl_public_events[(i + 1) % pgl_public_event_count].event);
        bench.event.type = pgl_public_events[i].event;
        assert_int_equal(pgl_cloud_event_write(&bench.logged, &bench.arena, &bench.out).code,
                         PGL_MALFORMED);
    }
    assert_int_equal(bench.out.size, 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_has_one_row),
        cmocka_unit_test(rows_that_share_a_type_share_its_shape),
        cmocka_unit_test(the_log_is_the_one_of_the_name),
        cmocka_unit_test(a_wish_fits_whole_words),
        cmocka_unit_test(what_is_hidden_is_in_neither_event_nor_schema),
        cmocka_unit_test(nothing_that_sounds_secret_is_shown),
        cmocka_unit_test(an_event_is_written_whole),
        cmocka_unit_test(stock_that_changes_is_told_in_one_way),
        cmocka_unit_test(what_is_no_such_event_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
