/*
 * jwt_test.c - tokens that must be taken, to the very edge of what is allowed, and what is read
 * from them. Method: tokens put together by hand and signed with keys made at run time, a clock
 * that stands still; our own signer there and back. What must be refused is in jwt_refuse_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/jwt_forge.h"

/* clang-format off */
static const struct {
    enum signer signer;
    const char *header, *payload;
    const char *tenant;
    uint32_t roles;
} taken[] = {
    { BY_EDDSA, "{'alg':'EdDSA','kid':'ed'}", GOOD, "default", PGL_ROLE_CUSTOMER },
    { BY_EDDSA, "{'alg':'Ed25519','kid':'ed'}", GOOD, "default", PGL_ROLE_CUSTOMER },
    { BY_RS256, "{'alg':'RS256','kid':'rs'}", GOOD, "default", PGL_ROLE_CUSTOMER },
    { BY_PS256, "{'alg':'PS256','kid':'ps'}", GOOD, "default", PGL_ROLE_CUSTOMER },
    { BY_ES256, "{'alg':'ES256','kid':'es'}", GOOD, "default", PGL_ROLE_CUSTOMER },
    { BY_ES256, "{'alg':'ES256','kid':'es','typ':'JWT'}", GOOD, "default", PGL_ROLE_CUSTOMER },
    { BY_ES256, "{'alg':'ES256','kid':'es','typ':'jwt'}", GOOD, "default", PGL_ROLE_CUSTOMER },
    { BY_ES256, "{'alg':'ES256','kid':'es','typ':'at+jwt'}", GOOD, "default", PGL_ROLE_CUSTOMER },
    { BY_ES256, "{'alg':'ES256','kid':'es','typ':'application/at+jwt'}", GOOD, "default", PGL_ROLE_CUSTOMER },
    { BY_ES256, " { 'kid' : 'es' , 'alg' : 'ES256' } ", GOOD, "default", PGL_ROLE_CUSTOMER },
    /* pointers at keys are not followed, so they do no harm either */
    { BY_ES256, "{'alg':'ES256','kid':'es','jku':'http://169.254.169.254/','x5u':7,'x5c':[],'jwk':{}}",
      GOOD, "default", PGL_ROLE_CUSTOMER },
    /* the edges of time: now is 1800000000, the leeway 60 s */
    { BY_ES256, NULL, ISS "," AUD "," SUB ",'iat':1799999000,'exp':1799999941", "default", PGL_ROLE_CUSTOMER },
    { BY_ES256, NULL, ISS "," AUD "," SUB ",'iat':1800000060,'exp':1800000061", "default", PGL_ROLE_CUSTOMER },
    { BY_ES256, NULL, ISS "," AUD "," SUB ",'iat':1800000000,'exp':1800086400", "default", PGL_ROLE_CUSTOMER },
    { BY_ES256, NULL, GOOD ",'nbf':1800000060", "default", PGL_ROLE_CUSTOMER },
    { BY_ES256, NULL, GOOD ",'nbf':0", "default", PGL_ROLE_CUSTOMER },
    /* audiences */
    { BY_ES256, NULL, ISS ",'aud':['panglot']," SUB "," TIMES, "default", PGL_ROLE_CUSTOMER },
    { BY_ES256, NULL, ISS ",'aud':['other','panglot']," SUB "," TIMES, "default", PGL_ROLE_CUSTOMER },
    /* tenants and roles */
    { BY_ES256, NULL, GOOD ",'tenant':'acme-7.eu_1'", "acme-7.eu_1", PGL_ROLE_CUSTOMER },
    { BY_ES256, NULL, GOOD ",'roles':['warehouse']", "default", PGL_ROLE_WAREHOUSE },
    { BY_ES256, NULL, GOOD ",'roles':['operator','customer','operator']", "default",
      PGL_ROLE_OPERATOR | PGL_ROLE_CUSTOMER },
    { BY_ES256, NULL, GOOD ",'roles':['admin','Operator','root']", "default", 0 },
    { BY_ES256, NULL, GOOD ",'roles':[]", "default", 0 },
    /* claims of others are passed over */
    { BY_ES256, NULL, GOOD ",'email':'a@b.test','cnf':{'x':[1,2.5,null,true]},'\\u00e9':'\\ud83d\\ude00'",
      "default", PGL_ROLE_CUSTOMER },
};
/* clang-format on */

static void right_tokens_are_taken_and_read(void **state)
{
    const struct forge *forge = *state;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        char header_room[256], payload_room[512];
        struct pgl_text header = forge_header(taken[i].signer);
        if (taken[i].header != NULL)
            header = forge_json("", taken[i].header, "", header_room, sizeof header_room);
        struct pgl_text payload =
            forge_json("{", taken[i].payload, "}", payload_room, sizeof payload_room);
        struct forged token;
        struct pgl_jwt_claims claims;
        forge_token(forge, taken[i].signer, header, payload, &token);
        pgl_status status = forge_verify(forge, &token, &claims);
        if (!pgl_is_ok(status))
            print_error("row %zu: %s\n", i, status.text);
        assert_true(pgl_is_ok(status));
        assert_string_equal(claims.subject, "alice");
        assert_string_equal(claims.tenant, taken[i].tenant);
        assert_int_equal(claims.roles, taken[i].roles);
    }
}

static void instants_are_read_in_ns(void **state)
{
    const struct forge *forge = *state;
    struct forged token;
    struct pgl_jwt_claims claims;
    forge_token(forge, BY_ES256, forge_header(BY_ES256), PGL_TEXT("{" GOOD "}"), &token);
    assert_true(pgl_is_ok(forge_verify(forge, &token, &claims)));
    assert_true(claims.issued_at_ns == PGL_SECONDS(1799999000));
    assert_true(claims.expires_at_ns == PGL_SECONDS(1800002600));
}

/* The last nanosecond of a token, and the one after it. */
static void a_token_ends_on_the_nanosecond(void **state)
{
    const struct forge *forge = *state;
    struct forged token;
    struct pgl_jwt_claims claims;
    forge_token(forge, BY_ES256, forge_header(BY_ES256), PGL_TEXT("{" GOOD "}"), &token);
    int64_t end_ns = PGL_SECONDS(1800002600) + forge->policy.leeway_ns;
    assert_true(pgl_is_ok(
        pgl_jwt_verify(&forge->keys, &forge->policy, forged_text(&token), end_ns - 1, &claims)));
    assert_int_equal(
        pgl_jwt_verify(&forge->keys, &forge->policy, forged_text(&token), end_ns, &claims).code,
        PGL_UNAUTHENTICATED);
    assert_string_equal(claims.subject, ""); /* nothing is left of the one before */
}

/* A subject of 128, a tenant of 64 and a kid of 64 are the longest. */
static void the_longest_names_fit(void **state)
{
    const struct forge *forge = *state;
    struct pgl_key key = forge->by[BY_ES256];
    struct pgl_key_set keys;
    struct pgl_jwt_claims asked = { .roles = PGL_ROLE_WAREHOUSE,
                                    .issued_at_ns = FORGE_NOW_NS,
                                    .expires_at_ns = FORGE_NOW_NS + PGL_HOURS(1) };
    struct pgl_jwt_claims read;
    memset(asked.subject, '~', PGL_JWT_SUBJECT_BYTES_MAX);
    memset(asked.tenant, 'Z', PGL_JWT_TENANT_BYTES_MAX);
    memset(key.kid, '_', PGL_KID_BYTES_MAX);
    pgl_key_set_init(&keys);
    assert_true(pgl_is_ok(pgl_key_set_add(&keys, &key)));

    struct pgl_buffer token;
    pgl_buffer_init(&token, PGL_JWT_BYTES_MAX);
    assert_true(pgl_is_ok(pgl_jwt_sign(&key, &forge->policy, &asked, &token)));
    assert_true(pgl_is_ok(
        pgl_jwt_verify(&keys, &forge->policy, pgl_buffer_text(&token), FORGE_NOW_NS, &read)));
    assert_memory_equal(&read, &asked, sizeof read);
    pgl_buffer_free(&token);
    pgl_key_set_free(&keys);
}

static void a_token_of_4096_bytes_is_taken_and_not_one_more(void **state)
{
    const struct forge *forge = *state;
    struct pgl_jwt_claims claims;
    bool was_at_limit = false, was_beyond = false;
    for (int pad = 2800; pad < 3100; pad++) {
        char payload[4096];
        int size = snprintf(payload, sizeof payload, "{%s,\"pad\":\"%0*d\"}", GOOD, pad, 0);
        struct forged token;
        forge_token(forge, BY_ES256, forge_header(BY_ES256),
                    (struct pgl_text){ payload, (size_t)size }, &token);
        if (token.size < PGL_JWT_BYTES_MAX - 1 || token.size > PGL_JWT_BYTES_MAX + 2)
            continue;
        bool fits = token.size <= PGL_JWT_BYTES_MAX;
        assert_int_equal(pgl_is_ok(forge_verify(forge, &token, &claims)), fits);
        was_at_limit = was_at_limit || fits;
        was_beyond = was_beyond || !fits;
    }
    assert_true(was_at_limit && was_beyond);
}

static void the_policy_may_be_stricter_than_a_day_but_not_looser(void **state)
{
    const struct forge *forge = *state;
    struct pgl_jwt_claims claims;
    struct forged hour, two_days;
    forge_token(forge, BY_ES256, forge_header(BY_ES256), PGL_TEXT("{" GOOD "}"), &hour);
    forge_token(forge, BY_ES256, forge_header(BY_ES256),
                PGL_TEXT("{" ISS "," AUD "," SUB ",\"iat\":1800000000,\"exp\":1800172800}"),
                &two_days);
    struct pgl_jwt_policy policy = forge->policy;
    policy.lifetime_max_ns = PGL_HOURS(1);
    assert_true(pgl_is_ok(
        pgl_jwt_verify(&forge->keys, &policy, forged_text(&hour), FORGE_NOW_NS, &claims)));
    policy.lifetime_max_ns = PGL_HOURS(1) - 1;
    assert_false(pgl_is_ok(
        pgl_jwt_verify(&forge->keys, &policy, forged_text(&hour), FORGE_NOW_NS, &claims)));
    policy.lifetime_max_ns = PGL_HOURS(100);
    assert_false(pgl_is_ok(
        pgl_jwt_verify(&forge->keys, &policy, forged_text(&two_days), FORGE_NOW_NS, &claims)));
}

static void our_own_signer_refuses_what_the_reader_would(void **state)
{
    const struct forge *forge = *state;
    static const struct pgl_jwt_claims good = { .subject = "alice",
                                                .tenant = "default",
                                                .issued_at_ns = FORGE_NOW_NS,
                                                .expires_at_ns = FORGE_NOW_NS + PGL_HOURS(1) };
    struct pgl_jwt_claims claims[7] = { good, good, good, good, good, good, good };
    claims[0].subject[0] = '\0';
    claims[1].subject[0] = '\n';
    claims[2].tenant[0] = '\0';
    claims[3].tenant[0] = '/';
    claims[4].expires_at_ns = FORGE_NOW_NS;
    claims[5].expires_at_ns = FORGE_NOW_NS + PGL_HOURS(24) + 1;
    claims[6].issued_at_ns = -1;
    struct pgl_buffer token;
    pgl_buffer_init(&token, PGL_JWT_BYTES_MAX);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(
            pgl_jwt_sign(&forge->by[BY_ES256], &forge->policy, &claims[i], &token).code,
            PGL_INVALID);
    assert_int_equal(pgl_jwt_sign(&forge->by[BY_RS256], &forge->policy, &good, &token).code,
                     PGL_INVALID);

    char long_name[PGL_JWT_BYTES_MAX];
    memset(long_name, 'a', sizeof long_name);
    struct pgl_jwt_policy policy = forge->policy;
    policy.issuer = (struct pgl_text){ long_name, 2900 };
    assert_int_equal(pgl_jwt_sign(&forge->by[BY_ES256], &policy, &good, &token).code,
                     PGL_TOO_LARGE);
    policy.issuer = (struct pgl_text){ long_name, sizeof long_name };
    assert_int_equal(pgl_jwt_sign(&forge->by[BY_ES256], &policy, &good, &token).code,
                     PGL_TOO_LARGE);
    policy.issuer = PGL_TEXT("\xff");
    assert_int_equal(pgl_jwt_sign(&forge->by[BY_ES256], &policy, &good, &token).code, PGL_INVALID);
    assert_int_equal(token.size, 0);

    struct pgl_buffer narrow;
    pgl_buffer_init(&narrow, 100);
    assert_int_equal(pgl_jwt_sign(&forge->by[BY_ES256], &forge->policy, &good, &narrow).code,
                     PGL_EXHAUSTED);
    pgl_buffer_free(&narrow);
    pgl_buffer_free(&token);
}

/* ---- several issuers, and what they call things ---- */

/* Two issuers with keys of one name: whose signature it is decides. */
static void of_several_issuers_the_signer_is_asked(void **state)
{
    const struct forge *forge = *state;
    struct pgl_key_set others;
    struct pgl_key other = forge->stranger;
    struct forged ours, theirs;
    struct pgl_jwt_claims claims;
    struct pgl_jwt_doubt doubt;
    memcpy(other.kid, "es", sizeof "es");
    pgl_key_set_init(&others);
    assert_true(pgl_is_ok(pgl_key_set_add(&others, &other)));
    struct pgl_jwt_issuer issuers[3] = { { forge->policy, NULL },
                                         { forge->policy, &forge->keys },
                                         { forge->policy, &others } };
    issuers[2].policy.issuer = PGL_TEXT("https://other.test");
    const struct pgl_text payload =
        PGL_TEXT("{\"iss\":\"https://other.test\"," AUD "," SUB "," TIMES "}");
    forge_token(forge, BY_ES256, forge_header(BY_ES256), PGL_TEXT("{" GOOD "}"), &ours);
    forge_token(forge, BY_STRANGER, forge_header(BY_ES256), payload, &theirs);
    for (int count = 1; count <= 3; count++) {
        bool is_ours = pgl_is_ok(
            pgl_jwt_verify_any(issuers, count, forged_text(&ours), FORGE_NOW_NS, &claims, &doubt));
        assert_int_equal(is_ours, count > 1);
        assert_int_equal(doubt.is_key_unknown, count == 1);
        bool is_theirs = pgl_is_ok(pgl_jwt_verify_any(issuers, count, forged_text(&theirs),
                                                      FORGE_NOW_NS, &claims, &doubt));
        assert_int_equal(is_theirs, count > 2);
    }
    /* Their key signs, and says that it is us. */
    forge_token(forge, BY_STRANGER, forge_header(BY_ES256), PGL_TEXT("{" GOOD "}"), &theirs);
    assert_false(pgl_is_ok(
        pgl_jwt_verify_any(issuers, 3, forged_text(&theirs), FORGE_NOW_NS, &claims, &doubt)));
    assert_false(doubt.is_key_unknown);
    pgl_key_set_free(&others);
}

static void a_doubt_names_only_whom_a_signature_shows(void **state)
{
    const struct forge *forge = *state;
    const struct pgl_jwt_issuer issuer = { forge->policy, &forge->keys };
    struct forged old, wrong, unknown;
    struct pgl_jwt_claims claims;
    struct pgl_jwt_doubt doubt;
    const struct pgl_text past =
        PGL_TEXT("{" ISS "," AUD "," SUB ",\"iat\":1700000000,\"exp\":1700000060}");
    forge_token(forge, BY_ES256, forge_header(BY_ES256), past, &old);
    forge_token(forge, BY_STRANGER, forge_header(BY_ES256), past, &wrong);
    forge_token(forge, BY_STRANGER, PGL_TEXT("{\"alg\":\"ES256\",\"kid\":\"new\"}"), past,
                &unknown);
    const struct {
        const struct forged *token;
        const char *subject;
        bool is_key_unknown;
    } cases[] = { { &old, "alice", false }, { &wrong, "", false }, { &unknown, "", true } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(pgl_jwt_verify_any(&issuer, 1, forged_text(cases[i].token), FORGE_NOW_NS,
                                            &claims, &doubt)
                             .code,
                         PGL_UNAUTHENTICATED);
        assert_string_equal(doubt.subject, cases[i].subject);
        assert_int_equal(doubt.is_key_unknown, cases[i].is_key_unknown);
        assert_string_equal(claims.subject, "");
    }
}

/* clang-format off */
static const struct {
    const char *roles_claim, *tenant_claim, *payload;
    const char *tenant; /* NULL: it is refused */
    uint32_t roles;
} named[] = {
    { "realm_access.roles", "", GOOD ",'realm_access':{'roles':['operator','x']}", "default", PGL_ROLE_OPERATOR },
    { "realm_access.roles", "", GOOD ",'roles':['operator']", "default", PGL_ROLE_CUSTOMER },
    { "realm_access.roles", "", GOOD ",'realm_access':7", "default", PGL_ROLE_CUSTOMER },
    { "realm_access.roles", "", GOOD ",'realm_access':{'roles':'operator'}", NULL, 0 },
    { "https://shop.test/roles", "", GOOD ",'https://shop.test/roles':['support']", "default", PGL_ROLE_SUPPORT },
    { "a.b.c", "", GOOD ",'a':{'b':{'c':['partner']}}", "default", PGL_ROLE_PARTNER },
    { "a.b.c", "", GOOD ",'a':{'b':['partner']}", "default", PGL_ROLE_CUSTOMER },
    { "", "org", GOOD ",'org':'acme','tenant':'other'", "acme", PGL_ROLE_CUSTOMER },
    { "", "org", GOOD ",'tenant':'other'", "default", PGL_ROLE_CUSTOMER },
    { "", "org.id", GOOD ",'org':{'id':'acme'}", "acme", PGL_ROLE_CUSTOMER },
    { "", "org", GOOD ",'org':['acme']", NULL, 0 },
    { "", "=acme", GOOD ",'tenant':'other'", "acme", PGL_ROLE_CUSTOMER },
    { "", "=", GOOD, NULL, 0 },
};
/* clang-format on */

static void claims_may_have_other_names(void **state)
{
    const struct forge *forge = *state;
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        char room[512];
        struct forged token;
        struct pgl_jwt_claims claims;
        struct pgl_jwt_policy policy = forge->policy;
        policy.roles_claim = pgl_text_of(named[i].roles_claim);
        policy.tenant_claim = pgl_text_of(named[i].tenant_claim);
        struct pgl_text payload = forge_json("{", named[i].payload, "}", room, sizeof room);
        forge_token(forge, BY_ES256, forge_header(BY_ES256), payload, &token);
        pgl_status status =
            pgl_jwt_verify(&forge->keys, &policy, forged_text(&token), FORGE_NOW_NS, &claims);
        if (pgl_is_ok(status) != (named[i].tenant != NULL))
            print_error("row %zu: %s\n", i, status.text);
        assert_int_equal(pgl_is_ok(status), named[i].tenant != NULL);
        if (named[i].tenant == NULL)
            continue;
        assert_string_equal(claims.tenant, named[i].tenant);
        assert_int_equal(claims.roles, named[i].roles);
    }
}

static void roles_have_names(void **unused)
{
    (void)unused;
    for (uint32_t role = 1; role <= PGL_ROLE_ALL; role *= 2)
        assert_int_equal(
            pgl_jwt_role_named(pgl_text_of(pgl_jwt_role_name((enum pgl_jwt_role)role))), role);
    assert_int_equal(pgl_jwt_role_named(PGL_TEXT("root")), 0);
}

static int open_forge(void **state)
{
    static struct forge forge;
    forge_open(&forge);
    *state = &forge;
    return 0;
}

static int close_forge(void **state)
{
    forge_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_tokens_are_taken_and_read),
        cmocka_unit_test(instants_are_read_in_ns),
        cmocka_unit_test(a_token_ends_on_the_nanosecond),
        cmocka_unit_test(the_longest_names_fit),
        cmocka_unit_test(a_token_of_4096_bytes_is_taken_and_not_one_more),
        cmocka_unit_test(the_policy_may_be_stricter_than_a_day_but_not_looser),
        cmocka_unit_test(our_own_signer_refuses_what_the_reader_would),
        cmocka_unit_test(of_several_issuers_the_signer_is_asked),
        cmocka_unit_test(a_doubt_names_only_whom_a_signature_shows),
        cmocka_unit_test(claims_may_have_other_names),
        cmocka_unit_test(roles_have_names),
    };
    return cmocka_run_group_tests_name("jwt", tests, open_forge, close_forge);
}
