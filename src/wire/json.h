/*
 * json.h - the contract's messages as JSON and back, by descriptor.
 *
 * For:      REST bodies and answers, event streams, the console; Connect.
 * Owner:    none; functions only. What is read belongs to the arena.
 * Threads:  any; descriptors are constant.
 * Bounds:   pgl_json_limits (json_scan.h); reading also by the arena, writing by the buffer.
 * Memory:   strings are copied, so the bytes read from may go at once.
 * Errors:   PGL_MALFORMED for what is no JSON, or over a limit, with the byte; PGL_INVALID for JSON
 * that is no such message, with the place: `lines[1].quantity: a whole number is expected`. The
 * first goes before the second, wherever each stands. PGL_EXHAUSTED when the arena is full.
 *
 * One set of rules for both ways:
 *
 *   names      lowerCamelCase of the descriptor's. int64 `_at_ns` loses its unit: created_at_ns is
 *              "createdAt", at_ns is "at", and its value an RFC 3339 instant in UTC (milliseconds
 *              when written, up to nine digits when read).
 *   integers   JSON numbers. Read between -(2^53-1) and 2^53-1 and without fraction or exponent; a
 *              larger one in our own hands is a bug elsewhere and is written as it is.
 *   enums      their name without the type's prefix: "PENDING". One we do not know is written as
 *              its number.
 *   bytes      UUID text when the field is called id, key or ..._id and 16 bytes long; base64 else.
 *   lists      always written, also when empty.
 *   left out   empty strings and bytes, enums at zero, instants at zero, messages that are not set;
 *              and members of a one-of that are not chosen. Numbers and booleans are always
 *              written.
 *   next       a string of that name is written as null when empty: the end of a list.
 *   null       when read, the same as left out.
 *
 * Generated clients speak another JSON, which protocol buffers lay down for all languages
 * (protobuf.dev/programming-guides/json); `_proto3` writes and reads that:
 *
 *   names      lowerCamelCase, the unit included; read also as the descriptor has them.
 *   integers   of 64 bits in quotes. Read with or without, and as 1.0 or 1e3.
 *   enums      their whole name; read also as a number, one we do not know too.
 *   bytes      base64; read in either alphabet, with padding or without.
 *   doubles    also "NaN", "Infinity" and "-Infinity".
 *   left out   whatever is at its default, and lists that are empty.
 */
#ifndef PGL_WIRE_JSON_H
#define PGL_WIRE_JSON_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "wire/json_scan.h"

#define PGL_JSON_WHOLE_MAX                                                                         \
    INT64_C(9007199254740991) /* 2^53 - 1: the last one exact in JavaScript */

/* Of a request's body. */
extern const struct pgl_json_limits pgl_json_request_limits;

PGL_MUST_USE pgl_status pgl_json_read(const ProtobufCMessageDescriptor *descriptor,
                                      struct pgl_arena *arena, struct pgl_text bytes,
                                      const struct pgl_json_limits *limits, void **message);

PGL_MUST_USE pgl_status pgl_json_read_proto3(const ProtobufCMessageDescriptor *descriptor,
                                             struct pgl_arena *arena, struct pgl_text bytes,
                                             const struct pgl_json_limits *limits, void **message);

/* Whether the bytes are one JSON value within the limits. */
PGL_MUST_USE pgl_status pgl_json_check(struct pgl_arena *arena, struct pgl_text bytes,
                                       const struct pgl_json_limits *limits);

/* Appends; ask `is_full` at the end, as ever with a buffer. */
void pgl_json_write(const ProtobufCMessage *message, struct pgl_buffer *out);
void pgl_json_write_proto3(const ProtobufCMessage *message, struct pgl_buffer *out);

/* Appends the text in quotes, escaped. It must be UTF-8. */
void pgl_json_write_string(struct pgl_buffer *out, struct pgl_text text);

/* The value that JSON calls so; 0, which is the type's UNSPECIFIED, for none. */
int pgl_json_enum_named(const ProtobufCEnumDescriptor *type, const char *name);

#endif
