/*
 * card_rules_test.c - the table of docs/saga.md, 7.3, in words: for each operation, sent or asked
 * about, what is concluded from everything that can be seen.
 * Method: all of it is written out as one text; whoever adds a way to see something, or changes
 *         what it means, changes the text. Then what depends on time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buffer.h"
#include "services/payments/card_rules.h"

static const struct pgl_card_options options = PGL_CARD_OPTIONS_DEFAULT;

static const char *const waits[] = { "", "/backoff", "/settle", "/action" };

/* In the order of enum provider_seen: outcome unknown refused busy not-sent forbidden bug burnt
 * no-object. P: for a person. */
static const struct {
    int op;
    bool is_asked;
    const char *verdicts;
} rows[] = {
    /* clang-format off */
    { PAYMENT_OP_CREATE,    false, "created unknown/backoff declined unknown/backoff again/backoff again/backoff P again/settle! declined" },
    { PAYMENT_OP_AUTHORIZE, false, "authorized unknown/backoff unknown unknown/backoff again/backoff again/backoff P unknown P" },
    { PAYMENT_OP_AUTHORIZE, true,  "authorized unknown/backoff unknown/backoff unknown/backoff unknown/backoff unknown/backoff P unknown/backoff P" },
    { PAYMENT_OP_CAPTURE,   false, "again/backoff unknown/backoff unknown unknown/backoff again/backoff again/backoff P unknown P" },
    { PAYMENT_OP_CAPTURE,   true,  "again/backoff unknown/backoff unknown/backoff unknown/backoff unknown/backoff unknown/backoff P unknown/backoff P" },
    { PAYMENT_OP_VOID,      false, "again/backoff unknown/backoff unknown unknown/backoff again/backoff again/backoff P unknown cancelled" },
    { PAYMENT_OP_VOID,      true,  "again/backoff unknown/backoff unknown/backoff unknown/backoff unknown/backoff unknown/backoff P unknown/backoff cancelled" },
    { PAYMENT_OP_FIND,      true,  "created unknown/backoff unknown/backoff unknown/backoff unknown/backoff unknown/backoff P unknown/backoff cancelled" },
    { INTENT_OP_REFUND,     false, "unknown/action unknown/backoff unknown unknown/backoff again/backoff again/backoff P unknown P" },
    { INTENT_OP_REFUND,     true,  "unknown/action unknown/backoff unknown/backoff unknown/backoff unknown/backoff unknown/backoff P unknown/backoff again/backoff" },
    /* clang-format on */
};

static const char *word_of(enum payment_input outcome)
{
    switch (outcome) {
    case OUTCOME_CREATED:
        return "created";
    case OUTCOME_AUTHORIZED:
        return "authorized";
    case OUTCOME_DECLINED:
        return "declined";
    case OUTCOME_CANCELLED:
        return "cancelled";
    case OUTCOME_UNKNOWN:
        return "unknown";
    case OUTCOME_AGAIN:
        return "again";
    default:
        return "something else";
    }
}

static struct intent_row intent_of(int op, bool is_asked)
{
    return (struct intent_row){ .op = op,
                                .op_state = is_asked ? OP_UNKNOWN : OP_PLANNED,
                                .attempt = 1,
                                .tries = 1,
                                .first_sent_at_ns = 1,
                                .sent_at_ns = 1,
                                .sent_seen = INTENT_SEEN_NONE,
                                .amount_minor = 5,
                                .refund_handle = "",
                                .code = "" };
}

static void everything_seen_has_its_meaning(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pgl_buffer words;
        struct intent_row intent = intent_of(rows[i].op, rows[i].is_asked);
        pgl_buffer_init(&words, 4096);
        for (int seen = 0; seen < PROVIDER_SEEN_COUNT; seen++) {
            struct provider_call call = { .verb = pgl_card_verb(&intent, 2, &options),
                                          .seen = (enum provider_seen)seen,
                                          .refund_found_minor = 5,
                                          .object.status = PROVIDER_HELD };
            struct card_verdict verdict = pgl_card_judge(&intent, &call, 2, &options);
            pgl_buffer_printf(&words, "%s%s%s%s", seen > 0 ? " " : "",
                              verdict.parked_because != NULL ? "P" : word_of(verdict.outcome),
                              waits[verdict.wait], verdict.takes_new_key ? "!" : "");
        }
        pgl_buffer_add_char(&words, '\0');
        assert_string_equal(words.data, rows[i].verdicts);
        pgl_buffer_free(&words);
    }
}

static struct card_verdict found(struct intent_row *intent, enum provider_status status,
                                 int64_t now_ns)
{
    struct provider_call call = { .verb = PROVIDER_GET,
                                  .seen = PROVIDER_SEEN_OUTCOME,
                                  .object.status = status };
    return pgl_card_judge(intent, &call, now_ns, &options);
}

static void a_refusal_is_believed_when_the_object_says_so_too(void **unused)
{
    (void)unused;
    struct intent_row authorize = intent_of(PAYMENT_OP_AUTHORIZE, true);
    struct intent_row capture = intent_of(PAYMENT_OP_CAPTURE, true);
    authorize.sent_seen = capture.sent_seen = PROVIDER_SEEN_REFUSED;
    assert_int_equal(found(&authorize, PROVIDER_UNCONFIRMED, 2).outcome, OUTCOME_DECLINED);
    assert_int_equal(found(&authorize, PROVIDER_HELD, 2).outcome, OUTCOME_AUTHORIZED);
    assert_int_equal(found(&capture, PROVIDER_HELD, 2).outcome, OUTCOME_CAPTURE_REFUSED);
    assert_int_equal(found(&capture, PROVIDER_CAPTURED, 2).outcome, OUTCOME_CAPTURED);
    assert_int_equal(found(&capture, PROVIDER_CANCELLED, 2).outcome, OUTCOME_CANCELLED);
}

static void a_burnt_key_is_replaced_when_it_has_settled(void **unused)
{
    (void)unused;
    struct intent_row capture = intent_of(PAYMENT_OP_CAPTURE, true);
    capture.sent_seen = PROVIDER_SEEN_BURNT;
    struct card_verdict early = found(&capture, PROVIDER_HELD, options.settle_ns);
    assert_int_equal(early.outcome, OUTCOME_UNKNOWN);
    assert_int_equal(early.wait, CARD_WAIT_SETTLE);
    assert_false(early.takes_new_key);
    struct card_verdict settled = found(&capture, PROVIDER_HELD, options.settle_ns + 1);
    assert_int_equal(settled.outcome, OUTCOME_AGAIN);
    assert_true(settled.takes_new_key);
}

static void an_old_key_is_only_asked_about(void **unused)
{
    (void)unused;
    struct intent_row capture = intent_of(PAYMENT_OP_CAPTURE, true);
    struct intent_row create = intent_of(PAYMENT_OP_CREATE, true);
    int64_t old_ns = 1 + options.forget_ns;
    assert_int_equal(found(&capture, PROVIDER_HELD, old_ns - 1).outcome, OUTCOME_AGAIN);
    assert_int_equal(found(&capture, PROVIDER_HELD, old_ns).outcome, OUTCOME_UNKNOWN);
    assert_int_equal(pgl_card_verb(&create, old_ns - 1, &options), PROVIDER_CREATE);
    assert_int_equal(pgl_card_verb(&create, old_ns, &options), PROVIDER_FIND);
}

static void a_refund_is_found_by_its_number(void **unused)
{
    (void)unused;
    struct intent_row refund = intent_of(INTENT_OP_REFUND, true);
    const struct {
        struct provider_call call;
        int sent_seen;
        enum refund_state state;
        enum payment_input outcome;
        bool is_parked, takes_new_key;
    } finds[] = {
#define FOUND .seen = PROVIDER_SEEN_OUTCOME, .http_status = 200, .refund_found_minor
#define NONE  .seen = PROVIDER_SEEN_NO_OBJECT, .http_status
        { { FOUND = 5, .refund_is_done = true },
          PROVIDER_SEEN_BURNT,
          REFUND_DONE,
          OUTCOME_UNKNOWN,
          false,
          false },
        { { FOUND = 5 }, PROVIDER_SEEN_BURNT, REFUND_PENDING, OUTCOME_UNKNOWN, false, false },
        { { FOUND = 5, .refund_has_failed = true },
          PROVIDER_SEEN_UNKNOWN,
          REFUND_FAILED,
          OUTCOME_UNKNOWN,
          false,
          false },
        { { FOUND = 6, .refund_is_done = true },
          PROVIDER_SEEN_UNKNOWN,
          REFUND_PENDING,
          OUTCOME_UNKNOWN,
          true,
          false },
        { { NONE = 200 }, PROVIDER_SEEN_UNKNOWN, REFUND_PENDING, OUTCOME_AGAIN, false, false },
        { { NONE = 200 }, PROVIDER_SEEN_BURNT, REFUND_PENDING, OUTCOME_AGAIN, false, true },
        { { NONE = 200 }, PROVIDER_SEEN_REFUSED, REFUND_FAILED, OUTCOME_UNKNOWN, false, false },
        { { NONE = 404 }, PROVIDER_SEEN_REFUSED, REFUND_PENDING, OUTCOME_UNKNOWN, true, false },
#undef FOUND
#undef NONE
    };
    for (size_t i = 0; i < sizeof finds / sizeof finds[0]; i++) {
        struct provider_call call = finds[i].call;
        call.verb = pgl_card_verb(&refund, 2, &options);
        assert_int_equal(call.verb, PROVIDER_FIND_REFUND);
        refund.sent_seen = finds[i].sent_seen;
        struct card_verdict verdict =
            pgl_card_judge(&refund, &call, 1 + options.settle_ns, &options);
        assert_int_equal(verdict.refund, finds[i].state);
        assert_int_equal(verdict.parked_because != NULL, finds[i].is_parked);
        if (!finds[i].is_parked)
            assert_int_equal(verdict.outcome, finds[i].outcome);
        assert_int_equal(verdict.takes_new_key, finds[i].takes_new_key);
    }
    refund.refund_handle = "re_1";
    assert_int_equal(pgl_card_verb(&refund, 2, &options), PROVIDER_GET_REFUND);
}

static void keys_tell_what_they_are_for(void **unused)
{
    (void)unused;
    char key[PGL_PROVIDER_KEY_BYTES];
    struct intent_row intent = intent_of(PAYMENT_OP_AUTHORIZE, false);
    pgl_card_key(&intent, key);
    assert_string_equal(key, "pgl-00000000-0000-0000-0000-000000000000-authorize-1");
    intent.refund_no = 3;
    intent.attempt = 2;
    pgl_card_key(&intent, key);
    assert_string_equal(key, "pgl-00000000-0000-0000-0000-000000000000-refund3-2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_seen_has_its_meaning),
        cmocka_unit_test(a_refusal_is_believed_when_the_object_says_so_too),
        cmocka_unit_test(a_burnt_key_is_replaced_when_it_has_settled),
        cmocka_unit_test(an_old_key_is_only_asked_about),
        cmocka_unit_test(a_refund_is_found_by_its_number),
        cmocka_unit_test(keys_tell_what_they_are_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
