/* json_schema.c - see json_schema.h. */
#include "wire/json_schema.h"

#include "base/assert.h"
#include "wire/json_field.h"

#define FIELD_NAME_BYTES_MAX 64

static void put_enum(struct pgl_buffer *out, const ProtobufCEnumDescriptor *type)
{
    const char *before = "{\"type\":\"string\",\"enum\":[\"";
    for (unsigned i = 0; i < type->n_values; i++) {
        if (type->values[i].value == 0)
            continue; /* left out when written */
        struct pgl_text name = pgl_json_enum_name(type, type->values[i].value);
        pgl_buffer_printf(out, "%s%.*s", before, PGL_TEXT_ARGS(name));
        before = "\",\"";
    }
    pgl_buffer_add_literal(out, "\"]}");
}

/* `suffix` of the names of messages inside. */
static void put_type(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                     const char *suffix)
{
    if (pgl_json_is_instant(field)) {
        pgl_buffer_add_literal(out, "{\"type\":\"string\",\"format\":\"date-time\"}");
        return;
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        pgl_buffer_add_literal(out, "{\"type\":\"integer\"}");
        break;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        pgl_buffer_add_literal(out, "{\"type\":\"number\"}");
        break;
    case PROTOBUF_C_TYPE_BOOL:
        pgl_buffer_add_literal(out, "{\"type\":\"boolean\"}");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        put_enum(out, field->descriptor);
        break;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        pgl_buffer_add_literal(out, "{\"type\":\"string\"}");
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        pgl_buffer_printf(out, "{\"$ref\":\"#/components/schemas/%s%s\"}",
                          ((const ProtobufCMessageDescriptor *)field->descriptor)->short_name,
                          suffix);
        break;
    }
}

/* Lists, numbers and booleans are always written. */
static bool is_always_there(const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED || pgl_json_is_next(field))
        return true;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF || pgl_json_is_instant(field))
        return false;
    return field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES &&
           field->type != PROTOBUF_C_TYPE_ENUM && field->type != PROTOBUF_C_TYPE_MESSAGE;
}

static void put_name(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field)
{
    char name[FIELD_NAME_BYTES_MAX];
    PGL_ASSERT(strlen(field->name) <= sizeof name);
    pgl_buffer_add_char(out, '"');
    pgl_buffer_add(out, name, pgl_json_name_write(field, name));
    pgl_buffer_add_char(out, '"');
}

static bool is_hidden(const ProtobufCFieldDescriptor *field, const char *hidden)
{
    return hidden != NULL && strcmp(field->name, hidden) == 0;
}

static void put_value(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                      const char *suffix)
{
    if (field->label != PROTOBUF_C_LABEL_REPEATED && pgl_json_is_next(field)) {
        pgl_buffer_add_literal(out, "{\"type\":[\"string\",\"null\"]}");
        return;
    }
    bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (is_list)
        pgl_buffer_add_literal(out, "{\"type\":\"array\",\"items\":");
    put_type(out, field, suffix);
    if (is_list)
        pgl_buffer_add_char(out, '}');
}

static void put_properties(struct pgl_buffer *out, const ProtobufCMessageDescriptor *descriptor,
                           const char *hidden)
{
    const char *before = "";
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (is_hidden(field, hidden))
            continue;
        pgl_buffer_add_text(out, pgl_text_of(before));
        put_name(out, field);
        pgl_buffer_add_char(out, ':');
        put_value(out, field, "");
        before = ",";
    }
}

static void put_required(struct pgl_buffer *out, const ProtobufCMessageDescriptor *descriptor,
                         const char *hidden)
{
    const char *before = "";
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (is_hidden(field, hidden) || !is_always_there(field))
            continue;
        pgl_buffer_add_text(out, pgl_text_of(before));
        put_name(out, field);
        before = ",";
    }
}

void pgl_json_schema_write(const ProtobufCMessageDescriptor *descriptor, const char *hidden,
                           struct pgl_buffer *out)
{
    pgl_buffer_printf(out, "{\"title\":\"%s\",\"type\":\"object\",\"properties\":{",
                      descriptor->short_name);
    put_properties(out, descriptor, hidden);
    pgl_buffer_add_literal(out, "},\"required\":[");
    put_required(out, descriptor, hidden);
    pgl_buffer_add_literal(out, "]}");
}

void pgl_json_schema_write_sent(const ProtobufCMessageDescriptor *descriptor,
                                struct pgl_buffer *out)
{
    const char *before = "";
    pgl_buffer_printf(out, "{\"title\":\"%s\",\"type\":\"object\",\"properties\":{",
                      descriptor->short_name);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        pgl_buffer_add_text(out, pgl_text_of(before));
        put_name(out, &descriptor->fields[i]);
        pgl_buffer_add_literal(out, ":{\"anyOf\":[");
        put_value(out, &descriptor->fields[i], PGL_JSON_SENT);
        pgl_buffer_add_literal(out, ",{\"type\":\"null\"}]}");
        before = ",";
    }
    pgl_buffer_add_literal(out, "},\"additionalProperties\":false}");
}

bool pgl_json_schema_collect(const ProtobufCMessageDescriptor *descriptor,
                             const ProtobufCMessageDescriptor **known, int *count, int limit)
{
    for (int i = 0; i < *count; i++)
        if (known[i] == descriptor)
            return true;
    if (*count == limit)
        return false;
    known[(*count)++] = descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
            !pgl_json_schema_collect(field->descriptor, known, count, limit))
            return false;
    }
    return true;
}
