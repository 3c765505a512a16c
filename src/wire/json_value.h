/*
 * json_value.h - what is written alike in our JSON and in protocol buffers' own; for json_write.c
 * and json_proto3.c alone. The rules stand in json.h.
 */
#ifndef PGL_WIRE_JSON_VALUE_H
#define PGL_WIRE_JSON_VALUE_H

#include <protobuf-c/protobuf-c.h>

#include "base/buffer.h"

/* Writes what a field is called, at most strlen(field->name) bytes; gives its size. */
typedef size_t pgl_json_write_name(const ProtobufCFieldDescriptor *field, char *out);
/* Behind a brace or a comma, in quotes and with its colon. */
void pgl_json_put_name(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field, char before,
                       pgl_json_write_name *write);

/* Writes one value of a field. */
typedef void pgl_json_put_value(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                                const void *slot);

/* The elements between brackets, each by `put`. */
void pgl_json_put_list(struct pgl_buffer *out, const ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field, pgl_json_put_value *put);

/* A whole number of 32 bits, a number with a fraction, or a boolean; of no other type. */
void pgl_json_put_plain(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                        const void *slot);

void pgl_json_put_u64(struct pgl_buffer *out, uint64_t value);
void pgl_json_put_base64(struct pgl_buffer *out, const ProtobufCBinaryData *bytes);

#endif
