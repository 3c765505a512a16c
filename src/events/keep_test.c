/*
 * keep_test.c - what somebody still has to read is never pruned, nor what is new or young; and
 * whoever is far behind is noticed.
 * Method: a source and a sink, each a real file; the sink's consumer is registered, and can be kept
 * from handling anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "events/consumer.h"
#include "events/story.h"
#include "store/store_bench.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)
#define KEPT              1000
#define AGE_NS            PGL_HOURS(1)

static struct bench {
    struct pgl_store_bench source, sink;
    struct pgl_event_log log;
    struct pgl_consumer consumer;
    bool is_stuck;
    int64_t last_seq;
} * bench;

static pgl_status handle(struct pgl_tx *tx, int64_t seq, const Event *event)
{
    (void)tx, (void)seq, (void)event;
    return bench->is_stuck ? PGL_FAIL(PGL_EXHAUSTED, "stuck") : PGL_OK;
}

static void open_both(void)
{
    assert_ok(pgl_events_migrate(&bench->source.writer.db));
    assert_ok(pgl_log_open(&bench->log, LOG_ORDERS, &bench->source.writer));
    bench->log.keep.options = (struct pgl_keep_options){ KEPT, AGE_NS };
    assert_ok(pgl_events_migrate(&bench->sink.writer.db));
    assert_ok(pgl_consumer_open(&bench->consumer, &bench->sink.writer, &bench->log.source, handle));
    pgl_consumer_keep_up(&bench->consumer, "sink");
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

/* ---- saying ---- */

static pgl_status append(struct pgl_tx *tx, void *argument)
{
    static const uint8_t key[16] = { 1 };
    for (int i = 0; i < *(int *)argument; i++) {
        Event event = EVENT_INIT;
        event.type = EVENT_TYPE_ORDER_CREATED;
        event.key = (ProtobufCBinaryData){ sizeof key, (uint8_t *)(uintptr_t)key };
        event.previous_seq = bench->last_seq;
        PGL_TRY(pgl_log_append(&bench->log, tx, &event, &bench->last_seq));
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

static void say(int count)
{
    assert_ok(pgl_writer_run_now(&bench->source.writer, append, &count));
    turn();
}

static void pass(int64_t span_ns)
{
    bench->source.now_ns += span_ns;
    bench->sink.now_ns += span_ns;
    turn();
}

/* As much time as there are slices, and more. */
static void pass_looks(void)
{
    for (int i = 0; i < 20; i++)
        pass(PGL_KEEP_LOOK_NS);
}

static int64_t first_kept(void)
{
    return pgl_store_bench_number(&bench->source, "SELECT coalesce(min(seq), 0) FROM event");
}

/* ---- pruning ---- */

static void what_is_old_and_read_goes(void **unused)
{
    (void)unused;
    say(3000);
    pass(2 * AGE_NS);
    say(10); /* a commit, behind which it is looked */
    pass_looks();
    assert_int_equal(first_kept(), 3010 - KEPT + 1);
    assert_int_equal(pgl_store_bench_number(&bench->source, "SELECT low FROM log_head"),
                     first_kept());
    assert_int_equal(pgl_counter_read(&bench->log.keep.pruned), 3010 - KEPT);
    close_both();
    pgl_store_bench_restart(&bench->source);
    pgl_store_bench_restart(&bench->sink);
    open_both();
    say(10); /* the pair knows itself again */
    assert_false(bench->consumer.is_halted);
    assert_int_equal(bench->consumer.durable_position, 3020);
}

static void what_is_young_stays(void **unused)
{
    (void)unused;
    say(3000);
    pass_looks();
    say(10);
    pass_looks();
    assert_int_equal(first_kept(), 1);
}

static void what_is_not_read_stays(void **unused)
{
    (void)unused;
    say(500);
    bench->is_stuck = true;
    say(3000);
    pass(2 * AGE_NS);
    say(10);
    pass_looks();
    assert_int_equal(first_kept(), 500); /* the last one that was handled, and all behind it */
    bench->is_stuck = false;
    pass_looks();
    say(10);
    pass_looks();
    assert_int_equal(first_kept(), 3520 - KEPT + 1);
}

static void what_is_gone_is_said_to_be(void **unused)
{
    (void)unused;
    ReadKeyResponse reply = READ_KEY_RESPONSE_INIT;
    struct pgl_view view = { &bench->source.writer.db, &bench->source.arena, NULL };
    say(3000);
    pass(2 * AGE_NS);
    say(5);
    pass_looks();
    assert_ok(
        pgl_database_run(&bench->source.writer.db,
                         "UPDATE log_head SET low = 2990; DELETE FROM event WHERE seq < 2990"));
    assert_ok(pgl_story_read(&view, LOG_ORDERS, bench->last_seq, &reply));
    assert_true(reply.pruned);
    assert_int_equal(reply.n_events, 3005 - 2990 + 1);
    struct pgl_log_read *read = calloc(1, sizeof *read);
    assert_non_null(read);
    struct pgl_mailbox replies;
    pgl_mailbox_open(&replies, &bench->sink.loop, 0, NULL, NULL);
    read->message.reply_to = &replies;
    read->after = 7;
    assert_ok(pgl_mailbox_send(&bench->sink.loop, &bench->log.reads, &read->message));
    pgl_store_bench_turn(&bench->source);
    assert_int_equal(read->status.code, PGL_GONE);
    *read = (struct pgl_log_read){ .message.reply_to = &replies, .is_of_newcomer = true };
    assert_ok(pgl_mailbox_send(&bench->sink.loop, &bench->log.reads, &read->message));
    pgl_store_bench_turn(&bench->source);
    assert_ok(read->status);
    assert_int_equal(read->after, bench->log.keep.durable_low - 1);
    assert_true(read->after > 7);
    assert_true(read->count > 0);
    bench->sink.loop.mailboxes = bench->sink.loop.mailboxes->next; /* ours came first */
    free(read);
}

/* ---- keeping up ---- */

static void catch_up(void)
{
    bench->is_stuck = false;
    for (int i = 0; i < 3; i++)
        pass(PGL_SECONDS(1));
}

static bool is_behind(void)
{
    return pgl_keep_is_behind(&bench->log.keep, bench->source.now_ns);
}

static void who_is_far_behind_is_noticed(void **unused)
{
    (void)unused;
    say(10);
    assert_false(is_behind());
    bench->is_stuck = true;
    say(PGL_KEEP_BEHIND_EVENTS + 1);
    assert_true(is_behind());
    catch_up();
    assert_false(is_behind());
    assert_int_equal(pgl_counter_read(&bench->log.keep.behind), 0);
}

static void who_is_long_behind_is_noticed(void **unused)
{
    (void)unused;
    bench->is_stuck = true;
    say(1);
    pass(PGL_KEEP_BEHIND_NS / 2);
    say(1);
    assert_false(is_behind());
    pass(PGL_KEEP_BEHIND_NS);
    assert_true(is_behind());
    catch_up();
    assert_false(is_behind());
    pass(10 * PGL_KEEP_BEHIND_NS); /* nothing comes, and nobody is behind */
    assert_false(is_behind());
}

static void drop_reply(void *owner, struct pgl_message *message)
{
    (void)owner, (void)message;
}

/* One in another process: where it is, is not known before it asks. */
static void who_is_not_heard_of_keeps_all(void **unused)
{
    (void)unused;
    struct pgl_keep *keep = &bench->log.keep;
    struct pgl_log_read *read = calloc(1, sizeof *read);
    struct pgl_mailbox replies;
    assert_non_null(read);
    pgl_mailbox_open(&replies, &bench->sink.loop, 0, drop_reply, NULL);
    assert_int_equal(pgl_keep_expect(keep, "far"), 2);
    assert_int_equal(pgl_keep_find(keep, "far"), 2);
    assert_int_equal(pgl_keep_find(keep, "nobody"), 0);
    say(3 * KEPT);
    pass(2 * AGE_NS);
    pass_looks();
    assert_int_equal(keep->durable_low, 1);
    assert_true(is_behind()); /* for two hours */

    *read = (struct pgl_log_read){ .after = 3 * KEPT, .reader = 2, .handled = 3 * KEPT };
    read->until_ns = bench->source.now_ns;
    read->message.reply_to = &replies;
    assert_ok(pgl_mailbox_send(&bench->sink.loop, &bench->log.reads, &read->message));
    turn();
    assert_false(is_behind());
    say(1);
    pass_looks();
    assert_true(keep->durable_low > KEPT);
    free(read);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_old_and_read_goes),     TEST(what_is_young_stays),
        TEST(what_is_not_read_stays),        TEST(what_is_gone_is_said_to_be),
        TEST(who_is_far_behind_is_noticed),  TEST(who_is_long_behind_is_noticed),
        TEST(who_is_not_heard_of_keeps_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
