/*
 * reader_test.c - questions are answered from a snapshot that ends with its turn, and a turn that
 * could not end one is made up for by the next.
 * Method: a real file and its writer; the client is a mailbox on the reader's own loop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/time.h"
#include "runtime/call.h"
#include "store/reader.h"
#include "store/store_bench.h"

static struct pgl_store_bench store;
static struct pgl_loop loop;
static struct pgl_reader reader;
static struct pgl_mailbox replies;
static int answered;

static void take_reply(void *owner, struct pgl_message *message)
{
    (void)owner, (void)message;
    answered++;
}

static int open_reader(void **unused)
{
    (void)unused;
    pgl_store_bench_open(&store, 1);
    assert_true(pgl_is_ok(pgl_database_run(&store.writer.db, "CREATE TABLE t (n INTEGER) STRICT")));
    struct pgl_database_options options = store.writer.options.database;
    pgl_loop_init(&loop, "reader", &store.platform, &store.waiter);
    assert_true(pgl_is_ok(pgl_reader_open(&reader, &loop, &options, NULL)));
    pgl_mailbox_open(&replies, &loop, 0, take_reply, NULL);
    answered = 0;
    return 0;
}

static int close_reader(void **unused)
{
    (void)unused;
    pgl_reader_close(&reader);
    pgl_store_bench_close(&store);
    return 0;
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

static bool is_given_up;

static pgl_status ask(int64_t deadline_ns, int64_t *rows)
{
    static const struct pgl_method method = { PGL_METHOD_QUERY, .query = count_rows };
    int before = answered;
    struct pgl_call call = { .message = { .reply_to = &replies },
                             .method = &method,
                             .reply = rows,
                             .arena = &store.arena,
                             .deadline_ns = deadline_ns,
                             .is_given_up = is_given_up };
    assert_true(pgl_is_ok(pgl_mailbox_send(&loop, &reader.queries, &call.message)));
    assert_false(pgl_loop_turn(&loop));
    (void)pgl_loop_turn(&loop);
    assert_int_equal(answered, before + 1);
    return call.status;
}

static void add_row(void)
{
    assert_true(pgl_is_ok(pgl_database_run(&store.writer.db, "INSERT INTO t (n) VALUES (1)")));
}

static void a_question_sees_what_was_committed_before_it(void **unused)
{
    (void)unused;
    int64_t rows;
    for (int64_t i = 0; i < 3; i++, add_row()) {
        assert_true(pgl_is_ok(ask(PGL_NEVER_NS, &rows)));
        assert_int_equal(rows, i);
        assert_false(pgl_database_is_in_transaction(&reader.db));
    }
}

static void what_comes_too_late_is_not_asked(void **unused)
{
    (void)unused;
    int64_t rows = -1;
    assert_int_equal(ask(loop.now_ns - 1, &rows).code, PGL_DEADLINE);
    assert_int_equal(rows, -1);
}

static void what_is_given_up_is_not_asked(void **unused)
{
    (void)unused;
    int64_t rows = -1;
    is_given_up = true;
    assert_int_equal(ask(PGL_NEVER_NS, &rows).code, PGL_CANCELLED);
    is_given_up = false;
    assert_int_equal(rows, -1);
}

/* As a COMMIT leaves it for which there was no memory. */
static void an_open_snapshot_is_not_asked_again(void **unused)
{
    (void)unused;
    int64_t rows;
    assert_true(pgl_is_ok(pgl_database_run(&reader.db, "BEGIN; SELECT count(*) FROM t")));
    add_row();
    assert_true(pgl_is_ok(ask(PGL_NEVER_NS, &rows)));
    assert_int_equal(rows, 1);
    assert_false(pgl_database_is_in_transaction(&reader.db));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_reader, close_reader)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_sees_what_was_committed_before_it),
        TEST(what_comes_too_late_is_not_asked),
        TEST(what_is_given_up_is_not_asked),
        TEST(an_open_snapshot_is_not_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
