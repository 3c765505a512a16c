/* json_value.c - see json_value.h. */
#include "wire/json_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "wire/base64.h"
#include "wire/message.h"

#define DOUBLE_TEXT_BYTES 32 /* -1.2345678901234567e-308 and a NUL */

void pgl_json_put_name(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field, char before,
                       pgl_json_write_name *write)
{
    char *at = pgl_buffer_room(out, strlen(field->name) + strlen(",\"\":"));
    if (at == NULL)
        return;
    at[0] = before;
    at[1] = '"';
    size_t size = 2 + write(field, at + 2);
    at[size++] = '"';
    at[size++] = ':';
    out->size += size;
}

void pgl_json_put_list(struct pgl_buffer *out, const ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field, pgl_json_put_value *put)
{
    size_t count, bytes = pgl_message_element_bytes(field->type);
    const char *element;
    memcpy(&count, (const char *)message + field->quantifier_offset, sizeof count);
    memcpy(&element, (const char *)message + field->offset, sizeof element);
    pgl_buffer_add_char(out, '[');
    for (size_t i = 0; i < count; i++, element += bytes) {
        if (i > 0)
            pgl_buffer_add_char(out, ',');
        put(out, field, element);
    }
    pgl_buffer_add_char(out, ']');
}

/* As few digits as read back to the same number; null for what JSON has no number for. */
static void put_double(struct pgl_buffer *out, double value)
{
    char digits[DOUBLE_TEXT_BYTES];
    if (!isfinite(value)) {
        pgl_buffer_add_literal(out, "null");
        return;
    }
    int size = 0;
    for (int precision = 15; precision <= 17; precision++) {
        size = snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    pgl_buffer_add(out, digits, (size_t)size);
}

void pgl_json_put_plain(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                        const void *slot)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        pgl_buffer_add_i64(out, *(const int32_t *)slot);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        pgl_buffer_add_i64(out, *(const uint32_t *)slot);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        put_double(out, (double)*(const float *)slot);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        put_double(out, *(const double *)slot);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        pgl_buffer_add_text(
            out, *(const protobuf_c_boolean *)slot ? PGL_TEXT("true") : PGL_TEXT("false"));
        break;
    default:
        PGL_ASSERT(false);
    }
}

void pgl_json_put_u64(struct pgl_buffer *out, uint64_t value)
{
    if (value <= INT64_MAX)
        pgl_buffer_add_i64(out, (int64_t)value);
    else
        pgl_buffer_printf(out, "%llu", (unsigned long long)value);
}

void pgl_json_put_base64(struct pgl_buffer *out, const ProtobufCBinaryData *bytes)
{
    pgl_buffer_add_char(out, '"');
    char *at = pgl_buffer_room(out, PGL_BASE64_BYTES(bytes->len));
    if (at != NULL)
        out->size += pgl_base64_encode(bytes->data, bytes->len, at);
    pgl_buffer_add_char(out, '"');
}
