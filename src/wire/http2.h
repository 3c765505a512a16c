/*
 * http2.h - one HTTP/2 connection (RFC 9113), either side of it, without I/O: bytes in become
 * events, what is said becomes bytes out.
 *
 * For:      transport: the server's connections and the client.
 * Owner:    whoever holds the pointer. What is said on a stream is asked of its owner (`read`) when
 *           there is room for it on the wire; nothing is kept here but half a header block.
 * Threads:  one at a time. Nothing here may be called from within `read` and `trailers`.
 * Bounds:   struct pgl_http2_limits, each with its reason at PGL_HTTP2_LIMITS_EDGE. Who passes one
 *           of those that a peer cannot pass by accident is told ENHANCE_YOUR_CALM, and that is the
 *           end of the connection.
 * Memory:   nghttp2's own, some 10 KiB a connection and 1 KiB a stream; events lie in one array
 *           that is emptied with every pgl_http2_take.
 * Errors:   PGL_MALFORMED from pgl_http2_take: the connection is over; write out what there is (it
 *           ends with a GOAWAY that says why) and close. What is wrong with one stream alone ends
 *           that stream.
 *
 * The library below (nghttp2) frames, compresses, keeps the windows and refuses what RFC 9113 calls
 * malformed. Counting what a peer makes us do is ours: resets, also those that it provokes, frames
 * that cost more than they say, headers after they are unpacked, streams until their handler ends.
 */
#ifndef PGL_WIRE_HTTP2_H
#define PGL_WIRE_HTTP2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "wire/http.h"

#define PGL_HTTP2_PREFACE_BYTES 24          /* what a client says first (RFC 9113, 3.4) */
#define PGL_HTTP2_SESSION_BYTES (16u << 10) /* of memory, about: tables and the library's buffers */

/* Error codes (RFC 9113, 7) that somebody above says or looks at. */
enum pgl_http2_code {
    PGL_HTTP2_NO_ERROR = 0x0,
    PGL_HTTP2_PROTOCOL_ERROR = 0x1,
    PGL_HTTP2_INTERNAL_ERROR = 0x2,
    PGL_HTTP2_FLOW_CONTROL_ERROR = 0x3,
    PGL_HTTP2_REFUSED_STREAM = 0x7, /* nothing of it was done: it may be asked again */
    PGL_HTTP2_CANCEL = 0x8,
    PGL_HTTP2_ENHANCE_YOUR_CALM = 0xb,
    PGL_HTTP2_INADEQUATE_SECURITY = 0xc
};

struct pgl_http2_limits {
    uint32_t streams_max;  /* of the peer at once, until each is let go of; then REFUSED_STREAM */
    uint32_t resets_burst; /* sent by the peer, or provoked by it, */
    uint32_t resets_per_s; /* and in the long run */
    /* PING, SETTINGS, PRIORITY, empty DATA, small WINDOW_UPDATE, unknown, */
    uint32_t control_burst;
    uint32_t control_per_s;                    /* and in the long run */
    uint32_t stream_window, connection_window; /* bytes of bodies that nobody has taken yet */
    uint32_t block_bytes_max;                  /* of a header block as it comes */
    uint32_t head_bytes_max;  /* unpacked: name, value and 32 for each; then the head is refused */
    uint32_t field_count_max; /* every cookie crumb counts; at most PGL_HTTP_FIELDS_MAX */
    uint32_t continuations_max; /* frames of one header block behind the first */
    uint32_t target_bytes_max;
    uint32_t heads_per_take; /* then pgl_http2_take leaves the rest of the input */
};

/* clang-format off */
#define PGL_HTTP2_LIMITS_EDGE                                                                      \
    ((struct pgl_http2_limits){                                                                    \
        .streams_max = 100,                  /* what browsers expect */                            \
        .resets_burst = 100, .resets_per_s = 10, /* a page left early resets its pictures */       \
        .control_burst = 200, .control_per_s = 20,                                                 \
        .stream_window = 64u << 10,          /* a whole JSON body */                               \
        .connection_window = 1u << 20,                                                             \
        .block_bytes_max = 16384, .head_bytes_max = 16384, /* as for HTTP/1.1 */                   \
        .field_count_max = PGL_HTTP_FIELDS_MAX,                                                    \
        .continuations_max = 8,                                                                    \
        .target_bytes_max = 4096,                                                                  \
        .heads_per_take = 32 })              /* about 1 ms of work */
/* Between our own processes: a call that is given up is reset, at any rate. */
#define PGL_HTTP2_LIMITS_MESH                                                                      \
    ((struct pgl_http2_limits){                                                                    \
        .streams_max = 1000,                                                                       \
        .resets_burst = 10000, .resets_per_s = 10000,                                              \
        .control_burst = 10000, .control_per_s = 10000, /* acknowledged by the thousand */         \
        .stream_window = 256u << 10, .connection_window = 4u << 20,                                \
        .block_bytes_max = 16384, .head_bytes_max = 16384,                                         \
        .field_count_max = PGL_HTTP_FIELDS_MAX,                                                    \
        .continuations_max = 8,                                                                    \
        .target_bytes_max = 4096,                                                                  \
        .heads_per_take = 128 })
/* clang-format on */

struct pgl_http2;

enum pgl_http2_event_kind {
    PGL_HTTP2_HEAD,       /* of a request, or of an answer (1xx are not shown) */
    PGL_HTTP2_DATA,       /* `data`: a piece of a body, to be let go of by pgl_http2_taken */
    PGL_HTTP2_TRAILERS,   /* read them as a head's fields */
    PGL_HTTP2_END,        /* the peer has said all that it says on this stream */
    PGL_HTTP2_CLOSED,     /* the stream is over, both ways or by a reset: `code`. The last of its
                           events; its number means nothing to the session any more */
    PGL_HTTP2_TAKEN_BACK, /* of a stream that was closed before its head was heard; never shown */
    PGL_HTTP2_READY,      /* the peer's settings have come: streams_max is known */
    PGL_HTTP2_GOAWAY      /* the peer takes no stream above `stream` */
};

struct pgl_http2_event {
    enum pgl_http2_event_kind kind;
    int32_t stream;
    void *owner;          /* what pgl_http2_set_owner or pgl_http2_ask has said; NULL at first */
    uint32_t code;        /* of CLOSED and GOAWAY */
    bool is_end;          /* of HEAD and TRAILERS: nothing follows; END comes all the same */
    struct pgl_text data; /* of DATA: a slice of the input */

    /* What follows is the session's own. */
    uint32_t block_start, block_size; /* of HEAD and TRAILERS: in `heads` */
    uint32_t field_count;
    bool is_too_large;
};

/* How a body goes on, as `read` says. */
enum pgl_http2_more {
    PGL_HTTP2_LATER,   /* nothing more now: pgl_http2_go_on tells that there is */
    PGL_HTTP2_MORE,    /* some, and there may be more */
    PGL_HTTP2_LAST,    /* this is all, and the stream ends with it */
    PGL_HTTP2_TRAILED, /* this is all, and trailers follow */
    PGL_HTTP2_CUT      /* the peer must not take it for whole: the stream is reset */
};

struct pgl_http2_options {
    struct pgl_http2_limits limits;
    bool is_client;
    /* Puts up to `size` bytes of what the stream's owner says into `room`; returns how many. */
    size_t (*read)(void *stream_owner, char *room, size_t size, enum pgl_http2_more *more);
    /* Behind TRAILED. The fields are copied. */
    size_t (*trailers)(void *stream_owner, const struct pgl_http_field **fields);
};

/* NULL without memory. The first bytes out are the preface and our settings. */
struct pgl_http2 *pgl_http2_open(const struct pgl_http2_options *options, int64_t now_ns);
/* NULL is fine. No event comes any more, for no stream. */
void pgl_http2_close(struct pgl_http2 *session);

/* ---- in ---- */

/* Understands what has come, and cuts it off the front of `*input`; at most heads_per_take heads at
 * a time, so that others have their turn. Events follow by pgl_http2_next, to the last one, before
 * the next take; DATA points into the input. */
PGL_MUST_USE pgl_status pgl_http2_take(struct pgl_http2 *session, struct pgl_text *input,
                                       int64_t now_ns);
/* The same, at most `heads_max` of them if that is less. */
PGL_MUST_USE pgl_status pgl_http2_take_some(struct pgl_http2 *session, struct pgl_text *input,
                                            int64_t now_ns, uint32_t heads_max);
bool pgl_http2_next(struct pgl_http2 *session, struct pgl_http2_event *event);

struct pgl_http2_refusal {
    int status; /* 400 405 413 414 417 431 501 */
    const char *reason;
};
/* The head of a request, copied into the arena. PGL_MALFORMED: it is none, and `*refusal` says how
 * to answer it. PGL_EXHAUSTED: the arena is full. Names are lower case. */
PGL_MUST_USE pgl_status pgl_http2_read_request(const struct pgl_http2 *session,
                                               const struct pgl_http2_event *event,
                                               struct pgl_arena *arena,
                                               struct pgl_http_request_head *head,
                                               struct pgl_http2_refusal *refusal);
/* Of an answer; also of trailers, which have no status (0). */
PGL_MUST_USE pgl_status pgl_http2_read_response(const struct pgl_http2 *session,
                                                const struct pgl_http2_event *event,
                                                struct pgl_arena *arena,
                                                struct pgl_http_response_head *head);

/* Of a body: the peer may send as much again. What nobody takes is taken when the stream closes. */
void pgl_http2_taken(struct pgl_http2 *session, int32_t stream, size_t size);
/* Since when a header block has been on its way (it holds up all streams); 0 when none is. */
int64_t pgl_http2_block_since_ns(const struct pgl_http2 *session);

/* ---- streams ---- */

void pgl_http2_set_owner(struct pgl_http2 *session, int32_t stream, void *owner);
/* A stream of the peer counts from its head until its handler says this, closed or not: else
 * whoever resets at once what it asks could keep any number of handlers busy. Once a head. */
void pgl_http2_let_go(struct pgl_http2 *session);

/* Says a head; `read` is asked for what follows, unless nothing does. False: a field that cannot be
 * written (see pgl_http1_write_response; names may be in any case), or a stream that is no more. */
PGL_MUST_USE bool pgl_http2_answer(struct pgl_http2 *session, int32_t stream, int status,
                                   const struct pgl_http_field *fields, size_t field_count,
                                   bool has_body);

/* That the peer may send its body (100), before the answer. */
void pgl_http2_answer_continue(struct pgl_http2 *session, int32_t stream);

/* The client's: a new stream. */
struct pgl_http2_request {
    struct pgl_text method, scheme, authority, path;
    const struct pgl_http_field *fields;
    size_t field_count;
    bool has_body;
    void *owner;
};
/* PGL_UNAVAILABLE: the peer goes away, or there are no numbers left. PGL_INVALID: a field. */
PGL_MUST_USE pgl_status pgl_http2_ask(struct pgl_http2 *session,
                                      const struct pgl_http2_request *request, int32_t *stream);
/* How many streams of ours the peer lets be open at once; more are waiting here. */
uint32_t pgl_http2_peer_streams_max(const struct pgl_http2 *session);

/* Behind LATER: there is more to read. */
void pgl_http2_go_on(struct pgl_http2 *session, int32_t stream);
/* Ends a stream at once; CLOSED follows by the next take or give. */
void pgl_http2_reset(struct pgl_http2 *session, int32_t stream, uint32_t code);
/* Whether all that keeps it from saying more is the peer's window (or ours of the connection). */
bool pgl_http2_is_blocked(const struct pgl_http2 *session, int32_t stream);

/* ---- the connection ---- */

/* Says that no new stream is taken: at first of any number, so that what is on its way is still
 * taken, then (`is_last`) above the last one taken. */
void pgl_http2_go_away(struct pgl_http2 *session, bool is_last);
void pgl_http2_ping(struct pgl_http2 *session);
/* How many pings of ours have been answered. */
uint32_t pgl_http2_pongs(const struct pgl_http2 *session);

/* Appends what is to be written, until `out` holds `enough_bytes` or there is no more. CLOSED
 * events of streams that end by it follow by pgl_http2_next. */
PGL_MUST_USE pgl_status pgl_http2_give(struct pgl_http2 *session, struct pgl_buffer *out,
                                       size_t enough_bytes);
bool pgl_http2_wants_to_give(const struct pgl_http2 *session);
/* What it holds, about. */
size_t pgl_http2_bytes(const struct pgl_http2 *session);
/* So many frames wait to be written that no more should be read for now. */
bool pgl_http2_is_choked(const struct pgl_http2 *session);
/* Both sides have said all, or one has broken it: close when everything is written. */
bool pgl_http2_is_over(const struct pgl_http2 *session);
/* Why we have ended it: "too many resets". NULL while we have not. */
const char *pgl_http2_complaint(const struct pgl_http2 *session);

#endif
