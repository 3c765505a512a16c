/* restore_command.c - panglot restore: a folder for a platform to start in, from a backup. */
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/options.h"
#include "app/restore.h"
#include "platform/real/real.h"

int pgl_restore_command(struct pgl_platform *platform, int argc, char **argv)
{
    const char *data = "panglot-data", *from = NULL;
    const struct pgl_option table[] = {
        { "--from", "DIR", PGL_OPTION_TEXT, &from, 0,
          "what 'panglot backup' has written; required" },
        { "--data", "DIR", PGL_OPTION_TEXT, &data, 0,
          "the folder to make, a new or empty one (panglot-data)" },
    };
    const struct pgl_command command = {
        .name = "restore",
        .arguments = "--from DIR [--data DIR]",
        .summary =
            "Makes a platform's folder of a backup: every file is checked against the manifest; "
            "the logs get a\nnew epoch, so that nobody takes their new events for those that came "
            "behind the backup; and\nnothing is sent to the payment provider until reconciliation "
            "has run. The folder is there when it\nis whole, or not at all.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
    };
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    size_t size = strlen(data);
    if (from == NULL || data[size - 1] == '/') {
        fprintf(stderr, "panglot restore: %s\nTry 'panglot restore --help'.\n",
                from == NULL ? "--from: it is required" : "--data: without a slash at its end");
        return PGL_EXIT_USAGE;
    }
    pgl_status status = pgl_restore(platform, from, data);
    if (!pgl_is_ok(status)) {
        fprintf(stderr, "panglot restore: %s to %s: %s\n", from, data, status.text);
        return PGL_EXIT_WRONG;
    }
    printf("restored to %s; start 'panglot serve --data %s'\n"
           "and then 'panglot reconcile': until it has run, payments by card wait\n",
           data, data);
    return PGL_EXIT_DONE;
}
