/* main.c - the table of commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "platform/real/real.h"
#include "store/database.h"
#include "store/vfs.h"

/* Behind SIGTERM and SIGINT. */
enum end { IN_ORDER, AT_ONCE };

static const struct {
    const char *name, *summary;
    int (*run)(struct pgl_platform *platform, int argc, char **argv);
    enum end end;
} commands[] = {
    { "serve", "the platform, all services in one process", pgl_serve_command, IN_ORDER },
    { "config", "prints every setting of serve, its value, and where that is from",
      pgl_config_command, AT_ONCE },
    { "token", "prints a token signed by a data folder's own key", pgl_token_command, AT_ONCE },
    { "verify", "looks whether a folder's data keeps what the platform promises",
      pgl_verify_command, AT_ONCE },
    { "reconcile", "compares our payments with the payment provider's objects",
      pgl_reconcile_command, AT_ONCE },
    { "ctl", "what is stuck or parked: looked at, taken up again, settled", pgl_ctl_command,
      AT_ONCE },
    { "call", "calls any method over gRPC, messages as JSON", pgl_call_command, AT_ONCE },
    { "audit-log", "what operators did, and whether somebody has changed it", pgl_audit_log_command,
      AT_ONCE },
    { "backup", "copies a platform's files as of one moment, while it runs", pgl_backup_command,
      AT_ONCE },
    { "restore", "makes a platform's folder of a backup", pgl_restore_command, AT_ONCE },
    { "import", "loads products, stock or credit lines from CSV into a stopped folder",
      pgl_import_command, AT_ONCE },
    { "bench", "places orders at a running platform and tells how fast it is", pgl_bench_command,
      AT_ONCE },
    { "provider", "a payment provider to try the platform against", pgl_provider_command,
      IN_ORDER },
    { "sim", "the whole program on a simulated machine that fails", pgl_sim_command, AT_ONCE },
    { "version", "its own version and those of its libraries, also as a bill of materials",
      pgl_version_command, AT_ONCE },
};
static const size_t command_count = sizeof commands / sizeof commands[0];

static void print_commands(FILE *out)
{
    fprintf(out, "usage: panglot COMMAND [OPTIONS]\n\ncommands:\n");
    for (size_t i = 0; i < command_count; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "\n'panglot COMMAND --help' tells more.\n");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_commands(stderr);
        return PGL_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_commands(stdout);
        return PGL_EXIT_DONE;
    }
    const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        pgl_real_signals_take();
        if (commands[i].end == AT_ONCE)
            pgl_real_signals_give();
        pgl_store_start();
        if (!pgl_is_ok(pgl_vfs_register("panglot", NULL))) {
            fprintf(stderr, "panglot: no memory to start\n");
            return PGL_EXIT_WRONG;
        }
        return commands[i].run(pgl_real_open(), argc - 2, argv + 2);
    }
    fprintf(stderr, "panglot: %s: there is no such command\nTry 'panglot --help'.\n", argv[1]);
    return PGL_EXIT_USAGE;
}
