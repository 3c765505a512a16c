/*
 * json_read.c - JSON into structs, in one pass by descriptor; the rules stand in json.h.
 *
 * The pass stops at the first thing wrong with the message. Only then is the rest checked: whether
 * the bytes are JSON at all decides between 400 and 422, and a good request pays nothing for it.
 */
#include "wire/json.h"

#include <math.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/id.h"
#include "wire/array.h"
#include "wire/base64.h"
#include "wire/json_field.h"
#include "wire/json_proto3.h"
#include "wire/message.h"
#include "wire/rfc3339.h"

#define FIELDS_MAX     256 /* of one message; the contract's largest has 26 */
#define NAME_SHOWN_MAX 64  /* of an unknown member, in our answer */

const struct pgl_json_limits pgl_json_request_limits = {
    .depth_max = 32,
    .keys_max = 256,
    .nodes_max = 10000, /* an order of 100 lines has some 300 */
    .string_bytes_max = 16 * 1024,
};

/* Where we are, for the text of an error: a list up the stack. */
struct place {
    const struct place *above;
    const ProtobufCFieldDescriptor *field;
    int64_t index; /* in a list; -1 for the whole of it, or where there is none */
};

static pgl_status read_object(struct pgl_json_scan *scan, const struct place *place,
                              ProtobufCMessage *message);
static pgl_status read_member(struct pgl_json_scan *scan, const struct place *place,
                              const ProtobufCFieldDescriptor *field, ProtobufCMessage *message);
static pgl_status read_value(struct pgl_json_scan *scan, const struct place *place,
                             enum pgl_json_kind kind, void *slot);
static pgl_status wrong(struct pgl_json_scan *scan, const struct place *place, const char *what);

static pgl_status read_document(struct pgl_json_scan *scan, ProtobufCMessage *message)
{
    enum pgl_json_kind kind;
    PGL_TRY(pgl_json_scan_value(scan, &kind));
    if (kind != PGL_JSON_OBJECT)
        return wrong(scan, NULL, "an object is expected");
    PGL_TRY(read_object(scan, NULL, message));
    return pgl_json_scan_end(scan);
}

static pgl_status read_by(bool is_proto3, const ProtobufCMessageDescriptor *descriptor,
                          struct pgl_arena *arena, struct pgl_text bytes,
                          const struct pgl_json_limits *limits, void **message)
{
    struct pgl_json_scan scan;
    pgl_json_scan_init(&scan, arena, bytes, limits);
    scan.is_proto3 = is_proto3;
    ProtobufCMessage *root = pgl_message_new(descriptor, arena);
    if (root == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for the message");
    pgl_status status = read_document(&scan, root);
    if (status.code == PGL_INVALID)
        PGL_TRY(pgl_json_check(arena, bytes, limits));
    if (pgl_is_ok(status))
        *message = root;
    return status;
}

pgl_status pgl_json_read(const ProtobufCMessageDescriptor *descriptor, struct pgl_arena *arena,
                         struct pgl_text bytes, const struct pgl_json_limits *limits,
                         void **message)
{
    return read_by(false, descriptor, arena, bytes, limits, message);
}

pgl_status pgl_json_read_proto3(const ProtobufCMessageDescriptor *descriptor,
                                struct pgl_arena *arena, struct pgl_text bytes,
                                const struct pgl_json_limits *limits, void **message)
{
    return read_by(true, descriptor, arena, bytes, limits, message);
}

pgl_status pgl_json_check(struct pgl_arena *arena, struct pgl_text bytes,
                          const struct pgl_json_limits *limits)
{
    struct pgl_json_scan scan;
    enum pgl_json_kind kind;
    pgl_json_scan_init(&scan, arena, bytes, limits);
    PGL_TRY(pgl_json_scan_value(&scan, &kind));
    PGL_TRY(pgl_json_scan_skip(&scan, kind));
    return pgl_json_scan_end(&scan);
}

/* --- objects and lists --- */

/* Members mostly come in the contract's order, so the search goes on behind the last one found. */
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                  bool is_proto3, struct pgl_text name,
                                                  unsigned *near)
{
    for (unsigned tried = 0; tried < descriptor->n_fields; tried++, (*near)++) {
        if (*near >= descriptor->n_fields)
            *near = 0;
        const ProtobufCFieldDescriptor *field = &descriptor->fields[*near];
        if (is_proto3 ? pgl_json_proto3_name_is(field, name) : pgl_json_name_is(field, name))
            return &descriptor->fields[(*near)++];
    }
    return NULL;
}

static pgl_status unknown_member(struct pgl_json_scan *scan, const struct place *place,
                                 struct pgl_text name)
{
    if (name.size > NAME_SHOWN_MAX)
        return wrong(scan, place, "unknown member with a long name");
    return wrong(scan, place,
                 pgl_arena_printf(scan->arena, "unknown member \"%.*s\"", PGL_TEXT_ARGS(name)));
}

static pgl_status read_object(struct pgl_json_scan *scan, const struct place *place,
                              ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    uint64_t given[FIELDS_MAX / 64] = { 0 };
    unsigned near = 0;
    uint32_t count = 0;
    struct pgl_text name;
    PGL_ASSERT(descriptor->n_fields <= FIELDS_MAX);
    PGL_TRY(pgl_json_scan_enter(scan));
    PGL_TRY(pgl_json_scan_member(scan, &count, &name));
    while (name.data != NULL) {
        const ProtobufCFieldDescriptor *field =
            find_field(descriptor, scan->is_proto3, name, &near);
        if (field == NULL)
            return unknown_member(scan, place, name);
        size_t index = (size_t)(field - descriptor->fields);
        if (given[index / 64] >> index % 64 & 1)
            return pgl_json_scan_fail(scan, "the member before is given twice");
        given[index / 64] |= UINT64_C(1) << index % 64;
        PGL_TRY(read_member(scan, place, field, message));
        PGL_TRY(pgl_json_scan_member(scan, &count, &name));
    }
    return PGL_OK;
}

static pgl_status read_list(struct pgl_json_scan *scan, struct place *place,
                            ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = place->field;
    size_t bytes = pgl_message_element_bytes(field->type);
    size_t *count = (size_t *)(void *)((char *)message + field->quantifier_offset);
    void **array = (void **)(void *)((char *)message + field->offset);
    uint32_t seen = 0;
    bool is_there;
    PGL_TRY(pgl_json_scan_enter(scan));
    PGL_TRY(pgl_json_scan_element(scan, &seen, &is_there));
    while (is_there) {
        enum pgl_json_kind kind;
        place->index++;
        PGL_TRY(pgl_json_scan_value(scan, &kind));
        void *element = pgl_array_append(scan->arena, array, count, bytes);
        if (element == NULL)
            return PGL_FAIL(PGL_EXHAUSTED, "no memory for the message");
        PGL_TRY(read_value(scan, place, kind, element));
        PGL_TRY(pgl_json_scan_element(scan, &seen, &is_there));
    }
    return PGL_OK;
}

static pgl_status read_member(struct pgl_json_scan *scan, const struct place *above,
                              const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    struct place place = { above, field, -1 };
    enum pgl_json_kind kind;
    PGL_TRY(pgl_json_scan_value(scan, &kind));
    if (kind == PGL_JSON_NULL)
        return PGL_OK;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        if (kind != PGL_JSON_ARRAY)
            return wrong(scan, &place, "a list is expected");
        return read_list(scan, &place, message);
    }
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t *chosen = (uint32_t *)(void *)((char *)message + field->quantifier_offset);
        if (*chosen != 0)
            return wrong(scan, &place, "another choice is given before");
        *chosen = field->id;
    }
    return read_value(scan, &place, kind, (char *)message + field->offset);
}

/* --- values --- */

static pgl_status read_whole(struct pgl_json_scan *scan, const struct place *place,
                             enum pgl_json_kind kind, int64_t least, int64_t most, int64_t *value)
{
    struct pgl_json_number number;
    if (kind != PGL_JSON_NUMBER)
        return wrong(scan, place, "a whole number is expected");
    PGL_TRY(pgl_json_scan_number(scan, &number));
    if (!number.is_whole)
        return wrong(scan, place, "a whole number is expected");
    if (!number.fits || number.value < least || number.value > most)
        return wrong(scan, place, "the number is out of range");
    *value = number.value;
    return PGL_OK;
}

/* Numbers have 17 digits that count; the arena takes what a number of a thousand digits needs. */
static pgl_status read_double(struct pgl_json_scan *scan, const struct place *place,
                              enum pgl_json_kind kind, double *value)
{
    struct pgl_json_number number;
    if (kind != PGL_JSON_NUMBER)
        return wrong(scan, place, "a number is expected");
    PGL_TRY(pgl_json_scan_number(scan, &number));
    const char *digits = pgl_arena_string(scan->arena, number.text);
    if (digits == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for the message");
    *value = strtod(digits, NULL);
    return isfinite(*value) ? PGL_OK : wrong(scan, place, "the number is out of range");
}

static pgl_status read_text(struct pgl_json_scan *scan, const struct place *place,
                            enum pgl_json_kind kind, const char *expected, struct pgl_text *text)
{
    if (kind != PGL_JSON_STRING)
        return wrong(scan, place, expected);
    return pgl_json_scan_string(scan, text);
}

static pgl_status read_string(struct pgl_json_scan *scan, const struct place *place,
                              enum pgl_json_kind kind, char **string)
{
    struct pgl_text text;
    PGL_TRY(read_text(scan, place, kind, "a string is expected", &text));
    char *copy = pgl_arena_string(scan->arena, text);
    if (copy == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for the message");
    *string = copy;
    return PGL_OK;
}

static pgl_status read_instant(struct pgl_json_scan *scan, const struct place *place,
                               enum pgl_json_kind kind, int64_t *wall_ns)
{
    const char *expected = "an instant such as 2026-01-31T23:59:59Z is expected";
    struct pgl_text text;
    PGL_TRY(read_text(scan, place, kind, expected, &text));
    return pgl_is_ok(pgl_rfc3339_parse(text, wall_ns)) ? PGL_OK : wrong(scan, place, expected);
}

static pgl_status read_enum(struct pgl_json_scan *scan, const struct place *place,
                            enum pgl_json_kind kind, int *value)
{
    struct pgl_text name;
    PGL_TRY(read_text(scan, place, kind, "a name in quotes is expected", &name));
    if (pgl_json_enum_value(place->field->descriptor, name, value))
        return PGL_OK;
    return wrong(scan, place, "not one of the names that are known here");
}

/* The padded standard alphabet, by way of the other one. */
static bool decode_base64(struct pgl_text text, char *copy, ProtobufCBinaryData *bytes)
{
    if (text.size % 4 != 0)
        return false;
    for (int padding = 0; padding < 2 && text.size > 0; padding++)
        text.size -= text.data[text.size - 1] == '=';
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '-' || c == '_')
            return false;
        copy[i] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    text.data = copy;
    return pgl_is_ok(pgl_base64url_decode(text, bytes->data, text.size, &bytes->len));
}

static pgl_status read_bytes(struct pgl_json_scan *scan, const struct place *place,
                             enum pgl_json_kind kind, ProtobufCBinaryData *bytes)
{
    struct pgl_text text;
    pgl_id id;
    PGL_TRY(read_text(scan, place, kind, "base64 is expected", &text));
    char *copy = pgl_arena_alloc(scan->arena, text.size);
    uint8_t *data = pgl_arena_alloc(scan->arena, text.size + sizeof id);
    if (copy == NULL || data == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for the message");
    *bytes = (ProtobufCBinaryData){ sizeof id, data };
    if (pgl_json_is_id(place->field) && pgl_is_ok(pgl_id_parse(text, &id))) {
        memcpy(data, id.bytes, sizeof id);
        return PGL_OK;
    }
    return decode_base64(text, copy, bytes) ? PGL_OK : wrong(scan, place, "base64 is expected");
}

static pgl_status read_message(struct pgl_json_scan *scan, const struct place *place,
                               enum pgl_json_kind kind, ProtobufCMessage **message)
{
    if (kind != PGL_JSON_OBJECT)
        return wrong(scan, place, "an object is expected");
    *message = pgl_message_new(place->field->descriptor, scan->arena);
    if (*message == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for the message");
    return read_object(scan, place, *message);
}

static pgl_status read_proto3_value(struct pgl_json_scan *scan, const struct place *place,
                                    enum pgl_json_kind kind, void *slot)
{
    const char *what = NULL;
    if (place->field->type == PROTOBUF_C_TYPE_MESSAGE)
        return read_message(scan, place, kind, slot);
    PGL_TRY(pgl_json_proto3_take(scan, place->field, kind, slot, &what));
    return what == NULL ? PGL_OK : wrong(scan, place, what);
}

static pgl_status read_value(struct pgl_json_scan *scan, const struct place *place,
                             enum pgl_json_kind kind, void *slot)
{
    int64_t whole = 0;
    double real = 0;
    if (scan->is_proto3)
        return read_proto3_value(scan, place, kind, slot);
    switch (place->field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        PGL_TRY(read_whole(scan, place, kind, INT32_MIN, INT32_MAX, &whole));
        *(int32_t *)slot = (int32_t)whole;
        return PGL_OK;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        PGL_TRY(read_whole(scan, place, kind, 0, UINT32_MAX, &whole));
        *(uint32_t *)slot = (uint32_t)whole;
        return PGL_OK;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        if (pgl_json_is_instant(place->field))
            return read_instant(scan, place, kind, slot);
        return read_whole(scan, place, kind, -PGL_JSON_WHOLE_MAX, PGL_JSON_WHOLE_MAX, slot);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        PGL_TRY(read_whole(scan, place, kind, 0, PGL_JSON_WHOLE_MAX, &whole));
        *(uint64_t *)slot = (uint64_t)whole;
        return PGL_OK;
    case PROTOBUF_C_TYPE_FLOAT:
        PGL_TRY(read_double(scan, place, kind, &real));
        *(float *)slot = (float)real;
        return isfinite(*(float *)slot) ? PGL_OK : wrong(scan, place, "the number is out of range");
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_double(scan, place, kind, slot);
    case PROTOBUF_C_TYPE_BOOL:
        if (kind != PGL_JSON_TRUE && kind != PGL_JSON_FALSE)
            return wrong(scan, place, "true or false is expected");
        *(protobuf_c_boolean *)slot = kind == PGL_JSON_TRUE;
        return PGL_OK;
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(scan, place, kind, slot);
    case PROTOBUF_C_TYPE_STRING:
        return read_string(scan, place, kind, slot);
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(scan, place, kind, slot);
    case PROTOBUF_C_TYPE_MESSAGE:
        return read_message(scan, place, kind, slot);
    }
    return PGL_FAIL(PGL_INTERNAL, "a field of no known type");
}

/* --- what is wrong, and where --- */

static void write_place(struct pgl_buffer *out, bool is_proto3, const struct place *place)
{
    if (place->above != NULL) {
        write_place(out, is_proto3, place->above);
        pgl_buffer_add_char(out, '.');
    }
    char *at = pgl_buffer_room(out, strlen(place->field->name));
    if (at != NULL)
        out->size += is_proto3 ? pgl_json_camel_write(place->field, at)
                               : pgl_json_name_write(place->field, at);
    if (place->index < 0)
        return;
    pgl_buffer_add_char(out, '[');
    pgl_buffer_add_i64(out, place->index);
    pgl_buffer_add_char(out, ']');
}

/* Depth times the longest name there is; a place that were longer would lose its end. */
#define PLACE_BYTES_MAX 256

static pgl_status wrong(struct pgl_json_scan *scan, const struct place *place, const char *what)
{
    if (place == NULL)
        return PGL_FAIL(PGL_INVALID, what);
    char text[PLACE_BYTES_MAX];
    struct pgl_buffer out = { .data = text, .capacity = sizeof text, .limit_bytes = sizeof text };
    write_place(&out, scan->is_proto3, place);
    return PGL_FAIL(PGL_INVALID,
                    pgl_arena_printf(scan->arena, "%.*s: %s", (int)out.size, text, what));
}
