/*
 * admit_test.c - what each policy lets through and what it refuses, how a caller stands, and who is
 * let in when there is little room.
 * Method: requests as tables over limits of their own; time is a number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "edge/admit_bench.h"

static const struct pgl_rule anyone = { PGL_RULE_ANYONE, NULL };
static const struct pgl_rule signed_body = { PGL_RULE_SIGNED, NULL };
static const struct pgl_rule known = { PGL_ROLE_CUSTOMER | PGL_ROLE_PARTNER, "orders:write" },
                             elsewhere = { PGL_ROLE_CUSTOMER | PGL_ROLE_PARTNER, "orders:read" };
static const struct pgl_rule *const two_routes[] = { &known, &elsewhere };

/* Admitted and finished at once. */
static bool ask(const struct edge_admission *what, struct edge_verdict *verdict)
{
    *verdict = (struct edge_verdict){ 0 };
    pgl_status status = edge_admit(&limits, what, moment, verdict);
    edge_finish(&limits, verdict, false, moment.now_ns);
    assert_int_equal(pgl_is_ok(status), !verdict->is_refused);
    return pgl_is_ok(status);
}

static int ask_many(const struct edge_admission *what, int times, struct edge_verdict *last)
{
    int admitted = 0;
    for (int i = 0; i < times; i++)
        admitted += ask(what, last);
    return admitted;
}

static void each_policy_has_its_burst_and_its_rate(void **unused)
{
    Caller ann = caller_named("ann", ROLE_CUSTOMER), shop = caller_named("shop", ROLE_PARTNER);
    Caller key = ann;
    come_by_key(&key, "k1", "default");
    const struct {
        struct edge_admission what;
        int burst, per_second;
        enum edge_policy policy;
    } rows[] = {
        { { .address = "192.0.2.1", .rule = &anyone, .class = PGL_CLASS_READ },
          20,
          10,
          EDGE_POLICY_ANONYMOUS },
        { { .address = "192.0.2.1", .rule = &signed_body, .class = PGL_CLASS_PAYMENT },
          200,
          100,
          EDGE_POLICY_SIGNED },
        { { .address = "192.0.2.1", .rule = &known, .class = PGL_CLASS_READ, .caller = &ann },
          40,
          20,
          EDGE_POLICY_USER },
        { { .address = "192.0.2.1", .rule = &known, .class = PGL_CLASS_ORDER, .caller = &ann },
          10,
          2,
          EDGE_POLICY_ORDERS },
        { { .address = "192.0.2.1", .rule = &known, .class = PGL_CLASS_ORDER, .caller = &shop },
          200,
          100,
          EDGE_POLICY_PLAN },
        { { .address = "192.0.2.1", .rule = &known, .class = PGL_CLASS_READ, .caller = &key },
          200,
          100,
          EDGE_POLICY_PLAN },
    };
    (void)unused;
    open_limits();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct edge_verdict verdict;
        moment.now_ns += PGL_MINUTES(10);
        assert_int_equal(ask_many(&rows[i].what, 300, &verdict), rows[i].burst);
        assert_int_equal(verdict.refused_by, rows[i].policy);
        assert_int_equal(verdict.retry_after_s, 1);
        assert_true(pgl_counter_read(&limits.refused[rows[i].policy]) >=
                    (uint64_t)(300 - rows[i].burst));
        moment.now_ns += PGL_SECONDS(1);
        assert_int_equal(ask_many(&rows[i].what, 300, &verdict), rows[i].per_second);
    }
}

static void who_is_refused_by_one_is_not_charged_by_another(void **unused)
{
    Caller ann = caller_named("ann", ROLE_CUSTOMER);
    struct edge_admission order = {
        .address = "192.0.2.1", .rule = &known, .class = PGL_CLASS_ORDER, .caller = &ann
    };
    struct edge_admission look = {
        .address = "192.0.2.1", .rule = &known, .class = PGL_CLASS_READ, .caller = &ann
    };
    struct edge_verdict verdict;
    (void)unused;
    open_limits();
    assert_int_equal(ask_many(&order, 1000, &verdict), 10);
    assert_int_equal(verdict.standing_count, 2);
    assert_string_equal(verdict.standings[0].name, "user");
    assert_int_equal(verdict.standings[0].left, 30);
    assert_string_equal(verdict.standings[1].name, "orders");
    assert_int_equal(verdict.standings[1].left, 0);
    assert_int_equal(ask_many(&look, 1000, &verdict), 30);
    /* What was said to wait is enough. */
    assert_false(ask(&order, &verdict));
    moment.now_ns += PGL_SECONDS(verdict.retry_after_s);
    assert_true(ask(&order, &verdict));
}

static void callers_do_not_share(void **unused)
{
    Caller ann = caller_named("ann", ROLE_CUSTOMER), bob = caller_named("bob", ROLE_CUSTOMER);
    Caller other = ann;
    struct edge_verdict verdict;
    (void)unused;
    open_limits();
    other.tenant = (char *)(uintptr_t) "other";
    Caller *const all[] = { &ann, &bob, &other };
    for (int i = 0; i < 3; i++) {
        struct edge_admission what = {
            .address = "192.0.2.1", .rule = &known, .class = PGL_CLASS_READ, .caller = all[i]
        };
        assert_int_equal(ask_many(&what, 100, &verdict), 40);
    }
    struct edge_admission near = { .address = "2001:db8::1",
                                   .rule = &anyone,
                                   .class = PGL_CLASS_READ };
    struct edge_admission same_net = near, far = near;
    same_net.address = "2001:db8::2"; /* of one /64 */
    far.address = "2001:db8:0:1::1";
    assert_int_equal(ask_many(&near, 100, &verdict), 20);
    assert_int_equal(ask_many(&same_net, 100, &verdict), 0);
    assert_int_equal(ask_many(&far, 100, &verdict), 20);
}

static void a_key_is_held_to_its_plan(void **unused)
{
    Caller shop = caller_named("shop", ROLE_PARTNER);
    struct edge_admission what = {
        .address = "192.0.2.1", .rule = &known, .class = PGL_CLASS_READ, .caller = &shop
    };
    struct edge_verdict verdict;
    (void)unused;
    come_by_key(&shop, "k1", "gold");
    options.plans = "default=1/s:2,gold=5/s:8:12:15";
    open_limits();
    assert_int_equal(ask_many(&what, 100, &verdict), 8);
    assert_string_equal(verdict.refused_name, "gold");
    moment.now_ns += PGL_MINUTES(1);
    assert_int_equal(ask_many(&what, 100, &verdict), 4); /* twelve a day */
    assert_int_equal(verdict.refused_by, EDGE_POLICY_DAY);
    assert_int_equal(verdict.retry_after_s, 24 * 3600);
    assert_int_equal(verdict.standing_count, 3);
    assert_int_equal(verdict.standings[1].window_s, 24 * 3600);
    moment.now_ns += PGL_MINUTES(1);
    moment.wall_ns += PGL_HOURS(24);
    assert_int_equal(ask_many(&what, 100, &verdict), 3); /* fifteen a month */
    assert_int_equal(verdict.refused_by, EDGE_POLICY_MONTH);
    come_by_key(&shop, "k2", "unheard of");
    assert_int_equal(ask_many(&what, 100, &verdict), 2);
    assert_string_equal(verdict.refused_name, "default");
}

static void a_quota_outlives_a_start(void **unused)
{
    Caller shop = caller_named("shop", ROLE_PARTNER);
    struct edge_admission what = {
        .address = "192.0.2.1", .rule = &known, .class = PGL_CLASS_READ, .caller = &shop
    };
    struct edge_verdict verdict;
    (void)unused;
    come_by_key(&shop, "k1", "default");
    options.plans = "default=1000/s:1000:10:1000";
    open_limits();
    assert_int_equal(ask_many(&what, 7, &verdict), 7);
    struct edge_usage usage = edge_usage_of(&limits, "k1", moment.wall_ns);
    assert_int_equal(usage.day_count, 7);
    assert_int_equal(usage.month_count, 7);
    edge_limits_close(&limits);
    limits = (struct edge_limits){ 0 };
    open_limits();
    edge_recall_usage(&limits, "k1", &usage, moment.wall_ns);
    assert_int_equal(ask_many(&what, 100, &verdict), 3);
    assert_int_equal(verdict.refused_by, EDGE_POLICY_DAY);
}

static void wrong_credentials_wait_longer_and_longer(void **unused)
{
    struct edge_admission what = { .address = "192.0.2.1",
                                   .rule = &known,
                                   .class = PGL_CLASS_READ };
    struct edge_verdict verdict = { 0 };
    (void)unused;
    open_limits();
    for (int i = 0; i < 5; i++) {
        assert_true(ask(&what, &verdict));
        assert_true(pgl_is_ok(edge_note_bad(&limits, &what, true, moment, &verdict)));
        assert_int_equal(verdict.standing_count, 0);
    }
    for (int64_t wait_s = 12; wait_s < 900; wait_s *= 2) {
        assert_false(ask(&what, &verdict)); /* before anybody looks at what it brings */
        assert_int_equal(verdict.refused_by, EDGE_POLICY_BAD_TOKENS);
        assert_int_equal(verdict.retry_after_s, wait_s);
        moment.now_ns += PGL_SECONDS(wait_s);
        assert_true(ask(&what, &verdict));
        assert_true(pgl_is_ok(edge_note_bad(&limits, &what, true, moment, &verdict)));
    }
    assert_false(ask(&what, &verdict));
    assert_int_equal(verdict.retry_after_s, 900);
    moment.now_ns += PGL_HOURS(2); /* forgiven */
    for (int i = 0; i < 5; i++)
        assert_true(pgl_is_ok(edge_note_bad(&limits, &what, true, moment, &verdict)));
    assert_false(ask(&what, &verdict));
    assert_int_equal(verdict.retry_after_s, 12);
}

static void none_is_no_wrong_credential(void **unused)
{
    struct edge_admission what = { .address = "192.0.2.1",
                                   .rule = &known,
                                   .class = PGL_CLASS_READ };
    struct edge_verdict verdict = { 0 };
    int answered = 0;
    (void)unused;
    open_limits();
    for (int i = 0; i < 100; i++) {
        verdict = (struct edge_verdict){ 0 };
        answered += pgl_is_ok(edge_note_bad(&limits, &what, false, moment, &verdict));
    }
    assert_int_equal(answered, 20);
    assert_int_equal(verdict.refused_by, EDGE_POLICY_ANONYMOUS);
    assert_true(ask(&what, &verdict));
}

static void what_is_spared_has_no_standing(void **unused)
{
    Caller ann = caller_named("ann", ROLE_CUSTOMER);
    struct edge_admission health = { .address = "192.0.2.1",
                                     .rule = &anyone,
                                     .class = PGL_CLASS_HEALTH };
    struct edge_admission near = {
        .address = "127.0.0.1", .rule = &known, .class = PGL_CLASS_READ, .caller = &ann
    };
    struct edge_verdict verdict;
    (void)unused;
    options.spares_loopback = true;
    open_limits();
    assert_int_equal(ask_many(&health, 1000, &verdict), 1000);
    assert_int_equal(ask_many(&near, 1000, &verdict), 1000);
    assert_int_equal(verdict.standing_count, 0);
    near.address = "::1";
    assert_int_equal(ask_many(&near, 1000, &verdict), 1000);
    near.address = "128.0.0.1";
    assert_int_equal(ask_many(&near, 1000, &verdict), 40);
    edge_limits_close(&limits);
    options.rates = "off";
    open_limits();
    assert_int_equal(ask_many(&near, 1000, &verdict), 1000);
}

static void a_slow_kind_takes_nobody_elses_place(void **unused)
{
    static struct edge_verdict verdicts[2000];
    Caller ann = caller_named("ann", ROLE_CUSTOMER);
    int inside[PGL_CLASS_COUNT] = { 0 }, count = 0;
    (void)unused;
    options.rates = "off";
    options.concurrency_most = 1000;
    options.streams_most = 10;
    open_limits();
    /* The least important first: each kind fills its own places, and the others have theirs. */
    for (int class = PGL_CLASS_COUNT - 1; class >= 0; class --) {
        enum edge_policy refused_by = EDGE_POLICY_COUNT;
        for (int route = 0; route < 2; route++) {
            struct edge_admission what = { .address = "192.0.2.1",
                                           .rule = two_routes[route],
                                           .class = (enum pgl_route_class) class,
                                           .caller = &ann };
            while (pgl_is_ok(edge_admit(&limits, &what, moment, &verdicts[count]))) {
                inside[class]++;
                count++;
            }
            refused_by = verdicts[count].refused_by;
            verdicts[count] = (struct edge_verdict){ 0 };
        }
        assert_int_equal(refused_by, EDGE_POLICY_CLASS);
        assert_int_equal(inside[class], limits.classes[class].most);
    }
    assert_int_equal(inside[PGL_CLASS_STREAM], 10);
    assert_int_equal(inside[PGL_CLASS_WRITE], 150);
    for (int i = 0; i < count; i++)
        edge_finish(&limits, &verdicts[i], false, moment.now_ns);
    assert_int_equal(limits.inside, 0);
    for (int class = 0; class < PGL_CLASS_COUNT; class ++)
        assert_int_equal(limits.classes[class].inside, 0);
}

static void the_less_important_is_refused_first(void **unused)
{
    static struct edge_verdict verdicts[2000];
    Caller ann = caller_named("ann", ROLE_CUSTOMER);
    int count = 0;
    (void)unused;
    options.rates = "off";
    options.concurrency_most = 1000;
    open_limits();
    limits.adaptive.limit = 100;
    static const enum pgl_route_class order[] = { PGL_CLASS_ANALYTICS, PGL_CLASS_READ,
                                                  PGL_CLASS_WRITE, PGL_CLASS_PAYMENT };
    static const uint32_t until[] = { 50, 75, 90, 100 };
    for (int i = 0; i < 4; i++) {
        enum edge_policy refused_by = EDGE_POLICY_COUNT;
        for (int route = 0; route < 2; route++) {
            struct edge_admission what = {
                .address = "192.0.2.1", .rule = two_routes[route], .class = order[i], .caller = &ann
            };
            while (pgl_is_ok(edge_admit(&limits, &what, moment, &verdicts[count])))
                count++;
            refused_by = verdicts[count].refused_by;
            verdicts[count] = (struct edge_verdict){ 0 };
        }
        assert_int_equal(refused_by, EDGE_POLICY_CONCURRENCY);
        assert_int_equal(limits.inside, until[i]);
    }
    struct edge_admission health = {
        .address = "192.0.2.1", .rule = &anyone, .class = PGL_CLASS_HEALTH, .caller = &ann
    };
    assert_true(ask(&health, &verdicts[count])); /* whatever happens */
    for (int i = 0; i < count; i++)
        edge_finish(&limits, &verdicts[i], false, moment.now_ns);
}

static void slow_answers_lower_the_limit(void **unused)
{
    Caller ann = caller_named("ann", ROLE_CUSTOMER);
    struct edge_admission what = {
        .address = "192.0.2.1", .rule = &known, .class = PGL_CLASS_READ, .caller = &ann
    };
    struct edge_verdict verdict;
    (void)unused;
    options.rates = "off";
    open_limits();
    for (int round = 0; round < 4; round++) {
        uint32_t before = limits.adaptive.limit;
        for (int i = 0; i < 200; i++) {
            verdict = (struct edge_verdict){ 0 };
            assert_true(pgl_is_ok(edge_admit(&limits, &what, moment, &verdict)));
            moment.now_ns += PGL_MILLISECONDS(1);
            verdict.waits_on_purpose = round == 1;
            edge_finish(&limits, &verdict, round == 2,
                        moment.now_ns + (round == 2 ? 0 : PGL_SECONDS(2)));
        }
        assert_int_equal(limits.adaptive.limit < before, round != 1);
        moment.now_ns += PGL_SECONDS(10);
    }
}

static void streams_are_counted_by_address_and_by_user(void **unused)
{
    static struct edge_verdict verdicts[64];
    Caller users[3] = { caller_named("ann", ROLE_CUSTOMER), caller_named("bob", ROLE_CUSTOMER),
                        caller_named("eve", ROLE_CUSTOMER) };
    int count = 0;
    (void)unused;
    options.rates = "user=1000/s:1000";
    open_limits();
    for (int i = 0; i < 3; i++) {
        struct edge_admission what = {
            .address = "192.0.2.1", .rule = &known, .class = PGL_CLASS_STREAM, .caller = &users[i]
        };
        for (int tried = 0; tried < 15; tried++) {
            struct edge_verdict *verdict = &verdicts[count];
            *verdict = (struct edge_verdict){ 0 };
            pgl_status status = edge_admit(&limits, &what, moment, verdict);
            count += pgl_is_ok(status);
            if (!pgl_is_ok(status)) {
                assert_int_equal(status.code, PGL_LIMITED);
                assert_int_equal(verdict->refused_by, i < 1 ? EDGE_POLICY_STREAMS_OF_USER
                                                            : EDGE_POLICY_STREAMS_OF_ADDRESS);
                edge_finish(&limits, verdict, false, moment.now_ns);
            }
        }
        assert_int_equal(count, i < 2 ? 10 * (i + 1) : 20);
    }
    for (int i = 0; i < count; i++)
        edge_finish(&limits, &verdicts[i], false, moment.now_ns);
    assert_int_equal(limits.streams_of_user.inside.count, 0);
    assert_int_equal(limits.streams_of_address.inside.count, 0);
    assert_int_equal(limits.classes[PGL_CLASS_STREAM].inside, 0);
}

static void fields_say_how_it_stands(void **unused)
{
    struct pgl_arena arena;
    struct edge_verdict verdict = {
        .standings = { { "user", 0, 40, 2, 39, 1 }, { "day", UINT64_MAX, INT64_MAX, 86400, 0, 7 } },
        .standing_count = 2,
    };
    (void)unused;
    pgl_arena_init(&arena, 1024, 4096);
    struct pgl_text policies = edge_write_policies(&verdict, &arena);
    struct pgl_text standings = edge_write_standings(&verdict, &arena);
    assert_true(pgl_text_is(policies, "\"user\";q=40;w=2;pk=:AAAAAAAAAAA=:, "
                                      "\"day\";q=9223372036854775807;w=86400;pk=://////////8=:"));
    assert_true(pgl_text_starts_with(
        standings, PGL_TEXT("\"user\";r=39;t=1;pk=:AAAAAAAAAAA=:, \"day\";r=0;t=7;pk=:")));
    verdict.standing_count = 0;
    assert_int_equal(edge_write_policies(&verdict, &arena).size, 0);
    pgl_arena_free(&arena);
}

static void options_are_read_strictly(void **unused)
{
    static const struct {
        const char *rates, *plans, *proxies;
        bool is_fine;
    } rows[] = {
        { "", "a=1/s:1", "", true },
        { "off", "a=1/min:1:1:1,b-2=1000000/h:5", "10.0.0.0/8,::1", true },
        { "user=1/s:1,orders=3/h:2", "a=1/s:1", "", true },
        { "plan=1/s:1", "a=1/s:1", "", false },
        { "user=1/s", "a=1/s:1", "", false },
        { "user=1/d:1", "a=1/s:1", "", false },
        { "user=0/s:1", "a=1/s:1", "", false },
        { "user=1/s:0", "a=1/s:1", "", false },
        { "user=1/s:1:1", "a=1/s:1", "", false },
        { "user=1/h:100000", "a=1/s:1", "", false }, /* eleven years to be full */
        { "user=2000000000/s:1", "a=1/s:1", "", false },
        { "user=1/s:1,", "a=1/s:1", "", true },
        { "nobody=1/s:1", "a=1/s:1", "", false },
        { "", "", "", false },
        { "", "a\"b=1/s:1", "", false },
        { "", "=1/s:1", "", false },
        { "", "a=1/s:1:", "", false },
        { "", "a=1/s:1:5:5:5", "", false },
        { "", "a=1/s:1:9999999999", "", false },
        { "", "a=1/s:1", "10.0.0.1/8", false },
        { "", "a=1/s:1", "proxy", false },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        limits = (struct edge_limits){ 0 };
        options.rates = rows[i].rates;
        options.plans = rows[i].plans;
        options.trusted_proxies = rows[i].proxies;
        pgl_status status = edge_limits_open(&limits, &options, &platform);
        assert_int_equal(pgl_is_ok(status), rows[i].is_fine);
        edge_limits_close(&limits);
    }
    options = EDGE_LIMITS_DEFAULT;
    options.concurrency = "guess";
    limits = (struct edge_limits){ 0 };
    assert_int_equal(edge_limits_open(&limits, &options, &platform).code, PGL_INVALID);
}

static void other_rules_hold_at_once(void **unused)
{
    Caller ann = caller_named("ann", ROLE_CUSTOMER), key = ann;
    struct edge_admission as_ann = {
        .address = "192.0.2.1", .rule = &known, .class = PGL_CLASS_READ, .caller = &ann
    };
    struct edge_admission as_key = as_ann;
    struct edge_verdict verdict, before;
    struct edge_rules rules;
    (void)unused;
    come_by_key(&key, "k1", "gold");
    as_key.caller = &key;
    options.rates = "user=1/h:3,anonymous=1/h:1";
    options.plans = "gold=1/h:2";
    open_limits();
    assert_int_equal(ask_many(&as_ann, 5, &verdict), 3);
    assert_int_equal(ask_many(&as_key, 5, &before), 2);
    options.rates = "user=1/h:4";
    options.plans = "default=1/h:1,gold=1/h:2";
    options.concurrency_most = 100;
    assert_true(pgl_is_ok(edge_rules_read(&options, &rules)));
    edge_limits_change(&limits, &rules, moment.now_ns);
    assert_int_equal(ask_many(&as_ann, 5, &verdict), 4);   /* another rate, a full bucket */
    assert_int_equal(ask_many(&as_key, 5, &verdict), 0);   /* the same rate, the same bucket */
    assert_string_equal(before.standings[0].name, "gold"); /* whose answer is being written */
    assert_int_equal(limits.adaptive.limit, 100);
    assert_int_equal(limits.classes[PGL_CLASS_ORDER].most, 35);
}

/* Nobody has a name, and yet they are not one. */
static void strangers_do_not_share_their_streams(void **unused)
{
    static struct edge_verdict verdicts[3][12];
    static const char *const addresses[3] = { "192.0.2.1", "192.0.2.2", "192.0.2.3" };
    Caller nobody = CALLER_INIT;
    (void)unused;
    options.rates = "anonymous=1000/s:1000";
    open_limits();
    for (int i = 0; i < 3; i++) {
        struct edge_admission what = {
            .address = addresses[i], .rule = &anyone, .class = PGL_CLASS_STREAM, .caller = &nobody
        };
        for (int tried = 0; tried < 12; tried++)
            assert_int_equal(pgl_is_ok(edge_admit(&limits, &what, moment, &verdicts[i][tried])),
                             tried < 10);
    }
    for (int i = 0; i < 3; i++)
        for (int tried = 0; tried < 12; tried++)
            edge_finish(&limits, &verdicts[i][tried], false, moment.now_ns);
    assert_int_equal(limits.streams_of_user.inside.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_policy_has_its_burst_and_its_rate),
        TEST(who_is_refused_by_one_is_not_charged_by_another),
        TEST(callers_do_not_share),
        TEST(a_key_is_held_to_its_plan),
        TEST(a_quota_outlives_a_start),
        TEST(wrong_credentials_wait_longer_and_longer),
        TEST(none_is_no_wrong_credential),
        TEST(what_is_spared_has_no_standing),
        TEST(a_slow_kind_takes_nobody_elses_place),
        TEST(the_less_important_is_refused_first),
        TEST(slow_answers_lower_the_limit),
        TEST(streams_are_counted_by_address_and_by_user),
        TEST(strangers_do_not_share_their_streams),
        TEST(fields_say_how_it_stands),
        TEST(options_are_read_strictly),
        TEST(other_rules_hold_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
