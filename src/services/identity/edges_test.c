/*
 * edges_test.c - a secret lets in as long as it should and no longer, and edges hear of every
 * change.
 * Method: the handlers over a real file, a clock that is moved by hand to both sides of each end.
 */
#include "services/identity/identity_bench.h"

PGL_COMMAND(pgl_identity_note_use, NoteKeyUseRequest, NoteKeyUseResponse)

static void a_right_secret_says_whose_it_is(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    char *nets[] = { pgl_message_string("10.0.0.0/8"), pgl_message_string("::1") };
    NewKey wish = wish_for("orders:write");
    wish.subject = pgl_message_string("acme");
    wish.role = ROLE_WAREHOUSE;
    wish.plan = pgl_message_string("gold");
    wish.cidrs = nets, wish.n_cidrs = 2;
    ApiKey *key = create(bench, wish);
    VerifyKeyResponse reply;
    assert_ok(verify(bench, key->key, &reply));
    assert_string_equal(reply.tenant, "default");
    assert_string_equal(reply.subject, "acme");
    assert_int_equal(reply.role, ROLE_WAREHOUSE);
    assert_string_equal(reply.plan, "gold");
    assert_int_equal(reply.n_scopes, 1);
    assert_string_equal(reply.scopes[0], "orders:write");
    assert_int_equal(reply.n_cidrs, 2);
    assert_string_equal(reply.cidrs[1], "::1");
    assert_int_equal(reply.until_at_ns, 0);
    bench_close(bench);
}

/* The secret of one key does not open another. */
static void no_other_secret_lets_in(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    ApiKey *one = create(bench, wish_for("orders:read")),
           *two = create(bench, wish_for("orders:read"));
    uint8_t secret[PGL_API_KEY_SECRET_BYTES];
    char text[PGL_API_KEY_BYTES_MAX + 1] = "";
    memset(secret, 2, sizeof secret); /* as the second was given */
    assert_true(lets_in(bench, two->key));
    (void)pgl_api_key_write(PGL_TEXT("test"), pgl_text_of(one->id), secret, text);
    assert_false(lets_in(bench, text));
    (void)pgl_api_key_write(PGL_TEXT("test"), PGL_TEXT("nobodyhere"), secret, text);
    assert_false(lets_in(bench, text));
    /* What is compared with where there is no second secret. */
    VerifyKeyRequest ask = VERIFY_KEY_REQUEST_INIT;
    struct identity_verify question = { &ask, wall_ns(bench) };
    VerifyKeyResponse reply = VERIFY_KEY_RESPONSE_INIT;
    uint8_t zeros[PGL_DIGEST_BYTES] = { 0 };
    ask.id = one->id;
    ask.digest = (ProtobufCBinaryData){ sizeof zeros, zeros };
    assert_int_equal(
        pgl_store_bench_query(&bench->store, QUERY(pgl_identity_verify), &question, &reply).code,
        PGL_UNAUTHENTICATED);
    ask.digest.len = 31;
    assert_int_equal(
        pgl_store_bench_query(&bench->store, QUERY(pgl_identity_verify), &question, &reply).code,
        PGL_INVALID);
    bench_close(bench);
}

static void a_key_ends_when_it_was_said(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    NewKey wish = wish_for("orders:read");
    wish.expires_in_s = 60;
    ApiKey *key = create(bench, wish), *shown;
    bench->store.now_ns += PGL_SECONDS(60) - 1;
    assert_true(lets_in(bench, key->key));
    bench->store.now_ns += 1;
    assert_false(lets_in(bench, key->key));
    assert_ok(look(bench, key->id, &shown));
    assert_int_equal(shown->state, KEY_STATE_EXPIRED);
    KeyChange longer = KEY_CHANGE_INIT;
    longer.expires_in_s = 60;
    assert_ok(change(bench, key->id, &longer, &shown));
    assert_true(lets_in(bench, key->key));
    bench_close(bench);
}

static void a_revoked_key_lets_nobody_in(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    ApiKey *key = create(bench, wish_for("orders:read")), *shown;
    assert_int_equal(revoke(bench, key->id, "", &shown).code, PGL_INVALID);
    assert_true(lets_in(bench, key->key));
    assert_ok(revoke(bench, key->id, "lost", &shown));
    assert_false(lets_in(bench, key->key));
    bench_close(bench);
}

static void two_secrets_let_in_while_they_overlap(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    ApiKey *key = create(bench, wish_for("orders:read")), *second, *third;
    KeyRotation hour = KEY_ROTATION_INIT, at_once = KEY_ROTATION_INIT;
    VerifyKeyResponse reply;
    hour.overlap_s = 3600;
    at_once.at_once = true;
    assert_ok(rotate(bench, key->id, &hour, &second));
    assert_true(lets_in(bench, key->key) && lets_in(bench, second->key));
    assert_ok(verify(bench, key->key, &reply));
    assert_int_equal(reply.until_at_ns, wall_ns(bench) + PGL_HOURS(1));
    bench->store.now_ns += PGL_HOURS(1) - 1;
    assert_true(lets_in(bench, key->key));
    bench->store.now_ns += 1;
    assert_false(lets_in(bench, key->key));
    assert_true(lets_in(bench, second->key));

    assert_ok(rotate(bench, key->id, NULL, &third));
    assert_true(lets_in(bench, second->key) && lets_in(bench, third->key));
    assert_ok(rotate(bench, key->id, &at_once, &key));
    assert_false(lets_in(bench, second->key) || lets_in(bench, third->key));
    assert_true(lets_in(bench, key->key));
    bench_close(bench);
}

static void edges_hear_of_every_change(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    ApiKey *shown;
    WatchKeysResponse heard = news(bench, 0);
    assert_int_equal(heard.n_ids, 0);
    int64_t after = heard.version;
    assert_true(after > 0);
    assert_int_equal(news(bench, after).n_ids, 0);

    ApiKey *key = create(bench, wish_for("orders:read")),
           *other = create(bench, wish_for("orders:read"));
    heard = news(bench, after);
    assert_int_equal(heard.n_ids, 2);
    assert_string_equal(heard.ids[0], key->id);
    assert_string_equal(heard.ids[1], other->id);
    after = heard.version;
    assert_ok(revoke(bench, key->id, "lost", &shown));
    heard = news(bench, after);
    assert_int_equal(heard.n_ids, 1);
    assert_string_equal(heard.ids[0], key->id);
    assert_true(heard.version > after);

    /* An answer knows of what was told: an edge compares the two. */
    VerifyKeyResponse reply;
    assert_ok(verify(bench, other->key, &reply));
    assert_int_equal(reply.version, heard.version);
    /* A file that was restored has heard of less. */
    assert_true(news(bench, heard.version + 5).is_all);
    bench_close(bench);
}

static void too_much_news_is_told_as_all(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    int64_t after = news(bench, 0).version;
    for (int i = 0; i < PGL_KEY_NEWS_MAX; i++)
        (void)create(bench, wish_for("orders:read"));
    assert_int_equal(news(bench, after).n_ids, PGL_KEY_NEWS_MAX);
    (void)create(bench, wish_for("orders:read"));
    assert_true(news(bench, after).is_all);
    bench_close(bench);
}

static void uses_go_forwards_and_are_no_change(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    ApiKey *key = create(bench, wish_for("orders:read")), *shown;
    int64_t after = news(bench, 0).version;
    KeyUse use = KEY_USE_INIT, *uses[] = { &use };
    NoteKeyUseRequest ask = NOTE_KEY_USE_REQUEST_INIT;
    NoteKeyUseResponse reply = NOTE_KEY_USE_RESPONSE_INIT;
    use.id = key->id;
    ask.uses = uses;
    ask.n_uses = 1;
    static const int64_t at_ns[] = { 500, 400 };
    for (int i = 0; i < 2; i++) {
        use.at_ns = at_ns[i];
        use.day_count = 7 + i;
        use.month_count = 70 + i;
        assert_ok(
            pgl_store_bench_command(&bench->store, COMMAND(pgl_identity_note_use), &ask, &reply));
        assert_ok(look(bench, key->id, &shown));
        assert_int_equal(shown->used_at_ns, 500);
    }
    VerifyKeyResponse known = VERIFY_KEY_RESPONSE_INIT; /* for an edge that was started anew */
    assert_ok(verify(bench, key->key, &known));
    assert_int_equal(known.used_at_ns, 500);
    assert_int_equal(known.day_count, 7);
    assert_int_equal(known.month_count, 70);
    assert_int_equal(news(bench, after).n_ids, 0);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_secret_says_whose_it_is),
        cmocka_unit_test(no_other_secret_lets_in),
        cmocka_unit_test(a_key_ends_when_it_was_said),
        cmocka_unit_test(a_revoked_key_lets_nobody_in),
        cmocka_unit_test(two_secrets_let_in_while_they_overlap),
        cmocka_unit_test(edges_hear_of_every_change),
        cmocka_unit_test(too_much_news_is_told_as_all),
        cmocka_unit_test(uses_go_forwards_and_are_no_change),
    };
    return cmocka_run_group_tests_name("edges", tests, NULL, NULL);
}
