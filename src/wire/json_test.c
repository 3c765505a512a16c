/*
 * json_test.c - what JSON we refuse, with which words, and where each limit lies.
 * Method: tables of texts and answers; each limit at its edge and one beyond. What is right is
 * tried on the whole contract in contract_test.c, and against other people's cases in
 * tests/json_suite.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/json.h"

#include "contract/edge.h"
#include "contract/events.h"
#include "contract/inventory.h"
#include "contract/orders.h"

#include "wire/every_type.h"
#include "wire/message_bench.h"

static pgl_status read_as(const ProtobufCMessageDescriptor *descriptor, struct pgl_text bytes,
                          void *message)
{
    return pgl_json_read(descriptor, &arena, bytes, &pgl_json_request_limits, (void **)message);
}

static pgl_status check(struct pgl_text bytes)
{
    return pgl_json_check(&arena, bytes, &pgl_json_request_limits);
}

/* clang-format off */
static const struct { struct pgl_text text; const char *said; } malformed[] = {
    { PGL_TEXT(""),                       "byte 1: a value is expected" },
    { PGL_TEXT(" \n"),                    "byte 3: a value is expected" },
    { PGL_TEXT("\xEF\xBB\xBF{}"),         "byte 1: a value is expected" },
    { PGL_TEXT("{} x"),                   "byte 4: nothing is expected behind the value" },
    { PGL_TEXT("{}\0"),                   "byte 3: nothing is expected behind the value" },
    { PGL_TEXT("{"),                      "byte 2: the name of a member in quotes is expected" },
    { PGL_TEXT("{currency:1}"),           "byte 2: the name of a member in quotes is expected" },
    { PGL_TEXT("{'currency'}"),           "byte 12: a colon is expected" },
    { PGL_TEXT("{'currency':}"),          "byte 13: a value is expected" },
    { PGL_TEXT("{'currency':'A',}"),      "byte 17: the name of a member in quotes is expected" },
    { PGL_TEXT("{'currency':'A' 'lines':[]}"),
      "byte 17: a comma or } is expected" },
    { PGL_TEXT("{'lines':[{} {}]}"),      "byte 14: a comma or ] is expected" },
    { PGL_TEXT("{'lines':[{},]}"),        "byte 14: a value is expected" },
    { PGL_TEXT("{'lines':[}"),            "byte 11: a value is expected" },
    { PGL_TEXT("{'currency':nul}"),       "byte 13: a value is expected" },
    { PGL_TEXT("{'currency':`A`}"),       "byte 13: a value is expected" },
    { PGL_TEXT("{/**/}"),                 "byte 2: the name of a member in quotes is expected" },
    { PGL_TEXT("{'currency':'A"),         "byte 15: the string is never closed" },
    { PGL_TEXT("{'currency':'A\\"),       "byte 15: the string is never closed" },
    { PGL_TEXT("{'currency':'A\\'"),      "byte 17: the string is never closed" },
    { PGL_TEXT("{'currency':'\\x'}"),     "byte 14: an unknown escape" },
    { PGL_TEXT("{'currency':'\\u00G0'}"),
      "byte 14: four hexadecimal digits are expected behind \\u" },
    { PGL_TEXT("{'currency':'\\u00"),
      "byte 14: four hexadecimal digits are expected behind \\u" },
    { PGL_TEXT("{'currency':'\\u0000'}"), "byte 14: a NUL is not allowed" },
    { PGL_TEXT("{'currency':'\\uD800'}"), "byte 14: half a surrogate pair is no character" },
    { PGL_TEXT("{'currency':'\\uDC00'}"), "byte 14: half a surrogate pair is no character" },
    { PGL_TEXT("{'currency':'\\uD800\\uD800'}"),
      "byte 14: half a surrogate pair is no character" },
    { PGL_TEXT("{'currency':'\\uD800\\n'}"),
      "byte 14: half a surrogate pair is no character" },
    { PGL_TEXT("{'currency':'\\uD800x'}"),
      "byte 14: half a surrogate pair is no character" },
    { PGL_TEXT("{'currency':'a\tb'}"),
      "byte 15: a control character in a string must be escaped" },
    { PGL_TEXT("{'currency':'a\0b'}"),
      "byte 15: a control character in a string must be escaped" },
    { PGL_TEXT("{'currency':'\\na\nb'}"),
      "byte 17: a control character in a string must be escaped" },
    { PGL_TEXT("{'currency':'\xC3'}"),    "byte 15: the string is not UTF-8" },
    { PGL_TEXT("{'currency':'\xC0\x80'}"),
      "byte 16: the string is not UTF-8" },
    { PGL_TEXT("{'currency':'\xED\xA0\x80'}"),
      "byte 17: the string is not UTF-8" },
    { PGL_TEXT("{'currency':'\\n\xFF'}"), "byte 17: the string is not UTF-8" },
    { PGL_TEXT("{'currency':'long enough for a word of eight\xFF'}"),
      "byte 46: the string is not UTF-8" },
    { PGL_TEXT("{'\xFF':1}"),             "byte 4: the string is not UTF-8" },
    { PGL_TEXT("{'currency':'A','currency':'A'}"),
      "byte 28: the member before is given twice" },
    { PGL_TEXT("{'currency':null,'curr\\u0065ncy':'A'}"),
      "byte 34: the member before is given twice" },
    { PGL_TEXT("{'lines':[{'quantity':01}]}"),
      "byte 23: a number is expected, without leading zeros" },
    { PGL_TEXT("{'lines':[{'quantity':-}]}"),
      "byte 23: a number is expected, without leading zeros" },
    { PGL_TEXT("{'lines':[{'quantity':+1}]}"),
      "byte 23: a value is expected" },
    { PGL_TEXT("{'lines':[{'quantity':.5}]}"),
      "byte 23: a value is expected" },
    { PGL_TEXT("{'lines':[{'quantity':1.}]}"),
      "byte 23: a digit is expected behind the point" },
    { PGL_TEXT("{'lines':[{'quantity':1e}]}"),
      "byte 23: a digit is expected in the exponent" },
    { PGL_TEXT("{'lines':[{'quantity':1e+}]}"),
      "byte 23: a digit is expected in the exponent" },
    { PGL_TEXT("{'lines':[{'quantity':NaN}]}"),
      "byte 23: a value is expected" },
    { PGL_TEXT("{'lines':[{'quantity':1x}]}"),
      "byte 24: a comma or } is expected" },
    /* wrong for us as well, but first of all no JSON */
    { PGL_TEXT("{'price':1,}"),           "byte 12: the name of a member in quotes is expected" },
    { PGL_TEXT("[1,]"),                   "byte 4: a value is expected" },
    { PGL_TEXT("{'a':{'b':1,'b':2}}"),    "byte 17: the member before is given twice" },
    { PGL_TEXT("{'lines':1.5.5}"),        "byte 13: a comma or } is expected" },
};

static const struct {
    const ProtobufCMessageDescriptor *descriptor;
    const char *text, *said;
} invalid[] = {
    { NEW_ORDER_DESCRIPTOR, "[]",                       "an object is expected" },
    { NEW_ORDER_DESCRIPTOR, "null",                     "an object is expected" },
    { NEW_ORDER_DESCRIPTOR, "'x'",                      "an object is expected" },
    { NEW_ORDER_DESCRIPTOR, "{'price':1}",              "unknown member 'price'" },
    { NEW_ORDER_DESCRIPTOR, "{'':1}",                   "unknown member ''" },
    { NEW_ORDER_DESCRIPTOR, "{'ship_to':{}}",           "unknown member 'ship_to'" },
    { NEW_ORDER_DESCRIPTOR, "{'shipTo':{},'shipTO':{}}",
      "unknown member 'shipTO'" },
    { NEW_ORDER_DESCRIPTOR, "{'currenc':1}",            "unknown member 'currenc'" },
    { NEW_ORDER_DESCRIPTOR, "{'currencyy':1}",          "unknown member 'currencyy'" },
    { NEW_ORDER_DESCRIPTOR, "{'currency':1}",           "currency: a string is expected" },
    { NEW_ORDER_DESCRIPTOR, "{'currency':['EUR']}",     "currency: a string is expected" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':{}}",             "lines: a list is expected" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':[1]}",            "lines[0]: an object is expected" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':[{},null]}",      "lines[1]: an object is expected" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':[{},{},{},{},{'price':1}]}",
      "lines[4]: unknown member 'price'" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':[{},{'quantity':'1'}]}",
      "lines[1].quantity: a whole number is expected" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':[{'quantity':1.0}]}",
      "lines[0].quantity: a whole number is expected" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':[{'quantity':1e3}]}",
      "lines[0].quantity: a whole number is expected" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':[{'quantity':true}]}",
      "lines[0].quantity: a whole number is expected" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':[{'quantity':9007199254740992}]}",
      "lines[0].quantity: the number is out of range" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':[{'quantity':-9007199254740992}]}",
      "lines[0].quantity: the number is out of range" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':[{'quantity':9223372036854775808}]}",
      "lines[0].quantity: the number is out of range" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':[{'quantity':123123123123123123123123123123}]}",
      "lines[0].quantity: the number is out of range" },
    { NEW_ORDER_DESCRIPTOR, "{'shipTo':{'region':{}}}", "shipTo.region: a string is expected" },
    { NEW_ORDER_DESCRIPTOR, "{'shipTo':{'city':'x'}}",  "shipTo: unknown member 'city'" },
    { NEW_ORDER_DESCRIPTOR, "{'payment':[]}",           "payment: an object is expected" },
    { NEW_ORDER_DESCRIPTOR, "{'payment':true}",         "payment: an object is expected" },
    { ORDER_DESCRIPTOR, "{'status':'ORDER_STATUS_PENDING'}",
      "status: not one of the names that are known here" },
    { ORDER_DESCRIPTOR, "{'status':'pending'}",
      "status: not one of the names that are known here" },
    { ORDER_DESCRIPTOR, "{'status':''}",
      "status: not one of the names that are known here" },
    { ORDER_DESCRIPTOR, "{'status':1}",                 "status: a name in quotes is expected" },
    { ORDER_DESCRIPTOR, "{'createdAtNs':1}",            "unknown member 'createdAtNs'" },
    { ORDER_DESCRIPTOR, "{'createdAt':1}",
      "createdAt: an instant such as 2026-01-31T23:59:59Z is expected" },
    { ORDER_DESCRIPTOR, "{'createdAt':'yesterday'}",
      "createdAt: an instant such as 2026-01-31T23:59:59Z is expected" },
    { EVENT_DESCRIPTOR, "{'orderConfirmed':{},'orderCancelled':{}}",
      "orderCancelled: another choice is given before" },
    { EVENT_DESCRIPTOR, "{'trace':{'context':'A'}}",    "trace.context: base64 is expected" },
    { EVENT_DESCRIPTOR, "{'trace':{'context':'AA'}}",   "trace.context: base64 is expected" },
    { EVENT_DESCRIPTOR, "{'trace':{'context':'AB=='}}", "trace.context: base64 is expected" },
    { EVENT_DESCRIPTOR, "{'trace':{'context':'A==='}}", "trace.context: base64 is expected" },
    { EVENT_DESCRIPTOR, "{'trace':{'context':'AA-_'}}", "trace.context: base64 is expected" },
    { EVENT_DESCRIPTOR, "{'trace':{'context':7}}",      "trace.context: base64 is expected" },
    { EVENT_DESCRIPTOR, "{'key':'01890a5d-ac96-774b-bcce-b302099a805'}",
      "key: base64 is expected" },
    { GET_AVAILABLE_RESPONSE_DESCRIPTOR, "{'available':[1,9223372036854775808]}",
      "available[1]: the number is out of range" },
    { &every_type_descriptor, "{'aUint32':-1}",         "aUint32: the number is out of range" },
    { &every_type_descriptor, "{'aUint32':4294967296}", "aUint32: the number is out of range" },
    { &every_type_descriptor, "{'aUint64':-1}",         "aUint64: the number is out of range" },
    { &every_type_descriptor, "{'aInt32':-2147483649}", "aInt32: the number is out of range" },
    { &every_type_descriptor, "{'aDouble':1e999}",      "aDouble: the number is out of range" },
    { &every_type_descriptor, "{'aDouble':'1'}",        "aDouble: a number is expected" },
    { &every_type_descriptor, "{'aFloat':1e39}",        "aFloat: the number is out of range" },
    { &every_type_descriptor, "{'aBool':1}",            "aBool: true or false is expected" },
    { &every_type_descriptor, "{'bools':[true,null]}",  "bools[1]: true or false is expected" },
    { &every_type_descriptor, "{'text':'','number':0}", "number: another choice is given before" },
    { &every_type_descriptor, "{'inner':{'inner':{'bools':[0]}}}",
      "inner.inner.bools[0]: true or false is expected" },
};
/* clang-format on */

static void what_is_no_json_is_said_with_its_byte(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        void *order = NULL;
        struct pgl_text bytes = quoted(&arena, malformed[i].text);
        const char *said = quoted(&arena, pgl_text_of(malformed[i].said)).data;
        pgl_status status = read_as(NEW_ORDER_DESCRIPTOR, bytes, &order);
        assert_string_equal(status.text, said);
        assert_int_equal(status.code, PGL_MALFORMED);
        assert_null(order);
        assert_string_equal(check(bytes).text, said);
    }
}

static void what_is_no_such_message_is_said_with_its_place(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        void *message = NULL;
        struct pgl_text bytes = quoted(&arena, pgl_text_of(invalid[i].text));
        const char *said = quoted(&arena, pgl_text_of(invalid[i].said)).data;
        pgl_status status = read_as(invalid[i].descriptor, bytes, &message);
        assert_string_equal(status.text, said);
        assert_int_equal(status.code, PGL_INVALID);
        assert_null(message);
        assert_true(pgl_is_ok(check(bytes)));
    }
}

static void an_unknown_name_is_shown_up_to_64_bytes(void **unused)
{
    (void)unused;
    for (int size = 64; size <= 65; size++) {
        void *order;
        pgl_buffer_clear(&written);
        pgl_buffer_printf(&written, "{\"%0*d\":1}", size, 0);
        pgl_status status = read_as(NEW_ORDER_DESCRIPTOR, pgl_buffer_text(&written), &order);
        assert_int_equal(status.code, PGL_INVALID);
        assert_int_equal(strcmp(status.text, "unknown member with a long name") == 0, size == 65);
    }
}

static void escapes_become_what_they_stand_for(void **unused)
{
    NewOrder *order;
    (void)unused;
    assert_true(pgl_is_ok(read_as(
        NEW_ORDER_DESCRIPTOR,
        PGL_TEXT(
            "\t{ \"curr\\u0065ncy\" :\r\n\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\uD83D\\uDE00"
            "plain \xC3\xA9\" } "),
        &order)));
    assert_string_equal(order->currency,
                        "a\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80plain \xC3\xA9");
}

static void null_is_the_same_as_left_out(void **unused)
{
    NewOrder *order;
    Event *event;
    (void)unused;
    assert_true(pgl_is_ok(read_as(
        NEW_ORDER_DESCRIPTOR,
        PGL_TEXT(
            "{\"currency\":null,\"lines\":null,\"payment\":null,\"shipTo\":{\"region\":null}}"),
        &order)));
    assert_string_equal(order->currency, "");
    assert_int_equal(order->n_lines, 0);
    assert_null(order->payment);
    assert_string_equal(order->ship_to->region, "");
    assert_true(pgl_is_ok(read_as(
        EVENT_DESCRIPTOR, PGL_TEXT("{\"orderConfirmed\":null,\"orderCancelled\":{}}"), &event)));
    assert_int_equal(event->payload_case, PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_CANCELLED);
}

/* --- limits --- */

static void repeat(const char *piece, size_t times)
{
    for (size_t i = 0; i < times; i++)
        pgl_buffer_add_text(&written, pgl_text_of(piece));
}

static void write_depth(size_t depth)
{
    repeat("[", depth);
    repeat("]", depth);
}

static void write_keys(size_t count)
{
    for (size_t i = 0; i < count; i++)
        pgl_buffer_printf(&written, "%c\"k%zu\":1", i == 0 ? '{' : ',', i);
    repeat("}", 1);
}

/* The array is a value too. */
static void write_nodes(size_t count)
{
    repeat("[1", 1);
    repeat(",1", count - 2);
    repeat("]", 1);
}

static void write_string(size_t size)
{
    repeat("\"", 1);
    repeat("x", size);
    repeat("\"", 1);
}

static void write_escapes(size_t size)
{
    repeat("\"", 1);
    repeat("\\u0061", size);
    repeat("\"", 1);
}

static void write_mixed(size_t size)
{
    repeat("\"\\n", 1);
    repeat("x", size - 1);
    repeat("\"", 1);
}

static void write_wide(size_t size)
{
    repeat("\"", 1);
    repeat("x", size % 4);
    repeat("\\uD83D\\uDE00", size / 4);
    repeat("\"", 1);
}

static void each_limit_holds_at_its_edge(void **unused)
{
    /* clang-format off */
    static const struct { void (*write)(size_t); size_t most; const char *said; } limits[] = {
        { write_depth,   32,    "byte 33: more than 32 levels" },
        { write_keys,    256,   "more than 256 members in one object" },
        { write_nodes,   10000, "more than 10000 values" },
        { write_string,  16384, "more than 16384 bytes in a string" },
        { write_escapes, 16384, "more than 16384 bytes in a string" },
        { write_mixed,   16384, "more than 16384 bytes in a string" },
        { write_wide,    16384, "more than 16384 bytes in a string" },
    };
    /* clang-format on */
    (void)unused;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        pgl_buffer_clear(&written);
        limits[i].write(limits[i].most);
        assert_string_equal(check(pgl_buffer_text(&written)).text, "");
        pgl_buffer_clear(&written);
        limits[i].write(limits[i].most + 1);
        pgl_status status = check(pgl_buffer_text(&written));
        assert_int_equal(status.code, PGL_MALFORMED);
        assert_non_null(strstr(status.text, limits[i].said));
    }
}

/* The limits hold while a message is read, too, not only in the check behind it. */
static void reading_a_message_keeps_the_limits(void **unused)
{
    static const struct pgl_json_limits small = { 3, 4, 9, 8 };
    /* clang-format off */
    static const struct { const char *text, *said; } cases[] = {
        { "{\"lines\":[{}],\"payment\":{},\"shipTo\":{}}",   "" },
        { "{\"inner\":{\"inner\":{\"inner\":{}}}}",          "more than 3 levels" },
        { "{\"aInt32\":1,\"aInt64\":1,\"aBool\":true,\"text\":\"\",\"aUint32\":1}",
                                                             "more than 4 members in one object" },
        { "{\"bools\":[true,true,true,true,true,true,true,true]}", "more than 9 values" },
        { "{\"text\":\"123456789\"}",                        "more than 8 bytes in a string" },
    };
    /* clang-format on */
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *message;
        pgl_status status = pgl_json_read(i == 0 ? NEW_ORDER_DESCRIPTOR : &every_type_descriptor,
                                          &arena, pgl_text_of(cases[i].text), &small, &message);
        assert_int_equal(status.code, i == 0 ? PGL_CODE_OK : PGL_MALFORMED);
        assert_non_null(strstr(status.text, cases[i].said));
    }
}

/* A small body must not fill the memory of its request: one escape does not cost 16 KiB. */
static void short_escapes_take_little_memory(void **unused)
{
    void *message;
    (void)unused;
    repeat("{\"lines\":[{\"sku\":\"\\n\"}", 1);
    repeat(",{\"sku\":\"\\n\"}", 1000);
    repeat("]}", 1);
    assert_true(pgl_is_ok(read_as(NEW_ORDER_DESCRIPTOR, pgl_buffer_text(&written), &message)));
    assert_true(arena.taken_bytes < 32 * written.size);
}

static void a_full_arena_is_said(void **unused)
{
    (void)unused;
    pgl_buffer_clear(&written);
    repeat("{\"lines\":[{\"sku\":\"\\n\"}", 1);
    repeat(",{\"sku\":\"a\"}", 20);
    repeat("]}", 1);
    enum pgl_code last = PGL_EXHAUSTED;
    for (size_t bytes = 256; bytes < 4096; bytes += 16) {
        struct pgl_arena small;
        void *message;
        pgl_arena_init(&small, bytes, bytes);
        last = pgl_json_read(NEW_ORDER_DESCRIPTOR, &small, pgl_buffer_text(&written),
                             &pgl_json_request_limits, &message)
                   .code;
        assert_int_equal(last == PGL_EXHAUSTED, small.is_exhausted);
        pgl_arena_free(&small);
    }
    assert_int_equal(last, PGL_CODE_OK);
}

/* --- writing --- */

static const char *json_of(const ProtobufCMessage *message)
{
    pgl_buffer_clear(&written);
    pgl_json_write(message, &written);
    pgl_buffer_add_char(&written, '\0');
    return written.data;
}

static void what_no_client_could_send_is_written_too(void **unused)
{
    Order order = ORDER_INIT;
    OrderPayment payment = ORDER_PAYMENT_INIT;
    struct every_type every;
    (void)unused;
    order.status = (OrderStatus)99; /* from a newer neighbour */
    order.total_minor = INT64_MAX;
    order.payment = &payment;
    order.currency = NULL;
    assert_string_equal(json_of(&order.base), "{\"status\":99,\"totalMinor\":9223372036854775807,"
                                              "\"lines\":[],\"payment\":{},\"version\":0,"
                                              "\"refunds\":[],\"shipments\":[]}");
    every_type_descriptor.message_init(&every.base);
    every.a_uint64 = UINT64_MAX;
    every.a_double = 1.0 / 0.0;
    assert_non_null(strstr(json_of(&every.base), "\"aUint64\":18446744073709551615,"));
    assert_non_null(strstr(json_of(&every.base), "\"aDouble\":null,"));
}

static void every_byte_of_a_string_is_written_so_that_it_reads_back(void **unused)
{
    char all[128];
    ShipTo ship_to = SHIP_TO_INIT, *again;
    (void)unused;
    for (int i = 0; i < 127; i++)
        all[i] = (char)(i + 1);
    all[127] = '\0';
    ship_to.region = all;
    pgl_buffer_clear(&written);
    pgl_json_write(&ship_to.base, &written);
    assert_true(pgl_is_ok(read_as(SHIP_TO_DESCRIPTOR, pgl_buffer_text(&written), &again)));
    assert_string_equal(again->region, all);
}

static void values_of_enums_are_named_as_in_json(void **unused)
{
    (void)unused;
    static const char *const no_names[] = { "", "UNSPECIFIED", "confirmed", "CONFIRMED ",
                                            "ORDER_STATUS_CONFIRMED" };
    assert_int_equal(pgl_json_enum_named(ORDER_STATUS_DESCRIPTOR, "CONFIRMED"),
                     ORDER_STATUS_CONFIRMED);
    for (size_t i = 0; i < sizeof no_names / sizeof no_names[0]; i++)
        assert_int_equal(pgl_json_enum_named(ORDER_STATUS_DESCRIPTOR, no_names[i]), 0);
}

static void a_full_buffer_is_said(void **unused)
{
    Order order = ORDER_INIT;
    (void)unused;
    size_t whole = strlen(json_of(&order.base));
    for (size_t limit = 0; limit <= whole; limit++) {
        struct pgl_buffer small;
        pgl_buffer_init(&small, limit);
        pgl_json_write(&order.base, &small);
        assert_int_equal(small.is_full, limit < whole);
        pgl_buffer_free(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_no_json_is_said_with_its_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_such_message_is_said_with_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_name_is_shown_up_to_64_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(escapes_become_what_they_stand_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(null_is_the_same_as_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_limit_holds_at_its_edge, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reading_a_message_keeps_the_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(short_escapes_take_little_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_arena_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_no_client_could_send_is_written_too, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_byte_of_a_string_is_written_so_that_it_reads_back,
                                        set_up, tear_down),
        cmocka_unit_test(values_of_enums_are_named_as_in_json),
        cmocka_unit_test_setup_teardown(a_full_buffer_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("wire/json", tests, NULL, NULL);
}
