/* verify_command.c - panglot verify: does a folder's data keep what the platform promises? */
#include <stdio.h>

#include "app/boot.h"
#include "app/commands.h"
#include "app/control.h"
#include "app/cut.h"
#include "app/options.h"
#include "platform/real/real.h"

#define HELP_BYTES_MAX 16384

static int complain(const char *folder, const char *what)
{
    fprintf(stderr, "panglot verify: %s: %s\n", folder, what);
    return PGL_EXIT_WRONG;
}

/* ---- a stopped platform ---- */

static pgl_status audit_stopped(struct pgl_boot *boot, struct pgl_audit_report *report)
{
    static struct pgl_cut cut;
    pgl_status status = pgl_cut_open(&cut, boot);
    if (pgl_is_ok(status))
        status = pgl_cut_begin(&cut);
    if (pgl_is_ok(status))
        status = pgl_audit(&cut.views, report);
    pgl_cut_close(&cut);
    return status;
}

static int print(const struct pgl_buffer *out, bool is_clean)
{
    fwrite(out->data, 1, out->size, stdout);
    return is_clean ? PGL_EXIT_DONE : PGL_EXIT_WRONG;
}

static int verify_stopped(struct pgl_boot *boot, bool is_json)
{
    static struct pgl_audit_report report;
    struct pgl_buffer out;
    pgl_status status = audit_stopped(boot, &report);
    if (!pgl_is_ok(status))
        return complain(boot->options.data, status.text);
    pgl_buffer_init(&out, PGL_CONTROL_ANSWER_BYTES_MAX);
    if (is_json)
        pgl_audit_report_write_json(&report, &out);
    else
        pgl_audit_report_write_text(&report, &out);
    int code = print(&out, report.is_clean);
    pgl_buffer_free(&out);
    return code;
}

/* ---- a running one ---- */

static int verify_running(struct pgl_platform *platform, const char *folder, bool is_json)
{
    struct pgl_buffer out;
    bool is_clean;
    pgl_buffer_init(&out, PGL_CONTROL_ANSWER_BYTES_MAX);
    pgl_status status = pgl_control_ask(platform, folder, is_json, &out, &is_clean);
    int code = pgl_is_ok(status) ? print(&out, is_clean) : complain(folder, status.text);
    pgl_buffer_free(&out);
    return code;
}

/* ---- which it is ---- */

/* Opening makes what is missing, and a folder that is none of ours is to stay as it is. */
static bool is_platform_folder(struct pgl_platform *platform, const char *folder)
{
    static const char *const files[] = { "lock", "orders.db", "payments.db", "inventory.db" };
    struct pgl_arena arena;
    bool is_ours = true;
    pgl_arena_init(&arena, 4096, 65536);
    for (size_t i = 0; i < sizeof files / sizeof files[0] && is_ours; i++) {
        struct pgl_text content;
        const char *path = pgl_arena_printf(&arena, "%s/%s", folder, files[i]);
        pgl_status read = platform->disk->ops->read_file(platform->disk, path, 0, &arena, &content);
        is_ours = pgl_is_ok(read) || read.code == PGL_TOO_LARGE; /* there, and empty or not */
    }
    pgl_arena_free(&arena);
    return is_ours;
}

static int verify(struct pgl_platform *platform, const struct pgl_boot_options *options,
                  bool is_json)
{
    static struct pgl_boot boot;
    if (!is_platform_folder(platform, options->data))
        return complain(options->data, "it is not the data folder of a platform");
    pgl_status opened = pgl_boot_open(&boot, platform, options);
    int code;
    if (pgl_is_ok(opened))
        code = verify_stopped(&boot, is_json);
    else if (opened.code == PGL_CONFLICT && !boot.has_folder)
        code = verify_running(platform, options->data, is_json);
    else
        code = complain(options->data, opened.text);
    pgl_boot_close(&boot);
    return code;
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
    struct pgl_boot_options options = pgl_boot_defaults();
    options.has_edge = false;
    bool is_json = false;
    const struct pgl_option table[] = {
        { "--data", "DIR", PGL_OPTION_TEXT, &options.data, 0,
          "the folder of the platform (panglot-data)" },
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
    return verify(platform, &options, is_json);
}
