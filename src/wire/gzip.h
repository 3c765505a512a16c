/*
 * gzip.h - bytes packed and unpacked by zlib, whole ones at a time (RFC 1952).
 *
 * For:      gRPC messages, HTTP bodies.
 * Owner:    none; functions only.
 * Threads:  any, one at a time for an arena or a buffer.
 * Bounds:   unpacking stops at `bytes_max`, however little came in: a bomb costs no more than that.
 * Memory:   zlib's own work, about 50 KiB a call, lies in `work`.
 * Errors:   PGL_MALFORMED for what is no gzip, is cut, or has bytes behind it; PGL_TOO_LARGE beyond
 *           `bytes_max`; PGL_EXHAUSTED when the arena is full.
 */
#ifndef PGL_WIRE_GZIP_H
#define PGL_WIRE_GZIP_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

/* The result lies in `work`. */
PGL_MUST_USE pgl_status pgl_gzip_unpack(struct pgl_arena *work, struct pgl_text packed,
                                        size_t bytes_max, struct pgl_text *bytes);

/* Appends. At a low level: cheap, and most of what there is to gain. */
PGL_MUST_USE pgl_status pgl_gzip_pack(struct pgl_arena *work, struct pgl_text bytes,
                                      struct pgl_buffer *out);

#endif
