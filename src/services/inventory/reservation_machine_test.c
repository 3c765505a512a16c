/*
 * reservation_machine_test.c - the reservation's table against the one of the specification.
 * Method: every state with every input. What the step does is written in words and compared with
 * the words expected; a state or an input added later has none, and fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/inventory/reservation_machine.h"

/* clang-format off */
#define HELD      "HELD; InventoryReserved"
#define REJECTED  "REJECTED; InventoryReservationFailed"
#define COMMITTED "COMMITTED; InventoryCommitted"
#define GIVEN     "RELEASED; give back; InventoryReleased"
#define PARCEL    "leaves; InventoryShipped"
#define LAST      "SHIPPED; leaves; InventoryShipped"
#define BACK      "comes back; InventoryReturned"
#define ALL_BACK  "SHIPPED; comes back; InventoryReturned"

static const struct row {
    const char *in_state[RESERVATION_STATE_COUNT];
} expected[RESERVATION_INPUT_COUNT] = {
    /*                                   NONE        HELD       REJECTED COMMITTED SHIPPED RELEASED */
    [RESERVATION_ON_AUTHORIZED]    = { { "try",      "-",       "-",     "-",      "-",    "-" } },
    [RESERVATION_ON_HELD]          = { { HELD,       "X",       "X",     "X",      "X",    "X" } },
    [RESERVATION_ON_SHORT]         = { { REJECTED,   "X",       "X",     "X",      "X",    "X" } },
    [RESERVATION_ON_CAPTURED]      = { { "X",        COMMITTED, "X",     "-",      "-",    "X" } },
    [RESERVATION_ON_NOT_PAID]      = { { "RELEASED", GIVEN,     "-",     "X",      "X",    "-" } },
    [RESERVATION_ON_SHIP]          = { { "409",      "409",     "409",   PARCEL,   "409",  "409" } },
    [RESERVATION_ON_SHIP_LAST]     = { { "409",      "409",     "409",   LAST,     "409",  "409" } },
    [RESERVATION_ON_REFUNDED]      = { { "X",        "X",       "X",     BACK,     "X",    "X" } },
    [RESERVATION_ON_REFUNDED_LAST] = { { "X",        "X",       "X",     ALL_BACK, BACK,   "X" } },
};
/* clang-format on */

static void add(struct pgl_buffer *words, const char *word)
{
    pgl_buffer_printf(words, "%s%s", words->size > 0 ? "; " : "", word);
}

static const char *in_words(struct reservation_facts before, enum reservation_input input,
                            struct pgl_buffer *words)
{
    struct reservation_step step = pgl_reservation_step(before, input);
    pgl_buffer_clear(words);
    if (step.is_impossible)
        add(words, "X");
    if (step.after.state != before.state)
        add(words, pgl_reservation_machine.state_names[step.after.state]);
    if (step.is_wanted)
        add(words, "try");
    if (step.is_released)
        add(words, "give back");
    if (step.is_shipped)
        add(words, "leaves");
    if (step.is_returned)
        add(words, "comes back");
    if (step.is_refused)
        add(words, "409");
    switch (step.says) {
    case EVENT_TYPE_UNSPECIFIED:
        break;
    case EVENT_TYPE_INVENTORY_RESERVED:
        add(words, "InventoryReserved");
        break;
    case EVENT_TYPE_INVENTORY_RESERVATION_FAILED:
        add(words, "InventoryReservationFailed");
        break;
    case EVENT_TYPE_INVENTORY_RELEASED:
        add(words, "InventoryReleased");
        break;
    case EVENT_TYPE_INVENTORY_COMMITTED:
        add(words, "InventoryCommitted");
        break;
    case EVENT_TYPE_INVENTORY_SHIPPED:
        add(words, "InventoryShipped");
        break;
    case EVENT_TYPE_INVENTORY_RETURNED:
        add(words, "InventoryReturned");
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
    for (int state = 0; state < RESERVATION_STATE_COUNT; state++)
        for (int input = 0; input < RESERVATION_INPUT_COUNT; input++) {
            struct reservation_facts before = { .state = (enum reservation_state)state };
            assert_non_null(expected[input].in_state[state]);
            assert_string_equal(in_words(before, (enum reservation_input)input, &words),
                                expected[input].in_state[state]);
        }
    pgl_buffer_free(&words);
}

static void only_the_payments_log_is_read(void **unused)
{
    static const struct {
        EventType type;
        enum reservation_input input;
    } cases[] = {
        { EVENT_TYPE_PAYMENT_AUTHORIZED, RESERVATION_ON_AUTHORIZED },
        { EVENT_TYPE_PAYMENT_CAPTURED, RESERVATION_ON_CAPTURED },
        { EVENT_TYPE_PAYMENT_VOIDED, RESERVATION_ON_NOT_PAID },
        { EVENT_TYPE_PAYMENT_DECLINED, RESERVATION_ON_NOT_PAID },
        { EVENT_TYPE_PAYMENT_CAPTURE_FAILED, RESERVATION_ON_NOT_PAID },
        { EVENT_TYPE_PAYMENT_REFUNDED, RESERVATION_ON_REFUNDED },
        { EVENT_TYPE_PAYMENT_REFUND_FAILED, RESERVATION_INPUT_COUNT },
        { EVENT_TYPE_PAYMENT_ACTION_REQUIRED, RESERVATION_INPUT_COUNT },
        { EVENT_TYPE_PAYMENT_HOLD_RELEASED, RESERVATION_INPUT_COUNT },
        { EVENT_TYPE_ORDER_CREATED, RESERVATION_INPUT_COUNT },
        { EVENT_TYPE_ORDER_CANCEL_REQUESTED, RESERVATION_INPUT_COUNT },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(pgl_reservation_input_of(cases[i].type), cases[i].input);
}

static void every_state_and_input_has_a_name(void **unused)
{
    (void)unused;
    struct pgl_buffer out;
    for (int state = 0; state < pgl_reservation_machine.state_count; state++)
        assert_non_null(pgl_reservation_machine.state_names[state]);
    for (int input = 0; input < pgl_reservation_machine.input_count; input++)
        assert_non_null(pgl_reservation_machine.input_names[input]);
    pgl_buffer_init(&out, 16384); /* drawing stops at a deed or an event without a name */
    pgl_machine_draw_table(&pgl_reservation_machine, &out);
    pgl_machine_draw_diagram(&pgl_reservation_machine, &out);
    assert_false(out.is_full);
    pgl_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_does_what_the_specification_says),
        cmocka_unit_test(only_the_payments_log_is_read),
        cmocka_unit_test(every_state_and_input_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
