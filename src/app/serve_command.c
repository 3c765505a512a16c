/* serve_command.c - panglot serve: the platform, a thread for each row of boot.c's table. */
#include <stdio.h>
#include <string.h>

#include "app/boot.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/config_reload.h"
#include "app/demo.h"
#include "app/mesh_server.h"
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
    pgl_real_signals_end();
}

static pgl_status run_threads(struct pgl_boot *boot)
{
    struct served_thread served[PGL_THREAD_COUNT];
    memset(served, 0, sizeof served);
    for (int t = 0; t < PGL_THREAD_COUNT; t++) {
        served[t].thread = &boot->threads[t];
        if (boot->threads[t].loop_count == 0)
            continue; /* of a role that is elsewhere */
        PGL_TRY(pgl_real_thread_start(boot->threads[t].name, run_thread, &served[t],
                                      &served[t].handle));
    }
    enum pgl_real_signal signal;
    while ((signal = pgl_real_signals_wait()) != PGL_SIGNAL_ENDED)
        if (signal == PGL_SIGNAL_RELOAD)
            pgl_boot_reload(boot);
        else
            pgl_boot_stop(boot);
    for (int t = 0; t < PGL_THREAD_COUNT; t++)
        if (served[t].handle != NULL)
            pgl_real_thread_join(served[t].handle);
    return PGL_OK;
}

#define URL_BYTES 80

static void write_url(char url[URL_BYTES], const char *scheme, const char *host, uint16_t port)
{
    bool is_v6 = strchr(host, ':') != NULL;
    snprintf(url, URL_BYTES, "%s://%s%s%s:%u", scheme, is_v6 ? "[" : "", host, is_v6 ? "]" : "",
             port);
}

/* A process without the edge. */
static void say_roles(struct pgl_boot *boot)
{
    const struct pgl_address *ops = &boot->options.ops;
    char url[URL_BYTES];
    if (ops->host[0] != '\0') {
        write_url(url, "http", ops->host, pgl_http_server_port(&boot->ops.http));
        printf("watched at %s\n", url);
    }
    printf("serving");
    for (int role = 0; role < PGL_RUN_COUNT; role++)
        if (pgl_boot_runs(boot, role))
            printf(" %s", pgl_boot_role_names[role]);
    printf(" on %s port %u\n", boot->options.mesh.listen.host,
           pgl_mesh_server_port(boot->mesh.server));
    fflush(stdout);
}

/* Where it listens; in a demo also how to begin. */
static void say_where(struct pgl_boot *boot, bool is_demo)
{
    if (!pgl_boot_runs(boot, PGL_RUN_GATEWAY)) {
        say_roles(boot);
        return;
    }
    const struct pgl_gateway_options *gateway = &boot->options.gateway;
    const struct pgl_http_server *http = &boot->edge.http;
    char url[URL_BYTES], tls_url[URL_BYTES];
    if (gateway->host != NULL) {
        write_url(url, "http", gateway->host, pgl_http_server_port(http));
        printf("listening on %s\n", url);
    }
    if (gateway->tls != NULL) {
        write_url(tls_url, "https", gateway->tls_host, pgl_http_server_tls_port(http));
        printf("listening on %s\n", tls_url);
    }
    if (is_demo)
        pgl_demo_say(boot, gateway->host != NULL ? url : tls_url);
    fflush(stdout);
}

static size_t buffers_bytes_max(void)
{
    int64_t quarter = pgl_real_memory_bytes() / 4;
    return (size_t)(quarter < BUFFERS_BYTES_MOST ? quarter : BUFFERS_BYTES_MOST);
}

static pgl_status serve(struct pgl_platform *platform, const struct pgl_config *config,
                        struct pgl_config_reload *reload)
{
    static struct pgl_boot boot; /* there is one platform in a process */
    struct pgl_boot_options options = config->boot;
    struct pgl_http_limits *limits = &options.gateway.limits;
    bool is_demo = config->is_demo;
    if (limits->buffers_bytes_max == 0)
        limits->buffers_bytes_max = buffers_bytes_max();
    pgl_real_allow_files(limits->connections_max + FILES_BESIDE_CONNECTIONS);
    pgl_status status = pgl_boot_open(&boot, platform, &options);
    if (pgl_is_ok(status) && is_demo)
        status = pgl_demo_load(&boot);
    reload->boot = &boot;
    if (pgl_is_ok(status))
        pgl_config_reload_open(reload, config);
    if (pgl_is_ok(status)) {
        pgl_boot_start(&boot);
        say_where(&boot, is_demo);
        status = run_threads(&boot);
    }
    pgl_boot_close(&boot);
    pgl_config_reload_close(reload);
    return status;
}

static int complain(pgl_status status, const struct pgl_boot_options *options)
{
    if (status.code == PGL_CONFLICT)
        fprintf(stderr, "panglot serve: %s: %s\n", options->data, status.text);
    else
        fprintf(stderr, "panglot serve: it could not start with --data %s --http %s:%u: %s\n",
                options->data, options->gateway.host != NULL ? options->gateway.host : "none",
                options->gateway.port, status.text);
    return PGL_EXIT_WRONG;
}

int pgl_serve_command(struct pgl_platform *platform, int argc, char **argv)
{
    static struct pgl_config config; /* its values outlive the platform */
    static struct pgl_config_reload reload;
    const struct pgl_command face = {
        .name = "serve",
        .arguments = "[--config FILE] [--data DIR] [--http HOST:PORT] [--demo] [OPTIONS]",
        .summary =
            "The platform, all services in one process. SIGTERM answers what is in flight and "
            "exits 0,\na second one at once. SIGHUP reads certificates and settings again.",
    };
    pgl_config_open(&config);
    enum pgl_parsed parsed =
        pgl_config_read(&config, platform, &face, argc, argv, pgl_real_environment);
    int code = parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    if (parsed == PGL_PARSED_RUN) {
        reload = (struct pgl_config_reload){
            .face = &face, .argc = argc, .argv = argv, .environment = pgl_real_environment
        };
        pgl_status status = serve(platform, &config, &reload);
        code = pgl_is_ok(status) ? PGL_EXIT_DONE : complain(status, &config.boot);
    }
    pgl_config_close(&config);
    return code;
}
