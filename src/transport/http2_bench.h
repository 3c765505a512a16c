/*
 * http2_bench.h - for tests: an HTTP/2 client of the server of http_bench.h, on the same loop, and
 * what became of each stream. Included behind cmocka.
 */
#ifndef PGL_TRANSPORT_HTTP2_BENCH_H
#define PGL_TRANSPORT_HTTP2_BENCH_H

#include "transport/http2_client.h"
#include "transport/http_bench.h"

#define CALLS_MAX 256

struct call {
    struct pgl_h2_stream stream;
    int status;
    size_t body_bytes;
    char body[256]; /* the beginning of it, a string */
    char length[24];
    char trailer[64]; /* "name: value" of the first */
    bool has_ended, has_failed, was_never_sent;
    pgl_status failure;
    uint32_t code;
    int room_count;
};

struct caller {
    struct pgl_arena memory; /* its own */
    struct bench *bench;
    struct pgl_h2_client client;
    struct call calls[CALLS_MAX];
    int call_count;
};

static inline void call_on_head(struct pgl_h2_stream *stream,
                                const struct pgl_http_response_head *head)
{
    struct call *call = stream->owner;
    struct pgl_text length = { "", 0 };
    call->status = head->status;
    pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("content-length"), &length);
    snprintf(call->length, sizeof call->length, "%.*s", PGL_TEXT_ARGS(length));
}

static inline void call_on_piece(struct pgl_h2_stream *stream, struct pgl_text piece)
{
    struct call *call = stream->owner;
    for (size_t i = 0; i < piece.size; i++, call->body_bytes++)
        if (call->body_bytes + 1 < sizeof call->body)
            call->body[call->body_bytes] = piece.data[i];
}

static inline void call_on_end(struct pgl_h2_stream *stream, const struct pgl_http_field *trailers,
                               size_t count)
{
    struct call *call = stream->owner;
    call->has_ended = true;
    if (count > 0)
        snprintf(call->trailer, sizeof call->trailer, "%.*s: %.*s", PGL_TEXT_ARGS(trailers[0].name),
                 PGL_TEXT_ARGS(trailers[0].value));
}

static inline void call_on_failure(struct pgl_h2_stream *stream, pgl_status status, uint32_t code,
                                   bool was_never_sent)
{
    struct call *call = stream->owner;
    call->has_failed = true;
    call->failure = status;
    call->code = code;
    call->was_never_sent = was_never_sent;
}

static inline void call_on_room(struct pgl_h2_stream *stream)
{
    ((struct call *)stream->owner)->room_count++;
}

static const struct pgl_h2_handler call_handler = { .on_head = call_on_head,
                                                    .on_piece = call_on_piece,
                                                    .on_end = call_on_end,
                                                    .on_failure = call_on_failure,
                                                    .on_room = call_on_room };
/* Takes nothing: the peer's window closes. */
static const struct pgl_h2_handler deaf_handler = { .on_head = call_on_head,
                                                    .on_piece = call_on_piece,
                                                    .on_end = call_on_end,
                                                    .on_failure = call_on_failure,
                                                    .takes_itself = true };

static inline struct caller *caller_open(struct bench *bench)
{
    struct pgl_arena memory;
    pgl_arena_init(&memory, sizeof(struct caller), sizeof(struct caller) + 64);
    struct caller *caller = pgl_arena_zalloc(&memory, sizeof *caller);
    PGL_ASSERT(caller != NULL);
    caller->memory = memory;
    caller->bench = bench;
    struct pgl_h2_client_options options = PGL_H2_CLIENT_DEFAULT;
    options.host = "127.0.0.1";
    options.port = BENCH_PORT;
    pgl_h2_client_open(&caller->client, &bench->loop, &options);
    return caller;
}

static inline void caller_close(struct caller *caller)
{
    pgl_h2_client_close(&caller->client);
    bench_run(caller->bench);
    struct pgl_arena memory = caller->memory;
    pgl_arena_free(&memory);
}

/* Asks, and runs nothing. */
static inline struct call *call_begin(struct caller *caller, const char *method, const char *target,
                                      bool has_body)
{
    PGL_ASSERT(caller->call_count < CALLS_MAX);
    struct call *call = &caller->calls[caller->call_count++];
    call->stream.handler = &call_handler;
    call->stream.owner = call;
    PGL_ASSERT(pgl_is_ok(pgl_h2_stream_open(&caller->client, &call->stream, pgl_text_of(method),
                                            pgl_text_of(target), NULL, 0, has_body)));
    return call;
}

static inline struct call *call_ask(struct caller *caller, const char *target)
{
    struct call *call = call_begin(caller, "GET", target, false);
    bench_run(caller->bench);
    return call;
}

#endif
