/* serve_command.c - panglot serve: the platform, a thread for each row of boot.c's table. */
#include <stdio.h>
#include <string.h>

#include "app/boot.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/demo.h"
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

static size_t buffers_bytes_max(void)
{
    int64_t quarter = pgl_real_memory_bytes() / 4;
    return (size_t)(quarter < BUFFERS_BYTES_MOST ? quarter : BUFFERS_BYTES_MOST);
}

int pgl_serve_command(struct pgl_platform *platform, int argc, char **argv)
{
    static struct pgl_config config; /* its values outlive the platform */
    const struct pgl_command face = {
        .name = "serve",
        .arguments = "[--config FILE] [--data DIR] [--http HOST:PORT] [--demo] [LIMITS]",
        .summary =
            "The platform, all services in one process. SIGTERM answers what is in flight and "
            "exits 0.",
    };
    pgl_config_open(&config);
    enum pgl_parsed parsed =
        pgl_config_read(&config, platform, &face, argc, argv, pgl_real_environment);
    int code = parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    if (parsed == PGL_PARSED_RUN) {
        struct pgl_http_limits *limits = &config.boot.gateway.limits;
        if (limits->buffers_bytes_max == 0)
            limits->buffers_bytes_max = buffers_bytes_max();
        pgl_real_allow_files(limits->connections_max + FILES_BESIDE_CONNECTIONS);
        pgl_status status = serve(platform, &config.boot, config.is_demo);
        code = pgl_is_ok(status) ? PGL_EXIT_DONE : complain(status, &config.boot);
    }
    pgl_config_close(&config);
    return code;
}
