/*
 * config_test.c - a setting comes from the nearest of its origins, and what is wrong is said with
 * its place.
 * Method: each origin over the ones below it; what is printed is read again; tables of mistakes.
 */
#include "app/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const *variables; /* name, value, ..., NULL */

static const char *environment(const char *name)
{
    for (size_t i = 0; variables != NULL && variables[i] != NULL; i += 2)
        if (strcmp(variables[i], name) == 0)
            return variables[i + 1];
    return NULL;
}

/* A disk that holds one file, "f.yaml". */
struct one_file {
    struct pgl_disk disk;
    const char *content;
};

static pgl_status read_one_file(struct pgl_disk *disk, const char *path, size_t limit_bytes,
                                struct pgl_arena *arena, struct pgl_text *content)
{
    (void)limit_bytes;
    if (strcmp(path, "f.yaml") != 0)
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such file");
    const char *text = ((struct one_file *)(void *)disk)->content;
    *content = (struct pgl_text){ pgl_arena_string(arena, pgl_text_of(text)), strlen(text) };
    return PGL_OK;
}

static struct pgl_config config;

static enum pgl_parsed read_config(const char *file, const char *const *around, int argc,
                                   char **argv)
{
    static const struct pgl_disk_ops ops = { .read_file = read_one_file };
    struct one_file one = { { .ops = &ops }, file };
    struct pgl_platform platform = { .disk = &one.disk };
    const struct pgl_command face = { .name = "serve", .arguments = "", .summary = "" };
    variables = around;
    pgl_config_open(&config);
    return pgl_config_read(&config, &platform, &face, argc, argv, environment);
}

static enum pgl_origin origin_of(const char *path)
{
    for (int i = 0; i < config.count; i++)
        if (config.settings[i].path != NULL && strcmp(config.settings[i].path, path) == 0)
            return config.origins[i];
    fail_msg("%s: there is no such setting", path);
    return PGL_ORIGIN_DEFAULT;
}

static void the_nearest_origin_wins(void **unused)
{
    (void)unused;
    const char *file = "http:\n  max-body: 1000\n  age: 2h\n  max-head: 1000\n"
                       "process:\n  data: there\n";
    const char *const around[] = { "PANGLOT_MAX_BODY", "2000",   "PANGLOT_AGE", "3h",
                                   "PANGLOT_CONFIG",   "f.yaml", NULL };
    char *flags[] = { (char[]){ "--max-body=3000" } };
    assert_int_equal(read_config(file, around, 1, flags), PGL_PARSED_RUN);
    assert_int_equal(config.boot.gateway.body_bytes_max, 3000);
    assert_int_equal(origin_of("http.max-body"), PGL_ORIGIN_FLAG);
    assert_int_equal(config.boot.gateway.limits.age_ns, PGL_HOURS(3));
    assert_int_equal(origin_of("http.age"), PGL_ORIGIN_ENVIRONMENT);
    assert_int_equal(config.boot.gateway.limits.http1.head_bytes_max, 1000);
    assert_string_equal(config.boot.data, "there");
    assert_int_equal(origin_of("process.data"), PGL_ORIGIN_FILE);
    assert_int_equal(config.boot.gateway.limits.http1.target_bytes_max, 4096);
    assert_int_equal(origin_of("http.max-target"), PGL_ORIGIN_DEFAULT);
    pgl_config_close(&config);
}

static void a_demo_lifts_limits_and_says_so(void **unused)
{
    (void)unused;
    char *flags[] = { (char[]){ "--demo" }, (char[]){ "--http" }, (char[]){ "[::1]:0" } };
    assert_int_equal(read_config("", NULL, 3, flags), PGL_PARSED_RUN);
    assert_true(config.boot.webhooks.loopback_too);
    assert_int_equal(origin_of("webhooks.to-loopback"), PGL_ORIGIN_DEMO);
    assert_int_equal(origin_of("http.listen"), PGL_ORIGIN_FLAG);
    assert_string_equal(config.boot.gateway.host, "::1");
    assert_int_equal(config.boot.gateway.port, 0);
    pgl_config_close(&config);
}

static void what_is_printed_is_read_again(void **unused)
{
    (void)unused;
    char *flags[] = { (char[]){ "--max-body" }, (char[]){ "77" },         (char[]){ "--data" },
                      (char[]){ "a: b # c" },   (char[]){ "--deadline" }, (char[]){ "90s" } };
    struct pgl_buffer shown;
    assert_int_equal(read_config("", NULL, 6, flags), PGL_PARSED_RUN);
    pgl_buffer_init(&shown, 1 << 20);
    pgl_config_show(&config, &shown);
    pgl_config_close(&config);

    pgl_config_open(&config);
    pgl_status read = pgl_config_read_text(&config, pgl_buffer_text(&shown));
    assert_string_equal(read.text, "");
    assert_int_equal(config.boot.gateway.body_bytes_max, 77);
    assert_string_equal(config.boot.data, "a: b # c");
    assert_int_equal(config.boot.orders.deadline_ns, PGL_SECONDS(90));
    pgl_config_close(&config);
    pgl_buffer_free(&shown);
}

static void a_secret_is_not_shown(void **unused)
{
    (void)unused;
    char *flags[] = { (char[]){ "--provider-key" }, (char[]){ "where-it-lies" } };
    struct pgl_buffer shown;
    assert_int_equal(read_config("", NULL, 2, flags), PGL_PARSED_RUN);
    pgl_buffer_init(&shown, 1 << 20);
    pgl_config_show(&config, &shown);
    pgl_config_show_json(&config, &shown);
    pgl_buffer_add_char(&shown, '\0');
    assert_null(strstr(pgl_buffer_text(&shown).data, "where-it-lies"));
    assert_non_null(strstr(pgl_buffer_text(&shown).data, "key: (hidden)"));
    pgl_config_close(&config);
    pgl_buffer_free(&shown);
}

static void mistakes_are_found_where_they_are(void **unused)
{
    (void)unused;
    static const struct {
        const char *file;
        size_t line, column;
    } rows[] = {
        { "http:\n  max-body: 1\n", 2, 3 },                 /* too small */
        { "http:\n  age: 1h\n  max-fields: 65\n", 3, 3 },   /* too large */
        { "http:\n  max-bodies: 1000\n", 2, 3 },            /* unknown */
        { "https:\n  max-body: 1000\n", 2, 3 },             /* an unknown section */
        { "http:\n  age: tomorrow\n", 2, 3 },               /* no time */
        { "http:\n  max-body: 99\n  max-body: 99\n", 3, 3 } /* twice */
    };
    char *flags[] = { (char[]){ "--config" }, (char[]){ "f.yaml" } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(read_config(rows[i].file, NULL, 2, flags), PGL_PARSED_WRONG);
        assert_int_equal(config.line, rows[i].line);
        assert_int_equal(config.column, rows[i].column);
        pgl_config_close(&config);
    }
    char *nowhere[] = { (char[]){ "--config" }, (char[]){ "g.yaml" } };
    assert_int_equal(read_config("", NULL, 2, nowhere), PGL_PARSED_WRONG);
    pgl_config_close(&config);
    char *too_many[] = { (char[]){ "--max-fields" }, (char[]){ "65" } };
    assert_int_equal(read_config("", NULL, 2, too_many), PGL_PARSED_WRONG);
    pgl_config_close(&config);
    char *senseless[] = { (char[]){ "--max-buffers" }, (char[]){ "1" } };
    assert_int_equal(read_config("", NULL, 2, senseless), PGL_PARSED_WRONG);
    pgl_config_close(&config);
}

/* Each name once, each path once and in one piece with its section, each with a meaning. */
static void the_table_is_in_order(void **unused)
{
    (void)unused;
    const char *section = "";
    size_t section_size = 0;
    pgl_config_open(&config);
    for (int i = 0; i < config.count; i++) {
        const struct pgl_setting *setting = &config.settings[i];
        assert_true(setting->option.help[0] != '\0');
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(setting->option.name, config.settings[k].option.name);
            if (config.settings[k].path != NULL)
                assert_string_not_equal(setting->path, config.settings[k].path);
        }
        if (setting->path == NULL)
            continue;
        size_t size = (size_t)(strchr(setting->path, '.') - setting->path) + 1;
        if (size == section_size && memcmp(section, setting->path, size) == 0)
            continue;
        section = setting->path;
        section_size = size;
        for (int k = 0; k < i; k++) /* a section that begins did not begin before */
            if (config.settings[k].path != NULL)
                assert_int_not_equal(strncmp(config.settings[k].path, section, size), 0);
    }
    pgl_config_close(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_origin_wins),
        cmocka_unit_test(a_demo_lifts_limits_and_says_so),
        cmocka_unit_test(what_is_printed_is_read_again),
        cmocka_unit_test(a_secret_is_not_shown),
        cmocka_unit_test(mistakes_are_found_where_they_are),
        cmocka_unit_test(the_table_is_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
