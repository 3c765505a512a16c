/*
 * payment_machine_test.c - the payment's tables against those of the specification.
 * Method: every state with every input, with each operation that can be open there. What the step
 *         does is written in words and compared with the words expected; a state or an input added
 *         later has none, and fails. Then the rules that go across cells, and an `account` payment
 *         from end to end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/payments/payment_machine.h"

static void add(struct pgl_buffer *words, const char *word, const char *more)
{
    pgl_buffer_printf(words, "%s%s%s", words->size > 0 ? "; " : "", word, more);
}

static void add_event(struct pgl_buffer *words, const struct payment_step *step)
{
    static const char *const hold_names[] = { "", " NONE", " RELEASING", " RELEASED", " EXPIRED" };
    switch (step->says) {
    case EVENT_TYPE_PAYMENT_ACTION_REQUIRED:
        add(words, "PaymentActionRequired", hold_names[step->hold]);
        break;
    case EVENT_TYPE_PAYMENT_AUTHORIZED:
        add(words, "PaymentAuthorized", hold_names[step->hold]);
        break;
    case EVENT_TYPE_PAYMENT_DECLINED:
        add(words, "PaymentDeclined", hold_names[step->hold]);
        break;
    case EVENT_TYPE_PAYMENT_VOIDED:
        add(words, "PaymentVoided", hold_names[step->hold]);
        break;
    case EVENT_TYPE_PAYMENT_CAPTURE_FAILED:
        add(words, "PaymentCaptureFailed", hold_names[step->hold]);
        break;
    case EVENT_TYPE_PAYMENT_CAPTURED:
        add(words, "PaymentCaptured", hold_names[step->hold]);
        break;
    case EVENT_TYPE_PAYMENT_HOLD_RELEASED:
        add(words, "PaymentHoldReleased", hold_names[step->hold]);
        break;
    default:
        add(words, "something else", "");
    }
}

static const char *in_words(struct payment_facts before, enum payment_input input,
                            struct pgl_buffer *words)
{
    static const char *const op_names[] = {
        "NONE", "CREATE", "AUTHORIZE", "CAPTURE", "VOID", "FIND"
    };
    static const char *const op_state_names[] = { "idle", "planned", "in flight", "unknown" };
    static const char *const decision_names[] = { "OPEN", "CAPTURE", "VOID" };
    struct payment_step step = pgl_payment_step(
        before, input, input == PAYMENT_ON_CANCEL ? CAUSE_CLIENT : CAUSE_UNSPECIFIED);

    pgl_buffer_clear(words);
    if (step.is_impossible)
        add(words, "X", "");
    if (step.after.state != before.state)
        add(words, pgl_payment_machine.state_names[step.after.state], "");
    if (step.after.decision != before.decision)
        add(words, "decision ", decision_names[step.after.decision]);
    if (step.says != EVENT_TYPE_UNSPECIFIED)
        add_event(words, &step);
    if (step.is_orphan)
        add(words, "orphan", "");
    if (step.is_planned) {
        assert_int_equal(step.after.op_state, OP_PLANNED);
        add(words, "plan ", op_names[step.after.op]);
    } else if (step.after.op != before.op || step.after.op_state != before.op_state) {
        add(words, op_state_names[step.after.op_state], "");
    }
    if (words->size == 0)
        add(words, "-", "");
    pgl_buffer_add_char(words, '\0');
    return words->data;
}

/* Each state with what can be open in it. All but the first two have a handle. */
static const struct situation {
    struct payment_facts facts;
    const char *does[PAYMENT_INPUT_COUNT];
} situations[] = {
    /* clang-format off */
    { { PAYMENT_NONE, DECISION_OPEN, PAYMENT_OP_NONE, OP_IDLE, CAUSE_UNSPECIFIED, false }, {
        [PAYMENT_ON_NEW_ORDER]    = "AUTHORIZING; plan CREATE",
        [PAYMENT_ON_CANCEL]       = "VOIDED; decision VOID; PaymentVoided NONE",
        [PAYMENT_ON_RESERVED]     = "orphan; plan FIND",
        [PAYMENT_ON_OUT_OF_STOCK] = "orphan; plan FIND",
        [PAYMENT_ON_SENT]         = "-", [OUTCOME_CREATED]  = "-", [OUTCOME_ACTION_REQUIRED] = "-",
        [OUTCOME_AUTHORIZED]      = "-", [OUTCOME_DECLINED] = "-", [OUTCOME_CAPTURED]        = "-",
        [OUTCOME_CAPTURE_REFUSED] = "-", [OUTCOME_CANCELLED] = "-", [OUTCOME_VOIDED]         = "-",
        [OUTCOME_UNKNOWN]         = "-", [OUTCOME_AGAIN]    = "-",
    } },
    /* An orphan: nothing from the bus is believed until the provider has been asked. */
    { { PAYMENT_NONE, DECISION_OPEN, PAYMENT_OP_FIND, OP_IN_FLIGHT, CAUSE_UNSPECIFIED, false }, {
        [PAYMENT_ON_NEW_ORDER]    = "X",
        [PAYMENT_ON_CANCEL]       = "X",
        [PAYMENT_ON_RESERVED]     = "X",
        [PAYMENT_ON_OUT_OF_STOCK] = "X",
        [PAYMENT_ON_SENT]         = "-", /* is in flight */
        [OUTCOME_CREATED]         = "VOIDED; decision VOID; PaymentVoided RELEASING; plan VOID",
        [OUTCOME_ACTION_REQUIRED] = "-",
        [OUTCOME_AUTHORIZED]      = "-",
        [OUTCOME_DECLINED]        = "-",
        [OUTCOME_CAPTURED]        = "CAPTURED; decision CAPTURE; PaymentCaptured; idle",
        [OUTCOME_CAPTURE_REFUSED] = "-",
        [OUTCOME_CANCELLED]       = "VOIDED; decision VOID; PaymentVoided NONE; idle",
        [OUTCOME_VOIDED]          = "-",
        [OUTCOME_UNKNOWN]         = "unknown",
        [OUTCOME_AGAIN]           = "plan FIND",
    } },
    { { PAYMENT_AUTHORIZING, DECISION_OPEN, PAYMENT_OP_AUTHORIZE, OP_IN_FLIGHT, 0, true }, {
        [PAYMENT_ON_NEW_ORDER]    = "-",
        [PAYMENT_ON_CANCEL]       = "VOIDED; decision VOID; PaymentVoided RELEASING",
        [PAYMENT_ON_RESERVED]     = "X",
        [PAYMENT_ON_OUT_OF_STOCK] = "X",
        [PAYMENT_ON_SENT]         = "-",
        [OUTCOME_CREATED]         = "-",
        [OUTCOME_ACTION_REQUIRED] = "ACTION_REQUIRED; PaymentActionRequired; unknown",
        [OUTCOME_AUTHORIZED]      = "AUTHORIZED; PaymentAuthorized; idle",
        [OUTCOME_DECLINED]        = "DECLINED; PaymentDeclined; plan VOID",
        [OUTCOME_CAPTURED]        = "X",
        [OUTCOME_CAPTURE_REFUSED] = "-",
        [OUTCOME_CANCELLED]       = "-",
        [OUTCOME_VOIDED]          = "-",
        [OUTCOME_UNKNOWN]         = "unknown",
        [OUTCOME_AGAIN]           = "plan AUTHORIZE",
    } },
    { { PAYMENT_ACTION_REQUIRED, DECISION_OPEN, PAYMENT_OP_AUTHORIZE, OP_UNKNOWN, 0, true }, {
        [PAYMENT_ON_NEW_ORDER]    = "-",
        [PAYMENT_ON_CANCEL]       = "VOIDED; decision VOID; PaymentVoided RELEASING",
        [PAYMENT_ON_RESERVED]     = "X",
        [PAYMENT_ON_OUT_OF_STOCK] = "X",
        [PAYMENT_ON_SENT]         = "in flight",
        [OUTCOME_CREATED]         = "-",
        [OUTCOME_ACTION_REQUIRED] = "-", /* said once */
        [OUTCOME_AUTHORIZED]      = "AUTHORIZED; PaymentAuthorized; idle",
        [OUTCOME_DECLINED]        = "DECLINED; PaymentDeclined; plan VOID",
        [OUTCOME_CAPTURED]        = "X",
        [OUTCOME_CAPTURE_REFUSED] = "-",
        [OUTCOME_CANCELLED]       = "-",
        [OUTCOME_VOIDED]          = "-",
        [OUTCOME_UNKNOWN]         = "-",
        [OUTCOME_AGAIN]           = "plan AUTHORIZE",
    } },
    { { PAYMENT_AUTHORIZED, DECISION_OPEN, PAYMENT_OP_NONE, OP_IDLE, 0, true }, {
        [PAYMENT_ON_NEW_ORDER]    = "-",
        [PAYMENT_ON_CANCEL]       = "VOIDED; decision VOID; PaymentVoided RELEASING; plan VOID",
        [PAYMENT_ON_RESERVED]     = "CAPTURING; decision CAPTURE; plan CAPTURE",
        [PAYMENT_ON_OUT_OF_STOCK] = "VOIDED; decision VOID; PaymentVoided RELEASING; plan VOID",
        [PAYMENT_ON_SENT]         = "-", [OUTCOME_CREATED]  = "-", [OUTCOME_ACTION_REQUIRED] = "-",
        [OUTCOME_AUTHORIZED]      = "-", [OUTCOME_DECLINED] = "-", [OUTCOME_CAPTURED]        = "-",
        [OUTCOME_CAPTURE_REFUSED] = "-", [OUTCOME_CANCELLED] = "-", [OUTCOME_VOIDED]         = "-",
        [OUTCOME_UNKNOWN]         = "-", [OUTCOME_AGAIN]    = "-",
    } },
    { { PAYMENT_CAPTURING, DECISION_CAPTURE, PAYMENT_OP_CAPTURE, OP_IN_FLIGHT, 0, true }, {
        [PAYMENT_ON_NEW_ORDER]    = "-",
        [PAYMENT_ON_CANCEL]       = "-",
        [PAYMENT_ON_RESERVED]     = "-",
        [PAYMENT_ON_OUT_OF_STOCK] = "X",
        [PAYMENT_ON_SENT]         = "-",
        [OUTCOME_CREATED]         = "-",
        [OUTCOME_ACTION_REQUIRED] = "-",
        [OUTCOME_AUTHORIZED]      = "-",
        [OUTCOME_DECLINED]        = "-",
        [OUTCOME_CAPTURED]        = "CAPTURED; PaymentCaptured; idle",
        [OUTCOME_CAPTURE_REFUSED] = "ABORTING; plan VOID",
        [OUTCOME_CANCELLED]       = "CAPTURE_FAILED; PaymentCaptureFailed EXPIRED; idle",
        [OUTCOME_VOIDED]          = "-",
        [OUTCOME_UNKNOWN]         = "unknown",
        [OUTCOME_AGAIN]           = "plan CAPTURE",
    } },
    { { PAYMENT_ABORTING, DECISION_CAPTURE, PAYMENT_OP_VOID, OP_IN_FLIGHT, 0, true }, {
        [PAYMENT_ON_NEW_ORDER]    = "-",
        [PAYMENT_ON_CANCEL]       = "-",
        [PAYMENT_ON_RESERVED]     = "-",
        [PAYMENT_ON_OUT_OF_STOCK] = "X",
        [PAYMENT_ON_SENT]         = "-",
        [OUTCOME_CREATED]         = "-",
        [OUTCOME_ACTION_REQUIRED] = "-",
        [OUTCOME_AUTHORIZED]      = "-",
        [OUTCOME_DECLINED]        = "-",
        [OUTCOME_CAPTURED]        = "CAPTURED; PaymentCaptured; idle",
        [OUTCOME_CAPTURE_REFUSED] = "-",
        [OUTCOME_CANCELLED]       = "CAPTURE_FAILED; PaymentCaptureFailed EXPIRED; idle",
        [OUTCOME_VOIDED]          = "CAPTURE_FAILED; PaymentCaptureFailed RELEASED; idle",
        [OUTCOME_UNKNOWN]         = "unknown",
        [OUTCOME_AGAIN]           = "plan VOID",
    } },
    { { PAYMENT_CAPTURED, DECISION_CAPTURE, PAYMENT_OP_NONE, OP_IDLE, 0, true }, {
        [PAYMENT_ON_NEW_ORDER]    = "-", [PAYMENT_ON_CANCEL] = "-", [PAYMENT_ON_RESERVED]    = "-",
        [PAYMENT_ON_OUT_OF_STOCK] = "-",
        [PAYMENT_ON_SENT]         = "-", [OUTCOME_CREATED]  = "-", [OUTCOME_ACTION_REQUIRED] = "-",
        [OUTCOME_AUTHORIZED]      = "-", [OUTCOME_DECLINED] = "-", [OUTCOME_CAPTURED]        = "-",
        [OUTCOME_CAPTURE_REFUSED] = "-", [OUTCOME_CANCELLED] = "-", [OUTCOME_VOIDED]         = "-",
        [OUTCOME_UNKNOWN]         = "-", [OUTCOME_AGAIN]    = "-",
    } },
    { { PAYMENT_DECLINED, DECISION_OPEN, PAYMENT_OP_VOID, OP_IN_FLIGHT, 0, true }, {
        [PAYMENT_ON_NEW_ORDER]    = "-",
        [PAYMENT_ON_CANCEL]       = "-",
        [PAYMENT_ON_RESERVED]     = "-",
        [PAYMENT_ON_OUT_OF_STOCK] = "-",
        [PAYMENT_ON_SENT]         = "-",
        [OUTCOME_CREATED]         = "-", /* the VOID is planned already */
        [OUTCOME_ACTION_REQUIRED] = "-",
        [OUTCOME_AUTHORIZED]      = "-",
        [OUTCOME_DECLINED]        = "-",
        [OUTCOME_CAPTURED]        = "X",
        [OUTCOME_CAPTURE_REFUSED] = "-",
        [OUTCOME_CANCELLED]       = "PaymentHoldReleased EXPIRED; idle",
        [OUTCOME_VOIDED]          = "PaymentHoldReleased RELEASED; idle",
        [OUTCOME_UNKNOWN]         = "unknown",
        [OUTCOME_AGAIN]           = "plan VOID",
    } },
    /* The latch closed while AUTHORIZE was in flight. */
    { { PAYMENT_VOIDED, DECISION_VOID, PAYMENT_OP_AUTHORIZE, OP_IN_FLIGHT, CAUSE_CLIENT, true }, {
        [PAYMENT_ON_NEW_ORDER]    = "-",
        [PAYMENT_ON_CANCEL]       = "-",
        [PAYMENT_ON_RESERVED]     = "-",
        [PAYMENT_ON_OUT_OF_STOCK] = "-",
        [PAYMENT_ON_SENT]         = "-",
        [OUTCOME_CREATED]         = "-",
        [OUTCOME_ACTION_REQUIRED] = "plan VOID",
        [OUTCOME_AUTHORIZED]      = "plan VOID",
        [OUTCOME_DECLINED]        = "plan VOID",
        [OUTCOME_CAPTURED]        = "X",
        [OUTCOME_CAPTURE_REFUSED] = "-",
        [OUTCOME_CANCELLED]       = "-",
        [OUTCOME_VOIDED]          = "-",
        [OUTCOME_UNKNOWN]         = "unknown",
        [OUTCOME_AGAIN]           = "plan VOID",
    } },
    { { PAYMENT_VOIDED, DECISION_VOID, PAYMENT_OP_VOID, OP_IN_FLIGHT, CAUSE_CLIENT, true }, {
        [PAYMENT_ON_NEW_ORDER]    = "-",
        [PAYMENT_ON_CANCEL]       = "-",
        [PAYMENT_ON_RESERVED]     = "-",
        [PAYMENT_ON_OUT_OF_STOCK] = "-",
        [PAYMENT_ON_SENT]         = "-",
        [OUTCOME_CREATED]         = "-",
        [OUTCOME_ACTION_REQUIRED] = "-",
        [OUTCOME_AUTHORIZED]      = "-",
        [OUTCOME_DECLINED]        = "-",
        [OUTCOME_CAPTURED]        = "X",
        [OUTCOME_CAPTURE_REFUSED] = "-",
        [OUTCOME_CANCELLED]       = "PaymentHoldReleased EXPIRED; idle",
        [OUTCOME_VOIDED]          = "PaymentHoldReleased RELEASED; idle",
        [OUTCOME_UNKNOWN]         = "unknown",
        [OUTCOME_AGAIN]           = "plan VOID",
    } },
    { { PAYMENT_CAPTURE_FAILED, DECISION_CAPTURE, PAYMENT_OP_NONE, OP_IDLE, 0, true }, {
        [PAYMENT_ON_NEW_ORDER]    = "-", [PAYMENT_ON_CANCEL] = "-", [PAYMENT_ON_RESERVED]    = "-",
        [PAYMENT_ON_OUT_OF_STOCK] = "-",
        [PAYMENT_ON_SENT]         = "-", [OUTCOME_CREATED]  = "-", [OUTCOME_ACTION_REQUIRED] = "-",
        [OUTCOME_AUTHORIZED]      = "-", [OUTCOME_DECLINED] = "-", [OUTCOME_CAPTURED]        = "-",
        [OUTCOME_CAPTURE_REFUSED] = "-", [OUTCOME_CANCELLED] = "-", [OUTCOME_VOIDED]         = "-",
        [OUTCOME_UNKNOWN]         = "-", [OUTCOME_AGAIN]    = "-",
    } },
    /* clang-format on */
};

static void every_cell_does_what_the_specification_says(void **unused)
{
    (void)unused;
    bool is_covered[PAYMENT_STATE_COUNT] = { false };
    struct pgl_buffer words;
    pgl_buffer_init(&words, 256);
    for (size_t i = 0; i < sizeof situations / sizeof situations[0]; i++) {
        is_covered[situations[i].facts.state] = true;
        for (int input = 0; input < PAYMENT_INPUT_COUNT; input++) {
            assert_non_null(situations[i].does[input]);
            assert_string_equal(in_words(situations[i].facts, (enum payment_input)input, &words),
                                situations[i].does[input]);
        }
    }
    for (int state = 0; state < PAYMENT_STATE_COUNT; state++)
        assert_true(is_covered[state]);
    pgl_buffer_free(&words);
}

/* Facts, an input, and what comes of it: the ways of an operation that the table above lacks. */
static void what_was_not_sent_is_replaced_and_what_was_is_waited_for(void **unused)
{
    static const struct {
        struct payment_facts before;
        enum payment_input input;
        const char *does;
    } cases[] = {
        /* the object comes first */
        { { PAYMENT_AUTHORIZING, 0, PAYMENT_OP_CREATE, OP_PLANNED, 0, false },
          PAYMENT_ON_SENT,
          "in flight" },
        { { PAYMENT_AUTHORIZING, 0, PAYMENT_OP_CREATE, OP_IN_FLIGHT, 0, false },
          OUTCOME_CREATED,
          "plan AUTHORIZE" },
        { { PAYMENT_AUTHORIZING, 0, PAYMENT_OP_CREATE, OP_UNKNOWN, 0, false },
          OUTCOME_AGAIN,
          "plan CREATE" },
        { { PAYMENT_AUTHORIZING, 0, PAYMENT_OP_CREATE, OP_IN_FLIGHT, 0, false },
          OUTCOME_DECLINED,
          "DECLINED; PaymentDeclined; idle" },
        { { PAYMENT_NONE, 0, PAYMENT_OP_NONE, OP_IDLE, 0, true },
          PAYMENT_ON_NEW_ORDER,
          "AUTHORIZING; plan AUTHORIZE" },
        /* cancelled before, during and after something was sent */
        { { PAYMENT_AUTHORIZING, 0, PAYMENT_OP_CREATE, OP_PLANNED, 0, false },
          PAYMENT_ON_CANCEL,
          "VOIDED; decision VOID; PaymentVoided NONE; idle" },
        { { PAYMENT_AUTHORIZING, 0, PAYMENT_OP_CREATE, OP_UNKNOWN, 0, false },
          PAYMENT_ON_CANCEL,
          "VOIDED; decision VOID; PaymentVoided RELEASING" },
        { { PAYMENT_AUTHORIZING, 0, PAYMENT_OP_AUTHORIZE, OP_PLANNED, 0, true },
          PAYMENT_ON_CANCEL,
          "VOIDED; decision VOID; PaymentVoided RELEASING; plan VOID" },
        { { PAYMENT_AUTHORIZING, 0, PAYMENT_OP_AUTHORIZE, OP_UNKNOWN, 0, true },
          PAYMENT_ON_CANCEL,
          "VOIDED; decision VOID; PaymentVoided RELEASING" },
        { { PAYMENT_VOIDED, DECISION_VOID, PAYMENT_OP_CREATE, OP_IN_FLIGHT, 0, false },
          OUTCOME_CREATED,
          "plan VOID" },
        { { PAYMENT_VOIDED, DECISION_VOID, PAYMENT_OP_CREATE, OP_UNKNOWN, 0, false },
          OUTCOME_AGAIN,
          "idle" },
        /* resolved long ago: an echo does not say it twice */
        { { PAYMENT_VOIDED, DECISION_VOID, PAYMENT_OP_NONE, OP_IDLE, 0, true },
          OUTCOME_VOIDED,
          "-" },
        { { PAYMENT_VOIDED, DECISION_VOID, PAYMENT_OP_NONE, OP_IDLE, 0, true },
          OUTCOME_AUTHORIZED,
          "-" },
        { { PAYMENT_CAPTURING, DECISION_CAPTURE, PAYMENT_OP_CAPTURE, OP_UNKNOWN, 0, true },
          OUTCOME_AUTHORIZED,
          "-" },
    };
    (void)unused;
    struct pgl_buffer words;
    pgl_buffer_init(&words, 256);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(in_words(cases[i].before, cases[i].input, &words), cases[i].does);
    pgl_buffer_free(&words);
}

static void a_void_says_what_caused_it(void **unused)
{
    (void)unused;
    struct payment_facts none = { .state = PAYMENT_NONE };
    struct payment_facts held = { .state = PAYMENT_AUTHORIZED, .has_handle = true };
    struct payment_facts finding = { .op = PAYMENT_OP_FIND, .op_state = OP_UNKNOWN };

    assert_int_equal(pgl_payment_step(none, PAYMENT_ON_CANCEL, CAUSE_DEADLINE).after.cause,
                     CAUSE_DEADLINE);
    assert_int_equal(pgl_payment_step(held, PAYMENT_ON_CANCEL, CAUSE_OPERATOR).after.cause,
                     CAUSE_OPERATOR);
    assert_int_equal(pgl_payment_step(held, PAYMENT_ON_OUT_OF_STOCK, 0).after.cause,
                     CAUSE_OUT_OF_STOCK);
    assert_int_equal(pgl_payment_step(finding, OUTCOME_CANCELLED, 0).after.cause, CAUSE_ORPHAN);
    assert_int_equal(pgl_payment_step(finding, OUTCOME_CREATED, 0).after.cause, CAUSE_ORPHAN);
    assert_int_equal(pgl_payment_step(held, PAYMENT_ON_RESERVED, 0).after.cause, CAUSE_UNSPECIFIED);
}

/* As a service does it for an account: `inputs` from outside, after each the ledger's answers until
 * no operation is open. Returns how many events were said, the last of them in `last`. */
static int account_story(struct payment_facts *facts, const enum payment_input *inputs,
                         size_t count, enum payment_input answer_to_authorize, EventType *last)
{
    const enum payment_input answers[PAYMENT_OP_COUNT] = {
        [PAYMENT_OP_AUTHORIZE] = answer_to_authorize,
        [PAYMENT_OP_CAPTURE] = OUTCOME_CAPTURED,
        [PAYMENT_OP_VOID] = OUTCOME_VOIDED,
    };
    int said = 0;
    for (size_t i = 0; i < count; i++) {
        struct payment_step step = pgl_payment_step(*facts, inputs[i], CAUSE_CLIENT);
        for (;;) {
            assert_false(step.is_impossible);
            if (step.says != EVENT_TYPE_UNSPECIFIED) {
                said++;
                *last = step.says;
            }
            if (step.after.op == PAYMENT_OP_NONE)
                break;
            step = pgl_payment_step(step.after, answers[step.after.op], CAUSE_UNSPECIFIED);
        }
        *facts = step.after;
    }
    return said;
}

static void an_account_is_settled_in_the_same_transaction(void **unused)
{
    static const enum payment_input bought[] = { PAYMENT_ON_NEW_ORDER, PAYMENT_ON_RESERVED,
                                                 PAYMENT_ON_CANCEL };
    static const enum payment_input regretted[] = { PAYMENT_ON_NEW_ORDER, PAYMENT_ON_CANCEL,
                                                    PAYMENT_ON_RESERVED };
    static const enum payment_input overtaken[] = { PAYMENT_ON_CANCEL, PAYMENT_ON_NEW_ORDER };
    EventType last = EVENT_TYPE_UNSPECIFIED;
    (void)unused;

    struct payment_facts facts = { .has_handle = true };
    assert_int_equal(account_story(&facts, bought, 3, OUTCOME_AUTHORIZED, &last), 2);
    assert_int_equal(facts.state, PAYMENT_CAPTURED);
    assert_int_equal(last, EVENT_TYPE_PAYMENT_CAPTURED);

    facts = (struct payment_facts){ .has_handle = true };
    assert_int_equal(account_story(&facts, regretted, 3, OUTCOME_AUTHORIZED, &last), 3);
    assert_int_equal(facts.state, PAYMENT_VOIDED);
    assert_int_equal(last, EVENT_TYPE_PAYMENT_HOLD_RELEASED);

    facts = (struct payment_facts){ .has_handle = true };
    assert_int_equal(account_story(&facts, bought, 1, OUTCOME_DECLINED, &last), 2);
    assert_int_equal(facts.state, PAYMENT_DECLINED);

    facts =
        (struct payment_facts){ .has_handle = false }; /* nobody knows yet that it is an account */
    assert_int_equal(account_story(&facts, overtaken, 2, OUTCOME_AUTHORIZED, &last), 1);
    assert_int_equal(facts.state, PAYMENT_VOIDED);
    assert_int_equal(last, EVENT_TYPE_PAYMENT_VOIDED);
}

static void silence_about_a_capture_is_never_read_as_a_refusal(void **unused)
{
    static const struct {
        enum payment_op op;
        enum payment_input learned[PROVIDER_STATUS_COUNT];
    } cases[] = {
        /* clang-format off */
        /* unconfirmed, action required, processing, declined, held, captured, cancelled */
        { PAYMENT_OP_AUTHORIZE, {
              OUTCOME_AGAIN, OUTCOME_ACTION_REQUIRED, OUTCOME_UNKNOWN, OUTCOME_DECLINED,
              OUTCOME_AUTHORIZED, OUTCOME_CAPTURED, OUTCOME_DECLINED } },
        { PAYMENT_OP_CAPTURE, {
              OUTCOME_AGAIN, OUTCOME_AGAIN, OUTCOME_UNKNOWN, OUTCOME_AGAIN,
              OUTCOME_AGAIN, OUTCOME_CAPTURED, OUTCOME_CANCELLED } },
        { PAYMENT_OP_VOID, {
              OUTCOME_AGAIN, OUTCOME_AGAIN, OUTCOME_UNKNOWN, OUTCOME_AGAIN,
              OUTCOME_AGAIN, OUTCOME_CAPTURED, OUTCOME_VOIDED } },
        { PAYMENT_OP_FIND, {
              OUTCOME_CREATED, OUTCOME_CREATED, OUTCOME_UNKNOWN, OUTCOME_CREATED,
              OUTCOME_CREATED, OUTCOME_CAPTURED, OUTCOME_CANCELLED } },
        /* clang-format on */
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int status = 0; status < PROVIDER_STATUS_COUNT; status++)
            assert_int_equal(pgl_payment_outcome_of(cases[i].op, (enum provider_status)status),
                             cases[i].learned[status]);
}

static void two_logs_are_read_and_of_each_two_types(void **unused)
{
    (void)unused;
    assert_int_equal(pgl_payment_input_of(EVENT_TYPE_ORDER_CREATED), PAYMENT_ON_NEW_ORDER);
    assert_int_equal(pgl_payment_input_of(EVENT_TYPE_ORDER_CANCEL_REQUESTED), PAYMENT_ON_CANCEL);
    assert_int_equal(pgl_payment_input_of(EVENT_TYPE_INVENTORY_RESERVED), PAYMENT_ON_RESERVED);
    assert_int_equal(pgl_payment_input_of(EVENT_TYPE_INVENTORY_RESERVATION_FAILED),
                     PAYMENT_ON_OUT_OF_STOCK);
    assert_int_equal(pgl_payment_input_of(EVENT_TYPE_ORDER_CANCELLED), PAYMENT_INPUT_COUNT);
    assert_int_equal(pgl_payment_input_of(EVENT_TYPE_INVENTORY_COMMITTED), PAYMENT_INPUT_COUNT);
}

static void every_state_and_input_has_a_name(void **unused)
{
    (void)unused;
    struct pgl_buffer out;
    for (int state = 0; state < pgl_payment_machine.state_count; state++)
        assert_non_null(pgl_payment_machine.state_names[state]);
    for (int input = 0; input < pgl_payment_machine.input_count; input++)
        assert_non_null(pgl_payment_machine.input_names[input]);
    pgl_buffer_init(&out, 16384); /* drawing stops at a deed or an event without a name */
    pgl_machine_draw_table(&pgl_payment_machine, &out);
    pgl_machine_draw_diagram(&pgl_payment_machine, &out);
    assert_false(out.is_full);
    pgl_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_does_what_the_specification_says),
        cmocka_unit_test(what_was_not_sent_is_replaced_and_what_was_is_waited_for),
        cmocka_unit_test(a_void_says_what_caused_it),
        cmocka_unit_test(an_account_is_settled_in_the_same_transaction),
        cmocka_unit_test(silence_about_a_capture_is_never_read_as_a_refusal),
        cmocka_unit_test(two_logs_are_read_and_of_each_two_types),
        cmocka_unit_test(every_state_and_input_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
