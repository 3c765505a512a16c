/* trust.c - see trust.h. */
#include "edge/trust.h"

#include "base/assert.h"
#include "base/time.h"
#include "edge/identify.h"
#include "wire/jwt_cache.h"

void edge_trust_put_keys(struct edge_trust *trust, int issuer, struct pgl_key_set *keys)
{
    struct edge_issuer *state = &trust->state[issuer];
    PGL_ASSERT(issuer >= 0 && issuer < trust->issuer_count);
    pgl_key_set_free(&state->keys);
    state->keys = *keys;
    pgl_key_set_init(keys);
    trust->issuers[issuer].keys = state->keys.count > 0 ? &state->keys : NULL;
    state->has_news = true;
}

static void take_news(void *owner, struct pgl_message *message)
{
    struct edge_trust *trust = owner;
    struct edge_key_news *news = PGL_CONTAINER(message, struct edge_key_news, message);
    edge_trust_put_keys(trust, news->issuer, &news->keys);
    pgl_log(&trust->edge->loop->log, PGL_LOG_INFO, "edge", "keys", "issuer=%d keys=%u",
            news->issuer, trust->state[news->issuer].keys.count);
    pgl_message_reply(message);
}

/* ---- wishes ---- */

static void ask_fetcher(struct edge_trust *trust, struct edge_issuer *state)
{
    state->wish.message.reply_to = &trust->wished;
    state->has_news = false;
    state->is_asked =
        pgl_is_ok(pgl_mailbox_send(trust->edge->loop, state->fetcher, &state->wish.message));
    if (state->is_asked)
        pgl_counter_add(&trust->metrics.wishes, 1);
}

bool edge_trust_wish(struct edge_trust *trust)
{
    bool is_asked = false;
    for (int i = 0; i < trust->issuer_count; i++) {
        struct edge_issuer *state = &trust->state[i];
        if (state->fetcher == NULL)
            continue;
        if (!state->is_asked && trust->edge->loop->now_ns >= state->next_wish_ns)
            ask_fetcher(trust, state);
        is_asked = is_asked || state->is_asked;
    }
    return is_asked;
}

/* A vain wish closes the door for a while; who rotates often is followed. */
static void take_wished(void *owner, struct pgl_message *message)
{
    struct edge_trust *trust = owner;
    struct edge_key_wish *wish = PGL_CONTAINER(message, struct edge_key_wish, message);
    struct edge_issuer *state = &trust->state[wish->issuer];
    state->is_asked = false;
    state->next_wish_ns = trust->edge->loop->now_ns + (state->has_news ? 0 : EDGE_KEY_WISH_NS);
    edge_identify_wake_all(trust);
}

bool edge_trust_lacks_keys(const struct edge_trust *trust)
{
    for (int i = 0; i < trust->issuer_count; i++)
        if (trust->issuers[i].keys == NULL)
            return true;
    return false;
}

/* ---- opening ---- */

pgl_status edge_trust_open(struct edge_trust *trust, struct pgl_edge *edge,
                           const struct edge_trust_options *options)
{
    struct pgl_loop *loop = edge->loop;
    const struct pgl_entropy *entropy = &loop->platform->entropy;
    PGL_ASSERT(options->issuer_count >= 1 && options->issuer_count <= PGL_JWT_ISSUERS_MAX);
    *trust = (struct edge_trust){ .edge = edge, .issuer_count = options->issuer_count };
    for (int i = 0; i < options->issuer_count; i++) {
        trust->issuers[i].policy = options->policies[i];
        trust->state[i].wish.issuer = i;
    }
    trust->hash_key = (struct pgl_hash_key){ pgl_entropy_u64(entropy), pgl_entropy_u64(entropy) };
    pgl_list_init(&trust->waiting);
    pgl_mailbox_open(&trust->news, loop, 2 * PGL_JWT_ISSUERS_MAX, take_news, trust);
    pgl_mailbox_open(&trust->wished, loop, 0, take_wished, trust); /* nothing but replies */
    trust->tokens = pgl_jwt_cache_open(options->tokens_max);
    trust->keys = edge_key_cache_open(EDGE_KEY_CACHE_CAPACITY);
    trust->lockout = pgl_lockout_open(&options->lockout);
    if (trust->tokens == NULL || trust->keys == NULL || trust->lockout == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for tokens");
    return PGL_OK;
}

void edge_trust_start(struct edge_trust *trust)
{
    edge_key_watch_start(&trust->watch, trust->edge, trust->keys);
}

void edge_trust_close(struct edge_trust *trust)
{
    for (int i = 0; i < trust->issuer_count; i++)
        pgl_key_set_free(&trust->state[i].keys);
    pgl_jwt_cache_close(trust->tokens);
    edge_key_cache_close(trust->keys);
    pgl_lockout_close(trust->lockout);
    edge_key_watch_close(&trust->watch);
}
