/*
 * issuers_test.c - lists of options become issuers: one entry for all, or one for each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "edge/issuers.h"

static void each_has_its_own_or_all_have_one(void **unused)
{
    (void)unused;
    struct edge_issuers_options options = EDGE_ISSUERS_OPTIONS_DEFAULT;
    struct edge_issuers issuers;
    assert_true(pgl_is_ok(edge_issuers_read(&options, &issuers)));
    assert_int_equal(issuers.count, 0);
    options.issuers = "https://a.test,https://b.test/realms/x";
    options.audiences = "shop";
    options.jwks = ",https://b.test/keys";
    options.roles_claims = "roles,realm_access.roles";
    options.tenant_claims = "=acme,org";
    assert_true(pgl_is_ok(edge_issuers_read(&options, &issuers)));
    assert_int_equal(issuers.count, 2);
    assert_true(pgl_text_is(issuers.policies[1].issuer, "https://b.test/realms/x"));
    assert_true(pgl_text_is(issuers.policies[0].audience, "shop"));
    assert_true(pgl_text_is(issuers.policies[1].audience, "shop"));
    assert_int_equal(issuers.jwks[0].size, 0);
    assert_true(pgl_text_is(issuers.jwks[1], "https://b.test/keys"));
    assert_true(pgl_text_is(issuers.policies[1].roles_claim, "realm_access.roles"));
    assert_true(pgl_text_is(issuers.policies[0].tenant_claim, "=acme"));
    assert_true(issuers.policies[0].lifetime_max_ns == PGL_HOURS(1));
}

static void wrong_lists_are_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *issuers, *audiences, *jwks, *roles;
        bool loopback_too, is_right;
    } cases[] = {
        { "https://a.test", "a", "", "", false, true },
        { "https://a.test", "", "", "", false, false },
        { "http://a.test", "a", "", "", false, false },
        { "http://127.0.0.1:9", "a", "", "", true, true },
        { "a.test", "a", "", "", false, false },
        { "https://a.test,", "a", "", "", false, false },
        { "https://a.test,https://b.test", "a,b,c", "", "", false, false },
        { "https://a.test,https://b.test,https://c.test", "a,b", "", "", false, false },
        { "https://a.test", "a", "http://a.test/keys", "", false, false },
        { "https://a.test", "a", "", "x,y", false, false },
        { "https://1,https://2,https://3,https://4,https://5,https://6,https://7,https://8", "a",
          "", "", false, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct edge_issuers_options options = EDGE_ISSUERS_OPTIONS_DEFAULT;
        struct edge_issuers issuers;
        options.issuers = cases[i].issuers;
        options.audiences = cases[i].audiences;
        options.jwks = cases[i].jwks;
        options.roles_claims = cases[i].roles;
        options.loopback_too = cases[i].loopback_too;
        pgl_status status = edge_issuers_read(&options, &issuers);
        if (pgl_is_ok(status) != cases[i].is_right)
            print_error("row %zu: %s\n", i, status.text);
        assert_int_equal(pgl_is_ok(status), cases[i].is_right);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_own_or_all_have_one),
        cmocka_unit_test(wrong_lists_are_refused),
    };
    return cmocka_run_group_tests_name("issuers", tests, NULL, NULL);
}
