/*
 * recent_test.c - the index never loses an entry and never brings one back.
 * Method: random transactions, some rolled back (also while a slice is written), restarts at any
 * point with generations of any size, against an array that knows the answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/recent.h"
#include "store/store_bench.h"

#define KEYS       400
#define PUTS_MAX   60 /* of one transaction */
#define ROUNDS     1500
#define ROUND_KEYS 20 /* looked at in each round */

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

static const char get_sql[] = "SELECT id FROM entry WHERE key = ?1";
static const char put_sql[] = "INSERT INTO entry (key, id) VALUES (?1, ?2) "
                              "ON CONFLICT (key) DO UPDATE SET id = excluded.id";
static const char watermark_get_sql[] = "SELECT id FROM watermark";
static const char watermark_put_sql[] = "UPDATE watermark SET id = ?1";
static const struct pgl_recent_sql recent_sql = { get_sql, put_sql, watermark_get_sql,
                                                  watermark_put_sql };

struct bench {
    struct pgl_store_bench store;
    struct pgl_recent recent;
    struct pgl_participant spoiler; /* joins behind the index */
    bool spoils;
    struct pgl_random random;
    pgl_id expected[KEYS]; /* what is committed */
};

static pgl_status spoil(void *self, struct pgl_tx *tx)
{
    (void)tx;
    return ((struct bench *)self)->spoils ? PGL_FAIL(PGL_CONFLICT, "no") : PGL_OK;
}

/* New ids stay above those on disk: the clock of the bench stands still. */
static void stay_above(struct bench *bench)
{
    struct pgl_rows rows =
        pgl_rows_begin(&bench->store.writer.db, "SELECT id FROM row ORDER BY id DESC LIMIT 1");
    assert_ok(pgl_rows_next(&rows));
    if (rows.has_row)
        pgl_id_maker_stay_above(&bench->store.writer.ids, pgl_column_id(&rows, 0));
    pgl_rows_end(&rows);
}

/* All rows above the watermark, as the owner of an index does. */
static void open_index(struct bench *bench, uint32_t generation)
{
    /* Thousands of transactions, and no power failure among them. */
    assert_ok(pgl_database_run(&bench->store.writer.db, "PRAGMA synchronous = OFF"));
    assert_ok(pgl_recent_open(&bench->recent, &bench->store.writer, &recent_sql, generation));
    struct pgl_rows rows = pgl_rows_begin(&bench->store.writer.db,
                                          "SELECT id, key FROM row WHERE id > ?1 ORDER BY id");
    pgl_bind_id(&rows, &bench->recent.watermark);
    for (;;) {
        assert_ok(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        assert_ok(
            pgl_recent_feed(&bench->recent, pgl_column_i64(&rows, 1), pgl_column_id(&rows, 0)));
    }
    stay_above(bench);
    bench->spoiler = (struct pgl_participant){ .self = bench, .prepare = spoil };
    pgl_writer_join(&bench->store.writer, &bench->spoiler);
}

static void open_bench(struct bench *bench, uint64_t seed, uint32_t generation)
{
    *bench = (struct bench){ 0 };
    pgl_random_seed(&bench->random, seed, 1);
    pgl_store_bench_open(&bench->store, seed);
    assert_ok(pgl_database_run(&bench->store.writer.db,
                               "CREATE TABLE row (id BLOB PRIMARY KEY, key INTEGER);"
                               "CREATE TABLE entry (key INTEGER PRIMARY KEY, id BLOB);"
                               "CREATE TABLE watermark (id BLOB);"
                               "INSERT INTO watermark VALUES (x'')"));
    open_index(bench, generation);
}

static void restart(struct bench *bench, uint32_t generation)
{
    pgl_recent_close(&bench->recent);
    pgl_store_bench_restart(&bench->store);
    open_index(bench, generation);
}

static void close_bench(struct bench *bench)
{
    pgl_recent_close(&bench->recent);
    pgl_store_bench_close(&bench->store);
}

/* ---- one transaction ---- */

struct puts {
    struct bench *bench;
    pgl_id expected[KEYS];
    int count;
    bool fails;
};

/* Keys are spread over the whole range of hashes. */
static int64_t key_of(int n)
{
    return (int64_t)((uint64_t)n * 0x9E3779B97F4A7C15u);
}

static pgl_status put_some(struct pgl_tx *tx, void *argument)
{
    struct puts *puts = argument;
    for (int i = 0; i < puts->count; i++) {
        int n = (int)pgl_random_below(&puts->bench->random, KEYS);
        pgl_id id = pgl_tx_new_id(tx), found;
        struct pgl_rows rows = pgl_tx_rows(tx, "INSERT INTO row (id, key) VALUES (?1, ?2)");
        pgl_bind_id(&rows, &id);
        pgl_bind_i64(&rows, key_of(n));
        PGL_TRY(pgl_rows_run(&rows, NULL));
        PGL_TRY(pgl_recent_get(&puts->bench->recent, key_of(n), &found));
        assert_true(pgl_id_equal(found, puts->expected[n]));
        PGL_TRY(pgl_recent_put(&puts->bench->recent, key_of(n), id));
        puts->expected[n] = id;
    }
    return puts->fails ? PGL_FAIL(PGL_CONFLICT, "no") : PGL_OK;
}

static void transact(struct bench *bench, int count, bool fails)
{
    struct puts puts = { .bench = bench, .count = count, .fails = fails };
    memcpy(puts.expected, bench->expected, sizeof puts.expected);
    pgl_status status = pgl_writer_run_now(&bench->store.writer, put_some, &puts);
    assert_int_equal(status.code, fails || bench->spoils ? PGL_CONFLICT : PGL_CODE_OK);
    if (pgl_is_ok(status))
        memcpy(bench->expected, puts.expected, sizeof puts.expected);
}

static void assert_finds(struct bench *bench, int n)
{
    pgl_id found;
    assert_ok(pgl_recent_get(&bench->recent, key_of(n), &found));
    assert_true(pgl_id_equal(found, bench->expected[n]));
}

static void assert_finds_all(struct bench *bench)
{
    for (int n = 0; n < KEYS; n++)
        assert_finds(bench, n);
}

/* ---- the tests ---- */

static uint32_t draw_generation(struct bench *bench)
{
    static const uint32_t generations[] = { 1, 2, 7, 63, 64, 65, 300, 1000 };
    return generations[pgl_random_below(&bench->random, 8)];
}

static void nothing_is_lost_and_nothing_comes_back(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct bench bench;
        open_bench(&bench, seed, 7);
        for (int round = 0; round < ROUNDS; round++) {
            bench.spoils = pgl_random_below(&bench.random, 8) == 0;
            transact(&bench, (int)pgl_random_below(&bench.random, PUTS_MAX),
                     pgl_random_below(&bench.random, 5) == 0);
            for (int i = 0; i < ROUND_KEYS; i++)
                assert_finds(&bench, (int)pgl_random_below(&bench.random, KEYS));
            if (pgl_random_below(&bench.random, 25) == 0) {
                restart(&bench, draw_generation(&bench));
                assert_finds_all(&bench);
            }
        }
        assert_finds_all(&bench);
        close_bench(&bench);
    }
}

/* A generation larger than a slice goes to the table piece by piece, while the young one fills. */
static void the_table_is_written_in_slices(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench, 1, 200);
    int64_t most = 0, before = 0;
    bool was_partly = false;
    for (int i = 0; i < 100; i++) {
        transact(&bench, 10, false);
        int64_t now = pgl_store_bench_number(&bench.store, "SELECT count(*) FROM entry");
        most = now - before > most ? now - before : most;
        was_partly |= bench.recent.merged > 0 && bench.recent.merged < bench.recent.old.count;
        before = now;
    }
    assert_true(was_partly);
    assert_in_range(most, 1, 64);
    assert_true(before > 300); /* most of the keys have been there by now */
    assert_finds_all(&bench);
    close_bench(&bench);
}

/* The rows above the watermark may be more than two generations of the next process. */
static void generations_may_become_smaller(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench, 1, 8000);
    for (int i = 0; i < 150; i++)
        transact(&bench, 50, false);
    assert_int_equal(pgl_store_bench_number(&bench.store, "SELECT count(*) FROM entry"), 0);
    restart(&bench, 1);
    assert_finds_all(&bench);
    transact(&bench, 50, false);
    restart(&bench, 8000);
    assert_finds_all(&bench);
    close_bench(&bench);
}

static void a_transaction_larger_than_memory_is_refused(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench, 1, 2);
    struct puts puts = { .bench = &bench, .count = PGL_WRITER_QUEUE_MAX + 4 };
    assert_int_equal(pgl_writer_run_now(&bench.store.writer, put_some, &puts).code, PGL_EXHAUSTED);
    assert_finds_all(&bench);
    transact(&bench, PGL_WRITER_QUEUE_MAX, false);
    assert_finds_all(&bench);
    close_bench(&bench);
}

static void an_index_without_its_watermark_does_not_open(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench, 1, 7);
    pgl_recent_close(&bench.recent);
    pgl_store_bench_restart(&bench.store);
    assert_ok(pgl_database_run(&bench.store.writer.db, "DELETE FROM watermark"));
    assert_int_equal(pgl_recent_open(&bench.recent, &bench.store.writer, &recent_sql, 7).code,
                     PGL_DATA_LOSS);
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_and_nothing_comes_back),
        cmocka_unit_test(the_table_is_written_in_slices),
        cmocka_unit_test(generations_may_become_smaller),
        cmocka_unit_test(a_transaction_larger_than_memory_is_refused),
        cmocka_unit_test(an_index_without_its_watermark_does_not_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
