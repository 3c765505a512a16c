/*
 * provider_http.c - see provider_http.h. Each connection is a line with a flow of its own: it takes
 * a call, reaches the provider, asks, hears, answers, and takes the next.
 */
#include "services/payments/provider_http.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/time.h"
#include "services/payments/provider_answer.h"
#include "services/payments/provider_ask.h"
#include "transport/http_client.h"
#include "transport/lookup.h"
#include "wire/url.h"

#define CONNECTIONS_DEFAULT 64
#define WAITING_DEFAULT     1024
#define CONNECT_NS          PGL_SECONDS(2)
#define CALL_NS             PGL_SECONDS(10)

/* A name is looked up again after this, as one does who is told no time to live. */
#define ADDRESSES_NS PGL_SECONDS(30)
/* Others close what is idle for a minute; what they close while we send is an outcome unknown. */
#define IDLE_NS      PGL_SECONDS(20)

#define KEY_BYTES_MAX    256
#define CA_BYTES_MAX     (1u << 20)
#define ARENA_BYTES      (64u << 10)
#define ARENA_BYTES_MAX  (8u << 20) /* the names of a page's members, to see none twice */
#define OUT_BYTES_AT_ONE 8192       /* a request's, so that the key is not left where it grew */

struct waiting {
    struct provider_call *call;
    int64_t until_ns;
};

struct line {
    struct pgl_flow flow; /* first; runs while there is a call */
    struct pgl_provider_pool *pool;
    struct pgl_http_client client;
    struct pgl_lookup lookup;
    struct pgl_timer patience; /* wakes the flow when `until_ns` has come */
    struct provider_call *call;
    int64_t until_ns;         /* of the call */
    int64_t connect_until_ns; /* of reaching the provider */
    int64_t idle_since_ns;
    int tries;     /* addresses tried for this call */
    bool was_kept; /* the connection, from an earlier call */
};

struct pgl_provider_pool {
    struct pgl_loop *loop;
    struct pgl_provider_http_options options;
    struct pgl_url url; /* slices of `base_url` */
    char base_url[PGL_URL_BYTES_MAX + 1];
    char host[PGL_URL_HOST_BYTES_MAX + 1];
    char authorization[KEY_BYTES_MAX + 8];
    struct pgl_tls_context *tls; /* NULL for http */
    struct pgl_arena arena;      /* of one request, or one answer */

    struct line *lines;
    struct waiting *waiting; /* a ring */
    uint32_t first_waiting, waiting_count;

    char addresses[PGL_LOOKUP_ADDRESSES_MAX][PGL_PEER_BYTES];
    int address_count, good_address; /* `good_address` was answered last */
    int64_t addresses_until_ns;
    bool is_unreachable; /* as it was last logged */
};

enum line_step { LINE_REACH, LINE_LOOK_UP, LINE_LOOKED_UP, LINE_CONNECT, LINE_ASK, LINE_HEAR };

static struct pgl_go line_reach(struct pgl_flow *flow);
static struct pgl_go line_look_up(struct pgl_flow *flow);
static struct pgl_go line_looked_up(struct pgl_flow *flow);
static struct pgl_go line_connect(struct pgl_flow *flow);
static struct pgl_go line_ask(struct pgl_flow *flow);
static struct pgl_go line_hear(struct pgl_flow *flow);

/* How long a step waits is not the step's, but the call's: `patience` wakes the flow. */
static const struct pgl_step line_steps[] = {
    [LINE_REACH] = { "provider.reach", line_reach, 0, 0 },
    [LINE_LOOK_UP] = { "provider.look_up", line_look_up, 0, 0 },
    [LINE_LOOKED_UP] = { "provider.looked_up", line_looked_up, 0, 0 },
    [LINE_CONNECT] = { "provider.connect", line_connect, 0, 0 },
    [LINE_ASK] = { "provider.ask", line_ask, 0, 0 },
    [LINE_HEAR] = { "provider.hear", line_hear, 0, 0 },
};

/* ---- calls ---- */

static void line_done(struct pgl_flow *flow)
{
    (void)flow; /* the line waits for its next call */
}

static void line_take(struct line *line, struct waiting waiting)
{
    line->call = waiting.call;
    line->until_ns = waiting.until_ns;
    pgl_flow_start(&line->flow, line->pool->loop, line_steps, LINE_REACH, line_done);
}

/* One that is connected, or else any that has nothing to do. */
static struct line *free_line(struct pgl_provider_pool *pool)
{
    struct line *found = NULL;
    for (uint32_t i = 0; i < pool->options.connections_max; i++) {
        struct line *line = &pool->lines[i];
        if (line->call != NULL)
            continue;
        if (pgl_http_client_is_open(&line->client))
            return line;
        found = found != NULL ? found : line;
    }
    return found;
}

static void start(struct pgl_provider_port *port, struct provider_call *call, struct pgl_flow *flow)
{
    struct pgl_provider_pool *pool = ((struct pgl_provider_http *)(void *)port)->pool;
    int64_t patience_ns = call->timeout_ns > 0 ? call->timeout_ns : pool->options.call_ns;
    struct waiting waiting = { call, pool->loop->now_ns + patience_ns };
    struct line *line = free_line(pool);
    call->flow = flow;
    call->is_out = true;
    bool is_full = pgl_loop_is_struck(pool->loop, PGL_BUGGIFY_PROVIDER_QUEUE_FULL);
    if (line != NULL && !is_full) {
        line_take(line, waiting);
    } else if (!is_full && pool->waiting_count < pool->options.waiting_max) {
        uint32_t at = (pool->first_waiting + pool->waiting_count++) % pool->options.waiting_max;
        pool->waiting[at] = waiting;
    } else {
        pgl_provider_no_answer(call, false);
        call->is_out = false;
    }
}

/* The call is its owner's again, and the line takes the next. */
static struct pgl_go line_end(struct line *line)
{
    struct pgl_provider_pool *pool = line->pool;
    struct provider_call *call = line->call;
    pgl_timer_clear(&pool->loop->timers, &line->patience);
    line->call = NULL;
    line->idle_since_ns = pool->loop->now_ns;
    call->is_out = false;
    pgl_flow_wake(call->flow);
    if (pool->waiting_count > 0) {
        struct waiting next = pool->waiting[pool->first_waiting];
        pool->first_waiting = (pool->first_waiting + 1) % pool->options.waiting_max;
        pool->waiting_count--;
        line->call = next.call;
        line->until_ns = next.until_ns;
        return pgl_go(LINE_REACH);
    }
    return pgl_done();
}

/* Once for each change, not for each call. */
static void note_reachable(struct pgl_provider_pool *pool, pgl_status status)
{
    bool is_unreachable = !pgl_is_ok(status);
    if (is_unreachable == pool->is_unreachable)
        return;
    pool->is_unreachable = is_unreachable;
    if (is_unreachable)
        pgl_log(&pool->loop->log, PGL_LOG_WARN, "payments", "provider-unreachable",
                "host=%s code=%s text=\"%s\"", pool->host, pgl_code_name(status.code), status.text);
    else
        pgl_log(&pool->loop->log, PGL_LOG_INFO, "payments", "provider-reachable", "host=%s",
                pool->host);
}

/* Nothing was heard. Whether it was executed depends on what has left. */
static struct pgl_go line_give_up(struct line *line, pgl_status why)
{
    bool has_sent = line->client.has_sent;
    pgl_lookup_stop(&line->lookup);
    pgl_http_client_close(&line->client);
    if (!has_sent)
        note_reachable(line->pool, why);
    pgl_provider_no_answer(line->call, has_sent);
    return line_end(line);
}

/* ---- time ---- */

static void on_patience(void *owner)
{
    pgl_flow_wake(&((struct line *)owner)->flow);
}

/* True when it is too late; else the flow will be woken then. */
static bool is_late(struct line *line, int64_t until_ns)
{
    struct pgl_loop *loop = line->pool->loop;
    if (loop->now_ns >= until_ns)
        return true;
    pgl_timer_set(&loop->timers, &line->patience, until_ns, on_patience, line);
    return false;
}

static struct pgl_go line_too_late(struct line *line)
{
    return line_give_up(line, PGL_FAIL(PGL_DEADLINE, "the provider is not reached in time"));
}

/* ---- reaching ---- */

static struct pgl_go line_reach(struct pgl_flow *flow)
{
    struct line *line = (struct line *)flow;
    int64_t now_ns = flow->loop->now_ns;
    line->client.has_sent = false; /* nothing of this call */
    if (now_ns >= line->until_ns ||
        pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_PROVIDER_TOO_LATE)) /* it has waited in vain */
        return line_too_late(line);
    line->connect_until_ns = now_ns + line->pool->options.connect_ns;
    if (line->connect_until_ns > line->until_ns)
        line->connect_until_ns = line->until_ns;
    line->was_kept = pgl_http_client_is_open(&line->client) &&
                     now_ns - line->idle_since_ns < IDLE_NS &&
                     !pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_PROVIDER_DROPS_KEPT);
    return pgl_go(line->was_kept ? LINE_ASK : LINE_LOOK_UP);
}

static struct pgl_go line_look_up(struct pgl_flow *flow)
{
    struct line *line = (struct line *)flow;
    struct pgl_provider_pool *pool = line->pool;
    line->tries = 0;
    if (flow->loop->now_ns < pool->addresses_until_ns &&
        !pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_PROVIDER_LOOKS_UP_AGAIN))
        return pgl_go(LINE_CONNECT);
    pgl_lookup_start(&line->lookup, flow->loop, pool->host, flow);
    return pgl_go(LINE_LOOKED_UP);
}

static struct pgl_go line_looked_up(struct pgl_flow *flow)
{
    struct line *line = (struct line *)flow;
    struct pgl_provider_pool *pool = line->pool;
    const struct pgl_lookup *lookup = &line->lookup;
    if (!lookup->is_done && is_late(line, line->connect_until_ns))
        return line_too_late(line);
    if (!lookup->is_done)
        return pgl_wait(LINE_LOOKED_UP);
    if (!pgl_is_ok(lookup->status))
        return line_give_up(line, lookup->status);
    memcpy(pool->addresses, lookup->addresses, sizeof pool->addresses);
    pool->address_count = lookup->count;
    pool->good_address = 0;
    pool->addresses_until_ns = flow->loop->now_ns + ADDRESSES_NS;
    return pgl_go(LINE_CONNECT);
}

static struct pgl_go line_connect(struct pgl_flow *flow)
{
    struct line *line = (struct line *)flow;
    struct pgl_provider_pool *pool = line->pool;
    pgl_status status = PGL_FAIL(PGL_UNAVAILABLE, "no address of the provider answers");
    while (line->tries < pool->address_count) {
        int at = (pool->good_address + line->tries++) % pool->address_count;
        status = pool->tls != NULL
                     ? pgl_http_client_connect_tls(&line->client, pool->addresses[at],
                                                   pool->url.port, pool->tls, pool->host)
                     : pgl_http_client_connect(&line->client, pool->addresses[at], pool->url.port);
        if (pgl_is_ok(status))
            return pgl_go(LINE_ASK);
    }
    pool->addresses_until_ns = 0; /* they may have moved */
    return line_give_up(line, status);
}

/* ---- asking and hearing ---- */

static struct pgl_go line_ask(struct pgl_flow *flow)
{
    struct line *line = (struct line *)flow;
    struct pgl_provider_pool *pool = line->pool;
    struct provider_site site = { pool->url.authority, pgl_text_of(pool->authorization) };
    struct provider_ask ask;
    line->client.flow = flow;
    line->client.body.limit_bytes = pgl_provider_bytes_max(line->call->verb);
    (void)pgl_buffer_room(&line->client.out, OUT_BYTES_AT_ONE);
    pgl_status status = pgl_provider_ask(line->call, &site, &pool->arena, &ask);
    if (pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_PROVIDER_NO_MEMORY))
        status = PGL_NO_MEMORY;
    if (pgl_is_ok(status))
        status = pgl_http_client_send(&line->client, &ask.request, ask.body);
    pgl_arena_reset(&pool->arena);
    if (pgl_is_ok(status))
        return pgl_go(LINE_HEAR);
    if (status.code == PGL_EXHAUSTED) /* for want of memory, which may pass */
        pgl_provider_no_answer(line->call, false);
    else
        pgl_provider_not_askable(line->call);
    return line_end(line); /* the connection is as it was */
}

/* The connection failed before anything was sent over it: nothing happened, so there may be another
 * way. */
static bool has_another_way(const struct line *line)
{
    return !line->client.has_sent && line->client.status.code != PGL_TOO_LARGE &&
           (line->was_kept || line->tries < line->pool->address_count);
}

static struct pgl_go line_answer(struct line *line)
{
    struct pgl_provider_pool *pool = line->pool;
    int tries = line->tries > 0 ? line->tries - 1 : 0;
    if (!line->was_kept)
        pool->good_address = (pool->good_address + tries) % pool->address_count;
    note_reachable(pool, PGL_OK);
    pgl_provider_answer(line->call, &line->client.head, pgl_buffer_text(&line->client.body),
                        &pool->arena);
    pgl_arena_reset(&pool->arena);
    return line_end(line);
}

static struct pgl_go line_hear(struct pgl_flow *flow)
{
    struct line *line = (struct line *)flow;
    struct pgl_http_client *client = &line->client;
    switch (client->stage) {
    case PGL_HTTP_CLIENT_ANSWERED:
        return line_answer(line);
    case PGL_HTTP_CLIENT_CLOSED:
    case PGL_HTTP_CLIENT_READY:
    case PGL_HTTP_CLIENT_FAILED:
        if (!has_another_way(line))
            return line_give_up(line, client->status);
        bool goes_on = !line->was_kept;
        line->was_kept = false;
        return pgl_go(goes_on ? LINE_CONNECT : LINE_LOOK_UP);
    case PGL_HTTP_CLIENT_ASKED:
    case PGL_HTTP_CLIENT_ANSWERING:
        break;
    }
    if (is_late(line, client->has_sent ? line->until_ns : line->connect_until_ns))
        return line_too_late(line);
    return pgl_wait(LINE_HEAR);
}

/* ---- opening ---- */

static pgl_status read_url(struct pgl_provider_pool *pool, const char *base_url)
{
    if (snprintf(pool->base_url, sizeof pool->base_url, "%s", base_url) >=
        (int)sizeof pool->base_url)
        return PGL_FAIL(PGL_INVALID, "the provider's URL is too long");
    PGL_TRY(pgl_url_read(pgl_text_of(pool->base_url), &pool->url));
    if (pool->url.target.size > 0 && !pgl_text_is(pool->url.target, "/"))
        return PGL_FAIL(PGL_INVALID, "the provider's URL is to have no path");
    snprintf(pool->host, sizeof pool->host, "%.*s", PGL_TEXT_ARGS(pool->url.host));
    return PGL_OK;
}

/* One line, of which the end may be missing. */
static pgl_status read_key(struct pgl_provider_pool *pool, const char *path)
{
    struct pgl_disk *disk = pool->loop->platform->disk;
    struct pgl_text content, key;
    PGL_TRY(disk->ops->read_file(disk, path, KEY_BYTES_MAX, &pool->arena, &content));
    key = content;
    while (key.size > 0 && (key.data[key.size - 1] == '\n' || key.data[key.size - 1] == '\r'))
        key.size--;
    bool is_plain = key.size > 0;
    for (size_t i = 0; i < key.size; i++)
        is_plain &= key.data[i] > ' ' && key.data[i] < 0x7f;
    if (is_plain)
        snprintf(pool->authorization, sizeof pool->authorization, "Bearer %.*s",
                 PGL_TEXT_ARGS(key));
    explicit_bzero((void *)(uintptr_t)content.data, content.size);
    return is_plain ? PGL_OK : PGL_FAIL(PGL_INVALID, "the file of the provider's key has no key");
}

static pgl_status open_tls(struct pgl_provider_pool *pool, const char *ca_file)
{
    struct pgl_disk *disk = pool->loop->platform->disk;
    struct pgl_text pem = PGL_TEXT("");
    if (!pool->url.is_tls)
        return PGL_OK;
    if (ca_file != NULL)
        PGL_TRY(disk->ops->read_file(disk, ca_file, CA_BYTES_MAX, &pool->arena, &pem));
    if (ca_file != NULL && pem.size == 0)
        return PGL_FAIL(PGL_INVALID, "the file of authorities is empty");
    return pgl_tls_client_context_open(pem, &pool->tls);
}

static pgl_status open_lines(struct pgl_provider_pool *pool)
{
    const struct pgl_provider_http_options *options = &pool->options;
    pool->lines = calloc(options->connections_max, sizeof pool->lines[0]);
    pool->waiting = calloc(options->waiting_max, sizeof pool->waiting[0]);
    if (pool->lines == NULL || pool->waiting == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for connections to the provider");
    for (uint32_t i = 0; i < options->connections_max; i++) {
        pool->lines[i].pool = pool;
        pgl_http_client_init(&pool->lines[i].client, pool->loop, PGL_PROVIDER_PAGE_BYTES_MAX);
    }
    return PGL_OK;
}

static struct pgl_provider_http_options with_defaults(
    const struct pgl_provider_http_options *options)
{
    struct pgl_provider_http_options full = *options;
    full.connections_max = full.connections_max > 0 ? full.connections_max : CONNECTIONS_DEFAULT;
    full.waiting_max = full.waiting_max > 0 ? full.waiting_max : WAITING_DEFAULT;
    full.connect_ns = full.connect_ns > 0 ? full.connect_ns : CONNECT_NS;
    full.call_ns = full.call_ns > 0 ? full.call_ns : CALL_NS;
    return full;
}

static pgl_status fill_pool(struct pgl_provider_pool *pool,
                            const struct pgl_provider_http_options *options)
{
    PGL_TRY(read_url(pool, options->base_url));
    PGL_TRY(read_key(pool, options->key_file));
    PGL_TRY(open_tls(pool, options->ca_file));
    pgl_arena_reset(&pool->arena);
    return open_lines(pool);
}

pgl_status pgl_provider_http_open(struct pgl_provider_http *provider, struct pgl_loop *effects,
                                  const struct pgl_provider_http_options *options)
{
    *provider = (struct pgl_provider_http){ .port.start = start };
    provider->pool = calloc(1, sizeof *provider->pool);
    if (provider->pool == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for the provider");
    provider->pool->loop = effects;
    provider->pool->options = with_defaults(options);
    pgl_arena_init(&provider->pool->arena, ARENA_BYTES, ARENA_BYTES_MAX);
    pgl_status status = fill_pool(provider->pool, options);
    if (!pgl_is_ok(status))
        pgl_provider_http_close(provider);
    return status;
}

/* ---- closing ---- */

static void line_close(struct line *line)
{
    struct pgl_buffer *out = &line->client.out;
    if (line->call != NULL) {
        pgl_timer_clear(&line->pool->loop->timers, &line->patience);
        pgl_list_remove(&line->flow.ready);
        pgl_lookup_stop(&line->lookup);
    }
    if (out->data != NULL)
        explicit_bzero(out->data, out->capacity);
    pgl_http_client_free(&line->client);
}

void pgl_provider_http_close(struct pgl_provider_http *provider)
{
    struct pgl_provider_pool *pool = provider->pool;
    if (pool == NULL)
        return;
    for (uint32_t i = 0; pool->lines != NULL && i < pool->options.connections_max; i++)
        line_close(&pool->lines[i]);
    pgl_tls_context_close(pool->tls);
    pgl_arena_free(&pool->arena);
    free(pool->lines);
    free(pool->waiting);
    explicit_bzero(pool->authorization, sizeof pool->authorization);
    free(pool);
    provider->pool = NULL;
}
