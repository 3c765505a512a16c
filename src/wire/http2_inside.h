/*
 * http2_inside.h - what the files of one HTTP/2 session share: http2.c (the session, what leaves),
 * http2_in.c (what comes), http2_head.c (header blocks read as heads).
 *
 * A header block lies in one buffer, field behind field: two sizes, the name, the value.
 */
#ifndef PGL_WIRE_HTTP2_INSIDE_H
#define PGL_WIRE_HTTP2_INSIDE_H

#include <nghttp2/nghttp2.h>

#include "base/list.h"
#include "wire/http2.h"

/* How much of something is left: `burst` at once, `per_s` in the long run. */
struct pgl_http2_allowance {
    int64_t full_at_ns, cost_ns, burst_ns;
};

/* One stream, while the session knows it. */
struct pgl_http2_record {
    void *owner;
    int32_t stream;
    uint32_t untaken_bytes;
    bool has_head;                   /* of the peer; what comes behind it are trailers */
    bool is_refused;                 /* it never becomes an event */
    uint32_t head_event, head_round; /* where its HEAD waits to be heard, and in which round */
    struct pgl_list unsent;          /* in the session's, until the library knows the stream */
    struct pgl_http2_record *next_free;
};

struct pgl_http2 {
    struct pgl_http2_options options;
    nghttp2_session *library;
    int64_t now_ns;
    struct pgl_buffer events; /* of struct pgl_http2_event */
    size_t next_event;
    uint32_t round;          /* of events: those of the one before are heard */
    struct pgl_buffer heads; /* the blocks of those events, and the one that is coming */
    struct pgl_arena records;
    struct pgl_http2_record *free_records;
    struct pgl_list asked; /* records of requests that are not sent yet */

    /* The block that is coming. */
    int64_t block_since_ns; /* 0: none */
    uint32_t block_start, block_bytes, continuations, unpacked_bytes, field_count;
    bool is_too_large;

    uint32_t heads_taken; /* by this take */
    uint32_t data_left;   /* of a frame of DATA: within it no head begins */
    uint32_t held;        /* streams of the peer that are not let go of */
    struct pgl_http2_allowance resets, control;
    uint32_t earned; /* control frames that our answers let the peer send besides */
    const char *complaint;
    uint32_t complaint_code; /* what its GOAWAY says */
    uint32_t pongs;
    bool is_ready, is_terminated;
};

struct pgl_http2_field_sizes {
    uint32_t name, value;
};

/* The block of an event. */
struct pgl_text pgl_http2_block(const struct pgl_http2 *session,
                                const struct pgl_http2_event *event);

/* Whoever has done this too often, or at all, is told off behind the callbacks. */
void pgl_http2_complain(struct pgl_http2 *session, const char *complaint);
/* The same of what the library lets pass, and RFC 9113 does not. */
void pgl_http2_object(struct pgl_http2 *session, const char *complaint);

/* NULL for a stream that is no more, or that we never took. */
struct pgl_http2_record *pgl_http2_record_of(struct pgl_http2 *session, int32_t stream);
/* One of ours that is not sent yet. */
struct pgl_http2_record *pgl_http2_unsent_record(struct pgl_http2 *session, int32_t stream);
/* NULL without memory. */
struct pgl_http2_record *pgl_http2_new_record(struct pgl_http2 *session, void *owner);
void pgl_http2_free_record(struct pgl_http2 *session, struct pgl_http2_record *record);

/* The library's callbacks for what comes. */
void pgl_http2_set_callbacks(nghttp2_session_callbacks *callbacks);

#endif
