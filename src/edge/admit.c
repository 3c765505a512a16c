/* admit.c - see admit.h. */
#include "edge/admit.h"

#include "base/assert.h"
#include "base/time.h"
#include "transport/peer.h"

#define PENALTY_MOST_NS PGL_MINUTES(15) /* for credentials that are not right, however often */

/* ---- what holds for a request ---- */

/* One bucket, or one quota, that it is charged to. */
struct charge {
    enum edge_policy policy;
    const char *name;
    struct pgl_gcra *table; /* NULL: a quota */
    struct pgl_rate rate;
    enum pgl_quota_span span;
    int64_t quota;
    uint64_t caller;
};

/* How a caller stands with one of them. */
struct state {
    bool is_taken;
    int64_t quota, window_ns, left_count;
    int64_t reset_ns; /* until it is whole again; of a refusal, until it would be taken */
};

struct charges {
    struct charge list[EDGE_STANDINGS_MAX];
    int count;
};

/* The same caller under another policy is another caller. */
static uint64_t under(enum edge_policy policy, uint64_t hash)
{
    return hash ^ (uint64_t)(policy + 1) * UINT64_C(0x9E3779B97F4A7C15);
}

/* And under another rate has another bucket, a full one: what the rate before has made somebody
 * wait for is over when it is changed. */
static uint64_t bucket_of(enum edge_policy policy, uint64_t hash, const struct pgl_rate *rate)
{
    uint64_t number = (uint64_t)rate->every_ns * 31 + (uint64_t)rate->burst_count;
    return under(policy, hash) ^ number * UINT64_C(0xD6E8FEB86659FD93);
}

static void add_rate(struct charges *charges, struct edge_limits *limits, enum edge_policy policy,
                     const char *name, const struct pgl_rate *rate, uint64_t hash)
{
    bool is_of_address = policy < EDGE_POLICY_USER;
    PGL_ASSERT(charges->count < EDGE_STANDINGS_MAX);
    charges->list[charges->count++] = (struct charge){
        .policy = policy,
        .name = name,
        .table = is_of_address ? &limits->by_address : &limits->by_caller,
        .rate = *rate,
        .caller = bucket_of(policy, hash, rate),
    };
}

static void add_usual(struct charges *charges, struct edge_limits *limits, enum edge_policy policy,
                      uint64_t hash)
{
    add_rate(charges, limits, policy, edge_policies[policy].name, &limits->rules->rates[policy],
             hash);
}

static uint64_t hash_of_route(const struct edge_limits *limits, const struct pgl_rule *rule)
{
    return pgl_hash(limits->hash_key, &rule, sizeof rule);
}

/* Where its route has a rate of its own. */
static void add_route(struct charges *charges, struct edge_limits *limits,
                      const struct pgl_rule *rule, uint64_t hash)
{
    for (int i = 0; i < limits->rules->route_rate_count; i++) {
        const struct edge_route_rate *own = &limits->rules->route_rates[i];
        if (own->rule == rule)
            add_rate(charges, limits, EDGE_POLICY_ROUTE, edge_policies[EDGE_POLICY_ROUTE].name,
                     &own->rate, hash ^ hash_of_route(limits, rule));
    }
}

static uint64_t hash_of_caller(const struct edge_limits *limits, const char *first,
                               const char *second)
{
    struct pgl_hash_key key = limits->hash_key;
    key.k0 ^= pgl_hash(key, first, strlen(first));
    return pgl_hash(key, second, strlen(second));
}

static void add_quota(struct charges *charges, enum edge_policy policy, enum pgl_quota_span span,
                      int64_t quota, uint64_t hash)
{
    if (quota == 0)
        return;
    PGL_ASSERT(charges->count < EDGE_STANDINGS_MAX);
    charges->list[charges->count++] = (struct charge){ .policy = policy,
                                                       .name = edge_policies[policy].name,
                                                       .span = span,
                                                       .quota = quota,
                                                       .caller = under(policy, hash) };
}

static bool has_key(const struct edge_admission *what)
{
    return what->caller->key_id[0] != '\0';
}

/* Whoever comes by a key, and a partner by a token: its plan holds, and not what is for users. */
static bool is_partner(const struct edge_admission *what)
{
    return has_key(what) || what->caller->role == ROLE_PARTNER;
}

static uint64_t hash_of_who(const struct edge_limits *limits, const struct edge_admission *what)
{
    return has_key(what) ? hash_of_caller(limits, "", what->caller->key_id)
                         : hash_of_caller(limits, what->caller->tenant, what->caller->subject);
}

static void add_partner(struct charges *charges, struct edge_limits *limits,
                        const struct edge_admission *what)
{
    const struct edge_plan *plan = edge_plan_named(limits, what->caller->plan);
    uint64_t hash = hash_of_who(limits, what);
    add_rate(charges, limits, EDGE_POLICY_PLAN, plan->name, &plan->rate, hash);
    add_quota(charges, EDGE_POLICY_DAY, PGL_QUOTA_DAY, plan->day_count, hash);
    add_quota(charges, EDGE_POLICY_MONTH, PGL_QUOTA_MONTH, plan->month_count, hash);
    add_route(charges, limits, what->rule, hash);
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strncmp(address, "::ffff:127.", 11) == 0;
}

static bool is_spared(const struct edge_limits *limits, const struct edge_admission *what)
{
    return limits->rules->is_off || pgl_route_classes[what->class].cost == 0 ||
           (limits->rules->spares_loopback && is_loopback(what->address));
}

static struct charges charges_of(struct edge_limits *limits, const struct edge_admission *what)
{
    struct charges charges = { .count = 0 };
    bool is_open = (what->rule->roles & (PGL_RULE_ANYONE | PGL_RULE_SIGNED)) != 0;
    if (is_spared(limits, what))
        return charges;
    if (what->caller == NULL && is_open) {
        uint64_t hash = pgl_peer_key(limits->hash_key, what->address);
        add_usual(&charges, limits,
                  what->rule->roles & PGL_RULE_SIGNED ? EDGE_POLICY_SIGNED : EDGE_POLICY_ANONYMOUS,
                  hash);
        add_route(&charges, limits, what->rule, hash);
    } else if (what->caller != NULL && !is_open && is_partner(what)) {
        add_partner(&charges, limits, what);
    } else if (what->caller != NULL && !is_open) {
        uint64_t hash = hash_of_who(limits, what);
        add_usual(&charges, limits, EDGE_POLICY_USER, hash);
        if (what->class == PGL_CLASS_ORDER)
            add_usual(&charges, limits, EDGE_POLICY_ORDERS, hash);
        add_route(&charges, limits, what->rule, hash);
    }
    return charges;
}

/* ---- looking and charging ---- */

static int64_t seconds_up(int64_t ns)
{
    return ns / PGL_SECONDS(1) + (ns % PGL_SECONDS(1) > 0);
}

static pgl_status refuse(struct edge_limits *limits, struct edge_verdict *verdict,
                         enum edge_policy policy, const char *name, int64_t wait_ns)
{
    const struct edge_policy_row *row = &edge_policies[policy];
    pgl_counter_add(&limits->refused[policy], 1);
    verdict->is_refused = true;
    verdict->refused_by = policy;
    verdict->refused_name = name;
    verdict->retry_after_s = wait_ns > 0 ? seconds_up(wait_ns) : 1;
    return PGL_FAIL(row->code, row->text);
}

static struct state of_bucket(const struct pgl_rate *rate, const struct pgl_gcra_answer *answer)
{
    return (struct state){ .is_taken = answer->is_taken,
                           .quota = rate->burst_count,
                           .window_ns = rate->burst_count * rate->every_ns,
                           .left_count = answer->left_count,
                           .reset_ns = answer->is_taken ? answer->full_ns : answer->wait_ns };
}

static struct state of_quota(const struct charge *charge, const struct pgl_quota_answer *answer)
{
    return (struct state){ .is_taken = answer->is_taken,
                           .quota = charge->quota,
                           .window_ns = answer->span_ns,
                           .left_count = answer->left_count,
                           .reset_ns = answer->left_ns };
}

static struct state look(struct edge_limits *limits, const struct charge *charge, int64_t count,
                         struct edge_moment moment)
{
    if (charge->table == NULL) {
        struct pgl_quota_answer quota = pgl_quota_look(
            &limits->quotas, charge->caller, charge->span, charge->quota, count, moment.wall_ns);
        return of_quota(charge, &quota);
    }
    struct pgl_gcra_answer bucket =
        pgl_gcra_look(charge->table, charge->caller, &charge->rate, count, moment.now_ns);
    return of_bucket(&charge->rate, &bucket);
}

static struct state take(struct edge_limits *limits, const struct charge *charge, int64_t count,
                         struct edge_moment moment)
{
    if (charge->table == NULL) {
        struct pgl_quota_answer quota = pgl_quota_take(
            &limits->quotas, charge->caller, charge->span, charge->quota, count, moment.wall_ns);
        return of_quota(charge, &quota);
    }
    struct pgl_gcra_answer bucket =
        pgl_gcra_take(charge->table, charge->caller, &charge->rate, count, moment.now_ns);
    return of_bucket(&charge->rate, &bucket);
}

static void stand(struct edge_verdict *verdict, const struct charge *charge,
                  const struct state *state)
{
    PGL_ASSERT(verdict->standing_count < EDGE_STANDINGS_MAX);
    verdict->standings[verdict->standing_count++] =
        (struct edge_standing){ .name = charge->name,
                                .partition = charge->caller,
                                .quota = state->quota,
                                .window_s = seconds_up(state->window_ns),
                                .left = state->left_count,
                                .reset_s = seconds_up(state->reset_ns) };
}

/* Whether all of them have `count` for it; if not, how they stand, and the longest wait. */
static pgl_status look_at_all(struct edge_limits *limits, const struct charges *charges,
                              int64_t count, struct edge_moment moment,
                              struct edge_verdict *verdict)
{
    struct state states[EDGE_STANDINGS_MAX];
    int refusing = -1;
    for (int i = 0; i < charges->count; i++) {
        states[i] = look(limits, &charges->list[i], count, moment);
        if (!states[i].is_taken && (refusing < 0 || states[i].reset_ns > states[refusing].reset_ns))
            refusing = i;
    }
    if (refusing < 0)
        return PGL_OK;
    for (int i = 0; i < charges->count; i++)
        stand(verdict, &charges->list[i], &states[i]);
    return refuse(limits, verdict, charges->list[refusing].policy, charges->list[refusing].name,
                  states[refusing].reset_ns);
}

static pgl_status charge_all(struct edge_limits *limits, const struct charges *charges,
                             int64_t count, struct edge_moment moment, struct edge_verdict *verdict)
{
    if (charges->count > 1) /* else taking is looking */
        PGL_TRY(look_at_all(limits, charges, count, moment, verdict));
    for (int i = 0; i < charges->count; i++) {
        const struct charge *charge = &charges->list[i];
        struct state state = take(limits, charge, count, moment);
        stand(verdict, charge, &state);
        if (!state.is_taken)
            return refuse(limits, verdict, charge->policy, charge->name, state.reset_ns);
    }
    return PGL_OK;
}

/* ---- room ---- */

static bool is_measured(enum pgl_route_class class)
{
    return class != PGL_CLASS_HEALTH && class != PGL_CLASS_STREAM;
}

static pgl_status enter_streams(struct edge_limits *limits, const struct edge_admission *what,
                                struct edge_verdict *verdict)
{
    if (limits->rules->is_off || (limits->rules->spares_loopback && is_loopback(what->address)))
        return PGL_OK;
    uint64_t address = pgl_peer_key(limits->hash_key, what->address);
    /* strangers are told apart by address alone */
    bool is_known = what->caller->subject[0] != '\0';
    uint64_t user =
        is_known ? hash_of_caller(limits, what->caller->tenant, what->caller->subject) : address;
    if (!pgl_bulkheads_enter(&limits->streams_of_address, address))
        return refuse(limits, verdict, EDGE_POLICY_STREAMS_OF_ADDRESS,
                      edge_policies[EDGE_POLICY_STREAMS_OF_ADDRESS].name, 0);
    if (!pgl_bulkheads_enter(&limits->streams_of_user, user)) {
        pgl_bulkheads_leave(&limits->streams_of_address, address);
        return refuse(limits, verdict, EDGE_POLICY_STREAMS_OF_USER,
                      edge_policies[EDGE_POLICY_STREAMS_OF_USER].name, 0);
    }
    verdict->has_stream = true;
    verdict->stream_address = address;
    verdict->stream_user = user;
    return PGL_OK;
}

static pgl_status enter(struct edge_limits *limits, const struct edge_admission *what,
                        int64_t now_ns, struct edge_verdict *verdict)
{
    const struct pgl_route_class_row *class = &pgl_route_classes[what->class];
    if (is_measured(what->class) &&
        !pgl_adaptive_admits(&limits->adaptive, limits->inside, class->share_percent))
        return refuse(limits, verdict, EDGE_POLICY_CONCURRENCY,
                      edge_policies[EDGE_POLICY_CONCURRENCY].name, 0);
    if (!pgl_bulkhead_enter(&limits->classes[what->class]))
        return refuse(limits, verdict, EDGE_POLICY_CLASS, edge_policies[EDGE_POLICY_CLASS].name, 0);
    verdict->route = hash_of_route(limits, what->rule);
    if (!pgl_bulkheads_enter(&limits->routes[what->class], verdict->route)) {
        pgl_bulkhead_leave(&limits->classes[what->class]);
        return refuse(limits, verdict, EDGE_POLICY_ROUTE_PLACES,
                      edge_policies[EDGE_POLICY_ROUTE_PLACES].name, 0);
    }
    verdict->has_place = true;
    verdict->class = what->class;
    verdict->began_ns = now_ns;
    limits->inside += is_measured(what->class);
    pgl_counter_set(&limits->in_flight, limits->inside);
    return what->class == PGL_CLASS_STREAM ? enter_streams(limits, what, verdict) : PGL_OK;
}

void edge_finish(struct edge_limits *limits, struct edge_verdict *verdict, bool was_overloaded,
                 int64_t now_ns)
{
    if (verdict->has_stream) {
        pgl_bulkheads_leave(&limits->streams_of_address, verdict->stream_address);
        pgl_bulkheads_leave(&limits->streams_of_user, verdict->stream_user);
    }
    if (verdict->has_place) {
        const struct pgl_route_class_row *class = &pgl_route_classes[verdict->class];
        int64_t took_ns = now_ns - verdict->began_ns;
        if (was_overloaded || (class->in_time_ns > 0 && !verdict->waits_on_purpose)) {
            int64_t load = class->in_time_ns > 0
                               ? took_ns * PGL_ADAPTIVE_IN_TIME / class->in_time_ns
                               : PGL_ADAPTIVE_IN_TIME;
            pgl_adaptive_note(&limits->adaptive, limits->inside,
                              was_overloaded ? PGL_ADAPTIVE_OVERLOAD : (uint32_t)load,
                              verdict->began_ns, now_ns);
            pgl_counter_set(&limits->limit, limits->adaptive.limit);
        }
        limits->inside -= is_measured(verdict->class);
        pgl_counter_set(&limits->in_flight, limits->inside);
        pgl_bulkheads_leave(&limits->routes[verdict->class], verdict->route);
        pgl_bulkhead_leave(&limits->classes[verdict->class]);
    }
    verdict->has_place = verdict->has_stream = false;
}

/* ---- the two looks ---- */

/* Those who were wrong too often wait, whatever they bring now. */
static pgl_status look_at_penalty(struct edge_limits *limits, const struct edge_admission *what,
                                  struct edge_moment moment, struct edge_verdict *verdict)
{
    uint64_t hash = pgl_peer_key(limits->hash_key, what->address);
    struct charges charges = { .count = 0 };
    add_usual(&charges, limits, EDGE_POLICY_BAD_TOKENS, hash);
    return look_at_all(limits, &charges, 1, moment, verdict);
}

pgl_status edge_admit(struct edge_limits *limits, const struct edge_admission *what,
                      struct edge_moment moment, struct edge_verdict *verdict)
{
    bool is_open = (what->rule->roles & (PGL_RULE_ANYONE | PGL_RULE_SIGNED)) != 0;
    int64_t cost = pgl_route_classes[what->class].cost;
    struct charges charges = charges_of(limits, what);
    if (what->caller == NULL && !is_open && !is_spared(limits, what))
        return look_at_penalty(limits, what, moment, verdict);
    if (charges.count > 0)
        PGL_TRY(charge_all(limits, &charges, cost, moment, verdict));
    return what->caller == NULL ? PGL_OK : enter(limits, what, moment.now_ns, verdict);
}

/* The second bucket only remembers: its instant is as far ahead as the last penalty was long, when
 * that is over, so that the next one is twice as long; whoever stays away is forgiven. */
static void punish(struct edge_limits *limits, uint64_t hash, int64_t now_ns)
{
    const struct pgl_rate *rate = &limits->rules->rates[EDGE_POLICY_BAD_TOKENS];
    uint64_t caller = bucket_of(EDGE_POLICY_BAD_TOKENS, hash, rate);
    uint64_t memory = bucket_of(EDGE_POLICY_COUNT, hash, rate);
    int64_t left_ns = pgl_gcra_look(&limits->by_address, memory, rate, 1, now_ns).full_ns;
    int64_t penalty_ns = 2 * left_ns > rate->every_ns ? 2 * left_ns : rate->every_ns;
    penalty_ns = penalty_ns < PENALTY_MOST_NS ? penalty_ns : PENALTY_MOST_NS;
    int64_t size_ns = rate->every_ns * rate->burst_count;
    pgl_gcra_drain(&limits->by_address, memory, now_ns + 2 * penalty_ns, now_ns);
    pgl_gcra_drain(&limits->by_address, caller, now_ns + size_ns - rate->every_ns + penalty_ns,
                   now_ns);
}

pgl_status edge_note_bad(struct edge_limits *limits, const struct edge_admission *what,
                         bool has_credentials, struct edge_moment moment,
                         struct edge_verdict *verdict)
{
    enum edge_policy policy = has_credentials ? EDGE_POLICY_BAD_TOKENS : EDGE_POLICY_ANONYMOUS;
    uint64_t hash = pgl_peer_key(limits->hash_key, what->address);
    struct charges charges = { .count = 0 };
    if (is_spared(limits, what))
        return PGL_OK;
    add_usual(&charges, limits, policy, hash);
    verdict->standing_count = 0;
    PGL_TRY(charge_all(limits, &charges, 1, moment, verdict));
    if (has_credentials && verdict->standings[0].left == 0)
        punish(limits, hash, moment.now_ns);
    verdict->standing_count = 0; /* a 401 says nothing of it */
    return PGL_OK;
}

pgl_status edge_note_denied(struct edge_limits *limits, const struct edge_admission *what,
                            struct edge_moment moment, struct edge_verdict *verdict)
{
    bool is_known = what->caller->key_id[0] != '\0' || what->caller->subject[0] != '\0';
    struct charges charges = { .count = 0 };
    if (is_spared(limits, what))
        return PGL_OK;
    if (is_known)
        charges = charges_of(limits, what);
    else
        add_usual(&charges, limits, EDGE_POLICY_ANONYMOUS,
                  pgl_peer_key(limits->hash_key, what->address));
    return charge_all(limits, &charges, pgl_route_classes[what->class].cost, moment, verdict);
}

void edge_stand(struct edge_limits *limits, const struct edge_admission *what,
                struct edge_moment moment, struct edge_verdict *verdict)
{
    struct charges charges = charges_of(limits, what);
    for (int i = 0; i < charges.count; i++) {
        struct state state = look(limits, &charges.list[i], 1, moment);
        stand(verdict, &charges.list[i], &state);
    }
}

/* ---- what outlives a start ---- */

struct edge_usage edge_usage_of(const struct edge_limits *limits, const char *key_id,
                                int64_t wall_ns)
{
    uint64_t hash = hash_of_caller(limits, "", key_id);
    return (struct edge_usage){
        .at_ns = wall_ns,
        .day_count =
            pgl_quota_used(&limits->quotas, under(EDGE_POLICY_DAY, hash), PGL_QUOTA_DAY, wall_ns),
        .month_count = pgl_quota_used(&limits->quotas, under(EDGE_POLICY_MONTH, hash),
                                      PGL_QUOTA_MONTH, wall_ns),
    };
}

void edge_recall_usage(struct edge_limits *limits, const char *key_id,
                       const struct edge_usage *usage, int64_t wall_ns)
{
    uint64_t hash = hash_of_caller(limits, "", key_id);
    pgl_quota_recall(&limits->quotas, under(EDGE_POLICY_DAY, hash), PGL_QUOTA_DAY, usage->day_count,
                     usage->at_ns, wall_ns);
    pgl_quota_recall(&limits->quotas, under(EDGE_POLICY_MONTH, hash), PGL_QUOTA_MONTH,
                     usage->month_count, usage->at_ns, wall_ns);
}
