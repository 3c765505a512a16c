/* verify_command.c - panglot verify: does a folder's data keep what the platform promises? */
#include "app/audit.h"
#include "app/commands.h"
#include "app/folder.h"
#include "app/options.h"
#include "platform/real/real.h"

#define HELP_BYTES_MAX 16384

static pgl_status audit(struct pgl_boot *boot, struct pgl_cut *cut, void *is_json,
                        struct pgl_buffer *out, bool *is_clean)
{
    static struct pgl_audit_report report;
    (void)boot;
    PGL_TRY(pgl_audit(&cut->views, &report));
    if (*(const bool *)is_json)
        pgl_audit_report_write_json(&report, out);
    else
        pgl_audit_report_write_text(&report, out);
    *is_clean = report.is_clean;
    return PGL_OK;
}

/* The table of invariants is the help. */
static void describe(struct pgl_buffer *out)
{
    pgl_buffer_add_literal(out, "Looks whether a folder's data keeps what the platform promises; "
                                "exits 1 if not, naming who\n"
                                "breaks what. A running platform is asked over its socket in the "
                                "folder and takes a cut of all\n"
                                "its files; of a stopped one the files are opened. A to S hold "
                                "always, Q when the platform has\n"
                                "nothing left to do. Of each:\n");
    for (int i = 0; i < PGL_INVARIANT_COUNT; i++) {
        pgl_buffer_printf(out, "\n  %-4s %s", pgl_invariants[i].id, pgl_invariants[i].says);
        if (pgl_invariants[i].not_seen != NULL)
            pgl_buffer_printf(out, "\n       (not seen: %s)", pgl_invariants[i].not_seen);
    }
    pgl_buffer_add_char(out, '\0');
}

int pgl_verify_command(struct pgl_platform *platform, int argc, char **argv)
{
    const char *data = "panglot-data";
    bool is_json = false;
    const struct pgl_option table[] = {
        { "--data", "DIR", PGL_OPTION_TEXT, &data, 0, "the folder of the platform (panglot-data)" },
        { "--json", NULL, PGL_OPTION_SWITCH, &is_json, 0, "the report as one JSON object" },
    };
    struct pgl_buffer summary;
    pgl_buffer_init(&summary, HELP_BYTES_MAX);
    describe(&summary);
    const struct pgl_command command = {
        .name = "verify",
        .arguments = "[--data DIR] [--json]",
        .summary = summary.data,
        .options = table,
        .option_count = sizeof table / sizeof table[0],
    };
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    pgl_buffer_free(&summary);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    const struct pgl_folder_look look = {
        .command = "verify",
        .question = { .method = "GET", .target = "/verify", .is_json = is_json },
        .look = audit,
        .self = &is_json,
    };
    return pgl_folder_look(platform, data, &look);
}
