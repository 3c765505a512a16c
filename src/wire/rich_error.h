/*
 * rich_error.h - what a failed call tells besides its code: google.rpc.Status with ErrorInfo,
 * RetryInfo and BadRequest, as it travels in "grpc-status-details-bin" and in Connect's details.
 *
 * For:      transport/grpc_server.c, which writes it, and grpc_client.c, which reads back which of
 *           our codes it was: several of ours share one of gRPC's.
 * Owner:    none; functions only.
 * Threads:  any.
 * Bounds:   three details; texts as long as the buffer takes.
 * Errors:   what is no such message reads as nothing said: it comes from a peer and only explains.
 * Source:   google/rpc/status.proto and error_details.proto. Four small messages are written byte
 *           by byte rather than by descriptor: Any would need a table of types.
 */
#ifndef PGL_WIRE_RICH_ERROR_H
#define PGL_WIRE_RICH_ERROR_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#define PGL_ERROR_DOMAIN "panglot"

struct pgl_rich_error {
    int grpc_status;
    struct pgl_text message;
    struct pgl_text reason;     /* "NOT_FOUND": our code, or a problem's type; empty for none */
    int64_t retry_after_ns;     /* 0: nothing is said */
    struct pgl_text field;      /* what of the request is wrong; empty for none */
    struct pgl_text field_text; /* and why */
};

/* What a status says by itself: the reason is its code, the time to wait is given where trying
 * again helps, and a text like "lines[1].quantity: a whole number is expected" names its field. */
struct pgl_rich_error pgl_rich_error_of(struct pgl_arena *arena, pgl_status status,
                                        int64_t retry_after_ns);
/* "out-of-stock" as "OUT_OF_STOCK". Empty when the arena is full. */
struct pgl_text pgl_rich_reason(struct pgl_arena *arena, const char *name);

/* The whole google.rpc.Status. Appends. */
void pgl_rich_error_write(struct pgl_buffer *out, const struct pgl_rich_error *error);
/* One detail after the other, for Connect: its type ("google.rpc.ErrorInfo") and the message alone.
 * False when `n` is behind the last. */
bool pgl_rich_detail(const struct pgl_rich_error *error, int n, const char **type,
                     struct pgl_buffer *out);

/* Reads reason and time; the rest stays empty. */
void pgl_rich_error_read(struct pgl_text bytes, struct pgl_rich_error *error);
/* The code of a reason that pgl_rich_error_of has written, else of the gRPC status. */
enum pgl_code pgl_rich_code(const struct pgl_rich_error *error);

#endif
