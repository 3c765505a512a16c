/* limits.c - see limits.h. */
#include "edge/limits.h"

/* clang-format off */
const struct edge_policy_row edge_policies[EDGE_POLICY_COUNT] = {
    [EDGE_POLICY_ANONYMOUS]  = { "anonymous", PGL_LIMITED,
        "too many requests without credentials come from your address" },
    [EDGE_POLICY_SIGNED]     = { "signed", PGL_LIMITED,
        "too many signed requests come from your address" },
    [EDGE_POLICY_BAD_TOKENS] = { "bad-tokens", PGL_LIMITED,
        "too many credentials that are not right come from your address" },
    [EDGE_POLICY_USER]       = { "user", PGL_LIMITED,
        "you ask more often than one user may" },
    [EDGE_POLICY_ORDERS]     = { "orders", PGL_LIMITED,
        "you place orders faster than one user may" },
    [EDGE_POLICY_PLAN]       = { "plan", PGL_LIMITED,
        "your key asks more often than its plan says" },
    [EDGE_POLICY_ROUTE]      = { "route", PGL_LIMITED,
        "you ask this more often than one caller may" },
    [EDGE_POLICY_DAY]        = { "day", PGL_LIMITED,
        "your key has used what its plan says for a day" },
    [EDGE_POLICY_MONTH]      = { "month", PGL_LIMITED,
        "your key has used what its plan says for a month" },
    [EDGE_POLICY_STREAMS_OF_ADDRESS] = { "streams-of-address", PGL_LIMITED,
        "your address has as many streams as it may" },
    [EDGE_POLICY_STREAMS_OF_USER]    = { "streams-of-user", PGL_LIMITED,
        "you have as many streams as one user may" },
    [EDGE_POLICY_CLASS]       = { "class", PGL_EXHAUSTED,
        "as many requests of this kind are under way as may be" },
    [EDGE_POLICY_ROUTE_PLACES] = { "route-places", PGL_EXHAUSTED,
        "as many requests for just this are under way as may be" },
    [EDGE_POLICY_CONCURRENCY] = { "concurrency", PGL_EXHAUSTED,
        "more is asked than can be answered in time, and this can wait" },
};

static const struct pgl_rate default_rates[EDGE_RATE_COUNT] = {
    [EDGE_POLICY_ANONYMOUS]  = { PGL_MILLISECONDS(100), 20 },
    [EDGE_POLICY_SIGNED]     = { PGL_MILLISECONDS(10), 200 },
    [EDGE_POLICY_BAD_TOKENS] = { PGL_SECONDS(12), 5 },
    [EDGE_POLICY_USER]       = { PGL_MILLISECONDS(50), 40 },
    [EDGE_POLICY_ORDERS]     = { PGL_MILLISECONDS(500), 10 },
    [EDGE_POLICY_PLAN]       = { PGL_MILLISECONDS(10), 200 }, /* the plan's own, always */
    [EDGE_POLICY_ROUTE]      = { PGL_MILLISECONDS(10), 200 }, /* the route's own, always */
};
/* clang-format on */

/* ---- reading options ---- */

static const char bad_rates[] =
    "rates: default, off, or NAME=N/UNIT:BURST by commas; names are anonymous, "
    "signed, bad-tokens, user, orders, units s, min, h";
static const char bad_route_rates[] =
    "route-rates: ROUTE=N/UNIT:BURST by commas, 32 at most; a route is METHOD PATH as in "
    "/openapi.json or a gRPC PACKAGE.SERVICE/METHOD, units s, min, h";
static const char bad_plans[] = "plans: NAME=N/UNIT:BURST[:A-DAY[:A-MONTH]] by commas, 16 at most; "
                                "names of letters, digits and dashes";
static const char bad_proxies[] =
    "trusted-proxies, proxy-protocol, metrics-from: ADDRESS/BITS by commas, 32 at most";
static const char bad_concurrency[] = "concurrency: aimd, gradient or fixed";

static bool read_count(struct pgl_text text, int64_t *count)
{
    return text.size > 0 && text.size <= 12 && pgl_is_ok(pgl_text_to_i64(text, count)) &&
           *count > 0;
}

/* N/UNIT:BURST; `text` keeps what is behind. */
static bool read_rate(struct pgl_text *text, struct pgl_rate *rate)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = { { "s", PGL_SECONDS(1) }, { "min", PGL_MINUTES(1) }, { "h", PGL_HOURS(1) } };
    struct pgl_text unit = pgl_text_cut(text, ':'), number = pgl_text_cut(&unit, '/');
    int64_t count;
    if (!read_count(number, &count) || !read_count(pgl_text_cut(text, ':'), &rate->burst_count))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (pgl_text_is(unit, units[i].name)) {
            rate->every_ns = units[i].ns / count;
            /* a bucket of more than a year would overflow sooner or later */
            return rate->every_ns > 0 && rate->burst_count <= PGL_HOURS(24 * 365) / rate->every_ns;
        }
    return false;
}

static pgl_status read_rates(struct edge_rules *rules, struct pgl_text text)
{
    rules->is_off = pgl_text_is(text, "off");
    for (int i = 0; i < EDGE_RATE_COUNT; i++)
        rules->rates[i] = default_rates[i];
    bool has_changes = !rules->is_off && !pgl_text_is(text, "default");
    while (has_changes && text.data != NULL && text.size > 0) {
        struct pgl_text value = pgl_text_cut(&text, ','), name = pgl_text_cut(&value, '=');
        int policy = 0;
        while (policy < EDGE_POLICY_PLAN && !pgl_text_is(name, edge_policies[policy].name))
            policy++;
        if (policy == EDGE_POLICY_PLAN || value.data == NULL ||
            !read_rate(&value, &rules->rates[policy]) || value.data != NULL)
            return PGL_FAIL(PGL_INVALID, bad_rates);
    }
    return PGL_OK;
}

static pgl_status read_route_rates(struct edge_rules *rules,
                                   const struct edge_limits_options *options)
{
    struct pgl_text text = pgl_text_of(options->route_rates);
    rules->route_rate_count = 0;
    while (text.data != NULL && text.size > 0) {
        struct pgl_text value = pgl_text_cut(&text, ','), name = pgl_text_cut(&value, '=');
        const struct pgl_rule *rule =
            options->route_named != NULL ? options->route_named(pgl_text_trim(name)) : NULL;
        struct edge_route_rate *rate = &rules->route_rates[rules->route_rate_count];
        if (rules->route_rate_count == EDGE_ROUTE_RATES_MAX || rule == NULL || value.data == NULL ||
            !read_rate(&value, &rate->rate) || value.data != NULL)
            return PGL_FAIL(PGL_INVALID, bad_route_rates);
        rate->rule = rule;
        rules->route_rate_count++;
    }
    return PGL_OK;
}

/* It is shown in a structured field, so it has no quotes. */
static bool is_plan_name(struct pgl_text name)
{
    if (name.size < 1 || name.size >= EDGE_PLAN_NAME_BYTES)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '-')
            return false;
    }
    return true;
}

static bool read_plan(struct pgl_text text, struct edge_plan *plan)
{
    struct pgl_text name = pgl_text_cut(&text, '=');
    *plan = (struct edge_plan){ .name = "" };
    if (!is_plan_name(name) || text.data == NULL || !read_rate(&text, &plan->rate))
        return false;
    memcpy(plan->name, name.data, name.size);
    if (text.data != NULL && !read_count(pgl_text_cut(&text, ':'), &plan->day_count))
        return false;
    if (text.data != NULL && !read_count(pgl_text_cut(&text, ':'), &plan->month_count))
        return false;
    return text.data == NULL && plan->day_count <= UINT32_MAX && plan->month_count <= UINT32_MAX;
}

static pgl_status read_plans(struct edge_rules *rules, struct pgl_text text)
{
    rules->plan_count = 0;
    while (text.data != NULL) {
        if (rules->plan_count == EDGE_PLANS_MAX ||
            !read_plan(pgl_text_cut(&text, ','), &rules->plans[rules->plan_count]))
            return PGL_FAIL(PGL_INVALID, bad_plans);
        rules->plan_count++;
    }
    return PGL_OK;
}

pgl_status edge_proxies_read(struct pgl_text text, struct pgl_ip_range proxies[EDGE_PROXIES_MAX],
                             int *count)
{
    *count = 0;
    while (text.data != NULL && text.size > 0) {
        if (*count == EDGE_PROXIES_MAX ||
            !pgl_ip_range_read(pgl_text_cut(&text, ','), &proxies[*count]))
            return PGL_FAIL(PGL_INVALID, bad_proxies);
        ++*count;
    }
    return PGL_OK;
}

static pgl_status read_concurrency(const char *name, enum pgl_adaptive_policy *policy)
{
    static const char *const names[] = { [PGL_ADAPTIVE_AIMD] = "aimd",
                                         [PGL_ADAPTIVE_GRADIENT] = "gradient",
                                         [PGL_ADAPTIVE_FIXED] = "fixed" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0) {
            *policy = (enum pgl_adaptive_policy)i;
            return PGL_OK;
        }
    return PGL_FAIL(PGL_INVALID, bad_concurrency);
}

pgl_status edge_rules_read(const struct edge_limits_options *options, struct edge_rules *rules)
{
    *rules = (struct edge_rules){ .spares_loopback = options->spares_loopback,
                                  .adaptive = PGL_ADAPTIVE_DEFAULT,
                                  .streams_most = options->streams_most,
                                  .streams_per_address = options->streams_per_address,
                                  .streams_per_user = options->streams_per_user };
    struct pgl_adaptive_options *adaptive = &rules->adaptive;
    adaptive->most = options->concurrency_most;
    adaptive->least = adaptive->least < adaptive->most ? adaptive->least : adaptive->most;
    PGL_TRY(read_rates(rules, pgl_text_of(options->rates)));
    PGL_TRY(read_route_rates(rules, options));
    PGL_TRY(read_plans(rules, pgl_text_of(options->plans)));
    PGL_TRY(edge_proxies_read(pgl_text_of(options->trusted_proxies), rules->proxies,
                              &rules->proxy_count));
    PGL_TRY(edge_proxies_read(pgl_text_of(options->metrics_from), rules->watchers,
                              &rules->watcher_count));
    return read_concurrency(options->concurrency, &adaptive->policy);
}

/* ---- opening and changing ---- */

static uint32_t share_of(uint32_t most, uint32_t percent)
{
    return (uint32_t)(((uint64_t)most * percent + 99) / 100);
}

static uint32_t places_of(const struct edge_rules *rules, enum pgl_route_class class)
{
    return class == PGL_CLASS_STREAM
               ? rules->streams_most
               : share_of(rules->adaptive.most, pgl_route_classes[class].places_percent);
}

static uint32_t route_places_of(const struct edge_rules *rules, enum pgl_route_class class)
{
    return share_of(places_of(rules, class), pgl_route_classes[class].route_percent);
}

static void set_places(struct edge_limits *limits)
{
    const struct edge_rules *rules = limits->rules;
    for (enum pgl_route_class class = 0; class < PGL_CLASS_COUNT; class ++)
        limits->classes[class].most = places_of(rules, class);
    pgl_counter_set(&limits->limit, limits->adaptive.limit);
}

pgl_status edge_limits_open(struct edge_limits *limits, const struct edge_limits_options *options,
                            const struct pgl_platform *platform)
{
    struct edge_rules *rules = &limits->rooms[0];
    PGL_TRY(edge_rules_read(options, rules));
    limits->rules = rules;
    limits->hash_key.k0 = pgl_entropy_u64(&platform->entropy);
    limits->hash_key.k1 = pgl_entropy_u64(&platform->entropy);
    pgl_quotas_init(&limits->quotas, EDGE_QUOTAS_MAX);
    pgl_adaptive_init(&limits->adaptive, rules->adaptive, limits->hash_key.k0 ^ limits->hash_key.k1,
                      pgl_clock_monotonic_ns(&platform->clock));
    set_places(limits);
    for (enum pgl_route_class class = 0; class < PGL_CLASS_COUNT; class ++)
        pgl_bulkheads_init(&limits->routes[class], route_places_of(rules, class), EDGE_ROUTES_MAX);
    pgl_bulkheads_init(&limits->streams_of_address, rules->streams_per_address,
                       rules->streams_most);
    pgl_bulkheads_init(&limits->streams_of_user, rules->streams_per_user, rules->streams_most);
    pgl_status opened = pgl_gcra_open(&limits->by_address, EDGE_CALLERS_MAX);
    if (pgl_is_ok(opened))
        opened = pgl_gcra_open(&limits->by_caller, EDGE_CALLERS_MAX);
    if (!pgl_is_ok(opened))
        edge_limits_close(limits);
    return opened;
}

void edge_limits_change(struct edge_limits *limits, const struct edge_rules *rules, int64_t now_ns)
{
    struct edge_rules *room = &limits->rooms[limits->rules == &limits->rooms[0]];
    *room = *rules;
    limits->rules = room;
    pgl_adaptive_change(&limits->adaptive, rules->adaptive, now_ns);
    set_places(limits);
    for (enum pgl_route_class class = 0; class < PGL_CLASS_COUNT; class ++)
        pgl_bulkheads_change(&limits->routes[class], route_places_of(rules, class),
                             EDGE_ROUTES_MAX);
    pgl_bulkheads_change(&limits->streams_of_address, rules->streams_per_address,
                         rules->streams_most);
    pgl_bulkheads_change(&limits->streams_of_user, rules->streams_per_user, rules->streams_most);
}

void edge_limits_close(struct edge_limits *limits)
{
    pgl_gcra_close(&limits->by_address);
    pgl_gcra_close(&limits->by_caller);
    pgl_quotas_free(&limits->quotas);
    for (enum pgl_route_class class = 0; class < PGL_CLASS_COUNT; class ++)
        pgl_bulkheads_free(&limits->routes[class]);
    pgl_bulkheads_free(&limits->streams_of_address);
    pgl_bulkheads_free(&limits->streams_of_user);
}

void edge_limits_register(struct edge_limits *limits, struct pgl_registry *registry,
                          struct pgl_arena *arena)
{
    for (int i = 0; i < EDGE_POLICY_COUNT; i++)
        pgl_registry_add(registry, "panglot_limited_total",
                         "Requests that a policy has refused (docs/limits.md).", PGL_METRIC_COUNTER,
                         pgl_arena_printf(arena, "policy=\"%s\"", edge_policies[i].name),
                         &limits->refused[i]);
    pgl_registry_add(registry, "panglot_concurrency_limit",
                     "Requests that may be under way at once, as found out.", PGL_METRIC_GAUGE, "",
                     &limits->limit);
    pgl_registry_add(registry, "panglot_concurrency_in_flight",
                     "Requests under way, streams and health apart.", PGL_METRIC_GAUGE, "",
                     &limits->in_flight);
}

const struct edge_plan *edge_plan_named(const struct edge_limits *limits, const char *name)
{
    const struct edge_rules *rules = limits->rules;
    for (int i = 0; i < rules->plan_count; i++)
        if (strcmp(rules->plans[i].name, name) == 0)
            return &rules->plans[i];
    return &rules->plans[0];
}

bool edge_limits_lets_watch(const struct edge_limits *limits, const char *address)
{
    const struct edge_rules *rules = limits->rules;
    pgl_ip ip;
    return pgl_ip_read(pgl_text_of(address), &ip) &&
           pgl_ip_is_among(&ip, rules->watchers, rules->watcher_count);
}
