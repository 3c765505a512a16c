/*
 * admit_bench.h - for tests: limits of their own, in the file's `limits`, and who asks. Included
 * behind cmocka.
 */
#ifndef PGL_EDGE_ADMIT_BENCH_H
#define PGL_EDGE_ADMIT_BENCH_H

#include "base/time.h"
#include "edge/admit.h"

static struct edge_limits limits;
static struct edge_limits_options options; /* before open_limits */
static struct edge_moment moment;

static inline int64_t clock_now(void *self)
{
    (void)self;
    return PGL_SECONDS(1000);
}

static inline void entropy_fill(void *self, void *bytes, size_t size)
{
    (void)self;
    memset(bytes, 7, size);
}

static const struct pgl_platform platform = { .clock = { clock_now, clock_now, NULL },
                                              .entropy = { entropy_fill, NULL } };

static inline int begin(void **unused)
{
    (void)unused;
    limits = (struct edge_limits){ 0 };
    options = EDGE_LIMITS_DEFAULT;
    moment = (struct edge_moment){ PGL_SECONDS(1000), 20000 * PGL_HOURS(24) };
    return 0;
}

static inline int end(void **unused)
{
    (void)unused;
    edge_limits_close(&limits);
    return 0;
}

static inline void open_limits(void)
{
    assert_true(pgl_is_ok(edge_limits_open(&limits, &options, &platform)));
}

static inline Caller caller_named(const char *name, Role role)
{
    Caller caller = CALLER_INIT;
    caller.tenant = (char *)(uintptr_t) "default";
    caller.subject = (char *)(uintptr_t)name;
    caller.role = role;
    return caller;
}

static inline void come_by_key(Caller *caller, const char *key_id, const char *plan)
{
    caller->key_id = (char *)(uintptr_t)key_id;
    caller->plan = (char *)(uintptr_t)plan;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
