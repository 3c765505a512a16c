/* identify.c - see identify.h. */
#include "edge/identify.h"

#include "base/time.h"
#include "edge/trust.h"
#include "wire/jwt_cache.h"

#define VERIFY_TRIES_MAX 3 /* a key that changes while it is asked about */

/* Of one that could not be answered from memory. */
struct edge_identify_wait {
    struct pgl_list in_list; /* of trust->waiting */
    struct edge_trust *trust;
    struct pgl_flow *flow;
    struct pgl_timer late;
    int64_t late_at_ns; /* 0: it has not waited for keys yet */
    bool is_late;

    struct pgl_api_key shown;
    VerifyKeyRequest *ask;
    VerifyKeyResponse *reply;
    struct pgl_rpc_call call;
    int left, tries;
};

/* ---- how it ends ---- */

static void finish(struct edge_identify *identify, pgl_status status)
{
    identify->status = status;
    identify->is_done = true;
}

static Role role_of(uint32_t roles)
{
    if (roles & PGL_ROLE_OPERATOR)
        return ROLE_OPERATOR;
    if (roles & PGL_ROLE_SUPPORT)
        return ROLE_SUPPORT;
    if (roles & PGL_ROLE_WAREHOUSE)
        return ROLE_WAREHOUSE;
    if (roles & PGL_ROLE_PARTNER)
        return ROLE_PARTNER;
    return roles & PGL_ROLE_CUSTOMER ? ROLE_CUSTOMER : ROLE_UNSPECIFIED;
}

/* Whoever has several roles acts in the most powerful of those that the rule means. */
static void let_in(struct edge_identify *identify, const char *tenant, const char *subject,
                   uint32_t roles)
{
    Caller *caller = identify->caller;
    caller->tenant = pgl_arena_string(identify->arena, pgl_text_of(tenant));
    caller->subject = pgl_arena_string(identify->arena, pgl_text_of(subject));
    caller->role = role_of(roles & identify->rule->roles);
    if (identify->arena->is_exhausted)
        finish(identify, PGL_NO_MEMORY);
    else if (caller->role == ROLE_UNSPECIFIED)
        finish(identify, PGL_FAIL(PGL_DENIED, "your role does not let you do this"));
    else
        finish(identify, PGL_OK);
}

/* ---- those who fail too often ---- */

static uint64_t who_is_named(const struct edge_trust *trust, char kind, struct pgl_text name)
{
    struct {
        char kind, name[PGL_JWT_SUBJECT_BYTES_MAX];
    } who = { .kind = kind };
    memcpy(who.name, name.data, name.size < sizeof who.name ? name.size : sizeof who.name);
    return pgl_hash(trust->hash_key, &who, sizeof who);
}

static void lock_out(struct edge_trust *trust, struct edge_identify *identify, int64_t wait_ns)
{
    pgl_counter_add(&trust->metrics.locked_out, 1);
    identify->retry_after_ns = wait_ns;
    finish(identify, PGL_FAIL(PGL_LIMITED, "too many wrong credentials; wait, and use right ones"));
}

/* True, and it is done, when whoever is there has to wait. */
static bool is_locked_out(struct edge_trust *trust, struct edge_identify *identify, uint64_t who)
{
    int64_t wait_ns = pgl_lockout_wait_ns(trust->lockout, who, trust->edge->loop->now_ns);
    if (wait_ns > 0)
        lock_out(trust, identify, wait_ns);
    return wait_ns > 0;
}

/* A mistake of whom it names (0: nobody). Those of an address are admit.h's. */
static void refuse(struct edge_trust *trust, struct edge_identify *identify, uint64_t named,
                   pgl_status status)
{
    bool is_counted = named != 0 && !identify->is_again;
    int64_t wait_ns =
        is_counted ? pgl_lockout_note(trust->lockout, named, trust->edge->loop->now_ns) : 0;
    if (wait_ns > 0)
        lock_out(trust, identify, wait_ns);
    else
        finish(identify, status);
}

/* ---- waiting ---- */

static struct edge_identify_wait *wait_of(struct edge_trust *trust, struct edge_identify *identify)
{
    struct edge_identify_wait *wait = identify->wait;
    if (wait != NULL)
        return wait;
    wait = pgl_arena_zalloc(identify->arena, sizeof *wait);
    if (wait == NULL) {
        finish(identify, PGL_NO_MEMORY);
        return NULL;
    }
    pgl_list_init(&wait->in_list);
    wait->trust = trust;
    wait->flow = identify->flow;
    identify->wait = wait;
    return wait;
}

static void stop_waiting(struct edge_identify_wait *wait)
{
    if (pgl_list_is_empty(&wait->in_list))
        return;
    pgl_list_remove(&wait->in_list);
    wait->trust->waiting_count--;
    pgl_timer_clear(&wait->trust->edge->loop->timers, &wait->late);
}

static void on_late(void *owner)
{
    struct edge_identify_wait *wait = owner;
    wait->is_late = true;
    stop_waiting(wait);
    pgl_flow_wake(wait->flow);
}

void edge_identify_wake_all(struct edge_trust *trust)
{
    while (!pgl_list_is_empty(&trust->waiting)) {
        struct edge_identify_wait *wait =
            PGL_CONTAINER(trust->waiting.next, struct edge_identify_wait, in_list);
        stop_waiting(wait);
        pgl_flow_wake(wait->flow);
    }
}

/* ---- tokens ---- */

/* True when it waits until the issuers have been asked for their keys. */
static bool wait_for_keys(struct edge_trust *trust, struct edge_identify *identify)
{
    struct edge_identify_wait *wait = identify->wait;
    bool was_late = wait != NULL && wait->is_late;
    if (wait != NULL && !pgl_list_is_empty(&wait->in_list)) /* something else has woken the flow */
        return true;
    if (was_late || trust->waiting_count == EDGE_KEY_WAITS_MAX || !edge_trust_wish(trust))
        return false;
    wait = wait_of(trust, identify);
    if (wait == NULL)
        return false;
    pgl_list_append(&trust->waiting, &wait->in_list);
    trust->waiting_count++;
    if (wait->late_at_ns == 0)
        wait->late_at_ns = trust->edge->loop->now_ns + EDGE_KEY_WAIT_NS;
    pgl_timer_set(&trust->edge->loop->timers, &wait->late, wait->late_at_ns, on_late, wait);
    return true;
}

static void refuse_token(struct edge_trust *trust, struct edge_identify *identify,
                         const struct pgl_jwt_doubt *doubt, pgl_status status)
{
    if (doubt->is_key_unknown && edge_trust_lacks_keys(trust)) {
        finish(identify, PGL_FAIL(PGL_UNAVAILABLE, "the keys of an issuer could not be fetched"));
        return;
    }
    pgl_counter_add(&trust->metrics.tokens_refused, 1);
    struct pgl_text subject = pgl_text_of(doubt->subject);
    refuse(trust, identify, subject.size > 0 ? who_is_named(trust, 's', subject) : 0, status);
}

static void identify_token(struct edge_trust *trust, struct edge_identify *identify,
                           struct pgl_text token)
{
    int64_t wall_ns = trust->edge->loop->wall_ns;
    struct pgl_jwt_claims claims;
    struct pgl_jwt_doubt doubt;
    pgl_status status = pgl_jwt_cache_verify(trust->tokens, trust->issuers, trust->issuer_count,
                                             token, wall_ns, &claims, &doubt);
    if (pgl_is_ok(status))
        let_in(identify, claims.tenant, claims.subject, claims.roles);
    else if (!doubt.is_key_unknown || !wait_for_keys(trust, identify))
        refuse_token(trust, identify, &doubt, status);
}

/* ---- API keys ---- */

static bool may_come_from(const struct edge_key *key, const char *address)
{
    pgl_ip ip;
    return key->range_count == 0 || (pgl_ip_read(pgl_text_of(address), &ip) &&
                                     pgl_ip_is_among(&ip, key->ranges, key->range_count));
}

static void refuse_key(struct edge_trust *trust, struct edge_identify *identify, struct pgl_text id,
                       pgl_status status)
{
    pgl_counter_add(&trust->metrics.keys_refused, 1);
    refuse(trust, identify, id.size > 0 ? who_is_named(trust, 'k', id) : 0, status);
}

/* Its secret is right. */
static void use_key(struct edge_trust *trust, struct edge_identify *identify, struct edge_key *key)
{
    const char *scope = identify->rule->scope;
    struct pgl_arena *arena = identify->arena;
    if (key->until_wall_ns <= trust->edge->loop->wall_ns) {
        refuse_key(trust, identify, pgl_text_of(key->id),
                   PGL_FAIL(PGL_UNAUTHENTICATED, "the API key is not valid"));
        return;
    }
    if (!may_come_from(key, identify->from.address)) {
        refuse_key(trust, identify, pgl_text_of(key->id),
                   PGL_FAIL(PGL_DENIED, "the API key may not be used from your address"));
        return;
    }
    key->used_wall_ns = trust->edge->loop->wall_ns;
    identify->caller->key_id = pgl_arena_string(arena, pgl_text_of(key->id));
    identify->caller->plan = pgl_arena_string(arena, pgl_text_of(key->plan));
    if (scope == NULL || (key->scopes & pgl_scope_named(pgl_text_of(scope))) == 0) {
        finish(identify,
               PGL_FAIL(PGL_DENIED, pgl_arena_printf(arena,
                                                     "the API key lacks the scope "
                                                     "%s",
                                                     scope != NULL ? scope : "for this")));
        return;
    }
    let_in(identify, key->tenant, key->subject, key->role);
}

/* Asks Identity. */
static void ask_about_key(struct edge_trust *trust, struct edge_identify *identify)
{
    struct edge_identify_wait *wait = identify->wait;
    struct pgl_edge *edge = trust->edge;
    wait->reply = pgl_message_new(VERIFY_KEY_RESPONSE_DESCRIPTOR, identify->arena);
    if (wait->reply == NULL) {
        finish(identify, PGL_NO_MEMORY);
        return;
    }
    wait->tries++;
    wait->call.call = (struct pgl_call){ .ask = wait->ask,
                                         .reply = wait->reply,
                                         .arena = identify->arena,
                                         .deadline_ns = edge->loop->now_ns + EDGE_KEY_VERIFY_NS };
    pgl_rpc_send(&edge->rpc, &edge->identity, IDENTITY_SERVICE_VERIFY_KEY, &wait->call, wait->flow,
                 &wait->left);
    if (wait->left == 0) /* refused at once */
        finish(identify, wait->call.call.status);
}

static void begin_to_ask(struct edge_trust *trust, struct edge_identify *identify,
                         const struct pgl_api_key *shown)
{
    struct edge_identify_wait *wait = wait_of(trust, identify);
    if (wait == NULL)
        return;
    wait->shown = *shown;
    wait->ask = pgl_message_new(VERIFY_KEY_REQUEST_DESCRIPTOR, identify->arena);
    if (wait->ask != NULL)
        wait->ask->id = pgl_arena_string(identify->arena, shown->id);
    if (wait->ask == NULL || wait->ask->id == NULL) {
        finish(identify, PGL_NO_MEMORY);
        return;
    }
    wait->ask->digest = (ProtobufCBinaryData){ sizeof wait->shown.digest, wait->shown.digest };
    ask_about_key(trust, identify);
}

static void identify_key(struct edge_trust *trust, struct edge_identify *identify,
                         struct pgl_text text)
{
    struct pgl_api_key shown;
    pgl_status read = pgl_api_key_read(text, &shown);
    if (!pgl_is_ok(read)) {
        refuse_key(trust, identify, PGL_TEXT(""), read);
        return;
    }
    struct edge_key *known = edge_key_cache_find(trust->keys, &shown, trust->edge->loop->now_ns);
    if (known != NULL) {
        use_key(trust, identify, known);
        return;
    }
    if (edge_key_cache_knew(trust->keys, &shown) ||
        !is_locked_out(trust, identify, who_is_named(trust, 'k', shown.id)))
        begin_to_ask(trust, identify, &shown);
}

static void hear_about_key(struct edge_trust *trust, struct edge_identify *identify)
{
    struct edge_identify_wait *wait = identify->wait;
    pgl_status status = wait->call.call.status;
    struct edge_key key;
    if (status.code == PGL_UNAUTHENTICATED) {
        edge_key_cache_forget_secret(trust->keys, &wait->shown);
        refuse_key(trust, identify, wait->shown.id, status);
        return;
    }
    if (pgl_is_ok(status))
        status = edge_key_of_answer(&wait->shown, wait->reply, &key);
    if (!pgl_is_ok(status)) {
        finish(identify, status);
        return;
    }
    if (wait->reply->version < trust->watch.version) { /* we have heard of changes behind it */
        if (wait->tries < VERIFY_TRIES_MAX)
            ask_about_key(trust, identify);
        else
            finish(identify, PGL_FAIL(PGL_UNAVAILABLE, "keys are being changed; try again"));
        return;
    }
    const struct edge_usage usage = { wait->reply->used_at_ns, wait->reply->day_count,
                                      wait->reply->month_count };
    edge_recall_usage(&trust->edge->limits, key.id, &usage, trust->edge->loop->wall_ns);
    edge_key_cache_put(trust->keys, &key, trust->edge->loop->now_ns);
    use_key(trust, identify,
            edge_key_cache_find(trust->keys, &wait->shown, trust->edge->loop->now_ns));
}

/* ---- the whole ---- */

/* What stands in either field. */
static pgl_status read_credential(const struct edge_credentials *from, struct pgl_text *credential)
{
    struct pgl_text value = from->authorization;
    if (value.size == 0 && from->api_key.size > 0) {
        *credential = from->api_key;
        return PGL_OK;
    }
    struct pgl_text scheme = pgl_text_cut(&value, ' ');
    if (!pgl_text_equal_nocase(scheme, PGL_TEXT("bearer")) || value.size == 0)
        return PGL_FAIL(PGL_UNAUTHENTICATED,
                        "Authorization: a bearer token or an API key is required here");
    *credential = value;
    return PGL_OK;
}

static void look(struct edge_trust *trust, struct edge_identify *identify)
{
    struct pgl_text credential;
    pgl_status status = read_credential(&identify->from, &credential);
    bool is_field_of_keys = identify->from.authorization.size == 0;
    if (!pgl_is_ok(status))
        finish(identify, status);
    else if (is_field_of_keys || pgl_api_key_is_meant(credential))
        identify_key(trust, identify, credential);
    else
        identify_token(trust, identify, credential);
}

bool edge_identify_knows(struct pgl_edge *edge, const struct edge_credentials *from)
{
    struct edge_trust *trust = edge->trust;
    struct pgl_text credential;
    struct pgl_jwt_claims claims;
    struct pgl_api_key shown;
    if (!pgl_is_ok(read_credential(from, &credential)))
        return false;
    if (from->authorization.size == 0 || pgl_api_key_is_meant(credential))
        return pgl_is_ok(pgl_api_key_read(credential, &shown)) &&
               edge_key_cache_find(trust->keys, &shown, edge->loop->now_ns) != NULL;
    return pgl_is_ok(pgl_jwt_cache_find(trust->tokens, trust->issuers, trust->issuer_count,
                                        credential, edge->loop->wall_ns, &claims));
}

static void begin(struct pgl_edge *edge, struct edge_identify *identify)
{
    *identify->caller = (Caller)CALLER_INIT;
    identify->is_done = false;
    identify->retry_after_ns = 0;
    identify->wait = NULL;
    if (identify->rule->roles & (PGL_RULE_ANYONE | PGL_RULE_SIGNED)) {
        finish(identify, PGL_OK);
        return;
    }
    if (pgl_buggify(edge->loop->platform->buggify, PGL_BUGGIFY_EDGE_FORGETS_TOKENS)) {
        pgl_jwt_cache_clear(edge->trust->tokens);
        edge_key_cache_forget_all(edge->trust->keys);
    }
    look(edge->trust, identify);
}

void edge_identify_begin(struct pgl_edge *edge, struct edge_identify *identify)
{
    identify->is_again = false;
    begin(edge, identify);
}

void edge_identify_again(struct pgl_edge *edge, struct edge_identify *identify)
{
    identify->is_again = true;
    begin(edge, identify);
}

void edge_identify_next(struct pgl_edge *edge, struct edge_identify *identify)
{
    if (identify->wait->left > 0)
        return; /* something else has woken the flow */
    if (identify->wait->ask != NULL)
        hear_about_key(edge->trust, identify);
    else
        look(edge->trust, identify);
}
