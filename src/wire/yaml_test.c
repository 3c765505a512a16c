/*
 * yaml_test.c - a file is read as a flat list, and what YAML can do beyond that is refused where it
 * stands.
 * Method: tables of texts, with the items they make, or the place and reason of the refusal.
 */
#include "wire/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct pgl_yaml yaml;

static pgl_status read_it(struct pgl_arena *arena, struct pgl_text text)
{
    pgl_arena_init(arena, 4096, 1 << 20);
    return pgl_yaml_read(text, arena, &yaml);
}

static void values_are_read(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *items; /* section.key=value@line:column */
    } rows[] = {
        { "", "" },
        { "# nothing\n", "" },
        { "---\n...\n", "" },
        { "a:\n  # nothing\nb:\n  c: d\n", "b.c=d@4:3 " },
        { "a:\n  b: c\n", "a.b=c@2:3 " },
        { "a: {b: c, d: 1}\n", "a.b=c@1:5 a.d=1@1:11 " },
        { "a:\n  b: \"x: y\"\n  c: 'it''s'\nd:\n  b: 15m # why\n",
          "a.b=x: y@2:3 a.c=it's@3:3 d.b=15m@5:3 " },
        { "a:\n  roles: [x, y]\n  more:\n  - p\n  - q\n  none: []\n",
          "a.roles=x,y@2:3 a.more=p,q@3:3 a.none=@6:3 " },
        { "a: {}\nb:\n  c: {}\n", NULL },
        { "a:\n  b:\n", "a.b=@2:3 " },
        { "%YAML 1.1\n---\na:\n  b: c\n", "a.b=c@4:3 " },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pgl_arena arena;
        char made[256] = "";
        pgl_status status = read_it(&arena, pgl_text_of(rows[i].text));
        assert_int_equal(pgl_is_ok(status), rows[i].items != NULL);
        for (int k = 0; k < yaml.count && rows[i].items != NULL; k++)
            snprintf(made + strlen(made), sizeof made - strlen(made), "%s.%s=%s@%zu:%zu ",
                     yaml.items[k].section, yaml.items[k].key, yaml.items[k].value,
                     yaml.items[k].line, yaml.items[k].column);
        if (rows[i].items != NULL)
            assert_string_equal(made, rows[i].items);
        pgl_arena_free(&arena);
    }
}

static void what_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        enum pgl_code code;
        size_t line, column;
    } rows[] = {
        { "a", PGL_INVALID, 1, 1 },                             /* no sections */
        { "- a\n", PGL_INVALID, 1, 1 },                         /* a list of them */
        { "a: b\n", PGL_INVALID, 1, 4 },                        /* a value where keys belong */
        { "a:\n  b:\n    c: d\n", PGL_INVALID, 3, 5 },          /* a third level */
        { "a:\n  b: [[c]]\n", PGL_INVALID, 2, 7 },              /* a list in a list */
        { "a:\n  b: 1\n  b: 2\n", PGL_INVALID, 3, 3 },          /* a key twice */
        { "a:\n  b: 1\na:\n  c: 2\n", PGL_INVALID, 3, 1 },      /* a section twice */
        { "a:\n  b: &x 1\n", PGL_INVALID, 2, 6 },               /* an anchor */
        { "a:\n  b: *x\n", PGL_INVALID, 2, 6 },                 /* an alias */
        { "a: &x {b: c}\n", PGL_INVALID, 1, 4 },                /* an anchor of a section */
        { "a:\n  b: !!str 1\n", PGL_INVALID, 2, 6 },            /* a tag */
        { "a:\n  b: ! 1\n", PGL_INVALID, 2, 6 },                /* the least tag */
        { "%TAG ! tag:x,1:\n---\na: {}\n", PGL_INVALID, 1, 1 }, /* a directive */
        { "a: {}\n---\nb: {}\n", PGL_INVALID, 2, 1 },           /* a second document */
        { "a:\n  [b]: c\n", PGL_INVALID, 2, 3 },                /* a key that is a list */
        { "a:\n  b: \"x\\0y\"\n", PGL_INVALID, 2, 6 },          /* a NUL */
        { "a:\n b: c\n  d: e\n", PGL_MALFORMED, 3, 4 },         /* no YAML */
        { "a:\n\tb: c\n", PGL_MALFORMED, 2, 1 },                /* a tab */
        { "a: \xff\n", PGL_MALFORMED, 1, 1 },                   /* no UTF-8 */
        { "a: {b: c\n", PGL_MALFORMED, 2, 1 },                  /* cut off */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pgl_arena arena;
        pgl_status status = read_it(&arena, pgl_text_of(rows[i].text));
        if (status.code != rows[i].code || yaml.line != rows[i].line ||
            yaml.column != rows[i].column)
            fail_msg("%s: %s at %zu:%zu", rows[i].text, status.text, yaml.line, yaml.column);
        pgl_arena_free(&arena);
    }
}

static void what_is_too_much(void **unused)
{
    (void)unused;
    struct pgl_arena arena;
    static char text[PGL_YAML_BYTES_MAX + 1];
    memset(text, '#', sizeof text);
    assert_int_equal(read_it(&arena, (struct pgl_text){ text, sizeof text }).code, PGL_TOO_LARGE);
    pgl_arena_free(&arena);
    assert_int_equal(read_it(&arena, (struct pgl_text){ text, sizeof text - 1 }).code, PGL_CODE_OK);
    pgl_arena_free(&arena);

    size_t size = (size_t)sprintf(text, "a:\n");
    for (int i = 0; i <= PGL_YAML_ITEMS_MAX; i++)
        size += (size_t)sprintf(text + size, " k%d: 1\n", i);
    assert_int_equal(read_it(&arena, (struct pgl_text){ text, size }).code, PGL_INVALID);
    assert_int_equal(yaml.line, PGL_YAML_ITEMS_MAX + 2);
    pgl_arena_free(&arena);

    size = (size_t)sprintf(text, "a:\n b: [x");
    for (int i = 0; i < PGL_YAML_LIST_MAX; i++)
        size += (size_t)sprintf(text + size, ",x");
    size += (size_t)sprintf(text + size, "]\n");
    assert_int_equal(read_it(&arena, (struct pgl_text){ text, size }).code, PGL_INVALID);
    pgl_arena_free(&arena);

    memset(text, '[', 60000); /* deep, and never closed */
    assert_int_not_equal(read_it(&arena, (struct pgl_text){ text, 60000 }).code, PGL_CODE_OK);
    pgl_arena_free(&arena);

    pgl_arena_init(&arena, 256, 256);
    assert_int_equal(pgl_yaml_read(PGL_TEXT("a:\n  b: 11111111111111111111111111111111111111111\n"
                                            "  c: 11111111111111111111111111111111111111111\n"
                                            "  d: 11111111111111111111111111111111111111111\n"
                                            "  e: 11111111111111111111111111111111111111111\n"
                                            "  f: 11111111111111111111111111111111111111111\n"),
                                   &arena, &yaml)
                         .code,
                     PGL_EXHAUSTED);
    pgl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(what_is_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
