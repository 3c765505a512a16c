/*
 * identify_test.c - who is let in, who is refused, who waits, and for how long; for identify.c and
 * trust.c.
 * Method: askers on the bench of trust_bench.h, with tokens and API keys that are made here; the
 * test answers for Identity and for whoever fetches keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "edge/identify.h"
#include "edge/trust_bench.h"

static const struct pgl_rule buyers = { PGL_ROLE_CUSTOMER | PGL_ROLE_PARTNER, "orders:write" };
static const struct pgl_rule operators = { PGL_ROLE_OPERATOR, "admin:read" };
static const struct pgl_rule anyone = { PGL_RULE_ANYONE, NULL };

struct asker {
    struct pgl_flow flow;
    struct edge_identify identify;
    struct pgl_arena arena;
    Caller caller;
};

enum { ASK, HEAR };

static struct pgl_go asker_ask(struct pgl_flow *flow)
{
    struct asker *asker = PGL_CONTAINER(flow, struct asker, flow);
    edge_identify_begin(&bench->edge, &asker->identify);
    return asker->identify.is_done ? pgl_done() : pgl_wait(HEAR);
}

static struct pgl_go asker_hear(struct pgl_flow *flow)
{
    struct asker *asker = PGL_CONTAINER(flow, struct asker, flow);
    edge_identify_next(&bench->edge, &asker->identify);
    return asker->identify.is_done ? pgl_done() : pgl_wait(HEAR);
}

static const struct pgl_step asker_steps[] = {
    [ASK] = { "ask", asker_ask, 0, 0 }, [HEAR] = { "hear", asker_hear, 0, 0 }
};

static void on_done(struct pgl_flow *flow)
{
    (void)flow;
}

static void come(struct asker *asker, const struct pgl_rule *rule, struct edge_credentials from)
{
    pgl_arena_init(&asker->arena, 1024, 65536);
    from.address = from.address != NULL ? from.address : "192.0.2.1";
    asker->identify = (struct edge_identify){ .rule = rule,
                                              .from = from,
                                              .arena = &asker->arena,
                                              .caller = &asker->caller,
                                              .flow = &asker->flow };
    pgl_flow_start(&asker->flow, &bench->loop, asker_steps, ASK, on_done);
    bench_run(0);
}

static void leave(struct asker *asker)
{
    pgl_arena_free(&asker->arena);
}

/* What became of it at once. */
static enum pgl_code code_of(const struct pgl_rule *rule, struct edge_credentials from)
{
    struct asker asker;
    come(&asker, rule, from);
    assert_true(asker.identify.is_done);
    leave(&asker);
    return asker.identify.status.code;
}

/* "Bearer ..." of the n-th signer. */
static struct edge_credentials bearer(int signer, const char *subject, uint32_t roles)
{
    struct pgl_jwt_claims claims = { .tenant = "acme",
                                     .roles = roles,
                                     .issued_at_ns = bench->twin.wall_ns,
                                     .expires_at_ns = bench->twin.wall_ns + PGL_HOURS(1) };
    struct pgl_buffer token;
    pgl_buffer_init(&token, PGL_JWT_BYTES_MAX);
    snprintf(claims.subject, sizeof claims.subject, "%s", subject);
    assert_true(pgl_is_ok(pgl_jwt_sign(&bench->signers[signer],
                                       &bench->trust.issuers[signer].policy, &claims, &token)));
    const char *value = pgl_arena_printf(&bench->arena, "Bearer %.*s", (int)token.size, token.data);
    pgl_buffer_free(&token);
    return (struct edge_credentials){ .authorization = pgl_text_of(value) };
}

/* Another letter in its signature, or in its secret. */
static struct edge_credentials spoilt(struct edge_credentials from)
{
    struct pgl_text *text = from.authorization.size > 0 ? &from.authorization : &from.api_key;
    char *copy = pgl_arena_string(&bench->arena, *text);
    char *letter = &copy[text->size - 20];
    *letter = *letter == 'A' ? 'B' : 'A';
    text->data = copy;
    return from;
}

static struct edge_credentials api_key(char number, uint8_t secret)
{
    uint8_t bytes[PGL_API_KEY_SECRET_BYTES];
    char *text = pgl_arena_alloc(&bench->arena, PGL_API_KEY_BYTES_MAX);
    char id[PGL_API_KEY_ID_BYTES + 1] = "0123456789";
    memset(bytes, secret, sizeof bytes);
    id[9] = number;
    size_t size = pgl_api_key_write(PGL_TEXT("live"), pgl_text_of(id), bytes, text);
    return (struct edge_credentials){ .api_key = { text, size } };
}

/* Identity's answer to the n-th question. */
static void answer_verify(int n, pgl_status status, void (*fill)(VerifyKeyResponse *reply))
{
    struct pgl_call *call = bench->verify[n];
    VerifyKeyResponse *reply = call->reply;
    reply->tenant = pgl_message_string("acme");
    reply->subject = pgl_message_string("till");
    reply->role = ROLE_PARTNER;
    static char scope[] = "orders:write", *scopes[] = { scope };
    reply->scopes = scopes;
    reply->n_scopes = 1;
    reply->version = 1;
    if (fill != NULL)
        fill(reply);
    pgl_call_answer(call, status);
    bench->verify_count = 0;
    bench_run(0);
}

/* An asker whose key Identity is asked about, and answered. */
static enum pgl_code code_of_key(const struct pgl_rule *rule, struct edge_credentials from,
                                 pgl_status status, void (*fill)(VerifyKeyResponse *reply))
{
    struct asker asker;
    come(&asker, rule, from);
    assert_false(asker.identify.is_done);
    answer_verify(0, status, fill);
    assert_true(asker.identify.is_done);
    leave(&asker);
    return asker.identify.status.code;
}

static void give_keys_of_the_other(void)
{
    struct pgl_key_set keys;
    pgl_key_set_init(&keys);
    assert_true(pgl_is_ok(pgl_key_set_add(&keys, &bench->signers[1])));
    edge_trust_put_keys(&bench->trust, 1, &keys);
}

static void answer_wish(void)
{
    pgl_message_reply(&bench->wish[bench->wish_count - 1]->message);
    bench_run(0);
}

/* ---- tokens ---- */

static void the_rule_decides_on_the_role(void **unused)
{
    struct asker asker;
    (void)unused;
    assert_int_equal(code_of(&anyone, (struct edge_credentials){ 0 }), PGL_CODE_OK);
    assert_int_equal(code_of(&buyers, (struct edge_credentials){ 0 }), PGL_UNAUTHENTICATED);
    assert_int_equal(code_of(&operators, bearer(0, "ann", PGL_ROLE_CUSTOMER)), PGL_DENIED);
    assert_int_equal(code_of(&operators, bearer(0, "bob", PGL_ROLE_ALL)), PGL_CODE_OK);
    /* of several roles the most powerful one that the rule means */
    come(&asker, &buyers,
         bearer(0, "ann", PGL_ROLE_CUSTOMER | PGL_ROLE_PARTNER | PGL_ROLE_OPERATOR));
    assert_true(pgl_is_ok(asker.identify.status));
    assert_int_equal(asker.caller.role, ROLE_PARTNER);
    assert_string_equal(asker.caller.subject, "ann");
    assert_string_equal(asker.caller.tenant, "acme");
    leave(&asker);
    assert_int_equal(bench->verify_asked + bench->wish_count, 0);
}

static void what_is_no_credential_is_refused_at_once(void **unused)
{
    (void)unused;
    static const char *const values[] = { "Bearer", "Bearer ", "Basic YTpi", "x", "Bearer a.b.c" };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_int_equal(
            code_of(&buyers, (struct edge_credentials){ .authorization = pgl_text_of(values[i]) }),
            PGL_UNAUTHENTICATED);
    assert_int_equal(
        code_of(&buyers, (struct edge_credentials){ .api_key = PGL_TEXT("pgk_live_x") }),
        PGL_UNAUTHENTICATED);
    assert_int_equal(code_of(&buyers, spoilt(bearer(0, "ann", PGL_ROLE_CUSTOMER))),
                     PGL_UNAUTHENTICATED);
}

static void a_token_of_a_new_key_waits_until_it_is_there(void **unused)
{
    struct asker first, second;
    (void)unused;
    come(&first, &buyers, bearer(1, "ann", PGL_ROLE_CUSTOMER));
    come(&second, &buyers, bearer(1, "bob", PGL_ROLE_CUSTOMER));
    assert_false(first.identify.is_done || second.identify.is_done);
    assert_int_equal(bench->wish_count, 1); /* one for both */
    assert_int_equal(bench->wish[0]->issuer, 1);
    give_keys_of_the_other();
    answer_wish();
    assert_true(pgl_is_ok(first.identify.status) && pgl_is_ok(second.identify.status));
    assert_true(first.identify.is_done && second.identify.is_done);
    assert_string_equal(second.caller.subject, "bob");
    assert_int_equal(bench->trust.waiting_count, 0);
    leave(&first);
    leave(&second);
}

static void nobody_waits_longer_than_three_seconds(void **unused)
{
    struct asker asker;
    (void)unused;
    come(&asker, &buyers, bearer(1, "ann", PGL_ROLE_CUSTOMER));
    bench_run(EDGE_KEY_WAIT_NS - 1);
    assert_false(asker.identify.is_done);
    bench_run(1);
    assert_true(asker.identify.is_done);
    assert_int_equal(asker.identify.status.code, PGL_UNAVAILABLE); /* their keys were never known */
    assert_int_equal(bench->trust.waiting_count, 0);
    leave(&asker);
    answer_wish();
}

static void a_vain_wish_is_not_made_again_for_a_while(void **unused)
{
    struct edge_credentials stranger = bearer(1, "ann", PGL_ROLE_CUSTOMER);
    struct asker asker;
    (void)unused;
    struct pgl_key_set others; /* theirs, of which none has signed it */
    struct pgl_key other;
    pgl_key_set_init(&others);
    assert_true(pgl_is_ok(pgl_key_generate(&other)));
    assert_true(pgl_is_ok(pgl_key_set_add(&others, &other)));
    edge_trust_put_keys(&bench->trust, 1, &others);
    pgl_key_close(&other);

    come(&asker, &buyers, stranger);
    answer_wish(); /* nothing new */
    assert_int_equal(asker.identify.status.code, PGL_UNAUTHENTICATED);
    leave(&asker);
    bench_run(EDGE_KEY_WISH_NS - 1);
    assert_int_equal(code_of(&buyers, stranger), PGL_UNAUTHENTICATED);
    assert_int_equal(bench->wish_count, 1);
    bench_run(1);
    come(&asker, &buyers, stranger);
    assert_int_equal(bench->wish_count, 2);
    give_keys_of_the_other(); /* who rotates is followed at once */
    answer_wish();
    assert_true(pgl_is_ok(asker.identify.status));
    leave(&asker);
    assert_true(edge_trust_wish(&bench->trust));
    bench_run(0);
    assert_int_equal(bench->wish_count, 3);
    answer_wish();
}

static void only_so_many_wait_for_keys(void **unused)
{
    (void)unused;
    struct edge_credentials stranger = bearer(1, "ann", PGL_ROLE_CUSTOMER);
    struct asker *askers = calloc(EDGE_KEY_WAITS_MAX, sizeof *askers);
    assert_non_null(askers);
    for (int i = 0; i < EDGE_KEY_WAITS_MAX; i++)
        come(&askers[i], &buyers, stranger);
    assert_int_equal(bench->trust.waiting_count, EDGE_KEY_WAITS_MAX);
    assert_int_equal(code_of(&buyers, stranger), PGL_UNAVAILABLE);
    give_keys_of_the_other();
    answer_wish();
    for (int i = 0; i < EDGE_KEY_WAITS_MAX; i++) {
        assert_true(askers[i].identify.is_done && pgl_is_ok(askers[i].identify.status));
        leave(&askers[i]);
    }
    free(askers);
}

/* News comes by message, and what was remembered of the old keys is worth nothing. */
static void keys_that_are_taken_away_let_nobody_in(void **unused)
{
    (void)unused;
    struct edge_key_news news = { .issuer = 1 };
    give_keys_of_the_other();
    struct edge_credentials known = bearer(1, "ann", PGL_ROLE_CUSTOMER);
    assert_int_equal(code_of(&buyers, known), PGL_CODE_OK);
    assert_true(edge_identify_knows(&bench->edge, &known));
    assert_false(edge_trust_lacks_keys(&bench->trust));
    news.message.reply_to = &bench->told;
    assert_true(pgl_is_ok(pgl_mailbox_send(&bench->loop, &bench->trust.news, &news.message)));
    bench_run(0);
    assert_int_equal(bench->told_count, 1);
    assert_true(edge_trust_lacks_keys(&bench->trust));
    assert_false(edge_identify_knows(&bench->edge, &known));
    struct asker asker;
    come(&asker, &buyers, known);
    answer_wish();
    assert_int_equal(asker.identify.status.code, PGL_UNAVAILABLE);
    leave(&asker);
}

/* ---- API keys ---- */

static void a_key_is_asked_about_once_a_minute(void **unused)
{
    (void)unused;
    struct edge_credentials key = api_key('a', 1);
    assert_int_equal(code_of_key(&buyers, key, PGL_OK, NULL), PGL_CODE_OK);
    assert_true(edge_identify_knows(&bench->edge, &key));
    assert_int_equal(code_of(&buyers, key), PGL_CODE_OK);
    struct edge_credentials as_bearer = {
        .authorization =
            pgl_text_of(pgl_arena_printf(&bench->arena, "Bearer %.*s", PGL_TEXT_ARGS(key.api_key)))
    };
    assert_int_equal(code_of(&buyers, as_bearer), PGL_CODE_OK);
    assert_int_equal(bench->verify_asked, 1);
    bench_run(EDGE_KEY_CACHE_NS);
    assert_int_equal(code_of_key(&buyers, key, PGL_OK, NULL), PGL_CODE_OK);
}

static void scope_and_role_have_to_be_right(void **unused)
{
    static const struct pgl_rule readers = { PGL_ROLE_PARTNER, "orders:read" };
    static const struct pgl_rule no_keys = { PGL_ROLE_PARTNER, NULL };
    static const struct pgl_rule others = { PGL_ROLE_OPERATOR, "orders:write" };
    (void)unused;
    struct edge_credentials key = api_key('a', 1);
    assert_int_equal(code_of_key(&buyers, key, PGL_OK, NULL), PGL_CODE_OK);
    assert_int_equal(code_of(&readers, key), PGL_DENIED);
    assert_int_equal(code_of(&no_keys, key), PGL_DENIED);
    assert_int_equal(code_of(&others, key), PGL_DENIED);
}

static void from_office_only(VerifyKeyResponse *reply)
{
    static char office[] = "198.51.100.0/24", *cidrs[] = { office };
    reply->cidrs = cidrs;
    reply->n_cidrs = 1;
}

static void for_a_second(VerifyKeyResponse *reply)
{
    reply->until_at_ns = bench->twin.wall_ns + PGL_SECONDS(1);
}

static void a_key_is_bound_to_its_addresses_and_its_end(void **unused)
{
    (void)unused;
    struct edge_credentials key = api_key('a', 1), other = api_key('b', 2);
    assert_int_equal(code_of_key(&buyers, key, PGL_OK, from_office_only), PGL_DENIED);
    key.address = "198.51.100.7";
    assert_int_equal(code_of(&buyers, key), PGL_CODE_OK);
    key.address = "198.51.101.7";
    assert_int_equal(code_of(&buyers, key), PGL_DENIED);
    key.address = "nonsense";
    assert_int_equal(code_of(&buyers, key), PGL_DENIED);
    assert_int_equal(code_of_key(&buyers, other, PGL_OK, for_a_second), PGL_CODE_OK);
    bench_run(PGL_SECONDS(1) - 1);
    assert_int_equal(code_of(&buyers, other), PGL_CODE_OK);
    bench_run(1);
    assert_int_equal(code_of(&buyers, other), PGL_UNAUTHENTICATED);
}

static void come_again(struct asker *asker)
{
    edge_identify_again(&bench->edge, &asker->identify);
}

/* Its streams, all of which look at once: nobody is locked out for that. */
static void who_was_let_in_is_looked_at_again(void **unused)
{
    (void)unused;
    struct asker asker;
    struct edge_credentials ann = bearer(0, "ann", PGL_ROLE_CUSTOMER);
    come(&asker, &buyers, ann);
    come_again(&asker);
    assert_true(asker.identify.is_done && pgl_is_ok(asker.identify.status));
    assert_string_equal(asker.caller.subject, "ann");
    bench_run(PGL_HOURS(2));
    for (int i = 0; i < 20; i++) {
        come_again(&asker);
        assert_true(asker.identify.is_done);
        assert_int_equal(asker.identify.status.code, PGL_UNAUTHENTICATED);
    }
    leave(&asker);
    assert_int_equal(code_of(&buyers, bearer(0, "ann", PGL_ROLE_CUSTOMER)), PGL_CODE_OK);
}

static void a_waiting_flow_that_is_woken_waits_on(void **unused)
{
    (void)unused;
    struct asker of_token, of_key;
    come(&of_token, &buyers, bearer(1, "ann", PGL_ROLE_CUSTOMER));
    come(&of_key, &buyers, api_key('a', 1));
    pgl_flow_wake(&of_token.flow);
    pgl_flow_wake(&of_key.flow);
    bench_run(0);
    assert_false(of_token.identify.is_done || of_key.identify.is_done);
    answer_verify(0, PGL_OK, NULL);
    give_keys_of_the_other();
    answer_wish();
    assert_true(pgl_is_ok(of_token.identify.status) && pgl_is_ok(of_key.identify.status));
    leave(&of_token);
    leave(&of_key);
}

static const pgl_status wrong_key = { PGL_UNAUTHENTICATED, "the API key is not valid" };

static void who_guesses_secrets_waits_and_who_is_known_does_not(void **unused)
{
    (void)unused;
    struct edge_credentials right = api_key('a', 1);
    struct asker asker;
    assert_int_equal(code_of_key(&buyers, right, PGL_OK, NULL), PGL_CODE_OK);
    enum pgl_code last = PGL_UNAUTHENTICATED;
    int tries = 0;
    for (; last == PGL_UNAUTHENTICATED && tries < 10; tries++)
        last = code_of_key(&buyers, api_key('a', (uint8_t)(10 + tries)), wrong_key, NULL);
    assert_int_equal(last, PGL_LIMITED);
    assert_int_equal(tries, 6); /* five are free */
    come(&asker, &buyers, api_key('a', 99));
    assert_int_equal(asker.identify.status.code, PGL_LIMITED); /* nobody is asked any more */
    assert_true(asker.identify.retry_after_ns > 0);
    leave(&asker);
    assert_int_equal(bench->verify_asked, 7);
    assert_int_equal(code_of(&buyers, right), PGL_CODE_OK);
    bench_run(EDGE_KEY_CACHE_NS);
    assert_int_equal(code_of_key(&buyers, right, PGL_OK, NULL), PGL_CODE_OK); /* it was right */
}

static void a_secret_that_is_wrong_now_is_forgotten(void **unused)
{
    (void)unused;
    struct edge_credentials key = api_key('a', 1);
    assert_int_equal(code_of_key(&buyers, key, PGL_OK, NULL), PGL_CODE_OK);
    bench_run(EDGE_KEY_CACHE_NS);
    assert_int_equal(code_of_key(&buyers, key, wrong_key, NULL), PGL_UNAUTHENTICATED);
    assert_false(edge_identify_knows(&bench->edge, &key));
}

/* An answer that is older than a change that we have heard of is asked for again. */
static void a_key_that_changes_meanwhile_is_asked_about_anew(void **unused)
{
    struct asker asker;
    (void)unused;
    bench->trust.watch.version = 2;
    come(&asker, &buyers, api_key('a', 1));
    answer_verify(0, PGL_OK, NULL);
    answer_verify(0, PGL_OK, NULL);
    assert_false(asker.identify.is_done);
    answer_verify(0, PGL_OK, NULL);
    assert_int_equal(asker.identify.status.code, PGL_UNAVAILABLE);
    assert_int_equal(bench->verify_asked, 3);
    leave(&asker);
}

static void identity_that_does_not_answer_is_no_mistake_of_the_client(void **unused)
{
    (void)unused;
    for (int i = 0; i < 10; i++)
        assert_int_equal(
            code_of_key(&buyers, api_key('a', 1), PGL_FAIL(PGL_UNAVAILABLE, "it is away"), NULL),
            PGL_UNAVAILABLE);
    assert_int_equal(code_of_key(&buyers, api_key('a', 1), PGL_OK, NULL), PGL_CODE_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_rule_decides_on_the_role),
        TEST(what_is_no_credential_is_refused_at_once),
        TEST(a_token_of_a_new_key_waits_until_it_is_there),
        TEST(nobody_waits_longer_than_three_seconds),
        TEST(a_vain_wish_is_not_made_again_for_a_while),
        TEST(only_so_many_wait_for_keys),
        TEST(keys_that_are_taken_away_let_nobody_in),
        TEST(a_key_is_asked_about_once_a_minute),
        TEST(scope_and_role_have_to_be_right),
        TEST(a_key_is_bound_to_its_addresses_and_its_end),
        TEST(who_was_let_in_is_looked_at_again),
        TEST(a_waiting_flow_that_is_woken_waits_on),
        TEST(who_guesses_secrets_waits_and_who_is_known_does_not),
        TEST(a_secret_that_is_wrong_now_is_forgotten),
        TEST(a_key_that_changes_meanwhile_is_asked_about_anew),
        TEST(identity_that_does_not_answer_is_no_mistake_of_the_client),
    };
    return cmocka_run_group_tests_name("edge/identify", tests, NULL, NULL);
}
