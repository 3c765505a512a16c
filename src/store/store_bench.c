/* store_bench.c - see store_bench.h. */
#include "store/store_bench.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/buffer.h"

#define BENCH_ARENA_CHUNK_BYTES 65536
#define BENCH_ARENA_LIMIT_BYTES (256u << 20) /* dumps of whole databases */
#define BENCH_DUMP_BYTES_MAX    (64u << 20)
#define BENCH_BATCH_MAX         256
#define BENCH_CACHE_KIB         8192
#define TURNS_MAX               1000000

static void make_platform(struct pgl_store_bench *bench);
static void open_writer(struct pgl_store_bench *bench);

void pgl_store_bench_open(struct pgl_store_bench *bench, uint64_t seed)
{
    *bench = (struct pgl_store_bench){ 0 };
    pgl_random_seed(&bench->random, seed, 1);
    pgl_store_start();
    make_platform(bench);
    pgl_arena_init(&bench->arena, BENCH_ARENA_CHUNK_BYTES, BENCH_ARENA_LIMIT_BYTES);
    snprintf(bench->folder, sizeof bench->folder, "/tmp/panglot-test-XXXXXX");
    PGL_ASSERT(mkdtemp(bench->folder) != NULL);
    snprintf(bench->path, sizeof bench->path, "%s/bench.db", bench->folder);
    open_writer(bench);
}

void pgl_store_bench_close(struct pgl_store_bench *bench)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    pgl_writer_close(&bench->writer);
    pgl_arena_free(&bench->arena);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char path[sizeof bench->path + 8];
        snprintf(path, sizeof path, "%s%s", bench->path, endings[i]);
        unlink(path); /* that it was never there is as good */
    }
    PGL_ASSERT(rmdir(bench->folder) == 0);
}

void pgl_store_bench_restart(struct pgl_store_bench *bench)
{
    pgl_writer_close(&bench->writer);
    open_writer(bench);
}

static void open_writer(struct pgl_store_bench *bench)
{
    struct pgl_writer_options options = {
        .database = { .path = bench->path, .cache_kib = BENCH_CACHE_KIB },
        .batch_max = BENCH_BATCH_MAX,
        .checkpoint_pages = 8192,
        .checkpoint_idle_pages = 1024,
    };
    pgl_loop_init(&bench->loop, "bench", &bench->platform, &bench->waiter);
    pgl_status opened = pgl_writer_open(&bench->writer, &bench->loop, &options, NULL);
    PGL_ASSERT(pgl_is_ok(opened));
}

/* ---- the platform's twin ---- */

static int64_t monotonic_ns(void *self)
{
    return ((struct pgl_store_bench *)self)->now_ns + 1; /* above 0 */
}

static int64_t wall_ns(void *self)
{
    const struct pgl_store_bench *bench = self;
    return PGL_STORE_BENCH_WALL_NS + bench->now_ns + bench->wall_jump_ns;
}

static void entropy_fill(void *self, void *bytes, size_t size)
{
    pgl_random_fill(&((struct pgl_store_bench *)self)->random, bytes, size);
}

static void log_to_nowhere(struct pgl_platform *platform, struct pgl_text line)
{
    (void)platform, (void)line;
}

static void wake_nobody(struct pgl_waiter *waiter)
{
    (void)waiter;
}

static void make_platform(struct pgl_store_bench *bench)
{
    static const struct pgl_waiter_ops waiter_ops = { .wake = wake_nobody };
    bench->waiter.ops = &waiter_ops;
    bench->platform = (struct pgl_platform){
        .clock = { monotonic_ns, wall_ns, bench },
        .entropy = { entropy_fill, bench },
        .log_write = log_to_nowhere,
    };
}

/* ---- calls ---- */

struct command {
    struct pgl_store_bench *bench;
    const struct pgl_method *method;
    const void *ask;
    void *reply;
};

static pgl_status run_command(struct pgl_tx *tx, void *argument)
{
    struct command *command = argument;
    tx->view.arena = &command->bench->arena;
    return command->method->command(tx, command->ask, command->reply);
}

pgl_status pgl_store_bench_command(struct pgl_store_bench *bench, const struct pgl_method *method,
                                   const void *ask, void *reply)
{
    PGL_ASSERT(method->kind == PGL_METHOD_COMMAND);
    struct command command = { bench, method, ask, reply };
    return pgl_writer_run_now(&bench->writer, run_command, &command);
}

pgl_status pgl_store_bench_query(struct pgl_store_bench *bench, const struct pgl_method *method,
                                 const void *ask, void *reply)
{
    PGL_ASSERT(method->kind == PGL_METHOD_QUERY);
    struct pgl_view view = { &bench->writer.db, &bench->arena, bench->writer.context };
    return method->query(&view, ask, reply);
}

bool pgl_store_bench_turn(struct pgl_store_bench *bench)
{
    bool was_any = false, has_more;
    int turns = 0;
    do {
        PGL_ASSERT(++turns < TURNS_MAX); /* else it spins */
        was_any |= pgl_loop_next_ns(&bench->loop) <= monotonic_ns(bench);
        has_more = pgl_loop_turn(&bench->loop);
        was_any |= has_more;
        PGL_ASSERT(pgl_is_ok(bench->loop.fatal));
    } while (has_more || pgl_loop_has_news(&bench->loop));
    return was_any;
}

/* ---- looking at the rows ---- */

/* Statements here are not the product's, so they are not kept. */
static sqlite3_stmt *prepare(struct pgl_store_bench *bench, const char *sql)
{
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(bench->writer.db.handle, sql, -1, &statement, NULL);
    PGL_ASSERT(result == SQLITE_OK);
    return statement;
}

int64_t pgl_store_bench_number(struct pgl_store_bench *bench, const char *sql)
{
    sqlite3_stmt *statement = prepare(bench, sql);
    int result = sqlite3_step(statement);
    PGL_ASSERT(result == SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static void add_column(sqlite3_stmt *statement, int column, struct pgl_buffer *out)
{
    if (column > 0)
        pgl_buffer_add_char(out, '|');
    if (sqlite3_column_type(statement, column) != SQLITE_BLOB) {
        const char *text = (const char *)sqlite3_column_text(statement, column);
        pgl_buffer_add_text(out, pgl_text_of(text != NULL ? text : "NULL"));
        return;
    }
    const uint8_t *bytes = sqlite3_column_blob(statement, column);
    for (int i = 0; i < sqlite3_column_bytes(statement, column); i++)
        pgl_buffer_printf(out, "%02x", bytes[i]);
}

static void add_rows(struct pgl_store_bench *bench, const char *sql, struct pgl_buffer *out)
{
    sqlite3_stmt *statement = prepare(bench, sql);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int column = 0; column < sqlite3_column_count(statement); column++)
            add_column(statement, column, out);
        pgl_buffer_add_char(out, '\n');
    }
    PGL_ASSERT(result == SQLITE_DONE);
    sqlite3_finalize(statement);
}

static const char *take_text(struct pgl_store_bench *bench, struct pgl_buffer *out)
{
    PGL_ASSERT(!out->is_full);
    const char *text = pgl_arena_string(&bench->arena, pgl_buffer_text(out));
    PGL_ASSERT(text != NULL);
    pgl_buffer_free(out);
    return text;
}

const char *pgl_store_bench_rows(struct pgl_store_bench *bench, const char *sql)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, BENCH_DUMP_BYTES_MAX);
    add_rows(bench, sql, &out);
    return take_text(bench, &out);
}

static bool is_among(const char *name, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

const char *pgl_store_bench_dump(struct pgl_store_bench *bench, const char *const *except)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, BENCH_DUMP_BYTES_MAX);
    /* Tables are kept in the order of their keys, and a scan gives them so. */
    sqlite3_stmt *tables =
        prepare(bench, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    while (sqlite3_step(tables) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(tables, 0);
        if (is_among(name, except))
            continue;
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", name);
        pgl_buffer_printf(&out, "-- %s\n", name);
        add_rows(bench, sql, &out);
    }
    sqlite3_finalize(tables);
    return take_text(bench, &out);
}
