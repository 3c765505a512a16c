/*
 * explore_test.c - every way that one order can go, with three kinds of provider.
 * Method: exhaustive within the bounds of each adversary. The counts are written down: a change of
 *         a machine or of the world changes them, and whoever changes it says so here. `--explore`
 *         only looks for mistakes, for mutants.py; `--project NAME` prints the states of one
 *         exploration, for explore_agrees.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "explore.h"

static const struct pgl_exploration *exploration_named(const char *name)
{
    for (int i = 0; i < PGL_EXPLORATION_COUNT; i++)
        if (strcmp(pgl_explorations[i].name, name) == 0)
            return &pgl_explorations[i];
    return NULL;
}

static void assert_holds(const char *name, uint32_t states, uint32_t settled)
{
    struct pgl_buffer story;
    struct pgl_explore_options options = { .adversary = exploration_named(name)->adversary,
                                           .states_max = PGL_EXPLORE_STATES_MAX };
    struct pgl_explore_report report = { .story = &story };
    pgl_buffer_init(&story, 65536);
    pgl_status status = pgl_explore(&options, &report);
    if (report.wrong != NULL)
        print_message("%.*s", PGL_TEXT_ARGS(pgl_buffer_text(&story)));
    pgl_buffer_free(&story);
    assert_int_equal(status.code, PGL_CODE_OK);
    assert_null(report.wrong);
    assert_int_equal(report.states, states);
    assert_int_equal(report.settled, settled);
}

static void a_given_object_settles_whatever_happens(void **unused)
{
    (void)unused;
    assert_holds("given", 50543, 3364);
}

static void a_card_settles_whatever_happens(void **unused)
{
    (void)unused;
    assert_holds("card", 208460, 15198);
}

static void a_stale_answer_changes_nothing_that_matters(void **unused)
{
    (void)unused;
    assert_holds("hints", 201696, 15271);
}

static void an_account_settles_whatever_happens(void **unused)
{
    (void)unused;
    assert_holds("account", 1804, 627);
}

static void states_without_end_are_an_error_and_no_verdict(void **unused)
{
    (void)unused;
    struct pgl_buffer story;
    struct pgl_explore_options options = { .adversary = pgl_explorations[0].adversary,
                                           .states_max = 1000 };
    struct pgl_explore_report report = { .story = &story };
    pgl_buffer_init(&story, 65536);
    assert_int_equal(pgl_explore(&options, &report).code, PGL_EXHAUSTED);
    assert_null(report.wrong);
    assert_int_equal(story.size, 0);
    pgl_buffer_free(&story);
}

static void print_projection(void *context, const struct pgl_one_order *state)
{
    struct pgl_buffer *line = context;
    pgl_buffer_clear(line);
    pgl_one_order_project(state, line);
    printf("%.*s\n", PGL_TEXT_ARGS(pgl_buffer_text(line)));
}

/* One exploration as a program: how it went, or with `line` its states. */
static int run(const struct pgl_exploration *exploration, struct pgl_buffer *line)
{
    struct pgl_buffer story;
    struct pgl_explore_options options = { .adversary = exploration->adversary,
                                           .states_max = PGL_EXPLORE_STATES_MAX,
                                           .on_state = line != NULL ? print_projection : NULL,
                                           .context = line };
    struct pgl_explore_report report = { .story = &story };
    pgl_buffer_init(&story, 65536);
    pgl_status status = pgl_explore(&options, &report);
    if (line == NULL)
        printf("%s: %u states, %llu transitions, %u settled\n", exploration->name, report.states,
               (unsigned long long)report.transitions, report.settled);
    if (!pgl_is_ok(status))
        printf("%s\n", status.text);
    printf("%.*s", PGL_TEXT_ARGS(pgl_buffer_text(&story)));
    pgl_buffer_free(&story);
    return pgl_is_ok(status) && report.wrong == NULL ? 0 : 1;
}

static int explore_all(void)
{
    for (int i = 0; i < PGL_EXPLORATION_COUNT; i++)
        if (run(&pgl_explorations[i], NULL) != 0)
            return 1;
    return 0;
}

static int project(const char *name)
{
    const struct pgl_exploration *exploration = exploration_named(name);
    struct pgl_buffer line;
    if (exploration == NULL)
        return 2;
    pgl_buffer_init(&line, 1024);
    int failed = run(exploration, &line);
    pgl_buffer_free(&line);
    return failed;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_given_object_settles_whatever_happens),
        cmocka_unit_test(a_card_settles_whatever_happens),
        cmocka_unit_test(a_stale_answer_changes_nothing_that_matters),
        cmocka_unit_test(an_account_settles_whatever_happens),
        cmocka_unit_test(states_without_end_are_an_error_and_no_verdict),
    };
    if (argc == 2 && strcmp(argv[1], "--explore") == 0)
        return explore_all();
    if (argc == 3 && strcmp(argv[1], "--project") == 0)
        return project(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
