/*
 * order_machine_test.c - the order's table against the one of the specification.
 * Method: every state with every input, and with every cancel that may stand beside it. What the
 * step does is written in words and compared with the words expected; a state or an input added
 *         later has none, and fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/orders/order_machine.h"

/* clang-format off */
#define ASKED     "asks; OrderCancelRequested"
#define CONFIRMED "CONFIRMED; OrderConfirmed"
#define CANCELLED "CANCELLED; OrderCancelled"
#define FAILED    "FAILED; OrderCancelled"
#define REFUND    "OrderRefundRequested"
#define FULFILLED "fulfilled; OrderFulfilled"

static const struct row {
    const char *in_state[ORDER_STATE_COUNT];
} expected[ORDER_INPUT_COUNT] = {
    /*                               PENDING       AUTHORIZED  RESERVED   CONF.   FAILED CANC. */
    [ORDER_ON_CLIENT_CANCEL]   = { { ASKED,        ASKED,      ASKED,     "-",    "-",   "-" } },
    [ORDER_ON_OPERATOR_CANCEL] = { { ASKED,        ASKED,      ASKED,     "-",    "-",   "-" } },
    [ORDER_ON_DEADLINE]        = { { ASKED,        ASKED,      ASKED,     "-",    "-",   "-" } },
    [ORDER_ON_ACTION_REQUIRED] = { { "notes",      "notes",    "notes",   "-",    "-",   "-" } },
    [ORDER_ON_AUTHORIZED]      = { { "AUTHORIZED", "-",        "-",       "-",    "-",   "-" } },
    [ORDER_ON_RESERVED]        = { { "RESERVED",   "RESERVED", "-",       "-",    "-",   "-" } },
    [ORDER_ON_OUT_OF_STOCK]    = { { "notes",      "notes",    "notes",   "-",    "-",   "-" } },
    [ORDER_ON_CAPTURED]        = { { CONFIRMED,    CONFIRMED,  CONFIRMED, "-",    "X",   "X" } },
    [ORDER_ON_WITHDRAWN]       = { { CANCELLED,    CANCELLED,  CANCELLED, "X",    "-",   "-" } },
    [ORDER_ON_VOIDED]          = { { FAILED,       FAILED,     FAILED,    "X",    "-",   "-" } },
    [ORDER_ON_DECLINED]        = { { FAILED,       FAILED,     FAILED,    "X",    "-",   "-" } },
    [ORDER_ON_CAPTURE_FAILED]  = { { FAILED,       FAILED,     FAILED,    "X",    "-",   "-" } },
    [ORDER_ON_REFUND]          = { { "409",        "409",      "409",     REFUND, "409", "409" } },
    [ORDER_ON_REFUNDED]        = { { "X",          "X",        "X",       "notes", "X",  "X" } },
    [ORDER_ON_REFUND_FAILED]   = { { "X",          "X",        "X",       "notes", "X",  "X" } },
    [ORDER_ON_SHIPPED]         = { { "notes",      "notes",    "notes",   "notes", "X",  "X" } },
    [ORDER_ON_RETURNED]        = { { "X",          "X",        "X",       "notes", "X",  "X" } },
    [ORDER_ON_ALL_SENT]        = { { "notes",      "notes",    "notes",   FULFILLED, "X", "X" } },
};
/* clang-format on */

static void add(struct pgl_buffer *words, const char *word)
{
    pgl_buffer_printf(words, "%s%s", words->size > 0 ? "; " : "", word);
}

static const char *in_words(struct order_facts before, enum order_input input,
                            struct pgl_buffer *words)
{
    struct order_step step = pgl_order_step(before, input);
    pgl_buffer_clear(words);
    if (step.is_impossible)
        add(words, "X");
    if (step.after.state != before.state)
        add(words, pgl_order_machine.state_names[step.after.state]);
    if (step.after.cancel != before.cancel)
        add(words, "asks");
    if (step.is_noted)
        add(words, "notes");
    if (step.is_refused)
        add(words, "409");
    if (step.after.is_fulfilled != before.is_fulfilled)
        add(words, "fulfilled");
    for (int i = 0; i < 2; i++)
        switch (step.says[i]) {
        case EVENT_TYPE_UNSPECIFIED:
            break;
        case EVENT_TYPE_ORDER_CANCEL_REQUESTED:
            add(words, "OrderCancelRequested");
            break;
        case EVENT_TYPE_ORDER_CONFIRMED:
            add(words, "OrderConfirmed");
            break;
        case EVENT_TYPE_ORDER_CANCELLED:
            add(words, "OrderCancelled");
            break;
        case EVENT_TYPE_ORDER_CANCEL_REJECTED:
            add(words, "OrderCancelRejected");
            break;
        case EVENT_TYPE_ORDER_REFUND_REQUESTED:
            add(words, "OrderRefundRequested");
            break;
        case EVENT_TYPE_ORDER_FULFILLED:
            add(words, "OrderFulfilled");
            break;
        default:
            add(words, "something else");
        }
    if (words->size == 0)
        add(words, "-");
    pgl_buffer_add_char(words, '\0');
    return words->data;
}

static void every_cell_does_what_the_specification_says(void **unused)
{
    (void)unused;
    struct pgl_buffer words;
    pgl_buffer_init(&words, 256);
    for (int state = 0; state < ORDER_STATE_COUNT; state++)
        for (int input = 0; input < ORDER_INPUT_COUNT; input++) {
            struct order_facts before = { .state = (enum order_state)state };
            assert_non_null(expected[input].in_state[state]);
            assert_string_equal(in_words(before, (enum order_input)input, &words),
                                expected[input].in_state[state]);
        }
    pgl_buffer_free(&words);
}

/* Once a cancel is asked for, no asking changes anything, and all else is as without it, but for
 * the client who is told with OrderConfirmed that it was too late. */
static void a_cancel_is_asked_once_and_a_client_hears_that_it_was_too_late(void **unused)
{
    (void)unused;
    struct pgl_buffer words;
    pgl_buffer_init(&words, 256);
    for (int cancel = CANCEL_CLIENT; cancel <= (int)CANCEL_OPERATOR; cancel++)
        for (int state = 0; state < ORDER_STATE_COUNT; state++)
            for (int input = 0; input < ORDER_INPUT_COUNT; input++) {
                struct order_facts before = { .state = (enum order_state)state,
                                              .cancel = (enum order_cancel)cancel };
                const char *then = expected[input].in_state[state];
                if (input <= ORDER_ON_DEADLINE)
                    then = "-";
                else if (input == ORDER_ON_CAPTURED && state <= ORDER_RESERVED &&
                         cancel == CANCEL_CLIENT)
                    then = CONFIRMED "; OrderCancelRejected";
                assert_string_equal(in_words(before, (enum order_input)input, &words), then);
            }
    pgl_buffer_free(&words);
}

static void who_asked_is_remembered(void **unused)
{
    (void)unused;
    struct order_facts before = { .state = ORDER_PENDING };
    assert_int_equal(pgl_order_step(before, ORDER_ON_CLIENT_CANCEL).after.cancel, CANCEL_CLIENT);
    assert_int_equal(pgl_order_step(before, ORDER_ON_OPERATOR_CANCEL).after.cancel,
                     CANCEL_OPERATOR);
    assert_int_equal(pgl_order_step(before, ORDER_ON_DEADLINE).after.cancel, CANCEL_DEADLINE);
}

/* What won is in the verdict: a client may have asked while the stock was found short. */
static void a_voided_payment_is_read_by_its_cause(void **unused)
{
    static const struct {
        EventType type;
        Cause cause;
        enum order_input input;
    } cases[] = {
        { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_CLIENT, ORDER_ON_WITHDRAWN },
        { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_OPERATOR, ORDER_ON_WITHDRAWN },
        { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_DEADLINE, ORDER_ON_VOIDED },
        { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_OUT_OF_STOCK, ORDER_ON_VOIDED },
        { EVENT_TYPE_PAYMENT_VOIDED, CAUSE_ORPHAN, ORDER_ON_VOIDED },
        { EVENT_TYPE_PAYMENT_ACTION_REQUIRED, CAUSE_UNSPECIFIED, ORDER_ON_ACTION_REQUIRED },
        { EVENT_TYPE_PAYMENT_AUTHORIZED, CAUSE_UNSPECIFIED, ORDER_ON_AUTHORIZED },
        { EVENT_TYPE_PAYMENT_DECLINED, CAUSE_UNSPECIFIED, ORDER_ON_DECLINED },
        { EVENT_TYPE_PAYMENT_CAPTURE_FAILED, CAUSE_UNSPECIFIED, ORDER_ON_CAPTURE_FAILED },
        { EVENT_TYPE_PAYMENT_CAPTURED, CAUSE_UNSPECIFIED, ORDER_ON_CAPTURED },
        { EVENT_TYPE_INVENTORY_RESERVED, CAUSE_UNSPECIFIED, ORDER_ON_RESERVED },
        { EVENT_TYPE_INVENTORY_RESERVATION_FAILED, CAUSE_UNSPECIFIED, ORDER_ON_OUT_OF_STOCK },
        { EVENT_TYPE_PAYMENT_REFUNDED, CAUSE_UNSPECIFIED, ORDER_ON_REFUNDED },
        { EVENT_TYPE_PAYMENT_REFUND_FAILED, CAUSE_UNSPECIFIED, ORDER_ON_REFUND_FAILED },
        { EVENT_TYPE_INVENTORY_SHIPPED, CAUSE_UNSPECIFIED, ORDER_ON_SHIPPED },
        { EVENT_TYPE_INVENTORY_RETURNED, CAUSE_UNSPECIFIED, ORDER_ON_RETURNED },
        { EVENT_TYPE_PAYMENT_HOLD_RELEASED, CAUSE_UNSPECIFIED, ORDER_INPUT_COUNT },
        { EVENT_TYPE_INVENTORY_COMMITTED, CAUSE_UNSPECIFIED, ORDER_INPUT_COUNT },
        { EVENT_TYPE_ORDER_CREATED, CAUSE_UNSPECIFIED, ORDER_INPUT_COUNT },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(pgl_order_input_of(cases[i].type, cases[i].cause), cases[i].input);
}

static void every_state_and_input_has_a_name(void **unused)
{
    (void)unused;
    struct pgl_buffer out;
    for (int state = 0; state < pgl_order_machine.state_count; state++)
        assert_non_null(pgl_order_machine.state_names[state]);
    for (int input = 0; input < pgl_order_machine.input_count; input++)
        assert_non_null(pgl_order_machine.input_names[input]);
    pgl_buffer_init(&out, 16384); /* drawing stops at a deed or an event without a name */
    pgl_machine_draw_table(&pgl_order_machine, &out);
    pgl_machine_draw_diagram(&pgl_order_machine, &out);
    assert_false(out.is_full);
    pgl_buffer_free(&out);
}

static void what_is_fulfilled_is_said_once(void **unused)
{
    (void)unused;
    struct order_facts before = { .state = ORDER_CONFIRMED, .is_fulfilled = true };
    struct order_step step = pgl_order_step(before, ORDER_ON_ALL_SENT);
    assert_int_equal(step.says[0], EVENT_TYPE_UNSPECIFIED);
    assert_true(step.after.is_fulfilled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_does_what_the_specification_says),
        cmocka_unit_test(a_cancel_is_asked_once_and_a_client_hears_that_it_was_too_late),
        cmocka_unit_test(who_asked_is_remembered),
        cmocka_unit_test(a_voided_payment_is_read_by_its_cause),
        cmocka_unit_test(every_state_and_input_has_a_name),
        cmocka_unit_test(what_is_fulfilled_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
