/*
 * json_proto3_test.c - protocol buffers' own JSON: one spelling is written, many are read.
 * Method: a table of what is read and what is written of that, on a message with a field of each
 * type and on some of the contract; then what is refused. tests/grpc/proto3_json.py asks Google's
 * own library about every message of the contract.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/json.h"
#include "wire/message.h"

#include "contract/events.h"
#include "contract/orders.h"

#include "wire/every_type.h"
#include "wire/message_bench.h"

/* clang-format off */
static const struct {
    const ProtobufCMessageDescriptor *descriptor;
    const char *read, *written;
} taken[] = {
    { &every_type_descriptor, "{}", "{}" },
    /* what is at its default is left out; a choice never is */
    { &every_type_descriptor,
      "{'aInt32':0,'aInt64':'0','aDouble':0,'aBool':false,'bools':[],'bytes':'','text':''}",
      "{'text':''}" },
    { &every_type_descriptor, "{'aInt32':null,'bools':null,'inner':null}", "{}" },
    /* names */
    { &every_type_descriptor, "{'a_int32':1,'a_bool':true}", "{'aInt32':1,'aBool':true}" },
    { ORDER_DESCRIPTOR, "{'createdAtNs':5,'updated_at_ns':6}",
      "{'createdAtNs':'5','updatedAtNs':'6'}" },
    /* integers */
    { &every_type_descriptor, "{'aInt64':9223372036854775807,'aSint64':'-9223372036854775808'}",
      "{'aInt64':'9223372036854775807','aSint64':'-9223372036854775808'}" },
    { &every_type_descriptor, "{'aUint64':'18446744073709551615','aFixed64':9223372036854775808}",
      "{'aUint64':'18446744073709551615','aFixed64':'9223372036854775808'}" },
    { &every_type_descriptor, "{'aInt32':'-2147483648','aUint32':4294967295}",
      "{'aInt32':-2147483648,'aUint32':4294967295}" },
    { &every_type_descriptor, "{'aInt32':1.0,'aInt64':'-1e3','aUint32':2.5e1}",
      "{'aInt32':1,'aInt64':'-1000','aUint32':25}" },
    { &every_type_descriptor, "{'aInt64':9007199254740991.0}", "{'aInt64':'9007199254740991'}" },
    /* doubles */
    { &every_type_descriptor, "{'aDouble':'NaN','aFloat':'-Infinity','doubles':['Infinity','1.5',2]}",
      "{'aFloat':'-Infinity','aDouble':'NaN','doubles':['Infinity',1.5,2]}" },
    { &every_type_descriptor, "{'aDouble':-0.0}", "{'aDouble':-0}" },
    /* enums */
    { ORDER_DESCRIPTOR, "{'status':'ORDER_STATUS_PENDING'}", "{'status':'ORDER_STATUS_PENDING'}" },
    { ORDER_DESCRIPTOR, "{'status':1}", "{'status':'ORDER_STATUS_PENDING'}" },
    { ORDER_DESCRIPTOR, "{'status':77}", "{'status':77}" },
    { ORDER_DESCRIPTOR, "{'status':'ORDER_STATUS_UNSPECIFIED'}", "{}" },
    /* bytes: ids too are base64 */
    { &every_type_descriptor, "{'bytes':'-_8'}", "{'bytes':'+/8='}" },
    { &every_type_descriptor, "{'bytes':'+/8='}", "{'bytes':'+/8='}" },
    { EVENT_DESCRIPTOR, "{'key':'AYkKXayWd0u8zrMCCZqAVw=='}", "{'key':'AYkKXayWd0u8zrMCCZqAVw=='}" },
    /* messages */
    { &every_type_descriptor, "{'inner':{'inner':{}}}", "{'inner':{'inner':{}}}" },
    { NEW_ORDER_DESCRIPTOR, "{'lines':[{'sku':'a','quantity':'2'},{}],'ship_to':{'region':'EU'}}",
      "{'lines':[{'sku':'a','quantity':'2'},{}],'shipTo':{'region':'EU'}}" },
    { LIST_ORDERS_RESPONSE_DESCRIPTOR, "{'items':[],'next':''}", "{}" },
};

static const struct {
    const ProtobufCMessageDescriptor *descriptor;
    const char *text, *said;
} refused[] = {
    { &every_type_descriptor, "{'aint32':1}",               "unknown member 'aint32'" },
    { &every_type_descriptor, "{'a_Int32':1}",              "unknown member 'a_Int32'" },
    { ORDER_DESCRIPTOR,       "{'createdAt':1}",            "unknown member 'createdAt'" },
    { ORDER_DESCRIPTOR,       "{'createdAtNs':'2026-01-31T23:59:59Z'}",
      "createdAtNs: a whole number is expected" },
    { &every_type_descriptor, "{'aInt32':2147483648}",      "aInt32: the number is out of range" },
    { &every_type_descriptor, "{'aInt32':'-2147483649'}",   "aInt32: the number is out of range" },
    { &every_type_descriptor, "{'aUint32':4294967296}",     "aUint32: the number is out of range" },
    { &every_type_descriptor, "{'aUint32':-1}",             "aUint32: the number is out of range" },
    { &every_type_descriptor, "{'aInt64':'9223372036854775808'}", "aInt64: the number is out of range" },
    { &every_type_descriptor, "{'aInt64':-9223372036854775809}",  "aInt64: the number is out of range" },
    { &every_type_descriptor, "{'aUint64':18446744073709551616}", "aUint64: the number is out of range" },
    { &every_type_descriptor, "{'aUint64':'-1'}",           "aUint64: the number is out of range" },
    { &every_type_descriptor, "{'aInt64':9007199254740992.0}", "aInt64: the number is out of range" },
    { &every_type_descriptor, "{'aInt64':1e999}",           "aInt64: the number is out of range" },
    { &every_type_descriptor, "{'aInt32':1.5}",             "aInt32: a whole number is expected" },
    { &every_type_descriptor, "{'aInt32':''}",              "aInt32: a whole number is expected" },
    { &every_type_descriptor, "{'aInt32':' 1'}",            "aInt32: a whole number is expected" },
    { &every_type_descriptor, "{'aInt32':'1 '}",            "aInt32: a whole number is expected" },
    { &every_type_descriptor, "{'aInt32':'01'}",            "aInt32: a whole number is expected" },
    { &every_type_descriptor, "{'aInt32':'1x'}",            "aInt32: a whole number is expected" },
    { &every_type_descriptor, "{'aInt32':true}",            "aInt32: a whole number is expected" },
    { &every_type_descriptor, "{'aDouble':1e999}",          "aDouble: the number is out of range" },
    { &every_type_descriptor, "{'aFloat':1e39}",            "aFloat: the number is out of range" },
    { &every_type_descriptor, "{'aDouble':'nan'}",          "aDouble: a number is expected" },
    { &every_type_descriptor, "{'aDouble':[]}",             "aDouble: a number is expected" },
    { &every_type_descriptor, "{'aBool':'true'}",           "aBool: true or false is expected" },
    { &every_type_descriptor, "{'bools':[true,null]}",      "bools[1]: true or false is expected" },
    { &every_type_descriptor, "{'bytes':'A'}",              "bytes: base64 is expected" },
    { &every_type_descriptor, "{'bytes':'A*=='}",           "bytes: base64 is expected" },
    { &every_type_descriptor, "{'bytes':7}",                "bytes: base64 is expected" },
    { &every_type_descriptor, "{'text':7}",                 "text: a string is expected" },
    { &every_type_descriptor, "{'text':'','number':'0'}",   "number: another choice is given before" },
    { &every_type_descriptor, "{'inner':[]}",               "inner: an object is expected" },
    { ORDER_DESCRIPTOR,       "{'status':'PENDING'}",
      "status: the name of a value in quotes is expected, or its number" },
    { ORDER_DESCRIPTOR,       "{'status':'1'}",
      "status: the name of a value in quotes is expected, or its number" },
    { ORDER_DESCRIPTOR,       "{'status':true}",
      "status: the name of a value in quotes is expected, or its number" },
    { ORDER_DESCRIPTOR,       "{'status':2147483648}",      "status: the number is out of range" },
};
/* clang-format on */

static pgl_status read_quoted(const ProtobufCMessageDescriptor *descriptor, const char *text,
                              void **message)
{
    return pgl_json_read_proto3(descriptor, &arena, quoted(&arena, pgl_text_of(text)),
                                &pgl_json_request_limits, message);
}

static void many_spellings_are_read_and_one_is_written(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        void *message = NULL;
        assert_string_equal(read_quoted(taken[i].descriptor, taken[i].read, &message).text, "");
        pgl_buffer_clear(&written);
        pgl_json_write_proto3(message, &written);
        pgl_buffer_add_char(&written, '\0');
        assert_string_equal(written.data, quoted(&arena, pgl_text_of(taken[i].written)).data);
    }
}

static void what_fits_no_field_is_refused_with_its_place(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        void *message = NULL;
        pgl_status status = read_quoted(refused[i].descriptor, refused[i].text, &message);
        assert_string_equal(status.text, quoted(&arena, pgl_text_of(refused[i].said)).data);
        assert_int_equal(status.code, PGL_INVALID);
        assert_null(message);
    }
}

/* A field has two names, and still one value. */
static void a_member_given_by_both_names_is_given_twice(void **unused)
{
    void *message = NULL;
    (void)unused;
    pgl_status status = read_quoted(&every_type_descriptor, "{'aInt32':1,'a_int32':2}", &message);
    assert_int_equal(status.code, PGL_MALFORMED);
    assert_non_null(strstr(status.text, "the member before is given twice"));
}

static void a_full_buffer_is_said(void **unused)
{
    void *message = NULL;
    (void)unused;
    assert_true(pgl_is_ok(read_quoted(
        &every_type_descriptor,
        "{'aInt64':'1','bools':[true],'bytes':'AAAA','inner':{'number':'5'}}", &message)));
    pgl_json_write_proto3(message, &written);
    size_t whole = written.size;
    for (size_t limit = 1; limit <= whole; limit++) {
        struct pgl_buffer small;
        pgl_buffer_init(&small, limit);
        pgl_json_write_proto3(message, &small);
        assert_int_equal(small.is_full, limit < whole);
        pgl_buffer_free(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_spellings_are_read_and_one_is_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_fits_no_field_is_refused_with_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_member_given_by_both_names_is_given_twice, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_buffer_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("wire/json_proto3", tests, NULL, NULL);
}
