/*
 * log_test.c - numbers without holes, only what is committed is served, and a reader's memory of
 * the log is held against it.
 * Method: a real file; readers on a loop of their own. What the ring gives is compared with the
 * table, over many sizes, wraps and rollbacks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/time.h"
#include "events/log.h"
#include "store/store_bench.h"
#include "wire/message.h"

#define READS 3

static struct bench {
    struct pgl_store_bench store;
    struct pgl_event_log log;
    struct pgl_loop loop; /* the readers' */
    struct pgl_mailbox replies;
    struct pgl_log_read reads[READS];
    bool is_answered[READS];
    struct pgl_random random;
} * bench;

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

static void take_reply(void *owner, struct pgl_message *message)
{
    (void)owner;
    bench->is_answered[PGL_CONTAINER(message, struct pgl_log_read, message) - bench->reads] = true;
}

static void open_log(void)
{
    assert_ok(pgl_events_migrate(&bench->store.writer.db));
    assert_ok(pgl_log_open(&bench->log, LOG_ORDERS, &bench->store.writer));
}

static int open_bench(void **unused)
{
    (void)unused;
    bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    pgl_random_seed(&bench->random, 7, 1);
    pgl_store_bench_open(&bench->store, 1);
    pgl_loop_init(&bench->loop, "readers", &bench->store.platform, &bench->store.waiter);
    pgl_mailbox_open(&bench->replies, &bench->loop, 0, take_reply, NULL);
    open_log();
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_log_close(&bench->log);
    pgl_store_bench_close(&bench->store);
    free(bench);
    return 0;
}

static void restart(void)
{
    pgl_log_close(&bench->log);
    pgl_store_bench_restart(&bench->store);
    open_log();
}

/* ---- appending ---- */

struct batch {
    int count;
    size_t least_bytes, spread; /* of each event's tenant, which is here to be of some size */
    bool fails;
};

static char filler[PGL_EVENT_BYTES_MAX + 1];

static pgl_status append(struct pgl_tx *tx, size_t bytes, int64_t *seq)
{
    Event event = EVENT_INIT;
    uint64_t drawn = pgl_random_next(&bench->random); /* so that no two are the same */
    event.type = EVENT_TYPE_ORDER_CREATED;
    event.key = (ProtobufCBinaryData){ sizeof drawn, (uint8_t *)&drawn };
    memset(filler, 'x', bytes);
    filler[bytes] = '\0';
    event.tenant = filler;
    return pgl_log_append(&bench->log, tx, &event, seq);
}

static pgl_status append_batch(struct pgl_tx *tx, void *argument)
{
    const struct batch *batch = argument;
    int64_t expected = bench->log.next_seq;
    for (int i = 0; i < batch->count; i++, expected++) {
        int64_t seq;
        size_t more = batch->spread > 0 ? pgl_random_below(&bench->random, batch->spread) : 0;
        PGL_TRY(append(tx, batch->least_bytes + more, &seq));
        assert_int_equal(seq, expected);
    }
    return batch->fails ? PGL_FAIL(PGL_CONFLICT, "no") : PGL_OK;
}

static void say(int count, size_t least_bytes, size_t spread)
{
    struct batch batch = { count, least_bytes, spread, false };
    assert_ok(pgl_writer_run_now(&bench->store.writer, append_batch, &batch));
}

static void say_in_vain(int count, size_t least_bytes, size_t spread)
{
    struct batch batch = { count, least_bytes, spread, true };
    assert_int_equal(pgl_writer_run_now(&bench->store.writer, append_batch, &batch).code,
                     PGL_CONFLICT);
}

/* ---- reading ---- */

static void turn(void)
{
    (void)pgl_store_bench_turn(&bench->store);
    (void)pgl_mailbox_empty(&bench->replies);
}

/* Sends the nth read. What else it is to ask is in it already. */
static void ask(int n, int64_t after, int64_t until_ns)
{
    struct pgl_log_read *read = &bench->reads[n];
    read->after = after;
    read->until_ns = until_ns;
    read->message.reply_to = &bench->replies;
    bench->is_answered[n] = false;
    assert_ok(pgl_mailbox_send(&bench->loop, &bench->log.reads, &read->message));
    turn();
}

static const struct pgl_log_read *read_now(int64_t after)
{
    ask(0, after, bench->store.now_ns);
    assert_true(bench->is_answered[0]);
    return &bench->reads[0];
}

static const struct pgl_log_read *read_first(int64_t after, int64_t epoch, int64_t hash)
{
    bench->reads[0].is_first = true;
    bench->reads[0].epoch = epoch;
    bench->reads[0].hash = hash;
    return read_now(after);
}

static struct pgl_text event_in(const struct pgl_log_read *read, int n)
{
    const uint8_t *at = read->bytes;
    uint32_t size;
    for (;; n--) {
        memcpy(&size, at, sizeof size);
        if (n == 0)
            return (struct pgl_text){ (const char *)at + sizeof size, size };
        at += sizeof size + size;
    }
}

/* All behind `after`, read by read, is what the table has. */
static void assert_serves_the_table(int64_t after)
{
    struct pgl_rows rows =
        pgl_rows_begin(&bench->store.writer.db, "SELECT bytes FROM event WHERE seq > ?1");
    pgl_bind_i64(&rows, after);
    int64_t high = bench->log.durable_high;
    while (after < high) {
        const struct pgl_log_read *read = read_now(after);
        assert_ok(read->status);
        assert_int_equal(read->high, high);
        assert_in_range(read->count, 1, PGL_LOG_READ_EVENTS_MAX);
        for (int i = 0; i < read->count; i++) {
            assert_ok(pgl_rows_next(&rows));
            assert_true(rows.has_row);
            assert_true(pgl_text_equal(pgl_column_blob(&rows, 0), event_in(read, i)));
        }
        after += read->count;
    }
    assert_ok(pgl_rows_next(&rows));
    assert_false(rows.has_row);
    assert_int_equal(read_now(high)->count, 0);
}

static int64_t number(const char *sql)
{
    return pgl_store_bench_number(&bench->store, sql);
}

/* ---- numbers ---- */

static void numbers_have_no_holes_over_rollbacks_and_restarts(void **unused)
{
    (void)unused;
    int64_t said = 0;
    for (int round = 0; round < 40; round++) {
        int count = (int)pgl_random_below(&bench->random, 20);
        switch (pgl_random_below(&bench->random, 4)) {
        case 0:
            say_in_vain(count, 10, 50);
            break;
        case 1:
            restart();
            break;
        default:
            say(count, 10, 50);
            said += count;
        }
        assert_int_equal(bench->log.durable_high, said);
    }
    assert_int_equal(number("SELECT count(*) FROM event"), said);
    assert_int_equal(number("SELECT max(seq) FROM event"), said);
    assert_int_equal(number("SELECT next_seq FROM log_head"), said + 1);
    assert_serves_the_table(0);
}

static void what_is_too_large_is_refused_before_a_write(void **unused)
{
    (void)unused;
    struct batch batch = { 1, PGL_EVENT_BYTES_MAX, 0, false };
    bench->store.writer.db.has_written = false;
    struct pgl_tx tx = { .view = { &bench->store.writer.db, &bench->store.arena, NULL } };
    assert_int_equal(append_batch(&tx, &batch).code, PGL_EXHAUSTED);
    assert_false(bench->store.writer.db.has_written);
    say(1, 10, 0);
    assert_serves_the_table(0);
}

/* ---- the ring ---- */

static void only_what_is_committed_is_served(void **unused)
{
    (void)unused;
    ask(0, 0, PGL_NEVER_NS);
    say_in_vain(3, 10, 50);
    turn();
    assert_false(bench->is_answered[0]);
    say(2, 10, 50); /* with the numbers that were free again, and other bytes */
    turn();
    assert_true(bench->is_answered[0]);
    assert_int_equal(bench->reads[0].count, 2);
    assert_serves_the_table(0);
}

/* Between the ring's oldest event and the newest, in it and behind it. */
static void assert_serves_from_everywhere(void)
{
    int64_t high = bench->log.durable_high, first = bench->log.ring_first_seq;
    const int64_t places[] = { 0,     first - 700,        first - 2, first - 1,
                               first, (first + high) / 2, high - 1 };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (places[i] >= 0)
            assert_serves_the_table(places[i]);
}

static void the_ring_wraps_by_its_slots(void **unused)
{
    (void)unused;
    for (int round = 0; round < 5; round++) {
        say(PGL_LOG_RING_SLOTS / 3 + round, 1, 3);
        say_in_vain(1000, 1, 3);
    }
    assert_int_equal(bench->log.durable_high - bench->log.ring_first_seq,
                     PGL_LOG_RING_SLOTS - 1 - 1000); /* those in vain have taken places */
    assert_serves_from_everywhere();
    restart();
    assert_int_equal(bench->log.ring_first_seq, bench->log.next_seq); /* all is in the table */
    assert_serves_the_table(bench->log.durable_high - 100);
}

static void the_ring_wraps_by_its_bytes(void **unused)
{
    (void)unused;
    for (int round = 0; round < 12; round++) {
        say(40, 1, 40000);
        say_in_vain(round % 3 * 10, 1, 60000);
        assert_serves_from_everywhere();
    }
    assert_true(bench->log.ring_first_seq > 100);
}

/* More than the whole ring in one transaction, committed and not. */
static void a_transaction_may_be_larger_than_the_ring(void **unused)
{
    (void)unused;
    say(100, 1, 100);
    say_in_vain(PGL_LOG_RING_SLOTS + 10, 1, 3);
    assert_serves_from_everywhere();
    say(PGL_LOG_RING_SLOTS + 10, 1, 3);
    assert_serves_from_everywhere();
}

/* ---- waiting ---- */

static void readers_wait_each_for_its_own(void **unused)
{
    (void)unused;
    say(2, 10, 0);
    ask(0, -1, PGL_NEVER_NS); /* what comes from now on */
    ask(1, 2, PGL_MILLISECONDS(50));
    ask(2, 3, PGL_NEVER_NS); /* ahead of the log */
    assert_false(bench->is_answered[0] || bench->is_answered[1] || bench->is_answered[2]);
    bench->store.now_ns = PGL_MILLISECONDS(51);
    turn();
    assert_true(bench->is_answered[1]); /* with nothing: its time is up */
    assert_ok(bench->reads[1].status);
    assert_int_equal(bench->reads[1].count, 0);
    assert_int_equal(bench->reads[1].high, 2);
    say(1, 10, 0);
    turn();
    assert_true(bench->is_answered[0]);
    assert_int_equal(bench->reads[0].after, 2);
    assert_int_equal(bench->reads[0].count, 1);
    assert_false(bench->is_answered[2]);
    say(1, 10, 0);
    turn();
    assert_true(bench->is_answered[2]);
    assert_int_equal(bench->reads[2].count, 1);
    assert_null(bench->log.waiting);
}

/* ---- is it still the same log? (docs/reliability.md: B3, B4) ---- */

static void a_first_read_holds_the_log_against_what_was_seen(void **unused)
{
    (void)unused;
    say(3, 10, 10);
    int64_t hash = pgl_event_hash(event_in(read_now(0), 1)); /* of event 2 */
    assert_ok(read_first(2, 1, hash)->status);
    assert_int_equal(bench->reads[0].count, 1);
    assert_ok(read_first(0, 0, 0)->status); /* has seen nothing yet */
    assert_int_equal(bench->reads[0].count, 3);

    static const struct {
        int64_t after, epoch, wrong_hash;
    } cases[] = { { 2, 2, 0 }, { 4, 1, 0 }, { 2, 1, 1 }, { 3, 1, 0 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct pgl_log_read *read =
            read_first(cases[i].after, cases[i].epoch, hash + cases[i].wrong_hash);
        assert_int_equal(read->status.code, PGL_DATA_LOSS);
        assert_int_equal(read->count, 0);
    }
    /* A restore raises the epoch; the log itself is what it was. */
    restart();
    assert_ok(read_first(2, 1, hash)->status);
    assert_ok(pgl_database_run(&bench->store.writer.db, "UPDATE log_head SET epoch = 2"));
    restart();
    assert_int_equal(read_first(2, 1, hash)->status.code, PGL_DATA_LOSS);
    assert_int_equal(bench->reads[0].epoch, 2);
}

static void a_hole_is_not_waited_for(void **unused)
{
    (void)unused;
    static const char *const damages[] = { "DELETE FROM event WHERE seq = 2",
                                           "DELETE FROM event WHERE seq = 3",
                                           "DELETE FROM event WHERE seq > 1" };
    say(3, 10, 10);
    for (size_t i = 0; i < 3; i++) {
        assert_ok(pgl_database_run(&bench->store.writer.db, damages[i]));
        restart(); /* nothing is in the ring */
        assert_int_equal(read_now(2 - (int64_t)(i == 0))->status.code, PGL_DATA_LOSS);
    }
}

/* ---- what is in an event ---- */

static pgl_status append_traced(struct pgl_tx *tx, void *argument)
{
    (void)argument;
    tx->cause_log = LOG_PAYMENTS;
    tx->cause_seq = 77;
    tx->trace.span_id[3] = 9;
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_ORDER_CONFIRMED;
    pgl_status status = pgl_log_append(&bench->log, tx, &event, NULL);
    assert_null(event.trace); /* it was on the log's stack */
    return status;
}

static void time_cause_and_trace_come_from_the_transaction(void **unused)
{
    (void)unused;
    assert_ok(pgl_writer_run_now(&bench->store.writer, append_traced, NULL));
    say(1, 10, 0);
    const struct pgl_log_read *read = read_now(0);
    void *message;
    assert_ok(
        pgl_message_unpack(EVENT_DESCRIPTOR, &bench->store.arena, event_in(read, 0), &message));
    const Event *event = message;
    assert_int_equal(event->type, EVENT_TYPE_ORDER_CONFIRMED);
    assert_int_equal(event->at_ns, PGL_STORE_BENCH_WALL_NS);
    assert_int_equal(event->cause_log, LOG_PAYMENTS);
    assert_int_equal(event->cause_seq, 77);
    assert_int_equal(event->trace->context.len, sizeof(struct pgl_trace));
    assert_ok(
        pgl_message_unpack(EVENT_DESCRIPTOR, &bench->store.arena, event_in(read, 1), &message));
    event = message;
    assert_null(event->trace);
    assert_int_equal(event->cause_log, LOG_UNSPECIFIED);
}

static void ids_are_made_of_what_identifies(void **unused)
{
    (void)unused;
    char text[PGL_ID_TEXT_BYTES + 1] = { 0 };
    pgl_id_format(pgl_event_id(LOG_PAYMENTS, 0x01020304, 0x11121314151617), text);
    assert_string_equal(text, "01020304-0003-8000-8011-121314151617");
    pgl_id one = pgl_event_id(LOG_ORDERS, 1, 1);
    assert_false(pgl_id_equal(one, pgl_event_id(LOG_ORDERS, 1, 2)));
    assert_false(pgl_id_equal(one, pgl_event_id(LOG_ORDERS, 2, 1)));
    assert_false(pgl_id_equal(one, pgl_event_id(LOG_PAYMENTS, 1, 1)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_have_no_holes_over_rollbacks_and_restarts),
        TEST(what_is_too_large_is_refused_before_a_write),
        TEST(only_what_is_committed_is_served),
        TEST(the_ring_wraps_by_its_slots),
        TEST(the_ring_wraps_by_its_bytes),
        TEST(a_transaction_may_be_larger_than_the_ring),
        TEST(readers_wait_each_for_its_own),
        TEST(a_first_read_holds_the_log_against_what_was_seen),
        TEST(a_hole_is_not_waited_for),
        TEST(time_cause_and_trace_come_from_the_transaction),
        TEST(ids_are_made_of_what_identifies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
