/*
 * key_cache_test.c - a key is remembered for its minute, by its secret, and forgotten when told.
 * Method: keys of made-up digests; a clock that is moved by hand; the smallest table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "edge/key_cache.h"
#include "wire/message.h"

static struct pgl_api_key shown_of(uint8_t secret, const char *id)
{
    struct pgl_api_key shown = { .id = pgl_text_of(id) };
    memset(shown.digest, secret, sizeof shown.digest);
    return shown;
}

static VerifyKeyResponse answer_of(void)
{
    VerifyKeyResponse answer = VERIFY_KEY_RESPONSE_INIT;
    answer.tenant = pgl_message_string("acme");
    answer.subject = pgl_message_string("till");
    answer.role = ROLE_PARTNER;
    return answer;
}

static void put(struct edge_key_cache *cache, uint8_t secret, const char *id, int64_t now_ns)
{
    struct pgl_api_key shown = shown_of(secret, id);
    VerifyKeyResponse answer = answer_of();
    struct edge_key key;
    assert_true(pgl_is_ok(edge_key_of_answer(&shown, &answer, &key)));
    edge_key_cache_put(cache, &key, now_ns);
}

static bool has(struct edge_key_cache *cache, uint8_t secret, const char *id, int64_t now_ns)
{
    struct pgl_api_key shown = shown_of(secret, id);
    return edge_key_cache_find(cache, &shown, now_ns) != NULL;
}

static void a_key_is_known_for_a_minute(void **unused)
{
    (void)unused;
    struct edge_key_cache *cache = edge_key_cache_open(0);
    struct pgl_api_key shown = shown_of(7, "0123456789");
    put(cache, 7, "0123456789", 1000);
    assert_true(has(cache, 7, "0123456789", 999 + EDGE_KEY_CACHE_NS));
    assert_false(has(cache, 7, "0123456789", 1000 + EDGE_KEY_CACHE_NS));
    assert_true(edge_key_cache_knew(cache, &shown));
    assert_false(has(cache, 7, "9876543210", 1000));
    assert_false(has(cache, 8, "0123456789", 1000));
    edge_key_cache_close(cache);
}

/* Two secrets of one name: a change ends both, a wrong one only itself. */
static void what_changed_is_forgotten(void **unused)
{
    (void)unused;
    struct edge_key_cache *cache = edge_key_cache_open(64);
    struct pgl_api_key second = shown_of(2, "0123456789");
    put(cache, 1, "0123456789", 0);
    put(cache, 2, "0123456789", 0);
    put(cache, 3, "9876543210", 0);
    edge_key_cache_forget_secret(cache, &second);
    assert_true(has(cache, 1, "0123456789", 0));
    assert_false(has(cache, 2, "0123456789", 0));
    put(cache, 2, "0123456789", 0);
    edge_key_cache_forget(cache, PGL_TEXT("0123456789"));
    assert_false(has(cache, 1, "0123456789", 0) || has(cache, 2, "0123456789", 0));
    assert_true(has(cache, 3, "9876543210", 0));
    edge_key_cache_forget_all(cache);
    assert_false(has(cache, 3, "9876543210", 0));
    edge_key_cache_close(cache);
}

static void a_full_table_drops_what_ends_first(void **unused)
{
    (void)unused;
    struct edge_key_cache *cache = edge_key_cache_open(0);
    for (uint8_t secret = 0; secret < 8; secret++)
        put(cache, secret, "0123456789", secret == 5 ? 1 : 10);
    put(cache, 0, "0123456789", 20); /* again: in its own place */
    put(cache, 8, "0123456789", 10);
    for (uint8_t secret = 0; secret <= 8; secret++)
        assert_int_equal(has(cache, secret, "0123456789", 20), secret != 5);
    edge_key_cache_close(cache);
}

static void uses_are_told_once(void **unused)
{
    (void)unused;
    struct edge_key_cache *cache = edge_key_cache_open(64);
    struct pgl_api_key shown = shown_of(4, "0123456789");
    uint32_t at = 0;
    put(cache, 4, "0123456789", 0);
    assert_null(edge_key_cache_next_used(cache, &at));
    edge_key_cache_find(cache, &shown, 0)->used_wall_ns = 77;
    put(cache, 4, "0123456789", 10); /* verified anew, not told yet */
    at = 0;
    struct edge_key *used = edge_key_cache_next_used(cache, &at);
    assert_non_null(used);
    assert_int_equal(used->used_wall_ns, 77);
    used->used_wall_ns = 0;
    assert_null(edge_key_cache_next_used(cache, &at));
    at = 0;
    assert_null(edge_key_cache_next_used(cache, &at));
    edge_key_cache_close(cache);
}

/* What could widen a key is refused, not passed over. */
static void odd_answers_are_refused(void **unused)
{
    (void)unused;
    struct pgl_api_key shown = shown_of(1, "0123456789");
    char *wide[] = { pgl_message_string("10.0.0.0/x") },
         *scopes[] = { pgl_message_string("admin"), pgl_message_string("new") };
    struct edge_key key;
    VerifyKeyResponse odd[3] = { answer_of(), answer_of(), answer_of() }, good = answer_of();
    odd[0].role = ROLE_UNSPECIFIED;
    odd[1].role = (Role)99;
    odd[2].cidrs = wide, odd[2].n_cidrs = 1;
    for (int i = 0; i < 3; i++)
        assert_int_equal(edge_key_of_answer(&shown, &odd[i], &key).code, PGL_DATA_LOSS);
    good.scopes = scopes, good.n_scopes = 2;
    assert_true(pgl_is_ok(edge_key_of_answer(&shown, &good, &key)));
    assert_int_equal(key.scopes, pgl_scope_named(PGL_TEXT("admin")));
    assert_int_equal(key.role, PGL_ROLE_PARTNER);
    assert_true(key.until_wall_ns == PGL_NEVER_NS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_known_for_a_minute),
        cmocka_unit_test(what_changed_is_forgotten),
        cmocka_unit_test(a_full_table_drops_what_ends_first),
        cmocka_unit_test(uses_are_told_once),
        cmocka_unit_test(odd_answers_are_refused),
    };
    return cmocka_run_group_tests_name("key cache", tests, NULL, NULL);
}
