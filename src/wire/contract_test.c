/*
 * contract_test.c - the messages of the contract, through JSON and bytes and back.
 *
 * Method: each message is written here as JSON in our one spelling. It is read, packed, unpacked
 * and written, and must come out as it went in. The bytes are held against those that protobuf-c
 * makes of the same struct, and read by it, as an independent peer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/json.h"
#include "wire/message.h"

#include "contract/edge.h"
#include "contract/events.h"
#include "contract/orders.h"

#include "wire/every_type.h"
#include "wire/message_bench.h"

#define ID "01890a5d-ac96-774b-bcce-b302099a8057"
#define AT "2026-01-31T23:59:59.123Z"

/* clang-format off */
#define EVENT(type, payload)                                                                       \
    "{'type':'" type "','key':'" ID "','at':'" AT "','tenant':'default','causeSeq':0,"             \
    "'previousSeq':0,'schemaVersion':1," payload "}"

static const struct { const ProtobufCMessageDescriptor *descriptor; const char *json; } cases[] = {
    { NEW_ORDER_DESCRIPTOR,
      "{'currency':'EUR','lines':[{'sku':'A-1','quantity':2},{'sku':'B-2','quantity':1}],"
      "'payment':{'method':'account'},'shipTo':{'region':'eu-central'},'allowPartial':false}" },
    { ORDER_DESCRIPTOR,
      "{'id':'" ID "','status':'CONFIRMED','currency':'EUR','totalMinor':5997,"
      "'lines':[{'sku':'A-1','quantity':2,'unitPriceMinor':1999,'totalMinor':3998,'lineNo':1},"
      "{'sku':'B-2','quantity':1,'unitPriceMinor':1999,'totalMinor':1999,'lineNo':2}],"
      "'payment':{'method':'account'},'shipTo':{'region':'eu-central'},"
      "'createdAt':'" AT "','updatedAt':'" AT "','version':4,"
      "'refunds':[],'shipments':[]}" },
    { ORDER_DESCRIPTOR, /* with its defaults */
      "{'totalMinor':0,'lines':[],'version':0,'refunds':[],'shipments':[]}" },
    { ORDER_DESCRIPTOR, /* what JSON must escape, and the edges of whole numbers */
      "{'reason':'\\'so\\\\\\n\\u0001\xE2\x82\xAC\\'','cancellation':'MOOT',"
      "'totalMinor':9007199254740991,'lines':[],'version':-9007199254740991,"
      "'refunds':[],'shipments':[]}" },
    { LIST_ORDERS_RESPONSE_DESCRIPTOR,
      "{'items':[],'next':null}" },
    { LIST_ORDERS_RESPONSE_DESCRIPTOR,
      "{'items':[{'totalMinor':0,'lines':[],'version':1,'refunds':[],'shipments':[]}],'next':'abc'}" },
    { CANCEL_ORDER_RESPONSE_DESCRIPTOR,
      "{'answer':'TOO_LATE'}" },
    { PROBLEM_DESCRIPTOR,
      "{'type':'about:blank','title':'Not found','status':404,'requestId':'r-1'}" },
    { PRODUCT_LIST_DESCRIPTOR,
      "{'items':[{'sku':'A-1','name':'Lamp \xF0\x9F\x98\x80','description':'d','category':'c',"
      "'imageUrl':'/i/a.png','priceMinor':1999,'currency':'EUR','available':7,'active':true,'version':3}],'next':null}" },
    { STORY_DESCRIPTOR,
      "{'orderId':'" ID "','items':[{'name':'OrderCreated','at':'" AT "','service':'orders',"
      "'eventId':'1-2-3-4','traceparent':'00-1-2-01'}],'next':null}" },
    { EVENT_DESCRIPTOR, /* all that an envelope can hold */
      "{'type':'ORDER_CREATED','key':'" ID "','at':'" AT "','tenant':'default','causeLog':'ORDERS',"
      "'causeSeq':7,'previousSeq':6,'trace':{'context':'AAEC/+8='},'schemaVersion':1,"
      "'orderCreated':{'customer':'c','currency':'EUR','amountMinor':5997,"
      "'lines':[{'lineNo':1,'sku':'A-1','quantity':2,'unitPriceMinor':1999},"
      "{'lineNo':2,'sku':'B-2','quantity':1,'unitPriceMinor':1999}],'shipToRegion':'eu',"
      "'allowPartial':true,'paymentMethod':'card','paymentMethodRef':'ref',"
      "'deadlineAt':'" AT "','policyVersion':3}}" },
    { EVENT_DESCRIPTOR, EVENT("ORDER_CANCEL_REQUESTED",
      "'orderCancelRequested':{'cause':'CLIENT','requestedAt':'" AT "'}") },
    { EVENT_DESCRIPTOR, EVENT("ORDER_CONFIRMED",
      "'orderConfirmed':{'amountMinor':5,'confirmedAt':'" AT "',"
      "'lines':[{'lineNo':1,'quantity':2,'dropped':1}]}") },
    { EVENT_DESCRIPTOR, EVENT("ORDER_CANCELLED",
      "'orderCancelled':{'finalStatus':'FAILED','reason':'out_of_stock'}") },
    { EVENT_DESCRIPTOR, EVENT("ORDER_CANCEL_REJECTED",
      "'orderCancelRejected':{'reason':'late'}") },
    { EVENT_DESCRIPTOR, EVENT("PAYMENT_ACTION_REQUIRED",
      "'paymentActionRequired':{'nextAction':'go','expiresAt':'" AT "'}") },
    { EVENT_DESCRIPTOR, EVENT("PAYMENT_AUTHORIZED",
      "'paymentAuthorized':{'amountMinor':5,'currency':'EUR','handle':'h','holdExpiresAt':'" AT "',"
      "'lines':[],'shipToRegion':'eu','allowPartial':false,'deadlineAt':'" AT "'}") },
    { EVENT_DESCRIPTOR, EVENT("PAYMENT_DECLINED",
      "'paymentDeclined':{'declineCode':'no','retryable':true}") },
    { EVENT_DESCRIPTOR, EVENT("PAYMENT_VOIDED",
      "'paymentVoided':{'cause':'ORPHAN','hold':'NONE'}") },
    { EVENT_DESCRIPTOR, EVENT("PAYMENT_CAPTURE_FAILED",
      "'paymentCaptureFailed':{'failureCode':'f','hold':'RELEASING'}") },
    { EVENT_DESCRIPTOR, EVENT("PAYMENT_CAPTURED",
      "'paymentCaptured':{'capturedMinor':5,'currency':'EUR','handle':'h',"
      "'capturedLines':[{'lineNo':1,'quantity':2},{'lineNo':2147483647,'quantity':3}]}") },
    { EVENT_DESCRIPTOR, EVENT("PAYMENT_HOLD_RELEASED",
      "'paymentHoldReleased':{'handle':'h','how':'EXPIRED'}") },
    { EVENT_DESCRIPTOR, EVENT("INVENTORY_RESERVED",
      "'inventoryReserved':{'allocations':[{'lineNo':1,'sku':'A-1','warehouse':'w','quantity':2}],"
      "'complete':true}") },
    { EVENT_DESCRIPTOR, EVENT("INVENTORY_RESERVATION_FAILED",
      "'inventoryReservationFailed':{'shortages':"
      "[{'lineNo':1,'sku':'A-1','wanted':2,'available':1}],'reason':'r'}") },
    { EVENT_DESCRIPTOR, EVENT("INVENTORY_RELEASED",
      "'inventoryReleased':{'allocations':[],'because':'PAYMENT_VOIDED'}") },
    { EVENT_DESCRIPTOR, EVENT("INVENTORY_COMMITTED",
      "'inventoryCommitted':{'allocations':[],'partial':false}") },
    { EVENT_DESCRIPTOR, /* the key of a stock event is a SKU, no id */
      "{'type':'STOCK_RECEIVED','key':'QS0x','at':'" AT "','tenant':'default','causeSeq':0,"
      "'previousSeq':0,'schemaVersion':1,"
      "'stockReceived':{'sku':'A-1','warehouse':'w','quantity':5,'onHand':9}}" },
    { READ_RESPONSE_DESCRIPTOR,
      "{'events':[{'log':'ORDERS','seq':1,'id':'" ID "','event':"
      EVENT("ORDER_CONFIRMED", "'orderConfirmed':{'amountMinor':5,'lines':[]}") "}],"
      "'low':1,'high':1,'epoch':2,'behind':false,'until':1}" },
    { &every_type_descriptor,
      "{'aInt32':-2147483648,'aSint32':-2147483648,'aSfixed32':-7,'aInt64':-1,'aSint64':-300,"
      "'aSfixed64':-8,'aUint32':4294967295,'aFixed32':5,'aUint64':9007199254740991,'aFixed64':6,"
      "'aFloat':0.5,'aDouble':0.1,'aBool':true,'bools':[true,false,true],"
      "'doubles':[1e+300,-2.2250738585072014e-308,3],'bytes':'/w==','number':0,"
      "'inner':{'aInt32':1,'aSint32':1,'aSfixed32':0,'aInt64':0,'aSint64':0,'aSfixed64':0,"
      "'aUint32':0,'aFixed32':0,'aUint64':0,'aFixed64':0,'aFloat':0,'aDouble':0,'aBool':false,"
      "'bools':[],'doubles':[],'text':''}}" },
};
/* clang-format on */

#define CASE_COUNT (sizeof cases / sizeof cases[0])

static struct pgl_text case_json(size_t i)
{
    return quoted(&arena, pgl_text_of(cases[i].json));
}

static ProtobufCMessage *read_case(size_t i)
{
    void *message = NULL;
    pgl_status status = pgl_json_read(cases[i].descriptor, &arena, case_json(i),
                                      &pgl_json_request_limits, &message);
    assert_string_equal(status.text, "");
    return message;
}

static const char *as_json(const ProtobufCMessage *message)
{
    pgl_buffer_clear(&written);
    pgl_json_write(message, &written);
    pgl_buffer_add_char(&written, '\0');
    assert_false(written.is_full);
    return written.data;
}

static void json_comes_out_as_it_went_in(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < CASE_COUNT; i++)
        assert_string_equal(as_json(read_case(i)), case_json(i).data);
}

static void bytes_come_out_as_they_went_in(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        struct pgl_text bytes;
        void *again = NULL;
        assert_true(pgl_is_ok(pgl_message_pack_text(read_case(i), &arena, &bytes)));
        pgl_status status = pgl_message_unpack(cases[i].descriptor, &arena, bytes, &again);
        assert_string_equal(status.text, "");
        assert_string_equal(as_json(again), case_json(i).data);
    }
}

static void protobuf_c_packs_the_same_bytes(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        const ProtobufCMessage *message = read_case(i);
        pgl_buffer_clear(&written);
        pgl_message_pack(message, &written);
        size_t size = protobuf_c_message_get_packed_size(message);
        uint8_t *theirs = pgl_arena_alloc(&arena, size);
        assert_int_equal(protobuf_c_message_pack(message, theirs), size);
        assert_int_equal(written.size, size);
        assert_memory_equal(written.data, theirs, size);
    }
}

static void protobuf_c_reads_our_bytes(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        struct pgl_text bytes;
        assert_true(pgl_is_ok(pgl_message_pack_text(read_case(i), &arena, &bytes)));
        ProtobufCMessage *theirs = protobuf_c_message_unpack(cases[i].descriptor, NULL, bytes.size,
                                                             (const uint8_t *)bytes.data);
        assert_non_null(theirs);
        assert_string_equal(as_json(theirs), case_json(i).data);
        protobuf_c_message_free_unpacked(theirs, NULL);
    }
}

/* Nothing that is cut short passes for a message with the same content. */
static void bytes_that_are_cut_short_are_refused_or_say_less(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        struct pgl_text bytes;
        pgl_arena_reset(&arena);
        assert_true(pgl_is_ok(pgl_message_pack_text(read_case(i), &arena, &bytes)));
        for (size_t size = 0; size < bytes.size; size++) {
            void *again = NULL;
            struct pgl_text cut = { bytes.data, size };
            pgl_status status = pgl_message_unpack(cases[i].descriptor, &arena, cut, &again);
            if (pgl_is_ok(status))
                assert_string_not_equal(as_json(again), case_json(i).data);
            else
                assert_int_equal(status.code, PGL_MALFORMED);
        }
    }
}

/* JSON is no JSON before its last brace. */
static void json_that_is_cut_short_is_refused(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        size_t whole = case_json(i).size;
        for (size_t size = 0; size < whole; size++) {
            void *message = NULL;
            pgl_arena_reset(&arena);
            pgl_status status = pgl_json_read(cases[i].descriptor, &arena,
                                              (struct pgl_text){ case_json(i).data, size },
                                              &pgl_json_request_limits, &message);
            assert_int_equal(status.code, PGL_MALFORMED);
            assert_null(message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(json_comes_out_as_it_went_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_come_out_as_they_went_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(protobuf_c_packs_the_same_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(protobuf_c_reads_our_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_that_are_cut_short_are_refused_or_say_less, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(json_that_is_cut_short_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("wire/contract", tests, NULL, NULL);
}
