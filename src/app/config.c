/* config.c - see config.h. */
#include "app/config.h"

#include <stdio.h>
#include <string.h>

#include "app/demo.h"
#include "base/assert.h"
#include "wire/yaml.h"

#define CONFIG_ARENA_CHUNK_BYTES 16384
#define CONFIG_ARENA_LIMIT_BYTES (1u << 20)
#define ALL_ROLES                "gateway,catalog,orders,payments,inventory,webhooks,identity"
#define LIVE                     PGL_SETTING_RELOADABLE
#define BUFFERS_BYTES_LEAST      (1u << 20)

/* The table is long because every limit is an option. */
static void fill_settings(struct pgl_config *config)
{
    struct pgl_boot_options *boot = &config->boot;
    struct pgl_http_limits *http_limits = &boot->gateway.limits;
    struct pgl_http1_limits *head = &http_limits->http1;
    struct pgl_http2_limits *http2 = &http_limits->http2;
    struct pgl_json_limits *json = &boot->gateway.json;
    struct edge_limits_options *admit = &boot->gateway.admit;
    struct edge_issuers_options *issuers = &boot->issuers;
    struct pgl_card_options *card = &boot->payments.card;
    struct pgl_mesh_options *mesh = &boot->mesh;
    struct pgl_certificates_options *tls = &boot->certificates;
    /* clang-format off */
    const struct pgl_setting settings[] = {
        /* section.key, marks, the most (0: what its type holds), the option with the least */
        { NULL, 0, 0, { "--config", "FILE", PGL_OPTION_TEXT, &config->file, 0, "YAML: sections of keys, as panglot config prints them" } },
        { "process.data", 0, 0, { "--data", "DIR", PGL_OPTION_TEXT, &boot->data, 0, "where everything is kept" } },
        { "process.log-level", LIVE, 0, { "--log-level", "LEVEL", PGL_OPTION_TEXT, &config->log_least, 0, "lines below it are not written: debug, info, warn, error" } },
        { "process.drain-notice", LIVE, 0, { "--drain-notice", "TIME", PGL_OPTION_DURATION, &boot->drain_notice_ns, PGL_OPTION_MAY_BE_NONE, "behind SIGTERM: not ready, and open, so that balancers notice" } },
        { "process.drain-time", LIVE, 0, { "--drain-time", "TIME", PGL_OPTION_DURATION, &boot->drain_ns, 0, "for what is in flight, from closing on" } },
        { "process.demo", 0, 0, { "--demo", NULL, PGL_OPTION_SWITCH, &config->is_demo, 0, "a shop in an empty folder; no limits per address" } },
        { "process.roles", 0, 0, { "--roles", "LIST", PGL_OPTION_TEXT, &config->roles, 0, "what this process is of gateway,catalog,orders,payments,inventory,webhooks,identity" } },
        { "process.ops", 0, 0, { "--ops", "HOST:PORT", PGL_OPTION_ADDRESS, &boot->ops, 0, "where a process without the gateway answers /livez, /readyz and /metrics, to whoever reaches it" } },
        { "mesh.listen", 0, 0, { "--mesh", "HOST:PORT", PGL_OPTION_ADDRESS, &mesh->listen, 0, "where it serves the other processes of the platform" } },
        { "mesh.plain", 0, 0, { "--mesh-plain", NULL, PGL_OPTION_SWITCH, &mesh->is_plain, 0, "no TLS between processes: on this machine alone, and whoever is on it is let in" } },
        { "mesh.certificate", 0, 0, { "--mesh-certificate", "FILE", PGL_OPTION_TEXT, &mesh->certificate_file, 0, "PEM; of this process, with the names of its roles" } },
        { "mesh.key", PGL_SETTING_SECRET, 0, { "--mesh-key", "FILE", PGL_OPTION_TEXT, &mesh->key_file, 0, "PEM; its private key" } },
        { "mesh.ca", 0, 0, { "--mesh-ca", "FILE", PGL_OPTION_TEXT, &mesh->ca_file, 0, "PEM; who signs the certificates of the others" } },
        { "peers.catalog", 0, 0, { "--peer-catalog", "HOST:PORT", PGL_OPTION_ADDRESS, &mesh->peers[PGL_RUN_CATALOG], 0, "where the catalog is served, if not here" } },
        { "peers.orders", 0, 0, { "--peer-orders", "HOST:PORT", PGL_OPTION_ADDRESS, &mesh->peers[PGL_RUN_ORDERS], 0, "the same for orders" } },
        { "peers.payments", 0, 0, { "--peer-payments", "HOST:PORT", PGL_OPTION_ADDRESS, &mesh->peers[PGL_RUN_PAYMENTS], 0, "for payments" } },
        { "peers.inventory", 0, 0, { "--peer-inventory", "HOST:PORT", PGL_OPTION_ADDRESS, &mesh->peers[PGL_RUN_INVENTORY], 0, "for the inventory" } },
        { "peers.webhooks", 0, 0, { "--peer-webhooks", "HOST:PORT", PGL_OPTION_ADDRESS, &mesh->peers[PGL_RUN_WEBHOOKS], 0, "and for webhooks" } },
        { "peers.identity", 0, 0, { "--peer-identity", "HOST:PORT", PGL_OPTION_ADDRESS, &mesh->peers[PGL_RUN_IDENTITY], 0, "and for identity" } },
        { "http.listen", 0, 0, { "--http", "HOST:PORT", PGL_OPTION_ADDRESS, &config->http, 0, "where to listen; port 0 takes a free one" } },
        { "http.proxy-protocol", 0, 0, { "--proxy-protocol", "RANGES", PGL_OPTION_TEXT, &boot->gateway.proxy_protocol, 0, "ADDRESS/BITS by commas, whose connections begin with the PROXY protocol (v1 or v2), here and through TLS" } },
        { "http.max-connections", 0, 0, { "--max-connections", "N", PGL_OPTION_U32, &http_limits->connections_max, 1, "at once" } },
        { "http.max-connections-per-address", LIVE, 0, { "--max-connections-per-address", "N", PGL_OPTION_U32, &http_limits->connections_per_client_max, 1, "an IPv4 address or IPv6 /64" } },
        { "http.connect-burst", LIVE, 0, { "--connect-burst", "N", PGL_OPTION_U32, &http_limits->connects_per_client_burst, 1, "new connections of an address at once" } },
        { "http.connect-rate", LIVE, 0, { "--connect-rate", "N", PGL_OPTION_U32, &http_limits->connects_per_client_per_s, 1, "and a second, in the long run" } },
        { "http.max-requests-per-connection", LIVE, 0, { "--max-requests-per-connection", "N", PGL_OPTION_U32, &http_limits->requests_per_connection_max, 1, "then it is closed" } },
        { "http.max-pipelined", LIVE, 0, { "--max-pipelined", "N", PGL_OPTION_U32, &http_limits->pipelined_max, 1, "unanswered requests of a connection" } },
        { "http.max-buffers", 0, 0, { "--max-buffers", "BYTES", PGL_OPTION_SIZE, &http_limits->buffers_bytes_max, 0, "of all connections; 0: a quarter of the memory, 1 GiB at most" } },
        { "http.max-stream", LIVE, 0, { "--max-stream", "BYTES", PGL_OPTION_SIZE, &http_limits->stream_bytes_max, 4096, "not yet taken by a stream's reader" } },
        { "http.max-request-line", LIVE, 0, { "--max-request-line", "BYTES", PGL_OPTION_U32, &head->start_line_bytes_max, 64, "method, target and version" } },
        { "http.max-target", LIVE, 0, { "--max-target", "BYTES", PGL_OPTION_U32, &head->target_bytes_max, 64, "of the request line" } },
        { "http.max-head", LIVE, 0, { "--max-head", "BYTES", PGL_OPTION_U32, &head->head_bytes_max, 256, "request line and fields" } },
        { "http.max-fields", LIVE, PGL_HTTP_FIELDS_MAX, { "--max-fields", "N", PGL_OPTION_U32, &head->field_count_max, 1, "of a head, at most 64" } },
        { "http.max-body", LIVE, 0, { "--max-body", "BYTES", PGL_OPTION_SIZE, &boot->gateway.body_bytes_max, 64, "JSON" } },
        { "http.cors-origins", LIVE, 0, { "--cors-origins", "LIST", PGL_OPTION_TEXT, &boot->gateway.cors_origins, 0, "pages of these origins may call: https://HOST, by commas, or *" } },
        { "http.head-time", LIVE, 0, { "--head-time", "TIME", PGL_OPTION_DURATION, &http_limits->head_ns, 0, "for a head to arrive" } },
        { "http.body-time", LIVE, 0, { "--body-time", "TIME", PGL_OPTION_DURATION, &http_limits->body_ns, 0, "for a body to arrive" } },
        { "http.body-rate", LIVE, 0, { "--body-rate", "BYTES", PGL_OPTION_U32, &http_limits->body_rate_min, 1, "a second that a body needs, after 5s" } },
        { "http.idle-time", LIVE, 0, { "--idle-time", "TIME", PGL_OPTION_DURATION, &http_limits->idle_ns, 0, "of a connection without a request" } },
        { "http.age", LIVE, 0, { "--age", "TIME", PGL_OPTION_DURATION, &http_limits->age_ns, 0, "of a connection, give or take a tenth" } },
        { "http.write-stall", LIVE, 0, { "--write-stall", "TIME", PGL_OPTION_DURATION, &http_limits->write_stall_ns, 0, "that a peer may take nothing" } },
        { "http2.max-streams", LIVE, 10000, { "--max-http2-streams", "N", PGL_OPTION_U32, &http2->streams_max, 1, "of a connection at once, each until its handler has ended" } },
        { "http2.resets-burst", LIVE, 0, { "--resets-burst", "N", PGL_OPTION_U32, &http2->resets_burst, 1, "resets that a client sends or provokes at once" } },
        { "http2.resets-rate", LIVE, 0, { "--resets-rate", "N", PGL_OPTION_U32, &http2->resets_per_s, 1, "and a second, in the long run" } },
        { "http2.control-burst", LIVE, 0, { "--control-burst", "N", PGL_OPTION_U32, &http2->control_burst, 1, "frames at once that carry nothing" } },
        { "http2.control-rate", LIVE, 0, { "--control-rate", "N", PGL_OPTION_U32, &http2->control_per_s, 1, "and a second, in the long run" } },
        { "http2.stream-window", LIVE, 1u << 30, { "--stream-window", "BYTES", PGL_OPTION_U32, &http2->stream_window, 1024, "of a body that nobody has taken yet" } },
        { "http2.connection-window", LIVE, 1u << 30, { "--connection-window", "BYTES", PGL_OPTION_U32, &http2->connection_window, 65535, "the same, of all bodies of a connection" } },
        { "http2.stream-stall", LIVE, 0, { "--stream-stall", "TIME", PGL_OPTION_DURATION, &http_limits->stream_stall_ns, 0, "that a client may keep its window closed to an answer" } },
        { "http2.connection-stall", LIVE, 0, { "--connection-stall", "TIME", PGL_OPTION_DURATION, &http_limits->connection_stall_ns, 0, "the same, to all answers of a connection" } },
        { "http2.ping", LIVE, 0, { "--ping", "TIME", PGL_OPTION_DURATION, &http_limits->ping_ns, 0, "that a client with open streams may be silent; then it is asked whether it is there" } },
        { "http2.pong", LIVE, 0, { "--pong", "TIME", PGL_OPTION_DURATION, &http_limits->pong_ns, 0, "for its answer; then its connection is closed" } },
        { "tls.listen", 0, 0, { "--https", "HOST:PORT", PGL_OPTION_ADDRESS, &config->https, 0, "where to listen for TLS, once there is a certificate" } },
        { "tls.only", 0, 0, { "--https-only", NULL, PGL_OPTION_SWITCH, &config->is_https_only, 0, "and nowhere else" } },
        { "tls.certificate", 0, 0, { "--tls-cert", "FILES", PGL_OPTION_TEXT, &tls->certificates, 0, "PEM with what leads to its authority; a comma between two; read again when it changes" } },
        { "tls.key", 0, 0, { "--tls-key", "FILES", PGL_OPTION_TEXT, &tls->keys, 0, "its private key, PEM" } },
        { "tls.dev", 0, 0, { "--tls-dev", NULL, PGL_OPTION_SWITCH, &boot->makes_certificate, 0, "makes a certificate for localhost, in the folder" } },
        { "tls.least", 0, 0, { "--tls-least", "VERSION", PGL_OPTION_TEXT, &config->tls_least, 0, "of TLS: 1.2 or 1.3" } },
        { "tls.client-ca", 0, 0, { "--tls-client-ca", "FILE", PGL_OPTION_TEXT, &tls->client_authorities, 0, "PEM: clients are asked for a certificate of theirs" } },
        { "tls.client-required", 0, 0, { "--tls-client-required", NULL, PGL_OPTION_SWITCH, &tls->needs_client, 0, "who has none is refused" } },
        { "tls.check-every", 0, 0, { "--tls-check-every", "TIME", PGL_OPTION_DURATION, &tls->check_every_ns, 0, "whether the files are others" } },
        { "tls.max-handshakes", 0, 0, { "--max-handshakes", "N", PGL_OPTION_U32, &http_limits->handshakes_max, 1, "at once; then newcomers wait" } },
        { "tls.handshake-time", LIVE, 0, { "--handshake-time", "TIME", PGL_OPTION_DURATION, &http_limits->handshake_ns, 0, "for a handshake" } },
        { "grpc.reflection", 0, 0, { "--reflection", NULL, PGL_OPTION_SWITCH, &boot->gateway.has_reflection, 0, "gRPC tells which services there are; with --demo always" } },
        { "grpc.max-message", LIVE, 0, { "--max-message", "BYTES", PGL_OPTION_SIZE, &boot->gateway.grpc.message_bytes_max, 1024, "either way, unpacked" } },
        { "grpc.time", LIVE, 0, { "--grpc-time", "TIME", PGL_OPTION_DURATION, &boot->gateway.grpc.deadline_usual_ns, 0, "for a call that says none" } },
        { "grpc.time-most", LIVE, 0, { "--grpc-time-most", "TIME", PGL_OPTION_DURATION, &boot->gateway.grpc.deadline_max_ns, 0, "whatever a call says" } },
        { "grpc.stream-time", LIVE, 0, { "--grpc-stream-time", "TIME", PGL_OPTION_DURATION, &boot->gateway.grpc.stream_max_ns, 0, "of a stream; its client comes back" } },
        { "limits.rates", LIVE, 0, { "--rates", "RATES", PGL_OPTION_TEXT, &admit->rates, 0, "of callers: default, off, or NAME=N/UNIT:BURST by commas (anonymous=10/s:20,signed=100/s:200,bad-tokens=5/min:5,user=20/s:40,orders=2/s:10)" } },
        { "limits.route-rates", LIVE, 0, { "--route-rates", "RATES", PGL_OPTION_TEXT, &admit->route_rates, 0, "of each caller for one route: 'METHOD PATH=N/UNIT:BURST' or 'PACKAGE.SERVICE/METHOD=N/UNIT:BURST', by commas" } },
        { "limits.plans", LIVE, 0, { "--plans", "PLANS", PGL_OPTION_TEXT, &admit->plans, 0, "of partners' keys: NAME=N/UNIT:BURST[:A-DAY[:A-MONTH]] by commas, the first for all others (default=100/s:200)" } },
        { "limits.trusted-proxies", LIVE, 0, { "--trusted-proxies", "RANGES", PGL_OPTION_TEXT, &admit->trusted_proxies, 0, "ADDRESS/BITS by commas, whose X-Forwarded-For is believed" } },
        { "limits.metrics-from", LIVE, 0, { "--metrics-from", "RANGES", PGL_OPTION_TEXT, &admit->metrics_from, 0, "ADDRESS/BITS by commas, that /metrics is for (127.0.0.0/8,::1)" } },
        { "limits.concurrency", LIVE, 0, { "--concurrency", "POLICY", PGL_OPTION_TEXT, &admit->concurrency, 0, "how many requests may be under way: aimd, gradient or fixed (aimd)" } },
        { "limits.max-concurrency", LIVE, 0, { "--max-concurrency", "N", PGL_OPTION_U32, &admit->concurrency_most, 100, "of them at most" } },
        { "limits.max-streams", LIVE, 0, { "--max-streams", "N", PGL_OPTION_U32, &admit->streams_most, 1, "server-sent events, in all" } },
        { "limits.max-streams-per-address", LIVE, 0, { "--max-streams-per-address", "N", PGL_OPTION_U32, &admit->streams_per_address, 1, "of them" } },
        { "limits.max-streams-per-user", LIVE, 0, { "--max-streams-per-user", "N", PGL_OPTION_U32, &admit->streams_per_user, 1, "of them" } },
        { "identity.issuer", 0, 0, { "--issuer", "URLS", PGL_OPTION_TEXT, &issuers->issuers, 0, "whose tokens are taken beside our own: OpenID Connect issuers, by commas" } },
        { "identity.audience", 0, 0, { "--audience", "NAMES", PGL_OPTION_TEXT, &issuers->audiences, 0, "who we are in their tokens: one name, or one for each issuer" } },
        { "identity.jwks", LIVE, 0, { "--jwks", "URLS", PGL_OPTION_TEXT, &issuers->jwks, 0, "where their keys are; empty: where their own documents say" } },
        { "identity.roles-claim", 0, 0, { "--roles-claim", "PATHS", PGL_OPTION_TEXT, &issuers->roles_claims, 0, "where their tokens name roles (roles); realm_access.roles" } },
        { "identity.tenant-claim", 0, 0, { "--tenant-claim", "PATHS", PGL_OPTION_TEXT, &issuers->tenant_claims, 0, "where they name the tenant (tenant); =NAME: it is NAME" } },
        { "identity.issuer-ca", 0, 0, { "--issuer-ca", "FILE", PGL_OPTION_TEXT, &issuers->ca_file, 0, "PEM, in place of the system's roots" } },
        { "identity.issuer-on-loopback", 0, 0, { "--issuer-on-loopback", NULL, PGL_OPTION_SWITCH, &issuers->loopback_too, 0, "plain http as well, to this machine alone" } },
        { "identity.token-lifetime", 0, 0, { "--token-lifetime", "TIME", PGL_OPTION_DURATION, &issuers->lifetime_ns, 0, "of their tokens at most, up to 24h; a key that they have withdrawn is good for twice as long" } },
        { "identity.jwks-refresh", LIVE, 0, { "--jwks-refresh", "TIME", PGL_OPTION_DURATION, &issuers->refresh_ns, 0, "their keys are fetched anew, where Cache-Control does not say when" } },
        { "identity.key-environment", 0, 0, { "--key-environment", "NAME", PGL_OPTION_TEXT, &boot->identity.env, 0, "in every new API key: pgk_NAME_..., of a-z and 0-9" } },
        { "identity.bad-credentials", LIVE, 1000000, { "--bad-credentials", "N", PGL_OPTION_NUMBER, &boot->lockout.free_count, 0, "a minute in one name that cost nothing; then it has to wait, twice as long each time; 0: never" } },
        { "json.max-depth", LIVE, 0, { "--max-json-depth", "N", PGL_OPTION_U32, &json->depth_max, 1, "objects and lists within one another" } },
        { "json.max-keys", LIVE, 0, { "--max-json-keys", "N", PGL_OPTION_U32, &json->keys_max, 1, "in one object" } },
        { "json.max-nodes", LIVE, 0, { "--max-json-nodes", "N", PGL_OPTION_U32, &json->nodes_max, 1, "in all" } },
        { "json.max-string", LIVE, 0, { "--max-json-string", "BYTES", PGL_OPTION_U32, &json->string_bytes_max, 1, "of one text" } },
        { "orders.deadline", 0, 0, { "--deadline", "TIME", PGL_OPTION_DURATION, &boot->orders.deadline_ns, 0, "by which an order has to be settled that does not say" } },
        { "orders.deadline-least", 0, 0, { "--deadline-least", "TIME", PGL_OPTION_DURATION, &boot->orders.deadline_least_ns, 0, "that an order may ask for" } },
        { "orders.max-open", 0, 0, { "--max-open-orders", "N", PGL_OPTION_U32, &boot->orders.open_max, 1, "not settled yet; more are refused" } },
        { "orders.max-open-per-customer", 0, 0, { "--max-open-orders-per-customer", "N", PGL_OPTION_U32, &boot->orders.open_per_customer_max, 0, "not settled yet, partners apart; 0: as many as they like" } },
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
    config->roles = ALL_ROLES;
    config->https = (struct pgl_address){ "127.0.0.1", 8443 };
    config->is_https_only = false;
    config->tls_least = "1.2";
    config->log_least = "info";
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
    const int count = config->count;
    for (int i = 0; i < count; i++)
        before[i] = pgl_option_show(&config->settings[i].option, &config->arena);
    pgl_demo_options(&config->boot);
    for (int i = 0; i < count; i++)
        if (strcmp(before[i], pgl_option_show(&config->settings[i].option, &config->arena)) != 0)
            config->origins[i] = PGL_ORIGIN_DEMO;
}

static bool is_loopback(const struct pgl_address *address)
{
    return address->host[0] == '\0' || strncmp(address->host, "127.", 4) == 0 ||
           strcmp(address->host, "::1") == 0;
}

/* Some roles are here, and the others are reached; by whom one is called is known, or all of it is
 * on one machine. */
static const char *settle_roles(struct pgl_config *config)
{
    struct pgl_mesh_options *mesh = &config->boot.mesh;
    config->boot.roles = pgl_boot_roles_read(pgl_text_of(config->roles));
    if (config->boot.roles == 0)
        return "--roles: some of " ALL_ROLES " are expected, each once";
    if (config->boot.ops.host[0] != '\0' && (config->boot.roles & PGL_RUNS(PGL_RUN_GATEWAY)) != 0)
        return "--ops: a gateway answers /livez, /readyz and /metrics where clients come in";
    bool has_files =
        mesh->certificate_file != NULL && mesh->key_file != NULL && mesh->ca_file != NULL;
    bool is_alone = config->boot.roles == PGL_RUNS_ALL && mesh->listen.host[0] == '\0';
    if (is_alone)
        return NULL;
    if (config->boot.roles != PGL_RUNS(PGL_RUN_GATEWAY) && mesh->listen.host[0] == '\0')
        return "--mesh: the other processes have to reach this one";
    if (!mesh->is_plain && !has_files)
        return "--mesh-certificate, --mesh-key and --mesh-ca are expected, or --mesh-plain";
    if (mesh->is_plain && has_files)
        return "--mesh-plain: there are certificates";
    bool is_local = is_loopback(&mesh->listen);
    for (int role = 0; role < PGL_RUN_COUNT; role++)
        is_local = is_local && is_loopback(&mesh->peers[role]);
    return mesh->is_plain && !is_local ? "--mesh-plain: on loopback alone" : NULL;
}

static const char *settle_tls(struct pgl_config *config)
{
    struct pgl_gateway_options *gateway = &config->boot.gateway;
    struct pgl_certificates_options *tls = &config->boot.certificates;
    bool has_tls = tls->certificates != NULL || config->boot.makes_certificate;
    gateway->host = config->is_https_only ? NULL : config->http.host;
    gateway->port = config->http.port;
    gateway->tls_host = config->https.host;
    gateway->tls_port = config->https.port;
    tls->is_tls13_only = strcmp(config->tls_least, "1.3") == 0;
    if (!tls->is_tls13_only && strcmp(config->tls_least, "1.2") != 0)
        return "--tls-least: 1.2 or 1.3 is expected";
    if ((tls->certificates == NULL) != (tls->keys == NULL))
        return "--tls-cert and --tls-key belong together";
    if (tls->certificates != NULL && config->boot.makes_certificate)
        return "--tls-cert and --tls-dev: one of the two is expected";
    if (tls->needs_client && tls->client_authorities == NULL)
        return "--tls-client-required: --tls-client-ca is expected with it";
    return config->is_https_only && !has_tls ? "--https-only: a certificate is expected with it"
                                             : NULL;
}

/* What is a text here and a table for whoever uses it. */
static const char *settle_edge(const struct pgl_config *config)
{
    struct edge_issuers issuers;
    pgl_status status = pgl_gateway_check(&config->boot.gateway);
    if (pgl_is_ok(status))
        status = edge_issuers_read(&config->boot.issuers, &issuers);
    return pgl_is_ok(status) ? NULL : status.text;
}

const char *pgl_config_settle(struct pgl_config *config)
{
    const char *senseless = settle_tls(config);
    if (senseless != NULL)
        return senseless;
    if (!pgl_log_level_read(pgl_text_of(config->log_least), &config->log_level))
        return "--log-level: debug, info, warn or error is expected";
    size_t buffers = config->boot.gateway.limits.buffers_bytes_max;
    if (buffers > 0 && buffers < BUFFERS_BYTES_LEAST)
        return "--max-buffers: 0, or 1048576 at least is expected";
    if (config->is_demo)
        settle_demo(config);
    senseless = settle_edge(config);
    return senseless != NULL ? senseless : settle_roles(config);
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
    const char *senseless = parsed == PGL_PARSED_RUN ? pgl_config_settle(config) : NULL;
    return senseless != NULL ? complain(face->name, "these options", senseless) : parsed;
}
