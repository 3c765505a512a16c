/*
 * key_watch_test.c - what Identity tells of is dropped from the cache, and what was used is told.
 * Method: the watch on the bench of trust_bench.h; the test answers for Identity.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "edge/trust_bench.h"

static struct pgl_api_key shown_of(int number)
{
    const char *id = pgl_arena_printf(&bench->arena, "key%07d", number);
    struct pgl_api_key shown = { .id = pgl_text_of(id) };
    memset(shown.digest, number, sizeof shown.digest);
    return shown;
}

static void put(int number)
{
    struct pgl_api_key shown = shown_of(number);
    VerifyKeyResponse answer = VERIFY_KEY_RESPONSE_INIT;
    struct edge_key key;
    answer.tenant = pgl_message_string("acme");
    answer.subject = pgl_message_string("till");
    answer.role = ROLE_PARTNER;
    assert_true(pgl_is_ok(edge_key_of_answer(&shown, &answer, &key)));
    edge_key_cache_put(bench->trust.keys, &key, bench->loop.now_ns);
}

static struct edge_key *find(int number)
{
    struct pgl_api_key shown = shown_of(number);
    return edge_key_cache_find(bench->trust.keys, &shown, bench->loop.now_ns);
}

static void answer_watch(pgl_status status, int64_t version, int changed, bool is_all)
{
    struct pgl_call *call = bench->watch;
    WatchKeysResponse *reply = call->reply;
    static char id[PGL_API_KEY_ID_BYTES + 1];
    static char *ids[] = { id };
    snprintf(id, sizeof id, "key%07d", changed);
    reply->ids = ids;
    reply->n_ids = changed != 0;
    reply->version = version;
    reply->is_all = is_all;
    bench->watch = NULL;
    pgl_call_answer(call, status);
    bench_run(0);
}

static int64_t asked_after(void)
{
    return ((const WatchKeysRequest *)bench->watch->ask)->after;
}

static int open_watch(void **unused)
{
    (void)bench_open(unused);
    edge_trust_start(&bench->trust);
    bench_run(0);
    return 0;
}

static void what_changed_is_dropped_and_nothing_else(void **unused)
{
    (void)unused;
    assert_int_equal(asked_after(), 0);
    answer_watch(PGL_OK, 5, 0, false);
    assert_int_equal(asked_after(), 5);
    put(1);
    put(2);
    answer_watch(PGL_OK, 6, 1, false);
    assert_null(find(1));
    assert_non_null(find(2));
    assert_int_equal(asked_after(), 6);
    answer_watch(PGL_OK, 6, 0, false); /* nothing happened in its time */
    assert_non_null(find(2));
    answer_watch(PGL_OK, 500, 0, true); /* more than can be told */
    assert_null(find(2));
    assert_int_equal(bench->trust.watch.version, 500);
}

static void what_came_before_the_first_word_is_asked_about_anew(void **unused)
{
    (void)unused;
    put(1);
    answer_watch(PGL_OK, 5, 0, false);
    assert_null(find(1));
}

static void a_failure_is_sat_out_and_nothing_is_lost(void **unused)
{
    (void)unused;
    answer_watch(PGL_OK, 5, 0, false);
    put(1);
    answer_watch(PGL_FAIL(PGL_UNAVAILABLE, "it is away"), 0, 0, false);
    assert_null(bench->watch); /* a pause, and no storm */
    assert_non_null(find(1));
    bench_run(PGL_MILLISECONDS(499));
    assert_null(bench->watch);
    bench_run(PGL_MILLISECONDS(1));
    assert_int_equal(asked_after(), 5);
    answer_watch(PGL_OK, 6, 1, false);
    assert_null(find(1));
}

/* Polls to the minute's end, as Identity answers them in time. */
static void pass_a_minute(void)
{
    for (int i = 0; i < 60 && bench->note == NULL; i++) {
        bench_run(PGL_SECONDS(1));
        if (bench->watch != NULL)
            answer_watch(PGL_OK, 5, 0, false);
    }
}

static void uses_are_told_once_a_minute(void **unused)
{
    (void)unused;
    answer_watch(PGL_OK, 5, 0, false);
    put(1);
    put(2);
    find(2)->used_wall_ns = bench->loop.wall_ns;
    pass_a_minute();
    assert_non_null(bench->note);
    const NoteKeyUseRequest *told = bench->note->ask;
    assert_int_equal(told->n_uses, 1);
    assert_string_equal(told->uses[0]->id, "key0000002");
    pgl_call_answer(bench->note, PGL_FAIL(PGL_UNAVAILABLE, "lost, and no harm"));
    bench->note = NULL;
    bench_run(0);
    assert_non_null(bench->watch); /* it goes on listening */
    pass_a_minute();
    assert_null(bench->note); /* nothing new to tell */
    assert_int_equal(bench->note_asked, 1);
}

static void what_does_not_fit_is_told_right_behind_it(void **unused)
{
    (void)unused;
    answer_watch(PGL_OK, 5, 0, false);
    for (int i = 1; i <= 150; i++) {
        put(i);
        find(i)->used_wall_ns = bench->loop.wall_ns;
    }
    pass_a_minute();
    assert_int_equal(((const NoteKeyUseRequest *)bench->note->ask)->n_uses, 100);
    pgl_call_answer(bench->note, PGL_OK);
    bench_run(0);
    assert_int_equal(bench->note_asked, 2);
    assert_int_equal(((const NoteKeyUseRequest *)bench->note->ask)->n_uses, 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_watch, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_changed_is_dropped_and_nothing_else),
        TEST(what_came_before_the_first_word_is_asked_about_anew),
        TEST(a_failure_is_sat_out_and_nothing_is_lost),
        TEST(uses_are_told_once_a_minute),
        TEST(what_does_not_fit_is_told_right_behind_it),
    };
    return cmocka_run_group_tests_name("edge/key_watch", tests, NULL, NULL);
}
