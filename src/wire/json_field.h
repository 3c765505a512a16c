/*
 * json_field.h - what a field and its values are called in JSON; for json_*.c alone. The rules
 * stand in json.h. Names are made while they are written or compared: descriptors are constant, and
 * a table of names would be state that threads share.
 */
#ifndef PGL_WIRE_JSON_FIELD_H
#define PGL_WIRE_JSON_FIELD_H

#include <protobuf-c/protobuf-c.h>

#include "base/text.h"

/* An int64 called at_ns or ..._at_ns. */
bool pgl_json_is_instant(const ProtobufCFieldDescriptor *field);

/* Bytes called id, key or ..._id. */
bool pgl_json_is_id(const ProtobufCFieldDescriptor *field);

/* A string called next. */
bool pgl_json_is_next(const ProtobufCFieldDescriptor *field);

/* Writes the name, at most strlen(field->name) bytes and no NUL; gives its size. */
size_t pgl_json_name_write(const ProtobufCFieldDescriptor *field, char *out);

bool pgl_json_name_is(const ProtobufCFieldDescriptor *field, struct pgl_text name);

/* The same of the whole lowerCamelCase, with its unit. */
size_t pgl_json_camel_write(const ProtobufCFieldDescriptor *field, char *out);
bool pgl_json_camel_is(const ProtobufCFieldDescriptor *field, struct pgl_text name);

/* Data == NULL when the enum has no such value. */
struct pgl_text pgl_json_enum_name(const ProtobufCEnumDescriptor *type, int value);

/* False when the enum has no such name. */
bool pgl_json_enum_value(const ProtobufCEnumDescriptor *type, struct pgl_text name, int *value);

#endif
