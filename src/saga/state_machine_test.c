/*
 * state_machine_test.c - a toy with two states, looked up and drawn.
 * Method: the drawings are compared whole, so that a change of form is seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "saga/state_machine.h"

enum { LAMP_OFF, LAMP_ON, LAMP_BROKEN, LAMP_STATE_COUNT };
enum { LAMP_PRESS, LAMP_DROP, LAMP_INPUT_COUNT };
enum { LAMP_SAYS_CLICK = 2 };

static const struct pgl_cell cells[LAMP_STATE_COUNT][LAMP_INPUT_COUNT] = {
    [LAMP_OFF] = { [LAMP_PRESS] = { LAMP_ON, LAMP_SAYS_CLICK, 1 << 1 },
                   [LAMP_DROP] = { PGL_STAY, 0, 0 } },
    [LAMP_ON] = { [LAMP_PRESS] = { PGL_STAY, 0, 1 << 0 | 1 << 1 },
                  [LAMP_DROP] = { LAMP_BROKEN, 0, 0 } },
    [LAMP_BROKEN] = { [LAMP_DROP] = { PGL_STAY, LAMP_SAYS_CLICK, 0 } },
};

static const struct pgl_machine lamp = {
    .name = "lamp",
    .state_count = LAMP_STATE_COUNT,
    .input_count = LAMP_INPUT_COUNT,
    .event_count = LAMP_SAYS_CLICK + 1,
    .deed_count = 2,
    .cells = cells[0],
    .state_names = (const char *const[]){ "OFF", "ON", "BROKEN" },
    .input_names = (const char *const[]){ "press", "drop" },
    .event_names = (const char *const[]){ NULL, NULL, "Click" },
    .deed_names = (const char *const[]){ "hum", "shine" },
};

static void a_cell_left_out_is_impossible(void **unused)
{
    (void)unused;
    assert_int_equal(pgl_machine_cell(&lamp, LAMP_OFF, LAMP_PRESS)->next, LAMP_ON);
    assert_int_equal(pgl_machine_cell(&lamp, LAMP_ON, LAMP_DROP)->next, LAMP_BROKEN);
    assert_int_equal(pgl_machine_cell(&lamp, LAMP_BROKEN, LAMP_PRESS)->next, PGL_IMPOSSIBLE);
}

static void the_table_is_drawn_as_the_specification_has_it(void **unused)
{
    (void)unused;
    struct pgl_buffer out;
    pgl_buffer_init(&out, 4096);
    pgl_machine_draw_table(&lamp, &out);
    assert_true(pgl_text_is(pgl_buffer_text(&out),
                            "| lamp | OFF | ON | BROKEN |\n"
                            "| --- | --- | --- | --- |\n"
                            "| press | **ON**; shine; *Click* | hum; shine | X |\n"
                            "| drop | - | **BROKEN** | *Click* |\n"));
    pgl_buffer_free(&out);
}

static void the_diagram_has_the_arrows_that_lead_somewhere(void **unused)
{
    (void)unused;
    struct pgl_buffer out;
    pgl_buffer_init(&out, 4096);
    pgl_machine_draw_diagram(&lamp, &out);
    assert_true(pgl_text_is(pgl_buffer_text(&out), "stateDiagram-v2\n"
                                                   "    [*] --> OFF\n"
                                                   "    OFF --> ON: press / Click\n"
                                                   "    ON --> BROKEN: drop\n"
                                                   "    BROKEN --> [*]\n"));
    pgl_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_left_out_is_impossible),
        cmocka_unit_test(the_table_is_drawn_as_the_specification_has_it),
        cmocka_unit_test(the_diagram_has_the_arrows_that_lead_somewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
