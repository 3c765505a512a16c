/*
 * service_test.c - who waits for news of keys is told behind the commit that makes them, and waited
 * for no longer when they have given up.
 * Method: writer, reader, flows and callers on loops that the test turns, a clock moved by hand.
 */
#include "services/identity/service.h"

#include <stdlib.h>

#include "services/identity/identity_bench.h"

static struct service_bench {
    struct bench *keys;
    struct pgl_identity identity;
    struct pgl_loop services, readers, edges;
    struct pgl_reader reader;
    struct pgl_mailbox replies;
    struct watch {
        struct pgl_call call;
        WatchKeysRequest ask;
        WatchKeysResponse reply;
        bool is_answered;
    } watches[2];
} * bench;

static void take_reply(void *owner, struct pgl_message *message)
{
    (void)owner;
    PGL_CONTAINER(pgl_call_of(message), struct watch, call)->is_answered = true;
}

static void open_loop(struct pgl_loop *loop, const char *name)
{
    pgl_loop_init(loop, name, &bench->keys->store.platform, &bench->keys->store.waiter);
}

static int open_bench(void **unused)
{
    (void)unused;
    struct pgl_identity_options options = PGL_IDENTITY_OPTIONS_DEFAULT;
    bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->keys = bench_open();
    bench->keys->store.writer.context = &bench->identity;
    assert_ok(pgl_identity_open(&bench->identity, &bench->keys->store.writer, &options));
    open_loop(&bench->services, "services");
    open_loop(&bench->readers, "readers");
    open_loop(&bench->edges, "edges");
    struct pgl_database_options file = { .path = bench->keys->store.path, .cache_kib = 1024 };
    assert_ok(pgl_reader_open(&bench->reader, &bench->readers, &file, &bench->identity));
    pgl_mailbox_open(&bench->replies, &bench->edges, 0, take_reply, NULL);
    pgl_identity_serve(&bench->identity, &bench->services, &bench->reader);
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_reader_close(&bench->reader);
    bench_close(bench->keys);
    free(bench);
    return 0;
}

/* As far as it goes without more time. */
static void turn(void)
{
    struct pgl_loop *loops[] = { &bench->services, &bench->readers, &bench->edges };
    for (int i = 0; i < 6; i++) {
        (void)pgl_store_bench_turn(&bench->keys->store);
        for (int l = 0; l < 3; l++)
            while (pgl_loop_turn(loops[l]))
                ;
    }
}

static void pass(int64_t span_ns)
{
    bench->keys->store.now_ns += span_ns;
    turn();
}

/* As an edge asks that has heard of everything so far. */
static struct watch *watch_keys(int which, bool is_given_up)
{
    struct watch *watch = &bench->watches[which];
    watch->ask = (WatchKeysRequest)WATCH_KEYS_REQUEST_INIT;
    watch->ask.after = news(bench->keys, 0).version;
    watch->reply = (WatchKeysResponse)WATCH_KEYS_RESPONSE_INIT;
    watch->call = (struct pgl_call){ .method = &pgl_identity_methods[IDENTITY_SERVICE_WATCH_KEYS],
                                     .ask = &watch->ask,
                                     .reply = &watch->reply,
                                     .arena = &bench->keys->store.arena,
                                     .deadline_ns = bench->keys->store.now_ns + PGL_SECONDS(20),
                                     .message.reply_to = &bench->replies,
                                     .is_given_up = is_given_up };
    assert_ok(pgl_mailbox_send(&bench->edges, &bench->identity.flows, &watch->call.message));
    turn();
    return watch;
}

static void news_are_told_behind_the_commit(void **unused)
{
    (void)unused;
    struct watch *watch = watch_keys(0, false);
    assert_false(watch->is_answered);
    const ApiKey *key = create(bench->keys, wish_for("orders:read"));
    turn();
    assert_true(watch->is_answered);
    assert_ok(watch->call.status);
    assert_int_equal(watch->reply.n_ids, 1);
    assert_string_equal(watch->reply.ids[0], key->id);
    assert_int_equal(bench->identity.watch_count, 0);
}

static void who_has_given_up_is_waited_for_no_longer(void **unused)
{
    (void)unused;
    struct watch *kept = watch_keys(0, false), *left = watch_keys(1, false);
    pass(PGL_MILLISECONDS(100));
    pgl_call_give_up(&left->call);
    pass(PGL_MILLISECONDS(300));
    assert_false(left->is_answered); /* nobody looks before it is time to */
    pass(PGL_MILLISECONDS(100));
    assert_true(left->is_answered);
    assert_int_equal(left->call.status.code, PGL_CANCELLED);
    assert_false(kept->is_answered);
    assert_int_equal(bench->identity.watch_count, 1);

    (void)create(bench->keys, wish_for("orders:read"));
    turn();
    assert_true(kept->is_answered);
    assert_int_equal(kept->reply.n_ids, 1);
    assert_int_equal(bench->identity.watch_count, 0);
}

static void what_is_given_up_is_not_begun(void **unused)
{
    (void)unused;
    const struct watch *left = watch_keys(0, true);
    assert_true(left->is_answered);
    assert_int_equal(left->call.status.code, PGL_CANCELLED);
    assert_int_equal(bench->identity.watch_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(news_are_told_behind_the_commit),
        TEST(who_has_given_up_is_waited_for_no_longer),
        TEST(what_is_given_up_is_not_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
