/*
 * limits.h - what holds for callers: the policies by name, their rates, the plans of partners, and
 * how much may be under way at once. admit.h asks it.
 *
 * Owner:    the edge; opened with the gateway.
 * Threads:  the edge's loop. Metrics may be read from any.
 * Changes:  other rules may be taken over between two turns. A rate that is another begins with
 *           full buckets; whoever is inside stays inside.
 * Bounds:   EDGE_CALLERS_MAX callers with buckets that are not full, addresses and callers apart;
 *           beyond, they share one (resilience/gcra.h). EDGE_QUOTAS_MAX keys that have used a quota
 *           in this month; a further one is refused. A restart forgets rates, quotas it does not
 *           know are counted from 0 (docs/limits.md).
 */
#ifndef PGL_EDGE_LIMITS_H
#define PGL_EDGE_LIMITS_H

#include "base/hash.h"
#include "base/ip.h"
#include "edge/route.h"
#include "platform/platform.h"
#include "resilience/adaptive.h"
#include "resilience/bulkhead.h"
#include "resilience/gcra.h"
#include "resilience/quota.h"
#include "telemetry/registry.h"

#define EDGE_CALLERS_MAX     65536
#define EDGE_QUOTAS_MAX      65536
#define EDGE_PLANS_MAX       16
#define EDGE_PLAN_NAME_BYTES 33 /* 32 and a NUL */
#define EDGE_PROXIES_MAX     32
#define EDGE_ROUTE_RATES_MAX 32
#define EDGE_ROUTES_MAX      512 /* of all faces: bulkheads within a class */

/* Whatever may refuse a request; the name is shown to whom it concerns. */
enum edge_policy {
    /* rates of an address */
    EDGE_POLICY_ANONYMOUS,
    EDGE_POLICY_SIGNED,
    EDGE_POLICY_BAD_TOKENS,
    /* rates of a caller */
    EDGE_POLICY_USER,
    EDGE_POLICY_ORDERS,
    EDGE_POLICY_PLAN,
    EDGE_POLICY_ROUTE,
    EDGE_RATE_COUNT,
    /* quotas of a key */
    EDGE_POLICY_DAY = EDGE_RATE_COUNT,
    EDGE_POLICY_MONTH,
    /* how much at once */
    EDGE_POLICY_STREAMS_OF_ADDRESS,
    EDGE_POLICY_STREAMS_OF_USER,
    EDGE_POLICY_CLASS,
    EDGE_POLICY_ROUTE_PLACES,
    EDGE_POLICY_CONCURRENCY,
    EDGE_POLICY_COUNT
};

struct edge_policy_row {
    const char *name;
    enum pgl_code code;
    const char *text; /* to whom it refuses */
};
extern const struct edge_policy_row edge_policies[EDGE_POLICY_COUNT];

/* What a partner's key may do. */
struct edge_plan {
    char name[EDGE_PLAN_NAME_BYTES];
    struct pgl_rate rate;
    int64_t day_count, month_count; /* 0: no such quota */
};

/* What each caller may ask of one route; an address, where nobody is known. */
struct edge_route_rate {
    const struct pgl_rule *rule; /* the route's own, by which it is told from others */
    struct pgl_rate rate;
};

/* As options say it. The texts are read when the gateway is opened, and at each change. */
struct edge_limits_options {
    const char *rates;           /* "default", NAME=N/UNIT:BURST by commas over that, or "off" */
    const char *route_rates;     /* ROUTE=N/UNIT:BURST by commas */
    const char *plans;           /* NAME=N/UNIT:BURST[:DAY[:MONTH]] by commas */
    const char *trusted_proxies; /* ADDRESS/BITS by commas; "" for none */
    const char *metrics_from;    /* likewise: whom /metrics is for */
    const char *concurrency;     /* "aimd", "gradient" or "fixed" */
    uint32_t concurrency_most;
    uint32_t streams_most, streams_per_address, streams_per_user;
    /* "GET /api/v1/products", "panglot.orders.v1.OrderService/GetOrder"; NULL for none of ours */
    const struct pgl_rule *(*route_named)(struct pgl_text name);
    bool spares_loopback; /* rates and counts of a caller do not hold for this machine */
};

#define EDGE_LIMITS_DEFAULT                                                                        \
    ((struct edge_limits_options){ .rates = "default",                                             \
                                   .route_rates = "",                                              \
                                   .plans = "default=100/s:200",                                   \
                                   .trusted_proxies = "",                                          \
                                   .metrics_from = "127.0.0.0/8,::1",                              \
                                   .concurrency = "aimd",                                          \
                                   .concurrency_most = 4096,                                       \
                                   .streams_most = 5000,                                           \
                                   .streams_per_address = 20,                                      \
                                   .streams_per_user = 10 })

/* What the options say. */
struct edge_rules {
    bool is_off, spares_loopback;
    struct pgl_rate rates[EDGE_RATE_COUNT];
    struct edge_plan plans[EDGE_PLANS_MAX]; /* the first is for keys whose plan is not known */
    int plan_count;
    struct edge_route_rate route_rates[EDGE_ROUTE_RATES_MAX];
    int route_rate_count;
    struct pgl_ip_range proxies[EDGE_PROXIES_MAX];
    int proxy_count;
    struct pgl_ip_range watchers[EDGE_PROXIES_MAX];
    int watcher_count;
    struct pgl_adaptive_options adaptive;
    uint32_t streams_most, streams_per_address, streams_per_user;
};

struct edge_limits {
    const struct edge_rules *rules;
    struct edge_rules rooms[2]; /* those, and those before, whose plans' names are still shown */

    struct pgl_hash_key hash_key;
    struct pgl_gcra by_address, by_caller;
    struct pgl_quotas quotas;
    struct pgl_adaptive adaptive;
    struct pgl_bulkhead classes[PGL_CLASS_COUNT];
    struct pgl_bulkheads routes[PGL_CLASS_COUNT]; /* of each class, by route */
    struct pgl_bulkheads streams_of_address, streams_of_user;
    uint32_t inside; /* of the classes that the adaptive limit is for */

    struct pgl_counter refused[EDGE_POLICY_COUNT];
    struct pgl_counter limit, in_flight; /* gauges */
};

/* PGL_INVALID for an option that cannot be read, with a reason for people. */
PGL_MUST_USE pgl_status edge_rules_read(const struct edge_limits_options *options,
                                        struct edge_rules *rules);

PGL_MUST_USE pgl_status edge_limits_open(struct edge_limits *limits,
                                         const struct edge_limits_options *options,
                                         const struct pgl_platform *platform);
void edge_limits_change(struct edge_limits *limits, const struct edge_rules *rules, int64_t now_ns);
void edge_limits_close(struct edge_limits *limits);
void edge_limits_register(struct edge_limits *limits, struct pgl_registry *registry,
                          struct pgl_arena *arena);

/* The plan of this name, or the first. */
const struct edge_plan *edge_plan_named(const struct edge_limits *limits, const char *name);

/* Whether this address may see what the platform measures of itself. */
bool edge_limits_lets_watch(const struct edge_limits *limits, const char *address);

/* ADDRESS/BITS by commas; "" for none. */
PGL_MUST_USE pgl_status edge_proxies_read(struct pgl_text text,
                                          struct pgl_ip_range proxies[EDGE_PROXIES_MAX],
                                          int *count);

#endif
