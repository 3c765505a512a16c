/*
 * message_pack.c - structs into bytes in one pass. A nested message gets one byte for its length,
 * and only one longer than 127 bytes is moved up: cheaper than measuring every message before
 * writing it.
 */
#include "wire/message.h"

#include "wire/message_type.h"

#define VARINT_BYTES_MAX 10
#define TEXT_FIRST_BYTES 512 /* most commands and events fit */

static void put_field(struct pgl_buffer *out, const ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field);

void pgl_message_pack(const ProtobufCMessage *message, struct pgl_buffer *out)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        put_field(out, message, &descriptor->fields[i]);
}

pgl_status pgl_message_pack_text(const ProtobufCMessage *message, struct pgl_arena *arena,
                                 struct pgl_text *bytes)
{
    for (size_t size = TEXT_FIRST_BYTES;; size *= 4) {
        struct pgl_buffer out = { .data = pgl_arena_alloc(arena, size),
                                  .capacity = size,
                                  .limit_bytes = size };
        if (out.data == NULL)
            return PGL_FAIL(PGL_EXHAUSTED, "no memory for the packed message");
        pgl_message_pack(message, &out);
        if (!out.is_full) {
            *bytes = pgl_buffer_text(&out);
            return PGL_OK;
        }
    }
}

static inline char *room(struct pgl_buffer *out, size_t size)
{
    if (!out->is_full && out->capacity - out->size >= size)
        return out->data + out->size;
    return pgl_buffer_room(out, size);
}

static inline size_t write_varint(char *at, uint64_t value)
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        at[size++] = (char)(value | 0x80);
    at[size++] = (char)value;
    return size;
}

static inline size_t varint_bytes(uint64_t value)
{
    return 1 + (size_t)(63 - __builtin_clzll(value | 1)) / 7;
}

static inline void put_varint(struct pgl_buffer *out, uint64_t value)
{
    char *at = room(out, varint_bytes(value));
    if (at != NULL)
        out->size += write_varint(at, value);
}

static void put_run(struct pgl_buffer *out, const void *bytes, size_t size)
{
    put_varint(out, size);
    char *at = room(out, size);
    if (at == NULL || size == 0)
        return;
    memcpy(at, bytes, size);
    out->size += size;
}

/* Everything written since `begin`, which has one byte kept free before it, becomes a run. */
static void close_run(struct pgl_buffer *out, size_t begin)
{
    if (out->is_full)
        return;
    size_t size = out->size - begin;
    size_t more = varint_bytes(size) - 1;
    if (more > 0) {
        if (room(out, more) == NULL)
            return;
        memmove(out->data + begin + more, out->data + begin, size);
        out->size += more;
    }
    write_varint(out->data + begin - 1, size);
}

static size_t open_run(struct pgl_buffer *out)
{
    put_varint(out, 0);
    return out->size;
}

static uint64_t load_varint(ProtobufCType type, const void *slot)
{
    int32_t narrow;
    uint64_t wide;
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM: /* a negative one takes ten bytes: it is a 64-bit number on the wire
                                */
        memcpy(&narrow, slot, sizeof narrow);
        return (uint64_t)(int64_t)narrow;
    case PROTOBUF_C_TYPE_SINT32:
        memcpy(&narrow, slot, sizeof narrow);
        return ((uint32_t)narrow << 1) ^ (uint32_t)(narrow >> 31);
    case PROTOBUF_C_TYPE_SINT64:
        memcpy(&wide, slot, sizeof wide);
        return (wide << 1) ^ (0 - (wide >> 63));
    case PROTOBUF_C_TYPE_BOOL:
        memcpy(&narrow, slot, sizeof narrow);
        return narrow != 0;
    case PROTOBUF_C_TYPE_UINT32:
        memcpy(&narrow, slot, sizeof narrow);
        return (uint32_t)narrow;
    default:
        memcpy(&wide, slot, sizeof wide);
        return wide;
    }
}

static void put_value(struct pgl_buffer *out, ProtobufCType type, const void *slot)
{
    struct message_type form = message_types[type];
    if (form.wire == WIRE_VARINT) {
        put_varint(out, load_varint(type, slot));
    } else if (form.wire != WIRE_LENGTH) {
        pgl_buffer_add(out, slot, form.bytes);
    } else if (type == PROTOBUF_C_TYPE_STRING) {
        const char *string = *(char *const *)slot;
        put_run(out, string, string == NULL ? 0 : strlen(string));
    } else if (type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *bytes = slot;
        put_run(out, bytes->data, bytes->len);
    } else {
        size_t begin = open_run(out);
        const ProtobufCMessage *message = *(ProtobufCMessage *const *)slot;
        if (message != NULL)
            pgl_message_pack(message, out);
        close_run(out, begin);
    }
}

static inline void put_tag(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                           unsigned wire_type)
{
    put_varint(out, (uint64_t)field->id << 3 | wire_type);
}

static void put_repeated(struct pgl_buffer *out, const ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field)
{
    size_t count, bytes = message_types[field->type].bytes;
    const char *element;
    memcpy(&count, (const char *)message + field->quantifier_offset, sizeof count);
    memcpy(&element, (const char *)message + field->offset, sizeof element);
    if (count == 0)
        return;
    if (message_types[field->type].wire == WIRE_LENGTH) {
        for (size_t i = 0; i < count; i++, element += bytes) {
            put_tag(out, field, WIRE_LENGTH);
            put_value(out, field->type, element);
        }
        return;
    }
    put_tag(out, field, WIRE_LENGTH); /* proto3 packs numbers */
    size_t begin = open_run(out);
    for (size_t i = 0; i < count; i++, element += bytes)
        put_value(out, field->type, element);
    close_run(out, begin);
}

/* Proto3 leaves out what is zero or empty, unless it is the chosen member of a one-of. */
static inline bool is_default(ProtobufCType type, const void *slot)
{
    uint32_t narrow;
    uint64_t wide;
    switch (type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *string = *(char *const *)slot;
        return string == NULL || string[0] == '\0';
    }
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)slot)->len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(ProtobufCMessage *const *)slot == NULL;
    default:
        if (message_types[type].bytes == sizeof narrow) {
            memcpy(&narrow, slot, sizeof narrow);
            return narrow == 0;
        }
        memcpy(&wide, slot, sizeof wide);
        return wide == 0;
    }
}

static void put_field(struct pgl_buffer *out, const ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field)
{
    const char *slot = (const char *)message + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        put_repeated(out, message, field);
        return;
    }
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t chosen;
        memcpy(&chosen, (const char *)message + field->quantifier_offset, sizeof chosen);
        if (chosen != field->id)
            return;
    } else if (is_default(field->type, slot)) {
        return;
    }
    put_tag(out, field, message_types[field->type].wire);
    put_value(out, field->type, slot);
}
