/*
 * intent_jobs_test.c - one wish helps many open operations on, and nothing is sent while the
 * provider has not been compared with.
 * Method: intents that the bank has refused on the card bench, and jobs over them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/payments/card_bench.h"
#include "services/payments/intent_jobs.h"
#include "services/payments/provider_hold.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

static const Caller boss = { .base = PROTOBUF_C_MESSAGE_INIT(CALLER_DESCRIPTOR),
                             .tenant = BENCH_TENANT,
                             .subject = "boss",
                             .role = ROLE_OPERATOR };

static void open_bench(struct card_bench *bench)
{
    card_bench_open(bench, 1);
    assert_ok(pgl_admin_open(&bench->payments.payments.admin, &bench->payments.store.writer,
                             pgl_intent_jobs, PGL_INTENT_JOB_COUNT));
}

static void order(struct card_bench *bench, int number)
{
    struct bench_order order = { number, "ann", "card", 100, true };
    assert_ok(
        payments_bench_hear(&bench->payments, payments_bench_created(&bench->payments, &order)));
    card_bench_run(bench, PGL_SECONDS(1));
}

/* Parked at its AUTHORIZE. */
static void park(struct card_bench *bench, int number)
{
    bench->script = ".o";
    order(bench, number);
    bench->script = "";
}

static const Job *run(struct card_bench *bench, JobKind kind, NewJob *wish, const char *key)
{
    struct pgl_store_bench *store = &bench->payments.store;
    StartJobRequest ask = START_JOB_REQUEST_INIT;
    StartJobResponse started = START_JOB_RESPONSE_INIT;
    GetJobRequest get = GET_JOB_REQUEST_INIT;
    static GetJobResponse got;
    wish->reason = (char *)"the bank is back";
    ask.caller = get.caller = (Caller *)(uintptr_t)&boss;
    ask.idempotency_key = (char *)key;
    ask.kind = kind;
    ask.job = wish;
    assert_ok(pgl_store_bench_command(store, &pgl_payments_admin_methods[ADMIN_SERVICE_START_JOB],
                                      &ask, &started));
    card_bench_run(bench, PGL_SECONDS(2));
    get.id = started.job->id;
    got = (GetJobResponse)GET_JOB_RESPONSE_INIT;
    assert_ok(pgl_store_bench_query(store, &pgl_payments_admin_methods[ADMIN_SERVICE_GET_JOB], &get,
                                    &got));
    assert_int_equal(got.job->state, JOB_STATE_DONE);
    return got.job;
}

static int64_t open_intents(struct card_bench *bench)
{
    return pgl_store_bench_number(&bench->payments.store, "SELECT count(*) FROM intent");
}

static char *name_of(struct card_bench *bench, int number)
{
    char *id = pgl_arena_zalloc(&bench->payments.store.arena, PGL_ID_TEXT_BYTES + 1);
    pgl_id_format(payments_bench_id(number), id);
    return id;
}

static void all_that_is_parked_is_tried_again(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    NewJob wish = NEW_JOB_INIT;
    open_bench(&bench);
    for (int i = 1; i <= 4; i++)
        park(&bench, i);
    assert_int_equal(open_intents(&bench), 4);
    wish.why = (char *)"timeout";
    const Job *job = run(&bench, JOB_KIND_RETRY_INTENTS, &wish, "k1");
    assert_int_equal(job->looked, 0);
    assert_int_equal(open_intents(&bench), 4);
    wish.why = (char *)"our_bug";
    job = run(&bench, JOB_KIND_RETRY_INTENTS, &wish, "k2");
    assert_int_equal(job->done, 4);
    assert_int_equal(job->failed, 0);
    assert_int_equal(open_intents(&bench), 0);
    for (int i = 1; i <= 4; i++)
        assert_string_equal(payments_bench_said(&bench.payments, i), "PaymentAuthorized");
    assert_int_equal(pgl_store_bench_number(&bench.payments.store,
                                            "SELECT count(*) FROM audit_log WHERE action = "
                                            "'intent.retry' AND reason LIKE 'job %: the bank%'"),
                     4);
    card_bench_close(&bench);
}

/* Behind a calendar that was set back all of them were planned in the future, and are there. What
 * is planned once the job has begun is none of its business. */
static void the_calendar_does_not_say_what_was_there(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    NewJob wish = NEW_JOB_INIT;
    open_bench(&bench);
    wish.why = (char *)"our_bug";
    for (int i = 1; i <= 3; i++)
        park(&bench, i);
    struct pgl_database *db = &bench.payments.store.writer.db;
    assert_ok(
        pgl_database_run(db, "UPDATE intent SET planned_at_ns = planned_at_ns + 3600000000000"));
    assert_int_equal(run(&bench, JOB_KIND_RETRY_INTENTS, &wish, "k1")->done, 3);
    for (int i = 4; i <= 6; i++)
        park(&bench, i);
    assert_int_equal(pgl_store_bench_number(&bench.payments.store,
                                            "SELECT count(*) FROM intent WHERE planned_job = 1"),
                     3);
    assert_ok(pgl_database_run(db, "UPDATE intent SET planned_job = 2 WHERE order_id = "
                                   "(SELECT max(order_id) FROM intent)"));
    assert_int_equal(run(&bench, JOB_KIND_RETRY_INTENTS, &wish, "k2")->done, 2);
    assert_int_equal(open_intents(&bench), 1);
    card_bench_close(&bench);
}

static void those_that_are_named_are_settled(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    NewJob wish = NEW_JOB_INIT;
    open_bench(&bench);
    for (int i = 1; i <= 3; i++)
        park(&bench, i);
    char *ids[] = { name_of(&bench, 2), name_of(&bench, 9) };
    wish.ids = ids;
    wish.n_ids = 2;
    wish.outcome = (char *)"DECLINED";
    const Job *job = run(&bench, JOB_KIND_SETTLE_INTENTS, &wish, "k1");
    assert_int_equal(job->looked, 2);
    assert_int_equal(job->done, 1);
    assert_int_equal(job->failed, 1); /* there is no such order */
    assert_string_equal(payments_bench_said(&bench.payments, 1), "");
    assert_string_equal(payments_bench_said(&bench.payments, 2),
                        "PaymentDeclined PaymentHoldReleased");
    assert_int_equal(open_intents(&bench), 2);
    card_bench_close(&bench);
}

static pgl_status hold(struct pgl_tx *tx, void *unused)
{
    (void)unused;
    return pgl_provider_hold_put(tx, "restored from a backup");
}

static void nothing_is_sent_until_both_were_compared(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    open_bench(&bench);
    assert_ok(pgl_writer_run_now(&bench.payments.store.writer, hold, NULL));
    order(&bench, 1);
    card_bench_run(&bench, PGL_SECONDS(30));
    assert_string_equal(bench.calls, "");
    assert_int_equal(open_intents(&bench), 1);
    bench.payments.payments.reconcile.has_succeeded = true;
    card_bench_run(&bench, PGL_SECONDS(30));
    assert_string_equal(payments_bench_said(&bench.payments, 1), "PaymentAuthorized");
    assert_int_equal(
        pgl_store_bench_number(&bench.payments.store, "SELECT count(*) FROM payment_hold"), 0);
    card_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_parked_is_tried_again),
        cmocka_unit_test(the_calendar_does_not_say_what_was_there),
        cmocka_unit_test(those_that_are_named_are_settled),
        cmocka_unit_test(nothing_is_sent_until_both_were_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
