/*
 * writer_test.c - a batch is one commit, answered behind it; who fails is alone in it; and what the
 * disk says decides whether anybody is answered at all.
 * Method: a real file, a client on a loop of its own, and a participant that can be told to fail.
 * The disk fails on demand: SQLite's unix VFS lets its pwrite be replaced, and its fdatasync is the
 * one of this program.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/time.h"
#include "store/store_bench.h"

#define CALLS_MAX (PGL_WRITER_QUEUE_MAX + 8)

/* ---- the disk: what it does is global, in this program alone ---- */

static struct {
    ssize_t (*pwrite)(int, const void *, size_t, off_t);
    int write_error, sync_error; /* an errno; 0: all is well */
} disk;

static ssize_t failing_pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    if (disk.write_error == 0)
        return disk.pwrite(fd, bytes, size, at);
    errno = disk.write_error;
    return -1;
}

/* In place of the C library's, for SQLite as well. */
int fdatasync(int fd)
{
    if (disk.sync_error == 0)
        return (int)syscall(SYS_fdatasync, fd);
    errno = disk.sync_error;
    return -1;
}

static int replace_pwrite(void **unused)
{
    (void)unused;
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
    disk.pwrite =
        (ssize_t(*)(int, const void *, size_t, off_t))vfs->xGetSystemCall(vfs, "pwrite64");
    return vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)failing_pwrite);
}

/* ---- a participant: a row for each event that has come ---- */

struct probe {
    struct pgl_participant participant;
    int64_t come, done, durable; /* events; done in the transaction, committed */
    int64_t bad, aside;          /* fails behind its write; is not tried again; 0: none */
    pgl_status why;
    bool fails_to_prepare;
    int committed, rolled_back, refused;
    enum pgl_code refused_for;
};

static pgl_status insert(struct pgl_tx *tx, const char *sql, int64_t number)
{
    struct pgl_rows rows = pgl_tx_rows(tx, sql);
    pgl_bind_i64(&rows, number);
    return pgl_rows_run(&rows, NULL);
}

static int probe_waiting(void *self)
{
    struct probe *probe = self;
    return (int)(probe->come - probe->done);
}

static pgl_status probe_work(void *self, struct pgl_tx *tx, int limit)
{
    struct probe *probe = self;
    for (; limit > 0; limit--) {
        int64_t number = ++probe->done;
        if (number == probe->aside)
            continue;
        PGL_TRY(insert(tx, "INSERT INTO event (number) VALUES (?1)", number));
        if (number == probe->bad)
            return probe->why;
    }
    return PGL_OK;
}

static void probe_refused(void *self, pgl_status why)
{
    struct probe *probe = self;
    probe->refused++;
    probe->refused_for = why.code;
    probe->aside = probe->durable + 1;
}

static pgl_status probe_prepare(void *self, struct pgl_tx *tx)
{
    struct probe *probe = self;
    (void)tx;
    return probe->fails_to_prepare ? PGL_FAIL(PGL_CONFLICT, "not ready") : PGL_OK;
}

static void probe_committed(void *self)
{
    struct probe *probe = self;
    probe->committed++;
    probe->durable = probe->done;
}

static void probe_rolled_back(void *self)
{
    struct probe *probe = self;
    probe->rolled_back++;
    probe->done = probe->durable;
}

/* ---- a client: many calls at once, and in which order they are answered ---- */

enum deed { WRITES, REFUSES, WRITES_AND_FAILS, WRITES_AND_RUNS_OUT };

struct ask {
    int64_t number;
    enum deed deed;
};

static struct bench {
    struct pgl_store_bench store;
    struct probe probe;
    struct pgl_loop loop; /* the client's */
    struct pgl_mailbox replies;
    struct ask asks[CALLS_MAX];
    struct pgl_call calls[CALLS_MAX];
    int sent, answered, handled;
    int64_t answered_as[CALLS_MAX]; /* numbers, in the order of answers */
    int answered_at_commit;
} * bench;

static pgl_status handle(struct pgl_tx *tx, const void *message, void *reply)
{
    const struct ask *ask = message;
    (void)reply;
    bench->handled++;
    if (ask->deed == REFUSES)
        return PGL_FAIL(PGL_DENIED, "no");
    PGL_TRY(insert(tx, "INSERT INTO done (number) VALUES (?1)", ask->number));
    if (ask->deed == WRITES_AND_FAILS)
        return PGL_FAIL(PGL_INVALID, "too late for a no");
    return ask->deed == WRITES_AND_RUNS_OUT ? PGL_FAIL(PGL_EXHAUSTED, "no memory") : PGL_OK;
}

static const struct pgl_method method = { PGL_METHOD_COMMAND, .command = handle };

static void take_reply(void *owner, struct pgl_message *message)
{
    (void)owner;
    const struct ask *ask = pgl_call_of(message)->ask;
    bench->answered_as[bench->answered++] = ask->number;
}

static void note_commit(void *unused)
{
    (void)unused;
    (void)pgl_mailbox_empty(&bench->replies);
    bench->answered_at_commit = bench->answered;
}

static void run(const char *sql)
{
    assert_int_equal(pgl_database_run(&bench->store.writer.db, sql).code, PGL_CODE_OK);
}

static int open_bench(void **unused)
{
    (void)unused;
    bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    pgl_store_bench_open(&bench->store, 1);
    run("CREATE TABLE done (number INTEGER PRIMARY KEY);"
        "CREATE TABLE event (number INTEGER PRIMARY KEY)");
    pgl_loop_init(&bench->loop, "client", &bench->store.platform, &bench->store.waiter);
    pgl_mailbox_open(&bench->replies, &bench->loop, 0, take_reply, NULL);
    bench->probe.participant = (struct pgl_participant){ .self = &bench->probe,
                                                         .waiting = probe_waiting,
                                                         .work = probe_work,
                                                         .refused = probe_refused,
                                                         .prepare = probe_prepare,
                                                         .committed = probe_committed,
                                                         .rolled_back = probe_rolled_back };
    pgl_writer_join(&bench->store.writer, &bench->probe.participant);
    bench->store.writer.on_commit = note_commit;
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    disk.write_error = disk.sync_error = 0;
    pgl_store_bench_close(&bench->store);
    free(bench);
    return 0;
}

static pgl_status send(enum deed deed, int64_t deadline_ns)
{
    struct ask *ask = &bench->asks[bench->sent];
    struct pgl_call *call = &bench->calls[bench->sent];
    *ask = (struct ask){ bench->sent + 1, deed };
    *call = (struct pgl_call){ .method = &method,
                               .ask = ask,
                               .arena = &bench->store.arena,
                               .deadline_ns = deadline_ns,
                               .message.reply_to = &bench->replies };
    pgl_status sent = pgl_mailbox_send(&bench->loop, &bench->store.writer.commands, &call->message);
    bench->sent += pgl_is_ok(sent);
    return sent;
}

static void send_all(const enum deed *deeds, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(send(deeds[i], PGL_NEVER_NS).code, PGL_CODE_OK);
}

/* One turn, and what it answered. True when another is due at once. */
static bool turn(void)
{
    bool has_more = pgl_loop_turn(&bench->store.loop);
    (void)pgl_mailbox_empty(&bench->replies);
    return has_more;
}

static void turn_to_the_end(void)
{
    while (turn())
        ;
}

static uint64_t count_of(const struct pgl_counter *counter)
{
    return pgl_counter_read(counter);
}

#define METRIC(name)           count_of(&bench->store.writer.metrics.name)
#define assert_rows(sql, rows) assert_string_equal(pgl_store_bench_rows(&bench->store, sql), rows)

/* The code that the nth call, from 1, was answered with. */
static enum pgl_code code_of(int number)
{
    return bench->calls[number - 1].status.code;
}

/* ---- what a batch is ---- */

static void a_turn_is_one_commit_and_answers_come_behind_it(void **unused)
{
    (void)unused;
    static const enum deed deeds[] = { WRITES, WRITES, WRITES };
    send_all(deeds, 3);
    assert_false(turn());
    assert_int_equal(bench->answered_at_commit, 0);
    assert_int_equal(bench->answered, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(code_of(i + 1), PGL_CODE_OK);
        assert_int_equal(bench->answered_as[i], i + 1);
    }
    assert_int_equal(METRIC(commits), 1);
    assert_int_equal(METRIC(units), 3);
    assert_int_equal(bench->probe.committed, 1);
    assert_false(turn()); /* nothing is left, and nothing is committed for it */
    assert_int_equal(METRIC(commits), 1);
}

static void events_go_first_and_a_batch_has_its_limit(void **unused)
{
    (void)unused;
    static const enum deed deeds[] = { WRITES, WRITES, WRITES, WRITES };
    bench->store.writer.options.batch_max = 3;
    bench->probe.come = 4;
    send_all(deeds, 4);
    assert_true(turn());
    assert_int_equal(bench->probe.durable, 3);
    assert_int_equal(bench->answered, 0);
    assert_true(turn());
    assert_int_equal(bench->probe.durable, 4);
    assert_int_equal(bench->answered, 2);
    assert_false(turn());
    assert_int_equal(bench->answered, 4);
    assert_int_equal(METRIC(commits), 3);
    assert_int_equal(METRIC(units), 8);
}

static void what_is_late_is_dropped_unread(void **unused)
{
    (void)unused;
    bench->store.now_ns = PGL_SECONDS(1);
    assert_int_equal(send(WRITES, PGL_MILLISECONDS(999)).code, PGL_CODE_OK);
    assert_int_equal(send(WRITES, PGL_MILLISECONDS(1001)).code, PGL_CODE_OK);
    turn_to_the_end();
    assert_int_equal(code_of(1), PGL_DEADLINE);
    assert_int_equal(code_of(2), PGL_CODE_OK);
    assert_int_equal(bench->handled, 1);
    assert_rows("SELECT number FROM done", "2\n");
}

static void what_is_given_up_is_not_begun(void **unused)
{
    (void)unused;
    assert_int_equal(send(WRITES, PGL_NEVER_NS).code, PGL_CODE_OK);
    assert_int_equal(send(WRITES, PGL_NEVER_NS).code, PGL_CODE_OK);
    atomic_store(&bench->calls[0].is_given_up, true);
    turn_to_the_end();
    assert_int_equal(code_of(1), PGL_CANCELLED);
    assert_int_equal(code_of(2), PGL_CODE_OK);
    assert_rows("SELECT number FROM done", "2\n");
}

static void more_than_a_queue_is_refused(void **unused)
{
    (void)unused;
    bench->store.writer.is_held = true; /* as for a cut over all files */
    for (int i = 0; i < PGL_WRITER_QUEUE_MAX; i++)
        assert_int_equal(send(WRITES, PGL_NEVER_NS).code, PGL_CODE_OK);
    assert_int_equal(send(WRITES, PGL_NEVER_NS).code, PGL_EXHAUSTED); /* not even sent */
    turn_to_the_end();
    assert_int_equal(bench->answered, 0);
    assert_int_equal(send(WRITES, PGL_NEVER_NS).code, PGL_CODE_OK);
    turn_to_the_end();
    assert_int_equal(bench->answered, 1);
    assert_int_equal(code_of(PGL_WRITER_QUEUE_MAX + 1), PGL_EXHAUSTED);
    bench->store.writer.is_held = false;
    turn_to_the_end();
    assert_int_equal(bench->answered, PGL_WRITER_QUEUE_MAX + 1);
    assert_int_equal(code_of(PGL_WRITER_QUEUE_MAX), PGL_CODE_OK);
}

/* ---- who fails ---- */

static void a_refusal_before_a_write_harms_nobody(void **unused)
{
    (void)unused;
    static const enum deed deeds[] = { WRITES, REFUSES, WRITES };
    send_all(deeds, 3);
    assert_false(turn());
    assert_int_equal(code_of(1), PGL_CODE_OK);
    assert_int_equal(code_of(2), PGL_DENIED);
    assert_int_equal(code_of(3), PGL_CODE_OK);
    assert_int_equal(METRIC(commits), 1);
    assert_int_equal(METRIC(rollbacks), 0);
    assert_rows("SELECT number FROM done", "1\n3\n");
}

static void a_failure_behind_a_write_is_refused_alone(void **unused)
{
    (void)unused;
    static const struct {
        enum deed deed;
        enum pgl_code code;
    } cases[] = { { WRITES_AND_FAILS, PGL_INTERNAL }, { WRITES_AND_RUNS_OUT, PGL_EXHAUSTED } };
    for (size_t i = 0; i < 2; i++) {
        const enum deed deeds[] = { WRITES, WRITES, cases[i].deed, WRITES };
        bench->probe.come += 2;
        send_all(deeds, 4);
        int first = bench->sent - 3;
        turn_to_the_end();
        assert_int_equal(bench->answered, bench->sent);
        for (int n = 0; n < 4; n++) {
            assert_int_equal(code_of(first + n), n == 2 ? cases[i].code : PGL_CODE_OK);
            assert_int_equal(bench->answered_as[first - 1 + n], first + n);
        }
        assert_int_equal(METRIC(rollbacks), 2 * (i + 1)); /* the batch, and that one alone */
        assert_int_equal(bench->probe.rolled_back, 2 * (i + 1));
        assert_int_equal(bench->probe.durable, 2 * (i + 1));
    }
    assert_rows("SELECT number FROM done", "1\n2\n4\n5\n6\n8\n");
    assert_rows("SELECT number FROM event", "1\n2\n3\n4\n");
}

/* New events go first: commands that are to be tried alone must not wait for their end. */
static void a_bad_command_is_found_also_among_steady_events(void **unused)
{
    (void)unused;
    static const enum deed deeds[] = { WRITES, WRITES_AND_FAILS, WRITES };
    bench->store.writer.options.batch_max = 8;
    send_all(deeds, 3);
    for (int turns = 0; turns < 12; turns++) {
        bench->probe.come = bench->probe.durable + 5;
        (void)turn();
    }
    assert_int_equal(bench->answered, 3);
    assert_int_equal(code_of(1), PGL_CODE_OK);
    assert_int_equal(code_of(2), PGL_INTERNAL);
    assert_int_equal(code_of(3), PGL_CODE_OK);
}

static void a_bad_event_is_refused_alone(void **unused)
{
    (void)unused;
    static const enum deed deeds[] = { WRITES, WRITES };
    bench->probe.come = 5;
    bench->probe.bad = 3;
    bench->probe.why = PGL_FAIL(PGL_CONFLICT, "no");
    send_all(deeds, 2);
    turn_to_the_end();
    assert_int_equal(bench->probe.refused, 1);
    assert_int_equal(bench->probe.refused_for, PGL_CONFLICT);
    assert_rows("SELECT number FROM event", "1\n2\n4\n5\n");
    assert_rows("SELECT number FROM done", "1\n2\n");
}

/* That memory is short says nothing about the event: it is tried again, and nothing is skipped. */
static void an_event_without_memory_is_tried_again(void **unused)
{
    (void)unused;
    bench->probe.come = 2;
    bench->probe.bad = 1;
    bench->probe.why = PGL_FAIL(PGL_EXHAUSTED, "no memory");
    turn_to_the_end();
    assert_int_equal(bench->probe.refused, 0);
    assert_rows("SELECT number FROM event", "");
    bench->probe.bad = 0;
    assert_false(turn()); /* not before its time */
    bench->store.now_ns += PGL_MILLISECONDS(101);
    turn_to_the_end();
    assert_rows("SELECT number FROM event", "1\n2\n");
}

static void a_participant_that_cannot_prepare_spoils_the_batch(void **unused)
{
    (void)unused;
    static const enum deed deeds[] = { WRITES, WRITES };
    bench->probe.fails_to_prepare = true;
    send_all(deeds, 2);
    turn_to_the_end();
    assert_int_equal(code_of(1), PGL_INTERNAL);
    assert_int_equal(code_of(2), PGL_INTERNAL);
    assert_int_equal(bench->probe.committed, 0);
    assert_int_equal(bench->probe.rolled_back, 3);
    assert_rows("SELECT number FROM done", "");
}

/* ---- the disk ---- */

static void everybody_is_refused_while_the_disk_is_full(void **unused)
{
    (void)unused;
    static const enum deed deeds[] = { WRITES, WRITES };
    for (int i = 0; i < 2; i++) {
        /* Once when a page is asked for, once when COMMIT writes. */
        if (i == 0)
            run("PRAGMA max_page_count = 1"); /* no more than there are */
        else
            disk.write_error = ENOSPC;
        bench->probe.come += 2000; /* more than fits into what pages there are */
        bench->store.writer.options.batch_max = 4000;
        send_all(deeds, 2);
        int first = bench->sent - 1;
        turn_to_the_end();
        assert_int_equal(code_of(first), PGL_UNAVAILABLE);
        assert_int_equal(code_of(first + 1), PGL_UNAVAILABLE);
        send_all(deeds, 1); /* in the meantime: at once, and without a try */
        uint64_t rollbacks = METRIC(rollbacks);
        turn_to_the_end();
        assert_int_equal(code_of(first + 2), PGL_UNAVAILABLE);
        assert_int_equal(METRIC(rollbacks), rollbacks);
        assert_int_equal(bench->probe.durable, i * 2000);

        disk.write_error = 0;
        run("PRAGMA max_page_count = 100000");
        bench->store.now_ns += PGL_MILLISECONDS(101);
        send_all(deeds, 1);
        turn_to_the_end();
        assert_int_equal(code_of(first + 3), PGL_CODE_OK);
        assert_int_equal(bench->probe.durable, (i + 1) * 2000);
        assert_int_equal(bench->probe.refused, 0);
        assert_true(pgl_is_ok(bench->store.loop.fatal));
    }
    assert_rows("SELECT number FROM done", "4\n8\n");
    assert_rows("PRAGMA integrity_check", "ok\n");
}

static void stops_and_answers_nobody(int *error)
{
    static const enum deed deeds[] = { WRITES, REFUSES };
    send_all(deeds, 2);
    bench->probe.come = 1;
    *error = EIO;
    assert_false(turn());
    assert_int_equal(bench->store.loop.fatal.code, PGL_DATA_LOSS);
    *error = 0;
    assert_false(turn()); /* also when the disk seems well again: it is not tried twice */
    assert_int_equal(bench->answered, 0);
    assert_int_equal(bench->probe.committed, 0);
    assert_int_equal(METRIC(commits), 0);
}

static void an_error_of_a_write_stops_the_process(void **unused)
{
    (void)unused;
    stops_and_answers_nobody(&disk.write_error);
}

static void an_error_of_a_sync_stops_the_process(void **unused)
{
    (void)unused;
    stops_and_answers_nobody(&disk.sync_error);
}

static void a_long_log_is_checkpointed(void **unused)
{
    (void)unused;
    static const enum deed deeds[] = { WRITES };
    bench->store.writer.options.checkpoint_pages = 16;
    bench->store.writer.options.checkpoint_idle_pages = 1;
    send_all(deeds, 1);
    (void)turn();
    assert_int_equal(METRIC(checkpoints), 0);
    (void)turn(); /* idle */
    assert_int_equal(METRIC(checkpoints), 1);
    assert_int_equal(bench->store.writer.db.wal_pages, 0);
    bench->probe.come = 20000;
    bench->store.writer.options.batch_max = 20000;
    (void)turn(); /* busy */
    assert_int_equal(METRIC(checkpoints), 2);

    disk.sync_error = EIO;
    bench->probe.come++;
    bench->store.writer.options.checkpoint_pages = 1;
    (void)turn();
    assert_int_equal(bench->store.loop.fatal.code, PGL_DATA_LOSS);
}

static pgl_status write_two(struct pgl_tx *tx, void *argument)
{
    PGL_TRY(insert(tx, "INSERT INTO done (number) VALUES (?1)", 1));
    PGL_TRY(insert(tx, "INSERT INTO done (number) VALUES (?1)", 2));
    return *(bool *)argument ? PGL_FAIL(PGL_INVALID, "no") : PGL_OK;
}

static void one_transaction_before_the_loop_is_all_or_nothing(void **unused)
{
    (void)unused;
    bool fails = true;
    struct pgl_writer *writer = &bench->store.writer;
    assert_int_equal(pgl_writer_run_now(writer, write_two, &fails).code, PGL_INVALID);
    assert_rows("SELECT number FROM done", "");
    assert_int_equal(bench->probe.rolled_back, 1);
    fails = false;
    assert_int_equal(pgl_writer_run_now(writer, write_two, &fails).code, PGL_CODE_OK);
    assert_rows("SELECT number FROM done", "1\n2\n");
    assert_int_equal(bench->probe.committed, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_turn_is_one_commit_and_answers_come_behind_it),
        TEST(events_go_first_and_a_batch_has_its_limit),
        TEST(what_is_late_is_dropped_unread),
        TEST(what_is_given_up_is_not_begun),
        TEST(more_than_a_queue_is_refused),
        TEST(a_refusal_before_a_write_harms_nobody),
        TEST(a_failure_behind_a_write_is_refused_alone),
        TEST(a_bad_command_is_found_also_among_steady_events),
        TEST(a_bad_event_is_refused_alone),
        TEST(an_event_without_memory_is_tried_again),
        TEST(a_participant_that_cannot_prepare_spoils_the_batch),
        TEST(everybody_is_refused_while_the_disk_is_full),
        TEST(an_error_of_a_write_stops_the_process),
        TEST(an_error_of_a_sync_stops_the_process),
        TEST(a_long_log_is_checkpointed),
        TEST(one_transaction_before_the_loop_is_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, replace_pwrite, NULL);
}
