/* reconcile_command.c - panglot reconcile: our payments beside the provider's objects, compared by
 * the running platform. */
#include <stdio.h>

#include "app/commands.h"
#include "app/ctl/ask.h"
#include "app/ctl/print.h"
#include "app/options.h"
#include "contract/payments.h"
#include "platform/real/real.h"
#include "wire/json.h"

#define TARGET        "/api/v1/admin/reconciliation"
#define LOOK_AGAIN_NS PGL_MILLISECONDS(200)
#define PRINT_BYTES   (1u << 20)

/* Until the run that is under way has ended; a run that was under way already is as good. */
static pgl_status reconcile(struct pgl_ctl *ctl, const Reconciliation **report)
{
    void *answer;
    PGL_TRY(pgl_ctl_post(ctl, TARGET, NULL, RECONCILIATION_DESCRIPTOR, &answer));
    for (;;) {
        *report = answer;
        if (!(*report)->is_running)
            return PGL_OK;
        pgl_fetch_wait(&ctl->fetch, LOOK_AGAIN_NS);
        PGL_TRY(pgl_ctl_get(ctl, TARGET, RECONCILIATION_DESCRIPTOR, &answer));
    }
}

static void print(const Reconciliation *report, bool is_json)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, PRINT_BYTES);
    if (is_json)
        pgl_json_write(&report->base, &out);
    else
        pgl_print_fields(&report->base, 0, &out);
    printf("%.*s%s", PGL_TEXT_ARGS(pgl_buffer_text(&out)), is_json ? "\n" : "");
    pgl_buffer_free(&out);
}

/* 0: all agrees; 1: something is critical, or it could not be found out. */
static int run(struct pgl_ctl *ctl, struct pgl_platform *platform, bool is_json)
{
    const Reconciliation *report = NULL;
    pgl_status status = pgl_ctl_open(ctl, platform);
    if (pgl_is_ok(status))
        status = reconcile(ctl, &report);
    if (pgl_is_ok(status))
        print(report, is_json);
    else
        fprintf(stderr, "panglot reconcile: %s\n", status.text);
    bool is_well = pgl_is_ok(status) && report->critical == 0 && report->failure[0] == '\0';
    pgl_ctl_close(ctl);
    return is_well ? PGL_EXIT_DONE : PGL_EXIT_WRONG;
}

int pgl_reconcile_command(struct pgl_platform *platform, int argc, char **argv)
{
    struct pgl_ctl ctl = { .data = "panglot-data",
                           .url = "http://127.0.0.1:8080",
                           .subject = "reconcile",
                           .tenant = "default" };
    bool is_json = false;
    const struct pgl_option table[] = {
        { "--url", "URL", PGL_OPTION_TEXT, &ctl.url, 0,
          "where the platform listens (http://127.0.0.1:8080)" },
        { "--data", "DIR", PGL_OPTION_TEXT, &ctl.data, 0,
          "its folder, for the key that signs the operator's token (panglot-data)" },
        { "--json", NULL, PGL_OPTION_SWITCH, &is_json, 0, "the report as one JSON object" },
    };
    const struct pgl_command command = {
        .name = "reconcile",
        .arguments = "[--url URL] [--data DIR] [--json]",
        .summary = "Compares the payment provider's objects of two days with our payments. Exits 1 "
                   "when something\nis critical: money that only one side knows of.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
    };
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    return run(&ctl, platform, is_json);
}
