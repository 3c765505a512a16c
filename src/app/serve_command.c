/* serve_command.c - panglot serve: the platform, a thread for each row of boot.c's table. */
#include <stdio.h>
#include <string.h>

#include "app/boot.h"
#include "app/commands.h"
#include "app/demo.h"
#include "app/options.h"
#include "platform/real/real.h"

struct served_thread {
    struct pgl_thread *thread;
    struct pgl_real_thread *handle;
    pgl_status ended;
};

/* A thread that ends by itself has hit what nobody can mend by going on: the process follows. */
static void run_thread(void *argument)
{
    struct served_thread *served = argument;
    served->ended = pgl_thread_run(served->thread);
    if (!pgl_is_ok(served->ended))
        pgl_real_die("an I/O error: what is on disk is not known; start again to recover");
}

static pgl_status run_threads(struct pgl_boot *boot)
{
    struct served_thread served[PGL_THREAD_COUNT];
    memset(served, 0, sizeof served);
    for (int t = 0; t < PGL_THREAD_COUNT; t++) {
        served[t].thread = &boot->threads[t];
        PGL_TRY(pgl_real_thread_start(boot->threads[t].name, run_thread, &served[t],
                                      &served[t].handle));
    }
    pgl_real_signals_wait();
    pgl_boot_stop(boot);
    for (int t = 0; t < PGL_THREAD_COUNT; t++)
        pgl_real_thread_join(served[t].handle);
    return PGL_OK;
}

static pgl_status serve(struct pgl_platform *platform, const struct pgl_boot_options *options,
                        bool is_demo)
{
    static struct pgl_boot boot; /* there is one platform in a process */
    pgl_status status = pgl_boot_open(&boot, platform, options);
    if (pgl_is_ok(status) && is_demo)
        status = pgl_demo_load(&boot);
    if (pgl_is_ok(status)) {
        pgl_boot_start(&boot);
        printf("listening on http://%s:%u\n", options->gateway.host,
               pgl_http_server_port(&boot.edge.http));
        fflush(stdout);
        status = run_threads(&boot);
    }
    pgl_boot_close(&boot);
    return status;
}

static int complain(pgl_status status, const struct pgl_boot_options *options)
{
    if (status.code == PGL_CONFLICT)
        fprintf(stderr, "panglot serve: %s: %s\n", options->data, status.text);
    else
        fprintf(stderr, "panglot serve: it could not start with --data %s --http %s:%u: %s\n",
                options->data, options->gateway.host, options->gateway.port, status.text);
    return PGL_EXIT_WRONG;
}

int pgl_serve_command(struct pgl_platform *platform, int argc, char **argv)
{
    struct pgl_boot_options options = pgl_boot_defaults();
    struct pgl_address http = { "127.0.0.1", 8080 };
    bool is_demo = false;
    int64_t batch = options.batch_max, checkpoint = options.checkpoint_pages;
    struct pgl_http_limits *limits = &options.gateway.limits;
    int64_t connections = limits->connections_max, per_client = limits->connections_per_client_max;
    const struct pgl_option table[] = {
        { "--data", "DIR", PGL_OPTION_TEXT, &options.data, 0,
          "where everything is kept (panglot-data)" },
        { "--http", "HOST:PORT", PGL_OPTION_ADDRESS, &http, 0,
          "where to listen; port 0 takes a free one (127.0.0.1:8080)" },
        { "--demo", NULL, PGL_OPTION_SWITCH, &is_demo, 0,
          "a catalogue, stock and ample credit in an empty folder; no limits per address" },
        { "--credit", "MINOR", PGL_OPTION_NUMBER, &options.payments.default_credit_minor, 0,
          "the credit line of a new customer, in minor units (100000)" },
        { "--deadline", "TIME", PGL_OPTION_DURATION, &options.orders.deadline_ns, 0,
          "how long an order may take to settle (15m)" },
        { "--connections", "N", PGL_OPTION_NUMBER, &connections, 1, "at once (10000)" },
        { "--connections-per-address", "N", PGL_OPTION_NUMBER, &per_client, 1,
          "of one client address (100)" },
        { "--idle", "TIME", PGL_OPTION_DURATION, &limits->idle_ns, 0,
          "then a connection without a request is closed (60s)" },
        { "--head", "TIME", PGL_OPTION_DURATION, &limits->head_ns, 0,
          "for the head of a request to arrive (10s)" },
        { "--body", "TIME", PGL_OPTION_DURATION, &limits->body_ns, 0,
          "for the body of a request to arrive (30s)" },
        { "--batch", "N", PGL_OPTION_NUMBER, &batch, 1,
          "commands and events in one transaction (512)" },
        { "--checkpoint-pages", "N", PGL_OPTION_NUMBER, &checkpoint, 1,
          "of write-ahead log before it is copied (8192)" },
    };
    const struct pgl_command command = {
        .name = "serve",
        .arguments = "[--data DIR] [--http HOST:PORT] [--demo]",
        .summary = "The platform, all services in one process. SIGTERM answers what is in flight "
                   "and exits 0.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
    };
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    options.gateway.host = http.host;
    options.gateway.port = http.port;
    options.batch_max = (int)(batch < 4096 ? batch : 4096);
    options.checkpoint_pages = (int)checkpoint;
    limits->connections_max = (uint32_t)connections;
    limits->connections_per_client_max = (uint32_t)per_client;
    if (is_demo)
        pgl_demo_options(&options);
    pgl_status status = serve(platform, &options, is_demo);
    return pgl_is_ok(status) ? PGL_EXIT_DONE : complain(status, &options);
}
