/*
 * json_schema.h - the shape that a message has as JSON (json.h has the rules), said in JSON Schema
 * (draft 7, as AsyncAPI wants it; OpenAPI's 2020-12 reads it the same).
 *
 * Owner:    none; functions only.
 * Bounds:   the buffer's, and the caller's array.
 */
#ifndef PGL_WIRE_JSON_SCHEMA_H
#define PGL_WIRE_JSON_SCHEMA_H

#include <protobuf-c/protobuf-c.h>

#include "base/buffer.h"

/* Appends the schema; messages inside it are references to #/components/schemas/THEIR_NAME.
 * `hidden` is a field that is left out; NULL for none. */
void pgl_json_schema_write(const ProtobufCMessageDescriptor *descriptor, const char *hidden,
                           struct pgl_buffer *out);

/* The same of a message that we read: nothing has to be there, null is the same as that, and
 * nothing else may be. Messages inside it are references to THEIR_NAME with PGL_JSON_SENT
 * behind. */
#define PGL_JSON_SENT "Sent"
void pgl_json_schema_write_sent(const ProtobufCMessageDescriptor *descriptor,
                                struct pgl_buffer *out);

/* Adds the message, and those inside it, to what is there of `known`; each once. False when there
 * are more than `limit`. */
bool pgl_json_schema_collect(const ProtobufCMessageDescriptor *descriptor,
                             const ProtobufCMessageDescriptor **known, int *count, int limit);

#endif
