/*
 * message.h - the contract's messages as bytes and back (protocol buffers, proto3), by descriptor.
 *
 * For:      rpc calls, events in logs, idempotency fingerprints.
 * Owner:    none; functions only. What is unpacked belongs to the arena.
 * Threads:  any; descriptors are constant.
 * Bounds:   PGL_MESSAGE_DEPTH_MAX nested messages; the bytes by the caller; the memory by the
 *           arena: a repeated message of two bytes may become a struct of two hundred.
 * Memory:   strings and bytes are copied, so the bytes read from may go at once.
 * Errors:   PGL_MALFORMED with the field's name, PGL_EXHAUSTED when the arena is full.
 *
 * Stricter than protobuf-c, which takes strings that are no UTF-8 or hold a NUL (and then ends them
 * there). Fields that the descriptor does not know are skipped and not kept: who passes a message
 * on unchanged passes its bytes. Fields are packed in the order of their numbers, so equal messages
 * give equal bytes.
 */
#ifndef PGL_WIRE_MESSAGE_H
#define PGL_WIRE_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#define PGL_MESSAGE_DEPTH_MAX 8 /* the contract's deepest, ReadResponse, has 5 */

/* All fields at their defaults. NULL when the arena is exhausted. */
void *pgl_message_new(const ProtobufCMessageDescriptor *descriptor, struct pgl_arena *arena);

PGL_MUST_USE pgl_status pgl_message_unpack(const ProtobufCMessageDescriptor *descriptor,
                                           struct pgl_arena *arena, struct pgl_text bytes,
                                           void **message);

/* Appends; ask `is_full` at the end, as ever with a buffer. */
void pgl_message_pack(const ProtobufCMessage *message, struct pgl_buffer *out);

/* The same into an arena. */
PGL_MUST_USE pgl_status pgl_message_pack_text(const ProtobufCMessage *message,
                                              struct pgl_arena *arena, struct pgl_text *bytes);

/* A text that a message only borrows. Its fields are `char *`, but nobody writes through them. */
static inline char *pgl_message_string(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* What one element of a repeated field takes in its array. */
size_t pgl_message_element_bytes(ProtobufCType type);

#endif
