/*
 * message_test.c - bytes that no honest peer would send, and those that an older or newer one may.
 * Method: messages written down byte by byte as the encoding guide has them. What is right is tried
 * on the whole contract, against protobuf-c, in contract_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/json.h"
#include "wire/message.h"

#include "contract/catalog.h"
#include "contract/events.h"
#include "contract/inventory.h"
#include "contract/orders.h"

#include "wire/every_type.h"
#include "wire/message_bench.h"

static pgl_status unpack_as(const ProtobufCMessageDescriptor *descriptor, struct pgl_text bytes,
                            void *message)
{
    return pgl_message_unpack(descriptor, &arena, bytes, (void **)message);
}

/* clang-format off */
static const struct { struct pgl_text bytes; const char *said; } refused[] = {
    { PGL_TEXT("\x0A"),                        "the message is cut short" },
    { PGL_TEXT("\x0A\x05" "EUR"),              "the message is cut short" },
    { PGL_TEXT("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), "the message is cut short" },
    { PGL_TEXT("\x80"),                        "the message is cut short" },
    { PGL_TEXT("\x12\x03\x10\x01"),            "the message is cut short" },
    { PGL_TEXT("\x12\x02\x10\x80"),            "the message is cut short" },
    { PGL_TEXT("\xF1\x07" "1234567"),          "the message is cut short" },
    { PGL_TEXT("\xF5\x07" "123"),              "the message is cut short" },
    { PGL_TEXT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"),
      "a number of the message is longer than 64 bits" },
    { PGL_TEXT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
      "a number of the message is longer than 64 bits" },
    { PGL_TEXT("\x00\x01"),                    "a field of the message has no valid number" },
    { PGL_TEXT("\x80\x80\x80\x80\x10\x01"),    "a field of the message has no valid number" },
    { PGL_TEXT("\x88\x80\x80\x80\x80\x00\x01"), "a field of the message has no valid number" },
    { PGL_TEXT("\xF3\x07"),                    "a field of the message has an unknown wire type" },
    { PGL_TEXT("\xF4\x07"),                    "a field of the message has an unknown wire type" },
    { PGL_TEXT("\xF6\x07"),                    "a field of the message has an unknown wire type" },
    { PGL_TEXT("\x08\x01"),                    "NewOrder.currency: the value is of another type" },
    { PGL_TEXT("\x10\x01"),                    "NewOrder.lines: the value is of another type" },
    { PGL_TEXT("\x12\x02\x12\x00"),
      "NewOrderLine.quantity: the value is of another type" },
    { PGL_TEXT("\x0A\x03" "E\0R"),             "NewOrder.currency: a NUL is not allowed" },
    { PGL_TEXT("\x0A\x03" "EU\xFF"),           "NewOrder.currency: the text is not UTF-8" },
    { PGL_TEXT("\x0A\x02" "\xC0\x80"),         "NewOrder.currency: the text is not UTF-8" },
    { PGL_TEXT("\x0A\x03" "\xED\xA0\x80"),     "NewOrder.currency: the text is not UTF-8" },
};
/* clang-format on */

static void bytes_that_are_no_message_are_refused(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        NewOrder *order = NULL;
        pgl_status status = unpack_as(NEW_ORDER_DESCRIPTOR, refused[i].bytes, &order);
        assert_string_equal(status.text, refused[i].said);
        assert_int_equal(status.code, PGL_MALFORMED);
        assert_null(order);
    }
}

/* clang-format off */
static const struct {
    const ProtobufCMessageDescriptor *descriptor;
    struct pgl_text bytes;
    const char *json;
} taken[] = {
    /* nothing at all */
    { GET_PRODUCT_REQUEST_DESCRIPTOR, { NULL, 0 }, "{}" },
    /* unknown fields of each wire type, from a newer neighbour */
    { SHIP_TO_DESCRIPTOR,
      PGL_TEXT("\xF8\x07\x96\x01" "\xF9\x07" "12345678" "\xFA\x07\x02" "\xFF\x00" "\xFD\x07" "1234"
               "\x0A\x02" "eu"),
      "{'region':'eu'}" },
    /* fields in any order; the last one wins */
    { NEW_ORDER_LINE_DESCRIPTOR, PGL_TEXT("\x10\x07\x0A\x01" "A\x10\x02\x0A\x01" "B"),
      "{'sku':'B','quantity':2}" },
    /* the largest tag there is, and a number written longer than it need be */
    { NEW_ORDER_LINE_DESCRIPTOR, PGL_TEXT("\xF8\xFF\xFF\xFF\x0F\x01" "\x10\x87\x80\x00"),
      "{'quantity':7}" },
    /* a message that comes twice is merged */
    { NEW_ORDER_DESCRIPTOR, PGL_TEXT("\x22\x02\x0A\x00" "\x22\x04\x0A\x02" "eu"),
      "{'lines':[],'shipTo':{'region':'eu'},'allowPartial':false}" },
    { CANCEL_ORDER_RESPONSE_DESCRIPTOR, PGL_TEXT("\x08\x02\x12\x02\x60\x01"),
      "{'answer':'TOO_LATE','order':{'totalMinor':0,'lines':[],'version':1,'refunds':[],"
      "'shipments':[]}}" },
    /* numbers of a list packed, one by one, and both */
    { GET_AVAILABLE_RESPONSE_DESCRIPTOR, PGL_TEXT("\x08\x01\x0A\x02\x02\x03\x08\x04\x0A\x00"),
      "{'available':[1,2,3,4]}" },
    /* a negative int32 in ten bytes, and in five from a careless peer */
    { ALLOCATION_DESCRIPTOR, PGL_TEXT("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
      "{'lineNo':-1,'quantity':0}" },
    { ALLOCATION_DESCRIPTOR, PGL_TEXT("\x08\xFF\xFF\xFF\xFF\x0F"), "{'lineNo':-1,'quantity':0}" },
};
/* clang-format on */

static void what_another_peer_may_write_is_taken(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        ProtobufCMessage *message = NULL;
        assert_string_equal(unpack_as(taken[i].descriptor, taken[i].bytes, &message).text, "");
        pgl_buffer_clear(&written);
        pgl_json_write(message, &written);
        pgl_buffer_add_char(&written, '\0');
        assert_string_equal(written.data, quoted(&arena, pgl_text_of(taken[i].json)).data);
    }
}

static void the_last_choice_of_a_one_of_stays(void **unused)
{
    struct every_type *message;
    Event *event;
    (void)unused;
    assert_true(pgl_is_ok(
        unpack_as(&every_type_descriptor, PGL_TEXT("\x8A\x01\x01\x61\x90\x01\x05"), &message)));
    assert_int_equal(message->choice_case, 18);
    assert_true(message->number == 5);
    assert_true(pgl_is_ok(
        unpack_as(&every_type_descriptor, PGL_TEXT("\x90\x01\x05\x8A\x01\x01\x61"), &message)));
    assert_int_equal(message->choice_case, 17);
    assert_string_equal(message->text, "a");
    /* what was chosen before must not be merged into what is chosen now */
    assert_true(pgl_is_ok(
        unpack_as(EVENT_DESCRIPTOR, PGL_TEXT("\x92\x01\x02\x08\x05\x9A\x01\x02\x12\x00"), &event)));
    assert_int_equal(event->payload_case, PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_CANCELLED);
    assert_string_equal(event->order_cancelled->final_status, "");
    /* merged when chosen twice */
    assert_true(pgl_is_ok(
        unpack_as(EVENT_DESCRIPTOR, PGL_TEXT("\x92\x01\x02\x08\x05\x92\x01\x02\x10\x07"), &event)));
    assert_true(event->order_confirmed->amount_minor == 5);
    assert_true(event->order_confirmed->confirmed_at_ns == 7);
}

/* A 32-bit field takes the low bits of what is longer, and unfolds its sign after that. */
static void numbers_too_long_for_their_field_are_cut(void **unused)
{
    struct every_type *message;
    (void)unused;
    struct pgl_text bytes =
        PGL_TEXT("\x08\x85\x80\x80\x80\x70\x10\x85\x80\x80\x80\x70\x68\x80\x80\x80\x80\x70");
    assert_true(pgl_is_ok(unpack_as(&every_type_descriptor, bytes, &message)));
    assert_int_equal(message->a_int32, 5);
    assert_int_equal(message->a_sint32, -3);
    assert_true(message->a_bool == 1); /* not cut: any bit makes it true */
}

static void eight_levels_are_read_and_no_more(void **unused)
{
    (void)unused;
    for (int levels = PGL_MESSAGE_DEPTH_MAX; levels <= PGL_MESSAGE_DEPTH_MAX + 1; levels++) {
        struct every_type nested[PGL_MESSAGE_DEPTH_MAX + 1], *again;
        struct pgl_text bytes;
        for (int i = 0; i < levels; i++) {
            every_type_descriptor.message_init(&nested[i].base);
            nested[i].inner = i + 1 < levels ? &nested[i + 1] : NULL;
        }
        assert_true(pgl_is_ok(pgl_message_pack_text(&nested[0].base, &arena, &bytes)));
        pgl_status status = unpack_as(&every_type_descriptor, bytes, &again);
        if (levels == PGL_MESSAGE_DEPTH_MAX)
            assert_true(pgl_is_ok(status));
        else
            assert_string_equal(status.text, "EveryType.inner: the message is nested too deeply");
    }
}

/* Lengths of one to three bytes, in messages within messages, each at the edge of a byte more. */
static void lengths_grow_where_they_must(void **unused)
{
    static const size_t sizes[] = { 0,   1,   110,   115,   120,   125,   126,   127,
                                    128, 129, 16370, 16378, 16380, 16383, 16384, 16385 };
    static char long_text[20000];
    (void)unused;
    memset(long_text, 'x', sizeof long_text);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        Product product = PRODUCT_INIT;
        GetProductResponse response = GET_PRODUCT_RESPONSE_INIT, *again;
        struct pgl_text bytes;
        long_text[sizes[i]] = '\0';
        product.description = long_text;
        response.product = &product;
        assert_true(pgl_is_ok(pgl_message_pack_text(&response.base, &arena, &bytes)));
        assert_int_equal(bytes.size, protobuf_c_message_get_packed_size(&response.base));
        assert_true(pgl_is_ok(unpack_as(GET_PRODUCT_RESPONSE_DESCRIPTOR, bytes, &again)));
        assert_string_equal(again->product->description, long_text);
        long_text[sizes[i]] = 'x';
    }
}

static void lists_of_each_length_are_whole(void **unused)
{
    (void)unused;
    for (size_t count = 0; count <= 40; count++) {
        char *skus[40];
        GetPricesRequest request = GET_PRICES_REQUEST_INIT, *again;
        struct pgl_text bytes;
        for (size_t i = 0; i < count; i++)
            skus[i] = pgl_arena_string(&arena, pgl_text_of(pgl_arena_printf(&arena, "sku-%zu", i)));
        request.n_skus = count;
        request.skus = skus;
        assert_true(pgl_is_ok(pgl_message_pack_text(&request.base, &arena, &bytes)));
        assert_true(pgl_is_ok(unpack_as(GET_PRICES_REQUEST_DESCRIPTOR, bytes, &again)));
        assert_int_equal(again->n_skus, count);
        for (size_t i = 0; i < count; i++)
            assert_string_equal(again->skus[i], skus[i]);
    }
}

static GetProductResponse *some_message(void)
{
    GetProductResponse *response = pgl_message_new(GET_PRODUCT_RESPONSE_DESCRIPTOR, &arena);
    response->product = pgl_message_new(PRODUCT_DESCRIPTOR, &arena);
    char *description =
        pgl_arena_alloc(&arena, 301); /* its length takes two bytes, and so does the product's */
    memset(description, 'x', 300);
    description[300] = '\0';
    response->product->description = description;
    return response;
}

static void a_full_buffer_is_said(void **unused)
{
    (void)unused;
    const ProtobufCMessage *message = &some_message()->base;
    pgl_message_pack(message, &written);
    for (size_t limit = 0; limit <= written.size; limit++) {
        struct pgl_buffer small;
        pgl_buffer_init(&small, limit);
        pgl_message_pack(message, &small);
        assert_int_equal(small.is_full, limit < written.size);
        pgl_buffer_free(&small);
    }
}

static void a_full_arena_is_said(void **unused)
{
    (void)unused;
    enum pgl_code last = PGL_EXHAUSTED;
    pgl_message_pack(&some_message()->base, &written);
    for (size_t bytes = 256; bytes < 2048; bytes += 16) {
        struct pgl_arena small;
        void *again;
        pgl_arena_init(&small, bytes, bytes);
        last = pgl_message_unpack(GET_PRODUCT_RESPONSE_DESCRIPTOR, &small,
                                  pgl_buffer_text(&written), &again)
                   .code;
        assert_int_equal(last == PGL_EXHAUSTED, small.is_exhausted);
        pgl_arena_free(&small);
    }
    assert_int_equal(last, PGL_CODE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_that_are_no_message_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_another_peer_may_write_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_choice_of_a_one_of_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_too_long_for_their_field_are_cut, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(eight_levels_are_read_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lengths_grow_where_they_must, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_of_each_length_are_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_buffer_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_arena_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("wire/message", tests, NULL, NULL);
}
