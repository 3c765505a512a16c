/* key_watch.c - see key_watch.h. */
#include "edge/key_watch.h"

#include "base/time.h"

#define WATCH_NS      PGL_SECONDS(3) /* one poll, answered before its end: a drain waits for it */
#define TELL_NS       PGL_SECONDS(5)
#define TELL_EVERY_NS PGL_MINUTES(1)
#define PAUSE_NS      PGL_MILLISECONDS(500)
#define USES_MAX      100
#define ARENA_BYTES   8192
#define ARENA_MAX     65536

enum { W_ASK, W_HEAR, W_TOLD, W_PAUSE };

static struct edge_key_watch *watch_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct edge_key_watch, flow);
}

static struct pgl_go send(struct edge_key_watch *watch, int method, const void *ask, void *reply,
                          int64_t at_most_ns, int next)
{
    watch->call.call = (struct pgl_call){ .ask = ask,
                                          .reply = reply,
                                          .arena = &watch->arena,
                                          .deadline_ns = watch->flow.loop->now_ns + at_most_ns };
    pgl_rpc_send(&watch->edge->rpc, &watch->edge->identity, method, &watch->call, &watch->flow,
                 &watch->left);
    return watch->left > 0 ? pgl_wait(next) : pgl_go(next);
}

/* ---- uses ---- */

static bool add_use(struct edge_key_watch *watch, struct edge_key *key, NoteKeyUseRequest *ask)
{
    KeyUse *use = pgl_message_new(KEY_USE_DESCRIPTOR, &watch->arena);
    if (use == NULL)
        return false;
    use->id = pgl_arena_string(&watch->arena, pgl_text_of(key->id));
    const struct edge_usage usage =
        edge_usage_of(&watch->edge->limits, key->id, watch->edge->loop->wall_ns);
    use->at_ns = usage.at_ns;
    use->day_count = usage.day_count;
    use->month_count = usage.month_count;
    key->used_wall_ns = 0;
    ask->uses[ask->n_uses++] = use;
    return use->id != NULL;
}

/* NULL when there is nothing to be told. What does not fit is told right behind it. */
static NoteKeyUseRequest *collect_uses(struct edge_key_watch *watch)
{
    struct edge_key *key;
    uint32_t at = 0;
    NoteKeyUseRequest *ask = pgl_message_new(NOTE_KEY_USE_REQUEST_DESCRIPTOR, &watch->arena);
    if (ask != NULL)
        ask->uses = pgl_arena_alloc(&watch->arena, USES_MAX * sizeof ask->uses[0]);
    if (ask == NULL || ask->uses == NULL)
        return NULL;
    while (ask->n_uses < USES_MAX && (key = edge_key_cache_next_used(watch->cache, &at)) != NULL)
        if (!add_use(watch, key, ask))
            return NULL;
    return ask->n_uses > 0 ? ask : NULL;
}

/* ---- the way of it ---- */

static struct pgl_go watch_ask(struct pgl_flow *flow)
{
    struct edge_key_watch *watch = watch_of(flow);
    pgl_arena_reset(&watch->arena);
    if (flow->loop->now_ns >= watch->tell_ns) {
        NoteKeyUseRequest *uses = collect_uses(watch);
        void *nothing = pgl_message_new(NOTE_KEY_USE_RESPONSE_DESCRIPTOR, &watch->arena);
        bool is_all = uses == NULL || uses->n_uses < USES_MAX;
        watch->tell_ns = flow->loop->now_ns + (is_all ? TELL_EVERY_NS : 0);
        if (uses != NULL && nothing != NULL)
            return send(watch, IDENTITY_SERVICE_NOTE_KEY_USE, uses, nothing, TELL_NS, W_TOLD);
    }
    watch->ask = pgl_message_new(WATCH_KEYS_REQUEST_DESCRIPTOR, &watch->arena);
    watch->reply = pgl_message_new(WATCH_KEYS_RESPONSE_DESCRIPTOR, &watch->arena);
    if (watch->ask == NULL || watch->reply == NULL)
        return pgl_wait(W_PAUSE);
    watch->ask->after = watch->version;
    return send(watch, IDENTITY_SERVICE_WATCH_KEYS, watch->ask, watch->reply, WATCH_NS, W_HEAR);
}

/* A use that could not be told is lost: it is told to a few minutes only. */
static struct pgl_go watch_told(struct pgl_flow *flow)
{
    (void)flow;
    return pgl_go(W_ASK);
}

static struct pgl_go watch_hear(struct pgl_flow *flow)
{
    struct edge_key_watch *watch = watch_of(flow);
    const WatchKeysResponse *reply = watch->reply;
    if (!pgl_is_ok(watch->call.call.status))
        return pgl_wait(W_PAUSE);
    if (reply->is_all || watch->version == 0) /* what came in before we heard anything */
        edge_key_cache_forget_all(watch->cache);
    for (size_t i = 0; i < reply->n_ids; i++)
        edge_key_cache_forget(watch->cache, pgl_text_of(reply->ids[i]));
    watch->version = reply->version;
    return pgl_go(W_ASK);
}

static struct pgl_go watch_pause(struct pgl_flow *flow)
{
    (void)flow;
    return pgl_go(W_ASK);
}

static const struct pgl_step watch_steps[] = {
    /*            name               does         at most   when late: the callee minds it */
    [W_ASK] = { "key_watch.ask", watch_ask, 0, 0 },
    [W_HEAR] = { "key_watch.hear", watch_hear, 0, 0 },
    [W_TOLD] = { "key_watch.told", watch_told, 0, 0 },
    [W_PAUSE] = { "key_watch.pause", watch_pause, PAUSE_NS, W_PAUSE },
};

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* it has no end */
}

void edge_key_watch_start(struct edge_key_watch *watch, struct pgl_edge *edge,
                          struct edge_key_cache *cache)
{
    *watch = (struct edge_key_watch){ .edge = edge, .cache = cache };
    pgl_arena_init(&watch->arena, ARENA_BYTES, ARENA_MAX);
    watch->tell_ns = edge->loop->now_ns + TELL_EVERY_NS;
    pgl_flow_start(&watch->flow, edge->loop, watch_steps, W_ASK, on_done);
}

void edge_key_watch_close(struct edge_key_watch *watch)
{
    pgl_arena_free(&watch->arena);
}
