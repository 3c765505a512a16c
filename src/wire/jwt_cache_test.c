/*
 * jwt_cache_test.c - a hit must never say more than a fresh look would.
 * Method: the counts tell hits from misses; time, key sets and room are moved one at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/jwt_cache.h"
#include "wire/jwt_forge.h"

static struct forge forge;

/* True for a hit. The answer must be `code`. */
static bool is_hit(struct pgl_jwt_cache *cache, const struct pgl_key_set *keys,
                   const struct forged *token, int64_t now_ns, enum pgl_code code)
{
    struct pgl_jwt_claims claims;
    struct pgl_jwt_cache_counts before = pgl_jwt_cache_counts(cache);
    const struct pgl_jwt_issuer issuer = { forge.policy, keys };
    struct pgl_jwt_doubt doubt;
    pgl_status status =
        pgl_jwt_cache_verify(cache, &issuer, 1, forged_text(token), now_ns, &claims, &doubt);
    assert_int_equal(status.code, code);
    assert_string_equal(claims.subject, code == PGL_CODE_OK ? "alice" : "");
    struct pgl_jwt_cache_counts after = pgl_jwt_cache_counts(cache);
    assert_int_equal(after.hit_count + after.miss_count, before.hit_count + before.miss_count + 1);
    return after.hit_count > before.hit_count;
}

/* `number` makes tokens of one content different. */
static void forge_right(struct forged *token, int number, int64_t lifetime_s)
{
    char payload[256];
    int size = snprintf(payload, sizeof payload,
                        "{" ISS "," AUD "," SUB ",\"iat\":1800000000,\"exp\":%lld,\"jti\":%d}",
                        (long long)(1800000000 + lifetime_s), number);
    forge_token(&forge, BY_ES256, forge_header(BY_ES256),
                (struct pgl_text){ payload, (size_t)size }, token);
}

static void an_answer_lasts_a_minute(void **unused)
{
    (void)unused;
    struct pgl_jwt_cache *cache = pgl_jwt_cache_open(64);
    struct forged token;
    forge_right(&token, 0, 3600);
    assert_false(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS, PGL_CODE_OK));
    assert_true(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS, PGL_CODE_OK));
    assert_true(
        is_hit(cache, &forge.keys, &token, FORGE_NOW_NS + PGL_JWT_CACHE_NS - 1, PGL_CODE_OK));
    assert_false(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS + PGL_JWT_CACHE_NS, PGL_CODE_OK));
    assert_true(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS + PGL_JWT_CACHE_NS, PGL_CODE_OK));
    pgl_jwt_cache_close(cache);
}

/* In the leeway a token is still good, but it is looked at each time. */
static void an_answer_does_not_outlive_its_token(void **unused)
{
    (void)unused;
    struct pgl_jwt_cache *cache = pgl_jwt_cache_open(64);
    struct forged token;
    int64_t end_ns = FORGE_NOW_NS + PGL_SECONDS(10);
    forge_right(&token, 0, 10);
    assert_false(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS, PGL_CODE_OK));
    assert_true(is_hit(cache, &forge.keys, &token, end_ns - 1, PGL_CODE_OK));
    assert_false(is_hit(cache, &forge.keys, &token, end_ns, PGL_CODE_OK));
    assert_false(is_hit(cache, &forge.keys, &token, end_ns + 1, PGL_CODE_OK));
    assert_false(is_hit(cache, &forge.keys, &token, end_ns + PGL_SECONDS(60), PGL_UNAUTHENTICATED));
    pgl_jwt_cache_close(cache);
}

static void a_withdrawn_key_takes_its_answers_along(void **unused)
{
    (void)unused;
    struct pgl_jwt_cache *cache = pgl_jwt_cache_open(64);
    struct pgl_key_set others;
    struct forged token;
    forge_right(&token, 0, 3600);
    pgl_key_set_init(&others);
    assert_true(pgl_is_ok(pgl_key_set_add(&others, &forge.stranger)));
    assert_false(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS, PGL_CODE_OK));
    assert_false(is_hit(cache, &others, &token, FORGE_NOW_NS, PGL_UNAUTHENTICATED));
    assert_false(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS, PGL_CODE_OK));
    assert_true(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS, PGL_CODE_OK));
    pgl_jwt_cache_clear(cache);
    assert_false(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS, PGL_CODE_OK));
    pgl_key_set_free(&others);
    pgl_jwt_cache_close(cache);
}

/* The token of a hit, changed in any one character, is not a hit. */
static void only_the_very_same_token_is_found(void **unused)
{
    (void)unused;
    struct pgl_jwt_cache *cache = pgl_jwt_cache_open(64);
    struct forged token;
    forge_right(&token, 0, 3600);
    assert_false(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS, PGL_CODE_OK));
    for (size_t i = 0; i < token.size; i++) {
        char right = token.text[i];
        token.text[i] = right == 'A' ? 'B' : 'A';
        assert_false(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS, PGL_UNAUTHENTICATED));
        token.text[i] = right;
    }
    assert_true(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS, PGL_CODE_OK));
    pgl_jwt_cache_close(cache);
}

/* The smallest cache is one set: those that end later stay, wrong tokens take no place. */
static void a_full_cache_drops_what_ends_first(void **unused)
{
    enum { PLACES = 8, ENDS_FIRST = 5 };
    (void)unused;
    struct pgl_jwt_cache *cache = pgl_jwt_cache_open(0);
    struct forged tokens[PLACES + 1], wrong;
    for (int i = 0; i < PLACES; i++) {
        forge_right(&tokens[i], i, i == ENDS_FIRST ? 20 : 50 - i);
        assert_false(is_hit(cache, &forge.keys, &tokens[i], FORGE_NOW_NS, PGL_CODE_OK));
    }
    forge_token(&forge, BY_STRANGER, forge_header(BY_ES256), PGL_TEXT("{" GOOD "}"), &wrong);
    for (int round = 0; round < 3; round++)
        assert_false(is_hit(cache, &forge.keys, &wrong, FORGE_NOW_NS, PGL_UNAUTHENTICATED));
    for (int i = 0; i < PLACES; i++)
        assert_true(is_hit(cache, &forge.keys, &tokens[i], FORGE_NOW_NS, PGL_CODE_OK));

    forge_right(&tokens[PLACES], PLACES, 3600);
    assert_false(is_hit(cache, &forge.keys, &tokens[PLACES], FORGE_NOW_NS, PGL_CODE_OK));
    for (int i = 0; i <= PLACES; i++)
        if (i != ENDS_FIRST)
            assert_true(is_hit(cache, &forge.keys, &tokens[i], FORGE_NOW_NS, PGL_CODE_OK));
    assert_false(is_hit(cache, &forge.keys, &tokens[ENDS_FIRST], FORGE_NOW_NS, PGL_CODE_OK));
    pgl_jwt_cache_close(cache);
}

/* A look that finds nothing changes nothing. */
static void only_what_was_verified_is_found(void **unused)
{
    (void)unused;
    struct pgl_jwt_cache *cache = pgl_jwt_cache_open(64);
    const struct pgl_jwt_issuer issuer = { forge.policy, &forge.keys };
    struct pgl_jwt_claims claims;
    struct forged token;
    forge_right(&token, 0, 3600);
    struct pgl_text text = forged_text(&token);
    for (int round = 0; round < 2; round++)
        assert_int_equal(pgl_jwt_cache_find(cache, &issuer, 1, text, FORGE_NOW_NS, &claims).code,
                         PGL_NOT_FOUND);
    assert_false(is_hit(cache, &forge.keys, &token, FORGE_NOW_NS, PGL_CODE_OK));
    assert_true(pgl_is_ok(pgl_jwt_cache_find(cache, &issuer, 1, text, FORGE_NOW_NS, &claims)));
    assert_string_equal(claims.subject, "alice");
    pgl_jwt_cache_close(cache);
}

static void what_is_too_long_is_not_even_hashed(void **unused)
{
    (void)unused;
    static struct forged huge;
    struct pgl_jwt_cache *cache = pgl_jwt_cache_open(64);
    memset(huge.text, 'A', sizeof huge.text);
    huge.size = sizeof huge.text;
    assert_false(is_hit(cache, &forge.keys, &huge, FORGE_NOW_NS, PGL_UNAUTHENTICATED));
    huge.size = 0;
    assert_false(is_hit(cache, &forge.keys, &huge, FORGE_NOW_NS, PGL_UNAUTHENTICATED));
    pgl_jwt_cache_close(cache);
}

static int open_forge(void **unused)
{
    (void)unused;
    forge_open(&forge);
    return 0;
}

static int close_forge(void **unused)
{
    (void)unused;
    forge_close(&forge);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_lasts_a_minute),
        cmocka_unit_test(an_answer_does_not_outlive_its_token),
        cmocka_unit_test(a_withdrawn_key_takes_its_answers_along),
        cmocka_unit_test(only_the_very_same_token_is_found),
        cmocka_unit_test(a_full_cache_drops_what_ends_first),
        cmocka_unit_test(only_what_was_verified_is_found),
        cmocka_unit_test(what_is_too_long_is_not_even_hashed),
    };
    return cmocka_run_group_tests_name("jwt cache", tests, open_forge, close_forge);
}
