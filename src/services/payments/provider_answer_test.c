/*
 * provider_answer_test.c - what is concluded from an answer, row by row, and from no answer; and
 * that whatever cannot be read concludes nothing.
 * Method: answers as tables. A row of pgl_provider_rows that no case here reaches is an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/time.h"
#include "services/payments/provider_answer.h"

#define ORDER       "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
#define OTHER_ORDER "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c"

/* An object as Stripe writes it, with members that mean nothing to us. */
#define HEAD(id) "{\"id\":\"" id "\",\"object\":\"payment_intent\",\"amount\":1999,"
#define TAIL(order)                                                                                \
    "\"capture_method\":\"manual\",\"charges\":{\"data\":[{\"id\":\"ch_9\",\"amount\":5}]},"       \
    "\"client_secret\":null,\"created\":1769860000,\"currency\":\"eur\",\"livemode\":false,"       \
    "\"metadata\":{\"shop\":\"\\u00e4\",\"order_id\":\"" order "\"}}"
#define INTENT(status, more) HEAD("pi_1") "\"status\":\"" status "\"," more TAIL(ORDER)
#define HELD                                                                                       \
    INTENT("requires_capture", "\"amount_capturable\":1999,\"amount_received\":0,"                 \
                               "\"latest_charge\":{\"amount_refunded\":0,"                         \
                               "\"payment_method_details\":{\"card\":{\"brand\":\"visa\","         \
                               "\"capture_before\":1770465600}}},")
#define CAPTURED                                                                                   \
    INTENT("succeeded", "\"amount_capturable\":0,\"amount_received\":1500,"                        \
                        "\"latest_charge\":{\"id\":\"ch_1\",\"amount_refunded\":300},")
#define CANCELLED INTENT("canceled", "")
#define REFUND(status)                                                                             \
    "{\"id\":\"re_1\",\"object\":\"refund\",\"payment_intent\":\"pi_1\",\"status\":\"" status "\"" \
    "}"
#define ERROR(members) "{\"error\":{\"type\":\"t\"," members "\"message\":\"m\"}}"
#define CODE(code)     ERROR("\"code\":\"" code "\",")
#define LIST(has_more, data)                                                                       \
    "{\"object\":\"list\",\"url\":\"/v1\",\"has_more\":" has_more ",\"data\":[" data "]}"

static struct provider_object page[PGL_PROVIDER_PAGE_MAX];

static struct provider_call call_of(enum provider_verb verb)
{
    struct provider_call call = { .verb = verb,
                                  .handle = "pi_1",
                                  .refund_handle = "re_1",
                                  .page = page,
                                  .next_action = "old",
                                  .code = "old",
                                  .page_count = 7 };
    assert_true(pgl_is_ok(pgl_id_parse(PGL_TEXT(ORDER), &call.order_id)));
    return call;
}

/* The body lies in memory of its own size, so that a sanitizer sees who reads behind it. */
static void answer(struct provider_call *call, int status, const char *field, const char *value,
                   const char *body)
{
    struct pgl_http_response_head head = { .status = status, .field_count = field != NULL };
    struct pgl_arena arena;
    size_t size = strlen(body);
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    char *exact = realloc(memcpy(copy, body, size), size > 0 ? size : 1);
    assert_non_null(exact);
    head.fields[0] = (struct pgl_http_field){ pgl_text_of(field), pgl_text_of(value) };
    pgl_arena_init(&arena, 64 << 10, 8 << 20);
    pgl_provider_answer(call, &head, (struct pgl_text){ exact, size }, &arena);
    pgl_arena_free(&arena);
    free(exact);
}

/* clang-format off */
static const struct {
    const char *row;     /* of pgl_provider_rows */
    enum provider_verb verb;
    int status;
    bool is_replayed;
    const char *body;
    enum provider_seen seen;
    const char *code;
} cases[] = {
    { "it is told",                     PROVIDER_AUTHORIZE, 200, false, HELD, PROVIDER_SEEN_OUTCOME, "" },
    { "it is told",                     PROVIDER_AUTHORIZE, 200, true,  HELD, PROVIDER_SEEN_OUTCOME, "" },
    { "it is told",                     PROVIDER_CREATE,    201, false, INTENT("requires_confirmation", ""), PROVIDER_SEEN_OUTCOME, "" },
    { "it is told",                     PROVIDER_CAPTURE,   200, false, CAPTURED, PROVIDER_SEEN_OUTCOME, "" },
    { "it is told",                     PROVIDER_VOID,      200, false, CANCELLED, PROVIDER_SEEN_OUTCOME, "" },
    { "it is told",                     PROVIDER_REFUND,    200, false, REFUND("succeeded"), PROVIDER_SEEN_OUTCOME, "" },
    { "it is told",                     PROVIDER_LIST,      200, false, LIST("false", ""), PROVIDER_SEEN_OUTCOME, "" },
    { "it is told",                     PROVIDER_FIND,      200, false, LIST("false", HELD), PROVIDER_SEEN_OUTCOME, "" },
    { "it is not over",                 PROVIDER_AUTHORIZE, 200, false, INTENT("processing", ""), PROVIDER_SEEN_UNKNOWN, "" },
    { "it is not over",                 PROVIDER_GET,       200, false, INTENT("processing", ""), PROVIDER_SEEN_UNKNOWN, "" },
    { "it is not over",                 PROVIDER_FIND,      200, false, LIST("false", INTENT("processing", "")), PROVIDER_SEEN_UNKNOWN, "" },
    { "there is none",                  PROVIDER_FIND,      200, false, LIST("false", ""), PROVIDER_SEEN_NO_OBJECT, "" },
    { "it cannot be read",              PROVIDER_CAPTURE,   200, false, "<html>", PROVIDER_SEEN_UNKNOWN, "" },
    { "it cannot be read",              PROVIDER_CAPTURE,   204, false, "", PROVIDER_SEEN_UNKNOWN, "" },
    { "its state forbids it",           PROVIDER_CAPTURE,   400, false, CODE("payment_intent_unexpected_state"), PROVIDER_SEEN_REFUSED, "payment_intent_unexpected_state" },
    { "it is captured already",         PROVIDER_CAPTURE,   400, false, CODE("charge_already_captured"), PROVIDER_SEEN_REFUSED, "charge_already_captured" },
    { "it is refunded already",         PROVIDER_REFUND,    400, false, CODE("charge_already_refunded"), PROVIDER_SEEN_REFUSED, "charge_already_refunded" },
    { "its hold has expired",           PROVIDER_CAPTURE,   400, false, CODE("charge_expired_for_capture"), PROVIDER_SEEN_REFUSED, "charge_expired_for_capture" },
    { "they do not understand us",      PROVIDER_CREATE,    400, false, CODE("parameter_unknown"), PROVIDER_SEEN_OUR_BUG, "parameter_unknown" },
    { "they do not understand us",      PROVIDER_CREATE,    400, false, CODE("resource_missing"), PROVIDER_SEEN_OUR_BUG, "resource_missing" },
    { "they do not understand us",      PROVIDER_CREATE,    400, false, "", PROVIDER_SEEN_OUR_BUG, "" },
    { "our key is wrong",               PROVIDER_GET,       401, false, ERROR(""), PROVIDER_SEEN_FORBIDDEN, "" },
    { "the card is refused",            PROVIDER_AUTHORIZE, 402, false, CODE("card_declined"), PROVIDER_SEEN_REFUSED, "card_declined" },
    { "the card is refused",            PROVIDER_AUTHORIZE, 402, true,  ERROR("\"code\":\"card_declined\",\"decline_code\":\"insufficient_funds\","), PROVIDER_SEEN_REFUSED, "insufficient_funds" },
    { "the card is refused",            PROVIDER_AUTHORIZE, 402, false, ERROR("\"code\":\"card_declined\",\"decline_code\":\"stolen_card\","), PROVIDER_SEEN_REFUSED, "generic_decline" },
    { "the card is refused",            PROVIDER_AUTHORIZE, 402, false, "{\"error\":7}", PROVIDER_SEEN_REFUSED, "" },
    { "our key may not",                PROVIDER_GET,       403, false, "no", PROVIDER_SEEN_FORBIDDEN, "" },
    { "they do not know the object",    PROVIDER_GET,       404, false, CODE("resource_missing"), PROVIDER_SEEN_NO_OBJECT, "resource_missing" },
    { "they do not know the account",   PROVIDER_GET,       404, false, CODE("account_invalid"), PROVIDER_SEEN_FORBIDDEN, "account_invalid" },
    { "they do not know the account",   PROVIDER_GET,       404, false, "Not Found", PROVIDER_SEEN_FORBIDDEN, "" },
    { "the first one still runs",       PROVIDER_CAPTURE,   409, false, CODE("idempotency_key_in_use"), PROVIDER_SEEN_KEY_BUSY, "idempotency_key_in_use" },
    { "we are too fast",                PROVIDER_CAPTURE,   429, false, CODE("rate_limit"), PROVIDER_SEEN_NOT_SENT, "rate_limit" },
    { "they failed before, and say so", PROVIDER_CAPTURE,   500, true,  ERROR(""), PROVIDER_SEEN_BURNT, "" },
    { "they failed before, and say so", PROVIDER_CAPTURE,   503, true,  "", PROVIDER_SEEN_BURNT, "" },
    { "they fail",                      PROVIDER_CAPTURE,   500, false, ERROR(""), PROVIDER_SEEN_UNKNOWN, "" },
    { "they fail",                      PROVIDER_CAPTURE,   504, false, "<html>", PROVIDER_SEEN_UNKNOWN, "" },
    { "whatever that is",               PROVIDER_CAPTURE,   302, false, "", PROVIDER_SEEN_UNKNOWN, "" }, /* not followed */
    { "whatever that is",               PROVIDER_CAPTURE,   418, false, "", PROVIDER_SEEN_UNKNOWN, "" },
    { "whatever that is",               PROVIDER_CAPTURE,   600, false, "", PROVIDER_SEEN_UNKNOWN, "" },
};
/* clang-format on */

static void each_row_is_reached(void **unused)
{
    (void)unused;
    for (size_t r = 0; r < PGL_PROVIDER_ROW_COUNT; r++) {
        const struct provider_row *row = &pgl_provider_rows[r];
        int case_count = row->status_max == 0; /* without an answer: below */
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            if (strcmp(cases[i].row, row->name) != 0)
                continue;
            struct provider_call call = call_of(cases[i].verb);
            answer(&call, cases[i].status, cases[i].is_replayed ? "idempotent-replayed" : NULL,
                   "true", cases[i].body);
            assert_int_equal(call.seen, cases[i].seen);
            assert_int_equal(call.seen, row->seen);
            assert_string_equal(call.code, cases[i].code);
            assert_int_equal(call.http_status, cases[i].status);
            case_count++;
        }
        assert_true(case_count > 0);
    }
}

static void silence_says_whether_it_was_asked(void **unused)
{
    struct provider_call call = call_of(PROVIDER_CAPTURE);
    (void)unused;
    pgl_provider_no_answer(&call, false);
    assert_int_equal(call.seen, PROVIDER_SEEN_NOT_SENT);
    assert_int_equal(call.http_status, 0);
    assert_string_equal(call.code, "");
    assert_string_equal(call.next_action, "");
    assert_int_equal(call.page_count, 0);
    pgl_provider_no_answer(&call, true);
    assert_int_equal(call.seen, PROVIDER_SEEN_UNKNOWN);
    pgl_provider_not_askable(&call);
    assert_int_equal(call.seen, PROVIDER_SEEN_OUR_BUG);
}

static void an_object_is_told_as_it_is(void **unused)
{
    static const struct {
        const char *body;
        enum provider_status status;
        int64_t capturable_minor, captured_minor, refunded_minor, hold_expires_at_s;
        const char *next_action;
    } rows[] = {
        { INTENT("requires_payment_method", ""), PROVIDER_UNCONFIRMED, 0, 0, 0, 0, "" },
        { INTENT("requires_payment_method", "\"last_payment_error\":null,"), PROVIDER_UNCONFIRMED,
          0, 0, 0, 0, "" },
        { INTENT("requires_payment_method", "\"last_payment_error\":{\"code\":\"x\"},"),
          PROVIDER_DECLINED, 0, 0, 0, 0, "" },
        { INTENT("requires_confirmation", ""), PROVIDER_UNCONFIRMED, 0, 0, 0, 0, "" },
        { INTENT("requires_action", "\"next_action\":{\"type\":\"redirect_to_url\","
                                    "\"redirect_to_url\":{\"url\":\"https://3ds.example/a?b\","
                                    "\"return_url\":null}},"),
          PROVIDER_ACTION_REQUIRED, 0, 0, 0, 0, "https://3ds.example/a?b" },
        { INTENT("requires_action", "\"next_action\":{\"type\":\"use_stripe_sdk\","
                                    "\"use_stripe_sdk\":{\"x\":[1,{}]}},"),
          PROVIDER_ACTION_REQUIRED, 0, 0, 0, 0, "use_stripe_sdk" },
        { HELD, PROVIDER_HELD, 1999, 0, 0, 1770465600, "" },
        { CAPTURED, PROVIDER_CAPTURED, 0, 1500, 300, 0, "" },
        /* What was given back is the charge's, which may be no more than named. */
        { INTENT("succeeded", "\"amount_received\":5,"), PROVIDER_CAPTURED, 0, 5, PROVIDER_UNTOLD,
          0, "" },
        { INTENT("succeeded", "\"amount_received\":5,\"latest_charge\":\"ch_1\","),
          PROVIDER_CAPTURED, 0, 5, PROVIDER_UNTOLD, 0, "" },
        { CANCELLED, PROVIDER_CANCELLED, 0, 0, 0, 0, "" },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct provider_call call = call_of(PROVIDER_GET);
        answer(&call, 200, NULL, "", rows[i].body);
        assert_int_equal(call.seen, PROVIDER_SEEN_OUTCOME);
        assert_string_equal(call.object.handle, "pi_1");
        assert_true(pgl_id_equal(call.object.order_id, call.order_id));
        assert_int_equal(call.object.status, rows[i].status);
        assert_string_equal(call.object.currency, "EUR");
        assert_int_equal(call.object.amount_minor, 1999);
        assert_int_equal(call.object.capturable_minor, rows[i].capturable_minor);
        assert_int_equal(call.object.captured_minor, rows[i].captured_minor);
        assert_int_equal(call.object.refunded_minor, rows[i].refunded_minor);
        assert_int_equal(call.object.created_s, 1769860000);
        assert_int_equal(call.object.hold_expires_at_ns, PGL_SECONDS(rows[i].hold_expires_at_s));
        assert_string_equal(call.next_action, rows[i].next_action);
    }
}

static void what_cannot_be_read_concludes_nothing(void **unused)
{
    static const struct {
        enum provider_verb verb;
        const char *body;
    } rows[] = {
        { PROVIDER_GET, "" },
        { PROVIDER_GET, "[]" },
        { PROVIDER_GET, "{}" },
        { PROVIDER_GET, HELD "x" },
        { PROVIDER_GET, "{\"id\":\"pi_1\"" },
        { PROVIDER_GET, HEAD("pi_2") "\"status\":\"canceled\"," TAIL(ORDER) }, /* another one */
        { PROVIDER_CREATE, HEAD("pi_1") "\"status\":\"canceled\"," TAIL(OTHER_ORDER) },
        { PROVIDER_GET, INTENT("requires_prayer", "") },
        { PROVIDER_GET, INTENT("canceled", "\"amount\":5,") }, /* twice */
        { PROVIDER_GET, INTENT("canceled", "\"amount_received\":\"5\",") },
        { PROVIDER_GET, INTENT("canceled", "\"amount_received\":-5,") },
        { PROVIDER_GET, INTENT("canceled", "\"amount_received\":5.0,") },
        { PROVIDER_GET, INTENT("canceled", "\"amount_received\":9223372036854775808,") },
        { PROVIDER_GET,
          INTENT("canceled", "\"latest_charge\":{\"payment_method_details\":{\"card\":"
                             "{\"capture_before\":9223372036854775807}}},") },
        { PROVIDER_GET, INTENT("requires_capture", "") }, /* how much? */
        { PROVIDER_CAPTURE, INTENT("succeeded", "") },    /* how much? */
        { PROVIDER_GET, REFUND("succeeded") },
        { PROVIDER_REFUND, HELD },
        { PROVIDER_REFUND, REFUND("maybe") },
        { PROVIDER_REFUND, "{\"id\":\"re_1\",\"object\":\"refund\",\"status\":\"failed\"}" },
        { PROVIDER_REFUND, "{\"id\":\"re_1\",\"object\":\"refund\",\"status\":\"failed\","
                           "\"payment_intent\":{\"id\":\"pi_2\"}}" },
        { PROVIDER_GET_REFUND, "{\"id\":\"re_2\",\"object\":\"refund\",\"status\":\"failed\","
                               "\"payment_intent\":\"pi_1\"}" },
        { PROVIDER_FIND, HELD },
        { PROVIDER_FIND, LIST("false", HELD ",{}") },
        { PROVIDER_LIST, "{\"object\":\"list\",\"has_more\":false}" },
        { PROVIDER_LIST, LIST("true", "") }, /* it would never end */
        { PROVIDER_LIST, LIST("1", HELD) },
        { PROVIDER_LIST, LIST("false", HELD ",7") },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct provider_call call = call_of(rows[i].verb);
        answer(&call, 200, NULL, "", rows[i].body);
        assert_int_equal(call.seen, PROVIDER_SEEN_UNKNOWN);
        assert_string_equal(call.object.handle, "");
        assert_string_equal(call.refund_handle_out, "");
        assert_int_equal(call.page_count, 0);
    }
}

static void refunds_are_done_or_failed_or_neither(void **unused)
{
    static const struct {
        const char *body;
        bool is_done, has_failed;
    } rows[] = {
        { REFUND("pending"), false, false },  { REFUND("requires_action"), false, false },
        { REFUND("succeeded"), true, false }, { REFUND("failed"), false, true },
        { REFUND("canceled"), false, true },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct provider_call call = call_of(i % 2 == 0 ? PROVIDER_REFUND : PROVIDER_GET_REFUND);
        call.handle = i == 3 ? "" : call.handle; /* its own name is enough */
        answer(&call, 200, NULL, "", rows[i].body);
        assert_int_equal(call.seen, PROVIDER_SEEN_OUTCOME);
        assert_string_equal(call.refund_handle_out, "re_1");
        assert_int_equal(call.refund_is_done, rows[i].is_done);
        assert_int_equal(call.refund_has_failed, rows[i].has_failed);
    }
}

static void the_one_that_matters_is_found(void **unused)
{
#define OTHER(id, status, order)                                                                   \
    HEAD(id) "\"status\":\"" status "\",\"amount_capturable\":5," TAIL(order)
    struct provider_call call = call_of(PROVIDER_FIND);
    (void)unused;
    answer(&call, 200, NULL, "",
           LIST("false",
                OTHER("pi_2", "canceled", ORDER) "," OTHER(
                    "pi_3", "requires_capture",
                    ORDER) "," OTHER("pi_4", "requires_confirmation",
                                     ORDER) "," OTHER("pi_5", "requires_capture", OTHER_ORDER)));
    assert_int_equal(call.seen, PROVIDER_SEEN_OUTCOME);
    assert_string_equal(call.object.handle, "pi_3");
    answer(&call, 200, NULL, "", LIST("false", OTHER("pi_5", "requires_capture", OTHER_ORDER)));
    assert_int_equal(call.seen, PROVIDER_SEEN_NO_OBJECT);
    assert_string_equal(call.object.handle, "");
#undef OTHER
}

static void a_refund_is_found_by_our_number(void **unused)
{
#define MADE(id, status, order, number)                                                            \
    "{\"id\":\"" id                                                                                \
    "\",\"object\":\"refund\",\"payment_intent\":\"pi_1\",\"amount\":7,\"status\":\"" status       \
    "\",\"metadata\":{\"order_id\":\"" order "\",\"refund_no\":\"" number "\"}}"
#define STRANGE                                                                                    \
    "{\"id\":\"re_9\",\"object\":\"refund\",\"payment_intent\":\"pi_1\",\"amount\":7,"             \
    "\"status\":\"succeeded\",\"metadata\":{}}"
    static const struct {
        const char *body, *handle;
        enum provider_seen seen;
        bool is_done, has_failed;
    } rows[] = {
        { LIST("false", STRANGE
               "," MADE("re_1", "succeeded", ORDER, "1") "," MADE("re_2", "succeeded", ORDER, "2")),
          "re_2", PROVIDER_SEEN_OUTCOME, true, false },
        { LIST("true", MADE("re_2", "pending", ORDER, "2")), "re_2", PROVIDER_SEEN_OUTCOME, false,
          false },
        /* made by two keys: the one that counts */
        { LIST("false",
               MADE("re_4", "failed", ORDER, "2") "," MADE("re_3", "succeeded", ORDER, "2")),
          "re_3", PROVIDER_SEEN_OUTCOME, true, false },
        { LIST("false",
               MADE("re_4", "succeeded", ORDER, "2") "," MADE("re_3", "failed", ORDER, "2")),
          "re_4", PROVIDER_SEEN_OUTCOME, true, false },
        { LIST("false", MADE("re_4", "failed", ORDER, "2")), "re_4", PROVIDER_SEEN_OUTCOME, false,
          true },
        { LIST("false", MADE("re_1", "succeeded", ORDER, "1") "," MADE(
                            "re_2", "succeeded", OTHER_ORDER, "2") "," STRANGE),
          "", PROVIDER_SEEN_NO_OBJECT, false, false },
        { LIST("false", ""), "", PROVIDER_SEEN_NO_OBJECT, false, false },
        { LIST("true", STRANGE), "", PROVIDER_SEEN_UNKNOWN, false,
          false }, /* it may be further on */
        { LIST("false", MADE("re_2", "maybe", ORDER, "2")), "", PROVIDER_SEEN_UNKNOWN, false,
          false },
        { LIST("false", HELD), "", PROVIDER_SEEN_UNKNOWN, false, false },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct provider_call call = call_of(PROVIDER_FIND_REFUND);
        call.refund_no = 2;
        answer(&call, 200, NULL, "", rows[i].body);
        assert_int_equal(call.seen, rows[i].seen);
        assert_string_equal(call.refund_handle_out, rows[i].handle);
        assert_int_equal(call.refund_is_done, rows[i].is_done);
        assert_int_equal(call.refund_has_failed, rows[i].has_failed);
        if (rows[i].seen == PROVIDER_SEEN_OUTCOME)
            assert_int_equal(call.refund_found_minor, 7);
    }
#undef MADE
#undef STRANGE
}

static void a_page_is_read_to_its_end(void **unused)
{
    enum { OBJECT_BYTES = 1024 };
    static char body[PGL_PROVIDER_PAGE_MAX * OBJECT_BYTES + 2 * OBJECT_BYTES];
    (void)unused;
    for (int count = PGL_PROVIDER_PAGE_MAX; count <= PGL_PROVIDER_PAGE_MAX + 1; count++) {
        struct provider_call call = call_of(PROVIDER_LIST);
        size_t at = (size_t)snprintf(body, sizeof body, "{\"has_more\":true,\"data\":[");
        for (int i = 0; i < count; i++)
            at += (size_t)snprintf(body + at, sizeof body - at, "%s%s%d\",%s", i > 0 ? "," : "",
                                   "{\"id\":\"pi_", i,
                                   "\"object\":\"payment_intent\",\"amount\":1,"
                                   "\"status\":\"canceled\"," TAIL("none of ours"));
        snprintf(body + at, sizeof body - at, "]}");
        answer(&call, 200, NULL, "", body);
        if (count > PGL_PROVIDER_PAGE_MAX) { /* more than were asked for */
            assert_int_equal(call.seen, PROVIDER_SEEN_UNKNOWN);
            continue;
        }
        assert_int_equal(call.seen, PROVIDER_SEEN_OUTCOME);
        assert_int_equal(call.page_count, count);
        assert_true(call.has_more);
        assert_string_equal(page[99].handle, "pi_99");
        assert_true(pgl_id_is_zero(page[99].order_id));
    }
}

static void a_refusal_brings_its_object(void **unused)
{
    struct provider_call call = call_of(PROVIDER_CAPTURE);
    (void)unused;
    answer(&call, 400, NULL, "",
           ERROR("\"code\":\"payment_intent_unexpected_state\",\"payment_intent\":" CANCELLED ","));
    assert_int_equal(call.seen, PROVIDER_SEEN_REFUSED);
    assert_int_equal(call.object.status, PROVIDER_CANCELLED);
    assert_string_equal(call.object.handle, "pi_1");
    call.handle = "pi_2"; /* not the one that we asked about */
    answer(&call, 402, NULL, "",
           ERROR("\"code\":\"card_declined\",\"payment_intent\":" CANCELLED ","));
    assert_int_equal(call.seen, PROVIDER_SEEN_REFUSED);
    assert_string_equal(call.object.handle, "");
    answer(&call, 402, NULL, "", ERROR("\"code\":\"a b\","));
    assert_string_equal(call.code, "");
}

static void patience_is_asked_for_in_seconds(void **unused)
{
    static const struct {
        const char *value;
        int64_t ns;
    } rows[] = {
        { "3", PGL_SECONDS(3) },
        { "0", 0 },
        { "-3", 0 },
        { "soon", 0 },
        { "1.5", 0 },
        { "Sat, 31 Jan 2026 12:00:00 GMT", 0 },
        { "7200", PGL_HOURS(1) },
        { "9223372036854775807", PGL_HOURS(1) },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct provider_call call = call_of(PROVIDER_CAPTURE);
        answer(&call, 429, "Retry-After", rows[i].value, "");
        assert_int_equal(call.retry_after_ns, rows[i].ns);
    }
    struct provider_call call = call_of(PROVIDER_CAPTURE);
    answer(&call, 500, "Idempotent-Replayed", "false", "");
    assert_int_equal(call.seen, PROVIDER_SEEN_UNKNOWN);
    assert_int_equal(call.retry_after_ns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_reached),
        cmocka_unit_test(silence_says_whether_it_was_asked),
        cmocka_unit_test(an_object_is_told_as_it_is),
        cmocka_unit_test(what_cannot_be_read_concludes_nothing),
        cmocka_unit_test(refunds_are_done_or_failed_or_neither),
        cmocka_unit_test(the_one_that_matters_is_found),
        cmocka_unit_test(a_refund_is_found_by_our_number),
        cmocka_unit_test(a_page_is_read_to_its_end),
        cmocka_unit_test(a_refusal_brings_its_object),
        cmocka_unit_test(patience_is_asked_for_in_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
