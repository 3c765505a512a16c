/* service.c - what Identity offers, and its flows: they know the time and draw secrets, and wait
 * for news. */
#include "services/identity/service.h"

#include "base/time.h"
#include "saga/admin.h"
#include "saga/audit_log.h"
#include "services/identity/identity_sql.h"

/* A watch looks by itself as well, also at whether it is still wanted, and ends when its call would
 * be late before the next look. */
#define LOOK_AGAIN_NS PGL_MILLISECONDS(500)

/* ---- methods ---- */

PGL_COMMAND(pgl_identity_change, ChangeKeyRequest, KeyResponse)
PGL_COMMAND(pgl_identity_revoke, RevokeKeyRequest, KeyResponse)
PGL_COMMAND(pgl_identity_note_use, NoteKeyUseRequest, NoteKeyUseResponse)

static void start_create(void *service, struct pgl_call *call);
static void start_rotate(void *service, struct pgl_call *call);
static void start_get(void *service, struct pgl_call *call);
static void start_list(void *service, struct pgl_call *call);
static void start_verify(void *service, struct pgl_call *call);
static void start_watch(void *service, struct pgl_call *call);

/* clang-format off */
const struct pgl_method pgl_identity_methods[IDENTITY_SERVICE_METHOD_COUNT] = {
    [IDENTITY_SERVICE_CREATE_KEY]   = { PGL_METHOD_FLOW,    .flow = start_create },
    [IDENTITY_SERVICE_LIST_KEYS]    = { PGL_METHOD_FLOW,    .flow = start_list },
    [IDENTITY_SERVICE_GET_KEY]      = { PGL_METHOD_FLOW,    .flow = start_get },
    [IDENTITY_SERVICE_CHANGE_KEY]   = { PGL_METHOD_COMMAND, .command = pgl_identity_change_command },
    [IDENTITY_SERVICE_REVOKE_KEY]   = { PGL_METHOD_COMMAND, .command = pgl_identity_revoke_command },
    [IDENTITY_SERVICE_ROTATE_KEY]   = { PGL_METHOD_FLOW,    .flow = start_rotate },
    [IDENTITY_SERVICE_VERIFY_KEY]   = { PGL_METHOD_FLOW,    .flow = start_verify },
    [IDENTITY_SERVICE_WATCH_KEYS]   = { PGL_METHOD_FLOW,    .flow = start_watch },
    [IDENTITY_SERVICE_NOTE_KEY_USE] = { PGL_METHOD_COMMAND, .command = pgl_identity_note_use_command },
};
/* clang-format on */

static pgl_status list_audit(const struct pgl_view *view, const void *ask, void *reply)
{
    return pgl_audit_log_list("identity", view, ask, reply);
}

const struct pgl_method pgl_identity_admin_methods[ADMIN_SERVICE_METHOD_COUNT] = {
    [ADMIN_SERVICE_LIST_AUDIT] = { PGL_METHOD_QUERY, .query = list_audit },
};

PGL_COMMAND(pgl_identity_create, struct identity_create, KeyResponse)
PGL_COMMAND(pgl_identity_rotate, struct identity_rotate, KeyResponse)
PGL_QUERY(pgl_identity_get, struct identity_look, KeyResponse)
PGL_QUERY(pgl_identity_list, struct identity_list, ListKeysResponse)
PGL_QUERY(pgl_identity_verify, struct identity_verify, VerifyKeyResponse)
PGL_QUERY(pgl_identity_news, WatchKeysRequest, WatchKeysResponse)

/* clang-format off */
static const struct pgl_method inner_methods[IDENTITY_INNER_METHOD_COUNT] = {
    [IDENTITY_INNER_CREATE] = { PGL_METHOD_COMMAND, .command = pgl_identity_create_command },
    [IDENTITY_INNER_ROTATE] = { PGL_METHOD_COMMAND, .command = pgl_identity_rotate_command },
    [IDENTITY_INNER_GET]    = { PGL_METHOD_QUERY,   .query = pgl_identity_get_query },
    [IDENTITY_INNER_LIST]   = { PGL_METHOD_QUERY,   .query = pgl_identity_list_query },
    [IDENTITY_INNER_VERIFY] = { PGL_METHOD_QUERY,   .query = pgl_identity_verify_query },
    [IDENTITY_INNER_NEWS]   = { PGL_METHOD_QUERY,   .query = pgl_identity_news_query },
};
/* clang-format on */

/* ---- a flow that answers a call; it lies in the arena of that call ---- */

struct identity_flow {
    struct pgl_flow flow;
    struct pgl_identity *identity;
    struct pgl_call *call; /* to be answered */
    struct pgl_rpc_call asked;
    int left;
    pgl_status status;
    enum identity_inner_method method;
    const void *question; /* the call's own, or one of these */
    union {
        struct identity_create create;
        struct identity_rotate rotate;
        struct identity_look look;
        struct identity_list list;
        struct identity_verify verify;
    };
    struct pgl_list watch; /* in `watches`, while it waits for news */
    uint64_t news;         /* as far as it has looked */
};

enum { F_ASK, F_DONE, F_WATCH, F_SEEN };

static struct identity_flow *flow_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct identity_flow, flow);
}

static struct pgl_go finish(struct identity_flow *mine, pgl_status status)
{
    mine->status = status;
    return pgl_done();
}

static struct pgl_go ask(struct identity_flow *mine, int next)
{
    struct pgl_call *call = mine->call;
    mine->asked.call = (struct pgl_call){ .ask = mine->question,
                                          .reply = call->reply,
                                          .arena = call->arena,
                                          .deadline_ns = call->deadline_ns,
                                          .trace = call->trace };
    pgl_rpc_send(&mine->identity->rpc, &mine->identity->self, (int)mine->method, &mine->asked,
                 &mine->flow, &mine->left);
    return mine->left > 0 ? pgl_wait(next) : pgl_go(next);
}

static struct pgl_go flow_ask(struct pgl_flow *flow)
{
    return ask(flow_of(flow), F_DONE);
}

static struct pgl_go flow_done(struct pgl_flow *flow)
{
    struct identity_flow *mine = flow_of(flow);
    return finish(mine, mine->asked.call.status);
}

static struct pgl_go flow_watch(struct pgl_flow *flow)
{
    struct identity_flow *mine = flow_of(flow);
    pgl_list_remove(&mine->watch);
    if (pgl_call_is_given_up(mine->call))
        return finish(mine, PGL_GIVEN_UP);
    mine->news = mine->identity->news;
    return ask(mine, F_SEEN);
}

static struct pgl_go flow_seen(struct pgl_flow *flow)
{
    struct identity_flow *mine = flow_of(flow);
    const WatchKeysRequest *question = mine->question;
    const WatchKeysResponse *reply = mine->call->reply;
    bool is_news = reply->n_ids > 0 || reply->is_all || reply->version != question->after;
    bool is_over = flow->loop->now_ns + 2 * LOOK_AGAIN_NS > mine->call->deadline_ns;
    if (!pgl_is_ok(mine->asked.call.status) || is_news || is_over)
        return finish(mine, mine->asked.call.status);
    if (mine->news != mine->identity->news) /* told of while the question was out */
        return pgl_go(F_WATCH);
    pgl_list_append(&mine->identity->watches, &mine->watch);
    return pgl_wait(F_WATCH);
}

static const struct pgl_step flow_steps[] = {
    /*             name                does        at most        when late: the callees mind it */
    [F_ASK] = { "identity.ask", flow_ask, 0, 0 },
    [F_DONE] = { "identity.done", flow_done, 0, 0 },
    [F_WATCH] = { "identity.watch", flow_watch, LOOK_AGAIN_NS, F_WATCH },
    [F_SEEN] = { "identity.seen", flow_seen, 0, 0 },
};

static void on_flow_done(struct pgl_flow *flow)
{
    struct identity_flow *mine = flow_of(flow);
    explicit_bzero(&mine->rotate.secret, sizeof mine->rotate.secret);
    explicit_bzero(&mine->create.secret, sizeof mine->create.secret);
    pgl_call_answer(mine->call, mine->status); /* its arena, and so the flow, is the caller's */
}

static void on_watch_done(struct pgl_flow *flow)
{
    struct identity_flow *mine = flow_of(flow);
    pgl_list_remove(&mine->watch);
    mine->identity->watch_count--;
    pgl_call_answer(mine->call, mine->status);
}

/* NULL, and it is answered, when the arena is full. */
static struct identity_flow *new_flow(struct pgl_identity *identity, struct pgl_call *call,
                                      enum identity_inner_method method)
{
    struct identity_flow *mine = pgl_arena_zalloc(call->arena, sizeof *mine);
    if (mine == NULL) {
        pgl_call_answer(call, PGL_NO_MEMORY);
        return NULL;
    }
    mine->identity = identity;
    mine->call = call;
    mine->method = method;
    pgl_list_init(&mine->watch);
    return mine;
}

static void start(struct identity_flow *mine, const void *question)
{
    mine->question = question;
    pgl_flow_start(&mine->flow, mine->identity->rpc.loop, flow_steps, F_ASK, on_flow_done);
}

static const struct pgl_entropy *entropy_of(const struct identity_flow *mine)
{
    return &mine->identity->rpc.loop->platform->entropy;
}

static void start_create(void *service, struct pgl_call *call)
{
    struct identity_flow *mine = new_flow(service, call, IDENTITY_INNER_CREATE);
    uint8_t random[8];
    if (mine == NULL)
        return;
    mine->create.ask = call->ask;
    pgl_entropy_fill(entropy_of(mine), random, sizeof random);
    pgl_api_key_make_id(random, mine->create.id);
    pgl_entropy_fill(entropy_of(mine), mine->create.secret, sizeof mine->create.secret);
    start(mine, &mine->create);
}

static void start_rotate(void *service, struct pgl_call *call)
{
    struct identity_flow *mine = new_flow(service, call, IDENTITY_INNER_ROTATE);
    if (mine == NULL)
        return;
    mine->rotate.ask = call->ask;
    pgl_entropy_fill(entropy_of(mine), mine->rotate.secret, sizeof mine->rotate.secret);
    start(mine, &mine->rotate);
}

static void start_get(void *service, struct pgl_call *call)
{
    struct identity_flow *mine = new_flow(service, call, IDENTITY_INNER_GET);
    if (mine == NULL)
        return;
    mine->look = (struct identity_look){ call->ask, mine->identity->rpc.loop->wall_ns };
    start(mine, &mine->look);
}

static void start_list(void *service, struct pgl_call *call)
{
    struct identity_flow *mine = new_flow(service, call, IDENTITY_INNER_LIST);
    if (mine == NULL)
        return;
    mine->list = (struct identity_list){ call->ask, mine->identity->rpc.loop->wall_ns };
    start(mine, &mine->list);
}

static void start_verify(void *service, struct pgl_call *call)
{
    struct identity_flow *mine = new_flow(service, call, IDENTITY_INNER_VERIFY);
    if (mine == NULL)
        return;
    mine->verify = (struct identity_verify){ call->ask, mine->identity->rpc.loop->wall_ns };
    start(mine, &mine->verify);
}

static void start_watch(void *service, struct pgl_call *call)
{
    struct pgl_identity *identity = service;
    if (identity->watch_count == PGL_IDENTITY_WATCHES_MAX) {
        pgl_call_answer(call, PGL_FAIL(PGL_EXHAUSTED, "too many edges wait for news of keys"));
        return;
    }
    struct identity_flow *mine = new_flow(identity, call, IDENTITY_INNER_NEWS);
    if (mine == NULL)
        return;
    identity->watch_count++;
    mine->question = call->ask;
    pgl_flow_start(&mine->flow, identity->rpc.loop, flow_steps, F_WATCH, on_watch_done);
}

/* ---- what moves with the writer's transactions ---- */

static void poke(struct pgl_identity *identity)
{
    identity->is_poke_due = identity->is_poke_out;
    if (identity->is_poke_out || identity->pokes.loop == NULL)
        return;
    identity->poke.reply_to = &identity->poked;
    pgl_status sent = pgl_mailbox_send(identity->writer->loop, &identity->pokes, &identity->poke);
    identity->is_poke_out = pgl_is_ok(sent); /* there is one, and nobody else who sends */
}

static void take_poked(void *owner, struct pgl_message *message)
{
    (void)message;
    struct pgl_identity *identity = owner;
    identity->is_poke_out = false;
    if (identity->is_poke_due)
        poke(identity);
}

static void take_poke(void *owner, struct pgl_message *message)
{
    struct pgl_identity *identity = owner;
    struct pgl_list *watch;
    identity->news++;
    while ((watch = pgl_list_take_first(&identity->watches)) != NULL)
        pgl_flow_wake(&PGL_CONTAINER(watch, struct identity_flow, watch)->flow);
    pgl_message_reply(message);
}

static void identity_committed(void *self)
{
    struct pgl_identity *identity = self;
    if (identity->core.is_changed)
        poke(identity);
    identity->core.is_changed = false;
}

static void identity_rolled_back(void *self)
{
    ((struct pgl_identity *)self)->core.is_changed = false;
}

/* ---- opening ---- */

static bool is_env(const char *env)
{
    size_t size = strlen(env);
    bool is_right = size > 0 && size <= PGL_API_KEY_ENV_BYTES_MAX;
    for (size_t i = 0; i < size; i++)
        is_right =
            is_right && ((env[i] >= 'a' && env[i] <= 'z') || (env[i] >= '0' && env[i] <= '9'));
    return is_right;
}

pgl_status pgl_identity_open(struct pgl_identity *identity, struct pgl_writer *writer,
                             const struct pgl_identity_options *options)
{
    if (!is_env(options->env))
        return PGL_FAIL(PGL_INVALID, "the environment of keys has 1 to 8 of a-z and 0-9");
    memcpy(identity->core.env, options->env, strlen(options->env));
    identity->writer = writer;
    pgl_list_init(&identity->watches);
    PGL_TRY(pgl_saga_migrate(&writer->db));
    PGL_TRY(pgl_identity_migrate(&writer->db));
    identity->participant = (struct pgl_participant){ .self = identity,
                                                      .committed = identity_committed,
                                                      .rolled_back = identity_rolled_back };
    pgl_writer_join(writer, &identity->participant);
    return PGL_OK;
}

static void take_call(void *owner, struct pgl_message *message)
{
    struct pgl_call *call = pgl_call_of(message);
    call->method->flow(owner, call);
}

void pgl_identity_serve(struct pgl_identity *identity, struct pgl_loop *flows,
                        struct pgl_reader *reader)
{
    identity->self = (struct pgl_endpoint){ .methods = inner_methods,
                                            .commands = &identity->writer->commands,
                                            .queries = &reader->queries };
    pgl_rpc_open(&identity->rpc, flows);
    pgl_mailbox_open(&identity->flows, flows, PGL_IDENTITY_CALLS_MAX, take_call, identity);
    pgl_mailbox_open(&identity->pokes, flows, 1, take_poke, identity);
    pgl_mailbox_open(&identity->poked, identity->writer->loop, 0, take_poked, identity);
}
