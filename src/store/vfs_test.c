/*
 * vfs_test.c - gathering must save system calls and change nothing else.
 * Method: real files in a directory of their own. SQLite's unix VFS lets its pwrite be replaced:
 * that one counts, and fails on demand. Readers, crashed copies and a plain array tell what others
 * would have seen.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/random.h"
#include "store/vfs.h"

#define SHIM  "pgl_test"
#define PLAIN "unix"

/* pwrite takes no context, so what it counts and when it fails is global, in this program alone. */
static struct {
    ssize_t (*original)(int, const void *, size_t, off_t);
    uint64_t calls;
    uint64_t fails_at; /* the first call to fail, counted from 1; 0: none */
    uint64_t fails;    /* how many in a row */
    bool is_paused;    /* while the test itself looks */
} disk;

static ssize_t counting_pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    if (disk.is_paused)
        return disk.original(fd, bytes, size, at);
    disk.calls++;
    if (disk.fails_at != 0 && disk.calls >= disk.fails_at &&
        disk.calls < disk.fails_at + disk.fails) {
        errno = ENOSPC;
        return -1;
    }
    return disk.original(fd, bytes, size, at);
}

static void fail_writes(uint64_t at, uint64_t count)
{
    disk.calls = 0;
    disk.fails_at = at;
    disk.fails = count;
}

static int set_up(void **unused)
{
    (void)unused;
    sqlite3_vfs *unix_vfs = sqlite3_vfs_find(PLAIN);
    disk.original = (ssize_t(*)(int, const void *, size_t, off_t))unix_vfs->xGetSystemCall(
        unix_vfs, "pwrite64");
    (void)unix_vfs->xSetSystemCall(unix_vfs, "pwrite64", (sqlite3_syscall_ptr)counting_pwrite);
    return pgl_is_ok(pgl_vfs_register(SHIM, NULL)) ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    pgl_vfs_unregister(SHIM);
    sqlite3_vfs *unix_vfs = sqlite3_vfs_find(PLAIN);
    (void)unix_vfs->xSetSystemCall(unix_vfs, "pwrite64", NULL);
    return sqlite3_vfs_find(SHIM) == NULL ? 0 : -1;
}

/* A directory with one database in it. */

struct place {
    char directory[64], path[80];
};

static struct place place_make(void)
{
    struct place place;
    (void)snprintf(place.directory, sizeof place.directory, "/tmp/pgl_vfs_test_XXXXXX");
    assert_non_null(mkdtemp(place.directory));
    (void)snprintf(place.path, sizeof place.path, "%s/a.db", place.directory);
    return place;
}

static void place_clear(const struct place *place)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s%s", place->path, suffixes[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(place->directory), 0);
}

static void run(sqlite3 *db, const char *sql)
{
    char *text = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s: %s", sql, text);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return answer;
}

static sqlite3 *open_db(const char *path, const char *vfs)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
                     SQLITE_OK);
    run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
            "CREATE TABLE IF NOT EXISTS t (k INTEGER PRIMARY KEY, batch INTEGER NOT NULL, v BLOB)");
    return db;
}

static void assert_is_whole(sqlite3 *db)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(statement, 0), "ok");
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
}

/* `rows` rows of 300 bytes. */
static void insert_batch(sqlite3 *db, int batch, int rows)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d)"
                   "INSERT INTO t(batch, v) SELECT %d, randomblob(300) FROM n",
                   rows, batch);
    run(db, sql);
}

static struct pgl_vfs_counts counts_of(sqlite3 *db)
{
    struct pgl_vfs_counts counts;
    assert_int_equal(sqlite3_file_control(db, "main", PGL_VFS_FCNTL_COUNTS, &counts), SQLITE_OK);
    return counts;
}

/* A commit of some twenty frames. */
static uint64_t writes_of_a_commit(const char *vfs)
{
    struct place place = place_make();
    sqlite3 *db = open_db(place.path, vfs);
    insert_batch(db, 0, 100); /* the WAL begins, memory is taken */
    disk.calls = 0;
    insert_batch(db, 1, 200);
    uint64_t calls = disk.calls;
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    place_clear(&place);
    return calls;
}

static void a_commit_reaches_the_disk_in_one_write(void **unused)
{
    (void)unused;
    assert_true(writes_of_a_commit(PLAIN) >= 2 * 15);
    assert_int_equal(writes_of_a_commit(SHIM), 1);
}

static void it_counts_what_a_file_costs(void **unused)
{
    (void)unused;
    struct place place = place_make();
    sqlite3 *db = open_db(place.path, SHIM);
    insert_batch(db, 0, 100);
    struct pgl_vfs_counts before = counts_of(db);
    disk.calls = 0;
    insert_batch(db, 1, 200);
    struct pgl_vfs_counts after = counts_of(db);
    assert_int_equal(after.wal.writes_made - before.wal.writes_made, disk.calls);
    assert_int_equal(after.wal.syncs - before.wal.syncs, 1);
    uint64_t asked = after.wal.writes_asked - before.wal.writes_asked;
    assert_int_equal(after.wal.written_bytes - before.wal.written_bytes, asked / 2 * (24 + 4096));
    assert_int_equal(after.database.writes_made, before.database.writes_made);

    run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    struct pgl_vfs_counts at_end = counts_of(db);
    assert_true(at_end.database.writes_made > after.database.writes_made);
    assert_true(at_end.database.syncs > after.database.syncs);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    place_clear(&place);
}

/* The cache holds ten pages, so most of the batch reaches the WAL before its commit; parts of it
 * are read back, changed again (which corrects checksums in the WAL) and taken back. */
static void spill(sqlite3 *db, int batch)
{
    run(db, "BEGIN");
    insert_batch(db, batch, 2000);
    assert_int_equal(ask(db, "SELECT count(*) FROM t WHERE length(v) = 300"), 2000 * batch);
    run(db, "UPDATE t SET v = randomblob(300) WHERE k % 3 = 0");
    run(db, "SAVEPOINT s");
    insert_batch(db, batch, 500);
    run(db, "ROLLBACK TO s; RELEASE s");
    run(db, "UPDATE t SET v = randomblob(300) WHERE k % 50 = 1");
}

/* The same under every promise of durability: with less than FULL no sync follows a commit, and
 * what was gathered must still be there for others. */
static void others_read_each_commit_and_nothing_else(void **unused)
{
    (void)unused;
    static const char *const promises[] = { "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL",
                                            "PRAGMA synchronous=OFF" };
    for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++) {
        struct place place = place_make();
        sqlite3 *writer = open_db(place.path, SHIM);
        sqlite3 *reader = open_db(place.path, i % 2 == 0 ? SHIM : PLAIN);
        run(writer, promises[i]);
        run(writer, "PRAGMA cache_size=10");
        for (int batch = 1; batch <= 4; batch++) {
            spill(writer, batch);
            assert_int_equal(ask(reader, "SELECT count(*) FROM t"), 2000 * (batch - 1));
            run(writer, "COMMIT");
            assert_int_equal(ask(reader, "SELECT count(*) FROM t"), 2000 * batch);
            assert_int_equal(ask(reader, "SELECT sum(length(v)) FROM t"), 600000 * batch);
            assert_is_whole(reader);
            run(batch % 2 == 0 ? writer : reader, "PRAGMA wal_checkpoint(TRUNCATE)");
        }
        assert_is_whole(writer);
        assert_int_equal(sqlite3_close(writer), SQLITE_OK);
        assert_int_equal(sqlite3_close(reader), SQLITE_OK);
        sqlite3 *again = open_db(place.path, PLAIN);
        assert_int_equal(ask(again, "SELECT count(*) FROM t"), 8000);
        assert_is_whole(again);
        assert_int_equal(sqlite3_close(again), SQLITE_OK);
        place_clear(&place);
    }
}

/* Frames of a transaction that was taken back lie where the next writer's will: none may come late.
 */
static void what_was_rolled_back_never_overwrites_the_next_writer(void **unused)
{
    (void)unused;
    struct place place = place_make();
    sqlite3 *first = open_db(place.path, SHIM);
    sqlite3 *second = open_db(place.path, SHIM);
    run(first, "PRAGMA cache_size=10");
    for (int round = 1; round <= 20; round++) {
        run(first, "BEGIN");
        insert_batch(first, -1, 150 + 37 * round); /* leaves each time another rest gathered */
        run(first, "ROLLBACK");
        insert_batch(second, round, 100);
        assert_int_equal(ask(first, "SELECT count(*) FROM t"), 100 * round);
        assert_is_whole(first);
    }
    assert_int_equal(sqlite3_close(first), SQLITE_OK);
    assert_is_whole(second);
    assert_int_equal(ask(second, "SELECT count(*) FROM t WHERE batch > 0"), 2000);
    assert_int_equal(sqlite3_close(second), SQLITE_OK);
    place_clear(&place);
}

static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    char bytes[65536];
    for (size_t size; (size = fread(bytes, 1, sizeof bytes, in)) > 0;)
        assert_int_equal(fwrite(bytes, 1, size, out), size);
    (void)fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* What a process that is killed now leaves behind. */
static void assert_a_copy_holds(const struct place *place, int64_t rows)
{
    struct place copy = place_make();
    char from[96], to[96];
    disk.is_paused = true;
    copy_file(place->path, copy.path);
    (void)snprintf(from, sizeof from, "%s-wal", place->path);
    (void)snprintf(to, sizeof to, "%s-wal", copy.path);
    copy_file(from, to);
    sqlite3 *db = open_db(copy.path, PLAIN);
    assert_is_whole(db);
    assert_int_equal(ask(db, "SELECT count(*) FROM t"), rows);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    place_clear(&copy);
    disk.is_paused = false;
}

static void a_killed_process_leaves_its_commits_and_no_more(void **unused)
{
    (void)unused;
    struct place place = place_make();
    sqlite3 *db = open_db(place.path, SHIM);
    run(db, "PRAGMA cache_size=10");
    for (int batch = 1; batch <= 3; batch++) {
        spill(db, batch);
        assert_a_copy_holds(&place, 2000 * (batch - 1));
        run(db, "COMMIT");
        assert_a_copy_holds(&place, 2000 * batch);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    place_clear(&place);
}

static int64_t rows_in_a_fresh_look(const char *path)
{
    sqlite3 *db = open_db(path, PLAIN);
    assert_is_whole(db);
    int64_t rows = ask(db, "SELECT count(*) FROM t");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return rows;
}

#define INSERT(rows)                                                                               \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<" #rows ")"              \
    "INSERT INTO t(batch, v) SELECT 0, randomblob(300) FROM n"

/* The first transaction fits into the cache; the second spills, is read back and corrects
 * checksums. A statement that fails may leave the transaction open: what it then commits must be
 * what it shows. */
static const char *const refusable[2][4] = {
    { INSERT(20), "", "", "" },
    { INSERT(150), "UPDATE t SET batch = batch + 1, v = randomblob(300)", INSERT(60),
      "UPDATE t SET batch = batch + 1 WHERE k % 5 = 0" },
};

static void try_to_commit(sqlite3 *db, const char *const statements[4], int64_t *rows)
{
    run(db, "BEGIN");
    for (int i = 0; i < 4 && !sqlite3_get_autocommit(db); i++)
        (void)sqlite3_exec(db, statements[i], NULL, NULL, NULL);
    if (sqlite3_get_autocommit(db))
        return;
    disk.is_paused = true;
    int64_t shown = ask(db, "SELECT count(*) FROM t");
    disk.is_paused = false;
    if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        *rows = shown;
    else if (!sqlite3_get_autocommit(db))
        run(db, "ROLLBACK");
}

/* Says whether the write numbered `at` was reached. */
static bool disk_is_full_at(uint64_t at, uint64_t count, const char *promise)
{
    struct place place = place_make();
    sqlite3 *db = open_db(place.path, SHIM);
    run(db, promise);
    run(db, "PRAGMA cache_size=10");
    insert_batch(db, 1, 100);
    int64_t rows = 100;
    fail_writes(at, count);
    for (int i = 0; i < 2; i++) {
        try_to_commit(db, refusable[i], &rows);
        assert_a_copy_holds(&place, rows);
    }
    bool was_reached = disk.calls >= at;
    fail_writes(0, 0);
    insert_batch(db, 5, 100);
    assert_int_equal(ask(db, "SELECT count(*) FROM t"), rows + 100);
    assert_is_whole(db);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(rows_in_a_fresh_look(place.path), rows + 100);
    place_clear(&place);
    return was_reached;
}

/* Each write in turn (later ones in strides) is that at which the disk is full, once or for a
 * while. A commit that was refused must stay refused, one that was not must be there, with FULL and
 * with less; and the connection must go on when there is room again. */
static void a_full_disk_refuses_commits_and_forgets_none(void **unused)
{
    (void)unused;
    static const char *const promises[] = { "PRAGMA synchronous=FULL",
                                            "PRAGMA synchronous=NORMAL" };
    for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++) {
        uint64_t at = 1;
        while (disk_is_full_at(at, 1, promises[i])) {
            (void)disk_is_full_at(at, 3, promises[i]);
            at += at < 20 ? 1 : 5;
        }
        assert_in_range(at, 10, 1000);
    }
}

/* The WAL's own file against a plain array: writes that continue, overlap and jump, of all sizes;
 * reads, cuts and syncs among them. */
static void a_gathered_file_reads_as_a_plain_one(void **unused)
{
    (void)unused;
    enum { LIMIT = 400000 };
    static uint8_t model[LIMIT], bytes[LIMIT], read[LIMIT];
    struct place place = place_make();
    sqlite3 *db = open_db(place.path, SHIM);
    sqlite3_file *wal;
    assert_int_equal(sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal),
                     SQLITE_OK);
    const sqlite3_io_methods *io = wal->pMethods;
    struct pgl_random random;
    pgl_random_seed(&random, 1, 1);
    assert_int_equal(io->xTruncate(wal, 0), SQLITE_OK);
    size_t size = 0, end = 0;
    for (int i = 0; i < 20000; i++) {
        uint64_t drawn = pgl_random_below(&random, 100);
        size_t some = 1 + pgl_random_below(&random, drawn % 7 == 0 ? 131071
                                                    : drawn % 2    ? 24
                                                                   : 4096);
        size_t at = drawn < 75 ? end : pgl_random_below(&random, size + 1);
        if (at + some > LIMIT)
            at = 0, some = 24;
        if (drawn < 85) {
            pgl_random_fill(&random, bytes, some);
            memset(bytes, 0,
                   drawn % 3 == 0 ? 0
                   : some < 8     ? some
                                  : 8); /* often a commit's header */
            assert_int_equal(io->xWrite(wal, bytes, (int)some, (sqlite3_int64)at), SQLITE_OK);
            memcpy(model + at, bytes, some);
            end = at + some;
            size = end > size ? end : size;
        } else if (drawn < 97) {
            int rc = io->xRead(wal, read, (int)some, (sqlite3_int64)at);
            size_t there = at < size ? (some < size - at ? some : size - at) : 0;
            assert_int_equal(rc, there == some ? SQLITE_OK : SQLITE_IOERR_SHORT_READ);
            assert_memory_equal(read, model + at, there);
        } else if (drawn < 98) {
            size = at;
            assert_int_equal(io->xTruncate(wal, (sqlite3_int64)size), SQLITE_OK);
            memset(model + size, 0, LIMIT - size);
        } else {
            sqlite3_int64 measured;
            assert_int_equal(io->xSync(wal, SQLITE_SYNC_NORMAL), SQLITE_OK);
            assert_int_equal(io->xFileSize(wal, &measured), SQLITE_OK);
            assert_int_equal(measured, size);
        }
    }
    assert_int_equal(io->xTruncate(wal, 0), SQLITE_OK); /* else the database would read it */
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    place_clear(&place);
}

static void it_stands_only_on_what_is_there(void **unused)
{
    (void)unused;
    assert_int_equal(pgl_vfs_register("pgl_other", "no such vfs").code, PGL_NOT_FOUND);
    assert_int_equal(pgl_vfs_register(SHIM, PLAIN).code, PGL_ALREADY_EXISTS);
    assert_int_equal(pgl_vfs_register(PLAIN, NULL).code, PGL_ALREADY_EXISTS);
    pgl_vfs_unregister(PLAIN); /* not ours */
    assert_non_null(sqlite3_vfs_find(PLAIN));
    assert_string_equal(sqlite3_vfs_find(NULL)->zName, PLAIN);
}

/* Two shims one above the other: the lower one does not see the locks of the upper one's files, and
 * leaves gathering to it. */
static void it_can_stand_on_itself(void **unused)
{
    (void)unused;
    assert_true(pgl_is_ok(pgl_vfs_register("pgl_upper", SHIM)));
    assert_int_equal(writes_of_a_commit("pgl_upper"), 1);
    pgl_vfs_unregister("pgl_upper");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_reaches_the_disk_in_one_write),
        cmocka_unit_test(it_counts_what_a_file_costs),
        cmocka_unit_test(others_read_each_commit_and_nothing_else),
        cmocka_unit_test(what_was_rolled_back_never_overwrites_the_next_writer),
        cmocka_unit_test(a_killed_process_leaves_its_commits_and_no_more),
        cmocka_unit_test(a_full_disk_refuses_commits_and_forgets_none),
        cmocka_unit_test(a_gathered_file_reads_as_a_plain_one),
        cmocka_unit_test(it_stands_only_on_what_is_there),
        cmocka_unit_test(it_can_stand_on_itself),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
