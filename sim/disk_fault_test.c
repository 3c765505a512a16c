/*
 * disk_fault_test.c - errors that are no crash: calls that fail, a disk that is full, slow or lies;
 * locks; whole files; and that a run can be repeated.
 * Method: one file of numbered rows, a row a commit. A program that stops at its first error must
 *         never
 * lose a row that it was promised; one that goes on after a failed sync must.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/time.h"
#include "disk.h"
#include "store/vfs.h"

#define DISK "sim_fault_test"
#define SHIM "pgl_sim_fault_test"
#define ROWS 12

static int64_t some_time_ns(void *unused)
{
    (void)unused;
    return PGL_SECONDS(1700000000);
}

static void add_wait(void *waited_ns, int64_t wait_ns)
{
    *(int64_t *)waited_ns += wait_ns;
}

struct bench {
    struct pgl_sim_disk *disk;
    sqlite3 *db;
    int64_t acked; /* rows promised */
    int64_t waited_ns;
};

static void bench_open(struct bench *bench, uint64_t seed)
{
    *bench = (struct bench){ 0 };
    struct pgl_sim_world world = { &bench->waited_ns, some_time_ns, add_wait };
    pgl_sim_sqlite_seed(seed);
    bench->disk = pgl_sim_disk_open(DISK, seed, world);
    assert_true(pgl_is_ok(pgl_vfs_register(SHIM, DISK)));
}

static void bench_close(struct bench *bench)
{
    (void)sqlite3_close(bench->db);
    pgl_vfs_unregister(SHIM);
    pgl_sim_disk_close(bench->disk);
}

static int run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t answer = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        answer = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return answer;
}

static bool opens(struct bench *bench)
{
    return sqlite3_open_v2("a.db", &bench->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, SHIM) ==
               SQLITE_OK &&
           run(bench->db,
               "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
               "PRAGMA wal_autocheckpoint=0; PRAGMA wal_checkpoint(TRUNCATE);"
               "CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, v BLOB)") == SQLITE_OK;
}

static int commits(struct bench *bench)
{
    int rc = run(bench->db, "INSERT INTO t(v) VALUES (zeroblob(3000))");
    bench->acked += rc == SQLITE_OK;
    return rc;
}

static bool works(struct bench *bench)
{
    if (!opens(bench))
        return false;
    for (int i = 0; i < ROWS; i++)
        if (commits(bench) != SQLITE_OK ||
            (i % 5 == 4 && run(bench->db, "PRAGMA wal_checkpoint(PASSIVE)") != SQLITE_OK))
            return false;
    return true;
}

/* The rows after a restart, or -1 where the file is not whole. At most one commit may be there that
 * was not promised: the one whose outcome nobody knows. */
static int64_t rows_after_restart(struct bench *bench)
{
    (void)sqlite3_close(bench->db);
    pgl_sim_disk_heal(bench->disk);
    pgl_sim_disk_kill(bench->disk);
    pgl_sim_disk_restart(bench->disk);
    if (!opens(bench) || ask(bench->db, "SELECT count(*) FROM pragma_integrity_check "
                                        "WHERE integrity_check = 'ok'") != 1)
        return -1;
    return ask(bench->db, "SELECT count(*) FROM t");
}

static void assert_kept(struct bench *bench)
{
    int64_t rows = rows_after_restart(bench);
    assert_true(rows == bench->acked || rows == bench->acked + 1);
}

static uint64_t count_calls(void)
{
    struct bench bench;
    bench_open(&bench, 0);
    assert_true(works(&bench));
    uint64_t count = pgl_sim_disk_call_count(bench.disk, PGL_SIM_CALLS_ALL);
    bench_close(&bench);
    return count;
}

static void who_stops_at_the_first_error_loses_nothing(void **unused)
{
    (void)unused;
    uint64_t call_count = count_calls();
    assert_true(call_count > 100);
    for (uint64_t at = 1; at <= call_count; at++)
        for (int variant = 0; variant < 4; variant++) {
            struct bench bench;
            bench_open(&bench, at);
            pgl_sim_disk_inject(bench.disk,
                                (struct pgl_sim_fault){ .effect = PGL_SIM_FAILS,
                                                        .calls = PGL_SIM_CALLS_ALL,
                                                        .at = at,
                                                        .is_lasting = variant % 2 == 1 });
            (void)works(&bench);
            assert_true(pgl_sim_disk_counts(bench.disk)->faults[PGL_SIM_FAILS] > 0);
            if (variant >= 2) {
                pgl_sim_disk_lose_power(bench.disk);
                assert_kept(&bench);
            } else {
                assert_kept(&bench); /* and then power, when it has recovered */
                pgl_sim_disk_lose_power(bench.disk);
                assert_kept(&bench);
            }
            bench_close(&bench);
        }
}

/* Each seed draws its damage: is there one with which the promise is broken? */
static bool is_ever_lost(struct pgl_sim_fault fault, bool stops)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct bench bench;
        bench_open(&bench, seed);
        assert_true(works(&bench));
        pgl_sim_disk_inject(bench.disk, fault);
        for (int i = 0; i < 3; i++)
            if (commits(&bench) != SQLITE_OK && stops)
                break;
        pgl_sim_disk_lose_power(bench.disk);
        int64_t rows = rows_after_restart(&bench);
        bool is_lost = rows < bench.acked;
        bench_close(&bench);
        if (is_lost)
            return true;
    }
    return false;
}

static void a_failed_sync_must_not_be_tried_again(void **unused)
{
    (void)unused;
    struct pgl_sim_fault once = {
        .effect = PGL_SIM_FAILS, .calls = PGL_SIM_CALL_BIT(PGL_SIM_SYNC), .suffix = "-wal", .at = 1
    };
    assert_false(is_ever_lost(once, true));
    assert_true(is_ever_lost(once, false));
}

static void a_lying_disk_loses_what_was_promised(void **unused)
{
    (void)unused;
    struct pgl_sim_fault lie = { .effect = PGL_SIM_LIES,
                                 .calls = PGL_SIM_CALL_BIT(PGL_SIM_SYNC),
                                 .per_million = 1000000 };
    assert_true(is_ever_lost(lie, true));
    lie.per_million = 0;
    assert_false(is_ever_lost(lie, true));
}

/* The same at each single write, also where the file would not have grown. */
static void a_write_may_find_the_disk_full(void **unused)
{
    (void)unused;
    for (uint64_t at = 1; at <= ROWS; at++) {
        struct bench bench;
        bench_open(&bench, at);
        assert_true(opens(&bench));
        pgl_sim_disk_inject(bench.disk,
                            (struct pgl_sim_fault){ .effect = PGL_SIM_FILLS,
                                                    .calls = PGL_SIM_CALL_BIT(PGL_SIM_WRITE),
                                                    .at = at });
        int full = 0;
        for (int i = 0; i < ROWS; i++)
            full += commits(&bench) == SQLITE_FULL;
        assert_int_equal(full, 1);
        assert_int_equal(bench.acked, ROWS - 1);
        assert_int_equal(ask(bench.db, "SELECT count(*) FROM t"), bench.acked);
        pgl_sim_disk_lose_power(bench.disk);
        assert_kept(&bench);
        bench_close(&bench);
    }
}

/* Every capacity at which something fails. Refused is not stored; and when there is room the same
 * process goes on. */
static void a_full_disk_refuses_and_recovers(void **unused)
{
    (void)unused;
    int refused = 0;
    for (int64_t capacity_bytes = 12288; capacity_bytes < 120000; capacity_bytes += 1500) {
        struct bench bench;
        bench_open(&bench, 1);
        assert_true(opens(&bench));
        pgl_sim_disk_set_capacity(bench.disk, capacity_bytes);
        for (int i = 0; i < ROWS; i++) {
            int rc = commits(&bench);
            assert_true(rc == SQLITE_OK || rc == SQLITE_FULL);
            refused += rc == SQLITE_FULL;
            assert_int_equal(ask(bench.db, "SELECT count(*) FROM t"), bench.acked);
        }
        pgl_sim_disk_set_capacity(bench.disk, PGL_SIM_DISK_BYTES_MAX);
        assert_int_equal(commits(&bench), SQLITE_OK);
        pgl_sim_disk_lose_power(bench.disk);
        assert_int_equal(rows_after_restart(&bench), bench.acked);
        bench_close(&bench);
    }
    assert_true(refused > 100);
}

static void slow_calls_let_time_pass(void **unused)
{
    (void)unused;
    struct bench bench;
    bench_open(&bench, 1);
    pgl_sim_disk_inject(bench.disk, (struct pgl_sim_fault){ .effect = PGL_SIM_DELAYS,
                                                            .calls = PGL_SIM_CALL_BIT(PGL_SIM_SYNC),
                                                            .at = 1,
                                                            .is_lasting = true,
                                                            .delay_ns = PGL_MILLISECONDS(3) });
    assert_true(works(&bench));
    uint64_t syncs = pgl_sim_disk_call_count(bench.disk, PGL_SIM_CALL_BIT(PGL_SIM_SYNC));
    assert_int_equal(bench.waited_ns, PGL_MILLISECONDS(3) * (int64_t)syncs);
    assert_int_equal(ask(bench.db, "SELECT unixepoch('now')"), 1700000000);
    bench_close(&bench);
}

/* A run with chance in it: faults, damage, SQLite's own dice. */
static uint64_t digest_of_a_run(uint64_t seed)
{
    struct bench bench;
    bench_open(&bench, seed);
    pgl_sim_disk_inject(bench.disk,
                        (struct pgl_sim_fault){ .effect = PGL_SIM_FAILS,
                                                .calls = PGL_SIM_CALL_BIT(PGL_SIM_SHM_LOCK),
                                                .per_million = 20000 });
    (void)works(&bench);
    (void)run(bench.db, "INSERT INTO t VALUES (random(), randomblob(100))");
    pgl_sim_disk_lose_power(bench.disk);
    (void)rows_after_restart(&bench);
    uint64_t digest = pgl_sim_disk_digest(bench.disk);
    bench_close(&bench);
    return digest;
}

static void a_run_depends_on_its_seed_alone(void **unused)
{
    (void)unused;
    for (uint64_t seed = 0; seed < 20; seed++) {
        uint64_t digest = digest_of_a_run(seed);
        assert_true(digest == digest_of_a_run(seed));
        assert_true(digest != digest_of_a_run(seed + 1));
    }
}

static void a_dead_process_changes_nothing(void **unused)
{
    (void)unused;
    struct bench bench;
    bench_open(&bench, 1);
    assert_true(works(&bench));
    sqlite3 *dead = bench.db;
    assert_int_equal(run(dead, "BEGIN; INSERT INTO t(v) VALUES ('unfinished')"), SQLITE_OK);
    pgl_sim_disk_kill(bench.disk);
    uint64_t digest = pgl_sim_disk_digest(bench.disk);
    assert_int_not_equal(run(dead, "COMMIT"), SQLITE_OK);
    assert_int_not_equal(run(dead, "PRAGMA wal_checkpoint"), SQLITE_OK);
    assert_false(opens(&bench));
    (void)sqlite3_close(bench.db);

    pgl_sim_disk_restart(bench.disk); /* two processes' connections, one of them dead */
    assert_true(pgl_sim_disk_digest(bench.disk) == digest);
    assert_true(opens(&bench));
    assert_int_not_equal(run(dead, "INSERT INTO t(v) VALUES ('late')"), SQLITE_OK);
    assert_int_equal(commits(&bench), SQLITE_OK);
    assert_int_equal(sqlite3_close(dead), SQLITE_OK);
    assert_int_equal(ask(bench.db, "SELECT count(*) FROM t"), ROWS + 1);
    bench_close(&bench);
}

/* Two connections on one thread: nobody waits, and SQLITE_BUSY comes where a lock is in the way. */
static void locks_keep_connections_apart(void **unused)
{
    (void)unused;
    for (int is_wal = 0; is_wal < 2; is_wal++) {
        struct bench bench;
        sqlite3 *other;
        bench_open(&bench, 1);
        assert_true(opens(&bench) && commits(&bench) == SQLITE_OK);
        if (!is_wal)
            assert_int_equal(run(bench.db, "PRAGMA journal_mode=DELETE"), SQLITE_OK);
        assert_int_equal(sqlite3_open_v2("a.db", &other, SQLITE_OPEN_READWRITE, DISK), SQLITE_OK);

        assert_int_equal(run(other, "BEGIN; SELECT * FROM t"), SQLITE_OK);
        assert_int_equal(run(bench.db, "BEGIN IMMEDIATE; INSERT INTO t(v) VALUES (1)"), SQLITE_OK);
        assert_int_equal(run(other, "INSERT INTO t(v) VALUES (2)"), SQLITE_BUSY);
        assert_int_equal(run(bench.db, "COMMIT"), is_wal ? SQLITE_OK : SQLITE_BUSY);
        assert_int_equal(ask(other, "SELECT count(*) FROM t"), 1); /* its snapshot */
        if (is_wal)
            assert_int_equal(
                run(bench.db, "PRAGMA busy_timeout=0; PRAGMA wal_checkpoint(TRUNCATE)"),
                SQLITE_OK); /* which answers busy in its row */
        assert_int_equal(run(other, "COMMIT"), SQLITE_OK);
        assert_int_equal(ask(other, "SELECT count(*) FROM t"),
                         is_wal ? 2 : -1); /* PENDING: no new reader */
        if (!is_wal)
            assert_int_equal(run(bench.db, "COMMIT"), SQLITE_OK);
        assert_int_equal(ask(other, "SELECT count(*) FROM t"), 2);
        assert_int_equal(run(other, "INSERT INTO t(v) VALUES (2)"), SQLITE_OK);
        assert_int_equal(sqlite3_close(other), SQLITE_OK);
        bench_close(&bench);
    }
}

/* Whole files: after each call of the second writing, death; the old text or the new one is
 * there. */
static void a_whole_file_is_replaced_or_not(void **unused)
{
    (void)unused;
    int old_count = 0, new_count = 0;
    for (uint64_t at = 1; at <= 5; at++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct bench bench;
            char text[16];
            size_t size = 0;
            bench_open(&bench, seed);
            assert_true(
                pgl_is_ok(pgl_sim_disk_write_file(bench.disk, "data/epoch", PGL_TEXT("old"))));
            pgl_sim_disk_inject(
                bench.disk, (struct pgl_sim_fault){ .effect = seed % 4 == 0 ? PGL_SIM_KILLS
                                                                            : PGL_SIM_CUTS_POWER,
                                                    .calls = PGL_SIM_CALLS_ALL,
                                                    .at = at });
            bool is_done =
                pgl_is_ok(pgl_sim_disk_write_file(bench.disk, "data/epoch", PGL_TEXT("newer")));
            pgl_sim_disk_heal(bench.disk);
            pgl_sim_disk_lose_power(bench.disk);
            pgl_sim_disk_restart(bench.disk);
            assert_true(
                pgl_is_ok(pgl_sim_disk_read_file(bench.disk, "data/epoch", text, 16, &size)));
            bool is_new = size == 5 && memcmp(text, "newer", 5) == 0;
            assert_true(is_new || (!is_done && size == 3 && memcmp(text, "old", 3) == 0));
            *(is_new ? &new_count : &old_count) += 1;
            bench_close(&bench);
        }
    assert_true(old_count > 40 && new_count > 25);
}

static void files_are_missed_and_too_large_and_locked_once(void **unused)
{
    (void)unused;
    struct bench bench;
    char text[4];
    size_t size;
    pgl_disk_lock a = 0, b = 0;
    bench_open(&bench, 1);
    assert_int_equal(pgl_sim_disk_read_file(bench.disk, "x", text, 4, &size).code, PGL_NOT_FOUND);
    assert_false(pgl_sim_disk_has_file(bench.disk, "x"));
    assert_true(pgl_is_ok(pgl_sim_disk_write_file(bench.disk, "x", PGL_TEXT("12345"))));
    assert_true(pgl_sim_disk_has_file(bench.disk, "x"));
    assert_int_equal(pgl_sim_disk_read_file(bench.disk, "x", text, 4, &size).code, PGL_TOO_LARGE);
    pgl_sim_disk_set_capacity(bench.disk, 7);
    assert_int_equal(pgl_sim_disk_write_file(bench.disk, "y", PGL_TEXT("123")).code, PGL_EXHAUSTED);
    assert_false(pgl_sim_disk_has_file(bench.disk, "y"));

    assert_true(pgl_is_ok(pgl_sim_disk_lock(bench.disk, "a", &a)));
    assert_int_equal(pgl_sim_disk_lock(bench.disk, "a", &a).code, PGL_CONFLICT);
    assert_true(pgl_is_ok(pgl_sim_disk_lock(bench.disk, "b", &b)));
    pgl_sim_disk_unlock(bench.disk, &b);
    assert_true(pgl_is_ok(pgl_sim_disk_lock(bench.disk, "b", &b)));
    pgl_sim_disk_kill(bench.disk);
    assert_int_equal(pgl_sim_disk_lock(bench.disk, "a", &a).code, PGL_UNAVAILABLE);
    pgl_sim_disk_restart(bench.disk);
    assert_true(pgl_is_ok(pgl_sim_disk_lock(bench.disk, "a", &a)));
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_stops_at_the_first_error_loses_nothing),
        cmocka_unit_test(a_failed_sync_must_not_be_tried_again),
        cmocka_unit_test(a_lying_disk_loses_what_was_promised),
        cmocka_unit_test(a_write_may_find_the_disk_full),
        cmocka_unit_test(a_full_disk_refuses_and_recovers),
        cmocka_unit_test(slow_calls_let_time_pass),
        cmocka_unit_test(a_run_depends_on_its_seed_alone),
        cmocka_unit_test(a_dead_process_changes_nothing),
        cmocka_unit_test(locks_keep_connections_apart),
        cmocka_unit_test(a_whole_file_is_replaced_or_not),
        cmocka_unit_test(files_are_missed_and_too_large_and_locked_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
