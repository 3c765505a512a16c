/*
 * disk_test.c - two things at once: that the simulated disk can show every loss that we fear, and
 * that the way we use SQLite (WAL, FULL, a TRUNCATE checkpoint at start, writes gathered) suffers
 * none of them. Method: a producer commits batches of numbered events to one file; a consumer
 * copies them to another and commits its position with them. The story is run once to count its
 * calls of the disk, then again for each call, at which the process is killed or power fails. After
 * each restart: both files are whole, all that was acknowledged is there, batches are whole, and
 * the consumer holds nothing that the producer does not. Ways that are known to be unsafe must be
 * caught.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/random.h"
#include "disk.h"
#include "store/vfs.h"

#define DISK "sim_test"     /* the disk alone */
#define SHIM "pgl_sim_test" /* as in production: our VFS above it */

static int64_t no_time_ns(void *unused)
{
    (void)unused;
    return 0;
}

static void no_wait(void *waited_ns, int64_t wait_ns)
{
    if (waited_ns != NULL)
        *(int64_t *)waited_ns += wait_ns;
}

/* The way SQLite is used. */
struct way {
    const char *vfs, *journal, *synchronous;
    bool truncates_at_start;
};

static const struct way production = { SHIM, "WAL", "FULL", true };
static const struct way unshimmed = { DISK, "WAL", "FULL", true };
static const struct way without_truncate = { SHIM, "WAL", "FULL", false };
static const struct way normal = { SHIM, "WAL", "NORMAL", true };
static const struct way rollback_extra = { SHIM, "DELETE", "EXTRA", true };
static const struct way rollback_full = { SHIM, "DELETE", "FULL", true };

struct run {
    const struct way *way;
    struct pgl_sim_disk *disk;
    sqlite3 *producer, *reader, *consumer; /* the process */
    int life;
    int batch;
    int64_t acked_head, acked_position; /* what the world has been told */
};

static struct run run_begin(const struct way *way, uint64_t seed)
{
    struct pgl_sim_world world = { NULL, no_time_ns, no_wait };
    pgl_sim_sqlite_seed(seed);
    struct run run = { .way = way, .disk = pgl_sim_disk_open(DISK, seed, world) };
    assert_true(pgl_is_ok(pgl_vfs_register(SHIM, DISK)));
    return run;
}

static void run_end(struct run *run)
{
    pgl_vfs_unregister(SHIM);
    pgl_sim_disk_close(run->disk);
}

/* The process. Each step says whether it worked; the first that did not ends the process
 * (fail-stop). */

static bool does(sqlite3 *db, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool does(sqlite3 *db, const char *format, ...)
{
    char sql[640];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool reads(sqlite3 *db, const char *sql, int64_t *answer)
{
    sqlite3_stmt *statement;
    bool is_read = sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
                   sqlite3_step(statement) == SQLITE_ROW;
    if (is_read)
        *answer = sqlite3_column_int64(statement, 0);
    return sqlite3_finalize(statement) == SQLITE_OK && is_read;
}

static bool opens(const struct way *way, const char *name, sqlite3 **db)
{
    return sqlite3_open_v2(name, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, way->vfs) ==
               SQLITE_OK &&
           does(*db,
                "PRAGMA journal_mode=%s; PRAGMA synchronous=%s; PRAGMA wal_autocheckpoint=0;"
                "PRAGMA cache_size=12; PRAGMA temp_store=MEMORY",
                way->journal, way->synchronous) &&
           (!way->truncates_at_start || does(*db, "PRAGMA wal_checkpoint(TRUNCATE)"));
}

static bool process_starts(struct run *run)
{
    run->life++;
    return opens(run->way, "producer.db", &run->producer) &&
           opens(run->way, "consumer.db", &run->consumer) &&
           does(run->producer,
                "BEGIN IMMEDIATE;"
                "CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, batch INTEGER,"
                " size INTEGER, value INTEGER, filler BLOB);"
                "CREATE INDEX IF NOT EXISTS log_value ON log(value); COMMIT") &&
           does(run->consumer, "CREATE TABLE IF NOT EXISTS seen (seq INTEGER PRIMARY KEY,"
                               " value INTEGER)") &&
           sqlite3_open_v2("producer.db", &run->reader, SQLITE_OPEN_READONLY, run->way->vfs) ==
               SQLITE_OK;
}

static void process_ends(struct run *run)
{
    (void)sqlite3_close(run->reader);
    (void)sqlite3_close(run->producer);
    (void)sqlite3_close(run->consumer);
    run->reader = run->producer = run->consumer = NULL;
}

/* Rows are spread over the index, so that larger batches outgrow the cache and spill into the WAL.
 */
static bool produces(struct run *run, int rows)
{
    int64_t head;
    if (!reads(run->producer, "SELECT count(*) FROM log", &head))
        return false;
    run->batch++;
    bool is_done =
        does(run->producer,
             "BEGIN IMMEDIATE;"
             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d)"
             "INSERT INTO log SELECT %lld+i, %d, %d, ((%lld+i)*7919+%d)%%10007,"
             " zeroblob(350) FROM n;"
             "UPDATE log SET filler = zeroblob(351) WHERE seq%%7 = %d; COMMIT",
             rows, (long long)head, run->batch, rows, (long long)head, run->life, run->batch % 7);
    if (is_done)
        run->acked_head = head + rows;
    return is_done;
}

static bool copies(sqlite3_stmt *from, sqlite3_stmt *into)
{
    int rc;
    while ((rc = sqlite3_step(from)) == SQLITE_ROW) {
        (void)sqlite3_bind_int64(into, 1, sqlite3_column_int64(from, 0));
        (void)sqlite3_bind_int64(into, 2, sqlite3_column_int64(from, 1));
        if (sqlite3_step(into) != SQLITE_DONE || sqlite3_reset(into) != SQLITE_OK)
            return false;
    }
    return rc == SQLITE_DONE;
}

static bool consumes(struct run *run)
{
    int64_t position;
    sqlite3_stmt *from = NULL, *into = NULL;
    bool is_done = reads(run->consumer, "SELECT count(*) FROM seen", &position) &&
                   sqlite3_prepare_v2(run->reader, "SELECT seq, value FROM log WHERE seq > ?1", -1,
                                      &from, NULL) == SQLITE_OK &&
                   sqlite3_bind_int64(from, 1, position) == SQLITE_OK &&
                   does(run->consumer, "BEGIN IMMEDIATE") &&
                   sqlite3_prepare_v2(run->consumer, "INSERT INTO seen VALUES (?1, ?2)", -1, &into,
                                      NULL) == SQLITE_OK &&
                   copies(from, into);
    (void)sqlite3_finalize(from);
    (void)sqlite3_finalize(into);
    is_done = is_done && does(run->consumer, "COMMIT") &&
              reads(run->consumer, "SELECT count(*) FROM seen", &run->acked_position);
    return is_done;
}

static bool checkpoints(struct run *run, const char *mode)
{
    return does(run->producer, "PRAGMA wal_checkpoint(%s)", mode) &&
           does(run->consumer, "PRAGMA wal_checkpoint(%s)", mode);
}

static bool process_works(struct run *run)
{
    return process_starts(run) && produces(run, 1) && consumes(run) && produces(run, 9) &&
           produces(run, 120) && consumes(run) && checkpoints(run, "PASSIVE") &&
           produces(run, 30) && consumes(run) && produces(run, 3) && checkpoints(run, "TRUNCATE") &&
           produces(run, 4) && consumes(run) && produces(run, 2);
}

/* What must hold after each restart. The answer is what does not, or NULL. */

static bool is_whole(sqlite3 *db)
{
    sqlite3_stmt *statement;
    bool is_ok =
        sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW &&
        strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
    return sqlite3_finalize(statement) == SQLITE_OK && is_ok;
}

static bool consumer_agrees(struct run *run)
{
    sqlite3_stmt *seen, *log;
    bool agrees = true;
    (void)sqlite3_prepare_v2(run->consumer, "SELECT seq, value FROM seen ORDER BY seq", -1, &seen,
                             NULL);
    (void)sqlite3_prepare_v2(run->producer, "SELECT seq, value FROM log ORDER BY seq", -1, &log,
                             NULL);
    while (agrees && sqlite3_step(seen) == SQLITE_ROW)
        agrees = sqlite3_step(log) == SQLITE_ROW &&
                 sqlite3_column_int64(seen, 0) == sqlite3_column_int64(log, 0) &&
                 sqlite3_column_int64(seen, 1) == sqlite3_column_int64(log, 1);
    (void)sqlite3_finalize(seen);
    (void)sqlite3_finalize(log);
    return agrees;
}

static const char *what_is_wrong(struct run *run)
{
    int64_t count, last, broken, position;
    if (!is_whole(run->producer) || !is_whole(run->consumer))
        return "a file is damaged";
    if (!reads(run->producer, "SELECT count(*) FROM log", &count) ||
        !reads(run->producer, "SELECT coalesce(max(seq), 0) FROM log", &last) ||
        !reads(
            run->producer,
            "SELECT count(*) FROM (SELECT 1 FROM log GROUP BY batch HAVING count(*) != max(size))",
            &broken) ||
        !reads(run->consumer, "SELECT count(*) FROM seen", &position))
        return "a file cannot be read";
    if (count != last || broken != 0)
        return "a batch is not whole";
    if (last < run->acked_head)
        return "an acknowledged batch is lost";
    if (position < run->acked_position)
        return "an acknowledged position is lost";
    if (!consumer_agrees(run))
        return "the consumer holds what the producer does not";
    return NULL;
}

/* The next process on what the last one left. Recovery may be interrupted too, at call `dies_at`.
 */
static const char *restart_and_check(struct run *run, uint64_t dies_at)
{
    process_ends(run);
    pgl_sim_disk_heal(run->disk);
    pgl_sim_disk_restart(run->disk);
    if (dies_at > 0)
        pgl_sim_disk_inject(
            run->disk,
            (struct pgl_sim_fault){ .effect = dies_at % 2 == 0 ? PGL_SIM_KILLS : PGL_SIM_CUTS_POWER,
                                    .calls = PGL_SIM_CALLS_CHANGING,
                                    .at = dies_at });
    bool has_started = process_starts(run);
    pgl_sim_disk_heal(run->disk);
    if (pgl_sim_disk_is_dead(run->disk))
        return restart_and_check(run, 0);
    return has_started ? what_is_wrong(run) : "the process does not start";
}

/* Life goes on after a crash, and ends in order. */
static const char *work_on_and_check(struct run *run)
{
    pgl_sim_disk_heal(run->disk);
    if (!produces(run, 5) || !consumes(run) || !checkpoints(run, "PASSIVE") || !produces(run, 50))
        return "work does not go on";
    const char *wrong = what_is_wrong(run);
    if (wrong != NULL)
        return wrong;
    pgl_sim_disk_kill(run->disk);
    return restart_and_check(run, 0);
}

enum crash { CRASH_KILL, CRASH_POWER, CRASH_KILL_THEN_POWER };

/* The story with one crash. */
static const char *crash_story(const struct way *way, enum crash crash, uint32_t calls, uint64_t at,
                               uint64_t seed)
{
    struct run run = run_begin(way, seed);
    pgl_sim_disk_inject(
        run.disk,
        (struct pgl_sim_fault){ .effect = crash == CRASH_POWER ? PGL_SIM_CUTS_POWER : PGL_SIM_KILLS,
                                .calls = calls,
                                .at = at });
    (void)process_works(&run);
    assert_true(pgl_sim_disk_is_dead(run.disk));
    const char *wrong = restart_and_check(&run, seed % 3 == 2 ? 1 + seed % 41 : 0);
    if (wrong == NULL && crash == CRASH_KILL_THEN_POWER) {
        if (!consumes(&run))
            wrong = "work does not go on";
        pgl_sim_disk_lose_power(run.disk);
        if (wrong == NULL)
            wrong = restart_and_check(&run, 0);
    }
    if (wrong == NULL)
        wrong = work_on_and_check(&run);
    process_ends(&run);
    run_end(&run);
    return wrong;
}

static uint64_t calls_of_story(const struct way *way, uint32_t calls)
{
    struct run run = run_begin(way, 0);
    assert_true(process_works(&run));
    uint64_t count = pgl_sim_disk_call_count(run.disk, calls);
    assert_null(what_is_wrong(&run));
    process_ends(&run);
    run_end(&run);
    return count;
}

/* Every call, `seeds` kinds of damage each. The first story that went wrong, in the way
 * `looked_for` if that is not NULL, ends it. NULL if there is none. */
static const char *sweep(const struct way *way, enum crash crash, uint32_t calls, uint64_t seeds,
                         const char *looked_for)
{
    uint64_t call_count = calls_of_story(way, calls);
    assert_true(call_count > 50);
    for (uint64_t at = 1; at <= call_count; at++)
        for (uint64_t seed = 0; seed < seeds; seed++) {
            const char *wrong = crash_story(way, crash, calls, at, seed * 1000 + at);
            if (wrong != NULL && (looked_for == NULL || strcmp(wrong, looked_for) == 0)) {
                print_message("%s at call %llu, damage %llu\n", wrong, (unsigned long long)at,
                              (unsigned long long)seed);
                return wrong;
            }
        }
    return NULL;
}

static void assert_safe(const struct way *way, enum crash crash, uint32_t calls, uint64_t seeds)
{
    assert_null(sweep(way, crash, calls, seeds, NULL));
}

static void assert_unsafe(const struct way *way, enum crash crash, const char *looked_for)
{
    assert_non_null(sweep(way, crash, PGL_SIM_CALLS_CHANGING, 3, looked_for));
}

static void our_way_survives_a_kill_at_every_call(void **unused)
{
    (void)unused;
    assert_safe(&production, CRASH_KILL, PGL_SIM_CALLS_ALL, 1);
}

static void our_way_survives_a_loss_of_power_at_every_call(void **unused)
{
    (void)unused;
    assert_safe(&production, CRASH_POWER, PGL_SIM_CALLS_CHANGING, 6);
}

static void our_way_survives_a_kill_and_then_a_loss_of_power(void **unused)
{
    (void)unused;
    assert_safe(&production, CRASH_KILL_THEN_POWER, PGL_SIM_CALLS_CHANGING, 4);
}

static void gathering_is_not_what_saves_us(void **unused)
{
    (void)unused;
    assert_safe(&unshimmed, CRASH_POWER, PGL_SIM_CALLS_CHANGING, 1);
    assert_safe(&unshimmed, CRASH_KILL_THEN_POWER, PGL_SIM_CALLS_CHANGING, 1);
}

/* A killed process leaves valid frames in the page cache. Read before they are synced, they are
 * news that a loss of power takes back. */
static void without_a_checkpoint_at_start_consumers_see_what_is_lost_later(void **unused)
{
    (void)unused;
    assert_unsafe(&without_truncate, CRASH_KILL_THEN_POWER,
                  "the consumer holds what the producer does not");
}

static void without_a_sync_per_commit_power_takes_back_what_was_acknowledged(void **unused)
{
    (void)unused;
    assert_unsafe(&normal, CRASH_POWER, "an acknowledged batch is lost");
}

/* With a rollback journal the commit is the deletion of a file, and durable once its directory is
 * synced: only EXTRA does that. Our disk knows the difference. */
static void a_deleted_journal_comes_back_unless_its_directory_is_synced(void **unused)
{
    (void)unused;
    assert_safe(&rollback_extra, CRASH_POWER, PGL_SIM_CALLS_CHANGING, 1);
    assert_unsafe(&rollback_full, CRASH_POWER, "an acknowledged batch is lost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_way_survives_a_kill_at_every_call),
        cmocka_unit_test(our_way_survives_a_loss_of_power_at_every_call),
        cmocka_unit_test(our_way_survives_a_kill_and_then_a_loss_of_power),
        cmocka_unit_test(gathering_is_not_what_saves_us),
        cmocka_unit_test(without_a_checkpoint_at_start_consumers_see_what_is_lost_later),
        cmocka_unit_test(without_a_sync_per_commit_power_takes_back_what_was_acknowledged),
        cmocka_unit_test(a_deleted_journal_comes_back_unless_its_directory_is_synced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
