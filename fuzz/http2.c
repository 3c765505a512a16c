/*
 * http2.c - any bytes as a client's connection over HTTP/2, in one piece and in small ones: events
 * come in an order that a server can rely on, heads are within their limits, and no more streams
 * are held than may be.
 *
 * The preface is said beforehand. Every whole request is answered, every body taken.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "wire/http2.h"

#define STREAMS_MAX     8
#define EVENTS_MAX      4096
#define HEADS_BYTES_MAX (256u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct pgl_http2_limits limits = {
    /* small ones are reached by small inputs */
    .streams_max = STREAMS_MAX, .resets_burst = 8,      .resets_per_s = 1,
    .control_burst = 16,        .control_per_s = 1,     .stream_window = 1024,
    .connection_window = 65535, .block_bytes_max = 512, .head_bytes_max = 1024,
    .field_count_max = 12,      .continuations_max = 3, .target_bytes_max = 64,
    .heads_per_take = 4,
};

/* What one reading came to. */
struct reading {
    struct pgl_http2 *session;
    struct pgl_arena arena;
    struct pgl_buffer out;
    int streams; /* heads that are not let go of */
    int32_t last;
    bool has_failed;
};

static size_t read_answer(void *owner, char *room, size_t size, enum pgl_http2_more *more)
{
    (void)owner;
    size_t step = size < 3 ? size : 3;
    memset(room, 'x', step);
    *more = PGL_HTTP2_LAST;
    return step;
}

static void take_head(struct reading *reading, const struct pgl_http2_event *event)
{
    struct pgl_http_request_head head;
    struct pgl_http2_refusal refusal = { 0, NULL };
    struct pgl_http_field field = { PGL_TEXT("x-answer"), PGL_TEXT("1") };
    PGL_ASSERT(event->stream > reading->last && event->stream % 2 == 1);
    PGL_ASSERT(++reading->streams <= STREAMS_MAX);
    reading->last = event->stream;
    pgl_arena_reset(&reading->arena);
    pgl_status status =
        pgl_http2_read_request(reading->session, event, &reading->arena, &head, &refusal);
    if (pgl_is_ok(status)) {
        PGL_ASSERT(head.field_count <= limits.field_count_max);
        PGL_ASSERT(head.target.size > 0 && head.target.size <= limits.target_bytes_max);
        PGL_ASSERT(head.host.size > 0 && head.method_known != PGL_HTTP_UNKNOWN);
        for (size_t i = 0; i < head.field_count; i++)
            PGL_ASSERT(head.fields[i].name.size > 0 && head.fields[i].name.data[0] != ':');
    } else {
        PGL_ASSERT(status.code == PGL_MALFORMED && refusal.status >= 400 && refusal.reason != NULL);
    }
    if (!pgl_http2_answer(reading->session, event->stream, 200, &field, 1, true))
        pgl_http2_reset(reading->session, event->stream, PGL_HTTP2_CANCEL); /* gone already */
    pgl_http2_let_go(reading->session);
    reading->streams--;
}

static void hear(struct reading *reading)
{
    struct pgl_http2_event event;
    int left = EVENTS_MAX;
    while (pgl_http2_next(reading->session, &event)) {
        PGL_ASSERT(left-- > 0);
        PGL_ASSERT(event.stream <= reading->last || event.kind == PGL_HTTP2_HEAD ||
                   event.kind == PGL_HTTP2_GOAWAY);
        switch (event.kind) {
        case PGL_HTTP2_HEAD:
            take_head(reading, &event);
            break;
        case PGL_HTTP2_DATA:
            pgl_http2_taken(reading->session, event.stream, event.data.size);
            break;
        case PGL_HTTP2_TRAILERS:
        case PGL_HTTP2_END:
        case PGL_HTTP2_CLOSED:
        case PGL_HTTP2_TAKEN_BACK:
        case PGL_HTTP2_READY:
        case PGL_HTTP2_GOAWAY:
            break;
        }
    }
}

static void say(struct reading *reading, struct pgl_text input)
{
    while (input.size > 0 && !reading->has_failed) {
        reading->has_failed = !pgl_is_ok(pgl_http2_take(reading->session, &input, 1));
        hear(reading);
    }
}

static void read_all(const char *data, size_t size, size_t segment_bytes)
{
    static const char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    struct pgl_http2_options options = { .limits = limits, .read = read_answer };
    struct reading reading = { .session = pgl_http2_open(&options, 1) };
    PGL_ASSERT(reading.session != NULL);
    pgl_arena_init(&reading.arena, 4096, HEADS_BYTES_MAX);
    pgl_buffer_init(&reading.out, 4u << 20);
    say(&reading, (struct pgl_text){ hello, sizeof hello - 1 });
    for (size_t at = 0; at < size; at += segment_bytes) {
        size_t step = segment_bytes < size - at ? segment_bytes : size - at;
        say(&reading, (struct pgl_text){ data + at, step });
    }
    (void)!pgl_is_ok(pgl_http2_give(reading.session, &reading.out, 1u << 20));
    hear(&reading);
    pgl_http2_close(reading.session);
    pgl_arena_free(&reading.arena);
    pgl_buffer_free(&reading.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    /* Ends where its memory ends, so that a byte read too far is seen. */
    char *data = malloc(size ? size : 1);
    PGL_ASSERT(data != NULL);
    memcpy(data, bytes, size);
    read_all(data, size, size ? size : 1);
    read_all(data, size, 3);
    free(data);
    return 0;
}
