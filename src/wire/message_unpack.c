/*
 * message_unpack.c - one pass from bytes into structs. It checks while it reads: a check before
 * protobuf-c's own parser would have to walk the same tags and descriptors once more.
 */
#include "wire/message.h"

#include "wire/array.h"
#include "wire/message_type.h"

#define FIELD_NUMBER_MAX ((1 << 29) - 1)
#define TAG_BYTES_MAX    5

struct wire {
    const uint8_t *at, *end;
};

struct field {
    const ProtobufCMessageDescriptor *owner;
    const ProtobufCFieldDescriptor *descriptor;
};

static pgl_status read_message(struct pgl_arena *arena, struct wire wire, int depth,
                               ProtobufCMessage *message);

pgl_status pgl_message_unpack(const ProtobufCMessageDescriptor *descriptor, struct pgl_arena *arena,
                              struct pgl_text bytes, void **message)
{
    const uint8_t *at = (const uint8_t *)bytes.data;
    ProtobufCMessage *root = pgl_message_new(descriptor, arena);
    if (root == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for the message");
    if (bytes.size > 0)
        PGL_TRY(read_message(arena, (struct wire){ at, at + bytes.size }, 1, root));
    *message = root;
    return PGL_OK;
}

void *pgl_message_new(const ProtobufCMessageDescriptor *descriptor, struct pgl_arena *arena)
{
    ProtobufCMessage *message = pgl_arena_alloc(arena, descriptor->sizeof_message);
    if (message != NULL)
        descriptor->message_init(message);
    return message;
}

size_t pgl_message_element_bytes(ProtobufCType type)
{
    return message_types[type].bytes;
}

static pgl_status cut_short(void)
{
    return PGL_FAIL(PGL_MALFORMED, "the message is cut short");
}

static pgl_status no_memory(void)
{
    return PGL_FAIL(PGL_EXHAUSTED, "no memory for the message");
}

static pgl_status wrong(struct pgl_arena *arena, struct field field, const char *what)
{
    return PGL_FAIL(PGL_MALFORMED, pgl_arena_printf(arena, "%s.%s: %s", field.owner->short_name,
                                                    field.descriptor->name, what));
}

static inline pgl_status read_varint(struct wire *wire, uint64_t *value)
{
    if (wire->at < wire->end && *wire->at < 0x80) {
        *value = *wire->at++;
        return PGL_OK;
    }
    uint64_t sum = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (wire->at == wire->end)
            return cut_short();
        uint8_t byte = *wire->at++;
        if (shift == 63 && byte > 1)
            break;
        sum |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *value = sum;
            return PGL_OK;
        }
    }
    return PGL_FAIL(PGL_MALFORMED, "a number of the message is longer than 64 bits");
}

static pgl_status read_run(struct wire *wire, uint64_t size, struct wire *run)
{
    if (size > (uint64_t)(wire->end - wire->at))
        return cut_short();
    *run = (struct wire){ wire->at, wire->at + size };
    wire->at += size;
    return PGL_OK;
}

static pgl_status skip(struct wire *wire, unsigned wire_type)
{
    uint64_t size;
    struct wire ignored;
    switch (wire_type) {
    case WIRE_VARINT:
        return read_varint(wire, &size);
    case WIRE_64:
        return read_run(wire, 8, &ignored);
    case WIRE_LENGTH:
        PGL_TRY(read_varint(wire, &size));
        return read_run(wire, size, &ignored);
    case WIRE_32:
        return read_run(wire, 4, &ignored);
    default: /* 3 and 4 are groups, which proto3 does not have; 6 and 7 nothing */
        return PGL_FAIL(PGL_MALFORMED, "a field of the message has an unknown wire type");
    }
}

static pgl_status read_string(struct pgl_arena *arena, struct wire run, struct field field,
                              void *slot)
{
    struct pgl_text text = { (const char *)run.at, (size_t)(run.end - run.at) };
    if (text.size > 0 && memchr(text.data, 0, text.size) != NULL)
        return wrong(arena, field, "a NUL is not allowed");
    if (!pgl_text_is_utf8(text))
        return wrong(arena, field, "the text is not UTF-8");
    char *copy = pgl_arena_string(arena, text);
    if (copy == NULL)
        return no_memory();
    *(char **)slot = copy;
    return PGL_OK;
}

static pgl_status read_bytes(struct pgl_arena *arena, struct wire run, void *slot)
{
    struct pgl_text text = { (const char *)run.at, (size_t)(run.end - run.at) };
    char *copy = pgl_arena_string(arena, text);
    if (copy == NULL)
        return no_memory();
    *(ProtobufCBinaryData *)slot = (ProtobufCBinaryData){ text.size, (uint8_t *)copy };
    return PGL_OK;
}

/* A message that comes twice is merged: its later fields win, its lists grow (encoding guide, "Last
 * One Wins"). */
static pgl_status read_nested(struct pgl_arena *arena, struct wire run, int depth,
                              struct field field, void *slot)
{
    if (depth == PGL_MESSAGE_DEPTH_MAX)
        return wrong(arena, field, "the message is nested too deeply");
    ProtobufCMessage **message = slot;
    if (*message == NULL)
        *message = pgl_message_new(field.descriptor->descriptor, arena);
    if (*message == NULL)
        return no_memory();
    return read_message(arena, run, depth + 1, *message);
}

static uint64_t unzigzag(uint64_t value)
{
    return (value >> 1) ^ (0 - (value & 1));
}

static void store_varint(ProtobufCType type, uint64_t value, void *slot)
{
    if (type == PROTOBUF_C_TYPE_BOOL)
        value = value != 0;
    else if (type == PROTOBUF_C_TYPE_SINT32)
        value = unzigzag((uint32_t)value);
    else if (type == PROTOBUF_C_TYPE_SINT64)
        value = unzigzag(value);
    if (message_types[type].bytes == sizeof(uint32_t))
        *(uint32_t *)slot = (uint32_t)value; /* a 32-bit field drops the rest */
    else
        *(uint64_t *)slot = value;
}

/* One value, whose wire type fits its field. */
static pgl_status read_value(struct pgl_arena *arena, struct wire *wire, int depth,
                             struct field field, void *slot)
{
    ProtobufCType type = field.descriptor->type;
    struct message_type form = message_types[type];
    uint64_t number;
    struct wire run;
    if (form.wire == WIRE_VARINT) {
        PGL_TRY(read_varint(wire, &number));
        store_varint(type, number, slot);
        return PGL_OK;
    }
    if (form.wire != WIRE_LENGTH) {
        PGL_TRY(read_run(wire, form.bytes, &run));
        memcpy(slot, run.at, form.bytes);
        return PGL_OK;
    }
    PGL_TRY(read_varint(wire, &number));
    PGL_TRY(read_run(wire, number, &run));
    if (type == PROTOBUF_C_TYPE_STRING)
        return read_string(arena, run, field, slot);
    if (type == PROTOBUF_C_TYPE_BYTES)
        return read_bytes(arena, run, slot);
    return read_nested(arena, run, depth, field, slot);
}

static pgl_status read_element(struct pgl_arena *arena, struct wire *wire, int depth,
                               struct field field, ProtobufCMessage *message)
{
    size_t bytes = message_types[field.descriptor->type].bytes;
    size_t *count = (size_t *)(void *)((char *)message + field.descriptor->quantifier_offset);
    void **array = (void **)(void *)((char *)message + field.descriptor->offset);
    void *element = pgl_array_append(arena, array, count, bytes);
    if (element == NULL)
        return no_memory();
    memset(element, 0, bytes);
    return read_value(arena, wire, depth, field, element);
}

/* A list comes as one run of packed numbers or as one field an element; both must be taken. */
static pgl_status read_repeated(struct pgl_arena *arena, struct wire *wire, int depth,
                                unsigned wire_type, struct field field, ProtobufCMessage *message)
{
    if (wire_type == message_types[field.descriptor->type].wire)
        return read_element(arena, wire, depth, field, message);
    if (wire_type != WIRE_LENGTH)
        return wrong(arena, field, "the value is of another type");
    uint64_t size;
    struct wire run;
    PGL_TRY(read_varint(wire, &size));
    PGL_TRY(read_run(wire, size, &run));
    while (run.at < run.end)
        PGL_TRY(read_element(arena, &run, depth, field, message));
    return PGL_OK;
}

static pgl_status read_field(struct pgl_arena *arena, struct wire *wire, int depth,
                             unsigned wire_type, const ProtobufCFieldDescriptor *descriptor,
                             ProtobufCMessage *message)
{
    struct field field = { message->descriptor, descriptor };
    if (descriptor->label == PROTOBUF_C_LABEL_REPEATED)
        return read_repeated(arena, wire, depth, wire_type, field, message);
    if (wire_type != message_types[descriptor->type].wire)
        return wrong(arena, field, "the value is of another type");
    void *slot = (char *)message + descriptor->offset;
    if (descriptor->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t *chosen = (uint32_t *)(void *)((char *)message + descriptor->quantifier_offset);
        if (*chosen != descriptor->id) /* another member may have lain there */
            memset(slot, 0, message_types[descriptor->type].bytes);
        *chosen = descriptor->id;
    }
    return read_value(arena, wire, depth, field, slot);
}

/* Fields are sorted by number and mostly come in that order, so the search goes on from the last.
 */
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                  uint64_t number, unsigned *near)
{
    if (*near == descriptor->n_fields || descriptor->fields[*near].id > number)
        *near = 0;
    while (*near < descriptor->n_fields && descriptor->fields[*near].id < number)
        (*near)++;
    bool is_known = *near < descriptor->n_fields && descriptor->fields[*near].id == number;
    return is_known ? &descriptor->fields[*near] : NULL;
}

static pgl_status read_message(struct pgl_arena *arena, struct wire wire, int depth,
                               ProtobufCMessage *message)
{
    unsigned near = 0;
    while (wire.at < wire.end) {
        const uint8_t *begin = wire.at;
        uint64_t tag;
        PGL_TRY(read_varint(&wire, &tag));
        uint64_t number = tag >> 3;
        unsigned wire_type = tag & 7;
        if (number == 0 || number > FIELD_NUMBER_MAX || wire.at - begin > TAG_BYTES_MAX)
            return PGL_FAIL(PGL_MALFORMED, "a field of the message has no valid number");
        const ProtobufCFieldDescriptor *field = find_field(message->descriptor, number, &near);
        PGL_TRY(field == NULL ? skip(&wire, wire_type)
                              : read_field(arena, &wire, depth, wire_type, field, message));
    }
    return PGL_OK;
}
