/*
 * condition_test.c - tags are compared as RFC 9110 has it, and a change without a condition is
 * none.
 * Method: fields made by hand, without a connection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "edge/condition.h"

static void a_tag_is_found_in_a_list(void **unused)
{
    (void)unused;
    static const struct {
        const char *list, *tag;
        bool is_there;
    } cases[] = {
        { "\"a\"", "\"a\"", true },         { "*", "\"a\"", true },
        { "\"b\", \"a\"", "\"a\"", true },  { "\"b\",\t\"a\"", "\"a\"", true },
        { ", ,\"a\"", "\"a\"", true },      { "W/\"a\"", "\"a\"", true },
        { "\"a\"", "W/\"a\"", true },       { "\"a,b\", \"c\"", "\"c\"", true },
        { "\"x, \\\"a\"", "\"a\"", false }, { "\"a\"", "\"A\"", false },
        { "\"aa\"", "\"a\"", false },       { "a", "\"a\"", false },
        { "\"a", "\"a\"", false },          { "w/\"a\"", "\"a\"", false },
        { "W/", "\"a\"", false },           { "", "\"a\"", false },
        { "\"a-gzip\"", "\"a\"", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(edge_tag_is_among(pgl_text_of(cases[i].list), pgl_text_of(cases[i].tag)),
                         cases[i].is_there);
}

static struct {
    struct pgl_http_exchange exchange;
    struct pgl_request request;
} bench;

static enum pgl_code read(const char *match, const char *none_match, bool may_be_new,
                          Condition **condition)
{
    struct pgl_http_request_head *head = &bench.exchange.head;
    bench.request.exchange = &bench.exchange;
    bench.request.arena = &bench.exchange.arena;
    head->field_count = 0;
    if (match != NULL)
        head->fields[head->field_count++] =
            (struct pgl_http_field){ PGL_TEXT("If-Match"), pgl_text_of(match) };
    if (none_match != NULL)
        head->fields[head->field_count++] =
            (struct pgl_http_field){ PGL_TEXT("If-None-Match"), pgl_text_of(none_match) };
    return edge_read_condition(&bench.request, may_be_new, condition).code;
}

static void a_change_needs_a_condition(void **unused)
{
    (void)unused;
    Condition *condition;
    pgl_arena_init(&bench.exchange.arena, 4096, 1u << 20);
    assert_int_equal(read(NULL, NULL, true, &condition), PGL_UNCONDITIONAL);
    assert_int_equal(read(NULL, "\"7\"", true, &condition), PGL_UNCONDITIONAL);
    assert_int_equal(read(NULL, "*", false, &condition), PGL_UNCONDITIONAL);
    assert_int_equal(read(NULL, "*", true, &condition), PGL_CODE_OK);
    assert_true(condition->absent && !condition->exists && condition->n_versions == 0);
    assert_int_equal(read("*", NULL, false, &condition), PGL_CODE_OK);
    assert_true(condition->exists && !condition->absent && condition->n_versions == 0);
    assert_int_equal(read("nonsense", NULL, false, &condition), PGL_MALFORMED);
    assert_int_equal(
        read("\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\"", NULL, false, &condition),
        PGL_INVALID);
    pgl_arena_free(&bench.exchange.arena);
}

/* 0 is the version of nothing: such a tag never fits. */
static void a_tag_is_of_a_version(void **unused)
{
    (void)unused;
    Condition *condition;
    static const int64_t expected[] = { 7, 7, 7, 0, 0, 0, 0 };
    pgl_arena_init(&bench.exchange.arena, 4096, 1u << 20);
    assert_int_equal(read("\"7\", \"7.93ab\", \"7.93ab-gzip\", W/\"7.93ab\", \"abc\", \"\", \"-7\"",
                          NULL, false, &condition),
                     PGL_CODE_OK);
    assert_int_equal(condition->n_versions, 7);
    for (int i = 0; i < 7; i++)
        assert_int_equal(condition->versions[i], expected[i]);
    pgl_arena_free(&bench.exchange.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_is_found_in_a_list),
        cmocka_unit_test(a_change_needs_a_condition),
        cmocka_unit_test(a_tag_is_of_a_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
