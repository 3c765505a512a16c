/*
 * keys_test.c - operators make, change, rotate and revoke keys of their tenant, each deed is in the
 * audit log, and a secret is shown once.
 * Method: the handlers over a real file, a clock that is moved by hand; what is refused changes
 * nothing.
 */
#include "services/identity/identity_bench.h"

PGL_QUERY(pgl_identity_list, struct identity_list, ListKeysResponse)

static int64_t number(struct bench *bench, const char *sql)
{
    return pgl_store_bench_number(&bench->store, sql);
}

static void a_key_is_shown_once_and_kept_as_a_hash(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    ApiKey *key = create(bench, wish_for("orders:read")), *again;
    struct pgl_api_key shown;
    assert_ok(pgl_api_key_read(pgl_text_of(key->key), &shown));
    assert_true(pgl_text_is(shown.id, key->id));
    assert_non_null(strstr(key->key, "pgk_test_"));
    assert_int_equal(key->state, KEY_STATE_ACTIVE);
    assert_int_equal(key->role, ROLE_PARTNER);
    assert_string_equal(key->subject, key->id);

    assert_ok(look(bench, key->id, &again));
    assert_string_equal(again->key, "");
    const char *all = pgl_store_bench_dump(&bench->store, NULL);
    assert_null(strstr(all, key->key));
    assert_null(strstr(all, key->key + strlen("pgk_test_") + PGL_API_KEY_ID_BYTES + 1));
    bench_close(bench);
}

static void every_deed_is_in_the_audit_log(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    ApiKey *key = create(bench, wish_for("orders:read")), *after;
    KeyChange wish = KEY_CHANGE_INIT;
    wish.plan = pgl_message_string("gold");
    assert_ok(change(bench, key->id, &wish, &after));
    assert_string_equal(after->plan, "gold");
    assert_string_equal(after->scopes[0], "orders:read");
    assert_ok(rotate(bench, key->id, NULL, &after));
    assert_ok(revoke(bench, key->id, "lost", &after));
    assert_int_equal(after->state, KEY_STATE_REVOKED);
    assert_string_equal(
        pgl_store_bench_rows(&bench->store,
                             "SELECT group_concat(action || ' ' || reason, ',') FROM audit_log"),
        "key.create ,key.change ,key.rotate ,key.revoke lost\n");
    /* A second time there is nothing to do, and nothing to be noted. */
    assert_ok(revoke(bench, key->id, "lost again", &after));
    assert_int_equal(number(bench, "SELECT count(*) FROM audit_log"), 4);
    assert_int_equal(change(bench, key->id, &wish, &after).code, PGL_CONFLICT);
    assert_int_equal(rotate(bench, key->id, NULL, &after).code, PGL_CONFLICT);
    bench_close(bench);
}

static void a_foreign_key_is_as_if_it_were_not_there(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    ApiKey *key = create(bench, wish_for("orders:read")), *none;
    KeyChange wish = KEY_CHANGE_INIT;
    bench->olga.tenant = pgl_message_string("other");
    assert_int_equal(look(bench, key->id, &none).code, PGL_NOT_FOUND);
    assert_int_equal(change(bench, key->id, &wish, &none).code, PGL_NOT_FOUND);
    assert_int_equal(rotate(bench, key->id, NULL, &none).code, PGL_NOT_FOUND);
    assert_int_equal(revoke(bench, key->id, "why not", &none).code, PGL_NOT_FOUND);
    bench->olga.tenant = pgl_message_string("default");
    static const Role others[] = { ROLE_UNSPECIFIED, ROLE_CUSTOMER, ROLE_PARTNER, ROLE_WAREHOUSE,
                                   ROLE_SUPPORT };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        NewKey one = wish_for("orders:read");
        bench->olga.role = others[i];
        assert_int_equal(try_create(bench, &one, &none).code, PGL_DENIED);
        assert_int_equal(look(bench, key->id, &none).code, PGL_DENIED);
        assert_int_equal(revoke(bench, key->id, "why not", &none).code, PGL_DENIED);
    }
    bench_close(bench);
}

static void wrong_wishes_are_refused(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    char long_name[200];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    char *unknown[] = { pgl_message_string("orders:all") },
         *wide[] = { pgl_message_string("10.0.0.1/8") };
    char *many[PGL_KEY_CIDRS_MAX + 1];
    for (int i = 0; i <= PGL_KEY_CIDRS_MAX; i++)
        many[i] = pgl_message_string("10.0.0.0/8");
    NewKey wrong[10];
    for (int i = 0; i < 10; i++)
        wrong[i] = wish_for("orders:read");
    wrong[0].n_scopes = 0;
    wrong[1].scopes = unknown;
    wrong[2].cidrs = wide, wrong[2].n_cidrs = 1;
    wrong[3].cidrs = many, wrong[3].n_cidrs = PGL_KEY_CIDRS_MAX + 1;
    wrong[4].name = long_name;
    wrong[5].subject = long_name;
    wrong[6].subject = pgl_message_string("a\nb");
    wrong[7].plan = pgl_message_string("gold plan");
    wrong[8].expires_in_s = -1;
    wrong[9].role = (Role)7;
    for (int i = 0; i < 10; i++) {
        ApiKey *key;
        assert_int_equal(try_create(bench, &wrong[i], &key).code, PGL_INVALID);
    }
    assert_int_equal(number(bench, "SELECT count(*) FROM api_key"), 0);
    assert_int_equal(number(bench, "SELECT count(*) FROM audit_log"), 0);
    bench_close(bench);
}

static void a_change_leaves_what_it_does_not_name(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    char *net[] = { pgl_message_string("10.0.0.0/8") };
    NewKey wish = wish_for("orders:read");
    wish.cidrs = net, wish.n_cidrs = 1;
    wish.expires_in_s = 3600;
    ApiKey *key = create(bench, wish), *after;
    int64_t expires_at_ns = wall_ns(bench) + PGL_HOURS(1);
    assert_int_equal(key->expires_at_ns, expires_at_ns);
    KeyChange change_name = KEY_CHANGE_INIT, open = KEY_CHANGE_INIT;
    change_name.name = pgl_message_string("till 4");
    assert_ok(change(bench, key->id, &change_name, &after));
    assert_string_equal(after->name, "till 4");
    assert_int_equal(after->n_cidrs, 1);
    assert_int_equal(after->expires_at_ns, expires_at_ns);
    open.any_address = open.never_expires = true;
    assert_ok(change(bench, key->id, &open, &after));
    assert_int_equal(after->n_cidrs, 0);
    assert_int_equal(after->expires_at_ns, 0);
    assert_string_equal(after->name, "till 4");
    bench_close(bench);
}

static void pages_have_all_keys_once(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    char *cursor = pgl_message_string("");
    for (int i = 0; i < 25; i++)
        (void)create(bench, wish_for("orders:read"));
    int seen = 0;
    do {
        ListKeysRequest ask = LIST_KEYS_REQUEST_INIT;
        ListKeysResponse reply = LIST_KEYS_RESPONSE_INIT;
        struct identity_list list = { &ask, wall_ns(bench) };
        ask.caller = &bench->olga;
        ask.limit = 10;
        ask.cursor = cursor;
        assert_ok(pgl_store_bench_query(&bench->store, QUERY(pgl_identity_list), &list, &reply));
        seen += (int)reply.n_items;
        cursor = reply.next;
    } while (cursor[0] != '\0');
    assert_int_equal(seen, 25);
    bench_close(bench);
}

/* What was revoked long ago makes room; without it, one more is refused. */
static void a_tenant_has_a_thousand_keys(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    NewKey wish = wish_for("orders:read");
    ApiKey *first = create(bench, wish), *key;
    for (int i = 1; i < PGL_KEYS_TENANT_MAX; i++) {
        (void)create(bench, wish);
        pgl_arena_reset(&bench->store.arena);
    }
    assert_int_equal(try_create(bench, &wish, &key).code, PGL_CONFLICT);
    const char *id =
        pgl_store_bench_rows(&bench->store, "SELECT key_id FROM api_key WHERE key_no = 1");
    char first_id[PGL_API_KEY_ID_BYTES + 1] = "";
    memcpy(first_id, id, PGL_API_KEY_ID_BYTES);
    (void)first;
    assert_ok(revoke(bench, first_id, "old", &key));
    assert_int_equal(try_create(bench, &wish, &key).code, PGL_CONFLICT);
    bench->store.now_ns += PGL_HOURS(31 * 24);
    KeyChange touch = KEY_CHANGE_INIT; /* the newest change is never forgotten */
    const char *other =
        pgl_store_bench_rows(&bench->store, "SELECT key_id FROM api_key WHERE key_no = 2");
    char other_id[PGL_API_KEY_ID_BYTES + 1] = "";
    memcpy(other_id, other, PGL_API_KEY_ID_BYTES);
    assert_int_equal(try_create(bench, &wish, &key).code, PGL_CONFLICT);
    assert_ok(change(bench, other_id, &touch, &key));
    assert_ok(try_create(bench, &wish, &key));
    assert_int_equal(look(bench, first_id, &key).code, PGL_NOT_FOUND);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_shown_once_and_kept_as_a_hash),
        cmocka_unit_test(every_deed_is_in_the_audit_log),
        cmocka_unit_test(a_foreign_key_is_as_if_it_were_not_there),
        cmocka_unit_test(wrong_wishes_are_refused),
        cmocka_unit_test(a_change_leaves_what_it_does_not_name),
        cmocka_unit_test(pages_have_all_keys_once),
        cmocka_unit_test(a_tenant_has_a_thousand_keys),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
