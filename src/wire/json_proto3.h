/*
 * json_proto3.h - what differs where the contract's messages are written and read as protocol
 * buffers' own JSON; for json_read.c alone. The rules stand in json.h.
 */
#ifndef PGL_WIRE_JSON_PROTO3_H
#define PGL_WIRE_JSON_PROTO3_H

#include <protobuf-c/protobuf-c.h>

#include "wire/json_scan.h"

/* The name of the descriptor, or its lowerCamelCase. */
bool pgl_json_proto3_name_is(const ProtobufCFieldDescriptor *field, struct pgl_text name);

/* A value of any type but a message. What is wrong with it is said in `*wrong`, which stays NULL
 * for a good one. */
PGL_MUST_USE pgl_status pgl_json_proto3_take(struct pgl_json_scan *scan,
                                             const ProtobufCFieldDescriptor *field,
                                             enum pgl_json_kind kind, void *slot,
                                             const char **wrong);

#endif
