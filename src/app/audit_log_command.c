/* audit_log_command.c - panglot audit-log: what operators did, and whether somebody has changed
 * it. */
#include <stdio.h>
#include <string.h>

#include "app/audit_log_report.h"
#include "app/commands.h"
#include "app/folder.h"
#include "app/options.h"
#include "platform/real/real.h"

struct wish {
    bool is_json, is_check;
    int64_t limit;
};

static pgl_status look(struct pgl_boot *boot, struct pgl_cut *cut, void *self,
                       struct pgl_buffer *out, bool *is_clean)
{
    const struct wish *wish = self;
    (void)boot;
    if (wish->is_check)
        return pgl_audit_log_check(&cut->views, wish->is_json, out, is_clean);
    *is_clean = true;
    return pgl_audit_log_write(&cut->views, wish->limit, wish->is_json, out);
}

static int complain(const char *what)
{
    fprintf(stderr, "panglot audit-log: %s\nTry 'panglot audit-log --help'.\n", what);
    return PGL_EXIT_USAGE;
}

int pgl_audit_log_command(struct pgl_platform *platform, int argc, char **argv)
{
    const char *data = "panglot-data", *word;
    struct wish wish = { .limit = 100 };
    const struct pgl_option table[] = {
        { "--data", "DIR", PGL_OPTION_TEXT, &data, 0, "the folder of the platform (panglot-data)" },
        { "--limit", "N", PGL_OPTION_NUMBER, &wish.limit, 1,
          "of a list, the newest so many, at most 1000 (100)" },
        { "--json", NULL, PGL_OPTION_SWITCH, &wish.is_json, 0, "an object a line" },
    };
    const struct pgl_command command = {
        .name = "audit-log",
        .arguments = "verify|list [--data DIR] [--limit N] [--json]",
        .summary =
            "What operators did, in a stopped folder or a running platform's. Each entry has the "
            "hash of the\none before it; 'verify' walks every service's chain, prints the hash of "
            "its newest entry, and\nexits 1 where one is broken. Keep those hashes elsewhere: who "
            "takes away the newest entries\nleaves a chain that is whole.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .words = &word,
        .words_min = 1,
        .words_max = 1,
    };
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    wish.is_check = strcmp(word, "verify") == 0;
    if (!wish.is_check && strcmp(word, "list") != 0)
        return complain("verify or list is expected");
    if (wish.limit > PGL_AUDIT_LOG_LIST_MAX)
        return complain("--limit: at most 1000");
    char target[64];
    snprintf(target, sizeof target, "/audit-log?limit=%lld", (long long)wish.limit);
    const struct pgl_folder_look folder_look = {
        .command = "audit-log",
        .question = { .method = "GET",
                      .target = wish.is_check ? "/audit-log/verify" : target,
                      .is_json = wish.is_json },
        .look = look,
        .self = &wish,
    };
    return pgl_folder_look(platform, data, &folder_look);
}
