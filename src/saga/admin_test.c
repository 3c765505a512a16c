/*
 * admin_test.c - what was parked is taken up again in order, or given up, by wishes that survive
 * whatever happens to the process.
 * Method: a source and a sink, each a real file. The tenant of an event says what the handler does
 * with it while it is out of order ("refuse": says no before it writes; "fail": behind its first
 * write); once it is mended it handles all of them. What was handled is a row with its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "saga/admin.h"
#include "saga/audit_log.h"
#include "store/store_bench.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)
#define NS_PER_S          INT64_C(1000000000)

static struct bench {
    struct pgl_store_bench source, sink;
    struct pgl_event_log log;
    struct pgl_consumer consumer;
    struct pgl_admin admin;
    bool is_mended;
} * bench;

static struct pgl_admin *admin_of(void *context)
{
    return &((struct bench *)context)->admin;
}
extern const struct pgl_method test_methods[ADMIN_SERVICE_METHOD_COUNT];
PGL_ADMIN_METHODS(test_methods, admin_of)

static pgl_status write_effect(struct pgl_tx *tx, int64_t seq, const Event *event)
{
    struct pgl_rows rows = pgl_tx_rows(tx, "INSERT INTO effect (key, seq) VALUES (?1, ?2)");
    pgl_bind_blob(&rows, event->key.data, event->key.len);
    pgl_bind_i64(&rows, seq);
    return pgl_rows_run(&rows, NULL);
}

static pgl_status handle(struct pgl_tx *tx, int64_t seq, const Event *event)
{
    assert_int_equal(tx->cause_seq, seq);
    if (!bench->is_mended && strcmp(event->tenant, "refuse") == 0)
        return PGL_FAIL(PGL_CONFLICT, "it cannot be");
    PGL_TRY(write_effect(tx, seq, event));
    if (!bench->is_mended && strcmp(event->tenant, "fail") == 0)
        return PGL_FAIL(PGL_INVALID, "it fails late");
    return PGL_OK;
}

static void open_both(void)
{
    struct pgl_database *db = &bench->sink.writer.db;
    bench->sink.writer.context = bench;
    assert_ok(pgl_events_migrate(&bench->source.writer.db));
    assert_ok(pgl_log_open(&bench->log, LOG_ORDERS, &bench->source.writer));
    assert_ok(pgl_events_migrate(db));
    assert_ok(pgl_saga_migrate(db));
    assert_ok(pgl_database_run(db, "CREATE TABLE IF NOT EXISTS effect (place INTEGER PRIMARY KEY, "
                                   "key BLOB NOT NULL, seq INTEGER NOT NULL UNIQUE)"));
    assert_ok(pgl_consumer_open(&bench->consumer, &bench->sink.writer, &bench->log.source, handle));
    pgl_admin_init(&bench->admin, LOG_PAYMENTS, (struct pgl_admin_hooks){ NULL, NULL });
    pgl_admin_add_consumer(&bench->admin, &bench->consumer);
    assert_ok(pgl_admin_open(&bench->admin, &bench->sink.writer, NULL, 0));
    pgl_consumer_start(&bench->consumer);
}

static void close_both(void)
{
    pgl_consumer_close(&bench->consumer);
    pgl_log_close(&bench->log);
}

static int open_bench(void **unused)
{
    (void)unused;
    bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    pgl_store_bench_open(&bench->source, 1);
    pgl_store_bench_open(&bench->sink, 2);
    open_both();
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    close_both();
    pgl_store_bench_close(&bench->sink);
    pgl_store_bench_close(&bench->source);
    free(bench);
    return 0;
}

static void restart(void)
{
    close_both();
    pgl_store_bench_restart(&bench->source);
    pgl_store_bench_restart(&bench->sink);
    open_both();
}

/* ---- saying ---- */

struct words {
    const char *tenant, *keys; /* an event for each letter */
};

static pgl_status append(struct pgl_tx *tx, void *argument)
{
    const struct words *words = argument;
    for (const char *key = words->keys; *key != '\0'; key++) {
        Event event = EVENT_INIT;
        event.type = EVENT_TYPE_ORDER_CREATED;
        event.tenant = (char *)words->tenant;
        event.key = (ProtobufCBinaryData){ 1, (uint8_t *)(char *)key };
        PGL_TRY(pgl_log_append(&bench->log, tx, &event, NULL));
    }
    return PGL_OK;
}

static void turn(void)
{
    bool was_any;
    do {
        was_any = pgl_store_bench_turn(&bench->source);
        was_any |= pgl_store_bench_turn(&bench->sink);
    } while (was_any);
}

static void say(const char *tenant, const char *keys)
{
    struct words words = { tenant, keys };
    assert_ok(pgl_writer_run_now(&bench->source.writer, append, &words));
    turn();
}

/* ---- asking ---- */

/* Of the tenant that the events name: an operator sees their own. */
static Caller boss_of(const char *tenant)
{
    Caller boss = CALLER_INIT;
    boss.tenant = (char *)tenant;
    boss.subject = (char *)"boss";
    boss.role = ROLE_OPERATOR;
    return boss;
}

static pgl_status start(const char *tenant, JobKind kind, NewJob *wish, const char *key, Job **job)
{
    Caller boss = boss_of(tenant);
    StartJobRequest ask = START_JOB_REQUEST_INIT;
    StartJobResponse reply = START_JOB_RESPONSE_INIT;
    ask.caller = &boss;
    ask.idempotency_key = (char *)key;
    ask.kind = kind;
    ask.job = wish;
    pgl_status status =
        pgl_store_bench_command(&bench->sink, &test_methods[ADMIN_SERVICE_START_JOB], &ask, &reply);
    *job = reply.job;
    return status;
}

static const Job *get(const char *tenant, const char *id)
{
    Caller boss = boss_of(tenant);
    GetJobRequest ask = GET_JOB_REQUEST_INIT;
    GetJobResponse reply = GET_JOB_RESPONSE_INIT;
    ask.caller = &boss;
    ask.id = (char *)id;
    assert_ok(
        pgl_store_bench_query(&bench->sink, &test_methods[ADMIN_SERVICE_GET_JOB], &ask, &reply));
    return reply.job;
}

static NewJob wish_for_all(void)
{
    NewJob wish = NEW_JOB_INIT;
    wish.all = true;
    wish.reason = (char *)"mended";
    return wish;
}

/* Started and worked off. */
static const Job *run_all(const char *tenant, JobKind kind, const char *key)
{
    NewJob wish = wish_for_all();
    Job *job;
    assert_ok(start(tenant, kind, &wish, key, &job));
    turn();
    return get(tenant, job->id);
}

#define assert_rows(sql, rows) assert_string_equal(pgl_store_bench_rows(&bench->sink, sql), rows)
#define EFFECTS                "SELECT CAST(key AS TEXT), seq FROM effect ORDER BY place"
#define PARKED                 "SELECT seq, CAST(key AS TEXT), why, tries FROM parked"
#define EARLIER                "an earlier event of this key is parked"
#define DEEDS                  "SELECT action, target, reason, outcome FROM audit_log"

static void assert_parked_in_memory(int keys, int events)
{
    assert_int_equal(bench->consumer.parked_keys.count, keys);
    assert_int_equal(pgl_counter_read(&bench->consumer.parked), events);
}

static void assert_counts(const Job *job, JobState state, int looked, int done, int failed)
{
    assert_int_equal(job->state, state);
    assert_int_equal(job->looked, looked);
    assert_int_equal(job->done, done);
    assert_int_equal(job->failed, failed);
}

/* ---- replays ---- */

static void a_mended_key_flows_again_in_order(void **unused)
{
    (void)unused;
    for (int batch = 1; batch <= 8; batch++) {
        close_bench(NULL);
        open_bench(NULL);
        bench->sink.writer.options.batch_max = batch;
        say("refuse", "a");
        say("refuse", "b");
        say("refuse", "aab");
        assert_parked_in_memory(2, 5);
        bench->is_mended = true;
        assert_counts(run_all("refuse", JOB_KIND_REPLAY_PARKED, "k"), JOB_STATE_DONE, 2, 2, 0);
        assert_rows(PARKED, "");
        assert_rows(EFFECTS, "a|1\na|3\na|4\nb|2\nb|5\n");
        assert_parked_in_memory(0, 0);
        say("refuse", "a"); /* and what comes is handled where it stands */
        assert_rows("SELECT max(seq) FROM effect", "6\n");
        restart();
        assert_parked_in_memory(0, 0);
    }
}

static void what_fails_again_stays_with_all_behind_it(void **unused)
{
    (void)unused;
    static const char *const tenants[] = { "refuse", "fail" };
    static const char *const why[] = { "it cannot be", "it fails late" };
    for (int i = 0; i < 2; i++) {
        close_bench(NULL);
        open_bench(NULL);
        say(tenants[i], "a");
        say("ok", "ab");
        const Job *job = run_all(tenants[i], JOB_KIND_REPLAY_PARKED, "k");
        assert_counts(job, JOB_STATE_DONE, 1, 0, 1);
        assert_string_equal(
            job->last_error,
            pgl_arena_printf(&bench->sink.arena, "payments.orders.61: event 1: %s", why[i]));
        assert_rows(PARKED,
                    pgl_arena_printf(&bench->sink.arena, "1|a|%s|1\n2|a|" EARLIER "|0\n", why[i]));
        assert_rows(EFFECTS, "b|3\n");
        assert_parked_in_memory(1, 2);
        bench->is_mended = true; /* it was set aside once, not for good */
        assert_counts(run_all(tenants[i], JOB_KIND_REPLAY_PARKED, "k2"), JOB_STATE_DONE, 1, 1, 0);
        assert_rows(EFFECTS, "b|3\na|1\na|2\n");
        assert_parked_in_memory(0, 0);
    }
}

static void a_replay_goes_as_far_as_it_can(void **unused)
{
    (void)unused;
    say("refuse", "a");
    say("ok", "aa");
    say("fail", "a");
    say("ok", "a");
    assert_ok(pgl_database_run(&bench->sink.writer.db,
                               "DELETE FROM parked WHERE seq = 1")); /* that one was the cause */
    assert_counts(run_all("ok", JOB_KIND_REPLAY_PARKED, "k"), JOB_STATE_DONE, 1, 0, 1);
    assert_rows(EFFECTS, "a|2\na|3\n");
    assert_rows(PARKED, "4|a|it fails late|1\n5|a|" EARLIER "|0\n");
    assert_int_equal(bench->consumer.parked_keys.count, 1);
}

static void what_is_given_up_is_not_handled(void **unused)
{
    (void)unused;
    say("refuse", "a");
    say("ok", "ab");
    assert_counts(run_all("refuse", JOB_KIND_DROP_PARKED, "k"), JOB_STATE_DONE, 1, 1, 0);
    assert_rows(PARKED, "");
    assert_rows(EFFECTS, "b|3\n");
    assert_parked_in_memory(0, 0);
    say("ok", "a");
    assert_rows(EFFECTS, "b|3\na|4\n");
    assert_rows(DEEDS, "job.start|payments-1|mended|all\n"
                       "parked.drop|payments.orders.61|job 1: mended|2 events were given up\n"
                       "job.end|payments-1|mended|looked at 1, done 1, failed 0\n");
}

/* ---- which ---- */

static void a_filter_takes_what_it_says(void **unused)
{
    (void)unused;
    Job *job;
    NewJob wish = NEW_JOB_INIT;
    wish.reason = (char *)"because";
    say("fail", "a");
    bench->sink.now_ns += 100 * NS_PER_S;
    say("fail", "b");
    bench->is_mended = true;
    wish.why = (char *)"another";
    assert_ok(start("fail", JOB_KIND_REPLAY_PARKED, &wish, "k1", &job));
    turn();
    assert_counts(get("fail", job->id), JOB_STATE_DONE, 2, 0, 0);
    wish.why = (char *)"late";
    wish.older_than_s = 50;
    assert_ok(start("fail", JOB_KIND_REPLAY_PARKED, &wish, "k2", &job));
    turn();
    assert_counts(get("fail", job->id), JOB_STATE_DONE, 2, 1, 0);
    assert_rows(PARKED, "2|b|it fails late|0\n");
    assert_counts(run_all("else", JOB_KIND_REPLAY_PARKED, "k3"), JOB_STATE_DONE, 1, 0, 0);
    assert_rows(PARKED, "2|b|it fails late|0\n"); /* another tenant's */
}

/* What was parked in what is now the future is taken all the same. */
static void a_calendar_that_is_set_back_hides_nothing(void **unused)
{
    (void)unused;
    say("fail", "a");
    bench->sink.now_ns -= 100 * NS_PER_S;
    bench->is_mended = true;
    assert_counts(run_all("fail", JOB_KIND_REPLAY_PARKED, "k"), JOB_STATE_DONE, 1, 1, 0);
    assert_rows(PARKED, "");
}

static void names_take_what_they_name(void **unused)
{
    (void)unused;
    Job *job;
    char *ids[] = { (char *)"payments.orders.62", (char *)"payments.inventory.61",
                    (char *)"orders.orders.61", (char *)"01890a5d-ac96-774b-bcce-b302099a8057" };
    NewJob wish = NEW_JOB_INIT;
    wish.reason = (char *)"because";
    wish.ids = ids;
    wish.n_ids = 4;
    say("fail", "abb");
    bench->is_mended = true;
    assert_ok(start("fail", JOB_KIND_REPLAY_PARKED, &wish, "k", &job));
    turn();
    assert_counts(get("fail", job->id), JOB_STATE_DONE, 4, 1, 0);
    assert_rows(PARKED, "1|a|it fails late|0\n");
    assert_rows(EFFECTS, "b|2\nb|3\n");
}

static void wishes_that_say_too_little_are_refused(void **unused)
{
    (void)unused;
    Job *job;
    char *ids[] = { (char *)"rubbish" };
    NewJob wish = wish_for_all();
    wish.reason = (char *)"";
    assert_int_equal(start("t", JOB_KIND_REPLAY_PARKED, &wish, "k", &job).code, PGL_INVALID);
    wish = wish_for_all();
    wish.all = false;
    assert_int_equal(start("t", JOB_KIND_REPLAY_PARKED, &wish, "k", &job).code, PGL_INVALID);
    wish.ids = ids;
    wish.n_ids = 1;
    assert_int_equal(start("t", JOB_KIND_REPLAY_PARKED, &wish, "k", &job).code, PGL_INVALID);
    wish = wish_for_all();
    assert_int_equal(start("t", JOB_KIND_RETRY_INTENTS, &wish, "k", &job).code, PGL_INVALID);
    assert_int_equal(start("t", JOB_KIND_REPLAY_PARKED, &wish, "", &job).code, PGL_MALFORMED);
    assert_rows(DEEDS, "");
}

static void a_wish_is_taken_once(void **unused)
{
    (void)unused;
    Job *job, *again;
    NewJob wish = wish_for_all();
    assert_ok(start("t", JOB_KIND_REPLAY_PARKED, &wish, "k", &job));
    assert_ok(start("t", JOB_KIND_REPLAY_PARKED, &wish, "k", &again));
    assert_string_equal(job->id, again->id);
    assert_int_equal(start("t", JOB_KIND_DROP_PARKED, &wish, "k", &again).code, PGL_INVALID);
    for (int i = 1; i < PGL_ADMIN_JOBS_MAX; i++)
        assert_ok(start("t", JOB_KIND_REPLAY_PARKED, &wish,
                        pgl_arena_printf(&bench->sink.arena, "k%d", i), &again));
    assert_int_equal(start("t", JOB_KIND_REPLAY_PARKED, &wish, "more", &again).code, PGL_EXHAUSTED);
    turn();
    assert_ok(start("t", JOB_KIND_REPLAY_PARKED, &wish, "more", &again));
}

/* ---- many, and interruptions ---- */

static pgl_status append_many(struct pgl_tx *tx, void *argument)
{
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_ORDER_CREATED;
    event.tenant = (char *)"refuse";
    for (uint32_t i = 0; i < *(uint32_t *)argument; i++) {
        event.key = (ProtobufCBinaryData){ sizeof i, (uint8_t *)&i };
        PGL_TRY(pgl_log_append(&bench->log, tx, &event, NULL));
    }
    return PGL_OK;
}

/* The process ends again and again in the middle of it. */
static void a_job_goes_on_where_it_was(void **unused)
{
    (void)unused;
    uint32_t count = 1000;
    NewJob wish = wish_for_all();
    Job *job;
    assert_ok(pgl_writer_run_now(&bench->source.writer, append_many, &count));
    turn();
    assert_parked_in_memory(1000, 1000);
    bench->is_mended = true;
    assert_ok(start("refuse", JOB_KIND_REPLAY_PARKED, &wish, "k", &job));
    int64_t looked = 0;
    for (int starts = 0; get("refuse", job->id)->state == JOB_STATE_RUNNING; starts++) {
        assert_true(starts < 100);
        assert_true(get("refuse", job->id)->looked >= looked);
        looked = get("refuse", job->id)->looked;
        pgl_loop_turn(&bench->sink.loop); /* a slice */
        restart();
    }
    assert_counts(get("refuse", job->id), JOB_STATE_DONE, 1000, 1000, 0);
    assert_int_equal(pgl_store_bench_number(&bench->sink, "SELECT count(*) FROM effect"), 1000);
    assert_int_equal(pgl_store_bench_number(&bench->sink, "SELECT count(*) FROM audit_log"), 1002);
    assert_parked_in_memory(0, 0);
}

static void a_cancelled_job_stops(void **unused)
{
    (void)unused;
    uint32_t count = 1000;
    NewJob wish = wish_for_all();
    Job *job;
    assert_ok(pgl_writer_run_now(&bench->source.writer, append_many, &count));
    turn();
    bench->is_mended = true;
    assert_ok(start("refuse", JOB_KIND_REPLAY_PARKED, &wish, "k", &job));
    pgl_loop_turn(&bench->sink.loop);
    Caller boss = boss_of("refuse");
    CancelJobRequest ask = CANCEL_JOB_REQUEST_INIT;
    CancelJobResponse reply = CANCEL_JOB_RESPONSE_INIT;
    ask.caller = &boss;
    ask.id = job->id;
    assert_int_equal(
        pgl_store_bench_command(&bench->sink, &test_methods[ADMIN_SERVICE_CANCEL_JOB], &ask, &reply)
            .code,
        PGL_INVALID); /* no reason */
    ask.reason = (char *)"the wrong ones";
    assert_ok(pgl_store_bench_command(&bench->sink, &test_methods[ADMIN_SERVICE_CANCEL_JOB], &ask,
                                      &reply));
    turn();
    assert_counts(get("refuse", job->id), JOB_STATE_CANCELLED, PGL_ADMIN_SLICE, PGL_ADMIN_SLICE, 0);
    assert_int_equal(pgl_store_bench_number(&bench->sink, "SELECT count(*) FROM parked"),
                     1000 - PGL_ADMIN_SLICE);
}

/* ---- looking ---- */

static void what_is_parked_is_listed_page_by_page(void **unused)
{
    (void)unused;
    uint32_t count = 250;
    assert_ok(pgl_writer_run_now(&bench->source.writer, append_many, &count));
    turn();
    Caller boss = boss_of("refuse"), other = boss_of("else");
    ListParkedRequest ask = LIST_PARKED_REQUEST_INIT;
    ask.caller = &boss;
    ask.limit = 100;
    size_t listed = 0;
    for (int page = 0; page == 0 || ask.after[0] != '\0'; page++) {
        ListParkedResponse reply = LIST_PARKED_RESPONSE_INIT;
        assert_true(page < 4);
        assert_ok(pgl_store_bench_query(&bench->sink, &test_methods[ADMIN_SERVICE_LIST_PARKED],
                                        &ask, &reply));
        listed += reply.n_items;
        assert_string_equal(reply.items[0]->why, "it cannot be");
        assert_int_equal(reply.items[0]->events, 1);
        ask.after = reply.next;
    }
    assert_int_equal(listed, 250);
    ListParkedResponse reply = LIST_PARKED_RESPONSE_INIT;
    ask.caller = &other;
    ask.after = (char *)"";
    assert_ok(pgl_store_bench_query(&bench->sink, &test_methods[ADMIN_SERVICE_LIST_PARKED], &ask,
                                    &reply));
    assert_int_equal(reply.n_items, 0);
    other.role = ROLE_CUSTOMER;
    assert_int_equal(
        pgl_store_bench_query(&bench->sink, &test_methods[ADMIN_SERVICE_LIST_PARKED], &ask, &reply)
            .code,
        PGL_DENIED);
}

static void one_key_is_shown_with_its_events(void **unused)
{
    (void)unused;
    say("refuse", "a");
    say("ok", "a");
    Caller boss = boss_of("refuse");
    GetParkedRequest ask = GET_PARKED_REQUEST_INIT;
    GetParkedResponse reply = GET_PARKED_RESPONSE_INIT;
    ask.caller = &boss;
    ask.id = (char *)"payments.orders.61";
    assert_ok(
        pgl_store_bench_query(&bench->sink, &test_methods[ADMIN_SERVICE_GET_PARKED], &ask, &reply));
    assert_string_equal(reply.parked->key, "a");
    assert_int_equal(reply.n_events, 2);
    assert_int_equal(reply.events[1]->type, EVENT_TYPE_ORDER_CREATED);
    assert_string_equal(reply.events[1]->why, EARLIER);
    ask.id = (char *)"payments.orders.62";
    assert_int_equal(
        pgl_store_bench_query(&bench->sink, &test_methods[ADMIN_SERVICE_GET_PARKED], &ask, &reply)
            .code,
        PGL_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_mended_key_flows_again_in_order),
        TEST(what_fails_again_stays_with_all_behind_it),
        TEST(a_replay_goes_as_far_as_it_can),
        TEST(what_is_given_up_is_not_handled),
        TEST(a_filter_takes_what_it_says),
        TEST(a_calendar_that_is_set_back_hides_nothing),
        TEST(names_take_what_they_name),
        TEST(wishes_that_say_too_little_are_refused),
        TEST(a_wish_is_taken_once),
        TEST(a_job_goes_on_where_it_was),
        TEST(a_cancelled_job_stops),
        TEST(what_is_parked_is_listed_page_by_page),
        TEST(one_key_is_shown_with_its_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
