/*
 * story_text_test.c - every event that can be in an order's story has a sentence of its own.
 * Method: each type of the contract with an empty payload, so that a type added later fails here
 * until it has words; and some events whole, against the sentence that a support agent reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "edge/bff/story_text.h"
#include "wire/json.h"

static struct pgl_arena arena;

static int open_arena(void **unused)
{
    (void)unused;
    pgl_arena_init(&arena, 4096, 1u << 20);
    return 0;
}

static int close_arena(void **unused)
{
    (void)unused;
    pgl_arena_free(&arena);
    return 0;
}

static const Event *read_event(const char *json)
{
    void *event;
    pgl_status status = pgl_json_read(EVENT_DESCRIPTOR, &arena, pgl_text_of(json),
                                      &pgl_json_request_limits, &event);
    assert_string_equal(status.text, "");
    return event;
}

/* "{'type':'PAYMENT_VOIDED','paymentVoided':{}}": the payload is named as its type is. */
static const char *empty_event(const char *type)
{
    char member[64];
    size_t size = 0;
    bool is_first = false;
    for (const char *at = type; *at != '\0'; at++) {
        if (*at == '_') {
            is_first = true;
            continue;
        }
        member[size++] = is_first ? *at : (char)(*at | 0x20);
        is_first = false;
    }
    return pgl_arena_printf(&arena, "{\"type\":\"%s\",\"%.*s\":{}}", type, (int)size, member);
}

static void every_event_of_an_order_has_a_sentence(void **unused)
{
    (void)unused;
    struct edge_story_facts facts = { NULL };
    const char *unknown = edge_story_text(&arena, &facts, read_event("{}"));
    for (unsigned i = 0; i < EVENT_TYPE_DESCRIPTOR->n_values; i++) {
        const char *type = EVENT_TYPE_DESCRIPTOR->values[i].name + strlen("EVENT_TYPE_");
        bool is_of_orders = strncmp(type, "STOCK_", 6) != 0 && strcmp(type, "UNSPECIFIED") != 0;
        if (!is_of_orders)
            continue;
        const char *text = edge_story_text(&arena, &facts, read_event(empty_event(type)));
        assert_string_not_equal(text, unknown);
        assert_int_equal(text[strlen(text) - 1], '.');
    }
}

/* clang-format off */
static const struct row {
    const char *event, *text;
} rows[] = {
    { "{\"type\":\"ORDER_CREATED\",\"orderCreated\":{\"customer\":\"ann\",\"currency\":\"JPY\","
      "\"amountMinor\":1200,"
      "\"lines\":[{},{}],\"paymentMethod\":\"card\",\"deadlineAt\":\"2026-01-31T12:15:00.000Z\"}}",
      "ann ordered 2 lines for 1200 JPY,"
      " to be paid by card and settled by 2026-01-31T12:15:00.000Z." },
    { "{\"type\":\"PAYMENT_AUTHORIZED\",\"paymentAuthorized\":{\"amountMinor\":1200,"
      "\"currency\":\"USD\"}}",
      "Payment of 12.00 USD was authorized by the card's bank." },
    { "{\"type\":\"PAYMENT_CAPTURED\",\"paymentCaptured\":{\"capturedMinor\":5,"
      "\"currency\":\"KWD\"}}",
      "0.005 KWD was taken." },
    { "{\"type\":\"PAYMENT_DECLINED\",\"paymentDeclined\":{\"declineCode\":\"expired_card\"}}",
      "The payment was declined: the card has expired." },
    { "{\"type\":\"PAYMENT_VOIDED\",\"paymentVoided\":{\"cause\":\"CLIENT\","
      "\"hold\":\"RELEASING\"}}",
      "The payment was given up because the customer asked; what was held is being given back." },
    { "{\"type\":\"PAYMENT_HOLD_RELEASED\",\"paymentHoldReleased\":{}}", /* a declined card too */
      "Nothing of the customer's money is held any more." },
    { "{\"type\":\"PAYMENT_REFUND_FAILED\",\"paymentRefundFailed\":{\"refundNo\":1,"
      "\"amountMinor\":500,\"failureCode\":\"refund_refused\"}}",
      "Refund 1: 5.00 USD could not be given back: the payment provider refused it." },
    { "{\"type\":\"ORDER_CONFIRMED\",\"orderConfirmed\":{\"amountMinor\":1200}}",
      "Confirmed: 12.00 USD was paid." },
    { "{\"type\":\"ORDER_CONFIRMED\",\"orderConfirmed\":{\"amountMinor\":800,"
      "\"lines\":[{\"dropped\":2}]}}",
      "Confirmed in part: 8.00 USD was paid, 2 of what was ordered were left out." },
    { "{\"type\":\"ORDER_CANCELLED\",\"orderCancelled\":{\"finalStatus\":\"CANCELLED\","
      "\"reason\":\"cancelled by the customer\"}}",
      "Cancelled: the customer asked before the money was taken." },
    { "{\"type\":\"ORDER_CANCELLED\",\"orderCancelled\":{\"finalStatus\":\"FAILED\","
      "\"reason\":\"payment declined: the card has expired\"}}",
      "Failed: payment declined: the card has expired." },
    { "{\"type\":\"INVENTORY_RESERVATION_FAILED\","
      "\"inventoryReservationFailed\":{\"shortages\":[{\"lineNo\":2,\"sku\":\"POT\","
      "\"wanted\":3,\"available\":1},{}]}}",
      "Out of stock: line 2 wants 3 of POT, 1 available; other lines are short as well." },
    { "{\"type\":\"INVENTORY_SHIPPED\",\"inventoryShipped\":{\"shipmentNo\":1,"
      "\"warehouse\":\"WH\",\"carrier\":\"DHL\",\"tracking\":\"T\",\"complete\":true,"
      "\"allocations\":[{\"sku\":\"POT\",\"quantity\":2}]}}",
      "Parcel 1 left WH with DHL (T): 2 of POT. Nothing is left to be shipped." },
    { "{\"type\":\"INVENTORY_RESERVED\",\"inventoryReserved\":{\"complete\":true,"
      "\"allocations\":[{\"sku\":\"A\",\"quantity\":1,\"warehouse\":\"W\"},{\"sku\":\"B\","
      "\"quantity\":1,\"warehouse\":\"W\"},"
      "{\"sku\":\"C\",\"quantity\":1,\"warehouse\":\"W\"},{},{}]}}",
      "The stock was set aside: 1 of A in W, 1 of B in W, 1 of C in W and 2 more." },
};
/* clang-format on */

static void sentences_are_as_somebody_says_them(void **unused)
{
    (void)unused;
    OrderCreated created = ORDER_CREATED_INIT;
    created.currency = (char *)"USD";
    created.payment_method = (char *)"card";
    struct edge_story_facts facts = { &created };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(edge_story_text(&arena, &facts, read_event(rows[i].event)),
                            rows[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_event_of_an_order_has_a_sentence, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(sentences_are_as_somebody_says_them, open_arena,
                                        close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
