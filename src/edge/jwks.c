/* jwks.c - see jwks.h. */
#include "edge/jwks.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/ip.h"
#include "base/time.h"
#include "wire/oidc.h"

#define CA_BYTES_MAX  (1u << 20)
#define PAUSE_LEAST   PGL_SECONDS(5) /* behind a failure; then twice as long each time */
#define MAX_AGE_LEAST PGL_MINUTES(1)
#define MAX_AGE_MOST  PGL_HOURS(1)
#define DISCOVERY     "/.well-known/openid-configuration"

enum { J_BEGIN, J_LOOKED_UP, J_CONNECT, J_HEAR, J_TELL, J_END, J_SLEEP };

static struct edge_fetcher *fetcher_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct edge_fetcher, flow);
}

/* ---- when ---- */

/* A tenth earlier at most, so that many do not come at once. */
static void set_next(struct edge_fetcher *fetcher, int64_t after_ns)
{
    struct edge_jwks *jwks = fetcher->jwks;
    int64_t tenth_ns = after_ns / 10 + 1;
    int64_t less_ns = (int64_t)pgl_random_below(&jwks->jitter, (uint64_t)tenth_ns);
    fetcher->next_ns = jwks->loop->now_ns + after_ns - less_ns;
}

static void on_timer(void *owner)
{
    pgl_flow_wake(&((struct edge_fetcher *)owner)->flow);
}

/* True when it is too late; else the flow will be woken then. */
static bool is_late(struct edge_fetcher *fetcher)
{
    struct pgl_loop *loop = fetcher->jwks->loop;
    if (loop->now_ns >= fetcher->until_ns)
        return true;
    pgl_timer_set(&loop->timers, &fetcher->timer, fetcher->until_ns, on_timer, fetcher);
    return false;
}

/* RFC 9111, 5.2.2.1; whatever else the field says. */
static int64_t max_age_of(const struct pgl_http_response_head *head, int64_t usual_ns)
{
    struct pgl_text list;
    int64_t seconds;
    if (pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("cache-control"), &list) != 1)
        return usual_ns;
    while (list.data != NULL) {
        struct pgl_text value = pgl_text_trim(pgl_text_cut(&list, ','));
        struct pgl_text name = pgl_text_cut(&value, '=');
        if (!pgl_text_equal_nocase(name, PGL_TEXT("max-age")) ||
            !pgl_is_ok(pgl_text_to_i64(value, &seconds)) || seconds < 0)
            continue;
        int64_t age_ns = seconds < 86400 ? PGL_SECONDS(seconds) : MAX_AGE_MOST;
        return age_ns < MAX_AGE_LEAST  ? MAX_AGE_LEAST
               : age_ns > MAX_AGE_MOST ? MAX_AGE_MOST
                                       : age_ns;
    }
    return usual_ns;
}

/* ---- what is told ---- */

static void forget_gone(struct edge_fetcher *fetcher, int i)
{
    pgl_key_close(&fetcher->gone[i].key);
    fetcher->gone_count--;
    memmove(&fetcher->gone[i], &fetcher->gone[i + 1],
            (size_t)(fetcher->gone_count - i) * sizeof fetcher->gone[0]);
}

/* A key of the last document that is not in this one. The first that went makes room. */
static void keep_gone(struct edge_fetcher *fetcher, const struct pgl_key *key)
{
    int64_t until_ns = fetcher->jwks->loop->now_ns + 2 * fetcher->jwks->options.lifetime_ns;
    struct pgl_key_set one;
    pgl_key_set_init(&one);
    if (!pgl_is_ok(pgl_key_set_add(&one, key))) /* counts the key up */
        return;
    if (fetcher->gone_count == PGL_KEY_SET_MAX)
        forget_gone(fetcher, 0);
    fetcher->gone[fetcher->gone_count].key = one.keys[0];
    fetcher->gone[fetcher->gone_count++].until_ns = until_ns;
}

static void take_document(struct edge_fetcher *fetcher, struct pgl_key_set *now)
{
    for (uint32_t i = 0; i < fetcher->fetched.count; i++) {
        const struct pgl_key *key = &fetcher->fetched.keys[i];
        if (pgl_key_set_find(now, pgl_text_of(key->kid)) == NULL)
            keep_gone(fetcher, key);
    }
    pgl_key_set_free(&fetcher->fetched);
    fetcher->fetched = *now;
}

/* Those of the document first, then those that went last. */
static void write_news(struct edge_fetcher *fetcher)
{
    struct pgl_key_set *keys = &fetcher->news.keys;
    int64_t now_ns = fetcher->jwks->loop->now_ns;
    pgl_key_set_free(keys);
    for (uint32_t i = 0; i < fetcher->fetched.count; i++) {
        pgl_status added = pgl_key_set_add(keys, &fetcher->fetched.keys[i]);
        PGL_ASSERT(pgl_is_ok(added)); /* it was a set before */
    }
    for (int i = fetcher->gone_count - 1; i >= 0; i--) {
        pgl_status added = PGL_OK;
        if (fetcher->gone[i].until_ns > now_ns)
            added = pgl_key_set_add(keys, &fetcher->gone[i].key); /* unless it has come back */
        if (fetcher->gone[i].until_ns <= now_ns || !pgl_is_ok(added))
            forget_gone(fetcher, i);
    }
}

/* ---- the way of a fetch ---- */

static struct pgl_go fail(struct edge_fetcher *fetcher, pgl_status why)
{
    struct edge_jwks *jwks = fetcher->jwks;
    pgl_timer_clear(&jwks->loop->timers, &fetcher->timer);
    pgl_lookup_stop(&fetcher->lookup);
    pgl_http_client_close(&fetcher->client);
    fetcher->found[0] = '\0'; /* it may have moved */
    if (!fetcher->is_failing)
        pgl_log(&jwks->loop->log, PGL_LOG_WARN, "edge", "issuer-unreachable",
                "issuer=%.*s code=%s text=\"%s\"", PGL_TEXT_ARGS(fetcher->issuer),
                pgl_code_name(why.code), why.text);
    fetcher->is_failing = true;
    fetcher->pause_ns = fetcher->pause_ns == 0 ? PAUSE_LEAST : 2 * fetcher->pause_ns;
    if (fetcher->pause_ns > jwks->options.refresh_ns)
        fetcher->pause_ns = jwks->options.refresh_ns;
    set_next(fetcher, fetcher->pause_ns);
    if (jwks->loop->now_ns >= fetcher->good_until_ns) { /* what we have is too old */
        pgl_key_set_free(&fetcher->fetched);
        while (fetcher->gone_count > 0)
            forget_gone(fetcher, 0);
    }
    return pgl_go(J_TELL);
}

static struct pgl_go too_late(struct edge_fetcher *fetcher)
{
    return fail(fetcher, PGL_FAIL(PGL_DEADLINE, "the issuer does not answer in time"));
}

static pgl_status choose_url(struct edge_fetcher *fetcher)
{
    struct pgl_text from = fetcher->configured;
    const char *path = "";
    fetcher->is_discovering = from.size == 0 && fetcher->found[0] == '\0';
    if (fetcher->is_discovering) {
        from = fetcher->issuer;
        path = DISCOVERY;
        if (from.data[from.size - 1] == '/')
            from.size--;
    } else if (from.size == 0) {
        from = pgl_text_of(fetcher->found);
    }
    snprintf(fetcher->url_text, sizeof fetcher->url_text, "%.*s%s", PGL_TEXT_ARGS(from), path);
    PGL_TRY(pgl_url_read(pgl_text_of(fetcher->url_text), &fetcher->url));
    if (!fetcher->url.is_tls && !fetcher->jwks->options.loopback_too)
        return PGL_FAIL(PGL_INVALID, "the issuer's keys are not behind https");
    snprintf(fetcher->host, sizeof fetcher->host, "%.*s", PGL_TEXT_ARGS(fetcher->url.host));
    return PGL_OK;
}

static struct pgl_go jwks_begin(struct pgl_flow *flow)
{
    struct edge_fetcher *fetcher = fetcher_of(flow);
    pgl_status status = choose_url(fetcher);
    if (!pgl_is_ok(status))
        return fail(fetcher, status);
    fetcher->tries = 0;
    pgl_lookup_start(&fetcher->lookup, flow->loop, fetcher->host, flow);
    return pgl_go(J_LOOKED_UP);
}

static struct pgl_go jwks_looked_up(struct pgl_flow *flow)
{
    struct edge_fetcher *fetcher = fetcher_of(flow);
    if (!fetcher->lookup.is_done)
        return is_late(fetcher) ? too_late(fetcher) : pgl_wait(J_LOOKED_UP);
    if (!pgl_is_ok(fetcher->lookup.status))
        return fail(fetcher, fetcher->lookup.status);
    return pgl_go(J_CONNECT);
}

static pgl_status connect_to(struct edge_fetcher *fetcher, const char *address)
{
    struct edge_jwks *jwks = fetcher->jwks;
    pgl_ip ip;
    if (fetcher->url.is_tls)
        return pgl_http_client_connect_tls(&fetcher->client, address, fetcher->url.port, jwks->tls,
                                           fetcher->host);
    if (!pgl_ip_read(pgl_text_of(address), &ip) || !pgl_ip_is_loopback(&ip))
        return PGL_FAIL(PGL_DENIED, "plain http leads away from this machine");
    return pgl_http_client_connect(&fetcher->client, address, fetcher->url.port);
}

static pgl_status ask(struct edge_fetcher *fetcher)
{
    const struct pgl_http_field accept = { PGL_TEXT("Accept"), PGL_TEXT("application/json") };
    const struct pgl_http1_request request = {
        .method = PGL_TEXT("GET"),
        .target = fetcher->url.target.size > 0 ? fetcher->url.target : PGL_TEXT("/"),
        .host = fetcher->url.authority,
        .content_length = -1,
        .fields = &accept,
        .field_count = 1,
    };
    fetcher->client.flow = &fetcher->flow;
    return pgl_http_client_send(&fetcher->client, &request, PGL_TEXT(""));
}

static struct pgl_go jwks_connect(struct pgl_flow *flow)
{
    struct edge_fetcher *fetcher = fetcher_of(flow);
    pgl_status status = PGL_FAIL(PGL_UNAVAILABLE, "no address of the issuer answers");
    if (is_late(fetcher))
        return too_late(fetcher);
    while (fetcher->tries < fetcher->lookup.count) {
        status = connect_to(fetcher, fetcher->lookup.addresses[fetcher->tries++]);
        if (pgl_is_ok(status))
            status = ask(fetcher);
        if (pgl_is_ok(status))
            return pgl_go(J_HEAR);
    }
    return fail(fetcher, status);
}

static pgl_status take_answer(struct edge_fetcher *fetcher)
{
    struct pgl_text body = pgl_buffer_text(&fetcher->client.body);
    struct pgl_key_set keys;
    if (fetcher->client.head.status != 200)
        return PGL_FAIL(PGL_UNAVAILABLE, "the issuer answers something else than 200");
    if (fetcher->is_discovering)
        return pgl_oidc_read(body, fetcher->issuer, fetcher->found);
    pgl_key_set_init(&keys);
    PGL_TRY(pgl_key_set_read(&keys, body));
    take_document(fetcher, &keys);
    return PGL_OK;
}

static struct pgl_go answered(struct edge_fetcher *fetcher)
{
    struct edge_jwks *jwks = fetcher->jwks;
    bool was_discovering = fetcher->is_discovering;
    pgl_status status = take_answer(fetcher);
    if (!pgl_is_ok(status))
        return fail(fetcher, status);
    int64_t age_ns = max_age_of(&fetcher->client.head, jwks->options.refresh_ns);
    pgl_http_client_close(&fetcher->client);
    if (was_discovering)
        return pgl_go(J_BEGIN);
    pgl_timer_clear(&jwks->loop->timers, &fetcher->timer);
    if (fetcher->is_failing)
        pgl_log(&jwks->loop->log, PGL_LOG_INFO, "edge", "issuer-reachable", "issuer=%.*s",
                PGL_TEXT_ARGS(fetcher->issuer));
    fetcher->is_failing = false;
    fetcher->pause_ns = 0;
    fetcher->good_until_ns = jwks->loop->now_ns + EDGE_JWKS_GOOD_NS;
    set_next(fetcher, age_ns);
    return pgl_go(J_TELL);
}

static struct pgl_go jwks_hear(struct pgl_flow *flow)
{
    struct edge_fetcher *fetcher = fetcher_of(flow);
    switch (fetcher->client.stage) {
    case PGL_HTTP_CLIENT_ANSWERED:
        return answered(fetcher);
    case PGL_HTTP_CLIENT_CLOSED:
    case PGL_HTTP_CLIENT_READY:
    case PGL_HTTP_CLIENT_FAILED:
        if (fetcher->client.has_sent || fetcher->tries == fetcher->lookup.count)
            return fail(fetcher, fetcher->client.status);
        return pgl_go(J_CONNECT);
    case PGL_HTTP_CLIENT_ASKED:
    case PGL_HTTP_CLIENT_ANSWERING:
        break;
    }
    return is_late(fetcher) ? too_late(fetcher) : pgl_wait(J_HEAR);
}

static struct pgl_go jwks_tell(struct pgl_flow *flow)
{
    struct edge_fetcher *fetcher = fetcher_of(flow);
    struct edge_jwks *jwks = fetcher->jwks;
    write_news(fetcher);
    if (memcmp(fetcher->told, fetcher->news.keys.fingerprint, sizeof fetcher->told) == 0)
        return pgl_go(J_END);
    memcpy(fetcher->told, fetcher->news.keys.fingerprint, sizeof fetcher->told);
    fetcher->news.message.reply_to = &jwks->told;
    pgl_status sent = pgl_mailbox_send(flow->loop, &jwks->trust->news, &fetcher->news.message);
    PGL_ASSERT(pgl_is_ok(sent)); /* there is one of each issuer */
    return pgl_wait(J_END);
}

/* Who wished is answered behind the news. What this fetch was too early for is looked for at once.
 */
static struct pgl_go jwks_end(struct pgl_flow *flow)
{
    struct edge_fetcher *fetcher = fetcher_of(flow);
    struct edge_key_wish *wish = fetcher->wish;
    if (fetcher->looks_again) {
        fetcher->looks_again = false;
        fetcher->until_ns = flow->loop->now_ns + EDGE_JWKS_FETCH_NS;
        return pgl_go(J_BEGIN);
    }
    fetcher->wish = NULL;
    if (wish != NULL)
        pgl_message_reply(&wish->message);
    pgl_timer_set(&flow->loop->timers, &fetcher->timer, fetcher->next_ns, on_timer, fetcher);
    return pgl_wait(J_SLEEP);
}

static struct pgl_go jwks_sleep(struct pgl_flow *flow)
{
    struct edge_fetcher *fetcher = fetcher_of(flow);
    if (!fetcher->looks_again && flow->loop->now_ns < fetcher->next_ns)
        return pgl_wait(J_SLEEP);
    pgl_timer_clear(&flow->loop->timers, &fetcher->timer);
    fetcher->looks_again = false;
    fetcher->until_ns = flow->loop->now_ns + EDGE_JWKS_FETCH_NS;
    return pgl_go(J_BEGIN);
}

/* How long a step waits is the fetch's business: the timer wakes the flow. */
static const struct pgl_step jwks_steps[] = {
    [J_BEGIN] = { "jwks.begin", jwks_begin, 0, 0 },
    [J_LOOKED_UP] = { "jwks.looked-up", jwks_looked_up, 0, 0 },
    [J_CONNECT] = { "jwks.connect", jwks_connect, 0, 0 },
    [J_HEAR] = { "jwks.hear", jwks_hear, 0, 0 },
    [J_TELL] = { "jwks.tell", jwks_tell, 0, 0 },
    [J_END] = { "jwks.end", jwks_end, 0, 0 },
    [J_SLEEP] = { "jwks.sleep", jwks_sleep, 0, 0 },
};

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* it has no end */
}

/* ---- messages ---- */

/* Also behind a fetch that is under way. */
static void look_again(struct edge_fetcher *fetcher)
{
    fetcher->looks_again = true;
    if (fetcher->flow.step == J_SLEEP)
        pgl_flow_wake(&fetcher->flow);
}

static void take_wish(void *owner, struct pgl_message *message)
{
    struct edge_jwks *jwks = owner;
    struct edge_key_wish *wish = PGL_CONTAINER(message, struct edge_key_wish, message);
    struct edge_fetcher *fetcher = &jwks->fetchers[wish->issuer - 1];
    fetcher->wish = wish;
    look_again(fetcher);
}

static void take_told(void *owner, struct pgl_message *message)
{
    (void)owner;
    struct edge_key_news *news = PGL_CONTAINER(message, struct edge_key_news, message);
    pgl_flow_wake(&PGL_CONTAINER(news, struct edge_fetcher, news)->flow);
}

void edge_jwks_change(struct edge_jwks *jwks, const struct edge_issuers_options *options)
{
    struct edge_issuers issuers;
    pgl_status read = edge_issuers_read(options, &issuers);
    PGL_ASSERT(pgl_is_ok(read) && issuers.count == jwks->count);
    jwks->options.refresh_ns = options->refresh_ns;
    for (int i = 0; i < jwks->count; i++) {
        struct edge_fetcher *fetcher = &jwks->fetchers[i];
        bool is_elsewhere = !pgl_text_equal(fetcher->configured, issuers.jwks[i]);
        /* the text before goes, even where it says the same */
        fetcher->configured = issuers.jwks[i];
        if (is_elsewhere)
            look_again(fetcher);
    }
}

/* ---- opening ---- */

static pgl_status open_tls(struct edge_jwks *jwks)
{
    struct pgl_disk *disk = jwks->loop->platform->disk;
    struct pgl_arena arena;
    struct pgl_text pem = PGL_TEXT("");
    pgl_status status = PGL_OK;
    pgl_arena_init(&arena, 65536, 2 * CA_BYTES_MAX);
    if (jwks->options.ca_file != NULL) {
        status = disk->ops->read_file(disk, jwks->options.ca_file, CA_BYTES_MAX, &arena, &pem);
        if (pgl_is_ok(status) && pem.size == 0)
            status = PGL_FAIL(PGL_INVALID, "the file of the issuers' authorities is empty");
    }
    if (pgl_is_ok(status))
        status = pgl_tls_client_context_open(pem, &jwks->tls);
    pgl_arena_free(&arena);
    return status;
}

pgl_status edge_jwks_open(struct edge_jwks *jwks, struct pgl_loop *loop, struct edge_trust *trust,
                          const struct edge_issuers_options *options,
                          const struct edge_issuers *issuers)
{
    *jwks = (struct edge_jwks){ .loop = loop, .trust = trust, .options = *options };
    if (issuers->count == 0)
        return PGL_OK;
    PGL_TRY(open_tls(jwks));
    pgl_random_seed(&jwks->jitter, pgl_entropy_u64(&loop->platform->entropy), 0x6a776b73);
    pgl_mailbox_open(&jwks->wishes, loop, EDGE_ISSUERS_MAX, take_wish, jwks);
    pgl_mailbox_open(&jwks->told, loop, 0, take_told, jwks); /* nothing but replies */
    for (; jwks->count < issuers->count; jwks->count++) {
        struct edge_fetcher *fetcher = &jwks->fetchers[jwks->count];
        fetcher->jwks = jwks;
        fetcher->issuer = issuers->policies[jwks->count].issuer;
        fetcher->configured = issuers->jwks[jwks->count];
        fetcher->news.issuer = jwks->count + 1;
        pgl_http_client_init(&fetcher->client, loop, PGL_JWKS_BYTES_MAX);
        trust->state[jwks->count + 1].fetcher = &jwks->wishes;
    }
    return PGL_OK;
}

void edge_jwks_start(struct edge_jwks *jwks)
{
    for (int i = 0; i < jwks->count; i++) {
        struct edge_fetcher *fetcher = &jwks->fetchers[i];
        fetcher->until_ns = jwks->loop->now_ns + EDGE_JWKS_FETCH_NS;
        pgl_flow_start(&fetcher->flow, jwks->loop, jwks_steps, J_BEGIN, on_done);
    }
}

void edge_jwks_close(struct edge_jwks *jwks)
{
    for (int i = 0; i < jwks->count; i++) {
        struct edge_fetcher *fetcher = &jwks->fetchers[i];
        pgl_lookup_stop(&fetcher->lookup);
        pgl_http_client_free(&fetcher->client);
        pgl_key_set_free(&fetcher->fetched);
        pgl_key_set_free(&fetcher->news.keys);
        while (fetcher->gone_count > 0)
            forget_gone(fetcher, 0);
    }
    pgl_tls_context_close(jwks->tls);
}
