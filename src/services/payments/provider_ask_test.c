/*
 * provider_ask_test.c - each verb is asked as Stripe's API wants it; what is not whole is not
 * asked.
 * Method: a table of verbs and the bytes that are sent, then the same calls with one part missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "services/payments/provider_ask.h"

#define ORDER     "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
#define SITE      "Host: bank.example:8443\r\n"
#define AUTHORITY "bank.example:8443"
#define FIELDS                                                                                     \
    "Authorization: Bearer sk_test_1\r\nStripe-Version: 2024-06-20\r\n"                            \
    "Accept: application/json\r\nUser-Agent: panglot\r\n"
#define FORM_FIELDS                                                                                \
    FIELDS "Idempotency-Key: pgl-1\r\nContent-Type: application/x-www-form-urlencoded\r\n"

static struct provider_object page[PGL_PROVIDER_PAGE_MAX];

static struct provider_call call_of(enum provider_verb verb)
{
    struct provider_call call = { .verb = verb,
                                  .handle = "pi_1",
                                  .refund_handle = "re_1",
                                  .refund_no = 2,
                                  .key = "pgl-1",
                                  .currency = "EUR",
                                  .card_token = "pm_card_visa",
                                  .amount_minor = 1999,
                                  .since_s = 1769860000,
                                  .page = page };
    assert_true(pgl_is_ok(pgl_id_parse(PGL_TEXT(ORDER), &call.order_id)));
    return call;
}

static pgl_status ask(const struct provider_call *call, char *bytes, size_t size)
{
    const struct provider_site site = { PGL_TEXT(AUTHORITY), PGL_TEXT("Bearer sk_test_1") };
    struct pgl_arena arena;
    struct pgl_buffer out;
    struct provider_ask made;
    pgl_arena_init(&arena, 4096, 1 << 20);
    pgl_buffer_init(&out, size - 1);
    pgl_status status = pgl_provider_ask(call, &site, &arena, &made);
    if (pgl_is_ok(status))
        status = pgl_http1_write_request(&out, &made.request);
    if (pgl_is_ok(status)) {
        pgl_buffer_add_text(&out, made.body);
        assert_false(out.is_full);
        memcpy(bytes, out.data, out.size);
        bytes[out.size] = '\0';
    }
    pgl_buffer_free(&out);
    pgl_arena_free(&arena);
    return status;
}

/* clang-format off */
static const struct {
    enum provider_verb verb;
    const char *bytes;
} rows[] = {
    { PROVIDER_CREATE,
      "POST /v1/payment_intents HTTP/1.1\r\n" SITE "Content-Length: 166\r\n" FORM_FIELDS "\r\n"
      "amount=1999&currency=eur&capture_method=manual&payment_method=pm_card_visa"
      "&payment_method_types%5B%5D=card&metadata%5Border_id%5D=" ORDER },
    { PROVIDER_AUTHORIZE,
      "POST /v1/payment_intents/pi_1/confirm HTTP/1.1\r\n" SITE "Content-Length: 26\r\n" FORM_FIELDS "\r\n"
      "expand%5B%5D=latest_charge" },
    { PROVIDER_CAPTURE,
      "POST /v1/payment_intents/pi_1/capture HTTP/1.1\r\n" SITE "Content-Length: 49\r\n" FORM_FIELDS "\r\n"
      "amount_to_capture=1999&expand%5B%5D=latest_charge" },
    { PROVIDER_VOID,
      "POST /v1/payment_intents/pi_1/cancel HTTP/1.1\r\n" SITE "Content-Length: 0\r\n" FORM_FIELDS "\r\n" },
    { PROVIDER_REFUND,
      "POST /v1/refunds HTTP/1.1\r\n" SITE "Content-Length: 117\r\n" FORM_FIELDS "\r\n"
      "payment_intent=pi_1&amount=1999&metadata%5Border_id%5D=" ORDER "&metadata%5Brefund_no%5D=2" },
    { PROVIDER_GET,
      "GET /v1/payment_intents/pi_1?expand%5B%5D=latest_charge HTTP/1.1\r\n" SITE FIELDS "\r\n" },
    { PROVIDER_GET_REFUND,
      "GET /v1/refunds/re_1 HTTP/1.1\r\n" SITE FIELDS "\r\n" },
    { PROVIDER_FIND_REFUND,
      "GET /v1/refunds?payment_intent=pi_1&limit=100 HTTP/1.1\r\n" SITE FIELDS "\r\n" },
    { PROVIDER_FIND,
      "GET /v1/payment_intents/search?query=metadata%5B%27order_id%27%5D%3A%27" ORDER "%27&limit=10"
      "&expand%5B%5D=data.latest_charge HTTP/1.1\r\n" SITE FIELDS "\r\n" },
    { PROVIDER_LIST,
      "GET /v1/payment_intents?created%5Bgte%5D=1769860000&limit=100&starting_after=pi_1"
      "&expand%5B%5D=data.latest_charge HTTP/1.1\r\n" SITE FIELDS "\r\n" },
};
/* clang-format on */

static void each_verb_has_its_request(void **unused)
{
    char bytes[4096];
    (void)unused;
    assert_int_equal(sizeof rows / sizeof rows[0], PROVIDER_VERB_COUNT);
    for (size_t i = 0; i < PROVIDER_VERB_COUNT; i++) {
        struct provider_call call = call_of(rows[i].verb);
        assert_true(pgl_is_ok(ask(&call, bytes, sizeof bytes)));
        assert_string_equal(bytes, rows[i].bytes);
    }
    struct provider_call first = call_of(PROVIDER_LIST); /* of the first page */
    first.handle = NULL;
    assert_true(pgl_is_ok(ask(&first, bytes, sizeof bytes)));
    assert_null(strstr(bytes, "starting_after"));
}

static void what_comes_from_outside_stays_a_value(void **unused)
{
    char bytes[4096];
    struct provider_call call = call_of(PROVIDER_CREATE);
    (void)unused;
    call.card_token = "pm_1&amount=1\r\nX: y";
    assert_true(pgl_is_ok(ask(&call, bytes, sizeof bytes)));
    assert_non_null(strstr(bytes, "payment_method=pm_1%26amount%3D1%0D%0AX%3A%20y&"));
    call = call_of(PROVIDER_GET);
    call.handle = "../refunds?x=\xc3\xa4";
    assert_true(pgl_is_ok(ask(&call, bytes, sizeof bytes)));
    assert_non_null(strstr(bytes, "GET /v1/payment_intents/..%2Frefunds%3Fx%3D%C3%A4?expand"));
    call = call_of(PROVIDER_VOID);
    call.key = "a\r\nX: y"; /* the writer of requests refuses it */
    assert_int_equal(ask(&call, bytes, sizeof bytes).code, PGL_INVALID);
}

/* Which parts a verb cannot do without. */
enum part {
    KEY = 1,
    HANDLE = 2,
    REFUND_HANDLE = 4,
    CARD = 8,
    AMOUNT = 16,
    ORDER_ID = 32,
    REFUND_NO = 64,
    PAGE = 128
};

static void what_is_not_whole_is_not_asked(void **unused)
{
    static const int needed[PROVIDER_VERB_COUNT] = {
        [PROVIDER_CREATE] = KEY | CARD | AMOUNT,
        [PROVIDER_AUTHORIZE] = KEY | HANDLE,
        [PROVIDER_CAPTURE] = KEY | HANDLE | AMOUNT,
        [PROVIDER_VOID] = KEY | HANDLE,
        [PROVIDER_REFUND] = KEY | HANDLE | AMOUNT | REFUND_NO,
        [PROVIDER_GET] = HANDLE,
        [PROVIDER_GET_REFUND] = REFUND_HANDLE,
        [PROVIDER_FIND_REFUND] = HANDLE | ORDER_ID | REFUND_NO,
        [PROVIDER_FIND] = ORDER_ID,
        [PROVIDER_LIST] = PAGE,
    };
    static char long_token[5000];
    char bytes[4096];
    (void)unused;
    for (int verb = 0; verb < PROVIDER_VERB_COUNT; verb++) {
        for (int part = KEY; part <= PAGE; part *= 2) {
            struct provider_call call = call_of((enum provider_verb)verb);
            call.key = part == KEY ? NULL : call.key;
            call.handle = part == HANDLE ? "" : call.handle;
            call.refund_handle = part == REFUND_HANDLE ? NULL : call.refund_handle;
            call.card_token = part == CARD ? "" : call.card_token;
            call.amount_minor = part == AMOUNT ? 0 : call.amount_minor;
            call.page = part == PAGE ? NULL : call.page;
            call.refund_no = part == REFUND_NO ? 0 : call.refund_no;
            if (part == ORDER_ID)
                call.order_id = (pgl_id){ { 0 } };
            assert_int_equal(ask(&call, bytes, sizeof bytes).code,
                             (needed[verb] & part) != 0 ? PGL_INVALID : PGL_CODE_OK);
        }
    }
    struct provider_call call = call_of(PROVIDER_CREATE);
    call.currency = "EURO";
    assert_int_equal(ask(&call, bytes, sizeof bytes).code, PGL_INVALID);
    call = call_of(PROVIDER_CREATE);
    memset(long_token, 'p', sizeof long_token - 1);
    call.card_token = long_token;
    assert_int_equal(ask(&call, bytes, sizeof bytes).code, PGL_EXHAUSTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verb_has_its_request),
        cmocka_unit_test(what_comes_from_outside_stays_a_value),
        cmocka_unit_test(what_is_not_whole_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
