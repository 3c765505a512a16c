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

static bool read_duration(struct pgl_text text, int64_t least, int64_t *ns)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct pgl_text unit = pgl_text_of(units[i].unit);
        if (text.size <= unit.size ||
            memcmp(text.data + text.size - unit.size, unit.data, unit.size) != 0)
            continue;
        int64_t count;
        struct pgl_text digits = { text.data, text.size - unit.size };
        if (pgl_is_ok(pgl_text_to_i64(digits, &count)) && count > least &&
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

const char *pgl_option_set(const struct pgl_option *option, const char *text)
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
        return read_duration(pgl_text_of(text), option->least, option->value)
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

static size_t value_bytes(enum pgl_option_kind kind)
{
    switch (kind) {
    case PGL_OPTION_TEXT:
        return sizeof(const char *);
    case PGL_OPTION_NUMBER:
    case PGL_OPTION_DURATION:
        return sizeof(int64_t);
    case PGL_OPTION_U32:
        return sizeof(uint32_t);
    case PGL_OPTION_SIZE:
        return sizeof(size_t);
    case PGL_OPTION_INT:
        return sizeof(int);
    case PGL_OPTION_ADDRESS:
        return sizeof(struct pgl_address);
    case PGL_OPTION_SWITCH:
        return sizeof(bool);
    }
    return 0;
}

void pgl_option_copy(const struct pgl_option *to, const struct pgl_option *from,
                     struct pgl_arena *arena)
{
    PGL_ASSERT(to->kind == from->kind);
    memcpy(to->value, from->value, value_bytes(to->kind));
    const char **text = to->value;
    if (to->kind == PGL_OPTION_TEXT && *text != NULL)
        *text = pgl_arena_printf(arena, "%s", *text);
}

static const char *show_duration(int64_t ns, struct pgl_arena *arena)
{
    size_t largest_unit = 0;
    if (ns == 0)
        return "0s";
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (ns % units[i].ns == 0)
            largest_unit = i;
    return pgl_arena_printf(arena, "%lld%s", (long long)(ns / units[largest_unit].ns),
                            units[largest_unit].unit);
}

static const char *show_address(const struct pgl_address *address, struct pgl_arena *arena)
{
    bool is_v6 = strchr(address->host, ':') != NULL;
    if (address->host[0] == '\0')
        return "";
    return pgl_arena_printf(arena, "%s%s%s:%u", is_v6 ? "[" : "", address->host, is_v6 ? "]" : "",
                            address->port);
}

const char *pgl_option_show(const struct pgl_option *option, struct pgl_arena *arena)
{
    switch (option->kind) {
    case PGL_OPTION_TEXT:
        return *(const char **)option->value != NULL ? *(const char **)option->value : "";
    case PGL_OPTION_NUMBER:
        return pgl_arena_printf(arena, "%lld", (long long)*(const int64_t *)option->value);
    case PGL_OPTION_U32:
        return pgl_arena_printf(arena, "%u", *(const uint32_t *)option->value);
    case PGL_OPTION_SIZE:
        return pgl_arena_printf(arena, "%zu", *(const size_t *)option->value);
    case PGL_OPTION_INT:
        return pgl_arena_printf(arena, "%d", *(const int *)option->value);
    case PGL_OPTION_DURATION:
        return show_duration(*(const int64_t *)option->value, arena);
    case PGL_OPTION_ADDRESS:
        return show_address(option->value, arena);
    case PGL_OPTION_SWITCH:
        return *(const bool *)option->value ? "true" : "false";
    }
    return "";
}

/* ---- parsing ---- */

void pgl_option_variable(const struct pgl_option *option, char name[PGL_OPTION_VARIABLE_BYTES])
{
    size_t at = (size_t)snprintf(name, PGL_OPTION_VARIABLE_BYTES, ENVIRONMENT_PREFIX);
    for (const char *from = option->name + 2; *from != '\0' && at < PGL_OPTION_VARIABLE_BYTES - 1;
         from++)
        name[at++] = *from == '-' ? '_' : (char)(*from >= 'a' && *from <= 'z' ? *from - 32 : *from);
    name[at] = '\0';
}

static void note_origin(const struct pgl_command *command, const struct pgl_option *option,
                        enum pgl_origin origin)
{
    if (command->origins != NULL)
        command->origins[option - command->options] = origin;
}

static enum pgl_parsed read_environment(const struct pgl_command *command,
                                        const char *(*environment)(const char *name))
{
    for (int i = 0; i < command->option_count; i++) {
        char name[PGL_OPTION_VARIABLE_BYTES];
        pgl_option_variable(&command->options[i], name);
        const char *text = environment(name);
        const char *wrong = text != NULL ? pgl_option_set(&command->options[i], text) : NULL;
        if (wrong != NULL)
            return complain(command, wrong, name);
        if (text != NULL)
            note_origin(command, &command->options[i], PGL_ORIGIN_ENVIRONMENT);
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
    const char *wrong = text != NULL ? pgl_option_set(option, text) : "a value is expected";
    note_origin(command, option, PGL_ORIGIN_FLAG);
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
