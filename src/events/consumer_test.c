/*
 * consumer_test.c - each event is handled once, together with what it changes; what cannot be
 * handled is set aside with its key and nothing else is; a log that is another one is not followed.
 * Method: a source and a sink, each a real file. The tenant of an event says what the handler is to
 * do with it, so that one table of events is one story.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/time.h"
#include "events/consumer.h"
#include "store/store_bench.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

static struct bench {
    struct pgl_store_bench source, sink;
    struct pgl_event_log log, own; /* the source's; what the sink says in turn */
    struct pgl_consumer consumer;
    bool lacks_memory; /* so every "hungry" event says */
    int handled;       /* calls of the handler */
    struct pgl_trace trace;
    int64_t cause_seq;
} * bench;

/* ---- the handler ---- */

static pgl_status write_effect(struct pgl_tx *tx, const Event *event)
{
    struct pgl_rows rows =
        pgl_tx_rows(tx, "INSERT INTO effect (key, heard) VALUES (?1, 1) "
                        "ON CONFLICT (key) DO UPDATE SET heard = heard + 1 WHERE ?2 = 0");
    bool is_idempotent = strcmp(event->tenant, "once") == 0;
    pgl_bind_blob(&rows, event->key.data, event->key.len);
    pgl_bind_i64(&rows, is_idempotent);
    return pgl_rows_run(&rows, NULL);
}

static pgl_status handle(struct pgl_tx *tx, int64_t seq, const Event *event)
{
    bench->handled++;
    bench->trace = tx->trace;
    bench->cause_seq = tx->cause_seq;
    assert_int_equal(tx->cause_seq, seq);
    assert_int_equal(tx->cause_log, LOG_ORDERS);
    if (strcmp(event->tenant, "hungry") == 0 && bench->lacks_memory)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory");
    if (strcmp(event->tenant, "refuse") == 0)
        return PGL_FAIL(PGL_CONFLICT, "it cannot be");
    PGL_TRY(write_effect(tx, event));
    Event said = EVENT_INIT;
    said.type = EVENT_TYPE_PAYMENT_AUTHORIZED;
    said.key = event->key;
    if (strcmp(event->tenant, "once") != 0)
        PGL_TRY(pgl_log_append(&bench->own, tx, &said, NULL));
    if (strcmp(event->tenant, "fail") == 0)
        return PGL_FAIL(PGL_INVALID,
                        pgl_arena_printf(pgl_tx_arena(tx), "it fails at %lld", (long long)seq));
    return PGL_OK;
}

/* ---- opening ---- */

static void open_sink(void)
{
    assert_ok(pgl_events_migrate(&bench->sink.writer.db));
    assert_ok(pgl_database_run(
        &bench->sink.writer.db,
        "CREATE TABLE IF NOT EXISTS effect (key BLOB PRIMARY KEY, heard INTEGER NOT NULL)"));
    assert_ok(pgl_consumer_open(&bench->consumer, &bench->sink.writer, &bench->log.source, handle));
    assert_ok(pgl_log_open(&bench->own, LOG_PAYMENTS, &bench->sink.writer));
    pgl_consumer_start(&bench->consumer);
}

static void open_source(void)
{
    assert_ok(pgl_events_migrate(&bench->source.writer.db));
    assert_ok(pgl_log_open(&bench->log, LOG_ORDERS, &bench->source.writer));
}

static int open_bench(void **unused)
{
    (void)unused;
    bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    pgl_store_bench_open(&bench->source, 1);
    pgl_store_bench_open(&bench->sink, 2);
    open_source();
    open_sink();
    return 0;
}

static void close_services(void)
{
    pgl_consumer_close(&bench->consumer);
    pgl_log_close(&bench->own);
    pgl_log_close(&bench->log);
}

static int close_bench(void **unused)
{
    (void)unused;
    close_services();
    pgl_store_bench_close(&bench->sink);
    pgl_store_bench_close(&bench->source);
    free(bench);
    return 0;
}

static void run(struct pgl_store_bench *store, const char *sql)
{
    assert_ok(pgl_database_run(&store->writer.db, sql));
}

/* Both processes end and start again, with this done to their files in between. */
static void restart(const char *source_sql, const char *sink_sql)
{
    close_services();
    pgl_store_bench_restart(&bench->source);
    pgl_store_bench_restart(&bench->sink);
    run(&bench->source, source_sql);
    run(&bench->sink, sink_sql);
    open_source();
    open_sink();
}

/* ---- saying and looking ---- */

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
        tx->trace.span_id[0] = (uint8_t)*key;
        PGL_TRY(pgl_log_append(&bench->log, tx, &event, NULL));
    }
    return PGL_OK;
}

static void say(const char *tenant, const char *keys)
{
    struct words words = { tenant, keys };
    assert_ok(pgl_writer_run_now(&bench->source.writer, append, &words));
}

static pgl_status append_many(struct pgl_tx *tx, void *argument)
{
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_ORDER_CREATED;
    event.tenant = (char *)"ok";
    for (uint32_t i = 0; i < *(uint32_t *)argument; i++) {
        event.key = (ProtobufCBinaryData){ sizeof i, (uint8_t *)&i };
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

#define assert_rows(sql, rows) assert_string_equal(pgl_store_bench_rows(&bench->sink, sql), rows)
#define EFFECTS                "SELECT CAST(key AS TEXT), heard FROM effect"
#define PARKED                 "SELECT seq, CAST(key AS TEXT), why FROM parked"
#define EARLIER                "an earlier event of this key is parked"

static int64_t number(const char *sql)
{
    return pgl_store_bench_number(&bench->sink, sql);
}

/* ---- once each ---- */

static void each_event_is_handled_once_in_order(void **unused)
{
    (void)unused;
    uint32_t count = 5 * PGL_LOG_READ_EVENTS_MAX + 7; /* several reads, one fetched ahead */
    bench->sink.writer.options.batch_max = 100;       /* and none of them in one batch */
    assert_ok(pgl_writer_run_now(&bench->source.writer, append_many, &count));
    turn();
    assert_int_equal(bench->handled, count);
    assert_int_equal(number("SELECT count(*) FROM effect WHERE heard = 1"), count);
    assert_int_equal(number("SELECT position FROM consumer WHERE log = 2"), count);
    assert_int_equal(number("SELECT count(*) FROM event"), count);
    assert_int_equal(pgl_counter_read(&bench->consumer.handled), count);
    assert_int_equal(pgl_counter_read(&bench->consumer.lag), 0);
    restart("", "");
    say("ok", "a");
    turn();
    assert_int_equal(bench->handled, count + 1);
    assert_int_equal(number("SELECT max(heard) FROM effect"), 1);
    assert_int_equal(bench->trace.span_id[0], 'a');
}

static void what_was_not_committed_is_handled_again(void **unused)
{
    (void)unused;
    say("ok", "ab");
    say("hungry", "c");
    bench->lacks_memory = true;
    turn();
    assert_int_equal(bench->handled, 6); /* together, and then each alone */
    assert_rows(EFFECTS, "a|1\nb|1\n");
    assert_int_equal(number("SELECT position FROM consumer"), 2);
    assert_int_equal(pgl_counter_read(&bench->consumer.lag), 1);
    bench->lacks_memory = false;
    bench->sink.now_ns += PGL_SECONDS(1);
    turn();
    assert_rows(EFFECTS, "a|1\nb|1\nc|1\n");
    assert_rows(PARKED, "");
    assert_int_equal(number("SELECT count(*) FROM event"), 3);
}

static void a_log_that_is_heard_again_changes_nothing(void **unused)
{
    (void)unused;
    static const char *const ways[] = { "DELETE FROM consumer",
                                        "UPDATE consumer SET position = 0, epoch = 0, hash = 0" };
    static const char *const how_far[] = { "consumer", NULL };
    say("once", "abcab");
    turn();
    const char *before = pgl_store_bench_dump(&bench->sink, how_far);
    for (size_t i = 0; i < 2; i++) {
        restart("", ways[i]);
        turn();
        assert_int_equal(bench->handled, 5 * (i + 2));
        assert_int_equal(number("SELECT position FROM consumer"), 5);
        assert_string_equal(pgl_store_bench_dump(&bench->sink, how_far), before);
    }
}

/* ---- what cannot be handled ---- */

static void a_refused_event_is_parked_with_its_key(void **unused)
{
    (void)unused;
    say("ok", "abc");
    say("refuse", "b");
    say("ok", "abc");
    turn();
    assert_rows(EFFECTS, "a|2\nb|1\nc|2\n");
    assert_rows(PARKED, "4|b|it cannot be\n6|b|" EARLIER "\n");
    assert_int_equal(number("SELECT position FROM consumer"), 7);
    assert_int_equal(pgl_counter_read(&bench->consumer.parked), 2);
    restart("", "");
    say("ok", "bc");
    turn();
    assert_rows(EFFECTS, "a|2\nb|1\nc|3\n");
    assert_int_equal(number("SELECT count(*) FROM parked WHERE seq = 8"), 1);
}

/* Whatever the size of a batch, and wherever in it the bad one is: it alone is set aside. */
static void an_event_that_fails_late_is_parked_alone(void **unused)
{
    (void)unused;
    say("ok", "abc");
    say("fail", "d");
    say("ok", "efgd");
    say("fail", "h");
    say("ok", "ij");
    const char *expected = NULL;
    for (int batch = 1; batch <= 12; batch++) {
        restart("", "DELETE FROM consumer; DELETE FROM effect; DELETE FROM parked; "
                    "DELETE FROM event; UPDATE log_head SET next_seq = 1");
        bench->sink.writer.options.batch_max = batch;
        turn();
        assert_rows(EFFECTS, "a|1\nb|1\nc|1\ne|1\nf|1\ng|1\ni|1\nj|1\n");
        assert_rows(PARKED, "4|d|it fails at 4\n8|d|" EARLIER "\n9|h|it fails at 9\n");
        assert_int_equal(pgl_counter_read(&bench->consumer.parked), 3);
        const char *dump = pgl_store_bench_dump(&bench->sink, NULL);
        assert_string_equal(dump, expected != NULL ? expected : dump);
        expected = dump;
    }
}

/* A rollback that has nothing to do with a parked key forgets it, as it forgets the row. */
static void a_rollback_forgets_what_it_parked(void **unused)
{
    (void)unused;
    say("refuse", "ab");
    say("hungry", "c");
    bench->lacks_memory = true;
    turn();
    assert_rows(PARKED, "1|a|it cannot be\n2|b|it cannot be\n");
    assert_int_equal(pgl_counter_read(&bench->consumer.parked), 2);
    assert_int_equal(bench->consumer.parked_keys.count, 2);
    bench->lacks_memory = false;
    bench->sink.now_ns += PGL_SECONDS(1);
    turn();
    assert_rows(PARKED, "1|a|it cannot be\n2|b|it cannot be\n");
}

static void bytes_that_are_no_event_are_parked(void **unused)
{
    (void)unused;
    say("ok", "abc");
    run(&bench->source, "UPDATE event SET bytes = x'FF' WHERE seq = 2");
    restart("", "");
    turn();
    assert_rows(EFFECTS, "a|1\nc|1\n");
    assert_rows("SELECT seq, length(key), hex(bytes) FROM parked", "2|0|FF\n");
}

static void too_many_parked_keys_halt_the_consumer(void **unused)
{
    (void)unused;
    restart("",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) "
            "INSERT INTO parked SELECT 2, i - 200000, CAST(i AS BLOB), '', x'', '', 0, 0 FROM n");
    say("ok", "x");
    say("refuse", "ax"); /* one more has room */
    say("refuse", "b");
    say("ok", "y");
    turn();
    assert_true(bench->consumer.is_halted);
    assert_rows(EFFECTS, "x|1\n");
    assert_int_equal(number("SELECT position FROM consumer"), 2);
    assert_int_equal(number("SELECT count(*) FROM parked WHERE seq > 0"), 1);
    restart("", ""); /* it starts, and halts again at the same place */
    turn();
    assert_true(bench->consumer.is_halted);
    assert_int_equal(number("SELECT position FROM consumer"), 2);
}

/* ---- another log ---- */

static void another_log_is_not_followed(void **unused)
{
    (void)unused;
    static const char *const damages[][2] = {
        { "UPDATE log_head SET epoch = epoch + 1", "" }, /* restored */
        { "DELETE FROM event WHERE seq > 2; UPDATE log_head SET next_seq = 3",
          "" },                                        /* lost its tail */
        { "", "UPDATE consumer SET hash = hash + 1" }, /* another event there */
    };
    for (size_t i = 0; i < 3; i++) {
        say("ok", "abc");
        turn();
        int64_t position = number("SELECT position FROM consumer");
        int handled = bench->handled;
        restart(damages[i][0], damages[i][1]);
        say("ok", "de");
        turn();
        assert_true(bench->consumer.is_halted);
        assert_int_equal(bench->handled, handled);
        assert_int_equal(number("SELECT position FROM consumer"), position);
        assert_true(pgl_is_ok(bench->sink.loop.fatal)); /* everything else goes on */
        restart("DELETE FROM event; UPDATE log_head SET next_seq = 1", "DELETE FROM consumer");
    }
}

static void who_has_lost_its_position_to_another_stops(void **unused)
{
    (void)unused;
    say("ok", "abc");
    turn();
    run(&bench->sink, "UPDATE consumer SET position = 2");
    say("ok", "d");
    (void)pgl_store_bench_turn(&bench->source);
    while (pgl_loop_turn(&bench->sink.loop))
        ;
    assert_int_equal(bench->sink.loop.fatal.code, PGL_DATA_LOSS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_event_is_handled_once_in_order),
        TEST(what_was_not_committed_is_handled_again),
        TEST(a_log_that_is_heard_again_changes_nothing),
        TEST(a_refused_event_is_parked_with_its_key),
        TEST(an_event_that_fails_late_is_parked_alone),
        TEST(a_rollback_forgets_what_it_parked),
        TEST(bytes_that_are_no_event_are_parked),
        TEST(too_many_parked_keys_halt_the_consumer),
        TEST(another_log_is_not_followed),
        TEST(who_has_lost_its_position_to_another_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
