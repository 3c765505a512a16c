/*
 * store_bench_test.c - what the tests of the services stand on.
 * Method: a table of numbers; adding to it, failing behind a write, restarting, comparing copies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/store_bench.h"

struct row {
    int64_t number;
    bool is_refused;
};

static pgl_status add_number(struct pgl_tx *tx, const void *ask, void *reply)
{
    const struct row *row = ask;
    pgl_id id = pgl_tx_new_id(tx);
    struct pgl_rows rows = pgl_tx_rows(tx, "INSERT INTO number (number, id) VALUES (?1, ?2)");
    pgl_bind_i64(&rows, row->number);
    pgl_bind_id(&rows, &id);
    PGL_TRY(pgl_rows_run(&rows, reply));
    return row->is_refused ? PGL_FAIL(PGL_INVALID, "no") : PGL_OK;
}

static pgl_status sum_numbers(const struct pgl_view *view, const void *ask, void *reply)
{
    (void)ask;
    struct pgl_rows rows = pgl_view_rows(view, "SELECT sum(number) FROM number");
    PGL_TRY(pgl_rows_next(&rows));
    *(int64_t *)reply = pgl_column_i64(&rows, 0);
    pgl_rows_end(&rows);
    return PGL_OK;
}

static const struct pgl_method add = { PGL_METHOD_COMMAND, .command = add_number };
static const struct pgl_method sum = { PGL_METHOD_QUERY, .query = sum_numbers };

static void open_with_table(struct pgl_store_bench *bench, uint64_t seed)
{
    pgl_store_bench_open(bench, seed);
    assert_true(pgl_is_ok(pgl_database_run(
        &bench->writer.db, "CREATE TABLE number (number INTEGER PRIMARY KEY, id BLOB)")));
}

static void a_command_commits_or_leaves_nothing(void **unused)
{
    (void)unused;
    struct pgl_store_bench bench;
    int64_t reply = 0;
    open_with_table(&bench, 1);
    assert_true(
        pgl_is_ok(pgl_store_bench_command(&bench, &add, &(struct row){ 3, false }, &reply)));
    assert_int_equal(reply, 1);
    assert_int_equal(pgl_store_bench_command(&bench, &add, &(struct row){ 4, true }, &reply).code,
                     PGL_INVALID);
    pgl_store_bench_restart(&bench);
    assert_true(pgl_is_ok(pgl_store_bench_query(&bench, &sum, NULL, &reply)));
    assert_int_equal(reply, 3);
    assert_int_equal(pgl_store_bench_number(&bench, "SELECT count(*) FROM number"), 1);
    assert_false(pgl_store_bench_turn(&bench)); /* nobody has sent anything */
    pgl_store_bench_close(&bench);
}

static void copies_are_equal_and_others_are_not(void **unused)
{
    (void)unused;
    static const char *const without[] = { "number", NULL };
    struct pgl_store_bench benches[3];
    const char *dumps[3];
    for (int i = 0; i < 3; i++) {
        int64_t changed;
        open_with_table(&benches[i], i < 2 ? 1 : 2);
        assert_true(pgl_is_ok(
            pgl_store_bench_command(&benches[i], &add, &(struct row){ 7, false }, &changed)));
        dumps[i] = pgl_store_bench_dump(&benches[i], NULL);
        assert_string_equal(pgl_store_bench_rows(&benches[i], "SELECT number, NULL FROM number"),
                            "7|NULL\n");
        assert_string_equal(pgl_store_bench_dump(&benches[i], without), "");
    }
    assert_string_equal(dumps[0], dumps[1]);
    assert_string_not_equal(dumps[0], dumps[2]);
    for (int i = 0; i < 3; i++)
        pgl_store_bench_close(&benches[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_commits_or_leaves_nothing),
        cmocka_unit_test(copies_are_equal_and_others_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
