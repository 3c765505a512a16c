/*
 * script_test.c - what is written down of a run can be read again, and what is asked for at an
 * occasion is found.
 * Method: a script with every kind of choice goes through its text and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "script.h"

static void fill(struct pgl_sim_script *script)
{
    pgl_sim_script_open(script, 77, 5, PGL_SIM_FAULTS_ALL);
    script->turns = 3;
    pgl_sim_script_leave_out(script, 1);
    pgl_sim_script_leave_out(script, 4);
    for (int kind = PGL_SIM_CHOICE_KINDS - 1; kind >= 0; kind--)
        pgl_sim_script_add(
            script, (struct pgl_sim_choice){ (enum pgl_sim_choice_kind)kind, 100 + (uint64_t)kind,
                                             kind % 7, -kind });
    pgl_sim_script_sort(script);
}

static void a_script_is_read_as_it_was_written(void **unused)
{
    (void)unused;
    struct pgl_sim_script written, read;
    struct pgl_buffer text;
    fill(&written);
    pgl_buffer_init(&text, PGL_SIM_SCRIPT_BYTES_MAX);
    pgl_sim_script_write(&written, &text);
    assert_true(pgl_is_ok(pgl_sim_script_read(&read, pgl_buffer_text(&text))));
    assert_int_equal(read.seed, 77);
    assert_int_equal(read.turns, 3);
    assert_int_equal(read.faults, written.faults);
    assert_int_equal(read.count, written.count);
    for (uint32_t i = 0; i < read.count; i++) {
        assert_int_equal(read.choices[i].kind, written.choices[i].kind);
        assert_int_equal(read.choices[i].at, written.choices[i].at);
        assert_int_equal(read.choices[i].where, written.choices[i].where);
        assert_int_equal(read.choices[i].amount, written.choices[i].amount);
    }
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(pgl_sim_script_has_order(&read, i), i != 1 && i != 4);
    assert_int_equal(pgl_sim_script_placed(&read), 3);
    pgl_sim_script_close(&read);
    pgl_sim_script_close(&written);
    pgl_buffer_free(&text);
}

static void strikes_come_in_their_order_and_the_rest_is_found(void **unused)
{
    (void)unused;
    struct pgl_sim_script script;
    fill(&script);
    for (uint32_t i = 1; i < PGL_SIM_STRIKES; i++) {
        assert_true(script.choices[i].kind < PGL_SIM_STRIKES);
        assert_true(script.choices[i - 1].at <= script.choices[i].at);
    }
    for (int kind = PGL_SIM_STRIKES; kind < PGL_SIM_CHOICE_KINDS; kind++) {
        enum pgl_sim_choice_kind of = (enum pgl_sim_choice_kind)kind;
        const struct pgl_sim_choice *found =
            pgl_sim_script_find(&script, of, kind % 7, 100 + (uint64_t)kind);
        assert_non_null(found);
        assert_int_equal(found->amount, -kind);
        assert_null(pgl_sim_script_find(&script, of, kind % 7, 99 + (uint64_t)kind));
        assert_null(pgl_sim_script_find(&script, of, kind % 7 + 1, 100 + (uint64_t)kind));
    }
    pgl_sim_script_close(&script);
}

static void what_says_nothing_is_refused(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {
        "",
        "seed 1\norders 2\n",
        "panglot-sim 1\nseed 1\n",
        "panglot-sim 1\norders 0\n",
        "panglot-sim 1\norders 2\nplace 2\n",
        "panglot-sim 1\norders 2\nflood 1 2 3\n",
        "panglot-sim 1\norders 2\nkill 1 2\n",
        "panglot-sim 1\norders 2\nkill x 2 3\n",
        "panglot-sim 1\norders 2\nbug 1 nowhere.at-all 0\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct pgl_sim_script script;
        assert_int_equal(pgl_sim_script_read(&script, pgl_text_of(wrong[i])).code, PGL_INVALID);
        pgl_sim_script_close(&script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_is_read_as_it_was_written),
        cmocka_unit_test(strikes_come_in_their_order_and_the_rest_is_found),
        cmocka_unit_test(what_says_nothing_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
