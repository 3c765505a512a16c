/*
 * database_test.c - statements, migrations, counts and readers: the small parts that stand on one
 * connection.
 * Method: a real file for each; what must not be possible is tried.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/time.h"
#include "store/migrate.h"
#include "store/reader.h"
#include "store/store_bench.h"
#include "store/tally.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

static struct pgl_store_bench bench;

static int open_bench(void **unused)
{
    (void)unused;
    pgl_store_bench_open(&bench, 1);
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_store_bench_close(&bench);
    return 0;
}

static struct pgl_database *db(void)
{
    return &bench.writer.db;
}

#define assert_rows(sql, rows) assert_string_equal(pgl_store_bench_rows(&bench, sql), rows)

/* ---- statements ---- */

static void what_is_bound_is_what_is_read(void **unused)
{
    (void)unused;
    pgl_id id = pgl_id_make(&bench.writer.ids, 1);
    static const uint8_t bytes[] = { 0, 1, 0xFF };
    assert_ok(pgl_database_run(db(), "CREATE TABLE t (i INTEGER, t TEXT, b BLOB, d BLOB) STRICT"));
    for (int i = 0; i < 2; i++) { /* the second time with nothing in them */
        int64_t changed;
        struct pgl_rows rows = pgl_rows_begin(db(), "INSERT INTO t VALUES (?1, ?2, ?3, ?4)");
        pgl_bind_i64(&rows, i == 0 ? INT64_MIN : 0);
        pgl_bind_text(&rows, i == 0 ? PGL_TEXT("\xC3\xA4") : (struct pgl_text){ NULL, 0 });
        pgl_bind_blob(&rows, i == 0 ? bytes : NULL, i == 0 ? sizeof bytes : 0);
        pgl_bind_id(&rows, &id);
        assert_ok(pgl_rows_run(&rows, &changed));
        assert_int_equal(changed, 1);
    }
    struct pgl_rows rows = pgl_rows_begin(db(), "SELECT i, t, b, d FROM t");
    assert_ok(pgl_rows_next(&rows));
    assert_true(rows.has_row);
    assert_true(pgl_column_i64(&rows, 0) == INT64_MIN);
    assert_true(pgl_text_is(pgl_column_text(&rows, 1), "\xC3\xA4"));
    assert_memory_equal(pgl_column_blob(&rows, 2).data, bytes, sizeof bytes);
    assert_true(pgl_id_equal(pgl_column_id(&rows, 3), id));
    assert_true(pgl_id_is_zero(pgl_column_id(&rows, 2))); /* not 16 bytes */
    assert_ok(pgl_rows_next(&rows));
    assert_int_equal(pgl_column_text(&rows, 1).size, 0);
    assert_int_equal(pgl_column_blob(&rows, 2).size, 0);
    assert_ok(pgl_rows_next(&rows));
    assert_false(rows.has_row);
}

static void an_error_is_told_by_its_kind(void **unused)
{
    (void)unused;
    static const char insert[] = "INSERT INTO t VALUES (?1)";
    assert_ok(pgl_database_run(db(), "CREATE TABLE t (i INTEGER PRIMARY KEY CHECK (i > 0))"));
    for (int64_t i = 1; i >= 0; i--) {
        for (int again = 0; again < 2; again++) {
            struct pgl_rows rows = pgl_rows_begin(db(), insert);
            pgl_bind_i64(&rows, i);
            assert_int_equal(pgl_rows_run(&rows, NULL).code,
                             i == 1 && again == 0 ? PGL_CODE_OK : PGL_CONFLICT);
        }
    }
    struct pgl_rows rows = pgl_rows_begin(db(), "SELECT nothing FROM nowhere");
    pgl_bind_i64(&rows, 1);
    assert_int_equal(pgl_rows_next(&rows).code, PGL_INTERNAL);
    rows = pgl_rows_begin(db(), "SELECT i FROM t");
    pgl_bind_i64(&rows, 1); /* there is no such place */
    assert_int_equal(pgl_rows_next(&rows).code, PGL_INTERNAL);
}

static void a_file_that_is_none_does_not_open(void **unused)
{
    (void)unused;
    struct pgl_database other;
    struct pgl_database_options options = { .path = "/nowhere/at.all", .cache_kib = 64 };
    assert_int_equal(pgl_database_open_writer(&other, &options).code, PGL_UNAVAILABLE);
    pgl_database_close(&other);
    assert_int_equal(pgl_database_open_reader(&other, &options).code, PGL_UNAVAILABLE);
    pgl_database_close(&other);
}

/* ---- migrations ---- */

static const struct pgl_migration steps[] = {
    { 1, "0001_a.sql", "CREATE TABLE a (x INTEGER);\nINSERT INTO a VALUES (1);\n" },
    { 2, "0002_b.sql", "CREATE TABLE b (x INTEGER); INSERT INTO b SELECT x + 1 FROM a;" },
};

static void each_step_is_taken_once(void **unused)
{
    (void)unused;
    assert_ok(pgl_migrate(db(), "one", steps, 1));
    assert_ok(pgl_migrate(db(), "one", steps, 1));
    assert_rows("SELECT x FROM a", "1\n");
    assert_ok(pgl_migrate(db(), "one", steps, 2));
    assert_rows("SELECT x FROM b", "2\n");
    assert_ok(pgl_migrate(db(), "other", NULL, 0)); /* has numbers of its own */
    assert_rows("SELECT module, number FROM applied_migration", "one|1\none|2\n");
}

static void a_step_that_fails_leaves_nothing(void **unused)
{
    (void)unused;
    struct pgl_migration broken[] = {
        steps[0], { 2, "0002_b.sql", "CREATE TABLE b (x INTEGER); INSERT INTO nowhere VALUES (1)" }
    };
    assert_int_equal(pgl_migrate(db(), "one", broken, 2).code, PGL_INTERNAL);
    assert_false(pgl_database_is_in_transaction(db()));
    assert_rows("SELECT name FROM sqlite_schema WHERE name IN ('a', 'b')", "a\n");
    assert_ok(pgl_migrate(db(), "one", steps, 2));
    assert_rows("SELECT x FROM b", "2\n");
}

static void a_file_of_the_future_is_left_alone(void **unused)
{
    (void)unused;
    assert_ok(pgl_migrate(db(), "one", steps, 2));
    assert_int_equal(pgl_migrate(db(), "one", steps, 1).code, PGL_CONFLICT);
}

static void a_file_of_other_steps_is_left_alone(void **unused)
{
    (void)unused;
    const struct pgl_migration edited[] = { steps[0], { 2, "0002_b.sql", "CREATE TABLE c (x)" } };
    assert_ok(pgl_migrate(db(), "one", steps, 2));
    assert_int_equal(pgl_migrate(db(), "one", edited, 2).code, PGL_CONFLICT);
    assert_ok(pgl_migrate(db(), "one", steps, 2));
}

static void tables_from_nowhere_are_left_alone(void **unused)
{
    (void)unused;
    assert_ok(pgl_database_run(db(), "CREATE TABLE a (x INTEGER)"));
    assert_int_equal(pgl_migrate(db(), "one", steps, 2).code, PGL_CONFLICT);
    assert_rows("SELECT name FROM sqlite_schema WHERE name IN ('a', 'b')", "a\n");
}

/* ---- counts ---- */

static const char count_get_sql[] = "SELECT state, count FROM counts";
static const char count_put_sql[] = "INSERT INTO counts VALUES (?1, ?2) "
                                    "ON CONFLICT (state) DO UPDATE SET count = excluded.count";

struct moving {
    struct pgl_tally *tally;
    int from, to;
    bool fails;
};

static pgl_status move(struct pgl_tx *tx, void *argument)
{
    const struct moving *moving = argument;
    (void)tx;
    pgl_tally_move(moving->tally, moving->from, moving->to);
    return moving->fails ? PGL_FAIL(PGL_CONFLICT, "no") : PGL_OK;
}

static void counts_move_with_the_transaction(void **unused)
{
    (void)unused;
    struct pgl_tally tally;
    assert_ok(pgl_database_run(db(), "CREATE TABLE counts (state INTEGER PRIMARY KEY, count INT);"
                                     "INSERT INTO counts VALUES (1, 5), (7, 9), (-1, 9)"));
    assert_ok(pgl_tally_open(&tally, &bench.writer, 3, count_get_sql, count_put_sql));
    static const struct {
        int from, to;
        bool fails;
        const char *counts;
    } moves[] = {
        { PGL_TALLY_NOWHERE, 0, false, "0|1\n1|5\n" },
        { 1, 2, true, "0|1\n1|5\n" },
        { 1, 2, false, "0|1\n1|4\n2|1\n" },
        { 0, 2, false, "0|0\n1|4\n2|2\n" },
        { 2, 2, false, "0|0\n1|4\n2|2\n" },
    };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        struct moving moving = { &tally, moves[i].from, moves[i].to, moves[i].fails };
        assert_int_equal(pgl_writer_run_now(&bench.writer, move, &moving).code,
                         moves[i].fails ? PGL_CONFLICT : PGL_CODE_OK);
        assert_rows("SELECT state, count FROM counts WHERE state BETWEEN 0 AND 2", moves[i].counts);
    }
    assert_int_equal(pgl_counter_read(&tally.gauges[2]), 2);
    pgl_store_bench_restart(&bench);
    assert_ok(pgl_tally_open(&tally, &bench.writer, 3, count_get_sql, count_put_sql));
    assert_int_equal(pgl_counter_read(&tally.gauges[1]), 4);
}

/* ---- readers ---- */

static struct {
    struct pgl_loop loop, client;
    struct pgl_reader reader;
    struct pgl_mailbox replies;
    int answered;
} readers;

static void take_reply(void *owner, struct pgl_message *message)
{
    (void)owner, (void)message;
    readers.answered++;
}

static pgl_status count_rows(const struct pgl_view *view, const void *ask, void *reply)
{
    (void)ask;
    struct pgl_rows rows = pgl_view_rows(view, "SELECT count(*) FROM t");
    PGL_TRY(pgl_rows_next(&rows));
    *(int64_t *)reply = pgl_column_i64(&rows, 0);
    pgl_rows_end(&rows);
    return PGL_OK;
}

static pgl_status try_to_write(const struct pgl_view *view, const void *ask, void *reply)
{
    (void)ask, (void)reply;
    return pgl_database_run(view->db, "DELETE FROM t");
}

static const struct pgl_method counting = { PGL_METHOD_QUERY, .query = count_rows };
static const struct pgl_method writing = { PGL_METHOD_QUERY, .query = try_to_write };

static void ask(struct pgl_call *call, const struct pgl_method *method, int64_t *reply)
{
    *call = (struct pgl_call){ .method = method,
                               .reply = reply,
                               .arena = &bench.arena,
                               .deadline_ns = PGL_SECONDS(1),
                               .message.reply_to = &readers.replies };
    assert_ok(pgl_mailbox_send(&readers.client, &readers.reader.queries, &call->message));
}

static void turn_reader(void)
{
    while (pgl_loop_turn(&readers.loop))
        ;
    (void)pgl_mailbox_empty(&readers.replies);
}

static void a_reader_sees_what_is_committed(void **unused)
{
    (void)unused;
    struct pgl_call calls[PGL_READER_SNAPSHOT_MAX + 2];
    int64_t counts[PGL_READER_SNAPSHOT_MAX + 2] = { 0 };
    struct pgl_database_options options = { .path = bench.path, .cache_kib = 64 };
    assert_ok(pgl_database_run(db(), "CREATE TABLE t (i INTEGER)"));
    pgl_loop_init(&readers.loop, "reader", &bench.platform, &bench.waiter);
    pgl_loop_init(&readers.client, "client", &bench.platform, &bench.waiter);
    pgl_mailbox_open(&readers.replies, &readers.client, 0, take_reply, NULL);
    assert_ok(pgl_reader_open(&readers.reader, &readers.loop, &options, NULL));

    assert_ok(pgl_database_run(db(), "BEGIN; INSERT INTO t VALUES (1)"));
    ask(&calls[0], &counting, &counts[0]);
    turn_reader();
    assert_int_equal(counts[0], 0); /* not yet */
    assert_ok(pgl_database_run(db(), "COMMIT"));
    for (int i = 0; i < PGL_READER_SNAPSHOT_MAX + 2; i++) /* more than one snapshot's share */
        ask(&calls[i], &counting, &counts[i]);
    turn_reader();
    assert_int_equal(readers.answered, PGL_READER_SNAPSHOT_MAX + 3);
    for (int i = 0; i < PGL_READER_SNAPSHOT_MAX + 2; i++)
        assert_int_equal(counts[i], 1);

    ask(&calls[0], &writing, NULL); /* it has a file that cannot be written to */
    turn_reader();
    assert_int_not_equal(calls[0].status.code, PGL_CODE_OK);
    assert_rows("SELECT count(*) FROM t", "1\n");
    pgl_reader_close(&readers.reader);
}

static void a_reader_drops_what_is_late(void **unused)
{
    (void)unused;
    struct pgl_call call;
    int64_t count = -1;
    struct pgl_database_options options = { .path = bench.path, .cache_kib = 64 };
    assert_ok(pgl_database_run(db(), "CREATE TABLE t (i INTEGER)"));
    pgl_loop_init(&readers.loop, "reader", &bench.platform, &bench.waiter);
    pgl_loop_init(&readers.client, "client", &bench.platform, &bench.waiter);
    pgl_mailbox_open(&readers.replies, &readers.client, 0, take_reply, NULL);
    assert_ok(pgl_reader_open(&readers.reader, &readers.loop, &options, NULL));
    ask(&call, &counting, &count);
    bench.now_ns = PGL_SECONDS(2);
    turn_reader();
    assert_int_equal(call.status.code, PGL_DEADLINE);
    assert_int_equal(count, -1);
    pgl_reader_close(&readers.reader);
}

static struct {
    struct pgl_database db; /* of whoever has the lock */
    int (*sleep)(sqlite3_vfs *vfs, int microseconds);
    int naps;
} holder;

/* While somebody waits, the lock is let go of. */
static int nap(sqlite3_vfs *vfs, int microseconds)
{
    if (++holder.naps == 3)
        assert_ok(pgl_database_run(&holder.db, "COMMIT"));
    return holder.sleep(vfs, microseconds);
}

static void a_writer_waits_for_a_lock_of_a_moment(void **unused)
{
    (void)unused;
    struct pgl_database_options options = { .path = bench.path, .cache_kib = 64 };
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    assert_ok(pgl_database_run(db(), "CREATE TABLE t (i INTEGER)"));
    assert_ok(pgl_database_open_writer(&holder.db, &options));
    assert_ok(pgl_database_run(&holder.db, "BEGIN IMMEDIATE"));
    holder.sleep = vfs->xSleep;
    vfs->xSleep = nap;
    assert_ok(pgl_database_run(db(), "BEGIN IMMEDIATE; INSERT INTO t VALUES (1); COMMIT"));
    vfs->xSleep = holder.sleep;
    assert_int_equal(holder.naps, 3);
    pgl_database_close(&holder.db);
    assert_rows("SELECT count(*) FROM t", "1\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_bound_is_what_is_read),     TEST(an_error_is_told_by_its_kind),
        TEST(a_file_that_is_none_does_not_open), TEST(each_step_is_taken_once),
        TEST(a_step_that_fails_leaves_nothing),  TEST(a_file_of_the_future_is_left_alone),
        TEST(a_step_that_fails_leaves_nothing),  TEST(a_file_of_other_steps_is_left_alone),
        TEST(a_step_that_fails_leaves_nothing),  TEST(tables_from_nowhere_are_left_alone),
        TEST(counts_move_with_the_transaction),  TEST(a_reader_sees_what_is_committed),
        TEST(a_reader_drops_what_is_late),       TEST(a_writer_waits_for_a_lock_of_a_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
