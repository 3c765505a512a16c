/* config.c - see config.h. */
#include "app/config.h"

#include <stdio.h>
#include <string.h>

#include "app/demo.h"
#include "base/assert.h"
#include "wire/yaml.h"

#define CONFIG_ARENA_CHUNK_BYTES 16384
#define CONFIG_ARENA_LIMIT_BYTES (1u << 20)
#define BUFFERS_BYTES_LEAST      (1u << 20)

/* The table is long because every limit is an option. */
static void fill_settings(struct pgl_config *config)
{
    struct pgl_boot_options *boot = &config->boot;
    struct pgl_http_limits *http_limits = &boot->gateway.limits;
    struct pgl_http1_limits *head = &http_limits->http1;
    struct pgl_json_limits *json = &boot->gateway.json;
    struct edge_limits_options *admit = &boot->gateway.admit;
    struct pgl_card_options *card = &boot->payments.card;
    /* clang-format off */
    const struct pgl_setting settings[] = {
        /* section.key, marks, the most (0: what its type holds), the option with the least */
        { NULL, 0, 0, { "--config", "FILE", PGL_OPTION_TEXT, &config->file, 0, "YAML: sections of keys, as panglot config prints them" } },
        { "process.data", 0, 0, { "--data", "DIR", PGL_OPTION_TEXT, &boot->data, 0, "where everything is kept" } },
        { "process.demo", 0, 0, { "--demo", NULL, PGL_OPTION_SWITCH, &config->is_demo, 0, "a shop in an empty folder; no limits per address" } },
        { "http.listen", 0, 0, { "--http", "HOST:PORT", PGL_OPTION_ADDRESS, &config->http, 0, "where to listen; port 0 takes a free one" } },
        { "http.max-connections", 0, 0, { "--max-connections", "N", PGL_OPTION_U32, &http_limits->connections_max, 1, "at once" } },
        { "http.max-connections-per-address", 0, 0, { "--max-connections-per-address", "N", PGL_OPTION_U32, &http_limits->connections_per_client_max, 1, "an IPv4 address or IPv6 /64" } },
        { "http.connect-burst", 0, 0, { "--connect-burst", "N", PGL_OPTION_U32, &http_limits->connects_per_client_burst, 1, "new connections of an address at once" } },
        { "http.connect-rate", 0, 0, { "--connect-rate", "N", PGL_OPTION_U32, &http_limits->connects_per_client_per_s, 1, "and a second, in the long run" } },
        { "http.max-requests-per-connection", 0, 0, { "--max-requests-per-connection", "N", PGL_OPTION_U32, &http_limits->requests_per_connection_max, 1, "then it is closed" } },
        { "http.max-pipelined", 0, 0, { "--max-pipelined", "N", PGL_OPTION_U32, &http_limits->pipelined_max, 1, "unanswered requests of a connection" } },
        { "http.max-buffers", 0, 0, { "--max-buffers", "BYTES", PGL_OPTION_SIZE, &http_limits->buffers_bytes_max, 0, "of all connections; 0: a quarter of the memory, 1 GiB at most" } },
        { "http.max-stream", 0, 0, { "--max-stream", "BYTES", PGL_OPTION_SIZE, &http_limits->stream_bytes_max, 4096, "not yet taken by a stream's reader" } },
        { "http.max-request-line", 0, 0, { "--max-request-line", "BYTES", PGL_OPTION_U32, &head->start_line_bytes_max, 64, "method, target and version" } },
        { "http.max-target", 0, 0, { "--max-target", "BYTES", PGL_OPTION_U32, &head->target_bytes_max, 64, "of the request line" } },
        { "http.max-head", 0, 0, { "--max-head", "BYTES", PGL_OPTION_U32, &head->head_bytes_max, 256, "request line and fields" } },
        { "http.max-fields", 0, PGL_HTTP_FIELDS_MAX, { "--max-fields", "N", PGL_OPTION_U32, &head->field_count_max, 1, "of a head, at most 64" } },
        { "http.max-body", 0, 0, { "--max-body", "BYTES", PGL_OPTION_SIZE, &boot->gateway.body_bytes_max, 64, "JSON" } },
        { "http.cors-origins", 0, 0, { "--cors-origins", "LIST", PGL_OPTION_TEXT, &boot->gateway.cors_origins, 0, "pages of these origins may call: https://HOST, by commas, or *" } },
        { "http.head-time", 0, 0, { "--head-time", "TIME", PGL_OPTION_DURATION, &http_limits->head_ns, 0, "for a head to arrive" } },
        { "http.body-time", 0, 0, { "--body-time", "TIME", PGL_OPTION_DURATION, &http_limits->body_ns, 0, "for a body to arrive" } },
        { "http.body-rate", 0, 0, { "--body-rate", "BYTES", PGL_OPTION_U32, &http_limits->body_rate_min, 1, "a second that a body needs, after 5s" } },
        { "http.idle-time", 0, 0, { "--idle-time", "TIME", PGL_OPTION_DURATION, &http_limits->idle_ns, 0, "of a connection without a request" } },
        { "http.age", 0, 0, { "--age", "TIME", PGL_OPTION_DURATION, &http_limits->age_ns, 0, "of a connection, give or take a tenth" } },
        { "http.write-stall", 0, 0, { "--write-stall", "TIME", PGL_OPTION_DURATION, &http_limits->write_stall_ns, 0, "that a peer may take nothing" } },
        { "grpc.reflection", 0, 0, { "--reflection", NULL, PGL_OPTION_SWITCH, &boot->gateway.has_reflection, 0, "gRPC tells which services there are; with --demo always" } },
        { "grpc.max-message", 0, 0, { "--max-message", "BYTES", PGL_OPTION_SIZE, &boot->gateway.grpc.message_bytes_max, 1024, "either way, unpacked" } },
        { "grpc.time", 0, 0, { "--grpc-time", "TIME", PGL_OPTION_DURATION, &boot->gateway.grpc.deadline_usual_ns, 0, "for a call that says none" } },
        { "grpc.time-most", 0, 0, { "--grpc-time-most", "TIME", PGL_OPTION_DURATION, &boot->gateway.grpc.deadline_max_ns, 0, "whatever a call says" } },
        { "grpc.stream-time", 0, 0, { "--grpc-stream-time", "TIME", PGL_OPTION_DURATION, &boot->gateway.grpc.stream_max_ns, 0, "of a stream; its client comes back" } },
        { "limits.rates", 0, 0, { "--rates", "RATES", PGL_OPTION_TEXT, &admit->rates, 0, "of callers: default, off, or NAME=N/UNIT:BURST by commas (anonymous=10/s:20,signed=100/s:200,bad-tokens=5/min:5,user=20/s:40,orders=2/s:10)" } },
        { "limits.plans", 0, 0, { "--plans", "PLANS", PGL_OPTION_TEXT, &admit->plans, 0, "of partners' keys: NAME=N/UNIT:BURST[:A-DAY[:A-MONTH]] by commas, the first for all others (default=100/s:200)" } },
        { "limits.trusted-proxies", 0, 0, { "--trusted-proxies", "RANGES", PGL_OPTION_TEXT, &admit->trusted_proxies, 0, "ADDRESS/BITS by commas, whose X-Forwarded-For is believed" } },
        { "limits.concurrency", 0, 0, { "--concurrency", "POLICY", PGL_OPTION_TEXT, &admit->concurrency, 0, "how many requests may be under way: aimd, gradient or fixed (aimd)" } },
        { "limits.max-concurrency", 0, 0, { "--max-concurrency", "N", PGL_OPTION_U32, &admit->concurrency_most, 100, "of them at most" } },
        { "limits.max-streams", 0, 0, { "--max-streams", "N", PGL_OPTION_U32, &admit->streams_most, 1, "server-sent events, in all" } },
        { "limits.max-streams-per-address", 0, 0, { "--max-streams-per-address", "N", PGL_OPTION_U32, &admit->streams_per_address, 1, "of them" } },
        { "limits.max-streams-per-user", 0, 0, { "--max-streams-per-user", "N", PGL_OPTION_U32, &admit->streams_per_user, 1, "of them" } },
        { "json.max-depth", 0, 0, { "--max-json-depth", "N", PGL_OPTION_U32, &json->depth_max, 1, "objects and lists within one another" } },
        { "json.max-keys", 0, 0, { "--max-json-keys", "N", PGL_OPTION_U32, &json->keys_max, 1, "in one object" } },
        { "json.max-nodes", 0, 0, { "--max-json-nodes", "N", PGL_OPTION_U32, &json->nodes_max, 1, "in all" } },
        { "json.max-string", 0, 0, { "--max-json-string", "BYTES", PGL_OPTION_U32, &json->string_bytes_max, 1, "of one text" } },
        { "orders.deadline", 0, 0, { "--deadline", "TIME", PGL_OPTION_DURATION, &boot->orders.deadline_ns, 0, "by which an order has to be settled that does not say" } },
        { "orders.deadline-least", 0, 0, { "--deadline-least", "TIME", PGL_OPTION_DURATION, &boot->orders.deadline_least_ns, 0, "that an order may ask for" } },
        { "orders.max-open", 0, 0, { "--max-open-orders", "N", PGL_OPTION_U32, &boot->orders.open_max, 1, "not settled yet; more are refused" } },
        { "orders.max-total", 0, 0, { "--max-total", "MINOR", PGL_OPTION_NUMBER, &boot->orders.total_minor_max, 0, "of one order, minor units" } },
        { "payments.credit", 0, 0, { "--credit", "MINOR", PGL_OPTION_NUMBER, &boot->payments.default_credit_minor, 0, "a new customer's credit line, minor units" } },
        { "provider.url", 0, 0, { "--provider", "URL", PGL_OPTION_TEXT, &card->provider_url, 0, "takes card payments: http(s)://HOST[:PORT] of a PaymentIntents API" } },
        { "provider.key", PGL_SETTING_SECRET, 0, { "--provider-key", "FILE", PGL_OPTION_TEXT, &card->key_file, 0, "its secret key, on one line" } },
        { "provider.webhook-secret", PGL_SETTING_SECRET, 0, { "--provider-webhook-secret", "FILE", PGL_OPTION_TEXT, &card->webhook_secret_file, 0, "what its webhooks are signed with; none are taken without" } },
        { "provider.ca", 0, 0, { "--provider-ca", "FILE", PGL_OPTION_TEXT, &card->ca_file, 0, "PEM, in place of the system's roots" } },
        { "provider.calls", 0, 0, { "--provider-calls", "N", PGL_OPTION_INT, &card->calls_max, 1, "to the provider at once" } },
        { "provider.rate", 0, 0, { "--provider-rate", "N", PGL_OPTION_INT, &card->slow_per_s, 1, "a second: retries, and what an outage left behind" } },
        { "provider.time", 0, 0, { "--provider-time", "TIME", PGL_OPTION_DURATION, &card->call_ns, 0, "for an answer" } },
        { "provider.settle", 0, 0, { "--provider-settle", "TIME", PGL_OPTION_DURATION, &card->settle_ns, 0, "from a key's last use until another is tried" } },
        { "provider.reconcile-every", 0, 0, { "--reconcile-every", "TIME", PGL_OPTION_DURATION, &card->reconcile_every_ns, 0, "compare with the provider's objects" } },
        { "inventory.partial-share", 0, 100, { "--partial-share", "PERCENT", PGL_OPTION_NUMBER, &boot->inventory.partial_percent, 0, "of the amount, for an order to be served in part" } },
        { "webhooks.to-loopback", 0, 0, { "--webhooks-to-loopback", NULL, PGL_OPTION_SWITCH, &boot->webhooks.loopback_too, 0, "plain http and any port as well, to this machine alone; with --demo always" } },
        { "events.keep", 0, 0, { "--log-events", "N", PGL_OPTION_NUMBER, &boot->keep.events, 1, "of each log that are kept, however old" } },
        { "events.keep-age", 0, 0, { "--log-age", "TIME", PGL_OPTION_DURATION, &boot->keep.age_ns, 0, "younger events are kept, however many" } },
        { "files.batch", 0, 0, { "--batch", "N", PGL_OPTION_INT, &boot->batch_max, 1, "commands and events in one transaction" } },
        { "files.checkpoint-pages", 0, 0, { "--checkpoint-pages", "N", PGL_OPTION_INT, &boot->checkpoint_pages, 1, "of write-ahead log, then it is copied" } },
        { "files.checkpoint-idle-pages", 0, 0, { "--checkpoint-idle-pages", "N", PGL_OPTION_INT, &boot->checkpoint_idle_pages, 1, "the same, when nothing waits" } },
        { "files.cache-kib", 0, 0, { "--cache-kib", "N", PGL_OPTION_INT, &boot->writer_cache_kib, 64, "page cache of each writer" } },
    };
    /* clang-format on */
    config->count = sizeof settings / sizeof settings[0];
    _Static_assert(sizeof settings / sizeof settings[0] <= PGL_SETTINGS_MAX, "make room for more");
    memcpy(config->settings, settings, sizeof settings);
}

static void set_defaults(struct pgl_config *config)
{
    config->boot = pgl_boot_defaults();
    config->boot.gateway.limits.buffers_bytes_max = 0; /* serve asks how much memory there is */
    config->http = (struct pgl_address){ "127.0.0.1", 8080 };
    config->is_demo = false;
    config->file = NULL;
    memset(config->origins, 0, sizeof config->origins);
}

void pgl_config_open(struct pgl_config *config)
{
    memset(config, 0, sizeof *config);
    pgl_arena_init(&config->arena, CONFIG_ARENA_CHUNK_BYTES, CONFIG_ARENA_LIMIT_BYTES);
    set_defaults(config);
    fill_settings(config);
}

void pgl_config_close(struct pgl_config *config)
{
    pgl_arena_free(&config->arena);
}

/* ---- the file ---- */

static int find_setting(const struct pgl_config *config, const struct pgl_yaml_item *item)
{
    for (int i = 0; i < config->count; i++) {
        struct pgl_text path = pgl_text_of(config->settings[i].path);
        struct pgl_text section = pgl_text_cut(&path, '.');
        if (pgl_text_is(section, item->section) && pgl_text_is(path, item->key))
            return i;
    }
    return -1;
}

static const char *too_large(struct pgl_config *config, int i)
{
    const struct pgl_setting *setting = &config->settings[i];
    int64_t value;
    if (setting->most == 0 ||
        !pgl_is_ok(pgl_text_to_i64(pgl_text_of(pgl_option_show(&setting->option, &config->arena)),
                                   &value)) ||
        value <= setting->most)
        return NULL;
    return pgl_arena_printf(&config->arena, "at most %lld is expected", (long long)setting->most);
}

static pgl_status apply(struct pgl_config *config, struct pgl_yaml *yaml)
{
    for (int k = 0; k < yaml->count; k++) {
        const struct pgl_yaml_item *item = &yaml->items[k];
        int i = find_setting(config, item);
        const char *wrong = i < 0 ? "there is no such setting"
                                  : pgl_option_set(&config->settings[i].option, item->value);
        if (wrong == NULL)
            wrong = too_large(config, i);
        if (wrong != NULL) {
            yaml->line = item->line;
            yaml->column = item->column;
            return PGL_FAIL(PGL_INVALID, pgl_arena_printf(&config->arena, "%s.%s: %s",
                                                          item->section, item->key, wrong));
        }
        config->origins[i] = PGL_ORIGIN_FILE;
    }
    return PGL_OK;
}

pgl_status pgl_config_read_text(struct pgl_config *config, struct pgl_text text)
{
    struct pgl_yaml *yaml = pgl_arena_alloc(&config->arena, sizeof *yaml);
    config->line = config->column = 0;
    if (yaml == NULL)
        return PGL_NO_MEMORY;
    pgl_status status = pgl_yaml_read(text, &config->arena, yaml);
    if (pgl_is_ok(status))
        status = apply(config, yaml);
    if (!pgl_is_ok(status)) {
        config->line = yaml->line;
        config->column = yaml->column;
    }
    return status;
}

static pgl_status read_file(struct pgl_config *config, struct pgl_platform *platform)
{
    struct pgl_text text;
    PGL_TRY(platform->disk->ops->read_file(platform->disk, config->file, PGL_YAML_BYTES_MAX,
                                           &config->arena, &text));
    return pgl_config_read_text(config, text);
}

/* ---- all origins ---- */

static enum pgl_parsed complain(const char *command, const char *which, const char *what)
{
    fprintf(stderr, "panglot %s: %s: %s\n", command, which, what);
    return PGL_PARSED_WRONG;
}

/* The table with its defaults in the help, and what the command has besides. */
static void list_options(struct pgl_config *config, const struct pgl_command *face)
{
    PGL_ASSERT(face->option_count <= PGL_CONFIG_MORE_MAX);
    for (int i = 0; i < config->count; i++) {
        const struct pgl_option *option = &config->settings[i].option;
        const char *fallback = pgl_option_show(option, &config->arena);
        config->options[i] = *option;
        if (option->kind != PGL_OPTION_SWITCH && fallback[0] != '\0')
            config->options[i].help = pgl_arena_printf(&config->arena, "%s%s(%s)", option->help,
                                                       option->help[0] ? " " : "", fallback);
    }
    for (int i = 0; i < face->option_count; i++)
        config->options[config->count + i] = face->options[i];
}

static void settle_demo(struct pgl_config *config)
{
    const char *before[PGL_SETTINGS_MAX];
    for (int i = 0; i < config->count; i++)
        before[i] = pgl_option_show(&config->settings[i].option, &config->arena);
    pgl_demo_options(&config->boot);
    for (int i = 0; i < config->count; i++)
        if (strcmp(before[i], pgl_option_show(&config->settings[i].option, &config->arena)) != 0)
            config->origins[i] = PGL_ORIGIN_DEMO;
}

/* What the options say together; NULL when that makes sense. */
static const char *settle(struct pgl_config *config)
{
    config->boot.gateway.host = config->http.host;
    config->boot.gateway.port = config->http.port;
    size_t buffers = config->boot.gateway.limits.buffers_bytes_max;
    if (buffers > 0 && buffers < BUFFERS_BYTES_LEAST)
        return "--max-buffers: 0, or 1048576 at least is expected";
    if (config->is_demo)
        settle_demo(config);
    return NULL;
}

enum pgl_parsed pgl_config_read(struct pgl_config *config, struct pgl_platform *platform,
                                const struct pgl_command *face, int argc, char **argv,
                                const char *(*environment)(const char *name))
{
    struct pgl_command command = *face;
    list_options(config, face);
    command.options = config->options;
    command.option_count = config->count + face->option_count;
    command.origins = config->origins;
    /* Once for the name of the file, and for what is wrong at once; then over it. */
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, environment);
    if (parsed == PGL_PARSED_RUN && config->file != NULL) {
        const char *file = config->file;
        set_defaults(config);
        config->file = file;
        pgl_status read = read_file(config, platform);
        if (!pgl_is_ok(read) && config->line > 0)
            file =
                pgl_arena_printf(&config->arena, "%s:%zu:%zu", file, config->line, config->column);
        if (!pgl_is_ok(read))
            return complain(face->name, file, read.text);
        parsed = pgl_options_parse(&command, argc, argv, environment);
    }
    for (int i = 0; i < config->count && parsed == PGL_PARSED_RUN; i++) {
        const char *wrong = too_large(config, i);
        if (wrong != NULL)
            parsed = complain(face->name, config->settings[i].option.name, wrong);
    }
    const char *senseless = parsed == PGL_PARSED_RUN ? settle(config) : NULL;
    return senseless != NULL ? complain(face->name, "these options", senseless) : parsed;
}
