/*
 * store_bench.h - a writer to try handlers on: a real file in a folder of its own, on a loop that
 * stands still, with a clock and an entropy that are the same in every run.
 *
 * For:      unit tests of services. Not for the product.
 * Owner:    the test. Two benches opened with one seed are copies: the same inputs give the same
 *           bytes.
 * Threads:  the test's.
 * Errors:   what goes wrong with the bench itself stops the test.
 */
#ifndef PGL_STORE_STORE_BENCH_H
#define PGL_STORE_STORE_BENCH_H

#include "base/random.h"
#include "store/writer.h"

#define PGL_STORE_BENCH_WALL_NS                                                                    \
    INT64_C(1767225600000000000) /* 2026-01-01, where the clock starts */

struct pgl_store_bench {
    struct pgl_platform platform;
    struct pgl_waiter waiter;
    int64_t now_ns;       /* since the start, of both clocks; add to it at will */
    int64_t wall_jump_ns; /* by which the wall clock was set; likewise */
    struct pgl_random random;

    char folder[64], path[96];
    struct pgl_loop loop;
    struct pgl_writer writer;
    /* What commands and queries are answered in; lasts until close. */
    struct pgl_arena arena;
};

/* A folder, a file in it, and an open writer with no context: set bench->writer.context, then open
 * the service. */
void pgl_store_bench_open(struct pgl_store_bench *bench, uint64_t seed);
/* Closes the writer, and removes the folder. The service is closed before. */
void pgl_store_bench_close(struct pgl_store_bench *bench);

/* What an end of the process leaves behind is found again by the next: the same file, a new writer
 * without participants. The service is closed before and opened after. */
void pgl_store_bench_restart(struct pgl_store_bench *bench);

/* One transaction over a command of a method table, and a question to the state behind it. */
pgl_status pgl_store_bench_command(struct pgl_store_bench *bench, const struct pgl_method *method,
                                   const void *ask, void *reply);
pgl_status pgl_store_bench_query(struct pgl_store_bench *bench, const struct pgl_method *method,
                                 const void *ask, void *reply);

/* Turns of the loop until nothing more is due at once; true if anything was. For consumers: turn
 * all benches until none has anything. */
bool pgl_store_bench_turn(struct pgl_store_bench *bench);

/* The one number that a statement selects. */
int64_t pgl_store_bench_number(struct pgl_store_bench *bench, const char *sql);

/* All rows that a statement selects, as text in the bench's arena: for comparing. */
const char *pgl_store_bench_rows(struct pgl_store_bench *bench, const char *sql);

/* All rows of all tables but those named (NULL at the end; `except` may be NULL). */
const char *pgl_store_bench_dump(struct pgl_store_bench *bench, const char *const *except);

#endif
