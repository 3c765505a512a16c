/*
 * message_type.h - how each type of field lies in a struct and on the wire; for message_*.c alone.
 *
 * Source:   the protocol buffers encoding guide (protobuf.dev/programming-guides/encoding).
 */
#ifndef PGL_WIRE_MESSAGE_TYPE_H
#define PGL_WIRE_MESSAGE_TYPE_H

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "fixed-width fields are copied as they lie");

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LENGTH = 2, WIRE_32 = 5 };

struct message_type {
    uint8_t wire;  /* enum wire_type */
    uint8_t bytes; /* in the struct */
};

/* clang-format off */
static const struct message_type message_types[] = {
    [PROTOBUF_C_TYPE_INT32]    = { WIRE_VARINT, sizeof(int32_t) },
    [PROTOBUF_C_TYPE_SINT32]   = { WIRE_VARINT, sizeof(int32_t) },
    [PROTOBUF_C_TYPE_SFIXED32] = { WIRE_32,     sizeof(int32_t) },
    [PROTOBUF_C_TYPE_INT64]    = { WIRE_VARINT, sizeof(int64_t) },
    [PROTOBUF_C_TYPE_SINT64]   = { WIRE_VARINT, sizeof(int64_t) },
    [PROTOBUF_C_TYPE_SFIXED64] = { WIRE_64,     sizeof(int64_t) },
    [PROTOBUF_C_TYPE_UINT32]   = { WIRE_VARINT, sizeof(uint32_t) },
    [PROTOBUF_C_TYPE_FIXED32]  = { WIRE_32,     sizeof(uint32_t) },
    [PROTOBUF_C_TYPE_UINT64]   = { WIRE_VARINT, sizeof(uint64_t) },
    [PROTOBUF_C_TYPE_FIXED64]  = { WIRE_64,     sizeof(uint64_t) },
    [PROTOBUF_C_TYPE_FLOAT]    = { WIRE_32,     sizeof(float) },
    [PROTOBUF_C_TYPE_DOUBLE]   = { WIRE_64,     sizeof(double) },
    [PROTOBUF_C_TYPE_BOOL]     = { WIRE_VARINT, sizeof(protobuf_c_boolean) },
    [PROTOBUF_C_TYPE_ENUM]     = { WIRE_VARINT, sizeof(int) },
    [PROTOBUF_C_TYPE_STRING]   = { WIRE_LENGTH, sizeof(char *) },
    [PROTOBUF_C_TYPE_BYTES]    = { WIRE_LENGTH, sizeof(ProtobufCBinaryData) },
    [PROTOBUF_C_TYPE_MESSAGE]  = { WIRE_LENGTH, sizeof(ProtobufCMessage *) },
};
/* clang-format on */

#endif
