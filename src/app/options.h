/*
 * options.h - the options of a command as a table: parsed from the command line over the
 * environment, checked, and printed by --help.
 *
 *     --data DIR     flag, then PANGLOT_DATA, then what the field held before
 */
#ifndef PGL_APP_OPTIONS_H
#define PGL_APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

enum pgl_option_kind {
    PGL_OPTION_TEXT,     /* const char * */
    PGL_OPTION_NUMBER,   /* int64_t, at least `least` */
    PGL_OPTION_U32,      /* uint32_t, likewise */
    PGL_OPTION_SIZE,     /* size_t, likewise */
    PGL_OPTION_INT,      /* int, likewise */
    PGL_OPTION_DURATION, /* int64_t nanoseconds: 500ms, 30s, 15m, 1h */
    PGL_OPTION_ADDRESS,  /* struct pgl_address: HOST:PORT, numeric */
    PGL_OPTION_SWITCH    /* bool, without a value */
};

struct pgl_address {
    char host[46];
    uint16_t port;
};

/* 127.0.0.1:8080 or [::1]:8080; false for anything else. */
bool pgl_address_read(struct pgl_text text, struct pgl_address *address);

#define PGL_OPTION_MAY_BE_NONE (-1)

struct pgl_option {
    const char *name; /* "--data"; NULL for an argument without a name */
    const char *value_name;
    enum pgl_option_kind kind;
    void *value;
    int64_t least; /* of a number; of a duration PGL_OPTION_MAY_BE_NONE, or else more than none */
    const char *help;
};

enum pgl_origin {
    PGL_ORIGIN_DEFAULT,
    PGL_ORIGIN_FILE,
    PGL_ORIGIN_ENVIRONMENT,
    PGL_ORIGIN_FLAG,
    PGL_ORIGIN_DEMO
};

struct pgl_command {
    const char *name;
    const char *arguments; /* "[--data DIR]", for the usage line */
    const char *summary;
    const struct pgl_option *options;
    int option_count;
    /* Words that are no options, at most this many; with fewer than `words_min` it is a mistake. */
    const char **words;
    int words_min, words_max;
    /* Where each option's value came from; NULL where nobody asks. */
    enum pgl_origin *origins;
};

enum pgl_parsed {
    PGL_PARSED_RUN,
    PGL_PARSED_HELP, /* it was printed: exit 0 */
    PGL_PARSED_WRONG /* and said so: exit 2 */
};

/* `environment` finds a variable; NULL where there is none. */
enum pgl_parsed pgl_options_parse(const struct pgl_command *command, int argc, char **argv,
                                  const char *(*environment)(const char *name));

#define PGL_OPTION_VARIABLE_BYTES 64
/* --some-thing is PANGLOT_SOME_THING. */
void pgl_option_variable(const struct pgl_option *option, char name[PGL_OPTION_VARIABLE_BYTES]);
/* NULL when `text` is taken, which has to live as long as the option; else what is expected. */
const char *pgl_option_set(const struct pgl_option *option, const char *text);
/* The value of another option of the same kind; a text is copied to the arena. */
void pgl_option_copy(const struct pgl_option *to, const struct pgl_option *from,
                     struct pgl_arena *arena);
/* The value as pgl_option_set takes it, "" for none. */
const char *pgl_option_show(const struct pgl_option *option, struct pgl_arena *arena);

#endif
