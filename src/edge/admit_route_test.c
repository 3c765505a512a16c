/*
 * admit_route_test.c - what holds for one route: its places among those of its kind, and a rate of
 * its own.
 * Method: as in admit_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "edge/admit_bench.h"

static const struct pgl_rule list = { PGL_ROLE_CUSTOMER | PGL_ROLE_PARTNER, "orders:read" },
                             get = { PGL_ROLE_CUSTOMER | PGL_ROLE_PARTNER, "orders:read" },
                             products = { PGL_RULE_ANYONE, NULL };
static const struct pgl_rule *route_named(struct pgl_text name)
{
    if (pgl_text_is(name, "GET /orders"))
        return &list;
    if (pgl_text_is(name, "GET /orders/{id}"))
        return &get;
    return pgl_text_is(name, "shop.Catalog/List") ? &products : NULL;
}

/* How many of these go in, one behind the other's end. */
static int ask_many(const struct pgl_rule *rule, const Caller *caller, int tries,
                    struct edge_verdict *verdict)
{
    const struct edge_admission what = {
        .address = "192.0.2.1", .rule = rule, .class = PGL_CLASS_READ, .caller = caller
    };
    int count = 0;
    for (int i = 0; i < tries; i++) {
        *verdict = (struct edge_verdict){ 0 };
        count += pgl_is_ok(edge_admit(&limits, &what, moment, verdict));
        edge_finish(&limits, verdict, false, moment.now_ns);
    }
    return count;
}

static int fill(const struct pgl_rule *rule, struct edge_verdict *verdicts)
{
    Caller ann = caller_named("ann", ROLE_CUSTOMER);
    const struct edge_admission what = {
        .address = "192.0.2.1", .rule = rule, .class = PGL_CLASS_READ, .caller = &ann
    };
    int count = 0;
    while (pgl_is_ok(edge_admit(&limits, &what, moment, &verdicts[count])))
        count++;
    return count;
}

static void one_route_leaves_places_to_the_others(void **unused)
{
    static struct edge_verdict verdicts[2][300];
    (void)unused;
    options.rates = "off";
    options.concurrency_most = 1000; /* 250 of them for reads */
    open_limits();
    int first = fill(&list, verdicts[0]);
    assert_int_equal(first, 225);
    assert_int_equal(verdicts[0][first].refused_by, EDGE_POLICY_ROUTE_PLACES);
    int second = fill(&get, verdicts[1]);
    assert_int_equal(second, 250 - 225);
    assert_int_equal(verdicts[1][second].refused_by, EDGE_POLICY_CLASS);
    for (int i = 0; i < first; i++)
        edge_finish(&limits, &verdicts[0][i], false, moment.now_ns);
    for (int i = 0; i < second; i++)
        edge_finish(&limits, &verdicts[1][i], false, moment.now_ns);
    assert_int_equal(limits.routes[PGL_CLASS_READ].inside.count, 0);
    assert_int_equal(limits.classes[PGL_CLASS_READ].inside, 0);
    assert_int_equal(fill(&list, verdicts[0]), 225);
}

static void a_route_has_a_rate_of_its_own(void **unused)
{
    struct edge_verdict verdict;
    Caller ann = caller_named("ann", ROLE_CUSTOMER), bob = caller_named("bob", ROLE_CUSTOMER);
    (void)unused;
    options.rates = "user=1/h:20,anonymous=1/h:9";
    options.route_named = route_named;
    options.route_rates = "GET /orders=1/h:3, shop.Catalog/List=1/h:2";
    open_limits();
    assert_int_equal(ask_many(&list, &ann, 5, &verdict), 3);
    assert_int_equal(verdict.refused_by, EDGE_POLICY_ROUTE);
    assert_int_equal(verdict.standing_count, 2);
    assert_string_equal(verdict.standings[1].name, "route");
    assert_int_equal(verdict.standings[0].left, 17); /* not charged for what was refused */
    assert_int_equal(ask_many(&get, &ann, 30, &verdict), 17);
    assert_int_equal(verdict.refused_by, EDGE_POLICY_USER);
    assert_int_equal(ask_many(&list, &bob, 5, &verdict), 3);
    assert_int_equal(ask_many(&products, NULL, 5, &verdict), 2); /* of the address */
    assert_int_equal(verdict.refused_by, EDGE_POLICY_ROUTE);
}

static void a_partners_key_has_it_too(void **unused)
{
    struct edge_verdict verdict;
    Caller key = caller_named("till", ROLE_CUSTOMER);
    (void)unused;
    come_by_key(&key, "k1", "default");
    options.plans = "default=1/h:9:100:1000";
    options.route_named = route_named;
    options.route_rates = "GET /orders=1/h:3";
    open_limits();
    assert_int_equal(ask_many(&list, &key, 5, &verdict), 3);
    assert_int_equal(verdict.standing_count, 4);
    assert_int_equal(verdict.refused_by, EDGE_POLICY_ROUTE);
    assert_int_equal(ask_many(&get, &key, 9, &verdict), 6);
}

static void what_is_no_route_is_refused(void **unused)
{
    static const struct {
        const char *rates;
        bool is_fine;
    } rows[] = {
        { "", true },
        { "GET /orders=1/s:1", true },
        { "GET /orders/{id}=1/min:2,shop.Catalog/List=5/s:5", true },
        { "GET /nothing=1/s:1", false },
        { "GET /orders", false },
        { "GET /orders=1/s", false },
        { "GET /orders=1/s:1:1", false },
        { "=1/s:1", false },
    };
    struct edge_rules rules;
    (void)unused;
    options.route_named = route_named;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        options.route_rates = rows[i].rates;
        assert_int_equal(pgl_is_ok(edge_rules_read(&options, &rules)), rows[i].is_fine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_route_leaves_places_to_the_others),
        TEST(a_route_has_a_rate_of_its_own),
        TEST(a_partners_key_has_it_too),
        TEST(what_is_no_route_is_refused),
    };
    return cmocka_run_group_tests_name("edge/admit_route", tests, NULL, NULL);
}
