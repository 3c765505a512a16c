/* options.c - see options.h. */
#include "app/options.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/status.h"
#include "base/text.h"
#include "base/time.h"

#define ENVIRONMENT_PREFIX "PANGLOT_"
#define WIDTH              28 /* of the option column in --help */

static void print_help(const struct pgl_command *command)
{
    printf("usage: panglot %s %s\n\n%s\n", command->name, command->arguments, command->summary);
    if (command->option_count > 0)
        printf("\noptions:\n");
    for (int i = 0; i < command->option_count; i++) {
        const struct pgl_option *option = &command->options[i];
        char left[64];
        snprintf(left, sizeof left, "%s %s", option->name,
                 option->value_name ? option->value_name : "");
        printf("  %-*s %s\n", WIDTH, left, option->help);
    }
    printf("  %-*s %s\n", WIDTH, "--help", "this text");
    printf("\nEach option can also be given by the environment: --some-thing as " ENVIRONMENT_PREFIX
           "SOME_THING.\n");
}

static enum pgl_parsed complain(const struct pgl_command *command, const char *what,
                                const char *which)
{
    fprintf(stderr, "panglot %s: %s: %s\nTry 'panglot %s --help'.\n", command->name, which, what,
            command->name);
    return PGL_PARSED_WRONG;
}

/* ---- values ---- */

static const struct {
    const char *unit;
    int64_t ns;
} units[] = {
    { "ms", PGL_MILLISECONDS(1) },
    { "s", PGL_SECONDS(1) },
    { "m", PGL_MINUTES(1) },
    { "h", PGL_HOURS(1) },
};

static bool read_duration(struct pgl_text text, int64_t *ns)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct pgl_text unit = pgl_text_of(units[i].unit);
        if (text.size <= unit.size ||
            memcmp(text.data + text.size - unit.size, unit.data, unit.size) != 0)
            continue;
        int64_t count;
        struct pgl_text digits = { text.data, text.size - unit.size };
        if (pgl_is_ok(pgl_text_to_i64(digits, &count)) && count > 0 &&
            !__builtin_mul_overflow(count, units[i].ns, ns))
            return true;
    }
    return false;
}

bool pgl_address_read(struct pgl_text text, struct pgl_address *address)
{
    const char *colon = text.size > 0 ? memrchr(text.data, ':', text.size) : NULL;
    int64_t port;
    if (colon == NULL)
        return false;
    struct pgl_text host = { text.data, (size_t)(colon - text.data) };
    struct pgl_text digits = { colon + 1, text.size - host.size - 1 };
    if (host.size > 2 && host.data[0] == '[' && host.data[host.size - 1] == ']')
        host = (struct pgl_text){ host.data + 1, host.size - 2 };
    if (host.size == 0 || host.size >= sizeof address->host ||
        !pgl_is_ok(pgl_text_to_i64(digits, &port)) || port < 0 || port > UINT16_MAX)
        return false;
    memcpy(address->host, host.data, host.size);
    address->host[host.size] = '\0';
    address->port = (uint16_t)port;
    return true;
}

static int64_t largest(enum pgl_option_kind kind)
{
    if (kind == PGL_OPTION_INT)
        return INT_MAX;
    return kind == PGL_OPTION_U32 ? (int64_t)UINT32_MAX : INT64_MAX;
}

static void set_number(const struct pgl_option *option, int64_t number)
{
    if (option->kind == PGL_OPTION_U32)
        *(uint32_t *)option->value = (uint32_t)number;
    else if (option->kind == PGL_OPTION_SIZE)
        *(size_t *)option->value = (size_t)number;
    else if (option->kind == PGL_OPTION_INT)
        *(int *)option->value = (int)number;
    else
        *(int64_t *)option->value = number;
}

/* NULL when it is taken, else what is expected. */
static const char *set_value(const struct pgl_option *option, const char *text)
{
    int64_t number;
    switch (option->kind) {
    case PGL_OPTION_TEXT:
        *(const char **)option->value = text;
        return text[0] != '\0' ? NULL : "a value is expected";
    case PGL_OPTION_NUMBER:
    case PGL_OPTION_U32:
    case PGL_OPTION_SIZE:
    case PGL_OPTION_INT:
        if (!pgl_is_ok(pgl_text_to_i64(pgl_text_of(text), &number)) || number < option->least ||
            number > largest(option->kind))
            return "a whole number is expected, neither smaller nor larger than makes sense";
        set_number(option, number);
        return NULL;
    case PGL_OPTION_DURATION:
        return read_duration(pgl_text_of(text), option->value)
                   ? NULL
                   : "a time such as 500ms, 30s, 15m or 1h is expected";
    case PGL_OPTION_ADDRESS:
        return pgl_address_read(pgl_text_of(text), option->value)
                   ? NULL
                   : "HOST:PORT is expected, such as 127.0.0.1:8080";
    case PGL_OPTION_SWITCH:
        *(bool *)option->value = strcmp(text, "0") != 0 && strcmp(text, "false") != 0;
        return NULL;
    }
    return "it has no value";
}

/* ---- parsing ---- */

static enum pgl_parsed read_environment(const struct pgl_command *command,
                                        const char *(*environment)(const char *name))
{
    for (int i = 0; i < command->option_count; i++) {
        char name[64] = ENVIRONMENT_PREFIX;
        size_t at = strlen(name);
        for (const char *from = command->options[i].name + 2; *from != '\0' && at < sizeof name - 1;
             from++)
            name[at++] =
                *from == '-' ? '_' : (char)(*from >= 'a' && *from <= 'z' ? *from - 32 : *from);
        name[at] = '\0';
        const char *text = environment(name);
        const char *wrong = text != NULL ? set_value(&command->options[i], text) : NULL;
        if (wrong != NULL)
            return complain(command, wrong, name);
    }
    return PGL_PARSED_RUN;
}

static const struct pgl_option *find_option(const struct pgl_command *command, struct pgl_text name)
{
    for (int i = 0; i < command->option_count; i++)
        if (pgl_text_is(name, command->options[i].name))
            return &command->options[i];
    return NULL;
}

/* Reads argv[at], and perhaps its value behind it; `*at` goes to the last one read. */
static enum pgl_parsed read_option(const struct pgl_command *command, int argc, char **argv,
                                   int *at)
{
    struct pgl_text value = pgl_text_of(argv[*at]);
    struct pgl_text name = pgl_text_cut(&value, '=');
    const struct pgl_option *option = find_option(command, name);
    if (option == NULL)
        return complain(command, "there is no such option", argv[*at]);
    const char *text = value.data; /* the NUL of the argument ends it */
    if (text == NULL && option->kind == PGL_OPTION_SWITCH)
        text = "1";
    if (text == NULL && *at + 1 < argc)
        text = argv[++*at];
    const char *wrong = text != NULL ? set_value(option, text) : "a value is expected";
    return wrong != NULL ? complain(command, wrong, option->name) : PGL_PARSED_RUN;
}

enum pgl_parsed pgl_options_parse(const struct pgl_command *command, int argc, char **argv,
                                  const char *(*environment)(const char *name))
{
    int words = 0;
    for (int i = 0; i < command->option_count; i++) /* each stands in the table once */
        PGL_ASSERT(find_option(command, pgl_text_of(command->options[i].name)) ==
                   &command->options[i]);
    enum pgl_parsed parsed = read_environment(command, environment);
    for (int at = 0; at < argc && parsed == PGL_PARSED_RUN; at++) {
        if (strcmp(argv[at], "--help") == 0) {
            print_help(command);
            return PGL_PARSED_HELP;
        }
        if (strncmp(argv[at], "--", 2) == 0)
            parsed = read_option(command, argc, argv, &at);
        else if (words == command->words_max)
            parsed = complain(command, "this word is not expected here", argv[at]);
        else
            command->words[words++] = argv[at];
    }
    if (parsed == PGL_PARSED_RUN && words < command->words_min) {
        fprintf(stderr, "panglot %s: more is expected: %s\nTry 'panglot %s --help'.\n",
                command->name, command->arguments, command->name);
        return PGL_PARSED_WRONG;
    }
    return parsed;
}
