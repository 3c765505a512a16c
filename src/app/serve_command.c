/* serve_command.c - panglot serve: the platform, a thread for each row of boot.c's table. */
#include <stdio.h>
#include <string.h>

#include "app/boot.h"
#include "app/commands.h"
#include "app/demo.h"
#include "app/options.h"
#include "platform/real/real.h"

#define FILES_BESIDE_CONNECTIONS 256 /* databases, wake-ups, logs */
#define BUFFERS_BYTES_MOST       (INT64_C(1) << 30)

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

/* Where it listens; in a demo also how to begin. */
static void say_where(struct pgl_boot *boot, bool is_demo)
{
    char url[80];
    const char *host = boot->options.gateway.host;
    bool is_v6 = strchr(host, ':') != NULL;
    snprintf(url, sizeof url, "http://%s%s%s:%u", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
             pgl_http_server_port(&boot->edge.http));
    printf("listening on %s\n", url);
    if (is_demo)
        pgl_demo_say(boot, url);
    fflush(stdout);
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
        say_where(&boot, is_demo);
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

/* The table is long because every limit is an option. */
static enum pgl_parsed read_options(struct pgl_boot_options *options, bool *is_demo, int argc,
                                    char **argv)
{
    static struct pgl_address http = { "127.0.0.1",
                                       8080 }; /* outlives the options that point at it */
    struct pgl_http_limits *http_limits = &options->gateway.limits;
    struct pgl_http1_limits *head = &http_limits->http1;
    struct pgl_json_limits *json = &options->gateway.json;
    struct pgl_card_options *card = &options->payments.card;
    /* clang-format off */
    const struct pgl_option table[] = {
        { "--data", "DIR", PGL_OPTION_TEXT, &options->data, 0, "where everything is kept (panglot-data)" },
        { "--http", "HOST:PORT", PGL_OPTION_ADDRESS, &http, 0, "where to listen; port 0 takes a free one (127.0.0.1:8080)" },
        { "--demo", NULL, PGL_OPTION_SWITCH, is_demo, 0, "a shop in an empty folder; no limits per address" },
        { "--credit", "MINOR", PGL_OPTION_NUMBER, &options->payments.default_credit_minor, 0, "a new customer's credit line, minor units (100000)" },
        { "--provider", "URL", PGL_OPTION_TEXT, &card->provider_url, 0, "takes card payments: http(s)://HOST[:PORT] of a PaymentIntents API (none)" },
        { "--provider-key", "FILE", PGL_OPTION_TEXT, &card->key_file, 0, "its secret key, on one line" },
        { "--provider-webhook-secret", "FILE", PGL_OPTION_TEXT, &card->webhook_secret_file, 0, "what its webhooks are signed with; none are taken without" },
        { "--provider-ca", "FILE", PGL_OPTION_TEXT, &card->ca_file, 0, "PEM, in place of the system's roots" },
        { "--provider-calls", "N", PGL_OPTION_INT, &card->calls_max, 1, "to the provider at once (64)" },
        { "--provider-rate", "N", PGL_OPTION_INT, &card->slow_per_s, 1, "a second: retries, and what an outage left behind (50)" },
        { "--provider-time", "TIME", PGL_OPTION_DURATION, &card->call_ns, 0, "for an answer (10s)" },
        { "--provider-settle", "TIME", PGL_OPTION_DURATION, &card->settle_ns, 0, "from a key's last use until another is tried (60s)" },
        { "--reconcile-every", "TIME", PGL_OPTION_DURATION, &card->reconcile_every_ns, 0, "compare with the provider's objects (1h)" },
        { "--webhooks-to-loopback", NULL, PGL_OPTION_SWITCH, &options->webhooks.loopback_too, 0, "plain http and any port as well, to this machine alone; with --demo always" },
        { "--key-environment", "NAME", PGL_OPTION_TEXT, &options->identity.env, 0, "in every new API key: pgk_NAME_..., of a-z and 0-9 (live)" },
        { "--bad-credentials", "N", PGL_OPTION_NUMBER, &options->lockout.free_count, 0, "a minute from an address, or for a key, that cost nothing; then it has to wait, twice as long each time; 0: never (5)" },
        { "--deadline", "TIME", PGL_OPTION_DURATION, &options->orders.deadline_ns, 0, "by which an order has to be settled that does not say (15m)" },
        { "--deadline-least", "TIME", PGL_OPTION_DURATION, &options->orders.deadline_least_ns, 0, "that an order may ask for (30s)" },
        { "--max-open-orders", "N", PGL_OPTION_U32, &options->orders.open_max, 1, "not settled yet; more are refused (1048576)" },
        { "--max-total", "MINOR", PGL_OPTION_NUMBER, &options->orders.total_minor_max, 0, "of one order, minor units (100000000000)" },
        { "--partial-share", "PERCENT", PGL_OPTION_NUMBER, &options->inventory.partial_percent, 0, "of the amount, for an order to be served in part (50)" },
        { "--log-events", "N", PGL_OPTION_NUMBER, &options->keep.events, 1, "of each log that are kept, however old (1000000)" },
        { "--log-age", "TIME", PGL_OPTION_DURATION, &options->keep.age_ns, 0, "younger events are kept, however many (168h)" },
        { "--batch", "N", PGL_OPTION_INT, &options->batch_max, 1, "commands and events in one transaction (512)" },
        { "--checkpoint-pages", "N", PGL_OPTION_INT, &options->checkpoint_pages, 1, "of write-ahead log, then it is copied (8192)" },
        { "--checkpoint-idle-pages", "N", PGL_OPTION_INT, &options->checkpoint_idle_pages, 1, "the same, when nothing waits (1024)" },
        { "--cache-kib", "N", PGL_OPTION_INT, &options->writer_cache_kib, 64, "page cache of each writer (24576)" },
        { "--max-connections", "N", PGL_OPTION_U32, &http_limits->connections_max, 1, "at once (10000)" },
        { "--max-connections-per-address", "N", PGL_OPTION_U32, &http_limits->connections_per_client_max, 1, "an IPv4 address or IPv6 /64 (100)" },
        { "--connect-burst", "N", PGL_OPTION_U32, &http_limits->connects_per_client_burst, 1, "new connections of an address at once (200)" },
        { "--connect-rate", "N", PGL_OPTION_U32, &http_limits->connects_per_client_per_s, 1, "and a second, in the long run (50)" },
        { "--max-requests-per-connection", "N", PGL_OPTION_U32, &http_limits->requests_per_connection_max, 1, "then it is closed (10000)" },
        { "--max-pipelined", "N", PGL_OPTION_U32, &http_limits->pipelined_max, 1, "unanswered requests of a connection (16)" },
        { "--max-buffers", "BYTES", PGL_OPTION_SIZE, &http_limits->buffers_bytes_max, 1 << 20, "of all connections (a quarter of the memory, 1 GiB at most)" },
        { "--max-stream", "BYTES", PGL_OPTION_SIZE, &http_limits->stream_bytes_max, 4096, "not yet taken by a stream's reader (262144)" },
        { "--max-request-line", "BYTES", PGL_OPTION_U32, &head->start_line_bytes_max, 64, "(8192)" },
        { "--max-target", "BYTES", PGL_OPTION_U32, &head->target_bytes_max, 64, "of the request line (4096)" },
        { "--max-head", "BYTES", PGL_OPTION_U32, &head->head_bytes_max, 256, "request line and fields (16384)" },
        { "--max-fields", "N", PGL_OPTION_U32, &head->field_count_max, 1, "of a head, at most 64 (64)" },
        { "--max-body", "BYTES", PGL_OPTION_SIZE, &options->gateway.body_bytes_max, 64, "JSON (65536)" },
        { "--max-json-depth", "N", PGL_OPTION_U32, &json->depth_max, 1, "(32)" },
        { "--max-json-keys", "N", PGL_OPTION_U32, &json->keys_max, 1, "in one object (256)" },
        { "--max-json-nodes", "N", PGL_OPTION_U32, &json->nodes_max, 1, "in all (10000)" },
        { "--max-json-string", "BYTES", PGL_OPTION_U32, &json->string_bytes_max, 1, "(16384)" },
        { "--head-time", "TIME", PGL_OPTION_DURATION, &http_limits->head_ns, 0, "for a head to arrive (10s)" },
        { "--body-time", "TIME", PGL_OPTION_DURATION, &http_limits->body_ns, 0, "for a body to arrive (30s)" },
        { "--body-rate", "BYTES", PGL_OPTION_U32, &http_limits->body_rate_min, 1, "a second that a body needs, after 5s (240)" },
        { "--idle-time", "TIME", PGL_OPTION_DURATION, &http_limits->idle_ns, 0, "of a connection without a request (60s)" },
        { "--age", "TIME", PGL_OPTION_DURATION, &http_limits->age_ns, 0, "of a connection, give or take a tenth (1h)" },
        { "--write-stall", "TIME", PGL_OPTION_DURATION, &http_limits->write_stall_ns, 0, "that a peer may take nothing (10s)" },
    };
    /* clang-format on */
    const struct pgl_command command = {
        .name = "serve",
        .arguments = "[--data DIR] [--http HOST:PORT] [--demo] [LIMITS]",
        .summary =
            "The platform, all services in one process. SIGTERM answers what is in flight and "
            "exits 0.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
    };
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    options->gateway.host = http.host;
    options->gateway.port = http.port;
    if (head->field_count_max > PGL_HTTP_FIELDS_MAX)
        head->field_count_max = PGL_HTTP_FIELDS_MAX;
    return parsed;
}

static size_t buffers_bytes_max(void)
{
    int64_t quarter = pgl_real_memory_bytes() / 4;
    return (size_t)(quarter < BUFFERS_BYTES_MOST ? quarter : BUFFERS_BYTES_MOST);
}

int pgl_serve_command(struct pgl_platform *platform, int argc, char **argv)
{
    struct pgl_boot_options options = pgl_boot_defaults();
    bool is_demo = false;
    options.gateway.limits.buffers_bytes_max = buffers_bytes_max();
    enum pgl_parsed parsed = read_options(&options, &is_demo, argc, argv);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    if (is_demo)
        pgl_demo_options(&options);
    pgl_real_allow_files(options.gateway.limits.connections_max + FILES_BESIDE_CONNECTIONS);
    pgl_status status = serve(platform, &options, is_demo);
    return pgl_is_ok(status) ? PGL_EXIT_DONE : complain(status, &options);
}
