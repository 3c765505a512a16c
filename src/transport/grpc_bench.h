/*
 * grpc_bench.h - a gRPC server without a network, for its tests: the HTTP server's functions are
 * stood in for by ones that record what is said, and the test feeds bodies by hand.
 */
#ifndef PGL_TRANSPORT_GRPC_BENCH_H
#define PGL_TRANSPORT_GRPC_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "contract/health.h"
#include "transport/grpc_server.h"

/* What became of one exchange. */
struct grpc_seen {
    int status;                        /* 0: no head yet */
    char fields[2048], trailers[2048]; /* "name: value\n" */
    struct pgl_buffer body;
    size_t room, taken;
    uint32_t reset_code;
    bool is_over, is_aborted;
};

static struct grpc_bench {
    struct pgl_loop loop;
    struct pgl_grpc_server server;
    struct pgl_http_exchange exchange;
    struct grpc_seen seen;
} bench;

/* ---- what stands in for the HTTP server ---- */

static inline void write_fields(char *out, size_t size, const struct pgl_http_field *fields,
                                size_t count)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(out + at, size - at, "%.*s: %.*s\n", PGL_TEXT_ARGS(fields[i].name),
                               PGL_TEXT_ARGS(fields[i].value));
        assert_true(at < size);
    }
}

void pgl_http_respond(struct pgl_http_exchange *exchange, int status,
                      const struct pgl_http_field *fields, size_t field_count, struct pgl_text body)
{
    (void)exchange;
    assert_false(bench.seen.is_over);
    assert_int_equal(bench.seen.status, 0);
    bench.seen.status = status;
    write_fields(bench.seen.fields, sizeof bench.seen.fields, fields, field_count);
    pgl_buffer_add_text(&bench.seen.body, body);
    bench.seen.is_over = true;
}

void pgl_http_stream_begin(struct pgl_http_exchange *exchange, int status,
                           const struct pgl_http_field *fields, size_t field_count)
{
    (void)exchange;
    assert_false(bench.seen.is_over);
    bench.seen.status = status;
    write_fields(bench.seen.fields, sizeof bench.seen.fields, fields, field_count);
}

pgl_status pgl_http_stream_write(struct pgl_http_exchange *exchange, struct pgl_text piece)
{
    assert_false(bench.seen.is_over);
    if (exchange->is_abandoned)
        return PGL_FAIL(PGL_CANCELLED, "gone");
    if (piece.size > bench.seen.room)
        return PGL_FAIL(PGL_EXHAUSTED, "full");
    bench.seen.room -= piece.size;
    pgl_buffer_add_text(&bench.seen.body, piece);
    return PGL_OK;
}

void pgl_http_stream_end_with(struct pgl_http_exchange *exchange,
                              const struct pgl_http_field *trailers, size_t count)
{
    (void)exchange;
    assert_false(bench.seen.is_over);
    bench.seen.is_over = true;
    write_fields(bench.seen.trailers, sizeof bench.seen.trailers, trailers, count);
}

void pgl_http_stream_end(struct pgl_http_exchange *exchange)
{
    pgl_http_stream_end_with(exchange, NULL, 0);
}

void pgl_http_stream_abort(struct pgl_http_exchange *exchange)
{
    bench.seen.is_aborted = true;
    pgl_http_stream_end_with(exchange, NULL, 0);
}

void pgl_http_stream_reset(struct pgl_http_exchange *exchange, uint32_t code)
{
    bench.seen.reset_code = code;
    pgl_http_stream_end_with(exchange, NULL, 0);
}

void pgl_http_body_taken(struct pgl_http_exchange *exchange, size_t bytes)
{
    (void)exchange;
    bench.seen.taken += bytes;
}

/* ---- the bench ---- */

static inline void bench_open(const struct pgl_grpc_server_options *options)
{
    memset(&bench, 0, sizeof bench);
    pgl_grpc_server_open(&bench.server, &bench.loop, options);
    pgl_buffer_init(&bench.seen.body, 4 << 20);
}

static inline void bench_close(void)
{
    if (bench.exchange.arena.limit_bytes > 0)
        pgl_arena_free(&bench.exchange.arena);
    pgl_buffer_free(&bench.seen.body);
    pgl_grpc_server_close(&bench.server);
}

static inline void add_field(const char *name, const char *value)
{
    struct pgl_http_request_head *head = &bench.exchange.head;
    head->fields[head->field_count++] =
        (struct pgl_http_field){ pgl_text_of(name), pgl_text_of(value) };
}

/* A request to be; its fields follow by add_field. */
static inline void bench_new(const char *method, const char *path, const char *content_type)
{
    if (bench.exchange.arena.limit_bytes > 0)
        pgl_arena_free(&bench.exchange.arena);
    memset(&bench.exchange, 0, sizeof bench.exchange);
    pgl_buffer_free(&bench.seen.body);
    memset(&bench.seen, 0, sizeof bench.seen);
    pgl_buffer_init(&bench.seen.body, 4 << 20);
    bench.seen.room = 4 << 20;
    pgl_arena_init(&bench.exchange.arena, 8192, 8 << 20);
    bench.exchange.major_version = 2;
    bench.exchange.started_ns = 1000;
    bench.exchange.head.method_known = pgl_http_method_of(pgl_text_of(method));
    bench.exchange.head.path = pgl_text_of(path);
    if (content_type != NULL)
        add_field("content-type", content_type);
}

/* A usual request of gRPC. */
static inline void bench_call(const char *path)
{
    bench_new("POST", path, "application/grpc");
    add_field("te", "trailers");
}

static inline void bench_ask(void)
{
    pgl_grpc_server_on_request(&bench.server, &bench.exchange);
}

static inline void bench_feed(struct pgl_text piece, bool is_last)
{
    char *copy = pgl_arena_string(&bench.exchange.arena, piece); /* with a guard behind */
    if (!bench.seen.is_over)
        pgl_grpc_server_on_piece(&bench.exchange, (struct pgl_text){ copy, piece.size }, is_last);
}

/* The time is `now_ns`. */
static inline void bench_wait(int64_t now_ns)
{
    struct pgl_timer *timer;
    while ((timer = pgl_timers_take_due(&bench.loop.timers, now_ns)) != NULL)
        timer->on_due(timer->owner);
}

static inline bool has_line(const char *fields, const char *line)
{
    const char *at = strstr(fields, line);
    return at != NULL && (at == fields || at[-1] == '\n') && at[strlen(line)] == '\n';
}

#define assert_line(fields, line)                                                                  \
    do {                                                                                           \
        if (!has_line((fields), (line)))                                                           \
            fail_msg("\"%s\" is not in:\n%s", (line), (fields));                                   \
    } while (0)

#endif
