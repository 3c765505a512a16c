/*
 * grpc.h - gRPC as bytes: messages in a body, time limits, statuses and their texts.
 *
 * For:      transport/grpc_server.c and grpc_client.c; gRPC-Web and Connect use the same pieces.
 * Owner:    whoever holds the reader; the other functions hold nothing.
 * Threads:  any, one at a time.
 * Bounds:   a message's declared length is checked before a byte of it is kept.
 * Memory:   a message that lies in one piece of the body is a slice of that piece; only what comes
 *           in several is put together, in a buffer of the reader's.
 * Errors:   PGL_TOO_LARGE for a message over the limit, PGL_MALFORMED for unknown flags and times.
 * Source:   grpc/doc/PROTOCOL-HTTP2.md and PROTOCOL-WEB.md.
 */
#ifndef PGL_WIRE_GRPC_H
#define PGL_WIRE_GRPC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#define PGL_GRPC_EDGE_MESSAGE_BYTES_MAX (1u << 20)
#define PGL_GRPC_MESH_MESSAGE_BYTES_MAX (4u << 20) /* a batch of a log's events */

/* ---- messages in a body ---- */

#define PGL_GRPC_PREFIX_BYTES 5

enum { PGL_GRPC_COMPRESSED = 0x01, PGL_GRPC_TRAILERS = 0x80 /* gRPC-Web's last frame */ };

struct pgl_grpc_frame {
    uint8_t flags;
    struct pgl_text bytes;
};

struct pgl_grpc_reader {
    size_t message_bytes_max;
    uint8_t flags_known;    /* others are PGL_MALFORMED */
    struct pgl_buffer held; /* of a message that is not whole yet, prefix included */
    bool is_given;          /* what is held was handed out; the next read forgets it */
};

void pgl_grpc_reader_init(struct pgl_grpc_reader *reader, uint8_t flags_known,
                          size_t message_bytes_max);
void pgl_grpc_reader_free(struct pgl_grpc_reader *reader);

/* Takes the next frame off the front of `*bytes`. Not `is_there`: all of it is taken, and more is
 * needed. The frame's bytes are good until the next read, or until those of `*bytes` go. */
PGL_MUST_USE pgl_status pgl_grpc_read(struct pgl_grpc_reader *reader, struct pgl_text *bytes,
                                      struct pgl_grpc_frame *frame, bool *is_there);
/* A body that ends while this is so was cut. */
bool pgl_grpc_reader_is_within(const struct pgl_grpc_reader *reader);

void pgl_grpc_write_prefix(char out[PGL_GRPC_PREFIX_BYTES], uint8_t flags, size_t message_bytes);

/* ---- grpc-timeout ---- */

#define PGL_GRPC_TIMEOUT_BYTES 10 /* eight digits, a unit, no NUL; and one to spare */

/* 1 to 8 digits and one of H M S m u n; what is beyond int64 is PGL_NEVER_NS. */
PGL_MUST_USE pgl_status pgl_grpc_timeout_read(struct pgl_text text, int64_t *timeout_ns);
/* In the finest unit that holds it, never longer than it is; "1n" for what is over. Returns the
 * size. */
size_t pgl_grpc_timeout_write(int64_t timeout_ns, char out[PGL_GRPC_TIMEOUT_BYTES]);

/* ---- grpc-status and grpc-message ---- */

#define PGL_GRPC_STATUS_COUNT 17

/* "NOT_FOUND"; "UNKNOWN" for a number that is none. */
const char *pgl_grpc_status_name(int status);
/* The status that a client makes of an answer that has none (http-grpc-status-mapping.md). */
int pgl_grpc_status_of_http(int http_status);
/* Of a grpc-status field; 2 (UNKNOWN) for what is no number. */
int pgl_grpc_status_read(struct pgl_text text);

/* Appends with %XX for all but 0x20 to 0x7E without '%'. */
void pgl_grpc_message_write(struct pgl_buffer *out, struct pgl_text text);
/* Never fails: an escape that is none stays as it is. The result may be no UTF-8. NULL data when
 * the arena is full. */
struct pgl_text pgl_grpc_message_read(struct pgl_arena *arena, struct pgl_text field);

/* ---- metadata ---- */

/* Whether a field is the application's: not HTTP's and not gRPC's own. */
bool pgl_grpc_is_metadata(struct pgl_text name);
bool pgl_grpc_is_binary(struct pgl_text name); /* ends in "-bin" */

/* The next value of a "-bin" field, which may hold several with commas between; with or without
 * padding. `*list` keeps what is behind; not `is_there` at its end. */
PGL_MUST_USE pgl_status pgl_grpc_binary_next(struct pgl_arena *arena, struct pgl_text *list,
                                             struct pgl_text *value, bool *is_there);
/* Unpadded. NULL data when the arena is full. */
struct pgl_text pgl_grpc_binary_write(struct pgl_arena *arena, struct pgl_text value);

#endif
