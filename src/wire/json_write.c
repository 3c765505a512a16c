/* json_write.c - structs into JSON; the rules stand in json.h. */
#include "wire/json.h"

#include "base/id.h"
#include "base/time.h"
#include "wire/json_field.h"
#include "wire/json_value.h"

static bool is_left_out(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
static void put_value(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                      const void *slot);

void pgl_json_write(const ProtobufCMessage *message, struct pgl_buffer *out)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    char before = '{';
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (is_left_out(message, field))
            continue;
        pgl_json_put_name(out, field, before, pgl_json_name_write);
        before = ',';
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            pgl_json_put_list(out, message, field, put_value);
        else
            put_value(out, field, (const char *)message + field->offset);
    }
    if (before == '{')
        pgl_buffer_add_char(out, '{');
    pgl_buffer_add_char(out, '}');
}

static bool is_left_out(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *slot = (const char *)message + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t chosen;
        memcpy(&chosen, (const char *)message + field->quantifier_offset, sizeof chosen);
        return chosen != field->id;
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(ProtobufCMessage *const *)(const void *)slot == NULL;
    case PROTOBUF_C_TYPE_STRING: {
        const char *string = *(char *const *)(const void *)slot;
        return (string == NULL || string[0] == '\0') && !pgl_json_is_next(field);
    }
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)(const void *)slot)->len == 0;
    case PROTOBUF_C_TYPE_ENUM:
        return *(const int *)(const void *)slot == 0;
    case PROTOBUF_C_TYPE_INT64:
        return *(const int64_t *)(const void *)slot == 0 && pgl_json_is_instant(field);
    default:
        return false;
    }
}

static void put_instant(struct pgl_buffer *out, int64_t wall_ns)
{
    char text[PGL_TIME_TEXT_BYTES + 2];
    text[0] = text[sizeof text - 1] = '"';
    pgl_time_format(wall_ns, text + 1);
    pgl_buffer_add(out, text, sizeof text);
}

static void put_bytes(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                      const ProtobufCBinaryData *bytes)
{
    if (bytes->len != sizeof(pgl_id) || !pgl_json_is_id(field)) {
        pgl_json_put_base64(out, bytes);
        return;
    }
    pgl_id id;
    char text[PGL_ID_TEXT_BYTES + 2];
    text[0] = text[sizeof text - 1] = '"';
    memcpy(id.bytes, bytes->data, sizeof id.bytes);
    pgl_id_format(id, text + 1);
    pgl_buffer_add(out, text, sizeof text);
}

static void put_enum(struct pgl_buffer *out, const ProtobufCEnumDescriptor *type, int value)
{
    struct pgl_text name = pgl_json_enum_name(type, value);
    if (name.data == NULL) {
        pgl_buffer_add_i64(out, value);
        return;
    }
    pgl_buffer_add_char(out, '"');
    pgl_buffer_add_text(out, name);
    pgl_buffer_add_char(out, '"');
}

static void put_string(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                       const char *string)
{
    if ((string == NULL || string[0] == '\0') && pgl_json_is_next(field))
        pgl_buffer_add_literal(out, "null");
    else
        pgl_json_write_string(out, pgl_text_of(string));
}

static void put_value(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                      const void *slot)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        if (pgl_json_is_instant(field))
            put_instant(out, *(const int64_t *)slot);
        else
            pgl_buffer_add_i64(out, *(const int64_t *)slot);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        pgl_json_put_u64(out, *(const uint64_t *)slot);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        put_enum(out, field->descriptor, *(const int *)slot);
        break;
    case PROTOBUF_C_TYPE_STRING:
        put_string(out, field, *(char *const *)slot);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        put_bytes(out, field, slot);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        pgl_json_write(*(ProtobufCMessage *const *)slot, out);
        break;
    default:
        pgl_json_put_plain(out, field, slot);
    }
}

/* RFC 8259, section 7: the quote, the backslash and what is below a blank. */
static void put_escape(struct pgl_buffer *out, char c)
{
    static const char names[] = "\"\\\b\f\n\r\t";
    static const char short_forms[] = "\"\\bfnrt";
    static const char digits[] = "0123456789abcdef";
    const char *name = memchr(names, c, sizeof names - 1);
    char text[6] = { '\\', 'u', '0', '0', digits[(uint8_t)c >> 4], digits[c & 15] };
    if (name != NULL)
        text[1] = short_forms[name - names];
    pgl_buffer_add(out, text, name != NULL ? 2 : sizeof text);
}

void pgl_json_write_string(struct pgl_buffer *out, struct pgl_text text)
{
    pgl_buffer_add_char(out, '"');
    size_t run = 0; /* where what needs no escape began */
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c != '"' && c != '\\' && (uint8_t)c >= 0x20)
            continue;
        pgl_buffer_add(out, text.data + run, i - run);
        put_escape(out, c);
        run = i + 1;
    }
    pgl_buffer_add(out, text.data + run, text.size - run);
    pgl_buffer_add_char(out, '"');
}
