/* backup_command.c - panglot backup: all files of a platform as of one moment, in a folder of their
 * own, while it goes on. */
#include <stdio.h>

#include "app/commands.h"
#include "app/folder.h"
#include "app/options.h"
#include "platform/real/real.h"

static void show(void *unused, struct pgl_text line)
{
    (void)unused;
    if (pgl_real_is_watched())
        fprintf(stderr, "\r\033[K%.*s", PGL_TEXT_ARGS(line));
}

static pgl_status copy(struct pgl_boot *boot, struct pgl_cut *cut, void *folder,
                       struct pgl_buffer *out, bool *is_clean)
{
    static struct pgl_backup backup;
    struct pgl_buffer line;
    pgl_buffer_init(&line, 4096);
    pgl_status status = pgl_backup_begin(&backup, boot, cut, folder);
    while (pgl_is_ok(status) && !backup.is_done) {
        status = pgl_backup_go_on(&backup);
        pgl_buffer_clear(&line);
        pgl_backup_say(&backup, &line);
        if (line.size > 0)
            show(NULL, (struct pgl_text){ line.data, line.size - 1 });
    }
    pgl_backup_end(&backup);
    pgl_buffer_free(&line);
    *is_clean = pgl_is_ok(status);
    if (*is_clean)
        pgl_buffer_add_literal(out, "done");
    return status;
}

int pgl_backup_command(struct pgl_platform *platform, int argc, char **argv)
{
    const char *data = "panglot-data", *to = NULL;
    char path[4096];
    const struct pgl_option table[] = {
        { "--data", "DIR", PGL_OPTION_TEXT, &data, 0, "the folder of the platform (panglot-data)" },
        { "--to", "DIR", PGL_OPTION_TEXT, &to, 0,
          "where to write, a new or empty folder; required" },
    };
    const struct pgl_command command = {
        .name = "backup",
        .arguments = "--to DIR [--data DIR]",
        .summary =
            "Copies all files of a platform as they were at one moment, with the signing key and "
            "a\n"
            "manifest of sizes and SHA-256 that is written last: a folder without it is no backup. "
            "A running\nplatform is asked over its socket and goes on; of a stopped one the files "
            "are opened.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
    };
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    if (to == NULL || !pgl_real_whole_path(to, path, sizeof path)) {
        fprintf(stderr, "panglot backup: --to: %s\nTry 'panglot backup --help'.\n",
                to == NULL ? "it is required" : "the path is too long");
        return PGL_EXIT_USAGE;
    }
    const struct pgl_folder_look look = {
        .command = "backup",
        .question = { .method = "POST",
                      .target = "/backup",
                      .body = pgl_text_of(path),
                      .is_streamed = true,
                      .on_line = show },
        .look = copy,
        .self = path,
    };
    int code = pgl_folder_look(platform, data, &look);
    printf("\n");
    return code;
}
