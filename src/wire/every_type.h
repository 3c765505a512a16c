/*
 * every_type.h - a message with a field of each type, for tests: the contract uses a third of them.
 * Written by hand as protoc-c would write it.
 */
#ifndef PGL_WIRE_EVERY_TYPE_H
#define PGL_WIRE_EVERY_TYPE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct every_type {
    ProtobufCMessage base;
    int32_t a_int32, a_sint32, a_sfixed32;
    int64_t a_int64, a_sint64, a_sfixed64;
    uint32_t a_uint32, a_fixed32;
    uint64_t a_uint64, a_fixed64;
    float a_float;
    double a_double;
    protobuf_c_boolean a_bool;
    size_t n_bools, n_doubles;
    protobuf_c_boolean *bools;
    double *doubles;
    ProtobufCBinaryData bytes;
    uint32_t choice_case;
    union {
        char *text;
        int64_t number;
    };
    struct every_type *inner;
};

extern const ProtobufCMessageDescriptor every_type_descriptor;

#define EVERY_FIELD(name, id, type)                                                                \
    {                                                                                              \
#name, id, PROTOBUF_C_LABEL_NONE, PROTOBUF_C_TYPE_##type, 0,                               \
            offsetof(struct every_type, name), NULL, NULL, 0, 0, NULL, NULL                        \
    }
#define EVERY_LIST(name, id, type)                                                                 \
    {                                                                                              \
#name, id, PROTOBUF_C_LABEL_REPEATED, PROTOBUF_C_TYPE_##type,                              \
            offsetof(struct every_type, n_##name), offsetof(struct every_type, name), NULL, NULL,  \
            1, 0, NULL, NULL                                                                       \
    }
#define EVERY_CHOICE(name, id, type)                                                               \
    {                                                                                              \
#name, id, PROTOBUF_C_LABEL_NONE, PROTOBUF_C_TYPE_##type,                                  \
            offsetof(struct every_type, choice_case), offsetof(struct every_type, name), NULL,     \
            NULL, PROTOBUF_C_FIELD_FLAG_ONEOF, 0, NULL, NULL                                       \
    }

/* clang-format off */
static const ProtobufCFieldDescriptor every_type_fields[] = {
    EVERY_FIELD(a_int32,    1,  INT32),
    EVERY_FIELD(a_sint32,   2,  SINT32),
    EVERY_FIELD(a_sfixed32, 3,  SFIXED32),
    EVERY_FIELD(a_int64,    4,  INT64),
    EVERY_FIELD(a_sint64,   5,  SINT64),
    EVERY_FIELD(a_sfixed64, 6,  SFIXED64),
    EVERY_FIELD(a_uint32,   7,  UINT32),
    EVERY_FIELD(a_fixed32,  8,  FIXED32),
    EVERY_FIELD(a_uint64,   9,  UINT64),
    EVERY_FIELD(a_fixed64,  10, FIXED64),
    EVERY_FIELD(a_float,    11, FLOAT),
    EVERY_FIELD(a_double,   12, DOUBLE),
    EVERY_FIELD(a_bool,     13, BOOL),
    EVERY_LIST(bools,       14, BOOL),
    EVERY_LIST(doubles,     15, DOUBLE),
    EVERY_FIELD(bytes,      16, BYTES),
    EVERY_CHOICE(text,      17, STRING),
    EVERY_CHOICE(number,    18, INT64),
    { "inner", 200, PROTOBUF_C_LABEL_NONE, PROTOBUF_C_TYPE_MESSAGE, 0,
      offsetof(struct every_type, inner), &every_type_descriptor, NULL, 0, 0, NULL, NULL },
};
/* clang-format on */

static const ProtobufCIntRange every_type_ranges[] = { { 1, 0 }, { 200, 18 }, { 0, 19 } };

static void every_type_init(void *message)
{
    *(struct every_type *)message =
        (struct every_type){ .base = { &every_type_descriptor, 0, NULL } };
}

const ProtobufCMessageDescriptor every_type_descriptor = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "EveryType",
    .short_name = "EveryType",
    .sizeof_message = sizeof(struct every_type),
    .n_fields = sizeof every_type_fields / sizeof every_type_fields[0],
    .fields = every_type_fields,
    .n_field_ranges = 2,
    .field_ranges = every_type_ranges,
    .message_init = (ProtobufCMessageInit)every_type_init,
};

#endif
