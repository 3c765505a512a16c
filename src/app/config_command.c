/* config_command.c - panglot config: every setting of serve, its value, and where that is from. */
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/config.h"
#include "platform/real/real.h"

#define SHOWN_BYTES_MAX (1u << 20)

static int show(struct pgl_config *config, bool is_json)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, SHOWN_BYTES_MAX);
    if (is_json)
        pgl_config_show_json(config, &out);
    else
        pgl_config_show(config, &out);
    bool is_whole = !out.is_full;
    printf("%.*s", PGL_TEXT_ARGS(pgl_buffer_text(&out)));
    pgl_buffer_free(&out);
    return is_whole && fflush(stdout) == 0 ? PGL_EXIT_DONE : PGL_EXIT_WRONG;
}

int pgl_config_command(struct pgl_platform *platform, int argc, char **argv)
{
    static struct pgl_config config; /* too large for a stack */
    bool is_json = false;
    const char *word = "";
    const struct pgl_option more[] = {
        { "--json", NULL, PGL_OPTION_SWITCH, &is_json, 0, "for programs" },
    };
    const struct pgl_command face = {
        .name = "config",
        .arguments = "[check] [--config FILE] [--json] [OPTIONS OF SERVE]",
        .summary =
            "Prints every setting of panglot serve as it would be with these options, its origin "
            "and its meaning;\nthe result is a file for --config. With 'check': only whether they "
            "are right.",
        .options = more,
        .option_count = sizeof more / sizeof more[0],
        .words = &word,
        .words_max = 1,
    };
    pgl_config_open(&config);
    enum pgl_parsed parsed =
        pgl_config_read(&config, platform, &face, argc, argv, pgl_real_environment);
    int code = parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    if (parsed == PGL_PARSED_RUN && strcmp(word, "check") == 0)
        code = PGL_EXIT_DONE;
    else if (parsed == PGL_PARSED_RUN && word[0] == '\0')
        code = show(&config, is_json);
    else if (parsed == PGL_PARSED_RUN)
        fprintf(stderr, "panglot config: %s: 'check' or nothing is expected\n", word);
    pgl_config_close(&config);
    return code;
}
